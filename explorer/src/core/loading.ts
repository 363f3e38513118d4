// Something asked for, kept at its newest answer.
import type { Signal } from "@preact/signals";
import { Refused } from "./client";

/** Something asked for. The last good answer stays while the next one is on its way. */
export interface Loaded<T> {
  state: "idle" | "loading" | "ready" | "failed";
  data: T | null;
  error: string | null;
  /** Of a failure: there is no such node or revision, and asking again would not bring it. */
  absent?: boolean;
}

/** Why there is nothing, in the service's words of one. */
const ABSENT: readonly (string | null)[] = ["UNKNOWN_ENTITY", "UNKNOWN_REVISION"];

export const IDLE = { state: "idle", data: null, error: null } as const;

/** Keeps a signal at the answer to a question; a newer question aborts the older one. */
export function load<T>(into: Signal<Loaded<T>>, question: (signal: AbortSignal) => Promise<T>): () => void {
  const stop = new AbortController();
  into.value = { state: "loading", data: into.peek().data, error: null };
  question(stop.signal).then(
    (data) => {
      if (!stop.signal.aborted) into.value = { state: "ready", data, error: null };
    },
    (cause: unknown) => {
      if (!stop.signal.aborted) into.value = { state: "failed", data: null, error: reasonOf(cause), absent: cause instanceof Refused && ABSENT.includes(cause.code) };
    },
  );
  return () => stop.abort();
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
