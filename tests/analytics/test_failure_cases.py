"""Sites small enough to settle by hand; each docstring shows the sum."""

from __future__ import annotations

import pytest

from tests.analytics.sites import SITE, TWO_SIDES, fail, site, told


def test_losing_one_ups_of_a_2n_site_leaves_a_dual_corded_rack_without_redundancy() -> None:
    """Dual: 2 feeds, any one needed; UPS-A gone leaves 1, and UPS-B or Utility-B alone would have left 1 too: exposed to both."""
    graph = site(TWO_SIDES)

    answer = fail(graph, "UPS-A")

    assert told(answer) == {"Single Power": "LOST", "Dual Power": "NO_REDUNDANCY"}
    lost, exposed = answer.outcomes
    assert lost.path == (SITE + "UPS-A", SITE + "Single")
    assert exposed.evidence == (SITE + "UPS-A",)
    assert exposed.exposed_to == (SITE + "UPS-B", SITE + "Utility-B")
    assert answer.totals.racks == {"LOST": 1, "OVERLOADED": 0, "NO_REDUNDANCY": 1, "REDUCED": 0, "UNAFFECTED": 0}


def test_losing_both_sides_takes_every_rack_down_and_both_are_the_evidence() -> None:
    """Dual: 2 - 2 = 0 feeds. Neither UPS alone takes it, so the smallest evidence is both; for Single UPS-A alone is enough."""
    answer = fail(site(TWO_SIDES), "UPS-B", "UPS-A")

    assert told(answer) == {"Dual Power": "LOST", "Single Power": "LOST"}
    assert [o.evidence for o in answer.outcomes] == [(SITE + "UPS-A", SITE + "UPS-B"), (SITE + "UPS-A",)]
    assert answer.failed == (SITE + "UPS-A", SITE + "UPS-B")


def test_two_cords_that_end_in_one_ups_are_one() -> None:
    """Both PDUs hang on one UPS: it was a single point of failure before. PDU-1 gone adds PDU-2 as one, and the UPS is not new."""
    graph = site(
        """
        :UPS a dcx:UPS ; dcx:feedsPower :PDU-1, :PDU-2 .
        :PDU-1 a dcx:PDU ; dcx:feedsPower :R . :PDU-2 a dcx:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack .
        """
    )

    answer = fail(graph, "PDU-1")

    assert told(answer) == {"R Power": "NO_REDUNDANCY"}
    assert answer.outcomes[0].exposed_to == (SITE + "PDU-2",)


def test_what_a_site_lacked_before_is_no_new_lack() -> None:
    """R: 3 PDUs on one UPS, any one needed. One PDU gone leaves two: no new single point of failure, a spare less."""
    graph = site(
        """
        :UPS a dcx:UPS ; dcx:feedsPower :PDU-1, :PDU-2, :PDU-3 . :R a brick:ICT_Rack .
        :PDU-1 a dcx:PDU ; dcx:feedsPower :R . :PDU-2 a dcx:PDU ; dcx:feedsPower :R . :PDU-3 a dcx:PDU ; dcx:feedsPower :R .
        """
    )

    assert told(fail(graph, "PDU-1")) == {"R Power": "REDUCED"}
    assert told(fail(graph, "UPS")) == dict.fromkeys(["PDU-1 Power", "PDU-2 Power", "PDU-3 Power", "R Power"], "LOST")


N_PLUS_ONE = """
:Chillers a dcx:Redundancy_Group ; dcx:hasMember :CH-1, :CH-2, :CH-3 ; {count} ; dcx:feedsLiquidCooling :Loop .
:CH-1 a brick:Chiller . :CH-2 a brick:Chiller . :CH-3 a brick:Chiller .
:Loop a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :CRAH . :CRAH a brick:CRAH .
"""


