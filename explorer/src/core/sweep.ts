// Every failure of the site in turn: asked for while its page shows it, one at a time as a question, two at once as a job.
import { computed, effect, signal, type Signal } from "@preact/signals";
import { ask, follow, Refused } from "./client";
import { CANCEL_JOB, JOB_KEPT, JOB_LIVE, START_JOB, SWEEP } from "./documents";
import { IDLE, load, reasonOf, type Loaded } from "./loading";
import { again, askHere, go, view } from "./navigate";
import type { FailureUnit, Job, Measure, Sweep, SweptFailure } from "./types";

/** Failures told, the worst first. */
export const FAILURES = 100;

export const MEASURE_WORDS: Record<Measure, string> = { IT_LOAD: "IT load", RACKS: "racks", SERVICES: "services", TENANTS: "tenants" };

export const sweep: Signal<Loaded<Sweep>> = signal(IDLE);
/** The job that the address names. */
export const job: Signal<Loaded<Job>> = signal(IDLE);

/** Starts what the page of the sweep follows; called once. */
export function startSweep(): void {
  const question = computed(() => {
    const { show, order, units, by } = view.value;
    return show === "sweep" && order === 1 ? JSON.stringify({ units: units.length > 0 ? units : null, by, first: FAILURES }) : null;
  });
  effect(() => {
    void again.value;
    if (question.value === null) return;
    const variables = JSON.parse(question.value) as Record<string, unknown>;
    return load(sweep, async (stop) => (await askHere<{ sweep: Sweep }>(SWEEP, variables, stop)).sweep);
  });

  const followed = computed(() => (view.value.show === "sweep" && view.value.order === 2 ? view.value.job : null));
  effect(() => {
    const id = followed.value;
    job.value = IDLE;
    if (id === null) return;
    return followJob(id);
  });
}

function followJob(id: string): () => void {
  job.value = { state: "loading", data: null, error: null };
  const fail = (error: string): void => void (job.value = { state: "failed", data: job.peek().data, error });
  let stop = (): void => undefined;
  let over = false;
  ask<{ job: { id: string } | null }>(JOB_KEPT, { id }).then(
    ({ job: kept }) => {
      if (over) return;
      if (!kept) return fail("This job is not kept any more: start it again.");
      stop = follow<{ job: Job }>(JOB_LIVE, { id }, ({ job: data }) => void (job.value = { state: "ready", data, error: null }), fail);
    },
    (cause: unknown) => over || fail(reasonOf(cause)),
  );
  return () => {
    over = true;
    stop();
  };
}

/** Has the service work out every two failures at once, in the state that is looked at. */
export async function startPairs(): Promise<void> {
  try {
    const { startJob } = await askHere<{ startJob: { id: string } }>(START_JOB, { input: { pairs: { by: view.value.by, first: FAILURES } } });
    go({ job: startJob.id }, true);
  } catch (cause) {
    job.value = { state: "failed", data: null, error: cause instanceof Refused ? cause.message : reasonOf(cause) };
  }
}

export async function cancelJob(id: string): Promise<void> {
  await ask(CANCEL_JOB, { id }).catch((cause: unknown) => void (job.value = { ...job.peek(), error: reasonOf(cause) }));
}

/** What a failure takes down in one measure. */
export function amountOf({ lost }: SweptFailure, by: Measure): number {
  return { IT_LOAD: lost.itLoadKw, RACKS: lost.racks, SERVICES: lost.services, TENANTS: lost.tenants }[by];
}

/** Whether the what-if can take a unit as failed: a path has no node that stands for it. */
export function canFail({ kind }: FailureUnit): boolean {
  return kind !== "PATH";
}

/** To the what-if of a failure, drawn around the first of its units. */
export function toWhatIf({ failed }: SweptFailure): void {
  const ids = failed.map(({ id }) => id);
  go({ show: "graph", at: ids[0] ?? null, around: null, fail: ids, vs: [], side: 1, outcome: null, kind: null, page: 1 });
}
