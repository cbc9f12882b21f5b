"""Stability of rows: the quadratic of one load, a long ladder's modes, Middlebrook's criterion beside eigenvalues."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.signal import find_peaks

from rackwright.rack.power.direct import DirectBuilder, solve
from rackwright.rack.power.stability import (
    CircuitBuilder,
    InputFilter,
    impedance_margins,
    joint_margin_db,
    largest_load,
    longest_line,
    loop_impedance,
    smallest_capacitance,
    source_impedance_ohm,
    stability,
    stable_limit,
)
from rackwright.rack.power.stability_bar import SupplyDynamics, bar_circuit, cable_pair_henry_m, plate_pair_henry_m
from rackwright.rack.power.stability_circuit import operating_point, state_space


def one_load(*, ohm=0.01, henry=1e-6, farad=1e-3, watt=1000.0, esr_ohm=0.0, volt=50.0, **load):
    build = CircuitBuilder()
    build.node("tray")
    build.supply("shelf", "tray", volt=volt, droop_ohm=ohm, henry=henry, farad=0.0)
    build.capacitor("bank", "tray", farad=farad, esr_ohm=esr_ohm)
    build.load("gpu", "tray", watt=watt, **load)
    return build.circuit()


def row(rng, *, trays=6, power_w=6e3, bandwidth_hz=None, filtered=True):
    """A rack's bar with two shelves, six trays, every figure drawn anew over a decade or so."""
    build = CircuitBuilder()
    build.node("bar 0")
    for at in range(trays):
        build.node(f"bar {at + 1}")
        build.line(
            f"segment {at}",
            f"bar {at}",
            f"bar {at + 1}",
            ohm=10 ** rng.uniform(-5, -3.5),
            henry=10 ** rng.uniform(-8, -6),
        )
        own = InputFilter(
            henry=10 ** rng.uniform(-8, -6.5),
            ohm=10 ** rng.uniform(-4, -3),
            farad=10 ** rng.uniform(-4, -2.5),
            esr_ohm=10 ** rng.uniform(-4, -2.5),
            damping_farad=10 ** rng.uniform(-3.5, -2),
            damping_ohm=10 ** rng.uniform(-2.5, -1),
        )
        build.load(
            f"tray {at}",
            f"bar {at + 1}",
            watt=float(power_w * rng.uniform(0.3, 1.0)),
            bandwidth_hz=bandwidth_hz,
            input_filter=own if filtered else None,
        )
        if not filtered:
            build.capacitor(
                f"bank {at}", f"bar {at + 1}", farad=10 ** rng.uniform(-4, -2.5), esr_ohm=10 ** rng.uniform(-4, -2)
            )
    for at, place in enumerate(("bar 0", f"bar {trays // 2}")):
        build.supply(
            f"shelf {at}",
            place,
            volt=51.0,
            droop_ohm=0.5 / 360,
            farad=0.01,
            esr_ohm=1e-3,
            crossover_hz=10 ** rng.uniform(2.5, 4),
        )
    return build.circuit()


@given(ohm=st.floats(1e-3, 0.05), henry=st.floats(1e-8, 1e-4), farad=st.floats(1e-5, 0.1), share=st.floats(0.01, 0.95))
@settings(max_examples=60, deadline=None)
def test_the_eigenvalues_of_one_load_are_the_quadratics_roots(ohm, henry, farad, share):
    """Both sides are the same two numbers, so only rounding parts them: 1e-8 of the larger root."""
    circuit = one_load(ohm=ohm, henry=henry, farad=farad, watt=share * 50.0**2 / (4 * ohm))
    found = stability(circuit)
    g = circuit.loads[0].watt / found.point.volt[0] ** 2
    roots = np.roots([1.0, ohm / henry - g / farad, (1 - ohm * g) / (henry * farad)])
    got = np.sort_complex(found.eigenvalues_per_s)
    assert got == pytest.approx(np.sort_complex(roots), rel=1e-6, abs=1e-8 * np.abs(roots).max())
    assert found.stable == (g < min(ohm * farad / henry, 1 / ohm))


