"""The routes of the RDF face: `/sparql`, `/rdf`, and what hooks in beside them (change feed, reports)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from threading import Event

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from adapters.rdf.documents import Reader
from adapters.rdf.feed import feed_routes
from adapters.rdf.graph_store import METHODS, GraphStore
from adapters.rdf.problems import Problem
from adapters.rdf.query_store import QueryStore
from adapters.rdf.report import report_routes
from adapters.rdf.rules import RdfRules
from adapters.rdf.sandbox import Sandbox
from adapters.rdf.sparql import Sparql
from graph.errors import FindingsRefused, GraphError, Refused, StaleRevision, StoreUnavailable, UnknownRevision
from ontology.vocabulary import Vocabulary
from twin.ledger import Ledger

Answer = Callable[[Request], Awaitable[Response]]
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
    store = told(GraphStore(ledger, vocabulary, Reader(parsing, rules.parse), rules).answer)
    sparql = told(Sparql(ledger, queries, rules).answer)
    routes: list[BaseRoute] = [
        *(Route(path, sparql, methods=list(_QUERY_METHODS)) for path in ("/sparql", "/sparql/")),
        *feed_routes(ledger, leaving.is_set),
        *report_routes(ledger, vocabulary),
        *(Route(path, store, methods=list(METHODS)) for path in ("/rdf", "/rdf/graphs/{name:path}")),
    ]
    return RdfApp(routes, (queries.close, parsing.close), leaving.set)


def told(answer: Answer) -> Answer:
    """The same answer, with what the twin refuses told as problem details."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Problem as problem:
            return problem.response()
        except (GraphError, ValueError) as error:
            return problem_of(error, conditional="if-match" in request.headers or "if-none-match" in request.headers).response()

    return answered


def problem_of(error: Exception, *, conditional: bool = False) -> Problem:
    """What the client is told of an error of the twin."""
    text = str(error)
    if isinstance(error, StoreUnavailable):
        return Problem(503, "store away", text, {"retry-after": "10"})
    if isinstance(error, StaleRevision):
        return Problem(412 if conditional else 409, "changed meanwhile", text)
    if isinstance(error, UnknownRevision):
        return Problem(404, "no such state", text)
    if isinstance(error, FindingsRefused):
        return Problem(422, "refused", text)
    return Problem(409, "refused" if isinstance(error, Refused) else "not done", text)
