"""The HTTP wire over a small site, on a free port of loopback, with an embedded history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from adapters.history.embedded import EmbeddedHistory
from adapters.http.app import HttpApp, build_http_app
from adapters.http.parts import HttpParts
from adapters.http.rules import HttpRules
from graph.current import CurrentValues
from graph.points import point_facts
from graph.ports import History
from graph.snapshot import Snapshot
from graph.values import ReadingBatch
from ontology.vocabulary import Vocabulary, load_vocabulary
from resolvers.limits import Limits
from tests.support.served import listening
from tests.support.wired import snapshot_of, wall_clock
from twin.bus import Bus
from twin.compose_http import hang_up
from twin.data_health import DataHealth, WireHealth
from twin.events import GraphChanged
from twin.http import Gate, WebRules
from twin.ingest import Ingest

PLANT = """
@prefix ex: <urn:example:> .
ex:Building a rec:Building .
ex:Hall-1 a dcx:Data_Hall ; rec:isPartOf ex:Building .
ex:Row-1 a dcx:Rack_Row ; rec:isPartOf ex:Hall-1 .
ex:Rack-1 a brick:ICT_Rack ; brick:hasLocation ex:Row-1 ; brick:hasPoint ex:Rack-1.Inlet, ex:Rack-1.Power .
ex:Rack-2 a brick:ICT_Rack ; brick:hasLocation ex:Row-1 ; brick:hasPoint ex:Rack-2.Power .
ex:Server-1 a dcx:Server ; dcx:mountedIn ex:Rack-1 ; brick:hasPoint ex:Server-1.Power .
ex:Hall-1 brick:hasPoint ex:Hall-1.Air .
ex:Rack-1.Inlet a dcx:Rack_Inlet_Temperature_Sensor ; rdfs:label "inlet of rack 1" ; brick:hasUnit unit:DEG_C ; dcx:samplePeriod 5 ;
  dcx:minValue 0.0 ; dcx:maxValue 60.0 .
ex:Rack-1.Power a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW ; dcx:samplePeriod 5 .
ex:Rack-2.Power a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW ; dcx:samplePeriod 5 .
ex:Server-1.Power a brick:Active_Power_Sensor ; brick:hasUnit unit:W ; dcx:samplePeriod 5 .
ex:Hall-1.Air a brick:Air_Temperature_Sensor ; brick:hasUnit unit:DEG_C ; dcx:samplePeriod 10 .
"""
INLET, POWER, POWER_2, SERVER, AIR = (
    f"urn:example:{n}" for n in ("Rack-1.Inlet", "Rack-1.Power", "Rack-2.Power", "Server-1.Power", "Hall-1.Air")
)
READINGS, VALUES, POINTS, HISTORY = (f"/api/v1/{name}" for name in ("readings", "values", "points", "history"))


@cache
def vocabulary() -> Vocabulary:
    """The ontology, once a process."""
    return load_vocabulary()


@dataclass
class Wire:
    """The served wire and what is behind it."""

    client: httpx.Client
    current: CurrentValues
    history: History | None
    ingest: Ingest
    bus: Bus
    app: HttpApp
    snapshot: Snapshot

    def send(self, body: Any, **headers: str) -> httpx.Response:
        """Readings as JSON."""
        return self.client.post(READINGS, json=body, headers=headers)

    def tell(self, *rows: tuple[str, float, int]) -> None:
        """Good readings by (point, value, source time in ms), as another wire would bring them, all when the newest is said."""
        now = max(at for _, _, at in rows)
        self.ingest.accept(ReadingBatch.of([(point, value, at, now, 0) for point, value, at in rows]))  # type: ignore[misc]  # 0 is GOOD

    def get(self, address: str, **params: Any) -> Any:
        """An answer's document, which must be there."""
        answer = self.client.get(address, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def changed(self, turtle: str) -> None:
        """Another graph, as the service would renew its parts."""
        self.snapshot = snapshot_of(turtle)
        self.ingest.rebind(point_facts(self.snapshot))
        self.bus.publish(GraphChanged(self.snapshot))


@contextmanager
def wire(
    folder: Path,
    *,
    turtle: str = PLANT,
    snapshot: Snapshot | None = None,
    clock: Callable[[], datetime] = wall_clock,
    rules: HttpRules | None = None,
    keeps: bool = True,
    wires: Sequence[WireHealth] = (),
) -> Iterator[Wire]:
    """Serve the wire; `keeps`: with a history in the folder."""
    snapshot = snapshot_of(turtle) if snapshot is None else snapshot
    points = point_facts(snapshot)
    current, bus = CurrentValues(), Bus()
    history = EmbeddedHistory(folder / "history") if keeps else None
    if history is not None:
        history.rebind(points)
    ingest = Ingest(current, bus, clock, points, history)
    found: list[Wire] = []
    parts = HttpParts(
        lambda: found[0].snapshot if found else snapshot,
        vocabulary(),
        current,
        ingest,
        bus,
        clock,
        history,
        lambda: history is not None and not ingest.history_error,
        lambda: DataHealth(current.counts(), 0.0, wires, (), None if history is None else history.status(), ingest.history_missed),
        keys=folder / "requests.sqlite",
        hang_up=hang_up,
    )
    app = build_http_app(parts, rules or HttpRules())
    gate = Gate(_routes(app), WebRules(frozenset({"127.0.0.1"}), (), 1024, Limits()))
    try:
        with listening(gate) as client:
            found.append(Wire(client, current, history, ingest, bus, app, snapshot))
            yield found[0]
    finally:
        app.close()
        if history is not None:
            history.close()


def _routes(app: HttpApp) -> Starlette:
    return Starlette(routes=list(app.routes))
