// The small parts that every view is made of: outcome marks, notices, links to a node.
import type { ComponentChildren } from "preact";
import { lookOf, type Look } from "../core/outcomes";
import { labelOf } from "../core/labels";
import { retry, select, standpoint, visit, type Way } from "../core/navigate";
import { graph } from "../core/store";
import { mayMean } from "../core/format";
import { expand } from "../core/iri";
import type { Stand } from "../core/standing";
import type { Outcome } from "../core/types";

export function OutcomeMark({ outcome }: { outcome: Outcome }) {
  const look = lookOf(outcome);
  return look ? <LookMark look={look} /> : <span class="quiet">unaffected</span>;
}

/** Shape, word and colour together. */
export function LookMark({ look: { token, glyph, word } }: { look: Look }) {
  return <span class={`mark mark-${token}`}><span aria-hidden="true" class="glyph">{glyph}</span> {word}</span>;
}

/** Of the state that is looked at. */
export function darkWords(): string {
  return `without supply ${standpoint.value.asOf === null ? "now" : "then"}`;
}

/** How a node stands, without any what-if; nothing for what is as it should be and no switch. */
export function NowMark({ node: { down, position } }: { node: Stand }) {
  return (
    <>
      {position === "open" && <span class="mark"><OpenGlyph /> open</span>}
      {position === "closed" && <span class="quiet">closed</span>}
      {position !== null && down && " · "}
      {down && <span class="mark mark-lost"><span aria-hidden="true" class="glyph">□</span> {darkWords()}</span>}
    </>
  );
}

/** An open contact, as the graph draws it. */
export function OpenGlyph() {
  return (
    <svg class="open-glyph" width="12" height="14" viewBox="0 0 12 14" aria-hidden="true">
      <circle cx="4" cy="2" r="2" /><circle cx="4" cy="12" r="2" /><path d="M4 12 10 3" />
    </svg>
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

/** A reason in the service's words, each node in it called by its label. */
export function Reason({ text }: { text: string }) {
  return <>{text.split(/(\b[a-z][\w-]*:[^\s,;()]+[\w])/i).map((word, i) => (i % 2 === 1 && isId(word) ? labelOf(expand(word)) : word))}</>;
}

function isId(word: string): boolean {
  return expand(word) !== word || /^(urn|https?):/.test(word);
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

interface FailureProps {
  title: string;
  error: string | null;
  /** What a suggestion of the service leads to; a node unless told otherwise. */
  take?: (id: string) => void;
  /** The way out where another try is in vain. */
  way?: Way | null;
}

/** What went wrong, what the service suggests instead, and another try or the way out. */
export function Failure({ title, error, take = visit, way = null }: FailureProps) {
  const [word, leave] = way ?? ["Try again", retry];
  const [reason, meant] = mayMean(error ?? "No reason was given.");
  return (
    <Notice kind="error" title={title}>
      <p>
        {reason}
        {meant.map((name, i) => (
          <span key={name}>{i === 0 ? " Did you mean " : " or "}<button type="button" class="link" onClick={() => take(expand(name))}>{name}</button></span>
        ))}
        {meant.length > 0 && "?"}
      </p>
      <button type="button" onClick={leave}>{word}</button>
    </Notice>
  );
}
