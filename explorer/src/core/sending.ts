// What a person is told whose wish to the plant got no answer.
import { Refused } from "./client";

/** Why a wish was not taken; or that nobody knows, where the line broke with the wish under way. The same key writes at most once. */
export function notSent(cause: unknown): string {
  if (cause instanceof Refused) return `Not sent: ${cause.message}`;
  const why = cause instanceof Error ? cause.message : String(cause);
  return `${why} Nobody knows whether the wish came through. Pressing Send again is safe: the same wish is written at most once.`;
}
