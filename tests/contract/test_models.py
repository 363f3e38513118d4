"""Real Brick models, kept and read back: the very quads that their files hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph.changes import Cause, ChangeSet
from ontology.rdf import read
from ontology.terms import QuadBlock
from tests.contract.conftest import Place

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
    cause = Cause("ada", "model", datetime(2026, 3, 1, tzinfo=UTC), model)
    expected = set(block)

    place.store.commit(ChangeSet(block, QuadBlock.empty()), cause, expected=0)
    kept = set(place.reopen().load().quads)
    place.store.commit(ChangeSet(QuadBlock.empty(), block), cause, expected=1)

    assert len(expected) > 50
    assert kept == expected
    assert len(place.store.load().quads) == 0
