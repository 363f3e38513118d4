"""Servers of tests that go wrong leave nothing running: their handles are waited for, which Python warns about otherwise."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import mosquitto
from tests.support.ending import end
from tests.support.mosquitto import Mosquitto

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def test_a_server_that_does_not_end_when_it_is_asked_is_killed_and_told() -> None:
    """The test that it belongs to fails, and nothing of it is left."""
    server = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
    assert server.stdout is not None
    server.stdout.readline()

    with pytest.raises(subprocess.TimeoutExpired):
        end(server, signal.SIGTERM, 0.2)

    assert server.returncode == -signal.SIGKILL


def test_a_broker_that_is_not_there_in_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked for it hears why, and has no process to end: it does not come later."""
    broker = Mosquitto(tmp_path)
    monkeypatch.setattr(mosquitto, "listens", lambda _port: False)

    with pytest.raises(AssertionError, match="does not listen"):
        broker.start()

    monkeypatch.undo()
    assert not mosquitto.listens(broker.port, 1)
