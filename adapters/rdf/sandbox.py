"""The sandbox: parsing and querying what came over the network, in a process that can be ended at any moment.

Rules of this file:

1. A *keeper* (`adapters.rdf.sandbox_main`), one thread, no secrets in its environment, is started at first use and forks for each job;
   it never reads what came over the network itself.
2. A job has confined itself (`adapters.rdf.confine`) before it reads a byte, and is ended at its deadline by its own number, which the
   keeper does not let go before.
3. So many jobs run at once, so many more wait for so long; the next is told to come back.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Any

from adapters.rdf.frames import Broken, receive, send
from adapters.rdf.problems import Problem, busy

JOBS_MAX = 2
"""Jobs of one keeper at once."""
WAITING_MAX = 16
"""Jobs that may wait for a place."""
WAIT_S = 10.0
"""How long one waits."""
KEEPER_S = 60.0
"""How long the keeper may take for one act of its own: start, fork, one part of a feed."""
_PID = struct.Struct(">q")


class Died(Exception):
    """A job ended without an answer: by its deadline, its memory or its own fault. `reason` is `time`, `memory` or `fault`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Job:
    """A forked job that waits for its orders."""

    def __init__(self, sandbox: Sandbox, pid: int, peer: socket.socket) -> None:
        self._sandbox, self._pid, self._peer = sandbox, pid, peer

    def run(
        self, header: dict[str, Any], blobs: Sequence[bytes], *, seconds: float, memory: int, answer: int
    ) -> tuple[dict[str, Any], bytes]:
        """Give the job its orders, and wait for its answer of at most `answer` bytes. Raises `Died`."""
        deadline = time.monotonic() + seconds
        status: int | None = None
        orders = {**header, "cpu_s": int(seconds) + 1, "memory": memory}
        try:
            send(self._peer, orders, blobs, deadline)
            return receive(self._peer, answer, deadline)
        except TimeoutError:
            raise Died("time") from None
        except Broken:
            status = self.end()
            raise Died(_reason(status)) from None
        finally:
            if status is None:
                self.end()

    def end(self) -> int:
        """End the process if it still runs; its status as `waitpid` tells it. A second call does nothing."""
        pid, self._pid = self._pid, 0
        self._peer.close()
        return self._sandbox.reap(pid) if pid else 0


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "time"
    out_of_memory = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGABRT, signal.SIGKILL)
    return "memory" if out_of_memory else "fault"


class Sandbox:
    """One keeper and its jobs. Safe from any thread; `close` ends the keeper."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places, self._queue = BoundedSemaphore(JOBS_MAX), BoundedSemaphore(JOBS_MAX + WAITING_MAX)
        self._keeper: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.generation = 0
        """Counts the keepers: another number means that what was fed to the one before is gone."""

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places for jobs. Raises `Problem` (503) when none comes free in time."""
        if not self._queue.acquire(blocking=False):
            raise busy(f"{JOBS_MAX + WAITING_MAX} requests are at work or waiting already: try again in a moment")
        try:
            if not self._places.acquire(timeout=WAIT_S):
                raise busy(f"no place came free within {WAIT_S:g} s: try again in a moment")
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._queue.release()

    def fork(self) -> Job:
        """A new job. Raises `Problem` (503) when the keeper cannot be had."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                pid = _PID.unpack(self._ask(b"F", fd=theirs.fileno()))[0]
        except BaseException:
            ours.close()
            raise
        return Job(self, pid, ours)

    def feed(self, act: str, blobs: Iterable[bytes] = ()) -> None:
        """Have the keeper's own store cleared (`clear`), added to (`add`) or taken from (`remove`), by N-Quads of our own writing."""
        self._ask(act[:1].encode(), blobs=blobs)

    def reap(self, pid: int) -> int:
        """End a job; its status."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return 0  # its keeper has ended, and it with it
        try:
            return int(_PID.unpack(self._ask(b"W" + _PID.pack(pid), start=False))[0])
        except Problem:
            return 0

    def close(self) -> None:
        """End the keeper and what it has forked; a later job starts another."""
        with self._lock:
            self._drop()

    # -- the keeper -------------------------------------------------------------------------------------------------

    def _ask(self, act: bytes, *, fd: int | None = None, blobs: Iterable[bytes] = (), start: bool = True) -> bytes:
        with self._lock:
            try:
                if self._control is None:
                    if not start:
                        raise Broken("the keeper has ended")
                    self._control = self._start()
                control = self._control
                control.settimeout(KEEPER_S)
                if fd is not None:
                    socket.send_fds(control, [act], [fd])
                else:
                    control.sendall(act)
                if act in (b"a", b"r"):
                    send(control, {}, blobs, time.monotonic() + KEEPER_S)
                answer = control.recv(_PID.size, socket.MSG_WAITALL)
                if len(answer) != _PID.size:
                    raise Broken("the keeper has ended")
            except (OSError, Broken) as error:
                self._drop()
                raise busy(f"the process that parses and queries had to be started anew ({error}): try again") from error
            return answer

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._keeper = subprocess.Popen(  # noqa: S603 - our own module by our own interpreter
                [sys.executable, "-I", "-m", "adapters.rdf.sandbox_main", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # a process that forks has one thread; it needs no secret
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self.generation += 1
        return ours

    def _drop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._keeper is not None:
            self._keeper.kill()
            self._keeper.wait()
        self._control = self._keeper = None
        self.generation += 1
