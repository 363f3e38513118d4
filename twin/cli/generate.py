"""`ridethrough generate`: a synthetic site of any size."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.output import say


class Design(StrEnum):
    """How power is made redundant."""

    TWO_N = "2N"
    DISTRIBUTED = "distributed"
    N_PLUS_1 = "N+1"


FORMATS = {".ttl": "turtle", ".nt": "ntriples", ".nq": "nquads", ".trig": "trig", ".jsonld": "jsonld"}


def generate(
    output: Annotated[
        Path, typer.Option("--output", "-o", help=f"File to write; its ending says the syntax: {' '.join(FORMATS)}.", show_default=False)
    ],
    racks: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many racks.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another site; the same seed, the same bytes.")] = 1,
    design: Annotated[Design, typer.Option(help="How power is made redundant.")] = Design.TWO_N,
) -> None:
    """Write a synthetic data center as RDF."""
    from ontology.rdf import write
    from twin.demo.site import generate as site

    syntax = FORMATS.get(output.suffix)
    if syntax is None:
        raise typer.BadParameter(
            f"the ending {output.suffix!r} of {output} names no syntax: use {' '.join(FORMATS)}", param_hint="--output"
        )
    block = site(racks=racks, seed=seed, design=design.value)
    with output.open("wb") as out:
        write(block, syntax, out)
    say(f"{output}: {len(block):,} statements, {racks} racks, {design.value}, seed {seed}; synthetic")
