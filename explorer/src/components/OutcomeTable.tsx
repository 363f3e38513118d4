// Every outcome as a row: sorted, filtered, a page at a time, the selected one with its whole path.
import { useMemo } from "preact/hooks";
import { whole } from "../core/format";
import { compact, words } from "../core/iri";
import { kinds, OUTCOMES, pageOf } from "../core/outcomes";
import { labelOf } from "../core/labels";
import { clearWhatIf, go, view } from "../core/navigate";
import type { Impact, NodeOutcome, Outcome } from "../core/types";
import type { Column } from "../core/url";
import { NodeLink, OpenGlyph, OutcomeMark } from "./parts";

const HEADS: readonly (readonly [Column, string])[] = [
  ["outcome", "Outcome"], ["label", "Node"], ["class", "Class"], ["medium", "Medium"], ["evidence", "Because of"],
];

export function OutcomeTable({ found }: { found: Impact }) {
  const { outcome, kind, sort, descending, page } = view.value;
  const shown = useMemo(
    () => pageOf(found.outcomes, { outcome, kind, sort, descending, page }),
    [found, outcome, kind, sort, descending, page],
  );
  const classes = useMemo(() => kinds(found.outcomes), [found]);
  return (
    <>
      <div class="toolbar">
        <label>outcome{" "}
          <select value={outcome ?? ""} onChange={(event) => go({ outcome: (event.currentTarget.value || null) as Outcome | null, page: 1 }, true)}>
            <option value="">all</option>
            {OUTCOMES.map((look) => <option key={look.outcome} value={look.outcome}>{look.glyph} {look.word}</option>)}
          </select>
        </label>
        <label>class{" "}
          <select value={kind ?? ""} onChange={(event) => go({ kind: event.currentTarget.value || null, page: 1 }, true)}>
            <option value="">all</option>
            {classes.map(([id, count]) => <option key={id} value={id}>{words(id)} ({whole(count)})</option>)}
          </select>
        </label>
        <span class="quiet" data-rows={shown.total}>{whole(shown.total)} {shown.total === 1 ? "row" : "rows"}{view.value.branch === null && <span class="wide"> · revision {whole(found.revision)}</span>}</span>
        <Assumed found={found} />
        <span class="spread" />
        {shown.pages > 1 && (
          <span class="row" role="group" aria-label="Pages">
            <button type="button" class="small" disabled={shown.page <= 1} onClick={() => go({ page: shown.page - 1 }, true)}>‹ back</button>
            <span class="quiet">{whole(shown.page)} of {whole(shown.pages)}</span>
            <button type="button" class="small" disabled={shown.page >= shown.pages} onClick={() => go({ page: shown.page + 1 }, true)}>on ›</button>
          </span>
        )}
        <button type="button" class="small" onClick={clearWhatIf} aria-keyshortcuts="c">Clear</button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Outcomes">
        <table class="rows outcomes">
          <thead>
            <tr>
              {HEADS.map(([column, name]) => <Head key={column} column={column} name={name} />)}
              <th scope="col">Path</th>
            </tr>
          </thead>
          <tbody>{shown.rows.map((row) => <Row key={`${row.id} ${row.medium}`} row={row} />)}</tbody>
        </table>
        {shown.total === 0 && <p class="quiet pad">No outcome passes these filters.</p>}
      </div>
    </>
  );
}

function Head({ column, name }: { column: Column; name: string }) {
  const { sort, descending } = view.value;
  const here = sort === column;
  return (
    <th scope="col" aria-sort={here ? (descending ? "descending" : "ascending") : "none"}>
      <button type="button" class="head" onClick={() => go({ sort: column, descending: here && !descending, page: 1 }, true)}>
        {name} <span aria-hidden="true">{here ? (descending ? "▾" : "▴") : ""}</span>
      </button>
    </th>
  );
}

function Row({ row }: { row: NodeOutcome }) {
  const here = row.id === view.value.at;
  return (
    <tr aria-selected={here}>
      <td><OutcomeMark outcome={row.outcome} /></td>
      <th scope="row" title={compact(row.id)}><NodeLink id={row.id} label={row.label} /></th>
      <td>{row.class ? words(row.class) : "–"}</td>
      <td>{words(row.medium)}</td>
      <td>{row.evidence.map(labelOf).join(" + ")}</td>
      <td class={here ? "path" : "path short"} title={row.path.map(labelOf).join(" → ")}>{row.path.map(labelOf).join(" → ")}</td>
    </tr>
  );
}

/** What the answer had to assume, and the switch positions it used. */
function Assumed({ found }: { found: Impact }) {
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
