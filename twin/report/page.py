"""The page as HTML: one file that needs no script, no picture and no other host.

Rules of this file:

1. Everything that comes from the model passes `words.text`.
2. The lists are cut to what one sheet holds and say what they leave out; a procedure of more than `STEPS_BESIDE` steps has sheets of
   its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from analytics.procedures.check import Checked, Done
from analytics.procedures.steps import Act
from analytics.report.report import Report, Thing
from analytics.scenario import Role
from ontology.namespaces import compact, local_name
from twin.report.diagram import diagram
from twin.report.lists import beside, key, medium_word
from twin.report.style import POLICY, SHEET_MM, STYLE
from twin.report.symbols import mark
from twin.report.words import SHORT_WORDS, STATE_WORDS, alike, cut, listed, number, text, things

ASSUMED_SHOWN = 6
NOTES_LETTERS = 170
STEPS_BESIDE = 10
"""Steps that stand on the first sheet; more of them have sheets of their own, `STEPS_A_SHEET` each."""
STEPS_A_SHEET = 34
VERDICT_LETTERS = 260
BOX = '<span class="box"></span>'
"""To tick; there is none where the steps have no order that policy allows."""
DIAGRAM_MM = (116, 178)
LEGEND_MM = 15.0
STEPS_HEAD_MM, STEP_MM = 16.0, 5.1
ACTS_SHOWN = 5
_ACTS = {
    Role.FAILS: ("fails", "fail"),
    Role.OPENED: ("is opened", "are opened"),
    Role.CLOSED: ("is closed first", "are closed first"),
    Role.ISOLATED: ("is isolated", "are isolated"),
}
_STEPS = {Act.OPEN: "Open", Act.CLOSE: "Close", Act.ISOLATE: "Isolate", Act.RESTORE: "Restore", Act.NOTE: ""}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for the page, and of which state: `revision 12`, `branch friday`."""

    by: str
    state: str


def page(report: Report, asked: Asked) -> str:
    """The whole file. Equal reports give equal bytes."""
    steps = report.safely or report.checked
    is_short = steps is not None and len(steps.steps) <= STEPS_BESIDE
    title = f"{', '.join(each.label for each in report.acts[:ACTS_SHOWN]) or 'Scenario'}: what it costs"
    sheets = [_first(report, asked, steps if is_short else None)]
    if steps is not None and not is_short:
        sheets += _steps_sheets(report, steps, asked)
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
    medium = medium_word(report.diagram.medium)
    about = f"<h2>One-line diagram, {text(medium)}: what is affected and all that feeds it</h2>"
    left = f'<div class="left"><section>{about}{drawn}{_legend()}</section></div>'
    steps = "" if checked is None else _steps(report, checked, checked.steps, f"Procedure: {checked.name}")
    return (
        f'<main class="sheet one">{_header(report, asked)}{_headline(report)}'
        f'<div class="columns">{left}<div class="right">{beside(report, room)}</div></div>{steps}{_foot(report, assumed)}</main>'
    )


def _headline_mm(report: Report) -> float:
    told = report.headline
    refused = "" if report.checked is None else cut(verdict(report.checked), VERDICT_LETTERS)
    banner = 6.0 * (1 + len(refused) // 60) if refused else 0.0
    return 27.0 + banner + 6.0 * (len(told.text) // 66) + 4.2 * (len(" ".join(told.then)) // 112)


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
    refused = "" if report.checked is None else cut(verdict(report.checked), VERDICT_LETTERS)
    banner = f'<p class="first refused">{text(refused)}</p>' if refused else ""
    return f'<div class="headline">{banner}<p class="first">{text(told.text)}</p>{then}</div>'


def _legend() -> str:
    states = "".join(
        f"<span>{key(state)}{word}{f' ({SHORT_WORDS[state]})' if state in SHORT_WORDS else ''}</span>"
        for state, word in STATE_WORDS.items()
        if mark(state)
    )
    line = '<span><svg class="key" viewBox="-9 -9 18 18"><line class="{0}" x1="-9" y1="0" x2="9" y2="0"/></svg>{1}</span>'
    return f'<div class="legend">{states}{line.format("live", "live after it")}{line.format("dead", "without supply")}</div>'


def _assumed(report: Report) -> list[str]:
    """What was assumed, what is alike once, as it stands in the page."""
    told = alike(report.assumed)
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


def verdict(checked: Checked) -> str:
    """What policy says of a procedure; empty where it allows it."""
    refused = checked.first_refused
    if refused is None:
        return ""
    said = f"NOT AS WRITTEN: step {refused.step.id} of the procedure is refused: {'; '.join(refused.refused)}. "
    if checked.safe is not None and checked.safe.steps:
        return f"{said}Do it in this order: {', '.join(checked.safe.steps)}."
    return f"{said}No safe order of these steps was found: do not begin."


def _steps(report: Report, checked: Checked, steps: Sequence[Done], title: str) -> str:
    rows = "".join(_step(report, done, checked) for done in steps)
    head = (
        "<tr><th></th><th>step</th><th></th><th class='n'>goes down</th><th class='n'>comes back</th><th class='n'>down then</th>"
        "<th class='n'>kW down</th><th class='n'>no redundancy</th><th class='n'>overloaded</th><th></th></tr>"
    )
    return f'<section class="steps"><h2>{text(cut(title, 110))}</h2><table>{head}{rows}</table></section>'


def _step(report: Report, done: Done, checked: Checked) -> str:
    step, has_box = done.step, checked.first_refused is None
    name = step.of if step.act is Act.NOTE else f"{_STEPS[step.act]} {report.names.get(step.of, compact(step.of))}"
    counts = [each.racks + each.equipment + each.services + each.other for each in (done.lost, done.back, done.down)]
    exposed = done.without_redundancy
    numbers = [*map(number, counts), number(done.down.it_load_kw), number(exposed.racks + exposed.equipment + exposed.services)]
    numbers.append("-" if checked.by_supply_alone else number(len(done.trips) + len(done.overloaded)))
    cells = [""] * len(numbers) if step.act is Act.NOTE else numbers
    return (
        f"<tr><td>{BOX if has_box else ''}</td><td>{text(cut(step.id, 12))}</td><td><b>{text(cut(name, 62))}</b></td>"
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
