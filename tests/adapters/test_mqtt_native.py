"""The native layout: single readings, many as JSON, packed ones, states, and the points that names lead to."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given, settings

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.counting import WINDOW, Count
from adapters.mqtt.native_codec import QUALITIES
from adapters.mqtt.subscriptions import wanted
from graph.values import Quality
from tests.support.native_site import FAN, HEAD, INLET, NOW, OUTLET, Heard


@pytest.mark.parametrize(
    ("topic", "point"),
    [("inlet", INLET), ("CRAH-7-Inlet", INLET), ("supply-air", OUTLET), ("Leaving_Air_Temperature_Sensor", OUTLET), ("outlet", OUTLET)],
)
def test_a_topic_is_of_the_point_that_its_last_two_levels_name(topic: str, point: str) -> None:
    """By the end of its IRI, that without the asset's, its label, or its class."""
    assert Heard().say(HEAD + topic, {"v": 21.5, "t": NOW - 5}).rows() == [(point, 21.5, -5, "GOOD", "NONE")]


@pytest.mark.parametrize(
    ("document", "row"),
    [
        (21.5, (21.5, 0, "GOOD", "NONE")),
        (True, (1.0, 0, "GOOD", "NONE")),
        ({"v": 21.5}, (21.5, 0, "GOOD", "NONE")),
        ({"v": 77, "u": "DEG_F"}, (25.0, 0, "GOOD", "NONE")),
        ({"v": 298.15, "u": "K"}, (25.0, 0, "GOOD", "NONE")),
        ({"v": 21.5, "q": "maintenance"}, (21.5, 0, "GOOD", "MAINTENANCE")),
        ({"v": 21.5, "q": "Substitute"}, (21.5, 0, "UNCERTAIN", "SUBSTITUTE")),
        ({"v": None}, (-999.0, 0, "BAD", "SENSOR")),
        ({"v": None, "q": "bad"}, (-999.0, 0, "BAD", "DEVICE")),
        ({"v": 3.0, "q": "no_communication"}, (3.0, 0, "NO_COMMUNICATION", "LINK")),
    ],
)
def test_a_reading_says_value_time_quality_and_unit(document: Any, row: tuple[float, int, str, str]) -> None:
    """What is left out: now, good, and the point's own unit. 77 F and 298.15 K are 25 C."""
    heard = Heard().say(HEAD + "inlet", document)

    ((point, value, *rest),) = heard.rows()
    assert (point, value, *rest) == (INLET, *row)
    assert heard.intake.letters == []


@pytest.mark.parametrize(
    ("payload", "row"),
    [
        (b'{"v": "warm"}', ("BAD", "SENSOR")),
        (b'{"w": 1}', ("BAD", "SENSOR")),
        (b'{"v": 1, "v": 2}', ("BAD", "SENSOR")),
        (b'{"v": 1e400}', ("BAD", "SENSOR")),
        (b"NaN", ("BAD", "SENSOR")),
        (b"\xff", ("BAD", "SENSOR")),
        (b'{"v": 1, "u": "parsec"}', ("BAD", "CONFIGURATION")),
        (b'{"v": 1, "u": "KiloW"}', ("BAD", "CONFIGURATION")),
        (b'{"v": 1, "u": 5}', ("BAD", "CONFIGURATION")),
        (b'{"v": 1.7e308, "u": "KiloK"}', ("BAD", "CONFIGURATION")),
        (b'{"v": 1, "t": null}', ("UNCERTAIN", "CLOCK")),
        (b'{"v": 1, "t": "yesterday"}', ("UNCERTAIN", "CLOCK")),
        (b'{"v": 1, "q": "so so"}', ("UNCERTAIN", "DEVICE")),
        (b'{"v": 1, "s": -7}', ("GOOD", "NONE")),
    ],
)
def test_what_is_wrong_with_a_reading_is_one_dead_letter_and_a_quality(payload: bytes, row: tuple[str, str]) -> None:
    """No number, no unit of the point's kind, no instant, no quality: each with its reason."""
    heard = Heard().say(HEAD + "inlet", payload)
    letters = heard.intake.letters

    ((_, _, _, *quality),) = heard.rows()
    assert tuple(quality) == row
    assert len(letters) == 1


