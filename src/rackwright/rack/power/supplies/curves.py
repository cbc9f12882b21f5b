"""Loss of a supply against its output: a polynomial that no device can break, or a monotone curve through its points.

All curves answer `loss_w(output_w)`, `input_w(output_w)` and `efficiency(output_w)` for numbers or arrays, are
increasing in their input power, and lose nothing less than zero: their efficiency is below 1 everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.power.supplies.certification import Certification, certified_as

Floats = NDArray[np.float64]


class Curve(Protocol):
    """What a stage of the chain and a bank of supplies want of a device."""

    @property
    def rated_w(self) -> float:
        """Rated output."""
        ...

    def loss_w(self, output_w: ArrayLike) -> Floats:
        """Loss while it is on."""
        ...


@dataclass(frozen=True, slots=True)
class MeasuredCurve:
    """A device's own efficiency at shares of its rated output, from its data sheet or a test.

    `no_load_w` is what it draws while it is on and gives nothing, where known.
    """

    rated_w: float
    load_shares: tuple[float, ...]
    efficiencies: tuple[float, ...]
    no_load_w: float | None = None
    what: str = "the device"
    standing: str = "user"
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no curve, all problems at once."""
        problems = list(_problems(self))
        if problems:
            raise ValueError(f"{self.what}: " + "; ".join(problems))

    @property
    def output_w(self) -> Floats:
        """Output at the load points."""
        return self.rated_w * np.asarray(self.load_shares, np.float64)

    @property
    def loss_w(self) -> Floats:
        """Loss at the load points: P (1 / efficiency - 1).

        >>> MeasuredCurve(1000.0, (0.5, 1.0), (0.96, 0.95)).loss_w.round(3).tolist()
        [20.833, 52.632]
        """
        return self.output_w * (1 / np.asarray(self.efficiencies, np.float64) - 1)


@dataclass(frozen=True, slots=True)
class Residual:
    """How far a curve is from the points that it was fitted to: watts, and efficiency in percentage points."""

    worst_w: float
    rms_w: float
    worst_points: float
    rms_points: float
    worst_at_share: float

    def __str__(self) -> str:
        """As it is printed."""
        return (
            f"residual: worst {self.worst_w:.3g} W and {self.worst_points:.2g} efficiency points "
            f"(at {self.worst_at_share:.0%} load), rms {self.rms_w:.3g} W and {self.rms_points:.2g} points"
        )


@dataclass(frozen=True, slots=True)
class PolynomialLoss:
    """Loss = a + b P + c P^2 of the output P: what is always there, what goes with voltage drops, what with ohms.

    >>> rectifier = PolynomialLoss(rated_w=1000.0, a_w=10.0, b=0.01, c_per_w=2e-5)
    >>> float(rectifier.loss_w(500.0)), round(float(rectifier.efficiency(500.0)), 4)
    (20.0, 0.9615)
    """

    rated_w: float
    a_w: float
    b: float
    c_per_w: float
    residual: Residual | None = None
    standing: str = "user"
    source: str = ""

    def __post_init__(self) -> None:
        """Only coefficients of zero or more are losses."""
        for name, value in (("a_w", self.a_w), ("b", self.b), ("c_per_w", self.c_per_w)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}, not a finite number of zero or more")
        if not self.rated_w > 0:
            raise ValueError(f"rated_w is {self.rated_w}, not above zero")

    def loss_w(self, output_w: ArrayLike) -> Floats:
        """Loss while it is on."""
        output = np.asarray(output_w, np.float64)
        return self.a_w + output * (self.b + output * self.c_per_w)

    def input_w(self, output_w: ArrayLike) -> Floats:
        """Output and loss."""
        return np.asarray(output_w, np.float64) + self.loss_w(output_w)

    def efficiency(self, output_w: ArrayLike) -> Floats:
        """Output over input; 0 where nothing is given."""
        return _efficiency(self, output_w)

    @property
    def best_w(self) -> float:
        """Output of the highest efficiency: sqrt(a / c); the rating where the curve only rises.

        >>> round(PolynomialLoss(1000.0, 10.0, 0.01, 4e-5).best_w, 6)
        500.0
        """
        return min(math.sqrt(self.a_w / self.c_per_w), self.rated_w) if self.c_per_w > 0 else self.rated_w

    def per_ampere(self, volt: float) -> tuple[float, float, float]:
        """(a, b, c) of a + b i + c i^2 for the network's sources, exact at a constant output voltage.

        >>> PolynomialLoss(1000.0, 10.0, 0.01, 2e-5).per_ampere(50.0)
        (10.0, 0.5, 0.05)
        """
        return self.a_w, self.b * volt, self.c_per_w * volt * volt


