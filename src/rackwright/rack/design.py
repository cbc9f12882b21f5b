"""The rack stage: one design per generation, from the program's sections and the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.rack import specs, traces
from rackwright.rack.bill import BillLine, bill_findings, bill_of, cost_usd, families_of
from rackwright.rack.cooling import BlockLoop, Branch, Loop, block_findings, block_of, cooling_findings, loop_of
from rackwright.rack.layout import Layout, layout_findings, layout_of
from rackwright.rack.network import ScaleOut, network_findings, scale_out
from rackwright.rack.network.counted import counted_fabric
from rackwright.rack.pieces import accelerators_of, pieces_of
from rackwright.rack.power import PowerPath, power_findings, power_path
from rackwright.tables import Finding, Headline, StageResult, Table, TableSpec, Trace


@dataclass(frozen=True, slots=True)
class RackDesign:
    """One generation's rack. Powers are at the design load; everything is per rack unless it says otherwise."""

    generation: str
    name: str
    #: AC power at the rack's input, and what the shelves give of it as DC.
    power_w: float
    dc_power_w: float
    liquid_heat_w: float
    air_heat_w: float
    #: Switches, optics and CDU pumps outside the rack: this rack's share of them.
    shared_power_w: float
    cost_usd: float
    shared_cost_usd: float
    cost_with_shared_usd: float
    mass_kg: float
    floor_load_kg_m2: float
    height_ru: float
    accelerators: int
    flow_m3_s: float
    supply_k: float
    #: None where there is heat and no flow.
    return_k: float | None
    shelves: int
    block_racks: int
    cdus_per_block: int
    leaf_per_block: int
    cluster_racks: int
    #: Trays by kind.
    trays: dict[str, int]
    #: Pieces per rack by plan family, the rack's share of shared ones included.
    families: dict[str, float]
    bill: tuple[BillLine, ...]
    power: PowerPath
    loop: Loop
    #: The block's loop as a solved network; None where it lacks a plate, a flow or a stated pump.
    block: BlockLoop | None
    network: ScaleOut
    layout: Layout
    findings_failed: int


@dataclass(frozen=True, slots=True)
class RackDesigns(StageResult):
    """The designs in the program's order."""

    designs: tuple[RackDesign, ...] = ()

    def of(self, generation: str) -> RackDesign:
        """The design of a generation.

        Raises
        ------
        KeyError
            If the program has no such generation.
        """
        for design in self.designs:
            if design.generation == generation:
                return design
        raise KeyError(generation)


def design_racks(
    racks: Mapping[str, Rack],
    catalogue: Catalogue,
    cluster_racks: Mapping[str, int] | None = None,
    *,
    progress: Progress = SILENT,
) -> RackDesigns:
    """Design one rack of every generation.

    Parameters
    ----------
    racks : mapping
        The program's `rack` section by generation.
    catalogue : Catalogue
        Parts that it names.
    cluster_racks : mapping, optional
        Racks of the largest single training run by generation, from the demand stage. A generation without one takes
        `network.racks_per_cluster`, and failing that its block.

    Returns
    -------
    RackDesigns
        A design that fails a limit is a Finding, never an error.
    """
    designs: list[RackDesign] = []
    findings: list[Finding] = []
    trails: list[Trace] = []
    for number, (generation, rack) in enumerate(racks.items()):
        progress.step(f"rack {generation}", number / len(racks))
        design, found = _design(generation, rack, catalogue, (cluster_racks or {}).get(generation))
        designs.append(design)
        findings += found
        trails += traces.traces_of(design, rack, catalogue, from_demand=_from_demand(cluster_racks, generation))
    return RackDesigns(
        tables=tuple(_tables(designs, racks)),
        findings=tuple(findings),
        headlines=tuple(_headlines(trails)),
        traces=tuple(trails),
        designs=tuple(designs),
    )


def _from_demand(cluster_racks: Mapping[str, int] | None, generation: str) -> bool:
    return bool((cluster_racks or {}).get(generation))


