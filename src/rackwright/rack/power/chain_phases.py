"""The alternating-current side of a rack: single-phase supplies over three phases, and each feed against its breaker.

Currents are phasors at the fundamental. The neutral's third harmonic is added from a stated share only: supplies with
power-factor correction keep it low, and no public figure for it was found.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Complexes = NDArray[np.complex128]

#: NEC: a continuous load may take this share of its breaker's rating (accepted standard).
NEC_CONTINUOUS_SHARE = 0.8
ROTATION = cmath.exp(2j * math.pi / 3)
#: Where a single-phase supply stands: the phases whose voltage it takes, as weights on (a, b, c).
PLACES = {
    "a-n": (1, 0, 0),
    "b-n": (0, 1, 0),
    "c-n": (0, 0, 1),
    "a-b": (1, -1, 0),
    "b-c": (0, 1, -1),
    "c-a": (-1, 0, 1),
}


@dataclass(frozen=True, slots=True)
class SinglePhase:
    """A supply's input: power, place, and power factor (positive: current behind the voltage)."""

    power_w: float
    place: str
    power_factor: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class PhaseCurrents:
    """Currents of a three-phase feed; unbalance is of these currents."""

    phase_a: tuple[float, float, float]
    neutral_a: float
    #: Largest departure from the mean over the mean (as NEMA MG 1 defines it for voltages).
    nema_unbalance_share: float
    #: Negative over positive sequence (as IEC 61000-2-2 defines it for voltages).
    iec_unbalance_share: float

    @property
    def worst_a(self) -> float:
        """Current of the most loaded phase."""
        return max(self.phase_a)


def phase_currents(
    supplies: Sequence[SinglePhase], line_v: float, *, third_harmonic_share: float = 0.0
) -> PhaseCurrents:
    """Currents of supplies on a stiff, balanced feed of `line_v` between lines.

    `third_harmonic_share` is of each phase-to-neutral supply's fundamental; thirds of all phases add in the neutral.

    Examples
    --------
    One supply of 4 kW to neutral at 400 V: 17.3 A in its phase and in the neutral; three of them, none in the neutral.

    >>> one = phase_currents([SinglePhase(4000.0, "a-n")], 400.0)
    >>> round(one.phase_a[0], 2), round(one.neutral_a, 2)
    (17.32, 17.32)
    >>> three = phase_currents([SinglePhase(4000.0, place) for place in ("a-n", "b-n", "c-n")], 400.0)
    >>> round(three.neutral_a, 9), round(three.nema_unbalance_share, 9), round(three.iec_unbalance_share, 9)
    (0.0, 0.0, 0.0)
    """
    volts = _balanced(line_v)
    currents = np.zeros(3, np.complex128)
    thirds_a = 0.0
    for supply in supplies:
        weights = np.array(_weights(supply), np.complex128)
        across = complex(weights @ volts)
        current = (_apparent_va(supply) / across).conjugate()
        currents += weights * current
        if supply.place.endswith("-n"):
            thirds_a += third_harmonic_share * abs(current)
    return _described(currents, thirds_a)


def unbalance_shares(phasors: ArrayLike) -> tuple[float, float]:
    """NEMA's and IEC's unbalance of three phasors (a, b, c); zeros where all are zero.

    >>> nema, iec = unbalance_shares([1.0, 0.0, 0.0])
    >>> round(nema, 6), round(iec, 6)
    (2.0, 1.0)
    """
    three = np.asarray(phasors, np.complex128)
    size = np.abs(three)
    mean = float(size.mean())
    positive = abs(three[0] + ROTATION * three[1] + ROTATION**2 * three[2]) / 3
    negative = abs(three[0] + ROTATION**2 * three[1] + ROTATION * three[2]) / 3
    nema = float(np.max(np.abs(size - mean))) / mean if mean > 0 else 0.0
    return nema, float(negative / positive) if positive > 0 else (math.inf if negative > 0 else 0.0)


def spread_over_phases(powers_w: Sequence[float], places: Sequence[str] = ("a-n", "b-n", "c-n")) -> tuple[str, ...]:
    """A place for each supply: the largest first, each to the least loaded phase; a supply of no power as any other.

    Least for equal supplies; for unequal ones within a third of the largest supply of the best there is.

    >>> spread_over_phases([5.5e3] * 6)
    ('a-n', 'b-n', 'c-n', 'a-n', 'b-n', 'c-n')
    """
    loads = dict.fromkeys(places, 0.0)
    counts = dict.fromkeys(places, 0)
    found = [""] * len(powers_w)
    for at in sorted(range(len(powers_w)), key=lambda k: -powers_w[k]):
        place = min(places, key=lambda p: (loads[p], counts[p]))
        loads[place] += powers_w[at]
        counts[place] += 1
        found[at] = place
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class FeederSolution:
    """A four-wire feeder at its load's end: voltages to the load's neutral, currents, and what the wires lose."""

    phase_v: Complexes
    current_a: Complexes
    neutral_a: complex
    loss_w: float
    steps: int

    @property
    def described(self) -> PhaseCurrents:
        """The same as magnitudes."""
        return _described(self.current_a, 0.0)


