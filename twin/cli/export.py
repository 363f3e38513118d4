"""`ridethrough export`: the twin as RDF."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of, opened_ledger
from twin.cli.output import Config, Data, Failure, Store, settings_from, written_beside

if TYPE_CHECKING:
    from graph.snapshot import Snapshot
    from ontology.terms import QuadBlock
    from ontology.vocabulary import Vocabulary


class Format(StrEnum):
    """What can be written; the first two know one graph only and hold all graphs together."""

    TURTLE = "turtle"
    NTRIPLES = "ntriples"
    JSONLD = "jsonld"
    NQUADS = "nquads"
    TRIG = "trig"


def export(
    format: Annotated[  # noqa: A002 - the option's name
        Format, typer.Option(help="Syntax. turtle and ntriples merge all graphs; nquads, trig and jsonld keep them.")
    ] = Format.TURTLE,
    source: Annotated[str | None, typer.Option(help="Only what this source says.", show_default=False)] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output when not given.", show_default=False)
    ] = None,
    inferred: Annotated[
        bool, typer.Option("--inferred", help="Write inferred facts too, in a graph of their own, urn:ridethrough:inferred.")
    ] = False,
    at: At = None,
    branch: BranchName = "",
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Write the twin as RDF, in a fixed order: an equal twin gives equal bytes."""
    from ontology.rdf import write
    from ontology.sources import source_graph

    asked = as_of(at, branch)
    if inferred and source is not None:
        raise Failure("inferred facts belong to no source: leave --source or --inferred out", code=2)
    with opened_ledger(settings_from(config, data=data, store=store), "export") as opened:
        snapshot = opened.ledger.snapshot(asked)
        vocabulary = opened.twin.vocabulary
    if source is not None and source not in snapshot.owners.values():
        known = ", ".join(sorted(set(snapshot.owners.values()))) or "none: nothing is loaded yet"
        raise Failure(f"no source {source!r} in revision {snapshot.revision}; there are: {known}")
    quads, own = snapshot.block(source), None if source is None else source_graph(source)
    if inferred:
        quads = with_inferred(quads, snapshot, vocabulary)
    if output is None:
        write(quads, format.value, sys.stdout.buffer, default_graph=own)
        sys.stdout.buffer.flush()
        return
    with written_beside(output) as out:
        write(quads, format.value, out, default_graph=own)


def with_inferred(quads: QuadBlock, snapshot: Snapshot, vocabulary: Vocabulary) -> QuadBlock:
    """The quads, and what follows from the snapshot in a graph of its own."""
    from graph.difference import together
    from graph.inferred import Inferred
    from ontology.terms import QuadBlock

    return together([quads, QuadBlock.of(Inferred(snapshot, vocabulary).quads())])
