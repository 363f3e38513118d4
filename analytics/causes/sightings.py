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
from functools import cached_property
from operator import attrgetter

import numpy as np

from analytics.causes import kernel
from analytics.causes.kernel import Masks, Seen
from analytics.state import Plant
from analytics.supply_graph import Flags, SupplyGraph
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


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def of_itself(self) -> Flags:
        """Per sighting: whether it says that the thing itself is out."""
        return np.array([each.of_itself for each in self.told], dtype=np.bool_)

    def ids(self, wanted: Flags) -> tuple[str, ...]:
        """The things of the flagged sightings, in order, each once."""
        return tuple(dict.fromkeys(self.told[row].id for row in np.flatnonzero(wanted).tolist()))

    @cached_property
    def downs(self) -> int:
        """How many are seen down."""
        return int(np.count_nonzero(self.seen.down))


def columns_of(graph: SupplyGraph, state: Plant, told: Sequence[Sighting]) -> Columns:
    """Sightings as columns. Raises `UnknownEntity` for an id that the twin does not know. Cost: a look-up for each sighting."""
    ordered = sorted(told, key=attrgetter("id"))
    found = graph.numbers_of(each.id for each in ordered)
    outside = tuple(ordered[row].id for row in np.flatnonzero(found < 0).tolist())
    graph.resolve(outside)
    inside = [each for each, number in zip(ordered, found.tolist(), strict=True) if number >= 0]
    node = found[found >= 0]
    down = np.array([each.down for each in inside], dtype=np.uint8)
    supplies, mask = _masks(graph, inside)
    holders = _mounted(graph)
    mounted = [
        (row, one) for row in np.flatnonzero(np.isin(node, list(holders)) & (supplies > 0)).tolist() for one in holders[int(node[row])]
    ]
    more = np.array(mounted, dtype=np.int32).reshape(-1, 2)
    which, where = np.concatenate((np.arange(len(node), dtype=np.int32), more[:, 0])), np.concatenate((node, more[:, 1]))
    dark = np.zeros(len(graph.nodes), np.int64)
    np.bitwise_or.at(dark, state.wiring.pair_node[state.dark], np.int64(1) << state.wiring.pair_medium[state.dark].astype(np.int64))
    lacks = np.zeros(len(node), dtype=np.bool_)
    lacks[which[(dark[where] & supplies[which]) != 0]] = True
    number = np.cumsum(~lacks) - 1
    rows = np.flatnonzero(~lacks[which])
    rows = rows[np.argsort(where[rows], kind="stable")]
    seen = Seen(
        np.searchsorted(where[rows], np.arange(len(graph.nodes) + 1)).astype(np.int32),
        number[which[rows]].astype(np.int32),
        mask[which[rows]],
        down[~lacks],
    )
    kept = tuple(each for each, lacking in zip(inside, lacks.tolist(), strict=True) if not lacking)
    before = tuple(inside[row].id for row in np.flatnonzero(lacks & (down == 1)).tolist())
    lit = tuple(inside[row].id for row in np.flatnonzero(lacks & (down == 0)).tolist())
    return Columns(kept, seen, node[~lacks], before, lit, outside)


def _masks(graph: SupplyGraph, told: Sequence[Sighting]) -> tuple[Masks, Masks]:
    """The supplies that each sighting speaks of, as bits of their media; and the same with the bit of the thing itself."""
    media = {iri: 1 << number for number, iri in enumerate(graph.media)}
    known: dict[tuple[str, ...] | None, int] = {None: sum(media.values())}
    for each in told:
        if each.media not in known:
            known[each.media] = sum(media.get(iri, 0) for iri in each.media or ())
    supplies = np.array([known[each.media] for each in told], dtype=np.int64)
    return supplies, supplies | np.array([each.itself for each in told], dtype=np.int64) << kernel.ITSELF


def _mounted(graph: SupplyGraph) -> dict[int, list[int]]:
    """What is mounted in each rack that nothing feeds: such a rack stands or falls with it."""
    found: dict[int, list[int]] = {}
    for node, rack in graph.mounted_in_unfed.tolist():
        found.setdefault(rack, []).append(node)
    return found
