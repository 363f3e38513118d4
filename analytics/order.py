"""The inner loops about the order of a directed graph: its loops, and each vertex's level. Compiled by numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graph.compiled import compiled
from ontology.terms import Ids

Flags = NDArray[np.uint8]


@compiled
def loops(  # noqa: PLR0912, PLR0915  one loop body: compiled recursion would overflow the stack on a long chain
    starts: Ids, targets: Ids, live: Flags
) -> tuple[Ids, int]:
    """Strongly connected parts of more than one vertex among the live ones (Tarjan 1972, iterative). Linear.

    `targets[starts[v]:starts[v + 1]]` are the vertices that v leads to. Gives per vertex the number of its part, or -1, and how many
    parts there are.
    """
    size = len(live)
    index = np.zeros(size, np.int32)
    low = np.zeros(size, np.int32)
    at = np.zeros(size, np.int32)
    on_stack = np.zeros(size, np.uint8)
    loop_of = np.full(size, -1, np.int32)
    stack = np.empty(size, np.int32)
    path = np.empty(size, np.int32)
    clock = 0
    found = 0
    height = 0
    for root in range(size):
        if live[root] == 0 or index[root] != 0:
            continue
        depth = -1
        entered = root
        while True:
            if entered >= 0:
                depth += 1
                path[depth] = entered
                clock += 1
                index[entered] = low[entered] = clock
                at[entered] = starts[entered]
                stack[height] = entered
                height += 1
                on_stack[entered] = 1
                entered = -1
            vertex = path[depth]
            if at[vertex] < starts[vertex + 1]:
                target = targets[at[vertex]]
                at[vertex] += 1
                if live[target] == 1 and index[target] == 0:
                    entered = target
                elif live[target] == 1 and on_stack[target] == 1:
                    low[vertex] = min(low[vertex], index[target])
                continue
            depth -= 1
            if depth >= 0:
                low[path[depth]] = min(low[path[depth]], low[vertex])
            if low[vertex] == index[vertex]:
                single = stack[height - 1] == vertex
                while True:
                    height -= 1
                    member = stack[height]
                    on_stack[member] = 0
                    if not single:
                        loop_of[member] = found
                    if member == vertex:
                        break
                if not single:
                    found += 1
            if depth < 0:
                break
    return loop_of, found


@compiled
def levels(  # noqa: PLR0912  one queue over vertices and loops
    starts: Ids, targets: Ids, loop_of: Ids, members_at: Ids, members: Ids
) -> Ids:
    """Each vertex's longest distance from a vertex that nothing leads to; a loop counts as one place, its inside by shortest distance
    from where it is entered. Linear."""
    size = len(loop_of)
    level = np.zeros(size, np.int32)
    waiting_for = np.zeros(size, np.int32)
    loop_waits = np.zeros(len(members_at), np.int32)
    for vertex in range(size):
        for at in range(starts[vertex], starts[vertex + 1]):
            target = targets[at]
            if loop_of[target] < 0:
                waiting_for[target] += 1
            elif loop_of[target] != loop_of[vertex]:
                loop_waits[loop_of[target]] += 1
                waiting_for[target] += 1
    queue = np.empty(size, np.int32)
    tail = 0
    for vertex in range(size):
        if loop_of[vertex] < 0 and waiting_for[vertex] == 0:
            queue[tail] = vertex
            tail += 1
    for loop in range(len(members_at) - 1):
        if loop_waits[loop] == 0:
            tail = _enter(starts, targets, loop_of, members_at, members, loop, waiting_for, level, queue, tail)
    head = 0
    while head < tail:
        vertex = queue[head]
        head += 1
        for at in range(starts[vertex], starts[vertex + 1]):
            target = targets[at]
            loop = loop_of[target]
            if loop >= 0 and loop == loop_of[vertex]:
                continue
            level[target] = max(level[target], level[vertex] + 1)
            if loop < 0:
                waiting_for[target] -= 1
                if waiting_for[target] == 0:
                    queue[tail] = target
                    tail += 1
            else:
                loop_waits[loop] -= 1
                if loop_waits[loop] == 0:
                    tail = _enter(starts, targets, loop_of, members_at, members, loop, waiting_for, level, queue, tail)
    return level


@compiled
def _enter(
    starts: Ids,
    targets: Ids,
    loop_of: Ids,
    members_at: Ids,
    members: Ids,
    loop: int,
    entries: Ids,
    level: Ids,
    queue: Ids,
    tail: int,
) -> int:
    """Give the members of a loop their levels and queue them; `entries` is above zero for those that something outside leads to."""
    top = 0
    any_entry = False
    for i in range(members_at[loop], members_at[loop + 1]):
        if entries[members[i]] > 0:
            any_entry = True
            top = max(top, level[members[i]])
    first = tail
    for i in range(members_at[loop], members_at[loop + 1]):
        member = members[i]
        level[member] = -1
        if entries[member] > 0 or (not any_entry and i == members_at[loop]):
            level[member] = top
            queue[tail] = member
            tail += 1
    while first < tail:
        vertex = queue[first]
        first += 1
        for at in range(starts[vertex], starts[vertex + 1]):
            target = targets[at]
            if loop_of[target] == loop and level[target] < 0:
                level[target] = level[vertex] + 1
                queue[tail] = target
                tail += 1
    return tail
