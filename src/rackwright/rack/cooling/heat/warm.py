"""Flows and temperatures together: hydraulics at the temperatures, heat at the flows, until neither moves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.errors import NotConverged
from rackwright.rack.cooling.heat.sweep import Graph, Heat, carry_heat, properties
from rackwright.rack.cooling.heat.transport import MOST_PASSES, STILL_SHARE, Fluid, Sources
from rackwright.rack.cooling.hydraulics.network import Floats, Kind, Network
from rackwright.rack.cooling.hydraulics.solve import GRAVITY_M_S2, Solution, lanes_for, solve

#: Rounds of hydraulics and heat; four are usual, because properties change by a few per cent.
MOST_ROUNDS = 40
#: Rounds after which a lane whose heat still finds no way out is given up.
HOPELESS_ROUNDS = 6
#: A heat balance that misses more than this has no steady state.
OPEN_SHARE = 1e-6
#: Flows may still change by this share between two rounds.
ROUND_TOLERANCE = 3e-7
PUMPS = (Kind.PUMP, Kind.PUMP_TABLE, Kind.PUMP_POWER)


@dataclass(frozen=True)
class Cooler:
    """An exchanger in a link: it brings the stream to `wanted_k`, or as near as its wide-open primary side can.

    `ua_w_k` holds at the rated flows; the resistance is split into `secondary_share`, `primary_share` (both fall with the
    flow to the power of 0.8) and the rest, which is the wall; `fouling_share` adds to the wall as a share of the rated
    resistance.
    """

    link: str
    ua_w_k: float
    rated_kg_s: float
    primary_rated_kg_s: float
    primary_heat_j_kg_k: float = 4180.0
    secondary_share: float = 0.45
    primary_share: float = 0.45
    fouling_share: float = 0.0


@dataclass(frozen=True)
class WarmSolution:
    """A network's flows and temperatures. Shapes (scenarios, nodes) and (scenarios, links); coolers as they were given.

    `closure_share` is what the heat balance misses as a share of all heat: sources, pumps' work, coolers, losses, and what
    enters and leaves the network. `dry` marks links with a source and no flow: their temperature has no answer.
    """

    flows: Solution
    node_k: Floats
    outlet_j_kg: Floats
    mean_k: Floats
    duty_w: Floats
    short: NDArray[np.bool_]
    lost_w: Floats
    dry: NDArray[np.bool_]
    work_w: Floats
    closure_share: Floats
    rounds: NDArray[np.int32]

    def inlet_k(self, links: NDArray[np.int32]) -> Floats:
        """Temperature at the upstream end of links. [K], shape (scenarios, links)"""
        network, flow = self.flows.network, self.flows.flow_kg_s[:, links]
        up = np.where(flow >= 0, network.first[links], network.second[links])
        return np.take_along_axis(self.node_k, up, axis=1)

    def density_kg_m3(self, fluid: Fluid) -> Floats:
        """Density half-way along every link."""
        return density_of(fluid, self.mean_k)


FLOW_FIELDS = tuple(item.name for item in fields(Solution) if item.name != "network")
WARM_FIELDS = tuple(item.name for item in fields(WarmSolution) if item.name != "flows")


def density_of(fluid: Fluid, kelvin: Floats) -> Floats:
    """Density at temperatures of any shape. [kg/m3]"""
    x = (np.clip(kelvin, fluid.least_k, fluid.most_k) - fluid.centre_k) / fluid.scale_k
    return np.asarray(np.polynomial.polynomial.polyval(x, fluid.density), np.float64)


def energy_of(fluid: Fluid, kelvin: Floats) -> Floats:
    """Internal energy at temperatures of any shape; beyond the range with the end's heat capacity. [J/kg]"""
    held = np.clip(kelvin, fluid.least_k, fluid.most_k)
    x = (held - fluid.centre_k) / fluid.scale_k
    capacity = np.polynomial.polynomial.polyval(x, np.polynomial.polynomial.polyder(fluid.energy)) / fluid.scale_k
    energy = np.polynomial.polynomial.polyval(x, fluid.energy)
    return np.asarray(energy + capacity * (kelvin - held), np.float64)