def test_one_load_is_stable_up_to_r_c_v_squared_over_l():
    """The edge in watts: P = V^2 R C / L with V the node's own voltage at that power."""
    circuit = one_load(ohm=0.002, henry=10e-6, farad=1e-3, watt=100.0)
    limit = largest_load(circuit)
    assert limit.reached == "stability"
    g = 0.002 * 1e-3 / 10e-6  # siemens at the edge
    volt = 50.0 / (1 + 0.002 * g)
    assert limit.value == pytest.approx(g * volt**2, rel=1e-5)


def test_where_damping_is_plenty_the_collapse_comes_first_at_v_squared_over_4r():
    limit = largest_load(one_load(ohm=0.01, henry=1e-9, farad=0.01, watt=1000.0))
    assert limit.reached == "no steady state"
    assert limit.value == pytest.approx(50.0**2 / 0.04, rel=1e-4)


def test_the_smallest_capacitance_and_the_longest_line_meet_the_same_law():
    circuit = one_load(ohm=0.002, henry=1e-6, farad=1e-2, watt=1000.0)
    g = 1000.0 / stability(circuit).point.volt[0] ** 2
    smallest = smallest_capacitance(circuit, "bank")
    assert smallest.value == pytest.approx(g * 1e-6 / 0.002, rel=1e-5)
    # a cable's R and L grow together, so R C / L does not change: only the collapse ends it
    longest = longest_line(circuit, "shelf", 10.0)
    assert longest.reached == "no steady state"
    assert longest.value == pytest.approx(10.0 * 50.0**2 / (4 * 1000.0) / 0.002, rel=1e-4)


def test_a_longer_cable_behind_a_fixed_resistance_is_unstable_beyond_its_inductance():
    def build(metres):
        row = CircuitBuilder()
        row.node("foot")
        row.node("tray")
        row.supply("shelf", "foot", volt=50.0, droop_ohm=0.002, henry=0.0, farad=0.0)
        row.line("cable", "foot", "tray", ohm=1e-5 * metres, henry=0.5e-6 * metres)
        row.capacitor("bank", "tray", farad=1e-3)
        row.load("gpu", "tray", watt=3000.0)
        return row.circuit()

    limit = longest_line(build(1.0), "cable", 1.0)
    metres = limit.value
    ohm, henry = 0.002 + 1e-5 * metres, 0.5e-6 * metres
    volt = 25.0 + math.sqrt(625.0 - 3000.0 * ohm)
    assert 3000.0 / volt**2 == pytest.approx(ohm * 1e-3 / henry, rel=1e-4)


def test_series_resistance_of_the_capacitor_damps():
    bare, soft = (stability(one_load(esr_ohm=esr)).least_damped.damping for esr in (0.0, 0.005))
    assert soft > bare


def test_a_ladder_rings_at_its_known_frequencies():
    """N equal L-C sections from a held voltage to an open end: w_k = 2 / sqrt(L C) sin((2k-1) pi / (2 (2N+1)))."""
    sections, henry, farad, ohm = 60, 1e-7, 1e-4, 1e-4
    build = CircuitBuilder()
    build.node("n0")
    build.supply("shelf", "n0", volt=50.0, droop_ohm=ohm, henry=henry, farad=0.0)
    for at in range(1, sections):
        build.node(f"n{at}")
        build.line(f"l{at}", f"n{at - 1}", f"n{at}", ohm=ohm, henry=henry)
    for at in range(sections):
        build.capacitor(f"c{at}", f"n{at}", farad=farad)
    found = stability(build.circuit())
    k = np.arange(1, sections + 1)
    natural = 2 / math.sqrt(henry * farad) * np.sin((2 * k - 1) * math.pi / (2 * (2 * sections + 1)))
    decay = ohm / henry / 2
    expected = np.sqrt(natural**2 - decay**2 + 0j)
    positive = np.sort(found.eigenvalues_per_s.imag[found.eigenvalues_per_s.imag > 1e-6])
    assert positive == pytest.approx(np.sort(expected.real[expected.real > 0]), rel=1e-8)
    assert found.eigenvalues_per_s.real.sum() == pytest.approx(-2 * sections * decay, rel=1e-9)


