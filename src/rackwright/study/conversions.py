"""The conversions on the way to the chip: each supply's curve, how many should be on, the whole chain, and the feeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rackwright.physics.busbars import DENSITY_KG_M3
from rackwright.program.case import Case
from rackwright.rack.design import RackDesign
from rackwright.rack.pieces import accelerators_of, is_role, pieces_of
from rackwright.rack.power.architectures import alternating_side
from rackwright.rack.power.architectures_parts import Basis, Conductor
from rackwright.rack.power.bar import Bar, bar_of
from rackwright.rack.power.chain import ChainRow, Stage, load_for_input_w, solve_chain
from rackwright.rack.power.chain_board import board_stages
from rackwright.rack.power.chain_phases import PhaseCurrents, SinglePhase, phase_currents, spread_over_phases
from rackwright.rack.power.direct import solve
from rackwright.rack.power.direct.network import Floats
from rackwright.rack.power.supplies import best_staging
from rackwright.rack.power.supplies.shelf import shelf_curve
from rackwright.tables import Finding, finding

#: Shares of the design load at which the chain and the staging are shown.
CHAIN_LOADS = (1.0, 0.5)
STAGING_LOADS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
#: Neutral currents and unbalances below this share are rounding.
NOTHING = 1e-9
CORE = "accelerators' cores"


@dataclass(frozen=True, slots=True, eq=False)
class BarLoss:
    """Loss of a rack's bar, joints and taps, its loads scaled together: the network solved anew for each output."""

    bar: Bar

    @property
    def rated_w(self) -> float:
        """The design load."""
        return float(self.bar.loads_w.sum())

    def loss_w(self, output_w: ArrayLike) -> Floats:
        """Loss at an output of all loads together."""
        output = np.asarray(output_w, np.float64)
        share = np.atleast_1d(output) / self.rated_w
        solved = solve(self.bar.network, load_w=share[:, None] * self.bar.network.load_w[None, :], threads=1)
        if not solved.carried.all():
            raise ValueError("the busbar cannot carry that much")
        return np.asarray(solved.line_loss_w.sum(axis=1).reshape(output.shape))


def supply_rows(case: Case, design: RackDesign) -> Iterator[tuple[Any, ...]]:
    """The device's points beside what was fitted to them."""
    name = case.rack[design.generation].power.shelf
    shelf = case.catalogue.shelves[name]
    found = shelf_curve(shelf)
    for point in shelf.efficiency:
        output_w = point.load_share * shelf.psu_w
        fitted = None if found.polynomial is None else float(found.polynomial.efficiency(output_w))
        yield (
            design.generation,
            name,
            point.load_share,
            point.efficiency,
            found.efficiency(output_w, 1),
            fitted,
            None if fitted is None else 100 * (fitted - point.efficiency),
        )


