"""A host application with a clock that a test moves: the dialect of Sparkplug over a small graph, and one edge node that it hears."""

from __future__ import annotations

from math import isnan
from typing import Any

from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.sparkplug.dialect import Sparkplug
from tests.support.sparkplug_node import Tag, Teller
from tests.support.wired import MovedClock, Table, snapshot_of

SITE = """
demo:Ups-1 brick:hasPoint demo:Load , demo:Runtime , demo:Fan . demo:Gw brick:hasPoint demo:Signal .
demo:Load brick:hasUnit unit:KiloW ; ref:hasExternalReference [ a dcx:SparkplugReference ; dcx:sparkplugDevice "hall/gw/ups-1" ;
  dcx:metricName "Output/Load" ] .
demo:Runtime brick:hasUnit unit:MIN ; dcx:samplePeriod 10 ; ref:hasExternalReference [ a dcx:SparkplugReference ;
  dcx:sparkplugDevice "hall/gw/ups-1" ; dcx:metricName "Runtime" ; dcx:sourceUnit unit:SEC ] .
demo:Fan ref:hasExternalReference [ a dcx:SparkplugReference ; dcx:sparkplugDevice "hall/gw/ups-1" ; dcx:metricName "Fan" ] .
demo:Signal ref:hasExternalReference [ a dcx:SparkplugReference ; dcx:sparkplugDevice "hall/gw" ; dcx:metricName "Signal" ] .
"""
P = "urn:ridethrough:demo:"


class Host:
    """A dialect over a graph with a clock, and what becomes of the points; `node` is the edge node that it hears."""

    def __init__(self, site: str = SITE, host: str = "", *, aliases: bool = True) -> None:
        self.clock, self.graph = MovedClock(), snapshot_of(site)
        self.table = Table(self.graph, self.clock)
        self.dialect = Sparkplug(host=host)
        self.dialect.bind(self.graph, self.table.ingest.slots)
        ups = {
            "Output/Load": Tag("Float", 12_500.0, unit="W"),
            "Runtime": Tag("UInt16", 600),
            "Fan": Tag("Boolean", True),
            "Spare": Tag("Int32", 1),
            "Serial": Tag("String", "A-17"),
            "Curve": Tag("DataSet", 2),
        }
        self.node = Teller("hall", "gw", {"": {"Signal": Tag("Int8", -61)}, "ups-1": ups}, aliases, at=self.clock.ms)
        self.said: list[tuple[str, Any]] = []
        self.heard: dict[str, tuple[str, str]] = {}
        self.letters: list[str] = []
        self.rows = 0

    def hear(self, *told: tuple[str, bytes], retained: bool = False) -> Host:
        """Messages, in one batch."""
        intake = Intake(self.clock.ms)
        for topic, payload in told:
            assert self.dialect.take(Message(topic, payload, retained), intake)
        return self._take(intake)

    def tick(self, seconds: float = 0.0, *, connected: bool = False) -> Host:
        """Let time pass, and a tick come."""
        self.clock.move(seconds)
        self.node.at = self.clock.ms
        intake = Intake(self.clock.ms)
        if connected:
            self.dialect.connected(intake)
        self.dialect.tick(intake)
        self._take(intake)
        self.table.ingest.sweep()
        return self

    def _take(self, intake: Intake) -> Host:
        samples = intake.samples()
        self.rows = len(samples)
        self.table.ingest.take(samples)
        self.said = [(one.topic, one.payload) for one in intake.says]
        self.heard |= {topic: (why, offer) for topic, why, offer in intake.heard}
        self.letters += [why for _, why in intake.letters]
        return self

    def now(self, point: str) -> tuple[float | None, str, str]:
        """Value, quality and reason of a point; None for no number."""
        found = self.table.current.get(P + point)
        assert found is not None
        return None if isnan(found.value) else round(found.value, 6), found.quality.name, found.reason.name

    def age(self, point: str) -> float:
        """How old its source time is, s."""
        found = self.table.current.get(P + point)
        assert found is not None
        return (self.clock.ms - found.observed_at) / 1000

    def asked(self) -> list[str]:
        """Where births have been asked for just now."""
        return [topic for topic, payload in self.said if "/NCMD/" in topic and b"Rebirth" in payload]


def good(value: float) -> tuple[float, str, str]:
    return value, "GOOD", "NONE"
