"""From settings to the twin in this process: all that a question needs, and nothing of the wires."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace

from graph.current import CurrentValues
from graph.errors import GraphError
from graph.points import point_facts
from graph.ports import Progress, TwinStore
from graph.stores.folder import SERVICE_LOCK, FolderLock
from graph.stores.memory import MemoryStore
from twin.bus import Bus
from twin.compose_store import is_empty, now, policies_of, store_of, vocabulary_of
from twin.ledger.ledger import Ledger
from twin.settings import Settings
from twin.state import Twin
from twin.sync import snapshot_of

GROUP = "ridethrough"
"""The group of processes that share the ingest, where `mqtt_share` names none."""


@dataclass(frozen=True)
class Opened:
    """The twin with its store, its ledger and its bus, and, when it may be written, the data folder held against others; `close` when
    done."""

    settings: Settings
    store: TwinStore
    twin: Twin
    ledger: Ledger
    bus: Bus
    held: ExitStack

    def close(self) -> None:
        """Let go of the store, then of the data folder; a second call does nothing."""
        self.held.close()


def open_twin(settings: Settings, purpose: str, *, read_only: bool) -> Opened:
    """The twin as the store keeps it, with the values last written: as good as their age lets them be, or, for a
    process that will hear its own, stale at best. Who writes has the data folder before anything is written, wherever the store is.
    Raises `GraphError`, `OntologyError`."""
    settings = as_role(settings)
    with ExitStack() as stack:
        if not read_only:
            stack.callback(FolderLock(settings.data, purpose, SERVICE_LOCK).release)
        opened = open_ledger(settings, purpose, read_only=read_only or settings.role == "ingest")
        stack.callback(opened.close)
        current = opened.twin.current
        current.rebind(point_facts(opened.twin.snapshot, opened.twin.vocabulary))
        if read_only:
            current.take(opened.store.values())
            current.sweep(int(now().timestamp() * 1000))
        else:
            current.restore(opened.store.values())
        return replace(opened, held=stack.pop_all())


def as_role(settings: Settings) -> Settings:
    """The settings as the role has them. Raises `GraphError` where the role cannot be played with them."""
    if settings.role == "all":
        return settings
    if not settings.mqtt_url:
        raise GraphError(f"role {settings.role!r} is played over a broker, and none is set: give mqtt_url")
    group = settings.mqtt_share or GROUP
    if settings.role == "api":
        only_answers = {"modbus": False, "history": settings.history or "off", "readings_write": "off"}
        return settings.model_copy(update={"mqtt_share": group, **only_answers})
    if not settings.store:
        raise GraphError(
            "role 'ingest' reads the graph that another process keeps: name that one's data folder, or the database, with --store, and "
            "give a data folder of its own with --data"
        )
    topics = settings.mqtt_topics if "mqtt_topics" in settings.model_fields_set else ()
    return settings.model_copy(update={"mqtt_share": group, "mqtt_topics": topics, "control": False, "mqtt_sparkplug_host": ""})


def open_ledger(settings: Settings, purpose: str, *, read_only: bool, progress: Progress | None = None, or_empty: bool = False) -> Opened:
    """The twin without values, for what only reads or changes the graph; where nothing has been loaded yet an error, or, with `or_empty`,
    a twin that keeps nothing. Raises `GraphError`, `OntologyError`."""
    with ExitStack() as stack:
        nothing_there = or_empty and is_empty(settings)
        store = MemoryStore() if nothing_there else store_of(settings, purpose, read_only=read_only)
        stack.callback(store.close)
        bus = Bus()
        twin = Twin(vocabulary_of(settings), snapshot_of(store, progress), CurrentValues(), bus, now)
        return Opened(settings, store, twin, Ledger(store, twin, now, policies_of(settings)), bus, stack.pop_all())
