"""What a load hangs by: the minimal cut sets, sets of failures that take it down together while no part of them does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analytics.conditions import Conditions
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis, basis_of
from analytics.sweeps.fed import fed
from analytics.sweeps.proof import Chain, chain_of, proof, takes_down
from ontology.terms import Ids

ORDER_MAX = 3
TRIED_MAX = 200_000
"""Sets of failures tried for one load; some seconds for a load that thousands of things supply. Further ones are left out, and that is
told."""

Cut = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CutSets:
    """The minimal cut sets of one load, by size and then in order of ids. Equal questions give equal answers."""

    basis: Basis
    load: str
    media: tuple[str, ...]
    """The load is down when a supply of it in one of these does not hold."""
    order: int
    """Sets of up to so many failures were looked for."""
    sets: tuple[tuple[str, ...], ...]
    tried: int
    down_before: bool
    """A supply of the load does not hold with nothing failed: there is nothing to cut."""
    left_out: str
    """What was not looked into; empty when these are all there are up to `order`."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.basis.to_json(),
            "load": self.load,
            "media": list(self.media),
            "order": self.order,
            "down_before": self.down_before,
            "cut_sets": [list(cut) for cut in self.sets],
            "tried": self.tried,
            "left_out": self.left_out,
        }


def cut_sets(
    graph: SupplyGraph,
    conditions: Conditions,
    load: str,
    media: Sequence[str] | None = None,
    order: int = ORDER_MAX,
    tried_max: int = TRIED_MAX,
) -> CutSets:
    """The minimal sets of up to `order` failure units that take a load (IRI or CURIE) down in one of the media; absent: in any.

    A failure of the load itself is none of them. Raises `UnknownEntity` for an id or medium that the twin does not know, `GraphError`
    where nothing feeds the load, `ValueError` for an order below 1.

    Every cut hits every proof that the load is up, so only the units of a proof are tried, and beside each of them those of a proof
    without it: the product of the proofs' sizes at most, not the number of subsets. Cost: that many groundings of what supplies the
    load. Source: Reiter, A theory of diagnosis from first principles (1987), hitting-set tree; minimal cut sets as in IEC 61025.
    """
    if order < 1:
        raise ValueError(f"cut sets of order {order} are asked for: the smallest order is 1, a single point of failure")
    state = plant(graph, conditions)
    iri, node, pairs = fed(graph, state, load, media)
    wiring = state.wiring
    down = bool(state.base.failing[pairs].any())
    found: list[Cut] = []
    tried, left_out = 0, ""
    if not down:
        chain, units = chain_of(state, pairs, node, graph.nodes.failure_unit)
        found, tried, left_out = search(chain, order, tried_max)
        found = [tuple(int(units[unit]) for unit in cut) for cut in found]
    names = tuple(tuple(graph.id(node) for node in cut) for cut in sorted(found, key=lambda cut: (len(cut), cut)))
    told = tuple(graph.media[medium] for medium in wiring.pair_medium[pairs].tolist())
    return CutSets(basis_of(graph, conditions, state), iri, told, order, names, tried, down, left_out)


def search(chain: Chain, order: int, tried_max: int) -> tuple[list[Cut], int, str]:
    """The cuts, how many sets were tried, and what was left out."""
    found: set[Cut] = set()
    open_sets: list[tuple[Cut, Ids]] = [((), proof(chain, np.empty(0, np.int32)))]
    tried = 0
    for size in range(1, order + 1):
        seen: set[Cut] = set()
        further: list[tuple[Cut, Ids]] = []
        cuts: set[Cut] = set()
        for failed, carriers in open_sets:
            sets = [(unit, tuple(sorted((*failed, unit)))) for unit in carriers.tolist()]
            new = [(unit, each) for unit, each in sets if each not in seen and not _holds_a_cut(each, found)]
            seen.update(each for _, each in new)
            if tried + len(new) > tried_max:
                found |= cuts
                return sorted(found), tried, f"of {size} failures not all were tried: more than {tried_max:,} sets; those told are minimal"
            tried += len(new)
            down = takes_down(chain, np.array(failed, np.int32), np.array([unit for unit, _ in new], np.int32))
            cuts.update(each for (_, each), is_down in zip(new, down.tolist(), strict=True) if is_down)
            if size < order:
                standing = (each for (_, each), is_down in zip(new, down.tolist(), strict=True) if not is_down)
                further.extend((each, proof(chain, np.array(each, np.int32))) for each in standing)
        found |= cuts
        open_sets = further
    return sorted(found), tried, ""


def _holds_a_cut(failures: Cut, found: set[Cut]) -> bool:
    return any(part in found for size in range(1, len(failures)) for part in combinations(failures, size))
