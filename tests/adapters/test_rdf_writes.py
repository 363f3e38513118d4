"""Writing to the graph store: conditions, patches, and what is refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from adapters.rdf.bodies import BODIES_MAX, Bodies
from adapters.rdf.conditions import State, not_modified
from adapters.rdf.problems import Problem
from adapters.rdf.rules import RdfRules
from graph.changes import NEWEST
from graph.errors import StoreUnavailable
from graph.stores.memory import MemoryStore
from ontology.namespaces import BRICK
from ontology.sources import source_graph
from ontology.terms import QuadBlock
from tests.support.rdf_served import TURTLE, RdfServed, rdf_served
from twin.ledger.answers import Policies, Policy
from twin.sync import Wish

MANY = "\n".join(f"<urn:m:{n}> <urn:p> {n} ." for n in range(40))


def revision(rdf: RdfServed) -> int:
    return rdf.ledger.revisions(first=1)[0].number


# -- conditions ----------------------------------------------------------------------------------------------------


def test_a_tag_holds_as_long_as_its_graph_and_not_another_is_left_alone(rdf: RdfServed) -> None:
    """304 for what is known; another source's change leaves the tag alone; its own change gives another, and 412 for the old one."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
    tag = rdf.client.get("/rdf?source=a").headers["etag"]
    rdf.put("source=b", "<urn:b> <urn:p> 1 .").raise_for_status()

    known = rdf.client.get("/rdf?source=a", headers={"if-none-match": f'W/"x", {tag}'})
    changed = rdf.put("source=a", "<urn:a> <urn:p> 2 .", if_match=tag)
    late = rdf.put("source=a", "<urn:a> <urn:p> 3 .", if_match=tag)
    next_tag = changed.headers["etag"]
    with_new = rdf.put("source=a", "<urn:a> <urn:p> 4 .", if_match=next_tag)

    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert (changed.status_code, late.status_code, with_new.status_code) == (204, 412, 204)
    assert "read it again" in late.json()["detail"]
    assert late.headers["content-type"] == "application/problem+json"


