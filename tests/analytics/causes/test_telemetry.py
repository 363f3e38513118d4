"""What readings see down and up: good values alone, each of its own medium; and the cause that they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analytics.causes.explain import RootCause, root_cause
from analytics.causes.sightings import ITSELF, Sighting, Sightings
from analytics.causes.telemetry import sighting_points
from analytics.conditions import Conditions, condition_points
from analytics.supply import compile_supply
from graph.values import Quality
from ontology.media import AIR_COOLING, LIQUID_COOLING, POWER
from ontology.vocabulary import Vocabulary, load_vocabulary
from tests.analytics.sites import AT, SITE, snapshot_of, vocabulary

COOLING = (AIR_COOLING, LIQUID_COOLING)
HALL = """
:U a dcx:Utility_Feed ; dcx:feedsPower :B ; brick:hasPoint :U.Available . :U.Available a dcx:Source_Available_Status .
:B a brick:Circuit_Breaker ; dcx:feedsPower :UPS ; brick:hasPoint :B.Position . :B.Position a dcx:Breaker_Position_Status .
:UPS a dcx:UPS ; dcx:feedsPower :R1, :R2, :H ; brick:hasPoint :UPS.On-Battery . :UPS.On-Battery a dcx:On_Battery_Status .
:H a brick:CRAC ; dcx:feedsAirCooling :R1, :R2 ; brick:hasPoint :H.Running . :H.Running a brick:Run_Status .
:R1 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] ; brick:hasPoint :R1.Power, :R1.Inlet .
:R2 a brick:ICT_Rack ; brick:hasPoint :R2.Power .
:R1.Power a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW . :R2.Power a dcx:Rack_Power_Sensor ; brick:hasUnit unit:W .
:R1.Inlet a dcx:Rack_Inlet_Temperature_Sensor ; brick:hasUnit unit:DEG_F .
"""
"""One rack that is stated to draw 5 kW, and one of which nothing is stated."""


class Hall:
    """The hall under some readings: a value, or a value with its quality."""

    def __init__(self, readings: Mapping[str, float | tuple[float, Quality]], more: str = "", words: Vocabulary | None = None) -> None:
        values = {SITE + p: value if isinstance(value, tuple) else (float(value), Quality.GOOD) for p, value in readings.items()}
        snapshot, words = snapshot_of(HALL + more), words or vocabulary()
        self.graph = compile_supply(snapshot, words)
        told = condition_points(snapshot, words).read(values.get)
        self.conditions = Conditions(AT, told.positions, out=told.out)
        self.seen: Sightings = sighting_points(snapshot, words, self.graph).read(values.get, self.conditions)

    def causes(self) -> list[str]:
        found: RootCause = root_cause(self.graph, self.conditions, self.seen)
        return [" ".join(cause.unit.id.removeprefix(SITE) for cause in each.causes) for each in found.explanations]

    def said(self) -> set[Sighting]:
        return {Sighting(each.id.removeprefix(SITE), each.down, each.media, each.itself) for each in self.seen.told}


def test_each_point_speaks_of_its_own_medium() -> None:
    """All is well: meters show power, the breaker is closed, the air handler runs. 77 F are 25 C, and say nothing."""
    hall = Hall({"U.Available": 1, "B.Position": 1, "UPS.On-Battery": 0, "H.Running": 1, "R1.Power": 4, "R2.Power": 900, "R1.Inlet": 77})

    assert hall.said() == {
        Sighting("U", False),
        Sighting("B", False, ITSELF),
        Sighting("UPS", False, (POWER,), itself=False),
        Sighting("H", False),
        Sighting("R1", False, (POWER,)),
        Sighting("R2", False, (POWER,)),
    }
    assert (hall.seen.unknown, hall.causes()) == ((), [])


def test_no_power_means_down_only_where_power_is_drawn() -> None:
    """The rack that is stated to draw 5 kW and shows none is down. The other may be empty: its meter says nothing, but is not silent."""
    hall = Hall({"R1.Power": 0, "R2.Power": 0})

    assert hall.said() == {Sighting("R1", True)}
    assert SITE + "R2" not in hall.seen.unknown


def test_only_good_values_say_anything() -> None:
    """A stale zero is no dark rack; whose points are all of that kind is unknown, whose other point is good is not."""
    hall = Hall({"R1.Power": (0, Quality.STALE), "R1.Inlet": 70, "R2.Power": (0, Quality.NO_COMMUNICATION)})

    assert hall.said() == set()
    assert [iri.removeprefix(SITE) for iri in hall.seen.unknown] == ["H", "R2", "U", "UPS"]


def test_hot_air_and_a_handler_that_stands_lead_to_the_handler() -> None:
    """104 F are 40 C: the rack lacks cooling, and has power. The UPS is not on battery. Only the air handler explains that."""
    hall = Hall({"R1.Inlet": 104, "R1.Power": 4, "UPS.On-Battery": 0, "U.Available": 1})

    assert Sighting("R1", True, COOLING) in hall.said()
    assert hall.causes()[0] == "H"


def hot(celsius: float, more: str) -> tuple[bool, tuple[str, ...]]:
    """Whether the rack is said to lack cooling at an inlet temperature, and what was assumed."""
    hall = Hall({"R1.Inlet": celsius * 9 / 5 + 32, "R1.Power": 4}, more)
    return Sighting("R1", True, COOLING) in hall.said(), hall.seen.notes


SERVER = ":S a brick:Server ; dcx:mountedIn :R1 ; brick:isFedBy :R1 "


def test_a_rack_inside_the_limit_of_its_own_class_is_not_down() -> None:
    """ASHRAE allows 32 (A1), 35 (A2), 40 (A3), 45 C (A4); 38 C is too hot for A2 and not for A3."""
    assert hot(38, ":R1 dcx:environmentalClass dcx:ASHRAE_A3 .") == (False, ())
    assert hot(38, ":R1 dcx:environmentalClass dcx:ASHRAE_A2 .") == (True, ())
    assert hot(33, ":R1 dcx:environmentalClass dcx:ASHRAE_A1 .") == (True, ())
    assert hot(44, ":R1 dcx:inletTemperatureMax [ brick:value 45 ; brick:hasUnit unit:DEG_C ] .") == (False, ())


def test_the_limit_of_a_rack_is_that_of_the_most_sensitive_thing_in_it() -> None:
    """A server of class A4 stands 44 C, one of class A1 beside it does not; what the rack itself states goes first."""
    a4, a1 = SERVER + "; dcx:environmentalClass dcx:ASHRAE_A4 .", SERVER.replace(":S", ":T") + "; dcx:environmentalClass dcx:ASHRAE_A1 ."

    assert hot(44, a4) == (False, ())
    assert hot(44, a4 + a1) == (True, ())
    assert hot(44, a4 + a1 + ":R1 dcx:environmentalClass dcx:ASHRAE_A4 .") == (False, ())


def test_where_nothing_is_stated_the_upper_end_of_the_class_counts_and_is_told() -> None:
    """IT equipment of which nothing is known allows 32 to 35 C: 34 C may be within its limit, 36 C is not."""
    told = ("1 are down by the limit that their class allows: their model states none",)

    assert (hot(34, ""), hot(36, "")) == ((False, ()), (True, told))
    assert (hot(34, SERVER + "."), hot(36, SERVER + ".")) == ((False, ()), (True, told))


OWN = """
@prefix : <urn:own#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix brick: <https://brickschema.org/schema/Brick#> . @prefix dcx: <https://w3id.org/ridethrough/ontology#> .
:Door_Fan_Status a owl:Class ; rdfs:subClassOf brick:Status ; dcx:downWhen 3 ; dcx:upWhen 7 ; dcx:saysOf dcx:AirCooling .
:Quiet_Status a owl:Class ; rdfs:subClassOf :Door_Fan_Status ; dcx:downWhen "NaN"^^<http://www.w3.org/2001/XMLSchema#double> .
"""


def test_a_class_of_points_of_ones_own_speaks_as_its_ontology_file_says(tmp_path: Path) -> None:
    """At 3 its rack lacks air, at 7 it has it, at 1 nothing is said; a class below it that takes the first sign away keeps the second."""
    (tmp_path / "own.ttl").write_text(OWN, encoding="utf-8")
    words = load_vocabulary([tmp_path / "own.ttl"])
    point = ":R2 brick:hasPoint :Fan . :Fan a <urn:own#%s> ."

    def said(cls: str, value: float) -> set[Sighting]:
        return Hall({"Fan": value}, point % cls, words).said()

    assert said("Door_Fan_Status", 3) == {Sighting("R2", True, (AIR_COOLING,))}
    assert said("Door_Fan_Status", 7) == said("Quiet_Status", 7) == {Sighting("R2", False, (AIR_COOLING,))}
    assert said("Door_Fan_Status", 1) == said("Quiet_Status", 3) == set()


def test_a_request_to_run_does_not_say_that_something_runs() -> None:
    """Brick has it below the run status; it says what is wanted."""
    hall = Hall({"H.Asked": 1}, ":H brick:hasPoint :H.Asked . :H.Asked a brick:Run_Request_Status .")

    assert hall.said() == set()


def test_a_ups_on_battery_leads_to_its_supply() -> None:
    """It carries the racks: that they have power says nothing of what feeds it. The utility says that it is there."""
    hall = Hall({"UPS.On-Battery": 1, "R1.Power": 4, "R2.Power": 900, "U.Available": 1})

    assert [iri.removeprefix(SITE) for iri in hall.seen.carried] == ["UPS"]
    assert hall.causes() == ["B", "U"]


def test_a_source_that_is_away_is_its_own_cause() -> None:
    """The utility says so itself, and the UPS runs on battery."""
    hall = Hall({"U.Available": 0, "UPS.On-Battery": 1, "B.Position": 1})

    assert hall.causes()[0] == "U"


def test_an_open_breaker_explains_the_ups_behind_it() -> None:
    """Its position is a reading of its own; that the utility is there speaks against the other cause."""
    hall = Hall({"B.Position": 0, "UPS.On-Battery": 1, "U.Available": 1})

    assert hall.causes() == ["B", "U"]
