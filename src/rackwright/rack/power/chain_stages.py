"""Loss curves of what stands between the utility and the rack: transformers, conductors, UPS."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.physics.conductors import resistivity_ohm_m
from rackwright.rack.power.supplies.curves import Curve, PolynomialLoss

Floats = NDArray[np.float64]


def transformer(rated_va: float, no_load_w: float, load_loss_w: float, power_factor: float = 1.0) -> PolynomialLoss:
    """No-load loss, and load loss with the square of the apparent power; `load_loss_w` at `rated_va`.

    The winding's temperature is that of the stated load loss at every load, which errs on the high side below it.

    >>> oil = transformer(2.5e6, 2000.0, 18000.0)
    >>> float(oil.loss_w(1.25e6))  # 2,000 + 18,000 / 4
    6500.0
    """
    rated_w = rated_va * power_factor
    return PolynomialLoss(rated_w, no_load_w, 0.0, load_loss_w / rated_w**2)


def transformer_from_two(
    rated_va: float, first: tuple[float, float], second: tuple[float, float], power_factor: float = 1.0
) -> PolynomialLoss:
    """From efficiency at two loads, each (share of the rating, efficiency): two equations for two losses.

    Raises
    ------
    ValueError
        Where no transformer has both efficiencies: one of the two losses would be below zero.

    Examples
    --------
    >>> made = transformer_from_two(1e6, (0.5, 0.99), (1.0, 0.9885))
    >>> round(float(made.efficiency(1e6)), 6), round(float(made.efficiency(0.5e6)), 6)
    (0.9885, 0.99)
    """
    rated_w = rated_va * power_factor
    (x1, e1), (x2, e2) = first, second
    if not (x1 > 0 and x2 > 0 and x1 != x2 and 0 < e1 < 1 and 0 < e2 < 1):
        raise ValueError(f"{first} and {second} are not efficiencies between 0 and 1 at two different loads")
    loss1, loss2 = x1 * rated_w * (1 / e1 - 1), x2 * rated_w * (1 / e2 - 1)
    load_loss_w = (loss2 - loss1) / (x2**2 - x1**2)
    no_load_w = loss1 - load_loss_w * x1**2
    if load_loss_w < 0 or no_load_w < 0:
        raise ValueError(
            f"{e1:.2%} at {x1:.0%} and {e2:.2%} at {x2:.0%}: no-load loss {no_load_w:.0f} W, load loss "
            f"{load_loss_w:.0f} W; neither can be below zero"
        )
    return transformer(rated_va, no_load_w, load_loss_w, power_factor)


def transformer_from_best(
    rated_va: float, efficiency: float, best_share: float, power_factor: float = 1.0
) -> PolynomialLoss:
    """From one efficiency at a stated load, taken as its best: no-load and load loss are equal there.

    So are the US rules stated: least efficiency of distribution transformers at 50 % load (10 CFR 431.196, medium
    voltage; 35 % for low-voltage dry types). That the best load is the stated one is assumed.

    >>> made = transformer_from_best(2.5e6, 0.9953, 0.5)
    >>> round(float(made.efficiency(1.25e6)), 6), made.a_w == made.c_per_w * 1.25e6**2
    (0.9953, True)
    """
    at_w = best_share * rated_va * power_factor
    half_w = 0.5 * at_w * (1 / efficiency - 1)
    return transformer(rated_va, half_w, half_w / best_share**2, power_factor)


def transformer_from_full(
    rated_va: float, efficiency: float, best_share: float, power_factor: float = 1.0
) -> PolynomialLoss:
    """From the efficiency at rated load and the load at which it is best (no-load and load loss equal there).

    >>> made = transformer_from_full(2.5e6, 0.99, 0.5)
    >>> round(float(made.efficiency(2.5e6)), 9), round(made.best_w)
    (0.99, 1250000)
    """
    full_w = rated_va * power_factor * (1 / efficiency - 1)
    load_loss_w = full_w / (1 + best_share**2)
    return transformer(rated_va, full_w - load_loss_w, load_loss_w, power_factor)


@dataclass(frozen=True, slots=True)
class ConductorLoss:
    """I2R of a run at a fixed sending voltage, exact for the output at its far end.

    `ohm` is there and back for direct current, of one phase for three-phase (line to line `volt`). Three-phase
    current is taken balanced, the power factor as at the sending end; the reactance's drop moves no watts.
    """

    volt: float
    ohm: float
    rated_w: float
    power_factor: float = 1.0

    @property
    def most_w(self) -> float:
        """The most that can come out: V^2 / 4R."""
        return (self.volt * self.power_factor) ** 2 / (4 * self.ohm) if self.ohm > 0 else math.inf

    def loss_w(self, output_w: ArrayLike) -> Floats:
        """Loss R (input / V)^2 for what comes out.

        >>> run = ConductorLoss(800.0, 0.016, 100e3)
        >>> round(float(run.loss_w(799.0 * 62.5)), 6)  # 62.5 A x 16 mohm falls by 1 V of 800: 62.5^2 x 0.016
        62.5
        """
        output = np.asarray(output_w, np.float64)
        share = output / self.most_w
        if (share > 1).any():
            raise ValueError(f"{np.max(output):g} W is beyond the {self.most_w:g} W that {self.volt:g} V can give here")
        total = 2 * output / (1 + np.sqrt(1 - share))
        return np.asarray(self.ohm * (total / (self.volt * self.power_factor)) ** 2)

    def drop_share(self, output_w: float) -> float:
        """Fall of the voltage (of its resistive part for three-phase) over the sending voltage.

        >>> round(ConductorLoss(800.0, 0.016, 100e3).drop_share(799.0 * 62.5), 9)
        0.00125
        """
        total = output_w + float(self.loss_w(output_w))
        return self.ohm * total / (self.volt * self.power_factor) ** 2


@dataclass(frozen=True, slots=True)
class Run:
    """Wires of one section: `wires` that carry the current, `spare_wires` that do not (earth, neutral)."""

    length_m: float
    section_m2: float
    wires: int = 2
    spare_wires: int = 0
    conductor: str = "copper"
    temperature_k: float = 348.15

    @property
    def wire_ohm(self) -> float:
        """One wire, one way."""
        return resistivity_ohm_m(self.conductor, self.temperature_k) * self.length_m / self.section_m2

    @property
    def metal_m3(self) -> float:
        """All wires."""
        return (self.wires + self.spare_wires) * self.section_m2 * self.length_m


def direct_run(run: Run, volt: float, rated_w: float) -> ConductorLoss:
    """A two-wire run: resistance there and back.

    >>> round(direct_run(Run(5.0, 100e-6, temperature_k=293.15), 800.0, 50e3).ohm * 1e3, 4)  # mohm: 10 m of 100 mm2
    1.7241
    """
    return ConductorLoss(volt, 2 * run.wire_ohm, rated_w)


def three_phase_run(run: Run, line_v: float, rated_w: float, power_factor: float = 1.0) -> ConductorLoss:
    """A three-wire run: resistance of one phase.

    >>> made = three_phase_run(Run(10.0, 100e-6, wires=3, temperature_k=293.15), 415.0, 50e3)
    >>> round(float(made.loss_w(50e3)), 1)  # 3 x 69.7^2 A x 1.724 mohm
    25.1
    """
    return ConductorLoss(line_v, run.wire_ohm, rated_w, power_factor)


@dataclass(frozen=True, slots=True)
class Ups:
    """A UPS by its modes: always converting twice, or feeding straight through while the utility is good."""

    double_conversion: Curve
    eco: Curve | None = None

    def curve(self, mode: str) -> Curve:
        """Loss curve of "double conversion" or "eco"."""
        if mode == "double conversion":
            return self.double_conversion
        if mode == "eco" and self.eco is not None:
            return self.eco
        raise ValueError(f"UPS mode {mode!r} is not 'double conversion' or an 'eco' whose curve is given")
