"""Whether a row with constant-power loads is stable: its eigenvalues, and how far each load is from Middlebrook's limit.

Around its steady state a constant-power load is a negative resistance -V^2/P: it feeds the ringing that lines, filters
and the supplies' voltage loops damp. All answers are for small signals, at one operating point.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigvals, lu_factor, lu_solve
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.linalg import splu

from rackwright.rack.power.stability_circuit import (
    MOST_STATES,
    Circuit,
    CircuitBuilder,
    InputFilter,
    Load,
    OperatingPoint,
    StateSpace,
    loop_impedance,
    operating_point,
    state_space,
)

__all__ = [
    "MOST_STATES",
    "Circuit",
    "CircuitBuilder",
    "ImpedanceMargin",
    "InputFilter",
    "Mode",
    "StabilityResult",
    "StableLimit",
    "decay_per_s",
    "impedance_margins",
    "joint_margin_db",
    "largest_load",
    "longest_line",
    "loop_impedance",
    "smallest_capacitance",
    "source_impedance_ohm",
    "stability",
    "stable_limit",
]

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: Frequencies that impedances are compared at where nobody gives them: 1 Hz to 1 MHz.
LOW_HZ, HIGH_HZ, PER_DECADE = 1.0, 1e6, 40
#: Loads whose joint margin is worked out: each frequency then takes one eigenvalue run of that size.
MOST_JOINT_LOADS = 200


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode of the row. `damping` is the damping ratio: 1 decays without ringing, 0 rings for ever, below 0 grows.

    `participation` names the parts that the mode lives in with their share, largest first. A part's participation
    is the left eigenvector, times its own inductance or capacitance, times the right one; over all parts it sums to 1
    (for plain states this is the classical participation factor). Shares are the magnitudes over their sum.
    """

    decay_per_s: float
    frequency_hz: float
    damping: float
    participation: tuple[tuple[str, float], ...]

    @property
    def element(self) -> str:
        """The part that takes part most."""
        return self.participation[0][0]


@dataclass(frozen=True, slots=True, eq=False)
class StabilityResult:
    """Eigenvalues of the row; `least_damped` is the ringing mode with the lowest damping ratio, or the slowest one."""

    stable: bool
    eigenvalues_per_s: Complexes
    least_damped: Mode
    #: The mode with the largest real part: the one that grows, where one does.
    last_to_settle: Mode
    point: OperatingPoint
    states: int


def stability(circuit: Circuit) -> StabilityResult:
    """Eigenvalues of the row around its steady state, and the least damped mode.

    Linear, averaged: no switching, no current limit, no hot-swap in its linear region; up to 2,000 states.

    Raises
    ------
    ValueError
        Where no steady state carries the loads, or the row has more states than `MOST_STATES`.

    Examples
    --------
    R-L-C with a constant-power load: s^2 + (R/L - g/C) s + (1 - R g)/(L C) with g = P / V^2. At 50 V, 1 kW, 10 mOhm,
    1 uH, 1 mF the sum of the roots is -(1e4 - 400) per second (the node stands a little below 50 V):

    >>> build = CircuitBuilder()
    >>> build.node("tray")
    >>> build.supply("shelf", "tray", volt=50.0, droop_ohm=0.01, henry=1e-6, farad=0.0)
    >>> build.capacitor("bank", "tray", farad=1e-3)
    >>> build.load("gpu", "tray", watt=1000.0)
    >>> round(stability(build.circuit()).eigenvalues_per_s.sum().real)
    -9597
    """
    point = operating_point(circuit)
    space = state_space(circuit, with_loads=point)
    if not len(space.drive):
        raise ValueError("the row has no inductance and no capacitor: nothing can move in it")
    matrix = space.matrix
    values = np.asarray(eigvals(matrix), np.complex128)
    magnitude = np.maximum(np.abs(values), 1e-300)
    damping = -values.real / magnitude
    rings = values.imag > 1e-9 * magnitude
    settled = int(np.argmax(values.real))
    least = int(np.argmin(np.where(rings, damping, np.inf))) if rings.any() else settled
    if values[settled].real >= 0 and not values[settled].imag:
        least = settled
    pick = [_mode(circuit, space, matrix, complex(values[at])) for at in (least, settled)]
    return StabilityResult(
        stable=bool(np.all(values.real < 0)),
        eigenvalues_per_s=np.asarray(values, np.complex128),
        least_damped=pick[0],
        last_to_settle=pick[1],
        point=point,
        states=len(values),
    )


def decay_per_s(circuit: Circuit) -> float:
    """Largest real part of the eigenvalues: below zero is stable. +inf where the row has no steady state."""
    try:
        point = operating_point(circuit)
    except ValueError:
        return math.inf
    space = state_space(circuit, with_loads=point)
    return float(np.max(eigvals(space.matrix).real))


