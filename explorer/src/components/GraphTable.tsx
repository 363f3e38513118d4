// The table twin of the graph: the same nodes and lines, in order of level, for a screen reader and for where there is no WebGL.
import { compact, words } from "../core/iri";
import { mediumOf, phrase } from "../core/media";
import { labelOf } from "../core/labels";
import { nodeValues } from "../core/nodeValues";
import { view } from "../core/navigate";
import { span } from "../core/timeline";
import type { GraphView } from "../core/types";
import { failing, impact, looks } from "../core/whatif";
import { LookMark, NodeLink, NowMark } from "./parts";

export function GraphTable({ drawn }: { drawn: GraphView }) {
  const inOrder = [...drawn.nodes].sort((a, b) => a.level - b.level || a.x - b.x || (a.id < b.id ? -1 : 1));
  const joined = new Map<string, string[]>();
  for (const { source, target, predicate, medium } of drawn.edges) {
    const said = medium ? `feeds ${mediumOf(medium).word}` : phrase(predicate, "OUT");
    joined.set(source, [...(joined.get(source) ?? []), `${said}: ${labelOf(target)}`]);
  }
  const { t } = view.value;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Nodes of the graph">
      <table class="rows">
        <caption class="unseen">Nodes around {labelOf(drawn.center)}, by supply level from the source down</caption>
        <thead><tr><th scope="col">Level</th><th scope="col">Node</th><th scope="col">Class</th><th scope="col">Now</th><th scope="col">Reading</th><th scope="col">{t === null ? "Outcome" : `After ${span(t)}`}</th><th scope="col">Joined to</th></tr></thead>
        <tbody>
          {inOrder.map((node) => {
            const look = looks.value.get(node.id);
            const lines = joined.get(node.id) ?? [];
            return (
              <tr key={node.id} aria-selected={node.id === view.value.at} title={compact(node.id)}>
                <td class="number">{node.level}</td>
                <th scope="row"><NodeLink id={node.id} label={node.label} />{node.hidden > 0 && <span class="quiet"> +{node.hidden} not drawn</span>}</th>
                <td>{node.class ? words(node.class) : "–"}</td>
                <td><NowMark node={node} /></td>
                <td class="reading"><Reading of={node.id} /></td>
                <td>{failing.value.has(node.id) ? "✕ fails" : look ? <LookMark look={look} /> : impact.value.data ? <span class="quiet">unaffected</span> : "–"}</td>
                <td class="joined">{lines.slice(0, 3).join(" · ")}{lines.length > 3 && ` · ${lines.length - 3} more`}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The value of the point that says most about it. */
function Reading({ of }: { of: string }) {
  const value = nodeValues.value.get(of);
  return value ? <span title={value.words}><span class={`value value-${value.look}`}>{value.text.split(" · ")[0]}</span><span class="quiet">{value.words.replace(/^.*?, /, ", ")}</span></span> : <span class="quiet">–</span>;
}
