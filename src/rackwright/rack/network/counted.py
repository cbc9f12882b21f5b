"""Modules and cables of a cluster by port: where the program asks for it, they replace the count by rate in the bill."""

from __future__ import annotations

import math
from dataclasses import replace

from rackwright.errors import ProgramError
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack.network.scale_out import ScaleOut
from rackwright.rack.network.topology.wiring import FabricProblem
from rackwright.rack.pieces import Piece
from rackwright.tables import Finding, finding, not_modelled

RULE = "rack.network.counted"
#: Links of all planes that are laid within the rack stage, a minute's work; larger fabrics stay counted by rate.
MOST_LINKS = 40_000_000
#: Links that are laid at a time: a part of the fabric that shares no cage with the rest.
LINKS_AT_ONCE = 1_000_000


def counted_fabric(
    generation: str, rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], network: ScaleOut
) -> tuple[ScaleOut, list[Finding]]:
    """The fabric with its modules and cables by port, and both counts side by side; as it is unless asked for.

    Every cable of the whole cluster is laid on the floor by rule and takes the cheapest medium that reaches, so modules
    are of as many kinds as lengths and cages want. Where that cannot be done the count by rate stands, and the
    finding says why.
    """
    source = f"rack.{generation}.network.counted"
    if rack.network.counted == "rate" or not network.links:
        return network, []
    if network.links > MOST_LINKS:
        said = f"{network.links:,} links are not laid here, {MOST_LINKS:,} at most: modules are counted by rate"
        return network, [not_modelled(RULE, generation, said, source)]
    from rackwright.rack.network.laid import catalogue_media, cluster_wiring, laid_bill

    try:
        wiring = cluster_wiring(generation, rack, catalogue, network, network.cluster_racks)
        media = catalogue_media(catalogue)
        modules, cables = laid_bill(wiring, rack, catalogue, pieces, media, most=LINKS_AT_ONCE)
    except (ProgramError, FabricProblem) as problem:
        return network, [not_modelled(RULE, generation, f"counted by rate: {reason(problem)}", source)]
    power_w = math.fsum(one.count * one.unit_power_w for one in modules) / network.cluster_racks
    count = sum(one.count for one in modules)
    text = (
        f"modules and plugs of the cluster by port, against {network.optics:,} by rate; "
        f"{power_w:,.0f} W a rack against {network.optic_power_w:,.0f} W"
    )
    side_by_side = finding(
        RULE, generation, float(count), float(network.optics), "", standing="estimate", severity="note", source=source,
        text=text,
    )  # fmt: skip
    return replace(network, modules=modules, cables=cables, optics=count, optic_power_w=power_w), [side_by_side]


def reason(problem: ProgramError | FabricProblem) -> str:
    """Why a cluster's cables cannot be laid: the first problem, where it is, what was found and what would do."""
    if isinstance(problem, ProgramError):
        first = problem.problems[0]
        where = f"{first.path}: " if first.path else ""
        return f"{where}{first.found}; expected {first.expected}"
    return str(problem)
