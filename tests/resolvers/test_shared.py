"""Subscriptions asked alike are worked out once; what each client reads is what strawberry would have told it."""

from __future__ import annotations

import re
import socket as sockets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from fastapi import FastAPI
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Subprotocol

from graph.following import Following
from graph.values import Quality, ReadingBatch
from ontology.namespaces import DEMO
from resolvers import shared
from resolvers.compiled_live import CompiledValues
from resolvers.limits import Limits
from resolvers.schema import build_schema
from tests.support.served import ANSWER_S, Served, listening, served
from tests.support.wired import wait_until
from twin.events import ReadingStored
from twin.http import Gate, GraphQLFace, WebRules

AT = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
POINTS = [f"{DEMO}UPS-{side}.{name}" for side in "AB" for name in ("Output-Power", "Load")]
READINGS = 'subscription { readings(points: ["demo:UPS-A.Output-Power", "demo:UPS-B.Output-Power"]) { point value { value quality } } }'
RULES = WebRules(frozenset(), (), 256 * 1024, Limits())


class Plain(GraphQLFace):
    """Each client has an execution of its own, as strawberry does it."""

    graphql_transport_ws_handler_class = BaseGraphQLTransportWSHandler  # type: ignore[assignment] # what the peer has


@contextmanager
def faced(site: Served, kind: type[GraphQLFace]) -> Iterator[tuple[httpx.Client, GraphQLFace]]:
    """The face of a site by itself."""
    app, face = FastAPI(), kind(site.face, RULES)
    app.include_router(face, prefix="/graphql")
    with listening(Gate(app, RULES)) as client:
        yield client, face


@contextmanager
def line(client: httpx.Client, **options: Any) -> Iterator[Connection]:
    """A socket that is let in."""
    address = f"ws://{client.base_url.host}:{client.base_url.port}/graphql"
    with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], **options) as socket:
        socket.send('{"type": "connection_init"}')
        assert next_of(socket) == {"type": "connection_ack"}
        yield socket


def next_of(socket: Connection) -> dict[str, Any]:
    """The next message."""
    told: dict[str, Any] = orjson.loads(socket.recv(timeout=ANSWER_S))
    return told


def ask(socket: Connection, query: str, variables: dict[str, Any] | None = None, name: str = "1") -> None:
    """Subscribe."""
    socket.send(orjson.dumps({"id": name, "type": "subscribe", "payload": {"query": query, "variables": variables or {}}}).decode())


def read(site: Served, *values: float) -> None:
    """Readings of the points, of the fixed instant and the milliseconds after it."""
    read.at = getattr(read, "at", 0) + 1  # type: ignore[attr-defined] # a counter
    at = int(AT.timestamp() * 1000) + read.at  # type: ignore[attr-defined]
    rows = [(point, value, at, at, Quality.GOOD) for point, value in zip(POINTS, values, strict=False)]
    site.ingest.accept(ReadingBatch.of(rows))


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    """A site whose clock stands."""
    with served() as one:
        one.face.clock = lambda: AT
        yield one


DOCUMENTS: list[tuple[str, dict[str, Any], int]] = [
    (READINGS, {}, 2),
    ("subscription($p: [ID!]) { readings(points: $p) { value { ageS observedAt reason opcUa } __typename } }", {"p": POINTS}, 2),
    ('subscription A { all: readings(entity: "demo:UPS-A") { ...R } } fragment R on PointReading { point value { quality } }', {}, 2),
    (
        'subscription { again: readings(subTree: "demo:Rack-R001") { id: point ... on PointReading { v: value { ne107 receivedAt } } } }',
        {},
        1,
    ),
    ('subscription { readings(points: ["demo:UPS-A.Load"]) { point @include(if: false) value { value } } }', {}, 1),
    ('subscription { readings(points: ["demo:UPS-A.Load"], entity: "demo:UPS-A") { point } }', {}, 1),
    ('subscription { impact(failed: ["demo:UPS-B"]) { totals { racks { lost unaffected } } } }', {}, 1),
    ('subscription { readings(points: ["demo:Nope"]) { point } }', {}, 1),
    ("subscription { readings { point } }", {}, 1),
    ("subscription($p: [ID!]) { readings(points: $p) { point } }", {"p": 7}, 1),
    ("subscription { readings(points: []) { nope } }", {}, 1),
    ("query { status { revision } }", {}, 2),
]


