"""Plus and minus 400 VDC on three wires: the mid-point's current under unequal halves, and what a lost pole leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bipolar:
    """A feeder of three wires: each pole's source at no load and its droop, and the wires' resistance, one way."""

    pole_v: float = 410.0
    droop_ohm: float = 0.0
    pole_ohm: float = 0.0
    mid_ohm: float = 0.0


@dataclass(frozen=True, slots=True)
class BipolarSolution:
    """Voltages at the load's end, currents of the three wires, and the power that loads get.

    `mid_a` is positive where the upper half draws more: it flows back to the source. `shift_v` is the load's mid-point
    above the source's.
    """

    upper_v: float
    lower_v: float
    upper_a: float
    lower_a: float
    mid_a: float
    shift_v: float
    loss_w: float
    source_w: float
    #: Power taken between the poles, from the upper half and from the lower half.
    served_w: tuple[float, float, float]

    @property
    def residual_share(self) -> float:
        """Source less loads and losses, over the source."""
        gap_w = self.source_w - math.fsum(self.served_w) - self.loss_w
        return abs(gap_w) / self.source_w if self.source_w > 0 else 0.0


def bipolar(
    feeder: Bipolar,
    *,
    between_w: float = 0.0,
    upper_w: float = 0.0,
    lower_w: float = 0.0,
    lost: str | None = None,
    most_steps: int = 500,
) -> BipolarSolution:
    """Constant-power loads between the poles and from each pole to the mid-point, solved by repeated substitution.

    Parameters
    ----------
    lost : "upper", "lower" or None
        A source that is gone. Loads on its half and between the poles then get nothing: half the voltage is outside
        what they take. The healthy half goes on, all its current through the mid-point wire.

    Raises
    ------
    ValueError
        Where the steps do not settle: the feeder cannot carry the loads.

    Examples
    --------
    110 kW on one half and 90 kW on the other, stiff 400 V: 275 A less 225 A come back through the mid-point.

    >>> got = bipolar(Bipolar(400.0), upper_w=110e3, lower_w=90e3)
    >>> got.upper_a, got.lower_a, got.mid_a
    (275.0, 225.0, 50.0)
    """
    if lost not in (None, "upper", "lower"):
        raise ValueError(f"lost is {lost!r}, not 'upper', 'lower' or None")
    for name, power_w in {"between_w": between_w, "upper_w": upper_w, "lower_w": lower_w}.items():
        if not (math.isfinite(power_w) and power_w >= 0):
            raise ValueError(f"{name} is {power_w}, not a finite number of zero or more")
    served = (
        0.0 if lost else between_w,
        0.0 if lost == "upper" else upper_w,
        0.0 if lost == "lower" else lower_w,
    )
    series_ohm = feeder.droop_ohm + feeder.pole_ohm
    upper_v = lower_v = feeder.pole_v
    for _ in range(most_steps):
        across_a = served[0] / (upper_v + lower_v)
        upper_a, lower_a = across_a + served[1] / upper_v, across_a + served[2] / lower_v
        shift_v = feeder.mid_ohm * (upper_a - lower_a)
        next_upper = feeder.pole_v - series_ohm * upper_a - shift_v
        next_lower = feeder.pole_v - series_ohm * lower_a + shift_v
        change = max(abs(next_upper - upper_v), abs(next_lower - lower_v))
        upper_v, lower_v = next_upper, next_lower
        if min(upper_v, lower_v) < 0.5 * feeder.pole_v:
            break
        if change <= 1e-13 * feeder.pole_v:
            return _solution(feeder, (upper_v, lower_v, upper_a, lower_a, shift_v), served, lost)
    raise ValueError(f"a feeder of {feeder.pole_v:g} V a pole does not carry {sum(served):g} W: it does not settle")


def _solution(
    feeder: Bipolar,
    state: tuple[float, float, float, float, float],
    served: tuple[float, float, float],
    lost: str | None,
) -> BipolarSolution:
    upper_v, lower_v, upper_a, lower_a, shift_v = state
    mid_a = upper_a - lower_a
    squares = upper_a**2 + lower_a**2
    given_w = feeder.pole_v * (upper_a + lower_a) - feeder.droop_ohm * squares
    return BipolarSolution(
        upper_v=0.0 if lost == "upper" else upper_v,
        lower_v=0.0 if lost == "lower" else lower_v,
        upper_a=upper_a,
        lower_a=lower_a,
        mid_a=mid_a,
        shift_v=shift_v,
        loss_w=feeder.pole_ohm * squares + feeder.mid_ohm * mid_a**2,
        source_w=given_w,
        served_w=served,
    )
