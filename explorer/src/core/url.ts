// The address of a picture. Every view is in the URL: reload, back, forward and a pasted link give the same picture.
//
// 1. `encode` and `decode` are inverse on every view.
// 2. What is at its default is not in the address.
// 3. Ids travel as CURIEs where a prefix is known, so that an address can be read aloud.
import { compact, expand } from "./iri";
import { asOfIn } from "./standpoint";
import { MEASURES, UNIT_KINDS, type Measure, type Outcome, type UnitKind } from "./types";

export type Shown = "graph" | "table" | "sweep" | "trends" | "data" | "history" | "sources" | "branches";
const SHOWN: readonly Shown[] = ["graph", "table", "sweep", "trends", "data", "history", "sources", "branches"];
/** Spans of time that a trend is drawn over, and their seconds. */
export const SPANS = { "15m": 900, "1h": 3600, "6h": 21_600, "1d": 86_400, "7d": 604_800, "30d": 2_592_000, "1y": 31_536_000 } as const;
export type Span = keyof typeof SPANS;
/** Points of one trend. */
export const MOST_TRENDS = 6;
export type Column = "outcome" | "label" | "class" | "medium" | "evidence";
export const COLUMNS: readonly Column[] = ["outcome", "label", "class", "medium", "evidence"];

/** The what-if, or the one that stands beside it. */
export type Side = 1 | 2;

export interface View {
  /** The selected node. */
  at: string | null;
  /** The node that the graph is drawn around; null: the selected one. */
  around: string | null;
  /** Steps that the graph reaches from its centre, 1 to 6. */
  hops: number;
  /** The nodes that fail in the what-if, in the order they were added. */
  fail: string[];
  /** Seconds after the failure at which the what-if is looked at; null: its outcome in the end. */
  t: number | null;
  /** Only supplies of this medium at that instant. */
  medium: string | null;
  /** The nodes that fail in the second what-if; none: the same nodes. */
  vs: string[];
  /** Whether the second what-if is asked of the site now, while another state is looked at. */
  vsNow: boolean;
  /** Which of two what-ifs is drawn and listed. */
  side: Side;
  /** Only rows that differ between the two in the table. */
  differ: boolean;
  /** Only this outcome in the table. */
  outcome: Outcome | null;
  /** Only this class of outcome in the table. */
  kind: string | null;
  sort: Column;
  descending: boolean;
  /** Page of the outcome table, from 1. */
  page: number;
  /** The graph, its table twin, or a page that stands in its place. */
  show: Shown;
  /** The class whose members the left column lists. */
  class: string | null;
  /** The time that is looked at: a revision's number or an instant; null: now. */
  asOf: string | null;
  /** The branch that is looked at; null: the site. */
  branch: string | null;
  /** The revision that is open in the history. */
  revision: number | null;
  /** The revision that it is compared with. */
  against: number | null;
  /** The source that is open. */
  source: string | null;
  /** What may fail in the sweep; none: everything. */
  units: UnitKind[];
  /** What the sweep ranks by. */
  by: Measure;
  /** How many fail at once in the sweep. */
  order: 1 | 2;
  /** The job that works the pairs of the sweep out. */
  job: string | null;
  /** The points whose trends are drawn, in order. */
  trend: string[];
  /** The span of time that trends are drawn over. */
  span: Span;
}

export const START: View = {
  at: null,
  around: null,
  hops: 2,
  fail: [],
  t: null,
  medium: null,
  vs: [],
  vsNow: false,
  side: 1,
  differ: false,
  outcome: null,
  kind: null,
  sort: "outcome",
  descending: false,
  page: 1,
  show: "graph",
  class: null,
  asOf: null,
  branch: null,
  revision: null,
  against: null,
  source: null,
  units: [],
  by: "IT_LOAD",
  order: 1,
  job: null,
  trend: [],
  span: "1h",
};

export const MOST_HOPS = 6;
const OUTCOMES: readonly string[] = ["LOST", "OVERLOADED", "NO_REDUNDANCY", "REDUCED"];