def affine_loss(
    rated_w: float, a_w: float, efficiency: float, *, standing: str = "user", source: str = ""
) -> PolynomialLoss:
    """Input = (output + a) / efficiency, the form in which ExaDigiT/RAPS keeps its rectifiers.

    >>> rectifier = affine_loss(13670.0, 17.0, 0.96)
    >>> round(float(rectifier.input_w(9600.0)), 3)  # (9600 + 17) / 0.96
    10017.708
    """
    if not 0 < efficiency <= 1:
        raise ValueError(f"efficiency is {efficiency}, not above 0 and up to 1")
    return PolynomialLoss(rated_w, a_w / efficiency, 1 / efficiency - 1, 0.0, standing=standing, source=source)


def constant_efficiency(
    rated_w: float, efficiency: float, *, standing: str = "user", source: str = ""
) -> PolynomialLoss:
    """A device of which nothing is known but one efficiency: the same at every load, which no device has.

    >>> round(float(constant_efficiency(1000.0, 0.98).loss_w(490.0)), 9)
    10.0
    """
    return affine_loss(rated_w, 0.0, efficiency, standing=standing, source=source)


def fit_polynomial(curve: MeasuredCurve, *, weigh: str = "efficiency") -> PolynomialLoss:
    """a, b and c of zero or more, by non-negative least squares on the device's own points.

    Two points tell two coefficients: a and b, or b and c where the loss grows faster than the output.

    Parameters
    ----------
    weigh : "efficiency" or "watts"
        Squares of efficiency errors (each point counts as its data sheet shows it) or of watts (full load rules).

    Raises
    ------
    ValueError
        For a certification's row: it is what devices must reach, not what one does.

    Examples
    --------
    >>> shares = (0.1, 0.2, 0.5, 1.0)
    >>> true = PolynomialLoss(3000.0, 12.0, 0.008, 5e-6)
    >>> points = tuple(float(true.efficiency(3000.0 * x)) for x in shares)
    >>> fitted = fit_polynomial(MeasuredCurve(3000.0, shares, points))
    >>> round(fitted.a_w, 6), round(fitted.b, 9), round(fitted.c_per_w * 1e6, 6)
    (12.0, 0.008, 5.0)
    """
    from scipy.optimize import nnls

    refuse_certification(curve)
    if weigh not in ("efficiency", "watts"):
        raise ValueError(f"weigh is {weigh!r}, not 'efficiency' or 'watts'")
    share, loss, weight = _points(curve, weigh)
    columns = np.stack([np.ones_like(share), share, share**2], axis=1)
    used = _used(share, loss)
    found = np.zeros(3)
    found[used], _ = nnls(columns[:, used] * weight[:, None], loss / curve.rated_w * weight)
    a, b, c = found.tolist()
    fitted = PolynomialLoss(
        rated_w=curve.rated_w,
        a_w=a * curve.rated_w,
        b=b,
        c_per_w=c / curve.rated_w,
        standing=curve.standing,
        source=curve.source,
    )
    return replace(fitted, residual=residual_of(fitted, curve))


def fit_current_loss(curve: MeasuredCurve, no_load_v: float, droop_ohm: float) -> tuple[float, float, float]:
    """(a, b, c) of a + b i + c i^2 where the output voltage falls with the current, by the same fit in amperes.

    At each point the current solves P = i (V - R i). Efficiency errors are weighed.

    >>> curve = MeasuredCurve(5000.0, (0.1, 0.5, 1.0), (0.94, 0.97, 0.96))
    >>> flat = fit_polynomial(curve).per_ampere(50.0)
    >>> [round(x, 6) for x in fit_current_loss(curve, 50.0, 0.0)] == [round(x, 6) for x in flat]
    True
    """
    from scipy.optimize import nnls

    refuse_certification(curve)
    share, loss, weight = _points(curve, "efficiency")
    output = share * curve.rated_w
    room = no_load_v**2 - 4 * droop_ohm * output
    if (room < 0).any():
        raise ValueError(f"{curve.what}: {no_load_v:g} V behind {droop_ohm:g} ohm cannot give its load points")
    current = 2 * output / (no_load_v + np.sqrt(room))
    top = curve.rated_w / no_load_v
    columns = np.stack([np.ones_like(current), current / top, (current / top) ** 2], axis=1)
    (a, b, c), _ = nnls(columns * weight[:, None], loss * weight)
    return float(a), float(b / top), float(c / top**2)


