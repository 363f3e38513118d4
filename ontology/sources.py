"""The graph that belongs to a source: where its facts stand that the file put into no named graph."""

from __future__ import annotations

from urllib.parse import quote, unquote

SOURCE_GRAPH = "urn:ridethrough:source:"


def source_graph(source: str) -> str:
    """The IRI of the graph that holds what a source says outside any named graph of its own."""
    return SOURCE_GRAPH + quote(source, safe="")


def source_of(graph: str) -> str | None:
    """The source whose own graph this is; None for any other graph."""
    return unquote(graph[len(SOURCE_GRAPH) :]) if graph.startswith(SOURCE_GRAPH) else None
