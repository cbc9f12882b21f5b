"""Folded Clos fabrics port by port: the published tables, the counts by formula, and no port used twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.rack.network.clos import folded_clos, usable_ports
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.growth import final_growth, minimal_growth
from rackwright.rack.network.topology.wiring import FabricProblem

H100 = "NVIDIA DGX SuperPOD H100, RA-11333-001 V11"
B200 = "NVIDIA DGX SuperPOD B200 RA, architecture page"
B300 = "NVIDIA DGX SuperPOD B300 (Spectrum-X) RA, table 3"
B300_XDR = "NVIDIA DGX SuperPOD B300 XDR RA, table 3"

#: nodes, nodes of a unit, ports at the link's rate, planes, links of one cable, leaf, spine, core, node to leaf cables,
#: leaf to spine cables, spine to core cables, source. Eight adapters and rails a node.
PUBLISHED = [
    (128, 32, 64, 1, 1, 32, 16, 0, 1024, 1024, 0, f"{H100}, table 3"),
    (512, 32, 64, 1, 1, 128, 128, 64, 4096, 4096, 4096, f"{H100}, table 3"),
    # one node is left out; its four ports go to the fabric manager, which the table counts with the nodes' cables
    (31, 32, 64, 1, 1, 8, 4, 0, 252 - 4, 256, 0, f"{H100}, table 4"),
    (127, 32, 64, 1, 1, 32, 16, 0, 1020 - 4, 1024, 0, f"{H100}, table 4"),
    (64, 32, 64, 1, 1, 16, 8, 0, 512, 512, 0, B200),
    (128, 32, 64, 1, 1, 32, 16, 0, 1024, 1024, 0, B200),
    (512, 32, 64, 1, 1, 128, 128, 64, 4096, 4096, 4096, B200),
    # two planes of 400 Gbit/s; a cable is one of 800 Gbit/s with two links
    (64, 64, usable_ports(64, 800e9, 400e9, 256), 2, 2, 16, 8, 0, 512, 512, 0, B300),
    (256, 64, usable_ports(64, 800e9, 400e9, 256), 2, 2, 64, 32, 0, 2048, 2048, 0, B300),
    (72, 72, 144, 1, 1, 8, 4, 0, 576, 576, 0, B300_XDR),
    (288, 72, 144, 1, 1, 32, 18, 0, 2304, 2304, 0, B300_XDR),
]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row[-1]}, {row[0]} nodes")
def test_a_published_fabric_has_its_switches_and_cables_port_by_port(row):
    nodes, unit, ports, planes, links_of_cable, *wanted, source = row
    wiring = clos_wiring(
        racks=nodes, per_rack=8, ports=ports, link_bit_s=400e9, rails=8, planes=planes, block_racks=unit
    )
    switches = [len(wiring.switches_of_tier(tier)) for tier in (1, 2, 3)]
    cables = [len(wiring.links_of_tier(tier)) / links_of_cable for tier in (0, 1, 2)]
    assert switches + cables == wanted, source


shapes = st.fixed_dictionaries(
    {
        "racks": st.integers(1, 60),
        "per_rack": st.integers(1, 12),
        "ports": st.sampled_from([4, 5, 6, 8, 9, 12, 16, 32, 64]),
        "rails": st.sampled_from([1, 2, 3, 4, 8]),
        "planes": st.sampled_from([1, 2]),
        "block_racks": st.sampled_from([None, 1, 2, 4, 7]),
        "oversubscription": st.sampled_from([1.0, 1.5, 2.0, 3.0]),
    }
)


@settings(max_examples=300)
@given(shape=shapes)
def test_the_wiring_has_the_counts_of_the_formula_and_every_port_has_one_cable(shape):
    ends, block = shape["racks"] * shape["per_rack"], shape["block_racks"]
    counted = folded_clos(
        ends, shape["ports"], rails=shape["rails"], planes=shape["planes"],
        block_endpoints=block and block * shape["per_rack"], oversubscription=shape["oversubscription"],
    )  # fmt: skip
    if not counted.fits:
        with pytest.raises(FabricProblem, match="would do"):
            clos_wiring(link_bit_s=1.0, **shape)
        return
    wiring = clos_wiring(link_bit_s=1.0, **shape)
    got = [len(wiring.switches_of_tier(tier)) for tier in (1, 2, 3)]
    got += [len(wiring.links_of_tier(tier)) for tier in (0, 1, 2)]
    one_plane = (counted.leaves, counted.spines, counted.cores, counted.endpoint_links, counted.leaf_spine_links,
                 counted.spine_core_links)  # fmt: skip
    assert got == [shape["planes"] * count for count in one_plane]
    assert_ports(wiring)
    assert_names(wiring)


def assert_ports(wiring):
    node = np.concatenate([wiring.lower, wiring.upper]).astype(np.int64)
    port = np.concatenate([wiring.lower_port, wiring.upper_port])
    assert port.min() >= 0
    assert port[node >= wiring.endpoints].max() < wiring.switch_ports
    assert len(np.unique(node * 100_000 + port)) == 2 * wiring.links


def assert_names(wiring):
    switches = np.arange(wiring.endpoints, wiring.nodes)
    names = np.stack([wiring.plane, wiring.tier, wiring.group, wiring.number], axis=1)[switches]
    assert (np.lexsort(names.T[::-1]) == np.arange(len(names))).all()  # ordered by plane, tier, group, number
    assert len(set(wiring.labels(range(wiring.nodes)))) == wiring.nodes


@settings(max_examples=100)
@given(shape=shapes)
def test_a_leaf_serves_one_rail_of_one_block_and_splits_its_uplinks_evenly(shape):
    try:
        wiring = clos_wiring(link_bit_s=1.0, **shape)
    except FabricProblem:
        return
    ends, trunks = wiring.links_of_tier(0), wiring.links_of_tier(1)
    leaf, end = wiring.upper[ends], wiring.lower[ends]
    if len(trunks):
        assert (wiring.rail[leaf] == wiring.rail[end]).all()
        if shape["block_racks"]:
            assert (wiring.group[leaf] == wiring.group[end]).all()
        for links in (trunks, wiring.links_of_tier(2)):
            for node in np.unique(wiring.lower[links]):
                _, each = np.unique(wiring.upper[links[wiring.lower[links] == node]], return_counts=True)
                assert len(set(each.tolist())) == 1


def test_dual_tor_puts_the_two_ports_of_an_adapter_on_twin_leaves_of_its_rail():
    wiring = clos_wiring(racks=8, per_rack=4, ports=8, link_bit_s=1.0, rails=2, block_racks=2, dual_tor=True)
    counted = folded_clos(64, 8, rails=4, block_endpoints=16)
    assert (len(wiring.switches_of_tier(1)), wiring.switches) == (counted.leaves, counted.switches)
    ends = wiring.links_of_tier(0).reshape(-1, 2)
    first, second = wiring.upper[ends].T
    assert (wiring.lower_port[ends] == [0, 1]).all()
    assert (first != second).all()
    rail = wiring.rail[np.arange(wiring.endpoints)]
    assert (wiring.rail[first] == rail).all()
    assert (wiring.rail[second] == rail).all()
    assert_ports(wiring)


def test_a_rail_only_fabric_has_a_leaf_for_each_rail_and_nothing_above():
    wiring = clos_wiring(racks=16, per_rack=8, ports=16, link_bit_s=1.0, rails=8, uplinks=False)
    assert (wiring.switches, wiring.links) == (8, 128)


def test_a_customers_spare_spines_are_built_as_given():
    wiring = clos_wiring(racks=32, per_rack=8, ports=64, link_bit_s=1.0, rails=8, block_racks=32, spines=8)
    assert len(wiring.switches_of_tier(2)) == 8
    with pytest.raises(FabricProblem, match="4 would do"):
        clos_wiring(racks=32, per_rack=8, ports=64, link_bit_s=1.0, rails=8, block_racks=32, spines=5)


def test_fewer_links_above_the_pods_is_an_oversubscription_of_the_spines():
    shape = {"racks": 512, "per_rack": 8, "ports": 64, "link_bit_s": 1.0, "rails": 8, "block_racks": 32}
    full, thin = clos_wiring(**shape), clos_wiring(**shape, spine_oversubscription=4.0)
    assert len(full.links_of_tier(2)) == 4 * len(thin.links_of_tier(2)) == 4096
    assert_ports(thin)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"racks": 10_000}, "switches of 10 ports would do|at most 128 endpoints"),
        ({"racks": 0}, "1 is the least"),
        ({"ports": 1}, "2 ports are the least"),
        ({"port_group": 3}, "6 ports would do"),
        ({"oversubscription": 0.0}, r"1 \(none\) would do"),
        ({"link_bit_s": 0.0}, "any rate above 0"),
        ({"racks": 9, "uplinks": False}, "2 rails, leaves of 9 ports or blocks of 8 endpoints would do"),
        ({"racks": 9, "spine_oversubscription": 2.0}, "leave it out"),
        ({"racks": 100, "spines": 9}, "leave them out"),
    ],
)
def test_what_cannot_be_built_is_told_with_what_would_do(change, told):
    with pytest.raises(FabricProblem, match=told):
        clos_wiring(**{"racks": 1, "per_rack": 1, "ports": 8, "link_bit_s": 1.0} | change)


def test_the_ports_that_would_do_do_and_one_fewer_does_not():
    with pytest.raises(FabricProblem) as told:
        clos_wiring(racks=300, per_rack=1, ports=8, link_bit_s=1.0)
    enough = int(str(told.value).split("switches of ")[2].split()[0])
    assert clos_wiring(racks=300, per_rack=1, ports=enough, link_bit_s=1.0).endpoints == 300
    with pytest.raises(FabricProblem):
        clos_wiring(racks=300, per_rack=1, ports=enough - 1, link_bit_s=1.0)


SHAPE = {"per_rack": 8, "ports": 64, "link_bit_s": 400e9, "rails": 8, "block_racks": 32}


def test_growth_by_least_stages_moves_half_of_the_uplinks_when_spines_double():
    # SuperPOD H100, 1, 2 and 4 units of 32 nodes: 4, 8 and 16 spines
    one, two, four = minimal_growth([32, 64, 128], SHAPE)
    assert [len(stage.wiring.switches_of_tier(2)) for stage in (one, two, four)] == [4, 8, 16]
    assert [len(stage.moved) for stage in (one, two, four)] == [0, 128, 256]
    assert len(two.laid) == len(one.laid) - len(two.moved) + len(two.added)


def test_growth_towards_the_last_stage_moves_nothing_and_ends_as_built_at_once():
    stages = final_growth([32, 64, 512], SHAPE)
    assert [len(stage.moved) for stage in stages] == [0, 0, 0]
    assert len(stages[-1].laid) == stages[-1].wiring.links
    assert [stage.switches for stage in stages] == [8 + 192, 16 + 192, 128 + 192]
    with pytest.raises(FabricProblem, match=r"\[32, 64\] would do"):
        final_growth([64, 32], SHAPE)


def test_a_million_endpoints_are_wired():
    wiring = clos_wiring(racks=131_072, per_rack=8, ports=256, link_bit_s=1.0)
    assert (wiring.endpoints, wiring.switches, wiring.links) == (1_048_576, 20_480, 3 * 1_048_576)


def test_links_side_by_side_begin_at_a_cage_where_ports_are_to_spare():
    # 1,024 spines of 195 + 196 links under pairs of cores, 98 to each: in cages of eight, 13 of which are one core's own
    wiring = clos_wiring(racks=2722, per_rack=72, ports=512, link_bit_s=100e9, block_racks=14, port_group=8)
    links = wiring.links_of_tier(2)
    for node, port, peer in (
        (wiring.lower, wiring.lower_port, wiring.upper),
        (wiring.upper, wiring.upper_port, wiring.lower),
    ):
        cage = node[links].astype(np.int64) * 64 + port[links] // 8
        pairs = np.unique(np.stack([cage, peer[links].astype(np.int64)], axis=1), axis=0)
        assert len(pairs) == len(np.unique(cage)) == 1024 * 2 * 13
    upward = wiring.lower[links].astype(np.int64) * 512 + wiring.lower_port[links]
    first = wiring.links_of_tier(1)
    downward = wiring.upper[first].astype(np.int64) * 512 + wiring.upper_port[first]
    assert len(np.unique(np.concatenate([upward, downward]))) == len(upward) + len(downward)
    assert max(wiring.lower_port[links].max(), wiring.upper_port[links].max()) < 512
