"""Rings of feeds that no source reaches: each member waits for the others, so that all of them are dark before any failure.

Rule: a node that nothing may feed counts as a source (docs/guides/supply-model.md), and so does what a class or the model says is one.
What none of these reaches, by feeds of any medium, ties, members, parts or 223P connections, is never supplied. Only rings of more than
two nodes that consist of feeds of power or of liquid cooling, and of ties, are told: two that feed each other are told as such. Air
that returns is no fault, nor is water that returns to what a source reaches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ontology.findings import Finding, Severity
from ontology.namespaces import BRICK, DCX, RDF, S223, compact
from ontology.terms import Ids, QuadBlock
from ontology.vocabulary import Vocabulary

RING = "ring-without-source"
_SHOWN = 3
_Pairs = NDArray[np.int32]


def ring_findings(block: QuadBlock, vocabulary: Vocabulary) -> list[Finding]:
    """One finding for each ring, at its first member in order of keys. Cost: a few passes over the feeds, some more where one is found."""
    pairs = _Block(block)
    carried = pairs.of(*sorted(vocabulary.subproperties(DCX + "feedsPower") | vocabulary.subproperties(DCX + "feedsLiquidCooling")))
    ties = pairs.of(DCX + "ties")
    told = np.concatenate((carried, ties, ties[:, ::-1]))
    if len(told) == 0:
        return []
    feeds = np.concatenate((told, _other_feeds(pairs, vocabulary)))
    lit = np.ones(len(block.terms), dtype=np.bool_)
    lit[feeds[feeds[:, 0] != feeds[:, 1]][:, 1]] = False
    lit[_sources(pairs, vocabulary)] = True
    lit[_half_tied(ties)] = True
    _light(lit, np.concatenate((feeds, _either_way(pairs))))
    dark = told[~lit[told[:, 0]] & ~lit[told[:, 1]]]
    rings = [sorted(ring, key=block.terms.__getitem__) for ring in _rings(dark) if len(ring) > 2]
    return [_finding(block, ring) for ring in sorted(rings, key=lambda ring: block.terms[ring[0]])]


def _finding(block: QuadBlock, ring: list[int]) -> Finding:
    names = [compact(block.terms[node]) for node in ring]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return Finding(
        Severity.ERROR,
        RING,
        block.terms[ring[0]],
        f"{shown} feed each other in a ring that no source reaches: none of them is ever supplied",
        "say what feeds the ring, or what in it is a source (dcx:isSource true)",
        BRICK + "feeds",
        len(ring),
    )


class _Block:
    """The pairs of a block by predicate."""

    def __init__(self, block: QuadBlock) -> None:
        self.terms = block.terms
        self._quads = block.quads
        self.numbers = {term: number for number, term in enumerate(block.terms)}

    def of(self, *predicates: str) -> _Pairs:
        """The subjects and objects of some predicates."""
        wanted = [self.numbers[p] for p in predicates if p in self.numbers]
        return self._quads[np.isin(self._quads[:, 1], wanted)][:, [0, 2]]


def _other_feeds(pairs: _Block, vocabulary: Vocabulary) -> _Pairs:
    """All else by which something is fed, in its direction."""
    forward = pairs.of(*sorted(vocabulary.subproperties(BRICK + "feeds")), S223 + "connectsTo")
    backward = pairs.of(BRICK + "isFedBy", S223 + "connectsFrom", DCX + "hasMember")[:, ::-1]
    return np.concatenate((forward, backward))


def _either_way(pairs: _Block) -> _Pairs:
    """What may carry in any direction, or hand on in a way that is not looked into here."""
    either = pairs.of(
        *(BRICK + name for name in ("hasPart", "isPartOf")),
        *(DCX + name for name in ("ties", "mountedIn")),
        *(S223 + name for name in ("cnx", "connectsAt", "connectsThrough", "hasConnectionPoint", "isConnectionPointOf")),
    )
    return np.concatenate((either, either[:, ::-1]))


def _half_tied(ties: _Pairs) -> Ids:
    """Ties of which the model says one side alone: what is on the other may be a source."""
    tie, sides = np.unique(np.unique(ties, axis=0)[:, 0], return_counts=True)
    return tie[sides < 2].astype(np.int32)


def _sources(pairs: _Block, vocabulary: Vocabulary) -> Ids:
    """What is said to be a source, by its class or itself."""
    typed, told = pairs.of(RDF + "type"), pairs.of(DCX + "isSource")
    classes = [number for number in np.unique(typed[:, 1]).tolist() if vocabulary.supply.source_of(pairs.terms[number])]
    return np.concatenate((typed[np.isin(typed[:, 1], classes)][:, 0], told[:, 0]))


def _light(lit: NDArray[np.bool_], edges: _Pairs) -> None:
    """Mark all that the lit nodes reach."""
    waiting = edges
    while True:
        carries = lit[waiting[:, 0]]
        new = waiting[carries][:, 1]
        if lit[new].all():
            return
        lit[new] = True
        waiting = waiting[~carries]


def _rings(edges: _Pairs) -> list[list[int]]:
    """The strongly connected parts of a graph (Tarjan 1972, https://doi.org/10.1137/0201010), without recursion."""
    onward: dict[int, list[int]] = {}
    for source, target in edges.tolist():
        onward.setdefault(source, []).append(target)
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in sorted(onward):
        work = [(root, iter(onward[root]))] if root not in index else []
        while work:
            node, rest = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            following = next((n for n in rest if n not in index or n in on_stack), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    found.append(stack[cut:])
                    on_stack.difference_update(stack[cut:])
                    del stack[cut:]
            elif following in index:
                low[node] = min(low[node], index[following])
            else:
                work.append((following, iter(onward.get(following, ()))))
    return found
