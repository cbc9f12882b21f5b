"""A plane of any topology: what was built beside what is counted, and what its paths carry, minimal and Valiant's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from rackwright.rack.design import RackDesign
from rackwright.rack.network.load.bisection import bisection_of_clos, bisection_of_switches, halves
from rackwright.rack.network.load.links import LinkLoad, link_load
from rackwright.rack.network.load.routed import Graph
from rackwright.rack.network.load.symmetric import symmetric_load
from rackwright.rack.network.load.traffic import Traffic, uniform
from rackwright.rack.network.load.valiant import valiant_load
from rackwright.rack.network.shapes import LAID, WORDS
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring
from rackwright.tables import Finding, finding

MINIMAL, WEIGHTED, VALIANT = "minimal", "minimal, weighted", "Valiant"


def port_rows(design: RackDesign, plane: Wiring) -> Iterator[tuple[Any, ...]]:
    """Tier by tier: what was built beside what the formula counts."""
    fabric = design.network.fabric
    switches = (fabric.leaves, fabric.spines, fabric.cores)
    links = (fabric.endpoint_links, fabric.leaf_spine_links, fabric.spine_core_links)
    used = np.bincount(plane.lower, minlength=plane.nodes) + np.bincount(plane.upper, minlength=plane.nodes)
    for tier, name in enumerate(WORDS[fabric.topology]):
        built, joined = plane.switches_of_tier(tier + 1), len(plane.links_of_tier(tier))
        if switches[tier] or len(built) or joined:
            yield (
                design.generation, design.network.cluster_racks, fabric.planes, name, len(built), switches[tier], joined,
                links[tier], int(used[built].max(initial=0)), plane.switch_ports,
            )  # fmt: skip


def whole_findings(design: RackDesign, plane: Wiring) -> Iterator[Finding]:
    """The formula's counts against the ports, and all to all on the whole cluster against what the design counts on."""
    generation, fabric = design.generation, design.network.fabric
    built = [len(plane.switches_of_tier(tier)) for tier in (1, 2, 3)]
    off = sum(abs(a - b) for a, b in zip(built, (fabric.leaves, fabric.spines, fabric.cores), strict=True))
    yield finding(
        "rack.network.ports", generation, float(off + abs(plane.links - fabric.links)), 0.0, "",
        standing="standard", source="counting", text="switches and links of a plane by formula that differ from those built",
    )  # fmt: skip
    carried, limit, against = _all_to_all(design, plane)
    yield finding(
        "rack.network.all_to_all", generation, carried, limit * (1 - 1e-9), "", standing="user", at_least=True,
        source=f"rack.{generation}.network.oversubscription",
        text=f"share of the adapters' rate that all-to-all traffic of the whole cluster gets, against {against}",
    )  # fmt: skip


def _all_to_all(design: RackDesign, plane: Wiring) -> tuple[float, float, str]:
    """Share that all to all gets, the share that it should get, and what that is."""
    fabric = design.network.fabric
    if fabric.topology == "folded-clos":
        return _clos_share(plane), fabric.delivered_share, "uplinks over downlinks"
    if fabric.topology == "rail-only":
        blocks = "rails, of which those of different blocks are not joined"
        return fabric.delivered_share, 1.0, f"all of it within {blocks}"
    return fabric.delivered_share, 1.0, f"all of it, over minimal paths ({fabric.topology})"


def _clos_share(plane: Wiring) -> float:
    """Share that all to all gets: in closed form, or walked where twin leaves break the symmetry."""
    try:
        return symmetric_load(plane, plane.end_bit_s).carried_share
    except FabricProblem:
        return link_load(plane, uniform(plane.end_bit_s)).carried_share


def route_rows(design: RackDesign, graph: Graph, traffics: Iterable[tuple[str, Traffic]]) -> Iterator[tuple[Any, ...]]:
    """Each traffic over minimal paths (ECMP); where switches are joined side by side also weighted (WCMP), and Valiant's."""
    plane, topology = graph.wiring, design.network.fabric.topology
    bisection = bisection_share(plane, topology, design.network.adapters)
    racks = plane.endpoints // max(design.network.adapters, 1)
    for name, traffic in traffics:
        loads = [(MINIMAL, link_load(graph, traffic))]
        if topology not in LAID and plane.switches > 1:
            loads.append((WEIGHTED, link_load(graph, traffic, "wcmp")))
            loads.append((VALIANT, valiant_load(graph, traffic)))
        for paths, load in loads:
            yield (
                design.generation, topology, racks, name, paths, _mean_links(load), _worst_between(plane, load),
                load.delivered_share, load.carried_share, bisection,
            )  # fmt: skip


def bisection_share(plane: Wiring, topology: str, per_rack: int) -> float:
    """Least rate between the halves of the racks over what a half's adapters send."""
    first = halves(plane, per_rack)
    rate_bit_s = float(first.sum()) * plane.end_bit_s
    if not rate_bit_s:
        return 1.0
    by = bisection_of_clos if topology == "folded-clos" else bisection_of_switches
    return by(plane, first) / rate_bit_s


def _mean_links(load: LinkLoad) -> float:
    carried_bit_s = load.offered_bit_s * load.delivered_share
    return float(load.up_bit_s.sum() + load.down_bit_s.sum()) / carried_bit_s if carried_bit_s else 0.0


def _worst_between(plane: Wiring, load: LinkLoad) -> float | None:
    between = plane.tier[plane.lower] > 0
    busier = np.maximum(load.up_bit_s, load.down_bit_s)[between]
    return float(busier.max()) / plane.link_bit_s if len(busier) else None
