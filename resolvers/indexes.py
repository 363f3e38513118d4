"""The indexes that are kept: of the newest revision, and of a few other states that were asked about."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from graph.snapshot import Snapshot
from ontology.vocabulary import Vocabulary
from resolvers.index import Index

KEPT = 4
"""Indexes of other states than the newest that are kept: two to compare, for two users."""


class Indexes:
    """Each snapshot's index, worked out once while it is kept. Safe from any thread; one is worked out at a time."""

    def __init__(self, vocabulary: Vocabulary, kept: int = KEPT) -> None:
        self._vocabulary, self._kept = vocabulary, kept
        self._newest: Index | None = None
        self._others: OrderedDict[int, Index] = OrderedDict()
        self._newest_lock, self._others_lock = Lock(), Lock()

    def ready(self, snapshot: Snapshot) -> bool:
        """Whether this is the newest that was asked for, and is there without waiting."""
        index = self._newest
        return index is not None and index.snapshot is snapshot

    def newest(self, snapshot: Snapshot) -> Index:
        """The index of the newest revision; kept until there is a newer one. Cost when it is new: that of the change, or of everything."""
        index = self._newest
        if index is not None and index.snapshot is snapshot:
            return index
        with self._newest_lock:
            if self._newest is None or self._newest.snapshot is not snapshot:
                self._newest = Index(snapshot, self._vocabulary, self._newest).worked_out()
            return self._newest

    def other(self, snapshot: Snapshot) -> Index:
        """The index of another state; the one asked for longest ago is let go."""
        newest = self._newest
        if newest is not None and newest.snapshot is snapshot:
            return newest
        with self._others_lock:
            index = self._others.pop(snapshot.serial, None) or Index(snapshot, self._vocabulary, self._newest).worked_out()
            self._others[snapshot.serial] = index
            while len(self._others) > self._kept:
                self._others.popitem(last=False)
            return index
