"""`/rdf/report`: what is wrong with a graph or a source, in every RDF format and as JSON."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette

from adapters.rdf import report as report_module
from adapters.rdf.negotiation import RDF_TYPES
from adapters.rdf.report import report_routes
from graph.changes import NEWEST
from graph.current import CurrentValues
from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from ontology.namespaces import BRICK, DCX, PREFIXES, RDF
from ontology.rdf import canonical_hash, read_stream
from ontology.sources import source_graph
from ontology.terms import QuadBlock
from ontology.vocabulary import load_vocabulary
from tests.support.served import listening
from twin.bus import Bus
from twin.ledger.ledger import Ledger
from twin.state import Twin
from twin.sync import Wish

RACK, STRIP, HALL = "urn:x:rack", "urn:x:strip", "urn:x:hall"
INVENTORY, PLANT = source_graph("inventory"), source_graph("plant")
SH = PREFIXES["sh"]


def clock() -> datetime:
    return datetime(2026, 3, 3, 14, 2, tzinfo=UTC)


@dataclass
class Desk:
    """A twin whose reports are served: the inventory knows a rack and where it stands, the plant something else."""

    ledger: Ledger
    client: httpx.Client

    def says(self, source: str, *quads: tuple[str, str, str]) -> None:
        graph = source_graph(source)
        wish = Wish(source, QuadBlock.of((s, p, o, graph) for s, p, o in quads))
        self.ledger.sync(wish, author="ada", reason="test", deletions_max=1.0)

    def codes(self, asked: str) -> list[str]:
        answer = self.client.get(f"/rdf/report?{asked}", headers={"accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return [finding["code"] for finding in answer.json()["findings"]]


@pytest.fixture
def desk() -> Iterator[Desk]:
    twin = Twin(load_vocabulary(), Snapshot.empty(), CurrentValues({}), Bus(), clock)
    ledger = Ledger(MemoryStore(), twin, clock)
    with listening(Starlette(routes=report_routes(ledger, twin.vocabulary))) as client:
        found = Desk(ledger, client)
        found.says(
            "inventory",
            (RACK, RDF + "type", BRICK + "ICT_Rack"),
            (RACK, BRICK + "hasLocation", HALL),
            (HALL, RDF + "type", DCX + "Data_Hall"),
        )
        found.says("plant", ("urn:x:u", RDF + "type", BRICK + "UPS"))
        yield found


def test_a_source_is_judged_by_what_it_says(desk: Desk) -> None:
    """The inventory's rack is fed by nothing; the plant uses a class that Brick does not have."""
    assert desk.codes("source=inventory") == ["rack-is-fed"]
    assert desk.codes("source=plant") == ["unknown-term"]
    assert desk.codes(f"graph={PLANT}") == ["unknown-term"]


def test_what_another_source_says_counts(desk: Desk) -> None:
    """The plant feeds the inventory's rack: then it is fed."""
    desk.says("plant", (STRIP, DCX + "feedsPower", RACK))

    assert desk.codes("source=inventory") == []


@pytest.mark.parametrize(("kind", "media"), sorted(RDF_TYPES.items()))
def test_a_report_comes_in_every_format(desk: Desk, kind: str, media: str) -> None:
    """As the format is asked for, and it is the same report in each."""
    answers = [desk.client.get("/rdf/report?source=inventory", headers={"accept": accept}) for accept in (media, "text/turtle")]

    assert [a.headers["content-type"].partition(";")[0] for a in answers] == [media, "text/turtle"]
    blocks = [
        read_stream(io.BytesIO(a.content), name="r", format=form, source="r") for a, form in zip(answers, (kind, "turtle"), strict=True)
    ]
    assert len({canonical_hash((s, p, o, "urn:g") for s, p, o, _ in block) for block in blocks}) == 1
    assert any(p == SH + "focusNode" and o == RACK for _, p, o, _ in blocks[0])


def test_a_report_that_xml_cannot_hold_is_told_so(desk: Desk) -> None:
    """A message holds the text that it is about; any other syntax has it."""
    desk.says("bms", ("urn:x:t", RDF + "type", BRICK + "Air_Temperature_Sensor"), ("urn:x:t", BRICK + "hasUnit", '"\x01"'))

    xml, turtle = (desk.client.get("/rdf/report?source=bms", headers={"accept": kind}) for kind in ("application/rdf+xml", "text/turtle"))

    assert (xml.status_code, turtle.status_code) == (406, 200), xml.text
    assert "U+0001" in xml.json()["detail"]


def test_json_names_the_state_and_each_finding(desk: Desk) -> None:
    """All that a finding has, under its own names."""
    answer = desk.client.get("/rdf/report?source=plant", headers={"accept": "application/json"}).json()

    (finding,) = answer.pop("findings")
    assert answer == {"graphs": [PLANT], "revision": 2, "at": "2026-03-03T14:02:00+00:00", "conforms": False}
    assert (finding["severity"], finding["focus"], finding["path"], finding["count"]) == ("ERROR", "urn:x:u", BRICK + "UPS", 1)
    assert finding["remedy"] == "use dcx:UPS"


def test_a_report_that_the_client_has_is_not_sent_again(desk: Desk) -> None:
    """Until the twin changes: another source may mend what was found."""
    first = desk.client.get("/rdf/report?source=inventory")
    tag = {"if-none-match": first.headers["etag"]}

    assert desk.client.get("/rdf/report?source=inventory", headers=tag).status_code == 304
    desk.says("plant", (STRIP, DCX + "feedsPower", RACK))
    assert desk.client.get("/rdf/report?source=inventory", headers=tag).status_code == 200


def test_another_state_and_a_branch_have_reports_of_their_own(desk: Desk) -> None:
    """What was wrong then, and what would be right."""
    desk.ledger.create_branch("fed", base=NEWEST, author="ada", reason="what if")
    wish = Wish("plant", QuadBlock.of([(STRIP, DCX + "feedsPower", RACK, PLANT)]))
    desk.ledger.sync(wish, author="ada", reason="what if", branch="fed", deletions_max=1.0)

    assert desk.codes("source=inventory&branch=fed") == []
    assert desk.codes("source=inventory&at=1") == ["rack-is-fed"]


@pytest.mark.parametrize(
    ("asked", "accept", "status", "told"),
    [
        ("", "text/turtle", 400, "?source=NAME"),
        ("source=nobody", "text/turtle", 404, "says nothing"),
        ("source=plant", "image/png", 406, "text/turtle"),
        ("source=plant&at=99", "text/turtle", 404, "99"),
    ],
)
def test_what_cannot_be_reported_is_told(desk: Desk, asked: str, accept: str, status: int, told: str) -> None:
    """Each refusal says what to do."""
    answer = desk.client.get(f"/rdf/report?{asked}", headers={"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


def test_a_source_too_large_to_judge_at_a_request_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limit, and where it can be judged."""
    monkeypatch.setattr(report_module, "FACTS_MAX", 2)

    answer = desk.client.get("/rdf/report?source=inventory")

    assert answer.status_code == 413
    assert "3 facts, and at most 2" in answer.json()["detail"]
    assert "ridethrough validate" in answer.json()["detail"]
