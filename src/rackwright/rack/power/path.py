"""The power path of a rack: parts -> trays -> busbar -> shelves -> AC feeds, each loss counted once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rackwright.physics import conductors, machines
from rackwright.program.sections.parts import Busbar, Catalogue, Shelf
from rackwright.program.sections.rack import Rack
from rackwright.rack.layout import tray_order
from rackwright.rack.pieces import Piece
from rackwright.tables import Finding, finding, not_modelled

#: Rounds in which more shelves can be found to be needed because of the busbar's own loss; two are usual.
MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class PowerLine:
    """One line of the ledger. Lines that `adds` sum up to the AC power; the others are subtotals."""

    path: str
    what: str
    count: float
    unit_w: float
    power_w: float
    liquid_w: float
    air_w: float
    adds: bool


@dataclass(frozen=True, slots=True)
class BusbarNode:
    """What hangs on the busbar at one place, from the shelves' end outward."""

    load: str
    distance_m: float
    power_w: float
    voltage_v: float
    current_a: float


@dataclass(frozen=True, slots=True)
class PowerPath:
    """The power of a rack from its parts to its AC input."""

    lines: tuple[PowerLine, ...]
    busbar: tuple[BusbarNode, ...]
    #: What trays and components draw from the busbar.
    load_w: float
    busbar_loss_w: float
    dc_power_w: float
    conversion_loss_w: float
    power_w: float
    liquid_w: float
    air_w: float
    architecture: str
    redundancy: str
    feeds: int
    feed_v: float
    shelf: str
    shelves_needed: int
    shelves: int
    shelf_rating_w: float
    load_share: float
    efficiency: float
    shelf_v: float
    lowest_v: float
    busbar_current_a: float
    shelf_current_a: float
    cord_current_a: float
    #: After the loss that the redundancy covers (a shelf for N+1, a feed for N+N); the same as above for N.
    shelves_after_loss: int
    load_share_after_loss: float
    shelf_current_after_loss_a: float
    cord_current_after_loss_a: float
    #: Every tray gets its power: no voltage collapse on the busbar.
    carried: bool


def power_path(rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...]) -> PowerPath:
    """Work out the power path at the declared design load.

    Parts draw their nameplate power times `design_load_share`. Trays hang on the busbar in the layout's order,
    equally spaced, fed from the foot where the shelves stand together: the worst place, a feed from both ends
    would lose a quarter. All shelves share the load; efficiency is read at that share, all shelves working. After
    a loss the DC power is taken as before (the busbar's voltage moves by tenths of a volt).
    """
    shelf, busbar = catalogue.shelves[rack.power.shelf], catalogue.busbars[rack.power.busbar]
    lines = _load_lines(rack, pieces)
    load_w = math.fsum(line.power_w for line in lines if line.adds)
    nodes, shelf_v, solved, needed = _busbar(rack, shelf, busbar, pieces, load_w)
    dc_power_w = load_w + solved.loss_w
    installed = machines.pieces_with_spares(needed, rack.power.redundancy)
    rating_w = shelf.psu_w * shelf.psu_count
    load_share = dc_power_w / (installed * rating_w) if installed else 0.0
    efficiency = _efficiency(shelf, load_share)
    power_w = dc_power_w / efficiency
    left = shelves_left(installed, rack.power.redundancy, rack.power.feeds)
    share_left = dc_power_w / (left * rating_w) if left else 0.0
    power_left_w = dc_power_w / _efficiency(shelf, share_left)
    lines += _loss_lines(busbar, shelf, load_w, solved.loss_w, dc_power_w, power_w, installed)

    def cord_a(input_w: float, shelves: int) -> float:
        cords = shelves * rack.power.cords_per_shelf
        current_a = conductors.three_phase_current_a(input_w, rack.power.feed_v, rack.power.power_factor)
        return current_a / cords if cords else 0.0

    return PowerPath(
        lines=tuple(lines),
        busbar=nodes,
        load_w=load_w,
        busbar_loss_w=solved.loss_w,
        dc_power_w=dc_power_w,
        conversion_loss_w=power_w - dc_power_w,
        power_w=power_w,
        liquid_w=math.fsum(line.liquid_w for line in lines if line.adds),
        air_w=math.fsum(line.air_w for line in lines if line.adds),
        architecture=rack.power.architecture,
        redundancy=rack.power.redundancy,
        feeds=rack.power.feeds,
        feed_v=rack.power.feed_v,
        shelf=rack.power.shelf,
        shelves_needed=needed,
        shelves=installed,
        shelf_rating_w=rating_w,
        load_share=load_share,
        efficiency=efficiency,
        shelf_v=shelf_v,
        lowest_v=float(solved.voltage_v.min()) if len(solved.voltage_v) else shelf_v,
        busbar_current_a=solved.source_current_a,
        shelf_current_a=solved.source_current_a / installed if installed else 0.0,
        cord_current_a=cord_a(power_w, installed),
        shelves_after_loss=left,
        load_share_after_loss=share_left,
        shelf_current_after_loss_a=solved.source_current_a / left if left else 0.0,
        cord_current_after_loss_a=cord_a(power_left_w, left),
        carried=solved.carried,
    )