def viscosity_of(fluid: Fluid, kelvin: Floats) -> Floats:
    """Dynamic viscosity at temperatures of any shape. [Pa s]"""
    x = (np.clip(kelvin, fluid.least_k, fluid.most_k) - fluid.centre_k) / fluid.scale_k
    return np.asarray(np.exp(np.polynomial.polynomial.polyval(x, fluid.log_viscosity)), np.float64)


def solve_warm(
    network: Network,
    fluid: Fluid,
    *,
    source_w: ArrayLike = 0.0,
    coolers: Sequence[Cooler] = (),
    wanted_k: ArrayLike = 300.0,
    primary_k: ArrayLike = 290.0,
    primary_kg_s: ArrayLike = 0.0,
    cooler_share: ArrayLike = 1.0,
    outside_k: ArrayLike = 300.0,
    pump_efficiency: ArrayLike = 1.0,
    loss_w_k: ArrayLike = 0.0,
    ambient_k: ArrayLike = 298.15,
    law_loads: ArrayLike = 1.0,
    fixed_properties_k: float | None = None,
    start: WarmSolution | None = None,
    workers: int | None = None,
    must_converge: bool = True,
    **hydraulic: Any,
) -> WarmSolution:
    """Solve flows and temperatures of S scenarios.

    Parameters
    ----------
    source_w : array_like
        Heat into each link's stream, (links,) or (S, links). [W]
    coolers, wanted_k, primary_k, primary_kg_s, cooler_share
        Exchangers; the rest (coolers,) or (S, coolers): wanted outlet, primary inlet and most primary flow, and the share
        of its UA that an exchanger has (fouled, or a leg shut).
    outside_k : array_like
        Temperature of what enters at nodes, one number, (nodes,) or (S, nodes). [K]
    pump_efficiency : array_like
        Hydraulic over shaft power, (pumps,) or (S, pumps); all of the shaft's power goes into the fluid.
    loss_w_k, ambient_k : array_like
        A pipe's conductance to its room (links,) and the room's temperature, one number or (S,).
    law_loads : array_like
        Load of condensed links, as their laws' corners have it; (condensed links,) or (S, condensed links).
    fixed_properties_k : float, optional
        Take density and viscosity at this temperature everywhere instead of at each link's own.
    hydraulic
        Passed on to `solve`: demands_kg_s, fixed_pa, speed, opened, setting, factor.

    Raises
    ------
    NotConverged
        When flows and temperatures do not settle together; the element that still moves is named.
    """
    ambient_k = np.reshape(np.asarray(ambient_k, np.float64), (-1, 1))
    if not (np.isfinite(np.asarray(loss_w_k)).all() and (np.asarray(pump_efficiency, np.float64) > 0).all()):
        raise ValueError("loss_w_k must be finite numbers and pump_efficiency above zero")
    count = _count(
        [source_w, wanted_k, primary_k, primary_kg_s, cooler_share, outside_k, pump_efficiency, ambient_k, law_loads],
        hydraulic,
    )
    if start is not None:
        count = max(count, start.node_k.shape[0])
    graph = _graph(network, coolers)
    rows = {
        "source": (source_w, len(network.links)),
        "wanted": (wanted_k, len(coolers)),
        "primary_k": (primary_k, len(coolers)),
        "primary_kg_s": (primary_kg_s, len(coolers)),
        "cooler_share": (cooler_share, len(coolers)),
        "outside": (outside_k, len(network.nodes)),
        "efficiency": (pump_efficiency, len(network.pumps)),
        "law_loads": (law_loads, int((network.law_at >= 0).sum())),
        "ambient": (ambient_k, 1),
    }
    wide = {name: _wide(name, value, width, count) for name, (value, width) in rows.items()}
    losses = np.array(np.broadcast_to(np.asarray(loss_w_k, np.float64), (len(network.links),)))
    batch = lanes_for(network)
    if start is None and count > batch:
        first = _chunk(network, graph, fluid, coolers, wide, losses, fixed_properties_k, slice(0, 1), None, hydraulic)
        start = first
    pieces = [slice(at, min(at + batch, count)) for at in range(0, count, batch)]

    def piece(part: slice) -> WarmSolution:
        return _chunk(network, graph, fluid, coolers, wide, losses, fixed_properties_k, part, start, hydraulic)

    threads = min(workers or os.cpu_count() or 1, len(pieces))
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            solved = list(pool.map(piece, pieces))
    else:
        solved = [piece(part) for part in pieces]
    answer = _joined(network, solved)
    if must_converge and not answer.flows.converged.all():
        at = int(np.flatnonzero(~answer.flows.converged)[0])
        raise NotConverged(
            f"flows and temperatures of scenario {at} did not settle in {answer.rounds[at]} rounds; "
            f"link {answer.flows.worst[at]!r} moved most, by {answer.flows.flow_change[at]:.1e} of all flows"
        )
    return answer


