// Every accepted change, newest first; one of them with what it changed, and the ways to look back from it or to undo it.
import { useState } from "preact/hooks";
import { ActDialog } from "../components/ActDialog";
import { Counts, DifferenceList } from "../components/DifferenceList";
import { Failure, Notice } from "../components/parts";
import { counted, instant, whole } from "../core/format";
import { compared, moreRevisions, moreStatements, older, opened, revert, revisions } from "../core/ledger";
import { news } from "../core/live";
import { go, lookAt, onSite, said, view, type Way } from "../core/navigate";
import type { OpenedRevision, Revision } from "../core/types";

export function HistoryPane() {
  const { state, data, error } = revisions.value;
  return (
    <section class="ledger" aria-label="History">
      <div class="list">
        <h2>History</h2>
        {state === "failed" && <Failure title="The history did not load" error={error} />}
        {!data && state === "loading" && <Notice kind="loading" title="Loading the history…" />}
        {data?.length === 0 && <Notice title="Nothing has happened yet"><p>The first file that is loaded under <button type="button" class="link" onClick={() => go({ show: "sources" })}>Sources</button> makes revision 1.</p></Notice>}
        {data && data.length > 0 && <RevisionTable revisions={data} />}
        {older.value && <button type="button" class="small" onClick={() => void moreRevisions()}>older…</button>}
      </div>
      <div class="detail">
        {view.value.revision !== null ? <Opened /> : data && data.length > 0 && <Notice title="No revision is open"><p>Open one in the list: it shows what it changed, the site before and after it, and how to undo it.</p></Notice>}
      </div>
    </section>
  );
}

/** Revisions of the site, or of a branch; one is opened by its number. */
export function RevisionTable({ revisions: rows }: { revisions: readonly Revision[] }) {
  const ofBranch = rows.some(({ branch }) => branch !== null);
  return (
    <table class="rows revisions">
      <caption class="unseen">Revisions, newest first</caption>
      <thead><tr><th scope="col">Revision</th><th scope="col">When</th><th scope="col">Who</th>{!ofBranch && <th scope="col">Source</th>}<th scope="col">Facts</th><th scope="col">Reason</th></tr></thead>
      <tbody>
        {rows.map((revision) => (
          <tr key={revision.number} aria-selected={revision.number === view.value.revision} class={news.value?.number === revision.number && !ofBranch ? "fresh" : ""}>
            <th scope="row"><button type="button" class="link" aria-label={`Revision ${revision.number}`} onClick={() => go({ revision: revision.number, against: null })}>{whole(revision.number)}</button></th>
            <td class="when" title={revision.at}>{instant(revision.at)}</td>
            <td>{revision.author}</td>
            {!ofBranch && <td class="by"><SourceLink name={revision.source} /></td>}
            <td class="number"><Counts added={revision.added} removed={revision.removed} /></td>
            <td class="why">{revision.reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function SourceLink({ name }: { name: string }) {
  return <button type="button" class="link" onClick={() => go({ show: "sources", source: name })}>{name}</button>;
}

const TO_THE_LIST: Way = ["Back to the list", () => go({ revision: null, against: null })];

/** The revision that is open, of the site or of the branch that is looked at. */
export function Opened() {
  const { state, data, error, absent } = opened.value;
  if (state === "failed") return <Failure title="This revision did not load" error={error} way={absent ? TO_THE_LIST : null} />;
  if (!data) return <Notice kind="loading" title="Loading…" />;
  return <Facts revision={data} />;
}

function Facts({ revision }: { revision: OpenedRevision }) {
  const { number, branch, at, author, source, reason, changes } = revision;
  const [reverting, setReverting] = useState(false);
  const here = view.value.branch === branch ? view.value.asOf : null;
  const last = revisions.value.data?.[0]?.number ?? number;
  return (
    <>
      <h1>Revision {whole(number)}{branch !== null && <span class="quiet"> of the branch {branch}</span>}</h1>
      <p class="quiet" title={at}>{instant(at)} · {author}{branch === null && <> · source <SourceLink name={source} /></>}</p>
      <p>{reason || <span class="quiet">no reason given</span>}</p>
      <div class="row">
        {branch === null && number > 1 && (
          <button type="button" aria-pressed={here === String(number - 1)} onClick={() => lookAt({ asOf: String(number - 1), branch: null })}>Look at the site before it</button>
        )}
        <button type="button" aria-pressed={here === String(number)} onClick={() => lookAt({ asOf: String(number), branch })}>Look at the {branch === null ? "site" : "branch"} after it</button>
        {branch === null && <Against number={number} last={last} />}
        {branch === null && <button type="button" onClick={() => setReverting(true)}>Revert…</button>}
      </div>
      {branch === null && view.value.against !== null ? <Compared number={number} against={view.value.against} /> : (
        <>
          <h2>What it changed</h2>
          <DifferenceList onMore={moreStatements} difference={changes} empty="It changed no fact." />
        </>
      )}
      {reverting && <Revert revision={revision} onClose={() => setReverting(false)} />}
    </>
  );
}

/** Chooses another revision to compare with; any number, from the list or not. */
function Against({ number, last }: { number: number; last: number }) {
  const [other, setOther] = useState("");
  const wanted = Number(other);
  return (
    <form class="line-form" onSubmit={(event) => { event.preventDefault(); go({ against: wanted }); }}>
      <label>compare with revision
        <input type="number" min="1" max={Math.max(last, number)} step="1" required value={other} onInput={(event) => setOther(event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={other === "" || wanted === number}>Compare</button>
    </form>
  );
}

function Compared({ number, against }: { number: number; against: number }) {
  const { state, data, error, absent } = compared.value;
  return (
    <>
      <h2>From revision {whole(Math.min(number, against))} to {whole(Math.max(number, against))}</h2>
      <button type="button" class="link" onClick={() => go({ against: null })}>‹ what revision {whole(number)} changed alone</button>
      {state === "failed" && <Failure title="The comparison failed" error={error} way={absent ? TO_THE_LIST : null} />}
      {!data && state === "loading" && <Notice kind="loading" title="Comparing…" />}
      {data && <DifferenceList onMore={moreStatements} difference={data} empty="Both revisions say the same." />}
    </>
  );
}

function Revert({ revision: { number, changes }, onClose }: { revision: OpenedRevision; onClose: () => void }) {
  return (
    <ActDialog
      title={`Revert revision ${number}`}
      verb="Revert"
      onClose={onClose}
      act={async (act) => {
        const { revision } = await revert(number, act);
        if (!revision) return "Nothing changed: what it said does not stand any more.";
        said.value = `Revision ${revision.number} undoes revision ${number}.`;
        go({ show: "history", revision: revision.number, against: null });
        return null;
      }}
    >
      <p>
        A new revision takes back what revision {whole(number)} added ({counted(changes.addedCount, "fact")}) and says again what it
        removed ({counted(changes.removedCount, "fact")}). The history keeps both. It is refused where a later revision has touched the same facts.
      </p>
      {!onSite.value && <p class="quiet">It changes the site, not the state that is looked at.</p>}
    </ActDialog>
  );
}
