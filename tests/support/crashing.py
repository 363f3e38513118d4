"""The real service in processes that a test kills: each `ridethrough serve`, in a fork of one that has everything imported and compiled, so
that a start costs a second and not ten.

`python -m tests.support.crashing` reads one line of JSON for each start (`environment`, `log`, `crash`) and answers with its number. While
the file `crash` says `STEP COUNT`, the service kills itself when it comes to that step for the COUNTth time; the file is gone then.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson

from graph import steps
from graph.history import DAY_MS
from tests.support.mosquitto import free_port
from tests.support.wired import wait_until

PR_SET_PDEATHSIG = 1
END_S = 60.0
"""How long a start or an end may take."""


class Nursery:
    """What forks services; `close` ends it and them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crashing"], cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._born: list[Crashing] = []

    def service(self, folder: Path, **settings: object) -> Crashing:
        """A service with settings, in a folder of its own; nothing is started."""
        service = Crashing(self, folder, settings)
        self._born.append(service)
        return service

    def fork(self, **asked: object) -> int:
        """The number of a new process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(asked) + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End all of them."""
        for service in self._born:
            service.close()
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


class Crashing:
    """One service: `start`, `arm`, `kill`, `stop`, and what it says over HTTP while it runs."""

    def __init__(self, nursery: Nursery, folder: Path, settings: dict[str, object]) -> None:
        folder.mkdir(exist_ok=True)
        self._nursery, self._log, self._crash, self._running = nursery, folder / "log", folder / "crash", -1
        self._pid = 0
        self.data, self.port = folder / "data", free_port()
        given = {"data": self.data, "port": self.port, "log_level": "warning", **settings}
        self._environment = {f"RIDETHROUGH_{name.upper()}": str(value) for name, value in given.items()}
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=60)

    def start(self) -> None:
        """Start it; returns at once."""
        self._pid = self._nursery.fork(environment=self._environment, log=str(self._log), crash=str(self._crash))
        self._running = os.pidfd_open(self._pid)

    def arm(self, step: str, count: int = 1) -> None:
        """Have it die when it comes to that step for that time from now on."""
        part = self._crash.with_suffix(".part")
        part.write_text(f"{step} {count}", encoding="utf-8")
        part.replace(self._crash)

    @property
    def armed(self) -> bool:
        """Whether a step still waits to be reached."""
        return self._crash.exists()

    def ended(self, timeout_s: float = 0.0) -> bool:
        """Whether it is gone, within `timeout_s`."""
        if self._running >= 0 and select.select([self._running], [], [], timeout_s)[0]:
            os.close(self._running)
            self._running = -1
        return self._running < 0

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as a service manager does."""
        self._end(signal.SIGTERM)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._http.close()

    def _end(self, how: signal.Signals) -> None:
        if not self.ended():
            signal.pidfd_send_signal(self._running, how)
            assert self.ended(END_S), self.log()

    def log(self) -> str:
        """What it has said so far."""
        said = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        return "\n".join(line for line in said.splitlines() if not line.startswith("Ridethrough serves"))

    # -- what it says ---------------------------------------------------------------------------------------------

    def answers(self) -> bool:
        """Whether it can be asked."""
        try:
            return self._http.get("/values").status_code == 200
        except httpx.TransportError:
            return False

    def wait(self) -> None:
        """Returns when it can be asked."""
        assert wait_until(lambda: self.ended() or self.answers(), END_S), self.log()
        assert not self.ended(), self.log()

    def _asked(self, path: str, **given: object) -> Any:
        answer = self._http.get(path, params={name: str(value) for name, value in given.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _ready(self) -> Any:
        return self._http.get(f"http://127.0.0.1:{self.port}/readyz").json()

    def away(self) -> list[str]:
        """What it says does not answer."""
        return list(self._ready()["away"])

    def reasons(self) -> list[str]:
        """Why it says that it is not ready."""
        return list(self._ready()["reasons"])

    def memory(self) -> int:
        """Bytes of memory that it has."""
        return int(Path(f"/proc/{self._pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def metric(self, name: str) -> float:
        """A number of its own, all rows of it together."""
        lines = self._http.get(f"http://127.0.0.1:{self.port}/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.partition("{")[0].partition(" ")[0] == name)

    def samples(self, point: str, since_ms: int, until_ms: int) -> list[tuple[int, float]]:
        """All numbers of a point in history, by source time."""
        (found,) = self._asked("/history", point=point, since=since_ms, until=until_ms, limit=1_000_000)["series"]
        assert found["next"] is None
        rows = zip(found["observed_at"], found["values"], strict=True)
        return [(at, value) for at, value in rows if value is not None]

    def counted(self, point: str, since_ms: int, until_ms: int) -> dict[int, int]:
        """How many numbers history has counted of a point, by day."""
        (found,) = self._asked("/history", point=point, since=since_ms, until=until_ms, step=86_400)["series"]
        return {start // DAY_MS: int(count) for start, count in zip(found["start"], found["count"], strict=True)}

    def current(self, point: str) -> tuple[int, float] | None:
        """The current value of a point with its source time."""
        found = self._asked("/values", point=point)
        value = found["values"][0]
        return None if value is None else (found["observed_at"][0], value)


def main() -> None:
    """See the head of this file."""
    import twin.main  # noqa: F401, PLC0415 - the fork has it
    from adapters.history.warm import warm  # noqa: PLC0415 - as above

    warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while asked := sys.stdin.buffer.readline():
        child = os.fork()
        if child == 0:
            _live(**orjson.loads(asked))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _live(environment: dict[str, str], log: str, crash: str) -> None:
    """The life of a service; it does not come back."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a test that is killed leaves none behind
        for number in (1, 2):
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for name in [name for name in os.environ if name.startswith("RIDETHROUGH_")]:
            del os.environ[name]
        os.environ.update(environment)
        steps.watch(_Watcher(Path(crash)))
        sys.argv = ["ridethrough", "serve"]
        from twin.cli.app import main as serve  # noqa: PLC0415 - it is asked for what the environment says

        serve()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Watcher:
    """Kills this process at the step that a file names."""

    def __init__(self, crash: Path) -> None:
        self._crash, self._seen = crash, 0

    def __call__(self, step: str) -> None:
        try:
            wanted, count = self._crash.read_text(encoding="utf-8").split()
        except OSError:
            return
        if step == wanted:
            self._seen += 1
            if self._seen >= int(count):
                self._crash.unlink()
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
