"""Cold plates: thermal resistance from case to coolant inlet against the flow through the plate.

The convention is that of the OCP OAI System Liquid Cooling Guidelines (March 2023):
R = (case temperature - inlet temperature) / heat. A curve is measured points; nothing is read beyond its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Exponents among which a plate's smooth law is sought; turbulent film 0.8, laminar development 0.3 to 1, bulk 1.
EXPONENTS = (0.2, 4.0)
#: Worst misfit of a measured point beyond which the smooth law is refused: digitised curves are good to about this.
MOST_MISFIT_SHARE = 0.02
#: Fewest points that leave the law's three constants something to miss.
FEWEST_POINTS = 4


def resistance_at_k_w(flow_m3_s: float, flows_m3_s: Sequence[float], resistances_k_w: Sequence[float]) -> float:
    """Resistance at a flow, read linearly in flow between measured points.

    Above the last point the last resistance holds (more flow cools no better that anyone has measured); below the
    first point nothing was measured, and the answer is infinity.

    >>> resistance_at_k_w(1.2, [1.0, 1.4], [0.0245, 0.0220])
    0.02325
    >>> resistance_at_k_w(0.3, [1.0, 1.4], [0.0245, 0.0220])
    inf
    """
    if flow_m3_s < flows_m3_s[0] * (1 - 1e-12):
        return float("inf")
    return float(np.interp(flow_m3_s, flows_m3_s, resistances_k_w))


def flow_for_resistance_m3_s(
    resistance_k_w: float, flows_m3_s: Sequence[float], resistances_k_w: Sequence[float]
) -> float:
    """Least flow at which the plate's resistance is at most `resistance_k_w`.

    The inverse of `resistance_at_k_w` on its falling curve. The first point's flow where even that has less
    resistance than asked for; infinity where no measured point has so little.

    >>> round(flow_for_resistance_m3_s(0.02325, [1.0, 1.4], [0.0245, 0.0220]), 6)
    1.2
    >>> flow_for_resistance_m3_s(0.0219, [1.0, 1.4], [0.0245, 0.0220])
    inf
    """
    if resistance_k_w >= resistances_k_w[0]:
        return flows_m3_s[0]
    if resistance_k_w < resistances_k_w[-1]:
        return float("inf")
    after = next(number for number, value in enumerate(resistances_k_w) if value <= resistance_k_w)
    before = after - 1
    fall = resistances_k_w[before] - resistances_k_w[after]
    way = (resistances_k_w[before] - resistance_k_w) / fall
    return flows_m3_s[before] + way * (flows_m3_s[after] - flows_m3_s[before])


def case_k(inlet_k: float, heat_w: float, resistance_k_w: float) -> float:
    """Case temperature of a chip that hands `heat_w` to its plate.

    >>> case_k(318.15, 1000.0, 0.0245) - 273.15  # degC, 1 kW at 1 L/min and 45 degC supply
    69.5
    """
    return inlet_k if heat_w <= 0 else inlet_k + heat_w * resistance_k_w


@dataclass(frozen=True, slots=True)
class SmoothPlate:
    """A plate's curve as one smooth law: floor + part x (first_flow / flow)^exponent, between the measured ends.

    Make it by `smooth_plate`. `worst_misfit_share` is the largest distance of a measured point from the law, as a
    share of the point.
    """

    floor_k_w: float
    part_k_w: float
    exponent: float
    first_flow_m3_s: float
    last_flow_m3_s: float
    worst_misfit_share: float

    def resistance_k_w(self, flow_m3_s: ArrayLike) -> NDArray[np.float64]:
        """Resistance at flows: held above the last measured one, infinity below the first, as `resistance_at_k_w`."""
        flow = np.asarray(flow_m3_s, dtype=np.float64)
        relative = np.clip(flow, self.first_flow_m3_s, self.last_flow_m3_s) / self.first_flow_m3_s
        inside = self.floor_k_w + self.part_k_w * relative**-self.exponent
        return np.where(flow < self.first_flow_m3_s * (1 - 1e-12), np.inf, inside)

    def slope_k_s_w_m3(self, flow_m3_s: ArrayLike) -> NDArray[np.float64]:
        """Derivative of the resistance by flow: below zero between the measured ends, zero beyond. [K/W per m³/s]"""
        flow = np.asarray(flow_m3_s, dtype=np.float64)
        inside = (flow >= self.first_flow_m3_s * (1 - 1e-12)) & (flow <= self.last_flow_m3_s)
        safe = np.where(inside, flow, self.first_flow_m3_s)
        falling = self.part_k_w * (safe / self.first_flow_m3_s) ** -self.exponent
        return np.where(inside, -self.exponent * falling / safe, 0.0)


def smooth_plate(
    flows_m3_s: Sequence[float],
    resistances_k_w: Sequence[float],
    *,
    most_misfit_share: float = MOST_MISFIT_SHARE,
) -> SmoothPlate:
    """The smooth law of a plate's measured points, by least squares of the relative misfit.

    The floor is conduction through base and interface, the part that falls with flow is film and warming of the
    coolant. For each exponent floor and part follow from a linear fit; the exponent is the one that misses least.

    Raises
    ------
    ValueError
        If there are fewer than four points, or the law misses one by more than `most_misfit_share`: keep the points.

    Examples
    --------
    The published curve of a 1 kW module (OCP OAI guidelines, figure 7), in L/min:

    >>> plate = smooth_plate([0.4, 0.6, 0.8, 1.0, 1.4, 2.0], [0.0389, 0.0300, 0.0265, 0.0245, 0.0220, 0.0204])
    >>> round(plate.floor_k_w, 4), round(plate.exponent, 2), round(plate.worst_misfit_share, 3)
    (0.0177, 1.27, 0.01)
    """
    from scipy.optimize import minimize_scalar

    if len(flows_m3_s) < FEWEST_POINTS:
        raise ValueError(f"{len(flows_m3_s)} points: a smooth law of three constants needs {FEWEST_POINTS} or more")
    measured = np.asarray(resistances_k_w, dtype=np.float64)
    relative = np.asarray(flows_m3_s, dtype=np.float64) / flows_m3_s[0]

    def fit(exponent: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shares = np.stack([1.0 / measured, relative**-exponent / measured], axis=1)
        solved, *_ = np.linalg.lstsq(shares, np.ones_like(measured), rcond=None)
        constants = np.asarray(solved, dtype=np.float64)
        return constants, np.asarray(shares @ constants - 1.0, dtype=np.float64)

    found = minimize_scalar(
        lambda exponent: float(np.sum(fit(exponent)[1] ** 2)),
        bounds=EXPONENTS,
        method="bounded",
        options={"xatol": 1e-9},
    )
    constants, misfits = fit(float(found.x))
    worst = float(np.max(np.abs(misfits)))
    if worst > most_misfit_share:
        raise ValueError(f"the smooth law misses a measured point by {worst:.1%}: keep the points")
    return SmoothPlate(float(constants[0]), float(constants[1]), float(found.x), flows_m3_s[0], flows_m3_s[-1], worst)
