"""The mapping file: what its patterns read, and what is said at the start about one that cannot work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import isnan
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.mapped import MappedTopics
from adapters.mqtt.mapping import load
from graph.snapshot import Snapshot
from graph.values import Quality, Reason, Slots
from tests.support.wired import Taken, snapshot_of

NOW = 1_772_366_400_000
FILE = """
[[map]]
topic = "plant/{hall}/dev-{device}/telemetry"
time = "/ts"
values = [
  { at = "/temp_f", point = "demo:{device}-Inlet", unit = "DEG_F" },
  { at = "/outputs/{n}/w", identifier = "PDU {device}/output {n}", unit = "W" },
  { at = "/door", point = "demo:{device}-Door", states = { open = 1, closed = 0 } },
]

[[map]]
topic = "meters/+/{tag}"
identifier = "{tag}"
scale = 0.1

[[map]]
topic = "words/{x}/#"
point = "demo:7-Door"
states = { "Breaker Open" = 1, "Breaker Closed" = 0 }
"""
SITE = """
demo:PDU-7 rdfs:label "PDU 7" ; brick:hasPoint demo:7-Inlet , demo:7-Door , demo:Out-1 , demo:Out-2 .
demo:7-Inlet brick:hasUnit unit:DEG_C . demo:Out-1 rdfs:label "Output 1" ; brick:hasUnit unit:KiloW .
demo:Out-2 rdfs:label "Output 2" ; brick:hasUnit unit:DEG_C . demo:7-Door a brick:Status .
demo:M brick:hasPoint demo:Load , demo:Twin-1 , demo:Twin-2 . demo:Load <http://purl.org/dc/terms/identifier> "M-0815" .
demo:Twin-1 rdfs:label "Twin" . demo:Twin-2 rdfs:label "Twin" .
"""
TOPIC = "plant/hall-1/dev-7/telemetry"


@cache
def _site() -> Snapshot:
    return snapshot_of(SITE)


class Heard:
    """A mapping over the site, and what it makes of messages."""

    def __init__(self, folder: Path, text: str = FILE) -> None:
        file = folder / "map.toml"
        file.write_text(text, encoding="utf-8")
        self.sink, self.dialect = Taken(), MappedTopics(load(file))
        self.sink.slots([f"urn:ridethrough:demo:{name}" for name in ("7-Inlet", "7-Door", "Out-1", "Out-2", "Load")])
        self.known = list(self.sink._names)
        self.dialect.bind(_site(), self._slots)

    def _slots(self, points: Sequence[str]) -> Slots:
        return np.array([self.known.index(point) if point in self.known else -1 for point in points], np.int32)

    def say(self, topic: str, document: Any, *, retained: bool = False) -> dict[str, tuple[float, int, str]]:
        """What one message gives: value, source time less `NOW`, quality; -999 for no number."""
        payload = document if isinstance(document, bytes) else orjson.dumps(document)
        intake = Intake(NOW)
        self.taken = self.dialect.take(Message(topic, payload, retained), intake)
        self.letters, self.heard = [why for _, why in intake.letters], [one.reason for one in intake.heard]
        rows = intake.samples()
        names = [self.sink._names[slot].removeprefix("urn:ridethrough:demo:") for slot in rows.slots.tolist()]
        values = [-999.0 if isnan(value) else round(value, 9) for value in rows.values.tolist()]
        worth = [f"{Quality(q).name} {Reason(r).name}" for q, r in zip(rows.quality.tolist(), rows.reason.tolist(), strict=True)]
        return dict(zip(names, zip(values, (rows.observed_at - NOW).tolist(), worth, strict=True), strict=True))


GOOD = "GOOD NONE"


def test_values_are_read_where_the_file_says_and_go_to_the_points_that_it_names(tmp_path: Path) -> None:
    """Fahrenheit to Celsius, W to kW by the point's own units; a member each of an object; a word; the message's own time."""
    heard = Heard(tmp_path)

    found = heard.say(TOPIC, {"ts": (NOW - 250) / 1000, "temp_f": 77, "outputs": {"1": {"w": 1500}}, "door": "Open"})
    assert found == {"7-Inlet": (25.0, -250, GOOD), "Out-1": (1.5, -250, GOOD), "7-Door": (1.0, -250, GOOD)}
    assert (heard.letters, heard.heard) == ([], [])
    assert heard.say(TOPIC, {"ts": NOW, "door": False}) == {"7-Door": (0.0, 0, GOOD)}


def test_points_go_by_any_of_their_names(tmp_path: Path) -> None:
    """`dcterms:identifier`, whatever the case; a number alone; scaled. Words with blanks, on a topic of any depth."""
    heard = Heard(tmp_path)

    assert heard.say("meters/x/m-0815", 215) == {"Load": (21.5, 0, GOOD)}
    assert heard.say("words/a/b/c", b"Breaker Closed") == {"7-Door": (0.0, 0, GOOD)}
    assert sorted(heard.dialect.fed().tolist()) == [1, 4]


def test_what_is_of_no_point_is_told_with_the_reason(tmp_path: Path) -> None:
    """No such IRI, no such name, two of one name, units of two kinds."""
    heard = Heard(tmp_path)

    heard.say("plant/h/dev-8/telemetry", {"ts": NOW, "temp_f": 70})
    assert heard.heard == ["map.toml: [[map]] 1, value 1: the graph has no point demo:8-Inlet"]
    heard.say(TOPIC, {"ts": NOW, "outputs": {"3": {"w": 1}, "2": {"w": 1}}})
    assert "has no point 'output-3'" in heard.heard[0]
    assert "W" in heard.heard[1]
    heard.say("meters/x/nothing", 1)
    assert "no point is called 'nothing'" in heard.heard[0]
    heard.say("meters/x/twin", 1)
    assert "more than one point is called 'twin'" in heard.heard[0]
    assert heard.letters == []


def test_what_cannot_be_read_is_poison_and_its_points_are_bad(tmp_path: Path) -> None:
    """No JSON; nothing where the pointers lead; no number; a time that is none; a kept copy is no error."""
    heard = Heard(tmp_path)

    assert {row[2] for row in heard.say(TOPIC, b"{").values()} == {"BAD SENSOR"}
    assert "neither JSON" in heard.letters[0]
    assert heard.say(TOPIC, {"ts": NOW, "else": 1}) == {}
    assert heard.letters == ["the payload holds nothing at /temp_f or /outputs/{n}/w or /door: correct at, or the sender"]
    assert heard.say(TOPIC, {"ts": NOW, "temp_f": "hot"}) == {"7-Inlet": (-999.0, 0, "BAD SENSOR")}
    assert heard.letters == ["/temp_f is 'hot', not a finite number"]
    assert heard.say(TOPIC, {"ts": "x", "temp_f": 32}) == {"7-Inlet": (0.0, 0, "UNCERTAIN CLOCK")}
    assert heard.say(TOPIC, {"ts": NOW, "temp_f": None}) == {"7-Inlet": (-999.0, 0, "BAD SENSOR")}
    assert heard.letters == []
    assert heard.say(TOPIC, {"ts": NOW, "temp_f": 32}, retained=True) == {"7-Inlet": (0.0, 0, "UNCERTAIN RETAINED")}


def test_other_topics_are_left_to_others(tmp_path: Path) -> None:
    """A level more, a level less, another word; and what is subscribed to."""
    heard = Heard(tmp_path)

    for topic in ("plant/h/dev-7/telemetry/x", "plant/dev-7/telemetry", "plant/h/device-7/telemetry", "words/a", "dc/a/b/c"):
        heard.say(topic, 1)
        assert not heard.taken
    assert heard.dialect.filters() == ["meters/+/+", "plant/+/+/telemetry", "words/+/#"]


ONE = '[[map]]\ntopic = "a/{b}"\npoint = "demo:{b}"\n'


@pytest.mark.quality("mqtt", "mapping-checked-at-the-start")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it maps nothing"),
        ("x = 1", "x is no key"),
        ("[[map]\n", "it is no TOML"),
        ('[[map]]\npoint = "demo:x"', '[[map]] 1: it needs topic = "…"'),
        (ONE + "colour = 1", "colour is no key that is known here"),
        ('[[map]]\ntopic = "a"', "it needs one of point"),
        (ONE + 'identifier = "{b}"', "it needs one of point"),
        ('[[map]]\ntopic = "a/{b}"\npoint = "demo:{c}"', "{c} stands neither in topic nor in at: known are b"),
        ('[[map]]\ntopic = "a/{b}"\npoint = "x:{b}"', "point 'x:{b}' is no IRI"),
        ('[[map]]\ntopic = "a/{b}/{b}"\npoint = "demo:{b}"', "topic names a part twice"),
        ('[[map]]\ntopic = "a/{b!r}"\npoint = "demo:x"', "braces that hold no name"),
        ('[[map]]\ntopic = "a/b+"\npoint = "demo:x"', "topic level 'b+' is empty or holds a wildcard"),
        ('[[map]]\ntopic = "a/#/b"\npoint = "demo:x"', "topic level '#'"),
        ('[[map]]\ntopic = "a//b"\npoint = "demo:x"', "topic level ''"),
        ('[[map]]\ntopic = "$SYS/b"\npoint = "demo:x"', "begins with / or $"),
        (ONE + 'at = "x"', "write '/x'"),
        (ONE + 'at = "/{b}"', "{b} stands in topic and in at"),
        (ONE + 'time = "/{t}"', "time stands in one place"),
        (ONE + "at = 3", "at is a JSON pointer"),
        (ONE + 'unit = "furlong"', "unit 'furlong'"),
        (ONE + "scale = 0", "scale 0"),
        (ONE + "scale = true", "scale is a number, not True"),
        (ONE + "offset = nan", "offset is a number, not nan"),
        (ONE + "states = 3", "states is a table"),
        (ONE + 'states = { a = "b" }', "states: a is a number, not 'b'"),
        (ONE + "values = []", "values is a list of tables"),
        (ONE + 'values = [{ at = "/x" }]', "point stands beside values"),
        ('[[map]]\ntopic = "a"\nvalues = [{ point = "demo:x" }, { at = "/x" }]', "[[map]] 1, value 2: it needs one of point"),
        ('[[map]]\ntopic = "a"\nvalues = [3]', "value 1: it is a table, not 3"),
    ],
)
def test_a_file_that_cannot_work_is_refused_with_its_place_and_what_to_write(tmp_path: Path, text: str, why: str) -> None:
    """The file, the entry, the key."""
    file = tmp_path / "map.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"map\.toml: ") as told:
        load(file)
    assert why in str(told.value)


MEMBERS = ["ts", "temp_f", "outputs", "1", "w", "door", "x"]
json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(1 << 63), 1 << 63) | st.text(max_size=5),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(["ts", "temp_f", "outputs", "1", "w", "door", "x"]), some, max_size=5)
    ),
    max_leaves=10,
)


@pytest.mark.quality("mqtt", "mapping-reads-anything")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([TOPIC, "meters/x/m-0815", "words/x/y"]), json_like.map(orjson.dumps) | st.binary(max_size=20))
def test_no_payload_stops_it(tmp_path: Path, topic: str, payload: bytes) -> None:
    """Whatever a message holds, it is taken; what gives no row is told, or was nothing that was asked for."""
    heard = Heard(tmp_path)
    rows = heard.say(topic, payload)

    assert heard.taken
    assert rows or heard.letters or heard.heard
