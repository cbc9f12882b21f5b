"""Bisection: the least rate between the two halves of the endpoints, cut by racks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.topology.wiring import Wiring


def halves(wiring: Wiring, per_rack: int = 1) -> NDArray[np.bool_]:
    """(endpoints,) True for the first half of the racks (the lesser half where their number is odd)."""
    racks = -(-wiring.endpoints // per_rack)
    return np.arange(wiring.endpoints) < racks // 2 * per_rack


def bisection_by_flow(wiring: Wiring, first: NDArray[np.bool_]) -> float:
    """Least rate between two sets of endpoints one way, by maximum flow: exact, for small fabrics. [bit/s]

    Parallel links count together; the endpoints' own links can be the cut.
    """
    from scipy.sparse import coo_matrix, csr_matrix
    from scipy.sparse.csgraph import maximum_flow

    nodes = wiring.nodes
    source, sink = nodes, nodes + 1
    whole = np.int32(wiring.links + 1)
    ends = np.arange(wiring.endpoints)
    low, high = wiring.lower, wiring.upper
    rows = np.concatenate([low, high, np.full(int(first.sum()), source), ends[~first]])
    columns = np.concatenate([high, low, ends[first], np.full(int((~first).sum()), sink)])
    ones = np.ones(2 * wiring.links, dtype=np.int32)
    weights = np.concatenate([ones, np.full(wiring.endpoints, whole, dtype=np.int32)])
    graph = csr_matrix(coo_matrix((weights, (rows, columns)), shape=(nodes + 2, nodes + 2)), dtype=np.int32)
    return float(maximum_flow(graph, source, sink).flow_value) * wiring.link_bit_s


def bisection_of_switches(wiring: Wiring, first: NDArray[np.bool_]) -> float:
    """The same as `bisection_by_flow` for endpoints of one port, exact too, with each switch's endpoints taken together. [bit/s]

    >>> from rackwright.rack.network.topology.direct import torus_wiring
    >>> ring = torus_wiring(sizes=(8,), per_switch=4, ports=6, link_bit_s=1.0)
    >>> bisection_of_switches(ring, halves(ring))  # a ring is cut at two links
    2.0
    """
    from scipy.sparse import coo_matrix, csr_matrix
    from scipy.sparse.csgraph import maximum_flow

    ends, switches = wiring.endpoints, wiring.switches
    at_end = np.flatnonzero(wiring.lower < ends)
    above = np.flatnonzero(wiring.lower >= ends)
    leaf, mine = wiring.upper[at_end] - ends, first[wiring.lower[at_end]]
    low, high = wiring.lower[above] - ends, wiring.upper[above] - ends
    here, there = (np.bincount(leaf[side], minlength=switches) for side in (mine, ~mine))
    all_switches, source, sink = np.arange(switches), switches, switches + 1
    ones = np.ones(len(above), dtype=np.int32)
    graph = csr_matrix(coo_matrix(
        (np.concatenate([ones, ones, here, there]).astype(np.int32),
         (np.concatenate([low, high, np.full(switches, source), all_switches]),
          np.concatenate([high, low, all_switches, np.full(switches, sink)]))),
        shape=(switches + 2, switches + 2),
    ), dtype=np.int32)  # fmt: skip
    return float(maximum_flow(graph, source, sink).flow_value) * wiring.link_bit_s


def bisection_of_clos(wiring: Wiring, first: NDArray[np.bool_]) -> float:
    """Least rate between two sets of endpoints one way, of a folded Clos, by formula. [bit/s]

    Two tiers: above a leaf every spine is alike, so a spine joins what its leaves send: by leaf, what the set can bring
    up is the lesser of its endpoint links and uplinks; links below one leaf need no spine. A spine takes its part of
    every leaf's uplinks, so the cut is the lesser of both sides' sums. Three tiers: the same once more by pods. Exact
    where a leaf (a pod) lies whole in one half; where halves share a leaf (or a pod), a lower bound is given by the part
    that crosses above and a path below: the sum of both.
    """
    tier, planes = wiring.tier[wiring.lower], wiring.planes
    total = 0.0
    for plane in range(planes):
        here = wiring.plane[wiring.upper] == plane
        total += _of_plane(wiring, first, np.flatnonzero(here & (tier == 0)), np.flatnonzero(here & (tier == 1)),
                           np.flatnonzero(here & (tier == 2)))  # fmt: skip
    return total * wiring.link_bit_s


def _of_plane(
    wiring: Wiring,
    first: NDArray[np.bool_],
    at_end: NDArray[np.int64],
    at_leaf: NDArray[np.int64],
    at_spine: NDArray[np.int64],
) -> float:
    sides = [np.bincount(wiring.upper[at_end][side], minlength=wiring.nodes) for side in _sides(wiring, first, at_end)]
    up = np.bincount(wiring.lower[at_leaf], minlength=wiring.nodes)
    crossed, brought = _meet(sides, up)
    if not len(at_leaf):
        return crossed
    pod_of = np.full(wiring.nodes, -1)
    pod_of[wiring.lower[at_leaf]] = wiring.group[wiring.upper[at_leaf]]
    pods = int(pod_of.max()) + 1
    inside = pod_of >= 0
    by_pod = [np.bincount(pod_of[inside], weights=side[inside], minlength=pods) for side in brought]
    above = np.bincount(wiring.group[wiring.lower[at_spine]], minlength=pods)
    if not len(at_spine):
        return crossed + float(min(side.sum() for side in by_pod))
    more, out = _meet(by_pod, above)
    return crossed + more + float(min(side.sum() for side in out))


def _sides(
    wiring: Wiring, first: NDArray[np.bool_], links: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    mine = first[wiring.lower[links]]
    return mine, ~mine


def _meet(
    sides: list[NDArray[np.int64]] | list[NDArray[np.float64]], up: NDArray[np.int64]
) -> tuple[float, list[NDArray[np.float64]]]:
    """What meets at each switch, and what of the rest of either side its uplinks can take."""
    met = np.minimum(sides[0], sides[1])
    return float(met.sum()), [np.minimum(side - met, up).astype(np.float64) for side in sides]
