// Trends on one scale: a line for each point, the band between least and greatest, and below it when a value was not good.
import { useEffect, useRef, useState } from "preact/hooks";
import { bandPath, bounds, linePath, nearest, notGood, stretches, timeMarks, valueMarks, xOf, yOf, type Frame } from "../core/chart";
import { number, symbol } from "../core/format";
import { labelOf } from "../core/labels";
import type { Trend } from "../core/trends";

const [LEFT, RIGHT, TOP, STRIP, AXIS] = [64, 12, 8, 7, 22];

interface Props {
  of: readonly { trend: Trend; place: number }[];
  since: number;
  until: number;
  height: number;
  /** The instant that is read off, in ms, of all charts together; null: none. */
  cursor: number | null;
  onCursor: (at: number | null) => void;
}

/** The width of an element as it is, in whole pixels. */
export function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!place.current) return;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return [place, width];
}

export function TrendChart({ of, since, until, height, cursor, onCursor }: Props) {
  const [place, width] = useWidth();
  const unit = symbol(of[0]?.trend.unit ?? null);
  const [low, high] = bounds(of.map(({ trend }) => trend.rows));
  const strips = of.length * STRIP;
  const frame: Frame = { left: LEFT, top: TOP, width: Math.max(1, width - LEFT - RIGHT), height: height - TOP - strips - AXIS, since, until, low, high };
  const floor = frame.top + frame.height;

  const read = (x: number): void => onCursor(Math.min(until, Math.max(since, since + ((x - LEFT) / frame.width) * (until - since))));
  const onKey = (event: KeyboardEvent): void => {
    const step = (until - since) / (event.shiftKey ? 10 : 100);
    const to = { ArrowLeft: (cursor ?? until) - step, ArrowRight: (cursor ?? until) + step, Home: since, End: until }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onCursor(Math.min(until, Math.max(since, to)));
  };
  return (
    <div
      ref={place}
      class="chart"
      role="application"
      tabIndex={0}
      aria-label={`Trend of ${of.map(({ trend }) => labelOf(trend.point)).join(", ")}${unit && ` in ${unit}`}. Arrow keys read it off.`}
      onKeyDown={onKey}
      onPointerMove={(event) => read(event.clientX - event.currentTarget.getBoundingClientRect().left)}
      onPointerLeave={() => onCursor(null)}
    >
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true">
          <Hatch />
          {valueMarks(low, high, frame.height / 36).map((value) => (
            <g key={value} class="mark-line">
              <line x1={LEFT} x2={LEFT + frame.width} y1={yOf(frame, value)} y2={yOf(frame, value)} />
              <text x={LEFT - 6} y={yOf(frame, value) + 4} text-anchor="end">{number(value)}</text>
            </g>
          ))}
          <text class="unit" x={LEFT + 4} y={TOP + 10}>{unit}</text>
          {timeMarks(since, until, Math.max(2, frame.width / 90)).map(([at, words]) => (
            <g key={at} class="mark-line">
              <line x1={xOf(frame, at)} x2={xOf(frame, at)} y1={TOP} y2={floor} />
              <text x={xOf(frame, at)} y={floor + strips + 15} text-anchor="middle">{words}</text>
            </g>
          ))}
          {of.map(({ trend, place: at }, row) => {
            const parts = stretches(trend.rows, trend.stepS === null ? null : trend.stepS * 1000);
            return (
              <g key={trend.point} class={`series series-${at}`}>
                <path class="band" d={bandPath(frame, parts)} />
                <path class="curve" d={linePath(frame, parts)} />
                {notGood(frame, trend.rows).map(([from, to]) => <rect key={from} x={from} y={floor + 2 + row * STRIP} width={to - from} height={STRIP - 2} class="poor" />)}
              </g>
            );
          })}
          {cursor !== null && <line class="cursor" x1={xOf(frame, cursor)} x2={xOf(frame, cursor)} y1={TOP} y2={floor + strips} />}
          {cursor !== null && of.map(({ trend, place: at }) => {
            const row = nearest(trend.rows, cursor);
            return row?.value == null ? null : <circle key={trend.point} class={`series-${at} dot`} cx={xOf(frame, row.at)} cy={yOf(frame, row.value)} r="3.5" />;
          })}
        </svg>
      )}
    </div>
  );
}

/** The pattern of what is not good. */
function Hatch() {
  return (
    <defs>
      <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="5" class="hatch" /></pattern>
    </defs>
  );
}
