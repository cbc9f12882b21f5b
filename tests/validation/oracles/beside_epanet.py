"""EPANET's own boundary conditions, fed to our network, and how far the two answers are apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from tests.validation.oracles.epanet_runs import Floats, Run

from rackwright.rack.cooling.epanet import EPANET_HORSEPOWER, GRAVITY_M_S2, EpanetNetwork
from rackwright.rack.cooling.epanet_rows import FOOT_M
from rackwright.rack.cooling.epanet_text import Pump
from rackwright.rack.cooling.hydraulics import Network, Solution, solve

SMALL_SHARE = 1e-3  # flows below this share of the net's largest are judged as if they had it


@dataclass(frozen=True)
class Apart:
    """Errors of one net at every step: flow (steps, links) and head (steps, nodes), as shares."""

    flow_share: Floats
    head_share: Floats
    network: Network
    solution: Solution

    @property
    def worst_flow(self) -> float:
        return float(self.flow_share.max())

    @property
    def worst_head(self) -> float:
        return float(self.head_share.max())

    def told(self) -> str:
        """The worst link and node, for a failure's message."""
        step, link = np.unravel_index(self.flow_share.argmax(), self.flow_share.shape)
        when, node = np.unravel_index(self.head_share.argmax(), self.head_share.shape)
        return (
            f"link {self.network.links[link]} at step {step}: {self.worst_flow:.1e}; "
            f"node {self.network.nodes[node]} at step {when}: {self.worst_head:.1e}"
        )


def steps_of(run: Run, chosen: np.ndarray) -> Run:
    """The run with some of its steps."""
    arrays = {name: getattr(run, name)[chosen] for name in ("time_s", "demand", "head", "flow", "status", "setting")}
    return replace(run, **arrays)


def power_w(file: EpanetNetwork, pump: Pump) -> float:
    """Hydraulic power of a pump as EPANET rounds it: head in feet = 8.814 horsepower / flow in ft³/s."""
    return EPANET_HORSEPOWER * (pump.power_w / 745.7) * FOOT_M**4 * file.density_kg_m3 * GRAVITY_M_S2


def delivered_w(file: EpanetNetwork, network: Network, solution: Solution) -> Floats:
    """Hydraulic power that each of our pumps hands to the water (steps, pumps)."""
    links = [network.link_number[name] for name in network.pumps]
    first, second = network.first[links], network.second[links]
    climb_pa = file.density_kg_m3 * GRAVITY_M_S2 * (network.elevation_m[second] - network.elevation_m[first])
    rise_pa = solution.pressure_pa[:, second] - solution.pressure_pa[:, first] + climb_pa
    return rise_pa * solution.flow_kg_s[:, links] / file.density_kg_m3


def powers_are_kept(file: EpanetNetwork, run: Run) -> np.ndarray:
    """Steps at which all of EPANET's running pumps of constant power deliver it to a thousandth (steps,)."""
    kept = np.ones(len(run.time_s), dtype=bool)
    for pump in (pump for pump in file.pumps if not pump.points):
        first, second = run.node((pump.first, pump.second))
        link = run.link((pump.name,))[0]
        lift = (run.head[:, second] - run.head[:, first]) * file.units.length_m
        flow = run.flow[:, link] * file.units.flow_m3_s
        delivered = file.density_kg_m3 * GRAVITY_M_S2 * lift * flow
        kept &= (np.abs(delivered / power_w(file, pump) - 1.0) < 1e-3) | (run.status[:, link] == 0.0)
    return kept


def left_at_nodes(run: Run, network: Network) -> Floats:
    """What EPANET's reported flows bring to each node less what they take away, in its flow unit.

    That is the node's demand, but for two things of EPANET's own: a shut link is a resistance of 1e8 ft per ft³/s there (its
    CBIG), so it leaks unseen, and its last step leaves a rest. `unseen_share` says how large they are.
    """
    flow = run.flow[:, run.link(network.links)]
    left = np.zeros((flow.shape[0], len(network.nodes)))
    np.add.at(left.T, network.second, flow.T)
    np.subtract.at(left.T, network.first, flow.T)
    return left


def unseen_share(run: Run, network: Network) -> float:
    """Largest gap between EPANET's demand and what its reported flows leave at a junction, over its largest flow."""
    gap = left_at_nodes(run, network) - run.demand[:, run.node(network.nodes)]
    gap[:, network.fixed_nodes] = 0.0
    return float(np.abs(gap).max() / np.abs(run.flow).max())


def solved_as(file: EpanetNetwork, run: Run, network: Network) -> Solution:
    """Our answer at all of EPANET's steps at once, from its tank heads, demands, pump speeds and what it shut.

    Check valves and regulating valves are not told: opening and closing them is our own solver's work.
    """
    density, gravity = file.density_kg_m3, GRAVITY_M_S2
    demand = left_at_nodes(run, network) * file.units.flow_m3_s * density
    demand[:, network.fixed_nodes] = 0.0
    head = run.head[:, run.node(network.fixed)] * file.units.length_m
    elevation = network.elevation_m[network.fixed_nodes]
    opened = run.status[:, run.link(network.links)] > 0.0
    opened |= network.check[None, :] & ~np.isin(network.links, network.pumps)[None, :]
    opened |= np.isin(network.links, network.valves)[None, :]
    speed = run.setting[:, run.link(network.pumps)]
    return solve(
        network,
        density_kg_m3=density,
        viscosity_pa_s=file.viscosity_pa_s,
        demands_kg_s=demand,
        fixed_pa=density * gravity * (head - elevation),
        speed=speed if network.pumps else None,
        opened=opened,
    )


def apart(file: EpanetNetwork, run: Run, network: Network | None = None) -> Apart:
    """Flow error over max(|flow|, 1e-3 of the net's largest) and head error over the net's range of heads."""
    network = network or file.network()
    solution = solved_as(file, run, network)
    flow = run.flow[:, run.link(network.links)] * file.units.flow_m3_s
    ours = solution.flow_kg_s / file.density_kg_m3
    least = SMALL_SHARE * np.abs(flow).max()
    head = run.head[:, run.node(network.nodes)] * file.units.length_m
    our_head = solution.pressure_pa / (file.density_kg_m3 * GRAVITY_M_S2) + network.elevation_m
    reach = head.max(axis=1, keepdims=True) - head.min(axis=1, keepdims=True)
    return Apart(
        np.abs(ours - flow) / np.maximum(np.abs(flow), least), np.abs(our_head - head) / reach, network, solution
    )
