"""All single failures of a site (N-1): what each takes down, ranked by what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from analytics.conditions import Conditions
from analytics.impact import OutcomeKind, Told, impact
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps import kernel
from analytics.sweeps.basis import Basis, basis_of
from analytics.sweeps.behind import marks_of, nothing_lost
from analytics.sweeps.fields import fields_of, wave_of
from analytics.sweeps.kernel import Behind, Lost
from analytics.sweeps.twins import HEIGHTS, twins_of
from analytics.sweeps.units import Unit, Units
from analytics.totals import were_down
from graph.ports import Progress
from ontology.terms import Ids

CHUNK = 50_000
"""Failures between two reports of progress; some 10 ms."""


class By(StrEnum):
    """What the failures are ranked by, the most first."""

    KW = "kw"
    RACKS = "racks"
    SERVICES = "services"
    TENANTS = "tenants"


@dataclass(frozen=True, slots=True)
class Exposed:
    """What is still up after a failure, and hangs by one thing that it did not hang by before (`NO_REDUNDANCY`)."""

    racks: int
    services: int
    tenants: int
    it_load_kw: float

    def to_json(self) -> dict[str, int | float]:
        """As the command line prints it."""
        return {"racks": self.racks, "services": self.services, "tenants": self.tenants, "it_load_kw": self.it_load_kw}


@dataclass(frozen=True, slots=True)
class Loss:
    """What one failure, or two together, take down, what fails itself among it; each thing counted once."""

    failed: tuple[Unit, ...]
    nodes: int
    """How many nodes of the supply graph fail in it."""
    supplies: int
    """(node, medium) that no longer hold; those of what fails itself are left out."""
    racks: int
    services: int
    tenants: int
    it_load_kw: float
    weakens: bool
    """Whether a requirement that still holds lost a supplier; of two failures: never looked into."""
    exposed: Exposed | None = None
    """Only where it was asked for."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        told: dict[str, object] = {
            "failed": [unit.to_json() for unit in self.failed],
            "nodes": self.nodes,
            "lost": {
                "supplies": self.supplies,
                "racks": self.racks,
                "services": self.services,
                "tenants": self.tenants,
                "it_load_kw": self.it_load_kw,
            },
        }
        if len(self.failed) == 1:
            told["weakens"] = self.weakens
        return told if self.exposed is None else told | {"no_redundancy": self.exposed.to_json()}


@dataclass(frozen=True, eq=False)
class Singles:
    """The answer to "what does each single failure take down": a row for each of `units`. Equal questions give equal answers."""

    basis: Basis
    units: Units
    lost: Lost

    @property
    def harmful(self) -> int:
        """How many of the failures take anything down; one that is no more than a loss of its own counts, too."""
        lost = self.lost
        return int(np.count_nonzero(lost.pairs + lost.racks + lost.services + lost.tenants + (lost.kw > 0)))

    def ranked(self, by: By = By.KW) -> Ids:
        """The numbers of the failures: those that take most down first, by `by`, then by kW, tenants, services, racks and supplies, then
        in the order of `units`."""
        return ranking(self.lost, by)

    def loss(self, unit: int, exposed: Exposed | None = None) -> Loss:
        """One failure, told."""
        return loss_of(self.lost, unit, (self.units.unit(unit),), len(self.units.nodes_of(unit)), exposed)


def ranking(lost: Lost, by: By) -> Ids:
    """Row numbers, the worst first."""
    kw, tenants, services, racks = -np.round(lost.kw, 3), -lost.tenants, -lost.services, -lost.racks
    first = {By.KW: kw, By.TENANTS: tenants.astype(float), By.SERVICES: services.astype(float), By.RACKS: racks.astype(float)}[by]
    return np.lexsort((-lost.pairs, racks, services, tenants, kw, first)).astype(np.int32)


def loss_of(lost: Lost, row: int, failed: tuple[Unit, ...], nodes: int, exposed: Exposed | None = None) -> Loss:
    """One row of the columns, told."""
    pairs, racks, services, tenants = (int(column[row]) for column in (lost.pairs, lost.racks, lost.services, lost.tenants))
    return Loss(failed, nodes, pairs, racks, services, tenants, round(float(lost.kw[row]), 3), bool(lost.weakens[row]), exposed)


