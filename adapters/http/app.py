"""The HTTP wire as one application under `/api/v1`, with its description at `/api/v1/openapi.json`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from adapters.http import problems
from adapters.http.directory import Directories
from adapters.http.history import history_router
from adapters.http.intake import Intake
from adapters.http.keeper import Keeper
from adapters.http.keys import Keys
from adapters.http.metrics import Metrics, metrics_route
from adapters.http.parts import HttpParts
from adapters.http.prometheus.routes import prometheus_routes
from adapters.http.prometheus.sources import Sources
from adapters.http.readings import readings_router
from adapters.http.rules import HttpRules
from adapters.http.stream import Streams, stream_router
from adapters.http.values import Current, values_router
from graph.current import CurrentValues
from graph.snapshot import EPOCH, Snapshot
from graph.values import ReadingBatch, Samples, Slots
from ontology.vocabulary import load_vocabulary
from twin.bus import Bus

PATH = "/api/v1"
_ABOUT = """Readings in, current values and history out.

Points go by their ids in the graph, as IRI or as CURIE with a known prefix. Instants are ISO 8601 with an offset, or seconds or
milliseconds since 1970. Every error is problem details (RFC 9457) with the limit and the next step."""


@dataclass(frozen=True)
class HttpApp:
    """The wire: its routes, what must be let go of at the end, and what is counted of it."""

    routes: Sequence[BaseRoute]
    ends: Sequence[Callable[[], None]]
    start: Callable[[], None]
    """Begins to keep what the service counts of itself."""
    intake: Intake
    streams: Streams
    sources: Sources
    api: FastAPI

    def close(self) -> None:
        """Let go of files and subscriptions. A second call does nothing."""
        for end in self.ends:
            end()


def build_http_app(parts: HttpParts, rules: HttpRules) -> HttpApp:
    """The wire over the parts of a house."""
    api = FastAPI(
        title="Ridethrough",
        version=parts.version,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": PATH}],
    )
    problems.install(api)
    directories, keys = Directories(parts), Keys(parts.keys)
    intake = Intake(parts, directories, rules.errors_told)
    api.include_router(readings_router(parts, intake, keys, rules))
    api.include_router(values_router(parts, directories, Current(parts, directories)))
    api.include_router(history_router(parts, directories, rules))
    streams = Streams(parts, intake, directories, rules)
    api.include_router(stream_router(streams))
    metrics = Metrics(parts, intake, streams)
    sources = Sources(parts, directories, metrics, rules.promql_samples)
    keeper = Keeper(lambda: sources.ring.tick(parts.now_ms))
    api.router.routes.extend(prometheus_routes(parts, sources, rules))
    return HttpApp(
        [metrics_route(metrics), Mount(PATH, api)],
        (keeper.close, metrics.close, streams.close, directories.close, keys.close),
        keeper.start,
        intake,
        streams,
        sources,
        api,
    )


def described() -> dict[str, Any]:
    """The OpenAPI description, of no house in particular."""
    current, bus = CurrentValues(), Bus()
    parts = HttpParts(Snapshot.empty, load_vocabulary(), current, _Nowhere(), bus, lambda: EPOCH)
    app = build_http_app(parts, HttpRules())
    app.close()
    return app.api.openapi()


class _Nowhere:
    """A sink that nothing is sent to."""

    def slots(self, points: Sequence[str]) -> Slots:
        return np.full(len(points), -1, np.int32)

    def take(self, samples: Samples) -> None:
        """Nothing."""

    def accept(self, batch: ReadingBatch) -> None:
        """Nothing."""

    def early(self, batch: ReadingBatch) -> int:
        """Nothing."""
        return len(batch)
