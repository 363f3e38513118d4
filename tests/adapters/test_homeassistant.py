"""Home Assistant discovery: what announcements become, what states say, what comes of those that bend the rules. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import orjson
import pytest
from hypothesis import given, settings

from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.homeassistant.codec import again, discovered, template
from adapters.mqtt.homeassistant.dialect import HomeAssistant
from adapters.mqtt.pending import Pending
from adapters.mqtt.quiet import QUIET_MS
from graph.snapshot import Snapshot
from graph.values import Quality, ReadingBatch, Reason, Slots
from ontology.namespaces import BRICK, DCX, RDF, RDFS, UNIT
from ontology.terms import KeyQuad, literal_parts
from tests.support.homeassistant_device import METER, PREFIX, ROOM, announcements
from twin.early import Early

N = "urn:home-assistant:"
NOW = 1_770_000_000_000


class Home:
    """A dialect with a clock, told what devices announce; its wishes are made revisions at once."""

    def __init__(self, graph: Snapshot | None = None, pending: Pending | None = None) -> None:
        self.dialect, self.now, self.names = HomeAssistant(pending=pending), NOW, dict[str, int]()
        self.graph = Snapshot.empty() if graph is None else graph
        self.wishes: list[list[KeyQuad]] = []
        self.letters: list[str] = []
        self.heard: dict[str, str] = {}
        self.early = Early()
        self.waited: list[float] = []
        self.dialect.bind(self.graph, self.slots)

    def slots(self, points: Sequence[str]) -> Slots:
        there = [self.graph.find(point) is not None for point in points]
        return np.array([self.names.setdefault(p, len(self.names)) if on else -1 for p, on in zip(points, there, strict=True)], np.int32)

    def hear(self, topic: str, document: Any, *, retained: bool = False) -> dict[str, tuple[float, str, str]]:
        """What a message gives, by point; text as it is, anything else as JSON."""
        payload = document if isinstance(document, bytes) else document.encode() if isinstance(document, str) else orjson.dumps(document)
        intake = Intake(self.now)
        self.taken = self.dialect.take(Message(topic, payload, retained), intake)
        self.dialect.settle()
        return self._read(intake)

    def announce(self, documents: dict[str, dict[str, Any]] | None = None) -> Home:
        """Announcements, kept by the broker; then quiet, until they are the graph."""
        for topic, document in (announcements() if documents is None else documents).items():
            self.hear(topic, document, retained=True)
        self.settle()
        return self

    def settle(self) -> dict[str, tuple[float, str, str]]:
        """Wait until all has been quiet, let the wish become the graph; what the next tick gives."""
        self.now += QUIET_MS
        self.dialect.tick(Intake(self.now))
        wish = self.dialect.wish()
        if wish is not None:
            self.wishes.append(sorted(wish.quads))
            self.graph = Snapshot.of(wish.quads)
            self.dialect.bind(self.graph, self.slots)
        intake = Intake(self.now)
        self.dialect.tick(intake)
        ready = self.early.ready(lambda point: self.graph.find(point) is not None)
        self.early.forget(ready.points)
        self.waited = ready.values.tolist()
        columns = zip(ready.points, ready.values.tolist(), ready.quality.tolist(), ready.reason.tolist(), strict=True)
        arrived = {point.removeprefix(N + "point/"): (value, Quality(q).name, Reason(r).name) for point, value, q, r in columns}
        return {**arrived, **self._read(intake)}

    def _read(self, intake: Intake) -> dict[str, tuple[float, str, str]]:
        self.letters += [why for _, why in intake.letters]
        self.heard |= {one.topic: one.reason for one in intake.heard}
        self.early.keep(ReadingBatch.stored([row for _, row in intake.before]))
        rows = intake.samples()
        named = {slot: name.removeprefix(N + "point/") for name, slot in self.names.items()}
        columns = zip(rows.slots.tolist(), rows.values.tolist(), rows.quality.tolist(), rows.reason.tolist(), strict=True)
        return {named[slot]: (round(value, 6), Quality(q).name, Reason(r).name) for slot, value, q, r in columns if slot >= 0}

    def said(self, predicate: str) -> dict[str, str]:
        """The last of each subject's objects, by the ends of names."""
        end = {s.removeprefix(N): o for s, p, o, _ in self.wishes[-1] if p == predicate}
        return {s: o.removeprefix(BRICK).removeprefix(UNIT) if o[0] != '"' else literal_parts(o).lexical for s, o in end.items()}


GOOD = ("GOOD", "NONE")


