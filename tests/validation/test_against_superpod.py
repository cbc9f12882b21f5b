"""Our folded Clos beside NVIDIA's SuperPOD tables and OpenAI's fabric as published: whole numbers, so exactly."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rackwright.rack.network.clos import folded_clos, usable_ports

PUBLISHED = Path(__file__).parent / "published" / "superpod.csv"
ROWS = list(csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["architecture"])
def test_the_fabric_has_the_published_switches_and_links(row):
    fabric = folded_clos(
        int(row["gpus"]),
        int(row["switch_ports"]),
        rails=int(row["rails"]),
        planes=int(row["planes"]),
        block_endpoints=int(row["block_endpoints"]),
    )
    planes = fabric.planes
    got = {
        "leaf": fabric.leaves * planes,
        "spine": fabric.spines * planes,
        "core": fabric.cores * planes,
        "endpoint_links": fabric.endpoint_links * planes,
        "leaf_spine_links": fabric.leaf_spine_links * planes,
        "spine_core_links": fabric.spine_core_links * planes,
    }
    assert got == {name: int(row[name]) for name in got}, row["source"]


@pytest.mark.parametrize(
    ("gpus", "leaf", "spine", "links"), [(248, 8, 4, 256), (1016, 32, 16, 1024)], ids=["1 SU", "4 SU"]
)
def test_a_superpod_that_gives_up_a_node_keeps_its_switches_and_has_four_ports_for_the_manager(
    gpus, leaf, spine, links
):
    # NVIDIA RA-11333-001 V11, table 4: 31 and 127 nodes; the missing node's ports on the leaves go to UFM
    fabric = folded_clos(gpus, 64, rails=8, block_endpoints=256)
    assert (fabric.leaves, fabric.spines, fabric.leaf_spine_links) == (leaf, spine, links)
    assert fabric.leaves * 32 - gpus >= 4


def test_eight_planes_of_512_port_switches_join_131072_gpus_in_two_tiers():
    # arXiv 2605.04333: 64 x 800G used as 512 x 100G, full bisection, at most three switch hops
    ports = usable_ports(64, 800e9, 800e9 / 8, 512)
    assert ports == 512
    full, beyond = (folded_clos(gpus, ports, planes=8) for gpus in (131_072, 131_073))
    assert (full.tiers, full.leaves, full.spines, full.delivered_share) == (2, 512, 256, 1.0)
    assert beyond.tiers == 3
