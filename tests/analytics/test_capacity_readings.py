"""What loads stand on: readings where they are good, else what the model states."""

from __future__ import annotations

import pytest

from analytics.capacity.electrical import Basis
from analytics.capacity.flow import Loads, loads_of
from analytics.capacity.readings import PowerRead, power_points
from analytics.conditions import Conditions
from analytics.state import plant
from analytics.supply import compile_supply
from graph.values import Quality
from tests.analytics.sites import AT, SITE, site, snapshot_of, vocabulary

POINTS = """
:A a dcx:PDU ; brick:hasPoint :A-In, :A-Out, :A-Reactive . :B a dcx:PDU . :B-In brick:isPointOf :B .
:A-In a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW . :A-Out a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
:A-Reactive a brick:Reactive_Power_Sensor ; brick:hasUnit unit:KiloW . :B-In a brick:Electric_Power_Sensor ; brick:hasUnit unit:W .
:A dcx:feedsPower :R . :B dcx:feedsPower :R . :A dcx:ratedPower [ brick:value 50 ; brick:hasUnit unit:KiloW ] .
:R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 20 ; brick:hasUnit unit:KiloW ] .
"""


def loads(turtle: str, readings: dict[str, float] | None = None) -> tuple[Loads, dict[str, tuple[float, str]]]:
    """The loads of a site with nothing failed, and by name what each carries in kW and what that stands on."""
    graph = site(turtle)
    conditions = Conditions(AT, power_kw={SITE + name: kw for name, kw in (readings or {}).items()})
    found = loads_of(graph, plant(graph, conditions), conditions)
    assert found is not None
    slots = {graph.id(node).removeprefix(SITE): int(found.power_slot[node]) for node in range(len(graph.nodes))}
    return found, {
        name: (round(float(found.base.demand[slot].sum()), 9), Basis(found.basis[slot]).name) for name, slot in slots.items() if slot >= 0
    }


def test_only_good_active_power_is_read_in_kilowatts_of_several_the_highest() -> None:
    """A's input says 11 kW and its output 10.5; its reactive power is none. B's 9,000 W are 9 kW; a stale value is none."""
    points = power_points(snapshot_of(POINTS), vocabulary())
    values = {"A-In": 11.0, "A-Out": 10.5, "A-Reactive": 99.0, "B-In": 9000.0}

    good = points.read(lambda point: (values[point.removeprefix(SITE)], Quality.GOOD))
    stale = points.read(lambda point: (values[point.removeprefix(SITE)], Quality.STALE))

    assert good == PowerRead({SITE + "A": 11.0, SITE + "B": 9.0}, {})
    assert (stale.kw, sorted(stale.unmetered)) == ({}, [SITE + "A", SITE + "B"])


def test_a_reading_says_more_than_what_is_planned_and_the_difference_stays_with_what_is_read() -> None:
    """The rack's 20 kW come by A and B, 10 kW each. A's meter says 11: 1 kW more is A's own. B's says 7: 3 kW less."""
    _, carried = loads(POINTS, {"A": 11.0, "B": 7.0})

    assert carried == {"A": (11.0, "READING"), "B": (7.0, "READING"), "R": (20.0, "ALLOCATED")}


def test_a_nameplate_counts_with_its_diversity_and_only_where_nothing_is_planned() -> None:
    """A server of 1 kW rated input draws 0.67 kW (its class's factor), one that states 0.5 draws 0.5 kW, one planned at 0.3 kW that."""
    turtle = """
    :A a dcx:Rack_PDU ; dcx:ratedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :S1, :S2, :S3 .
    :S1 a brick:Server ; brick:ratedPowerInput [ brick:value 1000 ; brick:hasUnit unit:W ] .
    :S2 a brick:Server ; brick:ratedPowerInput [ brick:value 1000 ; brick:hasUnit unit:W ] ; dcx:diversityFactor 0.5 .
    :S3 a brick:Server ; brick:ratedPowerInput [ brick:value 1 ; brick:hasUnit unit:KiloW ] ;
        dcx:allocatedPower [ brick:value 300 ; brick:hasUnit unit:W ] .
    """

    _, carried = loads(turtle)

    assert carried == {"A": (1.47, "SUM"), "S1": (0.67, "RATED"), "S2": (0.5, "RATED"), "S3": (0.3, "ALLOCATED")}


def test_what_is_planned_for_a_rack_does_not_count_beside_what_is_mounted_in_it() -> None:
    """The rack's 10 kW are planned for its server, which draws 2 kW; a meter of the rack counts the server too, and is left out."""
    turtle = """
    :A a dcx:Rack_PDU ; dcx:ratedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :R, :S .
    :R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
    :S a brick:Server ; dcx:mountedIn :R ; dcx:allocatedPower [ brick:value 2 ; brick:hasUnit unit:KiloW ] .
    """

    _, carried = loads(turtle, {"R": 2.1})

    assert carried == {"A": (2.0, "SUM"), "R": (0.0, "NOTHING"), "S": (2.0, "ALLOCATED")}


