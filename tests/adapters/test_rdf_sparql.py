"""The SPARQL endpoint: forms of asking, forms of answers, datasets, states, and limits that name themselves."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psutil  # type: ignore[import-untyped]  # it has no types
import pytest
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from rdflib.query import ResultRow

from adapters.rdf.negotiation import RDF_TYPES
from adapters.rdf.rules import MB, QueryLimits, RdfRules
from ontology.namespaces import BRICK
from tests.support.rdf_served import RdfServed, rdf_served

SELECT = "SELECT ?o { <urn:a> <urn:p> ?o } ORDER BY ?o"
PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }"


@pytest.fixture(scope="module")
def rdf() -> Iterator[RdfServed]:
    with rdf_served() as served:
        served.put("source=one", "<urn:a> <urn:p> 1 . <urn:vav> a <https://brickschema.org/schema/Brick#VAV> .").raise_for_status()
        served.put("source=two", '<urn:a> <urn:p> 2 , "x"@en .').raise_for_status()
        yield served


# -- asking and answering ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT (<urn:f>(1) AS ?x) {}", "<urn:f> is not supported"),
        (
            "SELECT * {\n?s brick:feeds ?o }",
            "line 2, column 4: the prefix brick: is not declared: add `PREFIX brick: <https://brickschema.org/",
        ),
        ("ASK { BIND(e:f(1) AS ?x) }", "the prefix e: is not declared"),
        ("ASK {\n ?s a }", "line 2"),
    ],
)
def test_a_query_that_cannot_be_answered_is_told_what_is_wrong_with_it(rdf: RdfServed, query: str, words: str) -> None:
    """A function that there is not, a prefix that nobody declared, a place that is no SPARQL."""
    answer = rdf.ask(query)

    assert (answer.status_code, words in answer.json()["detail"]) == (400, True), answer.text


def test_what_xml_cannot_hold_is_not_answered_in_xml(rdf: RdfServed) -> None:
    """A control character in a text: rows come in JSON and RDF in Turtle, even where these were not named."""
    rows, graph = 'SELECT ("a\\u0001" AS ?x) {}', 'CONSTRUCT { <urn:a> <urn:p> "a\\u0001" } WHERE {}'

    answers = [rdf.ask(rows, "application/sparql-results+xml"), rdf.ask(graph, "application/rdf+xml"), rdf.ask(rows), rdf.ask(graph, "*/*")]

    assert [answer.status_code for answer in answers] == [200] * 4
    kinds = [answer.headers["content-type"] for answer in answers[:2]]
    assert kinds == ["application/sparql-results+json", "text/turtle; charset=utf-8"]


def test_rdflib_reads_what_xml_cannot_hold(rdf: RdfServed) -> None:
    """Its store names XML alone, for rows as for graphs."""
    store = SPARQLStore(f"{rdf.base}/sparql")
    [row] = store.query('SELECT ("a\\u0001" AS ?x) {}')
    assert isinstance(row, ResultRow)
    assert str(row.x) == "a\x01"

    found = store.query('CONSTRUCT { <urn:a> <urn:p> "a\\u0001" } WHERE {}')

    assert found.graph is not None
    assert [str(said) for said in found.graph.objects()] == ["a\x01"]


def test_what_xml_cannot_hold_is_answered_in_what_else_is_accepted() -> None:
    """XML first and another format behind it: the other one, of rows, of RDF and of a graph as it is kept."""
    rows, graph = 'SELECT ("a\\u0001" AS ?x) {}', "CONSTRUCT WHERE { ?s ?p ?o }"
    xml, xml_first = "application/rdf+xml", "application/rdf+xml, text/turtle;q=0.5"
    with rdf_served() as rdf:
        rdf.put("graph=urn:g", '<urn:a> <urn:p> "a\\u0001" .')

        answers = [
            rdf.ask(rows, "application/sparql-results+xml, text/csv;q=0.2, application/sparql-results+json;q=0.5"),
            rdf.ask(graph, xml_first),
            rdf.client.get("/rdf?graph=urn:g", headers={"accept": xml_first}),
        ]
        alone = rdf.client.get("/rdf?graph=urn:g", headers={"accept": xml})

    kinds = [answer.headers["content-type"].partition(";")[0] for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert kinds == ["application/sparql-results+json", "text/turtle", "text/turtle"]
    assert (alone.status_code, "cannot be said in application/rdf+xml" in alone.json()["detail"]) == (406, True)


def test_the_endpoint_says_what_can_be_asked_of_it(rdf: RdfServed) -> None:
    """OPTIONS of the endpoint and of the feed."""
    answers = [rdf.client.options(path) for path in ("/sparql", "/rdf/changes", "/rdf/changes/1", "/rdf/report")]

    assert [answer.status_code for answer in answers] == [204] * 4
    assert (answers[0].headers["allow"], answers[1].headers["allow"]) == ("GET, HEAD, POST, OPTIONS", "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_a_query_is_asked_in_three_ways(rdf: RdfServed, way: str) -> None:
    """GET, POST of a form and POST of the query itself give one answer, over the union of all graphs, with its revision."""
    if way == "get":
        answer = rdf.client.get("/sparql", params={"query": SELECT})
    elif way == "form":
        answer = rdf.client.post("/sparql", data={"query": SELECT})
    else:
        answer = rdf.client.post("/sparql", content=SELECT, headers={"content-type": "application/sparql-query; charset=utf-8"})

    assert answer.headers["content-type"] == "application/sparql-results+json"
    assert [row["o"]["value"] for row in answer.json()["results"]["bindings"]] == ["1", "2", "x"]
    assert answer.headers["ridethrough-revision"] == "2"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/sparql-results+json", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("*/*", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("text/*;q=0.5, application/sparql-results+xml;q=0.4", "text/csv; charset=utf-8"),
        ("text/csv;q=0, */*;q=0.1", "application/sparql-results+json"),
        ("text/turtle, application/sparql-results+xml;q=0.2", "application/sparql-results+xml"),
    ],
)
def test_rows_come_as_the_client_accepts_them(rdf: RdfServed, accept: str, kind: str) -> None:
    """All four result formats, by q-values and wildcards."""
    assert rdf.ask(SELECT, accept).headers["content-type"] == kind
    assert rdf.ask("ASK {}", accept).headers["content-type"] == kind


@pytest.mark.parametrize("name", sorted(RDF_TYPES))
@pytest.mark.parametrize("query", ["CONSTRUCT WHERE { <urn:a> ?p ?o }", "DESCRIBE <urn:a>"])
def test_graphs_come_in_every_rdf_format(rdf: RdfServed, name: str, query: str) -> None:
    """CONSTRUCT and DESCRIBE answer in all six."""
    answer = rdf.ask(query, RDF_TYPES[name])

    assert answer.headers["content-type"].partition(";")[0] == RDF_TYPES[name]
    assert "urn:p" in answer.text or "xmlns" in answer.text


def test_what_nobody_accepts_is_406(rdf: RdfServed) -> None:
    """Rows as an image, a graph as CSV: 406 with what there is."""
    assert [rdf.ask(SELECT, "image/png").status_code, rdf.ask("CONSTRUCT WHERE {?s ?p ?o}", "text/csv").status_code] == [406, 406]
    assert "text/turtle" in rdf.ask("CONSTRUCT WHERE {?s ?p ?o}", "text/csv").json()["detail"]


# -- datasets ---------------------------------------------------------------------------------------------------------------


def test_the_default_graph_is_everything_unless_the_protocol_or_the_query_says(rdf: RdfServed) -> None:
    """Union by default; default-graph-uri, FROM and named-graph-uri each narrow it; the protocol's dataset is the one that counts."""
    one, two = "urn:ridethrough:source:one", "urn:ridethrough:source:two"

    def seen(query: str, *params: tuple[str, str]) -> int:
        answer = rdf.client.get("/sparql", params=httpx.QueryParams([("query", query), *params]))
        return len(answer.json()["results"]["bindings"])

    assert seen(SELECT) == 3
    assert seen(SELECT, ("default-graph-uri", one)) == 1
    assert seen(SELECT, ("default-graph-uri", one), ("default-graph-uri", two)) == 3
    assert seen(SELECT, ("named-graph-uri", one)) == 0
    assert seen("SELECT ?g ?o { GRAPH ?g { <urn:a> <urn:p> ?o } }", ("named-graph-uri", two)) == 2
    assert seen(SELECT.replace("{", f"FROM <{two}> {{", 1)) == 2
    assert seen(SELECT.replace("{", f"FROM <{two}> {{", 1), ("default-graph-uri", one)) == 1


