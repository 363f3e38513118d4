"""Changes that are larger than what one transaction of the server holds: written down whole first, then worked off in bounded steps.

Rules of this file:

1. The change is cut into parts, each no larger than a small commit, and the parts are kept, in transactions of their own. Nobody sees them.
2. One transaction makes it the intent of the twin (`Twin.staged`), under the lock and against the expected revision. From then on it
   will be done: whoever comes next, in whatever process, takes the next step of it (`step`), and no commit goes past it.
3. A step is one transaction under the lock: one part written, or its leftovers swept up, or the revision published. The count of
   steps done stands in the same transaction, so each is done once.
4. Does the server refuse a part for good, the steps done are undone in turn, and the intent is dropped.
5. Who reads waits until no intent is open, so nobody sees half of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from graph.changes import Cause, ChangeSet, Revision
from graph.packing import pack, unpack
from graph.steps import reached
from graph.stores import cypher
from graph.stores.neo4j_connection import Connection, Tx
from graph.stores.neo4j_first_load import FirstLoad, read_part
from graph.stores.neo4j_writing import learn, read_names, sweep, write
from graph.stores.property_graph import RDF_TYPE
from ontology.terms import Ids, QuadBlock

PART = 20_000
"""Quads of one transaction: takes some 60 MB of the server's heap and half a second, on a busy machine ten. Larger ones are slower for each
quad, because the collector of garbage copies what a transaction holds."""
PART_S = 60.0
LOST_PARTS_H = 24


@dataclass(frozen=True, slots=True)
class Intent:
    """A change that is being worked off: its revision, how many parts it has, how many steps are done, and whether they are undone."""

    commit: str
    revision: Revision
    parts: int
    done: int
    more: int
    back: bool
    sweeps: bool

    @property
    def steps(self) -> int:
        """Steps until it may be published."""
        return self.parts * (2 if self.sweeps else 1)


def parts_of(change: ChangeSet, size: int = PART) -> Iterator[ChangeSet]:
    """The change in parts of about `size` quads, in order of the subjects' names, which is the order in which they will be read.

    All that is said of one subject stands in one part; only the links of one that has more than `size` are spread over several, by their
    objects. So no part needs to know what another has written. Cost: one sort.
    """
    added, removed = change.added, change.removed
    ranks: dict[str, int] = {}
    subjects = {block.terms[s] for block in (added, removed) for s in np.unique(block.quads[:, 0]).tolist()}
    for subject in sorted(subjects):
        ranks[subject] = len(ranks)
    places = [_ranked(block, ranks) for block in (added, removed)]
    counts = sum((np.bincount(place, minlength=len(ranks)) for place in places), np.zeros(len(ranks), dtype=np.int64))
    begins = (np.cumsum(counts) - counts) // size
    numbers = [begins[place] + _spread(block, counts[place] // size) for block, place in zip((added, removed), places, strict=True)]
    orders = [np.argsort(number, kind="stable") for number in numbers]
    wanted = np.unique(np.concatenate(numbers))
    cuts = [np.searchsorted(number[order], wanted) for number, order in zip(numbers, orders, strict=True)]
    graphs = dict(change.graphs)
    for n in range(len(wanted)):
        rows = [_between(order, cut, n) for order, cut in zip(orders, cuts, strict=True)]
        since = change.since[rows[1]] if len(change.since) else change.since
        yield ChangeSet(QuadBlock(added.terms, added.quads[rows[0]]), QuadBlock(removed.terms, removed.quads[rows[1]]), graphs, since)
        graphs = {}


def _ranked(block: QuadBlock, ranks: dict[str, int]) -> NDArray[np.int64]:
    numbers, places = np.unique(block.quads[:, 0], return_inverse=True)
    return np.array([ranks[block.terms[s]] for s in numbers.tolist()], dtype=np.int64)[places.reshape(-1)] if len(block) else places


def _spread(block: QuadBlock, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Into which of its subject's pieces each quad goes: always the first, but for the links of a subject that has several."""
    out = np.zeros(len(block), dtype=np.int64)
    terms = block.terms
    for row in np.flatnonzero(pieces > 1).tolist():
        _, p, o, _ = block.quads[row].tolist()
        if not terms[o].startswith('"') and terms[p] != RDF_TYPE:
            out[row] = crc32(terms[o].encode()) % int(pieces[row])
    return out


