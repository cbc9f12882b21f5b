"""The row in time beside exact theory, the law of energy, and what the published rules of shelves and batteries say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rackwright.progress import Stopped
from rackwright.rack.power.direct import DirectBuilder, solve
from rackwright.rack.power.transients import (
    LoadEvent,
    Row,
    RowBuilder,
    RowRun,
    SharedPower,
    ShelfEvent,
    brown_out,
    generator_start,
    outage,
    simulate,
    transfer,
)

INSTANT = math.inf


def one_load(**shelf: object) -> RowBuilder:
    """A shelf of 51 V and a tray with 20 mF on one bar; 0.1 F at the shelf."""
    build = RowBuilder()
    build.node("foot")
    build.node("tray")
    build.line("bar", "foot", "tray", ohm=0.5e-3, henry=0.5e-6)
    build.capacitor("output", "foot", farad=0.1, esr_ohm=0.5e-3)
    build.shelf(
        "shelf", "foot", **({"volt": 51.0, "droop_ohm": 1.4e-3, "rated_a": 360.0, "bandwidth_hz": 2000.0} | shelf)
    )
    build.load("gpu", "tray", farad=20e-3, esr_ohm=1e-3)
    return build


def steady_w(power_w: float, seconds: float) -> np.ndarray:
    return np.full((round(seconds * 1000) + 1, 1), power_w)


def times_of(run: RowRun, element: str, what: str) -> list[float]:
    return [event.time_s for event in run.events if event.element == element and what in event.what]


def test_a_capacitor_charges_through_the_droop_as_one_less_the_exponential():
    """tau = 0.1 ohm x 10 mF = 1 ms. A step's error of 1e-5 V adds up over some 300 steps to at most 3 mV."""
    build = RowBuilder()
    build.node("bar")
    build.shelf("shelf", "bar", volt=50.0, droop_ohm=0.1, rated_a=1e6, bandwidth_hz=INSTANT)
    build.capacitor("output", "bar", farad=10e-3, esr_ohm=0.0)
    run = simulate(build.row(), np.zeros((101, 0)), cold=True, report_step_s=1e-4, tolerance_v=1e-5, least_step_s=1e-6)
    exact_v = 50.0 * (1 - np.exp(-run.time_s / 1e-3))
    assert np.abs(run.voltage_v[1:, 0] - exact_v[1:]).max() <= 3e-3
    # half of what the source gives charges the capacitor, half is lost in the droop: the shelf gives C V^2 / 2 at its bar
    charged_j = 0.5 * 10e-3 * run.voltage_v[-1, 0] ** 2
    assert run.joules["shelf"] == pytest.approx(charged_j, rel=1e-4)


def test_an_inductance_and_a_capacitor_ring_as_theory_says_up_to_the_peak():
    """Up to the first zero of the current (a shelf takes none back): v = V (1 - e^-at (cos wt + a/w sin wt))."""
    ohm, henry, farad = 10e-3, 10e-6, 10e-3
    build = RowBuilder()
    build.node("foot")
    build.node("end")
    build.line("bar", "foot", "end", ohm=0.6 * ohm, henry=henry)
    build.shelf("shelf", "foot", volt=50.0, droop_ohm=0.4 * ohm, rated_a=1e6, bandwidth_hz=INSTANT)
    build.capacitor("output", "end", farad=farad, esr_ohm=0.0)
    a = ohm / (2 * henry)
    w = math.sqrt(1 / (henry * farad) - a**2)
    peak_s = math.pi / w
    run = simulate(
        build.row(), np.zeros((101, 0)), cold=True, report_step_s=peak_s / 100, nodes=("end",), tolerance_v=1e-5,
        least_step_s=1e-7,
    )  # fmt: skip
    t = run.time_s
    exact_v = 50.0 * (1 - np.exp(-a * t) * (np.cos(w * t) + a / w * np.sin(w * t)))
    assert np.abs(run.voltage_v[1:, 0] - exact_v[1:]).max() <= 5e-3
    assert run.voltage_v[-1, 0] == pytest.approx(50.0 * (1 + math.exp(-a * peak_s)), rel=1e-4)


