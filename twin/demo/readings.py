"""What each point of the demo site shows: from a point's role and owner to the plant's quantity, compiled once to array look-ups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import cos, pi
from typing import TYPE_CHECKING

import numpy as np

from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX
from ontology.vocabulary import Vocabulary
from twin.demo import physics
from twin.demo.circuit import Floats, Ints
from twin.demo.physics import by_group

if TYPE_CHECKING:
    from twin.demo.plant import Plant

Channel = Callable[["Plant"], Floats]
"""Gives the values of one group of points, in their order."""
RUNTIME_S_MAX = 86_400.0
"""An idle battery lasts for ever; the meter shows a day."""


@dataclass(frozen=True)
class Readings:
    """The points with a value, in order, the channels that give them, and the points that can be written."""

    points: tuple[str, ...]
    channels: tuple[Channel, ...]
    breakers: Mapping[str, int]
    """Element of each breaker position point."""
    setpoints: Mapping[str, int]
    """CRAH of each supply setpoint."""

    def read(self, plant: Plant) -> dict[str, float]:
        """All values of the plant as it is. Cost: some array look-ups and one dictionary."""
        columns = np.concatenate([channel(plant) for channel in self.channels]) if self.channels else np.zeros(0)
        return dict(zip(self.points, columns.tolist(), strict=True))


def compile_readings(plant: Plant, snapshot: Snapshot, vocabulary: Vocabulary) -> Readings:
    """Find the channel of every point whose role the plant knows; the others have no value."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    owners = _Owners(plant, snapshot, vocabulary)
    relation = snapshot.relation(BRICK + "hasPoint")
    for owner, point in sorted((snapshot.key(s), snapshot.key(o)) for s, o in relation.pairs()):
        _, dot, role = point.rpartition(".")
        if dot:
            groups.setdefault((owners.kind(owner), role), []).append((owner, point))
    points: list[str] = []
    channels: list[Channel] = []
    for (kind, role), members in sorted(groups.items()):
        make = _CHANNELS.get((kind, role)) or _CHANNELS.get(("element", role))
        if make is None or (kind not in _ELEMENTS and (kind, role) not in _CHANNELS):
            continue
        channels.append(make(owners, [owner for owner, _ in members]))
        points.extend(point for _, point in members)
    positions = groups.get(("element", "Position"), [])
    setpoints = groups.get(("crah", "Supply-Setpoint"), [])
    crahs = {iri: i for i, iri in enumerate(plant.climate.plant.machines["crah"].ids)}
    return Readings(
        tuple(points),
        tuple(channels),
        {point: plant.circuit.index[owner] for owner, point in positions},
        {point: crahs[owner] for owner, point in setpoints},
    )


