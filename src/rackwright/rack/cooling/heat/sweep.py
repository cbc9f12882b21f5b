"""The sweep: enthalpy from node to node down the flow, again where a loop feeds back into itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel
from rackwright.rack.cooling.heat import transport
from rackwright.rack.cooling.heat.transport import Fluid, Sources

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]


class Graph(NamedTuple):
    """A network's ends and heights; `cut` marks links at which a loop is best opened: pumps and coolers."""

    first: Ints
    second: Ints
    lift_j_kg: Floats
    cut: Flags
    cooler_at: Ints


class Heat(NamedTuple):
    """What a sweep leaves: (rows, lanes).

    `duty_w` is taken out by coolers, `short` those that miss their wanted outlet, `lost_w` what pipes lose to rooms,
    `dry` links that have a source and no flow.
    """

    enthalpy: Floats
    outlet: Floats
    node_k: Floats
    mean_k: Floats
    duty_w: Floats
    short: Flags
    lost_w: Floats
    dry: Flags
    passes: Ints


@kernel
def link_outlet(
    graph: Graph, fluid: Fluid, sources: Sources, link: int, lane: int, flow: float, inlet: float, pressure: Floats,
    still: float, guess_k: float, heat: Heat,
) -> float:  # fmt: skip
    """Enthalpy at a link's downstream end for its upstream enthalpy; books duty, loss and dryness."""
    up, down = graph.first[link], graph.second[link]
    if flow < 0.0:
        up, down = down, up
    m = abs(flow)
    added = sources.source_w[link, lane] + sources.work_w[link, lane]
    if m <= still:
        heat.dry[link, lane] = sources.source_w[link, lane] > 0.0
        return inlet
    outlet = inlet + added / m
    cooler = graph.cooler_at[link]
    if cooler >= 0:
        start_k = transport.temperature(fluid, outlet, pressure[up, lane], graph.lift_j_kg[up], guess_k)
        wanted_k = sources.wanted_k[cooler, lane]
        rho = transport.density(fluid, wanted_k)
        asked = outlet - (transport.energy(fluid, wanted_k) + pressure[down, lane] / rho + graph.lift_j_kg[down])
        capacity = transport.heat_capacity(fluid, 0.5 * (start_k + wanted_k))
        most = transport.cooler_duty(sources, cooler, lane, m, capacity, start_k) / m
        taken = max(min(asked, most), 0.0)
        heat.duty_w[cooler, lane] = taken * m
        heat.short[cooler, lane] = asked > most + 1e-6
        return outlet - taken
    if sources.loss_w_k[link] > 0.0:
        start_k = transport.temperature(fluid, outlet, pressure[up, lane], graph.lift_j_kg[up], guess_k)
        capacity = transport.heat_capacity(fluid, start_k)
        fallen = -np.expm1(-sources.loss_w_k[link] / (m * capacity))
        lost = capacity * fallen * (start_k - sources.ambient_k[lane])
        heat.lost_w[link, lane] = lost * m
        return outlet - lost
    return outlet


