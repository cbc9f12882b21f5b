"""Supplies through dips of the voltage: energy laws by hand, and the curves that ask them to stay."""

import numpy as np
import pytest

from rackwright.buildout.utility import CURVES, Dip, RideCurve, Specification, Supply, assess, ride_through
from rackwright.errors import ProgramError

STEP_S = 1e-3
POWER_W = np.full(30_000, 1e8)
PSU = Supply("psu", hold_up_s=0.02, current_most=1.25, dropout_share=0.0, return_after_s=1.0, walk_in_s=4.0)


def ride(*dips: Dip, supply: Supply = PSU, curve: RideCurve | None = None):
    return ride_through(POWER_W, STEP_S, dips, [supply], curve)


def test_a_dip_that_more_current_covers_is_not_seen():
    """At 1.25 times the current a voltage of 0.8 still brings the whole power."""
    out = ride(Dip(2.0, 0.81, 5.0))
    assert out.grid_w == pytest.approx(POWER_W)
    assert out.dropped_w == 0.0


def test_below_its_dropout_a_supply_takes_nothing():
    out = ride(Dip(2.0, 0.64, 0.019), supply=Supply("psu"))
    assert out.grid_w[2_005] == 0.0
    assert ride(Dip(2.0, 0.66, 0.019), supply=Supply("psu")).grid_w[2_005] == pytest.approx(1.27 * 0.66e8)


@pytest.mark.parametrize("residual", [0.0, 0.4, 0.64])
def test_hold_up_lasts_as_long_as_its_joules(residual):
    """The missing power is 1 - 1.25 v, so 20 ms at full load last 20 ms / (1 - 1.25 v); the step is 1 ms."""
    lasts_s = 0.02 / (1 - 1.25 * residual)
    assert ride(Dip(2.0, residual, lasts_s - 2 * STEP_S)).dropped_w == 0.0
    assert ride(Dip(2.0, residual, lasts_s + 2 * STEP_S)).dropped_w == pytest.approx(1e8)


def test_what_capacitors_lent_is_taken_back_to_the_joule():
    out = ride(Dip(2.0, 0.0, 0.015))
    assert np.sum(out.grid_w - POWER_W) == pytest.approx(0.0, abs=1.0)
    assert out.stored_j == pytest.approx(0.015 * 1e8)
    assert out.grid_w.max() == pytest.approx(1.1e8)  # a tenth of the load more while they fill


def test_a_transfer_comes_back_in_a_straight_walk():
    out = ride(Dip(2.0, 0.0, 0.5))
    assert out.dropped_w == pytest.approx(1e8)
    # hold-up of 20 ms, then nothing until 1 s after the voltage is back at 2.5 s, then 4 s of walk
    assert out.grid_w[2_030:3_490].max() == 0.0
    assert out.grid_w[5_500] == pytest.approx(0.5e8, rel=2e-3)
    assert out.grid_w[7_510] == pytest.approx(1e8)
    # energy left out: dip 0.5 s, wait 1 s, half of a walk of 4 s
    assert out.stored_j == pytest.approx(1e8 * (0.5 + 1.0 + 2.0), rel=1e-3)


def test_the_way_back_is_held_against_the_ramp_limit():
    grid_w = ride(Dip(2.0, 0.0, 0.5)).grid_w
    limits = Specification("up", 25e6, None, 1.0, None, 1.0, ())
    # 100 MW in 4 s is 25 MW/s
    assert assess(grid_w, STEP_S, limits).passes
    assert not assess(ride(Dip(2.0, 0.0, 0.5), supply=Supply("psu", walk_in_s=2.0)).grid_w, STEP_S, limits).passes


def test_a_stagger_stretches_the_way_back():
    supply = Supply("psu", return_after_s=1.0, walk_in_s=0.0, stagger_s=10.0)
    out = ride(Dip(2.0, 0.0, 0.5), supply=supply)
    # 20 groups over 10 s: half are back 5 s after the first could be
    assert out.grid_w[8_510] == pytest.approx(0.5e8, rel=0.01)
    assert np.diff(out.grid_w[3_500:]).max() == pytest.approx(1e8 / 20)


