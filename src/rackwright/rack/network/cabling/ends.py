"""Ends of links: device, cage, connector and lanes, with an id that stays; what may meet what.

A lane here is a lane group, the part of a cage that carries one link of the fabric. A lane meets at most one lane, a cage
holds at most one module, a connector of a module takes at most one cable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem
from rackwright.rack.network.cabling.media import Cage, Form

if TYPE_CHECKING:
    from rackwright.rack.network.topology.wiring import Wiring

Whole = NDArray[np.int64]
#: Problems of one kind that are told one by one.
TOLD = 20


@dataclass(frozen=True, slots=True)
class Assembly:
    """A cable, a breakout or a shuffle: its ends on both sides and how lanes pass through.

    `lanes` is the number of lanes between one end a and one end b. Lane `j * lanes + k` of end a `i` meets lane
    `i * lanes + k` of end b `j`: with 1 + 1 straight through, with 1 + n a breakout, with m + n a shuffle.
    """

    form: Form
    lanes: int

    def joins(self) -> NDArray[np.int64]:
        """Rows (end a, lane, end b, lane); each lane of each end is in one row.

        >>> Assembly((2, 2), 1).joins().tolist()
        [[0, 0, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1], [1, 1, 1, 1]]
        """
        first, second = self.form
        i, j, k = (grid.ravel() for grid in np.indices((first, second, self.lanes)))
        return np.stack((i, j * self.lanes + k, j, i * self.lanes + k), axis=1)


@dataclass(frozen=True, slots=True)
class LinkEnds:
    """Both ends of every link of a wiring. Cages are numbered over the whole fabric: endpoints' first, then switches'.

    `slot` is the lane of the cage, from 0. `kind` is the kind of link, `kinds` its tiers below and above.
    """

    lower_cage: NDArray[np.int64]
    lower_slot: NDArray[np.int64]
    upper_cage: NDArray[np.int64]
    upper_slot: NDArray[np.int64]
    kind: NDArray[np.int64]
    kinds: tuple[tuple[int, int], ...]
    cages: int
    #: First cage of the switches, cages of one switch, cages of one group of endpoints that share cages.
    first_switch_cage: int
    per_switch: int
    per_endpoint: int


def link_ends(wiring: Wiring, cages: Sequence[Cage]) -> LinkEnds:
    """Cage and slot of both ends of every link; `cages` are those of endpoints, leaves, spines and cores.

    An adapter's ports fill its cage in turn; adapters that share a cage have equal parts of it.
    """
    own = cages[0]
    each = own.links // own.devices
    most = int(wiring.lower_port[wiring.lower < wiring.endpoints].max(initial=0)) + 1
    per_endpoint = -(-most // each)
    first = -(-wiring.endpoints // own.devices) * per_endpoint
    per_switch = max(-(-wiring.switch_ports // cage.links) for cage in cages[1:])
    links = np.array([cage.links for cage in cages], dtype=np.int64)

    def at(node: NDArray[np.int32], port: NDArray[np.int32]) -> tuple[Whole, Whole]:
        number = node.astype(np.int64)
        is_endpoint = number < wiring.endpoints
        per_cage = np.where(is_endpoint, each, links[wiring.tier[node]])
        within = port.astype(np.int64) // per_cage
        cage: Whole = np.where(
            is_endpoint,
            number // own.devices * per_endpoint + within,
            first + (number - wiring.endpoints) * per_switch + within,
        )
        slot: Whole = port.astype(np.int64) % per_cage + np.where(is_endpoint, number % own.devices * each, 0)
        return cage, slot

    lower_cage, lower_slot = at(wiring.lower, wiring.lower_port)
    upper_cage, upper_slot = at(wiring.upper, wiring.upper_port)
    code = wiring.tier[wiring.lower].astype(np.int64) * 8 + wiring.tier[wiring.upper]
    present = np.flatnonzero(np.bincount(code, minlength=64))
    kind = np.searchsorted(present, code)
    kinds = tuple((int(one) // 8, int(one) % 8) for one in present)
    total = first + wiring.switches * per_switch
    return LinkEnds(
        lower_cage, lower_slot, upper_cage, upper_slot, kind, kinds, total, first, per_switch, per_endpoint
    )  # fmt: skip


def port_problems(wiring: Wiring, cages: Sequence[Cage]) -> list[Problem]:
    """Ports beyond the switch or its breakout limit, and ports that meet two links."""
    node = np.concatenate((wiring.lower, wiring.upper)).astype(np.int64)
    port = np.concatenate((wiring.lower_port, wiring.upper_port)).astype(np.int64)
    limit = np.array([np.iinfo(np.int32).max, *(_most_ports(wiring, cage) for cage in cages[1:])], dtype=np.int64)
    found = []
    beyond = np.flatnonzero((port >= limit[wiring.tier[node]]) | (port < 0))
    for at in beyond[:TOLD].tolist():
        most = int(limit[int(wiring.tier[node[at]])])
        found.append(
            _port_problem(wiring, int(node[at]), int(port[at]), "a link on a port that the breakout does not give",
                          f"ports 0 to {most - 1} at {wiring.link_bit_s / 1e9:g} Gbit/s")
        )  # fmt: skip
    span = int(port.max(initial=0)) + 1
    key = np.sort(node * span + np.maximum(port, 0))
    twice = key[1:][key[1:] == key[:-1]]
    for one in np.unique(twice)[:TOLD].tolist():
        found.append(_port_problem(wiring, one // span, one % span, "two links on one port", "one link a port"))
    return found


def _most_ports(wiring: Wiring, cage: Cage) -> int:
    return wiring.switch_ports if cage.most_ports is None else min(wiring.switch_ports, cage.most_ports)


def _port_problem(wiring: Wiring, node: int, port: int, found: str, expected: str) -> Problem:
    name = wiring.labels(np.array([node]))[0]
    return Problem(file=wiring.name, line=0, path=f"{name} port {port}", found=found, expected=expected)


@dataclass(frozen=True, slots=True)
class EndTable:
    """Ends of cables, one row each, as a cut list has them or as another program's list says.

    `lane` is the first of `lanes` lanes of the cage that this end takes; `module` names what sits in the cage ("" where
    the plug belongs to the cable).
    """

    cable: NDArray[np.int64]
    device: NDArray[np.int64]
    cage: NDArray[np.int64]
    connector: NDArray[np.int64]
    lane: NDArray[np.int64]
    lanes: NDArray[np.int64]
    module: Sequence[str] = ()


def end_problems(table: EndTable, device_names: Sequence[str], name: str = "cut list") -> list[Problem]:
    """Lanes that meet two lanes, cages with two modules, connectors with two cables. Each problem names its port.

    A cable may have several ends on one connector only if they are the same row twice, which is a problem too.
    """
    found: list[Problem] = []

    def tell(rows: NDArray[np.int64], what: str, expected: str, fields: int) -> None:
        for row in rows[:TOLD].tolist():
            parts = (f"cage {table.cage[row]}", f"connector {table.connector[row]}", f"lane {table.lane[row]}")
            where = " ".join((device_names[int(table.device[row])], *parts[:fields]))
            found.append(Problem(file=name, line=0, path=where, found=what, expected=expected))

    cage = _packed(table.device, table.cage)
    connector = _packed(cage, table.connector)
    if table.module:
        modules = np.unique(np.array(table.module), return_inverse=True)[1]
        tell(_unlike(cage, modules), "two modules in one cage", "one module", 1)
    tell(_unlike(connector, table.cable), "two cables on one connector", "one cable", 2)
    row = np.repeat(np.arange(len(table.lane)), table.lanes)
    lane = table.lane[row] + np.arange(len(row)) - np.repeat(np.cumsum(table.lanes) - table.lanes, table.lanes)
    lanes = _packed(cage[row], lane)
    order = np.argsort(lanes, kind="stable")
    again = order[1:][lanes[order][1:] == lanes[order][:-1]]
    tell(np.unique(row[again]), "a lane that meets two lanes", "at most one", 3)
    return found


def _packed(high: NDArray[np.int64], low: NDArray[np.int64]) -> NDArray[np.int64]:
    packed: Whole = high * (int(low.max(initial=0)) + 1) + low
    return packed


def _unlike(key: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows whose value differs from that of the row before with the same key."""
    order = np.lexsort((np.arange(len(key)), key))
    same_key = key[order][1:] == key[order][:-1]
    rows: Whole = order[1:][same_key & (value[order][1:] != value[order][:-1])]
    return rows
