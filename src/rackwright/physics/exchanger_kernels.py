"""Heat exchangers for compiled kernels: the laws of `exchangers`, on floats and one array, with derivatives.

`law` is `Exchanger.law`: film conductance of primary and secondary side at their rated flows [W/K], those flows
[kg/s], exponent of flow, fouling resistance [K/W], and 0 for counter-flow or 1 for cross-flow. Side 1 is the primary,
side 2 the secondary; a flow below zero counts as none.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rackwright.compiled import kernel

Array = npt.NDArray[np.float64]

#: Terms of the power series below the argument at which the closed form loses digits; together they keep 1e-15.
SERIES_BELOW, SERIES_TERMS = 0.5, 14
#: Transfer units beyond which cross-flow is taken to gain no more: balanced streams reach 0.975 there, and no coil
#: has a tenth of it.
MOST_CROSSFLOW_UNITS = 500.0
#: Steps in which a flow is found; Newton takes about six, halving alone 60.
MOST_STEPS = 200


@kernel
def mean_decay(depth: float) -> float:
    """(1 - exp(-x)) / x: the mean of exp(-s) for s from 0 to x, smooth through 1 at x = 0."""
    return float(-math.expm1(-depth) / depth) if depth != 0.0 else 1.0


@kernel
def decay_moment(depth: float) -> float:
    """(1 - (1 + x) exp(-x)) / x²: minus the slope of `mean_decay`, smooth through 1/2 at x = 0."""
    if depth > SERIES_BELOW:
        return (1.0 - (1.0 + depth) * math.exp(-depth)) / depth**2
    total, power = 0.0, 1.0
    for number in range(SERIES_TERMS):
        total += power / (number + 2)
        power *= -depth / (number + 1)
    return float(total)


@kernel
def counterflow_w_k(conductance_w_k: float, c1_w_k: float, c2_w_k: float) -> tuple[float, float, float, float]:
    """Heat per kelvin between the inlets, and its derivatives by conductance, c1 and c2 (capacity rates).

    Zero where a side stands still; the derivative by that side's capacity rate is then 1, the limit of a trickle that
    takes on the other side's inlet temperature.
    """
    if c1_w_k > c2_w_k:
        heat, by_ua, by_c2, by_c1 = _counterflow_ordered(conductance_w_k, c2_w_k, c1_w_k)
        return heat, by_ua, by_c1, by_c2
    return _counterflow_ordered(conductance_w_k, c1_w_k, c2_w_k)


@kernel
def _counterflow_ordered(ua: float, least: float, most: float) -> tuple[float, float, float, float]:
    if least <= 0.0 or ua <= 0.0:
        trickle = 1.0 if least <= 0.0 and most > 0.0 and ua > 0.0 else 0.0
        blocked = 1.0 if least > 0.0 else 0.0
        return 0.0, blocked, trickle, 0.0
    ratio = least / most
    units = ua / least
    depth = units * (1.0 - ratio)
    one_sided = ua * mean_decay(depth)
    mixing = 1.0 / (1.0 + one_sided / most)
    heat = one_sided * mixing
    bend = units**2 * decay_moment(depth) * mixing**2
    return heat, math.exp(-depth) * mixing**2, bend, (heat / most) ** 2 - ratio**2 * bend


@kernel
def crossflow_w_k(conductance_w_k: float, c1_w_k: float, c2_w_k: float) -> tuple[float, float, float, float]:
    """As `counterflow_w_k`, for two unmixed streams that cross: Nusselt's exact solution in Mason's series.

    The series' n-th factors are the chances that a Poisson count of mean UA/c1, and one of mean UA/c2, exceeds n.
    """
    least = min(c1_w_k, c2_w_k)
    if least <= 0.0 or conductance_w_k <= 0.0:
        most = max(c1_w_k, c2_w_k)
        trickle = 1.0 if least <= 0.0 and most > 0.0 and conductance_w_k > 0.0 else 0.0
        blocked = 1.0 if least > 0.0 else 0.0
        return 0.0, blocked, trickle if c1_w_k <= 0.0 else 0.0, trickle if c2_w_k <= 0.0 else 0.0
    ua = min(conductance_w_k, MOST_CROSSFLOW_UNITS * least)
    units1, units2 = ua / c1_w_k, ua / c2_w_k
    chance1, chance2 = math.exp(-units1), math.exp(-units2)
    beyond1, beyond2 = -math.expm1(-units1), -math.expm1(-units2)
    total, by_units1, by_units2, number = 0.0, 0.0, 0.0, 0
    while True:
        term, slope1, slope2 = beyond1 * beyond2, chance1 * beyond2, beyond1 * chance2
        total += term
        by_units1 += slope1
        by_units2 += slope2
        if term + slope1 + slope2 <= 1e-17 * total:
            break
        number += 1
        chance1 *= units1 / number
        chance2 *= units2 / number
        beyond1 = max(beyond1 - chance1, 0.0)
        beyond2 = max(beyond2 - chance2, 0.0)
    heat = c1_w_k * c2_w_k / ua * total
    by_ua = 0.0 if ua < conductance_w_k else (c2_w_k * by_units1 + c1_w_k * by_units2 - heat) / ua
    return (
        heat,
        by_ua,
        heat / c1_w_k - c2_w_k / c1_w_k * by_units1,
        heat / c2_w_k - c1_w_k / c2_w_k * by_units2,
    )


@kernel
def conductance_w_k(
    flow1_kg_s: float, flow2_kg_s: float, factor1: float, factor2: float, law: Array
) -> tuple[float, float, float]:
    """UA at two flows above zero, and its derivatives by them. [W/K], [W/K per kg/s]

    Two films and fouling in series; a film grows as its flow to the law's exponent, times a factor for its fluid.
    """
    film1 = law[0] * factor1 * (flow1_kg_s / law[2]) ** law[4]
    film2 = law[1] * factor2 * (flow2_kg_s / law[3]) ** law[4]
    ua = 1.0 / (1.0 / film1 + 1.0 / film2 + law[5])
    return ua, ua**2 / film1 * law[4] / flow1_kg_s, ua**2 / film2 * law[4] / flow2_kg_s


@kernel
def duty_w(
    inlet1_k: float,
    inlet2_k: float,
    flow1_kg_s: float,
    flow2_kg_s: float,
    cp1_j_kg_k: float,
    cp2_j_kg_k: float,
    factor1: float,
    factor2: float,
    law: Array,
) -> tuple[float, float, float, float, float]:
    """Heat from side 2 to side 1, and its derivatives by inlet 1, inlet 2, flow 1 and flow 2. [W], [W/K], [J/kg]

    At no flow on one side the heat is none, and its derivative by that flow is what a trickle carries when it leaves
    at the other side's inlet temperature.
    """
    between_k = inlet2_k - inlet1_k
    if flow1_kg_s <= 0.0 or flow2_kg_s <= 0.0:
        trickle1 = cp1_j_kg_k * between_k if flow2_kg_s > 0.0 else 0.0
        trickle2 = cp2_j_kg_k * between_k if flow1_kg_s > 0.0 else 0.0
        return 0.0, 0.0, 0.0, trickle1, trickle2
    ua, ua_by_flow1, ua_by_flow2 = conductance_w_k(flow1_kg_s, flow2_kg_s, factor1, factor2, law)
    c1, c2 = flow1_kg_s * cp1_j_kg_k, flow2_kg_s * cp2_j_kg_k
    heat, by_ua, by_c1, by_c2 = counterflow_w_k(ua, c1, c2) if law[6] == 0.0 else crossflow_w_k(ua, c1, c2)
    by_flow1 = between_k * (by_ua * ua_by_flow1 + by_c1 * cp1_j_kg_k)
    by_flow2 = between_k * (by_ua * ua_by_flow2 + by_c2 * cp2_j_kg_k)
    return heat * between_k, -heat, heat, by_flow1, by_flow2


@kernel
def primary_flow_kg_s(
    inlet1_k: float,
    inlet2_k: float,
    set_point_k: float,
    flow2_kg_s: float,
    cp1_j_kg_k: float,
    cp2_j_kg_k: float,
    factor1: float,
    factor2: float,
    law: Array,
    most_kg_s: float,
) -> float:
    """Primary flow at which the secondary leaves at its set-point; 0 where it enters no warmer, infinity where even
    `most_kg_s` leaves it too warm. [kg/s]

    Newton's steps within a bracket that is halved whenever a step would leave it.
    """
    wanted_w = flow2_kg_s * cp2_j_kg_k * (inlet2_k - set_point_k)
    if wanted_w <= 0.0:
        return 0.0
    low, high = 0.0, most_kg_s
    reached, _, _, _, _ = duty_w(inlet1_k, inlet2_k, high, flow2_kg_s, cp1_j_kg_k, cp2_j_kg_k, factor1, factor2, law)
    if reached < wanted_w:
        return math.inf
    flow = min(wanted_w / (cp1_j_kg_k * (inlet2_k - inlet1_k)), high)  # what an ideal exchanger takes: a lower bound
    for _ in range(MOST_STEPS):
        reached, _, _, slope, _ = duty_w(
            inlet1_k, inlet2_k, flow, flow2_kg_s, cp1_j_kg_k, cp2_j_kg_k, factor1, factor2, law
        )
        if reached < wanted_w:
            low = flow
        else:
            high = flow
        following = flow - (reached - wanted_w) / slope if slope > 0.0 else -1.0
        if not low < following < high:
            following = (low + high) / 2.0
        if abs(following - flow) <= 1e-13 * flow or high - low <= 1e-15 * high:
            return following
        flow = following
    return flow
