"""Heat: from the racks into air and coolant, from there into chilled water, and out by chillers and towers.

Rules of this file:

1. A hall is two thermal nodes, air and solids (`physics.two_node`); chilled water and each hall's coolant are one node each.
2. A machine works while it has power; what a group can do is the sum of its working members, so partial loss cools partially.
3. Controls close an error in `physics.CONTROL_S`, within what the working machines can do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX
from ontology.vocabulary import Vocabulary
from twin.demo import physics
from twin.demo.circuit import Circuit, Flags, Floats, Ints
from twin.demo.itload import Devices
from twin.demo.physics import by_group

AIR_SHARE = 0.25
"""Share of a liquid-cooled device's heat that still goes into the air."""
STEP_S_MAX = 5.0
"""Longer steps are taken in parts, so that controls stay stable."""
_KINDS = {
    "tower": BRICK + "Cooling_Tower",
    "condenser_pump": BRICK + "Condenser_Water_Pump",
    "chiller": BRICK + "Chiller",
    "pump": BRICK + "Chilled_Water_Pump",
    "crah": BRICK + "CRAH",
    "cdu": DCX + "CDU",
}


@dataclass(frozen=True)
class Machines:
    """Cooling machines of one kind: circuit elements, capacity in kW (0 unknown), hall (-1 in the plant room), members needed in all."""

    ids: tuple[str, ...]
    element: Ints
    capacity_kw: Floats
    hall: Ints
    needed: int


@dataclass(frozen=True)
class CoolingPlant:
    """All cooling machines, and what stands in which hall."""

    halls: tuple[str, ...]
    machines: dict[str, Machines]
    rack_hall: Ints
    racks_in_hall: Floats
    liquid_rack: Flags
    design_kw: float


