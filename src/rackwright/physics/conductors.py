"""Direct and three-phase current in metal: resistance, and the voltage along a busbar that feeds many loads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REFERENCE_K = 293.15
#: Resistivity at 20 degC in ohm metres and its coefficient per kelvin. Copper: IEC 60028, standard annealed copper,
#: 1/58 ohm mm2/m. Aluminium: the usual values for conductor grade, about 61 % of copper's conductivity.
RESISTIVITY = {"copper": (1.7241e-8, 0.00393), "aluminium": (2.80e-8, 0.00403)}
#: An ohmic line delivers its most at half its source voltage; a load of constant power is stable above that only.
#: Loads take their power down to this share of it, and from there on no more current.
LEAST_VOLTAGE_SHARE = 0.55
MOST_STEPS = 400


def resistivity_ohm_m(conductor: str, temperature_k: float) -> float:
    """Resistivity of a conductor, linear in temperature about 20 degC (IEC 60028 for copper).

    Valid from about -50 to 150 degC; never below a tenth of the value at 20 degC, so that no input gives less than
    a metal has.

    >>> resistivity_ohm_m("copper", 293.15)
    1.7241e-08
    >>> round(resistivity_ohm_m("copper", 348.15) / 1.7241e-8, 4)  # 75 degC: 55 K x 0.393 %
    1.2162
    """
    at_20, coefficient = RESISTIVITY[conductor]
    return at_20 * max(0.1, 1 + coefficient * (temperature_k - REFERENCE_K))


def bar_resistance_ohm(conductor: str, length_m: float, section_m2: float, temperature_k: float) -> float:
    """Resistance of one bar.

    >>> round(bar_resistance_ohm("copper", 2.0, 1000e-6, 293.15) * 1e6, 2)  # microohm
    34.48
    """
    return resistivity_ohm_m(conductor, temperature_k) * length_m / section_m2


def three_phase_current_a(power_w: float, line_v: float, power_factor: float) -> float:
    """Line current of a balanced three-phase load.

    >>> round(three_phase_current_a(33e3, 415.0, 0.99), 1)
    46.4
    """
    return power_w / (math.sqrt(3) * line_v * power_factor)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A solved ladder, arrays in order from the source: loads' voltages and currents, and what the line loses."""

    voltage_v: NDArray[np.float64]
    current_a: NDArray[np.float64]
    source_current_a: float
    loss_w: float
    #: False where some load stood below the least voltage, so that it did not get its power.
    carried: bool
    steps: int
    #: Largest change of a voltage in the last step, as a share of the source voltage.
    residual: float


def ladder(
    loads_w: NDArray[np.float64], source_v: float, line_ohm: float, entry_ohm: float, least_v: float = 0.0
) -> Ladder:
    """Voltages along a line that feeds equally spaced loads of constant power from one end.

    Load i of n stands at (i + 1) / n of the line. `line_ohm` is the whole line's resistance, go and return;
    `entry_ohm` is passed by all current first (joints). Each load takes `power / voltage`, as a tray's converters
    do, down to `least_v` or to 55 % of the source voltage, whichever is higher; from there its current stays.
    Solved by repeating voltages -> currents -> voltages from the source voltage downward, which falls steadily to
    the answer.

    Parameters
    ----------
    loads_w : ndarray, shape (loads,)
        From the source's end outward.

    Returns
    -------
    Ladder
        `source_v x source_current_a = sum of loads + loss_w` wherever `carried`.

    Examples
    --------
    Ten loads of 1 kW at 50 V over 1 mohm: about 20 A each, so the far end is 200 A x 1 mohm x (10 + 1) / 20 lower.

    >>> solved = ladder(np.full(10, 1e3), 50.0, 1e-3, 0.0)
    >>> round(float(50.0 - solved.voltage_v[-1]), 3)
    0.11
    """
    count = len(loads_w)
    if count == 0:
        nothing = np.zeros(0)
        return Ladder(nothing, nothing, 0.0, 0.0, True, 0, 0.0)
    floor_v = max(LEAST_VOLTAGE_SHARE * source_v, min(least_v, source_v))
    segment_ohm = np.full(count, line_ohm / count)
    segment_ohm[0] += entry_ohm
    voltage_v = np.full(count, source_v)
    residual = math.inf
    steps = 0
    while residual > 1e-14 and steps < MOST_STEPS:
        current_a = loads_w / np.maximum(voltage_v, floor_v)
        through_a = np.cumsum(current_a[::-1])[::-1]
        fallen_v = source_v - np.cumsum(through_a * segment_ohm)
        residual = float(np.max(np.abs(fallen_v - voltage_v))) / source_v
        voltage_v = fallen_v
        steps += 1
    current_a = loads_w / np.maximum(voltage_v, floor_v)
    through_a = np.cumsum(current_a[::-1])[::-1]
    return Ladder(
        voltage_v=voltage_v,
        current_a=current_a,
        source_current_a=float(through_a[0]),
        loss_w=float(np.sum(through_a**2 * segment_ohm)),
        carried=bool(np.all((voltage_v >= floor_v * (1 - 1e-12)) | (loads_w <= 0))),
        steps=steps,
        residual=residual,
    )
