// The order in which found nodes are shown: what is meant most likely comes first.
import { localName } from "./iri";
import type { Named } from "./types";

/** Nodes asked for at a time, so that the likeliest are among them where many names fit. */
export const ASKED = 200;

const NATURAL = new Intl.Collator("en", { numeric: true });

function plain(text: string): string {
  return text.toLowerCase().replace(/[-_.\s]+/g, " ").trim();
}

/** 0: it is the name; 1: the name begins with it; 2: a word of the name does; 3: it is elsewhere in the name; 4: in the id or class only. */
export function closeness(node: Named, text: string): number {
  const wanted = plain(text);
  const names = [plain(node.label), plain(localName(node.id))];
  if (names.includes(wanted)) return 0;
  if (names.some((name) => name.startsWith(wanted))) return 1;
  if (names.some((name) => name.includes(` ${wanted}`))) return 2;
  return names.some((name) => name.includes(wanted)) ? 3 : 4;
}

/** Closest first; of equally close ones the shorter name: equipment before its breakers and points. */
export function ranked(nodes: readonly Named[], text: string): Named[] {
  const close = new Map(nodes.map((node) => [node.id, closeness(node, text)]));
  return [...nodes].sort(
    (a, b) =>
      (close.get(a.id) ?? 4) - (close.get(b.id) ?? 4) || a.label.length - b.label.length || NATURAL.compare(a.label, b.label) || (a.id < b.id ? -1 : 1),
  );
}
