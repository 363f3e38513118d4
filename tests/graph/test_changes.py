"""What a source says now against what it said before."""

from __future__ import annotations

import pytest

from graph.difference import desired_state
from graph.packing import pack, unpack
from ontology.terms import KeyQuad, QuadBlock

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:g")
B: KeyQuad = ("urn:b", "urn:p", '"2"@en', "urn:g")
C: KeyQuad = ("_:c", "urn:p", "urn:a", "urn:h")


def test_a_change_adds_what_is_new_and_removes_what_is_no_longer_said() -> None:
    """From {A, B} to {B, C}: add C, remove A; each graph of the new state is its source's."""
    change = desired_state("file", QuadBlock.of([B, C]), QuadBlock.of([A, B]), {"urn:g": "file"})

    assert (list(change.added), list(change.removed)) == ([C], [A])
    assert dict(change.graphs) == {"urn:h": "file"}
    assert not change.is_empty


def test_the_same_state_again_is_no_change() -> None:
    """Whatever the order of the quads."""
    change = desired_state("file", QuadBlock.of([B, A]), QuadBlock.of([A, B]), {})

    assert change.is_empty


def test_a_source_cannot_speak_in_a_graph_of_another() -> None:
    """The text names the graph, both sources and two ways out."""
    with pytest.raises(ValueError, match=r"graph <urn:g> belongs to source 'netbox', not to 'file': load the file with --source netbox"):
        desired_state("file", QuadBlock.of([A]), QuadBlock.empty(), {"urn:g": "netbox"})


def test_a_packed_change_comes_back_as_it_was() -> None:
    """Owners, both blocks, terms beyond ASCII; an empty one too; equal changes give equal bytes."""
    odd: KeyQuad = ("urn:grün", "urn:p", '"冷\x00"@zh', "_:g")
    change = desired_state("file", QuadBlock.of([odd, C]), QuadBlock.of([A, B]), {})
    nothing = desired_state("file", QuadBlock.empty(), QuadBlock.empty(), {})

    again, empty = unpack(pack(change)), unpack(pack(nothing))

    assert (set(again.added), set(again.removed), dict(again.graphs)) == ({odd, C}, {A, B}, {"_:g": "file", "urn:h": "file"})
    assert empty.is_empty
    assert pack(again) == pack(unpack(pack(again)))
