"""Where devices really are, what they stand, and what bounds the Modbus wire. Every bound has a unit and a source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

PORT = 502
"""IANA, mbap."""
REGISTERS_MAX = 125
"""Registers in one read (Modbus Application Protocol 1.1b3, 6.3)."""
BITS_MAX = 2_000
"""Coils or discrete inputs in one read (Modbus Application Protocol 1.1b3, 6.1)."""
GAP_MAX = 8
"""Registers between two points that are read along rather than asked for twice (operator reference, Modbus)."""

Framing = Literal["tcp", "rtu", "serial"]
"""What a frame looks like and travels on: Modbus TCP; RTU frames over TCP, as terminal servers carry them; RTU frames on a serial line."""
_SERIAL = re.compile(r"(?P<device>/dev/[\w./-]+|COM\d+):(?P<baud>\d+)(?::(?P<form>[78][NEO][12]))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Host and TCP port of a gateway; or the device file of a serial line, its bits a second, and its character."""

    host: str
    port: int = PORT
    framing: Framing = "tcp"
    form: str = ""
    """Of a serial line: data bits, parity, stop bits. 8E1 is the standard's own (Modbus over Serial Line 1.02, 2.5.1)."""

    def __post_init__(self) -> None:
        if self.framing == "serial":
            if not 300 <= self.port <= 4_000_000:
                raise ValueError(f"a serial line has 300 to 4,000,000 bits a second, not {self.port}")
        elif not self.host or not 0 < self.port < 65536:
            raise ValueError(f"an endpoint is host:port with a port of 1 to 65535, not {self.host}:{self.port}")

    def __str__(self) -> str:
        place = f"{self.host}:{self.port}"
        return place if self.framing == "tcp" else f"rtu://{place}" if self.framing == "rtu" else f"serial:{place}:{self.form}"

    @staticmethod
    def parse(text: str) -> Endpoint:
        """The endpoint that `host:port`, `[v6]:port`, `host`, `rtu://host:port` or `serial:/dev/ttyUSB0:19200:8E1` names. Raises
        `ValueError`."""
        if text.startswith("serial:"):
            found = _SERIAL.fullmatch(text.removeprefix("serial:"))
            if found is None or ".." in text:
                raise ValueError(f"a serial line is serial:/dev/NAME:BAUD:8E1, not {text!r}")
            return Endpoint(found["device"], int(found["baud"]), "serial", found["form"] or "8E1")
        framing: Framing = "rtu" if text.startswith("rtu://") else "tcp"
        place = text.removeprefix("rtu://").removeprefix("tcp://")
        host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
        if not colon:
            host, port = place, str(PORT)
        if not port.isdecimal():
            raise ValueError(f"an endpoint is host:port, not {text!r}")
        return Endpoint(host.strip("[]"), int(port), framing)

    @property
    def quiet_s(self) -> float:
        """Seconds of silence before a frame: 3.5 characters of 11 bits, 1.75 ms above 19,200 bits a second; none where a frame says its
        length (Modbus over Serial Line 1.02, 2.5.1.1)."""
        return max(0.00175, 3.5 * 11 / self.port) if self.framing == "serial" else 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a device stands; what is not said is what the standard allows, one request at a time."""

    gap_s: float = 0.0
    """Seconds that a unit is left alone after each answer."""
    in_flight: int = 1
    """Requests under way on the connection at once; of several devices behind one gateway the least counts."""
    timeout_s: float = 0.0
    """Seconds that an answer may take; 0: as long as the wire's own."""
    registers_max: int = REGISTERS_MAX
    gap_max: int = GAP_MAX

    def __post_init__(self) -> None:
        if not 0 <= self.gap_s <= 60 or not 0 <= self.timeout_s <= 60:
            raise ValueError(f"a gap and a timeout are 0 to 60 s, not {self.gap_s:g} and {self.timeout_s:g}")
        if not 1 <= self.in_flight <= 16:
            raise ValueError(f"1 to 16 requests may be in flight, not {self.in_flight}")
        if not 4 <= self.registers_max <= REGISTERS_MAX:
            raise ValueError(f"a read takes 4 to {REGISTERS_MAX} registers, not {self.registers_max}")
        if not 0 <= self.gap_max <= REGISTERS_MAX:
            raise ValueError(f"a gap is 0 to {REGISTERS_MAX} registers, not {self.gap_max}")


ANY = Limits()


@dataclass(frozen=True, slots=True)
class ModbusConfig:
    """The bounds."""

    timeout_s: float = 3.0
    """How long an answer may take, where neither gateway nor map says otherwise."""
    turn_timeouts: float = 2.0
    """How many answers a write may wait for its turn on the connection and for the connection itself: one read that is under way and
    not answered, and one attempt to connect. A write that has not gone out by then never does."""
    reconnect_s_min: float = 0.5
    reconnect_s_max: float = 30.0
    period_s_min: float = 0.2
    """No register is read more often, whatever the graph says."""
    busy_s: float = 1.0
    """How long a device that says it is busy is left alone before the same is asked once more (reliability reference 3.3)."""
    gather_s: float = 0.05
    """How long answers are gathered before the sink is called: nobody waits for an acknowledgement, and few large commits leave the
    processor to the devices."""
    gather_rows: int = 50_000
    """With so many they are gathered no longer."""
    waiting_rows_max: int = 200_000
    """Rows that may wait for the sink; with more, devices are not asked until they are taken."""

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
