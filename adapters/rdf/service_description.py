"""What the SPARQL endpoint says of itself (SPARQL 1.1 Service Description, W3C Recommendation, 2013), and its page for people."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from ontology.namespaces import RDF
from ontology.rdf import write
from ontology.terms import KeyQuad

SD = "http://www.w3.org/ns/sparql-service-description#"
FORMATS_NS = "http://www.w3.org/ns/formats/"
GRAPHS_TOLD = 1000
"""Named graphs that the description lists."""
_RESULTS = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
_GRAPHS = ("Turtle", "TriG", "N-Triples", "N-Quads", "JSON-LD", "RDF_XML")
EXAMPLE = """PREFIX brick: <https://brickschema.org/schema/Brick#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?thing ?name ?fed WHERE {
  ?thing brick:feeds ?fed .
  OPTIONAL { ?thing rdfs:label ?name }
} LIMIT 20"""


def description(endpoint: str, graphs: Sequence[str], form: str) -> bytes:
    """The description in an RDF format. The default graph is the union of all graphs."""
    service, dataset, default = "_:service", "_:dataset", "_:default"
    triples: list[tuple[str, str, str]] = [
        (service, RDF + "type", SD + "Service"),
        (service, SD + "endpoint", endpoint),
        (service, SD + "supportedLanguage", SD + "SPARQL11Query"),
        (service, SD + "feature", SD + "UnionDefaultGraph"),
        *((service, SD + "resultFormat", FORMATS_NS + name) for name in (*_RESULTS, *_GRAPHS)),
        (service, SD + "defaultDataset", dataset),
        (dataset, RDF + "type", SD + "Dataset"),
        (dataset, SD + "defaultGraph", default),
        (default, RDF + "type", SD + "Graph"),
    ]
    for number, graph in enumerate(graphs[:GRAPHS_TOLD]):
        node, content = f"_:named{number}", f"_:graph{number}"
        triples += [
            (dataset, SD + "namedGraph", node),
            (node, RDF + "type", SD + "NamedGraph"),
            (node, SD + "name", graph),
            (node, SD + "graph", content),
            (content, RDF + "type", SD + "Graph"),
        ]
    out = io.BytesIO()
    quads: list[KeyQuad] = [(s, p, o, endpoint) for s, p, o in triples]
    write(quads, form, out, default_graph=endpoint)
    return out.getvalue()


def page(endpoint: str, quads: int, graphs: int, revision: int) -> str:
    """The page for a browser that asks nothing."""
    link = f"?query={quote(EXAMPLE)}"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>SPARQL · Ridethrough</title>"
        f"<h1>SPARQL endpoint</h1><p>{quads:,} statements in {graphs:,} graphs, revision {revision:,}. "
        "Queries only; without FROM, the default graph is the union of all graphs.</p>"
        f'<form action="{escape(endpoint)}"><p><textarea name=query rows=12 cols=90>{escape(EXAMPLE)}</textarea></p>'
        "<p><button>Ask</button></p></form>"
        f"<p>The same from a shell: <code>curl -G {escape(endpoint)} --data-urlencode query@question.rq</code>. "
        f'<a href="{escape(link)}">Ask the example</a></p>'
        "</html>\n"
    )
