// IRIs for machines, CURIEs and local names for people. The prefixes are those that every face of the service knows.

const PREFIXES: readonly (readonly [string, string])[] = [
  ["brick", "https://brickschema.org/schema/Brick#"],
  ["bsh", "https://brickschema.org/schema/BrickShape#"],
  ["dcx", "https://w3id.org/ridethrough/ontology#"],
  ["demo", "urn:ridethrough:demo:"],
  ["dcterms", "http://purl.org/dc/terms/"],
  ["owl", "http://www.w3.org/2002/07/owl#"],
  ["qudt", "http://qudt.org/schema/qudt/"],
  ["qudtqk", "http://qudt.org/vocab/quantitykind/"],
  ["rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"],
  ["rdfs", "http://www.w3.org/2000/01/rdf-schema#"],
  ["rec", "https://w3id.org/rec#"],
  ["ref", "https://brickschema.org/schema/Brick/ref#"],
  ["s223", "http://data.ashrae.org/standard223#"],
  ["sh", "http://www.w3.org/ns/shacl#"],
  ["skos", "http://www.w3.org/2004/02/skos/core#"],
  ["tag", "https://brickschema.org/schema/BrickTag#"],
  ["unit", "http://qudt.org/vocab/unit/"],
  ["xsd", "http://www.w3.org/2001/XMLSchema#"],
];

export const DCX = "https://w3id.org/ridethrough/ontology#";
export const BRICK = "https://brickschema.org/schema/Brick#";

/** The IRI that a CURIE with a known prefix stands for; anything else is an IRI already. */
export function expand(name: string): string {
  const colon = name.indexOf(":");
  const local = name.slice(colon + 1);
  const known = PREFIXES.find(([prefix]) => prefix === name.slice(0, colon));
  return colon > 0 && known && !local.startsWith("//") ? known[1] + local : name;
}

/** The CURIE of an IRI by the longest known namespace; an IRI under none stays as it is. */
export function compact(iri: string): string {
  let best: readonly [string, string] | undefined;
  for (const pair of PREFIXES) if (iri.startsWith(pair[1]) && (!best || pair[1].length > best[1].length)) best = pair;
  return best ? `${best[0]}:${iri.slice(best[1].length)}` : iri;
}

/** What follows the last `#`, `/` or `:`. */
export function localName(iri: string): string {
  const cut = Math.max(iri.lastIndexOf("#"), iri.lastIndexOf("/"), iri.lastIndexOf(":"));
  return iri.slice(cut + 1) || iri;
}

/** A class or predicate as words: `Rack_PDU` reads "Rack PDU", `feedsPower` reads "feeds power". */
export function words(iri: string): string {
  return localName(iri)
    .replace(/_/g, " ")
    .replace(/([a-z])([A-Z])(?=[a-z])/g, (_all, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .replace(/([a-z])([A-Z])/g, "$1 $2");
}
