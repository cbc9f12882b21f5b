"""Pressure envelope of a loop: what each element sees at least and at most, against what it stands.

Pressures are absolute inside. A hall's solved pressures hang on its vessel: they are the vessel's plus a shape that the
pumps make, so one solved state serves for the vessel's fill and its final pressure. Heights are added to that: the network
of a hall lies flat.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rackwright.physics.coolants import CRITICAL_K, water_vapour_pressure_pa
from rackwright.program.sections.parts import Coupling
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import WarmSolution, density_of
from rackwright.rack.cooling.hydraulics.network import Floats, Ints, Kind, Network
from rackwright.rack.cooling.hydraulics.solve import GRAVITY_M_S2
from rackwright.tables import Finding, Outcome, Standing, finding, not_modelled

AMBIENT_PA = 101325.0
#: Classes of elements, by what their link's name holds.
PUMP, EXCHANGER, HEADER, HOSE, MANIFOLD, COUPLING, TRIM, RACK, PLATE = (
    "pump", "exchanger", "header", "hose", "manifold", "coupling", "trim", "rack", "plate",
)  # fmt: skip
#: Classes whose links are pipes with a velocity.
PIPES = (HEADER, HOSE, MANIFOLD)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit with its standing: how firm it is, and where it comes from."""

    value: float
    standing: Standing
    source: str


#: Above this velocity copper in a cold plate's loop erodes (a public CPU-loop model's table; secondary).
EROSION = Limit(2.1, "estimate", "cpu-loop-note")


@dataclass(frozen=True, slots=True)
class Row:
    """One check: a value against its limit, an upper one unless `at_least`.

    `value` None with `failed` says that there is no such state at all (no flow, no way out for the heat); `limit` None
    without it that nothing was checked.
    """

    element: str
    what: str
    value: float | None
    limit: float | None
    unit: str
    standing: Standing
    source: str
    text: str
    at_least: bool = False
    failed: bool = False

    @property
    def margin(self) -> float | None:
        """Room to the limit in the row's unit, positive where it holds."""
        if self.value is None or self.limit is None:
            return None
        return self.value - self.limit if self.at_least else self.limit - self.value

    @property
    def outcome(self) -> Outcome:
        """Passed, failed or not modelled; a margin within rounding counts as held."""
        if self.failed:
            return "failed"
        if self.margin is None or self.limit is None:
            return "not modelled"
        return "passed" if self.margin >= -1e-9 * max(abs(self.limit), 1e-30) else "failed"

    def as_finding(self, rule: str, subject: str) -> Finding:
        """The row as a finding about `subject.element`."""
        about = f"{subject}.{self.element}"
        if self.outcome == "not modelled":
            return not_modelled(rule, about, self.text, self.source)
        if self.value is None or self.limit is None:
            return Finding(
                rule, about, "failed", None, self.limit, self.unit, None, "error", self.standing, self.source, self.text
            )
        return finding(
            rule, about, self.value, self.limit, self.unit, standing=self.standing, source=self.source, text=self.text,
            at_least=self.at_least,
        )  # fmt: skip


def check(
    element: str, what: str, value: float, limit: Limit | None, unit: str, text: str, *, at_least: bool = False
) -> Row:
    """A row; not modelled where there is no limit, failed where the value is not a finite number.

    >>> check("hose", "pressure", 3e5, Limit(5e5, "user", "sheet"), "Pa", "").margin
    200000.0
    """
    if limit is None:
        known = value if math.isfinite(value) else None
        return Row(element, what, known, None, unit, "estimate", "", f"no limit is stated: {text}", at_least)
    if not math.isfinite(value):
        text = f"no such state: {text}"
        return Row(element, what, None, limit.value, unit, limit.standing, limit.source, text, at_least, failed=True)
    return Row(element, what, value, limit.value, unit, limit.standing, limit.source, text, at_least)


class Piped(Protocol):
    """A hall, in full or condensed."""

    @property
    def network(self) -> Network: ...
    @property
    def rack_link(self) -> Ints: ...


class Solved(Protocol):
    """A hall's state, in full or condensed."""

    @property
    def hall(self) -> Any: ...
    @property
    def warm(self) -> WarmSolution: ...


