"""The RDF face over a real ledger, on a free port of loopback; and programs around it: a canary that nothing may ever reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
from starlette.applications import Starlette

from adapters.rdf.app import build_rdf_app
from adapters.rdf.rules import RdfRules
from graph.current import CurrentValues
from graph.stores.memory import MemoryStore
from ontology.vocabulary import Vocabulary, load_vocabulary
from tests.support.served import listening, now
from twin.bus import Bus
from twin.ledger.answers import Policies
from twin.ledger.ledger import Ledger
from twin.state import Twin
from twin.sync import snapshot_of

TURTLE = {"content-type": "text/turtle"}


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read once."""
    return load_vocabulary()


@dataclass
class RdfServed:
    """A served ledger and a client of it."""

    client: httpx.Client
    ledger: Ledger
    store: MemoryStore

    @property
    def base(self) -> str:
        """Where it is served, without a slash at the end."""
        return str(self.client.base_url).rstrip("/")

    def put(self, where: str, turtle: str, **headers: str) -> httpx.Response:
        """PUT Turtle to `/rdf?` + where."""
        return self.client.put(
            f"/rdf?{where}", content=turtle.encode(), headers=TURTLE | {k.replace("_", "-"): v for k, v in headers.items()}
        )

    def patch(self, where: str, update: str, kind: str = "application/sparql-update", **headers: str) -> httpx.Response:
        """PATCH `/rdf?` + where."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.patch(f"/rdf?{where}", content=update.encode(), headers={"content-type": kind} | named)

    def ask(self, query: str, accept: str = "application/sparql-results+json", **params: str) -> httpx.Response:
        """Ask a query."""
        return self.client.get("/sparql", params={"query": query, **params}, headers={"accept": accept})

    def count(self, pattern: str = "?s ?p ?o", **params: str) -> int:
        """How many solutions a pattern has."""
        answer = self.ask(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", **params)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["results"]["bindings"][0]["n"]["value"])


@contextmanager
def rdf_served(rules: RdfRules | None = None, policies: Policies | None = None, store: MemoryStore | None = None) -> Iterator[RdfServed]:
    """Serve an empty twin, or what the store has."""
    store = store or MemoryStore()
    twin = Twin(vocabulary(), snapshot_of(store), CurrentValues(), Bus(), now)
    ledger = Ledger(store, twin, now, policies or Policies())
    app = build_rdf_app(ledger, vocabulary(), rules or RdfRules())
    try:
        with listening(Starlette(routes=app.routes)) as client:
            yield RdfServed(client, ledger, store)
    finally:
        app.close()


class Canary(ThreadingHTTPServer):
    """An HTTP server that counts whoever comes."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[str] = []
        super().__init__(("127.0.0.1", 0), _Sees)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Sees(BaseHTTPRequestHandler):
    def handle_one_request(self) -> None:
        """Whatever is asked is written down."""
        assert isinstance(self.server, Canary)
        self.server.seen.append(self.rfile.readline(1000).decode("latin-1").strip())
        self.wfile.write(b"HTTP/1.0 204 No Content\r\n\r\n")
        self.close_connection = True


@contextmanager
def canary() -> Iterator[Canary]:
    """A canary on a free port of loopback."""
    with Canary() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
