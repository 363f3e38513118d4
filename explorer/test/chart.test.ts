// From rows to a chart: where lines break, where marks stand, what is read off.
import { describe, expect, test, vi } from "vitest";
import type { Row } from "../src/core/trends";

vi.stubGlobal("location", { search: "", pathname: "/" });
const { bandPath, bounds, linePath, nearest, notGood, stretches, summary, timeMarks, valueMarks } = await import("../src/core/chart");
const { rowsOf } = await import("../src/core/trends");

const row = (at: number, value: number | null, quality: Row["quality"] = "GOOD"): Row => ({ at, value, low: value, high: value, quality, reason: "NONE" });
const frame = { left: 0, top: 0, width: 100, height: 100, since: 0, until: 100_000, low: 0, high: 10 };

describe("a line", () => {
  test("breaks at what is no number, and where nothing was said for long", () => {
    const rows = [row(0, 1), row(1000, 2), row(2000, null, "BAD"), row(3000, 3), row(4000, 4), row(60_000, 5)];

    expect(stretches(rows, null).map((part) => part.map(({ at }) => at))).toEqual([[0, 1000], [3000, 4000], [60_000]]);
  });

  test("of spans breaks where one is missing", () => {
    const rows = [row(0, 1), row(60_000, 2), row(180_000, 3)];

    expect(stretches(rows, 60_000).map((part) => part.length)).toEqual([2, 1]);
  });

  test("goes through the values, a single one is a dash, and samples have no band", () => {
    const parts = [[row(0, 0), row(50_000, 10)], [row(100_000, 5)]];

    expect(linePath(frame, parts)).toBe("M0.0 100.0L50.0 0.0M100.0 50.0h1.5");
    expect(bandPath(frame, parts)).toBe("");
    expect(bandPath(frame, [[{ ...row(0, 5), low: 4, high: 6 }, { ...row(100_000, 5), low: 3, high: 7 }]])).toBe("M0.0 40.0L100.0 30.0L100.0 70.0L0.0 60.0Z");
  });

  test("is hatched from a value that is not good until the next one, or the end", () => {
    expect(notGood(frame, [row(0, 1), row(10_000, 1, "STALE"), row(20_000, 1, "BAD"), row(30_000, 1), row(90_000, 1, "UNCERTAIN")])).toEqual([[10, 30], [90, 100]]);
  });
});

describe("a scale", () => {
  test("has round numbers, and room above and below; a flat line stands in the middle", () => {
    expect(valueMarks(0.2, 9.7, 5)).toEqual([2, 4, 6, 8]);
    expect(valueMarks(-0.31, 0.31, 6)).toEqual([-0.2, 0, 0.2]);
    expect(bounds([[row(0, 20)]])).toEqual([19, 21]);
    expect(bounds([[row(0, 0), row(1, 100)]])).toEqual([-6, 106]);
    expect(bounds([[]])).toEqual([0, 1]);
  });

  test("of time stands at round times of the desk's clock", () => {
    const since = new Date(2026, 2, 3, 3, 7).getTime();

    expect(timeMarks(since, since + 3_600_000, 6).map(([, words]) => words)).toEqual(["03:10", "03:20", "03:30", "03:40", "03:50", "04:00"]);
    expect(timeMarks(since, since + 86_400_000, 4).map(([, words]) => words)).toEqual(["06:00", "12:00", "18:00", "4 Mar"]);
  });
});

test("what is read off is the nearest row", () => {
  const rows = [row(0, 1), row(10, 2), row(30, 3)];

  expect([-5, 4, 6, 19, 21, 99].map((at) => nearest(rows, at)?.value)).toEqual([1, 1, 2, 2, 3, 3]);
  expect(nearest([], 5)).toBeUndefined();
});

test("a summary leaves out what is no number", () => {
  expect(summary([{ ...row(0, 5), low: 1, high: 6 }, row(1, null, "BAD"), row(2, 9)])).toEqual({ low: 1, high: 9, mean: 7 });
  expect(summary([row(0, null, "BAD")])).toBeNull();
});

test("columns become rows", () => {
  const history = { point: "p", stepS: 60, at: ["1970-01-01T00:01:00Z"], value: [2], minimum: [1], maximum: [3], quality: ["STALE" as const], reason: ["NONE"], coverage: [0.5] };

  expect(rowsOf(history)).toEqual([{ at: 60_000, value: 2, low: 1, high: 3, quality: "STALE", reason: "NONE" }]);
});
