"""Expressions of Prometheus' language, at one instant or at many: the part of it that is answered here; the rest is refused by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import promql_parser as promql

from adapters.http.prometheus.labels import NAME, Ambiguous, BadQuery, Labels, Matcher
from adapters.http.prometheus.sources import LOOKBACK_MS, Fetch, Line
from adapters.http.prometheus.windows import KEEPS_NAME, OVER_TIME, Window, last, window
from graph.values import Floats, Millis

DEPTH_MAX = 50
MATRIX_MAX = 500_000
"""Samples of a range that one answer tells."""
BRACKETS_MAX = 200
"""Brackets and operators of one query: the parser's time grows with their square."""
_OPS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod, "^": np.power,
}  # fmt: skip
_COMPARED: dict[str, Callable[[Floats, Floats], Any]] = {
    "==": np.equal, "!=": np.not_equal, ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
}  # fmt: skip
_SETS = ("and", "or", "unless")
_EACH: dict[str, Callable[[Floats], Floats]] = {"abs": np.abs, "ceil": np.ceil, "floor": np.floor, "sqrt": np.sqrt}


@dataclass(frozen=True, slots=True)
class Vector:
    """Some series, each with a value an instant (nan: none): `values` has shape (series, instants)."""

    labels: Sequence[Labels]
    values: Floats


@dataclass(frozen=True, slots=True)
class Matrix:
    """The samples of a range, a window a series; only the whole of a query for one instant is one."""

    windows: Sequence[tuple[Labels, Window]]


Found = Vector | Floats | str
"""A vector, a scalar (one number an instant), or a text."""


