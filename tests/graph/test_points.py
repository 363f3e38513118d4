"""What points are held to: what they say themselves before what their class says, in their own unit."""

from math import inf

import pyoxigraph as ox
import pytest

from graph.points import PointFacts, point_facts
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX
from ontology.vocabulary import load_vocabulary, ontology_files
from tests.support.wired import snapshot_of
from twin.demo.site import generate

VOCABULARY = load_vocabulary()
WEEK_S, NEVER = 604_800.0, inf


def facts(cls: str, unit: str = "", said: str = "") -> PointFacts:
    """Of a point of a class and a unit that says something itself."""
    own = f"; brick:hasUnit unit:{unit}" if unit else ""
    site = snapshot_of(f"demo:E brick:hasPoint demo:P . demo:P a {cls} {own} ; dcx:samplePeriod 10 {said} .")
    (found,) = point_facts(site, VOCABULARY).values()
    return found


def checks(found: PointFacts) -> tuple[float, float, float, float]:
    return found.low, found.high, found.rate_max, found.frozen_s


@pytest.mark.parametrize(
    ("cls", "unit", "expected"),
    [
        ("brick:Supply_Air_Temperature_Sensor", "DEG_C", (-90, 100, 5, WEEK_S)),
        ("brick:Supply_Air_Temperature_Sensor", "DEG_F", (-130, 212, 9, WEEK_S)),  # -90 * 9 / 5 + 32; a difference of 5 K is one of 9 °F
        ("brick:Outside_Air_Temperature_Sensor", "DEG_C", (-90, 100, 5, 172_800)),
        ("dcx:Rack_Inlet_Temperature_Sensor", "K", (183.15, 373.15, 5, WEEK_S)),
        ("brick:Chilled_Water_Supply_Temperature_Sensor", "DEG_C", (-40, 250, 5, WEEK_S)),
        ("brick:Water_Differential_Temperature_Sensor", "K", (-1000, 1000, 5, 1e12)),
        ("brick:Chilled_Water_Differential_Temperature_Sensor", "K", (-1000, 1000, 5, 1e12)),
        ("brick:Zone_Air_Humidity_Sensor", "FRACTION", (-0.0125, 1.03125, inf, 1_209_600)),
        ("brick:Active_Power_Sensor", "KiloW", (-2e6, 2e6, inf, NEVER)),
        ("brick:Apparent_Power_Sensor", "KiloV-A", (-2e6, 2e6, inf, NEVER)),
        ("brick:Voltage_Sensor", "V", (-1.2e6, 1.2e6, inf, NEVER)),
        ("dcx:Branch_Current_Sensor", "A", (-3e5, 3e5, inf, NEVER)),
        ("brick:Frequency_Sensor", "HZ", (0, 1000, inf, NEVER)),
        ("brick:Chilled_Water_Flow_Sensor", "L-PER-SEC", (-20_000, 20_000, inf, NEVER)),
        ("brick:Water_Pressure_Sensor", "BAR", (-1.01325, 400, inf, NEVER)),
        ("brick:Differential_Pressure_Sensor", "KiloPA", (-40_000, 40_000, inf, NEVER)),
        ("dcx:State_Of_Charge_Sensor", "PERCENT", (-1.25, 103.125, inf, NEVER)),
        ("dcx:PUE_Sensor", "UNITLESS", (0.99, inf, inf, NEVER)),
    ],
)
def test_a_class_says_what_its_sensors_can_read(cls: str, unit: str, expected: tuple[float, float, float, float]) -> None:
    """Range, rate and standstill, each of the nearest class that says it, in the unit of the point."""
    assert checks(facts(cls, unit)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "cls",
    [
        "brick:Supply_Air_Temperature_Setpoint",
        "brick:On_Off_Status",
        "dcx:Breaker_Position_Status",
        "brick:Energy_Sensor",
        "brick:Leaving_Water_Temperature_Setpoint",
        "brick:Alarm",
        "brick:Fan_Command",
    ],
)
def test_setpoints_states_and_counters_may_stand_still_and_jump(cls: str) -> None:
    """What people and machines set, and what only counts, is held to nothing that it does not say itself."""
    assert checks(facts(cls, "DEG_C")) == (-inf, inf, inf, inf)


