// Which time is looked at: now, a revision, or an instant.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../core/client";
import { REVISIONS } from "../core/documents";
import { instant, whole } from "../core/format";
import { IDLE, load, type Loaded } from "../core/loading";
import { lookAt, view } from "../core/navigate";
import type { Revision } from "../core/types";

export const whenOpen = signal(false);
/** Revisions offered; the history has all. */
const OFFERED = 8;
const offered = signal<Loaded<Revision[]>>(IDLE);

export function When() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [number, setNumber] = useState("");
  const [moment, setMoment] = useState("");
  const branch = view.value.branch;
  useEffect(() => {
    if (!whenOpen.value) {
      dialog.current?.close();
      return;
    }
    dialog.current?.showModal();
    return load(offered, async (stop) => (await ask<{ revisions: Revision[] }>(REVISIONS, { first: OFFERED, before: null }, stop)).revisions);
  }, [whenOpen.value]);
  const look = (asOf: string | null): void => {
    lookAt({ asOf });
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} aria-labelledby="when" onClose={() => (whenOpen.value = false)}>
      <h2 id="when">Look at {branch === null ? "the site" : `the branch ${branch}`} as it was</h2>
      <button type="button" aria-pressed={view.value.asOf === null} onClick={() => look(null)}>{branch === null ? "Now" : "The newest of the branch"}</button>
      {branch === null && (
        <ul class="offered" aria-label="Newest revisions">
          {offered.value.data?.map((revision) => (
            <li key={revision.number}>
              <button type="button" class="link" onClick={() => look(String(revision.number))}>revision {whole(revision.number)}</button>{" "}
              <span class="quiet" title={revision.at}>{instant(revision.at)} · {revision.author}, {revision.reason || "no reason given"}</span>
            </li>
          ))}
          {offered.value.state === "loading" && !offered.value.data && <li class="quiet">asking…</li>}
          {offered.value.state === "failed" && <li class="quiet">{offered.value.error}</li>}
        </ul>
      )}
      <form class="line-form" onSubmit={(event) => { event.preventDefault(); look(number); }}>
        <label>revision<input type="number" min={branch === null ? 1 : 0} step="1" required value={number} onInput={(event) => setNumber(event.currentTarget.value)} /></label>
        <button type="submit" disabled={number === ""}>Look</button>
      </form>
      <form class="line-form" onSubmit={(event) => { event.preventDefault(); look(new Date(moment).toISOString()); }}>
        <label>instant<input type="datetime-local" step="1" required value={moment} onInput={(event) => setMoment(event.currentTarget.value)} /></label>
        <button type="submit" disabled={moment === "" || Number.isNaN(Date.parse(moment))}>Look</button>
      </form>
      <div class="row"><button type="button" onClick={() => dialog.current?.close()}>Close</button></div>
    </dialog>
  );
}
