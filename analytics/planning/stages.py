"""The cooling units that racks share, as limits on what these can take together. Rules of stages: `cooling.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.planning.cooling import NOTHING, Heat, Stage
from graph.values import Floats
from ontology.terms import Ids


@dataclass(frozen=True, slots=True)
class Share:
    """One unit in one state: of a kW given off into each of some stages, what comes to it."""

    unit: int
    """Index into `Stages.units`."""
    parts: dict[int, float]
    """By stage."""


@dataclass(frozen=True, eq=False)
class Stages:
    """What comes to each cooling unit, as things stand and after any one failure. Columns; units and stages by number."""

    units: Ids
    """Nodes, ascending."""
    stages: tuple[Stage, ...]
    """The nodes of each."""
    heat_kw: Floats
    """By stage: what is given off into it already."""
    racks: tuple[Ids, ...]
    """By stage: the racks behind it that are filled, by their numbers."""
    losses: tuple[Stage, ...]
    more: frozenset[int] = frozenset()
    """The stages with one unit more."""
    shares: tuple[Share, ...] = ()

    @staticmethod
    def of(heat: Heat, racks: Sequence[tuple[int, str] | None]) -> Stages:
        """The stages behind the racks that are filled (node, and the medium that takes their heat; None: nothing is known of that)."""
        given: dict[Stage, float] = defaultdict(float)
        for key, stages in heat.stages.items():
            for stage in stages:
                given[stage] += heat.heat_kw.get(key, 0.0)
        behind: dict[Stage, list[int]] = {stage: [] for stage in sorted(given, key=sorted)}
        for number, rack in enumerate(racks):
            for stage in () if rack is None else heat.stages.get(rack, ()):
                behind[stage].append(number)
        units = np.array(sorted(set().union(*behind)), dtype=np.int32)
        found = Stages(
            units,
            tuple(behind),
            np.array([given[stage] for stage in behind], dtype=np.float64),
            tuple(np.array(of, dtype=np.int32) for of in behind.values()),
            tuple(out for out, _ in sorted(heat.losses.items(), key=lambda each: each[1])),
        )
        return replace(found, shares=tuple(found._shares()))

    @staticmethod
    def none() -> Stages:
        """Nothing is known of cooling."""
        return Stages(np.empty(0, np.int32), (), np.zeros(0), (), ())

    def with_one_more(self, stages: Iterable[int]) -> Stages:
        """The same with one unit more in each of these stages. It is out when any two units of its stage are, and alone."""
        found = replace(self, more=frozenset(stages))
        return replace(found, shares=tuple(found._shares()))

    def used(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """By unit whether any rack that is filled is behind it."""
        nodes = set().union(*(stage for stage, of in zip(self.stages, self.racks, strict=True) if len(of)))
        return np.isin(self.units, np.array(sorted(nodes), dtype=np.int32))

    def _shares(self) -> Iterable[Share]:
        """All units in all states, each only in those that change what comes to it."""
        number = {node: at for at, node in enumerate(self.units.tolist())}
        stages_of: dict[int, list[int]] = defaultdict(list)
        for at, stage in enumerate(self.stages):
            for node in stage:
                stages_of[node].append(at)
        states = [(out, self.more) for out in self.losses] + ([(NOTHING, frozenset[int]())] if self.more else [])
        for out, more in states:
            hit = {at for node in out for at in stages_of[node]} if out else range(len(self.stages))
            for node in sorted({node for at in hit for node in self.stages[at]} - out):
                yield Share(number[node], {at: 1.0 / self._sharing(at, out, more) for at in stages_of[node]})

    def _sharing(self, at: int, out: Stage, more: frozenset[int]) -> int:
        """How many units of a stage are left."""
        stage = self.stages[at]
        return len(stage - out) + (at in more and len(stage & out) <= 1)

    def worst(self, kw: Floats, limit: Floats) -> tuple[Floats, Ids]:
        """By unit the highest load as a part of its limit (kW) while the racks take so much more, and the first share that has it."""
        part, which = np.zeros(len(self.units)), np.full(len(self.units), -1, dtype=np.int32)
        heat = self.heat_kw + np.array([kw[of].sum() for of in self.racks])
        for at, share in enumerate(self.shares):
            now = sum(heat[stage] * of for stage, of in share.parts.items()) / limit[share.unit]
            if now > part[share.unit]:
                part[share.unit], which[share.unit] = now, at
        return part, which

    def row(self, which: int) -> tuple[Ids, Floats, float]:
        """Of a share the racks that have a part in it, their parts, and what it carries already, kW."""
        of = self.shares[which].parts
        racks = np.concatenate([self.racks[stage] for stage in of])
        parts = np.concatenate([np.full(len(self.racks[stage]), part) for stage, part in of.items()])
        once, place = np.unique(racks, return_inverse=True)
        whole = np.bincount(place, parts, len(once))
        return once.astype(np.int32), whole.astype(np.float64), float(sum(self.heat_kw[stage] * part for stage, part in of.items()))
