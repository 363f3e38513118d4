"""Patches of a graph: SPARQL Update of data and RDF Patch, what they mean and what is told of a broken one."""

from __future__ import annotations

import pytest

from adapters.rdf.sandbox.patch import read_patch
from tests.support.rdf_served import RdfServed


def revision(rdf: RdfServed) -> int:
    return rdf.ledger.revisions(first=1)[0].number


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


@pytest.mark.parametrize("declared", ['"rdf" "http://www.w3.org/1999/02/22-rdf-syntax-ns#"', "rdf: <{0}>", "rdf <{0}>", '"rdf" <{0}>'])
def test_an_rdf_patch_declares_a_prefix_in_quotation_marks_or_not(declared: str) -> None:
    """The first example of the standard has both in quotation marks, its text a prefix and an IRI in brackets."""
    rows = f"TX .\nPA {declared.format('http://www.w3.org/1999/02/22-rdf-syntax-ns#')} .\nA <urn:a> rdf:type <urn:b> .\nTC .\n"
    header = {"format": "rows", "name": "a patch", "source": "s", "scope": "s", "graph": None, "base": None, "depth": 9}

    added, removed = read_patch(rows, header)

    assert list(added) == [("urn:a", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "urn:b", "urn:ridethrough:source:s")]
    assert len(removed) == 0


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
        ("A <urn:a> <urn:b> 1 .\nTX .\nA <urn:a> <urn:b> <c> .\nTC .", "rdf-patch", 3, "relative"),
        ("A <urn:a> <urn:b> 1 .\nTX .\nA <urn:a> <urn:b> 2 .", "rdf-patch", 2, "has no end"),
        ("TX .\nA <urn:a> <urn:b> 1 .\nTX .\nA <urn:a> <urn:b> 2 .\nTC .", "rdf-patch", 3, "within that of line 1"),
        ("A <urn:a> <urn:b> 1 .\nA <urn:a> <urn:b> e:c .", "rdf-patch", 2, "add a row `PA e:"),
    ],
)
def test_what_is_wrong_with_a_patch_is_told_with_its_line(rdf: RdfServed, patch: str, kind: str, line: int, words: str) -> None:
    """The line of the body as it was sent, whatever the graph's name puts before it."""
    media = "application/sparql-update" if kind == "update" else "application/rdf-patch"

    answer = rdf.patch("graph=http://example.org/g", patch, media)

    assert (answer.status_code, answer.json()["line"]) == (400, line), answer.text
    assert words in answer.json()["detail"]
    assert rdf.count("<urn:a> <urn:b> ?o") == 0


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


def test_a_language_tag_is_removed_in_capitals_or_not(rdf: RdfServed) -> None:
    """en-us is en-US: by either patch; another text or language is not."""
    rdf.put("source=tags", '<urn:a> <urn:p> "x"@en-US , "x"@de , "y"@en-US , "z"@fr-CA .').raise_for_status()

    first = rdf.patch("source=tags", 'DELETE DATA { <urn:a> <urn:p> "x"@EN-us }')
    second = rdf.patch("source=tags", 'D <urn:a> <urn:p> "z"@fr-ca .\nD <urn:a> <urn:p> "z"@de .', "application/rdf-patch")

    assert [answer.headers["ridethrough-removed"] for answer in (first, second)] == ["1", "1"]
    assert rdf.count("<urn:a> <urn:p> ?o") == 2