def solve_feeder(
    load_va: ArrayLike, line_v: float, phase_ohm: complex, neutral_ohm: complex = 0j, *, most_steps: int = 200
) -> FeederSolution:
    """Constant-power loads to neutral at the end of four wires from a stiff balanced source.

    Voltages and currents are repeated in turn, which settles where the drop is small beside the voltage.

    Parameters
    ----------
    load_va : array_like, shape (3,)
        Complex power of each phase, positive reactive behind.

    Raises
    ------
    ValueError
        Where the steps do not settle: the feeder cannot carry the load, or nearly not.

    Examples
    --------
    >>> solved = solve_feeder([4000.0, 4000.0, 4000.0], 400.0, 0.05 + 0.02j)
    >>> round(float(abs(solved.current_a[0])), 2), round(abs(solved.neutral_a), 9)
    (17.39, 0.0)
    """
    source, power = _balanced(line_v), np.asarray(load_va, np.complex128)
    volts = source.copy()
    for step in range(1, most_steps + 1):
        current = np.conj(power / volts)
        neutral = complex(current.sum())
        fallen = source - phase_ohm * current - neutral_ohm * neutral
        change = float(np.max(np.abs(fallen - volts)))
        volts = fallen
        if change <= 1e-13 * line_v:
            loss_w = float(phase_ohm.real * np.sum(np.abs(current) ** 2) + neutral_ohm.real * abs(neutral) ** 2)
            return FeederSolution(volts, current, neutral, loss_w, step)
        if not math.isfinite(change) or (np.abs(volts) < 0.5 * np.abs(source)).any():
            break
    raise ValueError(f"a feeder of {line_v:g} V does not carry {abs(power.sum()):g} VA: its voltages do not settle")


@dataclass(frozen=True, slots=True)
class FeedCheck:
    """A feed's continuous current beside what its breaker may carry."""

    current_a: float
    breaker_a: float
    continuous_share: float
    standing: str
    source: str

    @property
    def most_a(self) -> float:
        """Continuous current that the breaker allows."""
        return self.breaker_a * self.continuous_share

    @property
    def holds(self) -> bool:
        """Whether the current is within it."""
        return self.current_a <= self.most_a * (1 + 1e-12)


def feed_check(
    current_a: float,
    breaker_a: float,
    *,
    continuous_share: float = NEC_CONTINUOUS_SHARE,
    standing: str = "accepted standard",
    source: str = "NEC, continuous load over breaker rating",
) -> FeedCheck:
    """A feed against its breaker. Under IEC practice `continuous_share` is 1 where the breaker is rated so.

    >>> check = feed_check(48.0, 60.0)
    >>> check.most_a, check.holds
    (48.0, True)
    """
    return FeedCheck(current_a, breaker_a, continuous_share, standing, source)


def _balanced(line_v: float) -> Complexes:
    """Phase voltages to neutral, a then b then c."""
    return line_v / math.sqrt(3) * np.array([1.0, ROTATION.conjugate(), ROTATION], np.complex128)


def _weights(supply: SinglePhase) -> tuple[int, int, int]:
    if supply.place not in PLACES:
        raise ValueError(f"supply {supply.name!r} stands at {supply.place!r}, not one of {', '.join(PLACES)}")
    return PLACES[supply.place]


def _apparent_va(supply: SinglePhase) -> complex:
    factor = abs(supply.power_factor)
    if not 0 < factor <= 1:
        raise ValueError(f"supply {supply.name!r}: power_factor is {supply.power_factor}, not up to 1 and not zero")
    reactive = supply.power_w * math.sqrt(1 / factor**2 - 1)
    return complex(supply.power_w, math.copysign(reactive, supply.power_factor))


def _described(currents: Complexes, thirds_a: float) -> PhaseCurrents:
    nema, iec = unbalance_shares(currents)
    a, b, c = np.abs(currents).tolist()
    return PhaseCurrents((a, b, c), math.hypot(abs(complex(currents.sum())), thirds_a), nema, iec)
