"""Link loads beside the edge betweenness of networkx and igraph, which divide traffic by two of our rules.

igraph counts, for each pair, the share of its shortest paths over an edge: every shortest path carries alike, our `wcmp`.
networkx's count between subsets walks from the target back and divides equally over a node's next hops (networkx 3.6,
`_accumulate_edges_subset`: `delta[w] / len(P[w])`): our `ecmp`. Each pair is walked both ways and halved there, so with
all-to-all traffic of 1 from each endpoint an edge's count over (endpoints - 1) is the mean of its load up and down. On an
unfailed Clos all next hops lead to equally many paths, and both rules are one.

The tolerance of 1e-9 is that of sums of some hundred thousand terms in both programs, with four digits to spare. Endpoints
have one link each here: neither program can forbid paths through an endpoint. networkx joins parallel links to one edge,
so its fabrics have none.
"""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.rack.network.load.links import link_load
from rackwright.rack.network.load.symmetric import symmetric_load
from rackwright.rack.network.load.traffic import uniform
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.direct import (
    circuit_wiring,
    dragonfly_plus_wiring,
    dragonfly_wiring,
    matched_circuits,
    torus_wiring,
)

#: Without parallel links: as many spines as uplinks, and as many cores in a group as uplinks of a spine.
PLAIN = {
    "two tiers": clos_wiring(racks=8, per_rack=4, ports=8, link_bit_s=1.0, spines=4),
    "two tiers, oversubscribed, uneven": clos_wiring(
        racks=5, per_rack=6, ports=8, link_bit_s=1.0, oversubscription=3.0
    ),
    "dragonfly": dragonfly_wiring(groups=9, switches=4, per_switch=2, global_links=2, ports=7, link_bit_s=1.0),
    "torus": torus_wiring(sizes=(4, 4, 3), per_switch=1, ports=7, link_bit_s=1.0),
    "torus of 64 switches, the last ones empty": torus_wiring(
        sizes=(4, 4, 4), per_switch=2, ports=8, link_bit_s=1.0, endpoints=101
    ),
    "circuits, some pairs of leaves without one": circuit_wiring(
        end_switch=np.arange(42) // 3, circuits=matched_circuits(14, 5), ports=8, link_bit_s=1.0
    ),
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
    "dragonfly+, two links to a spine, leaves not full": dragonfly_plus_wiring(
        groups=4,
        leaves=3,
        spines=3,
        per_leaf=6,
        global_links=5,
        side_links=2,
        ports=12,
        link_bit_s=1.0,
        endpoints=61,
        group_endpoints=16,
    ),
    "circuits, two or three to a pair": circuit_wiring(
        end_switch=np.arange(40) // 8, circuits=matched_circuits(5, 12), ports=20, link_bit_s=1.0
    ),
} | PLAIN


def igraph_load(wiring, kept):
    """(links kept,) load each way by igraph."""
    igraph = pytest.importorskip("igraph", reason="igraph is an oracle, no dependency of ours")
    edges = np.stack([wiring.lower, wiring.upper], axis=1)[kept]
    graph = igraph.Graph(n=wiring.nodes, edges=edges.tolist())
    ends = list(range(wiring.endpoints))
    counted = np.array(graph.edge_betweenness(directed=False, sources=ends, targets=ends))
    return counted / (wiring.endpoints - 1)


@pytest.mark.parametrize("failures", [0, 3])
@pytest.mark.parametrize("name", PLAIN)
def test_equal_division_over_next_hops_has_networkx_loads(name, failures):
    networkx = pytest.importorskip("networkx", reason="networkx is an oracle, no dependency of ours")
    wiring = PLAIN[name]
    inner = np.flatnonzero(wiring.lower >= wiring.endpoints)
    failed = np.random.default_rng(2).choice(inner, failures, replace=False)
    kept = np.setdiff1d(np.arange(wiring.links), failed)
    edges = list(zip(wiring.lower[kept].tolist(), wiring.upper[kept].tolist(), strict=True))
    graph = networkx.Graph(edges)
    assert graph.number_of_edges() == len(kept)
    ends = list(range(wiring.endpoints))
    counted = networkx.edge_betweenness_centrality_subset(graph, ends, ends, normalized=False)
    theirs = np.array([counted.get((low, high), counted.get((high, low))) for low, high in edges])
    load = link_load(wiring, uniform(1.0), "ecmp", failed_links=failed.tolist())
    assert load.unreached_bit_s == 0.0
    mean = (load.up_bit_s + load.down_bit_s)[kept] / 2
    assert np.abs(mean - theirs / (wiring.endpoints - 1)).max() < 1e-9


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
