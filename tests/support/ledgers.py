"""A ledger over a store, with a clock that goes on by one minute at each look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from graph.changes import ChangeSet
from graph.current import CurrentValues
from graph.ports import TwinStore
from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from ontology.terms import KeyQuad, QuadBlock
from ontology.vocabulary import load_vocabulary
from twin.bus import Bus
from twin.ledger.answers import Policies, Synced
from twin.ledger.ledger import Ledger
from twin.state import Twin
from twin.sync import Wish, snapshot_of

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Minutes:
    """A clock: one minute later each time that it is asked."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@dataclass
class Desk:
    """A ledger with its twin and its store, and short ways to say things."""

    store: TwinStore = field(default_factory=MemoryStore)
    policies: Policies = field(default_factory=Policies)
    bus: Bus = field(default_factory=Bus)
    clock: Minutes = field(default_factory=Minutes)

    def __post_init__(self) -> None:
        self.twin = Twin(load_vocabulary(), snapshot_of(self.store), CurrentValues(), self.bus, self.clock)
        self.ledger = Ledger(self.store, self.twin, self.clock, self.policies)

    def __enter__(self) -> Desk:
        """For a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """The store is closed, however the test ends."""
        self.store.close()

    def say(self, source: str, *quads: KeyQuad, branch: str = "", share: float | None = 1.0, key: str = "") -> Synced:
        """The source says exactly these quads from now on."""
        wish = Wish(source, QuadBlock.of(quads))
        return self.ledger.sync(wish, author="ada", reason="test", branch=branch, deletions_max=share, key=key)

    def edit(self, source: str, added: Sequence[KeyQuad] = (), removed: Sequence[KeyQuad] = (), branch: str = "") -> Synced:
        """Single quads."""
        change = ChangeSet(QuadBlock.of(added), QuadBlock.of(removed))
        return self.ledger.change(change, author="ada", source=source, reason="test", branch=branch)

    def restarted(self) -> Desk:
        """The same store, opened by another process."""
        again = Desk(self.store, self.policies)
        again.clock.now = self.clock.now
        return again


def said(snapshot: Snapshot) -> list[KeyQuad]:
    """All quads, sorted."""
    return sorted(snapshot.quads())


def with_since(snapshot: Snapshot) -> dict[KeyQuad, int]:
    """All quads with the revision that said each."""
    key = snapshot.key
    return {(key(s), key(p), key(o), key(g)): since for s, p, o, g, since in snapshot.facts.whole.T.tolist()}
