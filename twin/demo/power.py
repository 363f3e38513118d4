"""The power chain: utility feeds, transformers, generators, switchgear, UPSs, PDUs, panels and busways, down to the racks' breakers.

On each side: utility, transformer, main breaker, transfer switch (its other input is the generator bus), switchgear; from there
one path through the UPS to the racks and one past it to the mechanical board. Neighbouring switchgear is tied by a breaker that is
open in normal operation. Every element that two sides share stands upstream of both and has a spare.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil

from ontology.namespaces import BRICK, DCX
from twin.demo import physics
from twin.demo.plan import Lane
from twin.demo.points import Draft, ModbusDevice, Spec, percent, position, power, status
from twin.demo.writer import FEEDS_POWER, HAS_LOCATION, RATED_POWER, QuadWriter, decimal, name, text

MODULE_KW = 250.0
GENERATOR_KW = 2000.0
MECHANICAL_SHARE = 0.45
"""Mechanical load at design conditions per kW of IT load; what the generators and switchgear are sized for."""
BREAKER_AMPERES = (16.0, 32.0, 63.0, 125.0, 250.0)  # IEC 60898-1 / 60947-2 preferred ratings
CONTINUOUS_SHARE = 0.8
"""A breaker carries at most this share of its rating for ever."""
_BREAKER = BRICK + "Circuit_Breaker"


def write_power(draft: Draft) -> None:
    """The whole chain from the utilities to the rows' panels and busways, with its points."""
    w, plan, gateways = draft.writer, draft.plan, draft.gateways
    _generators(draft)
    for side in plan.sides:
        switch_unit = _intake(draft, side)
        _ups(draft, side, switch_unit)
        _mechanical_board(draft, side, switch_unit)
    neighbours = [*pairwise(plan.sides), *([(plan.sides[-1], plan.sides[0])] if len(plan.sides) > 2 else [])]
    for one, other in neighbours:
        one, other = sorted((one, other))  # noqa: PLW2901 - a tie has no direction, its name is in order
        tie = w.thing(f"Tie-{one}{other}", DCX + "Tie_Breaker", f"Tie breaker {one}-{other}")
        w.add(tie, DCX + "normalPosition", DCX + "Open")
        for side in (one, other):
            w.add(tie, DCX + "ties", name(f"Switchgear-{side}"))
        ModbusDevice(w, gateways, "Electrical").points(tie, f"Tie breaker {one}-{other}", position())
    for lane in plan.lanes:
        for hall in range(1, plan.halls + 1):
            _distribution(draft, lane, hall)


def breaker(w: QuadWriter, local: str, label: str, unit: ModbusDevice, upstream: str, *, cls: str = _BREAKER, is_open: bool = False) -> str:
    """A breaker under `upstream`, closed in normal operation unless `is_open`, with its position point; gives its IRI."""
    iri = w.thing(local, cls, label)
    w.add(upstream, FEEDS_POWER, iri)
    w.add(iri, DCX + "normalPosition", DCX + ("Open" if is_open else "Closed"))
    unit.points(iri, label, position())
    return iri


