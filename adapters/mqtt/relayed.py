"""The other side of the relay, as dialects: values that ingest processes have taken, and languages in which a process only speaks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import orjson

from adapters.mqtt.dialect import NO_SLOTS, Dialect, Intake, Message, Publication, SlotsOf
from adapters.mqtt.native_codec import table_id
from adapters.mqtt.relay_codec import Left, Topics, decode_names, decode_rows, process_of
from adapters.mqtt.relay_status import Standing, decode_standing
from graph.commands import Command
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Samples, Slots
from twin.sync import Wish

PROCESSES_MAX = 64
"""Processes whose standing is known without their having said that they are there."""
TABLES_MAX = 4_096
"""Pages of names that are known; one more, and the one used longest ago is forgotten."""
ASK_MS = 2_000
"""The shortest time between two times that all is asked for."""


class Relayed(Dialect):
    """What the ingest processes of a group pass on. Who has missed some asks for all that is known."""

    name = "relay"

    def __init__(self, group: str, asker: str = "", left: Left | None = None) -> None:
        """`left`: the session of what this process was before, which whoever takes in may have."""
        self._topics, self._asker, self._left = Topics.of(group), asker, left
        self._names: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
        self._slots_of: SlotsOf = lambda points: np.full(len(points), -1, np.int32)
        self._slots: dict[bytes, Slots] = {}
        self._heard: dict[str, tuple[int, int]] = {}
        self._processes: dict[str, bool] = {}
        self._standing: dict[str, Standing] = {}
        self._missing, self._ask, self._asked = 0, False, 0

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`."""
        del snapshot
        self._slots_of, self._slots = slots, {}

    def filters(self) -> Sequence[str]:
        """Values, and how processes stand."""
        return [self._topics.values("+"), self._topics.status("+")]

    def everywhere(self) -> Sequence[str]:
        """Names, and which processes there are."""
        return [self._topics.points("+", "+"), self._topics.process("+")]

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        if not message.topic.startswith(self._topics.root):
            return False
        kind, _, sender = message.topic[len(self._topics.root) :].partition("/")
        if kind == "values":
            self._values(sender, message, intake)
        elif kind == "points" and message.payload:
            self._points(message, intake)
        elif kind == "process":
            self._process(sender, message.payload, intake)
        elif kind == "status":
            self._status(sender, message, intake)
        return True

    def _points(self, message: Message, intake: Intake) -> None:
        names = decode_names(message.payload)
        if isinstance(names, str):
            intake.poison(message, names)
            return
        self._names[table_id(names)] = names
        while len(self._names) > TABLES_MAX:
            self._slots.pop(self._names.popitem(last=False)[0], None)

    def _values(self, sender: str, message: Message, intake: Intake) -> None:
        found = decode_rows(message.payload, intake.now)
        if isinstance(found, str):
            intake.poison(message, found)
            return
        begun, count = self._heard.get(sender, (0, 0))
        if begun == found.begun and found.serial > count + 1:
            self._missing += found.serial - count - 1
            self._ask = True
        self._heard[sender] = found.begun, found.serial
        slots = self._page(found.rows.table)
        places = found.rows.indexes
        if slots is None or places is None or (len(places) and int(places.max()) >= len(slots)):
            self._ask = True
            return
        received = np.full(len(places), intake.now, np.int64)
        intake.rows(Samples(slots[places], found.rows.values, found.rows.observed, received, found.rows.quality, found.rows.reason))

    def _page(self, table: bytes) -> Slots | None:
        known = self._slots  # what is found out while the graph changes is of the old one, and goes with it
        slots = known.get(table)
        if slots is None and table in self._names:
            slots = known[table] = self._slots_of(self._names[table])
        return slots

    def _process(self, sender: str, payload: bytes, intake: Intake) -> None:
        try:
            self._processes[sender] = orjson.loads(payload)["state"] == "online"
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self._processes.pop(sender, None)
        if self._processes.get(sender):
            self._leave(intake)

    def _status(self, sender: str, message: Message, intake: Intake) -> None:
        standing = decode_standing(message.payload)
        if isinstance(standing, str):
            intake.poison(message, standing)
        elif sender in self._processes or len(self._standing) < PROCESSES_MAX:
            self._standing[sender] = standing

    def _leave(self, intake: Intake) -> None:
        if self._left is not None:
            intake.say(Publication(self._topics.left(process_of(self._asker)), self._left.encode(), 1))

    def connected(self, intake: Intake) -> None:
        """Ask for all that is known."""
        self._hello(intake)
        self._leave(intake)

    def tick(self, intake: Intake) -> None:
        """Ask again where something is missing."""
        if self._ask and intake.now - self._asked >= ASK_MS:
            self._hello(intake)

    def _hello(self, intake: Intake) -> None:
        self._ask, self._asked = False, intake.now
        intake.say(Publication(self._topics.hello, self._asker.encode()))

    def fed(self) -> Slots:
        """Every point that has been announced."""
        found = [self._slots_of(names) for names in list(self._names.values())]
        slots = np.unique(np.concatenate([NO_SLOTS, *found]))
        return slots[slots >= 0]

    def missing(self) -> int:
        """Messages between processes that did not come; what was in them is asked for again."""
        return self._missing

    def processes(self) -> dict[str, bool]:
        """The ingest processes of the group that have been heard of, and whether each is there."""
        return dict(self._processes)

    def standing(self) -> dict[str, Standing]:
        """How each of them stood when it last said so."""
        return dict(self._standing)


class Swallowed(Dialect):
    """What the processes of the twin say to each other, for one that takes it from elsewhere: nothing to read, and not unbound."""

    name = "relay"

    def __init__(self, group: str) -> None:
        self._root = Topics.of(group).root

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Nothing is read."""

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        del intake
        return message.topic.startswith(self._root)


class Outward(Dialect):
    """A language in which a process asks and learns of the plant, while others read its values."""

    def __init__(self, spoken: Dialect) -> None:
        self._spoken, self.name = spoken, spoken.name

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`."""
        self._spoken.bind(snapshot, slots)

    def everywhere(self) -> Sequence[str]:
        """See `Dialect.everywhere`."""
        return self._spoken.everywhere()

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        return self._spoken.take(message, intake)

    def settle(self) -> None:
        """See `Dialect.settle`."""
        self._spoken.settle()

    def will(self, now: int) -> Publication | None:
        """See `Dialect.will`."""
        return self._spoken.will(now)

    def connected(self, intake: Intake) -> None:
        """See `Dialect.connected`."""
        self._spoken.connected(intake)

    def leaving(self, intake: Intake) -> None:
        """See `Dialect.leaving`."""
        self._spoken.leaving(intake)

    def tick(self, intake: Intake) -> None:
        """See `Dialect.tick`."""
        self._spoken.tick(intake)

    def wish(self) -> Wish | None:
        """See `Dialect.wish`."""
        return self._spoken.wish()

    def unusable(self) -> Sequence[Unbound]:
        """See `Dialect.unusable`."""
        return self._spoken.unusable()

    def serves(self, point: str) -> bool:
        """See `Dialect.serves`."""
        return self._spoken.serves(point)

    def request(self, command: Command) -> Publication:
        """See `Dialect.request`."""
        return self._spoken.request(command)
