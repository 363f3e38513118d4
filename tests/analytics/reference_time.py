"""The timeline once more, slow and obvious: every instant the whole site anew, component by component. Shares no code with `analytics`.

Stores last a fixed time here, but for those of energy: these empty at the load that hangs on them, shared out anew at every instant (on
plans without loops and without anything that comes up again).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import networkx as nx  # type: ignore[import-untyped]  # it ships no types

from tests.analytics.reference import Gate, Pair, Reference

Slot = tuple[str, str]
"""(node, ""), or (conduit, medium)."""


@dataclass
class Times:
    """What takes how long on a plan, in seconds."""

    stores: dict[Pair, int] = field(default_factory=dict)
    waits: set[Pair] = field(default_factory=set)
    """Stores that are there for what comes up, too."""
    restart: dict[str, int] = field(default_factory=dict)
    by_power: set[str] = field(default_factory=set)
    transfer: dict[str, int] = field(default_factory=dict)
    standby: dict[str, int] = field(default_factory=dict)
    """Start times of the sources that are off before the failure."""
    energy: set[Pair] = field(default_factory=set)
    """Stores of power that last their seconds at 1 kW, half as long at 2 kW."""
    draw: dict[str, int] = field(default_factory=dict)
    """What nodes draw, kW."""


class TimeReference:
    """Follows one failure on one plan. Afterwards `lost` has the first loss of each pair, `back` the last return of what holds again."""

    def __init__(self, reference: Reference, times: Times, media: tuple[str, ...]) -> None:
        self.reference, self.times, self.media = reference, times, media
        base = reference.live(frozenset())
        self.gates: dict[Slot, list[Gate]] = {}
        for gate in reference.gates:
            self.gates.setdefault(self.slot(gate.node, gate.medium), []).append(gate)
        self.base = {self.slot(n, m) for n, m in base}
        graph = nx.DiGraph()
        graph.add_nodes_from(self.base)
        for slot in self.base:
            for gate in self.gates.get(slot, ()):
                graph.add_edges_from((s, slot) for u in gate.suppliers if (s := self.slot(u, gate.medium)) in self.base and s != slot)
        whole = nx.condensation(graph)
        self.components = [sorted(whole.nodes[c]["members"], key=self.number) for c in nx.topological_sort(whole)]

    def slot(self, node: str, medium: str) -> Slot:
        return (node, medium if self.reference.plan.conduit(node) else "")

    def number(self, slot: Slot) -> tuple[str, int]:
        return slot[0], self.media.index(slot[1]) if slot[1] else -1

    def pairs(self, slot: Slot) -> list[Pair]:
        return [(n, m) for n, m in sorted(self.reference.fed) if self.slot(n, m) == slot]

    def supplied(self, pair: Pair, up: set[Slot]) -> bool:
        gates = self.reference.gates_of[pair]
        return all(sum(self.slot(u, g.medium) in up for u in g.suppliers) >= g.at_least for g in gates)

    def follow(self, failed: frozenset[str], horizon: float) -> None:
        off = frozenset(g for g in self.times.standby if self.slot(g, "Power") in self.base)
        before = self.reference.live(off)
        self.up = {self.slot(n, m) for n, m in before}
        self.blocked, self.off = set(failed), set(off)
        self.left = {pair: float(seconds) for pair, seconds in self.times.stores.items()}
        self.since: dict[Pair, float] = {}
        self.rate = dict.fromkeys(self.left, 1.0)
        self.loaded: set[Slot] = set()
        self.loads()
        self.due: dict[Slot, float] = {}
        self.ready: dict[Slot, float] = {}
        self.called: dict[str, float] = {}
        self.lost: dict[Pair, float] = {}
        self.back: dict[Pair, float] = {}
        self.bad = {pair for pair in self.reference.fed if not self.supplied(pair, self.up) and not self.usable(pair)}
        self.brings = {g: self._brings(g, failed, off) for g in off - failed}
        self.up -= {s for s in self.up if s[0] in failed}
        now = 0.0
        self.settle(now)
        while True:
            instants = [t for t in self.called.values() if t > now] + list(self.due.values())
            instants += [self.ends(pair) for pair in self.since if self.rate[pair] > 0]
            if not instants or min(instants) > horizon:
                break
            now = min(instants)
            for g in [g for g, t in self.called.items() if t == now]:
                self.off.discard(g)
                self.rise(self.slot(g, "Power"), now)
            for slot in sorted(s for s, t in self.due.items() if t == now):
                if self.due.pop(slot, None) is not None:
                    self.rise(slot, now)
            for pair in [p for p in self.since if self.rate[p] > 0 and self.ends(p) == now]:
                del self.since[pair]
                self.left[pair] = 0.0
            self.settle(now)
        self.back = {pair: t for pair, t in self.back.items() if pair not in self.bad and pair in self.lost}

    def _brings(self, g: str, failed: frozenset[str], off: frozenset[str]) -> set[Pair]:
        """What is lost without the standby sources and not with them, downstream of one of them through what is dark without."""
        without, with_, early = (self.reference.holding(f) for f in (failed | off, failed, off))
        dark = self.base - {self.slot(n, m) for n, m in self.reference.live(failed | off)}
        reached, todo, found = set(), [self.slot(g, "Power")], set()
        while todo:
            slot = todo.pop()
            if slot in reached or slot not in dark:
                continue
            reached.add(slot)
            for gate in self.reference.gates:
                if any(self.slot(u, gate.medium) == slot for u in gate.suppliers):
                    found.add((gate.node, gate.medium))
                    todo.append(self.slot(gate.node, gate.medium))
        return {p for p in found if p not in without and p in with_ and p in early}

    def ends(self, pair: Pair) -> float:
        return self.since[pair] + self.left[pair] / self.rate[pair]

    def loads(self) -> dict[Slot, float]:
        """What hangs on each slot: what it draws, and its part of what it feeds, equally with the others that are up."""
        total = {slot: float(self.times.draw.get(slot[0], 0)) if slot[1] in ("", "Power") else 0.0 for slot in self.base}
        for component in reversed(self.components):
            for slot in component if component[0] in self.up else ():
                for pair in [p for p in self.pairs(slot) if p[1] == "Power"]:
                    gates = self.reference.gates_of[pair]
                    for gate in gates:
                        up = [s for u in gate.suppliers if (s := self.slot(u, gate.medium)) in self.up]
                        for supplier in up:
                            total[supplier] += total[slot] / len(gates) / len(up)
        self.loaded |= {slot for slot, kw in total.items() if kw > 0}
        return total

    def share(self, now: float) -> None:
        """What carries by its energy does so at its load from now on; one that never had a load, at 1 kW."""
        total = self.loads()
        for pair in sorted(self.times.energy & set(self.since)):
            slot = self.slot(*pair)
            self.left[pair] = max(0.0, self.left[pair] - (now - self.since[pair]) * self.rate[pair])
            self.since[pair] = now
            self.rate[pair] = total[slot] if slot in self.loaded else 1.0

    def usable(self, pair: Pair) -> bool:
        return pair in self.times.waits and self.left.get(pair, 0) > 0

    def rise(self, first: Slot, now: float) -> None:
        """A slot comes up, and what that lets come up without a delay."""
        todo = [first]
        while todo:
            slot = todo.pop()
            if slot in self.up or slot not in self.base or slot[0] in self.blocked or slot[0] in self.off:
                continue
            if any(p in self.bad for p in self.pairs(slot)):
                continue
            self.due.pop(slot, None)
            self.up.add(slot)
            for pair in self.pairs(slot):
                if not self.supplied(pair, self.up) and pair not in self.since:
                    self.since[pair] = now
                    self.call(pair, now)
            for pair in sorted(self.bad):
                if self.supplied(pair, self.up):
                    self.bad.discard(pair)
                    self.back[pair] = now
                    fed = self.slot(*pair)
                    ready = now + self.times.restart.get(pair[0], 0)
                    if pair[0] in self.times.by_power:
                        if pair[1] == "Power":
                            self.ready[fed] = ready
                        ready = self.ready.get(fed, 0.0)
                    if not any(p in self.bad for p in self.pairs(fed)) and fed not in self.up:
                        if ready > now:
                            self.due[fed] = ready
                        else:
                            todo.append(fed)

    def settle(self, now: float) -> None:
        """What is supplied, carried or down now, from the sources on."""
        were, up = set(self.up), set(self.up)
        carried: set[Pair] = set()
        for component in self.components:
            if len(component) == 1:
                slot = component[0]
                if slot not in up:
                    continue
                missing = [p for p in self.pairs(slot) if not self.supplied(p, up)]
                if any(self.left.get(p, 0) <= 0 for p in missing):
                    up.discard(slot)
                elif not missing and self.hit(slot, were, up):
                    up.discard(slot)
                    self.due[slot] = now + self.times.transfer[slot[0]]
                else:
                    carried |= set(missing)
            else:
                carried |= self._loop(component, up)
        for pair in [p for p in self.since if p not in carried]:
            self.left[pair] = max(0.0, self.left[pair] - (now - self.since.pop(pair)) * self.rate[pair])
        for pair in carried - set(self.since):
            self.since[pair] = now
            self.call(pair, now)
        self.up = up
        self.share(now)
        for slot in were - up:
            if not any(slot == s and t > now for s, t in self.due.items()):
                self.due.pop(slot, None)
        bad = {p for p in self.reference.fed if not self.supplied(p, up) and p not in carried and not self.usable(p)}
        for pair in sorted(bad - self.bad):
            self.lost.setdefault(pair, now)
            self.due.pop(self.slot(*pair), None)
            self.call(pair, now)
        self.bad = bad | {p for p in self.bad if not self.supplied(p, up)}

    def call(self, pair: Pair, now: float) -> None:
        """A pair has lost its supply, carried on or not: what brings it back is called."""
        for g, brings in self.brings.items():
            if pair in brings and g not in self.called:
                self.called[g] = now + self.times.standby[g]

    def hit(self, slot: Slot, were: set[Slot], up: set[Slot]) -> bool:
        gone = were - up
        return slot[0] in self.times.transfer and any(
            self.slot(u, gate.medium) in gone for gate in self.gates.get(slot, ()) for u in gate.suppliers
        )

    def _loop(self, component: list[Slot], up: set[Slot]) -> set[Pair]:
        """What not even the whole loop feeds is carried in any case; of what then only feeds itself the first in order; again without
        what goes down."""
        inside = set(component)
        while True:
            members = [s for s in component if s in up]
            grounded, kept = up - inside, {p for s in members for p in self.pairs(s) if not self.supplied(p, up)}
            dead = {self.slot(*p) for p in kept if self.left.get(p, 0) <= 0}
            if not dead:
                kept, grounded = self._carriers(members, grounded, kept)
                dead = {s for s in members if s not in grounded}
            if not dead:
                return kept
            up -= dead

    def _carriers(self, members: list[Slot], grounded: set[Slot], kept: set[Pair]) -> tuple[set[Pair], set[Slot]]:
        while True:
            stands = next((s for s in members if s not in grounded and self._stands(s, grounded, kept)), None)
            if stands is not None:
                grounded.add(stands)
                continue
            for slot in members:
                missing = [p for p in self.pairs(slot) if not self.supplied(p, grounded) and p not in kept]
                if slot not in grounded and all(self.left.get(p, 0) > 0 for p in missing):
                    kept |= set(missing)
                    grounded.add(slot)
                    break
            else:
                return kept, grounded

    def _stands(self, slot: Slot, grounded: set[Slot], kept: set[Pair]) -> bool:
        return all(self.supplied(p, grounded) or p in kept for p in self.pairs(slot))
