"""`ridethrough withdraw`: a source that says nothing any more."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.as_of import BranchName, By, Why, opened_ledger
from twin.cli.output import Config, Data, Failure, Json, Store, say, say_json, settings_from, shown_facts

FACTS_SHOWN = 20


def withdraw(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Its name, as `sources` prints it.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and change nothing.")] = False,
    branch: BranchName = "",
    reason: Why = "",
    author: By = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Take back all that a source says, as one revision; what others say too stays. `revert` brings it back."""
    from graph.changes import AsOf
    from ontology.terms import QuadBlock
    from twin.cli.rows import change_row, revision_row
    from twin.sync import Wish

    settings = settings_from(config, data=data, store=store, author=author)
    with opened_ledger(settings, "withdraw", read_only=dry_run) as opened:
        known = sorted(set(opened.ledger.snapshot(AsOf(branch=branch)).owners.values()))
        if source not in known:
            raise Failure(f"no source {source!r}; there are: {', '.join(known) or 'none: nothing is loaded yet'}")
        done = opened.ledger.sync(
            Wish(source, QuadBlock.empty()),
            author=settings.author,
            reason=reason or f"withdraw {source}",
            deletions_max=1.0,
            dry_run=dry_run,
            branch=branch,
        )
    if json:
        revision = None if done.revision is None else revision_row(done.revision)
        say_json({"source": source, "dry_run": dry_run, "revision": revision, **change_row(done.change)})
        return
    outcome = "dry run" if dry_run else "nothing changed" if done.revision is None else f"revision {done.revision.number}"
    say(f"{source}: {len(done.change.removed):,} removed; {outcome}")
    if dry_run:
        shown_facts(done.change, FACTS_SHOWN)
