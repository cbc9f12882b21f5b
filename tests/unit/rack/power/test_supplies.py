"""Supplies: fits that find the truth and refuse bounds, staging against theory, sharing against Kirchhoff."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.power.supplies import (
    CERTIFICATIONS,
    MeasuredCurve,
    PolynomialLoss,
    affine_loss,
    bank,
    best_staging,
    bound_check,
    constant_efficiency,
    fit_current_loss,
    fit_polynomial,
    fit_spline,
    least_on,
    spread_set_points,
    staged_run,
    switch_over_w,
)

SHARES = (0.1, 0.2, 0.5, 1.0)
#: The reference's estimate of an ORv3 class supply: 97.5 % at half load.
ORV3 = MeasuredCurve(5500.0, SHARES, (0.945, 0.966, 0.975, 0.965), standing="estimate")

coefficients = st.tuples(st.floats(1e-4, 0.02), st.floats(0.0, 0.03), st.floats(1e-4, 0.03))
points = st.lists(st.floats(0.80, 0.99), min_size=4, max_size=4)


@settings(deadline=None, max_examples=80)
@given(shares=coefficients, rated_w=st.floats(100.0, 1e6), weigh=st.sampled_from(["efficiency", "watts"]))
def test_a_fit_finds_the_polynomial_that_made_the_points(shares, rated_w, weigh):
    """Three unknowns, four exact points: rounding alone is left. 1e-6 of the loss at full load."""
    a, b, c = shares
    true = PolynomialLoss(rated_w, a * rated_w, b, c / rated_w)
    efficiencies = tuple(float(true.efficiency(x * rated_w)) for x in SHARES)
    found = fit_polynomial(MeasuredCurve(rated_w, SHARES, efficiencies), weigh=weigh)
    full = a + b + c
    assert (found.a_w / rated_w, found.b, found.c_per_w * rated_w) == pytest.approx((a, b, c), abs=1e-6 * full)
    assert found.residual.worst_w <= 1e-6 * full * rated_w


@settings(deadline=None, max_examples=80)
@given(efficiencies=points)
def test_no_fit_of_any_curve_has_a_negative_coefficient_or_an_efficiency_above_one(efficiencies):
    try:
        curve = MeasuredCurve(1000.0, SHARES, tuple(efficiencies))
    except ValueError:
        return  # input power falls: no device
    fitted = fit_polynomial(curve)
    output_w = np.linspace(0.0, 1600.0, 161)
    assert min(fitted.a_w, fitted.b, fitted.c_per_w) >= 0
    assert (fitted.efficiency(output_w) <= 1).all()
    assert (np.diff(fitted.input_w(output_w)) > 0).all()


@settings(deadline=None, max_examples=120)
@given(efficiencies=points)
def test_a_spline_meets_its_points_and_its_input_always_rises(efficiencies):
    try:
        fitted = fit_spline(MeasuredCurve(1000.0, SHARES, tuple(efficiencies)))
    except ValueError:
        return  # input power falls, or nearly
    assert fitted.residual.worst_w < 1e-9
    output_w = np.linspace(0.0, 1600.0, 641)
    assert (np.diff(fitted.input_w(output_w)) > 0).all()
    assert (fitted.loss_w(output_w) >= 0).all()
    assert (fitted.efficiency(output_w) <= 1).all()


def test_a_spline_is_scipys_monotone_cubic_between_the_points():
    from scipy.interpolate import PchipInterpolator

    fitted = fit_spline(ORV3)
    theirs = PchipInterpolator(fitted.output_points_w, fitted.loss_points_w)
    output_w = np.linspace(550.0, 5500.0, 200)  # the first piece's end slope differs: ours is its straight line
    inner = output_w >= 1100.0
    assert fitted.loss_w(output_w[inner]) == pytest.approx(theirs(output_w[inner]), rel=1e-12)


def test_a_fit_says_how_far_it_is_from_the_device():
    fitted = fit_polynomial(ORV3)
    own = fitted.loss_w(ORV3.output_w) - ORV3.loss_w
    assert fitted.residual.worst_w == pytest.approx(np.max(np.abs(own)))
    assert 0.01 < fitted.residual.worst_points < 0.2
    assert "efficiency points" in str(fitted.residual)


def test_the_estimated_shelf_curve_peaks_where_it_was_published():
    """`hpr_5_5kw_peak`: 97.5 % at half load. The fit may miss by the residual that it prints, below 0.1 points."""
    fitted = fit_polynomial(ORV3)
    assert float(fitted.efficiency(2750.0)) == pytest.approx(0.975, abs=0.001)
    assert 0.35 < fitted.best_w / 5500.0 < 0.65


@pytest.mark.parametrize("row", CERTIFICATIONS, ids=lambda row: row.name)
def test_a_certification_is_never_fitted(row):
    curve = MeasuredCurve(3000.0, row.load_shares, row.least, what="supply x")
    for fit in (fit_polynomial, fit_spline):
        with pytest.raises(ValueError, match=f"supply x: these points are the row of {row.name}"):
            fit(curve)


def test_a_curve_is_compared_with_a_certification_point_by_point():
    """97.5 % at half load is above Titanium's 96 % by 1.5 points; a flat 95 % fails there by 1."""
    titanium = CERTIFICATIONS[0]
    rows = bound_check(fit_spline(ORV3), titanium)
    assert all(row.holds for row in rows)
    assert next(r for r in rows if r.load_share == 0.5).margin_points == pytest.approx(1.5)
    flat = bound_check(constant_efficiency(5500.0, 0.95), titanium)
    assert [row.holds for row in flat] == [True, True, False, True]
    assert flat[2].margin_points == pytest.approx(-1.0)