def _cluster(rack: Rack, wanted: int | None) -> tuple[int, str]:
    if wanted:
        return max(int(wanted), 1), "of the largest training run"
    if rack.network.racks_per_cluster:
        return rack.network.racks_per_cluster, "as the program's racks_per_cluster"
    return rack.block.racks, "one block: neither a training run nor racks_per_cluster names it"


def _design(generation: str, rack: Rack, catalogue: Catalogue, wanted: int | None) -> tuple[RackDesign, list[Finding]]:
    pieces = pieces_of(rack, catalogue)
    path = power_path(rack, catalogue, pieces)
    loop = loop_of(rack, catalogue, pieces, path.liquid_w, path.air_w)
    block = block_of(generation, rack, catalogue, pieces, loop)
    cluster, cluster_from = _cluster(rack, wanted)
    network, counted = counted_fabric(generation, rack, catalogue, pieces, scale_out(rack, catalogue, pieces, cluster))
    backup = path.backup
    layout = layout_of(rack, catalogue, pieces, path.shelves, backup.batteries, backup.stores)
    bill = bill_of(rack, catalogue, pieces, path, loop, network)
    in_rack_usd, shared_usd = cost_usd(bill, shared=False), cost_usd(bill, shared=True)
    findings = [
        *power_findings(generation, rack, catalogue, path),
        *cooling_findings(generation, rack, catalogue, loop),
        *block_findings(generation, rack, catalogue, block),
        *network_findings(generation, rack, catalogue, network, cluster_from),
        *counted,
        *layout_findings(generation, rack, layout),
        *bill_findings(generation, rack, in_rack_usd),
    ]
    design = RackDesign(
        generation=generation,
        name=rack.name or generation,
        power_w=path.power_w,
        dc_power_w=path.dc_power_w,
        liquid_heat_w=path.liquid_w,
        air_heat_w=path.air_w,
        shared_power_w=network.switch_power_w + network.optic_power_w + network.others_power_w + loop.pump_power_w,
        cost_usd=in_rack_usd,
        shared_cost_usd=shared_usd,
        cost_with_shared_usd=in_rack_usd + shared_usd,
        mass_kg=layout.mass_kg,
        floor_load_kg_m2=layout.floor_load_kg_m2,
        height_ru=layout.height_ru,
        accelerators=accelerators_of(pieces),
        flow_m3_s=loop.flow_m3_s,
        supply_k=loop.supply_k,
        return_k=loop.return_k,
        shelves=path.shelves,
        block_racks=rack.block.racks,
        cdus_per_block=loop.cdus_per_block,
        leaf_per_block=network.leaf_per_block,
        cluster_racks=cluster,
        trays={name: tray.count for name, tray in rack.trays.items()},
        families=families_of(bill),
        bill=bill,
        power=path,
        loop=loop,
        block=block,
        network=network,
        layout=layout,
        findings_failed=sum(item.outcome == "failed" for item in findings),
    )
    return design, findings


def _headlines(trails: Iterable[Trace]) -> Iterator[Headline]:
    """The traces whose key is a declared headline."""
    declared = {name.rsplit(".", 1)[-1]: definition for name, _, definition in specs.HEADLINES}
    for trail in trails:
        definition = declared.get(trail.key.rsplit(".", 1)[-1])
        if definition is not None:
            yield Headline(trail.key, trail.value, trail.unit, definition, trail.inputs)


