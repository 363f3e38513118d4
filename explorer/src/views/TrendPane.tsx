// What points have read, on one axis of time: a chart for each unit, what stands at the instant that is read off, and the same as a table.
import { useState } from "preact/hooks";
import { nearest, summary } from "../core/chart";
import { drawn, instant, judged, number, symbol } from "../core/format";
import { labelOf } from "../core/labels";
import { go, standpoint, view } from "../core/navigate";
import { compareTrend, trends, type Row, type Trend, type Trends } from "../core/trends";
import { SPANS, type Span } from "../core/url";
import { TrendChart } from "../components/TrendChart";
import { Failure, NodeLink, Notice } from "../components/parts";

const SPAN_WORDS: Record<Span, string> = { "15m": "15 min", "1h": "1 h", "6h": "6 h", "1d": "1 day", "7d": "7 days", "30d": "30 days", "1y": "1 year" };
const TABLE_ROWS = 200;

export function TrendPane() {
  const { state, data, error } = trends.value;
  const { trend, span } = view.value;
  const [cursor, setCursor] = useState<number | null>(null);
  return (
    <section class="ledger trends" aria-label="Trends">
      <div class="ask">
        <div class="row">
          <h2>Trends</h2>
          <span class="row" role="group" aria-label="Span of time">
            {(Object.keys(SPANS) as Span[]).map((name) => (
              <button key={name} type="button" class="small" aria-pressed={name === span} onClick={() => go({ span: name }, true)}>{SPAN_WORDS[name]}</button>
            ))}
          </span>
          <span class="quiet">{standpoint.value.asOf === null ? "until now" : `until ${data ? instant(new Date(data.until).toISOString()) : "then"}`}</span>
          {state === "loading" && <span class="quiet" aria-busy="true">loading…</span>}
        </div>
      </div>
      <div class="drawn">
        {trend.length === 0 && (
          <Notice title="No point is drawn">
            <p>Select a node; below its points a click on one shows its last hour, and leads here. Several are compared on one axis of time.</p>
          </Notice>
        )}
        {state === "failed" && <Failure title="The trends did not load" error={error} />}
        {trend.length > 0 && !data && state === "loading" && <Notice kind="loading" title="Loading…" />}
        {data && <Drawn data={data} cursor={cursor} onCursor={setCursor} />}
      </div>
    </section>
  );
}

function Drawn({ data, cursor, onCursor }: { data: Trends; cursor: number | null; onCursor: (at: number | null) => void }) {
  const charts = new Map<string | null, { trend: Trend; place: number }[]>();
  data.of.forEach((trend, place) => charts.set(trend.unit, [...(charts.get(trend.unit) ?? []), { trend, place }]));
  const height = charts.size === 1 ? 320 : 220;
  return (
    <>
      {[...charts].map(([unit, of]) => (
        <TrendChart key={unit ?? ""} of={of} since={data.since} until={data.until} height={height} cursor={cursor} onCursor={onCursor} />
      ))}
      <p class="quiet" role="status" aria-live="polite">
        {cursor === null ? "Point at a chart, or use the arrow keys in it, to read it off." : instant(new Date(cursor).toISOString())}
      </p>
      <table class="rows" data-trends={data.of.length}>
        <caption class="unseen">What is drawn</caption>
        <thead><tr><th scope="col">Point</th><th scope="col" class="number">{cursor === null ? "Newest" : "Then"}</th><th scope="col">Quality</th><th scope="col" class="number">Least</th><th scope="col" class="number">Greatest</th><th scope="col" class="number">Mean</th><th scope="col"><span class="unseen">Take out</span></th></tr></thead>
        <tbody>{data.of.map((trend, place) => <Drawing key={trend.point} trend={trend} place={place} cursor={cursor} />)}</tbody>
      </table>
      <details class="as-table"><summary>Every row as a table</summary><AsTable data={data} /></details>
    </>
  );
}

function Drawing({ trend: { point, unit, rows, stepS }, place, cursor }: { trend: Trend; place: number; cursor: number | null }) {
  const row = cursor === null ? rows[rows.length - 1] : nearest(rows, cursor);
  const told = summary(rows);
  const mark = symbol(unit);
  return (
    <tr>
      <th scope="row"><svg width="28" height="8" aria-hidden="true" class={`series series-${place}`}><path class="curve" d="M0 4h28" /></svg> <NodeLink id={point} />{stepS !== null && <span class="quiet"> · mean of {spanOf(stepS)}</span>}</th>
      <td class="number">{row ? <Reading row={row} /> : "–"} <span class="quiet">{mark}</span></td>
      <td>{row ? judged(row.quality, row.reason) : <span class="quiet">nothing is kept of this span</span>}</td>
      <td class="number">{told ? number(told.low) : "–"}</td>
      <td class="number">{told ? number(told.high) : "–"}</td>
      <td class="number">{told ? number(told.mean) : "–"}</td>
      <td><button type="button" class="take-out" aria-label={`Take ${labelOf(point)} out`} onClick={() => compareTrend(point)}>×</button></td>
    </tr>
  );
}

function Reading({ row }: { row: Row }) {
  const look = drawn(row.quality);
  return <span class={`value value-${look}`}>{row.value === null ? "–" : number(row.value)}</span>;
}

function spanOf(seconds: number): string {
  return seconds >= 3600 ? `${seconds / 3600} h` : seconds >= 60 ? `${seconds / 60} min` : `${seconds} s`;
}

/** The newest rows of each point, for who does not see the chart. */
function AsTable({ data }: { data: Trends }) {
  const rows = data.of.flatMap(({ point, unit, rows: all }) => all.slice(-Math.ceil(TABLE_ROWS / data.of.length)).map((row) => ({ point, unit, row })));
  rows.sort((a, b) => b.row.at - a.row.at);
  return (
    <table class="rows">
      <thead><tr><th scope="col">When</th><th scope="col">Point</th><th scope="col" class="number">Value</th><th scope="col">Quality</th></tr></thead>
      <tbody>
        {rows.map(({ point, unit, row }) => (
          <tr key={`${point} ${row.at}`}>
            <td>{instant(new Date(row.at).toISOString())}</td><td>{labelOf(point)}</td><td class="number"><Reading row={row} /> {symbol(unit)}</td><td>{judged(row.quality, row.reason)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
