"""How full the stores are by telemetry: the points of their charge, and what these say now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from analytics.conditions import CurrentValue
from analytics.time.stated import Stated
from analytics.time.table import Kind, Stores
from analytics.unusable import Unusable, unusable
from graph.values import Floats, Quality
from ontology.namespaces import BRICK, DCX

CHARGE = DCX + "State_Of_Charge_Sensor"


@dataclass(frozen=True, slots=True)
class Charges:
    """The share that is in each store, and the readings that say so: points (IRIs) with their values in per cent, in order of IRIs."""

    share: Floats
    readings: tuple[tuple[str, float], ...]
    unread: tuple[tuple[int, Unusable], ...] = ()
    """The stores that no good value tells the charge of, by number, though one was heard: the first such point."""


def charge_points(stated: Stated, behind: list[tuple[int, int]], stores: Stores) -> tuple[tuple[int, str], ...]:
    """The charge points of each store of energy, as number of the store and IRI of the point; `behind` are storages with their nodes."""
    snapshot = stated.snapshot
    at = {int(node): number for number, node in enumerate(stores.node.tolist()) if stores.kind[number] == Kind.ENERGY}
    found = []
    for storage, node in behind:
        points = {*snapshot.objects(storage, BRICK + "hasPoint"), *snapshot.subjects(BRICK + "isPointOf", storage)}
        if node in at:
            of_charge = [p for p in points if any(stated.vocabulary.is_a(cls, CHARGE) for cls in snapshot.types(p))]
            found += [(at[node], snapshot.key(point)) for point in of_charge]
    return tuple(sorted(found))


def charges(points: tuple[tuple[int, str], ...], stores: int, known: CurrentValue | None) -> Charges:
    """What the good readings say; a store is as full as its points are on average, and full where none says anything."""
    share, told = np.ones(stores), []
    said, poor = defaultdict[int, list[float]](list), dict[int, Unusable]()
    for store, point in points if known is not None else ():
        value = known(point) if known is not None else None
        if value is not None and value[1] == Quality.GOOD and 0 <= value[0] <= 100:
            said[store].append(value[0] / 100)
            told.append((point, value[0]))
        elif store not in poor and (each := unusable(point, value, "no share of 100 %", "%")) is not None:
            poor[store] = each
    for store, values in said.items():
        share[store] = sum(values) / len(values)
    return Charges(share, tuple(sorted(told)), tuple((store, each) for store, each in sorted(poor.items()) if store not in said))
