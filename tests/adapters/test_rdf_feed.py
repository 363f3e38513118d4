"""The change feed over HTTP: whoever follows it from the beginning holds the twin, by pages or by events, and full pages are for ever."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import anyio
import httpx
import pyoxigraph as ox
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from adapters.rdf import feed, feed_members
from adapters.rdf.feed import feed_routes
from adapters.rdf.feed_members import FEED, TREE
from graph.changes import ChangeSet
from graph.current import CurrentValues
from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from ontology.rdf import canonical_hash, read_stream
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock, key_of, literal_parts
from ontology.vocabulary import load_vocabulary
from tests.support.served import listening
from twin.bus import Bus
from twin.ledger.ledger import Ledger
from twin.state import Twin
from twin.sync import Wish

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "change-feed.md"
GRAPH = source_graph("desk")
START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Desk:
    """A twin whose feed is served."""

    ledger: Ledger
    twin: Twin
    client: httpx.Client

    def change(self, *, add: list[KeyQuad] | None = None, remove: list[KeyQuad] | None = None, reason: str = "by hand") -> None:
        change = ChangeSet(QuadBlock.of(add or []), QuadBlock.of(remove or []))
        self.ledger.change(change, author="ada", source="desk", reason=reason)

    def truth(self) -> str:
        return canonical_hash(self.twin.snapshot.quads())


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Pages of four revisions, parts of seven quads, more than five quads are a link."""
    monkeypatch.setattr(feed, "PAGE", 4)
    monkeypatch.setattr(feed, "INLINE_MAX", 5)
    monkeypatch.setattr(feed_members, "PART", 7)
    ticks = iter(START + timedelta(seconds=n) for n in range(10_000))

    def clock() -> datetime:
        return next(ticks)

    twin = Twin(load_vocabulary(), Snapshot.empty(), CurrentValues({}), Bus(), clock)
    ledger = Ledger(MemoryStore(), twin, clock)
    with listening(Starlette(routes=list(feed_routes(ledger)))) as client:
        yield Desk(ledger, twin, client)


def some_history(desk: Desk) -> None:
    """Ten revisions: small ones, a large one, two sources, blank nodes, odd texts, removals."""
    odd = '"a \\ \n \r \t \x07 \u4e2d"@de'
    desk.change(add=[("urn:a:a", "urn:p:p", odd, GRAPH), ("urn:a:a", "urn:p:p", "_:b1", GRAPH), ("_:b1", "urn:p:q", '"1"', GRAPH)])
    text = "".join(f"<urn:s:{n}> <urn:p:p> [ <urn:p:q> {n}.0 ] .\n" for n in range(20)).encode()
    block = read_stream(io.BytesIO(text), name="site.ttl", format="turtle", source="site")
    desk.ledger.sync(Wish("site", block), author="bob", reason="site.ttl")
    for n in range(7):
        desk.change(add=[("urn:a:a", "urn:p:n", f'"{n}"', GRAPH)], remove=[("urn:a:a", "urn:p:n", f'"{n - 1}"', GRAPH)] if n else None)
    desk.change(remove=[("urn:a:a", "urn:p:p", odd, GRAPH)], reason='the text "a" goes')


def keys(document: bytes | str, form: ox.RdfFormat) -> list[KeyQuad]:
    """The quads of a document, the names of its blank nodes kept, as they are the same in every document of the feed."""
    return [
        (named(q.subject), q.predicate.value, named(q.object), "" if isinstance(q.graph_name, ox.DefaultGraph) else named(q.graph_name))
        for q in ox.parse(document, format=form)
    ]


def named(term: object) -> str:
    assert isinstance(term, ox.NamedNode | ox.BlankNode | ox.Literal)
    return key_of(term)


