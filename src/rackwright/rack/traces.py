"""How each number of a rack came about: formula in words, and the program paths and numbers that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rackwright.program.fields import Section
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import OtherFabric, Rack
from rackwright.rack.pieces import Piece, adapters_of, is_role, pieces_of, written
from rackwright.tables import Trace

if TYPE_CHECKING:
    from rackwright.rack.design import RackDesign
    from rackwright.rack.network import ScaleOut

#: Figures of a medium that its choice, count and price rest on.
_OF_MEDIUM = ("modules", "ends", "forms", "reach_m", "stock", "cost_usd", "cost_usd_m", "box_usd", "end_power_w")


class _Paths:
    """The program paths of one rack and of its parts."""

    def __init__(self, generation: str, rack: Rack, catalogue: Catalogue) -> None:
        self.here = f"rack.{generation}"
        self.rack, self.catalogue = rack, catalogue
        self.pieces = pieces_of(rack, catalogue)

    def part(self, kind: str, name: str, *attributes: str) -> tuple[str, ...]:
        section: Section = getattr(self.catalogue, kind)[name]
        return written(section, f"catalogue.{kind}.{name}", *attributes)

    def of_rack(self, section: str, *attributes: str) -> tuple[str, ...]:
        return written(getattr(self.rack, section), f"{self.here}.{section}", *attributes)

    def counts(self, pieces: tuple[Piece, ...]) -> tuple[str, ...]:
        """Counts of pieces in their trays, and of those trays."""
        trays = dict.fromkeys(f"{self.here}.trays.{piece.tray}.count" for piece in pieces if piece.tray)
        return (*trays, *(f"{self.here}.{piece.count_path}" for piece in pieces))

    def shape(self) -> tuple[str, ...]:
        """What is given of a direct topology's shape; empty for a folded Clos."""
        network = self.rack.network
        name = {"dragonfly+": "dragonfly", "torus": "torus", "circuits": "circuits"}.get(network.topology, "")
        section = getattr(network, name, None)
        if not isinstance(section, Section):
            return ()
        return written(section, f"{self.here}.network.{name}", *type(section).model_fields)

    def beside(self, network: ScaleOut, attribute: str) -> tuple[str, ...]:
        """What the fabrics beside the scale-out one rest on: their shape, and an attribute of their parts."""
        asked = self.rack.network.fabrics
        return _once(
            path
            for one in network.others
            for path in (
                *written(asked[one.name], f"{self.here}.network.fabrics.{one.name}", *OtherFabric.model_fields),
                *self.part("switches", one.switch, attribute, "ports", "rate_bit_s", "ports_most"),
                *(self.part("optics", one.optic, attribute, "rate_bit_s") if one.optic else ()),
            )
        )

    def laid(self, network: ScaleOut) -> tuple[str, ...]:
        """Figures that modules and cables counted by port rest on; empty where they are counted by rate."""
        if not network.modules:
            return ()
        floor = self.rack.network.floor
        own = [one.name for one in network.modules if one.name in self.catalogue.modules]
        return (
            *self.of_rack("network", "counted", "adapter_cage", "switch_cage"),
            *written(floor, f"{self.here}.network.floor", *type(floor).model_fields),
            *(path for name in own for path in self.part("modules", name, "cage", "power_w", "cost_usd")),
            *(path for one in network.cables for path in self.part("media", one.name, *_OF_MEDIUM)),
        )

    def parts(self, pieces: tuple[Piece, ...], *attributes: str) -> tuple[str, ...]:
        return _once(path for piece in pieces for path in self.part(piece.kind, piece.name, *attributes))

    def trays(self, *attributes: str) -> tuple[str, ...]:
        return tuple(
            path
            for name, tray in self.rack.trays.items()
            for path in written(tray, f"{self.here}.trays.{name}", *attributes)
        )


def traces_of(design: RackDesign, rack: Rack, catalogue: Catalogue, *, from_demand: bool) -> list[Trace]:
    """Traces of a design; every headline is the last of its tree."""
    paths = _Paths(design.generation, rack, catalogue)
    return [
        *_power_traces(design, paths),
        *_cooling_traces(design, paths),
        *_network_traces(design, paths, from_demand),
        *_layout_traces(design, paths),
        *_cost_traces(design, paths),
        _findings_trace(design, paths),
    ]


