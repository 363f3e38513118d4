"""The supply model once more, slow and obvious: sets, loops to a fixed point, every subset tried. Shares no code with `analytics`.

It reads a `Plan` (the model's own words: feeds, ties, groups, requires), not a compiled supply graph.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations

import networkx as nx  # type: ignore[import-untyped]  # it ships no types

Pair = tuple[str, str]
"""(node, medium)."""


@dataclass(frozen=True)
class Need:
    """One `dcx:requires`: `at_least` None means all of them; `among` empty means all suppliers."""

    node: str
    medium: str
    at_least: int | None
    among: frozenset[str] = frozenset()


@dataclass
class Plan:
    """A small site. Kinds of node: unit, plain, conduit, switch, source (of power), chiller, group."""

    kinds: dict[str, str]
    feeds: set[tuple[str, str, str]]
    """(u, v, medium)."""
    ties: set[tuple[str, str]] = field(default_factory=set)
    members: set[tuple[str, str]] = field(default_factory=set)
    """(group, member)."""
    required: dict[str, int] = field(default_factory=dict)
    needs: list[Need] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    power: str = "Power"

    def conduit(self, node: str) -> bool:
        return self.kinds[node] == "conduit"

    def unit(self, node: str) -> bool:
        return self.kinds[node] in ("unit", "switch", "source", "conduit", "chiller")


@dataclass(frozen=True)
class Gate:
    node: str
    medium: str
    at_least: int
    suppliers: frozenset[str]


@dataclass(frozen=True)
class Found:
    outcome: str
    evidence: tuple[str, ...]
    path: tuple[str, ...]
    exposed_to: tuple[str, ...]


class Reference:
    """Answers about one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.edges = self._edges()
        self.fed = {(v, m) for _, v, m in self.edges} | {(need.node, need.medium) for need in plan.needs}
        self.fed |= {(u, m) for u, _, m in self.edges if plan.kinds[u] == "group"}  # a group of nothing never holds
        self.gates = self._gates()
        self.gates_of: dict[Pair, list[Gate]] = defaultdict(list)
        for gate in self.gates:
            self.gates_of[gate.node, gate.medium].append(gate)
        self.base = self.live(frozenset())
        self._live: dict[frozenset[str], set[Pair]] = {}
        self._without: dict[Pair, set[Pair]] = {}

    def _edges(self) -> set[tuple[str, str, str]]:
        """Rules 1, 6 and 7."""
        plan = self.plan
        edges = {(u, v, m) for u, v, m in plan.feeds if u != v}
        for tie, bus in plan.ties:
            if tie != bus:
                edges |= {(tie, bus, plan.power), (bus, tie, plan.power)}
        edges = self._members(edges, frozenset())
        silent = frozenset(group for group, _ in plan.members if not any(u == group for u, _, _ in edges))
        return self._members(edges, silent)

    def _members(self, edges: set[tuple[str, str, str]], silent: frozenset[str]) -> set[tuple[str, str, str]]:
        """Members feed their group in what it feeds, until nothing more comes; `silent` groups count as feeding power."""
        while True:
            more = set(edges)
            for group, member in self.plan.members:
                media = {m for u, _, m in edges if u == group} | ({self.plan.power} if group in silent else set())
                more |= {(member, group, m) for m in media if member != group}
            if more == edges:
                return edges
            edges = more

    def _gates(self) -> list[Gate]:
        plan, gates = self.plan, []
        for v, m in sorted(self.fed):
            suppliers = frozenset(u for u, w, n in self.edges if (w, n) == (v, m))
            explicit = [(need.at_least, need.among) for need in plan.needs if (need.node, need.medium) == (v, m)]
            members = frozenset(member for group, member in plan.members if group == v)
            if plan.required.get(v, 0) > 0 and members & suppliers:
                explicit.append((plan.required[v], members))
            if not explicit and plan.kinds[v] == "chiller" and m == "LiquidCooling":
                sinks = frozenset(u for u in suppliers if self._sink(u))
                explicit = [(1, sinks)] if sinks else []
            for at_least, among in explicit:
                counted = suppliers & among if among else suppliers
                gates.append(Gate(v, m, len(counted) if at_least is None else at_least, counted))
            is_source = plan.kinds[v] == "source" and m == plan.power
            if not explicit and not is_source:
                gates.append(Gate(v, m, 1, suppliers))
        return gates

    def _sink(self, supplier: str) -> bool:
        """Whether something that nothing feeds with liquid is reached upstream of a supplier, it included, with no chiller on the way."""
        if self.plan.kinds[supplier] == "chiller":
            return False
        graph = nx.DiGraph((v, u) for u, v, m in self.edges if m == "LiquidCooling" and self.plan.kinds[v] != "chiller")
        graph.add_node(supplier)
        fed = {v for _, v, m in self.edges if m == "LiquidCooling"}
        return any(node not in fed and self.plan.kinds[node] != "chiller" for node in {supplier} | nx.descendants(graph, supplier))

    def live(self, failed: frozenset[str], but: Pair | None = None) -> set[Pair]:
        """(node, medium) for everything that a node hands on: grown from nothing until nothing more comes.

        `but` takes out what one node hands on: a conduit in one medium, any other in all.
        """
        plan, media = self.plan, sorted({m for _, _, m in self.edges} | {m for _, m in self.fed})
        live: set[Pair] = set()
        while True:
            grown = {
                (n, m)
                for n in plan.kinds
                if n not in failed and not (n in plan.open and plan.kinds[n] == "switch")
                for m in media
                if not (but is not None and n == but[0] and (m == but[1] or not plan.conduit(n)))
                if all(self._gate_holds(g, live) for g in self.gates if g.node == n and (g.medium == m or not plan.conduit(n)))
            }
            if grown == live:
                return live
            live = grown

    @staticmethod
    def _gate_holds(gate: Gate, live: set[Pair]) -> bool:
        return sum((s, gate.medium) in live for s in gate.suppliers) >= gate.at_least

    def holding(self, failed: frozenset[str]) -> set[Pair]:
        if failed not in self._live:
            live = self.live(failed)
            self._live[failed] = {pair for pair in self.fed if all(self._gate_holds(g, live) for g in self.gates_of[pair])}
        return self._live[failed]

    def kinds(self, failed: frozenset[str]) -> dict[Pair, str]:
        """The outcome of every pair, failed nodes' own pairs included; what did not hold before, or is unaffected, left out."""
        before, now = self.holding(frozenset()), self.holding(failed)
        found = {}
        for pair in self.fed & before:
            if pair not in now:
                found[pair] = "LOST"
            elif self.exposed(pair, failed):
                found[pair] = "NO_REDUNDANCY"
            elif pair in self.weaker(failed):
                found[pair] = "REDUCED"
        return found

    def exposed(self, pair: Pair, failed: frozenset[str]) -> tuple[str, ...]:
        others = [x for x in sorted(self.plan.kinds) if x not in failed and x != pair[0] and self.plan.unit(x)]
        return tuple(x for x in others if pair not in self.holding(failed | {x}) and pair in self.holding(frozenset({x})))

    def carries(self, supplier: str, gate: Gate) -> bool:
        """Whether a supplier is live in the base, and would be without what it supplies."""
        end = (gate.node, gate.medium)
        if end not in self._without:
            self._without[end] = self.live(frozenset(), end)
        return (supplier, gate.medium) in self._without[end]

    def weaker(self, failed: frozenset[str]) -> set[Pair]:
        """Pairs that hold and in whose chain a requirement has lost a supplier that carried."""
        now, live = self.holding(failed), self.live(failed)
        lost = {(g.node, g.medium) for g in self.gates if any(self.carries(s, g) and (s, g.medium) not in live for s in g.suppliers)}
        weak = {pair for pair in self.fed if pair in now and pair in lost}
        while True:
            more = set()
            for g in self.gates:
                for s in g.suppliers:
                    if (
                        (s, g.medium) in live
                        and self.carries(s, g)
                        and any(n == s and (m == g.medium or not self.plan.conduit(s)) for n, m in weak)
                    ):
                        more.add((g.node, g.medium))
            more = (more & now) | weak
            if more == weak:
                return weak
            weak = more

    def outcomes(self, failed: frozenset[str]) -> dict[Pair, Found]:
        """Every outcome with its evidence, path and exposure."""
        kinds = self.kinds(failed)
        found = {}
        for pair, kind in sorted(kinds.items()):
            if pair[0] in failed:
                continue
            evidence = self._evidence(pair, kind, failed)
            path = min(self.paths(pair, kind, evidence, failed))
            exposed = self.exposed(pair, failed)[:3] if kind == "NO_REDUNDANCY" else ()
            found[pair] = Found(kind, evidence, path, exposed)
        return found

    def _evidence(self, pair: Pair, kind: str, failed: frozenset[str]) -> tuple[str, ...]:
        ranks = ["LOST", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED"]
        for size in range(1, len(failed) + 1):
            for subset in combinations(sorted(failed), size):
                alone = self.kinds(frozenset(subset)).get(pair, "UNAFFECTED")
                if ranks.index(alone) <= ranks.index(kind):
                    return subset
        raise AssertionError("the whole set gives the outcome")

    def paths(self, pair: Pair, kind: str, evidence: tuple[str, ...], failed: frozenset[str]) -> set[tuple[str, ...]]:
        """Every shortest chain of supply from the evidence to an outcome."""
        lost = (self.fed & self.holding(frozenset())) - self.holding(failed)
        through = lost if kind == "LOST" else lost | self.weaker(failed)
        graph = nx.DiGraph()
        for gate in self.gates:
            end = (gate.node, gate.medium)
            if end not in through:
                continue
            for s in gate.suppliers:
                if not self.carries(s, gate):
                    continue
                if s in evidence:
                    graph.add_edge(s, end)
                for n, m in through:
                    if n == s and (m == gate.medium or not self.plan.conduit(s)):
                        graph.add_edge((n, m), end)
        paths = {
            tuple(step if isinstance(step, str) else step[0] for step in path)
            for start in evidence
            if graph.has_node(start) and graph.has_node(pair) and nx.has_path(graph, start, pair)
            for path in nx.all_shortest_paths(graph, start, pair)
        }
        return {path for path in paths if len(path) == min(map(len, paths))}
