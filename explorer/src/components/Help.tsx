// Every key, from the same table that the handler obeys.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { BINDINGS } from "../core/keys";

export const helpOpen = signal(false);

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [helpOpen.value]);
  return (
    <dialog ref={dialog} aria-labelledby="keys" onClose={() => (helpOpen.value = false)}>
      <h2 id="keys">Keys</h2>
      <dl class="pairs keys">
        {BINDINGS.map(({ keys, words }) => (
          <div key={words}><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{words}</dd></div>
        ))}
        <div><dt><kbd>← → ↑ ↓</kbd></dt><dd>in the graph: along the level, to the next level</dd></div>
        <div><dt>Shift + click</dt><dd>add a node to the what-if</dd></div>
        <div><dt>double click</dt><dd>draw the graph around a node</dd></div>
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>Close</button>
    </dialog>
  );
}
