"""The command line's JSON with the names that GraphQL gives to its fields."""

from __future__ import annotations

from typing import Any


def camel(name: str) -> str:
    """`it_load_kw` as `itLoadKw`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def in_camel_case(told: Any) -> Any:
    """Every key of every mapping."""
    if isinstance(told, dict):
        return {camel(key): in_camel_case(value) for key, value in told.items()}
    return [in_camel_case(each) for each in told] if isinstance(told, list) else told
