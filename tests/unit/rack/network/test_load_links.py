"""Link loads beside a hop-by-hop reckoning written plainly here, closed forms, and conservation of traffic."""

from collections import defaultdict, deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.network.load import twins
from rackwright.rack.network.load.links import Rule, link_load
from rackwright.rack.network.load.routed import dead_links, graph_of, state_of
from rackwright.rack.network.load.traffic import pairs, permutation, uniform, within_rails
from rackwright.rack.network.load.valiant import valiant_load
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.direct import (
    circuit_wiring,
    dragonfly_plus_wiring,
    dragonfly_wiring,
    torus_wiring,
)
from rackwright.rack.network.topology.domains import DOMAINS, domain_wiring
from rackwright.rack.network.topology.wiring import FabricProblem


def hop_by_hop(wiring, traffic, rule, dead, converged):
    """Load up and down each link, traffic lost and traffic unreached, from a dict {(source, target): bit/s}.

    One destination endpoint after the other over the single links: no bundles, no classes, no compiled code.
    """
    low, high, ends, plane = wiring.lower.tolist(), wiring.upper.tolist(), wiring.endpoints, wiring.plane.tolist()
    beside = defaultdict(list)
    for link in range(wiring.links):
        if not (dead[link] and converged):
            beside[low[link]].append((link, high[link], 0))
            beside[high[link]].append((link, low[link], 1))
    load, lost, unreached = [[0.0] * wiring.links, [0.0] * wiring.links], 0.0, 0.0
    to = defaultdict(list)
    for (source, target), bit_s in traffic.items():
        to[target].append((source, bit_s))
    for target, senders in to.items():
        far, ways, order, queue = {target: 0}, {target: 1}, [], deque([target])
        while queue:
            here = queue.popleft()
            order.append(here)
            if here < ends and here != target:
                continue
            for _, sender, _ in beside[here]:
                if sender not in far:
                    far[sender], ways[sender] = far[here] + 1, 0
                    queue.append(sender)
                if far[sender] == far[here] + 1:
                    ways[sender] += ways[here]
        held = defaultdict(float)
        for source, bit_s in senders:
            held[source] += bit_s
        unreached += sum(held.pop(node) for node in list(held) if node not in far)
        for node in [n for n in order if n < ends] + [n for n in reversed(order) if n >= ends]:
            if node == target or not held[node]:
                continue
            hops = [hop for hop in beside[node] if hop[1] in far and (hop[1] == target or hop[1] >= ends)]
            nearest = [hop for hop in hops if far[hop[1]] == far[node] - 1]
            if rule == "wcmp":
                weights = [(hop, ways[hop[1]]) for hop in nearest]
            elif rule == "spray" and node < ends:
                weights = []
                for number in {plane[hop[1]] for hop in hops}:
                    least = min(far[hop[1]] for hop in hops if plane[hop[1]] == number)
                    near = [hop for hop in hops if plane[hop[1]] == number and far[hop[1]] == least]
                    rate = min(sum(plane[hop[1]] == number for hop in beside[end]) for end in (node, target))
                    weights += [(hop, rate / len(near)) for hop in near]
            else:
                weights = [(hop, 1) for hop in nearest]
            whole = sum(weight for _, weight in weights)
            for (link, after, way), weight in weights:
                part = held[node] * weight / whole
                if dead[link]:
                    lost += part
                else:
                    load[way][link] += part
                    held[after] += part
    return np.array(load[0]), np.array(load[1]), lost, unreached


def all_to_all(ends):
    return {(a, b): 1 / (ends - 1) for a in range(ends) for b in range(ends) if a != b}


def in_rails(wiring):
    rail, ends = wiring.rail[: wiring.endpoints], range(wiring.endpoints)
    return {(a, b): 1 / ((rail == rail[a]).sum() - 1) for a in ends for b in ends if a != b and rail[a] == rail[b]}


def as_dict(traffic):
    table = defaultdict(float)
    for source, target, bit_s in zip(traffic.source, traffic.target, traffic.bit_s, strict=True):
        if source != target:
            table[int(source), int(target)] += bit_s
    return table


