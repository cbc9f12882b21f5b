"""The curve of a catalogue's shelf: through its own points where they are a device's, else what can be said of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.program.sections.parts import Shelf
from rackwright.rack.power.supplies.certification import certified_as
from rackwright.rack.power.supplies.curves import (
    Curve,
    MeasuredCurve,
    PolynomialLoss,
    SplineLoss,
    fit_polynomial,
    fit_spline,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StraightEfficiency:
    """Efficiency read straight between points and held beyond them: for points that are no device's curve."""

    rated_w: float
    load_shares: tuple[float, ...]
    efficiencies: tuple[float, ...]

    def loss_w(self, output_w: ArrayLike) -> Floats:
        """Loss while it is on; none at no load.

        >>> float(StraightEfficiency(1000.0, (0.5, 1.0), (0.8, 0.9)).loss_w(1000.0 * 0.75).round(9))
        132.352941176
        """
        output = np.asarray(output_w, np.float64)
        efficiency = np.interp(output / self.rated_w, self.load_shares, self.efficiencies)
        return np.asarray(output * (1 / efficiency - 1))


@dataclass(frozen=True, slots=True)
class ShelfCurve:
    """Loss of one supply of a shelf against its output.

    `polynomial` is a + b P + c P^2 with coefficients of zero or more, fitted to the same points; its residual says how
    far three coefficients are from the device. `problem` is empty where the points are a device's own curve.
    """

    curve: Curve
    polynomial: PolynomialLoss | None = None
    problem: str = ""

    def bank_loss_w(self, output_w: float, supplies: int) -> float:
        """Loss of `supplies` that share an output evenly; none installed lose nothing."""
        return supplies * float(self.curve.loss_w(output_w / supplies)) if supplies else 0.0

    def efficiency(self, output_w: float, supplies: int) -> float:
        """Output over input; without an output that of the first watt that is given."""
        output = max(output_w, 1e-6 * self.curve.rated_w)
        return output / (output + self.bank_loss_w(output, max(supplies, 1)))


def shelf_curve(shelf: Shelf) -> ShelfCurve:
    """The monotone curve through a shelf's own points.

    A certification's row (80 PLUS) bounds devices and is fitted by nothing: its points, a single point, and points that
    no device has are read straight, and `problem` says so.

    >>> from rackwright.program.sections.parts import EfficiencyPoint
    >>> points = [(0.1, 0.9), (0.2, 0.94), (0.5, 0.96), (1.0, 0.91)]  # 80 PLUS Titanium, 230 V internal redundant
    >>> rows = tuple(EfficiencyPoint.model_construct(load_share=x, efficiency=e) for x, e in points)
    >>> shelf_curve(Shelf.model_construct(name="mine", psu_w=3000.0, efficiency=rows)).problem
    'its points are the row of 80 PLUS Titanium 230 V internal redundant: the least that a device must reach'
    """
    shares = tuple(point.load_share for point in shelf.efficiency)
    efficiencies = tuple(point.efficiency for point in shelf.efficiency)
    straight = StraightEfficiency(shelf.psu_w, shares, efficiencies)
    row = certified_as(shares, efficiencies)
    if row is not None:
        return ShelfCurve(straight, None, f"its points are the row of {row.name}: the least that a device must reach")
    if len(shares) < 2:
        return ShelfCurve(straight, None, "one efficiency alone is no curve: it is taken at every load")
    try:
        own = MeasuredCurve(shelf.psu_w, shares, efficiencies, what=shelf.name or "the shelf")
        return ShelfCurve(fit_spline(own), fit_polynomial(own))
    except ValueError as error:
        return ShelfCurve(straight, None, str(error))


#: Least and full input over the feed's own voltage, where a shelf states none. Assumed.
USUAL_INPUT_SHARES = (0.8, 0.9)


def input_shares(shelf: Shelf, feed_v: float) -> tuple[float, float]:
    """Least input of a shelf's supplies, and that from which they give full power, over the feed's own; phase to neutral.

    Between the two the power falls with the voltage. Three supplies between phases have the same shares of their own
    nominal input. `feed_v` is line to line.

    >>> bare = Shelf.model_construct(input_least_v=180.0, input_full_v=218.0)
    >>> [round(share, 2) for share in input_shares(bare, 480.0)], [round(share, 2) for share in input_shares(bare, 415.0)]
    ([0.65, 0.79], [0.75, 0.91])
    """
    phase_v = feed_v / math.sqrt(3)
    usual_least, usual_full = USUAL_INPUT_SHARES
    full = min(shelf.input_full_v / phase_v, 1.0) if shelf.input_full_v else usual_full
    least = min(shelf.input_least_v / phase_v, 1.0) if shelf.input_least_v else usual_least
    return min(least, full), full


def pulse_share(shelf: Shelf) -> float:
    """Most current of a shelf's supplies over their rating, however briefly."""
    return max((point.load_share for point in shelf.overloads), default=1.0)


def curve_text(found: ShelfCurve) -> str:
    """What was fitted, and how far off it is."""
    if found.polynomial is None or not isinstance(found.curve, SplineLoss):
        return f"{found.problem}; efficiency is read straight between the points"
    off = found.polynomial.residual
    return (
        "monotone curve through the shelf's own points, which it meets; "
        f"a + b P + c P^2 with a = {found.polynomial.a_w:.3g} W, b = {found.polynomial.b:.3g}, "
        f"c = {found.polynomial.c_per_w:.3g} /W instead: {off}"
    )
