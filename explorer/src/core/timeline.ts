// What a failure does second by second: how each node stands at an instant, and where instants stand on a slider.
//
// 1. Every time has a lower and an upper bound: between them a supply may be lost or not.
// 2. A node stands as the worst of its supplies does.
// 3. When a supply is lost and back its bounds say, not the events: a rack is a housing, lost when what it holds is.
import { BRICK, DCX, words } from "./iri";
import type { Look } from "./outcomes";
import type { EventKind, Timeline, TimelineEvent } from "./types";

/** How a node stands at an instant: without a supply for sure, without or not, still carried although a supply is gone or will be, or supplied again. */
export type Moment = "lost" | "perhaps" | "carried" | "back";

export interface MomentLook extends Look {
  moment: Moment;
}

/** Worst first. What is back looks as what was never hit. */
export const MOMENTS: readonly MomentLook[] = [
  { moment: "lost", shape: "lost", glyph: "■", word: "lost", token: "lost" },
  { moment: "perhaps", shape: "perhaps", glyph: "◧", word: "perhaps lost", token: "overloaded" },
  { moment: "carried", shape: "carried", glyph: "◓", word: "still carried", token: "reduced" },
];

const RANK: Record<Moment, number> = { lost: 0, perhaps: 1, carried: 2, back: 3 };

type Times = readonly [lower: number, upper: number | null];

/** What becomes of one supply of a node. */
export interface Spell {
  medium: string | null;
  /** From when a store carries it on. */
  carried: Times | null;
  lost: Times | null;
  /** From when it is there again, for good. */
  back: Times | null;
  /** Why it is lost. */
  reason: string;
}

/** The supplies that the events tell of, by node, with their bounds as far as these are known. O(nodes in the events and bounds). */
export function spellsOf(events: readonly TimelineEvent[], { bounds, boundsCount }: Pick<Timeline, "bounds" | "boundsCount">): Map<string, Spell[]> {
  const spells = new Map<string, Spell[]>();
  for (const { kind, medium, ids, lower, upper, reason } of events) {
    if (kind !== "CARRIED" && kind !== "LOST" && kind !== "BACK") continue;
    for (const id of ids) {
      const known = spells.get(id) ?? [];
      spells.set(id, known);
      let spell = known.find((one) => one.medium === medium);
      if (!spell) known.push((spell = { medium, carried: null, lost: null, back: null, reason: "" }));
      if (kind === "CARRIED") spell.carried = [lower, upper];
      else if (kind === "BACK") spell.back = [lower, upper];
      else [spell.lost, spell.reason] = [[lower, upper], reason];
    }
  }
  return bounds.length === boundsCount ? bounded(spells, bounds) : spells;
}

/** What loses its own supply and none of what it holds does is carried; what holds something that does loses it, too. */
function bounded(spells: Map<string, Spell[]>, bounds: Timeline["bounds"]): Map<string, Spell[]> {
  const known = new Map(bounds.map((bound) => [`${bound.id} ${bound.medium}`, bound]));
  for (const [id, ones] of spells) {
    for (const spell of ones) {
      if (spell.medium === null || !spell.lost || known.has(`${id} ${spell.medium}`)) continue;
      spell.carried ??= spell.lost;
      spell.lost = null;
    }
  }
  for (const { id, medium, lower, upper, backLower, backUpper } of bounds) {
    const ones = spells.get(id) ?? [];
    spells.set(id, ones);
    let spell = ones.find((one) => one.medium === medium);
    if (!spell) ones.push((spell = { medium, carried: null, lost: null, back: null, reason: "what it holds loses it" }));
    spell.lost = [lower, upper];
    spell.back = backLower === null ? null : [backLower, backUpper];
  }
  return spells;
}

/** How one supply stands `t` seconds after the failure; null: as if nothing had failed. */
function momentOf({ carried, lost, back }: Spell, t: number): Moment | null {
  const isBack = back !== null && back[1] !== null && t >= back[1];
  if (lost && t >= lost[0]) {
    if (isBack) return "back";
    return lost[1] !== null && t >= lost[1] && (back === null || t < back[0]) ? "lost" : "perhaps";
  }
  if (lost) return "carried";
  return carried && t >= carried[0] && !isBack ? "carried" : null;
}

/** How each node stands `t` seconds after the failure, by its supply of one medium or by all. Nodes that nothing becomes of are not in it. */
export function momentsAt(spells: ReadonlyMap<string, readonly Spell[]>, t: number, only: string | null = null): Map<string, Moment> {
  const found = new Map<string, Moment>();
  for (const [id, ones] of spells) {
    for (const spell of ones) {
      if (only !== null && spell.medium !== only) continue;
      const moment = momentOf(spell, t);
      const known = found.get(id);
      if (moment !== null && (known === undefined || RANK[moment] < RANK[known])) found.set(id, moment);
    }
  }
  return found;
}

/** The class of each node that the events name. */
export function classesOf(events: readonly TimelineEvent[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { ids, class: kind } of events) if (kind !== null) for (const id of ids) found.set(id, kind);
  return found;
}

export type MomentCount = Record<Moment, number>;

/** What is counted at an instant, as the outcomes count it. */
export const COUNTED: readonly (readonly [name: string, kind: string | null])[] = [["racks", `${BRICK}ICT_Rack`], ["services", `${DCX}Service`]];

/** How many nodes of a class stand how; all nodes where no class is given. */
export function countAt(moments: ReadonlyMap<string, Moment>, classes: ReadonlyMap<string, string>, kind: string | null): MomentCount {
  const count: MomentCount = { lost: 0, perhaps: 0, carried: 0, back: 0 };
  for (const [id, moment] of moments) if (kind === null || classes.get(id) === kind) count[moment] += 1;
  return count;
}