def _once(paths: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths))


def _power_traces(design: RackDesign, paths: _Paths) -> Iterator[Trace]:
    rack, power, here = paths.rack, design.power, paths.here
    drawing = tuple(piece for piece in paths.pieces if piece.part.power_w)
    with_other = {name for name, tray in rack.trays.items() if tray.other_power_w}
    tray_counts = tuple(f"{here}.trays.{name}.count" for name in with_other)
    load = (
        f"{here}.design_load",
        *_once(iter((*paths.counts(drawing), *tray_counts))),
        *paths.parts(paths.pieces, "power_w"),
        *paths.trays("other_power_w"),
    )
    shelf, bar = rack.power.shelf, rack.power.busbar
    ratings = (*paths.of_rack("power", "shelf"), *paths.part("shelves", shelf, "psu_w", "psu_count"))
    bar_paths = (
        *paths.of_rack("power", "busbar"),
        *paths.part("busbars", bar, "length_m", "section_m2", "joint_ohm", "tap_ohm", "conductor"),
        *paths.part("busbars", bar, "temperature_k", "rating_a", "rise_k", "ambient_k"),
        *paths.part("shelves", shelf, "output_v", "droop_v"),
    )
    yield Trace(
        f"{here}.load_w",
        power.load_w,
        "W",
        "sum over trays and components of count x nameplate power, times the design load share",
        load,
    )
    yield Trace(
        f"{here}.busbar_loss_w",
        power.busbar_loss_w,
        "W",
        "square of the current times resistance, summed along the busbar, its joints and the trays' taps",
        (f"{here}.load_w", *bar_paths),
    )
    yield Trace(
        f"{here}.dc_power_w",
        power.dc_power_w,
        "W",
        "load plus busbar loss",
        (f"{here}.load_w", f"{here}.busbar_loss_w"),
    )
    yield Trace(
        f"{here}.shelves",
        float(power.shelves),
        "",
        "DC power over a shelf's rating, rounded up, then one more for N+1 or twice as many for N+N",
        (f"{here}.dc_power_w", *ratings, *paths.of_rack("power", "redundancy")),
    )
    yield Trace(
        f"{here}.power_w",
        power.power_w,
        "W",
        "DC power over the shelves' efficiency at their share of rated load, all shelves working",
        (f"{here}.dc_power_w", f"{here}.shelves", *ratings, f"catalogue.shelves.{shelf}.efficiency.*"),
    )


def _cooling_traces(design: RackDesign, paths: _Paths) -> Iterator[Trace]:
    rack, loop, here = paths.rack, design.loop, paths.here
    drawing = tuple(piece for piece in paths.pieces if piece.part.power_w)
    shelf, bar = rack.power.shelf, rack.power.busbar
    yield Trace(
        f"{here}.liquid_heat_w",
        loop.liquid_heat_w,
        "W",
        "sum of power times liquid share over parts and losses",
        (
            f"{here}.load_w",
            f"{here}.busbar_loss_w",
            f"{here}.power_w",
            *paths.parts(drawing, "liquid_share"),
            *paths.part("shelves", shelf, "liquid_share"),
            *paths.part("busbars", bar, "liquid_share"),
        ),
    )
    yield Trace(
        f"{here}.air_heat_w",
        loop.air_heat_w,
        "W",
        "AC power less the heat to the liquid",
        (f"{here}.power_w", f"{here}.liquid_heat_w"),
    )
    coolant = (*paths.of_rack("cooling", "coolant"), f"catalogue.fluids.{loop.coolant}.rows.*")
    yield Trace(
        f"{here}.flow_m3_s", loop.flow_m3_s, "m**3/s", _flow_formula(loop.set_by), _flow_inputs(paths, loop.set_by)
    )
    yield Trace(
        f"{here}.return_k",
        loop.return_k,
        "K",
        "supply plus heat over density, heat capacity and flow",
        (f"{here}.liquid_heat_w", f"{here}.flow_m3_s", *paths.of_rack("cooling", "supply_k"), *coolant),
    )
    yield Trace(
        f"{here}.cdus_per_block",
        float(loop.cdus_per_block),
        "",
        "block's heat over capacity, or its flow over the CDU's most, the larger, rounded up, with redundancy",
        (
            f"{here}.liquid_heat_w",
            f"{here}.flow_m3_s",
            *paths.of_rack("block", "racks"),
            *paths.of_rack("cooling", "cdu", "redundancy"),
            *paths.part("cdus", loop.cdu, "capacity_w", "flow_most_m3_s"),
        ),
    )


