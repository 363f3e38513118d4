// What a node is joined to, grouped by relation; supply first.
import { useEffect, useState } from "preact/hooks";
import { RELATION } from "../core/documents";
import { askHere } from "../core/navigate";
import { whole } from "../core/format";
import { phrase, relationRank } from "../core/media";
import { compact } from "../core/iri";
import type { Page, Relation } from "../core/types";
import { NodeLink } from "./parts";

export function Relations({ id, relations }: { id: string; relations: readonly Relation[] }) {
  const shown = relations
    .filter(({ predicate, direction }) => relationRank(predicate, direction) < 3)
    .sort(
      (a, b) =>
        relationRank(a.predicate, a.direction) - relationRank(b.predicate, b.direction) ||
        phrase(a.predicate, a.direction).localeCompare(phrase(b.predicate, b.direction), "en"),
    )
    .filter((relation, i, all) => all.findIndex((other) => said(other) === said(relation)) === i);
  if (shown.length === 0) return <p class="quiet">Joined to nothing.</p>;
  return <>{shown.map((relation) => <Group key={`${relation.predicate} ${relation.direction}`} id={id} relation={relation} />)}</>;
}

/** A relation stated both ways (hasPart and isPartOf) reads the same from here, and is shown once. */
function said({ predicate, direction, count, entities }: Relation): string {
  return [phrase(predicate, direction), count, ...entities.nodes.map((node) => node.id).sort()].join(" ");
}

function Group({ id, relation }: { id: string; relation: Relation }) {
  const [page, setPage] = useState<Page>(relation.entities);
  useEffect(() => setPage(relation.entities), [relation]);
  const more = async (): Promise<void> => {
    const { predicate, direction } = relation;
    const answer = await askHere<{ entity: { relations: { entities: Page }[] } | null }>(RELATION, {
      id, predicate, direction, after: page.pageInfo.endCursor,
    });
    const next = answer.entity?.relations[0]?.entities;
    if (next) setPage({ ...next, nodes: [...page.nodes, ...next.nodes] });
  };
  return (
    <details open={relation.count <= 12 || relationRank(relation.predicate, relation.direction) < 2}>
      <summary title={compact(relation.predicate)}>
        {phrase(relation.predicate, relation.direction)} <span class="count">{whole(relation.count)}</span>
      </summary>
      <ul class="links">
        {page.nodes.map((node) => <li key={node.id}><NodeLink id={node.id} label={node.label} /></li>)}
        {page.pageInfo.hasNextPage && (
          <li><button type="button" class="small" onClick={() => void more()}>{whole(relation.count - page.nodes.length)} more…</button></li>
        )}
      </ul>
    </details>
  );
}
