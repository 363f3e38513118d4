"""The real service killed at every named step of ingest and history under three loads, and at random moments (reliability reference 8: F1,
F2); a real mosquitto, the history in files and in PostgreSQL, and one checker (`tests.support.sent`).

A run takes a few cases; `./dev random 1000 tests/faults/test_service_killed.py` takes every step under every load, and 1,000 kills.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.support.crashing import Crashing, Nursery
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import SITE
from tests.support.postgres import shared
from tests.support.random_cases import cases
from tests.support.sent import KEPT_DAYS, Sent, broken
from tests.support.wired import quads_of, wait_until
from twin.compose import open_ledger
from twin.settings import Settings
from twin.sync import Wish

LOADS = ("single", "batch", "backlog")
"""One value a message; many; both, said while the service is away."""
COMES_IN = ("ingest.absorbed", "ingest.kept", "mqtt.taken", "mqtt.acknowledged")
STEPS = {
    "files": (*COMES_IN, "history.append.written", "history.append.done"),
    "postgres": (*COMES_IN, "history.append.copied", "history.append.done"),
}
"""The steps of the way in."""
CARE = {
    "files": (
        *(f"history.{name}" for name in ("seal.written", "seal.done", "raw.placed", "minute.placed", "hour.placed")),
        *(f"history.{name}" for name in ("merge.written", "merge.done", "add.written", "dropped")),
    ),
    "postgres": ("history.roll.written", "history.roll.done", "history.dropped"),
}
"""The steps of looking after what came before: soon after a start."""
STARTS, BITES_S = 6, 10.0


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """What forks services."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def chance() -> random.Random:
    """Another one each time; its seed is printed."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - to have a failure again
    return random.Random(seed)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto with some messages under way at once: several batches."""
    broker = Mosquitto(tmp_path, "autosave_on_changes false\n").start()
    yield broker
    broker.stop()


@pytest.fixture(params=["files", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Where the history is."""
    return str(request.param)


@pytest.fixture
def service(kind: str, nursery: Nursery, broker: Mosquitto, tmp_path: Path) -> Iterator[Crashing]:
    """A service with four points, not started."""
    history = shared().emptied() if kind == "postgres" else ""
    service = nursery.service(tmp_path / "service", mqtt_url=broker.url, history=history, history_days=KEPT_DAYS)
    opened = open_ledger(Settings.model_validate({"data": service.data}), "test", read_only=False)
    opened.ledger.sync(Wish("test", quads_of(SITE)), author="test", reason="the site")
    opened.close()
    yield service
    service.close()


@pytest.fixture
def sent(service: Crashing, broker: Mosquitto, chance: random.Random) -> Iterator[Sent]:
    """The plant; the broker knows the service."""
    service.start()
    service.wait()
    sent = Sent(broker.port, chance)
    sent.say("single", 0)
    yield sent
    sent.close()


def holds(sent: Sent, service: Crashing) -> bool:
    """Whether the checker comes to have nothing to say."""
    service.wait()
    return wait_until(lambda: not broken(sent, service))


def speak(sent: Sent, turn: int, silent: Event) -> None:
    """Say both loads until told to be silent: whatever happens meanwhile happens to something that is under way."""
    while not silent.is_set():
        sent.say("single", turn)
        sent.say("batch", turn)


def killed(service: Crashing, sent: Sent, step: str, load: str, turn: int, occurrence: int, *, care: bool) -> bool:
    """Have a running service die at a step under a load. Whether it has."""
    sent.say("single" if load == "backlog" else load, turn, 3)
    if care or load == "backlog":
        service.kill()
        if load == "backlog":
            sent.say("single", turn, 6)
            sent.say("batch", turn, 6)
        service.arm(step, occurrence)
        service.start()
    else:
        service.arm(step, occurrence)
    for _ in range(STARTS):
        until = time.monotonic() + BITES_S
        while not service.ended(0.1) and time.monotonic() < until:
            sent.say("batch" if load == "batch" else "single", turn)
        if service.ended():
            break
        service.kill()  # what is looked after is what came before a start
        service.start()
    return service.ended() and not service.armed


@pytest.mark.random
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(kind: str, service: Crashing, sent: Sent, chance: random.Random) -> None:
    """F1. After each the service starts, has everything that the broker had acknowledged in history once, and the newest is current."""
    every = [(step, load, step in CARE[kind]) for step in (*STEPS[kind], *CARE[kind]) for load in LOADS]
    chance.shuffle(every)

    for turn, (step, load, care) in enumerate(every[: cases(2)], 1):
        bit = killed(service, sent, step, load, turn, 1 if care else chance.randint(1, 3), care=care)
        assert bit, f"the fault must bite at {step}, {load}\n{service.log()}"
        service.start()
        assert holds(sent, service), (step, load, broken(sent, service), service.log())


@pytest.mark.random
def test_a_kill_at_any_moment_loses_nothing_and_doubles_nothing(kind: str, service: Crashing, sent: Sent, chance: random.Random) -> None:
    """F2. Now while it takes what is said, now while it starts; after each that it has lived through, the same as above."""
    for turn in range(1, cases(2) + 1):
        silent = Event()
        speaking = Thread(target=speak, args=(sent, turn, silent))
        speaking.start()
        try:
            time.sleep(chance.uniform(0.0, 0.5))
            service.kill()
            if chance.random() < 0.5:
                service.start()
                time.sleep(chance.uniform(0.0, 1.5))
                service.kill()
        finally:
            silent.set()
            speaking.join()
        service.start()
        assert holds(sent, service), (turn, broken(sent, service), service.log())
