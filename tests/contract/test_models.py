"""Real Brick models, kept, read back and exported: the very datasets that their files are."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings

from graph.changes import Cause, ChangeSet
from graph.snapshot import Snapshot
from ontology.rdf import FORMATS, RdfError, canonical_hash, read, read_stream, write
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock
from tests.contract.conftest import Place
from tests.support.datasets import CHARS, datasets

CAUSE = Cause("ada", "model", datetime(2026, 3, 1, tzinfo=UTC), "a model")
MODELS = [
    "shifty-bench/benchmark/brick/models/bldg1.ttl",
    "shifty-bench/benchmark/brick/models/bldg37.ttl",
    "buildingmotif/notebooks/smallOffice_brick_compiled.ttl",
    "brick-repo/examples/rice_brick.ttl",
    "brick-example-server/examples/data/ion.ttl",
]


@pytest.mark.parametrize("model", MODELS)
def test_a_real_model_comes_back_as_its_file_says_it(place: Place, shared_data: Path, model: str) -> None:
    """Committed, opened again and read: the same set of quads, blank nodes by the same keys; then withdrawn to the last quad."""
    block = read(shared_data / "models" / model, source="model")
    expected = set(block)

    place.store.commit(ChangeSet(block, QuadBlock.empty()), CAUSE, expected=0)
    kept = set(place.reopen().load().quads)
    place.store.commit(ChangeSet(QuadBlock.empty(), block), CAUSE, expected=1)

    assert len(expected) > 50
    assert kept == expected
    assert len(place.store.load().quads) == 0


SYNTAXES = ("turtle", "ntriples", "nquads", "trig", "jsonld")


def test_every_real_model_is_exported_as_the_dataset_that_its_file_is(place: Place, shared_data: Path) -> None:
    """All of them kept together, each as a source of its own. What a model's file is, the parser alone says; what is exported is parsed by
    the same; equal canonical hashes (RDFC-1.0) in each syntax. The files that are not Turtle are refused before (test_rdf_files)."""
    folder = shared_data / "models"
    files = sorted(folder.rglob("*.ttl"))
    blocks = {str(file.relative_to(folder)): block for file in files if (block := block_of(folder, file)) is not None}
    together = QuadBlock.of(quad for block in blocks.values() for quad in block)

    place.store.commit(ChangeSet(together, QuadBlock.empty()), CAUSE, expected=0)
    kept = Snapshot.of(place.reopen().load().quads)

    assert len(blocks) == len(files) - 2 == 62
    assert len(kept) == len(together) == sum(map(len, blocks.values()))
    for number, name in enumerate(blocks):
        expected = parsed((folder / name).read_bytes(), "turtle")
        graph = source_graph(name)
        for syntax in (SYNTAXES[number % len(SYNTAXES)], "nquads"):  # each syntax in turn: canonical forms take their time
            out = io.BytesIO()
            write(kept.block(graph=graph), syntax, out, default_graph=graph)
            assert parsed(out.getvalue(), syntax) == expected, (name, syntax)


def block_of(folder: Path, file: Path) -> QuadBlock | None:
    try:
        return read(file, source=str(file.relative_to(folder)))
    except RdfError:
        return None


def parsed(text: bytes, syntax: str) -> list[str]:
    dataset = ox.Dataset(ox.parse(text, format=FORMATS[syntax]))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(quads=datasets(CHARS))
def test_a_dataset_that_nobody_thought_of_is_exported_as_it_was(place: Place, quads: list[KeyQuad]) -> None:
    """Kept, opened again, exported and withdrawn, one after another on one store."""
    number = len(place.store.revisions())
    block = QuadBlock.of(quads)

    place.store.commit(ChangeSet(block, QuadBlock.empty()), CAUSE, expected=number)
    out = io.BytesIO()
    write(place.reopen().load().quads, "nquads", out)
    place.store.commit(ChangeSet(QuadBlock.empty(), block), CAUSE, expected=number + 1)

    assert canonical_hash(read_stream(io.BytesIO(out.getvalue()), name="export", format="nquads", source="any")) == canonical_hash(block)
