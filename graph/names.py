"""Names that somebody meant: the entities whose names are nearest to one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nlargest

from graph.errors import UnknownEntity
from graph.snapshot import Snapshot
from ontology.namespaces import compact, expand, local_name

ASKED_MAX = 200
"""Characters of what was asked that are looked at and told back."""
COMPARED_MAX = 500
"""Names that are compared letter by letter: those that have most pairs of neighbouring letters in common with what was asked."""


def nearest(snapshot: Snapshot, asked: str, most: int = 3) -> list[str]:
    """CURIEs of at most `most` entities whose names resemble, or else hold, the last part of what was asked.

    Cost: one glance at each entity's name, and `COMPARED_MAX` comparisons.
    """
    names: dict[str, str] = {}
    for number in snapshot.by_iri.tolist():
        iri = snapshot.key(number)
        names.setdefault(local_name(iri).lower(), iri)
    wanted = local_name(expand(asked)).lower()
    likely = names if len(names) <= COMPARED_MAX else _likely(names, wanted)
    close = get_close_matches(wanted, likely, n=most, cutoff=0.6) or [name for name in names if wanted in name][:most]
    return [compact(names[name]) for name in close]


def _likely(names: Iterable[str], wanted: str) -> list[str]:
    pairs = {wanted[at : at + 2] for at in range(len(wanted) - 1)}
    return nlargest(COMPARED_MAX, names, key=lambda name: sum(pair in name for pair in pairs) * 2 - abs(len(name) - len(wanted)))


def no_entity(snapshot: Snapshot, asked: str) -> str:
    """What a person is told who asked for an entity that does not exist."""
    asked = asked[:ASKED_MAX]
    return UnknownEntity.text(asked, snapshot.revision, nearest(snapshot, asked))
