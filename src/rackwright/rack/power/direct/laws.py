"""Currents of loads and sources against their voltage, and the temperature of a conductor: laws of a few numbers."""

from __future__ import annotations

from rackwright.compiled import kernel, scalar

#: Beyond its limit a source gives this share of it more at zero volts, so that its current stays a function of voltage.
FOLD_SHARE = 1e-3
#: Slope of a source that gives nothing, in Newton's steps only: its current is none.
BACKWARD_SHARE = 1e-9
#: No conductor is taken warmer than this above its surroundings: copper melts.
MOST_RISE_K = 1000.0
REFERENCE_K = 293.15


@scalar
def load_current(power_w: float, volt: float, least_v: float) -> float:
    """Current of a load of constant power, of the resistance that it has at `least_v` below that."""
    return power_w / volt if volt >= least_v else power_w * volt / (least_v * least_v)


@scalar
def load_slope(power_w: float, volt: float, least_v: float) -> float:
    """Its derivative: negative while the power is constant."""
    return -power_w / (volt * volt) if volt >= least_v else power_w / (least_v * least_v)


@scalar
def source_current(volt: float, node_v: float, siemens: float, limit_a: float) -> float:
    """Current of a source of no-load voltage `volt` into its node: none backward, little more than `limit_a`."""
    rise_v = volt - node_v
    free = rise_v * siemens
    over = limit_a * (1.0 + FOLD_SHARE * (rise_v - limit_a / siemens) / volt)
    held = over if free > limit_a else free
    return held if rise_v > 0.0 else 0.0


@scalar
def source_slope(volt: float, node_v: float, siemens: float, limit_a: float) -> float:
    """Minus its derivative with the node's voltage; a trace of it backward, so that an idle bar has a pivot."""
    rise_v = volt - node_v
    held = limit_a * FOLD_SHARE / volt if rise_v * siemens > limit_a else siemens
    return held if rise_v > 0.0 else BACKWARD_SHARE * siemens


@kernel
def warm_rise(
    current_a: float,
    ohm: float,
    alpha_per_k: float,
    ambient_k: float,
    cooling_w_k: float,
    power: float,
    guess_k: float,
) -> float:
    """Rise of a conductor above its surroundings where its loss equals its cooling.

    i^2 R20 (1 + alpha (ambient - 20 degC + x)) = cooling x^power, by Newton in x; above the answer the cooling's
    convexity makes the steps fall steadily, below it the step is lengthened until it is above.
    """
    square = current_a * current_a * ohm
    if square <= 0.0:
        return 0.0
    base = square * (1.0 + alpha_per_k * (ambient_k - REFERENCE_K))
    x = guess_k if guess_k > 1e-6 else (base / cooling_w_k) ** (1.0 / power)
    for _ in range(60):
        cooled = cooling_w_k * x**power
        excess = base + square * alpha_per_k * x - cooled
        slope = square * alpha_per_k - power * cooled / x
        if slope >= 0.0:
            x *= 2.0
        else:
            step = -excess / slope
            x = max(x + step, 0.1 * x)
            if abs(step) <= 1e-12 * x:
                break
        if x >= MOST_RISE_K:
            return MOST_RISE_K
    return x
