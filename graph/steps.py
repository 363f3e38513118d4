"""The named steps of every act that must survive a crash, so that fault tests can end the process at each of them.

A store, a flow or a migration says `reached("commit.written")` where a crash would be worst; nothing happens there unless a test asked.
"""

from __future__ import annotations

from collections.abc import Callable

_watcher: Callable[[str], None] | None = None


def reached(step: str) -> None:
    """A durable act has come to the step of that name."""
    if _watcher is not None:
        _watcher(step)


def watch(watcher: Callable[[str], None] | None) -> None:
    """Have every step told to `watcher`, in the thread that reaches it; None ends that. For fault tests only."""
    global _watcher  # noqa: PLW0603 - one process, one fault plan
    _watcher = watcher
