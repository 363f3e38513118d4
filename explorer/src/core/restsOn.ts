// Which points the what-if that is drawn rests on: asked for only while its outcome is shown, again as values age.
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { RESTS_ON } from "./documents";
import { counted, whole } from "./format";
import { IDLE, load, type Loaded } from "./loading";
import { askAt, view } from "./navigate";
import { chosen } from "./scenarios";
import type { PoorReading, RestsOn } from "./types";
import { impact, speaksOf } from "./whatif";

const EVERY_S = 15;
/** Entities that are marked at most. */
const MOST_IDS = 50_000;

export const restsOn: Signal<Loaded<RestsOn>> = signal(IDLE);

/** The entities of the answer that may be otherwise. */
export const doubtful: ReadonlySignal<ReadonlySet<string>> = computed(() => new Set(restsOn.value.data?.ids));

const READ_FOR: Record<string, string> = {
  POSITION: "where it stands", SERVICE: "whether it is in service", LOAD: "what it carries", CHARGE: "how full it is", TEMPERATURE: "how warm it is",
  RUNS: "whether it runs", LEVEL: "how full it is", REMAINING: "how long it lasts",
};

/** What a point is read for, as an operator says it. */
export function readFor({ what }: Pick<PoorReading, "what">): string {
  return READ_FOR[what] ?? what.toLowerCase();
}

/** In a line; empty where all is good and heard, and where nothing was ever heard: the answer is then the model's alone. */
export function restsText({ points, uncertain, stale, bad, silent }: Omit<RestsOn, "ids" | "poor">): string {
  const poor = uncertain + stale + bad;
  if (points === silent || poor + silent === 0) return "";
  return `rests on ${counted(points, "point")}: ${[poor > 0 && `${whole(poor)} not good`, silent > 0 && `${whole(silent)} never heard`].filter(Boolean).join(", ")}`;
}

/** Starts what follows from the outcome that is shown; called once. */
export function startRestsOn(): void {
  const shown = computed(() => view.value.t === null);
  const answered = computed(() => impact.value.data); // a new answer rests on what is known now
  const tick = signal(0);
  effect(() => {
    const scenario = chosen.value;
    const known = answered.value;
    void tick.value;
    if (!shown.value || !scenario || !speaksOf(known, scenario)) {
      restsOn.value = IDLE;
      return;
    }
    const stop = load(restsOn, async (signal) => {
      const { impact: found } = await askAt<{ impact: { restsOn: RestsOn } }>(scenario.from, RESTS_ON, { failed: scenario.fail, ids: MOST_IDS }, signal);
      return found.restsOn;
    });
    const next = scenario.from.asOf === null ? setTimeout(() => (tick.value += 1), EVERY_S * 1000) : undefined;
    return () => {
      clearTimeout(next);
      stop();
    };
  });
}