/** An instant in whole milliseconds, as the address has it, at which what happens at `seconds` has happened. */
export function upToMs(seconds: number): number {
  const ms = Math.round(seconds * 1000);
  return (ms / 1000 >= seconds ? ms : ms + 1) / 1000;
}

/** Of the nodes of a class (null: of all) that are lost at an instant, how many have lost a supply of which medium, most first. */
export function lostByMedium(spells: ReadonlyMap<string, readonly Spell[]>, t: number, classes: ReadonlyMap<string, string>, kind: string | null): [string, number][] {
  const count = new Map<string, number>();
  for (const [id, ones] of spells) {
    if (kind !== null && classes.get(id) !== kind) continue;
    for (const spell of ones) if (spell.medium !== null && momentOf(spell, t) === "lost") count.set(spell.medium, (count.get(spell.medium) ?? 0) + 1);
  }
  return [...count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** The media that the events tell of, in order. */
export function mediaOf(events: readonly TimelineEvent[]): string[] {
  return [...new Set(events.flatMap(({ kind, medium }) => (medium !== null && (kind === "LOST" || kind === "CARRIED") ? [medium] : [])))].sort();
}

/** The instants at which something changes, ascending; the failure itself is the first. */
export function stopsOf(events: readonly TimelineEvent[]): number[] {
  return [...new Set([0, ...events.flatMap(({ lower, upper }) => (upper === null ? [lower] : [lower, upper])).map(upToMs)])].sort((a, b) => a - b);
}

/** The next instant of `stops` in a direction, the last one at the end. */
export function nextStop(stops: readonly number[], t: number, direction: 1 | -1): number {
  const found = direction === 1 ? stops.find((stop) => stop > t) : stops.findLast((stop) => stop < t);
  return found ?? (direction === 1 ? Math.max(t, stops.at(-1) ?? 0) : 0);
}

/** Below this many seconds the axis of time is even, above it each factor takes the same room. */
const EVEN_S = 0.1;

/** Where an instant stands between the failure (0) and the horizon (1). */
export function placeOf(t: number, horizon: number): number {
  return Math.min(1, Math.log1p(t / EVEN_S) / Math.log1p(horizon / EVEN_S));
}

/** The instant at a place, to three digits: what a hand on a slider can mean. */
export function instantAt(place: number, horizon: number): number {
  return Math.min(horizon, upToMs(Number((EVEN_S * Math.expm1(place * Math.log1p(horizon / EVEN_S))).toPrecision(3))));
}

const TICKS: readonly (readonly [number, string])[] = [
  [0, "0"], [1, "1 s"], [10, "10 s"], [60, "1 min"], [600, "10 min"], [3600, "1 h"], [14_400, "4 h"], [86_400, "1 d"], [864_000, "10 d"],
];

/** Marks of the axis up to the horizon. */
export function ticks(horizon: number): { place: number; word: string }[] {
  return TICKS.filter(([t]) => t <= horizon).map(([t, word]) => ({ place: placeOf(t, horizon), word }));
}

/** A time as the service's own reports say it: `20 ms`, `9.8 s`, `6 min 40 s`, `3 h 20 min`. */
export function span(seconds: number): string {
  if (seconds < 1) return seconds === 0 ? "0 s" : `${(seconds * 1000).toFixed(0)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1).replace(/\.0$/, "")} s`;
  const [minutes, rest] = [Math.floor(Math.round(seconds) / 60), Math.round(seconds) % 60];
  if (minutes < 60) return `${minutes} min${rest ? ` ${rest} s` : ""}`;
  const all = Math.round(seconds / 60);
  return `${Math.floor(all / 60)} h${all % 60 ? ` ${all % 60} min` : ""}`;
}

/** Both bounds in words. */
export function between(lower: number, upper: number | null): string {
  if (upper === null) return `${span(lower)} or not at all`;
  return span(lower) === span(upper) ? span(lower) : `${span(lower)} to ${span(upper)}`;
}

/** What becomes of one supply, in a sentence. */
export function spellText({ carried, lost, back, reason }: Spell): string {
  const again = back ? ` Back after ${between(...back)}.` : lost ? " Not back within the time looked at." : "";
  if (lost) return `Lost after ${between(...lost)}: ${reason}.${again}`;
  return carried ? `Carried from ${between(...carried)}.${again}` : again.trim();
}

/** How an event is told: with the look of what becomes of the node, or a sign of its own. */
export const EVENTS: Record<EventKind, { word: string; glyph: string; look: Look | null }> = {
  FAILED: { word: "fails", glyph: "✕", look: null },
  CARRIED: { word: "carried on", glyph: "◓", look: MOMENTS[2] ?? null },
  CALLED: { word: "called", glyph: "↗", look: null },
  TRANSFERS: { word: "may interrupt", glyph: "⇄", look: null },
  TRIPS: { word: "trips", glyph: "▲", look: null },
  LOST: { word: "lost", glyph: "■", look: MOMENTS[0] ?? null },
  LOST_AGAIN: { word: "lost again", glyph: "■", look: MOMENTS[0] ?? null },
  STARTED: { word: "supplies", glyph: "○", look: null },
  BACK: { word: "back", glyph: "○", look: null },
  RUNS: { word: "runs again", glyph: "○", look: null },
  DOWN: { word: "out of fuel", glyph: "■", look: MOMENTS[0] ?? null },
};

/** How many of which class an event happens to. */
export function classesInWords({ count, class: kind }: TimelineEvent): string {
  return `${count} × ${kind === null ? "no class" : words(kind)}`;
}
