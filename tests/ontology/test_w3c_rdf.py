"""W3C's RDF 1.1 suites: what must be read is read as it is meant, what must be refused is refused."""

from __future__ import annotations

import io

import pytest

from ontology.errors import RdfError
from ontology.rdf import canonical_hash, read_stream, write
from ontology.sources import source_graph
from ontology.terms import QuadBlock
from tests.support.w3c import SYNTAXES, W3cTest, cases_of

OWN = source_graph("w3c")

EXCEPTIONS = {  # test: why it is not met; each is asserted to be still not met
    "xml-canon-test001": "an XML literal is kept as it is written; the test wants it in exclusive canonical XML",
    "xml-canon-test002": "an XML literal is kept as it is written; the test wants it in exclusive canonical XML",
}


def cases(evaluation: bool) -> list[object]:
    listed = [test for suite in SYNTAXES for test in cases_of(suite) if test.is_evaluation is evaluation]
    return [pytest.param(test, id=f"{test.syntax}-{test.name}") for test in listed]


def block_of(test: W3cTest) -> QuadBlock:
    with test.file.open("rb") as stream:
        return read_stream(stream, name=test.file.name, format=test.syntax, source="w3c", base=test.base)


@pytest.mark.parametrize("test", cases(evaluation=False))
def test_a_document_is_read_or_refused_as_the_standard_says(test: W3cTest) -> None:
    """A refusal names the file and says what to do; what is read can be written and read again."""
    if test.is_negative:
        with pytest.raises(RdfError) as refusal:
            block_of(test)
        assert refusal.value.file == test.file.name
        assert refusal.value.remedy
        return

    block = block_of(test)

    assert canonical_hash(again(block, "nquads")) == canonical_hash(block)


@pytest.mark.parametrize("test", cases(evaluation=True))
def test_a_document_says_what_the_standard_says_that_it_says(test: W3cTest) -> None:
    """Compared by canonical hash; the same after Turtle (where there is one graph), TriG, N-Quads and JSON-LD of our own."""
    assert test.result is not None
    with test.result.open("rb") as stream:
        expected = canonical_hash(read_stream(stream, name=test.result.name, format="nquads", source="w3c"))

    block = block_of(test)

    assert (canonical_hash(block) == expected) is (test.name not in EXCEPTIONS), EXCEPTIONS.get(test.name, "")
    for syntax in ("trig", "nquads", "jsonld") if test.syntax == "trig" else ("turtle", "trig", "nquads", "jsonld"):
        assert canonical_hash(again(block, syntax)) == canonical_hash(block), syntax


def test_all_suites_are_there_in_full() -> None:
    """826 tests of RDF 1.1's own four syntaxes, and 166 of RDF/XML; an exception that names no test would lie."""
    listed = {suite: cases_of(suite) for suite in SYNTAXES}
    if not listed["rdf-turtle"]:
        pytest.skip("the shared test data is not there")

    assert {suite: len(found) for suite, found in listed.items()} == {
        "rdf-turtle": 313,
        "rdf-trig": 356,
        "rdf-n-triples": 70,
        "rdf-n-quads": 87,
        "rdf-xml": 166,
    }
    assert set(EXCEPTIONS) <= {test.name for found in listed.values() for test in found}


def again(block: QuadBlock, syntax: str) -> QuadBlock:
    out = io.BytesIO()
    write(block, syntax, out, default_graph=OWN)
    return read_stream(io.BytesIO(out.getvalue()), name="again", format=syntax, source="w3c")
