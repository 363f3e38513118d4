"""The drawing around an entity: levels below the sources, sides, cooling under power, and the same place in every view."""

from __future__ import annotations

import time

from analytics.layout import GraphView, layout
from analytics.supply import compile_supply
from tests.analytics.sites import SITE, snapshot_of, vocabulary

TWO_SIDES = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS-A, :UPS-B, :Chiller .
:UPS-A a dcx:UPS ; dcx:feedSide "A" ; dcx:feedsPower :PDU-A . :UPS-B a dcx:UPS ; dcx:feedSide "B" ; dcx:feedsPower :PDU-B .
:PDU-A a dcx:PDU ; dcx:feedsPower :R1, :R2 . :PDU-B a dcx:PDU ; dcx:feedsPower :R1 .
:Chiller a brick:Chiller ; dcx:feedsLiquidCooling :CRAH . :CRAH a brick:CRAH ; dcx:feedsAirCooling :R1, :R2 .
:R1 a brick:ICT_Rack ; dcx:hasTenant :Acme . :R2 a brick:ICT_Rack . :Acme a dcx:Tenant .
"""


def drawn(turtle: str, around: str, hops: int = 2, limit: int = 300) -> GraphView:
    """The view around one thing of a site."""
    snapshot = snapshot_of(turtle)
    return layout(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), SITE + around, hops, limit)


def places(view: GraphView) -> dict[str, tuple[int, float, float]]:
    """Level, x and y by name."""
    return {node.id.removeprefix(SITE): (node.level, node.x, node.y) for node in view.nodes}


def test_sources_stand_on_top_a_left_b_right_and_cooling_under_power() -> None:
    """Levels: Utility 0, UPS and chiller 1, PDU and CRAH 2, racks 3; a UPS hands its side down to its PDU."""
    at = places(drawn(TWO_SIDES, "R1", hops=6))

    assert {name: level for name, (level, _, _) in at.items() if name != "Acme"} == {
        "Utility": 0, "UPS-A": 1, "UPS-B": 1, "Chiller": 1, "PDU-A": 2, "PDU-B": 2, "CRAH": 2, "R1": 3, "R2": 3,
    }  # fmt: skip
    assert at["UPS-A"][1] < 0 < at["UPS-B"][1]
    assert at["PDU-A"][1] < 0 < at["PDU-B"][1]
    assert at["Utility"][1] == at["Chiller"][1] == 0
    assert at["UPS-A"][2] < at["Chiller"][2] < at["PDU-A"][2]


def test_a_view_holds_what_is_within_the_hops_and_says_what_it_hides() -> None:
    """One hop around PDU-A: its UPS and both racks; R1 has two more suppliers that are not drawn, R2 one."""
    view = drawn(TWO_SIDES, "PDU-A", hops=1)

    assert {node.id.removeprefix(SITE): node.hidden for node in view.nodes} == {"PDU-A": 0, "R1": 2, "R2": 1, "UPS-A": 1}
    assert [(e.source.removeprefix(SITE), e.target.removeprefix(SITE)) for e in view.edges] == [
        ("PDU-A", "R1"),
        ("PDU-A", "R2"),
        ("UPS-A", "PDU-A"),
    ]
    assert view.truncated == 0


def test_the_limit_keeps_suppliers_first_and_counts_what_it_leaves_out() -> None:
    """Two of four: the centre, then the supplier before the racks."""
    view = drawn(TWO_SIDES, "PDU-A", hops=1, limit=2)

    assert [node.id.removeprefix(SITE) for node in view.nodes] == ["PDU-A", "UPS-A"]
    assert view.truncated == 2


def test_an_order_among_neighbours_is_the_same_in_every_view() -> None:
    """Whatever the centre, two things of one level keep their order and their level."""
    one, other = places(drawn(TWO_SIDES, "PDU-A", hops=3)), places(drawn(TWO_SIDES, "CRAH", hops=3))

    assert (one["R1"][1] < one["R2"][1]) == (other["R1"][1] < other["R2"][1])
    assert {name: one[name][0] for name in one.keys() & other.keys()} == {name: other[name][0] for name in one.keys() & other.keys()}


def test_a_ring_has_levels_too() -> None:
    """Two buses of one source with a tie: the buses stand level, the tie below them, the racks below the buses."""
    at = places(
        drawn(
            """
            :S a dcx:Utility_Feed ; dcx:feedsPower :B1, :B2 . :T a dcx:Tie_Breaker ; dcx:ties :B1, :B2 .
            :B1 a brick:Switchgear ; dcx:feedsPower :R . :B2 a brick:Switchgear . :R a brick:ICT_Rack .
            """,
            "T",
            hops=4,
        )
    )

    assert {name: level for name, (level, _, _) in at.items()} == {"S": 0, "B1": 1, "B2": 1, "T": 2, "R": 2}


def test_what_plays_no_part_in_supply_is_drawn_with_what_it_is_related_to() -> None:
    """A tenant stands by its rack, one level below, with the relation that joins them."""
    view = drawn(TWO_SIDES, "Acme", hops=1)

    assert places(view).keys() == {"Acme", "R1"}
    assert [(e.predicate.rpartition("#")[2], e.medium) for e in view.edges] == [("hasTenant", None)]
    assert places(view)["Acme"][0] == 4


def test_ten_thousand_nodes_are_laid_out_within_a_second() -> None:
    """One feed over 100 PDUs over 9,899 racks: 10,000 nodes. The second view costs no placement."""
    racks = "".join(f":P{i % 100} dcx:feedsPower :R{i} . :R{i} a brick:ICT_Rack .\n" for i in range(9899))
    snapshot = snapshot_of(
        "".join(f":F dcx:feedsPower :P{i} . :P{i} a dcx:PDU .\n" for i in range(100)) + racks + ":F a dcx:Utility_Feed ."
    )
    supply = compile_supply(snapshot, vocabulary())
    layout(snapshot, vocabulary(), supply, SITE + "F", 1, 10)

    start = time.process_time()
    view = layout(snapshot, vocabulary(), supply, SITE + "F", 5, 10_000)

    assert time.process_time() - start < 1.0
    assert (len(view.nodes), len(view.edges), view.truncated) == (10_000, 9_999, 0)
