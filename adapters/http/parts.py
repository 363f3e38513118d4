"""What the house lends to the HTTP wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.websockets import WebSocket

from graph.current import CurrentValues
from graph.ports import Clock, History, ReadingSink
from graph.snapshot import Snapshot
from ontology.vocabulary import Vocabulary
from twin.bus import Bus
from twin.data_health import DataHealth


@dataclass(frozen=True, slots=True)
class HttpParts:
    """The newest graph and its ontology, the table of current values, where readings go, what keeps them, what is heard of changes."""

    snapshot: Callable[[], Snapshot]
    vocabulary: Vocabulary
    current: CurrentValues
    sink: ReadingSink
    bus: Bus
    clock: Clock
    history: History | None = None
    kept: Callable[[], bool] = lambda: False
    """Whether history takes readings now."""
    health: Callable[[], DataHealth] | None = None
    """How the data stands; may wait for a database of history."""
    keys: Path | None = None
    """File in which the keys of requests are kept; without one they are forgotten at the end."""
    hang_up: Callable[[WebSocket, int, str], bool] = lambda _socket, _code, _reason: False
    """Ends a socket that takes nothing, with code and reason; whether it could."""
    version: str = "0"

    @property
    def now_ms(self) -> int:
        """The present instant, milliseconds since 1970."""
        return int(self.clock().timestamp() * 1000)
