"""Trays: how full and how heavy they are on every stretch, and which planes share them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.cut_list import CutList

Number = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tray:
    """A tray: width and depth of its section [m], most share of it that cables may fill, most load. [kg/m]"""

    width_m: float
    depth_m: float
    fill_most_share: float
    load_most_kg_m: float

    @property
    def section_m2(self) -> float:
        return self.width_m * self.depth_m


@dataclass(frozen=True, slots=True)
class TrayLoads:
    """Cables in the trays of a floor, by stretch.

    Trays along rows: (levels, rows, positions - 1), stretch p from position p to p + 1. Trays across: (levels, positions,
    rows - 1), stretch r from row r to r + 1. Cables, sum of their sections [m²] and of their mass. [kg/m]
    """

    along_cables: NDArray[np.int64]
    along_m2: Number
    along_kg_m: Number
    across_cables: NDArray[np.int64]
    across_m2: Number
    across_kg_m: Number

    def fullest(self, tray: Tray) -> tuple[float, str]:
        """Largest fill share and where: level and row (or crossing position) and stretch, from 1 as on the labels.

        >>> one = np.array([[[0.0, 0.03125]]])
        >>> none = np.zeros((1, 1, 0))
        >>> TrayLoads(one.astype(int), one, one, none.astype(int), none, none).fullest(Tray(0.5, 0.25, 0.4, 9.0))
        (0.25, 'L0 R01 P02-P03')
        """
        found = (0.0, "")
        for load, letter, step in ((self.along_m2, "R", "P"), (self.across_m2, "X", "R")):
            if load.size and float(load.max()) / tray.section_m2 > found[0]:
                level, line, at = (int(one) for one in np.unravel_index(int(load.argmax()), load.shape))
                where = f"L{level} {letter}{line + 1:02d} {step}{at + 1:02d}-{step}{at + 2:02d}"
                found = (float(load.max()) / tray.section_m2, where)
        return found

    def stretches_over(self, tray: Tray) -> int:
        """Stretches that are fuller or heavier than the tray may be."""
        found = 0
        for section_m2, mass_kg_m in ((self.along_m2, self.along_kg_m), (self.across_m2, self.across_kg_m)):
            over = section_m2 > tray.fill_most_share * tray.section_m2 * (1 + 1e-9)
            found += int((over | (mass_kg_m > tray.load_most_kg_m * (1 + 1e-9))).sum())
        return found

    def heaviest_kg_m(self) -> float:
        """Largest mass of cables on a metre of tray. [kg/m]"""
        return max(float(self.along_kg_m.max(initial=0.0)), float(self.across_kg_m.max(initial=0.0)))


def tray_loads(cuts: CutList) -> TrayLoads:
    """Cables, filled section and mass of every stretch of tray, each leg with its medium's diameter and mass."""
    routes = cuts.pieces.routes
    diameter_m = np.array([medium.diameter_m for medium in cuts.media])[cuts.pieces.medium]
    mass_kg_m = np.array([medium.mass_kg_m for medium in cuts.media])[cuts.pieces.medium]
    out = np.flatnonzero(routes.level >= 0)
    cords = cuts.pieces.cords[out].astype(np.float64)
    weights = (cords, np.pi / 4 * diameter_m[out] ** 2 * cords, mass_kg_m[out] * cords)
    along, across = [], []
    for weight in weights:
        on_rows, on_crossings = _loads(cuts, out, weight)
        along.append(on_rows)
        across.append(on_crossings)
    return TrayLoads(
        np.rint(along[0]).astype(np.int64), along[1], along[2], np.rint(across[0]).astype(np.int64), across[1], across[2]
    )  # fmt: skip


def _loads(cuts: CutList, out: NDArray[np.int64], weight: Number) -> tuple[Number, Number]:
    """Sums of weights on stretches along rows and on crossings."""
    floor, routes = cuts.placement.floor, cuts.pieces.routes
    level = routes.level[out].astype(np.int64)
    row_a, row_b = routes.row_a[out], routes.row_b[out]
    at_a, at_b, crossing = routes.position_a[out], routes.position_b[out], routes.crossing[out]
    stays = crossing < 0
    turn_a, turn_b = np.where(stays, at_b, crossing), np.where(stays, at_b, crossing)
    shape = (floor.tray_levels, floor.rows, floor.positions)
    along = _between(shape, level, row_a, at_a, turn_a, weight) + _between(shape, level, row_b, turn_b, at_b, weight)
    shape = (floor.tray_levels, floor.positions, floor.rows)
    goes = ~stays
    across = _between(shape, level[goes], crossing[goes], row_a[goes], row_b[goes], weight[goes])
    return along, across


def _between(
    shape: tuple[int, int, int],
    level: NDArray[np.int64],
    line: NDArray[np.int32],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    weight: Number,
) -> Number:
    """Weights added to the stretches from `start` to `end` of each line; (levels, lines, places - 1)."""
    base = (level * shape[1] + line) * shape[2]
    size = shape[0] * shape[1] * shape[2]
    steps = np.bincount(base + np.minimum(start, end), weight, minlength=size)
    steps -= np.bincount(base + np.maximum(start, end), weight, minlength=size)
    return np.asarray(np.cumsum(steps.reshape(shape), axis=2)[:, :, :-1], dtype=np.float64)


def planes_on_levels(cuts: CutList) -> list[tuple[int, ...]]:
    """Planes whose cables lie on each level of trays; a level with two planes is a place that two planes share."""
    pieces, wiring = cuts.pieces, cuts.wiring
    plane = wiring.plane[wiring.upper[pieces.link]]
    return [
        tuple(int(one) for one in np.unique(plane[pieces.routes.level == level]))
        for level in range(cuts.placement.floor.tray_levels)
    ]