def class_of(link: str) -> str:
    """What a link of a hall is, by its name.

    >>> class_of("rack 3/compute 1/coupling in"), class_of("supply header 2"), class_of("rack 3/compute 1/b300")
    ('coupling', 'header', 'plate')
    """
    last = link.rsplit("/", 1)[-1]
    for sign, found in (
        ("pump ", PUMP), ("exchanger", EXCHANGER), ("manifold ", MANIFOLD), ("coupling ", COUPLING), ("orifice", TRIM),
        ("picv", TRIM),
    ):  # fmt: skip
        if last.startswith(sign):
            return found
    if last.endswith(" hose"):
        return HOSE
    if " header " in link:
        return HEADER
    return PLATE if "/" in link else RACK


def links_by_class(network: Network) -> dict[str, NDArray[np.intp]]:
    """Numbers of a hall's links by class."""
    classes = [class_of(name) for name in network.links]
    return {name: np.flatnonzero([own == name for own in classes]) for name in dict.fromkeys(classes)}


# --- the vessel ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vessel:
    """An expansion vessel: its whole volume, and absolute pressures of its gas when empty of liquid and after the fill."""

    volume_m3: float
    precharge_pa: float
    fill_pa: float

    @property
    def gas_m3(self) -> float:
        """Gas that is left after the fill, by Boyle's law."""
        return self.volume_m3 * min(self.precharge_pa / self.fill_pa, 1.0)


@dataclass(frozen=True, slots=True)
class Expansion:
    """What the liquid's warming does to the vessel.

    `final_pa` is None where the vessel cannot take it at any pressure; `least_m3` is the vessel's whole volume that would
    end at the highest pressure allowed, None where none was given or the fill already stands above it.
    """

    grown_m3: float
    final_pa: float | None
    least_m3: float | None


def expand(
    fluid: Fluid,
    vessel: Vessel,
    *,
    system_m3: float,
    fill_k: float,
    hottest_k: float,
    final_most_pa: float | None = None,
) -> Expansion:
    """Growth of the loop's liquid from the fill to its hottest, and the vessel's pressure after it.

    The loop is rigid, all of it at the hottest temperature, and the gas keeps its temperature: p V = constant.

    Examples
    --------
    A loop of 1 m3 whose density falls by 1 per cent grows by 10.1 L; 20.2 L of gas are halved, 2 bar become 4:

    >>> six = lambda first, second: np.array([first, second, 0, 0, 0, 0])
    >>> fluid = Fluid(300.0, 10.0, six(1000.0, -10.0), six(0.0, 4e4), six(-7.0, 0.0), 280.0, 320.0)
    >>> got = expand(fluid, Vessel(0.0202, 2e5, 2e5), system_m3=1.0, fill_k=300.0, hottest_k=310.0)
    >>> round(got.grown_m3, 4), round(got.final_pa / 1e5, 2)
    (0.0101, 4.0)
    """
    cold, hot = (float(density_of(fluid, np.array(kelvin))) for kelvin in (fill_k, hottest_k))
    grown_m3 = system_m3 * max(cold / hot - 1.0, 0.0)
    left_m3 = vessel.gas_m3 - grown_m3
    final_pa = vessel.fill_pa * vessel.gas_m3 / left_m3 if left_m3 > 0 else None
    least_m3 = None
    if final_most_pa is not None and final_most_pa > vessel.fill_pa:
        per_m3 = min(vessel.precharge_pa / vessel.fill_pa, 1.0) * (1.0 - vessel.fill_pa / final_most_pa)
        least_m3 = grown_m3 / per_m3
    return Expansion(grown_m3, final_pa, least_m3)


def expansion_row(expansion: Expansion, vessel: Vessel, final_most: Limit | None) -> Row:
    """The vessel's final pressure against the highest that is allowed (its own, or the relief valve's)."""
    needed = "" if expansion.least_m3 is None else f"; {expansion.least_m3 * 1e3:.0f} L would do"
    text = f"vessel of {vessel.volume_m3 * 1e3:.0f} L takes {expansion.grown_m3 * 1e3:.1f} L of warmed liquid{needed}"
    final_pa = math.inf if expansion.final_pa is None else expansion.final_pa
    return check("vessel", "final pressure", final_pa, final_most, "Pa", text)


def pipes_m3(network: Network) -> float:
    """Liquid in the pipes of a network; plates, exchangers and what is condensed are not in it."""
    pipes = network.kind == Kind.DARCY
    area = _area_m2(network, np.flatnonzero(pipes))
    diameter = np.sqrt(4 * area / math.pi)
    return float((area * network.parameters[pipes, 0] * diameter).sum())


