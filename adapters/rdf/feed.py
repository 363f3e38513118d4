"""The change feed: every revision of the twin, as a Linked Data Event Stream and as Server-Sent Events.

Rules of this file:

1. A page holds `PAGE` revisions, oldest first; a full one never changes and may be kept for ever, the newest is asked for again each time.
2. A page inlines small changes; a large one is a link to parts of bounded size.
3. A reader of events that cannot keep up is let go: it comes back with `Last-Event-ID` and misses nothing.

Shaped after Linked Data Event Streams 1.0 (https://w3id.org/ldes/specification) and TREE (https://w3id.org/tree/specification).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from adapters.rdf.as_json import revision_json
from adapters.rdf.conditions import State, not_modified
from adapters.rdf.feed_members import DCT, FEED, HERE, INLINE_MAX, LDES, TREE, Part, member, part_of, parts_of, patch, patch_rows
from adapters.rdf.negotiation import RDF_TYPES, ranges, rdf_format
from adapters.rdf.problems import Problem, busy, with_problems
from adapters.rdf.target import only_known
from adapters.rdf.threads import Threads
from graph.changes import NEWEST, Revision
from graph.errors import StoreUnavailable, UnknownRevision
from ontology.namespaces import RDF, XSD
from ontology.rdf import write
from ontology.terms import KeyQuad, QuadBlock, literal
from twin.ledger.ledger import Ledger

PATH = "/rdf/changes"
PAGE = 100
"""Revisions of one page."""
PATCH_TYPE = "application/rdf-patch"
EVENTS_TYPE = "text/event-stream"
FOR_EVER = "public, max-age=31536000, immutable"
STREAMS_MAX = 50
"""Readers of events at a time."""
POLL_S = 0.1
"""How soon a reader hears of a new revision."""
HEARTBEAT_S = 15.0
SEND_S = 30.0
"""How long a reader of events may leave a piece untaken."""


def feed_routes(ledger: Ledger, leaving: Callable[[], bool] = lambda: False) -> list[Route]:
    """The feed's routes: the stream with its pages and its events, and single revisions. Events end when `leaving` says so."""
    feed = _Feed(ledger, leaving)
    return [
        Route(PATH, with_problems(feed.stream), methods=["GET", "HEAD"]),
        Route(PATH + "/{number:int}", with_problems(feed.revision), methods=["GET", "HEAD"]),
    ]