def assert_alike(wiring, traffic, table, rule, links=(), switches=(), converged=True, within=1e-9):
    """Every link both ways, lost and unreached: sums of some thousand terms of rate 1, so 1e-9 is far above rounding."""
    got = link_load(wiring, traffic, rule, failed_links=links, failed_switches=switches, converged=converged)
    up, down, lost, unreached = hop_by_hop(wiring, table, rule, dead_links(wiring, links, switches).tolist(), converged)
    scale = max(1.0, up.max(), down.max())
    assert np.abs(got.up_bit_s - up).max() <= within * scale
    assert np.abs(got.down_bit_s - down).max() <= within * scale
    assert got.lost_bit_s == pytest.approx(lost, abs=within * max(1.0, lost))
    assert got.unreached_bit_s == pytest.approx(unreached, abs=within * max(1.0, unreached))
    return got


@settings(max_examples=120)
@given(data=st.data())
def test_any_small_clos_with_any_failures_carries_what_a_plain_reckoning_finds(data):
    shape = {
        "racks": data.draw(st.integers(1, 6)),
        "per_rack": data.draw(st.sampled_from([2, 3, 4, 6])),
        "ports": data.draw(st.sampled_from([4, 6, 8, 12])),
        "rails": data.draw(st.sampled_from([1, 2, 4])),
        "planes": data.draw(st.sampled_from([1, 1, 2, 3])),
        "block_racks": data.draw(st.sampled_from([None, 1, 2])),
        "oversubscription": data.draw(st.sampled_from([1.0, 2.0])),
        "dual_tor": data.draw(st.booleans()),
    }
    try:
        wiring = clos_wiring(link_bit_s=1.0, **shape)
    except FabricProblem:
        return
    ends = wiring.endpoints
    links = data.draw(st.lists(st.integers(0, wiring.links - 1), max_size=8))
    switches = data.draw(st.lists(st.integers(ends, wiring.nodes - 1), max_size=2))
    rule = data.draw(st.sampled_from(["ecmp", "wcmp", "spray"]))
    kind = data.draw(st.sampled_from(["uniform", "rail", "pairs"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    some = pairs(rng.integers(0, ends, 2 * ends), rng.integers(0, ends, 2 * ends), rng.random(2 * ends))
    traffic, table = {
        "uniform": (uniform(1.0), all_to_all(ends)),
        "rail": (within_rails(1.0), in_rails(wiring)),
        "pairs": (some, as_dict(some)),
    }[kind]
    assert_alike(wiring, traffic, table, rule, links, switches, data.draw(st.booleans()))


def test_one_thousand_endpoints_with_failures_carry_what_a_plain_reckoning_finds():
    wiring = clos_wiring(racks=128, per_rack=8, ports=32, link_bit_s=1.0, rails=8, block_racks=16)
    assert (wiring.endpoints, len(wiring.switches_of_tier(3))) == (1024, 32)
    rng = np.random.default_rng(5)
    links = rng.choice(wiring.links, 30, replace=False).tolist()
    spine, core = int(wiring.switches_of_tier(2)[3]), int(wiring.switches_of_tier(3)[7])
    shuffled = permutation(rng.permutation(1024), 1.0)
    got = assert_alike(wiring, shuffled, as_dict(shuffled), "ecmp", links, [spine, core])
    assert 0 < got.unreached_bit_s < 60  # each dead endpoint link loses at most what it sends and what it is sent


def net_at_switches(wiring, load):
    """What goes into each node less what comes out. [bit/s]"""
    net = np.zeros(wiring.nodes)
    np.add.at(net, wiring.upper, load.up_bit_s - load.down_bit_s)
    np.add.at(net, wiring.lower, load.down_bit_s - load.up_bit_s)
    return net[wiring.endpoints :]


@pytest.mark.parametrize("rule", ["ecmp", "wcmp", "spray"])
def test_traffic_is_conserved_at_every_switch(rule):
    wiring = clos_wiring(racks=32, per_rack=4, ports=16, link_bit_s=1.0, rails=2, planes=2, block_racks=8)
    links = np.random.default_rng(2).choice(wiring.links, 25, replace=False).tolist()
    load = link_load(wiring, uniform(2.0), rule, failed_links=links, failed_switches=[wiring.endpoints + 3])
    assert np.abs(net_at_switches(wiring, load)).max() < 1e-11
    ends = wiring.links_of_tier(0)
    assert load.up_bit_s[ends].sum() == pytest.approx(load.down_bit_s[ends].sum(), rel=1e-12)
    assert load.up_bit_s[ends].sum() == pytest.approx(load.offered_bit_s - load.unreached_bit_s, rel=1e-12)


def test_before_the_routers_know_what_is_lost_is_what_switches_take_in_and_do_not_pass_on():
    wiring = clos_wiring(racks=32, per_rack=4, ports=16, link_bit_s=1.0, rails=2, planes=1, block_racks=8)
    load = link_load(wiring, uniform(1.0), failed_links=[200, 240, 5], converged=False)
    at_first_link = load.offered_bit_s - load.up_bit_s[wiring.links_of_tier(0)].sum()
    assert net_at_switches(wiring, load).sum() + at_first_link == pytest.approx(load.lost_bit_s, rel=1e-12)
    assert load.unreached_bit_s == 0.0


def test_a_failed_uplink_sends_its_share_to_the_other_three():
    # three leaves of 4 endpoints, 4 uplinks to 2 spines; one of a leaf's uplinks dies: 4 x 8/11 over 3 links, not 4
    wiring = clos_wiring(racks=3, per_rack=4, ports=8, link_bit_s=1.0, block_racks=1)
    up = wiring.links_of_tier(1)
    gone = int(up[0])
    load = link_load(wiring, uniform(1.0), failed_links=[gone])
    whole = 4 * 8 / 11
    assert load.up_bit_s[up[:4]] == pytest.approx([0.0, whole / 3, whole / 3, whole / 3])
    before = link_load(wiring, uniform(1.0), failed_links=[gone], converged=False)
    assert before.up_bit_s[up[:4]] == pytest.approx([0.0, whole / 4, whole / 4, whole / 4])
    # lost: a quarter of what this leaf sends and, over the same dead link, of what it is sent
    assert before.lost_bit_s == pytest.approx(2 * whole / 4)


def test_ecmp_does_not_see_a_thin_path_and_wcmp_does():
    # the first of two spines loses one of its two links to the third leaf: ECMP still sends it half, WCMP a third
    wiring = clos_wiring(racks=3, per_rack=4, ports=8, link_bit_s=1.0, block_racks=1)
    up = wiring.links_of_tier(1).reshape(3, 2, 2)
    gone = [int(up[2, 0, 0])]
    to_third = pairs([0], [8], [1.0])
    equal, by_paths = (link_load(wiring, to_third, rule, failed_links=gone) for rule in ("ecmp", "wcmp"))
    assert equal.down_bit_s[up[2]].ravel() == pytest.approx([0.0, 0.5, 0.25, 0.25])
    assert by_paths.down_bit_s[up[2]].ravel() == pytest.approx([0.0, 1 / 3, 1 / 3, 1 / 3])


def test_losing_one_of_eight_planes_leaves_seven_eighths_of_the_rate():
    # two SU of the multi-plane shape: each adapter of 8 has a port on each of 8 planes of rate 1/8
    wiring = clos_wiring(racks=16, per_rack=8, ports=32, link_bit_s=1 / 8, planes=8)
    plane_0 = np.flatnonzero(wiring.plane == 0).tolist()
    whole = link_load(wiring, uniform(1.0), "spray")
    less = link_load(wiring, uniform(1.0), "spray", failed_switches=plane_0)
    assert whole.carried_share == pytest.approx(1.0)
    assert (less.delivered_share, less.carried_share) == pytest.approx((1.0, 7 / 8))


def test_endpoints_of_different_rails_cannot_meet_without_spines():
    wiring = clos_wiring(racks=4, per_rack=4, ports=8, link_bit_s=1.0, rails=4, uplinks=False)
    load = link_load(wiring, uniform(1.0))
    assert load.unreached_bit_s == pytest.approx(16 * 12 / 15)  # each of 16 sends 12 of 15 parts to other rails
    assert link_load(wiring, within_rails(1.0)).delivered_share == 1.0


def test_dual_tor_keeps_an_endpoint_whose_leaf_died():
    shape = {"racks": 8, "per_rack": 4, "ports": 8, "link_bit_s": 1.0, "rails": 2, "block_racks": 2}
    single, dual = clos_wiring(**shape), clos_wiring(**shape, dual_tor=True)
    dead = {"failed_switches": [32]}
    assert link_load(single, uniform(1.0), **dead).delivered_share < 0.9
    assert link_load(dual, uniform(1.0), **dead).delivered_share == 1.0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"failed_links": [99]}, "ids from 0 to"),
        ({"failed_switches": [0]}, "node ids from"),
        ({"rule": "random"}, "ecmp, wcmp, spray would do"),
    ],
)
def test_what_is_not_in_the_fabric_is_named(arguments, told):
    wiring = clos_wiring(racks=1, per_rack=4, ports=8, link_bit_s=1.0)
    with pytest.raises(FabricProblem, match=told):
        link_load(wiring, uniform(1.0), **arguments)


