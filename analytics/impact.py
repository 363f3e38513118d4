"""The blast radius: what a set of failures does to the site, why, and what stands behind it. After `docs/guides/supply-model.md`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import repeat
from weakref import WeakKeyDictionary

import numpy as np

from analytics.backfeed import closed_towards_live
from analytics.breakdown import Parts, count_parts
from analytics.capacity.effects import Moved, assess_loaded
from analytics.capacity.flow import Loads, loads_since, power_of
from analytics.capacity.pairs import media_of, nodes_of, power_pairs
from analytics.capacity.told import Overload, Trip, overloads, trips
from analytics.columns import among, without
from analytics.conditions import Conditions, Position
from analytics.damage import Damage
from analytics.evidence import chains_by_cause, smallest_causes
from analytics.grounds import assumed, loads_assumed, perhaps_smaller, unmetered_of
from analytics.instruments import Instruments
from analytics.moves import Relocation
from analytics.places import Rooms
from analytics.rests_on import RestsOn, of_case
from analytics.scenario import Case, Resolved
from analytics.state import Plant, plant, stated_positions
from analytics.supply_graph import SupplyGraph
from analytics.totals import Counts, Totals, count_totals, ranks_of
from graph.errors import GraphError, UnknownEntity
from ontology.media import medium_named
from ontology.namespaces import compact, expand
from ontology.terms import Ids


class OutcomeKind(StrEnum):
    """What becomes of one supply of one node, worst first."""

    LOST = "LOST"
    OVERLOADED = "OVERLOADED"
    NO_REDUNDANCY = "NO_REDUNDANCY"
    REDUCED = "REDUCED"
    UNAFFECTED = "UNAFFECTED"


class Told(StrEnum):
    """How much an answer tells: each costs more than the one before."""

    TOTALS = "totals"
    """No outcomes."""
    OUTCOMES = "outcomes"
    """Outcomes, their evidence and path left empty."""
    WHY = "why"
    """Everything."""


KINDS = tuple(OutcomeKind)
LOST, OVERLOADED, NO_REDUNDANCY, REDUCED, UNAFFECTED = range(len(KINDS))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one node in one medium; `cls` and `medium` are IRIs, the rest of the ids are node IRIs."""

    id: str
    cls: str | None
    label: str
    medium: str
    outcome: OutcomeKind
    evidence: tuple[str, ...]
    """A smallest set of the failed things that alone gives this outcome or a worse one, in order of ids; none where the moves do."""
    path: tuple[str, ...]
    """A shortest chain of supply from one of the evidence to this node, both included."""
    exposed_to: tuple[str, ...]
    """For `NO_REDUNDANCY`: up to three things whose failure would now take this supply down, in order of ids."""
    seconds: tuple[float, float | None] | None = None
    """For `LOST`, where a timeline was asked for: the least and the greatest time until it happens, in seconds after the failure."""


@dataclass(frozen=True, slots=True)
class StatedPosition:
    """Where a switch stood for this answer, and whether telemetry says so."""

    id: str
    position: str
    """`open` or `closed`."""
    from_telemetry: bool


@dataclass(frozen=True, slots=True)
class Better:
    """A supply that is better off because switches were closed first."""

    id: str
    label: str
    medium: str
    without: str
    """What would become of it without that: an outcome, or `DOWN_BEFORE`."""
    outcome: str
    """What becomes of it with that."""

    def to_json(self) -> dict[str, str]:
        """As the command line prints it."""
        return {"id": self.id, "label": self.label, "medium": self.medium, "without": self.without, "outcome": self.outcome}


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """The answer to "what if this fails": as of one revision and one instant (aware UTC). Equal questions give equal answers."""

    revision: int
    at: datetime
    failed: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    """Worst first, then in order of ids and media; `UNAFFECTED` is counted, not listed."""
    totals: Totals
    assumed: tuple[str, ...]
    positions: tuple[StatedPosition, ...]
    down_before: Counts
    """What is in no total, because it lacked a supply before this failure."""
    failed_itself: Counts
    """What is in no total, because it has failed itself; tenants with something of theirs among it that lose nothing else."""
    trips: tuple[Trip, ...] = ()
    """What opened because it carried too much, in order of time; it counts as failed from then on."""
    overloads: tuple[Overload, ...] = ()
    """What is still up and carries more than it may, in order of ids."""
    resolved: tuple[Resolved, ...] = ()
    """Of a scenario: what each thing that was named stands for."""
    better: tuple[Better, ...] = ()
    """What the switches that are closed first make better, in order of ids and media."""
    moves: tuple[Relocation, ...] = ()
    """What the moves do by themselves, before anything fails; in the order in which they were asked for."""
    parts: Parts | None = None
    """The totals by room, tenant, service and class, where they were asked for."""
    rests_on: RestsOn | None = None
    """Which part of it rests on points that are not good, where that was asked for."""

    def to_json(self) -> dict[str, object]:
        """The answer as the command line prints it."""
        return {
            "revision": self.revision,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "failed": list(self.failed),
            "outcomes": [_outcome_json(outcome) for outcome in self.outcomes],
            "totals": self.totals.to_json(),
            "down_before": self.down_before.to_json(),
            "failed_itself": self.failed_itself.to_json(),
            "trips": [trip.to_json() for trip in self.trips],
            "overloads": [overload.to_json() for overload in self.overloads],
            "assumed": list(self.assumed),
            "positions": [{"id": p.id, "position": p.position, "from_telemetry": p.from_telemetry} for p in self.positions],
            "resolved": [each.to_json() for each in self.resolved],
            "better": [each.to_json() for each in self.better],
            "moves": [each.to_json() for each in self.moves],
            **(Parts() if self.parts is None else self.parts).to_json(),
            **({} if self.rests_on is None else {"rests_on": self.rests_on.to_json()}),
        }


