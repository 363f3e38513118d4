"""How often things fail and how long a repair takes: what the model states, else what their classes say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.roles import COMMON_CAUSE_GROUP
from analytics.supply_graph import SupplyGraph
from analytics.time.stated import Stated, as_range
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.namespaces import DCX, compact
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

MTBF, MTTR = DCX + "mtbfHours", DCX + "mttrHours"
HOURS_MIN, HOURS_MAX = 1e-6, 1e12
"""From 4 ms to a hundred million years: rates beyond these count as these, and that is told."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Columns with one entry for each of some nodes, in hours; nan where nobody says anything. Of a range the worse end counts."""

    mtbf_hours: Floats
    mttr_hours: Floats
    notes: tuple[str, ...]
    """What was taken from classes, what is stated more than once or beyond reason, and what could not be used."""

    @property
    def down(self) -> Floats:
        """The part of all time that each is down, MTTR / (MTBF + MTTR); nan where a rate is missing."""
        part: Floats = self.mttr_hours / (self.mtbf_hours + self.mttr_hours)
        return part


def rates_of(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, nodes: Ids) -> Rates:
    """The rates of the given nodes. A stated value of 0 or less is told and not counted. Cost: the nodes."""
    stated = Stated(snapshot, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids))
    mtbf, _ = stated.value(MTBF, nodes)
    _, mttr = stated.value(MTTR, nodes)
    for of, hours in ((MTBF, mtbf), (MTTR, mttr)):
        for row in np.flatnonzero((hours < HOURS_MIN) | (hours > HOURS_MAX)).tolist():
            stated.refused.append((int(nodes[row]), _beyond(of, hours[row])))
    told = (f"{compact(graph.id(node))}: {text}" for node, text in stated.refused)
    notes = (*(each.text(len(each.nodes)) for each in stated.taken), *sorted(told))
    return Rates(np.clip(mtbf, HOURS_MIN, HOURS_MAX), np.clip(mttr, HOURS_MIN, HOURS_MAX), notes)


def _beyond(of: str, hours: float) -> str:
    counts = min(max(hours, HOURS_MIN), HOURS_MAX)
    return f"{compact(of)} of {hours:g} counts as {counts:g}: give hours from {HOURS_MIN:g} to {HOURS_MAX:g}"


@dataclass(frozen=True, slots=True)
class Groups:
    """The common-cause groups that state both rates, in order of ids: each failure of one takes all its members down."""

    ids: tuple[str, ...]
    members: tuple[Ids, ...]
    """Of each: its members among the nodes."""
    mtbf_hours: Floats
    mttr_hours: Floats
    notes: tuple[tuple[str, ...], ...]
    """Of each: which of its rates are stated more than once or beyond reason."""


def stating(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph) -> tuple[Ids, Groups, tuple[str, ...]]:
    """The nodes that state a rate themselves, the groups that state both, and what states rates and cannot be counted."""
    terms = sorted({term for of in (MTBF, MTTR) for term in snapshot.relation(of).subjects.tolist()}, key=snapshot.key)
    causes = set(snapshot.instances(vocabulary.subclasses(COMMON_CAUSE_GROUP)).tolist())
    stated = Stated(snapshot, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids))
    nodes, groups, left_out = [], [], []
    for term in terms:
        iri = snapshot.key(term)
        if term in causes:
            mtbf, mttr, notes = _of_group(stated, term, compact(iri))
            found = {node for each in snapshot.objects(term, DCX + "hasMember") if (node := graph.find(snapshot.key(each))) is not None}
            if mtbf > 0 and mttr > 0 and found:
                groups.append((iri, np.array(sorted(found), np.int32), mtbf, mttr, notes))
            else:
                left_out.append(f"{compact(iri)} is not counted: a group needs members in supply, and both rates above 0")
        elif (node := graph.find(iri)) is not None:
            nodes.append(node)
        else:
            left_out.append(f"{compact(iri)} states rates and is not counted: it plays no part in supply")
    mtbf_hours, mttr_hours = (np.array([group[at] for group in groups], dtype=np.float64) for at in (2, 3))
    ids, members = tuple(group[0] for group in groups), tuple(group[1] for group in groups)
    told = Groups(ids, members, mtbf_hours, mttr_hours, tuple(group[4] for group in groups))
    return np.array(sorted(nodes), np.int32), told, tuple(left_out)


def _of_group(stated: Stated, term: int, name: str) -> tuple[float, float, tuple[str, ...]]:
    """The rates that a group states, of several the worse end, and what is to be told of them."""
    counts, notes = [], []
    for of, worse in ((MTBF, 0), (MTTR, 1)):
        ends = [float(end[0]) for end in stated.ends(of, np.array([term], np.int32))]
        if ends[0] < ends[1]:
            notes.append(f"{name}: {as_range(of, ends[0], ends[1])}")
        if 0 < (hours := ends[worse]) < HOURS_MIN or hours > HOURS_MAX:
            notes.append(f"{name}: {_beyond(of, hours)}")
            hours = min(max(hours, HOURS_MIN), HOURS_MAX)
        counts.append(hours)
    return counts[0], counts[1], tuple(notes)


def known(rates: Rates) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which nodes have both rates."""
    return np.isfinite(rates.mtbf_hours) & np.isfinite(rates.mttr_hours)
