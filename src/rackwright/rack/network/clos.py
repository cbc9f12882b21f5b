"""Folded Clos fabrics by port counts: leaves, spines and cores for a number of endpoints.

A kernel: whole numbers in, whole numbers out, nothing of ours imported. The rules, which reproduce the published
DGX SuperPOD tables (H100, B200, B300, B300 XDR):

- a leaf gives half its ports to endpoints (with oversubscription o, the share o / (1 + o));
- a leaf serves one rail of one block of racks;
- a leaf's uplinks split into an equal whole number of links to each spine above it, so the number of spines is the
  least divisor of the uplinks that has enough ports;
- three tiers: pods of leaves and spines, spines of one place in every pod share a group of cores; above the leaves
  nothing is oversubscribed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fabric:
    """A sized fabric. Everything is for ONE plane; a fabric of several planes is that many copies."""

    endpoints: int
    ports: int
    planes: int
    tiers: int
    leaves: int
    #: Leaves of one whole block (in one tier: the switch that all blocks share).
    block_leaves: int
    spines: int
    cores: int
    #: Most endpoints on one leaf, uplinks of every leaf, uplinks of every spine.
    leaf_down: int
    leaf_up: int
    spine_down: int
    spine_up: int
    endpoint_links: int
    leaf_spine_links: int
    spine_core_links: int
    #: False where even three tiers of this switch are too small.
    fits: bool
    #: One of `network.topology`; of a topology without uplinks above downlinks, what all to all gets of an endpoint's rate.
    topology: str = "folded-clos"
    carried: float | None = None
    #: Optical circuit switches that hold the circuits, and why nothing was built.
    circuit_switches: int = 0
    #: Most switches on a shortest path; 0: as a folded Clos of its tiers.
    longest: int = 0
    problem: str = ""

    @property
    def links(self) -> int:
        return self.endpoint_links + self.leaf_spine_links + self.spine_core_links

    @property
    def switches(self) -> int:
        return self.leaves + self.spines + self.cores

    @property
    def hops(self) -> int:
        """Most switches on a shortest path between two endpoints."""
        return self.longest or 2 * self.tiers - 1

    @property
    def delivered_share(self) -> float:
        """Share of an endpoint's rate that reaches any other endpoint when all send at once: uplinks over downlinks."""
        if self.carried is not None:
            return self.carried
        leaf = 1.0 if self.tiers <= 1 else min(1.0, self.leaf_up / self.leaf_down)
        spine = 1.0 if self.tiers <= 2 else min(1.0, self.spine_up / self.spine_down)
        return leaf * spine if self.fits else 0.0


def usable_ports(ports: int, port_bit_s: float, link_bit_s: float, most: int | None) -> int:
    """Ports of a switch at the rate of a link.

    A breakout multiplies ports and divides the rate, up to `most`; without a stated `most` there is no breakout.
    A link faster than a port takes ports side by side.

    >>> usable_ports(64, 800e9, 400e9, 256), usable_ports(64, 800e9, 100e9, 512), usable_ports(64, 400e9, 800e9, None)
    (128, 512, 32)
    """
    by_rate = math.floor(ports * (port_bit_s / link_bit_s) * (1 + 1e-12))
    if link_bit_s >= port_bit_s:
        return by_rate
    return min(by_rate, ports if most is None else most)


def folded_clos(
    endpoints: int,
    ports: int,
    *,
    rails: int = 1,
    planes: int = 1,
    block_endpoints: int | None = None,
    oversubscription: float = 1.0,
) -> Fabric:
    """Size one plane of a folded Clos in one, two or three tiers, as few as the endpoints need.

    Parameters
    ----------
    endpoints : int
        Ends of one plane that the fabric joins.
    ports : int
        Ports of each switch at the plane's link rate.
    rails : int
        Groups of endpoints, one adapter of each tray per group; a leaf serves one rail.
    planes : int
        Copies of the fabric; kept in the answer, nothing else.
    block_endpoints : int, optional
        Endpoints of a block of racks with leaves of its own; absent, leaves are filled across blocks.
    oversubscription : float
        Endpoint rate over uplink rate at a leaf, at most; above zero.

    Examples
    --------
    DGX SuperPOD H100, 16 scalable units (NVIDIA RA-11333, table 3): 128 leaves, 128 spines, 64 cores.

    >>> fabric = folded_clos(4096, 64, rails=8, block_endpoints=256)
    >>> fabric.leaves, fabric.spines, fabric.cores, fabric.leaf_spine_links
    (128, 128, 64, 4096)

    B300 XDR, 4 units: 16 spines have the ports, 18 are needed because 72 uplinks split evenly over them.

    >>> folded_clos(2304, 144, rails=8, block_endpoints=576).spines
    18
    """
    if endpoints <= 0:
        return Fabric(0, ports, planes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, True)
    if endpoints <= ports:
        return Fabric(endpoints, ports, planes, 1, 1, 1, 0, 0, endpoints, 0, 0, 0, endpoints, 0, 0, True)
    if ports < 2:
        return Fabric(endpoints, ports, planes, 1, endpoints, 1, 0, 0, 1, 0, 0, 0, endpoints, 0, 0, False)
    down, up = leaf_split(ports, oversubscription)
    leaves, block_leaves, filled = _leaves(endpoints, block_endpoints or endpoints, rails, down)
    if leaves > ports:
        return _three_tiers(endpoints, ports, planes, (leaves, block_leaves, filled), up)
    spines = least_divisor(up, math.ceil(leaves * up / ports))
    return Fabric(
        endpoints=endpoints,
        ports=ports,
        planes=planes,
        tiers=2,
        leaves=leaves,
        block_leaves=block_leaves,
        spines=spines,
        cores=0,
        leaf_down=filled,
        leaf_up=up,
        spine_down=leaves * up // spines,
        spine_up=0,
        endpoint_links=endpoints,
        leaf_spine_links=leaves * up,
        spine_core_links=0,
        fits=True,
    )


