"""Pressure drop and slope of every kind of link, over scenarios.

Arrays are (links, lanes): one lane is one scenario, and lanes lie side by side so that a loop over them is one vector
instruction. `drop` is in Pa with the flow's sign, `slope` its derivative by mass flow, never zero or negative.
`density` and `viscosity` have a row per link, or one row for all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel
from rackwright.rack.cooling.hydraulics.laws import (
    churchill_factor,
    colebrook_factor,
    e_to,
    epanet_factor,
    ln,
    nikuradse_factor,
    swamee_jain_factor,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

#: Below this share of its guessed flow a link's drop is a straight line through no flow, so that its slope never reaches zero.
FLAT_SHARE = 1e-7
#: Flow that a shut check valve or an excess that a flow-control valve lets through at 1 bar, as a share of its guess.
LEAK_SHARE = 1e-8
BAR_PA = 1e5
#: Slope of an element that takes nothing: an open valve without a loss coefficient. [Pa s/kg]
FREE_SLOPE = 1e-3
#: Flows below this are taken as this in logarithms. [kg/s]
LEAST_FLOW = 1e-12


@kernel
def darcy(
    links: Ints, law: int, slots: Floats, flow: Floats, density: Floats, viscosity: Floats, factor: Floats,
    drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """(f L/D + K) m|m| / (2 rho A^2) by the friction law of this number."""
    lanes = flow.shape[1]
    reynolds, f, f_slope = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        at_v = link if viscosity.shape[0] > 1 else 0
        at_f = link if factor.shape[0] > 1 else 0
        long, kinetic, minor, per_flow = slots[link, 0], slots[link, 1], slots[link, 2], slots[link, 3]
        rough, c0, c1, c2, c3 = slots[link, 4], slots[link, 5], slots[link, 6], slots[link, 7], slots[link, 8]
        for lane in range(lanes):
            reynolds[lane] = per_flow * max(abs(flow[link, lane]), LEAST_FLOW) / viscosity[at_v, lane]
        if law == 0:
            for lane in range(lanes):
                f[lane], f_slope[lane] = epanet_factor(reynolds[lane], rough, c0, c1, c2, c3)
        elif law == 1:
            for lane in range(lanes):
                f[lane], f_slope[lane] = colebrook_factor(reynolds[lane], rough, c0, c1)
        elif law == 2:
            for lane in range(lanes):
                f[lane], f_slope[lane] = churchill_factor(reynolds[lane], rough)
        elif law == 3:
            for lane in range(lanes):
                f[lane], f_slope[lane] = nikuradse_factor(reynolds[lane], rough)
        else:
            for lane in range(lanes):
                f[lane], f_slope[lane] = swamee_jain_factor(reynolds[lane], rough, c0, c1)
        for lane in range(lanes):
            m = max(abs(flow[link, lane]), LEAST_FLOW)
            scale = kinetic * factor[at_f, lane] / density[at_d, lane]
            total = f[lane] * long + minor
            drop[link, lane] = scale * total * m * flow[link, lane]
            slope[link, lane] = scale * m * (2.0 * total + long * f_slope[lane] * reynolds[lane])


@kernel
def hazen_williams(
    links: Ints, slots: Floats, guess: Floats, gravity: float, flow: Floats, density: Floats, factor: Floats,
    drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """rho g r Q^1.852 + K m|m| / (2 rho A^2)."""
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        at_f = link if factor.shape[0] > 1 else 0
        resistance, kinetic, minor, least = slots[link, 0], slots[link, 1], slots[link, 2], FLAT_SHARE * guess[link]
        for lane in range(flow.shape[1]):
            rho = density[at_d, lane]
            m = max(abs(flow[link, lane]), least)
            per_flow = rho * gravity * resistance * e_to(0.852 * ln(m / rho)) / rho * factor[at_f, lane]
            square = kinetic * minor * m / rho * factor[at_f, lane]
            drop[link, lane] = (per_flow + square) * flow[link, lane]
            bends = 1.0 if abs(flow[link, lane]) > least else 0.0
            slope[link, lane] = (1.0 + 0.852 * bends) * per_flow + (1.0 + bends) * square


@kernel
def curves(
    links: Ints, slots: Floats, guess: Floats, flow: Floats, density: Floats, factor: Floats, drop: Floats,
    slope: Floats,
) -> None:  # fmt: skip
    """linear V + (quadratic + kinetic rho) V|V|."""
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        at_f = link if factor.shape[0] > 1 else 0
        linear, quadratic, kinetic, least = slots[link, 0], slots[link, 1], slots[link, 2], FLAT_SHARE * guess[link]
        for lane in range(flow.shape[1]):
            rho = density[at_d, lane]
            straight = linear / rho * factor[at_f, lane]
            square = (quadratic + kinetic * rho) / (rho * rho) * factor[at_f, lane]
            m = max(abs(flow[link, lane]), least)
            drop[link, lane] = (straight + square * m) * flow[link, lane]
            bends = 1.0 if abs(flow[link, lane]) > least else 0.0
            slope[link, lane] = straight + (1.0 + bends) * square * m


@kernel
def powers(
    links: Ints, slots: Floats, guess: Floats, flow: Floats, density: Floats, factor: Floats, drop: Floats,
    slope: Floats,
) -> None:  # fmt: skip
    """coefficient |V|^n with the flow's sign."""
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        at_f = link if factor.shape[0] > 1 else 0
        coefficient, exponent, least = slots[link, 0], slots[link, 1], FLAT_SHARE * guess[link]
        for lane in range(flow.shape[1]):
            rho = density[at_d, lane]
            m = max(abs(flow[link, lane]), least)
            per_flow = coefficient / rho * e_to((exponent - 1.0) * ln(m / rho)) * factor[at_f, lane]
            drop[link, lane] = per_flow * flow[link, lane]
            slope[link, lane] = (exponent if abs(flow[link, lane]) > least else 1.0) * per_flow