def _chunk(
    network: Network,
    graph: Graph,
    fluid: Fluid,
    coolers: Sequence[Cooler],
    wide: dict[str, Floats],
    losses: Floats,
    fixed_k: float | None,
    part: slice,
    start: WarmSolution | None,
    hydraulic: dict[str, Any],
) -> WarmSolution:
    """Rounds of hydraulics and heat for one batch of lanes."""
    width = part.stop - part.start
    own = {name: np.array(array[part].T, order="C") for name, array in wide.items()}
    heat = _first_heat(network, len(coolers), own, fluid, start, part)
    begun = None if start is None else _only(start.flows, part)
    density, viscosity = np.empty_like(heat.mean_k), np.empty_like(heat.mean_k)
    mean_k = heat.mean_k if fixed_k is None else np.full_like(heat.mean_k, fixed_k)
    options = {name: _own_rows(value, part) for name, value in hydraulic.items()}
    work_w = np.zeros_like(heat.mean_k)
    before: Floats | None = None
    tolerance = 1e-4
    flows = begun
    flow = np.ones_like(heat.mean_k) if begun is None else _lanes(begun.flow_kg_s, width)
    rounds = 0
    while rounds < MOST_ROUNDS:
        rounds += 1
        properties(fluid, mean_k, density, viscosity)
        if network.laws:
            options["law_weights"] = _law_weights(network, heat.node_k, flow, own["law_loads"])
        flows = solve(
            network, density_kg_m3=density.T, viscosity_pa_s=viscosity.T, start=flows, workers=1, must_converge=False,
            flow_tolerance=tolerance, **options,
        )  # fmt: skip
        flow, pressure = np.ascontiguousarray(flows.flow_kg_s.T), np.ascontiguousarray(flows.pressure_pa.T)
        _pump_work(network, own["efficiency"], flow, pressure, density, work_w)
        sources = _sources(coolers, own, work_w, losses)
        carry_heat(graph, fluid, sources, flow, pressure, heat)
        if fixed_k is None:
            mean_k = heat.mean_k
        change = np.full(width, np.inf) if before is None else _change(flow, before)
        before = flow
        moving = change > ROUND_TOLERANCE
        if tolerance <= 1e-6 and not moving.any():
            break
        if rounds >= HOPELESS_ROUNDS and (heat.passes[moving] >= MOST_PASSES).all():
            break  # heat that has no way out: no steady state
        tolerance = float(np.clip(1e-2 * np.where(np.isfinite(change), change, 1.0).max(), 1e-10, tolerance))
    assert flows is not None
    ends_w = _carried_out_w(network, fluid, own, heat, flow, pressure)
    closure = _closure(graph, own, heat, flow, work_w, ends_w)
    settled = flows.converged & (change <= ROUND_TOLERANCE) & (heat.passes < MOST_PASSES) & (closure <= OPEN_SHARE)
    return WarmSolution(
        flows=_with(flows, settled, change),
        node_k=np.ascontiguousarray(heat.node_k.T),
        outlet_j_kg=np.ascontiguousarray(heat.outlet.T),
        mean_k=np.ascontiguousarray(heat.mean_k.T),
        duty_w=np.ascontiguousarray(heat.duty_w.T),
        short=np.ascontiguousarray(heat.short.T),
        lost_w=np.ascontiguousarray(heat.lost_w.T),
        dry=np.ascontiguousarray(heat.dry.T),
        work_w=np.ascontiguousarray(work_w.T),
        closure_share=closure,
        rounds=np.full(width, rounds, np.int32),
    )


