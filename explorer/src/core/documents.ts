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
    properties { predicate value datatype language }
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
    nodes { ${NAMED} level x y hidden }
    edges { source target predicate medium }
  }
}`;

const COUNT = "{ lost overloaded noRedundancy reduced unaffected }";
const TOTALS = `totals { racks ${COUNT} services ${COUNT} tenants ${COUNT} itLoadKw ${COUNT} }`;

export const IMPACT = `query Impact($failed: [ID!]!) {
  impact(failed: $failed) {
    revision at failed assumed
    outcomes { ${NAMED} medium outcome evidence path exposedTo }
    ${TOTALS}
    positions { id position fromTelemetry }
  }
}`;

/** The counts alone: small and soon there, while the rows may be thousands. */
export const IMPACT_TOTALS = `query ImpactTotals($failed: [ID!]!) { impact(failed: $failed) { ${TOTALS} } }`;

/** Tells only that the answer changed: the rows are asked for once, not with every change. */
export const IMPACT_LIVE = `subscription ImpactLive($failed: [ID!]!) { impact(failed: $failed) { revision ${TOTALS} } }`;

export const READINGS = `subscription Readings($points: [ID!]!) { readings(points: $points) { point ${VALUE} } }`;

export const STATUS = "query Status { status { revision at entities points live store control } }";

export const SET_POINT = `mutation SetPoint($input: SetPointInput!) { setPoint(input: $input) { id point value state reasons } }`;

export const COMMAND = `query Command($id: ID!) { command(id: $id) { id point value state reasons } }`;