def test_what_is_inferred_is_asked_for_by_name(rdf: RdfServed) -> None:
    """inferred=true adds the superclasses, in a graph of their own; without it they are not there."""
    pattern = f"<urn:vav> a <{BRICK}Equipment>"

    assert (rdf.count(pattern), rdf.count(pattern, inferred="true")) == (0, 1)
    assert rdf.count(f"GRAPH <urn:ridethrough:inferred> {{ {pattern} }}", inferred="true") == 1


def test_every_revision_is_asked_as_it_was() -> None:
    """at=1, at=2 and now: three answers, in any order, while the twin goes on changing."""
    with rdf_served() as rdf:
        for n in range(1, 5):
            rdf.put("source=a", "\n".join(f"<urn:{k}> <urn:p> [] ." for k in range(n))).raise_for_status()
            assert rdf.count() == n
        seen = [rdf.count(at=str(n)) for n in (3, 1, 4, 2)]
        rdf.client.delete("/rdf?source=a").raise_for_status()

        assert seen == [3, 1, 4, 2]
        assert (rdf.count(), rdf.count(at="3")) == (0, 3)
        assert rdf.ask("ASK {}", at="77").status_code == 404


# -- limits and refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * { SERVICE SILENT ?where { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * { \\u0053ERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SERVICE"),
        ("INSERT DATA { <urn:a> <urn:p> 9 }", "/rdf"),
        ("LOAD <http://127.0.0.1:1/>", "LOAD"),
        ("DROP ALL", "/rdf"),
        ("SELECT * {" + "{" * 150 + "}" * 150 + "}", "100 deep"),
    ],
)
def test_what_is_never_done_is_refused_before_it_runs(rdf: RdfServed, query: str, told: str) -> None:
    """SERVICE, LOAD, updates and endless nesting are 400, with the reason and another way."""
    answer = rdf.ask(query)

    assert answer.status_code == 400
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "PREFIX service: <urn:service:> ASK { ?service service:SERVICE 'SERVICE <x> {}' } # SERVICE <x> {}",
        'ASK { ?s <urn:SERVICE> """LOAD " SERVICE""" , "x"@service FILTER (?s < 3 && ?s > 2) }',
    ],
)
def test_a_word_that_is_no_keyword_there_is_no_keyword(rdf: RdfServed, query: str) -> None:
    """SERVICE in a name, a text, an IRI, a comment or a language tag asks nobody."""
    assert rdf.ask(query).json() == {"head": {}, "boolean": False}


