"""How long stores of energy last, by hand and by the published vectors, asked of the whole timeline; each docstring shows the sum."""

from __future__ import annotations

import pytest

from analytics.time.timeline import Timeline
from tests.analytics.test_countdown import counting, left
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


IMPOSSIBLE = {
    "peukertExponent": ("0.2", "of 0.2 at urn:site:String is not counted: give a value from 1 to 2", (1.25, 1.35)),
    "stateOfHealth": ("7", "of 7 at urn:site:String is not counted: give a value above 0 and at most 1", (0.8, 1.0)),
    "inverterEfficiency": ("5.0", "of 5 at urn:site:String is not counted: give a value above 0 and at most 1", (0.94, 0.96)),
}


@pytest.mark.parametrize("of", IMPOSSIBLE)
def test_an_impossible_figure_of_a_battery_is_told_and_its_class_s_counts(of: str) -> None:
    """The bounds are those of a battery that states none: k 1.25 to 1.35, 0.8 to 1 of its charge, eta 0.94 to 0.96."""
    value, why, (low, high) = IMPOSSIBLE[of]
    plain = BATTERY.replace("{more}", "dcx:peukertExponent 1.25 ; dcx:stateOfHealth 1").replace("0.95", "0.95 ")
    known = {"peukertExponent": "1.25", "stateOfHealth": "1", "inverterEfficiency": "0.95 "}[of]
    answer, silent = (
        follow(plain.replace(f"dcx:{of} {known}", f"dcx:{of} {said}" if said else "rdfs:label 'it'"), "Utility") for said in (value, "")
    )

    assert lost(answer) == lost(silent)
    assert f"urn:site:UPS: dcx:{of} {why}" in answer.assumed
    assert f"dcx:{of} of 1 dcx:Battery_String is {low:g} to {high:g}: what their model states does not count" in answer.assumed
    assert f"dcx:{of} of 1 dcx:Battery_String is {low:g} to {high:g}: their model states none" in silent.assumed


def test_what_is_no_number_is_told_so() -> None:
    """Of a battery, and of a UPS; neither counts."""
    battery = follow(BATTERY.replace("{more}", "dcx:peukertExponent 'k' ; dcx:stateOfHealth 1"), "Utility")
    ups = follow(":U a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:ridethroughSeconds 'long' ; dcx:feedsPower :R .", "U")

    assert "urn:site:UPS: dcx:peukertExponent at urn:site:String is no number: it is not counted" in battery.assumed
    assert "urn:site:A: dcx:ridethroughSeconds is no number: it is not counted" in ups.assumed


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


# -- One behind several --


def shared(*, a_kw: float, b_kw: float, more: str = "") -> str:
    """One flywheel of 10 kWh behind two UPSs on utilities of their own, each with a rack."""
    return f"""
    :UA a dcx:Utility_Feed ; dcx:feedsPower :UPS-A . :UB a dcx:Utility_Feed ; dcx:feedsPower :UPS-B .
    :UPS-A a dcx:UPS ; dcx:feedsPower :Rack-A . :UPS-B a dcx:UPS ; dcx:feedsPower :Rack-B .
    :Wheel a dcx:Flywheel ; dcx:feedsPower :UPS-A, :UPS-B ; dcx:inverterEfficiency 1 ; dcx:stateOfHealth 1 ;
        dcx:storedEnergy [ brick:value 10 ; {KWH} ] .
    :Rack-A a brick:ICT_Rack ; dcx:allocatedPower [ brick:value {a_kw} ; {KW} ] .
    :Rack-B a brick:ICT_Rack ; dcx:allocatedPower [ brick:value {b_kw} ; {KW} ] . {more}
    """


def racks_of(answer: Timeline) -> list[Times]:
    found = lost(answer)
    return [found[f"Rack-{side} Power"] for side in "AB" if f"Rack-{side} Power" in found]


@pytest.mark.parametrize(("a_kw", "b_kw"), [(10.0, 10.0), (15.0, 5.0), (5.0, 15.0)])
def test_one_store_behind_two_upss_is_emptied_by_both_whoever_draws_more(a_kw: float, b_kw: float) -> None:
    """10 kWh under 20 kW: half an hour for both, not the 40 to 120 min that each alone would have."""
    answer = follow(shared(a_kw=a_kw, b_kw=b_kw), "UA", "UB")

    assert racks_of(answer) == [(1800.0, 1800.0), (1800.0, 1800.0)]
    assert "urn:site:UPS-A: urn:site:Wheel stands behind 2: those that it carries at once empty it together" in answer.assumed


