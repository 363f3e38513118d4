"""What the RDF face lets in, and how much one request may cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.may_write import Writers

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """What a document may be at most. The parsing itself runs in a process of its own, which is ended where a limit is passed."""

    seconds: float = 60.0
    memory_bytes: int = 2048 * MB
    triples: int = 5_000_000
    literal_bytes: int = 64 * 1024
    iri_bytes: int = 8 * 1024
    depth: int = 100
    """Brackets, objects or elements within each other."""


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What a query may cost at most."""

    seconds: float = 5.0
    memory_bytes: int = 512 * MB
    query_bytes: int = 64 * 1024
    depth: int = 100
    answer_bytes: int = 64 * MB


@dataclass(frozen=True, slots=True)
class RdfRules:
    """What is let in. `write`: from this host only, from everywhere, or not at all; `deletions_max`: share of what a source said before
    that one sync may withdraw (None: the ledger's own rule); `author`: who is named for a change that names nobody in `From`."""

    write: Writers = "loopback"
    body_bytes: int = 100 * MB
    require_match: bool = False
    deletions_max: float | None = None
    sparql: bool = True
    author: str = "operator"
    origins: Sequence[str] = ()
    parse: ParseLimits = ParseLimits()
    query: QueryLimits = QueryLimits()
