"""What the BMS Event Bus names, and what that is in Brick and the extension: data only.

Source: NVIDIA DSX Exchange, AsyncAPI "BMS Event Bus" 1.0.0 (Apache-2.0). `tests/adapters/test_dsx_contract.py` reads it and tells of every
object type and point type that is missing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ontology.namespaces import BRICK, DCX

PERIOD_S = 100
"""Seconds after which an unchanged value, and all metadata, is published again."""
HEARTBEAT_S = 10
"""Seconds between two heartbeats."""
HEARTBEATS_MISSED = 3
"""So many that do not come are a link that is gone: as three polls that fail (reliability reference 2.2)."""
PUBLISHER = "PUB"
"""The BMS itself, in place of an integration."""
GOOD = 1
"""The quality of a value that is to be trusted; any other integer says that it is not."""

POWER, LIQUID, AIR = DCX + "feedsPower", DCX + "feedsLiquidCooling", DCX + "feedsAirCooling"


class Kind(NamedTuple):
    """An object type: its class, and what `servesId` of it means; empty where the type does not tell (a sensor, a generic object)."""

    cls: str
    feeds: str = ""


OBJECTS: Mapping[str, Kind] = {
    "Rack": Kind(BRICK + "ICT_Rack"),
    "UPS": Kind(DCX + "UPS", POWER),
    "ATS": Kind(BRICK + "Automatic_Transfer_Switch", POWER),
    "Generator": Kind(DCX + "Generator", POWER),
    "BESS": Kind(BRICK + "Battery_Energy_Storage_System", POWER),
    "Breaker": Kind(BRICK + "Circuit_Breaker", POWER),
    "Shunt": Kind(BRICK + "Electrical_Equipment", POWER),
    "CDU": Kind(DCX + "CDU", LIQUID),
    "CoolingTower": Kind(BRICK + "Cooling_Tower", LIQUID),
    "HX": Kind(BRICK + "Heat_Exchanger", LIQUID),
    "CRAH": Kind(BRICK + "CRAH", AIR),
    "CRAC": Kind(BRICK + "CRAC", AIR),
    "AHU": Kind(BRICK + "AHU", AIR),
    "Chiller": Kind(BRICK + "Chiller", LIQUID),
    "Valve": Kind(BRICK + "Valve", LIQUID),
    "Pump": Kind(BRICK + "Pump", LIQUID),
    "Fan": Kind(BRICK + "Fan", AIR),
    "Damper": Kind(BRICK + "Damper", AIR),
    "Tank": Kind(BRICK + "Tank", LIQUID),
    "PowerMeter": Kind(BRICK + "Electrical_Meter", POWER),
    "Sensor": Kind(BRICK + "Sensor_Equipment"),
    "System": Kind(BRICK + "Controller"),
    "GenericObject": Kind(BRICK + "Equipment"),
}
"""In the order in which they name a thing that several types share an id for: what a meter or a sensor of one name measures comes first."""

PASSES_ON = frozenset({"Sensor", "System"})
"""What measures or steers, and supplies nothing of its own."""
IN_SERIES = frozenset({"UPS", "ATS", "Breaker"})
"""What stands in the path of the meter that it is associated with: all of it must be up for the meter to have power."""
BESIDE = frozenset({"Generator"})
"""What is one supply of the meter that it is associated with, beside the others."""


class Shape(NamedTuple):
    """A point type: its class as a reading, as a set point, and for air on the supply and on the return side (of water, Brick
    says whether it enters or leaves, which the bus does not)."""

    sensor: str
    setpoint: str = BRICK + "Setpoint"
    supply: str = ""
    back: str = ""


_STATUS = Shape(BRICK + "Status")
POINTS: Mapping[str, Shape] = {
    "RackLiquidSupplyTemperature": Shape(DCX + "Coolant_Supply_Temperature_Sensor"),
    "RackLiquidReturnTemperature": Shape(DCX + "Coolant_Return_Temperature_Sensor"),
    "RackLiquidFlow": Shape(DCX + "Coolant_Flow_Sensor"),
    "RackLiquidDifferentialPressure": Shape(BRICK + "Water_Differential_Pressure_Sensor"),
    "RackLiquidDifferentialPressureSp": Shape(*(2 * (BRICK + "Water_Differential_Pressure_Setpoint",))),
    "RackControlValvePosition": Shape(BRICK + "Valve_Position_Sensor"),
    "RackPower": Shape(DCX + "Rack_Power_Sensor"),
    "RackLeakDetect": Shape(BRICK + "Leak_Alarm"),
    "RackLeakDetectTray": Shape(BRICK + "Leak_Alarm"),
    "RackLeakSensorFault": Shape(BRICK + "Alarm"),
    "RackLiquidIsolationStatus": _STATUS,
    "RackElectricalIsolationStatus": _STATUS,
    "RackLiquidIsolationRequest": Shape(BRICK + "Command"),
    "RackElectricalIsolationRequest": Shape(BRICK + "Command"),
    "Voltage": Shape(BRICK + "Voltage_Sensor"),
    "PowerFactor": Shape(BRICK + "Power_Factor_Sensor"),
    "Frequency": Shape(BRICK + "Frequency_Sensor"),
    "ApparentPower": Shape(BRICK + "Apparent_Power_Sensor"),
    "ActivePower": Shape(BRICK + "Active_Power_Sensor"),
    "Current": Shape(BRICK + "Current_Sensor"),
    "CurrentLimit": Shape(BRICK + "Current_Limit"),
    "PhaseCurrent": Shape(BRICK + "Current_Sensor"),
    "LiquidTemperature": Shape(BRICK + "Water_Temperature_Sensor", BRICK + "Water_Temperature_Setpoint"),
    "LiquidDifferentialPressure": Shape(BRICK + "Water_Differential_Pressure_Sensor", BRICK + "Water_Differential_Pressure_Setpoint"),
    "LiquidFlow": Shape(BRICK + "Water_Flow_Sensor", BRICK + "Water_Flow_Setpoint"),
    "LiquidPressure": Shape(BRICK + "Water_Pressure_Sensor", BRICK + "Water_Pressure_Setpoint"),
    "LiquidTemperatureSpRequest": Shape(*(2 * (BRICK + "Water_Temperature_Setpoint",))),
    "AirTemperature": Shape(
        BRICK + "Air_Temperature_Sensor",
        BRICK + "Air_Temperature_Setpoint",
        BRICK + "Supply_Air_Temperature_Sensor",
        BRICK + "Return_Air_Temperature_Sensor",
    ),
    "AirDifferentialPressure": Shape(BRICK + "Air_Differential_Pressure_Sensor", BRICK + "Air_Differential_Pressure_Setpoint"),
    "AirRelativeHumidity": Shape(BRICK + "Relative_Humidity_Sensor", BRICK + "Humidity_Setpoint"),
    "AirFlow": Shape(
        BRICK + "Air_Flow_Sensor", BRICK + "Air_Flow_Setpoint", BRICK + "Supply_Air_Flow_Sensor", BRICK + "Return_Air_Flow_Sensor"
    ),
    "AirPressure": Shape(BRICK + "Air_Pressure_Sensor", BRICK + "Air_Pressure_Setpoint"),
    "ValvePosition": Shape(BRICK + "Valve_Position_Sensor"),
    "PumpSpeed": Shape(BRICK + "Speed_Sensor", BRICK + "Speed_Setpoint"),
    "FanSpeed": Shape(BRICK + "Speed_Sensor", BRICK + "Speed_Setpoint"),
    "DamperPosition": Shape(BRICK + "Damper_Position_Sensor", BRICK + "Damper_Position_Setpoint"),
    "LeakDetect": Shape(BRICK + "Leak_Alarm"),
    "Sound": Shape(BRICK + "Sensor"),
    "Status": _STATUS,
    "Available": _STATUS,
    "GenericPoint": Shape(BRICK + "Point"),
    "HeartbeatTimestampBms": _STATUS,
    "HeartbeatEchoBms": _STATUS,
    "HeartbeatTimestampIntegration": _STATUS,
    "HeartbeatEchoIntegration": _STATUS,
}
"""A type that is not here (the bus lets vendors add their own) is read as a generic point."""

HEARTBEATS = frozenset(name for name in POINTS if name.startswith("Heartbeat"))
ASKED_FOR = frozenset({"RackLiquidIsolationRequest", "RackElectricalIsolationRequest", "LiquidTemperatureSpRequest", "GenericPoint"})
"""What an integration asks of the plant; the other points of integrations are what they measure or how they are."""
READ_BACK: Mapping[str, str] = {
    "RackLiquidIsolationRequest": "RackLiquidIsolationStatus",
    "RackElectricalIsolationRequest": "RackElectricalIsolationStatus",
    "LiquidTemperatureSpRequest": "LiquidTemperature",
}
"""The point type of the same object that tells what became of a request (a temperature: the one that is a set point)."""