def test_the_order_of_planes_and_threads_changes_no_bit():
    wiring = clos_wiring(racks=32, per_rack=8, ports=16, link_bit_s=1.0, rails=2)
    first, second = (link_load(wiring, uniform(1.0), failed_links=[300]) for _ in range(2))
    assert (first.up_bit_s == second.up_bit_s).all()
    assert first.lost_bit_s == second.lost_bit_s


DIRECT = [
    torus_wiring(sizes=(4, 4, 4), per_switch=1, ports=7, link_bit_s=1.0),
    torus_wiring(sizes=(5, 3), per_switch=2, ports=7, link_bit_s=1.0),
    dragonfly_wiring(groups=9, switches=4, per_switch=2, global_links=2, ports=7, link_bit_s=1.0),
    dragonfly_plus_wiring(groups=8, leaves=4, spines=4, per_leaf=2, global_links=4, ports=8, link_bit_s=1.0),
    domain_wiring(DOMAINS["mi300x"]),
    domain_wiring(DOMAINS["hgx-h100"]),
]


@pytest.mark.parametrize("rule", ["ecmp", "wcmp", "spray"])
@pytest.mark.parametrize("wiring", DIRECT, ids=lambda wiring: f"{wiring.name} of {wiring.nodes} nodes")
def test_direct_topologies_to_64_switches_carry_what_a_plain_reckoning_finds(wiring, rule):
    ends = wiring.endpoints
    failed = [min(ends + 1, wiring.links - 1), 2]
    assert_alike(wiring, uniform(1.0), all_to_all(ends), rule)
    assert_alike(wiring, uniform(1.0), all_to_all(ends), rule, failed)
    shuffled = permutation(np.random.default_rng(1).permutation(ends), 1.0)
    assert_alike(wiring, shuffled, as_dict(shuffled), rule, failed, converged=False)


