"""The supply media that the model knows by itself; a user's ontology may name others."""

from __future__ import annotations

from ontology.namespaces import DCX

POWER = DCX + "Power"
LIQUID_COOLING = DCX + "LiquidCooling"
AIR_COOLING = DCX + "AirCooling"
NETWORK = DCX + "Network"
COMPUTE = DCX + "Compute"
CONTROL = DCX + "Control"
MEDIA = (POWER, LIQUID_COOLING, AIR_COOLING, NETWORK, COMPUTE, CONTROL)
"""In the order in which an unclear medium is settled."""
