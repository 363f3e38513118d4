"""What a model states of its nodes' properties, and what their classes say where it states nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from analytics.loads import amounts, number_of, quantities, safest, stating_several
from analytics.supply_graph import SupplyGraph
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.errors import UnitError
from ontology.namespaces import DCX, compact
from ontology.terms import Ids
from ontology.units import conversion
from ontology.vocabulary import Vocabulary

LIMITS = {DCX + "peukertExponent": (1.0, 2.0), DCX + "stateOfHealth": (0.0, 1.0), DCX + "inverterEfficiency": (0.0, 1.0)}
"""From where to where a stated value can be (`ontology/shapes.ttl`); all are above 0."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that the model does not state: of which property, for which class and nodes, from where to where, in which unit."""

    property: str
    cls: str
    nodes: Ids
    low: float
    high: float
    unit: str
    stated: bool = False
    """Whether the model states one that does not count."""

    def text(self, count: int) -> str:
        """A sentence about `count` of the nodes."""
        value = f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        unit = f" {compact(self.unit)}" if self.unit else ""
        why = "what their model states does not count" if self.stated else "their model states none"
        return f"{compact(self.property)} of {count:,} {compact(self.cls)} is {value}{unit}: {why}"


@dataclass
class Stated:
    """Reads properties of a snapshot's nodes, and notes what had to be taken from their classes or could not be used."""

    snapshot: Snapshot
    vocabulary: Vocabulary
    graph: SupplyGraph
    terms: Ids
    """The term number of each node."""
    taken: list[Taken] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Nodes with what could not be taken as it is stated, and why."""

    def value(
        self, of: str, nodes: Ids, unit: str = "", medium: str = "", *, by_model: bool = True, by_class: bool = True
    ) -> tuple[Floats, Floats]:
        """The property of each node as low and high: what the model states (a quantity where a `unit` is given, then in that unit; else
        a number), else what its class says, nan where nobody says anything. A stated value of 0 or less, or that is none, is refused;
        several that differ are a range, and that is told."""
        low, high = self.ends(of, self.terms[nodes], unit) if by_model else np.full((2, len(nodes)), np.nan)
        says = self.snapshot.relation(of).first_objects(self.terms[nodes]) >= 0 if by_model else np.zeros(len(nodes), dtype=np.bool_)
        for row in np.flatnonzero(says & ~(low > 0)).tolist():
            self.refused.append((int(nodes[row]), _why(of, "", float(low[row]), unit)))
            low[row] = high[row] = np.nan
        self.refused += [(int(nodes[row]), as_range(of, low[row], high[row])) for row in np.flatnonzero(low < high).tolist()]
        silent = np.flatnonzero(np.isnan(low)).astype(np.int32)
        for cls, rows in self._by_class(nodes, silent) if by_class else ():
            said = self.vocabulary.supply.value(cls, of, medium)
            if said is None or said.medium != medium:
                continue
            scale, offset = _conversion(said.unit, unit)
            low[rows], high[rows] = said.low * scale + offset, said.high * scale + offset
            for refused in (False, True):
                if len(alike := rows[says[rows] == refused]):
                    self.taken.append(Taken(of, cls, nodes[alike], said.low, said.high, said.unit, refused))
        return low, high

    def ends(self, of: str, terms: Ids, unit: str = "") -> tuple[Floats, Floats]:
        """What the model states of each term, from and to: the same where it states one value; of several those above 0 count."""
        low = self.number(of, terms, unit)
        high = low.copy()
        several = stating_several(self.snapshot, of, terms) if unit else np.flatnonzero(self.snapshot.relation(of).several(terms))
        for row in several.tolist():
            if found := [each for each in self._each(of, int(terms[row]), unit) if each > 0]:
                low[row], high[row] = min(found), max(found)
        return low, high

    def _each(self, of: str, term: int, unit: str) -> Sequence[float]:
        """All that the model states of one term; nan for what is no number."""
        if unit:
            return amounts(self.snapshot, of, term, unit)
        return [number_of(self.snapshot.key(each)) for each in self.snapshot.objects(term, of)]

    def number(self, of: str, terms: Ids, unit: str = "") -> Floats:
        """What the model states of each term, of several the smallest above 0; nan where it states nothing."""
        if unit:
            return quantities(self.snapshot, of, terms, unit)
        relation, result = self.snapshot.relation(of), np.full(len(terms), np.nan)
        objects = relation.first_objects(terms)
        for row in np.flatnonzero(objects >= 0).tolist():
            result[row] = number_of(self.snapshot.key(int(objects[row])))
        for row in np.flatnonzero(relation.several(terms)).tolist():
            result[row] = safest(self._each(of, int(terms[row]), unit))
        return result

    def one(self, term: int, of: str, unit: str, node: int) -> tuple[float, float]:
        """The property of one thing that may be no node of the graph but stands behind one, as low and high; nan where nobody says
        anything. A stated value that is no number, 0 or less, or outside of `LIMITS` is refused; several that differ are a range, and that
        is told."""
        least, most = LIMITS.get(of, (0.0, np.inf))
        stated = self._each(of, term, unit)
        known = [value for value in stated if value > 0 and least <= value <= most]
        at = f" at {compact(self.snapshot.key(term))}"
        if known:
            low, high = min(known), max(known)
            if low < high:
                self.refused.append((node, as_range(of, low, high, at)))
            return low, high
        if stated:
            self.refused.append((node, _why(of, at, safest(stated), unit)))
        cls = self.vocabulary.most_specific(self.snapshot.types(term))
        said = None if cls is None else self.vocabulary.supply.value(cls, of)
        if cls is None or said is None:
            return float("nan"), float("nan")
        self.taken.append(Taken(of, cls, np.array([node], dtype=np.int32), said.low, said.high, said.unit, bool(stated)))
        return self.default(cls, of, unit)

    def default(self, cls: str, of: str, unit: str = "") -> tuple[float, float]:
        """What a class says of a property, from and to; nan where it says nothing."""
        said = self.vocabulary.supply.value(cls, of)
        scale, offset = (1.0, 0.0) if said is None else _conversion(said.unit, unit)
        return (float("nan"), float("nan")) if said is None else (said.low * scale + offset, said.high * scale + offset)

    def take(self, cls: str, of: str, nodes: Ids) -> None:
        """Note that what a class says of a property is taken for some nodes; nothing where it says nothing."""
        said = self.vocabulary.supply.value(cls, of)
        if said is not None and len(nodes):
            self.taken.append(Taken(of, cls, nodes, said.low, said.high, said.unit))

    def limit(self, of: str, nodes: Ids, unit: str, *, by_class: bool = True) -> tuple[Floats, Floats]:
        """A property of each node that its `dcx:environmentalClass` can say, too, and says first; else as `value`."""
        low, high = np.full((2, len(nodes)), np.nan)
        relation = self.snapshot.relation(DCX + "environmentalClass")
        for cls in np.unique(relation.objects).tolist():
            least, most = self.default(self.snapshot.key(cls), of, unit)
            rows = np.isin(self.terms[nodes], relation.subjects_of(cls))
            low[rows], high[rows] = np.fmin(low[rows], least), np.fmax(high[rows], most)
        for row in np.flatnonzero(relation.several(self.terms[nodes]) & (low < high)).tolist():
            self.refused.append((int(nodes[row]), as_range(DCX + "environmentalClass", low[row], high[row])))
        silent = np.isnan(low)
        low[silent], high[silent] = self.value(of, nodes[silent], unit, by_class=by_class)
        return low, high

    def _by_class(self, nodes: Ids, rows: Ids) -> Iterator[tuple[str, Ids]]:
        classes = self.graph.nodes.class_of[nodes[rows]]
        order = np.argsort(classes, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(classes[order])) + 1):
            if len(part) and classes[part[0]] >= 0:
                yield self.graph.nodes.classes[int(classes[part[0]])], rows[np.sort(part)]


def as_range(of: str, low: float, high: float, at: str = "") -> str:
    """That a thing states several values of a property."""
    return f"{compact(of)}{at} is stated more than once: it counts as the range from {low:g} to {high:g}"


def _why(of: str, at: str, value: float, unit: str) -> str:
    """Why a stated value is not counted."""
    if np.isnan(value):
        kind = " in a unit of its kind" if unit else ""
        return f"{compact(of)}{at} is no number{kind}: it is not counted"
    least, most = LIMITS.get(of, (0.0, np.inf))
    wanted = "above 0" if most == np.inf else f"above 0 and at most {most:g}" if least == 0 else f"from {least:g} to {most:g}"
    return f"{compact(of)} of {value:g}{at} is not counted: give a value {wanted}"


def _conversion(unit: str, wanted: str) -> tuple[float, float]:
    if not unit or not wanted:
        return 1.0, 0.0
    try:
        return conversion(unit, wanted)
    except UnitError:
        return float("nan"), float("nan")