def _flow_formula(set_by: str) -> str:
    if set_by == "given":
        return "as the program gives it"
    return f"the larger of the plates' sum and of what the return limit asks for; set by: {set_by}"


def _flow_inputs(paths: _Paths, set_by: str) -> tuple[str, ...]:
    here = paths.here
    if set_by == "given":
        return paths.of_rack("cooling", "flow_m3_s")
    plated = tuple(piece for piece in paths.pieces if getattr(piece.part, "plate", None))
    plates = dict.fromkeys(str(getattr(piece.part, "plate", "")) for piece in plated)
    plate_paths = tuple(
        path
        for name in plates
        for path in (
            f"catalogue.plates.{name}.curve.*",
            *paths.part("plates", name, "area_ratio", "flow_least_m3_s", "flow_most_m3_s"),
        )
    )
    return (
        *paths.of_rack("cooling", "supply_k", "return_limit_k", "coolant"),
        f"catalogue.fluids.{paths.rack.cooling.coolant}.rows.*",
        f"{here}.liquid_heat_w",
        f"{here}.design_load",
        *paths.counts(plated),
        *paths.parts(plated, "power_w", "liquid_share", "case_limit_k", "junction_k_w", "junction_limit_k", "plate"),
        *plate_paths,
    )


def _network_traces(design: RackDesign, paths: _Paths, from_demand: bool) -> Iterator[Trace]:
    rack, network, here = paths.rack, design.network, paths.here
    adapters = adapters_of(paths.pieces)
    if from_demand:
        cluster: tuple[str, ...] = (f"demand.cluster_racks.{design.generation}",)
    else:
        cluster = paths.of_rack("network", "racks_per_cluster") if rack.network.racks_per_cluster else ()
    yield Trace(
        f"{here}.fabric_switches",
        float(network.leaves + network.spines + network.cores),
        "",
        f"leaves, spines and cores ({network.fabric.topology}) over the cluster's adapters, all planes"
        if network.fabric.topology != "circuits"
        else "leaves that circuits join over the cluster's adapters, all planes",
        (
            *cluster,
            *paths.of_rack("block", "racks"),
            *paths.counts(adapters),
            *paths.parts(adapters, "rate_bit_s"),
            *paths.of_rack(
                "network",
                "topology",
                "dual_tor",
                "rails",
                "planes",
                "switch",
                "oversubscription",
                "spine_oversubscription",
            ),
            *paths.shape(),
            *paths.part("switches", network.switch, "ports", "rate_bit_s", "ports_most"),
        ),
    )
    yield Trace(
        f"{here}.fabric_optics",
        float(network.optics),
        "",
        "modules of the cheapest media that reach, one to a used cage of the cluster laid on its floor"
        if network.modules
        else "modules at both ends of every link, whole cages at switches",
        (
            f"{here}.fabric_switches",
            *paths.of_rack("network", "optic"),
            *paths.part("optics", network.optic, "rate_bit_s"),
            *paths.part("switches", network.switch, "ports_per_cage"),
            *paths.laid(network),
        ),
    )
    accelerators = tuple(piece for piece in paths.pieces if is_role(piece, "accelerator"))
    yield Trace(
        f"{here}.delivered_bit_s",
        network.delivered_bit_s,
        "bit/s",
        "adapters' rate per accelerator times uplinks over downlinks of the fullest leaf, at most 1"
        if network.fabric.carried is None
        else "adapters' rate per accelerator times what all to all gets of it over minimal paths",
        (f"{here}.fabric_switches", *paths.counts(accelerators)),
    )
    yield Trace(
        f"{here}.shared_power_w",
        design.shared_power_w,
        "W",
        "power of switches, optics and running CDUs, per rack of the cluster or block",
        (
            f"{here}.fabric_switches",
            f"{here}.fabric_optics",
            f"{here}.cdus_per_block",
            *cluster,
            *paths.of_rack("block", "racks"),
            *paths.part("switches", network.switch, "power_w"),
            *paths.part("optics", network.optic, "power_w"),
            *paths.beside(network, "power_w"),
            *paths.part("cdus", rack.cooling.cdu, "power_w"),
        ),
    )


