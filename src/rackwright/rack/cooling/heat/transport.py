"""Heat carried by the flows of a network, for many scenarios at once: mixing, sources, losses, exchangers.

The transported quantity is the total enthalpy H = u(T) + p / rho + g z in J/kg. A pipe without heat keeps it, so the heat
of friction appears by itself as the pressure falls; a pump adds its shaft's work; a cold plate its chip's heat; nodes mix
by mass. With flows that balance at every node the sum over the network closes without any further term.

Arrays are (nodes, lanes) and (links, lanes), as in the hydraulic kernels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel, scalar

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

#: Flows below this share of the largest flow carry nothing: what leaks through a shut check valve.
STILL_SHARE = 1e-7
#: Passes over the network until the temperatures stand; one is enough where every loop holds its set-point.
MOST_PASSES = 200
#: Enthalpy that no liquid of these loops reaches. [J/kg]
LIQUID_J_KG = 5e6
#: Enthalpy by which nodes may still move. [J/kg]
SETTLED_J_KG = 1e-9


class Fluid(NamedTuple):
    """Polynomials in x = (T - centre) / scale, six coefficients each, rising powers: density, internal energy, ln viscosity.

    Properties are held at the ends of the range; internal energy goes on there with the end's heat capacity.
    """

    centre_k: float
    scale_k: float
    density: Floats
    energy: Floats
    log_viscosity: Floats
    least_k: float
    most_k: float


class Sources(NamedTuple):
    """What links do to the heat; (rows, lanes) unless said otherwise.

    `source_w` goes into the stream; `work_w` is a pump's shaft power into the fluid; `loss_w_k` (links,) and `ambient_k`
    (lanes,) a pipe's loss to its room. Coolers are links whose outlet is brought to `wanted_k` as far as the exchanger,
    with its primary side wide open, can: `cooler_ua` in W/K at the rated flows, `cooler_rated` (coolers, 2) the rated
    flows in kg/s, `cooler_share` (coolers, 3) the shares of the rated resistance that lie on the secondary side, in the
    wall with its fouling, and on the primary side. `outside_k` is the temperature of what enters at a given-pressure node.
    """

    source_w: Floats
    work_w: Floats
    loss_w_k: Floats
    ambient_k: Floats
    coolers: Ints
    wanted_k: Floats
    primary_k: Floats
    primary_kg_s: Floats
    primary_heat_j_kg_k: float
    cooler_ua: Floats
    cooler_rated: Floats
    cooler_share: Floats
    outside_k: Floats


@scalar
def polynomial(c: Floats, x: float) -> float:
    """Value of six coefficients, rising powers, by Horner's rule."""
    return float(c[0] + x * (c[1] + x * (c[2] + x * (c[3] + x * (c[4] + x * c[5])))))


@scalar
def slope_of(c: Floats, x: float) -> float:
    """Derivative of six coefficients."""
    return float(c[1] + x * (2.0 * c[2] + x * (3.0 * c[3] + x * (4.0 * c[4] + x * 5.0 * c[5]))))


@scalar
def density(fluid: Fluid, kelvin: float) -> float:
    """Density, held at the ends of its range. [kg/m3]"""
    held = min(max(kelvin, fluid.least_k), fluid.most_k)
    return polynomial(fluid.density, (held - fluid.centre_k) / fluid.scale_k)


@scalar
def viscosity(fluid: Fluid, kelvin: float) -> float:
    """Dynamic viscosity, held at the ends of its range. [Pa s]"""
    held = min(max(kelvin, fluid.least_k), fluid.most_k)
    return float(np.exp(polynomial(fluid.log_viscosity, (held - fluid.centre_k) / fluid.scale_k)))


@scalar
def energy(fluid: Fluid, kelvin: float) -> float:
    """Internal energy; beyond the range on the end's heat capacity, so that any heat has a temperature. [J/kg]"""
    held = min(max(kelvin, fluid.least_k), fluid.most_k)
    x = (held - fluid.centre_k) / fluid.scale_k
    return polynomial(fluid.energy, x) + slope_of(fluid.energy, x) / fluid.scale_k * (kelvin - held)


@scalar
def heat_capacity(fluid: Fluid, kelvin: float) -> float:
    """Heat capacity, held at the ends of its range. [J/(kg K)]"""
    held = min(max(kelvin, fluid.least_k), fluid.most_k)
    return slope_of(fluid.energy, (held - fluid.centre_k) / fluid.scale_k) / fluid.scale_k


