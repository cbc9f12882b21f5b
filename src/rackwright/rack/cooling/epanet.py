"""EPANET .inp files as our `Network`: read without EPANET, in SI units, with all bad lines told at once.

Heads are what EPANET computes; pressures are `density * gravity * (head - elevation)`. What is read but not played:
[CONTROLS] and [RULES] are kept as text (they act over time; `conditions` gives one moment). What is refused: emitters,
pressure-driven demands and the Chezy-Manning law, because dropping them would change the answer silently.

Format: EPANET 2.2 Users Manual, appendix C.2; unit rules: the same manual, table "Units of Measurement".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.cooling.epanet_rows import FOOT_M, HORSEPOWER_KW, Rows, read_rows
from rackwright.rack.cooling.epanet_text import Junction, Reading, Source, sections_of, text_of

if TYPE_CHECKING:
    from rackwright.rack.cooling.hydraulics import Network, NetworkBuilder

GRAVITY_M_S2 = 9.80665  # standard gravity, CGPM 1901
WATER_KG_M3 = 1000.0  # "Specific Gravity" is against water at 4 degC

# EPANET's own rounded constants; `read_inp(..., as_epanet_rounds=True)` uses them, so that answers can be compared digit by digit
EPANET_GRAVITY_M_S2 = 32.2 * FOOT_M  # in the Darcy-Weisbach law
EPANET_MINOR = 0.02517  # 8 / (gravity pi^2) of minor losses in feet: head = 0.02517 K Q^2 / D^4
EPANET_SHUTOFF = 1.33334  # shut-off head over design head of a pump with one point: 4/3
EPANET_HORSEPOWER = 8.814  # 550 ft lbf/s over 62.4 lbf/ft^3: head = 8.814 power / Q

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conditions:
    """One moment, in the order of the network: what `solve` takes."""

    demands_kg_s: Floats
    fixed_pa: Floats
    speed: Floats
    opened: NDArray[np.bool_]


@dataclass(frozen=True)
class EpanetNetwork(Rows):
    """What an .inp file says, in SI units."""

    @property
    def density_kg_m3(self) -> float:
        """Specific gravity times 1000 kg/m³."""
        return WATER_KG_M3 * self.units.specific_gravity

    @property
    def viscosity_pa_s(self) -> float:
        """Dynamic viscosity: EPANET's kinematic one times our density."""
        return self.units.viscosity_m2_s * self.density_kg_m3

    def factor(self, pattern: str, at_s: float = 0.0) -> float:
        """The multiplier of a pattern at a time of the run; 1 where the pattern is not in the file."""
        values = self.patterns.get(pattern)
        if not values:
            return 1.0
        step = int((at_s + self.times_s["PATTERN START"]) // self.times_s["PATTERN TIMESTEP"])
        return values[step % len(values)]

    def demand_m3_s(self, junction: Junction, at_s: float = 0.0) -> float:
        """What a junction takes at a time of the run."""
        flows = (flow * self.factor(pattern or self.units.pattern, at_s) for flow, pattern in junction.demands)
        return self.units.demand_multiplier * sum(flows)

    def head_m(self, source: Source, at_s: float = 0.0) -> float:
        """Head of a reservoir at a time of the run, or of a tank at its starting level."""
        return source.elevation_m * self.factor(source.pattern, at_s) + source.level_m

    def network(self) -> Network:
        """Our network of this file; solve it with `density_kg_m3`, `viscosity_pa_s` and `conditions`."""
        return _network_of(self, self.as_epanet_rounds)

    def conditions(self, at_s: float = 0.0) -> Conditions:
        """Demands, heads, pump speeds and open links at a time of the run; controls and rules are not played."""
        weight = self.density_kg_m3 * GRAVITY_M_S2
        taken = [self.density_kg_m3 * self.demand_m3_s(junction, at_s) for junction in self.junctions]
        pressure = [weight * (self.head_m(source, at_s) - source.elevation_m) for source in self.sources]
        speeds = [self.factor(pump.pattern, at_s) if pump.pattern else pump.speed for pump in self.pumps]
        running = [pump.opened and speed > 0.0 for pump, speed in zip(self.pumps, speeds, strict=True)]
        opened = [pipe.opened for pipe in self.pipes] + running + [valve.status != "closed" for valve in self.valves]
        return Conditions(
            np.array(taken + [0.0] * len(self.sources)),
            np.array(pressure),
            np.array(speeds),
            np.array(opened, dtype=bool),
        )


def read_inp(source: Path | str, *, as_epanet_rounds: bool = False) -> EpanetNetwork:
    """Read an EPANET 2.2 input file from a path, or from a string that holds its text.

    Raises `ProgramError` with every problem of the file: unknown sections and words, numbers out of bounds, names that
    nothing carries, junctions that no reservoir or tank can feed, and the parts that we refuse (see the module).

    `as_epanet_rounds` takes EPANET's rounded constants for the exact ones: its factors between flow units (up to 1.2e-4 off for
    acre-feet), gravity of 32.2 ft/s², the minor-loss factor 0.02517 and 8.814 for power: up to 0.1 % of head. For comparisons.

    >>> lines = "[JUNCTIONS]", "tap 0 2.5", "[RESERVOIRS]", "hill 50", "[PIPES]", "main hill tap 1000 100 130", "[OPTIONS]", "UNITS LPS"
    >>> town = read_inp("\\n".join(lines))
    >>> town.demand_m3_s(town.junctions[0])
    0.0025
    """
    file, text = text_of(source)
    reading = Reading(file)
    return EpanetNetwork(**vars(read_rows(reading, sections_of(text, reading), as_epanet_rounds)))


def power_law(
    points: Sequence[tuple[float, float]], shutoff_share: float = 4.0 / 3.0
) -> tuple[float, float, float] | None:
    """Shut-off head, falloff and exponent of `head = shutoff - falloff flow^exponent`; None for a curve of straight pieces.

    One point is the design point of EPANET's typical pump: shut-off head 4/3 of its head, no head at twice its flow.

    >>> power_law([(2.0, 3.0)])
    (4.0, 0.25, 2.0)
    """
    if len(points) == 1:
        flow, head = points[0]
        points = ((0.0, shutoff_share * head), (flow, head), (2.0 * flow, 0.0))
    if len(points) != 3 or points[0][0] != 0.0:
        return None
    (_, shutoff), (design, high), (largest, low) = points
    exponent = math.log((shutoff - low) / (shutoff - high)) / math.log(largest / design)
    return shutoff, (shutoff - high) / design**exponent, exponent


def _network_of(file: EpanetNetwork, as_epanet_rounds: bool) -> Network:
    from rackwright.rack.cooling.hydraulics import NetworkBuilder

    build = NetworkBuilder(law="epanet")
    weight = file.density_kg_m3 * GRAVITY_M_S2
    for junction in file.junctions:
        build.junction(
            junction.name, elevation_m=junction.elevation_m, demand_kg_s=file.density_kg_m3 * file.demand_m3_s(junction)
        )
    for source in file.sources:
        pressure = weight * (file.head_m(source) - source.elevation_m)
        build.fixed(source.name, pressure_pa=pressure, elevation_m=source.elevation_m)
    _add_pipes(build, file, as_epanet_rounds)
    _add_pumps(build, file, as_epanet_rounds)
    _add_valves(build, file, as_epanet_rounds)
    return build.network()


def _minor_factor(as_epanet_rounds: bool) -> float:
    """EPANET's head of a minor loss over the exact one."""
    return EPANET_MINOR * math.pi**2 * GRAVITY_M_S2 / FOOT_M / 8.0 if as_epanet_rounds else 1.0


def _add_pipes(build: NetworkBuilder, file: EpanetNetwork, as_epanet_rounds: bool) -> None:
    minor = _minor_factor(as_epanet_rounds)
    darcy = GRAVITY_M_S2 / EPANET_GRAVITY_M_S2 if as_epanet_rounds else 1.0
    for pipe in file.pipes:
        name, ends, losses = pipe.name, (pipe.first, pipe.second), minor * pipe.minor_k
        if file.units.hazen_williams:
            build.pipe(
                name,
                *ends,
                length_m=pipe.length_m,
                diameter_m=pipe.diameter_m,
                hazen_williams=pipe.roughness,
                minor_k=losses,
                check=pipe.check,
            )
        else:
            build.pipe(
                name,
                *ends,
                length_m=darcy * pipe.length_m,
                diameter_m=pipe.diameter_m,
                roughness_m=pipe.roughness,
                minor_k=losses,
                check=pipe.check,
            )


def _add_pumps(build: NetworkBuilder, file: EpanetNetwork, as_epanet_rounds: bool) -> None:
    weight = file.density_kg_m3 * GRAVITY_M_S2
    # EPANET: head in feet = 8.814 horsepower / flow in ft³/s, whatever the specific gravity
    power = EPANET_HORSEPOWER * FOOT_M**4 * weight / (HORSEPOWER_KW * 1e3) if as_epanet_rounds else 1.0
    for pump in file.pumps:
        ends, law = (pump.first, pump.second), power_law(pump.points, EPANET_SHUTOFF if as_epanet_rounds else 4.0 / 3.0)
        if not pump.points:
            build.pump(pump.name, *ends, power_w=power * pump.power_w)
        elif law:
            shutoff, falloff, exponent = law
            build.pump(
                pump.name,
                *ends,
                shutoff_pa=weight * shutoff,
                falloff=weight * falloff,
                exponent=exponent,
                speed=pump.speed,
            )
        else:
            flows, heads = zip(*pump.points, strict=True)
            build.pump(
                pump.name, *ends, flows_m3_s=list(flows), rises_pa=[weight * head for head in heads], speed=pump.speed
            )


def _add_valves(build: NetworkBuilder, file: EpanetNetwork, as_epanet_rounds: bool) -> None:
    minor = _minor_factor(as_epanet_rounds)
    weight = file.density_kg_m3 * GRAVITY_M_S2
    scales = {"fcv": file.density_kg_m3, "tcv": minor}
    for valve in file.valves:
        name, ends, losses = valve.name, (valve.first, valve.second), minor * valve.minor_k
        if valve.kind == "gpv" and valve.status != "open":
            flows, heads = zip(*valve.points, strict=True)
            build.table(name, *ends, flows_m3_s=list(flows), drops_pa=[weight * head for head in heads])
            continue
        kind = "tcv" if valve.kind == "gpv" else valve.kind
        build.valve(
            name,
            *ends,
            kind=kind,
            diameter_m=valve.diameter_m,
            setting=scales.get(kind, weight) * valve.setting,
            minor_k=losses,
            status=valve.status,
        )
