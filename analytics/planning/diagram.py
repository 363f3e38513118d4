"""Decision diagrams: whether a load is up, as a function of what stands, and its probability from that. Compiled by numba.

Rules of this file:

1. A diagram is reduced and ordered (Bryant 1986): node i asks whether variable `var[i]` stands and goes on to `high[i]` or `low[i]`; 0 is
   down, 1 is up. Equal functions are one node, so that a fixed point is seen by its numbers. A child's number is below its parent's.
2. Variables are failure units, in the order in which a walk from the load upwards meets them: what stands in one path stays together.
3. A diagram that would grow past its arrays stops and says so; it gives no wrong answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.sweeps.proof import Chain
from graph.compiled import compiled
from graph.values import Floats
from ontology.terms import Ids

Words = NDArray[np.int64]
DOWN, UP = 0, 1


class Diagram(NamedTuple):
    """All functions made so far. `at[0]` is the number of nodes; `at[1]` is 1 once there was no room for one more."""

    var: Ids
    low: Ids
    high: Ids
    unique: Ids
    """Open addressing: node numbers, 0 where free."""
    asked: Ids
    """Shape (answers, 4): the last question that fell on this place, and its answer."""
    todo: Ids
    """Shape (variables + 2, 6): the questions under way, each with its state, its variable and its first half."""
    at: Words


def empty(nodes_max: int, variables: int) -> Diagram:
    """No function yet; `nodes_max` is rounded up to a power of two."""
    size = 1 << max(4, (nodes_max - 1).bit_length())
    made = Diagram(
        np.full(size, variables, np.int32),
        np.zeros(size, np.int32),
        np.zeros(size, np.int32),
        np.zeros(2 * size, np.int32),
        np.zeros((size, 4), np.int32),
        np.zeros((variables + 2, 6), np.int32),
        np.zeros(2, np.int64),
    )
    made.at[0] = 2
    return made


@compiled
def node(d: Diagram, var: int, low: int, high: int) -> int:
    """The node that asks a variable; an equal one is found again."""
    if low == high:
        return low
    mask = len(d.unique) - 1
    place = (var * 12582917 + low * 4256249 + high * 741457) & mask
    while d.unique[place] != 0:
        found = d.unique[place]
        if d.var[found] == var and d.low[found] == low and d.high[found] == high:
            return int(found)
        place = (place + 1) & mask
    made = d.at[0]
    if made == len(d.var):
        d.at[1] = 1
        return 0
    d.at[0] += 1
    d.unique[place] = made
    d.var[made] = var
    d.low[made] = low
    d.high[made] = high
    return int(made)


@compiled
def choose(d: Diagram, test: int, then: int, other: int) -> int:
    """`then` where `test` is up, `other` where it is down (Brace, Rudell, Bryant 1990), for both values of the first variable in turn.

    The work list takes the place of a recursion, which numba's cache on disk does not bear. Its depth: the number of variables.
    """
    todo, depth, value = d.todo, 0, 0
    _ask(todo, 0, test, then, other)
    while depth >= 0:
        row = todo[depth]
        test, then, other = row[0], row[1], row[2]
        if row[3] == _ASKED:
            value = _known(d, test, then, other)
            if value >= 0:
                depth -= 1
                continue
            var = min(d.var[test], d.var[then], d.var[other])
            row[3], row[4] = _HIGH, var
            depth += 1
            _ask(todo, depth, _part(d, d.high, test, var), _part(d, d.high, then, var), _part(d, d.high, other, var))
        elif row[3] == _HIGH:
            row[3], row[5] = _LOW, value
            var = row[4]
            depth += 1
            _ask(todo, depth, _part(d, d.low, test, var), _part(d, d.low, then, var), _part(d, d.low, other, var))
        else:
            value = node(d, row[4], value, row[5])
            if d.at[1] == 1:
                return 0
            known = d.asked[_place(d, test, then, other)]
            known[0], known[1], known[2], known[3] = test, then, other, value
            depth -= 1
    return value


_ASKED, _HIGH, _LOW = 0, 1, 2


@compiled
def _ask(todo: Ids, depth: int, test: int, then: int, other: int) -> None:
    row = todo[depth]
    row[0], row[1], row[2], row[3] = test, then, other, _ASKED


@compiled
def _part(d: Diagram, side: Ids, of: int, var: int) -> int:
    """What a function is for one value of a variable."""
    return int(side[of]) if d.var[of] == var else of


@compiled
def _place(d: Diagram, test: int, then: int, other: int) -> int:
    return (test * 12582917 + then * 4256249 + other * 741457) & (len(d.asked) - 1)


@compiled
def _known(d: Diagram, test: int, then: int, other: int) -> int:
    """The answer where there is nothing to work out; else -1."""
    if test == UP or then == other:
        return then
    if test == DOWN:
        return other
    if then == UP and other == DOWN:
        return test
    known = d.asked[_place(d, test, then, other)]
    if known[0] == test and known[1] == then and known[2] == other:
        return int(known[3])
    return -1


@compiled
def in_order(chain: Chain) -> tuple[Ids, Ids]:
    """The slots of a chain, suppliers before what they supply where no loop forbids it; and its units as a walk up from the load meets
    them."""
    slots = len(chain.gates_at) - 1
    units = len(chain.slots_at) - 1
    order = np.empty(slots, np.int32)
    done = 0
    met = np.empty(units, np.int32)
    known = np.zeros(units, np.uint8)
    found = 0
    seen = np.zeros(slots, np.uint8)
    path = np.empty(slots, np.int32)
    at = np.empty(slots, np.int32)
    depth = 0
    path[0] = slots - 1
    at[0] = _entries(chain, slots - 1)[0]
    seen[slots - 1] = 1
    while depth >= 0:
        slot = path[depth]
        if at[depth] < _entries(chain, slot)[1]:
            supplier = chain.suppliers[at[depth]]
            at[depth] += 1
            if seen[supplier] == 0:
                seen[supplier] = 1
                unit = chain.unit[supplier]
                if unit >= 0 and known[unit] == 0:
                    known[unit] = 1
                    met[found] = unit
                    found += 1
                depth += 1
                path[depth] = supplier
                at[depth] = _entries(chain, supplier)[0]
            continue
        order[done] = slot
        done += 1
        depth -= 1
    return order[:done].copy(), met[:found].copy()


@compiled
def _entries(chain: Chain, slot: int) -> tuple[int, int]:
    """Where the suppliers of a slot begin and end, over all of its gates."""
    return chain.suppliers_at[chain.gates_at[slot]], chain.suppliers_at[chain.gates_at[slot + 1]]


@compiled
def structure(d: Diagram, chain: Chain, order: Ids, var_of: Ids) -> int:
    """The function that is up when the load is: the least fixed point over the slots, from nothing upwards.

    `var_of` is the variable of a unit, -1 for one that never fails. Without loops two passes over the chain are made.
    """
    up = np.zeros(len(chain.gates_at) - 1, np.int32)
    changed = True
    while changed and d.at[1] == 0:
        changed = False
        for slot in order:
            unit = chain.unit[slot]
            value = UP if unit < 0 or var_of[unit] < 0 else node(d, var_of[unit], DOWN, UP)
            for gate in range(chain.gates_at[slot], chain.gates_at[slot + 1]):
                value = choose(d, _enough(d, chain, up, gate), value, DOWN)
            if value != up[slot]:
                up[slot] = value
                changed = True
    return int(up[-1])


@compiled
def _enough(d: Diagram, chain: Chain, up: Ids, gate: int) -> int:
    """The function that is up when as many suppliers of a gate are up as it needs; the cost is their number times that."""
    first, last, needed = chain.suppliers_at[gate], chain.suppliers_at[gate + 1], chain.at_least[gate]
    if needed > last - first:
        return DOWN
    enough = np.zeros(needed + 1, np.int32)
    enough[0] = UP
    for at in range(first, last):
        for count in range(needed, 0, -1):
            enough[count] = choose(d, up[chain.suppliers[at]], enough[count - 1], enough[count])
    return int(enough[needed])


@compiled
def down_probability(d: Diagram, root: int, down_of: Floats, importance: Floats) -> float:
    """The probability that a function is down, each variable being down by itself with `down_of[var]`: sums of positive terms only.

    Fills `importance[var]`: how much likelier it is down while the variable is than while it stands (Birnbaum 1969). Linear.
    """
    nodes = root + 1
    down = np.zeros(max(nodes, 2))
    down[DOWN] = 1.0
    for at in range(2, nodes):
        q = down_of[d.var[at]]
        down[at] = q * down[d.low[at]] + (1.0 - q) * down[d.high[at]]
    reached = np.zeros(max(nodes, 2))
    reached[root] = 1.0
    for at in range(root, 1, -1):
        if reached[at] > 0.0:
            q = down_of[d.var[at]]
            importance[d.var[at]] += reached[at] * (down[d.low[at]] - down[d.high[at]])
            reached[d.low[at]] += reached[at] * q
            reached[d.high[at]] += reached[at] * (1.0 - q)
    return float(down[root])