def _tables(designs: list[RackDesign], racks: Mapping[str, Rack]) -> Iterator[Table]:
    def table(spec: TableSpec, rows: Iterable[tuple[Any, ...]]) -> Table:
        return spec.table(list(rows))

    yield table(specs.RACK_SUMMARY, (_summary_row(design, racks[design.generation]) for design in designs))
    yield table(
        specs.RACK_POWER,
        (
            (d.generation, x.path, x.what, float(x.count), x.unit_w, x.power_w, x.liquid_w, x.air_w, x.adds)
            for d in designs
            for x in d.power.lines
        ),
    )
    yield table(specs.RACK_FEED, (_feed_row(design.generation, design.power) for design in designs))
    yield table(
        specs.RACK_BUSBAR,
        (
            (d.generation, number, x.load, x.distance_m, x.power_w, x.voltage_v, x.current_a, x.bar_a, x.bar_k)
            for d in designs
            for number, x in enumerate(d.power.busbar, start=1)
        ),
    )
    yield table(specs.RACK_BACKUP, (row for design in designs for row in _backup_rows(design)))
    yield table(
        specs.RACK_GROWTH,
        (
            (d.generation, number, x.kind, x.factor, x.factor * d.power.load_w, x.element)
            for d in designs
            for number, x in enumerate(d.power.limits, start=1)
        ),
    )
    yield table(
        specs.RACK_COOLING,
        (
            (
                d.generation,
                x.path,
                x.plate,
                float(x.count),
                x.heat_w,
                x.least_m3_s,
                x.needed_m3_s,
                x.flow_m3_s,
                x.resistance_k_w,
                x.case_k,
                x.case_limit_k,
            )
            for d in designs
            for x in d.loop.plates
        ),
    )
    yield table(specs.RACK_LOOP, (_loop_row(design) for design in designs))
    blocks = [(design.generation, design.block) for design in designs if design.block is not None]
    yield table(specs.RACK_BLOCK_LOOP, (_block_loop_row(name, block) for name, block in blocks))
    yield table(specs.RACK_BRANCH, (_branch_row(name, x) for name, block in blocks for x in block.branches))
    yield table(
        specs.RACK_PIPING,
        ((name, x.what, x.diameter_m, x.velocity_m_s, x.drop_pa) for name, block in blocks for x in block.lines),
    )
    yield table(specs.RACK_NETWORK, (_network_row(design, racks[design.generation]) for design in designs))
    yield table(specs.RACK_BLOCK, (row for design in designs for row in _block_rows(design)))
    yield table(
        specs.RACK_BILL,
        (
            (
                d.generation,
                x.level,
                x.path,
                x.part,
                x.kind,
                x.family,
                float(x.count),
                x.unit_cost_usd,
                x.cost_usd,
                x.unit_mass_kg,
                x.shared,
            )
            for d in designs
            for x in d.bill
        ),
    )
    yield table(
        specs.RACK_LAYOUT,
        ((d.generation, x.position_ru, x.height_ru, x.what, x.name, x.number) for d in designs for x in d.layout.slots),
    )
    yield table(
        specs.RACK_MASS,
        (
            (
                d.generation,
                d.layout.height_ru,
                d.layout.frame_ru,
                d.layout.frame_mass_kg,
                d.layout.payload_kg,
                d.layout.payload_limit_kg,
                d.layout.mass_kg,
                d.layout.floor_load_kg_m2,
                racks[d.generation].floor_limit_kg_m2,
            )
            for d in designs
        ),
    )


def _summary_row(design: RackDesign, rack: Rack) -> tuple[Any, ...]:
    return (
        design.generation,
        design.accelerators,
        design.power_w,
        rack.declared.power_w,
        design.dc_power_w,
        design.liquid_heat_w,
        design.air_heat_w,
        design.shared_power_w,
        float(design.shelves),
        design.flow_m3_s,
        design.height_ru,
        design.mass_kg,
        design.cost_usd,
        design.cost_with_shared_usd,
        rack.quote_usd,
        design.findings_failed,
    )


def _feed_row(generation: str, path: PowerPath) -> tuple[Any, ...]:
    return (
        generation,
        path.architecture,
        path.redundancy,
        path.shelf,
        float(path.shelves_needed),
        float(path.shelves),
        path.load_share,
        path.efficiency,
        path.load_share_after_loss,
        path.shelf_v,
        path.lowest_v,
        path.busbar_current_a,
        path.busbar_loss_w,
        path.shelf_current_a,
        path.cord_current_a,
        path.cord_current_after_loss_a,
    )


