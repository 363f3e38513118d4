"""Designs of the trade, settled by hand: static switches, catchers, rings, closed cooling loops, services that lean on services."""

from __future__ import annotations

import re
from math import sqrt

import pytest

from analytics.capacity.standing import capacity
from tests.analytics.sites import NOW, SITE, fail, site, told
from tests.analytics.test_timeline import ROOM, follow, lost
from tests.support.guides import GUIDES

STS = """
:A a dcx:UPS ; dcx:isSource true ; dcx:feedsPower :S . :B a dcx:UPS ; dcx:isSource true ; dcx:feedsPower :S .
:S a brick:Static_Transfer_Switch ; dcx:feedsPower :R . :R a brick:ICT_Rack .
"""


def exposed_to(turtle: str, failed: str, of: str) -> list[str]:
    """The further failures that a thing now hangs by."""
    answer = fail(site(turtle), failed)
    return [each.removeprefix(SITE) for each in next(o.exposed_to for o in answer.outcomes if o.id == SITE + of)]


def test_a_static_switch_takes_the_other_side_and_is_a_single_point_itself() -> None:
    """2 inputs, 1 needed: 2 - 1 = 1 is left, B. That the rack falls with the switch was so before and is no news: exposed to B alone.
    The switch itself: 1 - 1 = 0."""
    assert told(fail(site(STS), "A")) == {"R Power": "NO_REDUNDANCY", "S Power": "NO_REDUNDANCY"}
    assert exposed_to(STS, "A", "R") == ["B"]
    assert told(fail(site(STS), "S")) == {"R Power": "LOST"}
    assert told(fail(site(STS), "A", "B")) == {"R Power": "LOST", "S Power": "LOST"}


CATCHER = ":C a dcx:UPS ; dcx:isSource true ; dcx:isCatcher true ; dcx:feedsPower :S1, :S2, :S3 ." + "".join(
    f":U{n} a dcx:UPS ; dcx:isSource true ; dcx:feedsPower :S{n} . :S{n} a brick:Static_Transfer_Switch ; dcx:feedsPower :R{n} ."
    f":R{n} a brick:ICT_Rack ."
    for n in (1, 2, 3)
)


def test_a_catcher_covers_each_system_and_is_what_all_have_in_common() -> None:
    """3 + 1, each switch with its own UPS and the catcher. U1 gone: S1 hangs by C, the two others still have 2. C gone: each of the
    three has 1 left, its own. U1 and C gone: S1 has 0, the others 1."""
    graph = site(CATCHER)

    assert told(fail(graph, "U1")) == {"R1 Power": "NO_REDUNDANCY", "S1 Power": "NO_REDUNDANCY"}
    assert told(fail(graph, "C")) == {f"{x}{n} Power": "NO_REDUNDANCY" for n in (1, 2, 3) for x in "RS"}
    assert told(fail(graph, "U1", "C"))["R1 Power"] == "LOST"
    assert told(fail(graph, "U1", "C"))["R2 Power"] == "NO_REDUNDANCY"


THREE_BUSES = (
    ":F1 a dcx:Utility_Feed ; dcx:feedsPower :B1 . :F2 a dcx:Utility_Feed ; dcx:feedsPower :B2 ."
    + "".join(f":B{n} a brick:Switchgear ; dcx:feedsPower :R{n} . :R{n} a brick:ICT_Rack ." for n in (1, 2, 3))
    + "".join(
        f":T{a}{b} a dcx:Tie_Breaker ; dcx:ties :B{a}, :B{b} ; dcx:normalPosition dcx:{{{a}{b}}} ." for a, b in ((1, 2), (2, 3), (3, 1))
    )
)


def ring(t12: str, t23: str, t31: str) -> str:
    """Three buses in a ring of ties, fed at the first and the second."""
    return THREE_BUSES.replace("{12}", t12).replace("{23}", t23).replace("{31}", t31)


