// What points have read: asked for over a span of time in as many rows as a chart has pixels, and again while the span ends now.
import { computed, effect, signal, type Signal } from "@preact/signals";
import { ask } from "./client";
import { HISTORY, pointsOf } from "./documents";
import { labelOf, learn } from "./labels";
import { IDLE, load, type Loaded } from "./loading";
import { again, askHere, go, said, standpoint, view } from "./navigate";
import { revisionOf } from "./standpoint";
import { MOST_TRENDS, SPANS, type Span } from "./url";
import type { PointHistory } from "./liveTypes";
import type { Named, Quality } from "./types";

/** Rows of one point in a chart. */
const CHART_ROWS = 1200;
/** Seconds between two questions for a trend that ends now; longer spans are asked for less often. */
const EVERY_S = 10;

/** One row of a trend, its instant in ms. `low` and `high` are equal where the row is a sample. */
export interface Row {
  at: number;
  value: number | null;
  low: number | null;
  high: number | null;
  quality: Quality;
  reason: string;
}

export interface Trend {
  point: string;
  unit: string | null;
  stepS: number | null;
  rows: readonly Row[];
}

export interface Trends {
  since: number;
  until: number;
  of: readonly Trend[];
}

export const trends: Signal<Loaded<Trends>> = signal(IDLE);
const units = signal<ReadonlyMap<string, string | null>>(new Map());

/** The instant that trends end at: now, or the one that is looked at. */
export function endOf(asOf: string | null): number {
  return asOf !== null && revisionOf(asOf) === null ? Date.parse(asOf) : Date.now();
}

/** What points read in the seconds before an instant. */
export async function askTrends(points: readonly string[], seconds: number, until: number, rows: number, stop?: AbortSignal): Promise<Trends> {
  const since = until - seconds * 1000;
  const variables = { points, since: new Date(since).toISOString(), until: new Date(until).toISOString(), maxPoints: rows };
  const { history } = await ask<{ history: PointHistory[] }>(HISTORY, variables, stop);
  return { since, until, of: history.map((each) => ({ point: each.point, unit: units.peek().get(each.point) ?? null, stepS: each.stepS, rows: rowsOf(each) })) };
}

export function rowsOf({ at, value, minimum, maximum, quality, reason }: PointHistory): Row[] {
  return at.map((instant, i) => ({
    at: Date.parse(instant), value: value[i] ?? null, low: minimum[i] ?? null, high: maximum[i] ?? null, quality: quality[i] ?? "NO_VALUE", reason: reason[i] ?? "NONE",
  }));
}

async function learnUnits(points: readonly string[], stop: AbortSignal): Promise<void> {
  const unknown = points.filter((point) => !units.peek().has(point));
  if (unknown.length === 0) return;
  const answer = await askHere<Record<string, (Named & { points: { id: string; unit: string | null }[] }) | null>>(
    pointsOf(unknown.length), Object.fromEntries(unknown.map((point, i) => [`i${i}`, point])), stop);
  const found = Object.values(answer).filter((each) => each !== null);
  learn(found);
  units.value = new Map([...units.peek(), ...found.flatMap(({ id, points: own }) => own.filter((point) => point.id === id).map((point) => [id, point.unit] as const))]);
}

/** Starts what the page of trends follows; called once. */
export function startTrends(): void {
  const tick = signal(0);
  const asked = computed(() => {
    const { show, trend, span } = view.value;
    return show === "trends" && trend.length > 0 ? JSON.stringify([trend, span, standpoint.value.asOf]) : null;
  });
  let shown: string | null = null;
  effect(() => {
    void again.value;
    void tick.value;
    if (asked.value !== shown) trends.value = IDLE;
    shown = asked.value;
    if (shown === null) return;
    const [points, span, asOf] = JSON.parse(shown) as [string[], Span, string | null];
    const stop = load(trends, async (signal) => {
      await learnUnits(points, signal);
      return askTrends(points, SPANS[span], endOf(asOf), CHART_ROWS, signal);
    });
    const next = asOf === null ? setTimeout(() => (tick.value += 1), Math.max(EVERY_S, SPANS[span] / 500) * 1000) : undefined;
    return () => {
      clearTimeout(next);
      stop();
    };
  });
}

/** Draws the trend of one point alone. */
export function drawTrend(point: string): void {
  go({ show: "trends", trend: [point] });
}

/** Draws a point with those that are drawn already, or takes it out. */
export function compareTrend(point: string): void {
  const { trend } = view.value;
  const drawn = trend.includes(point);
  if (!drawn && trend.length >= MOST_TRENDS) {
    said.value = `${MOST_TRENDS} points are drawn at most: take one out first.`;
    return;
  }
  said.value = `${labelOf(point)} ${drawn ? "is taken out of" : "is added to"} the trends.`;
  go({ trend: drawn ? trend.filter((each) => each !== point) : [...trend, point] }, true);
}