def test_announcements_become_devices_and_points_of_a_source_of_their_own() -> None:
    """Abbreviated, in full, and of a whole device: one revision; classes, units, periods, labels; what is no number is told."""
    home = Home().announce()

    assert len(home.wishes) == 1
    classes = home.said(RDF + "type")
    assert {name: classes[f"point/{name}"] for name in ("meter-7-power", "meter-7-total", "relay-3", "cdu-9-supply")} == {
        "meter-7-power": "Active_Power_Sensor",
        "meter-7-total": "Energy_Sensor",
        "relay-3": "On_Off_Status",
        "cdu-9-supply": "Temperature_Sensor",
    }
    assert classes["point/0x00158d0001_leak"] == "Leak_Alarm"
    assert {name for name, cls in classes.items() if cls == "Equipment"} == {"meter-7", "0x00158d0001", "relay", "cdu-9"}
    assert home.said(BRICK + "hasUnit") == {
        "point/meter-7-power": "W",
        "point/meter-7-total": "KiloW-HR",
        "point/0x00158d0001_temperature": "DEG_C",
        "point/cdu-9-supply": "DEG_C",
    }
    assert home.said(DCX + "samplePeriod") == {"point/meter-7-power": "30"}
    assert home.said(RDFS + "label")["point/meter-7-power"] == "Rack meter 7 Power"
    assert home.heard == {f"{PREFIX}/device/cdu-9/config": "a climate is not read: its state is no number"}
    assert [(one.target, one.reason) for one in home.dialect.unusable()] == list(home.heard.items())


def test_states_are_read_where_their_templates_lead() -> None:
    """One payload for several points; a list; a truth by the words that were announced; a plain word."""
    home = Home().announce()

    assert home.hear(METER, {"Time": "x", "ENERGY": {"Power": "412.5", "Total": 7.25}}) == {
        "meter-7-power": (412.5, *GOOD),
        "meter-7-total": (7.25, *GOOD),
    }
    assert home.hear(ROOM, {"temperature": 24.5, "water_leak": True}) == {
        "0x00158d0001_temperature": (24.5, *GOOD),
        "0x00158d0001_leak": (1.0, *GOOD),
    }
    assert home.hear(ROOM, {"water_leak": False}) == {"0x00158d0001_leak": (0.0, *GOOD)}
    assert home.hear("shelly/relay/3", "on") == {"relay-3": (1.0, *GOOD)}
    assert home.hear("cdu/9/state", {"t": [31.5]}) == {"cdu-9-supply": (31.5, *GOOD)}
    assert home.hear("cdu/9/state", {"t": [30]}, retained=True) == {"cdu-9-supply": (30.0, "UNCERTAIN", "RETAINED")}
    assert home.letters == []


def test_a_state_that_is_none_is_a_bad_value() -> None:
    """Unknown is no error; a text in place of a number, or another word than the two, is."""
    home = Home().announce()

    for word in ("unknown", "None", ""):
        assert home.hear("shelly/relay/3", word)["relay-3"][1:] == ("BAD", "SENSOR")
    assert home.letters == []
    assert home.hear("shelly/relay/3", "tripped")["relay-3"][1:] == ("BAD", "SENSOR")
    assert home.hear(METER, {"ENERGY": {"Power": "NaN"}})["meter-7-power"][1:] == ("BAD", "SENSOR")
    assert home.hear(METER, b"{")["meter-7-power"][1:] == ("BAD", "SENSOR")
    assert len(home.letters) == 3


def test_what_is_not_available_has_no_communication() -> None:
    """By a plain topic, and by a place in JSON; what speaks again is there; a kept state of what is away is no news."""
    home = Home().announce()
    home.hear(METER, {"ENERGY": {"Power": 400}})

    gone = home.hear("tele/rack-meter-7/LWT", "Offline", retained=True)
    assert {name: row[1:] for name, row in gone.items()} == dict.fromkeys(("meter-7-power", "meter-7-total"), ("NO_COMMUNICATION", "LINK"))
    assert home.hear(METER, {"ENERGY": {"Power": 401}}, retained=True)["meter-7-power"] == (401.0, "NO_COMMUNICATION", "LINK")
    assert home.hear(METER, {"ENERGY": {"Power": 402}})["meter-7-power"] == (402.0, *GOOD)
    assert home.hear("tele/rack-meter-7/LWT", "Online") == {}
    assert home.hear("tele/rack-meter-7/LWT", "what") == {}
    assert set(home.hear("zigbee2mqtt/bridge/state", {"state": "offline"})) == {"0x00158d0001_temperature", "0x00158d0001_leak"}


