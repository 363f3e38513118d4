"""Live values: how good one is, and batches of them as columns. Instants are milliseconds since 1970 UTC inside arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Millis = NDArray[np.int64]
Codes = NDArray[np.uint8]


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


@dataclass(frozen=True, slots=True)
class ReadingBatch:
    """Readings as columns, one row a reading: canonical unit, source time and receive time in ms, quality as `Quality`.

    `points` are IRIs. A row of quality `BAD` or `NO_COMMUNICATION` may carry `nan`: the last number stays, the quality does not.
    """

    points: Sequence[str]
    values: Floats
    observed_at: Millis
    received_at: Millis
    quality: Codes

    def __post_init__(self) -> None:
        sizes = {len(self.points), len(self.values), len(self.observed_at), len(self.received_at), len(self.quality)}
        if len(sizes) != 1:
            raise ValueError(f"columns of a batch must be of one length, not {sorted(sizes)}")

    def __len__(self) -> int:
        return len(self.points)

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