def _generators(draft: Draft) -> None:
    """N+1 generators, each with its day tank, on one paralleling bus that all transfer switches hang on."""
    w, plan, gateways = draft.writer, draft.plan, draft.gateways
    load = plan.planned_kw * (1.15 + MECHANICAL_SHARE)
    needed = max(2, ceil(load / GENERATOR_KW))
    members = []
    yard = name("Generator-Yard")
    for number in range(1, needed + 2):
        label = f"Generator {number}"
        generator = w.thing(f"Generator-{number}", DCX + "Generator", label)
        tank = w.thing(f"Fuel-Tank-{number}", DCX + "Fuel_Tank", f"Fuel tank {number}")
        w.add(generator, BRICK + "hasPart", tank)
        w.add(generator, RATED_POWER, w.quantity(GENERATOR_KW, "KiloW"))
        w.add(generator, DCX + "startTimeSeconds", decimal(physics.GENERATOR_START_S))
        w.add(tank, DCX + "ridethroughSeconds", decimal(physics.TANK_HOURS * 3600))
        w.add(generator, HAS_LOCATION, yard)
        w.add(tank, HAS_LOCATION, yard)
        members.append(generator)
        unit = ModbusDevice(w, gateways, "Gensets")
        frequency = Spec("Frequency", BRICK + "Frequency_Sensor", "HZ", 5, "input", "uint16", 0.01)
        unit.points(generator, label, status("Running", DCX + "Generator_Run_Status"), power("Output-Power"), frequency)
        unit.points(tank, f"Fuel tank {number}", percent("Level", DCX + "Fuel_Level_Sensor"))
    group = w.group("Generator-Group", "Generators N+1", members, needed)
    bus = w.thing("Generator-Switchgear", BRICK + "Switchgear", "Generator paralleling switchgear")
    w.add(group, FEEDS_POWER, bus)
    w.add(bus, HAS_LOCATION, yard)


def _intake(draft: Draft, side: str) -> ModbusDevice:
    """Utility to switchgear on one side; gives the Modbus unit of the switchgear, which its breakers share."""
    w, plan, gateways = draft.writer, draft.plan, draft.gateways
    room = name(f"Electrical-Room-{side}")
    rating = w.quantity(float(ceil(plan.planned_kw * (1.15 + MECHANICAL_SHARE) / 100) * 100), "KiloW")
    utility = w.thing(f"Utility-{side}", DCX + "Utility_Feed", f"Utility feed {side}")
    transformer = w.thing(f"Transformer-{side}", BRICK + "Transformer", f"Transformer {side}")
    ats = w.thing(f"ATS-{side}", BRICK + "Automatic_Transfer_Switch", f"Transfer switch {side}, utility or generators")
    switchgear = w.thing(f"Switchgear-{side}", BRICK + "Switchgear", f"Main switchgear {side}")
    unit = ModbusDevice(w, gateways, "Electrical")
    w.add(utility, FEEDS_POWER, transformer)
    main = breaker(w, f"Main-Breaker-{side}", f"Main breaker {side}", unit, transformer, cls=BRICK + "Main_Circuit_Breaker")
    generator = breaker(w, f"Generator-Breaker-{side}", f"Generator breaker {side}", unit, name("Generator-Switchgear"))
    w.add(main, FEEDS_POWER, ats)
    w.add(generator, FEEDS_POWER, ats)
    w.add(ats, FEEDS_POWER, switchgear)
    for iri in (utility, transformer, main, generator, ats, switchgear):
        w.add(iri, DCX + "feedSide", text(side))
        w.add(iri, HAS_LOCATION, room)
    w.add(transformer, RATED_POWER, rating)
    w.add(switchgear, RATED_POWER, rating)
    voltage = Spec("Voltage", BRICK + "Voltage_Sensor", "V", 5, "input", "uint16", 1.0)
    frequency = Spec("Frequency", BRICK + "Frequency_Sensor", "HZ", 5, "input", "uint16", 0.01)
    meter = ModbusDevice(w, gateways, "Electrical")
    meter.points(utility, f"Utility feed {side}", status("Available", DCX + "Source_Available_Status"), power(), voltage, frequency)
    meter.points(transformer, f"Transformer {side}", power("Output-Power"))
    ats_unit = ModbusDevice(w, gateways, "Electrical")
    ats_unit.points(
        ats, f"Transfer switch {side}", Spec("Active-Source", DCX + "Active_Source_Status", "UNITLESS", 2, "input", "uint16", 1.0), power()
    )
    unit.points(switchgear, f"Main switchgear {side}", power(), voltage)
    return unit


