"""Which symbol of the field stands for which class: the words of a one-line diagram, as IEC 60617 and IEEE 315 draw them."""

from __future__ import annotations

from enum import StrEnum

from ontology.namespaces import BRICK, DCX, REC
from ontology.vocabulary import Vocabulary


class Symbol(StrEnum):
    """One symbol. What a class without a symbol of its own is drawn as depends on its place: `EQUIPMENT` where it feeds, else `LOAD`."""

    UTILITY = "utility"
    GENERATOR = "generator"
    TRANSFORMER = "transformer"
    BREAKER = "breaker"
    DISCONNECT = "disconnect"
    TRANSFER = "transfer switch"
    UPS = "UPS"
    BUS = "bus"
    PDU = "PDU"
    STRIP = "rack PDU"
    CHILLER = "chiller"
    PUMP = "pump"
    COOLER = "cooler"
    RACK = "rack"
    IT = "IT equipment"
    SERVICE = "service"
    EQUIPMENT = "equipment"
    LOAD = "load"
    PASSED = "passed through"
    """Not drawn: cables, outlets, groups; what hands on to it is joined to what it feeds."""


BY_CLASS = {
    DCX + "Utility_Feed": Symbol.UTILITY,
    DCX + "Generator": Symbol.GENERATOR,
    BRICK + "PV_Panel": Symbol.GENERATOR,
    BRICK + "PV_Array": Symbol.GENERATOR,
    BRICK + "PV_Generation_System": Symbol.GENERATOR,
    BRICK + "Transformer": Symbol.TRANSFORMER,
    BRICK + "Circuit_Breaker": Symbol.BREAKER,
    BRICK + "Disconnect_Switch": Symbol.DISCONNECT,
    DCX + "Maintenance_Bypass": Symbol.DISCONNECT,
    BRICK + "Transfer_Switch": Symbol.TRANSFER,
    BRICK + "Automatic_Switch": Symbol.TRANSFER,
    DCX + "UPS": Symbol.UPS,
    DCX + "UPS_Module": Symbol.UPS,
    BRICK + "Inverter": Symbol.UPS,
    BRICK + "Switchgear": Symbol.BUS,
    DCX + "Switchboard": Symbol.BUS,
    DCX + "Remote_Power_Panel": Symbol.BUS,
    DCX + "Busway": Symbol.BUS,
    BRICK + "Breaker_Panel": Symbol.BUS,
    BRICK + "Bus_Riser": Symbol.BUS,
    BRICK + "Motor_Control_Center": Symbol.BUS,
    BRICK + "Electrical_System": Symbol.BUS,
    BRICK + "Loop": Symbol.BUS,
    DCX + "PDU": Symbol.PDU,
    DCX + "Rack_PDU": Symbol.STRIP,
    BRICK + "PlugStrip": Symbol.STRIP,
    DCX + "Power_Shelf": Symbol.STRIP,
    BRICK + "Chiller": Symbol.CHILLER,
    BRICK + "Pump": Symbol.PUMP,
    BRICK + "Fan": Symbol.PUMP,
    BRICK + "HVAC_Equipment": Symbol.COOLER,
    BRICK + "ICT_Rack": Symbol.RACK,
    BRICK + "ICT_Equipment": Symbol.IT,
    DCX + "Service": Symbol.SERVICE,
    DCX + "Redundancy_Group": Symbol.PASSED,
    DCX + "Outlet": Symbol.PASSED,
    DCX + "Busway_Tap_Off": Symbol.PASSED,
    DCX + "Liquid_Manifold": Symbol.PASSED,
    BRICK + "Electrical_Meter": Symbol.PASSED,
    BRICK + "Energy_Storage": Symbol.PASSED,
    REC + "Space": Symbol.PASSED,
}
"""By class; a class that is not here is drawn as the nearest superclass that is."""


def symbol_of(vocabulary: Vocabulary, cls: str | None, *, passes: bool) -> Symbol:
    """The symbol of a class; `passes`: it is a conduit that is no failure unit (a cable, a port), and without a symbol not drawn."""
    for each in () if cls is None else vocabulary.superclasses(cls):
        if each in BY_CLASS:
            return BY_CLASS[each]
    return Symbol.PASSED if passes else Symbol.EQUIPMENT
