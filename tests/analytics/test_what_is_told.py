"""What an answer tells beside its outcomes: totals, assumptions, media, refusals; and what of it may be left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analytics.impact import Told, impact
from graph.errors import GraphError, UnknownEntity
from ontology.namespaces import DCX
from tests.analytics.sites import NOW, SITE, TWO_SIDES, fail, site, told


def test_an_answer_may_tell_less_and_is_then_the_same_but_for_that() -> None:
    """UPS-A gone: totals alone have no outcomes, outcomes alone no evidence and no path; all else is as in the whole answer."""
    graph = site(TWO_SIDES)
    whole = impact(graph, [SITE + "UPS-A"], NOW)

    outcomes = impact(graph, [SITE + "UPS-A"], NOW, told=Told.OUTCOMES)
    totals = impact(graph, [SITE + "UPS-A"], NOW, told=Told.TOTALS)

    assert outcomes == replace(whole, outcomes=tuple(replace(o, evidence=(), path=()) for o in whole.outcomes))
    assert totals == replace(whole, outcomes=())


def test_assumptions_about_what_the_answer_rests_on_are_listed() -> None:
    """Nothing feeds the UPS and its class is no source: that it counts as one is said."""
    answer = fail(site(":UPS a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack ."), "UPS")

    assert answer.assumed == ("urn:site:UPS counts as a source of Power: nothing feeds it",)


def test_a_required_capacity_counts_as_any_one_and_is_said_to() -> None:
    """Capacity is not computed yet: 1 of 2 feeds holds."""
    graph = site(
        """
        :A a dcx:Utility_Feed ; dcx:feedsPower :R . :B a dcx:Utility_Feed ; dcx:feedsPower :R .
        :R a brick:ICT_Rack ; dcx:requires [ dcx:medium dcx:Power ; dcx:atLeastCapacity [ brick:value 8 ; brick:hasUnit unit:KiloW ] ] .
        """
    )

    answer = fail(graph, "A")

    assert told(answer) == {"R Power": "NO_REDUNDANCY"}
    assert answer.assumed == (
        "urn:site:R needs any one supplier of Power: the capacity that it requires cannot be computed from the ratings stated",
    )


def test_media_asked_for_restrict_the_outcomes_and_the_totals() -> None:
    """The rack loses power and keeps its air: asked for air alone, nothing happened."""
    graph = site(":PDU a dcx:PDU ; dcx:feedsPower :R . :C a brick:CRAH ; dcx:feedsAirCooling :R . :R a brick:ICT_Rack .")

    answer = fail(graph, "PDU", media=["dcx:AirCooling"])

    assert answer.outcomes == ()
    assert answer.totals.racks["UNAFFECTED"] == 1
    assert told(fail(graph, "PDU", media=[DCX + "Power"])) == {"R Power": "LOST"}


def test_an_unknown_medium_is_refused_with_those_there_are() -> None:
    """A medium that the site does not have is a slip of the pen, not an empty answer."""
    with pytest.raises(UnknownEntity, match=r"no medium .dcx:Steam.: this site has dcx:Power"):
        fail(site(TWO_SIDES), "UPS-A", media=["dcx:Steam"])


def test_an_unknown_id_is_refused() -> None:
    """What no quad speaks of cannot fail."""
    with pytest.raises(UnknownEntity, match="urn:site:Nobody"):
        fail(site(TWO_SIDES), "Nobody")


def test_what_plays_no_part_in_supply_takes_nothing_with_it() -> None:
    """A tenant is known, feeds nothing, and its failure affects nothing."""
    answer = fail(site(TWO_SIDES + ":Acme a dcx:Tenant ."), "Acme")

    assert (answer.failed, answer.outcomes) == ((SITE + "Acme",), ())


def test_a_rack_that_nothing_feeds_counts_by_what_is_mounted_in_it() -> None:
    """The rack PDU feeds the server past the rack: the rack's worst is its server's."""
    graph = site(":P a dcx:Rack_PDU ; dcx:feedsPower :S . :S a brick:Server ; dcx:mountedIn :R . :R a brick:ICT_Rack .")

    assert fail(graph, "P").totals.racks == {"LOST": 1, "OVERLOADED": 0, "NO_REDUNDANCY": 0, "REDUCED": 0, "UNAFFECTED": 0}


DARK = """
:Feed a dcx:Utility_Feed ; dcx:feedsPower :Q, :P . :Q a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :R1 .
:P a dcx:PDU ; dcx:feedsPower :R2, :R3 . :R1 a brick:ICT_Rack ; dcx:hasTenant :Acme . :R2 a brick:ICT_Rack . :R3 a brick:ICT_Rack .
:C a brick:CRAH ; dcx:feedsAirCooling :R1, :R3 . :Acme a dcx:Tenant .
:S1 a brick:Server ; dcx:mountedIn :R1 ; dcx:allocatedPower [ brick:value 400 ; brick:hasUnit unit:W ] . :R1 dcx:feedsPower :S1 .
:Shop a dcx:Service . :S1 dcx:feedsCompute :Shop .
"""


def test_what_was_down_before_is_neither_lost_nor_unaffected() -> None:
    """The breaker of R1 is open: R1, its 0.4 kW, its service and its tenant are dark. P gone: 2 lost, 1 down before, 3 in all."""
    answer = fail(site(DARK), "P")

    assert (answer.totals.racks["LOST"], answer.totals.racks["UNAFFECTED"], answer.down_before.racks) == (2, 0, 1)
    assert answer.down_before.to_json() == {"racks": 1, "services": 1, "tenants": 1, "it_load_kw": 0.4}
    assert set(answer.totals.services.values()) | set(answer.totals.it_load_kw.values()) == {0}


def test_what_was_down_before_and_loses_still_more_is_lost() -> None:
    """R1 is dark and now loses its air: LOST. Asked for power alone it is down before, asked for air alone it was supplied."""
    graph = site(DARK)

    assert (fail(graph, "C").totals.racks["LOST"], fail(graph, "C").down_before.racks) == (2, 0)
    assert (fail(graph, "C", media=["dcx:Power"]).totals.racks["LOST"], fail(graph, "C", media=["dcx:Power"]).down_before.racks) == (0, 1)
    assert fail(graph, "P", media=["dcx:AirCooling"]).down_before.racks == 0


HALL = """
:U a dcx:Utility_Feed ; dcx:feedsPower :R, :R2 . :Hall a dcx:Data_Hall . :T a dcx:Tenant .
:R a brick:ICT_Rack ; brick:hasLocation :Hall ; dcx:hasTenant :T ; dcx:feedsPower :S . :R2 a brick:ICT_Rack .
:S a brick:Server ; dcx:mountedIn :R ; dcx:allocatedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] .
"""


def test_what_fails_itself_is_counted_beside_the_totals() -> None:
    """Rack R and its server fail with the hall: one rack and 5 kW fail themselves, and T, who has nothing else, is not unaffected."""
    answer = fail(site(HALL), "R", "S")

    assert answer.failed_itself.to_json() == {"racks": 1, "services": 0, "tenants": 1, "it_load_kw": 5.0}
    assert answer.failed_itself.said() == "1 rack, 5.0 kW, 1 tenant"
    assert (answer.totals.racks["LOST"], answer.totals.racks["UNAFFECTED"], set(answer.totals.tenants.values())) == (0, 1, {0})


def test_a_tenant_of_which_something_fails_and_something_is_lost_is_lost() -> None:
    """Of T the rack fails itself; its server is T's, too, and loses its power: T counts once, as lost."""
    answer = fail(site(HALL + ":S dcx:hasTenant :T ."), "R")

    assert (answer.totals.tenants["LOST"], answer.failed_itself.to_json()) == (
        1,
        {"racks": 1, "services": 0, "tenants": 0, "it_load_kw": 0.0},
    )


