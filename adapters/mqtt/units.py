"""Units as building automation and gateways write them, by QUDT's names; and how a number of one comes to another."""

from __future__ import annotations

from collections.abc import Mapping

from ontology.errors import UnitError
from ontology.namespaces import UNIT
from ontology.units import conversion

AS_IT_IS = (1.0, 0.0)
"""Scale and offset of a number that is in the unit already."""

_UNITS: Mapping[str, str] = {
    "DEG_C": "C degC deg_C °C Celsius",
    "DEG_F": "F degF deg_F °F Fahrenheit",
    "K": "K Kelvin",
    "L-PER-MIN": "LPM L/min lpm",
    "L-PER-SEC": "L/s LPS lps",
    "L-PER-HR": "L/h LPH",
    "GAL_US-PER-MIN": "GPM gpm gal/min USGPM",
    "M3-PER-HR": "m3/h m³/h CMH m^3/h",
    "M3-PER-SEC": "m3/s m³/s",
    "FT3-PER-MIN": "CFM cfm ft3/min SCFM",
    "PA": "Pa",
    "KiloPA": "kPa kpa",
    "BAR": "bar",
    "MilliBAR": "mbar",
    "PSI": "PSI psi psid psig",
    "IN_H2O": "inH2O inWC inW.C. in.WC",
    "PERCENT": "% pct percent",
    "PERCENT_RH": "%RH %rh RH",
    "REV-PER-MIN": "RPM rpm rev/min",
    "HZ": "Hz",
    "V": "V VAC VDC Volt Volts",
    "KiloV": "kV",
    "A": "A Amp Amps Ampere Amperes",
    "MilliA": "mA",
    "KiloA": "kA",
    "W": "W Watt Watts",
    "KiloW": "kW",
    "MegaW": "MW",
    "V-A": "VA",
    "KiloV-A": "kVA",
    "MegaV-A": "MVA",
    "V-A_Reactive": "var VAR",
    "KiloV-A_Reactive": "kvar kVAR",
    "W-HR": "Wh",
    "KiloW-HR": "kWh",
    "MegaW-HR": "MWh",
    "SEC": "s sec",
    "MilliSEC": "ms",
    "MIN": "min",
    "HR": "h hr hours",
    "L": "L",
    "GAL_US": "gal",
    "M3": "m3 m³",
    "M-PER-SEC": "m/s",
    "FT-PER-MIN": "fpm ft/min",
    "DeciB": "dB dBA dB(A)",
    "MilliV": "mV",
    "PPM": "ppm PPM",
    "HectoPA": "hPa",
    "LUX": "lx",
    "MicroGM-PER-M3": "µg/m³ ug/m3",
    "W-PER-M2": "W/m²",
    "DAY": "d",
    "OHM": "Ω Ohm",
    "A-HR": "Ah",
    "UNITLESS": "1 none unitless",
}
UNITS: Mapping[str, str] = {name: unit for unit, names in _UNITS.items() for name in names.split()}
"""QUDT's name of an engineering unit as building automation writes it. Case counts where it must (mA and MA, mW and MW)."""
_ONE_CASE = {folded: {u for n, u in UNITS.items() if n.casefold() == folded} for folded in {name.casefold() for name in UNITS}}


def unit_named(eng_unit: str) -> str | None:
    """QUDT's name of a unit, whatever the case where that cannot mean another; None for one that is not known."""
    said = eng_unit.strip().replace(" ", "")
    if said in UNITS:
        return UNITS[said]
    likely = _ONE_CASE.get(said.casefold(), set()) if said not in {"MA", "mw", "mW", "MV", "mV", "Mva", "mVA"} else set()
    return next(iter(likely)) if len(likely) == 1 else None


def factors(stated: str, unit: str) -> tuple[float, float] | None:
    """Scale and offset from one unit to another, by QUDT's names, empty for none; None where there are none."""
    if stated == unit:
        return AS_IT_IS
    try:
        return conversion(UNIT + stated, UNIT + unit)
    except UnitError:
        return None
