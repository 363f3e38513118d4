"""200 clients follow the same ten points, and 20 the same thousand: what each message costs, and how old a value is when a client has it.

The server is uvicorn in this process, in a thread whose processor time is measured: messages per second of it, on one core, is what is
told. The clients are a process of their own, with as many sockets, and count what comes. Values change 20 times a second, so every tick
has all ten. The peer is strawberry's own handler over the same schema, resolvers and ticks, in the same run; a test holds the messages of
both to be equal (`tests/resolvers/test_shared.py`), and here both are asserted to have told every client of every tick that was told.
Age: each value is the instant (monotonic, ms) at which it was handed to ingest.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event, Thread

import uvicorn
from fastapi import FastAPI
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from bench.graphql_list import _face
from graph.points import point_facts
from graph.values import Quality, ReadingBatch
from resolvers.context import Face
from resolvers.limits import Limits
from twin.bus import Bus
from twin.compose_commands import BusFeed
from twin.http import Gate, GraphQLFace, WebRules
from twin.ingest import Ingest

NAME = "subscriptions.fanout"
SIZES = ((200, 10), (20, 1000))
SECONDS = 10
EVERY_S = 0.05
PROMISE_MS, PROMISE_RATIO = 250, 20
RULES = WebRules(frozenset(), (), 1 << 20, Limits())
Row = dict[str, object]


class Plain(GraphQLFace):
    """The peer."""

    graphql_transport_ws_handler_class = BaseGraphQLTransportWSHandler  # type: ignore[assignment] # what the peer has


class Server(uvicorn.Server):
    """In a thread."""

    def install_signal_handlers(self) -> None:
        """Signals stay with the benchmark."""


def run(clients: int, points_each: int, seconds: int = SECONDS) -> Iterator[Row]:
    """One row."""
    face = _face(100)
    ingest = Ingest(face.current, bus := Bus(), face.clock, point_facts(face.twin.snapshot))
    face.feed = BusFeed(bus)
    points = sorted(point_facts(face.twin.snapshot))[:points_each]
    ours, peer = (_measured(kind, face, ingest, points, clients, seconds) for kind in (GraphQLFace, Plain))
    yield {
        "bench": NAME,
        "size": clients,
        "points": points_each,
        "bytes": round(ours["bytes"]),
        "ours_us": ours["us"],
        "ours_messages_s_core": round(1e6 / ours["us"]),
        "peer": "strawberry",
        "peer_us": peer["us"],
        "peer_messages_s_core": round(1e6 / peer["us"]),
        "ratio": round(peer["us"] / ours["us"], 2),
        "promise_ratio": PROMISE_RATIO,
        "age_median_ms": round(ours["age_median_ms"], 1),
        "age_p99_ms": round(ours["age_p99_ms"], 1),
        "promise_age_p99_ms": PROMISE_MS,
        "peer_age_p99_ms": round(peer["age_p99_ms"], 1),
    }


def _measured(kind: type[GraphQLFace], face: Face, ingest: Ingest, points: list[str], clients: int, seconds: int) -> dict[str, float]:
    app = FastAPI()
    app.include_router(kind(face, RULES), prefix="/graphql")
    config = uvicorn.Config(
        Gate(app, RULES), port=0, lifespan="off", log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    server, ended = Server(config), Event()
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    query = f"subscription {{ readings(points: {json.dumps(points)}) {{ point value {{ value quality }} }} }}"
    words = [sys.executable, "-m", "bench.subscriptions_reader", str(port), str(clients), query]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listeners:  # noqa: S603 - our own words
        assert listeners.stdin is not None
        assert listeners.stdout is not None
        assert listeners.stdout.readline() == "all\n"
        speaker = Thread(target=_speak, args=(ingest, points, ended))
        speaker.start()
        time.sleep(1.0)
        clock = time.pthread_getcpuclockid(thread.ident or 0)
        listeners.stdin.write("begin\n")
        listeners.stdin.flush()
        assert listeners.stdout.readline() == "begun\n"
        begun = time.clock_gettime(clock)
        time.sleep(seconds)
        spent = time.clock_gettime(clock) - begun
        listeners.stdin.write("end\n")
        listeners.stdin.flush()
        told = json.loads(listeners.stdout.readline())
        ended.set()
        speaker.join()
    server.should_exit = True
    thread.join()
    assert min(told["each"]) >= max(told["each"]) - 2 > 0, f"every client is told of every tick, not {sorted(told['each'])[::40]}"
    ages = sorted(told["ages"])
    return {
        "us": round(spent / sum(told["each"]) * 1e6, 2),
        "bytes": told["bytes"] / sum(told["each"]),
        "age_median_ms": statistics.median(ages),
        "age_p99_ms": ages[int(len(ages) * 0.99)],
    }


def _speak(ingest: Ingest, points: list[str], ended: Event) -> None:
    """All points, again and again."""
    while not ended.wait(EVERY_S):
        at = round(time.time() * 1000)
        now = time.monotonic() * 1000
        ingest.accept(ReadingBatch.of([(point, now, at, at, Quality.GOOD) for point in points]))
