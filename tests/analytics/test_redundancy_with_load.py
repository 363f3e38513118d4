"""Redundancy judged with load: a further failure counts with what trips by it, both now and alone. Each case with its sums."""

from __future__ import annotations

import numpy as np

from analytics.capacity.flow import loads_of
from analytics.capacity.further import hazard_of
from analytics.impact import BlastRadius
from analytics.state import plant
from tests.analytics.sites import NOW, SITE, fail, site, told
from tests.analytics.test_capacity_cases import rack, rated

HELD = "NO_REDUNDANCY"


def exposed(answer: BlastRadius) -> dict[str, list[str]]:
    """What each thing without redundancy is exposed to."""
    return {o.id.removeprefix(SITE): [x.removeprefix(SITE) for x in o.exposed_to] for o in answer.outcomes if o.exposed_to}


def paths(answer: BlastRadius) -> dict[str, list[str]]:
    """The path of each outcome."""
    return {o.id.removeprefix(SITE): [x.removeprefix(SITE) for x in o.path] for o in answer.outcomes}


def three_systems(load_kw: float) -> str:
    """Three UPSs of 100 kW on two utilities feed one PDU and a rack."""
    return f"""
    :U dcx:feedsPower :P1, :P2, :P3 ; a dcx:Utility_Feed . :V dcx:feedsPower :P1, :P2, :P3 ; a dcx:Utility_Feed .
    :P1 a dcx:UPS ; dcx:feedsPower :B . :P2 a dcx:UPS ; dcx:feedsPower :B . :P3 a dcx:UPS ; dcx:feedsPower :B .
    :B a dcx:PDU ; dcx:feedsPower :R . {rated("P1", 100)} {rated("P2", 100)} {rated("P3", 100)} {rack("R", load_kw)}
    """


def test_n_plus_1_that_has_lost_its_spare_hangs_by_each_of_the_others() -> None:
    """180 kW on three UPSs of 100 kW are 60 kW each, without P1 90 kW each: all is up. Without P2 as well P3 has 180 kW, 1.8 times, and
    trips after 60 s: everything is dark. P2 alone harmed nothing (90 kW each): so all hangs by P2 now, and by P3; and each of them, since
    it would trip, by the other."""
    answer = fail(site(three_systems(180)), "P1")

    assert told(answer) == {"B Power": HELD, "P2 Power": HELD, "P3 Power": HELD, "R Power": HELD}
    assert exposed(answer) == {"B": ["P2", "P3"], "R": ["P2", "P3"], "P2": ["P3"], "P3": ["P2"]}
    assert {o.evidence for o in answer.outcomes} == {(SITE + "P1",)}
    assert paths(answer) == {"B": ["P1", "B"], "R": ["P1", "B", "R"], "P2": ["P1", "B", "P2"], "P3": ["P1", "B", "P3"]}
    assert (answer.trips, answer.overloads) == ((), ())
    assert "allocated power of 1" in answer.assumed[-1]


def test_three_systems_of_which_one_carries_all_keep_their_redundancy() -> None:
    """90 kW: without P1 45 kW each, without P2 as well 90 kW on P3: it holds, only a spare is gone, and load says nothing. With 109 kW P3
    has 1.09 times, above its limit and below its curve (1.1): overloaded then, but up; so no redundancy is lost."""
    light, full = fail(site(three_systems(90)), "P1"), fail(site(three_systems(109)), "P1")

    assert told(light) == told(full) == {"B Power": "REDUCED", "R Power": "REDUCED"}
    assert light.assumed == full.assumed == ()


