"""The twin in Neo4j 5.26 or newer, as a graph that a Neo4j user expects; `graph.stores.property_graph` says how it looks.

Rules of this file:

1. Cypher text is constant; labels, types and property names are dynamic (`$(...)`, Cypher 5.26) and come from the table of names.
2. One transaction a commit, under a lock on the node `Twin`: data, names, owners, revision and change set together.
3. Parameters go in batches of `BATCH` rows; what is read comes back by `collect()`, in pages in order of the index on `iri`.
4. Every wait has a bound: connecting, getting a connection, a transaction, its repetition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC
from itertools import islice
from typing import Any, LiteralString
from uuid import uuid4

import neo4j
import numpy as np
from neo4j import GraphDatabase, ManagedTransaction, Query, unit_of_work
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from graph.changes import Cause, ChangeSet, Revision
from graph.errors import StaleRevision, StoreUnavailable
from graph.ports import StoredTwin
from graph.stores import cypher
from graph.stores.packing import pack, unpack
from graph.stores.property_graph import RDF_TYPE, Fact, Link, Names, Split, decode, encode, labels_of, properties_of, split
from graph.values import Quality, ReadingBatch
from ontology.terms import QuadBlock, is_iri

CONNECT_S = 2.0
REPEAT_S = 2.0
READ_S = 120.0
COMMIT_S = 300.0
VALUES_S = 15.0
BATCH = 5_000
PAGE = 20_000
LOADS_MAX = 5
VERSION_MIN = (5, 26)


class Neo4jStore:
    """A `TwinStore` on a Neo4j server; `url` is `bolt://HOST:PORT`, `neo4j://HOST:PORT` or one of their TLS forms.

    Without a password the server is asked for no authentication. With `read_only` nothing is prepared for writing.

    Raises `StoreUnavailable`, with the address and the next step, when the server is away (told within some five
    seconds), refuses the user or is too old.
    """

    def __init__(self, url: str, *, user: str = "", password: str = "", database: str | None = None, read_only: bool = False) -> None:
        self.url, self._database, self._read_only = url, database, read_only
        with self._errors():
            try:
                self._driver = self._connect(user, password)
                self._prepare()
            except ValueError as error:
                raise StoreUnavailable(
                    f"{url!r} is no address of a Neo4j server ({error}): give bolt://HOST:7687 or neo4j://HOST:7687"
                ) from error

    def _connect(self, user: str, password: str) -> neo4j.Driver:
        return GraphDatabase.driver(
            self.url,
            auth=(user, password) if password else None,
            connection_timeout=CONNECT_S,
            connection_acquisition_timeout=CONNECT_S,
            max_transaction_retry_time=REPEAT_S,
            notifications_min_severity="OFF",
            user_agent="ridethrough",
        )

    def _prepare(self) -> None:
        """Ask for the version and, to write, see to the constraints; lets go of the driver when that fails."""
        try:
            self._ask_version()
            if not self._read_only:
                with self._session() as session:
                    for statement in cypher.SCHEMA:
                        session.run(Query(statement, timeout=READ_S)).consume()
        except BaseException:
            self._driver.close()
            raise

    def _ask_version(self) -> None:
        with self._session() as session:
            found = session.run(Query(cypher.VERSION, timeout=READ_S)).single()
        version = str(found["version"]) if found else "0.0"
        major, minor = (int(part) for part in version.split("-")[0].split(".")[:2])
        if (major, minor) < VERSION_MIN:
            raise StoreUnavailable(f"{self.url} is Neo4j {version}, too old for dynamic labels: upgrade it to 5.26 or newer")

    # -- the port -------------------------------------------------------------------------------------------------

    def load(self) -> StoredTwin:
        """See `TwinStore.load`. Reads again, `LOADS_MAX` times at most, when a commit comes between its pages."""
        with self._errors(), self._session() as session:
            for _ in range(LOADS_MAX):
                before, twin = session.execute_read(_load)
                after = session.execute_read(_newest)
                if before == after:
                    return StoredTwin(after, *twin)
        raise StoreUnavailable(f"{self.url} was changed {LOADS_MAX} times while it was read: try again when the loading is done")

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int) -> Revision:
        """See `TwinStore.commit`. The whole change is one transaction: the server's heap must hold it (1 GB some 300,000 quads)."""
        mark = uuid4().hex

        @unit_of_work(timeout=COMMIT_S)
        def work(tx: ManagedTransaction) -> Revision:
            revision = Revision(expected + 1, cause, len(change.added), len(change.removed))
            newest = tx.run(cypher.LOCK, asked=mark).single(strict=True)["revision"]
            if newest == expected:
                _write(tx, change, empty=newest == 0)
                _revise(tx, revision, change, mark)
            elif not _is_ours(tx, expected + 1, mark):
                raise StaleRevision(
                    f"the change was made against revision {expected}, but the newest is {newest}: read again and repeat it"
                )
            return revision

        with self._errors(), self._session() as session:
            return session.execute_write(work)

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """See `TwinStore.revisions`."""
        with self._errors(), self._session() as session:
            return session.execute_read(_revisions, since)

    def change(self, number: int) -> ChangeSet:
        """See `TwinStore.change`."""
        with self._errors(), self._session() as session:
            packed = session.execute_read(_packed_change, number)
        if packed is None:
            raise KeyError(f"no revision {number} in {self.url}")
        return unpack(packed)

    def write_values(self, batch: ReadingBatch) -> None:
        """See `TwinStore.write_values`. A `nan` keeps the number that stood before. Transactions of `BATCH` rows."""
        qualities = [Quality(code).name for code in batch.quality.tolist()]
        columns = (batch.points, batch.values.tolist(), batch.observed_at.tolist(), batch.received_at.tolist(), qualities)
        rows = [[p, None if v != v else v, o, r, q] for p, v, o, r, q in zip(*columns, strict=True)]  # noqa: PLR0124 - only nan is unlike itself
        with self._errors(), self._session() as session:
            for batch_rows in _batches(rows):
                session.execute_write(_write_values, batch_rows)

    def values(self) -> ReadingBatch:
        """See `TwinStore.values`; in order of the points' IRIs."""
        with self._errors(), self._session() as session:
            rows = session.execute_read(_values)
        return ReadingBatch.of(
            [(point, np.nan if value is None else value, o, r, Quality[quality]) for point, value, o, r, quality in rows]
        )

    def close(self) -> None:
        """See `TwinStore.close`."""
        self._driver.close()

    # -- sessions and errors --------------------------------------------------------------------------------------

    def _session(self) -> neo4j.Session:
        access = neo4j.READ_ACCESS if self._read_only else neo4j.WRITE_ACCESS
        return self._driver.session(database=self._database, fetch_size=-1, default_access_mode=access)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except AuthError as error:
            raise StoreUnavailable(f"{self.url} refuses the user: check the store's user and password ({error.message})") from error
        except Neo4jError as error:
            if "OutOfMemory" in (error.code or ""):
                raise StoreUnavailable(
                    f"{self.url} has too little memory for a change of this size: raise server.memory.heap.max_size "
                    f"(1 GB takes some 300,000 quads), or load the file in parts ({error.message})"
                ) from error
            raise StoreUnavailable(f"{self.url} could not do it ({error.code}: {error.message}): see the server's log") from error
        except (DriverError, OSError) as error:
            said = " ".join(str(error).split())
            raise StoreUnavailable(
                f"{self.url} cannot be reached ({said}): start the server, or correct the address of the store"
            ) from error


