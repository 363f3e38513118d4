"""The dialect of Sparkplug: what becomes of values, their quality, what is of no point, commands. Pure."""

from __future__ import annotations

import io
import re
from math import nan
from pathlib import Path
from typing import Any

import pytest

from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.sparkplug.dialect import ASK_MS, BIRTHS_MS, Sparkplug
from adapters.mqtt.sparkplug.metrics import VOUCH_MS
from adapters.mqtt.sparkplug.payload import QUALITIES
from adapters.mqtt.sparkplug.sequence import AHEAD_MAX, WAIT_MS
from graph.commands import Command
from graph.ports import DeviceRefused
from graph.snapshot import Snapshot
from ontology.rdf import read_stream
from tests.support.sparkplug_host import SITE, Host, P, good
from tests.support.sparkplug_messages import TYPES, got, message
from tests.support.sparkplug_node import Tag, Teller
from tests.support.wired import MovedClock, Taken, snapshot_of

NOW = 1_772_366_400_000


@pytest.mark.parametrize("aliases", [True, False])
def test_births_and_data_reach_their_points_in_the_points_own_unit(aliases: bool) -> None:
    """W to kW by the metric's own unit, s to min by the reference; signs and truth; by alias and by name."""
    host = Host(aliases=aliases)

    host.hear(*host.node.births())
    assert [host.now(p) for p in ("Load", "Runtime", "Fan", "Signal")] == [good(12.5), good(10.0), good(1.0), good(-61.0)]

    host.tick(1)
    host.hear(host.node.data({"Output/Load": 13_000.0, "Fan": False}, "ups-1"), host.node.data({"Signal": -70}))
    assert [host.now(p) for p in ("Load", "Runtime", "Fan", "Signal")] == [good(13.0), good(10.0), good(0.0), good(-70.0)]
    assert host.letters == []
    assert host.asked() == []


def test_what_is_of_no_point_is_offered_with_the_statement_that_binds_it() -> None:
    """Numbers by name, and the point that goes by a like name; texts and tables by their count; the session's own metrics not at all."""
    site = SITE.replace('dcx:metricName "Fan"', 'dcx:metricName "No such"') + 'demo:Ups-1 rdfs:label "UPS-1" .'
    host = Host(site)
    host.hear(*host.node.births())

    topic = "spBv1.0/hall/DDATA/gw/ups-1"
    assert set(host.heard) == {f"{topic} Fan", f"{topic} Spare", f"{topic} (2 metrics)"}
    assert "1 of type DataSet, 1 of type String" in host.heard[f"{topic} (2 metrics)"][0]
    statement = host.heard[f"{topic} Fan"][1]
    assert statement.startswith("demo:Fan ref:hasExternalReference")
    assert [(one.point, one.reason) for one in host.dialect.unusable()] == [
        (P + "Fan", "the birth of hall/gw/ups-1 has no metric 'No such'")
    ]
    graph = snapshot_of(SITE.replace("demo:Fan ref:hasExternalReference", "demo:Other ref:hasExternalReference") + statement)
    host.dialect.bind(graph, host.table.ingest.slots)
    host.tick()
    host.hear(host.node.data({"Fan": True}, "ups-1"))
    assert host.now("Fan") == good(1.0)


def test_what_does_not_change_is_as_it_was_while_the_session_stands() -> None:
    """Sparkplug says only changes: an unchanged value stays good, said again with its present time, but where the graph states how often
    the point speaks, silence is silence. A change that was on its way meanwhile still counts."""
    host = Host()
    host.hear(*host.node.births())
    for _ in range(20):
        host.tick(10)

    assert host.now("Load") == good(12.5)
    assert host.age("Load") <= VOUCH_MS / 1000
    assert host.now("Runtime") == (10.0, "NO_COMMUNICATION", "SILENCE")
    host.hear(host.node.data({"Output/Load": 9_000.0}, "ups-1", at=host.clock.ms - 31_000))
    assert host.now("Load") == good(9.0)
    host.hear(host.node.death())
    for _ in range(20):
        host.tick(10)
    assert host.now("Load") == (9.0, "NO_COMMUNICATION", "LINK")


