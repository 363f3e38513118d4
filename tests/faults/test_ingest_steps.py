"""The way of a value from broker to history, killed at each of its named steps under several loads, flooded after an absence, and on a disk
that is full (reliability reference 8: F1, F4, F8): what was acknowledged is in history once, and the newest is current."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from graph import steps
from graph.history import DAY_MS
from tests.faults.test_mqtt_ingest import HEAD, Speaker
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import POINTS, Line
from tests.support.wired import wait_until

MESSAGES = 40
STEPS = (
    "ingest.absorbed",
    "history.append.written",
    "history.append.done",
    "ingest.kept",
    "mqtt.taken",
    "mqtt.acknowledged",
    "history.seal.written",
    "history.seal.done",
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that has some messages under way at once: several batches, each step several times."""
    broker = Mosquitto(tmp_path, "autosave_on_changes false\n").start()
    yield broker
    broker.stop()


@pytest.fixture
def device(broker: Mosquitto) -> Iterator[Speaker]:
    """One that says what the broker has acknowledged."""
    device = Speaker(broker.port)
    yield device
    device.close()


class Told:
    """What a device has said of each point."""

    def __init__(self, device: Speaker) -> None:
        self.device = device
        self.of: list[dict[int, float]] = [{} for _ in POINTS]
        self._count = 0

    def say(self, load: str) -> int:
        """So many messages of a load; returns how many, when the broker has them."""
        payloads = []
        for _ in range(MESSAGES):
            self._count += 1
            at, value = self.device.at + self._count, float(self._count)
            if load == "many":
                for said in self.of:
                    said[at] = value
                payloads.append((HEAD + "$batch", orjson.dumps({"p": [f"p{n}" for n in range(4)], "v": [value] * 4, "t": at})))
                continue
            point = self._count % 4 if load == "mixed" else 0
            if load == "mixed" and self._count % 5 == 0:
                payloads.append((HEAD + f"p{point}", b"warm"))
                continue
            self.of[point][at] = value
            payloads.append((HEAD + f"p{point}", orjson.dumps({"v": value, "t": at})))
        self.device.raw(payloads)
        return len(payloads)


def killed(work: Callable[[], None], step: str, occurrence: int) -> bool:
    """Do the work in a fork that kills itself when it comes to the step for that time. Whether it has."""
    child = os.fork()
    if child == 0:
        left = occurrence

        def watcher(reached: str) -> None:
            nonlocal left
            if reached == step:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            steps.watch(watcher)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def drain(folder: Path, port: int, messages: int) -> None:
    """Take what waits, and put it in order."""
    line = Line(folder, port)
    wait_until(lambda: line.wire.status().messages >= messages, 10)
    line.history.maintain(round(time.time() * 1000) + DAY_MS)
    line.close()


def test_a_kill_at_any_step_of_the_way_loses_nothing_and_doubles_nothing(tmp_path: Path, broker: Mosquitto, device: Speaker) -> None:
    """Each step under each of three loads: one point, many points with poison among them, batches; the first time and a later one."""
    told = Told(device)
    Line(tmp_path, broker.port).close()  # the broker knows us from now on; a fork has the kernels that this process has
    bitten = set()

    for number, step in enumerate(STEPS):
        for load in ("one", "mixed", "many"):
            messages = told.say(load)
            sealing = step.startswith("history.seal")
            bit = killed(lambda: drain(tmp_path, broker.port, messages), step, 0 if sealing else number % 3)  # noqa: B023 - called at once
            bitten |= {step} if bit else set()
            line = Line(tmp_path, broker.port)
            assert wait_until(lambda: [line.kept(point) for point in POINTS] == told.of), (step, load)  # noqa: B023 - as above
            line.close()

    line = Line(tmp_path, broker.port)
    told.say("many")
    assert wait_until(lambda: [line.current.many(POINTS).observed_at.max()] == [max(told.of[0])])
    line.close()
    assert bitten == set(STEPS), f"the fault must bite at each step: {set(STEPS) - bitten} did not"


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_backlog_after_an_absence_is_taken_whole_within_bounds(tmp_path: Path, broker: Mosquitto, device: Speaker) -> None:
    """F4, scaled: 6,000 messages wait at the broker; all of them are taken, inside there wait no more than the socket gives at once, memory
    does not follow."""
    line = Line(tmp_path, broker.port)
    line.close()
    device.say(6_000)

    before = resident()
    line = Line(tmp_path, broker.port, queue_messages_max=1_000)
    most = 0

    def done() -> bool:
        nonlocal most
        most = max(most, line.wire.status().queued)
        return line.wire.status().messages >= 6_000

    assert wait_until(done, 60)
    grown = resident() - before
    assert line.kept(POINTS[0]) == device.said
    assert line.current.get(POINTS[0]).value == 6_000.0  # type: ignore[union-attr]  # the site has it
    assert 0 < most < 5_000
    assert grown < 200 << 20
    line.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 2 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_stops_history_and_no_current_value_and_what_is_missed_is_counted(
    small_disk: Path, broker: Mosquitto, device: Speaker
) -> None:
    """F8: values go on while history cannot; every row that it does not have is counted; with room it goes on without a restart."""
    line = Line(small_disk, broker.port)
    device.say(50)
    assert wait_until(lambda: len(line.kept(POINTS[0])) == 50)

    with (small_disk / "ballast").open("wb", buffering=0) as ballast:
        try:
            while ballast.write(b"x" * 1024):
                pass
        except OSError:
            pass
    told = ""
    while not told and len(device.said) < 5_000:  # what is left of the last page of a file may still take some
        device.say(200)
        assert wait_until(lambda: line.current.get(POINTS[0]).value == len(device.said))  # type: ignore[union-attr]  # the site has it
        told = line.history.status().error
    missed_until = len(device.said)
    (small_disk / "ballast").unlink()
    device.say(50)

    assert "the disk is full" in told, "the fault must bite"
    assert wait_until(lambda: line.wire.status().messages >= len(device.said))
    kept = line.kept(POINTS[0])
    assert kept.items() <= device.said.items()
    assert {at for at in device.said if device.said[at] > missed_until} <= kept.keys()
    assert len(kept) == len(device.said) - line.ingest.history_missed
    assert line.history.status().error == ""
    line.close()
