"""Planes that are copies of each other and in which nothing failed: one stands for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.topology.wiring import Wiring

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Copies:
    """A wiring of the planes that differ, and how many planes of the whole each of them stands for."""

    wiring: Wiring
    dead: NDArray[np.bool_]
    #: (planes kept,)
    many: Floats
    #: (planes of the whole,) which kept plane stands for it.
    stands: NDArray[np.int64]

    def spread(self, load: Floats) -> Floats:
        """Loads of the kept planes' links, shared out over the links of all planes. [bit/s]"""
        each = load.reshape(len(self.many), -1) / self.many[:, None]
        return np.asarray(each[self.stands].reshape(-1))


def distinct_planes(wiring: Wiring, dead: NDArray[np.bool_]) -> Copies | None:
    """The planes with failures and one of those without; None where no two planes are alike."""
    planes = wiring.planes
    if planes < 2 or wiring.links % planes or wiring.switches % planes or not _copies(wiring):
        return None
    touched = np.asarray(dead.reshape(planes, -1).any(axis=1), dtype=bool).reshape(-1)
    clean = np.flatnonzero(~touched)
    if len(clean) < 2:
        return None
    kept = np.sort(np.append(np.flatnonzero(touched), clean[0]))
    stands = np.searchsorted(kept, np.where(touched, np.arange(planes), clean[0]))
    many = np.where(touched[kept], 1.0, float(len(clean)))
    return Copies(_of_planes(wiring, kept), dead.reshape(planes, -1)[kept].reshape(-1), many, stands)


def _copies(wiring: Wiring) -> bool:
    """Whether planes lie one after the other and each repeats the first."""
    planes, ends, each = wiring.planes, wiring.endpoints, wiring.switches // wiring.planes
    lower, upper = wiring.lower.reshape(planes, -1), wiring.upper.reshape(planes, -1)
    if not len(lower[0]) or upper[0].min() < ends or upper[0].max() >= ends + each:
        return False
    moved = lower[0] >= ends
    return all(
        bool((upper[plane] - upper[0] == plane * each).all())
        and bool((lower[plane] - lower[0] == np.where(moved, plane * each, 0)).all())
        for plane in range(1, planes)
    )


def _of_planes(wiring: Wiring, kept: NDArray[np.int64]) -> Wiring:
    """The wiring of some planes only, numbered anew."""
    planes, ends, each = wiring.planes, wiring.endpoints, wiring.switches // wiring.planes
    switches = (ends + kept[:, None] * each + np.arange(each)).reshape(-1)
    nodes = np.concatenate([np.arange(ends), switches])
    shift = ((kept - np.arange(len(kept))) * each).astype(np.int32)[:, None]

    def links(column: NDArray[np.int32]) -> NDArray[np.int32]:
        return column.reshape(planes, -1)[kept]

    lower, upper = links(wiring.lower), links(wiring.upper) - shift
    number = np.repeat(np.arange(-1, len(kept), dtype=np.int16), [ends] + [each] * len(kept))
    return replace(
        wiring,
        planes=len(kept),
        tier=wiring.tier[nodes],
        plane=number,
        rail=wiring.rail[nodes],
        group=wiring.group[nodes],
        number=wiring.number[nodes],
        lower=np.where(lower >= ends, lower - shift, lower).reshape(-1),
        upper=upper.reshape(-1),
        lower_port=links(wiring.lower_port).reshape(-1),
        upper_port=links(wiring.upper_port).reshape(-1),
    )
