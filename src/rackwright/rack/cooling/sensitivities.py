"""Derivatives of chips' case temperatures by every element's parameters, one by one and by class of elements."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.cooling.adjoint import Adjoint
from rackwright.rack.cooling.hydraulics.build import KV_DENSITY
from rackwright.rack.cooling.hydraulics.laws import joint
from rackwright.rack.cooling.hydraulics.network import Floats, Kind, Network, Rule
from rackwright.rack.cooling.hydraulics.solve import GRAVITY_M_S2
from rackwright.rack.cooling.point import STEP, case_of, chip_heat_w, drops_of

#: Names of parameters and their units, in the order in which they are found.
UNITS = {
    "coupling Kv": "m3/h",
    "orifice Kv": "m3/h",
    "hose diameter": "m",
    "manifold diameter": "m",
    "header diameter": "m",
    "plate drop": "1",
    "exchanger drop": "Pa s2/m6",
    "drop": "1",
    "flow limit": "kg/s",
    "pump shutoff": "Pa",
    "pump speed": "1",
    "pump efficiency": "1",
    "set-point": "K",
    "facility temperature": "K",
    "facility flow": "kg/s",
    "exchanger UA": "1",
    "plate resistance": "1",
    "chip heat": "1",
}


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """One parameter over all its elements: kelvin of each chip's case per unit of the parameter.

    `k_per_unit` (chips, elements). A parameter whose unit is 1 is a multiplier about its value: `drop` times what it
    takes, `exchanger UA` times what it has. `groups` name each element's class, such as one kind of tray's couplings.
    """

    parameter: str
    elements: tuple[str, ...]
    groups: tuple[str, ...]
    value: Floats
    k_per_unit: Floats

    @property
    def unit(self) -> str:
        """Unit of the parameter."""
        return UNITS[self.parameter]

    @cached_property
    def k_per_share(self) -> Floats:
        """Kelvin per relative change of the parameter (1 = doubled, to first order); (chips, elements)."""
        return np.asarray(self.k_per_unit * self.value)

    def of(self, element: str) -> Floats:
        """Kelvin per unit of one element, for each chip."""
        return np.asarray(self.k_per_unit[:, self.elements.index(element)])


@dataclass(frozen=True, slots=True)
class Lever:
    """A class of elements moved together: what one unit, and what one per cent of each, does to the hottest chip."""

    parameter: str
    group: str
    count: int
    value: float
    unit: str
    k_per_unit: float
    k_per_percent: float


def sensitivities(adjoint: Adjoint) -> tuple[Sensitivity, ...]:
    """Every parameter of every element; those without elements are left out."""
    return tuple(
        item
        for item in (*_of_links(adjoint), *_of_pumps(adjoint), *_of_cdus(adjoint), *_of_chips(adjoint))
        if len(item.elements)
    )


def levers(found: Sequence[Sensitivity], *, chip: int = 0) -> tuple[Lever, ...]:
    """Classes of elements, the one that moves the chip most per cent first."""
    rows = []
    for item in found:
        groups = np.array(item.groups)
        for group in dict.fromkeys(item.groups):
            at = groups == group
            per_unit, per_share = item.k_per_unit[chip, at], item.k_per_share[chip, at]
            rows.append(
                Lever(
                    item.parameter, group, int(at.sum()), float(item.value[at].mean()), item.unit,
                    float(per_unit.sum()), 0.01 * float(per_share.sum()),
                )
            )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: -abs(row.k_per_percent)))


def group_of(adjoint: Adjoint, link: str) -> str:
    """A link's class: its own kind of rack and tray, or of header; numbers left out."""
    place, *rest = link.split("/")
    if place.startswith("rack "):
        first = adjoint.hall.racks[int(place[5:]) - 1].name
        return "/".join([first, *(part.rsplit(" ", 1)[0] for part in rest[:-1]), *rest[-1:]])
    return " ".join([place.rsplit(" ", 1)[0], *(part.rstrip("0123456789 ") for part in rest)])


