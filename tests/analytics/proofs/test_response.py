"""Fault tolerance second by second: hand-made sites, and that the faults which are not followed would have harmed nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest

from analytics.proofs.certificate import Certificate
from analytics.proofs.components import components
from analytics.proofs.load import it_load
from analytics.proofs.prove import Question, fault_tolerant
from analytics.proofs.response import Response, _judged, on_the_way
from analytics.proofs.trial import trial
from analytics.state import plant
from analytics.supply import compile_supply
from analytics.time.readings import charges
from analytics.time.reserves import Reserves, reserves
from analytics.time.setting import courses, setting
from graph.errors import GraphError
from tests.analytics.reference import Reference
from tests.analytics.sites import NOW, SITE, graph_of, snapshot_of, vocabulary
from tests.analytics.test_against_reference import redundant
from tests.analytics.test_timeline_against_reference import reserves_of, times_of
from tests.support.random_cases import seeded

HORIZON = 10_000.0
STANDBY = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :ATS .
:Generator a dcx:Generator ; dcx:startTimeSeconds 10.0 ; dcx:feedsPower :ATS .
:ATS a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100.0 ; dcx:feedsPower :UPS .
:UPS a dcx:UPS ; dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ; dcx:ridethroughSeconds SECONDS ; dcx:feedsPower :Server .
:Server a brick:Server ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
"""


def full(bridges: Reserves) -> Response:
    """All stores full."""
    return Response(bridges, charges((), len(bridges.stores), None))


def tolerant(turtle: str) -> Certificate:
    """Fault tolerant second by second, in power."""
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())
    response = full(reserves(snapshot, vocabulary(), graph))
    return fault_tolerant(graph, NOW, asked=Question(media=["Power"]), response=response)


@pytest.mark.parametrize(("seconds", "breached"), [("60.0", 0), ("5.0", 1)])
def test_a_battery_that_outlasts_the_start_of_the_generator_bridges_the_utility(seconds: str, breached: int) -> None:
    """The utility goes: the generator supplies after 10 s, the switch hands on 0.1 s later. A UPS of 60 s bridges the 10.1 s; one of 5 s,
    aged to 0.8, is empty after 5 * 0.8^1.35 = 3.699 s, and the server's power supply holds for 0.01 s more. In the end the server is
    supplied in both, so the fault is no breach of the first line. Transfer switch and UPS are."""
    found = tolerant(STANDBY.replace("SECONDS", seconds))

    way = found.on_the_way
    assert way is not None
    assert [breach.out.id for breach in found.main.breaches] == [SITE + "ATS", SITE + "UPS"]
    assert way.breached == ({"equipment": 1} if breached else {})
    gaps = [(breach.out.id, round(breach.after_s or 0, 3)) for breach in way.breaches]
    assert gaps == ([(SITE + "Utility", 3.709)] if breached else [])
    assert way.tried == {"equipment": 2}, "the utility and the generator"


def test_a_server_behind_a_slow_transfer_switch_is_down_for_as_long_as_it_transfers() -> None:
    """Two utilities on one switch of 100 ms, no UPS; the server's power supply holds for 10 to 20 ms. Either utility may be the one in
    use, so either fault may take the server down after 10 ms."""
    two = "".join(line for line in STANDBY.splitlines() if not line.startswith(":UPS"))
    two = two.replace("a dcx:Generator ; dcx:startTimeSeconds 10.0", "a dcx:Utility_Feed").replace("feedsPower :UPS", "feedsPower :Server")

    found = tolerant(two)

    way = found.on_the_way
    assert way is not None
    assert not way.holds
    assert {breach.out.id: breach.after_s for breach in way.breaches} == {SITE + "Generator": 0.01, SITE + "Utility": 0.01}
    example = way.counter_example
    assert example is not None
    assert [(outcome.id, outcome.seconds) for outcome in example.outcomes] == [(SITE + "Server", (0.01, None))]


def test_two_sides_of_their_own_survive_every_fault_on_the_way_and_none_is_followed() -> None:
    """2N without a transfer switch: each fault leaves the other side as it is, which the filter sees without a timeline."""
    found = tolerant(
        ":U1 a dcx:Utility_Feed ; dcx:feedsPower :S . :U2 a dcx:Utility_Feed ; dcx:feedsPower :S . :S a brick:Server ;"
        " dcx:allocatedPower [ brick:value 1 ; brick:hasUnit unit:KiloW ] ."
    )

    assert found.holds
    assert any(text.startswith("second by second 0 faults were followed") for text in found.notes)