def test_history_never_stands_for_the_present() -> None:
    """A stored value that is newer than what is known goes to history; the present is said again after it. So with a null."""
    host = Host()
    host.hear(*host.node.births())
    host.tick(10)
    host.hear(host.node.data({"Output/Load": 99_000.0}, "ups-1", at=host.clock.ms - 5_000, historical=True))
    assert host.rows == 2
    assert host.now("Load") == good(12.5)

    host.tick(10)
    host.hear(host.node.data({"Output/Load": None}, "ups-1"))
    assert host.now("Load") == (12.5, "BAD", "SENSOR")
    host.hear(host.node.data({"Output/Load": 98_000.0}, "ups-1", at=host.clock.ms - 15_000, historical=True))
    assert host.now("Load")[1:] == ("BAD", "SENSOR")


@pytest.mark.parametrize(
    ("code", "quality"),
    [(192, ("GOOD", "NONE")), (0, ("BAD", "DEVICE")), (500, ("STALE", "DEVICE")), (7, ("UNCERTAIN", "CONFIGURATION"))],
)
def test_what_the_property_quality_says_counts(code: int, quality: tuple[str, str]) -> None:
    """192 good, 0 bad, 500 stale, and anything else is no code."""
    host = Host()
    host.node.devices["ups-1"]["Fan"].quality = code
    host.hear(*host.node.births())

    assert host.now("Fan") == (1.0, *quality)
    assert host.now("Load") == good(12.5)


def test_a_number_that_is_none_is_a_bad_value() -> None:
    """NaN and infinity of a float; a time that is none is uncertain, for the clock."""
    host = Host()
    host.hear(*host.node.births())
    host.tick(1)
    for value in (nan, float("inf")):
        host.hear(host.node.data({"Output/Load": value}, "ups-1"))
        assert host.now("Load") == (12.5, "BAD", "SENSOR")
        host.tick(1)
    host.hear(host.node.data({"Output/Load": 1_000.0}, "ups-1", at=77))
    assert host.now("Load") == (1.0, "UNCERTAIN", "CLOCK")


def test_poison_is_told_and_harms_no_other() -> None:
    """No protocol buffers, no seq, seq out of its bounds, topics of no form."""
    host = Host()
    host.hear(*host.node.births())
    odd = message()(timestamp=host.clock.ms, seq=256).SerializeToString()
    none = message()(timestamp=host.clock.ms).SerializeToString()
    host.hear(("spBv1.0/hall/DDATA/gw/ups-1", b"\xff"), ("spBv1.0/hall/NDATA/gw", odd), ("spBv1.0/hall/NDATA/gw", none))
    host.hear(("spBv1.0/hall", b""), ("spBv1.0/hall/NDATA/gw/x/y", b""), ("spBv1.0/hall/WHAT/gw", b""), ("spBv1.0/hall/NCMD/gw", b""))

    assert [why.split(":")[0] for why in host.letters] == [
        "the payload is no Sparkplug B payload",
        "seq is 256",
        "it has no seq",
    ]
    assert {topic for topic in host.heard if host.heard[topic][0].startswith("no topic of Sparkplug")} == {
        "spBv1.0/hall",
        "spBv1.0/hall/NDATA/gw/x/y",
        "spBv1.0/hall/WHAT/gw",
    }
    host.tick(1)
    host.hear(host.node.data({"Fan": False}, "ups-1"))
    assert host.now("Fan") == good(0.0)


