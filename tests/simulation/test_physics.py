"""The plant's physics against hand-calculated cases and the trade's figures."""

from __future__ import annotations

import numpy as np
import pytest

from twin.demo import physics


@pytest.mark.parametrize(("seconds", "rise"), [(30, 7.3), (60, 13.1), (180, 26.3), (300, 31.8), (600, 37.5)])
def test_a_hall_that_loses_its_cooling_warms_as_the_two_node_model_says(seconds: int, rise: float) -> None:
    """100 kW in 20 racks: C_a 361.8 kJ/K, C_s 8,000 kJ/K, hA 3 kW/K, so tau = 361.8 x 8000 / (3 x 8361.8) = 115.4 s.

    After 30 s: 100 x 30 / 8361.8 = 0.359 K of the mean, and 100 x 8000 x 115.4 / (361.8 x 8361.8) x (1 - e^-0.26) = 6.98 K more: 7.3 K.
    """
    start = np.array([22.0])

    air, solid = physics.two_node(start, start, np.array([100.0]), np.array([20.0]), seconds)

    assert air[0] - 22.0 == pytest.approx(rise, abs=0.06)
    assert 361.8 * (air[0] - 22) + 8000 * (solid[0] - 22) == pytest.approx(100 * seconds)


def test_many_short_steps_warm_a_hall_like_one_long_one() -> None:
    """The step is exact for constant heat, so its length does not matter."""
    racks, heat = np.array([20.0]), np.array([100.0])
    air, solid = np.array([22.0]), np.array([22.0])

    for _ in range(60):
        air, solid = physics.two_node(air, solid, heat, racks, 5.0)

    long_air, long_solid = physics.two_node(np.array([22.0]), np.array([22.0]), heat, racks, 300.0)
    assert air == pytest.approx(long_air)
    assert solid == pytest.approx(long_solid)


def test_half_the_load_lasts_more_than_twice_as_long() -> None:
    """Peukert, k = 1.25: 600 s at 100 kW of 100, 600 x 2^1.25 = 1427 s at 50 kW."""
    assert physics.battery_seconds(np.array([100.0, 50.0]), np.array([100.0, 100.0])) == pytest.approx([600.0, 1427.0], abs=0.2)


def test_a_ups_at_half_load_is_96_per_cent_efficient() -> None:
    """Of 200 kW rating: 0.008 + 0.5 x (0.012 + 0.5 x 0.025) = 0.02025, 4.05 kW at 100 kW output: 96.1 %."""
    lost = physics.loss_kw(np.array([100.0]), np.array([200.0]), np.array([physics.UPS_LOSS]))

    assert lost == pytest.approx([4.05])


def test_a_three_phase_load_of_11_kw_draws_16_7_amperes() -> None:
    """11,000 W / (1.7321 x 400 V x 0.95) = 16.71 A."""
    assert physics.current_a(np.array([11.0])) == pytest.approx([16.71], abs=0.005)


def test_a_chiller_at_full_load_takes_a_fifth_of_its_cooling() -> None:
    """COP 5 and the part-load curve at 1: 2.333 - 1.975 + 0.6121 = 0.9701; 500 kW / 5 x 0.9701 = 97.01 kW."""
    assert physics.chiller_kw(np.array([500.0]), np.array([500.0])) == pytest.approx([97.01])
