"""Topologies that a program names: what is counted is built, loads and cuts are those of theory."""

import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from rackwright.program.sections.rack import Circuits, Dragonfly, Torus
from rackwright.rack.network.load.bisection import bisection_by_flow, bisection_of_switches, halves
from rackwright.rack.network.load.links import link_load
from rackwright.rack.network.load.traffic import uniform
from rackwright.rack.network.shapes import Cluster, Grid, counted_plane, torus_share, wired_cluster, wired_plane
from rackwright.rack.network.topology.direct import matched_circuits, torus_wiring
from rackwright.rack.network.topology.wiring import FabricProblem


def asked(
    topology, *, twins=1, above=1.0, rails=1, planes=1, oversubscription=1.0, dragonfly=None, torus=None, optical=136
):
    return SimpleNamespace(
        topology=topology, rails=rails, planes=planes, oversubscription=oversubscription,
        spine_oversubscription=above, twins=twins,
        dragonfly=dragonfly or Dragonfly(), torus=torus or Torus(), circuits=Circuits.model_construct(switch_ports=optical),
    )  # fmt: skip


CLUSTERS = [
    Cluster(8, 8, 2, 32, 1.0), Cluster(9, 6, 2, 16, 1.0), Cluster(5, 4, 3, 16, 1.0), Cluster(3, 8, 1, 16, 1.0),
    Cluster(1, 8, 1, 16, 1.0),
]  # fmt: skip
NAMES = ("folded-clos", "rail-only", "dragonfly+", "torus", "circuits")


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("topology", NAMES)
def test_what_is_counted_is_what_is_built(topology, cluster):
    network = asked(topology)
    fabric, plane = counted_plane(network, cluster), wired_plane(network, cluster)
    assert fabric.fits, fabric.problem
    assert [fabric.leaves, fabric.spines, fabric.cores] == [len(plane.switches_of_tier(t)) for t in (1, 2, 3)]
    assert fabric.links == plane.links
    assert plane.endpoints == cluster.endpoints
    used = np.bincount(np.concatenate([plane.lower, plane.upper]), minlength=plane.nodes)
    assert used[plane.endpoints :].max() <= cluster.ports
    home = plane.upper[plane.links_of_tier(0)]
    assert np.bincount(home).max() == min(fabric.leaf_down, cluster.endpoints)


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("topology", NAMES)
def test_the_longest_shortest_path_is_the_one_that_is_stated(topology, cluster):
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    network = asked(topology)
    plane, fabric = wired_plane(network, cluster), counted_plane(network, cluster)
    joined = csr_matrix((np.ones(plane.links), (plane.lower, plane.upper)), shape=(plane.nodes, plane.nodes))
    between = shortest_path(joined, directed=False, unweighted=True)[: plane.endpoints, : plane.endpoints]
    assert between[np.isfinite(between)].max() <= fabric.hops + 1
    if cluster.endpoints == cluster.block * (cluster.racks // cluster.block_racks) and topology != "torus":
        assert between[np.isfinite(between)].max() == fabric.hops + 1


@pytest.mark.parametrize("sizes", [(4, 4, 4), (5, 3), (2, 6), (8,)])
def test_all_to_all_of_a_full_torus_is_the_mean_way_over_the_links(sizes):
    grid = Grid(sizes, per_switch=3, side_links=1)
    plane = torus_wiring(sizes=sizes, per_switch=3, ports=9, link_bit_s=1.0)
    exact = link_load(plane, uniform(1.0)).carried_share
    assert exact == pytest.approx(torus_share(grid, plane.endpoints), rel=1e-12)


@pytest.mark.parametrize("topology", NAMES)
def test_a_cut_by_switches_is_the_cut_by_endpoints(topology):
    for cluster in CLUSTERS:
        plane = wired_plane(asked(topology, oversubscription=2.0), cluster)
        first = halves(plane, cluster.per_rack)
        if first.any():
            assert bisection_of_switches(plane, first) == pytest.approx(bisection_by_flow(plane, first))


@pytest.mark.parametrize(("leaves", "uplinks"), [(8, 16), (7, 9), (2, 5), (12, 4), (31, 8)])
def test_uplink_k_meets_uplink_k_and_pairs_are_served_alike(leaves, uplinks):
    circuits = matched_circuits(leaves, uplinks)
    each = leaves // 2  # of one uplink: all leaves but, where they are odd, one
    rounds = circuits.reshape(uplinks, each, 2)
    assert all(len(np.unique(one)) == 2 * each for one in rounds)
    pairs = Counter(map(tuple, circuits.tolist()))
    most, least = max(pairs.values()), min(pairs.get((a, b), 0) for b in range(leaves) for a in range(b))
    assert most - least <= 1


def test_optical_switches_are_as_few_as_hold_a_port_of_every_leaf_for_each_uplink():
    # 8 leaves of 16 + 16: an optical switch of 20 ports holds two uplinks of all, so 16 uplinks want 8
    fabric = counted_plane(asked("circuits", optical=20), Cluster(16, 8, 2, 32, 1.0))
    assert (fabric.leaves, fabric.leaf_up, fabric.circuit_switches) == (8, 16, 8)
    small = counted_plane(asked("circuits", optical=7), Cluster(16, 8, 2, 32, 1.0))
    assert not small.fits
    assert "optical switches of 8 ports, or 14 racks would do" in small.problem


def test_a_balanced_dragonfly_plus_carries_all_to_all():
    # 5 groups of 32 endpoints: 32 x 32 / 159 from each to each other, over 8 links, two of every spine
    fabric = counted_plane(asked("dragonfly+"), Cluster(20, 8, 4, 32, 1.0))
    assert (fabric.leaves, fabric.spines, fabric.leaf_up, fabric.spine_up) == (10, 10, 16, 16)
    assert fabric.delivered_share == 1.0


def test_rails_of_different_blocks_do_not_meet():
    # two blocks: of 15 others in its rail an adapter reaches the 7 of its own block
    fabric = counted_plane(asked("rail-only", rails=4), Cluster(16, 4, 8, 32, 1.0))
    assert fabric.delivered_share == pytest.approx(7 / 15)


@pytest.mark.parametrize(
    ("network", "would_do"),
    [
        (
            asked("dragonfly+", dragonfly=Dragonfly.model_construct(groups=None, spines=5, global_links=None)),
            "4 would do",
        ),
        (
            asked("dragonfly+", dragonfly=Dragonfly.model_construct(groups=None, spines=1, global_links=None)),
            "4 spines",
        ),
        (asked("torus", torus=Torus.model_construct(sizes=(2, 2), per_switch=3, side_links=None)), "16 a switch"),
        (
            asked("torus", torus=Torus.model_construct(sizes=(2, 2), per_switch=None, side_links=20)),
            "switches of 56 ports",
        ),
        (
            asked("torus", torus=Torus.model_construct(sizes=(2,), per_switch=3, side_links=None)),
            "adapters a switch would do",
        ),
        (asked("rail-only"), "2 rails"),
    ],
)
def test_a_shape_that_does_not_fit_says_what_would_do(network, would_do):
    cluster = Cluster(8, 8, 8, 32, 1.0)
    fabric = counted_plane(network, cluster)
    assert not fabric.fits
    assert would_do in fabric.problem


def test_the_torus_that_would_do_does():
    cluster = Cluster(8, 8, 8, 32, 1.0)
    problem = counted_plane(
        asked("torus", torus=Torus.model_construct(sizes=(2,), per_switch=3, side_links=None)), cluster
    ).problem
    sizes, per = re.search(r": (\d+ x \d+ x \d+) with (\d+) adapters", problem).groups()
    told = Torus.model_construct(sizes=tuple(map(int, sizes.split(" x "))), per_switch=int(per), side_links=None)
    assert counted_plane(asked("torus", torus=told), cluster).fits


def test_cables_of_direct_topologies_are_not_laid():
    with pytest.raises(FabricProblem, match="folded-clos or rail-only would do"):
        wired_cluster(asked("torus"), CLUSTERS[0], port_group=1, name="torus")


@pytest.mark.parametrize("above", [1.0, 2.0, 3.5])
def test_spines_with_fewer_uplinks_carry_the_share_that_these_are(above):
    network, cluster = asked("folded-clos", above=above), Cluster(64, 8, 4, 16, 1.0)
    fabric, plane = counted_plane(network, cluster), wired_plane(network, cluster)
    assert fabric.tiers == 3
    assert [fabric.leaves, fabric.spines, fabric.cores] == [len(plane.switches_of_tier(t)) for t in (1, 2, 3)]
    assert fabric.links == plane.links
    assert fabric.spine_down / fabric.spine_up <= above
    # eight pods of 64: of an endpoint's traffic 448 parts of 511 need a core
    wanted = min(1.0, fabric.delivered_share * 511 / 448)
    assert link_load(plane, uniform(1.0)).carried_share == pytest.approx(wanted)


def test_with_two_tiers_there_is_nothing_to_thin_above_the_spines():
    cluster = CLUSTERS[0]
    assert counted_plane(asked("folded-clos", above=4.0), cluster) == counted_plane(asked("folded-clos"), cluster)
    assert (
        wired_plane(asked("folded-clos", above=4.0), cluster).links == wired_plane(asked("folded-clos"), cluster).links
    )


@pytest.mark.parametrize("cluster", [*CLUSTERS, Cluster(64, 8, 4, 16, 1.0)])
@pytest.mark.parametrize("topology", ["folded-clos", "rail-only"])
def test_twin_leaves_are_counted_as_they_are_built(topology, cluster):
    network = asked(topology, twins=2, rails=2)
    fabric, plane = counted_plane(network, cluster), wired_plane(network, cluster)
    assert [fabric.leaves, fabric.spines, fabric.cores] == [len(plane.switches_of_tier(t)) for t in (1, 2, 3)]
    assert fabric.links == plane.links
    assert plane.end_bit_s == 2 * plane.link_bit_s
    home = plane.upper[plane.links_of_tier(0)].reshape(-1, 2)
    assert (home[:, 0] != home[:, 1]).all()
    if topology == "folded-clos":
        assert link_load(plane, uniform(plane.end_bit_s)).carried_share == pytest.approx(fabric.delivered_share)
