"""`ridethrough diff`: what differs between two states."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.as_of import as_of, opened_ledger
from twin.cli.output import Config, Data, Json, Store, say, say_json, settings_from, shown_facts

FACTS_SHOWN = 50


def diff(
    older: Annotated[
        str, typer.Argument(metavar="OLDER", help="A revision, an instant, or a branch's name; 0 is the empty twin.", show_default=False)
    ],
    newer: Annotated[
        str | None, typer.Argument(metavar="NEWER", help="Likewise; the newest state when not given.", show_default=False)
    ] = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Show what must be added to and removed from one state to have the other. Cost follows the difference, not the twin."""
    from graph.changes import AsOf
    from twin.cli.rows import change_row

    with opened_ledger(settings_from(config, data=data, store=store), "diff") as opened:
        names = {branch.name for branch in opened.ledger.branches()}
        states = [AsOf(branch=name) if name in names else as_of(name) for name in (older, newer)]
        change = opened.ledger.difference(*states)
    if json:
        say_json({"older": older, "newer": newer, **change_row(change)})
        return
    say(f"from {older} to {newer or 'the newest'}: {len(change.added):,} added, {len(change.removed):,} removed")
    shown_facts(change, FACTS_SHOWN)
