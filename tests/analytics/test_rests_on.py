"""Which part of an answer rests on points that are not good: those that it reads, what depends on them, what counts instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import nan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.capacity.readings import power_points
from analytics.capacity.standing import capacity
from analytics.conditions import Conditions, Position, condition_points
from analytics.impact import BlastRadius, impact, impact_of
from analytics.instruments import Instruments, Use, What, of_charges, of_conditions, of_power
from analytics.places import rooms_of
from analytics.rests_on import RestsOn, of_site, rests_on
from analytics.scenario import Case
from analytics.state import plant
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from analytics.time.reserves import reserves
from analytics.totals import Counts
from graph.snapshot import Snapshot
from graph.values import Codes, Floats, Quality, Reason
from ontology.namespaces import BRICK
from tests.analytics.reference import Plan
from tests.analytics.sites import AT, NOW, SITE, graph_of, snapshot_of, vocabulary
from tests.analytics.test_against_reference import SITES
from tests.support.random_cases import tried

GOOD, UNCERTAIN, STALE, BAD, AWAY, NONE = Quality
PAIR = """
:Hall a brick:Room ; brick:isLocationOf :R . :Yard a brick:Room ; brick:isLocationOf :S .
:U1 a dcx:Utility_Feed ; dcx:feedsPower :A . :U2 a dcx:Utility_Feed ; dcx:feedsPower :B .
:A a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :Q ; brick:hasPart :Bank .
:Bank a brick:Battery ; brick:hasPoint :Charge . :Charge a dcx:State_Of_Charge_Sensor ; brick:hasUnit unit:PERCENT .
:Q a brick:Circuit_Breaker ; dcx:feedsPower :R ; brick:hasPoint :Position , :Second .
:B a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :R ; brick:hasPoint :Fault .
:R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 80 ; brick:hasUnit unit:KiloW ] ; brick:hasPoint :Meter ; dcx:hasTenant :T .
:T a dcx:Tenant . :Position a dcx:Breaker_Position_Status . :Second a dcx:Breaker_Position_Status . :Fault a brick:Fault_Status .
:Meter a brick:Electric_Power_Sensor ; brick:hasUnit unit:W .
:Elsewhere a dcx:Utility_Feed ; dcx:feedsPower :S . :S a brick:ICT_Rack ; brick:hasPoint :Other .
:Other a brick:Electric_Power_Sensor ; brick:hasUnit unit:W .
"""
"""A rack planned at 80 kW on two UPSs of 100 kW each, and one elsewhere; the meters count W."""
Values = dict[str, tuple[float, Quality]]
SOUND: Values = {"Position": (1.0, GOOD), "Fault": (0.0, GOOD), "Meter": (70e3, GOOD), "Other": (9e3, GOOD), "Charge": (100.0, GOOD)}


def saying(values: Values) -> Callable[[Sequence[str]], Callable[[], tuple[Floats, Codes]]]:
    """A look at these points of the site; the others were never heard."""

    def look(points: Sequence[str]) -> Callable[[], tuple[Floats, Codes]]:
        rows = [values.get(point.removeprefix(SITE), (nan, NONE)) for point in points]
        return lambda: (np.array([value for value, _ in rows]), np.array([quality for _, quality in rows], np.uint8))

    return look


def heard(points: Sequence[str]) -> list[tuple[int, Reason]]:
    """All are of 40 s before midnight, and fell silent."""
    return [(int(AT.timestamp()) * 1000 - 40_000, Reason.SILENCE) for _ in points]


class Desk:
    """The pair under some values of its points."""

    def __init__(self, values: Values) -> None:
        self.snapshot: Snapshot = snapshot_of(PAIR)
        self.graph: SupplyGraph = compile_supply(self.snapshot, vocabulary())
        known = {SITE + point: value for point, value in values.items()}.get
        points, power = condition_points(self.snapshot, vocabulary()), power_points(self.snapshot, vocabulary())
        told, read = points.read(known), power.read(known)
        self.conditions = Conditions(AT, told.positions, read.kw, told.out, told.contradicted, told.unread, told.unsure, read.unmetered)
        self.instruments = Instruments([*of_conditions(points), *of_power(power)], saying(values), heard)

    def fails(self, *names: str) -> BlastRadius:
        case = Case.of_failed(self.graph, [SITE + name for name in names], self.conditions)
        return impact_of(case, rooms=rooms_of(self.snapshot, vocabulary(), self.graph), instruments=self.instruments)


def rests(values: Values, fails: str = "U2") -> RestsOn:
    found = Desk(values).fails(fails).rests_on
    assert found is not None
    return found


def named(found: RestsOn) -> list[tuple[str, str, str]]:
    return [(each.point.removeprefix(SITE), each.quality.name, each.instead) for each in found.poor]


def test_an_answer_that_was_read_from_good_points_rests_on_nothing_else() -> None:
    """Of what the loss of U2 can change: where Q stands, whether B is out, what R draws; a second position was never heard."""
    found = rests(SOUND)

    assert (found.points, found.good, found.silent, found.poor, found.entities) == (4, 3, 1, (), 0)
    assert found.said() == "readings: 3 points read for this, 3 good"


def test_a_stale_meter_is_told_with_its_age_what_counts_instead_and_what_depends_on_it() -> None:
    """R draws 80 kW as planned. B, that carries it, and R behind that may be otherwise; A is not behind U2."""
    found = rests(SOUND | {"Meter": (110e3, STALE)})

    (meter,) = found.poor
    assert (meter.point, meter.what, meter.of, meter.value, meter.age_s) == (SITE + "Meter", What.LOAD, SITE + "R", 110.0, 40.0)
    assert (meter.instead, meter.entities) == ("80.0 kW, its allocated power", (SITE + "B", SITE + "R"))
    assert (found.stale, found.entities, found.counts) == (1, 2, Counts(1, 0, 1, 80.0))
    assert "1 stale; 1 rack, 80.0 kW, 1 tenant may be otherwise" in found.said()


def test_a_position_that_is_none_counts_as_bad_and_the_normal_one_is_taken() -> None:
    """A breaker between 0 and 1 stands nowhere."""
    found = rests(SOUND | {"Position": (0.5, GOOD)})

    assert (named(found), found.bad, found.poor[0].entities) == (
        [("Position", "GOOD", "its normal position, closed")],
        1,
        (SITE + "R",),
    )


def test_where_another_point_tells_the_same_that_is_what_counts() -> None:
    """Its first position is without communication, its second says that it is closed."""
    found = rests(SOUND | {"Position": (0.0, AWAY), "Second": (1.0, GOOD)})

    assert named(found) == [("Position", "NO_COMMUNICATION", "what another point of it says")]


def test_the_worst_are_named_first_and_what_was_never_heard_is_only_counted() -> None:
    """Uncertain, stale, bad."""
    found = rests({"Position": (1.0, UNCERTAIN), "Fault": (0.0, STALE), "Meter": (nan, BAD)})

    assert [point for point, _, _ in named(found)] == ["Meter", "Fault", "Position"]
    assert (found.points, found.good, found.uncertain, found.stale, found.bad, found.silent) == (4, 0, 1, 1, 1, 1)
    assert (found.poor[0].value, found.poor[1].instead) == (None, "that it is in service")


def test_a_point_that_cannot_matter_to_a_failure_is_not_read_for_it() -> None:
    """S hangs by a feed of its own."""
    found = rests(SOUND | {"Other": (1.0, BAD)})

    assert (found.poor, found.points) == ((), 4)


def test_what_fails_itself_depends_on_how_it_stood_before() -> None:
    """Were B out of service already, its loss would change nothing for R."""
    found = rests(SOUND | {"Fault": (0.0, STALE)}, fails="B")

    assert (named(found), found.poor[0].entities) == ([("Fault", "STALE", "that it is in service")], (SITE + "R",))


def test_the_totals_of_a_room_and_of_a_tenant_say_what_of_them_is_doubtful() -> None:
    """The hall has the rack, the yard another one."""
    parts = Desk(SOUND | {"Meter": (110e3, STALE)}).fails("U2").parts
    sound = Desk(SOUND).fails("U2").parts
    assert parts is not None
    assert sound is not None

    rooms = {room.label: room.doubtful for room in parts.rooms}
    assert rooms == {"Hall": Counts(1, 0, 1, 80.0), "Yard": Counts(0, 0, 0, 0.0)}
    assert [tenant.doubtful for tenant in parts.tenants] == [Counts(1, 0, 1, 80.0)]
    assert {room.doubtful for room in sound.rooms} == {Counts(0, 0, 0, 0.0)}


def test_feeders_depend_on_the_meters_of_what_they_carry() -> None:
    """Q, A and B are above the rack; of a meter elsewhere nothing rated depends."""
    desk = Desk(SOUND | {"Meter": (110e3, STALE), "Other": (1.0, BAD)})

    found = capacity(desk.graph, desk.conditions, None, desk.instruments).rests_on

    assert found is not None
    of = {each.point.removeprefix(SITE): [iri.removeprefix(SITE) for iri in each.entities] for each in found.poor}
    assert of == {"Meter": ["A", "B"], "Other": []}


def test_an_answer_about_the_whole_site_reads_all_its_points_but_for_loads() -> None:
    """The posture follows no load."""
    desk = Desk(SOUND | {"Position": (0.0, STALE), "Meter": (1.0, BAD)})

    found = of_site(desk.instruments, desk.graph, plant(desk.graph, desk.conditions), None, desk.conditions)

    assert (found.points, [each.point for each in found.poor], found.counts.racks) == (3, [SITE + "Position"], 1)


def test_a_timeline_also_reads_how_full_its_batteries_are() -> None:
    """The bank of A is stale: it counts as full, and what is behind A rests on that."""
    desk = Desk(SOUND)
    charges = of_charges(reserves(desk.snapshot, vocabulary(), desk.graph))
    instruments = Instruments([*desk.instruments.uses, *charges], saying(SOUND | {"Charge": (30.0, STALE)}), heard)

    found = rests_on(instruments, Case.of_failed(desk.graph, [SITE + "U1"], desk.conditions))

    assert (named(found), found.poor[0].entities) == ([("Charge", "STALE", "that it is full")], (SITE + "A", SITE + "Q", SITE + "R"))


def test_a_state_of_the_past_has_no_points() -> None:
    """Nothing was read."""
    desk = Desk(SOUND)
    nothing = np.empty(0), np.empty(0, np.uint8)

    found = rests_on(Instruments(desk.instruments.uses, lambda _: lambda: nothing, None), Case.of_failed(desk.graph, [SITE + "U2"], NOW))

    assert (found, found.said()) == (RestsOn(), "")


@tried(80)
@given(plan=SITES, data=st.data())
def test_what_does_not_depend_on_a_point_is_the_same_wherever_that_switch_stands(plan: Plan, data: st.DataObject) -> None:
    """A switch whose position is not known counts as normal. Were it known to stand otherwise, what the answer does not call doubtful
    would have the very same outcomes."""
    switches = sorted(name for name, kind in plan.kinds.items() if kind == "switch")
    graph = graph_of(plan)
    switches = [name for name in switches if graph.find(SITE + name) is not None]
    failed = [SITE + name for name in data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), min_size=1, max_size=2))]
    if not switches:
        return
    switch = data.draw(st.sampled_from(switches))
    instruments = Instruments([Use(BRICK + "p", What.POSITION, SITE + switch)], saying({BRICK + "p": (1.0, STALE)}), None)

    as_normal = impact_of(Case.of_failed(graph, failed, NOW), instruments=instruments)
    otherwise = Position(not graph.nodes.normally_open[graph.numbers_of([SITE + switch])].any(), from_telemetry=True)
    known = impact(graph, failed, replace(NOW, positions={SITE + switch: otherwise}))

    assert as_normal.rests_on is not None
    doubtful = as_normal.rests_on.doubtful
    sure = [
        {(o.id, o.medium, o.outcome) for o in answer.outcomes if not doubtful[graph.numbers_of([o.id])].any()}
        for answer in (as_normal, known)
    ]
    assert sure[0] == sure[1]