@pytest.mark.parametrize("count", ["dcx:requiredCount 2", "dcx:spareCount 1"])
def test_one_chiller_of_n_plus_one_costs_the_redundancy_and_nothing_else(count: str) -> None:
    """3 chillers, 2 needed: 3 - 1 = 2 hold; one more, 1 < 2, takes the loop. 3 members less 1 spare is the same 2."""
    graph = site(N_PLUS_ONE.replace("{count}", count))

    answer = fail(graph, "CH-1")

    assert told(answer) == dict.fromkeys(["CRAH LiquidCooling", "Chillers LiquidCooling", "Loop LiquidCooling"], "NO_REDUNDANCY")
    assert answer.outcomes[0].exposed_to == (SITE + "CH-2", SITE + "CH-3")
    assert answer.outcomes[0].path == (SITE + "CH-1", SITE + "Chillers", SITE + "Loop", SITE + "CRAH")


def test_two_chillers_of_n_plus_one_take_the_loop_down() -> None:
    """3 - 2 = 1 < 2 needed; either alone leaves 2, so both are the evidence."""
    answer = fail(site(N_PLUS_ONE.replace("{count}", "dcx:requiredCount 2")), "CH-1", "CH-3")

    assert told(answer) == dict.fromkeys(["CRAH LiquidCooling", "Chillers LiquidCooling", "Loop LiquidCooling"], "LOST")
    assert answer.outcomes[0].evidence == (SITE + "CH-1", SITE + "CH-3")


def test_a_group_with_two_spares_only_loses_one_of_them() -> None:
    """4 units, 2 needed: 4 - 1 = 3, and one further failure leaves 2, still enough: REDUCED."""
    graph = site(
        """
        :G a dcx:Redundancy_Group ; dcx:hasMember :U-1, :U-2, :U-3, :U-4 ; dcx:requiredCount 2 ; dcx:feedsPower :Bus .
        :U-1 a dcx:UPS_Module . :U-2 a dcx:UPS_Module . :U-3 a dcx:UPS_Module . :U-4 a dcx:UPS_Module . :Bus a dcx:Switchboard .
        """
    )

    assert told(fail(graph, "U-1")) == {"Bus Power": "REDUCED", "G Power": "REDUCED"}


def test_three_of_four_distributed_redundancy_loses_only_what_shares_both_feeds() -> None:
    """Four UPS, racks on pairs (1,2) (2,3) (3,4) (1,4): UPS-1 gone touches the two racks that it feeds; the other two keep both."""
    pairs = {"R12": (1, 2), "R23": (2, 3), "R34": (3, 4), "R14": (1, 4)}
    graph = site(
        "\n".join(f":UPS-{n} a dcx:UPS ; dcx:feedsPower {', '.join(f':{r}' for r, p in pairs.items() if n in p)} ." for n in range(1, 5))
        + "\n".join(f":{rack} a brick:ICT_Rack ." for rack in pairs)
    )

    answer = fail(graph, "UPS-1")

    assert told(answer) == {"R12 Power": "NO_REDUNDANCY", "R14 Power": "NO_REDUNDANCY"}
    assert answer.totals.racks["UNAFFECTED"] == 2
    assert told(fail(graph, "UPS-1", "UPS-2"))["R12 Power"] == "LOST"


def test_a_server_with_four_cords_of_which_two_must_live() -> None:
    """4 cords, 2 needed: 4 - 1 = 3, 3 - 1 = 2 holds: REDUCED. 4 - 2 = 2, one more is 1 < 2: NO_REDUNDANCY. 4 - 3 = 1: LOST."""
    graph = site(
        """
        :S a brick:Server ; dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 2 ] .
        :P1 a dcx:Rack_PDU ; dcx:feedsPower :S . :P2 a dcx:Rack_PDU ; dcx:feedsPower :S .
        :P3 a dcx:Rack_PDU ; dcx:feedsPower :S . :P4 a dcx:Rack_PDU ; dcx:feedsPower :S .
        """
    )

    assert told(fail(graph, "P1")) == {"S Power": "REDUCED"}
    assert told(fail(graph, "P1", "P2")) == {"S Power": "NO_REDUNDANCY"}
    assert told(fail(graph, "P1", "P2", "P3")) == {"S Power": "LOST"}
    assert fail(graph, "P1", "P2", "P3", "P4").outcomes[0].evidence == (SITE + "P1", SITE + "P2", SITE + "P3")