def _area_m2(network: Network, links: NDArray[np.intp]) -> Floats:
    """A pipe's section: its kinetic slot is 1 / (2 A^2)."""
    return np.asarray(np.sqrt(0.5 / network.parameters[links, 1]), np.float64)


# --- pressures ----------------------------------------------------------------------------------------------------


def dead_head_pa(network: Network, *, vessel_pa: float, shut: Sequence[int], speed: float = 1.0) -> Floats:
    """Pressure of every node when links are shut and nothing flows: each part at the head of the pumps that feed it.

    Exact for centrifugal pumps with check valves: a part that is cut off from the vessel stands at the pressure of the
    part that its pumps draw from plus their shut-off head; the strongest pump counts. Parts that no pump feeds keep the
    vessel's pressure. A constant-power pump has no shut-off head and is refused.
    """
    pumps = np.flatnonzero(network.speed_at >= 0)
    if (network.kind[pumps] == Kind.PUMP_POWER).any():
        raise ValueError("a pump of constant power has no shut-off head")
    part = _parts(network, np.setdiff1d(np.arange(len(network.links)), np.union1d(pumps, np.asarray(shut, np.intp))))
    pressure = np.full(int(part.max()) + 1, vessel_pa)
    held = set(part[network.fixed_nodes].tolist())
    shut_links = {int(link) for link in shut}
    for _ in range(len(pumps)):
        for pump in pumps:
            low, high = int(part[network.first[pump]]), int(part[network.second[pump]])
            if pump not in shut_links and high not in held and low != high:
                pressure[high] = max(pressure[high], pressure[low] + speed**2 * _shutoff_pa(network, int(pump)))
    return np.asarray(pressure[part], np.float64)


def _shutoff_pa(network: Network, pump: int) -> float:
    if network.kind[pump] == Kind.PUMP:
        return float(network.parameters[pump, 0])
    return float(network.table_y[network.table_start[network.table_at[pump]]])


def _parts(network: Network, links: NDArray[Any]) -> NDArray[np.intp]:
    """Number of the connected part of every node over the links given."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    nodes = len(network.nodes)
    ends = (network.first[links], network.second[links])
    graph = coo_matrix((np.ones(len(links)), ends), shape=(nodes, nodes))
    return np.asarray(connected_components(graph, directed=False)[1], np.intp)


@dataclass(frozen=True, slots=True)
class Seen:
    """The lowest and highest absolute pressure of a class of elements, where, and in which case."""

    element: str
    lowest_pa: float
    lowest_at: str
    lowest_case: str
    highest_pa: float
    highest_at: str
    highest_case: str
    warmest_k: float


@dataclass(frozen=True)
class Setting:
    """What stands around a hall: the vessel's pressures, its heights and the room.

    `heights_m` are the lowest and highest place of a class of elements above the vessel; 0 where left out. `final_pa` is
    the vessel's pressure once the loop is warm.
    """

    fill_pa: float
    final_pa: float
    fill_k: float = 293.15
    heights_m: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    ambient_pa: float = AMBIENT_PA


def seen_pressures(
    states: Mapping[str, Solved], fluid: Fluid, setting: Setting, *, dead_head: bool = True, speed: float = 1.0
) -> tuple[Seen, ...]:
    """Lowest and highest pressure of each class of elements over all cases.

    Cases are: standing after the fill, standing warm, every named state of `states` (full speed, failures; each may hold
    many scenarios) with the vessel at its fill and at its final pressure, and dead head: all racks shut at their outlets,
    pumps at `speed`, the vessel at its final pressure.
    """
    first = next(iter(states.values()))
    network: Network = first.hall.network
    cold = float(density_of(fluid, np.array(setting.fill_k)))
    low, high, low_case, high_case = _extremes(network, states, setting)
    if dead_head:
        shut = rack_outlets(first.hall)
        dead = dead_head_pa(network, vessel_pa=setting.final_pa, shut=shut, speed=speed)
        high_case[dead > high] = "dead head"
        high = np.maximum(high, dead)
    warmest = np.max([np.nan_to_num(state.warm.node_k, nan=0.0).max(axis=0) for state in states.values()], axis=0)
    found = []
    for name, links in links_by_class(network).items():
        bottom_m, top_m = setting.heights_m.get(name, (0.0, 0.0))
        ends = np.concatenate((network.first[links], network.second[links]))
        owner = np.concatenate((links, links))
        least, most = int(np.argmin(low[ends])), int(np.argmax(high[ends]))
        found.append(
            Seen(
                name,
                float(low[ends[least]]) - cold * GRAVITY_M_S2 * top_m,
                network.links[owner[least]],
                str(low_case[ends[least]]),
                float(high[ends[most]]) - cold * GRAVITY_M_S2 * bottom_m,
                network.links[owner[most]],
                str(high_case[ends[most]]),
                float(warmest[ends].max()),
            )
        )
    return tuple(found)


def _extremes(
    network: Network, states: Mapping[str, Solved], setting: Setting
) -> tuple[Floats, Floats, NDArray[Any], NDArray[Any]]:
    """Lowest and highest pressure of every node, standing and running, and the names of the cases."""
    nodes = len(network.nodes)
    low, high = np.full(nodes, setting.fill_pa), np.full(nodes, setting.final_pa)
    low_case, high_case = np.full(nodes, "standing, filled", object), np.full(nodes, "standing, warm", object)
    for name, state in states.items():
        shape = shape_pa(state)
        below, above = setting.fill_pa + shape.min(axis=0), setting.final_pa + shape.max(axis=0)
        low_case[below < low] = name
        high_case[above > high] = name
        low, high = np.minimum(low, below), np.maximum(high, above)
    return low, high, low_case, high_case


def shape_pa(state: Solved) -> Floats:
    """Pressures over the vessel's, (scenarios, nodes)."""
    network: Network = state.hall.network
    pressure = state.warm.flows.pressure_pa
    return np.asarray(pressure - pressure[:, network.fixed_nodes[:1]], np.float64)


