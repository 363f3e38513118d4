// The graph around a node, or its table twin, with the controls and the legend.
import { useState } from "preact/hooks";
import { canDraw, canvas } from "../components/canvas";
import { GraphCanvas } from "../components/GraphCanvas";
import { GraphTable } from "../components/GraphTable";
import { darkWords, Failure, LookMark, Notice, OpenGlyph } from "../components/parts";
import { whole } from "../core/format";
import { mediumOf } from "../core/media";
import { labelOf } from "../core/labels";
import { centre, go, landing, view, wayHome } from "../core/navigate";
import { OUTCOMES } from "../core/outcomes";
import { linesOf } from "../core/standing";
import { graph } from "../core/store";
import { MOMENTS } from "../core/timeline";
import { impact, looks } from "../core/whatif";
import { MOST_HOPS } from "../core/url";
import type { GraphView } from "../core/types";

export function GraphPane() {
  const [undrawable, setUndrawable] = useState<string | null>(() => (canDraw() ? null : "this browser has no WebGL"));
  const { state, data, error, absent } = graph.value;
  const table = view.value.show === "table" || undrawable !== null;
  return (
    <section class="graph" aria-label="Graph">
      {centre.value !== null && <Toolbar table={table} drawable={undrawable === null} drawn={data} />}
      {undrawable !== null && <p class="banner">The graph cannot be drawn: {undrawable}. Its table holds the same facts.</p>}
      <div class="stage">
        {state === "failed" && <Failure title="The graph did not load" error={error} way={absent ? wayHome() : null} />}
        {state === "idle" && landing.value === "" && (
          <Notice title="The twin is empty">
            <p>Load a model under <button type="button" class="link" onClick={() => go({ show: "sources" })}>Sources</button>, or look at the demo with <code>ridethrough demo</code>.</p>
          </Notice>
        )}
        {!data && (state === "loading" || (state === "idle" && landing.value === null)) && <Notice kind="loading" title="Loading the graph…" />}
        {table ? data && <GraphTable drawn={data} /> : <GraphCanvas onFailure={setUndrawable} />}
      </div>
      {!table && data && <Legend drawn={data} />}
    </section>
  );
}

function Toolbar({ table, drawable, drawn }: { table: boolean; drawable: boolean; drawn: GraphView | null }) {
  const { hops, around } = view.value;
  return (
    <div class="toolbar">
      <span class="where">
        {centre.value !== null && <>around <strong>{labelOf(drawn?.center ?? centre.value)}</strong></>}
        {drawn && (
          <span class="quiet">
            {" "}· {whole(drawn.nodes.length)} nodes{drawn.truncated > 0 && `, ${whole(drawn.truncated)} more not drawn`}
          </span>
        )}
        {around !== null && view.value.at !== null && <span class="quiet"> · <kbd>Enter</kbd> draws around the selected one</span>}
      </span>
      <span class="row" role="group" aria-label="Reach of the graph">
        <button type="button" class="small" disabled={hops <= 1} onClick={() => go({ hops: hops - 1 }, true)} aria-label="One step less" aria-keyshortcuts="[">−</button>
        <span class="quiet">{hops} {hops === 1 ? "step" : "steps"}</span>
        <button type="button" class="small" disabled={hops >= MOST_HOPS} onClick={() => go({ hops: hops + 1 }, true)} aria-label="One step more" aria-keyshortcuts="]">+</button>
      </span>
      {!table && <button type="button" class="small" onClick={() => canvas.value?.fit()} aria-keyshortcuts="0">Fit</button>}
      {drawable && (
        <button type="button" class="small" aria-pressed={table} onClick={() => go({ show: table ? "graph" : "table" })} aria-keyshortcuts="g">
          {table ? "Graph" : "Table"}
        </button>
      )}
    </div>
  );
}

function Legend({ drawn }: { drawn: GraphView }) {
  const shown = new Set(drawn.nodes.map(({ id }) => looks.value.get(id)));
  const media = [...new Map(linesOf(drawn, view.value.at).map(({ medium }) => [mediumOf(medium).token, mediumOf(medium)])).values()];
  return (
    <ul class="legend" aria-label="Legend">
      {media.map(({ token, word, pattern: [on, off] }) => (
        <li key={token}>
          <svg width="28" height="8" aria-hidden="true" class={`line line-${token}`}>
            <line x1="0" y1="4" x2="28" y2="4" stroke-dasharray={off ? `${on} ${off}` : undefined} />
          </svg>{" "}
          {word}
        </li>
      ))}
      {drawn.nodes.some(({ position }) => position === "open") && <li><OpenGlyph /> open</li>}
      {drawn.nodes.some(({ down }) => down) && <li class="mark-lost"><span aria-hidden="true">□</span> {darkWords()}</li>}
      {impact.value.data && (
        <>
          <li><span aria-hidden="true">✕</span> fails</li>
          {[...OUTCOMES, ...MOMENTS].filter((look) => shown.has(look)).map((look) => <li key={look.word}><LookMark look={look} /></li>)}
        </>
      )}
    </ul>
  );
}
