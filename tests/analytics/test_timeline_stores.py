"""How long stores of energy last, by hand and by the published vectors, asked of the whole timeline; each docstring shows the sum."""

from __future__ import annotations

import pytest

from tests.analytics.test_timeline import BATTERY, ROOM, Times, follow, lost

KW, KWH = "brick:hasUnit unit:KiloW", "brick:hasUnit unit:KiloW-HR"


def rack_of(answer: dict[str, Times]) -> Times:
    """When the rack is lost, in minutes to one decimal."""
    lower, upper = answer["Rack Power"]
    assert upper is not None
    return round(lower / 60, 1), round(upper / 60, 1)


@pytest.mark.parametrize(("exponent", "minutes"), [(1.05, 122.7), (1.25, 79.5), (1.35, 64.0)])
def test_a_battery_lasts_as_peukert_says(exponent: float, minutes: float) -> None:
    """100 Ah at 20 h, 240 V, 10 kW, eta 0.95: I = 10,000 / (0.95 * 240) = 43.86 A; t = 20 (100 / (43.86 * 20))^k hours."""
    answer = follow(BATTERY.replace("{more}", f"dcx:peukertExponent {exponent} ; dcx:stateOfHealth 1"), "Utility")

    assert rack_of(lost(answer)) == (minutes, minutes)


def test_an_old_battery_lasts_less() -> None:
    """At 80 % of its capacity 0.8^1.25 = 0.7566 of 79.49 min: 60.1 min."""
    answer = follow(BATTERY.replace("{more}", "dcx:peukertExponent 1.25 ; dcx:stateOfHealth 0.8"), "Utility")

    assert rack_of(lost(answer)) == (60.1, 60.1)


WHEEL = f"""
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS . :UPS a dcx:UPS ; dcx:feedsPower :Rack .
:Wheel a dcx:Flywheel ; dcx:feedsPower :UPS ; dcx:inverterEfficiency 1 ; dcx:storedEnergy [ brick:value 1.25 ; {KWH} ] .
:Rack a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 250 ; {KW} ] .
"""


def test_a_flywheel_lasts_its_energy_over_the_load() -> None:
    """1.25 kWh at 250 kW: 1.25 / 250 h = 18 s."""
    assert lost(follow(WHEEL, "Utility"))["Rack Power"] == (18.0, 18.0)


@pytest.mark.parametrize(("rise", "air", "both"), [(5, 18.1, 19.6), (8, 28.9, 33.1), (10, 36.2, 43.0), (13, 47.0, 59.5)])
def test_a_room_lasts_as_the_two_node_model_says(rise: int, air: float, both: float) -> None:
    """100 kW, 300 m3, 8,000 kJ/K, 3 kW/K, a limit of 35 degrees, from so many kelvin below: air alone rise * 361.8 / 100 s, and longer with
    the solids (published for 5, 8 and 13 K). 10 K, t = 43.0: 100 * 43.0 / 8361.8 + 30.516 (1 - e^(-43.0 / 115.4)) = 0.514 + 9.49."""
    site = ROOM.replace("dcx:inletTemperature [ brick:value 22", f"dcx:inletTemperature [ brick:value {35 - rise}")

    lower, upper = lost(follow(site, "CRAH"))["S-1 AirCooling"]

    assert upper is not None
    assert (round(lower, 1), round(upper, 1)) == (air, both)


# -- Several behind one --


def beside(battery: str, wheel: str, energy_kwh: float, more: str = "dcx:peukertExponent 1.25 ; dcx:stateOfHealth 1") -> dict[str, Times]:
    """The battery with a flywheel beside it, each under a name of its own."""
    site = BATTERY.replace("{more}", more).replace(":String", f":{battery}") + (
        f":{wheel} a dcx:Flywheel ; dcx:feedsPower :UPS ; dcx:inverterEfficiency 1 ; dcx:stateOfHealth 1 ;"
        f" dcx:storedEnergy [ brick:value {energy_kwh} ; {KWH} ] ."
    )
    return lost(follow(site, "Utility", horizon_s=80_000))


@pytest.mark.parametrize(("battery", "wheel"), [("A", "B"), ("B", "A")])
def test_a_store_of_next_to_nothing_beside_a_battery_takes_nothing_from_it_whatever_the_names(battery: str, wheel: str) -> None:
    """The battery gives 1.14 kW for 20 h (k = 1.25), the wheel 0.01 kWh, 0.0005 kW for 20 h (k = 1): 1.1405 kW. At 10 kW from
    20 h 0.11405^1.25 = 79.5 min to 20 h * 0.11405 = 136.9 min; both empty together at 79.6 min."""
    assert rack_of(beside(battery, wheel, 0.01)) == (79.5, 136.9)


@pytest.mark.parametrize(("battery", "wheel"), [("A", "B"), ("B", "A")])
@pytest.mark.parametrize("energy", [0.01, 1.0, 10.0, 22.8, 100.0])
def test_stores_of_different_laws_last_as_long_as_both_together_within_the_bounds(battery: str, wheel: str, energy: float) -> None:
    """Emptied together at t they carry 1.14 (20 h / t)^(1 / 1.25) kW and E / t: t where that is 10 kW lies between the bounds, and
    neither bound is below the battery's alone."""

    def both(seconds: float) -> float:
        return float(1.14 * (72_000 / seconds) ** (1 / 1.25) + energy * 3600 / seconds)

    low, high = 1.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if both(middle) > 10 else (low, middle)
    lower, upper = beside(battery, wheel, energy)["Rack Power"]

    assert upper is not None
    assert lower <= low <= upper
    assert lower >= 4769.3


def test_a_range_of_exponents_keeps_the_lower_bound_below_and_the_upper_above() -> None:
    """Nothing is said of k (1.25 to 1.35) and of age (0.8 to 1): the bounds are those of the worst and the best that may be so."""
    lower, upper = beside("A", "B", 5.0, more="a dcx:Battery_String")["Rack Power"]

    for exponent, health in ((1.25, 0.8), (1.35, 0.8), (1.25, 1.0), (1.35, 1.0)):
        seconds = min(s for s in range(1000, 20_000) if 1.14 * health * (72_000 / s) ** (1 / exponent) + 5 * 3600 / s <= 10)
        assert upper is not None
        assert lower <= seconds <= upper + 1


def test_a_store_without_a_rating_beside_one_with_a_capacity_says_the_least_time_alone() -> None:
    """100 s at any load are stated, no rating; the battery beside it adds what is not known: 100 s at the least, its 20 h at the most."""
    site = BATTERY.replace("{more}", "dcx:peukertExponent 1.25 ; dcx:stateOfHealth 1") + (
        ":W a dcx:Flywheel ; dcx:feedsPower :UPS ; dcx:ridethroughSeconds 100 ."
    )

    assert lost(follow(site, "Utility", horizon_s=80_000))["Rack Power"] == (100.0, 72_000.0)