@pytest.mark.parametrize(("query", "variables", "messages"), DOCUMENTS)
def test_what_a_client_reads_is_what_strawberry_tells(site: Served, query: str, variables: dict[str, Any], messages: int) -> None:
    """The same messages in the same order for the first client, and for one that joins while values stand: ids that need escapes too."""
    told = []
    for kind in (Plain, GraphQLFace):
        read(site, 1.0, 2.0, 3.0, 4.0)
        with faced(site, kind) as (client, _), line(client) as first, line(client) as second:
            ask(first, query, variables, 'a "1" é')
            one = [next_of(first)]
            ask(second, query, variables, "b")
            other = [next_of(second)]
            if messages > 1:
                read(site, 5.0, 6.0, 7.0, 8.0)
                one, other = [*one, next_of(first)], [*other, next_of(second)]
        told.append([{**each, "payload": without_times(each.get("payload"))} for each in (*one, *other)])

    assert told[0] == told[1]


def test_readings_are_told_from_the_columns_where_they_cover_them(site: Served) -> None:
    """A plain document is; one with a directive, or refused by itself, is left to graphql-core; unknown ids (7, 9) are later."""
    compiled = CompiledValues(build_schema(RULES.limits), RULES.limits)

    covered = [compiled.stream(site.face, query, variables, None) is not None for query, variables, _ in DOCUMENTS]

    assert [at for at, each in enumerate(covered) if each] == [0, 1, 2, 3, 7, 9]


def without_times(payload: Any) -> Any:
    """Readings of the two runs are milliseconds apart."""
    text = orjson.dumps(payload).decode()
    return orjson.loads(re.sub(r'"(observedAt)":"[^"]*"|"(ageS)":[0-9.]+', '"t":0', text))


def test_many_who_ask_alike_cost_one_execution(site: Served) -> None:
    """Twenty sockets, spaces and comments aside the same document: one group; another variable is another one; all gone, none is left."""
    before = len(site.bus._callbacks[ReadingStored])
    with faced(site, GraphQLFace) as (client, face), ExitStack() as stack:
        lines = [stack.enter_context(line(client)) for _ in range(20)]
        for at, socket in enumerate(lines):
            ask(socket, READINGS if at % 2 else READINGS.replace("{ point", "{\n  # the same\n  point,"), name=str(at))
            next_of(socket)
        read(site, 5.0)
        events = [next_of(socket) for socket in lines]
        groups = len(face.shares)
        ask(lines[0], "subscription($p: [ID!]) { readings(points: $p) { point } }", {"p": POINTS[:1]}, "other")
        next_of(lines[0])
        more = len(face.shares)
        for at, socket in enumerate(lines):
            socket.send(orjson.dumps({"id": str(at), "type": "complete"}).decode())
        lines[0].send('{"id": "other", "type": "complete"}')
        left = wait_until(lambda: len(face.shares) == 0)
        silent = wait_until(lambda: len(site.bus._callbacks[ReadingStored]) == before)

    assert (groups, more, left, silent) == (1, 2, True, True)
    assert [event["id"] for event in events] == [str(at) for at in range(20)]
    assert {orjson.dumps(event["payload"]) for event in events} == {
        orjson.dumps({"data": {"readings": [{"point": POINTS[0], "value": {"value": 5.0, "quality": "GOOD"}}]}})
    }


def test_who_joins_later_is_told_everything_first(site: Served) -> None:
    """One point has changed since the first client came: the second has both, then, as the first, what changes."""
    with faced(site, GraphQLFace) as (client, _), line(client) as first, line(client) as second:
        ask(first, READINGS)
        next_of(first)
        read(site, 5.0)
        next_of(first)
        ask(second, READINGS)
        whole = next_of(second)["payload"]["data"]["readings"]
        read(site, 6.0)
        parts = [next_of(socket)["payload"]["data"]["readings"] for socket in (first, second)]

    assert [row["point"] for row in whole] == [POINTS[0], POINTS[2]]
    assert whole[0]["value"]["value"] == 5.0
    assert parts[0] == parts[1] == [{"point": POINTS[0], "value": {"value": 6.0, "quality": "GOOD"}}]


