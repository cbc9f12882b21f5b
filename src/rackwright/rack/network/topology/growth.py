"""Growth of a Clos in stages, and which laid cables each stage moves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring, within_group

Ints = NDArray[np.int64]


class Shape(TypedDict, total=False):
    """Arguments of `clos_wiring` that all stages share."""

    per_rack: int
    ports: int
    link_bit_s: float
    rails: int
    planes: int
    block_racks: int | None
    oversubscription: float
    port_group: int
    dual_tor: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """A fabric at one stage of its growth."""

    racks: int
    wiring: Wiring
    #: Ids in `wiring` of the links that are laid at this stage.
    laid: Ints
    #: Of them, those that the stage before did not have so: new ones, and moved ones in their new place.
    added: Ints
    #: Ids in the wiring of the stage BEFORE of cables that had to be pulled out or put elsewhere.
    moved: Ints
    #: Switches placed in all.
    switches: int


def minimal_growth(racks: Sequence[int], shape: Shape) -> list[Stage]:
    """Every stage sized alone, as the published tables are: the fewest switches, and cables that move.

    Examples
    --------
    A second scalable unit of an H100 SuperPOD doubles the spines, so half of each leaf's uplinks move.

    >>> first, second = minimal_growth([32, 64], {
    ...     "per_rack": 8, "ports": 64, "link_bit_s": 400e9, "rails": 8, "block_racks": 32})
    >>> len(second.moved), len(first.wiring.links_of_tier(1))
    (128, 256)
    """
    _check(racks)
    stages: list[Stage] = []
    for count in racks:
        wiring = clos_wiring(racks=count, **shape)
        every = np.arange(wiring.links)
        moved, added = np.empty(0, dtype=np.int64), every
        if stages:
            before = stages[-1]
            moved, added = changes(before.wiring, before.laid, wiring, every)
        stages.append(Stage(count, wiring, every, added, moved, wiring.switches))
    return stages


def final_growth(racks: Sequence[int], shape: Shape) -> list[Stage]:
    """The last stage's spines and cores placed first, leaves with their racks: no cable moves.

    A leaf brings its uplinks when its first endpoint comes, a pod its links to the cores when its first leaf does.
    """
    _check(racks)
    wiring = clos_wiring(racks=racks[-1], **shape)
    tier = wiring.tier[wiring.lower]
    per_rack = wiring.endpoints // racks[-1]
    stages: list[Stage] = []
    for count in racks:
        there = np.zeros(wiring.nodes, dtype=bool)
        there[: count * per_rack] = True
        for number in range(3):
            here = (tier == number) & there[wiring.lower]
            if number < 2:
                there[wiring.upper[here]] = True
        laid = np.flatnonzero(there[wiring.lower])
        moved, added = np.empty(0, dtype=np.int64), laid
        if stages:
            moved, added = changes(wiring, stages[-1].laid, wiring, laid)
        leaves = int(there[wiring.tier == 1].sum())
        stages.append(Stage(count, wiring, laid, added, moved, leaves + int((wiring.tier > 1).sum())))
    return stages


def _check(racks: Sequence[int]) -> None:
    if not racks or min(racks) < 1 or any(b < a for a, b in itertools.pairwise(racks)):
        raise FabricProblem(f"stages of {list(racks)} racks do not grow: {sorted(max(r, 1) for r in racks)} would do")


def changes(before: Wiring, laid_before: Ints, after: Wiring, laid_after: Ints) -> tuple[Ints, Ints]:
    """Links of `before` that must go to another node in `after`, and links of `after` that none of `before` serves.

    Of the links side by side between two nodes as many stay as `after` has: which port of a node they keep is free.
    """
    had, has = _ways(before, laid_before, after, laid_after)
    return laid_before[~np.isin(had, has)], laid_after[~np.isin(has, had)]


def kept(before: Wiring, laid_before: Ints, after: Wiring, laid_after: Ints) -> tuple[Ints, Ints]:
    """Links that stay: their ids in `before` and, in the same order, in `after`."""
    had, has = _ways(before, laid_before, after, laid_after)
    _, one, other = np.intersect1d(had, has, assume_unique=True, return_indices=True)
    return laid_before[one], laid_after[other]


def same_nodes(before: Wiring, after: Wiring) -> Ints:
    """(nodes of `before`,) the node of `after` of the same name; -1 where it has none."""
    names, others = names_of(before), names_of(after)
    order = np.argsort(others)
    at = np.minimum(np.searchsorted(others[order], names), len(others) - 1)
    return np.where(others[order][at] == names, order[at], -1)


def _ways(before: Wiring, laid_before: Ints, after: Wiring, laid_after: Ints) -> tuple[Ints, Ints]:
    """A number for each laid link of either stage: of its two nodes, by name, and its place between them."""
    names = [names_of(wiring) for wiring in (before, after)]
    known, code = np.unique(np.concatenate(names), return_inverse=True)
    of_before, of_after = np.split(code, [before.nodes])
    one = _pairs(before, laid_before, of_before, len(known))
    other = _pairs(after, laid_after, of_after, len(known))
    most = int(max(one[1].max(initial=0), other[1].max(initial=0))) + 1
    return one[0] * most + one[1], other[0] * most + other[1]


def names_of(wiring: Wiring) -> Ints:
    """(nodes,) a number that names the node's plane, tier, group and number in any stage."""
    name = wiring.plane.astype(np.int64) + 1
    for column, bits in ((wiring.tier, 2), (wiring.group, 22), (wiring.number, 22)):
        name = (name << bits) | column.astype(np.int64)
    return name


def _pairs(wiring: Wiring, laid: Ints, code: Ints, codes: int) -> tuple[Ints, Ints]:
    """For each laid link, a number for its two nodes, and its place among the links between them."""
    pair = code[wiring.lower[laid]] * codes + code[wiring.upper[laid]]
    order = np.argsort(pair, kind="stable")
    place = np.empty(len(pair), dtype=np.int64)
    place[order] = within_group(pair[order])
    return pair, place
