"""`ridethrough export`: the twin as RDF."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.output import Config, Data, Failure, Store, settings_from


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
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Write the twin as RDF, in a fixed order: an equal twin gives equal bytes."""
    from ontology.rdf import write
    from ontology.sources import source_graph
    from twin.compose_store import store_of
    from twin.sync import snapshot_of

    settings = settings_from(config, data=data, store=store)
    kept = store_of(settings, "export", read_only=True)
    try:
        snapshot = snapshot_of(kept)
    finally:
        kept.close()
    if source is not None and source not in snapshot.owners.values():
        known = ", ".join(sorted(set(snapshot.owners.values()))) or "none: nothing is loaded yet"
        raise Failure(f"no source {source!r} in revision {snapshot.revision}; there are: {known}")
    quads, own = snapshot.quads(source), None if source is None else source_graph(source)
    if output is None:
        write(quads, format.value, sys.stdout.buffer, default_graph=own)
        sys.stdout.buffer.flush()
        return
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as out:
            write(quads, format.value, out, default_graph=own)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
