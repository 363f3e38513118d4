"""Feeds that come and go, numbers of requirements and ratings are put into a supply graph: it is then what would be compiled anew."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, reject
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.impact import impact
from analytics.reuse import Compiled, carried_over, compiled
from analytics.state import Plant, kept_plants, plant
from graph.changes import ChangeSet
from graph.snapshot import EPOCH, Snapshot
from ontology.namespaces import BRICK, DCX, XSD
from ontology.terms import KeyQuad, QuadBlock
from tests.analytics.sites import NOW, SITE, snapshot_of, vocabulary
from tests.analytics.test_reuse import columns
from tests.support.random_cases import tried

EXAMPLES = tried(200)
NAMES = (
    "Utility-A",
    "Utility-B",
    "UPS-A",
    "UPS-B",
    "Panel-A",
    "Panel-B",
    "Rack-1",
    "Rack-2",
    "Rack-3",
    "S1",
    "S2",
    "S3",
    "Web",
    "Db",
    "Bus",
    "Tower",
    "Chiller-1",
    "Chiller-2",
    "Return",
)
TURTLE = """
:Utility-A a dcx:Utility_Feed ; dcx:feedsPower :UPS-A, :UPS-B .
:Utility-B a dcx:Utility_Feed ; dcx:feedsPower :UPS-B, :Panel-B .
:UPS-A a dcx:UPS ; dcx:feedsPower :Panel-A, :Panel-B ; dcx:ratedPower :Rating-A .
:UPS-B a dcx:UPS ; dcx:feedsPower :Panel-A, :Panel-B, :Bus .
:Rating-A brick:value 500 ; brick:hasUnit unit:KiloW .
:Panel-A a dcx:Remote_Power_Panel ; dcx:feedsPower :Rack-1, :Rack-2, :Rack-3, :S1 .
:Panel-B a dcx:Remote_Power_Panel ; dcx:feedsPower :Rack-1, :Rack-2, :Rack-3, :S1 .
:Panel-B dcx:ratedPower [ brick:value 90 ; brick:hasUnit unit:KiloW ] .
:Bus dcx:feedsPower :Panel-A, :UPS-B .
:Tie a dcx:Tie_Breaker ; dcx:ties :Panel-A, :Panel-B .
:Rack-1 a brick:ICT_Rack ; dcx:requires :Need-1 . :Rack-2 a brick:ICT_Rack . :Rack-3 a brick:ICT_Rack ; dcx:requires :Need-3 .
:Need-1 dcx:medium dcx:Power ; dcx:atLeast 1 . :Need-3 dcx:medium dcx:Power ; dcx:atLeast 1 ; dcx:among :Panel-A, :Panel-B .
:S1 a brick:Server ; dcx:mountedIn :Rack-1 ; dcx:feedsCompute :Web, :Db ; dcx:allocatedPower [ brick:value 2 ; brick:hasUnit unit:KiloW ] .
:S2 a brick:Server ; dcx:mountedIn :Rack-2 ; dcx:feedsCompute :Web, :Db . :Rack-2 dcx:feedsPower :S2, :S3 .
:S3 a brick:Server ; dcx:mountedIn :Rack-3 ; dcx:feedsCompute :Web, :Db . :Rack-3 dcx:feedsPower :S3, :S2 .
:Web a dcx:Service ; dcx:requires :Need-W . :Need-W dcx:medium dcx:Compute ; dcx:atLeast 2 .
:Db a dcx:Service .
:Tower a brick:Cooling_Tower ; dcx:feedsLiquidCooling :Chiller-1, :Chiller-2 .
:Chiller-1 a brick:Chiller ; dcx:feedsLiquidCooling :Coil-1, :Coil-2 .
:Chiller-2 a brick:Chiller ; dcx:feedsLiquidCooling :Coil-1, :Coil-2 .
:Coil-1 dcx:feedsLiquidCooling :Return . :Coil-2 dcx:feedsLiquidCooling :Return .
:Return dcx:feedsLiquidCooling :Chiller-2, :Spare .
"""
NO_LOOPS = "\n".join(line for line in TURTLE.splitlines() if not line.startswith((":Tie", ":Bus")))


@cache
def site(turtle: str) -> tuple[Snapshot, Compiled]:
    """The site, compiled, and its plant grounded."""
    snapshot = snapshot_of(turtle)
    found = compiled(snapshot, vocabulary())
    plant(found.graph, NOW)
    return snapshot, found


def after(turtle: str, added: list[KeyQuad], removed: list[KeyQuad]) -> tuple[Snapshot, ChangeSet]:
    """The site after an exact change."""
    snapshot = site(turtle)[0]
    change = snapshot.exact(ChangeSet(QuadBlock.of(added), QuadBlock.of(removed)))
    return snapshot.apply(change, 2, EPOCH), change


def graph_of_facts() -> str:
    """The named graph that the site's facts are in."""
    return next(iter(site(TURTLE)[0].quads()))[3]


