"""Neo4j away, silent, refusing, killed and back: clear errors within seconds, and nothing lost that was committed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from neo4j import GraphDatabase, Query

from graph.changes import Cause, ChangeSet, Revision
from graph.errors import GraphError, StaleRevision, StoreUnavailable
from graph.stores.neo4j import Neo4jStore
from graph.stores.neo4j_connection import ASK_S, GRACE_S
from graph.stores.opening import open_store
from graph.stores.sqlite import SqliteStore
from graph.values import Quality, ReadingBatch
from ontology.terms import QuadBlock
from tests.support.mosquitto import free_port
from tests.support.neo4j_server import Neo4jServer, emptied, install

CAUSE = Cause("ada", "test", datetime(2026, 3, 1, tzinfo=UTC), "")
WITHIN_S = 6.0
PASSWORD = "only-for-this-test"  # noqa: S105 - of a server on the loopback that lives for one test


def change(name: str) -> ChangeSet:
    """A change that adds one thing with a hundred facts."""
    return ChangeSet(QuadBlock.of((f"urn:{name}", "urn:p", f'"{n}"', "urn:g") for n in range(100)), QuadBlock.empty())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A server of this file's own, with a password, that may be killed."""
    install()
    server = Neo4jServer(tmp_path_factory.mktemp("neo4j"), PASSWORD).start()
    yield server
    server.kill()


def test_an_address_where_nothing_listens_is_named_within_seconds() -> None:
    """With what to do."""
    url = f"bolt://127.0.0.1:{free_port()}"
    started = time.monotonic()

    with pytest.raises(StoreUnavailable, match=rf"{url} cannot be reached .*start the server, or correct the address"):
        Neo4jStore(url)

    assert time.monotonic() - started < WITHIN_S


def test_a_host_that_accepts_and_says_nothing_is_given_up_within_seconds() -> None:
    """A firewall or another service on that port."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"bolt://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()

        with pytest.raises(StoreUnavailable, match=url):
            Neo4jStore(url)

        assert time.monotonic() - started < WITHIN_S


def test_a_wrong_password_is_told_apart_from_a_server_that_is_away(server: Neo4jServer) -> None:
    """The text speaks of user and password, and holds neither password."""
    with pytest.raises(StoreUnavailable, match="check the store's user and password") as refused:
        Neo4jStore(server.url, user="neo4j", password="wrong-pass")  # noqa: S106 - the wrong one

    assert "wrong-pass" not in str(refused.value)


def test_what_was_committed_survives_a_kill_and_the_store_comes_back_by_itself(server: Neo4jServer) -> None:
    """While the server is away every call says so within seconds; the same store object works on when it is back."""
    store = Neo4jStore(server.url, user="neo4j", password=PASSWORD)
    store.commit(change("a"), CAUSE, expected=0)
    store.write_values(ReadingBatch.of([("urn:a", 1.5, 1, 2, Quality.GOOD)]))

    server.kill()
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match=server.url):
        store.commit(change("b"), CAUSE, expected=1)
    away_s = time.monotonic() - started
    server.start()
    twin = store.load()
    revision = store.commit(change("b"), CAUSE, expected=1)
    values = store.values().values.tolist()
    store.close()

    assert away_s < WITHIN_S
    assert (twin.revision and twin.revision.number, len(twin.quads)) == (1, 100)
    assert revision.number == 2
    assert values == [1.5]


def test_a_server_that_hangs_is_given_up_by_our_own_clock_and_used_again_when_it_answers(server: Neo4jServer) -> None:
    """Stopped in its tracks it answers nothing and closes nothing; the bound is the transaction's and some seconds."""
    store = Neo4jStore(server.url, user="neo4j", password=PASSWORD)
    newest = len(store.revisions())

    with server.frozen():
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match=r"has not answered for 11 s: see whether the server hangs"):
            store.revisions()
        hung_s = time.monotonic() - started
        with pytest.raises(StoreUnavailable, match=server.url):
            store.revisions()

    assert hung_s < ASK_S + GRACE_S + WITHIN_S
    assert len(store.revisions()) == newest
    store.close()


def test_of_two_processes_that_change_the_same_revision_one_is_refused() -> None:
    """Eight at once, each on a connection of its own: one revision comes of it, seven are stale."""
    url = emptied()
    stores = [Neo4jStore(url) for _ in range(8)]
    outcomes: list[Revision | GraphError] = []

    def work(store: Neo4jStore, name: str) -> None:
        try:
            outcomes.append(store.commit(change(name), CAUSE, expected=0))
        except GraphError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work, args=(store, f"n{number}")) for number, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [type(o) for o in outcomes if not isinstance(o, StaleRevision)] == [Revision]
    assert len(outcomes) == 8
    assert len(stores[0].load().quads) == 100
    for store in stores:
        store.close()


def test_a_setting_opens_the_store_that_it_names(tmp_path: Path) -> None:
    """Nothing or a folder: the file; a Bolt address: Neo4j; anything else is refused with what is accepted."""
    default = open_store("", tmp_path / "data")
    elsewhere = open_store(str(tmp_path / "other"), tmp_path / "data")
    server = open_store(emptied(), tmp_path / "data")

    assert [type(store) for store in (default, elsewhere, server)] == [SqliteStore, SqliteStore, Neo4jStore]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "other"]
    for store in (default, elsewhere, server):
        store.close()
    with pytest.raises(GraphError, match=r"'mysql://x' is not known: .*bolt://"):
        open_store("mysql://x", tmp_path)
    with pytest.raises(StoreUnavailable, match="'bolt://host:port' is no address"):
        open_store("bolt://host:port", tmp_path)


def test_who_only_reads_writes_nothing_on_the_server() -> None:
    """An empty database without constraints is read as the empty twin, and has no constraint afterwards."""
    url = emptied()
    with GraphDatabase.driver(url) as driver, driver.session() as session:
        for name in [row["name"] for row in session.run("SHOW CONSTRAINTS YIELD name")]:
            session.run(Query(f"DROP CONSTRAINT `{name}`")).consume()

        store = open_store(url, Path(), read_only=True)
        revision, revisions, values = store.load().revision, store.revisions(), store.values()
        store.close()

        assert (revision, list(revisions), len(values)) == (None, [], 0)
        assert session.run("SHOW CONSTRAINTS YIELD name RETURN count(*) AS n").single(strict=True)["n"] == 0