def test_a_kept_copy_is_uncertain_until_a_live_one_comes() -> None:
    """Retained: the last usable value, not a present one; a bad one stays bad."""
    heard = Heard().say(HEAD + "inlet", {"v": 1}, retained=True).say(HEAD + "inlet", {"v": None, "q": "device"}, retained=True)

    assert [row[3:] for row in heard.rows()] == [("UNCERTAIN", "RETAINED"), ("BAD", "DEVICE")]


def test_a_reference_comes_before_a_name_and_one_with_pointers_is_read_by_them() -> None:
    """speed is the fan's, a fraction; load stands at /kw."""
    heard = Heard().say(HEAD + "speed", {"v": 0.5}).say("dc/s/power/meter/load", {"kw": 7})

    assert [row[:2] for row in heard.rows()] == [(FAN, 50.0), ("urn:ridethrough:demo:Load", 7.0)]


@pytest.mark.parametrize(
    ("topic", "reason", "suggestion"),
    [
        (HEAD + "inlett", "demo:CRAH-7 has no point 'inlett'", "demo:CRAH-7-Inlet ref:hasExternalReference"),
        ("dc/s/cooling/crah-77/inlet", "the graph has no asset 'crah-77': is it demo:CRAH-7?", "[the point] ref:hasExternalReference"),
        (HEAD + "qqqq", "demo:CRAH-7 has no point 'qqqq'", "[the point] ref:hasExternalReference"),
    ],
)
def test_a_topic_of_no_point_is_counted_with_a_suggestion(topic: str, reason: str, suggestion: str) -> None:
    """The nearest name, as the statement that would bind it."""
    (stray,) = Heard().say(topic, 1).intake.heard

    assert (stray.topic, stray.reason) == (topic, reason)
    assert stray.suggestion.startswith(suggestion)
    assert f'dcx:topic "{topic}"' in stray.suggestion


@pytest.mark.parametrize("topic", ["dc/x", "dc/a b/c/d", "dc/" + "x/" * 9 + "y", "dc//a/b", "dc/s/" + "n" * 65 + "/p", "BMS/v1/x/y"])
def test_a_topic_outside_the_layout_is_left_to_others(topic: str) -> None:
    """Three to ten levels, of 1 to 64 letters, digits, _ . and -."""
    assert not Heard().say(topic, 1).taken


@pytest.mark.parametrize(
    "document",
    [
        {"p": ["inlet", "outlet", "nobody"], "v": [77, 21, 3], "t": NOW - 9, "u": ["DEG_F", "", ""]},
        [{"p": "inlet", "v": 77, "u": "DEG_F", "t": NOW - 9}, {"p": "outlet", "v": 21, "t": NOW - 9}, {"p": "nobody", "v": 3}],
    ],
    ids=["columns", "rows"],
)
def test_many_readings_come_together(document: Any) -> None:
    """Names after the topic's own beginning; the one of no point is counted, the others are read."""
    heard = Heard().say(HEAD + "$batch", document)
    (stray,) = heard.intake.heard

    assert stray.topic == HEAD + "nobody"
    assert heard.rows() == [(INLET, 25.0, -9, "GOOD", "NONE"), (OUTLET, 21.0, -9, "GOOD", "NONE")]


def test_a_gateway_speaks_for_several_assets() -> None:
    """The batch stands higher up; its names have the levels below."""
    heard = Heard().say("dc/s/$batch", {"p": ["cooling/crah-7/inlet", "cooling/crah-7/speed"], "v": [20, 0.5]})

    assert [row[:2] for row in heard.rows()] == [(INLET, 20.0), (FAN, 50.0)]


def test_each_reading_of_a_batch_has_its_own_quality() -> None:
    """A text for a number is bad and one dead letter; null says that there is none; unreadable times are uncertain."""
    document = {"p": ["inlet", "outlet", "speed"], "v": [1, "x", None], "q": ["good", "good", "device"], "t": [NOW, "?", None]}
    heard = Heard().say(HEAD + "$batch", document)
    letters = heard.intake.letters

    assert [row[3:] for row in heard.rows()] == [("GOOD", "NONE"), ("BAD", "SENSOR"), ("BAD", "DEVICE")]
    assert [why for _, why in letters] == ["v holds 'x', not a finite number"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [1],
        {"p": ["a"], "v": [1, 2]},
        {"p": [1], "v": [1]},
        {"p": ["inlet"], "v": [1], "t": [1, 2]},
        {"p": ["inlet"], "v": [1], "u": []},
    ],
)
def test_a_batch_that_does_not_fit_together_is_a_dead_letter(document: Any) -> None:
    """Nothing of it is taken."""
    heard = Heard().say(HEAD + "$batch", document)

    assert len(heard.intake.letters) == 1
    assert heard.rows() == []