def _ups(draft: Draft, side: str, switch_unit: ModbusDevice) -> None:
    """A UPS system of N+1 modules, each with a battery string, between its input and output breakers, and its maintenance bypass."""
    w, plan, gateways = draft.writer, draft.plan, draft.gateways
    room, switchgear = name(f"Electrical-Room-{side}"), name(f"Switchgear-{side}")
    load = plan.side_kw()
    module_kw = min(MODULE_KW * 4, max(MODULE_KW / 5, ceil(load / 4 / 50) * 50))
    needed = max(2, ceil(load / module_kw))
    inlet = breaker(w, f"Breaker-UPS-{side}-Input", f"UPS {side} input breaker", switch_unit, switchgear)
    bypass = breaker(w, f"Breaker-UPS-{side}-Bypass", f"UPS {side} maintenance bypass breaker", switch_unit, switchgear, is_open=True)
    label = f"UPS {side}"
    ups = w.thing(f"UPS-{side}", DCX + "UPS", label)
    members = []
    for number in range(1, needed + 2):
        module = w.thing(f"UPS-{side}-Module-{number}", DCX + "UPS_Module", f"{label} module {number}")
        string = w.thing(f"Battery-{side}-{number}", DCX + "Battery_String", f"Battery string {side} {number}")
        w.add(inlet, FEEDS_POWER, module)
        w.add(string, FEEDS_POWER, module)
        w.add(module, RATED_POWER, w.quantity(module_kw, "KiloW"))
        w.add(string, DCX + "ridethroughSeconds", decimal(physics.BATTERY_SECONDS))
        w.add(string, DCX + "peukertExponent", decimal(physics.PEUKERT))
        for iri in (module, string):
            w.add(iri, HAS_LOCATION, room)
        members.append(module)
        unit = ModbusDevice(w, gateways, "Electrical")
        unit.points(module, f"{label} module {number}", power("Output-Power"), percent("Load", DCX + "UPS_Load_Percent_Sensor"))
        voltage = Spec("Voltage", BRICK + "Battery_Voltage_Sensor", "V", 5, "input", "uint16", 0.1)
        runtime = Spec("Runtime", DCX + "Runtime_Remaining_Sensor", "SEC", 5, "input", "uint32", 1.0)
        unit.points(string, f"Battery string {side} {number}", percent("State-Of-Charge", DCX + "State_Of_Charge_Sensor"), voltage, runtime)
    w.add(w.group(f"UPS-{side}-Group", f"{label} modules N+1", members, needed), FEEDS_POWER, ups)
    output = breaker(w, f"Breaker-UPS-{side}-Output", f"{label} output breaker", switch_unit, ups)
    board = w.thing(f"UPS-Board-{side}", DCX + "Switchboard", f"UPS output board {side}")
    w.add(output, FEEDS_POWER, board)
    w.add(bypass, FEEDS_POWER, board)
    w.add(ups, RATED_POWER, w.quantity(module_kw * needed, "KiloW"))
    for iri in (ups, board):
        w.add(iri, DCX + "feedSide", text(side))
        w.add(iri, HAS_LOCATION, room)
    ModbusDevice(w, gateways, "Electrical").points(
        ups,
        label,
        power("Input-Power"),
        power("Output-Power"),
        percent("Load", DCX + "UPS_Load_Percent_Sensor"),
        status("On-Battery", DCX + "On_Battery_Status"),
        status("On-Bypass", DCX + "On_Bypass_Status"),
    )


def _mechanical_board(draft: Draft, side: str, switch_unit: ModbusDevice) -> None:
    """The board for chillers, pumps and coolers: upstream of the UPS, so that no UPS takes cooling down with it."""
    w, plan, gateways = draft.writer, draft.plan, draft.gateways
    label = f"Mechanical board {side}"
    feeder = breaker(w, f"Breaker-Mech-Board-{side}", f"{label} breaker", switch_unit, name(f"Switchgear-{side}"))
    board = w.thing(f"Mech-Board-{side}", DCX + "Switchboard", label)
    w.add(feeder, FEEDS_POWER, board)
    w.add(board, DCX + "feedSide", text(side))
    w.add(board, HAS_LOCATION, name(f"Electrical-Room-{side}"))
    w.add(board, RATED_POWER, w.quantity(float(ceil(plan.planned_kw * MECHANICAL_SHARE)), "KiloW"))
    ModbusDevice(w, gateways, "Electrical").points(board, label, power())


