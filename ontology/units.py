"""Units of data centers, and the two numbers that bring a value from one to another.

Names and kinds are QUDT's (https://qudt.org/vocab/unit), in its form: reference value = (value + offset) * multiplier. The factors are
those of NIST Special Publication 811 (2008), appendix B.8, in full where they are exact (inch of water: the conventional one).
Temperature differences, kinds of their own in QUDT, are not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ontology.errors import UnitError
from ontology.namespaces import UNIT, expand

FIGURE_MAX, FIGURE_MIN = 1e15, 1e-15
"""Beyond the one no quantity of a plant is, in any unit of here, and nearer to nothing than the other none can be told from it."""


def figure(text: str) -> float:
    """The number that a text is, as a quantity: nan where it is none or beyond `FIGURE_MAX`, 0 where it is within `FIGURE_MIN`."""
    try:
        value = float(text)
    except ValueError:
        return float("nan")
    return value if FIGURE_MIN <= abs(value) <= FIGURE_MAX else 0.0 if abs(value) < FIGURE_MIN else float("nan")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its local name in QUDT, what it measures, its symbol, and how it becomes the reference unit of its kind."""

    name: str
    kind: str
    symbol: str
    multiplier: float
    offset: float = 0.0


_HOUR, _GALLON, _FOOT = 3600.0, 0.003785411784, 0.3048
_TABLE: dict[str, tuple[tuple[str, str, float] | tuple[str, str, float, float], ...]] = {
    "power": (
        ("W", "W", 1.0),
        ("MilliW", "mW", 1e-3),
        ("KiloW", "kW", 1e3),
        ("MegaW", "MW", 1e6),
        ("GigaW", "GW", 1e9),
        ("BTU_IT-PER-HR", "BTU/h", 0.29307107017222222),
        ("KiloBTU_IT-PER-HR", "kBTU/h", 293.07107017222222),
        ("TON_FG", "TR", 3516.8528420667),
        ("HP", "hp", 745.69987158227022),
    ),
    "apparent power": (("V-A", "VA", 1.0), ("KiloV-A", "kVA", 1e3), ("MegaV-A", "MVA", 1e6)),
    "reactive power": (("V-A_Reactive", "var", 1.0), ("KiloV-A_Reactive", "kvar", 1e3), ("MegaV-A_Reactive", "Mvar", 1e6)),
    "voltage": (("V", "V", 1.0), ("MilliV", "mV", 1e-3), ("KiloV", "kV", 1e3)),
    "electric current": (("A", "A", 1.0), ("MilliA", "mA", 1e-3), ("KiloA", "kA", 1e3)),
    "electric charge": (("C", "C", 1.0), ("A-HR", "Ah", _HOUR)),
    "frequency": (("HZ", "Hz", 1.0), ("KiloHZ", "kHz", 1e3), ("MegaHZ", "MHz", 1e6), ("GigaHZ", "GHz", 1e9)),
    "rotational speed": (
        ("REV-PER-MIN", "rpm", 1.0 / 60.0),
        ("RPM", "rpm", 1.0 / 60.0),
        ("REV-PER-SEC", "1/s", 1.0),
        ("REV-PER-HR", "1/h", 1.0 / _HOUR),
    ),
    "temperature": (
        ("K", "K", 1.0),
        ("DEG_C", "°C", 1.0, 273.15),
        ("DEG_F", "°F", 5.0 / 9.0, 459.67),
        ("DEG_R", "°R", 5.0 / 9.0),
    ),
    "ratio": (
        ("UNITLESS", "", 1.0),
        ("NUM", "", 1.0),
        ("FRACTION", "", 1.0),
        ("PERCENT", "%", 0.01),
        ("PERCENT_RH", "% RH", 0.01),
        ("PPM", "ppm", 1e-6),
        ("PPB", "ppb", 1e-9),
        ("PPTH", "‰", 1e-3),
    ),
    "energy": (
        ("J", "J", 1.0),
        ("KiloJ", "kJ", 1e3),
        ("MegaJ", "MJ", 1e6),
        ("W-HR", "Wh", _HOUR),
        ("KiloW-HR", "kWh", 3.6e6),
        ("MegaW-HR", "MWh", 3.6e9),
        ("GigaW-HR", "GWh", 3.6e12),
        ("BTU_IT", "BTU", 1055.05585262),
        ("W-SEC", "Ws", 1.0),
        ("TON_FG-HR", "TRh", 3516.8528420667 * _HOUR),
        ("THERM_US", "thm", 105480400.0),
    ),
    "apparent energy": (("V-A-HR", "VAh", _HOUR), ("KiloV-A-HR", "kVAh", 1e3 * _HOUR)),
    "reactive energy": (("V-A_Reactive-HR", "varh", _HOUR), ("KiloV-A_Reactive-HR", "kvarh", 1e3 * _HOUR)),
    "irradiance": (("W-PER-M2", "W/m2", 1.0),),
    "heat capacity": (("J-PER-K", "J/K", 1.0), ("KiloJ-PER-K", "kJ/K", 1e3)),
    "thermal conductance": (("W-PER-K", "W/K", 1.0), ("KiloW-PER-K", "kW/K", 1e3)),
    "pressure": (
        ("PA", "Pa", 1.0),
        ("HectoPA", "hPa", 1e2),
        ("KiloPA", "kPa", 1e3),
        ("MegaPA", "MPa", 1e6),
        ("BAR", "bar", 1e5),
        ("MilliBAR", "mbar", 1e2),
        ("PSI", "psi", 6894.757293168361),
        ("IN_H2O", "inH2O", 249.08891),
        ("M_H2O", "mH2O", 9806.65),
        ("ATM", "atm", 101325.0),
        ("IN_HG", "inHg", 3386.389),
        ("MilliM_HG", "mmHg", 133.322387415),
    ),
    "volume flow": (
        ("M3-PER-SEC", "m3/s", 1.0),
        ("M3-PER-MIN", "m3/min", 1.0 / 60.0),
        ("M3-PER-HR", "m3/h", 1.0 / _HOUR),
        ("L-PER-SEC", "l/s", 1e-3),
        ("L-PER-MIN", "l/min", 1e-3 / 60.0),
        ("L-PER-HR", "l/h", 1e-3 / _HOUR),
        ("FT3-PER-MIN", "cfm", _FOOT**3 / 60.0),
        ("GAL_US-PER-MIN", "gpm", _GALLON / 60.0),
        ("GAL_US-PER-HR", "gph", _GALLON / _HOUR),
    ),
    "mass flow": (("KiloGM-PER-SEC", "kg/s", 1.0), ("KiloGM-PER-HR", "kg/h", 1.0 / _HOUR)),
    "mass": (("KiloGM", "kg", 1.0), ("GM", "g", 1e-3), ("LB", "lb", 0.45359237)),
    "time": (
        ("SEC", "s", 1.0),
        ("MilliSEC", "ms", 1e-3),
        ("MicroSEC", "us", 1e-6),
        ("MIN", "min", 60.0),
        ("HR", "h", _HOUR),
        ("DAY", "d", 86400.0),
    ),
    "volume": (("M3", "m3", 1.0), ("L", "l", 1e-3), ("FT3", "ft3", _FOOT**3), ("GAL_US", "gal", _GALLON)),
    "length": (("M", "m", 1.0), ("MilliM", "mm", 1e-3), ("CentiM", "cm", 1e-2), ("FT", "ft", _FOOT), ("IN", "in", 0.0254)),
    "area": (("M2", "m2", 1.0), ("FT2", "ft2", _FOOT**2)),
    "velocity": (("M-PER-SEC", "m/s", 1.0), ("FT-PER-MIN", "ft/min", _FOOT / 60.0)),
    "data": (("BIT", "bit", 1.0), ("BYTE", "B", 8.0), ("KiloBYTE", "kB", 8e3), ("MegaBYTE", "MB", 8e6), ("GigaBYTE", "GB", 8e9)),
    "data rate": (
        ("BIT-PER-SEC", "bit/s", 1.0),
        ("KiloBIT-PER-SEC", "kbit/s", 1e3),
        ("MegaBIT-PER-SEC", "Mbit/s", 1e6),
        ("GigaBIT-PER-SEC", "Gbit/s", 1e9),
    ),
    "conductivity": (("S-PER-M", "S/m", 1.0), ("MicroS-PER-CentiM", "uS/cm", 1e-4)),
    "illuminance": (("LUX", "lx", 1.0), ("FC", "fc", 10.763910416709722)),
    "luminous flux": (("LM", "lm", 1.0),),
    "mass concentration": (("KiloGM-PER-M3", "kg/m3", 1.0), ("MicroGM-PER-M3", "ug/m3", 1e-9), ("MilliGM-PER-M3", "mg/m3", 1e-6)),
    "angle": (("RAD", "rad", 1.0), ("DEG", "°", 0.017453292519943295)),
    "sound level": (("DeciB", "dB", 1.0),),
    "resistance": (("OHM", "Ω", 1.0), ("MilliOHM", "mΩ", 1e-3)),
}
_UNITS: dict[str, Unit] = {
    row[0]: Unit(row[0], kind, row[1], row[2], row[3] if len(row) == 4 else 0.0) for kind, rows in _TABLE.items() for row in rows
}


