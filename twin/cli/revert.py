"""`ridethrough revert`: a revision undone by a new one."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.as_of import By, Why, opened_ledger
from twin.cli.output import Config, Data, Json, Store, say, say_json, settings_from


def revert(
    number: Annotated[int, typer.Argument(metavar="REVISION", help="Its number, as `log` prints it.", show_default=False)],
    reason: Why = "",
    author: By = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Undo one revision by a new one. Refused where later revisions touched the same facts; nothing is ever taken out of the history."""
    from twin.cli.rows import revision_row

    settings = settings_from(config, data=data, store=store, author=author)
    with opened_ledger(settings, "revert", read_only=False) as opened:
        done = opened.ledger.revert(number, author=settings.author, reason=reason or f"undo revision {number}")
    if json:
        say_json({"revision": None if done.revision is None else revision_row(done.revision)})
        return
    counts = f"{len(done.change.added):,} added, {len(done.change.removed):,} removed"
    say(f"revision {number} undone: {counts}; " + (f"revision {done.revision.number}" if done.revision else "nothing changed"))
