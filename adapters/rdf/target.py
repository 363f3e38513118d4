"""What a request to the graph store names: a graph, a source, or everything; of which state; and who owns it.

Rules of this file:

1. `?graph=IRI` is that graph, `?default` the graph of the source `default`, `?source=NAME` every graph of a source; none of them is
   the whole twin.
2. `/rdf/graphs/NAME` is a short name of `urn:ridethrough:source:NAME`, and so is that address given as `?graph=`: a graph keeps its name
   under whatever host it is read.
3. A new graph belongs to the source that its name says, else to a source called as the graph is.
4. A parameter that is not known is refused: `dryrun` must not write what `dry-run` would only have shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import blake2b
from urllib.parse import unquote

import numpy as np
from starlette.datastructures import QueryParams

from adapters.rdf.conditions import State
from adapters.rdf.problems import Problem
from graph.changes import AsOf
from graph.snapshot import Snapshot
from ontology.inference import INFERRED_GRAPH
from ontology.sources import refuse_source_name, source_graph
from ontology.terms import is_blank
from twin.ledger.ledger import Ledger
from twin.ledger.who_says import owner_of

DEFAULT_SOURCE = "default"
DIRECT = "/rdf/graphs/"
TARGET = ("graph", "default", "source", "at", "branch")
"""The parameters that say what is named, and which state of it."""
_NAME_MAX = 2048


@dataclass(frozen=True, slots=True)
class Target:
    """What is named: one graph, or a source (all its graphs), or neither (the whole twin); and which state of it."""

    graph: str | None
    source: str | None
    as_of: AsOf

    @property
    def branch(self) -> str:
        """The branch, empty for the site."""
        return self.as_of.branch

    def owner(self, owners: Mapping[str, str]) -> str:
        """The source that the graph belongs to, or would."""
        return self.source if self.source is not None else owner_of(self.graph or "", owners)

    def refuse_strange_source(self) -> None:
        """See that what is named can be written under that name. Raises `Problem` (400)."""
        try:
            refuse_source_name(self.owner({}))
        except ValueError as error:
            raise Problem(400, "no source", str(error)) from None

    def __str__(self) -> str:
        return f"graph <{self.graph}>" if self.graph is not None else f"source {self.source!r}" if self.source is not None else "the twin"


def only_known(params: QueryParams, known: Sequence[str]) -> None:
    """See that a request has no other parameters (rule 4). Raises `Problem` (400)."""
    for name in params:
        if name not in known:
            near = get_close_matches(name.lower().replace("_", "-"), known, n=1)
            meant = f"do you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise Problem(400, "unknown parameter", f"no parameter {name[:80]!r} is known here: {meant}")


def target_of(params: QueryParams, base: str, direct: str | None = None) -> Target:
    """What the request names; `direct` is the NAME of rule 2, `base` the address of this service. Raises `Problem` (400)."""
    given = [key for key in ("graph", "default", "source") if key in params] + (["the path"] if direct is not None else [])
    if len(given) > 1 or any(len(params.getlist(key)) > 1 for key in given if key in params):
        raise Problem(400, "named twice", f"the request names {' and '.join(given)}: give one of graph, default and source, once")
    as_of = state_asked(params)
    if direct is not None:
        return Target(source_graph(direct), None, as_of)
    if "default" in params:
        return Target(source_graph(DEFAULT_SOURCE), None, as_of)
    if "graph" in params:
        return Target(_graph(params["graph"], base), None, as_of)
    if "source" in params:
        source = params["source"]
        if not source or len(source) > _NAME_MAX:
            raise Problem(400, "no source", f"a source's name has 1 to {_NAME_MAX:,} characters")
        return Target(None, source, as_of)
    return Target(None, None, as_of)


def _graph(iri: str, base: str) -> str:
    short = base + DIRECT
    if iri.startswith(short) and len(iri) > len(short):
        return source_graph(unquote(iri[len(short) :]))
    scheme, colon, _ = iri.partition(":")
    if is_blank(iri):
        return iri
    bad = not colon or not scheme.isascii() or not scheme[:1].isalpha() or any(c <= " " or c in '<>"{}|\\^`' for c in iri)
    if bad or len(iri) > _NAME_MAX:
        raise Problem(
            400,
            "no graph name",
            f"graph={iri[:80]!r} is no absolute IRI of at most {_NAME_MAX:,} characters: write it in full, percent-encoded",
        )
    return iri


def state_asked(params: QueryParams) -> AsOf:
    """The state that `branch` and `at` (a revision's number or an instant) ask for. Raises `Problem` (400)."""
    try:
        return AsOf.parse(params.get("at", "").replace(" ", "+"), params.get("branch", ""))  # a plus sign that was not encoded
    except ValueError as error:
        raise Problem(400, "no state", f"at: {error}") from None


def graphs_of(ledger: Ledger, snapshot: Snapshot, what: Target) -> Sequence[str]:
    """The graphs of what is named that say something in this state, in order of names. Cost: of the newest state next to nothing, of
    another a pass over all."""
    if what.as_of == AsOf():
        found = [graph for source in ledger.sources() for graph in source.graphs]
    else:
        found = [snapshot.key(number) for number in np.unique(snapshot.facts.whole[3]).tolist()]
    if what.graph is not None:
        return [what.graph] if what.graph in found else []
    return sorted(graph for graph in found if what.source is None or owner_of(graph, snapshot.owners) == what.source)


def state_of(ledger: Ledger, snapshot: Snapshot, what: Target, graphs: Sequence[str]) -> State | None:
    """The state of what is named, for its entity tag; None when it says nothing. Of the site as it is now it is the newest revision that
    changed one of its graphs; of a branch or a state that was, that state as a whole."""
    if what.graph == INFERRED_GRAPH or (graphs and what.as_of != AsOf()):
        beside = blake2b(what.branch.encode(), digest_size=4).hexdigest() if what.branch else ""
        return State(snapshot.revision, snapshot.at, f"-{'w' if what.as_of.is_past else ''}{beside}")
    if not graphs:
        return None
    known = snapshot.changed
    if what.graph is not None:
        newest = known.get(what.graph, 0)
    else:
        owned = known if what.source is None else [g for g in known if owner_of(g, snapshot.owners) == what.source]
        newest = max((known[graph] for graph in owned), default=0)
    revisions = ledger.revisions(before=newest + 1, first=1)
    return State(newest, revisions[0].cause.at if revisions else snapshot.at)