def test_a_torus_of_even_rings_loads_each_link_by_an_eighth_of_its_side():
    # mean hops in a ring of k: k/4, both ways over two links; 64 endpoints, of which the sender is none of the receivers
    wiring = torus_wiring(sizes=(4, 4, 4), per_switch=1, ports=7, link_bit_s=1.0)
    load = link_load(wiring, uniform(1.0))
    assert load.up_bit_s[64:] == pytest.approx(np.full(192, 4 / 8 * 64 / 63), rel=1e-12)


def by_way_of_each(wiring, table, dead):
    """Valiant's load plainly: each packet's two legs to and from each live switch of tier 1, as flows between switches.

    Legs are reckoned for endpoints put on each switch for the purpose, whose own links are then left out.
    """
    ends, switches = wiring.endpoints, np.flatnonzero(wiring.tier == 1)
    home = dict(zip(wiring.lower[:ends].tolist(), wiring.upper[:ends].tolist(), strict=True))
    inner = np.arange(ends, wiring.links)
    probe = circuit_probe(wiring, inner, switches)
    place = {int(switch): number for number, switch in enumerate(switches)}
    legs, up, down = defaultdict(float), np.zeros(wiring.links), np.zeros(wiring.links)
    for (source, target), bit_s in table.items():
        if dead[source] or dead[target]:
            continue
        up[source] += bit_s
        down[target] += bit_s
        first, last = place[home[source]], place[home[target]]
        if first == last:
            continue
        for middle in range(len(switches)):
            legs[first, middle] += bit_s / len(switches)
            legs[middle, last] += bit_s / len(switches)
    legs = {pair: bit_s for pair, bit_s in legs.items() if pair[0] != pair[1]}
    probe_dead = [False] * len(switches) + [bool(dead[link]) for link in inner]
    probe_up, probe_down, _, _ = hop_by_hop(probe, legs, "ecmp", probe_dead, True)
    up[inner], down[inner] = probe_up[len(switches) :], probe_down[len(switches) :]
    return up, down


def circuit_probe(wiring, inner, switches):
    """The same switches and links between them, with one endpoint on each switch of tier 1."""
    ends = wiring.endpoints
    circuits = np.stack([wiring.lower[inner], wiring.upper[inner]], axis=1) - ends
    return circuit_wiring(
        end_switch=switches - ends, circuits=circuits, ports=100, link_bit_s=1.0, switches=wiring.switches
    )


