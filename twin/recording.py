"""What came over the wires, as a file: every message with its place, bytes and time, in blocks that are whole or not there.

Rules of this file:

1. A file begins with `RTREC1` and a line feed. Then blocks: length, length when inflated and CRC-32 of what is inflated (u32 each,
   little-endian), and the block, deflated (RFC 1950). A torn block at the end is no error: what was not written was not recorded.
2. A block holds records: when it was taken (ms since 1970, i64), flags (u8: 1 retained, 2 and 4 its QoS, 8 begins a batch, 16 readings of a
   wire without messages), length of the place (u16) and of the payload (u32), place and payload.
3. What was taken together is one batch and is played together: the same values come out.
4. Recording holds nothing up: what waits in memory is bounded, and so is the file; what no more goes in is counted.
5. A recording of nothing leaves no file.
"""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Lock, Thread
from typing import BinaryIO, NamedTuple

_log = logging.getLogger(__name__)

MAGIC = b"RTREC1\n"
BLOCK_BYTES = 1 << 20
"""Bytes of records that make a block; before that, a second does."""
BLOCK_BYTES_MAX = 64 << 20
"""What may wait in memory, and what a block is believed to be at most."""
FLUSH_S = 1.0
PLACE_BYTES_MAX = 65_535
"""Longer ones are cut: a topic that was no UTF-8 can be longer as we read it."""
_BLOCK, _RECORD = struct.Struct("<III"), struct.Struct("<qBHI")
RETAINED, QOS_AT, BATCH, READINGS = 1, 1, 8, 16


class Record(NamedTuple):
    """One message as it was taken."""

    at: int
    place: str
    payload: bytes
    retained: bool = False
    qos: int = 0
    readings: bool = False


class NotARecording(ValueError):
    """The file is none; the text says why."""


class Recorder:
    """Writes a file, in a thread of its own. `note` from any thread; `close` once."""

    def __init__(self, file: Path, bytes_max: int) -> None:
        """The file must not be there yet. Raises `OSError`."""
        self._file: BinaryIO = file.open("xb")
        self._file.write(MAGIC)
        self._file.flush()
        self._path, self._max, self._written = file, bytes_max, len(MAGIC)
        self._lock, self._stop, self._wake = Lock(), Event(), Event()
        self._waiting: list[bytes] = []
        self._bytes = self._records = 0
        self._ended = False
        self.recorded = self.missed = 0
        """Records that are in the file or wait to be, and that there was no room for."""
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def note(self, batch: Sequence[Record]) -> None:
        """Keep what was taken together; returns at once."""
        parts: list[bytes] = []
        for number, record in enumerate(batch):
            place = record.place.encode()[:PLACE_BYTES_MAX]
            flags = RETAINED * record.retained | record.qos << QOS_AT | BATCH * (number == 0) | READINGS * record.readings
            parts += (_RECORD.pack(record.at, flags, len(place), len(record.payload)), place, record.payload)
        piece = b"".join(parts)
        with self._lock:
            if self._stop.is_set() or self._bytes + len(piece) > BLOCK_BYTES_MAX:
                self.missed += len(batch)
                return
            self._waiting.append(piece)
            self._bytes += len(piece)
            self._records += len(batch)
            self.recorded += len(batch)
            if self._bytes >= BLOCK_BYTES:
                self._wake.set()

    def close(self) -> None:
        """Write what waits, and let go. A second call does nothing."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(FLUSH_S)
            self._wake.clear()
            self._write()
        self._write()
        self._file.close()
        if self._written == len(MAGIC):
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        with self._lock:
            data, records = b"".join(self._waiting), self._records
            self._waiting, self._bytes, self._records = [], 0, 0
        if data and (self._ended or not self._put(data)):
            with self._lock:
                self._ended = True
                self._stop.set()
                self.recorded -= records
                self.missed += records

    def _put(self, data: bytes) -> bool:
        """A block of the data at the end of the file; whether it is there."""
        packed = zlib.compress(data, 1)
        if self._written + _BLOCK.size + len(packed) > self._max:
            _log.warning("the recording %s is as large as it may be (record_mb): it ends here", self._path)
            return False
        try:
            self._file.write(_BLOCK.pack(len(packed), len(data), zlib.crc32(data)) + packed)
            self._file.flush()
        except OSError as error:
            _log.warning("the recording %s cannot be written: %s; it ends here", self._path, error)
            return False
        self._written += _BLOCK.size + len(packed)
        return True


def batches(file: Path) -> Iterator[list[Record]]:
    """What was taken together, in order. Raises `NotARecording` for what is none, `OSError`."""
    waiting: list[Record] = []
    try:
        for begins, record in _records(file):
            if begins and waiting:
                yield waiting
                waiting = []
            waiting.append(record)
    except NotARecording:
        if waiting:  # whole: what was taken together is in one block
            yield waiting
        raise
    if waiting:
        yield waiting


def _records(file: Path) -> Iterator[tuple[bool, Record]]:
    with file.open("rb") as opened:
        if opened.read(len(MAGIC)) != MAGIC:
            raise NotARecording(f"{file} is no recording: make one with `ridethrough replay record`, or the setting `record`")
        while len(head := opened.read(_BLOCK.size)) == _BLOCK.size:
            length, size, checksum = _BLOCK.unpack(head)
            if size > 2 * BLOCK_BYTES_MAX:
                raise NotARecording(f"{file} is damaged at byte {opened.tell() - _BLOCK.size}: a block of {size:,} bytes")
            packed = opened.read(length)
            if len(packed) < length:
                return
            try:
                data = zlib.decompressobj().decompress(packed, size + 1)
            except zlib.error as error:
                raise NotARecording(f"{file} is damaged before byte {opened.tell()}: {error}") from None
            if len(data) != size or zlib.crc32(data) != checksum:
                raise NotARecording(f"{file} is damaged before byte {opened.tell()}: its checksum differs")
            yield from _unpacked(data)


def _unpacked(data: bytes) -> Iterator[tuple[bool, Record]]:
    at = 0
    while at < len(data):
        when, flags, place, payload = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        middle, end = at + place, at + place + payload
        record = Record(
            when,
            data[at:middle].decode(errors="replace"),
            data[middle:end],
            bool(flags & RETAINED),
            flags >> QOS_AT & 3,
            bool(flags & READINGS),
        )
        yield bool(flags & BATCH), record
        at = end