def test_a_ring_of_three_buses_with_all_ties_closed_loses_no_bus_by_one_tie_or_one_feed() -> None:
    """Every bus has two ways round the ring to two feeds. One tie gone: 2 - 1 = 1 way and no bus dark. One feed gone: all by the other.
    Both feeds: a ring does not feed itself."""
    closed = ring("Closed", "Closed", "Closed")

    assert "LOST" not in told(fail(site(closed), "T12")).values()
    assert {told(fail(site(closed), "F1"))[f"R{n} Power"] for n in (1, 2, 3)} == {"NO_REDUNDANCY"}
    assert exposed_to(closed, "F1", "R3") == ["B2", "F2"]
    assert {told(fail(site(closed), "F1", "F2"))[f"R{n} Power"] for n in (1, 2, 3)} == {"LOST"}


def test_a_ring_that_is_open_at_one_tie_is_two_radials() -> None:
    """T31 open: B3 hangs on T23 alone. B1 by F1 or T12. T23 gone: B3 dark, the two others do not notice."""
    opened = ring("Closed", "Closed", "Open")

    assert told(fail(site(opened), "T23")) == {"B3 Power": "LOST", "R3 Power": "LOST", "T31 Power": "NO_REDUNDANCY"}
    assert told(fail(site(opened), "F1"))["R1 Power"] == "NO_REDUNDANCY"
    assert exposed_to(opened, "F1", "R1") == ["B2", "F2", "T12"]


COOLING = (
    ":CT a brick:Cooling_Tower ; dcx:isSource true ; dcx:feedsLiquidCooling :CH1, :CH2, :CH3 ."
    ":CHs a dcx:Redundancy_Group ; dcx:hasMember :CH1, :CH2, :CH3 ; dcx:requiredCount 2 ; dcx:feedsLiquidCooling :P1, :P2 ."
    + "".join(
        f":CH{n} a brick:Chiller ; dcx:requires [ dcx:medium dcx:LiquidCooling ; dcx:atLeast 1 ; dcx:among :CT ] ." for n in (1, 2, 3)
    )
    + ":P1 a brick:Pump ; dcx:feedsLiquidCooling :Loop . :P2 a brick:Pump ; dcx:feedsLiquidCooling :Loop ."
    ":Loop a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :K1, :K2 ."
    ":MA a dcx:Switchboard ; dcx:isSource true ; dcx:feedsPower :P1, :K1, :CH1 ."
    ":MB a dcx:Switchboard ; dcx:isSource true ; dcx:feedsPower :P2, :K2, :CH2, :CH3 ."
    ":K1 a brick:CRAH ; dcx:feedsAirCooling :R ; dcx:feedsLiquidCooling :CH1 ."
    ":K2 a brick:CRAH ; dcx:feedsAirCooling :R ; dcx:feedsLiquidCooling :CH2 . :R a brick:ICT_Rack ."
)
"""Tower, two of three chillers, one of two pumps, a loop, one of two coolers; the coolers return the water to the chillers."""


def test_a_closed_cooling_loop_stands_by_what_drives_it_and_not_by_what_returns() -> None:
    """CH1 gone: 3 - 1 = 2 of 2 needed, one more is 1 < 2. The tower gone: the water that returns cools nothing, all is lost.
    K1 gone: 2 - 1 = 1 cooler."""
    graph = site(COOLING)

    assert told(fail(graph, "CH1"))["R AirCooling"] == "NO_REDUNDANCY"
    assert told(fail(graph, "CT"))["R AirCooling"] == "LOST"
    assert told(fail(graph, "CH1", "CH2"))["R AirCooling"] == "LOST"
    assert told(fail(graph, "K1"))["R AirCooling"] == "NO_REDUNDANCY"


TWO_CHILLERS = (
    ":T1 a brick:Cooling_Tower ; dcx:feedsLiquidCooling :C1 . :T2 a brick:Cooling_Tower ; dcx:feedsLiquidCooling :C2 ."
    ":C1 a brick:Chiller ; dcx:feedsLiquidCooling :P . :C2 a brick:Chiller ; dcx:feedsLiquidCooling :P ."
    ":P a brick:Pump ; dcx:feedsLiquidCooling :K . :K a brick:CRAH ; dcx:feedsAirCooling :R ; dcx:feedsLiquidCooling :Return ."
    ":Return a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :C1, :C2 . :R a brick:ICT_Rack ."
)
"""Two chillers, each with a tower of its own, on one loop whose water comes back to both; nothing is stated."""


