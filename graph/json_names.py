"""Names that stand twice in one object of JSON, which parsers drop without a word."""

from __future__ import annotations

import json
from typing import Any

_NUMBERS = frozenset((int, float, bool, type(None)))


def named_twice(payload: bytes, document: object) -> bool:
    """Whether an object of a payload, whose document this is, has two members of one name (RFC 8259, 4: which one counts is open).

    Each name and each text has two quotation marks; where these do not add up the payload is read again, slowly, by a parser that tells.
    """
    if type(document) not in {dict, list}:
        return False
    marks = payload.count(b'"')
    if (type(document) is dict and marks == 2 * len(document)) or marks == 2 * _texts(document):
        return False
    try:
        json.loads(payload, object_pairs_hook=_once)
    except _TwiceError:
        return True
    except (ValueError, RecursionError):
        return False
    return False


def _texts(document: object) -> int:
    """How many names and texts a document holds; a list that begins with a number counts as one of numbers."""
    count, waiting = 0, [document]
    while waiting:
        one = waiting.pop()
        if type(one) is str:
            count += 1
        elif type(one) is dict:
            count += len(one)
            waiting += one.values()
        elif type(one) is list and one and type(one[0]) not in _NUMBERS:
            if set(map(type, one)) == {str}:
                count += len(one)
            else:
                waiting += one
    return count


class _TwiceError(Exception):
    """A name stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _TwiceError
