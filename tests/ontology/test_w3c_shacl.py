"""W3C's SHACL core suite, run through the engine as we use it: planned shapes, no rules. What differs is listed with its reason."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest
import shifty

from ontology.namespaces import PREFIXES, RDF

CORE = Path(__file__).parents[2].parent / "shared" / "data" / "w3c-shacl-tests" / "data-shapes-test-suite" / "tests" / "core"
SH, SHT, MF = PREFIXES["sh"], "http://www.w3.org/ns/shacl-test#", "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
AT_THE_OUTER_NODE = "what a property shape within a property shape finds is told at the outer focus node, with the path that leads on"
EXCEPTIONS = {"property/property-001.ttl": AT_THE_OUTER_NODE, "validation-reports/shared.ttl": AT_THE_OUTER_NODE}
Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


def documents() -> list[str]:
    files = sorted(CORE.rglob("*.ttl")) if CORE.is_dir() else []
    return [str(file.relative_to(CORE)) for file in files if b"sht:Validate" in file.read_bytes()]


class Document:
    """One file of the suite, its blank nodes by their labels."""

    def __init__(self, path: Path) -> None:
        self.triples = [q.triple for q in ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=path.as_uri())]
        self._out: dict[tuple[Node, str], list[Node]] = defaultdict(list)
        for triple in self.triples:
            self._out[triple.subject, triple.predicate.value].append(triple.object)

    def of(self, subject: Node, predicate: str) -> list[Node]:
        return self._out.get((subject, predicate), [])

    def one(self, subject: Node, predicate: str) -> Node:
        return self.of(subject, predicate)[0]

    @property
    def tests(self) -> list[Node]:
        return [t.subject for t in self.triples if t.predicate.value == RDF + "type" and t.object == ox.NamedNode(SHT + "Validate")]


def plain(node: str) -> str:
    """A node by what names it; blank nodes have no name."""
    return "_" if node.startswith("_:") else node


def expected(document: Document, test: Node) -> set[tuple[str, str]]:
    report = document.one(test, MF + "result")
    results = document.of(report, SH + "result")
    return {(plain(str(document.one(r, SH + "focusNode"))), str(document.one(r, SH + "resultSeverity"))) for r in results}


def found(document: Document, test: Node) -> set[tuple[str, str]]:
    data, shapes = (_triples(document, test, name) for name in ("dataGraph", "shapesGraph"))
    result = shifty.PreparedValidator(shapes).validate_algebra(data, graph_mode="union", infer=False)
    reasons = [(violation.focus_node, reason.severity) for violation in result.violations for reason in violation.reasons]
    return {(plain(focus), f"<{severity if ':' in severity else SH + severity}>") for focus, severity in reasons}


def _triples(document: Document, test: Node, name: str) -> bytes:
    named = document.one(document.one(test, MF + "action"), SHT + name)
    assert isinstance(named, ox.NamedNode)
    path = Path(named.value.removeprefix("file://"))
    return ox.serialize(Document(path).triples, format=ox.RdfFormat.N_TRIPLES) or b""


@pytest.mark.parametrize("name", documents())
def test_the_engine_finds_what_w3c_expects(name: str) -> None:
    """The same nodes with the same severities; a shapes graph that is ill-formed is none of ours."""
    document = Document(CORE / name)

    for test in document.tests:
        if document.one(test, MF + "result") == ox.NamedNode(SHT + "Failure"):
            continue
        assert (found(document, test) == expected(document, test)) != (name in EXCEPTIONS)


def test_the_suite_is_there() -> None:
    """98 files of W3C's core tests."""
    if not CORE.is_dir():
        pytest.skip(f"the shared test data is not at {CORE}")

    assert len(documents()) == 98
    assert set(documents()) >= EXCEPTIONS.keys()
