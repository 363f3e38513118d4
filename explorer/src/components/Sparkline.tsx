// The last hour of one point in a line, and the ways to a whole trend.
import { useEffect, useState } from "preact/hooks";
import { bandPath, bounds, linePath, notGood, stretches, summary, type Frame } from "../core/chart";
import { number, symbol } from "../core/format";
import { reasonOf } from "../core/loading";
import { view, standpoint } from "../core/navigate";
import { askTrends, compareTrend, drawTrend, endOf, type Trends } from "../core/trends";
import { MOST_TRENDS } from "../core/url";
import { useWidth } from "./TrendChart";

const [SECONDS, EVERY_S, HEIGHT] = [3600, 10, 44];

export function Sparkline({ point, label, unit }: { point: string; label: string; unit: string | null }) {
  const [place, width] = useWidth();
  const [found, setFound] = useState<Trends | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const { asOf } = standpoint.value;
  useEffect(() => {
    const stop = new AbortController();
    const look = (): void => {
      askTrends([point], SECONDS, endOf(asOf), 300, stop.signal).then(
        (now) => { setFound(now); setFailed(null); },
        (cause: unknown) => stop.signal.aborted || setFailed(reasonOf(cause)),
      );
    };
    look();
    const timer = asOf === null ? setInterval(look, EVERY_S * 1000) : undefined;
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [point, asOf]);
  const rows = found?.of[0]?.rows ?? [];
  const told = summary(rows);
  const drawn = view.value.trend.includes(point);
  return (
    <div class="spark">
      <div ref={place} role="img" aria-label={told ? `${label} in the last hour: ${number(told.low)} to ${number(told.high)} ${symbol(unit)}` : `${label}: nothing kept of the last hour`}>
        {failed !== null ? <p class="quiet">{failed}</p> : found && rows.length === 0 ? <p class="quiet">Nothing is kept of the last hour.</p> : (
          width > 0 && found && <Line frame={frameOf(found, width)} rows={rows} stepMs={found.of[0]?.stepS == null ? null : found.of[0].stepS * 1000} />
        )}
      </div>
      <p class="row quiet">
        {told && <span>1 h: {number(told.low)} to {number(told.high)} {symbol(unit)}</span>}
        <button type="button" class="small" onClick={() => drawTrend(point)} aria-label={`Trend of ${label}`}>Trend</button>
        <button type="button" class="small" aria-pressed={drawn} disabled={!drawn && view.value.trend.length >= MOST_TRENDS} onClick={() => compareTrend(point)} aria-label={`Compare ${label}`}>
          {drawn ? "in the trends" : "Compare"}
        </button>
      </p>
    </div>
  );
}

function frameOf({ since, until, of }: Trends, width: number): Frame {
  const [low, high] = bounds(of.map(({ rows }) => rows));
  return { left: 0, top: 1, width, height: HEIGHT - 8, since, until, low, high };
}

function Line({ frame, rows, stepMs }: { frame: Frame; rows: Trends["of"][number]["rows"]; stepMs: number | null }) {
  const parts = stretches(rows, stepMs);
  return (
    <svg width={frame.width} height={HEIGHT} aria-hidden="true" class="series series-0">
      <path class="band" d={bandPath(frame, parts)} />
      <path class="curve" d={linePath(frame, parts)} />
      {notGood(frame, rows).map(([from, to]) => <rect key={from} x={from} y={HEIGHT - 5} width={to - from} height="4" class="poor-plain" />)}
    </svg>
  );
}
