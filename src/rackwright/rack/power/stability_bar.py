"""A rack's steady network made able to move: inductances of its lines, its supplies' loops, its trays' input filters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.power.direct import DirectNetwork
from rackwright.rack.power.stability_circuit import ASSUMED_PHASE_MARGIN_DEG, Circuit, CircuitBuilder, InputFilter

Floats = NDArray[np.float64]

MU_0 = 4e-7 * math.pi


@dataclass(frozen=True, slots=True)
class SupplyDynamics:
    """One supply's output capacitor and loop; no published figures were found, so there are no defaults for them."""

    farad: float
    esr_ohm: float
    crossover_hz: float
    phase_margin_deg: float = ASSUMED_PHASE_MARGIN_DEG


@dataclass(frozen=True, slots=True)
class SupplyGroup:
    """Equal supplies on one node, taken together: `count` of them side by side."""

    name: str
    node: str
    count: int
    volt: float
    droop_ohm: float
    limit_a: float


def plate_pair_henry_m(width_m: float, thickness_m: float, gap_m: float) -> float:
    """Loop inductance per metre of two flat bars face to face, for direct current.

    mu0 / w x (gap + 2/3 thickness): field between the faces and inside the bars. Exact for bars much wider than their
    gap, too high otherwise (the field spreads at the edges).

    >>> round(plate_pair_henry_m(0.1, 0.006, 0.01) * 1e9)  # nH/m
    176
    """
    return MU_0 * (gap_m + 2 * thickness_m / 3) / width_m


def cable_pair_henry_m(spacing_m: float, radius_m: float) -> float:
    """Loop inductance per metre of two round wires, centres `spacing_m` apart, for direct current.

    mu0 / pi x (ln(d / r) + 1/4), exact.

    >>> round(cable_pair_henry_m(0.03, 0.01) * 1e9)  # nH/m
    539
    """
    return MU_0 / math.pi * (math.log(spacing_m / radius_m) + 0.25)


def supply_groups(network: DirectNetwork) -> Iterator[SupplyGroup]:
    """Supplies of one node, voltage, droop and limit together; a bank of 48 equal supplies is one group."""
    groups: dict[tuple[int, float, float, float], list[int]] = {}
    for at in range(len(network.sources)):
        volt, droop, limit = (float(a[at]) for a in (network.source_v, network.droop_ohm, network.limit_a))
        groups.setdefault((int(network.source_node[at]), volt, droop, limit), []).append(at)
    for (node, volt, droop, limit), members in groups.items():
        first = network.sources[members[0]]
        name = first if len(members) == 1 else f"{first} and {len(members) - 1} more"
        yield SupplyGroup(name, network.nodes[node], len(members), volt, droop, limit)


def bar_circuit(
    network: DirectNetwork,
    *,
    line_henry: ArrayLike,
    supply: SupplyDynamics,
    tray_filter: InputFilter | None = None,
    bandwidth_hz: float | None = None,
) -> Circuit:
    """The steady network of a bar as a circuit for `stability`.

    Parameters
    ----------
    line_henry : array_like, shape (lines,) or scalar
        Loop inductance of each line, in the network's order (length times one of the laws above; 0 for a joint).
    supply : SupplyDynamics
        Of one supply; equal supplies side by side are one with as many times its capacitance.
    tray_filter, bandwidth_hz : of every load.

    Conductors are taken at 20 degC: the colder, the less damping, so this errs to the safe side.
    """
    build = CircuitBuilder()
    for node in network.nodes:
        build.node(node)
    henry = np.broadcast_to(np.asarray(line_henry, np.float64), (len(network.lines),))
    for at, line in enumerate(network.lines):
        first, second = network.nodes[int(network.first[at])], network.nodes[int(network.second[at])]
        build.line(line, first, second, ohm=float(network.ohm[at]), henry=float(henry[at]))
    for group in supply_groups(network):
        build.supply(
            group.name,
            group.node,
            volt=group.volt,
            droop_ohm=group.droop_ohm / group.count,
            farad=supply.farad * group.count,
            esr_ohm=supply.esr_ohm / group.count,
            crossover_hz=supply.crossover_hz,
            phase_margin_deg=supply.phase_margin_deg,
        )
    for node, load_w in zip(network.nodes, network.load_w, strict=True):
        if load_w > 0:
            name = f"load at {node}"
            build.load(name, node, watt=float(load_w), bandwidth_hz=bandwidth_hz, input_filter=tray_filter)
    return build.circuit()
