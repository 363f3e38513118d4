"""What can go wrong in the twin, by who must act. Each message names the thing, the limit and the next step."""

from __future__ import annotations


class GraphError(Exception):
    """Something the graph refuses or cannot do; its text is meant for the user."""


class UnknownEntity(GraphError):
    """An id that no quad of this revision speaks of."""


class StaleRevision(GraphError):
    """A change was made against a revision that is no longer the newest: somebody else was first."""


class StoreUnavailable(GraphError):
    """The store cannot be reached or written."""
