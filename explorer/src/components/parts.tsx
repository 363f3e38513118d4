// The small parts that every view is made of: outcome marks, notices, links to a node.
import type { ComponentChildren } from "preact";
import { lookOf } from "../core/outcomes";
import { labelOf, select, visit, graph, retry } from "../core/store";
import type { Outcome } from "../core/types";

export function OutcomeMark({ outcome, words = true }: { outcome: Outcome; words?: boolean }) {
  const look = lookOf(outcome);
  if (!look) return <span class="quiet">unaffected</span>;
  return (
    <span class={`mark mark-${look.token}`}>
      <span aria-hidden="true" class="glyph">{look.glyph}</span>
      {words ? ` ${look.word}` : <span class="unseen">{look.word}</span>}
    </span>
  );
}

/** Selects the node where it is drawn, or draws the graph around it where it is not. */
export function reach(id: string): void {
  if (graph.value.data?.nodes.some((node) => node.id === id)) select(id);
  else visit(id);
}

export function NodeLink({ id, label }: { id: string; label?: string }) {
  return (
    <button type="button" class="link" title={id} onClick={() => reach(id)}>
      {label ?? labelOf(id)}
    </button>
  );
}

interface NoticeProps {
  title: string;
  kind?: "loading" | "empty" | "error";
  children?: ComponentChildren;
}

/** A state with words and a next step. */
export function Notice({ title, kind = "empty", children }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role={kind === "error" ? "alert" : undefined} aria-busy={kind === "loading"}>
      <strong>{title}</strong>
      {children && <div>{children}</div>}
    </div>
  );
}

export function Failure({ title, error }: { title: string; error: string | null }) {
  return (
    <Notice kind="error" title={title}>
      <p>{error ?? "No reason was given."}</p>
      <button type="button" onClick={retry}>Try again</button>
    </Notice>
  );
}
