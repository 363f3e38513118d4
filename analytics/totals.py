"""What stands behind an answer: racks, services and tenants counted once each by their worst outcome, and the IT load in kW."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from analytics.columns import distinct, spans, without
from analytics.supply_graph import Flags, SupplyGraph
from graph.values import Floats
from ontology.terms import Ids

Number = TypeVar("Number", int, float)
KEYS = ("LOST", "OVERLOADED", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED")
RANKS = ("LOST", "FAILED_ITSELF", "OVERLOADED", "DOWN_BEFORE", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED")
"""Worst first. What was down before and loses still more counts as lost; that it lost a spare besides is no news. A tenant, and a rack that
nothing feeds, has failed itself when something of it has and nothing else of it is lost."""
_RANK_OF_KIND = np.array([RANKS.index(key) for key in KEYS], dtype=np.int32)
_BEFORE, _ITSELF = "DOWN_BEFORE", "FAILED_ITSELF"
_DOWN_BEFORE, _FAILED, _UNAFFECTED = (RANKS.index(rank) for rank in (_BEFORE, _ITSELF, "UNAFFECTED"))


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and kW by outcome, every key of `KEYS` present. What has failed itself is in no total, nor what was down before (`Counts`)."""

    racks: dict[str, int]
    services: dict[str, int]
    tenants: dict[str, int]
    it_load_kw: dict[str, float]

    def to_json(self) -> dict[str, dict[str, int] | dict[str, float]]:
        """The totals as the command line prints them."""
        return {"racks": self.racks, "services": self.services, "tenants": self.tenants, "it_load_kw": self.it_load_kw}


@dataclass(frozen=True, slots=True)
class Counts:
    """What is beside the totals: what lacked a supply before the failure already and loses none by it, what has failed itself, what may be
    otherwise."""

    racks: int
    services: int
    tenants: int
    it_load_kw: float

    def said(self) -> str:
        """For people, such as `1 rack, 5.0 kW, 1 tenant`; empty for nothing."""
        counts = (("rack", self.racks), ("service", self.services), ("tenant", self.tenants))
        racks, *rest = [f"{count:,} {what}{'' if count == 1 else 's'}" if count else "" for what, count in counts]
        return ", ".join(filter(None, (racks, f"{self.it_load_kw:,.1f} kW" if self.it_load_kw else "", *rest)))

    def to_json(self) -> dict[str, int | float]:
        """The counts as the command line prints them."""
        return {"racks": self.racks, "services": self.services, "tenants": self.tenants, "it_load_kw": self.it_load_kw}


@dataclass(frozen=True, eq=False)
class Ranks:
    """The worst that becomes of each node, as the totals count it: of those to which anything happens, the others are unaffected."""

    nodes: Ids
    """Ascending."""
    rank: Ids
    """Index into `RANKS`, for each of `nodes`."""
    size: int
    """Of all nodes."""

    @cached_property
    def worst(self) -> Ids:
        """By node: index into `RANKS`."""
        found = np.full(self.size, _UNAFFECTED, dtype=np.int32)
        found[self.nodes] = self.rank
        return found


def ranks_of(graph: SupplyGraph, nodes: Ids, kinds: Ids, down: Ids, failed: Ids) -> Ranks:
    """The worst of the given outcomes of nodes; `kinds` are indices into `KEYS`.

    `down` are the nodes of which some supply did not hold before the failure, `failed` what has failed itself, whatever else is said of it:
    of what was down before that is no news. Cost: a sort of all these nodes.
    """
    was = np.intersect1d(failed, were_down(graph, down))
    failed = without(failed, was)
    mounted, racks = _mounted_in(graph, distinct(np.concatenate((nodes, down, failed)).astype(np.int32)))
    touched = distinct(np.concatenate((nodes, down, failed, was, racks)).astype(np.int32))
    rank = np.full(len(touched), _UNAFFECTED, dtype=np.int32)
    rank[np.searchsorted(touched, down)] = _DOWN_BEFORE
    np.minimum.at(rank, np.searchsorted(touched, nodes), _RANK_OF_KIND[kinds])
    rank[np.searchsorted(touched, failed)] = _FAILED
    np.minimum.at(rank, np.searchsorted(touched, racks), rank[np.searchsorted(touched, mounted)])
    rank[np.searchsorted(touched, failed)] = _FAILED
    rank[np.searchsorted(touched, was)] = _DOWN_BEFORE
    return Ranks(touched, rank, len(graph.nodes))


def were_down(graph: SupplyGraph, dark: Ids) -> Ids:
    """The nodes that lack a supply, with the racks that nothing feeds and that hold such a thing; ascending. Cost: a look-up for each."""
    return distinct(np.concatenate((dark, _mounted_in(graph, dark)[1])).astype(np.int32))


