"""The dialect of the BMS bus against publishers that bend the contract: what becomes of the graph, of values, of heartbeats. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mqtt.dialect import Message
from graph.commands import Command
from graph.values import Quality, Reason
from ontology.namespaces import BRICK, DCX
from ontology.terms import QuadBlock
from tests.support.dsx_bus import NOW, Bus, N, metadata, said, told
from tests.support.dsx_publisher import small_plant, value_payload
from tests.support.wired import snapshot_of


def test_the_small_plant_has_one_path_of_power_and_its_cooling() -> None:
    """The UPS associated with the upper meter stands before it; the pump is a part of its CDU and no path; liquid and air by class."""
    bus = Bus()

    bus.hear(*metadata(small_plant()))
    bus.settle()

    racks = [(upper, medium, rack) for rack in ("R01", "R02") for upper, medium in (("PM-RPP", "power"), ("CRAH-1", "air"))]
    racks += [(cdu, "liquid", rack) for rack in ("R01", "R02") for cdu in ("CDU-1", "CDU-2")]
    chiller = [("CH-1", "liquid", to) for to in ("CDU-1", "CDU-2", "CRAH-1")]
    assert bus.feeds() == {("PM-UPS/UPS", "power", "PM-UPS"), ("PM-UPS", "power", "PM-RPP"), *racks, *chiller}
    assert bus.classes()["PM-UPS/UPS"] == "UPS"
    parts = {(s.removeprefix(N), o.removeprefix(N)) for s, p, o, _ in bus.wishes[-1] if p == BRICK + "isPartOf"}
    assert parts == {("PM-UPS/UPS", "PM-UPS"), ("CDU-1/Pump", "CDU-1")}


def test_what_is_said_again_wishes_for_nothing_and_a_difference_is_one_wish() -> None:
    """Metadata of a second period, in another order of names and of messages: no wish. One word changed: one wish, with its own quads
    each way; a unit changed: the metadata alone, for the point keeps its unit."""
    bus, plant = Bus(), small_plant()
    bus.hear(*metadata(plant))
    bus.settle()

    again = [Message(m.topic, orjson.dumps(dict(reversed(orjson.loads(m.payload).items())))) for m in reversed(metadata(plant))]
    bus.hear(*again)
    bus.settle()
    assert len(bus.wishes) == 1

    plant[0].metadata["engUnit"] = "MW"
    bus.hear(*metadata(plant))
    bus.settle()
    assert len(bus.wishes) == 2
    gone, new = set(bus.wishes[0]) - set(bus.wishes[1]), set(bus.wishes[1]) - set(bus.wishes[0])
    assert [p.rpartition("#")[2] for _, p, _, _ in gone] == ["dsxMetadata"] == [p.rpartition("#")[2] for _, p, _, _ in new]

    plant[0].metadata["processArea"] = ["Hall 9"]
    bus.hear(*metadata(plant))
    bus.settle()
    gone, new = set(bus.wishes[1]) - set(bus.wishes[2]), set(bus.wishes[2]) - set(bus.wishes[1])
    assert (
        {p.rpartition("#")[2] for _, p, _, _ in new}
        == {"dsxMetadata", "processArea", "label"}
        >= {p.rpartition("#")[2] for _, p, _, _ in gone}
    )


def test_a_restart_with_an_empty_broker_takes_nothing_away() -> None:
    """What the graph says had been described is known again; a new point of the same plant wishes for all of it."""
    before, plant = Bus(), small_plant()
    before.hear(*metadata(plant))
    before.settle()

    after = Bus(graph=before.graph)
    assert after.settle() == {}
    assert after.wishes == []
    after.hear(*metadata([told("Fan", "FanSpeed", objectName="F", objectId="F-1", engUnit="RPM")]))
    after.settle()

    assert set(before.wishes[-1]) < set(after.wishes[-1])


def test_what_is_described_no_more_stays_and_is_told() -> None:
    """Five periods without metadata, here after a restart: the graph is as it was, and each point is named with how long it has been."""
    before, fan = Bus(), told("Fan", "FanSpeed", objectName="F", objectId="F-1", engUnit="RPM")
    before.hear(*metadata([fan]))
    before.settle()
    after = Bus(graph=before.graph)
    after.settle()

    assert after.dsx.unusable() == []
    after.tick(499)

    assert [(each.point, each.reason) for each in after.dsx.unusable()] == [
        (
            N + "point/" + fan.address,
            "its metadata have not been published for 500 s: if it is gone, clear them (empty, retained)",
        )
    ]
    assert after.settle() == {}
    assert after.wishes == []
    after.hear(*metadata([fan]))
    assert after.dsx.unusable() == []


def test_cleared_metadata_withdraw_their_point_and_a_thing_with_its_last_one() -> None:
    """An empty retained payload; another of what was never described is nothing."""
    bus, fan = Bus(), told("Fan", "FanSpeed", objectName="F", objectId="F-1", engUnit="RPM")
    bus.hear(*metadata([fan, told("Fan", "Available", objectName="F", objectId="F-1", stateText=[])]))
    bus.settle()

    bus.hear(Message(f"BMS/v1/PUB/Metadata/{fan.address}", b""), Message("BMS/v1/PUB/Metadata/Fan/FanSpeed/never", b""))
    bus.settle()
    assert bus.classes() == {"F-1": "Fan"}
    bus.hear(Message("BMS/v1/PUB/Metadata/Fan/Available/t", b""))
    bus.settle()
    assert bus.wishes[-1] == []


def test_an_id_that_two_types_share_is_one_thing_with_a_part() -> None:
    """A UPS and its meter, both called U-1: what serves is the UPS, the meter is a part of it."""
    ids: dict[str, Any] = {"objectName": "U", "objectId": "U-1", "servesId": ["R-1"]}
    bus = Bus()

    bus.hear(*metadata([told("PowerMeter", "ActivePower", "t", engUnit="kW", **ids), told("UPS", "Available", "t", stateText=[], **ids)]))
    bus.settle()

    assert bus.classes() == {"U-1": "UPS", "U-1/PowerMeter": "Electrical_Meter", "R-1": "Equipment"}
    assert bus.feeds() == {("U-1", "power", "R-1")}


def test_what_stands_in_series_with_a_meter_is_all_needed() -> None:
    """Breaker and UPS of one meter, served by a transfer switch; a generator of it is one supply beside that."""
    bus = Bus()
    meter = told("PowerMeter", "ActivePower", objectName="M", objectId="M", servesId=["R"], engUnit="kW")
    switch = told("ATS", "Status", objectName="A", objectId="A", servesId=["M"], stateText=[])
    at_it = [told(kind, "Status", kind, associateId="M", stateText=[]) for kind in ("UPS", "Breaker", "Generator")]

    bus.hear(*metadata([meter, switch, *at_it]))
    bus.settle()

    before = {(upper, "power", f"M/{kind}") for kind in ("UPS", "Breaker") for upper in ("A", "M/Generator")}
    assert bus.feeds() == {*before, ("M/UPS", "power", "M"), ("M/Breaker", "power", "M"), ("M", "power", "R")}
    assert (N + "M/series", DCX + "allOf", '"true"^^http://www.w3.org/2001/XMLSchema#boolean') in {q[:3] for q in bus.wishes[-1]}


def test_fuel_is_no_supply_and_a_battery_in_the_path_carries_it() -> None:
    """A tank that serves a generator; a battery system between two meters."""
    bus = Bus()
    bus.hear(
        *metadata(
            [
                told("Tank", "LiquidPressure", objectName="T", objectId="T", servesId=["G"], engUnit="kPa"),
                told("Generator", "Status", objectName="G", objectId="G", servesId=["M1"], stateText=[]),
                told("PowerMeter", "ActivePower", "1", objectName="M1", objectId="M1", servesId=["B"], engUnit="kW"),
                told("BESS", "Status", objectName="B", objectId="B", servesId=["M2"], stateText=[]),
                told("PowerMeter", "ActivePower", "2", objectName="M2", objectId="M2", servesId=[], engUnit="kW"),
            ]
        )
    )
    bus.settle()

    assert bus.feeds() == {("G", "power", "M1"), ("M1", "power", "B"), ("B", "power", "M2")}
    assert (bus.classes()["T"], bus.classes()["B"]) == ("Fuel_Tank", "UPS")


def test_what_measures_or_does_not_say_what_it_hands_on_keeps_no_rack_powered() -> None:
    """A breaker is the only power of four racks; of sensors, a controller and a generic object that name them too, none counts, and the one
    that might have is told. A sensor in a pipe passes on what reaches it; a generic object alone is taken for what it may be."""
    bus = Bus()
    sensor = {"objectName": "S", "engUnit": "C"}
    bus.hear(
        *metadata(
            [
                told("Breaker", "Status", objectName="B", objectId="B", servesId=["R1", "R2", "R3", "R4"], stateText=[]),
                told("Sensor", "LeakDetect", "1", objectName="L", objectId="L", servesId=["R1"], stateText=[]),
                told("Sensor", "AirTemperature", "2", objectId="T", servesId=["R2"], **sensor),
                told("GenericObject", "Status", "3", objectName="G", objectId="G", servesId=["R3"], stateText=[]),
                told("System", "Status", "4", objectName="Y", objectId="Y", servesId=["R4"], stateText=[]),
                told("CDU", "LiquidTemperature", "5", objectName="C", objectId="C", servesId=["P"], engUnit="C"),
                told("Sensor", "LiquidTemperature", "6", objectId="P", servesId=["R1"], **sensor),
                told("GenericObject", "Status", "7", objectName="H", objectId="H", servesId=["R5"], stateText=[]),
            ]
        )
    )
    bus.settle()

    assert bus.feeds() == {
        *(("B", "power", f"R{n}") for n in range(1, 5)),
        ("C", "liquid", "P"),
        ("P", "liquid", "R1"),
        ("H", "?", "R5"),
    }
    assert [each.reason for each in bus.dsx.unusable() if "not counted" in each.reason] == [
        "G serves R3, with what is not known, and R3 has power from elsewhere: it is not counted"
    ]


def test_metadata_say_what_they_say() -> None:
    """Identifiers as they stand, blanks and all; thousands that are served; what has a wrong type is told and not read."""
    bus = Bus()
    many = [f"rack-{n:05d}-in-hall-7-row-12" for n in range(2_500)]
    ids = [told("Pump", "Available", f"{n}", objectName="P", objectId=name, stateText=[]) for n, name in enumerate(("A", "A ", " A"))]
    odd = told("CDU", "Status", "odd", objectId="C", servesId={"a": 1}, engUnit=5, isSetpoint="yes", stateText=[{"value": "x"}, [3]])
    bus.hear(*metadata([told("PowerMeter", "ActivePower", objectName="M", objectId="M", servesId=many, engUnit="kW"), *ids, odd]))
    bus.settle()

    assert bus.letters == []
    assert len([to for who, medium, to in bus.feeds() if (who, medium) == ("M", "power")]) == 2_500
    assert {"A", "A%20", "%20A"} <= bus.classes().keys()
    assert sorted(each.reason for each in bus.dsx.unusable() if "it is not read" in each.reason) == [
        "isSetpoint is 'yes', not true or false: it is not read",
        "servesId is an object, not a list of texts: it is not read",
        "stateText is an array, not a {value, text}, in its list: it is not read",
        "stateText is an object, not a {value, text}, in its list: it is not read",
    ]


def test_a_request_follows_its_metadata_at_once() -> None:
    """Given to another integration, taken back, or measured in another unit: before any tick and any revision."""
    bus = Bus("US")
    asked = told("CDU", "LiquidTemperatureSpRequest", objectName="C", objectId="C", engUnit="C", integration="US")
    point = N + "point/" + asked.address
    bus.hear(*metadata([asked]))
    bus.settle()

    asked.metadata["engUnit"] = "F"
    bus.hear(*metadata([asked]))
    sent = bus.dsx.request(Command("1", "k", point, 25.0, "ada", "warm", datetime.fromtimestamp(NOW / 1000, UTC)))
    assert orjson.loads(sent.payload)["value"] == pytest.approx(77.0)
    asked.metadata["integration"] = "OTHER"
    bus.hear(*metadata([asked]))
    assert not bus.dsx.serves(point)
    asked.metadata["integration"] = "US"
    bus.hear(*metadata([asked]))
    assert bus.dsx.serves(point)
    bus.hear(Message(f"BMS/v1/PUB/Metadata/{asked.address}", b""))
    assert not bus.dsx.serves(point)


def test_a_rack_that_another_source_knows_is_that_rack() -> None:
    """By its label or the end of its IRI: points and supply are said of it, and no second rack is made. Two of one name: none is meant."""
    known = snapshot_of(
        'demo:Rack-7 a brick:ICT_Rack ; rdfs:label "R01" . demo:R02 a brick:ICT_Rack . demo:x a brick:ICT_Rack ; rdfs:label "R02" .'
    )
    bus = Bus(graph=known)

    bus.hear(*metadata(small_plant()))
    bus.settle()

    assert ("PM-RPP", "power", "urn:ridethrough:demo:Rack-7") in bus.feeds()
    assert ("PM-RPP", "power", "R02") in bus.feeds()
    assert "R01" not in bus.classes()


def test_what_the_contract_does_not_know_is_read_as_far_as_it_goes() -> None:
    """A vendor's own point type, an unknown object type, states as an object, a unit that nobody knows, an id as a number, one served id
    as a text."""
    bus = Bus()
    odd = [
        told("CDU", "VendorThing", objectName="C", objectId=17, servesId="R-1", engUnit="furlong"),
        told("Turbine", "Status", objectName="W", objectId="W", stateText={"0": "Off", "1": "On"}),
    ]

    bus.hear(*metadata(odd))
    bus.settle()

    assert bus.letters == []
    assert bus.classes() == {"17": "CDU", "W": "Equipment", "R-1": "Equipment"}
    assert bus.feeds() == {("17", "liquid", "R-1")}
    reasons = [each.reason for each in bus.dsx.unusable()]
    assert any("furlong" in why for why in reasons)
    assert any("R-1 is served" in why for why in reasons)


def test_a_heartbeat_that_stops_marks_what_is_in_its_scope() -> None:
    """Two clients of a BMS: three beats of one are missing, and the points under its scope are `NO_COMMUNICATION` for the reason `LINK`;
    once, and again only after it has come back and stopped again."""
    bus = Bus()
    beats = [
        told("System", "HeartbeatTimestampBms", f"hb/{s}", objectName=s, objectId=s, scope=s) for s in ("site1/power", "site1/cooling")
    ]
    plant = [*small_plant(), *beats]
    plant = [p for p in plant if p.tag_path != "site1/bms/heartbeat"]
    bus.hear(*metadata(plant))
    bus.settle()

    def pass_time(seconds: int) -> set[str]:
        marked: set[str] = set()
        for second in range(seconds):
            if second % 10 == 0:
                bus.hear(said(beats[1], value_payload(bus.now, bus.now)))
            found = bus._read(bus.tick(1))
            assert {row[1:] for row in found.values()} <= {(Quality.NO_COMMUNICATION, Reason.LINK)}
            marked |= found.keys()
        return marked

    assert pass_time(25) == set()
    assert pass_time(10) == {p.address for p in plant if p.tag_path.startswith("site1/power")}
    assert any("heartbeat of site1/power has stopped" in each.reason for each in bus.dsx.unusable())
    assert pass_time(40) == set()
    bus.hear(said(beats[0], value_payload(bus.now, bus.now)))
    assert pass_time(35) != set()


def test_ten_thousand_points_at_once_are_one_wish() -> None:
    """A site that is described in a burst: one wish when it has been quiet, a point each."""
    bus = Bus()
    ids = [{"objectName": f"F{n}", "objectId": f"F{n}"} for n in range(1_000)]
    points = [told("CDU", "LiquidFlow", f"t/{n}/{k}", engUnit="LPM", **one) for n, one in enumerate(ids) for k in range(10)]

    bus.hear(*metadata(points))
    bus.settle()

    assert len(bus.wishes) == 1
    assert sum(p == BRICK + "hasPoint" for _, p, _, _ in bus.wishes[0]) == 10_000
    assert len(bus.dsx.fed()) == 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["objectId", "objectName", "associateId", "servesId", "rackLocationId", "engUnit", "stateText", "processArea", "phase", "isSetpoint",
     "scope", "integration", "value", "timestamp", "quality"]
)  # fmt: skip
PAYLOADS = st.dictionaries(NAMES, JSON, max_size=8).map(orjson.dumps) | JSON.map(orjson.dumps) | st.binary(max_size=40)
TOPICS = st.builds(
    "BMS/v1/{}/{}/{}/{}/{}".format,
    st.sampled_from(["PUB", "US", "OTHER", ""]),
    st.sampled_from(["Value", "Metadata", "Else"]),
    st.sampled_from(["Rack", "UPS", "PowerMeter", "System", "Tank", "Ünknown"]),
    st.sampled_from(["Status", "GenericPoint", "HeartbeatTimestampBms", "HeartbeatEchoIntegration", "x"]),
    st.text(max_size=6),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(Message, TOPICS, PAYLOADS, st.booleans()), max_size=12))
def test_whatever_is_published_stops_nothing_and_names_are_sound(messages: list[Message]) -> None:
    """Random topics and payloads: no error, at most one dead letter each, a wish that is a graph, and nothing said but under our name."""
    bus = Bus("US")

    bus.hear(*messages)
    bus.settle()
    out = bus.tick(10).says

    assert len(bus.letters) <= len(messages)
    assert all(each.topic.startswith("BMS/v1/US/Value/System/") and not each.retain for each in out)
    assert all(" " not in s and "<" not in s for wish in bus.wishes for s, _, _, _ in wish)
    assert QuadBlock.of(quad for wish in bus.wishes for quad in wish) is not None
