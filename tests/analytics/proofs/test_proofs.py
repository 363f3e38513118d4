"""What is proved of hand-made sites, and that a proof tries what the slow reference tries on random ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.proofs.certificate import Certificate
from analytics.proofs.components import places
from analytics.proofs.prove import Question, concurrently_maintainable, fault_tolerant
from analytics.supply import compile_supply
from analytics.sweeps.units import UnitKind
from graph.errors import GraphError, UnknownEntity
from ontology.namespaces import DCX
from tests.analytics.reference import Plan, Reference
from tests.analytics.sites import AT, NOW, SITE, TWO_SIDES, graph_of, site, snapshot_of, vocabulary
from tests.analytics.sweeps.loads import loaded
from tests.analytics.test_against_reference import SITES
from tests.support.random_cases import tried

EXAMPLES = tried(200)
KW = "brick:hasUnit unit:KiloW"
TWO_N = """
:Utility-A a dcx:Utility_Feed ; dcx:feedsPower :Main-A . :Utility-B a dcx:Utility_Feed ; dcx:feedsPower :Main-B .
:Main-A a brick:Circuit_Breaker ; dcx:feedsPower :UPS-A . :Main-B a brick:Circuit_Breaker ; dcx:feedsPower :UPS-B .
:UPS-A a dcx:UPS ; dcx:feedSide "A" ; dcx:feedsPower :Rack . :UPS-B a dcx:UPS ; dcx:feedSide "B" ; dcx:feedsPower :Rack .
:Rack a brick:ICT_Rack . :Server a brick:Server ; brick:isFedBy :Rack ; dcx:mountedIn :Rack ;
  dcx:allocatedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] .
"""


def maintainable(turtle: str, asked: Question | None = None) -> Certificate:
    """Concurrently maintainable, feed sides and all."""
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())
    return concurrently_maintainable(graph, NOW, places(snapshot, vocabulary(), graph, [UnitKind.PATH]), asked or Question())


def tolerant(turtle: str, asked: Question | None = None) -> Certificate:
    """Fault tolerant, rooms and all."""
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())
    groups, rooms = (places(snapshot, vocabulary(), graph, [kind]) for kind in (UnitKind.GROUP, UnitKind.ROOM))
    return fault_tolerant(graph, NOW, groups, rooms, asked or Question())


def breached(found: Certificate) -> list[str]:
    """What cannot be out, the smallest counter-example first."""
    return [breach.out.id.removeprefix(SITE) for breach in found.main.breaches]


def test_a_2n_site_is_concurrently_maintainable_and_fault_tolerant() -> None:
    """Six components (two utilities, mains and UPSs) and two feed sides; each rack keeps the other side. The rack and its server are IT."""
    held, stood = maintainable(TWO_N), tolerant(TWO_N)

    assert (held.holds, held.main.tried, held.main.breaches) == (True, {"equipment": 6, "path": 2}, ())
    assert (stood.holds, stood.main.tried, stood.main.breaches) == (True, {"equipment": 6}, ())
    assert (held.load.racks, held.load.equipment, held.load.it_load_kw) == (1, 1, 5.0)
    assert held.basis.revision == 1


def test_two_sides_that_meet_in_one_bus_fail_with_the_bus_as_counter_example() -> None:
    """Both UPSs feed one bus, the bus feeds the rack: the bus alone takes the rack's 5 kW down, by the chain bus, rack, server."""
    shared = TWO_N.replace("dcx:feedsPower :Rack", "dcx:feedsPower :Bus") + ":Bus a brick:Switchgear ; dcx:feedsPower :Rack ."

    found = maintainable(shared)

    assert not found.holds
    assert breached(found) == ["Bus"]
    assert found.main.breached == {"equipment": 1}
    example = found.main.counter_example
    assert example is not None
    assert (example.breach.lost.racks, example.breach.lost.equipment, example.breach.lost.it_load_kw) == (1, 1, 5.0)
    assert {o.id: o.path for o in example.outcomes} == {
        SITE + "Rack": (SITE + "Bus", SITE + "Rack"),
        SITE + "Server": (SITE + "Bus", SITE + "Rack", SITE + "Server"),
    }


