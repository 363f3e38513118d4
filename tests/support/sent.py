"""What a plant has said and a broker has acknowledged, and the one checker of reliability reference 8: each of it is in history once (I1),
and the newest by source time is current (I2)."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Protocol

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from graph.history import DAY_MS
from tests.support.mqtt_line import POINTS

HEAD = "dc/hall/it/rack/"
RAW_DAYS = 400
KEPT_DAYS = f"{RAW_DAYS}/2000/3660"
"""The service's setting `history_days`: samples of the day before yesterday are rolled up, those of `GONE_DAY` go as soon as they are."""
ROLLED_DAY, GONE_DAY = 2, 600
"""Days before today, of the first turn."""


class Answering(Protocol):
    """What is asked: a running service."""

    def samples(self, point: str, since_ms: int, until_ms: int) -> list[tuple[int, float]]:
        """All numbers of a point in history, by source time."""

    def counted(self, point: str, since_ms: int, until_ms: int) -> dict[int, int]:
        """How many numbers history has counted of a point, by day."""

    def current(self, point: str) -> tuple[int, float] | None:
        """The current value of a point with its source time."""


class Sent:
    """A plant of four points that counts; what it says is noted when the broker has it."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self.said: list[dict[int, float]] = [{} for _ in POINTS]
        """Value by source time, of each point, of days whose samples are kept."""
        self.gone: list[Counter[int]] = [Counter() for _ in POINTS]
        """How many values were said of each day whose samples go."""
        self._today, self._at, self._count, self._chance = time.time_ns() // 1_000_000 // DAY_MS, 0, 0, chance
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "plant", clean_session=False)
        self._client.max_inflight_messages_set(500)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, load: str, turn: int, rounds: int = 1, *, days: bool = True) -> None:
        """Some values of each point as a load brings them (`single`: one a message, with poison among them; `batch`: many), of now and of
        two days of this turn (where `days`), out of order; returns when the broker has them all."""
        sent = []
        for payload in [one for _ in range(rounds) for one in self._round(load, turn, days=days)]:
            sent.append(self._client.publish(*payload, qos=1))
        for one in sent:
            one.wait_for_publish(60)

    def _round(self, load: str, turn: int, *, days: bool) -> list[tuple[str, bytes]]:
        rows, before = list[tuple[str, float, int]](), (ROLLED_DAY + turn % 300, GONE_DAY + turn, GONE_DAY + max(turn - 1, 0))
        for ago in (0, 0, 0, 0, *(before if days else ())):
            self._count += 1
            if ago:
                at = (self._today - ago) * DAY_MS + self._count
            else:
                at = self._at = max(round(time.time() * 1000), self._at + 1)
            for point, said in enumerate(self.said):
                value = self._count + point / 8
                if ago > RAW_DAYS:
                    self.gone[point][self._today - ago] += 1
                else:
                    said[at] = value
                rows.append((f"p{point}", value, at))
        self._chance.shuffle(rows)
        if load == "single":
            payloads = [(HEAD + name, orjson.dumps({"v": value, "t": at})) for name, value, at in rows]
            payloads.insert(self._chance.randrange(len(rows)), (HEAD + "p0", b"warm"))
            return payloads
        pieces = [rows[start : start + 7] for start in range(0, len(rows), 7)]
        return [(HEAD + "$batch", orjson.dumps(dict(zip("pvt", zip(*piece, strict=True), strict=True)))) for piece in pieces]

    def close(self) -> None:
        """End it."""
        self._client.disconnect()
        self._client.loop_stop()


def broken(sent: Sent, service: Answering) -> list[str]:
    """What of I1 and I2 does not hold now, in words."""
    found = []
    now, first = round(time.time() * 1000) + DAY_MS, (sent._today - RAW_DAYS) * DAY_MS
    for point, said, gone in zip(POINTS, sent.said, sent.gone, strict=True):
        kept = service.samples(point, first, now)
        lost, strange = said.items() - set(kept), set(kept) - said.items()
        if lost or strange:
            found.append(f"{point}: {len(lost)} lost, {len(strange)} never said: {sorted(lost)[:3]} {sorted(strange)[:3]}")
        if len({at for at, _ in kept}) < len(kept):
            found.append(f"{point}: {len(kept) - len(dict(kept))} are in history twice")
        counted = service.counted(point, 0, first)
        few = {day: (counted.get(day, 0), said) for day, said in gone.items() if counted.get(day, 0) < said}
        if few:  # what is said again when its samples are gone is counted again: nobody knows it any more
            found.append(f"{point}: too few are counted in hours, by day: {few}")
        newest = max(said.items())
        if service.current(point) != newest:
            found.append(f"{point}: {service.current(point)} is current, not {newest}")
    return found
