"""Where gateways really are and what bounds the Modbus wire. Every bound has a unit and a source."""

from __future__ import annotations

from dataclasses import dataclass

PORT = 502
"""IANA, mbap."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Host and TCP port of a gateway."""

    host: str
    port: int = PORT

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port < 65536:
            raise ValueError(f"an endpoint is host:port with a port of 1 to 65535, not {self.host}:{self.port}")

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @staticmethod
    def parse(text: str) -> Endpoint:
        """The endpoint that `host:port`, `[v6]:port` or `host` names. Raises `ValueError`."""
        host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
        if not colon:
            host, port = text, str(PORT)
        if not port.isdecimal():
            raise ValueError(f"an endpoint is host:port, not {text!r}")
        return Endpoint(host.strip("[]"), int(port))


@dataclass(frozen=True, slots=True)
class ModbusConfig:
    """The bounds."""

    timeout_s: float = 3.0
    """How long an answer may take. Late answers shift all later ones in some stacks, so the connection is closed then."""
    turn_timeouts: float = 2.0
    """How many answers a write may wait for its turn on the connection and for the connection itself: one read that is under way and
    not answered, and one attempt to connect. A write that has not gone out by then never does."""
    reconnect_s_min: float = 0.5
    reconnect_s_max: float = 30.0
    period_s_min: float = 0.2
    """No register is read more often, whatever the graph says."""

    @property
    def turn_s_max(self) -> float:
        """Seconds that a write may wait before it goes out."""
        return self.turn_timeouts * self.timeout_s

    @property
    def send_s_max(self) -> float:
        """Seconds after which a write has been answered or given up: its turn, and its answer."""
        return self.turn_s_max + self.timeout_s

    def __post_init__(self) -> None:
        if not self.timeout_s > 0 or not self.period_s_min > 0 or not 0 < self.reconnect_s_min <= self.reconnect_s_max:
            raise ValueError("timeout, period and reconnect times must be more than 0 seconds, the shortest not above the longest")
