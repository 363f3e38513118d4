"""What is seen: things down, things up, and what says nothing; and the same as columns over a supply graph.

Rules of this file:

1. A thing is *down* when a supply of it does not hold, in one of the media that the sighting speaks of, or when it has failed itself. It is
   *up* when all of these hold and it has not failed.
2. What is silent or stale says nothing, and neither does what is said to be both down and up: it is told, and nothing rests on it.
3. What the model has without a supply while nothing has failed cannot be explained by a failure: it is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from analytics.causes import kernel
from analytics.causes.kernel import Seen
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from ontology.namespaces import expand
from ontology.terms import Ids

ITSELF: tuple[str, ...] = ()
"""The media of a sighting that speaks of the thing alone, and not of its supplies: the position of a breaker."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing (IRI) seen down or up, in some media (IRIs; None: all that it needs; `ITSELF`: the thing alone)."""

    id: str
    down: bool
    media: tuple[str, ...] | None = None
    itself: bool = True
    """Whether its own failure would show so, too. A UPS on battery has lost its supply, and has not failed."""

    @property
    def of_itself(self) -> bool:
        """Whether it says that the thing itself is out, whatever becomes of its supplies."""
        return self.down and self.media == ITSELF


@dataclass(frozen=True, slots=True)
class Sightings:
    """All that is seen at one instant."""

    told: tuple[Sighting, ...]
    unknown: tuple[str, ...] = ()
    """What is there to be seen and says nothing that can be used: stale, silent, bad, or contradicting itself. IRIs, in order."""
    carried: tuple[str, ...] = ()
    """What is carried by its own store of energy (a UPS on battery), IRIs: what is up behind it says nothing about its supply."""
    notes: tuple[str, ...] = field(default=())
    """What had to be assumed on the way from readings to these."""

    @staticmethod
    def of(down: Iterable[str], up: Iterable[str] = (), unknown: Iterable[str] = ()) -> Sightings:
        """From ids (IRIs or CURIEs) that somebody names. One that is named down and up counts as unknown."""
        is_down, is_up = {expand(name) for name in down}, {expand(name) for name in up}
        both, silent = is_down & is_up, {expand(name) for name in unknown}
        drop = both | silent
        told = [Sighting(iri, iri in is_down) for iri in sorted((is_down | is_up) - drop)]
        notes = (f"{len(both):,} are said to be down and up: they count as unknown",) if both else ()
        return Sightings(tuple(told), tuple(sorted(drop)), (), notes)


@dataclass(frozen=True, slots=True)
class Columns:
    """The sightings that a search can use, over one plant."""

    told: tuple[Sighting, ...]
    seen: Seen
    node: Ids
    """Per sighting: its first node."""
    before: tuple[str, ...]
    """Seen down, and without a supply with nothing failed. IRIs, in order."""
    dark: tuple[str, ...]
    """Seen up, though the model has it without a supply with nothing failed."""
    outside: tuple[str, ...]
    """Seen, but it plays no part in supply."""

    @property
    def downs(self) -> int:
        """How many are seen down."""
        return int(np.count_nonzero(self.seen.down))


def columns_of(graph: SupplyGraph, state: Plant, told: Sequence[Sighting]) -> Columns:
    """Sightings as columns. Raises `UnknownEntity` for an id that the twin does not know. Cost: Python for each sighting."""
    strangers = [each.id for each in told if graph.find(each.id) is None]
    graph.resolve(strangers)
    media = {iri: 1 << number for number, iri in enumerate(graph.media)}
    every, holders = sum(media.values()), _mounted(graph)
    dark = np.zeros(len(graph.nodes), np.int64)
    np.bitwise_or.at(dark, state.wiring.pair_node[state.dark], np.int64(1) << state.wiring.pair_medium[state.dark].astype(np.int64))
    kept: list[Sighting] = []
    before: list[str] = []
    lit: list[str] = []
    outside: list[str] = []
    rows: list[tuple[int, int, int]] = []
    first: list[int] = []
    for each in sorted(told, key=lambda one: (one.id, not one.down, one.media or (), one.itself)):
        node = graph.find(each.id)
        if node is None:
            outside.append(each.id)
            continue
        supplies = every if each.media is None else sum(media.get(iri, 0) for iri in each.media)
        mask = supplies | (1 << kernel.ITSELF if each.itself else 0)
        nodes = [node, *(holders.get(node, ()) if supplies else ())]
        if any(int(dark[one]) & supplies for one in nodes):
            (before if each.down else lit).append(each.id)
            continue
        rows += [(one, len(kept), mask) for one in nodes]
        first.append(node)
        kept.append(each)
    where, which, masks = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    order = np.argsort(where, kind="stable")
    seen = Seen(
        np.searchsorted(where[order], np.arange(len(graph.nodes) + 1)).astype(np.int32),
        which[order].astype(np.int32),
        np.ascontiguousarray(masks[order]),
        np.array([each.down for each in kept], dtype=np.uint8),
    )
    return Columns(tuple(kept), seen, np.array(first, dtype=np.int32), tuple(before), tuple(lit), tuple(outside))


def _mounted(graph: SupplyGraph) -> dict[int, list[int]]:
    """What is mounted in each rack that nothing feeds: such a rack stands or falls with it."""
    found: dict[int, list[int]] = {}
    for node, rack in graph.mounted_in_unfed.tolist():
        found.setdefault(rack, []).append(node)
    return found