@lru_cache(maxsize=4096)
def conversion(from_: str, to: str) -> tuple[float, float]:
    """`(scale, offset)` such that value in `to` = value in `from_` * scale + offset. Units by IRI or CURIE.

    Raises `UnitError` for an unknown unit and for two that measure different things.
    `conversion("unit:DEG_F", "unit:DEG_C")` is (5/9, -160/9).
    """
    a, b = unit_of(from_), unit_of(to)
    if a.kind != b.kind:
        fits = ", ".join(f"unit:{u.name}" for u in _UNITS.values() if u.kind == b.kind)
        raise UnitError(f"unit:{a.name} measures {a.kind}, unit:{b.name} {b.kind}: they do not convert; give one of {fits}")
    if a is b:
        return 1.0, 0.0
    return a.multiplier / b.multiplier, a.offset * a.multiplier / b.multiplier - b.offset


def unit_of(iri: str) -> Unit:
    """The unit of an IRI or CURIE. Raises `UnitError` when it is not in the table."""
    name = expand(iri).removeprefix(UNIT)
    known = _UNITS.get(name)
    if known is None:
        near = sorted(u.name for u in _UNITS.values() if name.casefold() in {u.name.casefold(), u.symbol.casefold()})
        hint = f"did you mean unit:{near[0]}" if near else "use one that docs/guides/ontology.md lists"
        raise UnitError(f"{iri!r} is no unit that is known here: {hint}")
    return known


def units() -> tuple[Unit, ...]:
    """Every unit of the table, by kind."""
    return tuple(_UNITS.values())
