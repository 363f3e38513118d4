"""How old a value is when a GraphQL subscriber has it, at 20,000 points a second, one point a message, on the whole way.

The way is that of `mqtt.freshness` (a device in a process of its own, mosquitto, QoS 1, decode, bind, check, table, durable history) and
then the event, the tick, the subscription's bytes, uvicorn and the socket, to a client in a process of its own that follows a thousand of
the 20,000 points. Age is the client's clock less the device's; both run on one machine. No peer: a promise in milliseconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import uvicorn
from fastapi import FastAPI

from bench.graphql_list import _face
from bench.mqtt_freshness import A_SECOND, PROMISE_MS, SETTLE_S
from bench.mqtt_path import FOLLOWED, Log, Way, broker, now, snapshot_of
from bench.mqtt_qos1 import POINTS, site
from bench.subscriptions_fanout import RULES
from ontology.vocabulary import load_vocabulary
from resolvers.context import Face
from twin.compose_commands import BusFeed
from twin.http import Gate, GraphQLFace
from twin.state import Twin

NAME = "subscriptions.freshness"
SECONDS = 20
Row = dict[str, object]


def run(seconds: int = SECONDS) -> Iterator[Row]:
    """One row; ages in ms over all values that the client had after the first seconds."""
    with tempfile.TemporaryDirectory() as folder, broker() as port:
        snapshot = snapshot_of(site(POINTS))
        way = Way(port, snapshot, Log(Path(folder) / "kept"))
        twin = Twin(load_vocabulary(), snapshot, way.current, way.bus, now)
        face = replace(_face(1), twin=twin, current=way.current, clock=now, feed=BusFeed(way.bus))
        words = [sys.executable, "-m", "bench.mqtt_freshness", str(port), str(seconds + SETTLE_S)]
        with served(face) as web, subprocess.Popen(words) as speaker:  # noqa: S603 - our own words
            way.wait_rows(A_SECOND * SETTLE_S)
            points = sorted(way.points)[:: POINTS // FOLLOWED]
            query = f"subscription {{ readings(points: {json.dumps(points)}) {{ point value {{ value quality observedAt }} }} }}"
            reading = [sys.executable, "-m", "bench.subscriptions_reader", str(web.port), str(seconds - 5)]
            ages = json.loads(subprocess.run(reading, input=query, stdout=subprocess.PIPE, check=True, text=True).stdout)  # noqa: S603 - our own words
            speaker.wait()
        way.wait_rows(A_SECOND * (seconds + SETTLE_S))
        way.close()
    low, middle, high, worst = np.percentile(ages, [5, 50, 99, 100]).tolist()
    yield {
        "bench": NAME,
        "size": len(ages),
        "points_s": A_SECOND,
        "followed": FOLLOWED,
        "p5_ms": low,
        "median_ms": middle,
        "p99_ms": high,
        "worst_ms": worst,
        "promise_p99_ms": PROMISE_MS,
    }


class served:  # noqa: N801 - reads as a word where it is used
    """The face behind uvicorn, in a thread."""

    def __init__(self, face: Face) -> None:
        app = FastAPI()
        app.include_router(GraphQLFace(face, RULES), prefix="/graphql")
        config = uvicorn.Config(
            Gate(app, RULES), port=0, lifespan="off", log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run)

    def __enter__(self) -> served:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
