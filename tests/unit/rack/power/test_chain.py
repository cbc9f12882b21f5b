"""The chain: ledgers that close, series efficiencies done in the head, transformers and feeders by their laws."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.power.chain import Stage, load_for_input_w, solve_chain
from rackwright.rack.power.chain_phases import (
    SinglePhase,
    feed_check,
    phase_currents,
    solve_feeder,
    spread_over_phases,
    unbalance_shares,
)
from rackwright.rack.power.chain_stages import (
    ConductorLoss,
    Run,
    Ups,
    direct_run,
    three_phase_run,
    transformer,
    transformer_from_best,
    transformer_from_two,
)
from rackwright.rack.power.supplies import MeasuredCurve, PolynomialLoss, constant_efficiency, fit_spline


def utility_to_chip(load_w: float = 120e3) -> list[Stage]:
    """A whole chain with every kind of curve."""
    cable = three_phase_run(Run(40.0, 240e-6, wires=3), 415.0, 250e3, 0.98)
    shelf = MeasuredCurve(5500.0, (0.1, 0.2, 0.5, 1.0), (0.945, 0.966, 0.975, 0.965))
    return [
        Stage("transformer", transformer_from_best(2.5e6, 0.9953, 0.5)),
        Stage("ups", Ups(PolynomialLoss(1.2e6, 6e3, 0.01, 1.2e-8)).curve("double conversion"), side_w=2e3),
        Stage("feeder", cable, units=1, volt=415.0, phases=3, power_factor=0.98),
        Stage("psu", fit_spline(shelf), units=30, volt=50.0, liquid_share=0.0),
        Stage("busbar", ConductorLoss(50.0, 15e-6, 200e3), liquid_share=1.0),
        Stage("ibc", constant_efficiency(1500.0, 0.975), units=144, volt=12.0, load_dependent=False),
        Stage("vrm", constant_efficiency(1500.0, 0.90), units=144, volt=0.8, liquid_share=0.9, load_dependent=False),
    ]


@settings(deadline=None, max_examples=60)
@given(load_w=st.floats(0.0, 130e3))
def test_the_ledger_of_a_whole_chain_closes(load_w):
    """To 1e-9 of the input, as promised; each row besides."""
    solved = solve_chain(utility_to_chip(), load_w)
    assert solved.residual_share[0] <= 1e-9
    rows = solved.ledger()
    total = load_w + solved.side_w + math.fsum(row.loss_w for row in rows)
    assert float(solved.input_w[0]) == pytest.approx(total, rel=1e-9)
    for row in rows:
        assert row.liquid_w + row.air_w == pytest.approx(row.loss_w, rel=1e-12, abs=1e-12)
        assert 0 <= row.efficiency <= 1
    for before, after in pairwise(rows):
        assert before.output_w == pytest.approx(after.input_w + before.side_w, rel=1e-12)


def test_more_load_asks_for_more_input_at_every_stage():
    solved = solve_chain(utility_to_chip(), np.linspace(0.0, 130e3, 200))
    assert (np.diff(solved.output_w + solved.loss_w, axis=0) > 0).all()
    assert (solved.efficiency < 1).all()


def test_a_chain_turned_round_finds_its_load_again():
    stages = utility_to_chip()
    input_w = float(solve_chain(stages, 100e3).input_w[0])
    assert load_for_input_w(stages, input_w) == pytest.approx(100e3, rel=1e-9)
    assert load_for_input_w(stages, 1.0) == 0.0


def test_constant_stages_multiply():
    """The board of the reference: 0.975 x 0.90 = 0.8775."""
    stages = [Stage("ibc", constant_efficiency(1e3, 0.975)), Stage("vrm", constant_efficiency(1e3, 0.90))]
    solved = solve_chain(stages, 877.5)
    assert float(solved.input_w[0]) == pytest.approx(1000.0, rel=1e-12)
    assert solved.boundary == "from the input of ibc to the output of vrm"


def test_a_chip_of_3_kw_at_0_6_v_draws_the_published_5_000_a():
    row = solve_chain([Stage("vrm", constant_efficiency(3e3, 0.9), volt=0.6)], 3000.0).ledger()[0]
    assert row.output_a == pytest.approx(5000.0)


def test_overloaded_stages_are_named():
    assert solve_chain(utility_to_chip(), 100e3).overloaded == ()
    assert solve_chain(utility_to_chip(), 160e3).overloaded == ("psu",)


def test_a_conductor_that_cannot_carry_its_load_names_its_stage():
    stages = [Stage("long cable", ConductorLoss(50.0, 0.1, 1e4))]
    with pytest.raises(ValueError, match="stage 'long cable': 7000 W is beyond the 6250 W"):
        solve_chain(stages, 7000.0)
    assert load_for_input_w(stages, 12.5e3) == pytest.approx(6250.0, rel=1e-6)


@settings(deadline=None, max_examples=80)
@given(volt=st.floats(40.0, 800.0), ohm=st.floats(1e-6, 1e-2), share=st.floats(0.0, 0.99))
def test_a_conductor_obeys_ohms_law(volt, ohm, share):
    """Current i = input / V: what comes out is (V - R i) i, and the drop is R i / V."""
    run = ConductorLoss(volt, ohm, 1e6)
    output_w = share * run.most_w
    loss_w = float(run.loss_w(output_w))
    current_a = (output_w + loss_w) / volt
    assert loss_w == pytest.approx(ohm * current_a**2, rel=1e-9, abs=1e-12)
    assert output_w == pytest.approx((volt - ohm * current_a) * current_a, rel=1e-9, abs=1e-9)
    assert run.drop_share(output_w) == pytest.approx(ohm * current_a / volt, rel=1e-9, abs=1e-12)


def test_three_phases_lose_three_times_the_square_of_the_line_current():
    run = three_phase_run(Run(40.0, 240e-6, wires=3), 415.0, 250e3, 0.98)
    loss_w = float(run.loss_w(120e3))
    line_a = (120e3 + loss_w) / (math.sqrt(3) * 415.0 * 0.98)
    assert loss_w == pytest.approx(3 * run.ohm * line_a**2, rel=1e-12)


def test_a_diablo_cable_of_the_published_drop_has_a_section_that_its_current_suits():
    """0.1 % over 5 m, 125 A and 100 kW per cable at 800 V: R = 0.8 V / 125 A = 6.4 mohm there and back of 10 m, that is
    27 mm2 of copper at 20 degC (35 mm2, the next size, at 75 degC falls by 0.094 %)."""
    wanted_ohm = 0.001 * 800.0 / 125.0
    section_mm2 = 1.7241e-8 * 10.0 / wanted_ohm * 1e6
    assert section_mm2 == pytest.approx(26.9, abs=0.1)
    cable = direct_run(Run(5.0, 35e-6), 800.0, 100e3)
    assert cable.drop_share(100e3) == pytest.approx(0.001, rel=0.1)


@given(no_load=st.floats(1e-4, 5e-3), load=st.floats(1e-4, 2e-2))
def test_a_transformer_is_found_again_from_two_efficiencies(no_load, load):
    made = transformer(1e6, 1e6 * no_load, 1e6 * load)
    points = [(x, float(made.efficiency(1e6 * x))) for x in (0.35, 1.0)]
    found = transformer_from_two(1e6, *points)
    assert (found.a_w, found.c_per_w * 1e12) == pytest.approx((1e6 * no_load, 1e6 * load), rel=1e-6)


def test_no_transformer_has_the_same_efficiency_at_a_tenth_and_at_full_load_with_no_iron_loss():
    with pytest.raises(ValueError, match="neither can be below zero"):
        transformer_from_two(1e6, (0.1, 0.999), (1.0, 0.98))  # its no-load loss would be negative


def test_a_transformer_is_best_where_its_two_losses_are_equal():
    made = transformer_from_best(2.5e6, 0.9953, 0.5)
    at = np.linspace(0.05, 1.0, 96) * 2.5e6
    assert at[int(np.argmax(made.efficiency(at)))] == pytest.approx(0.5 * 2.5e6, rel=0.02)


def test_a_ups_without_an_eco_curve_refuses_that_mode():
    with pytest.raises(ValueError, match="'eco' whose curve is given"):
        Ups(constant_efficiency(1e6, 0.975)).curve("eco")


def test_six_supplies_on_three_phases_balance_and_one_lost_unbalances_them():
    """6 x 5.7 kW at 277 V: 41.2 A a phase. One lost: its phase has half; the neutral carries the missing 20.6 A; NEMA
    (mean 34.3): 40 %; IEC: |2 + 2 a^2 ...| = 1/5 of the positive sequence."""
    supplies = [SinglePhase(5700.0, place) for place in spread_over_phases([5700.0] * 6)]
    whole, short = phase_currents(supplies, 480.0), phase_currents(supplies[1:], 480.0)
    per_supply = 5700.0 / (480.0 / math.sqrt(3))
    assert whole.phase_a == pytest.approx((2 * per_supply,) * 3)
    assert whole.neutral_a == pytest.approx(0.0, abs=1e-9)
    assert short.phase_a == pytest.approx((per_supply, 2 * per_supply, 2 * per_supply))
    assert short.neutral_a == pytest.approx(per_supply)
    assert short.nema_unbalance_share == pytest.approx(0.4)
    assert short.iec_unbalance_share == pytest.approx(0.2)


def test_a_supply_between_two_lines_leaves_the_neutral_alone():
    """5 kW at 480 V between a and b: 10.4 A in both, none in c nor in the neutral; IEC unbalance 1, NEMA 1."""
    got = phase_currents([SinglePhase(5000.0, "a-b")], 480.0)
    assert got.phase_a == pytest.approx((5000 / 480, 5000 / 480, 0.0), abs=1e-9)
    assert got.neutral_a == pytest.approx(0.0, abs=1e-9)
    assert (got.nema_unbalance_share, got.iec_unbalance_share) == pytest.approx((1.0, 1.0))


def test_thirds_of_balanced_phases_add_in_the_neutral():
    supplies = [SinglePhase(4000.0, place) for place in ("a-n", "b-n", "c-n")]
    got = phase_currents(supplies, 400.0, third_harmonic_share=0.1)
    assert got.neutral_a == pytest.approx(0.3 * got.phase_a[0])


@settings(deadline=None, max_examples=60)
@given(powers=st.lists(st.floats(0.0, 20e3), min_size=1, max_size=30))
def test_no_phase_stands_more_than_one_supply_above_another(powers):
    places = spread_over_phases(powers)
    load = {p: math.fsum(w for w, at in zip(powers, places, strict=True) if at == p) for p in ("a-n", "b-n", "c-n")}
    assert max(load.values()) - min(load.values()) <= max(powers) * (1 + 1e-9)


@settings(deadline=None, max_examples=60)
@given(
    kw=st.tuples(*[st.floats(0.0, 20.0)] * 3),
    factor=st.floats(0.9, 1.0),
    phase=st.complex_numbers(max_magnitude=0.02, allow_nan=False, allow_infinity=False),
)
def test_a_feeders_source_gives_its_loads_and_its_losses(kw, factor, phase):
    impedance = complex(abs(phase.real) + 1e-4, abs(phase.imag))
    load = np.array([1e3 * w * complex(1.0, math.tan(math.acos(factor))) for w in kw])
    got = solve_feeder(load, 415.0, impedance, 2 * impedance)
    source = 415.0 / math.sqrt(3) * np.exp(-2j * np.pi / 3 * np.arange(3))
    given_w = float(np.sum(source * np.conj(got.current_a)).real)
    assert given_w == pytest.approx(float(load.sum().real) + got.loss_w, rel=1e-9, abs=1e-9)


def test_a_feeder_beyond_its_load_says_so():
    with pytest.raises(ValueError, match="do not settle"):
        solve_feeder([2e6, 2e6, 2e6], 415.0, 0.05 + 0.05j)


def test_unbalance_of_a_negative_system_is_one_without_end():
    turned = np.exp(2j * np.pi / 3 * np.arange(3))
    assert unbalance_shares(turned)[1] > 1e12
    assert unbalance_shares([0.0, 0.0, 0.0]) == (0.0, 0.0)


@pytest.mark.parametrize(("breaker_a", "continuous_a"), [(60.0, 48.0), (30.0, 24.0)])
def test_a_breaker_carries_80_per_cent_continuously_under_the_american_code(breaker_a, continuous_a):
    """HPR V2: 60 A input, 48 A continuous under NEC."""
    assert feed_check(continuous_a, breaker_a).holds
    assert not feed_check(continuous_a + 0.1, breaker_a).holds


def test_bad_stages_and_supplies_are_named():
    with pytest.raises(ValueError, match="'x' has 0 units"):
        solve_chain([Stage("x", constant_efficiency(1e3, 0.9), units=0)], 1.0)
    with pytest.raises(ValueError, match="no stage"):
        solve_chain([], 1.0)
    with pytest.raises(ValueError, match="supply 'p' stands at 'd-n'"):
        phase_currents([SinglePhase(1.0, "d-n", name="p")], 400.0)
    with pytest.raises(ValueError, match="power_factor is 0"):
        phase_currents([SinglePhase(1.0, "a-n", 0.0)], 400.0)
