"""Values on the BMS bus: how good they are, what becomes of those that come before their point, of units that change. Pure."""

from __future__ import annotations

from math import nan
from pathlib import Path

import pytest

from adapters.mqtt.dialect import Message
from adapters.mqtt.pending import OVERTAKEN_MAX, Pending
from graph.values import Quality, Reason
from ontology.namespaces import BRICK, UNIT
from tests.support.dsx_bus import NOW, Bus, N, metadata, said, told
from tests.support.dsx_publisher import value_payload


def test_values_before_their_metadata_are_taken_when_the_point_is_there() -> None:
    """Two that came too early, as good as they were, from whom the metadata name; of a point that is never described nothing."""
    bus, fan = Bus(), told("Fan", "FanSpeed", "a/b/c/d/e", objectName="F", objectId="F-1", engUnit="RPM")
    assert bus.hear(said(fan, value_payload(1.0, NOW)), said(fan, value_payload(9.0, NOW), "X"), said(fan, value_payload(2.0, NOW))) == {}
    assert bus.heard == ["no metadata describe it yet"] * 3
    assert len(bus.early) == 0
    bus.hear(*metadata([fan]))

    assert bus.settle() == {fan.address: (2.0, Quality.GOOD, Reason.NONE)}
    assert bus.waited == [(fan.address, 1.0), (fan.address, 2.0)]
    assert bus.hear(said(fan, value_payload(3.0, NOW))) == {fan.address: (3.0, Quality.GOOD, Reason.NONE)}


def test_every_value_between_metadata_and_graph_is_kept() -> None:
    """A hundred of a point that is described and not yet in the graph: each waits, in order, before its message is acknowledged."""
    bus, fan = Bus(), told("Fan", "FanSpeed", objectName="F", objectId="F-1", engUnit="RPM")
    bus.hear(*metadata([fan]))
    assert [bus.hear(said(fan, value_payload(float(n), NOW + n))) for n in range(100)] == [{}] * 100
    assert bus.early.points() == {N + "point/" + fan.address: 100}

    bus.settle()

    assert bus.waited == [(fan.address, float(n)) for n in range(100)]
    assert len(bus.early) == 0


def test_a_point_keeps_the_unit_that_it_had_first() -> None:
    """kW, then W, then kW: each number is converted by the metadata that stood when it came, before any revision; after a restart too."""
    bus, meter = Bus(), told("PowerMeter", "ActivePower", objectName="M", objectId="M", engUnit="kW")
    bus.hear(*metadata([meter]))
    bus.settle()
    first = bus.hear(said(meter, value_payload(5.0, NOW)))

    meter.metadata["engUnit"] = "W"
    at_once = bus.hear(*metadata([meter]), said(meter, value_payload(6000.0, NOW + 1)))
    bus.settle()
    restarted = Bus(graph=bus.graph)
    restarted.settle()
    later = restarted.hear(said(meter, value_payload(7000.0, NOW + 2)))
    meter.metadata["engUnit"] = "kW"
    back = restarted.hear(*metadata([meter]), said(meter, value_payload(8.0, NOW + 3)))

    assert [found[meter.address][0] for found in (first, at_once, later, back)] == [5.0, 6.0, 7.0, 8.0]
    assert {o for wish in bus.wishes for _, p, o, _ in wish if p == BRICK + "hasUnit"} == {UNIT + "KiloW"}


def test_a_unit_of_another_quantity_leaves_values_without_a_number() -> None:
    """kW, then degrees, then none: no number and why; told with what to do; cleared and described anew, it is another beginning."""
    bus, meter = Bus(), told("PowerMeter", "ActivePower", objectName="M", objectId="M", engUnit="kW")
    bus.hear(*metadata([meter]))
    bus.settle()

    for stated, why in (("C", "engUnit 'C' does not convert to unit:KiloW"), (None, "its metadata name no engUnit")):
        meter.metadata["engUnit"] = stated
        found = bus.hear(*metadata([meter]), said(meter, value_payload(20.0, NOW)))
        assert repr(found) == repr({meter.address: (nan, Quality.BAD, Reason.CONFIGURATION)})
        assert [each.reason.startswith(why) for each in bus.dsx.unusable()] == [True]
    meter.metadata["engUnit"] = "C"
    bus.hear(Message(f"BMS/v1/PUB/Metadata/{meter.address}", b""))
    bus.hear(*metadata([meter]))
    bus.settle()

    assert bus.hear(said(meter, value_payload(20.0, NOW))) == {meter.address: (20.0, Quality.GOOD, Reason.NONE)}
    assert bus.dsx.unusable() == []


