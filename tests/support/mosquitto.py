"""A real mosquitto on a free loopback port, with a folder of its own; it can be killed and started again, and is ended by its own pid."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.support.ending import end
from tests.support.tools import need


def free_port() -> int:
    """A TCP port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int, timeout_s: float = 5.0) -> bool:
    """Whether something accepts connections on the loopback port within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False


class Mosquitto:
    """`start`, `stop` (clean: what it holds for its clients is saved) or `kill`, and `start` again on the same port."""

    def __init__(self, folder: Path, settings: str = "", queued_max: int = 100_000) -> None:
        """`settings`: more lines of its configuration, of the listener; `queued_max`: messages kept for who is away, 0 for no bound."""
        self.port = free_port()
        self._program = need("mosquitto")
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
            f"autosave_interval 1\nautosave_on_changes true\nmax_queued_messages {queued_max}\nlog_type none\nuser root\n" + settings,
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> Mosquitto:
        """Start it; returns when it accepts connections."""
        self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not listens(self.port):
            self.kill()
            raise AssertionError(f"mosquitto does not listen on {self.port}")
        return self

    def stop(self) -> None:
        """End it cleanly."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(kill=True)

    def pause(self) -> None:
        """Stop its process where it stands: connections stay open and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, signal.SIGKILL if kill else signal.SIGTERM, 20)
