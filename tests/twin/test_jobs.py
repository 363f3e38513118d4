"""Long questions as jobs: they end once, tell how far they are, and few run at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from graph.errors import GraphError
from graph.ports import Progress
from twin.jobs import FAULT, Job, Jobs, JobState, Stage, TooManyJobs, UnknownJob

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
WAIT_S = 10.0


class Hours:
    """A clock that is an hour further each time it is looked at."""

    def __init__(self) -> None:
        self.hours = -1

    def __call__(self) -> datetime:
        self.hours += 1
        return START + timedelta(hours=self.hours)


class Held:
    """Work that reports, then waits until it is let go on, and reports again."""

    def __init__(self) -> None:
        self.begun, self.go, self.left = Event(), Event(), Event()

    def __call__(self, progress: Progress) -> str:
        try:
            progress("first half", 1, 2)
            self.begun.set()
            assert self.go.wait(WAIT_S)
            progress("second half", 2, 2)
            return "the answer"
        finally:
            self.left.set()


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    """A store of two jobs at a time, which keeps three."""
    store = Jobs(Hours(), running_max=2, kept_max=3)
    yield store
    store.close()


def ended(jobs: Jobs, job: Job) -> Job:
    """The job when it has ended."""
    over = Event()
    stop = jobs.hear(job.id, over.set)
    while not (found := _kept(jobs, job)).ended:
        assert over.wait(WAIT_S)
        over.clear()
    stop()
    return found


def _kept(jobs: Jobs, job: Job) -> Job:
    found = jobs.get(job.id)
    assert found is not None
    return found


def answered(jobs: Jobs, answer: int) -> Job:
    """A job that gives a number, ended."""
    return ended(jobs, jobs.start("count", lambda _: answer))


def freed(jobs: Jobs, start: Callable[[], Job]) -> Job:
    """The start of a job as soon as the thread of an ended one has left its place."""
    for _ in range(1000):
        try:
            return start()
        except TooManyJobs:
            Event().wait(0.01)
    raise AssertionError("no place became free")


def test_a_job_runs_beside_its_caller_and_ends_with_its_result(jobs: Jobs) -> None:
    """It began at 12:00 and ended at 13:00; the last report of its progress stays."""
    work = Held()
    job = jobs.start("sweep", work)
    assert work.begun.wait(WAIT_S)
    running = jobs.get(job.id)
    work.go.set()
    done = ended(jobs, job)

    assert running == Job(job.id, "sweep", START, stage=Stage("first half", 1, 2))
    assert done == Job(job.id, "sweep", START, JobState.DONE, Stage("second half", 2, 2), START + timedelta(hours=1), result="the answer")


def test_a_cancelled_job_has_ended_at_once_and_its_thread_at_the_next_report(jobs: Jobs) -> None:
    """Whoever asks is told at once; what the thread reports later changes nothing, and it gets no further than that report."""
    work = Held()
    job = jobs.start("sweep", work)
    assert work.begun.wait(WAIT_S)
    cancelled = jobs.cancel(job.id)
    thread_still_there = not work.left.is_set()
    work.go.set()
    assert work.left.wait(WAIT_S)

    assert thread_still_there
    assert cancelled == Job(job.id, "sweep", START, JobState.CANCELLED, Stage("first half", 1, 2), START + timedelta(hours=1))
    assert jobs.get(job.id) == cancelled


def test_to_cancel_what_has_ended_changes_nothing(jobs: Jobs) -> None:
    """The answer stands."""
    done = answered(jobs, 7)

    assert jobs.cancel(done.id) == done
    assert (done.state, done.result) == (JobState.DONE, 7)


def test_a_job_that_fails_says_why_and_only_what_the_question_did_wrong(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal of the graph is told as it is; a fault of ours is in the log, and told in one sentence."""

    def refused(_: Progress) -> object:
        raise GraphError("no rack is named 'R99'")

    def broken(_: Progress) -> object:
        raise ZeroDivisionError("secret")

    question, service = (ended(jobs, jobs.start("sweep", work)) for work in (refused, broken))

    assert (question.state, question.error) == (JobState.FAILED, "no rack is named 'R99'")
    assert (service.state, service.error) == (JobState.FAILED, FAULT)
    assert "secret" in caplog.text


