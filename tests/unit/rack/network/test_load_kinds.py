"""Closed form, static routes, hashed flows, bisection and many scenarios beside the propagation that they go with."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.network.load.bisection import bisection_by_flow, bisection_of_clos, halves
from rackwright.rack.network.load.hashed import hashed_load, paths_drawn
from rackwright.rack.network.load.links import entries_of, link_load
from rackwright.rack.network.load.routed import dead_links, graph_of, state_of
from rackwright.rack.network.load.scenarios import Failure, scenario_loads
from rackwright.rack.network.load.static import static_load
from rackwright.rack.network.load.symmetric import symmetric_load
from rackwright.rack.network.load.traffic import pairs, permutation, uniform, within_rails
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.domains import DOMAINS, domain_wiring
from rackwright.rack.network.topology.wiring import FabricProblem

shapes = st.fixed_dictionaries(
    {
        "racks": st.integers(2, 14),
        "per_rack": st.sampled_from([2, 3, 4, 8]),
        "ports": st.sampled_from([4, 6, 8, 12, 16]),
        "rails": st.sampled_from([1, 2, 4]),
        "planes": st.sampled_from([1, 1, 2, 3]),
        "block_racks": st.sampled_from([None, 1, 2, 3]),
        "oversubscription": st.sampled_from([1.0, 2.0]),
    }
)


def built(shape, **more):
    try:
        return clos_wiring(link_bit_s=1.0, **shape, **more)
    except FabricProblem:
        return None


@settings(max_examples=150)
@given(shape=shapes, dual_tor=st.booleans())
def test_the_closed_form_is_what_the_propagation_finds_unfailed(shape, dual_tor):
    wiring = built(shape, dual_tor=dual_tor)
    if wiring is None:
        return
    if dual_tor and len(wiring.switches_of_tier(3)):
        with pytest.raises(FabricProblem, match="`link_load` would do"):
            symmetric_load(wiring, 1.0)
        return
    closed, found = symmetric_load(wiring, 1.0), link_load(wiring, uniform(1.0))
    assert np.abs(closed.up_bit_s - found.up_bit_s).max() < 1e-9
    assert np.abs(closed.down_bit_s - found.down_bit_s).max() < 1e-9


def test_a_million_endpoints_have_a_load():
    wiring = clos_wiring(racks=131_072, per_rack=8, ports=256, link_bit_s=100e9)
    load = symmetric_load(wiring, 100e9)
    assert load.carried_share == pytest.approx(1.0)  # 128 up for 128 down: just full at the endpoints' own links
    # each endpoint link is full; above a leaf, what stays on the leaf is missing
    outside = 1 - (128 - 1) / (2**20 - 1)
    assert load.up_bit_s[wiring.links_of_tier(1)].max() == pytest.approx(100e9 * outside, rel=1e-9)


@settings(max_examples=150)
@given(shape=shapes)
def test_the_bisection_by_formula_is_the_maximum_flow(shape):
    wiring = built(shape)
    if wiring is None:
        return
    half = halves(wiring, shape["per_rack"])
    assert bisection_of_clos(wiring, half) == bisection_by_flow(wiring, half)  # whole numbers of links: exactly


def test_an_h100_domain_has_the_published_bisection():
    # 3.6 TB/s both ways between two halves of four GPUs (ml-engineering, network/README)
    wiring = domain_wiring(DOMAINS["hgx-h100"])
    assert 2 * bisection_by_flow(wiring, halves(wiring)) / 8 == pytest.approx(3.6e12)


@settings(max_examples=60)
@given(data=st.data())
def test_each_of_many_scenarios_is_what_the_fabric_solved_whole_finds(data):
    wiring = built(data.draw(shapes), dual_tor=data.draw(st.booleans()))
    if wiring is None:
        return
    link = st.integers(0, wiring.links - 1)
    switch = st.integers(wiring.endpoints, wiring.nodes - 1)
    failure = st.builds(
        Failure,
        st.lists(link, max_size=4, unique=True).map(tuple),
        st.one_of(st.just(()), st.tuples(switch)),
    )
    failures = data.draw(st.lists(failure, min_size=1, max_size=8))
    traffic = data.draw(st.sampled_from([uniform(1.0), within_rails(1.0)]))
    found = scenario_loads(wiring, traffic, failures)
    for number, one in enumerate(failures):
        whole = link_load(wiring, traffic, failed_links=one.links, failed_switches=one.switches)
        assert found.worst_bit_s[number] == pytest.approx(whole.worst_bit_s, abs=1e-9)
        assert found.unreached_bit_s[number] == pytest.approx(whole.unreached_bit_s, abs=1e-9)
        worst = found.worst_link[number]
        assert max(whole.up_bit_s[worst], whole.down_bit_s[worst]) == pytest.approx(whole.worst_bit_s, abs=1e-9)


def test_other_rules_and_given_pairs_are_solved_whole():
    wiring = clos_wiring(racks=6, per_rack=4, ports=8, link_bit_s=1.0)
    failures = [Failure((30,)), Failure((40,))]
    some = pairs([0, 1], [20, 21], [1.0, 1.0])
    for traffic, rule in ((uniform(1.0), "wcmp"), (some, "ecmp")):
        found = scenario_loads(wiring, traffic, failures, rule)
        assert found.whole.all()
        whole = link_load(wiring, traffic, rule, failed_links=[40])
        assert found.carried_share[1] == pytest.approx(whole.carried_share)


def test_a_static_route_loads_its_links_and_loses_what_meets_a_dead_one():
    # two leaves, leaf 0 has endpoints 0 to 3; links: 8 of endpoints, then four uplinks of each leaf
    wiring = clos_wiring(racks=3, per_rack=4, ports=8, link_bit_s=1.0, block_racks=1)
    up = wiring.links_of_tier(1).reshape(3, 4)
    routes = [[0, up[0, 0], up[1, 1], 4], [1, up[0, 0], up[1, 0], 5], [2, 3, -1, -1]]
    fine = static_load(wiring, [0, 1, 2], [0.5, 0.25, 1.0], routes)
    assert (fine.up_bit_s[up[0, 0]], fine.down_bit_s[up[1, 1]], fine.down_bit_s[3]) == (0.75, 0.5, 1.0)
    assert fine.delivered_share == 1.0
    dead = static_load(wiring, [0, 1, 2], [0.5, 0.25, 1.0], routes, failed_links=[int(up[1, 1])])
    assert (dead.lost_bit_s, dead.down_bit_s[4], dead.up_bit_s[up[0, 0]]) == (0.5, 0.0, 0.75)


def test_a_static_route_that_jumps_is_told_where():
    wiring = clos_wiring(racks=3, per_rack=4, ports=8, link_bit_s=1.0, block_racks=1)
    with pytest.raises(FabricProblem, match="route 0 is at p0-leaf-000-00 when its link 2"):
        static_load(wiring, [0], [1.0], [[0, int(wiring.links_of_tier(1)[5])]])


def test_hashed_paths_spread_as_the_rule_expects():
    # flows of a pair are even draws: with 2,000 of 64 pairs on a link share of a half, five standard deviations are 0.056
    wiring = clos_wiring(racks=8, per_rack=8, ports=16, link_bit_s=0.5, rails=2, planes=2, block_racks=2)
    traffic, flows, failed = permutation(np.random.default_rng(0).permutation(64), 1.0), 2000, [140, 200, 5]
    graph = graph_of(wiring)
    state = state_of(graph, dead_links(wiring, failed), converged=True, by_rail=False)
    entries = entries_of(state, traffic)
    start, way = paths_drawn(state, entries, flows, "ecmp", seed=3)
    weight = np.repeat(np.repeat(entries.bit_s / flows, flows), np.diff(start))
    sampled = np.bincount(way, weights=weight, minlength=2 * wiring.links).reshape(-1, 2)
    exact = link_load(graph, traffic, failed_links=failed)
    assert np.abs(sampled[:, 0] - exact.up_bit_s).max() < 0.07
    assert np.abs(sampled[:, 1] - exact.down_bit_s).max() < 0.07
    assert (sampled[failed] == 0).all()


def test_more_flows_of_a_pair_even_out_and_one_seed_is_one_answer():
    wiring = clos_wiring(racks=16, per_rack=8, ports=16, link_bit_s=1.0)
    traffic = permutation(np.random.default_rng(2).permutation(128), 1.0)
    few, many = (hashed_load(wiring, traffic, flows, samples=10, seed=7) for flows in (1, 32))
    assert few.mean()[0] > 2 * many.mean()[0]
    assert few.mean()[1] < many.mean()[1] <= 1.0
    assert few.nearly_all()[0] >= few.mean()[0]
    again = hashed_load(wiring, traffic, 1, samples=10, seed=7)
    assert (again.worst_share == few.worst_share).all()
    assert (again.goodput_share == few.goodput_share).all()


def test_two_flows_on_one_uplink_get_half_each():
    # one spine with one uplink: endpoints 0 and 1 send at full rate through it, endpoint 2 stays below its leaf
    wiring = clos_wiring(racks=2, per_rack=3, ports=4, link_bit_s=1.0, block_racks=1, oversubscription=3.0)
    assert len(wiring.links_of_tier(1)) == 2
    found = hashed_load(wiring, pairs([0, 1, 2], [3, 4, 1], [1.0, 1.0, 0.5]), 1, samples=2)
    assert found.worst_share == pytest.approx([2.0, 2.0])
    assert found.goodput_share == pytest.approx([1.5 / 2.5] * 2)
    assert found.slowest_share == pytest.approx([0.5, 0.5])


def test_hashed_flows_want_pairs():
    wiring = clos_wiring(racks=2, per_rack=3, ports=8, link_bit_s=1.0)
    with pytest.raises(FabricProblem, match="`pairs` or `permutation` would do"):
        hashed_load(wiring, uniform(1.0), 1)
    with pytest.raises(FabricProblem, match="1 of each would do"):
        hashed_load(wiring, pairs([0], [1], [1.0]), 0)
