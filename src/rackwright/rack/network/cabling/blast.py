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
#: Numbers under each of several heads: where each head's begin (and the end), and all of them one after the other.
Lists = tuple[NDArray[np.int64], NDArray[np.int64]]


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
    return climb_of(wiring).lost_share(dead_links, dead_nodes)


@dataclass(frozen=True, slots=True)
class Climb:
    """The way up of a wiring, made once for many losses: links that go up a tier, highest first, and each node's count."""

    wiring: Wiring
    order: NDArray[np.int64]
    whole: NDArray[np.int64]

    @property
    def below(self) -> Lists:
        """Links that come up to each node: starts by node, and the links."""
        upper = self.wiring.upper[self.order]
        by_upper = np.argsort(upper, kind="stable")
        return np.searchsorted(upper[by_upper], np.arange(self.wiring.nodes + 1)), self.order[by_upper]

    def lost_share(self, dead_links: Marks, dead_nodes: Marks) -> NDArray[np.float64]:
        """As `lost_share` of the module."""
        from rackwright.rack.network.cabling.blast_kernel import lost_of_nodes

        wiring = self.wiring
        lost: NDArray[np.float64] = lost_of_nodes(
            wiring.lower, wiring.upper, self.order, self.whole, dead_links, dead_nodes
        )
        return lost[: wiring.endpoints]


def climb_of(wiring: Wiring) -> Climb:
    """The way up of a wiring."""
    below, above = wiring.tier[wiring.lower], wiring.tier[wiring.upper]
    rising = np.flatnonzero(above > below)
    order = rising[np.argsort(-below[rising], kind="stable")]
    return Climb(wiring, order, np.bincount(wiring.lower[rising], minlength=wiring.nodes))


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
    return Blast(f"L{level} R{row + 1:02d}", cuts.climb.lost_share(dead_links(cuts, legs), dead))


def _of_devices(cuts: CutList, what: str, marks: Marks) -> Blast:
    nodes = cuts.wiring.nodes
    boxes = marks.copy()
    boxes[:nodes] = False
    links = np.zeros(cuts.wiring.links, dtype=bool)
    if boxes.any():
        links = dead_links(cuts, boxes[cuts.pieces.lower] | boxes[cuts.pieces.upper])
    return Blast(what, cuts.climb.lost_share(links, marks[:nodes]))


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

    Worst first. Only what hangs below a loss is walked: seconds for 100 rows of a fabric of 1.6 million links.
    """
    from rackwright.rack.network.cabling.blast_kernel import survey_losses

    names, links, nodes = _of_trays(cuts) if kind == "tray" else _of_places(cuts, kind)
    wiring, climb = cuts.wiring, cuts.climb
    whole_of = np.array(shares, dtype=np.float64)
    mean, reached = survey_losses(
        wiring.lower, wiring.tier, wiring.endpoints, climb.whole, *climb.below, *links, *nodes, whole_of
    )
    counts = {f"endpoints_{share:g}": reached[:, at] for at, share in enumerate(shares)}
    table = pl.DataFrame({kind: names, "mean_lost_share": mean, **counts})
    return table.sort("mean_lost_share", kind, descending=[True, False])


def _listed(codes: list[NDArray[np.int64]], many: int) -> Lists:
    """Numbers by code, as starts and one list: number i is under codes[k][i] for each k, unless that is -1."""
    code = np.concatenate(codes)
    number = np.tile(np.arange(len(codes[0])), len(codes))
    has = code >= 0
    code, number = code[has].astype(np.int32), number[has]
    order = np.argsort(code, kind="stable")
    return np.searchsorted(code[order], np.arange(many + 1)), number[order]


def _of_places(cuts: CutList, kind: str) -> tuple[list[str], Lists, Lists]:
    """Racks or rows: their names, the links through boxes in them, and their nodes."""
    placed, nodes = cuts.placement, cuts.wiring.nodes
    place = placed.device_rack.astype(np.int64)
    if kind == "rack":
        names, many = placed.rack_names(), placed.racks
    else:
        rows, of_rack = np.unique(placed.rack_row, return_inverse=True)
        names = [f"{placed.floor.name}.R{row + 1:02d}" for row in rows.tolist()]
        place, many = of_rack[place].astype(np.int64), len(rows)
    boxed = np.where(np.arange(len(place)) >= nodes, place, -1)
    none = np.full(cuts.wiring.links, -1, dtype=np.int64)
    codes = [none]
    if len(place) > nodes:
        codes = [boxed[ends[row]] for row in cuts.rows_of_links for ends in (cuts.pieces.lower, cuts.pieces.upper)]
    return names, _listed(codes, many), _listed([place[:nodes]], many)


def _of_trays(cuts: CutList) -> tuple[list[str], Lists, Lists]:
    """Trays along rows, level by level: their names, the links whose cables lie in them, and no nodes."""
    routes, levels = cuts.pieces.routes, cuts.placement.floor.tray_levels
    rows = np.unique(np.concatenate((routes.row_a, routes.row_b)))
    names = [f"L{level} R{row + 1:02d}" for level in range(levels) for row in rows.tolist()]
    base = routes.level.astype(np.int64) * len(rows)
    codes = [base + np.searchsorted(rows, row) for row in (routes.row_a, routes.row_b)]
    codes[1] = np.where(codes[1] == codes[0], -1, codes[1])
    lower, upper = cuts.rows_of_links
    of_links = [code[lower] for code in codes]
    if not np.array_equal(lower, upper):
        of_links += [np.where(lower == upper, -1, code[upper]) for code in codes]
    return names, _listed(of_links, len(names)), _listed([np.full(cuts.wiring.nodes, -1, dtype=np.int64)], len(names))
