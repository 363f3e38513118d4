"""Blank nodes keep their names from one wish of a source to the next, as far as they are the same nodes.

A document cannot name its blank nodes across versions: a file that was renamed, or that got a line more at its top, says the same with
other labels. So before a wish is compared with what its source said, its blank nodes take the names of those that they are:

1. Nodes are the same when what hangs on them is, as far as colours tell: a node's colour is made of its statements, its neighbours'
   colours of theirs, and so on for `ROUNDS` steps (colour refinement, the first part of every graph isomorphism). The deepest colour
   goes first; among equals, the same name.
2. What is left, because something about it changed, is the same when the same node holds it by the same predicate.
3. What is still left is new, and takes a name that nothing has.

Any such naming says the same dataset; a better one makes a smaller difference, and no choice can make it wrong.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ontology.terms import QuadBlock, is_blank

ROUNDS = 16
_NUMBERED = re.compile(r"(.*n)(\d+)")
Colours = NDArray[np.uint64]
Holder = tuple[int, int, int]


def named_as_before(wanted: QuadBlock, said: QuadBlock, pinned: Collection[str] = ()) -> QuadBlock:
    """`wanted` with its blank nodes named as in `said` where they are the same; `pinned` are keys that keep their name.

    Cost: linear in the quads that have a blank node, for each round; nothing where there are none.
    """
    new, old = _Nodes(wanted), _Nodes(said)
    if not new.keys or not old.keys:
        return wanted
    pairs = _Pairs(new, old, pinned)
    numbers: dict[str, int] = {}
    new.number(numbers)
    old.number(numbers)
    rounds = _coloured(new, old)
    for mine, theirs in reversed(rounds):
        pairs.by_colour(mine.tolist(), theirs.tolist())
    while pairs.by_holder():
        pass
    names = pairs.names({key for key in said.terms if is_blank(key)})
    terms = list(wanted.terms)
    for place, name in zip(new.places, names, strict=True):
        terms[place] = name
    return QuadBlock(terms, wanted.quads)


class _Nodes:
    """The blank nodes of a block, and the statements that have one: subject, predicate, object, graph, as numbers. A blank node's
    number is its own place, from -1 downwards; any other term's is shared with the other block."""

    def __init__(self, block: QuadBlock) -> None:
        blank = np.fromiter((key[:2] == "_:" for key in block.terms), dtype=np.bool_, count=len(block.terms))
        blank[block.quads[:, 3]] = False  # what names a graph keeps its name
        rows = block.quads[blank[block.quads[:, 0]] | blank[block.quads[:, 2]]] if blank.any() else block.quads[:0]
        used = np.unique(rows[:, [0, 2]])
        self.places: list[int] = used[blank[used]].tolist()
        self.keys = [block.terms[place] for place in self.places]
        self._block, self._rows = block, rows
        self.rows: NDArray[np.int64] = np.empty((0, 4), dtype=np.int64)

    def number(self, numbers: dict[str, int]) -> None:
        """Put the statements in numbers."""
        of = np.zeros(len(self._block.terms), dtype=np.int64)
        for place in np.unique(self._rows).tolist():
            of[place] = numbers.setdefault(self._block.terms[place], len(numbers))
        for node, place in enumerate(self.places):
            of[place] = -1 - node
        self.rows = of[self._rows]

    def refined(self, colours: Colours) -> Colours:
        """The colours one step further out."""
        colour = np.where(self.rows >= 0, _mixed(self.rows.astype(np.uint64) + np.uint64(1)), 0)
        for column in (0, 2):
            nodes = self.rows[:, column] < 0
            colour[nodes, column] = colours[-1 - self.rows[nodes, column]]
        said = _mixed(colour[:, 1] * np.uint64(3) + colour[:, 3])
        total = np.zeros(len(colours), dtype=np.uint64)
        for at, other, way in ((0, 2, 5), (2, 0, 7)):
            mine = self.rows[:, at] < 0
            np.add.at(total, -1 - self.rows[mine, at], _mixed(said[mine] + _mixed(colour[mine, other] + np.uint64(way))))
        return _mixed(_mixed(colours) + total)


