"""How a room warms up, by hand, and how times are said; each docstring shows the sum."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.time.heat import AIR_KJ_PER_M3_K, air_rise, seconds_to_rise
from analytics.time.story import span


def test_a_room_warms_up_as_the_two_node_model_says() -> None:
    """100 kW into 300 m3 (C_a = 361.8 kJ/K), 20 racks of 400 kJ/K, hA = 3 kW/K: tau = 115.4 s."""
    air = 300 * AIR_KJ_PER_M3_K

    rises = [round(float(air_rise(100, t, air, 8000, 3)), 1) for t in (30, 60, 180, 300, 600)]
    times = [round(float(seconds_to_rise(100, k, air, 8000, 3)), 1) for k in (5, 8, 13)]

    assert air == pytest.approx(361.8)
    assert rises == [7.3, 13.1, 26.3, 31.8, 37.5]
    assert times == [19.6, 33.1, 59.5]
    assert round(float(seconds_to_rise(100, 10, air, 0, 3)), 1) == 36.2


def test_heating_starts_at_its_greatest_rate_and_falls_to_its_least() -> None:
    """Q / C_a = 100 / 361.8 K/s = 16.6 K/min; Q / (C_a + C_s) = 100 / 8,361.8 K/s = 0.718 K/min."""
    first = float(air_rise(100, 0.001, 361.8, 8000, 3)) / 0.001
    last = float(air_rise(100, 10_001, 361.8, 8000, 3) - air_rise(100, 10_000, 361.8, 8000, 3))

    assert (round(first * 60, 1), round(last * 60, 3)) == (16.6, 0.718)


def test_the_time_to_a_rise_is_the_inverse_of_the_rise() -> None:
    """Whatever the room; without heat never, without a rise at once."""
    chance = np.random.default_rng(3)
    heat, air, solid, exchange = (chance.uniform(low, high, 200) for low, high in ((1, 900), (20, 9000), (0, 90_000), (0.1, 40)))
    rise = chance.uniform(0.1, 30, 200)

    seconds = seconds_to_rise(heat, rise, air, solid, exchange)

    assert air_rise(heat, seconds, air, solid, exchange) == pytest.approx(rise, rel=1e-9)
    assert seconds_to_rise(0.0, 5, 300, 8000, 3) == np.inf
    assert seconds_to_rise(100, -1, 300, 8000, 3) == 0.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.02, "20 ms"), (9.84, "9.8 s"), (400, "6 min 40 s"), (600, "10 min"), (12_000, "3 h 20 min"), (59.97, "1 min")],
)
def test_a_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    """Two parts at most."""
    assert span(seconds) == words
