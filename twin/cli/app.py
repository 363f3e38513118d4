"""The verbs of `ridethrough`, and how every error of theirs is told.

Rules of this file:

1. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 found problems.
2. An error is one line on standard error: what, why, next step. No traceback.
3. A verb imports what it needs when it runs: `ridethrough --help` waits for nothing.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Annotated

import typer

from twin.cli import (
    availability,
    backup,
    branch,
    capacity,
    diff,
    doctor,
    export,
    generate,
    history,
    impact,
    load,
    log,
    migrate,
    place,
    points,
    posture,
    procedure,
    prove,
    provenance,
    replay,
    report,
    revert,
    rootcause,
    schema,
    serve,
    show,
    simulate,
    sources,
    sweep,
    validate,
    wires,
    withdraw,
)
from twin.cli.output import Failure, say_error

FAILED = 1

app = typer.Typer(
    name="ridethrough",
    help="A graph twin of a data center: know what goes dark, when and why, before it does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("ridethrough"))
        raise typer.Exit


@app.callback()
def ridethrough(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")] = False,
) -> None:
    """A graph twin of a data center: know what goes dark, when and why, before it does."""


for verb in (
    serve.demo,
    serve.serve,
    load.load,
    export.export,
    validate.validate,
    migrate.migrate,
    generate.generate,
    impact.impact,
    report.report,
    sweep.sweep,
    prove.prove,
    rootcause.rootcause,
    capacity.capacity,
    availability.availability,
    place.place,
    posture.posture,
    log.log,
    show.show,
    diff.diff,
    revert.revert,
    withdraw.withdraw,
    sources.sources,
    provenance.provenance,
    wires.wires,
    points.points,
    history.history,
    simulate.simulate,
    backup.backup,
    backup.restore,
    doctor.doctor,
    schema.schema,
):
    app.command()(verb)
app.add_typer(branch.branch)
app.add_typer(procedure.procedure)
app.add_typer(replay.replay)


def main() -> None:
    """The entry point: run the verb, and tell its error (rules 1 and 2)."""
    try:
        app()
    except BrokenPipeError:
        with suppress(BrokenPipeError):
            sys.stdout.close()
    except Failure as error:
        say_error(str(error))
        sys.exit(error.code)
    except Exception as error:
        say_error(told(error))
        sys.exit(FAILED)


def told(error: Exception) -> str:
    """An error of one of the rooms as its own text; any other with its kind, so that it can be reported."""
    from graph.errors import GraphError
    from ontology.errors import OntologyError
    from twin.settings import SettingsError

    if isinstance(error, GraphError | OntologyError | SettingsError | ValueError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return f"this should not have happened ({type(error).__name__}: {error}); please report it with the command that you gave"


if __name__ == "__main__":
    main()
