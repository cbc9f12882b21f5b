"""Blast radius: what endpoints lose when a tray, a feed, a rack or a row is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.cut_list import CutList
    from rackwright.rack.network.topology.wiring import Wiring

Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Blast:
    """What one loss costs: the share of its rate that each endpoint loses (endpoints,); 1 is all of it."""

    what: str
    lost_share: NDArray[np.float64]

    def endpoints(self, least_share: float) -> int:
        """Endpoints that lose at least this share of their rate (any loss at all for 0)."""
        if least_share <= 0:
            return int((self.lost_share > 1e-12).sum())
        return int((self.lost_share >= least_share - 1e-12).sum())


def lost_share(wiring: Wiring, dead_links: Marks, dead_nodes: Marks) -> NDArray[np.float64]:
    """Share of its rate to the far side of the fabric that each endpoint loses.

    A node hands upward the mean of what its upper neighbours hand on, over all uplinks that it has when whole; a node
    with no uplinks hands on everything. That is what spraying over the healthy paths leaves when every endpoint sends at
    full rate; traffic that stays under one leaf loses less. Direct topologies (no tiers) count their first hop only.

    An endpoint with 8 planes that loses one leaf loses 1/8; an endpoint whose leaf loses 4 of 32 uplinks 1/8 of that plane.
    """
    tier = wiring.tier
    up = np.where(dead_nodes, 0.0, 1.0)
    goes = ~dead_links & ~dead_nodes[wiring.lower] & ~dead_nodes[wiring.upper]
    between = tier[wiring.lower]
    for below in range(int(between.max(initial=0)), -1, -1):
        links = np.flatnonzero((between == below) & (tier[wiring.upper] > below))
        lower = wiring.lower[links]
        whole = np.bincount(lower, minlength=wiring.nodes)
        left = np.bincount(lower, goes[links] * up[wiring.upper[links]], minlength=wiring.nodes)
        has = whole > 0
        up[has] = np.where(dead_nodes[has], 0.0, left[has] / whole[has])
    return 1.0 - up[: wiring.endpoints]


def rack_blast(cuts: CutList, rack: int) -> Blast:
    """Loss of a rack with all that hangs in it, boxes of shuffles too."""
    marks = cuts.placement.device_rack == rack
    return _of_devices(cuts, cuts.placement.rack_names()[rack], marks)


def row_blast(cuts: CutList, row: int) -> Blast:
    """Loss of a whole row of racks."""
    marks = cuts.placement.rack_row[cuts.placement.device_rack] == row
    return _of_devices(cuts, f"{cuts.placement.floor.name}.R{row + 1:02d}", marks)


def feed_blast(cuts: CutList, name: str, racks: Marks, plane: int | None = None) -> Blast:
    """Loss of a feed: every device in the marked racks, or only the switches of one plane among them."""
    marks = racks[cuts.placement.device_rack]
    if plane is not None:
        boxes = np.full(len(marks) - cuts.wiring.nodes, -1, dtype=np.int16)
        marks &= np.concatenate((cuts.wiring.plane, boxes)) == plane
    return _of_devices(cuts, name, marks)


def tray_blast(cuts: CutList, level: int, row: int) -> Blast:
    """Loss of the tray along a row at one level: every cable that lies in it anywhere."""
    routes = cuts.pieces.routes
    legs = (routes.level == level) & ((routes.row_a == row) | (routes.row_b == row))
    dead = np.zeros(cuts.wiring.nodes, dtype=bool)
    return Blast(f"L{level} R{row + 1:02d}", lost_share(cuts.wiring, dead_links(cuts, legs), dead))


def _of_devices(cuts: CutList, what: str, marks: Marks) -> Blast:
    nodes = cuts.wiring.nodes
    boxes = np.flatnonzero(marks[nodes:]) + nodes
    legs = np.isin(cuts.pieces.lower, boxes) | np.isin(cuts.pieces.upper, boxes)
    links = dead_links(cuts, legs) if len(boxes) else np.zeros(cuts.wiring.links, dtype=bool)
    return Blast(what, lost_share(cuts.wiring, links, marks[:nodes]))


def dead_links(cuts: CutList, legs: Marks) -> Marks:
    """Links that go through any of the marked rows of the cut list (links,)."""
    lower, upper = cuts.rows_of_links
    dead: Marks = legs[lower] | legs[upper]
    return dead


def rack_feeds(cuts: CutList, feeds: int) -> tuple[NDArray[np.int64], list[str]]:
    """Feed of each rack when planes take the feeds by turns, and racks that hold switches of two feeds.

    A rack without switches has feed -1: its shelves hang on all feeds. With planes in racks of their own and as many feeds
    as planes, a lost feed is a lost plane.
    """
    wiring, placement = cuts.wiring, cuts.placement
    switch = np.arange(wiring.endpoints, wiring.nodes)
    feed, rack = wiring.plane[switch].astype(np.int64) % feeds, placement.device_rack[switch]
    of_rack = np.full(placement.racks, -1)
    of_rack[rack] = feed
    names = placement.rack_names()
    return of_rack, [names[one] for one in np.unique(rack[of_rack[rack] != feed]).tolist()]


def survey(
    cuts: CutList, kind: Literal["rack", "row", "tray"], shares: tuple[float, ...] = (0.0, 0.1, 0.5, 1.0)
) -> pl.DataFrame:
    """Every rack, row or tray and what its loss costs: endpoints that lose any of their rate, and at least each share.

    Worst first. One pass over the links for each: seconds for racks of a fabric of 100,000 links.
    """
    placed = cuts.placement
    if kind == "rack":
        blasts = [rack_blast(cuts, rack) for rack in range(placed.racks)]
    elif kind == "row":
        blasts = [row_blast(cuts, int(row)) for row in np.unique(placed.rack_row)]
    else:
        rows = np.unique(np.concatenate((cuts.pieces.routes.row_a, cuts.pieces.routes.row_b)))
        blasts = [tray_blast(cuts, level, int(row)) for level in range(placed.floor.tray_levels) for row in rows]
    table = pl.DataFrame(
        {
            kind: [blast.what for blast in blasts],
            "mean_lost_share": [float(blast.lost_share.mean()) for blast in blasts],
            **{f"endpoints_{share:g}": [blast.endpoints(share) for blast in blasts] for share in shares},
        }
    )
    return table.sort("mean_lost_share", kind, descending=[True, False])