def test_lines_that_meet_without_a_capacitor_are_one_line():
    whole = one_load(henry=3e-6, ohm=0.01)
    build = CircuitBuilder()
    build.node("joint")
    build.node("tray")
    build.supply("shelf", "joint", volt=50.0, droop_ohm=0.004, henry=1e-6, farad=0.0)
    build.line("bar", "joint", "tray", ohm=0.006, henry=2e-6)
    build.capacitor("bank", "tray", farad=1e-3)
    build.load("gpu", "tray", watt=1000.0)
    one, two = stability(whole), stability(build.circuit())
    assert two.states == 2
    assert np.sort_complex(two.eigenvalues_per_s) == pytest.approx(np.sort_complex(one.eigenvalues_per_s), rel=1e-9)
    shares = dict(two.least_damped.participation)
    assert shares["bar"] == pytest.approx(2 * shares["shelf"])


def test_the_part_that_rings_is_named():
    """A tray with a sharp filter of its own behind a stiff, well damped bar: the mode is the filter's."""
    build = CircuitBuilder()
    build.node("bar")
    build.supply("shelf", "bar", volt=50.0, droop_ohm=1e-3, henry=1e-7, farad=0.05, esr_ohm=1e-3)
    build.load("calm", "bar", watt=3e3, input_filter=InputFilter(1e-7, 1e-3, 5e-3, 5e-3))
    build.load("sharp", "bar", watt=3e3, input_filter=InputFilter(1e-6, 1e-4, 1e-4, 1e-4))
    mode = stability(build.circuit()).least_damped
    assert mode.element in {"sharp choke", "sharp filter"}
    assert dict(mode.participation)["sharp choke"] + dict(mode.participation)["sharp filter"] > 0.9
    assert mode.frequency_hz == pytest.approx(1 / (2 * math.pi * math.sqrt(1e-6 * 1e-4)), rel=0.05)


def test_participations_sum_to_one_over_all_parts_before_they_are_made_magnitudes():
    circuit = row(np.random.default_rng(3), bandwidth_hz=2e4)
    space = state_space(circuit, with_loads=operating_point(circuit))
    values, right = np.linalg.eig(space.matrix)
    left = np.linalg.inv(right)  # rows, left[k] @ right[:, k] = 1
    for k in range(0, len(values), 7):
        row_of = left[k] @ np.linalg.inv(space.mass)
        coils = (space.branch_of[space.inductive] @ row_of) * space.henry
        total = coils @ (space.branch_of[space.inductive] @ right[:, k])
        for part, state in zip(circuit.capacitors, space.capacitor_state, strict=True):
            total += row_of[state] * part.farad * right[state, k]
        assert total == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_the_nodal_impedance_has_its_poles_at_the_state_spaces_eigenvalues(seed):
    """Two assemblies that share no code but the parts: Z(jw) of the states equals Z(jw) of nodal admittances."""
    circuit = row(np.random.default_rng(seed), bandwidth_hz=5e3 if seed % 2 else None)
    space = state_space(circuit, with_loads=operating_point(circuit))
    at = circuit.number["tray 2 input"]
    inject = np.zeros(len(circuit.nodes))
    inject[at] = 1.0
    pushed = state_space(circuit, with_loads=operating_point(circuit), injected_a=inject)
    drive, direct = pushed.drive - space.drive, pushed.volt_at - space.volt_at
    for f in (3.0, 300.0, 3e4):
        x = np.linalg.solve(2j * math.pi * f * space.mass - space.slope, drive)
        got = source_impedance_ohm(circuit, "tray 2 input", np.array([f]))[0]
        assert got == pytest.approx(complex(space.volt_of[at] @ x + direct[at]), rel=1e-8)


