"""The DC network at rest: theory of one load, laws of conservation, droop sharing, limits, warm conductors."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.rack.power.direct import DirectBuilder, collapse_factor, load_limits, solve, solve_summary


def ladder(trays=10, load_w=1e3, ohm=1e-4, least_v=40.0, **source):
    build = DirectBuilder()
    build.node("foot")
    last = "foot"
    for number in range(trays):
        name = f"tray {number}"
        build.node(name, load_w=load_w, least_v=least_v)
        build.line(f"bar {number}", last, name, ohm=ohm, rating_a=1000.0)
        last = name
    build.source("shelf", "foot", **{"volt": 50.0, "droop_ohm": 1e-4, **source})
    return build.network()


def rack(rng, *, sources=6, trays=12, limit_a=None):
    """A rack's bar with shelves in its middle, as racks have, every load and set-point its own."""
    build = DirectBuilder()
    for place in range(trays + sources):
        shelf = trays // 2 <= place < trays // 2 + sources
        build.node(f"n{place}", load_w=0.0 if shelf else float(rng.uniform(2e3, 8e3)), least_v=40.0)
        if shelf:
            volt = 51.0 * (1 + 0.0025 * rng.uniform(-1, 1))
            build.source(
                f"s{place}", f"n{place}", volt=volt, droop_ohm=0.5 / 400, limit_a=limit_a, loss=(30, 0.4, 2e-4)
            )
        if place:
            build.line(f"l{place}", f"n{place - 1}", f"n{place}", ohm=2e-5)
    return build.network()


def test_one_load_behind_one_resistance_is_the_quadratics_upper_root():
    build = DirectBuilder()
    build.node("tray", load_w=30e3)
    build.source("shelf", "tray", volt=50.0, droop_ohm=0.01)
    solved = solve(build.network())
    assert solved.voltage_v[0, 0] == pytest.approx(25 + np.sqrt(25**2 - 30e3 * 0.01), rel=1e-12)


def test_a_held_bar_gives_what_its_ladder_takes():
    solved = solve(ladder(droop_ohm=0.0))
    assert solved.voltage_of("foot")[0] == 50.0
    assert solved.source_a[0, 0] * 50.0 == pytest.approx(10e3 + solved.line_loss_w.sum(), rel=1e-12)


def test_energy_closes_to_a_trillionth():
    network = rack(np.random.default_rng(0))
    solved = solve(network, scale=np.linspace(0.1, 1.0, 40))
    assert solved.carried.all()
    assert np.abs(solved.residual_w / solved.drawn_w.sum(axis=1)).max() < 1e-12


def test_currents_balance_at_every_node():
    network = rack(np.random.default_rng(1))
    solved = solve(network)
    into = np.zeros(len(network.nodes))
    np.add.at(into, network.second, solved.line_a[0])
    np.subtract.at(into, network.first, solved.line_a[0])
    np.add.at(into, network.source_node, solved.source_a[0])
    drawn = network.load_w / solved.voltage_v[0]
    assert into == pytest.approx(drawn, abs=1e-9 * drawn.sum())


def test_equal_shelves_share_equally_and_a_higher_set_point_takes_more():
    build = DirectBuilder()
    build.node("bar", load_w=40e3)
    for name, volt in (("a", 51.0), ("b", 51.0), ("c", 51.1)):
        build.source(name, "bar", volt=volt, droop_ohm=0.5 / 400)
    amps = solve(build.network()).source_a[0]
    assert amps[0] == pytest.approx(amps[1], rel=1e-12)
    # by the droop's definition: 0.1 V over 1.25 mohm
    assert amps[2] - amps[0] == pytest.approx(0.1 / (0.5 / 400), rel=1e-9)


def test_a_source_below_the_bar_gives_nothing_and_takes_nothing():
    build = DirectBuilder()
    build.node("bar", load_w=1e3)
    build.source("psu", "bar", volt=51.0, droop_ohm=1e-3)
    build.source("battery", "bar", volt=48.0, droop_ohm=1e-3)
    amps = solve(build.network()).source_a[0]
    assert amps[1] == 0.0
    assert amps[0] == pytest.approx(1e3 / (51.0 - 1e-3 * amps[0]), rel=1e-12)


