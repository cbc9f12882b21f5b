"""All-to-all traffic on an unfailed folded Clos by closed form: as many endpoints as memory holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.load.links import LinkLoad
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

Floats = NDArray[np.float64]


def symmetric_load(wiring: Wiring, rate_bit_s: float) -> LinkLoad:
    """Load of each link of an unfailed Clos when each endpoint sends `rate_bit_s` to all others alike.

    What leaves a leaf divides equally over its uplinks, and what leaves a pod over all uplinks of its spines, whichever
    of the rules `ecmp`, `wcmp` and `spray` holds; what comes in does the same. So a link's load is what leaves its leaf
    or pod, over the number of such links. Leaves and pods may be unequal.

    Raises
    ------
    FabricProblem
        Where the wiring has several leaves and nothing above them, or three tiers and dual ToR: twin leaves may be in
        different pods, which breaks the symmetry.

    Examples
    --------
    >>> from rackwright.rack.network.topology.clos import clos_wiring
    >>> fabric = clos_wiring(racks=131072, per_rack=8, ports=256, link_bit_s=100e9)
    >>> round(symmetric_load(fabric, 100e9).carried_share, 6)
    1.0
    """
    ends, each = wiring.endpoints, rate_bit_s / max(wiring.endpoints - 1, 1)
    tier = wiring.tier[wiring.lower]
    at_end, at_leaf, at_spine = (np.flatnonzero(tier == number) for number in range(3))
    ports = len(at_end) / ends
    leaf_of = wiring.upper[at_end]
    on_leaf = np.bincount(leaf_of, minlength=wiring.nodes) / ports * wiring.planes
    twins = ports / wiring.planes
    up_of = np.bincount(wiring.lower[at_leaf], minlength=wiring.nodes)
    if not len(at_leaf) and np.any(on_leaf[leaf_of] * twins < ends):
        raise FabricProblem("endpoints of different leaves cannot meet: traffic within rails, or uplinks, would do")
    if len(at_spine) and twins > 1:
        raise FabricProblem("twin leaves under three tiers are not alike: `link_load` would do")
    load = np.zeros(wiring.links)
    load[at_end] = rate_bit_s / ports
    # a leaf's endpoints, counted by the share of their traffic that takes this leaf; twin leaves hold the same ones
    leaving = on_leaf / wiring.planes * (ends - on_leaf * twins) * each
    load[at_leaf] = (leaving / np.maximum(up_of, 1))[wiring.lower[at_leaf]]
    if len(at_spine):
        load[at_spine] = _above(wiring, at_leaf, at_spine, on_leaf, ends, each)
    return LinkLoad(wiring.link_bit_s, load, load.copy(), rate_bit_s * ends, 0.0, 0.0)


def _above(
    wiring: Wiring, at_leaf: NDArray[np.int64], at_spine: NDArray[np.int64], on_leaf: Floats, ends: int, each: float
) -> Floats:
    """Load of the links above the spines: what leaves a pod over the pod's uplinks."""
    pods = int(wiring.group[wiring.tier == 2].max()) + 1
    pod_of_leaf = np.zeros(wiring.nodes, dtype=np.int64)
    pod_of_leaf[wiring.lower[at_leaf]] = wiring.group[wiring.upper[at_leaf]]
    leaves = np.flatnonzero((wiring.tier == 1) & (wiring.plane == 0))
    in_pod = np.bincount(pod_of_leaf[leaves], weights=on_leaf[leaves], minlength=pods)
    pod = wiring.group[wiring.lower[at_spine]]
    links = np.bincount(pod, minlength=pods) / wiring.planes
    leaving = in_pod * (ends - in_pod) * each / wiring.planes / links
    return np.asarray(leaving[pod])
