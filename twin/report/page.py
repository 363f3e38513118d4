"""The page as HTML: one file that needs no script, no picture and no other host.

Rules of this file:

1. Everything that comes from the model passes `words.text`.
2. The lists are cut to what one sheet holds and say what they leave out; a procedure of more than `STEPS_BESIDE` steps has sheets of
   its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from typing import NamedTuple

from analytics.impact import OutcomeKind
from analytics.parts import PartTotals
from analytics.procedures.check import Checked, Done
from analytics.procedures.steps import Act
from analytics.report.report import Report, Thing
from analytics.scenario import Part
from analytics.time.story import EventKind, span
from analytics.time.timeline import Event
from ontology.namespaces import compact, local_name
from twin.report.diagram import diagram
from twin.report.style import POLICY, SHEET_MM, STYLE
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
ROOMS_SHOWN = 4
ASSUMED_SHOWN = 6
NOTES_LETTERS = 170
STEPS_BESIDE = 10
"""Steps that stand on the first sheet; more of them have sheets of their own, `STEPS_A_SHEET` each."""
STEPS_A_SHEET = 34
DIAGRAM_MM = (116, 178)
LEGEND_MM = 15.0
STEPS_HEAD_MM, STEP_MM = 16.0, 5.1
ACTS_SHOWN = 5
_LOST, _OVERLOADED, _EXPOSED, _REDUCED = (
    kind.value for kind in (OutcomeKind.LOST, OutcomeKind.OVERLOADED, OutcomeKind.NO_REDUNDANCY, OutcomeKind.REDUCED)
)
_HAPPENS = {
    EventKind.FAILED: "out",
    EventKind.CARRIED: "carried on",
    EventKind.CALLED: "called to start",
    EventKind.TRANSFERS: "may transfer",
    EventKind.LOST: "without",
    EventKind.STARTED: "running",
    EventKind.BACK: "has back",
    EventKind.RUNS: "up again",
    EventKind.DOWN: "stops",
}
_ACTS = {
    Part.FAILS: ("fails", "fail"),
    Part.OPENED: ("is opened", "are opened"),
    Part.CLOSED: ("is closed first", "are closed first"),
    Part.ISOLATED: ("is isolated", "are isolated"),
}
_NAMES = re.compile(r"\S*[:\d]\S*")
_TAG = re.compile(r"<[^>]*>")
_STEPS = {Act.OPEN: "Open", Act.CLOSE: "Close", Act.ISOLATE: "Isolate", Act.RESTORE: "Restore", Act.NOTE: ""}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for the page, and of which state: `revision 12`, `branch friday`."""

    by: str
    state: str


