"""The standing check: how full everything is now, and after any one failure."""

from __future__ import annotations

import pytest

from analytics.capacity.standing import Capacity, Feeder, capacity
from graph.errors import GraphError
from tests.analytics.sites import NOW, SITE, site
from tests.analytics.test_capacity_cases import rack, rated, two_sides


def standing(turtle: str) -> Capacity:
    """The loads and limits of a site."""
    return capacity(site(turtle), NOW)


def named(found: Capacity) -> dict[str, Feeder]:
    """The feeders by name."""
    return {feeder.id.removeprefix(SITE): feeder for feeder in found.feeders}


def breakers(load_kw: float) -> str:
    """A rack on two breakers of 20 A, 13.164 kW at 400 V and 0.95: sqrt(3) * 400 * 20 * 0.95 / 1000; 80 % of that are 10.531 kW."""
    each = "a brick:Circuit_Breaker ; dcx:breakerRating [ brick:value 20 ; brick:hasUnit unit:A ] ; dcx:feedsPower :R"
    utilities = ":UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B ."
    return f"{utilities} :A {each} . :B {each} . {rack('R', load_kw)}"


def test_each_side_of_a_pair_of_breakers_may_carry_40_per_cent() -> None:
    """13.164 kW * 0.8 = 10.531 kW on one side when the other is gone: 5.266 kW, 40 % of the rating, on each. 10.5 kW hold, 10.6 do not."""
    below, above = standing(breakers(10.5)), standing(breakers(10.6))

    assert named(below)["A"].usual_part_max == 0.4
    assert named(below)["A"].worst_cause == SITE + "B"
    assert below.findings == ()
    assert [(f.code, f.focus) for f in above.findings] == [
        ("overloaded-after-one-failure", SITE + "A"),
        ("overloaded-after-one-failure", SITE + "B"),
    ]
    assert above.findings[0].remedy == "keep it at 40% of its rating or below"
    assert above.findings[0].message == (
        "it carries 5.3 kW of 13.2 kW (40%); if urn:site:B fails, 101% of the 10.5 kW that it may carry continuously"
    )


@pytest.mark.parametrize(("needed", "most"), [(1, 0.5), (2, 0.6667), (3, 0.75), (4, 0.8), (5, 0.8333)])
def test_members_of_a_group_of_n_plus_1_may_carry_n_of_n_plus_1(needed: int, most: float) -> None:
    """N/(N+1): 50, 66.7, 75, 80, 83.3 % for N = 1 to 5."""
    units = [f"G{n}" for n in range(needed + 1)]
    members = " ".join(f":{unit} a dcx:UPS . {rated(unit, 100)}" for unit in units)
    group = f":Set a dcx:Redundancy_Group ; dcx:hasMember {', '.join(':' + unit for unit in units)} ; dcx:requiredCount {needed}"
    site_ = f"{members} {group} ; dcx:feedsPower :R . "

    held, over = standing(site_ + rack("R", 100 * needed)), standing(site_ + rack("R", 100 * needed + 1))

    assert {feeder.usual_part_max for feeder in held.feeders} == {most}
    assert held.findings == ()
    assert {finding.code for finding in over.findings} == {"overloaded-after-one-failure"}


def test_what_carries_nothing_until_something_fails_is_too_small_for_what_it_would_carry() -> None:
    """A switch takes 60 kW from A, and from B of 40 kW when A is gone: 150 % there, and nothing is on it that could be less."""
    switch = ":X a brick:Automatic_Transfer_Switch ; dcx:feedsPower :R . :A dcx:priority 1 . :B dcx:priority 2 . "
    sides = "".join(f":U{s} a dcx:Utility_Feed ; dcx:feedsPower :{s} . :{s} a dcx:UPS ; dcx:feedsPower :X . " for s in "AB")
    found = standing(sides + switch + rated("A", 100) + rated("B", 40) + rack("R", 60))

    assert [(f.focus, f.remedy) for f in found.findings] == [
        (
            SITE + "B",
            "it is too small for the 60.0 kW that it would carry: give it a rating for as much, or take load off what it stands in for",
        )
    ]