def _law_weights(network: Network, node_k: Floats, flow: Floats, loads: Floats) -> Floats:
    """How each condensed link's corners mix at its inlet temperature and load; (lanes, condensed links, corners).

    Lagrange's polynomial through the law's temperatures and loads, held at their ends.
    """
    links = np.flatnonzero(network.law_at >= 0)
    up = np.where(flow[links] >= 0, network.first[links, None], network.second[links, None])
    inlet_k = np.take_along_axis(node_k, up, axis=0)
    weights = np.empty((*inlet_k.shape, network.laws[0].drops_pa.shape[0]))
    for number, law in enumerate(network.laws):
        at = network.law_at[links] == number
        warm = lagrange(inlet_k[at], law.temperatures_k)
        laden = lagrange(loads[at], law.loads)
        weights[at] = (warm[..., :, None] * laden[..., None, :]).reshape(*warm.shape[:2], -1)
    return np.ascontiguousarray(weights.transpose(1, 0, 2))


def lagrange(values: Floats, nodes: Sequence[float]) -> Floats:
    """Weights of the polynomial through nodes at values held within them; shape (*values.shape, nodes)."""
    held = np.clip(values, nodes[0], nodes[-1])
    weights = np.ones((*values.shape, len(nodes)))
    for own, node in enumerate(nodes):
        for other, at in enumerate(nodes):
            if other != own:
                weights[..., own] *= (held - at) / (node - at)
    return weights


def _closure(graph: Graph, own: dict[str, Floats], heat: Heat, flow: Floats, work_w: Floats, ends_w: Floats) -> Floats:
    """What the heat balance of the whole network misses, as a share of all heat; (lanes,).

    Sources and pumps' work on one side; coolers, losses and what streams carry out at the network's ends on the other.
    """
    moves = np.abs(flow) > STILL_SHARE * np.abs(flow).max(axis=0)
    put_in = (own["source"] * moves + work_w).sum(axis=0)
    taken = heat.lost_w.sum(axis=0) + heat.duty_w.sum(axis=0) + ends_w
    # without any heat what is missed is rounding of what the streams carry
    carried_w = (np.abs(flow) * np.abs(heat.outlet)).max(axis=0, initial=0.0)
    scale_w = np.maximum(np.abs(put_in) + np.abs(ends_w), 1e-6 * carried_w + 1e-9)
    return np.asarray(np.abs(put_in - taken) / scale_w, np.float64)


def _carried_out_w(
    network: Network, fluid: Fluid, own: dict[str, Floats], heat: Heat, flow: Floats, pressure: Floats
) -> Floats:
    """Enthalpy that leaves at the network's ends less what enters there; (lanes,)."""
    net = np.zeros_like(pressure)
    np.add.at(net, network.second, flow)
    np.subtract.at(net, network.first, flow)
    outside = energy_of(fluid, own["outside"]) + pressure / density_of(fluid, own["outside"])
    outside = outside + GRAVITY_M_S2 * network.elevation_m[:, None]
    return np.asarray((net * np.where(net > 0, heat.enthalpy, outside)).sum(axis=0), np.float64)


def _pump_work(
    network: Network, efficiency: Floats, flow: Floats, pressure: Floats, density: Floats, work_w: Floats
) -> None:
    """Shaft power of running pumps into the fluid: volume flow times rise over efficiency."""
    for number, link in enumerate(np.flatnonzero(network.speed_at >= 0)):
        rise = pressure[network.second[link]] - pressure[network.first[link]]
        rise = rise + density[link] * GRAVITY_M_S2 * (
            network.elevation_m[network.second[link]] - network.elevation_m[network.first[link]]
        )
        moving = flow[link] > 0
        work_w[link] = np.where(moving, flow[link] / density[link] * np.maximum(rise, 0.0) / efficiency[number], 0.0)


def _sources(coolers: Sequence[Cooler], own: dict[str, Floats], work_w: Floats, losses: Floats) -> Sources:
    shares = np.array(
        [
            (c.secondary_share, 1.0 - c.secondary_share - c.primary_share + c.fouling_share, c.primary_share)
            for c in coolers
        ]
    ).reshape(len(coolers), 3)
    return Sources(
        source_w=own["source"],
        work_w=work_w,
        loss_w_k=losses,
        ambient_k=np.ascontiguousarray(own["ambient"][0]),
        coolers=np.arange(len(coolers), dtype=np.int32),
        wanted_k=own["wanted"],
        primary_k=own["primary_k"],
        primary_kg_s=own["primary_kg_s"],
        primary_heat_j_kg_k=coolers[0].primary_heat_j_kg_k if coolers else 4180.0,
        cooler_ua=np.array([c.ua_w_k for c in coolers])[:, None] * own["cooler_share"],
        cooler_rated=np.array([(c.rated_kg_s, c.primary_rated_kg_s) for c in coolers]).reshape(len(coolers), 2),
        cooler_share=shares,
        outside_k=own["outside"],
    )


