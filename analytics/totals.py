"""What stands behind an answer: racks, services and tenants counted once each by their worst outcome, and the IT load in kW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from analytics.supply_graph import Flags, SupplyGraph
from graph.values import Floats
from ontology.terms import Ids

Number = TypeVar("Number", int, float)
KEYS = ("LOST", "OVERLOADED", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED")
RANKS = ("LOST", "OVERLOADED", "DOWN_BEFORE", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED")
"""Worst first. What was down before and loses still more counts as lost; that it lost a spare besides is no news."""
_RANK_OF_KIND = np.array([RANKS.index(key) for key in KEYS], dtype=np.int32)
_BEFORE = "DOWN_BEFORE"
_DOWN_BEFORE, _UNAFFECTED = RANKS.index(_BEFORE), RANKS.index("UNAFFECTED")


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and kW by outcome, every key of `KEYS` present. What has failed itself is in no total, nor what was down before."""

    racks: dict[str, int]
    services: dict[str, int]
    tenants: dict[str, int]
    it_load_kw: dict[str, float]

    def to_json(self) -> dict[str, dict[str, int] | dict[str, float]]:
        """The totals as the command line prints them."""
        return {"racks": self.racks, "services": self.services, "tenants": self.tenants, "it_load_kw": self.it_load_kw}


@dataclass(frozen=True, slots=True)
class DownBefore:
    """What lacked a supply before the failure already, and loses none by it."""

    racks: int
    services: int
    tenants: int
    it_load_kw: float

    def to_json(self) -> dict[str, int | float]:
        """The counts as the command line prints them."""
        return {"racks": self.racks, "services": self.services, "tenants": self.tenants, "it_load_kw": self.it_load_kw}


@dataclass(frozen=True, eq=False)
class Ranks:
    """The worst that becomes of each node, as the totals count it."""

    worst: Ids
    """By node: index into `RANKS`."""
    up: Flags
    """By node: whether it counts; what has failed itself does not."""


def ranks_of(graph: SupplyGraph, nodes: Ids, kinds: Ids, down: Ids, failed: Ids) -> Ranks:
    """The worst of the given outcomes of nodes; `kinds` are indices into `KEYS`.

    `down` are the nodes of which some supply did not hold before the failure. Cost: one pass over the nodes.
    """
    worst = np.full(len(graph.nodes), _UNAFFECTED, dtype=np.int32)
    worst[down] = _DOWN_BEFORE
    np.minimum.at(worst, nodes, _RANK_OF_KIND[kinds])
    up = np.ones(len(graph.nodes), dtype=np.bool_)
    up[failed] = False
    _racks_by_what_they_hold(graph, worst, up)
    return Ranks(worst, up)


def count_totals(graph: SupplyGraph, ranks: Ranks) -> tuple[Totals, DownBefore]:
    """Count by the worst of each. Cost: one pass over the loads."""
    loads, worst, up = graph.loads, ranks.worst, ranks.up
    tenants = np.full(len(loads.tenants), _UNAFFECTED, dtype=np.int32)
    owned = loads.owned[up[loads.owned[:, 0]]]
    np.minimum.at(tenants, owned[:, 1], worst[owned[:, 0]])
    racks, services = loads.racks[up[loads.racks]], loads.services[up[loads.services]]
    running = up[loads.equipment]
    of_racks, of_services, of_tenants = (_counts(ranks) for ranks in (worst[racks], worst[services], tenants))
    kw = _sums(worst[loads.equipment[running]], loads.equipment_kw[running])
    return (
        Totals(_by_outcome(of_racks), _by_outcome(of_services), _by_outcome(of_tenants), _by_outcome(kw)),
        DownBefore(of_racks[_BEFORE], of_services[_BEFORE], of_tenants[_BEFORE], kw[_BEFORE]),
    )


def _racks_by_what_they_hold(graph: SupplyGraph, worst: Ids, up: Flags) -> None:
    """A rack that nothing feeds has no outcome of its own: it takes the worst of what is mounted in it."""
    mounted = graph.mounted_in_unfed
    mounted = mounted[up[mounted[:, 0]]]
    np.minimum.at(worst, mounted[:, 1], worst[mounted[:, 0]])


def _by_outcome(told: dict[str, Number]) -> dict[str, Number]:
    return {key: told[key] for key in KEYS}


def _counts(ranks: Ids) -> dict[str, int]:
    counts = np.bincount(ranks, minlength=len(RANKS))
    return {rank: int(count) for rank, count in zip(RANKS, counts, strict=True)}


def _sums(ranks: Ids, kw: Floats) -> dict[str, float]:
    """Sums rounded to the watt, so that the order of summing does not show."""
    sums = np.bincount(ranks, weights=kw, minlength=len(RANKS))
    return {rank: round(float(total), 3) for rank, total in zip(RANKS, sums, strict=True)}
