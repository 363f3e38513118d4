"""A recorded wire, played to the dialects: what the client does with what comes over a socket, without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.mqtt.dialect import Dialect, Intake, Message
from graph.ports import ReadingSink
from graph.snapshot import Snapshot
from twin.recording import Record
from twin.sync import Wish


class Played:
    """The dialects over a sink. One thread calls it; what dialects want to say is not said."""

    def __init__(
        self, dialects: Sequence[Dialect], snapshot: Snapshot, sink: ReadingSink, wishes: Callable[[Wish], None] | None = None
    ) -> None:
        self._dialects, self._sink, self._wishes = list(dialects), sink, wishes
        self.messages = self.readings = self.unread = self.unbound = 0
        """Messages played, rows that came of them, payloads that could not be read, messages of no point."""
        self.rebind(snapshot)

    def rebind(self, snapshot: Snapshot) -> None:
        """Take another revision of the graph."""
        for dialect in self._dialects:
            dialect.bind(snapshot, self._sink.slots)

    def take(self, batch: Sequence[Record]) -> None:
        """Messages that were taken together."""
        intake = Intake(batch[0].at)
        for record in batch:
            message = Message(record.place, record.payload, record.retained, record.qos)
            if not any(dialect.take(message, intake) for dialect in self._dialects):
                intake.unbound(message.topic, "")
        self.messages += len(batch)
        self._hand_on(intake)

    def tick(self, now: int) -> None:
        """A second of the recording has passed."""
        intake = Intake(now)
        for dialect in self._dialects:
            dialect.tick(intake)
            if self._wishes is not None and (wish := dialect.wish()) is not None:
                self._wishes(wish)
        self._hand_on(intake)

    def _hand_on(self, intake: Intake) -> None:
        self.unread += len(intake.letters)
        samples = intake.samples()
        self.readings += len(samples) + len(intake.before)
        if len(samples):
            self._sink.take(samples)
        intake.wait_in(self._sink)
        self.unbound += len(intake.heard)
