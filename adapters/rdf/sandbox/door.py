"""The sandbox: parsing and querying what came over the network, in a process that can be ended at any moment.

Rules of this file:

1. A *keeper* (`keeper`), one thread, no secrets in its environment, is started at first use and forks for each job;
   it never reads what came over the network itself.
2. A job has confined itself (`confine`) before it reads a byte, and is ended at its deadline by the keeper that forked it and
   by nobody else: to its parent alone a number means this process until it is waited for. With a keeper its jobs end.
3. Who begins something with a keeper ends it with the same one; one that is lost takes no other down.
4. So many jobs run at once, so many more wait for so long; the next is told to come back.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Lock
from typing import Any

from adapters.rdf.problems import Problem, busy, ending
from adapters.rdf.sandbox.frames import Broken, receive, send

JOBS_MAX = 2
"""Jobs of one keeper at once."""
WAITING_MAX = 16
"""Jobs that may wait for a place."""
WAIT_S = 10.0
"""How long one waits."""
KEEPER_S = 60.0
"""How long the keeper may take for one act of its own: start, fork, one part of a feed."""
KEEPER = "adapters.rdf.sandbox.keeper"
SAID_MAX = 4000
"""Bytes of what a keeper said at its end that go to the log."""
_PID = struct.Struct(">q")
_log = logging.getLogger(__name__)


class Died(Exception):
    """A job ended without an answer: by its deadline, its memory or its own fault. `reason` is `time`, `memory` or `fault`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Keeper:
    """One process that forks jobs, from its start to its end. Safe from any thread. What is asked of one that has ended, or ends meanwhile,
    raises `Problem` (503)."""

    def __init__(self) -> None:
        """Start it. Raises `Problem` (503) with its last words when it cannot start."""
        self._lock, self._ends = Lock(), False
        self._said = TemporaryFile()  # noqa: SIM115 - closed with the keeper; no job can fill it, since a job may write no file
        self._control, theirs = socket.socketpair()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own module by our own interpreter
                    [sys.executable, "-I", "-m", KEEPER, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # a process that forks has one thread; it needs no secret
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._said,
                )
            self._answer()
        except (OSError, Broken) as error:
            reason = self._lost("cannot start", str(error))
            detail = f"the process that parses and queries cannot start ({reason}): who runs the service finds more in its log"
            raise Problem(503, "no sandbox", detail) from error

    def runs(self) -> bool:
        """Whether it can be asked; one that has ended by itself is told to the log."""
        with self._lock:
            if self._process is not None and (status := self._process.poll()) is not None:
                self._lost("was lost", f"it ended by itself with status {status}")
            return self._process is not None

    def fork(self) -> Job:
        """A new job. Raises `Problem` (503) when the keeper is lost."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                return Job(self, self._ask(b"F", fd=theirs.fileno()), ours)
        except BaseException:
            ours.close()
            raise

    def feed(self, act: str, blobs: Iterable[bytes] = ()) -> None:
        """Have its own store cleared (`clear`), added to (`add`) or taken from (`remove`), by N-Quads of our own writing."""
        self._ask(act[:1].encode(), blobs=blobs)

    def reap(self, pid: int) -> int:
        """End one of its jobs; the job's status as `waitpid` tells it."""
        return self._ask(b"W" + _PID.pack(pid))

    def end(self) -> None:
        """End it and what it has forked, in the middle of an act if need be. A second call does nothing."""
        self._ends = True
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # before the lock: who waits for an answer hears of it
        with self._lock:
            self._let_go()

    def _ask(self, act: bytes, *, fd: int | None = None, blobs: Iterable[bytes] = ()) -> int:
        with self._lock:
            if self._process is None:
                raise ending() if self._ends else _anew("it has ended")
            try:
                self._control.settimeout(KEEPER_S)
                if fd is not None:
                    socket.send_fds(self._control, [act], [fd])
                else:
                    self._control.sendall(act)
                if act in (b"a", b"r"):
                    send(self._control, {}, blobs, time.monotonic() + KEEPER_S)
                return self._answer()
            except (OSError, Broken) as error:
                raise (ending() if self._ends else _anew(self._lost("was lost", str(error)))) from error

    def _answer(self) -> int:
        self._control.settimeout(KEEPER_S)
        answer = self._control.recv(_PID.size, socket.MSG_WAITALL)
        if len(answer) != _PID.size:
            raise Broken("it has ended")
        return int(_PID.unpack(answer)[0])

    def _lost(self, what: str, why: str) -> str:
        """Let go of what is left of it; why, in one line. The log has the end of what it said."""
        said = self._let_go()
        _log.error("the process that parses and queries %s: %s%s", what, why, f"\n{said}" if said else "")
        return said.splitlines()[-1] if said else why

    def _let_go(self) -> str:
        """End it, once; the end of what it said."""
        process, self._process = self._process, None
        self._control.close()
        if process is not None:
            process.kill()
            process.wait()
        if self._said.closed:
            return ""
        with self._said as said:
            said.seek(max(0, said.seek(0, os.SEEK_END) - SAID_MAX))
            return said.read().decode(errors="replace").strip()


def _anew(why: str) -> Problem:
    return busy(f"the process that parses and queries is started anew ({why}): try again")


class Job:
    """A forked job that waits for its orders."""

    def __init__(self, keeper: Keeper, pid: int, peer: socket.socket) -> None:
        self._keeper, self._pid, self._peer = keeper, pid, peer

    def run(
        self, header: dict[str, Any], blobs: Sequence[bytes], *, seconds: float, memory: int, answer: int
    ) -> tuple[dict[str, Any], bytes]:
        """Give the job its orders, and wait for its answer of at most `answer` bytes. Raises `Died`, `Problem` (503)."""
        deadline = time.monotonic() + seconds
        orders = {**header, "cpu_s": int(seconds) + 1, "memory": memory}
        try:
            send(self._peer, orders, blobs, deadline)
            return receive(self._peer, answer, deadline)
        except TimeoutError:
            raise Died("time") from None
        except Broken:
            raise Died(_reason(self._reaped())) from None
        finally:
            self.end()

    def end(self) -> None:
        """End the process if it still runs. A second call does nothing."""
        with suppress(Problem):  # its keeper has ended, and it with it
            self._reaped()

    def _reaped(self) -> int:
        pid, self._pid = self._pid, 0
        self._peer.close()
        return self._keeper.reap(pid) if pid else 0


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "time"
    out_of_memory = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGABRT, signal.SIGKILL)
    return "memory" if out_of_memory else "fault"


class Sandbox:
    """One keeper at a time, and places for its jobs. Safe from any thread; `close` ends the keeper, and no other follows."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places, self._queue = BoundedSemaphore(JOBS_MAX), BoundedSemaphore(JOBS_MAX + WAITING_MAX)
        self._keeper: Keeper | None = None
        self._closed = False

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

    def keeper(self) -> Keeper:
        """The keeper that runs, started where there is none. Raises `Problem` (503) when none can be had."""
        with self._lock:
            if self._closed:
                raise ending()
            if self._keeper is None or not self._keeper.runs():
                self._keeper = None
                self._keeper = Keeper()
            return self._keeper

    def close(self) -> None:
        """End the keeper and what it has forked. A second call does nothing."""
        with self._lock:
            self._closed = True
            if self._keeper is not None:
                self._keeper.end()
