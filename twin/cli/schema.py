"""`ridethrough schema`: the GraphQL schema as text."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the GraphQL schema in the schema definition language."""
    from resolvers.schema import sdl

    typer.echo(sdl(), nl=False)
