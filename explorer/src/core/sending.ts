// What a person is told whose wish got no answer, and who that person is.
import { effect, signal, type Signal } from "@preact/signals";
import { Refused } from "./client";
import { reasonOf } from "./loading";

/** Why a wish to the plant was not taken; or that nobody knows, where the line broke with it under way. The same key writes at most once. */
export function notSent(cause: unknown): string {
  if (cause instanceof Refused) return `Not sent: ${cause.message}`;
  return `${reasonOf(cause)} Nobody knows whether the wish came through. Pressing Send again is safe: the same wish is written at most once.`;
}

/** Why the twin was not changed; or that nobody knows. The same key changes at most once. */
export function notChanged(cause: unknown): string {
  if (cause instanceof Refused) return cause.message;
  return `${reasonOf(cause)} Nobody knows whether the change came through. Trying again here is safe: the same change is made at most once.`;
}

/** A name for one wish, kept over all its tries. */
export function newKey(): string {
  return `${Date.now()}-${Math.random().toString(36).slice(2)}`;
}

const KEPT = "ridethrough.author";

/** Who sits here, as the revisions are to name them; kept in this browser only. */
export const author: Signal<string> = signal(kept());

function kept(): string {
  try {
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return ""; // storage is shut: the name lasts as long as the page
  }
}

effect(() => {
  try {
    localStorage.setItem(KEPT, author.value);
  } catch {
    return; // see kept()
  }
});
