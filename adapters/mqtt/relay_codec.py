"""Values between the processes of one twin, over the broker: topics and bytes. Pure: no socket, no clock, no state.

Rules of this file, for a group `G` and a process `P` (below `ridethrough/G/`):

1. `points/P/<page>`, retained: the names of a page of P's slots, a JSON list, deflated (RFC 1950). No slot ever comes to mean another
   point, so a page only grows.
2. `values/P`, QoS 0: when P began (ms) and its own count of such messages, u64 each, then readings packed as in `native_codec` rule 3, by
   places in one page. They are durable already: only the newest of each point is told, and who has missed some asks for all.
3. `hello`: somebody wants all that is known, now. `process/P`, retained and by last will: whether P is there, and its client id.
4. `left/P`: P says that the session of another client id is nobody's any more (`adapters/mqtt/former.py`), each time that it or a process
   that takes in has come. `mark/<client id>` goes through such a session.
5. `status/P`, QoS 0, every `STATUS_S`: how P stands (`adapters/mqtt/relay_status.py`).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from adapters.mqtt.native_codec import Packed, pack, unpack
from graph.values import Quality, ReadingBatch, Reason, Samples, Slots

PAGE = 16_384
"""Slots whose names are announced together: under 1 MB, which is what brokers take without being told otherwise."""
NAMES_BYTES_MAX = 64 << 20
"""What the names of a page may come to when they are inflated."""
_HEAD = struct.Struct("<QQ")
_OUTSIDE = re.compile(r"[^A-Za-z0-9_.-]+")


class Topics(NamedTuple):
    """The topics of a group."""

    root: str

    @staticmethod
    def of(group: str) -> Topics:
        """Those of the group of that name."""
        return Topics(f"ridethrough/{group}/")

    def points(self, process: str, page: int | str) -> str:
        """Where a page of names stands."""
        return f"{self.root}points/{process}/{page}"

    def values(self, process: str) -> str:
        """Where a process says values."""
        return f"{self.root}values/{process}"

    def process(self, process: str) -> str:
        """Where it stands whether a process is there."""
        return f"{self.root}process/{process}"

    def status(self, process: str) -> str:
        """Where a process says how it stands."""
        return f"{self.root}status/{process}"

    def left(self, process: str) -> str:
        """Where a process says which session is nobody's."""
        return f"{self.root}left/{process}"

    def mark(self, process: str) -> str:
        """Where a mark goes through the session that is nobody's."""
        return f"{self.root}mark/{process}"

    @property
    def hello(self) -> str:
        """Where all that is known is asked for."""
        return self.root + "hello"


def process_of(client_id: str) -> str:
    """A client id as one level of a topic."""
    return _OUTSIDE.sub("-", client_id) or "-"


class Left(NamedTuple):
    """A session that is nobody's: its client id, and what its process listened to beside the topics of points."""

    client_id: str
    topics: tuple[str, ...]

    def encode(self) -> bytes:
        """As it is said."""
        return orjson.dumps({"client": self.client_id, "topics": self.topics})

    @staticmethod
    def decode(payload: bytes) -> Left | None:
        """None for what is no such thing."""
        try:
            said = orjson.loads(payload)
            return Left(str(said["client"]), tuple(map(str, said["topics"])))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None


# -- names ----------------------------------------------------------------------------------------------------------


def encode_names(names: Sequence[str]) -> bytes:
    """The bytes of rule 1."""
    return zlib.compress(orjson.dumps(list(names)), 3)


def decode_names(payload: bytes) -> tuple[str, ...] | str:
    """The names; a text where they cannot be read."""
    try:
        inflating = zlib.decompressobj()
        text = inflating.decompress(payload, NAMES_BYTES_MAX)
        found: Any = orjson.loads(text) if inflating.eof else None
    except (zlib.error, orjson.JSONDecodeError):
        found = None
    if type(found) is not list or set(map(type, found)) - {str}:
        return f"announced names are a deflated JSON list of texts, {NAMES_BYTES_MAX >> 20} MB at most"
    return tuple(found)


# -- values ---------------------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """One message of values: when its sender began, its count, and the rows by place in a page."""

    begun: int
    serial: int
    rows: Packed


def encode_rows(begun: int, count: int, table: bytes, rows: Samples, first_slot: int) -> bytes:
    """The bytes of rule 2, for rows of one page that begins at `first_slot`."""
    places = (rows.slots - first_slot).astype(np.uint32)
    return _HEAD.pack(begun, count) + pack(Packed(table, places, rows.values, rows.observed_at, rows.quality, rows.reason))


def decode_rows(payload: bytes, now: int) -> Told | str:
    """The rows; a text where they cannot be read."""
    if len(payload) < _HEAD.size:
        return f"values begin with {_HEAD.size} bytes of when and how many, not {len(payload)}"
    begun, count = _HEAD.unpack_from(payload)
    rows = unpack(payload[_HEAD.size :], now)
    return rows if isinstance(rows, str) else Told(begun, count, rows)


def by_page(rows: Samples) -> Iterator[tuple[int, Samples]]:
    """The rows of each page, in their order."""
    pages = rows.slots // PAGE
    for page in np.unique(pages).tolist():
        yield page, rows.piece(pages == page)


def newest(rows: Samples) -> Samples:
    """Of each slot the last value by source time, and what was said without a number after it. Cost: one sort."""
    numbers = np.flatnonzero(~np.isnan(rows.values))
    numbers = numbers[np.lexsort((numbers, rows.observed_at[numbers], rows.slots[numbers]))]
    last = numbers[_ends(rows.slots[numbers])]
    said_at = np.full(int(rows.slots.max(initial=-1)) + 1, -1, np.int64)
    said_at[rows.slots[last]] = last
    marks = np.flatnonzero(np.isnan(rows.values))
    marks = marks[np.argsort(rows.slots[marks], kind="stable")]
    marks = marks[_ends(rows.slots[marks])]
    kept = np.concatenate((last, marks[marks > said_at[rows.slots[marks]]]))
    return rows.piece(np.sort(kept))


def _ends(slots: Slots) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where the runs of sorted slots end."""
    return np.append(slots[1:] != slots[:-1], True)[: len(slots)]


def everything(slots: Slots, known: ReadingBatch) -> Samples:
    """All that a table knows, such as another one takes it: the values at their source times, which age by themselves, and after them
    what devices and wires have said of how good they are."""
    heard = ~np.isnan(known.values) & ~((known.quality == Quality.STALE) & (known.reason == Reason.RETAINED))
    marked = (known.quality >= Quality.BAD) & (known.quality < Quality.NO_VALUE) & (known.reason != Reason.SILENCE)
    said = np.flatnonzero(heard)
    worse = known.quality[said] >= Quality.STALE
    numbers = Samples(
        slots[said],
        known.values[said],
        known.observed_at[said],
        known.received_at[said],
        np.where(worse, np.uint8(Quality.GOOD), known.quality[said]),
        np.where(worse, np.uint8(Reason.NONE), known.reason[said]),
    )
    at = np.flatnonzero(marked)
    marks = Samples(slots[at], np.full(len(at), np.nan), known.received_at[at], known.received_at[at], known.quality[at], known.reason[at])
    return Samples.joined([numbers, marks])
