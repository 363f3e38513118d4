"""What comes back to a chiller from what it cools takes no heat away: of its liquid suppliers the heat sinks alone count."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from analytics.assumed import Assumed, Assumptions
from analytics.columns import rows_of
from analytics.requirements import Stated
from analytics.roles import Masks
from analytics.supply_graph import Edges, Flags
from ontology.media import LIQUID_COOLING
from ontology.terms import Ids


def heat_sinks(
    edges: Edges, rejects: Flags, source_of: Masks, wanted: Ids, stated: Iterable[Stated], terms: Ids, media: tuple[str, ...]
) -> tuple[list[Stated], Assumptions]:
    """The requirement of each thing that rejects heat (`rejects`, by node) and has both sinks and returns, and its returns.

    `wanted` is what each node needs by its class where nothing is stated.

    A supplier is a *sink* when, going up by liquid, a source or something that nothing feeds is reached without passing another thing
    that rejects heat; else it is a *return*: all that it brings comes from chillers. A thing that states a requirement in the medium, that
    is a source of it, or that has sinks alone or returns alone stands as it is. Cost: the liquid edges above each such thing.
    """
    if not rejects.any():
        return [], Assumptions.none()
    liquid = media.index(LIQUID_COOLING)
    said = {need.entity for need in stated if need.medium == LIQUID_COOLING}
    above = _Above(edges, rejects, (source_of >> liquid) & 1 == 1, liquid)
    needs, whom, back = [], [], []
    for node in np.flatnonzero(rejects & ~above.source).tolist():
        suppliers = above.suppliers(node)
        if len(suppliers) < 2 or int(terms[node]) in said:
            continue
        sinks = [each for each in suppliers if above.is_sink(each)]
        if sinks and len(sinks) < len(suppliers):
            counted = frozenset(int(terms[each]) for each in sinks)
            needs.append(Stated(int(terms[node]), LIQUID_COOLING, int(wanted[node]), counted, False, False))
            returns = [each for each in suppliers if each not in sinks]
            whom += [node] * len(returns)
            back += returns
    rows = np.array([back, whom], dtype=np.int32).reshape(2, -1)
    what = np.full(len(back), Assumed.RETURN, np.int32)
    return needs, Assumptions(what, rows[0], np.full(len(back), liquid, np.int32), rows[1])


class _Above:
    """Who supplies whom with liquid."""

    def __init__(self, edges: Edges, rejects: Flags, source: Flags, liquid: int) -> None:
        self._edges, self._rejects, self.source, self._liquid = edges, rejects, source, liquid
        self._known: dict[int, bool] = {}

    def suppliers(self, node: int) -> list[int]:
        """In order of nodes."""
        first, last = rows_of(self._edges.target, node)
        found: list[int] = self._edges.source[first:last][self._edges.medium[first:last] == self._liquid].tolist()
        return found

    def is_sink(self, supplier: int) -> bool:
        """Whether a source is reached from a supplier going up, it included, without passing a thing that rejects heat."""
        if supplier not in self._known:
            self._known[supplier] = self._reaches(supplier)
        return self._known[supplier]

    def _reaches(self, supplier: int) -> bool:
        seen, queue = {supplier}, [supplier]
        while queue:
            node = queue.pop()
            if self.source[node]:
                return True
            if self._rejects[node]:
                continue
            suppliers = self.suppliers(node)
            if not suppliers:
                return True
            queue += [each for each in suppliers if each not in seen]
            seen.update(suppliers)
        return False
