"""Where a load fits: all racks of a demo site at once, against adding the load to one rack and asking for the capacity of the whole site.

No library has the question; the peer is what somebody would do without ours, by our own `capacity`, which is no slow one. In a sample of
racks the room is asserted by it: what is told to fit overloads nothing, as things stand and after any one failure, and a little more does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from analytics.capacity.standing import capacity
from analytics.planning.place import Load, place
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from bench.failure_one import NOW, Row, row, timed
from graph.snapshot import Snapshot
from ontology.vocabulary import load_vocabulary
from twin.demo.site import generate

NAME = "planning.place"
RACKS = (240, 1_000)
SAMPLE = 3
LOAD = Load(5.0)
LITTLE_KW = 0.002
"""More than rooms are rounded by."""
Fullest = dict[str, float]


def run(racks: int, runs: int) -> Iterator[Row]:
    """One row for a site of so many racks."""
    vocabulary, snapshot = load_vocabulary(), Snapshot.of(generate(racks))
    graph = compile_supply(snapshot, vocabulary)
    ours, found = timed(lambda: place(snapshot, vocabulary, graph, NOW, LOAD), runs)
    limited = sorted((each for each in found.places if each.room_kw is not None and each.room_kw > LITTLE_KW), key=lambda each: each.rack)
    before, seconds = _fullest(graph), []
    for at in np.random.default_rng(1).choice(len(limited), SAMPLE, replace=False).tolist():
        room = limited[at].room_kw or 0.0
        begun = time.perf_counter()
        less = _fullest(_with(graph, limited[at].rack, room - LITTLE_KW))
        seconds.append(time.perf_counter() - begun)
        more = _fullest(_with(graph, limited[at].rack, room + LITTLE_KW))
        assert not _over(less, before), f"{room} kW are too much in {limited[at].rack}"
        assert _over(more, before), f"more than {room} kW fit in {limited[at].rack}"
    yield {
        **row(NAME, len(graph.nodes), ours, "each rack by capacity (extrapolated)", [float(np.mean(seconds)) * racks]),
        "racks": racks,
        "failures": int(graph.nodes.failure_unit.sum()),
        "fitting": found.fitting,
    }


def _with(graph: SupplyGraph, rack: str, kw: float) -> SupplyGraph:
    """The site with so much more drawn by one rack."""
    node = graph.find(rack)
    assert node is not None
    assert graph.electrical is not None
    draw = graph.electrical.draw_kw.copy()
    draw[node] += kw
    return replace(graph, electrical=replace(graph.electrical, draw_kw=draw))


def _fullest(graph: SupplyGraph) -> Fullest:
    """Of each feeder the highest part of its limit that it carries, as things stand or after any one failure."""
    return {each.id: max(each.part, each.worst_part) for each in capacity(graph, NOW).feeders}


def _over(parts: Fullest, before: Fullest) -> list[str]:
    """What carries more than it may, and more than before."""
    return [each for each, part in parts.items() if part > 1.0 + 1e-9 and part > before[each] * (1 + 1e-9)]
