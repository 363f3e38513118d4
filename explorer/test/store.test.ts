// What follows from the view, with a service that answers when the test says so.
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Scenario } from "../src/core/scenarios";
import type { Impact, Totals } from "../src/core/types";

const line = vi.hoisted(() => ({
  tell: (_: unknown): void => undefined,
  asked: [] as { query: string; answer: (data: unknown) => void }[],
}));

vi.mock("../src/core/client", async () => {
  vi.stubGlobal("location", { search: "", pathname: "/" });
  return {
    ...(await vi.importActual<object>("../src/core/client")),
    ask: (query: string) => new Promise((answer) => line.asked.push({ query, answer })),
    follow: (_query: string, _variables: object, each: (data: unknown) => void) => {
      line.tell = each;
      return () => undefined;
    },
  };
});

const { answers: { 1: first } } = await import("../src/core/whatif");
const { NOW } = await import("../src/core/standpoint");
const { followImpact } = await import("../src/core/live");
const { restsOn, restsText, startRestsOn } = await import("../src/core/restsOn");
const { view } = await import("../src/core/navigate");
const { notSent } = await import("../src/core/sending");
const { Away, Refused } = await import("../src/core/client");

const none = { lost: 0, overloaded: 0, noRedundancy: 0, reduced: 0, unaffected: 0 };
const totals = (lost: number): Totals => ({ racks: { ...none, lost }, services: none, tenants: none, itLoadKw: none }) as Totals;
const answer = (failed: string, lost: number): Impact =>
  ({ revision: 1, at: "", failed: [failed], assumed: [], resolved: [], outcomes: [], totals: totals(lost), downBefore: { racks: 0, services: 0, tenants: 0, itLoadKw: 0 }, failedItself: { racks: 0, services: 0, tenants: 0, itLoadKw: 0 }, positions: [] }) as unknown as Impact;
const failing = (id: string): Scenario => ({ fail: [id], from: NOW });
/** Answers what is asked by the query of that name, and lets everything follow that follows. */
async function answerWith(name: string, data: unknown): Promise<void> {
  for (const { answer } of line.asked.filter(({ query }) => query.includes(name))) answer(data);
  await new Promise((resolve) => setTimeout(resolve));
}

describe("a what-if that is followed", () => {
  beforeEach(() => {
    line.asked.length = 0;
  });

  test("an answer that is still under way does not land under the next what-if", async () => {
    const scenario = signal(failing("u:A"));
    first.impact.value = { state: "ready", data: answer("u:A", 1), error: null };
    const stop = followImpact(scenario, first);
    line.tell({ impact: { revision: 2, totals: totals(2), downBefore: none, failedItself: none } });
    scenario.value = failing("u:B");
    first.impact.value = { state: "ready", data: answer("u:B", 7), error: null };

    await answerWith("ImpactTotals", { impact: { totals: totals(2), downBefore: none, failedItself: none } });
    await answerWith("ImpactRows(", { impact: answer("u:A", 2) });
    await answerWith("Impact(", { impact: answer("u:A", 2) });
    await answerWith("Labels", {});

    expect(first.impact.value.data?.failed).toEqual(["u:B"]);
    stop();
  });

  test("a change of its totals is shown", async () => {
    first.impact.value = { state: "ready", data: answer("u:A", 1), error: null };
    const stop = followImpact(signal(failing("u:A")), first);
    line.tell({ impact: { revision: 2, totals: totals(2), downBefore: none, failedItself: none } });

    await answerWith("ImpactTotals", { impact: { totals: totals(2), downBefore: none, failedItself: none } });
    await answerWith("ImpactRows(", { impact: answer("u:A", 2) });
    await answerWith("Impact(", { impact: answer("u:A", 2) });
    await answerWith("Labels", {});

    expect(first.impact.value.data?.totals.racks.lost).toBe(2);
    stop();
  });
});

describe("what a what-if rests on", () => {
  const rests = (points: number, stale: number, silent: number) => ({ points, uncertain: 0, stale, bad: 0, silent, entities: 0, ids: [], poorCount: stale, poor: [] });

  test("is a line as soon as a point that was heard is not good, or one of several was never heard", () => {
    expect(restsText(rests(118, 2, 0))).toBe("rests on 118 points: 2 not good");
    expect(restsText(rests(118, 2, 3))).toBe("rests on 118 points: 2 not good, 3 never heard");
    expect(restsText(rests(1, 1, 0))).toBe("rests on 1 point: 1 not good");
    expect(restsText(rests(118, 0, 0))).toBe("");
    expect(restsText(rests(118, 0, 118))).toBe("");
    expect(restsText(rests(0, 0, 0))).toBe("");
  });

  test("is asked for only while the outcome of a what-if is shown", async () => {
    const asked = (): number => line.asked.filter(({ query }) => query.includes("RestsOn(")).length;
    line.asked.length = 0;
    first.impact.value = { state: "ready", data: answer("u:A", 1), error: null };
    startRestsOn();
    expect(asked()).toBe(0);

    view.value = { ...view.value, fail: ["u:A"] };
    expect(asked()).toBe(1);
    await answerWith("RestsOn(", { impact: { restsOn: rests(2, 1, 0) } });
    expect(restsOn.value.data?.stale).toBe(1);

    view.value = { ...view.value, t: 0 };
    expect(restsOn.value.state).toBe("idle");
    view.value = { ...view.value, t: null };
    expect(asked()).toBe(2);
    view.value = { ...view.value, fail: [] };
    expect([asked(), restsOn.value.state]).toEqual([2, "idle"]);
  });
});

describe("a wish without an answer", () => {
  test("was not sent where the service refused it, and is nobody's knowledge where the line broke", () => {
    expect(notSent(new Refused("value = 99: give 18 to 27"))).toBe("Not sent: value = 99: give 18 to 27");
    expect(notSent(new Away("The service does not answer."))).toMatch(/does not answer\. Nobody knows .* at most once\.$/);
  });
});
