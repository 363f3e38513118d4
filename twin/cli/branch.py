"""`ridethrough branch`: what-if, beside the site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, By, Why, as_of, opened_ledger
from twin.cli.output import Config, Data, Failure, Json, Store, instant, say, say_json, settings_from, shown_facts, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph.changes import ChangeSet
    from ontology.terms import QuadBlock

FACTS_SHOWN = 50
EDITOR = "what-if"
"""The source of what is said on a branch by hand."""

branch = typer.Typer(
    name="branch",
    help="What-if: branches off the site that it does not see until they are applied.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The branch.", show_default=False)]


@branch.command(name="list")
def list_branches(json: Json = False, data: Data = None, store: Store = None, config: Config = None) -> None:
    """List the branches."""
    from twin.cli.rows import branch_row

    with opened_ledger(settings_from(config, data=data, store=store), "branch") as opened:
        found = opened.ledger.branches()
    if json:
        say_json({"branches": [branch_row(each) for each in found]})
        return
    rows = [(b.name, f"{b.base}", f"{len(b.revisions)}", instant(b.cause.at), b.cause.author, b.cause.reason) for b in found]
    table(("BRANCH", "BASE", "CHANGES", "MADE", "BY", "REASON"), rows)


@branch.command()
def create(
    name: Name,
    at: At = None,
    reason: Why = "",
    author: By = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Make a branch off the site as it is, or as it was."""
    from twin.cli.rows import branch_row

    settings = settings_from(config, data=data, store=store, author=author)
    with opened_ledger(settings, "branch", read_only=False) as opened:
        made = opened.ledger.create_branch(name, base=as_of(at), author=settings.author, reason=reason)
    if json:
        say_json(branch_row(made))
        return
    say(f"branch {made.name} off revision {made.base}; change it with `ridethrough branch edit {made.name}` or `load --branch {made.name}`")


@branch.command()
def edit(
    name: Name,
    add: Annotated[list[Path] | None, typer.Option(help="RDF file with facts to add. Can be repeated.", show_default=False)] = None,
    remove: Annotated[
        list[Path] | None, typer.Option(help="RDF file with facts to do without, whoever says them. Can be repeated.", show_default=False)
    ] = None,
    source: Annotated[str, typer.Option(help="On whose behalf facts are added.")] = EDITOR,
    reason: Why = "",
    author: By = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Add facts to a branch, and do without others; the site does not change. For a source's whole wish use `load --branch`."""
    from graph.changes import AsOf, ChangeSet
    from graph.difference import together
    from twin.cli.rows import change_row
    from twin.sync import read_file, wherever_said

    settings = settings_from(config, data=data, store=store, author=author)
    with opened_ledger(settings, "branch", read_only=False) as opened:
        state = opened.ledger.snapshot(AsOf(branch=name))
        added = together(read_file(file, source) for file in add or ())
        unwanted: QuadBlock = together(wherever_said(state, read_file(file, source)) for file in remove or ())
        done = opened.ledger.change(
            ChangeSet(added, unwanted), author=settings.author, source=source, reason=reason or f"edit branch {name}", branch=name
        )
    if json:
        say_json({"branch": name, "change": None if done.revision is None else done.revision.number, **change_row(done.change)})
        return
    counts = f"{len(done.change.added):,} added, {len(done.change.removed):,} removed"
    say(f"branch {name}: {counts}; " + (f"change {done.revision.number}" if done.revision else "nothing changed"))


@branch.command(name="diff")
def difference(name: Name, json: Json = False, data: Data = None, store: Store = None, config: Config = None) -> None:
    """Show what a branch changes on its base."""
    from twin.cli.rows import change_row

    with opened_ledger(settings_from(config, data=data, store=store), "branch") as opened:
        change = opened.ledger.compare_branch(name)
    if json:
        say_json({"branch": name, **change_row(change)})
        return
    say(f"branch {name}: {len(change.added):,} added, {len(change.removed):,} removed")
    shown_facts(change, FACTS_SHOWN)


@branch.command(name="apply")
def apply_to_site(
    name: Name, reason: Why = "", author: By = None, json: Json = False, data: Data = None, store: Store = None, config: Config = None
) -> None:
    """Make what a branch changes one revision of the site, and drop the branch. Refused where the site has said or taken back one of the
    branch's facts since, or has put another value in the place of one that the branch replaces."""
    from twin.cli.rows import revision_row

    settings = settings_from(config, data=data, store=store, author=author)
    with opened_ledger(settings, "branch", read_only=False) as opened:
        done = opened.ledger.apply_branch(name, author=settings.author, reason=reason or f"apply branch {name}")
        others = _overruled(opened.twin.snapshot.owners, name, done.change)
    if json:
        say_json({"branch": name, "revision": None if done.revision is None else revision_row(done.revision)})
        return
    counts = f"{len(done.change.added):,} added, {len(done.change.removed):,} removed"
    say(f"branch {name} applied: {counts}; " + (f"revision {done.revision.number}" if done.revision else "the site had all of it already"))
    for source in others:
        say(f"source {source} has not said so itself: change it there, too, or its next load undoes this")


def _overruled(owners: Mapping[str, str], name: str, change: ChangeSet) -> list[str]:
    """The sources in whose name facts were changed by hand: the next desired state of each has its own word on them."""
    from twin.ledger.branches import quarantine_of

    changed = {owners.get(graph, EDITOR) for block in (change.added, change.removed) for graph in block.graphs()}
    return sorted(source for source in changed if source != EDITOR and name != quarantine_of(source))


@branch.command()
def drop(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Forget a branch and its changes."""
    import sys

    with opened_ledger(settings_from(config, data=data, store=store), "branch", read_only=False) as opened:
        count = len(opened.ledger.compare_branch(name).added) + len(opened.ledger.compare_branch(name).removed)
        if count and not yes and sys.stdin.isatty() and not typer.confirm(f"forget {count:,} changed facts of branch {name}?"):
            raise Failure("nothing is dropped")
        opened.ledger.drop_branch(name)
    if json:
        say_json({"branch": name, "dropped": True})
        return
    say(f"branch {name} is dropped")