def test_a_rack_with_one_cord_breaks_the_proof_and_a_proof_of_the_other_rack_holds() -> None:
    """Single hangs on side A alone: UPS-A and Utility-A take it down, the first by id is the counter-example. Dual has both sides."""
    found, dual = maintainable(TWO_SIDES), maintainable(TWO_SIDES, Question(load=[SITE + "Dual"]))

    assert breached(found) == ["UPS-A", "Utility-A"]
    assert dual.holds


@pytest.mark.parametrize(("needed", "holds"), [(2, True), (3, False)])
def test_n_plus_1_chillers_can_be_out_one_at_a_time_and_n_of_n_cannot(needed: int, holds: bool) -> None:
    """Three chillers, two needed: 3 - 1 = 2, it holds. Three needed: 2 < 3, each is a counter-example. Air and loops are double."""
    chillers = "".join(f":U{n} a dcx:Utility_Feed ; dcx:feedsPower :C{n} . :C{n} a brick:Air_Cooled_Chiller ." for n in (1, 2, 3))
    plant = f"""{chillers}
    :Set a dcx:Redundancy_Group ; dcx:hasMember :C1, :C2, :C3 ; dcx:requiredCount {needed} ; dcx:feedsLiquidCooling :L1, :L2 .
    :L1 a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :A1 . :L2 a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :A2 .
    :A1 a brick:CRAH ; dcx:feedsAirCooling :Rack . :A2 a brick:CRAH ; dcx:feedsAirCooling :Rack . :Rack a brick:ICT_Rack .
    """

    found = maintainable(plant)

    assert found.holds is holds
    assert breached(found) == ([] if holds else ["C1", "C2", "C3", "U1", "U2", "U3"])


def test_a_ring_with_its_tie_closed_survives_each_bus_and_with_it_open_does_not() -> None:
    """Source → Bus-1 ↔ tie ↔ Bus-2 ← source; a rack with two cords on each bus. Open: Bus-2 hangs by U2 alone: with U2 out Rack-2 is
    dark. Closed: Bus-2 has U1 by the tie. A bus itself takes its rack down in both; a second cord
    to the other bus mends that. Closing the tie first is as having it closed."""

    def ring(position: str, cords: str) -> str:
        return f"""
        :U1 a dcx:Utility_Feed ; dcx:feedsPower :Bus-1 . :U2 a dcx:Utility_Feed ; dcx:feedsPower :Bus-2 .
        :Bus-1 a brick:Switchgear ; dcx:feedsPower {cords} . :Bus-2 a brick:Switchgear ; dcx:feedsPower :Rack-2 .
        :Tie a dcx:Tie_Breaker ; dcx:ties :Bus-1, :Bus-2 ; dcx:normalPosition dcx:{position} .
        :Rack-1 a brick:ICT_Rack . :Rack-2 a brick:ICT_Rack .
        """

    assert breached(maintainable(ring("Open", ":Rack-1"))) == ["Bus-1", "Bus-2", "U1", "U2"]
    assert breached(maintainable(ring("Closed", ":Rack-1"))) == ["Bus-1", "Bus-2"]
    first = maintainable(ring("Open", ":Rack-1"), Question(close=[SITE + "Tie"]))
    assert breached(first) == ["Bus-1", "Bus-2"]
    assert first.notes[0].startswith("closed first, as a procedure would: urn:site:Tie;")
    assert breached(maintainable(ring("Closed", ":Rack-1, :Rack-2"))) == ["Bus-1"]


