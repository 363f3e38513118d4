"""`ridethrough capacity`: how full the plant is now, and after any one failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import opened_view, state_name
from twin.cli.output import (
    FOUND_PROBLEMS,
    Config,
    Data,
    Json,
    Store,
    instant,
    progress,
    say,
    say_json,
    settings_from,
    table,
    tell_assumed,
    tell_rests_on,
)
from twin.cli.place import TRIED, Tried, tried_one_at_a_time
from twin.cli.sweep import kinds_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.capacity.standing import Capacity
    from analytics.planning.stranded import Stranded
    from graph.changes import AsOf
    from twin.settings import Settings

ROWS_SHOWN = 30
RACKS_SHOWN = 3


def capacity(
    stranded: Annotated[
        bool, typer.Option("--stranded", help="Instead: how much more all racks can take, what is stranded, what one more unit would buy.")
    ] = False,
    tried: Tried = TRIED,
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
        _stranded(settings, asked, branch, tried, every=every, json=json)
    else:
        _full(settings, asked, branch, every=every, json=json)


def _full(settings: Settings, asked: AsOf, branch: str, *, every: bool, json: bool) -> None:
    from analytics.capacity.standing import capacity as capacity_of
    from analytics.unusable import UNUSABLE

    with opened_view(settings, "capacity", asked) as view, progress() as tell:
        found = capacity_of(view.supply(), view.conditions(), tell, view.instruments())
    if json:
        say_json(found.to_json())
    else:
        _tell(found, every, state_name(branch, found.revision))
    if any(finding.code != UNUSABLE for finding in found.findings):
        raise typer.Exit(FOUND_PROBLEMS)


def _stranded(settings: Settings, asked: AsOf, branch: str, tried: str, *, every: bool, json: bool) -> None:
    from analytics.planning.stranded import stranded as stranded_of

    kinds = kinds_of(tried)
    with opened_view(settings, "capacity", asked) as view, progress() as tell:
        found = stranded_of(view.snapshot, view.vocabulary, view.supply(), view.conditions(), tell, kinds)
    if json:
        say_json(found.to_json())
    else:
        _tell_stranded(found, every, state_name(branch, found.revision))


def _tell_stranded(found: Stranded, every: bool, state: str) -> None:
    from ontology.namespaces import compact, local_name

    kw = f"{'' if found.complete else 'At least '}{found.placeable_kw:,.1f} kW more"
    say(f"{kw} fit into {len(found.fillings):,} of {found.racks:,} racks ({state}, {instant(found.at)}),")
    say("with nothing above what it may carry or cool, as things stand and after any single failure.")
    if found.hanging:
        without = f"without these {found.surviving_kw:,.1f} kW fit"
        say(f"Some single failure takes {found.hanging:,} of the racks down, as they are fed now; {without}.")
    for left_out in found.left_out:
        say(f"Left out, {left_out.reason}: {len(left_out.racks):,} ({_some(left_out.racks)})")
    for each in found.one_more:
        kw = f"{found.placeable_kw + each.more_kw:,.1f} kW ({each.more_kw:+,.1f} kW)"
        where = f"in each of its {each.units:,} places" if each.units > 1 else "in its one place"
        if each.ids:
            where = f"beside {', '.join(map(compact, each.ids))} alone"
        say(f"One more {local_name(each.cls or 'thing')} {where} would make that {kw}.")
    say()
    shown = found.feeders if every else found.feeders[:ROWS_SHOWN]
    rows = [
        (
            compact(each.id),
            f"{each.limit_kw:,.1f}",
            f"{each.left_kw:,.1f}",
            f"{each.stranded_kw:,.1f}",
            each.kind.value,
            "it limits" if each.worth > 0 else "",
        )
        for each in shown
    ]
    table(("ID", "LIMIT kW", "LEFT kW", "STRANDED kW", "OF", ""), rows)
    if len(rows) < len(found.feeders):
        say(f"... and {len(found.feeders) - len(rows):,} more: --all prints them")
    say(tried_one_at_a_time(found.tried))
    tell_assumed(found.notes)


def _some(ids: Sequence[str]) -> str:
    from ontology.namespaces import compact

    return ", ".join(map(compact, ids[:RACKS_SHOWN])) + (", ..." if len(ids) > RACKS_SHOWN else "")


def _tell(found: Capacity, every: bool, state: str) -> None:
    from analytics.figures import shown_apart
    from ontology.namespaces import compact

    def kw(value: float) -> str:
        return shown_apart(value, 0.0)[0]

    say(f"What carries power and has a rating ({state}, {instant(found.at)}), the fullest after one failure first:")
    say()
    shown = found.feeders if every else found.feeders[:ROWS_SHOWN]
    by_phase = any(each.phases_kw for each in shown)
    rows = [
        (
            compact(each.id),
            kw(each.load_kw),
            each.basis,
            kw(each.rated_kw),
            kw(each.limit_kw),
            f"{each.part:.0%}",
            f"{each.worst_part:.0%}",
            "" if each.worst_cause is None else compact(each.worst_cause),
            *([" / ".join(map(kw, each.phases_kw))] if by_phase else ()),
        )
        for each in shown
    ]
    phases = ("L1 / L2 / L3 kW",) if by_phase else ()
    table(("ID", "LOAD kW", "BY", "RATED kW", "LIMIT kW", "NOW", "WORST", "IF THIS FAILS", *phases), rows)
    if len(rows) < len(found.feeders):
        say(f"... and {len(found.feeders) - len(rows):,} more: --all prints them")
    for finding in found.findings[: None if every else ROWS_SHOWN]:
        say(f"{finding.severity.value}: {compact(finding.focus)}: {finding.message}: {finding.remedy}")
    if found.unrated:
        say(f"{found.unrated:,} things carry load and state no rating: nothing is said of them")
    tell_rests_on(found.rests_on)
    tell_assumed(found.assumed)
