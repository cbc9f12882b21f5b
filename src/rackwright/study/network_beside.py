"""What stands beside the scale-out fabric: front-end, storage and management fabrics, and the scale-up domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rackwright.program.case import Case
from rackwright.rack.design import RackDesign
from rackwright.rack.network.clos import usable_ports
from rackwright.rack.network.load.links import link_load
from rackwright.rack.network.load.symmetric import symmetric_load
from rackwright.rack.network.load.traffic import uniform
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.domains import DOMAINS, domain_wiring
from rackwright.rack.network.topology.wiring import FabricProblem
from rackwright.tables import Finding, finding


def fabric_row(case: Case, design: RackDesign, name: str) -> tuple[Any, ...]:
    """One fabric by the engine of the scale-out one: one plane, one rail, leaves filled across blocks.

    Raises
    ------
    FabricProblem
        Where the switch has no port of the rate, or three tiers of it do not hold the ports.
    """
    asked, racks = case.rack[design.generation].network.fabrics[name], design.network.cluster_racks
    switch = case.catalogue.switches[asked.switch]
    ports = usable_ports(switch.ports, switch.rate_bit_s, asked.rate_bit_s, switch.ports_most)
    if ports < 2:
        rate = f"{asked.rate_bit_s / 1e9:g} Gbit/s"
        raise FabricProblem(
            f"{asked.switch} has {ports} ports of {rate}: ports of {switch.rate_bit_s / 1e9:g} Gbit/s would do"
        )
    wiring = clos_wiring(
        racks=racks, per_rack=asked.per_rack, ports=ports, link_bit_s=asked.rate_bit_s,
        oversubscription=asked.oversubscription, name=f"{design.generation} {name}",
    )  # fmt: skip
    tiers = [len(wiring.switches_of_tier(tier)) for tier in (1, 2, 3)]
    load = symmetric_load(wiring, asked.rate_bit_s)
    return (
        design.generation, name, racks, wiring.endpoints, asked.rate_bit_s, asked.switch, int(wiring.tier.max()), *tiers,
        wiring.links, load.carried_share, switch.power_w * wiring.switches, switch.cost_usd * wiring.switches,
    )  # fmt: skip


def domain_rows(generation: str, name: str) -> Iterator[tuple[Any, ...]]:
    """The domain whole, with its first chip lost, and with that chip's tray lost, once all know; chips spread by rate."""
    domain = DOMAINS[name]
    wiring = domain_wiring(domain)
    lost: list[tuple[str, list[int]]] = [("nothing", [])]
    if domain.chips > 1:
        lost.append(("one switch chip", [domain.gpus]))
    trays = -(-domain.chips // domain.chips_per_tray) if domain.chips else 0
    if trays > 1:
        lost.append(("one switch tray", (domain.gpus + np.arange(domain.chips_per_tray)).tolist()))
    for words, switches in lost:
        load = link_load(wiring, uniform(domain.gpu_bit_s), "spray", failed_switches=switches)
        yield (
            generation, name, words, domain.gpus, domain.chips, trays, wiring.links, domain.gpu_bit_s,
            load.carried_share * load.delivered_share, domain.status, domain.source,
        )  # fmt: skip


def domain_findings(design: RackDesign, name: str) -> Iterator[Finding]:
    """Accelerators of the rack against the domain's."""
    domain = DOMAINS[name]
    rest = design.accelerators % domain.gpus
    yield finding(
        "rack.network.scale_up", design.generation, float(rest), 0.0, "", standing="user",
        source=f"rack.{design.generation}.network.scale_up",
        text=f"accelerators of the rack ({design.accelerators}) that whole domains of {domain.gpus} leave over",
    )  # fmt: skip