def _made(adjoint: Adjoint, parameter: str, links: NDArray[np.intp], value: Floats, by: Floats) -> Sensitivity:
    """A parameter of links' drops; `by` is the drop's derivative."""
    names = tuple(adjoint.hall.network.links[link] for link in links)
    groups = tuple(group_of(adjoint, name) for name in names)
    per_unit = adjoint.link_pa[:, links] * np.where(adjoint.point.opened[links], by, 0.0)
    return Sensitivity(parameter, names, groups, value, per_unit)


def _links_of(network: Network, kind: Kind, part: str) -> NDArray[np.intp]:
    """Links of a kind with a part in their name."""
    found = [at for at, name in enumerate(network.links) if network.kind[at] == kind and part in name]
    return np.array(found, np.intp)


def _of_links(adjoint: Adjoint) -> Iterator[Sensitivity]:
    network, point, rates = adjoint.hall.network, adjoint.point, adjoint.rates
    static = network.elevation_m[network.first] - network.elevation_m[network.second]
    drop = rates.drop + rates.density * GRAVITY_M_S2 * static
    for parameter, part in (("coupling Kv", "/coupling "), ("orifice Kv", "/orifice")):
        links = _links_of(network, Kind.CURVE, part)
        kv = 3600.0 * np.sqrt(1e5 / KV_DENSITY / network.parameters[links, 2])
        yield _made(adjoint, parameter, links, kv, -2.0 * drop[links] / kv)
    diameter_m = np.zeros(len(network.links))
    pipes = network.kind == Kind.DARCY
    diameter_m[pipes] = 4 / (math.pi * network.parameters[pipes, 3])
    by_diameter = _by_diameter(adjoint, diameter_m)
    for parameter, part in (
        ("hose diameter", " hose"),
        ("manifold diameter", "/manifold "),
        ("header diameter", " header "),
    ):
        links = _links_of(network, Kind.DARCY, part)
        yield _made(adjoint, parameter, links, diameter_m[links], by_diameter[links])
    links = _links_of(network, Kind.POWER, "")
    yield _made(adjoint, "plate drop", links, point.factor[links], drop[links] / point.factor[links])
    links = _links_of(network, Kind.CURVE, "/exchanger")
    square = network.parameters[links, 1]
    yield _made(adjoint, "exchanger drop", links, square, drop[links] / square)
    links = np.flatnonzero((network.speed_at < 0) & (network.valve_at < 0)).astype(np.intp)
    yield _made(adjoint, "drop", links, point.factor[links], drop[links] / point.factor[links])
    yield _of_valves(adjoint)


def _of_valves(adjoint: Adjoint) -> Sensitivity:
    """Flow that pressure-independent and flow-control valves hold; nothing where they stand open."""
    network, rates = adjoint.hall.network, adjoint.rates
    links = np.flatnonzero(network.valve_at >= 0)
    at = network.valve_at[links]
    chosen = np.isin(network.valve_rule[at], (Rule.FCV, Rule.PICV))
    links, at = links[chosen], at[chosen]
    holding = rates.slope[links] > 1e6 * network.parameters[links, 0]
    return _made(adjoint, "flow limit", links, network.valve_setting[at], np.where(holding, -rates.slope[links], 0.0))


def _by_diameter(adjoint: Adjoint, diameter_m: Floats) -> Floats:
    """Central difference of the pipes' drops by their diameter; length, roughness and minor loss stay."""
    network, point, rates = adjoint.hall.network, adjoint.point, adjoint.rates
    found = []
    for step in (STEP, -STEP):
        slots = with_diameters(network, diameter_m * (1 + step))
        found.append(drops_of(point, rates.density[None], rates.viscosity[None], slots=slots)[0][0])
    pipes = diameter_m > 0
    return np.where(pipes, (found[0] - found[1]) / np.where(pipes, 2 * STEP * diameter_m, 1.0), 0.0)


def with_diameters(network: Network, diameter_m: Floats) -> Floats:
    """Parameters of a network whose Darcy pipes have other diameters, (links,); the rest as it is."""
    slots = network.parameters.copy()
    for link in np.flatnonzero((network.kind == Kind.DARCY) & (diameter_m > 0)).tolist():
        long, _, minor, per_flow, rough = network.parameters[link, :5].tolist()
        before_m, now_m = 4 / (math.pi * per_flow), float(diameter_m[link])
        relative = rough * before_m / now_m
        area_m2 = math.pi / 4 * now_m**2
        now = (long * before_m / now_m, 1 / (2 * area_m2**2), minor, 4 / (math.pi * now_m), relative)
        more = joint(network.law, relative)
        slots[link, : 5 + len(more)] = (*now, *more)
    return slots


