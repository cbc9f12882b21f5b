"""What cuts a fault off: fuse, mechanical breaker, solid-state breaker, hot-swap; what each lets through.

All are worked out on the prospective current, as if the device did not lower it before it is done. That errs on the
safe side in current and I2t for what the device's arc or transistor would have held back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rackwright.rack.power.protection.finding import ProtectionFinding, at_most
from rackwright.rack.power.protection.wave import Wave

#: Beyond this a fuse's melting is no longer without heat loss, and its I2t alone does not tell (assumed).
ADIABATIC_S = 0.01


@dataclass(frozen=True, slots=True)
class Cleared:
    """One device on one current. `opens` is None where its data do not tell; times from the fault's start."""

    device: str
    opens: bool | None
    #: When it melts or trips, and when the current is off.
    starts_s: float | None
    clears_s: float | None
    #: Highest current and I2t that pass until then.
    let_through_a: float | None
    let_through_a2s: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Fuse:
    """`melting_a2s` is the least pre-arcing I2t, `clearing_a2s` the most in total at the system's voltage.

    `curve` holds (ampere, pre-arcing seconds) for slow faults; `time_constant_s` is the largest L/R that its direct
    current rating holds for.
    """

    name: str
    rated_a: float
    rated_v: float
    breaking_a: float
    melting_a2s: float
    clearing_a2s: float
    curve: tuple[tuple[float, float], ...] = ()
    time_constant_s: float | None = None
    standing: str = "user"

    def cleared(self, wave: Wave) -> Cleared:
        """Melting once the I2t is reached; off at the latest once the total clearing I2t has passed."""
        melts = wave.reaches_i2t_s(self.melting_a2s)
        if melts is None:
            return self._slow(wave)
        clears = wave.reaches_i2t_s(self.clearing_a2s)
        if clears is None:
            clears = _later(wave, self.clearing_a2s)
        if clears is None:
            return Cleared(
                self.name, None, melts, None, None, None, "it melts as the current dies; the end is not told"
            )
        text = f"melts at {_time(melts)}, lets at most {self.clearing_a2s:.4g} A2s through"
        return Cleared(self.name, True, melts, clears, wave.most_a(clears), self.clearing_a2s, text)

    def _slow(self, wave: Wave) -> Cleared:
        last = abs(wave.last_a)
        seconds = self.opens_after_s(last)
        if seconds is None:
            known = bool(self.curve) or last <= self.rated_a
            text = f"{last:.4g} A stay on and do not melt it" if known else "no time-current curve tells when it melts"
            return Cleared(self.name, False if known else None, None, None, None, None, text)
        passed = wave.i2t_a2s() + last**2 * max(seconds - wave.end_s, 0.0) + self.clearing_a2s - self.melting_a2s
        text = f"melts after {_time(seconds)} at the current that stays on"
        return Cleared(self.name, True, seconds, seconds, wave.peak_a, passed, text)

    def opens_after_s(self, current_a: float) -> float | None:
        """Least pre-arcing time at a steady current: the sooner of the curve and, up to 10 ms, the melting I2t.

        None where it never melts, or nothing tells.
        """
        known = self._melting_s(current_a)
        return min(known) if known else None

    def longest_s(self, current_a: float) -> float | None:
        """Time to be off at a steady current: the later of both, and its arc by the I2t that is left."""
        known = self._melting_s(current_a)
        return max(known) + (self.clearing_a2s - self.melting_a2s) / current_a**2 if known else None

    def _melting_s(self, current_a: float) -> list[float]:
        quick = self.melting_a2s / current_a**2 if current_a > self.rated_a else math.inf
        slow = _on_curve(self.curve, current_a)
        if slow is not None and current_a > self.curve[-1][0]:
            slow *= (self.curve[-1][0] / current_a) ** 2  # beyond the curve its I2t stays
        return [seconds for seconds in (slow, quick if quick <= ADIABATIC_S else None) if seconds is not None]


