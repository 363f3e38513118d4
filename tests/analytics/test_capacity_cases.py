"""Hand-calculated sites whose load moves: each with its sums."""

from __future__ import annotations

import pytest

from tests.analytics.sites import SITE, fail, site, told

KW = "brick:hasUnit unit:KiloW"


def rated(name: str, kw: float, more: str = "") -> str:
    """A rating, and something more to say of the same thing."""
    return f":{name} dcx:ratedPower [ brick:value {kw} ; {KW} ] {more} ."


def rack(name: str, kw: float) -> str:
    """A rack with what is planned for it."""
    return f":{name} a brick:ICT_Rack ; dcx:allocatedPower [ brick:value {kw} ; {KW} ] ."


def two_sides(load_kw: float) -> str:
    """Two UPSs of 100 kW, a rack on both."""
    return f"""
    :UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B .
    :A a dcx:UPS ; dcx:feedsPower :R . :B a dcx:UPS ; dcx:feedsPower :R .
    {rated("A", 100)} {rated("B", 100)} {rack("R", load_kw)}
    """


def test_two_sides_at_45_per_cent_each_carry_one_alone() -> None:
    """90 kW over two UPSs of 100 kW are 45 % each; one alone has 90 %: nothing is overloaded, the rack has lost its redundancy."""
    answer = fail(site(two_sides(90)), "A")

    assert told(answer) == {"R Power": "NO_REDUNDANCY"}
    assert answer.trips == ()
    assert answer.overloads == ()


def test_two_sides_at_60_per_cent_each_lose_the_rack_to_the_second_ups() -> None:
    """120 kW are 60 kW each; B alone has 1.2 times its rating. Between 1.1 (3600 s) and 1.25 (600 s) that is, in logarithms,
    3600 * (600 / 3600) ^ (ln(1.2 / 1.1) / ln(1.25 / 1.1)) = 3600 * 0.16667 ^ 0.68067 = 1063.3 s: then B trips, and the rack is dark."""
    answer = fail(site(two_sides(120)), "A")

    assert told(answer) == {"B Power": "LOST", "R Power": "LOST"}
    (trip,) = answer.trips
    assert (trip.id, trip.load_kw, trip.rated_kw) == (SITE + "B", 120.0, 100.0)
    assert trip.after_s == pytest.approx(1063.3, abs=0.1)
    paths = {o.id.removeprefix(SITE): [i.removeprefix(SITE) for i in o.path] for o in answer.outcomes}
    assert paths["B"] == ["A", "R", "B"]
    assert [o.evidence for o in answer.outcomes] == [(SITE + "A",)] * 2
    assert answer.totals.racks["LOST"] == 1


def test_two_sides_at_52_5_per_cent_leave_the_second_ups_overloaded() -> None:
    """105 kW on one UPS of 100 kW: 1.05 times is below the curve's first point (1.1): above its limit for ever, and still up."""
    answer = fail(site(two_sides(105)), "A")

    assert told(answer) == {"B Power": "OVERLOADED", "R Power": "NO_REDUNDANCY"}
    (overload,) = answer.overloads
    assert (overload.id, overload.load_kw, overload.limit_kw) == (SITE + "B", 105.0, 100.0)
    assert "allocated power of 1" in answer.assumed[-1]


def test_n_plus_1_of_generators_holds_at_two_thirds_and_not_above() -> None:
    """Three generators of 100 kW, two needed, 210 kW: 70 kW each. Without one, 105 kW each: above 100, below 1.1: overloaded.
    With 240 kW it is 120 kW each, 1.2 times: between 1.1 (3600 s) and 1.5 (30 s) both trip at once, after
    3600 * (30 / 3600) ^ (ln(1.2 / 1.1) / ln(1.5 / 1.1)) = 3600 * 0.0083333 ^ 0.28054 = 939.7 s; the bus is dark."""

    def plant(kw: float) -> str:
        generators = " ".join(f":G{n} a dcx:Generator . {rated(f'G{n}', 100)}" for n in (1, 2, 3))
        group = ":Set a dcx:Redundancy_Group ; dcx:hasMember :G1, :G2, :G3 ; dcx:requiredCount 2 ; dcx:feedsPower :Bus ."
        return f"{generators} {group} :Bus a brick:Switchgear ; dcx:feedsPower :R . {rack('R', kw)}"

    held, fallen = fail(site(plant(210)), "G1"), fail(site(plant(240)), "G1")

    assert [(o.id, o.load_kw) for o in held.overloads] == [(SITE + "G2", 105.0), (SITE + "G3", 105.0)]
    assert told(held)["G2 Power"] == "OVERLOADED"
    assert held.totals.racks["LOST"] == 0
    assert [(t.id, t.load_kw) for t in fallen.trips] == [(SITE + "G2", 120.0), (SITE + "G3", 120.0)]
    assert [t.after_s for t in fallen.trips] == [pytest.approx(939.7, abs=0.1)] * 2
    assert told(fallen)["R Power"] == "LOST"
    paths = {o.id.removeprefix(SITE): [i.removeprefix(SITE) for i in o.path] for o in fallen.outcomes}
    assert paths["G2"] == ["G1", "Set", "G2"]
    assert paths["R"] == ["G1", "Set", "Bus", "R"]


