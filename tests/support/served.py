"""A twin with its face and its web application in this process: real parts throughout, but a plant that is one dictionary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from threading import Thread
from typing import Any

import httpx
import orjson
import uvicorn
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Subprotocol

from graph.changes import Cause, ChangeSet
from graph.commands import Command
from graph.current import CurrentValues
from graph.points import point_facts
from graph.stores.memory import MemoryJournal, MemoryStore
from graph.values import Quality, ReadingBatch
from ontology.terms import QuadBlock
from ontology.vocabulary import load_vocabulary
from resolvers.context import Face, ServiceFacts
from resolvers.limits import Limits
from twin.bus import Bus
from twin.compose_commands import BusFeed
from twin.control import Control
from twin.demo.site import generate
from twin.http import WebRules, build_app
from twin.ingest import Ingest
from twin.ledger.ledger import Ledger
from twin.may_write import Writers
from twin.state import Twin
from twin.sync import snapshot_of

RACKS = 20
SOURCE = "demo"
"""The source that says the site."""
ANSWER_S = 120
"""How long an answer may take, in seconds: the first of its kind on a machine where nothing is compiled yet."""


def now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


@cache
def small_site() -> QuadBlock:
    """The demo's site with few racks."""
    return generate(racks=RACKS, seed=1)


def graphs_of(quads: QuadBlock) -> list[str]:
    """The graphs that a block speaks in, sorted."""
    return sorted({quads.terms[graph] for graph in quads.quads[:, 3].tolist()})


@dataclass
class Plant:
    """A device that does what it is told, and counts it."""

    points: frozenset[str] = frozenset()
    written: list[Command] = field(default_factory=list)
    send_s_max: float = 1.0

    def serves(self, point: str) -> bool:
        """See `DevicePort.serves`."""
        return point in self.points

    def send(self, command: Command) -> None:
        """See `DevicePort.send`."""
        self.written.append(command)


class Well:
    """A service that is ready, with one wire away."""

    def reasons(self) -> Sequence[str]:
        """None."""
        return ()

    def away(self) -> Sequence[str]:
        """One."""
        return ("mqtt: the broker does not answer",)


@dataclass
class Served:
    """The parts of a served twin."""

    twin: Twin
    face: Face
    bus: Bus
    ingest: Ingest
    plant: Plant
    client: httpx.Client
    ledger: Ledger

    def read(self, *rows: tuple[str, float]) -> None:
        """Good readings of now, as a wire would bring them."""
        at = int(now().timestamp() * 1000)
        self.ingest.accept(ReadingBatch.of([(point, value, at, at, Quality.GOOD) for point, value in rows]))

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query that must succeed."""
        answer = self.post(query, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a query."""
        answer: dict[str, Any] = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        return answer

    @contextmanager
    def socket(self, protocol: str = "graphql-transport-ws", **options: Any) -> Iterator[Connection]:
        """A socket to the face."""
        address = f"ws://{self.client.base_url.host}:{self.client.base_url.port}/graphql"
        with connect(address, subprotocols=[Subprotocol(protocol)], **options) as socket:
            yield socket

    @contextmanager
    def subscribed(self, query: str, **variables: Any) -> Iterator[Callable[[], dict[str, Any]]]:
        """What gives the data of the next event of a subscription."""
        with self.socket() as socket:
            socket.send(orjson.dumps({"type": "connection_init"}).decode())
            assert orjson.loads(socket.recv(timeout=5)) == {"type": "connection_ack"}
            socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}).decode())
            yield lambda: orjson.loads(socket.recv(timeout=ANSWER_S))["payload"]["data"]


class _Server(uvicorn.Server):
    """A server in a thread: signals stay with the tests."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def listening(app: Any) -> Iterator[httpx.Client]:
    """The application on a free port of loopback, by the server that serves it in production."""
    server = _Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(
    quads: QuadBlock | None = None,
    *,
    control: bool = False,
    enabled: Sequence[str] = (),
    limits: Limits | None = None,
    body_kb: int = 256,
    write: Writers = "loopback",
    source: str = SOURCE,
) -> Iterator[Served]:
    """Serve a graph (the small demo site when not given), as `source` has said it in revision 1."""
    store = MemoryStore()
    site, at = small_site() if quads is None else quads, now()
    store.commit(
        ChangeSet(site, QuadBlock.empty(), dict.fromkeys(graphs_of(site), source)), Cause("tests", source, at, "the site"), expected=0
    )
    snapshot = snapshot_of(store)
    points = point_facts(snapshot)
    bus, current = Bus(), CurrentValues({iri: facts.period_s for iri, facts in points.items()})
    twin = Twin(load_vocabulary(), snapshot, current, bus, now)
    ingest = Ingest(current, bus, now, points)
    plant = Plant(frozenset(enabled))
    flow = Control(MemoryJournal(), [plant], current, now, bus, on=control, enabled=frozenset(enabled), points=points)
    facts = ServiceFacts("memory", control, len(current), 0, ())
    ledger = Ledger(store, twin, now)
    face = Face(twin, current, now, flow, BusFeed(bus), lambda: facts, "tests", ledger, write)
    rules = WebRules(frozenset({"127.0.0.1"}), (), body_kb * 1024, limits or Limits())
    with listening(build_app(face, Well(), rules)) as client:
        yield Served(twin, face, bus, ingest, plant, client, ledger)
    face.jobs.close()
    flow.close()