def test_the_battery_takes_over_where_the_supply_is_off():
    build = DirectBuilder()
    build.node("bar", load_w=1e3)
    build.source("psu", "bar", volt=51.0, droop_ohm=1e-3)
    build.source("battery", "bar", volt=48.0, droop_ohm=1e-3)
    amps = solve(build.network(), source_on=[[True, True], [False, True]]).source_a
    assert amps[1] == pytest.approx([0.0, 1e3 / (48.0 - 1e-3 * amps[1, 1])], rel=1e-9)


def test_supplies_at_their_limit_pass_the_rest_to_the_others():
    build = DirectBuilder()
    build.node("bar", load_w=30e3, least_v=40.0)
    build.source("small", "bar", volt=51.0, droop_ohm=1e-3, limit_a=100.0)
    build.source("large", "bar", volt=51.0, droop_ohm=1e-3)
    solved = solve(build.network())
    assert solved.source_a[0, 0] == pytest.approx(100.0, rel=1e-3)
    assert solved.source_a[0].sum() * solved.voltage_v[0, 0] == pytest.approx(30e3, rel=1e-12)


def test_supplies_that_cannot_carry_the_load_are_said_not_to():
    build = DirectBuilder()
    build.node("bar", load_w=30e3, least_v=40.0)
    build.source("psu", "bar", volt=51.0, droop_ohm=1e-3, limit_a=400.0)
    solved = solve(build.network())
    assert not solved.carried[0]
    assert 0 < solved.voltage_v[0, 0] < 40.0
    assert abs(solved.residual_w[0]) < 1e-6 * 30e3


def test_a_load_beyond_the_collapse_is_said_not_to_be_carried():
    network = ladder(load_w=1e6)
    assert not solve(network).carried[0]
    assert np.isfinite(solve(network).voltage_v).all()


def test_one_load_collapses_at_a_quarter_of_v_squared_over_r():
    for volt, ohm in ((50.0, 0.01), (800.0, 0.3)):
        build = DirectBuilder()
        build.node("a")
        build.node("b", load_w=1.0)
        build.line("l", "a", "b", ohm=ohm / 2)
        build.source("s", "a", volt=volt, droop_ohm=ohm / 2)
        assert collapse_factor(build.network()) == pytest.approx(volt**2 / (4 * ohm), rel=1e-7)


def test_the_jacobian_turns_singular_at_the_collapse():
    network = ladder(least_v=0.0)
    factor = collapse_factor(network)
    pivots = solve_summary(network, scale=factor * np.array([0.5, 0.9, 0.99, 1 - 1e-6, 1 - 1e-8])).pivot
    assert (np.diff(pivots) < 0).all()
    # the pivot falls as the root of the distance to the fold, to first order in that root
    assert pivots[-1] == pytest.approx(pivots[-2] / 10, rel=0.02)


def test_the_limits_are_named_in_the_order_in_which_they_bind():
    limits = load_limits(ladder(limit_a=900.0))
    assert [limit.factor for limit in limits] == sorted(limit.factor for limit in limits)
    kinds = [limit.kind for limit in limits]
    assert kinds.index("source") < kinds.index("line") < kinds.index("collapse")
    assert limits[0].element == "shelf"
    at_limit = solve(ladder(limit_a=900.0), scale=limits[0].factor * (1 - 1e-8))
    assert at_limit.source_a[0, 0] == pytest.approx(900.0, rel=1e-6)


def test_a_conductor_stands_where_its_loss_equals_its_cooling():
    build = DirectBuilder()
    build.node("a")
    build.node("b", load_w=50e3)
    build.line("bar", "a", "b", ohm=4e-5, alpha_per_k=0.00393, ambient_k=313.15, cooling_w_k=0.3, cooling_power=1.22)
    build.source("s", "a", volt=50.0, droop_ohm=0.0)
    solved = solve(build.network())
    rise = solved.conductor_k[0, 0] - 313.15
    assert solved.line_loss_w[0, 0] == pytest.approx(0.3 * rise**1.22, rel=1e-8)
    ohm = 4e-5 * (1 + 0.00393 * (solved.conductor_k[0, 0] - 293.15))
    assert solved.line_loss_w[0, 0] == pytest.approx(solved.line_a[0, 0] ** 2 * ohm, rel=1e-8)


