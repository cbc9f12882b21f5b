"""Fault currents against the exact solutions of their circuits and against what is conserved."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from rackwright.rack.power.direct import DirectBuilder
from rackwright.rack.power.protection.bar import bar_faults
from rackwright.rack.power.protection.faults import fault_current
from rackwright.rack.power.protection.network import FaultBuilder
from rackwright.rack.power.protection.sources import battery_rise, bridge, capacitor_discharge


def bank(*, volt=50.0, farad=0.01, esr_ohm=1e-3, ohm=4e-3, henry=1e-6, clamp_ohm=None):
    build = FaultBuilder()
    build.node("bank")
    build.node("tray")
    build.capacitor("caps", "bank", farad=farad, esr_ohm=esr_ohm, volt=volt, clamp_ohm=clamp_ohm)
    build.line("bar", "bank", "tray", ohm=ohm, henry=henry)
    return build.network()


def rack(*, shelves=3, limit_a=400.0, off_s=None, clamp_ohm=None):
    build = FaultBuilder()
    build.node("bar 0")
    for at in range(shelves):
        build.node(f"bar {at + 1}")
        build.node(f"shelf {at}")
        build.line(f"segment {at}", f"bar {at}", f"bar {at + 1}", ohm=5e-5, henry=5e-8)
        build.line(f"tap {at}", f"shelf {at}", f"bar {at + 1}", ohm=1e-4, henry=1e-7)
        build.supply(
            f"psu {at}",
            f"shelf {at}",
            volt=51.0,
            droop_ohm=1.4e-3,
            limit_a=limit_a,
            farad=0.02,
            esr_ohm=1e-3,
            off_s=off_s,
            clamp_ohm=clamp_ohm,
        )
    build.node("tray")
    build.line("fuse", "bar 0", "tray", ohm=5e-4, henry=3e-7)
    return build.network()


@given(volt=st.floats(40.0, 900.0), farad=st.floats(1e-4, 0.5), ohm=st.floats(1e-3, 0.1), henry=st.floats(1e-8, 1e-4))
@settings(max_examples=80, deadline=None)
def test_a_discharge_meets_its_differential_equation(volt, farad, ohm, henry):
    """Peak against scipy's stiff solver at 1e-10; the closed form itself is exact."""
    found = capacitor_discharge(volt=volt, farad=farad, ohm=ohm, henry=henry)
    got = solve_ivp(
        lambda t, x: [(x[1] - ohm * x[0]) / henry, -x[0] / farad], (0, found.peak_s), [0.0, volt],
        method="Radau", rtol=1e-10, atol=1e-9,
    )  # fmt: skip
    assert got.y[0, -1] == pytest.approx(found.peak_a, rel=1e-6)
    near = found.current_a(found.peak_s * np.array([0.98, 1.02]))
    assert (near < found.peak_a).all()


@pytest.mark.parametrize("damping", [0.05, 0.5, 1.0, 1.0 + 1e-7, 3.0, 200.0])
def test_every_discharge_spends_the_capacitors_whole_energy_in_its_resistance(damping):
    """R I2t = C V^2 / 2, at any damping; the samples' sum meets it to 1e-4 (their end is 12 time constants out)."""
    farad, henry = 0.01, 1e-6
    found = capacitor_discharge(volt=50.0, farad=farad, ohm=2 * damping * math.sqrt(henry / farad), henry=henry)
    assert found.damping == pytest.approx(damping, rel=1e-9)
    assert found.ohm * found.i2t_a2s == pytest.approx(0.5 * farad * 50.0**2)
    assert found.wave(samples=20001).i2t_a2s() == pytest.approx(found.i2t_a2s, rel=1e-4)


def test_the_critical_discharge_peaks_at_2_over_e_of_volt_over_ohm():
    found = capacitor_discharge(volt=50.0, farad=0.01, ohm=0.02, henry=1e-6)
    assert found.peak_a == pytest.approx(2 / math.e * 50.0 / 0.02, rel=1e-9)
    assert found.peak_s == pytest.approx(2 * 1e-6 / 0.02)