def _distribution(draft: Draft, lane: Lane, hall: int) -> None:
    """Two PDUs of a lane in a hall; under them a panel (odd halls) or a busway (even halls) for each row that has racks on this lane."""
    w, plan, gateways = draft.writer, draft.plan, draft.gateways
    racks = [rack for rack in plan.by_hall[hall] if lane.letter in rack.lanes]
    rows = sorted({rack.row for rack in racks})
    for number, group in enumerate((tuple(r for r in rows if r <= 2), tuple(r for r in rows if r > 2)), start=1):
        if not group:
            continue
        local, label = f"PDU-H{hall}-{lane.letter}{number}", f"Hall {hall} PDU {lane.letter}{number}"
        unit = ModbusDevice(w, gateways, "Electrical")
        feeder = breaker(w, f"Breaker-{local}", f"{label} breaker", unit, name(f"UPS-Board-{lane.side}"))
        pdu = w.thing(local, DCX + "PDU", label)
        w.add(feeder, FEEDS_POWER, pdu)
        load = sum(rack.planned_kw for rack in racks if rack.row in group)
        w.add(pdu, RATED_POWER, w.quantity(float(ceil(load * 1.25 / 25) * 25), "KiloW"))
        w.add(pdu, DCX + "feedSide", text(lane.letter))
        w.add(pdu, HAS_LOCATION, name(f"Hall-{hall}"))
        unit.points(pdu, label, power("Input-Power"), power("Output-Power"))
        for row in group:
            _row(draft, lane, (hall, row), pdu)


def _row(draft: Draft, lane: Lane, place: tuple[int, int], pdu: str) -> None:
    """A row's panel or busway, and the breaker of each rack on it (in the tap-off box, on a busway)."""
    w, (hall, row) = draft.writer, place
    busway = hall % 2 == 0
    what, cls = ("Busway", DCX + "Busway") if busway else ("RPP", DCX + "Remote_Power_Panel")
    label = f"Hall {hall} row {row} {what} {lane.letter}"
    panel = w.thing(f"{what}-H{hall}-R{row}-{lane.letter}", cls, label)
    w.add(pdu, FEEDS_POWER, panel)
    w.add(panel, DCX + "feedSide", text(lane.letter))
    w.add(panel, HAS_LOCATION, name(f"Row-H{hall}-{row}"))
    unit = ModbusDevice(w, draft.gateways, "Electrical")
    unit.points(panel, label, power())
    for rack in (r for r in draft.plan.by_hall[hall] if r.row == row and lane.letter in r.lanes):
        upstream = panel
        if busway:
            upstream = w.thing(f"Tap-{rack.local}-{lane.letter}", DCX + "Busway_Tap_Off", f"Rack {rack.local} tap-off {lane.letter}")
            w.add(panel, FEEDS_POWER, upstream)
        iri = breaker(w, f"Breaker-{rack.local}-{lane.letter}", f"Rack {rack.local} breaker {lane.letter}", unit, upstream)
        w.add(iri, DCX + "breakerRating", w.quantity(_breaker_amperes(rack.planned_kw), "A"))


def _breaker_amperes(kilowatts: float) -> float:
    """The smallest usual three-phase breaker that one cord's failure does not load beyond 80 %."""
    amperes = kilowatts * 1000 / (3**0.5 * 400 * 0.95)
    return next((size for size in BREAKER_AMPERES if size * CONTINUOUS_SHARE >= amperes), BREAKER_AMPERES[-1])
