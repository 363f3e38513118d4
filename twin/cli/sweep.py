"""`ridethrough sweep`: every failure of the site in turn, the worst first."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.as_of import At, BranchName, as_of
from twin.cli.asking import media_of, opened_view, refuse_unknown, state_name
from twin.cli.output import Config, Data, Failure, Json, Store, instant, progress, say, say_json, settings_from, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.sweeps.answers import Swept
    from analytics.sweeps.basis import Basis
    from analytics.sweeps.cuts import CutSets
    from analytics.sweeps.single import Exposed, Loss
    from analytics.sweeps.units import UnitKind
    from twin.state import View

FIRST = 20
TWO, ORDER_MAX = 2, 3
ASSUMED_SHOWN = 3
KINDS = {"equipment": "equipment", "rooms": "room", "paths": "path", "groups": "group"}
"""What `--units` takes, and the kind that it means."""


class Measure(StrEnum):
    """What `--by` takes."""

    KW = "kw"
    RACKS = "racks"
    SERVICES = "services"
    TENANTS = "tenants"


def sweep(
    order: Annotated[
        int | None,
        typer.Option("--order", min=1, max=3, help="How many fail at once: 1 or 2; with --load up to 3.", show_default=False),
    ] = None,
    units: Annotated[
        str | None,
        typer.Option(
            "--units", metavar="KINDS", help="What may fail, with commas: equipment, rooms, paths, groups (all).", show_default=False
        ),
    ] = None,
    by: Annotated[Measure, typer.Option("--by", help="Rank by this.")] = Measure.KW,
    first: Annotated[int, typer.Option("--first", min=1, help="How many failures to tell, the worst first.")] = FIRST,
    load: Annotated[
        str | None, typer.Option("--load", metavar="ID", help="Tell the minimal cut sets of this load instead.", show_default=False)
    ] = None,
    medium: Annotated[
        list[str] | None,
        typer.Option("--medium", help="With --load: its supply in this medium. Can be repeated.", show_default=False),
    ] = None,
    redundancy: Annotated[
        bool, typer.Option("--redundancy", help="Also count what each failure told leaves without redundancy; takes longer.")
    ] = False,
    at: At = None,
    branch: BranchName = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Let everything fail in turn and say what takes most down; or say what takes one load down. As of an older revision the switches
    stand where they normally do; in a branch, where telemetry says."""

    kinds = kinds_of(",".join(KINDS) if units is None else units)
    if medium and load is None:
        raise Failure("--medium is about one load: name it with --load", code=2)
    if load is None and order == ORDER_MAX:
        raise Failure(f"--order {order} is for the cut sets of one load: name it with --load", code=2)
    if order == TWO and load is None and redundancy:
        raise Failure("--order 2 counts what is lost: leave --redundancy out", code=2)
    asked = as_of(at, branch)
    settings = settings_from(config, data=data, store=store)
    with opened_view(settings, "sweep", asked) as view:
        state = state_name(branch, view.snapshot.revision)
        if load is None and order == TWO:
            _doubles(view, state, kinds, by, first, json=json)
        elif load is None:
            _singles(view, state, kinds, by, first, redundancy=redundancy, json=json)
        else:
            _cuts(view, state, load, medium, order, first, json=json)


def _singles(view: View, state: str, kinds: list[UnitKind], by: Measure, first: int, *, redundancy: bool, json: bool) -> None:
    from analytics.sweeps.answers import sweep
    from analytics.sweeps.single import By

    graph = view.supply()
    with progress() as tell:
        found = sweep(
            view.snapshot,
            view.vocabulary,
            graph,
            view.conditions(),
            kinds,
            By(by.value),
            first,
            redundancy=redundancy,
            progress=tell,
        )
    if json:
        say_json(found.to_json())
        return
    _tell(found, state)
    racks = f"{found.racks_by_one:,} of {len(graph.loads.racks):,} racks"
    services = f"{found.services_by_one:,} of {len(graph.loads.services):,} services"
    say(f"{racks} and {services} have a supply that hangs by one piece of equipment; --load ID tells by which")
    tell_basis(found.basis)