def rack_outlets(hall: Piped) -> list[int]:
    """Links whose shutting leaves a rack under the supply's pressure: return hoses, or the racks where they are one link."""
    at = hall.network.link_number
    return [
        at.get(f"{hall.network.links[link].split('/', 1)[0]}/return hose", int(link))
        for link in hall.rack_link.tolist()
    ]


# --- rows -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rating:
    """What an element stands: gauge pressure and temperature; None where nobody said."""

    pressure: Limit | None = None
    temperature: Limit | None = None


def rating_of(key: str, coupling: Coupling) -> Rating:
    """A coupling's rating as the catalogue has it: a third party's transcription, so an estimate.

    Makers' working pressures are above that of the room; temperatures are the medium's.
    """
    place = f"catalogue.couplings.{key}"
    pressure = (
        Limit(coupling.pressure_most_pa, "estimate", f"{place}.pressure_most") if coupling.pressure_most_pa else None
    )
    warm = coupling.temperature_most_k
    return Rating(pressure, None if warm is None else Limit(warm, "estimate", f"{place}.temperature_most"))


def rating_rows(
    seen: Sequence[Seen], ratings: Mapping[str, Rating], *, least: Limit | None = None, ambient_pa: float = AMBIENT_PA
) -> Iterator[Row]:
    """Highest gauge pressure, warmest liquid and lowest absolute pressure of each class; `least` is absolute."""
    for item in seen:
        rating = ratings.get(item.element, Rating())
        text = f"{item.highest_case}, at {item.highest_at!r}"
        gauge_pa = item.highest_pa - ambient_pa
        yield check(item.element, "highest pressure", gauge_pa, rating.pressure, "Pa", f"over the room's; {text}")
        warm_text = f"warmest liquid in any {item.element}"
        yield check(item.element, "warmest liquid", item.warmest_k, rating.temperature, "K", warm_text)
        text = f"absolute; {item.lowest_case}, at {item.lowest_at!r}"
        yield check(item.element, "lowest pressure", item.lowest_pa, least, "Pa", text, at_least=True)


def velocity_rows(
    states: Mapping[str, Solved], fluid: Fluid, limits: Mapping[str, Limit | None] | None = None
) -> Iterator[Row]:
    """Highest velocity in headers, hoses and manifolds; the erosion limit of copper where none is given."""
    network: Network = next(iter(states.values())).hall.network
    classes = links_by_class(network)
    for name in PIPES:
        links = classes.get(name, np.zeros(0, np.intp))
        if not len(links):
            continue
        area = _area_m2(network, links)
        speeds = [
            np.abs(state.warm.flows.flow_kg_s[:, links]) / density_of(fluid, state.warm.mean_k[:, links]) / area
            for state in states.values()
        ]
        worst = int(np.argmax([one.max() for one in speeds]))
        link = int(links[np.argmax(speeds[worst].max(axis=0))])
        limit = (limits or {}).get(name, EROSION)
        text = f"{list(states)[worst]}, in {network.links[link]!r}"
        yield check(name, "velocity", float(speeds[worst].max()), limit, "m/s", text)


