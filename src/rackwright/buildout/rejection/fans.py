"""Fans and pumps: what they draw at part speed (affinity), and in thin air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FanMode = Literal["constant", "cycling", "two-speed", "variable"]
PumpMode = Literal["constant", "follows-load"]

#: Dry air in a cubic metre of the air that fan sheets are written for: 20 degC, sea level (ISO 5801). [kg/m3]
SHEET_DENSITY_KG_M3 = 1.2


@dataclass(frozen=True, slots=True)
class Fan:
    """The fans of one cell.

    A fan moves the same volume at one speed whatever the air weighs; its power goes with the density. `constant` runs
    at full speed always; `cycling` on and off; `two-speed` at full, at `least_speed_share`, or off; `variable` anywhere
    from `least_speed_share` to full, below that on and off at it. A drive's floor does not fall with the speed.

    `density_counts` False leaves power and heat exchange at their design values in any air, as EnergyPlus does.
    """

    volume_m3_s: float
    power_w: float
    mode: FanMode = "variable"
    least_speed_share: float = 0.2
    floor_share: float = 0.0
    sheet_density_kg_m3: float = SHEET_DENSITY_KG_M3
    density_counts: bool = True

    def __post_init__(self) -> None:
        if not (self.volume_m3_s > 0 and self.power_w >= 0 and 0 < self.least_speed_share <= 1):
            raise ValueError("a fan needs a volume above zero, a power not below, a least speed between 0 and 1")
        if not 0 <= self.floor_share < 1:
            raise ValueError(f"floor_share is {self.floor_share}: it is a share of the fan's power below one")

    def density_share(self, density_kg_m3: ArrayLike) -> Floats:
        """Density over the sheet's, or one where density does not count."""
        density = np.asarray(density_kg_m3, dtype=np.float64)
        return density / self.sheet_density_kg_m3 if self.density_counts else np.ones(density.shape)

    def running_w(self, speed_share: ArrayLike, density_kg_m3: ArrayLike) -> Floats:
        """Power while it turns at a share of full speed: the cube, above the drive's floor. [W]

        >>> fan = Fan(100.0, 10e3, floor_share=0.04)
        >>> round(float(fan.running_w(0.5, 1.2)))  # 0.04 + 0.96 / 8 = 0.16
        1600
        """
        return self.power_w * speed_power_share(speed_share, self.floor_share) * self.density_share(density_kg_m3)


def speed_power_share(speed_share: ArrayLike, floor_share: float = 0.0) -> Floats:
    """Share of full power at a share of full speed, same machine and same circuit: affinity's cube above a floor."""
    return floor_share + (1.0 - floor_share) * np.asarray(speed_share, dtype=np.float64) ** 3


@dataclass(frozen=True, slots=True)
class Pump:
    """The pumps of one water circuit without static head; all their power ends as heat in the water.

    `follows-load` moves flow with the heat, so that the water's rise stays that of the design, down to
    `least_flow_share`. Power by the cube of the flow, above the drive's floor.
    """

    flow_kg_s: float
    power_w: float
    mode: PumpMode = "constant"
    least_flow_share: float = 0.3
    floor_share: float = 0.0

    def __post_init__(self) -> None:
        if not (self.flow_kg_s > 0 and self.power_w >= 0 and 0 < self.least_flow_share <= 1):
            raise ValueError("a pump needs a flow above zero, a power not below, a least flow between 0 and 1")
        if not 0 <= self.floor_share < 1:
            raise ValueError(f"floor_share is {self.floor_share}: it is a share of the pump's power below one")

    def at(self, load_share: ArrayLike) -> tuple[Floats, Floats]:
        """Flow and power at a share of the design heat. [kg/s], [W]

        >>> flow_kg_s, power_w = Pump(100.0, 8e3, "follows-load").at(0.5)
        >>> float(flow_kg_s), float(power_w)
        (50.0, 1000.0)
        """
        load = np.asarray(load_share, dtype=np.float64)
        share = np.clip(load, self.least_flow_share, 1.0) if self.mode == "follows-load" else np.ones(load.shape)
        return self.flow_kg_s * share, self.power_w * speed_power_share(share, self.floor_share)