def _doubles(view: View, state: str, kinds: list[UnitKind], by: Measure, first: int, *, json: bool) -> None:
    from analytics.sweeps.answers import sweep_pairs
    from analytics.sweeps.single import By

    with progress() as tell:
        found = sweep_pairs(view.snapshot, view.vocabulary, view.supply(), view.conditions(), kinds, By(by.value), first, tell)
    if json:
        say_json(found.to_json())
        return
    words = {"equipment": "pieces of infrastructure"}
    paired = ", ".join(f"{count:,} {words.get(kind, kind)}" for kind, count in found.unit_counts.items())
    say(f"Two at once ({state}, {instant(found.basis.at)}): {found.tried:,} pairs of {paired or 'nothing that can fail'}.")
    say(f"{found.harmful:,} of them take down what neither takes down alone; the worst by {by.value}, counting that alone:")
    say()
    tell_losses(found.failures)
    if found.left_out:
        say(f"left out: {found.left_out}")
    say()
    tell_basis(found.basis)


def _cuts(view: View, state: str, load: str, medium: list[str] | None, order: int | None, first: int, *, json: bool) -> None:
    from analytics.sweeps.cuts import cut_sets

    refuse_unknown(view, [load])
    graph = view.supply()
    media = None if medium is None else media_of(medium, graph.media)
    found = cut_sets(graph, view.conditions(), load, media, order or ORDER_MAX)
    if json:
        say_json(found.to_json())
    else:
        _tell_cuts(found, state, first)


def _tell_cuts(found: CutSets, state: str, first: int) -> None:
    from ontology.namespaces import compact, local_name

    name, media = compact(found.load), ", ".join(map(local_name, found.media))
    say(f"What takes {name} down ({media}; {state}, {instant(found.basis.at)}):")
    say()
    if found.down_before:
        say("A supply of it does not hold with nothing failed: see `ridethrough impact`.")
    for size in range(1, found.order + 1):
        count = sum(len(cut) == size for cut in found.sets)
        say(f"{'by one alone' if size == 1 else f'by {size} together'}: {count:,}")
    say()
    for cut in found.sets[:first]:
        say("  " + " + ".join(map(compact, cut)))
    if len(found.sets) > first:
        say(f"  ... and {len(found.sets) - first:,} more: --first {len(found.sets)} prints them")
    if found.left_out:
        say(f"left out: {found.left_out}")
    say()
    tell_basis(found.basis)


def kinds_of(names: str) -> list[UnitKind]:
    """The kinds that an option names."""
    from analytics.sweeps.units import UnitKind

    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = next((name for name in wanted if name not in KINDS), None)
    if unknown is not None or not wanted:
        raise Failure(f"no units {unknown or names!r}; there are: {', '.join(KINDS)}", code=2)
    return [UnitKind(KINDS[name]) for name in wanted]


def _tell(found: Swept, state: str) -> None:
    tried = ", ".join(f"{count:,} {kind}" for kind, count in found.tried.items())
    say(f"Each alone ({state}, {instant(found.basis.at)}): {tried or 'nothing that can fail'}.")
    say(f"{found.harmful:,} of {sum(found.tried.values()):,} take something down; the worst by {found.by.value}:")
    say()
    tell_losses(found.failures)
    say()


def tell_losses(losses: Sequence[Loss]) -> None:
    """Failures and what they take down, a line each."""
    from ontology.namespaces import compact

    exposed = any(loss.exposed is not None for loss in losses)
    header = ("KW", "RACKS", "SERVICES", "TENANTS", "SUPPLIES", *(("NO REDUNDANCY",) if exposed else ()), "KIND", "FAILS")
    rows = [
        (
            f"{loss.it_load_kw:,.1f}",
            *(f"{count:,}" for count in (loss.racks, loss.services, loss.tenants, loss.supplies)),
            *((_exposed(loss.exposed),) if exposed else ()),
            " + ".join(unit.kind.value for unit in loss.failed),
            " + ".join(compact(unit.id) for unit in loss.failed),
        )
        for loss in losses
    ]
    table(header, rows)


def _exposed(told: Exposed | None) -> str:
    return "" if told is None else f"{told.it_load_kw:,.1f} kW, {told.racks:,} racks"


def tell_basis(basis: Basis) -> None:
    """What the answer rests on."""
    opened = sum(each.position == "open" for each in basis.positions)
    live = sum(each.from_telemetry for each in basis.positions)
    if basis.positions:
        say(f"switches: {live:,} of {len(basis.positions):,} stand as telemetry says, the others as normal; {opened:,} are open")
    for text in basis.assumed[:ASSUMED_SHOWN]:
        say(f"assumed: {text}")
    if len(basis.assumed) > ASSUMED_SHOWN:
        say(f"assumed: ... and {len(basis.assumed) - ASSUMED_SHOWN} more: --json prints them")