@dataclass
class Climate:
    """The state of heat. `Climate.step` moves it; temperatures in degrees Celsius, powers in kW."""

    plant: CoolingPlant
    air_c: Floats
    solid_c: Floats
    coolant_c: Floats
    water_c: float
    ready: Floats
    """How far each chiller has come to full capacity since it was started, 0 to 1."""
    setpoint_c: Floats
    """Wanted supply temperature of each CRAH."""
    working: dict[str, Flags] = field(default_factory=dict)
    powered_chillers: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    machine_kw: dict[str, Floats] = field(default_factory=dict)
    fan_share: Floats = field(default_factory=lambda: np.zeros(0))
    hall_cooling_kw: Floats = field(default_factory=lambda: np.zeros(0))
    coolant_cooling_kw: Floats = field(default_factory=lambda: np.zeros(0))
    water_load_kw: float = 0.0
    flow_share: float = 1.0
    rejected_kw: float = 0.0
    """Heat that towers give off: what the chillers take out of the water and their own power."""

    @staticmethod
    def at_rest(plant: CoolingPlant) -> Climate:
        """Everything at its setpoint."""
        halls = len(plant.halls)
        start = np.full(halls, physics.SETPOINT_C)
        chillers, crahs = len(plant.machines["chiller"].ids), len(plant.machines["crah"].ids)
        return Climate(
            plant,
            start,
            start.copy(),
            np.full(halls, physics.COOLANT_C),
            physics.CHILLED_WATER_C,
            np.ones(chillers),
            np.full(crahs, physics.SETPOINT_C),
            fan_share=np.zeros(crahs),
        )

    def step(self, seconds: float, live: Flags, air_kw: Floats, liquid_kw: Floats) -> None:
        """Move on by `seconds` with these elements energised and this heat by rack into air and coolant."""
        self.working = {kind: live[m.element] for kind, m in self.plant.machines.items()}
        hall_kw = by_group(self.plant.rack_hall, air_kw, len(self.plant.halls))
        coolant_kw = by_group(self.plant.rack_hall, liquid_kw, len(self.plant.halls))
        self.powered_chillers = self.working["chiller"]
        parts = max(1, int(np.ceil(seconds / STEP_S_MAX)))
        for _ in range(parts):
            self._part(seconds / parts, hall_kw, coolant_kw)
        self._machine_powers()

    def _part(self, seconds: float, hall_kw: Floats, coolant_kw: Floats) -> None:
        machines, working = self.plant.machines, self.working
        pumps = machines["pump"]
        self.flow_share = min(1.0, float(working["pump"].sum()) / pumps.needed)
        self.hall_cooling_kw = self._cool_air(seconds, hall_kw)
        self.coolant_cooling_kw = self._cool_coolant(seconds, coolant_kw)
        self.water_load_kw = float(self.hall_cooling_kw.sum() + self.coolant_cooling_kw.sum())
        self._cool_water(seconds)

    def _cool_air(self, seconds: float, heat_kw: Floats) -> Floats:
        crahs, on = self.plant.machines["crah"], self.working["crah"]
        halls = len(self.plant.halls)
        count = by_group(crahs.hall, on, halls)
        wanted = by_group(crahs.hall, on * self.setpoint_c, halls) / np.maximum(count, 1)
        fans = by_group(crahs.hall, self._fan_kw(), halls)
        heat = heat_kw + fans
        design = physics.SETPOINT_C + physics.RACK_DELTA_K - physics.CHILLED_WATER_C
        reach = np.clip((self.air_c + physics.RACK_DELTA_K - self.water_c) / design, 0.0, 1.3) * self.flow_share
        limit = by_group(crahs.hall, on * crahs.capacity_kw, halls) * reach
        racks = self.plant.racks_in_hall
        exchange = physics.EXCHANGE_KW_PER_K_RACK * racks * (self.solid_c - self.air_c)
        error_kw = physics.AIR_KJ_PER_K_RACK * racks * (self.air_c - wanted) / physics.CONTROL_S
        cooling = np.clip(heat + exchange + error_kw, 0.0, limit)
        self.air_c, self.solid_c = physics.two_node(self.air_c, self.solid_c, heat - cooling, racks, seconds)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(limit > 0, cooling / limit, 0.0)
        self.fan_share = np.where(on, np.clip(0.3 + 0.7 * share[crahs.hall], 0.3, 1.0), 0.0)
        return cooling

    def _cool_coolant(self, seconds: float, heat_kw: Floats) -> Floats:
        cdus, on = self.plant.machines["cdu"], self.working["cdu"]
        limit = by_group(cdus.hall, on * cdus.capacity_kw, len(heat_kw)) * self.flow_share
        limit = limit * np.clip((self.coolant_c - self.water_c) / (physics.COOLANT_C - physics.CHILLED_WATER_C), 0.0, 1.5)
        installed = by_group(cdus.hall, cdus.capacity_kw, len(heat_kw))
        mass = np.maximum(installed, 1.0) * physics.COOLANT_LITRES_PER_KW * physics.WATER_KJ_PER_LITRE_K
        cooling = np.clip(heat_kw + mass * (self.coolant_c - physics.COOLANT_C) / physics.CONTROL_S, 0.0, limit)
        self.coolant_c = self.coolant_c + (heat_kw - cooling) * seconds / mass
        return cooling

    def _cool_water(self, seconds: float) -> None:
        machines, working = self.plant.machines, self.working
        chillers = machines["chiller"]
        condenser = min(
            1.0,
            float(working["tower"].sum()) / machines["tower"].needed,
            float(working["condenser_pump"].sum()) / machines["condenser_pump"].needed,
        )
        on = self._staged_chillers(chillers, self.powered_chillers)
        self.ready = np.where(on, np.minimum(1.0, self.ready + seconds / physics.CHILLER_RESTART_S), 0.0)
        limit = chillers.capacity_kw * self.ready * condenser * min(1.0, self.flow_share * 2)
        mass = max(self.plant.design_kw, 1.0) * physics.WATER_LITRES_PER_KW * physics.WATER_KJ_PER_LITRE_K
        wanted = max(0.0, self.water_load_kw + mass * (self.water_c - physics.CHILLED_WATER_C) / (4 * physics.CONTROL_S))
        total = float(limit.sum())
        cooling = min(wanted, total)
        self.water_c += (self.water_load_kw - cooling) * seconds / mass
        each = limit * (cooling / total if total > 0 else 0.0)
        self.machine_kw["chiller"] = physics.chiller_kw(each, chillers.capacity_kw)
        self.working["chiller"] = on
        self.rejected_kw = cooling + float(self.machine_kw["chiller"].sum())

    def _staged_chillers(self, chillers: Machines, powered: Flags) -> Flags:
        """As many chillers as the load asks for, at least the number that the group needs, the lowest numbers first."""
        capacity = float(chillers.capacity_kw.mean()) if len(chillers.ids) else 1.0
        wanted = max(chillers.needed, int(np.ceil(self.water_load_kw / (0.95 * capacity))))
        return np.asarray(powered & (np.cumsum(powered) <= wanted), dtype=np.bool_)

    def _fan_kw(self) -> Floats:
        """Fan power of each CRAH: the cube of its speed (affinity law)."""
        return physics.FAN_KW * self.fan_share**3

    def _machine_powers(self) -> None:
        moved = {
            "tower": (physics.TOWER_SHARE, self.rejected_kw),
            "condenser_pump": (physics.CONDENSER_PUMP_SHARE, self.rejected_kw),
            "pump": (physics.PUMP_SHARE, self.water_load_kw),
        }
        for kind, (share, heat) in moved.items():
            on = self.working[kind]
            self.machine_kw[kind] = np.where(on, share * heat / max(1, int(on.sum())), 0.0)
        self.machine_kw["crah"] = self._fan_kw()
        cdus, on = self.plant.machines["cdu"], self.working["cdu"]
        count = by_group(cdus.hall, on, len(self.plant.halls))
        each = physics.CDU_PUMP_SHARE * self.coolant_cooling_kw / np.maximum(count, 1)
        self.machine_kw["cdu"] = np.where(on, each[cdus.hall], 0.0)


