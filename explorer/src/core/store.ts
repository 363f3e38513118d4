// The state of the page. The view in the URL is ground state; everything else follows from it and from the service.
import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { ask, Away, follow } from "./client";
import {
  CLASSES, ENTITY, GRAPH, IMPACT, IMPACT_LIVE, IMPACT_TOTALS, LABELS_AT_ONCE, labelsOf, MEMBERS, READINGS, STANDING, STATUS,
} from "./documents";
import { BRICK, compact, DCX, localName } from "./iri";
import { affected, OUTCOMES, sum, worstOutcomes } from "./outcomes";
import { standingNow, type Stand } from "./standing";
import type { ClassInfo, Entity, GraphView, Impact, Named, Page, PointReading, Status, Totals, Value } from "./types";
import { decode, encode, START, type View } from "./url";

/** Something asked for. The last good answer stays while the next one is on its way. */
export interface Loaded<T> {
  state: "idle" | "loading" | "ready" | "failed";
  data: T | null;
  error: string | null;
}

const IDLE = { state: "idle", data: null, error: null } as const;

/** Nodes drawn at most: a software renderer stays usable with this many. */
export const MOST_NODES = 300;
/** Members of a class listed at a time. */
export const MEMBERS_AT_ONCE = 100;
/** Seconds between two questions for the status. */
const STATUS_EVERY = 5;

export const view: Signal<View> = signal(decode(location.search));
export const entity: Signal<Loaded<Entity>> = signal(IDLE);
export const graph: Signal<Loaded<GraphView>> = signal(IDLE);
export const impact: Signal<Loaded<Impact>> = signal(IDLE);
export const classes: Signal<Loaded<ClassInfo[]>> = signal(IDLE);
export const members: Signal<Loaded<Page>> = signal(IDLE);
export const status: Signal<Loaded<Status>> = signal(IDLE);
/** Live values by point, with the moment (performance.now, ms) that each came here. */
export const readings: Signal<ReadonlyMap<string, { value: Value; came: number }>> = signal(new Map());
/** The totals of the what-if, which come before its rows do. */
export const early: Signal<Totals | null> = signal(null);
/** Why live values do not come, or null. */
export const lineBroken: Signal<string | null> = signal(null);
/** Where the page lands when the URL names no node; null: not known yet; "": an empty twin. */
export const landing: Signal<string | null> = signal(null);
/** What the live region says. */
export const said: Signal<string> = signal("");
/** Rises when what was shown is to be asked for again. */
const again = signal(0);

export const centre: ReadonlySignal<string | null> = computed(() => view.value.around ?? view.value.at ?? (landing.value || null));
export const worst = computed(() => worstOutcomes(impact.value.data?.outcomes ?? []));

const labels = new Map<string, string>();
const learned = signal(0);

/** Nodes whose label nobody brought along: asked for together, soon after the first. */
const nameless = new Set<string>();
const askedFor = new Set<string>();
const NAMELESS_WAIT_MS = 40;

/** The label of a node; its local name until it is known, or where there is none. */
export function labelOf(id: string): string {
  void learned.value;
  const known = labels.get(id);
  if (known === undefined && !askedFor.has(id)) {
    if (nameless.size === 0) setTimeout(() => void learnLabels([...nameless]), NAMELESS_WAIT_MS);
    nameless.add(id);
  }
  return known ?? localName(id);
}

/** Learns the labels that are not known yet. One that cannot be had now is asked for when it is next shown. */
async function learnLabels(ids: readonly string[]): Promise<void> {
  nameless.clear();
  const wanted = ids.filter((id) => !labels.has(id) && !askedFor.has(id));
  for (let from = 0; from < wanted.length; from += LABELS_AT_ONCE) {
    const some = wanted.slice(from, from + LABELS_AT_ONCE);
    for (const id of some) askedFor.add(id);
    try {
      const found = await ask<Record<string, Named | null>>(labelsOf(some.length), Object.fromEntries(some.map((id, i) => [`i${i}`, id])));
      learn(Object.values(found).filter((named) => named !== null));
    } catch {
      for (const id of some) askedFor.delete(id);
    }
  }
}

function learn(named: readonly Named[]): void {
  for (const { id, label } of named) labels.set(id, label);
  learned.value = labels.size;
}

/** Goes to another view; one step in the browser's history unless it only refines the one that is shown. */
export function go(change: Partial<View>, refine = false): void {
  if (change.at !== undefined) arriving = null;
  const next = { ...view.value, ...change };
  const address = location.pathname + encode(next);
  if (address === location.pathname + location.search) return;
  if (refine) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  view.value = decode(location.search);
}

/** A node that is on its way to be selected: what is asked of the selected node waits for it. */
let arriving: Promise<void> | null = null;

/** Selects what a search finds as soon as it is found; `null` where nothing is. */
export function visitWhenFound(finding: Promise<string | null>): void {
  const mine: Promise<void> = finding.then((id) => {
    if (arriving !== mine) return;
    arriving = null;
    if (id !== null) visit(id);
  });
  arriving = mine;
}