def test_three_of_four_distributed_redundant_systems_carry_the_fourth() -> None:
    """Six racks of 50 kW, one on each pair of four systems of 100 kW: 75 kW each. Without one, its three racks move to the three others:
    each has 75 + 25 = 100 kW: exactly what it may."""
    pairs = [("A", "B"), ("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "D")]
    systems = " ".join(f":U{s} a dcx:Utility_Feed ; dcx:feedsPower :{s} . :{s} a dcx:UPS . {rated(s, 100)}" for s in "ABCD")
    racks = " ".join(
        f":{one} dcx:feedsPower :R{one}{two} . :{two} dcx:feedsPower :R{one}{two} . {rack('R' + one + two, 50)}" for one, two in pairs
    )

    answer = fail(site(systems + racks), "A")

    assert set(told(answer).values()) == {"NO_REDUNDANCY"}
    assert answer.overloads == ()
    assert len(fail(site(systems.replace(rated("B", 100), rated("B", 99)) + racks), "A").overloads) == 1


def test_a_catcher_takes_over_one_of_its_systems_and_not_two() -> None:
    """Two systems of 100 kW with 80 kW each behind static switches, and a catcher of 100 kW that carries nothing until one fails.
    One: the catcher has 80 kW. Both: 160 kW, 1.6 times: beyond the last point (1.5) it trips after 60 s."""
    plant = f"""
    :U a dcx:Utility_Feed ; dcx:feedsPower :P1, :P2, :Catcher .
    :P1 a dcx:UPS ; dcx:feedsPower :S1 . :P2 a dcx:UPS ; dcx:feedsPower :S2 .
    :Catcher a dcx:UPS ; dcx:isCatcher true ; dcx:feedsPower :S1, :S2 .
    :S1 a brick:Static_Transfer_Switch ; dcx:feedsPower :R1 . :S2 a brick:Static_Transfer_Switch ; dcx:feedsPower :R2 .
    {rated("P1", 100)} {rated("P2", 100)} {rated("Catcher", 100)} {rack("R1", 80)} {rack("R2", 80)}
    """
    graph = site(plant)

    one, both = fail(graph, "P1"), fail(graph, "P1", "P2")

    assert (one.trips, one.overloads) == ((), ())
    assert [(t.id, t.after_s, t.load_kw) for t in both.trips] == [(SITE + "Catcher", 60.0, 160.0)]
    assert {name: kind for name, kind in told(both).items() if name.startswith("R")} == {"R1 Power": "LOST", "R2 Power": "LOST"}
    evidence = {o.id.removeprefix(SITE): [i.removeprefix(SITE) for i in o.evidence] for o in both.outcomes}
    assert evidence["Catcher"] == ["P1", "P2"]


def test_a_breaker_of_a_single_corded_load_trips_when_the_other_load_moves_to_it() -> None:
    """A 16 A breaker at 400 V and 0.95 may carry sqrt(3) * 400 * 16 * 0.95 / 1000 = 10.531 kW, 8.425 kW for ever. On A: 4 kW with one
    cord and half of 10 kW with two, 9 kW at first: overloaded before (no outcome of the failure), and 14 kW when B is gone: 1.329 times,
    within the hour. The load with one cord goes dark with it, and so does the other."""
    plant = f"""
    :UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B .
    :A a brick:Circuit_Breaker ; dcx:breakerRating [ brick:value 16 ; brick:hasUnit unit:A ] ; dcx:feedsPower :One, :Two .
    :B a brick:Circuit_Breaker ; dcx:feedsPower :Two .
    {rack("One", 4)} {rack("Two", 10)}
    """

    answer = fail(site(plant), "B")

    assert told(answer) == {"A Power": "LOST", "One Power": "LOST", "Two Power": "LOST"}
    (trip,) = answer.trips
    assert (trip.load_kw, trip.rated_kw, trip.after_s) == (14.0, 10.531, 3600.0)
    paths = {o.id.removeprefix(SITE): [i.removeprefix(SITE) for i in o.path] for o in answer.outcomes}
    assert paths == {"A": ["B", "Two", "A"], "One": ["B", "Two", "A", "One"], "Two": ["B", "Two"]}


def test_without_any_rating_nothing_is_said_of_load() -> None:
    """The same site without ratings: the answer of supply alone."""
    answer = fail(site(two_sides(120).replace("dcx:ratedPower", "rdfs:comment")), "A")

    assert told(answer) == {"R Power": "NO_REDUNDANCY"}
    assert answer.assumed == ()


def test_what_was_overloaded_before_and_carries_no_more_is_no_outcome() -> None:
    """Another rack's side fails: the UPS that has carried 120 % all along carries no more by it."""
    other = ":UC a dcx:Utility_Feed ; dcx:feedsPower :C, :D . :C a dcx:UPS ; dcx:feedsPower :Q . :D a dcx:UPS ; dcx:feedsPower :Q ." + rack(
        "Q", 1
    )

    answer = fail(site(two_sides(240) + other), "C")

    assert told(answer) == {"Q Power": "NO_REDUNDANCY"}
