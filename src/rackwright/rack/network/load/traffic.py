"""Traffic between endpoints: everybody with everybody, within rails, by permutation, or as given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Either `uniform` or `rail` with one rate for all, or `pairs` with a row for each pair.

    Made by `uniform`, `within_rails`, `permutation` and `pairs`.
    """

    kind: Literal["uniform", "rail", "pairs"]
    #: What each endpoint sends in all (uniform and rail). [bit/s]
    rate_bit_s: float
    #: (pairs,) ids of endpoints, and the traffic of each pair; empty unless the kind is `pairs`.
    source: Ints
    target: Ints
    bit_s: Floats


def _none() -> tuple[Ints, Ints, Floats]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)


def uniform(rate_bit_s: float) -> Traffic:
    """Every endpoint sends `rate_bit_s`, to all others alike (all-to-all)."""
    return Traffic("uniform", rate_bit_s, *_none())


def within_rails(rate_bit_s: float) -> Traffic:
    """Every endpoint sends `rate_bit_s`, to all others of its own rail alike."""
    return Traffic("rail", rate_bit_s, *_none())


def permutation(target: ArrayLike, rate_bit_s: float) -> Traffic:
    """Endpoint i sends `rate_bit_s` to endpoint target[i]; one that would send to itself sends nothing."""
    to = np.asarray(target, dtype=np.int64)
    source = np.arange(len(to))
    kept = source != to
    return pairs(source[kept], to[kept], np.full(int(kept.sum()), float(rate_bit_s)))


def pairs(source: ArrayLike, target: ArrayLike, bit_s: ArrayLike) -> Traffic:
    """The traffic of each given pair of endpoints; a pair may come more than once."""
    whence, to = np.asarray(source, dtype=np.int64), np.asarray(target, dtype=np.int64)
    return Traffic("pairs", 0.0, whence, to, np.broadcast_to(np.asarray(bit_s, dtype=np.float64), whence.shape).copy())
