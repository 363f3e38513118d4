"""What differs between blocks of quads, and what a row of changes comes to; by sorting numbers, never one quad at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from graph.blank_nodes import named_as_before
from graph.changes import ChangeSet, claimed
from graph.numbers import Flags, Numbers, Places, grouped, used
from graph.snapshot import Snapshot
from graph.term_table import BLANK
from ontology.terms import Ids, KeyQuad, QuadBlock, is_blank


def desired_state(source: str, wanted: QuadBlock, snapshot: Snapshot, graphs: Collection[str]) -> tuple[ChangeSet, int]:
    """The exact change that makes a source say exactly `wanted` in its `graphs`, and how many facts it says there until now.

    Blank nodes are named as before where they are the same (`graph.blank_nodes`). Raises `ValueError` as `claimed` does. Cost: a look-up
    for each term of `wanted`, and a sort of what is wanted and what is said.
    """
    claims = claimed(source, wanted, snapshot.owners)
    keys, facts = snapshot.terms.keys, snapshot.facts.whole
    is_mine = np.isin(facts[3], snapshot.terms.numbers(sorted(graphs)))
    mine = facts[:, is_mine]
    wanted = _with_known_blanks(wanted, snapshot, mine, facts[:, ~is_mine])
    numbers = np.full(len(wanted.terms), -1, dtype=np.int32)
    spoken = used(wanted)
    numbers[spoken] = snapshot.terms.numbers([wanted.terms[place] for place in spoken.tolist()])
    rows = numbers[wanted.quads]
    known = (rows >= 0).all(axis=1)
    strange = np.flatnonzero(~known)
    order, first = grouped(wanted.quads[strange])
    new, gone = _apart(mine[:4].T, rows[known])
    added = np.sort(np.concatenate((strange[order[first]], np.flatnonzero(known)[new])))
    numbered, places = np.unique(mine[:4, gone], return_inverse=True)
    removed = QuadBlock([keys[n] for n in numbered.tolist()], np.ascontiguousarray(places.reshape(4, -1).T.astype(np.int32)))
    change = ChangeSet(QuadBlock(wanted.terms, wanted.quads[added]), removed, claims, mine[4, gone])
    return change, mine.shape[1]


def _with_known_blanks(wanted: QuadBlock, snapshot: Snapshot, mine: Ids, others: Ids) -> QuadBlock:
    """What is wanted, its blank nodes named as in what is said now (`mine`, rows of facts). One that `others` speak of keeps its name."""
    blanks = [term for term in wanted.terms if is_blank(term)]
    terms = snapshot.terms
    rows = mine[:4, (terms.order(mine[0]) == BLANK) | (terms.order(mine[2]) == BLANK)] if blanks else mine[:4, :0]
    if not rows.shape[1]:
        return wanted
    numbers = terms.numbers(blanks)
    spoken = np.isin(numbers, others[0]) | np.isin(numbers, others[2])
    numbered, places = np.unique(rows, return_inverse=True)
    said = QuadBlock([terms.keys[n] for n in numbered.tolist()], np.ascontiguousarray(places.reshape(4, -1).T.astype(np.int32)))
    return named_as_before(wanted, said, [key for key, there in zip(blanks, spoken.tolist(), strict=True) if there])


def _apart(said: Ids, wanted: Ids) -> tuple[Places, Places]:
    """Where `wanted` has rows that are not said, each once, and where `said` has rows that are not wanted. Cost: one sort."""
    order, first = grouped(np.concatenate((said, wanted)))
    group = np.cumsum(first) - 1
    is_wanted = order >= len(said)
    there, asked = (np.zeros(int(group[-1]) + 1 if len(group) else 0, dtype=np.bool_) for _ in range(2))
    there[group[~is_wanted]] = True
    asked[group[is_wanted]] = True
    return np.sort(order[first & ~there[group]]) - len(said), np.sort(order[first & ~asked[group]])


@dataclass(frozen=True, slots=True)
class Net:
    """What exact changes, one after the other, come to. `undone` are two exact changes that, undone one after the other, lead from the
    state after all of them to the state before the first; between them a quad that came back has the revision that first said it."""

    change: ChangeSet
    undone: tuple[ChangeSet, ChangeSet]


def net(changes: Sequence[ChangeSet]) -> Net:
    """Fold exact changes, oldest first. A quad taken back and said again comes to nothing. Cost: one sort of the quads they speak of."""
    graphs = {graph: owner for change in changes for graph, owner in change.graphs.items()}
    if len(changes) == 1:
        (only,) = changes
        none = QuadBlock.empty()
        return Net(only, (ChangeSet(only.added, none), ChangeSet(none, only.removed, since=only.since)))
    numbers = Numbers()
    quads, adds, since = [np.empty((0, 4), np.int32)], [np.empty(0, np.bool_)], [np.empty(0, np.int32)]
    for change in changes:
        for spoken, says in ((change.removed, False), (change.added, True)):
            quads.append(numbers.quads(spoken))
            adds.append(np.full(len(spoken), says, dtype=np.bool_))
            since.append(change.since if not says and len(change.since) else np.zeros(len(spoken), dtype=np.int32))
    every, said, told_by = np.concatenate(quads), np.concatenate(adds), np.concatenate(since)
    order, first = grouped(every)
    begins = order[first]
    ends = order[np.append(first[1:], True)] if len(order) else order
    was, stands = ~said[begins], said[ends]
    terms = numbers.terms

    def block(chosen: Flags) -> QuadBlock:
        return QuadBlock(terms, every[begins[chosen]])

    gone, came, back = was & ~stands, ~was & stands, was & stands
    whole = ChangeSet(block(came), block(gone), graphs, told_by[begins[gone]])
    none = QuadBlock.empty()
    return Net(whole, (ChangeSet(block(came | back), none), ChangeSet(none, block(gone | back), since=told_by[begins[gone | back]])))


def without_successor(change: ChangeSet) -> int:
    """How many removed facts nothing takes the place of: an added one of the same subject, predicate and graph takes that of one."""
    if len(change.added) == 0 or len(change.removed) == 0:
        return len(change.removed)
    numbers = Numbers()
    gone, come = numbers.quads(change.removed)[:, [0, 1, 3]], numbers.quads(change.added)[:, [0, 1, 3]]
    order, first = grouped(np.concatenate((gone, come)))
    missing = np.add.reduceat(np.where(order < len(gone), 1, -1), np.flatnonzero(first))
    return int(np.maximum(missing, 0).sum())


def touched(change: ChangeSet, others: Sequence[ChangeSet]) -> list[KeyQuad]:
    """The quads of `change` that one of the others says or takes back, whatever they come to together; sorted."""
    numbers = Numbers()
    theirs = np.concatenate([np.empty((0, 4), np.int32), *(numbers.quads(b) for other in others for b in (other.added, other.removed))])
    blocks = [numbers.quads(block) for block in (change.added, change.removed)]
    return sorted({quad for rows in blocks for quad in QuadBlock(numbers.terms, rows[_among(rows, theirs)])})


def replaced_by_both(change: ChangeSet, other: ChangeSet) -> list[KeyQuad]:
    """The added quads of `change` whose subject and predicate had a value that both take back, and for which the other adds a value too,
    but not that one; sorted. What the predicate says besides is no matter, nor in which graph the new values stand."""
    numbers = Numbers()
    gone, come = numbers.quads(change.removed), numbers.quads(change.added)
    their_gone, their_come = numbers.quads(other.removed), numbers.quads(other.added)
    both = gone[_among(gone, their_gone)]
    meets = _among(come[:, :2], both[:, :2]) & _among(come[:, :2], their_come[:, :2]) & ~_among(come[:, :3], their_come[:, :3])
    return sorted(QuadBlock(numbers.terms, come[meets]))


def together(blocks: Iterable[QuadBlock]) -> QuadBlock:
    """All quads of the blocks, each once. Cost: one sort, where there is more than one block."""
    given = [block for block in blocks if len(block)]
    if len(given) < 2:
        return given[0] if given else QuadBlock.empty()
    numbers = Numbers()
    every = np.concatenate([numbers.quads(block) for block in given])
    order, first = grouped(every)
    return QuadBlock(numbers.terms, every[np.sort(order[first])])


def _among(rows: Ids, others: Ids) -> Flags:
    """Which of `rows` stand among `others`; both of shape (n, k)."""
    order, first = grouped(np.concatenate((others, rows)))
    group = np.cumsum(first) - 1
    mine = order >= len(others)
    theirs = np.zeros(int(group[-1]) + 1 if len(group) else 0, dtype=np.bool_)
    theirs[group[~mine]] = True
    found = np.zeros(len(rows), dtype=np.bool_)
    found[order[mine] - len(others)] = theirs[group[mine]]
    return found
