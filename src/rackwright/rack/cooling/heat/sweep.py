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


#: What a pass over the network says of the next one.
SETTLED, AGAIN, LOST = 0, 1, 2


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
        return float(outlet - taken)
    if sources.loss_w_k[link] > 0.0:
        start_k = transport.temperature(fluid, outlet, pressure[up, lane], graph.lift_j_kg[up], guess_k)
        capacity = transport.heat_capacity(fluid, start_k)
        fallen = -np.expm1(-sources.loss_w_k[link] / (m * capacity))
        lost = capacity * fallen * (start_k - sources.ambient_k[lane])
        heat.lost_w[link, lane] = lost * m
        return float(outlet - lost)
    return float(outlet)


@kernel
def enters(
    graph: Graph, fluid: Fluid, sources: Sources, flow: Floats, pressure: Floats, lane: int, still: float,
    inflow: Floats, brought: Floats,
) -> None:  # fmt: skip
    """Each node's inflow, and the enthalpy flow that comes from outside where more goes out than comes in."""
    nodes = inflow.shape[0]
    for node in range(nodes):
        inflow[node] = 0.0
        brought[node] = 0.0
    for link in range(flow.shape[0]):
        m = flow[link]
        if abs(m) > still:
            up, down = graph.first[link], graph.second[link]
            if m < 0.0:
                up, down = down, up
            inflow[down] += abs(m)
            brought[up] += abs(m)
    for node in range(nodes):
        # more goes out than comes in: the rest enters from outside
        outside = brought[node] - inflow[node]
        if outside <= 1e-12 * brought[node]:
            brought[node] = 0.0
            continue
        inflow[node] += outside
        kelvin = sources.outside_k[node, lane]
        given = transport.energy(fluid, kelvin) + pressure[node, lane] / transport.density(fluid, kelvin)
        brought[node] = outside * (given + graph.lift_j_kg[node])


@kernel
def in_order(graph: Graph, flow: Floats, still: float, rank: Ints) -> bool:
    """Whether every flowing link still leads from an earlier to a later node, links that open loops left out."""
    for link in range(flow.shape[0]):
        if abs(flow[link]) > still and not graph.cut[link]:
            forward = rank[graph.first[link]] < rank[graph.second[link]]
            if forward != (flow[link] > 0.0):
                return False
    return True


@kernel
def sweep_lane(
    graph: Graph, fluid: Fluid, sources: Sources, flow: Floats, pressure: Floats, lane: int, still: float,
    rank: Ints, links_in_order: Ints, plain: Flags, inflow: Floats, brought: Floats, carried: Floats, own: Floats,
    out: Floats, heat: Heat,
) -> None:  # fmt: skip
    """Sweep one lane until its enthalpies stand. `own` (nodes,) and `out` (links,) come in as first guesses.

    A node's enthalpy is complete once all its earlier links have added to it; links that lead back to an earlier node
    bring what they had in the pass before.
    """
    nodes, links = inflow.shape[0], flow.shape[0]
    back = np.empty(links, np.int32)
    backs = 0
    for link in range(links):
        m = flow[link]
        up, down = graph.first[link], graph.second[link]
        if m < 0.0:
            up, down = down, up
        if abs(m) > still and rank[up] >= rank[down]:
            back[backs] = link
            backs += 1
    asked, gap, gap_before, got_before = np.empty(backs), np.empty(backs), np.zeros(backs), np.zeros(backs)
    for count in range(transport.MOST_PASSES):
        for node in range(nodes):
            carried[node] = brought[node]
        for at in range(backs):
            link = back[at]
            asked[at] = out[link]
            down = graph.second[link] if flow[link] > 0.0 else graph.first[link]
            carried[down] += abs(flow[link]) * out[link]
        last = -1
        for at in range(links):
            link = links_in_order[at]
            m = flow[link]
            up, down = graph.first[link], graph.second[link]
            if m <= 0.0:
                up, down = down, up
            if up != last:
                last = up
                if inflow[up] > 0.0:
                    own[up] = carried[up] / inflow[up]
            if plain[link] and abs(m) > still:
                value = own[up] + (sources.source_w[link, lane] + sources.work_w[link, lane]) / abs(m)
            else:
                value = link_outlet(
                    graph, fluid, sources, link, lane, m, own[up], pressure, still, heat.node_k[up, lane], heat
                )
            out[link] = value
            if abs(m) > still and rank[up] < rank[down]:
                carried[down] += abs(m) * value
        for node in range(nodes):
            if inflow[node] > 0.0:
                own[node] = carried[node] / inflow[node]
        heat.passes[lane] = count + 1
        verdict = guess_again(back, backs, count, asked, gap, gap_before, got_before, out)
        if verdict == LOST:
            heat.passes[lane] = transport.MOST_PASSES
        if verdict != AGAIN:
            break