def test_a_ring_is_solved_like_its_tree_where_the_ring_carries_nothing():
    """Closing a symmetric pair of ladders at their ends moves no current."""

    def pair(*, closed):
        build = DirectBuilder()
        build.node("foot")
        for side in "ab":
            last = "foot"
            for number in range(5):
                build.node(f"{side}{number}", load_w=2e3)
                build.line(f"l{side}{number}", last, f"{side}{number}", ohm=1e-4, alpha_per_k=0.004, cooling_w_k=0.1)
                last = f"{side}{number}"
        if closed:
            build.line("tie", "a4", "b4", ohm=1e-4)
        build.source("s", "foot", volt=50.0, droop_ohm=1e-4, limit_a=5000.0)
        return build.network()

    ring, tree = solve(pair(closed=True)), solve(pair(closed=False))
    assert len(ring.network.loops) == 1
    assert ring.voltage_v == pytest.approx(tree.voltage_v, rel=1e-9)
    assert ring.line_a[0, :-1] == pytest.approx(tree.line_a[0], rel=1e-7)
    assert ring.line_a[0, -1] == pytest.approx(0.0, abs=1e-6)


def test_two_lines_side_by_side_carry_twice_as_much_as_one():
    build = DirectBuilder()
    build.node("a")
    build.node("b", load_w=10e3)
    build.line("one", "a", "b", ohm=2e-4)
    build.line("two", "a", "b", ohm=1e-4)
    build.source("s", "a", volt=50.0, droop_ohm=0.0)
    solved = solve(build.network())
    assert solved.line_a[0, 1] == pytest.approx(2 * solved.line_a[0, 0], rel=1e-9)


def test_many_scenarios_are_the_same_as_one_by_one_and_as_their_summary():
    rng = np.random.default_rng(3)
    network = rack(rng, limit_a=330.0)
    loads = network.load_w * rng.uniform(0.8, 2.4, (60, len(network.nodes)))
    on = rng.random((60, len(network.sources))) < 0.8
    many = solve(network, load_w=loads, source_on=on, threads=2)
    summary = solve_summary(network, load_w=loads, source_on=on, threads=1)
    assert 0 < many.carried.sum() < 60
    for at in range(60):
        one = solve(network, load_w=loads[at], source_on=on[at])
        assert many.voltage_v[at] == pytest.approx(one.voltage_v[0], rel=1e-7)
        assert many.carried[at] == one.carried[0]
    loaded = np.where(loads > 0, many.voltage_v, np.inf)
    assert summary.lowest_v == pytest.approx(loaded.min(axis=1), rel=1e-9)
    assert summary.line_loss_w == pytest.approx(many.line_loss_w.sum(axis=1), rel=1e-6)
    assert summary.source_loss_w == pytest.approx(many.source_loss_w.sum(axis=1), rel=1e-6)
    assert summary.load_w + summary.line_loss_w == pytest.approx(summary.source_w, rel=1e-8)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda b: b.line("x", "foot", "trai", ohm=1.0), "did you mean 'tray'"),
        (lambda b: b.source("x", "nowhere", volt=50.0, droop_ohm=1e-3), "'nowhere', which is no node"),
        (lambda b: b.node("island", load_w=5.0), "no source feeds 'island'"),
        (lambda b: b.source("x", "tray", volt=400.0, droop_ohm=1e-3), "mixed voltages on one bar"),
    ],
)
def test_what_cannot_be_a_network_is_named(spoil, said):
    build = DirectBuilder()
    build.node("foot")
    build.node("tray", load_w=1e3)
    build.line("bar", "foot", "tray", ohm=1e-3)
    build.source("shelf", "foot", volt=50.0, droop_ohm=1e-3)
    spoil(build)
    with pytest.raises(ValueError, match=r"tray|nowhere|island|mixed") as caught:
        build.network()
    assert said in str(caught.value)


def test_what_is_not_a_number_is_refused_with_the_elements_name():
    network = ladder()
    loads = network.load_w.copy()
    loads[3] = np.nan
    with pytest.raises(ValueError, match="tray 2"):
        solve(network, load_w=loads)
    with pytest.raises(ValueError, match="bar"):
        DirectBuilder().line("bar", "a", "b", ohm=-1.0)
