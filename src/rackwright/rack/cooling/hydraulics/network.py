"""A frozen hydraulic network: names, and the flat arrays that the solver reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.cooling.hydraulics.ordering import Elimination, eliminate

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

#: Parameters that a link may have, at most.
SLOTS = 9


class Kind(IntEnum):
    """What a link is; the number is what the kernel switches on."""

    DARCY = 0
    HAZEN_WILLIAMS = 1
    CURVE = 2
    POWER = 3
    TABLE = 4
    PUMP = 5
    PUMP_TABLE = 6
    PUMP_POWER = 7
    VALVE = 8
    LAW = 9


class Rule(IntEnum):
    """What a valve regulates."""

    PRV = 0
    PSV = 1
    PBV = 2
    FCV = 3
    TCV = 4
    PICV = 5


@dataclass(frozen=True, slots=True)
class Node:
    """A node as declared; `pressure_pa` is None where it is sought."""

    elevation_m: float
    demand_kg_s: float
    pressure_pa: float | None


@dataclass(frozen=True, eq=False, slots=True)
class Law:
    """A sub-network's drop by its mass flow at corners of inlet temperature and load.

    `flows_kg_s` (points,) from zero up; `drops_pa` and `slopes` (corners, points), corner = temperature x loads + load.
    """

    flows_kg_s: Floats
    drops_pa: Floats
    slopes: Floats
    temperatures_k: tuple[float, ...] = (300.0,)
    loads: tuple[float, ...] = (1.0,)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as declared. `slots` are its kind's parameters; `points` its table; the rest for pumps and valves."""

    first: str
    second: str
    kind: Kind
    slots: tuple[float, ...]
    guess_kg_s: float
    check: bool = False
    points: tuple[Sequence[float], ...] | None = None
    speed: float | None = None
    rule: Rule | None = None
    setting: float = 0.0
    status: int = 0
    law: Law | None = None


@dataclass(frozen=True, eq=False)
class Network:
    """A hydraulic network. Names in the order of declaration; arrays by the same order.

    `column` is an unknown node's place in the elimination, -1 for a node whose pressure is given. `entry` is where a
    link's conductance stands in the factor, -1 where one of its ends is given. `at` is a link's number among pumps
    (speeds), valves or tables, by its kind.
    """

    law: str
    nodes: tuple[str, ...]
    links: tuple[str, ...]
    elevation_m: Floats
    demand_kg_s: Floats
    fixed_nodes: Ints
    fixed_pa: Floats
    kind: Ints
    first: Ints
    second: Ints
    parameters: Floats
    guess_kg_s: Floats
    check: NDArray[np.bool_]
    speed_at: Ints
    pumps: tuple[str, ...]
    pump_speed: Floats
    valve_at: Ints
    valves: tuple[str, ...]
    valve_rule: Ints
    valve_setting: Floats
    valve_status: Ints
    table_at: Ints
    table_start: Ints
    table_x: Floats
    table_y: Floats
    laws: tuple[Law, ...]
    law_at: Ints
    column: Ints
    elimination: Elimination
    entry: NDArray[np.int64]

    @property
    def fixed(self) -> tuple[str, ...]:
        """Names of the nodes whose pressure is given, in the order of `fixed_pa`."""
        return tuple(self.nodes[number] for number in self.fixed_nodes)

    @cached_property
    def node_number(self) -> dict[str, int]:
        """A node's place by its name."""
        return {name: number for number, name in enumerate(self.nodes)}

    @cached_property
    def link_number(self) -> dict[str, int]:
        """A link's place by its name."""
        return {name: number for number, name in enumerate(self.links)}


