"""The twin in Neo4j 5.26 or newer, as a graph that a Neo4j user expects; `graph.stores.property_graph` says how it looks.

Rules of this file:

1. Cypher text is constant; labels, types and property names are dynamic (`$(...)`, Cypher 5.26) and come from the table of names.
2. A small change is one transaction, under a lock on the node `Twin`: data, names, owners, revision and change set together. A larger
   one is an intent, worked off in steps by whoever comes next (`graph.stores.neo4j_staging`); while it is open nobody reads.
3. Every wait has a bound (`graph.stores.neo4j_connection`).
4. The revisions are the truth: a graph that does not hold as many quads as they say is read from them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import numpy as np

from graph.changes import Branch, Cause, ChangeSet, Revision
from graph.errors import StaleRevision, StoreUnavailable
from graph.packing import pack
from graph.ports import Progress, StoredTwin
from graph.restoring import unfinished
from graph.steps import reached
from graph.stores import cypher, neo4j_branches
from graph.stores.neo4j_connection import READ_S, Connection, RefusedByServer, Tx, batches
from graph.stores.neo4j_drift import drift
from graph.stores.neo4j_first_load import FirstLoad, write_first
from graph.stores.neo4j_reading import read_graphs, read_quads
from graph.stores.neo4j_schema import prepare, read_change, read_history
from graph.stores.neo4j_staging import (
    PART,
    Intent,
    joined,
    keep_parts,
    own,
    read_intent,
    revise,
    revision_of,
    stage,
    step,
    turn_back,
)
from graph.stores.neo4j_writing import refuse_unkeepable, sweep, write
from graph.values import Quality, ReadingBatch, Reason

COMMIT_S = 120.0
VALUES_S = 15.0
LOADS_MAX = 5
SILENT_S = 20.0
POLL_S = 0.1
STRAYS_NAMED = 3
_NAMED = r"(_:|[A-Za-z][A-Za-z0-9+.-]*:)[^\x00-\x20<>\"{}|^`\\\\]*"
"""The IRIs and blank nodes that a key may name."""


@dataclass(frozen=True, slots=True)
class _State:
    """The number of the newest revision, the intent that is open, and the count of quads."""

    revision: int
    staged: str | None
    quads: int


class Neo4jStore:
    """A `TwinStore` on a Neo4j server; `url` is `bolt://HOST:PORT`, `neo4j://HOST:PORT` or one of their TLS forms.

    Without a password the server is asked for no authentication. With `read_only` nothing is prepared for writing. A change of
    more than `part` quads is worked off in steps of that size. While the mark of a restore stands (`graph.restoring`), only a store that
    was opened for `filling` commits.

    Raises `StoreUnavailable`, with the address and the next step, when the server is away (told within some five
    seconds), refuses the user or is too old. A change that a crash has left half done is brought to its end.
    """

    def __init__(
        self,
        url: str,
        *,
        user: str = "",
        password: str = "",
        database: str | None = None,
        read_only: bool = False,
        part: int = PART,
        filling: bool = False,
    ) -> None:
        self.url, self._part, self._filling = url, part, filling
        self._server = Connection(url, user=user, password=password, database=database, read_only=read_only)
        try:
            prepare(self._server)
            if not read_only:
                self._work_off()
        except BaseException:
            self._server.close()
            raise

    # -- the port -------------------------------------------------------------------------------------------------

    def load(self, progress: Progress | None = None) -> StoredTwin:
        """See `TwinStore.load`. Reads again, `LOADS_MAX` times at most, when a commit comes between its pages."""
        for _ in range(LOADS_MAX):
            self._await_whole(progress)
            before = self._server.read(_state)
            owners, changed = self._server.read(read_graphs)
            quads, since = read_quads(self._server, before.quads, progress)
            newest = _first(self._server.ask(cypher.REVISION, number=before.revision))
            if self._server.read(_state) == before and not before.staged:
                if len(quads) != before.quads:
                    told = self._server.read(read_history, READ_S)
                    quads, since = told.quads, told.since
                return StoredTwin(newest, quads, owners, since, changed)
        raise StoreUnavailable(f"{self.url} was changed {LOADS_MAX} times while it was read: try again when the loading is done")

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int, branch: str = "") -> Revision:
        """See `TwinStore.commit`."""
        mark = uuid4().hex
        revision = Revision(expected + 1, cause, len(change.added), len(change.removed))
        if branch:
            return neo4j_branches.commit(self._server, branch, change, revision, mark, self._part)
        refuse_unkeepable(change.added)
        reached("commit.begun")
        if len(change.added) + len(change.removed) > self._part:
            done = self._commit_in_steps(change, revision, mark)
        else:
            done = self._commit_at_once(change, revision, mark)
        reached("commit.done")
        return done

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """See `TwinStore.revisions`."""
        return [revision_of(row) for row in self._server.ask(cypher.REVISIONS, since=since)]

    def change(self, number: int, branch: str = "") -> ChangeSet:
        """See `TwinStore.change`."""
        if branch:
            return neo4j_branches.change(self._server, branch, number)
        parts = self._server.read(lambda tx: read_change(tx, cypher.CHANGE, number=number), READ_S)
        if not parts:
            raise KeyError(f"no revision {number} in {self.url}")
        return joined(parts)

    def branches(self) -> Sequence[Branch]:
        """See `TwinStore.branches`."""
        return self._server.read(neo4j_branches.read)

    def create_branch(self, branch: Branch) -> None:
        """See `TwinStore.create_branch`."""
        neo4j_branches.create(self._server, branch)

    def replace_branch(self, branch: Branch, change: ChangeSet) -> None:
        """See `TwinStore.replace_branch`."""
        neo4j_branches.replace(self._server, branch, change, uuid4().hex, self._part)

    def drop_branch(self, name: str) -> None:
        """See `TwinStore.drop_branch`."""
        neo4j_branches.drop(self._server, name)

    def drift(self, progress: Progress | None = None) -> ChangeSet:
        """See `TwinStore.drift`. Tells of labels, properties, relationships and `_facts` that another hand has changed."""
        self._await_whole(progress)
        return drift(self._server, self._server.read(read_history, READ_S), progress)

    def check(self) -> None:
        """Raise `StoreUnavailable` where nodes that nobody can name stand among the twin's own. Cost: one pass over the nodes."""
        [row] = self._server.ask(cypher.STRAYS, READ_S, iri=_NAMED, most=STRAYS_NAMED)
        if row["count"]:
            raise StoreUnavailable(
                f"{row['count']:,} nodes are labelled Resource and have no IRI in `iri` (elementId {', '.join(row['first'])}"
                f"{', …' if row['count'] > STRAYS_NAMED else ''}): a query over the graph counts them, the twin does not know them; "
                "delete them, give them an IRI, or take the label from them"
            )

    def write_values(self, batch: ReadingBatch) -> None:
        """See `TwinStore.write_values`. A `nan` keeps the number that stood before. Transactions of `BATCH` rows."""
        qualities = [Quality(code).name for code in batch.quality.tolist()]
        reasons = [Reason(code).name if code else None for code in batch.reason.tolist()]
        columns = (batch.points, batch.values.tolist(), batch.observed_at.tolist(), batch.received_at.tolist(), qualities, reasons)
        rows = [[p, None if v != v else v, *rest] for p, v, *rest in zip(*columns, strict=True)]  # noqa: PLR0124 - only nan is unlike itself
        for batch_rows in batches(rows):
            self._server.tell(cypher.WRITE_VALUES, VALUES_S, rows=batch_rows)

    def values(self) -> ReadingBatch:
        """See `TwinStore.values`; in order of the points' IRIs."""
        [row] = self._server.ask(cypher.VALUES, READ_S)
        return ReadingBatch.stored([(*rest, Quality[quality], Reason[why or "NONE"]) for *rest, quality, why in row["rows"]])

    def close(self) -> None:
        """See `TwinStore.close`."""
        self._server.close()

    # -- commits --------------------------------------------------------------------------------------------------

    def _locked(self, tx: Tx, mark: str) -> Mapping[str, Any]:
        """The state of the twin, which nobody else changes before the transaction ends. Raises `StoreUnavailable` while it is restored."""
        state: Mapping[str, Any] = tx.run(cypher.LOCK, asked=mark).single(strict=True)
        if state["restoring"] and not self._filling:
            raise unfinished(self.url, state["restoring"])
        return state

    def _commit_at_once(self, change: ChangeSet, revision: Revision, mark: str) -> Revision:
        packed = pack(change)

        def work(tx: Tx) -> Revision | None:
            state = self._locked(tx, mark)
            if state["staged"]:
                return None
            kept = _kept(tx, revision, mark, state["revision"])
            if kept is not None:
                return kept
            if state["revision"] == 0:
                more = write_first(tx, change.added, revision.number)
            else:
                since = np.full(len(change.added), revision.number, dtype=np.int32)
                more = write(tx, change.added, change.removed, since, number=revision.number).more
                sweep(tx, change.removed)
            own(tx, change)
            revise(tx, revision, packed, mark, more)
            reached("commit.written")
            return revision

        while (done := self._server.write(work, COMMIT_S)) is None:
            self._work_off()
        return done

    def _commit_in_steps(self, change: ChangeSet, revision: Revision, mark: str) -> Revision:
        parts = keep_parts(self._server, change, mark, self._part)
        reached("stage.kept")

        def work(tx: Tx) -> Revision | bool:
            state = self._locked(tx, mark)
            if state["staged"]:
                return bool(state["staged"] == mark)
            kept = _kept(tx, revision, mark, state["revision"])
            if kept is not None:
                return kept
            stage(tx, revision, mark, parts, change.added)
            return True

        try:
            while not (done := self._server.write(work)):
                self._work_off()
        except StaleRevision:
            self._server.tell(cypher.DROP_PARTS, COMMIT_S, commit=mark)
            raise
        if isinstance(done, Revision):
            self._server.tell(cypher.DROP_PARTS, COMMIT_S, commit=mark)
            return done
        reached("commit.staged")
        self._work_off()
        return revision

    def _work_off(self, progress: Progress | None = None) -> None:
        """Take the open intent to its end, beside any other process that does the same. Raises what the server refused it for."""
        refused: RefusedByServer | None = None
        first = FirstLoad(self._server)
        while True:
            try:
                intent = self._server.write(partial(step, first=first), COMMIT_S)
            except RefusedByServer as error:
                intent = self._server.read(_intent)
                if intent is None or intent.back or intent.done >= intent.parts:
                    raise
                self._server.write(partial(turn_back, commit=intent.commit))
                refused = error
                continue
            if intent is None:
                break
            first.places.keep()
            reached("commit.published" if intent.done == intent.steps else "commit.step")
            if progress is not None:
                progress("taking in a change", intent.done, intent.steps)
        if refused is not None:
            raise refused

    def _await_whole(self, progress: Progress | None) -> None:
        """Return when no intent is open. Who may not write waits for the one who does, as long as it goes on."""
        if not self._server.read_only:
            self._work_off(progress)
            return
        last: Intent | None = None
        quiet_since = time.monotonic()
        while (intent := self._server.read(_intent)) is not None:
            if intent != last:
                last, quiet_since = intent, time.monotonic()
            elif time.monotonic() - quiet_since > SILENT_S:
                raise StoreUnavailable(
                    f"{self.url} holds a change that was left half done: "
                    "open it once with a verb that writes, such as load, and it is brought to its end"
                )
            time.sleep(POLL_S)


def _kept(tx: Tx, revision: Revision, mark: str, newest: int) -> Revision | None:
    """What an earlier try of this very change came to, when only its answer was lost. Raises `StaleRevision` for what comes too late."""
    row = tx.run(cypher.REVISION_OF_KEY, key=revision.cause.key).single() if revision.cause.key else None
    if row is None and newest >= revision.number:
        row = tx.run(cypher.REVISION_OF_COMMIT, number=revision.number, commit=mark).single()
    if row is not None:
        return revision_of(row)
    if newest != revision.number - 1:
        raise StaleRevision(
            f"the change was made against revision {revision.number - 1}, but the newest is {newest}: read again and repeat it"
        )
    return None


def _state(tx: Tx) -> _State:
    row = tx.run(cypher.STATE).single(strict=True)
    return _State(row["revision"], row["staged"], row["quads"])


def _intent(tx: Tx) -> Intent | None:
    commit = _state(tx).staged
    return None if commit is None else read_intent(tx, commit)


def _first(rows: Sequence[Mapping[str, Any]]) -> Revision | None:
    return revision_of(rows[0]) if rows else None
