"""What readings see down and up: good values alone, each of its own medium; and the cause that they lead to."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.causes.explain import RootCause, root_cause
from analytics.causes.sightings import ITSELF, Sighting, Sightings
from analytics.causes.telemetry import COOLING, sighting_points
from analytics.conditions import Conditions, condition_points
from analytics.supply import compile_supply
from graph.values import Quality
from ontology.media import POWER
from tests.analytics.sites import AT, SITE, snapshot_of, vocabulary

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

    def __init__(self, readings: Mapping[str, float | tuple[float, Quality]]) -> None:
        values = {SITE + p: value if isinstance(value, tuple) else (float(value), Quality.GOOD) for p, value in readings.items()}
        snapshot = snapshot_of(HALL)
        self.graph = compile_supply(snapshot, vocabulary())
        told = condition_points(snapshot, vocabulary()).read(values.get)
        self.conditions = Conditions(AT, told.positions, out=told.out)
        self.seen: Sightings = sighting_points(snapshot, vocabulary(), self.graph).read(values.get, self.conditions)

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