@dataclass(slots=True)
class Question:
    """One query: the instants that it is asked for, and where samples come from."""

    instants: Millis
    lines: Callable[[Fetch], list[Line]]
    instant: bool
    warnings: set[str] = field(default_factory=set)

    def ask(self, text: str) -> Found | Matrix:
        """The answer. Raises `BadQuery`, and what `lines` raises."""
        if sum(each in "({[+-*/%^" for each in text) > BRACKETS_MAX:
            raise BadQuery(f"the query has more than {BRACKETS_MAX} brackets and operators: ask for less at a time")
        try:
            expression = promql.parse(text)
        except ValueError as error:
            raise BadQuery(str(error)) from None
        with np.errstate(all="ignore"):
            whole = expression
            while isinstance(whole, promql.ParenExpr):
                whole = whole.expr
            return self._matrix(whole) if isinstance(whole, promql.MatrixSelector) else self._of(expression, 0)

    def _of(self, e: Any, depth: int) -> Found:  # noqa: PLR0911 - one for each kind of expression
        if depth > DEPTH_MAX:
            raise BadQuery(f"the query is nested deeper than {DEPTH_MAX}")
        match e:
            case promql.NumberLiteral():
                return np.full(len(self.instants), e.val)
            case promql.StringLiteral():
                return str(e.val)
            case promql.ParenExpr():
                return self._of(e.expr, depth + 1)
            case promql.UnaryExpr():
                return self._negative(self._of(e.expr, depth + 1))
            case promql.VectorSelector():
                return self._selected(e)
            case promql.Call():
                return self._called(e, depth)
            case promql.AggregateExpr():
                return self._aggregated(e, depth)
            case promql.BinaryExpr():
                return self._both(e, depth)
        raise BadQuery(f"{type(e).__name__.removesuffix('Expr').removesuffix('Selector').lower()}: not answered here; {_ANSWERED}")

    # -- samples ------------------------------------------------------------------------------------------------------

    def _fetched(self, e: Any, range_ms: int | None) -> tuple[list[Line], Millis]:
        if e.at is not None:
            raise BadQuery(f"@ is not answered here: ask for another time; {_ANSWERED}")
        instants = self.instants - _ms(e.offset)
        matchers = matchers_of(e)
        since = int(instants[0]) - (LOOKBACK_MS if range_ms is None else range_ms)
        asked = Fetch(matchers, since, int(instants[-1]), range_ms is None and self.instant)
        found = self.lines(asked)
        self.warnings |= asked.warnings
        return found, instants

    def _selected(self, e: Any) -> Vector:
        lines, instants = self._fetched(e, None)
        return _vector([(line.labels, last(line, instants)) for line in lines], len(instants))

    def _windows(self, e: Any) -> list[tuple[Labels, Window]]:
        range_ms = _ms(e.range)
        lines, instants = self._fetched(e.vector_selector, range_ms)
        return [(line.labels, window(line, instants, range_ms)) for line in lines]

    def _matrix(self, e: Any) -> Matrix:
        if not self.instant:
            raise BadQuery("a range of samples is answered at one instant: ask without steps, or write a function such as avg_over_time")
        found = Matrix(self._windows(e))
        many = sum(int(w.end[0] - w.first[0]) for _, w in found.windows)
        if many > MATRIX_MAX:
            raise BadQuery(f"the range has {many:,} samples, more than {MATRIX_MAX:,} in one answer: ask for a shorter one or fewer points")
        return found

    def _over_time(self, name: str, e: Any) -> Vector:
        if not isinstance(e, promql.MatrixSelector):
            raise BadQuery(f"{name} takes a range of one selector, such as {name}(x[5m]); subqueries are not answered here")
        work = OVER_TIME[name]
        rows = [(labels if name in KEEPS_NAME else _nameless(labels), work(found)) for labels, found in self._windows(e)]
        return _vector(rows, len(self.instants))

    # -- functions ----------------------------------------------------------------------------------------------------

    def _called(self, e: Any, depth: int) -> Found:
        name = e.func.name
        if name in OVER_TIME:
            return self._over_time(name, e.args[0])
        if name == "time":
            return self.instants / 1000.0
        args = [self._of(each, depth + 1) for each in e.args]
        if name in _EACH and isinstance(args[0], Vector):
            return _renamed(args[0], _EACH[name](args[0].values))
        if name in {"clamp_min", "clamp_max", "round"} and isinstance(args[0], Vector):
            bound = args[1] if len(args) > 1 else np.ones(len(self.instants))
            if isinstance(bound, np.ndarray):
                return _renamed(args[0], _bounded(name, args[0].values, bound))
        if name == "vector" and isinstance(args[0], np.ndarray):
            return Vector([{}], args[0][None, :])
        if name == "scalar" and isinstance(args[0], Vector):
            return args[0].values[0] if len(args[0].labels) == 1 else np.full(len(self.instants), np.nan)
        raise BadQuery(f"{name} is not answered here; {_ANSWERED}")

    def _negative(self, found: Found) -> Found:
        if isinstance(found, str):
            raise BadQuery("a text has no negative")
        return _renamed(found, -found.values) if isinstance(found, Vector) else -found

    # -- aggregation --------------------------------------------------------------------------------------------------

    def _aggregated(self, e: Any, depth: int) -> Vector:
        name, found = str(e.op), self._of(e.expr, depth + 1)
        if not isinstance(found, Vector):
            raise BadQuery(f"{name} takes series, not a number")
        groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for row, labels in enumerate(found.labels):
            groups.setdefault(_group(labels, e.modifier), []).append(row)
        if name in {"topk", "bottomk"}:
            many = self._of(e.param, depth + 1)
            if not isinstance(many, np.ndarray) or not np.isfinite(many).all():
                raise BadQuery(f"{name} takes a number and series")
            return _extremes(found, groups, max(0, int(many[0])), largest=name == "topk", ranked=self.instant)
        if name not in _GROUPED:
            raise BadQuery(f"{name} is not answered here; {_ANSWERED}")
        rows = [(dict(key), _grouped(name, found.values[members])) for key, members in groups.items()]
        return _vector(rows, len(self.instants))

    # -- two sides ----------------------------------------------------------------------------------------------------

    def _both(self, e: Any, depth: int) -> Found:
        op, left, right = str(e.op), self._of(e.lhs, depth + 1), self._of(e.rhs, depth + 1)
        if isinstance(left, str) or isinstance(right, str):
            raise BadQuery(f"{op} takes numbers and series, not texts")
        truth = e.modifier is not None and e.modifier.return_bool
        if op in _SETS:
            if not isinstance(left, Vector) or not isinstance(right, Vector):
                raise BadQuery(f"{op} takes series on both sides")
            return _set(op, left, right, _matching(e.modifier))
        if op not in _ARITHMETIC and op not in _COMPARED:
            raise BadQuery(f"{op} is not answered here; {_ANSWERED}")
        if isinstance(left, Vector):
            if isinstance(right, Vector):
                if e.modifier is not None and e.modifier.card != promql.VectorMatchCardinality.OneToOne:
                    raise BadQuery(f"group_left and group_right are not answered here; {_ANSWERED}")
                return _matched(op, left, right, _matching(e.modifier), truth=truth)
            return _scaled(op, left, left.values, right, truth=truth)
        if isinstance(right, Vector):
            return _scaled(op, right, left, right.values, truth=truth)
        return _worked(op, left, right, left, truth=True)


