"""A tenant's move, as it is asked for and as what comes of it; it is made in `analytics/moving.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """A tenant's load leaves where it is and comes to some racks (IRIs or CURIEs)."""

    tenant: str
    racks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a rack gets, and what its supply then hangs by."""

    rack: str
    equipment: int
    kw: float
    supplied: bool
    """Whether all that it gets is supplied, with nothing failed."""
    single_points: tuple[str, ...]
    """Things whose failure alone would take down some of what it gets, in order of ids; the rack itself apart."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "rack": self.rack,
            "equipment": self.equipment,
            "kw": self.kw,
            "supplied": self.supplied,
            "single_points": list(self.single_points),
        }


@dataclass(frozen=True, slots=True)
class Overfull:
    """What carries more than it may continuously after the moves, and more than before; kW."""

    id: str
    load_kw: float
    before_kw: float
    limit_kw: float

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {"id": self.id, "load_kw": self.load_kw, "before_kw": self.before_kw, "limit_kw": self.limit_kw}


@dataclass(frozen=True, slots=True)
class Relocation:
    """What a tenant's move does, with nothing failed."""

    tenant: str
    kw: float
    left: tuple[str, ...]
    """The racks that its load leaves, in order of ids."""
    arrivals: tuple[Arrival, ...]
    overloads: tuple[Overfull, ...]
    """After all moves of the scenario, in order of ids."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "tenant": self.tenant,
            "kw": self.kw,
            "left": list(self.left),
            "arrivals": [each.to_json() for each in self.arrivals],
            "overloads": [each.to_json() for each in self.overloads],
        }
