"""What hangs by a single failure as things stand, and what a switch or a unit out of service has just changed, by hand."""

from __future__ import annotations

from analytics.conditions import Conditions, Position
from analytics.posture.change import Act, Moved, PostureChange, compare
from analytics.posture.lookout import Lookout
from analytics.supply_graph import SupplyGraph
from tests.analytics.sites import AT, NOW, SITE, site

HALL = """
:Utility-A a dcx:Utility_Feed ; dcx:feedsPower :Q-A1 . :Q-A1 a brick:Circuit_Breaker ; dcx:feedsPower :UPS-A .
:Utility-B a dcx:Utility_Feed ; dcx:feedsPower :UPS-B . :UPS-A a dcx:UPS ; dcx:feedsPower :Rack-1, :Rack-2 .
:UPS-B a dcx:UPS ; dcx:feedsPower :Rack-1, :Rack-2, :Rack-3 .
:Rack-1 a brick:ICT_Rack . :Rack-2 a brick:ICT_Rack . :Rack-3 a brick:ICT_Rack .
:S1 a brick:Server ; brick:isFedBy :Rack-1 ; dcx:allocatedPower [ brick:value 2 ; brick:hasUnit unit:KiloW ] .
:S2 a brick:Server ; brick:isFedBy :Rack-2 ; dcx:allocatedPower [ brick:value 3 ; brick:hasUnit unit:KiloW ] .
:S3 a brick:Server ; brick:isFedBy :Rack-3 ; dcx:allocatedPower [ brick:value 4 ; brick:hasUnit unit:KiloW ] .
:Web a dcx:Service ; brick:isFedBy :S1, :S2 ; dcx:hasTenant :T . :Db a dcx:Service ; brick:isFedBy :S3 ; dcx:hasTenant :U .
:T a dcx:Tenant . :U a dcx:Tenant .
"""


def standing(*opened: str, out: tuple[str, ...] = ()) -> Conditions:
    """Which of the breakers Q and Q-A1 are open, and some things out of service, as telemetry says."""
    positions = {SITE + name: Position(is_open=name in opened, from_telemetry=True) for name in ("Q", "Q-A1")}
    return Conditions(AT, positions, out={SITE + name: f"{SITE}{name}.Fault" for name in out})


def names(*ids: str) -> tuple[str, ...]:
    return tuple(SITE + each for each in ids)


def changed(graph: SupplyGraph, before: Conditions, after: Conditions) -> PostureChange:
    """From one state to another, by the incremental way."""
    lookout = Lookout(graph, before)
    return compare(lookout.posture, lookout.renew(after))


def test_what_hangs_by_one_failure_is_counted_and_by_which() -> None:
    """Rack-3 has side B alone: it hangs by UPS-B and Utility-B, and so does Db behind it, by S3 and Rack-3 too. S1, S2 and S3 hang by their
    racks: 2 + 3 + 4 = 9 kW. Web runs on either of two, racks 1 and 2 have both sides. The utility is told before
    the UPS, which falls with it."""
    found = Lookout(site(HALL), NOW).posture

    assert found.counts.to_json() == {
        "racks": {"all": 3, "dark": 0, "hanging": 1},
        "services": {"all": 2, "dark": 0, "hanging": 1},
        "tenants": {"all": 2, "dark": 0, "hanging": 1},
        "it_load_kw": {"all": 9.0, "dark": 0.0, "hanging": 9.0},
    }
    assert [(each.id.removeprefix(SITE), each.racks, each.services, each.it_load_kw) for each in found.hangers(3)] == [
        ("Utility-B", 1, 1, 4.0),
        ("UPS-B", 1, 1, 4.0),
        ("Rack-3", 0, 1, 4.0),
    ]
    (rack,) = found.hanging_by([number(found.graph, "Rack-3")])
    assert (rack.by, rack.count) == (names("UPS-B", "Utility-B"), 2)


def number(graph: SupplyGraph, name: str) -> int:
    found = graph.find(SITE + name)
    assert found is not None
    return found


