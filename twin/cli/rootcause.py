"""`ridethrough rootcause`: from what is seen down and up to what has failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import opened_view, refuse_unknown, state_name
from twin.cli.output import Config, Data, Failure, Json, Store, instant, say, say_json, settings_from, table
from twin.cli.sweep import KINDS, tell_basis

if TYPE_CHECKING:
    from analytics.causes.explain import Explanation, RootCause
    from analytics.sweeps.units import UnitKind

FIRST = 3
ORDER, ORDER_MAX = 2, 4
NAMED = 5
STATES = ("down", "up", "unknown")


def rootcause(
    down: Annotated[list[str] | None, typer.Option("--down", metavar="ID", help="Seen down. Can be repeated.", show_default=False)] = None,
    up: Annotated[list[str] | None, typer.Option("--up", metavar="ID", help="Seen up. Can be repeated.", show_default=False)] = None,
    unknown: Annotated[
        list[str] | None,
        typer.Option("--unknown", metavar="ID", help="There to be seen, and silent or stale. Can be repeated.", show_default=False),
    ] = None,
    seen: Annotated[
        Path | None,
        typer.Option("--seen", metavar="FILE", help="What is seen, a line each: an id, and down, up or unknown.", show_default=False),
    ] = None,
    units: Annotated[
        str, typer.Option("--units", metavar="KINDS", help="What may have failed as one, with commas: equipment, rooms, paths, groups.")
    ] = "equipment",
    order: Annotated[int, typer.Option("--order", min=1, max=ORDER_MAX, help="How many may have failed together.")] = ORDER,
    first: Annotated[int, typer.Option("--first", min=1, help="How many explanations to tell, the best first.")] = FIRST,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Say which few failures explain what is seen down, and what speaks against each explanation. Where nothing is named, what is seen is
    what the alarms and readings last written say."""
    from analytics.causes.sightings import Sightings

    named = {"down": down or [], "up": up or [], "unknown": unknown or []}
    for state, iri in _lines(seen) if seen is not None else ():
        named[state].append(iri)
    given = seen is not None or any(named.values())
    if given and not named["down"]:
        raise Failure("nothing is said to be down: name it with --down or in --seen, or name nothing at all to ask the readings", code=2)
    kinds = _kinds(units)
    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "rootcause", asked) as view:
        refuse_unknown(view, [name for names in named.values() for name in names])
        sightings = Sightings.of(named["down"], named["up"], named["unknown"]) if given else None
        found = view.root_cause(sightings, order, first, kinds)
    if json:
        say_json(found.to_json())
    else:
        _tell(found, state_name(branch, found.basis.revision))


def _kinds(names: str) -> list[UnitKind]:
    from analytics.sweeps.units import UnitKind

    wanted = [name.strip() for name in names.split(",")]
    unknown = next((name for name in wanted if name not in KINDS), None)
    if unknown is not None:
        raise Failure(f"no units {unknown!r}; there are: {', '.join(KINDS)}", code=2)
    return [UnitKind(KINDS[name]) for name in wanted]


def _lines(path: Path) -> list[tuple[str, str]]:
    """State and id of each line of a file; empty lines and those that begin with # are left out."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.replace(",", " ").split()
        if not words or line.startswith("#"):
            continue
        if len(words) != len(STATES) - 1 or words[1].lower() not in STATES:
            raise Failure(f"{path}:{number}: {line.strip()!r} is no id with {', '.join(STATES[:-1])} or {STATES[-1]} behind it", code=2)
        found.append((words[1].lower(), words[0]))
    return found


def _tell(found: RootCause, state: str) -> None:
    from ontology.namespaces import compact

    seen = f"{len(found.down):,} seen down, {len(found.up):,} up, {len(found.unknown):,} unknown"
    say(f"What explains what is seen ({seen}; {state}, {instant(found.basis.at)}), the best first:")
    say()
    rows = [
        (
            f"{each.score:.2f}",
            " + ".join(compact(cause.unit.id) + (" (open)" if cause.known else "") for cause in each.causes),
            " + ".join("?" if cause.prior is None else f"{cause.prior:g}%" for cause in each.causes),
            f"{len(each.explains):,}",
            f"{len(each.unexplained):,}",
            f"{len(each.contradicts):,}",
            f"{len(each.unknown):,}",
        )
        for each in found.explanations
    ]
    if rows:
        table(("SCORE", "CAUSE", "PRIOR", "EXPLAINS", "LEAVES OPEN", "CONTRADICTS", "UNKNOWN"), rows)
        _speak_against(found.explanations[0])
    else:
        say("Nothing that is seen down has to be explained." if not found.down else "No failure explains anything of it.")
    say()
    for what, names in (
        ("open as telemetry says, and normally not", found.opened),
        ("down without any failure, as the model has it", found.before),
    ):
        if names:
            say(f"{what}: {_named(names)}")
    if found.left_out:
        say(f"left out: {found.left_out}")
    tell_basis(found.basis)


def _speak_against(best: Explanation) -> None:
    for what, names in (("leaves open", best.unexplained), ("contradicts", best.contradicts), ("would be down, unknown", best.unknown)):
        if names:
            say(f"the first {what}: {_named(names)}")


def _named(ids: tuple[str, ...]) -> str:
    from ontology.namespaces import compact

    return ", ".join(map(compact, ids[:NAMED])) + (f", ... ({len(ids):,})" if len(ids) > NAMED else "")
