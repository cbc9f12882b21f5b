"""The outdoor temperature of a place over a year, from two figures of it.

**Assumption.** Over the hours of a year the temperature is normally distributed. A place's published design
temperatures then fix it: the dry bulb by the values exceeded in 1 % and in 99 % of the hours, the wet bulb by its mean
and the value exceeded in 0.4 %. A real year is flatter than that (two seasons, not one hill), so hours somewhat above
the mean are undercounted; the stage's chapter has the size of it. The order of the hours plays no part in a steady
model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rackwright.program.sections.parts import Climate

Floats = NDArray[np.float64]

#: Slices of equal probability that a year is cut into; the mean over them is good to 1e-4 of a kelvin.
SLICES = 4000
#: Shares of the hours in which the catalogue's temperatures are exceeded: its definition of those fields.
HOT_SHARE, COLD_SHARE, WET_SHARE = 0.01, 0.99, 0.004


@dataclass(frozen=True, slots=True)
class Year:
    """A year's temperatures: normal, with the temperature of the design hour beside it. [K]"""

    mean_k: float
    deviation_k: float
    design_k: float

    def temperatures_k(self) -> Floats:
        """One temperature for each slice of equal probability, coldest first. [K], shape (SLICES,)"""
        return self.mean_k + self.deviation_k * _standard_slices()

    def share_above(self, temperature_k: float) -> float:
        """Share of the hours that are warmer.

        >>> round(Year(283.15, 10.0, 306.4).share_above(293.15), 4)  # one deviation above the mean
        0.1587
        """
        if self.deviation_k == 0:
            return 1.0 if self.mean_k > temperature_k else 0.0
        return math.erfc((temperature_k - self.mean_k) / self.deviation_k / math.sqrt(2.0)) / 2.0


def from_two_quantiles(hot_k: float, hot_share: float, cold_k: float, cold_share: float) -> Year:
    """The normal year that exceeds `hot_k` in `hot_share` of its hours, `cold_k` in `cold_share`; design hour `hot_k`.

    >>> year = from_two_quantiles(303.15, 0.01, 273.15, 0.99)
    >>> round(year.mean_k - 273.15, 3), round(year.deviation_k, 3)  # 30 K lie 2 x 2.326 deviations apart
    (15.0, 6.448)

    Raises
    ------
    ValueError
        If the hot temperature is below the cold one.
    """
    if hot_k < cold_k:
        raise ValueError(f"hot_k is {hot_k}, cold_k is {cold_k}: the first must not be lower")
    above, below = _deviations_at(hot_share), _deviations_at(cold_share)
    deviation_k = (hot_k - cold_k) / (above - below)
    return Year(hot_k - above * deviation_k, deviation_k, hot_k)


def from_mean(mean_k: float, hot_k: float, hot_share: float) -> Year:
    """The normal year with this mean that exceeds `hot_k` in `hot_share` of its hours; designed for `hot_k`.

    Raises
    ------
    ValueError
        If the hot temperature is below the mean.
    """
    if hot_k < mean_k:
        raise ValueError(f"hot_k is {hot_k}, mean_k is {mean_k}: the first must not be lower")
    return Year(mean_k, (hot_k - mean_k) / _deviations_at(hot_share), hot_k)


def dry_year(climate: Climate) -> Year:
    """Dry bulb of a place; a place whose figures are out of order is taken as always hot."""
    return from_two_quantiles(climate.hot_1pct_k, HOT_SHARE, min(climate.cold_99pct_k, climate.hot_1pct_k), COLD_SHARE)


def wet_year(climate: Climate) -> Year | None:
    """Wet bulb of a place; None where the catalogue does not have it, or has a mean above the design value."""
    mean_k, hot_k = climate.wet_bulb_mean_k, climate.wet_bulb_k
    if mean_k is None or hot_k is None or hot_k < mean_k:
        return None
    return from_mean(mean_k, hot_k, WET_SHARE)


def _deviations_at(exceeded_share: float) -> float:
    return NormalDist().inv_cdf(1.0 - exceeded_share)


@cache
def _standard_slices() -> Floats:
    """Midpoints of equal slices of a standard normal distribution, scaled so that their variance is one."""
    normal = NormalDist()
    half = np.array([normal.inv_cdf((number + 0.5) / SLICES) for number in range(SLICES // 2, SLICES)])
    slices = np.concatenate((-half[::-1], half))
    return np.asarray(slices / math.sqrt(float(np.mean(slices**2))), dtype=np.float64)