def freeze(law: str, nodes: Mapping[str, Node], links: Mapping[str, Link]) -> Network:
    """The arrays of declared elements, and the symbolic factorisation of their graph.

    Raises
    ------
    ValueError
        When a link names a node that is not there, or no node has a given pressure.
    """
    number = {name: at for at, name in enumerate(nodes)}
    strangers = [
        f"link {name!r} names node {end!r}, which is not there"
        for name, link in links.items()
        for end in (link.first, link.second)
        if end not in number
    ]
    if strangers:
        raise ValueError("; ".join(strangers[:20]))
    fixed = np.array([number[name] for name, node in nodes.items() if node.pressure_pa is not None], np.int32)
    if len(fixed) == 0:
        raise ValueError("no node has a given pressure: a loop needs a reference such as its expansion vessel")
    _refuse_held(nodes, links)
    declared = list(links.values())
    first = np.array([number[link.first] for link in declared], np.int32)
    second = np.array([number[link.second] for link in declared], np.int32)
    column, elimination = _columns(len(nodes), fixed, first, second)
    pumps = {name: link.speed for name, link in links.items() if link.speed is not None}
    valves = {name: link for name, link in links.items() if link.rule is not None}
    tables = [link.points for link in declared if link.points is not None]
    laws = tuple(dict.fromkeys(link.law for link in declared if link.law is not None))
    if len({law.drops_pa.shape for law in laws}) > 1:
        raise ValueError("condensed links of one network need laws of one shape: as many corners and points each")
    return Network(
        law=law,
        nodes=tuple(nodes),
        links=tuple(links),
        elevation_m=np.array([node.elevation_m for node in nodes.values()], np.float64),
        demand_kg_s=np.array([node.demand_kg_s for node in nodes.values()], np.float64),
        fixed_nodes=fixed,
        fixed_pa=np.array([node.pressure_pa for node in nodes.values() if node.pressure_pa is not None], np.float64),
        kind=np.array([link.kind for link in declared], np.int32),
        first=first,
        second=second,
        parameters=_slots(declared),
        guess_kg_s=_guesses(declared),
        check=np.array([link.check for link in declared], np.bool_),
        speed_at=_numbered([link.speed is not None for link in declared]),
        pumps=tuple(pumps),
        pump_speed=np.array(list(pumps.values()), np.float64),
        valve_at=_numbered([link.rule is not None for link in declared]),
        valves=tuple(valves),
        valve_rule=np.array([link.rule for link in valves.values()], np.int32),
        valve_setting=np.array([link.setting for link in valves.values()], np.float64),
        valve_status=np.array([link.status for link in valves.values()], np.int32),
        table_at=_numbered([link.points is not None for link in declared]),
        table_start=np.cumsum([0, *(len(points[0]) for points in tables)]).astype(np.int32),
        table_x=_joined(tables, 0),
        table_y=_joined(tables, 1),
        laws=laws,
        law_at=np.array([laws.index(link.law) if link.law is not None else -1 for link in declared], np.int32),
        column=column,
        elimination=elimination,
        entry=_entries(column[first], column[second], elimination),
    )


def _refuse_held(nodes: Mapping[str, Node], links: Mapping[str, Link]) -> None:
    """A pressure-regulating valve holds a node of its own: none whose pressure is given, none that another holds."""
    holds: dict[str, str] = {}
    for name, link in links.items():
        if link.rule not in (Rule.PRV, Rule.PSV) or link.status != 0:
            continue
        node = link.second if link.rule is Rule.PRV else link.first
        if nodes[node].pressure_pa is not None:
            raise ValueError(f"valve {name!r} would hold node {node!r}, whose pressure is given")
        if node in holds:
            raise ValueError(f"valves {holds[node]!r} and {name!r} would both hold node {node!r}")
        holds[node] = name


def _columns(count: int, fixed: Ints, first: Ints, second: Ints) -> tuple[Ints, Elimination]:
    free = np.setdiff1d(np.arange(count, dtype=np.int32), fixed)
    compact = np.full(count, -1, np.int32)
    compact[free] = np.arange(len(free), dtype=np.int32)
    both = (compact[first] >= 0) & (compact[second] >= 0)
    elimination = eliminate(len(free), compact[first][both], compact[second][both])
    column = np.full(count, -1, np.int32)
    column[free] = elimination.place
    return column, elimination


def _entries(first: Ints, second: Ints, elimination: Elimination) -> NDArray[np.int64]:
    """Where each link's conductance stands in the factor."""
    start, row = elimination.start, elimination.row
    found = np.full(len(first), -1, np.int64)
    for link, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if a >= 0 and b >= 0:
            low, high = min(a, b), max(a, b)
            found[link] = start[low] + np.searchsorted(row[start[low] : start[low + 1]], high)
    return found


def _guesses(links: Sequence[Link]) -> Floats:
    """First flows as declared; a valve's, whose diameter may be a dummy, no more than the least of its neighbours."""
    around: dict[str, float] = {}
    for link in links:
        if link.rule is None:
            for end in (link.first, link.second):
                around[end] = min(around.get(end, link.guess_kg_s), link.guess_kg_s)
    return np.array(
        [
            link.guess_kg_s
            if link.rule is None
            else min([link.guess_kg_s, *(around[end] for end in (link.first, link.second) if end in around)])
            for link in links
        ],
        np.float64,
    )


def _slots(links: Sequence[Link]) -> Floats:
    slots = np.zeros((len(links), SLOTS))
    for number, link in enumerate(links):
        slots[number, : len(link.slots)] = link.slots
    return slots


def _numbered(chosen: Sequence[bool]) -> Ints:
    """Numbers of the chosen ones among themselves, -1 for the others."""
    flags = np.array(chosen, np.bool_)
    return np.where(flags, np.cumsum(flags) - 1, -1).astype(np.int32)


def _joined(tables: Sequence[tuple[Sequence[float], ...]], part: int) -> Floats:
    return np.array([value for points in tables for value in points[part]], np.float64)
