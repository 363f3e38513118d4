"""Which stores carry what: failed ones, those behind breakers and groups, those within others. By hand: each docstring shows the sum."""

from __future__ import annotations

import pytest

from analytics.conditions import Conditions, Position
from analytics.reuse import carried_over, compiled
from analytics.scenario import Scenario, resolve
from analytics.supply import compile_supply
from analytics.time.reserves import reserves
from analytics.time.timeline import timeline
from graph.changes import ChangeSet
from ontology.namespaces import DCX
from ontology.terms import QuadBlock
from tests.analytics.sites import NOW, SITE, fail, site, snapshot_of, told, vocabulary
from tests.analytics.test_timeline import UNITS, Times, follow, lost

KWH, KW = "brick:hasUnit unit:KiloW-HR", "brick:hasUnit unit:KiloW"
RACK = f"""
:U a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:feedsPower :R .
:R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 60 ; {KW} ] .
"""


def store(name: str, more: str = "", cls: str = "brick:Battery") -> str:
    """10 kWh without losses: 600 s at the 60 kW of the rack."""
    figures = f"dcx:storedEnergy [ brick:value 10 ; {KWH} ] ; dcx:inverterEfficiency 1 ; dcx:stateOfHealth 1"
    return f":{name} a {cls} ; {figures} {more} ."


def rack(turtle: str, *failed: str) -> Times:
    return lost(follow(turtle, *failed))["R Power"]


# -- What has failed carries nothing --

FEEDS, PART, WHEEL = (
    store("Bat", "; dcx:feedsPower :A"),
    store("Bat", "; brick:isPartOf :A"),
    store("Bat", "; dcx:feedsPower :A", "dcx:Flywheel"),
)


@pytest.mark.parametrize("bat", [FEEDS, PART, WHEEL, store("Bat") + ":A brick:hasPart :Bat ."])
def test_a_store_that_has_failed_carries_nothing(bat: str) -> None:
    """10 kWh / 60 kW = 600 s; with the store failed, too, 0 s, and no class says what it does not."""
    assert rack(RACK + bat, "U") == (600.0, 600.0)
    assert rack(RACK + bat, "U", "Bat") == (0.0, 0.0)
    assert not [event for event in follow(RACK + bat, "U", "Bat").events if event.kind.value == "carried"]


def test_of_two_strings_one_is_left() -> None:
    """20 kWh / 60 kW = 1,200 s; without one string 600 s, and the other is what is named."""
    both = RACK + store("Bat-1", "; dcx:feedsPower :A") + store("Bat-2", "; dcx:feedsPower :A")
    answer = follow(both, "U", "Bat-1")

    assert rack(both, "U") == (1200.0, 1200.0)
    assert lost(answer)["R Power"] == (600.0, 600.0)
    assert [event.reason for event in answer.events if event.kind.value == "carried"] == [
        "urn:site:Bat-2 carries it for 10 min at its load"
    ]


def test_what_a_ups_states_of_itself_is_stated_of_all_its_strings() -> None:
    """1,200 s at 60 kW, k from 1.25 to 1.35, 0.8 to 1 of its age; with one of two strings half of the rating for as long: times 0.5^k."""
    two = ":A dcx:ridethroughSeconds 1200 ; dcx:ratedPower [ brick:value 60 ; brick:hasUnit unit:KiloW ] ."
    two = RACK + two + "".join(f":Bat-{n} a brick:Battery ; dcx:feedsPower :A ." for n in (1, 2))

    assert rack(two, "U", "Bat-1") == (round(1200 * 0.4**1.35, 3), round(1200 * 0.5**1.25, 3))
    assert rack(two, "U", "Bat-1", "Bat-2") == (0.0, 0.0)


GENSET = """
:U a dcx:Utility_Feed ; dcx:feedsPower :ATS . :G a dcx:Generator ; dcx:startTimeSeconds 9 ; dcx:feedsPower :ATS .
:ATS a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100 ; dcx:feedsPower :R . :R a brick:ICT_Rack .
:G brick:hasPart :T-1, :T-2 . :T-1 a dcx:Fuel_Tank ; dcx:ridethroughSeconds 600 . :T-2 a dcx:Fuel_Tank ; dcx:ridethroughSeconds 300 .
"""


@pytest.mark.parametrize(("failed", "dry"), [((), 909.0), (("T-1",), 309.0), (("T-2",), 609.0)])
def test_a_generator_runs_on_the_tanks_that_are_left(failed: tuple[str, ...], dry: float) -> None:
    """There after 9 s, then 900, 300 or 600 s."""
    assert [event.lower for event in follow(GENSET, "U", *failed).events if event.kind.value == "down"] == [dry]


def test_a_generator_without_a_tank_that_is_left_does_not_start() -> None:
    """Called at 0 s, and nothing comes: the rack stays dark, and a line says why."""
    answer = follow(GENSET, "U", "T-1", "T-2")

    assert [
        (event.kind.value, event.lower, event.reason) for event in answer.events if event.kind.value in ("called", "started", "down")
    ] == [
        ("called", 0.0, "something is lost that it can supply"),
        ("down", 0.0, "it does not start: urn:site:T-1, urn:site:T-2 have failed"),
    ]
    assert [bound.back_upper for bound in answer.bounds] == [None, None]