def test_what_trips_while_the_generator_starts_is_a_breach_though_all_is_well_in_the_end() -> None:
    """300 kW on four UPSs of 100 kW, two a utility, each of 30 s at its rating; aged to 0.8, at 75 kW 30 * (0.8 * 100 / 75)^1.25 = 32.5 s.
    U1 goes: from 32.5 s at the earliest the two of U2 carry 150 kW each and trip after 60 s, at 92.5 s. The generator is there at 180 s:
    too late; at 60 s it is in time."""
    rated = "dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:ridethroughSeconds 30"
    site = ":R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 300 ; brick:hasUnit unit:KiloW ] ." + "".join(
        f":U{n} a dcx:Utility_Feed ; dcx:feedsPower :T{n} . :G{n} a dcx:Generator ; dcx:startTimeSeconds START ; dcx:feedsPower :T{n} ."
        f":T{n} a brick:Automatic_Transfer_Switch ; dcx:feedsPower :P{n}a, :P{n}b ."
        + "".join(f":P{n}{x} a dcx:UPS ; {rated} ; dcx:feedsPower :R ." for x in "ab")
        for n in (1, 2)
    )

    late, early = (tolerant(site.replace("START", start)).on_the_way for start in ("180", "60"))

    assert late is not None
    assert {breach.out.id.removeprefix(SITE): round(breach.after_s or 0, 1) for breach in late.breaches} == {"U1": 92.5, "U2": 92.5}
    assert early is not None
    assert early.holds


@seeded(150)
def test_the_faults_that_are_not_followed_would_harm_nothing(seeds: range) -> None:
    """For any site with loops, ties, groups, stores and delays: following every fault finds the same gaps as following the chosen ones."""
    for each in seeds:
        plan, dice = redundant(each), random.Random(each * 17 + 5)
        graph = graph_of(plan)
        response = full(reserves_of(graph, times_of(plan, Reference(plan), dice)))
        state = plant(graph, NOW)
        try:
            load = it_load(graph, state)
        except GraphError:
            continue  # nothing is a load there
        at_rest = trial(graph, state, load, components(graph), None)

        found, _ = on_the_way(state, NOW, load, at_rest, response, horizon_s=HORIZON)

        expected = {}
        for row in np.setdiff1d(np.arange(len(at_rest.units)), at_rest.breaches).tolist():
            failed = at_rest.units.nodes_of(row)
            set_ = setting(response.reserves, failed, NOW)
            lost = courses(set_, response.reserves, response.charges.share, failed, HORIZON)[0].record.lost
            pairs = np.flatnonzero(np.isfinite(lost) & _judged(load) & ~np.isin(state.wiring.pair_node, failed))
            if len(pairs):
                expected[row] = (pairs.tolist(), float(lost[pairs].min()))
        assert {gap.row: (gap.supplies.tolist(), gap.after_s) for gap in found} == expected, f"seed {each}, {plan}"


def test_a_load_that_its_water_keeps_up_may_be_what_trips_the_other_side() -> None:
    """U1 feeds a rack of 75 kW, a machine of 75 kW and its chiller; U2 a UPS of 100 kW for rack and machine. U1 goes: the water of the loop
    keeps the machine running, so the UPS has 150 kW and trips after 60 s. If nothing bridged the machine would be down and relieve it."""
    kw = "brick:hasUnit unit:KiloW"
    site = (
        ":U1 a dcx:Utility_Feed ; dcx:feedsPower :P . :P a dcx:Power_Distribution_Unit ; dcx:feedsPower :R, :M, :CH ."
        f":U2 a dcx:Utility_Feed ; dcx:feedsPower :B . :B a dcx:UPS ; dcx:feedsPower :R, :M ; dcx:ratedPower [ brick:value 100 ; {kw} ] ."
        ":CH a brick:Air_Cooled_Chiller ; dcx:feedsLiquidCooling :L . :L a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :M ;"
        f" brick:volume [ brick:value 1 ; brick:hasUnit unit:M3 ] . :M a brick:CRAH ; dcx:allocatedPower [ brick:value 75 ; {kw} ] ."
        f":R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 75 ; {kw} ] ."
    )

    way = tolerant(site).on_the_way

    assert way is not None
    assert (SITE + "U1", 60.0) in [(breach.out.id, round(breach.after_s or 0, 1)) for breach in way.breaches]
