"""From settings to the twin in this process: all that a question needs, and nothing of the wires."""

from __future__ import annotations

from dataclasses import dataclass

from graph.current import CurrentValues
from graph.points import point_facts
from graph.ports import TwinStore
from twin.bus import Bus
from twin.compose_store import now, store_of, vocabulary_of
from twin.settings import Settings
from twin.state import Twin
from twin.sync import snapshot_of


@dataclass(frozen=True)
class Opened:
    """The twin with its store and its bus; `close` when done."""

    settings: Settings
    store: TwinStore
    twin: Twin
    bus: Bus

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()


def open_twin(settings: Settings, purpose: str, *, read_only: bool) -> Opened:
    """The twin as the store keeps it, with the values last written: as good as their age lets them be, or, for a
    process that will hear its own, stale at best. Raises `GraphError`, `OntologyError`."""
    vocabulary = vocabulary_of(settings)
    store = store_of(settings, purpose, read_only=read_only)
    try:
        snapshot = snapshot_of(store)
        current = CurrentValues({iri: facts.period_s for iri, facts in point_facts(snapshot).items()})
        if read_only:
            current.take(store.values())
            current.sweep(int(now().timestamp() * 1000))
        else:
            current.restore(store.values())
        bus = Bus()
        return Opened(settings, store, Twin(vocabulary, snapshot, current, bus, now), bus)
    except BaseException:
        store.close()
        raise
