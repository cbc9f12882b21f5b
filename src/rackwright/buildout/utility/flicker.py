"""Flicker at the point of common coupling: voltage from power, and the flickermeter of IEC 61000-4-15.

The meter's numbers (filters, classes, weights) are those of IEC 61000-4-15:2010; the standard was not opened, they are
well known and are checked here against its published test points, which other implementations carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.utility.specification import CouplingPoint

Floats = NDArray[np.float64]

#: Observation time of Pst, and the number of them in Plt.
PST_S, PLT_COUNT = 600.0, 12
#: The meter runs at this rate or faster: its filters reach to 42 Hz and its squarer to twice that. [Hz]
RATE_LEAST_HZ = 1000.0
#: Run before the record, mirrored, so that the 0.05 Hz filter has settled: ten of its time constants. [s]
SETTLING_S = 32.0
SMOOTHING_S = 0.3
#: Levels exceeded for these per cent of the time, their weights in Pst squared.
LEVELS = (
    (0.0314, (0.1,)),
    (0.0525, (0.7, 1.0, 1.5)),
    (0.0657, (2.2, 3.0, 4.0)),
    (0.28, (6.0, 8.0, 10.0, 13.0, 17.0)),
    (0.08, (30.0, 50.0, 80.0)),
)


@dataclass(frozen=True, slots=True)
class Lamp:
    """Lamp, eye and brain: weighting filter, end of the demodulator, and the change that is just seen at 8.8 Hz.

    `just_seen` is the relative peak-to-peak change of a sine that reads an instantaneous flicker of one.
    """

    gain: float
    damping_hz: float
    centre_hz: float
    zero_hz: float
    pole_hz: tuple[float, float]
    low_pass_hz: float
    just_seen: float


LAMP_230_V = Lamp(1.74802, 4.05981, 9.15494, 2.27979, (1.22535, 21.9), 35.0, 0.00250)
LAMP_120_V = Lamp(1.6357, 4.167375, 9.077169, 2.939902, (1.394468, 17.31512), 42.0, 0.00321)


def relative_voltage(power_w: Floats, point: CouplingPoint) -> Floats:
    """Voltage at the point of common coupling over its mean: (samples,).

    A stiff source behind the short-circuit impedance feeds the site's power at a constant power factor (lagging):
    the two-bus equation v^4 + (2 (r p + x q) - 1) v^2 + (r^2 + x^2)(p^2 + q^2) = 0 per unit of the short-circuit power,
    upper root. To first order a change of p costs r + x q / p of voltage. Balanced, one site, no regulator and no tap
    changer: those are slower than flicker.

    Raises
    ------
    ValueError
        Without short-circuit figures, or where the load passes what the point can carry (voltage collapse).
    """
    if point.short_circuit_va is None or point.x_over_r is None:
        raise ValueError("no short-circuit power or X/R")
    r = 1.0 / np.hypot(1.0, point.x_over_r)
    x = point.x_over_r * r
    p = power_w / point.short_circuit_va
    q = p * np.sqrt(1.0 / point.power_factor**2 - 1.0)
    half = 0.5 - (r * p + x * q)
    under = half**2 - (p**2 + q**2)
    if not (under > 0).all() or not (half > 0).all():
        worst = float(power_w.max())
        raise ValueError(f"{worst / 1e6:.0f} MW pass what {point.short_circuit_va / 1e6:.0f} MVA can carry")
    voltage = np.sqrt(half + np.sqrt(under))
    return np.asarray(voltage / voltage.mean(), dtype=np.float64)


def pst(voltage: Floats, step_s: float, frequency_hz: float = 60.0) -> Floats:
    """Short-term flicker severity of each full ten minutes, or of the record where it is shorter: (windows,).

    `voltage` is the rms voltage against time over its mean, held over each step: the envelope that the meter's
    demodulator finds. Samples of 10 ms that are means show the meter sinc(0.01 f) of a sine: 0.99 at 8.8 Hz, 0.83 at
    33 Hz; faster swings than 50 Hz are not there. A tail shorter than ten minutes is left out.
    """
    hold = max(int(np.ceil(step_s * RATE_LEAST_HZ - 1e-9)), 1)
    window = min(round(PST_S / step_s), voltage.size)
    meter = _Meter(voltage, step_s, frequency_hz, hold)
    ends = range(window, voltage.size + 1, window)
    return np.array([_severity(meter.read(voltage[end - window : end])) for end in ends])


def plt(severities: Floats) -> float:
    """Long-term severity: the cube root of the mean cube of Pst, twelve of them in two hours.

    >>> round(plt(np.array([1.0, 1.0, 2.0, 2.0])), 4)
    1.651
    """
    return float(np.cbrt(np.mean(severities**3)))


def instantaneous(voltage: Floats, step_s: float, frequency_hz: float, hold: int = 1) -> Floats:
    """Instantaneous flicker sensation; each step of the voltage is held over `hold` steps of the meter."""
    return _Meter(voltage, step_s, frequency_hz, hold).read(voltage)


class _Meter:
    """The filters and where they stand; it has settled on the record's mirrored beginning."""

    def __init__(self, voltage: Floats, step_s: float, frequency_hz: float, hold: int) -> None:
        self.sections, self.smoothing, self.scale = _meter(
            LAMP_230_V if frequency_hz < 55.0 else LAMP_120_V, hold / step_s
        )
        self.hold = hold
        self.mean_square = float(np.mean(voltage**2))
        self.filters = np.zeros((self.sections.shape[0], 2))
        self.smoothed = np.zeros(1)
        self.read(voltage[: round(SETTLING_S / step_s)][::-1])

    def read(self, voltage: Floats) -> Floats:
        """Instantaneous flicker of the next piece of the record."""
        from scipy.signal import lfilter, sosfilt

        squared = np.repeat(voltage**2 - self.mean_square, self.hold)
        weighted, self.filters = sosfilt(self.sections, squared, zi=self.filters)
        seen, self.smoothed = lfilter(
            [1.0 - self.smoothing], [1.0, -self.smoothing], self.scale * weighted**2, zi=self.smoothed
        )
        return np.asarray(seen, dtype=np.float64)


