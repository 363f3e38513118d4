"""Where a load fits: by hand, for each thing that can stand against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from analytics.planning.place import TRIED, Kind, Load, Place, Places, place
from analytics.supply import compile_supply
from analytics.sweeps.units import UnitKind
from graph.errors import GraphError
from tests.analytics.sites import AT, NOW, SITE, snapshot_of, vocabulary
from tests.analytics.test_capacity_cases import rack, rated

TWO = (
    ":UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B ."
    " :A a dcx:UPS ; dcx:feedsPower :R1, :R2 . :B a dcx:UPS ; dcx:feedsPower :R1, :R2 . "
) + " ".join((rated("A", 100), rated("B", 100), rack("R1", 30), rack("R2", 20)))
"""Two racks of 30 and 20 kW on two UPSs of 100 kW."""


def places(turtle: str, load: Load) -> dict[str, Place]:
    """The racks by name."""
    return {each.rack.removeprefix(SITE): each for each in found(turtle, load).places}


def found(turtle: str, load: Load) -> Places:
    """The whole answer."""
    snapshot = snapshot_of(turtle)
    return place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, load)


def short(found: Place) -> list[tuple[Kind, float, float]]:
    """What stands against a place: of which kind, needed, there."""
    return [(each.kind, each.needed, each.there) for each in found.against]


def test_what_one_side_carries_alone_is_the_room() -> None:
    """Each UPS carries (30 + 20) / 2 = 25 kW, and 50 kW when the other is gone: 100 - 50 = 50 kW fit, though each has 75 kW free now."""
    fits, too_much = places(TWO, Load(50, air_kw=0)), places(TWO, Load(51, air_kw=0))

    assert {name: each.room_kw for name, each in fits.items()} == {"R1": 50.0, "R2": 50.0}
    assert all(each.fits for each in fits.values())
    assert short(too_much["R1"]) == [(Kind.POWER, 51, 50.0)]
    assert (too_much["R1"].limited_by, too_much["R1"].limited_after) == (SITE + "B", SITE + "A")


def test_a_load_of_one_cord_takes_all_from_one_side() -> None:
    """On A: 25 kW as things stand, 50 kW without B: again 50 kW. A second cord costs nothing there."""
    assert places(TWO, Load(50, cords=1, air_kw=0))["R1"].fits
    assert not places(TWO, Load(51, cords=1, air_kw=0))["R1"].fits


def test_a_breaker_of_the_rack_limits_it_and_what_more_it_would_buy_is_told() -> None:
    """R1 hangs on breakers of 50 kW, 80 % of that are 40 kW: 40 - 30 = 10 kW after the loss of the
    other. Without these, the UPSs': 100 - 50 = 50 kW."""
    site = (
        ":UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B . :A a dcx:UPS ; dcx:feedsPower :CA, :R2 ."
        " :B a dcx:UPS ; dcx:feedsPower :CB, :R2 . :CA a brick:Circuit_Breaker ; dcx:feedsPower :R1 ."
        " :CB a brick:Circuit_Breaker ; dcx:feedsPower :R1 . "
    ) + " ".join((*(rated(name, kw) for name, kw in (("A", 100), ("B", 100), ("CA", 50), ("CB", 50))), rack("R1", 30), rack("R2", 20)))
    answer = found(site, Load(5, air_kw=0))
    by_name = {each.rack.removeprefix(SITE): each for each in answer.places}

    assert (by_name["R1"].room_kw, by_name["R1"].without_limit_kw) == (10.0, 50.0)
    assert [each.rack for each in answer.places] == [SITE + "R2", SITE + "R1"]
    assert [(each.feeders, each.racks, each.more_kw) for each in answer.bottlenecks] == [
        ((SITE + "CB",), 1, 40.0),
        ((SITE + "B",), 1, None),
    ]


def test_two_cords_that_end_in_one_thing_are_no_redundancy() -> None:
    """One UPS behind two rack PDUs; and a rack with one feed only."""
    site = (
        ":U a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:feedsPower :PA, :PB, :R2 . "
        ":PA a dcx:Rack_PDU ; dcx:feedsPower :R1 . :PB a dcx:Rack_PDU ; dcx:feedsPower :R1 . "
    ) + " ".join((rated("A", 100), rack("R1", 30), rack("R2", 20)))
    two, one = places(site, Load(5, air_kw=0)), places(site, Load(5, cords=1, air_kw=0))

    assert [(each.kind, each.unit, each.cause) for each in two["R1"].against] == [(Kind.REDUNDANCY, "Power", SITE + "A")]
    assert short(two["R2"]) == [(Kind.FEEDS, 2, 1)]
    assert one["R1"].fits
    assert one["R2"].fits


