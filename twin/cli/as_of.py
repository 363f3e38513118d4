"""How a state of the twin is named on the command line: a revision's number, or an instant; of the site or of a branch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.output import Failure

if TYPE_CHECKING:
    from graph.changes import AsOf
    from twin.compose import Opened
    from twin.settings import Settings

At = Annotated[
    str | None, typer.Option("--at", metavar="REVISION|INSTANT", help="As it was then: 12, or 2026-03-03T14:00:00Z.", show_default=False)
]
BranchName = Annotated[str, typer.Option("--branch", help="In this branch, not on the site.", show_default=False)]
By = Annotated[str | None, typer.Option("--author", help="Who is named as the author of the change.", show_default=False)]
Why = Annotated[str, typer.Option("--reason", help="Why.", show_default=False)]


def as_of(at: str | None, branch: str = "") -> AsOf:
    """The state that the options name; the newest for none. Raises `Failure` (wrong usage)."""
    from graph.changes import AsOf

    if at is None:
        return AsOf(branch=branch)
    if not at.strip():
        raise Failure("'' names no state: give a revision's number or an instant; for the newest state leave it out", code=2)
    try:
        return AsOf.parse(at, branch)
    except ValueError as error:
        raise Failure(str(error), code=2) from None


@contextmanager
def opened_ledger(settings: Settings, purpose: str, *, read_only: bool = True) -> Iterator[Opened]:
    """The twin with its history, closed at the end. Where a service holds the folder, the error says how to ask that instead."""
    from graph.errors import FolderInUse
    from twin.compose import open_ledger

    try:
        opened = open_ledger(settings, purpose, read_only=read_only)
    except FolderInUse as error:
        if not error.address:
            raise
        raise Failure(f"{error}; or do it in the running service: the explorer and GraphQL at {error.address}") from None
    try:
        yield opened
    finally:
        opened.close()