def _severity(seen: Floats) -> float:
    exceeded = [percent for _, percents in LEVELS for percent in percents]
    level = dict(zip(exceeded, np.percentile(seen, 100.0 - np.array(exceeded)), strict=True))
    return float(np.sqrt(sum(weight * np.mean([level[at] for at in percents]) for weight, percents in LEVELS)))


@cache
def _meter(lamp: Lamp, rate_hz: float) -> tuple[Floats, float, float]:
    """Filters before the squarer as sections, the smoothing's pole, and what makes the just seen sine read one."""
    from scipy.signal import bilinear_zpk, buttap, sosfreqz, zpk2sos

    turn = 2 * np.pi
    _, poles, _ = buttap(6)
    low_pass = poles * turn * lamp.low_pass_hz
    damped = np.sqrt(complex(lamp.damping_hz**2 - lamp.centre_hz**2))
    band = turn * np.array([-lamp.damping_hz + damped, -lamp.damping_hz - damped])
    slow, fast = (turn * pole for pole in lamp.pole_hz)
    zeros = np.array([0.0, 0.0, -turn * lamp.zero_hz])
    all_poles = np.concatenate([[-turn * 0.05], low_pass, band, [-slow, -fast]])
    gain = np.real(np.prod(-low_pass)) * lamp.gain * turn * lamp.centre_hz * slow * fast / (turn * lamp.zero_hz)
    sections = zpk2sos(*bilinear_zpk(zeros, all_poles, gain, rate_hz))
    _, response = sosfreqz(sections, [8.8], fs=rate_hz)
    # the squared sine: half its amplitude squared, and a ripple at twice 8.8 Hz that the smoothing leaves
    smoothing = float(np.exp(-1.0 / (SMOOTHING_S * rate_hz)))
    ripple = (1.0 - smoothing) / abs(1.0 - smoothing * np.exp(-1j * turn * 17.6 / rate_hz))
    amplitude = lamp.just_seen * abs(response[0])
    return sections, smoothing, float(1.0 / (amplitude**2 / 2 * (1.0 + ripple)))
