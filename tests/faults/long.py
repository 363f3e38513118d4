"""Faults that take too long for a test, with the real service (reliability reference 8: F4, F5). One JSON row each.

`python -m tests.faults.long backlog MESSAGES`: the way to the broker is cut, so many messages are said, it heals: how fast they are taken,
how long a question for the current values takes meanwhile, what memory becomes.
`python -m tests.faults.long postgres SECONDS` and `… neo4j SECONDS`: the database is killed, and started again after so long, while values
come: whether current values went on, how long it took to be normal again, and what history has of them.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

import numpy as np

from bench.mqtt_speaker import Speaker, write
from tests.support.crashing import Crashing, Nursery
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import POINTS, SITE
from tests.support.neo4j_server import Neo4jServer, install
from tests.support.postgres import Postgres, served
from tests.support.proxy import Proxy
from tests.support.sent import HEAD, Sent, broken
from tests.support.wired import quads_of, wait_until
from twin.compose import open_ledger
from twin.settings import Settings
from twin.sync import Wish

LIVE = 20_000
"""Messages before the cut: what memory is measured against."""
DRAINED_S = 600.0
NORMAL_S = 120.0
Row = Mapping[str, object]


def service_of(nursery: Nursery, folder: Path, **settings: object) -> Crashing:
    """A service with the four points, running."""
    service = nursery.service(folder / "service", **settings)
    given = {"data": service.data, **{name: settings[name] for name in ("store",) if name in settings}}
    opened = open_ledger(Settings.model_validate(given), "test", read_only=False)
    opened.ledger.sync(Wish("test", quads_of(SITE)), author="test", reason="the site")
    opened.close()
    service.start()
    service.wait()
    assert wait_until(lambda: not service.away(), 60), service.log()
    return service


def taken(service: Crashing) -> int:
    """Messages that it has taken."""
    return round(service.metric("ridethrough_wire_messages_total"))


def backlog(messages: int) -> Row:
    """F4."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = Mosquitto(folder, "persistence false\nmax_inflight_messages 200\nset_tcp_nodelay true\n", queued_max=0).start()
        stack.callback(broker.stop)
        proxy = Proxy(broker.port).start()
        stack.callback(proxy.close)
        nursery = Nursery()
        stack.callback(nursery.close)
        service = service_of(nursery, folder, mqtt_url=f"mqtt://127.0.0.1:{proxy.port}")
        speaker = Speaker(broker.port)
        stack.callback(speaker.close)
        begin = round(time.time() * 1000) - 7_200_000

        def say(first: int, count: int) -> None:
            topics = [f"{HEAD}p{n}" for n in range(4)]
            write(folder / "said", ((topics[n % 4], b'{"v":%d,"t":%d}' % (n, begin + n)) for n in range(first, first + count)), 1)
            speaker.load(folder / "said", count)
            speaker.begin()
            speaker.ended()

        say(0, LIVE)
        assert wait_until(lambda: taken(service) >= LIVE, 60)
        before, waits = service.memory(), list[float]()
        proxy.cut()
        proxy.drop()
        assert wait_until(lambda: bool(service.away())), "the fault must bite"
        say(LIVE, messages)
        most, begun, low = before, time.perf_counter(), taken(service)
        proxy.heal()
        while taken(service) < low + messages:
            most = max(most, service.memory())
            asked = time.perf_counter()
            assert service.answers()
            waits.append(time.perf_counter() - asked)
            assert time.perf_counter() - begun < DRAINED_S, taken(service)
            time.sleep(0.05)
        took = time.perf_counter() - begun
        kept = [len(service.samples(point, 0, begin + 10_000_000)) for point in POINTS]
        return {
            "fault": "F4 backlog",
            "messages": messages,
            "drained_s": took,
            "messages_s": messages / took,
            "asked_p95_ms": 1000 * float(np.percentile(waits, 95)),
            "memory_before_mb": before / 1e6,
            "memory_most_mb": most / 1e6,
            "kept": sum(kept),
            "said": LIVE + messages,
        }


def away(kind: str, seconds: float) -> Row:
    """F5."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = Mosquitto(folder).start()
        stack.callback(broker.stop)
        nursery = Nursery()
        stack.callback(nursery.close)
        server, settings = _database(kind, folder, stack)
        service = service_of(nursery, folder, mqtt_url=broker.url, **settings)
        sent = Sent(broker.port, random.Random(1))
        stack.callback(sent.close)
        silent, wrong, ages = Event(), list[str](), list[float]()
        speaking = Thread(target=_speak, args=(sent, silent))
        speaking.start()
        try:
            time.sleep(5)
            server.kill()
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                ages.append(_age_s(service))
                told = service.away() if kind == "postgres" else service.reasons()
                if not told and time.monotonic() > until - seconds + 15:
                    wrong.append("it is not told that the database is away")
                time.sleep(0.5)
            server.start()
            begun = time.monotonic()
            normal = wait_until(lambda: not service.away() and not service.reasons(), NORMAL_S)
            took = time.monotonic() - begun
            time.sleep(5)
        finally:
            silent.set()
            speaking.join()
        assert wait_until(lambda: all(_current(sent, service))), service.log()
        found = broken(sent, service)
        return {
            "fault": f"F5 {kind} away",
            "away_s": seconds,
            "values_age_p99_s": float(np.percentile(ages, 99)),
            "normal": normal,
            "normal_after_s": took,
            "said": sum(map(len, sent.said)),
            "missed": service.metric("ridethrough_history_missed_readings_total"),
            "not_in_history": found,
            "wrong": wrong[:3],
        }


def _speak(sent: Sent, silent: Event) -> None:
    while not silent.wait(0.2):
        sent.say("single", 0, days=False)


def _age_s(service: Crashing) -> float:
    """How old the newest current value is."""
    return time.time() - max((service.current(point) or (0, 0.0))[0] for point in POINTS) / 1000


def _current(sent: Sent, service: Crashing) -> list[bool]:
    return [service.current(point) == max(said.items()) for point, said in zip(POINTS, sent.said, strict=True)]


def _database(kind: str, folder: Path, stack: ExitStack) -> tuple[Postgres | Neo4jServer, dict[str, object]]:
    """The server, and the settings that name it."""
    if kind == "postgres":
        postgres = stack.enter_context(served())
        return postgres, {"history": postgres.emptied()}
    install()
    neo4j = Neo4jServer(folder / "neo4j").start()
    stack.callback(neo4j.stop)
    return neo4j, {"store": neo4j.url}


FAULTS: Mapping[str, Callable[[str], Row]] = {
    "backlog": lambda count: backlog(int(count)),
    "postgres": lambda seconds: away("postgres", float(seconds)),
    "neo4j": lambda seconds: away("neo4j", float(seconds)),
}

if __name__ == "__main__":
    print(json.dumps(FAULTS[sys.argv[1]](sys.argv[2])))  # noqa: T201 - the row
