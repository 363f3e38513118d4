"""How often the demo's equipment fails and how long a repair takes: made up, of the order that such equipment has. No survey's figures."""

from __future__ import annotations

from ontology.namespaces import BRICK, DCX

RATES: dict[str, tuple[float, float]] = {
    DCX + "Utility_Feed": (4_000, 2),
    DCX + "Generator": (2_500, 24),
    DCX + "Fuel_Tank": (500_000, 24),
    BRICK + "Transformer": (900_000, 120),
    BRICK + "Switchgear": (1_500_000, 24),
    BRICK + "Automatic_Transfer_Switch": (600_000, 8),
    BRICK + "Main_Circuit_Breaker": (1_200_000, 8),
    BRICK + "Circuit_Breaker": (2_000_000, 4),
    DCX + "UPS": (1_000_000, 8),
    DCX + "UPS_Module": (200_000, 8),
    DCX + "Switchboard": (2_500_000, 12),
    DCX + "PDU": (800_000, 12),
    DCX + "Remote_Power_Panel": (2_000_000, 8),
    DCX + "Busway": (3_000_000, 12),
    DCX + "Busway_Tap_Off": (3_000_000, 4),
    DCX + "Rack_PDU": (400_000, 4),
    BRICK + "Water_Cooled_Chiller": (10_000, 24),
    BRICK + "Cooling_Tower": (30_000, 24),
    BRICK + "Condenser_Water_Pump": (50_000, 12),
    BRICK + "Chilled_Water_Pump": (50_000, 12),
    BRICK + "CRAH": (50_000, 8),
    DCX + "CDU": (60_000, 8),
    BRICK + "Ethernet_Switch": (300_000, 4),
}
"""MTBF and MTTR in hours, by class."""