def impact(
    graph: SupplyGraph, failed: Sequence[str], conditions: Conditions, media: Sequence[str] | None = None, told: Told = Told.WHY
) -> BlastRadius:
    """What becomes of the site when all of `failed` fail at once, the switches standing as `conditions` say.

    `failed` are IRIs or CURIEs; one that plays no part in supply affects nothing. `media` (IRIs, CURIEs or bare names such as `Power`)
    restricts the outcomes and the totals to some media. Raises `UnknownEntity` for an id or a medium that the twin does not know,
    `GraphError` for an empty list of media.

    Cost: the damage and that of every further failure that can matter now, not the size of the site; with several failures also
    one such assessment for each subset that is tried as evidence (`evidence.SUBSETS_MAX`), and one search for each evidence found;
    `told` leaves these out.
    """
    return impact_of(Case.of_failed(graph, failed, conditions), media, told)


def impact_of(
    case: Case,
    media: Sequence[str] | None = None,
    told: Told = Told.WHY,
    rooms: Rooms | None = None,
    of: Sequence[str] | None = None,
    instruments: Instruments | None = None,
) -> BlastRadius:
    """What becomes of the site in a scenario; with `rooms` its totals also part by part; with `of` (IRIs or CURIEs) only the outcomes of
    these are told, and only theirs are explained; the totals stay those of all; with `instruments` also which part of it rests on points
    that are not good. Raises and costs as `impact`; what is closed costs as much again."""
    graph, conditions, nodes = case.graph, case.conditions, case.failed
    wanted = media_numbers(graph, media)
    state = plant(graph, conditions)
    loads = loads_since(graph, state, conditions, case.unmoved)
    out = case.out if len(case.opened) else nodes
    damage, moved = assess_loaded(state, loads, out, graph.nodes.failure_unit)
    pairs, kinds = _outcomes(graph, state, damage, nodes, wanted)
    ranks = ranks_of(graph, nodes_of(state.wiring, pairs), kinds, _down(graph, state, wanted), nodes)
    totals, down_before, failed_itself = count_totals(graph, ranks)
    rows, thinned = ((), 0) if told is Told.TOTALS else _rows(graph, state, loads, damage, out, *_of(graph, state, pairs, kinds, of), told)
    rests = None if instruments is None else of_case(instruments, case, state, loads)
    return BlastRadius(
        graph.revision,
        conditions.at,
        case.asked,
        rows,
        totals,
        (
            *closed_towards_live(case, state, damage),
            *conditions.assumed(graph.find),
            *case.notes,
            *assumed(graph, state, pairs, out),
            *loads_assumed(loads, moved, damage, conditions),
            *unmetered_of(graph, state, loads, conditions, out),
            *perhaps_smaller(thinned),
        ),
        _stated(graph, conditions, frozenset(case.opened.tolist())),
        down_before,
        failed_itself,
        trips(graph, loads, moved),
        overloads(graph, loads, moved),
        case.resolved,
        _better(case, state, pairs, kinds, wanted),
        case.moved,
        None if rooms is None else count_parts(graph, rooms, ranks, None if rests is None or not rests.entities else rests.doubtful),
        rests,
    )


