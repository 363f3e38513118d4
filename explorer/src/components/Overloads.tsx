// What carries too much in a what-if: what trips, when, and what stays up beyond its limit, by how much.
import { counted, kilowatts } from "../core/format";
import { between, span } from "../core/timeline";
import type { Impact } from "../core/types";
import { NodeLink } from "./parts";

/** Of each kind told in the line; the rest opens. */
const SHOWN = 3;

export function Overloads({ found: { trips, overloads } }: { found: Pick<Impact, "trips" | "overloads"> }) {
  if (trips.length === 0 && overloads.length === 0) return null;
  const lines = [
    ...trips.map(({ id, afterS, loadKw, ratedKw }) => (
      <li key={id} data-trip><NodeLink id={id} /> trips after {span(afterS)}: {kilowatts(loadKw)} on a rating of {kilowatts(ratedKw)}, {share(loadKw, ratedKw)}</li>
    )),
    ...overloads.map(({ id, loadKw, limitKw }) => (
      <li key={id} data-overload><NodeLink id={id} /> stays up with {kilowatts(loadKw)} where {kilowatts(limitKw)} may be carried for good, {share(loadKw, limitKw)}</li>
    )),
  ];
  const last = trips.at(-1);
  return (
    <details class="overloads" open={lines.length <= SHOWN}>
      <summary class="mark-overloaded">
        <span aria-hidden="true">▲</span>{" "}
        {trips.length > 0 && `${counted(trips.length, "thing trips", "things trip")} by overload ${when(trips[0]?.afterS ?? 0, last?.afterS ?? 0)}`}
        {trips.length > 0 && overloads.length > 0 && " · "}
        {overloads.length > 0 && `${counted(overloads.length, "stays", "stay")} up overloaded`}
      </summary>
      <ul>{lines}</ul>
    </details>
  );
}

function when(first: number, last: number): string {
  return first === last ? `after ${span(first)}` : `within ${between(first, last)}`;
}

function share(load: number, limit: number): string {
  return limit > 0 ? `${((load / limit) * 100).toFixed(0)} %` : "of no rating";
}
