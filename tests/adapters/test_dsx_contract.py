"""The table of the bus, and every message of ours, against the contract itself: NVIDIA's AsyncAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no type information
import orjson
import pytest
import yaml  # type: ignore[import-untyped]  # as above

from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.dsx import contract
from adapters.mqtt.dsx.codec import Described, address, described, encode
from adapters.mqtt.dsx.dialect import Dsx
from adapters.mqtt.dsx.plant import Plant, point_class
from adapters.mqtt.units import UNITS, unit_named
from graph.commands import Command
from ontology.units import unit_of
from ontology.vocabulary import load_vocabulary
from tests.support.dsx_publisher import BmsPoint, small_plant

BUS = Path(__file__).parents[2].parent / "shared" / "data" / "dsx-exchange" / "bms.yaml"
NOW = 1_770_000_000_000


@cache
def bus() -> Any:
    """The document, its references made such as JSON Schema follows inside one document."""
    return yaml.load(BUS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def channels() -> Iterator[tuple[str, list[str], Any]]:
    """Address, point types and messages of each channel."""
    for channel in bus()["channels"].values():
        yield channel["address"], channel["parameters"]["pointType"]["enum"], channel["messages"]


def validator(schema: Any) -> jsonschema.Draft202012Validator:
    """What judges by a schema of the document."""
    return jsonschema.Draft202012Validator({**schema, "components": bus()["components"]})


@cache
def metadata_validator(object_type: str, point_type: str) -> jsonschema.Draft202012Validator:
    """What judges the metadata of a point: the one message of its channel that is of its type."""
    wanted = f"BMS/v1/PUB/Metadata/{object_type}/{{pointType}}/{{tagPath}}"
    (messages,) = [messages for at, _, messages in channels() if at == wanted]
    key = point_type[0].lower() + point_type[1:]
    return validator(_payload(messages[key]))


def _payload(reference: Any) -> Any:
    message = bus()["components"]["messages"][reference["$ref"].rpartition("/")[2]]
    return message["payload"]


VALUE = "#/components/messages/ValueMessage"


@cache
def value_validator() -> jsonschema.Draft202012Validator:
    """What judges a value message."""
    return validator(_payload({"$ref": VALUE}))


def every_type() -> list[tuple[str, str]]:
    """Every object type with every point type that the contract has for it."""
    return sorted({(at.split("/")[4], point) for at, points, _ in channels() if "/Metadata/" in at for point in points})


def test_no_object_type_and_no_point_type_of_the_contract_is_missing() -> None:
    """23 object types; each of our classes is one that the vocabulary has and does not advise against."""
    types = every_type()
    vocabulary = load_vocabulary()
    classes = {kind.cls for kind in contract.OBJECTS.values()} | {cls for shape in contract.POINTS.values() for cls in shape if cls}

    assert {kind for kind, _ in types} == set(contract.OBJECTS)
    assert len(contract.OBJECTS) == 23
    assert {point for _, point in types} == set(contract.POINTS)
    assert [cls for cls in classes if cls not in vocabulary.classes or vocabulary.classes[cls].deprecated] == []


def test_what_integrations_publish_is_known_as_a_request_a_heartbeat_or_a_measurement() -> None:
    """The point types of the channels `BMS/v1/{integration}/…`, and no others."""
    theirs = {point for at, points, _ in channels() if "{integration}" in at for point in points}

    measured = theirs - contract.ASKED_FOR - contract.HEARTBEATS

    assert theirs >= contract.ASKED_FOR
    assert measured == {"RackLeakDetectTray", "Status", "Available"}


def test_every_unit_that_the_contract_names_is_one_of_qudt() -> None:
    """Units by `enum`, and those that its descriptions call typical."""
    schemas = bus()["components"]["schemas"].values()
    named = {unit for schema in schemas for unit in schema.get("properties", {}).get("engUnit", {}).get("enum", ())}
    typical = {"kPa", "LPM", "%", "RPM", "Pa", "CFM", "%RH", "V", "A", "kW", "kVA", "Hz", "dB"}

    units = {name: unit_named(name) for name in named | typical}

    assert named == {"C", "LPM", "kPa", "%", "kW"}
    assert [name for name, unit in units.items() if unit is None] == []
    assert all(unit_of(f"unit:{unit}") for unit in set(UNITS.values()))


@pytest.mark.parametrize(("said", "unit"), [("KW", "KiloW"), ("lpm", "L-PER-MIN"), ("kpa", "KiloPA"), ("MA", None), ("furlong", None)])
def test_case_of_a_unit_counts_only_where_it_can_mean_two_things(said: str, unit: str | None) -> None:
    """KW is nothing but kW; MA may be mega or milli."""
    assert unit_named(said) == unit


def metadata_of(object_type: str, point_type: str) -> dict[str, Any]:
    """Metadata of a type, by trial of what the contract's schemas take: identifiers, then a unit or states, then what else is asked for."""
    base = {"objectType": object_type, "pointType": point_type}
    ids: list[dict[str, Any]] = [
        {"objectName": "Thing", "objectId": "T-1", "servesId": ["X-1"]},
        {"objectName": "Thing", "objectId": "T-1"},
        {"associateId": "T-0"},
        {"rackLocationName": "Rack 1", "rackLocationId": "R-1"},
    ]
    measures: list[dict[str, Any]] = [
        {},
        *({"engUnit": unit} for unit in ("C", "kPa", "LPM", "kW", "%", "V")),
        {"stateText": [{"value": 0, "text": "Off"}, {"value": 1, "text": "On"}]},
    ]
    more: list[dict[str, Any]] = [{}, {"integration": "US"}, {"phase": "A"}, {"processArea": ["Supply"]}]
    judge = metadata_validator(object_type, point_type)
    tried = ({**base, **one, **two, **three} for one in ids for two in measures for three in more)
    return next(each for each in tried if judge.is_valid(each))