def number(of: int) -> str:
    """A whole number as a literal."""
    return f'"{of}"^^{XSD}integer'


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[KeyQuad], list[KeyQuad]]:
    """Feeds, numbers and ratings that come and go."""
    names, graph = st.sampled_from(NAMES), graph_of_facts()
    feeds = st.sampled_from([DCX + "feedsPower", DCX + "feedsPower", DCX + "feedsCompute", DCX + "feedsLiquidCooling"])
    cord = st.tuples(names.map(SITE.__add__), feeds, names.map(SITE.__add__), st.just(graph))
    known = [quad for quad in sorted(site(TURTLE)[0].quads()) if quad[1].startswith(DCX + "feeds")]
    numbers = [quad for quad in sorted(site(TURTLE)[0].quads()) if quad[1] in (DCX + "atLeast", BRICK + "value")]
    added, removed = draw(st.lists(cord, max_size=2)), draw(st.lists(st.sampled_from(known), max_size=2))
    if draw(st.booleans()):
        old = draw(st.sampled_from(numbers))
        added.append((*old[:2], number(draw(st.integers(-1, 4))), graph))
        removed.append(old)
    return added, removed


@EXAMPLES
@given(turtle=st.sampled_from([TURTLE, NO_LOOPS]), change=changes())
def test_what_is_put_in_is_what_would_be_compiled_anew(turtle: str, change: tuple[list[KeyQuad], list[KeyQuad]]) -> None:
    """Column by column, wires, counters and loops included, and so the answers; or nothing is carried over."""
    snapshot, exact = after(turtle, *change)

    carried = carried_over(site(turtle)[1], snapshot, [exact], vocabulary())

    if carried is None:
        reject()
    fresh = compiled(snapshot, vocabulary()).graph
    assert columns(carried.graph) == columns(fresh)
    assert electrical(carried) == electrical(Compiled(fresh, carried.reads, carried.terms))
    assert state(plant(carried.graph, NOW)) == state(plant(fresh, NOW))
    for name in ("UPS-A", "Panel-B", "S1"):
        assert impact(carried.graph, [SITE + name], NOW) == impact(fresh, [SITE + name], NOW)


def test_a_changed_rating_is_what_loads_are_held_against_though_the_plant_stays() -> None:
    """Without UPS B and panel B the 2 kW of server 1 come by UPS A alone: nothing on its 500 kW; at 1 kW twice its rating, and it trips."""
    rating, graph = (SITE + "Rating-A", BRICK + "value"), graph_of_facts()
    failed = [SITE + "UPS-B", SITE + "Panel-B"]
    before = impact(site(NO_LOOPS)[1].graph, failed, NOW)
    snapshot, exact = after(NO_LOOPS, [(*rating, number(1), graph)], [(*rating, number(500), graph)])

    carried = carried_over(site(NO_LOOPS)[1], snapshot, [exact], vocabulary())

    assert carried is not None
    found = impact(carried.graph, failed, NOW)
    assert before.trips == ()
    assert [(trip.id, trip.load_kw, trip.rated_kw) for trip in found.trips] == [(SITE + "UPS-A", 2.0, 1.0)]


