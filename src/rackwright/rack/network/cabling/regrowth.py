"""What becomes of laid cables when a fabric grows: kept, pulled anew, replaced. Link by link, boxes of shuffles left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.cabling.floor import Placement, routes
from rackwright.rack.network.topology.growth import Stage, kept, same_nodes
from rackwright.rack.network.topology.wiring import Wiring, within_group

Whole = NDArray[np.int64]
Metres = NDArray[np.float64]


def refitted(before: Stage, after: Stage, last: Wiring, placement: Placement, stock_m: Metres) -> tuple[int, int, int]:
    """Links of `before` that are kept, pulled anew with the cable there is, and replaced, in `after`.

    Racks stand where the last stage has them from the start, so that a link kept keeps its length. A moved link frees a
    cable at its lower node, which takes the next new link there if its stocked length reaches; the longest new link
    takes the longest cable. A switch that the last stage has no more frees nothing.
    """
    stay = len(before.laid) - len(before.laid[np.isin(before.laid, after.moved)])
    old_node, old_m = _lengths(before.wiring, after.moved, last, placement, stock_m)
    new_node, new_m = _lengths(after.wiring, after.added, last, placement, stock_m)
    has = np.isfinite(old_m)
    old_node, old_m = _ranked(old_node[has], old_m[has])
    reached = np.isin(new_node, old_node) & np.isfinite(new_m)
    new_node, new_m = _ranked(new_node[reached], new_m[reached])
    many = int(max(old_node.max(initial=0), new_node.max(initial=0))) + 1
    old_key = old_node + many * within_group(old_node).astype(np.int64)
    new_key = new_node + many * within_group(new_node).astype(np.int64)
    _, one, other = np.intersect1d(old_key, new_key, assume_unique=True, return_indices=True)
    again = int((old_m[one] >= new_m[other]).sum())
    return stay, again, len(after.moved) - again


def relaid(before: Stage, after: Stage, was: Placement, now: Placement, stock_m: Metres) -> int:
    """Links kept that want another stocked length, each stage placed anew by the rule."""
    if before.wiring is after.wiring:
        return 0
    one, other = kept(before.wiring, before.laid, after.wiring, after.laid)
    _, was_m = _lengths(before.wiring, one, before.wiring, was, stock_m)
    _, now_m = _lengths(after.wiring, other, after.wiring, now, stock_m)
    return int((was_m != now_m).sum())


def _lengths(
    wiring: Wiring, links: Whole, standing: Wiring, placement: Placement, stock_m: Metres
) -> tuple[Whole, Metres]:
    """Lower node of each link, as the standing wiring numbers it, and its stocked length there; infinite where there is none."""
    node = same_nodes(wiring, standing) if wiring is not standing else np.arange(wiring.nodes)
    low, high = node[wiring.lower[links]], node[wiring.upper[links]]
    there = (low >= 0) & (high >= 0)
    plane = np.maximum(wiring.plane[wiring.lower[links]], wiring.plane[wiring.upper[links]])
    metres = routes(placement, np.where(there, low, 0), np.where(there, high, 0), plane).metres
    stocked_m = np.append(stock_m, np.inf)[np.searchsorted(stock_m, metres - 1e-9)]
    return low, np.where(there, stocked_m, np.inf)


def _ranked(node: Whole, metres: Metres) -> tuple[Whole, Metres]:
    """By node, the longest first."""
    order = np.lexsort((-metres, node))
    return node[order], metres[order]
