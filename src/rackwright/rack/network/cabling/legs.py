"""Legs: the pieces between connectors, once it is known how many connectors each module has.

Connectors that hang together make one assembly: 1 + 1 is a cable with one leg, 1 + n a breakout with n legs, m + n a
shuffle: a box (here: a hub) with a cord to each of its m + n connectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.cabling.ends import LinkEnds
from rackwright.rack.network.cabling.floor import Placement, Routes, routes
from rackwright.rack.network.cabling.media import Cage

if TYPE_CHECKING:
    from rackwright.rack.network.topology.wiring import Wiring

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Assemblies:
    """Components of connectors, for given connectors of each tier's modules."""

    #: (links,) number of the connector at both ends of each link, and the assembly it belongs to.
    lower_end: Whole
    upper_end: Whole
    of_link: Whole
    #: (pairs,) the first link of each pair of connectors that meet.
    pair_link: Whole
    #: (assemblies,) connectors on both sides.
    ends_lower: Whole
    ends_upper: Whole
    #: (assemblies,) links from any one lower end to any one upper end; 0 where they differ or some pair has none.
    lanes: Whole
    #: (assemblies,) the same when every lane of its connectors is used: the box that serves it with cords left out.
    full_lower: Whole
    full_upper: Whole

    @property
    def hubs(self) -> NDArray[np.bool_]:
        """Shuffles: several ends on both sides, each joined to each of the other side."""
        return (self.ends_lower > 1) & (self.ends_upper > 1) & (self.lanes > 0)


@dataclass(frozen=True, slots=True)
class Legs:
    """Legs in the order of their assemblies; arrays (legs,) but `cable_begin` (cables,).

    `lower` and `upper` are devices, a hub being device `nodes + number`; `link` is the first of the links it carries.
    """

    assembly: Whole
    cable: Whole
    cable_begin: Whole
    link: Whole
    lower: Whole
    upper: Whole
    #: Connector at each end: numbered over the fabric, or of the hub.
    lower_end: Whole
    upper_end: Whole
    #: (hubs,) the assembly that each hub serves, and a device in whose rack it stands.
    hub_assembly: Whole
    hub_beside: Whole


def assemblies(wiring: Wiring, ends: LinkEnds, cages: tuple[Cage, ...], connectors: tuple[int, ...]) -> Assemblies:
    """Which connectors hang together, and whether as a cable, a breakout or a shuffle.

    `connectors` of one module, by tier (endpoint, leaf, spine, core).
    """
    from rackwright.rack.network.cabling.bundles_kernel import components

    per = np.array([cage.links // each for cage, each in zip(cages, connectors, strict=True)], dtype=np.int64)
    most = max(connectors)
    lower = ends.lower_cage * most + ends.lower_slot // per[wiring.tier[wiring.lower]]
    upper = ends.upper_cage * most + ends.upper_slot // per[wiring.tier[wiring.upper]]
    of_link = components(lower, upper, ends.cages * most)
    total = int(of_link.max(initial=-1)) + 1
    if total == wiring.links:  # every link is a cable of its own
        ones = np.ones(total, dtype=np.int64)
        return Assemblies(lower, upper, of_link, np.arange(total), ones, ones, ones, ones, ones)
    _, pair_link, links = np.unique(lower * ends.cages * most + upper, return_index=True, return_counts=True)
    of_pair = of_link[pair_link]
    largest, least = np.zeros(total, dtype=np.int64), np.full(total, wiring.links + 1)
    np.maximum.at(largest, of_pair, links)
    np.minimum.at(least, of_pair, links)
    ends_lower, ends_upper = (_ends_of(end, of_link, ends.cages * most, total) for end in (lower, upper))
    whole = (np.bincount(of_pair, minlength=total) == ends_lower * ends_upper) & (largest == least)
    lanes = np.where(whole, largest, 0)
    some = np.empty(total, dtype=np.int64)
    some[of_pair] = pair_link
    tiers = wiring.tier[wiring.upper[some]], wiring.tier[wiring.lower[some]]
    full = (per[tier] // np.maximum(lanes, 1) for tier in tiers)
    return Assemblies(lower, upper, of_link, pair_link, ends_lower, ends_upper, lanes, *full)


def _ends_of(end: Whole, assembly: Whole, ends: int, total: int) -> Whole:
    """Ends on one side of each assembly."""
    of_end = np.full(ends, -1)
    of_end[end] = assembly
    return np.bincount(of_end[of_end >= 0], minlength=total)


def legs(wiring: Wiring, ends: LinkEnds, found: Assemblies) -> Legs:
    """The pieces to pull. A hub stands in the rack of the device at its first lower end.

    Assemblies of no form (`lanes` 0) have a leg for every pair, so that their problem can name one.
    """
    hub = found.hubs
    box = np.flatnonzero(hub[found.of_link])
    plain = found.pair_link[~hub[found.of_link[found.pair_link]]]
    cord_a = box[np.unique(found.lower_end[box], return_index=True)[1]]
    cord_b = box[np.unique(found.upper_end[box], return_index=True)[1]]
    link = np.concatenate((plain, cord_a, cord_b))
    side = np.repeat(np.array([0, 1, 2], dtype=np.int8), [len(plain), len(cord_a), len(cord_b)])
    assembly = found.of_link[link]
    if len(box) or not np.all(assembly[1:] >= assembly[:-1]):
        order = np.lexsort((link, side, assembly))
        link, side, assembly = link[order], side[order], assembly[order]
    first = np.concatenate((np.ones(min(len(link), 1), dtype=bool), assembly[1:] != assembly[:-1]))
    begin = np.flatnonzero(first)
    cord = np.arange(len(link)) - np.repeat(begin, np.diff(np.append(begin, len(link))))
    own = first | (side > 0)
    device = wiring.nodes + (np.cumsum(hub) - 1)[assembly]
    return Legs(
        assembly=assembly,
        cable=np.cumsum(own) - 1,
        cable_begin=np.flatnonzero(own),
        link=link,
        lower=np.where(side == 2, device, wiring.lower[link]),
        upper=np.where(side == 1, device, wiring.upper[link]),
        lower_end=np.where(side == 2, cord, found.lower_end[link]),
        upper_end=np.where(side == 1, cord, found.upper_end[link]),
        hub_assembly=np.flatnonzero(hub),
        hub_beside=wiring.lower[link[first & (side > 0)]].astype(np.int64),
    )


def with_hubs(placement: Placement, found: Legs, hub_ru: int) -> Placement:
    """The placement with the hubs as further devices, at unit `hub_ru` of the rack they stand in."""
    rack = np.concatenate((placement.device_rack, placement.device_rack[found.hub_beside]))
    unit = np.concatenate((placement.device_ru, np.full(len(found.hub_beside), hub_ru, dtype=np.int32)))
    return Placement(
        placement.floor, placement.rack_row, placement.rack_position, placement.rack_kind, rack.astype(np.int32), unit
    )  # fmt: skip


def leg_routes(wiring: Wiring, placement: Placement, found: Legs) -> Routes:
    """Routes of legs on the trays of their planes; a leg between an endpoint and a hub has no plane."""
    plane = np.concatenate((wiring.plane, np.full(len(found.hub_beside), -1, dtype=np.int16)))
    return routes(placement, found.lower, found.upper, np.maximum(plane[found.lower], plane[found.upper]))
