"""Readings as they were said, on their way to the sink: bound to points, in the points' own units; what is refused is told line by line."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from adapters.http.codec import Refusal, Rows
from adapters.http.directory import Directories, Directory
from adapters.http.parts import HttpParts
from graph.values import Floats, Samples
from ontology.errors import UnitError
from ontology.namespaces import compact
from ontology.units import conversion

UNBOUND_MAX = 1_000
"""Names of no point that are remembered, those heard longest ago leave first."""
_NAME_CHARS = 200
"""How much of a name that a client wrote is told back."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of some readings: how many were said, taken, refused, of no point; whether they are in history; the first refusals."""

    said: int
    refused: int
    unbound: int
    kept: bool
    first: Sequence[Refusal]

    def to_json(self) -> dict[str, Any]:
        """As the client is told."""
        errors = [{"line": r.line, "point": r.point[:_NAME_CHARS], "code": r.code, "message": r.message} for r in self.first]
        taken = self.said - self.refused
        return {
            "lines": self.said,
            "taken": taken,
            "refused": self.refused,
            "unbound": self.unbound,
            "kept": self.kept and taken > 0,
            "errors": errors,
        }


class Intake:
    """The way in, for requests and sockets. Safe from any thread."""

    def __init__(self, parts: HttpParts, directories: Directories, errors_told: int) -> None:
        self._parts, self._directories, self._errors_told = parts, directories, errors_told
        self._lock = Lock()
        self._unbound: OrderedDict[str, int] = OrderedDict()
        self.taken = self.refused = self.unbound = 0
        """Readings so far; those of no point count as refused, too."""

    def take(self, rows: Rows) -> Told:
        """Hand on what can be taken; it is durable when this returns, where history is kept."""
        directory = self._directories.now()
        at = self._places(directory, rows.points)
        refused = [self._nearest_reason(directory, one) for one in rows.refused]
        strange = np.flatnonzero(at < 0)
        refused += [Refusal(rows.lines[row], rows.points[row], "unknown_point", _UNKNOWN) for row in strange.tolist()]
        formula = np.flatnonzero((at >= 0) & directory.virtual[at]) if len(directory) else strange[:0]
        refused += [Refusal(rows.lines[row], rows.points[row], "worked_out", _WORKED_OUT) for row in formula.tolist()]
        at[formula] = -1
        values, sound, wrong = self._converted(directory, rows, at)
        refused += wrong
        slots = np.where(sound, directory.slots[at] if len(directory) else -1, -1).astype(np.int32)
        if sound.any():
            received = np.full(len(values), self._parts.now_ms, np.int64)
            samples = Samples(slots, values, rows.observed, received, rows.quality, rows.reason)
            self._parts.sink.take(samples if sound.all() else samples.piece(sound))
        refused.sort(key=lambda one: one.line)
        unbound = [one.point for one in refused if one.code in _UNBOUND]
        self._count(int(sound.sum()), len(refused), unbound)
        return Told(rows.said, len(refused), len(unbound), self._parts.kept(), refused[: self._errors_told])

    def names_of_no_point(self) -> Sequence[tuple[str, int]]:
        """The names that clients wrote and the graph does not have, with how often, in order of names."""
        with self._lock:
            return sorted(self._unbound.items())

    @staticmethod
    def _places(directory: Directory, points: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
        find, row = directory.places.get, directory.row
        at = np.fromiter((row(p) if (known := find(p)) is None else known for p in points), np.int64, len(points))
        return np.where(directory.slots[at] >= 0, at, -1) if len(directory) else at

    @staticmethod
    def _converted(
        directory: Directory, rows: Rows, at: np.ndarray[Any, np.dtype[np.int64]]
    ) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]], list[Refusal]]:
        """The values in the points' units, which rows are taken, and the refusals of units that do not fit."""
        sound, wrong = at >= 0, list[Refusal]()
        if not any(rows.units):
            return rows.values, sound, wrong
        units = rows.units * len(rows.points) if len(rows.units) == 1 else rows.units
        scale, offset = np.ones(len(units)), np.zeros(len(units))
        known: dict[tuple[str, str], tuple[float, float] | str] = {}
        for row in np.flatnonzero(sound).tolist():
            if not units[row]:
                continue
            pair = units[row], directory.units[at[row]]
            found = known.get(pair)
            if found is None:
                found = known[pair] = _factors(*pair)
            if isinstance(found, str):
                sound[row] = False
                wrong.append(Refusal(rows.lines[row], rows.points[row], "wrong_unit", found))
            else:
                scale[row], offset[row] = found
        return rows.values * scale + offset, sound, wrong

    @staticmethod
    def _nearest_reason(directory: Directory, one: Refusal) -> Refusal:
        """That a point is unknown comes before whatever else is wrong with a line."""
        unknown = one.point and directory.row(one.point) < 0
        return Refusal(one.line, one.point, "unknown_point", _UNKNOWN) if unknown else one

    def _count(self, taken: int, refused: int, unbound: Sequence[str]) -> None:
        with self._lock:
            self.taken += taken
            self.refused += refused
            self.unbound += len(unbound)
            for point in filter(None, unbound):
                name = point[:_NAME_CHARS]
                self._unbound[name] = self._unbound.pop(name, 0) + 1
            while len(self._unbound) > UNBOUND_MAX:
                self._unbound.popitem(last=False)


_UNBOUND = frozenset({"unknown_point", "no_point"})
_UNKNOWN = "the graph has no such point: give its id as `GET /api/v1/points` lists it"
_WORKED_OUT = "a formula says what this point reads (dcx:formula): send the readings of the points that it stands on"


def _factors(said: str, own: str) -> tuple[float, float] | str:
    """Scale and offset between two units, or why there are none."""
    if not own:
        return (
            f"the point has no unit in the graph, so {said[:80]!r} cannot be converted: leave `unit` out, or say brick:hasUnit of the point"
        )
    try:
        return conversion(said, own)
    except UnitError as error:
        return f"the point is in {compact(own)}: {error}"
