"""Live values: how good one is, and batches of them as columns. Instants are milliseconds since 1970 UTC inside arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Millis = NDArray[np.int64]
Codes = NDArray[np.uint8]
Slots = NDArray[np.int32]
"""Places in the table of current values; a place never comes to mean another point in the life of a process."""


class Quality(IntEnum):
    """How good a value is, after OPC UA part 8 and NAMUR NE 107; a smaller number is a better value."""

    GOOD = 0
    UNCERTAIN = 1
    """Out of its range, an implausible source time, or a retained value that no live one has confirmed."""
    STALE = 2
    """Older than twice its period: the last usable value, not a present one."""
    BAD = 3
    """The device says so, or the payload held no number."""
    NO_COMMUNICATION = 4
    """The device or its broker is away; the value is the last one before that."""
    NO_VALUE = 5
    """Nothing has been heard yet."""


class Reason(IntEnum):
    """Why a value is no better than its quality says; `OPC_UA` and `NE_107` give each its standard name (reliability reference 2.2)."""

    NONE = 0
    MAINTENANCE = 1
    """The device asks for service, and measures well."""
    RETAINED = 2
    """A broker's kept copy, or what a store kept: no live value has confirmed it."""
    CLOCK = 3
    """The source time cannot be: more than 5 s ahead of ours, or none that can be read."""
    OUT_OF_RANGE = 4
    FROZEN = 5
    """It has not moved for longer than a point of its class stands still."""
    SUBSTITUTE = 6
    """Entered by hand, or simulated."""
    PARTIAL = 7
    """Worked out from points of which some are not good."""
    SILENCE = 8
    """Its period has passed twice, or five times, without a new one."""
    DEVICE = 9
    """The device says that it has failed."""
    SENSOR = 10
    """No number, a value that says "not implemented", or a payload that could not be read."""
    JUMP = 11
    """It moved faster than a point of its class can."""
    OUT_OF_SERVICE = 12
    CONFIGURATION = 13
    """The map of the device is wrong: an address, a function or a type that it does not have."""
    LINK = 14
    """The device, its gateway or its broker is away, or said so by its last will."""
    GAP = 15
    """Something was lost on the way before this value: the device's own counting has a hole."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Readings by slot of the table of current values (`graph.current`), as columns, one row a reading: the canonical unit, source time
    and receive time in ms, quality as `Quality`, why as `Reason`.

    What a wire hands on: no Python object is made per reading. A slot of -1 is of no point, and its row is left out. `nan` is no number:
    the last one stays, the quality does not.
    """

    slots: Slots
    values: Floats
    observed_at: Millis
    received_at: Millis
    quality: Codes
    reason: Codes

    def __post_init__(self) -> None:
        sizes = {len(column) for column in (self.slots, self.values, self.observed_at, self.received_at, self.quality, self.reason)}
        if len(sizes) != 1:
            raise ValueError(f"columns of samples must be of one length, not {sorted(sizes)}")

    def __len__(self) -> int:
        return len(self.slots)

    def piece(self, rows: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Samples:
        """Some of the rows, in their order."""
        values, quality, reason = self.values[rows], self.quality[rows], self.reason[rows]
        return Samples(self.slots[rows], values, self.observed_at[rows], self.received_at[rows], quality, reason)

    @staticmethod
    def joined(parts: Sequence[Samples]) -> Samples:
        """All rows of some samples, one after the other."""
        if len(parts) == 1:
            return parts[0]
        names = ("slots", "values", "observed_at", "received_at", "quality", "reason")
        return Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, slots=True)
class ReadingBatch:
    """Readings as columns, one row a reading: canonical unit, source time and receive time in ms, quality as `Quality`, why as `Reason`.

    What a store, a file or a person gives: points by name. On the way from a device they travel as `Samples`.

    `points` are IRIs. A row of quality `BAD` or `NO_COMMUNICATION` may carry `nan`: the last number stays, the quality does not.
    """

    points: Sequence[str]
    values: Floats
    observed_at: Millis
    received_at: Millis
    quality: Codes
    reason: Codes = field(default_factory=lambda: np.empty(0, np.uint8))
    """Left out: `NONE` for each."""

    def __post_init__(self) -> None:
        if len(self.reason) == 0:
            object.__setattr__(self, "reason", np.zeros(len(self.points), np.uint8))
        sizes = {len(self.points), len(self.values), len(self.observed_at), len(self.received_at), len(self.quality), len(self.reason)}
        if len(sizes) != 1:
            raise ValueError(f"columns of a batch must be of one length, not {sorted(sizes)}")

    def __len__(self) -> int:
        return len(self.points)

    @staticmethod
    def stored(rows: Sequence[Sequence[Any]]) -> ReadingBatch:
        """A batch of what a store kept, (point, value or None, observed at ms, received at ms, quality, why) a row."""
        points, values, observed, received, quality, reason = zip(*rows, strict=True) if rows else ([],) * 6
        return ReadingBatch(
            list(points),
            np.array([np.nan if value is None else value for value in values], np.float64),
            np.array(observed, np.int64),
            np.array(received, np.int64),
            np.array(quality, np.uint8),
            np.array(reason, np.uint8),
        )

    @staticmethod
    def of(rows: Sequence[tuple[str, float, int, int, Quality]]) -> ReadingBatch:
        """A batch of (point, value, observed at ms, received at ms, quality) rows."""
        return ReadingBatch(
            [row[0] for row in rows],
            np.array([row[1] for row in rows], dtype=np.float64),
            np.array([row[2] for row in rows], dtype=np.int64),
            np.array([row[3] for row in rows], dtype=np.int64),
            np.array([row[4] for row in rows], dtype=np.uint8),
        )
