"""The composition root: from settings to a running service, and its clean end."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain

import uvicorn
from starlette.types import ASGIApp

from adapters.http.app import HttpApp
from adapters.rdf.app import RdfApp, build_rdf_app
from adapters.rdf.rules import MB, QueryLimits, RdfRules
from analytics.warm import warm
from graph.errors import GraphError
from resolvers.limits import Limits
from twin.compose import Opened, open_twin
from twin.compose_demo import SOURCE, DemoPlant, build_site
from twin.compose_http import http_app_of
from twin.compose_replay import Playing
from twin.compose_service import Service, Wires
from twin.compose_store import go_by
from twin.events import GraphChanged
from twin.http import WebRules, build_app, build_health
from twin.recording import Record
from twin.replay import PlayedClock
from twin.settings import Settings
from twin.warming import Warming

Say = Callable[[str], None]

END_S = 3
"""Seconds that open requests and sockets have to end after Ctrl-C."""
STALLED_MS = 30_000
"""How long a client may leave untaken what was sent to it, before its connection ends: also a little that lies in the system's buffers."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def run_service(settings: Settings, say: Say) -> None:
    """Serve what the store holds until Ctrl-C. Raises `GraphError` with the next step when it cannot."""
    _run(settings, say, "serve", lambda opened, _: Service(opened))


def run_demo(settings: Settings, say: Say, *, racks: int, seed: int) -> None:
    """Serve the synthetic site with its simulated plant; an empty store gets the site first."""
    _run(settings, say, "demo", lambda opened, stack: _demo(opened, say, stack, racks, seed))


def run_replay(settings: Settings, say: Say, batches: Iterator[Sequence[Record]], speed: float) -> None:
    """Serve the twin while a recording is played into it, and after it has ended, as it stood then. Raises `GraphError`."""
    clock = PlayedClock()
    first = next(batches, None)
    if first is None:
        raise GraphError("there is nothing to play: the recording, or the span of history, holds no message")
    clock.ms = first[0].at
    go_by(clock)

    def begin(opened: Opened, service: Service, stack: ExitStack) -> None:
        playing = Playing(opened, clock, service.ingest, service.ingest.sweep)
        stack.callback(opened.bus.subscribe(GraphChanged, playing.rebind))
        stack.callback(playing.close)
        service.listen_to(playing.reasons)
        playing.begin(chain((first,), batches), speed, say)

    try:
        _run(settings, say, "replay", lambda opened, _: Service(opened, Wires("", False, {})), begin)
    finally:
        go_by(None)


def _run(
    settings: Settings,
    say: Say,
    purpose: str,
    compose: Callable[[Opened, ExitStack], Service],
    begin: Callable[[Opened, Service, ExitStack], None] = lambda *_: None,
) -> None:
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        try:
            port = stack.enter_context(listener(settings))
            opened = open_twin(settings, f"{purpose} at {_address(port)}", read_only=False)
            stack.callback(opened.close)
            service = compose(opened, stack)
            stack.callback(service.stop)
            service.start()
            begin(opened, service, stack)
            rdf = build_rdf_app(opened.ledger, opened.twin.vocabulary, rdf_rules_of(settings))
            stack.callback(rdf.close)
            http = http_app_of(opened, service)
            stack.callback(http.close)
            http.start()
            _serve(settings, service, rdf, http, port, say)
        except KeyboardInterrupt:
            pass
        say("ending: writing what waits, letting go of devices and store")
    say("ended")
    _leave()