_ANSWERED = "docs/guides/rest.md lists what is"
Key = Callable[[Labels], tuple[tuple[str, str], ...]]


def matchers_of(selector: Any) -> list[Matcher]:
    """The conditions of a selector. Raises `BadQuery`."""
    if selector.matchers.or_matchers:
        raise BadQuery(f"`or` between matchers is not answered here; {_ANSWERED}")
    found = [Matcher(each.name, _OPS[str(each.op)], each.value) for each in selector.matchers.matchers]
    return [Matcher(NAME, "=", selector.name), *found] if selector.name else found


def _ms(span: timedelta | None) -> int:
    return 0 if span is None else round(span.total_seconds() * 1000)


def _nameless(labels: Labels) -> Labels:
    return {name: each for name, each in labels.items() if name != NAME}


def _renamed(found: Vector, values: Floats) -> Vector:
    return Vector([_nameless(each) for each in found.labels], values)


def _vector(rows: Sequence[tuple[Labels, Floats]], instants: int) -> Vector:
    return Vector([labels for labels, _ in rows], np.array([values for _, values in rows], np.float64).reshape(len(rows), instants))


def _bounded(name: str, values: Floats, bound: Floats) -> Floats:
    if name == "round":
        return np.floor(values / bound + 0.5) * bound
    return np.maximum(values, bound) if name == "clamp_min" else np.minimum(values, bound)


def _group(labels: Labels, modifier: Any) -> tuple[tuple[str, str], ...]:
    if modifier is None:
        return ()
    named = set(modifier.labels)
    if modifier.type == promql.AggModifierType.By:
        return tuple((name, labels[name]) for name in sorted(named) if name in labels)
    return tuple((name, each) for name, each in sorted(labels.items()) if name not in named and name != NAME)


def _count(values: Floats) -> Floats:
    count = (~np.isnan(values)).sum(axis=0).astype(np.float64)
    return np.where(count > 0, count, np.nan)


_GROUPED: Mapping[str, Callable[[Floats], Floats]] = {
    "sum": lambda values: np.where(np.isnan(_count(values)), np.nan, np.nansum(values, axis=0)),
    "avg": lambda values: np.nansum(values, axis=0) / _count(values),
    "min": lambda values: np.fmin.reduce(values, axis=0),
    "max": lambda values: np.fmax.reduce(values, axis=0),
    "count": _count,
}


def _grouped(name: str, values: Floats) -> Floats:
    return _GROUPED[name](values)


