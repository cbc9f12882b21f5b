"""Halls of racks of three sizes, as our network and as an EPANET file: what the hydraulic benchmark solves.

Each rack: 18 tray branches (10 mm, 1 m, K 60 to 70) between a supply and a return manifold of 18 ports (38 mm, 17 segments),
a 50 mm hose at the foot of each manifold, and its segment of the supply ring and of the return ring: 18 + 2 * 17 + 2 + 2 = 56.
One supply and one return pipe join rack 0 to two reservoirs: 56 R + 2 pipes. In the variant with pumps, CDU pumps with check
valves lift from the return reservoir into the supply ring instead. All sizes are our own (assumed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from rackwright.rack.cooling.hydraulics import Network, NetworkBuilder

TRAYS = 18
ROUGHNESS_M = 1.5e-6  # drawn tubing, Moody (1944)
HEAD_M = 25.0
DENSITY_KG_M3 = 998.2
#: EPANET's own constants, exactly as its source rounds them: feet, cubic feet per second, kinematic viscosity, minor losses.
FOOT_M = 0.3048
EPANET_GRAVITY_M_S2 = 32.2 * FOOT_M
EPANET_VISCOSITY_M2_S = 1.1e-5 * FOOT_M**2
EPANET_LITRES = 28.317 / (FOOT_M**3 * 1e3)
EPANET_MINOR = 0.02517 / (8.0 / (32.2 * math.pi**2))
#: What EPANET leaves flowing in a link that is shut: 1e-6 ft3/s.
EPANET_SHUT_KG_S = 1e-6 * FOOT_M**3 * DENSITY_KG_M3
VISCOSITY_PA_S = EPANET_VISCOSITY_M2_S * DENSITY_KG_M3
#: Flow of a rack at 25 m, about, and the velocity for which headers are sized.
RACK_M3_S, HEADER_M_S = 3.5e-3, 2.0
RACK_PITCH_M = 0.8
RACKS_PER_PUMP = 18


class Pipe(NamedTuple):
    """A pipe from `first` to `second`; `check` lets nothing back."""

    name: str
    first: str
    second: str
    length_m: float
    diameter_m: float
    minor_k: float = 0.0
    check: bool = False


class Pump(NamedTuple):
    """A pump from `first` to `second`: rise = shutoff - falloff V^2; a standby stands still."""

    name: str
    first: str
    second: str
    shutoff_m: float
    falloff_m_s2_m6: float
    standby: bool


@dataclass(frozen=True)
class Hall:
    """Links between the reservoirs `feed` (only without pumps) and `back`."""

    racks: int
    pipes: tuple[Pipe, ...]
    pumps: tuple[Pump, ...] = ()

    @property
    def reservoirs_m(self) -> dict[str, float]:
        """Head of each reservoir."""
        return {"back": 0.0} if self.pumps else {"feed": HEAD_M, "back": 0.0}

    @property
    def junctions(self) -> list[str]:
        """Junctions in the order of first use."""
        links: list[Pipe | Pump] = [*self.pipes, *self.pumps]
        ends = (end for link in links for end in (link.first, link.second))
        return [name for name in dict.fromkeys(ends) if name not in self.reservoirs_m]


def hall(racks: int, *, pumps: bool = False) -> Hall:
    """A hall of so many racks.

    >>> [len(hall(racks).pipes) for racks in (2, 18, 178)]
    [114, 1010, 9970]
    """
    header_m = _header_m(racks)
    rows = [pipe for rack in range(racks) for pipe in _rack(rack, racks, header_m)]
    back = Pipe("back", "R0", "back", 2.0, header_m)
    if not pumps:
        return Hall(racks, (*rows, Pipe("feed", "feed", "S0", 2.0, header_m), back))
    units = _pumps(racks)
    checks = [
        Pipe(f"check{at}", unit.second, f"S{at * racks // len(units)}", 2.0, 0.15, 2.0, True)
        for at, unit in enumerate(units)
    ]
    return Hall(racks, (*rows, back, *checks), tuple(units))


def _header_m(racks: int) -> float:
    """Rings and connections for 2 m/s where all of the hall's flow passes."""
    return max(0.1, round(math.sqrt(racks * RACK_M3_S / HEADER_M_S * 4.0 / math.pi), 2))


def _rack(rack: int, racks: int, header_m: float) -> list[Pipe]:
    beside = (rack + 1) % racks
    pipes = [
        Pipe(f"ring-s{rack}", f"S{rack}", f"S{beside}", RACK_PITCH_M, header_m),
        Pipe(f"ring-r{rack}", f"R{rack}", f"R{beside}", RACK_PITCH_M, header_m),
        Pipe(f"hose-s{rack}", f"S{rack}", f"s{rack}.0", 2.0, 0.05),
        Pipe(f"hose-r{rack}", f"r{rack}.0", f"R{rack}", 2.0, 0.05),
    ]
    for port in range(TRAYS - 1):
        pipes.append(Pipe(f"man-s{rack}.{port}", f"s{rack}.{port}", f"s{rack}.{port + 1}", 0.05, 0.038))
        pipes.append(Pipe(f"man-r{rack}.{port}", f"r{rack}.{port + 1}", f"r{rack}.{port}", 0.05, 0.038))
    for tray in range(TRAYS):
        minor_k = 60.0 + 10.0 * tray / (TRAYS - 1)
        pipes.append(Pipe(f"tray{rack}.{tray}", f"s{rack}.{tray}", f"r{rack}.{tray}", 1.0, 0.01, minor_k))
    return pipes


