"""Monte Carlo over what stands and what does not, 64 trials in one word. Compiled by numba.

Rules of this file:

1. Only trials in which something fails are looked into: how many trials a unit lets pass until it is down again is drawn at once (a
   geometric number). In all others everything stands, and the load is up.
2. Trials with a failure are packed into lanes, 64 to a word; whether a slot is live is one bit a lane, and a gate counts its suppliers
   in bit planes.
3. Equal seeds give equal answers on every machine: the numbers come from splitmix64 (Steele, Lea, Flood 2014), each unit and each part of
   the trials with a stream of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.sweeps.proof import Chain
from graph.compiled import compiled
from graph.values import Floats
from ontology.terms import Ids

Lanes = NDArray[np.uint64]
PART = 1 << 16
"""Trials drawn at a time; a unit's failures of one part fit the caches."""
ALL_LANES = np.uint64(0xFFFFFFFFFFFFFFFF)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_ONE, _MASK, _SHIFT = np.uint64(1), 63, 6


@compiled
def _mixed(state: np.uint64) -> np.uint64:
    """The output of splitmix64 for a state."""
    mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.uint64(mixed ^ (mixed >> np.uint64(31)))


@compiled
def trials_down(chain: Chain, order: Ids, down_of: Floats, seed: int, part: int, trials: int) -> int:
    """In how many of the `trials` (at most `PART`) of one part the load is down; `down_of` is the probability of each unit."""
    units = len(down_of)
    lane_of = np.full(trials, -1, np.int32)
    down = np.zeros((units, (trials + _MASK) >> _SHIFT), np.uint64)
    lanes = 0
    for unit in range(units):
        if down_of[unit] <= 0.0:
            continue
        state = _mixed(_mixed(np.uint64(seed) + _STEP) ^ (np.uint64(part) * np.uint64(units) + np.uint64(unit)))
        scale = np.log1p(-down_of[unit])
        trial = -1.0
        while True:
            state += _STEP
            share = (float(_mixed(state) >> np.uint64(11)) + 1.0) * (1.0 / 9007199254740993.0)
            trial += 1.0 + np.floor(np.log(share) / scale)
            if trial >= trials:
                break
            lane = lane_of[int(trial)]
            if lane < 0:
                lane = lanes
                lane_of[int(trial)] = lane
                lanes += 1
            down[unit, lane >> _SHIFT] |= _ONE << np.uint64(lane & _MASK)
    return _lanes_down(chain, order, down, lanes)


@compiled
def _lanes_down(chain: Chain, order: Ids, down: Lanes, lanes: int) -> int:
    """In how many of the first lanes the load is down."""
    slots = len(chain.gates_at) - 1
    live = np.zeros(slots, np.uint64)
    planes = np.zeros(32, np.uint64)
    count = 0
    for word in range((lanes + _MASK) >> _SHIFT):
        live[:] = np.uint64(0)
        changed = True
        while changed:
            changed = False
            for slot in order:
                unit = chain.unit[slot]
                value = ~down[unit, word] if unit >= 0 else ALL_LANES
                for gate in range(chain.gates_at[slot], chain.gates_at[slot + 1]):
                    value &= _enough(chain, live, planes, gate)
                if value != live[slot]:
                    live[slot] = value
                    changed = True
        used = lanes - (word << _SHIFT)
        lost = ~live[slots - 1]
        if used < 64:
            lost &= (_ONE << np.uint64(used)) - _ONE
        while lost != np.uint64(0):
            lost &= lost - _ONE
            count += 1
    return count


@compiled
def _enough(chain: Chain, live: Lanes, planes: Lanes, gate: int) -> np.uint64:
    """The lanes in which a gate has as many live suppliers as it needs: added up in bit planes, compared from the highest plane down."""
    first, last, needed = chain.suppliers_at[gate], chain.suppliers_at[gate + 1], chain.at_least[gate]
    if needed <= 0:
        return ALL_LANES
    if needed > last - first:
        return np.uint64(0)
    if needed == 1:
        any_live = np.uint64(0)
        for at in range(first, last):
            any_live |= live[chain.suppliers[at]]
        return any_live
    height = 0
    while (last - first) >> height:
        planes[height] = np.uint64(0)
        height += 1
    for at in range(first, last):
        carry = live[chain.suppliers[at]]
        plane = 0
        while carry != np.uint64(0):
            both = planes[plane] & carry
            planes[plane] ^= carry
            carry = both
            plane += 1
    equal, more = ALL_LANES, np.uint64(0)
    for plane in range(height - 1, -1, -1):
        if (needed >> plane) & 1:
            equal &= planes[plane]
        else:
            more |= equal & planes[plane]
            equal &= ~planes[plane]
    return np.uint64(more | equal)
