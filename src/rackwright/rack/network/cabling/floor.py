"""The floor that cables cross: rows of racks, aisles, trays above; routes along it and their length.

Rows stand in pairs, back to back at a hot aisle, with a cold aisle to the next pair. Above every row runs a tray along it,
at every level; cross trays join the rows. A cable rises from its port to its tray, runs along its row, over a cross tray,
along the other row and down: no diagonal, no short cut under the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError

#: Whole numbers of any width.
Whole = NDArray[np.integer[Any]]
Length = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """A hall's floor as cables see it. Lengths in m, heights above the floor.

    `positions` are rack places in a row, `cross_trays` the positions above which trays run across the rows (none: above
    every position). Planes lie on levels of trays by turns. `in_rack_m` is the way between port and side of the rack, both
    ends together; `slack_share` of the route and `slack_m` at each end are added.
    """

    rows: int
    positions: int
    rack_pitch_m: float
    rack_depth_m: float
    cold_aisle_m: float
    hot_aisle_m: float
    tray_height_m: float
    rack_ru: int
    first_ru_m: float
    in_rack_m: float
    slack_share: float
    slack_m: float
    tray_levels: int = 1
    tray_spacing_m: float = 0.0
    cross_trays: tuple[int, ...] = ()
    name: str = "F1"
    ru_m: float = 0.04445

    def __post_init__(self) -> None:
        places = (self.rows, self.positions, self.rack_ru, self.tray_levels)
        if min(places) < 1 or min(self.rack_pitch_m, self.rack_depth_m) <= 0:
            raise ValueError("a floor has at least one row, position, rack unit and tray level, and racks have a size")
        if any(not 0 <= at < self.positions for at in self.cross_trays):
            raise ValueError(f"cross trays at {self.cross_trays}: positions run from 0 to {self.positions - 1}")
        if list(self.cross_trays) != sorted(set(self.cross_trays)):
            raise ValueError(f"cross trays at {self.cross_trays}: rising, each once")
        if self.tray_height_m < self.height_m(np.array([self.rack_ru]))[0]:
            raise ValueError(f"trays at {self.tray_height_m} m run through racks of {self.rack_ru} RU")

    def along_m(self, position: Whole) -> Length:
        """Distance of a position from the row's first, along the row. [m]"""
        return np.asarray(position * self.rack_pitch_m, dtype=np.float64)

    def across_m(self, row: Whole) -> Length:
        """Distance of a row's middle from the first row's, across the rows. [m]

        Rows 0 and 1 share a hot aisle, 1 and 2 a cold one.
        """
        pair_m = 2 * self.rack_depth_m + self.hot_aisle_m + self.cold_aisle_m
        return np.asarray((row // 2) * pair_m + (row % 2) * (self.rack_depth_m + self.hot_aisle_m), dtype=np.float64)

    def height_m(self, ru: Whole) -> Length:
        """Height of a rack unit's middle, counted from 1. [m]"""
        return np.asarray(self.first_ru_m + (ru - 0.5) * self.ru_m, dtype=np.float64)

    def level(self, plane: Whole) -> Whole:
        """Level of trays that a plane's cables lie on; planes beyond the levels share them by turns."""
        return np.maximum(plane, 0) % self.tray_levels


@dataclass(frozen=True, slots=True)
class Placement:
    """Where racks stand and devices hang. Kinds of racks: 0 compute, 1 leaf, 2 spine, 3 core (the highest tier inside).

    `device_ru` is the lowest rack unit of a device, from 1. Devices 0..endpoints-1 are endpoints, as in `Wiring`.
    """

    floor: FloorPlan
    rack_row: NDArray[np.int32]
    rack_position: NDArray[np.int32]
    rack_kind: NDArray[np.int8]
    device_rack: NDArray[np.int32]
    device_ru: NDArray[np.int32]

    @property
    def racks(self) -> int:
        return len(self.rack_row)

    def rack_names(self) -> list[str]:
        """Names by floor, row and position, as in TIA-606: `F1.R03.P12`.

        Rows and positions count from 1, with as many digits as the largest needs, two at least.
        """
        floor = self.floor
        rows, places = max(2, len(str(floor.rows))), max(2, len(str(floor.positions)))
        return [
            f"{floor.name}.R{row + 1:0{rows}d}.P{position + 1:0{places}d}"
            for row, position in zip(self.rack_row.tolist(), self.rack_position.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes of cables: metres with slack, and the trays they take.

    `crossing` is the position above which a cable changes rows, -1 where it stays in one; `level` is -1 where it stays in
    its rack and takes no tray.
    """

    metres: Length
    level: NDArray[np.int16]
    row_a: NDArray[np.int32]
    row_b: NDArray[np.int32]
    position_a: NDArray[np.int32]
    position_b: NDArray[np.int32]
    crossing: NDArray[np.int32]


def routes(placement: Placement, a: Whole, b: Whole, plane: Whole) -> Routes:
    """Routes between devices `a` and `b` (arrays of the same shape) on the trays of `plane`.

    Within a rack a cable runs from unit to unit beside the posts. Otherwise up to the tray, along, across, along, down.

    A cable from the 5th rack of row 0 to the 2nd of row 1, 3 positions of 0.6 m and 1.2 + 1.2 m across, with 1.0 m up and
    1.0 m down, is 1.8 + 2.4 + 2.0 = 6.2 m before slack.
    """
    floor = placement.floor
    rack_a, rack_b = placement.device_rack[a], placement.device_rack[b]
    row_a, row_b = placement.rack_row[rack_a], placement.rack_row[rack_b]
    at_a, at_b = placement.rack_position[rack_a], placement.rack_position[rack_b]
    height_a, height_b = floor.height_m(placement.device_ru[a]), floor.height_m(placement.device_ru[b])
    level = floor.level(plane)
    crossing, places = _crossings(floor, row_a, row_b, at_a, at_b)
    metres = places * floor.rack_pitch_m
    metres += np.abs(floor.across_m(row_a) - floor.across_m(row_b))
    metres += 2 * (floor.tray_height_m + level * floor.tray_spacing_m) - height_a - height_b
    inside = rack_a == rack_b
    metres = np.where(inside, np.abs(height_a - height_b), metres) + floor.in_rack_m
    return Routes(
        metres=metres * (1 + floor.slack_share) + 2 * floor.slack_m,
        level=np.where(inside, -1, level).astype(np.int16),
        row_a=row_a,
        row_b=row_b,
        position_a=at_a,
        position_b=at_b,
        crossing=crossing,
    )


def _crossings(
    floor: FloorPlan,
    row_a: NDArray[np.int32],
    row_b: NDArray[np.int32],
    at_a: NDArray[np.int32],
    at_b: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Position of the cross tray that each cable takes (-1: none) and the positions it passes along the rows.

    Between its ends where there is a tray; else the nearer one outside, there and back.
    """
    apart = np.abs(at_a - at_b)
    same = row_a == row_b
    if not floor.cross_trays:
        return np.where(same, np.int32(-1), at_b), apart
    trays = np.array(floor.cross_trays, dtype=np.int32)
    low, high = np.minimum(at_a, at_b), np.maximum(at_a, at_b)
    after = np.searchsorted(trays, low)
    far = np.int32(4 * floor.positions)
    next_tray = np.append(trays, far)[after]
    last_tray = np.concatenate(([-far], trays))[after]
    beyond, before = np.maximum(next_tray - high, 0), low - last_tray
    detour = np.where(same, 0, 2 * np.minimum(beyond, before))
    crossing = np.where(beyond <= before, next_tray, last_tray).astype(np.int32)
    return np.where(same, np.int32(-1), crossing), (apart + detour).astype(np.int32)


def placement_problems(placement: Placement, device_height_ru: Whole, names: list[str] | None = None) -> list[Problem]:
    """Racks off the floor or on one place, devices that overlap or stick out of their rack.

    `device_height_ru`: height of each device (devices,); adapters of one tray share its units and have height 0.
    """
    floor, found = placement.floor, []
    racks = placement.rack_names()
    off = (placement.rack_row < 0) | (placement.rack_row >= floor.rows)
    off |= (placement.rack_position < 0) | (placement.rack_position >= floor.positions)
    for rack in np.flatnonzero(off)[:20].tolist():
        found.append(_problem(floor, racks[rack], "off the floor", f"{floor.rows} rows of {floor.positions} positions"))
    places = placement.rack_row.astype(np.int64) * (floor.positions + 1) + placement.rack_position
    for rack in _repeated(places)[:20].tolist():
        found.append(_problem(floor, racks[rack], "two racks in one place", "one rack"))
    tall = np.flatnonzero(device_height_ru > 0)
    top = placement.device_ru[tall] + device_height_ru[tall] - 1
    for device in tall[(top > floor.rack_ru) | (placement.device_ru[tall] < 1)][:20].tolist():
        where = _device(names, device, racks[int(placement.device_rack[device])])
        found.append(_problem(floor, where, "sticks out of its rack", f"units 1 to {floor.rack_ru}"))
    key = placement.device_rack[tall].astype(np.int64) * (floor.rack_ru + 1) + placement.device_ru[tall]
    order = np.argsort(key, kind="stable")
    overlap = key[order][1:] < (key + device_height_ru[tall])[order][:-1]
    for device in tall[order[1:][overlap]][:20].tolist():
        where = _device(names, device, racks[int(placement.device_rack[device])])
        found.append(_problem(floor, where, "shares rack units with the device below", "units of its own"))
    return found


def _repeated(keys: Whole) -> Whole:
    """Places of values that occurred before."""
    _, first = np.unique(keys, return_index=True)
    again = np.ones(len(keys), dtype=bool)
    again[first] = False
    return np.flatnonzero(again)


def _device(names: list[str] | None, device: int, rack: str) -> str:
    return f"{names[device] if names else f'device {device}'} in {rack}"


def _problem(floor: FloorPlan, where: str, found: str, expected: str) -> Problem:
    return Problem(file=f"floor {floor.name}", line=0, path=where, found=found, expected=expected)


def too_small(floor: FloorPlan, compute_racks: int, spine_racks: int) -> ProgramError:
    """The floor cannot hold the racks: the least rows, and the least positions, that would.

    Compute and leaf racks fill rows; spine and core racks stand in rows of their own.
    """
    rows = -(-compute_racks // floor.positions) + -(-spine_racks // floor.positions)
    least = next(
        (
            positions
            for positions in range(floor.positions, compute_racks + spine_racks + 1)
            if -(-compute_racks // positions) + -(-spine_racks // positions) <= floor.rows
        ),
        None,
    )
    longer = f" or {floor.rows} rows of {least} positions" if least is not None else ""
    return ProgramError([
        Problem(
            file=f"floor {floor.name}",
            line=0,
            path="",
            found=f"{floor.rows} rows of {floor.positions} positions for {compute_racks} racks and leaf racks, "
            f"{spine_racks} spine and core racks",
            expected=f"{rows} rows of {floor.positions} positions{longer}",
        )
    ])  # fmt: skip
