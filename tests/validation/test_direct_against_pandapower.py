"""Our DC network beside pandapower: its DC grid (the DC part of its hybrid Newton) and its AC Newton without reactance.

All solve the same equations: constant-power loads, ohmic lines, supplies behind their droop. The AC way is exact too:
without reactance and reactive power every voltage is in phase with its source, and U^2 - U0 U + P R = 0 is the same with
U from phase to phase, P of three phases and R of one.

What differs is where each stops. pandapower stops at 1e-10 MVA left over at a node, 1e-4 W. A net here draws 100 kW or
more: with 60 nodes left so, the load is 6e-8 wrong. One load behind one resistance at the share s of its collapse has
V = V0 (1 + r) / 2 with r = sqrt(1 - s), and x more load lowers V by x s / (2 r (1 + r)): 0.1 x at 0.3 of the collapse,
1.1 x at 0.9, 15 x at 0.999. So 1e-6 of the voltage holds up to 0.999 of the collapse. Seen are 3e-11, 3e-10 and 3e-9: the
last step of a Newton lands far below its stopping rule.
"""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.peers.pandapower import AcNewton, DcGrid
from tests.validation.oracles import direct_nets

from rackwright.rack.power.direct import collapse_factor, solve

pytest.importorskip("pandapower", reason="pandapower is an oracle, no dependency of ours")

TREES = [(seed, nodes, 1 + seed % 4) for seed, nodes in enumerate([3, 60, 5, 50, 8, 41, 12, 33, 25, 17])]
#: Shares of the load at the collapse. The DC grid's Newton does not settle at 0.999, from a flat start.
SHARES = {DcGrid: [0.3, 0.9], AcNewton: [0.3, 0.9, 0.999]}
CASES = [
    pytest.param(program, *case, share, id=f"{program.__name__}-{case[1]} nodes-{share}")
    for program, shares in SHARES.items()
    for share in shares
    for case in TREES[:: 1 if program is AcNewton else 2]
]
PROGRAMS = pytest.mark.parametrize("program", [DcGrid, AcNewton], ids=["dc grid", "ac newton"])


def tree(seed: int, nodes: int, supplies: int, share: float) -> direct_nets.Net:
    """A random tree loaded to a share of its collapse."""
    net = direct_nets.random_tree(np.random.default_rng(seed), nodes=nodes, supplies=supplies)
    return net.scaled(share * collapse_factor(direct_nets.ours(net)))


def with_rings(net: direct_nets.Net, rings: int) -> direct_nets.Net:
    """The net with lines more, each from a node to the one half of all nodes further: each closes a ring."""
    half = len(net.load_w) // 2
    more = tuple((node, node + half, 2e-4) for node in range(rings))
    return direct_nets.Net(net.lines + more, net.load_w, net.supplies)


def ours_of(net: direct_nets.Net):
    """Our answer; every supply gives, for pandapower's would also take, and ours never does."""
    found = solve(direct_nets.ours(net))
    assert found.carried.all()
    assert (found.source_a > 0).all()
    return found


@pytest.mark.parametrize(("program", "seed", "nodes", "supplies", "share"), CASES)
def test_every_voltage_of_a_tree_is_pandapowers(program, seed, nodes, supplies, share):
    net = tree(seed, nodes, supplies, share)
    worst = float(np.abs(ours_of(net).voltage_v[0] - program(net).solve()).max() / net.volt)
    assert worst <= 1e-6


@PROGRAMS
@pytest.mark.parametrize("rings", [1, 4])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_every_voltage_of_a_net_with_rings_is_pandapowers(program, rings, share):
    net = with_rings(tree(9, 24, 2, share), rings)
    assert len(direct_nets.ours(net).loops) == rings
    worst = float(np.abs(ours_of(net).voltage_v[0] - program(net).solve()).max() / net.volt)
    assert worst <= 1e-6


@PROGRAMS
@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize(("seed", "nodes", "supplies"), TREES[1:6:2])
def test_what_lines_and_droops_lose_is_what_pandapower_says_that_they_lose(program, seed, nodes, supplies, share):
    """A loss goes with the square of a difference of voltages, so its relative error is about twice that of the load."""
    net = tree(seed, nodes, supplies, share)
    found, theirs = ours_of(net), program(net)
    theirs.solve()
    droop_w = sum(amp**2 * ohm for amp, (_, _, ohm) in zip(found.source_a[0].tolist(), net.supplies, strict=True))
    lost_w = float(found.line_loss_w[0].sum() + droop_w)
    assert lost_w == pytest.approx(theirs.loss_w, rel=1e-6)


def test_beyond_the_collapse_pandapower_finds_nothing_either():
    import pandapower as pp

    net = tree(2, 12, 2, 1.001)
    assert not solve(direct_nets.ours(net)).carried[0]
    for program in (DcGrid, AcNewton):
        with pytest.raises(pp.LoadflowNotConverged):
            program(net).solve()
