// Every GraphQL document that the explorer sends.

const NAMED = "id label class";
const VALUE = "value { value observedAt receivedAt quality ageS }";
const PAGE = `nodes { ${NAMED} } totalCount pageInfo { hasNextPage endCursor }`;

export const SEARCH = `query Search($text: String!, $first: Int!) { entities(text: $text, first: $first) { ${PAGE} } }`;

export const MEMBERS = `query Members($class: String!, $first: Int!, $after: String) {
  entities(class: $class, first: $first, after: $after) { ${PAGE} }
}`;

export const CLASSES = "query Classes { classes { id curie label definition superclasses count } }";

export const ENTITY = `query Entity($id: ID!) {
  entity(id: $id) {
    ${NAMED} curie classes
    properties { predicate value datatype language unit }
    relations { predicate direction count entities(first: 8) { ${PAGE} } }
    points { ${NAMED} unit controllable ${VALUE} }
  }
}`;

export const RELATION = `query Relation($id: ID!, $predicate: String!, $direction: Direction!, $after: String) {
  entity(id: $id) { relations(predicate: $predicate, direction: $direction) { entities(first: 100, after: $after) { ${PAGE} } } }
}`;

export const GRAPH = `query Graph($around: ID!, $hops: Int!, $limit: Int!) {
  graph(around: $around, hops: $hops, limit: $limit) {
    center truncated
    nodes { ${NAMED} level x y hidden down position }
    edges { source target predicate medium }
  }
}`;

/** Only what changes of a drawing while the model stays: which of it is down, which switches are open. */
export const STANDING = `query Standing($around: ID!, $hops: Int!, $limit: Int!) {
  graph(around: $around, hops: $hops, limit: $limit) { nodes { id down position } }
}`;

/** Labels asked for at a time; the service takes 30 aliases in a document. */
export const LABELS_AT_ONCE = 25;

/** The labels of so many nodes, each asked for by a variable `i0`, `i1` and so on. */
export function labelsOf(many: number): string {
  const numbers = Array.from({ length: many }, (_, i) => i);
  return `query Labels(${numbers.map((i) => `$i${i}: ID!`).join(" ")}) { ${numbers.map((i) => `n${i}: entity(id: $i${i}) { ${NAMED} }`).join(" ")} }`;
}

const COUNT = "{ lost overloaded noRedundancy reduced unaffected }";
const TOTALS = `totals { racks ${COUNT} services ${COUNT} tenants ${COUNT} itLoadKw ${COUNT} }`;

const DOWN_BEFORE = "downBefore { racks services tenants itLoadKw }";

export const IMPACT = `query Impact($failed: [ID!]!) {
  impact(failed: $failed) {
    revision at failed assumed
    outcomes { ${NAMED} medium outcome evidence path exposedTo }
    ${TOTALS}
    ${DOWN_BEFORE}
    positions { id position fromTelemetry }
  }
}`;

/** The counts alone: small and soon there, while the rows may be thousands. */
export const IMPACT_TOTALS = `query ImpactTotals($failed: [ID!]!) { impact(failed: $failed) { ${TOTALS} } }`;

/** Tells only that the answer changed: the rows are asked for once, not with every change. */
export const IMPACT_LIVE = `subscription ImpactLive($failed: [ID!]!) { impact(failed: $failed) { revision ${TOTALS} ${DOWN_BEFORE} } }`;

export const READINGS = `subscription Readings($points: [ID!]!) { readings(points: $points) { point ${VALUE} } }`;

export const STATUS = "query Status { status { revision at entities points live store control } }";

export const SET_POINT = `mutation SetPoint($input: SetPointInput!) { setPoint(input: $input) { id point value state reasons } }`;

export const COMMAND = `query Command($id: ID!) { command(id: $id) { id point value state reasons } }`;
