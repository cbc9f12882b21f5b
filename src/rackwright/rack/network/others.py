"""Fabrics beside the scale-out one, by count: their switches and modules in the bill of the racks that share them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import OtherFabric, Rack
from rackwright.rack.network.clos import Fabric, folded_clos, usable_ports
from rackwright.tables import Finding, finding, not_modelled


@dataclass(frozen=True, slots=True)
class Beside:
    """One fabric of the whole cluster: its parts, and their power a rack."""

    name: str
    switch: str
    switches: int
    links: int
    #: Kind of module at both ends of its links, "" where the program names none, and how many.
    optic: str
    optics: int
    switch_power_w: float
    optic_power_w: float


def beside(rack: Rack, catalogue: Catalogue, cluster_racks: int) -> tuple[Beside, ...]:
    """The fabrics that a rack's cluster has beside its scale-out one; those that do not fit their switch are left out."""
    found = []
    for name, asked in rack.network.fabrics.items():
        fabric = counted(asked, catalogue, cluster_racks)
        if fabric is None or not fabric.fits:
            continue
        switch = catalogue.switches[asked.switch]
        optics = modules(asked, catalogue, fabric, cluster_racks) if asked.optic else 0
        optic_w = catalogue.optics[asked.optic].power_w if asked.optic else 0.0
        found.append(
            Beside(
                name, asked.switch, fabric.switches, fabric.links, asked.optic or "", optics,
                switch.power_w * fabric.switches / cluster_racks, optic_w * optics / cluster_racks,
            )
        )  # fmt: skip
    return tuple(found)


def counted(asked: OtherFabric, catalogue: Catalogue, cluster_racks: int) -> Fabric | None:
    """The folded Clos of one plane and rail, leaves filled across blocks; None where the switch has no such ports."""
    switch = catalogue.switches[asked.switch]
    ports = usable_ports(switch.ports, switch.rate_bit_s, asked.rate_bit_s, switch.ports_most)
    if ports < 2:
        return None
    return folded_clos(asked.per_rack * cluster_racks, ports, oversubscription=asked.oversubscription)


def modules(asked: OtherFabric, catalogue: Catalogue, fabric: Fabric, cluster_racks: int) -> int:
    """Modules by rate at both ends of every link, whole ones in each rack and each switch."""
    assert asked.optic is not None
    per_link = asked.rate_bit_s / catalogue.optics[asked.optic].rate_bit_s

    def whole(links: float) -> int:
        return math.ceil(links * per_link * (1 - 1e-9))

    at_core = fabric.spine_core_links / fabric.cores if fabric.cores else 0.0
    return (
        cluster_racks * whole(asked.per_rack)
        + fabric.leaves * whole(fabric.leaf_down + fabric.leaf_up)
        + fabric.spines * whole(fabric.spine_down + fabric.spine_up)
        + fabric.cores * whole(at_core)
    )


def beside_findings(generation: str, rack: Rack, catalogue: Catalogue, cluster_racks: int) -> Iterator[Finding]:
    """Fabrics that do not fit their switch, and those whose modules are not in the bill."""
    rule = "rack.network.beside"
    for name, asked in rack.network.fabrics.items():
        here, subject = f"rack.{generation}.network.fabrics.{name}", f"{generation} {name}"
        fabric = counted(asked, catalogue, cluster_racks)
        if fabric is None or not fabric.fits:
            text = f"three tiers of {asked.switch} do not hold {asked.per_rack * cluster_racks:,} ports: it is not in the bill"
            yield finding(rule, subject, 1.0, 0.0, "", standing="user", source=f"{here}.switch", text=text)
        elif asked.optic is None:
            yield not_modelled(
                rule, subject, "its switches are in the bill, its modules and cables are not: `optic` names some", here
            )