def test_a_batterys_i2t_is_the_integral_of_its_square():
    rise = battery_rise(emf_v=48.0, ohm=6e-3, henry=3e-6)
    whole, _ = quad(lambda t: float(rise.current_a(np.array([t]))[0]) ** 2, 0, 5e-3, epsabs=1e-3, limit=200)
    assert rise.i2t_a2s(5e-3) == pytest.approx(whole, rel=1e-9)
    assert rise.current_a(np.array([rise.time_constant_s]))[0] == pytest.approx(8000 * (1 - math.exp(-1)))


@pytest.mark.parametrize("henry", [1e-8, 1e-6, 1e-4])
def test_the_network_repeats_the_single_capacitor(henry):
    """Same circuit, one by formula, one by steps: the sampling's cubic departs by 2e-5 of the peak."""
    exact = capacitor_discharge(volt=50.0, farad=0.01, ohm=5e-3, henry=henry)
    found = fault_current(bank(henry=henry), "tray", end_s=30 * (exact.ohm * exact.farad + henry / exact.ohm))
    assert found.peak_a == pytest.approx(exact.peak_a, rel=1e-4)
    assert found.fault.peak_s == pytest.approx(exact.peak_s, rel=1e-2)
    assert found.i2t_a2s == pytest.approx(exact.i2t_a2s, rel=1e-4)


def test_the_network_repeats_the_single_battery():
    build = FaultBuilder()
    build.node("tray")
    build.battery("string", "tray", emf_v=48.0, ohm=6e-3, henry=3e-6)
    rise = battery_rise(emf_v=48.0, ohm=6e-3, henry=3e-6)
    found = fault_current(build.network(), "tray", end_s=5e-3)
    assert found.i2t_a2s == pytest.approx(rise.i2t_a2s(5e-3), rel=1e-6)
    assert found.fault.at([1e-4, 1e-3]) == pytest.approx(rise.current_a(np.array([1e-4, 1e-3])), rel=1e-5)


def test_linear_sources_superpose():
    """Two banks and a battery through one line: their currents alone, the others' EMF taken as zero, add up."""

    def net(a, b, emf):
        build = FaultBuilder()
        for name in ("a", "b", "joint", "tray"):
            build.node(name)
        build.capacitor("bank a", "a", farad=5e-3, esr_ohm=2e-3, volt=a)
        build.capacitor("bank b", "b", farad=2e-2, esr_ohm=1e-3, volt=b)
        build.battery("string", "joint", emf_v=emf, ohm=5e-3, henry=4e-6)
        build.line("from a", "a", "joint", ohm=1e-3, henry=5e-7)
        build.line("from b", "b", "joint", ohm=2e-3, henry=1e-6)
        build.line("out", "joint", "tray", ohm=1e-3, henry=1e-6)
        return fault_current(build.network(), "tray", end_s=3e-3).fault.at(times)

    times = np.linspace(1e-5, 2.9e-3, 40)
    tiny = 1e-9
    parts = net(50.0, tiny, tiny) + net(tiny, 50.0, tiny) + net(tiny, tiny, 50.0)
    assert net(50.0, 50.0, 50.0) == pytest.approx(parts, rel=1e-3, abs=0.2)


def test_what_the_sources_give_at_the_peak_sums_to_the_fault():
    found = fault_current(rack(), "tray", end_s=5e-3)
    assert sum(one.at_peak_a for one in found.contributions) == pytest.approx(found.peak_a, rel=1e-3)
    assert {one.kind for one in found.contributions} == {"capacitor", "supply"}


def test_after_the_capacitors_only_the_limits_are_left():
    found = fault_current(rack(limit_a=400.0), "tray", end_s=0.1)
    assert found.fault.last_a == pytest.approx(3 * 400.0, rel=1e-6)
    assert found.peak_a > 5 * 1200
    assert found.through("tap 1").last_a == pytest.approx(400.0, rel=1e-6)