def _of_pumps(adjoint: Adjoint) -> Iterator[Sensitivity]:
    network, point, rates = adjoint.hall.network, adjoint.point, adjoint.rates
    links = np.flatnonzero(network.speed_at >= 0)
    running = (point.flow_kg_s[links] > point.still_kg_s) & point.opened[links]
    number = network.speed_at[links]
    speed = point.speed[number]
    curved = network.kind[links] == Kind.PUMP
    shut = links[curved]
    yield _made(adjoint, "pump shutoff", shut, network.parameters[shut, 0], -(speed[curved] ** 2) * running[curved])
    shifted = point.speed * np.array([[1 + STEP], [1 - STEP]])
    wide = np.ones((2, 1))
    drop = drops_of(point, wide * rates.density, wide * rates.viscosity, speed=shifted)[0]
    step = np.where(speed > 0, 2 * STEP * speed, 1.0)
    by_speed = np.where((speed > 0) & running, (drop[0] - drop[1])[links] / step, 0.0)
    yield _made(adjoint, "pump speed", links, speed, by_speed)
    down = rates.down[links]
    rise = rates.outlet[links] - point.enthalpy[rates.up[links]]
    efficiency = point.efficiency[number]
    per_unit = adjoint.node_w[:, down] * np.where(running, -np.abs(point.flow_kg_s[links]) * rise / efficiency, 0.0)
    names = tuple(network.links[link] for link in links)
    yield Sensitivity("pump efficiency", names, tuple(group_of(adjoint, name) for name in names), efficiency, per_unit)


def _of_cdus(adjoint: Adjoint) -> Iterator[Sensitivity]:
    point, network = adjoint.point, adjoint.hall.network
    swaps = {swap.link: swap for swap in adjoint.exchanges}
    links = np.array([network.link_number[cooler.link] for cooler in adjoint.hall.coolers], np.intp)
    weight = adjoint.node_w[:, adjoint.rates.down[links]] * np.abs(point.flow_kg_s[links])
    names = tuple(network.links[link] for link in links)
    groups = tuple(group_of(adjoint, name) for name in names)
    values = {
        "set-point": ("wanted_k", point.wanted_k),
        "facility temperature": ("primary_k", point.primary_k),
        "facility flow": ("primary_kg_s", point.primary_kg_s),
        "exchanger UA": ("cooler_share", point.cooler_share),
    }
    for parameter, (key, value) in values.items():
        by = np.array([swaps[link].by.get(key, 0.0) if link in swaps else 0.0 for link in links.tolist()])
        yield Sensitivity(parameter, names, groups, value, weight * by)


def _of_chips(adjoint: Adjoint) -> Iterator[Sensitivity]:
    """Plates' resistances (own chip only) and chips' heats (a whole link's, as shares of what they are)."""
    hall, point, rates = adjoint.hall, adjoint.point, adjoint.rates
    link = hall.spot_link
    names = tuple(hall.network.links[at] for at in link)
    groups = tuple(group_of(adjoint, name) for name in names)
    inlet_k = rates.kelvin[rates.up[link]]
    rise_k = case_of(point)[0] - inlet_k
    own = np.zeros((len(adjoint.spots), len(link)))
    chips = np.arange(len(adjoint.spots))
    own[chips, adjoint.spots] = rise_k[adjoint.spots]
    with np.errstate(divide="ignore", invalid="ignore"):
        per_unit = np.where(own != 0, own / point.plate_factor, 0.0)
    yield Sensitivity("plate resistance", names, groups, point.plate_factor, per_unit)
    heat = adjoint.node_w[:, rates.down[link]] * np.where(rates.moving[link], point.source_w[link], 0.0)
    half_k = rates.mean_by_flow[link] * -point.flow_kg_s[link]
    heat = heat - adjoint.link_pa[:, link] * rates.push_by_mean[link] * half_k
    ones = np.where(chip_heat_w(point) > 0, 1.0, 0.0)
    yield Sensitivity("chip heat", names, groups, ones, heat + own)
