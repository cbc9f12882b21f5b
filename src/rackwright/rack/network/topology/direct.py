"""Direct topologies port by port: dragonfly, dragonfly+, torus, and circuits given one by one (optical switching).

Every switch has tier 1, but for the spines of a dragonfly+, which have tier 2. Adaptive routing and the change of optical
circuits while traffic flows are not modelled; `load.links.link_load` gives minimal paths, `load.valiant` Valiant's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.network.topology.wiring import FabricProblem, Wiring, within_group

Ints = NDArray[np.int32]


def circuit_wiring(
    *,
    end_switch: ArrayLike,
    circuits: ArrayLike,
    ports: int,
    link_bit_s: float,
    switches: int | None = None,
    tier: ArrayLike | None = None,
    group: ArrayLike | None = None,
    number: ArrayLike | None = None,
    end_group: ArrayLike | None = None,
    port_group: int = 1,
    name: str = "circuits",
) -> Wiring:
    """Switches joined by a given set of circuits, such as those that optical circuit switches hold.

    Parameters
    ----------
    end_switch : (endpoints,) ints
        Switch of each endpoint, from 0.
    circuits : (circuits, 2) ints
        Pairs of switches, one row a link; several rows may join the same pair.
    ports : int
        Ports of each switch; endpoints take the first ones, then circuits in their order.

    Examples
    --------
    >>> ring = circuit_wiring(end_switch=[0, 1, 2], circuits=[(0, 1), (1, 2), (0, 2)], ports=3, link_bit_s=1.0)
    >>> ring.links, ring.upper_port.tolist()
    (6, [0, 0, 0, 1, 1, 2])
    """
    home = np.asarray(end_switch, dtype=np.int32)
    joined = np.asarray(circuits, dtype=np.int32).reshape(-1, 2)
    ends = len(home)
    count = int(max(home.max(initial=-1), joined.max(initial=-1))) + 1 if switches is None else switches
    if ends < 1 or home.min() < 0 or joined.min(initial=0) < 0 or max(home.max(), joined.max(initial=0)) >= count:
        raise FabricProblem(f"endpoints or circuits name a switch that is not there: 0 to {count - 1} would do")
    loops = np.flatnonzero(joined[:, 0] == joined[:, 1])
    if len(loops):
        raise FabricProblem(f"circuit {int(loops[0])} joins a switch to itself: two different switches would do")
    low, high = ends + joined.min(axis=1), ends + joined.max(axis=1)
    lower, upper = np.concatenate([np.arange(ends), low]), np.concatenate([ends + home, high])
    lower_port, upper_port = _ports_in_order(lower, upper, ends)
    used = int(max(lower_port[ends:].max(initial=0), upper_port.max(initial=0))) + 1
    if used > ports:
        raise FabricProblem(f"a switch of {ports} ports has {used} links: switches of {used} ports would do")

    def column(values: ArrayLike | None, default: NDArray[np.generic]) -> NDArray[np.generic]:
        return default if values is None else np.asarray(values)

    zeros = np.zeros(count, dtype=np.int32)
    own_group = column(end_group, home).astype(np.int32)
    return Wiring(
        name=name,
        endpoints=ends,
        planes=1,
        link_bit_s=link_bit_s,
        tier=np.concatenate([np.zeros(ends), column(tier, zeros + 1)]).astype(np.int8),
        plane=np.repeat(np.array([-1, 0], dtype=np.int16), (ends, count)),
        rail=np.full(ends + count, -1, dtype=np.int16),
        group=np.concatenate([own_group, column(group, zeros)]).astype(np.int32),
        number=np.concatenate([_number(own_group), column(number, np.arange(count))]).astype(np.int32),
        lower=lower.astype(np.int32),
        upper=upper.astype(np.int32),
        lower_port=lower_port,
        upper_port=upper_port,
        switch_ports=ports,
        port_group=port_group,
    )


def _number(group: Ints) -> Ints:
    """Number of each endpoint within its group, in the order given."""
    order = np.argsort(group, kind="stable")
    number = np.empty(len(group), dtype=np.int32)
    number[order] = within_group(group[order])
    return number


def _ports_in_order(lower: NDArray[np.int64], upper: NDArray[np.int64], ends: int) -> tuple[Ints, Ints]:
    """Ports of both ends of each link: each node's links in their order, from 0."""
    node = np.stack([lower, upper], axis=1).reshape(-1)
    order = np.argsort(node, kind="stable")
    port = np.empty(len(node), dtype=np.int32)
    port[order] = within_group(node[order])
    pair = port.reshape(-1, 2)
    return np.ascontiguousarray(pair[:, 0]), np.ascontiguousarray(pair[:, 1])