STARTERS = ":S-1 a brick:Battery ; dcx:feedsPower :G . :S-2 a brick:Battery ; brick:isPartOf :G ."


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (("S-1",), ("started", "it starts within 9 s")),
        (("S-1", "S-2"), ("down", "it does not start: urn:site:S-1, urn:site:S-2 have failed")),
    ],
)
def test_a_generator_whose_starter_has_no_battery_that_is_left_does_not_start(failed: tuple[str, ...], said: tuple[str, str]) -> None:
    """Of two one starts it; with both failed it is called and does not start, whatever is in its tanks."""
    events = [(event.kind.value, event.reason) for event in follow(GENSET + STARTERS, "U", *failed).events]

    assert said in events
    assert [kind for kind, _ in events].count("started") == (1 if said[0] == "started" else 0)


def test_without_time_an_answer_says_that_it_does_not_follow_fuel_nor_what_a_generator_starts_with() -> None:
    """The tank and the starter's battery have failed: the rack counts as fed by the generator, and each edge is told."""
    turtle = GENSET[: GENSET.index(":G brick:hasPart")] + ":T a dcx:Fuel_Tank ; brick:feeds :G . :S a brick:Battery ; dcx:feedsPower :G ."
    answer = fail(site(turtle), "U", "T", "S")

    assert told(answer)["R Power"] == "NO_REDUNDANCY"
    assert [text for text in answer.assumed if "not followed" in text] == [
        "urn:site:S -> urn:site:G is not counted: Battery stores energy and is no supplier; "
        "what urn:site:G starts with is not followed here: see --timeline",
        "urn:site:T -> urn:site:G is not counted: Fuel_Tank stores energy and is no supplier; fuel is not followed here: see --timeline",
    ]


def test_the_battery_of_a_starter_is_no_fuel() -> None:
    """No tank is known: the generator runs for ever, whatever its starter's battery could carry."""
    site = GENSET.split(":G brick:hasPart", maxsplit=1)[0] + ":K a brick:Battery ; dcx:feedsPower :G ."

    assert [event.kind.value for event in follow(site, "U").events if event.kind.value in ("started", "down")] == ["started"]


# -- Through what only stores feed --

LINKS = {
    "breaker": "; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :A",
    "panel": "; dcx:feedsPower :Q . :Q a brick:Breaker_Panel ; dcx:feedsPower :A",
    "both": "; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :P . :P a brick:Breaker_Panel ; dcx:feedsPower :A",
    "and more": "; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :P . :P a brick:Breaker_Panel ; dcx:feedsPower :A, :R2 "
    ". :R2 a brick:ICT_Rack",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_what_only_stores_feed_is_no_source_but_what_they_carry_through(link: str) -> None:
    """The battery stands behind the UPS: with the utility all is lost in the end, after 10 kWh / 60 kW = 600 s; without it at once."""
    bat = RACK + store("Bat", link)
    outcomes = told(fail(site(UNITS + bat), "U"))

    assert (outcomes["A Power"], outcomes["R Power"]) == ("LOST", "LOST")
    assert rack(bat, "U") == (600.0, 600.0)
    assert rack(bat, "U", "Q") == rack(bat, "U", "Bat") == (0.0, 0.0)


def test_a_battery_behind_an_open_breaker_carries_nothing() -> None:
    """600 s with the breaker closed, none with it open."""
    snapshot = snapshot_of(UNITS + RACK + store("Bat", LINKS["breaker"]))
    known = reserves(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()))
    opened = Conditions(NOW.at, {SITE + "Q": Position(is_open=True, from_telemetry=False)})

    assert [lost(timeline(known, [SITE + "U"], each))["R Power"][0] for each in (NOW, opened)] == [600.0, 0.0]


def test_a_battery_behind_an_inverter_carries_the_rack_itself() -> None:
    """The UPS states 300 s at any load; then the rack hangs on the battery behind the inverter, 10 kWh / 60 kW = 600 s."""
    bat = RACK + ":A dcx:ridethroughSeconds 300 ." + store("Bat", "; dcx:feedsPower :I . :I a brick:Inverter ; dcx:feedsPower :R")
    lower, upper = rack(bat, "U")

    assert told(fail(site(UNITS + bat), "U"))["R Power"] == "LOST"
    assert upper == 900.0
    assert lower == pytest.approx(300 * 0.8**1.35 + 600, abs=0.001)
    assert rack(bat, "U", "I") == (round(300 * 0.8**1.35, 3), 300.0)


def test_a_ups_that_nothing_but_its_battery_feeds_stays_the_source_that_the_model_takes_it_for() -> None:
    """The model ends at the UPS: what hangs on it is lost with it, and not with its battery."""
    graph = site(":B a brick:Battery ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack .")

    assert told(fail(graph, "A"))["R Power"] == "LOST"
    assert "R Power" not in told(fail(graph, "B"))