def test_a_chiller_whose_tower_is_gone_does_not_stand_by_the_water_that_comes_back() -> None:
    """T1 gone: C1 has 0 heat sinks, though C2 keeps the return cold; the loop has 2 - 1 = 1 chiller. Free cooling on the return is a
    heat sink: C1 keeps it."""
    graph, free = site(TWO_CHILLERS), site(TWO_CHILLERS + ":Dry a brick:Dry_Cooler ; dcx:feedsLiquidCooling :Return .")

    one, both = fail(graph, "T1"), fail(graph, "T1", "T2")

    assert (told(one)["C1 LiquidCooling"], told(one)["R AirCooling"]) == ("LOST", "NO_REDUNDANCY")
    assert told(both)["R AirCooling"] == "LOST"
    assert "urn:site:Return -> urn:site:C1 is not counted: what it brings comes from chillers alone, and takes no heat away" in one.assumed
    assert told(fail(free, "T1"))["C1 LiquidCooling"] == "NO_REDUNDANCY"


def test_a_loop_driven_by_pumps_on_the_return_as_the_guide_writes_it() -> None:
    """One of two pumps out: the other chiller has its own, 1 of 2. Both out: no chiller has flow, 0 of 2; so too with plain chillers, which
    need liquid by their class. Each chiller without its pump is lost, though its water comes back cold from the other."""
    turtle = (GUIDES / "supply-model.md").read_text("utf-8").split("```turtle")[1].split("```")[0]
    needed = re.compile(r"dcx:feedsLiquidCooling :Loop ;\s+dcx:requires \[ [^]]*\]")
    plain = needed.sub("dcx:feedsLiquidCooling :Loop", turtle.replace("brick:Air_Cooled_Chiller", "brick:Chiller"))

    for graph in (site(turtle), site(plain)):
        assert told(fail(graph, "Pump-1"))["Rack AirCooling"] == "NO_REDUNDANCY"
        assert told(fail(graph, "Pump-1"))["Chiller-1 LiquidCooling"] == "LOST"
        assert told(fail(graph, "Pump-1", "Pump-2"))["Rack AirCooling"] == "LOST"


def test_what_feeds_a_source_in_its_own_medium_is_told_to_be_no_supply() -> None:
    """An air-cooled chiller needs no liquid: without its pump it runs, and the answer says that the edge is not counted; not so where the
    chiller states that it needs it."""
    turtle = ":P a brick:Pump ; dcx:feedsLiquidCooling :C . :C a brick:Air_Cooled_Chiller ; dcx:feedsLiquidCooling :K . :K a brick:CRAH ."
    needs = ":C dcx:requires [ dcx:medium dcx:LiquidCooling ; dcx:atLeast 1 ] ."

    free, bound = fail(site(turtle), "P"), fail(site(turtle + needs), "P")

    edge = "urn:site:P -> urn:site:C is not counted: Air_Cooled_Chiller is a source of LiquidCooling and needs none of it unless a "
    assert told(free) == {}
    assert f"{edge}dcx:requires of it says so" in free.assumed
    assert told(bound) == {"C LiquidCooling": "LOST", "K LiquidCooling": "LOST"}
    assert not any(text.startswith(edge) for text in bound.assumed)


def test_power_that_takes_cooling_down_takes_the_rack_with_it() -> None:
    """MA drives P1, K1 and CH1: 2 of 3 chillers, 1 of 2 pumps and 1 of 2 coolers are left: up. MB drives two chillers: 3 - 2 = 1 < 2, and
    the loop is lost though P1 and K1 have their power. The board is the evidence for a loss of air."""
    graph = site(COOLING)

    a, b = fail(graph, "MA"), fail(graph, "MB")

    assert told(a)["R AirCooling"] == "NO_REDUNDANCY"
    assert (told(b)["R AirCooling"], told(b)["Loop LiquidCooling"]) == ("LOST", "LOST")
    rack = next(o for o in b.outcomes if o.id == SITE + "R")
    assert (rack.evidence, rack.path[0], rack.path[-1]) == ((SITE + "MB",), SITE + "MB", SITE + "R")


