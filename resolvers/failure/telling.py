"""A result of the analytics room as a GraphQL type: field by field from what its `to_json` says, which the command line prints, too.

Rules of this file:

1. A field is named as the key that it is filled from, in Python's spelling and in small letters; `class_` is filled from `class`.
2. A key that is not there leaves the field its default; without a default that is a fault of ours, and it raises.
3. Texts become what the field says: an enumeration by its value, an instant by ISO 8601. Keys without a field are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


def told(kind: type[Kind], said: Mapping[str, Any]) -> Kind:
    """A GraphQL type from plain data. Cost: one step a field; how to fill a type is worked out once."""
    filled: Any = kind
    small = {key.lower(): each for key, each in said.items()}
    return kind(**{name: fill(small[key]) for name, key, fill in _fillers(filled) if key in small})


@cache
def _fillers(kind: Any) -> Sequence[tuple[str, str, Callable[[Any], Any]]]:
    hints = get_type_hints(kind)
    return [(each.name, each.name.rstrip("_"), _filler(hints[each.name])) for each in fields(kind) if each.init]


def _filler(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) in (Union, UnionType):
        (one,) = (each for each in get_args(hint) if each is not NoneType)
        fill = _filler(one)
        return lambda said: None if said is None else fill(said)
    if get_origin(hint) is list:
        each = _filler(get_args(hint)[0])
        return lambda said: [each(one) for one in said]
    if hint is datetime:
        return datetime.fromisoformat
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if hasattr(hint, "__strawberry_definition__"):
        return lambda said: told(hint, said)
    return lambda said: said