def test_a_node_with_both_kinds_of_capacitor_has_the_cubics_eigenvalues():
    """R-L feeds C1 bare beside C2 behind r: states i, v, u; the matrix written by hand."""
    ohm, henry, bare, soft, inner, watt = 0.01, 1e-6, 2e-4, 1e-3, 5e-3, 1e3
    build = CircuitBuilder()
    build.node("tray")
    build.supply("shelf", "tray", volt=50.0, droop_ohm=ohm, henry=henry, farad=0.0)
    build.capacitor("film", "tray", farad=bare)
    build.capacitor("bulk", "tray", farad=soft, esr_ohm=inner)
    build.load("gpu", "tray", watt=watt)
    found = stability(build.circuit())
    g = watt / found.point.volt[0] ** 2
    matrix = [
        [-ohm / henry, -1 / henry, 0.0],
        [1 / bare, (g - 1 / inner) / bare, 1 / (inner * bare)],
        [0.0, 1 / (inner * soft), -1 / (inner * soft)],
    ]
    expected = np.sort_complex(np.linalg.eigvals(np.array(matrix)))
    assert np.sort_complex(found.eigenvalues_per_s) == pytest.approx(expected, rel=1e-9)


def test_margins_of_one_load_are_those_of_its_impedances_by_hand():
    """Z = (R + jwL) || 1/(jwC) peaks close to L/(R C); the load is V^2/P: margin 20 log10(V^2 R C / (P L)) at high Q."""
    circuit = one_load(ohm=0.001, henry=1e-6, farad=1e-3, watt=500.0)
    (margin,) = impedance_margins(circuit)
    volt = operating_point(circuit).volt[0]
    peak_ohm = 1e-6 / (0.001 * 1e-3)
    assert margin.gain_margin_db == pytest.approx(20 * math.log10(volt**2 / 500.0 / peak_ohm), abs=0.01)
    assert margin.gain_hz == pytest.approx(5033, rel=0.01)
    assert margin.phase_margin_deg is None
    assert margin.holds


@cache
def joint(seed):
    """A random row's joint margin in dB, and whether it is stable."""
    rng = np.random.default_rng(seed)
    circuit = row(rng, power_w=10 ** rng.uniform(3.3, 4.3), filtered=bool(seed % 2))
    return joint_margin_db(circuit)[0], stability(circuit).stable


@pytest.mark.parametrize("seed", range(25))
def test_wherever_the_joint_criterion_holds_the_row_is_stable(seed):
    """Small gain: while the largest |eigenvalue of Z Y| stays below one the row cannot reach the axis."""
    margin_db, stable = joint(seed)
    if margin_db > 0.05:  # the grid misses the very top of a resonance by less
        assert stable


def test_the_joint_criterion_both_holds_and_fails_in_those_rows_and_errs_only_to_the_safe_side():
    held = [joint(seed)[0] > 0 for seed in range(25)]
    stable = [joint(seed)[1] for seed in range(25)]
    assert any(held)
    assert not all(stable)
    assert sum(stable) >= sum(held)


def without(circuit, load):
    """The row without one load and its filter."""
    if load.input_filter is None:
        return replace(circuit, loads=tuple(one for one in circuit.loads if one is not load))
    return replace(
        circuit,
        nodes=tuple(node for node in circuit.nodes if node != load.inner),
        branches=tuple(branch for branch in circuit.branches if branch.second != load.inner),
        capacitors=tuple(part for part in circuit.capacitors if part.node != load.inner),
        loads=tuple(one for one in circuit.loads if one is not load),
    )


