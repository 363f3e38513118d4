// Every GraphQL document that the explorer sends. What is asked of a state of the twin is written once for all states.
import { dated, type Dated } from "./standpoint";

const NAMED = "id label class";
const VALUE = "value { value observedAt receivedAt quality ageS reason }";
const PAGE = `nodes { ${NAMED} } totalCount pageInfo { hasNextPage endCursor }`;

export const SEARCH = dated(({ also, given }) => `query Search($text: String!, $first: Int!${also}) { entities(text: $text, first: $first${given}) { ${PAGE} } }`);

export const MEMBERS = dated(({ also, given }) => `query Members($class: String!, $first: Int!, $after: String${also}) {
  entities(class: $class, first: $first, after: $after${given}) { ${PAGE} }
}`);

export const CLASSES = dated(({ only, onlyGiven }) => `query Classes${only} { classes${onlyGiven} { id curie label definition superclasses count described } }`);

export const ENTITY = dated(({ also, given }) => `query Entity($id: ID!${also}) {
  entity(id: $id${given}) {
    ${NAMED} curie classes inferredClasses
    properties { predicate value datatype language unit }
    relations { predicate direction count entities(first: 8) { ${PAGE} } }
    points { ${NAMED} unit controllable ${VALUE} }
  }
}`);

export const RELATION = dated(({ also, given }) => `query Relation($id: ID!, $predicate: String!, $direction: Direction!, $after: String${also}) {
  entity(id: $id${given}) { relations(predicate: $predicate, direction: $direction) { entities(first: 100, after: $after) { ${PAGE} } } }
}`);

export const GRAPH = dated(({ also, given }) => `query Graph($around: ID!, $hops: Int!, $limit: Int!${also}) {
  graph(around: $around, hops: $hops, limit: $limit${given}) {
    center truncated
    nodes { ${NAMED} level x y hidden down position }
    edges { source target predicate medium }
  }
}`);

/** Only what changes of a drawing while the model stays: which of it is down, which switches are open. */
export const STANDING = dated(({ also, given }) => `query Standing($around: ID!, $hops: Int!, $limit: Int!${also}) {
  graph(around: $around, hops: $hops, limit: $limit${given}) { nodes { id down position } }
}`);

/** Labels asked for at a time; the service takes 30 aliases in a document. */
export const LABELS_AT_ONCE = 25;

/** The labels of so many nodes, each asked for by a variable `i0`, `i1` and so on. */
export function labelsOf(many: number): Dated {
  const numbers = Array.from({ length: many }, (_, i) => i);
  return dated(({ also, given }) =>
    `query Labels(${numbers.map((i) => `$i${i}: ID!`).join(" ")}${also}) { ${numbers.map((i) => `n${i}: entity(id: $i${i}${given}) { ${NAMED} }`).join(" ")} }`);
}

const COUNT = "{ lost overloaded noRedundancy reduced unaffected }";
const TOTALS = `totals { racks ${COUNT} services ${COUNT} tenants ${COUNT} itLoadKw ${COUNT} }`;

const APART = "downBefore { racks services tenants itLoadKw } failedItself { racks services tenants itLoadKw }";

const impact = (name: string, why: string) => dated(({ also, given }) => `query ${name}($failed: [ID!]!${also}) {
  impact(failed: $failed${given}) {
    revision at failed assumed
    outcomes { ${NAMED} medium outcome exposedTo ${why} }
    ${TOTALS}
    ${APART}
    trips { id afterS loadKw ratedKw }
    overloads { id loadKw limitKw }
    resolved { asked part ids }
    positions { id position fromTelemetry }
  }
}`);

/** Every row with what explains it: of a whole site tens of megabytes. */
export const IMPACT = impact("Impact", "evidence path");

/** The rows alone. */
export const IMPACT_ROWS = impact("ImpactRows", "");

