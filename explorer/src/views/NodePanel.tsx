// One node: what it is, what it is joined to, what it reads now, and the question this product is for.
import { useMemo } from "preact/hooks";
import { Points } from "../components/Points";
import { Provenance } from "../components/Provenance";
import { Relations } from "../components/Relations";
import { Failure, NodeLink, Notice, NowMark, OutcomeMark, Reason } from "../components/parts";
import { symbol } from "../core/format";
import { compact, DCX, localName, words } from "../core/iri";
import { labelOf } from "../core/labels";
import { landing, view, visit, wayHome } from "../core/navigate";
import { whatIf, withoutFailed } from "../core/scenarios";
import { entity, graph } from "../core/store";
import { spellText } from "../core/timeline";
import { explained, failing, impact, spells } from "../core/whatif";
import type { Entity, Property } from "../core/types";

export function NodePanel() {
  const { state, data, error, absent } = entity.value;
  return (
    <aside class="panel" aria-label="Selected node">
      {state === "idle" && <Welcome />}
      {state === "loading" && !data && <Notice kind="loading" title="Loading…" />}
      {state === "failed" && <Failure title="This node did not load" error={error} way={absent ? wayHome() : null} />}
      {data && <Facts node={data} />}
    </aside>
  );
}

function Welcome() {
  if (landing.value === "") return <Notice title="Nothing is selected" />;
  return (
    <Notice title="Nothing is selected">
      <p>Select a node in the graph, or search for one with <kbd>/</kbd>.</p>
      <p>Then ask <em>what if this fails</em> with <kbd>i</kbd>. <kbd>?</kbd> lists every key.</p>
      {landing.value && <p>A place to start: <NodeLink id={landing.value} /></p>}
    </Notice>
  );
}

function Facts({ node }: { node: Entity }) {
  const came = useMemo(() => performance.now(), [node]);
  const failed = view.value.fail.includes(node.id);
  return (
    <>
      <h1>{node.label}</h1>
      <p class="quiet">
        {node.class ? words(node.class) : "no class"} · <span class="id">{node.curie}</span>
      </p>
      <Now id={node.id} />
      <Standing id={node.id} isTenant={node.class === `${DCX}Tenant`} />
      <div class="row">
        <button type="button" class="primary" onClick={() => whatIf(node.id)} aria-keyshortcuts="i">What if this fails</button>
        {failed ? (
          <button type="button" onClick={() => withoutFailed(node.id)}>Take out of what-if</button>
        ) : (
          view.value.fail.length > 0 && <button type="button" onClick={() => whatIf(node.id, true)} aria-keyshortcuts="a">Add to what-if</button>
        )}
        {view.value.around !== null && <button type="button" onClick={() => visit(node.id)}>Draw around it</button>}
      </div>
      <h2>Relations</h2>
      <Relations id={node.id} relations={node.relations} />
      <h2>Points <span class="count">{node.points.length}</span></h2>
      <Points points={node.points} came={came} />
      <h2>Properties</h2>
      <dl class="pairs">
        <dt>class</dt>
        <dd>{node.classes.map((one) => compact(one)).join(", ") || "–"}</dd>
        {node.inferredClasses.length > 0 && <><dt>inferred</dt><dd class="quiet">{node.inferredClasses.map((one) => compact(one)).join(", ")}</dd></>}
        {node.properties.map((property, i) => (
          <Said key={i} property={property} />
        ))}
      </dl>
      <Provenance id={node.id} />
    </>
  );
}

function Said({ property: { predicate, value, unit } }: { property: Property }) {
  const shown = /^(https?:|urn:)/.test(value) ? compact(value) : value;
  return <><dt title={compact(predicate)}>{words(localName(predicate))}</dt><dd>{shown}{unit !== null && ` ${symbol(unit)}`}</dd></>;
}

/** How it stands now, where it is drawn: the position of a switch, and whether it is without a supply. */
function Now({ id }: { id: string }) {
  const node = graph.value.data?.nodes.find((drawn) => drawn.id === id);
  if (!node || (!node.down && node.position === null)) return null;
  return <p class="standing" aria-label="Now"><NowMark node={node} /></p>;
}

/** What the what-if that is shown says of this node. */
function Standing({ id, isTenant }: { id: string; isTenant: boolean }) {
  const found = impact.value.data;
  if (!found) return null;
  if (failing.value.has(id)) return <p class="standing">✕ fails in this what-if</p>;
  if (view.value.t !== null && spells.value.has(id)) return <Course id={id} />;
  const rows = found.outcomes.filter((row) => row.id === id).map(explained);
  if (rows.length === 0 && isTenant) {
    return <p class="standing quiet">A tenant has no supply of its own: the what-if tells of its racks, servers and services.</p>;
  }
  if (rows.length === 0) return <p class="standing quiet">unaffected by this what-if</p>;
  return (
    <ul class="standing">
      {rows.map((row) => (
        <li key={row.medium}>
          <OutcomeMark outcome={row.outcome} /> · {words(row.medium)}{row.evidence.length > 0 && <> · because of {row.evidence.map(labelOf).join(" and ")}</>}
          {row.exposedTo.length > 0 && <> · now exposed to {row.exposedTo.map(labelOf).join(", ")}</>}
        </li>
      ))}
    </ul>
  );
}

/** What becomes of each of its supplies in time. */
function Course({ id }: { id: string }) {
  return (
    <ul class="standing">
      {spells.value.get(id)?.map((spell) => <li key={spell.medium}>{spell.medium && <strong>{words(spell.medium)}: </strong>}<Reason text={spellText(spell)} /></li>)}
    </ul>
  );
}
