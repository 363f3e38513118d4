"""How fast a room warms up when cooling is lost: the two-node model, and air alone.

Powers in kW, heat capacities in kJ/K, heat exchange (hA) in kW/K, temperatures and rises in K, times in seconds.

C_a dT_a/dt = Q - hA (T_a - T_s); C_s dT_s/dt = hA (T_a - T_s): a room's air takes up the servers' heat Q and hands part of it to the
solids (form of V. Khankari, ASHRAE Transactions 117-1, 2011: the rate starts at its maximum Q / C_a and falls to Q / (C_a + C_s)).
"""

from __future__ import annotations

import numpy as np

from graph.values import Floats

AIR_KJ_PER_M3_K = 1.2 * 1.005
"""Density 1.2 kg/m3 times 1.005 kJ/(kg K), air at 20 degrees Celsius and sea level."""
WATER_KJ_PER_M3_K = 4186.0
HALVINGS = 100
"""Steps of the search for a time: more than a double can tell apart."""


def air_rise(kw: Floats | float, seconds: Floats | float, air: Floats | float, solid: Floats | float, exchange: Floats | float) -> Floats:
    """By how much the air is warmer after `seconds` of constant heat `kw`, with heat capacities `air` and `solid`:

    Q t / (C_a + C_s) + Q C_s tau / (C_a (C_a + C_s)) (1 - exp(-t / tau)), tau = C_a C_s / (hA (C_a + C_s)).
    """
    both = np.add(air, solid)
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = np.where(np.less_equal(solid, 0), 0.0, np.multiply(air, solid) / (np.asarray(exchange) * both))
        relaxed = np.where(tau > 0, -np.expm1(-np.divide(seconds, tau)), 0.0)
    return np.asarray(np.multiply(kw, seconds) / both + np.multiply(kw, solid) * tau / (np.asarray(air) * both) * relaxed)


def seconds_to_rise(
    kw: Floats | float, rise: Floats | float, air: Floats | float, solid: Floats | float, exchange: Floats | float
) -> Floats:
    """How long until the air is `rise` kelvin warmer: the inverse of `air_rise`, which grows without end. `inf` without heat, 0 without
    a rise. Cost: some hundred evaluations over all rooms at once."""
    heat, wanted = np.asarray(kw, dtype=np.float64), np.maximum(rise, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(heat > 0, wanted * np.asarray(air) / heat, np.inf)  # never faster than the air alone
        high = np.where(heat > 0, wanted * np.add(air, solid) / heat, np.inf)  # never slower than both as one
    for _ in range(HALVINGS):
        middle = np.where(np.isinf(low), np.inf, (low + np.where(np.isinf(high), low, high)) / 2)
        with np.errstate(invalid="ignore"):
            reached = air_rise(heat, np.where(np.isinf(middle), 0.0, middle), air, solid, exchange) >= wanted
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.asarray(high)
