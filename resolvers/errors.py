"""What a caller of the face may have done wrong, each with its code in `extensions.code`; anything else is ours and is not shown."""

from __future__ import annotations

from graphql import GraphQLError

from graph.errors import (
    BranchExists,
    GraphError,
    Refused,
    StaleRevision,
    StoreUnavailable,
    UnknownBranch,
    UnknownEntity,
    UnknownRevision,
)
from graph.history import HistoryUnavailable
from twin.jobs import TooManyJobs, UnknownJob


class FaceError(GraphQLError):
    """A request that the face refuses; its text names the thing, the limit and the next step."""

    code = "BAD_INPUT"

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": self.code})


class BadInput(FaceError):
    """An argument outside what it may be."""


class UnknownClass(FaceError):
    """A class that neither the ontology nor the graph knows."""

    code = "UNKNOWN_CLASS"


class NoSuchEntity(FaceError):
    """An id that this revision does not have."""

    code = "UNKNOWN_ENTITY"


class ReadOnly(FaceError):
    """A change of the graph, where changes are not taken from here."""

    code = "READ_ONLY"


class NoHistory(FaceError):
    """A question about the past values of a service that keeps none."""

    code = "NO_HISTORY"


class NoWires(FaceError):
    """A question about the data of a process that takes none in."""

    code = "NO_WIRES"


class LimitExceeded(FaceError):
    """A document that asks for more than the limits let through."""

    code = "LIMIT_EXCEEDED"


CODES: dict[type[GraphError], str] = {
    UnknownEntity: "UNKNOWN_ENTITY",
    StaleRevision: "STALE_REVISION",
    StoreUnavailable: "STORE_UNAVAILABLE",
    UnknownBranch: "UNKNOWN_BRANCH",
    UnknownRevision: "UNKNOWN_REVISION",
    BranchExists: "BRANCH_EXISTS",
    Refused: "REFUSED",
    UnknownJob: "UNKNOWN_JOB",
    TooManyJobs: "LIMIT_EXCEEDED",
    HistoryUnavailable: "HISTORY_UNAVAILABLE",
}
"""In the order in which they are looked at: a special kind before its general one."""


def code_of(error: GraphError) -> str:
    """The code of an error of the graph room."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), "BAD_INPUT")