def test_a_point_that_says_something_itself_is_held_to_that() -> None:
    """Each of the four for itself; what it leaves out its class says."""
    own = "; dcx:minValue 5 ; dcx:maxRate 0.5"

    assert checks(facts("brick:Air_Temperature_Sensor", "DEG_C", own)) == (5, 100, 0.5, WEEK_S)
    assert checks(facts("brick:Air_Temperature_Sensor", "DEG_C", "; dcx:maxValue 40 ; dcx:maxStandstill 600")) == (-90, 40, 5, 600)


def test_a_point_that_lies_beyond_its_class_is_believed() -> None:
    """A furnace of 900 °C, called an air temperature: its own end stands, the class's other one goes."""
    assert checks(facts("brick:Air_Temperature_Sensor", "DEG_C", "; dcx:minValue 900"))[:2] == (900, inf)


@pytest.mark.parametrize("said", ["; dcx:maxRate 0", "; dcx:maxRate -1", '; dcx:maxStandstill "soon"', "; dcx:minValue 9 ; dcx:maxValue 1"])
def test_a_fact_that_makes_no_sense_gives_way(said: str) -> None:
    """A rate of nothing would make each change a jump."""
    low, high, rate, frozen_s = checks(facts("brick:Air_Temperature_Sensor", "DEG_C", said))

    assert (rate, frozen_s) == (5, WEEK_S)
    assert (low, high) in {(-90, 100), (-inf, inf)}


@pytest.mark.parametrize("unit", ["", "PERCENT"])
def test_what_cannot_be_converted_holds_nobody(unit: str) -> None:
    """A temperature without a unit may be of any; only how long it stands still needs none."""
    assert checks(facts("brick:Air_Temperature_Sensor", unit)) == (-inf, inf, inf, WEEK_S)


def test_a_point_that_is_only_a_formula_is_a_point() -> None:
    """Nobody need say whose it is."""
    site = snapshot_of('demo:Sum dcx:formula "1" .')

    assert [iri.rpartition("#")[2].rpartition(":")[2] for iri in point_facts(site)] == ["Sum"]


def test_every_check_says_where_it_comes_from() -> None:
    """And is of a property and a class that the ontology knows."""
    path = dict(ontology_files())["Ridethrough checks"]
    quads = list(ox.parse(path=path, format=ox.RdfFormat.TURTLE))
    nodes = {str(q.object) for q in quads if q.predicate.value == DCX + "defaultValue"}
    sourced = {str(q.subject) for q in quads if q.predicate.value.endswith("/source")}
    of = {q.object.value for q in quads if q.predicate.value == DCX + "ofProperty" and isinstance(q.object, ox.NamedNode)}
    classes = {q.subject.value for q in quads if isinstance(q.subject, ox.NamedNode)}

    assert nodes == sourced
    assert of == {DCX + name for name in ("minValue", "maxValue", "maxRate", "maxStandstill")}
    assert [c for c in sorted(classes) if VOCABULARY.term(c).kind != "class" or VOCABULARY.term(c).deprecated] == []
    assert all(c.startswith((BRICK, DCX)) for c in classes)


def test_the_demo_site_is_held_to_checks() -> None:
    """Each of its sensors that has a unit and measures something has a range."""
    found = point_facts(Snapshot.of(generate(racks=8)), VOCABULARY)

    open_ended = sorted({iri.rpartition(".")[2] for iri, each in found.items() if each.low == -inf and each.high == inf})
    assert open_ended == ["Active-Source", "Active-Supply-Setpoint", "Available", "Fan-Speed", "Load", "On-Battery", "On-Bypass", "Running"]
