"""W3C's suites of the SPARQL 1.1 Protocol, the Graph Store Protocol and the Service Description, run against the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Namespace, URIRef

from tests.support.rdf_served import RdfServed, rdf_served
from tests.support.w3c_http import cases, run

SUITES = Path(__file__).parents[3].parent / "shared" / "data" / "w3c-rdf-tests" / "sparql" / "sparql11"
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")

READ_ONLY = "SPARQL Update is not offered: graphs are changed by the Graph Store Protocol, each change a revision with its cause"
SIMPLE = "multipart/form-data is what any web page may send unasked (CORS-safelisted), so it is never a write"
EXPECTED = {
    "update_dataset_default_graph": READ_ONLY,
    "update_dataset_default_graphs": READ_ONLY,
    "update_dataset_named_graphs": READ_ONLY,
    "update_dataset_full": READ_ONLY,
    "update_post_form": READ_ONLY,
    "update_post_direct": READ_ONLY,
    "update_base_uri": READ_ONLY,
    "post_get_post_get_direct": SIMPLE,
    "post_get_post_get_indirect": SIMPLE,
}
"""Tests that must fail, each with its reason; one that passes is an error, too."""


def ids(manifest: str) -> list[str]:
    path = SUITES / manifest
    return [case.name for case in cases(path)] if path.is_file() else []


@pytest.fixture(scope="module")
def rdf() -> Iterator[RdfServed]:
    with rdf_served() as served:
        yield served


def check(rdf: RdfServed, manifest: str, name: str, paths: dict[str, str]) -> None:
    """Run one test in an empty twin with the suite's graphs, and compare with what is expected of it."""
    for source in rdf.ledger.sources():
        rdf.client.delete("/rdf", params={"source": source.name}).raise_for_status()
    case = next(each for each in cases(SUITES / manifest) if each.name == name)
    for graph, file in case.graphs.items():
        headers = {"content-type": "application/n-triples"}
        rdf.client.put("/rdf", params={"graph": graph}, content=file.read_bytes(), headers=headers).raise_for_status()

    wrong = run(case, rdf.client, paths)

    if name in EXPECTED:
        assert wrong, f"{name} passes, though it was expected not to: {EXPECTED[name]}"
    else:
        assert wrong == []


@pytest.mark.parametrize("name", ids("protocol/manifest.ttl"))
def test_sparql_protocol(rdf: RdfServed, shared_data: Path, name: str) -> None:
    """SPARQL 1.1 Protocol: one test of W3C's suite."""
    check(rdf, "protocol/manifest.ttl", name, {"/sparql/": "/sparql/"})


@pytest.mark.parametrize(
    ("manifest", "name"), [(m, n) for m in ("manifest-direct.ttl", "manifest-indirect.ttl") for n in ids(f"graph-store-protocol/{m}")]
)
def test_graph_store_protocol(rdf: RdfServed, shared_data: Path, manifest: str, name: str) -> None:
    """SPARQL 1.1 Graph Store HTTP Protocol: one test of W3C's suite."""
    check(rdf, f"graph-store-protocol/{manifest}", name, {"/gsp/": "/rdf/graphs/", "/gsp": "/rdf"})


def test_service_description(rdf: RdfServed) -> None:
    """SPARQL 1.1 Service Description: GET returns RDF, names this endpoint, and uses its terms as the schema says (W3C's three tests)."""
    answer = rdf.client.get("/sparql")

    told = Graph().parse(data=answer.text, format="turtle")
    services = list(told.subjects(RDF.type, SD.Service))
    assert answer.headers["content-type"].startswith("text/turtle")
    assert [set(told.objects(s, SD.endpoint)) for s in services] == [{URIRef(f"{rdf.base}/sparql")}]
    properties = {p for p in told.predicates() if str(p).startswith(str(SD))}
    known = {
        SD[n]
        for n in (
            "endpoint",
            "supportedLanguage",
            "feature",
            "resultFormat",
            "defaultDataset",
            "defaultGraph",
            "namedGraph",
            "name",
            "graph",
        )
    }
    assert properties <= known
    assert set(told.objects(services[0], SD.supportedLanguage)) == {SD.SPARQL11Query}


def test_the_suites_are_run_whole(shared_data: Path) -> None:
    """34 protocol tests and 14 of the graph store, in W3C's numbers; every expected exception is one of them."""
    direct, indirect = ids("graph-store-protocol/manifest-direct.ttl"), ids("graph-store-protocol/manifest-indirect.ttl")

    assert (len(ids("protocol/manifest.ttl")), len(direct), len(indirect)) == (34, 5, 9)
    assert EXPECTED.keys() <= {*ids("protocol/manifest.ttl"), *direct, *indirect}