@dataclass(frozen=True, slots=True)
class MechanicalBreaker:
    """Contacts with a magnetic trip at `instant_a` (held for `hold_s`) and `open_s` from there to no current.

    Direct current has no zero to wait for: the arc has to be driven out, in milliseconds. `curve` is the overload trip.
    """

    name: str
    rated_a: float
    rated_v: float
    breaking_a: float
    instant_a: float
    open_s: float
    hold_s: float = 0.0
    curve: tuple[tuple[float, float], ...] = ()
    standing: str = "user"

    @property
    def trip_a(self) -> float:
        """Current that trips it at once."""
        return self.instant_a

    def cleared(self, wave: Wave) -> Cleared:
        """Off `open_s` after the current has stood above the magnetic trip."""
        trips = wave.stands_s(self.instant_a, self.hold_s)
        if trips is None:
            slow = _on_curve(self.curve, abs(wave.last_a))
            known = bool(self.curve) or abs(wave.last_a) <= self.rated_a
            if slow is None:
                text = (
                    f"{abs(wave.last_a):.4g} A stay on and do not trip it" if known else "no curve tells when it trips"
                )
                return Cleared(self.name, False if known else None, None, None, None, None, text)
            passed = wave.i2t_a2s() + wave.last_a**2 * max(slow + self.open_s - wave.end_s, 0.0)
            return Cleared(self.name, True, slow, slow + self.open_s, wave.peak_a, passed, f"trips after {_time(slow)}")
        return _cut(self.name, wave, trips, trips + self.open_s, 0.0)

    def opens_after_s(self, current_a: float) -> float | None:
        """Time to the trip at a steady current; None where it never trips, or nothing tells."""
        return self.hold_s if current_a >= self.instant_a else _on_curve(self.curve, current_a)

    def longest_s(self, current_a: float) -> float | None:
        """Time to no current."""
        start = self.opens_after_s(current_a)
        return None if start is None else start + self.open_s


@dataclass(frozen=True, slots=True)
class ElectronicBreaker:
    """A solid-state breaker or a hot-swap: off `clear_s` after its threshold, the current then falling in `fall_s`.

    `breaking_a` is the highest current that it can turn off. `hold_s` is how long the current has to stand above the
    threshold (a blanking time; zone selectivity is made with it).
    """

    name: str
    rated_a: float
    rated_v: float
    breaking_a: float
    threshold_a: float
    clear_s: float
    hold_s: float = 0.0
    fall_s: float = 0.0
    kind: str = "solid-state breaker"
    curve: tuple[tuple[float, float], ...] = ()
    standing: str = "user"

    @property
    def trip_a(self) -> float:
        """Current that trips it at once."""
        return self.threshold_a

    def cleared(self, wave: Wave) -> Cleared:
        """Off `clear_s` after the threshold: it lets the current grow that much longer."""
        trips = wave.stands_s(self.threshold_a, self.hold_s)
        if trips is None:
            text = f"{wave.peak_a:.4g} A do not reach its threshold of {self.threshold_a:.4g} A"
            return Cleared(self.name, False, None, None, None, None, text)
        return _cut(self.name, wave, trips, trips + self.clear_s, self.fall_s)

    def opens_after_s(self, current_a: float) -> float | None:
        """Time to the trip at a steady current; None where it never trips, or nothing tells."""
        return self.hold_s if current_a >= self.threshold_a else _on_curve(self.curve, current_a)

    def longest_s(self, current_a: float) -> float | None:
        """Time to no current."""
        start = self.opens_after_s(current_a)
        return None if start is None else start + self.clear_s + self.fall_s


Device = Fuse | MechanicalBreaker | ElectronicBreaker


def let_through_a(threshold_a: float, rise_a_s: float, clear_s: float) -> float:
    """Current at which an electronic breaker turns off: its threshold and what grows meanwhile.

    Straight rise; on a curved one take `ElectronicBreaker.cleared`.

    800 V through 20 uH rise by 40 A/us: 4,000 A become 5,000 A in 25 us.

    >>> let_through_a(4000.0, 800.0 / 20e-6, 25e-6)
    5000.0
    """
    return threshold_a + rise_a_s * clear_s