def test_a_curve_in_amperes_counts_the_falling_voltage():
    """50 V falling to 49 V at 5.5 kW: at each load point, the loss in amperes must be that in watts of the fit, within
    the fit's own residual (3 W)."""
    droop_ohm = 1.0 / (5500.0 / 49.0)
    a, b, c = fit_current_loss(ORV3, 50.0, droop_ohm)
    output_w = ORV3.output_w
    current_a = (50.0 - np.sqrt(2500.0 - 4 * droop_ohm * output_w)) / (2 * droop_ohm)
    assert current_a[-1] == pytest.approx(5500.0 / 49.0)
    assert a + current_a * (b + current_a * c) == pytest.approx(ORV3.loss_w, abs=3.0)


def test_bad_curves_name_the_device_and_every_fault():
    with pytest.raises(ValueError, match=r"unit 7: .*rise from above zero.*1.02 is not between"):
        MeasuredCurve(1000.0, (0.5, 0.2), (0.9, 1.02), what="unit 7")
    with pytest.raises(ValueError, match="gives more for less"):
        MeasuredCurve(1000.0, (0.5, 0.55), (0.5, 0.9))
    with pytest.raises(ValueError, match="two pairs"):
        MeasuredCurve(1000.0, (0.5,), (0.9,))


def test_raps_rectifiers_follow_their_published_law():
    """Row `raps_rectifier`: input = (output + 17) / 0.96; `raps_sivoc`: (output + 13) / 0.98."""
    assert float(affine_loss(13670.0, 17.0, 0.96).input_w(13670.0)) == pytest.approx((13670 + 17) / 0.96)
    assert float(affine_loss(1e4, 13.0, 0.98).input_w(2700.0)) == pytest.approx((2700 + 13) / 0.98)


@pytest.mark.parametrize(("load_w", "published_on"), [(5000, 1), (13670, 1), (13671, 2), (27340, 2), (27341, 3)])
def test_raps_staging_switches_the_next_rectifier_on_at_13670_w(load_w, published_on):
    """With a loss that is a line, each rectifier on costs its 17.7 W: the optimum is the fewest that carry the load,
    which is RAPS' own rule with 13,670 W for each."""
    assert best_staging(affine_loss(13670.0, 17.0, 0.96), 4, load_w).on[0] == published_on


@settings(deadline=None, max_examples=60)
@given(a=st.floats(1.0, 50.0), c=st.floats(1e-6, 1e-3), count=st.integers(1, 9))
def test_supplies_switch_over_where_theory_says(a, c, count):
    """n a + c P^2 / n = (n+1) a + c P^2 / (n+1) at P = sqrt(n (n+1) a / c)."""
    curve = PolynomialLoss(1e9, a, 0.01, c)
    load_w = switch_over_w(curve, count)
    assert load_w == pytest.approx(math.sqrt(count * (count + 1) * a / c), rel=1e-6)
    around = best_staging(curve, 12, [load_w * 0.999, load_w * 1.001])
    assert around.on.tolist() == [count, count + 1]


def test_supplies_best_at_13670_w_switch_over_at_the_root_of_two():
    """A loss with squares whose best load is RAPS' 13,670 W should take the second on at 13,670 x sqrt(2), not before:
    the published rule switches early."""
    curve = PolynomialLoss(30e3, 200.0, 0.02, 200.0 / 13670.0**2)
    assert curve.best_w == pytest.approx(13670.0)
    assert switch_over_w(curve, 1) == pytest.approx(13670.0 * math.sqrt(2))


@settings(deadline=None, max_examples=60)
@given(
    shares=coefficients,
    installed=st.sampled_from([2, 4, 6, 12]),
    load_share=st.floats(0.0, 1.2),
    rule=st.sampled_from(["N", "N+1", "N+N"]),
)
def test_no_other_count_loses_less_and_covers_the_loss(shares, installed, load_share, rule):
    a, b, c = shares
    curve = PolynomialLoss(1000.0, 1000.0 * a, b, c / 1000.0)
    load_w = load_share * installed * 1000.0
    got = best_staging(curve, installed, load_w, rule)
    least = int(least_on(load_w, 1000.0, rule))
    assert bool(got.covered[0]) == (least <= installed)
    for count in range(least, installed + 1):
        if rule != "N+N" or count % 2 == 0:
            assert got.loss_w[0] <= count * float(curve.loss_w(load_w / count)) * (1 + 1e-12)
    assert got.loss_w[0] <= got.all_on_loss_w[0]


