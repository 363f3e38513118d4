"""Where one message ends and the next begins: Modbus TCP's header, and RTU's checksum by pymodbus. Pure: told bytes, gives frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

HEAD = struct.Struct(">HHHB")
"""Transaction, protocol (0), length of what follows, unit (Modbus Messaging on TCP/IP 1.0b, 3.1.3)."""
LENGTH_MAX = 254
"""Unit and message: 1 + 253 bytes (Modbus Application Protocol 1.1b3, 4.1)."""
RTU_MAX = 256
NO_NUMBER = -1
"""RTU frames carry no transaction."""


class Frame(NamedTuple):
    """One message: whose transaction it is, the unit that says it, and what it says."""

    number: int
    unit: int
    pdu: bytes


class Garbled(Exception):
    """Bytes after which nobody can tell where a message begins."""


class Framing(Protocol):
    """Frames of one connection."""

    def wrapped(self, number: int, unit: int, pdu: bytes) -> bytes:
        """A message as it goes out."""

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The messages that have become whole. Raises `Garbled`."""

    def forget(self) -> None:
        """Let go of half a message: another request goes out."""


class TcpFraming:
    """Modbus TCP."""

    def __init__(self) -> None:
        self._left = b""

    def wrapped(self, number: int, unit: int, pdu: bytes) -> bytes:
        """See `Framing`."""
        return HEAD.pack(number, 0, len(pdu) + 1, unit) + pdu

    def feed(self, data: bytes) -> Sequence[Frame]:
        """See `Framing`."""
        data = self._left + data if self._left else data
        frames: list[Frame] = []
        at = 0
        while len(data) - at >= HEAD.size:
            number, protocol, length, unit = HEAD.unpack_from(data, at)
            if protocol or not 2 <= length <= LENGTH_MAX:
                raise Garbled(f"a header of protocol {protocol} and length {length}")
            end = at + 6 + length
            if end > len(data):
                break
            frames.append(Frame(number, unit, data[at + HEAD.size : end]))
            at = end
        self._left = data[at:]
        return frames

    def forget(self) -> None:
        """Nothing: the header says where the next message begins."""


class RtuFraming:
    """RTU, on a line or over TCP. What does not check is dropped, as silence would be."""

    def __init__(self) -> None:
        self._framer = FramerRTU(DecodePDU(False))
        self._left = b""

    def wrapped(self, number: int, unit: int, pdu: bytes) -> bytes:  # noqa: ARG002 - RTU numbers nothing
        """See `Framing`."""
        return self._framer.encode(pdu, unit, 0)

    def feed(self, data: bytes) -> Sequence[Frame]:
        """See `Framing`. One message at a time: a device speaks only when it is asked."""
        self._left += data
        used, unit, _, pdu = self._framer.decode(self._left)
        if used:
            self._left = b""
            return [Frame(NO_NUMBER, unit, pdu)] if pdu else []
        if len(self._left) > RTU_MAX:
            self._left = b""
        return []

    def forget(self) -> None:
        """See `Framing`."""
        self._left = b""
