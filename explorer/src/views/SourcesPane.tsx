// Who says what in the twin: each source with what it owns, when it last spoke and what is wrong with it; and the way to load a file.
import { useEffect, useState } from "preact/hooks";
import { FindingCounts, FindingList } from "../components/FindingList";
import { LoadFile } from "../components/LoadFile";
import { Failure, Notice } from "../components/parts";
import { Withdraw } from "../components/Withdraw";
import { instant, whole } from "../core/format";
import { compact } from "../core/iri";
import { checking, findings, sources } from "../core/ledger";
import { reasonOf } from "../core/loading";
import { go, onSite, standpoint, view } from "../core/navigate";
import type { Revision, Source } from "../core/types";
import { download, DOWNLOADS } from "../core/upload";

const POLICIES: Record<string, string> = {
  accept: "a change with errors is taken, and they are told",
  refuse: "a change with errors is refused",
  quarantine: "a change with errors is kept as a branch, until it is applied or dropped",
};

export function SourcesPane() {
  const [loading, setLoading] = useState<{ name: string | null } | null>(null);
  const { state, data, error } = sources.value;
  const here = data?.find(({ name }) => name === view.value.source);
  const empty = data?.length === 0;
  useEffect(() => {
    if (empty && view.peek().source === null) setLoading({ name: null });
  }, [empty]);
  return (
    <section class="ledger" aria-label="Sources">
      <div class="list">
        <div class="row"><h2>Sources</h2><span class="spread" /><button type="button" class="small" onClick={() => setLoading({ name: null })}>Load a file…</button></div>
        {!onSite.value && <p class="quiet">These are the sources of the site now. {view.value.branch === null ? "A download has the state that is looked at; load and withdraw change the site now." : "A download has the branch; a file that is loaded goes into it."}</p>}
        {state === "failed" && <Failure title="The sources did not load" error={error} />}
        {!data && state === "loading" && <Notice kind="loading" title="Loading…" />}
        {empty && <Notice title="Nobody has said anything yet"><p>A source is a tool that exports, or a file by hand. The first file that is loaded makes revision 1.</p></Notice>}
        {data && data.length > 0 && <Table sources={data} onOpen={(name) => { setLoading(null); go({ source: name }); }} />}
      </div>
      <div class="detail">
        {loading ? <LoadFile key={loading.name ?? ""} name={loading.name} onClose={() => setLoading(null)} /> : here
          ? <Facts key={here.name} source={here} onLoad={() => setLoading({ name: here.name })} />
          : data && view.value.source !== null ? <Notice title={`${view.value.source} says nothing now`}><p>Its revisions are in the history.</p></Notice>
          : data && data.length > 0 && <Notice title="No source is open"><p>Open one in the list: its graphs, its findings, its file.</p></Notice>}
      </div>
    </section>
  );
}

function Table({ sources: rows, onOpen }: { sources: readonly Source[]; onOpen: (name: string) => void }) {
  return (
    <table class="rows">
      <caption class="unseen">Sources by name</caption>
      <thead><tr><th scope="col">Source</th><th scope="col">Facts</th><th scope="col">Last sync</th><th scope="col">Policy</th><th scope="col">Findings</th></tr></thead>
      <tbody>
        {rows.map(({ name, quads, last, policy }) => {
          const found = findings.value.data?.get(name);
          return (
            <tr key={name} aria-selected={name === view.value.source}>
              <th scope="row"><button type="button" class="link" onClick={() => onOpen(name)}>{name}</button></th>
              <td class="number">{whole(quads)}</td>
              <td>{last ? <LastSync last={last} /> : <span class="quiet">never</span>}</td>
              <td title={POLICIES[policy.toLowerCase()]}>{policy.toLowerCase()}</td>
              <td>{checking.value ? <span class="quiet">checking…</span> : found ? <FindingCounts found={found} /> : <span class="quiet">–</span>}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function LastSync({ last: { number, at, author } }: { last: Revision }) {
  return <span title={at}>{instant(at)}, {author}, <RevisionLink number={number} /></span>;
}

export function RevisionLink({ number }: { number: number }) {
  return <button type="button" class="link" onClick={() => go({ show: "history", revision: number, against: null })}>revision {whole(number)}</button>;
}

function Facts({ source: { name, graphs, quads, last, policy }, onLoad }: { source: Source; onLoad: () => void }) {
  const { state, data, error } = findings.value;
  const found = data?.get(name);
  const busy = checking.value;
  const [withdrawing, setWithdrawing] = useState(false);
  return (
    <>
      <h1>{name}</h1>
      <dl class="pairs">
        <dt>facts</dt><dd>{whole(quads)}</dd>
        <dt>last sync</dt><dd>{last ? <><LastSync last={last} /><br />{last.reason}</> : "never"}</dd>
        <dt>policy</dt><dd>{policy.toLowerCase()}<span class="quiet"> · {POLICIES[policy.toLowerCase()]}</span></dd>
        <dt>{graphs.length === 1 ? "graph" : `${graphs.length} graphs`}</dt>
        <dd>{graphs.slice(0, 20).map((graph) => <div key={graph} class="id">{compact(graph)}</div>)}{graphs.length > 20 && <span class="quiet">{whole(graphs.length - 20)} more</span>}</dd>
      </dl>
      <div class="row">
        <button type="button" class="primary" onClick={onLoad}>Load a newer file…</button>
        <button type="button" onClick={() => setWithdrawing(true)}>Withdraw…</button>
        <Downloads name={name} />
      </div>
      <h2>Findings{busy ? <span class="quiet"> checking…</span> : found && <span class="count"> {found.length}</span>}</h2>
      {state === "failed" && <Failure title="The source was not checked" error={error} />}
      {found && <div class={busy ? "outdated" : ""} aria-busy={busy}>{busy && <p class="quiet">Of the state before:</p>}<FindingList found={found} /></div>}
      {withdrawing && <Withdraw name={name} onClose={() => setWithdrawing(false)} />}
    </>
  );
}

/** What the source says as a file, in the state that is looked at. */
function Downloads({ name }: { name: string }) {
  const [told, setTold] = useState<string | null>(null);
  const get = async (media: string, ending: string): Promise<void> => {
    setTold("on its way…");
    await download(name, media, ending, standpoint.value).then(() => setTold(null), (cause: unknown) => setTold(reasonOf(cause)));
  };
  return (
    <span class="row" role="group" aria-label="Download">
      <span class="quiet">download</span>
      {DOWNLOADS.map(([word, media, ending]) => <button key={ending} type="button" class="small" onClick={() => void get(media, ending)}>{word}</button>)}
      {told && <span class="quiet" role="status">{told}</span>}
    </span>
  );
}
