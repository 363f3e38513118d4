"""Racks and what stands in them: rack PDUs, outlets, cords, servers, switches, and the air, water and network that reach them."""

from __future__ import annotations

from ontology.namespaces import BRICK, DCX
from twin.demo.plan import RACK_UNITS, Device, Rack, SitePlan
from twin.demo.points import Spec, mqtt_point
from twin.demo.rooms import cold_aisle
from twin.demo.writer import FEEDS_AIR, FEEDS_LIQUID, FEEDS_NETWORK, FEEDS_POWER, HAS_LOCATION, QuadWriter, integer, name, text

CARRIERS = 2
_CLASSES = {"server": BRICK + "Server", "gpu": DCX + "GPU_Server", "storage": DCX + "Storage_Array", "switch": BRICK + "Ethernet_Switch"}


def write_racks(w: QuadWriter, plan: SitePlan) -> None:
    """All racks with their contents, and the network from the carriers down to the servers."""
    for number in range(plan.tenants):
        w.thing(f"Tenant-{number + 1:02d}", DCX + "Tenant", f"Tenant {number + 1:02d}")
    carriers = [w.thing(f"Carrier-{n}", DCX + "Carrier_Handoff", f"Carrier handoff {n}") for n in range(1, CARRIERS + 1)]
    for racks in plan.by_hall.values():
        spines = [device.local for rack in racks for device in rack.devices if device.local.startswith("Spine")]
        for spine in spines:
            for carrier in carriers:
                w.add(carrier, FEEDS_NETWORK, name(spine))
        for rack in racks:
            _rack(w, rack)
            for spine in spines:
                w.add(name(spine), FEEDS_NETWORK, name(f"Switch-{rack.local}"))


def _rack(w: QuadWriter, rack: Rack) -> None:
    iri = w.thing(f"Rack-{rack.local}", BRICK + "ICT_Rack", f"Rack {rack.local}")
    w.add(iri, HAS_LOCATION, name(f"Row-H{rack.hall}-{rack.row}"))
    w.add(iri, DCX + "hasTenant", name(f"Tenant-{rack.tenant + 1:02d}"))
    w.add(iri, DCX + "allocatedPower", w.quantity(round(rack.planned_kw, 3), "KiloW"))
    w.add(iri, DCX + "rackUnits", integer(RACK_UNITS))
    w.add(cold_aisle(rack.hall, rack.row), FEEDS_AIR, iri)
    topic = f"dc/demo/H{rack.hall}/{rack.local}"
    label = f"Rack {rack.local}"
    for spec, pointer in (
        (Spec("Inlet-Temperature", DCX + "Rack_Inlet_Temperature_Sensor", "DEG_C"), "/inlet_c"),
        (Spec("Outlet-Temperature", DCX + "Rack_Outlet_Temperature_Sensor", "DEG_C"), "/outlet_c"),
        (Spec("Power", DCX + "Rack_Power_Sensor", "KiloW"), "/power_kw"),
    ):
        mqtt_point(w, iri, label, spec, (topic, pointer))
    for lane in rack.lanes:
        _rack_pdu(w, rack, iri, lane, topic)
    sockets = dict.fromkeys(rack.lanes, 0)
    for device in rack.devices:
        _device(w, rack, iri, device, sockets)


def _rack_pdu(w: QuadWriter, rack: Rack, iri: str, lane: str, topic: str) -> None:
    label = f"Rack {rack.local} rack PDU {lane}"
    strip = w.thing(f"RPDU-{rack.local}-{lane}", DCX + "Rack_PDU", label)
    w.add(name(f"Breaker-{rack.local}-{lane}"), FEEDS_POWER, strip)
    w.add(strip, FEEDS_POWER, iri)
    w.add(strip, DCX + "mountedIn", iri)
    w.add(strip, DCX + "feedSide", text(lane))
    kilowatts = Spec("Power", BRICK + "Active_Power_Sensor", "KiloW")
    amperes = Spec("Current", BRICK + "Load_Current_Sensor", "A")
    mqtt_point(w, strip, label, kilowatts, (topic, f"/{lane.lower()}_kw"))
    mqtt_point(w, strip, label, amperes, (topic, f"/{lane.lower()}_a"))


def _device(w: QuadWriter, rack: Rack, rack_iri: str, device: Device, sockets: dict[str, int]) -> None:
    kind = device.type
    iri = w.thing(device.local, _CLASSES[kind.kind], f"{kind.manufacturer} {kind.model} in {rack.local} U{device.unit:02d}")
    w.add(iri, DCX + "mountedIn", rack_iri)
    w.add(iri, DCX + "uPosition", integer(device.unit))
    w.add(iri, DCX + "rackUnits", integer(kind.units))
    w.add(iri, DCX + "manufacturer", text(kind.manufacturer))
    w.add(iri, DCX + "model", text(kind.model))
    w.add(iri, BRICK + "ratedPowerInput", w.quantity(kind.rated_watts, "W"))
    w.add(iri, DCX + "allocatedPower", w.quantity(kind.allocated_watts, "W"))
    w.add(iri, DCX + "hasTenant", name(f"Tenant-{rack.tenant + 1:02d}"))
    w.add(iri, DCX + "environmentalClass", DCX + "ASHRAE_A4")
    w.add(rack_iri, FEEDS_AIR, iri)
    if kind.kind == "gpu":
        w.add(rack_iri, FEEDS_LIQUID, iri)
    if kind.kind != "switch":
        w.add(name(f"Switch-{rack.local}"), FEEDS_NETWORK, iri)
    if kind.needed_cords > 1:
        w.requires(iri, "Power", kind.needed_cords)
    for cord in range(kind.cords):
        lane = rack.lanes[(cord + (device.number if kind.cords == 1 else 0)) % len(rack.lanes)]
        sockets[lane] += 1
        socket = w.thing(
            f"Outlet-{rack.local}-{lane}{sockets[lane]:02d}", DCX + "Outlet", f"Rack {rack.local} outlet {lane}{sockets[lane]}"
        )
        w.add(name(f"RPDU-{rack.local}-{lane}"), FEEDS_POWER, socket)
        w.add(socket, FEEDS_POWER, iri)
