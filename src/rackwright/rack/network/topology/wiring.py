"""A fabric port by port: which port of which node is joined to which port of which other node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Words of the tiers, by number.
TIERS = ("end", "leaf", "spine", "core")


class FabricProblem(ValueError):
    """A fabric that cannot be built as asked; the text names the smallest change that would do."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """A fabric port by port.

    Nodes 0..endpoints-1 are endpoints (adapters); then switches, ordered by plane, tier, group, number.
    A link joins one lane group of one port at each end and carries `link_bit_s` each way; an adapter split over p planes
    has p ports of `link_bit_s` each. Endpoints are in rack-major order: endpoint e is (rack, tray, adapter).
    """

    name: str
    endpoints: int
    planes: int
    link_bit_s: float
    #: (nodes,) 0 endpoint, 1 leaf, 2 spine, 3 core; direct topologies use 1 for every switch.
    tier: NDArray[np.int8]
    #: (nodes,) plane of a switch; -1 for endpoints.
    plane: NDArray[np.int16]
    #: (nodes,) rail of an endpoint or leaf; -1 where there is none.
    rail: NDArray[np.int16]
    #: (nodes,) block (endpoints, leaves), pod (spines), core group (cores), group of a dragonfly; -1.
    group: NDArray[np.int32]
    #: (nodes,) number within (plane, tier, group).
    number: NDArray[np.int32]
    #: (links,) node nearer the endpoints, or of lower id.
    lower: NDArray[np.int32]
    #: (links,) the other node.
    upper: NDArray[np.int32]
    #: (links,) port at `lower`, from 0, at the link's rate (after breakout).
    lower_port: NDArray[np.int32]
    #: (links,) port at `upper`.
    upper_port: NDArray[np.int32]
    #: Ports of a switch at `link_bit_s`.
    switch_ports: int
    #: Links (ports at `link_bit_s`) per physical cage port, i.e. the breakout factor at a switch's cage.
    port_group: int

    @property
    def nodes(self) -> int:
        """Endpoints and switches together."""
        return len(self.tier)

    @property
    def links(self) -> int:
        return len(self.lower)

    @property
    def end_bit_s(self) -> float:
        """Rate of an endpoint on one plane, one way: of both its links where it has twin leaves. [bit/s]"""
        ends = int(np.count_nonzero(self.lower < self.endpoints))
        return self.link_bit_s * max(round(ends / max(self.endpoints * self.planes, 1)), 1)

    @property
    def switches(self) -> int:
        return self.nodes - self.endpoints

    def links_of_tier(self, tier: int) -> NDArray[np.int64]:
        """Ids of the links whose lower node is of `tier`: 0 endpoint links, 1 leaf to spine, 2 spine to core."""
        return np.flatnonzero(self.tier[self.lower] == tier)

    def switches_of_tier(self, tier: int) -> NDArray[np.int64]:
        """Ids of the nodes of `tier`."""
        return np.flatnonzero(self.tier == tier)

    def labels(self, ids: Iterable[int]) -> list[str]:
        """Stable names of nodes: plane, tier, group, number, such as `p0-leaf-012-03` or `end-012-00003`.

        A name does not change when the fabric grows, as long as the node keeps its place in its group.
        """
        wanted = np.asarray(list(ids), dtype=np.int64)
        columns = (self.plane, self.tier, self.group, self.number)
        return [
            f"end-{group:03d}-{number:05d}" if tier == 0 else f"p{plane}-{TIERS[tier]}-{group:03d}-{number:02d}"
            for plane, tier, group, number in zip(*(column[wanted].tolist() for column in columns), strict=True)
        ]


def within_group(*keys: NDArray[np.generic]) -> NDArray[np.int32]:
    """Number of each row among the rows before it that have the same keys; the rows of a key lie together.

    >>> within_group(np.array([0, 0, 0, 1, 1, 4])).tolist()
    [0, 1, 2, 0, 1, 0]
    """
    count = len(keys[0])
    first = np.ones(count, dtype=bool)
    if count:
        first[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    starts = np.flatnonzero(first)
    lengths = np.diff(np.append(starts, count))
    return np.asarray(np.arange(count) - np.repeat(starts, lengths), dtype=np.int32)