RING = """
:Feed-A a dcx:Utility_Feed ; dcx:feedsPower :Bus-A . :Feed-B a dcx:Utility_Feed ; dcx:feedsPower :Bus-B .
:Bus-A a brick:Switchgear ; dcx:feedsPower :R-A . :Bus-B a brick:Switchgear ; dcx:feedsPower :R-B .
:Tie a dcx:Tie_Breaker ; dcx:ties :Bus-A, :Bus-B ; dcx:normalPosition dcx:{position} .
:R-A a brick:ICT_Rack . :R-B a brick:ICT_Rack .
"""


def test_a_closed_tie_carries_the_other_bus() -> None:
    """Tie closed: Bus-A lives by Feed-B, Bus-B and the tie, each of which is now the only way."""
    answer = fail(site(RING.replace("{position}", "Closed")), "Feed-A")

    assert told(answer)["R-A Power"] == "NO_REDUNDANCY"
    assert next(o.exposed_to for o in answer.outcomes if o.id == SITE + "R-A") == (SITE + "Bus-B", SITE + "Feed-B", SITE + "Tie")
    assert [(p.id, p.position, p.from_telemetry) for p in answer.positions] == [(SITE + "Tie", "closed", False)]


def test_an_open_tie_carries_nothing_and_the_answer_says_that_it_is_open() -> None:
    """Tie open: Bus-A has one feed, 1 - 1 = 0. Bus-B never heard of it; the open tie itself has lost one of the two that supply it."""
    answer = fail(site(RING.replace("{position}", "Open")), "Feed-A")

    assert told(answer) == {"Bus-A Power": "LOST", "R-A Power": "LOST", "Tie Power": "NO_REDUNDANCY"}
    assert [(p.id, p.position, p.from_telemetry) for p in answer.positions] == [(SITE + "Tie", "open", False)]


def test_a_tie_without_a_stated_position_is_open_and_any_other_breaker_closed() -> None:
    """As the class says: the tie that nobody closed carries nothing, the breaker that nobody opened carries."""
    graph = site(
        RING.replace(" ; dcx:normalPosition dcx:{position}", "").replace(
            "dcx:feedsPower :R-A", "dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :R-A"
        )
    )

    answer = fail(graph, "Feed-A")

    assert told(answer)["R-A Power"] == "LOST"
    assert [(p.id, p.position, p.from_telemetry) for p in answer.positions] == [
        (SITE + "Q", "closed", False),
        (SITE + "Tie", "open", False),
    ]


def test_a_loop_does_not_feed_itself() -> None:
    """Two buses tied in a ring, one source: with it gone each bus still has the other as supplier, and both are dark."""
    graph = site(
        """
        :Feed a dcx:Utility_Feed ; dcx:feedsPower :Bus-1 .
        :Bus-1 a brick:Switchgear . :Bus-2 a brick:Switchgear ; dcx:feedsPower :R . :R a brick:ICT_Rack .
        :Tie-1 a dcx:Tie_Breaker ; dcx:ties :Bus-1, :Bus-2 ; dcx:normalPosition dcx:Closed .
        :Tie-2 a dcx:Tie_Breaker ; dcx:ties :Bus-1, :Bus-2 ; dcx:normalPosition dcx:Closed .
        """
    )

    answer = fail(graph, "Feed")

    assert told(answer) == dict.fromkeys([f"{n} Power" for n in ("Bus-1", "Bus-2", "R", "Tie-1", "Tie-2")], "LOST")
    assert next(o.path for o in answer.outcomes if o.id == SITE + "R") == tuple(SITE + n for n in ("Feed", "Bus-1", "Tie-1", "Bus-2", "R"))


