"""What stands on the page: one failure, what it costs and when, what hangs by one thing meanwhile, and the one-line diagram.

Everything is as of one revision and one instant. Equal questions give equal pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.conditions import CurrentValue
from analytics.impact import BlastRadius, StatedPosition, Told, impact_of
from analytics.oneline.oneline import OneLine, one_line
from analytics.placement import placement
from analytics.places import Rooms
from analytics.procedures.check import Checked
from analytics.report.headline import Headline, headline
from analytics.report.single_points import Untouchable, untouchable
from analytics.scenario import Case, Role
from analytics.supply_graph import SupplyGraph
from analytics.time.reserves import Reserves
from analytics.time.story import EventKind
from analytics.time.table import Kind
from analytics.time.timeline import HORIZON_S, Timeline, timeline
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, REC
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

SITES = (REC + "Site", BRICK + "Site")
LIMITS = (
    "This page is computed from a model of the site. It is a planning aid: it carries no safety rating, replaces no lock-out, no "
    "permit to work and no look at the plant.",
    "What the model does not say (cables, interlocks, protection settings, people) is not in it; what was assumed is listed.",
)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that the page is about."""

    id: str
    label: str
    cls: str | None
    part: Role
    """Whether it fails, is opened, closed or isolated."""
    count: int
    """How many things with a part in supply it stands for: of a room all that is in it."""

    def to_json(self) -> dict[str, object]:
        """For a program."""
        return {"id": self.id, "label": self.label, "class": self.cls, "part": self.part.value, "count": self.count}


@dataclass(frozen=True, slots=True)
class Report:
    """The page as values."""

    site: str
    """The label of the site, of several all of them; empty where the model names none."""
    acts: tuple[Thing, ...]
    headline: Headline
    found: BlastRadius
    course: Timeline
    diagram: OneLine
    untouchable: Untouchable
    not_normal: tuple[StatedPosition, ...]
    """Switches that stand other than they normally do, in order of ids."""
    names: dict[str, str]
    """Labels by id of what the page names."""
    checked: Checked | None
    safely: Checked | None
    """The same steps in the order that is safe, where policy refuses them as they are written and there is such an order."""
    assumed: tuple[str, ...]
    limits: tuple[str, ...] = LIMITS

    def to_json(self) -> dict[str, object]:
        """The values of the page, for a program."""
        found = self.found.to_json()
        keys = ("revision", "at", "totals", "down_before", "failed_itself", "rooms", "trips", "overloads")
        return {
            "site": self.site,
            "acts": [thing.to_json() for thing in self.acts],
            "headline": self.headline.to_json(),
            **{key: found[key] for key in keys},
            "events": [event.to_json() for event in self.course.events],
            "diagram": self.diagram.to_json(),
            "untouchable": self.untouchable.to_json(),
            "not_normal": [{"id": p.id, "position": p.position, "from_telemetry": p.from_telemetry} for p in self.not_normal],
            "procedure": None if self.checked is None else self.checked.to_json(),
            "assumed": list(self.assumed),
            "limits": list(self.limits),
        }


def report(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    case: Case,
    reserves: Reserves,
    rooms: Rooms,
    horizon_s: float = HORIZON_S,
    known: CurrentValue | None = None,
    checked: Checked | None = None,
    safely: Checked | None = None,
) -> Report:
    """The page for a scenario; `reserves` and `rooms` are those of its supply graph, `checked` is a procedure that goes with it.

    Cost: one impact, one timeline (two of each where standby sources are called), the trials of `untouchable`, and the drawing.
    """
    graph = case.graph
    found = impact_of(case, None, Told.OUTCOMES, rooms)
    course = timeline(reserves, case.out_ids(), case.conditions, horizon_s, known)
    touched = untouchable(case, found, placement(snapshot, graph).level)
    not_normal = tuple(position for position in found.positions if _is_not_normal(graph, position))
    return Report(
        _site(snapshot, vocabulary),
        _acts(snapshot, vocabulary, case),
        said_first(case, reserves, found, course, horizon_s, known),
        found,
        course,
        one_line(snapshot, vocabulary, case, found, _stored(reserves)),
        touched,
        not_normal,
        _names(graph, found, course, touched, not_normal, checked),
        checked,
        safely,
        (*found.assumed, *course.assumed),
    )


