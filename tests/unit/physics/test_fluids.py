"""Heat carried by a liquid, and the pressure it costs."""

import math

import pytest

from rackwright.physics import fluids


def test_one_litre_of_water_a_second_warms_by_a_kelvin_for_4180_watts():
    assert fluids.flow_for_rise_m3_s(4180.0, 1.0, 1000.0, 4180.0) == pytest.approx(1e-3)


@pytest.mark.parametrize("rise_k", [0.0, -1.0])
def test_no_flow_would_do_when_the_return_is_no_warmer_than_the_supply(rise_k):
    with pytest.raises(ValueError, match="warmer than the supply"):
        fluids.flow_for_rise_m3_s(1e3, rise_k, 1000.0, 4180.0)


def test_the_mixed_return_of_a_constant_fluid_is_the_supply_plus_heat_over_flow():
    back_k = fluids.mixed_return_k(300.0, 4180.0, 1e-3, lambda _: 1000.0, lambda _: 4180.0)
    assert back_k == pytest.approx(301.0)


def test_properties_of_the_return_are_taken_at_the_mean_temperature():
    back_k = fluids.mixed_return_k(300.0, 40e3, 1e-3, lambda k: 1000.0 - 0.5 * (k - 300.0), lambda _: 4000.0)
    mean_k = (300.0 + back_k) / 2
    assert (back_k - 300.0) * (1000.0 - 0.5 * (mean_k - 300.0)) * 4000.0 * 1e-3 == pytest.approx(40e3, rel=1e-10)


def test_a_loop_without_heat_returns_what_it_was_supplied():
    assert fluids.mixed_return_k(300.0, 0.0, 0.0, lambda _: 1000.0, lambda _: 4180.0) == 300.0


def test_heat_that_meets_no_flow_has_no_finite_temperature():
    assert math.isinf(fluids.mixed_return_k(300.0, 1.0, 0.0, lambda _: 1000.0, lambda _: 4180.0))


def test_a_property_is_held_beyond_its_last_row():
    assert fluids.property_at(400.0, [300.0, 310.0], [1000.0, 990.0]) == 990.0


def test_doubling_the_flow_of_a_purely_quadratic_drop_quadruples_it():
    one, two = (fluids.pressure_drop_pa(flow / 60e3, 0.01, 0.0) for flow in (10, 20))
    assert two == pytest.approx(4 * one)