def _vectors(matrix: Floats, value: complex) -> tuple[Complexes, Complexes]:
    """Right and left eigenvector of one eigenvalue by inverse iteration: two vectors, not two full matrices.

    The left one starts from the right one's conjugate, so that with repeated eigenvalues (equal trays) the two belong
    together.
    """
    shift = value + 1e-10 * max(abs(value), 1.0) * (1 + 0.5j)
    factors = lu_factor(matrix.astype(np.complex128) - shift * np.eye(len(matrix)))
    right = np.random.default_rng(0).standard_normal(len(matrix)).astype(np.complex128)
    for _ in range(3):
        right = lu_solve(factors, right)
        right /= np.linalg.norm(right)
    left = right.conj()
    for _ in range(3):
        left = lu_solve(factors, left, trans=1)
        left /= np.linalg.norm(left)
    return np.asarray(right, np.complex128), np.asarray(left, np.complex128)


def _mode(circuit: Circuit, space: StateSpace, matrix: Floats, value: complex) -> Mode:
    """Participation of each part: w M_part v with w M v = 1, where w = left M^-1."""
    right, left = _vectors(matrix, value)
    row = np.linalg.solve(space.mass.T, left)
    parts: dict[str, float] = {}
    kept = space.branch_of[space.inductive]
    names = [branch.name for branch in circuit.branches]
    names += [load.name for load in circuit.loads if load.watt > 0 and load.bandwidth_hz is not None]
    shares = (kept @ row) * space.henry * (kept @ right)
    for branch, share in zip(space.inductive, shares, strict=True):
        parts[names[int(branch)]] = abs(complex(share))
    for capacitor, state in zip(circuit.capacitors, space.capacitor_state, strict=True):
        if state >= 0:
            parts[capacitor.name] = abs(complex(row[state] * capacitor.farad * right[state]))
    total = sum(parts.values()) or 1.0
    ordered = sorted(((name, share / total) for name, share in parts.items()), key=lambda item: -item[1])
    return Mode(
        decay_per_s=float(value.real),
        frequency_hz=abs(float(value.imag)) / (2 * math.pi),
        damping=-float(value.real) / max(abs(value), 1e-300),
        participation=tuple(ordered[:8]),
    )


# --- impedances ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImpedanceMargin:
    """One load against the rest of the row, that load's own part taken away.

    T = Z_source / Z_load. `gain_margin_db` is how far |T| stays below one at its largest (Middlebrook's criterion:
    above zero, and the row without this load stable, then all is stable); `phase_margin_deg` is the smallest distance
    of T from -180 degrees where |T| = 1, None where it never is; `closest` is the least |1 + T|, met at `closest_hz`.
    """

    load: str
    gain_margin_db: float
    gain_hz: float
    phase_margin_deg: float | None
    phase_hz: float | None
    closest: float
    closest_hz: float

    @property
    def holds(self) -> bool:
        """Middlebrook's criterion."""
        return self.gain_margin_db > 0


def impedance_margins(circuit: Circuit, frequency_hz: Floats | None = None) -> tuple[ImpedanceMargin, ...]:
    """Output impedance of the row against the input impedance of each load over frequency.

    The load's input is its own filter and its constant power; the source is everything else, other loads included.
    Frequencies: those given, else 40 per decade from 1 Hz to 1 MHz and the neighbourhood of every eigenfrequency.

    Middlebrook's criterion is sufficient, not necessary: a row that misses it may well be stable (`stability` says).
    """
    point = operating_point(circuit)
    grid = _grid(circuit, point) if frequency_hz is None else np.asarray(frequency_hz, np.float64)
    at = np.array([circuit.number[load.place] for load in circuit.loads], np.int64)
    whole = np.array([_diagonal(circuit, point, f, at) for f in grid])
    found = []
    for column, load in enumerate(circuit.loads):
        own = np.array([_input_admittance(circuit, point, column, f) for f in grid])
        source = 1 / (1 / whole[:, column] - own)
        found.append(_margin(load.name, grid, source * own))
    return tuple(found)


def source_impedance_ohm(circuit: Circuit, node: str, frequency_hz: Floats) -> Complexes:
    """Impedance of the whole row, loads included, seen at a node."""
    point = operating_point(circuit)
    at = np.array([circuit.number[node]], np.int64)
    return np.array([_diagonal(circuit, point, f, at)[0] for f in np.asarray(frequency_hz)], np.complex128)