def test_a_reference_that_cannot_be_used_is_told_and_harms_no_other() -> None:
    """No device, a text for a metric, units of other kinds, two points for one metric."""
    host = Host(
        SITE.replace('"hall/gw" ;', '"hall" ;').replace('"Fan"', '"Serial"').replace("unit:KiloW", "unit:DEG_C")
        + "demo:Ups-1 brick:hasPoint demo:Twice . demo:Twice ref:hasExternalReference [ a dcx:SparkplugReference ; "
        'dcx:sparkplugDevice "hall/gw/ups-1" ; dcx:metricName "Runtime" ] .'
    )
    host.hear(*host.node.births())

    why = {one.point.removeprefix(P): one.reason for one in host.dialect.unusable()}
    assert set(why) == {"Signal", "Fan", "Load", "Twice"}
    assert "write group/node" in why["Signal"]
    assert "of type String, no single number" in why["Fan"]
    assert "comes in 'W'" in why["Load"]
    assert "one metric, one point" in why["Twice"]
    assert host.now("Runtime") == good(10.0)


def command(point: str, value: float) -> Command:
    return Command("c1", "k", P + point, value, "ada", "test", MovedClock().at)


def test_a_command_goes_to_the_device_in_its_own_type_unit_and_alias() -> None:
    """90 s are 1.5 min; not before its birth, not after its death, not beyond its type."""
    host = Host()
    with pytest.raises(DeviceRefused, match="birth has not been heard"):
        host.dialect.request(command("Runtime", 1.5))
    host.hear(*host.node.births())

    sent = host.dialect.request(command("Runtime", 1.5))
    (metric,) = message().FromString(sent.payload).metrics
    assert (sent.topic, sent.qos, sent.retain) == ("spBv1.0/hall/DCMD/gw/ups-1", 0, False)
    assert (metric.alias, metric.name, metric.datatype, got(metric)) == (host.node.alias("ups-1", "Runtime"), "", TYPES["UInt16"], 90)
    assert host.dialect.request(command("Signal", -5.0)).topic == "spBv1.0/hall/NCMD/gw"
    assert host.dialect.serves(P + "Load")
    assert not host.dialect.serves(P + "Other")
    for value in (2_000.0, -1.0, nan):
        with pytest.raises(DeviceRefused, match="nothing was sent"):
            host.dialect.request(command("Runtime", value))
    host.hear(host.node.death())
    with pytest.raises(DeviceRefused, match="birth has not been heard"):
        host.dialect.request(command("Runtime", 1.5))


@pytest.mark.parametrize("wrong", [{"groups": ("a/b",)}, {"groups": ("",)}, {"host": "a/b"}, {"host": "#"}])
def test_ids_are_one_level_of_a_topic(wrong: dict[str, Any]) -> None:
    """Said at the start."""
    with pytest.raises(ValueError, match="one level of a topic"):
        Sparkplug(**wrong)


GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "sparkplug.md").read_text(encoding="utf-8")


def test_the_guides_reference_binds_the_metric_that_it_names() -> None:
    """As it stands there: a load in W, in the point's kW."""
    (turtle,) = re.findall(r"```turtle\n(.*?)```", GUIDE, re.DOTALL)
    graph = Snapshot.of(read_stream(io.BytesIO(turtle.encode()), name="guide", format="turtle", source="guide"))
    sink, dialect = Taken(), Sparkplug()
    dialect.bind(graph, sink.slots)
    node = Teller("hall-1", "gateway-3", {"ups-1": {"Output/Load": Tag("Float", 12_500.0, unit="W")}}, at=NOW)
    intake = Intake(NOW)
    for topic, payload in node.births():
        assert dialect.take(Message(topic, payload), intake)
    sink.take(intake.samples())

    assert sink.values("urn:example:UPS-1-Load") == [12.5]


@pytest.mark.parametrize("number", [VOUCH_MS // 1000, WAIT_MS // 1000, AHEAD_MAX, BIRTHS_MS // 1000, ASK_MS / 1000])
def test_the_guide_tells_the_times_that_hold(number: float) -> None:
    """Each number of the code stands there."""
    assert f"{number:g} s" in GUIDE or f"{number:g} messages" in GUIDE


def test_the_guide_tells_each_quality_code() -> None:
    """The codes of the specification, in their order."""
    assert " · ".join(str(code) for code in QUALITIES) in GUIDE
