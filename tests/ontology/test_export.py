"""Export: what is written reads back as the same dataset in every syntax, in a fixed order, in a form that people can read."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.rdf import canonical_hash, read_stream, write
from ontology.rdf_write import _in_order
from ontology.terms import XSD, KeyQuad, QuadBlock
from tests.support.datasets import CHARS, XML_CHARS, datasets

GRAPHS = ("nquads", "trig", "jsonld")
MERGED = ("turtle", "ntriples", "rdfxml")


def written(quads: QuadBlock | list[KeyQuad], syntax: str, default_graph: str | None = None) -> bytes:
    out = io.BytesIO()
    write(quads, syntax, out, default_graph=default_graph)
    return out.getvalue()


def again(data: bytes, syntax: str) -> QuadBlock:
    return read_stream(io.BytesIO(data), name="again", format=syntax, source="x")


@pytest.mark.parametrize("syntax", GRAPHS)
@given(quads=datasets(CHARS))
def test_any_dataset_comes_back_from_a_syntax_that_has_graphs(syntax: str, quads: list[KeyQuad]) -> None:
    """Odd names, odd texts, blank graph names: the canonical hash is the same."""
    assert canonical_hash(again(written(quads, syntax), syntax)) == canonical_hash(set(quads))


@pytest.mark.parametrize("syntax", MERGED)
@given(quads=datasets(XML_CHARS))
def test_any_dataset_comes_back_merged_from_a_syntax_that_has_none(syntax: str, quads: list[KeyQuad]) -> None:
    """As one graph; XML cannot carry control characters, which is refused there."""
    merged = {(s, p, o, "urn:ridethrough:source:x") for s, p, o, _ in quads}

    assert canonical_hash(again(written(quads, syntax), syntax)) == canonical_hash(merged)


def test_a_text_that_xml_cannot_hold_is_refused_there_and_nowhere_else() -> None:
    """A control character has no place in XML 1.0, not even as a reference."""
    quads = [("urn:s:s", "urn:p:p", '"bell \x07"', "urn:ridethrough:source:x")]

    with pytest.raises(ValueError, match=r"U\+0007.*another syntax"):
        written(quads, "rdfxml")
    for syntax in ("turtle", "jsonld"):
        assert list(again(written(quads, syntax, quads[0][3]), syntax)) == quads


@given(quads=datasets(CHARS), seed=st.integers(0, 9))
def test_equal_quads_give_equal_bytes(quads: list[KeyQuad], seed: int) -> None:
    """In whatever order they come, and however often."""
    shuffled = quads + quads[:3]
    random.Random(seed).shuffle(shuffled)

    for syntax in ("turtle", "trig", "ntriples", "nquads", "jsonld"):
        assert written(shuffled, syntax) == written(QuadBlock.of(quads), syntax), syntax


def test_turtle_groups_by_subject_and_shortens_what_it_safely_can() -> None:
    """`a` first, several objects under each other, numbers bare in the form that they have, prefixes after a namespace's last word."""
    site = "http://example.org/plant#"
    quads = [
        (site + "PDU-1", "https://brickschema.org/schema/Brick#feeds", site + "R1", "urn:g"),
        (site + "PDU-1", "https://brickschema.org/schema/Brick#feeds", site + "R/2", "urn:g"),
        (site + "PDU-1", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "https://brickschema.org/schema/Brick#PDU", "urn:g"),
        (site + "R1", "urn:height", f'"01.50"^^{XSD}decimal', "urn:g"),
        (site + "R1", "urn:name", '"Rack\n1"@en', "urn:h"),
        (site + "R1", "urn:next", site + "R2.", "urn:h"),
        ("_:b", "urn:next", site + "R1", "urn:h"),
        (site + "R3", "urn:next", site + "R3", "urn:h"),
    ]

    assert written(quads, "trig", "urn:g").decode() == (
        "@prefix brick: <https://brickschema.org/schema/Brick#> .\n"
        "@prefix plant: <http://example.org/plant#> .\n"
        "\n"
        "plant:PDU-1 a brick:PDU ;\n"
        "    brick:feeds <http://example.org/plant#R/2> ,\n"
        "        plant:R1 .\n"
        "\n"
        "plant:R1 <urn:height> 01.50 .\n"
        "\n"
        "<urn:h> {\n"
        '    plant:R1 <urn:name> "Rack\\n1"@en ;\n'
        "        <urn:next> <http://example.org/plant#R2.> .\n"
        "\n"
        "    plant:R3 <urn:next> plant:R3 .\n"
        "\n"
        "    _:b <urn:next> plant:R1 .\n"
        "}\n"
    )


def test_a_block_may_know_more_terms_than_it_uses_and_one_term_twice() -> None:
    """As the block of one source of a big twin does."""
    block = QuadBlock.of([("urn:a", "urn:p", "urn:b", "urn:g")])
    wide = QuadBlock(["urn:unused bad", *block.terms, "urn:a", "urn:zz"], block.quads + 1)
    twice = QuadBlock([*block.terms, "urn:a"], QuadBlock([], block.quads).quads.copy())
    twice.quads[0, 0] = 4

    assert written(wide, "nquads") == written(twice, "nquads") == written(block, "nquads") == b"<urn:a> <urn:p> <urn:b> <urn:g> .\n"


@pytest.mark.parametrize("key", ["urn:a b", "urn:a>", "urn:a\n", "relative", '"x"@not_a_tag', '"x"^^urn:a b', "_:a b"])
@pytest.mark.parametrize("syntax", ["turtle", "ntriples", "nquads", "trig", "jsonld"])
def test_what_rdf_does_not_allow_is_refused_and_never_written(key: str, syntax: str) -> None:
    """A name with a bracket in it would otherwise become another statement."""
    with pytest.raises(ValueError, match=r"is no|invalid|Invalid|not"):
        written([("urn:a", "urn:p", key, "urn:g")], syntax)


def test_more_quads_than_fit_a_piece_are_joined_without_a_seam() -> None:
    """A subject and a predicate that go on in the next piece are not begun again."""
    quads = [("urn:s:s", "urn:p", f'"{n:06}"', "urn:g") for n in range(70_000)]
    text = written(quads, "turtle")

    assert text.count(b"<urn:s:s>") == text.count(b"<urn:p>") == 1
    assert set(again(text, "turtle")) == {(s, p, o, "urn:ridethrough:source:x") for s, p, o, _ in quads}


def test_many_graphs_and_terms_sort_as_few_do() -> None:
    """Where a quad's ranks do not fit one number the order is the same."""
    columns = [np.array(c) for c in ([2, 1, 2, 1], [1, 5, 1, 5], [7, 7, 7, 3], [1, 1, 1, 1])]
    big = [c + (c > 1) * (1 << 20) for c in columns]

    packed = [c.tolist() for c in _in_order(*columns)]
    listed = [(c - (c > 1) * (1 << 20)).tolist() for c in _in_order(*big)]

    assert packed == listed == [[1, 1, 2], [5, 5, 1], [3, 7, 7], [1, 1, 1]]
