"""The building: halls, rows, aisles, and the rooms for power and cooling."""

from __future__ import annotations

from ontology.namespaces import BRICK, DCX, REC
from twin.demo import physics
from twin.demo.plan import ROWS_A_HALL, SitePlan
from twin.demo.points import Spec, mqtt_point, virtual_point
from twin.demo.writer import QuadWriter, name, text

AIR_M3_RACK = 15.0
"""Air of a hall for each of its racks: 300 m3 for 20 racks, as the heat model of the plant has it."""
WARMEST_INLET_K = 2.0
"""How much warmer than the supply air the warmest inlet is."""
_PART = REC + "isPartOf"
SYNTHETIC = "Synthetic: made up from a seed by the demo-site generator. No value and no name in it belongs to a real site."


def cold_aisle(hall: int, row: int) -> str:
    """The cold aisle that a row faces: rows 1 and 2 share one, rows 3 and 4 the next."""
    return name(f"Cold-Aisle-H{hall}-{(row + 1) // 2}")


def write_rooms(w: QuadWriter, plan: SitePlan) -> None:
    """The site node (which says that all is synthetic), building, rooms, halls, rows and aisles, with the halls' room sensors."""
    site = w.thing("Site", REC + "Site", f"Demo site ({plan.design}, {len(plan.racks)} racks)")
    w.add(site, "http://www.w3.org/2000/01/rdf-schema#comment", text(f"{SYNTHETIC} Seed {plan.seed}."))
    virtual_point(w, site, "Demo site", Spec("IT-Power", DCX + "IT_Power_Sensor", "KiloW"), "itPower(this)")
    virtual_point(w, site, "Demo site", Spec("PUE", DCX + "PUE_Sensor", "UNITLESS"), "pue(this)")
    building = w.thing("Building", REC + "Building", "Demo data center")
    w.add(building, _PART, site)
    for local, cls, label in (
        *((f"Electrical-Room-{side}", REC + "ElectricityRoom", f"Electrical room {side}") for side in plan.sides),
        ("Generator-Yard", REC + "OutdoorSpace", "Generator yard"),
        ("Cooling-Plant", REC + "UtilitiesRoom", "Cooling plant room"),
    ):
        w.add(w.thing(local, cls, label), _PART, building)
    for hall in range(1, plan.halls + 1):
        _hall(w, hall, building, len(plan.by_hall[hall]))
    for role, cls, unit, pointer in (
        ("PUE", DCX + "PUE_Sensor", "UNITLESS", "/pue"),
        ("IT-Power", DCX + "IT_Power_Sensor", "KiloW", "/it_kw"),
        ("Total-Power", BRICK + "Active_Power_Sensor", "KiloW", "/total_kw"),
        ("Outside-Air-Temperature", BRICK + "Outside_Air_Temperature_Sensor", "DEG_C", "/outside_c"),
    ):
        mqtt_point(w, building, "Demo data center", Spec(role, cls, unit, 5), ("dc/demo/site", pointer))


def _hall(w: QuadWriter, hall: int, building: str, racks: int) -> None:
    local = f"Hall-{hall}"
    iri = w.thing(local, DCX + "Data_Hall", f"Data hall {hall}")
    w.add(iri, _PART, building)
    w.add(iri, BRICK + "volume", w.quantity(AIR_M3_RACK * racks, "M3"))
    w.add(iri, DCX + "heatCapacity", w.quantity(physics.SOLID_KJ_PER_K_RACK * racks, "KiloJ-PER-K"))
    w.add(iri, DCX + "heatExchange", w.quantity(physics.EXCHANGE_KW_PER_K_RACK * racks, "KiloW-PER-K"))
    w.add(iri, DCX + "inletTemperature", w.quantity(physics.SETPOINT_C + WARMEST_INLET_K, "DEG_C"))
    for row in range(1, ROWS_A_HALL + 1):
        line = w.thing(f"Row-H{hall}-{row}", DCX + "Rack_Row", f"Hall {hall} row {row}")
        w.add(line, _PART, iri)
        virtual_point(w, line, f"Hall {hall} row {row}", Spec("IT-Power", DCX + "IT_Power_Sensor", "KiloW"), "itPower(this)")
    for aisle in range(1, ROWS_A_HALL // 2 + 1):
        w.add(w.thing(f"Cold-Aisle-H{hall}-{aisle}", DCX + "Cold_Aisle", f"Hall {hall} cold aisle {aisle}, contained"), _PART, iri)
    for aisle in range(1, ROWS_A_HALL // 2 + 2):
        w.add(w.thing(f"Hot-Aisle-H{hall}-{aisle}", DCX + "Hot_Aisle", f"Hall {hall} hot aisle {aisle}"), _PART, iri)
    topic = f"dc/demo/H{hall}/room"
    for role, cls, unit, pointer in (
        ("Air-Temperature", BRICK + "Air_Temperature_Sensor", "DEG_C", "/air_c"),
        ("Relative-Humidity", BRICK + "Relative_Humidity_Sensor", "PERCENT", "/rh"),
    ):
        mqtt_point(w, iri, f"Data hall {hall}", Spec(role, cls, unit, 10), (topic, pointer))
