"""The cooling chain: towers, condenser pumps, chillers, chilled-water pumps, two loops, CRAHs and CDUs, each group with a spare.

Every machine takes power from the mechanical boards through a transfer switch of its own (one board only in an N+1 site), so that
neither a UPS nor a side takes cooling down; every chilled-water user hangs on both loops.
"""

from __future__ import annotations

from math import ceil

from ontology.namespaces import BRICK, DCX, REC
from twin.demo import physics
from twin.demo.physics import SETPOINT_RANGE_C
from twin.demo.plan import ROWS_A_HALL, Rack
from twin.demo.points import Draft, ModbusDevice, Spec, percent, power, status, temperature
from twin.demo.writer import FEEDS_AIR, FEEDS_LIQUID, FEEDS_POWER, HAS_LOCATION, QuadWriter, decimal, name

CHILLERS_NEEDED = 3
CRAH_KW = 120.0
CDU_KW = 150.0
LIQUID_SHARE = 0.75
"""Share of a liquid-cooled rack's heat that goes into its coolant."""
_RUNNING = BRICK + "Run_Status"


def write_cooling(draft: Draft) -> None:
    """The plant, the two chilled-water loops, and each hall's CRAHs and CDUs, with their points."""
    w, plan, gateways = draft.writer, draft.plan, draft.gateways
    heat = plan.planned_kw * 1.15
    chiller_kw = float(ceil(heat / CHILLERS_NEEDED / 50) * 50)
    towers = _machines(draft, "Tower", BRICK + "Cooling_Tower", "Cooling tower", chiller_kw * 1.2)
    condenser_pumps = _machines(draft, "Condenser-Pump", BRICK + "Condenser_Water_Pump", "Condenser-water pump")
    chillers = _machines(draft, "Chiller", BRICK + "Water_Cooled_Chiller", "Chiller", chiller_kw)
    pumps = _machines(draft, "Pump", BRICK + "Chilled_Water_Pump", "Chilled-water pump")
    tower_group = w.group("Tower-Group", "Cooling towers N+1", towers, CHILLERS_NEEDED)
    condenser_group = w.group("Condenser-Pump-Group", "Condenser-water pumps N+1", condenser_pumps, CHILLERS_NEEDED)
    chiller_group = w.group("Chiller-Group", "Chillers N+1", chillers, CHILLERS_NEEDED)
    pump_group = w.group("Pump-Group", "Chilled-water pumps N+1", pumps, CHILLERS_NEEDED)
    condenser_loops = [w.thing(f"Condenser-Loop-{n}", BRICK + "Condenser_Water_Loop", f"Condenser-water loop {n}") for n in (1, 2)]
    loops = [w.thing(f"CHW-Loop-{n}", BRICK + "Chilled_Water_Loop", f"Chilled-water loop {n}") for n in (1, 2)]
    for upstream, downstream in (
        ([tower_group], condenser_pumps),
        ([condenser_group], condenser_loops),
        (condenser_loops, chillers),
        ([chiller_group], pumps),
        ([pump_group], loops),
    ):
        for one in upstream:
            for other in downstream:
                w.add(one, FEEDS_LIQUID, other)
    _include(w, condenser_loops, condenser_pumps)
    _include(w, loops, pumps)
    water = plan.planned_kw * physics.WATER_LITRES_PER_KW / 1000 / len(loops)
    for number, loop in enumerate(loops, start=1):
        w.add(loop, BRICK + "volume", w.quantity(round(water, 3), "M3"))
        w.add(loop, DCX + "bufferRiseKelvin", decimal(physics.CHILLED_WATER_DELTA_K))
        ModbusDevice(w, gateways, "Mechanical").points(
            loop,
            f"Chilled-water loop {number}",
            temperature("Supply-Temperature", BRICK + "Leaving_Chilled_Water_Temperature_Sensor"),
            temperature("Return-Temperature", BRICK + "Entering_Chilled_Water_Temperature_Sensor"),
            Spec("Flow", BRICK + "Chilled_Water_Flow_Sensor", "L-PER-SEC", 5, "input", "uint16", 0.1),
        )
    for hall, racks in sorted(plan.by_hall.items()):
        _hall(draft, hall, racks, loops)


def _machines(draft: Draft, local: str, cls: str, label: str, rating: float = 0.0) -> list[str]:
    """Machines of one kind in the cooling plant, each with power and points."""
    w, gateways = draft.writer, draft.gateways
    made = []
    for number in range(1, CHILLERS_NEEDED + 2):
        iri = w.thing(f"{local}-{number}", cls, f"{label} {number}")
        w.add(iri, HAS_LOCATION, name("Cooling-Plant"))
        if rating:
            w.add(iri, BRICK + "coolingCapacity", w.quantity(rating * 1000, "W"))
        _powered(draft, f"{local}-{number}", f"{label} {number}", "Cooling-Plant")
        unit = ModbusDevice(w, gateways, "Mechanical")
        unit.points(iri, f"{label} {number}", status("Running", _RUNNING), power())
        if local == "Chiller":
            w.add(iri, DCX + "startTimeSeconds", decimal(physics.CHILLER_RESTART_S))
            unit.points(
                iri,
                f"{label} {number}",
                temperature("Supply-Temperature", BRICK + "Leaving_Chilled_Water_Temperature_Sensor"),
                temperature("Return-Temperature", BRICK + "Entering_Chilled_Water_Temperature_Sensor"),
            )
        made.append(iri)
    return made


