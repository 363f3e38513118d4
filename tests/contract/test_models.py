"""What goes in comes out: real models and made-up datasets, through a store and out again, by their canonical hash (RDFC-1.0).

The hash of the source is pyoxigraph's own, of the very text that we read; the hash of what comes out is that of our export.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.changes import Cause, ChangeSet
from graph.ports import TwinStore
from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from ontology.errors import RdfError
from ontology.rdf import read, read_stream, write
from ontology.sources import source_graph
from ontology.terms import XSD, QuadBlock
from tests.contract.conftest import Place

NOON = datetime(2026, 3, 1, tzinfo=UTC)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NOT_TURTLE = {
    "brick-example-server/examples/data/bldg.ttl": "prefix unit: is used and never declared",
}
"""Files of the collection that are no Turtle, with what is wrong with them."""


def models(shared_data: Path) -> list[Path]:
    """Every model of the collection that is RDF, in order of names."""
    return sorted(file for file in (shared_data / "models").rglob("*.ttl") if _name(shared_data, file) not in NOT_TURTLE)


def _name(shared_data: Path, file: Path) -> str:
    return file.relative_to(shared_data / "models").as_posix()


def canonical(data: bytes, kind: ox.RdfFormat, *, lenient: bool = True) -> list[str]:
    """The canonical N-Quads of a document; `lenient` takes IRIs of any form, as real models have them."""
    dataset = ox.Dataset(ox.parse(data, format=kind, lenient=lenient))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def exported(store: TwinStore, source: str) -> bytes:
    """What the store keeps of a source, as an export of it writes it."""
    twin, out = store.load(), io.BytesIO()
    assert twin.revision is not None
    snapshot = Snapshot.of(twin.quads, twin.revision.number, NOON, twin.owners, twin.since, twin.changed)
    write(snapshot.block(source), "nquads", out, default_graph=source_graph(source))
    return out.getvalue()


def test_every_real_model_comes_back_as_its_file_says_it(place: Place, shared_data: Path) -> None:
    """Each as a source of its own beside all the others, out of a store that was opened again; what withdraws leaves the others."""
    files = models(shared_data)
    blocks = {_name(shared_data, file): read(file, source=_name(shared_data, file)) for file in files}
    every = QuadBlock.of(quad for block in blocks.values() for quad in block)
    owners = {source_graph(name): name for name in blocks}
    place.store.commit(ChangeSet(every, QuadBlock.empty(), owners), Cause("ada", "all", NOON, ""), expected=0)

    twin = place.reopen().load()
    snapshot = Snapshot.of(twin.quads, 1, NOON, twin.owners, twin.since, twin.changed)
    for name, file in zip(blocks, files, strict=True):
        out = io.BytesIO()
        write(snapshot.block(name), "nquads", out, default_graph=source_graph(name))
        assert canonical(out.getvalue(), ox.RdfFormat.N_QUADS) == canonical(file.read_bytes(), ox.RdfFormat.TURTLE), name
    gone = QuadBlock.of(quad for name in list(blocks)[::4] for quad in blocks[name])
    place.store.commit(ChangeSet(QuadBlock.empty(), gone), Cause("ada", "all", NOON, ""), expected=1)

    assert len(files) == 63
    assert set(place.store.load().quads) == set(every) - set(gone)


@pytest.mark.parametrize("name", NOT_TURTLE)
def test_what_is_no_turtle_is_refused_with_its_line(shared_data: Path, name: str) -> None:
    """pyoxigraph's own parser refuses these files as well."""
    file = shared_data / "models" / name

    with pytest.raises(RdfError, match=rf"{name}:\d+"):
        read(file, source="model")
    with pytest.raises(SyntaxError):
        canonical(file.read_bytes(), ox.RdfFormat.TURTLE, lenient=False)


# -- made-up datasets ---------------------------------------------------------------------------------------------

