"""What is live: the state of the plant under given conditions, and what a set of failures does to it.

Rules of this file:

1. A `Plant` is the state with nothing failed, for one set of open switches and things out of service; a graph keeps the last few that it
   was asked for.
2. A scenario borrows a tally from its plant and gives it back as it was; several threads may ask one plant at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from analytics import kernel
from analytics.columns import distinct, without
from analytics.conditions import Conditions, Position
from analytics.kernel import Loops, Scratch, Tally, Wires
from analytics.order import loops
from analytics.returns import returns
from analytics.supply_graph import Flags, SupplyGraph
from analytics.walks import Marks
from analytics.wiring import Wiring, wire
from ontology.namespaces import expand
from ontology.terms import Ids

PLANTS_KEPT_MAX = 4
"""States kept a graph, one a set of what hands on nothing: the plant as it stands and a few what-ifs."""


RETURNS_STEPS_MAX = 20_000_000
"""Edges walked, some 0.5 s, in search of those that only return what their target handed on. Plants that are built take far fewer: only
a tangle of thousands of nodes that all feed each other comes up to it, and there the edges not looked at count as handing on."""


class Bench(NamedTuple):
    """Two tallies of one plant and the work space of a cascade and of walks, lent to one scenario at a time."""

    now: Tally
    alone: Tally
    work: Scratch
    marks: Marks


@dataclass(eq=False)
class Plant:
    """The state with nothing failed: which slots are live, the loops among them, and what each requirement has to spare."""

    wiring: Wiring
    stopped: Ids
    """The nodes that hand on nothing: open switches, and what is out of service."""
    base: Tally
    ring: Loops
    returns: NDArray[np.uint8]
    """Per edge, in the order of `Wires.feeds`: 1 where it hands its target only what came from there."""
    _idle: list[Bench] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @cached_property
    def dark(self) -> Ids:
        """The pairs that do not hold with nothing failed, ascending."""
        return np.flatnonzero(self.base.failing).astype(np.int32)

    @cached_property
    def dark_nodes(self) -> Ids:
        """The nodes of these, ascending, each once."""
        return distinct(self.wiring.pair_node[self.dark])

    @property
    def wires(self) -> Wires:
        """The wires that the kernels run on."""
        return self.wiring.wires

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """Lend two tallies that stand as the base does; whoever borrows leaves them so. One pass over the plant only when none is idle."""
        bench = self.taken()
        yield bench
        with self._lock:  # not in a `finally`: a bench that an error left in disorder must not come back
            self._idle.append(bench)

    def taken(self) -> Bench:
        """As `bench`, for good: whoever takes it may leave it as it will."""
        with self._lock:
            bench = self._idle.pop() if self._idle else None
        return bench or Bench(copied(self.base), copied(self.base), scratch_of(self.base, self.ring), marks_of(self.base))

    def slots(self, nodes: Ids) -> Ids:
        """All slots of the given nodes."""
        return slots_of(self.wiring, nodes)


_plants: WeakKeyDictionary[SupplyGraph, tuple[Wiring, dict[bytes, Plant]]] = WeakKeyDictionary()
_plants_lock = Lock()


def plant(graph: SupplyGraph, conditions: Conditions) -> Plant:
    """The state of a graph's plant with nothing failed, under the given conditions.

    The first call for a graph lays out its wires, the first for a set of what hands on nothing grounds it: some 0.5 s for a million nodes.
    """
    stopped = stopped_nodes(graph, conditions)
    with _plants_lock:
        wiring, kept = _laid_out(graph)
        key = stopped.tobytes()
        found = kept.pop(key, None) or _ground(wiring, stopped)
        kept[key] = found
        while len(kept) > PLANTS_KEPT_MAX:
            del kept[next(iter(kept))]
    return found


def laid_out(graph: SupplyGraph) -> Wiring:
    """The wires of a graph, laid out once; the same object for a graph that differs in its revision and its labels only."""
    with _plants_lock:
        return _laid_out(graph)[0]


def _laid_out(graph: SupplyGraph) -> tuple[Wiring, dict[bytes, Plant]]:
    if graph not in _plants:
        _plants[graph] = (wire(graph), {})
    return _plants[graph]


def hand_on_plants(older: SupplyGraph, newer: SupplyGraph) -> None:
    """What has been laid out and grounded for a graph serves another one that differs in its revision and its labels only."""
    with _plants_lock:
        if older in _plants:
            _plants[newer] = _plants[older]


def kept_plants(graph: SupplyGraph) -> tuple[Wiring, list[Plant]] | None:
    """What has been laid out and grounded for a graph, the state asked for last at the end; None where nothing has."""
    with _plants_lock:
        found = _plants.get(graph)
        return None if found is None else (found[0], list(found[1].values()))


def keep_plants(graph: SupplyGraph, wiring: Wiring, plants: Sequence[Plant]) -> None:
    """Take what has been laid out and grounded for a graph elsewhere."""
    with _plants_lock:
        _plants[graph] = (wiring, {plant.stopped.tobytes(): plant for plant in plants})


def open_nodes(graph: SupplyGraph, conditions: Conditions) -> Ids:
    """The switches that stand open, ascending."""
    told = {node: position.is_open for iri, position in conditions.positions.items() if (node := graph.find(iri)) is not None}
    if not told:
        return graph.normally_open
    opened = np.array([node for node, is_open in told.items() if is_open and graph.nodes.switch[node]], dtype=np.int32)
    return np.sort(np.concatenate((without(graph.normally_open, np.fromiter(told, np.int32, len(told))), opened)))


_stopped: WeakKeyDictionary[SupplyGraph, tuple[Mapping[str, Position], Mapping[str, str], Ids]] = WeakKeyDictionary()
"""What a graph was asked for last: equal conditions are the same objects as long as no point says something else."""


def stopped_nodes(graph: SupplyGraph, conditions: Conditions) -> Ids:
    """The nodes that hand on nothing with nothing failed, ascending: the switches that stand open, and what is out of service."""
    last = _stopped.get(graph)
    if last is not None and last[0] is conditions.positions and last[1] is conditions.out:
        return last[2]
    found = _stopped_nodes(graph, conditions)
    _stopped[graph] = (conditions.positions, conditions.out, found)
    return found


def _stopped_nodes(graph: SupplyGraph, conditions: Conditions) -> Ids:
    opened = open_nodes(graph, conditions)
    out = [node for iri in conditions.out if (node := graph.find(iri)) is not None]
    return np.union1d(opened, np.array(out, dtype=np.int32)).astype(np.int32) if out else opened


def stated_positions(graph: SupplyGraph, conditions: Conditions) -> list[tuple[int, Position]]:
    """Where every switch stands, ascending by node."""
    by_node = {graph.find(iri): position for iri, position in conditions.positions.items()}
    normal = {is_open: Position(is_open, from_telemetry=False) for is_open in (False, True)}
    switches = np.flatnonzero(graph.nodes.switch)
    return [
        (node, by_node.get(node) or normal[is_open])
        for node, is_open in zip(switches.tolist(), graph.nodes.normally_open[switches].tolist(), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class LiveState:
    """Which nodes are live and which supplies hold, under some failures."""

    graph: SupplyGraph
    wiring: Wiring
    slot_live: Flags
    pair_holds: Flags

    def is_live(self, iri: str) -> bool:
        """Whether a node hands on (a conduit: in some medium). What plays no part in supply is live as far as anybody can tell."""
        node = self.graph.find(iri)
        if node is None:
            return True
        first, last = self.wiring.slots_at[node], self.wiring.slots_at[node + 1]
        return bool(self.slot_live[first:last].any()) or first == last

    def hands_on(self, iri: str, medium: str) -> bool:
        """Whether a node hands on a medium (IRI or CURIE), if it feeds anything in it at all."""
        node, number = self.graph.find(iri), self._medium(medium)
        if node is None or number is None or not self.graph.nodes.conduit[node]:
            return self.is_live(iri)
        slots = range(int(self.wiring.slots_at[node]), int(self.wiring.slots_at[node + 1]))
        return next((bool(self.slot_live[s]) for s in slots if self.wiring.slot_medium[s] == number), True)

    def holds(self, iri: str, medium: str) -> bool:
        """Whether every requirement of a node in a medium (IRI or CURIE) holds; true where it has none."""
        node, number = self.graph.find(iri), self._medium(medium)
        if node is None or number is None:
            return True
        pairs = self.wiring.pairs_of(node)
        return next((bool(self.pair_holds[p]) for p in pairs if self.wiring.pair_medium[p] == number), True)

    def supplied(self, iri: str) -> bool:
        """Whether every requirement of a node in every medium holds. A failed node or an open switch may well be supplied."""
        node = self.graph.find(iri)
        return node is None or bool(self.pair_holds[self.wiring.pairs_of(node)].all())

    def _medium(self, medium: str) -> int | None:
        iri = expand(medium)
        return self.graph.media.index(iri) if iri in self.graph.media else None


def live(graph: SupplyGraph, failed: Sequence[str], conditions: Conditions) -> LiveState:
    """What is live and what holds while the given entities are failed.

    Raises `UnknownEntity` for an id that the twin does not know. Cost: the damage, plus a copy of the flags.
    """
    _, nodes = graph.resolve(failed)
    state = plant(graph, conditions)
    with state.bench() as bench:
        dead, _, _ = kernel.cascade(state.wires, state.ring, bench.now, bench.work, state.slots(nodes), state.base.counts)
        slot_live, holds = bench.now.live.astype(np.bool_), bench.now.failing == 0
        kernel.revive(state.wires, bench.now, bench.work.dead, 0, dead)
    return LiveState(graph, state.wiring, slot_live, holds)


def lost_nodes(graph: SupplyGraph, failed: Ids, conditions: Conditions) -> Ids:
    """The nodes, by number and ascending, that lose a supply when the nodes of the given numbers fail; without those. Cost: the damage."""
    state = plant(graph, conditions)
    with state.bench() as bench:
        dead, fallen, _ = kernel.cascade(state.wires, state.ring, bench.now, bench.work, state.slots(failed), state.base.counts)
        nodes = distinct(state.wiring.pair_node[bench.work.fallen[:fallen]])
        kernel.revive(state.wires, bench.now, bench.work.dead, 0, dead)
    return without(nodes, failed)


def grounded(wiring: Wiring, stopped: Ids) -> tuple[Tally, kernel.Flags, Ids]:
    """What holds while the given nodes hand on nothing, the flags of their slots, and the place of each slot on its way from a source."""
    wires = wiring.wires
    slots = len(wiring.slot_node)
    tally = Tally(np.zeros(slots, np.uint8), np.zeros(len(wires.at_least), np.int32), np.zeros(len(wiring.pair_node), np.int32))
    blocked = np.isin(wiring.slot_node, stopped).astype(np.uint8)
    return tally, blocked, kernel.ground(wires, blocked, tally)


def _ground(wiring: Wiring, stopped: Ids) -> Plant:
    wires = wiring.wires
    tally, _, place = grounded(wiring, stopped)
    ring = loops_of(*loops(wires.feeds_at, wires.gate_slot[wires.feeds], tally.live))
    return Plant(wiring, stopped, tally, ring, returns(wires, ring, tally, place, RETURNS_STEPS_MAX))


def slots_of(wiring: Wiring, nodes: Ids) -> Ids:
    """All slots of the given nodes."""
    at = wiring.slots_at
    return np.concatenate([np.empty(0, np.int32), *(np.arange(at[n], at[n + 1], dtype=np.int32) for n in nodes.tolist())])


def loops_of(loop_of: Ids, found: int) -> Loops:
    """So many loops, from the number of the loop of each slot (-1: none)."""
    members = np.flatnonzero(loop_of >= 0).astype(np.int32)
    members = members[np.argsort(loop_of[members], kind="stable")]
    return Loops(loop_of, np.searchsorted(loop_of[members], np.arange(found + 1)).astype(np.int32), members)


def copied(tally: Tally) -> Tally:
    """A tally that may be changed."""
    return Tally(tally.live.copy(), tally.counts.copy(), tally.failing.copy())


def scratch_of(tally: Tally, ring: Loops) -> Scratch:
    """Work space for cascades over a tally."""
    slots, gates, pairs = len(tally.live), len(tally.counts), len(tally.failing)
    loops = len(ring.members_at) - 1
    return Scratch(
        dead=np.empty(slots, np.int32),
        fallen=np.empty(pairs, np.int32),
        queue=np.empty(max(loops, 1), np.int32),
        queued=np.zeros(max(loops, 1), np.uint8),
        outside=np.zeros(gates, np.int32),
        grounded=np.zeros(slots, np.uint8),
        stack=np.empty(max(len(ring.members), 1), np.int32),
    )


def marks_of(tally: Tally) -> Marks:
    """Work space for walks over a tally."""
    slots, pairs = len(tally.live), len(tally.failing)
    return Marks(
        slots=np.zeros(slots, np.uint8),
        pairs=np.zeros(pairs, np.uint8),
        slot_number=np.zeros(slots, np.int32),
        pair_number=np.zeros(pairs, np.int32),
        listed=np.empty(slots, np.int32),
        found=np.empty(pairs, np.int32),
    )
