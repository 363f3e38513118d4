"""The SPARQL 1.1 Graph Store HTTP Protocol at `/rdf` (W3C Recommendation, 2013), with conditions, dry runs and patches.

Rules of this file:

1. PUT is desired state, POST adds, DELETE withdraws, PATCH adds and removes single statements; each is one revision, or none when
   it changes nothing.
2. A condition holds until the change is made, or the change is not made.
3. The same bytes put twice change nothing the second time; nor does putting back what was got.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import quote
from uuid import uuid4

import numpy as np
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adapters.rdf.access import let_in
from adapters.rdf.bodies import Bodies
from adapters.rdf.conditions import State, check_write, not_modified
from adapters.rdf.documents import Reader
from adapters.rdf.negotiation import DATASETS, RDF_TYPES, body_format, media_type, rdf_format
from adapters.rdf.outcome import outcome
from adapters.rdf.problems import Problem
from adapters.rdf.rules import RdfRules
from adapters.rdf.tags import as_said
from adapters.rdf.target import DIRECT, TARGET, Target, graphs_of, only_known, state_of, target_of
from adapters.rdf.threads import Threads
from graph.changes import AsOf, ChangeSet
from graph.inferred import Inferred
from graph.snapshot import Snapshot
from ontology.controls import STEERING
from ontology.inference import INFERRED_GRAPH
from ontology.rdf import write
from ontology.sources import source_graph
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary
from twin.ledger.answers import Synced
from twin.ledger.ledger import Ledger
from twin.sync import Wish

METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS")
PATCHES = {"application/sparql-update": "update", "application/rdf-patch": "rows", "text/rdf-patch": "rows"}
_PARAMETERS = (*TARGET, "dry-run", "deletions", "inferred")
AUTHOR_MAX = 200
"""Characters of an author's name."""
IN_MEMORY = 16 << 20
"""Bytes of an answer up to which it is kept in memory; a longer one goes through a temporary file."""
_IRI_SIGNS = "!#$%&'()*+,/:;=?@[]~"
"""What stands for itself where an IRI is written as a URI (RFC 3987, 3.1)."""
_ALL_TRUE = frozenset({"", "true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class _Write:
    """What every write says about itself."""

    what: Target
    base: str
    author: str
    reason: str
    key: str
    dry_run: bool
    deletions_max: float | None
    if_match: str | None
    if_none_match: str | None
    as_json: bool

    @property
    def conditional(self) -> bool:
        """Whether it set a condition, which must then hold until the change is made."""
        return self.if_match is not None or self.if_none_match is not None


class GraphStore:
    """The graph store over one ledger."""

    def __init__(self, ledger: Ledger, vocabulary: Vocabulary, reader: Reader, rules: RdfRules) -> None:
        self._ledger, self._vocabulary, self._reader, self._rules = ledger, vocabulary, reader, rules
        self._bodies, self._in_thread = Bodies(), Threads().run

    async def answer(self, request: Request) -> Response:
        """One request. Raises `Problem`."""
        base = f"{request.url.scheme}://{request.url.netloc}"
        only_known(request.query_params, _PARAMETERS)
        what = target_of(request.query_params, base, request.path_params.get("name"))
        if request.method in ("GET", "HEAD"):
            return await self._in_thread(self._get, request, what)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_allowed())
        let_in(request, self._rules)
        asked = self._asked(request, what, base)
        if request.method == "DELETE":
            return await self._in_thread(lambda: self._delete(self._keyed(asked, request, b"")))
        acts: dict[str, Callable[[_Write, str, bytes], Response]] = {"PUT": self._put, "POST": self._post, "PATCH": self._patch}
        form = _patch_format(request) if request.method == "PATCH" else body_format(request.headers.get("content-type", ""))
        body = await self._bodies.read(request, self._rules.body_bytes, "rdf_body_mb")
        return await self._in_thread(lambda: acts[request.method](self._keyed(asked, request, body), form, body))

    # -- reading -----------------------------------------------------------------------------------------------------

    def _get(self, request: Request, what: Target, never: str = "") -> Response:
        """The answer in the format that fits best, beside the one that cannot say it."""
        snapshot = self._ledger.snapshot(what.as_of)
        graphs = graphs_of(self._ledger, snapshot, what)
        state = state_of(self._ledger, snapshot, what, graphs)
        if state is None and (what.graph is not None or what.source is not None):
            raise Problem(
                404,
                "nothing there",
                f"{what} says nothing{' in this state' if what.as_of != AsOf() else ''}: see sources in GraphQL, or PUT it",
            )
        state = state or State(snapshot.revision, snapshot.at)
        inferred = _is_on(request, "inferred")
        if inferred and (what.graph is not None or what.source is not None):
            raise Problem(400, "inferred", f"what is inferred belongs to no source: ask for /rdf?inferred, or for graph={INFERRED_GRAPH}")
        form = self._format(request, what, graphs, never)
        tag = "i-" + form if inferred else form
        headers = {"etag": state.tag(tag), **state.modified, "vary": "Accept", "cache-control": "no-cache", **_allowed()}
        if what.graph is not None:
            headers["link"] = f'<{quote(what.graph, safe=_IRI_SIGNS)}>; rel="canonical"'
        if not_modified(state, tag, request.headers.get("if-none-match"), request.headers.get("if-modified-since")):
            return Response(status_code=304, headers=headers)
        headers["content-type"] = f"{RDF_TYPES[form]}; charset=utf-8"
        if request.method == "HEAD":
            return _without_length(Response(status_code=200, headers=headers))
        out: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when the answer has gone out
        try:
            write(self._block(snapshot, what, inferred=inferred), form, out, default_graph=_default_graph(what))  # type: ignore[arg-type]  # binary, as asked
        except ValueError as error:
            out.close()
            with suppress(Problem):  # nothing else is accepted
                return self._get(request, what, form)
            raise Problem(406, "not in this format", f"{what} cannot be said in {RDF_TYPES[form]}: {error}", {"vary": "Accept"}) from error
        headers["content-length"] = str(out.tell())
        return StreamingResponse(_chunks(out), 200, headers, background=BackgroundTask(out.close))

    @staticmethod
    def _format(request: Request, what: Target, graphs: Sequence[str], never: str) -> str:
        accept = request.headers.get("accept", "")
        offers: Sequence[str] = DATASETS
        if what.graph is not None:
            offers = tuple(RDF_TYPES)
        elif what.source is not None and list(graphs) == [source_graph(what.source)]:
            offers = (*DATASETS, "turtle", "ntriples", "rdfxml")
        try:
            return rdf_format(accept, [name for name in offers if name != never])
        except Problem as problem:
            if offers is not DATASETS:
                raise
            detail = f"{what} speaks in {len(graphs)} graphs, which this format cannot tell apart: {problem.detail}, or ask for one graph"
            raise Problem(406, problem.title, detail, problem.headers) from None

    def _block(self, snapshot: Snapshot, what: Target, *, inferred: bool) -> QuadBlock:
        if what.graph == INFERRED_GRAPH:
            return QuadBlock.of(Inferred(snapshot, self._vocabulary).quads())
        block = snapshot.block(source=what.source, graph=what.graph)
        if not inferred:
            return block
        more = QuadBlock.of(Inferred(snapshot, self._vocabulary).quads())
        return QuadBlock([*block.terms, *more.terms], np.concatenate((block.quads, more.quads + np.int32(len(block.terms)))))

    # -- writing -----------------------------------------------------------------------------------------------------

    def _asked(self, request: Request, what: Target, base: str) -> _Write:
        if what.as_of.is_past:
            raise Problem(400, "the past", "a state that was cannot be written: leave `at` out, or make a branch off it")
        if what.graph == INFERRED_GRAPH:
            raise Problem(403, "inferred", "what is inferred follows from what is said, and is never written")
        headers, params = request.headers, request.query_params
        if request.method != "DELETE":
            what.refuse_strange_source()
        author = _text(headers.get("from"))
        if len(author) > AUTHOR_MAX or STEERING.search(author):
            raise Problem(400, "no author", f"From names an author in at most {AUTHOR_MAX} characters, without control characters")
        return _Write(
            what,
            base,
            author or self._rules.author,
            _text(headers.get("ridethrough-reason")) or f"{request.method} {request.url.path}",
            _text(headers.get("idempotency-key")),
            _is_on(request, "dry-run"),
            _share(params["deletions"]) if "deletions" in params else self._rules.deletions_max,
            headers.get("if-match"),
            headers.get("if-none-match"),
            media_type(headers.get("accept", "").split(",")[0])[0] == "application/json",
        )

    def _keyed(self, asked: _Write, request: Request, body: bytes) -> _Write:
        """The request with a key that stands for all of it: the client's, and a digest of what it asks."""
        if not asked.key:
            return asked
        parts = (request.method, f"{request.url.path}?{request.url.query}", request.headers.get("content-type", ""))
        digest = blake2b("\0".join(parts).encode() + b"\0" + body, digest_size=8).hexdigest()
        made = [
            ("", self._ledger.revisions(first=sys.maxsize)),
            *((f" of branch {b.name!r}", b.revisions) for b in self._ledger.branches()),
        ]
        for where, revisions in made:
            for revision in revisions:
                key, _, known = revision.cause.key.rpartition("#")
                if key == asked.key and known != digest:
                    what = f"the Idempotency-Key {key!r} has made revision {revision.number}{where} by another request"
                    raise Problem(422, "key of another request", f"{what}: give each its own key")
        return replace(asked, key=f"{asked.key}#{digest}")

    def _put(self, asked: _Write, form: str, body: bytes) -> Response:
        what = self._must_name(asked, "PUT replaces one graph or one source")
        snapshot, state = self._checked(asked)
        source = what.owner(snapshot.owners)
        block = self._reader.document(body, form, source=source, scope=what.graph or source, graph=what.graph, base=_base(what))
        self._keeps_to(what, block)
        return self._answer(asked, state, self._sync(asked, Wish(source, block), snapshot, asked.deletions_max))

    def _post(self, asked: _Write, form: str, body: bytes) -> Response:
        what, new = asked.what, ""
        if what.graph is None and what.source is None:
            new = blake2b(asked.key.encode(), digest_size=16).hexdigest() if asked.key else uuid4().hex
            what = Target(source_graph(new), None, what.as_of)
        snapshot, state = self._checked(asked)
        source = what.owner(snapshot.owners)
        scope = f"{what.graph or source}#{blake2b(body, digest_size=8).hexdigest()}"  # new blank nodes; the same ones at the next try
        block = self._reader.document(body, form, source=source, scope=scope, graph=what.graph, base=_base(what))
        self._keeps_to(what, block)
        done = self._change(asked, ChangeSet(block, QuadBlock.empty()), source, snapshot)
        response = self._answer(asked, state, done)
        if new and done.revision is not None:
            response.status_code = 201
            response.headers["location"] = f"{asked.base}{DIRECT}{new}"
        return response

    def _patch(self, asked: _Write, form: str, body: bytes) -> Response:
        what = self._must_name(asked, "PATCH changes one graph or one source")
        snapshot, state = self._checked(asked)
        source = what.owner(snapshot.owners)
        added, removed = self._reader.patch(body, form, source=source, scope=what.graph or source, graph=what.graph, base=_base(what))
        self._keeps_to(what, added)
        self._keeps_to(what, removed)
        return self._answer(asked, state, self._change(asked, ChangeSet(added, as_said(snapshot, removed)), source, snapshot))

    def _delete(self, asked: _Write) -> Response:
        what = self._must_name(asked, "DELETE withdraws one graph or one source")
        snapshot, state = self._checked(asked)
        if state is None:
            raise Problem(404, "nothing there", f"{what} says nothing")
        return self._answer(asked, state, self._sync(asked, Wish(what.owner(snapshot.owners), QuadBlock.empty()), snapshot, 1.0))

    def _sync(self, asked: _Write, wish: Wish, snapshot: Snapshot, deletions_max: float | None) -> Synced:
        with _told():
            return self._ledger.sync(
                wish,
                author=asked.author,
                reason=asked.reason,
                key=asked.key,
                expected=snapshot.revision if asked.conditional else None,
                deletions_max=deletions_max,
                dry_run=asked.dry_run,
                branch=asked.what.branch,
                graph=asked.what.graph,
            )

    def _change(self, asked: _Write, change: ChangeSet, source: str, snapshot: Snapshot) -> Synced:
        with _told():
            return self._ledger.change(
                change,
                author=asked.author,
                source=source,
                reason=asked.reason,
                key=asked.key,
                expected=snapshot.revision if asked.conditional else None,
                dry_run=asked.dry_run,
                branch=asked.what.branch,
            )

    @staticmethod
    def _must_name(asked: _Write, why: str) -> Target:
        if asked.what.graph is None and asked.what.source is None:
            raise Problem(400, "no graph named", f"{why}: add ?graph=IRI, ?default or ?source=NAME, or use {DIRECT}NAME")
        return asked.what

    @staticmethod
    def _keeps_to(what: Target, block: QuadBlock) -> None:
        """See that a body about one graph speaks in no other."""
        others = [] if what.graph is None else [graph for graph in block.graphs() if graph != what.graph]
        if others:
            raise Problem(
                400, "another graph", f"the request names {what}, and the body speaks in <{others[0]}>: use ?source=NAME for several graphs"
            )

    def _checked(self, asked: _Write) -> tuple[Snapshot, State | None]:
        """The state that the change is made against, its conditions seen to hold (rule 2: the ledger is told which revision that was)."""
        snapshot = self._ledger.snapshot(asked.what.as_of)
        graphs = graphs_of(self._ledger, snapshot, asked.what)
        state = state_of(self._ledger, snapshot, asked.what, graphs) if graphs else None
        check_write(state, asked.if_match, asked.if_none_match, required=self._rules.require_match)
        return snapshot, state

    def _answer(self, asked: _Write, before: State | None, done: Synced) -> Response:
        created = before is None and not asked.dry_run and done.revision is not None
        headers = {"ridethrough-added": str(len(done.change.added)), "ridethrough-removed": str(len(done.change.removed))}
        if done.revision is not None:
            headers["ridethrough-revision"] = str(done.revision.number)
        if not asked.dry_run and not done.quarantined:
            snapshot = self._ledger.snapshot(asked.what.as_of)
            state = state_of(self._ledger, snapshot, asked.what, graphs_of(self._ledger, snapshot, asked.what))
            if state is not None and done.revision is not None and not asked.what.branch and state.revision == done.revision.number:
                headers["etag"] = state.tag("written")
        status = 202 if done.quarantined and not asked.dry_run else 201 if created else 200
        if asked.dry_run or asked.as_json or done.quarantined:
            owners = self._ledger.snapshot(AsOf(branch=asked.what.branch)).owners
            return Response(outcome(done, owners, dry_run=asked.dry_run), status, headers, "application/json")
        return Response(status_code=201 if created else 204, headers=headers)


@contextmanager
def _told() -> Iterator[None]:
    """What the ledger does not do as it is asked is the client's to mend; anywhere else it would be ours."""
    try:
        yield
    except ValueError as error:
        raise Problem(409, "not done", str(error)) from error


def _base(what: Target) -> str | None:
    """What relative IRIs of a body are relative to: the graph (Graph Store Protocol, 4.1), where its name has a path; else nothing."""
    return what.graph if what.graph is not None and "://" in what.graph else None


def _without_length(response: Response) -> Response:
    """An answer to HEAD: the length is not known before the answer is made."""
    del response.headers["content-length"]
    return response


def _default_graph(what: Target) -> str | None:
    return what.graph if what.graph is not None else source_graph(what.source) if what.source is not None else None


def _allowed() -> dict[str, str]:
    return {"allow": ", ".join(METHODS), "accept-patch": ", ".join(PATCHES), "accept-post": ", ".join(RDF_TYPES.values())}


def _patch_format(request: Request) -> str:
    kind, charset = media_type(request.headers.get("content-type", ""))
    if kind not in PATCHES or charset not in ("", "utf-8"):
        raise Problem(415, "no patch", f"a patch is one of {', '.join(PATCHES)} in UTF-8, not {kind or 'of no type'}", _allowed())
    return PATCHES[kind]


def _is_on(request: Request, name: str) -> bool:
    return name in request.query_params and request.query_params[name].lower() in _ALL_TRUE


def _text(header: str | None) -> str:
    """What a header says: UTF-8 where it is that, else Latin-1; one line of at most 500 characters."""
    if not header:
        return ""
    raw = header.encode("latin-1", "replace")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = header
    return " ".join(text.split())[:500]


def _share(percent: str) -> float:
    try:
        share = float(percent.rstrip("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise Problem(400, "no percentage", f"deletions={percent[:20]!r} is no percentage from 0 to 100")
    return share


def _chunks(out: IO[bytes]) -> Iterator[bytes]:
    out.seek(0)
    while part := out.read(1 << 18):
        yield part