def _backup_rows(design: RackDesign) -> Iterator[tuple[Any, ...]]:
    backup, dc_w = design.power.backup, design.power.dc_power_w
    if backup.battery:
        seconds = backup.carried_s or 0.0
        yield (
            design.generation,
            "battery",
            backup.battery,
            backup.batteries,
            dc_w,
            seconds * dc_w,
            seconds,
            backup.charge_w,
        )
    if backup.store:
        seconds = backup.store_j / dc_w if dc_w else 0.0
        yield design.generation, "store", backup.store, backup.stores, backup.store_w, backup.store_j, seconds, 0.0


def _loop_row(design: RackDesign) -> tuple[Any, ...]:
    loop = design.loop
    return (
        design.generation,
        loop.coolant,
        loop.liquid_heat_w,
        loop.supply_k,
        loop.return_k,
        loop.return_limit_k,
        loop.branch_flow_m3_s,
        loop.return_flow_m3_s,
        loop.flow_m3_s,
        loop.set_by,
        loop.drop_pa,
        loop.head_pa,
        loop.cdu,
        float(design.block_racks),
        float(loop.cdus_needed),
        float(loop.cdus_per_block),
        loop.facility_supply_k,
        loop.pump_power_w,
    )


def _block_loop_row(generation: str, block: BlockLoop) -> tuple[Any, ...]:
    return (
        generation,
        float(block.racks),
        float(block.cdus),
        block.speed,
        block.wanted_m3_s,
        block.rack_least_m3_s,
        block.rack_most_m3_s,
        block.header_pa,
        block.supply_k,
        block.return_k,
        block.heat_w,
        block.pump_w,
        block.closure_share,
        block.dead_head_pa,
        block.lost_flow_m3_s,
        block.lost_supply_k,
        block.lost_margin_k,
    )


def _branch_row(generation: str, branch: Branch) -> tuple[Any, ...]:
    return (
        generation,
        branch.tray,
        branch.chip,
        float(branch.per_rack),
        branch.wanted_m3_s,
        branch.least_m3_s,
        branch.most_m3_s,
        branch.coupling_pa,
        branch.plates_pa,
        branch.inlet_k,
        branch.case_k,
        branch.limit_k,
        float(branch.rack),
    )


def _network_row(design: RackDesign, rack: Rack) -> tuple[Any, ...]:
    network, fabric = design.network, design.network.fabric
    built = fabric.leaf_down / fabric.leaf_up if fabric.leaf_up else 0.0
    return (
        design.generation,
        float(network.cluster_racks),
        float(network.adapters),
        fabric.planes,
        network.link_bit_s,
        network.switch,
        float(fabric.ports),
        fabric.tiers,
        float(network.leaf_per_block),
        float(network.leaves),
        float(network.spines),
        float(network.cores),
        float(network.links),
        float(network.optics),
        built,
        network.adapters_bit_s,
        network.delivered_bit_s,
        rack.declared.scale_out_bit_s,
    )


def _block_rows(design: RackDesign) -> Iterator[tuple[Any, ...]]:
    """Shared lines of the bill with their power; the switches' power goes by their number."""
    network = design.network
    own = {f"network.{tier}" for tier in ("leaf", "spine", "core")}
    switches = sum(line.count for line in design.bill if line.path in own)
    beside_w = {f"network.fabrics.{one.name}.switch": one.switch_power_w for one in network.others}
    beside_w |= {f"network.fabrics.{one.name}.optic": one.optic_power_w for one in network.others}
    module_w = {one.name: one.unit_power_w for one in network.modules}
    for line in design.bill:
        if line.shared:
            power_w = {
                "cdus": design.loop.pump_power_w,
                "optics": network.optic_power_w,
                "switches": network.switch_power_w * line.count / switches if switches else 0.0,
                "modules": module_w.get(line.part, 0.0) * line.count,
                "media": 0.0,
            }[line.kind]
            power_w = beside_w.get(line.path, power_w)
            what = " ".join(line.path.split(".")[2:]) if line.path in beside_w else line.path.rsplit(".", 1)[-1]
            yield design.generation, what, line.part, float(line.count), line.cost_usd, power_w
