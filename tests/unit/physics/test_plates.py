"""Cold plates: resistance against flow, read both ways and never beyond what was measured."""

import math

import pytest

from rackwright.physics import plates

FLOWS, RESISTANCES = [1.0, 2.0, 4.0], [0.04, 0.03, 0.02]


def test_between_two_points_the_resistance_lies_on_the_line():
    assert plates.resistance_at_k_w(3.0, FLOWS, RESISTANCES) == pytest.approx(0.025)


def test_more_flow_than_was_measured_cools_no_better():
    assert plates.resistance_at_k_w(9.0, FLOWS, RESISTANCES) == 0.02


def test_less_flow_than_was_measured_promises_nothing():
    assert math.isinf(plates.resistance_at_k_w(0.99, FLOWS, RESISTANCES))


@pytest.mark.parametrize(("resistance", "flow"), [(0.035, 1.5), (0.03, 2.0), (0.02, 4.0), (0.04, 1.0), (0.5, 1.0)])
def test_the_flow_for_a_resistance_is_read_back_from_the_same_line(resistance, flow):
    assert plates.flow_for_resistance_m3_s(resistance, FLOWS, RESISTANCES) == pytest.approx(flow)


def test_no_flow_gives_less_resistance_than_the_best_point():
    assert math.isinf(plates.flow_for_resistance_m3_s(0.0199, FLOWS, RESISTANCES))


def test_a_flat_stretch_of_the_curve_takes_its_least_flow():
    assert plates.flow_for_resistance_m3_s(0.03, [1.0, 2.0, 3.0], [0.04, 0.03, 0.03]) == pytest.approx(2.0)


def test_a_chip_without_heat_is_as_warm_as_its_coolant():
    assert plates.case_k(300.0, 0.0, math.inf) == 300.0
