"""From settings to the history, and the thread that keeps it in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread

from adapters.history.embedded import EmbeddedHistory
from adapters.history.followed import FollowedHistory
from adapters.history.keeping import Keeping, Rules, by_pattern, days_of
from adapters.history.spooled import SpooledHistory
from adapters.history.warm import warm
from graph.current import CurrentValues
from graph.errors import GraphError
from graph.history import HistoryUnavailable
from graph.points import PointFacts
from graph.ports import Clock, History
from graph.snapshot import Snapshot
from ontology.namespaces import expand
from ontology.vocabulary import Vocabulary
from twin.settings import Settings

_log = logging.getLogger(__name__)

HISTORY_FOLDER = "history"
"""In the data folder: everything that the embedded history keeps."""
SPOOL_FOLDER = "history-waiting"
"""In the data folder: samples that wait for a database that is away."""
HANGS_S = 2.0
"""How long who takes in waits for a database that does not answer, once; then samples wait on the disk, and it is the care that waits."""
MAINTAIN_S = 5.0
"""How often what has come in is looked after."""
CATCH_UP_MS = 3_600_000
"""How long the store may have been away when the service ended, for the newest values to be current again after the next start."""
CLOCKS_MS = 60_000
"""How far devices' clocks may be from ours for that."""
END_S = 10.0
"""How long the end waits for that; a half-done act is done again at the next start."""


class ClassRules:
    """The rules of keeping, of which those for a class know its points as the graph has them now."""

    def __init__(self, settings: Settings, vocabulary: Vocabulary) -> None:
        """Raises `GraphError` for a rule that makes no sense."""
        self._points: dict[str, frozenset[str]] = {}
        self._classes: dict[str, frozenset[str]] = {}
        try:
            rules = [self._rule(pattern, text, vocabulary) for pattern, text in settings.history_keep.items()]
            self.rules = Rules(rules, Keeping("default", *days_of(settings.history_days)))
        except ValueError as error:
            raise GraphError(f"settings 'history_days' and 'history_keep': {error}") from None

    def _rule(self, pattern: str, text: str, vocabulary: Vocabulary) -> Keeping:
        named = expand(pattern)
        if "*" in pattern or "?" in pattern or named not in vocabulary.classes:
            return by_pattern(pattern, text)
        self._classes[named], self._points[named] = frozenset(vocabulary.subclasses(named)), frozenset()
        return Keeping(pattern.replace(":", "-"), *days_of(text), lambda point: point in self._points[named])

    def rebind(self, snapshot: Snapshot) -> None:
        """Know the points of each class in this graph."""
        for named, classes in self._classes.items():
            self._points[named] = frozenset(snapshot.key(number) for number in snapshot.instances(classes).tolist())


class KeptHistory:
    """The history of a service: `rebind` at each new graph, `start` the care for it, `close` at the end."""

    def __init__(self, settings: Settings, vocabulary: Vocabulary, clock: Clock) -> None:
        """Raises `GraphError` for settings that name no history, and `HistoryUnavailable` where it cannot be opened."""
        self._rules, self._clock = ClassRules(settings, vocabulary), clock
        reads = settings.role == "api"
        self.history = open_history(settings, self._rules.rules, follow=reads)
        self.taking = None if reads else self.history
        """The same, where this process writes it."""
        self._stop = Event()
        self._thread = Thread(target=self._run, name="history", daemon=True)
        self._told = ""

    def rebind(self, snapshot: Snapshot, points: Mapping[str, PointFacts]) -> None:
        """Know the points of another revision."""
        if self.history is not None:
            self._rules.rebind(snapshot)
            self.history.rebind(points)

    def catch_up(self, current: CurrentValues) -> None:
        """Have in the table what was kept after the store was last told of values: a kill may come between the two."""
        if self.taking is None:
            return
        told = current.all()
        newest_ms = min(self.taking.status().newest, int(self._clock().timestamp() * 1000) + CLOCKS_MS)
        reach_ms = newest_ms - int(told.received_at.max(initial=0)) + CLOCKS_MS
        try:
            if reach_ms > 0:
                current.restore(self.taking.at(told.points, newest_ms, min(reach_ms, CATCH_UP_MS)))
        except HistoryUnavailable as error:
            _log.warning("what was read just before the last end is not current again before it is read anew: %s", error)

    def start(self) -> None:
        """Begin to look after it, in a thread of its own."""
        if self.taking is not None:
            self._thread.start()

    def error(self) -> str:
        """Why nothing can be written, or what has been lost of it; empty while all is well."""
        if self.history is None:
            return ""
        status = self.history.status()
        return status.error or status.damaged

    def close(self) -> None:
        """Make everything durable and let go; a second call does nothing."""
        self._stop.set()
        if self.history is not None:
            self.history.close()
        if self._thread.is_alive():
            self._thread.join(END_S)

    def _run(self) -> None:
        warm()
        while True:
            self._quietly(lambda history: history.maintain(int(self._clock().timestamp() * 1000)))
            if self._stop.wait(MAINTAIN_S):
                return

    def _quietly(self, act: Callable[[History], None]) -> None:
        if self.history is None:
            return
        try:
            act(self.history)
        except HistoryUnavailable as error:
            if str(error) != self._told and not self._stop.is_set():
                _log.warning("the history cannot be kept in order: %s", error)
            self._told = str(error)
        except Exception:
            _log.exception("the care for the history failed; it goes on")
        else:
            self._told = ""


def open_history(settings: Settings, rules: Rules, *, read_only: bool = False, follow: bool = False) -> History | None:
    """The history that the settings name, None for `off`; `follow` is one that another process writes. Raises `GraphError` for a setting
    that names none, `HistoryUnavailable`."""
    if settings.history == "off":
        return None
    budget = int(settings.history_disk_gb * 1e9)
    if settings.history.startswith(("postgresql://", "postgres://")):
        from adapters.history.postgres import PostgresHistory  # noqa: PLC0415 - only its users wait for the driver

        password = settings.history_password.get_secret_value()
        database = PostgresHistory(settings.history, password=password, rules=rules, budget_bytes=budget, append_s=HANGS_S)
        return database if follow or read_only else SpooledHistory(database, settings.data / SPOOL_FOLDER)
    if "://" in settings.history:
        raise GraphError(
            f"setting 'history': {settings.history!r} is not known: leave it empty for files in the data folder, give a path, "
            "postgresql://USER@HOST/DATABASE, or say off"
        )
    if follow:
        return FollowedHistory(history_folder(settings))
    return EmbeddedHistory(history_folder(settings), rules=rules, budget_bytes=budget, read_only=read_only)


def history_folder(settings: Settings) -> Path:
    """Where the embedded history is."""
    return Path(settings.history) if settings.history else settings.data / HISTORY_FOLDER