def slow(client: httpx.Client) -> Connection:
    """A socket with small buffers: the system keeps little of what it does not read."""
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.connect((client.base_url.host, client.base_url.port))
    address = f"ws://{client.base_url.host}:{client.base_url.port}/graphql"
    return connect(address, sock=raw, subprotocols=[Subprotocol("graphql-transport-ws")], max_queue=1, ping_interval=None)


FAT = "point " + " ".join(f"a{n}: value {{ value quality observedAt receivedAt ageS reason opcUa ne107 }}" for n in range(12))


def storm(site: Served) -> tuple[str, Callable[[float], None]]:
    """A subscription with large messages, and what makes all of its points say something."""
    points = [site.twin.snapshot.key(n) for n in site.face.index().select("brick:Point", None).tolist()[:200]]

    def say(value: float) -> None:
        read.at = getattr(read, "at", 0) + 1  # type: ignore[attr-defined] # a counter
        at = int(AT.timestamp() * 1000) + read.at  # type: ignore[attr-defined]
        site.ingest.accept(ReadingBatch.of([(point, value, at, at, Quality.GOOD) for point in points]))

    return f"subscription {{ readings(points: {orjson.dumps(points).decode()}) {{ {FAT} }} }}", say


def test_a_slow_reader_holds_up_nobody_and_is_told_the_newest_when_it_reads_again(site: Served) -> None:
    """While it reads nothing the other has every tick; then it reads what lay in its buffers, and after that how things stand now."""
    everything, say = storm(site)
    with faced(site, GraphQLFace) as (client, _), slow(client) as idle, line(client, max_size=None) as brisk:
        idle.send('{"type": "connection_init"}')
        next_of(idle)
        for socket in (idle, brisk):
            ask(socket, everything)
        next_of(brisk)
        for value in range(1, 26):
            say(float(value))
            assert {row["a0"]["value"] for row in next_of(brisk)["payload"]["data"]["readings"]} == {float(value)}
        seen: list[float | None] = []
        while not seen or seen[-1] != 25.0:
            seen.append(next_of(idle)["payload"]["data"]["readings"][0]["a0"]["value"])

    assert len(seen) < 22


def test_who_reads_nothing_for_long_is_closed_with_the_reason(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """1013, try again later; what lay in its buffers is still read before."""
    monkeypatch.setattr(shared, "SLOW_S", 0.3)
    everything, say = storm(site)
    with faced(site, GraphQLFace) as (client, face), slow(client) as idle:
        idle.send('{"type": "connection_init"}')
        next_of(idle)
        ask(idle, everything)
        value = 0

        def gone() -> bool:
            nonlocal value
            value += 1
            say(float(value))
            return value > 1 and len(face.shares) == 0

        assert wait_until(gone, 60)
        with suppress(ConnectionClosed):
            while True:
                next_of(idle)

    assert (idle.close_code, idle.close_reason) == (1013, shared.SLOW_REASON)


def test_a_follower_is_told_each_change_at_least_once_and_only_its_own() -> None:
    """Marks by batch: what is heard before it follows is no change; slots that come later, or never were, do no harm."""

    def slots(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.array(numbers, np.int32)

    following = Following()
    following.heard(slots(3))
    follower, everything = following.follower(slots(3, -1, 9, 1)), following.follower()

    assert follower.changed().tolist() == []
    following.heard(slots(1, 2))
    following.heard(slots(3))
    assert follower.changed().tolist() == [0, 3]
    assert follower.changed().tolist() == []
    following.heard(slots(9))
    follower.over(slots(9, 50))
    assert follower.changed().tolist() == [0]
    following.heard(slots(50))
    assert follower.changed().tolist() == [1]
    assert [everything.changed().tolist(), everything.changed().tolist()] == [[1, 2, 3, 9, 50], []]
