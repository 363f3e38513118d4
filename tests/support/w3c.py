"""The tests of W3C's RDF 1.1 suites, as their manifests list them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

SUITES = Path(__file__).parents[2].parent / "shared" / "data" / "w3c-rdf-tests" / "rdf" / "rdf11"
SYNTAXES = {"rdf-turtle": "turtle", "rdf-trig": "trig", "rdf-n-triples": "ntriples", "rdf-n-quads": "nquads", "rdf-xml": "rdfxml"}
_LISTED = """
PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT ?test ?kind ?action ?result
WHERE { ?list rdf:first ?test . ?test a ?kind ; mf:action ?action . OPTIONAL { ?test mf:result ?result } } ORDER BY ?test"""


@dataclass(frozen=True, slots=True)
class W3cTest:
    """One test: its name, its kind (`TestTurtleEval`, …), the syntax, where its document is said to stand, and the files."""

    name: str
    kind: str
    syntax: str
    base: str | None
    file: Path
    result: Path | None

    @property
    def is_negative(self) -> bool:
        """Whether the document must be refused."""
        return "Negative" in self.kind

    @property
    def is_evaluation(self) -> bool:
        """Whether what the document says is given in N-Quads or N-Triples."""
        return self.result is not None


def cases_of(suite: str) -> list[W3cTest]:
    """The tests of one suite, in order of names; none where the shared data is not there (and CI does not say that it must be)."""
    folder = SUITES / suite
    if not folder.is_dir() and os.environ.get("CI", "").lower() != "true":
        return []
    root = f"https://w3c.github.io/rdf-tests/rdf/rdf11/{suite}/"
    manifest = ox.Store()
    manifest.load(path=str(folder / "manifest.ttl"), format=ox.RdfFormat.TURTLE, base_iri=root + "manifest.ttl")

    def file(term: object) -> Path | None:
        return None if term is None else folder / str(getattr(term, "value", "")).removeprefix(root)

    found = []
    for row in manifest.query(_LISTED):  # type: ignore[union-attr] # a SELECT gives rows
        test, kind, action, result = (row[name] for name in ("test", "kind", "action", "result"))
        where = file(action)
        assert where is not None
        base = action.value if SYNTAXES[suite] not in {"ntriples", "nquads"} else None
        found.append(W3cTest(test.value.partition("#")[2], kind.value.partition("#")[2], SYNTAXES[suite], base, where, file(result)))
    return found
