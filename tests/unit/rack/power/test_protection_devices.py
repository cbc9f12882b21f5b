"""Fuse, mechanical, solid-state and hot-swap on currents whose answers are known; selectivity of pairs and chains."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.power.protection import (
    STANDINGS,
    ElectronicBreaker,
    FaultBuilder,
    Fuse,
    MechanicalBreaker,
    Placed,
    Wave,
    battery_rise,
    capacitor_discharge,
    curves_apart,
    device_findings,
    fault_current,
    let_through_a,
    selective,
    study_chain,
    withstand_a2s,
)

FUSE = Fuse("tray fuse", 100.0, 80.0, 20e3, melting_a2s=2e3, clearing_a2s=5e3)
BIG = Fuse("shelf fuse", 400.0, 80.0, 50e3, melting_a2s=5e4, clearing_a2s=1.5e5)
SOLID = ElectronicBreaker("row breaker", 2500.0, 1250.0, 30e3, threshold_a=5e3, clear_s=25e-6)
MECHANICAL = MechanicalBreaker("feeder", 1600.0, 1500.0, 50e3, instant_a=8e3, open_s=8e-3)


def flat(current_a, end_s=1.0):
    return Wave(np.array([0.0, end_s]), np.full(2, current_a), np.zeros(2))


def ramp(rise_a_s, end_s=1e-3):
    times = np.linspace(0, end_s, 101)
    return Wave(times, rise_a_s * times, np.full(101, rise_a_s))


@given(current_a=st.floats(1e3, 1e5))
def test_a_fuse_melts_when_its_i2t_has_passed(current_a):
    """I^2 t at a steady current: t = I2t / I^2."""
    done = FUSE.cleared(flat(current_a))
    assert done.opens
    assert done.starts_s == pytest.approx(2e3 / current_a**2, rel=1e-6)
    assert done.clears_s == pytest.approx(5e3 / current_a**2, rel=1e-6)
    assert done.let_through_a2s == 5e3


def test_on_a_ramp_a_fuse_melts_at_the_cube_root():
    """i = k t: I2t = k^2 t^3 / 3, and the current by then is k t."""
    done = FUSE.cleared(ramp(1e7))
    assert done.starts_s == pytest.approx((3 * 2e3 / 1e14) ** (1 / 3), rel=1e-6)
    assert done.let_through_a == pytest.approx(1e7 * (3 * 5e3 / 1e14) ** (1 / 3), rel=1e-6)


def test_a_discharge_with_less_i2t_than_the_fuses_leaves_it_whole():
    wave = capacitor_discharge(volt=50.0, farad=0.004, ohm=5e-3, henry=1e-6).wave()
    done = FUSE.cleared(wave)
    assert wave.i2t_a2s() == pytest.approx(1e3, rel=1e-3)
    assert done.opens is False


def test_a_supply_limited_below_the_rating_never_melts_the_fuse_and_without_a_curve_little_above_it_nobody_knows():
    assert FUSE.cleared(flat(90.0, 1e-3)).opens is False
    unknown = FUSE.cleared(flat(200.0, 1e-3))
    assert unknown.opens is None
    assert "no time-current curve" in unknown.text
    known = replace(FUSE, curve=((150.0, 1000.0), (200.0, 20.0), (1000.0, 0.01))).cleared(flat(200.0, 1e-3))
    assert known.opens
    assert known.clears_s == pytest.approx(20.0)


def test_a_solid_state_breaker_lets_through_its_threshold_and_what_grows_in_its_clearing_time():
    """800 V through 20 uH: 40 A/us from 5,000 A for 25 us are 6,000 A; I2t of the ramp is i^3 / (3 k)."""
    rise = 800.0 / 20e-6
    done = SOLID.cleared(ramp(rise))
    assert done.let_through_a == pytest.approx(let_through_a(5e3, rise, 25e-6), rel=1e-9)
    assert done.let_through_a == pytest.approx(6e3, rel=1e-9)
    assert done.clears_s == pytest.approx(150e-6, rel=1e-6)
    assert done.let_through_a2s == pytest.approx(6e3**3 / (3 * rise), rel=1e-6)


def test_the_fall_after_turning_off_adds_a_third_of_a_rectangle():
    slow = replace(SOLID, fall_s=30e-6).cleared(ramp(4e7))
    plain = SOLID.cleared(ramp(4e7))
    assert slow.let_through_a2s - plain.let_through_a2s == pytest.approx(6e3**2 * 30e-6 / 3)


def test_a_mechanical_breaker_lets_the_whole_peak_of_a_discharge_through():
    wave = capacitor_discharge(volt=800.0, farad=0.05, ohm=5e-3, henry=5e-6).wave()
    done = MECHANICAL.cleared(wave)
    assert done.let_through_a == wave.peak_a
    assert done.clears_s == pytest.approx(wave.reaches_s(8e3) + 8e-3)
    assert SOLID.cleared(wave).let_through_a < 0.5 * wave.peak_a


def test_a_holding_time_keeps_a_breaker_in_through_a_short_spike():
    """An overdamped discharge of 5 mF stands above 5 kA for some hundred microseconds only."""
    wave = capacitor_discharge(volt=800.0, farad=5e-3, ohm=0.05, henry=1e-6).wave()
    above_s = 0.05 * 5e-3 * math.log(16e3 / 5e3)  # R C ln(I0 / I)
    assert replace(SOLID, hold_s=1.2 * above_s).cleared(wave).opens is False
    assert replace(SOLID, hold_s=0.8 * above_s).cleared(wave).opens is True


def test_findings_of_a_device_tell_voltage_breaking_capacity_and_let_through():
    found = {one.name: one for one in device_findings(FUSE, flat(30e3), system_v=51.0, bears_a2s=withstand_a2s(10.0))}
    assert found["tray fuse: voltage"].holds
    assert found["tray fuse: breaking capacity"].holds is False
    assert found["tray fuse: breaking capacity"].margin_share == pytest.approx(-0.5)
    assert found["tray fuse: let-through"].holds
    assert not device_findings(FUSE, flat(1e3), system_v=800.0)[0].holds
    assert {one.standing for one in found.values()} <= set(STANDINGS)


def test_a_slow_circuit_is_told_to_a_fuse_with_a_short_time_constant():
    rise = battery_rise(emf_v=48.0, ohm=6e-3, henry=60e-6)  # 10 ms
    times = np.linspace(0, 0.1, 2001)
    current = rise.current_a(times)
    wave = Wave(times, current, (rise.steady_a - current) / rise.time_constant_s)
    (found,) = (
        one
        for one in device_findings(replace(FUSE, time_constant_s=5e-3), wave, system_v=48.0)
        if one.name.endswith("L/R")
    )
    assert found.value == pytest.approx(10e-3, rel=1e-3)
    assert found.holds is False


def test_fuses_are_selective_by_total_clearing_against_melting():
    """With one current through both the value is the lower one's total clearing I2t, whatever the current."""
    for current in (3e3, 3e4):
        found = selective(BIG, FUSE, flat(current), flat(current))
        assert found.value == pytest.approx(5e3, rel=1e-6)
        assert found.limit == 5e4
        assert found.holds
    assert selective(replace(BIG, melting_a2s=4e3), FUSE, flat(3e3), flat(3e3)).holds is False