@pytest.mark.parametrize(("mode", "away"), [("all", True), ("any", False), ("latest", True)])
def test_of_several_availabilities_the_mode_decides(mode: str, away: bool) -> None:
    """One of two is offline."""
    config = {"stat_t": "s", "uniq_id": "u", "unit_of_meas": "V", "avty_mode": mode, "avty": [{"t": "a"}, {"t": "b"}]}
    home = Home().announce({f"{PREFIX}/sensor/x/config": config})
    home.hear("a", "online")

    assert bool(home.hear("b", "offline")) == away
    assert set(home.hear("a", "offline")) == {"u"}


def test_what_is_announced_again_wishes_for_nothing_and_what_is_cleared_goes() -> None:
    """In another order of names: no wish. Cleared: one wish, without its point."""
    home = Home().announce()
    home.announce({topic: dict(reversed(document.items())) for topic, document in reversed(announcements().items())})
    assert len(home.wishes) == 1

    home.hear(f"{PREFIX}/sensor/meter-7/power/config", b"")
    home.settle()
    assert len(home.wishes) == 2
    assert {s for s, _, _, _ in home.wishes[0]} - {s for s, _, _, _ in home.wishes[1]} == {N + "point/meter-7-power"}
    assert home.hear(METER, {"ENERGY": {"Power": 1, "Total": 2}}) == {"meter-7-total": (2.0, *GOOD)}


def test_a_restart_with_an_empty_broker_takes_nothing_away() -> None:
    """What the graph says had been announced is known again: states are read, and one more device wishes for all."""
    before = Home().announce()
    after = Home(before.graph)

    assert after.settle() == {}
    assert after.wishes == []
    assert after.hear("shelly/relay/3", "OFF") == {"relay-3": (0.0, *GOOD)}
    assert after.dialect.filters() == before.dialect.filters()
    assert after.dialect.everywhere() == before.dialect.everywhere()
    after.announce({f"{PREFIX}/sensor/new/config": {"stat_t": "n", "uniq_id": "new", "unit_of_meas": "A"}})
    assert {s for s, _, _, _ in after.wishes[0]} - {s for s, _, _, _ in before.wishes[0]} == {N + "new", N + "point/new"}


def test_a_state_that_comes_before_its_point_waits_for_it() -> None:
    """Kept by the broker, said once: both are taken, in order, when the revision is there."""
    home = Home()
    topic = f"{PREFIX}/switch/relay/config"
    home.hear(topic, announcements()[topic], retained=True)
    assert home.hear("shelly/relay/3", "OFF", retained=True) == {}
    assert home.hear("shelly/relay/3", "ON", retained=True) == {}

    assert home.settle() == {"relay-3": (1.0, "UNCERTAIN", "RETAINED")}
    assert home.waited == [0.0, 1.0]


def test_announcements_that_the_graph_does_not_say_yet_are_known_after_a_kill(tmp_path: Path) -> None:
    """What waits at the broker comes before its kept copies; when a revision says all of it, nothing more is kept."""
    file, topic = tmp_path / "home.jsonl", f"{PREFIX}/switch/relay/config"
    Home(pending=Pending(file)).hear(topic, announcements()[topic])

    after = Home(pending=Pending(file))
    assert after.hear("shelly/relay/3", "ON") == {}
    assert after.taken
    assert after.settle() == {"relay-3": (1.0, *GOOD)}
    assert file.read_bytes() == b""
    after.hear(topic, b"")
    assert Pending(file).topics() == {topic: b""}
    last = Home(after.graph, Pending(file))
    last.settle()
    assert last.wishes == [[]]
    assert file.read_bytes() == b""


