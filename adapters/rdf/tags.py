"""Language tags mean the same in capitals and in small letters (RDF 1.1 Concepts, 3.3): what is to be removed is found by either."""

from __future__ import annotations

from graph.snapshot import Snapshot
from ontology.terms import KeyQuad, QuadBlock, is_literal


def as_said(snapshot: Snapshot, removed: QuadBlock) -> QuadBlock:
    """The quads as the state says them, where it says them with another spelling of a language tag. Cost: what is said of the subjects of
    tagged texts."""
    if not any(is_literal(key) and _tag_of(key) for key in removed.terms):
        return removed
    return QuadBlock.of(_as_said(snapshot, quad) for quad in removed)


def _as_said(snapshot: Snapshot, quad: KeyQuad) -> KeyQuad:
    s, p, o, g = quad
    if not (is_literal(o) and _tag_of(o)):
        return quad
    numbers = [snapshot.terms.find(key) for key in (s, p, g)]
    if numbers[0] is None:
        return quad
    rows = snapshot.said(numbers[0]).tolist()
    there = [snapshot.key(obj) for predicate, obj, graph, _ in rows if [predicate, graph] == numbers[1:]]
    return quad if o in there else (s, p, next((each for each in there if _lower(each) == _lower(o)), o), g)


def _tag_of(literal: str) -> str:
    tag = literal[literal.rindex('"') + 1 :]
    return tag if tag.startswith("@") else ""


def _lower(key: str) -> str:
    if not is_literal(key):
        return key
    end = key.rindex('"') + 1
    return key[:end] + (key[end:].lower() if key[end : end + 1] == "@" else key[end:])