@pytest.mark.parametrize(("kw", "overload", "lost_racks"), [(90, False, 0), (105, True, 0), (120, True, 1)])
def test_a_side_that_cannot_carry_all_is_no_second_side(kw: int, overload: bool, lost_racks: int) -> None:
    """Two UPSs of 100 kW. 90 kW: one carries it. 105 kW: one is above its rating for ever. 120 kW: it trips, the rack is dark."""
    rated = "".join(f":{n} dcx:ratedPower [ brick:value 100 ; {KW} ] ." for n in "AB")
    found = maintainable(f"""
    :UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B .
    :A a dcx:UPS ; dcx:feedsPower :R . :B a dcx:UPS ; dcx:feedsPower :R . {rated}
    :R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value {kw} ; {KW} ] .
    """)

    assert found.holds is not overload
    assert breached(found) == (["A", "B", "UA", "UB"] if overload else [])
    assert {(breach.overloads, breach.lost.racks) for breach in found.main.breaches} == ({(True, lost_racks)} if overload else set())
    assert any(text.startswith("ratings count as far as the model states them") for text in found.notes)


def test_what_is_dark_before_is_told_and_no_proof_holds_over_it() -> None:
    """A third rack behind an open breaker: not all load is kept. Asked without it, it holds."""
    site_ = TWO_N + ":Main-A dcx:feedsPower :Off . :Off a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :Idle ."
    site_ += ":Idle a brick:ICT_Rack ."

    found, others = maintainable(site_), maintainable(site_, Question(load=[SITE + "Rack"]))

    assert (found.holds, found.main.holds, found.dark.racks, found.dark_ids) == (False, True, 1, (SITE + "Idle",))
    assert others.holds


def test_a_room_is_one_fault_on_a_line_of_its_own_and_a_common_cause_is_a_single_fault() -> None:
    """Both UPSs in one room: the room takes the rack down, no component does. One firmware on both is one fault of the main line."""
    room = ":Room a rec:Room . :UPS-A brick:hasLocation :Room . :UPS-B brick:hasLocation :Room ."
    firmware = ":Firmware a dcx:Common_Cause_Group ; dcx:hasMember :UPS-A, :UPS-B ."

    apart, together = tolerant(TWO_N + room), tolerant(TWO_N + firmware)

    assert apart.holds
    (rooms,) = apart.beside
    assert (rooms.holds, rooms.tried, [breach.out.id for breach in rooms.breaches]) == (False, {"room": 1}, [SITE + "Room"])
    assert breached(together) == ["Firmware"]
    assert together.main.breaches[0].nodes == 2


def test_it_is_taken_out_only_where_that_is_asked_for() -> None:
    """The rack out takes its server's 5 kW down."""
    found = maintainable(TWO_N, Question(it=True))

    assert breached(found) == ["Rack"]
    assert found.main.breaches[0].lost.it_load_kw == 5.0


def test_all_that_was_tried_is_named_where_that_is_asked_for() -> None:
    """In order: components by id, then paths."""
    found = maintainable(TWO_N, Question(ids=True))

    parts = ["Main-A", "Main-B", "UPS-A", "UPS-B", "Utility-A", "Utility-B"]
    assert found.main.ids == (*(SITE + part for part in parts), "A", "B")


def test_a_proof_needs_something_to_keep_and_names_that_the_twin_knows() -> None:
    """No IT load, or none that is fed: nothing is proved. An unknown load or medium is refused by name."""
    with pytest.raises(GraphError, match="nothing feeds the load in dcx:Network: nothing can be said of it"):
        maintainable(TWO_N, Question(media=["Network"]))
    with pytest.raises(GraphError, match="no rack, no IT equipment and no service; name what must stay up"):
        maintainable(":U a dcx:Utility_Feed ; dcx:feedsPower :B . :B a brick:Switchgear .")
    with pytest.raises(UnknownEntity, match="Nowhere"):
        maintainable(TWO_N, Question(load=[SITE + "Nowhere"]))
    with pytest.raises(UnknownEntity, match="Steam"):
        maintainable(TWO_N, Question(media=["Steam"]))
    with pytest.raises(GraphError, match="urn:site:UPS-A is no switch, so it cannot be closed first"):
        maintainable(TWO_N, Question(close=[SITE + "UPS-A"]))