def _pumps(racks: int) -> list[Pump]:
    """N + 1 in parallel, one a row of 18 racks and three at least; together they lift 25 m at the racks' flow."""
    duty = max(2, math.ceil(racks / RACKS_PER_PUMP))
    each_m3_s = racks * RACK_M3_S / duty
    falloff = 0.4 * HEAD_M / each_m3_s**2
    return [Pump(f"pump{at}", "back", f"lift{at}", 1.4 * HEAD_M, falloff, at == duty) for at in range(duty + 1)]


def as_inp(here: Hall, *, flow_change_litre_s: float = 0.0, steps: int = 0) -> str:
    """The hall as an EPANET file at its least ACCURACY; with `steps`, so many hours whose head or pump speed varies.

    Loss coefficients are scaled so that EPANET's rounded constant of minor losses gives what they say. EPANET takes
    FLOWCHANGE, the largest change of a flow, beside ACCURACY (sum of changes over sum of flows, at least 1e-5).
    """
    hourly = " P" if steps else ""
    lines = ["[JUNCTIONS]", *(f"{name} 0 0" for name in here.junctions), "[RESERVOIRS]"]
    lines += [f"{name} {head!r}{hourly if head else ''}" for name, head in here.reservoirs_m.items()]
    lines += ["[PIPES]", *map(_pipe_line, here.pipes)]
    if here.pumps:
        hours = ["" if pump.standby or not steps else "PATTERN P" for pump in here.pumps]
        heads = [f"{pump.name} {pump.first} {pump.second} HEAD {pump.name}" for pump in here.pumps]
        lines += ["[PUMPS]", *(f"{head} {hour}" for head, hour in zip(heads, hours, strict=True))]
        lines += ["[CURVES]", *(line for pump in here.pumps for line in _curve_lines(pump))]
        lines += ["[STATUS]", *(f"{pump.name} CLOSED" for pump in here.pumps if pump.standby)]
    if steps:
        lines += ["[PATTERNS]", "P " + " ".join(f"{hour_share(here, step)!r}" for step in range(steps))]
    lines += ["[OPTIONS]", "UNITS LPS", "HEADLOSS D-W", "VISCOSITY 1", "SPECIFIC GRAVITY 1", "TRIALS 200"]
    lines += ["ACCURACY 0.00001", f"FLOWCHANGE {flow_change_litre_s:.3e}", "UNBALANCED STOP"]
    lines += [
        "[TIMES]",
        f"DURATION {max(steps - 1, 0)}:00",
        "HYDRAULIC TIMESTEP 1:00",
        "PATTERN TIMESTEP 1:00",
        "[END]",
    ]
    return "\n".join(lines) + "\n"


def hour_share(here: Hall, step: int) -> float:
    """Head of an hour as a share of the first, 0.05 from one hour to the next on average; pump speed half as far.

    >>> hour_share(hall(2), 0)
    1.0
    """
    return 1.0 + (0.05 if here.pumps else 0.1) * math.sin(0.8 * step)


def _pipe_line(pipe: Pipe) -> str:
    minor_k = pipe.minor_k / EPANET_MINOR
    size = f"{pipe.length_m!r} {pipe.diameter_m * 1e3:.10g} {ROUGHNESS_M * 1e3!r} {minor_k:.15g}"
    return f"{pipe.name} {pipe.first} {pipe.second} {size} {'CV' if pipe.check else 'OPEN'}"


def _curve_lines(pump: Pump) -> list[str]:
    """Three points, the first without flow: EPANET finds shutoff, falloff and the exponent 2 from them."""
    full_m3_s = math.sqrt(pump.shutoff_m / pump.falloff_m_s2_m6)
    return [
        f"{pump.name} {share * full_m3_s * 1e3 * EPANET_LITRES:.15g} {pump.shutoff_m * (1.0 - share**2):.15g}"
        for share in (0.0, 0.4, 0.8)
    ]


def as_network(here: Hall, law: str = "epanet") -> Network:
    """The hall as our network; heads become pressures by EPANET's gravity."""
    build = NetworkBuilder(law=law)
    metre_pa = DENSITY_KG_M3 * EPANET_GRAVITY_M_S2
    for name in here.junctions:
        build.junction(name)
    for name, head_m in here.reservoirs_m.items():
        build.fixed(name, pressure_pa=metre_pa * head_m)
    for pipe in here.pipes:
        build.pipe(
            pipe.name,
            pipe.first,
            pipe.second,
            length_m=pipe.length_m,
            diameter_m=pipe.diameter_m,
            roughness_m=ROUGHNESS_M,
            minor_k=pipe.minor_k,
            check=pipe.check,
        )
    for pump in here.pumps:
        build.pump(
            pump.name,
            pump.first,
            pump.second,
            shutoff_pa=metre_pa * pump.shutoff_m,
            falloff=metre_pa * pump.falloff_m_s2_m6,
            speed=0.0 if pump.standby else 1.0,
        )
    return build.network()
