"""The graph store at /rdf: what is put and got, in every format and every state, as a tool sees it that speaks the standard only."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from graph.changes import NEWEST
from ontology.namespaces import BRICK
from ontology.rdf import FORMATS, canonical_hash, read, read_stream
from tests.support.rdf_served import TURTLE, RdfServed

MODEL = f"""
@prefix brick: <{BRICK}> . @prefix e: <urn:e:> .
e:ahu a brick:Air_Handling_Unit ; brick:feeds e:vav ; <http://www.w3.org/2000/01/rdf-schema#label> "Lüftung \\"1\\""@de , "plain" .
e:vav a brick:VAV ; brick:hasPoint [ a brick:Temperature_Sensor ; e:order ( 1 2.50 "x"^^e:own ) ] .
"""


def revision(rdf: RdfServed) -> int:
    return rdf.ledger.revisions(first=1)[0].number


# -- what goes in comes out ----------------------------------------------------------------------------------------


def test_putting_the_same_bytes_again_changes_nothing(rdf: RdfServed) -> None:
    """The first PUT is 201 and a revision; the second, blank nodes and all, is 204 and none."""
    first = rdf.put("source=bms", MODEL)
    newest = revision(rdf)

    second = rdf.put("source=bms", MODEL)

    assert (first.status_code, second.status_code) == (201, 204)
    assert first.headers["ridethrough-revision"] == str(newest)
    assert (revision(rdf), "ridethrough-revision" in second.headers) == (newest, False)


@pytest.mark.parametrize("where", ["source=bms", "graph=urn:some:graph", "default"])
@pytest.mark.parametrize("form", sorted(FORMATS))
def test_what_was_got_and_is_put_back_changes_nothing(rdf: RdfServed, where: str, form: str) -> None:
    """GET in every format, then PUT of those bytes: no revision."""
    media = {"turtle": "text/turtle", "ntriples": "application/n-triples", "nquads": "application/n-quads", "trig": "application/trig"}
    accept = media.get(form) or {"rdfxml": "application/rdf+xml", "jsonld": "application/ld+json"}[form]
    rdf.put(where, MODEL).raise_for_status()
    newest = revision(rdf)

    got = rdf.client.get(f"/rdf?{where}", headers={"accept": accept})
    back = rdf.client.put(f"/rdf?{where}", content=got.content, headers={"content-type": accept})

    assert got.headers["content-type"] == f"{accept}; charset=utf-8"
    assert (back.status_code, back.text, revision(rdf)) == (204, "", newest)


def test_a_source_with_named_graphs_comes_back_with_them(rdf: RdfServed) -> None:
    """TriG with two named graphs and a default graph: GET gives all three back, and Turtle, which has no graphs, is 406."""
    trig = "<urn:a> <urn:p> 1 . <urn:g1> { <urn:a> <urn:p> 2 } <urn:g2> { <urn:a> <urn:p> _:x }"
    rdf.client.put("/rdf?source=plan", content=trig, headers={"content-type": "application/trig"}).raise_for_status()

    got = rdf.client.get("/rdf?source=plan")
    flat = rdf.client.get("/rdf?source=plan", headers={"accept": "text/turtle"})

    assert [part in got.text for part in ("<urn:g1> {", "<urn:g2> {", "<urn:a> <urn:p> 1")] == [True, True, True]
    assert flat.status_code == 406
    assert "3 graphs" in flat.json()["detail"]


def test_a_short_name_and_the_graph_s_own_name_are_one_graph(rdf: RdfServed) -> None:
    """/rdf/graphs/site%20plan is urn:ridethrough:source:site%20plan, whatever host it is read under."""
    rdf.client.put("/rdf/graphs/site plan", content="<urn:a> <urn:p> 1 .", headers=TURTLE).raise_for_status()

    by_iri = rdf.client.get("/rdf", params={"graph": "urn:ridethrough:source:site%20plan"})
    by_address = rdf.client.get("/rdf", params={"graph": f"{rdf.base}/rdf/graphs/site%20plan"})
    by_source = rdf.client.get("/rdf", params={"source": "site plan"}, headers={"accept": "text/turtle"})

    assert by_iri.text == by_address.text == by_source.text == "<urn:a> <urn:p> 1 .\n"
    assert by_iri.headers["link"] == '<urn:ridethrough:source:site%20plan>; rel="canonical"'


def test_posting_adds_and_keeps_its_blank_nodes_apart(rdf: RdfServed) -> None:
    """POST of another document adds its statements; its blank node is another one; the same document again adds nothing."""
    rdf.put("source=bms", "<urn:a> <urn:p> [ <urn:q> 1 ] .").raise_for_status()

    first = rdf.client.post("/rdf?source=bms", content="<urn:a> <urn:p> [ <urn:q> 2 ] .", headers=TURTLE)
    second = rdf.client.post("/rdf?source=bms", content="<urn:a> <urn:p> [ <urn:q> 2 ] .", headers=TURTLE)

    assert (first.status_code, first.headers["ridethrough-added"]) == (204, "2")
    assert (second.status_code, second.headers["ridethrough-added"]) == (204, "0")
    assert rdf.count("<urn:a> <urn:p> ?x . ?x <urn:q> ?y") == 2


# -- other states --------------------------------------------------------------------------------------------------


def test_a_source_is_read_as_it_was(rdf: RdfServed) -> None:
    """at=REVISION and at=INSTANT give the older state; writing it is 400; a revision that there is not is 404."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
    then = rdf.ledger.revisions(first=1)[0]
    rdf.put("source=a", "<urn:a> <urn:p> 2 .").raise_for_status()

    by_number = rdf.client.get("/rdf", params={"source": "a", "at": str(then.number)})
    by_instant = rdf.client.get("/rdf", params={"source": "a", "at": then.cause.at.isoformat()})

    assert by_number.text == by_instant.text == "<urn:a> <urn:p> 1 .\n"
    assert by_number.headers["etag"] != rdf.client.get("/rdf?source=a").headers["etag"]
    assert rdf.put(f"source=a&at={then.number}", "<urn:a> <urn:p> 3 .").status_code == 400
    assert [rdf.client.get(f"/rdf?source=a&at={at}").status_code for at in ("99999", "yesterday")] == [404, 400]


