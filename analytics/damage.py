"""What a set of failures does to every (node, medium) pair: which fall, which now hang by one thing, which lost a spare."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analytics import kernel, part, walks
from analytics.columns import distinct, without
from analytics.state import Bench, Plant, scratch_of
from analytics.supply_graph import Flags
from ontology.terms import Ids

_NONE = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Damage:
    """Pairs by number, ascending, the failed nodes' own pairs among them."""

    lost: Ids
    weaker: Ids
    """Pairs that still hold and in whose chain a requirement has lost a live supplier; those of `exposed` are among them."""
    exposed: Ids
    """Pairs that would now fall by one further failure that they would have survived before."""
    threats: tuple[Ids, Ids]
    """Two columns, in order of the first: an exposed pair, and one of the first three nodes whose failure would take it down."""
    overloaded: Ids = field(default_factory=lambda: _NONE)
    """Pairs that still hold, of what carries more than it may. These and `lost` may name a node without such a pair, a source, by the
    number of pairs + the node's (`analytics/capacity/effects.py`)."""
    tripped: Ids = field(default_factory=lambda: _NONE)
    """Nodes that tripped, in order of time."""

    def exposed_to(self, pairs: Ids) -> list[tuple[int, ...]]:
        """For each of some pairs the first three nodes, ascending, whose failure would now take it down; none for one not exposed."""
        exposed, nodes = self.threats
        first, last = np.searchsorted(exposed, pairs).tolist(), np.searchsorted(exposed, pairs, side="right").tolist()
        listed = nodes.tolist()
        return [tuple(listed[a:b]) for a, b in zip(first, last, strict=True)]


def assess(plant: Plant, failed: Ids, failure_units: Flags, *, further: bool = True) -> Damage:
    """What falls, weakens and becomes exposed when the given nodes fail.

    `failure_units` says for each node whether its failure alone counts as one; `further=False` leaves the exposure out, which costs
    most: all single further failures upstream of what weakened are tried, each at the cost of its own damage.
    """
    with plant.bench() as bench:
        dead, fallen, _ = kernel.cascade(plant.wires, plant.ring, bench.now, bench.work, plant.slots(failed), plant.base.counts)
        died = bench.work.dead[:dead].copy()
        lost = np.sort(bench.work.fallen[:fallen])
        weaker = np.sort(walks.chain(plant.wires, bench.now, died, plant.returns, bench.marks))
        threats = _threats(plant, bench, failed, failure_units, died) if further and len(weaker) else (_NONE, _NONE)
        kernel.revive(plant.wires, bench.now, died, 0, dead)
    return Damage(lost, weaker, distinct(threats[0]), threats)


def _threats(plant: Plant, bench: Bench, failed: Ids, failure_units: Flags, died: Ids) -> tuple[Ids, Ids]:
    """The exposed pairs and what they are exposed to, tried in the part of the plant that matters (`analytics/part.py`)."""
    wiring = plant.wiring
    cut = part.cut(plant.wires, plant.ring, plant.base, bench.now, died, bench.marks)
    upstream = kernel.weakened(cut.wires, cut.now, np.flatnonzero(cut.base.live > cut.now.live).astype(np.int32))
    slot_node = wiring.slot_node[cut.slots]
    nodes = distinct(slot_node)
    candidates = distinct(slot_node[np.flatnonzero(upstream)])
    candidates = without(candidates[failure_units[candidates]], failed)
    pairs, causes = kernel.sweep(
        cut.wires,
        cut.ring,
        cut.base,
        cut.now,
        scratch_of(cut.base, cut.ring),
        np.searchsorted(nodes, candidates).astype(np.int32),
        np.searchsorted(slot_node, np.append(nodes, slot_node[-1] + 1)).astype(np.int32),
        np.searchsorted(nodes, wiring.pair_node[cut.pairs]).astype(np.int32),
    )
    pairs, causes = cut.pairs[pairs], nodes[causes]
    order = np.argsort(pairs, kind="stable")
    return pairs[order], causes[order]
