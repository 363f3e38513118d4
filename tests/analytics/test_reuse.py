"""A supply graph carried over a change is the one that would be compiled anew; and what plays no part in supply does carry over."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.conditions import Conditions
from analytics.impact import impact
from analytics.reuse import Compiled, carried_over, compiled
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from graph.changes import ChangeSet
from graph.snapshot import EPOCH, LABEL, RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, DCX, UNIT
from ontology.terms import KeyQuad, QuadBlock
from ontology.vocabulary import load_vocabulary
from tests.support.random_cases import tried
from twin.demo.site import generate

DEMO = "urn:ridethrough:demo:"
POINT = f"{DEMO}new-point"
NOW = Conditions(datetime(2026, 3, 1, tzinfo=UTC))


@cache
def site() -> tuple[Snapshot, Compiled]:
    """The demo's site of few racks, compiled."""
    snapshot = Snapshot.of(generate(racks=8, seed=1), owners={})
    return snapshot, compiled(snapshot, load_vocabulary())


@cache
def facts() -> list[KeyQuad]:
    """What the site says, sorted."""
    return sorted(site()[0].quads())


def columns(graph: SupplyGraph) -> list[object]:
    """All that a supply graph says, in a form that can be compared."""
    parts = (graph.nodes, graph.edges, graph.requirements, graph.loads, graph.assumptions)
    found = [getattr(part, name) for part in parts for name in part.__slots__ if name not in {"class_of", "classes"}]
    labels = [graph.label(node) for node in range(len(graph.nodes))]
    classes = [graph.class_iri(node) for node in range(len(graph.nodes))]
    return [
        graph.revision,
        graph.media,
        labels,
        classes,
        *(each.tolist() if isinstance(each, np.ndarray) else list(each) for each in found),
    ]


def changed(added: list[KeyQuad], removed: list[KeyQuad]) -> tuple[Snapshot, ChangeSet]:
    """The site after an exact change."""
    change = site()[0].exact(ChangeSet(QuadBlock.of(added), QuadBlock.of(removed)))
    return site()[0].apply(change, 2, EPOCH), change


predicates = st.sampled_from(
    [
        RDF_TYPE,
        LABEL,
        BRICK + "hasPoint",
        BRICK + "feeds",
        DCX + "feedsPower",
        BRICK + "value",
        BRICK + "hasUnit",
        DCX + "hasTenant",
        "urn:p",
    ]
)
objects = st.sampled_from(
    [BRICK + "ICT_Rack", BRICK + "Temperature_Sensor", DCX + "UPS", UNIT + "KiloW", '"7"', f"{DEMO}UPS-A", POINT, DCX + "Service", "urn:o"]
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[KeyQuad], list[KeyQuad]]:
    """A few facts to add, about old things and new ones, and a few of the site's own to remove."""
    known = sorted({quad[0] for quad in facts()})
    subjects = st.sampled_from([*known, POINT, "urn:new"])
    graph = facts()[0][3]
    added = draw(st.lists(st.tuples(subjects, predicates, objects, st.just(graph)), max_size=3))
    return added, draw(st.lists(st.sampled_from(facts()), max_size=2))


@tried(60)
@given(changes())
def test_what_is_carried_over_is_what_would_be_compiled_anew(change: tuple[list[KeyQuad], list[KeyQuad]]) -> None:
    """Column by column, labels and classes of all nodes; or nothing is carried over."""
    after, exact = changed(*change)

    carried = carried_over(site()[1], after, [exact], load_vocabulary())

    assert carried is None or columns(carried.graph) == columns(compile_supply(after, load_vocabulary()))


def carries(added: list[KeyQuad], removed: list[KeyQuad] | None = None) -> bool:
    """Whether the graph outlives the change."""
    after, exact = changed(added, removed or [])
    return carried_over(site()[1], after, [exact], load_vocabulary()) is not None


def test_names_points_and_what_supply_does_not_read_change_nothing() -> None:
    """A label, a new point with its unit, a note: carried over. A feed, a rack, a switch's position: compiled anew."""
    ups, graph = f"{DEMO}UPS-A", facts()[0][3]

    assert carries([(ups, LABEL, '"The old one"', graph)])
    assert carries([(POINT, RDF_TYPE, BRICK + "Temperature_Sensor", graph), (ups, BRICK + "hasPoint", POINT, graph)])
    assert carries([(POINT, BRICK + "hasUnit", UNIT + "DEG_C", graph)])
    assert carries([(ups, "urn:note", '"painted"', graph)])
    assert not carries([(ups, DCX + "feedsPower", "urn:new", graph)])
    assert not carries([("urn:new", RDF_TYPE, BRICK + "ICT_Rack", graph)])
    assert not carries([(ups, RDF_TYPE, DCX + "Generator", graph)])
    assert not carries([], [next(quad for quad in facts() if quad[1] == DCX + "normalPosition")])
    assert not carries([], [next(quad for quad in facts() if quad[1] == BRICK + "value" and _states_power(quad[0]))])


def _states_power(node: str) -> bool:
    return any(quad[2] == node and quad[1] == DCX + "allocatedPower" for quad in facts())


def test_an_answer_names_things_as_the_newest_revision_does() -> None:
    """The UPS has a new name: the carried graph says the revision, the name, and knows what is new."""
    ups, graph = f"{DEMO}UPS-A", facts()[0][3]
    old = next(quad for quad in facts() if quad[:2] == (ups, LABEL))
    after, exact = changed([(ups, LABEL, '"The old one"', graph), (POINT, RDF_TYPE, BRICK + "Temperature_Sensor", graph)], [old])

    carried = carried_over(site()[1], after, [exact], load_vocabulary())

    assert carried is not None
    assert carried.graph.label(carried.graph.find(ups) or 0) == "The old one"
    assert impact(carried.graph, [ups], NOW).revision == 2
    assert impact(carried.graph, [POINT], NOW).failed == (POINT,)
