"""`ridethrough log`: the revisions, newest first."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.as_of import opened_ledger
from twin.cli.output import Config, Data, Json, Store, say, say_json, settings_from, table


def log(
    first: Annotated[int, typer.Option("--first", "-n", min=1, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(help="Only those older than this revision.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option(help="Only those of this source.", show_default=False)] = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """List the revisions of the twin, newest first: who changed it, when, on behalf of which source, why and how much."""
    from twin.cli.rows import REVISION_HEADER, revision_line, revision_row

    with opened_ledger(settings_from(config, data=data, store=store), "log") as opened:
        found = opened.ledger.revisions(before=before, first=first, source=source)
    if json:
        say_json({"revisions": [revision_row(revision) for revision in found]})
        return
    table(REVISION_HEADER, [revision_line(revision) for revision in found])
    if len(found) == first and found[-1].number > 1:
        say(f"... older ones: --before {found[-1].number}")
