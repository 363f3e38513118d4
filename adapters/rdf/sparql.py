"""The SPARQL 1.1 Protocol at `/sparql` (W3C Recommendation, 2013): queries only, by GET, by POST of a form, by POST of the query itself."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from adapters.rdf.bodies import Bodies
from adapters.rdf.negotiation import RDF_TYPES, ROW_TYPES, media_type, ranges, rdf_format, rows_format
from adapters.rdf.problems import Problem
from adapters.rdf.query_store import Query, QueryStore
from adapters.rdf.rules import RdfRules
from adapters.rdf.service_description import description, page
from adapters.rdf.sparql_text import NotTaken, form_of
from adapters.rdf.target import state_asked
from adapters.rdf.threads import Threads
from graph.changes import NEWEST
from twin.ledger.ledger import Ledger

_TRUE = frozenset({"", "true", "1", "yes"})
_FIELDS_MAX = 1000
_NO_UPDATE = "updates are not taken here: change a graph by PUT, POST, PATCH or DELETE at /rdf"


class Sparql:
    """The endpoint over one ledger."""

    def __init__(self, ledger: Ledger, store: QueryStore, rules: RdfRules) -> None:
        self._ledger, self._store, self._rules = ledger, store, rules
        self._bodies, self._in_thread = Bodies(), Threads().run

    async def answer(self, request: Request) -> Response:
        """One request. Raises `Problem`."""
        if not self._rules.sparql:
            raise Problem(404, "switched off", "SPARQL is off here: set sparql to true")
        params = request.query_params
        if request.method == "POST":
            params = await self._posted(request)
        if "update" in params:
            raise Problem(400, "no updates", _NO_UPDATE)
        if "query" not in params:
            if request.method == "POST":
                raise Problem(400, "no query", "the form has no field `query`")
            return await self._in_thread(self._described, request)
        return await self._in_thread(self._answered, request, params)

    async def _posted(self, request: Request) -> QueryParams:
        """The parameters of a POST: those of the address and those of the body."""
        kind, charset = media_type(request.headers.get("content-type", ""))
        if kind == "application/sparql-update":
            raise Problem(415, "no updates", _NO_UPDATE)
        if kind not in ("application/sparql-query", "application/x-www-form-urlencoded") or charset not in ("", "utf-8"):
            detail = "a query is posted as application/sparql-query or application/x-www-form-urlencoded, in UTF-8"
            raise Problem(415, "unknown type", detail, {"accept-post": "application/sparql-query, application/x-www-form-urlencoded"})
        body = await self._bodies.read(request, 4 * self._rules.query.query_bytes, "nothing: queries are short")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise Problem(400, "not UTF-8", "the query is not UTF-8") from None
        given = request.query_params.multi_items()
        if kind == "application/sparql-query":
            return QueryParams([*given, ("query", text)])
        try:
            fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX)
        except (ValueError, UnicodeDecodeError) as error:
            raise Problem(400, "no form", f"the form cannot be read: {error}") from None
        return QueryParams([*given, *fields])

    def _answered(self, request: Request, params: QueryParams) -> Response:
        texts = params.getlist("query")
        if len(texts) != 1:
            raise Problem(400, "several queries", f"the request has {len(texts)} queries: send one at a time")
        if len(texts[0].encode()) > self._rules.query.query_bytes:
            raise Problem(413, "too long", f"the query is longer than {self._rules.query.query_bytes:,} bytes: put less into it")
        try:
            form, own_dataset = form_of(texts[0], self._rules.query.depth)
        except NotTaken as error:
            raise Problem(400, "not taken", str(error)) from None
        accept = request.headers.get("accept", "")
        graph = form in ("CONSTRUCT", "DESCRIBE")
        default, named = params.getlist("default-graph-uri"), params.getlist("named-graph-uri")
        base = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
        query = Query(
            texts[0],
            rdf_format(accept) if graph else rows_format(accept),
            base,
            list(default) if default or named else None,
            list(named) if default or named else None,
            own_dataset,
            state_asked(params),
            params.get("inferred", "no").lower() in _TRUE,
        )
        try:
            answer, revision = self._store.ask(query)
        except Problem as problem:
            if problem.status != 406:
                raise
            query = replace(query, format=_next_format(accept, query.format, graph=graph))
            answer, revision = self._store.ask(query)
        media = RDF_TYPES[query.format] if graph else ROW_TYPES[query.format]
        headers = {"vary": "Accept", "cache-control": "no-cache", "ridethrough-revision": str(revision)}
        return Response(answer, 200, headers, f"{media}; charset=utf-8" if media.startswith("text/") else media)

    def _described(self, request: Request) -> Response:
        """What is told to who asks nothing: a page for people, the description for programs."""
        accept = request.headers.get("accept", "")
        endpoint = f"{request.url.scheme}://{request.url.netloc}{request.url.path.rstrip('/')}"
        graphs = sorted(graph for source in self._ledger.sources() for graph in source.graphs)
        first = max(ranges(accept), key=lambda r: (r.quality, r.precision, -r.place))
        if first.kind in ("text/html", "application/xhtml+xml"):
            snapshot = self._ledger.snapshot(NEWEST)
            return HTMLResponse(page(endpoint, len(snapshot), len(graphs), snapshot.revision), headers={"vary": "Accept"})
        form = rdf_format(accept)
        return Response(
            description(endpoint, graphs, form), 200, {"vary": "Accept", "cache-control": "no-cache"}, f"{RDF_TYPES[form]}; charset=utf-8"
        )


def _next_format(accept: str, tried: str, *, graph: bool) -> str:
    """The format that fits next best where an answer cannot be said in the best one. Where nothing else is accepted, a graph comes in
    Turtle and rows in JSON all the same (RFC 9110, 12.4.1, allows it; rdflib names XML alone and reads what comes)."""
    try:
        if graph:
            return rdf_format(accept, [name for name in RDF_TYPES if name != tried])
        return rows_format(accept, [name for name in ROW_TYPES if name != tried])
    except Problem:
        return "turtle" if graph else "json"