def compile_cooling(snapshot: Snapshot, vocabulary: Vocabulary, circuit: Circuit, devices: Devices) -> CoolingPlant:
    """The cooling machines of a snapshot, their groups' needs, and the halls that machines and racks stand in."""
    hall_terms = sorted(snapshot.instances(sorted(vocabulary.subclasses(DCX + "Data_Hall"))).tolist(), key=snapshot.key)
    halls = {term: i for i, term in enumerate(hall_terms)}
    machines = {kind: _machines(snapshot, vocabulary, circuit, cls, halls) for kind, cls in _KINDS.items()}
    rack_hall = np.array([_hall_of(snapshot, snapshot.need(rack), halls) for rack in devices.racks], dtype=np.int64)
    liquid = np.zeros(len(devices.racks), dtype=np.bool_)
    liquid[devices.rack[devices.liquid_cooled]] = True
    return CoolingPlant(
        tuple(snapshot.key(term) for term in hall_terms),
        machines,
        rack_hall,
        np.bincount(rack_hall, minlength=len(halls)).astype(np.float64),
        liquid,
        float(devices.planned_kw.sum()),
    )


def _machines(snapshot: Snapshot, vocabulary: Vocabulary, circuit: Circuit, cls: str, halls: dict[int, int]) -> Machines:
    terms = sorted(snapshot.instances(sorted(vocabulary.subclasses(cls))).tolist(), key=snapshot.key)
    terms = [term for term in terms if snapshot.key(term) in circuit.index]
    ids = tuple(snapshot.key(term) for term in terms)
    groups = {group for term in terms for group in snapshot.subjects(DCX + "hasMember", term)}
    needed = sum(int(snapshot.number(group, DCX + "requiredCount") or 1) for group in groups)
    capacity = [_capacity_kw(snapshot, term) for term in terms]
    hall = [_hall_of(snapshot, term, halls) for term in terms]
    return Machines(ids, circuit.of(ids), np.array(capacity), np.array(hall, dtype=np.int64), max(needed, 1))


def _capacity_kw(snapshot: Snapshot, term: int) -> float:
    node = snapshot.one(term, BRICK + "coolingCapacity")
    return 0.0 if node is None else (snapshot.number(node, BRICK + "value") or 0.0) / 1000


def _hall_of(snapshot: Snapshot, term: int, halls: dict[int, int]) -> int:
    """The hall in which something stands, up by `brick:hasLocation`, then `rec:isPartOf`; -1 outside of halls."""
    place: int | None = term
    for predicate in (BRICK + "hasLocation", "https://w3id.org/rec#isPartOf"):
        place = snapshot.one(place, predicate) if place is not None else None
        if place in halls:
            return halls[place]
    return -1
