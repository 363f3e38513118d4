"""The history in a PostgreSQL: samples by binary COPY, partitions by day, minutes and hours beside them.

Rules of this file:

1. Whoever appends waits for one commit, which one of those who wait does for all of them.
2. Several processes may write; one of them at a time looks after the days.
3. A server that is away is `HistoryUnavailable`, at once or after a few seconds, and is tried again with the next call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql
from psycopg.errors import CheckViolation

from adapters.history.embedded import LATEST_MS
from adapters.history.keeping import Rules
from adapters.history.past import looked_back
from adapters.history.postgres_care import Care
from adapters.history.postgres_server import ONE_AT_A_TIME, SAMPLE_KINDS, Server, copy_in, make_table
from adapters.history.postgres_server import rolled as rolled_of
from adapters.history.postgres_server import samples as samples_of
from adapters.history.postgres_wire import SMALL
from adapters.history.rows import COLUMNS, Numbers, Rows, arranged
from adapters.history.summaries import Summaries, buckets_of, held_ms, summarised, together
from graph.history import DAY_MS, HOUR_MS, MINUTE_MS, Buckets, HistoryFull, HistoryStatus, HistoryUnavailable, Series
from graph.points import DEFAULT_PERIOD_S, PointFacts
from graph.steps import reached
from graph.values import ReadingBatch, Samples, Slots

APPEND_S = 20.0
"""How long a commit may take before its rows count as refused."""
_FIELDS = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
_SUMMED = sql.SQL(", ").join(map(sql.Identifier, Summaries._fields))
_OF_POINTS = sql.SQL(
    "SELECT {} FROM sample WHERE point = ANY(%s) AND observed >= %s AND observed < %s AND (rule, (observed / 86400000)::int) IN "
    "(SELECT * FROM unnest(%s::smallint[], %s::int[])) ORDER BY point, observed, arrived"
).format(_FIELDS)
_ALL_OF_POINTS = sql.SQL(
    "SELECT {} FROM sample WHERE point = ANY(%s) AND observed >= %s AND observed < %s ORDER BY point, observed, arrived"
).format(_FIELDS)
_OF_POINT = sql.SQL(
    "SELECT {} FROM sample WHERE point = %s AND observed >= %s AND observed < %s ORDER BY observed, arrived LIMIT %s"
).format(_FIELDS)
_ROLLED_OF_POINTS = sql.SQL(
    "SELECT {} FROM {{}} WHERE point = ANY(%s) AND last_at >= %s AND first_at >= %s AND first_at < %s "
    "AND (rule, (first_at / 86400000)::int) IN (SELECT * FROM unnest(%s::smallint[], %s::int[])) ORDER BY point, first_at"
).format(_SUMMED)


_COUNT = """INSERT INTO day (rule, day, samples, oldest, newest) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (rule, day) DO UPDATE
  SET samples = day.samples + excluded.samples, oldest = least(day.oldest, excluded.oldest),
  newest = greatest(day.newest, excluded.newest), whole = false"""


class PostgresHistory:
    """The `History` of a database, in a schema of its own, `ridethrough`."""

    def __init__(
        self, url: str, *, password: str = "", rules: Rules | None = None, budget_bytes: int = 0, append_s: float = APPEND_S
    ) -> None:
        """Nothing is asked of the server before it is needed; `append_s` is how long it may take to commit."""
        self._server, self._rules, self._append_s = Server(url, password), rules or Rules(), append_s
        self._care = Care(self._server, self._rules, lambda: self._period_ms, budget_bytes)
        self._naming, self._writing, self._entering = Lock(), Lock(), Lock()
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._by_slot = np.empty(0, np.int32)
        self._facts: Mapping[str, PointFacts] = {}
        self._period_ms, self._rule_of = np.empty(0, np.float64), np.empty(0, np.int16)
        self._tables: set[tuple[int, int]] = set()
        self._pending: list[_Pending] = []
        self._error = self._care_error = ""
        """Why the last samples could not be written, and why the last care could not be done."""

    # -- writing ----------------------------------------------------------------------------------------------------

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """See `History.rebind`."""
        with self._naming:
            self._facts = points
            if self._names:
                self._describe()

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """See `History.append`."""
        try:
            if self._care.over_budget:
                raise HistoryFull(self._care.over_budget)
            samples = samples.piece((samples.slots >= 0) & (samples.observed_at >= 0) & (samples.observed_at < LATEST_MS))
            if len(samples):
                numbers = self._numbered(samples.slots, names)
                self._commit(
                    Rows(numbers, samples.observed_at, samples.received_at, samples.values, samples.quality, samples.reason), self._append_s
                )
        except HistoryUnavailable as error:
            self._error = str(error)
            raise
        self._error = ""

    def take_over(self, points: Sequence[str], rows: Rows) -> None:
        """Keep rows whose `point` is a place in `points`; durable when this returns. Raises `HistoryUnavailable`."""
        if self._care.over_budget:
            raise HistoryFull(self._care.over_budget)
        with self._naming:
            numbers = np.array(self._named(list(points)), np.int32)
        rows = rows.pick((rows.observed >= 0) & (rows.observed < LATEST_MS))
        if len(rows):
            self._commit(replace(rows, point=numbers[rows.point]), APPEND_S)
        self._error = ""

    def _commit(self, rows: Rows, limit_s: float) -> None:
        pending = _Pending(rows, limit_s)
        with self._entering:
            self._pending.append(pending)
        with self._writing:
            if not pending.done:
                with self._entering:
                    together_, self._pending = self._pending, []
                error: Exception | None = None
                try:
                    self._write(Rows.joined([each.rows for each in together_]), max(each.limit_s for each in together_))
                except Exception as refused:
                    error = refused
                for each in together_:
                    each.done, each.error = True, error
        if pending.error is not None:
            raise pending.error

    def _write(self, rows: Rows, limit_s: float) -> None:
        rule, day = self._rule_of[rows.point], rows.observed // DAY_MS
        days = np.unique(np.stack((rule.astype(np.int64), day)), axis=1).T.tolist()
        told = []
        for each_rule, each_day in days:
            own = rows.observed[(rule == each_rule) & (day == each_day)]
            told.append((each_rule, each_day, len(own), int(own.min()), int(own.max())))
        with self._server.connected(limit_s) as connection:
            try:
                self._copy(connection, rule, rows, told)
            except CheckViolation:  # a table that was known has been dropped
                self._tables.clear()
                with connection.transaction():
                    connection.execute(ONE_AT_A_TIME)  # until these rows are in, none is
                    self._copy(connection, rule, rows, told)
        reached("history.append.done")

    def _copy(self, connection: Connection[Any], rule: NDArray[np.int16], rows: Rows, told: Sequence[tuple[int, ...]]) -> None:
        missing = [(each[0], each[1]) for each in told if (each[0], each[1]) not in self._tables]
        for each_rule, each_day in missing:
            make_table(connection, "sample", each_rule, each_day)
        columns = [rule, *(getattr(rows, name) for name in COLUMNS)]
        with connection.transaction():
            copy_in(connection, "sample", ("rule", *COLUMNS), columns, (SMALL, *SAMPLE_KINDS))
            reached("history.append.copied")
            for row in told:
                connection.execute(_COUNT, row)
        self._tables.update(missing)

    def _numbered(self, slots: Slots, names: Callable[[Slots], Sequence[str]]) -> Numbers:
        top = int(slots.max()) + 1
        if top > len(self._by_slot) or (self._by_slot[slots] < 0).any():
            with self._naming:
                known = self._by_slot
                if top > len(known):
                    known = np.concatenate((known, np.full(top - len(known), -1, np.int32)))
                new = np.unique(slots[known[slots] < 0]).astype(np.int32)
                if len(new):
                    known[new] = self._named(list(names(new)))
                self._by_slot = known
        return self._by_slot[slots]

    def _named(self, points: list[str]) -> list[int]:
        """The numbers of points, given where there was none; with the first, all that the graph has are given one. Under `_naming`."""
        new = [point for point in {*points, *self._facts} if point not in self._numbers]
        if new:
            with self._server.connected() as connection:
                connection.execute("INSERT INTO point (iri) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [sorted(new)])
            self._learn(new)
        return [self._numbers[point] for point in points]

    def _learn(self, points: Sequence[str]) -> None:
        """Know the numbers of these points, and the rules that the database has. Under `_naming`."""
        self._care.learn()
        with self._server.connected() as connection:
            found = connection.execute("SELECT number, iri FROM point WHERE iri = ANY(%s)", [list(points)]).fetchall()
        self._names.update(found)
        self._numbers.update((iri, number) for number, iri in found)
        self._describe()

    def _describe(self) -> None:
        facts, size = self._facts, max(self._names, default=0) + 1
        periods, rules = np.full(size, DEFAULT_PERIOD_S), np.zeros(size, np.int16)
        for number, name in self._names.items():
            rules[number] = self._care.number_of(self._rules.all[self._rules.place(name)].name)
            if name in facts:
                periods[number] = facts[name].period_s
        self._period_ms, self._rule_of = periods * 1000.0, rules

    # -- reading ----------------------------------------------------------------------------------------------------

    def _find(self, points: Sequence[str]) -> Numbers:
        if unknown := [point for point in points if point not in self._numbers]:
            with self._naming:
                self._learn(unknown)
        return np.array([self._numbers.get(point, -1) for point in points], np.int32)

    def series(self, point: str, since_ms: int, until_ms: int, limit: int) -> Series:
        """See `History.series`."""
        number, asked = int(self._find([point])[0]), max(0, limit) + 100
        while True:
            with self._server.connected() as connection:
                rows = samples_of(connection, _OF_POINT, [number, since_ms, until_ms, asked])
            more = len(rows) == asked
            if more:  # what was said again at the last instant may not be all there
                rows = rows.pick(rows.observed < rows.observed[-1])
            rows = arranged([rows])
            if not more or len(rows) >= limit:
                rows = rows.pick(slice(0, max(0, limit)))
                return Series(point, rows.observed, rows.value, rows.quality, rows.reason)
            asked *= 4

    def buckets(self, points: Sequence[str], since_ms: int, until_ms: int, step_ms: int) -> Sequence[Buckets]:
        """See `History.buckets`."""
        if step_ms < 1:
            raise ValueError(f"a span must be 1 ms at least, not {step_ms}")
        numbers = self._find(points)
        wanted, period_ms = np.unique(numbers[numbers >= 0]), self._period_ms
        since, until = since_ms // step_ms * step_ms, -(-until_ms // step_ms) * step_ms
        begin = since - held_ms(period_ms[wanted])
        raw, minutes, hours = self._sources(begin, until, step_ms)
        samples = self._samples(wanted, begin, until, raw)
        found = [self._rolled("minute", wanted, begin, until, minutes), self._rolled("hour", wanted, begin, until, hours)]
        rows = together(Summaries.joined([summarised(samples, step_ms, period_ms), *found]), step_ms, period_ms)
        return buckets_of(rows, points, numbers, since, step_ms, period_ms)

    def _sources(self, since_ms: int, until_ms: int, step_ms: int) -> tuple[list[tuple[int, int]], ...]:
        """Of which rules and days samples, minutes and hours are read."""
        raw, minutes, hours = [], [], []
        with self._server.connected() as connection:
            days = connection.execute(
                "SELECT rule, day, whole, gone, minutes, hours FROM day WHERE day >= %s AND day <= %s",
                [max(since_ms // DAY_MS, 0), min(until_ms // DAY_MS, 2**31 - 1)],
            ).fetchall()
        for rule, day, whole, gone, has_minutes, has_hours in days:
            if not whole or (not gone and not (has_hours and step_ms % HOUR_MS == 0) and not (has_minutes and step_ms % MINUTE_MS == 0)):
                raw.append((rule, day))
            if whole or gone:
                if has_hours and step_ms % HOUR_MS == 0:
                    hours.append((rule, day))
                elif has_minutes and step_ms % MINUTE_MS == 0:
                    minutes.append((rule, day))
        return raw, minutes, hours

    def _samples(self, wanted: Numbers, since_ms: int, until_ms: int, days: Sequence[tuple[int, int]]) -> Rows:
        if not days or not len(wanted):
            return Rows.empty()
        given = [wanted.tolist(), since_ms, until_ms, [rule for rule, _ in days], [day for _, day in days]]
        with self._server.connected() as connection:
            return arranged([samples_of(connection, _OF_POINTS, given)])

    def _rolled(self, tier: str, wanted: Numbers, since_ms: int, until_ms: int, days: Sequence[tuple[int, int]]) -> Summaries:
        if not days or not len(wanted):
            return Summaries.empty()
        first = since_ms - (HOUR_MS if tier == "hour" else MINUTE_MS)
        given = [wanted.tolist(), since_ms, first, until_ms, [rule for rule, _ in days], [day for _, day in days]]
        question = sql.SQL(_ROLLED_OF_POINTS.as_string()).format(sql.Identifier(tier))
        with self._server.connected() as connection:
            return rolled_of(connection, question, given)

    def at(self, points: Sequence[str], instant_ms: int, reach_ms: int = DAY_MS) -> ReadingBatch:
        """See `History.at`."""
        return looked_back(points, self._find(points), instant_ms, self._period_ms, self._until, reach_ms)

    def _until(self, wanted: Numbers, since_ms: int, until_ms: int) -> Rows:
        """The samples of some points; of days whose samples are gone, what is rolled up of them, each row as its last sample."""
        with self._server.connected() as connection:
            rows = samples_of(connection, _ALL_OF_POINTS, [wanted.tolist(), since_ms, until_ms])
            days = connection.execute(
                "SELECT rule, day, minutes FROM day WHERE gone AND day >= %s AND day <= %s", [since_ms // DAY_MS, until_ms // DAY_MS]
            ).fetchall()
        lasts = []
        for tier, kept in (("minute", True), ("hour", False)):
            rolled = self._rolled(tier, wanted, since_ms, until_ms, [(rule, day) for rule, day, minutes in days if minutes is kept])
            lasts.append(rolled.as_rows(until_ms))
        return arranged([*lasts, rows])

    def points(self) -> Sequence[str]:
        """See `History.points`."""
        return self._care.present()

    # -- care -------------------------------------------------------------------------------------------------------

    def maintain(self, now_ms: int) -> None:
        """See `History.maintain`."""
        try:
            self._know_all()
            self._care.maintain(now_ms)
        except HistoryUnavailable as error:
            self._care_error = str(error)
            raise
        self._care_error = ""

    def _know_all(self) -> None:
        """Know every point of the database: others may write to it, and their samples are rolled up here."""
        with self._server.connected() as connection:
            row = connection.execute("SELECT count(*) FROM point").fetchone()
            if row is None or row[0] <= len(self._names):
                return
            points = [iri for (iri,) in connection.execute("SELECT iri FROM point")]
        with self._naming:
            self._learn(points)

    def status(self) -> HistoryStatus:
        """See `History.status`."""
        try:
            samples, size, oldest, newest = self._care.sizes()
        except HistoryUnavailable as error:
            return HistoryStatus(0, 0, 0, 0, 0, str(error))
        return HistoryStatus(samples, size, oldest, newest, 0, self._error or self._care_error or self._care.over_budget)

    def close(self) -> None:
        """See `History.close`."""
        self._server.close()


class _Pending:
    """Rows that wait for a commit."""

    def __init__(self, rows: Rows, limit_s: float) -> None:
        self.rows, self.limit_s = rows, limit_s
        self.done = False
        self.error: Exception | None = None
