// Every outcome as a row: sorted, filtered, a page at a time, the selected one with its whole path.
import { useEffect, useMemo } from "preact/hooks";
import { whole } from "../core/format";
import { compact, words } from "../core/iri";
import { apartText, besideEachOther, differs, kinds, OUTCOMES, pageOf, type Row as OutcomeRow } from "../core/outcomes";
import { labelOf } from "../core/labels";
import { go, view } from "../core/navigate";
import { side } from "../core/scenarios";
import type { Impact, Outcome } from "../core/types";
import type { Column } from "../core/url";
import { BasisOf } from "./BasisOf";
import { explained, lookedAt, MOST_EXPLAINED, reasons } from "../core/whatif";
import { NodeLink, OutcomeMark } from "./parts";
import { DoubtMark } from "./RestsOn";

const HEADS: readonly (readonly [Column, string])[] = [
  ["outcome", "Outcome"], ["label", "Node"], ["class", "Class"], ["medium", "Medium"], ["evidence", "Because of"],
];

/** `beside`: the other one of two what-ifs, whose outcome stands beside each. */
export function OutcomeTable({ found, beside }: { found: Impact; beside: Impact | null }) {
  const { outcome, kind, differ, sort, descending, page } = view.value;
  const rows = useMemo(() => besideEachOther(found.outcomes, beside?.outcomes ?? null), [found, beside]);
  const many = found.outcomes.length > MOST_EXPLAINED;
  const shown = useMemo(() => pageOf(rows, { outcome, kind, differ: differ && beside !== null, sort, descending, page }), [rows, outcome, kind, differ, sort, descending, page]);
  useEffect(() => {
    lookedAt.value = shown.rows.map(({ id }) => id);
  }, [shown]);
  useEffect(() => () => void (lookedAt.value = []), []);
  const classes = useMemo(() => kinds(rows), [rows]);
  const apart = apartText(found.failedItself);
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
        {beside && <label class="tick"><input type="checkbox" checked={differ} onChange={() => go({ differ: !differ, page: 1 }, true)} /> only what differs ({whole(rows.filter(differs).length)})</label>}
        <span class="quiet" data-rows={shown.total}>{whole(shown.total)} {shown.total === 1 ? "row" : "rows"}{view.value.branch === null && <span class="wide"> · revision {whole(found.revision)}</span>}</span>
        {apart && <span class="quiet" data-apart title="What fails itself is no outcome: it is in no row."><span aria-hidden="true">✕</span> beside the rows: {apart} that fail themselves</span>}
        <BasisOf found={found} />
        {many && reasons.value.state !== "ready" && <span class="quiet">{reasons.value.error ?? "why, of these rows: on its way…"}</span>}
        <span class="spread" />
        {shown.pages > 1 && (
          <span class="row" role="group" aria-label="Pages">
            <button type="button" class="small" disabled={shown.page <= 1} onClick={() => go({ page: shown.page - 1 }, true)}>‹ back</button>
            <span class="quiet">{whole(shown.page)} of {whole(shown.pages)}</span>
            <button type="button" class="small" disabled={shown.page >= shown.pages} onClick={() => go({ page: shown.page + 1 }, true)}>on ›</button>
          </span>
        )}
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Outcomes">
        <table class="rows outcomes">
          <thead>
            <tr>
              {HEADS.slice(0, 1).map(([column, name]) => <Head key={column} column={column} name={name} />)}
              {beside && <th scope="col">In {side.value === 1 ? "②" : "①"}</th>}
              {HEADS.slice(1).map(([column, name]) => (
                many && column === "evidence" ? <th key={column} scope="col">{name}</th> : <Head key={column} column={column} name={name} />
              ))}
              <th scope="col">Path</th>
            </tr>
          </thead>
          <tbody>{shown.rows.map((row) => <Row key={`${row.id} ${row.medium}`} row={explained(row)} />)}</tbody>
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

function Row({ row }: { row: OutcomeRow }) {
  const here = row.id === view.value.at;
  return (
    <tr aria-selected={here} class={differs(row) ? "differs" : ""}>
      <td><OutcomeMark outcome={row.outcome} /><DoubtMark id={row.id} /></td>
      {row.beside !== null && <td>{differs(row) ? <OutcomeMark outcome={row.beside} /> : <span class="quiet">the same</span>}</td>}
      <th scope="row" title={compact(row.id)}><NodeLink id={row.id} label={row.label} /></th>
      <td>{row.class ? words(row.class) : "–"}</td>
      <td>{words(row.medium)}</td>
      <td>{row.evidence.map(labelOf).join(" + ") || "–"}</td>
      <td class={here ? "path" : "path short"} title={row.path.map(labelOf).join(" → ")}>{row.path.map(labelOf).join(" → ")}</td>
    </tr>
  );
}