def leaf_split(ports: int, oversubscription: float) -> tuple[int, int]:
    """Downlinks and uplinks of a leaf: downlinks / uplinks is at most the oversubscription.

    >>> leaf_split(64, 1.0), leaf_split(64, 3.0), leaf_split(144, 1.0)
    ((32, 32), (48, 16), (72, 72))
    """
    down = math.floor(ports * oversubscription / (1 + oversubscription) * (1 + 1e-12))
    down = min(max(down, 1), ports - 1)
    up = min(max(math.ceil(down / oversubscription * (1 - 1e-12)), 1), ports - down)
    return down, up


def _leaves(endpoints: int, block_endpoints: int, rails: int, down: int) -> tuple[int, int, int]:
    """Leaves of all blocks (the last maybe smaller), of one block, and the most endpoints on one of them."""

    def of_block(ends: int) -> tuple[int, int]:
        in_rail = math.ceil(ends / min(rails, ends))
        leaves = math.ceil(in_rail / down)
        return min(rails, ends) * leaves, math.ceil(in_rail / leaves)

    blocks, rest = divmod(endpoints, block_endpoints)
    each, filled = of_block(block_endpoints) if blocks else (0, 0)
    last, last_filled = of_block(rest) if rest else (0, 0)
    return blocks * each + last, each or last, max(filled, last_filled)


def _three_tiers(endpoints: int, ports: int, planes: int, of_leaves: tuple[int, int, int], up: int) -> Fabric:
    leaves, block_leaves, filled = of_leaves
    half = ports // 2
    pods = math.ceil(leaves / half)
    pod_leaves = math.ceil(leaves / pods)
    pod_spines = least_divisor(up, math.ceil(pod_leaves * up / half))
    spine_down = pod_leaves * up // pod_spines
    spine_up, group_cores, fits = _core_group(pods, spine_down, ports)
    spines = pods * pod_spines
    return Fabric(
        endpoints=endpoints,
        ports=ports,
        planes=planes,
        tiers=3,
        leaves=leaves,
        block_leaves=block_leaves,
        spines=spines,
        cores=pod_spines * group_cores,
        leaf_down=filled,
        leaf_up=up,
        spine_down=spine_down,
        spine_up=spine_up,
        endpoint_links=endpoints,
        leaf_spine_links=leaves * up,
        spine_core_links=spines * spine_up,
        fits=fits,
    )


def _core_group(pods: int, spine_down: int, ports: int) -> tuple[int, int, bool]:
    """Uplinks of a spine, cores of one group (the spines of one place in every pod), and whether they fit.

    A spine has at least as many uplinks as downlinks, split evenly over its group's cores. A few links more than needed
    may split over far fewer cores (246 = 2 x 3 x 41 needs 41 where 11 have the ports, 252 needs 12), so the number of
    uplinks that takes the fewest cores is chosen; of those, the least.
    """
    most = ports - spine_down
    if math.ceil(pods * spine_down / ports) > spine_down:
        return spine_down, math.ceil(pods * spine_down / ports), False
    choices = [
        (least_divisor(up, math.ceil(pods * up / ports)), up)
        for up in range(spine_down, max(most, spine_down) + 1)
        if math.ceil(pods * up / ports) <= up
    ]
    cores, up = min(choices)
    return up, cores, True


def least_divisor(number: int, at_least: int) -> int:
    """The least divisor of `number` that is `at_least` so large; `number` itself at most.

    >>> least_divisor(72, 16), least_divisor(32, 16), least_divisor(31, 2)
    (18, 16, 31)
    """
    divisors: set[int] = set()
    for small in range(1, math.isqrt(number) + 1):
        if number % small == 0:
            divisors |= {small, number // small}
    return min((divisor for divisor in divisors if divisor >= at_least), default=number)