def test_a_feed_to_what_only_stores_feed_is_compiled_anew() -> None:
    """The utility feeds the battery's breaker, too: from now on the breaker supplies the UPS, which no part of the graph before says."""
    snapshot = snapshot_of(UNITS + RACK + store("Bat", LINKS["breaker"]))
    feed = (SITE + "U", DCX + "feedsPower", SITE + "Q", "urn:g")
    change = snapshot.exact(ChangeSet(QuadBlock.of([feed]), QuadBlock.of([])))

    assert carried_over(compiled(snapshot, vocabulary()), snapshot.apply(change, 2, NOW.at), [change], vocabulary()) is None


# -- Grouped and nested --

TWO = store("B1") + store("B2")
GROUPS = {
    "group": ":G a dcx:Redundancy_Group ; dcx:hasMember :B1, :B2 ; dcx:feedsPower :A .",
    "system": ":G a brick:Energy_Storage_System ; brick:hasPart :B1, :B2 ; dcx:feedsPower :A .",
    "cabinet in the UPS": ":G a dcx:Battery_Cabinet ; brick:hasPart :B1, :B2 . :A brick:hasPart :G .",
    "group in a group": ":G a dcx:Redundancy_Group ; dcx:hasMember :H, :B1 ; dcx:feedsPower :A . "
    ":H a dcx:Redundancy_Group ; dcx:hasMember :B2 .",
}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_stores_in_a_group_or_within_another_carry_together(group: str) -> None:
    """2 * 10 kWh / 60 kW = 1,200 s; without one 600 s; without what they are in 0 s."""
    both = RACK + TWO + group

    assert rack(both, "U") == (1200.0, 1200.0)
    assert rack(both, "U", "B1") == (600.0, 600.0)
    assert rack(both, "U", "G") == (0.0, 0.0)


def test_what_a_system_states_of_itself_counts_and_its_parts_are_told_as_not_counted() -> None:
    """The system says 5 kWh: 300 s; its batteries of 20 kWh in all are named."""
    system = f":G dcx:storedEnergy [ brick:value 5 ; {KWH} ] ; dcx:inverterEfficiency 1 ; dcx:stateOfHealth 1 ."
    answer = follow(RACK + TWO + GROUPS["system"] + system, "U")

    assert lost(answer)["R Power"] == (300.0, 300.0)
    assert [text for text in answer.assumed if "states how long it carries itself" in text] == [
        f"urn:site:A: urn:site:{name} is not counted: urn:site:G states how long it carries itself" for name in ("B1", "B2")
    ]


@pytest.mark.parametrize("name", ["Room", "Bat"])
def test_a_room_that_holds_the_battery_takes_it_along(name: str) -> None:
    """The battery is a part of the UPS, which stands elsewhere: both end the 600 s that it would carry."""
    turtle = RACK + store("Bat", "; brick:isPartOf :A ; brick:hasLocation :Room") + ":Room a rec:Room ."
    snapshot = snapshot_of(UNITS + turtle)
    graph = compile_supply(snapshot, vocabulary())
    case = resolve(snapshot, vocabulary(), graph, NOW, Scenario((SITE + "U", SITE + name)))

    assert case.notes == (f"urn:site:{name} stores energy or holds what does, and is no supplier: it bridges time (impact --timeline)",)
    assert lost(timeline(reserves(snapshot, vocabulary(), graph), case.out_ids(), NOW))["R Power"] == (0.0, 0.0)


# -- Heat goes where something still moves --

COOLED = f"""
:C a brick:Chiller ; dcx:feedsLiquidCooling :Tank .
:Tank a brick:Water_Tank ; brick:volume [ brick:value 10 ; brick:hasUnit unit:M3 ] ; dcx:bufferRiseKelvin 6 .
:Tank dcx:feedsLiquidCooling :P1, :P2 .
:P1 a brick:Water_Pump ; dcx:feedsLiquidCooling :CR1 . :P2 a brick:Water_Pump ; dcx:feedsLiquidCooling :CR2 .
:CR1 a brick:CRAH ; dcx:feedsAirCooling :R . :CR2 a brick:CRAH ; dcx:feedsAirCooling :R .
:R a brick:ICT_Rack . :S a brick:Server ; dcx:mountedIn :R ; dcx:allocatedPower [ brick:value 100 ; {KW} ] .
:R dcx:feedsAirCooling :S .
"""


@pytest.mark.parametrize("failed", [("C",), ("C", "P1"), ("C", "P2"), ("C", "CR1")])
def test_the_heat_that_a_failed_pump_took_warms_the_water_through_the_others(failed: tuple[str, ...]) -> None:
    """10 m3 * 4,186 kJ/(m3 K) * 6 K / 100 kW = 2,511.6 s, whichever way the 100 kW come."""
    assert lost(follow(COOLED, *failed))["Tank LiquidCooling"] == (2511.6, 2511.6)


def test_what_has_failed_with_all_its_servers_warms_nothing() -> None:
    """Without its server there is no heat: the water is not used up within a day."""
    assert "Tank LiquidCooling" not in lost(follow(COOLED, "C", "S", horizon_s=86_400))