def test_members_of_a_common_cause_group_fail_together() -> None:
    """A and B of 100 kW may fail as one: no place for two cords on them, though each alone carries 50 kW more. A load of one cord hangs
    on one anyway. Three units of 90 kW cool both racks' 50 kW; when two of them fail as one, the third has 90 - 50 = 40 kW left."""
    group = " :G a dcx:Common_Cause_Group ; dcx:hasMember :A, :B ."
    two = places(TWO + group, Load(5))
    crahs = "".join(
        f":C{n} a brick:CRAH ; dcx:feedsAirCooling :R1, :R2 ; brick:coolingCapacity [ brick:value 90 ; brick:hasUnit unit:KiloW ] ."
        for n in range(3)
    )
    air = found(TWO + crahs + " :H a dcx:Common_Cause_Group ; dcx:hasMember :C0, :C1 .", Load(50))

    assert [(each.kind, each.unit, each.cause) for each in two["R1"].against] == [(Kind.REDUNDANCY, "Power", SITE + "G")]
    assert places(TWO + group, Load(5, cords=1))["R1"].fits
    assert air.tried == {"equipment": 9, "group": 1}
    assert [(each.at, each.there, each.cause) for each in air.places[0].against] == [(SITE + "C2", 40.0, SITE + "H")]


def test_a_group_that_leaves_a_feeder_alone_limits_the_room() -> None:
    """Three UPSs of 100 kW share 90 kW, of which any one carries 45 kW after a failure: 110 kW fit. A and B together leave all to C:
    100 - 90 = 10 kW."""
    ups = "".join(f":U{n} a dcx:Utility_Feed ; dcx:feedsPower :{n} . :{n} a dcx:UPS ; dcx:feedsPower :R . {rated(n, 100)}" for n in "ABC")
    site = ups + rack("R", 90)
    alone, grouped = (places(site + more, Load(5, air_kw=0))["R"] for more in ("", ":G a dcx:Common_Cause_Group ; dcx:hasMember :A, :B ."))

    assert alone.room_kw == 110.0
    assert (grouped.room_kw, grouped.limited_by, grouped.limited_after) == (10.0, SITE + "C", SITE + "G")


def test_rooms_fail_where_they_are_asked_for() -> None:
    """Both UPSs stand in one room: that is no single piece of equipment, and takes both down."""
    site = TWO + ":Room a brick:Electrical_Room ; brick:hasPoint :P . :A brick:hasLocation :Room . :B brick:hasLocation :Room ."
    snapshot = snapshot_of(site)
    graph = compile_supply(snapshot, vocabulary())
    usual, rooms = (
        place(snapshot, vocabulary(), graph, NOW, Load(5, air_kw=0), None, kinds) for kinds in (TRIED, [UnitKind.EQUIPMENT, UnitKind.ROOM])
    )

    assert (usual.fitting, rooms.fitting) == (2, 0)
    assert rooms.tried["room"] == 1
    assert {each.against[0].cause for each in rooms.places} == {SITE + "Room"}


def test_cooling_is_what_the_units_left_can_take() -> None:
    """Three air handlers of 50 kW, two needed, 50 kW of heat. Without one: 25 kW on each of two, 25 kW left on each, 50 kW in all. A load
    of 40 kW puts 20 kW on each and leaves 5 kW; one of 60 kW is 5 kW too much for each: 50 of 60 fit."""
    crahs = " ".join(f":C{n} a brick:CRAH ; brick:coolingCapacity [ brick:value 50000 ; brick:hasUnit unit:W ] ." for n in range(3))
    group = ":G a dcx:Redundancy_Group ; dcx:hasMember :C0, :C1, :C2 ; dcx:requiredCount 2 ; dcx:feedsAirCooling :Aisle ."
    site = TWO.replace("100", "1000") + f"{crahs} {group} :Aisle a dcx:Cold_Aisle ; dcx:feedsAirCooling :R1, :R2 ."
    fits, too_much, liquid = (places(site, load)["R1"] for load in (Load(40), Load(60), Load(40, liquid_kw=10)))

    assert (fits.fits, fits.cooling_left_kw, fits.cooling_room_kw) == (True, 5.0, 50.0)
    assert short(too_much) == [(Kind.COOLING, 60, 50.0)]
    assert (too_much.against[0].at, too_much.against[0].cause) == (SITE + "C1", SITE + "C0")
    assert [(each.kind, each.at) for each in liquid.against] == [(Kind.COOLING, "LiquidCooling")]


