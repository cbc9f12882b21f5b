"""What real systems reach of their line rates: two constants a system and algorithm, fitted on named published rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rackwright.rack.network.collectives.times import Machine, busbw_factor, time_s, wire_of, wire_s

MIB = 2.0**20


@dataclass(frozen=True, slots=True)
class Measured:
    """One published row: a collective, its size and the time that it took."""

    collective: str
    size_byte: float
    time_s: float
    #: Whether the fit may use it; the others are left to judge it.
    used: bool

    @classmethod
    def of_busbw(cls, collective: str, ranks: int, size_byte: float, busbw_byte_s: float, *, used: bool) -> Measured:
        """A row that states its bus bandwidth.

        >>> round(Measured.of_busbw("all-reduce", 8, 1e9, 350e9, used=True).time_s * 1e3, 3)
        5.0
        """
        return cls(collective, size_byte, size_byte * busbw_factor(collective, ranks) / busbw_byte_s, used)


@dataclass(frozen=True, slots=True)
class System:
    """Rows of one algorithm on one machine; its constants hold for every collective that it does."""

    name: str
    algorithm: str
    machine: Machine
    rows: tuple[Measured, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """Efficiency of the line rates, and a start on top of the library's own; fitted, so an estimate."""

    system: System
    efficiency: float
    start_s: float
    status: str = "estimate"

    def error(self, row: Measured) -> float:
        """Predicted over measured time, less one."""
        predicted = time_s(
            row.collective,
            self.system.algorithm,
            self.system.machine,
            row.size_byte,
            efficiency=self.efficiency,
            start_s=self.start_s,
        )
        return predicted / row.time_s - 1.0

    @property
    def worst_unused(self) -> float | None:
        """Largest error on rows that the fit did not use; None where it used all."""
        errors = [abs(self.error(row)) for row in self.system.rows if not row.used]
        return max(errors, default=None)


def calibrate(system: System) -> Calibration:
    """Least squares of relative errors over the rows that may be used, both constants within what is possible.

    One used row alone fixes the efficiency; the start is then the library's.

    Raises
    ------
    ValueError
        For a system of which no row may be used.
    """
    from scipy.optimize import lsq_linear

    used = [row for row in system.rows if row.used]
    if not used:
        raise ValueError(f"{system.name}: no row to fit")
    algorithm, machine = system.algorithm, system.machine
    time = np.array([row.time_s for row in used])
    bytes_s = np.array([wire_s(wire_of(row.collective, algorithm, machine), machine, row.size_byte) for row in used])
    latency_s = np.array([time_s(row.collective, algorithm, machine, 0.0) for row in used])
    if len(used) == 1:
        return Calibration(system, min(float(bytes_s[0] / (time[0] - latency_s[0])), 1.0), 0.0)
    columns = np.column_stack([np.ones_like(time), bytes_s]) / time[:, None]
    found = lsq_linear(columns, (time - latency_s) / time, bounds=([0.0, 1.0], [np.inf, np.inf]))
    return Calibration(system, 1.0 / float(found.x[1]), float(found.x[0]))


def _sweep(rows: Sequence[tuple[float, float]], used: tuple[int, ...]) -> tuple[Measured, ...]:
    return tuple(Measured("all-reduce", size, 1e-6 * time_us, at in used) for at, (size, time_us) in enumerate(rows))


def _large(collective: str, busbw_gb_s: float, *, used: bool) -> Measured:
    return Measured.of_busbw(collective, 8, 16 * 1024 * MIB, 1e9 * busbw_gb_s, used=used)


_CW = "coreweave/nccl-tests README.md at cb86553 (2026-05-27)"
_H8 = (
    "NVIDIA/nccl-tests issue 212, maintainer's answer (H100, fitted); stas00/ml-engineering network/README.md at 744d01e "
    "(H200, judged)"
)
_SIZES = (536870912.0, 1073741824.0, 2147483648.0, 4294967296.0, 8589934592.0)

#: Published systems by name: line rates are of one way (half of NVLink's stated figure). Fits use the first and the last
#: size of a sweep, or one row; the others judge them. The sweep over nodes is headed "64 GPUs", yet its bus bandwidths are
#: 2 x 95/96 of size over time: 96 accelerators are taken. Rows without a stated size are taken at 16 GiB.
SYSTEMS: Mapping[str, System] = {
    "8 x H100, ring": System(
        "8 x H100, ring", "ring", Machine(1, 8, 450e9),
        (_large("all-reduce", 370.0, used=True), _large("all-reduce", 367.2, used=False),
         _large("all-gather", 361.4, used=False), _large("reduce-scatter", 362.9, used=False)), _H8,
    ),
    "8 x H100, NVLS": System(
        "8 x H100, NVLS", "in-network", Machine(1, 8, 450e9),
        (_large("all-reduce", 480.0, used=True), _large("all-reduce", 480.0, used=False)), _H8,
    ),
    "96 x H100, SHARP": System(
        "96 x H100, SHARP", "in-network", Machine(12, 8, 450e9, 50e9),
        _sweep(list(zip(_SIZES, (2984.6, 5808.0, 11163.0, 22181.0, 43980.0), strict=True)), (0, 4)), _CW,
    ),
    "72 x GB200, NVLS": System(
        "72 x GB200, NVLS", "in-network", Machine(1, 72, 900e9),
        _sweep(list(zip(_SIZES, (1806.7, 3108.8, 5589.1, 10094.0, 20299.0), strict=True)), (0, 4)), _CW,
    ),
}  # fmt: skip


def nearest(algorithm: str, machine: Machine) -> System:
    """The published system whose constants are taken for a machine: the same algorithm, across domains or in one, its size.

    Trees, two-level and direct algorithms have no published rows here: the ring's constants stand for them.

    >>> nearest("in-network", Machine(1, 72, 900e9)).name, nearest("hierarchical", Machine(8, 8, 450e9, 50e9)).name
    ('72 x GB200, NVLS', '8 x H100, ring')
    """
    if algorithm != "in-network":
        return SYSTEMS["8 x H100, ring"]
    if machine.domains > 1:
        return SYSTEMS["96 x H100, SHARP"]
    return SYSTEMS["72 x GB200, NVLS" if machine.per_domain > 8 else "8 x H100, NVLS"]
