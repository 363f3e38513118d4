"""`ridethrough procedure`: a switching procedure against the twin, before anybody touches a switch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import media_of, opened_view, refuse_unknown, state_name
from twin.cli.output import FOUND_PROBLEMS, Config, Data, Failure, Json, Store, instant, say, say_json, settings_from, table
from twin.cli.prove import chain_line, counts_line
from twin.cli.sweep import tell_basis

if TYPE_CHECKING:
    from analytics.procedures.check import Checked
    from analytics.procedures.steps import Procedure, Step

FILE_BYTES_MAX = 1_000_000
REASONS_SHOWN = 5

procedure = typer.Typer(
    name="procedure",
    help="Switching procedures: what each step costs, before anybody touches a switch.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@procedure.callback()
def _procedures() -> None:
    """Keeps `check` a word of its own while it is the only one."""


@procedure.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The procedure, YAML or JSON.", show_default=False)],
    load: Annotated[
        list[str] | None,
        typer.Option("--load", metavar="ID", help="Only this load counts: a rack, a service, ... Can be repeated.", show_default=False),
    ] = None,
    medium: Annotated[
        list[str] | None, typer.Option("--medium", help="Only supplies in this medium. Can be repeated.", show_default=False)
    ] = None,
    lost: Annotated[
        int | None, typer.Option("--max-lost", min=0, help="Loads that may be down, whatever the file says.", show_default=False)
    ] = None,
    exposed: Annotated[
        int | None,
        typer.Option("--max-without-redundancy", min=0, help="Loads that may lose their redundancy.", show_default=False),
    ] = None,
    overloaded: Annotated[
        int | None, typer.Option("--max-overloaded", min=0, help="Things that may trip or carry more than they may.", show_default=False)
    ] = None,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Run a procedure step by step against the twin. Ends with 0 where every step is allowed and with 3 where one is refused. As of an
    older revision the switches stand where they normally do; in a branch, where telemetry says."""
    from analytics.procedures.check import check as checked

    asked = as_of(at, branch)
    wanted = read_procedure(file, lost, exposed, overloaded)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "procedure", asked) as view:
        refuse_unknown(view, (*(load or ()), *(step.of for step in wanted.steps if step.act != "note")))
        media = None if medium is None else media_of(medium, view.supply().media)
        found = checked(wanted, view.supply(), view.conditions(), media, load)
    if json:
        say_json(found.to_json())
    else:
        _tell(found, wanted, state_name(branch, found.basis.revision))
    if found.first_refused is not None:
        raise typer.Exit(FOUND_PROBLEMS)


def read_procedure(file: Path, lost: int | None = None, exposed: int | None = None, overloaded: int | None = None) -> Procedure:
    """The procedure of a file, its policy overridden by what was given. JSON is YAML, too."""
    from dataclasses import replace

    import yaml  # type: ignore[import-untyped]  # it ships no types

    from analytics.procedures.steps import ProcedureError, procedure_of

    if file.stat().st_size > FILE_BYTES_MAX:
        raise Failure(f"{file}: more than {FILE_BYTES_MAX:,} bytes is no procedure", code=2)
    try:
        found = procedure_of(yaml.safe_load(file.read_text(encoding="utf-8")), file.stem)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failure(f"{file}: no YAML and no JSON: {' '.join(str(error).split())}", code=2) from None
    except ProcedureError as error:
        raise Failure(f"{file}: {error}", code=2) from None
    policy = found.policy
    if lost is not None:
        policy = replace(policy, load_lost_max=lost)
    if exposed is not None:
        policy = replace(policy, without_redundancy_max=exposed)
    if overloaded is not None:
        policy = replace(policy, overloaded_max=overloaded)
    return replace(found, policy=policy)


def _tell(found: Checked, wanted: Procedure, state: str) -> None:
    refused = found.first_refused
    verdict = "every step is allowed" if refused is None else f"step {refused.step.id} is refused"
    alone = f", by supply alone: {found.by_supply_alone}" if found.by_supply_alone else ""
    say(f"{found.name}: {verdict}{alone} ({state}, {instant(found.basis.at)})")
    most = found.policy.without_redundancy_max
    exposed = "any number" if most is None else f"at most {most:,}"
    most_over = f"{found.policy.overloaded_max:,} things overloaded"
    say(f"policy: at most {found.policy.load_lost_max:,} loads down, {most_over}, {exposed} without redundancy")
    say(f"load: {counts_line(found.load)}")
    say()
    rows = [
        (
            done.step.id,
            _act(done.step),
            *(f"{each.racks + each.equipment + each.services + each.other:,}" for each in (done.lost, done.back, done.down)),
            f"{done.down.it_load_kw:,.1f}",
            f"{done.without_redundancy.racks + done.without_redundancy.equipment + done.without_redundancy.services:,}",
            "-" if found.by_supply_alone else f"{len(done.trips) + len(done.overloaded):,}",
            "refused" if done.refused else "",
        )
        for done in found.steps
    ]
    table(("STEP", "", "LOSES", "BRINGS BACK", "DOWN", "KW DOWN", "NO REDUNDANCY", "OVERLOADED", ""), rows)
    for done in found.steps:
        for text in done.findings:
            say(f"step {done.step.id}: {text}")
    if refused is not None:
        _tell_refused(found, wanted)
    tell_basis(found.basis)
    for text in found.notes:
        say(f"note: {text}")


def _tell_refused(found: Checked, wanted: Procedure) -> None:
    from ontology.namespaces import compact, local_name

    refused, safe = found.first_refused, found.safe
    if refused is None or safe is None:
        return
    say()
    for text in refused.refused:
        say(f"step {refused.step.id} ({_act(refused.step)}) is refused: {text}")
    for reason in found.because[:REASONS_SHOWN]:
        why = " + ".join(map(compact, reason.evidence)) or "what is closed"
        path = f": {chain_line([compact(step) for step in reason.path])}" if reason.path else ""
        say(f"  {reason.outcome.name} {compact(reason.id)} ({local_name(reason.medium)}) by {why}{path}")
    if len(found.because) > REASONS_SHOWN:
        say("  ... and more: --json prints them")
    say()
    by_id = {step.id: step for step in wanted.steps}
    if safe.steps:
        say("a safe order of the same steps:")
        for step in safe.steps:
            say(f"  {step}  {_act(by_id[step])}")
    elif safe.complete:
        say("no order of these steps is safe")
    else:
        say(f"no safe order found; the search ended after {safe.sets:,} sets of steps")


def _act(step: Step) -> str:
    from ontology.namespaces import compact

    return f"{step.act} {step.of if step.act == 'note' else compact(step.of)}"
