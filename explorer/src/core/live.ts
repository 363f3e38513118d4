// What comes by itself: live values, a what-if that changes, new revisions, and whether the service is there.
import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { ask, follow } from "./client";
import { IMPACT_LIVE, POSTURE_LIVE, READINGS, REVISIONS, REVISIONS_LIVE, STANDING, STATUS, VALUES_AT } from "./documents";
import { IDLE, load, type Loaded } from "./loading";
import { askHere, centre, retry, said, standpoint, view } from "./navigate";
import { scenarios, type Scenario } from "./scenarios";
import { standingNow, type Stand } from "./standing";
import { isNow, revisionOf } from "./standpoint";
import { entity, graph, MOST_NODES } from "./store";
import { answers, askImpact, type Answer } from "./whatif";
import type { Counted, Impact, PointReading, PostureEvent, Revision, Status, Value } from "./types";

/** Seconds between two questions for the status. */
const STATUS_EVERY = 5;
/** Seconds that a new revision is told of. */
const NEWS_FOR = 15;

export const status: Signal<Loaded<Status>> = signal(IDLE);
/** Live values by point, with the moment (performance.now, ms) that each came here. */
export const readings: Signal<ReadonlyMap<string, { value: Value; came: number }>> = signal(new Map());
/** Why live values do not come, or null. */
export const lineBroken: Signal<string | null> = signal(null);
/** A revision that has just come, while it is told of. */
export const news: Signal<Revision | null> = signal(null);

/** How the site stands against single failures now; null while it is not known. */
export const posture: Signal<PostureEvent | null> = signal(null);
/** What has just changed about that, until it is put away. */
export const alarm: Signal<PostureEvent | null> = signal(null);

/** Starts what comes by itself; called once. */
export function startLive(): void {
  followPosture();
  followReadings();
  followImpact(scenarios[1], answers[1]);
  followImpact(scenarios[2], answers[2]);
  followRevisions();
  followStatus();
}

/** The first event tells how things stand; later ones that something lost a supply or its redundancy, or has it again. */
function followPosture(): void {
  follow<{ posture: PostureEvent }>(
    POSTURE_LIVE,
    {},
    ({ posture: event }) => {
      batch(() => {
        posture.value = event;
        if (event.because.length > 0) alarm.value = event;
      });
    },
    () => (posture.value = null), // a service that does not tell it
  );
}

let untell: ReturnType<typeof setTimeout> | undefined;

/** A new revision is told of, and what is seen of the site is asked for again at once. */
function tell(revision: Revision): void {
  clearTimeout(untell);
  untell = setTimeout(() => (news.value = null), NEWS_FOR * 1000);
  batch(() => {
    news.value = revision;
    said.value = `Revision ${revision.number} by ${revision.author}: ${revision.reason}`;
    const known = status.peek();
    if (known.data && known.data.revision < revision.number) status.value = { ...known, data: { ...known.data, revision: revision.number } };
    retry();
  });
}

function followRevisions(): void {
  follow<{ revisions: Revision }>(REVISIONS_LIVE, {}, ({ revisions: revision }) => tell(revision), () => undefined); // else the status tells, seconds later
}

/** What the status knows and nobody has told: the line was not open when it came. */
async function tellLate(): Promise<void> {
  const { revisions: [newest] } = await ask<{ revisions: Revision[] }>(REVISIONS, { first: 1, before: null });
  if (newest) tell(newest);
}

function followReadings(): void {
  const points = computed(() => (entity.value.data?.points ?? []).map((point) => point.id).sort().join("\n"));
  effect(() => {
    const ids = points.value.split("\n").filter(Boolean);
    batch(() => {
      readings.value = new Map();
      lineBroken.value = null;
    });
    const { asOf } = standpoint.value;
    if (ids.length === 0) return;
    if (asOf !== null) return revisionOf(asOf) === null ? lookBack(ids, asOf) : undefined;
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

/** What points read at an instant that is looked at, as good as it was then; where nothing is kept the panel says so. */
function lookBack(points: readonly string[], at: string): () => void {
  const stop = new AbortController();
  ask<{ valuesAt: PointReading[] }>(VALUES_AT, { points, at }, stop.signal).then(
    ({ valuesAt }) => (readings.value = new Map(valuesAt.map(({ point, value }) => [point, { value, came: Number.POSITIVE_INFINITY }]))),
    () => undefined,
  );
  return () => stop.abort();
}

function sameCounts(one: Counted, other: Counted): boolean {
  const [a, b] = [one, other].map(({ totals, downBefore, failedItself }) => JSON.stringify([totals, downBefore, failedItself]));
  return a === b;
}

/** Asks a what-if of the site now again whenever its answer changes; its end ends the question that is under way, too. */
export function followImpact(scenario: ReadonlySignal<Scenario | null>, answer: Answer): () => void {
  return effect(() => {
    const asked = scenario.value;
    if (!asked || !isNow(asked.from)) return;
    let stopAsking = (): void => undefined;
    const stopFollowing = follow<{ impact: Pick<Impact, "revision"> & Counted }>(
      IMPACT_LIVE,
      { failed: asked.fail },
      ({ impact: now }) => {
        const shown = answer.impact.peek().data;
        if (!shown || scenario.peek() !== asked || sameCounts(shown, now)) return;
        stopAsking();
        stopAsking = load(answer.impact, (stop) => askImpact(asked, answer, stop));
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
  if (shown.state !== "ready" || !shown.data || around === null || document.hidden || standpoint.peek().asOf !== null) return;
  const { graph: now } = await askHere<{ graph: { nodes: Stand[] } }>(STANDING, { around, hops: view.peek().hops, limit: MOST_NODES });
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
      if (before.data && before.data.revision < now.revision) await tellLate();
      else if (before.state === "failed" || (before.data && before.data.revision !== now.revision)) retry();
      else await lookAtStanding();
    } catch (cause) {
      status.value = { state: "failed", data: status.peek().data, error: (cause as Error).message };
    }
    setTimeout(look, STATUS_EVERY * 1000);
  };
  void look();
}