@pytest.mark.parametrize("object_type", sorted(contract.OBJECTS))
def test_every_point_that_the_contract_allows_becomes_a_point_of_a_thing(object_type: str) -> None:
    """Metadata that the schemas take, of each point type: read without a finding, with a class, a thing and, where it has one, its unit."""
    points = [(kind, point) for kind, point in every_type() if kind == object_type]

    read = [described(_address(*each), orjson.dumps(metadata_of(*each)), 65_536) for each in points]

    assert points
    assert [one for one in read if not isinstance(one, Described)] == []
    known = {one.at.point: one for one in read if isinstance(one, Described)}
    quads = list(Plant(known, {}).quads())
    assert {o for _, p, o, _ in quads if p.endswith("#hasPoint")} == {s for s, p, _, _ in quads if p.endswith("#dsxMetadata")}
    assert all(point_class(one) for one in known.values())
    assert sum(bool(one.eng_unit) for one in known.values()) == sum(p.endswith("#hasUnit") for _, p, _, _ in quads)


def _address(object_type: str, point_type: str) -> Any:
    at = address(f"BMS/v1/PUB/Metadata/{object_type}/{point_type}/a/b/c")
    assert at is not None
    return at


def test_the_publisher_of_these_tests_keeps_to_the_contract() -> None:
    """Each of its metadata is taken by the schema of its point type."""
    judged = [(point, metadata_validator(point.object_type, point.point_type)) for point in small_plant()]

    wrong = [(point.address, error.message) for point, judge in judged for error in judge.iter_errors(point.described)]

    assert wrong == []


def test_every_message_of_ours_is_one_of_the_contract() -> None:
    """A minute of heartbeats and a request: each on a topic that metadata with our name lead to, each taken by the value schema, none
    retained, none of metadata."""
    points, dsx = small_plant("US"), Dsx("US")
    for point in points:
        assert dsx.take(_metadata(point), Intake(NOW))
    beat = next(each for each in points if each.point_type == "HeartbeatTimestampBms")

    said = []
    for second in range(60):
        intake = Intake(NOW + 1000 * second)
        if second % 10 == 0:
            dsx.take(Message(f"BMS/v1/PUB/Value/{beat.address}", encode(NOW + 1000.0 * second, NOW)), intake)
        dsx.tick(intake)
        said += intake.says
    command = Command("urn:uuid:1", "k", "urn:dsx-exchange:point/Rack/RackLiquidIsolationRequest/site1/hall1/R01/isolate", 1.0, "a", "r",
                      datetime(2026, 3, 1, tzinfo=UTC))  # fmt: skip
    said.append(dsx.request(command))

    ours = {f"BMS/v1/US/Value/{p.address}" for p in points if p.metadata.get("integration") == "US"}
    assert [error.message for each in said for error in value_validator().iter_errors(orjson.loads(each.payload))] == []
    assert {each.topic for each in said} < ours
    assert not any(each.retain for each in said)
    assert len(said) == 6 + 6 + 1
    patterns = [at for at, _, _ in channels() if "{integration}" in at]
    assert all(any(each.topic.startswith(at.replace("{integration}", "US").partition("{")[0]) for at in patterns) for each in said)


def _metadata(point: BmsPoint) -> Message:
    return Message(f"BMS/v1/PUB/Metadata/{point.address}", orjson.dumps(point.described), retained=True)
