"""Branches in Neo4j: nodes of their own (`TwinBranch`, `TwinBranchRevision`), apart from the data, with their changes packed."""

from __future__ import annotations

from typing import Any

from graph.changes import Branch, ChangeSet, Revision
from graph.errors import BranchExists, StaleRevision
from graph.packing import pack
from graph.steps import reached
from graph.stores import cypher
from graph.stores.neo4j_connection import READ_S, Connection, Tx
from graph.stores.neo4j_schema import read_change
from graph.stores.neo4j_staging import cause_fields, cause_of, joined, keep_parts, revision_of


def read(tx: Tx) -> list[Branch]:
    """All branches with their revisions, in order of names."""
    revisions: dict[str, list[Revision]] = {}
    for row in tx.run(cypher.BRANCH_REVISIONS):
        revisions.setdefault(row["branch"], []).append(revision_of(row))
    return [Branch(row["name"], row["base"], cause_of(row), tuple(revisions.get(row["name"], ()))) for row in tx.run(cypher.BRANCHES)]


def create(server: Connection, branch: Branch) -> None:
    """See `TwinStore.create_branch`."""
    fields = _told(cause_fields(Revision(0, branch.cause, 0, 0)))

    def work(tx: Tx) -> None:
        tx.run(cypher.LOCK, asked="branch").consume()
        if any(kept.name == branch.name for kept in read(tx)):
            raise BranchExists(f"there is a branch {branch.name!r} already: choose another name, or drop that one first")
        tx.run(cypher.NEW_BRANCH, name=branch.name, base=branch.base, **fields).consume()
        reached("branch.created")

    reached("branch.begun")
    server.write(work)
    reached("branch.done")


def replace(server: Connection, branch: Branch, change: ChangeSet, mark: str, part: int) -> None:
    """See `TwinStore.replace_branch`."""
    revision = Revision(1, branch.cause, len(change.added), len(change.removed))
    fields = cause_fields(revision)
    reached("branch.replace.begun")
    packed = _kept_change(server, change, mark, part)

    def work(tx: Tx) -> None:
        tx.run(cypher.LOCK, asked=mark).consume()
        tx.run(cypher.DROP_BRANCH, branch=branch.name).consume()
        tx.run(cypher.NEW_BRANCH, name=branch.name, base=branch.base, **_told(fields)).consume()
        tx.run(cypher.REVISE_BRANCH, branch=branch.name, **fields, change=packed, commit=mark).consume()
        reached("branch.replace.written")

    server.write(work, READ_S)
    reached("branch.replace.done")


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in ("author", "source", "at", "reason", "key")}


def _kept_change(server: Connection, change: ChangeSet, mark: str, part: int) -> bytes | None:
    """The change packed; None where it has more than `part` quads: its parts have been kept then."""
    if len(change.added) + len(change.removed) <= part:
        return pack(change)
    keep_parts(server, change, mark, part)
    return None


def drop(server: Connection, name: str) -> None:
    """See `TwinStore.drop_branch`."""

    def work(tx: Tx) -> bool:
        dropped = tx.run(cypher.DROP_BRANCH, branch=name).single() is not None
        reached("branch.dropped")
        return dropped

    reached("branch.drop.begun")
    if not server.write(work, READ_S):
        raise KeyError(f"no branch {name!r}")
    reached("branch.drop.done")


def commit(server: Connection, name: str, change: ChangeSet, revision: Revision, mark: str, part: int) -> Revision:
    """See `TwinStore.commit`: the next revision of the branch, its change whole, or in parts when it has more than `part` quads."""
    reached("branch.commit.begun")
    packed = _kept_change(server, change, mark, part)

    def work(tx: Tx) -> Revision:
        row = tx.run(cypher.LOCK_BRANCH, branch=name, asked=mark).single()
        if row is None:
            raise KeyError(f"no branch {name!r}")
        kept = _kept(tx, name, revision, mark)
        if kept is not None:
            return kept
        if row["newest"] != revision.number - 1:
            raise StaleRevision(
                f"the change was made against revision {revision.number - 1} of branch {name!r}, "
                f"but the newest is {row['newest']}: read again and repeat it"
            )
        tx.run(cypher.REVISE_BRANCH, branch=name, **cause_fields(revision), change=packed, commit=mark).consume()
        reached("branch.commit.written")
        return revision

    done = server.write(work, READ_S)
    reached("branch.commit.done")
    return done


def _kept(tx: Tx, name: str, revision: Revision, mark: str) -> Revision | None:
    """What an earlier try of this very change came to."""
    row = None
    if revision.cause.key:
        row = tx.run(cypher.BRANCH_REVISION_OF_KEY, branch=name, key=revision.cause.key).single()
    if row is None:
        row = tx.run(cypher.BRANCH_REVISION_OF_COMMIT, branch=name, number=revision.number, commit=mark).single()
    return None if row is None else revision_of(row)


def change(server: Connection, name: str, number: int) -> ChangeSet:
    """See `TwinStore.change`."""
    parts = server.read(lambda tx: read_change(tx, cypher.BRANCH_CHANGE, branch=name, number=number), READ_S)
    if not parts:
        raise KeyError(f"no revision {number} in branch {name!r}")
    return joined(parts)
