"""`ridethrough place`: where a new load fits so that every single failure is still survived, and what limits elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import opened_view, state_name
from twin.cli.output import FOUND_PROBLEMS, Config, Data, Json, Store, instant, progress, say, say_json, settings_from, table
from twin.cli.sweep import KINDS, kinds_of, tell_basis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics.planning.place import Against, Place, Places

FIRST = 10
TRIED = "equipment,groups"
Tried = Annotated[
    str, typer.Option("--units", metavar="KINDS", help="What fails one at a time, with commas: equipment, rooms, paths, groups.")
]
TRIED = "equipment,groups"
"""What fails one at a time, where nothing else is asked for."""
BOTTLENECKS_SHOWN = 5
FEEDERS_SHOWN = 3


def place(
    kw: Annotated[float, typer.Option("--kw", help="What it draws.")],
    cords: Annotated[int, typer.Option("--cords", min=1, help="Power cords: with one it hangs on one feed, else on all of its rack.")] = 2,
    units: Annotated[int, typer.Option("--u", min=0, help="Rack units in a row.", show_default=False)] = 0,
    weight: Annotated[float, typer.Option("--weight", min=0, help="Kilograms.", show_default=False)] = 0.0,
    cooling: Annotated[
        float | None, typer.Option("--cooling-kw", min=0, help="Heat into the air (all that does not go into liquid).", show_default=False)
    ] = None,
    liquid: Annotated[float, typer.Option("--liquid-kw", min=0, help="Heat into liquid.", show_default=False)] = 0.0,
    network: Annotated[bool, typer.Option("--network", help="It needs network.")] = False,
    tried: Tried = TRIED,
    first: Annotated[int, typer.Option("--first", min=1, help="How many racks to tell, the best first.")] = FIRST,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Try a load in every rack: power within all ratings after any one failure, cooling, height, weight, network. Exit code 3 where it fits
    nowhere."""
    from analytics.planning.place import Load
    from analytics.planning.place import place as places_for

    load = Load(kw, cords, units, weight, cooling, liquid, network)
    kinds = kinds_of(tried)
    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "place", asked) as view, progress() as tell:
        found = places_for(view.snapshot, view.vocabulary, view.supply(), view.conditions(), load, tell, kinds)
    if json:
        say_json(found.to_json())
    else:
        _tell(found, state_name(branch, found.basis.revision), first)
    if not found.fitting:
        raise typer.Exit(FOUND_PROBLEMS)


def _tell(found: Places, state: str, first: int) -> None:
    from ontology.namespaces import compact, local_name

    load = found.load
    asked = f"{load.kw:,g} kW by {load.cords} {'cords' if load.cords > 1 else 'cord'}"
    say(f"{asked} ({state}, {instant(found.basis.at)}): fits in {found.fitting:,} of {len(found.places):,} racks.")
    say()
    rows = [
        (
            "yes" if each.fits else "no",
            compact(each.rack),
            _figure(each.room_kw),
            compact(each.limited_by or ""),
            compact(each.limited_after or "") if each.limited_after else "as things stand" if each.limited_by else "",
            _figure(each.cooling_left_kw),
            "" if each.units_free is None else f"{each.units_free}",
            _against(each),
        )
        for each in found.places[:first]
    ]
    table(("FITS", "RACK", "ROOM kW", "LIMITED BY", "AFTER", "COOLING LEFT kW", "U", "AGAINST IT"), rows)
    if len(found.places) > first:
        say(f"... and {len(found.places) - first:,} more racks: --first {len(found.places)} prints them")
    say()
    for each in found.bottlenecks[:BOTTLENECKS_SHOWN]:
        more = "nothing else would" if each.more_kw is None else f"without, one rack could take up to {each.more_kw:,.1f} kW more"
        feeders = ", ".join(map(compact, each.feeders[:FEEDERS_SHOWN])) + (", ..." if len(each.feeders) > FEEDERS_SHOWN else "")
        say(f"{each.racks:,} racks are limited by {local_name(each.cls or '')} ({feeders}): {more}")
    unknown = sorted({text.split(":")[0] for place in found.places for text in place.unknown})
    if unknown:
        count = sum(bool(place.unknown) for place in found.places)
        say(f"not checked everywhere, for want of figures: {', '.join(unknown)} ({count:,} racks; --json says which)")
    if found.unrated:
        say(f"{found.unrated:,} things carry load and state no rating: they limit nothing")
    say(tried_one_at_a_time(found.tried))
    for text in found.notes:
        say(f"assumed: {text}")
    tell_basis(found.basis)


def tried_one_at_a_time(tried: Mapping[str, int]) -> str:
    """Which single failures an answer stands on, and which it leaves out."""
    counts = ", ".join(f"{count:,} {kind}" for kind, count in tried.items())
    names = [name for name, kind in KINDS.items() if kind not in tried]
    return f"failed one at a time: {counts}" + (f"; not tried: {', '.join(names)}" if names else "")


def _against(place: Place) -> str:
    if not place.against:
        return ""
    first = next((each for each in place.against if each.kind == "over"), place.against[0])
    more = f" (and {len(place.against) - 1} more)" if len(place.against) > 1 else ""
    return _sentence(first) + more


def _sentence(against: Against) -> str:
    from analytics.figures import shown_apart
    from ontology.namespaces import compact

    if against.kind == "redundancy":
        return f"{compact(against.cause or '')} alone takes its {against.unit} down"
    if against.kind == "over":
        return f"{compact(against.at or '')} is {against.there:,g} {against.unit} over its limit with what it carries"
    if against.kind == "network":
        return "no network"
    there, needed = f"{against.there:,g}", f"{against.needed:,g}"
    if there == needed:
        there, needed = shown_apart(against.there, against.needed)
    return f"{against.kind.value}: {there} of {needed} {against.unit}"


def _figure(value: float | None) -> str:
    from analytics.figures import shown

    return "?" if value is None else shown(value)