def _better(case: Case, state: Plant, pairs: Ids, kinds: Ids, wanted: Ids) -> tuple[Better, ...]:
    """What the switches that are closed first make better than it would be in the same scenario without that."""
    if case.before is None:
        return ()
    graph = case.graph
    other = plant(graph, case.before)
    damage, _ = assess_loaded(other, loads_since(graph, other, case.before, case.unmoved), case.out, graph.nodes.failure_unit)
    without_it = dict(zip(*(column.tolist() for column in _outcomes(graph, other, damage, case.failed, wanted)), strict=True))
    with_it = dict(zip(pairs.tolist(), kinds.tolist(), strict=True))
    wiring = state.wiring
    gone = frozenset(case.failed.tolist())
    dark = frozenset(pair for pair in other.dark.tolist() if wiring.pair_medium[pair] in wanted and int(wiring.pair_node[pair]) not in gone)
    still_dark = frozenset(state.dark.tolist())
    found = []
    for pair in sorted({*without_it, *dark} - still_dark):
        now = with_it.get(pair, UNAFFECTED)
        if now > (LOST if pair in dark else without_it[pair]):
            found.append((pair, "DOWN_BEFORE" if pair in dark else KINDS[without_it[pair]].value, KINDS[now].value))
    which = np.array([pair for pair, _, _ in found], dtype=np.int32)
    nodes, media = nodes_of(wiring, which).tolist(), media_of(wiring, which, power_of(graph)).tolist()
    return tuple(
        Better(graph.id(node), graph.label(node), graph.media[medium], was, now)
        for node, medium, (_, was, now) in zip(nodes, media, found, strict=True)
    )


_positions: WeakKeyDictionary[SupplyGraph, tuple[Mapping[str, Position], frozenset[int], tuple[StatedPosition, ...]]] = WeakKeyDictionary()
"""What a graph was asked for last: as long as no switch moves, all answers share one list of them."""


def _stated(graph: SupplyGraph, conditions: Conditions, opened: frozenset[int]) -> tuple[StatedPosition, ...]:
    """Where every switch stands, those that are opened first among the open ones."""
    last = _positions.get(graph)
    if last is not None and last[0] is conditions.positions and last[1] == opened:
        return last[2]
    found = tuple(
        StatedPosition(graph.id(node), "open" if position.is_open or node in opened else "closed", position.from_telemetry)
        for node, position in stated_positions(graph, conditions)
    )
    _positions[graph] = (conditions.positions, opened, found)
    return found


def media_numbers(graph: SupplyGraph, media: Sequence[str] | None) -> Ids:
    """The numbers of media (IRIs, CURIEs or bare names), ascending; of all for None. Raises `UnknownEntity`, and `GraphError` for none."""
    if media is None:
        return np.arange(len(graph.media), dtype=np.int32)
    known = ", ".join(compact(medium) for medium in graph.media)
    if not media:
        raise GraphError(f"no medium is asked for: name one or more of {known}, or leave the media out for all")
    wanted = set()
    for name in media:
        medium = medium_named(name, graph.media)
        if medium is None:
            raise UnknownEntity(f"no medium {compact(expand(name))!r}: this site has {known}; name one of these or leave the media out")
        wanted.add(graph.media.index(medium))
    return np.array(sorted(wanted), dtype=np.int32)


def _outcomes(graph: SupplyGraph, state: Plant, damage: Damage, failed: Ids, wanted: Ids) -> tuple[Ids, Ids]:
    """The pairs that have an outcome, in the order of the answer, and their kinds as indices into `KINDS`."""
    wiring = state.wiring
    parts = (damage.lost, damage.overloaded, damage.exposed, without(damage.weaker, damage.exposed))
    pairs = np.concatenate(parts).astype(np.int32)
    kinds = np.repeat(np.array([LOST, OVERLOADED, NO_REDUNDANCY, REDUCED], np.int32), [len(part) for part in parts])
    keep = ~among(nodes_of(wiring, pairs), failed)
    if len(wanted) < len(graph.media):
        keep &= among(media_of(wiring, pairs, power_of(graph)), wanted)
    return pairs[keep], kinds[keep]


def _down(graph: SupplyGraph, state: Plant, wanted: Ids) -> Ids:
    """The nodes of which some supply in the media asked for does not hold with nothing failed; one may occur more than once."""
    if len(wanted) == len(graph.media):
        return state.dark_nodes
    pairs = state.dark
    return state.wiring.pair_node[pairs[np.isin(state.wiring.pair_medium[pairs], wanted)]]


def _of(graph: SupplyGraph, state: Plant, pairs: Ids, kinds: Ids, of: Sequence[str] | None) -> tuple[Ids, Ids]:
    """The outcomes of some things, in their order; all of them for None. One that plays no part in supply has none."""
    if of is None:
        return pairs, kinds
    wanted = np.array(sorted({node for each in of if (node := graph.find(expand(each))) is not None}), dtype=np.int32)
    keep = among(nodes_of(state.wiring, pairs), wanted)
    return pairs[keep], kinds[keep]