def shelves_left(installed: int, redundancy: str, feeds: int) -> int:
    """Shelves that work after the loss which the redundancy is meant to cover.

    N covers none; N+1 the loss of one shelf (a power supply in it is less); N+N the loss of one feed with the
    shelves on it, spread evenly over the feeds.

    >>> shelves_left(8, "N+N", 2), shelves_left(5, "N+1", 2), shelves_left(4, "N", 2), shelves_left(8, "N+N", 1)
    (4, 4, 4, 0)
    """
    if redundancy == "N+1":
        return max(installed - 1, 0)
    if redundancy == "N+N":
        return installed - math.ceil(installed / feeds)
    return installed


def _efficiency(shelf: Shelf, load_share: float) -> float:
    points = shelf.efficiency
    return machines.efficiency_at(
        load_share, [point.load_share for point in points], [point.efficiency for point in points]
    )


def _load_lines(rack: Rack, pieces: tuple[Piece, ...]) -> list[PowerLine]:
    lines: list[PowerLine] = []
    for name, tray in rack.trays.items():
        of_tray = [_piece_line(rack, piece) for piece in pieces if piece.tray == name]
        if tray.other_power_w:
            unit_w = tray.other_power_w * rack.design_load_share
            power_w = unit_w * tray.count
            of_tray.append(PowerLine(f"trays.{name}.other", "other", tray.count, unit_w, power_w, 0.0, power_w, True))
        lines += of_tray
        lines.append(_sum_line(f"trays.{name}", "tray", tray.count, of_tray))
    outside = [_piece_line(rack, piece) for piece in pieces if not piece.tray]
    lines += [line for line in outside if line.power_w]
    return lines


def _piece_line(rack: Rack, piece: Piece) -> PowerLine:
    unit_w = piece.part.power_w * rack.design_load_share
    power_w = unit_w * piece.count
    liquid_w = power_w * piece.part.liquid_share
    return PowerLine(piece.path, "part", piece.count, unit_w, power_w, liquid_w, power_w - liquid_w, True)


def _sum_line(path: str, what: str, count: float, lines: list[PowerLine]) -> PowerLine:
    power_w = math.fsum(line.power_w for line in lines)
    liquid_w = math.fsum(line.liquid_w for line in lines)
    air_w = math.fsum(line.air_w for line in lines)
    return PowerLine(path, what, count, power_w / count if count else 0.0, power_w, liquid_w, air_w, False)