@pytest.mark.parametrize("wiring", DIRECT[:4], ids=lambda wiring: f"{wiring.name} of {wiring.nodes} nodes")
@pytest.mark.parametrize("failed", [[], [-3]])
def test_valiant_loads_are_those_of_both_legs_by_way_of_each_switch(wiring, failed):
    links = [wiring.links + link for link in failed]
    dead = dead_links(wiring, links)
    up, down = by_way_of_each(wiring, all_to_all(wiring.endpoints), dead)
    got = valiant_load(wiring, uniform(1.0), failed_links=links)
    assert got.up_bit_s == pytest.approx(up, abs=1e-9)
    assert got.down_bit_s == pytest.approx(down, abs=1e-9)
    shuffled = permutation(np.random.default_rng(4).permutation(wiring.endpoints), 1.0)
    up, down = by_way_of_each(wiring, as_dict(shuffled), dead)
    got = valiant_load(wiring, shuffled, failed_links=links)
    assert got.up_bit_s == pytest.approx(up, abs=1e-9)
    assert got.down_bit_s == pytest.approx(down, abs=1e-9)


def test_valiant_evens_out_the_tornado_on_a_ring():
    # ring of eight, each sends three on: minimal loads three one way round and none the other; Valiant's two legs of two
    # hops on average, both ways alike, load two
    ring = torus_wiring(sizes=(8,), per_switch=1, ports=3, link_bit_s=1.0)
    tornado = permutation((np.arange(8) + 3) % 8, 1.0)
    minimal, valiant = link_load(ring, tornado), valiant_load(ring, tornado)
    assert minimal.worst_bit_s == pytest.approx(3.0)
    assert valiant.up_bit_s[8:] == pytest.approx(np.full(8, 2.0))
    assert valiant.down_bit_s[8:] == pytest.approx(np.full(8, 2.0))


def test_valiant_wants_one_port_an_endpoint_and_a_fabric_in_one_piece():
    with pytest.raises(FabricProblem, match="one plane would do"):
        valiant_load(domain_wiring(DOMAINS["hgx-h100"]), uniform(1.0))
    with pytest.raises(FabricProblem, match="one plane would do"):
        valiant_load(domain_wiring(DOMAINS["mi300x"]), uniform(1.0))
    ring = torus_wiring(sizes=(4,), per_switch=1, ports=3, link_bit_s=1.0)
    with pytest.raises(FabricProblem, match="apart"):
        valiant_load(ring, uniform(1.0), failed_links=[4, 6])


@pytest.mark.parametrize("rule", ["ecmp", "wcmp", "spray"])
@pytest.mark.parametrize("converged", [True, False])
@pytest.mark.parametrize("planes", [1, 2])
def test_twins_taken_as_one_carry_what_they_carry_one_by_one(
    rule: Rule, converged: bool, planes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three tiers and two planes with dead links and a dead switch: equal to rounding, of loads of order one."""
    fabric = clos_wiring(racks=64 // planes, per_rack=8, ports=16, link_bit_s=1.0, planes=planes)
    up = fabric.links_of_tier(1)
    failed = {"failed_links": [0, int(up[5]), int(up[-1])], "failed_switches": [fabric.endpoints + 3]}
    shifted = permutation(np.roll(np.arange(fabric.endpoints), 31), 1.0)
    for traffic in (uniform(1.0), shifted):
        merged = link_load(fabric, traffic, rule, converged=converged, **failed)
        with monkeypatch.context() as patch:
            patch.setattr(twins, "WORTH_SHARE", 0.0)
            single = link_load(fabric, traffic, rule, converged=converged, **failed)
        assert merged.up_bit_s == pytest.approx(single.up_bit_s, abs=1e-12)
        assert merged.down_bit_s == pytest.approx(single.down_bit_s, abs=1e-12)
        assert merged.lost_bit_s == pytest.approx(single.lost_bit_s, abs=1e-9)


def test_spines_that_lost_nothing_are_one_router_and_the_one_that_did_is_another() -> None:
    fabric = clos_wiring(racks=16, per_rack=8, ports=16, link_bit_s=1.0)
    graph = graph_of(fabric)
    for failed, routers in (([], 16 + 1), ([int(fabric.links_of_tier(1)[0])], 16 + 2)):
        state = state_of(graph, dead_links(fabric, failed), converged=True, by_rail=False)
        assert len(twins.routed(state).net.relays) == routers
