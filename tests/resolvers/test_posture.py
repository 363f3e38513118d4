"""The posture over GraphQL: the query tells what the analytics room tells, the subscription begins with how things stand."""

from __future__ import annotations

from analytics.posture.change import compare
from ontology.namespaces import DEMO
from tests.resolvers.camel import in_camel_case
from tests.support.served import Served, served
from twin.events import PostureChanged

ALL = """{ message revision racks { all dark hanging } services { all dark hanging } tenants { all dark hanging }
  itLoadKw { all dark hanging } hangers { id label racks services tenants itLoadKw } hangingRacks { id by count }
  hangingServices { id by count } darkRacks darkServices assumed positions { id position fromTelemetry } }"""


def test_the_query_tells_what_the_command_line_tells(site: Served) -> None:
    """Field by field, the instant excepted; `first` bounds the lists and not the counts."""
    told = site.ask(f"{{ posture(first: 3) {ALL} }}")["posture"]

    expected = in_camel_case(site.twin.newest.posture().to_json(3))
    assert {**expected, "at": None} == {**told, "at": None}
    assert len(told["hangers"]) == len(told["hangingServices"]) == 3 < told["services"]["hanging"]


def test_another_state_is_asked_by_its_revision(site: Served) -> None:
    """Revision 1 is the newest here."""
    told = site.ask("{ posture(asOf: {revision: 1}) { revision racks { all } } }")["posture"]

    assert told == {"revision": 1, "racks": {"all": 20}}


def test_more_rows_than_there_may_be_are_refused(site: Served) -> None:
    """The error says what may be asked."""
    answer = site.post("{ posture(first: 1001) { revision } }")

    assert "give 0 to 1,000" in answer["errors"][0]["message"]


def test_the_subscription_tells_how_things_stand_and_then_each_change() -> None:
    """Nothing has changed at first. The bus tells of a change: it comes with who lost what and why."""
    with (
        served() as site,
        site.subscribed(
            "subscription { posture(first: 2) { message lost { count racks } because { act } becauseCount racks { all } } }"
        ) as next_event,
    ):
        first = next_event()["posture"]
        before = site.twin.newest.posture()
        site.read((DEMO + "Breaker-UPS-A-Output.Position", 0.0))
        after = site.twin.newest.posture()
        site.bus.publish(PostureChanged(compare(before, after), after.counts))
        second = next_event()["posture"]

    assert first == {"message": before.message, "lost": {"count": 0, "racks": []}, "because": [], "becauseCount": 0, "racks": {"all": 20}}
    assert (second["lost"]["count"], len(second["lost"]["racks"])) == (18, 2)
    assert (second["because"], second["becauseCount"]) == ([{"act": "OPENED"}], 1)
    assert second["message"].endswith("demo:Breaker-UPS-A-Output is open, as is known now")
