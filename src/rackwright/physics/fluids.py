"""Heat carried by a single-phase liquid, and the pressure that it costs to move it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

LITRES_PER_MINUTE = 60e3
#: Steps after which a return temperature that has not settled never will; three are usual.
MOST_STEPS = 100


def property_at(temperature_k: float, temperatures_k: Sequence[float], values: Sequence[float]) -> float:
    """A fluid property read linearly between its rows, held at the first and last row beyond them.

    >>> property_at(313.15, [303.15, 323.15], [1014.9, 1004.4])
    1009.65
    """
    return float(np.interp(temperature_k, temperatures_k, values))


def flow_for_rise_m3_s(heat_w: float, rise_k: float, density_kg_m3: float, heat_capacity_j_kg_k: float) -> float:
    """Coolant flow that carries `heat_w` away while warming by `rise_k`.

    Single-phase energy balance, `heat = density x heat capacity x flow x rise`; heat lost to the room is left out,
    so the flow errs on the high side.

    Raises
    ------
    ValueError
        If the rise is zero or below: no flow, however large, would do.

    Examples
    --------
    >>> round(flow_for_rise_m3_s(120e3, 10.0, 1000.0, 4180.0) * 60e3, 1)  # litres per minute
    172.2
    """
    if rise_k <= 0:
        raise ValueError(f"rise_k is {rise_k}: the return must be warmer than the supply")
    return heat_w / (density_kg_m3 * heat_capacity_j_kg_k * rise_k)


def mixed_return_k(
    supply_k: float,
    heat_w: float,
    flow_m3_s: float,
    density_kg_m3: Callable[[float], float],
    heat_capacity_j_kg_k: Callable[[float], float],
) -> float:
    """Temperature of the mixed return of a loop that takes up `heat_w`.

    Density and heat capacity are functions of temperature and are taken at the mean of supply and return; the
    return is found by repeating, which settles because both change by a few per mille per kelvin.

    Returns
    -------
    float
        Kelvin; the supply where there is no heat, infinity where heat meets no flow.

    Examples
    --------
    1.50 L/min per kW of PG25 at 40 degC warm by 9.98 K:

    >>> back_k = mixed_return_k(313.15, 1e3, 1.5 / 60e3, lambda _: 1009.9, lambda _: 3968.6)
    >>> round(back_k - 313.15, 2)
    9.98
    """
    if heat_w <= 0:
        return supply_k
    if flow_m3_s <= 0:
        return float("inf")
    return_k = supply_k
    for _ in range(MOST_STEPS):
        mean_k = (supply_k + return_k) / 2
        settled_k = supply_k + heat_w / (density_kg_m3(mean_k) * heat_capacity_j_kg_k(mean_k) * flow_m3_s)
        if abs(settled_k - return_k) <= 1e-12 * settled_k:
            return settled_k
        return_k = settled_k
    return return_k


def pressure_drop_pa(flow_m3_s: float, quadratic_kpa: float, linear_kpa: float) -> float:
    """Pressure drop by the law that makers fit to a rack: `quadratic x^2 + linear x` kPa at x litres per minute.

    The NVL72 class template's 0.0048 and 0.0617 give 132.8 kPa at 160 L/min:

    >>> round(pressure_drop_pa(160 / 60e3, 0.0048, 0.0617) / 1e3, 1)
    132.8
    """
    litres_min = flow_m3_s * LITRES_PER_MINUTE
    return 1e3 * (quadratic_kpa * litres_min**2 + linear_kpa * litres_min)