def test_a_supply_that_shuts_down_leaves_nothing():
    found = fault_current(rack(off_s=0.02), "tray", end_s=0.2)
    assert found.fault.at(0.0199)[0] == pytest.approx(1200.0, rel=0.01)
    assert abs(found.fault.last_a) < 1.0


def test_a_fault_resistance_far_above_the_circuits_own_sets_the_current():
    found = fault_current(rack(limit_a=1e4), "tray", fault_ohm=1.0, end_s=0.05)
    assert found.fault.last_a == pytest.approx(51.0 / (1.0 + 1.4e-3 / 3), rel=1e-3)


def test_diodes_across_a_bank_keep_it_from_ringing_into_reverse():
    open_, clamped = (
        fault_current(bank(ohm=1e-4, esr_ohm=1e-4, clamp_ohm=c), "tray", end_s=2e-3) for c in (None, 1e-4)
    )
    assert open_.fault.current_a.min() < -0.3 * open_.peak_a
    assert clamped.fault.current_a.min() > -1e-3 * clamped.peak_a
    assert clamped.peak_a == pytest.approx(open_.peak_a, rel=1e-6)


def test_a_source_behind_a_diode_takes_no_current_back():
    def net(one_way):
        build = FaultBuilder()
        build.node("bar")
        build.node("tray")
        build.battery("low", "bar", emf_v=30.0, ohm=5e-3, henry=1e-6, one_way=one_way)
        build.capacitor("bank", "bar", farad=0.1, esr_ohm=1e-3, volt=50.0)
        build.line("out", "bar", "tray", ohm=5e-3, henry=1e-6)
        return fault_current(build.network(), "tray", end_s=0.02)

    assert net(False).through("low").current_a.min() < -100
    assert net(True).through("low").current_a.min() > -0.01
    assert net(True).fault.last_a == pytest.approx(30.0 / 10e-3, rel=1e-2)


def test_load_current_before_the_fault_is_where_the_lines_start():
    build = FaultBuilder()
    build.node("bar")
    build.node("tray")
    build.supply("psu", "bar", volt=51.0, droop_ohm=1e-3, limit_a=700.0, farad=0.02, esr_ohm=1e-3)
    build.line("out", "bar", "tray", ohm=1e-3, henry=1e-6)
    found = fault_current(build.network(), "tray", end_s=1e-3, drawn_w={"tray": 20e3})
    volt = 25.5 + math.sqrt(25.5**2 - 20e3 * 2e-3)
    assert found.fault.at(0.0)[0] == pytest.approx(20e3 / volt, rel=1e-9)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_a_random_tree_keeps_its_energy_books(seed):
    """What the capacitors held is spent in the lines' and the fault's resistance: all of it, once they are empty.

    Each capacitor's own resistance stands in a line of its own here, so that its I2t is seen. 1e-3: sampling.
    """
    rng = np.random.default_rng(seed)
    build = FaultBuilder()
    held = 0.0
    for at in range(8):
        build.node(f"n{at}")
        if at:
            up = f"n{rng.integers(0, at)}"
            build.line(f"l{at}", up, f"n{at}", ohm=10 ** rng.uniform(-3, -2), henry=10 ** rng.uniform(-7, -5))
        if at == 0 or rng.random() < 0.7:
            farad = 10 ** rng.uniform(-3, -2)
            build.node(f"inside {at}")
            build.line(f"leg {at}", f"n{at}", f"inside {at}", ohm=1e-3, henry=1e-8)
            build.capacitor(f"c{at}", f"inside {at}", farad=farad, esr_ohm=0.0, volt=48.0)
            held += 0.5 * farad * 48.0**2
    net = build.network()
    found = fault_current(net, "n3", fault_ohm=5e-3, end_s=0.5)
    ohms = {branch.name: branch.ohm for branch in net.circuit.branches}
    spent = 5e-3 * found.i2t_a2s + sum(ohms[name] * wave.i2t_a2s() for name, wave in found.lines.items())
    assert spent == pytest.approx(held, rel=1e-3)
    assert sum(one.at_peak_a for one in found.contributions) == pytest.approx(found.peak_a, rel=2e-3)


