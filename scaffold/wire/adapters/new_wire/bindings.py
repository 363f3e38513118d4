"""Which value of which device is which point's: built from the graph, replaced whole when the graph changes.

Stand-in: a reference names its device by `dcx:gateway`, and what stands there by `dcx:key`; its class and `dcx:key` are not in the ontology
yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.new_wire.codec import question
from adapters.new_wire.config import PORT, Endpoint
from graph.references import Reference, Unbound, references
from graph.snapshot import Snapshot
from ontology.namespaces import DCX, compact

REFERENCE = DCX + "NewWireReference"


@dataclass(frozen=True, slots=True)
class Value:
    """What a device calls a point, and how its number becomes the point's own: number * scale + offset, in the point's unit."""

    point: str
    key: str
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class Group:
    """What is asked of one device, at the pace of the point that wants it most often."""

    endpoint: Endpoint
    period_s: float
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class NewWireBindings:
    """All bindings of one graph revision, and the references that cannot be used, with why."""

    groups: Mapping[Endpoint, Group] = field(default_factory=dict)
    unbound: Sequence[Unbound] = ()


def bind(snapshot: Snapshot) -> NewWireBindings:
    """The bindings that the graph's references ask for. Cost: some ten microseconds a point."""
    found, unbound = references(snapshot, REFERENCE)
    refused = list(unbound)
    values: dict[Endpoint, list[Value]] = {}
    periods: dict[Endpoint, float] = {}
    for reference in found:
        try:
            endpoint, key = _endpoint(snapshot, reference), _key(snapshot, reference)
        except ValueError as error:
            refused.append(Unbound(reference.point, "", f"{compact(reference.point)}: {error}"))
            continue
        values.setdefault(endpoint, []).append(Value(reference.point, key, reference.scale, reference.offset))
        periods[endpoint] = min(reference.period_s, periods.get(endpoint, reference.period_s))
    return NewWireBindings({each: Group(each, periods[each], tuple(values[each])) for each in sorted(values)}, tuple(refused))


def _endpoint(snapshot: Snapshot, reference: Reference) -> Endpoint:
    gateway = snapshot.one(reference.node, DCX + "gateway")
    if gateway is None:
        raise ValueError("there is no dcx:gateway: say through which device the value is reached")
    port = snapshot.number(gateway, DCX + "port")
    if port is not None and not port.is_integer():
        raise ValueError(f"dcx:port must be a whole number, not {port:g}")
    return Endpoint(snapshot.text(gateway, DCX + "host") or "", PORT if port is None else int(port))


def _key(snapshot: Snapshot, reference: Reference) -> str:
    key = snapshot.text(reference.node, DCX + "key")
    if not key:
        raise ValueError("there is no dcx:key: say what the device calls the value")
    question([key])
    return key
