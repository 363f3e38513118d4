"""Failure over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

from typing import Any

import pytest

from analytics.impact import BlastRadius, Told
from analytics.moves import Move
from analytics.scenario import Scenario
from ontology.namespaces import DEMO
from tests.support.served import RACKS, Served, served

UPS_A, UPS_B = DEMO + "UPS-A", DEMO + "UPS-B"
WHOLE = """query($f: [ID!]!, $m: [String!], $o: [ID!], $c: [ID!], $i: [ID!], $mv: [MoveInput!]) {
  impact(failed: $f, media: $m, opened: $o, closed: $c, isolated: $i, moved: $mv) {
  revision at failed assumed trips { id afterS loadKw ratedKw } overloads { id loadKw limitKw } positions { id position fromTelemetry }
  outcomes { id class medium outcome evidence path exposedTo }
  totals { racks { ...C } services { ...C } tenants { ...C } itLoadKw { lost overloaded noRedundancy reduced unaffected } }
  downBefore { racks services tenants itLoadKw } failedItself { ...F } resolved { asked part kind ids opens }
  better { id label medium without outcome } moves { tenant kw left arrivals { rack equipment kw supplied singlePoints }
  overloads { id loadKw beforeKw limitKw } } rooms { ...P } byTenant { ...P } byService { id label outcome }
  byClass { class counts { ...C } }
  restsOn { points good uncertain stale bad silent entities poorCount doubtful { ...D }
  poor { point what of quality reason value observedAt ageS instead entities entitiesCount } } } }
fragment P on PartTotals { id label outcome racks { ...C } services { ...C } tenants { ...C }
  itLoadKw { lost overloaded noRedundancy reduced unaffected } failedItself { ...F } doubtful { ...D } }
fragment D on Doubtful { racks services tenants itLoadKw }
fragment F on FailedItself { racks services tenants itLoadKw }
fragment C on OutcomeCount { lost overloaded noRedundancy reduced unaffected }"""


def camel(name: str) -> str:
    head, *rest = name.lower().split("_")
    return head + "".join(part.capitalize() for part in rest)


def in_camel_case(told: Any) -> Any:
    """The command line's JSON with GraphQL's names."""
    if isinstance(told, dict):
        return {camel(key): in_camel_case(value) for key, value in told.items()}
    return [in_camel_case(each) for each in told] if isinstance(told, list) else told


def as_graphql(told: dict[str, Any]) -> dict[str, Any]:
    """An answer as GraphQL gives it: no labels of outcomes, and of each count every outcome."""
    for row in told["outcomes"]:
        del row["label"]
    for row in told["by_class"]:
        row["counts"].setdefault("UNAFFECTED", 0)
    named: dict[str, Any] = in_camel_case(told)
    return named


def test_the_answer_is_the_command_lines_in_camel_case(site: Served) -> None:
    """Both sides of a 2N site lost: every field of every outcome is the same, but for the instant of asking."""
    found = site.ask(WHOLE, f=["demo:UPS-A", UPS_B])["impact"]
    told = as_graphql(site.twin.newest.impact([UPS_A, UPS_B], parts=True, rests=True).to_json())

    assert {**found, "at": None} == {**told, "at": None}
    assert found["totals"]["racks"]["lost"] == RACKS


def test_a_scenario_is_answered_as_on_the_command_line(site: Served) -> None:
    """A room fails, a breaker is opened, a bypass closed first, a UPS isolated, a tenant moves: every field is the same."""
    wanted = Scenario(
        ("demo:Electrical-Room-B",),
        ("demo:Breaker-PDU-H1-A1",),
        ("demo:Breaker-UPS-A-Bypass",),
        (UPS_A,),
        (Move("demo:Tenant-01", ("demo:Rack-R003", "demo:Rack-R004")),),
    )
    moved = [{"tenant": "demo:Tenant-01", "racks": ["demo:Rack-R003", "demo:Rack-R004"]}]

    found = site.ask(WHOLE, f=list(wanted.fails), o=list(wanted.opened), c=list(wanted.closed), i=list(wanted.isolated), mv=moved)["impact"]

    told = as_graphql(site.twin.newest.impact(wanted, parts=True, rests=True).to_json())
    assert {**found, "at": None} == {**told, "at": None}
    assert found["resolved"][-1]["opens"] == [DEMO + "Breaker-UPS-A-Input"]
    assert found["better"]
    assert found["moves"][0]["kw"] > 0
    assert sum(room["racks"]["lost"] for room in found["rooms"]) == found["totals"]["racks"]["lost"] > 0


def test_a_scenario_that_contradicts_itself_is_bad_input(site: Served) -> None:
    """Opened and closed at once; what is no switch is opened."""
    both = ["demo:Breaker-UPS-A-Input"]
    (twice,) = site.post(WHOLE, f=[], o=both, c=both)["errors"]
    (never,) = site.post(WHOLE, f=[], o=[UPS_A])["errors"]

    assert twice["message"] == "demo:Breaker-UPS-A-Input is named as opened and as closed: a scenario takes it once"
    assert never["message"].startswith("demo:UPS-A is no switch, so it cannot be opened")
    assert twice["extensions"] == never["extensions"] == {"code": "BAD_INPUT"}


def test_one_medium_can_be_asked_for(site: Served) -> None:
    """Only outcomes in power are told when only power is asked for."""
    found = site.ask(WHOLE, f=[UPS_A], m=["dcx:Power"])["impact"]

    assert {row["medium"] for row in found["outcomes"]} == {"https://w3id.org/ridethrough/ontology#Power"}


def test_only_what_is_asked_for_is_worked_out(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why an outcome is so costs most, and outcomes cost more than counts; fragments are looked into, sockets as well."""
    asked: list[Told] = []
    rested: list[bool] = []
    real = site.twin.newest.impact

    def noted(failed: Scenario, media: list[str] | None, told: Told, parts: bool, of: tuple[str, ...] | None, rests: bool) -> BlastRadius:
        asked.append(told)
        rested.append(rests)
        return real(failed, media, told, parts, of, rests)

    monkeypatch.setattr(site.twin.newest, "impact", noted)
    site.ask("query($f: [ID!]!) { impact(failed: $f) { totals { racks { lost } } } }", f=[UPS_A])
    site.ask("query($f: [ID!]!) { impact(failed: $f) { ...R } } fragment R on Impact { outcomes { id } }", f=[UPS_A])
    site.ask("query($f: [ID!]!) { impact(failed: $f) { outcomes { ... on NodeOutcome { why: evidence } } } }", f=[UPS_A])
    with site.subscribed('subscription { impact(failed: ["demo:UPS-A"]) { revision } }') as told:
        told()
    site.ask("query($f: [ID!]!) { impact(failed: $f) { rooms { doubtful { racks } } } }", f=[UPS_A])

    assert asked == [Told.TOTALS, Told.OUTCOMES, Told.WHY, Told.TOTALS, Told.TOTALS]
    assert rested == [False, False, False, False, True]


