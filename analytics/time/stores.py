"""How long stored energy carries a load: batteries by Peukert's law, flywheels, and the power law that all of them share.

Powers in kW, energies in kWh, charges in Ah, times in seconds. A load of 0 is carried for ever (`inf`).
"""

from __future__ import annotations

from math import inf


def battery_seconds(
    load_kw: float,
    capacity_ah: float,
    volts: float,
    *,
    hours: float = 20.0,
    exponent: float = 1.25,
    efficiency: float = 0.95,
    charge: float = 1.0,
    health: float = 1.0,
) -> float:
    """How long a battery carries a constant load: t = H (C / (I H))^k with I = P / (eta V).

    `capacity_ah` is rated for a discharge in `hours` (H); `exponent` (k) is 1.25 to 1.35 for lead-acid, 1.05 for lithium; `health` is
    the share of the capacity that is left with age (0.8: IEEE 1188 replaces the battery), `charge` the share of that which is in it.
    Source: W. Peukert, Elektrotechnische Zeitschrift 20 (1897) 287.

    >>> [round(battery_seconds(10, 100, 240, exponent=k) / 60, 1) for k in (1.05, 1.25, 1.35)]
    [122.7, 79.5, 64.0]
    """
    return charge * power_law_seconds(load_kw, hours * 3600, rated_discharge_kw(capacity_ah, volts, hours, efficiency) * health, exponent)


def rated_discharge_kw(capacity_ah: float, volts: float, hours: float, efficiency: float) -> float:
    """The load that empties a new battery in its rated time, kW: C V eta / H."""
    return capacity_ah * volts * efficiency / (1000 * hours)


def flywheel_seconds(load_kw: float, stored_kwh: float, *, efficiency: float = 0.95, charge: float = 1.0) -> float:
    """How long a flywheel (or any store without a rate effect) carries a load: stored energy over load.

    >>> flywheel_seconds(250, 1.25, efficiency=1.0)
    18.0
    """
    return charge * power_law_seconds(load_kw, 3600.0, stored_kwh * efficiency, 1.0)


def power_law_seconds(load_kw: float, seconds: float, at_kw: float, exponent: float) -> float:
    """What carries `at_kw` for `seconds` carries another load for seconds * (at_kw / load)^exponent; exponent 0: for `seconds` always."""
    if exponent == 0:
        return seconds
    return inf if load_kw <= 0 else seconds * float((at_kw / load_kw) ** exponent)
