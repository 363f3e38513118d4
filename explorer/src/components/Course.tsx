// The course of a what-if in time: a slider from the failure to the horizon, how things stand there, and the events as a list.
import { useEffect, useRef, useState } from "preact/hooks";
import { counted, whole } from "../core/format";
import { words } from "../core/iri";
import { labelOf } from "../core/labels";
import { mediumOf } from "../core/media";
import { go, view } from "../core/navigate";
import { between, classesInWords, COUNTED, countAt, EVENTS, instantAt, lostByMedium, mediaOf, MOMENTS, nextStop, placeOf, span, stopsOf, ticks, upToMs, type MomentCount } from "../core/timeline";
import type { Timeline, TimelineEvent } from "../core/types";
import { classesInTime, moments, spells, timeline } from "../core/whatif";
import { Failure, LookMark, NodeLink, Notice, Reason } from "./parts";

/** Steps of the slider over its whole length. */
const STEPS = 1000;
/** Milliseconds at each instant while it plays. */
const PLAY_EVERY_MS = 1200;
/** Events listed at first. */
const LISTED = 200;
/** Nodes of an event named in its row. */
const NAMED = 3;

export function Course() {
  const { state, data, error } = timeline.value;
  if (state === "failed") return <Failure title="The course in time was not answered" error={error} />;
  if (!data) return <Notice kind="loading" title="Asking when…" />;
  return <><Slider found={data} /><Events found={data} /></>;
}

function goTo(t: number): void {
  go({ t }, true);
}

function Slider({ found: { events, horizonS } }: { found: Timeline }) {
  const t = Math.min(view.value.t ?? 0, horizonS);
  const stops = stopsOf(events).filter((stop) => stop <= horizonS);
  const [playing, setPlaying] = usePlay(stops);
  const counts = countsNow();
  const onKey = (event: KeyboardEvent): void => {
    const to = { ArrowRight: nextStop(stops, t, 1), ArrowUp: nextStop(stops, t, 1), ArrowLeft: nextStop(stops, t, -1), ArrowDown: nextStop(stops, t, -1), Home: 0, End: horizonS }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <div class="course">
      <span class="row">
        <button type="button" class="small" aria-label="To the instant before" disabled={t <= 0} onClick={() => goTo(nextStop(stops, t, -1))}>‹</button>
        {calm() ? null : <button type="button" class="small play" aria-pressed={playing} onClick={() => setPlaying(!playing)}>{playing ? "Pause" : "Play"}</button>}
        <button type="button" class="small" aria-label="To the next instant" disabled={t >= (stops.at(-1) ?? 0)} onClick={() => goTo(nextStop(stops, t, 1))}>›</button>
        <MediumSelect events={events} />
      </span>
      <label class="axis">
        <span class="unseen">Time after the failure</span>
        <input
          type="range" min="0" max={STEPS} step="1" value={Math.round(placeOf(t, horizonS) * STEPS)}
          aria-valuetext={`${span(t)} after the failure: ${countsText(counts)}`}
          onInput={(event) => goTo(instantAt(Number(event.currentTarget.value) / STEPS, horizonS))} onKeyDown={onKey}
        />
        <span class="marks" aria-hidden="true">
          {stops.map((stop) => <i key={stop} class="stop" style={{ left: `${placeOf(stop, horizonS) * 100}%` }} />)}
          {ticks(horizonS).map(({ place, word }) => <span key={word} class="at" style={{ left: `${place * 100}%` }}>{word}</span>)}
        </span>
      </label>
      <div class="instant">
        <strong data-instant={t}>{span(t)} <span class="quiet">after the failure</span></strong>
        {counts.map((counted) => <CountNow key={counted.name} {...counted} />)}
      </div>
    </div>
  );
}

/** Whether whoever looks wishes nothing to move by itself. */
function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Goes from instant to instant while it plays; ends at the last one. */
function usePlay(stops: readonly number[]): [boolean, (playing: boolean) => void] {
  const [playing, setPlaying] = useState(false);
  const last = stops.at(-1) ?? 0;
  useEffect(() => {
    if (!playing) return;
    if ((view.peek().t ?? 0) >= last) goTo(0);
    const timer = setInterval(() => {
      const next = nextStop(stops, view.peek().t ?? 0, 1);
      goTo(next);
      if (next >= last) setPlaying(false);
    }, PLAY_EVERY_MS);
    return () => clearInterval(timer);
  }, [playing, last]);
  return [playing, setPlaying];
}

interface CountedNow {
  name: string;
  count: MomentCount;
  /** The media of which supplies are lost, with how many of the nodes have lost one. */
  lost: [string, number][];
}

