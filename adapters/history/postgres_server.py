"""Connections to PostgreSQL, and the tables that the history has there.

Rules of this file:

1. `sample`, `minute` and `hour` are partitioned by rule of keeping, then by day of source time: what is over goes by dropping tables.
2. A day that is not over has a narrow index: it takes half of the speed (0.2 in place of 0.5 million rows a second where it was measured),
   and without it a question for one point looks through the whole day. One that is over has one that holds all columns.
3. Nothing waits for a server that does not answer longer than it was told to.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import Any, LiteralString
from urllib.parse import urlsplit

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from adapters.history import postgres_wire as wire
from adapters.history.rows import Rows
from adapters.history.summaries import Summaries
from graph.history import DAY_MS, HistoryUnavailable

CONNECT_S = 3
IDLE_MAX = 8
"""Connections that are kept open while nobody needs them."""
SAMPLE_KINDS = (wire.WHOLE, wire.LONG, wire.LONG, wire.REAL, wire.SMALL, wire.SMALL)
_REALS, _LONGS = (wire.REAL,) * 3, (wire.LONG,) * 3
ROLLED_KINDS = (wire.WHOLE, wire.LONG, wire.LONG, *_REALS, *_LONGS, wire.SMALL, wire.REAL, wire.SMALL, wire.SMALL)

_ROLLED = """(
  rule smallint NOT NULL, point integer NOT NULL, first_at bigint NOT NULL, last_at bigint NOT NULL,
  minimum float8 NOT NULL, maximum float8 NOT NULL, total float8 NOT NULL, counted bigint NOT NULL, said bigint NOT NULL,
  covered bigint NOT NULL, quality smallint NOT NULL, last float8 NOT NULL, last_quality smallint NOT NULL, last_counts smallint NOT NULL
) PARTITION BY LIST (rule)"""
ONE_AT_A_TIME: LiteralString = "SELECT pg_advisory_xact_lock(7238101)"
"""Whoever makes tables or drops them waits for who else does."""
SCHEMA: Sequence[LiteralString] = (
    ONE_AT_A_TIME,
    "CREATE SCHEMA IF NOT EXISTS ridethrough",
    "CREATE TABLE IF NOT EXISTS point (number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, iri text UNIQUE NOT NULL)",
    "CREATE TABLE IF NOT EXISTS rule (number smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE NOT NULL)",
    "CREATE SEQUENCE IF NOT EXISTS arrival CACHE 1000",
    """CREATE TABLE IF NOT EXISTS sample (
      rule smallint NOT NULL, point integer NOT NULL, observed bigint NOT NULL, received bigint NOT NULL, value float8 NOT NULL,
      quality smallint NOT NULL, reason smallint NOT NULL, arrived bigint NOT NULL DEFAULT nextval('arrival')
    ) PARTITION BY LIST (rule)""",
    "CREATE TABLE IF NOT EXISTS minute " + _ROLLED,
    "CREATE TABLE IF NOT EXISTS hour " + _ROLLED,
    """CREATE TABLE IF NOT EXISTS day (
      rule smallint NOT NULL, day integer NOT NULL, samples bigint NOT NULL, oldest bigint NOT NULL, newest bigint NOT NULL,
      whole boolean NOT NULL DEFAULT false, gone boolean NOT NULL DEFAULT false, minutes boolean NOT NULL DEFAULT false,
      hours boolean NOT NULL DEFAULT false, PRIMARY KEY (rule, day))""",
)
"""`day.whole`: its minutes and hours speak of all its samples; `day.gone`: samples of it have been let go of."""


class Server:
    """A PostgreSQL by its address. Safe from any thread."""

    def __init__(self, url: str, password: str = "") -> None:
        self._url, self._password, self._lock = url, password, Lock()
        self._idle: list[psycopg.Connection[Any]] = []
        self._ready = False
        parts = urlsplit(url)
        self.name = f"PostgreSQL at {parts.hostname or 'this machine'}:{parts.port or 5432}{parts.path}"

    @contextmanager
    def connected(self, limit_s: float = 30.0) -> Iterator[psycopg.Connection[Any]]:
        """A connection that commits each statement, for `limit_s` at most. Whatever goes wrong with it is `HistoryUnavailable`."""
        try:
            connection = self._taken()
            timer = Timer(limit_s, _cut, [connection])
            timer.daemon = True
            timer.start()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            finally:
                timer.cancel()
            self._given_back(connection)
        except psycopg.Error as error:
            why = " ".join(str(error).split()) or type(error).__name__
            raise HistoryUnavailable(
                f"the history in {self.name} does not answer as it should: {why}; see whether it runs, has room on its disk, and is "
                "reached as setting `history` says; it is tried again by itself"
            ) from error

    def close(self) -> None:
        """Close what is open; a second call does nothing."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _taken(self) -> psycopg.Connection[Any]:
        connection = self._kept()
        if connection is None:
            connection = psycopg.connect(
                self._url,
                connect_timeout=CONNECT_S,
                autocommit=True,
                options="-c search_path=ridethrough -c lock_timeout=5s -c jit=off",
                password=self._password or None,
            )
        if not self._ready:
            try:
                with connection.transaction():
                    for statement in SCHEMA:
                        connection.execute(statement)
            except BaseException:
                connection.close()
                raise
            self._ready = True
        return connection

    def _kept(self) -> psycopg.Connection[Any] | None:
        """A connection that was kept open; one on which something has come unasked is at its end."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None or not _readable(connection.pgconn.socket):
                return connection
            connection.close()

    def _given_back(self, connection: psycopg.Connection[Any]) -> None:
        with self._lock:
            if len(self._idle) < IDLE_MAX and not connection.closed:
                self._idle.append(connection)
                return
        connection.close()


def _readable(handle: int) -> bool:
    """Whether something can be read; of any number of handle, which `select` is not."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(0))