@kernel
def guess_again(
    back: Ints, backs: int, count: int, asked: Floats, gap: Floats, gap_before: Floats, got_before: Floats, out: Floats
) -> int:
    """What links that lead back are to bring in the next pass: Anderson's extrapolation over two passes.

    `SETTLED` once the pass has given back what it was given, `LOST` where no liquid has such an enthalpy any more: the
    heat finds no way out.
    """
    most, along, square = 0.0, 0.0, 0.0
    for at in range(backs):
        if abs(out[back[at]]) > transport.LIQUID_J_KG:
            return LOST
        gap[at] = out[back[at]] - asked[at]
        most = max(most, abs(gap[at]))
        along += gap[at] * (gap[at] - gap_before[at])
        square += (gap[at] - gap_before[at]) ** 2
    if most <= transport.SETTLED_J_KG:
        return SETTLED
    share = along / square if count > 0 and square > 0.0 else 0.0
    share = min(max(share, -20.0), 0.9)
    for at in range(backs):
        got = out[back[at]]
        out[back[at]] = got - share * (got - got_before[at]) if count > 0 else got
        got_before[at] = got
        gap_before[at] = gap[at]
    return AGAIN


@kernel
def carry_heat(graph: Graph, fluid: Fluid, sources: Sources, flow: Floats, pressure: Floats, heat: Heat) -> None:
    """Enthalpies and temperatures of all nodes and links for given flows; `heat` comes in as a first guess.

    `heat.mean_k` becomes the temperature half-way along each link, at which its properties are taken.
    """
    links, lanes = flow.shape
    nodes = heat.enthalpy.shape[0]
    order, rank, links_in_order = np.empty(nodes, np.int32), np.zeros(nodes, np.int32), np.empty(links, np.int32)
    inflow, brought, carried = np.empty(nodes), np.empty(nodes), np.empty(nodes)
    own, out, m, plain = np.empty(nodes), np.empty(links), np.empty(links), np.empty(links, np.bool_)
    for link in range(links):
        plain[link] = graph.cooler_at[link] < 0 and sources.loss_w_k[link] <= 0.0
    for lane in range(lanes):
        still = 0.0
        for link in range(links):
            m[link] = flow[link, lane]
            out[link] = heat.outlet[link, lane]
            still = max(still, abs(m[link]))
            heat.dry[link, lane] = False
        still *= transport.STILL_SHARE
        for node in range(nodes):
            own[node] = heat.enthalpy[node, lane]
        if lane == 0 or not in_order(graph, m, still, rank):
            transport.order_nodes(graph.first, graph.second, m, still, graph.cut, order)
            for at in range(nodes):
                rank[order[at]] = at
        transport.sequence(graph.first, graph.second, m, rank, links_in_order)
        enters(graph, fluid, sources, m, pressure, lane, still, inflow, brought)
        sweep_lane(
            graph, fluid, sources, m, pressure, lane, still, rank, links_in_order, plain, inflow, brought, carried, own,
            out, heat,
        )  # fmt: skip
        for node in range(nodes):
            heat.enthalpy[node, lane] = own[node]
            heat.node_k[node, lane] = transport.temperature(
                fluid, own[node], pressure[node, lane], graph.lift_j_kg[node], heat.node_k[node, lane]
            )
        for link in range(links):
            heat.outlet[link, lane] = out[link]
            start_k = heat.node_k[graph.first[link] if m[link] > 0.0 else graph.second[link], lane]
            warmed_k = 0.0
            if sources.source_w[link, lane] != 0.0 and abs(m[link]) > still:
                warmed_k = sources.source_w[link, lane] / (abs(m[link]) * transport.heat_capacity(fluid, start_k))
            heat.mean_k[link, lane] = start_k + 0.5 * warmed_k


@kernel
def properties(fluid: Fluid, mean_k: Floats, density: Floats, viscosity: Floats) -> None:
    """Density and viscosity of every link at its mean temperature."""
    for link in range(mean_k.shape[0]):
        for lane in range(mean_k.shape[1]):
            density[link, lane] = transport.density(fluid, mean_k[link, lane])
            viscosity[link, lane] = transport.viscosity(fluid, mean_k[link, lane])
