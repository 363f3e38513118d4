"""What stands after a row of changes, worked out for all of them at once: what the revisions of a twin come to.

A source says a quad, takes it back, says it again; adding what is there and removing what is not change nothing. Each of these is an
*event*. One stable sort brings the events of each quad together in their order, and every question is then answered by columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from graph.changes import ChangeSet
from graph.numbers import Flags, Numbers, grouped
from ontology.terms import Ids, QuadBlock

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Fold:
    """What events come to: the quads that stand in the end with the revision that said each, sorted; and, for each event in the order
    given, whether it changed anything, and the revision that had said its quad until then (0: nobody had)."""

    quads: Ids
    since: Ids
    effective: Flags
    before: Ids


def fold(quads: Ids, revisions: Ids, adds: Flags) -> Fold:
    """Fold n events in the order in which they happened: the quad of each (n, 4), its revision (n), and whether it was said (else taken
    back). Cost: one sort."""
    count = len(quads)
    if count == 0:
        return Fold(quads, revisions, adds, revisions)
    order, first = grouped(quads)
    said, told_by = adds[order], revisions[order]
    there = np.zeros(count, dtype=np.bool_)
    there[1:] = said[:-1] & ~first[1:]
    begins = np.where(said & ~there, np.arange(count), 0)
    since = told_by[np.maximum.accumulate(begins)]
    stands = said & np.append(first[1:], True)
    before = np.zeros(count, dtype=np.int32)
    before[1:][there[1:]] = since[:-1][there[1:]]
    return Fold(quads[order[stands]], since[stands], _back(said != there, order), _back(before, order))


def _back(values: NDArray[_T], order: NDArray[np.int64]) -> NDArray[_T]:
    out = np.empty_like(values)
    out[order] = values
    return out


@dataclass(frozen=True, slots=True)
class History:
    """What all revisions of a store come to: what it must hold, and the same changes made exact."""

    quads: QuadBlock
    since: Ids
    owners: Mapping[str, str]
    changed: Mapping[str, int]
    exact: Sequence[ChangeSet]


def history(changes: Iterable[tuple[int, ChangeSet]]) -> History:
    """Fold the change sets of all revisions, given by number, oldest first. In one revision taking back comes before saying.
    Cost: one sort of every quad that any revision speaks of."""
    numbers, owners = Numbers(), dict[str, str]()
    quads, revisions, adds, parts = [], [], [], []
    at = 0
    for number, change in changes:
        owners |= change.graphs
        for block, says in ((change.removed, False), (change.added, True)):
            quads.append(numbers.quads(block))
            revisions.append(np.full(len(block), number, dtype=np.int32))
            adds.append(np.full(len(block), says, dtype=np.bool_))
        parts.append((at, at := at + len(change.removed), at := at + len(change.added), change.graphs))
    if not parts:
        return History(QuadBlock.empty(), np.empty(0, dtype=np.int32), {}, {}, ())
    every, told_by = np.concatenate(quads), np.concatenate(revisions)
    done = fold(every, told_by, np.concatenate(adds))
    terms = numbers.terms

    def exact(low: int, middle: int, high: int, graphs: Mapping[str, str]) -> ChangeSet:
        gone, come = low + np.flatnonzero(done.effective[low:middle]), middle + np.flatnonzero(done.effective[middle:high])
        return ChangeSet(QuadBlock(terms, every[come]), QuadBlock(terms, every[gone]), graphs, done.before[gone])

    changed = _newest_by_graph(every[done.effective, 3], told_by[done.effective])
    return History(
        QuadBlock(terms, done.quads),
        done.since,
        dict(sorted(owners.items())),
        {terms[graph]: changed[graph] for graph in sorted(changed, key=terms.__getitem__)},
        [exact(*part) for part in parts],
    )


def _newest_by_graph(graphs: Ids, revisions: Ids) -> dict[int, int]:
    """The newest revision of each graph's number."""
    if len(graphs) == 0:
        return {}
    newest = np.full(int(graphs.max()) + 1, -1, dtype=np.int64)
    np.maximum.at(newest, graphs, revisions)
    found = np.flatnonzero(newest >= 0)
    return dict(zip(found.tolist(), newest[found].tolist(), strict=True))


def drift_between(held: QuadBlock, told: History) -> ChangeSet:
    """What a store holds, against what its revisions tell: added is held and not told, removed is told and not held. Cost: one sort."""
    numbers = Numbers()
    there, wanted = numbers.quads(held), numbers.quads(told.quads)
    both = np.concatenate((wanted, there))
    order, first = grouped(both)
    last = np.append(first[1:], True)
    alone = np.sort(order[first & last])
    gone = alone[alone < len(wanted)]
    come = alone[len(gone) :]
    return ChangeSet(QuadBlock(numbers.terms, both[come]), QuadBlock(numbers.terms, both[gone]), {}, told.since[gone])
