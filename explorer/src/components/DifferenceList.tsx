// A difference, grouped by entity: what is said anew, what no longer, and what in its place.
import { useMemo } from "preact/hooks";
import { byEntity, isUnnamed, objectText, type Group, type Line } from "../core/difference";
import { counted, whole } from "../core/format";
import { compact } from "../core/iri";
import { labelOf } from "../core/labels";
import { statements, STATEMENTS_AT_MOST } from "../core/ledger";
import type { Difference, Statement } from "../core/types";
import { NodeLink } from "./parts";

/** Entities whose lines are shown; the others are counted. */
const GROUPS_SHOWN = 200;

interface DifferenceListProps {
  difference: Difference;
  empty?: string;
  /** Asks for more of its statements; what can give no more has none. */
  onMore?: () => void;
}

export function DifferenceList({ difference, empty = "Nothing is different.", onMore }: DifferenceListProps) {
  const { addedCount, removedCount, added, removed } = difference;
  const groups = useMemo(() => byEntity(difference), [difference]);
  if (addedCount + removedCount === 0) return <p class="quiet">{empty}</p>;
  const left = addedCount + removedCount - added.length - removed.length;
  return (
    <div class="difference" role="region" aria-label="Difference">
      <p class="quiet"><Counts added={addedCount} removed={removedCount} /> · {counted(addedCount + removedCount, "fact")} about {left > 0 && "at least "}{counted(groups.length, "entity", "entities")}</p>
      {groups.slice(0, GROUPS_SHOWN).map((group) => <Entity key={group.subject} group={group} />)}
      {groups.length > GROUPS_SHOWN && <p class="quiet">{whole(groups.length - GROUPS_SHOWN)} more entities are not listed.</p>}
      {left > 0 && (onMore && statements.value < STATEMENTS_AT_MOST
        ? <button type="button" class="small" onClick={onMore}>{whole(left)} more facts…</button>
        : <p class="quiet">{whole(left)} more facts are not listed{onMore && <>; <code>ridethrough diff</code> on the command line lists them all</>}.</p>)}
    </div>
  );
}

/** What a revision added and removed, in numbers. */
export function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span class="changed">
      <span aria-label={`${added} added`}>+{whole(added)}</span> <span aria-label={`${removed} removed`}>−{whole(removed)}</span>
    </span>
  );
}

function Entity({ group: { subject, lines } }: { group: Group }) {
  return (
    <section>
      <h3>{isUnnamed(subject) ? <span class="quiet">(unnamed)</span> : <NodeLink id={subject} label={labelOf(subject)} />}</h3>
      <table class="lines">
        <tbody>{lines.map((line, i) => <Row key={i} line={line} />)}</tbody>
      </table>
    </section>
  );
}

function Row({ line: { predicate, graph, before, after } }: { line: Line }) {
  const sign = before && after ? "→" : after ? "+" : "−";
  const word = before && after ? "replaced" : after ? "added" : "removed";
  return (
    <tr class={`line-${word}`} title={graph ? `in ${compact(graph)}` : undefined}>
      <td class="sign"><span aria-hidden="true">{sign}</span><span class="unseen">{word}</span></td>
      <th scope="row">{compact(predicate)}</th>
      <td>
        {before && <del><Said statement={before} /></del>}
        {before && after && " → "}
        {after && <ins><Said statement={after} /></ins>}
      </td>
    </tr>
  );
}

function Said({ statement }: { statement: Statement }) {
  return <span title={statement.object}>{objectText(statement)}</span>;
}