def _loss_lines(
    busbar: Busbar, shelf: Shelf, load_w: float, bar_w: float, dc_w: float, input_w: float, shelves: int
) -> list[PowerLine]:
    def loss(path: str, what: str, count: float, power_w: float, liquid_share: float) -> PowerLine:
        unit_w, liquid_w = (power_w / count if count else 0.0), power_w * liquid_share
        return PowerLine(path, what, count, unit_w, power_w, liquid_w, power_w - liquid_w, True)

    def subtotal(path: str, what: str, power_w: float) -> PowerLine:
        return PowerLine(path, what, 1, power_w, power_w, 0.0, 0.0, False)

    return [
        subtotal("load", "trays and components", load_w),
        loss("power.busbar", "busbar loss", 1, bar_w, busbar.liquid_share),
        subtotal("dc", "DC power of the shelves", dc_w),
        loss("power.shelf", "conversion loss", shelves, input_w - dc_w, shelf.liquid_share),
        subtotal("input", "AC power at the input", input_w),
    ]


def _busbar(
    rack: Rack, shelf: Shelf, busbar: Busbar, pieces: tuple[Piece, ...], load_w: float
) -> tuple[tuple[BusbarNode, ...], float, conductors.Ladder, int]:
    """The solved busbar, with as many shelves as its own loss calls for: more are taken until they carry it."""
    names, loads_w = _busbar_loads(rack, pieces)
    bar_ohm = conductors.bar_resistance_ohm(busbar.conductor, busbar.length_m, busbar.section_m2, busbar.temperature_k)
    rating_w = shelf.psu_w * shelf.psu_count
    needed = machines.pieces_needed(load_w, rating_w)
    dc_w = load_w
    shelf_v, solved = shelf.output_v, conductors.ladder(loads_w, shelf.output_v, 0.0, 0.0)
    for _ in range(MOST_ROUNDS):
        for _ in range(MOST_ROUNDS):
            installed = machines.pieces_with_spares(needed, rack.power.redundancy)
            share = min(dc_w / (installed * rating_w), 1.0) if installed else 0.0
            shelf_v = max(shelf.output_v - shelf.droop_v * share, shelf.output_v / 2)
            solved = conductors.ladder(loads_w, shelf_v, 2 * bar_ohm, busbar.joint_ohm, rack.power.tray_least_v)
            settled = abs(load_w + solved.loss_w - dc_w) <= 1e-12 * load_w
            dc_w = load_w + solved.loss_w
            if settled:
                break
        more = machines.pieces_needed(dc_w, rating_w)
        if more <= needed:
            break
        needed = more
    spacing_m = busbar.length_m / len(names) if names else 0.0
    nodes = tuple(
        BusbarNode(name, spacing_m * (number + 1), float(power_w), float(voltage_v), float(current_a))
        for number, (name, power_w, voltage_v, current_a) in enumerate(
            zip(names, loads_w, solved.voltage_v, solved.current_a, strict=True)
        )
    )
    return nodes, shelf_v, solved, needed


def _busbar_loads(
    rack: Rack, pieces: tuple[Piece, ...]
) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Names and power of what hangs on the busbar: trays in the layout's order, then powered components together."""
    tray_w = {
        name: rack.design_load_share
        * (tray.other_power_w + math.fsum(p.part.power_w * p.per_tray for p in pieces if p.tray == name))
        for name, tray in rack.trays.items()
    }
    names = list(tray_order(rack, pieces))
    loads = [tray_w[name] for name in names]
    for piece in pieces:
        if not piece.tray and piece.part.power_w and piece.count:
            names.append(piece.name)
            loads.append(rack.design_load_share * piece.part.power_w * piece.count)
    return names, np.array(loads, dtype=np.float64)


