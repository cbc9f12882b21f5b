"""What one source alone gives into a short circuit: capacitor, battery, bridge; exact solutions of their circuits.

The kinds of source and their superposition follow the way of IEC 61660-1 (named from knowledge, the standard was not
opened); the formulae are the circuits' own solutions, not the standard's approximations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.power.protection.wave import Wave

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Discharge:
    """A capacitor's discharge through R and L; `damping` is R / 2 x sqrt(C / L), 1 where it is critical."""

    peak_a: float
    peak_s: float
    #: Over all time: the capacitor's whole energy goes into R, so it is C V^2 / (2 R).
    i2t_a2s: float
    damping: float
    volt: float
    farad: float
    ohm: float
    henry: float

    def current_a(self, time_s: Floats) -> Floats:
        """Current at some instants."""
        return _discharge_current(self, np.asarray(time_s, np.float64))[0]

    def wave(self, end_s: float | None = None, samples: int = 2001) -> Wave:
        """The current as samples, closer together at the start."""
        slow_s = max(self.ohm * self.farad, 2 * self.henry / self.ohm)
        times = np.concatenate(
            (np.zeros(1), np.geomspace(self.peak_s / 1e3 or slow_s / 1e6, end_s or 12 * slow_s, samples))
        )
        current, slope = _discharge_current(self, times)
        return Wave(times, current, slope)


def capacitor_discharge(*, volt: float, farad: float, ohm: float, henry: float = 0.0) -> Discharge:
    """Discharge of a capacitor into a short circuit: peak, time to peak and I2t, in closed form.

    Under-, critically and over-damped; the capacitor may ring into reverse (a diode across it would hold it at zero:
    then use the network). With `henry` of zero the peak is V / R at once.

    Examples
    --------
    10 mF at 50 V through 5 mOhm and no inductance: 10 kA; I2t = 0.01 x 2500 / 0.01 = 2,500 A^2 s.

    >>> found = capacitor_discharge(volt=50.0, farad=0.01, ohm=5e-3)
    >>> round(found.peak_a), round(found.i2t_a2s)
    (10000, 2500)
    """
    for name, value in {"volt": volt, "farad": farad, "ohm": ohm}.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}, not a finite number above zero")
    i2t = farad * volt**2 / (2 * ohm)
    if henry == 0:
        return Discharge(volt / ohm, 0.0, i2t, math.inf, volt, farad, ohm, henry)
    alpha, natural = ohm / (2 * henry), 1 / math.sqrt(henry * farad)
    damping = alpha / natural
    if abs(damping - 1) < 1e-6:
        peak_s = 1 / alpha
    elif damping < 1:
        ring = natural * math.sqrt(1 - damping**2)
        peak_s = math.atan2(ring, alpha) / ring
    else:
        spread = natural * math.sqrt(damping**2 - 1)
        peak_s = math.atanh(spread / alpha) / spread
    found = Discharge(0.0, peak_s, i2t, damping, volt, farad, ohm, henry)
    peak_a = float(found.current_a(np.array([peak_s]))[0])
    return Discharge(peak_a, peak_s, i2t, damping, volt, farad, ohm, henry)


def _discharge_current(of: Discharge, time_s: Floats) -> tuple[Floats, Floats]:
    """Current and slope; i = V/L t e^(-at) sin(wt)/(wt), with sinh beyond critical damping."""
    if of.henry == 0:
        current = of.volt / of.ohm * np.exp(-time_s / (of.ohm * of.farad))
        return current, -current / (of.ohm * of.farad)
    alpha, square = of.ohm / (2 * of.henry), 1 / (of.henry * of.farad)
    rate = np.sqrt(complex(alpha**2 - square))
    # exp(-at) sinh(rt)/r and its derivative, written so that nothing overflows
    fast, slow = np.exp(-(alpha + rate) * time_s), np.exp(-(alpha - rate) * time_s)
    if abs(rate) < 1e-6 * alpha:
        shape = time_s * np.exp(-alpha * time_s)
        change = (1 - alpha * time_s) * np.exp(-alpha * time_s)
    else:
        shape = ((slow - fast) / (2 * rate)).real
        change = (((alpha + rate) * fast - (alpha - rate) * slow) / (2 * rate)).real
    return np.asarray(of.volt / of.henry * shape), np.asarray(of.volt / of.henry * change)


@dataclass(frozen=True, slots=True)
class Rise:
    """A current that rises to E / R with the time constant L / R."""

    steady_a: float
    time_constant_s: float

    def current_a(self, time_s: Floats) -> Floats:
        """Current at some instants."""
        return np.asarray(-self.steady_a * np.expm1(-np.asarray(time_s, np.float64) / self.time_constant_s))

    def i2t_a2s(self, until_s: float) -> float:
        """Integral of the square to an instant, in closed form."""
        x = until_s / self.time_constant_s
        return self.steady_a**2 * self.time_constant_s * (x + 2 * math.expm1(-x) - 0.5 * math.expm1(-2 * x))


def battery_rise(*, emf_v: float, ohm: float, henry: float) -> Rise:
    """Short-circuit current of a battery behind its resistance and the circuit's: E / R (1 - exp(-t R / L)).

    Limits: EMF and resistance as constants, so no fall of a battery's voltage within the fault (that errs high).

    >>> battery_rise(emf_v=48.0, ohm=0.006, henry=3e-6).steady_a
    8000.0
    """
    if not (emf_v > 0 and ohm > 0 and henry > 0):
        raise ValueError(f"a battery needs emf, ohm and henry above zero, not {emf_v}, {ohm}, {henry}")
    return Rise(emf_v / ohm, henry / ohm)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A six-pulse diode bridge as a one-way EMF behind resistance and inductance, on its direct side."""

    emf_v: float
    ohm: float
    henry: float
    #: Mean direct current into a dead short: 3 sqrt(2) / pi times the alternating short-circuit current.
    shorted_a: float


def bridge(*, line_v: float, short_circuit_a: float, frequency_hz: float = 50.0, x_over_r: float = 10.0) -> Bridge:
    """Mean-value equivalent of a six-pulse bridge from its line voltage and alternating short-circuit current.

    No load: E = 3 sqrt(2) / pi x V_line. Into a dead short each phase carries its full short-circuit sine, and half the
    sum of their magnitudes, 3 sqrt(2) / pi x I_sc in the mean, flows on the direct side. The straight line between the
    two is taken, so R = V_line / I_sc; L is two phases' reactance. Limits: the mean, without the ripple (peak 1.047 of
    it) and without the alternating side's first asymmetric peak, which depends on the instant; the true
    characteristic between the two ends lies above the line. A current-limited active rectifier is a supply, not this.

    >>> found = bridge(line_v=400.0, short_circuit_a=10e3)
    >>> round(found.emf_v), round(found.shorted_a)
    (540, 13505)
    """
    if not (line_v > 0 and short_circuit_a > 0 and frequency_hz > 0 and x_over_r > 0):
        raise ValueError("a bridge needs its line voltage, short-circuit current, frequency and X/R above zero")
    share = 3 * math.sqrt(2) / math.pi
    phase_ohm = line_v / math.sqrt(3) / short_circuit_a
    reactance = phase_ohm * x_over_r / math.hypot(1.0, x_over_r)
    henry = 2 * reactance / (2 * math.pi * frequency_hz)
    return Bridge(share * line_v, line_v / short_circuit_a, henry, share * short_circuit_a)
