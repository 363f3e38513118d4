"""The schema is committed, and says what everything is."""

from __future__ import annotations

from pathlib import Path

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from resolvers.schema import sdl

COMMITTED = Path(__file__).parents[2] / "resolvers" / "schema.graphql"


def test_the_committed_schema_is_what_the_code_serves() -> None:
    """`ridethrough schema > resolvers/schema.graphql` has been run after the last change."""
    assert COMMITTED.read_text() == sdl()


def test_every_type_field_and_argument_says_what_it_is() -> None:
    """Nothing in the schema is without a description."""
    schema = build_schema(sdl())

    silent = [name for name, kind in schema.type_map.items() if not name.startswith("__") and not kind.description]
    for name, kind in schema.type_map.items():
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType | GraphQLInputObjectType | GraphQLInterfaceType):
            continue
        for field_name, field in kind.fields.items():
            silent += [] if field.description else [f"{name}.{field_name}"]
            silent += [f"{name}.{field_name}({arg})" for arg, each in getattr(field, "args", {}).items() if not each.description]
    assert silent == []
