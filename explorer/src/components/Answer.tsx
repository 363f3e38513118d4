// One what-if in a line: what fails in which state, and how much ends in which outcome. Of two, the second tells its difference to the first.
import type { ComponentChildren } from "preact";
import { kilowatts, whole } from "../core/format";
import { labelOf } from "../core/labels";
import { go, view } from "../core/navigate";
import { apartText, countNodes, OUTCOMES, sum, type OutcomeLook } from "../core/outcomes";
import { sameState, scenarios, side, withoutFailed, type Scenario } from "../core/scenarios";
import { isNow } from "../core/standpoint";
import type { Apart, Counted, OutcomeCount } from "../core/types";
import type { Side } from "../core/url";
import { answers } from "../core/whatif";
import { NodeLink } from "./parts";

export function Answer({ number, children }: { number: Side; children?: ComponentChildren }) {
  const scenario = scenarios[number].value;
  if (!scenario) return null;
  const { impact: { value: { state, data, error } }, early: { value: first } } = answers[number];
  const early = first && sum(first.totals.racks) + first.failedItself.racks > 0 ? first : null;
  const known = data ?? early;
  const pair = scenarios[2].value !== null;
  return (
    <div class={`answer ${pair && side.value !== number ? "not-drawn" : ""}`} role={number === 2 ? "group" : undefined} aria-label={number === 2 ? "The second what-if" : undefined}>
      {pair && <SideButton number={number} />}
      <Question scenario={scenario} number={number} />
      {children}
      {known && <Counts known={known} nodes={data ? countNodes(data.outcomes) : null} number={number} />}
      {data && <Before down={data.downBefore} />}
      {!data && state === "loading" && <span class="quiet">{known ? "the rows are on their way…" : "asking…"}</span>}
      {number === 2 && state === "failed" && <span class="quiet">{error}</span>}
    </div>
  );
}

/** Draws and lists this one of two. */
function SideButton({ number }: { number: Side }) {
  const drawn = side.value === number;
  return (
    <button type="button" class="side" aria-pressed={drawn} aria-keyshortcuts="x" title={drawn ? "It is drawn and listed" : "Draw and list this one"} onClick={() => go({ side: number }, true)}>
      <span aria-hidden="true">{number === 1 ? "①" : "②"}</span><span class="unseen">{number === 1 ? "first" : "second"} what-if drawn</span>
    </button>
  );
}

function Question({ scenario, number }: { scenario: Scenario; number: Side }) {
  const { fail, from } = scenario;
  const where = sameState(scenario) ? "" : isNow(from) ? "on the site now" : "in the state that is looked at";
  if (number === 2 && view.value.vs.length === 0) return <h2>The same {where}:</h2>;
  return (
    <h2>
      If {fail.map((id, i) => (
        <span key={id}>
          {i > 0 && (i === fail.length - 1 ? " and " : ", ")}
          <NodeLink id={id} />
          <button type="button" class="take-out" title="Take out of the what-if" aria-label={`Take ${labelOf(id)} out`} onClick={() => withoutFailed(id, number)}>×</button>
        </span>
      ))} {fail.length > 1 ? "fail" : "fails"}{where && ` ${where}`}:
    </h2>
  );
}

interface CountsProps {
  known: Counted;
  /** Where the site has no rack; null while the rows are on their way. */
  nodes: OutcomeCount | null;
  number: Side;
}