def test_a_branch_is_written_and_read_apart_from_the_site(rdf: RdfServed) -> None:
    """PUT with branch=: the site does not change; both are read by their names; a branch that there is not is 404."""
    rdf.put("source=a", "<urn:a> <urn:p> 1 .").raise_for_status()
    name = f"what-if-{revision(rdf)}"
    rdf.ledger.create_branch(name, base=NEWEST, author="tests", reason="what if")

    done = rdf.put(f"source=a&branch={name}", "<urn:a> <urn:p> 2 .")

    assert done.status_code == 204
    assert rdf.client.get("/rdf?source=a").text == "<urn:a> <urn:p> 1 .\n"
    assert rdf.client.get(f"/rdf?source=a&branch={name}").text == "<urn:a> <urn:p> 2 .\n"
    assert rdf.count("<urn:a> <urn:p> 2", branch=name) == 1
    assert rdf.count("<urn:a> <urn:p> 2") == 0
    assert rdf.client.get("/rdf?source=a&branch=nowhere").status_code == 404


def test_what_is_inferred_is_read_apart_and_never_written(rdf: RdfServed) -> None:
    """The inferred graph is read by its name or with the whole twin, and a write to it is 403."""
    rdf.put("source=a", f"<urn:a> a <{BRICK}VAV> ; <{BRICK}feeds> <urn:b> .").raise_for_status()

    alone = rdf.client.get("/rdf?graph=urn:ridethrough:inferred", headers={"accept": "application/n-triples"})
    whole = rdf.client.get("/rdf?inferred", headers={"accept": "application/n-quads"})
    ground = rdf.client.get("/rdf", headers={"accept": "application/n-quads"})

    assert f"<urn:b> <{BRICK}isFedBy> <urn:a> ." in alone.text
    assert len(whole.text.splitlines()) == len(alone.text.splitlines()) + len(ground.text.splitlines())
    assert len(ground.text.splitlines()) == 2
    assert rdf.put("graph=urn:ridethrough:inferred", "<urn:a> <urn:p> 1 .").status_code == 403


