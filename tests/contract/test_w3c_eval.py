"""W3C's evaluation suites through our mapping and every store: what was kept is exported as the very dataset that the document is."""

from __future__ import annotations

import io
from collections import defaultdict
from datetime import UTC, datetime

import pytest

from graph.changes import Cause, ChangeSet
from ontology.rdf import canonical_hash, read_stream, write
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock, is_blank
from tests.contract.conftest import Place
from tests.support.w3c import SYNTAXES, W3cTest, cases_of

CAUSE = Cause("ada", "w3c", datetime(2026, 3, 1, tzinfo=UTC), "the suites")


def test_every_document_of_the_suites_comes_back_from_the_store_as_what_it_says(place: Place) -> None:
    """All of Turtle, TriG, N-Triples, N-Quads and RDF/XML in one commit, each as a source of its own; opened again, exported in N-Quads,
    read and compared by canonical hash with the result that the suite gives (else with the document itself)."""
    tests = [test for suite in SYNTAXES for test in cases_of(suite) if not test.is_negative and "xml-canon" not in test.name]
    if not tests:
        pytest.skip("the shared test data is not there")
    expected = {source_of(test): expected_hash(test) for test in tests}
    places: dict[str, tuple[str, str]] = {}
    quads = [quad for test in tests for quad in marked(source_of(test), block_of(test), places)]

    place.store.commit(ChangeSet(QuadBlock.of(quads), QuadBlock.empty()), CAUSE, expected=0)
    kept = place.reopen().load().quads

    parted: dict[str, list[KeyQuad]] = defaultdict(list)
    for s, p, o, g in kept:
        source, graph = places[g]
        parted[source].append((s, p, o, graph))
    assert len(kept) == len(quads)
    assert len(expected) == len(tests) > 500
    assert [source for source, wanted in expected.items() if exported_hash(source, parted[source]) != wanted] == []


def source_of(test: W3cTest) -> str:
    return f"{test.syntax}-{test.name}"


def block_of(test: W3cTest) -> QuadBlock:
    with test.file.open("rb") as stream:
        return read_stream(stream, name=test.file.name, format=test.syntax, source=source_of(test), base=test.base)


def expected_hash(test: W3cTest) -> str:
    if test.result is None:
        return canonical_hash(block_of(test))
    with test.result.open("rb") as stream:
        return canonical_hash(read_stream(stream, name=test.result.name, format="nquads", source=source_of(test)))


def marked(source: str, block: QuadBlock, places: dict[str, tuple[str, str]]) -> list[KeyQuad]:
    """The quads with their graphs named after their test, as many tests use the same names; `places` takes which stands for which."""
    names = {g: g if is_blank(g) else f"urn:case:{source}:{g}" for _, _, _, g in block}
    places |= {name: (source, g) for g, name in names.items()}
    return [(s, p, o, names[g]) for s, p, o, g in block]


def exported_hash(source: str, quads: list[KeyQuad]) -> str:
    out = io.BytesIO()
    write(quads, "nquads", out, default_graph=source_graph(source))
    return canonical_hash(read_stream(io.BytesIO(out.getvalue()), name="export", format="nquads", source=source))