@scalar
def temperature(fluid: Fluid, enthalpy: float, pressure_pa: float, lift_j_kg: float, first_k: float) -> float:
    """The temperature of a total enthalpy: four Newton steps, to 1e-10 K from a guess within 50 K. [K]"""
    kelvin = first_k
    for _ in range(4):
        held = min(max(kelvin, fluid.least_k), fluid.most_k)
        x = (held - fluid.centre_k) / fluid.scale_k
        capacity = slope_of(fluid.energy, x) / fluid.scale_k
        stored = polynomial(fluid.energy, x) + capacity * (kelvin - held)
        kelvin += (enthalpy - lift_j_kg - pressure_pa / polynomial(fluid.density, x) - stored) / capacity
    return kelvin


@kernel
def effectiveness(ntu: float, ratio: float) -> float:
    """Counter-flow effectiveness; `ratio` is the lesser over the greater capacity flow, 0 to 1.

    (1 - e) / (1 - r e) with e = exp(-NTU (1 - r)), written so that it stays smooth where r is 1: NTU / (1 + NTU).
    """
    gap = ntu * (1.0 - ratio)
    if gap < 1e-8:
        return ntu / (1.0 + ntu)
    fallen = -np.expm1(-gap)
    return float(fallen / (1.0 - ratio + ratio * fallen))


@kernel
def cooler_duty(sources: Sources, number: int, lane: int, flow: float, heat_j_kg_k: float, inlet_k: float) -> float:
    """Most heat that a cooler takes from its stream, its primary side wide open. [W]"""
    primary = sources.primary_kg_s[number, lane]
    if flow <= 0.0 or primary <= 0.0:
        return 0.0
    resistance = (
        sources.cooler_share[number, 0] * (sources.cooler_rated[number, 0] / flow) ** 0.8
        + sources.cooler_share[number, 1]
        + sources.cooler_share[number, 2] * (sources.cooler_rated[number, 1] / primary) ** 0.8
    )
    own, other = flow * heat_j_kg_k, primary * sources.primary_heat_j_kg_k
    least, most = min(own, other), max(own, other)
    share = effectiveness(sources.cooler_ua[number, lane] / resistance / least, least / most)
    return float(share * least * (inlet_k - sources.primary_k[number, lane]))


@kernel
def order_nodes(first: Ints, second: Ints, flow: Floats, still: float, cut: Flags, order: Ints) -> int:
    """Nodes from upstream to downstream, links in `cut` left out; how many loops had to be opened beside them.

    Kahn's algorithm; where a loop is left over, its next node in number goes first and the passes settle it.
    """
    nodes, links = order.shape[0], first.shape[0]
    waiting = np.zeros(nodes, np.int32)
    start = np.zeros(nodes + 1, np.int32)
    for link in range(links):
        if abs(flow[link]) > still and not cut[link]:
            down = second[link] if flow[link] > 0.0 else first[link]
            up = first[link] if flow[link] > 0.0 else second[link]
            waiting[down] += 1
            start[up + 1] += 1
    for node in range(nodes):
        start[node + 1] += start[node]
    place = start[:-1].copy()
    out = np.empty(start[nodes], np.int32)
    for link in range(links):
        if abs(flow[link]) > still and not cut[link]:
            up = first[link] if flow[link] > 0.0 else second[link]
            out[place[up]] = second[link] if flow[link] > 0.0 else first[link]
            place[up] += 1
    taken = np.zeros(nodes, np.bool_)
    head, tail, opened, next_node = 0, 0, 0, 0
    for node in range(nodes):
        if waiting[node] == 0:
            order[tail] = node
            taken[node] = True
            tail += 1
    while head < nodes:
        if head == tail:
            while taken[next_node]:
                next_node += 1
            order[tail] = next_node
            taken[next_node] = True
            tail += 1
            opened += 1
        node = order[head]
        head += 1
        for at in range(start[node], start[node + 1]):
            down = out[at]
            waiting[down] -= 1
            if waiting[down] == 0 and not taken[down]:
                order[tail] = down
                taken[down] = True
                tail += 1
    return opened


@kernel
def sequence(first: Ints, second: Ints, flow: Floats, rank: Ints, links_in_order: Ints) -> None:
    """Links in the order of their upstream nodes; a link without flow counts as flowing backwards."""
    nodes, links = rank.shape[0], first.shape[0]
    start = np.zeros(nodes + 1, np.int32)
    for link in range(links):
        up = first[link] if flow[link] > 0.0 else second[link]
        start[rank[up] + 1] += 1
    for node in range(nodes):
        start[node + 1] += start[node]
    for link in range(links):
        up = first[link] if flow[link] > 0.0 else second[link]
        links_in_order[start[rank[up]]] = link
        start[rank[up]] += 1
