// The state of the twin that the page looks at: the site now, as it was, or a branch of it.
//
// 1. The site now is asked as if there were nothing else: no argument is sent.
// 2. A revision and an instant exclude each other; on a branch a revision is one of the branch's own, 0 is its base.

export interface Standpoint {
  /** A revision's number, or an instant as ISO 8601 says it; null: the newest. */
  asOf: string | null;
  /** A branch by name; null: the site. */
  branch: string | null;
}

/** The site now. */
export const NOW: Standpoint = { asOf: null, branch: null };

/** The argument `asOf` of the service. */
export type AsOf = { revision: number } | { at: string };

export function isNow({ asOf, branch }: Standpoint): boolean {
  return asOf === null && branch === null;
}

/** The revision's number, where it is one that is looked at. */
export function revisionOf(asOf: string | null): number | null {
  return asOf !== null && /^\d{1,9}$/.test(asOf) ? Number(asOf) : null;
}

/** What an address says about time, or null where that is neither a revision nor an instant. */
export function asOfIn(text: string | null): string | null {
  if (text === null || revisionOf(text) !== null) return text;
  return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

export function asOfOf(asOf: string | null): AsOf | null {
  if (asOf === null) return null;
  const revision = revisionOf(asOf);
  return revision === null ? { at: asOf } : { revision };
}

/** A question that is asked of one state; `words` are the pieces that the state adds to its document. */
export type Dated = (from: Standpoint) => string;

interface Words {
  /** Behind other variables: `, $asOf: AsOf, $branch: String`. */
  also: string;
  /** The same alone, in parentheses. */
  only: string;
  /** Behind other arguments. */
  given: string;
  /** The same alone, in parentheses. */
  onlyGiven: string;
}

const AS_IT_IS: Words = { also: "", only: "", given: "", onlyGiven: "" };
const AS_ASKED: Words = {
  also: ", $asOf: AsOf, $branch: String",
  only: "($asOf: AsOf, $branch: String)",
  given: ", asOf: $asOf, branch: $branch",
  onlyGiven: "(asOf: $asOf, branch: $branch)",
};

export function dated(write: (words: Words) => string): Dated {
  const [now, then] = [write(AS_IT_IS), write(AS_ASKED)];
  return (from) => (isNow(from) ? now : then);
}

/** The variables that the state adds. */
export function variablesOf(from: Standpoint): Record<string, unknown> {
  return isNow(from) ? {} : { asOf: asOfOf(from.asOf), branch: from.branch };
}
