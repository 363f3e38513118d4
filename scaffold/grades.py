"""How the wires stand: the rules of `adapters/quality.toml` against each wire's own list. The files are the truth; nothing is kept here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
GRADES = ("bronze", "silver", "gold", "platinum")
"""Lowest first."""

Standing = Mapping[str, Mapping[str, str]]
"""A wire's list: by rule, `done`, `exempt` or `todo` with its text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a wire of a grade does."""

    name: str
    grade: str
    means: str

    def __post_init__(self) -> None:
        if self.grade not in GRADES:
            raise ValueError(f"adapters/quality.toml, {self.name}: a grade is one of {', '.join(GRADES)}, not {self.grade!r}")


def rules(root: Path = ROOT) -> Sequence[Rule]:
    """The rules, in the order of their file. Raises `ValueError` for a grade that there is not."""
    said = tomllib.loads((root / "adapters" / "quality.toml").read_text(encoding="utf-8"))
    return [Rule(name, rule["grade"], rule["means"]) for name, rule in said.items()]


def wires(root: Path = ROOT) -> Mapping[str, Standing]:
    """Each wire's list, in order of names; a folder of `adapters/` without one is no wire to devices."""
    lists = sorted((root / "adapters").glob("*/quality.toml"))
    return {path.parent.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in lists}


def grade_of(wire: Standing, by: Sequence[Rule]) -> str:
    """The highest grade that a wire has with all before it; "" for none yet. A rule that its list leaves out is not done."""
    reached = ""
    for grade in GRADES:
        if any("todo" in wire.get(rule.name, {"todo": ""}) for rule in by if rule.grade == grade):
            break
        reached = grade
    return reached
