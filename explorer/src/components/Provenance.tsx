// Who says what about a node: each statement with its source and revision, what follows from others marked as such; on a branch, the way to change it.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { PROVENANCE } from "../core/documents";
import { objectText, statementText } from "../core/difference";
import { instant, whole } from "../core/format";
import { compact, words } from "../core/iri";
import { labelOf } from "../core/labels";
import { editBranch } from "../core/ledger";
import { IDLE, load, type Loaded } from "../core/loading";
import { again, askHere, go, retry, said, standpoint } from "../core/navigate";
import type { Provenance as Told } from "../core/types";
import { ActDialog } from "./ActDialog";
import { EditStatement } from "./EditStatement";
import { Failure, NodeLink, Notice } from "./parts";

const told = signal<Loaded<Told[]>>(IDLE);
/** Statements told at most. */
const STATEMENTS_AT_ONCE = 200;

export function Provenance({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<"add" | Told | null>(null);
  const { asOf, branch } = standpoint.value;
  const changes = again.value;
  useEffect(() => {
    told.value = IDLE;
  }, [id]);
  useEffect(() => {
    if (!open) return;
    return load(told, async (stop) => (await askHere<{ provenance: Told[] }>(PROVENANCE, { id, first: STATEMENTS_AT_ONCE }, stop)).provenance);
  }, [open, id, asOf, branch, changes]);
  const editable = branch !== null && asOf === null;
  const { state, data, error } = told.value;
  const ground = (data ?? []).filter(({ inferred }) => !inferred);
  return (
    <>
      <details class="provenance" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Who says this</summary>
        {state === "failed" && <Failure title="Who says it was not told" error={error} />}
        {state === "loading" && !data && <Notice kind="loading" title="Asking…" />}
        {data?.length === 0 && <p class="quiet">Nobody says anything about it.</p>}
        {data && data.length > 0 && (
          <ul class="said" aria-label="Statements and who says them">
            {ground.map((one, i) => <Row key={i} told={one} onTakeOut={editable ? () => setEditing(one) : null} />)}
          </ul>
        )}
        {data && data.length > ground.length && (
          <details>
            <summary>Inferred, said by nobody <span class="count">{data.length - ground.length}</span></summary>
            <ul class="said" aria-label="Inferred statements">{data.filter(({ inferred }) => inferred).map((one, i) => <Row key={i} told={one} onTakeOut={null} />)}</ul>
          </details>
        )}
        {data?.length === STATEMENTS_AT_ONCE && <p class="quiet">and perhaps more: <code>ridethrough provenance</code> tells all.</p>}
      </details>
      {editable && <button type="button" class="small" onClick={() => setEditing("add")}>Add a statement…</button>}
      {editing === "add" && branch !== null && <EditStatement subject={id} branch={branch} onClose={() => setEditing(null)} />}
      {editing !== null && editing !== "add" && branch !== null && <TakeOut one={editing} branch={branch} onClose={() => setEditing(null)} />}
    </>
  );
}

function Row({ told: one, onTakeOut }: { told: Told; onTakeOut: (() => void) | null }) {
  const { predicate, object, objectIsId, inferred } = one;
  return (
    <li class={inferred ? "inferred" : ""}>
      <p>
        <span class="quiet" title={predicate}>{compact(predicate)}</span>{" "}
        {objectIsId && /^(https?|urn):/.test(object) ? <NodeLink id={object} label={labelOf(object)} /> : <span title={compact(object)}>{objectText(one)}</span>}
        {onTakeOut && <button type="button" class="take-out" title="Take out on this branch" aria-label={`Take out ${statementText(one)}`} onClick={onTakeOut}>×</button>}
      </p>
      <p class="quiet">{inferred ? <Because told={one} /> : <Source told={one} />}</p>
    </li>
  );
}

function Source({ told: { source, graph, revision } }: { told: Told }) {
  return (
    <>
      <button type="button" class="link" title={graph ?? undefined} onClick={() => go({ show: "sources", source })}>{source ?? "nobody known"}</button>
      {revision && (
        <>
          {" · "}
          <button type="button" class="link" title={`${revision.author}: ${revision.reason}`} onClick={() => go(revision.branch === null ? { show: "history", revision: revision.number, against: null } : { show: "branches", branch: revision.branch, revision: revision.number })}>
            revision {whole(revision.number)}{revision.branch !== null && " of the branch"}
          </button>
          {" · "}<span title={revision.at}>{instant(revision.at)}, {revision.author}</span>
        </>
      )}
    </>
  );
}

function Because({ told: { because } }: { told: Told }) {
  return <>inferred{because.length > 0 && <>, because {because.map((one) => `${labelOf(one.subject)} ${words(one.predicate)} ${one.objectIsId ? labelOf(one.object) : objectText(one)}`).join(" and ")}</>}</>;
}

function TakeOut({ one, branch, onClose }: { one: Told; branch: string; onClose: () => void }) {
  return (
    <ActDialog
      title="Take out a statement"
      verb="Take out"
      onClose={onClose}
      act={async (act) => {
        const { subject, predicate, object, objectIsId, datatype, language } = one;
        const { revision } = await editBranch(branch, [], [{ subject, predicate, object, objectIsId, datatype: language ? null : datatype, language }], act);
        if (!revision) return "Nothing changed: the branch does not say it any more.";
        said.value = `Taken out on the branch ${branch}.`;
        retry();
        return null;
      }}
    >
      <p>On the branch {branch}, nobody says any more: {labelOf(one.subject)} {statementText(one)}.</p>
    </ActDialog>
  );
}
