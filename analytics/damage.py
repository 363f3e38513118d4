"""What a set of failures does to every (node, medium) pair: which fall, which now hang by one thing, which lost a spare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics import kernel
from analytics.columns import distinct, without
from analytics.state import Bench, Plant
from analytics.supply_graph import Flags
from ontology.terms import Ids


@dataclass(frozen=True, slots=True)
class Damage:
    """Pairs by number, ascending, the failed nodes' own pairs among them."""

    lost: Ids
    weaker: Ids
    """Pairs that still hold and in whose chain a requirement has lost a live supplier; those of `exposed_to` are among them."""
    exposed_to: Mapping[int, tuple[int, ...]]
    """For each pair that would now fall by one further failure that it would have survived before: the first three such nodes."""


def assess(plant: Plant, failed: Ids, failure_units: Flags, *, further: bool = True) -> Damage:
    """What falls, weakens and becomes exposed when the given nodes fail.

    `failure_units` says for each node whether its failure alone counts as one; `further=False` leaves the exposure out, which costs
    most: all single further failures upstream of what weakened are tried, each at the cost of its own damage.
    """
    with plant.bench() as bench:
        dead, fallen, _ = kernel.cascade(plant.wires, plant.ring, bench.now, bench.work, plant.slots(failed), plant.base.counts)
        died = bench.work.dead[:dead].copy()
        lost = np.sort(bench.work.fallen[:fallen])
        weaker = np.sort(kernel.chain(plant.wires, bench.now, died))
        exposed = _exposed(plant, bench, failed, failure_units, died) if further and len(weaker) else {}
        kernel.revive(plant.wires, bench.now, died, 0, dead)
    return Damage(lost, weaker, exposed)


def _exposed(plant: Plant, bench: Bench, failed: Ids, failure_units: Flags, died: Ids) -> dict[int, tuple[int, ...]]:
    wiring = plant.wiring
    slots = kernel.weakened(plant.wires, bench.now, died)
    nodes = distinct(wiring.slot_node[np.flatnonzero(slots)])
    candidates = without(nodes[failure_units[nodes]], failed)
    pairs, causes = kernel.sweep(plant.wires, plant.ring, bench.alone, bench.now, bench.work, candidates, wiring.slots_at, wiring.pair_node)
    exposed: dict[int, list[int]] = {}
    for pair, cause in zip(pairs.tolist(), causes.tolist(), strict=True):
        exposed.setdefault(pair, []).append(cause)
    return {pair: tuple(causes) for pair, causes in sorted(exposed.items())}
