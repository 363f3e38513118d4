"""The minimal cut sets of a load: by hand, and equal to trying every set of failures on random sites."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from analytics.supply_graph import SupplyGraph
from analytics.sweeps.cuts import CutSets, cut_sets
from graph.errors import GraphError, UnknownEntity
from tests.analytics.reference import Plan, Reference
from tests.analytics.sites import NOW, SITE, TWO_SIDES, graph_of, site
from tests.analytics.test_against_reference import redundant
from tests.support.random_cases import tried

SEEDS = tried(120)


def cuts(graph: SupplyGraph, load: str, *media: str, order: int = 3) -> list[str]:
    """The cut sets of a load in short: names with a plus between."""
    found = cut_sets(graph, NOW, SITE + load, list(media) or None, order)
    assert found.left_out == ""
    return ["+".join(name.removeprefix(SITE) for name in cut) for cut in found.sets]


def test_a_dual_corded_rack_falls_by_one_of_each_side() -> None:
    """2 things on side A times 2 on side B: four pairs; the single-corded rack has two single points of failure."""
    graph = site(TWO_SIDES)

    assert cuts(graph, "Dual") == ["UPS-A+UPS-B", "UPS-A+Utility-B", "UPS-B+Utility-A", "Utility-A+Utility-B"]
    assert cuts(graph, "Single") == ["UPS-A", "Utility-A"]
    assert cuts(graph, "Dual", order=1) == []


def test_two_of_four_need_three_failures() -> None:
    """4 members of which 2 are needed: any 3 take the bus, C(4, 3) = 4 sets; the bus itself is one, the utility that feeds all one more."""
    graph = site(
        """
        :Utility a dcx:Utility_Feed ; dcx:feedsPower :U-1, :U-2, :U-3, :U-4 .
        :U-1 a dcx:UPS . :U-2 a dcx:UPS . :U-3 a dcx:UPS . :U-4 a dcx:UPS .
        :G a dcx:Redundancy_Group ; dcx:hasMember :U-1, :U-2, :U-3, :U-4 ; dcx:requiredCount 2 ; dcx:feedsPower :Bus .
        :Bus a dcx:Switchboard ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .
        """
    )

    assert cuts(graph, "Rack") == ["Bus", "Utility", "U-1+U-2+U-3", "U-1+U-2+U-4", "U-1+U-3+U-4", "U-2+U-3+U-4"]


def test_a_medium_is_cut_apart_from_the_others() -> None:
    """The chiller's power comes from UPS-A alone; the rack's from both. By air the rack falls with UPS-A, by power it does not."""
    graph = site(
        TWO_SIDES
        + """
        :UPS-A dcx:feedsPower :Chiller . :Tower a brick:Cooling_Tower ; dcx:feedsLiquidCooling :Chiller . :Utility-A dcx:feedsPower :Tower .
        :Chiller a brick:Chiller ; dcx:feedsLiquidCooling :Dual .
        """
    )

    assert cuts(graph, "Dual", "LiquidCooling", order=1) == ["Chiller", "Tower", "UPS-A", "Utility-A"]
    assert cuts(graph, "Dual", "Power", order=1) == []
    assert cuts(graph, "Dual", order=1) == ["Chiller", "Tower", "UPS-A", "Utility-A"]


def test_a_ring_that_feeds_itself_is_cut_from_outside() -> None:
    """Two buses feed each other over a closed tie. The tie and one feed, or both feeds: what the ring hands round comes from outside."""
    graph = site(
        """
        :A a dcx:Utility_Feed ; dcx:feedsPower :Bus-A . :B a dcx:Utility_Feed ; dcx:feedsPower :Bus-B .
        :Bus-A a dcx:Switchboard ; dcx:feedsPower :Rack . :Bus-B a dcx:Switchboard . :Rack a brick:ICT_Rack .
        :Tie a dcx:Tie_Breaker ; dcx:normalPosition dcx:Closed ; dcx:ties :Bus-A, :Bus-B .
        """
    )

    assert cuts(graph, "Rack") == ["Bus-A", "A+B", "A+Bus-B", "A+Tie"]


def test_what_was_down_before_has_nothing_to_cut_and_says_so() -> None:
    """The bus hangs on an open tie alone."""
    found = cut_sets(site(":B a dcx:Utility_Feed . :T a dcx:Tie_Breaker ; dcx:ties :B, :R . :R a brick:ICT_Rack ."), NOW, SITE + "R")

    assert (found.sets, found.down_before) == ((), True)


def test_what_was_left_out_is_told_and_what_is_told_is_minimal() -> None:
    """Room for 4 sets: the two singles of one proof (UPS-A and its utility), and beside the first of them the two of side B."""
    found = cut_sets(site(TWO_SIDES), NOW, SITE + "Dual", tried_max=4)

    assert found.sets == ((SITE + "UPS-A", SITE + "UPS-B"), (SITE + "UPS-A", SITE + "Utility-B"))
    assert "not all were tried" in found.left_out


def test_an_unknown_load_is_named() -> None:
    """As everywhere."""
    with pytest.raises(UnknownEntity, match="urn:site:Nobody"):
        cut_sets(site(TWO_SIDES), NOW, SITE + "Nobody")


def test_a_tenant_a_room_and_what_nothing_feeds_are_no_load_and_what_to_name_instead_is_said() -> None:
    """An answer without cut sets would be read as an all-clear."""
    tenants = ":T a dcx:Tenant . :Dual dcx:hasTenant :T . :T-2 a dcx:Tenant . "
    others = ":Hall a rec:Room . :S a brick:Ethernet_Switch ; dcx:feedsNetwork :Single ."
    graph = site(TWO_SIDES + tenants + others)

    for load, media, said in (
        ("T", None, "urn:site:T is a tenant and has no supply of its own: name one of its racks or services, such as urn:site:Dual"),
        ("T-2", None, "urn:site:T-2 is a tenant and has no supply of its own: name one of its racks or services"),
        ("Hall", None, "nothing feeds urn:site:Hall: it has no supply that could fail; name a rack, a server or a service"),
        ("Utility-A", None, "nothing feeds urn:site:Utility-A: it has no supply"),
        ("Dual", ["Network"], "nothing feeds urn:site:Dual in the media asked for: it has supplies of Power; ask for one of these"),
    ):
        with pytest.raises(GraphError) as refused:
            cut_sets(graph, NOW, SITE + load, media)
        assert said in str(refused.value)


@SEEDS
@given(seed=st.integers(0, 2**32))
def test_the_cut_sets_equal_those_of_trying_every_set(seed: int) -> None:
    """Loops, ties, groups, counts and several media: up to three failures, for the last node of the site, in all media together."""
    plan = redundant(seed)
    graph, load = graph_of(plan), max(plan.kinds)
    if not any(pair[0] == load for pair in Reference(plan).fed):
        reject()

    found = cut_sets(graph, NOW, SITE + load)

    assert by_trying(plan, load) == [tuple(name.removeprefix(SITE) for name in cut) for cut in found.sets]
    assert found.down_before == bool({pair for pair in Reference(plan).fed if pair[0] == load} - Reference(plan).holding(frozenset()))
    assert isinstance(found, CutSets)


def by_trying(plan: Plan, load: str) -> list[tuple[str, ...]]:
    """Every set of up to three failures that takes the load down, none of which holds another."""
    reference = Reference(plan)
    own = {pair for pair in reference.fed if pair[0] == load}
    if own - reference.holding(frozenset()):
        return []
    found: list[tuple[str, ...]] = []
    units = [node for node in sorted(plan.kinds) if plan.unit(node) and node != load]
    for size in (1, 2, 3):
        sets = [each for each in combinations(units, size) if not any(set(cut) <= set(each) for cut in found)]
        found += [each for each in sets if own - reference.holding(frozenset(each))]
    return found