def test_counted_dips_transfer_though_each_was_ridden():
    """Six faults in 82 s sent 1,500 MW to batteries in July 2024; here three in a minute do."""
    dips = [Dip(2.0 + 3.0 * number, 0.85, 0.1) for number in range(3)]
    counting = Supply("ups", current_most=1.25, dips_most=3, dips_window_s=60.0)
    assert ride(*dips).dropped_w == 0.0
    out = ride(*dips, supply=counting)
    assert [verdict.left_share for verdict in out.verdicts] == [0.0, 0.0, 1.0]
    assert ride(*dips[:2], supply=counting).dropped_w == 0.0


def test_a_dip_on_the_way_back_starts_the_wait_again():
    out = ride(Dip(2.0, 0.0, 0.5), Dip(5.0, 0.0, 0.2))
    assert out.grid_w[5_100:6_190].max() == 0.0
    assert out.grid_w[10_300] == pytest.approx(1e8)


def test_kinds_of_supply_carry_their_shares():
    strong, weak = Supply("strong", share=0.7, hold_up_s=1.0), Supply("weak", share=0.3, hold_up_s=0.01)
    out = ride_through(POWER_W, STEP_S, [Dip(2.0, 0.0, 0.5)], [strong, weak])
    assert out.verdicts[0].left_share == pytest.approx(0.3)
    assert out.dropped_w == pytest.approx(0.3e8)


@pytest.mark.parametrize(
    ("name", "residual", "duration_s", "must"),
    [
        ("itic", 0.0, 0.02, True),
        ("itic", 0.0, 0.03, False),
        ("itic", 0.7, 0.5, True),
        ("itic", 0.8, 11.0, False),
        ("semi-f47", 0.5, 0.2, True),
        ("semi-f47", 0.4, 0.05, False),
        ("ercot-nogrr-282", 0.1, 0.15, True),
        ("ercot-nogrr-282", 0.45, 0.3, False),
        ("ercot-nogrr-282", 0.85, 2.0, True),
        ("caiso-straw", 0.6, 3.0, True),
        ("caiso-straw", 0.2, 0.2, False),
    ],
)
def test_named_curves_ask_for_their_corner_points(name, residual, duration_s, must):
    assert CURVES[name].must_ride(Dip(0.0, residual, duration_s)) is must
    assert CURVES[name].source


def test_a_verdict_holds_by_staying_or_by_being_let_go():
    curve = CURVES["ercot-nogrr-282"]
    stays = ride(Dip(2.0, 0.0, 0.015), curve=curve).verdicts[0]
    leaves = ride(Dip(2.0, 0.0, 0.1), curve=curve).verdicts[0]
    let_go = ride(Dip(2.0, 0.0, 0.5), curve=curve).verdicts[0]
    assert (stays.holds, leaves.holds, let_go.holds) == (True, False, True)
    assert stays.back_s == 0.0
    # back to 90 %: 1 s of waiting and 0.9 of a walk of 4 s
    assert leaves.back_s == pytest.approx(4.6, abs=0.01)


def test_a_curve_with_a_time_to_be_back_allows_batteries_for_so_long():
    quick = Supply("quick", return_after_s=0.5, walk_in_s=1.0)  # 0.5 s and 0.9 of 1 s
    allowed, firm = CURVES["ercot-nogrr-282"], RideCurve("firm", CURVES["ercot-nogrr-282"].steps)
    within = ride(Dip(2.0, 0.0, 0.1), supply=quick, curve=allowed).verdicts[0]
    assert within.left_share == 1.0
    assert within.back_s == pytest.approx(1.4, abs=0.01)
    assert within.holds
    assert not ride(Dip(2.0, 0.0, 0.1), supply=quick, curve=firm).verdicts[0].holds


def test_a_record_that_ends_before_the_return_says_so():
    out = ride_through(POWER_W[:3000], STEP_S, [Dip(2.0, 0.0, 0.5)], [PSU])
    assert out.verdicts[0].back_s == np.inf


def test_what_cannot_be_is_one_error():
    with pytest.raises(ProgramError) as error:
        ride_through(np.array([1.0, np.nan]), 0.0, [Dip(0.0, 1.5, 0.1)], [Supply("half", share=0.5)])
    assert {problem.path for problem in error.value.problems} == {"step_s", "power_w", "dip 1", "supplies"}
