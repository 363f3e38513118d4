"""What one failure costs over GraphQL, on a site of the demo's shape with a million entities: outcomes, evidence, paths, totals.

The real HTTP server answers a client of its own process over loopback. The failures are drawn from all failure units, each as likely as
the other, and each answer is asserted equal to the command line's before anything is timed. No peer has the question over GraphQL; what
the same answers cost in process, without the face, is told beside it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import httpx
import numpy as np
import uvicorn

from analytics.warm import warm
from bench.graphql_list import _NoJournal
from graph.current import CurrentValues
from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from ontology.vocabulary import load_vocabulary
from resolvers.context import Face, ServiceFacts
from resolvers.limits import Limits
from twin.bus import Bus
from twin.compose_commands import BusFeed
from twin.control import Control
from twin.demo.site import generate
from twin.http import WebRules, build_app
from twin.ledger.ledger import Ledger
from twin.state import Twin

NAME = "graphql.impact"
RACKS = (2_000, 19_000)
"""Some 105,000 and a million entities."""
AT = datetime(2026, 1, 1, tzinfo=UTC)
SEED = 1
DOCUMENT = """query($failed: [ID!]!) { impact(failed: $failed) { revision assumed
  outcomes { id label class medium outcome evidence path exposedTo }
  totals { racks { lost noRedundancy } services { lost noRedundancy } tenants { lost noRedundancy } itLoadKw { lost noRedundancy } } } }"""
Row = dict[str, object]


class _Well:
    """A service that is ready."""

    def reasons(self) -> Sequence[str]:
        """None."""
        return ()

    def away(self) -> Sequence[str]:
        """None."""
        return ()


def run(racks: int = RACKS[-1], asked: int = 200) -> Iterator[Row]:
    """One row: `asked` failures, one request each, after all of them have been asked once."""
    warm()
    snapshot = Snapshot.of(generate(racks=racks), at=AT)
    bus, current = Bus(), CurrentValues()
    twin = Twin(load_vocabulary(), snapshot, current, bus, lambda: AT)
    control = Control(_NoJournal(), [], current, lambda: AT, bus)
    facts = ServiceFacts("memory", control=False, points=0, live=0, unbound=())
    face = Face(twin, current, lambda: AT, control, BusFeed(bus), lambda: facts, "bench", Ledger(MemoryStore(), twin, lambda: AT))
    app = build_app(face, _Well(), WebRules(frozenset(), (), 2**20, Limits()))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_level="error"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    graph = twin.newest.supply()
    units = np.flatnonzero(graph.nodes.failure_unit).tolist()
    ids = [graph.id(node) for node in random.Random(SEED).sample(units, asked)]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", timeout=600) as client:
            rows = [_same(twin, client, each) for each in ids]
            face_s = sorted(_seconds(lambda each=each: _ask(client, each)) for each in ids)
        plain_s = sorted(_seconds(lambda each=each: twin.newest.impact([each])) for each in ids)
    finally:
        server.should_exit = True
        thread.join()
    yield {
        "bench": NAME,
        "size": len(snapshot.by_iri),
        "asked": asked,
        "seed": SEED,
        "ours_median_s": _at(face_s, 0.5),
        "ours_p95_s": _at(face_s, 0.95),
        "ours_p99_s": _at(face_s, 0.99),
        "peer": "in process",
        "peer_median_s": _at(plain_s, 0.5),
        "peer_p95_s": _at(plain_s, 0.95),
        "peer_p99_s": _at(plain_s, 0.99),
        "ratio": _at(plain_s, 0.5) / _at(face_s, 0.5),
        "outcomes_median": _at(sorted(rows), 0.5),
        "outcomes_p95": _at(sorted(rows), 0.95),
    }


def _ask(client: httpx.Client, failed: str) -> Any:
    return client.post("/graphql", json={"query": DOCUMENT, "variables": {"failed": [failed]}}).json()


def _same(twin: Twin, client: httpx.Client, failed: str) -> int:
    """How many outcomes one failure has, told alike by both ways."""
    told, found = twin.newest.impact([failed]), _ask(client, failed)
    assert "errors" not in found, found["errors"]
    answer = found["data"]["impact"]
    ours = [(row["id"], row["medium"], row["outcome"], tuple(row["evidence"]), tuple(row["path"])) for row in answer["outcomes"]]
    assert ours == [(row.id, row.medium, row.outcome.value, row.evidence, row.path) for row in told.outcomes]
    assert answer["totals"]["itLoadKw"]["lost"] == told.totals.to_json()["it_load_kw"]["LOST"]
    return len(ours)


def _seconds(act: Any) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _at(ascending: list[Any], part: float) -> Any:
    """The value that this part of all lies at or below."""
    return ascending[min(len(ascending) - 1, int(part * len(ascending)))]