@dataclass(frozen=True, slots=True, eq=False)
class SplineLoss:
    """Loss through a device's points by a monotone cubic (PCHIP; Fritsch, Butland, SIAM J. Sci. Stat. Comput. 5, 1984).

    Between two points the loss stays between theirs, so efficiency is below 1; it never falls as fast as the output
    rises, so input power rises. Below the first point it runs to the draw at no load; beyond the last it goes on
    straight.
    """

    rated_w: float
    output_points_w: Floats
    loss_points_w: Floats
    slopes: Floats
    residual: Residual | None = None
    #: Whether the draw at no load was the device's own or taken from the polynomial fit.
    no_load_standing: str = "user"
    standing: str = "user"
    source: str = ""

    def loss_w(self, output_w: ArrayLike) -> Floats:
        """Loss while it is on."""
        output = np.asarray(output_w, np.float64)
        x, y, slope = self.output_points_w, self.loss_points_w, self.slopes
        inside = np.clip(output, 0.0, x[-1])
        at = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
        step = x[at + 1] - x[at]
        t = (inside - x[at]) / step
        bend = step * t * (1 - t) * (slope[at] * (1 - t) - slope[at + 1] * t)
        between = y[at] * (1 + 2 * t) * (1 - t) ** 2 + y[at + 1] * t * t * (3 - 2 * t) + bend
        return np.asarray(between + np.maximum(output - x[-1], 0.0) * max(slope[-1], 0.0))

    def input_w(self, output_w: ArrayLike) -> Floats:
        """Output and loss."""
        return np.asarray(output_w, np.float64) + self.loss_w(output_w)

    def efficiency(self, output_w: ArrayLike) -> Floats:
        """Output over input; 0 where nothing is given."""
        return _efficiency(self, output_w)


def fit_spline(curve: MeasuredCurve) -> SplineLoss:
    """The monotone curve through a device's own points.

    Where the device's draw at no load is unknown, that of its polynomial fit is taken, no more than the loss at the
    first point; `no_load_standing` then says "estimate".

    Raises
    ------
    ValueError
        For a certification's row, and where the loss falls by a third or more of the output's rise: no device does.

    Examples
    --------
    >>> curve = MeasuredCurve(3000.0, (0.1, 0.2, 0.5, 1.0), (0.945, 0.966, 0.975, 0.965))
    >>> fitted = fit_spline(curve)
    >>> [round(float(fitted.efficiency(3000.0 * x)), 6) for x in (0.1, 0.2, 0.5, 1.0)]
    [0.945, 0.966, 0.975, 0.965]
    >>> fitted.no_load_standing
    'estimate'
    """
    refuse_certification(curve)
    known = curve.no_load_w
    no_load_w = min(fit_polynomial(curve).a_w, float(curve.loss_w[0])) if known is None else known
    output, loss = np.append(0.0, curve.output_w), np.append(no_load_w, curve.loss_w)
    rises = np.diff(loss) / np.diff(output)
    if (rises <= -1 / 3).any():
        at = curve.load_shares[int(np.argmin(rises))]
        raise ValueError(f"{curve.what}: the loss falls by a third of the output's rise up to {at:.0%} load, or more")
    made = SplineLoss(
        rated_w=curve.rated_w,
        output_points_w=output,
        loss_points_w=loss,
        slopes=_slopes(output, loss),
        no_load_standing="estimate" if known is None else curve.standing,
        standing=curve.standing,
        source=curve.source,
    )
    return replace(made, residual=residual_of(made, curve))


def residual_of(fitted: Curve, curve: MeasuredCurve) -> Residual:
    """How far `fitted` is from the points of `curve`."""
    off_w = fitted.loss_w(curve.output_w) - curve.loss_w
    points = 100 * (curve.output_w / (curve.output_w + fitted.loss_w(curve.output_w)) - np.asarray(curve.efficiencies))
    worst = int(np.argmax(np.abs(points)))
    return Residual(
        worst_w=float(np.max(np.abs(off_w))),
        rms_w=float(np.sqrt(np.mean(off_w**2))),
        worst_points=float(np.max(np.abs(points))),
        rms_points=float(np.sqrt(np.mean(points**2))),
        worst_at_share=curve.load_shares[worst],
    )


