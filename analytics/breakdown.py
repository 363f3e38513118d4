"""The totals of an answer part by part: for each room, tenant and class, and which services are affected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.places import Rooms
from analytics.supply_graph import Flags, SupplyGraph
from analytics.totals import KEYS, NOTHING, RANKS, Counts, Ranks
from graph.values import Floats
from ontology.media import COMPUTE
from ontology.namespaces import local_name
from ontology.terms import Ids

OUTCOMES = tuple(RANKS.index(key) for key in KEYS)
_LOST, _UNAFFECTED, _DOWN_BEFORE, _FAILED = (RANKS.index(rank) for rank in ("LOST", "UNAFFECTED", "DOWN_BEFORE", "FAILED_ITSELF"))
_NO_OUTCOME = (_UNAFFECTED, _DOWN_BEFORE, _FAILED)


@dataclass(frozen=True, slots=True)
class PartTotals:
    """What becomes of a room's, or a tenant's, racks, services and IT load: counts and kW by outcome, every key of `KEYS` present.

    What has failed itself is counted beside these, what was down before not at all. A service counts in each room where something runs it,
    a tenant in each room where something is its own: by what becomes of that.
    """

    id: str | None
    """IRI; None for what is in no room."""
    label: str
    outcome: str
    """The worst of it, of `KEYS`; of what has failed itself `LOST`."""
    racks: dict[str, int]
    services: dict[str, int]
    tenants: dict[str, int]
    it_load_kw: dict[str, float]
    failed_itself: Counts
    doubtful: Counts = NOTHING
    """What of it depends on points that are not good (`analytics/rests_on.py`), where that was asked for."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "id": self.id,
            "label": self.label,
            "outcome": self.outcome,
            "racks": self.racks,
            "services": self.services,
            "tenants": self.tenants,
            "it_load_kw": self.it_load_kw,
            "failed_itself": self.failed_itself.to_json(),
            "doubtful": self.doubtful.to_json(),
        }


@dataclass(frozen=True, slots=True)
class ClassTotals:
    """How many things of a class (IRI, or None) have which worst outcome; only of what is affected."""

    cls: str | None
    counts: dict[str, int]

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"class": self.cls, "counts": self.counts}


@dataclass(frozen=True, slots=True)
class ServiceOutcome:
    """The worst that becomes of a service that is affected."""

    id: str
    label: str
    outcome: str

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"id": self.id, "label": self.label, "outcome": self.outcome}


@dataclass(frozen=True, slots=True)
class Parts:
    """All of them, in order of ids."""

    rooms: tuple[PartTotals, ...] = ()
    """Rooms that hold loads; last, without an id, what is in no room."""
    tenants: tuple[PartTotals, ...] = ()
    """Tenants that are affected."""
    services: tuple[ServiceOutcome, ...] = ()
    classes: tuple[ClassTotals, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "rooms": [each.to_json() for each in self.rooms],
            "by_tenant": [each.to_json() for each in self.tenants],
            "by_service": [each.to_json() for each in self.services],
            "by_class": [each.to_json() for each in self.classes],
        }


@dataclass(frozen=True, eq=False)
class _Table:
    """Loads by the number of a part: node and part of each, and the kW of the equipment."""

    racks: tuple[Ids, Ids]
    services: tuple[Ids, Ids]
    equipment: tuple[Ids, Ids]
    kw: Floats
    tenants: tuple[Ids, Ids, Ids]
    """Node, tenant, part."""


def count_parts(graph: SupplyGraph, rooms: Rooms, ranks: Ranks, doubtful: Flags | None = None) -> Parts:
    """Count the totals of each room, tenant and class; `doubtful` flags the nodes that depend on points that are not good. Cost: some
    passes over the loads."""
    loads = graph.loads
    return Parts(
        _rows(ranks, _of_rooms(graph, rooms), (*rooms.ids, None), (*rooms.labels, "in no room"), doubtful),
        tuple(
            row
            for row in _rows(ranks, _of_tenants(graph), tuple(loads.tenants), tuple(map(local_name, loads.tenants)), doubtful)
            if row.outcome != RANKS[_UNAFFECTED]
        ),
        _services(graph, ranks),
        _classes(graph, ranks),
    )


def _of_rooms(graph: SupplyGraph, rooms: Rooms) -> _Table:
    loads, size = graph.loads, np.int32(len(rooms.ids))
    room = np.where(rooms.of < 0, size, rooms.of).astype(np.int32)
    runs = np.flatnonzero((graph.edges.medium == graph.media.index(COMPUTE)) & np.isin(graph.edges.target, loads.services))
    service, where = graph.edges.target[runs], rooms.of[graph.edges.source[runs]]
    known = where >= 0
    service, where = _distinct(service[known], where[known], len(rooms.ids) + 1)
    elsewhere = loads.services[~np.isin(loads.services, service)]
    owned, tenant = loads.owned[:, 0], loads.owned[:, 1]
    return _Table(
        (loads.racks, room[loads.racks]),
        (np.concatenate((service, elsewhere)), np.concatenate((where, np.full(len(elsewhere), size, np.int32)))),
        (loads.equipment, room[loads.equipment]),
        loads.equipment_kw,
        (owned, tenant, room[owned]),
    )


