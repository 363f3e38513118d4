"""W3C's protocol suites, whose tests are HTTP requests and what must come back: read from their manifests, and run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx
import pyoxigraph as ox
from rdflib import RDF, Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node

from ontology.rdf import canonical_hash
from ontology.terms import KeyQuad, key_of

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
CODES = {"OK": "200", "Created": "201", "NoContent": "204", "NotFound": "404"}
ROWS = ("application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values")
GRAPHS = ("text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json", "application/trig", "application/n-quads")


@dataclass
class Step:
    """One request, and what must come back."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: set[str]
    boolean: bool | None
    form: str | None
    location: str | None
    returns: tuple[str, str] | None
    """Content type and body."""


@dataclass
class Case:
    """One test of a suite."""

    name: str
    graphs: dict[str, Path] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


@cache
def cases(manifest: Path) -> list[Case]:
    """The tests of a manifest, in its order; after them those that it tells of and does not list."""
    read = Graph().parse(manifest, format="turtle", publicID=manifest.as_uri())
    top = read.value(predicate=RDF.type, object=MF.Manifest)
    listed = read.value(top, MF.entries)
    entries = list(Collection(read, listed)) if listed is not None else []
    told = sorted((each for kind in (MF.GraphStoreProtocolTest, MF.ProtocolTest) for each in read.subjects(RDF.type, kind)), key=str)
    return [_case(read, entry, manifest.parent) for entry in dict.fromkeys([*entries, *told])]


def _case(read: Graph, entry: Node, folder: Path) -> Case:
    found = Case(re.split(r"[#/]", str(entry))[-1])
    for data in read.objects(entry, UT.graphData):
        found.graphs[str(read.value(data, RDFS.label))] = folder / Path(str(read.value(data, UT.graph))).name
    requests = read.value(read.value(entry, MF.action), HT.requests)
    if requests is not None:
        found.steps = [_step(read, each) for each in Collection(read, requests)]
    return found


def _headers(read: Graph, node: Node | None) -> dict[str, str]:
    items = read.value(node, HT.headers)
    if items is None:
        return {}
    return {str(read.value(h, HT.fieldName)).lower(): str(read.value(h, HT.fieldValue)) for h in Collection(read, items)}


def _body(read: Graph, node: Node | None) -> bytes | None:
    body = read.value(node, HT.body)
    if body is None:
        return None
    return str(read.value(body, CNT.chars)).encode(str(read.value(body, CNT.characterEncoding)))


def _step(read: Graph, node: Node) -> Step:
    answer = read.value(node, HT.resp)
    codes = {re.split(r"[#/]", str(code))[-1] for code in read.objects(answer, MF.expectedStatus)}
    statuses = {CODES.get(code) or code.removeprefix("StatusCode") for code in codes}
    boolean, form = read.value(answer, MF.expectedBoolean), read.value(answer, MF.expectedFormat)
    location = read.value(answer, MF.expectedLocation)
    body = _body(read, answer)
    return Step(
        str(read.value(node, HT.methodName)),
        str(read.value(node, HT.absolutePath)),
        _headers(read, node),
        _body(read, node),
        statuses,
        None if boolean is None else str(boolean) == "true",
        None if form is None else str(form),
        None if location is None else str(location),
        None if body is None else (_headers(read, answer).get("content-type", ""), body.decode()),
    )


def run(case: Case, client: httpx.Client, paths: dict[str, str]) -> list[str]:
    """What of a test does not hold; nothing when it passes. `paths` maps the beginnings of the suite's paths to ours."""
    wrong, variables = [], dict[str, str]()
    for number, step in enumerate(case.steps, 1):
        path = next((new + step.path[len(old) :] for old, new in paths.items() if step.path.startswith(old)), step.path)
        for name, value in variables.items():
            path = path.replace(name, value)
        sent = client.build_request(step.method, path, headers=step.headers, content=step.body)
        if "content-type" not in step.headers:
            sent.headers.pop("content-type", None)
        got = client.send(sent)
        wrong += [f"request {number} ({step.method} {path}): {why}" for why in _differences(step, got)]
        if step.location is not None:
            variables[step.location] = got.headers.get("location", "")
    return wrong


def _differences(step: Step, got: httpx.Response) -> list[str]:
    status = str(got.status_code)
    if not any(status == wanted or (wanted.endswith("xx") and status[0] == wanted[0]) for wanted in step.statuses):
        return [f"status {status}, where {sorted(step.statuses)} is expected: {got.text[:200]}"]
    kind = got.headers.get("content-type", "").partition(";")[0]
    wrong = []
    if step.boolean is not None and got.json()["boolean"] is not step.boolean:
        wrong.append(f"it says {got.text}")
    if step.form is not None and kind not in {"boolean": ROWS[:2], "tabular": ROWS, "RDF": GRAPHS}[step.form]:
        wrong.append(f"it is {kind}, which is not {step.form}")
    if step.location is not None and not got.headers.get("location"):
        wrong.append("there is no Location")
    if step.returns is not None:
        wanted_kind, wanted = step.returns
        if got.headers.get("content-type") != wanted_kind:
            wrong.append(f"it is {got.headers.get('content-type')}, not {wanted_kind}")
        elif _hash(got.text) != _hash(wanted):
            wrong.append(f"it says\n{got.text}\nand not\n{wanted}")
    return wrong


def _hash(turtle: str) -> str:
    return canonical_hash(_quad(each) for each in ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE))


def _quad(quad: ox.Quad) -> KeyQuad:
    s, p, o = (key_of(term) for term in quad.triple)
    return s, p, o, "urn:g"