@kernel
def sweep_lanes(
    graph: Graph, fluid: Fluid, sources: Sources, flow: Floats, pressure: Floats, low: int, high: int, still: Floats,
    order: Ints, links_in_order: Ints, heat: Heat,
) -> None:  # fmt: skip
    """Sweep lanes `low` to `high`, which all flow the same way, until the enthalpies stand."""
    nodes, links = order.shape[0], links_in_order.shape[0]
    rank = np.empty(nodes, np.int32)
    for at in range(nodes):
        rank[order[at]] = at
    inflow, outside = np.zeros((nodes, high - low)), np.zeros((nodes, high - low))
    carried = np.empty((nodes, high - low))
    for link in range(links):
        for lane in range(low, high):
            m = flow[link, lane]
            if abs(m) > still[lane]:
                up, down = graph.first[link], graph.second[link]
                if m < 0.0:
                    up, down = down, up
                inflow[down, lane - low] += abs(m)
                outside[up, lane - low] += abs(m)
    for node in range(nodes):
        for lane in range(low, high):
            # more goes out than comes in: the rest enters from outside
            enters = max(outside[node, lane - low] - inflow[node, lane - low], 0.0)
            if enters <= 1e-12 * outside[node, lane - low]:
                enters = 0.0
            inflow[node, lane - low] += enters
            kelvin = sources.outside_k[node, lane]
            given = transport.energy(fluid, kelvin) + pressure[node, lane] / transport.density(fluid, kelvin)
            outside[node, lane - low] = enters * (given + graph.lift_j_kg[node])
    feeds_back = np.empty(links, np.bool_)
    any_feedback = False
    for link in range(links):
        up, down = graph.first[link], graph.second[link]
        if flow[link, low] < 0.0:
            up, down = down, up
        feeds_back[link] = rank[up] >= rank[down]
        any_feedback = any_feedback or feeds_back[link]
    for count in range(transport.MOST_PASSES):
        for node in range(nodes):
            for lane in range(high - low):
                carried[node, lane] = outside[node, lane]
        for link in range(links):
            if feeds_back[link]:
                for lane in range(low, high):
                    m = flow[link, lane]
                    if abs(m) > still[lane]:
                        down = graph.second[link] if m > 0.0 else graph.first[link]
                        carried[down, lane - low] += abs(m) * heat.outlet[link, lane]
        moved = 0.0
        at = 0
        for number in range(nodes):
            node = order[number]
            for lane in range(low, high):
                if inflow[node, lane - low] > 0.0:
                    new = carried[node, lane - low] / inflow[node, lane - low]
                    moved = max(moved, abs(new - heat.enthalpy[node, lane]))
                    heat.enthalpy[node, lane] = new
            while at < links:
                link = links_in_order[at]
                up = graph.first[link] if flow[link, low] > 0.0 else graph.second[link]
                if up != node:
                    break
                at += 1
                down = graph.second[link] if flow[link, low] > 0.0 else graph.first[link]
                plain = graph.cooler_at[link] < 0 and sources.loss_w_k[link] <= 0.0
                for lane in range(low, high):
                    m = abs(flow[link, lane])
                    if plain and m > still[lane]:
                        added = sources.source_w[link, lane] + sources.work_w[link, lane]
                        out = heat.enthalpy[node, lane] + added / m
                    else:
                        out = link_outlet(
                            graph, fluid, sources, link, lane, flow[link, lane], heat.enthalpy[node, lane], pressure,
                            still[lane], heat.node_k[node, lane], heat,
                        )  # fmt: skip
                    heat.outlet[link, lane] = out
                    if m > still[lane] and not feeds_back[link]:
                        carried[down, lane - low] += m * out
        for lane in range(low, high):
            heat.passes[lane] = count + 1
        if not any_feedback or moved <= transport.SETTLED_J_KG:
            break


@kernel
def carry_heat(graph: Graph, fluid: Fluid, sources: Sources, flow: Floats, pressure: Floats, heat: Heat) -> None:
    """Enthalpies and temperatures of all nodes and links for given flows; `heat` comes in as a first guess.

    `heat.mean_k` becomes the temperature half-way along each link, at which its properties are taken.
    """
    links, lanes = flow.shape
    nodes = heat.enthalpy.shape[0]
    order, links_in_order = np.empty(nodes, np.int32), np.empty(links, np.int32)
    still = np.zeros(lanes)
    for link in range(links):
        for lane in range(lanes):
            still[lane] = max(still[lane], transport.STILL_SHARE * abs(flow[link, lane]))
            heat.dry[link, lane] = False
    together = transport.same_directions(flow, still)
    low = 0
    while low < lanes:
        high = lanes if together else low + 1
        transport.order_nodes(graph.first, graph.second, flow, low, still[low], graph.cut, order)
        transport.sequence(graph.first, graph.second, flow, low, order, links_in_order)
        sweep_lanes(graph, fluid, sources, flow, pressure, low, high, still, order, links_in_order, heat)
        low = high
    for node in range(nodes):
        for lane in range(lanes):
            heat.node_k[node, lane] = transport.temperature(
                fluid, heat.enthalpy[node, lane], pressure[node, lane], graph.lift_j_kg[node], heat.node_k[node, lane]
            )
    for link in range(links):
        for lane in range(lanes):
            up = graph.first[link] if flow[link, lane] > 0.0 else graph.second[link]
            m = max(abs(flow[link, lane]), still[lane])
            start_k = heat.node_k[up, lane]
            warmed_k = sources.source_w[link, lane] / (m * transport.heat_capacity(fluid, start_k)) if m > 0.0 else 0.0
            heat.mean_k[link, lane] = start_k + 0.5 * warmed_k


@kernel
def properties(fluid: Fluid, mean_k: Floats, density: Floats, viscosity: Floats) -> None:
    """Density and viscosity of every link at its mean temperature."""
    for link in range(mean_k.shape[0]):
        for lane in range(mean_k.shape[1]):
            density[link, lane] = transport.density(fluid, mean_k[link, lane])
            viscosity[link, lane] = transport.viscosity(fluid, mean_k[link, lane])
