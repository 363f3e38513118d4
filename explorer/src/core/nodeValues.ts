// What is written beside each drawn node: the value of the point that says most about it, as it changes.
import { batch, computed, effect, signal, type Signal } from "@preact/signals";
import { follow } from "./client";
import { KEY_POINTS, READINGS } from "./documents";
import { age, drawn, judged, number, symbol } from "./format";
import { askHere, again, standpoint } from "./navigate";
import { graph } from "./store";
import type { KeyPoint } from "./liveTypes";
import type { PointReading, Value } from "./types";

/** Seconds between two looks at what has aged or changed: a drawing that flickers is not read. */
const EVERY_S = 1;

export interface NodeValue {
  /** The number with its unit, and its age where it is not good. */
  text: string;
  /** Label of the point, quality and age, for the table twin. */
  words: string;
  look: "plain" | "hatched" | "struck";
}

/** By node; only those that have ever said something. */
export const nodeValues: Signal<ReadonlyMap<string, NodeValue>> = signal(new Map());

interface Kept {
  node: string;
  label: string;
  unit: string | null;
  value: Value;
  came: number;
}

/** Starts what the drawing follows; called once. */
export function startNodeValues(): void {
  const nodes = computed(() => (graph.value.data?.nodes ?? []).map(({ id }) => id).sort().join("\n"));
  effect(() => {
    void again.value;
    const of = nodes.value.split("\n").filter(Boolean);
    const kept = new Map<string, Kept>();
    nodeValues.value = new Map();
    if (of.length === 0 || standpoint.value.asOf !== null) return;
    const stop = new AbortController();
    const ends = [() => stop.abort()];
    const show = (): void => {
      const now = performance.now();
      nodeValues.value = new Map([...kept.values()].flatMap((each) => {
        const written = write(each, now);
        return written === null ? [] : [[each.node, written] as const];
      }));
    };
    askHere<{ keyPoints: KeyPoint[] }>(KEY_POINTS, { of }, stop.signal).then(
      ({ keyPoints }) => {
        if (stop.signal.aborted) return;
        for (const { of: node, point } of keyPoints) kept.set(point.id, { node, ...point, came: performance.now() });
        show();
        if (kept.size === 0) return;
        const timer = setInterval(() => batch(show), EVERY_S * 1000);
        ends.push(() => clearInterval(timer), follow<{ readings: PointReading[] }>(
          READINGS,
          { points: [...kept.keys()].sort() },
          ({ readings }) => {
            for (const { point, value } of readings) {
              const before = kept.get(point);
              if (before) kept.set(point, { ...before, value, came: performance.now() });
            }
          },
          () => undefined, // the values that are shown grow old, and the panel tells of the line
        ));
      },
      () => undefined, // without them the drawing is as it was; the panel tells what is wrong
    );
    return () => ends.forEach((end) => end());
  });
}

function write({ label, unit, value, came }: Kept, now: number): NodeValue | null {
  const look = drawn(value.quality);
  if (look === "none" || value.value === null) return null;
  const old = value.ageS === null ? null : value.ageS + (now - came) / 1000;
  const text = `${number(value.value)} ${symbol(unit)}`.trim();
  return { text: look === "plain" ? text : `${text} · ${age(old)}`, words: `${label}: ${text}, ${judged(value.quality, value.reason)}, ${age(old)}`, look };
}
