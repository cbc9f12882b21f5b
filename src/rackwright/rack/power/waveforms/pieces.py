"""Straight pieces of power between corners, and their exact means over even steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Steps worked on at a time.
CHUNK = 65536


def means_of_pieces(corner_s: Floats, corner_w: Floats, edges_s: Floats) -> Floats:
    """Mean power between neighbouring edges of the line drawn through the corners.

    The line's integral is worked out at every edge and differenced, so energy is kept to rounding whatever the steps.
    Corners must not fall in time (equal times draw a jump); before the first and after the last corner the line goes
    on level. Shapes: (corners,), (corners,), (edges,) -> (edges - 1,).

    >>> means_of_pieces(np.array([0.0, 1.0, 1.0, 2.0]), np.array([0.0, 2.0, 4.0, 4.0]), np.array([0.0, 1.0, 2.0]))
    array([1., 4.])
    """
    energy_j = np.concatenate([[0.0], np.cumsum(np.diff(corner_s) * (corner_w[1:] + corner_w[:-1]) / 2)])
    means_w = np.empty(edges_s.size - 1)
    for begin in range(0, means_w.size, CHUNK):
        edge_s = edges_s[begin : begin + CHUNK + 1]
        means_w[begin : begin + CHUNK] = np.diff(_energy_at(edge_s, corner_s, corner_w, energy_j)) / np.diff(edge_s)
    return means_w


def _energy_at(edge_s: Floats, corner_s: Floats, corner_w: Floats, energy_j: Floats) -> Floats:
    """Integral of the line from its first corner to each edge."""
    left = np.clip(np.searchsorted(corner_s, edge_s, side="right") - 1, 0, corner_s.size - 2)
    width_s = corner_s[left + 1] - corner_s[left]
    into_s = np.clip(edge_s - corner_s[left], 0.0, width_s)
    done = np.divide(into_s, width_s, out=np.zeros(left.size), where=width_s > 0)
    at_edge_j = energy_j[left] + into_s * (corner_w[left] + (corner_w[left + 1] - corner_w[left]) * done / 2)
    before_s, after_s = np.minimum(edge_s - corner_s[0], 0.0), np.maximum(edge_s - corner_s[-1], 0.0)
    return np.asarray(at_edge_j + before_s * corner_w[0] + after_s * corner_w[-1], dtype=np.float64)


def means_of_stairs(power_w: Floats, step_s: float, edges_s: Floats) -> Floats:
    """Mean power between neighbouring edges of samples that stand for their whole step; energy is kept.

    >>> means_of_stairs(np.array([1.0, 3.0]), 1.0, np.array([0.0, 0.5, 1.5, 2.0]))
    array([1., 2., 3.])
    """
    stair_s = np.arange(power_w.size + 1) * step_s
    energy_j = np.concatenate([[0.0], np.cumsum(power_w) * step_s])
    return np.asarray(np.diff(np.interp(edges_s, stair_s, energy_j)) / np.diff(edges_s), dtype=np.float64)
