"""The inner loops over dominators: what every way from the sources to a vertex leads through. Compiled by numba.

Rules of this file:

1. A *flow* is a directed graph laid out for this: vertices by their place in a reverse postorder from a root that leads to all sources,
   edges as the places of each vertex's predecessors. The root is at place 0; what no source reaches has no place.
2. In that order every predecessor but those of a loop comes first, so that one pass settles a graph without loops; with loops passes are
   repeated until nothing changes (Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm, 2001).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graph.compiled import compiled
from ontology.terms import Ids

UNREACHED = -1


class Flow(NamedTuple):
    """A graph laid out for dominators; made once, asked at will."""

    vertex: Ids
    """Per place: the vertex; at place 0, the root, -1."""
    into_at: Ids
    into: Ids
    """The places of the predecessors of a place, from `into_at`."""
    acyclic: bool


@compiled
def flow_of(starts: Ids, targets: Ids, sources: Ids) -> Flow:  # noqa: PLR0912  one walk: recursion would overflow the stack
    """Lay out a graph of which `targets[starts[v]:starts[v + 1]]` are the vertices that v leads to. Linear."""
    size = len(starts) - 1
    done = np.zeros(size, np.uint8)
    at = starts[:-1].copy()
    path = np.empty(size, np.int32)
    order = np.empty(size, np.int32)
    count = 0
    acyclic = True
    for source in sources[::-1]:
        if done[source] != 0:
            continue
        depth = 0
        path[0] = source
        done[source] = 1
        while depth >= 0:
            vertex = path[depth]
            if at[vertex] < starts[vertex + 1]:
                target = targets[at[vertex]]
                at[vertex] += 1
                if done[target] == 0:
                    done[target] = 1
                    depth += 1
                    path[depth] = target
                elif done[target] == 1:
                    acyclic = False
            else:
                done[vertex] = 2
                order[count] = vertex
                count += 1
                depth -= 1
    place = np.full(size, -1, np.int32)
    vertex_at = np.full(count + 1, -1, np.int32)
    into_at = np.zeros(count + 2, np.int32)
    for i in range(count):
        vertex_at[count - i] = order[i]
        place[order[i]] = count - i
    for source in sources:
        into_at[place[source] + 1] += 1
    for i in range(count):
        for edge in range(starts[order[i]], starts[order[i] + 1]):
            into_at[place[targets[edge]] + 1] += 1
    for i in range(count + 1):
        into_at[i + 1] += into_at[i]
    into = np.empty(into_at[count + 1], np.int32)
    free = into_at[:-1].copy()
    for source in sources:
        into[free[place[source]]] = 0
        free[place[source]] += 1
    for here in range(1, count + 1):
        for edge in range(starts[vertex_at[here]], starts[vertex_at[here] + 1]):
            there = place[targets[edge]]
            into[free[there]] = here
            free[there] += 1
    return Flow(vertex_at, into_at, into, acyclic)


@compiled
def dominator_places(flow: Flow) -> Ids:
    """Per place: the place of its immediate dominator; the root's is itself. One pass over the edges, several where there are loops."""
    size = len(flow.vertex)
    dominator = np.full(size, -1, np.int32)
    dominator[0] = 0
    changed = True
    while changed:
        changed = False
        for place in range(1, size):
            common = -1
            for edge in range(flow.into_at[place], flow.into_at[place + 1]):
                other = flow.into[edge]
                if dominator[other] < 0:
                    continue
                if common < 0:
                    common = other
                while common != other:
                    if common > other:
                        common = dominator[common]
                    else:
                        other = dominator[other]
            if dominator[place] != common:
                dominator[place] = common
                changed = not flow.acyclic
    return dominator


@compiled
def immediate_dominators(flow: Flow, size: int) -> Ids:
    """Per vertex of `size`: its immediate dominator, itself where only the root dominates it, `UNREACHED` where no source leads to it."""
    places = dominator_places(flow)
    found = np.full(size, -1, np.int32)
    for place in range(1, len(places)):
        vertex = flow.vertex[place]
        above = flow.vertex[places[place]]
        found[vertex] = vertex if above < 0 else above
    return found


@compiled
def all_dominators(above: Ids, vertices: Ids) -> tuple[Ids, Ids]:
    """Every dominator of the given vertices but themselves: whose (an index into `vertices`), and which. Cost: what it gives."""
    count = 0
    for i in range(len(vertices)):
        vertex = vertices[i]
        while above[vertex] >= 0 and above[vertex] != vertex:
            vertex = above[vertex]
            count += 1
    whose = np.empty(count, np.int32)
    which = np.empty(count, np.int32)
    count = 0
    for i in range(len(vertices)):
        vertex = vertices[i]
        while above[vertex] >= 0 and above[vertex] != vertex:
            vertex = above[vertex]
            whose[count] = i
            which[count] = vertex
            count += 1
    return whose, which
