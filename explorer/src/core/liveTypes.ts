// The shapes of the answers about live values, trends and the health of the data.
import type { PointReading, Quality, Value } from "./types";

/** The point that says most about a thing. */
export interface KeyPoint {
  of: string;
  point: { id: string; label: string; unit: string | null; value: Value };
}

/** What one point read: columns of one length, a row a sample or a span of `stepS` seconds. */
export interface PointHistory {
  point: string;
  stepS: number | null;
  at: string[];
  value: (number | null)[];
  minimum: (number | null)[];
  maximum: (number | null)[];
  quality: Quality[];
  reason: string[];
  coverage: (number | null)[];
}

export interface QualityCount {
  quality: Quality;
  count: number;
}

export interface PointGroup {
  id: string;
  label: string;
  points: number;
  quality: QualityCount[];
}

export interface WireHealth {
  name: string;
  place: string;
  connected: boolean;
  error: string;
  messages: number;
  rateS: number;
  waiting: number;
  deadLetters: number;
  unbound: number;
  lost: number;
}

/** A topic or reference that no value comes from: what would bind it, and the points that it may mean, likeliest first. */
export interface Unbound {
  topic: string;
  count: number;
  lastAt: string;
  reason: string;
  suggestion: string;
  candidates: { point: string; score: number; reason: string }[];
}

/** How the data stands. */
export interface DataHealth {
  at: string;
  points: number;
  quality: QualityCount[];
  readingsS: number;
  lagMedianS: number | null;
  lagP99S: number | null;
  readings: { news: number; late: number; duplicates: number; old: number; ahead: number; unknown: number; outOfRange: number; jumps: number; frozen: number };
  wires: WireHealth[];
  sources: PointGroup[];
  equipment: PointGroup[];
  notGood: PointReading[];
  unbound: Unbound[];
  deadLetters: { wire: string; topic: string; payload: string; reason: string; at: string }[];
  history: { samples: number; bytes: number; oldest: string | null; newest: string | null; waiting: number; missed: number; error: string } | null;
}
