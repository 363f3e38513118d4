"""An answer that is kept is worked out once, and nobody waits for another one's."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from twin.kept import Once

WAIT_S = 10.0


def test_an_answer_is_worked_out_once_until_it_serves_no_more() -> None:
    """The second who asks gets the first one's; where that does not serve, it is worked out anew. An error is not kept."""
    once = Once[int]()

    with pytest.raises(ZeroDivisionError):
        once.get(lambda: 1 // 0)
    found = [once.get(lambda: 1), once.get(lambda: 2), once.get(lambda: 3, lambda kept: kept > 2), once.get(lambda: 4)]
    assert found == [1, 1, 3, 3]


def test_nobody_waits_for_an_answer_that_is_not_asked_for() -> None:
    """A long first sweep is being worked out: another answer is there meanwhile, and a second who asks for the sweep gets the same."""
    sweep, reserves = Once[object](), Once[str]()
    begun, go = Event(), Event()
    answers: list[object] = []

    def long() -> object:
        begun.set()
        assert go.wait(WAIT_S)
        return object()

    threads = [Thread(target=lambda: answers.append(sweep.get(long))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.wait(WAIT_S)
    meanwhile = reserves.get(lambda: "there")
    go.set()
    for thread in threads:
        thread.join(WAIT_S)

    assert meanwhile == "there"
    assert len(answers) == 2
    assert answers[0] is answers[1]
