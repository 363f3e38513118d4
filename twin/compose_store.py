"""From settings to the clock, the vocabulary and the store: what a verb needs that only reads or writes the graph."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from graph.ports import Clock, TwinStore
from graph.stores.opening import open_store
from graph.stores.sqlite import TWIN_FILE
from ontology.vocabulary import Vocabulary, load_vocabulary
from twin.ledger.answers import Policies, Policy
from twin.settings import Settings


def _machine() -> datetime:
    return datetime.now(UTC)


_clock: Clock = _machine


def now() -> datetime:
    """The clock of the service: this machine's, aware UTC; of a process that plays a recording, the recording's."""
    return _clock()


def go_by(clock: Clock | None) -> None:
    """Have the service go by another clock than the machine's; None ends that. Before anything is composed."""
    global _clock  # noqa: PLW0603 - one process, one present
    _clock = clock or _machine


def vocabulary_of(settings: Settings) -> Vocabulary:
    """Brick, the extension and the user's own files; its compiled form is kept where there is a data folder, and none is made for it.
    Raises `OntologyError`."""
    return load_vocabulary(settings.ontology, cache=cache_of(settings) if settings.data.is_dir() else None)


def cache_of(settings: Settings) -> Path:
    """Where compiled forms are kept: all of it can be worked out again."""
    return settings.data / "cache"


def store_of(settings: Settings, purpose: str, *, read_only: bool) -> TwinStore:
    """The store that the settings name. Raises `GraphError`."""
    return open_store(
        settings.store,
        settings.data,
        user=settings.store_user,
        password=settings.store_password.get_secret_value(),
        read_only=read_only,
        purpose=purpose,
    )


def is_empty(settings: Settings) -> bool:
    """Whether nothing can be kept yet, as there is no file. Opening tells of a Neo4j."""
    folder = None if "://" in settings.store else Path(settings.store or settings.data)
    return folder is not None and not (folder / TWIN_FILE).exists()


def policies_of(settings: Settings) -> Policies:
    """What becomes of each source's changes whose findings are errors."""
    return Policies({pattern: Policy(policy) for pattern, policy in settings.policies.items()})


def store_name(settings: Settings) -> str:
    """What a person is told about where the graph is kept."""
    return settings.store or f"SQLite in {settings.data}"
