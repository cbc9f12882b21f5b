"""A rack's steady network as a network of fault currents."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from rackwright.rack.power.direct import DirectNetwork
from rackwright.rack.power.protection.network import FaultBuilder, FaultNetwork
from rackwright.rack.power.stability_bar import supply_groups


def bar_faults(
    network: DirectNetwork,
    *,
    line_henry: ArrayLike,
    supply_farad: float,
    supply_esr_ohm: float,
    tray_farad: float = 0.0,
    tray_esr_ohm: float = 1e-3,
    limit_a: float | None = None,
    off_s: float | None = None,
    stubs: Mapping[str, tuple[str, float, float]] | None = None,
) -> FaultNetwork:
    """Every supply with its capacitor and limit, every tray with what its capacitor gives back to the bar.

    Parameters
    ----------
    line_henry : array_like, shape (lines,) or scalar
        Loop inductance of each line, in the network's order.
    supply_farad, supply_esr_ohm : of one supply's output.
    tray_farad : float
        Of one load, on the bar's side of its hot-swap or of its blocking element; 0 where it cannot feed back.
    limit_a : float, optional
        Of one supply in a fault; where None the network's own limit, which then has to be finite.
    off_s : float, optional
        When supplies shut down in a fault.
    stubs : mapping, optional
        Lines to ends of their own, behind which a fault may stand: name to (node, ohm, henry). The end is `name end`.

    Raises
    ------
    ValueError
        Where neither the network nor the caller says how much a supply gives at most.
    """
    build = FaultBuilder()
    for node in network.nodes:
        build.node(node)
    henry = np.broadcast_to(np.asarray(line_henry, np.float64), (len(network.lines),))
    for at, line in enumerate(network.lines):
        first, second = network.nodes[int(network.first[at])], network.nodes[int(network.second[at])]
        build.line(line, first, second, ohm=float(network.ohm[at]), henry=float(henry[at]))
    for name, (node, ohm, inductance) in (stubs or {}).items():
        build.node(f"{name} end")
        build.line(name, node, f"{name} end", ohm=ohm, henry=inductance)
    for group in supply_groups(network):
        limit = group.limit_a if limit_a is None else limit_a
        if math.isinf(limit):
            raise ValueError(f"supply {group.name!r} has no current limit: a fault current needs one")
        build.supply(
            group.name,
            group.node,
            volt=group.volt,
            droop_ohm=group.droop_ohm / group.count,
            limit_a=limit * group.count,
            farad=supply_farad * group.count,
            esr_ohm=supply_esr_ohm / group.count,
            off_s=off_s,
        )
    if tray_farad > 0:
        for node, load_w in zip(network.nodes, network.load_w, strict=True):
            if load_w > 0:
                build.capacitor(f"capacitor at {node}", node, farad=tray_farad, esr_ohm=tray_esr_ohm)
    return build.network()
