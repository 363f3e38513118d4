"""How the command line speaks: JSON for programs, plain tables for people, progress where somebody is looking."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from ontology.controls import visible

if TYPE_CHECKING:
    from analytics.rests_on import RestsOn
    from graph.changes import ChangeSet
    from graph.ports import Progress
    from twin.settings import Settings

FOUND_PROBLEMS = 3

Data = Annotated[Path | None, typer.Option("--data", help="Data folder (RIDETHROUGH_DATA; ./data).", show_default=False)]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file, TOML (RIDETHROUGH_CONFIG; ridethrough.toml).", show_default=False)
]
Store = Annotated[
    str | None, typer.Option("--store", help="Store: bolt://host:port of a Neo4j; empty for SQLite in the data folder.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Failure(Exception):
    """Ends a verb with a text and an exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def settings_from(config: Path | None, **flags: object) -> Settings:
    """The settings with the flags that were given."""
    from twin.settings import load_settings

    return load_settings(config, **flags)


def say(text: str = "") -> None:
    """Lines of the answer, in which nothing steers the terminal: names and texts come from wherever they were sent from."""
    typer.echo(_plain(text))


def say_error(text: str) -> None:
    """One line on standard error, red where somebody is looking and NO_COLOR is not set."""
    typer.echo(typer.style("error:", fg="red", bold=True) + " " + _plain(text), err=True, color=None if colour() else False)


def _plain(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


def say_json(value: Any) -> None:
    """The answer as JSON, keys in their order, one document."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def colour() -> bool:
    """Whether colour is wanted: a terminal, and no NO_COLOR."""
    from twin.settings import no_colour

    return sys.stderr.isatty() and not no_colour()


def instant(at: datetime) -> str:
    """An instant for a person, such as `--at` takes it; rounded up to the second, so that the state of what is printed has what was done
    at that instant."""
    whole = at.astimezone(UTC) + timedelta(microseconds=-at.microsecond % 1_000_000)
    return f"{whole:%Y-%m-%d %H:%M:%SZ}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as what they hold."""
    lines = [[visible(str(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


ASSUMED_SHOWN = 6
"""Kinds of assumptions that a table is followed by."""


def tell_assumed(texts: Sequence[str]) -> None:
    """What an answer took for granted: of texts that differ in names and numbers alone the first, and how many there are."""
    from twin.report.words import alike

    kinds = alike(texts)
    for first, count in kinds[:ASSUMED_SHOWN]:
        say(f"assumed: {first}{f' ... and {count - 1:,} more like it: --json' if count > 1 else ''}")
    if len(kinds) > ASSUMED_SHOWN:
        say(f"assumed: ... and {len(kinds) - ASSUMED_SHOWN:,} more kinds: --json")


def tell_rests_on(found: RestsOn | None) -> None:
    """How good the points are that an answer was read from, where any was heard."""
    if found is not None and (said := found.said()):
        say(said)


def shown_facts(change: ChangeSet, most: int) -> None:
    """A difference for a person: what goes, then what comes, in order; at most `most` facts of each."""
    from twin.cli.rows import fact_line, first_facts

    for sign, block in (("-", change.removed), ("+", change.added)):
        for quad in first_facts(block, most):
            say(f"  {sign} {fact_line(quad)}")
        if len(block) > most:
            say(f"  {sign} ... and {len(block) - most:,} more: --json prints them all")


@contextmanager
def written_beside(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `path` when all of it is there; after an error `path` is as it was."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def progress() -> Iterator[Progress | None]:
    """Tells of long work on standard error, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, no_color=not colour()), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(tasks[what], completed=done, total=total or None)

        yield tell