class Follower:
    """All that a stranger needs: an HTTP client and an RDF parser. It knows the entry's address and the feed's words."""

    def __init__(self, client: httpx.Client, syntax: str = "application/trig") -> None:
        self.client, self.accept = client, {"accept": syntax}
        form = ox.RdfFormat.from_media_type(syntax)
        assert form is not None
        self.format = form
        self.quads: set[KeyQuad] = set()
        self.applied = 0
        self.pages: list[str] = []

    def get(self, address: str) -> list[KeyQuad]:
        answer = self.client.get(address, headers=self.accept)
        assert answer.status_code == 200, answer.text
        return keys(answer.content, self.format)

    def follow(self) -> None:
        """From the entry along the relations; members in order of their numbers, each once."""
        todo = ["/rdf/changes"]
        while todo:
            self.pages.append(todo.pop())
            page = self.get(self.pages[-1])
            members = sorted((int(literal_parts(o).lexical), s) for s, p, o, _ in page if p == FEED + "number")
            for number, member in members:
                if number == self.applied + 1:
                    self.apply(page, member)
                    self.applied = number
            todo += objects(page, None, TREE + "node")

    def apply(self, page: list[KeyQuad], member: str) -> None:
        self.graphs(page, member)
        onward = objects(page, member, FEED + "changes")
        while onward:
            part = self.get(onward[0])
            self.graphs(part, member)
            onward = objects(part, member, FEED + "next")

    def graphs(self, page: list[KeyQuad], member: str) -> None:
        for word, act in (("removes", self.quads.difference_update), ("adds", self.quads.update)):
            for told in objects(page, member, FEED + word):
                (graph,) = objects(page, told, FEED + "graph")
                act({(s, p, o, graph) for s, p, o, g in page if g == told})


def objects(page: list[KeyQuad], subject: str | None, predicate: str) -> list[str]:
    return [o for s, p, o, _ in page if p == predicate and subject in (None, s)]


@pytest.mark.parametrize("syntax", ["application/trig", "application/n-quads", "application/ld+json"])
def test_a_follower_that_reads_the_pages_holds_the_twin(desk: Desk, syntax: str) -> None:
    """And goes on from where it stood when there is more."""
    some_history(desk)
    follower = Follower(desk.client, syntax)

    follower.follow()
    before = canonical_hash(follower.quads)
    held = desk.truth()
    desk.change(add=[("urn:late:r", "urn:p:p", "urn:o:o", GRAPH)])
    follower.follow()

    assert (follower.applied, before) == (11, held)
    assert canonical_hash(follower.quads) == desk.truth() != before
    assert len(follower.pages) == 2 * 4


def applied(quads: set[KeyQuad], rows: str) -> None:
    """Rows of RDF Patch, in order."""
    for row in rows.split("\n"):
        if row.startswith(("A ", "D ")):
            (quad,) = keys(row[2:], ox.RdfFormat.N_QUADS)
            (quads.add if row[0] == "A" else quads.discard)(quad)


@pytest.mark.parametrize("syntax", ["text/turtle", "application/n-triples", "application/rdf+xml"])
def test_a_syntax_without_graphs_tells_changes_as_rdf_patch(desk: Desk, syntax: str) -> None:
    """As a text of each member; a large change by its parts."""
    some_history(desk)
    follower = Follower(desk.client, syntax)
    quads: set[KeyQuad] = set()

    for number in range(1, 11):
        address = f"/rdf/changes/{number}"
        while address:
            part = follower.get(address)
            (text,) = objects(part, None, FEED + "patch")
            applied(quads, literal_parts(text).lexical)
            address = next(iter(objects(part, None, FEED + "next")), "")

    assert canonical_hash(quads) == desk.truth()


@pytest.mark.parametrize("place", ["/rdf/changes?page=0", "/rdf/changes/1"])
def test_what_xml_cannot_hold_stands_in_xml_by_its_number(desk: Desk, place: str) -> None:
    """In the rows of a patch, and in what was said by whom; other syntaxes have it as it is."""
    change = ChangeSet(QuadBlock.of([("urn:a:a", "urn:p:p", '"x\x01y"', GRAPH)]), QuadBlock.empty())
    desk.ledger.change(change, author="ada\x02", source="desk", reason="by\ufffehand")

    xml = desk.client.get(place, headers={"accept": "application/rdf+xml"})
    turtle = desk.client.get(place, headers={"accept": "text/turtle"})

    assert (xml.status_code, turtle.status_code) == (200, 200), xml.text
    assert all(text in xml.text for text in ("x\\u0001y", "ada\\u0002", "by\\uFFFEhand"))
    assert objects(keys(turtle.content, ox.RdfFormat.TURTLE), None, feed_members.DCT + "creator") == ['"ada\x02"']


