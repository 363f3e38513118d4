"""All virtual points of a snapshot: their programs, what stands on what, and what is wrong with a formula.

Rules of this file:

1. A point that has a `dcx:formula` is virtual. A formula that cannot be read, names what is not there, or stands on itself in a ring gives
   its point no value and is told; it harms no other.
2. Virtual points may stand on each other: a ring of them is found, and each of its points is left out, not what only stands on the ring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array  # type: ignore[import-untyped]  # it ships no types
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]  # it ships no types

from analytics.virtual.formula import Alone, Both, FormulaError, Named, Numeric, Over, parse
from analytics.virtual.meters import Meters
from analytics.virtual.program import Program, program
from graph.changes import ChangeSet
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.watched import Reads, Watched
from ontology.namespaces import BRICK, DCX, compact
from ontology.terms import is_iri, literal_parts
from ontology.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Virtual:
    """One virtual point: its IRI, what its formula says, and that made ready."""

    point: str
    text: str
    program: Program


@dataclass(frozen=True, slots=True)
class Virtuals:
    """The virtual points of one state of the model, in order of IRIs, and the formulas that give none."""

    points: tuple[Virtual, ...]
    findings: tuple[Unbound, ...]
    reads: Reads

    def outlives(self, change: ChangeSet) -> bool:
        """Whether they are the same after an exact change. Cost: that of the change."""
        return not self.reads.touched_by(change)


def virtual_points(snapshot: Snapshot, vocabulary: Vocabulary) -> Virtuals:
    """The virtual points of a snapshot. Cost: for each formula what it names and what is below that."""
    watched = Watched.over(snapshot)
    relation = watched.relation(DCX + "formula")
    meters, known = Meters(watched, vocabulary), _points(watched)
    made: dict[str, Virtual] = {}
    findings: list[Unbound] = []
    pairs = relation.pairs()
    said: dict[str, tuple[int, str]] = {}
    for subject, obj in pairs:
        point, text = watched.key(subject), literal_parts(watched.key(obj)).lexical
        if is_iri(point) and (point not in said or text < said[point][1]):
            said[point] = (subject, text)
    for point in sorted(said):
        number, text = said[point]
        try:
            made[point] = Virtual(point, text, _ready(parse(text), meters, _owner(watched, number), known))
        except FormulaError as error:
            findings.append(Unbound(point, "", f"the formula of {compact(point)}: {error}"))
    for ring in _rings(made):
        for point in ring:
            del made[point]
            through = ", ".join(compact(each) for each in ring if each != point)
            told = f"{compact(point)} stands on itself" + (f" by way of {through}" if through else "")
            findings.append(Unbound(point, "", f"the formula of {told}: take one of them out of the other's"))
    return Virtuals(tuple(made[point] for point in sorted(made)), tuple(sorted(findings, key=lambda each: each.point)), watched.reads)


def _ready(tree: Numeric, meters: Meters, this: int | None, known: frozenset[str]) -> Program:
    for named in _named(tree):
        if named not in known:
            raise FormulaError(f"no point is called {compact(named)}: correct the name, or load what has it")
    return program(tree, lambda points: meters.of(points, this))


def _named(tree: Numeric) -> list[str]:
    match tree:
        case Named(point):
            return [point]
        case Alone(_, of):
            return _named(of)
        case Both(_, left, right):
            return [*_named(left), *_named(right)]
        case Over(_, numbers, _):
            return [name for number in numbers for name in _named(number)]
    return []


def _points(snapshot: Snapshot) -> frozenset[str]:
    forth, back = snapshot.relation(BRICK + "hasPoint").objects, snapshot.relation(BRICK + "isPointOf").subjects
    others = snapshot.relation(DCX + "formula").subjects
    return frozenset(snapshot.key(number) for numbers in (forth, back, others) for number in numbers.tolist())


def _owner(snapshot: Snapshot, point: int) -> int | None:
    owners = [*snapshot.subjects(BRICK + "hasPoint", point), *snapshot.objects(point, BRICK + "isPointOf")]
    return min(owners, key=snapshot.key, default=None)


def _rings(made: Mapping[str, Virtual]) -> Sequence[Sequence[str]]:
    """Virtual points that stand on each other or on themselves, each ring in order of IRIs."""
    row_of = {point: row for row, point in enumerate(made)}
    pairs = [(row, row_of[each]) for row, virtual in enumerate(made.values()) for each in virtual.program.points if each in row_of]
    if not pairs:
        return []
    source, target = np.array(pairs).T
    matrix = coo_array((np.ones(len(pairs), np.int8), (source, target)), shape=(len(made), len(made)))
    _, part_of = connected_components(matrix, connection="strong")
    on_itself = {row for row, other in pairs if row == other}
    rings: dict[int, list[str]] = defaultdict(list)
    for point, row in row_of.items():
        rings[int(part_of[row])].append(point)
    return [sorted(ring) for ring in rings.values() if len(ring) > 1 or row_of[ring[0]] in on_itself]
