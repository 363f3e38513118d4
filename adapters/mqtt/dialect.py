"""What a dialect of MQTT is: one language in which devices speak over a broker, read and written by pure code.

Rules of this file:

1. One socket serves every dialect (`adapters/mqtt/client.py`); a dialect never sees it, nor a clock, a thread, a store or a queue.
2. A message goes to the dialects in their order, to the first that says it is its own; what none takes is counted as unbound.
3. `take` never raises for what a message holds: it puts rows into the intake, or says what is wrong (`poison`).
4. Points are spoken of by slot (`graph.values.Slots`), found once in `bind`. No object is made per reading past `take`.
5. What a dialect wants said goes into the intake as well (`say`): the wire sends it after the rows of the batch are durable.
6. What a dialect learns about the plant is a source of its own (`wish`): all that it says now, asked for at the wire's own pace.
7. Every method but `bind` is called by one thread of the wire; `bind` by another: build aside, then exchange one for the other, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import NamedTuple, Protocol

import numpy as np

from graph.commands import Command
from graph.ports import DeviceRefused, ReadingSink
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Quality, ReadingBatch, Reason, Samples, Slots
from twin.sync import Wish

SlotsOf = Callable[[Sequence[str]], Slots]
"""Gives the slots of points by IRI, -1 for each that the graph does not have (`ReadingSink.slots`)."""

NO_SLOTS: Slots = np.empty(0, np.int32)


class Message(NamedTuple):
    """One message as it came. `retained`: the broker's kept copy, sent because we subscribed, not because anything was just said."""

    topic: str
    payload: bytes
    retained: bool = False
    qos: int = 0
    number: int = 0
    """The packet identifier, for the acknowledgement (QoS 1)."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Something to say, at QoS 0 unless told otherwise: a request or command goes out at most once (rule 5 of the client)."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    expiry_s: int | None = None
    """MQTT 5: after how long a broker that could not hand it on lets it go."""
    correlation: bytes = b""
    """MQTT 5: what an answer to it carries."""


class Heard(NamedTuple):
    """A topic that speaks and that no point listens to: why, and what would bind it (`graph.references.statement`; empty for nothing)."""

    topic: str
    reason: str
    suggestion: str = ""


class Intake:
    """What a batch of messages gives, as columns. `now` is our instant for the whole of it, in ms since 1970."""

    __slots__ = ("before", "blocks", "heard", "letters", "now", "observed", "quality", "reason", "says", "slots", "values")

    def __init__(self, now: int) -> None:
        self.now = now
        self.slots: list[int] = []
        self.values: list[float] = []
        self.observed: list[int] = []
        self.quality: list[int] = []
        self.reason: list[int] = []
        self.blocks: list[Samples] = []
        self.before: list[tuple[str, tuple[str, float, int, int, int, int]]] = []
        self.letters: list[tuple[Message, str]] = []
        self.heard: list[Heard] = []
        self.says: list[Publication] = []

    def row(self, slot: int, value: float, observed_at: int, quality: int = Quality.GOOD, reason: int = Reason.NONE) -> None:
        """One reading: the point's own unit, source time in ms; `nan` for no number."""
        self.slots.append(slot)
        self.values.append(value)
        self.observed.append(observed_at)
        self.quality.append(quality)
        self.reason.append(reason)

    def early(self, topic: str, point: str, value: float, observed_at: int, quality: int, reason: int) -> None:
        """One reading of a point that has been announced and that the graph does not have yet: as `row`, by the point's IRI. It is durable
        before its message is acknowledged, and taken when a revision has the point (`ReadingSink.early`)."""
        self.before.append((topic, (point, value, observed_at, self.now, quality, reason)))

    def wait_in(self, sink: ReadingSink) -> None:
        """Hand over what has come early; topics for which there was no room are told."""
        if self.before:
            room = sink.early(ReadingBatch.stored([row for _, row in self.before]))
            for topic, _ in self.before[room:]:
                self.unbound(topic, "its point is announced and not in the graph yet, and no more readings can wait for theirs")
            self.before.clear()

    def rows(self, samples: Samples) -> None:
        """Many readings that are columns already; they come after what was added before them."""
        if self.slots:
            self.blocks.append(self._columns())
        self.blocks.append(samples)

    def mark(self, slots: Slots, quality: Quality, reason: Reason) -> None:
        """Say of points, as of now, how good they are, without a number: the last one stays."""
        rows = len(slots)
        now = np.full(rows, self.now, np.int64)
        columns = np.full(rows, quality, np.uint8), np.full(rows, reason, np.uint8)
        self.rows(Samples(slots, np.full(rows, nan), now, now, *columns))

    def poison(self, message: Message, why: str) -> None:
        """The message, or a part of it, cannot be read: it becomes one dead letter, and is acknowledged."""
        self.letters.append((message, why))

    def unbound(self, topic: str, reason: str, suggestion: str = "") -> None:
        """Something was said that is of no point of the graph."""
        self.heard.append(Heard(topic, reason, suggestion))

    def say(self, publication: Publication) -> None:
        """Have something said when the rows so far are durable."""
        self.says.append(publication)

    def samples(self) -> Samples:
        """All rows, in the order in which they came."""
        if not self.blocks:
            return self._columns()
        if self.slots:
            self.blocks.append(self._columns())
        return Samples.joined(self.blocks)

    def _columns(self) -> Samples:
        slots = np.array(self.slots, np.int32)
        columns = Samples(
            slots,
            np.array(self.values, np.float64),
            np.array(self.observed, np.int64),
            np.full(len(slots), self.now, np.int64),
            np.array(self.quality, np.uint8),
            np.array(self.reason, np.uint8),
        )
        for column in (self.slots, self.values, self.observed, self.quality, self.reason):
            column.clear()
        return columns