def electrical(found: Compiled) -> list[list[float]]:
    """The columns of ratings, limits and draws."""
    columns = found.graph.electrical
    assert columns is not None
    return [each.tolist() for each in (columns.rated_kw, columns.limit_kw, columns.draw_kw)]


def state(found: Plant) -> list[list[int]]:
    """Wires, tally, and which slots are in one loop."""
    loops = [sorted(found.ring.members[a:b].tolist()) for a, b in zip(found.ring.members_at[:-1], found.ring.members_at[1:], strict=True)]
    wiring = found.wiring
    columns: list[NDArray[np.int32] | NDArray[np.uint8]] = [
        *found.base,
        found.returns,
        wiring.slot_node,
        wiring.pair_node,
        wiring.pair_slot,
    ]
    return [*(each.tolist() for each in wiring.wires), *(each.tolist() for each in columns), *sorted(loops)]


def put_in(added: list[KeyQuad], removed: list[KeyQuad] | None = None) -> tuple[bool, bool]:
    """Whether the graph is carried over a change of the site without loops, and whether its state is, too."""
    snapshot, exact = after(NO_LOOPS, added, removed or [])
    carried = carried_over(site(NO_LOOPS)[1], snapshot, [exact], vocabulary())
    kept = None if carried is None else kept_plants(carried.graph)
    return carried is not None, kept is not None and len(kept[1]) == 1


def test_ordinary_changes_are_put_in() -> None:
    """One cord more to rack 1, one less, another number of replicas, another rating. Not: the first cooling of a rack, a new feeder, the
    last feeder, a rating that is no number above 0, a number that asks for more than there is."""
    graph = graph_of_facts()

    def feeds(one: str, other: str, medium: str = "Power") -> KeyQuad:
        return (SITE + one, f"{DCX}feeds{medium}", SITE + other, graph)

    def says(of: str, predicate: str, value: int) -> KeyQuad:
        return (SITE + of, predicate, number(value), graph)

    needs, rated = DCX + "atLeast", BRICK + "value"

    assert put_in([feeds("UPS-B", "Rack-1")]) == (True, True)
    assert put_in([], [feeds("Panel-B", "Rack-1")]) == (True, True)
    assert put_in([says("Need-W", needs, 3)], [says("Need-W", needs, 2)]) == (True, True)
    assert put_in([says("Rating-A", rated, 400)], [says("Rating-A", rated, 500)]) == (True, True)
    assert put_in([feeds("Return", "Chiller-1", "LiquidCooling")]) == (False, False), "it becomes a return, and the tower all that counts"
    assert put_in([feeds("Rack-1", "UPS-B")]) == (False, False)
    assert put_in([feeds("UPS-A", "Rack-1", "AirCooling")]) == (False, False)
    assert put_in([(SITE + "New", DCX + "feedsPower", SITE + "Rack-1", graph)]) == (False, False)
    assert put_in([], [feeds("Utility-A", "UPS-A")]) == (False, False)
    assert put_in([says("Rating-A", rated, 0)], [says("Rating-A", rated, 500)]) == (False, False)
    assert put_in([says("Need-W", needs, 4)], [says("Need-W", needs, 2)]) == (False, False)


def test_a_change_that_closes_a_loop_is_put_in_and_grounded_anew() -> None:
    """Panel A feeds UPS-A, which feeds it: the graph is carried over, the state of the plant is not."""
    assert put_in([(SITE + "Panel-A", DCX + "feedsPower", SITE + "UPS-A", graph_of_facts())]) == (True, False)
