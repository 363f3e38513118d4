"""The way to a Neo4j server: managed transactions, each with a bound in seconds, and its errors in words for the user.

Rules of this file:

1. Every wait has a bound: connecting, getting a connection, a transaction, its repetition.
2. The server is told the bound of a transaction, and a clock of our own keeps it too, for a server that answers no more: then the
   call is given up, and later calls use new connections; the thread that still waits closes the old ones when it wakes.
3. Nothing else in this program imports the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from threading import Thread
from typing import Any, LiteralString, TypeVar

import neo4j
from neo4j import GraphDatabase, ManagedTransaction, Query, unit_of_work
from neo4j.exceptions import AuthError, DriverError, Neo4jError
from neo4j.spatial import Point
from neo4j.time import Duration

from graph.errors import StoreUnavailable
from graph.stores import cypher

CONNECT_S = 2.0
REPEAT_S = 2.0
GRACE_S = 2 * CONNECT_S + REPEAT_S
ASK_S = 5.0
READ_S = 120.0
BATCH = 5_000
VERSION_MIN = (5, 26)

_FOR_GOOD = ("Neo.ClientError.Statement.", "Neo.ClientError.Schema.")

Tx = ManagedTransaction
UNSAYABLE: tuple[type, ...] = (Point, bytes, bytearray)
"""What a property may hold and no literal of XSD can say."""
T = TypeVar("T")


def duration_text(value: object) -> str | None:
    """A duration of the driver's as ISO 8601 has it, which is `xsd:duration`; None for what is no duration."""
    return value.iso_format() if isinstance(value, Duration) else None


class RefusedByServer(StoreUnavailable):
    """The server says that what is asked can never be done; to ask again is of no use."""


class Connection:
    """Sessions with one server; `url` is `bolt://HOST:PORT`, `neo4j://HOST:PORT` or one of their TLS forms.

    Without a password no authentication is asked for. Raises `StoreUnavailable`, with the address and the next step.
    """

    def __init__(self, url: str, *, user: str, password: str, database: str | None, read_only: bool) -> None:
        self.url, self.read_only = url, read_only
        self._auth = (user, password) if password else None
        self._database = database
        try:
            self._driver = self._connect()
            self._ask_version()
        except ValueError as error:
            raise StoreUnavailable(
                f"{url!r} is no address of a Neo4j server ({error}): give bolt://HOST:7687 or neo4j://HOST:7687"
            ) from error

    def _connect(self) -> neo4j.Driver:
        return GraphDatabase.driver(
            self.url,
            auth=self._auth,
            connection_timeout=CONNECT_S,
            connection_acquisition_timeout=CONNECT_S,
            max_transaction_retry_time=REPEAT_S,
            notifications_min_severity="OFF",
            user_agent="ridethrough",
        )

    def _ask_version(self) -> None:
        try:
            found = self.ask(cypher.VERSION)
        except BaseException:
            self._driver.close()
            raise
        version = str(found[0]["version"]) if found else "0.0"
        major, minor = (int(part) for part in version.split("-")[0].split(".")[:2])
        if (major, minor) < VERSION_MIN:
            raise StoreUnavailable(f"{self.url} is Neo4j {version}, too old for dynamic labels: upgrade it to 5.26 or newer")

    def read(self, work: Callable[[Tx], T], within_s: float = ASK_S) -> T:
        """What `work` makes of a reading transaction that ends within so many seconds; it may be run more than once."""
        return self._run(lambda session: session.execute_read(unit_of_work(timeout=within_s)(work)), within_s)

    def write(self, work: Callable[[Tx], T], within_s: float = ASK_S) -> T:
        """Like `read`, in a transaction that may write."""
        return self._run(lambda session: session.execute_write(unit_of_work(timeout=within_s)(work)), within_s)

    def ask(self, text: LiteralString, within_s: float = ASK_S, **parameters: Any) -> list[neo4j.Record]:
        """The rows that a reading text answers with."""
        return self.read(lambda tx: list(tx.run(text, parameters)), within_s)

    def tell(self, text: LiteralString, within_s: float = ASK_S, **parameters: Any) -> None:
        """Run a writing text."""
        self.write(lambda tx: tx.run(text, parameters).consume(), within_s)

    def statement(self, text: LiteralString, within_s: float = READ_S, **parameters: Any) -> None:
        """One statement in a transaction of its own, as the schema's must be."""
        self._run(lambda session: session.run(Query(text, timeout=within_s), parameters).consume(), within_s)

    def close(self) -> None:
        """Let go of every connection; a second call does nothing."""
        self._driver.close()

    def _run(self, act: Callable[[neo4j.Session], T], within_s: float) -> T:
        """Rule 2. The work has a thread of its own: one that waits on a dead socket cannot be woken."""
        driver = self._driver
        done: list[T] = []
        failed: list[BaseException] = []

        def work() -> None:
            access = neo4j.READ_ACCESS if self.read_only else neo4j.WRITE_ACCESS
            try:
                with driver.session(database=self._database, fetch_size=-1, default_access_mode=access) as session:
                    done.append(act(session))
            except BaseException as error:
                failed.append(error)
            if driver is not self._driver:
                with suppress(DriverError, OSError):
                    driver.close()

        thread = Thread(target=work, name="neo4j", daemon=True)
        thread.start()
        thread.join(within_s + GRACE_S)
        with self._errors():
            if done:
                return done[0]
            if failed:
                raise failed[0]
            if self._driver is driver:
                self._driver = self._connect()
        raise StoreUnavailable(f"{self.url} has not answered for {within_s + GRACE_S:g} s: see whether the server hangs, or is overloaded")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except AuthError as error:
            raise StoreUnavailable(f"{self.url} refuses the user: check the store's user and password ({error.message})") from error
        except Neo4jError as error:
            raise self._told(error) from error
        except (DriverError, OSError) as error:
            said = " ".join(str(error).split())
            raise StoreUnavailable(
                f"{self.url} cannot be reached ({said}): start the server, or correct the address of the store"
            ) from error

    def _told(self, error: Neo4jError) -> StoreUnavailable:
        if "OutOfMemory" in (error.code or ""):
            return StoreUnavailable(
                f"{self.url} has too little memory: raise server.memory.heap.max_size to 1 GB or more ({error.message})"
            )
        refused = (error.code or "").startswith(_FOR_GOOD)
        kind = RefusedByServer if refused else StoreUnavailable
        return kind(f"{self.url} could not do it ({error.code}: {error.message}): see the server's log")


def run(tx: Tx, text: LiteralString, rows: Sequence[Any], **parameters: Any) -> None:
    """Run a writing text over rows, `BATCH` at a time."""
    for batch in batches(rows):
        tx.run(text, rows=batch, **parameters).consume()


def batches(rows: Sequence[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """The rows in order, so many at a time."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
