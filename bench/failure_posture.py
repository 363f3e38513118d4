"""The posture after one switch: renewed, against worked out anew, and against the libraries.

`redundant`: the campus of the sweeps with its redundancy; a switch of each tier of the power chain opens and closes. Each renewed posture
is asserted equal to one worked out from nothing before anything is timed. No library has that question. `all-of`: there what hangs by a
thing is what is reachable from it through what is live, so that igraph and networkx have the same question; the numbers are asserted equal
before anything is timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import igraph  # type: ignore[import-untyped]  # it ships no types
import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.conditions import Conditions, Position
from analytics.posture.change import PostureChange, compare
from analytics.posture.lookout import Lookout
from analytics.posture.posture import Posture
from analytics.supply_graph import SupplyGraph
from bench.failure_campus import all_of, graph_of
from bench.failure_one import NOW, Row, row, timed
from ontology.media import POWER
from ontology.terms import Ids

NAME = "failure.posture"
SIZES = (100_000,)
TIERS = ("rack feed", "panel", "PDU", "UPS", "utility")


def run(size: int, runs: int) -> Iterator[Row]:
    """A row for each tier of the redundant campus, then one for each peer."""
    built = _switched(graph_of(size))
    for tier, switch in zip(TIERS, _upwards(built), strict=True):
        yield _renewed(built, tier, _opened(built, switch), runs)
    plain = _switched(all_of(size))
    yield from _peers(plain, _upwards(built)[1], runs)


def _renewed(graph: SupplyGraph, tier: str, opened: Conditions, runs: int) -> Row:
    lookout = Lookout(graph, NOW)
    for conditions in (opened, NOW):
        _assert_equal(lookout.renew(conditions), Lookout(graph, conditions).posture)
    opens, change = _timed(lookout, opened, runs)
    closes, _ = _timed(lookout, NOW, runs, opened)
    anew, _ = timed(lambda: Lookout(graph, opened), max(3, runs // 4))
    return {
        "bench": NAME,
        "size": len(graph.nodes),
        "campus": "redundant",
        "switch": tier,
        "ours_s": min(opens),
        "peer": "anew",
        "peer_s": min(anew),
        "ratio": min(anew) / min(opens),
        "runs": runs,
        "ours_median_s": statistics.median(opens),
        "closes_median_s": statistics.median(closes),
        "peer_median_s": statistics.median(anew),
        "because": len(change.because),
    }


def _peers(graph: SupplyGraph, switch: int, runs: int) -> Iterator[Row]:
    """How much hangs by each node, once the switch is open."""
    opened = _opened(graph, switch)
    lookout = Lookout(graph, NOW)
    found = np.diff(lookout.renew(opened).lists.at)
    ours, _ = _timed(lookout, opened, runs)
    nodes = len(graph.nodes)
    edges = list(zip(graph.edges.source.tolist(), graph.edges.target.tolist(), strict=True))
    whole, walked = igraph.Graph(n=nodes, edges=edges, directed=True), nx.DiGraph(edges)
    for peer, times, ask in (("igraph", max(3, runs // 4), _igraph(whole, switch)), ("networkx", 1, _networkx(walked, nodes, switch))):
        theirs, hanging = timed(ask, times) if times > 1 else _once(ask)
        assert np.array_equal(hanging, found), f"{peer} and the engine disagree on what hangs by something"
        yield {**row(NAME, nodes, ours, peer, theirs), "campus": "all-of", "switch": TIERS[1]}


def _igraph(graph: igraph.Graph, switch: int) -> Callable[[], Ids]:
    def ask() -> Ids:
        dark = [node for node in graph.subcomponent(switch, mode="out") if node != switch]  # the open switch itself is still supplied
        live = graph.copy()
        live.delete_edges(live.es.select(_incident=dark))
        return np.array(live.neighborhood_size(order=graph.vcount(), mode="out", mindist=1), dtype=np.int32)

    return ask


def _networkx(graph: nx.DiGraph, nodes: int, switch: int) -> Callable[[], Ids]:
    def ask() -> Ids:
        live = graph.copy()
        live.remove_nodes_from(list(nx.descendants(graph, switch)))
        return np.array([len(nx.descendants(live, node)) if node in live else 0 for node in range(nodes)], dtype=np.int32)

    return ask


def _once(ask: Callable[[], Ids]) -> tuple[list[float], Ids]:
    start = time.perf_counter()
    answer = ask()
    return [time.perf_counter() - start], answer


def _timed(lookout: Lookout, to: Conditions, runs: int, back: Conditions = NOW) -> tuple[list[float], PostureChange]:
    """Seconds from a change to who has lost or regained what and the message of it; `back` between two runs."""
    seconds = []
    for _ in range(runs + 1):
        before = lookout.renew(back)
        start = time.perf_counter()
        change = compare(before, lookout.renew(to))
        _ = change.message
        seconds.append(time.perf_counter() - start)
    return seconds[1:], change


def _assert_equal(renewed: Posture, anew: Posture) -> None:
    assert np.array_equal(renewed.down, anew.down), "what is dark is not what is worked out anew"
    assert np.array_equal(renewed.lists.at, anew.lists.at), "how much hangs is not what is worked out anew"
    assert np.array_equal(_sorted(renewed), _sorted(anew)), "what hangs is not what is worked out anew"


def _sorted(found: Posture) -> Ids:
    """The listed pairs, ascending within each unit."""
    rows = np.repeat(np.arange(len(found.units)), np.diff(found.lists.at))
    return found.lists.items[np.lexsort((found.lists.items, rows))]


def _opened(graph: SupplyGraph, switch: int) -> Conditions:
    return Conditions(NOW.at, {graph.id(switch): Position(is_open=True, from_telemetry=True)})


def _switched(graph: SupplyGraph) -> SupplyGraph:
    """The same with a breaker wherever anything feeds something: each such node can be opened."""
    switch = np.zeros(len(graph.nodes), dtype=np.bool_)
    switch[graph.edges.source] = True
    return replace(graph, nodes=replace(graph.nodes, switch=switch))


def _upwards(graph: SupplyGraph) -> list[int]:
    """The power chain above the server in the middle: its first rack feed, and the first supplier of each."""
    edges, power = graph.edges, graph.media.index(POWER)
    fed = np.flatnonzero((edges.medium == power) & (edges.source > 0))
    node, chain = int(edges.target[fed[len(fed) // 2]]), []
    while len(above := edges.source[(edges.target == node) & (edges.medium == power)]):
        node = int(above[0])
        chain.append(node)
    return chain[-len(TIERS) :]
