"""Commands as the schema tells them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from twin.control import CommandRecord


@strawberry.enum(description="Where a command stands. Only the plant's own readback confirms it.")
class CommandState(Enum):
    """After the table of graph/commands.py."""

    REQUESTED = "REQUESTED"
    REFUSED = "REFUSED"
    DISPATCHED = "DISPATCHED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CONFIRMED = "CONFIRMED"
    MISMATCHED = "MISMATCHED"
    TIMED_OUT = "TIMED_OUT"
    FAILED = "FAILED"


@strawberry.type(description="A wish to write one value to one point, and what has become of it.")
class Command:
    """A command."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    point: strawberry.ID = strawberry.field(description="IRI of the point.")
    value: float = strawberry.field(description="The wished value in the point's unit.")
    state: CommandState = strawberry.field(description="Where it stands.")
    reasons: list[str] = strawberry.field(description="Every reason of a refusal, or what the last step said.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    updated_at: datetime = strawberry.field(description="When it came into its state.")

    @staticmethod
    def of(record: CommandRecord) -> Command:
        """From the control flow."""
        return Command(
            id=strawberry.ID(record.command.id),
            point=strawberry.ID(record.command.point),
            value=record.command.value,
            state=CommandState[record.state.name],
            reasons=list(record.reasons),
            requested_at=record.command.requested_at,
            updated_at=record.updated_at,
        )
