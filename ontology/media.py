"""The supply media that the model knows by itself; a user's ontology may name others."""

from __future__ import annotations

from collections.abc import Sequence

from ontology.namespaces import DCX, expand, local_name

POWER = DCX + "Power"
LIQUID_COOLING = DCX + "LiquidCooling"
AIR_COOLING = DCX + "AirCooling"
NETWORK = DCX + "Network"
COMPUTE = DCX + "Compute"
CONTROL = DCX + "Control"
MEDIA = (POWER, LIQUID_COOLING, AIR_COOLING, NETWORK, COMPUTE, CONTROL)
"""In the order in which an unclear medium is settled."""

FEEDS_IN = {
    DCX + "feedsPower": POWER,
    DCX + "feedsLiquidCooling": LIQUID_COOLING,
    DCX + "feedsAirCooling": AIR_COOLING,
    DCX + "feedsNetwork": NETWORK,
    DCX + "feedsCompute": COMPUTE,
    DCX + "feedsControl": CONTROL,
}
"""The medium of each sub-property of `brick:feeds` that names one."""


def medium_named(name: str, known: Sequence[str]) -> str | None:
    """Which of the known media (IRIs) is meant by an IRI, a CURIE or a bare name such as `power`; None for none of them."""
    iri = expand(name)
    return iri if iri in known else next((medium for medium in known if local_name(medium).lower() == name.lower()), None)
