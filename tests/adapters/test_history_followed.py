"""The embedded history that another process writes, as it is read beside it."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest

from adapters.history.embedded import EmbeddedHistory
from adapters.history.followed import FollowedHistory
from graph.history import HistoryUnavailable
from tests.faults.test_history_faults import NOON, rows_of
from tests.support.histories import FACTS, NAMES, tell
from tests.support.wired import wait_until


def kept(history: FollowedHistory) -> int:
    return len(history.series(NAMES[0], 0, 2 * NOON, 99))


def test_what_is_written_is_seen_soon_whether_it_is_sorted_or_not(tmp_path: Path) -> None:
    """And a folder that nobody has written yet is told as such."""
    followed = FollowedHistory(tmp_path / "history", fresh_s=0.05)
    followed.rebind(FACTS)
    with pytest.raises(HistoryUnavailable, match="there is no history"):
        followed.points()
    writer = EmbeddedHistory(tmp_path / "history", seal_ms=0, reserve_bytes=0)
    tell(writer, *rows_of(0, 4))

    assert kept(followed) == 2
    tell(writer, *rows_of(4, 4))
    assert wait_until(lambda: kept(followed) == 4)
    writer.maintain(NOON)
    tell(writer, *rows_of(8, 4))
    assert wait_until(lambda: kept(followed) == 6)
    assert followed.status().error == ""
    followed.close()
    writer.close()


def test_a_long_question_holds_up_no_other_and_no_change_of_the_graph(tmp_path: Path) -> None:
    """It keeps the files that it began with, also when they are opened anew meanwhile."""
    writer = EmbeddedHistory(tmp_path / "history", reserve_bytes=0)
    tell(writer, *rows_of(0, 4))
    followed = FollowedHistory(tmp_path / "history", fresh_s=0.0)
    begun, go_on, found = Event(), Event(), list[int]()

    def long_question(history: EmbeddedHistory) -> int:
        begun.set()
        assert go_on.wait(20)
        return len(history.series(NAMES[0], 0, 2 * NOON, 99))

    asking = Thread(target=lambda: found.append(followed._asked(long_question)))
    asking.start()
    assert begun.wait(20)
    followed.rebind(FACTS)
    tell(writer, *rows_of(4, 4))
    assert wait_until(lambda: kept(followed) == 4)
    assert found == []
    go_on.set()
    asking.join(20)

    assert found == [2]
    followed.close()
    writer.close()
