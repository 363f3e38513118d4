"""What a watched snapshot notes, and what it does not let by."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graph.changes import ChangeSet
from graph.snapshot import RDF_TYPE, Snapshot
from graph.watched import Watched
from ontology.terms import QuadBlock

A, B, C, P, Q, G = "urn:a", "urn:b", "urn:C", "urn:p", "urn:q", "urn:g"
SITE = Snapshot.of(QuadBlock.of([(A, P, B, G), (A, RDF_TYPE, C, G)]))


def test_what_is_asked_by_predicate_or_by_class_is_noted() -> None:
    """A change is told to touch these, and no other."""
    watched = Watched.over(SITE)

    assert watched.objects(SITE.need(A), P) == [SITE.need(B)]
    assert watched.instances([C]).tolist() == [SITE.need(A)]

    def touches(predicate: str, obj: str) -> bool:
        return watched.reads.touched_by(ChangeSet(QuadBlock.of([(B, predicate, obj, G)]), QuadBlock.empty()))

    assert [touches(P, A), touches(RDF_TYPE, C), touches(Q, A), touches(RDF_TYPE, B)] == [True, True, False, False]


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.said(SITE.need(A)),
        lambda s: s.find(A),
        lambda s: s.need("urn:unknown"),
        lambda s: s.mentions(SITE.need(A)),
        lambda s: s.block(),
        lambda s: list(s.quads()),
        lambda s: s.by_iri,
        lambda s: s.since(0, 0, 0, 0),
        lambda s: s.relations,
        len,
    ],
)
def test_what_cannot_be_noted_cannot_be_asked(ask: Callable[[Snapshot], object]) -> None:
    """Else what was made of it would be taken for new after a change that it does depend on."""
    with pytest.raises(TypeError, match="watched snapshot"):
        ask(Watched.over(SITE))