def said_first(
    case: Case, reserves: Reserves, found: BlastRadius, course: Timeline, horizon_s: float = HORIZON_S, known: CurrentValue | None = None
) -> Headline:
    """The sentence that matters first about a scenario, from its impact and its timeline. Cost: one of each more where standby sources are
    called."""
    idle = {case.graph.id(node) for node, _ in reserves.without(case.out_ids()).starts_not}
    standby = [iri for iri in _standby(course) if iri not in idle]
    return headline(case.graph, found, course, standby, _without(case, reserves, standby, horizon_s, known) if standby else None)


def _standby(course: Timeline) -> list[str]:
    return sorted({iri for event in course.events if event.kind is EventKind.CALLED for iri in event.ids})


def _without(
    case: Case, reserves: Reserves, standby: Sequence[str], horizon_s: float, known: CurrentValue | None
) -> tuple[BlastRadius, Timeline]:
    """What becomes of the site where the standby sources that are called do not start."""
    ids = (*case.out_ids(), *standby)
    worse = replace(Case.of_failed(case.graph, ids, case.conditions), unmoved=case.unmoved)
    return impact_of(worse, None, Told.OUTCOMES), timeline(reserves, ids, case.conditions, horizon_s, known)


def _acts(snapshot: Snapshot, vocabulary: Vocabulary, case: Case) -> tuple[Thing, ...]:
    """What is done to what, in the order in which it was asked; of plain failures only what fails."""
    acts = [(each.asked, each.part, len(each.ids)) for each in case.resolved] or [(iri, Role.FAILS, 1) for iri in case.asked]
    return tuple(_thing(snapshot, vocabulary, *act) for act in acts)


def _stored(reserves: Reserves) -> Ids:
    """The nodes that batteries or flywheels carry on."""
    return np.unique(reserves.stores.node[reserves.stores.kind == Kind.ENERGY]).astype(np.int32)


def _thing(snapshot: Snapshot, vocabulary: Vocabulary, iri: str, part: Role, count: int) -> Thing:
    number = snapshot.need(iri)
    return Thing(iri, snapshot.label(number), vocabulary.most_specific(snapshot.types(number)), part, count)


def _is_not_normal(graph: SupplyGraph, position: StatedPosition) -> bool:
    node = graph.find(position.id)
    return node is not None and bool(graph.nodes.normally_open[node]) != (position.position == "open")


def _site(snapshot: Snapshot, vocabulary: Vocabulary) -> str:
    classes = sorted({cls for site in SITES for cls in vocabulary.subclasses(site)})
    typed = snapshot.relation(RDF_TYPE)
    terms = {term for cls in classes if (number := snapshot.terms.find(cls)) is not None for term in typed.subjects_of(number).tolist()}
    return ", ".join(sorted(snapshot.label(term) for term in terms))


NAMED_MAX = 12
"""Ids of one event or point that are named; the page shows fewer."""


def _names(
    graph: SupplyGraph,
    found: BlastRadius,
    course: Timeline,
    touched: Untouchable,
    not_normal: Sequence[StatedPosition],
    checked: Checked | None,
) -> dict[str, str]:
    """Labels of what the lists of the page name."""
    ids = {iri for event in course.events for iri in event.ids[:NAMED_MAX]}
    ids |= {iri for point in touched.points for iri in point.ids[:NAMED_MAX]}
    ids |= {position.id for position in not_normal} | set(_standby(course))
    ids |= {trip.id for trip in found.trips} | {overload.id for overload in found.overloads}
    ids |= {done.step.of for done in checked.steps} if checked is not None else set()
    return {iri: graph.label(node) for iri in sorted(ids) if (node := graph.find(iri)) is not None}
