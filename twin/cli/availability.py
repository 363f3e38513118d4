"""`ridethrough availability`: how much of the time a load is supplied, and what takes it down most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import media_of, opened_view, refuse_unknown, state_name
from twin.cli.output import FOUND_PROBLEMS, Config, Data, Json, Store, instant, progress, say, say_json, settings_from, table
from twin.cli.sweep import tell_basis

if TYPE_CHECKING:
    from analytics.planning.availability import Availability

FIRST = 10
MISSING_SHOWN = 3
HOURS_OF_MINUTES = 2
"""Hours above which a time is told in hours."""
HOURS_MAX = 1000 * 8760.0
"""Hours above which a time is told as more than a thousand years."""


def availability(
    load: Annotated[str, typer.Argument(metavar="ID", help="The load: a rack, a server, a service; IRI or CURIE.")],
    medium: Annotated[
        list[str] | None, typer.Option("--medium", help="Its supply in this medium only. Can be repeated.", show_default=False)
    ] = None,
    monte_carlo: Annotated[int, typer.Option("--monte-carlo", metavar="N", min=0, help="Simulate N trials, too.", show_default=False)] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the simulation; equal seeds give equal answers.")] = 1,
    first: Annotated[int, typer.Option("--first", min=0, help="How many components to tell, those that count most first.")] = FIRST,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Say how available the supply of a load is, from the rates of failure and repair of what supplies it (dcx:mtbfHours, dcx:mttrHours).
    As of an older revision the switches stand where they normally do; in a branch, where telemetry says. Exit code 3 where it
    is down with nothing failed."""
    from analytics.planning.availability import availability as availability_of

    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "availability", asked) as view:
        refuse_unknown(view, [load])
        graph = view.supply()
        media = None if medium is None else media_of(medium, graph.media)
        with progress() as tell:
            found = availability_of(
                view.snapshot, view.vocabulary, graph, view.conditions(), load, media, trials=monte_carlo, seed=seed, tell=tell
            )
    if json:
        say_json(found.to_json())
    else:
        _tell(found, state_name(branch, found.basis.revision), first)
    if found.method == "down before":
        raise typer.Exit(FOUND_PROBLEMS)


def _tell(found: Availability, state: str, first: int) -> None:
    from analytics.planning.availability import HOURS_A_YEAR
    from ontology.namespaces import compact, local_name

    media = ", ".join(map(local_name, found.media))
    say(f"The supply of {compact(found.load)} ({media}; {state}, {instant(found.basis.at)}):")
    say()
    if found.method == "down before":
        say("down: a supply of it does not hold with nothing failed.")
        for text in found.notes:
            say(f"  {text}")
        say()
        tell_basis(found.basis)
        return
    if found.low == found.high == 1.0:
        say("as good as always down (exact, by a decision diagram)")
    elif found.low == found.high:
        say(f"available {_percent(1 - found.low)}, down {_time(found.low * HOURS_A_YEAR)} a year (exact, by a decision diagram)")
        say(f"goes down {found.outages_a_year or 0:.3g} times a year, {_time(found.hours_an_outage or 0)} on average")
    else:
        say(f"available {_percent(1 - found.high)} to {_percent(1 - found.low)} (bounds, by minimal cut sets)")
        say(f"down {_time(found.low * HOURS_A_YEAR)} to {_time(found.high * HOURS_A_YEAR)} a year")
    if found.simulated is not None:
        run = found.simulated
        say(
            f"simulated: down in {run.down:,} of {run.trials:,} trials (seed {run.seed}): {_time(run.low * HOURS_A_YEAR)} to "
            f"{_time(run.high * HOURS_A_YEAR)} a year, with a confidence of 95 %"
        )
    say()
    rows = [
        (f"{each.share:.1%}", f"{each.importance:.3g}", f"{each.mtbf_hours:,.10g}", f"{each.mttr_hours:,.10g}", compact(each.id))
        for each in found.components[:first]
        if each.share > 0
    ]
    if rows:
        table(("SHARE", "IMPORTANCE", "MTBF h", "MTTR h", "IF THIS NEVER FAILED"), rows)
        say()
    if found.missing:
        named = ", ".join(map(compact, found.missing[:MISSING_SHOWN])) + (", ..." if len(found.missing) > MISSING_SHOWN else "")
        say(f"no rates: {len(found.missing):,} of what can fail ({named}) count as never failing")
    for text in found.notes:
        say(f"assumed: {text}")
    tell_basis(found.basis)


def _percent(part: float) -> str:
    """As many nines as there are, and two digits more."""
    return f"{part * 100:.10f}".rstrip("0").rstrip(".") + " %"


def _time(hours: float) -> str:
    if hours > HOURS_MAX:
        return "more than 1,000 years"
    if hours >= HOURS_OF_MINUTES:
        return f"{hours:,.1f} h"
    return f"{hours * 60:.3g} min" if hours * 3600 >= 1 else f"{hours * 3600:.2g} s"
