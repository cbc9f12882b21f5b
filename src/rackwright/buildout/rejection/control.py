"""How the fans of several equal cells hold a wanted temperature of the water, hour by hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.rejection.cells import Cell
from rackwright.buildout.rejection.root import falling_root
from rackwright.physics.air import MoistAir

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: `all`: every cell that is there takes its part, at the lowest speed. `fewest`: no more than are needed.
Staging = Literal["all", "fewest"]

#: Of its design water a cell takes so much at most.
MOST_WATER_SHARE = 1.2
SPEED_TOLERANCE = 1e-9
#: Warmer than wanted by less than this is what was wanted. [K]
MET_K = 1e-6


@dataclass(frozen=True, slots=True)
class Held:
    """What the cells do with an hour's heat. `mean_speed` is over the hour, full speed all the time being one."""

    leaving_k: Floats
    fan_w: Floats
    mean_speed: Floats
    cells: Floats
    met: Bools


@dataclass(frozen=True, slots=True)
class Bank:
    """Equal cells that share the water evenly; `cells_out` of them stand still.

    With `fewest`, a cell may be given up to `most_water_share` of its design water before another one is needed.
    """

    cell: Cell
    cells: int
    cells_out: int = 0
    staging: Staging = "all"
    most_water_share: float = MOST_WATER_SHARE

    def __post_init__(self) -> None:
        if not 0 <= self.cells_out < self.cells:
            raise ValueError(f"{self.cells_out} of {self.cells} cells are out: at least one must be left")

    @property
    def running(self) -> int:
        """Cells that can run."""
        return self.cells - self.cells_out

    def full_leaving_k(self, heat_w: Floats, water_kg_s: Floats, cells: Floats, inlet: MoistAir) -> Floats:
        """Leaving water with all fans of `cells` at full speed. [K]"""
        entering_k = self.cell.entering_k(heat_w / cells, water_kg_s / cells, 1.0, inlet)
        return np.asarray(entering_k - heat_w / (water_kg_s * self.cell.cp_j_kg_k), dtype=np.float64)

    def full_heat_w(self, entering_k: Floats, water_kg_s: Floats, inlet: MoistAir) -> Floats:
        """Heat that all cells take from water that enters at a temperature, fans at full speed. [W]"""
        cells = float(self.running)
        return cells * self.cell.heat_w(entering_k, water_kg_s / cells, 1.0, inlet)

    def hold(self, heat_w: Floats, water_kg_s: Floats, wanted_k: Floats, air: MoistAir) -> Held:
        """Give up `heat_w` each hour, with water leaving at `wanted_k` where the fans can bring that about.

        Where they cannot, they run at full speed and the water leaves as warm as it must to carry its heat. Fans
        with two speeds, or below the least one, hold the temperature as a mean over the hour: they change over. An
        hour without heat has its water at the wanted temperature.
        """
        fan, inlet = self.cell.fan, self.cell.inlet(air)
        held_k = wanted_k if fan.mode != "constant" else np.zeros(wanted_k.shape)
        target_k = np.maximum(held_k, self.cell.least_leaving_k)
        cells = self._cells(heat_w, water_kg_s, np.maximum(wanted_k, target_k), inlet)
        full_k = self.full_leaving_k(heat_w, water_kg_s, cells, inlet)
        idle = heat_w <= 0.0
        turning = (full_k <= target_k + MET_K) & ~idle
        speed = np.ones(heat_w.shape)
        power_w = fan.running_w(speed, inlet.dry_air_kg_m3)
        if np.any(turning):
            part = _Part(self.cell, heat_w, water_kg_s, target_k, cells, inlet, turning)
            speed[turning], power_w[turning] = part.speed_and_power()
        if fan.mode != "constant":
            speed, power_w = np.where(idle, 0.0, speed), np.where(idle, 0.0, power_w)
        leaving_k = np.where(idle, wanted_k, np.where(turning, target_k, full_k))
        met = leaving_k <= wanted_k + MET_K
        return Held(leaving_k, cells * power_w, speed, np.where(idle, 0.0, cells), met)

    def _cells(self, heat_w: Floats, water_kg_s: Floats, wanted_k: Floats, inlet: MoistAir) -> Floats:
        """Cells in use: with `fewest`, halving between what the water needs and all that can run."""
        most = np.full(heat_w.shape, float(self.running))
        if self.staging == "all":
            return most
        least = np.ceil(water_kg_s / (self.cell.water_kg_s * self.most_water_share) - 1e-9)
        low, high = np.clip(least, 1.0, most), most
        while np.any(low < high):
            middle = np.floor((low + high) / 2.0)
            enough = self.full_leaving_k(heat_w, water_kg_s, middle, inlet) <= wanted_k
            low, high = np.where(enough, low, np.minimum(middle + 1.0, high)), np.where(enough, middle, high)
        return high