def test_loads_that_nothing_feeds_are_told() -> None:
    """A rack on the drawing that is connected to nothing is neither up nor down."""
    found = maintainable(TWO_N + ":Idle a brick:ICT_Rack ; dcx:feedsPower :Lamp . :Lamp a brick:Lighting_Equipment .")

    assert found.notes[-1] == "nothing feeds 1 of the loads in these media (urn:site:Idle): nothing is said of them"


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_each_thing_out_takes_down_what_the_reference_says(plan: Plan, data: st.DataObject) -> None:
    """Loops, ties, groups, several media, loads at random: the same breaches with as many loads, in the promised order."""
    graph, reference = loaded(graph_of(plan), data), Reference(plan)
    medium = data.draw(st.sampled_from([None, "Power", "Network"]))
    load = {graph.id(node).removeprefix(SITE) for node in np.concatenate((graph.loads.racks, graph.loads.services, graph.loads.equipment))}
    if not any(v in load and medium in (None, m) for v, m in reference.fed):
        return  # refused: nothing feeds the load

    found = concurrently_maintainable(graph, NOW, None, Question(medium and [medium]))

    before = {pair for pair in reference.holding(frozenset()) if pair[0] in load and medium in (None, pair[1])}
    tried = [n for n in sorted(plan.kinds) if plan.unit(n) and n not in load and graph.find(SITE + n) is not None]
    lost = {n: {pair[0] for pair in before - reference.holding(frozenset({n}))} for n in tried}
    draw = dict(zip((graph.id(n).removeprefix(SITE) for n in graph.loads.equipment), graph.loads.equipment_kw, strict=True))
    order = sorted((n for n in tried if lost[n]), key=lambda n: (-sum(draw.get(each, 0.0) for each in lost[n]), -len(lost[n]), n))
    assert sum(found.main.tried.values()) == len(tried)
    assert breached(found) == order
    for breach in found.main.breaches:
        told = breach.lost
        wanted = lost[breach.out.id.removeprefix(SITE)]
        assert told.it_load_kw == pytest.approx(sum(draw.get(each, 0.0) for each in wanted))
    dark = {v for v, m in reference.fed - reference.holding(frozenset()) if v in load and medium in (None, m)}
    assert len(found.dark_ids) == min(len(dark), 20)
    assert found.holds is (not order and not dark)
    assert all(DCX in each for each in found.media)


def test_more_redundancy_never_breaks_a_proof() -> None:
    """A third side for the rack: what held still holds."""
    assert fault_tolerant(site(TWO_N + ":U3 a dcx:Utility_Feed ; dcx:feedsPower :Rack ."), NOW).holds


def test_a_proof_in_which_ratings_count_does_not_say_that_nothing_trips() -> None:
    """Either UPS of 3 kW carries 2.5 of the 5 kW; alone it would carry 5, 1.67 times its rating, and trip: the certificate counts that."""
    rated = "".join(f":UPS-{side} dcx:ratedPower [ brick:value 3 ; {KW} ] ." for side in "AB")
    found = maintainable(TWO_N + rated)

    assert not found.holds
    assert not [text for text in found.basis.assumed if "trip nothing here" in text]


def test_a_certificate_says_when_the_readings_that_it_stands_on_were_taken() -> None:
    """A meter read 30 s before the certificate's instant, which is midnight."""
    then = replace(NOW, power_kw={SITE + "UPS-A": 2.4}, power_at=AT - timedelta(seconds=30))
    rated = "".join(f":UPS-{side} dcx:ratedPower [ brick:value 9 ; {KW} ] ." for side in "AB")

    found = fault_tolerant(site(TWO_N + rated), then)

    assert any("good readings (taken at 23:59:30 UTC) of 1," in note for note in found.notes)
