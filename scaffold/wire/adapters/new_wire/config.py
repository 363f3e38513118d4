"""Where devices are, and what bounds the NewWire wire. Every bound has a unit."""

from __future__ import annotations

from dataclasses import dataclass

PORT = 7777
"""Stand-in: the port that IANA gives the protocol, with its name there."""


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Where a device listens."""

    host: str
    port: int = PORT

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port < 65536:
            raise ValueError(f"an endpoint is host:port with a port of 1 to 65535, not {self.host}:{self.port}")

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class NewWireConfig:
    """The bounds."""

    timeout_s: float = 3.0
    """How long connecting may take, and the device may be silent while it answers."""
    reconnect_s_min: float = 0.5
    reconnect_s_max: float = 30.0
    period_s_min: float = 0.2
    """Nothing is read more often, whatever the graph says."""
    answer_bytes_max: int = 65_536

    def __post_init__(self) -> None:
        if not self.timeout_s > 0 or not self.period_s_min > 0 or not 0 < self.reconnect_s_min <= self.reconnect_s_max:
            raise ValueError("timeout, period and reconnect times must be more than 0 seconds, the shortest not above the longest")