def test_a_shared_store_carries_alone_whoever_needs_it() -> None:
    """Only A is without: all of the 10 kWh are for its 10 kW, an hour."""
    assert racks_of(follow(shared(a_kw=10, b_kw=10), "UA")) == [(3600.0, 3600.0)]


def with_its_own_before(seconds: int) -> str:
    """The same with 10 kW each, and a UPS with a flywheel of its own between utility B and UPS-B."""
    before = ":UB dcx:feedsPower :Pre . :Pre a dcx:UPS ; dcx:feedsPower :UPS-B ."
    wheel = f":W a dcx:Flywheel ; dcx:feedsPower :Pre ; dcx:ridethroughSeconds {seconds} ."
    site = shared(a_kw=10, b_kw=10, more=before + wheel)
    return site.replace(":UB a dcx:Utility_Feed ; dcx:feedsPower :UPS-B .", ":UB a dcx:Utility_Feed .")


def test_what_one_ups_has_taken_out_of_a_shared_store_the_other_has_not() -> None:
    """B has a store of its own before it for 900 s: A empties 2.5 of the 10 kWh by then, both the rest at 20 kW: 900 + 1,350 = 2,250 s."""
    site = with_its_own_before(900)

    assert racks_of(follow(site, "UA", "UB")) == [(2250.0, 2250.0), (2250.0, 2250.0)]


def test_a_store_that_was_emptied_for_one_carries_no_other() -> None:
    """B's own store before it lasts 2 h; by then A has emptied the wheel, after one: B is lost with its own."""
    site = with_its_own_before(7200)

    assert racks_of(follow(site, "UA", "UB")) == [(3600.0, 3600.0), (7200.0, 7200.0)]


def test_stores_of_which_one_alone_is_shared_have_bounds_for_both_ways_to_share_it() -> None:
    """B has 10 kWh of its own beside the shared 10. Lower bounds: A's 10 kWh under both 10 kW, half an hour, and B with A gone draws its
    10 kW: B's 20 kWh, half an hour at 20 kW, then 10 kW. Upper bounds: as if the other drew nothing, one and two hours."""
    own = f":Own a dcx:Flywheel ; dcx:feedsPower :UPS-B ; dcx:inverterEfficiency 1 ; dcx:storedEnergy [ brick:value 10 ; {KWH} ] ."

    (a_low, a_high), (b_low, b_high) = racks_of(follow(shared(a_kw=10, b_kw=10, more=own), "UA", "UB"))

    assert (a_low, a_high) == (1800.0, 3600.0)
    assert 3600.0 <= b_low <= 5400.0
    assert b_high == 7200.0


def test_a_stated_time_of_a_shared_store_is_at_the_ratings_of_all_that_it_feeds() -> None:
    """600 s for two UPSs of 10 kW: 600 s at 20 kW; at 10 kW in all with k = 1 twice as long."""
    site = shared(a_kw=5, b_kw=5).replace(
        f"dcx:storedEnergy [ brick:value 10 ; {KWH} ]", "dcx:ridethroughSeconds 600 ; dcx:peukertExponent 1.0"
    )
    rated = "".join(f":UPS-{side} dcx:ratedPower [ brick:value 10 ; {KW} ] ." for side in "AB")

    assert racks_of(follow(site + rated, "UA", "UB")) == [(1200.0, 1200.0), (1200.0, 1200.0)]


def test_a_countdown_of_a_shared_store_is_its_timeline_less_what_has_passed() -> None:
    """600 of 1,800 s after both utilities have gone: 1,200 s; and a charge of 50 % then: 900 s."""
    site = shared(a_kw=10, b_kw=10, more=":Wheel brick:hasPoint :Charge . :Charge a dcx:State_Of_Charge_Sensor .")
    plain = left(counting(site, "UA", "UB", after=600))
    read = left(counting(site, "UA", "UB", after=600, readings={"Charge": (50.0, 600.0)}))

    assert [plain[f"Rack-{side} Power"] for side in "AB"] == [(1200.0, 1200.0)] * 2
    assert [read[f"Rack-{side} Power"] for side in "AB"] == [(900.0, 900.0)] * 2