@pytest.mark.parametrize(
    "where",
    ["graph=relative", "graph=", "graph=urn:a&source=b", "graph=urn:a&graph=urn:b", "source=", "graph=urn:a%20b", "default&source=x"],
)
def test_a_request_names_one_thing_and_names_it_well(rdf: RdfServed, where: str) -> None:
    """Relative, empty, doubled or impossible names are 400 on reading and on writing."""
    assert rdf.client.get(f"/rdf?{where}").status_code == 400
    assert rdf.put(where, "<urn:a> <urn:p> 1 .").status_code == 400


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("/rdf?source=a&dryrun", "do you mean 'dry-run'?"),
        ("/rdf?source=a&dry_run=1", "do you mean 'dry-run'?"),
        ("/rdf/graphs/a?Branch=x", "do you mean 'branch'?"),
        ("/rdf?soruce=a", "do you mean 'source'?"),
        ("/rdf/report?source=a&x=1", "there are graph, default, source, at, branch"),
        ("/rdf/changes?pge=0", "do you mean 'page'?"),
        ("/rdf/changes/1?page=0", "there are part"),
    ],
)
def test_a_parameter_that_is_not_known_is_refused_with_the_one_that_may_be_meant(rdf: RdfServed, address: str, meant: str) -> None:
    """A write with a misspelt dry-run writes nothing; a read with a misspelt branch does not answer of the site."""
    newest = len(rdf.ledger.revisions())

    read = rdf.client.get(address)
    written = rdf.client.put(address, content=b"<urn:a> <urn:p> 1 .", headers=TURTLE)

    assert read.status_code == 400
    assert meant in read.json()["detail"]
    assert (written.status_code in (400, 405), len(rdf.ledger.revisions())) == (True, newest)


def test_what_can_be_done_is_told(rdf: RdfServed) -> None:
    """OPTIONS names the methods and the formats of bodies and patches; another method is 405."""
    told = rdf.client.options("/rdf")

    assert told.status_code == 204
    assert "PATCH" in told.headers["allow"]
    assert "application/sparql-update" in told.headers["accept-patch"]
    assert "application/trig" in told.headers["accept-post"]
    assert rdf.client.request("TRACE", "/rdf").status_code == 405


def test_the_models_come_back_by_the_protocol_alone(rdf: RdfServed, shared_data: Path) -> None:
    """A real model by PUT and GET has the canonical hash (RDFC-1.0) that its file has."""
    file = next(iter(sorted(shared_data.glob("models/**/bldg1.ttl"))), None) or sorted(shared_data.glob("models/**/*.ttl"))[0]
    rdf.client.put("/rdf?source=model", content=file.read_bytes(), headers=TURTLE).raise_for_status()
    got = rdf.client.get("/rdf?source=model", headers={"accept": "application/n-triples"})

    mine = read_stream(io.BytesIO(got.content), name="got", format="ntriples", source="s")
    assert canonical_hash(read(file, source="s")) == canonical_hash(mine)


def test_a_relative_name_is_relative_to_its_graph(rdf: RdfServed) -> None:
    """`<>` and `<part>` in a body for graph http://site.example/model/1; in a body for a source, or for a graph
    whose name has no path, there is nothing to be relative to."""
    rdf.put("graph=http://site.example/model/1", "<> <urn:has> <part> .").raise_for_status()

    assert rdf.count("<http://site.example/model/1> <urn:has> <http://site.example/model/part>") == 1
    assert [rdf.put(where, "<urn:a> <urn:has> <part> .").status_code for where in ("source=a", "default", "graph=urn:a:b")] == [
        400,
        400,
        400,
    ]