def test_as_many_jobs_run_as_may_and_a_cancelled_one_has_its_place_until_its_thread_ends(jobs: Jobs) -> None:
    """Two run; the third is refused, also after one was cancelled, until that one's thread has left."""
    first, second = Held(), Held()
    one, _ = jobs.start("a", first), jobs.start("b", second)
    assert first.begun.wait(WAIT_S)
    jobs.cancel(one.id)

    with pytest.raises(TooManyJobs, match="2 jobs run and 2 may: wait for one to end, or cancel one"):
        jobs.start("c", lambda _: 0)
    first.go.set()
    third = freed(jobs, lambda: jobs.start("c", lambda _: 0))
    second.go.set()

    assert ended(jobs, third).state is JobState.DONE


def test_the_newest_that_have_ended_are_kept_and_the_older_forgotten(jobs: Jobs) -> None:
    """Of five answers the last three are kept, the newest first; what runs is never forgotten."""
    work = Held()
    running = jobs.start("long", work)
    answers = []
    for number in range(5):
        answers.append(freed(jobs, lambda number=number: jobs.start("count", lambda _: number)))  # type: ignore[misc] # bound now
        ended(jobs, answers[-1])
    kept = jobs.all()
    work.go.set()

    assert [job.id for job in kept] == [answers[4].id, answers[3].id, answers[2].id, running.id]
    assert jobs.get(answers[1].id) is None


def test_a_job_that_gets_no_thread_is_none_and_takes_no_place(jobs: Jobs) -> None:
    """The machine has no memory for a stack of 64 TiB. Two starts fail so; then two jobs run as may, and the end ends them."""
    before = threading.stack_size(1 << 46)
    try:
        for _ in range(2):
            with pytest.raises(TooManyJobs, match="this machine has no thread for a job"):
                jobs.start("sweep", lambda _: 0)
    finally:
        threading.stack_size(before)

    assert list(jobs.all()) == []
    first, second = Held(), Held()
    started = [jobs.start("a", first), jobs.start("b", second)]
    first.go.set()
    second.go.set()
    assert [ended(jobs, job).state for job in started] == [JobState.DONE, JobState.DONE]


def test_work_that_bears_failures_of_its_parts_does_not_bear_a_cancel(jobs: Jobs) -> None:
    """It goes on after each `Exception`; the report that tells it that it is cancelled ends it."""
    begun, go, left, done = Event(), Event(), Event(), list[int]()

    def work(progress: Progress) -> None:
        try:
            for part in range(1000):
                with suppress(Exception):
                    progress("parts", part, 1000)
                begun.set()
                assert go.wait(WAIT_S)
            done.append(1000)
        finally:
            left.set()

    job = jobs.start("parts", work)
    assert begun.wait(WAIT_S)
    jobs.cancel(job.id)
    go.set()

    assert left.wait(WAIT_S)
    assert done == []


def test_a_job_that_nobody_keeps_cannot_be_cancelled(jobs: Jobs) -> None:
    """The error names the id and how long jobs are kept."""
    with pytest.raises(UnknownJob, match=r"no job 'x' is kept: of those that have ended the newest \d+ are, until a restart"):
        jobs.cancel("x")


def test_the_end_cancels_what_runs_and_takes_nothing_more() -> None:
    """The thread has ended when the end has: its next report tells it that nobody wants it."""
    jobs, work = Jobs(Hours()), Held()
    job = jobs.start("sweep", work)
    assert work.begun.wait(WAIT_S)
    stop = jobs.hear(job.id, work.go.set)
    jobs.close()
    stop()

    assert work.left.is_set()
    assert _kept(jobs, job).state is JobState.CANCELLED
    with pytest.raises(TooManyJobs):
        jobs.start("sweep", lambda _: 0)


def test_a_listener_that_fails_stops_neither_the_job_nor_the_others(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged."""
    work, heard = Held(), Event()
    job = jobs.start("sweep", work)

    def broken() -> None:
        raise ZeroDivisionError

    jobs.hear(job.id, broken)
    jobs.hear(job.id, heard.set)
    work.go.set()
    done = ended(jobs, job)

    assert done.state is JobState.DONE
    assert heard.wait(WAIT_S)
    assert "a listener of a job failed" in caplog.text
