"""What came and is of no use: dead letters, and topics that no point listens to. Bounded, counted exactly, safe from any thread."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from threading import Lock

from adapters.mqtt.dialect import Heard, Message

DEAD_LETTER_BYTES = 1_024
"""How much of a poison payload is kept to be looked at."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A payload that could not be read: its topic, its beginning, why, and when it came."""

    topic: str
    payload: bytes
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnboundTopic:
    """A topic that speaks and that no point listens to: how often, when last, why it is not bound, and what would bind it, if anything is
    known."""

    topic: str
    count: int
    last_at: datetime
    reason: str
    suggestion: str = ""


class Strays:
    """A ring of the newest dead letters, and a table of unbound topics that those heard longest ago leave first."""

    def __init__(self, letters_max: int, topics_max: int) -> None:
        self._lock, self._topics_max = Lock(), topics_max
        self._letters: deque[DeadLetter] = deque(maxlen=letters_max)
        self._topics: OrderedDict[str, UnboundTopic] = OrderedDict()
        self._doubtful: set[str] = set()
        self.poison = self.unbound_messages = 0
        """Messages so far that could not be read, and that were of no point."""

    def bury(self, letters: Sequence[tuple[Message, str]], now: int) -> None:
        """Keep messages that could not be read, and why, as of `now` (ms)."""
        at = datetime.fromtimestamp(now / 1000, UTC)
        with self._lock:
            self.poison += len(letters)
            for message, reason in letters:
                self._letters.append(DeadLetter(message.topic, message.payload[:DEAD_LETTER_BYTES], reason, at))

    def count(self, heard: Sequence[Heard], now: int) -> None:
        """Count topics that are of no point."""
        at = datetime.fromtimestamp(now / 1000, UTC)
        with self._lock:
            self.unbound_messages += len(heard)
            for topic, reason, suggestion in heard:
                known = self._topics.pop(topic, None)
                self._doubtful.discard(topic)
                self._topics[topic] = UnboundTopic(topic, known.count + 1 if known else 1, at, reason, suggestion)
            while len(self._topics) > self._topics_max:
                self._topics.popitem(last=False)

    def rebound(self, gone: Callable[[str], bool]) -> None:
        """The graph has changed: topics of which it is known that they have a point now leave; the others stay, with their counts, until
        they speak (`spoken`)."""
        with self._lock:
            for topic in [topic for topic in self._topics if gone(topic)]:
                del self._topics[topic]
            self._doubtful = set(self._topics)

    def spoken(self, messages: Sequence[Message], heard: Sequence[Heard]) -> None:
        """Messages have been read, and `heard` is what of them is of no point: the first of a topic since the graph has changed shows
        whether it has one now. Cost: nothing while all have spoken, else a look-up a message."""
        if not self._doubtful:
            return
        with self._lock:
            shown = self._doubtful.intersection(message.topic for message in messages)
            self._doubtful -= shown
            for topic in shown.difference(one.topic for one in heard):
                self._topics.pop(topic, None)

    def topics(self, first: int) -> list[UnboundTopic]:
        """The unbound topics, in order of topics."""
        with self._lock:
            return list(islice(sorted(self._topics.values(), key=lambda one: one.topic), first))

    def letters(self) -> list[DeadLetter]:
        """The newest dead letters, oldest first."""
        with self._lock:
            return list(self._letters)
