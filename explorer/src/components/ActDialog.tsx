// The one way in which the explorer changes the twin: what is about to happen, who wants it and why, and what was answered.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { author, newKey, notChanged } from "../core/sending";
import type { Act } from "../core/ledger";

interface ActDialogProps {
  title: string;
  /** The word on the button that does it. */
  verb: string;
  children?: ComponentChildren;
  /** What the children ask for and is not there yet, in words. */
  lacks?: readonly string[];
  /** Whether it is kept who did it and why. */
  kept?: boolean;
  /** Does it. Resolves to what is to be read before the dialog closes, or to null. */
  act: (act: Act) => Promise<string | null>;
  onClose: () => void;
}

export function ActDialog({ title, verb, children, lacks = [], kept = true, act, onClose }: ActDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState("");
  const [state, setState] = useState<"open" | "sending" | "done">("open");
  const [told, setTold] = useState<string | null>(null);
  const [key] = useState(newKey);
  useEffect(() => dialog.current?.showModal(), []);

  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setTold(null);
    setState("sending");
    try {
      const words = await act({ author: author.value.trim(), reason: reason.trim(), key });
      if (words === null) {
        dialog.current?.close();
        return;
      }
      setTold(words);
      setState("done");
    } catch (cause) {
      setTold(notChanged(cause));
      setState("open");
    }
  };

  const lacking = [...lacks, ...(kept ? lackingWhoAndWhy(reason) : [])];
  return (
    <dialog ref={dialog} aria-labelledby="act" onClose={onClose}>
      <form onSubmit={(event) => void send(event)}>
        <h2 id="act">{title}</h2>
        {children}
        {kept && <WhoAndWhy reason={reason} onReason={setReason} />}
        {told && <p role={state === "done" ? "status" : "alert"} class={state === "done" ? "" : "refusal"}>{told}</p>}
        <div class="row">
          {state !== "done" && <button type="submit" class="primary" disabled={lacking.length > 0 || state === "sending"}>{state === "sending" ? "…" : verb}</button>}
          <button type="button" onClick={() => dialog.current?.close()}>{state === "done" ? "Close" : "Cancel"}</button>
          {state === "open" && <Lacking words={lacking} />}
        </div>
      </form>
    </dialog>
  );
}

/** What a button that is still grey waits for. */
export function Lacking({ words }: { words: readonly string[] }) {
  return <span class="quiet lacking" role="status">{words.length > 0 && `still needed: ${words.join(", ")}`}</span>;
}

/** The shortest reason that says something, in characters. */
const REASON_LEAST = 3;

/** Of a reason, what is missing. */
export function lackingReason(reason: string): string[] {
  return reason.trim().length < REASON_LEAST ? [`a reason of at least ${REASON_LEAST} characters`] : [];
}

export function lackingWhoAndWhy(reason: string): string[] {
  return [...(author.value.trim() === "" ? ["your name"] : []), ...lackingReason(reason)];
}

/** The two fields that every revision has. */
export function WhoAndWhy({ reason, onReason }: { reason: string; onReason: (reason: string) => void }) {
  return (
    <>
      <label>your name<input type="text" required value={author.value} onInput={(event) => (author.value = event.currentTarget.value)} /></label>
      <label>reason<input type="text" required minLength={REASON_LEAST} value={reason} onInput={(event) => onReason(event.currentTarget.value)} /></label>
    </>
  );
}