def test_a_shelf_of_six_carries_its_published_power_with_one_lost():
    """HPR shelf: 6 x 5.5 kW = 33 kW, N+1 27.5 kW; HPR V2 6 x 12 kW, N+1 60 kW; ORv3 6 x 3 kW, N+1 15 kW."""
    for psu_w, carried_w in ((5500.0, 27.5e3), (12e3, 60e3), (3000.0, 15e3)):
        assert int(least_on(carried_w, psu_w, "N+1")) == 6
        assert int(least_on(carried_w + 1.0, psu_w, "N+1")) == 7


def test_a_swinging_load_does_not_switch_a_bank_with_hysteresis():
    """600 and 800 W about the switch-over at 707 W: the best count changes at every sample; with the hold, once."""
    curve = PolynomialLoss(1000.0, 10.0, 0.01, 4e-5)
    swing = np.tile([600.0, 800.0], 300)
    fast = staged_run(curve, 2, swing, 1.0, hysteresis_share=0.0, hold_s=1.0, start_s=0.0)
    slow = staged_run(curve, 2, swing, 1.0, start_s=0.0)
    assert fast.switches == len(swing) - 1
    assert slow.switches == 1
    assert 0 <= slow.above_best_j <= slow.all_on_loss_j
    assert slow.loss_j - slow.above_best_j == pytest.approx(fast.loss_j, rel=1e-12)


def test_a_bank_goes_back_to_fewer_after_the_hold():
    curve = PolynomialLoss(1000.0, 10.0, 0.01, 4e-5)
    load = np.concatenate([np.full(100, 900.0), np.full(200, 300.0)])
    run = staged_run(curve, 2, load, 1.0, hold_s=60.0, start_s=0.0)
    assert run.on[:100].tolist() == [2] * 100
    assert run.on[158] == 2
    assert run.on[160] == 1
    assert run.uncovered == 0


def test_supplies_that_start_slowly_leave_a_step_uncovered():
    """A step from one supply's load to three's: two seconds of start-up at 1 s samples are two samples short."""
    curve = PolynomialLoss(1000.0, 10.0, 0.01, 4e-5)
    load = np.array([200.0] * 10 + [2500.0] * 10)
    assert staged_run(curve, 4, load, 1.0, start_s=2.0).uncovered == 2
    assert staged_run(curve, 4, load, 1.0, start_s=0.0).uncovered == 0


@settings(deadline=None, max_examples=40)
@given(departures=st.lists(st.floats(-0.05, 0.05), min_size=3, max_size=6))
def test_unequal_set_points_cost_the_squares_of_their_departures(departures):
    """i_k - mean = (V_k - mean V) / R, so the loss above equal sharing is c x sum of squares / R^2, while all give."""
    droop_ohm, c = 0.01, 0.02
    set_v = 50.0 + np.array(departures)
    got = bank(len(set_v) * 3000.0, set_v=set_v, droop_ohm=droop_ohm, rated_a=110.0, loss=(30.0, 0.05, c))
    off_a = (set_v - set_v.mean()) / droop_ohm
    assert got.carried.all()
    assert got.current_a[0] - got.current_a[0].mean() == pytest.approx(off_a, abs=1e-8)
    assert got.sharing_loss_w[0] == pytest.approx(c * np.sum(off_a**2), abs=1e-6)


def test_an_orv3_shelf_shares_within_its_published_accuracy_and_droop():
    """0.5 V droop and 0.25 % of set point (ORv3): 2 x 0.1275 V over 0.5 V of droop is 51 % of the rated current
    between the highest and the rest, less a little for the droop's own voltage."""
    rated_a = 3000.0 / 50.5
    got = bank(
        6 * 1500.0,
        set_v=spread_set_points(51.0, 0.0025, 6),
        droop_ohm=0.5 / rated_a,
        rated_a=rated_a,
        loss=(15.0, 0.05, 0.02),
    )
    assert (got.current_a[0, 0] - got.current_a[0, 1]) / rated_a == pytest.approx(0.51, rel=1e-6)
    assert got.sharing_loss_w[0] > 0


def test_the_network_loses_what_the_curve_says():
    """Six equal supplies at a stiff 50 V: the kernel's a + b i + c i^2 is the curve's a + b P + c P^2; the droop of a
    microohm moves the current by 1e-6."""
    curve = fit_polynomial(ORV3)
    got = bank(20e3, set_v=[50.0] * 6, droop_ohm=1e-6, rated_a=110.0, loss=curve.per_ampere(50.0))
    assert got.loss_w[0] == pytest.approx(6 * float(curve.loss_w(20e3 / 6)), rel=1e-5)
    assert got.sharing_loss_w[0] == pytest.approx(0.0, abs=1e-6)


def test_bad_banks_are_refused_by_name():
    curve = PolynomialLoss(1000.0, 10.0, 0.01, 4e-5)
    with pytest.raises(ValueError, match="even number"):
        best_staging(curve, 5, 1000.0, "N+N")
    with pytest.raises(ValueError, match=r"load_w\[1\] is nan"):
        best_staging(curve, 2, [1.0, math.nan])
    with pytest.raises(ValueError, match="'2N'"):
        least_on(1.0, 1.0, "2N")
