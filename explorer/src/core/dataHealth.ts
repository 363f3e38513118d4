// How the data stands: asked for while its page shows it, again every few seconds.
import { effect, signal, type Signal } from "@preact/signals";
import { ask } from "./client";
import { DATA_HEALTH } from "./documents";
import { IDLE, load, type Loaded } from "./loading";
import { again, view } from "./navigate";
import type { DataHealth } from "./liveTypes";

/** Rows of each list. */
export const ROWS = 50;
const EVERY_S = 5;

export const dataHealth: Signal<Loaded<DataHealth>> = signal(IDLE);

/** Starts what the page of data health follows; called once. */
export function startDataHealth(): void {
  const tick = signal(0);
  effect(() => {
    void again.value;
    void tick.value;
    if (view.value.show !== "data") return;
    const stop = load(dataHealth, async (signal) => (await ask<{ dataHealth: DataHealth }>(DATA_HEALTH, { first: ROWS }, signal)).dataHealth);
    const next = setTimeout(() => (tick.value += 1), EVERY_S * 1000);
    return () => {
      clearTimeout(next);
      stop();
    };
  });
}