_IN_IRIS = st.one_of(  # RFC 3987: unreserved, sub-delims and a part of ucschar
    st.sampled_from("azAZ09-._~!$&'()*+,;=:@/?"), st.characters(min_codepoint=0xA0, max_codepoint=0xD7FF)
)
_IRI_PART = st.text(_IN_IRIS, max_size=8)
IRIS = st.one_of(
    st.builds(lambda part: f"http://example.org/{part}", _IRI_PART),
    st.builds(lambda part: f"urn:test:{part}", _IRI_PART),
    st.sampled_from(
        [
            "http://example.org/a%20b?c=%C3%A9#part",
            "http://example.org/2nd",
            "http://example.org/",
            "HTTP://EXAMPLE.org:80/../x",
            "mailto:ada@example.org",
            "urn:ridethrough:source:other",
            "https://brickschema.org/schema/Brick#UPS",
            f"{RDF}type",
            f"{RDF}nil",
        ]
    ),
).map(ox.NamedNode)
BLANKS = st.integers(0, 4).map(lambda n: ox.BlankNode(f"b{n}"))
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_LEXICAL = st.one_of(
    _TEXT,
    st.sampled_from(
        [
            "1",
            "01",
            "+1",
            "1.50",
            "1e3",
            "NaN",
            "INF",
            "true",
            "0",
            "2026-03-01",
            "2026-03-01T12:00:00.120+02:00",
            "P1D",
            "-0",
            '"',
            "\\",
            "",
        ]
    ),
)
_XSD_NAMES = ["string", "integer", "decimal", "double", "float", "boolean", "dateTime", "date", "duration", "anyURI", "byte"]
_DATATYPES = st.sampled_from([*(XSD + name for name in _XSD_NAMES), "urn:odd:datatype", f"{RDF}HTML", f"{RDF}JSON"])
LITERALS = st.one_of(
    st.builds(lambda text, datatype: ox.Literal(text, datatype=ox.NamedNode(datatype)), _LEXICAL, _DATATYPES),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), _TEXT, st.sampled_from(["en", "de-CH", "zh-hant-tw", "x-odd"])),
)
_NODES = st.one_of(IRIS, BLANKS)
QUADS = st.builds(
    ox.Quad, _NODES, IRIS, st.one_of(IRIS, BLANKS, LITERALS), st.one_of(st.just(ox.DefaultGraph()), IRIS, st.just(ox.BlankNode("g")))
)
LISTS = st.tuples(IRIS, IRIS, st.lists(st.one_of(IRIS, LITERALS), max_size=4))


def chained(subject: ox.NamedNode, predicate: ox.NamedNode, items: Sequence[ox.NamedNode | ox.Literal], number: int) -> list[ox.Quad]:
    """An `rdf:List` as the object of a statement."""
    cells: list[ox.NamedNode | ox.BlankNode] = [*(ox.BlankNode(f"l{number}c{n}") for n in range(len(items))), ox.NamedNode(f"{RDF}nil")]
    quads = [ox.Quad(subject, predicate, cells[0])]
    for at, item in enumerate(items):
        quads += [ox.Quad(cells[at], ox.NamedNode(f"{RDF}first"), item), ox.Quad(cells[at], ox.NamedNode(f"{RDF}rest"), cells[at + 1])]
    return quads


DATASETS = st.builds(
    lambda quads, lists: [*quads, *(quad for number, each in enumerate(lists) for quad in chained(each[0], each[1], each[2], number))],
    st.lists(QUADS, max_size=12),
    st.lists(LISTS, max_size=1),
)


class Shelf:
    """One store that says one made-up dataset after the other, each by the difference to the one before."""

    def __init__(self, store: TwinStore) -> None:
        self.store, self.said, self.revision = store, QuadBlock.empty(), 0

    def says(self, document: bytes) -> bytes:
        """Let the source say the document; what comes out of the store."""
        block = read_stream(io.BytesIO(document), name="made up", format="nquads", source="model")
        before, after = set(self.said), set(block)
        graphs = dict.fromkeys(sorted({graph for *_, graph in after} | {source_graph("model")}), "model")
        change = ChangeSet(QuadBlock.of(sorted(after - before)), QuadBlock.of(sorted(before - after)), graphs)
        self.revision = self.store.commit(change, Cause("ada", "model", NOON, ""), expected=self.revision).number
        self.said = block
        return exported(self.store, "model")


def holds_for(store: TwinStore, examples: int) -> None:
    """Whatever is said in N-Quads comes back with the same canonical form."""
    shelf = Shelf(store)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(DATASETS)
    def says_the_same(quads: list[ox.Quad]) -> None:
        document = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
        assert document is not None

        assert canonical(shelf.says(document), ox.RdfFormat.N_QUADS) == canonical(document, ox.RdfFormat.N_QUADS)

    says_the_same()


def test_any_dataset_comes_back_the_same(place: Place) -> None:
    """All kinds of literals, language tags, odd IRIs, blank nodes, named graphs, lists, and each as a change of another."""
    holds_for(place.store, 25 if place.name == "neo4j" else 100)

    drift = place.store.drift()
    assert (list(drift.added), list(drift.removed)) == ([], [])


def test_an_empty_document_leaves_nothing() -> None:
    """A source that says nothing any more."""
    shelf = Shelf(MemoryStore())
    shelf.says(b"<urn:a> <urn:b> <urn:c> .")

    assert shelf.says(b"") == b""
