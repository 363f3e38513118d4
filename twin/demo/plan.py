"""What a site is made of, decided before a fact is written: sides, halls, rows, racks and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from random import Random
from typing import Literal, get_args

from twin.demo.devices import FOUR_CORD_SERVERS, GPU_SERVER, SERVERS, SINGLE_CORD_SERVERS, SPINE_SWITCH, STORAGE, TOR_SWITCHES, DeviceType

Design = Literal["2N", "distributed", "N+1"]
DESIGNS: tuple[Design, ...] = get_args(Design)

RACKS_A_HALL = 100
ROWS_A_HALL = 4
RACK_UNITS = 42
SINGLE_CORDED_EVERY = 12
"""One rack in twelve has one rack PDU only: about 8 %, the share that Uptime's 2025 outage causes make worth showing (11 % of outages)."""
GPU_EVERY = 33
IT_DIVERSITY = 1.15
"""Plant is sized for the planned IT load with this margin."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A distribution path from a UPS to the racks: its letter and the side whose UPS feeds it."""

    letter: str
    side: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device in a rack: its type, lowest rack unit, and number in the rack (from 1)."""

    type: DeviceType
    unit: int
    number: int
    local: str


@dataclass(frozen=True, slots=True)
class Rack:
    """A rack: where it stands, which lanes feed it, whose it is and what is in it."""

    local: str
    hall: int
    row: int
    place: int
    lanes: tuple[str, ...]
    kind: str
    tenant: int
    devices: tuple[Device, ...]

    @property
    def planned_kw(self) -> float:
        """Planned draw of everything in it, kW."""
        return sum(device.type.allocated_watts for device in self.devices) / 1000


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A whole site on paper."""

    design: Design
    seed: int
    sides: tuple[str, ...]
    lanes: tuple[Lane, ...]
    halls: int
    racks: tuple[Rack, ...]
    tenants: int
    by_hall: dict[int, list[Rack]] = field(default_factory=dict)

    @property
    def planned_kw(self) -> float:
        """Planned IT load of the site, kW."""
        return sum(rack.planned_kw for rack in self.racks)

    def side_kw(self) -> float:
        """What the UPS of one side must carry, kW: everything in 2N and N+1, two thirds of it in a three-sided distributed design."""
        share = 2 / 3 if self.design == "distributed" else 1.0
        return self.planned_kw * IT_DIVERSITY * share


def plan_site(racks: int, seed: int, design: str) -> SitePlan:
    """Decide a site. Raises `ValueError` for fewer than 1 rack or an unknown design. Equal arguments give equal plans."""
    if design not in DESIGNS:
        raise ValueError(f"no design {design!r}: give one of {', '.join(DESIGNS)}")
    if racks < 1:
        raise ValueError(f"a site cannot have {racks} racks: give 1 or more")
    random = Random(seed)
    sides, lanes = _sides(design)
    halls = ceil(racks / RACKS_A_HALL)
    built: list[Rack] = []
    tenant, left = 0, random.randint(8, 24)
    for index in range(racks):
        if left == 0:
            tenant, left = tenant + 1, random.randint(8, 24)
        left -= 1
        built.append(_rack(index, racks, lanes, tenant, random))
    by_hall: dict[int, list[Rack]] = {}
    for rack in built:
        by_hall.setdefault(rack.hall, []).append(rack)
    return SitePlan(design, seed, sides, lanes, halls, tuple(built), tenant + 1, by_hall)


def _sides(design: str) -> tuple[tuple[str, ...], tuple[Lane, ...]]:
    if design == "2N":
        return ("A", "B"), (Lane("A", "A"), Lane("B", "B"))
    if design == "distributed":
        return ("A", "B", "C"), (Lane("A", "A"), Lane("B", "B"), Lane("C", "C"))
    return ("A",), (Lane("A", "A"), Lane("B", "A"))


def _rack(index: int, racks: int, lanes: tuple[Lane, ...], tenant: int, random: Random) -> Rack:
    hall, inside = divmod(index, RACKS_A_HALL)
    in_hall = min(RACKS_A_HALL, racks - hall * RACKS_A_HALL)
    in_row = ceil(in_hall / ROWS_A_HALL)
    row, place = divmod(inside, in_row)
    local = f"R{index + 1:0{max(3, len(str(racks)))}d}"
    spine = inside in (0, in_hall - 1)
    single = index % SINGLE_CORDED_EVERY == SINGLE_CORDED_EVERY // 2 and not spine
    gpu = index % GPU_EVERY == GPU_EVERY // 2 and not single and not spine
    letters = [lane.letter for lane in lanes]
    turn = index // SINGLE_CORDED_EVERY if single else index
    fed = (letters[turn % len(letters)],) if single else tuple(sorted((letters[turn % len(letters)], letters[(turn + 1) % len(letters)])))
    kind = "network" if spine else "gpu" if gpu else "storage" if random.random() < 0.05 else "standard"
    return Rack(local, hall + 1, row + 1, place + 1, fed, kind, tenant, tuple(_fill(local, kind, random)))


def _fill(rack: str, kind: str, random: Random) -> list[Device]:
    """The devices of a rack from the bottom up, the top-of-rack switch above them."""
    types: list[DeviceType] = []
    if kind == "gpu":
        types = [GPU_SERVER] * 4
    elif kind == "storage":
        types = [STORAGE] * random.randint(4, 8)
    else:
        main = random.choice(SERVERS)
        types = [main] * random.randint(7, 12)
        if random.random() < 0.5:
            types += [random.choice(SINGLE_CORD_SERVERS)] * random.randint(1, 3)
        if random.random() < 0.3:
            types += [random.choice(FOUR_CORD_SERVERS)] * random.randint(1, 2)
    devices: list[Device] = []
    unit, spare = 1, max(0, (RACK_UNITS - 4 - sum(t.units for t in types)) // max(1, len(types)))
    for number, type_ in enumerate(types, start=1):
        devices.append(Device(type_, unit, number, f"{'Storage' if type_.kind == 'storage' else 'Server'}-{rack}-{number:02d}"))
        unit += type_.units + min(spare, 1)
    devices.append(Device(random.choice(TOR_SWITCHES), RACK_UNITS, len(devices) + 1, f"Switch-{rack}"))
    if kind == "network":
        devices.append(Device(SPINE_SWITCH, RACK_UNITS - 1, len(devices) + 1, f"Spine-{rack}"))
    return devices
