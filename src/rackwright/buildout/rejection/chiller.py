"""Electric chillers by three curves: capacity and electric input over temperatures, electric input over part load.

    capacity = reference capacity x capacity curve(leaving, condenser)
    part     = load / capacity
    power    = capacity / reference COP x input curve(leaving, condenser) x part-load curve(part) x share of time on

The form of EnergyPlus' Chiller:Electric:EIR (Hydeman and Gillespie, ASHRAE Transactions 108-1, 2002). Below the least
part load a machine cycles. All its power leaves through the condenser. The condenser's temperature is that of the
water, or air, that enters it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.figures import Status
from rackwright.physics.air import ZERO_C_K

Floats = NDArray[np.float64]

#: Capacity never falls to nothing, so that part loads stay numbers.
LEAST_CAPACITY_SHARE = 1e-3


@dataclass(frozen=True, slots=True)
class Biquadratic:
    """a + b x + c x2 + d y + e y2 + f x y, in degC of leaving water (x) and entering condenser (y).

    Beyond `x_range` and `y_range` the nearest end counts; results stay within `result_range` where it is given.
    """

    coefficients: tuple[float, float, float, float, float, float]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    result_range: tuple[float, float] = (0.0, 10.0)

    def at(self, leaving_k: ArrayLike, condenser_k: ArrayLike) -> Floats:
        """Value of the curve.

        >>> flat = Biquadratic((1.0, 0.1, 0.0, 0.0, 0.0, 0.0), (5.0, 10.0), (12.0, 35.0))
        >>> float(flat.at(273.15 + 7.0, 300.0)), float(flat.at(273.15 + 30.0, 300.0))
        (1.7000000000000002, 2.0)
        """
        x, y = self.within(leaving_k, condenser_k)
        a, b, c, d, e, f = self.coefficients
        return np.asarray(np.clip(a + x * (b + c * x + f * y) + y * (d + e * y), *self.result_range), dtype=np.float64)

    def within(self, leaving_k: ArrayLike, condenser_k: ArrayLike) -> tuple[Floats, Floats]:
        """The temperatures that count. [degC]"""
        x = np.clip(np.asarray(leaving_k, dtype=np.float64) - ZERO_C_K, *self.x_range)
        y = np.clip(np.asarray(condenser_k, dtype=np.float64) - ZERO_C_K, *self.y_range)
        return x, y


@dataclass(frozen=True, slots=True)
class ChillerCurves:
    """The curves of one machine, with its reference state, standing and source.

    Below `least_part` it cycles; below `least_unload` it draws what it would at that part, its surplus led round.
    """

    name: str
    condenser: Literal["water", "air"]
    reference_capacity_w: float
    reference_cop: float
    capacity: Biquadratic
    electric_input: Biquadratic
    part_load: tuple[float, float, float]
    least_part: float
    least_unload: float
    most_part: float
    reference_leaving_k: float
    reference_condenser_k: float
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Chiller:
    """Machines of one kind, `machines` of them equal, sized by `capacity_w` each at the curves' reference state.

    As many run as the load needs, with equal parts. `beyond` says what happens outside the curves' temperatures, where
    most warm-water plants are: `held` takes the nearest end, which is on the high side for power; `carnot` scales the
    electric input by the ideal machine's, with `inner_k` more lift inside the machine and never less than
    `least_lift_k`. A condenser hotter than the curves go always costs Carnot's share more, and capacity fades to
    nothing over `fade_k`, as a machine that cuts out on high pressure would. These three temperatures are assumed.
    """

    curves: ChillerCurves
    capacity_w: float
    machines: int = 1
    cop: float | None = None
    beyond: Literal["held", "carnot"] = "held"
    inner_k: float = 8.0
    least_lift_k: float = 12.0
    fade_k: float = 15.0

    def __post_init__(self) -> None:
        if self.capacity_w <= 0 or self.machines < 1:
            raise ValueError("a chiller needs a capacity above zero and at least one machine")

    @property
    def reference_w(self) -> float:
        """Power of all machines at full load in the reference state. [W]"""
        return self.machines * self.capacity_w / (self.cop or self.curves.reference_cop)

    def most_heat_w(self, leaving_k: ArrayLike, condenser_k: ArrayLike) -> Floats:
        """Heat that all machines can take at these temperatures. [W]"""
        return self.curves.most_part * self._capacity_w(leaving_k, condenser_k) * self.machines

    def power_w(self, heat_w: ArrayLike, leaving_k: ArrayLike, condenser_k: ArrayLike) -> Floats:
        """Electric power for a heat; more heat than `most_heat_w` is not taken. [W]"""
        heat = np.maximum(np.asarray(heat_w, dtype=np.float64), 0.0)
        capacity_w = self._capacity_w(leaving_k, condenser_k)
        running = np.clip(np.ceil(heat / capacity_w - 1e-9), 1.0, self.machines)
        part = np.minimum(heat / (running * capacity_w), self.curves.most_part)
        on_share = np.minimum(part / self.curves.least_part, 1.0)
        a, b, c = self.curves.part_load
        held = np.maximum(part, self.curves.least_unload)
        full_w = running * capacity_w / (self.cop or self.curves.reference_cop)
        by_part = np.maximum(a + held * (b + c * held), 0.0)
        return np.asarray(full_w * self._input_share(leaving_k, condenser_k) * by_part * on_share, dtype=np.float64)

    def _capacity_w(self, leaving_k: ArrayLike, condenser_k: ArrayLike) -> Floats:
        curve = self.curves.capacity
        too_hot_k = np.asarray(condenser_k, dtype=np.float64) - ZERO_C_K - curve.y_range[1]
        left = np.clip(1.0 - too_hot_k / self.fade_k, LEAST_CAPACITY_SHARE, 1.0)
        share = np.maximum(curve.at(leaving_k, condenser_k), LEAST_CAPACITY_SHARE)
        return np.asarray(self.capacity_w * share * left, dtype=np.float64)

    def _input_share(self, leaving_k: ArrayLike, condenser_k: ArrayLike) -> Floats:
        curve = self.curves.electric_input
        x, y = curve.within(leaving_k, condenser_k)
        held_leaving_k, held_condenser_k = x + ZERO_C_K, y + ZERO_C_K
        here = self._ideal_input(held_leaving_k, np.maximum(held_condenser_k, condenser_k))
        if self.beyond == "carnot":
            here = self._ideal_input(np.asarray(leaving_k, dtype=np.float64), np.asarray(condenser_k, dtype=np.float64))
        ideal = here / self._ideal_input(held_leaving_k, held_condenser_k)
        return np.asarray(curve.at(leaving_k, condenser_k) * ideal, dtype=np.float64)

    def _ideal_input(self, leaving_k: Floats, condenser_k: Floats) -> Floats:
        """Electric input over heat of Carnot's machine."""
        return np.maximum(condenser_k - leaving_k + self.inner_k, self.least_lift_k) / leaving_k
