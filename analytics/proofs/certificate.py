"""What a proof answers: a certificate that names what was tried, or the smallest counter-example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analytics.capacity.told import Overload, Trip
from analytics.impact import Outcome
from analytics.proofs.load import Counts
from analytics.sweeps.basis import Basis
from analytics.sweeps.units import Unit


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that cannot be out without harm to the load."""

    out: Unit
    nodes: int
    """How many nodes of the supply graph are out with it."""
    lost: Counts
    overloads: bool
    """Whether something trips, or still carries more than it may."""
    after_s: float | None = None
    """Of load that is kept in the end and lacks a supply on the way: when that begins, seconds after the fault, at the worst."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        told: dict[str, object] = {"out": self.out.to_json(), "nodes": self.nodes, "lost": self.lost.to_json(), "overloads": self.overloads}
        return told if self.after_s is None else told | {"after_s": self.after_s}


@dataclass(frozen=True, slots=True)
class CounterExample:
    """The smallest of the breaches, and why it is one."""

    breach: Breach
    outcomes: tuple[Outcome, ...]
    """What becomes of the loads that are lost or overloaded, with evidence and path, in order of ids; the first of them."""
    more: int
    """How many such outcomes are not told."""
    trips: tuple[Trip, ...]
    overloads: tuple[Overload, ...]

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.breach.to_json(),
            "outcomes": [
                {
                    "id": each.id,
                    "medium": each.medium,
                    "outcome": each.outcome.value,
                    "evidence": list(each.evidence),
                    "path": list(each.path),
                    **({} if each.seconds is None else {"seconds": list(each.seconds)}),
                }
                for each in self.outcomes
            ],
            "more": self.more,
            "trips": [trip.to_json() for trip in self.trips],
            "overloaded": [overload.to_json() for overload in self.overloads],
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of question of a proof: all of these out in turn."""

    name: str
    tried: Mapping[str, int]
    """How many of each kind."""
    breached: Mapping[str, int]
    """How many of them, by kind, cannot be out."""
    breaches: tuple[Breach, ...]
    """The first of them: those of fewest nodes, then those that take most kW down, then most loads, then in order of kinds and ids."""
    counter_example: CounterExample | None
    ids: tuple[str, ...] | None = None
    """All that was tried, in order; only where that was asked for."""

    @property
    def holds(self) -> bool:
        """Whether none of them harms the load."""
        return not self.breached

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        told: dict[str, object] = {
            "name": self.name,
            "holds": self.holds,
            "tried": dict(self.tried),
            "breached": dict(self.breached),
            "breaches": [breach.to_json() for breach in self.breaches],
            "counter_example": None if self.counter_example is None else self.counter_example.to_json(),
        }
        return told if self.ids is None else told | {"ids": list(self.ids)}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The answer of one proof. Equal questions give equal answers."""

    question: str
    rule: str
    asked_by: str
    """The classes of standards that ask for this rule, among others; no class follows from it."""
    basis: Basis
    media: tuple[str, ...]
    load: Counts
    """What must be kept."""
    dark: Counts
    """Loads of which a supply does not hold with nothing out: no proof holds over them."""
    dark_ids: tuple[str, ...]
    """The first of them."""
    main: Line
    """What the proof stands and falls with: what is kept in the end."""
    on_the_way: Line | None
    """And what is kept on the way there, second by second; absent where that was not asked for."""
    beside: tuple[Line, ...]
    """Told beside it."""
    notes: tuple[str, ...]
    """What this proof rests on and what it does not cover, a sentence each."""

    @property
    def holds(self) -> bool:
        """Whether all load is up, and stays up with each thing out."""
        return all(line.holds for line in self.rules) and not self.dark_ids

    @property
    def rules(self) -> tuple[Line, ...]:
        """The lines that the proof stands and falls with."""
        return (self.main,) if self.on_the_way is None else (self.main, self.on_the_way)

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "question": self.question,
            "rule": self.rule,
            "asked_by": self.asked_by,
            "holds": self.holds,
            **self.basis.to_json(),
            "media": list(self.media),
            "load": self.load.to_json(),
            "dark_before": {**self.dark.to_json(), "first": list(self.dark_ids)},
            "lines": [line.to_json() for line in (*self.rules, *self.beside)],
            "notes": list(self.notes),
        }
