// A difference as a person reads it: by entity, and what was replaced in one line.
import { compact } from "./iri";
import type { Difference, Statement, Triple } from "./types";

export interface Line {
  predicate: string;
  graph: string | null;
  /** What was said before; null: nothing, it is added. */
  before: Statement | null;
  /** What is said after; null: nothing, it is removed. */
  after: Statement | null;
}

export interface Group {
  subject: string;
  lines: Line[];
}

/** A node without a name of its own, whatever the service calls it. */
export function isUnnamed(id: string): boolean {
  return id.startsWith("_:");
}

/** The statements of a difference by subject, those without a name last; one removed and one added with the same subject, predicate and graph are one line. O(n log n). */
export function byEntity({ added, removed }: Pick<Difference, "added" | "removed">): Group[] {
  const groups = new Map<string, Map<string, { before: Statement[]; after: Statement[] }>>();
  const put = (statement: Statement, side: "before" | "after"): void => {
    const lines = groups.get(statement.subject) ?? new Map<string, { before: Statement[]; after: Statement[] }>();
    groups.set(statement.subject, lines);
    const key = `${statement.predicate}\n${statement.graph ?? ""}`;
    const both = lines.get(key) ?? { before: [], after: [] };
    lines.set(key, both);
    both[side].push(statement);
  };
  for (const statement of removed) put(statement, "before");
  for (const statement of added) put(statement, "after");
  return [...groups]
    .sort(([a], [b]) => Number(isUnnamed(a)) - Number(isUnnamed(b)) || (a < b ? -1 : 1))
    .map(([subject, lines]) => ({ subject, lines: [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, both]) => linesOf(both)) }));
}

function linesOf({ before, after }: { before: Statement[]; after: Statement[] }): Line[] {
  const [old, young] = [before[0], after[0]];
  if (before.length === 1 && after.length === 1 && old && young) return [{ predicate: old.predicate, graph: old.graph, before: old, after: young }];
  return [
    ...before.map((one) => ({ predicate: one.predicate, graph: one.graph, before: one, after: null })),
    ...after.map((one) => ({ predicate: one.predicate, graph: one.graph, before: null, after: one })),
  ];
}

const STRING = "http://www.w3.org/2001/XMLSchema#string";

/** An object as it is read: a CURIE, or a literal with its language or its datatype. */
export function objectText({ object, objectIsId, datatype, language }: Triple): string {
  if (objectIsId) return isUnnamed(object) ? "(unnamed)" : compact(object);
  if (language) return `“${object}” @${language}`;
  if (datatype === null || datatype === STRING) return `“${object}”`;
  return `${object} ${compact(datatype).replace(/^xsd:/, "")}`;
}

/** A statement in one line, without its subject. */
export function statementText(statement: Triple): string {
  return `${compact(statement.predicate)} ${objectText(statement)}`;
}
