"""Heat exchangers: textbook limits, energy, derivatives, published units; and the same laws compiled."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from rackwright.physics import coolants, exchanger_kernels, exchangers
from rackwright.physics.exchangers import Exchanger, calibrated, effectiveness

ARRANGEMENTS = pytest.mark.parametrize("arrangement", exchangers.ARRANGEMENTS)
UNITS = st.floats(0.01, 20.0)
RATIOS = st.floats(0.01, 1.0)
#: A unit of unlike sides, and what it is asked: inlets, flows, heat capacities.
UNIT = Exchanger(3e5, 7e5, 18.0, 25.0, fouling_k_w=2e-7)
CALM = (300.0, 320.0, 15.0, 21.0, 4179.0, 3980.0)


@given(units=st.floats(1e-6, 1e3))
def test_balanced_counterflow_gives_units_over_one_more(units):
    assert float(effectiveness(units, 1.0)) == pytest.approx(units / (1 + units), rel=1e-14)


@given(units=UNITS)
@ARRANGEMENTS
def test_beside_a_boundless_stream_every_arrangement_is_the_same(arrangement, units):
    assert float(effectiveness(units, 0.0, arrangement)) == pytest.approx(-math.expm1(-units), rel=1e-12)


@given(units=UNITS, ratio=st.floats(0.0, 0.99))
def test_counterflow_is_the_textbooks_formula(units, ratio):
    # Kays and London's form loses digits near a ratio of 1 (divided by 0.01 at worst), hence 1e-12
    decay = math.exp(-units * (1 - ratio))
    assert float(effectiveness(units, ratio)) == pytest.approx((1 - decay) / (1 - ratio * decay), rel=1e-12)


@given(units=UNITS, ratio=RATIOS)
def test_counterflow_solves_its_differential_equation(units, ratio):
    """dT1/ds = n (T2 - T1), dT2/ds = n ratio (T2 - T1) with the hot side entering at the far end."""
    way = expm(np.array([[-units, units], [-units * ratio, units * ratio]]))
    cold_in, hot_in = 0.0, 1.0
    hot_out = (hot_in - way[1, 0] * cold_in) / way[1, 1]
    cold_out = way[0, 0] * cold_in + way[0, 1] * hot_out
    assert float(effectiveness(units, ratio)) == pytest.approx(cold_out, rel=1e-9)


def crossed(units: float, ratio: float, cells: int) -> float:
    """Cross-flow cell by cell, trapezoids both ways: an answer of second order that knows nothing of the series."""
    a, b = units / cells / 2, units * ratio / cells / 2
    hot = np.ones(cells)  # entering each column
    gained = 0.0
    for _ in range(cells):
        cold = 0.0
        for column in range(cells):
            rise = 2 * (hot[column] - cold) / (1 + a + b)
            cold, hot[column] = cold + a * rise, hot[column] - b * rise
        gained += cold / cells
    return gained


@pytest.mark.parametrize(("units", "ratio"), [(0.5, 0.3), (2.5, 0.6), (3.0, 1.0)])
def test_crossflow_solves_its_differential_equation(units, ratio):
    # two meshes and Richardson's rule: the error falls by 4 from mesh to mesh, so what is left is of fourth order
    coarse, fine = crossed(units, ratio, 40), crossed(units, ratio, 80)
    assert float(effectiveness(units, ratio, "cross-flow")) == pytest.approx((4 * fine - coarse) / 3, abs=2e-7)


def test_crossflow_meets_a_published_example():
    # UA 75, streams of 50 and 30 W/K: 0.7632 in the EES heat transfer library, which takes the common approximate
    # formula; that one is up to some 1 per cent from the exact solution, 0.7557 here
    assert float(effectiveness(75 / 30, 30 / 50, "cross-flow")) == pytest.approx(0.7632, rel=0.015)


@given(units=UNITS, ratio=RATIOS)
def test_crossflow_lies_between_parallel_and_counterflow(units, ratio):
    parallel = -math.expm1(-units * (1 + ratio)) / (1 + ratio)
    crossflow = float(effectiveness(units, ratio, "cross-flow"))
    assert parallel * (1 - 1e-12) <= crossflow <= float(effectiveness(units, ratio)) * (1 + 1e-12)


@given(ua=st.floats(1.0, 1e6), c1=st.floats(1e2, 1e6), c2=st.floats(1e2, 1e6))
@ARRANGEMENTS
def test_more_conductance_or_more_flow_never_takes_less_heat(arrangement, ua, c1, c2):
    law = exchangers.counterflow_w_k if arrangement == "counter-flow" else exchangers.crossflow_w_k
    heat = float(law(ua, c1, c2)[0])
    assert 0.0 < heat <= min(c1, c2) * (1 + 1e-13)  # exp(-x) is off by x times 1e-16, x up to 500 in cross-flow
    for more in ((1.5 * ua, c1, c2), (ua, 1.5 * c1, c2), (ua, c1, 1.5 * c2)):
        assert float(law(*more)[0]) >= heat * (1 - 3e-13)  # two such values, each off by that much


@given(apart=st.floats(-1e-3, 1e-3), units=st.floats(0.1, 10.0))
@ARRANGEMENTS
def test_equal_streams_are_no_special_place(arrangement, apart, units):
    """Across c1 = c2 the heat follows its own tangent: what is left is of second order and no jump is in it."""
    law = exchangers.counterflow_w_k if arrangement == "counter-flow" else exchangers.crossflow_w_k
    middle, _, slope, _ = law(units, 1.0, 1.0)
    moved = law(units, 1.0 + apart, 1.0)[0]
    assert float(moved) == pytest.approx(float(middle + apart * slope), abs=apart**2 + 1e-14)


@given(
    warm_k=st.floats(301.0, 350.0), flow1=st.floats(0.1, 60.0), flow2=st.floats(0.1, 60.0), cp2=st.floats(3e3, 4200.0)
)
@ARRANGEMENTS
def test_what_one_side_loses_the_other_gains_and_neither_passes_the_others_inlet(
    arrangement, warm_k, flow1, flow2, cp2
):
    unit = Exchanger(3e5, 7e5, 18.0, 25.0, arrangement=arrangement)
    found = unit.exchange(300.0, warm_k, flow1, flow2, 4179.0, cp2)
    gained_w, lost_w = (
        flow1 * 4179.0 * (found.primary_outlet_k - 300.0),
        flow2 * cp2 * (warm_k - found.secondary_outlet_k),
    )
    assert gained_w == pytest.approx(float(found.duty_w), rel=1e-9)
    assert lost_w == pytest.approx(float(found.duty_w), rel=1e-9)
    assert 300.0 - 1e-9 <= found.secondary_outlet_k <= warm_k
    assert 300.0 <= found.primary_outlet_k <= warm_k + 1e-9


@given(flow1=st.floats(0.5, 60.0), flow2=st.floats(0.5, 60.0), equal=st.booleans())
@ARRANGEMENTS
def test_derivatives_are_the_slopes_of_the_duty(arrangement, flow1, flow2, equal):
    # central differences of one part in 1e5 leave 1e-10 of curvature and 1e-10 of rounding
    unit = Exchanger(3e5, 7e5, 18.0, 25.0, fouling_k_w=2e-7, arrangement=arrangement)
    at = [300.0, 320.0, flow1, flow1 if equal else flow2, 4179.0, 4179.0 if equal else 3980.0]
    found = unit.exchange(*at)
    named = [
        found.by_primary_inlet_w_k,
        found.by_secondary_inlet_w_k,
        found.by_primary_flow_j_kg,
        found.by_secondary_flow_j_kg,
    ]
    for place, slope in enumerate(named):
        step = 1e-5 * at[place]
        up, down = at.copy(), at.copy()
        up[place] += step
        down[place] -= step
        measured = (unit.exchange(*up).duty_w - unit.exchange(*down).duty_w) / (2 * step)
        assert float(slope) == pytest.approx(float(measured), rel=1e-6, abs=1e-6 * found.duty_w / at[place])


@ARRANGEMENTS
def test_a_trickle_leaves_at_the_other_sides_inlet(arrangement):
    unit = Exchanger(3e5, 7e5, 18.0, 25.0, arrangement=arrangement)
    still = unit.exchange(300.0, 320.0, [0.0, 20.0, 0.0, -1.0], [20.0, 0.0, 0.0, 20.0], 4000.0, 3900.0)
    assert_allclose(still.duty_w, 0.0)
    assert_allclose(still.primary_outlet_k, [320.0, 300.0, 300.0, 320.0])
    assert_allclose(still.secondary_outlet_k, [320.0, 300.0, 320.0, 320.0])
    assert_allclose(still.by_primary_flow_j_kg, [80e3, 0.0, 0.0, 80e3])
    assert_allclose(still.by_secondary_flow_j_kg, [0.0, 78e3, 0.0, 0.0])
    trickle = unit.exchange(300.0, 320.0, 1e-9, 20.0, 4000.0, 3900.0)
    assert float(trickle.primary_outlet_k) == pytest.approx(320.0)
    assert float(trickle.by_primary_flow_j_kg) == pytest.approx(80e3)


def test_films_in_series_add_and_grow_with_flow():
    # two films of 2e5 make 1e5; twice the flow on one side makes it 2^0.8 = 1.741 times as good
    unit = Exchanger(2e5, 2e5, 10.0, 10.0)
    assert float(unit.conductance_w_k(10.0, 10.0)) == pytest.approx(1e5)
    assert float(unit.conductance_w_k(20.0, 10.0)) == pytest.approx(1 / (1 / (2e5 * 2**0.8) + 1 / 2e5))
    assert float(unit.conductance_w_k(10.0, 10.0, primary_factor=0.5)) == pytest.approx(1 / (1 / 1e5 + 1 / 2e5))
    assert float(unit.conductance_w_k(0.0, 10.0)) == 0.0


@given(fouling=st.floats(1e-7, 1e-3))
def test_a_fouled_exchanger_gives_less(fouling):
    dirty = UNIT.fouled(fouling, 30.0)
    assert dirty.exchange(*CALM).duty_w < UNIT.fouled(0.0, 30.0).exchange(*CALM).duty_w


@pytest.mark.parametrize(("fouling", "area"), [(-1e-5, 10.0), (1e-5, 0.0)])
def test_fouling_that_cannot_be_is_refused(fouling, area):
    with pytest.raises(ValueError, match="fouling"):
        UNIT.fouled(fouling, area)


def published_units():
    """Rated points as in the makers' sheets (by way of third parties), fluids at their mean temperatures.

    Capacity, approach, primary inlet, primary and secondary coolant, flows in kg/s, rise of the secondary that the
    sheet implies and how far its rounding lets it move. Where a sheet gives one flow only the other side has the same.
    """
    water, pg20, pg25 = coolants.water(), coolants.propylene_glycol(0.20), coolants.propylene_glycol(0.25)
    lpm, gpm = 1e-3 / 60, 3.785411784e-3 / 60
    return {
        "Vertiv XDU1350": (1350e3, 4.0, 305.15, water, pg20, 20.6, 20.6, 16.3, 0.1),
        "CoolIT CHx2000": (
            2000e3,
            5.0,
            305.15,
            water,
            pg25,
            2125 * lpm * float(water.density_kg_m3(312.0)),
            2125 * lpm * float(pg25.density_kg_m3(317.0)),
            14.1,
            0.1,
        ),
        "Motivair MCDU-70": (
            2500e3,
            4.0,
            314.15,
            water,
            pg25,
            1025 * gpm * float(water.density_kg_m3(318.8)),
            991 * gpm * float(pg25.density_kg_m3(323.15)),
            10.0,
            0.1,
        ),
    }


@pytest.mark.parametrize("name", published_units())
def test_a_published_unit_gives_its_capacity_at_its_approach_and_its_rise(name):
    capacity_w, approach_k, inlet_k, primary, secondary, flow1, flow2, rise_k, rise_tol_k = published_units()[name]
    cp1 = float(primary.heat_capacity_j_kg_k(inlet_k + 7.0))
    cp2 = float(secondary.heat_capacity_j_kg_k(inlet_k + approach_k + rise_k / 2))
    unit = calibrated(capacity_w, approach_k, flow1, flow2, cp1, cp2)
    found = unit.exchange(inlet_k, inlet_k + approach_k + capacity_w / (flow2 * cp2), flow1, flow2, cp1, cp2)
    assert float(found.duty_w) == pytest.approx(capacity_w, rel=1e-12)
    assert float(found.secondary_outlet_k) - inlet_k == pytest.approx(approach_k, abs=1e-9)
    assert capacity_w / (flow2 * cp2) == pytest.approx(rise_k, abs=rise_tol_k)
    transfer_units = float(unit.conductance_w_k(flow1, flow2)) / (flow2 * cp2)
    assert 2.0 < transfer_units < 5.0  # what one pass of a gasketed or brazed plate exchanger reaches


@given(
    capacity=st.floats(1e4, 5e6),
    approach=st.floats(0.5, 15.0),
    flow1=st.floats(10.0, 60.0),
    flow2=st.floats(10.0, 60.0),
    film_ratio=st.none() | st.floats(0.2, 5.0),
)
def test_a_calibrated_exchanger_gives_its_rated_point_back(capacity, approach, flow1, flow2, film_ratio):
    c1, c2 = flow1 * 4179.0, flow2 * 3980.0
    assume(approach + capacity / c2 - capacity / c1 > 0.01)
    unit = calibrated(capacity, approach, flow1, flow2, 4179.0, 3980.0, film_ratio=film_ratio)
    found = unit.exchange(300.0, 300.0 + approach + capacity / c2, flow1, flow2, 4179.0, 3980.0)
    assert float(found.duty_w) == pytest.approx(capacity, rel=1e-11)
    if film_ratio is not None:
        assert unit.film_primary_w_k / unit.film_secondary_w_k == pytest.approx(film_ratio)


def test_a_dry_coil_is_calibrated_as_cross_flow():
    # 500 kW, water leaves 12 K above the air; 40 kg/s of air, 12 kg/s of water
    coil = calibrated(500e3, 12.0, 40.0, 12.0, 1006.0, 4179.0, arrangement="cross-flow", film_ratio=0.1)
    found = coil.exchange(305.0, 305.0 + 12.0 + 500e3 / (12.0 * 4179.0), 40.0, 12.0, 1006.0, 4179.0)
    assert float(found.duty_w) == pytest.approx(500e3, rel=1e-12)


def test_crossflow_cannot_reach_a_tenth_of_a_kelvin():
    # 100 K of range over 0.1 K of approach is 0.999 of the ideal; balanced cross-flow stays below it
    with pytest.raises(ValueError, match="no cross-flow exchanger"):
        calibrated(4e6, 0.1, 10.0, 10.0, 4000.0, 4000.0, arrangement="cross-flow")


@pytest.mark.parametrize(
    ("rated", "said"),
    [((2000e3, 4.0, 10.0, 60.0), "too little primary flow"), ((2000e3, 0.0, 40.0, 40.0), "above zero")],
)
def test_a_rated_point_that_no_exchanger_reaches_is_refused(rated, said):
    with pytest.raises(ValueError, match=said):
        calibrated(*rated, 4179.0, 3980.0)


@given(set_point=st.floats(304.0, 318.0))
def test_the_primary_flow_for_a_set_point_holds_it(set_point):
    found = UNIT.flow_for_set_point(300.0, 320.0, set_point, 21.0, 4179.0, 3980.0, most_kg_s=100.0)
    assert found.met
    held = UNIT.exchange(300.0, 320.0, found.flow_kg_s, 21.0, 4179.0, 3980.0)
    assert float(held.secondary_outlet_k) == pytest.approx(set_point, abs=1e-9)


@pytest.mark.parametrize(
    ("primary_k", "set_point_k", "most", "reason"),
    [
        (300.0, 301.0, 30.0, "too small"),
        (319.0, 318.0, 1e6, "no colder than the set-point"),
        (330.0, 318.0, 30.0, "no colder than the set-point"),
        (300.0, 318.0, 0.0, "too small"),
    ],
)
def test_a_set_point_out_of_reach_is_told_with_the_best_that_can_be_had(primary_k, set_point_k, most, reason):
    found = UNIT.flow_for_set_point(primary_k, 320.0, set_point_k, 21.0, 4179.0, 3980.0, most_kg_s=most)
    assert not found.met
    assert reason in found.reason
    best = UNIT.exchange(primary_k, 320.0, most, 21.0, 4179.0, 3980.0)
    assert found.supply_k == float(best.secondary_outlet_k) > set_point_k
    kernel = exchanger_kernels.primary_flow_kg_s(
        primary_k, 320.0, set_point_k, 21.0, 4179.0, 3980.0, 1.0, 1.0, UNIT.law, most
    )
    assert math.isinf(kernel)


def test_a_stream_that_is_cold_enough_needs_no_primary_flow():
    found = UNIT.flow_for_set_point(300.0, 310.0, 312.0, 21.0, 4179.0, 3980.0, most_kg_s=30.0)
    assert (found.flow_kg_s, found.supply_k, found.met) == (0.0, 310.0, True)


@given(
    cold=st.floats(280.0, 330.0),
    warm=st.floats(280.0, 330.0),
    flow1=st.just(0.0) | st.floats(1e-3, 80.0),
    flow2=st.just(0.0) | st.floats(1e-3, 80.0),
    factor=st.floats(0.5, 2.0),
)
@ARRANGEMENTS
def test_the_compiled_laws_are_the_same_laws(arrangement, cold, warm, flow1, flow2, factor):
    # the same operations in the same order; fused multiply-add and pow's last bits remain, 1e-12 of the largest terms
    unit = Exchanger(3e5, 7e5, 18.0, 25.0, fouling_k_w=2e-7, arrangement=arrangement)
    found = unit.exchange(cold, warm, flow1, flow2, 4179.0, 3980.0, primary_factor=factor)
    got = exchanger_kernels.duty_w(cold, warm, flow1, flow2, 4179.0, 3980.0, factor, 1.0, unit.law)
    between_k = abs(warm - cold)
    wanted = (
        found.duty_w,
        found.by_primary_inlet_w_k,
        found.by_secondary_inlet_w_k,
        found.by_primary_flow_j_kg,
        found.by_secondary_flow_j_kg,
    )
    for value, same, size in zip(
        got, wanted, (1e6 * between_k, 1e6, 1e6, 4e3 * between_k, 4e3 * between_k), strict=True
    ):
        assert value == pytest.approx(float(same), rel=1e-11, abs=1e-12 * size)


@given(set_point=st.floats(304.0, 318.0))
def test_the_compiled_primary_flow_is_the_same_flow(set_point):
    found = UNIT.flow_for_set_point(300.0, 320.0, set_point, 21.0, 4179.0, 3980.0, most_kg_s=100.0)
    got = exchanger_kernels.primary_flow_kg_s(300.0, 320.0, set_point, 21.0, 4179.0, 3980.0, 1.0, 1.0, UNIT.law, 100.0)
    assert got == pytest.approx(found.flow_kg_s, rel=1e-11)


def test_an_ideal_fluid_at_its_rated_point_changes_no_film():
    assert float(exchangers.film_factor(1.0, 1.0, 1.0)) == 1.0


def test_water_in_place_of_pg25_makes_a_better_film():
    # 40 degC: k 0.629 for 0.486, cp 4179 for 3969, mu 0.653 for 1.353 mPa·s: 1.188 x 1.017 x 1.405
    better = exchangers.film_factor(0.629 / 0.486, 4179 / 3969, 0.653 / 1.353)
    assert float(better) == pytest.approx(1.188 * 1.017 * 1.405, rel=2e-3)
