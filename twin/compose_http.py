"""From settings to the HTTP wire of a running service."""

from __future__ import annotations

from importlib.metadata import version

from adapters.http.app import HttpApp, build_http_app
from adapters.http.parts import HttpParts
from adapters.http.rules import MB, HttpRules
from twin.compose import Opened
from twin.compose_service import Service
from twin.compose_store import now
from twin.settings import Settings

KEYS_FILE = "requests.sqlite"
"""In the data folder: answers to requests that gave a key."""


def http_app_of(opened: Opened, service: Service) -> HttpApp:
    """The wire over a service. Nothing is served before its routes are."""
    twin, ingest = opened.twin, service.ingest
    parts = HttpParts(
        lambda: twin.snapshot,
        twin.vocabulary,
        twin.current,
        ingest,
        opened.bus,
        now,
        service.history,
        lambda: service.history is not None and not ingest.history_error,
        keys=opened.settings.data / KEYS_FILE,
        version=version("ridethrough"),
    )
    return build_http_app(parts, http_rules_of(opened.settings))


def http_rules_of(settings: Settings) -> HttpRules:
    """What the wire lets in, as the settings say."""
    return HttpRules(write=settings.readings_write, origins=settings.allowed_origins, body_bytes=settings.readings_body_mb * MB)
