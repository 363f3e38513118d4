// Where the page is: the view in the address, and every way from one to another.
import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { ask, Refused } from "./client";
import { isNow, variablesOf, type Dated, type Standpoint } from "./standpoint";
import { decode, encode, type Shown, type View } from "./url";

export const view: Signal<View> = signal(decode(location.search));
/** Where the page lands when the URL names no node; null: not known yet; "": an empty twin. */
export const landing: Signal<string | null> = signal(null);
/** What the live region says. */
export const said: Signal<string> = signal("");
/** Rises when what was shown is to be asked for again. */
export const again = signal(0);

export const centre: ReadonlySignal<string | null> = computed(() => view.value.around ?? view.value.at ?? (landing.value || null));

const standpointKey = computed(() => JSON.stringify([view.value.asOf, view.value.branch]));
/** The state that the page looks at; a new value only when it is another one. */
export const standpoint: ReadonlySignal<Standpoint> = computed(() => {
  const [asOf, branch] = JSON.parse(standpointKey.value) as [string | null, string | null];
  return { asOf, branch };
});
export const onSite: ReadonlySignal<boolean> = computed(() => isNow(standpoint.value));

const UNKNOWN: readonly (string | null)[] = ["UNKNOWN_BRANCH", "UNKNOWN_REVISION"];
const notThere = signal<{ from: Standpoint; reason: string } | null>(null);
/** Why there is no such state as the page looks at, in the service's words; null while there is. */
export const missing: ReadonlySignal<string | null> = computed(() => (notThere.value?.from === standpoint.value ? notThere.value.reason : null));

/** Asks about the state that the page looks at; an effect that asks follows that state. */
export function askHere<T>(question: Dated, variables: Record<string, unknown>, stop?: AbortSignal): Promise<T> {
  return askAt<T>(standpoint.value, question, variables, stop);
}

export function askAt<T>(from: Standpoint, question: Dated, variables: Record<string, unknown>, stop?: AbortSignal): Promise<T> {
  return ask<T>(question(from), { ...variables, ...variablesOf(from) }, stop).catch((cause: unknown) => {
    if (cause instanceof Refused && UNKNOWN.includes(cause.code) && !isNow(from)) notThere.value = { from, reason: cause.message };
    throw cause;
  });
}

export function retry(): void {
  batch(() => {
    notThere.value = null;
    again.value += 1;
  });
}

/** The pages that stand in the place of the graph. */
export const PAGES: readonly Shown[] = ["sweep", "trends", "data", "history", "sources", "branches"];

/** Looks at another state. What is selected and what fails stays as it is. */
export function lookAt(to: Partial<Standpoint>): void {
  go({ ...to, page: 1 });
}

export function backToNow(): void {
  lookAt({ asOf: null, branch: null });
}

/** A way out, in words. */
export type Way = readonly [string, () => void];

/** From a node that there is not: to the site now; there already, to where nothing is selected. */
export function wayHome(): Way {
  if (onSite.value) return ["Back to the start", () => go({ at: null, around: null, fail: [] })];
  return [standpoint.value.branch === null ? "Back to now" : "Back to the site", backToNow];
}

/** Goes to another view; one step in the browser's history unless it only refines the one that is shown. */
export function go(change: Partial<View>, refine = false): void {
  if (change.at !== undefined) arriving = null;
  const next = { ...view.value, ...change };
  const address = location.pathname + encode(next);
  if (address === location.pathname + location.search) return;
  if (refine) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  view.value = decode(location.search);
}

/** A node that is on its way to be selected: what is asked of the selected node waits for it. */
let arriving: Promise<void> | null = null;

/** Selects what a search finds as soon as it is found; `null` where nothing is. */
export function visitWhenFound(finding: Promise<string | null>): void {
  const mine: Promise<void> = finding.then((id) => {
    if (arriving !== mine) return;
    arriving = null;
    if (id !== null) visit(id);
  });
  arriving = mine;
}

/** The selected node, once the one that is on its way has come. */
export function onSelected(act: (id: string) => void): void {
  if (arriving) void arriving.then(() => onSelected(act));
  else if (view.value.at !== null) act(view.value.at);
  else said.value = "Select a node first.";
}

/** Selects a node and draws the graph around it. */
export function visit(id: string): void {
  go({ at: id, around: null });
}

/** Selects a node where it stands; the graph keeps its place. */
export function select(id: string | null): void {
  if (id === view.value.at) return;
  go({ at: id, around: centre.value });
}