# -- writing ------------------------------------------------------------------------------------------------------


def _write(tx: ManagedTransaction, change: ChangeSet, *, empty: bool) -> None:
    """Bring the graph from the newest revision to the next; `empty` when there is nothing yet to be merged with."""
    names = _read_names(tx)
    _learn(tx, names, change.added)
    added, removed = split(change.added), split(change.removed)
    subjects = sorted(added.facts.keys() | removed.facts.keys())
    before = {} if empty else _read_facts(tx, subjects, names)
    rows = [_node_row(subject, before.get(subject, {}), added, removed, names) for subject in subjects]
    _run(tx, cypher.NEW_NODES if empty else cypher.NODES, rows)
    _run(tx, cypher.ENDS, sorted({end for s, _, o in added.links for end in (s, o)} - set(subjects)))
    _write_links(tx, added, removed, names, empty=empty)
    _run(tx, cypher.OWNERS, [list(pair) for pair in sorted(change.graphs.items())])
    loose = sorted(removed.facts.keys() | {end for s, _, o in removed.links for end in (s, o)})
    _run(tx, cypher.FORGET_VALUES, loose)
    _run(tx, cypher.PRUNE, loose)


def _learn(tx: ManagedTransaction, names: Names, added: QuadBlock) -> None:
    terms = added.terms
    predicates = [terms[p] for p in np.unique(added.quads[:, 1]).tolist()]
    types = [n for n, term in enumerate(terms) if term == RDF_TYPE]
    objects = np.unique(added.quads[np.isin(added.quads[:, 1], types), 2]).tolist()
    labels, links = names.learn((terms[o] for o in objects if is_iri(terms[o])), predicates)
    for kind, new in (("label", labels), ("predicate", links)):
        _run(tx, cypher.ADD_NAMES, [list(pair) for pair in sorted(new.items())], kind=kind)


