"""What an endpoint knows of its units and of what it asks them, and what it tells of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.modbus.bindings import Search
from adapters.modbus.link import Counts
from adapters.modbus.plan import Factors, Plan
from adapters.modbus.registers import Group
from adapters.modbus.sunspec import Model
from graph.references import Unbound


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint now: whether it answers, requests so far, the last thing that went wrong, what became of requests and answers, units
    that are away, points that it refuses to give, and how late the most overdue poll is, in seconds."""

    endpoint: str
    connected: bool
    requests: int
    error: str
    counts: Counts = field(default_factory=Counts)
    away: Sequence[int] = ()
    refused: int = 0
    overdue_s: float = 0.0


@dataclass(slots=True, eq=False)
class Poll:
    """A read request, as bytes and as a plan, and what has become of it."""

    plan: Plan
    request: bytes
    timeout_s: float = 0.0
    """How long its answer may take; 0: as long as the wire's own."""
    busy: int = 0


@dataclass(slots=True, eq=False)
class Looking:
    """A device that is asked what it has, and what it had when it was asked before."""

    search: Search
    models: Sequence[Model] = ()


@dataclass(slots=True)
class Unit:
    """How a unit behind an endpoint fares."""

    failures: int = 0
    """In a row."""
    again: float = 0.0
    """When it may be asked again (the loop's clock)."""
    away: bool = False
    factors: Factors = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    """What is polled of it."""
    refused: list[Poll] = field(default_factory=list)
    """What it has not, by our map."""
    search: Looking | None = None
    unusable: Sequence[Unbound] = ()
    """What a search has not found a use for."""
    logged: set[str] = field(default_factory=set)
