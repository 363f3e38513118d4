"""Which metric is of which point: built from the graph's `dcx:SparkplugReference`s, replaced whole when the graph changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.mqtt.dialect import NO_SLOTS, SlotsOf
from adapters.mqtt.naming import Names, names_of
from adapters.mqtt.sparkplug.payload import NUMBERS, REBIRTH
from graph.references import Reference, Unbound, references, statement
from graph.snapshot import Snapshot
from graph.values import Slots
from ontology.namespaces import DCX, compact

SPARKPLUG_REFERENCE = DCX + "SparkplugReference"
OF_THE_NODE = ("bdSeq", "Node Control/", "Device Control/")
"""Metrics that keep the session going: they are of no point, and nobody is told so."""


class Metric(NamedTuple):
    """The point of a metric: value = raw * scale + offset in `unit`, the point's own (an IRI, empty for none)."""

    point: str
    slot: int
    scale: float
    offset: float
    unit: str
    stated: bool
    """Whether the graph says in which unit the metric comes; else the metric may."""
    promised: bool
    """Whether the graph says how often the point speaks; else the session stands for what does not change."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """One revision of the graph: metrics by device (`group/node/device`, or `group/node` for the node's own) and name."""

    snapshot: Snapshot
    slots: SlotsOf
    devices: Mapping[str, Mapping[str, Metric]] = field(default_factory=dict)
    points: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Device and metric of each point."""
    unusable: Sequence[Unbound] = ()
    fed: Slots = field(default_factory=lambda: NO_SLOTS)
    _names: list[Names] = field(default_factory=list)

    def nodes(self) -> list[str]:
        """The nodes that references name, in their order."""
        return sorted({"/".join(device.split("/")[:2]) for device in self.devices})

    def suggestion(self, device: str, metric: str) -> str:
        """The statement that would bind a metric, with the point that names lead to, if they do. Cost: the first time that of all names."""
        if not self._names:
            self._names.append(names_of(self.snapshot))
        found = self._names[0].point_of(device.rpartition("/")[2], metric.rpartition("/")[2])
        return statement("SparkplugReference", {"sparkplugDevice": device, "metricName": metric}, found)


def bind(snapshot: Snapshot, slots: SlotsOf) -> Bindings:
    """The bindings that a revision asks for; a reference that cannot be used is told. Cost: linear in the references."""
    found, refused = references(snapshot, SPARKPLUG_REFERENCE)
    unusable = list(refused)
    kept: list[tuple[Reference, str, str]] = []
    for reference in found:
        device = snapshot.text(reference.node, DCX + "sparkplugDevice") or ""
        metric = snapshot.text(reference.node, DCX + "metricName") or ""
        why = _why_not(device, metric)
        if why:
            unusable.append(Unbound(reference.point, device, f"{compact(reference.point)}: {why}"))
        else:
            kept.append((reference, device, metric))
    promised = {snapshot.key(point) for point in snapshot.relation(DCX + "samplePeriod").subjects.tolist()} if kept else set()
    places = slots([reference.point for reference, _, _ in kept])
    devices: dict[str, dict[str, Metric]] = {}
    points: dict[str, tuple[str, str]] = {}
    for (reference, device, name), slot in zip(kept, places.tolist(), strict=True):
        before = devices.setdefault(device, {}).get(name)
        if before is not None:
            why = f"{compact(reference.point)}: metric {name!r} of {device} is of {compact(before.point)} already: one metric, one point"
            unusable.append(Unbound(reference.point, device, why))
            continue
        points[reference.point] = device, name
        stated = snapshot.one(reference.node, DCX + "sourceUnit") is not None
        rest = reference.scale, reference.offset, reference.unit, stated, reference.point in promised
        devices[device][name] = Metric(reference.point, slot, *rest)
    return Bindings(snapshot, slots, devices, points, unusable, places[places >= 0])


def _why_not(device: str, metric: str) -> str:
    levels = device.split("/")
    if len(levels) not in {2, 3} or not all(levels) or any(sign in device for sign in "+#\0"):
        return f"dcx:sparkplugDevice is {device!r}: write group/node, or group/node/device"
    return "" if metric else "the reference has no dcx:metricName: say which metric of the birth it is"


def is_offered(name: str, of: int) -> bool:
    """Whether a metric could be a point's."""
    return of in NUMBERS and name != REBIRTH and not name.startswith(OF_THE_NODE)