/** What explains the rows of some nodes: of a whole site those that are looked at. */
export const IMPACT_REASONS = dated(({ also, given }) => `query ImpactReasons($failed: [ID!]!, $of: [ID!]!${also}) {
  impact(failed: $failed${given}) { outcomes(of: $of) { id medium evidence path } }
}`);

/** Which points the answer rests on that are not good, and what of it depends on them. `$ids`: as many of those as are marked. */
export const RESTS_ON = dated(({ also, given }) => `query RestsOn($failed: [ID!]!, $ids: Int!${also}) {
  impact(failed: $failed${given}) { failed restsOn {
    points uncertain stale bad silent entities ids(first: $ids) poorCount poor { point what of quality reason ageS instead entitiesCount }
  } }
}`);

/** `$ids`: nodes told of one event at most. */
export const TIMELINE = dated(({ also, given }) => `query Timeline($failed: [ID!]!, $ids: Int!${also}) {
  timeline(failed: $failed${given}) {
    revision at failed horizonS assumed
    events { kind lower upper class medium count ids(first: $ids) reason }
    bounds(first: $ids) { id medium lower upper backLower backUpper } boundsCount
    readings { point value }
  }
}`);

/** The counts alone: small and soon there, while the rows may be thousands. */
export const IMPACT_TOTALS = dated(({ also, given }) => `query ImpactTotals($failed: [ID!]!${also}) { impact(failed: $failed${given}) { ${TOTALS} ${APART} } }`);

/** Tells only that the answer changed: the rows are asked for once, not with every change. */
export const IMPACT_LIVE = `subscription ImpactLive($failed: [ID!]!) { impact(failed: $failed) { revision ${TOTALS} ${APART} } }`;

const SWEPT = "revision at by harmful failures { failed { kind id label } nodes lost { supplies racks services tenants itLoadKw } } assumed positions { id position fromTelemetry }";

export const SWEEP = dated(({ also, given }) => `query Sweep($units: [UnitKind!], $by: Measure!, $first: Int!${also}) {
  sweep(units: $units, by: $by, first: $first${given}) { ${SWEPT} tried { equipment room path group } hangByOne { racks services } }
}`);

const JOB = `id kind state progress { stage done total } error result { ... on SweepPairs { ${SWEPT} units tried run leftOut } }`;

export const START_JOB = dated(({ also, given }) => `mutation StartJob($input: JobInput!${also}) { startJob(input: $input${given}) { id } }`);

export const CANCEL_JOB = "mutation CancelJob($id: ID!) { cancelJob(id: $id) { state } }";

/** Whether a job is kept at all; what becomes of it is followed. */
export const JOB_KEPT = "query JobKept($id: ID!) { job(id: $id) { id } }";

export const JOB_LIVE = `subscription JobLive($id: ID!) { job(id: $id) { ${JOB} } }`;

export const READINGS = `subscription Readings($points: [ID!]!) { readings(points: $points) { point ${VALUE} } }`;

export const KEY_POINTS = dated(({ also, given }) => `query KeyPoints($of: [ID!]!${also}) { keyPoints(of: $of${given}) { of point { id label unit ${VALUE} } } }`);

export const HISTORY = `query History($points: [ID!]!, $since: DateTime!, $until: DateTime!, $maxPoints: Int!) {
  history(points: $points, since: $since, until: $until, maxPoints: $maxPoints) { point stepS at value minimum maximum quality reason coverage }
}`;

export const VALUES_AT = `query ValuesAt($points: [ID!]!, $at: DateTime!) { valuesAt(points: $points, at: $at) { point ${VALUE} } }`;

const BY_QUALITY = "id label points quality { quality count }";

export const DATA_HEALTH = `query DataHealth($first: Int!) { dataHealth(first: $first) {
  at points quality { quality count } readingsS lagMedianS lagP99S readings { news late duplicates old ahead unknown outOfRange jumps frozen }
  wires { name place connected error messages rateS waiting deadLetters unbound lost } sources { ${BY_QUALITY} } equipment { ${BY_QUALITY} }
  notGood { point ${VALUE} } unbound { topic count lastAt reason suggestion candidates { point score reason } } deadLetters { wire topic payload reason at }
  history { samples bytes oldest newest waiting missed error }
} }`;

