"""The life of a command, as a table.

Rules of this file:

1. Every transition is in `NEXT`; a step that is not there is refused and changes nothing.
2. `Dispatched` is written before anything is sent; a command found there after a restart is read back, never sent again.
3. Only the plant ends a command: `Confirmed` and `Mismatched` come from a reading, never from the write's own answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CommandState(StrEnum):
    """Where a command stands."""

    REQUESTED = "REQUESTED"
    REFUSED = "REFUSED"
    DISPATCHED = "DISPATCHED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CONFIRMED = "CONFIRMED"
    MISMATCHED = "MISMATCHED"
    TIMED_OUT = "TIMED_OUT"
    FAILED = "FAILED"
    """The device answered that it did not do it."""


NEXT: dict[CommandState, frozenset[CommandState]] = {
    CommandState.REQUESTED: frozenset({CommandState.REFUSED, CommandState.DISPATCHED}),
    CommandState.DISPATCHED: frozenset(
        {CommandState.ACKNOWLEDGED, CommandState.CONFIRMED, CommandState.MISMATCHED, CommandState.TIMED_OUT, CommandState.FAILED}
    ),
    CommandState.ACKNOWLEDGED: frozenset({CommandState.CONFIRMED, CommandState.MISMATCHED, CommandState.TIMED_OUT}),
    CommandState.REFUSED: frozenset(),
    CommandState.CONFIRMED: frozenset(),
    CommandState.MISMATCHED: frozenset(),
    CommandState.TIMED_OUT: frozenset(),
    CommandState.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A wish to write one value (canonical unit) to one point; `key` makes the same wish the same command."""

    id: str
    key: str
    point: str
    value: float
    author: str
    reason: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class CommandEvent:
    """One step of a command: the state it came into, when, and the detail a person needs."""

    command: Command
    state: CommandState
    at: datetime
    detail: str


def advance(state: CommandState, to: CommandState) -> CommandState:
    """The state after the step. Raises `ValueError`, naming what was expected, for a step that the table does not have."""
    if to not in NEXT[state]:
        expected = ", ".join(sorted(NEXT[state])) or "no step: it has ended"
        raise ValueError(f"a command in {state} cannot become {to}; expected {expected}")
    return to
