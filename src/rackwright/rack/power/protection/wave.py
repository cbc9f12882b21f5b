"""A fault current against time: values with their slopes, its peak, its I2t, when it first reaches a threshold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Wave:
    """Samples of a current, each with its slope; between samples it is the cubic that meets both.

    Where the slope jumps (a device limits, a diode blocks) the instant stands twice. Arrays of one length; seconds from
    the fault, amperes, amperes per second.
    """

    time_s: Floats
    current_a: Floats
    slope_a_s: Floats

    @property
    def end_s(self) -> float:
        """The last instant that was worked out."""
        return float(self.time_s[-1])

    @cached_property
    def peak(self) -> tuple[float, float]:
        """Largest current in either direction and its instant: (A, s)."""
        at = int(np.argmax(np.abs(self.current_a)))
        best, when = abs(float(self.current_a[at])), float(self.time_s[at])
        fine = np.linspace(0, 1, 201)
        for first in (at - 1, at):
            if 0 <= first < len(self.time_s) - 1:
                times = self.time_s[first] + fine * (self.time_s[first + 1] - self.time_s[first])
                values = np.abs(self._cubic(np.full(len(fine), first), fine))
                if values.max() > best:
                    best, when = float(values.max()), float(times[int(np.argmax(values))])
        return best, when

    @property
    def peak_a(self) -> float:
        """Largest current."""
        return self.peak[0]

    @property
    def peak_s(self) -> float:
        """When it is largest."""
        return self.peak[1]

    @property
    def last_a(self) -> float:
        """The current at the end of what was worked out."""
        return float(self.current_a[-1])

    @cached_property
    def _sums(self) -> Floats:
        step = np.diff(self.time_s)
        square, change = self.current_a**2, 2 * self.current_a * self.slope_a_s
        parts = step / 2 * (square[1:] + square[:-1]) + step**2 / 12 * (change[:-1] - change[1:])
        return np.concatenate((np.zeros(1), np.cumsum(np.maximum(parts, 0.0))))

    def at(self, time_s: ArrayLike) -> Floats:
        """Current at some instants; held at both ends."""
        times = np.atleast_1d(np.asarray(time_s, np.float64))
        first = np.clip(np.searchsorted(self.time_s, times, side="right") - 1, 0, len(self.time_s) - 2)
        step = self.time_s[first + 1] - self.time_s[first]
        share = np.where(step > 0, (times - self.time_s[first]) / np.where(step > 0, step, 1.0), 0.0)
        return self._cubic(first, np.clip(share, 0.0, 1.0))

    def i2t_a2s(self, until_s: float | None = None) -> float:
        """Integral of the square, to an instant or to the end. [A^2 s]

        >>> flat = Wave(np.array([0.0, 1.0]), np.array([3.0, 3.0]), np.zeros(2))
        >>> round(flat.i2t_a2s(0.5), 9)
        4.5
        """
        if until_s is None or until_s >= self.end_s:
            return float(self._sums[-1])
        first = int(np.clip(np.searchsorted(self.time_s, until_s, side="right") - 1, 0, len(self.time_s) - 2))
        points, weights = np.polynomial.legendre.leggauss(4)
        reach = max(until_s - float(self.time_s[first]), 0.0)
        values = self.at(self.time_s[first] + reach * (points + 1) / 2)
        return float(self._sums[first] + reach / 2 * (weights @ values**2))

    def reaches_s(self, threshold_a: float, since_s: float = 0.0) -> float | None:
        """First instant at which the current's magnitude stands at a threshold or above; None where it never does."""
        after = np.flatnonzero((self.time_s >= since_s) & (np.abs(self.current_a) >= threshold_a))
        # a peak between two samples may reach it first
        peak_a, peak_s = self.peak
        if not len(after):
            if peak_a < threshold_a or peak_s < since_s:
                return None
            low, high = float(self.time_s[np.searchsorted(self.time_s, peak_s) - 1]), peak_s
        else:
            high = float(self.time_s[after[0]])
            low = max(float(self.time_s[max(int(after[0]) - 1, 0)]), since_s)
        return self._bisect(low, high, lambda when: abs(float(self.at(when)[0])) >= threshold_a)

    def reaches_i2t_s(self, i2t_a2s: float) -> float | None:
        """First instant at which its I2t stands at a value; None where it never does."""
        if self._sums[-1] < i2t_a2s:
            return None
        at = int(np.searchsorted(self._sums, i2t_a2s))
        low, high = float(self.time_s[max(at - 1, 0)]), float(self.time_s[at])
        return self._bisect(low, high, lambda when: self.i2t_a2s(when) >= i2t_a2s)

    def stands_s(self, threshold_a: float, hold_s: float = 0.0) -> float | None:
        """First instant by which the current has stood at a threshold or above for `hold_s` without a break.

        A current that stands there at the end of what was worked out is taken to stay.
        """
        since = self.reaches_s(threshold_a)
        while since is not None and hold_s > 0:
            below = np.flatnonzero((self.time_s > since) & (np.abs(self.current_a) < threshold_a))
            until = float(self.time_s[below[0]]) if len(below) else math.inf
            if until - since > hold_s:
                return since + hold_s
            since = self.reaches_s(threshold_a, since_s=until)
        return since

    def most_a(self, until_s: float) -> float:
        """Largest current up to an instant."""
        if until_s >= self.peak_s:
            return self.peak_a
        before = np.abs(self.current_a[self.time_s <= until_s])
        return max(float(before.max(initial=0.0)), abs(float(self.at(until_s)[0])))

    @staticmethod
    def _bisect(low: float, high: float, reached: Callable[[float], bool]) -> float:
        if reached(low):
            return low
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high

    def _cubic(self, first: NDArray[np.int64], share: Floats) -> Floats:
        step = self.time_s[first + 1] - self.time_s[first]
        a, b = self.current_a[first], self.current_a[first + 1]
        u, v = step * self.slope_a_s[first], step * self.slope_a_s[first + 1]
        left = 1 - share
        return np.asarray(
            a * left**2 * (1 + 2 * share) + b * share**2 * (3 - 2 * share) + u * share * left**2 - v * share**2 * left
        )
