"""The service as processes of their own, as a person starts them: to be asked over HTTP, killed, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
import orjson

from tests.support.ending import end
from tests.support.mosquitto import free_port
from tests.support.wired import wait_until

READY_S = 120.0
"""How long a start may take: the first of a machine compiles."""
END_S = 60.0
"""How long an end may take."""


class Process:
    """`ridethrough serve` with settings, in a folder of its own."""

    def __init__(self, folder: Path, **settings: object) -> None:
        """Nothing is started before `start`."""
        self.folder, self._settings = folder, settings
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **more: str) -> Process:
        """Start it; returns at once. `more` stands in its environment."""
        return self.start_as("serve", **more)

    def start_as(self, *verb: str, **more: str) -> Process:
        """The same, as another verb that serves."""
        given = {"data": self.folder / "data", "port": self.port, "log_level": "warning", **self._settings}
        self.folder.mkdir(exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RIDETHROUGH_")}
        environment |= {f"RIDETHROUGH_{name.upper()}": str(value) for name, value in given.items()} | more
        with (self.folder / "log").open("ab") as log:
            words = [sys.executable, "-m", "twin.cli.app", *verb]
            self._process = subprocess.Popen(words, cwd=Path(__file__).parents[2], env=environment, stdout=log, stderr=log)
        return self

    def wait(self) -> Process:
        """Returns when it is ready, and everything that it reads answers."""
        try:
            assert wait_until(self._ready, READY_S), self.log()
        except AssertionError:
            self.kill()
            raise
        return self

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        time.sleep(0.1)
        told = self._told()
        return bool(told) and bool(told["ready"]) and not told["away"]

    def away(self) -> list[str]:
        """What it says does not answer now."""
        return list(self._told().get("away", ()))

    def _told(self) -> dict[str, Any]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                told: dict[str, Any] = orjson.loads(answer.read())
        except (OSError, ValueError):
            return {}
        return told

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a GraphQL query."""
        answer = httpx.post(f"http://127.0.0.1:{self.port}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as a service manager does."""
        self._end(signal.SIGTERM)

    def ended(self, timeout_s: float = END_S) -> int:
        """The code with which it has ended by itself."""
        assert self._process is not None
        code = self._process.wait(timeout_s)
        self._process = None
        return code

    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, number, END_S)
