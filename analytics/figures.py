"""Figures as an answer tells them: rounded, and yet never alike where the answer says that one is above the other."""

from __future__ import annotations

DIGITS = 3
"""Kilowatts are kept to the watt."""
SHOWN = 1
"""Digits that a person is shown."""
DIGITS_MAX = 12


def rounded(value: float) -> float:
    """To the watt; what is less than nothing by rounding alone is nothing, not `-0.0`."""
    return round(value, DIGITS) + 0.0


def kept(value: float) -> float:
    """Kilowatts to the watt; of less than one with three digits that count, so that no rating becomes nothing."""
    return round(value, DIGITS) if abs(value) >= 1 else float(f"{value:.{DIGITS}g}")


def rounded_apart(one: float, other: float) -> tuple[float, float]:
    """Two figures to the watt, or with as many digits as tell them apart."""
    digits = _digits_apart(one, other, DIGITS)
    return round(one, digits) + 0.0, round(other, digits) + 0.0


def shown_apart(one: float, other: float, digits: int = SHOWN) -> tuple[str, str]:
    """Two figures in words, with so many digits, or with as many as tell them apart: 10.001 and 10.000."""
    digits = _digits_apart(one, other, digits)
    return f"{round(one, digits) + 0.0:,.{digits}f}", f"{round(other, digits) + 0.0:,.{digits}f}"


def shown(value: float) -> str:
    """A figure in words, with one digit; what is less than nothing with as many as show it."""
    return shown_apart(value, 0.0 if value < 0 else value)[0]


def digits_of(value: float) -> int:
    """The fewest digits in words with which a figure is not told as nothing."""
    return _digits_apart(value, 0.0, SHOWN)


def _digits_apart(one: float, other: float, digits: int) -> int:
    """From so many digits on the fewest with which two figures are not alike; of equal ones so many."""
    if one == other:
        return digits
    return next((each for each in range(digits, DIGITS_MAX) if round(one, each) != round(other, each)), digits)
