"""`ridethrough impact`: what is hit when something fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import media_of, opened_view, refuse_unknown, state_name
from twin.cli.output import Config, Data, Failure, Json, Store, instant, say, say_json, settings_from, table, tell_assumed, tell_rests_on
from twin.cli.timeline import tell_timeline

if TYPE_CHECKING:
    from analytics.impact import BlastRadius
    from analytics.scenario import Scenario

ROWS_SHOWN = 20
ROOMS_SHOWN = 20
OPEN_SHOWN = 8
NAMED = 4
PARTS = {
    "fails": ("fails", "fail"),
    "opened": ("is opened", "are opened"),
    "closed": ("is closed first", "are closed first"),
    "isolated": ("is isolated", "are isolated"),
}
"""The parts that things have in a scenario, as they are said of one and of several."""
NO_LOAD = "no IT load is stated in the model, so its kW are 0; what meters read is not counted there: say dcx:allocatedPower of the racks"
COUNTED = {"tenants": "tenants with something", "it_load_kw": "kW of IT load"}
"""What is counted, where its key says too little."""
TOLD_FIRST = {"ICT_Rack": 0, "Service": 1, "Tenant": 2}
"""Classes that a person asks about first, whatever their outcome; the rest follows, each outcome in order of ids."""


def impact(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...",
            help="What fails, all together: IRIs or CURIEs such as demo:UPS-A. A place fails with all that is in it, a loop or a system "
            "with its parts.",
            show_default=False,
        ),
    ] = None,
    opened: Annotated[
        list[str] | None,
        typer.Option("--open", help="A switch that is opened: not broken, it does not carry. Can be repeated.", show_default=False),
    ] = None,
    closed: Annotated[
        list[str] | None,
        typer.Option("--close", help="A switch that is closed first, such as a tie; what gets better is told.", show_default=False),
    ] = None,
    isolated: Annotated[
        list[str] | None,
        typer.Option("--isolate", help="What is taken out for work, the switches before it open. Can be repeated.", show_default=False),
    ] = None,
    moved: Annotated[
        list[str] | None,
        typer.Option(
            "--move",
            metavar="TENANT=RACK,...",
            help="A tenant's load that leaves where it is and comes to these racks.",
            show_default=False,
        ),
    ] = None,
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
    """Say what goes dark, what loses its redundancy, and by which path, when the given entities fail, switches are opened or closed, things
    are isolated, tenants move. As of an older revision the switches stand where they normally do; in a branch, where telemetry says."""
    asked, scenario = as_of(at, branch), _scenario(ids, opened, closed, isolated, moved)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "impact", asked) as view:
        refuse_unknown(view, scenario.ids())
        media = None if medium is None else media_of(medium, view.supply().media)
        found = view.impact(scenario, media, parts=True, rests=True)
        course = view.timeline(scenario, hours * 3600, rests=True) if timeline else None
        first = None if course is None or json else view.said_first(scenario, found, course)
    if json:
        from analytics.time.seconds import with_seconds

        say_json(found.to_json() if course is None else {**with_seconds(found, course).to_json(), "timeline": course.to_json()})
    elif course is not None and first is not None:
        tell_timeline(course, every, state_name(branch, found.revision), told_scenario(found), first, found)
    else:
        _tell(found, every, state_name(branch, found.revision))


def _scenario(
    ids: list[str] | None, opened: list[str] | None, closed: list[str] | None, isolated: list[str] | None, moved: list[str] | None
) -> Scenario:
    from analytics.moves import Move
    from analytics.scenario import Scenario

    moves = []
    for text in moved or ():
        tenant, _, racks = text.partition("=")
        if not tenant or not racks.strip(", "):
            raise Failure(
                f"--move {text}: give a tenant and the racks it comes to, such as demo:Tenant-01=demo:Rack-R001,demo:Rack-R002", 2
            )
        moves.append(Move(tenant, tuple(rack.strip() for rack in racks.split(",") if rack.strip())))
    if not (ids or opened or closed or isolated or moves):
        raise Failure("nothing happens: name what fails, or give --open, --close, --isolate or --move", 2)
    return Scenario(tuple(ids or ()), tuple(opened or ()), tuple(closed or ()), tuple(isolated or ()), tuple(moves))


def told_scenario(found: BlastRadius) -> str:
    """What happens in a scenario, in one line."""
    from ontology.namespaces import compact

    named = {part: [compact(each.asked) for each in found.resolved if each.part == part] for part in PARTS}
    said = [f"{', '.join(ids)} {PARTS[part][len(ids) > 1]}" for part, ids in named.items() if ids]
    said += [f"{compact(each.tenant)} moves to {', '.join(compact(to.rack) for to in each.arrivals)}" for each in found.moves]
    return ", ".join(said)


def _tell_resolved(found: BlastRadius) -> None:
    from analytics.figures import shown_apart
    from ontology.namespaces import compact

    for each in found.resolved:
        name = compact(each.asked)
        if each.kind != "entity":
            first = f": {_first(each.ids)}" if each.ids else ""
            say(f"{name} stands for {len(each.ids):,} things that play a part in supply{first}")
        if each.opens:
            say(f"to isolate {name}, these are open: {', '.join(map(compact, each.opens))}")
    for move in found.moves:
        leaves = f"leaves {_first(move.left)} with {move.kw:,.1f} kW" if move.left else f"moves with {move.kw:,.1f} kW, from no rack"
        say(f"{compact(move.tenant)} {leaves}")
        for to in move.arrivals:
            hangs = f"hangs by {_first(to.single_points)}" if to.single_points else "hangs by no single thing"
            say(f"  {compact(to.rack)} gets {to.kw:,.1f} kW; it is {'supplied' if to.supplied else 'NOT SUPPLIED'} and {hangs}")
        for over in move.overloads:
            load, limit = shown_apart(over.load_kw, over.limit_kw)
            say(f"  overloaded: {compact(over.id)} carries {load} kW, {over.before_kw:,.1f} kW before, and may carry {limit} kW")


def _first(ids: Sequence[str]) -> str:
    from ontology.namespaces import compact

    return ", ".join(map(compact, ids[:NAMED])) + (", ..." if len(ids) > NAMED else "")


def _tell_rooms(found: BlastRadius) -> None:
    from ontology.namespaces import compact

    parts = found.parts.rooms if found.parts else ()
    columns = {
        each.label if each.id is None else compact(each.id): [
            counts[kind] for counts in (each.racks, each.services, each.it_load_kw) for kind in ("LOST", "NO_REDUNDANCY")
        ]
        for each in parts
    }
    failed = {each.label if each.id is None else compact(each.id): each.failed_itself.said() for each in parts}
    itself = any(failed.values())
    rooms = [
        (name, *map(_number, counts), *((failed[name] or "-",) if itself else ()))
        for name, counts in columns.items()
        if any(counts) or failed[name]
    ]
    if not rooms or all(each.id is None for each in parts):
        return  # a model without rooms: the totals say it all
    say()
    header = [f"{what} {kind}" for what in ("RACKS", "SERVICES", "KW") for kind in ("LOST", "NO REDUNDANCY")]
    table(("ROOM", *header, *(("FAILS ITSELF",) if itself else ())), rooms[:ROOMS_SHOWN])
    if len(rooms) > ROOMS_SHOWN:
        say(f"... and {len(rooms) - ROOMS_SHOWN:,} more rooms: --json prints them all")


def _tell_better(found: BlastRadius, every: bool) -> None:
    if not found.better:
        return
    from ontology.namespaces import compact, local_name

    say()
    shown = found.better if every else found.better[:ROWS_SHOWN]
    rows = [(compact(each.id), local_name(each.medium), each.without, each.outcome) for each in shown]
    table(("BETTER OFF", "MEDIUM", "WITHOUT CLOSING", "SO"), rows)
    if len(shown) < len(found.better):
        say(f"... and {len(found.better) - len(shown):,} more: --all prints them")


def _tell(found: BlastRadius, every: bool, state: str) -> None:
    from analytics.figures import shown_apart
    from analytics.impact import KINDS
    from ontology.namespaces import compact, local_name

    say(f"If {told_scenario(found)} ({state}, {instant(found.at)}):")
    _tell_resolved(found)
    say()
    totals = found.totals.to_json()
    kinds = [kind for kind in next(iter(totals.values())) if kind != "OVERLOADED" or any(counts[kind] for counts in totals.values())]
    kinds_order = {kind: at for at, kind in enumerate(KINDS)}
    itself = found.failed_itself.to_json() if found.failed_itself.said() else None
    rows = [
        (COUNTED.get(what, what), *(() if itself is None else (_number(itself[what]),)), *(_number(counts[kind]) for kind in kinds))
        for what, counts in totals.items()
    ]
    table(("", *(() if itself is None else ("FAILS ITSELF",)), *kinds), rows)
    loads = (found.failed_itself.it_load_kw, found.down_before.it_load_kw, *found.totals.it_load_kw.values())
    if any(found.totals.racks.values()) and not any(loads):
        say(NO_LOAD)
    if down := found.down_before.said():
        say(f"already without a supply before this failure, and losing no other: {down}")
    say()
    rest = len(TOLD_FIRST)

    def weight(cls: str | None) -> int:
        return TOLD_FIRST.get(local_name(cls or ""), rest)

    told = sorted(found.outcomes, key=lambda each: (weight(each.cls) == rest, kinds_order[each.outcome], weight(each.cls)))
    shown = told if every else told[:ROWS_SHOWN]
    rows = [
        (
            each.outcome.name,
            compact(each.id),
            local_name(each.cls or ""),
            local_name(each.medium),
            " ".join(map(compact, each.evidence)) or "the move",
        )
        for each in shown
    ]
    if rows:
        table(("OUTCOME", "ID", "CLASS", "MEDIUM", "BECAUSE OF"), rows)
    else:
        say("Nothing else is affected.")
    if len(rows) < len(found.outcomes):
        say(f"... and {len(found.outcomes) - len(rows):,} more: --all prints them, --json also says by which path")
    _tell_rooms(found)
    _tell_better(found, every)
    for trip in found.trips:
        load, rated = shown_apart(trip.load_kw, trip.rated_kw)
        say(f"trips after {trip.after_s:,.0f} s: {compact(trip.id)}, with {load} kW on {rated} kW")
    for overload in found.overloads:
        load, limit = shown_apart(overload.load_kw, overload.limit_kw)
        say(f"overloaded: {compact(overload.id)} carries {load} kW and may carry {limit} kW")
    if found.positions:
        live, opened = sum(each.from_telemetry for each in found.positions), [each for each in found.positions if each.position == "open"]
        names = ", ".join(compact(each.id) for each in opened[:OPEN_SHOWN]) + (", ..." if len(opened) > OPEN_SHOWN else "")
        say(f"switches: {live:,} of {len(found.positions):,} stand as telemetry says, the others as normal; open: {names or 'none'}")
    tell_rests_on(found.rests_on)
    tell_assumed(found.assumed)


def _number(value: float) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
