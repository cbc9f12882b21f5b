"""Machines in parallel: how many are needed, with which spares, and how well they work at their load."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def pieces_needed(load: float, rating: float) -> int:
    """Fewest machines of `rating` that carry `load`; a load within 1e-9 of a whole number of them needs no more.

    >>> pieces_needed(130e3, 33e3), pieces_needed(132e3, 33e3), pieces_needed(0.0, 33e3)
    (4, 4, 0)
    """
    return math.ceil(load / rating * (1 - 1e-9)) if load > 0 else 0


def pieces_with_spares(needed: int, redundancy: str) -> int:
    """Machines to install: N as needed, N+1 one more, N+N twice as many (each half carries all).

    >>> [pieces_with_spares(4, rule) for rule in ("N", "N+1", "N+N")]
    [4, 5, 8]
    """
    if needed == 0:
        return 0
    return {"N": needed, "N+1": needed + 1, "N+N": 2 * needed}[redundancy]


def efficiency_at(load_share: float, load_shares: Sequence[float], efficiencies: Sequence[float]) -> float:
    """Efficiency at a share of the rated load, read linearly between points, held at the first and last beyond them.

    >>> efficiency_at(0.35, [0.2, 0.5, 1.0], [0.94, 0.96, 0.91])
    0.95
    """
    return float(np.interp(load_share, load_shares, efficiencies))
