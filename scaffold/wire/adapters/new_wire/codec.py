"""Questions and answers of the NewWire wire as bytes. Pure: no socket, no clock, no state.

Stand-in: a question is a line of keys, its answer a line with a number for each of them, `-` where there is none, all with blanks between
and a line feed at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan

import numpy as np

from graph.values import Floats

NONE = "-"


class Wrong(Exception):
    """Bytes that are no answer to what was asked; the text says why."""


def question(keys: Sequence[str]) -> bytes:
    """What asks for the values of keys. Raises `ValueError` for a key that cannot be asked for."""
    for key in keys:
        if not key.isascii() or not key.isprintable() or not key or " " in key:
            raise ValueError(f"a key is printable ASCII without blanks, not {key!r}")
    return " ".join(keys).encode() + b"\n"


def values_of(answer: bytes, count: int) -> Floats:
    """The numbers of an answer to `count` keys, nan for each that is none. Raises `Wrong`."""
    if not answer.endswith(b"\n"):
        raise Wrong(f"the answer breaks off after {len(answer)} bytes")
    said = answer.split()
    if len(said) != count:
        raise Wrong(f"{len(said)} values where {count} were asked for")
    return np.array([_number(each) for each in said], np.float64)


def _number(said: bytes) -> float:
    try:
        number = float(said)
    except ValueError:
        return nan
    return number if isfinite(number) else nan


def keys_of(asked: bytes) -> Sequence[str]:
    """The keys of a question, as the device reads it."""
    return asked.decode(errors="replace").split()


def answer_of(values: Sequence[float | None]) -> bytes:
    """What a device says for its values, None for none."""
    return " ".join(NONE if value is None else repr(value) for value in values).encode() + b"\n"