@cache
def one_by_one(seed):
    """For each load of a random row: whether the rest and the load are stable alone, its margin, whether all is."""
    rng = np.random.default_rng(100 + seed)
    circuit = row(rng, power_w=10 ** rng.uniform(3, 4.5), bandwidth_hz=10 ** rng.uniform(4, 6), filtered=bool(seed % 2))
    point = operating_point(circuit)
    whole = stability(circuit).stable
    found = []
    for load, margin in zip(circuit.loads, impedance_margins(circuit), strict=True):
        rest = without(circuit, load)
        kept = np.array([circuit.number[node] for node in rest.nodes])
        # the rest at the voltages of the whole row: small signals around one state
        space = state_space(rest, with_loads=replace(point, volt=point.volt[kept]))
        alone = np.linalg.eigvals(space.matrix).real.max() < 0 and _stable_from_a_stiff_bar(load, circuit)
        found.append((alone, margin.gain_margin_db, whole))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_wherever_one_loads_criterion_holds_beside_a_stable_rest_the_row_is_stable(seed):
    for alone, margin_db, whole in one_by_one(seed):
        if alone and margin_db > 0.05:
            assert whole


def test_that_criterion_was_met_and_missed_and_rows_were_stable_and_not():
    cases = [case for seed in range(12) for case in one_by_one(seed)]
    assert any(alone and margin > 0.05 for alone, margin, _ in cases)
    assert any(alone and margin < 0 for alone, margin, _ in cases)
    assert {whole for _, _, whole in cases} == {True, False}


def _stable_from_a_stiff_bar(load, circuit):
    if load.input_filter is None:
        return True  # a current that follows P/v with one lag
    build = CircuitBuilder()
    build.node("bar")
    volt = operating_point(circuit).volt[circuit.number[load.inner]]
    build.supply("stiff", "bar", volt=float(volt), droop_ohm=1e-9, henry=0.0, farad=0.0)
    build.load("own", "bar", watt=load.watt, bandwidth_hz=load.bandwidth_hz, input_filter=load.input_filter)
    return stability(build.circuit()).stable


@pytest.mark.parametrize("droop_ohm", [0.0, 0.5 / 360])
def test_a_voltage_loop_crosses_over_where_and_with_the_margin_asked_for(droop_ohm):
    loop = loop_impedance(droop_ohm=droop_ohm, farad=5e-3, crossover_hz=3e3, phase_margin_deg=55.0)
    jw = 2j * math.pi * 3e3
    z = droop_ohm + 1 / (1 / (jw * loop.henry) + 1 / loop.parallel_ohm)
    gain = 1 / (jw * 5e-3 * z)
    assert abs(gain) == pytest.approx(1.0, rel=1e-9)
    assert 180 + math.degrees(np.angle(gain)) == pytest.approx(55.0, rel=1e-9)


def test_a_supply_with_its_loop_damps_as_its_phase_margin_says():
    """Alone, the loop's two poles follow from L, R and C: s^2 + s / (R C) + 1 / (L C), without droop."""
    build = CircuitBuilder()
    build.node("out")
    build.supply("psu", "out", volt=50.0, droop_ohm=0.0, farad=1e-3, crossover_hz=1e4, phase_margin_deg=45.0)
    found = stability(build.circuit())
    loop = loop_impedance(droop_ohm=0.0, farad=1e-3, crossover_hz=1e4, phase_margin_deg=45.0)
    roots = np.roots([1.0, 1 / (loop.parallel_ohm * 1e-3), 1 / (loop.henry * 1e-3)])
    assert np.sort_complex(found.eigenvalues_per_s) == pytest.approx(np.sort_complex(roots), rel=1e-9)


def test_a_slow_load_is_less_of_a_negative_resistance():
    """At the edge of stability an instant load turns over; one that is far slower than the ringing does not."""
    edge_w = largest_load(one_load(ohm=0.001, henry=5e-6, watt=100.0)).value
    fast = stability(one_load(ohm=0.001, henry=5e-6, watt=1.2 * edge_w))
    slow = stability(one_load(ohm=0.001, henry=5e-6, watt=1.2 * edge_w, bandwidth_hz=20.0))
    assert not fast.stable
    assert slow.stable