def _rows(
    graph: SupplyGraph, state: Plant, loads: Loads | None, damage: Damage, failed: Ids, pairs: Ids, kinds: Ids, told: Told
) -> tuple[tuple[Outcome, ...], int]:
    """What is told of each outcome, and for how many of them a smaller evidence was not ruled out."""
    if len(pairs) == 0:
        return (), 0
    nodes, media = nodes_of(state.wiring, pairs), media_of(state.wiring, pairs, power_of(graph))
    by_iri = np.argsort(np.argsort(np.array(graph.media)))
    order = np.lexsort((by_iri[media], nodes, kinds))
    pairs, kinds, nodes, media = pairs[order], kinds[order], nodes[order], media[order]
    why: Iterable[tuple[tuple[str, ...], tuple[str, ...]]] = repeat(((), ()), len(pairs))
    thinned = 0
    if told is Told.WHY:
        why, thinned = reasons(graph, state, loads, damage, failed, pairs, kinds)
    numbers = nodes.tolist()
    rows = tuple(
        Outcome(iri, cls, label, graph.media[medium], KINDS[kind], evidence, path, exposed)
        for iri, cls, label, medium, kind, (evidence, path), exposed in zip(
            map(graph.id, numbers),
            map(graph.class_iri, numbers),
            graph.labels(nodes),
            media.tolist(),
            kinds.tolist(),
            why,
            _exposed(graph, damage, pairs, kinds),
            strict=True,
        )
    )
    return rows, thinned


def _exposed(graph: SupplyGraph, damage: Damage, pairs: Ids, kinds: Ids) -> list[tuple[str, ...]]:
    """What each pair without redundancy is now exposed to, by name; nothing for the others. What hangs by the same things shares them."""
    ids, found = graph.nodes.ids, list[tuple[str, ...]](repeat((), len(pairs)))
    named: dict[tuple[int, ...], tuple[str, ...]] = {}
    rows = np.flatnonzero(kinds == NO_REDUNDANCY)
    for row, nodes in zip(rows.tolist(), damage.exposed_to(pairs[rows]), strict=True):
        if nodes not in named:
            named[nodes] = tuple(ids[node] for node in nodes)
        found[row] = named[nodes]
    return found


def reasons(
    graph: SupplyGraph, state: Plant, loads: Loads | None, damage: Damage, failed: Ids, pairs: Ids, kinds: Ids
) -> tuple[list[tuple[tuple[str, ...], tuple[str, ...]]], int]:
    """Evidence and path of each pair, all with an outcome of its kind (index into `KINDS`); equal evidence is one tuple. And of how many of
    them another evidence may be smaller.

    Cost: as `evidence.smallest_causes`, and one search for each evidence found.
    """
    ids, units = graph.nodes.ids, graph.nodes.failure_unit
    causes, thinned = smallest_causes(
        state,
        failed,
        lambda nodes, further: assess_loaded(state, loads, nodes, units, further=further)[0],
        damage,
        pairs,
        moved=loads is not None and loads.earlier is not None,
    )
    wanted = [(causes[pair], is_lost) for pair, is_lost in zip(pairs.tolist(), (kinds == LOST).tolist(), strict=True)]
    chains = chains_by_cause(state, ids, damage, wanted)
    named = {cause: tuple(ids[node] for node in cause) for cause in set(causes.values())}
    moved = None if loads is None else Moved(state, ids, loads, units)
    by_load = frozenset[int]()
    if loads is not None and len(damage.overloaded) + len(damage.tripped):
        by_load = frozenset((*damage.overloaded.tolist(), *power_pairs(state, loads, damage.tripped).tolist()))
    found = []
    for pair, node, why in zip(pairs.tolist(), nodes_of(state.wiring, pairs).tolist(), wanted, strict=True):
        along, cause = chains[why], why[0]
        by_moving = moved is not None and (pair in by_load or not along.reach(pair))
        found.append((named[cause], moved.of(cause).to(pair) if moved is not None and by_moving else along.to(pair, ids[node])))
    return found, len(thinned)


def _outcome_json(outcome: Outcome) -> Mapping[str, object]:
    return {
        "id": outcome.id,
        "class": outcome.cls,
        "label": outcome.label,
        "medium": outcome.medium,
        "outcome": outcome.outcome.value,
        "evidence": list(outcome.evidence),
        "path": list(outcome.path),
        "exposed_to": list(outcome.exposed_to),
        **({} if outcome.seconds is None else {"seconds": list(outcome.seconds)}),
    }
