"""What stands behind an answer: racks, services and tenants counted once each by their worst outcome, and the IT load in kW."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.supply_graph import SupplyGraph
from graph.values import Floats
from ontology.terms import Ids

KEYS = ("LOST", "OVERLOADED", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED")
_UNAFFECTED = len(KEYS) - 1


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and kW by outcome, every key of `KEYS` present. What has failed itself is in no total."""

    racks: dict[str, int]
    services: dict[str, int]
    tenants: dict[str, int]
    it_load_kw: dict[str, float]

    def to_json(self) -> dict[str, dict[str, int] | dict[str, float]]:
        """The totals as the command line prints them."""
        return {"racks": self.racks, "services": self.services, "tenants": self.tenants, "it_load_kw": self.it_load_kw}


def count_totals(graph: SupplyGraph, nodes: Ids, kinds: Ids, failed: Ids) -> Totals:
    """Count by the worst of the given outcomes of nodes; `kinds` are indices into `KEYS`. Cost: one pass over the nodes."""
    loads = graph.loads
    worst = np.full(len(graph.nodes), _UNAFFECTED, dtype=np.int32)
    np.minimum.at(worst, nodes, kinds)
    up = np.ones(len(graph.nodes), dtype=np.bool_)
    up[failed] = False
    _racks_by_what_they_hold(graph, worst, up)
    tenants = np.full(len(loads.tenants), _UNAFFECTED, dtype=np.int32)
    owned = loads.owned[up[loads.owned[:, 0]]]
    np.minimum.at(tenants, owned[:, 1], worst[owned[:, 0]])
    racks, services = loads.racks[up[loads.racks]], loads.services[up[loads.services]]
    running = up[loads.equipment]
    return Totals(
        _counts(worst[racks]),
        _counts(worst[services]),
        _counts(tenants),
        _sums(worst[loads.equipment[running]], loads.equipment_kw[running]),
    )


def _racks_by_what_they_hold(graph: SupplyGraph, worst: Ids, up: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    """A rack that nothing feeds has no outcome of its own: it takes the worst of what is mounted in it."""
    mounted = graph.loads.mounted
    fed = np.zeros(len(graph.nodes), dtype=np.bool_)
    fed[graph.edges.target] = True
    fed[graph.requirements.node] = True
    mounted = mounted[~fed[mounted[:, 1]] & up[mounted[:, 0]]]
    np.minimum.at(worst, mounted[:, 1], worst[mounted[:, 0]])


def _counts(kinds: Ids) -> dict[str, int]:
    counts = np.bincount(kinds, minlength=len(KEYS))
    return {key: int(count) for key, count in zip(KEYS, counts, strict=True)}


def _sums(kinds: Ids, kw: Floats) -> dict[str, float]:
    """Sums rounded to the watt, so that the order of summing does not show."""
    sums = np.bincount(kinds, weights=kw, minlength=len(KEYS))
    return {key: round(float(total), 3) for key, total in zip(KEYS, sums, strict=True)}
