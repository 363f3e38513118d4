// The answers to the what-ifs of the address: what is hit, when, and how each node is to be shown for it.
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { IMPACT, IMPACT_REASONS, IMPACT_ROWS, IMPACT_TOTALS, TIMELINE } from "./documents";
import { labelOf, learn, learnLabels } from "./labels";
import { IDLE, load, type Loaded } from "./loading";
import { again, askAt, said, view } from "./navigate";
import { affected, apartText, lookOf, OUTCOMES, sum, worstOutcomes, type Look } from "./outcomes";
import { chosen, scenarios, side, type Scenario } from "./scenarios";
import { classesOf, MOMENTS, momentsAt, spellsOf, type Moment } from "./timeline";
import type { Counted, Impact, NodeOutcome, Timeline } from "./types";
import type { Side } from "./url";

/** Rows of which each is explained by evidence and path at most; of more, those of a whole site, only those that are looked at are. */
export const MOST_EXPLAINED = 1000;
const NO_BOUNDS = { bounds: [], boundsCount: 0 };
/** Nodes that one event names at most, and bounds that are asked for. */
const MOST_IDS = 20_000;

/** What is known of one what-if. */
export interface Answer {
  impact: Signal<Loaded<Impact>>;
  /** Its counts, which come before its rows do. */
  early: Signal<Counted | null>;
}

export const answers: Record<Side, Answer> = {
  1: { impact: signal(IDLE), early: signal(null) },
  2: { impact: signal(IDLE), early: signal(null) },
};

type Reasons = Pick<NodeOutcome, "evidence" | "path">;
/** What explains those rows of a large answer that are looked at, by node and medium; empty where the rows say it themselves. */
export const reasons: Signal<Loaded<ReadonlyMap<string, Reasons>>> = signal(IDLE);
/** The nodes whose rows are looked at. */
export const lookedAt: Signal<readonly string[]> = signal([]);

/** A row with what explains it, as far as that is known. */
export function explained<T extends NodeOutcome>(row: T): T {
  const known = reasons.value.data?.get(`${row.id} ${row.medium}`);
  return known ? { ...row, ...known } : row;
}

/** The one that is drawn and listed. */
export const impact: ReadonlySignal<Loaded<Impact>> = computed(() => answers[side.value].impact.value);
/** The other one of two; null where there is none, or while it is not known. */
export const beside: ReadonlySignal<Impact | null> = computed(() => (scenarios[2].value === null ? null : answers[side.value === 1 ? 2 : 1].impact.value.data));
/** Its course in time, asked for only while it is looked at. */
export const timeline: Signal<Loaded<Timeline>> = signal(IDLE);

/** The nodes that fail in the one that is drawn: those that are named, and what is in a room or part of a system that is. */
export const failing: ReadonlySignal<ReadonlySet<string>> = computed(() => {
  const inside = impact.value.data?.resolved.filter(({ part }) => part === "fails").flatMap(({ ids }) => ids) ?? [];
  return new Set([...(chosen.value?.fail ?? []), ...inside]);
});

export const worst = computed(() => worstOutcomes(impact.value.data?.outcomes ?? []));
export const spells = computed(() => spellsOf(timeline.value.data?.events ?? [], timeline.value.data ?? NO_BOUNDS));
export const classesInTime = computed(() => classesOf(timeline.value.data?.events ?? []));
/** How each node stands at the instant that is looked at; null while none is. */
export const moments: ReadonlySignal<ReadonlyMap<string, Moment> | null> = computed(() =>
  view.value.t !== null && timeline.value.data ? momentsAt(spells.value, view.value.t, view.value.medium) : null,
);
/** How each node that is not as it should be is shown: at an instant, or by its outcome. */
export const looks: ReadonlySignal<ReadonlyMap<string, Look>> = computed(() => {
  const found = new Map<string, Look>();
  const put = (id: string, look: Look | undefined): void => void (look && found.set(id, look));
  if (view.value.t === null) for (const [id, outcome] of worst.value) put(id, lookOf(outcome));
  else for (const [id, moment] of moments.value ?? []) put(id, MOMENTS.find((look) => look.moment === moment));
  return found;
});

/** Whether an answer is one to this what-if; the service names what fails in an order of its own. */
export function speaksOf(found: { failed: string[] } | null, { fail }: Scenario): boolean {
  return found !== null && found.failed.length === fail.length && fail.every((id) => found.failed.includes(id));
}

