"""A site of one cooler and one meter, and what the dialects of the native layout make of messages about it."""

from __future__ import annotations

from functools import cache
from math import isnan
from typing import Any

import orjson

from adapters.mqtt.bound import Bound
from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.native import Native
from graph.snapshot import Snapshot
from graph.values import Quality, Reason
from tests.support.wired import Taken, snapshot_of

NOW = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""
SITE = """
demo:CRAH-7 rdfs:label "CRAH 7" ; brick:hasPoint demo:CRAH-7-Inlet , demo:CRAH-7-Outlet , demo:Fan .
demo:CRAH-7-Inlet a brick:Entering_Air_Temperature_Sensor ; brick:hasUnit unit:DEG_C .
demo:CRAH-7-Outlet a brick:Leaving_Air_Temperature_Sensor ; rdfs:label "Supply air" ; brick:hasUnit unit:DEG_C .
demo:Fan brick:hasUnit unit:PERCENT ; ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/s/cooling/crah-7/speed" ;
  dcx:scale 100.0 ] .
demo:Meter brick:hasPoint demo:Load . demo:Load brick:hasUnit unit:KiloW ; ref:hasExternalReference [ a dcx:MQTTReference ;
  dcx:topic "dc/s/power/meter/load" ; dcx:jsonPointer "/kw" ] .
"""
INLET, OUTLET, FAN = (f"urn:ridethrough:demo:{name}" for name in ("CRAH-7-Inlet", "CRAH-7-Outlet", "Fan"))
HEAD = "dc/s/cooling/crah-7/"


@cache
def _site() -> Snapshot:
    return snapshot_of(SITE)


class Heard:
    """Both dialects, and what they make of messages."""

    def __init__(self) -> None:
        self.sink, bound = Taken(), Bound()
        self.native = Native(bound)
        self.dialects = (bound, self.native)
        self.bind()
        self.intake = Intake(NOW)

    def bind(self) -> None:
        """Take the graph, again."""
        for dialect in self.dialects:
            dialect.bind(_site(), self.sink.slots)

    def say(self, topic: str, document: Any, *, retained: bool = False) -> Heard:
        """One message, JSON unless it is bytes."""
        message = Message(topic, document if isinstance(document, bytes) else orjson.dumps(document), retained)
        self.taken = any(dialect.take(message, self.intake) for dialect in self.dialects)
        return self

    def rows(self) -> list[tuple[str, float, int, str, str]]:
        """(point, value, source time less `NOW`, quality, reason); a value that is none as -999."""
        batch = Taken()
        batch._names = self.sink._names
        samples = self.intake.samples()
        batch.take(samples.piece(samples.slots >= 0))
        columns = [[b.points, b.values.tolist(), b.observed_at.tolist(), b.quality.tolist(), b.reason.tolist()] for b in batch.batches]
        self.intake = Intake(NOW)
        return [
            (p, -999.0 if isnan(v) else round(v, 9), at - NOW, Quality(q).name, Reason(r).name)
            for one in columns
            for p, v, at, q, r in zip(*one, strict=True)
        ]