def test_racks_go_down_later_when_the_power_of_their_cooling_goes() -> None:
    """The utility of the CRAH goes, that of the servers stays: the air stops at once, the A2 server trips after 47.034 to 59.5 s
    (13 K), the A4 server and with it the service, which needs one of the two, after 83.214 s at the earliest (23 K * 361.8 / 100)."""
    times = lost(follow(ROOM, "Utility"))

    assert times["CRAH Power"] == (0, 0)
    assert times["Rack AirCooling"] == times["S-1 AirCooling"], "the rack counts with the first thing in it"
    assert (times["S-1 AirCooling"][0], round(times["S-1 AirCooling"][1] or 0, 1)) == (47.034, 59.5)
    assert times["S-2 AirCooling"][0] == times["Service Compute"][0] == 83.214
    assert told(fail(site(ROOM), "Utility"))["Service Compute"] == "LOST"


SERVICES = (
    "".join(f":S{n} a brick:Server . :P{n} a dcx:Rack_PDU ; dcx:isSource true ; dcx:feedsPower :S{n} ." for n in range(1, 6))
    + ":S1 dcx:feedsCompute :DB . :S2 dcx:feedsCompute :DB . :S3 dcx:feedsCompute :DB . :DB a dcx:Service ; dcx:feedsCompute :API ;"
    "dcx:requires [ dcx:medium dcx:Compute ; dcx:atLeast 2 ] ."
    ":S4 dcx:feedsCompute :API . :S5 dcx:feedsCompute :API . :API a dcx:Service ; dcx:feedsCompute :Shop ;"
    "dcx:requires [ dcx:medium dcx:Compute ; dcx:atLeast 1 ; dcx:among :S4, :S5 ] ,"
    "[ dcx:medium dcx:Compute ; dcx:allOf true ; dcx:among :DB ] ."
    ":Shop a dcx:Service ."
)


def test_services_fall_with_their_replicas_and_with_what_they_depend_on() -> None:
    """DB needs 2 of 3, API 1 of 2 and DB, the shop API. One replica of DB gone: 2 of 2 left, all three hang by each of them. Two gone:
    1 < 2, and API and the shop fall though their own servers run. One of API's own gone: 1 of 1, DB does not notice."""
    graph = site(SERVICES)

    assert {s: told(fail(graph, "P1"))[f"{s} Compute"] for s in ("DB", "API", "Shop")} == dict.fromkeys(
        ("DB", "API", "Shop"), "NO_REDUNDANCY"
    )
    assert {s: told(fail(graph, "P1", "P2"))[f"{s} Compute"] for s in ("DB", "API", "Shop")} == dict.fromkeys(("DB", "API", "Shop"), "LOST")
    assert "DB Compute" not in told(fail(graph, "P4"))
    assert fail(graph, "P1", "P2").totals.services["LOST"] == 3
    assert exposed_to(SERVICES, "P4", "Shop") == ["P5", "S5"]


def test_a_rack_of_142_kw_on_a_breaker_of_250_a() -> None:
    """480 V, three phases, power factor 0.98: sqrt(3) * 480 * 250 * 0.98 / 1000 = 203.69 kW; 80 % of it, 200 A, is 162.95 kW: enough."""
    (feeder,) = capacity(
        site(
            ":F a dcx:Utility_Feed ; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :R ; dcx:powerFactor 0.98 ;"
            "dcx:breakerRating [ brick:value 250 ; brick:hasUnit unit:A ] ;"
            "brick:ratedVoltageOutput [ brick:value 480 ; brick:hasUnit unit:V ] ."
            ":R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 142 ; brick:hasUnit unit:KiloW ] ."
        ),
        NOW,
    ).feeders

    assert feeder.rated_kw == pytest.approx(sqrt(3) * 480 * 250 * 0.98 / 1000, abs=0.001)
    assert feeder.limit_kw == pytest.approx(162.95, abs=0.01)
    assert feeder.part == pytest.approx(142 / 162.95, abs=0.001)
