"""Our DC network beside power-grid-model: three equal phases without reactance, which have the DC equations.

Why they have: see `grid_model_input`. Both its methods are asked, Newton and the fixed-point steps of `iterative current`.
It stops where no voltage moves by more than 1e-10 of itself. Newton is far closer then. The fixed point nears its end by
the factor q = (V0 - V) / V a step, which for one load is 0.09 at 0.3 of the collapse, 0.52 at 0.9 and 0.94 at 0.999; what
is left is q / (1 - q) of the last step: 1e-11, 1e-10 and 1.6e-9, and as much was seen. So 1e-8 of the voltage is held here,
a hundredth of what was asked for: at 1e-6 and 0.3 of the collapse a resistance 0.02 % wrong would not be seen.
"""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.peers.power_grid_model import GridModel
from tests.validation.oracles import direct_nets

from rackwright.rack.power.direct import collapse_factor, solve

pytest.importorskip("power_grid_model", reason="power-grid-model is an oracle, no dependency of ours")

TREES = [(seed, nodes, 1 + seed % 4) for seed, nodes in enumerate([3, 5, 8, 12, 17, 25, 33, 41, 50, 60])]
METHODS = pytest.mark.parametrize("method", ["newton", "iterative_current"])
SHARES = pytest.mark.parametrize("share", [0.3, 0.9, 0.999])


def tree(seed: int, nodes: int, supplies: int, share: float) -> direct_nets.Net:
    """A random tree loaded to a share of its collapse."""
    net = direct_nets.random_tree(np.random.default_rng(seed), nodes=nodes, supplies=supplies)
    return net.scaled(share * collapse_factor(direct_nets.ours(net)))


def ours_of(net: direct_nets.Net):
    """Our answer; every supply gives, for power-grid-model's would also take, and ours never does."""
    found = solve(direct_nets.ours(net))
    assert found.carried.all()
    assert (found.source_a > 0).all()
    return found


@SHARES
@METHODS
@pytest.mark.parametrize(("seed", "nodes", "supplies"), TREES)
def test_every_voltage_of_a_tree_is_power_grid_models(method, seed, nodes, supplies, share):
    net = tree(seed, nodes, supplies, share)
    theirs_v = getattr(GridModel(net), method)()
    worst = float(np.abs(ours_of(net).voltage_v[0] - theirs_v).max() / net.volt)
    assert worst <= 1e-8


@METHODS
@pytest.mark.parametrize("rings", [1, 4])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_every_voltage_of_a_net_with_rings_is_power_grid_models(method, rings, share):
    bare = tree(9, 24, 2, share)
    more = tuple((node, node + 12, 2e-4) for node in range(rings))
    net = direct_nets.Net(bare.lines + more, bare.load_w, bare.supplies)
    assert len(direct_nets.ours(net).loops) == rings
    theirs_v = getattr(GridModel(net), method)()
    worst = float(np.abs(ours_of(net).voltage_v[0] - theirs_v).max() / net.volt)
    assert worst <= 1e-8


@SHARES
def test_what_lines_and_droops_lose_is_what_power_grid_model_says_that_they_lose(share):
    """A loss goes with the square of a difference of voltages: its error is some twice the voltages' own, over their fall."""
    net = tree(7, 41, 4, share)
    found, model = ours_of(net), GridModel(net)
    theirs = model.model.calculate_power_flow(error_tolerance=1e-10, max_iterations=100)["line"]
    droop_w = sum(amp**2 * ohm for amp, (_, _, ohm) in zip(found.source_a[0].tolist(), net.supplies, strict=True))
    lost_w = float(found.line_loss_w[0].sum() + droop_w)
    assert lost_w == pytest.approx(float((theirs["p_from"] + theirs["p_to"]).sum()), rel=1e-6)


def test_many_rows_of_loads_are_those_of_its_batch():
    net = tree(5, 25, 2, 0.9)
    rows_w = net.load_w * np.random.default_rng(5).uniform(0.5, 1.0, (40, len(net.load_w)))
    found = solve(direct_nets.ours(net), load_w=rows_w)
    worst = float(np.abs(found.voltage_v - GridModel(net).batch(rows_w, threads=2)).max() / net.volt)
    assert worst <= 1e-8


def test_beyond_the_collapse_power_grid_model_finds_nothing_either():
    from power_grid_model.errors import PowerGridError

    beyond = tree(2, 12, 2, 1.001)
    assert not solve(direct_nets.ours(beyond)).carried[0]
    with pytest.raises(PowerGridError):
        GridModel(beyond).newton()