def page(report: Report, asked: Asked) -> str:
    """The whole file. Equal reports give equal bytes."""
    steps = () if report.checked is None else report.checked.steps
    beside = report.checked is not None and len(steps) <= STEPS_BESIDE
    title = f"{', '.join(each.label for each in report.acts[:ACTS_SHOWN]) or 'Scenario'}: what it costs"
    sheets = [_first(report, asked, report.checked if beside else None)]
    if report.checked is not None and not beside:
        sheets += _steps_sheets(report, report.checked, asked)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{text(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n" + "\n".join(sheets) + "\n</body>\n</html>\n"
    )


def _first(report: Report, asked: Asked, checked: Checked | None) -> str:
    """The sheet that everybody reads."""
    assumed = _assumed(report)
    room = (
        SHEET_MM[1] - _headline_mm(report) - _foot_mm(assumed) - (0.0 if checked is None else STEPS_HEAD_MM + STEP_MM * len(checked.steps))
    )
    drawn = diagram(report.diagram, DIAGRAM_MM[0], min(room - LEGEND_MM, DIAGRAM_MM[1]))
    medium = _medium(report.diagram.medium)
    about = f"<h2>One-line diagram, {text(medium)}: what is affected and all that feeds it</h2>"
    left = f'<div class="left"><section>{about}{drawn}{_legend()}</section></div>'
    steps = "" if checked is None else _steps(report, checked, checked.steps, f"Procedure: {checked.name}")
    return (
        f'<main class="sheet one">{_header(report, asked)}{_headline(report)}'
        f'<div class="columns">{left}<div class="right">{_right(report, room)}</div></div>{steps}{_foot(report, assumed)}</main>'
    )


def _right(report: Report, room: float) -> str:
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


def _headline_mm(report: Report) -> float:
    told = report.headline
    return 27.0 + 6.0 * (len(told.text) // 66) + 4.2 * (len(" ".join(told.then)) // 112)


def _foot_mm(assumed: Sequence[str]) -> float:
    return max(27.0, 8.0 + 3.0 * sum(1 + len(each) // 84 for each in assumed))


def _header(report: Report, asked: Asked) -> str:
    what = f"What if: <b>{text(cut(_what_if(report.acts), 150))}</b>"
    return (
        f'<header><div><h1>{text(cut(report.site or "Site", 70))}</h1><div class="fails">{what}</div></div>'
        f'<div class="basis">{text(cut(asked.state, 60))}<br>as of {text(_instant(report.found.at))}'
        f"{f'<br>asked by {text(cut(asked.by, 40))}' if asked.by else ''}</div></header>"
    )


def _what_if(acts: Sequence[Thing]) -> str:
    """What happens, in one line: of many things of a class their number."""
    if len(acts) == 1:
        return f"{acts[0].label} ({local_name(acts[0].cls or 'thing').replace('_', ' ')}) {_ACTS[acts[0].part][0]}"
    said = []
    for part in dict.fromkeys(each.part for each in acts):
        together = [each for each in acts if each.part is part]
        said.append(f"{_by_class([(each.cls, each.label) for each in together])} {_ACTS[part][len(together) > 1]}")
    return "; ".join(said)


def _by_class(named: Sequence[tuple[str | None, str]]) -> str:
    """Things by name, those of a class by their number where they are more than two."""
    found = []
    for cls in dict.fromkeys(cls for cls, _ in named):
        labels = [label for each, label in named if each == cls]
        found += labels if len(labels) <= 2 else [things(len(labels), cls)]
    return listed(found, ACTS_SHOWN)


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _headline(report: Report) -> str:
    told = report.headline
    then = f'<p class="then">{text(" ".join(told.then))}</p>' if told.then else ""
    return f'<div class="headline"><p class="first">{text(told.text)}</p>{then}</div>'


def _totals(report: Report) -> str:
    totals, down = report.found.totals.to_json(), report.found.down_before.to_json()
    kinds = [kind for kind in (_LOST, _OVERLOADED, _EXPOSED, _REDUCED, "UNAFFECTED") if kind != _OVERLOADED or report.found.overloads]
    before = any(down.values())
    words = {"it_load_kw": "IT load, kW"}
    head = "".join(f'<th class="n">{_key(kind)} {STATE_WORDS[kind]}</th>' for kind in kinds) + (
        '<th class="n">down before</th>' if before else ""
    )
    rows = "".join(
        f"<tr class='line'><td class='w'>{words.get(what, what)}</td>"
        + "".join(f'<td class="n{" worst" if kind == _LOST and counts[kind] else ""}">{number(counts[kind])}</td>' for kind in kinds)
        + (f'<td class="n">{number(down[what])}</td>' if before else "")
        + "</tr>"
        for what, counts in totals.items()
    )
    return f"<section><h2>What it costs</h2><table><tr><th></th>{head}</tr>{rows}</table></section>"


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
    heads = (f"racks {_key(_LOST)} dark", f"{_key(_EXPOSED)} no redundancy", "kW dark")
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
        f"{_medium(medium)}: {_named(report, [event for event in events if event.medium == medium])}".removeprefix(": ") for medium in media
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


def _medium(medium: str | None) -> str:
    if medium is None:
        return ""
    return {"Power": "power", "LiquidCooling": "liquid cooling", "AirCooling": "air cooling"}.get(
        local_name(medium), local_name(medium).lower()
    )


def _untouchable(report: Report, most: int) -> str:
    touched = report.untouchable
    rows = "".join(
        f'<tr class="line"><td>{text(cut(_points(report, point.ids), 88))}</td>'
        f'<td class="n">{number(point.racks)} racks, {number(point.it_load_kw)} kW</td></tr>'
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
        f"<b>{_short(report, trip.id)}</b> trips after {span(trip.after_s)}: {number(trip.load_kw)} kW on {number(trip.rated_kw)} kW"
        for trip in found.trips[:most]
    ]
    rows += [
        f"<b>{_short(report, over.id)}</b> is overloaded: {number(over.load_kw)} kW, may carry {number(over.limit_kw)} kW"
        for over in found.overloads[:most]
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


def _key(state: str) -> str:
    shape = mark(state)
    return f'<svg class="key" viewBox="-9 -9 18 18" aria-hidden="true"><g class="mark {state.lower()}">{shape}</g></svg>' if shape else ""


def _legend() -> str:
    states = "".join(f"<span>{_key(state)}{word}</span>" for state, word in STATE_WORDS.items() if mark(state))
    line = '<span><svg class="key" viewBox="-9 -9 18 18"><line class="{0}" x1="-9" y1="0" x2="9" y2="0"/></svg>{1}</span>'
    return f'<div class="legend">{states}{line.format("live", "live after it")}{line.format("dead", "without supply")}</div>'


def _assumed(report: Report) -> list[str]:
    """What was assumed, what is alike once, as it stands in the page."""
    told = _alike(report.assumed)
    assumed = [text(cut(first, NOTES_LETTERS) + (f" ... and {count - 1:,} more like it" if count > 1 else "")) for first, count in told]
    more = len(assumed) - ASSUMED_SHOWN
    return assumed[:ASSUMED_SHOWN] + ([f"and {more:,} more kinds: <b>ridethrough report --json</b> lists all"] if more > 0 else [])


def _foot(report: Report, assumed: Sequence[str]) -> str:
    listed_ = "".join(f"<li>{each}</li>" for each in assumed) or "<li>Nothing: the model says all that this rests on.</li>"
    limits = "".join(f"<li>{text(each)}</li>" for each in report.limits)
    sign = '<div class="sign"><span>Checked by</span><span>Date, time</span><span>Agreed with operations</span></div>'
    return (
        f'<div class="foot"><div><h2>Assumed</h2><ul class="small">{listed_}</ul></div>'
        f'<div><h2>Limits</h2><ul class="small">{limits}</ul>{sign}</div></div>'
    )


def _alike(texts: Sequence[str]) -> list[tuple[str, int]]:
    """The first of each kind of text that differ in names and numbers alone, and how many there are."""
    kinds: dict[str, tuple[str, int]] = {}
    for each in texts:
        kind = _NAMES.sub("", each)
        first, count = kinds.get(kind, (each, 0))
        kinds[kind] = first, count + 1
    return list(kinds.values())


def _steps(report: Report, checked: Checked, steps: Sequence[Done], title: str) -> str:
    rows = "".join(_step(report, done) for done in steps)
    head = (
        "<tr><th></th><th>step</th><th></th><th class='n'>goes down</th><th class='n'>comes back</th><th class='n'>down then</th>"
        "<th class='n'>kW down</th><th class='n'>no redundancy</th><th></th></tr>"
    )
    refused = checked.first_refused
    safe = checked.safe.steps if checked.safe is not None else ()
    verdict = (
        ""
        if refused is None
        else f"Step {refused.step.id} is refused: {'; '.join(refused.refused)}. "
        + (f"A safe order: {', '.join(safe)}." if safe else "No safe order of these steps was found.")
    )
    return (
        f'<section class="steps"><h2>{text(cut(title, 110))}</h2><table>{head}{rows}</table>'
        f"{f'<p class=refused>{text(cut(verdict, 260))}</p>' if verdict else ''}</section>"
    )


def _step(report: Report, done: Done) -> str:
    step = done.step
    name = step.of if step.act is Act.NOTE else f"{_STEPS[step.act]} {report.names.get(step.of, compact(step.of))}"
    counts = [each.racks + each.equipment + each.services + each.other for each in (done.lost, done.back, done.down)]
    exposed = done.without_redundancy
    numbers = [*map(number, counts), number(done.down.it_load_kw), number(exposed.racks + exposed.equipment + exposed.services)]
    cells = [""] * len(numbers) if step.act is Act.NOTE else numbers
    return (
        f'<tr><td><span class="box"></span></td><td>{text(cut(step.id, 12))}</td><td><b>{text(cut(name, 62))}</b></td>'
        + "".join(f'<td class="n">{cell}</td>' for cell in cells)
        + f'<td class="n refused">{"REFUSED" if done.refused else ""}</td></tr>'
    )


def _steps_sheets(report: Report, checked: Checked, asked: Asked) -> list[str]:
    cuts = [*range(0, len(checked.steps), STEPS_A_SHEET), len(checked.steps)]
    return [
        f'<section class="sheet">{_header(report, asked)}'
        + _steps(
            report, checked, checked.steps[first:last], f"Procedure: {checked.name}, steps {first + 1} to {last} of {len(checked.steps)}"
        )
        + "</section>"
        for first, last in pairwise(cuts)
    ]
