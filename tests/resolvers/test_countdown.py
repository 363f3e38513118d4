"""A failure under way, counted down over a real socket."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from ontology.namespaces import DEMO
from tests.support.served import Served, now, served

WHOLE = """since at elapsedS failed horizonS leftCount racks { lost maybe counting nextLower nextUpper } services { lost }
  happened { kind lower upper ids(first: 3) reason } now { kind ids(first: 3) } next { kind lower upper count ids(first: 3) reason }
  left(first: 5) { id medium lower upper backLower backUpper } assumed readings { says of point value at }"""
EVERYTHING = 'failed: ["demo:Utility-A", "demo:Utility-B", "demo:Generator-Group"]'


def test_a_countdown_comes_at_once_and_then_every_second() -> None:
    """Nothing is read and nothing else happens: a second event follows, some second later."""
    with (
        served() as site,
        site.subscribed(f"subscription {{ countdown({EVERYTHING}, horizonS: 28800) {{ {WHOLE} }} }}") as event,
    ):
        first, second = event()["countdown"], event()["countdown"]

    later = second["elapsedS"] - first["elapsedS"]
    assert later > 0.9
    assert first["leftCount"] == second["leftCount"] > 100
    assert {each["kind"] for each in first["now"]} >= {"CARRIED"}


def test_a_battery_that_says_less_shortens_the_countdown_at_once() -> None:
    """Every string of one side says that it is nearly empty: the next event comes before its second is over, and has less to count."""
    asked = f"subscription {{ countdown({EVERYTHING}, horizonS: 28800) {{ {WHOLE} }} }}"
    with served() as site, site.subscribed(asked) as event:
        strings = [
            node["id"]
            for node in site.ask('{ entities(class: "dcx:State_Of_Charge_Sensor", first: 100) { nodes { id } } }')["entities"]["nodes"]
        ]
        before = event()["countdown"]
        site.read(*((point, 0.1) for point in strings))
        after = event()["countdown"]
        while not after["readings"]:
            after = event()["countdown"]

    assert {each["says"] for each in after["readings"]} == {"CHARGE"}
    assert {each["value"] for each in after["readings"]} == {0.1}
    assert after["racks"]["nextUpper"] < before["racks"]["nextUpper"] / 2


def charge_points(site: Served) -> list[str]:
    """Every point that says how full a battery string is."""
    found = site.ask('{ entities(class: "dcx:State_Of_Charge_Sensor", first: 100) { nodes { id } } }')
    return [node["id"] for node in found["entities"]["nodes"]]


def test_a_failure_of_a_while_ago_is_counted_from_then() -> None:
    """Ten minutes ago: 600 s and a little have passed."""
    since = (now() - timedelta(minutes=10)).isoformat()
    with (
        served() as site,
        site.subscribed(f'subscription {{ countdown({EVERYTHING}, since: "{since}") {{ elapsedS happened {{ kind }} }} }}') as event,
    ):
        told = event()["countdown"]

    assert told["elapsedS"] >= 600
    assert {"FAILED", "CARRIED"} <= {each["kind"] for each in told["happened"]}


def test_with_nothing_named_what_readings_say_is_out_is_counted_down() -> None:
    """At rest nothing is out and nothing is to come; when both utilities say that they are not available, they have failed."""
    asked = "subscription { countdown { failed elapsedS leftCount next { kind } } }"
    with served() as site, site.subscribed(asked) as event:
        rest = event()["countdown"]
        site.read((DEMO + "Utility-A.Available", 0.0), (DEMO + "Utility-B.Available", 0.0))
        out = event()["countdown"]

    assert (rest["failed"], rest["leftCount"], rest["next"]) == ([], 0, [])
    assert out["failed"] == [DEMO + "Utility-A", DEMO + "Utility-B"]
    assert out["leftCount"] > 0


def test_a_room_is_counted_down_with_all_that_is_in_it() -> None:
    """Hall 1 is what failed, and what fails and is lost with it is the same as in the timeline of the same question."""
    asked = 'subscription { countdown(failed: ["demo:Hall-1"]) { failed leftCount racks { lost } happened { kind count } } }'
    with served() as site, site.subscribed(asked) as event:
        told = event()["countdown"]
        timeline = site.ask('{ timeline(failed: ["demo:Hall-1"]) { failed boundsCount events { kind count } } }')["timeline"]

    assert told["failed"] == timeline["failed"] == [DEMO + "Hall-1"]
    assert told["leftCount"] == timeline["boundsCount"]
    failed = [sum(each["count"] for each in events if each["kind"] == "FAILED") for events in (told["happened"], timeline["events"])]
    assert failed[0] == failed[1] > 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("failed: []", "failed has 0 ids: give 1 to 1000, or leave it out for what readings say is out"),
        (f'{EVERYTHING}, since: "2999-01-01T00:00:00Z"', "not of the future"),
        (f'{EVERYTHING}, since: "2026-01-01T00:00:00"', "has no offset"),
        (f"{EVERYTHING}, horizonS: 0", "give more than 0"),
        ('failed: ["demo:Utility-Q"]', "did you mean demo:Utility-"),
    ],
)
def test_a_countdown_that_cannot_be_is_refused(site: Served, arguments: str, message: str) -> None:
    """The error names what is wrong and what may be given."""
    query = f"subscription {{ countdown({arguments}) {{ at }} }}"
    with site.socket() as socket:
        socket.send(orjson.dumps({"type": "connection_init"}).decode())
        socket.recv(timeout=5)
        socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}).decode())
        told = orjson.loads(socket.recv(timeout=10))

    assert message in orjson.dumps(told["payload"]).decode()
