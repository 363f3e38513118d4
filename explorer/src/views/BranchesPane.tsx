// What-ifs of the model: made, looked at, compared with the site, made real or forgotten.
import { useState } from "preact/hooks";
import { ActDialog } from "../components/ActDialog";
import { DifferenceList } from "../components/DifferenceList";
import { Failure, Notice } from "../components/parts";
import { counted, instant, whole } from "../core/format";
import { applyBranch, branchDifference, branches, createBranch, dropBranch, moreStatements } from "../core/ledger";
import { status } from "../core/live";
import { backToNow, go, lookAt, retry, said, view } from "../core/navigate";
import type { Branch } from "../core/types";
import { Opened, RevisionTable } from "./HistoryPane";

const HELD = "quarantine/";

export function BranchesPane() {
  const [creating, setCreating] = useState(false);
  const { state, data, error } = branches.value;
  const name = view.value.branch;
  const here = data?.find((branch) => branch.name === name);
  return (
    <section class="ledger" aria-label="Branches">
      <div class="list">
        <div class="row"><h2>Branches</h2><span class="spread" /><button type="button" class="small" onClick={() => setCreating(true)}>New branch…</button></div>
        {state === "failed" && <Failure title="The branches did not load" error={error} />}
        {!data && state === "loading" && <Notice kind="loading" title="Loading…" />}
        {data?.length === 0 && (
          <Notice title="There is no branch">
            <p>A branch is a what-if of the model: change it, ask it everything that the site is asked, compare, then apply or drop it. The site does not notice.</p>
          </Notice>
        )}
        {data && data.length > 0 && <Table branches={data} />}
      </div>
      <div class="detail">
        {name === null && data && data.length > 0 && <Notice title="The site is looked at"><p>Choose a branch to look at it.</p></Notice>}
        {here && <Facts key={here.name} branch={here} />}
      </div>
      {creating && <Create onClose={() => setCreating(false)} />}
    </section>
  );
}

function Table({ branches: rows }: { branches: readonly Branch[] }) {
  return (
    <table class="rows">
      <caption class="unseen">Branches by name</caption>
      <thead><tr><th scope="col">Branch</th><th scope="col">On revision</th><th scope="col">Changes</th><th scope="col">Made</th><th scope="col">Reason</th></tr></thead>
      <tbody>
        {rows.map((branch) => (
          <tr key={branch.name} aria-selected={branch.name === view.value.branch}>
            <th scope="row"><button type="button" class="link" onClick={() => go({ branch: branch.name, asOf: null, revision: null })}>{branch.name}</button></th>
            <td class="number">{whole(branch.base)}</td>
            <td class="number">{whole(branch.revisions.length)}</td>
            <td class="when" title={branch.at}>{instant(branch.at)}, {branch.author}</td>
            <td class="why">{branch.reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ branch }: { branch: Branch }) {
  const [asking, setAsking] = useState<"apply" | "drop" | null>(null);
  const { state, data, error } = branchDifference.value;
  const newest = status.value.data?.revision ?? branch.base;
  return (
    <>
      <h1>{branch.name}</h1>
      <p class="quiet" title={branch.at}>{instant(branch.at)} · {branch.author} · on revision {whole(branch.base)}{newest > branch.base && `, ${counted(newest - branch.base, "revision")} behind the site`}</p>
      <p>{branch.reason || <span class="quiet">no reason given</span>}</p>
      {branch.name.startsWith(HELD) && (
        <p>Held back by the policy of the source {branch.name.slice(HELD.length)}: its findings are errors. Apply it if it is right all the same, or drop it and mend the source.</p>
      )}
      <div class="row">
        <button type="button" onClick={() => go({ show: "graph" })}>Show its graph</button>
        <button type="button" class="primary" disabled={(data?.addedCount ?? 0) + (data?.removedCount ?? 0) === 0} onClick={() => setAsking("apply")}>Apply to the site…</button>
        <button type="button" onClick={() => setAsking("drop")}>Drop…</button>
      </div>
      <h2>Different from revision {whole(branch.base)} of the site</h2>
      {state === "failed" && <Failure title="The comparison failed" error={error} />}
      {!data && state === "loading" && <Notice kind="loading" title="Comparing…" />}
      {data && <DifferenceList onMore={moreStatements} difference={data} empty="Nothing yet. Select an entity, and change what is said about it in its panel." />}
      {branch.revisions.length > 0 && <><h2>Its changes</h2><RevisionTable revisions={branch.revisions} /></>}
      {view.value.revision !== null && <Opened />}
      {asking === "apply" && <Apply branch={branch} onClose={() => setAsking(null)} />}
      {asking === "drop" && <Drop branch={branch} onClose={() => setAsking(null)} />}
    </>
  );
}

function Create({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [base, setBase] = useState("");
  return (
    <ActDialog
      title="New branch"
      verb="Create"
      lacks={name.trim() === "" ? ["a name for the branch"] : []}
      onClose={onClose}
      act={async (act) => {
        await createBranch(name.trim(), base === "" ? null : Number(base), act);
        said.value = `The branch ${name.trim()} is made.`;
        retry();
        lookAt({ branch: name.trim(), asOf: null });
        return null;
      }}
    >
      <label>name<input type="text" required value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
      <label>on revision <input type="number" min="1" step="1" placeholder="the newest" value={base} onInput={(event) => setBase(event.currentTarget.value)} /></label>
    </ActDialog>
  );
}

function Apply({ branch, onClose }: { branch: Branch; onClose: () => void }) {
  return (
    <ActDialog
      title={`Apply ${branch.name} to the site`}
      verb="Apply"
      onClose={onClose}
      act={async (act) => {
        const { revision, quarantined } = await applyBranch(branch.name, act);
        retry();
        if (quarantined) return `The policy of the source holds it back: it is kept as the branch ${quarantined}.`;
        if (!revision) return "Nothing changed: the site says all of it already.";
        said.value = `Revision ${revision.number}: the branch ${branch.name} is applied.`;
        go({ show: "history", revision: revision.number, against: null, branch: null, asOf: null });
        return null;
      }}
    >
      <p>What the branch changes becomes one revision of the site. It is refused where the site has meanwhile changed the same facts.</p>
    </ActDialog>
  );
}

function Drop({ branch, onClose }: { branch: Branch; onClose: () => void }) {
  const [sure, setSure] = useState(false);
  return (
    <ActDialog
      title={`Drop ${branch.name}`}
      verb="Drop"
      lacks={sure ? [] : ["that you tick “forget it”"]}
      kept={false}
      onClose={onClose}
      act={async () => {
        await dropBranch(branch.name);
        said.value = `The branch ${branch.name} is dropped.`;
        backToNow();
        retry();
        return null;
      }}
    >
      <p>The branch and its {counted(branch.revisions.length, "change")} are forgotten; nothing brings them back. The site stays as it is.</p>
      <label class="tick"><input type="checkbox" checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} /> forget it</label>
    </ActDialog>
  );
}