/** Racks where the site has any, else nodes. A count is a filter of the table. */
function Counts({ known: { totals, failedItself: itself }, nodes, number }: CountsProps) {
  const { services, tenants, itLoadKw } = totals;
  const racks = sum(totals.racks) + itself.racks > 0;
  const count = racks ? totals.racks : nodes;
  const first = number === 2 ? answers[1].impact.value.data : null;
  const before = first && (racks ? first.totals.racks : countNodes(first.outcomes));
  if (!count) return null;
  return (
    <div class="counts" role="group" aria-label={number === 2 ? `Of the second: ${racks ? "racks" : "nodes"}` : `${racks ? "Racks" : "Nodes"} by outcome`}>
      <span class="quiet">{racks ? "racks" : "nodes"}</span>
      {racks && itself.racks > 0 && <span data-field="failedItself" title="Part of what fails; in no other count."><span aria-hidden="true">✕</span> {whole(itself.racks)} {itself.racks === 1 ? "fails itself" : "fail themselves"}</span>}
      {OUTCOMES.filter((look) => look.outcome !== "OVERLOADED" || count.overloaded > 0 || (before?.overloaded ?? 0) > 0).map((look) => (
        <CountButton key={look.field} look={look} count={count[look.field]} before={before?.[look.field] ?? null} />
      ))}
      {racks && <span data-field="unaffected">{whole(count.unaffected)} unaffected</span>}
      <Behind name="IT load" count={itLoadKw} itself={itself.itLoadKw} before={first?.totals.itLoadKw ?? null} say={kilowatts} />
      <Behind name="services" count={services} itself={itself.services} before={first?.totals.services ?? null} say={whole} />
      <Behind name="tenants" count={tenants} itself={itself.tenants} before={first?.totals.tenants ?? null} say={whole} word={({ word }) => `with something ${word}`} />
    </div>
  );
}

function CountButton({ look, count, before }: { look: OutcomeLook; count: number; before: number | null }) {
  const filtered = view.value.outcome === look.outcome;
  return (
    <button
      type="button"
      class={`count-button ${count > 0 ? `mark-${look.token}` : "quiet"}`}
      data-field={look.field}
      aria-pressed={filtered}
      title={filtered ? "Show every outcome in the table" : `Show only “${look.word}” in the table`}
      onClick={() => go({ outcome: filtered ? null : look.outcome, page: 1 }, true)}
    >
      <span aria-hidden="true" class="glyph">{look.glyph}</span> {whole(count)} {look.word}<Delta count={count} before={before} say={whole} />
    </button>
  );
}

/** How much more or less than in the first what-if; nothing where they are the same. */
function Delta({ count, before, say }: { count: number; before: number | null; say: (value: number) => string }) {
  if (before === null || say(count) === say(before)) return null;
  const more = count > before;
  return <span class="delta"> <span aria-hidden="true">({more ? "+" : "−"}{say(Math.abs(count - before))})</span><span class="unseen">, {say(Math.abs(count - before))} {more ? "more" : "less"} than in the first</span></span>;
}

interface BehindProps {
  name: string;
  count: OutcomeCount;
  /** How much of it fails itself. */
  itself: number;
  before: OutcomeCount | null;
  say: (value: number) => string;
  /** What an outcome means for it, shown in words where it is not the outcome's own word. */
  word?: (look: OutcomeLook) => string;
}

/** What stands behind the failure in one more measure; nothing where the site has none of it. */
function Behind({ name, count, itself, before, say, word }: BehindProps) {
  if (sum(count) === 0 && itself === 0) return null;
  const parts = OUTCOMES.filter((look) => count[look.field] > 0 || (before?.[look.field] ?? 0) > 0);
  return (
    <span class="behind">
      <span class="quiet">{name}</span>{" "}
      {itself > 0 && <span data-itself={name} title={`${say(itself)} ${name} part of what fails; in no other count`}><span aria-hidden="true">✕</span> {say(itself)} fails itself </span>}
      {parts.length === 0
        ? (count.unaffected > 0 && (itself > 0 ? `${say(count.unaffected)} unaffected` : "unaffected"))
        : parts.map((look) => (
            <span key={look.field} class={count[look.field] > 0 ? `mark-${look.token}` : "quiet"} title={`${say(count[look.field])} ${name} ${word?.(look) ?? look.word}`}>
              <span aria-hidden="true">{look.glyph}</span> {say(count[look.field])}<Delta count={count[look.field]} before={before?.[look.field] ?? null} say={say} /><span class={word ? "" : "unseen"}> {word?.(look) ?? look.word}</span>{" "}
            </span>
          ))}
    </span>
  );
}

/** What is without a supply as things stand, whatever else fails. */
function Before({ down }: { down: Apart }) {
  const told = apartText(down);
  if (!told) return null;
  return (
    <span class="behind mark-lost" data-field="before" title="As the switches stand now, before anything of this what-if fails; in none of the counts.">
      <span aria-hidden="true">□</span> {told} already without supply
    </span>
  );
}
