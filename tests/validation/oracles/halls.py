"""A hall of racks as one list of pipes, written out as an EPANET file and as our network.

Each rack: 18 tray branches between a supply and a return manifold of 18 ports, a hose at the foot of each manifold, and its
segment of the supply ring and of the return ring: 18 + 2 * 17 + 2 + 2 = 56 links. Two feeds join the rings to reservoirs.
Sizes are round numbers of our own (assumed), chosen so that flows span laminar to turbulent and spread over the trays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

TRAYS = 18
ROUGHNESS_M = 1.5e-6  # drawn tubing, Moody (1944)
SUPPLY_HEAD_M = 25.0


@dataclass(frozen=True)
class Branch:
    """One pipe of the hall, flowing from first to second when all is well."""

    name: str
    first: str
    second: str
    length_m: float
    diameter_m: float
    minor_k: float = 0.0


@dataclass(frozen=True)
class Hall:
    """Pipes of a hall between the reservoirs `feed` and `back`."""

    branches: tuple[Branch, ...]
    supply_head_m: float = SUPPLY_HEAD_M
    roughness_m: float = ROUGHNESS_M

    @property
    def nodes(self) -> list[str]:
        """Junctions in the order of first use."""
        ends = (end for branch in self.branches for end in (branch.first, branch.second))
        return [name for name in dict.fromkeys(ends) if name not in {"feed", "back"}]

    @property
    def trays(self) -> list[str]:
        """Names of the tray branches."""
        return [branch.name for branch in self.branches if branch.name.startswith("tray")]


def _rack(rack: int, racks: int) -> list[Branch]:
    beside = (rack + 1) % racks
    pipes = [
        Branch(f"ring-s{rack}", f"S{rack}", f"S{beside}", 1.0, 0.2),
        Branch(f"ring-r{rack}", f"R{rack}", f"R{beside}", 1.0, 0.2),
        Branch(f"hose-s{rack}", f"S{rack}", f"s{rack}.0", 2.0, 0.05),
        Branch(f"hose-r{rack}", f"r{rack}.0", f"R{rack}", 2.0, 0.05),
    ]
    for port in range(TRAYS - 1):
        pipes.append(Branch(f"man-s{rack}.{port}", f"s{rack}.{port}", f"s{rack}.{port + 1}", 0.05, 0.038))
        pipes.append(Branch(f"man-r{rack}.{port}", f"r{rack}.{port + 1}", f"r{rack}.{port}", 0.05, 0.038))
    for tray in range(TRAYS):
        minor_k = 60.0 if tray % 2 == 0 else 70.0
        pipes.append(Branch(f"tray{rack}.{tray}", f"s{rack}.{tray}", f"r{rack}.{tray}", 1.0, 0.01, minor_k))
    return pipes


def hall(racks: int) -> Hall:
    """A hall of so many racks: 56 links each and two feeds at rack 0.

    >>> len(hall(3).branches)
    170
    """
    feeds = [Branch("feed-s", "feed", "S0", 1.0, 0.5), Branch("feed-r", "R0", "back", 1.0, 0.5)]
    return Hall(tuple(feeds + [branch for rack in range(racks) for branch in _rack(rack, racks)]))


def as_inp(here: Hall) -> str:
    """The hall as an EPANET file: litres per second, Darcy-Weisbach, all nodes at elevation 0."""
    lines = ["[TITLE]", "hall of racks", "[JUNCTIONS]"]
    lines += [f"{name} 0 0" for name in here.nodes]
    lines += ["[RESERVOIRS]", f"feed {here.supply_head_m!r}", "back 0", "[PIPES]"]
    for branch in here.branches:
        sizes = f"{branch.length_m!r} {branch.diameter_m * 1e3!r} {here.roughness_m * 1e3!r} {branch.minor_k!r}"
        lines.append(f"{branch.name} {branch.first} {branch.second} {sizes} OPEN")
    lines += [
        "[OPTIONS]",
        "UNITS LPS",
        "HEADLOSS D-W",
        "VISCOSITY 1",
        "SPECIFIC GRAVITY 1",
        "[TIMES]",
        "DURATION 0",
        "[END]",
    ]
    return "\n".join(lines) + "\n"


def as_network(here: Hall, density_kg_m3: float, gravity_m_s2: float, law: str = "epanet"):
    """The hall as our network; heads become pressures by the given density and gravity."""
    from rackwright.rack.cooling.hydraulics import NetworkBuilder

    build = NetworkBuilder(law=law)
    for name in here.nodes:
        build.junction(name)
    build.fixed("feed", pressure_pa=density_kg_m3 * gravity_m_s2 * here.supply_head_m)
    build.fixed("back", pressure_pa=0.0)
    for branch in here.branches:
        build.pipe(
            branch.name,
            branch.first,
            branch.second,
            length_m=branch.length_m,
            diameter_m=branch.diameter_m,
            roughness_m=here.roughness_m,
            minor_k=branch.minor_k,
        )
    return build.network()


def with_losses_times(here: Hall, factor: float) -> Hall:
    """The hall with all loss coefficients scaled: EPANET rounds the constant of minor losses."""
    return replace(here, branches=tuple(replace(branch, minor_k=factor * branch.minor_k) for branch in here.branches))