def test_opening_the_breaker_of_one_side_costs_the_other_racks_their_redundancy() -> None:
    """Q-A1 opens: racks 1 and 2 live by side B, and hang by UPS-B and Utility-B; 2 + 3 kW and Web with them. Rack-3 never had side A."""
    change = changed(site(HALL), standing(), standing("Q-A1"))

    assert change.lost == Moved(names("Rack-1", "Rack-2"), names("Web"), names("T"), 5.0)
    assert not any(each.any for each in (change.dark, change.back, change.regained))
    assert [(each.id, each.act) for each in change.because] == [(SITE + "Q-A1", Act.OPENED)]
    assert change.message == f"2 racks have just lost redundancy: {SITE}Q-A1 opened"


def test_closing_it_again_gives_the_redundancy_back() -> None:
    """The same two racks, the other way round."""
    change = changed(site(HALL), standing("Q-A1"), standing())

    assert change.regained == Moved(names("Rack-1", "Rack-2"), names("Web"), names("T"), 5.0)
    assert change.message == f"2 racks have just regained redundancy: {SITE}Q-A1 closed"


def test_a_ups_out_of_service_takes_down_what_hung_by_it_and_the_message_tells_the_worst_first() -> None:
    """UPS-B has a fault: Rack-3, S3 and Db go dark (4 kW, tenant U), racks 1 and 2 hang by side A now."""
    change = changed(site(HALL), standing(), standing(out=("UPS-B",)))

    assert change.dark == Moved(names("Rack-3"), names("Db"), names("U"), 4.0)
    assert change.lost == Moved(names("Rack-1", "Rack-2"), names("Web"), names("T"), 5.0)
    assert change.message == f"1 rack has just gone dark, 2 racks lost redundancy: {SITE}UPS-B is out of service"


def test_several_things_at_once_are_one_change_with_all_its_reasons() -> None:
    """UPS-B comes back while Q-A1 opens: Rack-3 has supply again; racks 1 and 2 hung by side A and hang by side B now, which is news."""
    change = changed(site(HALL), standing(out=("UPS-B",)), standing("Q-A1"))

    assert (change.back.racks, change.lost.racks) == (names("Rack-3"), names("Rack-1", "Rack-2"))
    assert [each.act for each in change.because] == [Act.OPENED, Act.BACK_IN_SERVICE]


def test_a_change_that_lists_little_counts_and_says_all_the_same() -> None:
    """Of two racks, a service and a tenant one each is listed, or none; the counts and the sentence stay. Reasons that the sentence names
    stay, too."""
    change = changed(site(HALL), standing(out=("UPS-B",)), standing("Q-A1"))
    one, none = change.first(1), change.first(2).first(0)

    assert one.lost == Moved(names("Rack-1"), names("Web"), names("T"), 5.0, (1, 0, 0))
    assert none.lost == Moved((), (), (), 5.0, (2, 1, 1))
    assert one.message == none.message == change.message
    assert {none.because, one.because, change.because} == {change.because}
    assert change.first(2) == change
    told = none.to_json()
    assert isinstance(told["lost"], dict)
    assert [told["lost"][each] for each in ("count", "services_count", "tenants_count", "racks")] == [2, 1, 1, []]
    assert told["because_count"] == 2


def test_what_changes_nothing_for_anybody_is_no_news() -> None:
    """A breaker of a side that is dead already."""
    change = changed(site(HALL), standing(out=("Utility-A",)), standing("Q-A1", out=("Utility-A",)))

    assert (change.any, change.message) == (False, "")
    assert [each.act for each in change.because] == [Act.OPENED]


def test_a_switch_of_which_telemetry_says_nothing_before_or_after_is_told_as_what_is_known_of_it() -> None:
    """The first reading finds Q-A1 open; then its point goes stale, and it counts as closed again."""
    graph = site(HALL)

    found, lost = changed(graph, NOW, standing("Q-A1")), changed(graph, standing("Q-A1"), NOW)

    assert found.message == f"2 racks have just lost redundancy: {SITE}Q-A1 is open, as is known now"
    assert lost.because[0].text == f"{SITE}Q-A1 counts as closed, as normally: its position is not known any more"


