"""Racks, services, tenants and draws, hung on the nodes of a random site."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from analytics.supply_graph import Loads, SupplyGraph


def loaded(graph: SupplyGraph, data: st.DataObject) -> SupplyGraph:
    """The same graph with loads at random: a node may be anything, and be mounted in any other."""
    size = len(graph.nodes)
    if size == 0:
        return graph
    dice = np.random.default_rng(data.draw(st.integers(0, 2**32), label="seed of the loads"))

    def some(share: float) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.flatnonzero(dice.random(size) < share).astype(np.int32)

    def pairs(others: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
        rows = np.stack((dice.integers(0, size, size), dice.integers(0, others, size)), axis=1).astype(np.int32)
        return rows[rows[:, 0] != rows[:, 1]] if others == size else rows

    equipment = some(0.6)
    loads = Loads(
        some(0.4), some(0.4), equipment, dice.integers(0, 50, len(equipment)) / 8, ("urn:t0", "urn:t1", "urn:t2"), pairs(3), pairs(size)
    )
    return replace(graph, loads=loads)