def test_the_counts_of_all_outcomes_of_what_was_down_before_and_of_what_fails_itself_are_all_there_are() -> None:
    """R1 is dark by an open breaker, R2 is lost with P, R3 fails itself: three racks, each once."""
    answer = fail(site(DARK), "P", "R3")

    assert (answer.totals.racks["LOST"], answer.down_before.racks, answer.failed_itself.racks) == (1, 1, 1)
    assert sum(answer.totals.racks.values()) == 1


def test_what_was_down_before_does_not_fail_itself() -> None:
    """R1 is dark already with its server, service and tenant: that it fails is no news. R2 was up, and fails itself."""
    answer = fail(site(DARK), "R1", "R2")

    assert answer.failed_itself.to_json() == {"racks": 1, "services": 0, "tenants": 0, "it_load_kw": 0.0}
    assert answer.down_before.to_json() == {"racks": 1, "services": 1, "tenants": 1, "it_load_kw": 0.4}


def test_a_rack_that_only_holds_what_is_dark_does_not_fail_itself() -> None:
    """Nothing feeds R; its server hangs behind the open Q, so that R is down before, failed or not."""
    graph = site(
        ":U a dcx:Utility_Feed ; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :S ."
        " :S a brick:Server ; dcx:mountedIn :R . :R a brick:ICT_Rack ."
    )

    for failed in ("R", "S", "U"):
        answer = fail(graph, failed)
        assert (answer.failed_itself.racks, answer.down_before.racks, answer.totals.racks["LOST"]) == (0, 1, 0)


def test_of_several_draws_that_differ_the_answer_says_which_counts() -> None:
    """10 and 20 kW are planned for one server: the one that is counted is named, and it is the one in the totals."""
    ten, twenty = (f"[ brick:value {kw} ; brick:hasUnit unit:KiloW ]" for kw in (10, 20))
    answer = fail(site(f":U a dcx:Utility_Feed ; dcx:feedsPower :S . :S a brick:Server ; dcx:allocatedPower {ten}, {twenty} ."), "U")

    counted = answer.totals.it_load_kw["LOST"]
    assert answer.assumed == (f"urn:site:S states several draws that differ: {counted:g} kW counts",)


