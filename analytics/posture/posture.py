"""The posture: what hangs by a single failure as things stand, by which, and what is dark. After `docs/guides/posture.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.conditions import Conditions
from analytics.impact import StatedPosition
from analytics.kernel import Flags as Bits
from analytics.posture import kernel
from analytics.state import stated_positions
from analytics.supply_graph import Flags, SupplyGraph
from analytics.sweeps.basis import taken_for_granted, without_load
from analytics.sweeps.behind import behind_of, nothing_lost
from analytics.sweeps.kernel import Behind, Lost, Marks
from analytics.sweeps.pairs import Lists, by_item
from analytics.sweeps.single import By, ranking
from analytics.wiring import Wiring
from graph.values import Floats
from ontology.terms import Ids

FIRST = 20
"""Single failures told, those by which most hangs first."""
BY_MAX = 3
"""Single failures named beside each thing that hangs by any."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of one kind of things: how many there are, how many lack a supply, and how many more hang by a single failure; or kW of them."""

    all: float
    dark: float
    hanging: float

    def to_json(self) -> dict[str, float]:
        """As the command line prints it."""
        return {"all": self.all, "dark": self.dark, "hanging": self.hanging}


@dataclass(frozen=True, slots=True)
class Counts:
    """Each thing counted once, by its worst supply: one that lacks any is dark, whatever the others hang by."""

    racks: Count
    services: Count
    tenants: Count
    it_load_kw: Count

    def to_json(self) -> dict[str, dict[str, float]]:
        """As the command line prints it."""
        kinds = {"racks": self.racks, "services": self.services, "tenants": self.tenants, "it_load_kw": self.it_load_kw}
        return {kind: count.to_json() for kind, count in kinds.items()}


@dataclass(frozen=True, slots=True)
class Hanger:
    """One single failure, and what hangs by it: what is up and would lose a supply."""

    id: str
    label: str
    racks: int
    services: int
    tenants: int
    it_load_kw: float

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "id": self.id,
            "label": self.label,
            "racks": self.racks,
            "services": self.services,
            "tenants": self.tenants,
            "it_load_kw": self.it_load_kw,
        }


@dataclass(frozen=True, slots=True)
class Hanging:
    """A thing that hangs by single failures: the first of these in order of ids, and how many there are."""

    id: str
    by: tuple[str, ...]
    count: int

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"id": self.id, "by": list(self.by), "count": self.count}


