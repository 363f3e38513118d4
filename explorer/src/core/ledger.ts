// What the pages of history, sources and branches show, and the acts that change the twin. Asked for only while a page shows it.
import { computed, effect, signal, type Signal } from "@preact/signals";
import { ask, Refused } from "./client";
import {
  APPLY_BRANCH, BRANCHES, COMPARED, CREATE_BRANCH, DROP_BRANCH, EDIT_BRANCH, FINDINGS, REVERT, REVISION_HEAD, REVISION_OPENED, REVISIONS,
  SOURCES,
} from "./documents";
import { IDLE, load, type Loaded } from "./loading";
import { again, standpoint, view } from "./navigate";
import { revisionOf, type AsOf } from "./standpoint";
import type { Branch, ChangeResult, Difference, Finding, OpenedRevision, Revision, Source, Triple } from "./types";

/** Revisions listed at a time. */
export const REVISIONS_AT_ONCE = 50;
/** Statements of a difference shown at first, each way, and at most. */
export const STATEMENTS_AT_FIRST = 100;
export const STATEMENTS_AT_MOST = 1000;

export const revisions: Signal<Loaded<Revision[]>> = signal(IDLE);
/** Whether there are older revisions than those listed. */
export const older = signal(false);
export const opened: Signal<Loaded<OpenedRevision>> = signal(IDLE);
export const compared: Signal<Loaded<Difference>> = signal(IDLE);
export const sources: Signal<Loaded<Source[]>> = signal(IDLE);
/** Findings by source; they come after the sources. */
export const findings: Signal<Loaded<ReadonlyMap<string, Finding[]>>> = signal(IDLE);
/** Whether the findings that are known are of a state before the one that is shown. */
export const checking = computed(() => findings.value.state === "loading");
export const branches: Signal<Loaded<Branch[]>> = signal(IDLE);
/** What the branch that is looked at changes of its base. */
export const branchDifference: Signal<Loaded<Difference>> = signal(IDLE);
/** The revision that is looked at, where it is one: who made it, when and why. */
export const lookedAt: Signal<Loaded<Revision>> = signal(IDLE);
/** Statements of the difference asked for, each way. */
export const statements = signal(STATEMENTS_AT_FIRST);

/** Starts what the pages follow; called once. */
export function startLedger(): void {
  const shown = computed(() => view.value.show);
  const number = computed(() => view.value.revision);
  const against = computed(() => view.value.against);
  const site = computed(() => (shown.value === "branches" ? view.value.branch : null));
  const asked = computed(() => [number.value, against.value, site.value, shown.value].join());

  effect(() => {
    void asked.value;
    statements.value = STATEMENTS_AT_FIRST;
  });

  effect(() => {
    void again.value;
    if (shown.value !== "history") return;
    return load(revisions, async (stop) => page(null, stop));
  });

  effect(() => {
    const [wanted, on] = [number.value, site.value];
    if (wanted === null || (shown.value !== "history" && shown.value !== "branches")) {
      opened.value = IDLE;
      return;
    }
    const known = opened.peek().data;
    if (known?.number !== wanted || known.branch !== on) opened.value = IDLE;
    return load(opened, async (stop) => {
      const variables = { number: wanted, branch: on, first: statements.value };
      const { revision } = await ask<{ revision: OpenedRevision | null }>(REVISION_OPENED, variables, stop);
      if (!revision) throw new Refused(`There is no revision ${wanted}${on === null ? "" : ` on the branch ${on}`}.`, "UNKNOWN_REVISION");
      return revision;
    });
  });

  effect(() => {
    const [newer, other] = [number.value, against.value];
    compared.value = IDLE;
    if (newer === null || other === null || shown.value !== "history") return;
    const [first, last] = [Math.min(newer, other), Math.max(newer, other)];
    return load(compared, (stop) => askDifference({ older: { revision: first }, newer: { revision: last } }, stop));
  });

  effect(() => {
    void again.value;
    if (shown.value !== "sources") return;
    const stops = [
      load(sources, async (stop) => (await ask<{ sources: Source[] }>(SOURCES, {}, stop)).sources),
      load(findings, async (stop) => {
        const { sources: found } = await ask<{ sources: { name: string; findings: Finding[] }[] }>(FINDINGS, {}, stop);
        return new Map(found.map((source) => [source.name, source.findings]));
      }),
    ];
    return () => stops.forEach((stop) => stop());
  });

  effect(() => {
    void again.value;
    return load(branches, async (stop) => (await ask<{ branches: Branch[] }>(BRANCHES, {}, stop)).branches);
  });

  effect(() => {
    const one = branches.value.data?.find(({ name }) => name === site.value);
    branchDifference.value = IDLE;
    if (!one) return;
    return load(branchDifference, (stop) => {
      const newest = { revision: one.revisions[0]?.number ?? 0 };
      return askDifference({ older: { revision: one.base }, newer: newest, newerBranch: one.name }, stop);
    });
  });

  effect(() => {
    const { asOf, branch: on } = standpoint.value;
    const wanted = revisionOf(asOf);
    lookedAt.value = IDLE;
    if (wanted === null || (on !== null && wanted === 0)) return;
    return load(lookedAt, async (stop) => {
      const { revision } = await ask<{ revision: Revision | null }>(REVISION_HEAD, { number: wanted, branch: on }, stop);
      if (!revision) throw new Refused(`There is no revision ${wanted}.`, "UNKNOWN_REVISION");
      return revision;
    });
  });
}

async function askDifference(between: { older: AsOf; newer: AsOf; newerBranch?: string }, stop: AbortSignal): Promise<Difference> {
  return (await ask<{ difference: Difference }>(COMPARED, { ...between, first: statements.value }, stop)).difference;
}

async function page(before: number | null, stop?: AbortSignal): Promise<Revision[]> {
  const { revisions: found } = await ask<{ revisions: Revision[] }>(REVISIONS, { first: REVISIONS_AT_ONCE, before }, stop);
  older.value = found.length === REVISIONS_AT_ONCE && (found.at(-1)?.number ?? 1) > 1;
  return found;
}

/** Older revisions than those that are listed. */
export async function moreRevisions(): Promise<void> {
  const known = revisions.peek().data ?? [];
  const next = await page(known.at(-1)?.number ?? null);
  if (revisions.peek().data === known) revisions.value = { state: "ready", data: [...known, ...next], error: null };
}

/** More statements of the difference that is shown. */
export function moreStatements(): void {
  statements.value = STATEMENTS_AT_MOST;
}

/** Who acts and why, and the name of this one wish: told twice, it is done once. */
export interface Act {
  author: string;
  reason: string;
  key: string;
}

export async function revert(number: number, act: Act): Promise<ChangeResult> {
  return (await ask<{ revert: ChangeResult }>(REVERT, { input: { number, ...act } })).revert;
}

export async function createBranch(name: string, revision: number | null, { author, reason }: Act): Promise<void> {
  await ask(CREATE_BRANCH, { input: { name, base: revision === null ? null : { revision }, author, reason } });
}

export async function dropBranch(name: string): Promise<void> {
  await ask(DROP_BRANCH, { input: { name } });
}

export async function applyBranch(name: string, act: Act): Promise<ChangeResult> {
  return (await ask<{ applyBranch: ChangeResult }>(APPLY_BRANCH, { input: { name, ...act } })).applyBranch;
}

export async function editBranch(name: string, add: Triple[], remove: Triple[], act: Act): Promise<ChangeResult> {
  return (await ask<{ editBranch: ChangeResult }>(EDIT_BRANCH, { input: { name, add, remove, ...act } })).editBranch;
}
