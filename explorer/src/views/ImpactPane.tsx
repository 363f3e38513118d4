// The answer to a what-if: the counts in a sentence, the totals, and every outcome with its evidence.
import { OutcomeTable } from "../components/OutcomeTable";
import { Failure, NodeLink, Notice } from "../components/parts";
import { kilowatts, whole } from "../core/format";
import { affected, countNodes, OUTCOMES, sum, type OutcomeLook } from "../core/outcomes";
import { labelOf } from "../core/labels";
import { go, view, withoutFailed, wayHome } from "../core/navigate";
import { beside, early, impact } from "../core/store";
import type { DownBefore, Impact, NodeOutcome, OutcomeCount, Totals } from "../core/types";

export function ImpactPane() {
  const { fail } = view.value;
  if (fail.length === 0) return null;
  const { state, data, error, absent } = impact.value;
  const racksFirst = early.value && sum(early.value.racks) > 0 ? early.value : null;
  return (
    <section class="impact" aria-label="What if">
      <div class="answer">
        <h2>
          If {fail.map((id, i) => (
            <span key={id}>
              {i > 0 && (i === fail.length - 1 ? " and " : ", ")}
              <NodeLink id={id} />
              <button type="button" class="take-out" title="Take out of the what-if" aria-label={`Take ${labelOf(id)} out`} onClick={() => withoutFailed(id)}>×</button>
            </span>
          ))} {fail.length > 1 ? "fail" : "fails"}:
        </h2>
        {data ? <Counts totals={data.totals} outcomes={data.outcomes} /> : racksFirst && <Counts totals={racksFirst} outcomes={[]} />}
        {data && <Before down={data.downBefore} />}
        <Beside />
        {!data && state === "loading" && <span class="quiet">{racksFirst ? "the rows are on their way…" : "asking…"}</span>}
      </div>
      {state === "failed" && <Failure title="The question was not answered" error={error} way={absent ? wayHome() : null} />}
      {data && (data.outcomes.length === 0 ? <Unhurt found={data} /> : <OutcomeTable found={data} />)}
    </section>
  );
}

/** Racks where the site has any, else nodes. A count is a filter of the table. */
function Counts({ totals, outcomes }: { totals: Totals; outcomes: readonly NodeOutcome[] }) {
  const { services, tenants, itLoadKw } = totals;
  const racks = sum(totals.racks) > 0;
  const count = racks ? totals.racks : countNodes(outcomes);
  return (
    <div class="counts" role="group" aria-label={racks ? "Racks by outcome" : "Nodes by outcome"}>
      <span class="quiet">{racks ? "racks" : "nodes"}</span>
      {OUTCOMES.filter((look) => look.outcome !== "OVERLOADED" || count.overloaded > 0).map((look) => (
        <CountButton key={look.field} look={look} count={count[look.field]} />
      ))}
      {racks && <span data-field="unaffected">{whole(count.unaffected)} unaffected</span>}
      <Behind name="IT load" count={itLoadKw} say={kilowatts} />
      <Behind name="services" count={services} say={whole} />
      <Behind name="tenants" count={tenants} say={whole} word={({ word }) => `with something ${word}`} />
    </div>
  );
}

function CountButton({ look, count }: { look: OutcomeLook; count: number }) {
  const chosen = view.value.outcome === look.outcome;
  return (
    <button
      type="button"
      class={`count-button ${count > 0 ? `mark-${look.token}` : "quiet"}`}
      data-field={look.field}
      aria-pressed={chosen}
      title={chosen ? "Show every outcome in the table" : `Show only “${look.word}” in the table`}
      onClick={() => go({ outcome: chosen ? null : look.outcome, page: 1 }, true)}
    >
      <span aria-hidden="true" class="glyph">{look.glyph}</span> {whole(count)} {look.word}
    </button>
  );
}

interface BehindProps {
  name: string;
  count: OutcomeCount;
  say: (value: number) => string;
  /** What an outcome means for it, shown in words where it is not the outcome's own word. */
  word?: (look: OutcomeLook) => string;
}

/** What stands behind the failure in one more measure; nothing where the site has none of it. */
function Behind({ name, count, say, word }: BehindProps) {
  if (sum(count) === 0) return null;
  const parts = OUTCOMES.filter((look) => count[look.field] > 0);
  return (
    <span class="behind">
      <span class="quiet">{name}</span>{" "}
      {parts.length === 0
        ? "unaffected"
        : parts.map((look) => (
            <span key={look.field} class={`mark-${look.token}`} title={`${say(count[look.field])} ${name} ${word?.(look) ?? look.word}`}>
              <span aria-hidden="true">{look.glyph}</span> {say(count[look.field])}<span class={word ? "" : "unseen"}> {word?.(look) ?? look.word}</span>{" "}
            </span>
          ))}
    </span>
  );
}

/** The same what-if on the site now, while another state is looked at. */
function Beside() {
  const { state, data, error } = beside.value;
  if (state === "idle") return null;
  return (
    <span class="beside" role="group" aria-label="The same on the site now">
      <span class="quiet">the site now:</span>{" "}
      {data && (sum(data.racks) > 0
        ? OUTCOMES.filter((look) => look.outcome !== "OVERLOADED" || data.racks.overloaded > 0).map((look) => (
            <span key={look.field} data-field={`now-${look.field}`} class={data.racks[look.field] > 0 ? `mark mark-${look.token}` : "quiet"}>
              <span aria-hidden="true">{look.glyph}</span> {whole(data.racks[look.field])} {look.word}{" "}
            </span>
          ))
        : "no rack")}
      {data && sum(data.itLoadKw) > 0 && <Behind name="IT load" count={data.itLoadKw} say={kilowatts} />}
      {state === "failed" && <span class="quiet">{error}</span>}
    </span>
  );
}

/** What is without a supply as things stand, whatever else fails. */
function Before({ down: { racks, services, itLoadKw } }: { down: DownBefore }) {
  const parts = [
    racks > 0 && `${whole(racks)} ${racks === 1 ? "rack" : "racks"}`, itLoadKw > 0 && kilowatts(itLoadKw),
    services > 0 && `${whole(services)} ${services === 1 ? "service" : "services"}`,
  ].filter(Boolean);
  if (parts.length === 0) return null;
  return (
    <span class="behind mark-lost" data-field="before" title="As the switches stand now, before anything of this what-if fails; in none of the counts.">
      <span aria-hidden="true">□</span> {parts.join(" · ")} already without supply
    </span>
  );
}

function Unhurt({ found }: { found: Impact }) {
  const racks = found.totals.racks;
  const dark = found.downBefore.racks;
  return (
    <Notice title={dark > 0 ? "Nothing more is affected" : "Nothing is affected"}>
      <p>
        {sum(racks) > 0 && affected(racks) === 0 && (dark > 0
          ? `${whole(dark)} ${dark === 1 ? "rack is" : "racks are"} without supply already, as the switches stand; the other ${whole(racks.unaffected)} keep theirs. `
          : `All ${whole(racks.unaffected)} racks keep their supply and their redundancy. `)}
        To look further, select another node and add it with <kbd>a</kbd>: what fails together may hurt.
      </p>
    </Notice>
  );
}