def test_a_fault_at_a_shelfs_own_terminals_takes_its_capacitor_through_its_resistance_and_its_limit():
    found = fault_current(rack(shelves=1, limit_a=400.0), "shelf 0", end_s=5e-3)
    assert found.fault.at(0.0)[0] == pytest.approx(51.0 / 1e-3 + 400.0, rel=1e-9)
    assert found.fault.last_a == pytest.approx(400.0, rel=1e-3)


def test_a_wave_tells_when_it_reaches_a_current_and_an_i2t():
    rise = battery_rise(emf_v=48.0, ohm=6e-3, henry=3e-6)
    build = FaultBuilder()
    build.node("tray")
    build.battery("string", "tray", emf_v=48.0, ohm=6e-3, henry=3e-6)
    wave = fault_current(build.network(), "tray", end_s=5e-3).fault
    assert wave.reaches_s(4000.0) == pytest.approx(rise.time_constant_s * math.log(2), rel=1e-4)
    assert wave.reaches_s(8001.0) is None
    when = wave.reaches_i2t_s(1e4)
    assert rise.i2t_a2s(when) == pytest.approx(1e4, rel=1e-4)
    assert wave.reaches_i2t_s(1e12) is None


def test_a_bridge_gives_1_35_of_its_line_voltage_and_short_circuit_current():
    found = bridge(line_v=400.0, short_circuit_a=10e3)
    assert found.emf_v / 400.0 == pytest.approx(1.3505, abs=1e-4)
    assert found.emf_v / found.ohm == pytest.approx(found.shorted_a)
    # 23.09 mOhm a phase at X/R = 10: 22.98 mOhm of reactance, two phases at 50 Hz are 146.3 uH
    assert found.henry == pytest.approx(146.3e-6, rel=1e-3)


def bar(limit_a):
    build = DirectBuilder()
    build.node("foot")
    build.node("tray", load_w=6e3)
    build.line("bar", "foot", "tray", ohm=5e-4)
    for at in range(12):
        build.source(f"psu {at}", "foot", volt=51.0, droop_ohm=0.5 / 60, limit_a=limit_a)
    return build.network()


def test_a_racks_bar_becomes_a_fault_network_that_ends_at_all_its_limits_together():
    network = bar_faults(bar(90.0), line_henry=1e-7, supply_farad=5e-3, supply_esr_ohm=5e-3)
    found = fault_current(network, "tray", end_s=0.05)
    assert found.fault.last_a == pytest.approx(12 * 90.0, rel=1e-6)
    together = capacitor_discharge(volt=51.0, farad=0.06, ohm=5e-3 / 12 + 5e-4, henry=1e-7)
    assert together.peak_a < found.peak_a < together.peak_a + 12 * 90.0
    with pytest.raises(ValueError, match="no current limit"):
        bar_faults(bar(None), line_henry=0.0, supply_farad=5e-3, supply_esr_ohm=5e-3)


def test_wrong_faults_are_named():
    net = rack()
    with pytest.raises(ValueError, match="no node 'nowhere'"):
        fault_current(net, "nowhere")
    with pytest.raises(ValueError, match="no line 'x'"):
        fault_current(net, "tray", watch=["x"])
    build = FaultBuilder()
    build.node("bank")
    build.capacitor("caps", "bank", farad=0.01, esr_ohm=0.0, volt=50.0)
    with pytest.raises(ValueError, match="'caps': volt is nan"):
        bank(volt=math.nan)
    with pytest.raises(ValueError, match="no bound"):
        fault_current(build.network(), "bank")
