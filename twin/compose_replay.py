"""Recordings put together: what a service records, and a twin that a recording is played into."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.played import Played
from graph.errors import GraphError
from graph.history import HistoryUnavailable
from graph.points import point_facts
from graph.ports import ReadingSink
from twin.compose import Opened
from twin.compose_history import KeptHistory
from twin.compose_mqtt import dialects_of
from twin.compose_store import now
from twin.events import GraphChanged
from twin.ingest import Ingest
from twin.recording import NotARecording, Record, Recorder
from twin.replay import PlayedClock, Player, readings_of
from twin.settings import Settings
from twin.sync import Wish
from twin.virtual import VirtualFlow

_log = logging.getLogger(__name__)

ENDING = ".rtrec"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a recording has become: messages, readings that came of them, payloads that could not be read, messages of no point, samples
    of points now good, and the instant at which it ended (ms)."""

    messages: int
    readings: int
    unread: int
    unbound: int
    live: int
    ended: int


def recorder_of(settings: Settings) -> Recorder | None:
    """What records the wires of a service: a file for each start, named by its time. Raises `GraphError`."""
    if not settings.record:
        return None
    folder = Path(settings.record)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Recorder(folder / f"{now():%Y%m%dT%H%M%S}Z{ENDING}", round(settings.record_mb * 1e6))
    except OSError as error:
        raise GraphError(f"setting 'record': {folder} cannot be written: {error.strerror or error}") from None


class Playing:
    """A twin that is played into: its wires are a file. `opened` may be written; `sink` is where its readings go."""

    def __init__(self, opened: Opened, clock: PlayedClock, sink: ReadingSink, sweep: Callable[[], None]) -> None:
        self._opened, self._clock, self._sink, self._sweep = opened, clock, sink, sweep
        dialects = dialects_of(opened.settings, MqttConfig("recording"))
        self._played = Played(dialects, opened.twin.snapshot, sink, self._learn)
        self.player = Player(clock, self._take, self._second)
        self._thread: Thread | None = None
        self._error = ""

    def rebind(self, event: GraphChanged) -> None:
        """Take another revision of the graph."""
        self._played.rebind(event.snapshot)

    def begin(self, batches: Iterator[Sequence[Record]], speed: float, say: Callable[[str], None]) -> None:
        """Play in a thread of its own, until `close`. What ends it before the end is said, and among the `reasons`."""
        self._thread = Thread(target=self._play, args=(batches, speed, say), name="player", daemon=True)
        self._thread.start()

    def reasons(self) -> list[str]:
        """Why it has ended before the end; nothing where it has not."""
        return [self._error] if self._error else []

    def _play(self, batches: Iterator[Sequence[Record]], speed: float, say: Callable[[str], None]) -> None:
        try:
            self.player.play(batches, speed)
        except Exception as error:
            if not isinstance(error, NotARecording | HistoryUnavailable | OSError):
                _log.exception("playing failed")
            self._error = f"replay: it ended at {self._clock():%Y-%m-%dT%H:%M:%SZ}, before the end: {error}"
            say(self._error)

    def close(self) -> None:
        """End."""
        self.player.stop.set()
        if self._thread is not None:
            self._thread.join()

    def outcome(self) -> Outcome:
        """What has become of it so far."""
        played = self._played
        live = self._opened.twin.current.live()
        return Outcome(played.messages, played.readings, played.unread, played.unbound, live, self._clock.ms)

    def _take(self, batch: Sequence[Record]) -> None:
        messages = [record for record in batch if not record.readings]
        if messages:
            self._played.take(messages)
        for record in batch:
            if record.readings:
                readings = readings_of(record)
                self._sink.accept(readings)
                self._played.readings += len(readings)

    def _second(self, instant: int) -> None:
        self._played.tick(instant)
        self._sweep()

    def _learn(self, wish: Wish) -> None:
        """At once, so that the same comes about each time."""
        self._opened.ledger.sync(wish, author=wish.source, reason="what its devices say of the plant", deletions_max=1.0)


def play_into(opened: Opened, clock: PlayedClock, batches: Iterator[Sequence[Record]]) -> Outcome:
    """Play as fast as it goes, and keep what comes of it: values in the store, samples in the history. Raises `GraphError`."""
    twin = opened.twin
    with ExitStack() as stack:
        kept = KeptHistory(opened.settings, twin.vocabulary, clock)
        stack.callback(kept.close)
        points = point_facts(twin.snapshot, twin.vocabulary)
        kept.rebind(twin.snapshot, points)
        ingest = Ingest(twin.current, opened.bus, clock, points, kept.history)
        virtual = VirtualFlow(twin.current, ingest, opened.bus, clock, twin.vocabulary)

        def second() -> None:
            ingest.sweep()
            virtual.step()

        playing = Playing(opened, clock, ingest, second)

        def renew(event: GraphChanged) -> None:
            facts = point_facts(event.snapshot, twin.vocabulary)
            ingest.rebind(facts)
            kept.rebind(event.snapshot, facts)
            playing.rebind(event)

        stack.callback(opened.bus.subscribe(GraphChanged, renew))
        stack.callback(virtual.close)
        virtual.listen(twin.snapshot)
        playing.player.play(batches, 0)
        if ingest.history_error:
            raise GraphError(f"{ingest.history_missed:,} readings could not be kept: {ingest.history_error}")
        opened.store.write_values(twin.current.all())
        if kept.history is not None and playing.player.batches:
            kept.history.maintain(clock.ms)
        return playing.outcome()