def staging_rows(case: Case, design: RackDesign) -> Iterator[tuple[Any, ...]]:
    """The best count of supplies at shares of the design load."""
    path, shelf = design.power, case.catalogue.shelves[case.rack[design.generation].power.shelf]
    installed = path.shelves * shelf.psu_count
    if not installed:
        return
    found = best_staging(
        shelf_curve(shelf).curve,
        installed,
        np.array(STAGING_LOADS) * path.dc_power_w,
        case.rack[design.generation].power.redundancy,
    )
    for at, share in enumerate(STAGING_LOADS):
        yield (
            design.generation,
            share,
            int(found.on[at]),
            installed,
            float(found.loss_w[at]),
            float(found.all_on_loss_w[at]),
            float(found.saved_w[at]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """The chain of a block's racks; `gap_share` is between its power at the supplies and the rack's own ledger."""

    stages: tuple[Stage, ...]
    conductors: tuple[Conductor, ...]
    bar_kg: float
    core_w: float
    gap_share: float


def chain_of(case: Case, design: RackDesign) -> Chain | None:
    """Stages from the medium-voltage terminals to the cores, solved by the rack's own bar and supplies.

    A chip's nameplate is what its tray takes: its converters' losses are inside it, so its core has less.
    """
    rack, path = case.rack[design.generation], design.power
    pieces = pieces_of(rack, case.catalogue)
    chips = accelerators_of(pieces)
    racks = max(rack.block.racks, 1)
    if not (path.shelves and path.carried and chips):
        return None
    shelf = case.catalogue.shelves[rack.power.shelf]
    chips_w = (
        racks * rack.design_load_share * sum(p.part.power_w * p.count for p in pieces if is_role(p, "accelerator"))
    )
    trays = racks * sum(tray.count for tray in rack.trays.values())
    board = board_stages(
        trays=trays,
        chips=racks * chips,
        chip_w=chips_w / (racks * chips),
        tray_v=path.lowest_v,
        hot_swap_ohm=0.0,
    )[1:]
    core_w = load_for_input_w(board, chips_w)
    bar = bar_of(rack, case.catalogue, pieces, path.shelves)
    volt = shelf.output_v
    supplies = racks * path.shelves * shelf.psu_count
    curve = shelf_curve(shelf)
    # what the trays take beside the accelerators leaves the bar next to them
    ours = [
        Stage(
            "supplies",
            curve.curve,
            supplies,
            volt=volt,
            load_dependent=not curve.problem,
            standing="user",
            liquid_share=shelf.liquid_share,
        ),
        Stage(
            "bar, joints and taps",
            BarLoss(bar),
            racks,
            side_w=racks * path.load_w - chips_w,
            volt=volt,
            standing="user",
        ),
    ]
    basis = Basis(
        rack_w=path.load_w,
        racks=racks,
        redundancy=rack.power.redundancy,
        line_v=rack.power.feed_v,
        power_factor=rack.power.power_factor,
    )
    before, conductors = alternating_side(basis, racks * path.power_w)
    stages = (*before, *ours, *board)
    solved = solve_chain(stages, core_w)
    at = len(before)
    gap = abs(float(solved.output_w[0, at] + solved.loss_w[0, at]) / (racks * path.power_w) - 1)
    busbar = case.catalogue.busbars[rack.power.busbar]
    bar_kg = racks * 2 * busbar.length_m * busbar.section_m2 * DENSITY_KG_M3[busbar.conductor]
    return Chain(stages, conductors, bar_kg, core_w, max(gap, float(solved.residual_share[0])))


def chain_rows(generation: str, chain: Chain) -> Iterator[tuple[Any, ...]]:
    """Stage by stage at each load, then the whole; what is taken on the side scales with the load."""
    mass = {run.name: run.mass_kg for run in chain.conductors} | {"bar, joints and taps": chain.bar_kg}
    for share in CHAIN_LOADS:
        stages = [_scaled(stage, share) for stage in chain.stages]
        solved = solve_chain(stages, share * chain.core_w)
        for row in solved.ledger():
            yield _chain_row(generation, share, row, mass.get(row.name))
        side_w = solved.side_w
        useful_w = share * chain.core_w + side_w
        input_w = float(solved.input_w[0])
        yield (
            generation, share, f"all, to the trays' other parts and the {CORE}", None, useful_w, side_w,
            input_w - useful_w, None, useful_w / input_w, None, sum(mass.values()), "", "",
        )  # fmt: skip


def _scaled(stage: Stage, share: float) -> Stage:
    return replace(stage, side_w=share * stage.side_w)


def _chain_row(generation: str, share: float, row: ChainRow, copper_kg: float | None) -> tuple[Any, ...]:
    return (
        generation,
        share,
        row.name,
        row.units,
        row.output_w,
        row.side_w,
        row.loss_w,
        row.load_share,
        row.efficiency,
        row.output_a,
        copper_kg,
        "own curve" if row.load_dependent else "one efficiency",
        row.standing,
    )


def chain_finding(generation: str, chain: Chain) -> Finding:
    """The chain closes, and meets the rack's ledger where the supplies take their power."""
    return finding(
        "rack.power.chain",
        generation,
        chain.gap_share,
        1e-9,
        "",
        standing="standard",
        source="conservation of energy",
        text="chain from the medium-voltage terminals to the cores: the larger of its own gap and its gap to the rack's ledger",
    )


def feed_rows(case: Case, design: RackDesign) -> Iterator[tuple[Any, ...]]:
    """Each feed's currents by phase: nothing lost, each feed lost, one supply lost.

    Supplies take one phase to neutral each, spread over the phases shelf by shelf (assumed: no specification read says
    how a shelf's supplies are wired).
    """
    rack, path = case.rack[design.generation], design.power
    if not path.shelves:
        return
    bar = bar_of(rack, case.catalogue, pieces_of(rack, case.catalogue), path.shelves, limited=True)
    states: list[tuple[str, np.ndarray[Any, np.dtype[np.bool_]]]] = [("nothing lost", bar.feed_of < 0)]
    if bar.feeds > 1:
        states += [(f"feed {_letter(feed)} lost", bar.feed_of == feed) for feed in range(bar.feeds)]
    one = np.zeros(len(bar.feed_of), np.bool_)
    one[0] = True
    states.append((f"{bar.network.sources[0]} lost", one))
    curve, shelf = shelf_curve(bar.shelf), bar.shelf
    places = spread_over_phases([1.0] * shelf.psu_count) * bar.shelves
    left_w = np.array([(~off).sum() * shelf.psu_w for _, off in states])
    for (state, off), most_w in zip(states, left_w.tolist(), strict=True):
        if path.dc_power_w > most_w:
            yield (
                design.generation,
                f"{state}: not carried",
                "",
                *[None] * 7,
                rack.power.cord_a * rack.power.continuous_share,
            )
            continue
        solved = solve(bar.network, source_on=~off[None, :], threads=1)
        foot_v = float(solved.voltage_v[0, bar.network.node_number["foot"]])
        output_w = solved.source_a[0] * foot_v
        input_w = np.where(off, 0.0, output_w + curve.curve.loss_w(output_w))
        for feed in range(bar.feeds):
            here = bar.feed_of == feed
            if (off & here).sum() == here.sum():
                continue
            yield (
                design.generation,
                state,
                _letter(feed),
                float(input_w[here].sum()),
                *_currents(rack.power.feed_v, rack.power.power_factor, input_w, places, here),
                _cord_a(bar, rack.power, input_w, places, feed),
                rack.power.cord_a * rack.power.continuous_share,
            )


def _currents(line_v: float, factor: float, input_w: Floats, places: tuple[str, ...], here: Any) -> tuple[float, ...]:
    found = _phases(line_v, factor, input_w, places, here)
    least_a = NOTHING * found.worst_a
    neutral_a = found.neutral_a if found.neutral_a > least_a else 0.0
    return (*found.phase_a, neutral_a, found.iec_unbalance_share if found.iec_unbalance_share > NOTHING else 0.0)


def _phases(line_v: float, factor: float, input_w: Floats, places: tuple[str, ...], here: Any) -> PhaseCurrents:
    supplies = [SinglePhase(float(input_w[at]), places[at], factor) for at in np.flatnonzero(here).tolist()]
    return phase_currents(supplies, line_v)


def _cord_a(bar: Bar, power: Any, input_w: Floats, places: tuple[str, ...], feed: int) -> float:
    """The most loaded phase of the most loaded shelf of a feed, over its cords."""
    shelves = np.unique(bar.shelf_of[bar.feed_of == feed]).tolist()
    found = [_phases(power.feed_v, power.power_factor, input_w, places, bar.shelf_of == k).worst_a for k in shelves]
    return max(found) / float(power.cords_per_shelf)


def _letter(feed: int) -> str:
    return chr(ord("A") + feed) if feed < 26 else str(feed + 1)