def test_a_rating_in_amperes_is_of_its_phases() -> None:
    """400 V, 0.95: 16 A are sqrt(3) * 400 * 16 * 0.95 / 1000 = 10.531 kW on three phases, 400 * 16 * 0.95 / 1000 = 6.08 kW between two,
    and 400 / sqrt(3) * 16 * 0.95 / 1000 = 3.510 kW on one; at a stated 230 V 230 * 16 * 0.95 / 1000 = 3.496 kW. A breaker may carry 80 %
    of it, an apparent power of 10 kVA is 9.5 kW."""
    amperes = "a brick:Circuit_Breaker ; dcx:breakerRating [ brick:value 16 ; brick:hasUnit unit:A ] ; dcx:feedsPower :S"
    graph = compile_supply(
        snapshot_of(f"""
        :B1 {amperes} . :B2 {amperes} ; brick:electricalPhases [ brick:value "AB" ] .
        :B3 {amperes} ; brick:electricalPhases [ brick:value "C" ] .
        :B4 {amperes} ; brick:electricalPhases [ brick:value "L1" ] ; brick:ratedVoltageInput [ brick:value 230 ; brick:hasUnit unit:V ] .
        :T a brick:Transformer ; dcx:ratedApparentPower [ brick:value 10 ; brick:hasUnit unit:KiloV-A ] ; dcx:feedsPower :S .
        :U a dcx:UPS ; dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ; dcx:deratingFactor 0.9 ; dcx:feedsPower :S .
        :N a dcx:UPS ; dcx:ratedPower [ brick:value -5 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :S .
        """),
        vocabulary(),
    )
    assert graph.electrical is not None

    rated = {
        graph.id(n).removeprefix(SITE): (round(kw, 3), round(most, 3))
        for n, (kw, most) in enumerate(zip(graph.electrical.rated_kw.tolist(), graph.electrical.limit_kw.tolist(), strict=True))
    }

    inf = float("inf")
    assert rated == {
        "B1": (10.531, 8.425),
        "B2": (6.08, 4.864),
        "B3": (3.51, 2.808),
        "B4": (3.496, 2.797),
        "N": (inf, inf),
        "S": (inf, inf),
        "T": (9.5, 9.5),
        "U": (10.0, 9.0),
    }


def test_what_hangs_on_one_phase_loads_that_phase_alone() -> None:
    """Two servers of 2 kW on L1 and one on L2 hang on a rack PDU of 12 kW on three phases, 4 kW each: L1 carries all of its 4 kW."""
    cord = 'a dcx:Outlet ; brick:electricalPhases [ brick:value "{}" ] ; dcx:feedsPower :S{} .'
    server = ":S{} a brick:Server ; dcx:allocatedPower [ brick:value 2 ; brick:hasUnit unit:KiloW ] ."
    cords = " ".join(f":O{n} {cord.format(phase, n)} {server.format(n)}" for n, phase in ((1, "A"), (2, "A"), (3, "B")))
    turtle = f":P a dcx:Rack_PDU ; dcx:ratedPower [ brick:value 12 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :O1, :O2, :O3 . {cords}"

    found, carried = loads(turtle)

    graph = site(turtle)
    node = graph.find(SITE + "P") or 0
    slot = int(found.power_slot[node])
    assert carried["P"] == (6.0, "SUM")
    assert found.base.demand[slot].tolist() == pytest.approx([4.0, 2.0, 0.0])
    assert found.part_of(found.power_slot[[node]], found.base.demand, found.electrical.limit_kw).tolist() == [1.0]


def test_a_transfer_switch_takes_from_the_preferred_input_and_not_from_generators_that_stand_by() -> None:
    """Without a stated priority the utility comes before the generator; with `dcx:priority` what that says."""
    turtle = """
    :U a dcx:Utility_Feed ; dcx:feedsPower :M . :G a dcx:Generator ; dcx:feedsPower :E .
    :M a brick:Circuit_Breaker ; dcx:feedsPower :T . :E a brick:Circuit_Breaker ; dcx:feedsPower :T .
    :T a brick:Automatic_Transfer_Switch ; dcx:feedsPower :R ; dcx:ratedPower [ brick:value 50 ; brick:hasUnit unit:KiloW ] .
    :R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 20 ; brick:hasUnit unit:KiloW ] .
    """

    _, usual = loads(turtle)
    _, stated = loads(turtle + ":E dcx:priority 1 . :M dcx:priority 2 .")

    assert (usual["U"][0], usual["G"][0]) == (20.0, 0.0)
    assert (stated["U"][0], stated["G"][0]) == (0.0, 20.0)