def test_a_solid_state_breaker_above_a_fuse_trips_first_where_the_fault_passes_its_threshold():
    above = selective(SOLID, FUSE, flat(8e3), flat(8e3))
    assert (above.holds, above.value, above.limit) == (False, 8e3, 5e3)
    assert selective(SOLID, FUSE, flat(4e3), flat(4e3)).holds
    held = selective(replace(SOLID, hold_s=200e-6), FUSE, flat(8e3), flat(8e3))
    assert held.holds  # 5e3 / 8e3^2 = 78 us
    assert held.value == pytest.approx(5e3 / 64e6)


def test_a_hot_swap_below_a_fuse_leaves_it_cold():
    swap = ElectronicBreaker("hot-swap", 100.0, 80.0, 1e3, threshold_a=200.0, clear_s=2e-6, kind="hot-swap")
    wave = ramp(50.0 / 1e-6)
    found = selective(FUSE, swap, wave, wave)
    assert found.holds
    assert found.value == pytest.approx((300.0) ** 3 / (3 * 5e7), rel=1e-6)


def test_what_is_not_known_is_none_not_true():
    found = selective(BIG, FUSE, flat(200.0, 1e-3), flat(200.0, 1e-3))
    assert found.holds is None
    dead = selective(BIG, FUSE, flat(50.0, 1e-3), flat(50.0, 1e-3))
    assert dead.holds is False  # the lower one never opens


