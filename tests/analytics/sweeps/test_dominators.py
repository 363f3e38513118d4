"""Single points of failure: dominators equal networkx's, and what dominates a supply is what takes it down alone."""

from __future__ import annotations

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analytics.supply_graph import SupplyGraph
from analytics.sweeps.dominators import UNREACHED, flow_of, immediate_dominators
from analytics.sweeps.points import single_points
from ontology.namespaces import DCX
from tests.analytics.reference import Plan, Reference
from tests.analytics.sites import NOW, SITE, TWO_SIDES, graph_of, site
from tests.analytics.test_against_reference import SITES, redundant
from tests.support.random_cases import tried

EXAMPLES = tried(300)


@st.composite
def digraphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]], list[int]]:
    """Any directed graph of up to 14 vertices, loops of any kind among them, and one to three sources."""
    size = draw(st.integers(1, 14))
    vertex = st.integers(0, size - 1)
    edges = draw(st.lists(st.tuples(vertex, vertex), max_size=3 * size))
    return size, edges, sorted(draw(st.sets(vertex, min_size=1, max_size=3)))


@EXAMPLES
@given(graph=digraphs())
def test_dominators_equal_networkx(graph: tuple[int, list[tuple[int, int]], list[int]]) -> None:
    """Of any graph, with parallel edges, self-loops, loops that are entered in several places, and parts that no source reaches."""
    size, edges, sources = graph
    order = sorted(edges)
    starts = np.searchsorted([u for u, _ in order], np.arange(size + 1)).astype(np.int32)
    targets = np.array([v for _, v in order], dtype=np.int32)

    found = immediate_dominators(flow_of(starts, targets, np.array(sources, np.int32)), size)

    peer = nx.DiGraph([*edges, *(("root", source) for source in sources)])
    above = {vertex: dominator for vertex, dominator in nx.immediate_dominators(peer, "root").items() if vertex != "root"}
    expected = {vertex: vertex if dominator == "root" else dominator for vertex, dominator in above.items()}
    assert {vertex: int(found[vertex]) for vertex in range(size) if found[vertex] != UNREACHED} == expected


def test_the_single_points_of_a_rack_are_all_that_every_way_to_it_leads_through() -> None:
    """Single hangs by UPS-A and its utility, Dual by nothing; each UPS by its utility."""
    found = single_points(site(TWO_SIDES), NOW)

    power = DCX + "Power"
    assert found.of(SITE + "Single") == {power: (SITE + "UPS-A", SITE + "Utility-A")}
    assert found.of(SITE + "Dual") == {power: ()}
    assert found.of(SITE + "UPS-B") == {power: (SITE + "Utility-B",)}


@EXAMPLES
@given(plan=SITES)
@example(plan=redundant(605))  # what is not live has a supply that holds, and needs three for it
def test_single_points_equal_the_reference_and_dominators_where_they_apply(plan: Plan) -> None:
    """Every supply that holds, every failure unit but its own node: whether the reference says that it falls with that one alone."""
    graph, reference = graph_of(plan), Reference(plan)

    found = single_points(graph, NOW, dominators=False)

    before = reference.holding(frozenset())
    units = [node for node in sorted(plan.kinds) if plan.unit(node)]
    expected = {pair: tuple(u for u in units if u != pair[0] and pair not in reference.holding(frozenset({u}))) for pair in sorted(before)}
    told = {
        (graph.id(node).removeprefix(SITE), graph.media[medium].rpartition("#")[2]): tuple(
            graph.id(cause).removeprefix(SITE) for cause in found.cause[first:last].tolist()
        )
        for node, medium, first, last in zip(found.node.tolist(), found.medium.tolist(), found.at[:-1], found.at[1:], strict=True)
    }
    assert expected == told
    best = single_points(graph, NOW)
    assert np.array_equal(found.at, best.at)
    assert np.array_equal(found.cause, best.cause)


@tried(100)
@given(graph=digraphs())
def test_dominators_tell_the_single_points_of_any_graph_where_one_supplier_is_enough(
    graph: tuple[int, list[tuple[int, int]], list[int]],
) -> None:
    """One medium, any one supplier: both ways agree, with loops too."""
    size, edges, _ = graph
    source, target = np.array(edges, dtype=np.int32).reshape(-1, 2).T
    plain = SupplyGraph.from_edges([f"urn:{n:02}" for n in range(size)], source, target, at_least=1)

    by_tree, by_failing = (single_points(plain, NOW, dominators=way) for way in (True, False))

    assert np.array_equal(by_tree.at, by_failing.at)
    assert np.array_equal(by_tree.cause, by_failing.cause)


def test_dominators_are_refused_where_they_do_not_apply() -> None:
    """A bus that needs two of its feeds falls with either, and neither dominates it."""
    graph = site(
        """
        :A a dcx:Utility_Feed ; dcx:feedsPower :Bus . :B a dcx:Utility_Feed ; dcx:feedsPower :Bus .
        :Bus a dcx:Switchboard ; dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 2 ] ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .
        """
    )

    assert single_points(graph, NOW).of(SITE + "Rack")["https://w3id.org/ridethrough/ontology#Power"] == (
        SITE + "A",
        SITE + "B",
        SITE + "Bus",
    )
    with pytest.raises(ValueError, match="dominators do not tell"):
        single_points(graph, NOW, dominators=True)