class _Feed:
    """Answers from the ledger. Safe from any thread."""

    def __init__(self, ledger: Ledger, leaving: Callable[[], bool]) -> None:
        self._ledger = ledger
        self._threads = Threads()
        self._slots = _Slots(leaving)

    async def stream(self, request: Request) -> Response:
        """The entry, a page of it (`?page=K`), or the events. Raises `Problem` (400, 404, 406)."""
        return await self._threads.run(self._stream, request)

    async def revision(self, request: Request) -> Response:
        """One revision with its change, or one part of it (`?part=K`): RDF, or RDF Patch. Raises the same, and `UnknownRevision`."""
        return await self._threads.run(self._revision, request)

    def _stream(self, request: Request) -> Response:
        only_known(request.query_params, ("page", "since"))
        accept = request.headers.get("accept", "")
        if any(one.kind == EVENTS_TYPE and one.quality > 0 for one in ranges(accept)):
            since = request.headers.get("last-event-id") or request.query_params.get("since")
            newest = self._newest()
            told = newest if since is None else _number(since, "since")
            if told > newest:
                detail = f"revision {told} is not there, the newest is {newest}: the twin was put back to an older state; copy it anew"
                raise Problem(409, "ahead of the twin", detail, newest=newest)
            return _Events(self._ledger, _stream_of(request), told, self._slots)
        form, page = rdf_format(accept), request.query_params.get("page")
        return self._entry(request, form) if page is None else self._page(request, form, _number(page, "page"))

    def _newest(self) -> int:
        return self._ledger.snapshot(NEWEST).revision

    def _entry(self, request: Request, form: str) -> Response:
        """What the stream is, and where it begins."""
        snapshot, stream = self._ledger.snapshot(NEWEST), _stream_of(request)
        about: list[KeyQuad] = [
            (stream, RDF + "type", TREE + "Node", HERE),
            (stream, TREE + "relation", f"{stream}#first", HERE),
            (f"{stream}#first", RDF + "type", TREE + "Relation", HERE),
            (f"{stream}#first", TREE + "node", f"{stream}?page=0", HERE),
            (f"{stream}#stream", FEED + "newest", literal(str(snapshot.revision), XSD + "integer"), HERE),
        ]
        return _document(request, [*_stream(stream), *about], form, State(snapshot.revision, snapshot.at, "-feed"))

    def _page(self, request: Request, form: str, page: int) -> Response:
        """Revisions `page * PAGE + 1` and on, and the way to the next page."""
        newest, first = self._newest(), page * PAGE + 1
        if first > max(newest + 1, 1):
            raise Problem(404, "no such page", f"the newest revision is {newest}, on page {max(newest - 1, 0) // PAGE}")
        revisions = self._revisions(first, min(newest, first + PAGE - 1))
        full, stream = len(revisions) == PAGE, _stream_of(request)
        last = revisions[-1] if revisions else None
        state = State(last.number, last.cause.at, f"-p{page}") if last else State(0, self._ledger.snapshot(NEWEST).at, f"-p{page}")
        if not_modified(state, form, request.headers.get("if-none-match"), None):
            return _unchanged(state, form, for_ever=full)
        quads = [*_stream(stream), *_node(stream, page, first + PAGE - 1 if full else None)]
        for revision in revisions:
            quads.append((f"{stream}#stream", TREE + "member", f"{stream}/{revision.number}", HERE))
            quads += member(stream, revision, self._inline(revision), form)
        return _document(request, quads, form, state, for_ever=full)

    def _revisions(self, first: int, last: int) -> Sequence[Revision]:
        """Oldest first."""
        return self._ledger.revisions(before=last + 1, first=last - first + 1)[::-1] if last >= first else []

    def _inline(self, revision: Revision) -> Part | None:
        return part_of(self._ledger.revision(revision.number)[1], 0) if revision.added + revision.removed <= INLINE_MAX else None

    def _revision(self, request: Request) -> Response:
        only_known(request.query_params, ("part",))
        number, wanted = int(request.path_params["number"]), _number(request.query_params.get("part", "0"), "part")
        accept, stream = request.headers.get("accept", ""), _stream_of(request)
        is_patch = any(one.kind == PATCH_TYPE and one.quality > 0 for one in ranges(accept))
        form = "patch" if is_patch else rdf_format(accept)
        (revision,) = self._revisions(number, number) if 1 <= number <= self._newest() else (None,)
        if revision is None or wanted >= parts_of(revision):
            raise UnknownRevision(f"there is no revision {number}, or no part {wanted} of it; the newest revision is {self._newest()}")
        state = State(number, revision.cause.at, f"-c{wanted}")
        if not_modified(state, form, request.headers.get("if-none-match"), None):
            return _unchanged(state, form, for_ever=True)
        part = part_of(self._ledger.revision(number)[1], wanted)
        links = {"link": f'<{stream}/{number}?part={wanted + 1}>; rel="next"'} if wanted + 1 < part.of else {}
        if is_patch:
            headers = {**_headers(state, form, for_ever=True), **links}
            return Response(patch(stream, revision, part), headers=headers, media_type=PATCH_TYPE)
        return _document(request, list(member(stream, revision, part, form)), form, state, for_ever=True, links=links)


# -- documents ---------------------------------------------------------------------------------------------------------------------------


def _stream_of(request: Request) -> str:
    """The address of the feed as the client called it."""
    return f"{request.url.scheme}://{request.url.netloc}{PATH}"


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Problem(400, f"no {name}", f"{name}={text!r} is no number of the feed: give one from 0 on")
    return int(text)


def _stream(stream: str) -> list[KeyQuad]:
    """What every document says of the stream: its entry, and where a member tells its time and what it is a version of."""
    me = f"{stream}#stream"
    return [
        (me, RDF + "type", LDES + "EventStream", HERE),
        (me, LDES + "timestampPath", DCT + "created", HERE),
        (me, LDES + "versionOfPath", DCT + "isVersionOf", HERE),
        (me, TREE + "view", stream, HERE),
    ]


def _node(stream: str, page: int, last: int | None) -> list[KeyQuad]:
    """A page; with its `last` revision, the way to those after it."""
    me = f"{stream}?page={page}"
    quads: list[KeyQuad] = [(me, RDF + "type", TREE + "Node", HERE), (me, DCT + "isPartOf", f"{stream}#stream", HERE)]
    if last is None:
        return quads
    onward = f"{me}#next"
    return [
        *quads,
        (me, TREE + "relation", onward, HERE),
        (onward, RDF + "type", TREE + "GreaterThanRelation", HERE),
        (onward, TREE + "node", f"{stream}?page={page + 1}", HERE),
        (onward, TREE + "path", FEED + "number", HERE),
        (onward, TREE + "value", literal(str(last), XSD + "integer"), HERE),
    ]