def _between(order: NDArray[np.int64], cut: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return order[cut[n] : cut[n + 1] if n + 1 < len(cut) else len(order)]


def keep_parts(server: Connection, change: ChangeSet, commit: str, size: int) -> int:
    """Write the change's parts down, each in a transaction of its own; returns how many."""
    count = 0
    server.tell(cypher.DROP_LOST_PARTS, PART_S, hours=LOST_PARTS_H)
    for count, part in enumerate(parts_of(change, size), 1):
        server.tell(cypher.ADD_PART, PART_S, commit=commit, part=count - 1, data=pack(part))
        reached("stage.part")
    return count


def read_parts(tx: Tx, commit: str) -> list[ChangeSet]:
    """All parts that were kept of a commit."""
    found: list[ChangeSet] = []
    while (row := tx.run(cypher.PART, commit=commit, part=len(found)).single()) is not None:
        found.append(unpack(bytes(row["data"])))
    return found


def stage(tx: Tx, revision: Revision, commit: str, parts: int, added: QuadBlock) -> None:
    """Make the kept parts the intent of the twin (rule 2), and name all that it adds."""
    learn(tx, read_names(tx), added)
    tx.run(cypher.STAGE, **cause_fields(revision), commit=commit, parts=parts, sweeps=revision.removed > 0).consume()


def read_intent(tx: Tx, commit: str) -> Intent | None:
    """The intent of that commit, as far as it has come."""
    row = tx.run(cypher.STAGED, commit=commit).single()
    if row is None:
        return None
    return Intent(commit, revision_of(row), row["parts"], row["done"], row["more"], row["back"], row["sweeps"])


def step(tx: Tx, first: FirstLoad) -> Intent | None:
    """Take the next step of the open intent, if there is one; returns it as it was before the step (rule 3).

    `first` is what the caller knows of the steps that it has seen go through.
    """
    state = tx.run(cypher.LOCK, asked="step").single(strict=True)
    intent = read_intent(tx, state["staged"]) if state["staged"] else None
    if intent is None:
        return None
    if intent.back:
        _undo(tx, intent)
    elif intent.done == intent.steps:
        revise(tx, intent.revision, None, intent.commit, intent.more)
        tx.run(cypher.UNSTAGE, commit=intent.commit).consume()
    else:
        _redo(tx, intent, first if state["revision"] == 0 else None)
    return intent


def _redo(tx: Tx, intent: Intent, first: FirstLoad | None) -> None:
    number, more = intent.revision.number, 0
    if intent.done >= intent.parts:
        sweep(tx, read_part(tx, intent.commit, intent.done % intent.parts).removed)
    elif first is not None:
        part, more = first.write(tx, intent.commit, intent.done, intent.parts, number)
        own(tx, part)
    else:
        part = read_part(tx, intent.commit, intent.done)
        more = write(tx, part.added, part.removed, np.full(len(part.added), number, dtype=np.int32), number=number).more
        own(tx, part)
    tx.run(cypher.STAGED_DONE, commit=intent.commit, done=intent.done + 1, more=more).consume()


def _undo(tx: Tx, intent: Intent) -> None:
    if intent.done == 0:
        tx.run(cypher.DROP_PARTS, commit=intent.commit).consume()
        tx.run(cypher.UNSTAGE, commit=intent.commit).consume()
        return
    if intent.done <= intent.parts:
        part = read_part(tx, intent.commit, intent.done - 1)
        since = part.since if len(part.since) else np.zeros(len(part.removed), dtype=np.int32)
        write(tx, part.removed, part.added, since, number=intent.revision.number)
        sweep(tx, part.added)
    tx.run(cypher.STAGED_DONE, commit=intent.commit, done=intent.done - 1, more=0).consume()


def turn_back(tx: Tx, commit: str) -> None:
    """Have the intent undone (rule 4)."""
    tx.run(cypher.LOCK, asked="back").consume()
    tx.run(cypher.STAGED_BACK, commit=commit).consume()


# -- revisions ------------------------------------------------------------------------------------------------------


def revise(tx: Tx, revision: Revision, packed: bytes | None, commit: str, more: int) -> None:
    """Publish the revision; its change stands with it, or in the parts of its commit."""
    tx.run(cypher.REVISE, **cause_fields(revision), change=packed, commit=commit, more=more).consume()


def own(tx: Tx, change: ChangeSet) -> None:
    """Note the owners that the change makes known."""
    tx.run(cypher.OWNERS, rows=[list(pair) for pair in sorted(change.graphs.items())]).consume()


def cause_fields(revision: Revision) -> dict[str, Any]:
    """The parameters that tell a revision."""
    cause = revision.cause
    return {
        "number": revision.number,
        "author": cause.author,
        "source": cause.source,
        "at": cause.at.astimezone(UTC),
        "reason": cause.reason,
        "key": cause.key or None,
        "added": revision.added,
        "removed": revision.removed,
    }


def revision_of(row: Any) -> Revision:
    """The revision of a row that has `cypher.REVISION_FIELDS`."""
    return Revision(row["number"], cause_of(row), row["added"], row["removed"])


def cause_of(row: Any) -> Cause:
    """The cause of such a row."""
    return Cause(row["author"], row["source"], row["at"].to_native().astimezone(UTC), row["reason"], row["key"])


def joined(parts: list[ChangeSet]) -> ChangeSet:
    """One change of its parts."""
    if len(parts) == 1:
        return parts[0]
    graphs = {graph: owner for part in parts for graph, owner in part.graphs.items()}
    since: Ids = np.concatenate([part.since for part in parts])
    return ChangeSet(_one([part.added for part in parts]), _one([part.removed for part in parts]), graphs, since)


def _one(blocks: list[QuadBlock]) -> QuadBlock:
    ids: dict[str, int] = {}
    quads = []
    for block in blocks:
        numbers = np.fromiter((ids.setdefault(term, len(ids)) for term in block.terms), dtype=np.int32, count=len(block.terms))
        quads.append(numbers[block.quads])
    return QuadBlock(list(ids), np.concatenate(quads))
