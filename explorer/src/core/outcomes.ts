// Outcomes as an operator reads them: worst first, always a shape, a word and a colour together.
import { BRICK, DCX } from "./iri";
import type { Column } from "./url";
import type { NodeOutcome, Outcome, OutcomeCount } from "./types";

export interface OutcomeLook {
  outcome: Outcome;
  field: keyof OutcomeCount;
  /** Shape beside the word; the graph draws the same one. */
  glyph: string;
  word: string;
  /** Name of the colour token. */
  token: string;
}

/** Worst first. */
export const OUTCOMES: readonly OutcomeLook[] = [
  { outcome: "LOST", field: "lost", glyph: "■", word: "lost", token: "lost" },
  { outcome: "OVERLOADED", field: "overloaded", glyph: "▲", word: "overloaded", token: "overloaded" },
  { outcome: "NO_REDUNDANCY", field: "noRedundancy", glyph: "◆", word: "without redundancy", token: "no-redundancy" },
  { outcome: "REDUCED", field: "reduced", glyph: "●", word: "reduced", token: "reduced" },
];

export function lookOf(outcome: Outcome): OutcomeLook | undefined {
  return OUTCOMES.find((look) => look.outcome === outcome);
}

const RANK: Record<Outcome, number> = { LOST: 0, OVERLOADED: 1, NO_REDUNDANCY: 2, REDUCED: 3, UNAFFECTED: 4 };

/** Each node's worst outcome over its media. */
export function worstOutcomes(outcomes: readonly NodeOutcome[]): Map<string, Outcome> {
  const worst = new Map<string, Outcome>();
  for (const { id, outcome } of outcomes) {
    const known = worst.get(id);
    if (known === undefined || RANK[outcome] < RANK[known]) worst.set(id, outcome);
  }
  return worst;
}

/** How many nodes ended in each outcome, each counted once by its worst; `unaffected` is not known from the list and is 0. */
export function countNodes(outcomes: readonly NodeOutcome[]): OutcomeCount {
  const count: OutcomeCount = { lost: 0, overloaded: 0, noRedundancy: 0, reduced: 0, unaffected: 0 };
  for (const outcome of worstOutcomes(outcomes).values()) {
    const look = lookOf(outcome);
    if (look) count[look.field] += 1;
  }
  return count;
}

/** How many are in the count at all, those that are unaffected too. */
export function sum(count: OutcomeCount): number {
  return count.lost + count.overloaded + count.noRedundancy + count.reduced + count.unaffected;
}

export function affected(count: OutcomeCount): number {
  return sum(count) - count.unaffected;
}

export interface Rows {
  rows: NodeOutcome[];
  total: number;
  pages: number;
  page: number;
}

export interface RowQuestion {
  outcome: Outcome | null;
  kind: string | null;
  sort: Column;
  descending: boolean;
  page: number;
}

export const ROWS_PER_PAGE = 100;

/** One page of the outcome table. Equal keys keep the order outcome, racks before services before the rest, label, medium, id. O(n log n). */
export function pageOf(outcomes: readonly NodeOutcome[], question: RowQuestion): Rows {
  const kept = outcomes.filter(
    (row) => (question.outcome === null || row.outcome === question.outcome) && (question.kind === null || row.class === question.kind),
  );
  const sign = question.descending ? -1 : 1;
  const sorted = kept.sort((a, b) => sign * byColumn(question.sort, a, b) || inOrder(a, b));
  const pages = Math.max(1, Math.ceil(sorted.length / ROWS_PER_PAGE));
  const page = Math.min(question.page, pages);
  return { rows: sorted.slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE), total: sorted.length, pages, page };
}

const NATURAL = new Intl.Collator("en", { numeric: true });

function byColumn(column: Column, a: NodeOutcome, b: NodeOutcome): number {
  switch (column) {
    case "outcome":
      return RANK[a.outcome] - RANK[b.outcome];
    case "label":
      return NATURAL.compare(a.label, b.label);
    case "class":
      return NATURAL.compare(a.class ?? "", b.class ?? "");
    case "medium":
      return NATURAL.compare(a.medium, b.medium);
    case "evidence":
      return NATURAL.compare(a.evidence.join(" "), b.evidence.join(" "));
  }
}

/** What the counts speak of comes first: racks, services, tenants, then the rest. */
function loads(row: NodeOutcome): number {
  const at = [`${BRICK}ICT_Rack`, `${DCX}Service`, `${DCX}Tenant`].indexOf(row.class ?? "");
  return at < 0 ? 3 : at;
}

function inOrder(a: NodeOutcome, b: NodeOutcome): number {
  return RANK[a.outcome] - RANK[b.outcome] || loads(a) - loads(b) || NATURAL.compare(a.label, b.label) || NATURAL.compare(a.medium, b.medium) || (a.id < b.id ? -1 : 1);
}

/** The classes among the outcomes with how many rows each has, most first. */
export function kinds(outcomes: readonly NodeOutcome[]): [string, number][] {
  const count = new Map<string, number>();
  for (const { class: kind } of outcomes) if (kind !== null) count.set(kind, (count.get(kind) ?? 0) + 1);
  return [...count].sort((a, b) => b[1] - a[1] || NATURAL.compare(a[0], b[0]));
}