def _headers(state: State, form: str, *, for_ever: bool) -> dict[str, str]:
    return {"etag": state.tag(form), "vary": "Accept", "cache-control": FOR_EVER if for_ever else "no-cache"}


def _unchanged(state: State, form: str, *, for_ever: bool) -> Response:
    return Response(status_code=304, headers=_headers(state, form, for_ever=for_ever))


def _document(
    request: Request, quads: list[KeyQuad], form: str, state: State, *, for_ever: bool = False, links: dict[str, str] | None = None
) -> Response:
    if not_modified(state, form, request.headers.get("if-none-match"), None):
        return _unchanged(state, form, for_ever=for_ever)
    out = io.BytesIO()
    write(QuadBlock.of(quads), form, out, default_graph=HERE)
    headers = {**_headers(state, form, for_ever=for_ever), **(links or {})}
    return Response(out.getvalue(), headers=headers, media_type=RDF_TYPES[form])


# -- events ------------------------------------------------------------------------------------------------------------------------------


class _Slots:
    """How many readers of events there are, whether they must leave, and the threads in which they read."""

    def __init__(self, leaving: Callable[[], bool] = lambda: False) -> None:
        self.taken = 0
        self.leaving = leaving
        self.threads = Threads()


class _Events(Response):
    """Server-Sent Events: one for each revision after `since`, whose number is the event's id."""

    def __init__(self, ledger: Ledger, stream: str, since: int, slots: _Slots) -> None:
        super().__init__(media_type=EVENTS_TYPE, headers={"cache-control": "no-store", "vary": "Accept", "x-accel-buffering": "no"})
        self._ledger, self._stream, self._since, self._slots = ledger, stream, since, slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader goes, or cannot keep up."""
        if self._slots.taken >= STREAMS_MAX:
            await busy(f"{STREAMS_MAX} readers of events are here already: come back later, or read the pages", 30).response()(
                scope, receive, send
            )
            return
        self._slots.taken += 1
        try:
            del self.headers["content-length"]
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            async with anyio.create_task_group() as group:
                group.start_soon(self._until_gone, receive, group.cancel_scope)
                await self._tell(send)
                group.cancel_scope.cancel()
        finally:
            self._slots.taken -= 1

    @staticmethod
    async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _tell(self, send: Send) -> None:
        told, quiet_s = self._since, 0.0
        going = await self._send(send, b"retry: 2000\n\n")
        while going and not self._slots.leaving():
            newest = self._ledger.snapshot(NEWEST).revision
            if told < newest:
                event = await self._slots.threads.run(self._event, told + 1)
                if not event:  # what is not told is asked for again: the reader comes back with the last id
                    break
                told, quiet_s = told + 1, 0.0
                going = await self._send(send, event)
            elif quiet_s >= HEARTBEAT_S:
                quiet_s = 0.0
                going = await self._send(send, b": alive\n\n")
            else:
                await anyio.sleep(POLL_S)
                quiet_s += POLL_S
        if going:
            await send({"type": "http.response.body", "body": b""})

    @staticmethod
    async def _send(send: Send, data: bytes) -> bool:
        """Whether the reader took it in time; the server holds no more for a reader than its socket does."""
        with anyio.move_on_after(SEND_S) as waited:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        return not waited.cancelled_caught

    def _event(self, number: int) -> bytes:
        """A revision as an event; a large change is a link to its parts. Nothing where the store cannot say it."""
        try:
            revision, inline = self._read(number)
        except (StoreUnavailable, UnknownRevision):
            return b""
        told = {
            **revision_json(revision),
            **(
                {"patch": patch_rows(inline)}
                if inline is not None
                else {"changes": f"{self._stream}/{number}", "parts": parts_of(revision)}
            ),
        }
        return b"id: %d\nevent: revision\ndata: " % number + orjson.dumps(told) + b"\n\n"

    def _read(self, number: int) -> tuple[Revision, Part | None]:
        (revision,) = self._ledger.revisions(before=number + 1, first=1)
        small = revision.added + revision.removed <= INLINE_MAX
        return revision, part_of(self._ledger.revision(number)[1], 0) if small else None
