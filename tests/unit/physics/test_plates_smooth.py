"""A plate's smooth law: it follows the published curve, and is refused where it does not follow the points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rackwright.physics import plates

#: OCP OAI System Liquid Cooling Guidelines, figure 7: PG25, one plate of a 1 kW module. [L/min], [K/W]
FLOWS = [0.4, 0.6, 0.8, 1.0, 1.4, 2.0]
RESISTANCES = [0.0389, 0.0300, 0.0265, 0.0245, 0.0220, 0.0204]


def test_the_published_curve_is_met_within_a_little_over_one_per_cent():
    # the points were digitised from a figure to three digits (0.25 per cent at best); 1.1 is about a line's width
    plate = plates.smooth_plate(FLOWS, RESISTANCES)
    misfits = plate.resistance_k_w(FLOWS) / RESISTANCES - 1.0
    print("misfit of each point, per cent:", np.round(100 * misfits, 2))
    assert np.max(np.abs(misfits)) == pytest.approx(plate.worst_misfit_share)
    assert plate.worst_misfit_share < 0.011


@pytest.mark.parametrize("left_out", [1, 2, 3, 4])
def test_a_point_left_out_is_foretold_within_two_per_cent(left_out):
    flows, resistances = FLOWS.copy(), RESISTANCES.copy()
    flow, resistance = flows.pop(left_out), resistances.pop(left_out)
    foretold = plates.smooth_plate(flows, resistances).resistance_k_w(flow)
    print(f"{flow} L/min: {float(foretold) / resistance - 1:+.2%}")
    assert float(foretold) == pytest.approx(resistance, rel=0.02)


@given(floor=st.floats(0.005, 0.05), part=st.floats(0.005, 0.05), exponent=st.floats(0.4, 2.5))
def test_points_on_a_law_give_that_law_back(floor, part, exponent):
    flows = np.array([1e-5, 2e-5, 3e-5, 5e-5])
    points = floor + part * (flows / flows[0]) ** -exponent
    plate = plates.smooth_plate(list(flows), list(points))
    assert_allclose([plate.floor_k_w, plate.part_k_w, plate.exponent], [floor, part, exponent], rtol=1e-3)
    assert_allclose(plate.resistance_k_w(flows), points, rtol=1e-6)


def test_it_falls_all_the_way_and_its_slope_is_its_own():
    plate = plates.smooth_plate(FLOWS, RESISTANCES)
    flows = np.linspace(0.41, 1.99, 200)
    assert np.all(np.diff(plate.resistance_k_w(flows)) < 0)
    measured = (plate.resistance_k_w(flows + 1e-6) - plate.resistance_k_w(flows - 1e-6)) / 2e-6
    assert_allclose(plate.slope_k_s_w_m3(flows), measured, rtol=1e-6)


def test_beyond_the_measured_flows_nothing_is_promised():
    plate = plates.smooth_plate(FLOWS, RESISTANCES)
    assert plate.resistance_k_w(0.39) == np.inf
    assert plate.resistance_k_w(9.0) == plate.resistance_k_w(2.0)
    assert_allclose(plate.slope_k_s_w_m3([0.0, 0.39, 9.0]), 0.0)


def test_points_that_follow_no_such_law_are_kept_as_points():
    with pytest.raises(ValueError, match="keep the points"):
        plates.smooth_plate([1.0, 2.0, 3.0, 4.0], [0.04, 0.03, 0.03, 0.02])
    with pytest.raises(ValueError, match="needs 4"):
        plates.smooth_plate(FLOWS[:3], RESISTANCES[:3])
