"""The RDF face in the real service: behind the same gate as everything, with bounds of its own, and gone with the service."""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # it has no types
import pytest

from twin import main
from twin.settings import Settings

TURTLE = {"content-type": "text/turtle"}


@contextmanager
def service(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """`ridethrough serve` on a free port, until it is told to end."""
    command = [str(Path(sys.executable).with_name("ridethrough")), "serve", "--data", str(folder), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder) as process:
        assert process.stdout is not None
        try:
            line = next(line for line in process.stdout if "http://" in line)
            with httpx.Client(base_url=line[line.index("http://") :].split()[0], timeout=60) as client:
                yield process, client
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def keepers(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children(recursive=True) if "adapters.rdf.sandbox.keeper" in child.cmdline()]


def test_the_service_syncs_and_answers_over_rdf_and_leaves_no_process_behind(tmp_path: Path) -> None:
    """A document longer than other bodies may be is taken at /rdf; both keepers run without our environment; they end with the service.
    What was put is there at the next start; when that run is killed, its keeper ends, too."""
    long = "\n".join(f'<urn:a> <urn:p> "{"x" * 100} {n}" .' for n in range(5000))
    with service(tmp_path) as (process, client):
        put = client.put("/rdf?source=bms", content=long, headers=TURTLE)
        other = client.post("/graphql", content=b"x" * 600_000, headers={"content-type": "application/json"})
        foreign = client.get("/rdf", headers={"host": "evil.example"})
        asked = client.get("/sparql", params={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}, headers={"accept": "text/csv"})
        feed = client.get("/rdf/changes")
        ours = keepers(psutil.Process(process.pid))
        environments = [set(keeper.environ()) for keeper in ours]

    assert (put.status_code, other.status_code, foreign.status_code, feed.status_code) == (201, 413, 421, 200)
    assert asked.text.split() == ["n", "5000"]
    assert put.headers["x-content-type-options"] == "nosniff"
    assert len(ours) == 2
    assert all("PATH" not in names and "HOME" not in names for names in environments)
    psutil.wait_procs(ours, timeout=5)
    assert not any(keeper.is_running() for keeper in ours)

    with service(tmp_path) as (process, client):
        again = client.get("/rdf?source=bms", headers={"accept": "application/n-triples"})
        client.get("/sparql", params={"query": "ASK {}"}).raise_for_status()
        ours = keepers(psutil.Process(process.pid))
        process.kill()
        process.wait(timeout=10)
    _, alive = psutil.wait_procs(ours, timeout=10)

    assert len(again.text.splitlines()) == 5000
    assert (len(ours), alive) == (1, [])


@pytest.mark.skipif(sys.platform != "linux", reason="the bound is Linux's")
def test_who_leaves_what_is_sent_untaken_loses_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """No matter how little it is: readers of events that never read do not keep their places."""
    monkeypatch.setattr(main, "STALLED_MS", 500)
    with main.listener(Settings.model_validate({"port": 0})) as port, socket.socket() as reader:
        port.listen()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        reader.connect(port.getsockname())
        ours, _ = port.accept()
        with ours:
            ours.sendall(bytes(50_000))
            with pytest.raises(OSError, match="timed out") as ended:
                ours.recv(1)

    assert ended.value.errno == errno.ETIMEDOUT
