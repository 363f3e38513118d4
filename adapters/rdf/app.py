"""The routes of the RDF face: `/sparql`, `/rdf`, and what hooks in beside them (change feed, reports)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from adapters.rdf.documents import Reader
from adapters.rdf.feed import PATH as FEED_PATH
from adapters.rdf.feed import feed_routes
from adapters.rdf.graph_store import METHODS, GraphStore
from adapters.rdf.problems import with_problems
from adapters.rdf.query_store import QueryStore
from adapters.rdf.report import PATH as REPORT_PATH
from adapters.rdf.report import report_routes
from adapters.rdf.rules import RdfRules
from adapters.rdf.sandbox.door import Sandbox
from adapters.rdf.sparql import Sparql
from ontology.vocabulary import Vocabulary
from twin.ledger.ledger import Ledger

_QUERY_METHODS = ("GET", "HEAD", "POST")


@dataclass(frozen=True)
class RdfApp:
    """The face: its routes, what must be let go of at the end, and what tells its readers of events, before that, to leave."""

    routes: Sequence[BaseRoute]
    ends: Sequence[Callable[[], None]]
    leave: Callable[[], None]

    def close(self) -> None:
        """End the processes that parse and query. A second call does nothing."""
        for end in self.ends:
            end()


def build_rdf_app(ledger: Ledger, vocabulary: Vocabulary, rules: RdfRules) -> RdfApp:
    """The RDF face over a ledger. Nothing is started before the first request needs it."""
    leaving = Event()
    parsing, queries = Sandbox(), QueryStore(ledger, vocabulary, rules.query)
    store = with_problems(GraphStore(ledger, vocabulary, Reader(parsing, rules.parse), rules).answer)
    sparql = with_problems(Sparql(ledger, queries, rules).answer)
    routes: list[BaseRoute] = [
        *(Route(path, sparql, methods=list(_QUERY_METHODS)) for path in ("/sparql", "/sparql/")),
        *feed_routes(ledger, leaving.is_set),
        *report_routes(ledger, vocabulary),
        *(Route(path, store, methods=list(METHODS)) for path in ("/rdf", "/rdf/graphs/{name:path}")),
    ]
    read, asked = "GET, HEAD, OPTIONS", ", ".join((*_QUERY_METHODS, "OPTIONS"))
    for path, allowed in (
        ("/sparql", asked),
        ("/sparql/", asked),
        (FEED_PATH, read),
        (FEED_PATH + "/{number:int}", read),
        (REPORT_PATH, read),
    ):
        routes.append(Route(path, _options(allowed), methods=["OPTIONS"]))
    return RdfApp(routes, (queries.close, parsing.close), leaving.set)


def _options(allowed: str) -> Callable[[Request], Response]:
    """What an address answers when it is asked what can be asked of it."""
    return lambda _request: Response(status_code=204, headers={"allow": allowed})
