"""The sentence that matters first: what goes dark, after how long, and unless what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.impact import BlastRadius, OutcomeKind
from analytics.supply_graph import SupplyGraph
from analytics.time.story import EventKind, span
from analytics.time.timeline import Timeline
from ontology.media import AIR_COOLING, LIQUID_COOLING, POWER
from ontology.terms import Ids


@dataclass(frozen=True, slots=True)
class Headline:
    """One sentence, and what belongs to it."""

    text: str
    then: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """For a program."""
        return {"text": self.text, "then": list(self.then)}


@dataclass(frozen=True, slots=True)
class _Dark:
    """What an answer takes down, and between which times."""

    racks: int
    services: int
    it_load_kw: float
    unstated: int
    """Pieces of IT equipment that state no draw."""
    when: str
    horizon_s: float | None
    """Where none of it goes dark before it: how far the timeline looks."""

    @staticmethod
    def of(graph: SupplyGraph, found: BlastRadius, course: Timeline) -> _Dark:
        lost, totals = OutcomeKind.LOST.value, found.totals
        in_the_end = {outcome.id for outcome in found.outcomes if outcome.outcome is OutcomeKind.LOST}
        more = set() if _dry(course) else _for_good(graph, course) - in_the_end
        what = in_the_end | more
        stop = _that_stop(graph, what)
        horizon = None if stop & {bound.id for bound in course.bounds} else course.horizon_s
        racks, kw = totals.racks[lost] + len(more & _ids(graph, graph.loads.racks)), totals.it_load_kw[lost] + _drawn(graph, more)
        return _Dark(racks, totals.services[lost], kw, _unstated(graph, what), _when(course, stop), horizon)

    @property
    def extent(self) -> tuple[float, ...]:
        """How much it is, to be compared."""
        return self.racks, self.it_load_kw, self.unstated, self.services

    def sentence(self) -> str:
        """What goes dark and when; empty for nothing."""
        if not self.said():
            return ""
        if self.horizon_s is not None:
            return f"Nothing goes dark within {span(self.horizon_s)}; {self.said()} after that."
        return f"{self.said()}{',' if ',' in self.when else ''} {self.when}."

    def said(self) -> str:
        """What goes dark; empty for nothing."""
        if self.racks:
            return _count(self.racks, "rack", "goes dark", "go dark")
        if self.it_load_kw or self.unstated:
            return _equipment(self.it_load_kw, self.unstated)
        return _count(self.services, "service", "goes down", "go down") if self.services else ""


PHYSICAL = frozenset((POWER, LIQUID_COOLING, AIR_COOLING))


def _dry(course: Timeline) -> bool:
    """Whether a tank is empty before the timeline ends."""
    return any(event.kind is EventKind.DOWN and event.lower > 0 for event in course.events)


def _for_good(graph: SupplyGraph, course: Timeline) -> set[str]:
    """The racks and IT equipment that are lost for certain and never have their supply back before the timeline ends."""
    returned = {iri for event in course.events if event.kind is EventKind.BACK and event.medium in PHYSICAL for iri in event.ids}
    lost = {b.id for b in course.bounds if b.medium in PHYSICAL and b.upper is not None and b.back_lower is None}
    return (lost & (_ids(graph, graph.loads.racks) | _ids(graph, graph.loads.equipment))) - returned


def _ids(graph: SupplyGraph, nodes: Ids) -> set[str]:
    return {graph.id(node) for node in nodes.tolist()}


def _drawn(graph: SupplyGraph, ids: set[str]) -> float:
    """What some things draw, kW."""
    loads = graph.loads
    return sum(float(kw) for node, kw in zip(loads.equipment.tolist(), loads.equipment_kw.tolist(), strict=True) if graph.id(node) in ids)


def _unstated(graph: SupplyGraph, ids: set[str]) -> int:
    """How many of some things are pieces of IT equipment that state no draw."""
    loads = graph.loads
    bare = {graph.id(node) for node in loads.equipment[loads.equipment_kw == 0].tolist()} - {
        graph.id(node) for node in loads.racks.tolist()
    }
    return len(bare & ids)


def _equipment(kw: float, unstated: int) -> str:
    """IT equipment that goes dark."""
    bare = f"{_count(unstated, 'piece')} of IT equipment that {'states' if unstated == 1 else 'state'} no draw" if unstated else ""
    if kw and bare:
        return f"{kw:,.1f} kW of IT equipment and {bare} go dark"
    return f"{kw:,.1f} kW of IT equipment goes dark" if kw else f"{bare} {'goes' if unstated == 1 else 'go'} dark"


def _that_stop(graph: SupplyGraph, lost: set[str]) -> set[str]:
    """The things whose end is the end of what goes dark: what is in the racks, else the racks, else IT equipment, else all of it."""
    racks = {node for node in graph.loads.racks.tolist() if graph.id(node) in lost}
    mounted = {graph.id(it) for it, rack in graph.loads.mounted.tolist() if rack in racks} & lost
    return (
        mounted or {graph.id(node) for node in sorted(racks)} or lost & {graph.id(node) for node in graph.loads.equipment.tolist()} or lost
    )


def headline(
    graph: SupplyGraph, found: BlastRadius, course: Timeline, standby: Sequence[str], without: tuple[BlastRadius, Timeline] | None
) -> Headline:
    """The sentence of an answer; `without` is the answer where the `standby` sources that are called do not start."""
    dark = _Dark.of(graph, found, course)
    then: list[str] = []
    text = dark.sentence()
    if without is not None:
        worse = _Dark.of(graph, *without)
        if worse.said() and worse.extent > dark.extent:
            comma = "," if "," in worse.when else ""
            start = f"{_named(graph, standby)} {'starts' if len(standby) == 1 else 'start'}"
            meanwhile, in_vain = _meanwhile(graph, found, course, without[0], start)
            hung = f"{worse.said()}{comma} {worse.when}{comma} unless {start}."
            if meanwhile:
                hung = "" if in_vain else f"{worse.said()} for good unless {start}."
            text, *then = [*filter(None, (text, meanwhile, hung, _when_empty(graph, found, course)))]
    else:
        meanwhile, _ = _meanwhile(graph, found, course, None, "")
        text, *then = [*filter(None, (text, meanwhile))] or [""]
    exposed = found.totals.racks[OutcomeKind.NO_REDUNDANCY.value] - _dark_for_a_time(graph, found, course)
    left = _count(exposed, "rack", "stays up and hangs by a single thing", "stay up and hang by single things") if exposed else ""
    if left and text:
        then.append(f"{left} until this is over.")
    elif left:
        text = f"Nothing goes dark, but {left} until this is over."
    return Headline(text or _nothing(found), (*then, *_behind(dark, found), *_itself(found), *_tripped(course)))


def _dark_for_a_time(graph: SupplyGraph, found: BlastRadius, course: Timeline) -> int:
    """How many of the racks that hang by a single thing in the end are dark on the way there."""
    left = {outcome.id for outcome in found.outcomes if outcome.outcome is OutcomeKind.NO_REDUNDANCY}
    lost = {bound.id for bound in course.bounds if bound.medium == POWER and bound.upper is not None}
    return len(left & lost & _ids(graph, graph.loads.racks))


def _when_empty(graph: SupplyGraph, found: BlastRadius, course: Timeline) -> str:
    """What goes dark when a tank is empty and was up until then; empty for nothing."""
    in_the_end = {outcome.id for outcome in found.outcomes if outcome.outcome is OutcomeKind.LOST}
    ids = _that_stop(graph, _for_good(graph, course) - in_the_end) if _dry(course) else set()
    racks = len({_rack_of(graph).get(iri, iri) for iri in ids} & _ids(graph, graph.loads.racks))
    dark = _Dark(racks, 0, _drawn(graph, ids), _unstated(graph, ids), _when(course, ids), None)
    return f"{dark.said()} {dark.when} when a tank is empty, unless it is filled up." if ids and dark.said() else ""


def _rack_of(graph: SupplyGraph) -> dict[str, str]:
    return {graph.id(thing): graph.id(rack) for thing, rack in graph.loads.mounted.tolist()}


def _lost(graph: SupplyGraph, radius: BlastRadius) -> set[str]:
    """The things whose end is the end of what an answer calls lost."""
    return _that_stop(graph, {each.id for each in radius.outcomes if each.outcome is OutcomeKind.LOST}) if radius.outcomes else set()


def _meanwhile(graph: SupplyGraph, found: BlastRadius, course: Timeline, worse: BlastRadius | None, start: str) -> tuple[str, bool]:
    """What goes dark for certain before the standby sources supply it (or, without `worse`, until it has its supply back), for how long,
    and when again, empty for nothing; and whether all of it is lost again though they run."""
    for_good = _lost(graph, found)
    it = _ids(graph, graph.loads.racks) | _ids(graph, graph.loads.equipment)
    all_of_it = _lost(graph, worse) if worse is not None else _that_stop(graph, {b.id for b in course.bounds if b.upper is not None} & it)
    media = PHYSICAL
    bounds = {b.id: b for b in course.bounds if b.id in all_of_it - for_good and b.upper is not None and b.medium in media}
    back, again, runs = (
        {iri: event for event in course.events if event.kind is kind and event.medium in of for iri in event.ids if iri in bounds}
        for kind, of in ((EventKind.BACK, media), (EventKind.LOST_AGAIN, media), (EventKind.RUNS, {None}))
    )
    back |= {iri: event for iri, event in runs.items() if iri in back and event.lower >= back[iri].lower}
    ids = {iri for iri in bounds if iri in back and back[iri].upper is not None and back[iri].lower > (bounds[iri].upper or 0.0)}
    racks = len({_rack_of(graph).get(iri, iri) for iri in ids} & _ids(graph, graph.loads.racks))
    dark = _Dark(racks, 0, _drawn(graph, ids), _unstated(graph, ids), _when(course, ids), None)
    if not ids or not dark.said():
        return "", False
    shortest = min(back[iri].lower - (bounds[iri].upper or 0.0) for iri in ids)
    longest = max((back[iri].upper or 0.0) - bounds[iri].lower for iri in ids)
    how_long = span(longest) if span(shortest) == span(longest) else f"{span(shortest)} to {span(longest)}"
    comma = "," if "," in dark.when else ""
    repeated = [again[iri].lower for iri in ids if iri in again]
    in_vain = not _dry(course) and ids == again.keys()
    empty = " when a tank is empty" if _dry(course) else ""
    once_more = f", and {'for good' if in_vain else 'again'} after {span(min(repeated))}{empty}" if repeated else ""
    started = f" ({start})" if start else ""
    return f"{dark.said()}{comma} {dark.when}{comma} for {how_long}{started}{once_more}.", in_vain


def _nothing(found: BlastRadius) -> str:
    nothing = "Nothing else" if found.failed_itself.said() else "Nothing"
    if any(outcome.outcome is OutcomeKind.NO_REDUNDANCY for outcome in found.outcomes):
        return "No rack goes dark; parts of the plant lose their redundancy."
    if any(outcome.outcome is OutcomeKind.LOST for outcome in found.outcomes):
        return "No rack, no IT equipment and no service goes dark; parts of the plant lose a supply."
    return f"{nothing} goes dark{'; some spare is lost' if found.outcomes else ', and nothing loses its redundancy'}."


def _behind(dark: _Dark, found: BlastRadius) -> list[str]:
    lost = OutcomeKind.LOST.value
    tenants = found.totals.tenants[lost]
    parts = [f"{dark.it_load_kw:,.1f} kW of IT load"] if dark.it_load_kw else []
    parts += [_count(dark.services, "service")] if dark.services else []
    parts += [f"something of {_count(tenants, 'tenant')}"] if tenants else []
    return [f"Behind what goes dark: {', '.join(parts)}."] if parts else []


def _itself(found: BlastRadius) -> list[str]:
    said = found.failed_itself.said()
    return [f"Fails itself, beside that: {said}."] if said else []


def _tripped(course: Timeline) -> list[str]:
    trips = [event for event in course.events if event.kind is EventKind.TRIPS]
    if not trips:
        return []
    first = min(event.lower for event in trips)
    return [f"{_count(len(trips), 'protective device', 'trips', 'trip')} by overload, the first after {span(first)}."]


def _count(number: int, what: str, one: str = "", more: str = "") -> str:
    return f"{number:,} {what if number == 1 else what + 's'} {one if number == 1 else more}".rstrip()


def _when(course: Timeline, ids: set[str]) -> str:
    """Between the first that may go dark and the last that does: by power and cooling, where these go."""
    physical = {bound.medium for bound in course.bounds if bound.id in ids} & {POWER, LIQUID_COOLING, AIR_COOLING}
    lower: dict[str, float] = {}
    upper: dict[str, float | None] = {}
    for bound in course.bounds:
        if bound.id in ids and bound.medium in (physical or {bound.medium}):
            lower[bound.id] = min(lower.get(bound.id, bound.lower), bound.lower)
            known = upper.get(bound.id, bound.upper)
            upper[bound.id] = bound.upper if known is None else known if bound.upper is None else min(known, bound.upper)
    beyond = f"after more than {span(course.horizon_s)}"
    if not lower:
        return beyond
    first, known_ends = min(lower.values()), [value for value in upper.values() if value is not None]
    if not known_ends:
        return f"after {span(first)} or later" if first >= 1 else "at once or later"
    last = max(known_ends)
    if ids - lower.keys():
        return f"{f'the first after {span(first)}' if first >= 1 else 'the first at once'}, some {beyond}"
    if last < 1:
        return "at once"
    if max(lower.values()) > min(known_ends):  # one time for all there is not
        return f"{f'the first after {span(first)}' if first >= 1 else 'the first at once'}, the last within {span(last)}"
    return f"after {span(last)}" if span(first) == span(last) else f"after {span(first)} to {span(last)}"


def _named(graph: SupplyGraph, ids: Sequence[str]) -> str:
    names = [graph.label(node) if (node := graph.find(iri)) is not None else iri for iri in ids]
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) <= 3 else f"the {len(names):,} standby sources"