PLANNED = """
:U a dcx:Utility_Feed ; dcx:feedsPower :R1, :R2, :R3, :R4 .
:R1 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
:R2 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 20 ; brick:hasUnit unit:KiloW ] .
:S2 a brick:Server ; dcx:mountedIn :R2 ; dcx:ratedPowerInput [ brick:value 9 ; brick:hasUnit unit:KiloW ] .
:R3 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 40 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :S3 .
:S3 a brick:Server ; dcx:mountedIn :R3 ; dcx:allocatedPower [ brick:value 3 ; brick:hasUnit unit:KiloW ] .
:R4 a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 80 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :S4 .
:S4 a brick:Server ; brick:ratedPowerInput [ brick:value 5 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :Strip . :Strip a dcx:Rack_PDU .
"""


def test_what_is_planned_for_a_rack_counts_while_nothing_in_it_says_what_it_draws() -> None:
    """R1 is empty: 10 kW. R2's server states no draw: 20 kW. R3's states 3 and R4's 5 kW, so what is planned for these is left out."""
    answer = fail(site(PLANNED), "U")

    assert answer.totals.it_load_kw["LOST"] == 10 + 20 + 3 + 5


def test_a_rack_that_fails_itself_takes_what_is_planned_for_it() -> None:
    """R1 alone: its 10 kW fail themselves, the other 28 are unaffected."""
    answer = fail(site(PLANNED), "R1")

    assert (answer.failed_itself.it_load_kw, answer.totals.it_load_kw["UNAFFECTED"]) == (10.0, 28.0)


def test_the_answer_as_the_command_line_prints_it() -> None:
    """The JSON form has the fields of the contract, ids in full."""
    answer = fail(site(":PDU a dcx:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack ."), "PDU").to_json()

    assert list(answer) == [
        *("revision", "at", "failed", "outcomes", "totals", "down_before", "failed_itself", "trips", "overloads", "assumed", "positions"),
        *("resolved", "better", "moves", "rooms", "by_tenant", "by_service", "by_class"),
    ]
    assert answer["at"] == "2026-01-01T00:00:00Z"
    assert answer["outcomes"] == [
        {
            "id": "urn:site:R",
            "class": "https://brickschema.org/schema/Brick#ICT_Rack",
            "label": "R",
            "medium": DCX + "Power",
            "outcome": "LOST",
            "evidence": ["urn:site:PDU"],
            "path": ["urn:site:PDU", "urn:site:R"],
            "exposed_to": [],
        }
    ]


def test_stored_energy_that_feeds_is_told_not_to_be_counted() -> None:
    """The battery feeds the UPS in the model; it bridges time, and the answer says that it is left out."""
    graph = site(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :U . :U a dcx:UPS ; dcx:feedsPower :R . :B a dcx:Battery_String ; dcx:feedsPower :U ."
        ":R a brick:ICT_Rack ."
    )

    answer = fail(graph, "F")

    assert told(answer) == {"U Power": "LOST", "R Power": "LOST"}
    assert answer.assumed == (
        "urn:site:B -> urn:site:U is not counted: Battery_String stores energy and is no supplier; it bridges time (impact --timeline)",
    )


def test_a_requirement_that_cannot_be_understood_is_told() -> None:
    """One names no medium, one no number: the first is ignored, the second counts as any one."""
    graph = site(
        ":A a dcx:PDU ; dcx:isSource true ; dcx:feedsPower :R . :R a brick:ICT_Rack ; dcx:requires [ dcx:atLeast 2 ] ,"
        ' [ dcx:medium dcx:Power ; dcx:atLeast "both" ] .'
    )

    assert fail(graph, "A").assumed == (
        "urn:site:R needs any one supplier of Power: the dcx:atLeast of a dcx:requires is no number of 0 or more",
        "urn:site:R: a dcx:requires is ignored because it names no medium that there is: give it a dcx:medium, one of dcx:Power, "
        "dcx:LiquidCooling, dcx:AirCooling, dcx:Network, dcx:Compute, dcx:Control",
    )


def test_a_ring_that_no_source_reaches_is_told() -> None:
    """Chiller → coil → pump → chiller and no tower: all three wait for each other, nothing can be lost, and the answer says why."""
    graph = site(
        """
        :CH a brick:Chiller ; dcx:feedsLiquidCooling :Coil . :Coil a brick:Coil ; dcx:feedsLiquidCooling :P .
        :P a brick:Pump ; dcx:feedsLiquidCooling :CH .
        """
    )

    answer = fail(graph, "P")

    assert answer.outcomes == ()
    assert answer.assumed[0].startswith(
        "not supplied before the failure, of what this answer rests on: 3 (urn:site:CH, urn:site:Coil, urn:site:P)"
    )


def test_an_empty_list_of_media_is_refused_and_bare_names_are_understood() -> None:
    """No medium at all is no question; `power` is dcx:Power."""
    graph = site(":PDU a dcx:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack .")

    with pytest.raises(GraphError, match="no medium is asked for: name one or more of dcx:Power"):
        fail(graph, "PDU", media=[])
    assert told(fail(graph, "PDU", media=["power"])) == {"R Power": "LOST"}
