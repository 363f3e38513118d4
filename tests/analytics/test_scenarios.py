"""Scenarios small enough to settle by hand: rooms, loops, opened and closed switches, isolation."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from analytics.impact import BlastRadius, impact_of
from analytics.moves import Move
from analytics.moving import case_of
from analytics.places import rooms_of
from analytics.scenario import Scenario
from analytics.supply import compile_supply
from graph.errors import GraphError, UnknownEntity
from tests.analytics.sites import NOW, SITE, snapshot_of, told, vocabulary

TWO_ROOMS = """
:Feed-A a dcx:Utility_Feed ; dcx:feedsPower :Q-A . :Feed-B a dcx:Utility_Feed ; dcx:feedsPower :Q-B .
:Q-A a brick:Circuit_Breaker ; dcx:feedsPower :Bus-A . :Q-B a brick:Circuit_Breaker ; dcx:feedsPower :Bus-B .
:Bus-A a brick:Switchgear ; brick:hasLocation :Room-A ; dcx:feedsPower :R1, :R2 .
:Bus-B a brick:Switchgear ; brick:hasLocation :Room-B ; dcx:feedsPower :R2 .
:Tie a dcx:Tie_Breaker ; dcx:ties :Bus-A, :Bus-B ; dcx:normalPosition dcx:Open .
:R1 a brick:ICT_Rack ; brick:hasLocation :Row . :R2 a brick:ICT_Rack ; brick:hasLocation :Row .
:Row a dcx:Rack_Row ; rec:isPartOf :Hall . :Hall a rec:Room . :Room-A a rec:ElectricityRoom . :Room-B a rec:ElectricityRoom .
:S1 a brick:Server ; dcx:mountedIn :R1 ; dcx:hasTenant :Acme ; dcx:allocatedPower [ brick:value 2 ; brick:hasUnit unit:KiloW ] .
:S2 a brick:Server ; dcx:mountedIn :R2 ; dcx:allocatedPower [ brick:value 3 ; brick:hasUnit unit:KiloW ] .
:R1 dcx:feedsPower :S1 . :R2 dcx:feedsPower :S2 ; dcx:hasTenant :Beta . :Acme a dcx:Tenant . :Beta a dcx:Tenant .
:S1 dcx:feedsCompute :Shop . :S2 dcx:feedsCompute :Shop . :Shop a dcx:Service .
"""


def ask(turtle: str, moves: tuple[Move, ...] = (), **parts: tuple[str, ...]) -> BlastRadius:
    """What becomes of a site in a scenario of the named things."""
    snapshot = snapshot_of(turtle)
    fails, opened, closed, isolated = (
        tuple(SITE + name for name in parts.get(part, ())) for part in ("fails", "opened", "closed", "isolated")
    )
    wanted = Scenario(fails, opened, closed, isolated, moves)
    case, after = case_of(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, wanted)
    return impact_of(case, rooms=rooms_of(after, vocabulary(), case.graph))


def names(ids: tuple[str, ...]) -> list[str]:
    """Without what all have in common."""
    return [each.removeprefix(SITE) for each in ids]


def test_a_room_fails_with_what_is_in_it_and_the_answer_names_that() -> None:
    """Room A holds Bus-A alone: 1 of 2 feeds of R2 is left, R1 had that one; the evidence is the bus, not the room."""
    answer = ask(TWO_ROOMS, fails=("Room-A",))

    assert (answer.failed, names(answer.resolved[0].ids), answer.resolved[0].kind) == ((SITE + "Room-A",), ["Bus-A"], "place")
    assert told(answer) == {
        "R1 Power": "LOST",
        "S1 Power": "LOST",
        "R2 Power": "NO_REDUNDANCY",
        "S2 Power": "NO_REDUNDANCY",
        "Shop Compute": "NO_REDUNDANCY",
        "Tie Power": "NO_REDUNDANCY",
    }
    assert {o.evidence for o in answer.outcomes} == {(SITE + "Bus-A",)}


def test_a_row_fails_with_its_racks_and_their_servers() -> None:
    """Two racks with a server each: the service is all that is left to be lost."""
    answer = ask(TWO_ROOMS, fails=("Row",))

    assert names(answer.resolved[0].ids) == ["R1", "R2", "S1", "S2"]
    assert told(answer) == {"Shop Compute": "LOST"}


@pytest.mark.parametrize("said", [":Sys brick:hasPart :P1, :P2 .", ":P1 brick:isPartOf :Sys . :P2 brick:isPartOf :Sys ."])
def test_a_system_fails_with_what_is_part_of_it(said: str) -> None:
    """Two pumps of one system, 1 of 2 needed: 2 - 2 = 0."""
    answer = ask(
        ":Sys a brick:Chilled_Water_System . :P1 a brick:Pump ; dcx:feedsLiquidCooling :CDU . "
        ":P2 a brick:Pump ; dcx:feedsLiquidCooling :CDU ."
        f":CDU a dcx:CDU . {said}",
        fails=("Sys",),
    )

    assert (answer.resolved[0].kind, names(answer.resolved[0].ids)) == ("system", ["P1", "P2"])
    assert told(answer) == {"CDU LiquidCooling": "LOST"}
    assert answer.outcomes[0].evidence == (SITE + "P1", SITE + "P2")


def test_an_aisle_that_is_fed_and_feeds_fails_as_itself() -> None:
    """The aisle gives no more air; the rack in it stands."""
    answer = ask(
        ":C a brick:CRAH ; dcx:feedsAirCooling :Aisle . :Aisle a dcx:Cold_Aisle ; dcx:feedsAirCooling :R ."
        ":R a brick:ICT_Rack ; brick:hasLocation :Aisle .",
        fails=("Aisle",),
    )

    assert (answer.resolved[0].kind, names(answer.resolved[0].ids)) == ("entity", ["Aisle"])
    assert told(answer) == {"R AirCooling": "LOST"}


def test_an_opened_breaker_is_not_broken_and_does_not_carry() -> None:
    """As if Q-A failed, 2 - 1 = 1 feed of R2 is left; but Q-A itself still has its supply, and stands open."""
    answer = ask(TWO_ROOMS, opened=("Q-A",))

    assert answer.failed == ()
    assert (told(answer)["R1 Power"], told(answer)["R2 Power"], told(answer)["Bus-A Power"]) == ("LOST", "NO_REDUNDANCY", "LOST")
    assert "Q-A Power" not in told(answer)
    assert {p.id.removeprefix(SITE): p.position for p in answer.positions} == {"Q-A": "open", "Q-B": "closed", "Tie": "open"}
    assert next(o.evidence for o in answer.outcomes if o.id == SITE + "R1") == (SITE + "Q-A",)


def test_a_tie_that_is_closed_first_tells_what_it_saves() -> None:
    """Q-A open: R1 dark, R2 with 1 of 2. The tie closed first: Bus-A lives by Bus-B; both racks are up and hang by Q-B."""
    answer = ask(TWO_ROOMS, opened=("Q-A",), closed=("Tie",))

    assert told(answer)["R1 Power"] == "NO_REDUNDANCY"
    assert ("R1", "LOST", "NO_REDUNDANCY") in [(b.id.removeprefix(SITE), b.without, b.outcome) for b in answer.better]
    assert {b.id.removeprefix(SITE) for b in answer.better} == {"Bus-A", "R1", "S1"}


def test_a_tie_that_is_closed_brings_back_what_was_dark() -> None:
    """Bus-B has no feed of its own: 0 of 1, with the tie 1 of 1."""
    answer = ask(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :A . :A a brick:Switchgear . :B a brick:Switchgear ; dcx:feedsPower :R ."
        ":R a brick:ICT_Rack ."
        ":G a dcx:Utility_Feed ; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :B ."
        ":Tie a dcx:Tie_Breaker ; dcx:ties :A, :B .",
        closed=("Tie",),
    )

    assert answer.outcomes == ()
    assert [(b.id.removeprefix(SITE), b.without, b.outcome) for b in answer.better] == [
        ("B", "DOWN_BEFORE", "UNAFFECTED"),
        ("R", "DOWN_BEFORE", "UNAFFECTED"),
    ]


def test_what_is_isolated_is_out_with_the_breakers_before_it_open() -> None:
    """Bus-A: Q-A and the tie can bring power to it, both are open for the work; nothing else hangs on Q-A."""
    answer = ask(TWO_ROOMS, isolated=("Bus-A",))

    assert [(names(r.ids), names(r.opens)) for r in answer.resolved] == [(["Bus-A"], ["Q-A", "Tie"])]
    assert told(answer)["R1 Power"] == "LOST"
    assert answer.assumed == ()


def test_a_breaker_that_is_opened_for_work_takes_what_else_hangs_on_it() -> None:
    """P1 and P2 share Q: work on P1 opens Q, so that P2 and its rack go dark, though P2 is fine."""
    answer = ask(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :P1, :P2 ."
        ":P1 a dcx:PDU . :P2 a dcx:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack .",
        isolated=("P1",),
    )

    assert told(answer) == {"P2 Power": "LOST", "R Power": "LOST"}
    assert {o.evidence for o in answer.outcomes} == {(SITE + "Q",)}


def test_what_no_switch_isolates_is_disconnected_at_its_terminals_and_said_to_be() -> None:
    """Nothing stands between the feed and the UPS: the feed stays on, and the answer says what was assumed."""
    answer = ask(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :U, :R2 . :U a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack . :R2 a brick:ICT_Rack .",
        isolated=("U",),
    )

    assert told(answer) == {"R Power": "LOST"}
    assert answer.assumed == ("urn:site:U is disconnected at its own terminals: no switch stands between it and urn:site:F",)


def turned(turtle: str, *order: str) -> tuple[str, str]:
    """A site under two sets of names, of which the order of ids is that given and the opposite."""

    def named(names: Sequence[str]) -> str:
        new = {name: f"{at}-{name}" for at, name in enumerate(names)}
        return re.sub(r"(?<!\w):([\w-]+)", lambda found: f":{new[found[1]]}", turtle)

    return named(order), named(order[::-1])


@pytest.mark.parametrize(
    "turtle",
    [
        # the board feeds the rack, and a box that feeds the rack: the box joins first, then the board feeds nothing else
        ":Q dcx:feedsPower :S . :S a brick:Switchgear ; dcx:feedsPower :R, :B . :B a dcx:PDU ; dcx:feedsPower :R .",
        # the same, but the board gives the box its network and another breaker gives it power
        ":Q dcx:feedsPower :S, :B . :S a dcx:PDU ; dcx:feedsPower :R ; dcx:feedsNetwork :B . :B a dcx:PDU ; dcx:feedsPower :R .",
    ],
)
def test_what_isolates_a_thing_is_the_same_whatever_things_are_called(turtle: str) -> None:
    """All that stands between Q and R feeds nothing but R: Q is opened, and R is not disconnected at its terminals. Under any names."""
    turtle += " :F a dcx:Utility_Feed ; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker . :R a brick:ICT_Rack ."
    for site, name in zip(turned(turtle, "B", "F", "Q", "R", "S"), ("3-R", "1-R"), strict=True):
        answer = ask(site, isolated=(name,))

        assert [opened[2:] for opened in names(answer.resolved[0].opens)] == ["Q"]
        assert not [text for text in answer.assumed if "terminals" in text]


def test_what_is_closed_between_isolated_equipment_and_a_live_board_is_named() -> None:
    """U between Q-In and Q-Out, its bypass Q-By closed around it: the board stays live, and with Q-Out closed it would feed back into U.
    With Q-Out opened too, or with the bypass open, nothing does."""
    site = (
        ":F a dcx:Utility_Feed ; dcx:feedsPower :Q-In, :Q-By . :Q-In a brick:Circuit_Breaker ; dcx:feedsPower :U . :U a dcx:UPS ;"
        " dcx:feedsPower :Q-Out . :Q-Out a brick:Circuit_Breaker ; dcx:feedsPower :Board . :Q-By a brick:Circuit_Breaker ;"
        " dcx:feedsPower :Board . :Board a brick:Switchgear ; dcx:feedsPower :R . :R a brick:ICT_Rack ."
    )

    closed = ask(site, isolated=("U",)).assumed
    safe = ask(site, isolated=("U",), opened=("Q-Out",)).assumed
    bypass_open = ask(site, isolated=("U",), opened=("Q-By",)).assumed

    assert closed == ("urn:site:U is isolated, and closed towards what stays live: urn:site:Q-Out; open it too (--open)",)
    assert safe == bypass_open == ()


def test_a_rack_of_two_cords_and_a_transfer_switch_feed_nothing_back() -> None:
    """Side A of a rack and of a transfer switch is isolated, side B carries both: neither hands power back into side A."""
    site = (
        ":A a dcx:Utility_Feed ; dcx:feedsPower :P . :P a dcx:PDU ; dcx:feedsPower :Q1, :Q2 . :Q1 a brick:Circuit_Breaker ;"
        " dcx:feedsPower :R . :Q2 a brick:Circuit_Breaker ; dcx:feedsPower :T . :B a dcx:Utility_Feed ; dcx:feedsPower :R, :T ."
        " :T a brick:Automatic_Transfer_Switch ; dcx:feedsPower :R2 . :R a brick:ICT_Rack . :R2 a brick:ICT_Rack ."
    )

    assert not [text for text in ask(site, isolated=("P",)).assumed if "stays live" in text]


def test_totals_are_told_by_room_tenant_service_and_class() -> None:
    """Room A gone: in the hall 1 rack and 2 kW are lost, 1 rack and 3 kW without redundancy; the kW of the rooms are those of the site."""
    answer = ask(TWO_ROOMS, fails=("Room-A",))
    parts = answer.parts

    assert parts is not None
    (hall,) = parts.rooms
    assert (hall.id, hall.outcome, hall.racks["LOST"], hall.racks["NO_REDUNDANCY"]) == (SITE + "Hall", "LOST", 1, 1)
    assert (hall.it_load_kw, hall.racks) == (answer.totals.it_load_kw, answer.totals.racks)
    assert (hall.services["NO_REDUNDANCY"], hall.tenants["LOST"], hall.tenants["NO_REDUNDANCY"]) == (1, 1, 1)
    assert [(t.id, t.outcome, t.it_load_kw["LOST"], t.it_load_kw["NO_REDUNDANCY"]) for t in parts.tenants] == [
        (SITE + "Acme", "LOST", 2.0, 0.0),
        (SITE + "Beta", "NO_REDUNDANCY", 0.0, 3.0),
    ]
    assert [(s.id, s.outcome) for s in parts.services] == [(SITE + "Shop", "NO_REDUNDANCY")]
    assert {(c.cls or "").rpartition("#")[2]: c.counts["LOST"] for c in parts.classes} == {
        "ICT_Rack": 1,
        "Server": 1,
        "Service": 0,
        "Tie_Breaker": 0,
    }


def test_what_is_in_no_room_is_a_row_of_its_own() -> None:
    """One rack and no room: the rooms still add up to the site."""
    parts = ask(":P a dcx:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack .", fails=("P",)).parts

    assert parts is not None
    assert [(room.id, room.racks["LOST"]) for room in parts.rooms] == [(None, 1)]


def test_a_scenario_that_contradicts_itself_or_names_what_cannot_be_is_refused() -> None:
    """One part for each thing, only switches are opened and closed, only what is there is named."""
    with pytest.raises(GraphError, match="urn:site:Q-A is named as opened and as closed"):
        ask(TWO_ROOMS, opened=("Q-A",), closed=("Q-A",))
    with pytest.raises(GraphError, match="urn:site:R1 is no switch, so it cannot be opened"):
        ask(TWO_ROOMS, opened=("R1",))
    with pytest.raises(UnknownEntity, match="urn:site:Nobody"):
        ask(TWO_ROOMS, isolated=("Nobody",))
    with pytest.raises(GraphError, match="nothing happens in this scenario"):
        ask(TWO_ROOMS)


def test_what_changes_nothing_is_said_to() -> None:
    """A tie that is open is opened, a closed breaker closed, an empty room fails."""
    answer = ask(TWO_ROOMS + ":Empty a rec:Room .", fails=("Empty",), opened=("Tie",), closed=("Q-A",))

    assert answer.outcomes == ()
    assert answer.assumed == (
        "urn:site:Empty plays no part in supply, nor does anything in it: it takes nothing with it",
        "urn:site:Tie is open already: that it is opened changes nothing",
        "urn:site:Q-A is closed already: that it is closed changes nothing",
    )


MOVING = """
:A a dcx:Utility_Feed ; dcx:feedsPower :PA . :B a dcx:Utility_Feed ; dcx:feedsPower :PB .
:PA a dcx:PDU ; dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :R1, :R2, :R3 .
:PB a dcx:PDU ; dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :R1, :R2 .
:PC a dcx:PDU ; dcx:ratedPower [ brick:value 7 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :R4 . :A dcx:feedsPower :PC .
:R1 a brick:ICT_Rack ; dcx:feedsPower :S1 ; dcx:hasTenant :Acme . :R2 a brick:ICT_Rack ; dcx:feedsPower :S2 .
:R3 a brick:ICT_Rack . :R4 a brick:ICT_Rack ; dcx:feedsPower :S4 . :Acme a dcx:Tenant .
:S1 a brick:Server ; dcx:mountedIn :R1 ; dcx:allocatedPower [ brick:value 4 ; brick:hasUnit unit:KiloW ] ; dcx:feedsCompute :Shop .
:S2 a brick:Server ; dcx:mountedIn :R2 ; dcx:allocatedPower [ brick:value 2 ; brick:hasUnit unit:KiloW ] .
:S4 a brick:Server ; dcx:mountedIn :R4 ; dcx:allocatedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] .
:Shop a dcx:Service ; dcx:hasTenant :Acme .
"""


def moving(*racks: str) -> tuple[Move, ...]:
    """Acme comes to the racks."""
    return (Move(SITE + "Acme", tuple(SITE + rack for rack in racks)),)


def test_a_move_within_two_sides_overloads_nothing_and_costs_no_redundancy() -> None:
    """4 kW from R1 to R2, both on PA and PB: 2 + 4 = 6 kW over two feeds, 3 kW each of 10."""
    answer = ask(MOVING, moving("R2"))

    (moved,) = answer.moves
    assert (moved.kw, names(moved.left)) == (4.0, ["R1"])
    assert [(a.equipment, a.kw, a.supplied, names(a.single_points)) for a in moved.arrivals] == [(1, 4.0, True, [])]
    assert moved.overloads == ()
    assert answer.outcomes == ()


def test_a_move_to_a_full_rack_of_one_cord_is_overloaded_and_hangs_by_one_thing() -> None:
    """R4 hangs on PC alone: 5 + 4 = 9 kW of 7; PC and its feed each take it down."""
    (moved,) = ask(MOVING, moving("R4")).moves

    assert [(names((o.id,)), o.before_kw, o.load_kw, o.limit_kw) for o in moved.overloads] == [(["PC"], 5.0, 9.0, 7.0)]
    assert names(moved.arrivals[0].single_points) == ["A", "PC"]


def test_what_fails_after_a_move_hits_the_load_where_it_is_now() -> None:
    """Acme at R3, on PA alone: with PA gone its server and its service are lost, which at R1 would still have had PB."""
    stays, moved = ask(MOVING, fails=("PA",)), ask(MOVING, moving("R3"), fails=("PA",))

    assert (told(stays)["S1 Power"], told(stays)["Shop Compute"]) == ("NO_REDUNDANCY", "NO_REDUNDANCY")
    assert (told(moved)["S1 Power"], told(moved)["Shop Compute"]) == ("LOST", "LOST")
    assert (moved.totals.tenants["LOST"], moved.totals.it_load_kw["LOST"]) == (1, 4.0)


PORTS = ":PA s223:hasConnectionPoint :Out . :S1 s223:hasConnectionPoint :In . :Out a s223:OutletConnectionPoint . :In a {} ."


@pytest.mark.parametrize(
    "cord",
    [
        ":PA brick:feeds :S1 .",
        ":S1 brick:isFedBy :PA .",
        ":Cord s223:connectsFrom :PA ; s223:connectsTo :S1 .",
        ":Cord s223:connectsAt :Out, :In ." + PORTS.format("s223:InletConnectionPoint"),
        ":Out s223:connectsThrough :Cord . :In s223:connectsThrough :Cord ." + PORTS.format("s223:BidirectionalConnectionPoint"),
        ":Cord a s223:Conductor ; s223:cnx :Out . :In s223:cnx :Cord ." + PORTS.format("s223:InletConnectionPoint"),
        ":Cord s223:connectsAt :Out, :In ; s223:connectsTo :S1 . :In s223:connectsThrough :Cord ."
        + PORTS.format("s223:InletConnectionPoint"),
    ],
)
def test_a_load_that_moves_leaves_its_cords_behind(cord: str) -> None:
    """S1 hangs on PA itself, by a connection of ASHRAE 223P or a plain feed, as well as by its rack R1. At R4, on PC alone, PA is no matter
    of it any more."""
    stays, moved = (ask(MOVING + cord, moves, fails=("PC",)) for moves in ((), moving("R4")))
    before, after = (ask(MOVING + cord, moves, fails=("PA",)) for moves in ((), moving("R4")))

    assert ("S1 Power" in told(stays), told(moved)["S1 Power"]) == (False, "LOST")
    assert ("S1 Power" in told(before), "S1 Power" in told(after)) == (True, False)
    assert names(after.moves[0].arrivals[0].single_points) == ["A", "PC"]


def test_a_load_leaves_the_battery_of_its_old_place_behind() -> None:
    """What stores energy is not counted as a supplier of S1, and that is said; at R4 it plays no part."""
    plant = MOVING + ":Bat a dcx:Battery_String ; brick:feeds :S1 ."
    stays, moved = (ask(plant, moves, fails=("A",)) for moves in ((), moving("R4")))

    assert [len([text for text in each.assumed if ":Bat -> " in text]) for each in (stays, moved)] == [1, 0]


@pytest.mark.parametrize(
    "feed",
    [
        ":CDU brick:feeds :S1 .",
        ":S1 brick:isFedBy :CDU .",
        ":Hose s223:connectsFrom :CDU ; s223:connectsTo :S1 .",
        ":CDU dcx:feedsLiquidCooling :S1 .",
        ":CDU dcx:feedsLiquidCooling :S1 . :CDU-2 a dcx:CDU ; dcx:isSource true ; dcx:feedsLiquidCooling :S1 ."
        ":S1 dcx:requires [ dcx:medium dcx:LiquidCooling ; dcx:atLeast 2 ; dcx:among :CDU, :CDU-2 ] .",
    ],
)
def test_a_load_keeps_what_feeds_it_in_a_medium_that_the_new_rack_lacks(feed: str) -> None:
    """R3 has power and no water: S1 is fed by PA there, which PB no longer takes down, and still cooled by the CDU."""
    plant = MOVING + ":CDU a dcx:CDU ; dcx:isSource true . " + feed
    power, water = (ask(plant, moving("R3"), fails=(name,)) for name in ("PB", "CDU"))

    assert not [each for each in told(power) if each.startswith("S1 ")]
    assert told(water)["S1 LiquidCooling"] == "LOST"


def test_a_load_is_spread_over_the_racks_the_largest_piece_first() -> None:
    """4, 3 and 2 kW over two racks: 4 to the first, 3 to the second, 2 to the second, which has less: 4 and 5."""
    more = "".join(
        f":T{kw} a brick:Server ; dcx:hasTenant :Acme ; dcx:mountedIn :R1 ; "
        f"dcx:allocatedPower [ brick:value {kw} ; brick:hasUnit unit:KiloW ] . :R1 dcx:feedsPower :T{kw} ."
        for kw in (3, 2)
    )
    (moved,) = ask(MOVING + more, moving("R2", "R3")).moves

    assert [(names((a.rack,)), a.equipment, a.kw) for a in moved.arrivals] == [(["R2"], 1, 4.0), (["R3"], 2, 5.0)]


def test_a_rack_of_which_only_the_plan_is_known_moves_as_planned() -> None:
    """R1 plans 4 kW and nothing in it says more: 4 kW come to R4 beside its 5, and leave PA and PB."""
    site = (
        ":A a dcx:Utility_Feed ; dcx:feedsPower :PA, :PC . :PA a dcx:PDU ; dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ;"
        "dcx:feedsPower :R1 . :PC a dcx:PDU ; dcx:ratedPower [ brick:value 7 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :R4 ."
        ":R1 a brick:ICT_Rack ; dcx:hasTenant :Acme ; dcx:allocatedPower [ brick:value 4 ; brick:hasUnit unit:KiloW ] ."
        ":R4 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] . :Acme a dcx:Tenant ."
    )
    (moved,) = ask(site, moving("R4")).moves

    assert [(names((o.id,)), o.before_kw, o.load_kw) for o in moved.overloads] == [(["PC"], 5.0, 9.0)]
    assert (moved.kw, moved.arrivals[0].supplied) == (4.0, True)


def test_a_move_that_cannot_be_is_refused() -> None:
    """Nowhere, to what is no rack, of a tenant without a load, of nobody."""
    for moves, text in (
        ((Move(SITE + "Acme", ()),), "moves nowhere"),
        (moving("PA"), "urn:site:PA is no rack"),
        ((Move(SITE + "Idle", (SITE + "R2",)),), "urn:site:Idle has no load to move"),
    ):
        with pytest.raises(GraphError, match=text):
            ask(MOVING + ":Idle a dcx:Tenant .", moves)
    with pytest.raises(UnknownEntity, match="urn:site:Nobody"):
        ask(MOVING, (Move(SITE + "Nobody", (SITE + "R2",)),))
