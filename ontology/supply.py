"""The supply model's defaults by class: which media a class hands on and takes in, and what its instances need.

A class that says nothing takes, for each property alone, what its nearest superclass says; no class says anything by itself
in code: the facts are data (`ontology/supply.ttl`, and a user's own ontology files).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ontology.namespaces import DCX

T = TypeVar("T")
OUT, OFF, DOWN, UP, UNFED, FED, OPENED = SIGNS = ("outWhen", "offWhen", "downWhen", "upWhen", "unfedWhen", "fedWhen", "openedWhen")
"""What a point can say of its thing, each at a value that its class names: the local names of the properties that name it."""


@dataclass(frozen=True, slots=True)
class RequirementDefault:
    """What an instance needs in a medium: at least a number of its suppliers, or all of them."""

    medium: str
    at_least: int | None
    all_of: bool


@dataclass(frozen=True, slots=True)
class DefaultValue:
    """What is taken for a property (IRI) where the model states none: from `low` to `high` in `unit` (IRI; "" the property's own); of a
    property that differs by medium in one `medium` (IRI), else ""."""

    property: str
    medium: str
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class ClassSupply:
    """What one class says itself; None where it says nothing."""

    hands_on: frozenset[str] | None = None
    takes_in: frozenset[str] | None = None
    source_of: frozenset[str] | None = None
    is_storage: bool | None = None
    is_conduit: bool | None = None
    is_switch: bool | None = None
    is_failure_unit: bool | None = None
    supplies_parts: bool | None = None
    rejects_heat: bool | None = None
    requirements: tuple[RequirementDefault, ...] | None = None
    default_position: str | None = None
    values: tuple[DefaultValue, ...] = ()
    takes_one_input: bool | None = None
    is_standby: bool | None = None
    trip_curve: tuple[tuple[float, float], ...] | None = None
    signs: Mapping[str, float] = field(default_factory=dict)
    """At which value an instance, a point, says each of `SIGNS` of what has it; nan: at none."""
    says_of: frozenset[str] | None = None
    down_above: tuple[str, str] | None = None


_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SupplyDefaults:
    """The defaults of every class, inherited. Each question costs one walk up the superclasses at first, then a look-up."""

    said: Mapping[str, ClassSupply]
    """What each class says itself, by class IRI."""
    superclasses: Callable[[str], tuple[str, ...]]
    """A class and its superclasses, nearest first."""
    _known: dict[tuple[str, str], object] = field(default_factory=dict, repr=False, compare=False)

    def hands_on(self, cls: str) -> frozenset[str]:
        """The media (IRIs) that instances of the class hand on."""
        return self._nearest(cls, "hands_on", lambda own: own.hands_on, _NOTHING)

    def takes_in(self, cls: str) -> frozenset[str]:
        """The media (IRIs) that instances of the class take in."""
        return self._nearest(cls, "takes_in", lambda own: own.takes_in, _NOTHING)

    def source_of(self, cls: str) -> frozenset[str]:
        """The media (IRIs) that instances of the class are a source of."""
        return self._nearest(cls, "source_of", lambda own: own.source_of, _NOTHING)

    def is_storage(self, cls: str) -> bool:
        """Whether instances store energy: they bridge time and are no supplier."""
        return self._nearest(cls, "is_storage", lambda own: own.is_storage, False)

    def is_conduit(self, cls: str) -> bool:
        """Whether what an instance hands on in a medium depends on its supply in that medium alone."""
        return self._nearest(cls, "is_conduit", lambda own: own.is_conduit, False)

    def is_switch(self, cls: str) -> bool:
        """Whether an instance has a position, and hands on nothing while open."""
        return self._nearest(cls, "is_switch", lambda own: own.is_switch, False)

    def is_failure_unit(self, cls: str) -> bool | None:
        """Whether an instance counts as one failure in questions about any single further failure; None where no class says anything."""
        return self._nearest(cls, "is_failure_unit", lambda own: own.is_failure_unit, None)

    def supplies_parts(self, cls: str) -> bool:
        """Whether an instance feeds its parts."""
        return self._nearest(cls, "supplies_parts", lambda own: own.supplies_parts, False)

    def rejects_heat(self, cls: str) -> bool:
        """Whether an instance gives the heat of what it cools to another of its supplies in liquid cooling."""
        return self._nearest(cls, "rejects_heat", lambda own: own.rejects_heat, False)

    def takes_one_input(self, cls: str) -> bool:
        """Whether an instance takes all of its load from one of its inputs, as a transfer switch does."""
        return self._nearest(cls, "takes_one_input", lambda own: own.takes_one_input, False)

    def is_standby(self, cls: str) -> bool:
        """Whether an instance is a source that carries no load in normal operation."""
        return self._nearest(cls, "is_standby", lambda own: own.is_standby, False)

    def trip_curve(self, cls: str) -> tuple[tuple[float, float], ...]:
        """After how many seconds an instance trips at a multiple of its rating, ascending by multiple; empty: it never does."""
        return self._nearest(cls, "trip_curve", lambda own: own.trip_curve, ())

    def sign(self, cls: str, sign: str) -> float | None:
        """At which value an instance, a point, says one of `SIGNS` of what has it; None or nan: at none."""
        return self._nearest(cls, sign, lambda own: own.signs.get(sign), None)

    def says_of(self, cls: str) -> frozenset[str] | None:
        """The media (IRIs) that an instance, a point, speaks of; None: all that what has it needs."""
        return self._nearest(cls, "says_of", lambda own: own.says_of, None)

    def down_above(self, cls: str) -> tuple[str, str] | None:
        """The property of what has an instance, a point, above which a value says that it is down, and the unit to compare in (IRIs)."""
        return self._nearest(cls, "down_above", lambda own: own.down_above, None)

    def default_requirements(self, cls: str) -> tuple[RequirementDefault, ...]:
        """What an instance needs where the model says nothing, in order of media; empty: any one supplier in each medium."""
        return self._nearest(cls, "requirements", lambda own: own.requirements, ())

    def default_position(self, cls: str) -> str:
        """Where an instance that states no `dcx:normalPosition` stands: `dcx:Open`, or `dcx:Closed` where no class says anything (IRI)."""
        return self._nearest(cls, "default_position", lambda own: own.default_position, DCX + "Closed")

    def value(self, cls: str, of: str, medium: str = "") -> DefaultValue | None:
        """What is taken for a property (IRI) of an instance that states none; None where no class says anything."""

        def own(said: ClassSupply) -> DefaultValue | None:
            return next((value for value in said.values if value.property == of and value.medium in ("", medium)), None)

        return self._nearest(cls, f"{of} {medium}", own, None)

    def _nearest(self, cls: str, what: str, own: Callable[[ClassSupply], T | None], default: T) -> T:
        key = (cls, what)
        if key not in self._known:
            answers = (own(self.said[c]) for c in self.superclasses(cls) if c in self.said)
            self._known[key] = next((answer for answer in answers if answer is not None), default)
        return self._known[key]  # type: ignore[return-value]  # stored under `what` by the line above, with this very type
