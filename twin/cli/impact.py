"""`ridethrough impact`: what is hit when something fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import media_of, opened_view, refuse_unknown, state_name
from twin.cli.output import Config, Data, Json, Store, instant, say, say_json, settings_from, table
from twin.cli.timeline import tell_timeline

if TYPE_CHECKING:
    from analytics.impact import BlastRadius

ROWS_SHOWN = 40
OPEN_SHOWN = 8
TOLD_FIRST = {"ICT_Rack": 0, "Service": 1, "Tenant": 2}
"""Classes that a person asks about first; the rest follows, each outcome in order of ids."""


def impact(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID...", help="What fails, all together: IRIs or CURIEs such as demo:UPS-A.", show_default=False)
    ],
    medium: Annotated[
        list[str] | None,
        typer.Option("--medium", help="Only this medium: Power, LiquidCooling, ..., or its IRI. Can be repeated.", show_default=False),
    ] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Also say when: what is carried on, starts and goes dark, in time.")] = False,
    hours: Annotated[float, typer.Option(help="How far the timeline looks, in hours.", min=0.001)] = 4.0,
    every: Annotated[bool, typer.Option("--all", help=f"Print every row, not the first {ROWS_SHOWN}.")] = False,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Say what goes dark, what loses its redundancy, and by which path, when the given entities fail. As of an older revision the switches
    stand where they normally do; in a branch, where telemetry says."""
    from ontology.namespaces import expand

    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "impact", asked) as view:
        refuse_unknown(view, ids)
        media = None if medium is None else media_of(medium, view.supply().media)
        found = view.impact([expand(name) for name in ids], media)
        course = view.timeline(found.failed, hours * 3600) if timeline else None
    if json:
        from analytics.time.seconds import with_seconds

        say_json(found.to_json() if course is None else {**with_seconds(found, course).to_json(), "timeline": course.to_json()})
    elif course is not None:
        tell_timeline(course, every, state_name(branch, found.revision))
    else:
        _tell(found, every, state_name(branch, found.revision))


def _tell(found: BlastRadius, every: bool, state: str) -> None:
    from analytics.impact import KINDS
    from ontology.namespaces import compact, local_name

    say(f"If {', '.join(map(compact, found.failed))} fails ({state}, {instant(found.at)}):")
    say()
    totals = found.totals.to_json()
    kinds = [kind for kind in next(iter(totals.values())) if kind != "OVERLOADED" or any(counts[kind] for counts in totals.values())]
    kinds_order = {kind: at for at, kind in enumerate(KINDS)}
    table(("", *kinds), [(what, *(_number(counts[kind]) for kind in kinds)) for what, counts in totals.items()])
    down = {what.replace("it_load_kw", "kW of IT load"): count for what, count in found.down_before.to_json().items() if count}
    if down:
        say(f"already without supply before this failure: {', '.join(f'{_number(count)} {what}' for what, count in down.items())}")
    say()
    told = sorted(found.outcomes, key=lambda each: (kinds_order[each.outcome], TOLD_FIRST.get(local_name(each.cls or ""), len(TOLD_FIRST))))
    shown = told if every else told[:ROWS_SHOWN]
    rows = [
        (each.outcome.name, compact(each.id), local_name(each.cls or ""), local_name(each.medium), " ".join(map(compact, each.evidence)))
        for each in shown
    ]
    if rows:
        table(("OUTCOME", "ID", "CLASS", "MEDIUM", "BECAUSE OF"), rows)
    else:
        say("Nothing else is affected.")
    if len(rows) < len(found.outcomes):
        say(f"... and {len(found.outcomes) - len(rows):,} more: --all prints them, --json also says by which path")
    for trip in found.trips:
        say(f"trips after {trip.after_s:,.0f} s: {compact(trip.id)}, with {trip.load_kw:,.1f} kW on {trip.rated_kw:,.1f} kW")
    for overload in found.overloads:
        say(f"overloaded: {compact(overload.id)} carries {overload.load_kw:,.1f} kW and may carry {overload.limit_kw:,.1f} kW")
    if found.positions:
        live, opened = sum(each.from_telemetry for each in found.positions), [each for each in found.positions if each.position == "open"]
        names = ", ".join(compact(each.id) for each in opened[:OPEN_SHOWN]) + (", ..." if len(opened) > OPEN_SHOWN else "")
        say(f"switches: {live:,} of {len(found.positions):,} stand as telemetry says, the others as normal; open: {names or 'none'}")
    for text in found.assumed:
        say(f"assumed: {text}")


def _number(value: float) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
