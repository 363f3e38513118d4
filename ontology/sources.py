"""What may name a source, and the graph that belongs to it: where its facts stand that the file put into no named graph."""

from __future__ import annotations

from urllib.parse import quote, unquote

from ontology.controls import STEERING

SOURCE_GRAPH = "urn:ridethrough:source:"


def refuse_source_name(source: str) -> None:
    """Raise `ValueError` for what cannot name a source that says something: its name is shown in tables and to terminals."""
    found = STEERING.search(source)
    if found is not None:
        raise ValueError(f"{source[:80]!r} cannot name a source: it has the control character U+{ord(found[0]):04X}; leave that out")


def source_graph(source: str) -> str:
    """The IRI of the graph that holds what a source says outside any named graph of its own."""
    return SOURCE_GRAPH + quote(source, safe="")


def source_of(graph: str) -> str | None:
    """The source whose own graph this is; None for any other graph."""
    return unquote(graph[len(SOURCE_GRAPH) :]) if graph.startswith(SOURCE_GRAPH) else None
