"""What the HTTP wire lets in, and how much one request may cost. Every bound has a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.may_write import Writers

MB = 1 << 20
POINTS_MAX = 100
"""Points that one question for history may name."""
SAMPLES_MAX = 1_000_000
"""Samples, or spans, that one answer may hold."""


@dataclass(frozen=True, slots=True)
class HttpRules:
    """`write`: who may send readings; `origins`: pages of other hosts that may; `elsewhere`: why nobody may send them to this
    process, and where to, if that is so."""

    write: Writers = "loopback"
    origins: Sequence[str] = ()
    elsewhere: str = ""
    body_bytes: int = 32 * MB
    """Of one request, as it stands when it is unpacked."""
    rows_max: int = 1_000_000
    """Readings of one request."""
    errors_told: int = 100
    """Refused lines that one answer lists; their number is told in full."""
    samples_max: int = SAMPLES_MAX
    sockets_max: int = 200
    """Open sockets for readings."""
    subscriptions_max: int = 50
    """What one socket may follow."""
    slow_s: float = 10.0
    """How long a reader of a socket may take for one message before it is closed."""
    promql_chars: int = 4_096
    promql_steps: int = 11_000
    """Instants of one range query, as with Prometheus."""
    promql_samples: int = 5_000_000
    """Samples that one query may look at; beyond, it is answered from minutes, then from hours."""
