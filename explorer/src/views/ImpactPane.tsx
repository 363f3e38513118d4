// The what-if below the graph: the counts in a sentence (two of them where two are compared), and every outcome, or the course in time.
import { Answer } from "../components/Answer";
import { Course } from "../components/Course";
import { OutcomeTable } from "../components/OutcomeTable";
import { Overloads } from "../components/Overloads";
import { Failure, Notice } from "../components/parts";
import { RestsOn } from "../components/RestsOn";
import { whole } from "../core/format";
import { compact } from "../core/iri";
import { view, wayHome } from "../core/navigate";
import { affected, sum } from "../core/outcomes";
import { chosen, clearWhatIf, setAside, turnTime } from "../core/scenarios";
import { beside, impact } from "../core/whatif";
import type { Impact } from "../core/types";

export function ImpactPane() {
  const { fail, vs } = view.value;
  if (fail.length === 0) return null;
  const { state, data, error, absent } = impact.value;
  const unhurt = data?.outcomes.length === 0 && (beside.value?.outcomes.length ?? 0) === 0;
  return (
    <section class="impact" aria-label="What if">
      <Answer number={1}><Ways /></Answer>
      <Answer number={2}>{vs.length > 0 && vs.join() === fail.join() && <Kept />}</Answer>
      {data && <Overloads found={data} />}
      {data && <RestsOn />}
      {state === "failed" && <Failure title="The question was not answered" error={error} way={absent ? wayHome() : null} />}
      {data && (view.value.t !== null ? <Course /> : unhurt ? <Unhurt found={data} /> : <OutcomeTable found={data} beside={beside.value} />)}
    </section>
  );
}

/** What to do next while both are the same. */
function Kept() {
  return <span class="quiet">kept as ②: select another node and press <kbd>i</kbd>, or add one with <kbd>a</kbd></span>;
}

/** What else can be done with the what-if. */
function Ways() {
  const { t, vs } = view.value;
  return (
    <div class="ways" role="group" aria-label="Of this what-if">
      <span class="row" role="group" aria-label="Shown">
        <button type="button" class="small" aria-pressed={t === null} onClick={() => t !== null && turnTime()} aria-keyshortcuts="e">Outcome</button>
        <button type="button" class="small" aria-pressed={t !== null} onClick={() => t === null && turnTime()} aria-keyshortcuts="e">When</button>
      </span>
      <button type="button" class="small" aria-pressed={vs.length > 0} onClick={setAside} aria-keyshortcuts="v" title="Keep this what-if beside the next one">{vs.length > 0 ? "Only ①" : "Compare…"}</button>
      <span class="spread" />
      <a class="link" href={reportAddress()} target="_blank" rel="noopener">Report to print</a>
      <button type="button" class="small" onClick={clearWhatIf} aria-keyshortcuts="c">Clear</button>
    </div>
  );
}

/** The page that can be printed of the what-if that is drawn. */
function reportAddress(): string {
  const { fail, from } = chosen.value ?? { fail: [], from: { asOf: null, branch: null } };
  const asked = new URLSearchParams(fail.map((id) => ["failed", compact(id)]));
  if (from.asOf !== null) asked.set("at", from.asOf);
  if (from.branch !== null) asked.set("branch", from.branch);
  return `/report?${asked.toString().replace(/%3A/g, ":")}`;
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
