"""The living plant of a demo site: a pure step simulation over its model, with the values that its meters would show.

Rules of this file:

1. Equal snapshots, seeds, steps and writes give equal values; nothing is read from a clock or from outside.
2. `values` gives a whole mapping, made new at the end of every step: a reader in another thread sees one instant, never half of two.
3. Losing things is done as in a real plant: open a breaker, or `fail` an element; everything else follows from the circuit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from types import MappingProxyType

import numpy as np

from analytics.supply_graph import SupplyGraph
from graph.snapshot import Snapshot
from ontology.vocabulary import Vocabulary
from twin.demo import physics
from twin.demo.circuit import Circuit, Flags, Floats, Flow, compile_circuit, draw, solve
from twin.demo.climate import AIR_SHARE, Climate, compile_cooling
from twin.demo.itload import Devices, Usage, compile_devices, draw_kw
from twin.demo.readings import Readings, compile_readings

STEP_S_MAX = 5.0
"""Longer steps are taken in parts: half the time in which a generator starts."""
DRAUGHT_K = 0.15
DRAUGHT_S = 60.0
"""How far a rack's inlet wanders about its hall's air, and the time over which it forgets; usual for contained aisles."""


class Plant:
    """A demo site that lives. `step` moves it on, `values` shows it, `write` is what comes over the wires."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary, supply: SupplyGraph, seed: int = 1) -> None:
        """Compile the site of a snapshot and its supply graph, at rest, every battery and tank full.

        Cost: some tenths of a second for 200 racks.
        """
        self.circuit: Circuit = compile_circuit(snapshot, vocabulary, supply)
        self.devices: Devices = compile_devices(snapshot, vocabulary, self.circuit)
        self.climate: Climate = Climate.at_rest(compile_cooling(snapshot, vocabulary, self.circuit, self.devices))
        self.inlet_offset_k: Floats = np.random.default_rng([seed, 127]).uniform(0.0, 2.0, len(self.devices.racks))
        self._draught = np.random.default_rng([seed, 131])
        self._draught_k: Floats = np.zeros(len(self.devices.racks))
        self._usage = Usage(self.devices.services, seed)
        size = len(self.circuit.ids)
        self.is_open: Flags = self.circuit.normally_open.copy()
        self.failed: Flags = np.zeros(size, dtype=np.bool_)
        self.running: Flags = np.zeros(size, dtype=np.bool_)
        self.charge: Floats = np.ones(len(self.circuit.batteries))
        self.fuel: Floats = np.ones(size)
        self.taken_kw: Floats = np.zeros(size)
        self.output_kw: Floats = np.zeros(size)
        self.lost_kw: Floats = np.zeros(size)
        self.charging_kw: Floats = np.zeros(size)
        self.device_kw: Floats = np.zeros(len(self.devices.ids))
        self.tripped: Flags = np.zeros(len(self.devices.racks), dtype=np.bool_)
        self._called_s, self._calm_s = 0.0, 0.0
        self._lock = Lock()
        self._solved: tuple[bytes, Flow] | None = None
        self.flow: Flow = self._solve()
        self.now: datetime | None = None
        self._readings: Readings = compile_readings(self, snapshot, vocabulary)
        self._values: Mapping[str, float] = MappingProxyType({})

    # -- the face --

    def step(self, seconds: float, now: datetime) -> None:
        """Move the plant on by `seconds`, to the instant `now` (aware UTC)."""
        if seconds <= 0:
            raise ValueError(f"a step must be longer than 0 s, not {seconds:g} s")
        parts = max(1, int(np.ceil(seconds / STEP_S_MAX)))
        with self._lock:
            for part in range(1, parts + 1):
                self._part(seconds / parts, now - timedelta(seconds=seconds * (1 - part / parts)))
            self._values = MappingProxyType(self._readings.read(self))

    def values(self) -> Mapping[str, float]:
        """Each point's value in its own unit as of the last step; empty before the first. Cost: none, the mapping is ready."""
        return self._values

    def write(self, point: str, value: float) -> None:
        """Open or close a breaker (0 or 1), or set a supply-air setpoint (degrees Celsius).

        The point shows it at once, all else follows with the next step. Raises `ValueError` for a value out of range and for a point
        that cannot be written.
        """
        with self._lock:
            if (element := self._readings.breakers.get(point)) is not None:
                if value not in (0.0, 1.0):
                    raise ValueError(f"{point}: a breaker takes 0 (open) or 1 (closed), not {value:g}")
                self.is_open[element] = value == 0.0
            elif (crah := self._readings.setpoints.get(point)) is not None:
                low, high = physics.SETPOINT_RANGE_C
                if not low <= value <= high:
                    raise ValueError(f"{point}: a supply-air setpoint takes {low:g} to {high:g} degrees Celsius, not {value:g}")
                self.climate.setpoint_c[crah] = value
            else:
                raise ValueError(f"{point} cannot be written: write to a breaker's position or a CRAH's supply setpoint")
            if self._values:
                self._values = MappingProxyType({**self._values, point: float(value)})

    def fail(self, iri: str) -> None:
        """Take an element of the circuit out (a utility, a UPS, a chiller, a rack PDU …). Raises `ValueError` for what is none."""
        self._set_failed(iri, True)

    def restore(self, iri: str) -> None:
        """Bring a failed element back."""
        self._set_failed(iri, False)

    def _set_failed(self, iri: str, failed: bool) -> None:
        with self._lock:
            element = self.circuit.index.get(iri)
            if element is None:
                raise ValueError(f"{iri} is no element of the power circuit: give a source, a switch, a board, a rack PDU or a machine")
            self.failed[element] = failed

    # -- one part of a step --

    def _part(self, seconds: float, now: datetime) -> None:
        self.now = now
        self.flow = self._solve()
        self._engines(seconds)
        self.flow = self._solve()
        loads = self._it_load(seconds, now)
        devices, cooling = self.devices, self.climate.plant
        liquid = devices.rack_sum(np.where(devices.liquid_cooled, self.device_kw * (1 - AIR_SHARE), 0.0))
        self.climate.step(seconds, self.flow.live, devices.rack_sum(self.device_kw) - liquid, liquid)
        for kind, machines in cooling.machines.items():
            loads[machines.element] += self.climate.machine_kw[kind]
        self.charging_kw = self._charging(seconds)
        self.taken_kw, self.output_kw, self.lost_kw = draw(self.circuit, self.flow, loads, self.charging_kw)
        self._batteries(seconds)
        self._fuel(seconds)
        keep = np.exp(-seconds / DRAUGHT_S)
        self._draught_k = self._draught_k * keep + DRAUGHT_K * np.sqrt(1 - keep * keep) * self._draught.standard_normal(
            len(self._draught_k)
        )
        self._trips()

    def _solve(self) -> Flow:
        """The circuit's state; solved again only when a switch, a source or a battery has changed."""
        carried = np.zeros(len(self.circuit.ids), dtype=np.bool_)
        held = self.circuit.battery >= 0
        carried[held] = self.charge[self.circuit.battery[held]] > 0
        blocked = (self.is_open & self.circuit.switch) | self.failed
        key = np.packbits(np.concatenate((blocked, self.running, carried))).tobytes()
        if self._solved is None or self._solved[0] != key:
            self._solved = (key, solve(self.circuit, blocked, self.running, carried))
        return self._solved[1]

    @property
    def on_battery(self) -> Flags:
        """Modules that their battery carries now."""
        return np.asarray((self.circuit.battery >= 0) & self.flow.live & (self.flow.depth == 0), dtype=np.bool_)

    def _engines(self, seconds: float) -> None:
        """Generators are called when a transfer switch loses the utility, run after their start time, and run on when it is back."""
        lost = bool((self.circuit.starts_generators & ~self.flow.on_utility & ~self.failed).any())
        self._called_s = self._called_s + seconds if lost else 0.0
        self._calm_s = 0.0 if lost else self._calm_s + seconds
        if lost and self._called_s >= physics.GENERATOR_START_S:
            self.running = self.circuit.generator.copy()
        elif not lost and self._calm_s >= physics.GENERATOR_RUN_ON_S:
            self.running = np.zeros_like(self.running)
        self.running = self.running & (self.fuel > 0)

    def _it_load(self, seconds: float, now: datetime) -> Floats:
        wanted = draw_kw(self.devices, self._usage.step(seconds, now))
        wanted = np.where(self.tripped[self.devices.rack], 0.0, wanted)
        self.device_kw, loads = self.devices.split(self.flow.live, wanted, len(self.circuit.ids))
        return loads

    def _charging(self, seconds: float) -> Floats:
        """What the modules' chargers take: a share of the rating, less when the battery is nearly full."""
        charging = np.zeros(len(self.circuit.ids))
        modules = np.flatnonzero((self.circuit.battery >= 0) & self.flow.live & ~self.on_battery)
        rating = self.circuit.rating_kw[modules]
        room_kwh = (1 - self.charge[self.circuit.battery[modules]]) * rating * physics.BATTERY_SECONDS / 3600
        wanted = room_kwh * 3600 / (seconds * physics.BATTERY_EFFICIENCY)
        charging[modules] = np.minimum(rating * physics.CHARGE_SHARE, wanted)
        return charging

    def _batteries(self, seconds: float) -> None:
        circuit = self.circuit
        charging = np.flatnonzero(self.charging_kw > 0)
        kwh = self.charging_kw[charging] * physics.BATTERY_EFFICIENCY * seconds / 3600
        self.charge[circuit.battery[charging]] += kwh / (circuit.rating_kw[charging] * physics.BATTERY_SECONDS / 3600)
        carrying = np.flatnonzero(self.on_battery)
        lasting = physics.battery_seconds(self.taken_kw[carrying], circuit.rating_kw[carrying])
        self.charge[circuit.battery[carrying]] -= seconds / lasting
        self.charge = np.clip(self.charge, 0.0, 1.0)

    def _fuel(self, seconds: float) -> None:
        generators = np.flatnonzero(self.running)
        rating = np.maximum(self.circuit.rating_kw[generators], 1.0)
        self.fuel[generators] -= self.output_kw[generators] * seconds / 3600 / (rating * physics.TANK_HOURS)
        self.fuel = np.clip(self.fuel, 0.0, 1.0)

    def _trips(self) -> None:
        """Servers shut themselves down when air or coolant is too hot, and come back when it is cool."""
        inlet = self.inlet_c()
        coolant = self.climate.coolant_c[self.climate.plant.rack_hall]
        hot = (inlet >= physics.INLET_TRIP_C) | (self.climate.plant.liquid_rack & (coolant >= physics.COOLANT_TRIP_C))
        cool = (inlet < physics.INLET_RESTART_C) & (~self.climate.plant.liquid_rack | (coolant < physics.COOLANT_C + 5))
        self.tripped = (self.tripped | hot) & ~cool

    # -- what meters read --

    def inlet_c(self) -> Floats:
        """Air temperature at each rack's inlet, degrees Celsius: the hall's supply air and what comes round from behind."""
        return np.asarray(self.climate.air_c[self.climate.plant.rack_hall] + self.inlet_offset_k + self._draught_k)

    def rack_kw(self) -> Floats:
        """Draw of each rack, kW."""
        return self.devices.rack_sum(self.device_kw)

    def site_kw(self) -> float:
        """What the site takes from utilities, engines and batteries, kW."""
        sources = (self.circuit.utility | self.circuit.generator | self.on_battery) & self.flow.live
        return float(self.taken_kw[sources].sum())