def withstand_a2s(area_mm2: float, *, constant: float = 115.0) -> float:
    """I2t that a conductor bears without losing its insulation: (k A)^2, no heat lost.

    k = 115 for PVC on copper, 143 for XLPE (A s^0.5 / mm2; the adiabatic rule of IEC 60364, figures from knowledge, not
    opened: take them as estimates). Good for seconds at most.

    >>> withstand_a2s(10.0)
    1322500.0
    """
    return (constant * area_mm2) ** 2


def device_findings(
    device: Device,
    wave: Wave,
    *,
    system_v: float,
    bears_a2s: float | None = None,
    bears_standing: str = "estimate",
) -> tuple[ProtectionFinding, ...]:
    """Voltage, breaking capacity, whether it opens at all, its let-through against what is behind it bears."""
    done = device.cleared(wave)
    name = device.name
    found = [
        at_most(f"{name}: voltage", system_v, device.rated_v, "V", device.standing, "rated direct voltage"),
        _breaking(device, wave, done),
        ProtectionFinding(f"{name}: opens", done.opens, done.clears_s, None, "s", device.standing, done.text),
    ]
    text = "I2t that passes against what the conductor bears"
    if bears_a2s is not None:
        found.append(at_most(f"{name}: let-through", done.let_through_a2s, bears_a2s, "A2s", bears_standing, text))
    if isinstance(device, Fuse) and device.time_constant_s is not None:
        rise = wave.reaches_s(wave.peak_a * (1 - math.exp(-1)))
        text = "time to 63 % of the peak against the largest L/R of the fuse's direct current rating"
        found.append(at_most(f"{name}: L/R", rise, device.time_constant_s, "s", device.standing, text))
    return tuple(found)


def _breaking(device: Device, wave: Wave, done: Cleared) -> ProtectionFinding:
    if isinstance(device, ElectronicBreaker):
        text = "current at which it turns off against the most that it can turn off"
        value = done.let_through_a if done.opens else (wave.peak_a if done.opens is None else None)
    else:
        value, text = wave.peak_a, "prospective peak against the breaking capacity"
    return at_most(f"{device.name}: breaking capacity", value, device.breaking_a, "A", device.standing, text)


def _cut(name: str, wave: Wave, trips: float, clears: float, fall_s: float) -> Cleared:
    most = wave.most_a(clears)
    at_end = abs(float(wave.at(clears)[0]))
    beyond = max(clears - wave.end_s, 0.0) * wave.last_a**2
    passed = wave.i2t_a2s(clears) + beyond + at_end**2 * fall_s / 3
    text = f"trips at {_time(trips)}, off at {_time(clears + fall_s)}"
    return Cleared(name, True, trips, clears + fall_s, most, passed, text)


def _later(wave: Wave, i2t_a2s: float) -> float | None:
    """When a current that stays as it is at the end brings the I2t; None where nothing stays."""
    if wave.last_a == 0:
        return None
    when = wave.end_s + (i2t_a2s - wave.i2t_a2s()) / wave.last_a**2
    return when if when - wave.end_s <= ADIABATIC_S else None


def _on_curve(curve: tuple[tuple[float, float], ...], current_a: float) -> float | None:
    """Seconds at a current, straight between points on two log scales; None below the first, the last's beyond it."""
    if not curve or current_a < curve[0][0]:
        return None
    amps, seconds = (np.log([point[at] for point in curve]) for at in (0, 1))
    if np.any(np.diff(amps) <= 0):
        raise ValueError("a time-current curve goes from small to large currents")
    return float(np.exp(np.interp(math.log(current_a), amps, seconds)))


def _time(seconds: float) -> str:
    return (
        f"{seconds * 1e6:.3g} us"
        if seconds < 1e-3
        else f"{seconds * 1e3:.3g} ms"
        if seconds < 1
        else f"{seconds:.3g} s"
    )
