// The geometry of a chart: from rows to paths, and marks that are round numbers. Pure; pixels from the left and from the top.
import type { Row } from "./trends";

export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
  since: number;
  until: number;
  low: number;
  high: number;
}

export function xOf({ left, width, since, until }: Frame, at: number): number {
  return left + (width * (at - since)) / (until - since);
}

export function yOf({ top, height, low, high }: Frame, value: number): number {
  return top + height * (1 - (value - low) / (high - low));
}

/** Least and greatest of all rows, with some room; a flat line stands in the middle. */
export function bounds(all: readonly (readonly Row[])[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const rows of all) {
    for (const row of rows) {
      if (row.low !== null && row.low < low) low = row.low;
      if (row.high !== null && row.high > high) high = row.high;
    }
  }
  if (low > high) return [0, 1];
  const room = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.05, 0.5);
  return [low - room, high + room];
}

/** The stretches of rows that a line joins: it breaks at what is no number and where nothing was said for long. O(n). */
export function stretches(rows: readonly Row[], stepMs: number | null): Row[][] {
  const longest = stepMs === null ? silence(rows) : stepMs * 1.5;
  const found: Row[][] = [];
  let now: Row[] = [];
  for (const row of rows) {
    const last = now[now.length - 1];
    if (last !== undefined && (row.value === null || row.at - last.at > longest)) {
      found.push(now);
      now = [];
    }
    if (row.value !== null) now.push(row);
  }
  if (now.length > 0) found.push(now);
  return found;
}

/** How far apart samples may be before the line breaks: 12 times what is usual, or a fiftieth of all. */
function silence(rows: readonly Row[]): number {
  const gaps = rows.slice(1).map((row, i) => row.at - (rows[i]?.at ?? row.at)).sort((a, b) => a - b);
  const usual = gaps[gaps.length >> 1] ?? 0;
  return Math.max(12 * usual, ((rows[rows.length - 1]?.at ?? 0) - (rows[0]?.at ?? 0)) / 50, 1000);
}

const round = (pixels: number): string => pixels.toFixed(1);

/** The line through the values of stretches; a single row is a short dash. */
export function linePath(frame: Frame, parts: readonly (readonly Row[])[]): string {
  return parts.map((part) => {
    const points = part.map((row) => `${round(xOf(frame, row.at))} ${round(yOf(frame, row.value ?? 0))}`);
    return points.length === 1 ? `M${points[0]}h1.5` : `M${points.join("L")}`;
  }).join("");
}

/** The band between least and greatest of each row; nothing where all rows are samples. */
export function bandPath(frame: Frame, parts: readonly (readonly Row[])[]): string {
  return parts.filter((part) => part.some((row) => row.low !== row.high)).map((part) => {
    const edge = (row: Row, value: number | null): string => `${round(xOf(frame, row.at))} ${round(yOf(frame, value ?? row.value ?? 0))}`;
    return `M${[...part.map((row) => edge(row, row.high)), ...[...part].reverse().map((row) => edge(row, row.low))].join("L")}Z`;
  }).join("");
}

/** From where to where rows were not good, in pixels. */
export function notGood(frame: Frame, rows: readonly Row[]): [number, number][] {
  const found: [number, number][] = [];
  rows.forEach((row, i) => {
    if (row.quality === "GOOD") return;
    const [from, to] = [xOf(frame, row.at), xOf(frame, rows[i + 1]?.at ?? frame.until)];
    const last = found[found.length - 1];
    if (last !== undefined && from - last[1] < 0.5) last[1] = to;
    else found.push([from, Math.max(to, from + 1)]);
  });
  return found;
}

/** Round numbers from `low` to `high`, about `many` of them. */
export function valueMarks(low: number, high: number, many: number): number[] {
  const least = (high - low) / Math.max(1, many);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least) ?? 10 * power;
  const found: number[] = [];
  for (let at = Math.ceil(low / step); at * step <= high; at += 1) found.push(Number((at * step).toPrecision(12)));
  return found;
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const STEPS = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 61 * DAY];

/** Instants at round times of this desk's clock, `many` of them at most, each with its words. */
export function timeMarks(since: number, until: number, many: number): [number, string][] {
  const step = STEPS.find((each) => (until - since) / each <= many) ?? 365 * DAY;
  const shift = new Date(since).getTimezoneOffset() * MINUTE;
  const found: [number, string][] = [];
  for (let at = Math.ceil((since - shift) / step) * step + shift; at <= until; at += step) found.push([at, wordsOf(at, step)]);
  return found;
}

function wordsOf(at: number, step: number): string {
  const date = new Date(at);
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  if (step >= DAY) return day;
  const clock = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return clock === "00:00" ? day : clock;
}

/** The row that an instant is nearest to; undefined of none. O(log n). */
export function nearest(rows: readonly Row[], at: number): Row | undefined {
  let [from, to] = [0, rows.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((rows[middle]?.at ?? 0) < at) from = middle + 1;
    else to = middle;
  }
  const [before, after] = [rows[from - 1], rows[from]];
  if (before === undefined || after === undefined) return before ?? after;
  return at - before.at <= after.at - at ? before : after;
}

/** Least, greatest and mean of what was read. */
export function summary(rows: readonly Row[]): { low: number; high: number; mean: number } | null {
  const numbers = rows.filter((row) => row.value !== null);
  if (numbers.length === 0) return null;
  const sum = numbers.reduce((total, row) => total + (row.value ?? 0), 0);
  return {
    low: Math.min(...numbers.map((row) => row.low ?? Infinity)),
    high: Math.max(...numbers.map((row) => row.high ?? -Infinity)),
    mean: sum / numbers.length,
  };
}
