"""Our DC network beside pandapower's DC grid (its hybrid AC/DC Newton) and beside power-grid-model.

The same equations are solved by all three: constant-power loads, ohmic lines, supplies behind their droop. What differs is
rounding, their stopping rules (1e-10 MVA, 1e-12 of the voltage): 1e-6 of the voltage is ten thousand times what was seen. Near the collapse an error in power becomes the
root of it in voltage: at 0.9 of the collapse the slope dV/dP is some ten times that of an unloaded net, so the same 1e-6
holds there too.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.validation.oracles import direct_nets

from rackwright.rack.power.direct import collapse_factor, solve

CASES = [(seed, nodes, supplies) for seed, (nodes, supplies) in enumerate([(3, 1), (8, 1), (12, 2), (25, 3), (60, 4)])]


@pytest.mark.parametrize(("seed", "nodes", "supplies"), CASES)
def test_voltages_are_those_of_pandapowers_dc_grid(seed, nodes, supplies):
    pytest.importorskip("pandapower", reason="pandapower is an oracle, no dependency of ours")
    net = direct_nets.random_tree(np.random.default_rng(seed), nodes=nodes, supplies=supplies)
    theirs_v = direct_nets.run_pandapower(net)
    found = solve(direct_nets.ours(net))
    worst = float(np.abs(found.voltage_v[0] / theirs_v - 1).max())
    assert worst <= 1e-6


@pytest.mark.parametrize(("seed", "nodes", "supplies"), CASES)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_voltages_are_those_of_power_grid_model_up_to_near_the_collapse(seed, nodes, supplies, share):
    pytest.importorskip("power_grid_model", reason="power-grid-model is an oracle, no dependency of ours")
    net = direct_nets.random_tree(np.random.default_rng(seed), nodes=nodes, supplies=supplies)
    net = net.scaled(share * collapse_factor(direct_nets.ours(net)))
    theirs_v = direct_nets.run_grid_model(net)
    worst = float(np.abs(solve(direct_nets.ours(net)).voltage_v[0] / theirs_v - 1).max())
    assert worst <= 1e-6


def test_beyond_the_collapse_power_grid_model_finds_nothing_either():
    pgm = pytest.importorskip("power_grid_model", reason="power-grid-model is an oracle, no dependency of ours")
    net = direct_nets.random_tree(np.random.default_rng(2), nodes=12, supplies=2)
    beyond = net.scaled(1.001 * collapse_factor(direct_nets.ours(net)))
    assert not solve(direct_nets.ours(beyond)).carried[0]
    with pytest.raises(pgm.errors.PowerGridError):
        direct_nets.run_grid_model(beyond)


@pytest.mark.parametrize("runner", ["pandapower", "power_grid_model"])
def test_a_ring_is_solved_alike(runner):
    pytest.importorskip(runner, reason="an oracle, no dependency of ours")
    run = direct_nets.run_pandapower if runner == "pandapower" else direct_nets.run_grid_model
    net = direct_nets.random_tree(np.random.default_rng(9), nodes=14, supplies=2, ring=True)
    theirs_v = run(net)
    worst = float(np.abs(solve(direct_nets.ours(net)).voltage_v[0] / theirs_v - 1).max())
    assert worst <= 1e-6


def test_what_lines_lose_is_what_pandapower_says_that_they_lose():
    pytest.importorskip("pandapower", reason="pandapower is an oracle, no dependency of ours")
    import pandapower as pp

    net = direct_nets.random_tree(np.random.default_rng(5), nodes=20, supplies=2)
    made = direct_nets.pandapower_net(net)
    pp.runpp(made, tolerance_mva=1e-10, max_iteration=50)
    theirs_w = made.res_line_dc.pl_mw.to_numpy()[: len(net.lines)].sum() * 1e6
    ours_w = solve(direct_nets.ours(net)).line_loss_w[0].sum()
    assert ours_w == pytest.approx(theirs_w, rel=1e-6)