def torus_wiring(
    *,
    sizes: Sequence[int],
    per_switch: int,
    ports: int,
    link_bit_s: float,
    side_links: int = 1,
    wraps: bool = True,
    endpoints: int | None = None,
    name: str = "torus",
) -> Wiring:
    """A torus (or, without `wraps`, a mesh) of switches in any number of dimensions.

    A dimension of two has one link between its two switches, not two; `side_links` are links side by side. With fewer
    `endpoints` than places the last switches have fewer.

    Examples
    --------
    >>> cube = torus_wiring(sizes=(4, 4, 4), per_switch=1, ports=7, link_bit_s=1.0)
    >>> cube.switches, cube.links - cube.endpoints
    (64, 192)
    """
    if not sizes or min(sizes) < 1 or per_switch < 1 or side_links < 1:
        raise FabricProblem(f"a torus of {tuple(sizes)} with {per_switch} endpoints a switch: 1 each would do")
    place = np.arange(math.prod(sizes)).reshape(sizes)
    rows = []
    for axis, size in enumerate(sizes):
        after = np.roll(place, -1, axis=axis)
        kept = np.arange(size) < (size if wraps and size > 2 else size - 1)
        rows.append(np.stack([np.compress(kept, one, axis=axis).reshape(-1) for one in (place, after)], axis=1))
    circuits = np.repeat(np.concatenate(rows), side_links, axis=0)
    home = np.repeat(np.arange(place.size), per_switch)[: _within(endpoints, place.size * per_switch)]
    return circuit_wiring(
        end_switch=home, circuits=circuits, ports=ports, link_bit_s=link_bit_s, switches=place.size, name=name
    )


def dragonfly_wiring(
    *,
    groups: int,
    switches: int,
    per_switch: int,
    global_links: int,
    ports: int,
    link_bit_s: float,
    name: str = "dragonfly",
) -> Wiring:
    """A dragonfly: `switches` of a group all joined to each other, each with `global_links` to other groups.

    Every pair of groups has the same number of links, as many as the global ports allow; link k of a group goes to the
    group k + 1 after it, then round again, so that a switch's global ports fill in order.

    Examples
    --------
    The balanced dragonfly of two endpoints a switch: four switches a group, nine groups.

    >>> fabric = dragonfly_wiring(groups=9, switches=4, per_switch=2, global_links=2, ports=7, link_bit_s=1.0)
    >>> fabric.endpoints, fabric.links - fabric.endpoints
    (72, 90)
    """
    inside = np.array(list(itertools.combinations(range(switches), 2)), dtype=np.int64).reshape(-1, 2)
    local = (inside + switches * np.arange(groups)[:, None, None]).reshape(-1, 2)
    between = _between(groups, switches, global_links)
    number = np.tile(np.arange(switches), groups)
    return circuit_wiring(
        end_switch=np.repeat(np.arange(groups * switches), per_switch),
        circuits=np.concatenate([local, between]),
        ports=ports,
        link_bit_s=link_bit_s,
        switches=groups * switches,
        group=np.repeat(np.arange(groups), switches),
        number=number,
        end_group=np.repeat(np.arange(groups), switches * per_switch),
        name=name,
    )


