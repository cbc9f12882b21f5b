"""Cold plates: thermal resistance from case to coolant inlet against the flow through the plate.

The convention is that of the OCP OAI System Liquid Cooling Guidelines (March 2023):
R = (case temperature - inlet temperature) / heat. A curve is measured points; nothing is read beyond its ends.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def resistance_at_k_w(flow_m3_s: float, flows_m3_s: Sequence[float], resistances_k_w: Sequence[float]) -> float:
    """Resistance at a flow, read linearly in flow between measured points.

    Above the last point the last resistance holds (more flow cools no better that anyone has measured); below the
    first point nothing was measured, and the answer is infinity.

    >>> resistance_at_k_w(1.2, [1.0, 1.4], [0.0245, 0.0220])
    0.02325
    >>> resistance_at_k_w(0.3, [1.0, 1.4], [0.0245, 0.0220])
    inf
    """
    if flow_m3_s < flows_m3_s[0] * (1 - 1e-12):
        return float("inf")
    return float(np.interp(flow_m3_s, flows_m3_s, resistances_k_w))


def flow_for_resistance_m3_s(
    resistance_k_w: float, flows_m3_s: Sequence[float], resistances_k_w: Sequence[float]
) -> float:
    """Least flow at which the plate's resistance is at most `resistance_k_w`.

    The inverse of `resistance_at_k_w` on its falling curve. The first point's flow where even that has less
    resistance than asked for; infinity where no measured point has so little.

    >>> round(flow_for_resistance_m3_s(0.02325, [1.0, 1.4], [0.0245, 0.0220]), 6)
    1.2
    >>> flow_for_resistance_m3_s(0.0219, [1.0, 1.4], [0.0245, 0.0220])
    inf
    """
    if resistance_k_w >= resistances_k_w[0]:
        return flows_m3_s[0]
    if resistance_k_w < resistances_k_w[-1]:
        return float("inf")
    after = next(number for number, value in enumerate(resistances_k_w) if value <= resistance_k_w)
    before = after - 1
    fall = resistances_k_w[before] - resistances_k_w[after]
    way = (resistances_k_w[before] - resistance_k_w) / fall
    return flows_m3_s[before] + way * (flows_m3_s[after] - flows_m3_s[before])


def case_k(inlet_k: float, heat_w: float, resistance_k_w: float) -> float:
    """Case temperature of a chip that hands `heat_w` to its plate.

    >>> case_k(318.15, 1000.0, 0.0245) - 273.15  # degC, 1 kW at 1 L/min and 45 degC supply
    69.5
    """
    return inlet_k if heat_w <= 0 else inlet_k + heat_w * resistance_k_w
