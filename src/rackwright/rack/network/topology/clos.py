"""Folded Clos fabrics port by port, in one, two or three tiers, by the rules of `network.clos` (which counts them).

What is joined to what:

- endpoints of a block of racks are dealt to the rails in turn; a rail fills its leaves one after the other;
- a leaf's lower ports are 0, 1, ...; its uplinks are its last ports, the links to one spine side by side;
- spines of one place in every pod share a group of cores, again with an equal number of links to each;
- planes are copies; port p of an adapter is plane p (with dual ToR ports 2p and 2p + 1, one on each of twin leaves).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.clos import Fabric, folded_clos, leaf_split, least_divisor
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring, within_group

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ClosPlan:
    """Whole numbers of one plane from which every link follows. Without uplinks `up`, `spines` and the rest are 0."""

    endpoints: int
    block_endpoints: int
    rails: int
    #: 2 with dual ToR, otherwise 1.
    twins: int
    down: int
    up: int
    pods: int
    #: Spines of a pod (of the plane, in two tiers), uplinks of each, cores of a group.
    pod_spines: int
    spine_up: int
    group_cores: int
    #: One leaf for all rails: the whole plane in one tier.
    single: bool

    def leaves_by_block(self) -> Ints:
        """(blocks, 4): endpoints, rails, leaves of each rail and most endpoints on one of them."""
        blocks, rest = divmod(self.endpoints, self.block_endpoints)
        whole = [self._block(self.block_endpoints)] * blocks
        return np.array(whole + ([self._block(rest)] if rest else []), dtype=np.int32)

    def _block(self, ends: int) -> tuple[int, int, int, int]:
        if self.single:
            return ends, 1, 1, ends
        rails = min(self.rails, ends)
        in_rail = math.ceil(ends / rails)
        leaves = math.ceil(in_rail / self.down)
        return ends, rails, leaves, math.ceil(in_rail / leaves)


def clos_wiring(
    *,
    racks: int,
    per_rack: int,
    ports: int,
    link_bit_s: float,
    rails: int = 1,
    planes: int = 1,
    block_racks: int | None = None,
    oversubscription: float = 1.0,
    spine_oversubscription: float = 1.0,
    port_group: int = 1,
    spines: int | None = None,
    dual_tor: bool = False,
    uplinks: bool = True,
    name: str = "scale-out",
) -> Wiring:
    """Wire a folded Clos in as few tiers as it needs.

    Parameters
    ----------
    racks, per_rack : int
        Racks, and adapters in each.
    ports : int
        Ports of a switch at `link_bit_s`, after breakout.
    link_bit_s : float
        Rate of a link one way: the adapter's rate over its planes. [bit/s]
    rails : int
        The adapters of a block are dealt to so many rails; a leaf serves one.
    planes : int
        Copies of the fabric; every adapter has a port on each.
    block_racks : int, optional
        Racks that share leaves; absent, leaves are filled across all racks.
    oversubscription, spine_oversubscription : float
        Most downlink rate over uplink rate at a leaf, and at a spine of three tiers.
    port_group : int
        Ports of a switch behind one cage.
    spines : int, optional
        Spines of a plane in two tiers, where a design has more than it needs.
    dual_tor : bool
        Each adapter has two ports on a plane, on twin leaves under the same spines. Counts as twice the rails.
    uplinks : bool
        False for a rail-only fabric: leaves with all ports down and nothing above, so endpoints of different rails or
        blocks cannot meet.

    Raises
    ------
    FabricProblem
        When the switch is too small for the fabric, or an argument fits nothing; says what would do.

    Examples
    --------
    DGX SuperPOD H100 with 16 scalable units of 32 nodes: 128 leaves, 128 spines, 64 cores.

    >>> fabric = clos_wiring(racks=512, per_rack=8, ports=64, link_bit_s=400e9, rails=8, block_racks=32)
    >>> [len(fabric.switches_of_tier(tier)) for tier in (1, 2, 3)], fabric.links
    ([128, 128, 64], 12288)
    """
    _check(racks, per_rack, ports, link_bit_s, rails, planes, block_racks, oversubscription, port_group)
    endpoints, block = racks * per_rack, per_rack * (block_racks or racks)
    twins = 2 if dual_tor else 1
    if not uplinks:
        plan = _rail_only(endpoints, ports, rails, min(block, endpoints), twins)
    elif endpoints <= ports:
        plan = ClosPlan(endpoints, endpoints, 1, twins, ports, 0, 1, 0, 0, 0, single=True)
    else:
        fabric = sized(endpoints, ports, rails, planes, block_racks and block, oversubscription, twins)
        plan = _plan(fabric, min(block, endpoints), rails, twins, oversubscription)
        if spine_oversubscription != 1.0:
            plan = _thinner_above(plan, fabric, spine_oversubscription)
        if spines is not None:
            plan = _given_spines(plan, fabric, spines)
    return _wire(plan, block, planes, ports, link_bit_s, port_group, name)


def sized(
    endpoints: int, ports: int, rails: int, planes: int, block: int | None, oversubscription: float, twins: int = 1
) -> Fabric:
    """The counts of one plane; a `FabricProblem` with the smallest change where three tiers do not hold it."""

    def of(ends: int, with_ports: int) -> Fabric:
        return folded_clos(
            twins * ends,
            with_ports,
            rails=twins * rails,
            planes=planes,
            block_endpoints=block and twins * block,
            oversubscription=oversubscription,
        )

    fabric = of(endpoints, ports)
    if fabric.fits:
        return fabric
    enough = ports + 1
    while not of(endpoints, enough).fits:
        enough += max(1, enough // 64)
    while of(endpoints, enough - 1).fits and enough - 1 > ports:
        enough -= 1
    low, high = 1, endpoints
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if of(middle, ports).fits else (low, middle)
    raise FabricProblem(
        f"{endpoints} endpoints on switches of {ports} ports do not fit in three tiers: "
        f"switches of {enough} ports would do (for instance by splitting adapters over more planes), "
        f"or at most {low} endpoints"
    )


def _check(
    racks: int,
    per_rack: int,
    ports: int,
    link_bit_s: float,
    rails: int,
    planes: int,
    block_racks: int | None,
    oversubscription: float,
    port_group: int,
) -> None:
    for what, value in (
        ("racks", racks),
        ("per_rack", per_rack),
        ("rails", rails),
        ("planes", planes),
        ("block_racks", block_racks if block_racks is not None else 1),
        ("port_group", port_group),
    ):
        if value < 1:
            raise FabricProblem(f"{what} is {value}: 1 is the least that would do")
    if ports < 2:
        raise FabricProblem(f"a switch of {ports} ports joins nothing: 2 ports are the least that would do")
    if ports % port_group:
        raise FabricProblem(
            f"{ports} ports do not fill cages of {port_group}: {ports - ports % port_group or port_group} ports would do"
        )
    if not link_bit_s > 0:
        raise FabricProblem(f"a link of {link_bit_s} bit/s carries nothing: any rate above 0 would do")
    if not (0 < oversubscription < math.inf):
        raise FabricProblem(f"oversubscription is {oversubscription}: 1 (none) would do")


def _plan(fabric: Fabric, block: int, rails: int, twins: int, oversubscription: float) -> ClosPlan:
    down, up = leaf_split(fabric.ports, oversubscription)
    endpoints = fabric.endpoints // twins
    if fabric.tiers == 2:
        return ClosPlan(endpoints, block, rails, twins, down, up, 1, fabric.spines, 0, 0, single=False)
    pods = math.ceil(fabric.leaves / (fabric.ports // 2))
    pod_spines = fabric.spines // pods
    cores = fabric.cores // pod_spines
    return ClosPlan(endpoints, block, rails, twins, down, up, pods, pod_spines, fabric.spine_up, cores, single=False)


def _rail_only(endpoints: int, ports: int, rails: int, block: int, twins: int) -> ClosPlan:
    on_leaf = math.ceil(block / rails)
    if on_leaf > ports:
        raise FabricProblem(
            f"a rail of {on_leaf} endpoints has no leaf of {ports} ports: {math.ceil(block / ports)} rails, "
            f"leaves of {on_leaf} ports or blocks of {rails * ports} endpoints would do"
        )
    return ClosPlan(endpoints, block, rails, twins, ports, 0, 1, 0, 0, 0, single=False)


def _given_spines(plan: ClosPlan, fabric: Fabric, spines: int) -> ClosPlan:
    """The plan of two tiers with a number of spines of the designer's choice."""
    if fabric.tiers != 2:
        raise FabricProblem(f"{spines} spines are given for a fabric of {fabric.tiers} tiers: leave them out")
    good = [n for n in range(fabric.spines, plan.up + 1) if plan.up % n == 0]
    if spines not in good:
        raise FabricProblem(
            f"{plan.up} uplinks of {fabric.leaves} leaves do not split evenly over {spines} spines of {fabric.ports} "
            f"ports: {min(good, key=lambda n: (abs(n - spines), n))} would do"
        )
    return ClosPlan(
        plan.endpoints, plan.block_endpoints, plan.rails, plan.twins, plan.down, plan.up, 1, spines, 0, 0, single=False
    )


