"""Friction factors: what a pipe takes from a flow, as compiled scalars that vectorise over scenarios.

Darcy's factor by Reynolds number and roughness. Every law covers all regimes and comes with its analytic slope.
`ln` and `e_to` are written out because loops over calls into the C library do not vectorise.
"""

from __future__ import annotations

import math

import numpy as np

from rackwright.compiled import kernel, scalar

#: 2 / ln 10: friction laws take a logarithm of base ten twice.
DECADE = 2.0 / math.log(10.0)
LN_2 = math.log(2.0)
#: ln 2 in two parts, so that what is left of an exponent after whole powers of two is exact (fdlibm's split).
LN_2_HIGH, LN_2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
#: Bits of the square root of a half: mantissas are taken between it and its double.
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
#: End of the laminar law and start of the turbulent ones.
LAMINAR, TURBULENT = 2000.0, 4000.0
#: The friction laws in the order of their numbers.
FRICTION_LAWS = ("epanet", "colebrook", "churchill", "nikuradse", "swamee-jain")
#: Swamee and Jain's 5.74 / Re^0.9 at the start of turbulence.
SMOOTH_AT_4000 = 5.74 / TURBULENT**0.9


@scalar
def ln(x: float) -> float:
    """Natural logarithm of a normal number above zero, good to 4e-16 of the larger of it and one."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - ROOT_HALF_BITS) >> 52
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    t = (mantissa - 1.0) / (mantissa + 1.0)
    z = t * t
    p = 2.0 / 19.0
    p = p * z + 2.0 / 17.0
    p = p * z + 2.0 / 15.0
    p = p * z + 2.0 / 13.0
    p = p * z + 2.0 / 11.0
    p = p * z + 2.0 / 9.0
    p = p * z + 2.0 / 7.0
    p = p * z + 2.0 / 5.0
    p = p * z + 2.0 / 3.0
    return float(np.float64(exponent) * LN_2 + t * (2.0 + z * p))


@scalar
def e_to(x: float) -> float:
    """The exponential of a number between -700 and 700, good to 4e-16 relative."""
    k = np.floor(x / LN_2 + 0.5)
    r = (x - k * LN_2_HIGH) - k * LN_2_LOW
    p = 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return float(p * np.int64((np.int64(k) + 1023) << 52).view(np.float64))


@scalar
def swamee_jain_rough(reynolds: float, rough: float) -> tuple[float, float]:
    """Swamee and Jain (1976): 0.25 / log10(rough + 5.74/Re^0.9)^2 with rough = roughness / (3.7 diameter).

    Returns the factor and its slope by Reynolds number. Published for Re from 5e3 to 1e8, roughness to 0.05 diameters.
    """
    smooth = 5.74 * e_to(-0.9 * ln(reynolds))
    inside = rough + smooth
    root = -DECADE * ln(inside)
    factor = 1.0 / (root * root)
    return factor, -1.8 * DECADE * factor * smooth / (root * inside * reynolds)


@scalar
def epanet_factor(reynolds: float, rough: float, c0: float, c1: float, c2: float, c3: float) -> tuple[float, float]:
    """EPANET's law: 64/Re to 2000, Dunlop's cubic to 4000, Swamee-Jain above. `c0`..`c3` from `dunlop`."""
    turbulent, turbulent_slope = swamee_jain_rough(max(reynolds, TURBULENT), rough)
    r = reynolds / LAMINAR
    between = c0 + r * (c1 + r * (c2 + r * c3))
    between_slope = (c1 + r * (2.0 * c2 + r * 3.0 * c3)) / LAMINAR
    laminar = 64.0 / reynolds
    if reynolds < LAMINAR:
        return laminar, -laminar / reynolds
    if reynolds < TURBULENT:
        return between, between_slope
    return turbulent, turbulent_slope


def dunlop(rough: float) -> tuple[float, float, float, float]:
    """Coefficients of Dunlop's cubic in Re/2000, which joins 64/Re and Swamee-Jain (EPANET 2.2 manual, 3.2.1).

    >>> c = dunlop(1e-4)
    >>> round(sum(c), 4)  # at Re 2000: 64/2000
    0.032
    """
    inside = rough + SMOOTH_AT_4000
    root = -DECADE * math.log(inside)
    factor = 1.0 / root**2
    slope = factor * (2.0 - 1.8 * DECADE * SMOOTH_AT_4000 / (inside * root))
    return (
        7.0 * factor - slope,
        0.128 - 17.0 * factor + 2.5 * slope,
        -0.128 + 13.0 * factor - 2.0 * slope,
        0.032 - 3.0 * factor + 0.5 * slope,
    )


@scalar
def colebrook_rough(reynolds: float, rough: float) -> tuple[float, float]:
    """Colebrook and White (1939), turbulent: x = -2 log10(rough + 2.51 x / Re), factor 1/x^2.

    Started from Swamee-Jain, within 3 % there, and settled by three Newton steps to the last digits.
    """
    x = -DECADE * ln(rough + 5.74 * e_to(-0.9 * ln(reynolds)))
    b = 2.51 / reynolds
    for _ in range(3):
        inside = rough + b * x
        x -= (x + DECADE * ln(inside)) / (1.0 + DECADE * b / inside)
    inside = rough + b * x
    factor = 1.0 / (x * x)
    slope_x = DECADE * b * x / (reynolds * (inside + DECADE * b))
    return factor, -2.0 * factor * slope_x / x


@scalar
def joined(
    reynolds: float, turbulent: float, turbulent_slope: float, at_4000: float, slope_4000: float
) -> tuple[float, float]:
    """64/Re to 2000, a turbulent law from 4000, and between them the cubic that meets both and their slopes."""
    width = TURBULENT - LAMINAR
    t = (reynolds - LAMINAR) / width
    start, start_slope = 64.0 / LAMINAR, -64.0 / LAMINAR**2 * width
    rise = at_4000 - start
    c2 = 3.0 * rise - 2.0 * start_slope - slope_4000 * width
    c3 = -2.0 * rise + start_slope + slope_4000 * width
    between = start + t * (start_slope + t * (c2 + t * c3))
    between_slope = (start_slope + t * (2.0 * c2 + t * 3.0 * c3)) / width
    if reynolds < LAMINAR:
        return 64.0 / reynolds, -64.0 / (reynolds * reynolds)
    if reynolds < TURBULENT:
        return between, between_slope
    return turbulent, turbulent_slope


@scalar
def colebrook_factor(reynolds: float, rough: float, at_4000: float, slope_4000: float) -> tuple[float, float]:
    """Colebrook-White from Re 4000, joined to 64/Re at 2000; its value and slope at 4000 are given."""
    turbulent, slope = colebrook_rough(max(reynolds, TURBULENT), rough)
    return joined(reynolds, turbulent, slope, at_4000, slope_4000)


@scalar
def swamee_jain_factor(reynolds: float, rough: float, at_4000: float, slope_4000: float) -> tuple[float, float]:
    """Swamee-Jain from Re 4000, joined to 64/Re at 2000; its value and slope at 4000 are given."""
    turbulent, slope = swamee_jain_rough(max(reynolds, TURBULENT), rough)
    return joined(reynolds, turbulent, slope, at_4000, slope_4000)


def joint(law: str, rough: float) -> tuple[float, ...]:
    """What a law's transition needs to know beforehand: Dunlop's coefficients, or value and slope at Re 4000."""
    if law == "epanet":
        return dunlop(rough)
    return colebrook_rough(TURBULENT, rough) if law == "colebrook" else swamee_jain_rough(TURBULENT, rough)


@scalar
def churchill_factor(reynolds: float, rough: float) -> tuple[float, float]:
    """Churchill (1977): 8 ((8/Re)^12 + (A + B)^-1.5)^(1/12), one smooth law for all regimes.

    A = (2.457 ln(1 / ((7/Re)^0.9 + 0.27 roughness/diameter)))^16, B = (37530/Re)^16. A rough of roughness/(3.7 D) is
    0.27 roughness/D times 1.001: the paper's 0.27 is kept. Below Re 10 it is 64/Re to the last digit, taken so there.
    """
    re = max(reynolds, 10.0)
    log_re = ln(re)
    seventh = e_to(0.9 * (ln(7.0) - log_re))
    inside = seventh + 0.27 * 3.7 * rough
    logarithm = -2.457 * ln(inside)
    a = e_to(16.0 * ln(logarithm))
    b = e_to(16.0 * (ln(37530.0) - log_re))
    laminar = e_to(12.0 * (ln(8.0) - log_re))
    mixed = e_to(-1.5 * ln(a + b))
    total = laminar + mixed
    factor = 8.0 * e_to(ln(total) / 12.0)
    a_slope = 16.0 * a / logarithm * 2.457 * 0.9 * seventh / (inside * re)
    b_slope = -16.0 * b / re
    total_slope = -12.0 * laminar / re - 1.5 * mixed / (a + b) * (a_slope + b_slope)
    slope = factor / 12.0 * total_slope / total
    if reynolds < 10.0:
        return 64.0 / reynolds, -64.0 / (reynolds * reynolds)
    return factor, slope


@scalar
def nikuradse_factor(reynolds: float, rough: float) -> tuple[float, float]:
    """64/Re plus Nikuradse's fully rough factor, `rough` being roughness / (3.71 diameter): pandapipes' default."""
    root = -DECADE * ln(rough)
    return 64.0 / reynolds + 1.0 / (root * root), -64.0 / (reynolds * reynolds)


@kernel
def friction_factor(
    law: int, reynolds: float, rough: float, c0: float, c1: float, c2: float, c3: float
) -> tuple[float, float]:
    """Darcy's friction factor by a law's number, and its slope by Reynolds number; `c0`..`c3` from `joint`."""
    if law == 0:
        return epanet_factor(reynolds, rough, c0, c1, c2, c3)
    if law == 1:
        return colebrook_factor(reynolds, rough, c0, c1)
    if law == 2:
        return churchill_factor(reynolds, rough)
    if law == 3:
        return nikuradse_factor(reynolds, rough)
    return swamee_jain_factor(reynolds, rough, c0, c1)
