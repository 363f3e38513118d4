// What the nodes are called, in the state that is looked at.
import { signal } from "@preact/signals";
import { LABELS_AT_ONCE, labelsOf } from "./documents";
import { localName } from "./iri";
import { askHere } from "./navigate";
import type { Named } from "./types";

const labels = new Map<string, string>();
/** Rises with every label that is new or another one. */
const learned = signal(0);
/** The nodes whose label is that of the state that is looked at; others keep the words that they had until it is known. */
const fresh = new Set<string>();

/** Nodes whose label nobody brought along: asked for together, soon after the first. */
const nameless = new Set<string>();
const askedFor = new Set<string>();
const NAMELESS_WAIT_MS = 40;

/** The label of a node; its local name until it is known, or where there is none. */
export function labelOf(id: string): string {
  void learned.value;
  if (!fresh.has(id) && !askedFor.has(id)) {
    if (nameless.size === 0) setTimeout(() => void learnLabels([...nameless]), NAMELESS_WAIT_MS);
    nameless.add(id);
  }
  return labels.get(id) ?? localName(id);
}

/** Learns the labels that are not known yet. One that cannot be had now is asked for when it is next shown. */
export async function learnLabels(ids: readonly string[]): Promise<void> {
  nameless.clear();
  const wanted = ids.filter((id) => !fresh.has(id) && !askedFor.has(id));
  for (let from = 0; from < wanted.length; from += LABELS_AT_ONCE) {
    const some = wanted.slice(from, from + LABELS_AT_ONCE);
    for (const id of some) askedFor.add(id);
    try {
      const found = await askHere<Record<string, Named | null>>(labelsOf(some.length), Object.fromEntries(some.map((id, i) => [`i${i}`, id])));
      learn(Object.values(found).filter((named) => named !== null));
    } catch {
      for (const id of some) askedFor.delete(id);
    }
  }
}

export function learn(named: readonly Named[]): void {
  let changed = false;
  for (const { id, label } of named) {
    fresh.add(id);
    if (labels.get(id) === label) continue;
    labels.set(id, label);
    changed = true;
  }
  if (changed) learned.value += 1;
}

/** Another state is looked at, or this one has changed: every label is asked for again when it is next shown. */
export function relearn(): void {
  fresh.clear();
  askedFor.clear();
}
