// Outcomes as an operator reads them: worst first, always a shape, a word and a colour together.
import { kilowatts, counted } from "./format";
import { BRICK, DCX } from "./iri";
import type { Column } from "./url";
import type { Apart, NodeOutcome, Outcome, OutcomeCount } from "./types";

/** How something that is not as it should be is shown: never by colour alone. */
export interface Look {
  /** The shape in the graph. */
  shape: "lost" | "overloaded" | "noRedundancy" | "reduced" | "perhaps" | "carried";
  /** The same shape beside the word. */
  glyph: string;
  word: string;
  /** Name of the colour token. */
  token: string;
}

export interface OutcomeLook extends Look {
  outcome: Outcome;
  field: keyof OutcomeCount & Look["shape"];
}

/** Worst first. */
export const OUTCOMES: readonly OutcomeLook[] = [
  { outcome: "LOST", field: "lost", shape: "lost", glyph: "■", word: "lost", token: "lost" },
  { outcome: "OVERLOADED", field: "overloaded", shape: "overloaded", glyph: "▲", word: "overloaded", token: "overloaded" },
  { outcome: "NO_REDUNDANCY", field: "noRedundancy", shape: "noRedundancy", glyph: "◆", word: "without redundancy", token: "no-redundancy" },
  { outcome: "REDUCED", field: "reduced", shape: "reduced", glyph: "●", word: "reduced", token: "reduced" },
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

/** What stands apart from the counts, such as "100 racks · 514.5 kW"; empty for nothing. */
export function apartText({ racks, itLoadKw, services }: Apart): string {
  return [racks > 0 && counted(racks, "rack"), itLoadKw > 0 && kilowatts(itLoadKw), services > 0 && counted(services, "service")].filter(Boolean).join(" · ");
}

/** An outcome with the one that the same supply has in the other what-if of two; null: there is no other. */
export interface Row extends NodeOutcome {
  beside: Outcome | null;
}

/** The outcomes of one what-if beside those of another: what only the other one hits is unaffected in this one. O(n). */
export function besideEachOther(outcomes: readonly NodeOutcome[], other: readonly NodeOutcome[] | null): Row[] {
  if (other === null) return outcomes.map((row) => ({ ...row, beside: null }));
  const key = ({ id, medium }: NodeOutcome): string => `${id} ${medium}`;
  const theirs = new Map(other.map((row) => [key(row), row]));
  const rows = outcomes.map((row) => {
    const its = theirs.get(key(row));
    theirs.delete(key(row));
    return { ...row, beside: its?.outcome ?? "UNAFFECTED" };
  });
  return [...rows, ...[...theirs.values()].map((row) => ({ ...row, outcome: "UNAFFECTED" as const, evidence: [], path: [], exposedTo: [], beside: row.outcome }))];
}

export function differs({ outcome, beside }: Row): boolean {
  return beside !== null && outcome !== beside;
}

export interface Rows {
  rows: Row[];
  total: number;
  pages: number;
  page: number;
}

export interface RowQuestion {
  outcome: Outcome | null;
  kind: string | null;
  /** Only what differs from the other what-if. */
  differ: boolean;
  sort: Column;
  descending: boolean;
  page: number;
}

export const ROWS_PER_PAGE = 100;

/** One page of the outcome table. Equal keys keep the order outcome, racks before services before the rest, label, medium, id. O(n log n). */
export function pageOf(outcomes: readonly Row[], question: RowQuestion): Rows {
  const { outcome, kind, differ } = question;
  const kept = outcomes.filter((row) => (outcome === null || row.outcome === outcome) && (kind === null || row.class === kind) && (!differ || differs(row)));
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