def test_some_rows_are_explained_without_the_others(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a page of a large answer evidence and path are asked for alone: they are those of the whole answer, and so are the totals."""
    whole = site.ask(WHOLE, f=["demo:UPS-A", UPS_B])["impact"]
    worked_out: list[int] = []
    real = site.twin.newest.impact

    def noted(*question: Any) -> BlastRadius:
        found = real(*question)
        worked_out.append(len(found.outcomes))
        return found

    monkeypatch.setattr(site.twin.newest, "impact", noted)
    some = [row["id"] for row in whole["outcomes"][3:6]]
    page = (
        "query($f: [ID!]!, $of: [ID!]) { impact(failed: $f) { outcomes(of: $of) { id medium evidence path } totals { racks { lost } } } }"
    )
    found = site.ask(page, f=["demo:UPS-A", UPS_B], of=some)["impact"]
    named = site.ask('{ impact(failed: ["demo:UPS-A"]) { outcomes(of: "demo:Rack-R001") { id } } }')["impact"]
    (many,) = site.post(page, f=[UPS_A], of=["demo:UPS-A"] * 1001)["errors"]

    wanted = [{key: row[key] for key in ("id", "medium", "evidence", "path")} for row in whole["outcomes"] if row["id"] in some]
    assert found == {"outcomes": wanted, "totals": {"racks": {"lost": RACKS}}}
    assert {row["id"] for row in named["outcomes"]} == {DEMO + "Rack-R001"}
    assert worked_out == [len(wanted), len(named["outcomes"])]
    assert many["message"] == "of has 1001 ids: give 1000 at most"


def test_a_question_about_failures_costs_by_how_many_fail(site: Served) -> None:
    """At 250 fields a failure, 1,000 of them twice are 500,000 and more; 20 of them twice are not."""
    twice = "query($f: [ID!]!) { a: impact(failed: $f) { revision } b: impact(failed: $f) { revision } }"
    (error,) = site.post(twice, f=[UPS_A] * 1000)["errors"]

    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "for fewer `failed`" in error["message"]
    assert "errors" not in site.post(twice, f=[UPS_A] * 20)


def test_questions_about_failures_wait_in_a_bounded_line() -> None:
    """With none allowed to wait the next one is refused with what to do."""
    with served() as site:
        site.face.analysis.waiting_max = 0
        (error,) = site.post(WHOLE, f=[UPS_A])["errors"]

    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert error["message"] == "0 questions are waiting and 0 may: ask again later"


def test_a_medium_may_be_named_barely_and_no_medium_at_all_is_refused(site: Served) -> None:
    """`Power` is dcx:Power, as on the command line; an empty list would answer that nothing is hit."""
    (error,) = site.post(WHOLE, f=[UPS_A], m=[])["errors"]

    assert (
        site.ask(WHOLE, f=[UPS_A], m=["Power"])["impact"]["outcomes"] == site.ask(WHOLE, f=[UPS_A], m=["dcx:Power"])["impact"]["outcomes"]
    )
    assert error["message"].startswith("no medium is asked for: name one or more of dcx:Power")
    assert error["extensions"] == {"code": "BAD_INPUT"}


def test_an_unknown_id_is_an_error_with_the_nearest_ones(site: Served) -> None:
    """The error names the id, the revision and what was likely meant."""
    (error,) = site.post(WHOLE, f=["demo:UPS-Q"])["errors"]

    assert error["message"].startswith("no entity 'demo:UPS-Q' in revision 1; did you mean demo:UPS-")
    assert error["extensions"] == {"code": "UNKNOWN_ENTITY"}


def test_an_empty_question_is_refused(site: Served) -> None:
    """Nothing fails: there is nothing to answer."""
    (error,) = site.post(WHOLE, f=[])["errors"]

    assert error["message"] == "failed has 0 ids: give 1 to 1000"


def test_a_breaker_that_opens_changes_the_answer_and_is_named() -> None:
    """With the A side cut at the UPS output, losing UPS-B loses what hung on both sides; the answer names the position it rests on."""
    with served() as site:
        before = site.ask(WHOLE, f=[UPS_B])["impact"]
        site.read((DEMO + "Breaker-UPS-A-Output.Position", 0.0))
        after = site.ask(WHOLE, f=[UPS_B])["impact"]

    assert before["totals"]["racks"]["lost"] < after["totals"]["racks"]["lost"]
    assert {"id": DEMO + "Breaker-UPS-A-Output", "position": "open", "fromTelemetry": True} in after["positions"]


def test_the_drawing_has_the_entity_in_the_middle(site: Served) -> None:
    """Every edge ends at drawn nodes, and the limit holds."""
    view = site.ask(
        '{ graph(around: "demo:UPS-A", hops: 2, limit: 10) { center truncated nodes { id level x y hidden } edges { source target } } }'
    )
    nodes = {node["id"] for node in view["graph"]["nodes"]}

    assert view["graph"]["center"] == UPS_A
    assert UPS_A in nodes
    assert len(nodes) <= 10
    assert {end for edge in view["graph"]["edges"] for end in edge.values()} <= nodes


def test_the_drawing_tells_what_is_open_and_what_is_down_now() -> None:
    """At rest nothing is down and only the bypass is open; an open output breaker is not down, what hangs on it alone is."""
    asked = '{ graph(around: "demo:UPS-A", hops: 3) { nodes { id down position } } }'
    with served() as site:
        rest = {node["id"]: node for node in site.ask(asked)["graph"]["nodes"]}
        site.read((DEMO + "Breaker-UPS-A-Output.Position", 0.0))
        cut = {node["id"]: node for node in site.ask(asked)["graph"]["nodes"]}

    breaker = DEMO + "Breaker-UPS-A-Output"
    assert [iri for iri, node in rest.items() if node["down"]] == []
    assert [iri for iri, node in rest.items() if node["position"] == "open"] == [DEMO + "Breaker-UPS-A-Bypass"]
    assert (rest[breaker]["position"], rest[UPS_A]["position"]) == ("closed", None)
    assert (cut[breaker]["position"], cut[breaker]["down"], cut[UPS_A]["down"]) == ("open", False, False)
    assert any(node["down"] for node in cut.values())
