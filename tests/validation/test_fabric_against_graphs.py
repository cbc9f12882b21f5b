"""Link loads beside the edge betweenness of networkx and igraph.

Edge betweenness between endpoints counts, for each pair, the share of its shortest paths over an edge: every shortest path
carries alike, which is our rule `wcmp`, on any graph. On an unfailed Clos all next hops lead to equally many paths, so
`ecmp` is the same. All pairs are counted once, and both ways load alike under all-to-all traffic, so an edge's betweenness
over (endpoints - 1) is the load of either way when each endpoint sends 1. The tolerance of 1e-9 is that of sums of some
hundred thousand terms in both programs, with four digits to spare. Endpoints have one link each here: neither
program can forbid paths through an endpoint. networkx joins parallel links to one edge, so its fabrics have none.
"""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.rack.network.load.links import link_load
from rackwright.rack.network.load.symmetric import symmetric_load
from rackwright.rack.network.load.traffic import uniform
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.direct import dragonfly_plus_wiring, dragonfly_wiring, torus_wiring

#: Without parallel links: as many spines as uplinks, and as many cores in a group as uplinks of a spine.
PLAIN = {
    "two tiers": clos_wiring(racks=8, per_rack=4, ports=8, link_bit_s=1.0, spines=4),
    "two tiers, oversubscribed, uneven": clos_wiring(
        racks=5, per_rack=6, ports=8, link_bit_s=1.0, oversubscription=3.0
    ),
    "dragonfly": dragonfly_wiring(groups=9, switches=4, per_switch=2, global_links=2, ports=7, link_bit_s=1.0),
    "torus": torus_wiring(sizes=(4, 4, 3), per_switch=1, ports=7, link_bit_s=1.0),
}
#: With parallel links, which igraph counts one by one.
PARALLEL = {
    "two tiers, two links to a spine": clos_wiring(racks=4, per_rack=8, ports=16, link_bit_s=1.0, rails=4),
    "three tiers": clos_wiring(racks=32, per_rack=4, ports=8, link_bit_s=1.0, rails=2, block_racks=4),
    "three tiers, 1,024 endpoints": clos_wiring(
        racks=128, per_rack=8, ports=32, link_bit_s=1.0, rails=8, block_racks=16
    ),
    "dragonfly+": dragonfly_plus_wiring(
        groups=5, leaves=4, spines=4, per_leaf=4, global_links=4, ports=8, link_bit_s=1.0
    ),
} | PLAIN


def igraph_load(wiring, kept):
    """(links kept,) load each way by igraph, which counts pairs both ways: halved."""
    igraph = pytest.importorskip("igraph", reason="igraph is an oracle, no dependency of ours")
    edges = np.stack([wiring.lower, wiring.upper], axis=1)[kept]
    graph = igraph.Graph(n=wiring.nodes, edges=edges.tolist())
    ends = list(range(wiring.endpoints))
    counted = np.array(graph.edge_betweenness(directed=False, sources=ends, targets=ends))
    return counted / (wiring.endpoints - 1)


@pytest.mark.parametrize("name", PLAIN)
def test_an_unfailed_fabric_without_parallel_links_has_networkx_loads(name):
    networkx = pytest.importorskip("networkx", reason="networkx is an oracle, no dependency of ours")
    wiring = PLAIN[name]
    edges = list(zip(wiring.lower.tolist(), wiring.upper.tolist(), strict=True))
    graph = networkx.Graph(edges)
    assert graph.number_of_edges() == wiring.links
    ends = list(range(wiring.endpoints))
    counted = networkx.edge_betweenness_centrality_subset(graph, ends, ends, normalized=False)
    theirs = np.array([counted.get((low, high), counted.get((high, low))) for low, high in edges])
    load = link_load(wiring, uniform(1.0), "wcmp")
    assert np.abs(load.up_bit_s - theirs / (wiring.endpoints - 1)).max() < 1e-9
    assert np.abs(load.down_bit_s - theirs / (wiring.endpoints - 1)).max() < 1e-9
    if len(wiring.switches_of_tier(2)):
        equal = link_load(wiring, uniform(1.0), "ecmp")
        assert np.abs(equal.up_bit_s - theirs / (wiring.endpoints - 1)).max() < 1e-9


@pytest.mark.parametrize("name", PARALLEL)
def test_an_unfailed_fabric_has_igraph_loads(name):
    wiring = PARALLEL[name]
    theirs = igraph_load(wiring, np.arange(wiring.links))
    load = link_load(wiring, uniform(1.0), "wcmp")
    assert np.abs(load.up_bit_s - theirs).max() < 1e-9
    assert np.abs(load.down_bit_s - theirs).max() < 1e-9
    if name.startswith(("two tiers", "three tiers")):
        assert np.abs(link_load(wiring, uniform(1.0), "ecmp").up_bit_s - theirs).max() < 1e-9
        assert np.abs(symmetric_load(wiring, 1.0).up_bit_s - theirs).max() < 1e-9


@pytest.mark.parametrize("name", PARALLEL)
def test_a_fabric_with_dead_links_between_switches_has_igraph_loads_over_equal_paths(name):
    wiring = PARALLEL[name]
    inner = np.flatnonzero(wiring.lower >= wiring.endpoints)
    failed = np.random.default_rng(1).choice(inner, 3, replace=False)
    kept = np.setdiff1d(np.arange(wiring.links), failed)
    load = link_load(wiring, uniform(1.0), "wcmp", failed_links=failed.tolist())
    assert load.unreached_bit_s == 0.0
    assert np.abs(load.up_bit_s[kept] - igraph_load(wiring, kept)).max() < 1e-9
