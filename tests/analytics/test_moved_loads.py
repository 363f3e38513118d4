"""What a tenant's move loads beyond its limit trips, or is overloaded, though nothing has failed. Sites small enough to settle by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analytics.moves import Move
from analytics.moving import case_of
from analytics.scenario import Scenario
from analytics.supply import compile_supply
from analytics.time.reserves import reserves
from analytics.time.timeline import timeline
from graph.errors import GraphError
from tests.analytics.sites import NOW, SITE, snapshot_of, told, vocabulary
from tests.analytics.test_scenarios import ask, names

KW = "[ brick:value {} ; brick:hasUnit unit:KiloW ]"


def site(comes_kw: float, stands_kw: float = 5.0, class_of_q: str = "brick:Circuit_Breaker", more: str = "") -> str:
    """Acme's server hangs on the feed itself; at R stands another one behind Q, which is rated for 10 kW."""
    return f"""
    :F a dcx:Utility_Feed ; dcx:feedsPower :Q, :R1 .
    :Q a {class_of_q} ; dcx:ratedPower {KW.format(10)} ; dcx:feedsPower :R .
    :R a brick:ICT_Rack ; dcx:feedsPower :S . :R1 a brick:ICT_Rack ; dcx:feedsPower :A . :Acme a dcx:Tenant .
    :S a brick:Server ; dcx:mountedIn :R ; dcx:allocatedPower {KW.format(stands_kw)} .
    :A a brick:Server ; dcx:mountedIn :R1 ; dcx:hasTenant :Acme ; dcx:allocatedPower {KW.format(comes_kw)} .
    {more}
    """


TO_R = (Move(SITE + "Acme", (SITE + "R",)),)


def test_a_breaker_that_a_move_overloads_trips_by_its_curve_and_takes_down_what_it_feeds() -> None:
    """5 + 9.5 = 14.5 kW on 10 kW: 1.45 times the rating trips after 3,600 s. Two racks' servers, 14.5 kW, are lost, by no failure."""
    answer = ask(site(9.5), TO_R)

    assert [(names((t.id,)), t.after_s, t.load_kw, t.rated_kw) for t in answer.trips] == [(["Q"], 3600.0, 14.5, 10.0)]
    assert told(answer) == {"Q Power": "LOST", "R Power": "LOST", "S Power": "LOST", "A Power": "LOST"}
    assert (answer.totals.racks["LOST"], answer.totals.tenants["LOST"], answer.totals.it_load_kw["LOST"]) == (1, 1, 14.5)
    assert {each.evidence for each in answer.outcomes} == {()}
    assert {names((each.id,))[0]: names(each.path) for each in answer.outcomes} == {
        "Q": ["Q"],
        "R": ["Q", "R"],
        "S": ["Q", "R", "S"],
        "A": ["Q", "A"],
    }


def test_a_timeline_of_a_move_says_when_what_it_trips_goes_dark() -> None:
    """The same 14.5 kW on 10 kW: the rack goes dark at 3,600 s, what is in it 10 ms later, which its power supplies hold."""
    snapshot = snapshot_of(site(9.5))
    case, after = case_of(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, Scenario(moves=TO_R))

    found = timeline(replace(reserves(after, vocabulary(), case.graph), unmoved=case.unmoved), [], case.conditions)

    assert {(each.id.removeprefix(SITE), round(each.lower, 3)) for each in found.bounds if each.id != SITE + "Q"} == {
        ("R", 3600.0),
        ("S", 3600.01),
        ("A", 3600.01),
    }


def test_what_has_no_curve_stays_up_overloaded_by_a_move() -> None:
    """A PDU of 10 kW with 5 + 6 = 11 kW: above its limit, and nothing says when it would trip."""
    answer = ask(site(6, class_of_q="dcx:PDU"), TO_R)

    assert told(answer) == {"Q Power": "OVERLOADED"}
    assert [(names((o.id,)), o.load_kw, o.limit_kw) for o in answer.overloads] == [(["Q"], 11.0, 10.0)]
    assert (answer.trips, answer.outcomes[0].evidence, names(answer.outcomes[0].path)) == ((), (), ["Q"])


