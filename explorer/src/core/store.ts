// What follows from the view: the selected node, the graph around it, the classes. The view is ground state.
import { computed, effect, signal, type Signal } from "@preact/signals";
import { Away, Refused } from "./client";
import { CLASSES, ENTITY, GRAPH, MEMBERS } from "./documents";
import { BRICK, compact, DCX } from "./iri";
import { learn, relearn } from "./labels";
import { IDLE, load, type Loaded } from "./loading";
import { again, askHere, centre, landing, missing, onSite, standpoint, view } from "./navigate";
import type { ClassInfo, Entity, GraphView, Page } from "./types";
import { decode } from "./url";

/** Nodes drawn at most: a software renderer stays usable with this many. */
export const MOST_NODES = 300;
/** Members of a class listed at a time. */
export const MEMBERS_AT_ONCE = 100;

export const entity: Signal<Loaded<Entity>> = signal(IDLE);
export const graph: Signal<Loaded<GraphView>> = signal(IDLE);
export const classes: Signal<Loaded<ClassInfo[]>> = signal(IDLE);
export const members: Signal<Loaded<Page>> = signal(IDLE);
/** Where a site is best looked at first: its sources of power, else what plain Brick models have. */
const LANDINGS = [`${DCX}UPS`, `${DCX}Utility_Feed`, `${BRICK}Chiller`, `${BRICK}AHU`, `${BRICK}Equipment`, "https://w3id.org/rec#Space"];

async function land(stop: AbortSignal): Promise<string> {
  for (const kind of LANDINGS) {
    const found = await askHere<{ entities: Page }>(MEMBERS, { class: kind, first: 1 }, stop).catch((cause: unknown) => {
      if (cause instanceof Away || stop.aborted || missing.peek() !== null) throw cause;
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
  const { entity: found } = await askHere<{ entity: Entity | null }>(ENTITY, { id }, stop);
  if (!found) throw new Refused(`Nothing ${onSite.value ? "here" : "in this state of the twin"} is called ${compact(id)}.`, "UNKNOWN_ENTITY");
  learn([found, ...found.points, ...found.relations.flatMap((relation) => relation.entities.nodes)]);
  return found;
}

/** Starts everything that follows from the view; called once. */
export function start(): void {
  addEventListener("popstate", () => {
    view.value = decode(location.search);
  });

  effect(() => {
    void standpoint.value;
    void again.value;
    relearn();
  });

  const at = computed(() => view.value.at);
  const hops = computed(() => view.value.hops);
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
      const { graph: found } = await askHere<{ graph: GraphView }>(GRAPH, { around, hops: reach, limit: MOST_NODES }, stop);
      learn(found.nodes);
      return found;
    });
  });

  effect(() => {
    const kind = listed.value;
    void again.value;
    if (kind === null) {
      members.value = IDLE;
      return;
    }
    return load(members, async (stop) => {
      const { entities } = await askHere<{ entities: Page }>(MEMBERS, { class: kind, first: MEMBERS_AT_ONCE }, stop);
      learn(entities.nodes);
      return entities;
    });
  });

  effect(() => {
    void again.value;
    const stops = [
      load(classes, async (stop) => (await askHere<{ classes: ClassInfo[] }>(CLASSES, {}, stop)).classes.filter(({ count }) => count > 0)),
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
}

/** More members of the class that is listed. */
export async function moreMembers(): Promise<void> {
  const kind = view.value.class;
  const known = members.value.data;
  if (kind === null || !known?.pageInfo.hasNextPage) return;
  const { entities } = await askHere<{ entities: Page }>(MEMBERS, { class: kind, first: MEMBERS_AT_ONCE, after: known.pageInfo.endCursor });
  if (view.value.class === kind) members.value = { state: "ready", data: { ...entities, nodes: [...known.nodes, ...entities.nodes] }, error: null };
}