def test_of_another_model_only_what_both_know_is_compared() -> None:
    """Rack-2 loses its cord to side A in the model, and Rack-4 comes on side A alone: Rack-2 has lost redundancy, the new one nothing."""
    older = Lookout(site(HALL), standing()).posture
    newer = Lookout(
        site(HALL.replace("dcx:feedsPower :Rack-1, :Rack-2 .", "dcx:feedsPower :Rack-1, :Rack-4 .") + ":Rack-4 a brick:ICT_Rack ."),
        standing(),
    ).posture

    change = compare(older, newer)

    assert change.lost.racks == names("Rack-2")
    assert not any(each.racks for each in (change.dark, change.back, change.regained))
    assert compare(newer, older).regained.racks == names("Rack-2")


def test_a_ring_that_loses_its_only_source_is_dark_and_comes_back_with_it() -> None:
    """Two buses tied both ways, one source behind Q: the ring does not feed itself."""
    graph = site(
        """
        :Utility a dcx:Utility_Feed ; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :Bus-1 .
        :Bus-1 a dcx:Switchboard ; dcx:feedsPower :Rack-1 . :Bus-2 a dcx:Switchboard ; dcx:feedsPower :Rack-2 .
        :Tie-1 a dcx:Tie_Breaker ; dcx:ties :Bus-1, :Bus-2 ; dcx:normalPosition dcx:Closed .
        :Tie-2 a dcx:Tie_Breaker ; dcx:ties :Bus-1, :Bus-2 ; dcx:normalPosition dcx:Closed .
        :Rack-1 a brick:ICT_Rack . :Rack-2 a brick:ICT_Rack .
        """
    )

    dark, back = changed(graph, standing(), standing("Q")), changed(graph, standing("Q"), standing())

    assert dark.dark.racks == back.back.racks == names("Rack-1", "Rack-2")
    assert dark.message == f"2 racks have just gone dark: {SITE}Q opened"
    assert back.message == f"2 racks have just got supply back: {SITE}Q closed"


def test_the_answer_names_what_it_stands_on() -> None:
    """Revision, instant, positions with their origin, and what is out of service with the point that says so."""
    told = Lookout(site(HALL), standing("Q-A1", out=("UPS-B",))).posture.to_json()

    assert (told["revision"], told["at"]) == (1, "2026-01-01T00:00:00Z")
    assert told["positions"] == [{"id": SITE + "Q-A1", "position": "open", "from_telemetry": True}]
    assert told["assumed"] == [
        f"{SITE}UPS-B counts as out of service, as {SITE}UPS-B.Fault says",
        *(f"{SITE}Rack-{n} feeds {SITE}S{n} in Power: neither class settles the medium" for n in (1, 2, 3)),
    ]
    assert (told["dark_racks"], told["dark_services"]) == (list(names("Rack-1", "Rack-2", "Rack-3")), list(names("Db", "Web")))
    assert told["message"] == "0 of 3 racks hang by a single failure, 3 are dark"


def test_where_ratings_are_stated_it_says_that_load_is_not_followed() -> None:
    """The same hall with and without a rating; the answer is that of supply alone in both."""
    rated = Lookout(site(HALL + ":UPS-A dcx:ratedPower [ brick:value 1 ; brick:hasUnit unit:KiloW ] ."), NOW).posture
    plain = Lookout(site(HALL), NOW).posture

    (more,) = set(rated.assumed) - set(plain.assumed)
    assert more.startswith("loads that move after a failure trip nothing here")
    assert rated.counts == plain.counts


def test_what_is_dark_already_hangs_by_nothing_more() -> None:
    """UPS-B out: Rack-3 is dark, with S3 and its 4 kW, Db and tenant U. The air of racks 1 and 3 hangs by C: of them Rack-1 is up."""
    found = Lookout(site(HALL + ":C a brick:CRAH ; dcx:feedsAirCooling :Rack-1, :Rack-3 ."), standing(out=("UPS-B",))).posture

    by = {each.id.removeprefix(SITE): each for each in found.hangers()}
    assert (by["C"].racks, found.counts.racks.dark, found.counts.it_load_kw.dark) == (1, 1, 4.0)
    for kind in ("racks", "services", "tenants", "it_load_kw"):
        assert max(getattr(each, kind) for each in by.values()) <= getattr(found.counts, kind).hanging
