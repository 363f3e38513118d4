"""The IT load: what every device draws over the day, and through which of its cords."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX, UNIT
from ontology.vocabulary import Vocabulary
from twin.demo.circuit import Circuit, Flags, Floats, Ints
from twin.demo.physics import by_group

IDLE_SHARE = 0.6
"""Draw of an idle device as a share of its planned draw; at full use it draws `IDLE_SHARE + BUSY_SHARE` of it. Usual figures."""
BUSY_SHARE = 0.5
NOISE = 0.03
NOISE_S = 120.0
"""Deviation of a service's use from its daily curve, and the time over which it forgets."""


@dataclass(frozen=True)
class Devices:
    """IT devices and their cords, compiled once; device numbers are in order of IRIs."""

    ids: tuple[str, ...]
    planned_kw: Floats
    needed_cords: Ints
    rack: Ints
    service: Ints
    """Number of the service that a device runs; the last number is for those that run none."""
    services: int
    cord_device: Ints
    cord_strip: Ints
    """Circuit element (rack PDU) of each cord."""
    liquid_cooled: Flags
    racks: tuple[str, ...]

    def split(self, live: Flags, draw_kw: Floats, strips: int) -> tuple[Floats, Floats]:
        """kW of each device, and kW through the cords of each circuit element: a device loads its live cords equally, if enough."""
        fed = live[self.cord_strip]
        cords = np.bincount(self.cord_device[fed], minlength=len(self.ids))
        device_kw = np.where(cords >= self.needed_cords, draw_kw, 0.0)
        each = device_kw / np.maximum(cords, 1)
        return device_kw, by_group(self.cord_strip[fed], each[self.cord_device[fed]], strips)

    def rack_sum(self, device_kw: Floats) -> Floats:
        """Sum over the devices of each rack."""
        return by_group(self.rack, device_kw, len(self.racks))


class Usage:
    """How busy each service is: a daily curve of its own and a slowly wandering deviation, both from the seed."""

    def __init__(self, services: int, seed: int) -> None:
        self._random = np.random.default_rng([seed, 8191])
        self._level = self._random.uniform(0.45, 0.65, services + 1)
        self._swing = self._random.uniform(0.05, 0.25, services + 1)
        self._peak = self._random.normal(15.0, 2.5, services + 1)
        self._wander = np.zeros(services + 1)
        self._level[-1], self._swing[-1] = 0.5, 0.0

    def step(self, seconds: float, now: datetime) -> Floats:
        """Use of each service, 0 to 1, after `seconds`, at an instant (aware UTC)."""
        keep = np.exp(-seconds / NOISE_S)
        self._wander = self._wander * keep + NOISE * np.sqrt(1 - keep * keep) * self._random.standard_normal(len(self._wander))
        hour = now.hour + now.minute / 60 + now.second / 3600
        daily = self._level + self._swing * np.cos((hour - self._peak) * (2 * np.pi / 24))
        return np.clip(daily + self._wander, 0.0, 1.0)


def draw_kw(devices: Devices, usage: Floats) -> Floats:
    """What each device would draw with power on, kW."""
    return devices.planned_kw * (IDLE_SHARE + BUSY_SHARE * usage[devices.service])


def compile_devices(snapshot: Snapshot, vocabulary: Vocabulary, circuit: Circuit) -> Devices:
    """The devices (`brick:ICT_Hardware` and network equipment) that outlets feed, their racks and services."""
    outlet_strip, cords = _cords(snapshot, vocabulary)
    terms = sorted({device for _, device in cords}, key=snapshot.key)
    number = {term: i for i, term in enumerate(terms)}
    cord_rows = sorted((number[device], circuit.index[snapshot.key(outlet_strip[outlet])]) for outlet, device in cords)
    mounted = [snapshot.one(term, DCX + "mountedIn") for term in terms]
    racks = sorted({rack for rack in mounted if rack is not None}, key=snapshot.key)
    rack_number = {rack: i for i, rack in enumerate(racks)}
    runs = list(snapshot.relation(DCX + "feedsCompute").pairs())
    services = sorted({o for s, o in runs if s in number}, key=snapshot.key)
    service_number = {term: i for i, term in enumerate(services)}
    running = {s: service_number[o] for s, o in runs if s in number}
    needed = _needed_cords(snapshot, set(terms))
    gpu = set(snapshot.instances(sorted(vocabulary.subclasses(DCX + "GPU_Server"))).tolist())
    return Devices(
        tuple(snapshot.key(term) for term in terms),
        np.array([_kilowatts(snapshot, term) for term in terms]),
        np.array([needed.get(term, 1) for term in terms], dtype=np.int64),
        np.array([rack_number[rack] for rack in mounted if rack is not None], dtype=np.int64),
        np.array([running.get(term, len(services)) for term in terms], dtype=np.int64),
        len(services),
        np.array([row[0] for row in cord_rows], dtype=np.int64),
        np.array([row[1] for row in cord_rows], dtype=np.int64),
        np.array([term in gpu for term in terms]),
        tuple(snapshot.key(rack) for rack in racks),
    )


def _cords(snapshot: Snapshot, vocabulary: Vocabulary) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """The strip of each outlet, and (outlet, device) for each cord."""
    outlets = set(snapshot.instances(sorted(vocabulary.subclasses(DCX + "Outlet"))).tolist())
    pairs = list(snapshot.relation(DCX + "feedsPower").pairs())
    return {o: s for s, o in pairs if o in outlets}, [(s, o) for s, o in pairs if s in outlets]


def _needed_cords(snapshot: Snapshot, devices: set[int]) -> dict[int, int]:
    power = snapshot.terms.find(DCX + "Power")
    found = {}
    for device, requirement in snapshot.relation(DCX + "requires").pairs():
        if device in devices and snapshot.one(requirement, DCX + "medium") == power:
            found[device] = int(snapshot.number(requirement, DCX + "atLeast") or 1)
    return found


def _kilowatts(snapshot: Snapshot, device: int) -> float:
    """Planned draw, else nameplate."""
    node = snapshot.one(device, DCX + "allocatedPower") or snapshot.one(device, BRICK + "ratedPowerInput")
    if node is None:
        return 0.0
    unit = snapshot.one(node, BRICK + "hasUnit")
    watts = unit is not None and snapshot.key(unit) == UNIT + "W"
    return (snapshot.number(node, BRICK + "value") or 0.0) * (0.001 if watts else 1.0)
