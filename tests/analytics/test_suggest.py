"""What a topic that no point listens to may mean."""

from __future__ import annotations

import pytest

from analytics.suggest import SCORE_MIN, Suggester, words
from ontology.namespaces import DEMO
from ontology.vocabulary import load_vocabulary
from tests.support.wired import snapshot_of

VOCABULARY = load_vocabulary()


def rack(number: int) -> str:
    name = f"demo:Rack-{number:02d}"
    kinds = {"Inlet": "dcx:Rack_Inlet_Temperature_Sensor", "Outlet": "dcx:Rack_Outlet_Temperature_Sensor", "Power": "dcx:Rack_Power_Sensor"}
    points = "".join(f"{name}.{role} a {cls} . {name} brick:hasPoint {name}.{role} . " for role, cls in kinds.items())
    return f'{name} a brick:ICT_Rack ; rdfs:label "Rack {number}" ; brick:hasLocation demo:Row-A . {points}'


SITE = "demo:Row-A a dcx:Rack_Row . " + "".join(map(rack, range(1, 21)))
SITE += (
    'demo:CRAH-3 a brick:CRAH ; brick:hasPoint demo:CRAH-3.T1 . demo:CRAH-3.T1 a brick:Supply_Air_Temperature_Sensor ; rdfs:label "LAT" . '
)
SITE += "demo:Row-A brick:hasPoint demo:Row-A.kW . demo:Row-A.kW dcx:formula '1' . "


@pytest.fixture(scope="module")
def suggester() -> Suggester:
    return Suggester(snapshot_of(SITE), VOCABULARY)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Rack-07/supplyTempC", ["rack", "7", "supply", "temperature", "c"]),
        ("dc/H1/CRAH03.SAT_SP", ["dc", "h", "1", "crah", "3", "sat", "setpoint"]),
        ("a/v1/a", ["a", "v", "1"]),
        ("///", []),
    ],
)
def test_a_name_is_taken_apart_into_words(name: str, expected: list[str]) -> None:
    """At signs, at capitals, at digits; abbreviations written out."""
    assert words(name) == expected


@pytest.mark.parametrize(
    ("topic", "meant"),
    [
        ("site/rack07/inletTemp", "Rack-07.Inlet"),
        ("plant/Rack_7/outlet_temperature", "Rack-07.Outlet"),
        ("R/Rack-12/pwr", "Rack-12.Power"),
        ("hvac/crah-3/supply air temp", "CRAH-3.T1"),
    ],
)
def test_a_topic_is_offered_the_point_that_its_words_are_of(suggester: Suggester, topic: str, meant: str) -> None:
    """By name, label, class and owner; first of those offered."""
    first = suggester.of(topic)[0]

    assert first.point == DEMO + meant
    assert 0.6 <= first.score <= 1
    assert first.because


@pytest.mark.parametrize("topic", ["", "weather/berlin/wind", "temperature", "rack/temperature", "7", "\x00\ud7ff/" * 40])
def test_a_topic_that_could_be_any_is_offered_nothing(suggester: Suggester, topic: str) -> None:
    """Twenty racks have a temperature: none of them is likelier."""
    assert list(suggester.of(topic)) == []


def test_a_point_that_is_bound_is_not_offered_nor_what_fits_worse_and_a_virtual_one_is_none() -> None:
    """Where another point fits as well that one is meant; where the bound one fits better the topic is its own said twice."""
    two = "demo:U brick:hasPoint demo:U.Power-1, demo:U.Power-2 . demo:U.Power-1 ref:hasExternalReference [ a dcx:MQTTReference ] ."
    found = Suggester(
        snapshot_of(two + 'demo:U.Power-2 a brick:Power_Sensor . demo:V brick:isPointOf demo:U ; dcx:formula "1" .'), VOCABULARY
    )

    assert [each.point for each in found.of("u/power")] == [DEMO + "U.Power-2"]
    assert list(found.of("u/power/1")) == []


@pytest.mark.parametrize("topic", ["rack 7 of the weather in the hall with row a and crah", "site/rack07/inletTemp", "dc/row a/rack/12"])
def test_nothing_is_offered_below_the_bar(suggester: Suggester, topic: str) -> None:
    """A score under 0.6 is none."""
    assert all(each.score >= SCORE_MIN for each in suggester.of(topic))


def test_equal_names_get_equal_answers(suggester: Suggester) -> None:
    """In a new process, too: the order is that of scores, then of IRIs."""
    again = Suggester(snapshot_of(SITE), VOCABULARY)

    assert [suggester.of(f"x/rack{n}/temp") for n in range(1, 20)] == [again.of(f"x/rack{n}/temp") for n in range(1, 20)]