def _include(w: QuadWriter, loops: list[str], machines: list[str]) -> None:
    """A loop includes the machines that move its water."""
    for loop in loops:
        for machine in machines:
            w.add(loop, REC + "includes", machine)


def _powered(draft: Draft, local: str, label: str, room: str) -> None:
    """Power for a machine: through its own transfer switch from the boards of the sides, or straight from the only board."""
    w, plan = draft.writer, draft.plan
    machine = name(local)
    if len(plan.sides) == 1:
        w.add(name(f"Mech-Board-{plan.sides[0]}"), FEEDS_POWER, machine)
        return
    switch = w.thing(f"ATS-{local}", BRICK + "Automatic_Transfer_Switch", f"{label} transfer switch")
    w.add(switch, HAS_LOCATION, name(room))
    for side in plan.sides:
        w.add(name(f"Mech-Board-{side}"), FEEDS_POWER, switch)
    w.add(switch, FEEDS_POWER, machine)


def _hall(draft: Draft, hall: int, racks: list[Rack], loops: list[str]) -> None:
    w = draft.writer
    heat = sum(rack.planned_kw * (1 - LIQUID_SHARE if rack.kind == "gpu" else 1.0) for rack in racks) * 1.15
    needed = max(2, ceil(heat / CRAH_KW))
    crahs = [_crah(draft, hall, number, loops) for number in range(1, needed + 2)]
    group = w.group(f"CRAH-H{hall}-Group", f"Hall {hall} CRAHs N+1", crahs, needed)
    for aisle in range(1, ROWS_A_HALL // 2 + 1):
        w.add(group, FEEDS_AIR, name(f"Cold-Aisle-H{hall}-{aisle}"))
    liquid = [rack for rack in racks if rack.kind == "gpu"]
    if liquid:
        _cdus(draft, hall, liquid, loops)


def _crah(draft: Draft, hall: int, number: int, loops: list[str]) -> str:
    w, gateways = draft.writer, draft.gateways
    local, label = f"CRAH-H{hall}-{number:02d}", f"Hall {hall} CRAH {number}"
    iri = w.thing(local, BRICK + "CRAH", label)
    w.add(iri, HAS_LOCATION, name(f"Hall-{hall}"))
    w.add(iri, BRICK + "coolingCapacity", w.quantity(CRAH_KW * 1000, "W"))
    for loop in loops:
        w.add(loop, FEEDS_LIQUID, iri)
    _powered(draft, local, label, f"Hall-{hall}")
    setpoint = BRICK + "Supply_Air_Temperature_Setpoint"
    ModbusDevice(w, gateways, "Mechanical").points(
        iri,
        label,
        status("Running", _RUNNING),
        power(),
        temperature("Supply-Temperature", BRICK + "Supply_Air_Temperature_Sensor"),
        temperature("Return-Temperature", BRICK + "Return_Air_Temperature_Sensor"),
        percent("Fan-Speed", BRICK + "Motor_Speed_Sensor"),
        Spec("Supply-Setpoint", setpoint, "DEG_C", 5, "holding", "int16", 0.1, "", "Active-Supply-Setpoint", SETPOINT_RANGE_C),
        Spec("Active-Supply-Setpoint", setpoint, "DEG_C", 5, "input", "int16", 0.1),
    )
    return iri


def _cdus(draft: Draft, hall: int, racks: list[Rack], loops: list[str]) -> None:
    """N+1 CDUs of a hall and the two technology cooling loops that all its liquid-cooled racks hang on."""
    w, gateways = draft.writer, draft.gateways
    needed = max(1, ceil(sum(rack.planned_kw for rack in racks) * LIQUID_SHARE * 1.15 / CDU_KW))
    cdus = []
    for number in range(1, needed + 2):
        local, label = f"CDU-H{hall}-{number}", f"Hall {hall} CDU {number}"
        iri = w.thing(local, DCX + "CDU", label)
        w.add(iri, HAS_LOCATION, name(f"Hall-{hall}"))
        w.add(iri, BRICK + "coolingCapacity", w.quantity(CDU_KW * 1000, "W"))
        for loop in loops:
            w.add(loop, FEEDS_LIQUID, iri)
        _powered(draft, local, label, f"Hall-{hall}")
        ModbusDevice(w, gateways, "Mechanical").points(
            iri,
            label,
            status("Running", _RUNNING),
            power(),
            temperature("Supply-Temperature", DCX + "Coolant_Supply_Temperature_Sensor"),
            temperature("Return-Temperature", DCX + "Coolant_Return_Temperature_Sensor"),
            Spec("Flow", DCX + "Coolant_Flow_Sensor", "L-PER-SEC", 5, "input", "uint16", 0.1),
        )
        cdus.append(iri)
    group = w.group(f"CDU-H{hall}-Group", f"Hall {hall} CDUs N+1", cdus, needed)
    for number in (1, 2):
        loop = w.thing(f"TCS-Loop-H{hall}-{number}", DCX + "Technology_Cooling_Loop", f"Hall {hall} technology cooling loop {number}")
        w.add(group, FEEDS_LIQUID, loop)
        _include(w, [loop], cdus)
        for rack in racks:
            w.add(loop, FEEDS_LIQUID, name(f"Rack-{rack.local}"))
