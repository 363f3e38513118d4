"""The answers of the compiled reads: for many things at once one column a field, and the rows written out of the columns.

Each function gives one answer for each of the given numbers, in their order, exactly as the resolvers of types.py would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from math import isfinite
from typing import Any

import orjson

from graph.standards import Standard, standard_of
from graph.values import Quality, ReadingBatch, Reason
from resolvers.compiled_plan import Pick, Selection
from resolvers.memo import Memo
from resolvers.reads import Reads
from resolvers.types import instant

SELECTIONS_KEPT = 16
"""Selections of properties whose written answers are kept."""
Numbers = Sequence[int]
Column = Sequence[Any]
Row = dict[str, Any]


def rows(selection: Selection, columns: Sequence[Column], count: int) -> list[Row]:
    """Rows from columns, keys in order of the answer."""
    if not columns:
        return [{} for _ in range(count)]
    keys = selection.keys
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]


def entities(reads: Reads, numbers: Numbers, selection: Selection) -> list[Row]:
    """Entities by their numbers."""
    return rows(selection, [_of(ENTITY, reads, numbers, pick, "Entity") for pick in selection.picks], len(numbers))


def points(reads: Reads, numbers: Numbers, selection: Selection) -> list[Row]:
    """Points by their numbers."""
    return rows(selection, [_of(POINT, reads, numbers, pick, "Point") for pick in selection.picks], len(numbers))


Make = Callable[[Reads, Numbers, Pick], Column]


def _of(table: Mapping[str, Make], reads: Reads, numbers: Numbers, pick: Pick, kind: str) -> Column:
    if pick.name == "__typename":
        return [kind] * len(numbers)
    return table[pick.name](reads, numbers, pick)


def inner(pick: Pick) -> Selection:
    """What is asked of a field that leads on."""
    if pick.inner is None:
        raise ValueError(f"field {pick.name} has no selection")
    return pick.inner


# -- columns of entities and points ---------------------------------------------------------------------------------


def _ids(reads: Reads, numbers: Numbers, _: Pick) -> Column:
    keys = reads.index.snapshot.terms.keys
    return [keys[n] for n in numbers]


def _curies(reads: Reads, numbers: Numbers, _: Pick) -> Column:
    return [reads.index.curie(n) for n in numbers]


def _labels(reads: Reads, numbers: Numbers, _: Pick) -> Column:
    return [reads.index.label(n) for n in numbers]


def _shown_classes(reads: Reads, numbers: Numbers, _: Pick) -> Column:
    return [reads.index.class_of(n) for n in numbers]


def _classes(reads: Reads, numbers: Numbers, _: Pick) -> Column:
    return [reads.index.types_of(n) for n in numbers]


def _properties(reads: Reads, numbers: Numbers, pick: Pick) -> Column:
    """What is said of an entity stays for a revision: its text is made once for a selection and kept with the index."""
    names = tuple((each.key, each.name) for each in inner(pick).picks)
    index, kept = reads.index, reads.index.texts_of_facts.get(names, Memo())
    if len(index.texts_of_facts) < SELECTIONS_KEPT:
        index.texts_of_facts[names] = kept
    column = []
    for n in numbers:
        text = kept.get(n)
        if text is None:
            said = [{key: "Property" if name == "__typename" else getattr(fact, name) for key, name in names} for fact in index.facts(n)]
            text = kept.keep(n, orjson.dumps(said))
        column.append(orjson.Fragment(text))
    return column


def _points(reads: Reads, numbers: Numbers, pick: Pick) -> Column:
    of_each = [reads.index.points(n) for n in numbers]
    answers = iter(points(reads, [point for each in of_each for point in each], inner(pick)))
    return [[next(answers) for _ in each] for each in of_each]


def _units(reads: Reads, numbers: Numbers, _: Pick) -> Column:
    return [reads.index.unit(n) for n in numbers]


def _controllable(reads: Reads, numbers: Numbers, _: Pick) -> Column:
    keys = reads.index.snapshot.terms.keys
    return [reads.controllable(keys[n]) for n in numbers]


def _equipment(reads: Reads, numbers: Numbers, pick: Pick) -> Column:
    owners = [reads.index.equipment(n) for n in numbers]
    answers = iter(entities(reads, [owner for owner in owners if owner is not None], inner(pick)))
    return [None if owner is None else next(answers) for owner in owners]


def _values(reads: Reads, numbers: Numbers, pick: Pick) -> Column:
    keys = reads.index.snapshot.terms.keys
    return values(reads.current.many([keys[n] for n in numbers]), reads.now_ms, inner(pick))


def readings(batch: ReadingBatch, now_ms: int, selection: Selection) -> list[Row]:
    """Points with their values, a row each."""
    made: dict[str, Callable[[Pick], Column]] = {
        "point": lambda _: batch.points,
        "value": lambda pick: values(batch, now_ms, inner(pick)),
        "__typename": lambda _: list(repeat("PointReading", len(batch))),
    }
    return rows(selection, [made[pick.name](pick) for pick in selection.picks], len(batch))


def values(batch: ReadingBatch, now_ms: int, selection: Selection) -> list[Row]:
    """Values as of an instant, a row each."""
    observed, received = batch.observed_at.tolist(), batch.received_at.tolist()
    made: dict[str, Callable[[], Column]] = {
        "value": lambda: [value if isfinite(value) else None for value in batch.values.tolist()],
        "observedAt": lambda: _written(observed),
        "receivedAt": lambda: _written(received),
        "quality": lambda: [QUALITY[code] for code in batch.quality.tolist()],
        "ageS": lambda: [None if ms <= 0 else max(0.0, (now_ms - ms) / 1000) for ms in observed],
        "reason": lambda: [REASON[code] for code in batch.reason.tolist()],
        "opcUa": lambda: [standard.text for standard in _standards(batch)],
        "ne107": lambda: [standard.ne107 for standard in _standards(batch)],
        "__typename": lambda: list(repeat("Value", len(batch))),
    }
    return rows(selection, [made[each.name]() for each in selection.picks], len(batch))


def _standards(batch: ReadingBatch) -> list[Standard]:
    rows = zip(batch.quality.tolist(), batch.reason.tolist(), batch.values.tolist(), strict=True)
    return [standard_of(Quality(quality), Reason(reason), isfinite(value)) for quality, reason, value in rows]


def _written(times: Sequence[int]) -> Column:
    """Instants as text; points that were read together share one."""
    texts = {ms: None if (at := instant(ms)) is None else at.isoformat() for ms in set(times)}
    return [texts[ms] for ms in times]


QUALITY = [quality.name for quality in Quality]
REASON = [reason.name for reason in Reason]
ENTITY: Mapping[str, Make] = {
    "id": _ids,
    "curie": _curies,
    "label": _labels,
    "class": _shown_classes,
    "classes": _classes,
    "properties": _properties,
    "points": _points,
}
POINT: Mapping[str, Make] = {
    "id": _ids,
    "label": _labels,
    "class": _shown_classes,
    "unit": _units,
    "controllable": _controllable,
    "value": _values,
    "equipment": _equipment,
}