def test_a_catcher_that_carries_one_system_leaves_the_other_without_redundancy() -> None:
    """80 kW on each of two systems behind static switches, a catcher of 100 kW. Without P1 it has 80 kW. Without P2 as well 160 kW, 1.6
    times: it trips after 60 s, and both racks are dark. P2 alone would have moved 80 kW to it: so P2, whose own load has not moved at all,
    is what both racks hang by. R1 also hangs by the catcher itself, and R2 does not: P2 still feeds it."""
    answer = fail(
        site(f"""
        :U a dcx:Utility_Feed ; dcx:feedsPower :P1, :P2 . :V a dcx:Utility_Feed ; dcx:feedsPower :Catcher .
        :P1 a dcx:UPS ; dcx:feedsPower :S1 . :P2 a dcx:UPS ; dcx:feedsPower :S2 .
        :Catcher a dcx:UPS ; dcx:isCatcher true ; dcx:feedsPower :S1, :S2 .
        :S1 a brick:Static_Transfer_Switch ; dcx:feedsPower :R1 . :S2 a brick:Static_Transfer_Switch ; dcx:feedsPower :R2 .
        {rated("P1", 100)} {rated("P2", 100)} {rated("Catcher", 100)} {rack("R1", 80)} {rack("R2", 80)}
        """),
        "P1",
    )

    assert exposed(answer) == {
        "Catcher": ["P2"],
        "S1": ["Catcher", "P2", "V"],
        "R1": ["Catcher", "P2", "V"],
        "S2": ["P2"],
        "R2": ["P2"],
    }
    assert paths(answer)["R2"] == ["P1", "S1", "Catcher", "S2", "R2"]
    assert answer.totals.racks[HELD] == 2


def test_what_a_single_failure_took_down_all_along_by_load_is_no_redundancy_that_was_lost() -> None:
    """150 kW on UPSs of 100, 100 and 60 kW. P1 alone: 75 kW on each of two, 1.25 times 60: P3 trips after 600 s, P2 has 150 kW, 1.5
    times, and trips after 60 s: the rack is lost by P1 alone, and likewise by P2. Without P3 it is 75 kW of 100 each, and P1 still takes
    the rack down: nothing new hangs by it."""
    plant = site(f"""
    :U a dcx:Utility_Feed ; dcx:feedsPower :P1, :P2, :P3 .
    :P1 a dcx:UPS ; dcx:feedsPower :R . :P2 a dcx:UPS ; dcx:feedsPower :R . :P3 a dcx:UPS ; dcx:feedsPower :R .
    {rated("P1", 100)} {rated("P2", 100)} {rated("P3", 60)} {rack("R", 150)}
    """)

    first, third = fail(plant, "P1"), fail(plant, "P3")

    assert told(first)["R Power"] == "LOST"
    assert "R Power" not in exposed(third)
    assert told(third)["R Power"] == "REDUCED"


def test_of_two_failures_the_one_that_took_the_spare_is_the_evidence() -> None:
    """N+1 as above, and another rack's only feed elsewhere fails with P1: P1 alone is why the first rack hangs by P2."""
    other = f":UC a dcx:Utility_Feed ; dcx:feedsPower :C . :C a dcx:UPS ; dcx:feedsPower :Q . {rack('Q', 10)}"

    answer = fail(site(three_systems(180) + other), "C", "P1")

    evidence = {o.id.removeprefix(SITE): [x.removeprefix(SITE) for x in o.evidence] for o in answer.outcomes}
    assert evidence == {"Q": ["C"], "B": ["P1"], "R": ["P1"], "P2": ["P1"], "P3": ["P1"]}


def test_what_can_trip_is_told_for_the_failures_that_count_whoever_asked_before() -> None:
    """225 kW are 75 kW on each of three UPSs, without one 112.5: 1.125 times, above the curve's foot (1.1): each makes the others trip by
    itself. Where no UPS counts as a failure none does, in whichever order that is asked."""
    graph = site(three_systems(225))
    state = plant(graph, NOW)
    loads = loads_of(graph, state, NOW)
    assert loads is not None
    units = graph.nodes.failure_unit
    ups = [graph.find(SITE + name) for name in ("P1", "P2", "P3")]

    alone = [hazard_of(state, loads, which).alone.tolist() for which in (units, np.zeros_like(units), units)]

    assert alone == [ups, [], ups]
