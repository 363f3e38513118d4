// The what-ifs that the address asks for: one, or two side by side.
//
// 1. A scenario is what fails, and the state of the twin in which it fails.
// 2. Away from the site now there is always a second one: the same failure on the site now, unless the address names another.
import { computed, type ReadonlySignal } from "@preact/signals";
import { go, onSite, standpoint, view } from "./navigate";
import { NOW, type Standpoint } from "./standpoint";
import { START, type Side, type View } from "./url";

export interface Scenario {
  fail: readonly string[];
  from: Standpoint;
}

/** A new value only when it is another scenario. */
function kept(scenario: () => Scenario | null): ReadonlySignal<Scenario | null> {
  const key = computed(() => JSON.stringify(scenario()));
  return computed(() => JSON.parse(key.value) as Scenario | null);
}

const first = kept(() => (view.value.fail.length > 0 ? { fail: view.value.fail, from: standpoint.value } : null));
const second = kept(() => {
  const { fail, vs, vsNow } = view.value;
  if (fail.length === 0 || (vs.length === 0 && onSite.value)) return null;
  return { fail: vs.length > 0 ? vs : fail, from: vs.length === 0 || vsNow ? NOW : standpoint.value };
});

export const scenarios: Record<Side, ReadonlySignal<Scenario | null>> = { 1: first, 2: second };

/** The one that is drawn and listed. */
export const side: ReadonlySignal<Side> = computed(() => (second.value === null ? 1 : view.value.side));
export const chosen: ReadonlySignal<Scenario | null> = computed(() => scenarios[side.value].value);

/** Whether a scenario is asked of the same state as the first. */
export function sameState(scenario: Scenario): boolean {
  return JSON.stringify(scenario.from) === JSON.stringify(standpoint.value);
}

const AT_FIRST: Partial<View> = { outcome: null, kind: null, page: 1 };

/** Asks what fails when this does; `more` adds it to what is already failed. */
export function whatIf(id: string, more = false): void {
  const fail = more ? [...new Set([...view.value.fail, id])] : [id];
  go({ fail, side: 1, ...AT_FIRST });
}

/** Takes a node out of a what-if; of two, one that nothing is left in goes. */
export function withoutFailed(id: string, from: Side = 1): void {
  const { fail, vs } = view.value;
  const left = (from === 1 ? fail : vs).filter((failed) => failed !== id);
  if (from === 2) go({ vs: left, ...(left.length === 0 ? { side: 1 } : {}), page: 1 });
  else if (left.length === 0 && vs.length > 0) go({ fail: vs, vs: [], vsNow: false, side: 1, page: 1 });
  else go({ fail: left, page: 1 });
}

/** Keeps the what-if beside the next one; pressed again, it is put away. */
export function setAside(): void {
  const { fail, vs } = view.value;
  if (vs.length > 0) go({ vs: [], vsNow: false, side: 1, differ: false, page: 1 });
  else if (fail.length > 0) go({ vs: fail, side: 1, page: 1 });
}

/** Draws and lists the other one of two. */
export function flip(): void {
  if (second.value !== null) go({ side: side.value === 1 ? 2 : 1 }, true);
}

/** To the course of the what-if in time, and back to its outcome. */
export function turnTime(): void {
  if (view.value.fail.length > 0) go({ t: view.value.t === null ? 0 : null });
}

export function clearWhatIf(): void {
  const { fail, t, medium, vs, vsNow, side: one, differ, outcome, kind, sort, descending, page } = START;
  go({ fail, t, medium, vs, vsNow, side: one, differ, outcome, kind, sort, descending, page });
}
