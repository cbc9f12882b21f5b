"""Current in metal: resistance, three phases, and the busbar as a ladder."""

import numpy as np
import pytest

from rackwright.physics import conductors


def test_a_metre_of_a_square_millimetre_of_copper_has_one_58th_of_an_ohm():
    assert conductors.bar_resistance_ohm("copper", 1.0, 1e-6, 293.15) == pytest.approx(1 / 58, rel=1e-4)


def test_copper_gains_39_3_percent_over_a_hundred_kelvin():
    cold, hot = (conductors.resistivity_ohm_m("copper", k) for k in (293.15, 393.15))
    assert hot / cold == pytest.approx(1.393)


def test_aluminium_has_more_resistance_than_copper_at_any_busbar_temperature():
    for kelvin in (293.15, 343.15, 373.15):
        assert conductors.resistivity_ohm_m("aluminium", kelvin) > conductors.resistivity_ohm_m("copper", kelvin)


def test_three_phases_carry_root_three_times_voltage_times_current():
    assert conductors.three_phase_current_a(np.sqrt(3) * 400 * 10, 400.0, 1.0) == pytest.approx(10.0)


def test_one_load_at_the_end_solves_the_quadratic_of_a_line_with_constant_power():
    # V = 50 - 0.01 * 1000 / V  ->  V = (50 + sqrt(2500 - 40)) / 2
    solved = conductors.ladder(np.array([1e3]), 50.0, 0.01, 0.0)
    assert solved.voltage_v[0] == pytest.approx((50 + np.sqrt(2500 - 40)) / 2)


def test_the_source_gives_what_loads_take_and_the_line_loses():
    loads_w = np.array([500.0, 0.0, 2000.0, 1500.0])
    solved = conductors.ladder(loads_w, 50.0, 2e-3, 1e-3)
    assert 50.0 * solved.source_current_a == pytest.approx(loads_w.sum() + solved.loss_w, rel=1e-12)


def test_voltage_falls_along_the_line_and_most_at_first():
    solved = conductors.ladder(np.full(10, 1e3), 50.0, 1e-3, 0.0)
    falls = -np.diff(solved.voltage_v)
    assert np.all(falls > 0)
    assert np.all(np.diff(falls) < 0)


def test_many_equal_loads_lose_a_third_of_what_one_at_the_end_would():
    many = conductors.ladder(np.full(1000, 1.0), 50.0, 1e-3, 0.0)
    one = conductors.ladder(np.array([1000.0]), 50.0, 1e-3, 0.0)
    assert many.loss_w / one.loss_w == pytest.approx(1 / 3, rel=5e-3)


def test_joints_are_passed_by_all_current_once():
    solved = conductors.ladder(np.full(4, 250.0), 50.0, 0.0, 1e-3)
    assert solved.voltage_v == pytest.approx(50.0 - 1e-3 * solved.source_current_a)


def test_a_line_asked_for_more_than_it_can_carry_says_so_and_stays_finite():
    # at most V^2 / 4R = 625 W pass 50 V and 1 ohm
    solved = conductors.ladder(np.array([700.0]), 50.0, 1.0, 0.0)
    assert not solved.carried
    assert np.isfinite(solved.loss_w)


def test_a_load_below_its_least_voltage_is_not_carried():
    assert not conductors.ladder(np.array([1e3]), 50.0, 0.1, 0.0, least_v=49.0).carried


def test_an_empty_line_carries_nothing_and_loses_nothing():
    solved = conductors.ladder(np.zeros(0), 50.0, 1e-3, 0.0)
    assert (solved.source_current_a, solved.loss_w) == (0.0, 0.0)
