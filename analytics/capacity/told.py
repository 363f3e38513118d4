"""What an answer tells of load: what tripped and when, what is above its limit, and what the figures stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.capacity.cascade import Cascade
from analytics.capacity.electrical import Basis
from analytics.capacity.flow import Loads
from analytics.conditions import Conditions
from analytics.damage import Loaded
from analytics.figures import rounded_apart, shown
from analytics.supply_graph import SupplyGraph
from analytics.unusable import NAMED_MAX
from ontology.namespaces import compact


@dataclass(frozen=True, slots=True)
class Trip:
    """Something that opened because it carried too much: its IRI, when after the failure, what it carried and is rated for."""

    id: str
    after_s: float
    load_kw: float
    rated_kw: float

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"id": self.id, "after_s": self.after_s, "load_kw": self.load_kw, "rated_kw": self.rated_kw}


@dataclass(frozen=True, slots=True)
class Overload:
    """Something still up that carries more than it may: its IRI, its load at the end and its continuous limit."""

    id: str
    load_kw: float
    limit_kw: float

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"id": self.id, "load_kw": self.load_kw, "limit_kw": self.limit_kw}


def trips(graph: SupplyGraph, loads: Loads | None, found: Cascade) -> tuple[Trip, ...]:
    """What tripped, in order of time, then of ids."""
    if loads is None:
        return ()
    columns = (found.tripped.tolist(), found.at_s.tolist(), found.trip_kw.tolist())
    rated = loads.electrical.rated_kw
    return tuple(Trip(graph.id(node), round(at, 3), *rounded_apart(kw, float(rated[node]))) for node, at, kw in zip(*columns, strict=True))


def overloads(graph: SupplyGraph, loads: Loads | None, found: Cascade) -> tuple[Overload, ...]:
    """What is overloaded at the end, in order of ids."""
    if loads is None:
        return ()
    limit = loads.electrical.limit_kw
    pairs = zip(found.overloaded.tolist(), found.load_kw.tolist(), strict=True)
    return tuple(Overload(graph.id(node), *rounded_apart(kw, float(limit[node]))) for node, kw in pairs)


def stands_on(loads: Loads, conditions: Conditions) -> str:
    """What the loads of a plant rest on, in one sentence, and when their readings were taken, where that was before."""
    counts = np.bincount(loads.basis[loads.power_slot[loads.power_slot >= 0]], minlength=len(Basis))
    read_at = None if conditions.power_at == conditions.at else conditions.power_at
    taken = "" if read_at is None else f" (taken at {read_at:%H:%M:%S} UTC)"
    of = {Basis.READING: f"good readings{taken}", Basis.ALLOCATED: "allocated power", Basis.RATED: "rated input times a diversity factor"}
    said = [f"{what} of {counts[basis]:,}" for basis, what in of.items() if counts[basis]]
    return f"loads in kW rest on {', '.join(said)}; all else carries the sum of what it feeds" if said else "no load is known: nothing says"


INSTEAD = {
    Basis.ALLOCATED: ", its allocated power",
    Basis.RATED: ", its rated input times a diversity factor",
    Basis.SUM: ", the sum of what it feeds",
    Basis.READING: ", what another meter says",
}


@dataclass(frozen=True, slots=True)
class Unmetered:
    """A node whose load stands on something else, because a meter of it has no usable value; and that in words."""

    node: int
    text: str


def unmetered(graph: SupplyGraph, loads: Loads | None, conditions: Conditions) -> list[Unmetered]:
    """What would stand on a meter, if that could be read, in order of IRIs. Cost: that of what it gives."""
    if loads is None:
        return []
    found = []
    for thing in sorted(conditions.unmetered):
        node = graph.find(thing)
        if node is not None and loads.power_slot[node] >= 0 and not loads.electrical.beside[node]:
            slot = int(loads.power_slot[node])
            instead = INSTEAD.get(Basis(int(loads.basis[slot])), ": nothing else is known of it")
            kw = f"counts with {shown(float(loads.base.demand[slot].sum()))} kW{instead}"
            found.append(Unmetered(node, f"{kw}, as {conditions.unmetered[thing].text}"))
    return found


def unmetered_told(graph: SupplyGraph, found: Sequence[Unmetered]) -> list[str]:
    """The first of them, a sentence each, and how many more there are."""
    texts = [f"{compact(graph.id(each.node))} {each.text}" for each in found[:NAMED_MAX]]
    more = len(found) - len(texts)
    return [*texts, f"{more} more things count with another load than their meters say"] if more > 0 else texts


def cut_short(found: Cascade) -> str:
    """That not every trip was followed; empty where all were."""
    return "" if found.complete else f"the first {found.rounds:,} trips in order of time are followed, later ones are not"


def too_many(further: Loaded) -> str:
    """That not every further failure was followed with what trips by it."""
    return (
        f"of the further failures that could make something trip the first {further.tried:,} are followed with what trips; "
        f"{further.left_out:,} more are judged without load"
    )
