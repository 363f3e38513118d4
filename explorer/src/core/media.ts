// The six media, each with a line pattern and a muted tone, and the words for the relations that carry them.
import { BRICK, DCX, words } from "./iri";
import type { Direction } from "./types";

export interface Medium {
  iri: string;
  word: string;
  /** On and off lengths of the line in CSS pixels; [1, 0] is a whole line. */
  pattern: readonly [number, number];
  /** Name of the colour token. */
  token: string;
}

export const MEDIA: readonly Medium[] = [
  { iri: `${DCX}Power`, word: "power", pattern: [1, 0], token: "power" },
  { iri: `${DCX}LiquidCooling`, word: "liquid cooling", pattern: [9, 4], token: "liquid" },
  { iri: `${DCX}AirCooling`, word: "air cooling", pattern: [5, 5], token: "air" },
  { iri: `${DCX}Network`, word: "network", pattern: [2, 4], token: "network" },
  { iri: `${DCX}Compute`, word: "compute", pattern: [12, 3], token: "compute" },
  { iri: `${DCX}Control`, word: "control", pattern: [2, 8], token: "control" },
];

/** A relation that carries no medium: containment, membership, location. */
export const OTHER: Medium = { iri: "", word: "other relation", pattern: [1, 6], token: "other" };

export function mediumOf(iri: string | null): Medium {
  return MEDIA.find((medium) => medium.iri === iri) ?? OTHER;
}

const PHRASES: Record<string, readonly [string, string]> = {
  [`${BRICK}feeds`]: ["feeds", "fed by"],
  [`${BRICK}isFedBy`]: ["fed by", "feeds"],
  [`${BRICK}hasPart`]: ["has part", "part of"],
  [`${BRICK}isPartOf`]: ["part of", "has part"],
  [`${BRICK}hasLocation`]: ["located in", "location of"],
  [`${BRICK}isLocationOf`]: ["location of", "located in"],
  [`${BRICK}hasPoint`]: ["has point", "point of"],
  [`${BRICK}isPointOf`]: ["point of", "has point"],
  [`${DCX}hasMember`]: ["has member", "member of"],
  [`${DCX}hasTenant`]: ["tenant", "tenant of"],
  [`${DCX}mountedIn`]: ["mounted in", "holds"],
  [`${DCX}ties`]: ["ties", "tied by"],
};

/** A relation in words, as seen from the node that it is shown on. */
export function phrase(predicate: string, direction: Direction): string {
  const known = PHRASES[predicate];
  if (known) return known[direction === "OUT" ? 0 : 1];
  const medium = MEDIA.find(({ iri }) => predicate === iri.replace("#", "#feeds"));
  if (medium) return direction === "OUT" ? `feeds ${medium.word}` : `fed ${medium.word} by`;
  return direction === "OUT" ? words(predicate) : `${words(predicate)} (of)`;
}

/** Supply first (fed by, then feeds), then the rest; points last, they have a list of their own. */
export function relationRank(predicate: string, direction: Direction): number {
  const said = phrase(predicate, direction);
  if (said.startsWith("fed")) return 0;
  if (said.startsWith("feeds")) return 1;
  return said === "has point" ? 3 : 2;
}
