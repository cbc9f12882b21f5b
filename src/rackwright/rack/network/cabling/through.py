"""From links of the fabric to the pieces that carry them: rows of the cut list, metres, ends with their lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.cabling.ends import EndTable

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.choosing import Part
    from rackwright.rack.network.cabling.cut_list import CutList

Whole = NDArray[np.int64]


def rows_of_links(cuts: CutList) -> tuple[Whole, Whole]:
    """Row of the cut list at the lower and at the upper end of each link (links,).

    They are the same row but in a shuffle, whose links pass two cords.
    """
    lower, upper = np.full(cuts.wiring.links, -1), np.full(cuts.wiring.links, -1)
    begin = 0
    for part in cuts.choice.parts:
        legs = part.variant.legs
        chosen = np.zeros(len(legs.cable_begin), dtype=bool)
        chosen[part.cables] = True
        own = np.flatnonzero(chosen[legs.cable])
        row = np.full(len(legs.cable), -1)
        row[own] = begin + np.arange(len(own))
        begin += len(own)
        below, above = _legs_of_links(part)
        lower, upper = np.where(row[below] >= 0, row[below], lower), np.where(row[above] >= 0, row[above], upper)
    return lower, upper


def _legs_of_links(part: Part) -> tuple[Whole, Whole]:
    """Leg of the part's variant at both ends of each link."""
    legs, found, nodes = part.variant.legs, part.variant.assemblies, part.variant.wiring.nodes
    if len(legs.cable) == len(found.of_link) and np.array_equal(legs.link, np.arange(len(legs.link))):
        return legs.link, legs.link
    box = found.hubs[found.of_link]
    into, out = legs.upper >= nodes, legs.lower >= nodes
    ends = int(max(found.lower_end.max(initial=0), found.upper_end.max(initial=0))) + 1
    below, above = np.empty(len(box), dtype=np.int64), np.empty(len(box), dtype=np.int64)
    plain = np.flatnonzero(~into & ~out)
    keys = legs.lower_end[plain] * ends + legs.upper_end[plain]
    order = np.argsort(keys)
    links = np.flatnonzero(~box)
    at = np.searchsorted(keys[order], found.lower_end[links] * ends + found.upper_end[links])
    below[links] = above[links] = plain[order[at]] if len(links) else at
    links = np.flatnonzero(box)
    for found_leg, cords, own, end in (
        (below, into, legs.lower_end, found.lower_end),
        (above, out, legs.upper_end, found.upper_end),
    ):
        leg_at = np.full(ends, -1)
        leg_at[own[cords]] = np.flatnonzero(cords)
        found_leg[links] = leg_at[end[links]]
    return below, above


def link_lengths_m(cuts: CutList) -> NDArray[np.float64]:
    """Cable that each link's signal passes, as stocked, cords of a shuffle added (links,): what delay and PFC go by. [m]"""
    lower, upper = cuts.rows_of_links
    stocked_m = cuts.pieces.stocked_m
    return stocked_m[lower] + np.where(upper != lower, stocked_m[upper], 0.0)


def end_table(cuts: CutList) -> EndTable:
    """Both ends of every link with cage, connector, lane and cable: what `end_problems` checks."""
    ends, wiring, pieces = cuts.choice.ends, cuts.wiring, cuts.pieces
    lower, upper = cuts.rows_of_links
    count = np.ones(2 * wiring.links, dtype=np.int64)
    families = [family.name for family in cuts.choice.families]
    cage = np.concatenate((ends.lower_cage, ends.upper_cage))
    return EndTable(
        cable=np.concatenate((pieces.cable[lower], pieces.cable[upper])),
        device=np.concatenate((wiring.lower, wiring.upper)).astype(np.int64),
        cage=cage,
        connector=np.concatenate((pieces.lower_connector[lower], pieces.upper_connector[upper])),
        lane=np.concatenate((ends.lower_slot, ends.upper_slot)),
        lanes=count,
        module=[families[one] for one in cuts.choice.cage_family[cage].tolist()],
    )