def _node_row(subject: str, before: Mapping[Fact, None], added: Split, removed: Split, names: Names) -> list[Any]:
    """IRI, labels to set, labels to take away, properties to set (None takes one away)."""
    more, fewer = added.facts.get(subject, {}), removed.facts.get(subject, {})
    after = {fact: None for fact in before if fact not in fewer} | more
    labels = labels_of(after, names)
    touched = {p for p, _, _ in more} | {p for p, _, _ in fewer if p in names.predicates}
    properties: dict[str, Any] = {names.predicates[p]: None for p in sorted(touched)} if before else {}
    properties |= properties_of((fact for fact in after if fact[0] in touched), names)
    properties["_facts"] = sorted(encode(fact, names) for fact in after) or None
    return [subject, labels, sorted(set(labels_of(before, names)).difference(labels)), properties]


def _write_links(tx: ManagedTransaction, added: Split, removed: Split, names: Names, *, empty: bool) -> None:
    """Reads what the subjects say already and writes by id: to search a pair of dense nodes for a dynamic type takes milliseconds each."""
    wanted = added.links.keys() | removed.links.keys()
    there = {} if empty else _read_links(tx, wanted, names)
    create, regraph, unlink = [], [], []
    for link in sorted(wanted):
        identity, before = there.get(link, ("", []))
        after = sorted({graph for graph in before if graph not in removed.links.get(link, {})} | added.links.get(link, {}).keys())
        if not identity and after:
            create.append([link[0], names.predicates[link[1]], link[2], {"predicate": link[1], "graphs": after}])
        elif identity and not after:
            unlink.append(identity)
        elif after != before:
            regraph.append([identity, after])
    _run(tx, cypher.UNLINK, unlink)
    _run(tx, cypher.REGRAPH, regraph)
    _run(tx, cypher.NEW_LINKS, create)


def _revise(tx: ManagedTransaction, revision: Revision, change: ChangeSet, mark: str) -> None:
    cause = revision.cause
    tx.run(
        cypher.REVISE,
        number=revision.number,
        author=cause.author,
        source=cause.source,
        at=cause.at.astimezone(UTC),
        reason=cause.reason,
        added=revision.added,
        removed=revision.removed,
        change=pack(change),
        commit=mark,
    ).consume()


def _is_ours(tx: ManagedTransaction, number: int, mark: str) -> bool:
    """Whether an earlier try of this very commit went through and only its answer was lost."""
    return tx.run("MATCH (r:Revision {number: $number, commit: $mark}) RETURN r.number", number=number, mark=mark).single() is not None


@unit_of_work(timeout=VALUES_S)
def _write_values(tx: ManagedTransaction, rows: list[Any]) -> None:
    tx.run(cypher.WRITE_VALUES, rows=rows).consume()


def _run(tx: ManagedTransaction, text: LiteralString, rows: Sequence[Any], **parameters: Any) -> None:
    for batch in _batches(rows):
        tx.run(text, rows=batch, **parameters).consume()


def _batches(rows: Sequence[Any]) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


# -- reading ------------------------------------------------------------------------------------------------------