def test_network_equipment_gives_off_heat_too() -> None:
    """A switch of 10 kW in R1, 20 kW planned for R2: 30 kW of heat. Either of two air handlers of 50 kW takes 20 kW more."""
    crahs = "".join(
        f":C{n} a brick:CRAH ; dcx:feedsAirCooling :R1, :R2 ; brick:coolingCapacity [ brick:value 50 ; brick:hasUnit unit:KiloW ] ."
        for n in range(2)
    )
    ten = "dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ]"
    switch = f":R1 dcx:feedsPower :N . :N a brick:Data_Network_Equipment ; dcx:mountedIn :R1 ; {ten} ."

    assert {name: each.cooling_room_kw for name, each in places(TWO + crahs + switch, Load(5)).items()} == {"R1": 20.0, "R2": 20.0}


def test_height_weight_and_network() -> None:
    """A rack of 10 U: 2 U at 3, 1 U at 8 leave 1-2, 5-7 and 9-10 free, 3 U in a row. It may bear 100 kg, 70 kg are in it."""
    inside = (
        ":R1 dcx:rackUnits 10 ; dcx:weightLimitKg 100 . :D1 dcx:mountedIn :R1 ; dcx:uPosition 3 ; dcx:rackUnits 2 ; dcx:weightKg 50 ."
        " :D2 dcx:mountedIn :R1 ; dcx:uPosition 8 ; dcx:rackUnits 1 ; dcx:weightKg 20 ."
    )
    ask = {name: places(TWO + inside, Load(5, units=u, weight_kg=kg, air_kw=0, network=net)) for name, u, kg, net in (
        ("fits", 3, 30, False), ("tall", 4, 0, False), ("heavy", 0, 31, False), ("network", 0, 0, True))}  # fmt: skip

    assert (ask["fits"]["R1"].fits, ask["fits"]["R1"].units_free, ask["fits"]["R1"].weight_left_kg) == (True, 3, 30.0)
    assert short(ask["tall"]["R1"]) == [(Kind.UNITS, 4, 3)]
    assert short(ask["heavy"]["R1"]) == [(Kind.WEIGHT, 31, 30.0)]
    assert short(ask["network"]["R1"]) == [(Kind.NETWORK, 1, 0)]
    assert ask["fits"]["R2"].unknown == ("height: no dcx:rackUnits", "weight: no dcx:weightLimitKg")


def test_the_answer_says_when_the_readings_that_it_stands_on_were_taken() -> None:
    """A meter read 30 s before the answer's instant, which is midnight."""
    snapshot = snapshot_of(TWO)
    then = replace(NOW, power_kw={SITE + "A": 28.0}, power_at=AT - timedelta(seconds=30))

    answer = place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), then, Load(5, air_kw=0))

    assert any("good readings (taken at 23:59:30 UTC) of 1," in note for note in answer.notes)


def test_more_load_never_fits_where_less_does_not() -> None:
    """Racks that fit, for rising loads."""
    counts = [found(TWO, Load(kw, air_kw=0)).fitting for kw in (1, 20, 50, 51, 80)]

    assert counts == sorted(counts, reverse=True) == [2, 2, 2, 0, 0]


def test_a_place_behind_what_is_over_its_limit_has_no_room_and_says_what_is_over() -> None:
    """60 + 45 = 105 kW on one UPS of 100 kW when the other is gone: room 0, and B is over by 105 - 100 = 5 kW."""
    full = places(TWO.replace("value 30", "value 60").replace("value 20", "value 45"), Load(1, air_kw=0))["R1"]

    assert (full.fits, full.room_kw) == (False, 0.0)
    assert short(full) == [(Kind.POWER, 1, 0.0), (Kind.OVER, 0.0, 5.0)]
    assert (full.against[1].at, full.against[1].cause) == (SITE + "B", SITE + "A")


def test_a_load_that_gives_off_more_heat_than_it_draws_is_refused() -> None:
    """6 of 5 kW into liquid; 3 + 3 = 6 of 5 kW into liquid and air. 2 + 3 of 5 kW are all of it."""
    for liquid, air in ((6.0, None), (3.0, 3.0)):
        with pytest.raises(GraphError, match="a load that draws 5 kW gives off no 6 kW of heat"):
            Load(5, liquid_kw=liquid, air_kw=air)

    assert sum(Load(5, liquid_kw=2.0, air_kw=3.0).heat.values()) == 5


def test_what_is_no_load_or_no_site_for_one_is_refused() -> None:
    """No draw, no rack, no rating."""
    with pytest.raises(GraphError, match="more than 0 kW"):
        Load(0)
    with pytest.raises(GraphError, match="no rack"):
        found(":U a dcx:Utility_Feed . " + rated("A", 5), Load(1))
    with pytest.raises(GraphError, match="no rating is stated"):
        found(":U a dcx:Utility_Feed ; dcx:feedsPower :R . :R a brick:ICT_Rack .", Load(1))