def _leave() -> None:
    """End the process here where a thread still works: an interpreter that goes away while a kernel is compiled aborts in native code. All
    that is durable is closed by now."""
    if any(thread.daemon for thread in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _interrupt(_number: int, _frame: object) -> None:
    """A service manager's end is the same as Ctrl-C."""
    raise KeyboardInterrupt


def _demo(opened: Opened, say: Say, stack: ExitStack, racks: int, seed: int) -> Service:
    if opened.twin.snapshot.revision == 0:
        say(f"making a synthetic site of {racks} racks (seed {seed}); this is done once")
        build_site(opened, racks, seed)
    if SOURCE not in opened.twin.snapshot.owners.values():
        raise GraphError(
            f"the store holds another site, not the demo's: give the demo a folder of its own with --data, "
            f"or serve what is there with `ridethrough serve --data {opened.settings.data}`"
        )
    plant = DemoPlant(opened, seed)
    stack.callback(plant.stop)
    plant.start()
    return Service(opened, plant.wires, moving=True)


def listener(settings: Settings) -> socket.socket:
    """The port, taken before anything else is begun. Raises `GraphError` with the next step when it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform == "linux":  # each connection has it from the port
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MS)
    try:
        taken.bind((settings.host, settings.port))
    except OSError as error:
        taken.close()
        remedy = (
            "end what has it, or give another port with --port, RIDETHROUGH_PORT or the file (0 takes a free one)"
            if error.errno == errno.EADDRINUSE
            else "give an address of this machine with --host, and a port that this user may have"
        )
        raise GraphError(f"{_shown(settings.host)}:{settings.port} cannot be listened on ({error.strerror}): {remedy}") from None
    return taken


def rdf_rules_of(settings: Settings) -> RdfRules:
    """What the RDF face lets in, as the settings say."""
    return RdfRules(
        write=settings.rdf_write,
        body_bytes=settings.rdf_body_mb * MB,
        require_match=settings.rdf_require_match,
        deletions_max=settings.deletions_max,
        sparql=settings.sparql,
        author=settings.author,
        origins=settings.allowed_origins,
        query=QueryLimits(seconds=settings.sparql_seconds, memory_bytes=settings.sparql_memory_mb * MB),
    )


def _serve(settings: Settings, service: Service, rdf: RdfApp, http: HttpApp, port: socket.socket, say: Say) -> None:
    hosts = frozenset() if settings.host in ("0.0.0.0", "::") and not settings.allowed_hosts else hosts_of(settings)  # noqa: S104 - what the user set
    rules = WebRules(
        hosts=hosts,
        origins=settings.allowed_origins,
        body_bytes=settings.body_kb * 1024,
        limits=Limits(settings.graphql_depth, settings.graphql_aliases, settings.graphql_tokens, settings.graphql_cost),
    )
    config = uvicorn.Config(
        _app(service, rdf, http, rules, settings, say),
        log_level=settings.log_level,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=settings.body_kb * 1024,
        ws_max_queue=16,
        timeout_graceful_shutdown=END_S,
        server_header=False,
        h11_max_incomplete_event_size=32 * 1024,
    )
    text = f"Ridethrough serves {len(service.face.twin.snapshot.by_iri):,} entities at {_address(port)} (Ctrl-C ends it)"
    empty = (
        "" if len(service.face.twin.snapshot) else "\nit is empty: load a file in the explorer under Sources, or PUT it to /rdf?source=NAME"
    )
    _Server(config, lambda: say(text + empty), rdf.leave).run(sockets=[port])


def _app(service: Service, rdf: RdfApp, http: HttpApp, rules: WebRules, settings: Settings, say: Say) -> ASGIApp:
    """All that is served; of a process that only takes in, the HTTP wire and how it stands."""
    if settings.role == "ingest" and service.face.health is not None:
        return build_health(service, rules, service.face.health, routes=http.routes)
    health = Warming(service, warm, say)
    health.start()
    return build_app(service.face, health, rules, routes=[*rdf.routes, *http.routes])


class _Server(uvicorn.Server):
    """Says so when it listens, and when it ends."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None], leaves: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens, self._leaves = listens, leaves

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and only then say so."""
        await super().startup(sockets)
        self._listens()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell those who read on and on to leave, and end."""
        self._leaves()
        await super().shutdown(sockets)


def hosts_of(settings: Settings) -> frozenset[str]:
    """The names that a request may give the service, as it writes them: an IPv6 address in brackets."""
    return LOOPBACK.union(_shown(host).lower() for host in (settings.host, *settings.allowed_hosts))


def _address(port: socket.socket) -> str:
    host, number = port.getsockname()[:2]
    return f"http://{_shown(host)}:{number}"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
