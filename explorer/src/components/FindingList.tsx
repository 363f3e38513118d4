// Findings by severity: what is wrong where, and what to do about it.
import { useState } from "preact/hooks";
import { isUnnamed } from "../core/difference";
import { counted, whole } from "../core/format";
import { labelOf } from "../core/labels";
import type { Finding, FindingChange, Severity } from "../core/types";
import { NodeLink } from "./parts";

interface SeverityLook {
  severity: Severity;
  glyph: string;
  word: string;
  token: string;
}

/** Worst first. */
export const SEVERITIES: readonly SeverityLook[] = [
  { severity: "ERROR", glyph: "■", word: "error", token: "lost" },
  { severity: "WARNING", glyph: "▲", word: "warning", token: "overloaded" },
  { severity: "INFO", glyph: "●", word: "info", token: "reduced" },
];

function said(count: number, { word }: SeverityLook): string {
  return counted(count, word, word === "info" ? word : undefined);
}

const SHOWN_AT_ONCE = 100;

/** How many of each severity, in words and shapes. */
export function FindingCounts({ found }: { found: readonly Finding[] }) {
  const counts = SEVERITIES.map((look) => ({ look, count: found.filter(({ severity }) => severity === look.severity).length })).filter(({ count }) => count > 0);
  if (counts.length === 0) return <span class="quiet">none</span>;
  return (
    <span class="row">
      {counts.map(({ look, count }) => (
        <span key={look.token} class={`mark mark-${look.token}`}><span aria-hidden="true">{look.glyph}</span> {said(count, look)}</span>
      ))}
    </span>
  );
}

export function FindingList({ found, none = "Nothing was found wrong." }: { found: readonly Finding[]; none?: string }) {
  const [only, setOnly] = useState<Severity | null>(null);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  if (found.length === 0) return <p class="quiet">{none}</p>;
  const kept = found.filter(({ severity }) => only === null || severity === only);
  return (
    <div role="region" aria-label="Findings">
      <div class="row" role="group" aria-label="Findings by severity">
        {SEVERITIES.map((look) => {
          const count = found.filter(({ severity }) => severity === look.severity).length;
          return count > 0 && (
            <button key={look.token} type="button" class={`small mark-${look.token}`} aria-pressed={only === look.severity} onClick={() => setOnly(only === look.severity ? null : look.severity)}>
              <span aria-hidden="true">{look.glyph}</span> {said(count, look)}
            </button>
          );
        })}
      </div>
      <ul class="findings">
        {kept.slice(0, shown).map((finding, i) => <Row key={i} finding={finding} />)}
      </ul>
      {kept.length > shown && <button type="button" class="small" onClick={() => setShown(shown + SHOWN_AT_ONCE)}>{whole(kept.length - shown)} more…</button>}
    </div>
  );
}

/** Of what would change: what is wrong by it, then in numbers what it mends and what was wrong before. */
export function FindingNews({ of: { newFindings, goneFindingsCount, unchangedFindingsCount } }: { of: FindingChange }) {
  const [gone, before] = [goneFindingsCount, unchangedFindingsCount];
  return (
    <>
      <h2>New findings <span class="count">{newFindings.length}</span></h2>
      <FindingList found={newFindings} none="It brings nothing that is wrong." />
      {gone + before > 0 && <p class="quiet">{whole(gone)} gone, {whole(before)} as before</p>}
    </>
  );
}

function Row({ finding: { severity, code, focus, message, remedy, count } }: { finding: Finding }) {
  const look = SEVERITIES.find((one) => one.severity === severity) ?? SEVERITIES[2];
  return (
    <li>
      <span class={`mark mark-${look?.token}`}><span aria-hidden="true" class="glyph">{look?.glyph}</span><span class="unseen">{look?.word}</span></span>
      <div>
        <p>
          {focus && (isUnnamed(focus) ? <span class="quiet">(unnamed) </span> : <><NodeLink id={focus} label={labelOf(focus)} /> · </>)}
          {message}{count > 1 && <span class="quiet"> · {whole(count)} times</span>}
        </p>
        {remedy && <p class="quiet">{remedy}</p>}
        <p class="quiet id">{code}</p>
      </div>
    </li>
  );
}
