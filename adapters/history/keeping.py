"""How long what is kept: the first rule that fits a point counts. Each rule has its own files: what is over goes by whole files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Keeping:
    """One rule: days that samples, minutes and hours are kept, and which points it is for (none given: for all)."""

    name: str = DEFAULT
    raw_days: int = 30
    minute_days: int = 400
    hour_days: int = 3660
    fits: Callable[[str], bool] | None = None
    """Whether it is for the point of that IRI."""

    def __post_init__(self) -> None:
        if not 1 <= self.raw_days <= self.minute_days <= self.hour_days:
            told = f"{self.raw_days}/{self.minute_days}/{self.hour_days}"
            raise ValueError(f"days of samples, minutes and hours must be 1 at least and each no less than the one before, not {told}")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", self.name) or self.name.startswith("."):
            raise ValueError(f"a rule's name is of letters, digits, '_', '.' and '-', not {self.name!r}")

    def days(self, tier: str) -> int:
        """How many days a tier (`raw`, `minute`, `hour`) is kept."""
        return {"raw": self.raw_days, "minute": self.minute_days, "hour": self.hour_days}[tier]


def days_of(text: str) -> tuple[int, int, int]:
    """The days of a rule as a setting has them, `30/400/3660`. Raises `ValueError`."""
    parts = text.split("/")
    if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts):
        raise ValueError(f"{text!r} is not of the form SAMPLES/MINUTES/HOURS in days, such as 30/400/3660")
    raw, minute, hour = (int(part) for part in parts)
    return raw, minute, hour


def by_pattern(pattern: str, text: str) -> Keeping:
    """A rule for the points whose IRI fits a pattern (`*` and `?`); its files are named after the pattern. Raises `ValueError`."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", pattern).strip("-")[:64] or "all"
    return Keeping(name, *days_of(text), lambda point: fnmatchcase(point, pattern))


class Rules:
    """The rules in order; the last one is for every point that no other fits."""

    def __init__(self, rules: Sequence[Keeping] = (), default: Keeping | None = None) -> None:
        self.all = (*rules, default or Keeping())
        names = [rule.name for rule in self.all]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two rules of keeping have the name {twice!r}")

    def place(self, point: str) -> int:
        """Which rule a point is kept by."""
        fitting = (at for at, rule in enumerate(self.all) if rule.fits is None or rule.fits(point))
        return next(fitting, len(self.all) - 1)

    def named(self, name: str) -> Keeping:
        """The rule of that name; what a rule that is gone has left is kept as the default says."""
        return next((rule for rule in self.all if rule.name == name), self.all[-1])