def dragonfly_plus_wiring(
    *,
    groups: int,
    leaves: int,
    spines: int,
    per_leaf: int,
    global_links: int,
    ports: int,
    link_bit_s: float,
    side_links: int = 1,
    endpoints: int | None = None,
    group_endpoints: int | None = None,
    name: str = "dragonfly-plus",
) -> Wiring:
    """A dragonfly+: in each group every leaf joined to every spine, each spine with `global_links` to other groups.

    `side_links` are links side by side between a leaf and a spine. With `group_endpoints` a group has so many instead of
    filling its leaves, and with `endpoints` the last groups have fewer.

    Examples
    --------
    >>> fabric = dragonfly_plus_wiring(
    ...     groups=5, leaves=4, spines=4, per_leaf=4, global_links=4, ports=8, link_bit_s=1.0)
    >>> fabric.endpoints, len(fabric.links_of_tier(1)), len(fabric.links_of_tier(2))
    (80, 80, 40)
    """
    leaf = np.arange(groups * leaves)
    spine = groups * leaves + np.arange(groups * spines)
    local = np.stack(
        [np.repeat(leaf, spines), np.repeat(spine.reshape(groups, spines), leaves, axis=0).reshape(-1)], axis=1
    )
    in_group = leaves * per_leaf if group_endpoints is None else _within(group_endpoints, leaves * per_leaf)
    ends = np.arange(_within(endpoints, groups * in_group))
    between = groups * leaves + _between(groups, spines, global_links)
    numbers = [np.tile(np.arange(leaves), groups), np.tile(np.arange(spines), groups)]
    return circuit_wiring(
        end_switch=ends // in_group * leaves + ends % in_group // per_leaf,
        circuits=np.concatenate([np.repeat(local, side_links, axis=0), between]),
        ports=ports,
        link_bit_s=link_bit_s,
        switches=groups * (leaves + spines),
        tier=np.repeat([1, 2], (groups * leaves, groups * spines)),
        group=np.concatenate([np.repeat(np.arange(groups), leaves), np.repeat(np.arange(groups), spines)]),
        number=np.concatenate(numbers),
        end_group=ends // in_group,
        name=name,
    )


def matched_circuits(leaves: int, uplinks: int) -> Ints:
    """Circuits (pairs of leaves) such that uplink k of every leaf is joined to an uplink k: each k can be one optical switch.

    Uplink k holds a round of a tournament (the circle method), and the rounds are taken in turn, so that every pair of
    leaves has the same number of circuits or one more. An odd number of leaves leaves one idle in each round. With fewer
    uplinks than rounds some pairs have none, and their traffic goes over other leaves; the rounds are then drawn, always
    the same ones, since neighbouring rounds would share few neighbours.

    >>> matched_circuits(4, 3).tolist()
    [[0, 3], [1, 2], [1, 3], [0, 2], [2, 3], [0, 1]]
    """
    even = leaves + leaves % 2
    rounds = even - 1
    if leaves < 2:
        return np.empty((0, 2), dtype=np.int32)
    order = np.arange(rounds) if uplinks >= rounds else np.random.default_rng(0).permutation(rounds)
    number = order[np.arange(uplinks) % rounds].astype(np.int64)[:, None]
    apart = np.arange(1, even // 2)
    fixed = np.stack([number, np.full_like(number, rounds)], axis=2)
    others = np.stack([(number + apart) % rounds, (number - apart) % rounds], axis=2)
    pairs = np.concatenate([fixed, others], axis=1).reshape(-1, 2)
    return np.asarray(np.sort(pairs[(pairs < leaves).all(axis=1)], axis=1), dtype=np.int32)


def _within(asked: int | None, most: int) -> int:
    """So many endpoints as are asked for, all places where nobody says."""
    if asked is not None and not 1 <= asked <= most:
        raise FabricProblem(f"{asked} endpoints on {most} places: 1 to {most} would do")
    return most if asked is None else asked


def _between(groups: int, switches: int, global_links: int) -> NDArray[np.int64]:
    """Pairs of switches (numbered group after group) that global links join."""
    if groups < 2:
        return np.empty((0, 2), dtype=np.int64)
    have = switches * global_links
    each = have // (groups - 1)
    if not each:
        raise FabricProblem(
            f"{have} global ports of a group do not reach {groups - 1} other groups: {have + 1} groups, or "
            f"{math.ceil((groups - 1) / switches)} global links a switch would do"
        )
    one, other = np.triu_indices(groups, 1)
    turns = np.arange(each)[:, None] * (groups - 1)
    port_one = (turns + (other - one - 1)).reshape(-1)
    port_other = (turns + (one - other - 1) % groups).reshape(-1)
    ones, others = np.tile(one, each), np.tile(other, each)
    return np.stack(
        [ones * switches + port_one // global_links, others * switches + port_other // global_links], axis=1
    )
