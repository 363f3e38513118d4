// The shapes of the GraphQL answers that the explorer reads (resolvers/schema.graphql is the contract).

export type Outcome = "LOST" | "OVERLOADED" | "NO_REDUNDANCY" | "REDUCED" | "UNAFFECTED";
export type Quality = "GOOD" | "UNCERTAIN" | "STALE" | "BAD" | "NO_COMMUNICATION" | "NO_VALUE";
export type Direction = "OUT" | "IN";

export interface Named {
  id: string;
  label: string;
  class: string | null;
}

export interface Value {
  value: number | null;
  observedAt: string | null;
  receivedAt: string | null;
  quality: Quality;
  ageS: number | null;
  /** Why it is no better, in the service's word; `NONE` for nothing to say. */
  reason: string;
}

export interface Point extends Named {
  unit: string | null;
  controllable: boolean;
  value: Value;
}

export interface PointReading {
  point: string;
  value: Value;
}

export interface Property {
  predicate: string;
  value: string;
  datatype: string | null;
  language: string | null;
  unit: string | null;
}

export interface Page {
  nodes: Named[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export interface Relation {
  predicate: string;
  direction: Direction;
  count: number;
  entities: Page;
}

export interface Entity extends Named {
  curie: string;
  classes: string[];
  /** Those that follow from them. */
  inferredClasses: string[];
  properties: Property[];
  relations: Relation[];
  points: Point[];
}

export interface ClassInfo {
  id: string;
  curie: string;
  label: string;
  definition: string | null;
  superclasses: string[];
  count: number;
  /** Whether an ontology describes it; else entities name it and nothing more is known. */
  described: boolean;
}

export interface GraphNode extends Named {
  level: number;
  x: number;
  y: number;
  hidden: number;
  /** Whether some supply of it does not hold as things stand. */
  down: boolean;
  /** Of a switch, as things stand. */
  position: "open" | "closed" | null;
}

export interface GraphEdge {
  source: string;
  target: string;
  predicate: string;
  medium: string | null;
}

export interface GraphView {
  center: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  truncated: number;
}

export interface NodeOutcome extends Named {
  medium: string;
  outcome: Outcome;
  evidence: string[];
  path: string[];
  exposedTo: string[];
}

/** How many (or how many kW) ended in each outcome. */
export interface OutcomeCount {
  lost: number;
  overloaded: number;
  noRedundancy: number;
  reduced: number;
  unaffected: number;
}

export interface Totals {
  racks: OutcomeCount;
  services: OutcomeCount;
  tenants: OutcomeCount;
  itLoadKw: OutcomeCount;
}

/** What is in no count of the totals. */
export interface Apart {
  racks: number;
  services: number;
  tenants: number;
  itLoadKw: number;
}

/** What is hit, counted. */
export interface Counted {
  totals: Totals;
  /** What had lost a supply before, by the switch positions alone. */
  downBefore: Apart;
  /** What has failed itself, such as the racks of a room that fails. */
  failedItself: Apart;
}

export interface Impact extends Counted {
  revision: number;
  at: string;
  failed: string[];
  outcomes: NodeOutcome[];
  trips: Trip[];
  overloads: Overload[];
  resolved: Resolved[];
  assumed: string[];
  positions: Position[];
}

export interface Position {
  id: string;
  position: string;
  fromTelemetry: boolean;
}

/** A point that an answer would have stood on, were its value good. */
export interface PoorReading {
  point: string;
  /** What it is read for: `POSITION`, `SERVICE`, `LOAD`… */
  what: string;
  /** What it is about. */
  of: string;
  quality: Quality;
  reason: string;
  ageS: number | null;
  /** What the answer took instead. */
  instead: string;
  /** How many entities of the answer depend on it. */
  entitiesCount: number;
}

/** The points that an answer was read from. */
export interface RestsOn {
  points: number;
  uncertain: number;
  stale: number;
  bad: number;
  /** Never heard. */
  silent: number;
  /** How many entities of the answer depend on any that was heard and not taken. */
  entities: number;
  /** The first of them. */
  ids: string[];
  poorCount: number;
  /** The worst first. */
  poor: PoorReading[];
}

/** What was named stands for: a room for all that is in it. */
export interface Resolved {
  asked: string;
  part: string;
  ids: string[];
}

/** What opens because it carries too much. */
export interface Trip {
  id: string;
  /** Seconds after the failure. */
  afterS: number;
  loadKw: number;
  ratedKw: number;
}

/** What is still up and carries more than it may. */
export interface Overload {
  id: string;
  loadKw: number;
  limitKw: number;
}

export type EventKind = "FAILED" | "CARRIED" | "CALLED" | "TRANSFERS" | "TRIPS" | "LOST_AGAIN" | "LOST" | "STARTED" | "BACK" | "RUNS" | "DOWN";

/** One thing that happens to nodes of one class at one time, in seconds after the failure. */
export interface TimelineEvent {
  kind: EventKind;
  lower: number;
  /** null: with the better ends of all ranges not before the horizon. */
  upper: number | null;
  class: string | null;
  medium: string | null;
  count: number;
  /** The first of them. */
  ids: string[];
  reason: string;
}

/** When one node loses one supply, and when it has it back. What is a housing, a rack, loses one when what it holds does. */
export interface TimelineBound {
  id: string;
  medium: string;
  lower: number;
  upper: number | null;
  backLower: number | null;
  backUpper: number | null;
}

export interface Timeline {
  revision: number;
  at: string;
  failed: string[];
  horizonS: number;
  events: TimelineEvent[];
  bounds: TimelineBound[];
  boundsCount: number;
  assumed: string[];
  readings: { point: string; value: number }[];
}

export const UNIT_KINDS = ["EQUIPMENT", "ROOM", "PATH", "GROUP"] as const;
/** What fails as one. */
export type UnitKind = (typeof UNIT_KINDS)[number];

export const MEASURES = ["IT_LOAD", "RACKS", "SERVICES", "TENANTS"] as const;
export type Measure = (typeof MEASURES)[number];

/** A unit's id is an IRI; that of a path is its side, such as `A`. */
export interface FailureUnit {
  kind: UnitKind;
  id: string;
  label: string;
}

/** What one failure, or two together, take down. */
export interface SweptFailure {
  failed: FailureUnit[];
  nodes: number;
  lost: { supplies: number; racks: number; services: number; tenants: number; itLoadKw: number };
}

interface Swept {
  revision: number;
  at: string;
  by: Measure;
  harmful: number;
  failures: SweptFailure[];
  assumed: string[];
  positions: Position[];
}

/** Every single failure. */
export interface Sweep extends Swept {
  tried: { equipment: number; room: number; path: number; group: number };
  hangByOne: { racks: number; services: number };
}

/** Every two at once. */
export interface SweepPairs extends Swept {
  units: number;
  tried: number;
  run: number;
  leftOut: string;
}

/** A long question that the service works out beside the others. */
export interface Job {
  id: string;
  kind: string;
  state: "RUNNING" | "DONE" | "FAILED" | "CANCELLED";
  progress: { stage: string; done: number; total: number } | null;
  error: string | null;
  result: SweepPairs | null;
}

export interface Status {
  revision: number;
  at: string;
  entities: number;
  points: number;
  live: number;
  store: string;
  control: boolean;
}

/** One accepted change: who, when, on behalf of which source and why. */
export interface Revision {
  number: number;
  /** The branch whose own change it is; null: the site's. */
  branch: string | null;
  at: string;
  author: string;
  source: string;
  reason: string;
  added: number;
  removed: number;
}

export interface Triple {
  subject: string;
  predicate: string;
  object: string;
  objectIsId: boolean;
  datatype: string | null;
  language: string | null;
}

export interface Statement extends Triple {
  graph: string | null;
  source: string | null;
}

/** A statement with who says it, or what it follows from. */
export interface Provenance extends Statement {
  inferred: boolean;
  revision: Pick<Revision, "number" | "branch" | "at" | "author" | "reason"> | null;
  because: Triple[];
}

export interface Difference {
  addedCount: number;
  removedCount: number;
  /** The first of them. */
  added: Statement[];
  removed: Statement[];
}

export interface OpenedRevision extends Revision {
  changes: Difference;
}

export type Severity = "ERROR" | "WARNING" | "INFO";

export interface Finding {
  severity: Severity;
  code: string;
  focus: string;
  message: string;
  remedy: string;
  path: string | null;
  count: number;
}

export interface Source {
  name: string;
  graphs: string[];
  quads: number;
  policy: string;
  last: Revision | null;
}

/** What a change does to what is wrong. */
export interface FindingChange {
  /** What it brings. */
  newFindings: Finding[];
  /** How many it mends. */
  goneFindingsCount: number;
  /** How many were there before, and still are. */
  unchangedFindingsCount: number;
}

export interface Branch {
  name: string;
  /** The revision of the site that it stands on. */
  base: number;
  at: string;
  author: string;
  reason: string;
  /** Its own changes, newest first. */
  revisions: Revision[];
}

/** What became of a wish to change the twin. */
export interface ChangeResult {
  revision: Revision | null;
  addedCount: number;
  removedCount: number;
  dryRun: boolean;
  quarantined: string | null;
}

export type CommandState =
  | "REQUESTED"
  | "REFUSED"
  | "DISPATCHED"
  | "ACKNOWLEDGED"
  | "CONFIRMED"
  | "MISMATCHED"
  | "TIMED_OUT"
  | "FAILED";

export interface Command {
  id: string;
  point: string;
  value: number;
  state: CommandState;
  reasons: string[];
}

/** What a change of the plant did to a number of things. */
export interface PostureMoved {
  /** How many racks. */
  count: number;
  racks: string[];
}

/** How the site stands against single failures, and what has just changed about it. */
export interface PostureEvent {
  message: string;
  lost: PostureMoved;
  regained: PostureMoved;
  dark: PostureMoved;
  back: PostureMoved;
  because: { id: string; text: string }[];
  racks: { all: number; dark: number; hanging: number };
  services: { all: number; dark: number; hanging: number };
}