NOTHING = Counts(0, 0, 0, 0.0)


def counts_of(graph: SupplyGraph, nodes: Flags) -> Counts:
    """What is among the flagged nodes: racks, services, tenants with anything of theirs, IT load. Cost: a pass over the loads."""
    loads = graph.loads
    owners = loads.owned[nodes[loads.owned[:, 0]], 1]
    kw = round(float(loads.equipment_kw[nodes[loads.equipment]].sum()), 3) + 0.0
    return Counts(int(nodes[loads.racks].sum()), int(nodes[loads.services].sum()), len(np.unique(owners)), kw)


def _mounted_in(graph: SupplyGraph, things: Ids) -> tuple[Ids, Ids]:
    """The rows of some things in `mounted_in_unfed`: a rack that nothing feeds has no outcome of its own, but that of what it holds."""
    mounted, racks = graph.mounted_in_unfed.T
    if len(mounted) == 0:
        return mounted, racks
    at = np.searchsorted(mounted, things), np.searchsorted(mounted, things, side="right")
    rows = spans(*at)
    return mounted[rows], racks[rows]


def count_totals(graph: SupplyGraph, ranks: Ranks) -> tuple[Totals, Counts, Counts]:
    """Count by the worst of each; beside the totals what was down before, and what has failed itself.

    Cost: what is touched; one pass over the loads, once a graph.
    """
    behind, hit, worst = _behind(graph), ranks.nodes, ranks.rank
    tenants = np.full(len(graph.loads.tenants), _UNAFFECTED, dtype=np.int32)
    first, last = behind.owned_at[hit], behind.owned_at[hit + 1]
    np.minimum.at(tenants, behind.owned[spans(first, last)], np.repeat(worst, last - first))
    of_racks, of_services, kw = (
        np.bincount(worst, weights=column[hit], minlength=len(RANKS)).astype(np.float64)
        for column in (behind.racks, behind.services, behind.kw)
    )
    for sums, column, every in zip((of_racks, of_services, kw), (behind.racks, behind.services, behind.kw), behind.sums, strict=True):
        sums[_UNAFFECTED] = every - column[hit].sum()
    racks, services, owned = _counts(of_racks), _counts(of_services), _counts(np.bincount(tenants, minlength=len(RANKS)))
    load = _rounded(kw)
    return (
        Totals(_by_outcome(racks), _by_outcome(services), _by_outcome(owned), _by_outcome(load)),
        Counts(racks[_BEFORE], services[_BEFORE], owned[_BEFORE], load[_BEFORE]),
        Counts(racks[_ITSELF], services[_ITSELF], owned[_ITSELF], load[_ITSELF]),
    )


@dataclass(frozen=True, eq=False)
class _Behind:
    """How many racks and services a node is, what it draws, who owns it; and the sums of the first three."""

    racks: Floats
    services: Floats
    kw: Floats
    owned_at: Ids
    """Shape (nodes + 1): where a node's tenants begin in `owned`."""
    owned: Ids
    sums: tuple[float, float, float]


_kept: WeakKeyDictionary[SupplyGraph, _Behind] = WeakKeyDictionary()
_lock = Lock()


def hand_on_totals(older: SupplyGraph, newer: SupplyGraph) -> None:
    """What stands behind the nodes of one graph stands behind those of another one with the same loads."""
    with _lock:
        if older in _kept:
            _kept[newer] = _kept[older]


def _behind(graph: SupplyGraph) -> _Behind:
    with _lock:
        found = _kept.get(graph)
    if found is None:
        loads, size = graph.loads, len(graph.nodes)
        racks, services = (np.bincount(nodes, minlength=size).astype(np.float64) for nodes in (loads.racks, loads.services))
        kw = np.bincount(loads.equipment, weights=loads.equipment_kw, minlength=size).astype(np.float64)
        owned = loads.owned[np.argsort(loads.owned[:, 0], kind="stable")]
        at = np.searchsorted(owned[:, 0], np.arange(size + 1, dtype=np.int32)).astype(np.int32)
        sums = (float(racks.sum()), float(services.sum()), float(kw.sum()))
        found = _Behind(racks, services, kw, at, np.ascontiguousarray(owned[:, 1]), sums)
        with _lock:
            _kept[graph] = found
    return found


def _by_outcome(told: dict[str, Number]) -> dict[str, Number]:
    return {key: told[key] for key in KEYS}


def _counts(counts: Iterable[float]) -> dict[str, int]:
    return {rank: int(count) for rank, count in zip(RANKS, counts, strict=True)}


def _rounded(kw: Floats) -> dict[str, float]:
    """Sums rounded to the watt, so that the order of summing does not show."""
    return {rank: round(float(total), 3) + 0.0 for rank, total in zip(RANKS, kw, strict=True)}
