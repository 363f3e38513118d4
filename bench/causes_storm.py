"""Root cause of generated storms: how often the true causes are named first, or among the first three, and how long it takes.

A redundant campus, a sensor on everything. One thing fails, or two; every other pair is one of both sides of the same servers, which take
down together what neither does alone. A tenth of the sensors are stale, one of fifty of the others lies. Beside ours stands what is
written with a graph library in an afternoon, by networkx, of the same storms: `upstream`, the most upstream common supplier of all that
is seen down; and kinder to it, `scored`, the supplier that reaches most of what is seen down and least of what is seen up. Of two both
go on with what the first leaves. No library has the question, so there is no answer to assert equal: what is compared is how often it is
the truth.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.causes.explain import root_cause
from analytics.causes.sightings import Sighting, Sightings
from analytics.state import lost_nodes
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import Units
from bench.failure_campus import graph_of
from bench.failure_one import NOW, Row
from ontology.media import COMPUTE, POWER
from ontology.terms import Ids

NAME = "causes.storm"
SIZES = ((10_000, 200), (100_000, 40))
"""About how many nodes, and how many storms of each kind."""
STALE, LYING = 0.10, 0.02
STORM = 5
"""What a failure takes down beside itself, alone or together with the other: less is no storm."""
PEER_MAX = 20
"""Storms of one kind on which the peers are tried: they take seconds for each."""
SCORED_NODES_MAX = 20_000
"""On a larger site `scored` takes minutes for a storm: it is left out."""


@dataclass(frozen=True)
class Storm:
    """What has failed, and what the sensors say."""

    failed: frozenset[int]
    down: Ids
    up: Ids
    stale: Ids


Peer = Callable[[nx.DiGraph, Storm, int], list[frozenset[int]]]


def run(size: int, storms: int) -> Iterator[Row]:
    """A row for single failures and one for double ones."""
    graph = graph_of(size)
    walk = nx.DiGraph(zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True))
    units, dice = Units.equipment(graph), np.random.default_rng(1)
    root_cause(graph, NOW, Sightings.of([graph.id(0)]), units=units)
    for fails in (1, 2):
        drawn = [_storm(graph, fails, dice) for _ in range(storms)]
        ours, cpu, ranks = [], [], []
        for storm in drawn:
            seen = _seen(graph, storm)
            begun, spent = perf_counter(), process_time()
            found = root_cause(graph, NOW, seen, units=units)
            ours.append(perf_counter() - begun)
            cpu.append(process_time() - spent)
            ranks.append(_rank([frozenset(graph.find(cause.unit.id) for cause in each.causes) for each in found.explanations], storm))
        peers = PEERS if size <= SCORED_NODES_MAX else {"upstream": _upstream}
        told = {f"{way}_{what}": value for way, peer in peers.items() for what, value in _peer(peer, walk, drawn[:PEER_MAX], fails).items()}
        yield {
            "bench": NAME,
            "size": len(graph.nodes),
            "failures": fails,
            "storms": storms,
            "down_median": int(statistics.median(len(storm.down) for storm in drawn)),
            "ours_top1": _share(ranks, 1),
            "ours_top3": _share(ranks, 3),
            "ours_s": min(ours),
            "ours_median_s": statistics.median(ours),
            "ours_max_s": max(ours),
            "ours_cpu_median_s": statistics.median(cpu),
            "peer": "networkx",
            "peer_storms": len(drawn[:PEER_MAX]),
            **told,
        }


def _peer(peer: Peer, walk: nx.DiGraph, storms: Sequence[Storm], fails: int) -> dict[str, float]:
    """How often a peer names the truth, and how long it takes."""
    ranks, times, cpu = [], [], []
    for storm in storms:
        begun, spent = perf_counter(), process_time()
        answers = peer(walk, storm, fails)
        times.append(perf_counter() - begun)
        cpu.append(process_time() - spent)
        ranks.append(_rank(answers, storm))
    return {
        "top1": _share(ranks, 1),
        "top3": _share(ranks, 3),
        "median_s": statistics.median(times),
        "cpu_median_s": statistics.median(cpu),
    }


def _rank(answers: Sequence[frozenset[int | None]] | Sequence[frozenset[int]], storm: Storm) -> int:
    """At which place the true causes stand, from 0; far off where they do not."""
    return answers.index(storm.failed) if storm.failed in answers else len(answers) + 1_000


def _share(ranks: Sequence[int], top: int) -> float:
    return round(sum(rank < top for rank in ranks) / len(ranks), 3)


def _storm(graph: SupplyGraph, fails: int, dice: np.random.Generator) -> Storm:
    """Failures drawn until there is a storm that shows all of them; then what each sensor makes of it."""
    compute = graph.edges.medium == graph.media.index(COMPUTE)
    feeders = np.setdiff1d(graph.edges.source, graph.edges.source[compute])
    while True:
        both = fails > 1 and dice.random() < 0.5
        failed = _both_sides(graph, dice) if both else dice.choice(feeders, fails, replace=False).astype(np.int32)
        lost = lost_nodes(graph, failed, NOW)
        alone = [lost_nodes(graph, failed[n : n + 1], NOW) for n in range(fails)]
        apart = len(np.unique(np.concatenate(alone)))
        told = min(map(len, alone)) >= STORM or len(lost) - apart >= STORM
        if told and not any(np.isin(failed, each).any() for each in alone):
            break
    truth = np.zeros(len(graph.nodes), dtype=np.bool_)
    truth[lost] = truth[failed] = True
    said = truth ^ (dice.random(len(truth)) < LYING)
    heard = dice.random(len(truth)) >= STALE
    ids = np.arange(len(truth), dtype=np.int32)
    return Storm(frozenset(failed.tolist()), ids[heard & said], ids[heard & ~said], ids[~heard])


def _both_sides(graph: SupplyGraph, dice: np.random.Generator) -> Ids:
    """Something upstream of each of the two cords of a server, below the utility."""
    power = graph.edges.medium == graph.media.index(POWER)
    targets = graph.edges.target[power]
    fed, cords = np.unique(targets, return_counts=True)
    server = int(dice.choice(fed[(cords == 2) & ~np.isin(fed, graph.edges.source[power])]))
    found = []
    for node in graph.edges.source[power][targets == server].tolist():
        chain = [node]
        while len(above := graph.edges.source[power][targets == chain[-1]]):
            chain.append(int(above[0]))
        found.append(int(dice.choice(chain[:-1])))
    return np.array(found, dtype=np.int32)


def _seen(graph: SupplyGraph, storm: Storm) -> Sightings:
    ids = graph.nodes.ids
    told = [*(Sighting(ids[node], True) for node in storm.down.tolist()), *(Sighting(ids[node], False) for node in storm.up.tolist())]
    return Sightings(tuple(told), tuple(ids[node] for node in storm.stale.tolist()))


def _upstream(walk: nx.DiGraph, storm: Storm, fails: int) -> list[frozenset[int]]:
    """The suppliers common to all that is seen down, the most upstream first; else to as many as there are."""
    left = {node: nx.ancestors(walk, node) | {node} for node in storm.down.tolist()}
    first: list[int] = []
    for last in range(fails):
        counts = Counter(supplier for suppliers in left.values() for supplier in suppliers)
        most = max(counts.values(), default=0)
        common = sorted((node for node, count in counts.items() if count == most), key=lambda node: (len(nx.ancestors(walk, node)), node))
        if last == fails - 1 or not common:
            return [frozenset([*first, node]) for node in common[:3]]
        first.append(common[0])
        left = {node: suppliers for node, suppliers in left.items() if common[0] not in suppliers}
    return []


def _scored(walk: nx.DiGraph, storm: Storm, fails: int) -> list[frozenset[int]]:
    """The suppliers that reach most of what is seen down, less what is seen up."""
    down, up = set(storm.down.tolist()), set(storm.up.tolist())
    counts = Counter(supplier for node in down for supplier in (nx.ancestors(walk, node) | {node}))
    reach = {node: nx.descendants(walk, node) | {node} for node, count in counts.items() if count > 1}
    first: list[int] = []
    for last in range(fails):
        gains = {node: len(reached & down) - len(reached & up) for node, reached in reach.items()}
        best = sorted(gains, key=lambda node: (-gains[node], node))
        if last == fails - 1 or not best:
            return [frozenset([*first, node]) for node in best[:3]]
        first.append(best[0])
        down -= reach[best[0]]
    return []


PEERS = {"upstream": _upstream, "scored": _scored}
