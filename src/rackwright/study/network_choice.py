"""Other fabrics for the same cluster: every design of a small space by count, and those that none beats in all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rackwright.program.case import Case
from rackwright.program.load import Program, status_of
from rackwright.rack.design import RackDesign
from rackwright.rack.network.topology.choice import (
    AXES,
    Design,
    Figure,
    Front,
    LinkOption,
    Need,
    Standing,
    SwitchOption,
    designs_of,
    front_of,
)
from rackwright.tables import Finding, not_modelled

#: The space: planes, rails and oversubscriptions that are tried with every switch of the catalogue.
PLANES, RAILS, OVERSUBSCRIPTIONS = (1, 2, 4, 8), (1, 4, 8), (1.0, 2.0, 3.0)
#: An assumed figure may be so much lower or higher.
LOW, HIGH = 0.5, 1.5


def choice_of(program: Program, case: Case, design: RackDesign) -> Front | None:
    """All designs for a generation's cluster; None where it has no adapters."""
    network, rack = design.network, case.rack[design.generation]
    if not (network.adapters and network.adapter_bit_s > 0):
        return None
    need = Need(
        network.cluster_racks, network.adapters, network.adapter_bit_s, min(rack.block.racks, network.cluster_racks)
    )
    switches = [
        SwitchOption(
            name,
            switch.ports,
            switch.rate_bit_s,
            switch.ports_most,
            _figure(program, f"catalogue.switches.{name}.cost", switch.cost_usd),
            _figure(program, f"catalogue.switches.{name}.power", switch.power_w),
        )
        for name, switch in case.catalogue.switches.items()
    ]
    optic = case.catalogue.optics[rack.network.optic]
    here = f"catalogue.optics.{rack.network.optic}"
    both = _figure(program, f"{here}.cost", 2 * optic.cost_usd)
    links = LinkOption(
        both,
        both,
        _figure(program, f"{here}.power", optic.power_w),
        end_optics=2,
        trunk_optics=2,
        rate_bit_s=optic.rate_bit_s,
    )
    own = (
        {rack.network.rails, *RAILS},
        {rack.network.planes, *PLANES},
        {rack.network.oversubscription, *OVERSUBSCRIPTIONS},
    )
    designs, left_out = designs_of(need, switches, sorted(own[1]), sorted(own[0]), sorted(own[2]))
    return front_of(designs, links, left_out) if designs else None


def _figure(program: Program, path: str, value: float) -> Figure:
    try:
        node = program.at(path)
    except KeyError:
        node = None
    status = status_of(node) if node is not None else "assumed"
    standing: Standing = (
        "published" if status in ("published", "given") else "estimate" if status == "estimate" else "assumed"
    )
    if standing == "assumed":
        return Figure(value, standing, path, LOW * value, HIGH * value)
    return Figure(value, standing, path)


def choice_rows(case: Case, design: RackDesign, front: Front) -> Iterator[tuple[Any, ...]]:
    """The front by cost, the program's own design among them whether it is on it or not."""
    network = case.rack[design.generation].network
    own = np.array([_is_own(item, network) for item in front.designs])
    shown = np.flatnonzero(front.on_front | own)
    for at in shown[np.argsort(front.values[shown, 0], kind="stable")].tolist():
        item, values = front.designs[at], front.values[at]
        yield (
            design.generation,
            "yes" if own[at] else "",
            "no" if not front.on_front[at] else "in all" if front.always[at] else "in some",
            item.switch.name,
            item.planes,
            item.rails,
            item.oversubscription,
            item.fabric.tiers,
            item.switches,
            *(float(value) for value in values),
        )


def _is_own(item: Design, network: Any) -> bool:
    return (item.switch.name, item.planes, item.rails, item.oversubscription) == (
        network.switch, network.planes, network.rails, network.oversubscription,
    )  # fmt: skip


def choice_finding(design: RackDesign, front: Front) -> Finding:
    """What the front rests on: no design is told to be best."""
    weak = [axis for axis in AXES if front.standing[axis] == "assumed"]
    text = (
        f"{len(front.designs):,} designs by count, {int(front.on_front.sum())} on the front of cost, power, optics, hops, "
        f"blast radius and bisection; {int((front.on_front & front.always).sum())} of them at every corner of the assumed "
        f"figures' ranges ({LOW:.0%} to {HIGH:.0%}); {len(front.left_out)} cannot be built"
    )
    if weak:
        text += f"; {' and '.join(weak)} rest on assumed figures"
    return not_modelled("rack.network.choice", design.generation, text, f"rack.{design.generation}.network")