@kernel
def straight_at(x: float, xs: Floats, ys: Floats, start: int, end: int) -> tuple[float, float]:
    """A curve straight between points, its first and last slope held beyond them; value and slope."""
    at = start
    while at < end - 2 and x > xs[at + 1]:
        at += 1
    slope = (ys[at + 1] - ys[at]) / (xs[at + 1] - xs[at])
    return ys[at] + slope * (x - xs[at]), slope


@kernel
def tables(
    links: Ints, table_at: Ints, start: Ints, xs: Floats, ys: Floats, flow: Floats, density: Floats, factor: Floats,
    drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """Straight between points of flow and drop; odd about zero."""
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        at_f = link if factor.shape[0] > 1 else 0
        first, last = start[table_at[link]], start[table_at[link] + 1]
        for lane in range(flow.shape[1]):
            rho = density[at_d, lane]
            value, per_v = straight_at(abs(flow[link, lane]) / rho, xs, ys, first, last)
            sign = 1.0 if flow[link, lane] >= 0 else -1.0
            drop[link, lane] = sign * value * factor[at_f, lane]
            slope[link, lane] = max(per_v / rho * factor[at_f, lane], FREE_SLOPE)


@kernel
def pumps(
    links: Ints, slots: Floats, guess: Floats, speed_at: Ints, speed: Floats, flow: Floats, density: Floats,
    drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """Minus the rise s^2 shutoff - falloff s^(2 - n) V^n; a standing pump is a shut check valve."""
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        shutoff, falloff, n, least = slots[link, 0], slots[link, 1], slots[link, 2], FLAT_SHARE * guess[link]
        for lane in range(flow.shape[1]):
            s = speed[speed_at[link], lane]
            rho = density[at_d, lane]
            if s <= 0.0:
                drop[link, lane] = 0.0
                slope[link, lane] = BAR_PA / (LEAK_SHARE * guess[link])
            else:
                m = max(flow[link, lane], least)
                fallen = falloff * e_to(n * ln(m / rho) + (2.0 - n) * ln(s))
                drop[link, lane] = (fallen if flow[link, lane] > 0.0 else 0.0) - s * s * shutoff
                slope[link, lane] = n * fallen / m


@kernel
def pump_tables(
    links: Ints, table_at: Ints, start: Ints, xs: Floats, ys: Floats, guess: Floats, speed_at: Ints, speed: Floats,
    flow: Floats, density: Floats, drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """Minus the rise, straight between points; at speed s the points stand at s V and s^2 rise."""
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        first, last = start[table_at[link]], start[table_at[link] + 1]
        for lane in range(flow.shape[1]):
            s = speed[speed_at[link], lane]
            rho = density[at_d, lane]
            if s <= 0.0:
                drop[link, lane] = 0.0
                slope[link, lane] = BAR_PA / (LEAK_SHARE * guess[link])
            else:
                value, per_v = straight_at(max(flow[link, lane], 0.0) / (rho * s), xs, ys, first, last)
                drop[link, lane] = -s * s * value
                slope[link, lane] = max(-s * per_v / rho, FREE_SLOPE)


@kernel
def pump_powers(
    links: Ints, slots: Floats, guess: Floats, speed_at: Ints, speed: Floats, flow: Floats, density: Floats,
    drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """Minus the rise power / V of a pump of constant hydraulic power."""
    for number in range(links.shape[0]):
        link = links[number]
        at_d = link if density.shape[0] > 1 else 0
        for lane in range(flow.shape[1]):
            s = speed[speed_at[link], lane]
            if s <= 0.0:
                drop[link, lane] = 0.0
                slope[link, lane] = BAR_PA / (LEAK_SHARE * guess[link])
            else:
                # below a hundredth of the guess straight on along the tangent
                m = max(flow[link, lane], 0.01 * guess[link])
                rise = slots[link, 0] * density[at_d, lane] / m
                slope[link, lane] = rise / m
                drop[link, lane] = rise / m * (max(flow[link, lane], 0.0) - m) - rise


@kernel
def condensed(
    links: Ints, law_at: Ints, grid: Floats, values: Floats, slopes: Floats, weights: Floats, flow: Floats,
    factor: Floats, interval: Ints, ends: Floats, drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """A sub-network's drop by mass flow: cubic between points with their slopes, odd about zero.

    `grid` is (laws, points), `values` and `slopes` (laws, corners, points): a law at corners of inlet temperature and
    load, mixed by `weights` (condensed links, corners, lanes). The mixed ends of the interval last used are kept in
    `interval` (condensed links, lanes; -1 for none) and `ends` (condensed links, 4, lanes).
    """
    points = grid.shape[1]
    for number in range(links.shape[0]):
        link = links[number]
        law = law_at[link]
        at_f = link if factor.shape[0] > 1 else 0
        for lane in range(flow.shape[1]):
            m = abs(flow[link, lane])
            at = max(interval[number, lane], 0)
            while at < points - 2 and m > grid[law, at + 1]:
                at += 1
            while at > 0 and m < grid[law, at]:
                at -= 1
            if at != interval[number, lane]:
                interval[number, lane] = at
                y0, y1, d0, d1 = 0.0, 0.0, 0.0, 0.0
                for corner in range(values.shape[1]):
                    weight = weights[number, corner, lane]
                    y0 += weight * values[law, corner, at]
                    y1 += weight * values[law, corner, at + 1]
                    d0 += weight * slopes[law, corner, at]
                    d1 += weight * slopes[law, corner, at + 1]
                ends[number, 0, lane], ends[number, 1, lane] = y0, y1
                ends[number, 2, lane], ends[number, 3, lane] = d0, d1
            width = grid[law, at + 1] - grid[law, at]
            t = (m - grid[law, at]) / width
            y0, y1 = ends[number, 0, lane], ends[number, 1, lane]
            d0, d1 = ends[number, 2, lane] * width, ends[number, 3, lane] * width
            if t > 1.0:
                value, per_m = y1 + d1 * (t - 1.0), d1 / width
            else:
                c2, c3 = 3.0 * (y1 - y0) - 2.0 * d0 - d1, 2.0 * (y0 - y1) + d0 + d1
                value = y0 + t * (d0 + t * (c2 + t * c3))
                per_m = (d0 + t * (2.0 * c2 + t * 3.0 * c3)) / width
            drop[link, lane] = (value if flow[link, lane] >= 0 else -value) * factor[at_f, lane]
            slope[link, lane] = max(per_m * factor[at_f, lane], FREE_SLOPE)


@kernel
def walls(links: Ints, is_pump: bool, guess: Floats, flow: Floats, drop: Floats, slope: Floats) -> None:
    """Flow against a check valve, and any flow through a standing pump, meets a steep straight line.

    A pump's kernel has left its drop at no flow there; of a passive link that is zero.
    """
    for number in range(links.shape[0]):
        link = links[number]
        steep = BAR_PA / (LEAK_SHARE * guess[link])
        for lane in range(flow.shape[1]):
            if flow[link, lane] < 0.0 or slope[link, lane] >= steep:
                drop[link, lane] = (drop[link, lane] if is_pump else 0.0) + steep * flow[link, lane]
                slope[link, lane] = steep


@kernel
def valves(
    links: Ints, valve_at: Ints, rule: Ints, status: Ints, setting: Floats, slots: Floats, guess: Floats, flow: Floats,
    density: Floats, drop: Floats, slope: Floats,
) -> None:  # fmt: skip
    """Regulating valves by rule and status (0 active, 1 open, 2 closed; (valves, lanes)).

    PRV and PSV take nothing here while active: the solver pins their node and finds their flow from its balance.
    """
    for number in range(links.shape[0]):
        link = links[number]
        at = valve_at[link]
        at_d = link if density.shape[0] > 1 else 0
        for lane in range(flow.shape[1]):
            rho = density[at_d, lane]
            m = flow[link, lane]
            square = slots[link, 0] * 1000.0 / rho
            if rule[at] == 4 and status[at, lane] == 0:
                square = setting[at, lane] * slots[link, 1] / rho
            size = max(abs(m), FLAT_SHARE * guess[link])
            steep = BAR_PA / (LEAK_SHARE * guess[link])
            value = square * size * m + FREE_SLOPE * m
            per_m = (2.0 if abs(m) > FLAT_SHARE * guess[link] else 1.0) * square * size + FREE_SLOPE
            if status[at, lane] == 0 and rule[at] == 2:
                # a breaker takes its setting forwards; backwards it is a plain valve, met by a steep line
                held_slope = FREE_SLOPE if m >= 0.0 else steep
                if value < setting[at, lane] + held_slope * m:
                    value, per_m = setting[at, lane] + held_slope * m, held_slope
            wanted = setting[at, lane]
            if status[at, lane] == 0 and (rule[at] == 3 or rule[at] == 5) and m > wanted:
                value = square * abs(wanted) * wanted + FREE_SLOPE * wanted + steep * (m - wanted)
                per_m = steep
            drop[link, lane] = value
            slope[link, lane] = per_m