def joint_margin_db(circuit: Circuit, frequency_hz: Floats | None = None) -> tuple[float, float]:
    """All loads at once against the row without any of their power: margin in dB and the frequency of the least.

    The largest magnitude of an eigenvalue of Z(jw) Y(jw), Z the row's impedances among the loads' inner nodes (filters
    on the row's side), Y the loads' own negative admittances. Above zero dB no size of the loads up to the present one
    brings an eigenvalue to the axis, so the row is stable: Middlebrook's criterion for many loads.

    Raises
    ------
    ValueError
        Beyond 200 loads.
    """
    loads = [load for load in circuit.loads if load.watt > 0]
    if len(loads) > MOST_JOINT_LOADS:
        raise ValueError(f"{len(loads)} loads; the joint margin is worked out for up to {MOST_JOINT_LOADS}")
    point = operating_point(circuit)
    grid = _grid(circuit, point) if frequency_hz is None else np.asarray(frequency_hz, np.float64)
    at = np.array([circuit.number[load.inner] for load in loads], np.int64)
    bare = replace(circuit, loads=())
    worst, where = -math.inf, float(grid[0])
    for f in grid:
        impedance = _columns(bare, point, f, at)[at]
        own = np.array([_power_admittance(circuit, point, load, f) for load in loads])
        size = float(np.max(np.abs(eigvals(impedance * own[None, :]))))
        if size > worst:
            worst, where = size, float(f)
    return -20 * math.log10(max(worst, 1e-300)), where


