// What an answer stands on.
import { whole } from "../core/format";
import type { Position } from "../core/types";
import { NodeLink, OpenGlyph } from "./parts";

/** What the answer had to assume, and the switch positions it used. */
export function BasisOf({ found }: { found: { assumed: string[]; positions: Position[] } }) {
  const { assumed, positions } = found;
  const open = positions.filter(({ position }) => position === "open").length;
  const notable = positions.filter(({ position, fromTelemetry }) => position === "open" || !fromTelemetry);
  if (assumed.length === 0 && positions.length === 0) return null;
  return (
    <details class="assumed">
      <summary>
        {assumed.length > 0 && `${whole(assumed.length)} assumed`}{assumed.length > 0 && positions.length > 0 && " · "}
        {positions.length > 0 && `${whole(positions.length)} switch positions, ${whole(open)} open`}
      </summary>
      <ul>
        {assumed.slice(0, 50).map((line) => <li key={line}>{line}</li>)}
        {assumed.length > 50 && <li>{whole(assumed.length - 50)} more</li>}
        {notable.slice(0, 50).map(({ id, position, fromTelemetry }) => (
          <li key={id}><NodeLink id={id} /> {position === "open" && <OpenGlyph />} {position}, {fromTelemetry ? "from telemetry" : "its normal position"}</li>
        ))}
        {notable.length > 50 && <li>{whole(notable.length - 50)} more that are open or not from telemetry</li>}
        {positions.length > notable.length && (
          <li>{notable.length === 0 ? "all closed, all from telemetry" : `the other ${whole(positions.length - notable.length)}: closed, from telemetry`}</li>
        )}
      </ul>
    </details>
  );
}