def thinner_cores(fabric: Fabric, pods: int, oversubscription: float) -> tuple[int, int]:
    """Cores of a group and uplinks of a spine with so many downlinks over uplinks of a spine: fewest cores, then links."""
    least = max(1, math.ceil(fabric.spine_down / oversubscription * (1 - 1e-12)))
    ports = fabric.ports
    return min(
        (least_divisor(up, math.ceil(pods * up / ports)), up)
        for up in range(least, max(ports - fabric.spine_down, least) + 1)
        if math.ceil(pods * up / ports) <= up
    )


def _thinner_above(plan: ClosPlan, fabric: Fabric, oversubscription: float) -> ClosPlan:
    """The plan of three tiers with fewer uplinks of a spine: the choice that takes the fewest cores, then links."""
    if fabric.tiers != 3 or not oversubscription >= 1:
        raise FabricProblem(
            f"an oversubscription of {oversubscription} above the leaves needs three tiers and a value from 1; "
            f"this fabric has {fabric.tiers} tiers: leave it out"
        )
    cores, spine_up = thinner_cores(fabric, plan.pods, oversubscription)
    return ClosPlan(
        plan.endpoints, plan.block_endpoints, plan.rails, plan.twins, plan.down, plan.up, plan.pods, plan.pod_spines,
        spine_up, cores, single=False,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Links:
    """Links of one plane between two tiers, as node numbers within the plane (endpoints: their own number)."""

    lower: Ints
    upper: Ints
    lower_port: Ints
    upper_port: Ints


def _wire(plan: ClosPlan, block: int, planes: int, ports: int, link_bit_s: float, port_group: int, name: str) -> Wiring:
    table = plan.leaves_by_block()
    leaves_of = table[:, 1] * table[:, 2] * plan.twins
    leaves, spines = int(leaves_of.sum()), plan.pods * plan.pod_spines
    cores = plan.pod_spines * plan.group_cores
    each = leaves + spines + cores
    ends, end_rail = _end_links(plan, table)
    steps = _steps(plan, leaves, ports, port_group)
    above = [] if not plan.up else [_leaf_links(plan, leaves, ports, steps[0])]
    if cores:
        above.append(_spine_links(plan, leaves, spines, ports, steps[1]))
    shift = np.int32(plan.endpoints) + np.int32(each) * np.arange(planes, dtype=np.int32)[:, None]
    twin_port = np.int32(plan.twins) * np.arange(planes, dtype=np.int32)[:, None]
    tier = np.repeat(np.array([1, 2, 3], dtype=np.int8), (leaves, spines, cores))
    group, number, rail = _switch_names(plan, table, leaves_of)
    own_block = np.arange(plan.endpoints, dtype=np.int32) // np.int32(block)
    return Wiring(
        name=name,
        endpoints=plan.endpoints,
        planes=planes,
        link_bit_s=link_bit_s,
        tier=np.concatenate([np.zeros(plan.endpoints, dtype=np.int8), np.tile(tier, planes)]),
        plane=np.repeat(np.arange(-1, planes, dtype=np.int16), [plan.endpoints] + [each] * planes),
        rail=np.concatenate([end_rail, np.tile(rail, planes)]),
        group=np.concatenate([own_block, np.tile(group, planes)]),
        number=np.concatenate([
            np.arange(plan.endpoints, dtype=np.int32) - own_block * np.int32(block), np.tile(number, planes),
        ]),
        lower=_by_plane(planes, (ends.lower, None), *((part.lower, shift) for part in above)),
        upper=_by_plane(planes, (ends.upper, shift), *((part.upper, shift) for part in above)),
        lower_port=_by_plane(planes, (ends.lower_port, twin_port), *((part.lower_port, None) for part in above)),
        upper_port=_by_plane(planes, (ends.upper_port, None), *((part.upper_port, None) for part in above)),
        switch_ports=ports,
        port_group=port_group,
    )  # fmt: skip


def _by_plane(planes: int, *parts: tuple[Ints, Ints | None]) -> Ints:
    """The parts of one plane end to end, once for each plane, each with its plane's shift added if it has one."""
    whole = np.empty((planes, sum(len(part) for part, _ in parts)), dtype=np.int32)
    at = 0
    for part, shift in parts:
        here = whole[:, at : at + len(part)]
        if shift is None:
            here[:] = part
        else:
            np.add(part, shift, out=here)
        at += len(part)
    return whole.reshape(-1)


def _end_links(plan: ClosPlan, table: Ints) -> tuple[_Links, NDArray[np.int16]]:
    """Endpoint links, endpoint after endpoint, and the rail of every endpoint."""
    ends = np.arange(plan.endpoints, dtype=np.int32)
    sizes, rails_of, leaves_of, filled_of = table.T
    first_of = np.concatenate([[0], np.cumsum(rails_of * leaves_of * plan.twins)[:-1]]).astype(np.int32)

    def own(column: Ints) -> Ints:
        """The block's value for each endpoint; a plain number where the blocks agree."""
        same = bool((column == column[0]).all())
        return np.asarray(column[0]) if same else np.repeat(column, sizes)

    inside = ends - np.repeat(np.arange(len(sizes), dtype=np.int32), sizes) * np.int32(plan.block_endpoints)
    rails, leaves, filled = own(rails_of), own(leaves_of), own(filled_of)
    place = inside // rails
    rail = inside - place * rails
    leaf, port = np.divmod(place, filled)
    first = np.repeat(first_of, sizes)
    upper = np.empty((plan.endpoints, plan.twins), dtype=np.int32)
    for twin in range(plan.twins):
        upper[:, twin] = first + (rail * np.int32(plan.twins) + np.int32(twin)) * leaves + leaf
    twins = np.arange(plan.twins, dtype=np.int32)
    links = _Links(
        np.repeat(ends, plan.twins),
        upper.reshape(-1),
        np.tile(twins, plan.endpoints),
        np.repeat(port.astype(np.int32), plan.twins),
    )
    return links, np.full(plan.endpoints, -1, np.int16) if plan.single else rail.astype(np.int16)


def _steps(plan: ClosPlan, leaves: int, ports: int, port_group: int) -> tuple[int, int]:
    """Ports from one neighbour's first to the next one's, leaf to spine and spine to core.

    Links side by side begin at a cage's first port where both switches have the ports to spare, so that no cage is
    shared by neighbours and cables run straight; else they follow one another.
    """
    many, over = plan.up // max(plan.pod_spines, 1), plan.spine_up // max(plan.group_cores, 1)
    whole, whole_over = (-(-one // port_group) * port_group for one in (many, over))
    pod_leaves = -(-leaves // max(plan.pods, 1))
    if over > port_group and plan.pods * whole_over <= ports:
        down = pod_leaves * many
        over = whole_over if down + plan.group_cores * whole_over <= ports else over
    if many > port_group and plan.down + plan.pod_spines * whole <= ports:
        many = whole if pod_leaves * whole + plan.group_cores * over <= ports else many
    return many, over


def _leaf_links(plan: ClosPlan, leaves: int, ports: int, step: int) -> _Links:
    """Leaf to spine: leaf after leaf, spine after spine; leaf l is in pod l * pods // leaves."""
    many = plan.up // plan.pod_spines
    leaf = np.arange(leaves, dtype=np.int32)
    pod = (leaf.astype(np.int64) * plan.pods // leaves).astype(np.int32)
    link = np.arange(plan.up, dtype=np.int32)
    spine = np.int32(leaves) + (pod * np.int32(plan.pod_spines))[:, None] + (link // np.int32(many))
    spine_port = (within_group(pod) * np.int32(step))[:, None] + link % np.int32(many)
    own = np.int32(ports - plan.pod_spines * step) + link // np.int32(many) * np.int32(step) + link % np.int32(many)
    return _Links(
        np.repeat(leaf, plan.up),
        spine.reshape(-1),
        np.tile(own, leaves),
        spine_port.reshape(-1),
    )


def _spine_links(plan: ClosPlan, leaves: int, spines: int, ports: int, step: int) -> _Links:
    """Spine to core: pod after pod, spine after spine, core after core."""
    many = plan.spine_up // plan.group_cores
    link = np.arange(plan.spine_up, dtype=np.int32)
    spine = np.arange(spines, dtype=np.int32)
    pod, place = np.divmod(spine, np.int32(plan.pod_spines))
    core = np.int32(leaves + spines) + (place * np.int32(plan.group_cores))[:, None] + link // np.int32(many)
    core_port = (pod * np.int32(step))[:, None] + link % np.int32(many)
    own = np.int32(ports - plan.group_cores * step) + link // np.int32(many) * np.int32(step) + link % np.int32(many)
    return _Links(
        np.repeat(np.int32(leaves) + spine, plan.spine_up),
        core.reshape(-1),
        np.tile(own, spines),
        core_port.reshape(-1),
    )


def _switch_names(plan: ClosPlan, table: Ints, leaves_of: Ints) -> tuple[Ints, Ints, NDArray[np.int16]]:
    """Group, number and rail of the switches of one plane."""
    leaf_group = np.repeat(np.arange(len(table), dtype=np.int32), leaves_of)
    leaf_number = within_group(leaf_group)
    rail_leaves = np.repeat(table[:, 2] * np.int32(plan.twins), leaves_of)
    leaf_rail = np.full(len(leaf_group), -1) if plan.single else leaf_number // rail_leaves
    pods = np.arange(plan.pods, dtype=np.int32)
    places = np.arange(plan.pod_spines, dtype=np.int32)
    above = plan.pods * plan.pod_spines + plan.pod_spines * plan.group_cores
    return (
        np.concatenate([leaf_group, np.repeat(pods, plan.pod_spines), np.repeat(places, plan.group_cores)]),
        np.concatenate([
            leaf_number, np.tile(places, plan.pods),
            np.tile(np.arange(plan.group_cores, dtype=np.int32), plan.pod_spines),
        ]),
        np.concatenate([leaf_rail, np.full(above, -1)]).astype(np.int16),
    )  # fmt: skip