def power_findings(generation: str, rack: Rack, catalogue: Catalogue, path: PowerPath) -> list[Finding]:
    """Every check of the power path; a check whose limit nobody stated says so."""
    shelf, busbar = catalogue.shelves[rack.power.shelf], catalogue.busbars[rack.power.busbar]
    here, shelf_path = f"rack.{generation}.power", f"catalogue.shelves.{rack.power.shelf}"
    after = {"N": "no loss is covered", "N+1": "after the loss of one shelf", "N+N": "after the loss of one feed"}
    lost = after[path.redundancy]
    cord_limit_a = rack.power.cord_a * rack.power.continuous_share
    found = [
        _closure(generation, path),
        finding(
            "rack.power.tray_voltage",
            generation,
            path.lowest_v if path.carried else 0.0,
            rack.power.tray_least_v,
            "V",
            standing="user",
            source=f"{here}.tray_least",
            at_least=True,
            text="lowest voltage at a tray, at the far end of the busbar"
            if path.carried
            else "the busbar cannot carry the trays' power: the voltage collapses below the least",
        ),
        finding(
            "rack.power.cord_current",
            generation,
            path.cord_current_a,
            cord_limit_a,
            "A",
            standing="user",
            source=f"{here}.cord",
            text="current per cord, all shelves working, against its continuous rating",
        ),
        finding(
            "rack.power.shelf_load",
            generation,
            path.load_share,
            1.0,
            "",
            standing="user",
            source=shelf_path,
            text="load of each shelf as a share of its rating, all shelves working",
        ),
        finding(
            "rack.power.declared",
            generation,
            path.power_w,
            rack.declared.power_w,
            "W",
            standing="user",
            source=f"rack.{generation}.declared.power",
            severity="warning",
            text=f"computed AC power against the declared ({path.power_w / rack.declared.power_w - 1:+.1%})"
            if rack.declared.power_w
            else "computed AC power against the declared",
        ),
    ]
    if path.redundancy != "N":
        found += [
            finding(
                "rack.power.cord_after_loss",
                generation,
                path.cord_current_after_loss_a,
                cord_limit_a,
                "A",
                standing="user",
                source=f"{here}.cord",
                text=f"current per cord {lost}, against its continuous rating",
            ),
            finding(
                "rack.power.shelves_after_loss",
                generation,
                path.shelves_after_loss,
                path.shelves_needed,
                "",
                standing="user",
                source=f"{here}.redundancy",
                at_least=True,
                text=f"shelves that work {lost}, against those that carry the rack",
            ),
        ]
    if path.redundancy == "N+N":
        found.append(
            finding(
                "rack.power.feeds",
                generation,
                path.feeds,
                2,
                "",
                standing="user",
                source=f"{here}.feeds",
                at_least=True,
                text="N+N needs two feeds of which each carries all",
            )
        )
    found += _current_findings(generation, path, shelf, busbar, f"catalogue.busbars.{rack.power.busbar}", shelf_path)
    found.append(
        not_modelled(
            "rack.power.transients",
            generation,
            "load steps, ride-through, storage, short circuit and protection are not computed; the path is steady",
        )
    )
    return found


def _closure(generation: str, path: PowerPath) -> Finding:
    counted_w = math.fsum(line.power_w for line in path.lines if line.adds)
    heat_w = path.liquid_w + path.air_w
    residual = max(abs(counted_w - path.power_w), abs(heat_w - path.power_w)) / max(path.power_w, 1.0)
    return finding(
        "rack.power.ledger",
        generation,
        residual,
        1e-9,
        "",
        standing="standard",
        source="conservation of energy",
        text="parts and losses against the AC power, and heat to liquid and air against it: the largest gap as a share",
    )


def _current_findings(
    generation: str, path: PowerPath, shelf: Shelf, busbar: Busbar, busbar_path: str, shelf_path: str
) -> list[Finding]:
    found: list[Finding] = []
    if shelf.connector_a is None:
        text = "no rating of the shelf's output connector is stated"
        found.append(not_modelled("rack.power.connector_current", generation, text, shelf_path))
    else:
        worst_a = max(path.shelf_current_a, path.shelf_current_after_loss_a)
        found.append(
            finding(
                "rack.power.connector_current",
                generation,
                worst_a,
                shelf.connector_a,
                "A",
                standing="user",
                source=f"{shelf_path}.connector",
                text="current of a shelf's output connector, after the covered loss",
            )
        )
    if busbar.rating_a is None:
        text = "no rating of the busbar is stated"
        found.append(not_modelled("rack.power.busbar_current", generation, text, busbar_path))
    else:
        found.append(
            finding(
                "rack.power.busbar_current",
                generation,
                path.busbar_current_a,
                busbar.rating_a,
                "A",
                standing="user",
                source=f"{busbar_path}.rating",
                text="current at the foot of the busbar",
            )
        )
    return found