def _coloured(new: _Nodes, old: _Nodes) -> list[tuple[Colours, Colours]]:
    """The colours of both after each round, until no round tells more nodes apart."""
    mine, theirs = np.zeros(len(new.keys), dtype=np.uint64), np.zeros(len(old.keys), dtype=np.uint64)
    rounds: list[tuple[Colours, Colours]] = []
    apart = 0
    for _ in range(ROUNDS):
        mine, theirs = new.refined(mine), old.refined(theirs)
        rounds.append((mine, theirs))
        now = len(np.unique(np.concatenate((mine, theirs))))
        if now == apart:
            break
        apart = now
    return rounds


def _mixed(numbers: Colours) -> Colours:
    """Numbers well scattered: splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


class _Pairs:
    """Which new node is which old one, as it becomes known."""

    def __init__(self, new: _Nodes, old: _Nodes, pinned: Collection[str]) -> None:
        self._new, self._old, self._pinned = new, old, set(pinned)
        self._of_new: list[int | None] = [None] * len(new.keys)
        self._taken = [False] * len(old.keys)
        place = {key: node for node, key in enumerate(old.keys)}
        for node, key in enumerate(new.keys):
            if key in self._pinned and key in place:
                self._pair(node, place[key])

    def by_colour(self, mine: Sequence[int], theirs: Sequence[int]) -> None:
        """Pair nodes of one colour: those of the same name, then the others in order."""
        free: dict[int, list[int]] = defaultdict(list)
        for node, colour in enumerate(theirs):
            if not self._taken[node]:
                free[colour].append(node)
        wanting: dict[int, list[int]] = defaultdict(list)
        for node, colour in enumerate(mine):
            if self._is_open(node) and colour in free:
                wanting[colour].append(node)
        for colour, nodes in wanting.items():
            self._pair_all(nodes, free[colour])

    def by_holder(self) -> bool:
        """Pair nodes that the same node holds by the same predicate in the same graph; whether any was found."""
        free: dict[Holder, list[int]] = defaultdict(list)
        for holder, node in _held(self._old.rows, range(len(self._old.keys))):
            if not self._taken[node] and node not in free[holder]:
                free[holder].append(node)
        found = False
        for holder, node in _held(self._new.rows, self._of_new):
            if self._is_open(node):
                left = [old for old in free.get(holder, ()) if not self._taken[old]]
                if left:
                    self._pair(node, left[0])
                    found = True
        return found

    def names(self, taken: set[str]) -> list[str]:
        """A name for each new node: that of its pair, else its own, else one that nothing has."""
        names = [None if old is None else self._old.keys[old] for old in self._of_new]
        used = taken | {key for key in self._new.keys if key in self._pinned}
        fresh = _Fresh(used)
        return [
            name if name is not None else key if key in self._pinned else fresh.of(key)
            for name, key in zip(names, self._new.keys, strict=True)
        ]

    def _is_open(self, node: int) -> bool:
        return self._of_new[node] is None and self._new.keys[node] not in self._pinned

    def _pair_all(self, nodes: list[int], free: list[int]) -> None:
        place = {self._old.keys[old]: old for old in free}
        for node in nodes:
            old = place.get(self._new.keys[node])
            if old is not None:
                self._pair(node, old)
        left = [old for old in free if not self._taken[old]]
        for node, old in zip([node for node in nodes if self._of_new[node] is None], left, strict=False):
            self._pair(node, old)

    def _pair(self, node: int, old: int) -> None:
        self._of_new[node] = old
        self._taken[old] = True


def _held(rows: NDArray[np.int64], known: Sequence[int | None] | range) -> Iterable[tuple[Holder, int]]:
    """Each blank object with what holds it: subject, predicate, graph. A blank subject counts where it is known, by its old node."""
    for s, p, o, g in rows[rows[:, 2] < 0].tolist():
        subject = s if s >= 0 else known[-1 - s]
        if subject is not None:
            yield (s if s >= 0 else -1 - subject, p, g), -1 - o


class _Fresh:
    """Names that nothing has."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._next: dict[str, int] = {}

    def of(self, key: str) -> str:
        """The key itself if it is free, else the next free number behind it."""
        if key not in self._taken:
            self._taken.add(key)
            return key
        numbered = _NUMBERED.fullmatch(key)
        stem = numbered[1] if numbered else key + "n"
        if stem not in self._next:
            ends = (match for name in self._taken if (match := _NUMBERED.fullmatch(name)) and match[1] == stem)
            self._next[stem] = max((int(match[2]) for match in ends), default=-1) + 1
        name = f"{stem}{self._next[stem]}"
        self._next[stem] += 1
        self._taken.add(name)
        return name
