"""Solve a network for one scenario or a hundred thousand: batches of lanes over the machine's cores."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.errors import NotConverged
from rackwright.rack.cooling.hydraulics.lanes import CLOSED, Scenario, Topology, solve_lanes
from rackwright.rack.cooling.hydraulics.laws import FRICTION_LAWS
from rackwright.rack.cooling.hydraulics.network import Floats, Kind, Network

GRAVITY_M_S2 = 9.80665
#: Scenarios side by side in one batch, at least; two vector registers of eight.
LANES = 16
#: Nodes must balance to this share of the sum of all flows.
MASS_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class Solution:
    """Flows and pressures of every scenario. Shapes: (scenarios, links), (scenarios, nodes), (scenarios,).

    `pressure_pa` is at the node's own elevation. `flow_change` is the last step's sum of |change| over the sum of |flow|,
    `mass_error_kg_s` the largest imbalance of a node. `worst_link` moved most in the last step. `valve_status` is 0
    active, 1 open, 2 closed.
    """

    network: Network
    flow_kg_s: Floats
    pressure_pa: Floats
    steps: NDArray[np.int32]
    flow_change: Floats
    mass_error_kg_s: Floats
    converged: NDArray[np.bool_]
    worst_link: NDArray[np.int32]
    valve_status: NDArray[np.int32]

    @property
    def worst(self) -> tuple[str, ...]:
        """Name of the link that moved most in the last step, per scenario."""
        return tuple(self.network.links[number] for number in self.worst_link)

    def flow_of(self, link: str) -> Floats:
        """Mass flow of a link in every scenario. [kg/s]"""
        return np.asarray(self.flow_kg_s[:, self.network.link_number[link]])

    def pressure_of(self, node: str) -> Floats:
        """Pressure of a node in every scenario. [Pa]"""
        return np.asarray(self.pressure_pa[:, self.network.node_number[node]])


def solve(
    network: Network,
    *,
    density_kg_m3: ArrayLike,
    viscosity_pa_s: ArrayLike,
    demands_kg_s: ArrayLike | None = None,
    fixed_pa: ArrayLike | None = None,
    speed: ArrayLike | None = None,
    opened: ArrayLike | None = None,
    setting: ArrayLike | None = None,
    factor: ArrayLike | None = None,
    law_weights: Floats | None = None,
    start: Solution | None = None,
    flow_tolerance: float = 1e-8,
    mass_tolerance: float = MASS_TOLERANCE,
    most_steps: int = 200,
    gravity_m_s2: float = GRAVITY_M_S2,
    workers: int | None = None,
    must_converge: bool = True,
) -> Solution:
    """Flows and pressures for S scenarios; S is the longest first axis of what is given.

    Parameters
    ----------
    density_kg_m3, viscosity_pa_s : array_like
        One number, one a scenario (S,), or one a scenario and link (S, links).
    demands_kg_s, fixed_pa, speed, opened, setting : array_like, optional
        (n,) or (S, n) in the order of `network.nodes`, `.fixed`, `.pumps`, `.links`, `.valves`; as declared where left
        out. A link that is not `opened` is shut.
    factor : array_like, optional
        Multiplies the drop of links, (links,) or (S, links): a clogged strainer, a maker's spread. Pumps and valves keep
        theirs.
    law_weights : ndarray, optional
        (S, condensed links, corners): how the condensed links' laws are mixed; their first corner where left out.
    start : Solution, optional
        Where to start: the same scenarios solved before, or one for all.
    workers : int, optional
        Threads; the machine's cores where left out.

    Raises
    ------
    ValueError
        When an array has the wrong shape or holds something that is not a finite number; the element is named.
    NotConverged
        When some scenario did not settle; the message names the link that still moves and the node out of balance.
    """
    given = _given(network, density_kg_m3, viscosity_pa_s, demands_kg_s, fixed_pa, speed, opened, setting, factor)
    _corners(network, law_weights, given)
    count = max(max(array.shape[0] for array in given.values()), start.flow_kg_s.shape[0] if start else 1)
    if start is not None and start.network is not network and start.network.links != network.links:
        raise ValueError("start is the solution of another network")
    if start is not None and start.flow_kg_s.shape[0] not in (1, count):
        raise ValueError(f"start has {start.flow_kg_s.shape[0]} scenarios where others have {count}")
    lanes = {name: _spread(name, array, count) for name, array in given.items()}
    topology = topology_of(network, gravity_m_s2)
    wide = lanes_for(network)
    if start is None and count > wide:
        # one scenario from nothing, all others from it
        one = {name: np.array(array[:, :1], order="C") for name, array in lanes.items()}
        start = _collect(network, [_batch(network, topology, one, None, flow_tolerance, mass_tolerance, most_steps)])
    pieces = [slice(at, min(at + wide, count)) for at in range(0, count, wide)]

    def piece(part: slice) -> tuple[Any, ...]:
        own = {name: array if array.shape[1] == 1 else array[:, part] for name, array in lanes.items()}
        width = part.stop - part.start
        own = {name: np.array(np.broadcast_to(a, (a.shape[0], width)), order="C") for name, a in own.items()}
        begun = None if start is None else _begin(start, part)
        return _batch(network, topology, own, begun, flow_tolerance, mass_tolerance, most_steps)

    threads = min(workers or os.cpu_count() or 1, len(pieces))
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            solved = list(pool.map(piece, pieces))
    else:
        solved = [piece(part) for part in pieces]
    solution = _collect(network, solved)
    if must_converge and not solution.converged.all():
        raise NotConverged(_what_moves(solution, lanes["demand"]))
    return solution


def _what_moves(solution: Solution, demand: NDArray[Any]) -> str:
    bad = np.flatnonzero(~solution.converged)
    at = int(bad[0])
    network, flow = solution.network, solution.flow_kg_s[at]
    net = -np.array(demand[:, min(at, demand.shape[1] - 1)])
    np.add.at(net, network.second, flow)
    np.subtract.at(net, network.first, flow)
    net[network.fixed_nodes] = 0.0
    node = network.nodes[int(np.argmax(np.abs(net)))]
    return (
        f"{len(bad)} of {len(solution.converged)} scenarios did not settle; in scenario {at} link {solution.worst[at]!r} "
        f"moved most after {solution.steps[at]} steps (flows still change by {solution.flow_change[at]:.1e} of their sum, "
        f"node {node!r} is out of balance by {solution.mass_error_kg_s[at]:.1e} kg/s)"
    )


def _given(
    network: Network,
    density: ArrayLike,
    viscosity: ArrayLike,
    demands: ArrayLike | None,
    fixed: ArrayLike | None,
    speed: ArrayLike | None,
    opened: ArrayLike | None,
    setting: ArrayLike | None,
    factor: ArrayLike | None,
) -> dict[str, NDArray[Any]]:
    """Everything as (scenarios or 1, n)."""
    links = len(network.links)
    own = {
        "demand": (network.demand_kg_s if demands is None else demands, len(network.nodes)),
        "fixed": (network.fixed_pa if fixed is None else fixed, len(network.fixed)),
        "speed": (network.pump_speed if speed is None else speed, len(network.pumps)),
        "setting": (network.valve_setting if setting is None else setting, len(network.valves)),
    }
    named = {"demand": network.nodes, "fixed": network.fixed, "speed": network.pumps, "setting": network.valves}
    found = {name: _two_axes(name, value, width, named[name]) for name, (value, width) in own.items()}
    found["opened"] = np.atleast_2d(np.asarray(True if opened is None else opened, np.bool_))
    if found["opened"].shape[1] not in (1, links):
        raise ValueError(f"opened has {found['opened'].shape[1]} columns, not one for each of {links} links")
    for name, value in (("density", density), ("viscosity", viscosity), ("factor", 1.0 if factor is None else factor)):
        array = np.asarray(value, np.float64)
        if name != "factor" and array.ndim == 1:
            array = array[:, None]
        array = np.atleast_2d(array)
        if array.ndim != 2 or array.shape[1] not in (1, links):
            raise ValueError(f"{name} has {array.shape[1]} columns, not one for each of {links} links")
        bad = ~(np.isfinite(array) & (array > 0))
        if bad.any():
            of = f" of link {network.links[int(np.argwhere(bad)[0][1])]!r}" if array.shape[1] == links else ""
            raise ValueError(f"{name}{of} is {array[bad][0]}, not a finite number above zero")
        found[name] = array
    return found


def _corners(network: Network, weights: Floats | None, given: dict[str, NDArray[Any]]) -> None:
    """Weights as (scenarios, condensed links x corners) among what is given."""
    links = int((network.law_at >= 0).sum())
    corners = _corner_count(network)
    if weights is None:
        weights = np.zeros((1, links, corners))
        weights[:, :, 0] = 1.0
    if not np.isfinite(weights).all():
        raise ValueError("law_weights holds a value that is not a finite number")
    if weights.shape[1:] != (links, corners):
        raise ValueError(f"law_weights is {weights.shape[1:]} a scenario, not {(links, corners)}")
    given["law_weights"] = weights.reshape(weights.shape[0], links * corners)


def _corner_count(network: Network) -> int:
    return network.laws[0].drops_pa.shape[0] if network.laws else 1


def _two_axes(name: str, value: ArrayLike, width: int, elements: tuple[str, ...]) -> Floats:
    array = np.atleast_2d(np.asarray(value, np.float64))
    if array.ndim != 2 or array.shape[1] != width:
        raise ValueError(f"{name} has the shape {array.shape}, not ({width},) or (scenarios, {width})")
    bad = ~np.isfinite(array)
    if bad.any():
        raise ValueError(f"{name} of {elements[int(np.argwhere(bad)[0][1])]!r} is {array[bad][0]}, not a finite number")
    return array


def _spread(name: str, array: NDArray[Any], count: int) -> NDArray[Any]:
    if array.shape[0] not in (1, count):
        raise ValueError(f"{name} has {array.shape[0]} scenarios where others have {count}")
    return array.T


def _begin(start: Solution, part: slice) -> tuple[Floats, Floats, NDArray[np.int32]]:
    own = part if start.flow_kg_s.shape[0] > 1 else slice(0, 1)
    width = part.stop - part.start
    arrays = (start.pressure_pa, start.flow_kg_s, start.valve_status)
    pressure, flow, status = (
        np.array(np.broadcast_to(array[own].T, (array.shape[1], width)), order="C") for array in arrays
    )
    return pressure, flow, status


def _batch(
    network: Network,
    topology: Topology,
    lanes: Mapping[str, NDArray[Any]],
    begun: tuple[Floats, Floats, NDArray[np.int32]] | None,
    tolerance: float,
    mass_tolerance: float,
    most_steps: int,
) -> tuple[Any, ...]:
    """Solve one batch of lanes from its first guesses."""
    width = lanes["demand"].shape[1]
    if begun is None:
        pressure = np.full((len(network.nodes), width), float(np.mean(network.fixed_pa)))
        flow = np.repeat(network.guess_kg_s[:, None], width, axis=1)
        status = np.repeat(network.valve_status[:, None], width, axis=1)
    else:
        pressure, flow, status = begun
    pressure[network.fixed_nodes] = lanes["fixed"]
    case = Scenario(
        demand=lanes["demand"],
        density=lanes["density"],
        viscosity=lanes["viscosity"],
        factor=lanes["factor"],
        opened=lanes["opened"],
        any_shut=bool((~lanes["opened"]).any()),
        speed=lanes["speed"],
        setting=lanes["setting"],
        fixed_status=np.repeat(network.valve_status[:, None] != 0, width, axis=1),
        law_weights=lanes["law_weights"].reshape(len(topology.condensed), _corner_count(network), width),
    )
    _open_again(network, lanes["opened"], lanes["speed"], status, flow)
    steps, worst = np.zeros(width, np.int32), np.zeros(width, np.int32)
    change, mass_error, done = np.full(width, np.inf), np.full(width, np.inf), np.zeros(width, np.bool_)
    solve_lanes(
        topology, case, pressure, flow, status, tolerance, mass_tolerance, most_steps, steps, change, mass_error, worst,
        done,
    )  # fmt: skip
    lost = ~(np.isfinite(flow).all(axis=0) & np.isfinite(pressure).all(axis=0))
    if lost.any():
        # a lane that ran away is told as not settled; its numbers are none
        flow[:, lost], pressure[:, lost], done[lost] = 0.0, float(np.mean(network.fixed_pa)), False
    return pressure, flow, status, steps, change, mass_error, worst, done


def _open_again(
    network: Network, opened: NDArray[np.bool_], speed: Floats, status: NDArray[np.int32], flow: Floats
) -> None:
    """Links that are open, and pumps that run, but stood still in the start begin with their own guess."""
    pumps = np.flatnonzero(network.speed_at >= 0)
    guess = network.guess_kg_s[:, None]
    stood = (flow == 0.0) & opened
    stood[pumps] |= (np.abs(flow[pumps]) < 1e-3 * guess[pumps]) & np.broadcast_to(opened, flow.shape)[pumps]
    stood[pumps] &= speed[network.speed_at[pumps]] > 0.0
    valves = np.flatnonzero(network.valve_at >= 0)
    stood[valves] &= status[network.valve_at[valves]] != CLOSED
    np.copyto(flow, guess, where=stood)


def _collect(network: Network, solved: list[tuple[Any, ...]]) -> Solution:
    pressure, flow, status = (_rows([part[at] for part in solved]) for at in range(3))
    steps, change, mass_error, worst, done = (np.concatenate([part[at] for part in solved]) for at in range(3, 8))
    return Solution(network, flow, pressure, steps, change, mass_error, done, worst, status)


@lru_cache(maxsize=64)
def topology_of(network: Network, gravity_m_s2: float) -> Topology:
    """The arrays that all scenarios of a network share."""

    def of(*kinds: Kind) -> NDArray[np.int32]:
        return np.flatnonzero(np.isin(network.kind, kinds)).astype(np.int32)

    pumps = (Kind.PUMP, Kind.PUMP_TABLE, Kind.PUMP_POWER)
    node_start, incident = _incidence(network)
    return Topology(
        law=FRICTION_LAWS.index(network.law),
        gravity=gravity_m_s2,
        first=network.first,
        second=network.second,
        elevation=network.elevation_m,
        column=network.column,
        entry=network.entry,
        start=network.elimination.start,
        row=network.elimination.row,
        target=network.elimination.target,
        slots=network.parameters,
        guess=network.guess_kg_s,
        darcy=of(Kind.DARCY),
        hazen=of(Kind.HAZEN_WILLIAMS),
        curves=of(Kind.CURVE),
        powers=of(Kind.POWER),
        tables=of(Kind.TABLE),
        pumps=of(Kind.PUMP),
        pump_tables=of(Kind.PUMP_TABLE),
        pump_powers=of(Kind.PUMP_POWER),
        valves=of(Kind.VALVE),
        condensed=of(Kind.LAW),
        walled=np.flatnonzero(network.check & ~np.isin(network.kind, pumps)).astype(np.int32),
        table_at=network.table_at,
        table_start=network.table_start,
        table_x=network.table_x,
        table_y=network.table_y,
        speed_at=network.speed_at,
        valve_at=network.valve_at,
        rule=network.valve_rule,
        node_start=node_start,
        incident=incident,
        law_at=network.law_at,
        law_grid=_stacked([law.flows_kg_s for law in network.laws], 2),
        law_values=_stacked([law.drops_pa for law in network.laws], 3),
        law_slopes=_stacked([law.slopes for law in network.laws], 3),
    )


def _rows(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Lanes of all batches as rows."""
    whole = np.empty((sum(part.shape[1] for part in parts), parts[0].shape[0]), parts[0].dtype)
    at = 0
    for part in parts:
        whole[at : at + part.shape[1]] = part.T
        at += part.shape[1]
    return whole


def lanes_for(network: Network) -> int:
    """Scenarios side by side: more for small networks, so that a batch fills the near memory and no more."""
    return int(np.clip(LANES * 4800 // max(len(network.links), 1) // LANES * LANES, LANES, 8 * LANES))


def _stacked(arrays: list[Floats], axes: int) -> Floats:
    return np.ascontiguousarray(np.stack(arrays)) if arrays else np.zeros((0,) * axes)


def _incidence(network: Network) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Each node's links, one after the other, and where they start."""
    ends = np.concatenate((network.first, network.second))
    links = np.tile(np.arange(len(network.links), dtype=np.int32), 2)
    order = np.argsort(ends, kind="stable")
    start = np.concatenate(([0], np.cumsum(np.bincount(ends, minlength=len(network.nodes))))).astype(np.int32)
    return start, links[order]
