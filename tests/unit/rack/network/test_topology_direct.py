"""Dragonfly, torus, given circuits and scale-up domains port by port."""

import numpy as np
import pytest

from rackwright.rack.network.topology.direct import (
    circuit_wiring,
    dragonfly_plus_wiring,
    dragonfly_wiring,
    torus_wiring,
)
from rackwright.rack.network.topology.domains import DOMAINS, Domain, domain_wiring, ualink_domain
from rackwright.rack.network.topology.wiring import FabricProblem


def every_port_has_one_cable(wiring):
    node = np.concatenate([wiring.lower, wiring.upper]).astype(np.int64)
    port = np.concatenate([wiring.lower_port, wiring.upper_port])
    assert len(np.unique(node * 10_000 + port)) == 2 * wiring.links
    assert port.min() == 0
    return True


def test_a_torus_of_k_by_k_by_k_has_three_links_a_switch():
    wiring = torus_wiring(sizes=(4, 4, 4), per_switch=2, ports=8, link_bit_s=1.0)
    assert (wiring.switches, wiring.endpoints, wiring.links) == (64, 128, 128 + 192)
    degree = np.bincount(np.concatenate([wiring.lower, wiring.upper]))[wiring.endpoints :]
    assert (degree == 8).all()
    assert every_port_has_one_cable(wiring)


@pytest.mark.parametrize(("sizes", "wraps", "links"), [((2, 2), True, 4), ((3,), True, 3), ((3, 4), False, 8 + 9)])
def test_short_rings_are_not_doubled_and_meshes_have_ends(sizes, wraps, links):
    wiring = torus_wiring(sizes=sizes, per_switch=1, ports=5, link_bit_s=1.0, wraps=wraps)
    assert wiring.links - wiring.endpoints == links


def test_every_pair_of_dragonfly_groups_has_the_same_links():
    wiring = dragonfly_wiring(groups=5, switches=4, per_switch=2, global_links=2, ports=7, link_bit_s=1.0)
    between = wiring.group[wiring.lower] != wiring.group[wiring.upper]
    between[: wiring.endpoints] = False
    pairs = np.stack([wiring.group[wiring.lower], wiring.group[wiring.upper]], axis=1)[between]
    _, each = np.unique(pairs, axis=0, return_counts=True)
    assert each.tolist() == [2] * 10  # eight global ports over four other groups
    assert every_port_has_one_cable(wiring)


def test_a_dragonfly_plus_group_is_leaves_on_spines_and_only_spines_leave_it():
    wiring = dragonfly_plus_wiring(groups=9, leaves=4, spines=4, per_leaf=4, global_links=4, ports=8, link_bit_s=1.0)
    assert (wiring.endpoints, wiring.switches) == (144, 72)
    assert (len(wiring.links_of_tier(1)), len(wiring.links_of_tier(2))) == (9 * 16, 9 * 8 // 2 * 2)
    assert (wiring.tier[wiring.upper[wiring.links_of_tier(2)]] == 2).all()
    assert every_port_has_one_cable(wiring)


def test_nvl72_joins_each_gpu_to_each_of_18_chips_on_nine_trays_by_one_link():
    # NVIDIA DGX SuperPOD GB200 RA: 72 GPUs, 18 links each, 9 switch trays of 2 chips
    wiring = domain_wiring(DOMAINS["gb200-nvl72"])
    assert (wiring.endpoints, wiring.switches, wiring.links) == (72, 18, 1296)
    joined = np.zeros((72, 18), dtype=int)
    np.add.at(joined, (wiring.lower, wiring.upper - 72), 1)
    assert (joined == 1).all()
    assert wiring.group[72:].max() == 8
    assert wiring.links * wiring.link_bit_s / 8 * 2 == pytest.approx(72 * 1800e9)  # NVLink5, both ways
    assert every_port_has_one_cable(wiring)


@pytest.mark.parametrize("name", DOMAINS)
def test_every_gpu_of_a_domain_has_its_links(name):
    domain = DOMAINS[name]
    wiring = domain_wiring(domain)
    ends = np.concatenate([wiring.lower, wiring.upper])
    assert (np.bincount(ends)[: domain.gpus] == domain.links_per_gpu).all()
    assert every_port_has_one_cable(wiring)


def test_mi300x_joins_each_of_eight_to_each_other():
    wiring = domain_wiring(DOMAINS["mi300x"])
    assert (wiring.switches, wiring.links) == (0, 28)


def test_ualink_joins_four_lanes_to_a_link():
    domain = ualink_domain(gpus=72, gpus_per_tray=4, chips=18, chips_per_tray=2, chip_lanes=512, lanes_per_gpu=72)
    wiring = domain_wiring(domain)
    assert (domain.gpu_bit_s, wiring.links, wiring.link_bit_s) == (72 * 200e9, 72 * 18, 800e9)


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: torus_wiring(sizes=(4, 4), per_switch=4, ports=7, link_bit_s=1.0), "switches of 8 ports would do"),
        (lambda: torus_wiring(sizes=(), per_switch=4, ports=7, link_bit_s=1.0), "1 each would do"),
        (
            lambda: dragonfly_wiring(groups=20, switches=4, per_switch=2, global_links=2, ports=7, link_bit_s=1.0),
            "9 groups, or 5 global links a switch would do",
        ),
        (lambda: circuit_wiring(end_switch=[0], circuits=[(1, 1)], ports=4, link_bit_s=1.0), "two different switches"),
        (lambda: circuit_wiring(end_switch=[0], circuits=[(0, 5)], ports=4, link_bit_s=1.0, switches=3), "0 to 2"),
        (lambda: domain_wiring(Domain("x", 8, 8, 2, 2, 8, 4, 1.0, "estimate", "")), "chips of 16 ports, 4 chips or 4"),
        (lambda: domain_wiring(Domain("x", 8, 8, 0, 0, 0, 6, 1.0, "estimate", "")), "7 links would do"),
        (
            lambda: ualink_domain(
                gpus=2000, gpus_per_tray=4, chips=1, chips_per_tray=1, chip_lanes=512, lanes_per_gpu=4
            ),
            "at most 1024",
        ),
        (
            lambda: ualink_domain(gpus=8, gpus_per_tray=4, chips=1, chips_per_tray=1, chip_lanes=512, lanes_per_gpu=6),
            "4 lanes would do",
        ),
    ],
)
def test_what_cannot_be_joined_is_told_with_what_would_do(build, told):
    with pytest.raises(FabricProblem, match=told):
        build()