def _layout_traces(design: RackDesign, paths: _Paths) -> Iterator[Trace]:
    rack, here = paths.rack, paths.here
    shelf, bar = rack.power.shelf, rack.power.busbar
    inside = rack.power.shelves_in == "rack"
    yield Trace(
        f"{here}.mass_kg",
        design.mass_kg,
        "kg",
        "frame, trays, parts, components, shelves in the rack and busbar",
        (
            f"{here}.frame",
            *paths.part("frames", rack.frame, "mass_kg"),
            *paths.trays("count", "mass_kg"),
            *(f"{here}.{piece.count_path}" for piece in paths.pieces if piece.part.mass_kg),
            *paths.parts(paths.pieces, "mass_kg"),
            *paths.part("busbars", bar, "mass_kg"),
            *((f"{here}.shelves", *paths.part("shelves", shelf, "mass_kg")) if inside else ()),
        ),
    )
    yield Trace(
        f"{here}.height_ru",
        design.height_ru,
        "RU",
        "rack units of trays and of the shelves in the rack",
        (
            *paths.trays("count", "height_ru"),
            *((f"{here}.shelves", *paths.part("shelves", shelf, "height_ru")) if inside else ()),
        ),
    )


def _cost_traces(design: RackDesign, paths: _Paths) -> Iterator[Trace]:
    rack, network, here = paths.rack, design.network, paths.here
    priced = tuple(piece for piece in paths.pieces if piece.part.cost_usd)
    shelf, bar, cdu = rack.power.shelf, rack.power.busbar, rack.cooling.cdu
    tray_counts = tuple(f"{here}.trays.{name}.count" for name, tray in rack.trays.items() if tray.cost_usd)
    yield Trace(
        f"{here}.cost_usd",
        design.cost_usd,
        "USD",
        "sum over the bill's lines in the rack of count x unit cost",
        (
            f"{here}.frame",
            *paths.part("frames", rack.frame, "cost_usd"),
            *_once(iter((*tray_counts, *paths.counts(priced)))),
            *paths.trays("cost_usd"),
            *paths.parts(paths.pieces, "cost_usd"),
            f"{here}.shelves",
            *paths.of_rack("power", "shelf", "busbar"),
            *paths.part("shelves", shelf, "cost_usd"),
            *paths.part("busbars", bar, "cost_usd"),
        ),
    )
    yield Trace(
        f"{here}.shared_cost_usd",
        design.shared_cost_usd,
        "USD",
        "CDUs over the block's racks, switches and optics over the cluster's racks, times unit cost",
        (
            f"{here}.cdus_per_block",
            f"{here}.fabric_switches",
            f"{here}.fabric_optics",
            *paths.of_rack("block", "racks"),
            *paths.part("cdus", cdu, "cost_usd"),
            *paths.part("switches", network.switch, "cost_usd"),
            *paths.part("optics", network.optic, "cost_usd"),
            *paths.beside(network, "cost_usd"),
        ),
    )
    yield Trace(
        f"{here}.cost_with_shared_usd",
        design.cost_with_shared_usd,
        "USD",
        "cost in the rack plus its share of the block",
        (f"{here}.cost_usd", f"{here}.shared_cost_usd"),
    )


def _findings_trace(design: RackDesign, paths: _Paths) -> Trace:
    rack, here = paths.rack, paths.here
    parts = _once(
        path
        for path in (
            *(f"{piece.catalogue_path}.*" for piece in paths.pieces),
            f"catalogue.shelves.{rack.power.shelf}.*",
            f"catalogue.busbars.{rack.power.busbar}.*",
            f"catalogue.fluids.{rack.cooling.coolant}.*",
            f"catalogue.cdus.{rack.cooling.cdu}.*",
            f"catalogue.couplings.{rack.cooling.piping.coupling}.*",
            f"catalogue.switches.{rack.network.switch}.*",
            f"catalogue.optics.{rack.network.optic}.*",
            f"catalogue.frames.{rack.frame}.*",
            *(f"catalogue.plates.{state.plate}.*" for state in design.loop.plates),
        )
    )
    return Trace(
        f"{here}.findings_failed",
        float(design.findings_failed),
        "",
        "count of the checks that failed",
        (f"{here}.*", *parts),
    )