def _of_tenants(graph: SupplyGraph) -> _Table:
    """What a tenant has by `dcx:hasTenant`; what is mounted in a rack of its and says nothing else is its, too."""
    loads = graph.loads
    node, tenant = loads.owned[:, 0], loads.owned[:, 1]
    inside, rack = loads.mounted[:, 0], loads.mounted[:, 1]
    unsaid = ~np.isin(inside, node)
    first = np.full(len(graph.nodes), -1, dtype=np.int32)
    first[node[::-1]] = tenant[::-1]
    by_rack = unsaid & (first[rack] >= 0)
    node, tenant = (
        np.concatenate((node, inside[by_rack])).astype(np.int32),
        np.concatenate((tenant, first[rack[by_rack]])).astype(np.int32),
    )

    def of(which: Ids) -> tuple[Ids, Ids]:
        inside = np.isin(node, which)
        return node[inside], tenant[inside]

    equipment = of(loads.equipment)
    kw_of = np.zeros(len(graph.nodes))
    kw_of[loads.equipment] = loads.equipment_kw
    return _Table(of(loads.racks), of(loads.services), equipment, kw_of[equipment[0]], (node, tenant, tenant))


def _rows(
    ranks: Ranks, table: _Table, ids: tuple[str | None, ...], labels: tuple[str, ...], doubtful: Flags | None
) -> tuple[PartTotals, ...]:
    size = len(ids)
    unsure = None if doubtful is None else _doubtful(doubtful, table, size)
    racks, services = (_counted(ranks, *which, size) for which in (table.racks, table.services))
    node, part = table.equipment
    kw = np.bincount(part * len(RANKS) + ranks.worst[node], weights=table.kw, minlength=size * len(RANKS))
    kw = kw.reshape(size, len(RANKS))
    tenants = _tenants(ranks, table, size)
    found = []
    for at, (iri, label) in enumerate(zip(ids, labels, strict=True)):
        there = np.flatnonzero(racks[at] + services[at] + tenants[at] + (kw[at] > 0))
        if not len(there):
            continue
        told = [_LOST if rank == _FAILED else rank for rank in there.tolist() if rank != _DOWN_BEFORE]
        found.append(
            PartTotals(
                iri,
                label,
                RANKS[told[0]] if told else RANKS[_UNAFFECTED],
                _by_outcome(racks[at]),
                _by_outcome(services[at]),
                _by_outcome(tenants[at]),
                {RANKS[rank]: round(float(kw[at, rank]), 3) for rank in OUTCOMES},
                _failed(racks[at], services[at], tenants[at], kw[at]),
                NOTHING if unsure is None else unsure[at],
            )
        )
    return tuple(found)


def _doubtful(flags: Flags, table: _Table, size: int) -> list[Counts]:
    """What of each part is flagged."""
    racks, services = (np.bincount(part, weights=flags[node], minlength=size) for node, part in (table.racks, table.services))
    node, part = table.equipment
    kw = np.bincount(part, weights=table.kw * flags[node], minlength=size)
    node, tenant, of = table.tenants
    tenants = np.bincount(_distinct(tenant[flags[node]], of[flags[node]], size + 1)[1], minlength=size)
    rows = zip(racks.tolist(), services.tolist(), tenants.tolist(), kw.tolist(), strict=True)
    return [Counts(int(r), int(s), int(t), round(k, 3)) for r, s, t, k in rows]


def _failed(racks: Ids, services: Ids, tenants: Ids, kw: Floats) -> Counts:
    return Counts(int(racks[_FAILED]), int(services[_FAILED]), int(tenants[_FAILED]), round(float(kw[_FAILED]), 3))


def _counted(ranks: Ranks, node: Ids, part: Ids, size: int) -> Ids:
    counts = np.bincount(part * len(RANKS) + ranks.worst[node], minlength=size * len(RANKS))
    return counts.reshape(size, len(RANKS)).astype(np.int32)


def _tenants(ranks: Ranks, table: _Table, size: int) -> Ids:
    """Each tenant counts once a part, by the worst of what is its there."""
    node, tenant, part = table.tenants
    width = int(tenant.max(initial=0)) + 1
    keys, at = np.unique(part.astype(np.int64) * width + tenant, return_inverse=True)
    worst = np.full(len(keys), len(RANKS) - 1, dtype=np.int32)
    np.minimum.at(worst, at.reshape(-1), ranks.worst[node])
    counts = np.bincount((keys // width) * len(RANKS) + worst, minlength=size * len(RANKS))
    return counts.reshape(size, len(RANKS)).astype(np.int32)


def _services(graph: SupplyGraph, ranks: Ranks) -> tuple[ServiceOutcome, ...]:
    which = graph.loads.services
    which = which[~np.isin(ranks.worst[which], _NO_OUTCOME)]
    return tuple(ServiceOutcome(graph.id(node), graph.label(node), RANKS[ranks.worst[node]]) for node in which.tolist())


def _classes(graph: SupplyGraph, ranks: Ranks) -> tuple[ClassTotals, ...]:
    which = np.flatnonzero(~np.isin(ranks.worst, _NO_OUTCOME))
    size = len(graph.nodes.classes) + 1
    cls = np.where(graph.nodes.class_of[which] < 0, size - 1, graph.nodes.class_of[which])
    counts = np.bincount(cls * len(RANKS) + ranks.worst[which], minlength=size * len(RANKS)).reshape(size, len(RANKS))
    names = (*graph.nodes.classes, None)
    keys = [rank for rank in OUTCOMES if rank != _UNAFFECTED]
    return tuple(
        ClassTotals(names[at], {RANKS[rank]: int(counts[at, rank]) for rank in keys}) for at in np.flatnonzero(counts.sum(axis=1)).tolist()
    )


def _distinct(one: Ids, other: Ids, width: int) -> tuple[Ids, Ids]:
    keys = np.unique(one.astype(np.int64) * width + other)
    return (keys // width).astype(np.int32), (keys % width).astype(np.int32)


def _by_outcome(counts: Ids) -> dict[str, int]:
    return {RANKS[rank]: int(counts[rank]) for rank in OUTCOMES}