def test_a_syntax_error_is_told_with_its_place(rdf: RdfServed) -> None:
    """400 with line and column."""
    told = rdf.ask("SELECT *\nWHERE { ?s ?p }").json()

    assert (told["status"], told["line"]) == (400, 2)


@pytest.mark.parametrize(
    ("limits", "query", "status", "told"),
    [
        (QueryLimits(seconds=1), PRODUCT, 503, "sparql_seconds"),
        (
            QueryLimits(seconds=20, memory_bytes=64 * MB),
            "SELECT DISTINCT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?a",
            413,
            "sparql_memory_mb",
        ),
        (QueryLimits(answer_bytes=10_000), "SELECT * { ?a ?b ?c . ?d ?e ?f }", 413, "LIMIT"),
        (QueryLimits(query_bytes=100), "ASK {} #" + "x" * 200, 413, "100 bytes"),
    ],
)
def test_a_query_that_costs_too_much_is_ended_and_told_which_limit(limits: QueryLimits, query: str, status: int, told: str) -> None:
    """Time, memory, length of the answer, length of the query: each by name, and the service goes on."""
    with rdf_served(RdfRules(query=limits)) as rdf:
        rdf.put("source=a", "\n".join(f"<urn:{n}> <urn:p> {n} ." for n in range(200))).raise_for_status()

        answer = rdf.ask(query)

        assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
        assert rdf.count() == 200


def test_a_keeper_that_was_killed_is_started_anew(rdf: RdfServed) -> None:
    """The keeper of the query store ends by a signal: one question may be told to come again, the next is answered."""
    before = rdf.count()
    keepers = [p for p in psutil.Process().children(recursive=True) if "adapters.rdf.sandbox.keeper" in " ".join(p.cmdline())]
    for keeper in keepers:
        keeper.kill()

    answers = [rdf.ask("ASK {}").status_code for _ in range(3)]

    assert keepers
    assert answers[-1] == 200
    assert rdf.count() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405(rdf: RdfServed, method: str) -> None:
    """The protocol has GET and POST."""
    assert rdf.client.request(method, "/sparql?query=ASK%7B%7D").status_code == 405


def test_a_browser_gets_a_page_and_a_program_the_description(rdf: RdfServed) -> None:
    """Accept: text/html without a query is a page without script; everything else is RDF."""
    page, told = rdf.client.get("/sparql", headers={"accept": "text/html,*/*;q=0.8"}), rdf.client.get("/sparql")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert ("<textarea" in page.text, "<script" in page.text) == (True, False)
    assert "urn:ridethrough:source:two" in told.text


def test_the_endpoint_can_be_switched_off() -> None:
    """sparql = false: 404, and the graph store goes on."""
    with rdf_served(RdfRules(sparql=False)) as rdf:
        assert (rdf.ask("ASK {}").status_code, rdf.client.get("/rdf").status_code) == (404, 200)