@pytest.mark.parametrize("watt", [300.0, 1100.0])
def test_a_small_push_dies_or_grows_at_the_eigenvalues_rate_in_the_true_row(watt):
    """The load keeps P = v i exactly, integrated by scipy at 1e-9; the ringing's envelope is read off after ten periods.

    A push of 1e-4 V leaves the square of the load's curvature below 1e-5 of it; 1 % covers the reading of the peaks.
    """
    ohm, henry, farad = 0.001, 5e-6, 1e-3
    circuit = one_load(ohm=ohm, henry=henry, farad=farad, watt=watt)
    found = stability(circuit)
    volt = float(found.point.volt[0])
    mode = found.least_damped
    times = np.linspace(0, 10 / mode.frequency_hz, 4001)
    solved = solve_ivp(
        lambda t, x: [(50.0 - ohm * x[0] - x[1]) / henry, (x[0] - watt / x[1]) / farad],
        (0, times[-1]), [watt / volt, volt + 1e-4], t_eval=times, rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    ripple = np.abs(solved.y[1] - volt)
    at, _ = find_peaks(ripple)
    rate = np.polyfit(times[at], np.log(ripple[at]), 1)[0]
    assert rate == pytest.approx(mode.decay_per_s, rel=0.01)
    assert found.stable == (rate < 0)


def test_a_limit_that_is_not_reached_says_so_and_one_that_is_past_too():
    easy = stable_limit(lambda watt: one_load(watt=watt), 10.0, 100.0)
    assert (easy.reached, easy.value) == ("beyond the search", 100.0)
    past = stable_limit(lambda watt: one_load(ohm=1e-4, henry=1e-5, watt=watt), 5e4, 6e4)
    assert past.value is None


def bar(load_w=6e3):
    build = DirectBuilder()
    build.node("foot")
    last = "foot"
    for at in range(9):
        build.node(f"tray {at}", load_w=load_w)
        build.line(f"bar {at}", last, f"tray {at}", ohm=2e-5)
        last = f"tray {at}"
    for at in range(12):
        build.source(f"psu {at}", "foot", volt=51.0, droop_ohm=0.5 / 60, limit_a=90.0)
    return build.network()


def test_a_racks_bar_becomes_a_circuit_with_the_steady_solvers_voltages():
    """Two solvers of the same steady state, Newton on the tree and Newton on the matrix: 1e-9."""
    network = bar()
    loop = SupplyDynamics(farad=5e-3, esr_ohm=5e-3, crossover_hz=1e3)
    circuit = bar_circuit(network, line_henry=3e-8, supply=loop, tray_filter=InputFilter(5e-8, 1e-9, 1e-3, 1e-2))
    point = operating_point(circuit)
    volts = solve(network).voltage_v[0]
    assert point.volt[: len(volts)] == pytest.approx(volts, rel=1e-8)
    assert stability(circuit).stable
    assert len([branch for branch in circuit.branches if branch.first == "return"]) == 1  # 12 equal supplies are one


def test_inductances_of_pairs_meet_their_known_values():
    """100 mm bars 10 mm apart without thickness: mu0 x 0.1 = 126 nH/m. Wires 2 r apart centre to centre x e: 0.5 uH/m."""
    assert plate_pair_henry_m(0.1, 0.0, 0.01) == pytest.approx(125.7e-9, rel=1e-3)
    assert cable_pair_henry_m(math.e * 0.01, 0.01) == pytest.approx(4e-7 * 1.25, rel=1e-9)


def test_wrong_rows_are_named():
    build = CircuitBuilder()
    build.node("a")
    build.line("bar", "a", "b", ohm=-1.0)
    build.capacitor("bank", "c", farad=0.0)
    with pytest.raises(ValueError, match=r"'bar' ends at 'b'.*'bar': -1.*'bank' stands at 'c'.*'bank': 0"):
        build.circuit()
    with pytest.raises(ValueError, match="does not carry its loads"):
        stability(one_load(watt=1e6))