def test_a_bus_that_lives_by_a_tie_is_no_spare_of_the_bus_that_feeds_it() -> None:
    """U1 feeds B1, and B1 by the closed tie B2: B2 never gave B1 anything, so with B2 gone nothing of B1 is less than before."""
    graph = site(
        """
        :U1 a dcx:UPS ; dcx:feedsPower :B1 . :B1 a brick:Switchgear ; dcx:feedsPower :R1 . :B2 a brick:Switchgear ; dcx:feedsPower :R2 .
        :T12 a dcx:Tie_Breaker ; dcx:ties :B1, :B2 ; dcx:normalPosition dcx:Closed . :R1 a brick:ICT_Rack . :R2 a brick:ICT_Rack .
        """
    )

    assert told(fail(graph, "B2")) == {"R2 Power": "LOST"}
    assert told(fail(graph, "T12")) == {"B2 Power": "LOST", "R2 Power": "LOST"}


def test_a_return_line_is_no_supplier_of_what_it_returns_to() -> None:
    """Tower → chiller → pump → coil → chiller: the coil only brings back what the chiller sent, and the tower alone carries it."""
    graph = site(
        """
        :CT a brick:Cooling_Tower ; dcx:feedsLiquidCooling :CH . :CH a brick:Chiller ; dcx:feedsLiquidCooling :P .
        :P a brick:Pump ; dcx:feedsLiquidCooling :Coil . :Coil a brick:Coil ; dcx:feedsLiquidCooling :CH .
        """
    )

    assert told(fail(graph, "P")) == {"Coil LiquidCooling": "LOST"}


def test_a_spare_behind_a_tie_with_a_feed_of_its_own_still_counts() -> None:
    """As before, but U2 feeds B2: with B2 gone B1 has 2 - 1 = 1 way left, and U1 as the one further failure that would take it."""
    graph = site(
        """
        :U1 a dcx:UPS ; dcx:feedsPower :B1 . :U2 a dcx:UPS ; dcx:feedsPower :B2 . :B1 a brick:Switchgear . :B2 a brick:Switchgear .
        :T12 a dcx:Tie_Breaker ; dcx:ties :B1, :B2 ; dcx:normalPosition dcx:Closed .
        """
    )

    answer = fail(graph, "B2")

    assert told(answer) == {"B1 Power": "NO_REDUNDANCY", "T12 Power": "NO_REDUNDANCY"}
    assert next(o.path for o in answer.outcomes if o.id == SITE + "B1") == (SITE + "B2", SITE + "T12", SITE + "B1")


def test_a_service_with_two_of_three_replicas() -> None:
    """3 servers, 2 needed: 3 - 1 = 2 hold and one further, 1 < 2, takes it; 3 - 2 = 1 is lost, and its tenant with it."""
    graph = site(
        """
        :Shop a dcx:Service ; dcx:requires [ dcx:medium dcx:Compute ; dcx:atLeast 2 ] ; dcx:hasTenant :Acme . :Acme a dcx:Tenant .
        :S1 a brick:Server ; dcx:feedsCompute :Shop ; dcx:allocatedPower [ brick:value 400 ; brick:hasUnit unit:W ] .
        :S2 a brick:Server ; dcx:feedsCompute :Shop ; brick:ratedPowerInput [ brick:value 0.6 ; brick:hasUnit unit:KiloW ] .
        :S3 a brick:Server ; dcx:feedsCompute :Shop .
        :P1 a dcx:Rack_PDU ; dcx:feedsPower :S1 . :P2 a dcx:Rack_PDU ; dcx:feedsPower :S2 . :P3 a dcx:Rack_PDU ; dcx:feedsPower :S3 .
        """
    )

    one, two = fail(graph, "P1"), fail(graph, "P1", "P2")

    assert told(one) == {"S1 Power": "LOST", "Shop Compute": "NO_REDUNDANCY"}
    assert one.totals.it_load_kw == {"LOST": 0.4, "OVERLOADED": 0.0, "NO_REDUNDANCY": 0.0, "REDUCED": 0.0, "UNAFFECTED": 0.6}
    assert told(two) == {"S1 Power": "LOST", "S2 Power": "LOST", "Shop Compute": "LOST"}
    assert (two.totals.services["LOST"], two.totals.tenants["LOST"], two.totals.it_load_kw["LOST"]) == (1, 1, 1.0)


