// What kinds of things the twin holds, as a tree with counts; a class opens the list of its members.
import { useMemo, useState } from "preact/hooks";
import { whole } from "../core/format";
import { compact } from "../core/iri";
import { childrenOf, type Branch } from "../core/tree";
import { go, view } from "../core/navigate";
import { classes, members, moreMembers } from "../core/store";
import type { ClassInfo } from "../core/types";
import { Failure, NodeLink, Notice } from "./parts";

export function Classes() {
  const { state, data, error } = classes.value;
  const kind = view.value.class;
  const tree = useMemo(() => childrenOf((data ?? []).filter(({ described }) => described)), [data]);
  return (
    <nav class="classes" aria-label="Classes">
      {kind === null ? (
        <>
          <h2>Classes</h2>
          {state === "failed" && <Failure title="The classes did not load" error={error} />}
          {state === "loading" && !data && <Notice kind="loading" title="Loading classes…" />}
          {data?.length === 0 && <p class="quiet">None yet.</p>}
          <ul class="tree">{tree.map((branch) => <Twig key={branch.info.id} branch={branch} depth={0} />)}</ul>
          <Strange classes={(data ?? []).filter(({ described }) => !described)} />
        </>
      ) : (
        <Members kind={kind} label={data?.find(({ id }) => id === kind)?.label ?? compact(kind)} />
      )}
    </nav>
  );
}

function Twig({ branch, depth }: { branch: Branch; depth: number }) {
  const [open, setOpen] = useState(depth < 1 && branch.children.length <= 12);
  const { info, children } = branch;
  return (
    <li>
      <div class="twig">
        {children.length > 0 ? (
          <button type="button" class="fold" aria-expanded={open} aria-label={`Subclasses of ${info.label}`} onClick={() => setOpen(!open)}>
            {open ? "▾" : "▸"}
          </button>
        ) : (
          <span class="fold" />
        )}
        <button type="button" class="link" title={info.definition ?? info.curie} onClick={() => go({ class: info.id })}>
          {info.label}
        </button>
        <span class="count">{whole(info.count)}</span>
      </div>
      {open && children.length > 0 && <ul>{children.map((child) => <Twig key={child.info.id} branch={child} depth={depth + 1} />)}</ul>}
    </li>
  );
}

/** What entities name as their class and no ontology describes: a misspelling, or an ontology that is not loaded. */
function Strange({ classes: named }: { classes: readonly ClassInfo[] }) {
  if (named.length === 0) return null;
  return (
    <>
      <h2 title="No ontology that is loaded describes these: misspelt, or of an ontology of your own">Unknown classes <span class="count">{whole(named.length)}</span></h2>
      <ul class="tree" aria-label="Unknown classes">{named.map((info) => <Twig key={info.id} branch={{ info, children: [] }} depth={0} />)}</ul>
    </>
  );
}

function Members({ kind, label }: { kind: string; label: string }) {
  const { state, data, error } = members.value;
  return (
    <>
      <button type="button" class="link" onClick={() => go({ class: null })}>‹ all classes</button>
      <h2 title={kind}>{label}</h2>
      {state === "failed" && <Failure title="The list did not load" error={error} take={(id) => go({ class: id })} />}
      {!data && state === "loading" && <Notice kind="loading" title="Loading…" />}
      {data && (
        <>
          <p class="quiet">{whole(data.totalCount)} with subclasses</p>
          <ul class="members">{data.nodes.map((node) => <li key={node.id}><NodeLink id={node.id} label={node.label} /></li>)}</ul>
          {data.pageInfo.hasNextPage && (
            <button type="button" onClick={() => void moreMembers()}>{whole(data.totalCount - data.nodes.length)} more…</button>
          )}
        </>
      )}
    </>
  );
}
