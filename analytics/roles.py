"""What the classes of each entity say about its part in supply, looked up once for each combination of classes that occurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.supply_graph import ALL, Flags
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.media import MEDIA
from ontology.namespaces import DCX
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

Masks = NDArray[np.int64]
"""Sets of media: bit m stands for medium number m."""

OPEN = DCX + "Open"
REDUNDANCY_GROUP = DCX + "Redundancy_Group"
COMMON_CAUSE_GROUP = DCX + "Common_Cause_Group"
MEDIA_MAX = 62
"""Media that fit in a mask."""
ANY_ONE = 1


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns by role; a role is one combination of classes. Role 0 is that of things without a class."""

    media: tuple[str, ...]
    role_of: Ids
    """By term number."""
    classes: tuple[str | None, ...]
    hands_on: Masks
    takes_in: Masks
    source_of: Masks
    storage: Flags
    conduit: Flags
    switch: Flags
    normally_open: Flags
    """Where the node states no normal position."""
    failure_unit: Flags
    unknown: Flags
    """Whether nothing is known of what an instance is: it has no class, or those it has are not known, or the user's own and silent."""
    supplies_parts: Flags
    rejects_heat: Flags
    group: Flags
    at_least: Ids
    """Shape (roles, media): what an instance needs where the model says nothing; `ALL` for every supplier."""


def roles_of(snapshot: Snapshot, vocabulary: Vocabulary) -> Roles:
    """Look the classes of all entities up. Where several classes of one thing say something, the more specific ones count, together."""
    role_of, combinations = _combinations(snapshot)
    lowest = [_lowest(vocabulary, types) for types in combinations]
    supply = vocabulary.supply
    media = _media(vocabulary, lowest)
    number = {iri: i for i, iri in enumerate(media)}

    def masks(of: str) -> Masks:
        told = getattr(supply, of)
        return np.array([sum(1 << number[m] for m in set().union(*map(told, types))) for types in lowest], dtype=np.int64)

    def flags(of: str) -> Flags:
        told = getattr(supply, of)
        return np.array([any(map(told, types)) for types in lowest], dtype=np.bool_)

    return Roles(
        media,
        role_of,
        tuple(vocabulary.most_specific(types) for types in combinations),
        masks("hands_on"),
        masks("takes_in"),
        masks("source_of"),
        flags("is_storage"),
        flags("is_conduit"),
        flags("is_switch"),
        np.array([any(supply.default_position(t) == OPEN for t in types) for types in lowest], dtype=np.bool_),
        flags("is_failure_unit"),
        np.array([_is_unknown(vocabulary, types) for types in combinations], dtype=np.bool_),
        flags("supplies_parts"),
        flags("rejects_heat"),
        np.array([any(vocabulary.is_a(t, REDUNDANCY_GROUP) for t in types) for types in combinations], dtype=np.bool_),
        np.array([_defaults(vocabulary, types, media) for types in lowest], dtype=np.int32),
    )


def _is_unknown(vocabulary: Vocabulary, types: tuple[str, ...]) -> bool:
    own = {path.name for path in vocabulary.extra}
    terms = [vocabulary.term(each) for cls in types for each in vocabulary.superclasses(cls)]
    if any(term.kind == "class" and term.origin not in own for term in terms):
        return False
    return all(vocabulary.supply.is_failure_unit(cls) is None for cls in types)


def _combinations(snapshot: Snapshot) -> tuple[Ids, list[tuple[str, ...]]]:
    """The role number of each term, and the classes of each role. One pass over the types for each class that one thing can have."""
    relation = snapshot.relation(RDF_TYPE)
    role_of = np.zeros(len(snapshot.terms), dtype=np.int32)
    combinations: list[tuple[str, ...]] = [()]
    subjects, first, counts = np.unique(relation.subjects, return_index=True, return_counts=True)
    for nth in range(int(counts.max(initial=0))):
        have = counts > nth
        keys = (role_of[subjects[have]].astype(np.int64) << 32) | relation.objects[first[have] + nth]
        distinct, role = np.unique(keys, return_inverse=True)
        role_of[subjects[have]] = role.reshape(-1) + len(combinations)
        combinations += [(*combinations[key >> 32], snapshot.key(key & 0xFFFFFFFF)) for key in distinct.tolist()]
    return role_of, combinations


def _lowest(vocabulary: Vocabulary, types: tuple[str, ...]) -> tuple[str, ...]:
    """The classes that are above none of the others, the one that says most first: a stated superclass overrides nothing."""
    above = {s for t in types for s in vocabulary.superclasses(t) if t not in vocabulary.superclasses(s)}
    first = vocabulary.most_specific(types)
    return tuple(sorted((t for t in types if t not in above), key=lambda t: (t != first, t)))


def needs_of(vocabulary: Vocabulary, types: tuple[str, ...], media: tuple[str, ...]) -> list[int]:
    """For each medium what an instance of some classes needs where the model says nothing; `ALL` for every supplier."""
    return _defaults(vocabulary, _lowest(vocabulary, types), media)


def _media(vocabulary: Vocabulary, lowest: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The media of the model, then those that only a user's ontology names, in order of IRIs."""
    supply = vocabulary.supply
    named: set[str] = set()
    for cls in {cls for types in lowest for cls in types}:
        named |= supply.hands_on(cls) | supply.takes_in(cls) | supply.source_of(cls)
        named |= {default.medium for default in supply.default_requirements(cls)}
    media = (*MEDIA, *sorted(named - set(MEDIA)))
    if len(media) > MEDIA_MAX:
        raise ValueError(
            f"{len(media)} supply media are named, at most {MEDIA_MAX} are possible: take dcx:handsOn and dcx:takesIn out of some"
        )
    return media


def _defaults(vocabulary: Vocabulary, types: tuple[str, ...], media: tuple[str, ...]) -> list[int]:
    """For each medium what the first of the classes that has a default for it needs; any one where none has."""
    found: dict[str, int] = {}
    for cls in types:
        own: dict[str, int] = {}
        for default in vocabulary.supply.default_requirements(cls):
            wanted = ALL if default.all_of else ANY_ONE if default.at_least is None else default.at_least
            before = own.get(default.medium, 0)
            own[default.medium] = ALL if ALL in (wanted, before) else max(wanted, before)
        found = own | found
    return [found.get(medium, ANY_ONE) for medium in media]