def test_evidence_among_very_many_failures_holds_nothing_that_can_be_spared() -> None:
    """24 replicas, 20 needed: 5 gone take it. 24 choose 1 to 4 is 12,950 sets, too many to try; thinned out, the first five are left."""
    servers = [f"S{n:02}" for n in range(24)]
    graph = site(
        ":Shop a dcx:Service ; dcx:requires [ dcx:medium dcx:Compute ; dcx:atLeast 20 ] ."
        + "".join(f":{server} a brick:Server ; dcx:feedsCompute :Shop ." for server in servers)
    )

    answer = fail(graph, *servers)

    assert told(answer) == {"Shop Compute": "LOST"}
    assert answer.outcomes[0].evidence == tuple(SITE + server for server in servers[:5])


def test_a_plain_brick_air_system_gets_answers_by_its_classes() -> None:
    """AHU -> VAV -> zone with brick:feeds alone: air all the way, one chain, so losing the AHU loses both; the AHU is no stranger."""
    graph = site(":AHU a brick:AHU ; brick:feeds :VAV . :VAV a brick:VAV ; brick:feeds :Zone . :Zone a brick:HVAC_Zone .")

    answer = fail(graph, "AHU")

    assert told(answer) == {"VAV AirCooling": "LOST", "Zone AirCooling": "LOST"}
    assert answer.outcomes[1].path == (SITE + "AHU", SITE + "VAV", SITE + "Zone")


def test_is_fed_by_reads_as_feeds() -> None:
    """R isFedBy PDU is PDU feeds R."""
    graph = site(":PDU a dcx:PDU . :R a brick:ICT_Rack ; brick:isFedBy :PDU .")

    assert told(fail(graph, "PDU")) == {"R Power": "LOST"}


@pytest.mark.parametrize("said", [":Panel brick:hasPart :Breaker .", ":Breaker brick:isPartOf :Panel ."])
def test_a_panel_feeds_the_breakers_in_it(said: str) -> None:
    """The panel's class supplies its parts, so panel -> breaker -> lamp is one chain."""
    graph = site(f":Panel a brick:Breaker_Panel . {said} :Breaker a brick:Circuit_Breaker ; dcx:feedsPower :Load . :Load a brick:Server .")

    assert told(fail(graph, "Panel")) == {"Breaker Power": "LOST", "Load Power": "LOST"}


@pytest.mark.parametrize(
    "said",
    [
        ":Wire s223:connectsFrom :PDU ; s223:connectsTo :S .",
        """:Wire s223:connectsAt :Out, :In . :PDU s223:hasConnectionPoint :Out . :In s223:isConnectionPointOf :S .
           :Out a s223:OutletConnectionPoint . :In a s223:InletConnectionPoint .""",
    ],
)
def test_a_223_connection_is_a_conduit_between_its_ends(said: str) -> None:
    """PDU -> wire -> server: losing the PDU loses both, losing the wire loses the server alone."""
    graph = site(f":PDU a dcx:PDU . :S a brick:Server . {said}")

    assert told(fail(graph, "PDU")) == {"S Power": "LOST", "Wire Power": "LOST"}
    assert told(fail(graph, "Wire")) == {"S Power": "LOST"}


