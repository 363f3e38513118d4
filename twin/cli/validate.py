"""`ridethrough validate`: what is wrong with a file, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.output import FOUND_PROBLEMS, Config, Data, Failure, Json, progress, say, say_json, settings_from


def validate(
    files: Annotated[list[Path], typer.Argument(help="RDF files.", show_default=False)],
    json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Check files: syntax, unknown and deprecated terms with what replaces them, shapes. Exit code 3 when there are findings."""
    from ontology.errors import RdfError
    from ontology.validate import validate as findings_of
    from twin.compose_store import vocabulary_of
    from twin.sync import name_of, read_file

    settings = settings_from(config, data=data)
    vocabulary = vocabulary_of(settings)
    rows: list[dict[str, Any]] = []
    for file in files:
        if not file.exists():
            raise Failure(f"{file}: there is no such file: check the path")
        try:
            with progress() as tell:
                block = read_file(file, name_of(file), progress=tell)
        except RdfError as error:
            place = {"line": error.line, "column": error.column}
            rows.append(
                {"file": str(file), "severity": "error", "code": "syntax", "message": error.reason, "remedy": error.remedy, **place}
            )
            continue
        rows += [{"file": str(file), **_row(finding)} for finding in findings_of(block, vocabulary)]
    if json:
        say_json({"findings": rows})
    else:
        _tell(rows, len(files))
    if rows:
        raise typer.Exit(FOUND_PROBLEMS)


def _row(finding: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: str(value) if name == "severity" else value for name, value in asdict(finding).items()}


def _tell(rows: list[dict[str, Any]], files: int) -> None:
    from ontology.namespaces import compact

    for row in rows:
        place = f"{row['file']}:{row['line']}:{row['column']}" if row.get("line") else row["file"]
        who = f" {compact(row['focus'])}" if row.get("focus") else ""
        times = f" (x{row['count']})" if row.get("count", 1) > 1 else ""
        say(f"{place}: {row['severity']} {row['code']}{who}{times}: {row['message']}")
        if row.get("remedy"):
            say(f"    {row['remedy']}")
    say(f"{len(rows)} finding{'' if len(rows) == 1 else 's'} in {files} file{'' if files == 1 else 's'}")
