"""Long questions as jobs: each in a thread of its own, with progress, an end, and a cancel; few at a time, and few kept.

Rules of this file:

1. A job is RUNNING, and ends once: DONE with a result, FAILED with an error, or CANCELLED. To cancel what has ended changes nothing.
2. A cancelled job has ended at once for everyone who asks. Its thread ends at its next report of progress, and has its place until then.
3. Progress and cancel are one thing: the callable that the work reports to is where it learns that nobody wants it any more.
4. The newest `KEPT_MAX` jobs that have ended are kept with their results; an older one is forgotten. A restart forgets all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from threading import Lock, Thread
from uuid import uuid4

from graph.errors import GraphError
from graph.ports import Clock, Progress

_log = logging.getLogger(__name__)

RUNNING_MAX = 4
"""Jobs whose threads run at a time; a further one is refused."""
KEPT_MAX = 50
"""Jobs that have ended and are kept."""
END_S_MAX = 5.0
"""How long the end of the service waits for the threads of its jobs, in seconds."""
FAULT = "the service failed here, not the question; its log says why"

Work = Callable[[Progress], object]


class JobState(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TooManyJobs(GraphError):
    """As many jobs run as may."""


class UnknownJob(GraphError):
    """No job of this id is kept."""


def unknown(job_id: str) -> UnknownJob:
    """What there is to say about an id that no job has."""
    return UnknownJob(f"no job {job_id!r} is kept: of those that have ended the newest {KEPT_MAX} are, until a restart")


class _Cancelled(BaseException):
    """Ends the thread of a cancelled job. No `Exception`: work that goes on after a failure of a part of it does not go on after this."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The last report of progress: what is being done, how much of it is done, how much there is (0 when unknown)."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands at one instant."""

    id: str
    kind: str
    started_at: datetime
    state: JobState = JobState.RUNNING
    stage: Stage | None = None
    """None before the first report."""
    ended_at: datetime | None = None
    error: str = ""
    """Why it failed."""
    result: object = None
    """Of a job that is done."""

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state is not JobState.RUNNING


class Jobs:
    """The jobs of one process. Safe from any thread."""

    def __init__(self, clock: Clock, running_max: int = RUNNING_MAX, kept_max: int = KEPT_MAX) -> None:
        self._clock, self._running_max, self._kept_max = clock, running_max, kept_max
        self._lock = Lock()
        self._jobs: dict[str, Job] = {}
        """In order of their starts."""
        self._threads: dict[str, Thread] = {}
        self._listeners: dict[str, tuple[Callable[[], None], ...]] = {}
        self._closed = False

    def start(self, kind: str, work: Work) -> Job:
        """Begin the work in a thread. Raises `TooManyJobs`, also where the machine has no thread for it; there is no job then."""
        job = Job(uuid4().hex, kind, self._clock())
        thread = Thread(target=self._run, args=(job.id, work), name=f"job-{kind}", daemon=True)
        with self._lock:
            if self._closed or len(self._threads) >= self._running_max:
                raise TooManyJobs(f"{len(self._threads)} jobs run and {self._running_max} may: wait for one to end, or cancel one")
            try:
                thread.start()  # the job is there when its thread first asks for the lock
            except RuntimeError as error:
                raise TooManyJobs(f"this machine has no thread for a job ({error}): try again later") from error
            self._jobs[job.id] = job
            self._threads[job.id] = thread
        return job

    def cancel(self, job_id: str) -> Job:
        """End a job, if it has not ended. Raises `UnknownJob`."""
        job = self._end(job_id, JobState.CANCELLED)
        if job is None:
            raise unknown(job_id)
        return job

    def get(self, job_id: str) -> Job | None:
        """A job as it stands, or None."""
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> Sequence[Job]:
        """The jobs that run or are kept, the newest first."""
        with self._lock:
            return tuple(reversed(self._jobs.values()))

    def hear(self, job_id: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back at each change of a job, from any thread; the callback must not wait. Returns what ends that."""

        def once() -> None:
            callback()

        with self._lock:
            self._listeners[job_id] = (*self._listeners.get(job_id, ()), once)

        def stop() -> None:
            with self._lock:
                left = tuple(each for each in self._listeners.pop(job_id, ()) if each is not once)
                if left:
                    self._listeners[job_id] = left

        return stop

    def close(self) -> None:
        """Cancel what runs, take nothing more, and wait `END_S_MAX` at most for the threads."""
        with self._lock:
            self._closed = True
            threads = list(self._threads.items())
        for job_id, _ in threads:
            self._end(job_id, JobState.CANCELLED)
        for _, thread in threads:
            thread.join(END_S_MAX / len(threads))

    def _run(self, job_id: str, work: Work) -> None:
        """The life of a job's thread."""

        def report(stage: str, done: int, total: int) -> None:
            with self._lock:
                job = self._jobs.get(job_id)
                if job is None or job.ended:
                    raise _Cancelled
                self._jobs[job_id] = replace(job, stage=Stage(stage, done, total))
                listeners = self._listeners.get(job_id, ())
            _call(listeners)

        try:
            self._end(job_id, JobState.DONE, result=work(report))
        except _Cancelled:
            pass
        except GraphError as error:
            self._end(job_id, JobState.FAILED, error=str(error))
        except Exception:
            _log.exception("job %s failed", job_id)
            self._end(job_id, JobState.FAILED, error=FAULT)
        finally:
            with self._lock:
                del self._threads[job_id]

    def _end(self, job_id: str, state: JobState, *, error: str = "", result: object = None) -> Job | None:
        """Rule 1. Gives the job as it stands then; None for one that is not kept."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.ended:
                return job
            job = self._jobs[job_id] = replace(job, state=state, ended_at=self._clock(), error=error, result=result)
            ended = [each.id for each in sorted(self._jobs.values(), key=_end_order) if each.ended]
            for forgotten in ended[: max(0, len(ended) - self._kept_max)]:
                del self._jobs[forgotten]
            listeners = self._listeners.get(job_id, ())
        _call(listeners)
        return job


def _end_order(job: Job) -> datetime:
    return job.ended_at or job.started_at


def _call(listeners: Sequence[Callable[[], None]]) -> None:
    for each in listeners:
        try:
            each()
        except Exception:
            _log.exception("a listener of a job failed; the others go on")