@pytest.mark.parametrize(
    "document",
    [
        {"p": ["inlet", "outlet"], "v": [1, 2], "u": ["W", "DEG_C"]},
        {"p": ["inlet", "outlet"], "v": [1, 2], "u": [5, ""]},
        [{"p": "inlet", "v": 1, "u": "W"}, {"p": "outlet", "v": 2}],
        [{"p": "inlet", "v": 1, "u": {}}, {"p": "outlet", "v": 2}, 7, {"v": 3}],
        {"p": ["inlet", "outlet", 7], "v": [1, 2, 3], "u": ["parsec", "", ""]},
    ],
)
def test_a_wrong_unit_in_a_batch_makes_its_point_bad_and_costs_the_others_nothing(document: Any) -> None:
    """One dead letter, whatever else is wrong; no topic without a point."""
    heard = Heard().say(HEAD + "$batch", document)
    letters, strays = heard.intake.letters, heard.intake.heard

    assert heard.rows() == [(INLET, -999.0, 0, "BAD", "CONFIGURATION"), (OUTLET, 2.0, 0, "GOOD", "NONE")]
    assert (len(letters), strays) == (1, [])


def test_a_number_that_a_unit_makes_infinite_is_none() -> None:
    """1.7e308 as a fraction is more per cent than there are: alone, in a batch and packed."""
    heard = Heard().say(HEAD + "speed", 1.7e308).say(HEAD + "$batch", {"p": ["speed"], "v": [1.7e308]})

    assert [row[1:] for row in heard.rows()] == [(-999.0, 0, "BAD", "SENSOR")] * 2


VALUES: st.SearchStrategy[Any] = st.sampled_from([21.5, 0, -3, True, None, "x", [1], {}, 1.7e308])
TIMES: st.SearchStrategy[Any] = st.sampled_from(
    [NOW - 5, NOW / 1000, "2026-03-01T12:00:00Z", "2026-03-01T12:00:00", "x", None, True, -1, [], {}]
)
KINDS: st.SearchStrategy[Any] = st.sampled_from(["good", "Bad", "so so", "no_communication", None, 5, [], {}])
UNITS: st.SearchStrategy[Any] = st.sampled_from(["", "DEG_F", "K", "W", "parsec", "a:b", None, 5, [], {}])
COUNTS = st.sampled_from([1, -1, -7, "x", None, 1.5])


@given(said=st.fixed_dictionaries({"v": VALUES}, optional={"t": TIMES, "q": KINDS, "u": UNITS, "s": COUNTS}))
def test_a_reading_is_worth_the_same_alone_and_in_a_batch(said: dict[str, Any]) -> None:
    """The same row, and a dead letter where it is one alone; beside it another reading is good. Columns have one count for all."""
    alone = Heard().say(HEAD + "inlet", said)
    letters, rows = len(alone.intake.letters), alone.rows()
    counts = {"s": said["s"]} if "s" in said else {}
    good: dict[str, Any] = {"v": 2, "t": NOW - 1, "q": "good", "u": "DEG_C"}
    keys = [key for key in said if key != "s"]
    batches = [
        [{"p": "inlet", **said}, {"p": "outlet", **good}],
        {"p": ["inlet", "outlet"], **{key: [said[key], good[key]] for key in keys}, **counts},
        {"p": ["inlet"], **said, "v": [said["v"]]},
    ]

    for document in batches:
        if type(document) is dict and any(type(document.get(key)) is list and document[key] == [] for key in "tqu"):
            continue  # a list is one each
        many = Heard().say(HEAD + "$batch", document)
        assert len(many.intake.letters) == letters <= 1
        assert many.rows()[:1] == rows
        assert [row[2:] for row in many.rows()[1:]] in ([], [(0, "GOOD", "NONE")])


def test_an_object_of_a_batch_that_names_a_member_twice_is_a_dead_letter() -> None:
    """As one alone is: which of the two counts is anybody's guess."""
    heard = Heard().say(HEAD + "$batch", b'[{"p": "inlet", "v": 1, "v": 2}]')

    assert "names a member twice" in heard.intake.letters[0][1]
    assert heard.rows() == []


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["p", "v", "t", "q", "u", "s", "x"]), inner, max_size=6),
)