/** The units of points, each asked for by a variable as in `labelsOf`. */
export function pointsOf(many: number): Dated {
  const numbers = Array.from({ length: many }, (_, i) => i);
  return dated(({ also, given }) =>
    `query Points(${numbers.map((i) => `$i${i}: ID!`).join(" ")}${also}) { ${numbers.map((i) => `n${i}: entity(id: $i${i}${given}) { ${NAMED} points { id unit } }`).join(" ")} }`);
}

export const STATUS = "query Status { status { revision at entities points live store control } }";

export const SET_POINT = `mutation SetPoint($input: SetPointInput!) { setPoint(input: $input) { id point value state reasons } }`;

export const COMMAND = `query Command($id: ID!) { command(id: $id) { id point value state reasons } }`;

const REVISION = "number branch at author source reason added removed";
const TRIPLE = "subject predicate object objectIsId datatype language";
const STATEMENT = `${TRIPLE} graph source`;
const DIFFERENCE = `addedCount removedCount added(first: $first) { ${STATEMENT} } removed(first: $first) { ${STATEMENT} }`;
const FINDING = "severity code focus message remedy path count";

export const REVISIONS = `query Revisions($first: Int!, $before: Int, $source: String) { revisions(first: $first, before: $before, source: $source) { ${REVISION} } }`;

export const REVISION_OPENED = `query Revision($number: Int!, $branch: String, $first: Int!) {
  revision(number: $number, branch: $branch) { ${REVISION} changes(first: $first) { ${DIFFERENCE} } }
}`;

export const REVISION_HEAD = `query RevisionHead($number: Int!, $branch: String) { revision(number: $number, branch: $branch) { ${REVISION} } }`;

export const COMPARED = `query Compared($older: AsOf!, $newer: AsOf!, $newerBranch: String, $first: Int!) {
  difference(older: $older, newer: $newer, newerBranch: $newerBranch) { ${DIFFERENCE} }
}`;

export const SOURCES = `query Sources { sources { name graphs quads policy last { ${REVISION} } } }`;

/** Apart from the sources: a source's findings may take seconds. */
export const FINDINGS = `query Findings { sources { name findings { ${FINDING} } } }`;

export const BRANCHES = `query Branches { branches { name base at author reason revisions { ${REVISION} } } }`;

export const PROVENANCE = dated(({ also, given }) => `query Provenance($id: ID!, $first: Int!${also}) {
  provenance(id: $id, inferred: true, first: $first${given}) {
    ${STATEMENT} inferred revision { number branch at author reason } because { ${TRIPLE} }
  }
}`);

const MOVED = "{ count racks }";

export const POSTURE_LIVE = `subscription PostureLive { posture {
  message lost ${MOVED} regained ${MOVED} dark ${MOVED} back ${MOVED} because { id text } racks { all dark hanging } services { all dark hanging }
} }`;

export const REVISIONS_LIVE = `subscription RevisionsLive { revisions { ${REVISION} } }`;

const RESULT = `revision { ${REVISION} } addedCount removedCount dryRun quarantined`;

export const REVERT = `mutation Revert($input: RevertInput!) { revert(input: $input) { ${RESULT} } }`;

export const CREATE_BRANCH = "mutation CreateBranch($input: CreateBranchInput!) { createBranch(input: $input) { name base } }";

export const DROP_BRANCH = "mutation DropBranch($input: DropBranchInput!) { dropBranch(input: $input) }";

export const APPLY_BRANCH = `mutation ApplyBranch($input: ApplyBranchInput!) { applyBranch(input: $input) { ${RESULT} } }`;

export const EDIT_BRANCH = `mutation EditBranch($input: EditBranchInput!) { editBranch(input: $input) { ${RESULT} } }`;
