"""The numbered schema of a twin in Neo4j, and the migrations from each version to the next.

Version 1 kept `NAME GRAPH KEY` in `_facts` and no revision beside a fact; a database that tells no version has it.
Version 2 keeps the revision that said each fact, each graph's newest revision, the count of quads, keys of changes, and branches.
A migration works in pages, each in one transaction with a mark of how far it has come, so that the next one to open goes on there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, LiteralString

from graph.changes import ChangeSet
from graph.errors import StoreUnavailable
from graph.fold import History, history
from graph.packing import unpack
from graph.steps import reached
from graph.stores import cypher
from graph.stores.neo4j_connection import READ_S, Connection, Tx, run
from graph.stores.neo4j_staging import read_parts, revision_of
from graph.stores.neo4j_writing import read_names
from graph.stores.property_graph import Names, escaped
from ontology.terms import KeyQuad

SCHEMA = 2
PAGE = 2_000


def prepare(server: Connection) -> None:
    """Bring the database to `SCHEMA`. Raises `StoreUnavailable` for a newer one, and for an older one that may not be written."""
    [row] = server.ask(cypher.SCHEMA)
    version = SCHEMA if row["fresh"] else row["schema"] or 1
    if version > SCHEMA:
        raise StoreUnavailable(
            f"{server.url} has schema {version}, this program knows up to {SCHEMA}: "
            "use the newer program that wrote it, or another database"
        )
    if server.read_only:
        if version < SCHEMA:
            raise StoreUnavailable(
                f"{server.url} has the older schema {version}, not {SCHEMA}: open it once with a verb that writes, such as load"
            )
        return
    if row["fresh"] or version < SCHEMA:
        known = {record["name"] for record in server.ask(cypher.CONSTRAINT_NAMES)}
        for name in sorted(cypher.CONSTRAINTS.keys() - known):
            server.statement(cypher.CONSTRAINTS[name])
    for number in range(version + 1, SCHEMA + 1):
        reached(f"migration.{number}.begun")
        _MIGRATIONS[number](server)
        reached(f"migration.{number}.done")
    if row["fresh"]:
        server.tell(cypher.SET_SCHEMA, schema=SCHEMA, quads=0)


def _migrate_to_2(server: Connection) -> None:
    """Say by which revision each fact was said, by replaying the change sets. Cost: linear in all that is kept."""
    told = server.read(read_history, READ_S)
    since = dict(zip(told.quads, told.since.tolist(), strict=True))
    names = server.read(read_names)
    while server.write(lambda tx: _page_to_2(tx, since, names), READ_S):
        reached("migration.2.written")

    def finish(tx: Tx) -> None:
        tx.run(cypher.LOCK, asked="migration").consume()
        for graph, number in told.changed.items():
            tx.run(cypher.CHANGED, rows=[graph], number=number).consume()
        tx.run(cypher.SET_SCHEMA, schema=SCHEMA, quads=len(told.quads)).consume()

    server.write(finish, READ_S)


def _page_to_2(tx: Tx, since: Mapping[KeyQuad, int], names: Names) -> bool:
    """The next page of nodes with their relationships; False when there is none, or another process has brought it to an end."""
    state = tx.run(cypher.MIGRATED, asked="migration").single(strict=True)
    if state["schema"] >= 2:
        return False
    rows = list(tx.run(cypher.OLD_PAGE, after=state["after"] or "", limit=PAGE))
    if not rows:
        return False
    facts: list[list[Any]] = []
    links: list[list[Any]] = []
    for row in rows:
        subject = row["iri"]
        if row["facts"]:
            facts.append([subject, sorted(_entry_2(subject, entry, since, names) for entry in row["facts"])])
        for identity, predicate, obj, graphs in row["links"]:
            if identity is not None:
                links.append([identity, [since.get((subject, predicate, obj, graph), 0) for graph in graphs or []]])
    run(tx, cypher.SET_FACTS, facts)
    run(tx, cypher.SET_SINCE, links)
    tx.run(cypher.SET_MIGRATED, after=rows[-1]["iri"]).consume()
    return True


def _entry_2(subject: str, entry: str, since: Mapping[KeyQuad, int], names: Names) -> str:
    name, graph, obj = entry.split(" ", 2)
    return f"{name} {since.get((subject, names.iris[name], obj, graph), 0)} {escaped(graph)} {obj}"


_MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {2: _migrate_to_2}


def read_history(tx: Tx) -> History:
    """What all revisions come to."""
    numbers = [revision_of(row).number for row in tx.run(cypher.REVISIONS, since=0)]
    return history((number, change) for number in numbers for change in read_change(tx, cypher.CHANGE, number=number))


def read_change(tx: Tx, text: LiteralString, **parameters: Any) -> list[ChangeSet]:
    """The change that a revision tells, whole or in its parts; nothing when there is no such revision."""
    row = tx.run(text, **parameters).single()
    if row is None:
        return []
    return read_parts(tx, row["commit"]) if row["change"] is None else [unpack(bytes(row["change"]))]
