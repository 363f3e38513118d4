"""The lists beside the diagram: what it costs, when, what must not be touched, what trips, where switches stand.

They are shortened until they fit beside it, by an estimate of their lines, and say what they leave out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import NamedTuple

from analytics.breakdown import PartTotals
from analytics.figures import shown_apart
from analytics.impact import OutcomeKind
from analytics.report.report import Report
from analytics.time.story import EventKind, span
from analytics.time.timeline import Event
from ontology.namespaces import compact, local_name
from twin.report.symbols import mark
from twin.report.words import STATE_WORDS, cut, listed, number, text, things


class _Rows(NamedTuple):
    """How many rows the lists beside the diagram have."""

    events: int
    points: int
    loaded: int
    rooms: bool


ROWS = tuple(
    _Rows(*each)
    for each in (
        (12, 7, 4, True),
        (12, 5, 3, True),
        (10, 4, 3, True),
        (8, 4, 2, False),
        (6, 3, 2, False),
        (4, 2, 1, False),
        (3, 1, 1, False),
    )
)
"""The longest that fits is taken."""
ROW_MM, LINE_MM, LETTERS_A_LINE = 4.1, 3.55, 54
SWITCHES_SHOWN = 6
TENANTS = '<p class="small">A tenant with something dark counts as dark.</p>'
ROOMS_SHOWN = 4
_LOST, _OVERLOADED, _EXPOSED, _REDUCED = (
    kind.value for kind in (OutcomeKind.LOST, OutcomeKind.OVERLOADED, OutcomeKind.NO_REDUNDANCY, OutcomeKind.REDUCED)
)
_HAPPENS = {
    EventKind.FAILED: "out",
    EventKind.CARRIED: "carried on",
    EventKind.CALLED: "called to start",
    EventKind.TRANSFERS: "may transfer",
    EventKind.TRIPS: "trips",
    EventKind.LOST_AGAIN: "again without",
    EventKind.LOST: "without",
    EventKind.STARTED: "running",
    EventKind.BACK: "has back",
    EventKind.RUNS: "up again",
    EventKind.DOWN: "does not run",
}
_TAG = re.compile(r"<[^>]*>")


def beside(report: Report, room: float) -> str:
    """The lists beside the diagram, shorter until they fit."""
    for most in ROWS:
        rooms = _rooms(report) if most.rooms else ""
        parts = (
            _totals(report),
            rooms,
            _timeline(report, most.events),
            _untouchable(report, most.points),
            _loaded(report, most.loaded),
            _switches(report),
        )
        if sum(_high(part) for part in parts) <= room:
            break
    return "".join(parts)


def _high(section: str) -> float:
    """About how high a section gets, in mm: its lines by their letters."""
    if not section:
        return 0.0
    rows = [
        _TAG.sub(" ", row) for row in section.replace("</tr>", "\n").replace("</p>", "\n").replace("</h2>", "\n").split("\n") if row.strip()
    ]
    return 3.0 + sum(ROW_MM + LINE_MM * (len(unescape(" ".join(row.split()))) // LETTERS_A_LINE) for row in rows)


def _totals(report: Report) -> str:
    totals, down = report.found.totals.to_json(), report.found.down_before.to_json()
    kinds = [kind for kind in (_LOST, _OVERLOADED, _EXPOSED, _REDUCED, "UNAFFECTED") if kind != _OVERLOADED or report.found.overloads]
    before = any(down.values())
    itself = report.found.failed_itself.to_json()
    fails = any(itself.values())
    words = {"it_load_kw": "IT load, kW"}
    head = (
        "".join(f'<th class="n">{key(kind)} {STATE_WORDS[kind]}</th>' for kind in kinds)
        + ('<th class="n">fails itself</th>' if fails else "")
        + ('<th class="n">down before</th>' if before else "")
    )
    rows = "".join(
        f"<tr class='line'><td class='w'>{words.get(what, what)}</td>"
        + "".join(f'<td class="n{" worst" if kind == _LOST and counts[kind] else ""}">{number(counts[kind])}</td>' for kind in kinds)
        + (f'<td class="n">{number(itself[what])}</td>' if fails else "")
        + (f'<td class="n">{number(down[what])}</td>' if before else "")
        + "</tr>"
        for what, counts in totals.items()
    )
    return f"<section><h2>What it costs</h2><table><tr><th></th>{head}</tr>{rows}</table>{TENANTS}</section>"


def _rooms(report: Report) -> str:
    rooms = [] if report.found.parts is None else [room for room in report.found.parts.rooms if _hit(room)]
    if len(rooms) < 2:
        return ""
    rooms.sort(key=lambda room: (-room.it_load_kw[_LOST], -room.racks[_LOST], -room.racks[_EXPOSED], room.label))
    rows = "".join(
        f'<tr class="line"><td>{text(cut(room.label, 30))}</td><td class="n">{number(room.racks[_LOST])}</td>'
        f'<td class="n">{number(room.racks[_EXPOSED])}</td><td class="n">{number(room.it_load_kw[_LOST])}</td></tr>'
        for room in rooms[:ROOMS_SHOWN]
    )
    heads = (f"racks {key(_LOST)} dark", f"{key(_EXPOSED)} no redundancy", "kW dark")
    head = "<tr><th>room</th>" + "".join(f'<th class="n">{each}</th>' for each in heads) + "</tr>"
    return f"<section><table>{head}{rows}</table>{_more(len(rooms) - ROOMS_SHOWN, 'rooms')}</section>"


def _hit(room: PartTotals) -> bool:
    return any(room.racks[kind] or room.it_load_kw[kind] for kind in (_LOST, _EXPOSED))


def _timeline(report: Report, most: int) -> str:
    told = _told_together(report.course.events)
    rows = "".join(
        f'<tr class="line"><td class="t">{text(when)}</td><td>{text(cut(_happens(report, events), 130))}</td></tr>'
        for when, events in told[:most]
    )
    body = f"<table>{rows}</table>" if rows else "<p>Nothing happens.</p>"
    more = _more(len(told) - most, "events")
    return f"<section><h2>When, for {text(span(report.course.horizon_s))}</h2>{body}{more}</section>"


def _told_together(events: Sequence[Event]) -> list[tuple[str, list[Event]]]:
    """Events of one kind and time as one line, in order."""
    found: dict[tuple[str, EventKind], list[Event]] = {}
    for event in events:
        found.setdefault((_after(event), event.kind), []).append(event)
    return [(when, together) for (when, _), together in found.items()]


def _after(event: Event) -> str:
    if event.upper is None:
        return f"{span(event.lower)} or never"
    return span(event.lower) if span(event.lower) == span(event.upper) else f"{span(event.lower)} to {span(event.upper)}"


def _happens(report: Report, events: Sequence[Event]) -> str:
    """What happens at one time, those first that a person asks about first."""
    media = dict.fromkeys(event.medium for event in sorted(events, key=_weight))
    why = f" ({events[0].reason})" if events[0].kind is EventKind.CARRIED and len(events) == 1 else ""
    parts = [
        f"{medium_word(medium)}: {_named(report, [event for event in events if event.medium == medium])}".removeprefix(": ")
        for medium in media
    ]
    return f"{_HAPPENS[events[0].kind]} {'; '.join(parts)}{why}"


def _weight(event: Event) -> tuple[int, int]:
    """Racks, services and UPS first, then by number."""
    first = ("ICT_Rack", "Service", "UPS", "UPS_Module", "Generator")
    name = local_name(event.cls or "")
    return first.index(name) if name in first else len(first), -len(event.ids)


def _named(report: Report, events: Sequence[Event]) -> str:
    """What it happens to: one or two by name, more of a class by their number."""
    by_class: dict[str | None, list[str]] = {}
    for event in sorted(events, key=_weight):
        by_class.setdefault(event.cls, []).extend(event.ids)
    found = []
    for cls, ids in by_class.items():
        found += [report.names.get(iri, compact(iri)) for iri in ids] if len(ids) <= 2 else [things(len(ids), cls)]
    return ", ".join(found)


def medium_word(medium: str | None) -> str:
    """A medium as a person says it; nothing for none."""
    if medium is None:
        return ""
    return {"Power": "power", "LiquidCooling": "liquid cooling", "AirCooling": "air cooling"}.get(
        local_name(medium), local_name(medium).lower()
    )


def _untouchable(report: Report, most: int) -> str:
    touched = report.untouchable
    rows = "".join(
        f'<tr class="line"><td>{text(cut(_points(report, point.ids), 88))}</td>'
        f'<td class="n">{number(point.racks)} {"rack" if point.racks == 1 else "racks"}, {number(point.it_load_kw)} kW</td></tr>'
        for point in touched.points[:most]
    )
    if not rows:
        return "<section><h2>Do not touch meanwhile</h2><p>Nothing else becomes a single point of failure.</p></section>"
    left = touched.candidates - touched.tried
    tried = (
        f"{touched.tried:,} further failures were tried, nearest to the sources first; {left:,} further down were not." if left > 0 else ""
    )
    more = _more(len(touched.points) - most, "of less weight")
    return (
        "<section><h2>Do not touch meanwhile</h2><p class='small'>Each of these alone, on top of it, takes this down as well:</p>"
        f"<table>{rows}</table>{more}{f'<p class=small>{text(tried)}</p>' if tried else ''}</section>"
    )


def _points(report: Report, ids: Sequence[str]) -> str:
    return listed([report.names.get(iri, compact(iri)) for iri in ids[:4]], 4) + (f" and {len(ids) - 4:,} more" if len(ids) > 4 else "")


def _loaded(report: Report, most: int) -> str:
    found = report.found
    rows = [
        f"<b>{_short(report, trip.id)}</b> trips after {span(trip.after_s)}: {load} kW on {rated} kW"
        for trip in found.trips[:most]
        for load, rated in (shown_apart(trip.load_kw, trip.rated_kw),)
    ]
    rows += [
        f"<b>{_short(report, over.id)}</b> is overloaded: {load} kW, may carry {limit} kW"
        for over in found.overloads[:most]
        for load, limit in (shown_apart(over.load_kw, over.limit_kw),)
    ]
    if not rows:
        return ""
    lines = "".join(f'<tr class="line"><td>{row}</td></tr>' for row in rows)
    more = _more(len(found.trips) + len(found.overloads) - len(rows), "")
    return f"<section><h2>Trips and overloads</h2><table>{lines}</table>{more}</section>"


def _short(report: Report, iri: str) -> str:
    return text(cut(report.names.get(iri, compact(iri)), 40))


def _switches(report: Report) -> str:
    total, live = len(report.found.positions), sum(each.from_telemetry for each in report.found.positions)
    if not total:
        return ""
    names = [f"{report.names.get(each.id, compact(each.id))} {each.position}" for each in report.not_normal]
    stand = f"Not as normal: {listed(names, SWITCHES_SHOWN)}." if names else "All stand as they normally do."
    said = f"{live:,} of {total:,} positions are from telemetry, the others as normal."
    return f"<section><h2>Switches</h2><p>{text(cut(stand, 330))} {said}</p></section>"


def _more(count: int, what: str) -> str:
    return f'<p class="small">and {count:,} more {what}</p>' if count > 0 else ""


def key(state: str) -> str:
    """The shape of a state as it stands in a line of text."""
    shape = mark(state)
    return f'<svg class="key" viewBox="-9 -9 18 18" aria-hidden="true"><g class="mark {state.lower()}">{shape}</g></svg>' if shape else ""
