// Points with their live values: number, unit, quality and age, never a plain number that is not one.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { age, drawn, judged, number, QUALITY, symbol } from "../core/format";
import { lineBroken, readings, status } from "../core/live";
import { onSite, standpoint } from "../core/navigate";
import type { Point, Value } from "../core/types";
import { SetPoint } from "./SetPoint";
import { Sparkline } from "./Sparkline";

const now = signal(performance.now());
setInterval(() => {
  now.value = performance.now();
}, 1000);

interface Live {
  value: Value;
  came: number;
}

export function Points({ points, came }: { points: readonly Point[]; came: number }) {
  const [wanted, setWanted] = useState<Point | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  if (points.length === 0) return <p class="quiet">No points.</p>;
  const control = status.value.data?.control === true && onSite.value;
  return (
    <>
      {lineBroken.value && <p class="quiet" role="status">Live values are interrupted: {lineBroken.value}</p>}
      <table class="points">
        <thead class="unseen"><tr><th scope="col">Point</th><th scope="col">Value</th><th scope="col">Quality, age</th></tr></thead>
        <tbody>
          {points.map((point) => (
            <Fragment key={point.id}>
            <tr>
              <th scope="row" title={point.id}>
                <button type="button" class="link" aria-expanded={opened === point.id} onClick={() => setOpened(opened === point.id ? null : point.id)}>{point.label}</button>
                {control && point.controllable && (
                  <button type="button" class="small" onClick={() => setWanted(point)} aria-label={`Set ${point.label}`}>set…</button>
                )}
              </th>
              <Reading live={readings.value.get(point.id) ?? { value: point.value, came }} unit={point.unit} />
            </tr>
            {opened === point.id && <tr><td colSpan={3}><Sparkline point={point.id} label={point.label} unit={point.unit} /></td></tr>}
            </Fragment>
          ))}
        </tbody>
      </table>
      {wanted && (
        <SetPoint point={wanted} now={(readings.value.get(wanted.id)?.value ?? wanted.value).value} onClose={() => setWanted(null)} />
      )}
    </>
  );
}

function Reading({ live: { value, came }, unit }: { live: Live; unit: string | null }) {
  const old = value.ageS === null ? null : value.ageS + Math.max(0, now.value - came) / 1000;
  const look = drawn(value.quality);
  return (
    <>
      <td class="number">
        <span class={`value value-${look}`}>{look === "none" ? "–" : number(value.value)}</span> <span class="quiet">{symbol(unit)}</span>
      </td>
      <td class="quiet age">{value.quality === "NO_VALUE" ? (standpoint.value.asOf === null ? QUALITY.NO_VALUE : "not kept") : `${judged(value.quality, value.reason)}, ${age(old)}`}</td>
    </>
  );
}