Vapour = Callable[[Floats], Floats]


def suction_rows(
    states: Mapping[str, Solved],
    fluid: Fluid,
    setting: Setting,
    required: Limit | None,
    *,
    vapour_pa: Vapour = water_vapour_pressure_pa,
) -> Iterator[Row]:
    """Net positive suction head at every pump's inlet, the vessel at its fill pressure; (p - p_vapour) / (rho g). [m]

    Water's own vapour pressure, unless another is given, is the bound on the safe side. The inlet's velocity head is left
    out, which errs on the safe side too. Required is what the pump's sheet says at its greatest flow.
    """
    network: Network = next(iter(states.values())).hall.network
    pumps = np.flatnonzero(network.speed_at >= 0)
    inlets = network.first[pumps]
    top_m = setting.heights_m.get(PUMP, (0.0, 0.0))[1]
    heads = []
    for state in states.values():
        warm = state.warm.node_k[:, inlets]
        weight = density_of(fluid, warm) * GRAVITY_M_S2
        heads.append((shape_pa(state)[:, inlets] + setting.fill_pa - vapour_pa(warm)) / weight - top_m)
    lowest = np.min([head.min(axis=0) for head in heads], axis=0)
    for pump, head_m in zip(pumps, lowest, strict=True):
        name = network.links[pump]
        yield check(name, "suction head", float(head_m), required, "m", "available against required", at_least=True)


def boiling_rows(
    states: Mapping[str, Solved],
    fluid: Fluid,
    setting: Setting,
    margin: Limit,
    *,
    vapour_pa: Vapour = water_vapour_pressure_pa,
) -> Iterator[Row]:
    """Pressure over the vapour pressure at the liquid's own temperature, of each class, the vessel at its fill pressure.

    Plates are asked a second time at their chips' case temperature, which no liquid exceeds: where that holds, no bubble
    can grow on the hottest wall either.
    """
    network: Network = next(iter(states.values())).hall.network
    cold = float(density_of(fluid, np.array(setting.fill_k)))
    for name, links in links_by_class(network).items():
        ends = np.concatenate((network.first[links], network.second[links]))
        lift_pa = cold * GRAVITY_M_S2 * setting.heights_m.get(name, (0.0, 0.0))[1]
        rooms = [setting.fill_pa + shape_pa(s)[:, ends] - vapour_pa(s.warm.node_k[:, ends]) for s in states.values()]
        lowest = np.min([room.min(axis=0) for room in rooms], axis=0) - lift_pa
        worst = int(np.argmin(lowest))
        where = network.links[int(np.concatenate((links, links))[worst])]
        text = f"pressure over the vapour's, at {where!r}"
        yield check(name, "boiling", float(lowest[worst]), margin, "Pa", text, at_least=True)
    for state in states.values():
        if hasattr(state, "case_k") and hasattr(state.hall, "spot_link"):
            yield _wall_row(state, setting, margin, vapour_pa, cold)


def _wall_row(state: Any, setting: Setting, margin: Limit, vapour_pa: Vapour, cold: float) -> Row:
    network: Network = state.hall.network
    links = state.hall.spot_link
    lift_pa = cold * GRAVITY_M_S2 * setting.heights_m.get(PLATE, (0.0, 0.0))[1]
    least = np.minimum(shape_pa(state)[:, network.first[links]], shape_pa(state)[:, network.second[links]])
    known = state.case_k < CRITICAL_K
    room = setting.fill_pa - lift_pa + least - vapour_pa(np.where(known, state.case_k, CRITICAL_K))
    row, spot = np.unravel_index(int(np.argmin(room)), room.shape)
    text = f"pressure over the vapour's at the case's temperature, at {network.links[links[spot]]!r}"
    value = float(room[row, spot]) if known[row, spot] else math.inf
    return check(PLATE, "boiling at the wall", value, margin, "Pa", text, at_least=True)


def freezing_row(coldest_k: float, freezing_k: float, margin: Limit, *, where: str = "coolant") -> Row:
    """The coldest that the coolant becomes (facility water's inlet at standstill counts) over its freezing point."""
    text = f"coldest {coldest_k - 273.15:.1f} degC over the freezing point of {freezing_k - 273.15:.1f} degC"
    return check(where, "freezing", coldest_k - freezing_k, margin, "delta_K", text, at_least=True)