class _Part:
    """The hours in which fans need not run at full speed, seen from one cell."""

    def __init__(
        self,
        cell: Cell,
        heat_w: Floats,
        water_kg_s: Floats,
        wanted_k: Floats,
        cells: Floats,
        inlet: MoistAir,
        hours: Bools,
    ) -> None:
        self.cell, self.inlet = cell, hours_of(inlet, hours)
        self.heat_w, self.water_kg_s = heat_w[hours] / cells[hours], water_kg_s[hours] / cells[hours]
        self.entering_k = wanted_k[hours] + self.heat_w / (self.water_kg_s * cell.cp_j_kg_k)

    def speed_and_power(self) -> tuple[Floats, Floats]:
        """Mean speed over the hour, and power of one cell's fans. [-], [W]"""
        mode = self.cell.fan.mode
        if mode in ("cycling", "constant"):
            return self._between(0.0, 1.0)
        low = self.cell.fan.least_speed_share
        off_speed, off_w = self._between(0.0, low)
        upper_speed, upper_w = self._between(low, 1.0) if mode == "two-speed" else self._steady()
        enough = self._heat_w(low) >= self.heat_w
        return np.where(enough, off_speed, upper_speed), np.where(enough, off_w, upper_w)

    def _steady(self) -> tuple[Floats, Floats]:
        """The one speed at which the cell gives up just its heat; the least one where that is enough."""
        speed = falling_root(
            lambda at: self.cell.entering_k(self.heat_w, self.water_kg_s, at, self.inlet) - self.entering_k,
            np.full(self.heat_w.shape, self.cell.fan.least_speed_share),
            np.ones(self.heat_w.shape),
            SPEED_TOLERANCE,
        )
        return speed, self.cell.fan.running_w(speed, self.inlet.dry_air_kg_m3)

    def _between(self, low: float, high: float) -> tuple[Floats, Floats]:
        """Part of the hour at one speed, the rest at the other, so that the heat is right in the mean."""
        low_w = self._heat_w(low) if low > 0.0 else np.zeros(self.heat_w.shape)
        high_w = self._heat_w(high)
        share = np.clip((self.heat_w - low_w) / np.maximum(high_w - low_w, 1e-9), 0.0, 1.0)
        fan, density = self.cell.fan, self.inlet.dry_air_kg_m3
        rest_w = fan.running_w(low, density) if low > 0.0 else np.zeros(self.heat_w.shape)
        return low + share * (high - low), rest_w + share * (fan.running_w(high, density) - rest_w)

    def _heat_w(self, speed: float) -> Floats:
        return self.cell.heat_w(self.entering_k, self.water_kg_s, speed, self.inlet)


def hours_of(air: MoistAir, hours: Bools) -> MoistAir:
    """The air of some hours only."""
    return MoistAir(air.dry_bulb_k[hours], air.wet_bulb_k[hours], air.humidity_ratio[hours], air.pressure_pa[hours])
