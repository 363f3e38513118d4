"""Every single failure of a site in one sweep tells what each alone would: equipment, rooms, paths, groups."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
from hypothesis import given, reject
from hypothesis import strategies as st

from analytics.impact import OutcomeKind, Told, impact
from analytics.supply import compile_supply
from analytics.sweeps.single import By, Loss, exposed_by, n1
from analytics.sweeps.units import UnitKind, Units, units_of
from tests.analytics.reference import Plan, Reference
from tests.analytics.sites import NOW, SITE, graph_of, snapshot_of, vocabulary
from tests.analytics.sweeps.loads import loaded
from tests.analytics.test_against_reference import SITES
from tests.support.random_cases import tried

EXAMPLES = tried(300)
HALL = """
:Hall a dcx:Data_Hall ; rdfs:label "Hall" . :Yard a rec:OutdoorSpace . :Floor a rec:Level ; rec:hasPart :Hall .
:Row a dcx:Rack_Row ; rec:isPartOf :Hall .
:Utility-A a dcx:Utility_Feed ; dcx:feedsPower :Trafo-A ; brick:hasLocation :Yard .
:Utility-B a dcx:Utility_Feed ; dcx:feedsPower :UPS-B ; brick:hasLocation :Yard .
:Trafo-A a brick:Transformer ; dcx:feedsPower :UPS-A .
:UPS-A a dcx:UPS ; dcx:feedSide "A" ; dcx:feedsPower :Panel-A .
:UPS-B a dcx:UPS ; dcx:feedSide "B" ; dcx:feedsPower :Panel-B ; brick:hasPart :Module .
:Module a dcx:UPS ; brick:hasLocation :Hall .
:Panel-A a dcx:Remote_Power_Panel ; dcx:feedsPower :Rack-1, :Rack-2, :Tie .
:Panel-B a dcx:Remote_Power_Panel ; dcx:feedsPower :Rack-1, :Rack-2, :Rack-3 .
:Tie a dcx:Tie_Breaker ; dcx:ties :Panel-A, :Panel-B .
:Rack-1 a brick:ICT_Rack ; brick:hasLocation :Row . :Rack-2 a brick:ICT_Rack ; brick:hasLocation :Row .
:Rack-3 a brick:ICT_Rack .
:S1 a brick:Server ; dcx:mountedIn :Rack-1 ; brick:isFedBy :Rack-1 ; dcx:allocatedPower [ brick:value 2 ; brick:hasUnit unit:KiloW ] .
:S2 a brick:Server ; dcx:mountedIn :Rack-2 ; brick:isFedBy :Rack-2 ; dcx:allocatedPower [ brick:value 3 ; brick:hasUnit unit:KiloW ] .
:S3 a brick:Server ; dcx:mountedIn :Rack-3 ; brick:isFedBy :Rack-3 ; dcx:allocatedPower [ brick:value 4 ; brick:hasUnit unit:KiloW ] .
:Web a dcx:Service ; brick:isFedBy :S1, :S2 ; dcx:hasTenant :T .
:Db a dcx:Service ; brick:isFedBy :S3 ; dcx:hasTenant :T .
:T a dcx:Tenant .
:Firmware a dcx:Common_Cause_Group ; dcx:hasMember :UPS-A, :UPS-B .
"""


def swept(turtle: str, *kinds: UnitKind) -> dict[str, Loss]:
    """Each single failure of a site by the last part of its id."""
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())
    singles = n1(graph, NOW, units_of(snapshot, vocabulary(), graph, kinds or tuple(UnitKind)))
    losses = [singles.loss(unit) for unit in range(len(singles.units))]
    return {loss.failed[0].id.removeprefix(SITE): loss for loss in losses}


def counts(loss: Loss) -> tuple[int, int, int, float]:
    return loss.racks, loss.services, loss.tenants, loss.it_load_kw


def test_each_piece_of_equipment_takes_down_what_hangs_by_it_alone() -> None:
    """Rack-3 hangs on side B alone: its server draws 4 kW and runs Db of tenant T. Racks 1 and 2 have both sides. Web runs on S1 or S2.
    A rack or a server that fails is down itself."""
    found = swept(HALL, UnitKind.EQUIPMENT)

    assert {name: counts(loss) for name, loss in found.items() if loss.supplies} == {
        "Utility-B": (1, 1, 1, 4.0),
        "UPS-B": (1, 1, 1, 4.0),
        "Panel-B": (1, 1, 1, 4.0),
        "Utility-A": (0, 0, 0, 0.0),
        "Trafo-A": (0, 0, 0, 0.0),
        "UPS-A": (0, 0, 0, 0.0),
        "Rack-3": (1, 1, 1, 4.0),
        "S3": (0, 1, 1, 4.0),
        "Rack-1": (1, 0, 0, 2.0),
        "Rack-2": (1, 0, 0, 3.0),
    }
    assert [name for name, loss in found.items() if not loss.supplies and loss.weakens] == ["Panel-A", "S1", "S2"]


def test_a_room_fails_with_all_that_is_in_it_and_what_is_mounted_in_that() -> None:
    """The hall holds the module by its own location, row, racks 1 and 2 by the row, S1 and S2 by their racks: 5 nodes of the supply graph.

    They fail themselves: 2 racks and 2 + 3 kW; Web ran on S1 and S2 alone. The yard holds both utilities: everything is dark, 9 kW.
    The UPS's module stands in the hall, so it does not fail with a room of the UPS. The floor is no room.
    """
    found = swept(HALL, UnitKind.ROOM)

    assert {name: (loss.nodes, *counts(loss)) for name, loss in found.items()} == {"Hall": (4, 2, 1, 1, 5.0), "Yard": (2, 3, 2, 1, 9.0)}


def test_a_path_is_its_side_handed_down_the_power_chain_and_up_to_what_feeds_it_alone() -> None:
    """A: UPS-A by its word; Panel-A hangs on A alone (the tie is not followed); Trafo-A and then Utility-A feed A alone. B: UPS-B, Panel-B,
    Utility-B. Losing A costs nothing; losing B costs Rack-3 and 4 kW: racks are loads, and belong to no path."""
    found = swept(HALL, UnitKind.PATH)

    assert {name: (loss.nodes, *counts(loss)) for name, loss in found.items()} == {"A": (4, 0, 0, 0, 0.0), "B": (3, 1, 1, 1, 4.0)}


def test_a_common_cause_takes_all_its_members_and_supplies_nothing() -> None:
    """Both UPSs by one firmware: 2 + 3 + 4 kW, three racks, both services. The group itself is no node of the supply graph."""
    found = swept(HALL, UnitKind.GROUP)

    assert {name: (loss.nodes, *counts(loss)) for name, loss in found.items()} == {"Firmware": (2, 3, 2, 1, 9.0)}
    assert compile_supply(snapshot_of(HALL), vocabulary()).find(SITE + "Firmware") is None


def test_what_is_dark_already_is_not_taken_down_by_its_own_failure() -> None:
    """Rack-1 (50 kW) is behind an open breaker, Rack-2 (10 kW) is up: the worst failure is that of Rack-2 or what feeds it, not Rack-1;
    the room of both takes down Rack-2 alone."""
    kw = "brick:hasUnit unit:KiloW"
    found = swept(
        f"""
        :U a dcx:Utility_Feed ; dcx:feedsPower :Q, :Rack-2 .
        :Q a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :Rack-1 .
        :Rack-1 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 50 ; {kw} ] ; dcx:hasTenant :T ; brick:hasLocation :Hall .
        :Rack-2 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10 ; {kw} ] ; brick:hasLocation :Hall .
        :Hall a dcx:Data_Hall . :T a dcx:Tenant .
        """,
        UnitKind.EQUIPMENT,
        UnitKind.ROOM,
    )

    assert {name: counts(loss) for name, loss in found.items()} == {
        "U": (1, 0, 0, 10.0),
        "Q": (0, 0, 0, 0.0),
        "Rack-1": (0, 0, 0, 0.0),
        "Rack-2": (1, 0, 0, 10.0),
        "Hall": (1, 0, 0, 10.0),
    }


def test_failures_are_ranked_by_what_was_asked_ties_in_order_of_ids() -> None:
    """By kW: the yard and the firmware take 9 each, the yard more supplies; the hall has 5 in it. Of what takes 4 kW and a rack
    the utility takes most supplies; the panel and path B take the same, and equipment is listed first. Rack-3 takes itself, too."""
    snapshot = snapshot_of(HALL)
    graph = compile_supply(snapshot, vocabulary())
    singles = n1(graph, NOW, units_of(snapshot, vocabulary(), graph))

    first = [singles.loss(unit).failed[0].id.removeprefix(SITE) for unit in singles.ranked(By.KW)[:8].tolist()]

    assert first == ["Yard", "Firmware", "Hall", "Utility-B", "UPS-B", "Panel-B", "B", "Rack-3"]


def test_what_is_left_without_redundancy_is_told_where_asked() -> None:
    """UPS-A gone: racks 1 and 2 now hang by side B, with S1 and S2 in them (5 kW)."""
    graph = compile_supply(snapshot_of(HALL), vocabulary())
    ups = graph.find(SITE + "UPS-A")
    assert ups is not None

    told = exposed_by(graph, NOW, [ups])

    assert (told.racks, told.it_load_kw) == (2, 5.0)


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_every_row_equals_the_blast_radius_of_that_failure_alone(plan: Plan, data: st.DataObject) -> None:
    """Whatever hangs on the nodes: counts, kW and whether anything lost a spare are those of `impact`, one failure after the other."""
    graph = loaded(graph_of(plan), data)

    singles = n1(graph, NOW)

    for unit in range(len(singles.units)):
        loss = singles.loss(unit)
        answer = impact(graph, [loss.failed[0].id], NOW)
        lost, kinds = OutcomeKind.LOST, [o.outcome for o in answer.outcomes]
        totals, itself = answer.totals, answer.failed_itself
        assert (loss.supplies, loss.racks, loss.services, loss.tenants, loss.it_load_kw, loss.weakens) == (
            kinds.count(lost),
            totals.racks[lost] + itself.racks,
            totals.services[lost] + itself.services,
            totals.tenants[lost] + itself.tenants,
            totals.it_load_kw[lost] + itself.it_load_kw,
            any(kind is not lost for kind in kinds),
        )


@tried(100)
@given(plan=SITES, data=st.data())
def test_twins_are_counted_each_though_one_is_run(plan: Plan, data: st.DataObject) -> None:
    """Every node twice, the copy fed by the same and feeding the same: each row still equals `impact`, for units of several nodes too."""
    graph = loaded(graph_of(doubled(plan)), data)
    size = len(graph.nodes)
    if size < 3:
        reject()
    both = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=2, max_size=3), label="fail together"))
    lists = [*([node] for node in range(size)), both]
    at = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    kind, named = np.array([0] * size + [3], np.int32), np.array([*range(size), 0], np.int32)

    singles = n1(graph, NOW, Units(graph, kind, named, (("urn:both", ""),), at, np.array([*chain(*lists)], np.int32)))

    for unit in range(size + 1):
        loss = singles.loss(unit)
        answer = impact(graph, [graph.id(node) for node in lists[unit]], NOW, told=Told.OUTCOMES)
        lost = OutcomeKind.LOST
        kinds, totals, itself = [o.outcome for o in answer.outcomes], answer.totals, answer.failed_itself
        assert (loss.supplies, loss.racks, loss.services, loss.tenants, loss.it_load_kw, loss.weakens) == (
            kinds.count(lost),
            totals.racks[lost] + itself.racks,
            totals.services[lost] + itself.services,
            totals.tenants[lost] + itself.tenants,
            totals.it_load_kw[lost] + itself.it_load_kw,
            any(kind is not lost for kind in kinds),
        )


def doubled(plan: Plan) -> Plan:
    """A site in which each node but switches and groups has a copy."""
    twice = {node for node, kind in plan.kinds.items() if kind not in ("switch", "group")}
    kinds = plan.kinds | {f"{node}b": plan.kinds[node] for node in twice}

    def copies(node: str) -> tuple[str, ...]:
        return (node, f"{node}b") if node in twice else (node,)

    feeds = {(a, b, medium) for u, v, medium in plan.feeds for a in copies(u) for b in copies(v)}
    needs = [replace(need, node=node) for need in plan.needs for node in copies(need.node)]
    return replace(plan, kinds=kinds, feeds=feeds, needs=needs)


@EXAMPLES
@given(plan=SITES)
def test_every_failure_takes_down_as_many_supplies_as_the_reference_says(plan: Plan) -> None:
    """Loops, ties, groups and several media: what held before and does not hold without the one node, its own supplies left out."""
    graph, reference = graph_of(plan), Reference(plan)

    singles = n1(graph, NOW)

    found = {singles.units.unit(unit).id.removeprefix(SITE): int(singles.lost.pairs[unit]) for unit in range(len(singles.units))}
    before = reference.holding(frozenset())
    units = [node for node in plan.kinds if plan.unit(node) and graph.find(SITE + node) is not None]
    assert found == {node: sum(pair[0] != node for pair in before - reference.holding(frozenset({node}))) for node in units}