def _extremes(found: Vector, groups: Mapping[Any, list[int]], many: int, *, largest: bool, ranked: bool) -> Vector:
    """The `many` largest or smallest of each group, at each instant by itself; `ranked`: at the one instant, in that order."""
    values, rows = np.full_like(found.values, np.nan), list[int]()
    for members in groups.values():
        inside = found.values[members]
        order = np.argsort(-inside if largest else inside, axis=0, kind="stable")  # nan comes last
        rank = np.argsort(order, axis=0, kind="stable")
        values[members] = np.where(rank < many, inside, np.nan)
        rows += [members[at] for at in order[:, 0].tolist()] if ranked else []
    return Vector([found.labels[row] for row in rows], values[rows]) if ranked else Vector(found.labels, values)


def _worked(op: str, a: Floats, b: Floats, kept: Floats, *, truth: bool) -> Floats:
    if op in _ARITHMETIC:
        return _ARITHMETIC[op](a, b)
    holds = _COMPARED[op](a, b)
    missing = np.isnan(a) | np.isnan(b)
    return np.where(missing, np.nan, holds.astype(np.float64)) if truth else np.where(holds & ~missing, kept, np.nan)


def _scaled(op: str, series: Vector, a: Floats, b: Floats, *, truth: bool) -> Vector:
    """Series and a number."""
    named = op in _COMPARED and not truth
    return Vector(series.labels if named else [_nameless(each) for each in series.labels], _worked(op, a, b, series.values, truth=truth))


def _matching(modifier: Any) -> Key:
    """By which labels two series belong together: all but the name, those of `on`, or all but those of `ignoring`."""
    chosen = None if modifier is None else modifier.matching
    named = set() if chosen is None else set(chosen.labels)
    if chosen is not None and chosen.type == promql.LabelModifierType.Include:
        return lambda labels: tuple((name, labels.get(name, "")) for name in sorted(named))
    return lambda labels: tuple((name, each) for name, each in sorted(labels.items()) if name != NAME and name not in named)


def _matched(op: str, left: Vector, right: Vector, key: Key, *, truth: bool) -> Vector:
    keys = [[key(labels) for labels in side.labels] for side in (left, right)]
    both = set(keys[0]) & set(keys[1])
    for side in keys:
        twice = next((each for each, count in Counter(side).items() if count > 1 and each in both), None)
        if twice is not None:
            raise Ambiguous(f"several series of one side are {dict(twice)}: say by on(...) or an aggregation which belong together")
    others = {each: row for row, each in enumerate(keys[1])}
    pairs = [(row, others[each]) for row, each in enumerate(keys[0]) if each in others]
    a, b = left.values[[row for row, _ in pairs]], right.values[[row for _, row in pairs]]
    named = op in _COMPARED and not truth
    labels = [left.labels[row] if named else dict(keys[0][row]) for row, _ in pairs]
    return Vector(labels, _worked(op, a, b, a, truth=truth))


def _set(op: str, left: Vector, right: Vector, key: Key) -> Vector:
    here = _presence(right if op != "or" else left, key)
    series, no = (left, np.zeros(left.values.shape[1], np.bool_)) if op != "or" else (right, np.zeros(left.values.shape[1], np.bool_))
    there = np.array([here.get(key(labels), no) for labels in series.labels], np.bool_).reshape(series.values.shape)
    if op == "and":
        return Vector(left.labels, np.where(there, left.values, np.nan))
    kept = np.where(there, np.nan, series.values)
    return Vector(left.labels, kept) if op == "unless" else Vector([*left.labels, *right.labels], np.vstack((left.values, kept)))


def _presence(found: Vector, key: Key) -> dict[tuple[tuple[str, str], ...], np.ndarray[Any, np.dtype[np.bool_]]]:
    """Where some series of each key has a value."""
    there: dict[tuple[tuple[str, str], ...], np.ndarray[Any, np.dtype[np.bool_]]] = {}
    for labels, values in zip(found.labels, found.values, strict=True):
        there[key(labels)] = ~np.isnan(values) | there.get(key(labels), np.zeros(len(values), np.bool_))
    return there
