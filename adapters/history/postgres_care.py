"""How the days of the history in PostgreSQL are looked after: indexed and rolled up when they are over, dropped when their time is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from adapters.history.keeping import Rules
from adapters.history.postgres_server import ONE_AT_A_TIME, ROLLED_KINDS, Server, copy_in, make_table, rolled, samples, table
from adapters.history.postgres_wire import SMALL
from adapters.history.rows import COLUMNS, Rows, arranged
from adapters.history.sealing import ADDED, OVER_MS
from adapters.history.shelf import day_text
from adapters.history.summaries import Summaries, summarised, together
from graph.history import DAY_MS, HOUR_MS, MINUTE_MS
from graph.steps import reached
from graph.values import Floats

_log = logging.getLogger(__name__)

CARE_S = 3600.0
"""How long the care for one day may take."""
ROWS_AT_ONCE = 2_000_000
_TIERS = (("sample", "raw"), ("minute", "minute"), ("hour", "hour"))


class Care:
    """The acts. They raise `HistoryUnavailable`."""

    def __init__(self, server: Server, rules: Rules, periods: Callable[[], Floats], budget_bytes: int) -> None:
        self._server, self._rules, self._periods, self._budget = server, rules, periods, budget_bytes
        self._numbers: dict[str, int] = {}
        self.over_budget = ""

    def learn(self) -> None:
        """Have a number for each rule."""
        names = [rule.name for rule in self._rules.all]
        if not all(name in self._numbers for name in names):
            with self._server.connected() as connection:
                connection.execute("INSERT INTO rule (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [names])
                self._numbers = {name: number for number, name in connection.execute("SELECT number, name FROM rule")}

    def number_of(self, rule: str) -> int:
        """The number of a rule."""
        return self._numbers[rule]

    def maintain(self, now_ms: int) -> None:
        """Roll up the days that are over, and let go of what is. One process at a time; the others leave it to that one."""
        self.learn()
        with self._alone() as connection:
            if connection is None:
                return
            names = {number: name for name, number in self._numbers.items()}
            for rule, day, *_ in self._days(connection, "NOT whole AND (day + 1) * 86400000::bigint + %s <= %s", OVER_MS, now_ms):
                self._roll_up(connection, rule, day)
            for rule, day, minutes, hours in self._days(connection, "true"):
                keeping, age_days = self._rules.named(names.get(rule, "")), (now_ms - (day + 1) * DAY_MS) / DAY_MS
                for tier, called in _TIERS:
                    there = {"sample": True, "minute": minutes, "hour": hours}[tier]
                    if there and age_days >= keeping.days(called):
                        self._drop(connection, tier, rule, day)
            self._keep_to_the_budget(connection, now_ms // DAY_MS)

    def present(self) -> list[str]:
        """All points that anything is kept of, in order of IRIs."""
        with self._server.connected(300) as connection:
            found = {number for (number,) in connection.execute("SELECT DISTINCT point FROM hour")}
            for rule, day, *_ in self._days(connection, "samples > 0 AND NOT whole"):
                question = sql.SQL("SELECT DISTINCT point FROM {}").format(sql.Identifier(table("sample", rule, day)))
                found |= {number for (number,) in connection.execute(question)}
            names = connection.execute("SELECT iri FROM point WHERE number = ANY(%s)", [sorted(found)]).fetchall()
        return sorted(iri for (iri,) in names)

    def sizes(self) -> tuple[int, int, int, int]:
        """Samples, bytes, and the first and last instant of which anything is kept."""
        with self._server.connected() as connection:
            row = connection.execute("SELECT sum(samples)::bigint, min(oldest), max(newest) FROM day").fetchone()
            samples, oldest, newest = row or (0, 0, 0)
            return samples or 0, _bytes(connection), oldest or 0, newest or 0

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection[Any] | None]:
        """A connection of the one process that looks after the days now; None for every other."""
        with self._server.connected(CARE_S) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(7238102)").fetchone()
            if row is None or not row[0]:
                yield None
                return
            yield connection
            connection.execute("SELECT pg_advisory_unlock(7238102)")

    @staticmethod
    def _days(connection: psycopg.Connection[Any], where: str, *given: object) -> list[tuple[int, int, bool, bool]]:
        question = sql.SQL("SELECT rule, day, minutes, hours FROM day WHERE {} ORDER BY day, rule").format(sql.SQL(where))
        return connection.execute(question, given or None).fetchall()

    def _roll_up(self, connection: psycopg.Connection[Any], rule: int, day: int) -> None:
        """Index a day, and have its minutes and hours speak of all its samples; of a day whose samples are gone, add the late ones."""
        row = connection.execute("SELECT samples, gone FROM day WHERE rule = %s AND day = %s", [rule, day]).fetchone()
        if row is None:
            return
        seen, gone = row
        name = table("sample", rule, day)
        if not gone:
            self._index(connection, name)
        for tier in ("minute", "hour"):
            make_table(connection, tier, rule, day)
        with connection.transaction():
            old = {tier: self._rolled(connection, tier, rule, day) if gone else Summaries.empty() for tier in ("minute", "hour")}
            for tier in ("minute", "hour"):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table(tier, rule, day))))
            period_ms = self._periods()
            for low, high in self._spans(connection, seen):
                minutes = summarised(self._samples(connection, name, low, high), MINUTE_MS, period_ms)
                for tier, step in (("minute", MINUTE_MS), ("hour", HOUR_MS)):
                    before = old[tier].pick((old[tier].point >= low) & (old[tier].point < high))
                    self._put(connection, tier, rule, day, together(Summaries.joined([before, minutes]), step, period_ms))
            reached("history.roll.written")
            if gone:
                _log.warning(ADDED, seen, day_text(day))
                self._leave(connection, name)
            whole = connection.execute(
                "UPDATE day SET whole = true, minutes = true, hours = true, samples = CASE WHEN gone THEN 0 ELSE samples END "
                "WHERE rule = %s AND day = %s AND samples = %s",
                [rule, day, seen],
            )
            if whole.rowcount == 0:
                raise psycopg.Rollback  # more has come meanwhile: next time
        reached("history.roll.done")

    @staticmethod
    def _spans(connection: psycopg.Connection[Any], rows: int) -> list[tuple[int, int]]:
        """Spans of points with so many rows that they fit into memory; the last one is open."""
        row = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM point").fetchone()
        top = row[0] if row else 1
        size = max(1, top * ROWS_AT_ONCE // max(rows, 1))
        return [(low, min(low + size, top)) for low in range(0, top, size)]

    @staticmethod
    def _samples(connection: psycopg.Connection[Any], name: str, low: int, high: int) -> Rows:
        fields = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        question = sql.SQL("SELECT {} FROM {} WHERE point >= %s AND point < %s ORDER BY point, observed, arrived")
        return arranged([samples(connection, question.format(fields, sql.Identifier(name)), [low, high])])

    @staticmethod
    def _rolled(connection: psycopg.Connection[Any], tier: str, rule: int, day: int) -> Summaries:
        fields = sql.SQL(", ").join(map(sql.Identifier, Summaries._fields))
        question = sql.SQL("SELECT {} FROM {} ORDER BY point, first_at").format(fields, sql.Identifier(table(tier, rule, day)))
        return rolled(connection, question, [])

    @staticmethod
    def _put(connection: psycopg.Connection[Any], tier: str, rule: int, day: int, rows: Summaries) -> None:
        if rows.size:
            columns: list[Any] = [np.full(rows.size, rule, np.int16), *rows]
            copy_in(connection, table(tier, rule, day), ("rule", *Summaries._fields), columns, (SMALL, *ROLLED_KINDS))

    @staticmethod
    def _index(connection: psycopg.Connection[Any], name: str) -> None:
        """The index of a day that is over: made beside whoever writes; one that a crash has left half made is made anew."""
        index = name + "_all"
        broken = connection.execute(
            "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = %s AND NOT indisvalid", [index]
        ).fetchone()
        if broken:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
        connection.execute(
            sql.SQL(
                "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} (point, observed, arrived) INCLUDE (received, value, quality, reason)"
            ).format(sql.Identifier(index), sql.Identifier(name))
        )
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name + "_narrow")))
        connection.execute(sql.SQL("VACUUM {}").format(sql.Identifier(name)))

    def _drop(self, connection: psycopg.Connection[Any], tier: str, rule: int, day: int) -> None:
        """Let go of a tier of a day; samples that came after it was rolled up are added to that before."""
        row = connection.execute("SELECT whole, gone FROM day WHERE rule = %s AND day = %s", [rule, day]).fetchone()
        if row is None or (tier == "sample" and row[1]):
            return
        if tier == "sample" and not row[0]:
            self._roll_up(connection, rule, day)
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '2s'")
            self._leave(connection, table(tier, rule, day))
            if tier == "sample":
                whole = "UPDATE day SET gone = true, samples = 0 WHERE rule = %s AND day = %s AND whole"
                if connection.execute(whole, [rule, day]).rowcount == 0:
                    raise psycopg.Rollback  # more has come since it was rolled up: next time
            elif tier == "minute":
                connection.execute("UPDATE day SET minutes = false WHERE rule = %s AND day = %s", [rule, day])
            else:
                connection.execute("DELETE FROM day WHERE rule = %s AND day = %s", [rule, day])
            reached("history.dropped")

    @staticmethod
    def _leave(connection: psycopg.Connection[Any], name: str) -> None:
        """Drop a table, within a transaction."""
        connection.execute(ONE_AT_A_TIME)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))

    def _keep_to_the_budget(self, connection: psycopg.Connection[Any], today: int) -> None:
        """Let go of the oldest samples, then of the oldest minutes, until the rest fits; today's and the hours stay."""
        size = _bytes(connection) if self._budget else 0
        for tier, where in (("sample", "NOT gone"), ("minute", "minutes")):
            for rule, day, *_ in self._days(connection, where):
                if size > self._budget > 0 and day < today:
                    self._drop(connection, tier, rule, day)
                    size = _bytes(connection)
        self.over_budget = (
            f"the history in {self._server.name} takes {size:,} bytes, more than its budget of {self._budget:,}, and only today's values "
            "and the hours are left: set `history_disk_gb` higher, or keep hours for fewer days"
            if size > self._budget > 0
            else ""
        )


def _bytes(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c WHERE relkind IN ('r', 'p') AND "
        "relnamespace = 'ridethrough'::regnamespace"
    ).fetchone()
    return int(row[0]) if row else 0
