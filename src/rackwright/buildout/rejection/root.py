"""Where a falling function of one number per hour crosses zero, all hours at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Seven or eight evaluations are usual; bisection alone would need forty for these tolerances.
MOST_STEPS = 60


def falling_root(function: Callable[[Floats], Floats], low: Floats, high: Floats, tolerance: float) -> Floats:
    """Root of each hour's function between `low` and `high`, found to `tolerance` in its argument.

    Chandrupatla's method (Advances in Engineering Software 28, 1997): inverse quadratic steps where they are safe,
    halving where not. An hour whose function has one sign throughout is given the end that is nearer to zero: `high`
    where it stays above zero, `low` where it stays below.

    >>> falling_root(lambda x: 2.0 - x**2, np.array([0.0, 0.0]), np.array([2.0, 1.0]), 1e-12).round(9).tolist()
    [1.414213562, 1.0]
    """
    a, b = np.array(high, dtype=np.float64), np.array(low, dtype=np.float64)
    f_a, f_b = np.asarray(function(a)), np.asarray(function(b))
    ended = (f_a >= 0.0) | (f_b <= 0.0)
    end = np.where(f_a >= 0.0, a, b)
    c, f_c = a.copy(), f_a.copy()
    step = np.full(a.shape, 0.5)
    for _ in range(MOST_STEPS):
        at = a + step * (b - a)
        value = np.asarray(function(at))
        same = np.sign(value) == np.sign(f_a)
        c, f_c = np.where(same, a, b), np.where(same, f_a, f_b)
        b, f_b = np.where(same, b, a), np.where(same, f_b, f_a)
        a, f_a = at, value
        best = np.where(np.abs(f_a) < np.abs(f_b), a, b)
        width = np.abs(b - a)
        if np.all(ended | (width < 2.0 * tolerance) | (f_a == 0.0)):
            break
        step = _next_step(a, b, c, f_a, f_b, f_c, np.minimum(tolerance / np.maximum(width, tolerance), 0.5))
    return np.where(ended, end, best)


def _next_step(a: Floats, b: Floats, c: Floats, f_a: Floats, f_b: Floats, f_c: Floats, least: Floats) -> Floats:
    """Share of the way from a to b: by inverse quadratic interpolation inside Chandrupatla's bounds, else a half."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        place = (a - b) / (c - b)
        height = (f_a - f_b) / (f_c - f_b)
        safe = (height**2 < place) & ((1.0 - height) ** 2 < 1.0 - place)
        quadratic = f_a / (f_b - f_a) * f_c / (f_b - f_c) + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (f_c - f_b)
    step = np.where(safe & np.isfinite(quadratic), quadratic, 0.5)
    return np.clip(step, least, 1.0 - least)
