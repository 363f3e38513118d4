"""From settings to the HTTP wire of a running service."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace

from starlette.websockets import WebSocket

from adapters.http.app import HttpApp, build_http_app
from adapters.http.parts import HttpParts
from adapters.http.rules import MB, HttpRules
from twin.compose import Opened
from twin.compose_service import Service
from twin.compose_store import now
from twin.outlets import outlet_of
from twin.settings import Settings

ELSEWHERE = "this process only answers (role api): send readings to one that takes them in (role ingest or all)"
KEYS_FILE = "requests.sqlite"
"""In the data folder: answers to requests that gave a key."""


def http_app_of(opened: Opened, service: Service) -> HttpApp:
    """The wire over a service. Nothing is served before its routes are."""
    twin, ingest = opened.twin, service.ingest
    parts = HttpParts(
        lambda: twin.snapshot,
        twin.vocabulary,
        twin.current,
        service.sink,
        opened.bus,
        now,
        service.history,
        lambda: service.history is not None and not ingest.history_error,
        service.face.health,
        hang_up=hang_up,
        keys=opened.settings.data / KEYS_FILE,
        version=version("ridethrough"),
    )
    return build_http_app(parts, http_rules_of(opened.settings))


def hang_up(socket: WebSocket, code: int, reason: str) -> bool:
    """End a socket that takes nothing: see `HttpParts.hang_up`."""
    outlet = outlet_of(SimpleNamespace(ws=socket))
    if outlet is not None:
        outlet.close(code, reason)
    return outlet is not None


def http_rules_of(settings: Settings) -> HttpRules:
    """What the wire lets in, as the settings say."""
    return HttpRules(
        write=settings.readings_write,
        origins=settings.allowed_origins,
        body_bytes=settings.readings_body_mb * MB,
        elsewhere=ELSEWHERE if settings.role == "api" else "",
    )