def test_a_constant_power_empties_a_capacitor_as_the_root_of_time():
    """C v^2 / 2 falls by P t: v = sqrt(v0^2 - 2 P t / C), until the load lets go at 40.8 V."""
    build = RowBuilder()
    build.node("tray")
    build.shelf("shelf", "tray", volt=51.0, droop_ohm=1e-3, rated_a=1000.0, bandwidth_hz=INSTANT)
    build.load("gpu", "tray", farad=0.5, esr_ohm=0.0)
    run = simulate(build.row(), steady_w(10e3, 0.04), outage(5e-3), tolerance_v=1e-4)
    begun_v = run.voltage_v[5, 0]
    after_s = run.time_s[5:] - 5e-3
    exact_v = np.sqrt(begun_v**2 - 2 * 10e3 * after_s / 0.5)
    on = exact_v > 0.8 * 51.0
    assert np.abs(run.voltage_v[5:, 0][on] - exact_v[on]).max() <= 2e-3
    lets_go_s = 5e-3 + 0.5 * (begun_v**2 - (0.8 * 51.0) ** 2) / (2 * 10e3)
    # a threshold is located within the least step of 10 us
    assert times_of(run, "gpu", "lets go") == [pytest.approx(lets_go_s, abs=1.5e-5)]
    assert run.joules["gpu"] == pytest.approx(10e3 * lets_go_s, rel=1e-3)


def comb(rng: np.random.Generator) -> tuple[Row, np.ndarray, DirectBuilder]:
    """A random tree with droop shelves, for both engines."""
    build, direct = RowBuilder(), DirectBuilder()
    loads_w = rng.uniform(200.0, 2000.0, 20)
    for at in range(20):
        build.node(f"n{at}")
        direct.node(f"n{at}", load_w=float(loads_w[at]))
        build.load(f"l{at}", f"n{at}", farad=2e-3, esr_ohm=1e-3)
        if at:
            up, ohm = f"n{rng.integers(0, at)}", float(rng.uniform(0.2e-3, 1e-3))
            build.line(f"b{at}", up, f"n{at}", ohm=ohm, henry=1e-7)
            direct.line(f"b{at}", up, f"n{at}", ohm=ohm)
    for name, node in (("s0", "n0"), ("s1", "n7"), ("s2", "n13")):
        volt = float(rng.uniform(50.8, 51.2))
        build.shelf(name, node, volt=volt, droop_ohm=1.4e-3, rated_a=2000.0)
        build.capacitor(f"c{name}", node, farad=0.2, esr_ohm=1e-3)
        direct.source(name, node, volt=volt, droop_ohm=1.4e-3)
    return build.row(), loads_w, direct


@pytest.mark.parametrize("seed", range(4))
def test_the_row_at_rest_stands_where_the_steady_solver_puts_it(seed):
    row, loads_w, direct = comb(np.random.default_rng(seed))
    low = np.tile(0.3 * loads_w, (31, 1))
    run = simulate(row, np.vstack([low, np.tile(loads_w, (400, 1))]))
    rest = solve(direct.network())
    assert np.abs(run.voltage_v[-1] / rest.voltage_v[0] - 1).max() <= 1e-6
    assert np.abs(run.shelf_a[-1] / rest.source_a[0] - 1).max() <= 1e-5


def busy_row() -> RowBuilder:
    """Two shelves on two feeds, a battery, a store, three trays."""
    build = RowBuilder()
    for name in ("foot", "a", "b", "c"):
        build.node(name)
    for name, first, second in (("l1", "foot", "a"), ("l2", "a", "b"), ("l3", "b", "c")):
        build.line(name, first, second, ohm=0.2e-3, henry=0.2e-6)
    for name in ("a", "b", "c"):
        build.load(
            f"gpu {name}", name, farad=10e-3, esr_ohm=1e-3, restart_s=0.05 + 0.05 * "abc".index(name), inrush_a=20.0
        )
    for feed in ("A", "B"):
        build.shelf(
            f"shelf {feed}", "foot", volt=51.0, droop_ohm=1.4e-3, rated_a=360.0, bandwidth_hz=2000.0, feed=feed,
            loss=(100.0, 0.5, 1e-3), hold_up_j=360.0, step_v=3.0, overloads=((1.4, 50e-3), (1.6, 0.4e-3)),
            restart_s=0.2,
        )  # fmt: skip
    build.capacitor("output", "foot", farad=0.2, esr_ohm=0.5e-3)
    build.battery(
        "bbu", "foot", volt=48.0, droop_ohm=0.5 / 379.2, limit_a=568.8, joules=20e3, charge_w=2000.0, release_s=0.05
    )
    build.storage(
        "pulse", "a", farad=2.0, full_v=48.0, least_v=24.0, most_w=5e3, average_s=0.2, restore_s=2.0, ohm=2e-3
    )
    return build