def _graph(network: Network, coolers: Sequence[Cooler]) -> Graph:
    at = np.full(len(network.links), -1, np.int32)
    for number, cooler in enumerate(coolers):
        at[network.link_number[cooler.link]] = number
    cut = at >= 0 if coolers else np.isin(network.kind, PUMPS)
    return Graph(network.first, network.second, GRAVITY_M_S2 * network.elevation_m, cut, at)


def _first_heat(
    network: Network, coolers: int, own: dict[str, Floats], fluid: Fluid, start: WarmSolution | None, part: slice
) -> Heat:
    width = part.stop - part.start
    shape_n, shape_l = (len(network.nodes), width), (len(network.links), width)
    if start is None:
        guess_k = own["wanted"].mean(axis=0) if coolers else own["outside"].mean(axis=0)
        node_k = np.repeat(guess_k[None, :], shape_n[0], axis=0)
        mean_k = np.repeat(guess_k[None, :], shape_l[0], axis=0)
        at = (guess_k - fluid.centre_k) / fluid.scale_k
        energy = np.polynomial.polynomial.polyval(at, fluid.energy)
        enthalpy = np.repeat(energy[None, :], shape_n[0], axis=0)
        outlet = np.repeat(energy[None, :], shape_l[0], axis=0)
    else:
        rows = part if start.node_k.shape[0] > 1 else slice(0, 1)
        node_k = _lanes(start.node_k[rows], width)
        mean_k = _lanes(start.mean_k[rows], width)
        outlet = _lanes(start.outlet_j_kg[rows], width)
        enthalpy = np.polynomial.polynomial.polyval((node_k - fluid.centre_k) / fluid.scale_k, fluid.energy)
    return Heat(
        enthalpy=np.ascontiguousarray(enthalpy),
        outlet=outlet,
        node_k=node_k,
        mean_k=mean_k,
        duty_w=np.zeros((coolers, width)),
        short=np.zeros((coolers, width), np.bool_),
        lost_w=np.zeros(shape_l),
        dry=np.zeros(shape_l, np.bool_),
        passes=np.zeros(width, np.int32),
    )


def _lanes(rows: Floats, width: int) -> Floats:
    return np.array(np.broadcast_to(rows.T, (rows.shape[1], width)), order="C")


def _change(flow: Floats, before: Floats) -> Floats:
    moved = np.abs(flow - before).sum(axis=0) / np.maximum(np.abs(flow).sum(axis=0), 1e-12)
    return np.asarray(moved, np.float64)


def _count(arrays: list[ArrayLike], hydraulic: dict[str, Any]) -> int:
    found = [np.asarray(value) for value in (*arrays, *hydraulic.values())]
    return max([1, *(int(array.shape[0]) for array in found if array.ndim == 2)])


def _wide(name: str, value: ArrayLike, width: int, count: int) -> Floats:
    array = np.asarray(value, np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a value that is not a finite number")
    if array.ndim == 2 and array.shape[1] == 1 and width != 1:
        array = np.broadcast_to(array, (array.shape[0], width))
    return np.broadcast_to(array, (count, width))


def _own_rows(value: Any, part: slice) -> Any:
    array = np.asarray(value)
    return array[part] if array.ndim == 2 and array.shape[0] > 1 else array


def _only(flows: Solution, part: slice) -> Solution:
    rows = part if flows.flow_kg_s.shape[0] > 1 else slice(0, 1)
    return Solution(network=flows.network, **{name: getattr(flows, name)[rows] for name in FLOW_FIELDS})


def _with(flows: Solution, converged: NDArray[np.bool_], change: Floats) -> Solution:
    return replace(flows, flow_change=np.maximum(flows.flow_change, change), converged=converged)


def _joined(network: Network, parts: list[WarmSolution]) -> WarmSolution:
    def rows(values: list[Any]) -> Any:
        return np.concatenate(values) if len(values) > 1 else values[0]

    flows = {name: rows([getattr(part.flows, name) for part in parts]) for name in FLOW_FIELDS}
    warm = {name: rows([getattr(part, name) for part in parts]) for name in WARM_FIELDS}
    return WarmSolution(flows=Solution(network=network, **flows), **warm)
