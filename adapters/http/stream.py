"""`/api/v1/readings/stream`: one socket for readings in, acknowledged by number, and for values out, as they change.

Rules of this file:

1. A client says `{"type": "readings", "seq": 7, "readings": …}` (the JSON of a request), or a binary message: `seq` as eight bytes, little
   end first, and an Arrow stream. The answer, `{"type": "ack", "seq": 7, …}`, comes when they are durable, in the order in which they came.
2. `{"type": "follow", "id": "a", "point" | "entity" | "below" | "class": …, "every_ms": 100}` gives all values of these points, and from
   then on those that have changed, at most every so often, the newest of each; `{"type": "unfollow", "id": "a"}` ends it.
3. What a follower has missed is a set of points, so it is bounded however slow it reads. One that takes nothing for `slow_s` is closed with
   1013 and the reason.
4. What cannot be read is told, `{"type": "error", …}`, and ends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from adapters.http import columns
from adapters.http.asking import as_rows, chosen
from adapters.http.codec import ARROW, Rows, Unreadable, document_of, read, readings_of, shown
from adapters.http.columns import Values
from adapters.http.directory import Directories, Directory
from adapters.http.intake import Intake
from adapters.http.parts import HttpParts
from adapters.http.problems import Problem
from adapters.http.readings import let_in, same_origin
from adapters.http.rules import HttpRules
from adapters.http.threads import Threads
from graph.following import Follower, Following
from graph.values import Slots
from twin.events import GraphChanged, ReadingStored

EVERY_MS_MIN, EVERY_MS = 50, 250
POLICY, LATER, GOING = 1008, 1013, 1001
"""RFC 6455, 7.4.1: not allowed; try again later; we are leaving."""
_CHOICES = ("point", "entity", "below", "class")


class _Slow(Exception):
    """The client takes nothing any more."""


@dataclass(slots=True)
class _Followed:
    """One subscription: what was asked for, which rows of which directory that is, and when it is told next."""

    asked: dict[str, Any]
    every_s: float
    directory: Directory
    slots: Slots
    follower: Follower
    due: float = 0.0
    whole: bool = True
    """Everything is told the next time, and not only what has changed."""


class Streams:
    """All sockets of the wire."""

    def __init__(self, parts: HttpParts, intake: Intake, directories: Directories, rules: HttpRules) -> None:
        self.parts, self.intake, self.directories, self.rules = parts, intake, directories, rules
        self.following, self.threads = Following(), Threads(4)
        self.open = self.slow = 0
        """Sockets now, and those that were closed because they took nothing."""
        self._ends = ExitStack()
        self._ends.callback(parts.bus.subscribe(ReadingStored, lambda event: self.following.heard(event.slots)))
        self._ends.callback(parts.bus.subscribe(GraphChanged, lambda _event: self._renew()))
        self.revision = 0
        """Another number after each change of the graph."""

    def close(self) -> None:
        """Hear of nothing any more; a second call does nothing."""
        self._ends.close()

    def _renew(self) -> None:
        self.revision += 1

    async def serve(self, socket: WebSocket) -> None:
        """One socket, from its opening to its end."""
        host, origin = socket.headers.get("host"), socket.headers.get("origin")
        if not same_origin(self.rules, origin, host):
            await socket.close(POLICY, "a page of another host may not open this: add it to allowed_origins if it is yours")
            return
        await socket.accept()
        if self.open >= self.rules.sockets_max:
            await socket.close(LATER, f"there are {self.open} sockets already: try again later")
            return
        self.open += 1
        try:
            await _Session(self, socket, let_in(self.rules, socket.client.host if socket.client else "", origin, host)).run()
        finally:
            self.open -= 1


class _Session:
    """One socket."""

    def __init__(self, streams: Streams, socket: WebSocket, why_not: str) -> None:
        """`why_not`: why this client may not send readings; empty where it may."""
        self._of, self._socket, self._why_not = streams, socket, why_not
        self._followed: dict[str, _Followed] = {}
        self._sending, self._news = asyncio.Lock(), asyncio.Event()
        self._revision = streams.revision

    async def run(self) -> None:
        """Read and tell until one end goes."""
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except _Slow:
            self._of.slow += 1
            reason = f"nothing was taken for {self._of.rules.slow_s:g} s: read faster, or follow less"
            if not self._of.parts.hang_up(self._socket, LATER, reason):
                with suppress(Exception):
                    await asyncio.wait_for(self._socket.close(LATER, reason), 1)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client has gone
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # -- in -----------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            try:
                if data is not None:
                    await self._packed(data)
                else:
                    await self._said(document_of((message.get("text") or "").encode()))
            except (Problem, Unreadable) as error:
                await self._send(_error(str(error)))

    async def _said(self, document: Any) -> None:
        kind = document.get("type") if type(document) is dict else None
        if kind == "readings":
            parts, rules = self._of.parts, self._of.rules
            await self._taken(document.get("seq"), lambda: readings_of(document.get("readings"), parts.now_ms, rules.rows_max))
        elif kind == "follow":
            try:
                await self._follow(document)
            except (Problem, Unreadable) as error:
                await self._send(_error(str(error), id=document.get("id")))
        elif kind == "unfollow":
            self._followed.pop(str(document.get("id")), None)
        else:
            raise Unreadable(f"a message is an object whose type is readings, follow or unfollow, not {shown(kind)}")

    async def _packed(self, data: bytes) -> None:
        if len(data) < 8:
            raise Unreadable("a binary message is its number, eight bytes with the little end first, and an Arrow IPC stream")
        parts, rules = self._of.parts, self._of.rules
        await self._taken(int.from_bytes(data[:8], "little"), lambda: read(data[8:], ARROW, parts.now_ms, rules.rows_max))

    async def _taken(self, seq: object, rows: Callable[[], Rows]) -> None:
        """Take readings, and acknowledge them by their number."""
        if type(seq) is not int:
            raise Unreadable(f"seq is {shown(seq)}: number your messages, so that each can be acknowledged")
        if self._why_not:
            await self._send(_error(self._why_not, seq=seq))
            return
        try:
            outcome = await self._of.threads.run(lambda: self._of.intake.take(rows()))
        except Unreadable as error:
            await self._send(_error(str(error), seq=seq))
            return
        await self._send(orjson.dumps({"type": "ack", "seq": seq, **outcome.to_json()}))

    # -- out ----------------------------------------------------------------------------------------------------------

    async def _follow(self, asked: dict[str, Any]) -> None:
        name, every = asked.get("id"), asked.get("every_ms", EVERY_MS)
        if type(name) is not str or not 0 < len(name) <= 100:
            raise Unreadable("a follow has an id: a text of at most 100 characters, which its values come under")
        if type(every) not in {int, float} or not EVERY_MS_MIN <= every <= 3_600_000:
            raise Problem(422, "every_ms", f"every_ms is {shown(every)}: give milliseconds from {EVERY_MS_MIN} to an hour")
        if name not in self._followed and len(self._followed) >= self._of.rules.subscriptions_max:
            raise Problem(422, "too many", f"{len(self._followed)} are followed on this socket already: unfollow one, or open another")
        point = asked.get("point")
        if type(point) is str:
            point, asked = [point], {**asked, "point": [point]}
        wrong = [each for each in _CHOICES[1:] if type(asked.get(each)) not in {str, type(None)}]
        if wrong or (point is not None and (type(point) is not list or set(map(type, point)) - {str})):
            raise Unreadable("point is an id or a list of ids; entity, below and class are an id each")
        self._followed[name] = await self._of.threads.run(self._found, asked, every / 1000)
        self._news.set()

    def _found(self, asked: dict[str, Any], every_s: float) -> _Followed:
        parts = self._of.parts
        directory = self._of.directories.now()
        rows = chosen(directory, parts.snapshot(), parts.vocabulary, *(asked.get(name) for name in _CHOICES))
        slots = directory.slots if rows is None else directory.slots[as_rows(rows)]
        slots = slots[slots >= 0]
        return _Followed(asked, every_s, directory, slots, self._of.following.follower(slots))

    async def _tell(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if self._revision != self._of.revision:
                await self._renewed()
            now = loop.time()
            for name, each in list(self._followed.items()):
                if each.due <= now:
                    each.due = now + each.every_s
                    await self._told(name, each)
            pause = min((each.due for each in self._followed.values()), default=now + 3600) - loop.time()
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), max(pause, 0.001))

    async def _renewed(self) -> None:
        """The graph has changed: follow what it says now, and tell all of it where that is something else."""
        self._revision = self._of.revision
        for name, each in list(self._followed.items()):
            try:
                found = await self._of.threads.run(self._found, each.asked, each.every_s)
            except Problem as problem:
                if self._followed.get(name) is each:
                    del self._followed[name]
                    await self._send(_error(f"{problem}; it is followed no more", id=name))
                continue
            if self._followed.get(name) is each and found.directory is not each.directory:  # the client may have changed its mind meanwhile
                self._followed[name] = found

    async def _told(self, name: str, each: _Followed) -> None:
        changed = each.follower.changed()
        slots = each.slots if each.whole else each.slots[changed]
        if not each.whole and not len(slots):
            return
        each.whole = False
        directory = each.directory
        points = [directory.iris[row] for row in directory.rows_of_slots[slots].tolist()]
        values = Values(points, columns.names_json(points), *self._of.parts.current.columns(slots))
        head: dict[str, object] = {"type": "values", "id": name, "at": columns.shown(self._of.parts.now_ms), "revision": directory.revision}
        await self._send(columns.as_json(values, head))

    async def _send(self, text: bytes) -> None:
        async with self._sending:
            try:
                await asyncio.wait_for(self._socket.send_text(text.decode()), self._of.rules.slow_s)
            except TimeoutError:
                raise _Slow from None


def _error(detail: str, **about: object) -> bytes:
    return orjson.dumps({"type": "error", **about, "detail": detail})


def stream_router(streams: Streams) -> APIRouter:
    """The address."""
    router = APIRouter()

    @router.websocket("/readings/stream")
    async def stream(socket: WebSocket) -> None:
        await streams.serve(socket)

    return router