@dataclass(frozen=True, eq=False)
class Posture:
    """How a site stands against single failures, as of one revision and one instant. Equal questions give equal answers."""

    graph: SupplyGraph
    conditions: Conditions
    wiring: Wiring
    behind: Behind
    stopped: Ids
    """The nodes that hand on nothing, ascending: open switches, and what is out of service."""
    down: Bits
    """Per pair: 1 where it does not hold."""
    units: Ids
    """The failure units, ascending."""
    lists: Lists
    """Per unit: the pairs that its failure alone takes down, but for its own."""
    renewed: tuple[Lists, Ids] | None = None
    """The lists that these were renewed from, and the rows of the units that were tried again: the others are the same."""

    @cached_property
    def dark(self) -> Flags:
        """By node: whether it lacks a supply; a rack that nothing feeds: whether something mounted in it does."""
        return self.told_of(self.wiring.pair_node[np.flatnonzero(self.down)])

    @cached_property
    def hanging(self) -> Flags:
        """By node: whether a supply of it hangs by a single failure and none is lacking."""
        found = kernel.flagged(self.lists, self.units, self.wiring.pair_node, self.behind.holders_at, self.behind.holders)
        hangs: Flags = found.astype(np.bool_) & ~self.dark
        return hangs

    def told_of(self, nodes: Ids) -> Flags:
        """Flags of some nodes and of the racks that stand or fall with them."""
        found = np.zeros(len(self.graph.nodes), dtype=np.bool_)
        found[nodes] = True
        mounted = self.graph.mounted_in_unfed
        found[mounted[found[mounted[:, 0]], 1]] = True
        return found

    @cached_property
    def counts(self) -> Counts:
        """How many of each kind are dark, and how many hang by a single failure."""
        loads = self.graph.loads
        racks, services = (
            Count(len(nodes), int(self.dark[nodes].sum()), int(self.hanging[nodes].sum())) for nodes in (loads.racks, loads.services)
        )
        dark, hanging = self.tenants(self.dark), self.tenants(self.hanging)
        tenants = Count(len(loads.tenants), int(dark.sum()), int((hanging & ~dark).sum()))
        return Counts(racks, services, tenants, Count(_kw(loads.equipment_kw), self.kw(self.dark), self.kw(self.hanging)))

    @property
    def message(self) -> str:
        """How the racks stand, or where there are none the services: `12 of 200 racks hang by a single failure, 0 are dark`."""
        name, count = ("racks", self.counts.racks) if self.counts.racks.all else ("services", self.counts.services)
        return f"{count.hanging:,} of {count.all:,} {name} hang by a single failure, {count.dark:,} are dark"

    def tenants(self, nodes: Flags) -> Flags:
        """Flags of the tenants that own any of the flagged nodes."""
        found = np.zeros(len(self.graph.loads.tenants), dtype=np.bool_)
        owned = self.graph.loads.owned
        found[owned[nodes[owned[:, 0]], 1]] = True
        return found

    def kw(self, nodes: Flags) -> float:
        """The draw of the IT equipment among the flagged nodes, kW."""
        return _kw(self.graph.loads.equipment_kw[nodes[self.graph.loads.equipment]])

    @cached_property
    def behind_units(self) -> Lost:
        """What hangs by each of the units, counted as a sweep does, but without what the unit is itself, and without what is dark: that is
        counted there. Cost: the length of the lists; where anything is dark also a few passes over the nodes."""
        lost, size = nothing_lost(len(self.units)), len(self.graph.nodes)
        marks = Marks(np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(len(self.graph.loads.tenants), np.int32))
        behind = behind_of(self.graph, (self.dark, self.tenants(self.dark))) if self.dark.any() else self.behind
        kernel.counted(self.lists, self.units, self.wiring.pair_node, behind, marks, lost)
        return lost

    def hangers(self, first: int = FIRST) -> tuple[Hanger, ...]:
        """The single failures by which racks, services, tenants or load hang: those by which most kW hang first."""
        lost = self.behind_units
        any_of = (lost.racks > 0) | (lost.services > 0) | (lost.tenants > 0) | (lost.kw > 0)
        return tuple(self._hanger(row) for row in ranking(lost, By.KW).tolist() if any_of[row])[:first]

    def _hanger(self, row: int) -> Hanger:
        lost, node = self.behind_units, int(self.units[row])
        racks, services, tenants = (int(column[row]) for column in (lost.racks, lost.services, lost.tenants))
        return Hanger(self.graph.id(node), self.graph.label(node), racks, services, tenants, round(float(lost.kw[row]), 3))

    def hanging_by(self, nodes: Sequence[int], first: int = BY_MAX) -> tuple[Hanging, ...]:
        """By what each of some nodes hangs. Cost: the length of all lists once, then that of theirs."""
        at, rows, _ = self._by_pair
        mounted = self.graph.mounted_in_unfed
        found = []
        for node in nodes:
            with_it = [node, *mounted[mounted[:, 1] == node, 0].tolist()]
            pairs = [pair for each in with_it for pair in self.wiring.pairs_of(each)]
            causes = {int(self.units[row]) for pair in pairs for row in rows[at[pair] : at[pair + 1]].tolist()} - {node}
            found.append(Hanging(self.graph.id(node), tuple(map(self.graph.id, sorted(causes)[:first])), len(causes)))
        return tuple(found)

    @cached_property
    def _by_pair(self) -> tuple[Ids, Ids, Ids]:
        return by_item(self.lists, len(self.down))

    def ids(self, nodes: Ids, flags: Flags) -> tuple[str, ...]:
        """The ids of the flagged ones of some nodes, in order."""
        return tuple(map(self.graph.id, nodes[flags[nodes]].tolist()))

    @cached_property
    def assumed(self) -> tuple[str, ...]:
        """What the answer takes from telemetry beside the positions, and in doubt; where ratings are stated, that load is not followed;
        and what it takes for granted of the model."""
        graph = self.graph
        return (*self.conditions.assumed(graph.find), *without_load(graph), *graph.taken_for_equipment, *taken_for_granted(graph))

    def positions(self) -> tuple[StatedPosition, ...]:
        """Where each switch stands."""
        return tuple(
            StatedPosition(self.graph.id(node), "open" if position.is_open else "closed", position.from_telemetry)
            for node, position in stated_positions(self.graph, self.conditions)
        )

    def to_json(self, first: int = FIRST) -> dict[str, object]:
        """As the command line prints it; of each list so many, counts are of all."""
        racks, services = self.graph.loads.racks, self.graph.loads.services
        return {
            "message": self.message,
            "revision": self.graph.revision,
            "at": self.conditions.at.isoformat().replace("+00:00", "Z"),
            "assumed": list(self.assumed),
            "positions": [{"id": p.id, "position": p.position, "from_telemetry": p.from_telemetry} for p in self.positions()],
            **self.counts.to_json(),
            "hangers": [hanger.to_json() for hanger in self.hangers(first)],
            "hanging_racks": [each.to_json() for each in self.hanging_by(racks[self.hanging[racks]][:first].tolist())],
            "hanging_services": [each.to_json() for each in self.hanging_by(services[self.hanging[services]][:first].tolist())],
            "dark_racks": list(self.ids(racks, self.dark)[:first]),
            "dark_services": list(self.ids(services, self.dark)[:first]),
        }


def _kw(draws: Floats) -> float:
    """The sum, to the watt."""
    return round(float(draws.sum()), 3)


__all__ = ["BY_MAX", "FIRST", "Count", "Counts", "Hanger", "Hanging", "Posture"]