def _read_names(tx: ManagedTransaction) -> Names:
    tables = {row["kind"]: dict(zip(row["iris"], row["names"], strict=True)) for row in tx.run(cypher.NAMES)}
    return Names.of(tables.get("label", {}), tables.get("predicate", {}))


def _read_facts(tx: ManagedTransaction, subjects: Sequence[str], names: Names) -> dict[str, dict[Fact, None]]:
    facts: dict[str, dict[Fact, None]] = {}
    for batch in _batches(subjects):
        row = tx.run(cypher.FACTS, rows=batch).single(strict=True)
        for iri, entries in zip(row["iris"], row["facts"], strict=True):
            facts[iri] = dict.fromkeys(decode(entry, names) for entry in entries)
    return facts


def _read_links(tx: ManagedTransaction, wanted: AbstractSet[Link], names: Names) -> dict[Link, tuple[str, list[str]]]:
    """The relationship's id and graphs of each wanted link that is there. Cost: linear in what the subjects are linked to."""
    found: dict[Link, tuple[str, list[str]]] = {}
    for batch in _batches(sorted({s for s, _, _ in wanted})):
        row = tx.run(cypher.LINKS_OF, rows=batch).single(strict=True)
        for s, name, o, identity, graphs in zip(row["subjects"], row["names"], row["objects"], row["ids"], row["graphs"], strict=True):
            link = (s, names.iris[name], o)
            if link in wanted:
                found[link] = (identity, graphs)
    return found


@unit_of_work(timeout=READ_S)
def _load(tx: ManagedTransaction) -> tuple[Revision | None, tuple[QuadBlock, dict[str, str]]]:
    newest, names = _newest(tx), _read_names(tx)
    owners = {row["iri"]: row["owner"] for row in tx.run("MATCH (g:Graph) RETURN g.iri AS iri, g.owner AS owner ORDER BY iri")}
    ids: dict[str, int] = {}
    number = ids.setdefault
    columns: list[int] = []
    after = ""
    while (page := tx.run(cypher.NODE_PAGE, after=after, limit=PAGE).single(strict=True))["last"] is not None:
        for iri, entries in zip(page["iris"], page["facts"], strict=True):
            s = number(iri, len(ids))
            for entry in entries:
                name, graph, obj = entry.split(" ", 2)
                columns += (s, number(names.iris[name], len(ids)), number(obj, len(ids)), number(graph, len(ids)))
        for row in tx.run(cypher.LINK_PAGE, after=after, last=page["last"]):
            p = number(names.iris[row["name"]], len(ids))
            graphs = [number(graph, len(ids)) for graph in row["graphs"]]
            for subject, obj in zip(row["subjects"], row["objects"], strict=True):
                s, o = number(subject, len(ids)), number(obj, len(ids))
                for g in graphs:
                    columns += (s, p, o, g)
        after = page["last"]
    return newest, (QuadBlock(list(ids), np.array(columns, dtype=np.int32).reshape(-1, 4)), owners)


@unit_of_work(timeout=READ_S)
def _newest(tx: ManagedTransaction) -> Revision | None:
    row = tx.run(cypher.NEWEST).single()
    return None if row is None else _revision(row)


@unit_of_work(timeout=READ_S)
def _revisions(tx: ManagedTransaction, since: int) -> list[Revision]:
    return [_revision(row) for row in tx.run(cypher.REVISIONS, since=since)]


def _revision(row: neo4j.Record) -> Revision:
    cause = Cause(row["author"], row["source"], row["at"].to_native().astimezone(UTC), row["reason"])
    return Revision(row["number"], cause, row["added"], row["removed"])


@unit_of_work(timeout=READ_S)
def _packed_change(tx: ManagedTransaction, number: int) -> bytes | None:
    row = tx.run("MATCH (r:Revision {number: $number}) RETURN r.change AS change", number=number).single()
    return None if row is None else bytes(row["change"])


@unit_of_work(timeout=READ_S)
def _values(tx: ManagedTransaction) -> list[list[Any]]:
    rows: list[list[Any]] = tx.run(cypher.VALUES).single(strict=True)["rows"]
    return rows
