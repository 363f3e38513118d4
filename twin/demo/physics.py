"""The plant's physics as pure functions over arrays: losses, batteries, air and water. Each constant has its source beside it.

Powers in kW, energies in kWh, temperatures in degrees Celsius, times in seconds, thermal masses in kJ/K. "Usual figure" marks what
engineers take where a site gives nothing; it is no measurement.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# -- electricity --

LINE_VOLTS = 400.0  # IEC 60038, three-phase low voltage
FREQUENCY_HZ = 50.0
POWER_FACTOR = 0.95  # usual figure for server supplies with power-factor correction
UPS_LOSS = (0.008, 0.012, 0.025)  # of rating: no-load, linear, quadratic; gives 96 % at half load, a usual double-conversion figure
TRANSFORMER_LOSS = (0.0015, 0.0, 0.009)  # of rating: no-load and load loss, usual figures of a 1 to 3 MVA dry transformer
PDU_LOSS = (0.003, 0.0, 0.012)  # of rating: a PDU with its own isolation transformer, usual figures

# -- batteries and engines --

PEUKERT = 1.25  # VRLA; LFP would be 1.05 [servnet, geratools figures]
BATTERY_SECONDS = 600.0  # time at the module's full rating; usual choice with generators behind it
BATTERY_VOLTS = 480.0  # 40 blocks of 12 V
BATTERY_EFFICIENCY = 0.95
CHARGE_SHARE = 0.1  # charger power as a share of the module's rating; usual figure
GENERATOR_START_S = 10.0  # NFPA 110 Type 10: at most 10 s without acceptable power
GENERATOR_RUN_ON_S = 300.0  # cool-down after the utility is back, usual setting
FUEL_LITRES_PER_KWH = 0.27  # usual full-load figure of a large diesel set
TANK_HOURS = 8.0  # day tank at rated load, usual choice

# -- air and water --

AIR_KJ_PER_K_RACK = 361.8 / 20  # 300 m3 of air for 20 racks, rho 1.2 kg/m3, c_p 1.005 kJ/kgK
SOLID_KJ_PER_K_RACK = 8000.0 / 20  # 800 kg a rack at 0.5 kJ/kgK
EXCHANGE_KW_PER_K_RACK = 3.0 / 20  # hA 3 kW/K for 20 racks; illustrative (form of Khankari, ASHRAE Trans. 117-1, 2011)
RACK_DELTA_K = 12.0  # air temperature rise through servers at planned load: 0.0691 m3/s per kW
WATER_KJ_PER_LITRE_K = 4.186
CHILLED_WATER_C = 16.0
CHILLED_WATER_DELTA_K = 6.0
WATER_LITRES_PER_KW = 8.0  # chilled-water volume a kW of design load; usual figure without a buffer tank
COOLANT_C = 32.0  # ASHRAE TC 9.9 liquid class W32
COOLANT_DELTA_K = 8.0
COOLANT_LITRES_PER_KW = 2.0  # usual figure of a technology loop
COOLANT_TRIP_C = 55.0  # where liquid-cooled servers shut down; usual figure
INLET_TRIP_C = 45.0  # upper limit of ASHRAE class A4: here the servers shut themselves down
INLET_RESTART_C = 30.0
SETPOINT_C = 22.0  # inside ASHRAE TC 9.9 recommended 18 to 27 degrees at the inlet
SETPOINT_RANGE_C = (15.0, 32.0)  # ASHRAE class A1, allowable
COP = 5.0  # chiller at full load (SustainDC: HewlettPackard/dc-rl, utils/dc_config.json)
PART_LOAD = (2.333, -1.975, 0.6121)  # power over full-load power per unit of cooling, by part-load ratio (same source)
CHILLER_RESTART_S = 150.0  # full capacity back 2 to 3 minutes after restart (missioncriticalmagazine 82550)
FAN_KW = 5.0  # a CRAH's fans at full speed; usual figure of a 120 kW unit
TOWER_SHARE = 0.015  # fan power of towers a kW of heat; usual figure
CONDENSER_PUMP_SHARE = 0.02  # pump power a kW of heat; usual figure
PUMP_SHARE = 0.025  # chilled-water pump power a kW of heat; usual figure
CDU_PUMP_SHARE = 0.02  # CDU pump power a kW of heat; usual figure
CONTROL_S = 30.0
"""Time in which a cooling control closes a temperature error."""


def by_group(group: NDArray[np.int64], weights: Floats | NDArray[np.bool_], size: int) -> Floats:
    """Sum of `weights` for each of `size` groups."""
    return np.bincount(group, weights=weights, minlength=size).astype(np.float64)


def loss_kw(output_kw: Floats, rating_kw: Floats, curve: Floats) -> Floats:
    """Losses of energised machines: `curve` of shape (n, 3) gives no-load, linear and quadratic share of rating over loading."""
    with np.errstate(divide="ignore", invalid="ignore"):
        loading = np.where(rating_kw > 0, output_kw / rating_kw, 0.0)
    return rating_kw * (curve[:, 0] + loading * (curve[:, 1] + loading * curve[:, 2]))


def current_a(kw: Floats) -> Floats:
    """Line current of a three-phase load, A: P / (sqrt(3) U pf)."""
    return kw * (1000 / (sqrt(3) * LINE_VOLTS * POWER_FACTOR))


def battery_seconds(kw: Floats, rating_kw: Floats) -> Floats:
    """Time that a full battery carries a load: Peukert, t proportional to I^-k, fixed by `BATTERY_SECONDS` at the rating."""
    with np.errstate(divide="ignore"):
        return BATTERY_SECONDS * np.power(rating_kw / np.maximum(kw, 1e-6), PEUKERT)


def two_node(air_c: Floats, solid_c: Floats, net_kw: Floats, racks: Floats, seconds: float) -> tuple[Floats, Floats]:
    """Air and solid temperature of rooms after `seconds` of constant net heat `net_kw` into the air; exact for any length.

    C_a dT_a/dt = Q - hA (T_a - T_s); C_s dT_s/dt = hA (T_a - T_s). The mean (by mass) rises by Qt/(C_a + C_s); the difference tends to
    Q tau / C_a with tau = C_a C_s / (hA (C_a + C_s)).
    """
    c_air, c_solid, exchange = AIR_KJ_PER_K_RACK * racks, SOLID_KJ_PER_K_RACK * racks, EXCHANGE_KW_PER_K_RACK * racks
    both = c_air + c_solid
    tau = c_air * c_solid / (exchange * both)
    mean = (c_air * air_c + c_solid * solid_c + net_kw * seconds) / both
    end = net_kw * tau / c_air
    difference = end + (air_c - solid_c - end) * np.exp(-seconds / tau)
    return mean + difference * c_solid / both, mean - difference * c_air / both


def chiller_kw(cooling_kw: Floats, capacity_kw: Floats) -> Floats:
    """Electric power of chillers: cooling over COP, corrected for part load, which is held between a quarter and full."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip(np.where(capacity_kw > 0, cooling_kw / capacity_kw, 1.0), 0.25, 1.0)
    return cooling_kw / COP * (PART_LOAD[0] + part * (PART_LOAD[1] + part * PART_LOAD[2]))
