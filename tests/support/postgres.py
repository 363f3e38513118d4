"""A real PostgreSQL on a free loopback port, with a folder of its own; it can be killed and started again, and is ended by its own pid."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from tests.support.ending import end
from tests.support.mosquitto import free_port, listens
from tests.support.tools import need

USER = "postgres"
"""Who runs it where the tests are root: it refuses to."""
_numbers = count(1)


class Postgres:
    """`start`, `stop` (clean) or `kill`, and `start` again on the same folder and port."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """`durable`: with fsync, for what is timed; a killed process loses nothing without it either."""
        self._folder, self.port = folder / "postgres", free_port()
        self._bin = _programs()
        self._user = USER if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, USER)
        options = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", f"--pgdata={self._folder}", *options)
        self._options = [] if durable else ["-c", "fsync=off"]
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Where clients reach a database of it."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def emptied(self) -> str:
        """The address of a new, empty database."""
        name = f"test{next(_numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> Postgres:
        """Start it; returns when it answers."""
        place = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}", "-c", "max_connections=40"]
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", self._folder, "-p", str(self.port), *place, *self._options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self._folder,
        )
        assert listens(self.port, 20.0), f"PostgreSQL does not listen on {self.port}"
        until = time.monotonic() + 20
        while subprocess.run([self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode:
            assert time.monotonic() < until, "PostgreSQL listens and is not ready"
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End it cleanly; a second call does nothing."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once: its children notice, and it recovers at the next start."""
        self._end(signal.SIGQUIT)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For a while it gets no processor time, nor do its children: it accepts connections and answers nothing."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii").split()
        pids = [self._process.pid, *map(int, children)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, how, 20)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run([self._bin / program, *words], capture_output=True, text=True, user=self._user, cwd="/", check=False)
        assert done.returncode == 0, f"{program}: {done.stdout[-500:]}{done.stderr[-500:]}"


@contextmanager
def served(*, durable: bool = False) -> Iterator[Postgres]:
    """A server of one's own, for a while."""
    folder = Path(tempfile.mkdtemp(prefix="ridethrough-postgres-"))
    server = Postgres(folder, durable=durable)
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@cache
def shared() -> Postgres:
    """One server for a whole run of the tests."""
    held = served()
    atexit.register(held.__exit__, None, None, None)
    return held.__enter__()


def _programs() -> Path:
    """Where its programs are: Debian keeps them off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else Path(need("initdb")).parent
