"""pandapipes' stored networks as ours: pipes, valves, pumps, external grids, sinks and sources of a liquid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

BAR_PA = 1e5
GRAVITY_M_S2 = 9.81  # pandapipes' constant
M3_H = 3600.0
LEAST_LENGTH_M = 1e-9


@dataclass(frozen=True)
class Translated:
    """A pandapipes net in our terms; `sizes` gives the bore of every pipe and valve by its name."""

    network: Any
    opened: np.ndarray
    density_kg_m3: float
    viscosity_pa_s: float
    bores_m: dict[str, float]
    supplied: frozenset[int]

    def solved(self):
        """Our answer."""
        from rackwright.rack.cooling.hydraulics import solve

        return solve(
            self.network,
            density_kg_m3=self.density_kg_m3,
            viscosity_pa_s=self.viscosity_pa_s,
            opened=self.opened,
            gravity_m_s2=GRAVITY_M_S2,
        )

    def velocity_m_s(self, solution, name: str) -> float:
        """Mean velocity of a pipe or valve, positive from its first to its second node."""
        area_m2 = math.pi / 4.0 * self.bores_m[name] ** 2
        return float(solution.flow_of(name)[0]) / (self.density_kg_m3 * area_m2)


def rows(net, table: str) -> list[tuple[int, Any]]:
    """Rows in service of a table, none where the net has no such table."""
    if table not in net or not hasattr(net[table], "iterrows"):
        return []
    return [(int(index), row) for index, row in net[table].iterrows() if bool(row.get("in_service", True))]


def translate(net, law: str) -> Translated:
    """Build our network; junctions that no external grid can feed are left out, as pandapipes does."""
    from pandapipes.properties.fluids import get_fluid

    from rackwright.rack.cooling.hydraulics import NetworkBuilder

    temperature_k = float(net.junction.tfluid_k.iloc[0])
    fluid = get_fluid(net)
    density, viscosity = float(fluid.get_density(temperature_k)), float(fluid.get_viscosity(temperature_k))
    supplied = _supplied(net)
    build = NetworkBuilder(law=law)
    _add_nodes(build, net, supplied)
    bores: dict[str, float] = {}
    shut: set[str] = set()
    ends = _pipe_ends(build, net, supplied, bores, shut)
    for index, pipe in rows(net, "pipe"):
        first, second = ends[index]
        if {int(pipe.from_junction), int(pipe.to_junction)} <= supplied:
            bores[f"pipe {index}"] = float(pipe.inner_diameter_mm) / 1e3
            _add_pipe(build, f"pipe {index}", first, second, pipe)
    for index, pump in rows(net, "pump"):
        if {int(pump.from_junction), int(pump.to_junction)} <= supplied:
            _add_pump(build, index, pump, net.std_types["pump"][pump.std_type].reg_par)
    network = build.network()
    opened = np.array([name not in shut for name in network.links])
    return Translated(network, opened, density, viscosity, bores, frozenset(supplied))


def _supplied(net) -> set[int]:
    beside: dict[int, list[int]] = {index: [] for index, _ in rows(net, "junction")}
    shut_pipes = {int(valve.element) for _, valve in rows(net, "valve") if valve.et == "pi" and not valve.opened}
    pairs = [(pipe.from_junction, pipe.to_junction) for index, pipe in rows(net, "pipe") if index not in shut_pipes]
    pairs += [(pump.from_junction, pump.to_junction) for _, pump in rows(net, "pump")]
    pairs += [(valve.junction, valve.element) for _, valve in rows(net, "valve") if valve.et == "ju" and valve.opened]
    for first, second in pairs:
        beside[int(first)].append(int(second))
        beside[int(second)].append(int(first))
    reached = {int(grid.junction) for _, grid in rows(net, "ext_grid")}
    open_ends = list(reached)
    while open_ends:
        fresh = [place for place in beside[open_ends.pop()] if place not in reached]
        reached.update(fresh)
        open_ends += fresh
    return reached


def _add_nodes(build, net, supplied: set[int]) -> None:
    taken: dict[int, float] = {}
    for table, sign in (("sink", 1.0), ("source", -1.0)):
        for _, row in rows(net, table):
            place = int(row.junction)
            taken[place] = taken.get(place, 0.0) + sign * float(row.mdot_kg_per_s) * float(row.get("scaling", 1.0))
    grids = {int(grid.junction): float(grid.p_bar) for _, grid in rows(net, "ext_grid")}
    for index, junction in rows(net, "junction"):
        height = float(junction.height_m)
        if index in grids:
            build.fixed(f"{index}", pressure_pa=BAR_PA * grids[index], elevation_m=height)
        elif index in supplied:
            build.junction(f"{index}", elevation_m=height, demand_kg_s=taken.get(index, 0.0))


def _pipe_ends(build, net, supplied: set[int], bores: dict[str, float], shut: set[str]) -> dict[int, tuple[str, str]]:
    """Ends of the pipes; valves go in on the way: between junctions, or between a junction and a pipe's end."""
    ends = {index: [f"{int(pipe.from_junction)}", f"{int(pipe.to_junction)}"] for index, pipe in rows(net, "pipe")}
    for index, valve in rows(net, "valve"):
        name, first, second = f"valve {index}", f"{int(valve.junction)}", f"{int(valve.element)}"
        if valve.et == "pi":
            pipe = net.pipe.loc[int(valve.element)]
            if not {int(pipe.from_junction), int(pipe.to_junction)} <= supplied:
                continue
            second = f"{first} beyond {name}"
            build.junction(second, elevation_m=float(net.junction.height_m.loc[int(valve.junction)]))
            ends[int(valve.element)][ends[int(valve.element)].index(first)] = second
        elif not {int(valve.junction), int(valve.element)} <= supplied:
            continue
        bores[name] = float(valve.inner_diameter_mm) / 1e3
        loss = float(valve.loss_coefficient)
        build.valve(name, first, second, kind="tcv", diameter_m=bores[name], setting=loss)
        if not valve.opened:
            shut.add(name)
    return {index: (first, second) for index, (first, second) in ends.items()}


def _add_pipe(build, name: str, first: str, second: str, pipe) -> None:
    build.pipe(
        name,
        first,
        second,
        length_m=max(float(pipe.length_km) * 1e3, LEAST_LENGTH_M),
        diameter_m=float(pipe.inner_diameter_mm) / 1e3,
        roughness_m=float(pipe.k_mm) / 1e3,
        minor_k=float(pipe.loss_coefficient),
    )


def _add_pump(build, index: int, pump, polynomial) -> None:
    """lift [bar] = a V² + b V + c by V in m³/h: our pump has no linear term, so a curve behind it takes b."""
    square, linear, shutoff = (float(value) for value in polynomial)
    middle = f"behind pump {index}"
    build.junction(middle)
    falloff = max(-square, 1e-12) * BAR_PA * M3_H**2
    build.pump(
        f"pump {index}",
        f"{int(pump.from_junction)}",
        middle,
        shutoff_pa=BAR_PA * shutoff,
        falloff=falloff,
        exponent=2.0,
    )
    build.curve(
        f"pump {index} linear", middle, f"{int(pump.to_junction)}", linear_pa_s_m3=max(-linear, 1e-12) * BAR_PA * M3_H
    )
