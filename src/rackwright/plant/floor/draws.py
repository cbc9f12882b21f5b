"""Random streams by name: the key of a station in a replication, and the table of laws that the kernels draw from."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from rackwright.plant.floor import arrays as kinds
from rackwright.plant.floor.line import Times


def stream_key(seed: int, replication: int, name: str) -> int:
    """64 bits (as a signed number) for the stream of a station in a replication.

    A hash of the three, so that a station more or less, or another order of stations, moves no other stream.
    """
    text = f"{seed}/{replication}/{name}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little", signed=True)


def source_tag(name: str) -> int:
    """32 bits that tell the items of one source from those of another."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


class LawTable:
    """Collects distributions and gives each its number; equal ones share a row."""

    def __init__(self) -> None:
        self._numbers: dict[Times, int] = {}
        self._runs: list[tuple[int, Times]] = []
        self._count = 0

    def number(self, times: Times) -> int:
        """The row of this distribution."""
        if times not in self._numbers:
            self._numbers[times] = self._count
            self._count += 1
        return self._numbers[times]

    def row(self, laws: list[Times]) -> int:
        """The first of rows that hold these distributions one after the other."""
        if len(laws) == 1:
            return self.number(laws[0])
        first = self._count
        for offset, times in enumerate(laws):
            self._runs.append((first + offset, times))
        self._count += len(laws)
        return first

    def arrays(self) -> tuple[NDArray[np.void], NDArray[np.float64]]:
        """The rows, and the values that empirical laws point into."""
        rows = np.zeros(max(self._count, 1), kinds.LAW)
        values: list[float] = []
        for number, times in [*((number, times) for times, number in self._numbers.items()), *self._runs]:
            rows[number] = _row(times, len(values))
            values.extend(times.values_s)
        return rows, np.array(values or [0.0])


def _row(times: Times, first: int) -> tuple[int, float, float, float, int, int]:
    variance = times.cv**2
    if times.law == "empirical":
        return kinds.EMPIRICAL, times.mean_s, 0.0, 0.0, first, len(times.values_s)
    if times.law == "constant" or times.mean_s == 0 or times.cv == 0:
        return kinds.CONSTANT, times.mean_s, 0.0, 0.0, 0, 0
    if times.law == "exponential":
        return kinds.EXPONENTIAL, times.mean_s, 0.0, 0.0, 0, 0
    if times.law == "lognormal":
        spread = np.log1p(variance)
        return kinds.LOGNORMAL, float(np.log(times.mean_s) - spread / 2), float(np.sqrt(spread)), 0.0, 0, 0
    if times.law == "triangular":
        return kinds.TRIANGULAR, times.least_s, times.mode_s, times.most_s, 0, 0
    return kinds.GAMMA, 1.0 / variance, times.mean_s * variance, 0.0, 0, 0


def sample_s(times: Times, count: int, *, seed: int = 0, replication: int = 0, name: str = "") -> NDArray[np.float64]:
    """The first `count` times that a station of this name would draw for its items' first visit. Shape (count,), [s].

    >>> from rackwright.plant.floor.line import constant
    >>> sample_s(constant(3.0), 2)
    array([3., 3.])
    """
    from rackwright.plant.floor.draws_kernel import fill

    table = LawTable()
    law = table.number(times)
    laws, values = table.arrays()
    out = np.empty(count)
    fill(laws[law], values.ctypes.data, stream_key(seed, replication, name), np.arange(count), 0, 0, kinds.WORK, out)
    return out