/** The selected node, once the one that is on its way has come. */
export function onSelected(act: (id: string) => void): void {
  if (arriving) void arriving.then(() => onSelected(act));
  else if (view.value.at !== null) act(view.value.at);
  else said.value = "Select a node first.";
}

/** Selects a node and draws the graph around it. */
export function visit(id: string): void {
  go({ at: id, around: null });
}

/** Selects a node where it stands; the graph keeps its place. */
export function select(id: string | null): void {
  if (id === view.value.at) return;
  go({ at: id, around: centre.value });
}

/** Asks what fails when this does; `more` adds it to what is already failed. */
export function whatIf(id: string, more = false): void {
  const fail = more ? [...new Set([...view.value.fail, id])] : [id];
  go({ fail, outcome: null, kind: null, page: 1 });
}

export function withoutFailed(id: string): void {
  go({ fail: view.value.fail.filter((failed) => failed !== id), page: 1 });
}

export function clearWhatIf(): void {
  go({ fail: [], outcome: START.outcome, kind: START.kind, sort: START.sort, descending: false, page: 1 });
}

export function retry(): void {
  again.value += 1;
}

/** Keeps a signal at the answer to a question; a newer question aborts the older one. */
function load<T>(into: Signal<Loaded<T>>, question: (signal: AbortSignal) => Promise<T>): () => void {
  const stop = new AbortController();
  into.value = { state: "loading", data: into.peek().data, error: null };
  question(stop.signal).then(
    (data) => {
      if (!stop.signal.aborted) into.value = { state: "ready", data, error: null };
    },
    (cause: unknown) => {
      if (!stop.signal.aborted) into.value = { state: "failed", data: null, error: cause instanceof Error ? cause.message : String(cause) };
    },
  );
  return () => stop.abort();
}

/** Where a site is best looked at first: its sources of power, else what plain Brick models have. */
const LANDINGS = [`${DCX}UPS`, `${DCX}Utility_Feed`, `${BRICK}Chiller`, `${BRICK}AHU`, `${BRICK}Equipment`, "https://w3id.org/rec#Space"];

async function land(stop: AbortSignal): Promise<string> {
  for (const kind of LANDINGS) {
    const found = await ask<{ entities: Page }>(MEMBERS, { class: kind, first: 1 }, stop).catch((cause: unknown) => {
      if (cause instanceof Away || stop.aborted) throw cause;
      return null; // a class that this twin's ontology does not have
    });
    const first = found?.entities.nodes[0];
    if (first) {
      learn([first]);
      return first.id;
    }
  }
  return "";
}

async function askEntity(id: string, stop: AbortSignal): Promise<Entity> {
  const { entity: found } = await ask<{ entity: Entity | null }>(ENTITY, { id }, stop);
  if (!found) throw new Error(`Nothing here is called ${compact(id)}.`);
  learn([found, ...found.points, ...found.relations.flatMap((relation) => relation.entities.nodes)]);
  return found;
}

async function askImpact(failed: readonly string[], stop: AbortSignal): Promise<Impact> {
  const { impact: counted } = await ask<{ impact: { totals: Totals } }>(IMPACT_TOTALS, { failed }, stop);
  if (!stop.aborted) early.value = counted.totals;
  const [{ impact: found }] = await Promise.all([ask<{ impact: Impact }>(IMPACT, { failed }, stop), learnLabels(failed)]);
  if (stop.aborted) return found;
  learn(found.outcomes);
  said.value = sentence(found);
  return found;
}

/** The answer to a what-if in one sentence, for the live region. */
export function sentence(found: Impact): string {
  const count = found.totals.racks;
  const names = found.failed.map(labelOf).join(" and ");
  const before = found.downBefore.racks > 0 ? ` ${found.downBefore.racks} racks were without supply before.` : "";
  if (found.outcomes.length === 0) return `If ${names} fails, nothing ${before && "more "}is affected.${before}`;
  const counted = sum(count) > 0 && affected(count) > 0;
  const parts = OUTCOMES.filter((look) => count[look.field] > 0).map((look) => `${count[look.field]} ${look.word}`);
  return `If ${names} fails: ${counted ? `racks ${parts.join(", ")}` : `${worstOutcomes(found.outcomes).size} nodes are affected, no rack`}.${before}`;
}