def test_curves_that_cross_are_found_at_the_current_where_they_do():
    lower = replace(FUSE, curve=((110.0, 1e3), (200.0, 5.0), (450.0, 0.0099)))
    upper = replace(BIG, curve=((450.0, 1e4), (1e3, 5.0), (2236.0, 0.01)))
    apart = curves_apart(upper, lower, 1e4)
    assert apart.holds
    assert apart.value > 1
    crossing = replace(upper, curve=((410.0, 0.008), (2236.0, 0.005)))
    assert curves_apart(crossing, lower, 1e4).holds is False
    quick = replace(upper, rated_a=150.0, curve=((160.0, 1e3), (2236.0, 0.01)))
    assert curves_apart(quick, FUSE, 1e4).holds is None  # 160 A melt the upper one; the lower one has no curve there
    assert curves_apart(MECHANICAL, FUSE, 5e3).holds is None


def hall(rack_farad):
    """An 800 V row: power rack, row breaker, rack fuse, and below it the rack's capacitors and a tray's fuse."""
    build = FaultBuilder()
    for name in ("head", "row", "rack", "tray"):
        build.node(name)
    build.supply("power rack", "head", volt=800.0, droop_ohm=8e-3, limit_a=1500.0, farad=0.01, esr_ohm=3e-3)
    build.line("row feeder", "head", "row", ohm=2e-3, henry=5e-6)
    build.line("whip", "row", "rack", ohm=3e-3, henry=3e-6)
    build.capacitor("rack caps", "rack", farad=rack_farad, esr_ohm=5e-3)
    build.line("tap", "rack", "tray", ohm=5e-3, henry=1e-6)
    return build.network()


def chain():
    return (
        Placed(replace(SOLID, hold_s=0.0), "row feeder", bears_a2s=withstand_a2s(240.0)),
        Placed(Fuse("rack fuse", 250.0, 1000.0, 50e3, 2e5, 6e5), "whip"),
        Placed(Fuse("tray fuse", 32.0, 1000.0, 50e3, 1.5e3, 5e3), "tap"),
    )


def test_a_chain_gives_every_device_its_own_current_and_every_pair_a_verdict():
    study = study_chain(hall(3e-3), "tray", chain(), end_s=5e-3)
    pairs = [one for one in study.findings if " before " in one.name and "steady" not in one.name]
    assert [one.name for one in pairs] == [
        "rack fuse before row breaker",
        "tray fuse before row breaker",
        "tray fuse before rack fuse",
    ]
    by_name = {one.name: one for one in pairs}
    assert by_name["tray fuse before rack fuse"].holds
    assert all(one.text for one in study.findings)


def test_the_racks_own_capacitors_blow_the_tray_fuse_before_the_row_breaker_sees_much():
    """More capacitance below the breaker makes the tray fuse quicker and the current through the breaker smaller."""
    values = []
    for farad in (1e-4, 1e-3, 1e-2):
        study = study_chain(hall(farad), "tray", chain(), end_s=5e-3)
        (pair,) = (one for one in study.findings if one.name == "tray fuse before row breaker")
        values.append(pair.value)
    assert values == sorted(values, reverse=True)
    assert values[0] > 5e3 > values[-1]


@given(melting=st.floats(1e2, 1e6), arcing=st.floats(1.0, 5.0), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_a_fuse_lets_through_no_more_than_what_is_prospective(melting, arcing, seed):
    wave = capacitor_discharge(volt=50.0, farad=0.02 * (seed + 1), ohm=3e-3, henry=1e-6).wave()
    done = replace(FUSE, melting_a2s=melting, clearing_a2s=arcing * melting).cleared(wave)
    if done.opens:
        assert done.let_through_a <= wave.peak_a * (1 + 1e-12)
        assert done.starts_s <= done.clears_s
    else:
        assert wave.i2t_a2s() < arcing * melting


def test_a_fault_far_down_a_thin_line_draws_less_and_may_not_trip_the_breaker_at_all():
    build = FaultBuilder()
    build.node("head")
    build.node("far")
    build.supply("power rack", "head", volt=800.0, droop_ohm=8e-3, limit_a=1500.0, farad=0.01, esr_ohm=3e-3)
    build.line("thin", "head", "far", ohm=0.3, henry=50e-6)
    wave = fault_current(build.network(), "far").through("thin")
    assert wave.peak_a < 800.0 / 0.3
    (opens,) = (one for one in device_findings(SOLID, wave, system_v=800.0) if one.name.endswith("opens"))
    assert opens.holds is False