/** Racks and services where the course reaches any, else nodes. */
function countsNow(): CountedNow[] {
  const { t, medium } = view.value;
  const [now, classes] = [moments.value ?? new Map(), classesInTime.value];
  const known = new Set(classes.values());
  const wanted = COUNTED.filter(([, kind]) => kind !== null && known.has(kind));
  return (wanted.length > 0 ? wanted : [["nodes", null] as const]).map(([name, kind]) => ({
    name, count: countAt(now, classes, kind), lost: medium === null ? lostByMedium(spells.value, t ?? 0, classes, kind) : [],
  }));
}

function countsText(counts: readonly CountedNow[]): string {
  return counts.map(({ name, count, lost }) => `${name}: ${MOMENTS.map(({ moment, word }) => `${count[moment]} ${word}${moment === "lost" ? ofMedia(lost, count.lost) : ""}`).join(", ")}`).join("; ");
}

/** "(power)", or "(power 12, air cooling 40)" where not all have lost the same. */
function ofMedia(lost: readonly [string, number][], all: number): string {
  if (lost.length === 0) return "";
  return ` (${lost.map(([medium, count]) => `${mediumOf(medium).word}${count === all ? "" : ` ${whole(count)}`}`).join(", ")})`;
}

function CountNow({ name, count, lost }: CountedNow) {
  return (
    <span class="behind" data-now={name}>
      <span class="quiet">{name}</span>{" "}
      {MOMENTS.map((look) => (
        <span key={look.moment} class={count[look.moment] > 0 ? `mark-${look.token}` : "quiet"}>
          <span class="mark" data-moment={look.moment}><span aria-hidden="true" class="glyph">{look.glyph}</span> {whole(count[look.moment])} {look.word}</span>
          {look.moment === "lost" && <span class="quiet">{ofMedia(lost, count.lost)}</span>}{" "}
        </span>
      ))}
      {count.back > 0 && <span class="quiet">{whole(count.back)} back</span>}
    </span>
  );
}

/** One medium at a time, or the worst of all. */
function MediumSelect({ events }: { events: readonly TimelineEvent[] }) {
  return (
    <label>
      <span class="unseen">Supplies looked at</span>
      <select value={view.value.medium ?? ""} onChange={(event) => go({ medium: event.currentTarget.value || null }, true)}>
        <option value="">all supplies</option>
        {mediaOf(events).map((medium) => <option key={medium} value={medium}>{mediumOf(medium).word}</option>)}
      </select>
    </label>
  );
}

function Events({ found: { events, assumed, readings } }: { found: Timeline }) {
  const [all, setAll] = useState(false);
  const t = view.value.t ?? 0;
  const shown = all ? events : events.slice(0, LISTED);
  const latest = shown.findLast(({ lower }) => lower <= t);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Events in time">
      <table class="rows events">
        <thead><tr><th scope="col">After</th><th scope="col">What happens</th><th scope="col">To</th><th scope="col">Why</th></tr></thead>
        <tbody>{shown.map((event, i) => <Row key={i} event={event} t={t} latest={event === latest} />)}</tbody>
      </table>
      <p class="pad quiet">
        {events.length > shown.length && <button type="button" class="small" onClick={() => setAll(true)}>the other {whole(events.length - shown.length)} events</button>}{" "}
        {readings.length > 0 && `It stands on ${counted(readings.length, "reading")} of charge. `}
        {assumed.length > 0 && <Assumptions lines={assumed} />}
      </p>
    </div>
  );
}

function Assumptions({ lines }: { lines: readonly string[] }) {
  return <details><summary>{counted(lines.length, "thing")} that the model does not say and was assumed</summary><ul>{lines.map((line) => <li key={line}>{line}</li>)}</ul></details>;
}

function Row({ event, t, latest }: { event: TimelineEvent; t: number; latest: boolean }) {
  const { kind, lower, upper, count, ids, medium, reason } = event;
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (!latest) return;
    if (t > 0) row.current?.scrollIntoView({ block: "nearest" });
    else row.current?.closest(".scroll")?.scrollTo({ top: 0 }); // at the failure the list stands at what fails
  }, [latest, t > 0]);
  const look = EVENTS[kind];
  return (
    <tr ref={row} class={lower > t ? "to-come" : ""} aria-current={latest ? "time" : undefined}>
      <td class="when"><button type="button" class="link" title="Look at this instant" onClick={() => goTo(upToMs(lower))}>{between(lower, upper)}</button></td>
      <td>{look.look ? <LookMark look={{ ...look.look, word: look.word }} /> : <span class="mark"><span aria-hidden="true" class="glyph">{look.glyph}</span> {look.word}</span>}{medium && <span class="quiet"> · {words(medium)}</span>}</td>
      <th scope="row">
        {count > NAMED && <strong>{classesInWords(event)}: </strong>}
        {ids.slice(0, NAMED).map((id, i) => <span key={id}>{i > 0 && ", "}<NodeLink id={id} label={labelOf(id)} /></span>)}
        {count > NAMED && <span class="quiet"> and {whole(count - Math.min(NAMED, ids.length))} more</span>}
      </th>
      <td class="path"><Reason text={reason} /></td>
    </tr>
  );
}
