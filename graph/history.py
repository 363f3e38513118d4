"""What history gives back: samples as they came, buckets of them, and how it stands. Instants are milliseconds since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.errors import GraphError
from graph.values import Codes, Floats, Millis

Counts = NDArray[np.int64]

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class HistoryUnavailable(GraphError):
    """The history cannot be written or read now: a full disk, a database that is away. The text says which, and the next step."""


class HistoryFull(HistoryUnavailable):
    """The history has reached its bound: it takes nothing more before something is let go of."""


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one point, in order of source time; of two of one instant the one that came first stands first.

    A row whose value is `nan` says only that the value was not good from then on.
    """

    point: str
    observed_at: Millis
    values: Floats
    quality: Codes
    reason: Codes

    def __len__(self) -> int:
        return len(self.observed_at)


@dataclass(frozen=True, slots=True)
class Buckets:
    """The samples of one point by equal spans of time, each `step_ms` long and begun at `start` (a multiple of the step since 1970, UTC).

    Only spans in which something was said are there. `mean` is over samples; values that are `BAD` or worse count in none of minimum,
    maximum and mean, and in no `count`. `coverage` (0 to 1) is the share of the span in which a sample was no older than two periods of
    its point; `quality` the worst of the samples.
    """

    point: str
    step_ms: int
    start: Millis
    minimum: Floats
    maximum: Floats
    mean: Floats
    count: Counts
    coverage: Floats
    quality: Codes

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class HistoryStatus:
    """How the history stands: samples and bytes kept, the oldest and the newest source time (0 for none), samples that are durable and
    not yet sorted into their files, and why nothing can be written (empty while it can). What was said again counts again until the
    files of its day are put together; in answers it never does."""

    samples: int
    bytes: int
    oldest: int
    newest: int
    waiting: int
    error: str
    damaged: str = ""
    """Which files could not be read and are left out of answers, and what to do; empty for none."""
