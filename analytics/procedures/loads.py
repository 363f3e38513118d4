"""The loads of the plant that a procedure runs on, held against what everything carried at the start.

Rules of this file:

1. What draws how much is known at the start: readings speak of the switches as they stand then. The same draws are spread over the plant
   with every switch of the procedure closed.
2. Nothing trips and nothing counts as overloaded that carries no more than it did at the start: no step is to blame for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from analytics.capacity import kernel
from analytics.capacity.cascade import GROWN, Run
from analytics.capacity.flow import Loads, loads_of
from analytics.capacity.kernel import Flow
from analytics.capacity.told import stands_on
from analytics.conditions import Conditions
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from ontology.namespaces import compact
from ontology.terms import Ids

NAMED_MAX = 3
"""Things overloaded at the start that an answer names."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """Whether ratings count in a check, and what they are held against."""

    loads: Loads | None = None
    """Of the plant with all switches closed; None where supply alone is judged."""
    why_not: str = ""
    """Why supply alone is judged; empty where ratings count."""
    notes: tuple[str, ...] = field(default=())


def ratings_of(graph: SupplyGraph, conditions: Conditions, closed: Plant, out: Ids) -> Ratings:
    """The loads of the plant `closed`, with the draws that hold as the switches stand in `conditions`, where the nodes `out` are open.

    Cost: as `loads_of`; where the procedure closes a switch that is open once more, and two passes over the plant.
    """
    first = plant(graph, conditions)
    start = loads_of(graph, first, conditions)
    if start is None:
        return Ratings(why_not="the model states no rating")
    if not start.base.demand.any():
        return Ratings(why_not="ratings are stated, but no load in kW is known")
    told = f"ratings count as far as the model states them; {stands_on(start, conditions)}"
    over = start.rated()
    over = over[start.part_of(over, start.base.demand, start.electrical.limit_kw) > GROWN]
    notes = (told, *_overloaded_already(graph, start.slot_node[over]))
    return Ratings(start if first is closed else _since(graph, conditions, start, closed, out), notes=notes)


def _since(graph: SupplyGraph, conditions: Conditions, start: Loads, closed: Plant, out: Ids) -> Loads | None:
    """The draws of the start on another plant, and what everything carries there while `out` is open."""
    found = loads_of(graph, closed, conditions)
    if found is None:
        return None
    flow = Flow(start.base.own.copy(), np.zeros_like(start.base.demand), np.zeros(len(found.net.takes)))
    with found.lent() as (_, work):
        kernel.roll_up(found.net, flow, closed.base.live, np.full(len(found.slot_node), np.nan), work)
    here = replace(found, base=flow, basis=start.basis, _idle=[], _lock=Lock())
    with closed.bench() as bench, here.lent() as (lent, work):
        run = Run(closed, here, bench, lent, work)
        run.lose(closed.slots(out))
        earlier = lent.demand.copy()
        run.undo()
    return replace(here, earlier=earlier)


def _overloaded_already(graph: SupplyGraph, nodes: Ids) -> tuple[str, ...]:
    if len(nodes) == 0:
        return ()
    named = ", ".join(compact(graph.id(node)) for node in nodes[:NAMED_MAX].tolist())
    more = ", ..." if len(nodes) > NAMED_MAX else ""
    return (f"{len(nodes):,} carry more than they may before any step ({named}{more}): a step counts only where it adds to that",)