/** Asks one what-if; its totals come first, and what explains each row comes last, where the rows are not too many for it. */
export async function askImpact({ fail, from }: Scenario, answer: Answer, stop: AbortSignal): Promise<Impact> {
  const { impact: counted } = await askAt<{ impact: Counted }>(from, IMPACT_TOTALS, { failed: fail }, stop);
  if (!stop.aborted) answer.early.value = counted;
  const [{ impact: rows }] = await Promise.all([askAt<{ impact: Impact }>(from, IMPACT_ROWS, { failed: fail }, stop), learnLabels(fail)]);
  if (stop.aborted) return rows;
  const few = rows.outcomes.length <= MOST_EXPLAINED;
  const found = few ? (await askAt<{ impact: Impact }>(from, IMPACT, { failed: fail }, stop)).impact : unexplained(rows);
  if (stop.aborted) return found;
  learn(found.outcomes);
  if (answer === answers[1]) said.value = sentence(found);
  return found;
}

function unexplained(found: Impact): Impact {
  return { ...found, outcomes: found.outcomes.map((row) => ({ ...row, evidence: [], path: [] })) };
}

/** The answer to a what-if in one sentence, for the live region. */
export function sentence(found: Impact): string {
  const count = found.totals.racks;
  const names = found.failed.map(labelOf).join(" and ");
  const fails = found.failed.length > 1 ? "fail" : "fails";
  const before = found.downBefore.racks > 0 ? ` ${found.downBefore.racks} racks were without supply before.` : "";
  const apart = apartText(found.failedItself);
  const start = `If ${names} ${fails}${apart && `, and with it ${apart}`}`;
  const other = apart ? "other " : "";
  if (found.outcomes.length === 0) return `${start}, nothing ${before && "more "}${apart && "else "}is affected.${before}`;
  const counted = sum(count) > 0 && affected(count) > 0;
  const parts = OUTCOMES.filter((look) => count[look.field] > 0).map((look) => `${count[look.field]} ${look.word}`);
  return `${start}: ${counted ? `racks ${parts.join(", ")}` : `${worstOutcomes(found.outcomes).size} nodes are affected, no ${other}rack`}.${before}`;
}

/** Starts what follows from the what-ifs of the address; called once. */
export function startWhatIfs(): void {
  for (const number of [1, 2] as const) {
    const answer = answers[number];
    effect(() => {
      const scenario = scenarios[number].value;
      void again.value;
      answer.early.value = null;
      if (!scenario) {
        answer.impact.value = IDLE;
        return;
      }
      if (!speaksOf(answer.impact.peek().data, scenario)) answer.impact.value = IDLE;
      return load(answer.impact, (stop) => askImpact(scenario, answer, stop));
    });
  }

  const many = computed(() => (impact.value.data?.outcomes.length ?? 0) > MOST_EXPLAINED);
  const nodes = computed(() => [...new Set([...lookedAt.value, ...(view.value.at === null ? [] : [view.value.at])])].sort().join(" "));
  effect(() => {
    const scenario = chosen.value;
    const known = impact.value.data; // a new answer has reasons of its own
    if (!many.value || !scenario || !speaksOf(known, scenario) || nodes.value === "") {
      reasons.value = IDLE;
      return;
    }
    const of = nodes.value.split(" ");
    return load(reasons, async (stop) => {
      const { impact: found } = await askAt<{ impact: { outcomes: (Reasons & { id: string; medium: string })[] } }>(scenario.from, IMPACT_REASONS, { failed: scenario.fail, of }, stop);
      return new Map(found.outcomes.map(({ id, medium, evidence, path }) => [`${id} ${medium}`, { evidence, path }]));
    });
  });

  const looked = computed(() => view.value.t !== null);
  const answered = computed(() => impact.value.data); // a new answer to what is hit means a new one to when
  effect(() => {
    const scenario = chosen.value;
    const known = answered.value;
    if (!looked.value || !scenario || !speaksOf(known, scenario)) {
      timeline.value = IDLE;
      return;
    }
    if (!speaksOf(timeline.peek().data, scenario)) timeline.value = IDLE;
    return load(timeline, async (stop) => {
      const { timeline: found } = await askAt<{ timeline: Timeline }>(scenario.from, TIMELINE, { failed: scenario.fail, ids: MOST_IDS }, stop);
      return found;
    });
  });
}
