"""What replications say: means with their intervals, the warm-up, how time was used, the load's peak.

Replications of one seed are independent; those of two designs with the same seed share their draws (station by station,
part by part), so that differences are told by pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the half-width of its confidence interval; `half` is infinite for one value alone."""

    mean: float
    half: float
    count: int
    confidence: float = 0.95

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half

    @property
    def tells(self) -> bool:
        """Whether the value is told from 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"{self.mean:.4g} ± {self.half:.2g}" if math.isfinite(self.half) else f"{self.mean:.4g} (one run)"


def interval(values: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """Student's interval of the mean of independent values, each nearly normal (as means of many parts are).

    >>> round(interval([1.0, 2.0, 3.0]).half, 3)  # 4.303 / sqrt(3)
    2.484
    """
    data = np.asarray(values, float)
    count = len(data)
    if count < 2:
        return Interval(float(data.mean()) if count else math.nan, math.inf, count, confidence)
    spread = float(data.std(ddof=1)) / math.sqrt(count)
    return Interval(float(data.mean()), float(stdtrit(count - 1, (1 + confidence) / 2)) * spread, count, confidence)


def paired(one: Sequence[float] | Floats, other: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """The mean of `other` - `one`, replication by replication."""
    return interval(np.asarray(other, float) - np.asarray(one, float), confidence)


def warm_up(weekly: Floats, weeks: int = 1) -> int | None:
    """Weeks to leave out at the start by MSER: the cut that makes the standard error of what is left least.

    weekly: shape (weeks,), a figure by whole week, averaged over replications. weeks: batches of so many (MSER-5: 5). None
    where the least lies in the second half: the run is too short to tell (White 1997; White, Cobb & Spratt 2000).

    >>> warm_up(np.array([0.0, 5.0, 9.9, 10.1, 10.0, 9.9, 10.1, 9.9, 10.1, 9.95]))
    2
    """
    batches = len(weekly) // weeks
    means = weekly[: batches * weeks].reshape(batches, weeks).mean(axis=1)
    if batches < 4:
        return None
    # At least three batches stay: one or two alike would always win.
    score = [means[cut:].var() / (batches - cut) for cut in range(batches - 2)]
    best = int(np.argmin(score))
    return best * weeks if best <= batches // 2 else None


def enough(found: Interval, precision_share: float) -> bool:
    """The sequential rule: whether the half-width is within a share of the mean."""
    return found.count >= 2 and found.half <= precision_share * abs(found.mean)


def quantile_interval(values: Floats, share: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """A quantile over replications, with bounds by order statistics: no law of the values is assumed.

    Lower and upper are infinite where there are too few values.
    """
    from scipy.stats import binom

    ordered = np.sort(values)
    count = len(ordered)
    low = int(binom.ppf((1 - confidence) / 2, count, share)) - 1
    high = int(binom.ppf((1 + confidence) / 2, count, share))
    return (
        float(ordered[low]) if low >= 0 else -math.inf,
        float(np.quantile(ordered, share, method="inverted_cdf")),
        float(ordered[high]) if high < count else math.inf,
    )