def n1(graph: SupplyGraph, conditions: Conditions, units: Units | None = None, progress: Progress | None = None) -> Singles:
    """What each of the units takes down when it fails alone, the switches standing as `conditions` say.

    `units` are those of `analytics/sweeps/units.py`; absent: every piece of equipment that is a failure unit. Each row equals what
    `analytics.impact.impact` answers for the same failure, what is lost and what fails itself together. Cost: the damage of all of them.
    """
    units = Units.equipment(graph) if units is None else units
    state, lost = plant(graph, conditions), nothing_lost(len(units))
    twins = twins_of(graph, state.wiring)
    before = were_down(graph, state.dark_nodes)
    if len(before) or not graph.nodes.switch[state.stopped].all():  # of two twins one may be dark, or out of service
        twins = replace(twins, joined=twins.joined[:1])
    lowest = np.minimum.reduceat(twins.height[units.nodes], units.at[:-1]) if len(units) else twins.height[:0]
    level = np.searchsorted(HEIGHTS[: len(twins.joined) - 1], lowest, side="right")
    in_loops: list[Ids] = []
    done = 0
    for number, (joined, field) in enumerate(zip(twins.joined, fields_of(state, twins), strict=True)):
        rows = np.flatnonzero(level == number).astype(np.int32)
        at, nodes = _nodes_of(units, rows)
        nodes = joined.node[nodes]
        wave, marks = wave_of(field), marks_of(len(joined.slots_at) - 1, len(graph.loads.tenants))
        down = np.zeros(len(marks.node), np.uint8)
        down[joined.node[before]] = 1
        left = np.empty(len(rows), np.int32)
        for first in range(0, len(rows), CHUNK):
            last = min(first + CHUNK, len(rows))
            loops = len(state.ring.members) > 0
            found = kernel.singles(field, loops, wave, joined.behind, down, marks, at, nodes, rows, first, last, lost, left)
            in_loops.append(rows[left[:found]])
            done += last - first
            if progress is not None:
                progress("single failures", done, len(units))
    _by_cascades(state, twins.joined[0].behind, units, np.concatenate([np.empty(0, np.int32), *in_loops]), before, lost)
    _and_itself(twins.joined[0].behind, units, before, lost)
    return Singles(basis_of(graph, conditions, state), units, lost)


def _and_itself(behind: Behind, units: Units, before: Ids, lost: Lost) -> None:
    """Count what fails itself, too, and was not down before: what a node is and draws is never lost by its own failure, so it only has to
    be added."""
    if len(units):
        each = [of.copy() for of in (behind.rack, behind.service, behind.kw)]
        for of in each:
            of[before] = 0
        racks, services, kw = (np.add.reduceat(of[units.nodes], units.at[:-1]) for of in each)
        np.add(lost.racks, racks, out=lost.racks)
        np.add(lost.services, services, out=lost.services)
        np.add(lost.kw, kw, out=lost.kw)


def _nodes_of(units: Units, rows: Ids) -> tuple[Ids, Ids]:
    """Where the nodes of each of some units begin, and these."""
    if len(rows) == len(units.nodes):
        return units.at, units.nodes
    sizes = units.at[rows + 1] - units.at[rows]
    at = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(sizes, out=at[1:])
    return at, units.nodes[np.repeat(units.at[rows] - at[:-1], sizes) + np.arange(at[-1], dtype=np.int32)]


def _by_cascades(state: Plant, behind: Behind, units: Units, rows: Ids, before: Ids, lost: Lost) -> None:
    """The rows of units that touch loops."""
    if len(rows) == 0:
        return
    wiring, marks = state.wiring, marks_of(len(behind.nodes), int(behind.tenants.max(initial=-1)) + 1)
    down = np.zeros(len(marks.node), np.uint8)
    down[before] = 1
    with state.bench() as bench:
        kernel.singles_in_loops(
            state.wires,
            state.ring,
            state.returns,
            bench.now,
            bench.work,
            state.base.counts,
            wiring.slots_at,
            wiring.pair_node,
            behind,
            down,
            marks,
            units.at,
            units.nodes,
            rows,
            lost,
        )


def exposed_by(graph: SupplyGraph, conditions: Conditions, nodes: Sequence[int]) -> Exposed:
    """What hangs by one thing more when the given nodes fail. Cost: one whole blast radius, every further failure tried."""
    totals = impact(graph, [graph.id(node) for node in nodes], conditions, told=Told.TOTALS).totals
    key = OutcomeKind.NO_REDUNDANCY.value
    return Exposed(totals.racks[key], totals.services[key], totals.tenants[key], totals.it_load_kw[key])