def busy_w(seconds: float, high_w: float = 9e3) -> np.ndarray:
    t = np.arange(round(seconds * 1000) + 1) * 1e-3
    return np.where((t % 0.5) < 0.3, high_w, 0.4 * high_w)[:, None] * np.array([0.8, 1.0, 1.1])


@pytest.mark.parametrize(
    "events",
    [(), outage(0.4, 0.5), outage(0.2), brown_out(0.3, 0.4, 0.75), (*outage(0.4, 0.6), *outage(1.5, 1.0)),
     (ShelfEvent(0.3, "shelf A"), ShelfEvent(1.0, "shelf A", works=True)), (LoadEvent(0.35, "gpu b", 0.0),)],
    ids=["undisturbed", "outage", "outage for good", "brown-out", "two outages", "a shelf lost", "a jump"],
)  # fmt: skip
def test_energy_closes_whatever_happens(events):
    """Feeds = loads + losses + what more is stored. 1e-6 of what was moved is asked; smooth stretches close to 1e-12."""
    run = simulate(busy_row().row(), busy_w(3.0), events)
    assert run.ledger.residual_share <= 1e-6
    assert run.ledger.loads_j > 0
    assert run.ledger.line_loss_j > 0


def test_a_clamp_takes_what_the_line_holds_when_a_hot_swap_opens():
    """A stiff 50 V behind 10 mohm and 20 uH; the tray opens at 49 V, so at 100 A.

    Then L di/dt = 50 - R i - V_c with the clamp at 80 V: the current runs out in 65 us, and the clamp has taken
    the line's half L I^2 and what the source gave meanwhile. The run steps over some microseconds: 2 %.
    """
    henry, ohm, droop, clamp_ohm = 20e-6, 10e-3, 1e-4, 1e-3
    build = RowBuilder()
    build.node("foot")
    build.node("tray")
    build.line("wire", "foot", "tray", ohm=ohm, henry=henry)
    build.load("gpu", "tray", farad=10e-3, esr_ohm=1e-3, off_v=49.0, inrush_a=20.0, clamp_v=80.0, clamp_ohm=clamp_ohm)
    build.shelf("shelf", "foot", volt=50.0, droop_ohm=droop, rated_a=400.0, bandwidth_hz=INSTANT)
    build.capacitor("output", "foot", farad=1e-3, esr_ohm=1.0)  # holds the foot while nothing flows
    run = simulate(build.row(), np.linspace(4000.0, 5200.0, 101)[:, None])
    assert times_of(run, "gpu", "lets go: under-voltage")
    whole_ohm, above_v, begun_a = ohm + droop + clamp_ohm, 80.0 - 50.0, 1.0 / (ohm + droop)
    end_s = henry / whole_ohm * math.log1p(begun_a * whole_ohm / above_v)
    t = np.linspace(0.0, end_s, 20001)
    current_a = (begun_a + above_v / whole_ohm) * np.exp(-t * whole_ohm / henry) - above_v / whole_ohm
    taken_j = np.trapezoid(current_a * (80.0 + clamp_ohm * current_a), t)
    assert run.ledger.clamp_loss_j == pytest.approx(taken_j, rel=0.02)
    assert run.ledger.residual_share <= 1e-6
    assert run.lowest.volt > -0.1


def test_cold_start_charges_inputs_and_closes_its_energy():
    run = simulate(busy_row().row(), busy_w(1.0), cold=True)
    assert run.ledger.residual_share <= 1e-5  # inrush ends on a kink that is located to 10 us only
    assert [len(times_of(run, f"gpu {name}", "takes up")) for name in "abc"] == [1, 1, 1]


def test_loads_come_back_one_after_the_other():
    """Restart times of 50, 100 and 150 ms stagger the row by 50 ms."""
    run = simulate(busy_row().row(), busy_w(1.0), cold=True)
    charges_s = [times_of(run, f"gpu {name}", "hot-swap charges")[0] for name in "abc"]
    assert np.diff(charges_s) == pytest.approx([0.05, 0.05], abs=2e-3)


def test_an_overload_is_given_for_its_time_and_no_longer():
    """HPR V2: 140 % for 50 ms. 360 A rated, 450 A asked: after 50 ms the shelf falls to its rating and the bus with it."""
    build = one_load(overloads=((1.4, 50e-3), (1.6, 0.4e-3)))
    power = np.vstack([steady_w(10e3, 0.02), steady_w(450 * 50.0, 0.1)])
    run = simulate(build.row(), power)
    (over_s,) = times_of(run, "shelf", "used up")
    above = run.shelf_a[:, 0] > 360.0 * (1 + 1e-5)
    assert run.time_s[above].max() - run.time_s[above].min() == pytest.approx(50e-3, abs=2e-3)
    assert run.shelf_a[:, 0].max() <= 1.6 * 360.0
    assert run.shelf_a[run.time_s > over_s + 5e-3, 0].max() <= 360.0 * (1 + 1e-6)
    assert times_of(run, "gpu", "lets go")


