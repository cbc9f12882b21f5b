"""Laws of the DC network at rest, on random trees: energy, the order of answers, rings beside trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.power.direct import DirectBuilder, collapse_factor, solve


def grown(seed, nodes, sources, *, limited=False, warm=False):
    """A random tree with random loads; shelves at random places with set-points apart by half a percent."""
    rng = np.random.default_rng(seed)
    build = DirectBuilder()
    for at in range(nodes):
        build.node(f"n{at}", load_w=float(rng.uniform(0, 5e3)) * (rng.random() < 0.7), least_v=38.0)
        if at:
            cooling = float(rng.uniform(0.1, 1.0)) if warm else None
            build.line(
                f"l{at}",
                f"n{rng.integers(0, at)}",
                f"n{at}",
                ohm=float(rng.uniform(1e-5, 2e-4)),
                alpha_per_k=0.00393,
                cooling_w_k=cooling,
            )
    for at in range(sources):
        limit = float(rng.uniform(50, 800)) if limited else None
        build.source(
            f"s{at}", f"n{rng.integers(0, nodes)}", volt=float(rng.uniform(50.7, 51.0)), droop_ohm=1e-3, limit_a=limit
        )
    return build.network()


trees = st.tuples(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 8))


@settings(max_examples=60, deadline=None)
@given(trees, st.booleans(), st.booleans())
def test_energy_closes_on_every_tree(tree, limited, warm):
    solved = solve(grown(*tree, limited=limited, warm=warm), threads=1)
    given_w = (solved.source_a * solved.voltage_v[:, solved.network.source_node]).sum()
    assert abs(solved.residual_w[0]) <= 1e-7 * max(given_w, 1.0)
    assert np.isfinite(solved.voltage_v).all()


@settings(max_examples=30, deadline=None)
@given(trees)
def test_a_carried_network_settles_in_a_few_steps(tree):
    network = grown(*tree)
    solved = solve(network, scale=min(1.0, 0.9 * collapse_factor(network)), threads=1)
    if solved.carried[0]:
        assert solved.steps[0] <= 12


@settings(max_examples=30, deadline=None)
@given(trees, st.floats(0.1, 0.95))
def test_more_load_lowers_every_voltage(tree, share):
    network = grown(*tree)
    top = min(1.0, 0.95 * collapse_factor(network))
    less, more = solve(network, scale=[share * top, top], threads=1).voltage_v
    assert (more <= less + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(trees)
def test_the_collapse_is_where_solutions_end(tree):
    network = grown(*tree)
    factor = collapse_factor(network)
    if not network.load_w.any():
        assert factor == float("inf")
        return
    low = solve(network, scale=factor * 0.999, threads=1)
    half = float(network.source_v.max()) / 2
    # every constant-power network collapses above about half its source's voltage, at the weakest load
    assert low.voltage_v.min() > 0.3 * half
    assert not solve(network, scale=factor * 1.001, threads=1).carried[0]


@settings(max_examples=25, deadline=None)
@given(trees, st.booleans())
def test_a_ring_that_closes_through_a_poor_contact_changes_nothing(tree, warm):
    """The sparse way beside the tree: one line more of 10 Mohm carries less than a milliampere."""
    network = grown(*tree, warm=warm)
    if len(network.nodes) < 3:
        return
    straight = solve(network, scale=min(1.0, 0.5 * collapse_factor(network)), threads=1)
    ringed = with_line(network, "n0", network.nodes[-1])
    around = solve(ringed, scale=min(1.0, 0.5 * collapse_factor(network)), threads=1)
    assert len(ringed.loops) == 1
    assert around.voltage_v == pytest.approx(straight.voltage_v, rel=1e-7)


@settings(max_examples=25, deadline=None)
@given(trees, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_in_which_a_network_is_told_changes_nothing(tree, limited, shuffled):
    """Nodes, lines and sources shuffled and lines turned round: another root, other places, the same answers by name."""
    network = grown(*tree, limited=limited, warm=True)
    factor = min(1.0, 0.5 * collapse_factor(network))
    told, again = (solve(net, scale=factor, threads=1) for net in (network, shuffled_of(network, shuffled)))
    for name in network.nodes:
        assert again.voltage_of(name) == pytest.approx(told.voltage_of(name), rel=1e-7)
    assert again.line_loss_w.sum() == pytest.approx(told.line_loss_w.sum(), rel=1e-5, abs=1e-6)
    assert again.carried == told.carried


def shuffled_of(network, shuffled):
    build = DirectBuilder()
    for at in shuffled.sample(range(len(network.nodes)), len(network.nodes)):
        build.node(network.nodes[at], load_w=float(network.load_w[at]), least_v=float(network.least_v[at]))
    for at in shuffled.sample(range(len(network.lines)), len(network.lines)):
        ends = (network.nodes[network.first[at]], network.nodes[network.second[at]])
        build.line(
            network.lines[at],
            *(ends if shuffled.random() < 0.5 else ends[::-1]),
            ohm=float(network.ohm[at]),
            alpha_per_k=float(network.alpha_per_k[at]),
            cooling_w_k=float(network.cooling_w_k[at]) or None,
        )
    for at in shuffled.sample(range(len(network.sources)), len(network.sources)):
        limit_a = float(network.limit_a[at])
        build.source(
            network.sources[at],
            network.nodes[network.source_node[at]],
            volt=float(network.source_v[at]),
            droop_ohm=float(network.droop_ohm[at]),
            limit_a=limit_a if np.isfinite(limit_a) else None,
        )
    return build.network()


def with_line(network, first, second):
    build = DirectBuilder()
    for at, name in enumerate(network.nodes):
        build.node(name, load_w=float(network.load_w[at]), least_v=float(network.least_v[at]))
    for at, name in enumerate(network.lines):
        build.line(
            name,
            network.nodes[network.first[at]],
            network.nodes[network.second[at]],
            ohm=float(network.ohm[at]),
            alpha_per_k=float(network.alpha_per_k[at]),
            cooling_w_k=float(network.cooling_w_k[at]) or None,
        )
    build.line("poor contact", first, second, ohm=1e7)
    for at, name in enumerate(network.sources):
        node = network.nodes[network.source_node[at]]
        build.source(name, node, volt=float(network.source_v[at]), droop_ohm=float(network.droop_ohm[at]))
    return build.network()
