"""`ridethrough provenance`: who says each fact about an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.as_of import At, BranchName, as_of, opened_ledger
from twin.cli.output import Config, Data, Json, Store, instant, say, say_json, settings_from, table

if TYPE_CHECKING:
    from twin.ledger.answers import Said


def provenance(
    entity: Annotated[str, typer.Argument(metavar="ID", help="IRI or CURIE.", show_default=False)],
    inferred: Annotated[bool, typer.Option("--inferred", help="Tell inferred facts too, with what they follow from.")] = False,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Tell every fact about an entity with who says it, when, and by which revision."""
    from graph.errors import UnknownEntity
    from graph.names import no_entity
    from ontology.namespaces import compact

    asked = as_of(at, branch)
    with opened_ledger(settings_from(config, data=data, store=store), "provenance") as opened:
        snapshot = opened.ledger.snapshot(asked)
        if snapshot.find(entity) is None:
            raise UnknownEntity(no_entity(snapshot, entity))
        told = opened.ledger.provenance(entity, asked, inferred=inferred)
    if json:
        say_json({"revision": snapshot.revision, "facts": [_row(each) for each in told]})
        return
    say(f"{compact(told[0].quad[0]) if told else entity}, {f'branch {branch}' if branch else f'revision {snapshot.revision}'}:")
    table(("PREDICATE", "OBJECT", "SOURCE", "REVISION", "AT", "BY"), [_line(each) for each in told])


def _row(each: Said) -> dict[str, Any]:
    from twin.cli.rows import fact_row, revision_row

    row: dict[str, Any] = {**fact_row(each.quad), "source": each.source, "inferred": each.inferred}
    row["revision"] = None if each.revision is None else revision_row(each.revision)
    if each.inferred:
        row["because"] = [fact_row(quad) for quad in each.because]
    return row


def _line(each: Said) -> tuple[str, ...]:
    from ontology.namespaces import compact
    from twin.cli.rows import fact_line, shown

    obj = shown(each.quad[2])
    if each.inferred:
        return compact(each.quad[1]), obj, f"inferred from {'; '.join(map(fact_line, each.because))}", "", "", ""
    revision = each.revision
    known = ("", "", "") if revision is None else (f"{revision.number}", instant(revision.cause.at), revision.cause.author)
    return compact(each.quad[1]), obj, each.source, *known
