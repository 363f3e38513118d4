// Numbers beside their unit, ages beside their value.
import { localName } from "./iri";
import type { Quality } from "./types";

const SYMBOLS: Record<string, string> = {
  DEG_C: "°C", DEG_F: "°F", K: "K", KiloW: "kW", W: "W", MegaW: "MW", "KiloV-A": "kVA", "KiloV-A_Reactive": "kvar", A: "A", V: "V",
  KiloV: "kV", HZ: "Hz", PERCENT: "%", PERCENT_RH: "% RH", UNITLESS: "", NUM: "", "KiloW-HR": "kWh", "L-PER-MIN": "L/min", "L-PER-SEC": "L/s",
  "M3-PER-HR": "m³/h", L: "L", PA: "Pa", KiloPA: "kPa", BAR: "bar", "REV-PER-MIN": "rpm", "M3-PER-SEC": "m³/s", MIN: "min", SEC: "s", HR: "h",
  "CentiM": "cm", KiloGM: "kg", RackUnit: "U", PPM: "ppm",
};

/** A QUDT unit's symbol; one that is not in the table by its local name. */
export function symbol(unit: string | null): string {
  return unit === null ? "" : (SYMBOLS[localName(unit)] ?? localName(unit));
}

/** Four significant digits, thousands parted by a thin space; "–" for no number. */
export function number(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 1000 || Number.isInteger(value) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return group(value.toFixed(digits));
}

export function whole(value: number): string {
  return group(value.toFixed(0));
}

/** kW with one decimal below 100 kW. */
export function kilowatts(value: number): string {
  return `${group(value.toFixed(value !== 0 && Math.abs(value) < 100 ? 1 : 0))} kW`;
}

function group(text: string): string {
  return text.replace(/^-?\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, "\u202f"));
}

/** A refusal of the service parted into its reason and the names that it suggests instead. */
export function mayMean(refusal: string): [string, string[]] {
  const found = /^(.*?)[;,.]? did you mean (\S+(?: or \S+)*)\?/s.exec(refusal);
  return found ? [`${found[1]}.`, (found[2] ?? "").split(" or ")] : [refusal, []];
}

/** Seconds as an operator says them: "2 s", "5 min", "3 h", "2 d". */
export function age(seconds: number | null): string {
  if (seconds === null) return "no age";
  if (seconds < 0.5) return "now";
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export const QUALITY: Record<Quality, string> = {
  GOOD: "good",
  UNCERTAIN: "uncertain",
  STALE: "stale",
  BAD: "bad",
  NO_COMMUNICATION: "no communication",
  NO_VALUE: "no value yet",
};

/** Why a value is no better, as an operator says it; nothing where there is nothing to say. */
export const REASONS: Record<string, string> = {
  MAINTENANCE: "asks for service", RETAINED: "a kept value, none since", CLOCK: "its clock is wrong", OUT_OF_RANGE: "out of range", FROZEN: "does not move",
  SUBSTITUTE: "entered or simulated", PARTIAL: "not all of its inputs are good", SILENCE: "has fallen silent", DEVICE: "the device reports a fault",
  SENSOR: "the sensor gives no number", JUMP: "an impossible jump", OUT_OF_SERVICE: "out of service", CONFIGURATION: "its address or type is wrong",
  LINK: "the line is down", GAP: "something was lost before it",
};

/** A quality with its reason: "bad: the sensor gives no number". */
export function judged(quality: Quality, reason: string): string {
  const why = REASONS[reason];
  return why === undefined || quality === "GOOD" ? QUALITY[quality] : `${QUALITY[quality]}: ${why}`;
}

/** How a value of this quality is drawn: plain, hatched or struck. */
export function drawn(quality: Quality): "plain" | "hatched" | "struck" | "none" {
  if (quality === "GOOD") return "plain";
  if (quality === "NO_VALUE") return "none";
  return quality === "BAD" || quality === "NO_COMMUNICATION" ? "struck" : "hatched";
}

const DAY: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: "short" };
const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };

/**
 * An instant as the clock of this desk (or of `timeZone`) says it: "Tue 3 Mar 14:02:31 UTC", with the year when it is not this one.
 * Rounded up to the second, as the command line does: the state of what is read has what was done at that instant.
 */
export function instant(iso: string, today: Date = new Date(), timeZone?: string): string {
  const at = new Date(upToSecond(iso));
  const zone = timeZone === undefined ? {} : { timeZone };
  const year = (date: Date): string => date.toLocaleDateString("en-GB", { year: "numeric", ...zone });
  const day = at.toLocaleDateString("en-GB", { ...DAY, ...zone, ...(year(at) === year(today) ? {} : { year: "numeric" }) });
  return `${day.replace(/,/g, "")} ${at.toLocaleTimeString("en-GB", { ...CLOCK, ...zone })}`;
}

/** Milliseconds since 1970, a whole second; a date of the browser's would cut microseconds off. */
function upToSecond(iso: string): number {
  const [, before, fraction = "", zone] = /^([^.]*)(\.\d+)?(.*)$/.exec(iso) ?? [];
  return Date.parse(`${before}${zone}`) + (Number(fraction) > 0 ? 1000 : 0);
}

/** "1 fact", "2 facts". */
export function counted(count: number, one: string, more: string = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : more}`;
}

/** Bytes as a file list says them. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}