def _grid(circuit: Circuit, point: OperatingPoint) -> Floats:
    """Even on a log scale, closer around every eigenfrequency of the row, with its loads and without them."""
    decades = math.log10(HIGH_HZ / LOW_HZ)
    grid = [np.geomspace(LOW_HZ, HIGH_HZ, int(decades * PER_DECADE) + 1)]
    around = np.geomspace(0.8, 1.25, 21)
    for space in (state_space(circuit, with_loads=point), state_space(circuit)):
        values = eigvals(space.matrix)
        own = np.unique(np.round(np.abs(values[values.imag > 0]), 3)) / (2 * math.pi)
        near = own[np.asarray(own > LOW_HZ / 10, np.bool_)]
        if len(near) > 60:
            near = near[:: len(near) // 60 + 1]
        grid.append((near[:, None] * around[None, :]).ravel())
    return np.unique(np.concatenate(grid))


def _nodal(circuit: Circuit, point: OperatingPoint, frequency_hz: float) -> csc_matrix:
    s = 2j * math.pi * frequency_hz
    number = circuit.number
    rows: list[int] = []
    columns: list[int] = []
    values: list[complex] = []

    def stamp(a: int, b: int, admittance: complex) -> None:
        for row, column, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
            if row >= 0 and column >= 0:
                rows.append(row)
                columns.append(column)
                values.append(sign * admittance)

    for branch in circuit.branches:
        stamp(number[branch.first], number[branch.second], 1 / (branch.ohm + s * branch.henry))
    for part in circuit.capacitors:
        stamp(number[part.node], -1, s * part.farad / (1 + s * part.farad * part.ohm))
    for load in circuit.loads:
        stamp(number[load.inner], -1, _power_admittance(circuit, point, load, frequency_hz))
    n = len(circuit.nodes)
    return csc_matrix(coo_matrix((values, (rows, columns)), shape=(n, n)))


def _columns(circuit: Circuit, point: OperatingPoint, frequency_hz: float, at: NDArray[np.int64]) -> Complexes:
    sides = np.zeros((len(circuit.nodes), len(at)), np.complex128)
    sides[at, np.arange(len(at))] = 1.0
    return np.asarray(splu(_nodal(circuit, point, frequency_hz)).solve(sides), np.complex128)


def _diagonal(circuit: Circuit, point: OperatingPoint, frequency_hz: float, at: NDArray[np.int64]) -> Complexes:
    return np.asarray(_columns(circuit, point, frequency_hz, at)[at, np.arange(len(at))], np.complex128)


def _power_admittance(circuit: Circuit, point: OperatingPoint, load: Load, frequency_hz: float) -> complex:
    flat = -load.watt / float(point.volt[circuit.number[load.inner]]) ** 2
    return complex(flat) if load.bandwidth_hz is None else flat / (1 + 1j * frequency_hz / load.bandwidth_hz)


def _input_admittance(circuit: Circuit, point: OperatingPoint, column: int, frequency_hz: float) -> complex:
    """What one load with its own filter takes at the place where it stands on the row."""
    load = circuit.loads[column]
    inside = _power_admittance(circuit, point, load, frequency_hz)
    own = load.input_filter
    if own is None:
        return inside
    s = 2j * math.pi * frequency_hz
    inside += s * own.farad / (1 + s * own.farad * own.esr_ohm)
    if own.damping_farad > 0:
        inside += s * own.damping_farad / (1 + s * own.damping_farad * own.damping_ohm)
    return complex(1 / (own.ohm + s * own.henry + 1 / inside))


def _margin(name: str, grid: Floats, ratio: Complexes) -> ImpedanceMargin:
    size = np.abs(ratio)
    peak, near = int(np.argmax(size)), int(np.argmin(np.abs(1 + ratio)))
    margin, where = None, None
    for at in np.flatnonzero((size[:-1] - 1) * (size[1:] - 1) <= 0):
        share = (1 - size[at]) / (size[at + 1] - size[at]) if size[at + 1] != size[at] else 0.0
        crossing = ratio[at] + share * (ratio[at + 1] - ratio[at])
        away = abs(math.degrees(math.atan2((-crossing).imag, (-crossing).real)))
        if margin is None or away < margin:
            margin, where = away, float(grid[at] * (grid[at + 1] / grid[at]) ** share)
    return ImpedanceMargin(
        load=name,
        gain_margin_db=-20 * math.log10(max(float(size[peak]), 1e-300)),
        gain_hz=float(grid[peak]),
        phase_margin_deg=margin,
        phase_hz=where,
        closest=float(np.abs(1 + ratio[near])),
        closest_hz=float(grid[near]),
    )


# --- limits ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StableLimit:
    """How far one thing may go before the row turns unstable.

    `reached` says what ends it: "stability", "no steady state" (collapse comes first) or "beyond the search".
    `value` is the last stable one, None where the row as it stands is not stable.
    """

    what: str
    value: float | None
    unit: str
    reached: str


def stable_limit(
    make: Callable[[float], Circuit], start: float, end: float, *, what: str = "", unit: str = "", points: int = 24
) -> StableLimit:
    """The last stable value on the way from `start` to `end`, both above zero.

    A scan on a log scale finds the first value that is unstable (so an unstable island wider than the scan's step
    is not jumped over), bisection then finds its edge to 1e-6.
    """
    places = np.geomspace(start, end, points + 1)
    if decay_per_s(make(start)) >= 0:
        return StableLimit(what, None, unit, "the row as it stands is not stable")
    good = start
    for place in places[1:]:
        if decay_per_s(make(float(place))) >= 0:
            good, bad = _edge(make, good, float(place))
            collapsed = math.isinf(decay_per_s(make(bad)))
            return StableLimit(what, good, unit, "no steady state" if collapsed else "stability")
        good = float(place)
    return StableLimit(what, end, unit, "beyond the search")


def _edge(make: Callable[[float], Circuit], good: float, bad: float) -> tuple[float, float]:
    while abs(bad - good) > 1e-6 * abs(good):
        middle = math.sqrt(good * bad)
        if decay_per_s(make(middle)) < 0:
            good = middle
        else:
            bad = middle
    return good, bad


def longest_line(circuit: Circuit, line: str, length_m: float, *, most_m: float | None = None) -> StableLimit:
    """How long one cable may be, its resistance and inductance growing with its length."""
    _known(line, [branch.name for branch in circuit.branches], "line")

    def make(metres: float) -> Circuit:
        share = metres / length_m
        grown = tuple(
            replace(branch, ohm=branch.ohm * share, henry=branch.henry * share) if branch.name == line else branch
            for branch in circuit.branches
        )
        return replace(circuit, branches=grown)

    return stable_limit(make, length_m, most_m or 1e4 * length_m, what=f"length of {line}", unit="m")


def largest_load(circuit: Circuit, load: str | None = None, *, most_factor: float = 1e4) -> StableLimit:
    """How large one load, or all loads together, may grow; the value is in watts (of that load, or the sum)."""
    chosen = [one for one in circuit.loads if load in (None, one.name)]
    if load is not None:
        _known(load, [one.name for one in circuit.loads], "load")
    base_w = sum(one.watt for one in chosen)

    def make(watt: float) -> Circuit:
        grown = tuple(
            replace(one, watt=one.watt * watt / base_w) if load in (None, one.name) else one for one in circuit.loads
        )
        return replace(circuit, loads=grown)

    return stable_limit(make, base_w, base_w * most_factor, what=f"power of {load or 'all loads'}", unit="W", points=60)


def smallest_capacitance(circuit: Circuit, capacitor: str, *, least_share: float = 1e-4) -> StableLimit:
    """How small one capacitor may become."""
    _known(capacitor, [part.name for part in circuit.capacitors], "capacitor")
    base = next(part.farad for part in circuit.capacitors if part.name == capacitor)

    def make(farad: float) -> Circuit:
        less = tuple(replace(part, farad=farad) if part.name == capacitor else part for part in circuit.capacitors)
        return replace(circuit, capacitors=less)

    return stable_limit(make, base, base * least_share, what=f"capacitance of {capacitor}", unit="F")


def _known(name: str, names: list[str], kind: str) -> None:
    if name not in names:
        raise ValueError(f"no {kind} {name!r}; there are {', '.join(names[:8])}" + (" ..." if len(names) > 8 else ""))
