"""The scale-out fabric of a generation's cluster, and the share of it that falls to a rack."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.program.sections.parts import Catalogue, Chip, Switch
from rackwright.program.sections.rack import Rack
from rackwright.rack.network.clos import Fabric, usable_ports
from rackwright.rack.network.others import Beside, beside, beside_findings
from rackwright.rack.network.shapes import Cluster, counted_plane
from rackwright.rack.pieces import Piece, accelerators_of, adapters_of
from rackwright.tables import Finding, finding, not_modelled


@dataclass(frozen=True, slots=True)
class LaidPart:
    """One kind of module or cable of a cluster: pieces, power and money of one piece."""

    name: str
    count: int
    unit_power_w: float
    unit_cost_usd: float


@dataclass(frozen=True, slots=True)
class ScaleOut:
    """The fabric of a cluster of `cluster_racks` racks. Counts are of all planes together unless they say otherwise."""

    #: One plane of it.
    fabric: Fabric
    switch: str
    optic: str
    cluster_racks: int
    block_racks: int
    accelerators: int
    adapters: int
    adapter_bit_s: float
    link_bit_s: float
    leaf_per_block: int
    leaves: int
    spines: int
    cores: int
    links: int
    #: Optical modules of the cluster, at both ends.
    optics: int
    #: Scale-out rate of an accelerator by its adapters, and through the fabric when all send at once.
    adapters_bit_s: float
    delivered_bit_s: float
    switch_power_w: float
    optic_power_w: float
    #: Modules and cables of the cluster counted by port (`network.counted: ports`); empty where modules go by rate.
    modules: tuple[LaidPart, ...] = ()
    cables: tuple[LaidPart, ...] = ()
    #: Fabrics beside this one, for the same racks.
    others: tuple[Beside, ...] = ()

    @property
    def others_power_w(self) -> float:
        """Switches and modules of the fabrics beside it, per rack."""
        return math.fsum(one.switch_power_w + one.optic_power_w for one in self.others)

    @property
    def leaf_per_rack(self) -> float:
        return self.leaves / self.cluster_racks

    @property
    def spine_per_rack(self) -> float:
        return self.spines / self.cluster_racks

    @property
    def core_per_rack(self) -> float:
        return self.cores / self.cluster_racks

    @property
    def optics_per_rack(self) -> float:
        return self.optics / self.cluster_racks


def scale_out(rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], cluster_racks: int) -> ScaleOut:
    """Size the fabric of the cluster that a rack belongs to.

    Endpoints are the scale-out adapters of the trays with accelerators; each plane takes an equal part of an
    adapter's rate. A block has whole leaves of its own, spines and cores serve the cluster. Optics are counted at
    both ends: a switch's cages are filled whole, a tray's adapters take modules by rate.
    """
    network = rack.network
    switch, optic = catalogue.switches[network.switch], catalogue.optics[network.optic]
    adapters = adapters_of(pieces)
    per_rack = sum(piece.count for piece in adapters)
    total_bit_s = math.fsum(_rate(piece) * piece.count for piece in adapters)
    adapter_bit_s = max((_rate(piece) for piece in adapters), default=0.0)
    link_bit_s = adapter_bit_s / network.planes / network.twins
    block_racks = min(rack.block.racks, cluster_racks)
    ports = switch.ports
    if link_bit_s > 0:
        ports = usable_ports(switch.ports, switch.rate_bit_s, link_bit_s, switch.ports_most)
    joined = Cluster(cluster_racks, per_rack if link_bit_s > 0 else 0, block_racks, ports, link_bit_s)
    fabric = counted_plane(network, joined)
    optics = _optics(fabric, switch, optic.rate_bit_s, link_bit_s, adapters, cluster_racks)
    accelerators = accelerators_of(pieces)
    adapters_bit_s = total_bit_s / accelerators if accelerators else 0.0
    return ScaleOut(
        fabric=fabric,
        switch=network.switch,
        optic=network.optic,
        cluster_racks=cluster_racks,
        block_racks=block_racks,
        accelerators=accelerators,
        adapters=per_rack,
        adapter_bit_s=adapter_bit_s,
        link_bit_s=link_bit_s,
        leaf_per_block=fabric.block_leaves * fabric.planes,
        leaves=fabric.leaves * fabric.planes,
        spines=fabric.spines * fabric.planes,
        cores=fabric.cores * fabric.planes,
        links=fabric.links * fabric.planes,
        optics=optics,
        adapters_bit_s=adapters_bit_s,
        delivered_bit_s=adapters_bit_s * fabric.delivered_share,
        switch_power_w=switch.power_w * fabric.switches * fabric.planes / cluster_racks,
        optic_power_w=optic.power_w * optics / cluster_racks,
        others=beside(rack, catalogue, cluster_racks),
    )


def cluster_of(rack: Rack, network: ScaleOut, racks: int) -> Cluster:
    """What one plane of a cluster of so many racks joins."""
    return Cluster(racks, network.adapters, min(rack.block.racks, racks), network.fabric.ports, network.link_bit_s)


def _rate(piece: Piece) -> float:
    return piece.part.rate_bit_s if isinstance(piece.part, Chip) else 0.0


def _optics(
    fabric: Fabric,
    switch: Switch,
    optic_bit_s: float,
    link_bit_s: float,
    adapters: tuple[Piece, ...],
    cluster_racks: int,
) -> int:
    """Modules at both ends of every link: whole cages at switches, by rate at the trays' adapters."""
    if not fabric.endpoints:
        return 0
    cage_bit_s = switch.ports_per_cage * switch.rate_bit_s
    per_cage = max(1, math.ceil(cage_bit_s / optic_bit_s * (1 - 1e-9)))

    def in_switch(links: float) -> int:
        return math.ceil(links * link_bit_s / cage_bit_s * (1 - 1e-9)) * per_cage

    core_links = fabric.spine_core_links / fabric.cores if fabric.cores else 0.0
    at_switches = (
        fabric.leaves * in_switch(fabric.leaf_down + fabric.leaf_up)
        + fabric.spines * in_switch(fabric.spine_down + fabric.spine_up)
        + fabric.cores * in_switch(core_links)
    )
    at_trays = sum(
        math.ceil(piece.per_tray * _rate(piece) / optic_bit_s * (1 - 1e-9)) * piece.trays for piece in adapters
    )
    return at_trays * cluster_racks + at_switches * fabric.planes


