"""`ridethrough prove`: is the site concurrently maintainable, is it fault tolerant; a certificate or the smallest counter-example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from analytics.proofs.claim import Claim
from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import media_of, opened_view, refuse_unknown, state_name
from twin.cli.output import FOUND_PROBLEMS, Config, Data, Failure, Json, Store, instant, progress, say, say_json, settings_from, table
from twin.cli.sweep import tell_basis

if TYPE_CHECKING:
    from analytics.proofs.certificate import Certificate, CounterExample, Line
    from analytics.proofs.load import Counts
    from analytics.proofs.prove import Question
    from twin.state import View

FIRST = 10
OUTCOMES_SHOWN = 5
PATH_SHOWN = 6
MAY_BE_EMPTY = ("OTHER", "OVERLOAD", "AFTER")
"""Columns that are left out where no row has anything in them."""


def prove(
    claim: Annotated[Claim, typer.Argument(help="What is to be proved.", show_default=False)],
    load: Annotated[
        list[str] | None,
        typer.Option(
            "--load", metavar="ID", help="Only this load must stay up: a rack, service, tenant, ... Can be repeated.", show_default=False
        ),
    ] = None,
    medium: Annotated[
        list[str] | None, typer.Option("--medium", help="Only supplies in this medium. Can be repeated.", show_default=False)
    ] = None,
    close: Annotated[
        list[str] | None,
        typer.Option("--close", metavar="ID", help="Maintainable: close this switch first. Can be repeated.", show_default=False),
    ] = None,
    it: Annotated[bool, typer.Option("--it", help="Take racks, IT equipment and services out in turn, too.")] = False,
    first: Annotated[int, typer.Option("--first", min=1, help="How many counter-examples to tell, the smallest first.")] = FIRST,
    ids: Annotated[bool, typer.Option("--ids", help="With --json: name all that was tried.")] = False,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Take everything out in turn: is all IT load kept? Ends with 0 where that holds and with 3 where there is a counter-example."""
    from analytics.proofs.prove import Question

    if ids and not json:
        raise Failure("--ids names all that was tried in JSON: add --json", code=2)
    if close and claim is Claim.FAULT_TOLERANT:
        raise Failure("--close is for what is planned: no fault waits until a switch is closed", code=2)
    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "prove", asked) as view:
        refuse_unknown(view, (*(load or ()), *(close or ())))
        media = None if medium is None else media_of(medium, view.supply().media)
        found = _proved(view, claim, Question(media, load, close or (), it, first, ids))
    if json:
        say_json(found.to_json())
    else:
        _tell(found, state_name(branch, found.basis.revision))
    if not found.holds:
        raise typer.Exit(FOUND_PROBLEMS)


def _proved(view: View, claim: Claim, asked: Question) -> Certificate:
    from analytics.proofs import answers

    graph, conditions = view.supply(), view.conditions()
    with progress() as tell:
        return answers.prove(claim, view.snapshot, view.vocabulary, graph, conditions, asked, view.response, tell)


def _tell(found: Certificate, state: str) -> None:
    from ontology.namespaces import compact

    say(f"{found.question}: {'HOLDS' if found.holds else 'DOES NOT HOLD'} ({state}, {instant(found.basis.at)})")
    say(f"the rule: {found.rule}")
    say(f"{found.asked_by} ask for it, among other things")
    say()
    say(f"load: {counts_line(found.load)}")
    if found.dark_ids:
        named = ", ".join(map(compact, found.dark_ids[:OUTCOMES_SHOWN])) + (", ..." if len(found.dark_ids) > OUTCOMES_SHOWN else "")
        say(f"without a supply before anything is out, so that no proof holds: {counts_line(found.dark)} ({named})")
    for line in found.rules:
        _tell_line(line, counts=True)
    for line in found.beside:
        _tell_line(line, counts=False)
    tell_basis(found.basis)
    for text in found.notes:
        say(f"note: {text}")


def _tell_line(line: Line, *, counts: bool) -> None:
    from analytics.time.story import span
    from ontology.namespaces import compact

    tried = ", ".join(f"{count:,} {kind}" for kind, count in line.tried.items()) or "nothing"
    bad = sum(line.breached.values())
    say(
        f"{line.name}{'' if counts else ' (does not count)'}: {tried} tried, {'all can be out' if line.holds else f'{bad:,} cannot be out'}"
    )
    if line.counter_example is None:
        return
    say()
    rows = [
        (
            f"{each.lost.it_load_kw:,.1f}",
            *(f"{count:,}" for count in (each.lost.racks, each.lost.services, each.lost.equipment, each.lost.other)),
            "yes" if each.overloads else "",
            "" if each.after_s is None else span(each.after_s),
            each.out.kind.value,
            compact(each.out.id),
        )
        for each in line.breaches
    ]
    header = ("KW", "RACKS", "SERVICES", "EQUIPMENT", "OTHER", "OVERLOAD", "AFTER", "KIND", "OUT")
    keep = [at for at, name in enumerate(header) if name not in MAY_BE_EMPTY or any(row[at] not in ("0", "") for row in rows)]
    table([header[at] for at in keep], [[row[at] for at in keep] for row in rows])
    if bad > len(rows):
        say(f"... and {bad - len(rows):,} more: --first {bad} prints them")
    say()
    _tell_counter_example(line.counter_example, counts=counts)


def _tell_counter_example(found: CounterExample, *, counts: bool) -> None:
    from analytics.figures import shown_apart
    from ontology.namespaces import compact, local_name

    said = (
        "the smallest counter-example"
        if counts
        else "the smallest of these, which is no counter-example: the answer does not count this line"
    )
    say(f"{said}: {compact(found.breach.out.id)}")
    for each in found.outcomes[:OUTCOMES_SHOWN]:
        because = chain_line([compact(step) for step in each.path]) if each.seconds is None else gap_line(*each.seconds)
        say(f"  {each.outcome.name} {compact(each.id)} ({local_name(each.medium)}): {because}")
    more = found.more + max(0, len(found.outcomes) - OUTCOMES_SHOWN)
    if more:
        timeline = "" if found.breach.after_s is None else " --timeline"
        say(f"  ... and {more:,} more: `ridethrough impact {compact(found.breach.out.id)}{timeline}`")
    for trip in found.trips:
        load, rated = shown_apart(trip.load_kw, trip.rated_kw)
        say(f"  trips after {trip.after_s:,.0f} s: {compact(trip.id)}, with {load} kW on {rated} kW")
    for over in found.overloads:
        load, limit = shown_apart(over.load_kw, over.limit_kw)
        say(f"  overloaded: {compact(over.id)} carries {load} kW and may carry {limit} kW")
    say()


def gap_line(worse: float, better: float | None) -> str:
    """When a supply is lost on the way, in words."""
    from analytics.time.story import span

    if better is None:
        return f"lost after {span(worse)}, or not at all"
    return f"lost after {span(worse)}" + ("" if better == worse else f" to {span(better)}")


def chain_line(steps: list[str]) -> str:
    """A chain of supply, the middle of a long one left out."""
    if len(steps) > PATH_SHOWN:
        steps = [*steps[:2], f"({len(steps) - 4} more)", *steps[-2:]]
    return " -> ".join(steps)


def counts_line(counts: Counts) -> str:
    """How much load, in one line."""
    told = counts.to_json()
    names = {"racks": "racks", "services": "services", "equipment": "IT equipment", "other": "others"}
    parts = [f"{told[key]:,} {name}" for key, name in names.items() if told[key]]
    return f"{', '.join(parts) or 'nothing'}; {counts.it_load_kw:,.1f} kW"