def test_a_revision_is_an_rdf_patch_when_that_is_asked_for(desk: Desk) -> None:
    """With its cause in the header; further parts by the link."""
    some_history(desk)

    small = desk.client.get("/rdf/changes/10", headers={"accept": "application/rdf-patch"})
    large = desk.client.get("/rdf/changes/2", headers={"accept": "application/rdf-patch"})

    assert small.headers["content-type"] == "application/rdf-patch"
    assert small.text == (
        f"H id <{desk.client.base_url}/rdf/changes/10> .\n"
        'H author "ada" .\nH source "desk" .\nH at "2026-03-01T00:00:09+00:00" .\nH reason "the text \\"a\\" goes" .\n'
        f'TX .\nD <urn:a:a> <urn:p:p> "a \\\\ \\n \\r \t \x07 \u4e2d"@de <{GRAPH}> .\nTC .\n'
    )
    assert 'H part "1/6" .' in large.text
    assert large.text.count("\nA ") == 7
    assert large.headers["link"] == f'<{desk.client.base_url}/rdf/changes/2?part=1>; rel="next"'


def test_the_guides_twenty_lines_make_a_copy_of_the_twin(desk: Desk, tmp_path: Path) -> None:
    """As they stand in the guide, but for the address."""
    some_history(desk)
    (script,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)

    subprocess.run([sys.executable, "-c", script.replace("http://127.0.0.1:8080", str(desk.client.base_url))], cwd=tmp_path, check=True)

    assert canonical_hash(keys((tmp_path / "twin.nq").read_bytes(), ox.RdfFormat.N_QUADS)) == desk.truth()


def test_full_pages_are_kept_for_ever_and_the_newest_is_asked_for_again(desk: Desk) -> None:
    """By Cache-Control and ETag; the entry changes with every revision."""
    some_history(desk)

    full, newest, entry = (desk.client.get(f"/rdf/changes{page}") for page in ("?page=0", "?page=2", ""))
    same = desk.client.get("/rdf/changes?page=2", headers={"if-none-match": newest.headers["etag"]})
    other_form = desk.client.get("/rdf/changes?page=2", headers={"if-none-match": newest.headers["etag"], "accept": "application/trig"})
    desk.change(add=[("urn:late:r", "urn:p:p", "urn:o:o", GRAPH)])
    changed = desk.client.get("/rdf/changes?page=2", headers={"if-none-match": newest.headers["etag"]})

    assert full.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (newest.headers["cache-control"], entry.headers["cache-control"]) == ("no-cache", "no-cache")
    assert {answer.headers["vary"] for answer in (full, newest, entry, same)} == {"Accept"}
    assert (same.status_code, same.content) == (304, b"")
    assert (other_form.status_code, changed.status_code) == (200, 200)
    assert desk.client.get("/rdf/changes?page=0").content == full.content
    assert desk.client.get("/rdf/changes").headers["etag"] != entry.headers["etag"]


def test_the_entry_is_an_event_stream_in_the_words_of_ldes_and_tree(desk: Desk) -> None:
    """What an LDES client looks for; an empty twin has an empty stream with one empty page."""
    entry = desk.client.get("/rdf/changes", headers={"accept": "text/turtle"}).text
    page = desk.client.get("/rdf/changes?page=0", headers={"accept": "text/turtle"})

    here = f"{desk.client.base_url}/rdf/changes"
    assert entry == (
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix ldes: <https://w3id.org/ldes#> .\n"
        "@prefix tree: <https://w3id.org/tree#> .\n\n"
        f"<{here}> a tree:Node ;\n    tree:relation <{here}#first> .\n\n"
        f"<{here}#first> a tree:Relation ;\n    tree:node <{here}?page=0> .\n\n"
        f"<{here}#stream> a ldes:EventStream ;\n    ldes:timestampPath dcterms:created ;\n    ldes:versionOfPath dcterms:isVersionOf ;\n"
        f"    <https://w3id.org/ridethrough/feed#newest> 0 ;\n    tree:view <{here}> .\n"
    )
    assert page.status_code == 200
    assert "member" not in page.text


