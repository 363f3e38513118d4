"""The values inside a backup as JSON rows, both ways. Names and forms here are the format: they are added to, never changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from graph.changes import Branch, Cause, Revision
from graph.commands import Command, CommandEvent, CommandState
from graph.values import ReadingBatch

Row = dict[str, Any]


def cause_row(cause: Cause) -> Row:
    """A cause."""
    return {"author": cause.author, "source": cause.source, "at": cause.at.isoformat(), "reason": cause.reason, "key": cause.key}


def cause_of(row: Mapping[str, Any]) -> Cause:
    """The cause of its row."""
    return Cause(row["author"], row["source"], datetime.fromisoformat(row["at"]), row["reason"], row["key"])


def revision_row(revision: Revision) -> Row:
    """A revision without its change set."""
    return {"number": revision.number, **cause_row(revision.cause), "added": revision.added, "removed": revision.removed}


def revision_of(row: Mapping[str, Any]) -> Revision:
    """The revision of its row."""
    return Revision(row["number"], cause_of(row), row["added"], row["removed"])


def branch_row(branch: Branch) -> Row:
    """A branch with its revisions."""
    revisions = [revision_row(revision) for revision in branch.revisions]
    return {"name": branch.name, "base": branch.base, **cause_row(branch.cause), "revisions": revisions}


def branch_of(row: Mapping[str, Any]) -> Branch:
    """The branch of its row."""
    return Branch(row["name"], row["base"], cause_of(row), tuple(revision_of(each) for each in row["revisions"]))


def command_row(event: CommandEvent) -> Row:
    """One step of a command."""
    command = event.command
    return {
        "command": {
            "id": command.id,
            "key": command.key,
            "point": command.point,
            "value": command.value,
            "author": command.author,
            "reason": command.reason,
            "requested_at": command.requested_at.isoformat(),
        },
        "state": event.state.value,
        "at": event.at.isoformat(),
        "detail": event.detail,
    }


def command_of(row: Mapping[str, Any]) -> CommandEvent:
    """The step of its row."""
    said = row["command"]
    asked = datetime.fromisoformat(said["requested_at"])
    command = Command(said["id"], said["key"], said["point"], said["value"], said["author"], said["reason"], asked)
    return CommandEvent(command, CommandState(row["state"]), datetime.fromisoformat(row["at"]), row["detail"])


def values_row(batch: ReadingBatch) -> Row:
    """Current values as columns; a value that was never a number is null, an infinite one its name."""
    return {
        "points": list(batch.points),
        "values": [_told(value) for value in batch.values.tolist()],
        "observed_at": batch.observed_at.tolist(),
        "received_at": batch.received_at.tolist(),
        "quality": batch.quality.tolist(),
    }


def values_of(row: Mapping[str, Sequence[Any]]) -> ReadingBatch:
    """The batch of its columns."""
    return ReadingBatch(
        list(row["points"]),
        np.array([math.nan if value is None else float(value) for value in row["values"]], dtype=np.float64),
        np.array(row["observed_at"], dtype=np.int64),
        np.array(row["received_at"], dtype=np.int64),
        np.array(row["quality"], dtype=np.uint8),
    )


def _told(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return str(value) if math.isinf(value) else value
