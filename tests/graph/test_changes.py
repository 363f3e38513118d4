"""What a source says now against what it said before."""

from __future__ import annotations

import numpy as np
import pytest

from graph.changes import ChangeSet
from graph.difference import desired_state
from graph.packing import pack, unpack
from graph.snapshot import Snapshot
from ontology.terms import KeyQuad, QuadBlock

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:g")
B: KeyQuad = ("urn:b", "urn:p", '"2"@en', "urn:g")
C: KeyQuad = ("_:c", "urn:p", "urn:a", "urn:h")


def test_a_change_adds_what_is_new_and_removes_what_is_no_longer_said() -> None:
    """From {A, B} to {B, C, C}: add C once, remove A, said by revision 3; what became of graph h is told."""
    before = Snapshot.of(QuadBlock.of([A, B]), 3, owners={"urn:g": "file"})
    twice = QuadBlock([*C, *B], np.array([[0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]], dtype=np.int32))

    change, said = desired_state("file", twice, before, {"urn:g"})

    assert (list(change.added), list(change.removed), change.since.tolist(), said) == ([C], [A], [3], 2)
    assert dict(change.graphs) == {"urn:h": "file"}
    assert not change.is_empty


def test_the_same_state_again_is_no_change() -> None:
    """Whatever the order of the quads."""
    before = Snapshot.of(QuadBlock.of([A, B]), owners={"urn:g": "file"})

    change, _ = desired_state("file", QuadBlock.of([B, A]), before, {"urn:g"})

    assert change.is_empty


def test_a_source_cannot_speak_in_a_graph_of_another() -> None:
    """The text names the graph, both sources and two ways out."""
    before = Snapshot.of(QuadBlock.of([B]), owners={"urn:g": "netbox"})

    with pytest.raises(ValueError, match=r"graph <urn:g> belongs to source 'netbox', not to 'file'"):
        desired_state("file", QuadBlock.of([A]), before, ())


def test_a_packed_change_comes_back_as_it_was() -> None:
    """Owners, both blocks, terms beyond ASCII; an empty one too; equal changes give equal bytes."""
    odd: KeyQuad = ("urn:grün", "urn:p", '"冷\x00"@zh', "_:g")
    change = ChangeSet(QuadBlock.of([odd, C]), QuadBlock.of([A, B]), {"_:g": "file", "urn:h": "file"})
    nothing = ChangeSet(QuadBlock.empty(), QuadBlock.empty())

    again, empty = unpack(pack(change)), unpack(pack(nothing))

    assert (set(again.added), set(again.removed), dict(again.graphs)) == ({odd, C}, {A, B}, {"_:g": "file", "urn:h": "file"})
    assert empty.is_empty
    assert pack(again) == pack(unpack(pack(again)))