def test_what_is_overloaded_now_is_an_error() -> None:
    """210 kW over two UPSs of 100 kW: 105 % each already."""
    found = standing(two_sides(210))

    assert [(f.severity.value, f.code) for f in found.findings] == [("error", "overloaded")] * 2
    assert found.feeders[0].to_json()["basis"] == "sum"
    assert found.to_json()["unrated"] == 3
    assert found.assumed == ("loads in kW rest on allocated power of 1; all else carries the sum of what it feeds",)


def test_a_site_without_ratings_is_told_so() -> None:
    """There is nothing to compare with."""
    with pytest.raises(GraphError, match="no rating is stated"):
        standing(rack("R", 5) + ":U a dcx:UPS ; dcx:feedsPower :R .")


def test_ratings_that_limit_nothing_are_findings_at_their_nodes() -> None:
    """-100 kW, "abc" kW and 0 A are stated, and all wrong: nothing has a limit, and each of the three is named. A, B and C carry a third
    of 10 kW each, and U all: with the rack five things carry load and have no limit."""
    kw, amps = "brick:hasUnit unit:KiloW", "brick:hasUnit unit:A"
    found = standing(
        f"""
        :U a dcx:Utility_Feed ; dcx:feedsPower :A, :B, :C .
        :A a dcx:UPS ; dcx:ratedPower [ brick:value -100 ; {kw} ] ; dcx:feedsPower :R .
        :B a dcx:UPS ; dcx:ratedPower [ brick:value "abc" ; {kw} ] ; dcx:feedsPower :R .
        :C a brick:Circuit_Breaker ; dcx:breakerRating [ brick:value 0 ; {amps} ] ; dcx:feedsPower :R .
        """
        + rack("R", 10)
    )

    assert [(f.severity.value, f.code, f.focus) for f in found.findings] == [
        ("error", "rating-limits-nothing", SITE + name) for name in "ABC"
    ]
    assert (found.feeders, found.unrated) == ((), 5)


def test_a_rating_that_limits_nothing_is_told_beside_the_good_ones() -> None:
    """A of 100 kW carries 10; B of 0 kW is no limit, and is named."""
    site_ = ":U a dcx:Utility_Feed ; dcx:feedsPower :A . :A dcx:feedsPower :B . :B dcx:feedsPower :R . :A a dcx:UPS . :B a dcx:UPS . "
    found = standing(site_ + rated("A", 100) + rated("B", 0) + rack("R", 10))

    assert [feeder.id for feeder in found.feeders] == [SITE + "A"]
    assert [(f.code, f.focus) for f in found.findings] == [("rating-limits-nothing", SITE + "B")]


def test_a_rating_of_less_than_a_watt_is_told_as_it_is() -> None:
    """A of 0.4 W and B of 100 kW share 0.1 W: 0.05 W are 12.5 % of A, and 0.1 W without B are 25 %: it may carry half of that now."""
    sides = ":U a dcx:Utility_Feed ; dcx:feedsPower :A, :B . :A a dcx:UPS ; dcx:feedsPower :R . :B a dcx:UPS ; dcx:feedsPower :R . "
    found = named(standing(sides + rated("A", 0.0004) + rated("B", 100) + rack("R", 0.0001)))["A"]

    assert (found.load_kw, found.rated_kw, found.limit_kw) == (0.00005, 0.0004, 0.0004)
    assert (found.part, found.worst_part, found.usual_part_max) == (0.125, 0.25, 0.5)


def test_what_no_plant_has_is_no_figure() -> None:
    """1e308 kW and 1e-300 kW are no ratings, and 1e307 kW is no draw: nothing is divided by them, and each is named."""
    sides = ":U a dcx:Utility_Feed ; dcx:feedsPower :A, :B . :A a dcx:UPS ; dcx:feedsPower :R . :B a dcx:UPS ; dcx:feedsPower :R . "
    found = standing(sides + rated("A", 1e308) + rated("B", 1e-300) + rack("R", 1e307))

    assert [(each.code, each.focus) for each in found.findings] == [("rating-limits-nothing", SITE + name) for name in "AB"]
    assert found.feeders == ()


