"""Load flow and its cascade once more, slow and obvious: dictionaries, recursion, networkx. Shares no code with `analytics`."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, inf, log

import networkx as nx  # type: ignore[import-untyped]  # it ships no types

Phases = tuple[float, float, float]


@dataclass
class Circuit:
    """A small plant in two media, `Power` first; node names sort as numbers do."""

    nodes: list[str]
    edges: set[tuple[str, str, str]]
    """(u, v, medium)."""
    needs: dict[tuple[str, str], int]
    """How many suppliers a node needs in a medium; where nothing is said, one."""
    draw: dict[str, float] = field(default_factory=dict)
    rated: dict[str, float] = field(default_factory=dict)
    limit: dict[str, float] = field(default_factory=dict)
    curve: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    one_input: set[str] = field(default_factory=set)
    reserve: set[str] = field(default_factory=set)
    priority: dict[str, int] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    """Such as `1` or `23`."""
    readings: dict[str, float] = field(default_factory=dict)

    def suppliers(self, v: str, medium: str = "Power") -> list[str]:
        return sorted(u for u, w, m in self.edges if w == v and m == medium)

    def live(self, failed: frozenset[str]) -> frozenset[str]:
        """The least fixed point from below."""
        media = {m for _, _, m in self.edges}
        found: frozenset[str] = frozenset()
        while True:
            grown = frozenset(
                v
                for v in self.nodes
                if v not in failed
                and all(sum(u in found for u in self.suppliers(v, m)) >= self.needs.get((v, m), 1) for m in media if self.suppliers(v, m))
            )
            if grown == found:
                return found
            found = grown


class Reference:
    """Loads of one circuit in any state."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.base = circuit.live(frozenset())
        power = nx.DiGraph()
        power.add_nodes_from(sorted(self.base))
        power.add_edges_from((u, v) for u, v, m in circuit.edges if m == "Power" and u in self.base and v in self.base)
        self.loops = [frozenset(part) for part in nx.strongly_connected_components(power) if len(part) > 1]
        self.later = self._reserves(power)
        self.own: dict[str, Phases] = {}
        for v in circuit.nodes:
            self.own[v] = self._spread(v, circuit.draw.get(v, 0.0))
        self.before = self._measured()

    def _loop(self, v: str) -> frozenset[str]:
        return next((loop for loop in self.loops if v in loop), frozenset())

    def _reserves(self, power: nx.DiGraph) -> set[str]:
        """Nodes that stand by, or that nothing supplies but such; a loop together."""
        parts = nx.condensation(power)
        found: set[str] = set()
        for part in nx.topological_sort(parts):
            members = parts.nodes[part]["members"]
            outside = {u for v in members for u in power.predecessors(v) if u not in members}
            if outside and outside <= found:
                found |= members
            found |= members & self.circuit.reserve
        return found

    def _spread(self, v: str, kw: float) -> Phases:
        on = self.circuit.phases.get(v, "123")
        one, two, three = (kw / len(on) if p in on else 0.0 for p in "123")
        return one, two, three

    def takes(self, v: str, live: frozenset[str]) -> dict[str, float]:
        """From whom a live node takes, and which part of its load."""
        alive = [u for u in self.circuit.suppliers(v) if u in live]
        loop = self._loop(v)
        if loop:
            depth = self._depth(loop, live)
            alive = [u for u in alive if u not in loop or depth[u] < depth[v]]
        if v in self.circuit.one_input:
            alive = sorted(alive, key=lambda u: (self.circuit.priority.get(u, 10**9), u in self.later, u))[:1]
        return {u: 1.0 / len(alive) for u in alive}

    def _depth(self, loop: frozenset[str], live: frozenset[str]) -> dict[str, int]:
        free = {v for v in loop if self.circuit.needs.get((v, "Power"), 1) == 0}
        layer = {v for v in loop & live if v in free or any(u in live and u not in loop for u in self.circuit.suppliers(v))}
        depth = dict.fromkeys(layer, 0)
        steps = 0
        while layer:
            steps += 1
            layer = {v for v in loop & live if v not in depth and any(u in layer for u in self.circuit.suppliers(v))}
            depth |= dict.fromkeys(layer, steps)
        return depth

    def loads(self, live: frozenset[str]) -> dict[str, Phases]:
        """The load of every node."""
        taken = {v: self.takes(v, live) for v in live}
        known: dict[str, Phases] = {}

        def load(v: str) -> Phases:
            if v not in known:
                behind = self._behind(v, taken, load)
                total: Phases = tuple(max(a + b, 0.0) for a, b in zip(behind, self.own[v], strict=True))  # type: ignore[assignment]
                known[v] = self._spread(v, sum(total)) if v in self.circuit.phases else total
            return known[v]

        return {v: load(v) if v in live else (0.0, 0.0, 0.0) for v in self.circuit.nodes}

    def _behind(self, v, taken, load) -> Phases:  # type: ignore[no-untyped-def]  # two maps and a function of the caller
        sums = [0.0, 0.0, 0.0]
        for w in sorted(taken):
            for p in range(3):
                sums[p] += load(w)[p] * taken[w].get(v, 0.0) if v in taken[w] else 0.0
        return sums[0], sums[1], sums[2]

    def _measured(self) -> dict[str, Phases]:
        """The loads with nothing failed: what has a reading gets an own draw that makes up the difference, from the loads up."""
        settled: set[str] = set()
        order = nx.DiGraph()
        order.add_nodes_from(sorted(self.base))
        order.add_edges_from((v, u) for v in self.base for u in self.takes(v, self.base))
        taken = {v: self.takes(v, self.base) for v in self.base}
        for v in nx.topological_sort(order):
            settled.add(v)
            if v in self.circuit.readings:
                loads = self.loads(self.base)
                behind = sum(self._behind(v, taken, loads.__getitem__))
                self.own[v] = self._spread(v, self.circuit.readings[v] - behind)
        return self.loads(self.base)

    def part(self, v: str, loads: dict[str, Phases], limit: dict[str, float]) -> float:
        carried = sum(loads[v]) if v in self.circuit.phases else max(loads[v]) * 3
        return carried / limit.get(v, inf)

    def trips_after(self, v: str, multiple: float) -> float:
        points = self.circuit.curve.get(v)
        if not points or multiple < max(points[0][0], 1.0) * (1 - 1e-9):
            return inf
        multiple = max(multiple, points[0][0])
        for (m0, t0), (m1, t1) in pairwise(points):
            if m0 <= multiple <= m1:
                return exp(log(t0) + (log(multiple) - log(m0)) / (log(m1) - log(m0)) * (log(t1) - log(t0)))
        return points[-1][1]

    def cascade(self, failed: frozenset[str]) -> tuple[list[tuple[float, tuple[str, ...]]], dict[str, float]]:
        """What trips, by instant, and what is overloaded at the end with its load as a part of its limit."""
        out = set(failed)
        progress: dict[str, float] = {}
        trips: list[tuple[float, tuple[str, ...]]] = []
        now = 0.0
        while True:
            live = self.circuit.live(frozenset(out))
            loads = self.loads(live)
            over = {}
            for v in sorted(live):
                part = self.part(v, loads, self.circuit.limit)
                if part > 1 + 1e-9 and part > self.part(v, self.before, self.circuit.limit) * (1 + 1e-9):
                    over[v] = part
            after = {v: self.trips_after(v, self.part(v, loads, self.circuit.rated)) for v in over}
            left = {v: (1 - progress.get(v, 0.0)) * t for v, t in after.items() if t < inf}
            if not left:
                return trips, over
            soonest = min(left.values())
            names = tuple(v for v in sorted(left) if left[v] <= soonest * (1 + 1e-9))
            progress = {v: progress.get(v, 0.0) + soonest / after[v] for v in left if v not in names}
            now += soonest
            trips.append((now, names))
            out |= set(names)

    def lost(self, failed: frozenset[str]) -> set[tuple[str, str]]:
        """The supplies that fall by some failures and what trips with them: node and medium."""
        tripped = {name for _, names in self.cascade(failed)[0] for name in names}
        live = self.circuit.live(failed | tripped)

        def holds(v: str, medium: str, up: frozenset[str]) -> bool:
            return sum(u in up for u in self.circuit.suppliers(v, medium)) >= self.circuit.needs.get((v, medium), 1)

        supplied = {(v, medium) for _, v, medium in self.circuit.edges}
        return {(v, m) for v, m in supplied if holds(v, m, self.base) and not holds(v, m, live)} | {(v, "Power") for v in tripped}

    def exposures(self, failed: frozenset[str]) -> dict[tuple[str, str], list[str]]:
        """Every supply that falls by some failures and a further one, and by neither alone: by which further ones; all of them tried."""
        lost = self.lost(failed)
        found: dict[tuple[str, str], list[str]] = {}
        for x in sorted(set(self.circuit.nodes) - failed):
            for v, medium in self.lost(failed | {x}) - lost - self.lost(frozenset({x})):
                if v != x and v not in failed:
                    found.setdefault((v, medium), []).append(x)
        return found
