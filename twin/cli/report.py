"""`ridethrough report`: one page for the wall before somebody touches a switch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import opened_view, refuse_unknown, state_name
from twin.cli.output import Config, Data, Failure, Json, Store, say, say_json, settings_from, written_beside
from twin.cli.procedure import read_procedure

if TYPE_CHECKING:
    from analytics.procedures.steps import Procedure


def report(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="What fails, all together: IRIs or CURIEs; a place with all that is in it.", show_default=False
        ),
    ] = None,
    opened: Annotated[
        list[str] | None, typer.Option("--open", help="A switch that is opened. Can be repeated.", show_default=False)
    ] = None,
    closed: Annotated[
        list[str] | None, typer.Option("--close", help="A switch that is closed first. Can be repeated.", show_default=False)
    ] = None,
    isolated: Annotated[
        list[str] | None, typer.Option("--isolate", help="What is taken out for work. Can be repeated.", show_default=False)
    ] = None,
    procedure: Annotated[
        Path | None,
        typer.Option("--procedure", metavar="FILE", help="A switching procedure that goes with it, YAML or JSON.", show_default=False),
    ] = None,
    hours: Annotated[float, typer.Option(help="How far the timeline looks, in hours.", min=0.001)] = 4.0,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write; - for standard output.")] = Path(
        "report.html"
    ),
    author: Annotated[str | None, typer.Option("--author", help="Who asks, as it stands on the page.", show_default=False)] = None,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Write one HTML page that prints on one sheet: what goes dark and when, what must not be touched meanwhile, and the one-line diagram.
    It needs no other file and no script. As of an older revision the switches stand where they normally do; in a branch, where telemetry
    says."""
    from analytics.scenario import Scenario
    from twin.report.page import Asked, page, verdict

    if not (ids or opened or closed or isolated):
        raise Failure("nothing happens: name what fails, or give --open, --close or --isolate", 2)
    asked = as_of(at, branch)
    steps = None if procedure is None else read_procedure(procedure)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "report", asked) as view:
        scenario = Scenario(tuple(ids or ()), tuple(opened or ()), tuple(closed or ()), tuple(isolated or ()))
        refuse_unknown(view, (*scenario.ids(), *_things(steps)))
        found = view.report(scenario, hours * 3600, steps)
    if json:
        say_json(found.to_json())
        return
    html = page(found, Asked(author or settings.author, state_name(branch, found.found.revision))).encode()
    if output == Path("-"):
        sys.stdout.buffer.write(html)
        return
    with written_beside(output) as out:
        out.write(html)
    if found.checked is not None and (refused := verdict(found.checked)):
        say(refused)
    say(found.headline.text)
    for text in found.headline.then:
        say(text)
    say(f"{output}: open it in a browser and print it")


def _things(procedure: Procedure | None) -> list[str]:
    return [] if procedure is None else [step.of for step in procedure.steps if step.act != "note"]
