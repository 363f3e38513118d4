"""The RDF face as a whole: what its addresses have in common, and what it leaves to the rest of the service."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from adapters.rdf.app import RdfApp, build_rdf_app
from adapters.rdf.rules import RdfRules
from graph.changes import AsOf
from graph.current import CurrentValues
from graph.errors import StoreUnavailable
from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from tests.support.rdf_served import vocabulary
from tests.support.served import now
from twin.bus import Bus
from twin.ledger.ledger import Ledger
from twin.state import Twin

READS = ["/rdf?source=a", "/rdf/report?source=a", "/rdf/changes", "/rdf/changes?page=0", "/rdf/changes/1"]


class Stuck(Ledger):
    """A ledger that gives no state before it is told to, and then says that its store is away."""

    def __init__(self) -> None:
        self.go, self.asked = Event(), 0
        super().__init__(MemoryStore(), Twin(vocabulary(), Snapshot.empty(), CurrentValues(), Bus(), now), now)

    def snapshot(self, as_of: AsOf) -> Snapshot:  # noqa: ARG002 - whichever it is
        """Wait."""
        self.asked += 1
        self.go.wait()
        raise StoreUnavailable("the store is away: start it again")


@pytest.fixture
def stuck() -> Iterator[tuple[Stuck, RdfApp]]:
    ledger = Stuck()
    rdf = build_rdf_app(ledger, vocabulary(), RdfRules())
    yield ledger, rdf
    ledger.go.set()
    rdf.close()


def ready(_: Request) -> PlainTextResponse:
    """A plain endpoint of the service, in the threads that all of them share."""
    return PlainTextResponse("ready")


@pytest.mark.parametrize("address", READS)
def test_what_waits_at_the_rdf_face_takes_no_thread_from_the_rest_of_the_service(stuck: tuple[Stuck, RdfApp], address: str) -> None:
    """More requests than the shared threads wait for a state: another address is answered before one of them is."""
    ledger, rdf = stuck
    app = Starlette(routes=[*rdf.routes, Route("/readyz", ready)])
    statuses: list[int] = []

    async def many() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://h", timeout=60) as client:

            async def ask() -> None:
                statuses.append((await client.get(address)).status_code)

            async with anyio.create_task_group() as group:
                for _ in range(50):
                    group.start_soon(ask)
                while ledger.asked < 20:
                    await anyio.sleep(0.01)
                with anyio.fail_after(20):
                    meanwhile = (await client.get("/readyz")).text
                before = len(statuses)
                ledger.go.set()
            return f"{meanwhile} {before}"

    assert anyio.run(many) == "ready 0"
    assert statuses == [503] * 50


@pytest.mark.parametrize("address", READS)
def test_a_store_that_is_away_is_told_alike_at_every_address(stuck: tuple[Stuck, RdfApp], address: str) -> None:
    """503 with the same words and the same Retry-After."""
    ledger, rdf = stuck
    ledger.go.set()

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=rdf.routes)), base_url="http://h") as client:
            return await client.get(address)

    answer = anyio.run(ask)

    assert (answer.status_code, answer.headers["retry-after"], answer.json()["title"]) == (503, "10", "store away")