def test_the_hold_up_carries_the_load_for_its_joules_over_its_power():
    """360 J at 51 x 200 W last 35 ms; the shelf's own loss is none here."""
    build = one_load(hold_up_j=360.0)
    run = simulate(build.row(), steady_w(10e3, 0.1), outage(0.01))
    (empty_s,) = times_of(run, "shelf", "hold-up empty")
    line_w = 0.5e-3 * (10e3 / 50.6) ** 2
    assert empty_s - 0.01 == pytest.approx(360.0 / (10e3 + line_w), rel=1e-3)


def test_a_transfer_shorter_than_the_hold_up_is_not_seen_by_the_loads():
    run = simulate(one_load(hold_up_j=360.0).row(), steady_w(10e3, 0.1), transfer(0.01, 0.02))
    assert not times_of(run, "gpu", "lets go")
    assert run.lowest.volt == pytest.approx(run.voltage_v[0, 1], rel=1e-5)


def test_the_battery_supplies_four_milliseconds_after_the_bus_fell_below_its_trigger():
    """ORv3: the PSU lowers its output by 3 V at half of its hold-up; below 48.5 V for 2 ms, supplying 2 ms later."""
    run = simulate(busy_row().row(), busy_w(1.0, 6e3), outage(0.1))
    (stepped_s,) = times_of(run, "shelf A", "lowers")
    (triggered_s,) = times_of(run, "bbu", "triggered")
    (gives_s,) = times_of(run, "bbu", "supplies")
    assert 2e-3 <= triggered_s - stepped_s <= 4e-3  # 3 V fall in 1 ms, so 48.5 V is passed within it
    assert gives_s - triggered_s == pytest.approx(2e-3, abs=1e-6)
    assert not [event for event in run.events if "lets go" in event.what and event.time_s < gives_s + 0.2]


def test_a_second_outage_before_the_battery_is_charged_again_is_bridged_for_less():
    twice = simulate(busy_row().row(), busy_w(3.0), (*outage(0.3, 0.4), *outage(1.3, 1.7)))
    alone = simulate(busy_row().row(), busy_w(3.0), outage(1.3, 1.7))
    ends = [times_of(run, "bbu", "empty") for run in (alone, twice)]
    assert ends[1][0] < ends[0][0]


def test_charging_comes_on_top_of_the_full_load():
    build = busy_row()
    run = simulate(build.row(), steady_w(1.0, 4.0) * np.array([5e3, 5e3, 5e3]), generator_start(0.3, 0.4))
    (charges_s,) = times_of(run, "bbu", "charges")
    before = run.feed_w[250].sum()
    after = run.feed_w[round(charges_s * 1000) + 200].sum()
    assert after - before == pytest.approx(2000.0, rel=0.1)
    assert run.battery_j[-1, 0] > run.battery_j[round(charges_s * 1000), 0]


def test_the_limit_walks_in_after_a_restart():
    build = one_load(restart_s=0.05, walk_in_s=0.2)
    run = simulate(build.row(), steady_w(10e3, 1.0), outage(0.05, 0.1))
    (restart_s,) = times_of(run, "shelf", "restarts")
    since_s = run.time_s - restart_s
    walking = (since_s > 0) & (since_s < 0.2)
    assert (run.shelf_a[walking, 0] <= 360.0 * since_s[walking] / 0.2 + 1.0).all()


def swings_j(power_w: np.ndarray) -> list[float]:
    """Joules of every uninterrupted discharge, by the trapezoid rule over 1 ms."""
    parts = np.split(power_w, np.flatnonzero(np.diff(np.sign(power_w))) + 1)
    return [float(np.trapezoid(part)) * 1e-3 for part in parts if part[0] > 0]


