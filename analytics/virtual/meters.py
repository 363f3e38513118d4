"""Which points a formula means: its things and their points, looked up in one snapshot.

Rules of this file:

1. What is in a thing is what is located in it or part of it, however deep (`analytics.places.holding`), itself left out.
2. The power of a thing is that of its own meters of active power, the greatest where it has several; of a thing without any, that of the
   nearest below it that have some. A meter above another is taken alone: nothing counts twice.
3. A virtual point is no meter: a sum is never taken for what it is the sum of.
4. A thing of which nothing is metered stands for one value that is missing: the coverage tells of it.
"""

from __future__ import annotations

from collections import defaultdict

from analytics.capacity.readings import power_points
from analytics.places import holding
from analytics.virtual.formula import FormulaError, Points, Things
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX, compact
from ontology.vocabulary import Vocabulary

Meter = tuple[tuple[str, float], ...]
"""The points (IRIs) of which the greatest counts, and the factor of each; none: something that should be metered is not."""
NOT_METERED: Meter = ()
METERS_MAX = 100_000
"""Points that one formula may stand on."""


class Meters:
    """One snapshot's points as formulas ask for them. What is asked twice is looked up once."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot, self._vocabulary = snapshot, vocabulary
        formulas = snapshot.relation(DCX + "formula").subjects.tolist()
        self._virtual = frozenset(map(snapshot.key, formulas))
        self._power: dict[int, list[tuple[str, float]]] | None = None
        self._holding = holding(snapshot)
        self._below: dict[int, list[int]] = {}
        self._of_classes: dict[tuple[str, ...], frozenset[int]] = {}

    def of(self, points: Points, this: int | None) -> list[Meter]:
        """The meters that some points are. Raises `FormulaError` for a thing or a class that the graph does not have, and for too many."""
        things = self._things(points.things, this)
        found = [meter for thing in things for meter in (self._of_class(thing, points.cls) if points.cls else self._power_of(thing))]
        if len(found) > METERS_MAX:
            raise FormulaError(f"it stands on {len(found):,} points, and at most {METERS_MAX:,} may be: give its parts points of their own")
        return found

    def _things(self, things: Things, this: int | None) -> list[int]:
        if things.all_of:
            found = sorted(self._instances(things.all_of), key=self._snapshot.key)
        elif things.named:
            number = self._snapshot.terms.find(things.named)
            if number is None:
                raise FormulaError(f"nothing is called {compact(things.named)}: correct the name, or load what has it")
            found = [number]
        elif this is None:
            raise FormulaError("nothing has this point, so `this` is nothing: add brick:isPointOf, or name a thing")
        else:
            found = [this]
        for cls in things.inside:
            of_class = self._instances((cls,)) if cls else None
            inner = {each for thing in found for each in self._inside(thing) if of_class is None or each in of_class}
            found = sorted(inner, key=self._snapshot.key)
        return found

    def _instances(self, classes: tuple[str, ...]) -> frozenset[int]:
        if classes not in self._of_classes:
            for cls in classes:
                if not self._vocabulary.term(cls).is_known:
                    raise FormulaError(f"no class is called {compact(cls)}: correct the name")
            below_these = sorted(frozenset().union(*(self._vocabulary.subclasses(cls) for cls in classes)))
            self._of_classes[classes] = frozenset(self._snapshot.instances(below_these).tolist())
        return self._of_classes[classes]

    def _inside(self, thing: int) -> list[int]:
        if thing not in self._below:
            seen, waiting = {thing}, [thing]
            while waiting:
                new = [part for part in self._holding.get(waiting.pop(), ()) if part not in seen]
                seen.update(new)
                waiting += new
            self._below[thing] = sorted(seen - {thing})
        return self._below[thing]

    def _of_class(self, thing: int, cls: str) -> list[Meter]:
        of_class = self._instances((cls,))
        points = {*self._snapshot.objects(thing, BRICK + "hasPoint"), *self._snapshot.subjects(BRICK + "isPointOf", thing)}
        found = sorted(self._snapshot.key(point) for point in points & of_class)
        return [((point, 1.0),) for point in found] or [NOT_METERED]

    def _power_of(self, thing: int) -> list[Meter]:
        """Rules 2 to 4."""
        power = self._powers()
        found: list[Meter] = []
        seen, level = {thing}, [thing]
        while level:
            inner: list[int] = []
            for each in sorted(level, key=self._snapshot.key):
                if own := power.get(each):
                    found.append(tuple(own))
                else:
                    inner += [part for part in self._holding.get(each, ()) if part not in seen]
                    seen.update(inner)
            level = inner
        return found or [NOT_METERED]

    def _powers(self) -> dict[int, list[tuple[str, float]]]:
        if self._power is None:
            by_owner = defaultdict(list)
            told = power_points(self._snapshot, self._vocabulary)
            for point, owner, factor in sorted(zip(told.points, told.owners, told.factors.tolist(), strict=True)):
                number = self._snapshot.terms.find(owner)
                if point not in self._virtual and number is not None:
                    by_owner[number].append((point, factor))
            self._power = dict(by_owner)
        return self._power
