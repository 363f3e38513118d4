"""What can go wrong in the twin, by who must act. Each message names the thing, the limit and the next step."""

from __future__ import annotations

from collections.abc import Sequence


class GraphError(Exception):
    """Something the graph refuses or cannot do; its text is meant for the user."""


class UnknownEntity(GraphError):
    """An id that no quad of this revision speaks of."""

    @staticmethod
    def text(asked: str, revision: int, near: Sequence[str] = ()) -> str:
        """What a person is told who asked for it; `near` are entities that may have been meant."""
        way = "give the full IRI or a CURIE with a known prefix, as search or `ridethrough export` prints it"
        hint = f"did you mean {' or '.join(near)}?" if near else way
        return f"no entity {asked!r} in revision {revision}; {hint}"


class StaleRevision(GraphError):
    """A change was made against a revision that is no longer the newest: somebody else was first."""


class StoreUnavailable(GraphError):
    """The store cannot be reached or written."""


class FolderInUse(StoreUnavailable):
    """Another process has the data folder; `address` is where it serves, empty where it does not."""

    def __init__(self, text: str, address: str = "") -> None:
        super().__init__(text)
        self.address = address


class BranchExists(GraphError):
    """A branch of that name is kept already."""


class UnknownRevision(GraphError):
    """A revision, an instant or a branch that the twin does not have."""


class UnknownBranch(UnknownRevision):
    """A branch that the twin does not have."""


class Refused(GraphError):
    """A change that the twin does not take: too much would be deleted, the findings are errors, or another's work would be overwritten."""


class FindingsRefused(Refused):
    """A change whose findings are errors, of a source whose policy is to refuse such."""
