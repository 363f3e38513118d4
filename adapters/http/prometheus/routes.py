"""The HTTP API of Prometheus (v1), as far as stock Grafana's data source asks it: queries, series, labels, metadata, build."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, isnan
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import orjson
import promql_parser as promql
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.http.bodies import Bodies
from adapters.http.codec import MILLIS_MAX, instant
from adapters.http.metrics import METRICS
from adapters.http.parts import HttpParts
from adapters.http.problems import Problem
from adapters.http.prometheus.evaluate import Found, Matrix, Question, Vector, matchers_of
from adapters.http.prometheus.labels import NAME, POINT_LABELS, Ambiguous, BadQuery, Labels, Matcher
from adapters.http.prometheus.sources import Sources, Unavailable
from adapters.http.rules import HttpRules
from adapters.http.threads import Threads
from graph.history import HistoryUnavailable
from graph.values import Floats, Millis

THREADS = 4
FORM_BYTES = 64 * 1024
SERIES_TOLD = 20_000
"""Series, or values of a label, that one answer lists."""
LIKE = "3.0.0"
"""The version whose language and answers these are: what Grafana asks differs by it."""
Asked = Mapping[str, list[str]]


def prometheus_routes(parts: HttpParts, sources: Sources, rules: HttpRules) -> list[Route]:
    """The addresses, under `/prometheus/api/v1`."""
    api = _Api(parts, sources, rules)
    paths: dict[str, Callable[[Asked], Any]] = {
        "query": api.query,
        "query_range": api.query_range,
        "series": api.series,
        "labels": api.labels,
        "label/{name}/values": api.values,
        "metadata": api.metadata,
        "status/buildinfo": lambda _: {"version": LIKE, "revision": parts.version, "branch": "ridethrough", "goVersion": ""},
        "query_exemplars": lambda _: [],
        "rules": lambda _: {"groups": []},
    }
    return [Route(f"/prometheus/api/v1/{path}", api.answering(work), methods=["GET", "POST"]) for path, work in paths.items()]


class _Api:
    def __init__(self, parts: HttpParts, sources: Sources, rules: HttpRules) -> None:
        self._parts, self._sources, self._rules = parts, sources, rules
        self._bodies, self._threads = Bodies(), Threads(THREADS)

    def answering(self, work: Callable[[Asked], Any]) -> Callable[[Request], Any]:
        """One address: the parameters of address and form, the answer in Prometheus' envelope."""

        async def answered(request: Request) -> Response:
            try:
                asked = await self._asked(request)
                return await self._threads.run(_told, work, asked)
            except Ambiguous as error:
                return _wrong(422, "execution", str(error))
            except BadQuery as error:
                return _wrong(400, "bad_data", str(error))
            except (Unavailable, HistoryUnavailable) as error:
                return _wrong(503, "unavailable", str(error))
            except Problem as problem:
                return _wrong(problem.status, "bad_data", problem.detail)

        return answered

    async def _asked(self, request: Request) -> Asked:
        pairs = request.query_params.multi_items()
        if request.method == "POST":
            body = await self._bodies.read(request, FORM_BYTES, "nothing: queries are short")
            try:
                pairs += parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000)
            except ValueError as error:
                raise BadQuery(f"the form cannot be read: {error}") from None
        found: dict[str, list[str]] = {}
        for name, each in pairs:
            found.setdefault(name, []).append(each)
        return found | {name: [each] for name, each in request.path_params.items()}

    # -- queries ------------------------------------------------------------------------------------------------------

    def query(self, asked: Asked) -> Any:
        """At one instant."""
        at = _instant(asked, "time", self._parts.now_ms)
        question, found = self._found(asked, np.array([at], np.int64), instant=True)
        return _Told(_at_once(found, at), question.warnings)

    def query_range(self, asked: Asked) -> Any:
        """At equal steps."""
        start, end = (_instant(asked, name, None) for name in ("start", "end"))
        step = _duration(asked, "step")
        if end < start:
            raise BadQuery("end is before start: exchange them")
        steps = (end - start) // step + 1
        if steps > self._rules.promql_steps:
            raise BadQuery(f"{steps:,} steps are more than {self._rules.promql_steps:,}: ask for a longer step, or less time")
        instants = start + step * np.arange(steps, dtype=np.int64)
        question, found = self._found(asked, instants, instant=False)
        return _Told(_over_time(found, instants), question.warnings)

    def _found(self, asked: Asked, instants: Millis, *, instant: bool) -> tuple[Question, Found | Matrix]:
        text = _one(asked, "query")
        if asked.get("timeout"):
            _duration(asked, "timeout")
        if len(text) > self._rules.promql_chars:
            raise BadQuery(f"the query has more than {self._rules.promql_chars:,} characters: ask for less at a time")
        question = Question(instants, self._sources.lines, instant)
        return question, question.ask(text)

    # -- what there is ------------------------------------------------------------------------------------------------

    def series(self, asked: Asked) -> Any:
        """The label sets that selectors choose."""
        if not asked.get("match[]"):
            raise BadQuery("match[] is missing: name a selector, such as match[]=active_power_sensor")
        return self._chosen(asked)

    def labels(self, asked: Asked) -> Any:
        """The names of labels."""
        if not asked.get("match[]"):
            return sorted({NAME, *POINT_LABELS, *(name for about in METRICS.values() for name in about.labels)})
        return sorted({name for labels in self._chosen(asked) for name in labels})

    def values(self, asked: Asked) -> Any:
        """The values of one label."""
        name = _one(asked, "name")
        if name == NAME and not asked.get("match[]"):
            return sorted({*self._sources.catalogue.metrics, *METRICS})
        return sorted({labels[name] for labels in self._chosen(asked) if name in labels})[:SERIES_TOLD]

    def metadata(self, asked: Asked) -> Any:
        """What each metric is."""
        catalogue = self._sources.catalogue
        told = {
            name: [{"type": "gauge", "help": f"Points of the class {cls}." if cls else "Points without a class.", "unit": ""}]
            for name, cls in sorted(catalogue.about.items())
        }
        told |= {name: [{"type": each.kind, "help": each.help, "unit": ""}] for name, each in METRICS.items()}
        wanted = asked.get("metric")
        return {name: each for name, each in told.items() if name in wanted} if wanted else told

    def _chosen(self, asked: Asked) -> list[Labels]:
        found: dict[tuple[tuple[str, str], ...], Labels] = {}
        catalogue = self._sources.catalogue
        for text in asked.get("match[]") or ['{__name__=~".+"}']:
            matchers = _selector(text)
            chosen = catalogue.select(matchers)
            labels = [catalogue.labels(row, metric) for metric, row in chosen[:SERIES_TOLD]]
            labels += [dict(each) for each in self._sources.ring.labels() if all(m.keeps([each.get(m.label, "")])[0] for m in matchers)]
            for each in labels:
                found[tuple(each.items())] = each
        return list(found.values())[:SERIES_TOLD]