@given(document=DOCUMENTS, last=st.sampled_from(["inlet", "$batch", "$state", "$packed", "nobody"]))
@settings(max_examples=150, deadline=None)
def test_no_document_stops_the_dialect(document: Any, last: str) -> None:
    """Whatever JSON stands on whatever topic: rows that fit together, numbers where they are good, one dead letter at most."""
    heard = Heard().say(HEAD + last, orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS) if _sendable(document) else b"{")

    assert heard.taken
    assert len(heard.intake.letters) <= 1
    assert all(value != -999.0 or quality in {"BAD", "NO_COMMUNICATION"} for _, value, _, quality, _ in heard.rows())


def _sendable(document: Any) -> bool:
    try:
        orjson.dumps(document)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("payload", [b"offline", b'{"state": "offline"}', b'{"online": false}', b"0"])
def test_an_asset_that_is_gone_takes_its_points_with_it(payload: bytes) -> None:
    """By name, by reference, and what was heard: all of CRAH 7, nothing else."""
    heard = Heard().say(HEAD + "$state", payload)

    assert heard.rows() == [
        (point, -999.0, 0, "NO_COMMUNICATION", "LINK") for point in sorted((INLET, OUTLET, FAN), key=heard.sink._names.index)
    ]


@pytest.mark.parametrize("payload", [b"online", b'{"state": "online"}', b"", b"\xff"])
def test_an_asset_that_is_there_says_nothing_of_its_points(payload: bytes) -> None:
    """Their values speak for themselves."""
    assert Heard().say(HEAD + "$state", payload).rows() == []


@pytest.mark.quality("mqtt", "gaps-in-a-devices-sequence-are-found")
def test_a_hole_in_the_senders_count_is_marked_and_counted() -> None:
    """1, 2, 5: two are missing; 4 comes late: one; 4 again changes nothing."""
    heard = Heard()
    for count in (1, 2, 5, 4, 4):
        heard.say(HEAD + "inlet", {"v": count, "t": NOW + count, "s": count})

    assert [row[4] for row in heard.rows()] == ["NONE", "NONE", "GAP", "NONE", "NONE"]
    assert heard.native.missing() == 1


@given(order=st.lists(st.integers(0, 300), min_size=1, max_size=300), start=st.integers(0, 1_000_000))
def test_what_is_missing_is_what_was_never_heard(order: list[int], start: int) -> None:
    """Any order, any duplicates: highest less first, less what came in between."""
    count = Count()
    count.hear(start)
    for each in order:
        count.hear(start + each)

    assert count.missing == max(order) - len({each for each in order if each > 0})


def test_what_is_missing_is_still_known_when_the_graph_has_changed() -> None:
    """1 and 4, the same graph again, 6: three are missing, by name and by reference."""
    heard = Heard()
    for last in ("inlet", "speed"):
        heard.say(HEAD + last, {"v": 1, "s": 1}).say(HEAD + last, {"v": 4, "s": 4})
    heard.bind()
    for last in ("inlet", "speed"):
        heard.say(HEAD + last, {"v": 6, "s": 6})

    assert [dialect.missing() for dialect in heard.dialects] == [3, 3]


def test_a_sender_that_begins_anew_has_lost_nothing() -> None:
    """From 100,000 back to 0 and on: no hole."""
    count = Count()
    for each in (100_000, 0, 1, 2, WINDOW + 5):
        count.hear(each)

    assert count.missing == WINDOW + 2


def test_every_quality_has_a_name_that_a_sender_can_write() -> None:
    """But for `NO_VALUE`, which nobody says."""
    assert {quality for quality, _ in QUALITIES.values()} == set(Quality) - {Quality.NO_VALUE}


def test_each_message_is_asked_for_once_and_what_all_must_know_by_each() -> None:
    """`dc/#` hears the announced names, too; under a group these are asked for alone; `#` covers all but the broker's own topics."""
    native = Heard().native

    assert wanted([native], MqttConfig("h", topics=())) == {"dc/#"}
    assert wanted([native], MqttConfig("h", topics=("#", "$SYS/broker/uptime"))) == {"#", "$SYS/broker/uptime"}
    assert wanted([native], MqttConfig("h", topics=(), share_group="g")) == {"$share/g/dc/#", "dc/$points/#", "dc/+/+/+/$state"}
