"""The power path of a rack: parts -> trays -> busbar -> shelves -> AC feeds, each loss counted once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rackwright.physics import conductors, machines
from rackwright.program.sections.parts import Busbar, Catalogue, Shelf
from rackwright.program.sections.rack import Rack
from rackwright.rack.pieces import Piece
from rackwright.rack.power.backup import Backup, backup_of
from rackwright.rack.power.bar import Bar, bar_of
from rackwright.rack.power.direct import DirectSolution, LoadLimit, load_limits, solve
from rackwright.rack.power.redundancy import LossStates, lose, single_losses
from rackwright.rack.power.supplies.shelf import ShelfCurve, curve_text, shelf_curve

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
    #: Current of the stretch of the bar that leads there, and the temperature that it takes by its own loss.
    bar_a: float | None
    bar_k: float | None


@dataclass(frozen=True, slots=True)
class AfterLoss:
    """The rack after one loss; voltage and currents are 0 where the supplies left cannot give what is asked."""

    kind: str
    name: str
    #: The redundancy claims to cover it.
    covered: bool
    carried: bool
    #: Power asked for over what the supplies that are left may give.
    asked_share: float
    lowest_v: float
    supply_share: float
    shelf_a: float
    bar_a: float
    tap_a: float
    cord_a: float


@dataclass(frozen=True, slots=True)
class PowerPath:
    """The power of a rack from its parts to its AC input."""

    lines: tuple[PowerLine, ...]
    busbar: tuple[BusbarNode, ...]
    #: What trays and components draw from the busbar.
    load_w: float
    #: Bar, joints and taps together; and of it the joints and the taps.
    busbar_loss_w: float
    joint_loss_w: float
    tap_loss_w: float
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
    #: What its curve is, and why its points are none where they are not a device's.
    curve: str
    curve_problem: str
    shelf_v: float
    lowest_v: float
    busbar_current_a: float
    #: Temperature of the bar's warmest stretch.
    busbar_k: float
    tap_current_a: float
    shelf_current_a: float
    cord_current_a: float
    #: After the loss that the redundancy covers (a shelf for N+1, a feed for N+N); the same as above for N.
    shelves_after_loss: int
    load_share_after_loss: float
    shelf_current_after_loss_a: float
    cord_current_after_loss_a: float
    #: No loss, then every feed, shelf and supply lost by itself.
    losses: tuple[AfterLoss, ...]
    #: How far all loads may grow together, the first limit to bind first; supplies held to their rating.
    limits: tuple[LoadLimit, ...]
    backup: Backup
    #: Every tray gets its power: no voltage collapse on the busbar.
    carried: bool


def power_path(rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...]) -> PowerPath:
    """Work out the power path at the declared design load.

    Parts draw their nameplate power times `design_load_share`. Trays hang on the busbar in the layout's order,
    equally spaced, fed from the foot where the shelves stand together: the worst place, a feed from both ends
    would lose a quarter. Supplies share by their droop; a shelf's efficiency is read at its own load.
    """
    shelf, busbar = catalogue.shelves[rack.power.shelf], catalogue.busbars[rack.power.busbar]
    lines = _load_lines(rack, pieces)
    load_w = math.fsum(line.power_w for line in lines if line.adds)
    bar, solved, needed = _busbar(rack, catalogue, shelf, pieces, load_w)
    bar_loss_w = float(solved.line_loss_w[0].sum())
    dc_power_w = load_w + bar_loss_w
    installed = machines.pieces_with_spares(needed, rack.power.redundancy)
    rating_w = shelf.psu_w * shelf.psu_count
    load_share = dc_power_w / (installed * rating_w) if installed else 0.0
    curve = shelf_curve(shelf)
    conversion_w = curve.bank_loss_w(dc_power_w, installed * shelf.psu_count)
    power_w = dc_power_w + conversion_w
    left = shelves_left(installed, rack.power.redundancy, rack.power.feeds)
    share_left = dc_power_w / (left * rating_w) if left else 0.0
    lines += _loss_lines(busbar, shelf, load_w, bar_loss_w, dc_power_w, power_w, installed)
    limited = bar_of(rack, catalogue, pieces, installed, limited=True)
    losses = after_losses(rack, limited, lose(limited, single_losses(limited), threads=1)) if installed else ()
    covered = [loss for loss in losses if loss.covered and loss.carried]
    voltage_v = solved.voltage_v[0]
    shelf_v = float(voltage_v[bar.network.node_number["foot"]])
    source_a = float(solved.source_a[0].sum())
    loaded_v = voltage_v[bar.network.load_w > 0]
    tap_a = bar.loads_w / voltage_v[bar.taps] if len(bar.taps) else np.zeros(1)
    cord_a = _cord_a(rack, shelf, curve, dc_power_w / installed if installed else 0.0)

    return PowerPath(
        lines=tuple(lines),
        busbar=_nodes(bar, solved),
        load_w=load_w,
        busbar_loss_w=bar_loss_w,
        joint_loss_w=float(
            sum(solved.line_loss_w[0, at] for at, line in enumerate(bar.network.lines) if line == "joints")
        ),
        tap_loss_w=float(solved.line_loss_w[0, bar.tap_lines].sum()),
        dc_power_w=dc_power_w,
        conversion_loss_w=conversion_w,
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
        efficiency=curve.efficiency(dc_power_w, installed * shelf.psu_count),
        curve=curve_text(curve),
        curve_problem=curve.problem,
        shelf_v=shelf_v,
        lowest_v=float(loaded_v.min()) if len(loaded_v) else shelf_v,
        busbar_current_a=source_a,
        busbar_k=float(solved.conductor_k[0, bar.segments].max()) if len(bar.segments) else busbar.ambient_k,
        tap_current_a=float(tap_a.max()),
        shelf_current_a=source_a / installed if installed else 0.0,
        cord_current_a=cord_a,
        shelves_after_loss=left,
        load_share_after_loss=share_left,
        shelf_current_after_loss_a=max((loss.shelf_a for loss in covered), default=source_a / max(installed, 1)),
        cord_current_after_loss_a=max((loss.cord_a for loss in covered), default=cord_a),
        losses=losses,
        limits=_growth(limited, covered) if installed else (),
        backup=backup_of(rack, catalogue, dc_power_w),
        carried=bool(solved.carried[0]),
    )


def _growth(limited: Bar, covered: list[AfterLoss]) -> tuple[LoadLimit, ...]:
    """Limits on the growth of all loads: with nothing lost, and what the supplies left after a covered loss may give."""
    found = list(load_limits(limited.network))
    worst = max(covered, key=lambda loss: loss.asked_share, default=None)
    if worst is not None and 0 < worst.asked_share < math.inf:
        found.append(LoadLimit("loss", 1 / worst.asked_share, worst.name))
    return tuple(sorted(found, key=lambda limit: limit.factor))


def _cord_a(rack: Rack, shelf: Shelf, curve: ShelfCurve, shelf_w: float) -> float:
    """AC current of one cord of a shelf that gives `shelf_w`; its supplies share it evenly."""
    input_w = shelf_w + curve.bank_loss_w(shelf_w, shelf.psu_count)
    current_a = conductors.three_phase_current_a(input_w, rack.power.feed_v, rack.power.power_factor)
    return current_a / rack.power.cords_per_shelf


#: Losses that each redundancy is meant to cover.
COVERED = {"N": (), "N+1": ("shelf", "supply"), "N+N": ("feed", "shelf", "supply")}


def after_losses(rack: Rack, bar: Bar, states: LossStates) -> tuple[AfterLoss, ...]:
    """One rack's states, a row each; a pair counts as covered by no redundancy."""
    covered, curve = COVERED[rack.power.redundancy], shelf_curve(bar.shelf)
    return tuple(
        AfterLoss(
            kind=loss.kind,
            name=loss.name,
            covered=loss.kind in covered,
            carried=bool(states.carried[0, at]),
            asked_share=float(states.asked_share[0, at]),
            lowest_v=float(states.lowest_v[0, at]),
            supply_share=float(states.supply_share[0, at]),
            shelf_a=float(states.shelf_a[0, at]),
            bar_a=float(states.bar_a[0, at]),
            tap_a=float(states.tap_a[0, at]),
            cord_a=_cord_a(rack, bar.shelf, curve, float(states.shelf_w[0, at])),
        )
        for at, loss in enumerate(states.losses)
    )


