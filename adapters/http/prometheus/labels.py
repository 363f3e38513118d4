"""Points as series: the metric is the class, and labels say which point it is, of what, where, and in which unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.http.directory import Directory
from ontology.namespaces import compact, local_name

NAME = "__name__"
POINT_LABELS = ("entity", "label", "point", "rack", "room", "unit")
UNCLASSED = "point"
"""The metric of points that have no class."""
Labels = Mapping[str, str]


class BadQuery(Exception):
    """A query that makes no sense, or that is not answered here; the text says which, and what to do."""


class Ambiguous(BadQuery):
    """Which series of two sides belong together cannot be told."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label: `op` is =, !=, =~ or !~."""

    label: str
    op: str
    value: str

    def keeps(self, values: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which of the values it lets through. Patterns are RE2's, anchored, in linear time. Raises `BadQuery`."""
        if self.op in {"=", "!="}:
            found = np.fromiter((each == self.value for each in values), np.bool_, len(values))
        else:
            try:
                found = pc.match_substring_regex(pa.array(values, pa.string()), f"^(?:{self.value})$").to_numpy(zero_copy_only=False)
            except pa.ArrowInvalid as error:
                raise BadQuery(f"the pattern {self.value[:100]!r} of {self.label} is none: {error}") from None
        return ~found if self.op.startswith("!") else found


def metric_of(cls: str) -> str:
    """The metric of a class: brick:Air_Temperature_Sensor is `air_temperature_sensor`."""
    name = "".join(each if each.isascii() and each.isalnum() else "_" for each in local_name(cls).lower())
    return f"_{name}" if name[:1].isdigit() else name or UNCLASSED


class Catalogue:
    """The points of a directory as series. Columns are made when they are first asked for."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    @cached_property
    def metrics(self) -> Mapping[str, list[int]]:
        """The rows of each metric, in order of names."""
        found: dict[str, list[int]] = defaultdict(list)
        names = {cls: metric_of(cls) if cls else UNCLASSED for cls in set(self.directory.classes)}
        for row, cls in enumerate(self.directory.classes):
            found[names[cls]].append(row)
        return dict(sorted(found.items()))

    @cached_property
    def about(self) -> Mapping[str, str]:
        """What class each metric is of."""
        return {metric_of(cls) if cls else UNCLASSED: compact(cls) for cls in sorted(set(self.directory.classes), reverse=True)}

    @cached_property
    def _columns(self) -> Mapping[str, Sequence[str]]:
        d, short = self.directory, _short()
        return {
            "entity": [short(each) for each in d.entities],
            "label": d.labels,
            "point": [short(each) for each in d.iris],
            "rack": [short(each) for each in d.racks],
            "room": [short(each) for each in d.rooms],
            "unit": [local_name(each) if each else "" for each in d.units],
        }

    def labels(self, row: int, metric: str) -> dict[str, str]:
        """The labels of a point; those that it has not are left out."""
        named = {name: each for name in POINT_LABELS if (each := self._columns[name][row])}
        return {NAME: metric, **named}

    def select(self, matchers: Sequence[Matcher]) -> list[tuple[str, int]]:
        """Metric and row of the points that all matchers let through, in order. Raises `BadQuery`."""
        names = list(self.metrics)
        for matcher in matchers:
            if matcher.label == NAME:
                kept = matcher.keeps(names)
                names = [name for name, keep in zip(names, kept.tolist(), strict=True) if keep]
        found: list[tuple[str, int]] = []
        others = [matcher for matcher in matchers if matcher.label != NAME]
        for name in names:
            rows = self.metrics[name]
            for matcher in others:
                column = self._columns.get(matcher.label)
                kept = matcher.keeps([""] * len(rows) if column is None else [column[row] for row in rows])
                rows = [row for row, keep in zip(rows, kept.tolist(), strict=True) if keep]
            found += [(name, row) for row in rows]
        return found


def _short() -> Callable[[str], str]:
    """IRIs as CURIEs; each namespace is looked up once."""
    known: dict[str, str] = {}

    def short(iri: str) -> str:
        cut = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1
        if iri[:cut] not in known:
            known[iri[:cut]] = compact(iri[:cut])
        return known[iri[:cut]] + iri[cut:]

    return short


def fit(labels: Labels, matchers: Iterable[Matcher]) -> bool:
    """Whether one series is let through."""
    return all(bool(matcher.keeps([labels.get(matcher.label, "")])[0]) for matcher in matchers)
