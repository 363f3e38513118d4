"""`ridethrough posture`: what hangs by a single failure as things stand."""

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
    say,
    say_json,
    settings_from,
    table,
    tell_assumed,
    tell_rests_on,
)

if TYPE_CHECKING:
    from analytics.posture.posture import Posture

FIRST = 20


def posture(
    first: Annotated[int, typer.Option("--first", min=0, help="How many single failures, racks and services to list.")] = FIRST,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Say what hangs by a single failure as things stand, by which, and what is dark. The values are those last written to the store; as of
    an older revision nothing is out of service and the switches stand where they normally do. Exit code 3 where a rack or a service is
    dark."""
    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "posture", asked) as view:
        found, rests = view.posture(), view.posture_rests_on()
    if json:
        say_json({**found.to_json(first), "rests_on": rests.to_json()})
    else:
        _tell(found, first, state_name(branch, found.graph.revision))
        tell_rests_on(rests)
        tell_assumed(found.assumed)
    if found.counts.racks.dark or found.counts.services.dark:
        raise typer.Exit(FOUND_PROBLEMS)


def _tell(found: Posture, first: int, state: str) -> None:
    from ontology.namespaces import compact

    say(f"{found.message} ({state}, {instant(found.conditions.at)}).")
    say()
    table(
        ("", "ALL", "HANG BY ONE", "DARK"),
        [
            (kind.replace("_", " ").replace("it load kw", "IT load, kW"), *(f"{count[of]:,.6g}" for of in ("all", "hanging", "dark")))
            for kind, count in found.counts.to_json().items()
        ],
    )
    hangers = found.hangers(first)
    if hangers:
        say()
        say("By what most hangs:")
        table(
            ("KW", "RACKS", "SERVICES", "TENANTS", "IF THIS FAILS"),
            [
                (f"{each.it_load_kw:,.1f}", f"{each.racks:,}", f"{each.services:,}", f"{each.tenants:,}", compact(each.id))
                for each in hangers
            ],
        )
    loads = found.graph.loads
    for name, nodes in (("rack", loads.racks), ("service", loads.services)):
        hanging = found.hanging_by(nodes[found.hanging[nodes]][:first].tolist())
        if hanging:
            say()
            table(
                (f"{name.upper()} THAT HANGS", "BY"),
                [(compact(each.id), ", ".join(map(compact, each.by)) + (", ..." if each.count > len(each.by) else "")) for each in hanging],
            )
    dark = [*found.ids(loads.racks, found.dark), *found.ids(loads.services, found.dark)]
    if dark:
        say()
        say("dark: " + ", ".join(map(compact, dark[:first])) + (f" and {len(dark) - first:,} more" if len(dark) > first else ""))
    say()
    positions = found.positions()
    if positions:
        live, opened = sum(each.from_telemetry for each in positions), sum(each.position == "open" for each in positions)
        say(f"switches: {live:,} of {len(positions):,} stand as telemetry says, the others as normal; {opened:,} are open")