/** Starts everything that follows from the view; called once. */
export function start(): void {
  addEventListener("popstate", () => {
    view.value = decode(location.search);
  });

  const at = computed(() => view.value.at);
  const hops = computed(() => view.value.hops);
  const failed = computed(() => view.value.fail.join("\n"));
  const listed = computed(() => view.value.class);

  effect(() => {
    const id = at.value;
    void again.value;
    if (id === null) {
      entity.value = IDLE;
      return;
    }
    if (entity.peek().data?.id !== id) entity.value = IDLE;
    return load(entity, (stop) => askEntity(id, stop));
  });

  effect(() => {
    const around = centre.value;
    const reach = hops.value;
    void again.value;
    if (around === null) {
      graph.value = IDLE;
      return;
    }
    return load(graph, async (stop) => {
      const { graph: found } = await ask<{ graph: GraphView }>(GRAPH, { around, hops: reach, limit: MOST_NODES }, stop);
      learn(found.nodes);
      return found;
    });
  });

  effect(() => {
    const ids = failed.value.split("\n").filter(Boolean);
    void again.value;
    early.value = null;
    if (ids.length === 0) {
      impact.value = IDLE;
      return;
    }
    if (impact.peek().data?.failed.join() !== ids.join()) impact.value = IDLE;
    return load(impact, (stop) => askImpact(ids, stop));
  });

  effect(() => {
    const kind = listed.value;
    void again.value;
    if (kind === null) {
      members.value = IDLE;
      return;
    }
    return load(members, async (stop) => {
      const { entities } = await ask<{ entities: Page }>(MEMBERS, { class: kind, first: MEMBERS_AT_ONCE }, stop);
      learn(entities.nodes);
      return entities;
    });
  });

  effect(() => {
    void again.value;
    const stops = [
      load(classes, async (stop) => (await ask<{ classes: ClassInfo[] }>(CLASSES, {}, stop)).classes.filter(({ count }) => count > 0)),
    ];
    const stop = new AbortController();
    land(stop.signal).then(
      (id) => {
        if (!stop.signal.aborted) landing.value = id;
      },
      () => undefined, // the status line tells that the service is away
    );
    return () => [...stops, () => stop.abort()].forEach((end) => end());
  });

  followReadings();
  followImpact(failed);
  followStatus();
}

/** More members of the class that is listed. */
export async function moreMembers(): Promise<void> {
  const kind = view.value.class;
  const known = members.value.data;
  if (kind === null || !known?.pageInfo.hasNextPage) return;
  const { entities } = await ask<{ entities: Page }>(MEMBERS, { class: kind, first: MEMBERS_AT_ONCE, after: known.pageInfo.endCursor });
  if (view.value.class === kind) members.value = { state: "ready", data: { ...entities, nodes: [...known.nodes, ...entities.nodes] }, error: null };
}

function followReadings(): void {
  const points = computed(() => (entity.value.data?.points ?? []).map((point) => point.id).sort().join("\n"));
  effect(() => {
    const ids = points.value.split("\n").filter(Boolean);
    batch(() => {
      readings.value = new Map();
      lineBroken.value = null;
    });
    if (ids.length === 0) return;
    return follow<{ readings: PointReading[] }>(
      READINGS,
      { points: ids },
      (data) => {
        const next = new Map(readings.peek());
        for (const { point, value } of data.readings) next.set(point, { value, came: performance.now() });
        batch(() => {
          readings.value = next;
          lineBroken.value = null;
        });
      },
      (reason) => {
        lineBroken.value = reason;
      },
    );
  });
}

/** Asks a what-if again whenever its answer changes; its end ends the question that is under way, too. */
export function followImpact(failed: ReadonlySignal<string>): () => void {
  return effect(() => {
    const ids = failed.value.split("\n").filter(Boolean);
    if (ids.length === 0) return;
    let stopAsking = (): void => undefined;
    const stopFollowing = follow<{ impact: Pick<Impact, "revision" | "totals" | "downBefore"> }>(
      IMPACT_LIVE,
      { failed: ids },
      ({ impact: now }) => {
        const shown = impact.peek().data;
        if (!shown || failed.peek() !== ids.join("\n") || JSON.stringify([shown.totals, shown.downBefore]) === JSON.stringify([now.totals, now.downBefore])) return;
        stopAsking();
        stopAsking = load(impact, (stop) => askImpact(ids, stop));
      },
      () => undefined, // the answer that is shown stays; its revision stands beside it
    );
    return () => {
      stopFollowing();
      stopAsking();
    };
  });
}

/** Looks whether something that is drawn went down, came back, opened or closed. */
async function lookAtStanding(): Promise<void> {
  const shown = graph.peek();
  const around = centre.peek();
  if (shown.state !== "ready" || !shown.data || around === null || document.hidden) return;
  const { graph: now } = await ask<{ graph: { nodes: Stand[] } }>(STANDING, { around, hops: view.peek().hops, limit: MOST_NODES });
  if (graph.peek() !== shown) return;
  const data = standingNow(shown.data, now.nodes);
  if (data !== shown.data) graph.value = { ...shown, data };
}

function followStatus(): void {
  const look = async (): Promise<void> => {
    try {
      const { status: now } = await ask<{ status: Status }>(STATUS);
      const before = status.peek();
      status.value = { state: "ready", data: now, error: null };
      if (before.state === "failed") retry();
      else if (before.data && before.data.revision !== now.revision) retry();
      else await lookAtStanding();
    } catch (cause) {
      status.value = { state: "failed", data: status.peek().data, error: (cause as Error).message };
    }
    setTimeout(look, STATUS_EVERY * 1000);
  };
  void look();
}