def test_what_is_overloaded_and_rated_for_less_than_a_watt_is_told_in_full() -> None:
    """0.6 W on 0.4 W: 150 %."""
    one = ":U a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:feedsPower :R . "
    (found,) = standing(one + rated("A", 0.0004) + rack("R", 0.0006)).findings

    assert found.message == "it carries 0.0006 kW of 0.0004 kW (150%) and may carry 0.0004 kW continuously"


def test_a_bad_voltage_and_phases_that_name_none_are_left_out_and_told() -> None:
    """20 A at -400 V on phase "x": 400 V on three phases, sqrt(3) * 400 * 20 * 0.95 / 1000 = 13.164 kW, derated 10.531 kW."""
    bad = 'brick:ratedVoltageOutput [ brick:value -400 ; brick:hasUnit unit:V ] ; brick:electricalPhases [ brick:value "x" ]'
    found = standing(breakers(10) + f":A {bad} .")

    assert (named(found)["A"].rated_kw, named(found)["A"].limit_kw) == (13.164, 10.531)
    assert (
        "urn:site:A states brick:electricalPhases that name no phase: all three count; "
        "states a voltage that is no number above 0 in a unit of voltage: 400 V counts"
    ) in found.assumed


def on_phases(*cords: tuple[str, float]) -> str:
    """A PDU of 30 kW with a rack on each cord, by its phases and what is planned for the rack."""
    each = (
        f':D dcx:feedsPower :C{n} . :C{n} a brick:Circuit_Breaker ; brick:electricalPhases [ brick:value "{phases}" ] ; '
        f"dcx:feedsPower :R{n} . {rack(f'R{n}', load)} "
        for n, (phases, load) in enumerate(cords)
    )
    return f":U a dcx:Utility_Feed ; dcx:feedsPower :D . :D a dcx:PDU . {rated('D', 30)} {''.join(each)}"


def test_what_is_overloaded_on_one_phase_says_which() -> None:
    """Racks of 6 kW on L1, L1 and L2: L1 has 12 kW, of 30 / 3 = 10 kW; all together 18 kW of 30 kW would be 60 %."""
    found = standing(on_phases(("A", 6), ("A", 6), ("B", 6)))

    (feeder,) = found.feeders
    assert (feeder.load_kw, feeder.phases_kw, feeder.phase_limit_kw, feeder.part) == (18.0, (12.0, 6.0, 0.0), 10.0, 1.2)
    assert feeder.to_json()["phases_kw"] == [12.0, 6.0, 0.0]
    assert [each.message for each in found.findings] == [
        "it carries 18.0 kW of 30.0 kW (60%), of that 12.0 kW on L1, where it may carry 10.0 kW continuously"
    ]


def test_what_a_failure_puts_on_one_phase_is_compared_with_what_a_phase_may_carry() -> None:
    """A rack of 18 kW on L1 of D and of E, 9 kW each: without E L1 of D has 18 kW, 180 % of 10 kW."""
    other = (
        ':U dcx:feedsPower :E . :E a dcx:PDU ; dcx:feedsPower :X . :X brick:electricalPhases [ brick:value "L1" ] ; dcx:feedsPower :R0 .'
    )
    found = standing(on_phases(("L1", 18)) + other + " :X a brick:Circuit_Breaker .")

    assert [(f.focus, f.message, f.remedy) for f in found.findings] == [
        (
            SITE + "D",
            "it carries 9.0 kW of 30.0 kW (30%); if urn:site:E fails, 180% of the 10.0 kW that each phase may carry continuously",
            "keep its fullest phase at 50% of its rating or below",
        )
    ]


def test_a_site_that_states_no_phase_has_none() -> None:
    """Then all three carry alike, and nothing is said of them."""
    found = standing(two_sides(90)).feeders[0]

    assert (found.phases_kw, found.phase_limit_kw) == ((), None)
