"""The topology that a program names, by count and port by port: folded Clos, rail-only, dragonfly+, torus, circuits.

A cluster's racks come in blocks; the blocks are the Clos's blocks of leaves, the dragonfly+'s groups and what circuits
join. Rails are kept by a folded Clos and a rail-only fabric; in the direct ones a leaf takes a block's adapters in order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rackwright.program.sections.rack import RackNetwork
from rackwright.rack.network.clos import Fabric, folded_clos, leaf_split, least_divisor
from rackwright.rack.network.topology.clos import clos_wiring, thinner_cores
from rackwright.rack.network.topology.direct import (
    circuit_wiring,
    dragonfly_plus_wiring,
    matched_circuits,
    torus_wiring,
)
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

#: Those whose planes and cables are laid, and whose growth is known: leaves below, nothing side by side.
LAID = ("folded-clos", "rail-only")
#: Words of the tiers of switches, and of the links below each.
WORDS = {
    "folded-clos": ("leaves", "spines", "cores"),
    "rail-only": ("leaves", "spines", "cores"),
    "dragonfly+": ("leaves", "spines", "between groups"),
    "torus": ("switches", "between switches", ""),
    "circuits": ("leaves", "circuits", ""),
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a plane joins: racks of so many adapters in blocks, by switches of so many ports at the rate of a link."""

    racks: int
    per_rack: int
    block_racks: int
    ports: int
    link_bit_s: float

    @property
    def endpoints(self) -> int:
        return self.racks * self.per_rack

    @property
    def block(self) -> int:
        """Endpoints of a block."""
        return self.per_rack * min(self.block_racks, self.racks)


def counted_plane(network: RackNetwork, cluster: Cluster) -> Fabric:
    """One plane by count; where the topology cannot be built, a `Fabric` that does not fit and says why.

    What all to all gets of a direct topology is exact: the plane is built and its load solved over minimal paths.
    """
    if network.topology == "folded-clos" or cluster.endpoints <= 0:
        return _thinned(network, _clos_counts(network, cluster))
    try:
        fabric = _COUNTS[network.topology](network, cluster)
        return replace(fabric, carried=_carried(wired_plane(network, cluster), network.topology))
    except FabricProblem as problem:
        nothing = _fabric(network, cluster, tiers=1, leaves=0, leaf_down=0)
        return replace(nothing, fits=False, problem=str(problem))


def _clos_counts(network: RackNetwork, cluster: Cluster) -> Fabric:
    twins = network.twins if cluster.endpoints > cluster.ports else 1
    if twins == 1 and network.twins == 2 and cluster.endpoints > 0:
        return _fabric(network, cluster, tiers=1, leaves=2, leaf_down=cluster.endpoints, block_leaves=2)
    return folded_clos(
        twins * cluster.endpoints,
        cluster.ports,
        rails=twins * network.rails,
        planes=network.planes,
        block_endpoints=twins * cluster.block or None,
        oversubscription=network.oversubscription,
    )