def _nodes(bar: Bar, solved: DirectSolution) -> tuple[BusbarNode, ...]:
    """A row for each load; where the bar has no resistance there is no stretch to tell of."""
    voltage_v = solved.voltage_v[0, bar.taps] if len(bar.taps) else np.zeros(0)
    nothing: list[float | None] = [None] * len(bar.names)
    through_a, warm_k = nothing, nothing
    if len(bar.segments):
        through_a = [abs(current_a) for current_a in solved.line_a[0, bar.segments].tolist()]
        warm_k = solved.conductor_k[0, bar.segments].tolist()
    columns = zip(bar.names, bar.distance_m, bar.loads_w, voltage_v, through_a, warm_k, strict=True)
    return tuple(
        BusbarNode(name, float(at_m), float(load_w), float(volt), float(load_w / volt), bar_a, bar_k)
        for name, at_m, load_w, volt, bar_a, bar_k in columns
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
    rack: Rack, catalogue: Catalogue, shelf: Shelf, pieces: tuple[Piece, ...], load_w: float
) -> tuple[Bar, DirectSolution, int]:
    """The solved busbar, with as many shelves as its own loss calls for: more are taken until they carry it."""
    rating_w = shelf.psu_w * shelf.psu_count
    needed = machines.pieces_needed(load_w, rating_w)
    for _ in range(MOST_ROUNDS):
        bar = bar_of(rack, catalogue, pieces, machines.pieces_with_spares(needed, rack.power.redundancy))
        solved = solve(bar.network, threads=1)
        more = machines.pieces_needed(load_w + float(solved.line_loss_w[0].sum()), rating_w)
        if more <= needed:
            break
        needed = more
    return bar, solved, needed