@pytest.mark.parametrize(
    ("document", "expected", "is_poison"),
    [
        ({"value": 5, "timestamp": NOW, "quality": 1}, (5.0, Quality.GOOD, Reason.NONE), False),
        ({"value": 5, "timestamp": NOW, "quality": 0}, (5.0, Quality.BAD, Reason.DEVICE), False),
        ({"value": 5, "timestamp": NOW, "quality": 192}, (5.0, Quality.BAD, Reason.DEVICE), False),
        ({"value": None, "timestamp": NOW, "quality": 1}, (nan, Quality.BAD, Reason.SENSOR), False),
        ({"value": 5, "timestamp": NOW // 1000, "quality": 1}, (5.0, Quality.GOOD, Reason.NONE), False),
        ({"value": 5, "timestamp": "now", "quality": 1}, (5.0, Quality.UNCERTAIN, Reason.CLOCK), True),
        ({"value": 5, "timestamp": -1, "quality": 1}, (5.0, Quality.UNCERTAIN, Reason.CLOCK), True),
        ({"value": 5, "timestamp": NOW}, (5.0, Quality.UNCERTAIN, Reason.CONFIGURATION), True),
        ({"value": "5", "timestamp": NOW, "quality": 1}, (nan, Quality.BAD, Reason.SENSOR), True),
        ({"value": True, "timestamp": NOW, "quality": 1}, (nan, Quality.BAD, Reason.SENSOR), True),
        ({"value": [5], "timestamp": NOW, "quality": 1}, (nan, Quality.BAD, Reason.SENSOR), True),
        ([5], (nan, Quality.BAD, Reason.SENSOR), True),
        (b"5", (nan, Quality.BAD, Reason.SENSOR), True),
        (b'{"value":1e400,"timestamp":1,"quality":1}', (nan, Quality.BAD, Reason.SENSOR), True),
        (b'{"value":1,"value":2,"timestamp":1,"quality":1}', (nan, Quality.BAD, Reason.SENSOR), True),
        (b"\xff\xfe", (nan, Quality.BAD, Reason.SENSOR), True),
    ],
)
def test_a_value_is_as_good_as_its_message(document: object, expected: tuple[float, Quality, Reason], is_poison: bool) -> None:
    """Quality 1 is good, any other is the device's own word; null is no reading; seconds are taken for seconds; the rest is told."""
    bus, fan = Bus(), told("Fan", "FanSpeed", objectName="F", objectId="F-1", engUnit="RPM")
    bus.hear(*metadata([fan]))
    bus.settle()

    found = bus.hear(said(fan, document))

    assert repr(found) == repr({fan.address: expected})
    assert bool(bus.letters) == is_poison


def test_a_retained_value_is_uncertain_until_a_live_one_comes() -> None:
    """The broker's kept copy says nothing of now."""
    bus, fan = Bus(), told("Fan", "FanSpeed", objectName="F", objectId="F-1", engUnit="RPM")
    bus.hear(*metadata([fan]))
    bus.settle()

    assert bus.hear(said(fan, value_payload(5.0, NOW), retained=True)) == {fan.address: (5.0, Quality.UNCERTAIN, Reason.RETAINED)}


def test_metadata_from_an_integration_and_values_from_another_are_not_taken() -> None:
    """The BMS alone describes; a point that is one integration's has no values from others, and one that is nobody's none from any."""
    bus, tray = Bus("US"), told("Rack", "RackLeakDetectTray", rackLocationId="R", rackLocationName="R", integration="A", stateText=[])
    bus.hear(*metadata([tray]))
    bus.settle()

    assert bus.hear(said(tray, value_payload(1.0, NOW), "B")) == {}
    assert bus.hear(said(tray, value_payload(1.0, NOW), "PUB")) == {}
    assert bus.heard[-1] == "PUB may not say it: its metadata name A"
    assert bus.hear(said(tray, value_payload(1.0, NOW), "US")) == {}
    assert bus.hear(said(tray, value_payload(0.0, NOW), "A")) == {tray.address: (0.0, Quality.GOOD, Reason.NONE)}
    bus.hear(Message("BMS/v1/A/Metadata/Fan/FanSpeed/t", b'{"objectId":"F"}'))
    bus.settle()
    assert len(bus.wishes) == 1


def test_metadata_that_the_graph_does_not_say_yet_are_known_after_a_kill(tmp_path: Path) -> None:
    """What waits at the broker comes before its kept copies: values of a point that was described just before, and of one that was taken
    back. When a revision says it, nothing more is kept."""
    file, fan = tmp_path / "dsx.jsonl", told("Fan", "FanSpeed", objectName="F", objectId="F-1", engUnit="RPM")
    before = Bus(pending=Pending(file))
    before.hear(*metadata([fan]))

    after = Bus(pending=Pending(file))
    assert after.hear(said(fan, value_payload(1.0, NOW))) == {}
    assert after.heard == []
    assert after.settle() == {fan.address: (1.0, Quality.GOOD, Reason.NONE)}
    assert file.read_bytes() == b""
    after.hear(Message(f"BMS/v1/PUB/Metadata/{fan.address}", b""))
    last = Bus(graph=after.graph, pending=Pending(file))
    last.settle()

    assert last.wishes == [[]]
    assert file.read_bytes() == b""


def test_what_a_revision_never_says_does_not_grow(tmp_path: Path) -> None:
    """A wish that is refused for ever, metadata that are never the same twice: the newest of each topic, in a file of a bounded length."""
    pending = Pending(tmp_path / "dsx.jsonl")

    for number in range(3 * OVERTAKEN_MAX):
        pending.add("t", b"%d" % number)
        if number % 50 == 49:
            pending.keep()

    assert Pending(tmp_path / "dsx.jsonl").topics() == {"t": b"%d" % (3 * OVERTAKEN_MAX - 1)}
    assert len((tmp_path / "dsx.jsonl").read_bytes().split()) <= OVERTAKEN_MAX + 2
