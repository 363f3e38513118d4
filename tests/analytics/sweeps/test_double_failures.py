"""Two failures at once: the pairs that are worse than the two apart, by hand and equal to trying every pair."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.impact import OutcomeKind, Told, impact
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.cuts import cut_sets
from analytics.sweeps.double import Doubles, infrastructure, n2
from analytics.sweeps.single import By, Loss
from analytics.sweeps.units import Units
from ontology.terms import Ids
from tests.analytics.reference import Plan
from tests.analytics.sites import NOW, SITE, TWO_SIDES, graph_of, site
from tests.analytics.sweeps.loads import loaded
from tests.analytics.test_against_reference import SITES, redundant
from tests.support.random_cases import tried

EXAMPLES = tried(60)
Counts = tuple[int, int, int, int, float]


def counted(loss: Loss) -> Counts:
    return loss.supplies, loss.racks, loss.services, loss.tenants, loss.it_load_kw


def by_name(found: Doubles) -> dict[str, Counts]:
    """What each harmful pair adds, by the last parts of its ids."""
    losses = [found.loss(row) for row in range(found.harmful)]
    return {"+".join(unit.id.removeprefix(SITE) for unit in loss.failed): counted(loss) for loss in losses}


def test_a_2n_site_loses_its_dual_corded_rack_by_one_of_each_side() -> None:
    """All units: 2 on side A times 2 on side B, each time the one rack; UPS and utility of one side do no more than the utility."""
    graph = site(TWO_SIDES)

    found = n2(graph, NOW, Units.equipment(graph))

    rack: Counts = (1, 1, 0, 0, 0.0)
    assert by_name(found) == {
        "UPS-A+UPS-B": rack,
        "UPS-A+Utility-B": rack,
        "UPS-B+Utility-A": rack,
        "Utility-A+Utility-B": rack,
    }
    assert (found.pairs, found.left_out) == (15, "")


RACKS_WITHOUT_SERVERS = """
:UA a dcx:Utility_Feed ; dcx:feedsPower :UPA . :UB a dcx:Utility_Feed ; dcx:feedsPower :UPB .
:UPA a dcx:UPS ; dcx:feedsPower :PA . :UPB a dcx:UPS ; dcx:feedsPower :PB .
:PA a dcx:PDU ; dcx:feedsPower :R1 , :R2 . :PB a dcx:PDU ; dcx:feedsPower :R1 , :R2 .
:R1 a brick:ICT_Rack . :R2 a brick:ICT_Rack ; dcx:feedsPower :S . :S a brick:ICT_Hardware .
"""


def test_infrastructure_is_what_feeds_anything_and_is_no_load_itself() -> None:
    """Utilities, UPSs and PDUs of both sides: the last power level of a site modelled down to its racks is among them; a rack that feeds a
    server is not, for it is a load."""
    graph = site(RACKS_WITHOUT_SERVERS)

    units, left_out = infrastructure(graph)

    assert [graph.id(node).removeprefix(SITE) for node in units.nodes.tolist()] == ["PA", "PB", "UA", "UB", "UPA", "UPB"]
    assert left_out == ""


def test_the_harmful_pairs_of_a_site_modelled_down_to_its_racks_are_the_cut_sets_of_a_rack() -> None:
    """Three levels on each side: any of the one with any of the other, 3 x 3 = 9 pairs."""
    graph = site(RACKS_WITHOUT_SERVERS)

    found = n2(graph, NOW)

    pairs = {tuple(sorted(unit.id for unit in found.loss(row).failed)) for row in range(found.harmful)}
    assert pairs == {tuple(sorted(cut)) for cut in cut_sets(graph, NOW, SITE + "R1").sets}
    assert len(pairs) == 9


def test_where_the_infrastructure_is_too_much_its_last_level_is_left_out_and_that_is_told() -> None:
    """With room for five of the six: the two PDUs feed racks only, which feed nothing. With room for three: the four that are left feed one
    thing each, so the first three in order of ids."""
    graph = site(RACKS_WITHOUT_SERVERS.replace(":R2 a brick:ICT_Rack ; dcx:feedsPower :S .", ":R2 a brick:ICT_Rack ."))
    told = {}

    for room in (5, 3):
        units, left_out = infrastructure(graph, room)
        told[room] = ([graph.id(node).removeprefix(SITE) for node in units.nodes.tolist()], left_out)

    assert told == {
        5: (["UA", "UB", "UPA", "UPB"], "2 of 6 pieces of infrastructure, those that feed nothing which feeds further"),
        3: (["UA", "UB", "UPA"], "3 of 6 pieces of infrastructure, those that feed least"),
    }


def test_a_closed_ring_falls_by_its_two_feeds_though_no_requirement_lost_two() -> None:
    """Each bus loses one supplier of two; but what is left is the other bus, and neither has a source any more."""
    graph = site(
        """
        :A a dcx:Utility_Feed ; dcx:feedsPower :Bus-A . :B a dcx:Utility_Feed ; dcx:feedsPower :Bus-B .
        :Bus-A a dcx:Switchboard ; dcx:feedsPower :Rack . :Bus-B a dcx:Switchboard . :Rack a brick:ICT_Rack .
        :Tie a dcx:Tie_Breaker ; dcx:normalPosition dcx:Closed ; dcx:ties :Bus-A, :Bus-B .
        """
    )

    assert by_name(n2(graph, NOW))["A+B"] == (4, 1, 0, 0, 0.0)


def test_pairs_are_ranked_and_ties_are_in_order_of_ids() -> None:
    """Four pairs take one rack each."""
    graph = site(TWO_SIDES)
    found = n2(graph, NOW, Units.equipment(graph))

    told = [tuple(unit.id.removeprefix(SITE) for unit in found.loss(row).failed) for row in found.ranked(By.RACKS).tolist()]

    assert told == [("UPS-A", "UPS-B"), ("UPS-A", "Utility-B"), ("UPS-B", "Utility-A"), ("Utility-A", "Utility-B")]


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_the_harmful_pairs_equal_those_of_trying_every_pair(plan: Plan, data: st.DataObject) -> None:
    """Loops, ties, groups and several media, units of one node and of several: what `impact` says of both less what it says of each."""
    graph = loaded(graph_of(plan), data)
    units = some_units(graph, data)

    found = n2(graph, NOW, units)

    rows = {(int(a), int(b)): row for row, (a, b) in enumerate(zip(found.first, found.second, strict=True))}
    expected = {
        (a, b): counts for a, b in combinations(range(len(units)), 2) if (counts := worse(graph, units.nodes_of(a), units.nodes_of(b)))
    }
    assert expected == {pair: counted(found.loss(row)) for pair, row in rows.items()}


def test_a_pair_counts_where_the_first_darkens_what_the_second_leaves_in_its_loop() -> None:
    """After the first alone a supply of something dark still holds; after the second alone that thing is live, in a loop."""
    graph = graph_of(redundant(100000001))
    units = Units.of_nodes(graph, np.arange(len(graph.nodes), dtype=np.int32))

    found = n2(graph, NOW, units)

    told = {(int(a), int(b)) for a, b in zip(found.first, found.second, strict=True)}
    assert (0, 9) in told
    assert told == {(a, b) for a, b in combinations(range(len(units)), 2) if worse(graph, units.nodes_of(a), units.nodes_of(b))}


def some_units(graph: SupplyGraph, data: st.DataObject) -> Units:
    """Every node alone, and two units of several."""
    size = len(graph.nodes)
    if size < 3:
        return Units.equipment(graph)
    several = [sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=2, max_size=3))) for _ in range(2)]
    lists = [[node] for node in range(size)] + several
    at = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    names = tuple((f"urn:several:{i}", "") for i in range(2))
    kind = np.array([0] * size + [3, 3], dtype=np.int32)
    return Units(graph, kind, np.array([*range(size), 0, 1], np.int32), names, at, np.array([*chain(*lists)], np.int32))


def worse(graph: SupplyGraph, one: Ids, two: Ids) -> Counts | None:
    """What both take down and neither alone; None where no supply."""
    together, first, second = (lost(graph, set(nodes)) for nodes in ({*one.tolist(), *two.tolist()}, one.tolist(), two.tolist()))
    supplies, racks, services, tenants, equipment = (all_ - a - b for all_, a, b in zip(together, first, second, strict=True))
    kw = dict(zip(graph.loads.equipment.tolist(), graph.loads.equipment_kw.tolist(), strict=True))
    total = round(sum(kw[node] for node in equipment), 3)
    return (len(supplies), len(racks), len(services), len(tenants), total) if supplies else None


def lost(graph: SupplyGraph, failed: set[int]) -> tuple[set[object], ...]:
    """The supplies, racks, services, tenants and equipment that a failure takes down: what has failed itself and was not down before
    among it."""
    loads = graph.loads
    answer = impact(graph, [graph.id(node) for node in failed], NOW, told=Told.OUTCOMES)
    supplies: set[object] = {(o.id, o.medium) for o in answer.outcomes if o.outcome is OutcomeKind.LOST}
    down = {graph.find(o.id) for o in answer.outcomes if o.outcome is OutcomeKind.LOST}
    fed = set(graph.edges.target.tolist()) | set(graph.requirements.node.tolist())
    down |= {rack for node, rack in loads.mounted.tolist() if node in down and rack not in fed}
    dark = set(plant(graph, NOW).dark_nodes.tolist())
    was = failed & (dark | {rack for node, rack in loads.mounted.tolist() if node in dark and rack not in fed})
    own = failed - was
    down |= own | {rack for node, rack in loads.mounted.tolist() if node in own and rack not in fed}
    down -= was
    owned: set[object] = {tenant for node, tenant in loads.owned.tolist() if node in down}
    of = (set[object](down & set(column.tolist())) for column in (loads.racks, loads.services))
    racks, services = of
    return supplies, racks, services, owned, set(down & set(loads.equipment.tolist()))
