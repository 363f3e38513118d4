"""All current values of 100,000 points over HTTP, against FastAPI with an object a point.

Ours: `GET /api/v1/values`, the whole answer read by a client in another process over loopback: table, JSON columns, socket. The peer is in
the same server, over the same table, and says the same: a list of pydantic models, as FastAPI's own guide does it. Both are read whole and
compared before anything is timed; between two questions some values change, so that nothing can be answered from what was said before.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

import numpy as np
import orjson
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from adapters.http import columns
from adapters.http.app import build_http_app
from adapters.http.directory import Directories
from adapters.http.parts import HttpParts
from adapters.http.rules import HttpRules
from adapters.http.values import Current
from bench.mqtt_path import snapshot_of
from graph.current import CurrentValues
from graph.points import point_facts
from graph.values import Quality, ReadingBatch, Reason
from ontology.vocabulary import load_vocabulary
from twin.bus import Bus
from twin.ingest import Ingest

NAME = "values.all"
POINTS = 100_000
Row = dict[str, object]


class Value(BaseModel):
    """One point, as the peer tells it."""

    point: str
    value: float
    observed_at: int
    quality: str
    reason: str


def run(points: int = POINTS, runs: int = 20) -> Iterator[Row]:
    """One row; `size` is the points."""
    here, there = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=_serve, args=(there, points), daemon=True)
    server.start()
    port, work_ms = here.recv()
    link = http.client.HTTPConnection("127.0.0.1", port)
    _compared(link, points)
    ours = [_timed(link, "/api/v1/values") for _ in range(runs)]
    size = len(_read(link, "/api/v1/values"))
    theirs = [_timed(link, "/peer") for _ in range(max(3, runs // 5))]
    link.close()
    here.send("end")
    server.join(20)
    yield {
        "bench": NAME,
        "size": points,
        "ours_ms": round(min(ours), 2),
        "peer": "FastAPI, a pydantic model a point",
        "peer_ms": round(min(theirs), 1),
        "ratio": round(min(theirs) / min(ours), 1),
        "runs": runs,
        "ours_median_ms": round(statistics.median(ours), 2),
        "peer_median_ms": round(statistics.median(theirs), 1),
        "ours_without_http_ms": round(work_ms, 2),
        "answer_mb": round(size / 1e6, 1),
    }


def _timed(link: http.client.HTTPConnection, address: str) -> float:
    _read(link, "/move")
    begun = time.perf_counter()
    _read(link, address)
    return 1000 * (time.perf_counter() - begun)


def _read(link: http.client.HTTPConnection, address: str) -> bytes:
    link.request("GET", address)
    answer = link.getresponse()
    body = answer.read()
    assert answer.status == 200, body[:500]
    return body


def _compared(link: http.client.HTTPConnection, points: int) -> None:
    """That both say the same of every point."""
    ours, theirs = orjson.loads(_read(link, "/api/v1/values")), orjson.loads(_read(link, "/peer"))
    columns = [ours[name] for name in ("points", "values", "observed_at", "quality", "reason")]
    rows = [(each["point"], each["value"], each["observed_at"], each["quality"], each["reason"]) for each in theirs]
    assert len(rows) == points
    assert list(zip(*columns, strict=True)) == rows


def _serve(link: Connection, points: int) -> None:
    """The server: says its port, and how long the answer takes without HTTP; ends when it is told."""
    names = sorted(f"urn:ridethrough:demo:Rack-R{n // 20:05d}.Point-{n % 20:02d}" for n in range(points))
    snapshot = snapshot_of([f"<{name}> brick:isPointOf demo:Rack-{n // 20} ; dcx:samplePeriod 5 ." for n, name in enumerate(names)])
    current, bus = CurrentValues(), Bus()
    ingest = Ingest(current, bus, _now, point_facts(snapshot))
    slots = ingest.slots(names)
    random = np.random.default_rng(1)

    def move() -> None:
        at = np.full(points, round(time.time() * 1000), np.int64)
        plain = np.zeros(points, np.uint8)
        ingest.accept(ReadingBatch(names, np.round(random.normal(20, 5, points), 2), at, at, plain))

    move()
    with tempfile.TemporaryDirectory() as folder:
        parts = HttpParts(lambda: snapshot, load_vocabulary(), current, ingest, bus, _now, keys=Path(folder) / "keys")
        wire = build_http_app(parts, HttpRules())
        app = FastAPI()

        @app.get("/peer")
        async def peer() -> list[Value]:
            values, observed, quality, reason = current.columns(slots)
            rows = zip(names, values.tolist(), observed.tolist(), quality.tolist(), reason.tolist(), strict=True)
            return [Value(point=p, value=v, observed_at=t, quality=Quality(q).name, reason=Reason(r).name) for p, v, t, q, r in rows]

        @app.get("/move")
        async def moved() -> int:
            move()
            return 0

        app.router.routes.extend(wire.routes)
        directories = Directories(parts)
        asked = Current(parts, directories)
        work = min(_work(asked, directories, move) for _ in range(10))
        directories.close()
        server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
        Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.01)
        link.send((server.servers[0].sockets[0].getsockname()[1], work))
        link.recv()
        wire.close()


def _work(asked: Current, directories: Directories, move: Callable[[], None]) -> float:
    move()
    begun = time.perf_counter()
    columns.as_json(asked.values(directories.now(), None), {"at": "", "revision": 1})
    return 1000 * (time.perf_counter() - begun)


def _now() -> datetime:
    return datetime.now(UTC)
