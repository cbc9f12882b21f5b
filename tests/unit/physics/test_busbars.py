"""Flat bars: published ampacities, the handbook's rule, and the laws of a heat balance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.physics.busbars import (
    FlatBar,
    Surroundings,
    ampacity_a,
    bar_temperature_k,
    cooling_fit,
    cooling_w_m,
    handbook_ampacity_a,
    line_figures,
    loop_ohm,
    mass_kg,
)
from rackwright.physics.conductors import RESISTIVITY

INCH_M = 0.0254
STILL_40 = Surroundings(ambient_k=313.15)
STILL_35 = Surroundings(ambient_k=308.15)

# Copper Development Association Inc., Ampacities of Copper No. 110 Busbars, table 1 (emissivity 0.4, still air at
# 40 degC): thickness and width in inches, then skin-effect ratio and 60 Hz amperes at rises of 30, 50 and 65 K.
# Direct current: 60 Hz amperes x sqrt(ratio), as the table's own note says.
CDA_TABLE_1 = [
    (1 / 16, 2, ((1.01, 345), (1.01, 460), (1.01, 530))),
    (1 / 8, 1, ((1.01, 270), (1.01, 360), (1.01, 415))),
    (1 / 8, 2, ((1.02, 495), (1.02, 660), (1.02, 760))),
    (1 / 8, 3, ((1.03, 710), (1.03, 940), (1.03, 1100))),
    (1 / 8, 4, ((1.04, 910), (1.04, 1200), (1.04, 1400))),
    (3 / 16, 1, ((1.01, 340), (1.01, 455), (1.01, 520))),
    (3 / 16, 2, ((1.03, 610), (1.03, 810), (1.03, 940))),
    (3 / 16, 4, ((1.09, 1100), (1.08, 1450), (1.07, 1700))),
    (1 / 4, 0.5, ((1.01, 240), (1.01, 315), (1.01, 360))),
]


@pytest.mark.parametrize(("thickness", "width", "columns"), CDA_TABLE_1)
def test_one_bar_carries_what_the_copper_trade_measured(thickness, width, columns):
    """Tolerance 5 %: the film's correlation stands within 10 % (5 % in amperes), the table's figures are rounded to
    5 to 50 A (2 %)."""
    bar = FlatBar(width * INCH_M, thickness * INCH_M)
    for rise_k, (ratio, alternating_a) in zip((30.0, 50.0, 65.0), columns, strict=True):
        published_a = alternating_a * math.sqrt(ratio)
        assert ampacity_a(bar, rise_k, STILL_40) == pytest.approx(published_a, rel=0.05)


def test_emissivity_raises_the_ampacity_as_published():
    """Table 4 of the same source: 1/4 x 4 inch, one bar, 50 K, 60 Hz. Its skin effect is the same at every emissivity,
    so ratios of ampacities compare; they are rounded to 50 or 100 A: 4 %."""
    published = {0.15: 1500, 0.4: 1700, 0.7: 1900, 0.9: 2000}
    got = {e: ampacity_a(FlatBar(4 * INCH_M, INCH_M / 4, emissivity=e), 50.0, STILL_40) for e in published}
    for emissivity, amperes in published.items():
        assert got[emissivity] / got[0.4] == pytest.approx(amperes / published[0.4], rel=0.04)


def test_bars_of_120_by_8_carry_the_published_range():
    """Row `bar_120x8_a`: one bar 2,400 to 2,600 A, two bars 3,400 to 4,400 A, 65 to 70 K over 35 degC. Its surface is
    not said, so one emissivity from bright (0.15) to aged (0.4) must serve both; two bars have the channel between
    them besides, whose correlation stands within 10 % in heat (5 % in amperes)."""
    one, two = (FlatBar(0.120, 0.008, bars=n, emissivity=0.2) for n in (1, 2))
    assert 2400 * 0.99 <= ampacity_a(one, 65.0, STILL_35) <= ampacity_a(one, 70.0, STILL_35) <= 2600
    assert 3400 <= ampacity_a(two, 65.0, STILL_35) <= 4400 * 1.05


def test_the_handbook_rule_gives_what_the_reference_says_of_it():
    bar = FlatBar(0.120, 0.008)
    assert handbook_ampacity_a(bar) == pytest.approx(2082, abs=1)
    assert handbook_ampacity_a(bar, 65.0) == pytest.approx(2440, rel=0.003)


@pytest.mark.parametrize("width_m", [0.03, 0.05, 0.08, 0.1, 0.12, 0.16, 0.2])
def test_the_handbook_rule_lies_between_bright_and_aged_bars(width_m):
    """The rule names no surface: it must lie between emissivity 0.1 and 0.4, 5 % apart at most."""
    low, high = (ampacity_a(FlatBar(width_m, 0.010, emissivity=e), 50.0, STILL_40) for e in (0.1, 0.4))
    assert low * 0.95 <= handbook_ampacity_a(FlatBar(width_m, 0.010)) <= high * 1.05


def test_the_american_rule_lets_a_bar_carry_more_with_plated_joints():
    """ANSI C37.20: 65 K over 40 degC with plated joints, else 30 K. With heat ~ rise^1.2 and the resistance of the
    warmer bar, (65/30)^0.6 / sqrt(warm ratio) = 1.59 / 1.06 = 1.50; 4 % for the exponent."""
    bar = FlatBar(0.100, 0.010)
    assert ampacity_a(bar, 65.0, STILL_40) / ampacity_a(bar, 30.0, STILL_40) == pytest.approx(1.50, rel=0.04)


bars = st.builds(
    FlatBar,
    width_m=st.floats(0.02, 0.3),
    thickness_m=st.floats(0.002, 0.02),
    conductor=st.sampled_from(["copper", "aluminium"]),
    bars=st.integers(1, 4),
    emissivity=st.floats(0.0, 1.0),
    run=st.sampled_from(["on edge", "upright", "flat"]),
)
around = st.builds(Surroundings, ambient_k=st.floats(273.15, 333.15), air_m_s=st.floats(0.0, 10.0))


@settings(deadline=None, max_examples=60)
@given(bar=bars, surroundings=around, rise_k=st.floats(5.0, 120.0))
def test_a_bar_at_its_ampacity_stands_at_its_rise(bar, surroundings, rise_k):
    current_a = ampacity_a(bar, rise_k, surroundings)
    assert bar_temperature_k(bar, current_a, surroundings) - surroundings.ambient_k == pytest.approx(rise_k, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(bar=bars, surroundings=around, rise_k=st.floats(5.0, 100.0), factor=st.floats(1.01, 1.5))
def test_more_current_makes_a_bar_warmer_and_moving_air_makes_it_cooler(bar, surroundings, rise_k, factor):
    current_a = ampacity_a(bar, rise_k, surroundings)
    faster = Surroundings(surroundings.ambient_k, surroundings.air_m_s + 1.0)
    assert bar_temperature_k(bar, factor * current_a, surroundings) > surroundings.ambient_k + rise_k
    assert bar_temperature_k(bar, current_a, faster) < surroundings.ambient_k + rise_k


def test_a_liquid_carries_its_conductance_times_the_rise():
    """150 W/(K m) at 40 K is 6 kW/m, exactly, beside what the air takes."""
    bar, dry = FlatBar(0.1, 0.01), STILL_40
    wet = Surroundings(dry.ambient_k, liquid_w_k_m=150.0, liquid_k=dry.ambient_k)
    at_k = dry.ambient_k + 40.0
    assert cooling_w_m(bar, at_k, wet) - cooling_w_m(bar, at_k, dry) == pytest.approx(6000.0)


def test_a_liquid_cooled_bar_runs_away_where_its_resistance_grows_faster_than_its_cooling():
    """With the liquid alone, i^2 R20 alpha >= W/K has no answer; air is left as it is by a current far beyond."""
    bar = FlatBar(0.1, 0.01)
    wet = Surroundings(313.15, liquid_w_k_m=10.0, liquid_k=313.15)
    with pytest.raises(ValueError, match="no temperature below"):
        bar_temperature_k(bar, 50e3, wet)


def test_a_colder_liquid_holds_an_idle_bar_below_the_air():
    bar = FlatBar(0.1, 0.01)
    wet = Surroundings(313.15, liquid_w_k_m=50.0, liquid_k=303.15)
    assert 303.15 < bar_temperature_k(bar, 0.0, wet) < 313.15


@pytest.mark.parametrize("air_m_s", [0.0, 2.0, 5.0])
@pytest.mark.parametrize("run", ["on edge", "upright", "flat"])
def test_the_power_law_of_the_cooling_is_within_three_per_cent(air_m_s, run):
    """Two powers of the rise (convection 1.25 or 1, radiation about 1.1) are not one: 3 % of the loss is the miss that
    the fit may have, 2 K of a rise of 70 K."""
    fit = cooling_fit(FlatBar(0.12, 0.008, run=run), 2.0, Surroundings(308.15, air_m_s))
    assert fit.worst_share < 0.03
    assert 1.0 < fit.cooling_power < 1.3


def test_the_network_finds_the_temperature_that_the_bar_has():
    """The kernel's conductor, fed by `line_figures`, against the bar's own balance: the fit's 3 % of loss is 2 K."""
    from rackwright.rack.power.direct import DirectBuilder, solve

    bar, length_m = FlatBar(0.120, 0.008), 2.0
    current_a = ampacity_a(bar, 60.0, STILL_35)
    build = DirectBuilder()
    build.node("foot")
    build.node("end", load_w=48.0 * current_a)
    build.line("bar", "foot", "end", **line_figures(bar, length_m, STILL_35))
    build.source("shelf", "foot", volt=50.0, droop_ohm=0.0)
    solution = solve(build.network())
    own = bar_temperature_k(bar, float(solution.line_a[0, 0]), STILL_35)
    assert float(solution.conductor_k[0, 0]) == pytest.approx(own, abs=2.0)


def test_resistance_and_mass_are_sums_done_in_the_head():
    """1,000 mm2 of copper: 17.241 microohm and 8.89 kg a metre; 2 x 3 m, and 6 joints of 1 microohm."""
    bar = FlatBar(0.100, 0.010)
    assert loop_ohm(bar, 3.0, 293.15, joints=6, joint_ohm=1e-6) == pytest.approx(6 * 17.241e-6 + 6e-6)
    assert mass_kg(bar, 3.0) == pytest.approx(6 * 8.89)
    warm = bar.resistance_ohm_m(393.15) / bar.resistance_ohm_m(293.15)
    assert warm == pytest.approx(1 + 100 * RESISTIVITY["copper"][1])


def test_what_is_no_bar_is_refused_by_name():
    with pytest.raises(ValueError, match="width_m is 0"):
        FlatBar(0.0, 0.01)
    with pytest.raises(ValueError, match="'steel'"):
        FlatBar(0.1, 0.01, conductor="steel")
    with pytest.raises(ValueError, match="one copper bar"):
        handbook_ampacity_a(FlatBar(0.1, 0.01, bars=2))