def _cut(connection: psycopg.Connection[Any]) -> None:
    """End a connection under whoever waits for it."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)


def table(tier: str, rule: int, day: int) -> str:
    """The name of the table of a tier, a rule and a day."""
    return f"{tier}_{rule}_{day}"


def make_table(connection: psycopg.Connection[Any], tier: str, rule: int, day: int) -> None:
    """Have the table of a tier, a rule and a day; one that there is costs a look. It is attached: that locks nobody out."""
    name, of_rule = table(tier, rule, day), f"{tier}_{rule}"
    time = sql.Identifier("observed" if tier == "sample" else "first_at")
    with connection.transaction():
        connection.execute(ONE_AT_A_TIME)
        if not _attached(connection, of_rule):
            like = sql.SQL("CREATE TABLE IF NOT EXISTS {} (LIKE {} INCLUDING DEFAULTS) PARTITION BY RANGE ({})")
            connection.execute(like.format(sql.Identifier(of_rule), sql.Identifier(tier), time))
            attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})")
            connection.execute(attach.format(sql.Identifier(tier), sql.Identifier(of_rule), sql.Literal(rule)))
        if not _attached(connection, name):
            like = sql.SQL("CREATE TABLE IF NOT EXISTS {} (LIKE {} INCLUDING DEFAULTS)")
            connection.execute(like.format(sql.Identifier(name), sql.Identifier(of_rule)))
            index = sql.SQL("CREATE INDEX {} ON {} (point, {})")
            connection.execute(index.format(sql.Identifier(name + "_narrow"), sql.Identifier(name), time))
            attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")
            ends = sql.Literal(day * DAY_MS), sql.Literal((day + 1) * DAY_MS)
            connection.execute(attach.format(sql.Identifier(of_rule), sql.Identifier(name), *ends))


def _attached(connection: psycopg.Connection[Any], name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s)", [name]).fetchone() is not None


def copy_in(
    connection: psycopg.Connection[Any], name: str, fields: Sequence[str], columns: Sequence[NDArray[Any]], kinds: Sequence[str]
) -> None:
    """Write columns into a table, by binary COPY."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, fields))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(wire.encode(columns, kinds))


def samples(connection: psycopg.Connection[Any], question: sql.Composable, given: Sequence[Any]) -> Rows:
    """The samples that a question for `adapters.history.rows.COLUMNS` gives."""
    point, observed, received, value, quality, reason = _copy_out(connection, question, given, SAMPLE_KINDS)
    return Rows(point, observed, received, value, quality.astype(np.uint8), reason.astype(np.uint8))


def rolled(connection: psycopg.Connection[Any], question: sql.Composable, given: Sequence[Any]) -> Summaries:
    """The rolled up rows that a question for the fields of `Summaries` gives."""
    rows = Summaries(*_copy_out(connection, question, given, ROLLED_KINDS))
    codes = rows.quality.astype(np.uint8), rows.last_quality.astype(np.uint8), rows.last_counts.astype(np.uint8)
    return rows._replace(quality=codes[0], last_quality=codes[1], last_counts=codes[2])


def _copy_out(
    connection: psycopg.Connection[Any], question: sql.Composable, given: Sequence[Any], kinds: Sequence[str]
) -> list[NDArray[Any]]:
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(question)
    with connection.cursor() as cursor, cursor.copy(statement, given) as copy:
        return wire.decode(b"".join(bytes(part) for part in copy), kinds)
