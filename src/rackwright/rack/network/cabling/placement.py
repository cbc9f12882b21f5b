"""Placing racks on the floor by rule: leaf racks beside the racks they serve, spine and core racks in rows of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError
from rackwright.rack.network.cabling.floor import FloorPlan, Placement, too_small

if TYPE_CHECKING:
    from rackwright.rack.network.topology.wiring import Wiring

COMPUTE, LEAF, SPINE, CORE = range(4)


@dataclass(frozen=True, slots=True)
class RackFill:
    """How devices hang in racks.

    A compute rack has `per_rack` adapters, `per_tray` of them in a tray; trays of `tray_ru` units follow one another from
    unit `first_tray_ru` up. `switch_ru` is a switch's height by tier (leaf, spine, core); `switches_per_rack` is the most
    in one rack (its power, say).
    """

    per_rack: int
    per_tray: int
    first_tray_ru: int
    tray_ru: int
    switch_ru: tuple[int, int, int]
    switches_per_rack: int

    def tray_ru_of(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lowest unit of the tray that holds the adapter at `place` of its rack."""
        return self.first_tray_ru + (place // self.per_tray) * self.tray_ru


def place_by_rule(
    wiring: Wiring,
    floor: FloorPlan,
    fill: RackFill,
    *,
    leaves_at: Literal["middle", "end"] = "middle",
    blocks_together: int = 1,
    leaf_planes_apart: bool = False,
    spines_at: Literal["middle", "end"] = "middle",
    spine_planes_apart: bool = True,
) -> Placement:
    """Place every rack of a fabric.

    Racks follow one another along the rows in the order of their blocks; `blocks_together` blocks share leaf racks, which
    stand in their middle or at their end. Spine racks, then core racks, stand in rows of their own, in the middle of the
    hall or at its end. `..._planes_apart`: no rack holds switches of two planes.

    Raises
    ------
    ProgramError
        If the racks do not fit on the floor (with the least floor that would do) or a rack is too low.
    """
    problems = _too_tall(wiring, floor, fill)
    if problems:
        raise ProgramError(problems)
    tier, plane, group = wiring.tier, wiring.plane.astype(np.int64), wiring.group.astype(np.int64)
    compute = -(-wiring.endpoints // fill.per_rack)
    device_rack = np.empty(wiring.nodes, dtype=np.int64)
    device_ru = np.empty(wiring.nodes, dtype=np.int64)
    endpoint = np.arange(wiring.endpoints)
    device_rack[: wiring.endpoints] = endpoint // fill.per_rack
    device_ru[: wiring.endpoints] = fill.tray_ru_of(endpoint % fill.per_rack)
    last = int(group[: wiring.endpoints].max(initial=0)) // blocks_together + 1
    racks, kind = compute, [np.zeros(compute, dtype=np.int64)]
    unit_of_rack = [_shared(group[: wiring.endpoints : fill.per_rack], blocks_together, last)]
    for at in (LEAF, SPINE, CORE):
        switches = np.flatnonzero(tier == at)
        unit = (
            _shared(group[switches], blocks_together, last) if at == LEAF else np.zeros(len(switches), dtype=np.int64)
        )
        apart = leaf_planes_apart if at == LEAF else spine_planes_apart
        each = min(fill.switches_per_rack, floor.rack_ru // fill.switch_ru[at - 1])
        rack, place, unit_of = _stacked(unit, plane[switches] if apart else np.zeros_like(unit), each)
        device_rack[switches] = racks + rack
        device_ru[switches] = 1 + place * fill.switch_ru[at - 1]
        racks += len(unit_of)
        unit_of_rack.append(unit_of)
        kind.append(np.full(len(unit_of), at))
    kinds = np.concatenate(kind)
    row, position = _places(floor, np.concatenate(unit_of_rack), kinds, leaves_at == "middle", spines_at == "middle")
    return Placement(
        floor, row.astype(np.int32), position.astype(np.int32), kinds.astype(np.int8), device_rack.astype(np.int32),
        device_ru.astype(np.int32),
    )  # fmt: skip


def _shared(group: NDArray[np.int64], together: int, last: int) -> NDArray[np.int64]:
    """Blocks by `together`; switches of no block come after all of them."""
    return np.where(group < 0, last, group // together)


def _stacked(
    unit: NDArray[np.int64], plane: NDArray[np.int64], each: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rack and place of each switch, `each` to a rack, racks of one unit and plane; and the unit of each rack."""
    if not len(unit):
        return unit, unit, unit
    order = np.lexsort((np.arange(len(unit)), plane, unit))
    key = np.stack((unit[order], plane[order]))
    starts = np.concatenate(([True], np.any(key[:, 1:] != key[:, :-1], axis=0)))
    begin = np.flatnonzero(starts)
    within = np.arange(len(unit)) - np.repeat(begin, np.diff(np.append(begin, len(unit))))
    opens = within % each == 0
    rack, place = np.empty_like(unit), np.empty_like(unit)
    rack[order], place[order] = np.cumsum(opens) - 1, within % each
    return rack, place, unit[order][opens]


def _places(
    floor: FloorPlan, unit: NDArray[np.int64], kind: NDArray[np.int64], leaves_mid: bool, spines_mid: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and position of every rack."""
    row, position = np.empty_like(unit), np.empty_like(unit)
    low, high = np.flatnonzero(kind <= LEAF), np.flatnonzero(kind > LEAF)
    low_rows, high_rows = -(-len(low) // floor.positions), -(-len(high) // floor.positions)
    if low_rows + high_rows > floor.rows:
        raise too_small(floor, len(low), len(high))
    order = low[_along(unit[low], kind[low], leaves_mid)]
    before = -(-low_rows // 2) if spines_mid else low_rows
    at = np.arange(len(low)) // floor.positions
    row[order] = np.where(at < before, at, at + high_rows)
    position[order] = np.arange(len(low)) % floor.positions
    row[high] = before + np.arange(len(high)) // floor.positions
    position[high] = np.arange(len(high)) % floor.positions
    return row, position


def _along(unit: NDArray[np.int64], kind: NDArray[np.int64], leaves_mid: bool) -> NDArray[np.int64]:
    """Order of racks along the rows: blocks in turn, leaf racks in the middle or at the end of each."""
    if not leaves_mid:
        return np.lexsort((np.arange(len(unit)), kind, unit))
    compute = np.flatnonzero(kind == COMPUTE)
    begin = np.searchsorted(unit[compute], unit[compute])
    count = np.searchsorted(unit[compute], unit[compute], side="right") - begin
    part = np.ones(len(unit), dtype=np.int64)
    part[compute] = np.where(np.arange(len(compute)) - begin < (count + 1) // 2, 0, 2)
    return np.lexsort((np.arange(len(unit)), part, unit))


def _too_tall(wiring: Wiring, floor: FloorPlan, fill: RackFill) -> list[Problem]:
    found = []
    trays = -(-min(fill.per_rack, wiring.endpoints) // fill.per_tray)
    top = fill.first_tray_ru + trays * fill.tray_ru - 1
    if top > floor.rack_ru:
        found.append(_low_rack(floor, f"{trays} trays of {fill.tray_ru} RU", top))
    for tier, height in zip(("leaf", "spine", "core"), fill.switch_ru, strict=True):
        if height > floor.rack_ru:
            found.append(_low_rack(floor, f"a {tier} switch", height))
    return found


def _low_rack(floor: FloorPlan, what: str, needed_ru: int) -> Problem:
    found, expected = f"{what} in racks of {floor.rack_ru} RU", f"racks of {needed_ru} RU at least"
    return Problem(file=f"floor {floor.name}", line=0, path="rack_ru", found=found, expected=expected)
