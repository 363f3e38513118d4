"""A cascade of ten rounds: one UPS of a distributed redundant campus fails, and its neighbours trip one after the other.

No library has the question. The peer is what an engineer would write with scipy: after each trip the loads of the whole campus anew, by
one sparse product for each tier. What trips is asserted equal, in order, before anything is timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped]  # it ships no types

from analytics.capacity.cascade import Cascade, cascade
from analytics.capacity.electrical import Curve, Electrical
from analytics.capacity.flow import loads_of
from analytics.conditions import Conditions
from analytics.impact import Told, impact
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from graph.values import Floats
from ontology.terms import Ids

NAME = "failure.cascade"
SIZES = (100_000, 1_000_000)
NOW = Conditions(datetime(2026, 1, 1, tzinfo=UTC))
UNITS = 12
ROUNDS = 10
CURVE = Curve(np.array([1.0, 2.0]), np.array([1000.0, 1.0]))
Row = dict[str, object]


def run(size: int, runs: int) -> Iterator[Row]:
    """One row at `size` nodes; `runs` timed repetitions of ours, three at least of the peer's."""
    source, target, tiers, ratings = campus(size)
    ids = [f"urn:bench:{number:08}" for number in range(size)]
    plain = Electrical.plain(size)
    draw = np.zeros(size)
    draw[tiers[-2] :] = 0.4
    rated = np.full(size, np.inf)
    rated[tiers[0] : tiers[1]] = ratings
    curve = np.where(np.isfinite(rated), 0, -1).astype(np.int32)
    electrical = replace(plain, draw_kw=draw, rated_kw=rated, limit_kw=rated, curve_of=curve, curves=(CURVE,))
    graph = replace(SupplyGraph.from_edges(ids, source, target, at_least=1), electrical=electrical)
    state = plant(graph, NOW)
    start = time.perf_counter()
    loads = loads_of(graph, state, NOW)
    base_s = time.perf_counter() - start
    assert loads is not None
    failed = np.array([tiers[0]], dtype=np.int32)
    peer = _Sparse(size, source, target, draw, rated)
    found, seconds = cascade(state, loads, failed), []
    expected = peer.cascade(tiers[0])
    assert found.tripped.tolist() == [node for _, node in expected], "the two disagree on what trips"
    assert np.allclose(found.at_s, [at for at, _ in expected])
    assert found.rounds >= ROUNDS, found.rounds
    for _ in range(runs):
        start = time.perf_counter()
        again: Cascade = cascade(state, loads, failed)
        seconds.append(time.perf_counter() - start)
        assert again.tripped.tolist() == found.tripped.tolist()
    theirs = []
    for _ in range(max(3, runs // 10)):
        start = time.perf_counter()
        peer.cascade(tiers[0])
        theirs.append(time.perf_counter() - start)
    single = []
    for node in np.random.default_rng(3).integers(tiers[1], size, 200).tolist():
        start = time.perf_counter()
        impact(graph, [ids[node]], NOW, told=Told.WHY)
        single.append(time.perf_counter() - start)
    yield {
        "bench": NAME,
        "size": size,
        "rounds": found.rounds,
        "ours_s": min(seconds),
        "peer": "scipy.sparse",
        "peer_s": min(theirs),
        "ratio": min(theirs) / min(seconds),
        "runs": runs,
        "ours_median_s": statistics.median(seconds),
        "peer_median_s": statistics.median(theirs),
        "base_loads_s": base_s,
        "impact_of_one_median_s": statistics.median(single),
    }


def campus(size: int) -> tuple[Ids, Ids, list[int], Floats]:
    """Edges of a campus: twelve UPSs in a row, then PDUs and panels, each on a UPS and the next one, then rack feeds, then servers with two
    cords; where each tier begins; and ratings such that the failure of the first UPS takes one after the other. Sources first."""
    dice = np.random.default_rng(7)
    panels = max(size // 500, UNITS * 4)
    feeds = size // 20
    counts = [UNITS, UNITS, panels, feeds, size - 2 * UNITS - panels - feeds]
    first = np.cumsum([0, *counts]).tolist()
    utilities, ups, panel, feed, server = (np.arange(first[i], first[i + 1]) for i in range(5))
    home = np.sort(dice.integers(0, UNITS - 1, panels))
    source = [utilities, ups[home], ups[home + 1], panel[np.arange(feeds) * panels // feeds]]
    target = [ups, panel, panel, feed]
    near = np.arange(len(server)) * feeds // len(server)
    source += [feed[near], feed[np.minimum(near + 1, feeds - 1)]]
    target += [server, server]
    rows, columns = np.concatenate(source).astype(np.int32), np.concatenate(target).astype(np.int32)
    rack_kw = np.bincount(np.concatenate((near, np.minimum(near + 1, feeds - 1))), minlength=feeds) * 0.2
    panel_kw = np.bincount(np.arange(feeds) * panels // feeds, weights=rack_kw, minlength=panels)
    ups_kw = np.bincount(home, weights=panel_kw / 2, minlength=UNITS) + np.bincount(home + 1, weights=panel_kw / 2, minlength=UNITS)
    return rows, columns, [first[1], first[2], first[4], size], (ups_kw * 1.2).astype(np.float64)


class _Sparse:
    """The whole campus anew for each round: who is live, then the loads tier by tier."""

    def __init__(self, size: int, source: Ids, target: Ids, draw: Floats, rated: Floats) -> None:
        order = np.lexsort((source, target))
        self._edges = source[order], target[order]
        self._size, self._draw, self._rated = size, draw, rated
        self._before = self._loads(frozenset())

    def cascade(self, failed: int) -> list[tuple[float, int]]:
        """What trips and when, one after the other."""
        out, now, progress = {failed}, 0.0, dict[int, float]()
        trips: list[tuple[float, int]] = []
        while True:
            loads = self._loads(frozenset(out))
            over = [n for n in np.flatnonzero((loads > self._rated) & (loads > self._before * (1 + 1e-9))).tolist() if n not in out]
            after = {n: float(CURVE.after_s(loads[[n]] / self._rated[[n]])[0]) for n in over}
            left = {n: (1 - progress.get(n, 0.0)) * s for n, s in after.items()}
            if not left:
                return trips
            soonest = min(left.values())
            names = [n for n in sorted(left) if left[n] <= soonest * (1 + 1e-9)]
            progress = {n: progress.get(n, 0.0) + soonest / after[n] for n in left if n not in names}
            now += soonest
            trips += [(now, n) for n in names]
            out |= set(names)

    def _loads(self, out: frozenset[int]) -> Floats:
        source, target = self._edges
        live = np.ones(self._size, dtype=np.bool_)
        live[list(out)] = False
        fed = np.bincount(target, minlength=self._size) > 0
        while True:
            supplied = np.bincount(target, weights=live[source], minlength=self._size) > 0
            fewer = live & (supplied | ~fed)
            if (fewer == live).all():
                break
            live = fewer
        keep = live[source] & live[target]
        source, target = source[keep], target[keep]
        parts = np.bincount(target, minlength=self._size)
        share = sp.csr_matrix((1.0 / parts[target], (source, target)), shape=(self._size, self._size))
        own = np.where(live, self._draw, 0.0)
        load: Floats = own
        while True:
            more: Floats = own + share @ load
            if np.allclose(more, load, rtol=1e-13, atol=1e-12):
                return more
            load = more
