"""`ridethrough migrate`: models of an older Brick become Brick 1.5, and what could not is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.output import Config, Data, Failure, Json, progress, say, say_json, settings_from, table, written_beside

if TYPE_CHECKING:
    from ontology.migrate import Migrated
    from ontology.vocabulary import Vocabulary
    from twin.sync import Wish


def migrate(
    files: Annotated[list[Path], typer.Argument(help="RDF files of Brick 1.0, 1.1 or buildsys.org.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write, or a folder for several; without it only the report is given.", show_default=False
        ),
    ] = None,
    deprecated: Annotated[bool, typer.Option("--deprecated", help="Also replace what Brick 1.5 has deprecated, by what it names.")] = False,
    json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Rename the terms of an older Brick to those of Brick 1.5, where the successor is certain. The file itself is not touched."""
    from ontology.migrate import migrate as renamed
    from ontology.rdf import format_of, read, write
    from ontology.sources import source_graph
    from twin.compose_store import vocabulary_of

    vocabulary = vocabulary_of(settings_from(config, data=data))
    rows = []
    for file, target in zip(files, _targets(files, output), strict=True):
        if target is not None and file.exists() and target.exists() and target.samefile(file):
            raise Failure(f"{target} is the file that is read: name another one with --output", 2)
        with progress() as tell:
            told = None if tell is None else (lambda _, done, size, tell=tell, file=file: tell(file.name, done, size))
            block = read(file, source=file.name, progress=told)
        block, report = renamed(block, vocabulary, deprecated=deprecated)
        if target is not None:
            with written_beside(target) as out:
                write(block, format_of(target), out, default_graph=source_graph(file.name))
        rows.append((file, target, report))
    if json:
        say_json([_json(*row) for row in rows])
        return
    for row in rows:
        _tell(*row)


def migrated(wish: Wish, vocabulary: Vocabulary, *, deprecated: bool = False) -> tuple[Wish, list[Migrated]]:
    """The wish in the terms of Brick 1.5, and what became of each: for `load --migrate`."""
    from ontology.migrate import migrate as renamed

    quads, report = renamed(wish.quads, vocabulary, deprecated=deprecated)
    return replace(wish, quads=quads), report


def _targets(files: list[Path], output: Path | None) -> list[Path | None]:
    if output is None:
        return [None] * len(files)
    if output.is_dir():
        return [output / file.name for file in files]
    if len(files) > 1:
        raise Failure(f"{len(files)} files cannot be written into {output}: give a folder that exists", 2)
    return [output]


def _json(file: Path, target: Path | None, report: list[Migrated]) -> dict[str, object]:
    terms = [{"old": row.old, "new": row.new or None, "count": row.count, "why": row.why} for row in report]
    return {"file": str(file), "output": None if target is None else str(target), "terms": terms}


def _tell(file: Path, target: Path | None, report: list[Migrated]) -> None:
    from ontology.namespaces import compact

    left = [row for row in report if not row.new]
    say(f"{file}: {len(report) - len(left)} terms renamed, {len(left)} left as they are" + (f"; written to {target}" if target else ""))
    if report:
        table(["statements", "old", "new", "why"], [[f"{row.count:,}", row.old, compact(row.new) or "-", row.why] for row in report])
