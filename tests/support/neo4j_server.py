"""A real Neo4j Community server on a free loopback port, with a folder of its own; one for a test session, ended by its own pid."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from neo4j import GraphDatabase

from tests.support.ending import end
from tests.support.mosquitto import free_port
from tests.support.tools import need

START = Path(__file__).parents[2] / "docker" / "neo4j-local" / "start"
INSTALL_S = 600
READY_S = 120
STOP_S = 30
FAST_START = "-XX:TieredStopAtLevel=1"  # a third less processor time over the suite: a test's server never gets warm


class Neo4jServer:
    """`start`, `stop` (clean) or `kill`, and `start` again on the same folder and port."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder, self.port = folder, free_port()
        self._password = password
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where drivers reach it."""
        return f"bolt://127.0.0.1:{self.port}"

    def start(self) -> Neo4jServer:
        """Start it; returns when it answers. Fails with what it printed when it ends before, or is not ready in `READY_S`."""
        self._process = subprocess.Popen(
            [str(START), str(self.folder), str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "NEO4J_LOCAL_PASSWORD": self._password, "JDK_JAVA_OPTIONS": FAST_START},
        )
        guard = threading.Timer(READY_S, self._process.kill)
        guard.start()
        printed = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            printed.append(line)
            if line.startswith("ready "):
                break
        else:
            self.kill()
            pytest.fail("Neo4j did not start:\n" + "".join(printed[-30:]))
        guard.cancel()
        return self

    def stop(self) -> None:
        """End it cleanly; a second call does nothing."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(kill=True)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For a while it gets no processor time: it accepts connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, signal.SIGKILL if kill else signal.SIGTERM, STOP_S)


def install() -> None:
    """Have Java and the server's jars; skip, or fail under CI=true, when they cannot be had."""
    need("javac")
    if not (START.parent / "lib").is_dir():
        need("mvn")
    subprocess.run([str(START), "--install"], check=True, timeout=INSTALL_S)


@cache
def shared_server() -> Neo4jServer:
    """The one server of this test process, started at its first use."""
    install()
    folder = Path(tempfile.mkdtemp(prefix="ridethrough-neo4j-"))
    server = Neo4jServer(folder).start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)  # its folder goes too
    return server


def emptied() -> str:
    """The address of the shared server, with nothing in its database."""
    url = shared_server().url
    with GraphDatabase.driver(url) as driver, driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()
    return url


@pytest.fixture
def neo4j_url() -> str:
    """The address of a real Neo4j whose database is empty."""
    return emptied()
