"""`ridethrough capacity`: how full the plant is now, and after any one failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import opened_view, state_name
from twin.cli.output import FOUND_PROBLEMS, Config, Data, Json, Store, instant, progress, say, say_json, settings_from, table

if TYPE_CHECKING:
    from analytics.capacity.standing import Capacity
    from analytics.planning.stranded import Stranded
    from graph.changes import AsOf
    from twin.settings import Settings

ROWS_SHOWN = 30


def capacity(
    stranded: Annotated[
        bool, typer.Option("--stranded", help="Instead: how much more all racks can take, what is stranded, what one more unit would buy.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help=f"Print every feeder, not the fullest {ROWS_SHOWN}.")] = False,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Say what everything with a rating carries, what it may carry, and which one failure would load it most. Exit code 3 where something
    is overloaded, or would be after one failure."""
    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    if stranded:
        _stranded(settings, asked, branch, every=every, json=json)
    else:
        _full(settings, asked, branch, every=every, json=json)


def _full(settings: Settings, asked: AsOf, branch: str, *, every: bool, json: bool) -> None:
    from analytics.capacity.standing import capacity as capacity_of

    with opened_view(settings, "capacity", asked) as view, progress() as tell:
        found = capacity_of(view.supply(), view.conditions(), tell)
    if json:
        say_json(found.to_json())
    else:
        _tell(found, every, state_name(branch, found.revision))
    if found.findings:
        raise typer.Exit(FOUND_PROBLEMS)


def _stranded(settings: Settings, asked: AsOf, branch: str, *, every: bool, json: bool) -> None:
    from analytics.planning.stranded import stranded as stranded_of

    with opened_view(settings, "capacity", asked) as view, progress() as tell:
        found = stranded_of(view.snapshot, view.vocabulary, view.supply(), view.conditions(), tell)
    if json:
        say_json(found.to_json())
    else:
        _tell_stranded(found, every, state_name(branch, found.revision))


def _tell_stranded(found: Stranded, every: bool, state: str) -> None:
    from ontology.namespaces import compact, local_name

    kw = f"{'' if found.complete else 'At least '}{found.placeable_kw:,.1f} kW more"
    say(f"{kw} fit into {len(found.fillings):,} of {found.racks:,} racks that can take anything ({state}, {instant(found.at)}),")
    say("with every single failure survived within all ratings.")
    for each in found.one_more:
        places = f"{each.units:,} place{'s' if each.units > 1 else ''}"
        kw = f"{found.placeable_kw + each.more_kw:,.1f} kW ({each.more_kw:+,.1f} kW)"
        where = f"beside {', '.join(map(compact, each.ids))} alone" if each.ids else f"in each of its {places}"
        say(f"One more {local_name(each.cls or 'thing')} {where} would make that {kw}.")
    say()
    shown = found.feeders if every else found.feeders[:ROWS_SHOWN]
    rows = [
        (
            compact(each.id),
            f"{each.limit_kw:,.1f}",
            f"{each.left_kw:,.1f}",
            f"{each.stranded_kw:,.1f}",
            "it limits" if each.worth > 0 else "",
        )
        for each in shown
    ]
    table(("ID", "LIMIT kW", "LEFT kW", "STRANDED kW", ""), rows)
    if len(rows) < len(found.feeders):
        say(f"... and {len(found.feeders) - len(rows):,} more: --all prints them")
    for text in found.notes:
        say(f"assumed: {text}")


def _tell(found: Capacity, every: bool, state: str) -> None:
    from ontology.namespaces import compact

    say(f"What carries power and has a rating ({state}, {instant(found.at)}), the fullest after one failure first:")
    say()
    shown = found.feeders if every else found.feeders[:ROWS_SHOWN]
    rows = [
        (
            compact(each.id),
            f"{each.load_kw:,.1f}",
            each.basis,
            f"{each.rated_kw:,.1f}",
            f"{each.limit_kw:,.1f}",
            f"{each.part:.0%}",
            f"{each.worst_part:.0%}",
            "" if each.worst_cause is None else compact(each.worst_cause),
        )
        for each in shown
    ]
    table(("ID", "LOAD kW", "BY", "RATED kW", "LIMIT kW", "NOW", "WORST", "IF THIS FAILS"), rows)
    if len(rows) < len(found.feeders):
        say(f"... and {len(found.feeders) - len(rows):,} more: --all prints them")
    for finding in found.findings[: None if every else ROWS_SHOWN]:
        say(f"{finding.severity.value}: {compact(finding.focus)}: {finding.message}: {finding.remedy}")
    if found.unrated:
        say(f"{found.unrated:,} things carry load and state no rating: nothing is said of them")
    for text in found.assumed:
        say(f"assumed: {text}")