@pytest.mark.parametrize("period_s", [0.1, 1.0, 8.0])
def test_a_store_never_gives_more_in_a_swing_than_its_joules(period_s):
    """A swing longer than the joules last reaches the feed whole; edges of 1 ms at 4 kW are 4 J of trapezoid error."""
    build = one_load()
    build.storage(
        "pulse", "foot", farad=1.0, full_v=48.0, least_v=24.0, most_w=4e3, average_s=1.0, restore_s=2.0, loss_share=0.0
    )
    usable_j = 0.5 * (48.0**2 - 24.0**2)
    t = np.arange(16001) * 1e-3
    run = simulate(build.row(), np.where((t % period_s) < period_s / 2, 12e3, 4e3)[:, None])
    assert run.storage_j.min() >= 0.5 * 24.0**2 - 1e-9
    assert run.storage_j.max() <= 0.5 * 48.0**2 + 1e-9
    assert max(swings_j(run.storage_w[:, 0])) <= usable_j + 4.0
    low_w, high_w = np.quantile(run.feed_w[8000:, 0], [0.05, 0.95])
    if period_s == 8.0:  # 4 s at 4 kW would need 16 kJ of 0.86 kJ
        assert high_w - low_w == pytest.approx(8e3, rel=0.1)
    if period_s == 0.1:  # 50 ms at 4 kW need 0.2 kJ
        assert high_w - low_w <= 1e3


def test_a_row_takes_one_waveform_with_a_factor_and_a_skew_as_it_takes_the_array():
    row, loads_w, _ = comb(np.random.default_rng(5))
    wave = 0.4 + 0.6 * (np.arange(300) % 100 > 40)
    skews = np.arange(20) % 3
    whole = np.stack([wave[np.clip(np.arange(300) - skew, 0, 299)] for skew in skews], axis=1) * loads_w
    shared = simulate(row, SharedPower(wave, loads_w, skews * 1e-3))
    assert shared.voltage_v == pytest.approx(simulate(row, whole).voltage_v, rel=1e-12)


def test_smaller_tolerance_gives_the_same_lowest_voltage():
    runs = [simulate(busy_row().row(), busy_w(1.0), tolerance_v=tolerance) for tolerance in (1e-3, 1e-5)]
    assert runs[0].lowest.volt == pytest.approx(runs[1].lowest.volt, abs=5e-3)


def test_bad_elements_are_named_all_at_once():
    build = RowBuilder()
    build.node("foot")
    build.node("lost")
    build.line("bar", "foot", "nowhere", ohm=-1.0)
    build.shelf("s1", "foot", volt=51.0, droop_ohm=1e-3, rated_a=100.0)
    build.shelf("s2", "foot", volt=800.0, droop_ohm=1e-3, rated_a=100.0)
    build.load("gpu", "foot", farad=-1.0, esr_ohm=0.0, off_v=45.0, on_v=44.0)
    with pytest.raises(ValueError, match="nowhere") as told:
        build.row()
    for word in ("'bar'", "ohm is -1.0", "mixed voltages", "'s1'", "'gpu'", "farad", "on_v"):
        assert word in str(told.value)


def test_rings_lonely_nodes_and_loads_without_capacitors_are_named():
    build = RowBuilder()
    for name in ("a", "b", "c", "alone"):
        build.node(name)
    for name, first, second in (("ab", "a", "b"), ("bc", "b", "c"), ("ca", "c", "a")):
        build.line(name, first, second, ohm=1e-3, henry=1e-6)
    build.shelf("s", "a", volt=51.0, droop_ohm=1e-3, rated_a=100.0)
    build.load("gpu", "b", farad=0.0, esr_ohm=0.0)
    with pytest.raises(ValueError, match="ring") as told:
        build.row()
    assert "'alone'" in str(told.value)
    assert "'gpu' has no capacitor" in str(told.value)


def test_bad_samples_and_events_are_named_all_at_once():
    power = steady_w(1e3, 0.01)
    power[3, 0], power[7, 0] = np.nan, -5.0
    events = (*outage(0.1, 0.1, "Z"), LoadEvent(-1.0, "gpu", 1.0), ShelfEvent(0.0, "nobody"))
    with pytest.raises(ValueError, match="'gpu': 2 samples") as told:
        simulate(one_load().row(), power, events, nodes=("attic",))
    for word in ("sample 3", "sample 7", "feed 'Z'", "time_s is -1.0", "'nobody'", "'attic'"):
        assert word in str(told.value)


def test_powers_beyond_what_the_row_carries_name_the_load():
    with pytest.raises(ValueError, match="load 'gpu': no voltage"):
        simulate(one_load().row(), steady_w(1e6, 0.01))


def test_a_run_can_be_stopped():
    class Impatient:
        def step(self, what: str, share: float | None = None) -> None:
            raise Stopped

    with pytest.raises(Stopped):
        simulate(one_load().row(), steady_w(1e3, 2.0), progress=Impatient())