def test_what_was_overloaded_before_the_move_and_carries_no_more_is_no_matter_of_it() -> None:
    """14.5 kW stand on Q already; Acme comes to another rack."""
    answer = ask(site(6, 14.5, more=":F dcx:feedsPower :R2 . :R2 a brick:ICT_Rack ."), (Move(SITE + "Acme", (SITE + "R2",)),))

    assert (answer.trips, answer.overloads, told(answer)) == ((), (), {})


def test_a_trip_after_a_move_lets_loads_move_on_and_trips_what_they_come_to() -> None:
    """R on Q and P: (5 + 13) / 2 = 9 kW each; Q (8 kW) at 1.125 is overloaded and below its curve, P (6 kW) at 1.5 trips; then Q has 18."""
    two = (
        f":F a dcx:Utility_Feed ; dcx:feedsPower :Q, :P, :R1 ."
        f":Q a brick:Circuit_Breaker ; dcx:ratedPower {KW.format(8)} ; dcx:feedsPower :R ."
        f":P a brick:Circuit_Breaker ; dcx:ratedPower {KW.format(6)} ; dcx:feedsPower :R ."
        ":R a brick:ICT_Rack ; dcx:feedsPower :S . :R1 a brick:ICT_Rack ; dcx:feedsPower :A . :Acme a dcx:Tenant ."
        f":S a brick:Server ; dcx:mountedIn :R ; dcx:allocatedPower {KW.format(5)} ."
        f":A a brick:Server ; dcx:mountedIn :R1 ; dcx:hasTenant :Acme ; dcx:allocatedPower {KW.format(13)} ."
    )
    answer = ask(two, TO_R)

    assert [(names((t.id,)), t.load_kw) for t in answer.trips] == [(["P"], 9.0), (["Q"], 18.0)]
    assert 0 < answer.trips[0].after_s < 3600 < answer.trips[0].after_s + 3600
    assert next(names(each.path) for each in answer.outcomes if each.id == SITE + "Q")[0] == "P"
    assert {each.outcome.value for each in answer.outcomes} == {"LOST"}


def test_what_the_move_does_needs_no_failure_as_evidence_and_what_only_a_failure_does_names_it() -> None:
    """R on Q and P of 10 kW each with 5 + 8 = 13: 6.5 each. P gone: 13 on Q, 1.3 of it, trips, which 5 kW would not have done."""
    both = f":F dcx:feedsPower :P . :P a brick:Circuit_Breaker ; dcx:ratedPower {KW.format(10)} ; dcx:feedsPower :R ."

    assert ask(site(8, more=both), TO_R).trips == ()
    assert ask(site(8, more=both), fails=("P",)).trips == ()
    answer = ask(site(8, more=both), TO_R, fails=("P",))
    assert [names((trip.id,)) for trip in answer.trips] == [["Q"]]
    assert {each.evidence for each in answer.outcomes} == {(SITE + "P",)}

    answer = ask(site(9.5, more=":G a dcx:Utility_Feed ; dcx:feedsPower :X . :X a brick:ICT_Rack ."), TO_R, fails=("G",))
    assert {names((each.id,))[0]: names(each.evidence) for each in answer.outcomes} == {"Q": [], "R": [], "S": [], "A": [], "X": ["G"]}


def test_a_tenant_moves_once_in_a_scenario() -> None:
    """Two places for one load contradict each other; said twice it is one move."""
    with pytest.raises(GraphError, match="urn:site:Acme moves to urn:site:R and to urn:site:R1: a scenario takes it once"):
        ask(site(1), (*TO_R, Move(SITE + "Acme", (SITE + "R1",))))

    assert ask(site(1), (*TO_R, *TO_R)).moves == ask(site(1), TO_R).moves


def test_a_rack_that_a_tenant_stands_in_already_is_said_to_be_one() -> None:
    """Acme's 1 kW stands in R1 and is moved to R1 and R."""
    answer = ask(site(1), (Move(SITE + "Acme", (SITE + "R1", SITE + "R")),))

    assert "urn:site:Acme stands in urn:site:R1 already: what it has there counts among what comes to it" in answer.assumed