class _Owners:
    """What the owners of points are to the plant, and where it keeps them."""

    def __init__(self, plant: Plant, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self.plant, self.snapshot = plant, snapshot
        cooling = plant.climate.plant
        self._kinds: dict[str, str] = {}
        self.place: dict[str, int] = {}
        for kind, ids in (
            *((kind, machines.ids) for kind, machines in cooling.machines.items()),
            ("rack", plant.devices.racks),
            ("battery", plant.circuit.batteries),
            ("hall", cooling.halls),
            ("loop", self._of(vocabulary, BRICK + "Chilled_Water_Loop")),
            ("tank", self._of(vocabulary, DCX + "Fuel_Tank")),
            ("ups", self._of(vocabulary, DCX + "UPS")),
            ("generator", self._of(vocabulary, DCX + "Generator")),
            ("building", self._of(vocabulary, "https://w3id.org/rec#Building")),
        ):
            for place, iri in enumerate(ids):
                self._kinds[iri] = kind
                self.place[iri] = place

    def _of(self, vocabulary: Vocabulary, cls: str) -> list[str]:
        return sorted(self.snapshot.key(n) for n in self.snapshot.instances(sorted(vocabulary.subclasses(cls))).tolist())

    def kind(self, owner: str) -> str:
        """The kind of an owner: a machine's, a room's, or `element` for the rest of the circuit; `` for what the plant does not know."""
        return self._kinds.get(owner) or ("element" if owner in self.plant.circuit.index else "")

    def places(self, owners: list[str]) -> Ints:
        return np.array([self.place[owner] for owner in owners], dtype=np.int64)

    def elements(self, owners: list[str]) -> Ints:
        return self.plant.circuit.of(owners)


Make = Callable[[_Owners, list[str]], Channel]
_ELEMENTS = frozenset({"element", "ups", "generator", "chiller", "tower", "condenser_pump", "pump", "crah", "cdu"})
"""Kinds that are elements of the circuit, too."""


# -- the circuit --


def _element(read: Callable[[Plant, Ints], Floats]) -> Make:
    def make(owners: _Owners, iris: list[str]) -> Channel:
        return partial(_call, read, owners.elements(iris))

    return make


def _placed(read: Callable[[Plant, Ints], Floats]) -> Make:
    def make(owners: _Owners, iris: list[str]) -> Channel:
        return partial(_call, read, owners.places(iris))

    return make


def _call(read: Callable[[Plant, Ints], Floats], at: Ints, plant: Plant) -> Floats:
    return np.asarray(read(plant, at), dtype=np.float64)


def _load_percent(plant: Plant, at: Ints) -> Floats:
    return 100 * plant.output_kw[at] / np.maximum(plant.circuit.rating_kw[at], 1e-9)


def _active_source(plant: Plant, at: Ints) -> Floats:
    """1 the utility, 2 the generators, 0 none."""
    return np.where(plant.flow.on_utility[at], 1.0, np.where(plant.flow.live[at], 2.0, 0.0))


def _runs(plant: Plant, at: Ints) -> Floats:
    return (plant.running[at] & plant.flow.live[at]).astype(np.float64)


def _modules(owners: _Owners, iris: list[str]) -> tuple[Ints, Ints]:
    """(place of a UPS among `iris`, element of a module) for each module that feeds one, through its group."""
    circuit = owners.plant.circuit
    behind: list[tuple[int, int]] = []
    for place, iri in enumerate(iris):
        groups = circuit.u[circuit.v == circuit.index[iri]]
        behind.extend((place, int(module)) for module in circuit.u[np.isin(circuit.v, groups)])
    return np.array([p for p, _ in behind], dtype=np.int64), np.array([m for _, m in behind], dtype=np.int64)


def _ups_input(owners: _Owners, iris: list[str]) -> Channel:
    of, module = _modules(owners, iris)
    return lambda plant: by_group(of, np.where(plant.on_battery[module], 0.0, plant.taken_kw[module]), len(iris))


def _ups_on_battery(owners: _Owners, iris: list[str]) -> Channel:
    of, module = _modules(owners, iris)
    return lambda plant: (by_group(of, plant.on_battery[module], len(iris)) > 0).astype(np.float64)


def _ups_on_bypass(owners: _Owners, iris: list[str]) -> Channel:
    """Whether the board that a UPS feeds has power while the UPS gives none: then it comes round by the bypass breaker."""
    circuit = owners.plant.circuit
    ups = circuit.of(iris)
    boards = np.array([_below(circuit.u, circuit.v, _below(circuit.u, circuit.v, int(u))) for u in ups], dtype=np.int64)
    return lambda plant: (plant.flow.live[boards] & ~plant.flow.live[ups]).astype(np.float64)


def _below(u: Ints, v: Ints, element: int) -> int:
    return int(v[np.flatnonzero(u == element)[0]])


def _battery_runtime(owners: _Owners, iris: list[str]) -> Channel:
    circuit = owners.plant.circuit
    at = owners.places(iris)
    module = np.array([int(np.flatnonzero(circuit.battery == i)[0]) for i in at], dtype=np.int64)
    return lambda plant: np.minimum(
        plant.charge[at] * physics.battery_seconds(plant.output_kw[module] + plant.lost_kw[module], circuit.rating_kw[module]),
        RUNTIME_S_MAX,
    )


def _tank_level(owners: _Owners, iris: list[str]) -> Channel:
    generators = [owners.snapshot.key(owners.snapshot.subjects(BRICK + "hasPart", owners.snapshot.need(iri))[0]) for iri in iris]
    at = owners.elements(generators)
    return lambda plant: 100 * plant.fuel[at]


# -- heat --


def _machine_on(kind: str) -> Make:
    return _placed(lambda plant, at: plant.climate.working[kind][at].astype(np.float64))


def _water_return(plant: Plant) -> float:
    climate = plant.climate
    flow = max(_water_flow(plant), 1e-6)
    return climate.water_c + climate.water_load_kw / (physics.WATER_KJ_PER_LITRE_K * flow) if climate.flow_share > 0 else climate.water_c


def _water_flow(plant: Plant) -> float:
    """Chilled water moved in all, litres a second: what carries the design load at the design difference, less with pumps away."""
    climate = plant.climate
    return climate.plant.design_kw / (physics.WATER_KJ_PER_LITRE_K * physics.CHILLED_WATER_DELTA_K) * climate.flow_share


def _crah_air(plant: Plant, at: Ints) -> Floats:
    return plant.climate.air_c[plant.climate.plant.machines["crah"].hall[at]]


def _hall_return(plant: Plant) -> Floats:
    climate = plant.climate
    kw = plant.rack_kw()
    halls = len(climate.plant.halls)
    total = np.maximum(by_group(climate.plant.rack_hall, kw, halls), 1e-9)
    return by_group(climate.plant.rack_hall, kw * _outlet(plant), halls) / total


def _crah_return(plant: Plant, at: Ints) -> Floats:
    return np.maximum(_hall_return(plant)[plant.climate.plant.machines["crah"].hall[at]], _crah_air(plant, at))


def _coolant(plant: Plant, at: Ints) -> Floats:
    return plant.climate.coolant_c[plant.climate.plant.machines["cdu"].hall[at]]


def _coolant_flow(plant: Plant, at: Ints) -> Floats:
    cdus = plant.climate.plant.machines["cdu"]
    return np.where(plant.climate.working["cdu"][at], cdus.capacity_kw[at] / (physics.WATER_KJ_PER_LITRE_K * physics.COOLANT_DELTA_K), 0.0)


def _coolant_return(plant: Plant, at: Ints) -> Floats:
    cdus = plant.climate.plant.machines["cdu"]
    count = by_group(cdus.hall, plant.climate.working["cdu"], len(plant.climate.plant.halls))[cdus.hall[at]]
    each = plant.climate.coolant_cooling_kw[cdus.hall[at]] / np.maximum(count, 1)
    flow = _coolant_flow(plant, at)
    return _coolant(plant, at) + np.where(flow > 0, each / (physics.WATER_KJ_PER_LITRE_K * np.maximum(flow, 1e-6)), 0.0)


def _outlet(plant: Plant) -> Floats:
    """Outlet temperature of each rack: servers speed their fans up with load, so that the rise grows slower than the draw."""
    planned = plant.devices.rack_sum(plant.devices.planned_kw)
    share = plant.rack_kw() / np.maximum(planned, 1e-9)
    return plant.inlet_c() + physics.RACK_DELTA_K * np.power(share, 0.3)


def _outside(plant: Plant, at: Ints) -> Floats:
    hour = 0.0 if plant.now is None else plant.now.hour + plant.now.minute / 60
    return np.full(len(at), 18.0 + 6.0 * cos((hour - 15.0) * 2 * pi / 24))


def _pue(plant: Plant, at: Ints) -> Floats:
    """Site over IT power, 0 without IT load (ISO/IEC 30134-2, category 3: IT at the devices)."""
    it = float(plant.device_kw.sum())
    return np.full(len(at), plant.site_kw() / it if it > 0 else 0.0)


_CHANNELS: Mapping[tuple[str, str], Make] = {
    ("element", "Power"): _element(lambda plant, at: plant.taken_kw[at]),
    ("element", "Input-Power"): _element(lambda plant, at: plant.taken_kw[at]),
    ("element", "Output-Power"): _element(lambda plant, at: plant.output_kw[at]),
    ("element", "Current"): _element(lambda plant, at: physics.current_a(plant.taken_kw[at])),
    ("element", "Load"): _element(_load_percent),
    ("element", "Position"): _element(lambda plant, at: (~plant.is_open[at]).astype(np.float64)),
    ("element", "Available"): _element(lambda plant, at: plant.flow.live[at].astype(np.float64)),
    ("element", "Active-Source"): _element(_active_source),
    ("element", "Voltage"): _element(lambda plant, at: np.where(plant.flow.live[at], physics.LINE_VOLTS, 0.0)),
    ("element", "Frequency"): _element(lambda plant, at: np.where(plant.flow.live[at], physics.FREQUENCY_HZ, 0.0)),
    ("generator", "Running"): _element(_runs),
    ("ups", "Input-Power"): _ups_input,
    ("ups", "On-Battery"): _ups_on_battery,
    ("ups", "On-Bypass"): _ups_on_bypass,
    ("battery", "State-Of-Charge"): _placed(lambda plant, at: 100 * plant.charge[at]),
    ("battery", "Voltage"): _placed(lambda plant, at: physics.BATTERY_VOLTS * (0.85 + 0.15 * plant.charge[at])),
    ("battery", "Runtime"): _battery_runtime,
    ("tank", "Level"): _tank_level,
    **{(kind, "Running"): _machine_on(kind) for kind in ("tower", "condenser_pump", "chiller", "pump", "crah", "cdu")},
    ("chiller", "Supply-Temperature"): _placed(lambda plant, at: np.full(len(at), plant.climate.water_c)),
    ("chiller", "Return-Temperature"): _placed(lambda plant, at: np.full(len(at), _water_return(plant))),
    ("loop", "Supply-Temperature"): _placed(lambda plant, at: np.full(len(at), plant.climate.water_c)),
    ("loop", "Return-Temperature"): _placed(lambda plant, at: np.full(len(at), _water_return(plant))),
    ("loop", "Flow"): _placed(lambda plant, at: np.full(len(at), _water_flow(plant) / max(len(at), 1))),
    ("crah", "Supply-Temperature"): _placed(_crah_air),
    ("crah", "Return-Temperature"): _placed(_crah_return),
    ("crah", "Fan-Speed"): _placed(lambda plant, at: 100 * plant.climate.fan_share[at]),
    ("crah", "Supply-Setpoint"): _placed(lambda plant, at: plant.climate.setpoint_c[at]),
    ("crah", "Active-Supply-Setpoint"): _placed(lambda plant, at: plant.climate.setpoint_c[at]),
    ("cdu", "Supply-Temperature"): _placed(_coolant),
    ("cdu", "Return-Temperature"): _placed(_coolant_return),
    ("cdu", "Flow"): _placed(_coolant_flow),
    ("rack", "Inlet-Temperature"): _placed(lambda plant, at: plant.inlet_c()[at]),
    ("rack", "Outlet-Temperature"): _placed(lambda plant, at: _outlet(plant)[at]),
    ("rack", "Power"): _placed(lambda plant, at: plant.rack_kw()[at]),
    ("hall", "Air-Temperature"): _placed(lambda plant, at: plant.climate.air_c[at]),
    ("hall", "Relative-Humidity"): _placed(
        lambda plant, at: np.clip(45.0 - 1.5 * (plant.climate.air_c[at] - physics.SETPOINT_C), 5.0, 95.0)
    ),
    ("building", "PUE"): _placed(_pue),
    ("building", "IT-Power"): _placed(lambda plant, at: np.full(len(at), plant.device_kw.sum())),
    ("building", "Total-Power"): _placed(lambda plant, at: np.full(len(at), plant.site_kw())),
    ("building", "Outside-Air-Temperature"): _placed(_outside),
}