def test_a_point_keeps_the_unit_that_it_had_first() -> None:
    """Degrees Celsius, then Fahrenheit, after a restart too; then watts: no number, and told; cleared, it is another beginning."""
    topic, config = f"{PREFIX}/sensor/t/config", {"stat_t": "t", "uniq_id": "t", "unit_of_meas": "°C"}
    home = Home().announce({topic: config})
    home.announce({topic: {**config, "unit_of_meas": "°F"}})
    after = Home(home.graph)

    assert home.hear("t", "77") == after.hear("t", "77") == {"t": (25.0, *GOOD)}
    assert home.said(BRICK + "hasUnit") == {"point/t": "DEG_C"}
    after.hear(topic, {**config, "unit_of_meas": "W"})
    assert repr(after.hear("t", "77")) == repr({"t": (nan, "BAD", "CONFIGURATION")})
    assert "its unit 'W' does not convert to unit:DEG_C" in after.dialect.unusable()[-1].reason
    after.hear(topic, b"")
    after.announce({topic: {**config, "unit_of_meas": "W"}})
    assert after.hear("t", "77") == {"t": (77.0, *GOOD)}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"{", "neither JSON nor a number"),
        (b"[]", "a configuration is an object"),
        ({"uniq_id": "x"}, "no state_topic"),
        ({"stat_t": "a/#", "unit_of_meas": "V"}, "no state_topic"),
        ({"stat_t": "a"}, "its state is a text"),
        ({"stat_t": "a", "dev_cla": "enum", "options": ["x"]}, "its state is a text"),
        ({"stat_t": "a", "unit_of_meas": "V", "val_tpl": "{{ value_json.a * 2 }}"}, "more than a place"),
        ({"stat_t": "a", "unit_of_meas": "V", "avty": [{"t": ""}]}, "its availability names no topic"),
    ],
)
def test_an_announcement_that_is_not_read_is_told(document: Any, why: str) -> None:
    """And makes no wish."""
    home = Home()
    home.hear(f"{PREFIX}/sensor/x/config", document)
    home.settle()

    assert home.wishes == []
    assert why in "".join([*home.letters, *home.heard.values()])


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (None, None),
        ("{{ value }}", None),
        ("{{ value | float }}", None),
        ("{{value_json.a.b}}", ("a", "b")),
        ("{{ value_json['a b'][\"c\"][2].d | round(1) }}", ("a b", "c", "2", "d")),
        ("{{ value_json.a | is_defined | float(0) }}", ("a",)),
    ],
)
def test_a_template_that_leads_to_a_place_is_read(text: str | None, path: tuple[str, ...] | None) -> None:
    """Steps in their order; None for the payload itself."""
    assert template(text) == path


@pytest.mark.parametrize(
    "text", ["{{ value_json.a + 1 }}", "{% if value %}1{% endif %}", "{{ value_json.a | int }}", "{{ states('x') }}", "{{ value.a }}", 7]
)
def test_another_template_is_told_and_never_guessed(text: object) -> None:
    """A sum, a branch, a filter that changes the number, another name."""
    found = template(text)

    assert isinstance(found, str)
    assert found.startswith("its template is more than a place")


NAMES = ["stat_t", "~", "dev", "ids", "avty", "t", "val_tpl", "exp_aft", "uniq_id", "unit_of_meas", "cmps", "p", "name", "pl_on", "x"]
leaves = (
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6) | st.sampled_from(["a/b", "{{ value_json.x }}", "sensor"])
)
json_like = st.recursive(
    leaves, lambda some: st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(NAMES), some, max_size=6), max_leaves=12
)
configs = st.dictionaries(st.sampled_from(NAMES), json_like, max_size=8).map(lambda some: {"stat_t": "s", "unit_of_meas": "V", **some})


@pytest.mark.quality("mqtt", "homeassistant-reads-anything")
@settings(max_examples=150, deadline=None)
@given(json_like | configs, st.sampled_from(["sensor", "switch", "device", "light"]), st.binary(max_size=20))
def test_no_announcement_and_no_state_stops_it(document: Any, component: str, state: bytes) -> None:
    """Anything in any place: read, or told; what is read is what is kept of it, read again."""
    topic = f"{PREFIX}/{component}/n/o/config"
    data = json.dumps(document).encode()
    found, _ = discovered(topic, data, PREFIX, 65_536)

    assert [again(one.key, one.text) for one in found] == found
    home = Home()
    home.hear(topic, data)
    home.settle()
    for one in found:
        home.hear(one.topic, state)
    home.settle()


@pytest.mark.parametrize("prefix", ["", "/x", "a/#"])
def test_the_prefix_is_the_beginning_of_a_topic(prefix: str) -> None:
    """Said at the start."""
    with pytest.raises(ValueError, match="beginning of a topic"):
        HomeAssistant(prefix)


def test_other_topics_are_left_to_others() -> None:
    """Nothing that was not announced is taken; under the prefix only configurations are."""
    home = Home().announce()
    home.hear("dc/a/b/c", "1")
    assert not home.taken
    home.hear(f"{PREFIX}/status", "online")
    assert not home.taken
    home.hear(f"{PREFIX}/sensor/config", {"x": 1})
    assert home.heard[f"{PREFIX}/sensor/config"].startswith("no topic of discovery")