def test_a_tag_is_of_one_format_and_a_condition_is_of_the_state(rdf: RdfServed) -> None:
    """Turtle and N-Triples of one state have two tags; either holds for a write; a weak one never does."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
    turtle, ntriples = (
        rdf.client.get("/rdf?source=a", headers={"accept": f"{m}"}).headers["etag"] for m in ("text/turtle", "application/n-triples")
    )

    weak = rdf.put("source=a", "<urn:a> <urn:p> 2 .", if_match=f"W/{turtle}")
    strong = rdf.put("source=a", "<urn:a> <urn:p> 2 .", if_match=ntriples)

    assert turtle != ntriples
    assert (weak.status_code, strong.status_code) == (412, 204)


def test_a_new_graph_only_is_asked_for_by_a_star(rdf: RdfServed) -> None:
    """If-None-Match: * makes a graph once; If-Match: * needs one that is there."""
    absent = rdf.put("graph=urn:new", "<urn:a> <urn:p> 1 .", if_match="*")
    first = rdf.put("graph=urn:new", "<urn:a> <urn:p> 1 .", if_none_match="*")
    second = rdf.put("graph=urn:new", "<urn:a> <urn:p> 2 .", if_none_match="*")
    there = rdf.put("graph=urn:new", "<urn:a> <urn:p> 2 .", if_match="*")

    assert [r.status_code for r in (absent, first, second, there)] == [412, 201, 412, 204]


def test_conditions_can_be_asked_for(tmp_path: Path) -> None:
    """With rdf_require_match a write without a condition is 428, and says what to send."""
    with rdf_served(RdfRules(require_match=True)) as rdf:
        bare = rdf.put("source=a", "<urn:a> <urn:p> 1 .")
        named = rdf.put("source=a", "<urn:a> <urn:p> 1 .", if_none_match="*")

    assert (bare.status_code, named.status_code) == (428, 201)
    assert "If-None-Match: *" in bare.json()["detail"]


def test_a_changed_date_is_a_condition_of_reading(rdf: RdfServed) -> None:
    """A later date is 304, an earlier one and what is no date 200."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()

    assert rdf.client.get("/rdf?source=a", headers={"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}).status_code == 304
    assert rdf.client.get("/rdf?source=a", headers={"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}).status_code == 200
    assert rdf.client.get("/rdf?source=a", headers={"if-modified-since": "yesterday"}).status_code == 200


def test_two_changes_of_one_second_are_told_apart_by_date() -> None:
    """Who read between them was given no date, and who sends the second itself gets the later state; once the second is over its end is
    the date of the later one."""
    state, new = State(2, datetime(2026, 3, 1, 12, 0, 10, 700_000, UTC)), State(3, datetime.now(UTC) + timedelta(seconds=1))

    answers = [not_modified(state, "turtle", None, f"Sun, 01 Mar 2026 12:00:{second} GMT") for second in (10, 11)]

    assert (state.modified, new.modified) == ({"last-modified": "Sun, 01 Mar 2026 12:00:11 GMT"}, {})
    assert answers == [False, True]


# -- tries, names and bodies ---------------------------------------------------------------------------------------


def test_a_key_stands_for_one_request(rdf: RdfServed) -> None:
    """The same request again is answered as done, whatever the service is called; another body, path or method under its key is refused."""
    first = rdf.put("source=keyed", "<urn:a> <urn:p> 1 .", idempotency_key="k#1")
    newest = revision(rdf)

    again = rdf.put("source=keyed", "<urn:a> <urn:p> 1 .", idempotency_key="k#1")
    body = rdf.put("source=keyed", "<urn:a> <urn:p> 2 .", idempotency_key="k#1")
    place = rdf.put("source=other", "<urn:a> <urn:p> 1 .", idempotency_key="k#1")
    method = rdf.client.delete("/rdf?source=keyed", headers={"idempotency-key": "k#1"})
    host = rdf.put("source=keyed", "<urn:a> <urn:p> 1 .", idempotency_key="k#1", host=f"localhost:{rdf.client.base_url.port}")

    assert [first.status_code, again.status_code, host.status_code] == [201, 204, 204]
    assert [answer.status_code for answer in (body, place, method)] == [422] * 3
    assert f"revision {newest}" in body.json()["detail"]
    assert revision(rdf) == newest


def test_a_key_stands_for_one_request_on_branches_too(rdf: RdfServed) -> None:
    """Another body under the key of a change to a branch, or the same for the site, is refused by name; the same again is done."""
    rdf.ledger.create_branch("keyed", base=NEWEST, author="ada", reason="test")
    first = rdf.put("source=keyed&branch=keyed", "<urn:a> <urn:p> 1 .", idempotency_key="b1")

    again = rdf.put("source=keyed&branch=keyed", "<urn:a> <urn:p> 1 .", idempotency_key="b1")
    body = rdf.put("source=keyed&branch=keyed", "<urn:a> <urn:p> 2 .", idempotency_key="b1")
    site = rdf.put("source=keyed", "<urn:a> <urn:p> 1 .", idempotency_key="b1")

    assert [answer.status_code for answer in (first, again, body, site)] == [201, 204, 422, 422]
    assert "revision 1 of branch 'keyed'" in body.json()["detail"]
    (branch,) = [branch for branch in rdf.ledger.branches() if branch.name == "keyed"]
    assert len(branch.revisions) == 1


def test_a_graph_is_named_in_any_script(rdf: RdfServed) -> None:
    """The canonical link has the name as a URI."""
    name = "http://example.org/\u6a5f\u68b0"
    rdf.client.put("/rdf", params={"graph": name}, content=b"<urn:a> <urn:p> 1 .", headers=TURTLE).raise_for_status()

    answers = [rdf.client.request(method, "/rdf", params={"graph": name}) for method in ("GET", "HEAD")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["link"] == '<http://example.org/%E6%A9%9F%E6%A2%B0>; rel="canonical"'


def test_slow_bodies_keep_nobody_out_and_many_bytes_at_once_are_bounded(rdf: RdfServed) -> None:
    """Six writes and six queries whose bodies do not come: others are served. What would be more than is held at once is 503."""
    host, port = urlsplit(rdf.base).hostname or "", urlsplit(rdf.base).port or 0
    head = "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: {}\r\nContent-Length: 50\r\n\r\nA"
    with ExitStack() as slow:
        for path, kind in [("/rdf?source=slow", "text/turtle"), ("/sparql", "application/sparql-query")] * 6:
            slow.enter_context(socket.create_connection((host, port))).sendall(head.format(path, kind).encode())
        put = rdf.put("source=fast", "<urn:a> <urn:p> 1 .")
        asked = rdf.client.post("/sparql", content="ASK {}", headers={"content-type": "application/sparql-query"})

    async def too_much() -> Problem:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"x" * 10, "more_body": False}

        bodies = Bodies()
        bodies._held = BODIES_MAX * 10
        with pytest.raises(Problem) as refused:
            await bodies.read(Request({"type": "http", "method": "PUT", "headers": []}, receive), 10, "nothing")
        assert bodies._held == BODIES_MAX * 10
        return refused.value

    assert (put.status_code, asked.status_code) == (201, 200)
    assert anyio.run(too_much).headers == {"retry-after": "10", "connection": "close"}


# -- what is refused -----------------------------------------------------------------------------------------------


def test_an_empty_export_does_not_empty_the_twin(rdf: RdfServed) -> None:
    """40 facts, then a document with 10 of them: refused with count, bound and remedy; with deletions=75 it is done."""
    rdf.put("source=a", MANY).raise_for_status()
    few = "\n".join(MANY.splitlines()[:10])

    refused = rdf.put("source=a", few)
    dry = rdf.put("source=a&dry-run", few)
    raised = rdf.put("source=a&deletions=75", few)

    assert (refused.status_code, dry.status_code, raised.status_code) == (409, 200, 204)
    assert "30 of its 40 facts" in refused.json()["detail"]
    assert (dry.json()["removedCount"], dry.json()["refused"]) == (30, refused.json()["detail"])
    assert "deletions=75" in refused.json()["detail"]
    assert raised.headers["ridethrough-removed"] == "30"


def test_a_dry_run_tells_what_would_be_and_changes_nothing(rdf: RdfServed) -> None:
    """dry-run: statements added and removed, findings of unknown terms, no revision."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
    newest = revision(rdf)

    told = rdf.put("source=a&dry-run=true", f"<urn:a> <urn:p> 2 ; a <{BRICK}Air_Handling_Unot> .").json()

    assert (told["dryRun"], told["addedCount"], told["removedCount"], told["revision"]) == (True, 2, 1, None)
    assert told["removed"][0] | {"graph": "", "source": ""} == {
        "subject": "urn:a",
        "predicate": "urn:p",
        "object": "1",
        "objectIsId": False,
        "datatype": "http://www.w3.org/2001/XMLSchema#integer",
        "language": None,
        "graph": "",
        "source": "",
    }
    assert "Air_Handling_Unot" in told["findings"][0]["message"]
    assert revision(rdf) == newest


def test_a_dry_run_tells_what_is_new_apart_from_what_was_wrong_before(rdf: RdfServed) -> None:
    """A class that is none stays, another comes beside it, and goes again."""
    wrong, more = (f"<urn:{name}> a <{BRICK}{name}_Handling_Unot> ; <urn:p> 1 ." for name in ("Air", "Water"))
    rdf.put("source=a", wrong).raise_for_status()

    both = rdf.put("source=a&dry-run", f"{wrong} <urn:Air> <urn:q> 1 . {more}").json()
    none = rdf.put("source=a&dry-run&deletions=100", "<urn:Air> <urn:p> 1 .").json()

    assert [finding["focus"] for finding in both["newFindings"]] == ["urn:Water"]
    assert (both["unchangedFindingsCount"], both["goneFindingsCount"]) == (len(both["findings"]) - 1, 0)
    assert both["unchangedFindingsCount"] > 0
    assert (none["newFindings"], none["goneFindingsCount"]) == ([], both["unchangedFindingsCount"])


def test_a_change_that_is_not_let_in_is_refused_or_kept_in_quarantine() -> None:
    """Policies by source: refuse is 422 and nothing, quarantine is 202 and a branch, accept is done."""
    policies = Policies({"strict": Policy.REFUSE, "doubtful": Policy.QUARANTINE})
    wrong = f"<urn:a> a <{BRICK}Air_Handling_Unot> ."
    with rdf_served(policies=policies) as rdf:
        strict, doubtful, free = (rdf.put(f"source={name}", wrong) for name in ("strict", "doubtful", "free"))
        branches = [branch.name for branch in rdf.ledger.branches()]

    assert (strict.status_code, doubtful.status_code, free.status_code) == (422, 202, 201)
    assert "Air_Handling_Unot" in strict.json()["detail"]
    assert (doubtful.json()["quarantined"], branches) == ("quarantine/doubtful", ["quarantine/doubtful"])


def test_a_key_makes_one_change_of_all_its_tries(rdf: RdfServed) -> None:
    """Two POSTs with one Idempotency-Key: one revision, told twice."""
    reason = "Wartung Süd".encode().decode("latin-1")
    send = httpx.Headers({**TURTLE, "idempotency-key": "k1", "from": "ann@example.org", "ridethrough-reason": reason}, "latin-1")
    first = rdf.client.post("/rdf?source=a", content="<urn:a> <urn:p> 1 .", headers=send)
    second = rdf.client.post("/rdf?source=a", content="<urn:a> <urn:p> 1 .", headers=send)

    newest = rdf.ledger.revisions(first=1)[0]
    assert first.headers["ridethrough-revision"] == second.headers["ridethrough-revision"] == str(newest.number)
    assert (newest.cause.author, newest.cause.reason, newest.cause.key[:3]) == ("ann@example.org", "Wartung Süd", "k1#")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/zip"]
)
def test_what_any_web_page_may_send_is_never_a_write(rdf: RdfServed, kind: str) -> None:
    """The content types that need no preflight are 415, and so are archives; so is a body without a type."""
    headers = {"content-type": kind} if kind else {}

    answers = [
        rdf.client.request(method, "/rdf?source=a", content=b"<urn:a> <urn:p> 1 .", headers=headers) for method in ("POST", "PUT", "PATCH")
    ]

    assert [answer.status_code for answer in answers] == [415, 415, 415]
    assert rdf.client.get("/rdf?source=a").status_code == 404


def test_a_page_of_another_origin_may_not_write(rdf: RdfServed) -> None:
    """Origin of another host is 403; our own is let in."""
    foreign = rdf.put("source=a", "<urn:a> <urn:p> 1 .", origin="https://evil.example")
    own = rdf.put("source=a", "<urn:a> <urn:p> 1 .", origin=rdf.base)

    assert (foreign.status_code, own.status_code) == (403, 201)


@pytest.mark.parametrize(
    "where", ["source=a%1b%5b2J", "source=a%0ab", "source=a%c2%9b", "graph=urn:ridethrough:source:a%251b", "source=%e2%80%ae"]
)
def test_a_source_whose_name_would_steer_a_terminal_is_refused(rdf: RdfServed, where: str) -> None:
    """In the name itself, or in the name of its graph; to withdraw what one of before said is let through."""
    written = [rdf.put(where, "<urn:a> <urn:p> 1 ."), rdf.patch(where, "INSERT DATA { <urn:a> <urn:p> 1 }")]
    gone = rdf.client.delete(f"/rdf?{where}")

    assert [answer.status_code for answer in (*written, gone)] == [400, 400, 404]
    assert "cannot name a source: it has the control character U+" in written[0].json()["detail"]
    with pytest.raises(ValueError, match="cannot name a source"):
        rdf.ledger.sync(Wish("a\x1b", QuadBlock.of([("urn:a", "urn:p", '"1"', source_graph("a\x1b"))])), author="ada", reason="by hand")


@pytest.mark.parametrize(("author", "status"), [("a" * 200, 204), ("a" * 201, 400), ("ada\u009b2J", 400)])
def test_the_author_of_a_change_has_a_name_of_one_short_line(rdf: RdfServed, author: str, status: int) -> None:
    """200 characters; more, or what steers a terminal, is told and not cut off."""
    rdf.put("source=named", "<urn:a> <urn:p> 0 .")
    answer = rdf.client.put(
        "/rdf?source=named", content=b"<urn:a> <urn:p> 1 .", headers=[(b"content-type", b"text/turtle"), (b"from", author.encode())]
    )

    assert answer.status_code == status, answer.text
    assert status == 204 or "at most 200 characters" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("write", "forwarded", "status"),
    [("off", None, 403), ("loopback", "203.0.113.9", 403), ("on", "203.0.113.9", 201), ("loopback", None, 201)],
)
def test_who_may_write_is_set(write: str, forwarded: str | None, status: int) -> None:
    """off: nobody; loopback: not one who came through a proxy from elsewhere; on: everybody."""
    headers = {"x_forwarded_for": forwarded} if forwarded else {}
    with rdf_served(RdfRules(write=write)) as rdf:  # type: ignore[arg-type]  # one of the three, from the table above
        assert rdf.put("source=a", "<urn:a> <urn:p> 1 .", **headers).status_code == status
        assert rdf.client.get("/rdf").status_code == 200


def test_a_graph_of_another_source_is_not_written(rdf: RdfServed) -> None:
    """A body of source b that speaks in the graph of source a is 409 and names both."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()

    answer = rdf.client.put(
        "/rdf?source=b", content="<urn:ridethrough:source:a> { <urn:a> <urn:p> 2 }", headers={"content-type": "application/trig"}
    )

    assert answer.status_code == 409
    assert "'a'" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "told"),
    [("<urn:a> <urn:p> <no> .", {"line": 1}), ("@prefix a: <urn:> .\na:x b:p 1 .", {"line": 2}), ("<urn:a> <urn:p> ", {"line": 1})],
)
def test_what_is_not_well_formed_is_told_with_its_place(rdf: RdfServed, body: str, told: dict[str, int]) -> None:
    """400 with line and remedy."""
    answer = rdf.put("source=a", body)

    assert answer.status_code == 400
    assert told.items() <= answer.json().items()


@pytest.mark.parametrize(
    ("text", "datatype", "told"),
    [
        ("x" * 65_536, "urn:dt:" + "t" * 1_000, ""),
        ("\u00fc" * 32_768, "urn:t", ""),
        ("x" * 65_537, "urn:t", "a literal of 65,537 bytes, where 65,536 is the most"),
        ("x", "urn:" + "t" * 8_189, "an IRI of 8,193 bytes, where 8,192 is the most"),
    ],
)
def test_the_bound_of_a_literal_is_of_its_text_alone(rdf: RdfServed, text: str, datatype: str, told: str) -> None:
    """64 KB of text, whatever its datatype is called; a datatype's name has an IRI's bound."""
    answer = rdf.client.post("/rdf?source=texts", content=f'<urn:a> <urn:p> "{text}"^^<{datatype}> .'.encode(), headers=TURTLE)

    assert answer.status_code in ({413} if told else {201, 204}), answer.text
    assert not told or told in answer.json()["detail"]


def test_a_body_is_bounded_before_it_is_read() -> None:
    """A body over rdf_body_mb is 413 and names the setting, whether its length is declared or not."""

    def parts() -> Iterator[bytes]:
        for n in range(200):
            yield b"<urn:a> <urn:p> %d .\n" % n

    with rdf_served(RdfRules(body_bytes=1000)) as rdf:
        declared = rdf.put("source=a", MANY * 3)
        chunked = rdf.client.put("/rdf?source=a", content=parts(), headers=TURTLE)

    assert (declared.status_code, chunked.status_code) == (413, 413)
    assert "rdf_body_mb" in declared.json()["detail"]


def test_a_store_that_is_away_is_told_as_such() -> None:
    """A write meets StoreUnavailable: 503 with Retry-After; reading goes on from memory."""

    class Away(MemoryStore):
        away = False

        def commit(self, *args: object, **named: object):  # type: ignore[no-untyped-def]  # whatever the port takes
            if self.away:
                raise StoreUnavailable("the store is away: start it again")
            return super().commit(*args, **named)  # type: ignore[arg-type]  # handed on

    store = Away()
    with rdf_served(store=store) as rdf:
        rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
        store.away = True
        write, read = rdf.put("source=a", "<urn:a> <urn:p> 2 ."), rdf.client.get("/rdf?source=a")

    assert (write.status_code, read.status_code) == (503, 200)
    assert write.headers["retry-after"] == "10"
