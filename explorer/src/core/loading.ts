// Something asked for, kept at its newest answer.
import type { Signal } from "@preact/signals";

/** Something asked for. The last good answer stays while the next one is on its way. */
export interface Loaded<T> {
  state: "idle" | "loading" | "ready" | "failed";
  data: T | null;
  error: string | null;
}

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
      if (!stop.signal.aborted) into.value = { state: "failed", data: null, error: reasonOf(cause) };
    },
  );
  return () => stop.abort();
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
