"""`ridethrough show`: one revision and what it changed."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.as_of import BranchName, opened_ledger
from twin.cli.output import Config, Data, Json, Store, instant, say, say_json, settings_from, shown_facts

FACTS_SHOWN = 50


def show(
    number: Annotated[int, typer.Argument(metavar="REVISION", help="Its number, as `log` prints it.", show_default=False)],
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Show one revision: its cause, and the facts that it added and removed."""
    from twin.cli.rows import change_row, revision_row

    with opened_ledger(settings_from(config, data=data, store=store), "show") as opened:
        revision, change = opened.ledger.revision(number, branch)
    if json:
        say_json({**revision_row(revision), "change": change_row(change)})
        return
    cause = revision.cause
    say(f"revision {revision.number}{f' of branch {branch}' if branch else ''}, {instant(cause.at)}")
    say(f"by {cause.author}, source {cause.source}: {cause.reason}")
    say(f"{revision.added:,} added, {revision.removed:,} removed")
    shown_facts(change, FACTS_SHOWN)
