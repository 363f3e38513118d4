"""Writing to the graph store: conditions, patches, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.rdf.rules import RdfRules
from graph.errors import StoreUnavailable
from graph.stores.memory import MemoryStore
from ontology.namespaces import BRICK
from tests.support.rdf_served import TURTLE, RdfServed, rdf_served
from twin.answers import Policies, Policy

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
    """Last-Modified sent back as If-Modified-Since is 304."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
    at = rdf.client.get("/rdf?source=a").headers["last-modified"]

    assert rdf.client.get("/rdf?source=a", headers={"if-modified-since": at}).status_code == 304
    assert rdf.client.get("/rdf?source=a", headers={"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}).status_code == 200
    assert rdf.client.get("/rdf?source=a", headers={"if-modified-since": "yesterday"}).status_code == 200


# -- patches -------------------------------------------------------------------------------------------------------


def test_a_sparql_patch_adds_and_removes_what_it_names(rdf: RdfServed) -> None:
    """DELETE DATA and INSERT DATA, prefixes, several operations, text with brackets: one revision, and the last word counts."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 , 2 .").raise_for_status()
    update = """
        PREFIX : <urn:>  # a comment with a } in it
        DELETE DATA { :a :p 1 . :a :p 99 } ;
        INSERT DATA { :a :p "a } ; DELETE DATA {" . :a :q 'x'@en . :a :p 2 } ;
        DELETE DATA { :a :q 'x'@en }
    """

    done = rdf.patch("source=a", update)

    assert (done.status_code, done.headers["ridethrough-added"], done.headers["ridethrough-removed"]) == (204, "1", "1")
    assert sorted(b["o"]["value"] for b in rdf.ask("SELECT ?o { ?s ?p ?o }").json()["results"]["bindings"]) == ["2", "a } ; DELETE DATA {"]


def test_a_blank_node_is_removed_by_its_skolem_name_or_its_label(rdf: RdfServed) -> None:
    """DELETE DATA takes no blank node, so the Skolem IRI of its label stands for it; in RDF Patch the label itself does."""
    rdf.put("source=a", "<urn:a> <urn:p> [ <urn:q> 1 , 2 ] .").raise_for_status()
    label = rdf.ask("SELECT ?x { <urn:a> <urn:p> ?x }").json()["results"]["bindings"][0]["x"]["value"]

    first = rdf.patch("source=a", f"DELETE DATA {{ <{rdf.base}/.well-known/genid/{label}> <urn:q> 1 }}")
    second = rdf.patch("source=a", f"D _:{label} <urn:q> 2 .\nA _:{label} <urn:q> 3 .", "application/rdf-patch")
    strange = rdf.patch("source=a", "D _:x <urn:q> 2 .", "application/rdf-patch")

    assert [r.headers.get("ridethrough-removed") for r in (first, second)] == ["1", "1"]
    assert [b["y"]["value"] for b in rdf.ask("SELECT ?y { ?x <urn:q> ?y }").json()["results"]["bindings"]] == ["3"]
    assert strange.status_code == 422


def test_an_rdf_patch_has_prefixes_headers_and_quads(rdf: RdfServed) -> None:
    """H, TX, PA, A with prefixed names, datatypes and a graph, D, TC: as Apache Jena writes them."""
    rows = """H id <uuid:1> .
TX .
PA xsd: <http://www.w3.org/2001/XMLSchema#> .
PA e: <urn:e:> .
A e:a e:p "1"^^xsd:integer .
A e:a e:p "x"@en <urn:g9> .
A e:a e:p e:gone .
D e:a e:p e:gone .
TC .
"""

    done = rdf.patch("source=a", rows, "application/rdf-patch")

    assert (done.status_code, done.headers["ridethrough-added"]) == (201, "2")
    assert rdf.count("GRAPH <urn:g9> { <urn:e:a> <urn:e:p> 'x'@en }") == 1


@pytest.mark.parametrize(
    ("first", "last", "there"),
    [
        ('D <urn:a> <urn:p> "a" .', 'A <urn:a> <urn:p> "\\u0061" .', True),
        ('A <urn:a> <urn:p> "a" .', 'D <urn:a> <urn:p> "a"^^<http://www.w3.org/2001/XMLSchema#string> .', False),
        (
            "A <urn:a> <urn:p> 1 .",
            'D <urn:a> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:ridethrough:source:words> .',
            False,
        ),
        ("D <urn:a> <urn:p> 1 .", "TX .\nD <urn:a> <urn:p> 1 .\nA <urn:a> <urn:q> 7 .\nTA .\nA <urn:a> <urn:p> 1 .", True),
    ],
)
def test_the_last_word_of_an_rdf_patch_on_a_quad_counts_however_it_is_spelled(rdf: RdfServed, first: str, last: str, there: bool) -> None:
    """Escapes, datatypes and the graph may be written in several ways; a transaction that was aborted says nothing."""
    rdf.put("source=words&deletions=100", "<urn:b> <urn:p> 1 .").raise_for_status()

    done = rdf.patch("source=words", f"{first}\n{last}\n", "application/rdf-patch")

    assert done.status_code == 204, done.text
    assert rdf.count("<urn:a> ?p ?o") == int(there)


def test_rows_of_an_rdf_patch_end_at_line_feeds_only(rdf: RdfServed) -> None:
    """Other breaks stand inside texts; tabs, comments and carriage returns around terms mean nothing."""
    rows = 'PA\te: <urn:e#> . # words\r\nA\te:a e:p "x\u2028\u0085\u000by" .# two\r\nA <urn:a>\t<urn:b> 5. # three\r\n# four\n'

    done = rdf.patch("source=lines", rows, "application/rdf-patch")

    assert (done.status_code, done.headers["ridethrough-added"]) == (201, "2"), done.text
    assert rdf.count('<urn:e#a> <urn:e#p> "x\u2028\u0085\u000by"') == 1


@pytest.mark.parametrize(
    ("patch", "kind", "line", "words"),
    [
        ("PREFIX : <urn:>\nINSERT DATA { :a :b\n  brick:c }", "update", 3, "add `PREFIX brick: <https://brickschema.org/schema/Brick#>`"),
        ("INSERT DATA {\n <urn:a> <urn:b> }", "update", 2, "correct this place"),
        ("A <urn:a> <urn:b> 1 .\nTX .\nA <urn:a> <urn:b> <c> .", "rdf-patch", 3, "relative"),
        ("A <urn:a> <urn:b> 1 .\nA <urn:a> <urn:b> e:c .", "rdf-patch", 2, "add a row `PA e:"),
    ],
)
def test_what_is_wrong_with_a_patch_is_told_with_its_line(rdf: RdfServed, patch: str, kind: str, line: int, words: str) -> None:
    """The line of the body as it was sent, whatever the graph's name puts before it."""
    media = "application/sparql-update" if kind == "update" else "application/rdf-patch"

    answer = rdf.patch("graph=http://example.org/g", patch, media)

    assert (answer.status_code, answer.json()["line"]) == (400, line), answer.text
    assert words in answer.json()["detail"]


def test_an_update_declares_prefixes_before_each_operation(rdf: RdfServed) -> None:
    """SPARQL 1.1 Update, 29: each operation may have a prologue, which counts from there on."""
    update = """PREFIX : <urn:one:> INSERT DATA { :a :b :c } ;
PREFIX : <urn:two:> PREFIX e: <urn:e:> INSERT DATA { :a :b e:c } ; INSERT DATA { :a :b :d } ;"""

    done = rdf.patch("source=prologues", update)

    assert (done.status_code, done.headers.get("ridethrough-added")) == (201, "3"), done.text
    assert rdf.count("<urn:two:a> <urn:two:b> <urn:e:c> , <urn:two:d> . <urn:one:a> <urn:one:b> <urn:one:c>") == 1


@pytest.mark.parametrize(
    "update",
    [
        "CLEAR ALL",
        "LOAD <http://127.0.0.1:1/x>",
        "INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
        "DELETE WHERE { ?s ?p ?o }",
        "INSERT DATA { <urn:a> <urn:p> ?x }",
        "INSERT DATA { <urn:a> <urn:p> 1 } CLEAR ALL",
        "INSERT DATA { <urn:a> <urn:p> 1",
        "DELETE DATA { _:x <urn:p> 1 }",
        "WITH <urn:g> DELETE { <urn:a> <urn:p> 1 } WHERE {}",
        "garbage",
    ],
)
def test_a_patch_that_is_more_than_data_is_refused(rdf: RdfServed, update: str) -> None:
    """Anything but ground data operations is 400 or 422 with a reason, and changes nothing."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
    newest = revision(rdf)

    answer = rdf.patch("source=a", update)

    assert (answer.status_code in (400, 422), revision(rdf)) == (True, newest)
    assert answer.json()["detail"]


def test_a_patch_of_one_graph_keeps_to_it(rdf: RdfServed) -> None:
    """?graph=… and a body that names another graph: 400, with the way to do it."""
    answer = rdf.patch("graph=urn:g", "INSERT DATA { GRAPH <urn:other> { <urn:a> <urn:p> 1 } }")

    assert answer.status_code == 400
    assert "?source=NAME" in answer.json()["detail"]


# -- what is refused -----------------------------------------------------------------------------------------------


def test_an_empty_export_does_not_empty_the_twin(rdf: RdfServed) -> None:
    """40 facts, then a document with 10 of them: refused with count, bound and remedy; with deletions=75 it is done."""
    rdf.put("source=a", MANY).raise_for_status()
    few = "\n".join(MANY.splitlines()[:10])

    refused = rdf.put("source=a", few)
    dry = rdf.put("source=a&dry-run", few)
    raised = rdf.put("source=a&deletions=75", few)

    assert (refused.status_code, dry.status_code, raised.status_code) == (409, 409, 204)
    assert "30 of its 40 facts" in refused.json()["detail"]
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
    assert (newest.cause.author, newest.cause.reason, newest.cause.key) == ("ann@example.org", "Wartung Süd", "k1")


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