@pytest.mark.parametrize(
    ("address", "accept", "status", "said"),
    [
        ("/rdf/changes?page=9", "*/*", 404, "the newest revision is 10, on page 2"),
        ("/rdf/changes?page=x", "*/*", 400, "is no number"),
        ("/rdf/changes/11", "*/*", 404, "no revision 11"),
        ("/rdf/changes/0", "*/*", 404, "no revision 0"),
        ("/rdf/changes/2?part=6", "*/*", 404, "no part 6"),
        ("/rdf/changes", "image/png", 406, "text/turtle"),
        ("/rdf/changes?since=11", "text/event-stream", 409, "the newest is 10: the twin was put back to an older state"),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(desk: Desk, address: str, accept: str, status: int, said: str) -> None:
    """As problem details."""
    some_history(desk)

    answer = desk.client.get(address, headers={"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]


def events(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, object]]]:
    """Id and data of each event."""
    number = 0
    for line in lines:
        if line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            yield number, json.loads(line[6:])


def test_events_tell_every_revision_from_the_one_last_seen_and_each_new_one_as_it_comes(desk: Desk) -> None:
    """A reader that comes back with Last-Event-ID misses nothing; what it has applied is the twin."""
    some_history(desk)
    quads: set[KeyQuad] = set()
    told: list[int] = []

    def take(since: int, until: int) -> None:
        with desk.client.stream("GET", "/rdf/changes", headers={"accept": "text/event-stream", "last-event-id": str(since)}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for number, event in events(answer.iter_lines()):
                told.append(number)
                if "patch" in event:
                    applied(quads, str(event["patch"]))
                for part in range(int(str(event.get("parts", 0)))):
                    address = f"{event['changes']}?part={part}"
                    applied(quads, desk.client.get(address, headers={"accept": "application/rdf-patch"}).text)
                if number == 10:
                    desk.change(add=[("urn:late:r", "urn:p:p", "urn:o:o", GRAPH)])
                if number == until:
                    return

    take(0, 5)
    take(5, 11)

    assert told == list(range(1, 12))
    assert canonical_hash(quads) == desk.truth()


def test_a_reader_that_says_nothing_of_before_hears_what_comes_and_the_number_of_readers_is_bounded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One too many is told when to come back; who goes makes room."""
    monkeypatch.setattr(feed, "STREAMS_MAX", 1)
    monkeypatch.setattr(feed, "HEARTBEAT_S", 0.2)
    some_history(desk)
    accept = {"accept": "text/event-stream"}

    with desk.client.stream("GET", "/rdf/changes", headers=accept) as first:
        lines = first.iter_lines()
        assert next(lines) == "retry: 2000"
        refused = desk.client.get("/rdf/changes", headers=accept)
        assert next(line for line in lines if line) == ": alive"
        desk.change(add=[("urn:late:r", "urn:p:p", "urn:o:o", GRAPH)], reason="now")
        number, event = next(events(lines))

    assert (number, event["reason"], event["added"], event["author"]) == (11, "now", 1, "ada")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    for _ in range(50):
        with desk.client.stream("GET", "/rdf/changes", headers=accept) as again:
            if again.status_code == 200:
                break
    assert again.status_code == 200


def test_readers_of_events_leave_when_the_service_ends(desk: Desk) -> None:
    """Their answer ends as an answer does; they come back to whoever serves next."""
    leaving = Event()
    app = Starlette(routes=list(feed_routes(desk.ledger, leaving.is_set)))
    accept = {"accept": "text/event-stream"}
    with listening(app) as client, client.stream("GET", "/rdf/changes", headers=accept) as answer:
        lines = answer.iter_lines()
        first = next(lines)
        leaving.set()
        rest = list(lines)

    assert (first, rest) == ("retry: 2000", [""])


def test_a_reader_that_takes_nothing_is_let_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place is free again, and no more was held for it than a socket holds."""
    sent: list[Message] = []
    monkeypatch.setattr(feed, "SEND_S", 0.05)
    slots = feed._Slots()
    stalled = feed._Events(desk.ledger, "http://here/rdf/changes", 0, slots)

    async def receive() -> Message:
        await anyio.sleep_forever()
        return {}

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            await anyio.sleep_forever()

    async def read() -> None:
        await stalled({"type": "http", "method": "GET"}, receive, send)

    anyio.run(read)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert slots.taken == 0