def test_stored_energy_is_no_supplier() -> None:
    """The battery bridges time: with the utility gone the UPS is lost although the battery feeds it."""
    graph = site(
        """
        :Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS . :Battery a dcx:Battery_String ; dcx:feedsPower :UPS .
        :UPS a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack .
        """
    )

    assert told(fail(graph, "Utility")) == {"R Power": "LOST", "UPS Power": "LOST"}
    assert told(fail(graph, "Battery")) == {}


def test_a_crah_needs_its_water_and_its_power() -> None:
    """Water and power are one supplier each and both needed: either one gone stops the air, and the other supply still holds."""
    graph = site(
        """
        :Loop a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :CRAH . :MCC a brick:Switchgear ; dcx:feedsPower :CRAH .
        :CRAH a brick:CRAH ; dcx:feedsAirCooling :Aisle . :Aisle a dcx:Cold_Aisle .
        """
    )

    assert told(fail(graph, "Loop")) == {"Aisle AirCooling": "LOST", "CRAH LiquidCooling": "LOST"}
    assert told(fail(graph, "MCC")) == {"Aisle AirCooling": "LOST", "CRAH Power": "LOST"}


def test_a_conduit_passes_on_one_medium_whatever_becomes_of_the_other() -> None:
    """An aisle fed with air and, oddly, power: losing the power does not stop the air."""
    graph = site(
        """
        :CRAH a brick:CRAH ; dcx:feedsAirCooling :Aisle . :PDU a dcx:PDU ; dcx:feedsPower :Aisle .
        :Aisle a dcx:Cold_Aisle ; dcx:feedsAirCooling :R . :R a brick:ICT_Rack .
        """
    )

    assert told(fail(graph, "PDU")) == {"Aisle Power": "LOST"}
    assert told(fail(graph, "CRAH")) == {"Aisle AirCooling": "LOST", "R AirCooling": "LOST"}


def test_what_was_down_before_is_no_outcome() -> None:
    """R wants two feeds and has one: it never held, so the failure takes nothing from it."""
    graph = site(":PDU a dcx:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack ; dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 2 ] .")

    assert told(fail(graph, "PDU")) == {}


def test_all_of_and_among_name_the_suppliers_that_count() -> None:
    """Both pumps must run, whatever feeds beside: the bypass keeps 2 of 3 alive, but not both pumps."""
    graph = site(
        """
        :P1 a brick:Pump ; dcx:feedsLiquidCooling :CDU . :P2 a brick:Pump ; dcx:feedsLiquidCooling :CDU .
        :Bypass a brick:Pump ; dcx:feedsLiquidCooling :CDU .
        :CDU a dcx:CDU ; dcx:requires [ dcx:medium dcx:LiquidCooling ; dcx:allOf true ; dcx:among :P1, :P2 ] .
        """
    )

    assert told(fail(graph, "P2")) == {"CDU LiquidCooling": "LOST"}
    assert told(fail(graph, "Bypass")) == {}


def test_a_convenience_is_missed_and_needed_by_nobody() -> None:
    """At least 0: never lost, and no single failure can take it; that its one supplier is gone shows as REDUCED."""
    graph = site(":A a dcx:PDU ; dcx:feedsPower :R . :R a brick:ICT_Rack ; dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 0 ] .")

    assert told(fail(graph, "A")) == {"R Power": "REDUCED"}


def test_a_group_with_a_common_cause_is_no_source_whatever_it_is_said_to_feed() -> None:
    """The trench holds a cable and "feeds" the rack: with the utility gone the rack is lost all the same."""
    turtle = """
    :U a dcx:Utility_Feed ; dcx:feedsPower :Cable . :Cable a brick:Breaker_Panel ; dcx:feedsPower :R . :R a brick:ICT_Rack .
    :Trench a dcx:Common_Cause_Group ; dcx:hasMember :Cable ; dcx:feedsPower :R .
    """

    assert told(fail(site(turtle), "U")) == {"Cable Power": "LOST", "R Power": "LOST"}