export function encode(view: View): string {
  const parts: string[] = [];
  const put = (name: string, value: string | null): void => {
    if (value !== null) parts.push(`${name}=${encodeURIComponent(value).replace(/%3A/g, ":").replace(/%2F/g, "/")}`);
  };
  const id = (iri: string | null): string | null => (iri === null ? null : compact(iri));
  put("at", id(view.at));
  put("around", view.around === view.at ? null : id(view.around));
  put("hops", view.hops === START.hops ? null : String(view.hops));
  for (const failed of view.fail) put("fail", id(failed));
  put("t", view.t === null ? null : String(view.t));
  put("medium", id(view.medium));
  for (const failed of view.vs) put("vs", id(failed));
  put("vson", view.vsNow ? "site" : null);
  put("side", view.side === START.side ? null : String(view.side));
  put("only", view.differ ? "different" : null);
  put("outcome", view.outcome);
  put("kind", id(view.kind));
  put("sort", view.sort === START.sort && !view.descending ? null : (view.descending ? "-" : "") + view.sort);
  put("page", view.page === 1 ? null : String(view.page));
  put("show", view.show === START.show ? null : view.show);
  put("class", id(view.class));
  put("asof", view.asOf);
  put("branch", view.branch);
  put("revision", view.revision === null ? null : String(view.revision));
  put("against", view.against === null ? null : String(view.against));
  put("source", view.source);
  for (const kind of view.units) put("units", kind.toLowerCase());
  put("by", view.by === START.by ? null : view.by.toLowerCase());
  put("order", view.order === START.order ? null : String(view.order));
  put("job", view.job);
  for (const point of view.trend) put("trend", id(point));
  put("span", view.span === START.span ? null : view.span);
  return parts.length ? `?${parts.join("&")}` : "";
}

export function decode(search: string): View {
  const given = new URLSearchParams(search);
  const id = (name: string): string | null => {
    const value = given.get(name);
    return value ? expand(value) : null;
  };
  const ids = (name: string): string[] => [...new Set(given.getAll(name).filter(Boolean).map(expand))];
  const whole = (name: string, otherwise: number, most: number): number => {
    const value = Number(given.get(name));
    return Number.isInteger(value) && value >= 1 ? Math.min(value, most) : otherwise;
  };
  const number = (name: string): number | null => {
    const value = given.get(name) ?? "";
    return /^\d{1,9}$/.test(value) ? Number(value) : null;
  };
  const at = id("at");
  const around = id("around");
  const outcome = given.get("outcome");
  const sort = given.get("sort") ?? START.sort;
  const column = COLUMNS.find((name) => name === sort.replace(/^-/, ""));
  return {
    at,
    around: around === at ? null : around,
    hops: whole("hops", START.hops, MOST_HOPS),
    fail: ids("fail"),
    t: secondsIn(given.get("t")),
    medium: id("medium"),
    vs: ids("vs"),
    vsNow: given.get("vson") === "site",
    side: given.get("side") === "2" ? 2 : 1,
    differ: given.get("only") === "different",
    outcome: outcome !== null && OUTCOMES.includes(outcome) ? (outcome as Outcome) : null,
    kind: id("kind"),
    sort: column ?? START.sort,
    descending: column !== undefined && sort.startsWith("-"),
    page: whole("page", 1, 1_000_000),
    show: SHOWN.find((name) => name === given.get("show")) ?? START.show,
    class: id("class"),
    asOf: asOfIn(given.get("asof")),
    branch: given.get("branch") || null,
    revision: number("revision"),
    against: number("against"),
    source: given.get("source") || null,
    units: UNIT_KINDS.filter((kind) => given.getAll("units").some((name) => name.toUpperCase() === kind)),
    by: MEASURES.find((measure) => measure === given.get("by")?.toUpperCase()) ?? START.by,
    order: given.get("order") === "2" ? 2 : 1,
    job: given.get("job") || null,
    trend: ids("trend").slice(0, MOST_TRENDS),
    span: (Object.keys(SPANS) as Span[]).find((name) => name === given.get("span")) ?? START.span,
  };
}

/** Seconds after a failure, 0 or more, or null where the text is none. */
function secondsIn(text: string | null): number | null {
  return text !== null && /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : null;
}
