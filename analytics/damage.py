"""What a set of failures does to every (node, medium) pair: which fall, which now hang by one thing, which lost a spare."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analytics import kernel, subplant, walks
from analytics.columns import distinct
from analytics.state import Bench, Plant
from analytics.supply_graph import Flags
from ontology.terms import Ids

_NONE = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How far load was looked into for further failures (`analytics/capacity/further.py`)."""

    tried: int = 0
    """Further failures whose cascades were followed."""
    left_out: int = 0
    """Those that were too many to look at, and are judged without load."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Pairs by number, ascending, the failed nodes' own pairs among them."""

    lost: Ids
    weaker: Ids
    """Pairs that still hold and in whose chain a requirement has lost a live supplier; those of `exposed` are among them, save what
    load exposes."""
    exposed: Ids
    """Pairs that would now fall by one further failure that they would have survived before."""
    threats: tuple[Ids, Ids]
    """Two columns, in order of the first: an exposed pair, and one of the first three nodes whose failure would take it down."""
    overloaded: Ids = field(default_factory=lambda: _NONE)
    """Pairs that still hold, of what carries more than it may. These, `lost` and `exposed` may name a node without such a pair, a source,
    by the number of pairs + the node's (`analytics/capacity/pairs.py`)."""
    tripped: Ids = field(default_factory=lambda: _NONE)
    """Nodes that tripped, in order of time."""
    further: Loaded = Loaded()

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
    """The exposed pairs and what they are exposed to, tried in the part of the plant that matters (`analytics/subplant.py`)."""
    pairs, causes = subplant.threats(
        plant.wires,
        plant.ring,
        plant.base,
        bench.now,
        died,
        bench.marks,
        plant.wiring.slot_node,
        plant.wiring.pair_node,
        failure_units,
        np.sort(failed),
    )
    order = np.argsort(pairs, kind="stable")
    return pairs[order], causes[order]
