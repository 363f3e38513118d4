"""Control characters: what steers a terminal, breaks a line or turns its direction, and what XML has no way to write."""

from __future__ import annotations

import re

STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
"""Has no place in a name, nor in one line that is shown."""
NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
"""Has no place in a text of several lines either."""


def visible(text: str) -> str:
    r"""The text in one line that does nothing but show: each such character by its number, as `\x1b`."""
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
