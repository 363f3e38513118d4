"""The guide to MQTT: each of its payloads is read as it says."""

from __future__ import annotations

import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.mqtt.bound import Bound
from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.mapped import MappedTopics
from adapters.mqtt.mapping import KEYS, load
from adapters.mqtt.native import Native
from adapters.mqtt.native_codec import QUALITIES
from graph.snapshot import Snapshot
from ontology.rdf import read_stream
from tests.support.wired import Taken, snapshot_of

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "mqtt.md").read_text(encoding="utf-8")
NOW = 1_772_366_401_000
ASSET = "dc/hall-1/cooling/crah-7/"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@cache
def site() -> Snapshot:
    return Snapshot.of(read_stream(io.BytesIO(examples("turtle")[0].encode()), name="guide", format="turtle", source="guide"))


def read(*messages: tuple[str, bytes]) -> dict[str, tuple[float, int]]:
    """Value and source time by point."""
    sink, intake, bound = Taken(), Intake(NOW), Bound()
    native = Native(bound)
    for dialect in (bound, native):
        dialect.bind(site(), sink.slots)
    for topic, payload in messages:
        assert native.take(Message(topic, payload), intake)
    assert intake.letters == []
    assert intake.heard == []
    sink.take(intake.samples())
    (batch,) = sink.batches
    return dict(zip(batch.points, zip(batch.values.round(9).tolist(), batch.observed_at.tolist(), strict=True), strict=True))


@pytest.mark.quality("mqtt", "guide-is-tried")
@pytest.mark.parametrize(
    ("number", "last", "values"),
    [(0, "inlet", {"Inlet": 25.0}), (1, "$batch", {"Inlet": 24.5, "Outlet": 16.25}), (2, "$batch", {"Inlet": 24.5, "Outlet": 16.25})],
)
def test_the_guides_json_is_read_as_it_says(number: int, last: str, values: dict[str, float]) -> None:
    """77 F are 25 C, 61.25 F are 16.25 C."""
    found = read((ASSET + last, examples("json")[number].encode()))

    assert {point.removeprefix("urn:example:CRAH-7-"): value for point, (value, _) in found.items()} == values
    assert found["urn:example:CRAH-7-Inlet"][1] == 1_772_366_400_250


def test_the_guides_packed_readings_are_read_as_it_says() -> None:
    """Its program makes the bytes; the announced names lead to the points."""
    made: dict[str, Any] = {}
    exec(examples("python")[0], made)  # noqa: S102 - the guide's own program

    found = read((made["announced"], json.dumps(made["names"]).encode()), ("dc/hall-1/$packed", made["packed"]))

    assert found == {
        "urn:example:CRAH-7-Inlet": (24.5, 1_772_366_400_250),
        "urn:example:CRAH-7-Outlet": (16.25, 1_772_366_400_250),
    }


def test_the_guide_names_every_quality_that_a_sender_can_write() -> None:
    """The row of `q`."""
    (row,) = re.findall(r"^\| `q` \|([^|]*)\|", GUIDE, re.MULTILINE)

    assert re.findall(r"`(\w+)`", row) == list(QUALITIES)


def test_the_guides_mapping_file_is_read_as_it_says(tmp_path: Path) -> None:
    """As it stands there, over a graph that has its points; every key of its table is one that is known, and the other way round."""
    (text,) = examples("toml")
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    sink, intake, dialect = Taken(), Intake(NOW), MappedTopics(load(tmp_path / "map.toml"))
    graph = snapshot_of(
        '<urn:example:7> rdfs:label "PDU 7" ; brick:hasPoint <urn:example:7-Inlet> , <urn:example:7-Door> , <urn:example:o1> . '
        '<urn:example:7-Inlet> brick:hasUnit unit:DEG_C . <urn:example:o1> rdfs:label "output 1" ; brick:hasUnit unit:KiloW .'
    )
    dialect.bind(graph, sink.slots)

    document = {"ts": 1_772_366_400.5, "temp_f": 77, "outputs": [{}, {"w": 250}], "door": "OPEN"}
    assert dialect.take(Message("plant/hall-1/dev-7/telemetry", json.dumps(document).encode()), intake)
    sink.take(intake.samples())
    (batch,) = sink.batches

    assert intake.letters == []
    assert dict(zip(batch.points, batch.values.round(9).tolist(), strict=True)) == {
        "urn:example:7-Inlet": 25.0,
        "urn:example:o1": 0.25,
        "urn:example:7-Door": 1.0,
    }
    assert set(batch.observed_at.tolist()) == {1_772_366_400_500}
    table = GUIDE.partition("## A mapping file")[2].partition("## What is promised")[0]
    assert {key for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)} == KEYS