def refuse_certification(curve: MeasuredCurve) -> None:
    """Raise where a curve's points are those of a known certification."""
    row = certified_as(curve.load_shares, curve.efficiencies)
    if row is not None:
        raise ValueError(_refusal(curve, row))


def _refusal(curve: MeasuredCurve, row: Certification) -> str:
    return (
        f"{curve.what}: these points are the row of {row.name}, the least that a device must reach; "
        "no loss is fitted to it. Give the device's own efficiency at its load points "
        "(and compare it by bound_check)"
    )


def _points(curve: MeasuredCurve, weigh: str) -> tuple[Floats, Floats, Floats]:
    """Shares, losses and weights, with the point at no load where it is known."""
    share, loss = np.asarray(curve.load_shares, np.float64), curve.loss_w
    weight = np.ones_like(share)
    if weigh == "efficiency":
        weight = np.asarray(curve.efficiencies, np.float64) ** 2 / share  # d efficiency / d (loss / rating)
    if curve.no_load_w is not None:
        share, loss = np.append(0.0, share), np.append(curve.no_load_w, loss)
        weight = np.append(weight.max(), weight)
    return share, loss, weight


def _used(share: Floats, loss: Floats) -> list[int]:
    """Which of a, b, c the points can tell: all of three points; of two, a line, or without a where it would be below 0.

    >>> _used(np.array([0.5, 1.0]), np.array([10.0, 15.0])), _used(np.array([0.5, 1.0]), np.array([10.0, 25.0]))
    ([0, 1], [1, 2])
    """
    if len(share) > 2:
        return [0, 1, 2]
    slope = (loss[1] - loss[0]) / (share[1] - share[0])
    return [0, 1] if loss[0] - slope * share[0] >= -1e-12 * abs(loss[0]) else [1, 2]


def _slopes(x: Floats, y: Floats) -> Floats:
    """Slopes of the monotone cubic at its points: weighted harmonic means inside, none at a turn."""
    step = np.diff(x)
    rise = np.diff(y) / step
    slope = np.empty_like(x)
    slope[0], slope[-1] = rise[0], rise[-1]
    first, second = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    same = rise[:-1] * rise[1:] > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (first + second) / (first / rise[:-1] + second / rise[1:])
    slope[1:-1] = np.where(same, mean, 0.0)
    if len(x) > 2:
        slope[-1] = _end_slope(step[-1], step[-2], rise[-1], rise[-2])
    return slope


def _end_slope(step: float, before: float, rise: float, rise_before: float) -> float:
    """Three-point slope at the last point, of its piece's sign and at most three times its piece's slope."""
    slope = ((2 * step + before) * rise - step * rise_before) / (step + before)
    if slope * rise <= 0:
        return 0.0
    return slope if abs(slope) <= 3 * abs(rise) else 3 * rise


def _efficiency(curve: Curve, output_w: ArrayLike) -> Floats:
    output = np.asarray(output_w, np.float64)
    total = output + curve.loss_w(output)
    return np.divide(output, total, out=np.zeros_like(total), where=total > 0)


def _problems(curve: MeasuredCurve) -> Sequence[str]:
    found = []
    shares, efficiencies = curve.load_shares, curve.efficiencies
    if not (math.isfinite(curve.rated_w) and curve.rated_w > 0):
        found.append(f"rated_w is {curve.rated_w}, not a finite number above zero")
    if len(shares) != len(efficiencies) or len(shares) < 2:
        found.append(f"{len(shares)} load points and {len(efficiencies)} efficiencies; two pairs at least are wanted")
        return found
    if not all(math.isfinite(x) and x > 0 for x in shares) or list(shares) != sorted(set(shares)):
        found.append("load points must rise from above zero")
    outside = [e for e in efficiencies if not 0 < e < 1]
    if outside:
        found.append(f"efficiency {outside[0]} is not between 0 and 1")
    if curve.no_load_w is not None and not curve.no_load_w >= 0:
        found.append(f"no_load_w is {curve.no_load_w}, not zero or more")
    if not found:
        start_w = curve.no_load_w or 0.0
        inputs = np.append(start_w, curve.output_w / np.asarray(efficiencies))
        if (np.diff(inputs) <= 0).any():
            at = int(np.argmax(np.diff(inputs) <= 0))
            found.append(f"input power does not rise up to {shares[at]:.0%} load: no device gives more for less")
    return found