class Dialect(Protocol):
    """One language. Inherit from it: what a dialect has no word for, it leaves as it stands here."""

    name: str
    """As metrics, dead letters and settings call it."""

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """Take a revision of the graph: which point an address of this language is, and where its slot stands (rule 7)."""

    def filters(self) -> Sequence[str]:
        """The subscriptions that it wants now, asked once a second and after `bind`; each message to one process, where several share."""
        return ()

    def everywhere(self) -> Sequence[str]:
        """The subscriptions that each process needs for itself, also where several share the others: what is retained (a broker sends no
        kept copy to a shared subscription), and what must be known to read the rest."""
        return ()

    def take(self, message: Message, intake: Intake) -> bool:
        """Read a message into the intake. False: it is not of this language, and the next one may have it."""

    def knows(self, topic: str) -> bool:  # noqa: ARG002  most see it with the next message
        """Whether a topic, as `Intake.unbound` was told it, need not stand there any more after `bind`: it has a point by now, or is told
        anew by itself."""
        return False

    def settle(self) -> None:
        """The messages of a batch have been given, and are about to be acknowledged: what must be known after a kill is made durable."""
        return

    def will(self, now: int) -> Publication | None:  # noqa: ARG002  most have none
        """What the broker says when we are gone, asked before each connection; a socket has one, the first dialect's that wants one."""
        return None

    def connected(self, intake: Intake) -> None:  # noqa: ARG002  most say nothing
        """The broker answers (again): say what is said first."""
        return

    def leaving(self, intake: Intake) -> None:  # noqa: ARG002  as above
        """We let go of the broker: say what is said last; rows are not taken any more."""
        return

    def tick(self, intake: Intake) -> None:  # noqa: ARG002  as above
        """A second has passed: what is due is said, what has been waited for in vain is given up."""
        return

    def fed(self) -> Slots:
        """The points that this language feeds: they are marked `LINK` while the broker is away."""
        return NO_SLOTS

    def missing(self) -> int:
        """Messages that were lost on the way, by what senders themselves count. Called from any thread."""
        return 0

    def wish(self) -> Wish | None:
        """What its own source says of the plant by now, whole, if that has changed since it was last asked; else None."""
        return None

    def unusable(self) -> Sequence[Unbound]:
        """References of the graph to this language that cannot be used, and why."""
        return ()

    def serves(self, point: str) -> bool:  # noqa: ARG002  most serve none
        """Whether a command to the point goes out in this language. Called from any thread."""
        return False

    def request(self, command: Command) -> Publication:
        """What asks for a command, to be sent once. Called from any thread. Raises `DeviceRefused` for one that cannot be asked for."""
        raise DeviceRefused(f"{command.point} cannot be written over {self.name}: nothing was sent")