def _plane_findings(generation: str, rack: Rack, catalogue: Catalogue, found: ScaleOut) -> Iterator[Finding]:
    """Planes whose links are no half, quarter or eighth of a switch's port, nor whole ports; with those that are."""
    switch, network = catalogue.switches[rack.network.switch], rack.network

    def fits(planes: int) -> bool:
        link_bit_s = found.adapter_bit_s / planes / network.twins
        if link_bit_s >= switch.rate_bit_s:
            return abs(math.remainder(link_bit_s / switch.rate_bit_s, 1.0)) < 1e-9
        split = switch.rate_bit_s / link_bit_s
        most = (switch.ports_most or switch.ports) / switch.ports
        return abs(math.remainder(math.log2(split), 1.0)) < 1e-9 and split <= most * (1 + 1e-9)

    if found.adapter_bit_s > 0 and not fits(network.planes):
        good = [planes for planes in range(1, 65) if fits(planes)]
        yield finding(
            "rack.network.planes", generation, 1.0, 0.0, "", standing="estimate", severity="warning",
            source=f"rack.{generation}.network.planes",
            text=f"{network.planes} planes: links of {found.link_bit_s / 1e9:.4g} Gbit/s are no breakout of a port of "
            f"{switch.rate_bit_s / 1e9:g} Gbit/s of {network.switch}: {_listed(good) or 'no number of'} planes would do",
        )  # fmt: skip


def _listed(numbers: list[int]) -> str:
    words = [str(number) for number in numbers]
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def network_findings(
    generation: str, rack: Rack, catalogue: Catalogue, found: ScaleOut, cluster_from: str
) -> list[Finding]:
    """Every check of the fabric."""
    here, declared = f"rack.{generation}.network", f"rack.{generation}.declared.scale_out"
    checks = [
        *_topology_findings(generation, found),
        finding(
            "rack.network.adapters",
            generation,
            found.adapters_bit_s,
            rack.declared.scale_out_bit_s,
            "bit/s",
            standing="user",
            source=declared,
            at_least=True,
            text="scale-out rate of an accelerator by its adapters against the declared",
        ),
        finding(
            "rack.network.delivered",
            generation,
            found.delivered_bit_s,
            rack.declared.scale_out_bit_s,
            "bit/s",
            standing="user",
            source=declared,
            at_least=True,
            text=f"rate of an accelerator with all sending at once, {found.cluster_racks} racks ({cluster_from})",
        ),
        *_tiers_findings(generation, found, here),
        not_modelled(
            "rack.network.other_fabrics",
            generation,
            "scale-up, storage, front-end and management networks and the reach of optics are not checked"
            if not found.others
            else "the scale-up network and the reach of optics are not checked",
        ),
        *beside_findings(generation, rack, catalogue, found.cluster_racks),
        *_plane_findings(generation, rack, catalogue, found),
        not_modelled(
            "rack.network.traffic",
            generation,
            f"congestion, routing, latency and failures are not computed: the rate is that of an ideal {found.fabric.topology}",
        ),
    ]
    return checks


def _tiers_findings(generation: str, found: ScaleOut, here: str) -> Iterator[Finding]:
    """Tiers of a folded Clos; other topologies say themselves why they do not fit."""
    fabric = found.fabric
    if fabric.topology == "folded-clos":
        yield finding(
            "rack.network.tiers",
            generation,
            fabric.tiers if fabric.fits else 4,
            3,
            "",
            standing="user",
            source=f"{here}.switch",
            text="tiers that the endpoints of one plane need of this switch, against three",
        )


def _topology_findings(generation: str, found: ScaleOut) -> Iterator[Finding]:
    """What stands against a topology other than the folded Clos, and what is left out of it."""
    fabric, here = found.fabric, f"rack.{generation}.network.topology"
    name = fabric.topology
    if name == "folded-clos":
        return
    rule = "rack.network.topology"
    optical = f", {fabric.circuit_switches:,} optical circuit switches" if fabric.circuit_switches else ""
    text = fabric.problem or f"{name} of {fabric.switches:,} switches and {fabric.links:,} links a plane{optical}"
    yield finding(
        rule, generation, float(not fabric.fits), 0.0, "", standing="user", source=here, text=text,
    )  # fmt: skip
    for said in _LEFT_OUT[name]:
        yield not_modelled(rule, f"{generation} {name}", said, here)


_DIRECT = "adaptive routing and the deadlock-free classes that it needs: rates are those of minimal paths"
_LEFT_OUT = {
    "rail-only": (
        "traffic between rails: it goes over the scale-up domain, whose share of it is not counted; rates are within rails",
    ),
    "dragonfly+": (_DIRECT, "cables on the floor, and growth"),
    "torus": (_DIRECT, "cables on the floor, and growth"),
    "circuits": (
        "reconfiguration while jobs run: circuits are set once and evenly",
        "power and price of optical circuit switches, and their loss: they are counted, not in the bill",
        "cables on the floor, and growth",
    ),
}
