"""The fabric of a small cluster: four adapters of 400 Gbit/s in a rack, switches of eight such ports."""

import pytest


def failed(designs):
    return [item.rule for item in designs.findings if item.outcome == "failed"]


def test_the_cluster_comes_from_demand_then_from_the_program_then_it_is_one_block(build):
    assert build(cluster={"small": 5}).of("small").cluster_racks == 5
    assert build({"network.racks_per_cluster": "3"}).of("small").cluster_racks == 3
    assert build().of("small").cluster_racks == 2


def test_eight_racks_need_two_tiers_apportioned_to_each(build):
    # 32 endpoints: 8 leaves of 4, 4 spines; a block of two racks has two leaves
    network = build(cluster={"small": 8}).of("small").network
    assert (network.fabric.tiers, network.leaves, network.spines, network.leaf_per_block) == (2, 8, 4, 2)
    assert (network.leaf_per_rack, network.spine_per_rack) == (1.0, 0.5)


def test_every_link_has_a_module_at_both_ends(build):
    network = build(cluster={"small": 8}).of("small").network
    assert network.links == 64
    assert network.optics == 2 * network.links


def test_a_twin_port_cage_is_filled_with_one_module(build):
    parts = {"switches.box.ports_per_cage": "2", "optics.module.rate": "800 Gbit/s"}
    network = build(parts=parts, cluster={"small": 8}).of("small").network
    assert network.optics == network.links  # half as many modules, each with two ends


def test_planes_split_the_adapters_rate_and_double_the_switches_ports(build):
    # two planes of 200 Gbit/s: 16 ports, 8 down; 32 endpoints on 4 leaves, 2 spines, in each plane
    network = build({"network.planes": "2"}, cluster={"small": 8}).of("small").network
    assert (network.fabric.ports, network.leaves, network.spines) == (16, 8, 4)
    assert network.delivered_bit_s == pytest.approx(400e9)


def test_an_oversubscribed_fabric_does_not_deliver_what_is_declared(build):
    # a block of three racks fills two leaves of six downlinks and two uplinks
    designs = build({"network.oversubscription": "3", "block.racks": "3"}, cluster={"small": 12})
    assert designs.of("small").network.delivered_bit_s == pytest.approx(400e9 / 3)
    assert failed(designs) == ["rack.network.delivered"]


def test_slower_adapters_than_declared_fail(build):
    designs = build({"declared.scale_out": "800 Gbit/s"})
    assert {"rack.network.adapters", "rack.network.delivered"} == set(failed(designs))


def test_a_rack_without_adapters_is_designed_and_fails_its_declared_rate(build):
    designs = build({"trays.compute.parts.nic": None})
    assert designs.of("small").network.optics == 0
    assert "rack.network.adapters" in failed(designs)


def test_a_cluster_too_large_for_three_tiers_is_a_finding(build):
    assert "rack.network.tiers" in failed(build(cluster={"small": 1000}))


def test_shared_power_holds_switches_optics_and_pumps(build):
    # one rack's share: 1.5 switches x 100 W, 16 modules x 5 W, one unit of 200 W for two racks
    design = build(cluster={"small": 8}).of("small")
    assert design.shared_power_w == pytest.approx(150.0 + 80.0 + 100.0)
