"""The dialect of the BMS bus with a clock and a graph that its wishes become: what tests tell it, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson

from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.dsx.dialect import Dsx
from adapters.mqtt.pending import Pending
from adapters.mqtt.quiet import QUIET_MS
from graph.snapshot import Snapshot
from graph.values import Quality, ReadingBatch, Reason, Slots
from ontology.namespaces import BRICK, DCX, RDF
from ontology.terms import KeyQuad
from tests.support.dsx_publisher import BmsPoint
from twin.early import Early

N = "urn:dsx-exchange:"
NOW = 1_770_000_000_000
POWER, LIQUID, AIR = DCX + "feedsPower", DCX + "feedsLiquidCooling", DCX + "feedsAirCooling"


class Bus:
    """A dialect with a clock, told what a BMS says; its wishes are made revisions at once."""

    def __init__(self, integration: str = "", graph: Snapshot | None = None, pending: Pending | None = None) -> None:
        self.dsx, self.now, self.names = Dsx(integration, pending=pending), NOW, dict[str, int]()
        self.graph = Snapshot.empty() if graph is None else graph
        self.wishes: list[list[KeyQuad]] = []
        self.letters: list[str] = []
        self.heard: list[str] = []
        self.early = Early()
        self.dsx.bind(self.graph, self.slots)

    def slots(self, points: Sequence[str]) -> Slots:
        there = [self.graph.find(point) is not None for point in points]
        return np.array([self.names.setdefault(p, len(self.names)) if on else -1 for p, on in zip(points, there, strict=True)], np.int32)

    def hear(self, *messages: Message) -> dict[str, tuple[float, Quality, Reason]]:
        """What the messages give, by point."""
        intake = Intake(self.now)
        assert [each for each in messages if not self.dsx.take(each, intake)] == []
        self.dsx.settle()
        return self._read(intake)

    def tick(self, seconds: float = 0) -> Intake:
        """Let time pass, and a tick come."""
        self.now += round(seconds * 1000)
        intake = Intake(self.now)
        self.dsx.tick(intake)
        return intake

    def settle(self) -> dict[str, tuple[float, Quality, Reason]]:
        """Wait until metadata have been quiet, let the wish become the graph; what the next tick gives."""
        self.tick(QUIET_MS / 1000)
        wish = self.dsx.wish()
        if wish is not None:
            self.wishes.append(sorted(wish.quads))
            self.graph = Snapshot.of(wish.quads)
            self.dsx.bind(self.graph, self.slots)
        return {**self.arrived(), **self._read(self.tick(1))}

    def arrived(self) -> dict[str, tuple[float, Quality, Reason]]:
        """What has waited for points that are in the graph by now."""
        ready = self.early.ready(lambda point: self.graph.find(point) is not None)
        self.early.forget(ready.points)
        self.waited = list(zip(_addresses(ready.points), ready.values.tolist(), strict=True))
        columns = zip(_addresses(ready.points), ready.values.tolist(), ready.quality.tolist(), ready.reason.tolist(), strict=True)
        return {point: (v, Quality(q), Reason(r)) for point, v, q, r in columns}

    def _read(self, intake: Intake) -> dict[str, tuple[float, Quality, Reason]]:
        self.letters += [why for _, why in intake.letters]
        self.heard += [one.reason for one in intake.heard]
        self.early.keep(ReadingBatch.stored([row for _, row in intake.before]))
        rows = intake.samples()
        named = {slot: name for name, slot in self.names.items()}
        columns = zip(rows.slots.tolist(), rows.values.tolist(), rows.quality.tolist(), rows.reason.tolist(), strict=True)
        return {named[slot].removeprefix(N + "point/"): (v, Quality(q), Reason(r)) for slot, v, q, r in columns}

    def feeds(self) -> set[tuple[str, str, str]]:
        """Who feeds whom with what, by the ends of names."""
        media = {POWER: "power", LIQUID: "liquid", AIR: "air", BRICK + "feeds": "?"}
        return {(s.removeprefix(N), media[p], o.removeprefix(N)) for s, p, o, _ in self.wishes[-1] if p in media}

    def classes(self) -> dict[str, str]:
        """The class of each thing that is no point."""
        return {s.removeprefix(N): o.rpartition("#")[2] for s, p, o, _ in self.wishes[-1] if p == RDF + "type" and "point/" not in s}


def _addresses(points: Sequence[str]) -> list[str]:
    return [point.removeprefix(N + "point/") for point in points]


def told(kind: str, point: str, tag: str = "t", **metadata: Any) -> BmsPoint:
    """A point with its metadata."""
    return BmsPoint(kind, point, tag, metadata)


def metadata(points: Iterable[BmsPoint], *, retained: bool = False) -> list[Message]:
    """The metadata messages of points."""
    return [Message(f"BMS/v1/PUB/Metadata/{p.address}", orjson.dumps(p.described), retained) for p in points]


def said(point: BmsPoint, document: object, publisher: str = "PUB", *, retained: bool = False) -> Message:
    """A value message."""
    payload = document if isinstance(document, bytes) else orjson.dumps(document)
    return Message(f"BMS/v1/{publisher}/Value/{point.address}", payload, retained)