def _thinned(network: RackNetwork, fabric: Fabric) -> Fabric:
    """The count with fewer cores where three tiers are oversubscribed above the spines."""
    over = network.spine_oversubscription
    if over <= 1.0 or fabric.tiers != 3 or not fabric.fits:
        return fabric
    pods = math.ceil(fabric.leaves / (fabric.ports // 2))
    cores, up = thinner_cores(fabric, pods, over)
    return replace(
        fabric, cores=fabric.spines // pods * cores, spine_up=up, spine_core_links=fabric.spines * up
    )  # fmt: skip


def wired_plane(network: RackNetwork, cluster: Cluster, *, name: str = "scale-out") -> Wiring:
    """One plane port by port.

    Raises
    ------
    FabricProblem
        Where the switch is too small for the shape; says what would do.
    """
    return _WIRINGS[network.topology](network, cluster, name)


def wired_cluster(network: RackNetwork, cluster: Cluster, *, port_group: int, name: str) -> Wiring:
    """All planes of a cluster, as cables are laid.

    Raises
    ------
    FabricProblem
        For a topology whose cables are not laid.
    """
    if network.topology not in LAID:
        raise FabricProblem(
            f"the cables of a {network.topology} fabric are not laid on the floor: {' or '.join(LAID)} would do"
        )
    return _clos(network, cluster, name, planes=network.planes, port_group=port_group)


def _clos(network: RackNetwork, cluster: Cluster, name: str, planes: int = 1, port_group: int = 1) -> Wiring:
    return clos_wiring(
        racks=cluster.racks,
        per_rack=cluster.per_rack,
        ports=cluster.ports,
        link_bit_s=cluster.link_bit_s,
        rails=network.rails,
        planes=planes,
        block_racks=min(cluster.block_racks, cluster.racks),
        oversubscription=network.oversubscription,
        port_group=port_group,
        uplinks=network.topology != "rail-only",
        dual_tor=network.twins == 2,
        spine_oversubscription=_above_spines(network, cluster),
        name=name,
    )


def _above_spines(network: RackNetwork, cluster: Cluster) -> float:
    """Oversubscription above the spines; none where there is nothing above them."""
    if network.topology != "folded-clos" or network.spine_oversubscription <= 1.0:
        return 1.0
    return network.spine_oversubscription if _clos_counts(network, cluster).tiers == 3 else 1.0


def _carried(plane: Wiring, topology: str) -> float:
    """Share of its rate that an endpoint gets over minimal paths, all to all (within rails where nothing joins them)."""
    from rackwright.rack.network.load.links import link_load
    from rackwright.rack.network.load.traffic import uniform, within_rails

    traffic = within_rails if topology == "rail-only" else uniform
    load = link_load(plane, traffic(plane.end_bit_s))
    return load.carried_share * load.delivered_share


def _fabric(
    network: RackNetwork,
    cluster: Cluster,
    *,
    tiers: int,
    leaves: int,
    leaf_down: int,
    spines: int = 0,
    leaf_up: int = 0,
    spine_down: int = 0,
    spine_up: int = 0,
    block_leaves: int = 0,
    first_links: int = 0,
    second_links: int = 0,
    circuit_switches: int = 0,
    longest: int = 1,
) -> Fabric:
    return Fabric(
        endpoints=cluster.endpoints, ports=cluster.ports, planes=network.planes, tiers=tiers, leaves=leaves,
        block_leaves=block_leaves, spines=spines, cores=0, leaf_down=leaf_down, leaf_up=leaf_up, spine_down=spine_down,
        spine_up=spine_up, endpoint_links=network.twins * cluster.endpoints, leaf_spine_links=first_links, spine_core_links=second_links,
        fits=True, topology=network.topology, circuit_switches=circuit_switches, longest=longest,
    )  # fmt: skip


def _rail_counts(network: RackNetwork, cluster: Cluster) -> Fabric:
    """A leaf to each rail of each block, nothing above: a block without a rest of the racks counts like a whole one."""
    blocks, rest = divmod(cluster.endpoints, cluster.block)
    twins = network.twins
    leaves = twins * (blocks * min(network.rails, cluster.block) + min(network.rails, rest))
    down = math.ceil(cluster.block / network.rails)
    if down > cluster.ports:
        _clos(network, cluster, "rail-only")  # says what would do
    each = twins * min(network.rails, cluster.block)
    return _fabric(network, cluster, tiers=1, leaves=leaves, leaf_down=down, block_leaves=each)


@dataclass(frozen=True, slots=True)
class Group:
    """A dragonfly+'s groups, all alike."""

    groups: int
    endpoints: int
    leaves: int
    per_leaf: int
    spines: int
    side_links: int
    global_links: int

    @property
    def pair_links(self) -> int:
        """Links of a group to each other group."""
        return self.spines * self.global_links // (self.groups - 1) if self.groups > 1 else 0


def dragonfly_groups(network: RackNetwork, cluster: Cluster) -> Group:
    """The groups of a dragonfly+: a leaf splits its ports as a Clos's, a spine gives other groups what leaves leave.

    Raises
    ------
    FabricProblem
        Where spines do not divide a leaf's uplinks, or have too few ports.
    """
    asked, ports = network.dragonfly, cluster.ports
    blocks = math.ceil(cluster.endpoints / cluster.block)
    groups = asked.groups or blocks
    in_group = cluster.per_rack * math.ceil(cluster.racks / groups) if asked.groups else cluster.block
    down, up = leaf_split(ports, network.oversubscription)
    leaves = math.ceil(in_group / down)
    spines = asked.spines or least_divisor(up, math.ceil(2 * leaves * up / ports))
    if up % spines:
        good = [number for number in range(1, up + 1) if up % number == 0]
        near = min(good, key=lambda number: (abs(number - spines), number))
        raise FabricProblem(f"{up} uplinks of a leaf do not split evenly over {spines} spines: {near} would do")
    side = up // spines
    over = asked.global_links if asked.global_links is not None else min(ports - leaves * side, leaves * side)
    if leaves * side + max(over, 1) > ports:
        enough = next((n for n in range(spines, up + 1) if up % n == 0 and leaves * (up // n) + 1 <= ports), up)
        left = ports - leaves * side
        fewer = f", or {left} global links" if left > 0 else ""
        raise FabricProblem(
            f"a spine of {ports} ports has {leaves * side} links to its leaves and wants {max(over, 1)} to other groups: "
            f"{enough} spines a group{fewer} would do"
        )
    return Group(groups, in_group, leaves, math.ceil(in_group / leaves), spines, side, over if groups > 1 else 0)


def _dragonfly_counts(network: RackNetwork, cluster: Cluster) -> Fabric:
    group = dragonfly_groups(network, cluster)
    pairs = group.groups * (group.groups - 1) // 2
    return _fabric(
        network, cluster, tiers=2, leaves=group.groups * group.leaves, spines=group.groups * group.spines,
        leaf_down=group.per_leaf, leaf_up=group.spines * group.side_links, spine_down=group.leaves * group.side_links,
        spine_up=group.global_links, block_leaves=group.leaves,
        first_links=group.groups * group.leaves * group.spines * group.side_links, second_links=pairs * group.pair_links,
        longest=4 if group.groups > 1 else 3 if group.leaves > 1 else 1,
    )  # fmt: skip


def _dragonfly(network: RackNetwork, cluster: Cluster, name: str) -> Wiring:
    group = dragonfly_groups(network, cluster)
    return dragonfly_plus_wiring(
        groups=group.groups, leaves=group.leaves, spines=group.spines, per_leaf=group.per_leaf,
        global_links=group.global_links, side_links=group.side_links, ports=cluster.ports, link_bit_s=cluster.link_bit_s,
        endpoints=cluster.endpoints, group_endpoints=group.endpoints, name=name,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grid:
    """A torus: switches along each dimension, adapters on each, links side by side."""

    sizes: tuple[int, ...]
    per_switch: int
    side_links: int

    @property
    def neighbour_links(self) -> int:
        """Links of a switch to its neighbours."""
        return self.side_links * sum(min(size - 1, 2) for size in self.sizes)


def torus_grid(network: RackNetwork, cluster: Cluster) -> Grid:
    """The grid of a torus: as asked, and for the rest as many adapters on a switch as all to all lets (over the oversubscription).

    Raises
    ------
    FabricProblem
        Where the places are too few or the ports do not suffice.
    """
    asked = network.torus
    grids = [_grid(asked.sizes, per, asked.side_links, cluster) for per in _per_switch(network, cluster)]
    fitting = [one for one in grids if one.side_links and one.per_switch + one.neighbour_links <= cluster.ports]
    if not fitting:
        raise FabricProblem(_too_few_ports(grids[-1], cluster))
    enough = [one for one in fitting if torus_share(one, cluster.endpoints) * network.oversubscription >= 1.0 - 1e-9]
    return enough[0] if enough else max(fitting, key=lambda one: torus_share(one, cluster.endpoints))


def _per_switch(network: RackNetwork, cluster: Cluster) -> Sequence[int]:
    """Adapters on a switch to try, most first."""
    asked = network.torus
    if asked.sizes:
        places = math.prod(asked.sizes)
        least = math.ceil(cluster.endpoints / places)
        if asked.per_switch and asked.per_switch < least:
            raise FabricProblem(
                f"a torus of {' x '.join(map(str, asked.sizes))} with {asked.per_switch} adapters a switch has "
                f"{places * asked.per_switch:,} places for {cluster.endpoints:,}: {_enough(network, cluster, least)} would do"
            )
        return (asked.per_switch or least,)
    return (asked.per_switch,) if asked.per_switch else range(min(cluster.ports - 1, cluster.endpoints), 0, -1)


def _enough(network: RackNetwork, cluster: Cluster, least: int) -> str:
    """What would hold the cluster: more adapters on a switch where it has the ports, else the sizes of the rule."""
    if least + sum(min(size - 1, 2) for size in network.torus.sizes) <= cluster.ports:
        return f"{least} a switch"
    grids = (_grid((), per, None, cluster) for per in range(cluster.ports - 1, 0, -1))
    grid = next((one for one in grids if one.side_links), None)
    if grid is None:
        return "a switch of more ports"
    return f"{' x '.join(map(str, grid.sizes))} with {grid.per_switch} adapters a switch"


def _grid(sizes: tuple[int, ...], per_switch: int, side_links: int | None, cluster: Cluster) -> Grid:
    sizes = sizes or _cube(math.ceil(cluster.endpoints / per_switch))
    neighbours = max(sum(min(size - 1, 2) for size in sizes), 1)
    return Grid(sizes, per_switch, side_links or max(cluster.ports - per_switch, 0) // neighbours)


def _cube(switches: int) -> tuple[int, int, int]:
    """Three dimensions, as alike as can be, that hold so many switches.

    >>> _cube(64), _cube(60), _cube(2)
    ((4, 4, 4), (3, 4, 5), (1, 1, 2))
    """
    first = max(math.floor(switches ** (1 / 3) + 1e-9), 1)
    second = max(math.floor(math.sqrt(switches / first) + 1e-9), 1)
    third = math.ceil(switches / first / second)
    return (first, second, third)


def torus_share(grid: Grid, endpoints: int) -> float:
    """Share of its rate that an endpoint of a full torus gets, all to all, over minimal paths.

    A packet's hops along a dimension are the same on all its minimal paths, and the links of a dimension are alike: load is
    the mean way along the dimension over the links of a switch along it. Exact where all places are taken.
    """
    worst = 0.0
    for size in grid.sizes:
        if size > 1:
            mean_hops = sum(min(step, size - step) for step in range(size)) / size
            ways = min(size - 1, 2) * grid.side_links
            worst = max(worst, grid.per_switch * mean_hops / ways * endpoints / max(endpoints - 1, 1))
    return min(1.0, 1.0 / worst) if worst else 1.0


def _too_few_ports(grid: Grid, cluster: Cluster) -> str:
    sides = sum(min(size - 1, 2) for size in grid.sizes)
    need = grid.per_switch + max(grid.side_links, 1) * sides
    return (
        f"a switch of {cluster.ports} ports has {grid.per_switch} adapters and {sides} neighbours of a torus of "
        f"{' x '.join(map(str, grid.sizes))}: switches of {need} ports, or larger sizes, would do"
    )


def _torus_counts(network: RackNetwork, cluster: Cluster) -> Fabric:
    grid = torus_grid(network, cluster)
    switches = math.prod(grid.sizes)
    return _fabric(
        network, cluster, tiers=1, leaves=switches, leaf_down=min(grid.per_switch, cluster.endpoints),
        leaf_up=grid.neighbour_links, first_links=switches * grid.neighbour_links // 2,
        longest=1 + sum(size // 2 for size in grid.sizes),
    )  # fmt: skip


def _torus(network: RackNetwork, cluster: Cluster, name: str) -> Wiring:
    grid = torus_grid(network, cluster)
    return torus_wiring(
        sizes=grid.sizes, per_switch=grid.per_switch, side_links=grid.side_links, ports=cluster.ports,
        link_bit_s=cluster.link_bit_s, endpoints=cluster.endpoints, name=name,
    )  # fmt: skip


def _circuit_leaves(network: RackNetwork, cluster: Cluster) -> tuple[int, int, int]:
    """Leaves of a block, adapters on one, uplinks of one."""
    down, up = leaf_split(cluster.ports, network.oversubscription)
    leaves = math.ceil(cluster.block / down)
    return leaves, math.ceil(cluster.block / leaves), up


def _circuit_counts(network: RackNetwork, cluster: Cluster) -> Fabric:
    """Uplink k of every leaf ends on one optical switch, which holds as many such sets as its ports take."""
    in_block, per_leaf, up = _circuit_leaves(network, cluster)
    leaves = in_block * math.ceil(cluster.endpoints / cluster.block)
    if network.circuits is None:
        raise FabricProblem(
            "the ports of an optical circuit switch are not stated: circuits: {switch_ports: 136} would do"
        )
    ports = network.circuits.switch_ports
    if leaves > ports:
        raise FabricProblem(
            f"{leaves} leaves end on one optical circuit switch of {ports} ports: optical switches of {leaves} ports, or "
            f"{ports // in_block * cluster.block // cluster.per_rack} racks would do"
        )
    switches = math.ceil(up / (ports // leaves)) if leaves > 1 else 0
    return _fabric(
        network, cluster, tiers=1, leaves=leaves, leaf_down=per_leaf, leaf_up=up if leaves > 1 else 0,
        block_leaves=in_block, first_links=up * (leaves // 2) if leaves > 1 else 0, circuit_switches=switches,
        longest=_circuit_hops(leaves, up),
    )  # fmt: skip


def _circuit_hops(leaves: int, uplinks: int) -> int:
    """Most leaves on a path: two where every pair has a circuit."""
    if leaves < 2:
        return 1
    if uplinks >= leaves + leaves % 2 - 1:
        return 2
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    one, other = matched_circuits(leaves, uplinks).T
    joined = csr_matrix((np.ones(len(one)), (one, other)), shape=(leaves, leaves))
    longest = float(shortest_path(joined, directed=False, unweighted=True).max())
    if not math.isfinite(longest):
        raise FabricProblem(f"{uplinks} uplinks a leaf leave {leaves} leaves apart: 2 uplinks would do")
    return round(longest) + 1


def _circuits(network: RackNetwork, cluster: Cluster, name: str) -> Wiring:
    fabric = _circuit_counts(network, cluster)
    ends = np.arange(cluster.endpoints)
    block, inside = ends // cluster.block, ends % cluster.block
    return circuit_wiring(
        end_switch=block * fabric.block_leaves + inside // fabric.leaf_down,
        circuits=matched_circuits(fabric.leaves, fabric.leaf_up),
        ports=cluster.ports, link_bit_s=cluster.link_bit_s, switches=fabric.leaves,
        group=np.arange(fabric.leaves) // fabric.block_leaves, number=np.arange(fabric.leaves) % fabric.block_leaves,
        end_group=block, name=name,
    )  # fmt: skip


_COUNTS = {
    "rail-only": _rail_counts, "dragonfly+": _dragonfly_counts, "torus": _torus_counts, "circuits": _circuit_counts,
}  # fmt: skip
_WIRINGS = {
    "folded-clos": _clos, "rail-only": _clos, "dragonfly+": _dragonfly, "torus": _torus, "circuits": _circuits,
}  # fmt: skip