def _selector(text: str) -> list[Matcher]:
    try:
        selector = promql.parse(text[:4096])
    except ValueError as error:
        raise BadQuery(f"match[] is no selector: {error}") from None
    if not isinstance(selector, promql.VectorSelector):
        raise BadQuery("match[] is no selector: write a metric, or labels in braces")
    return matchers_of(selector)


# -- parameters -----------------------------------------------------------------------------------------------------


def _one(asked: Asked, name: str) -> str:
    if not asked.get(name):
        raise BadQuery(f"the parameter {name} is missing")
    return asked[name][-1]


def _instant(asked: Asked, name: str, default: int | None) -> int:
    """Milliseconds since 1970 of seconds, or of ISO 8601."""
    if default is not None and not asked.get(name):
        return default
    text = _one(asked, name)
    try:
        millis = float(text) * 1000.0
    except ValueError:
        found = instant(text.replace(" ", "+"))
        millis = float("nan") if found is None else float(found)
    if not 0 <= millis < MILLIS_MAX:
        raise BadQuery(f"{name} is {text[:40]!r}: write seconds since 1970, or ISO 8601 with an offset")
    return round(millis)


def _duration(asked: Asked, name: str) -> int:
    """Milliseconds of seconds, or of a duration."""
    text = _one(asked, name)
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = promql.parse_duration(text[:40]).total_seconds()
        except ValueError:
            seconds = 0.0
    if not 0.001 <= seconds < 1e9:
        raise BadQuery(f"{name} is {text[:40]!r}: write seconds, or a duration such as 5m")
    return round(seconds * 1000)


# -- answers --------------------------------------------------------------------------------------------------------


class _Told:
    """Data with warnings."""

    def __init__(self, data: Any, warnings: set[str]) -> None:
        self.data, self.warnings = data, sorted(warnings)


def _told(work: Callable[[Asked], Any], asked: Asked) -> Response:
    found = work(asked)
    told = found if isinstance(found, _Told) else _Told(found, set())
    body = {"status": "success", "data": told.data, **({"warnings": told.warnings} if told.warnings else {})}
    return Response(orjson.dumps(body), media_type="application/json", headers={"cache-control": "no-cache"})


def _wrong(status: int, kind: str, text: str) -> Response:
    body = {"status": "error", "errorType": kind, "error": text}
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"cache-control": "no-store"})


def _at_once(found: Found | Matrix, at: int) -> Any:
    if isinstance(found, Matrix):
        spans = [(labels, w, slice(int(w.first[0]), int(w.end[0]))) for labels, w in found.windows]
        told = [{"metric": labels, "values": _pairs(w.times[span] / 1000.0, w.values[span])} for labels, w, span in spans]
        return {"resultType": "matrix", "result": [each for each in told if each["values"]]}
    if isinstance(found, str):
        return {"resultType": "string", "result": [at / 1000, found]}
    if not isinstance(found, Vector):
        return {"resultType": "scalar", "result": [at / 1000, _number(float(found[0]))]}
    rows = zip(found.labels, found.values[:, 0].tolist(), strict=True)
    there = [{"metric": labels, "value": [at / 1000, _number(value)]} for labels, value in rows if value == value]  # noqa: PLR0124 - nan is none
    return {"resultType": "vector", "result": there}


def _over_time(found: Found | Matrix, instants: Millis) -> Any:
    if isinstance(found, str | Matrix):
        raise BadQuery("a text is not answered over a range: ask for one instant")
    series = found if isinstance(found, Vector) else Vector([{}], found[None, :])
    seconds: Floats = instants / 1000.0
    told = [{"metric": labels, "values": _pairs(seconds, row)} for labels, row in zip(series.labels, series.values, strict=True)]
    return {"resultType": "matrix", "result": [each for each in told if each["values"]]}


def _pairs(seconds: Floats, values: Floats) -> Sequence[Any]:
    there = np.flatnonzero(~np.isnan(values))
    return [[at, _number(value)] for at, value in zip(seconds[there].tolist(), values[there].tolist(), strict=True)]


def _number(value: float) -> str:
    """As Prometheus writes it: no exponent, whole numbers without a point."""
    if not isfinite(value):
        return "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    return np.format_float_positional(value, trim="-") if "e" in text else text.removesuffix(".0")
