"""A rack's bus in time: training steps, brown-outs, lost feeds, outages and the way back, on the row of the power engine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.program.case import Case
from rackwright.program.sections.parts import Battery, Catalogue, Shelf
from rackwright.program.sections.rack import Motion, Rack
from rackwright.progress import Progress
from rackwright.rack.design import RackDesign
from rackwright.rack.pieces import pieces_of
from rackwright.rack.power.backup import seconds_of
from rackwright.rack.power.bar import Bar, bar_of, rated_a
from rackwright.rack.power.supplies.shelf import input_shares, shelf_curve
from rackwright.rack.power.transients import Row as MovingRow
from rackwright.rack.power.transients import (
    RowBuilder,
    RowRun,
    SharedPower,
    brown_out,
    generator_start,
    outage,
    simulate,
)
from rackwright.rack.power.transients.events import Event
from rackwright.study.utility import store_s, waveform_of
from rackwright.tables import Finding, finding, not_modelled

Floats = NDArray[np.float64]

#: Step of the reports, and length of the training record and of the records of events.
STEP_S, TRAINING_S, EVENT_S = 1e-3, 12.0, 3.0
#: Of a recording so much is followed.
RECORDED_S = 60.0
LET_GO = "lets go: under-voltage"
#: The event without an accident.
TRAINING, RECORDING = "training steps", "the recording"
COLD = "cold start, trays one after the other"
#: Every so many samples of a record go into the table.
THIN = 5


@dataclass(frozen=True, slots=True)
class Moved:
    """What one event comes to."""

    generation: str
    event: str
    run: RowRun
    load_w: Floats

    @property
    def let_go(self) -> int:
        """Trays whose input let go at some time."""
        return len({item.element for item in self.run.events if item.what == LET_GO})

    @property
    def shelf_most_share(self) -> float:
        """Most current of a shelf over its rating."""
        rated = np.array([shelf.rated_a for shelf in self.run.row.shelves])
        return float((self.run.shelf_a / rated).max())


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """An event in which the bus comes to a state without any voltage, and what the engine says of it."""

    generation: str
    event: str
    text: str


def moved(
    case: Case, design: RackDesign, file: Path | None, seed: int, progress: Progress
) -> Iterator[Moved | Unfollowed]:
    """Every event on a rack's bus, in the order of the table."""
    rack, catalogue = case.rack[design.generation], case.catalogue
    if not design.power.shelves:
        return
    bar = bar_of(rack, catalogue, pieces_of(rack, catalogue), design.power.shelves)
    row = row_of(rack, catalogue, bar, design)
    length_s = RECORDED_S if file else TRAINING_S
    wave = waveform_of(case, design, file, length_s=length_s, step_s=STEP_S, seed=seed)
    # the waveform is of the rack's input: trays follow its shape about their own power
    shape = wave.power_w / design.power_w
    full = np.ones(round(EVENT_S / STEP_S))
    for name, record, events, cold in _events(rack, design, RECORDING if file else TRAINING, shape, full):
        progress.step(f"{design.generation}: {name}")
        try:
            run = simulate(
                row, SharedPower(record, bar.loads_w), events, report_step_s=STEP_S, nodes=("foot",), cold=cold
            )
        except ValueError as problem:
            yield Unfollowed(design.generation, name, str(problem))
            continue
        yield Moved(design.generation, name, run, record * float(bar.loads_w.sum()))


def _events(
    rack: Rack, design: RackDesign, what: str, shape: Floats, full: Floats
) -> Iterator[tuple[str, Floats, Sequence[Event], bool]]:
    yield what, shape, (), False
    if rack.power.feeds > 1:
        yield "feed A lost at full power", full, outage(0.5, feed="A"), False
    yield "input at 70 % for 100 ms", full, brown_out(0.5, 0.1, 0.7), False
    yield "input gone for 10 ms", full, outage(0.5, 0.01), False
    yield "input gone for 300 ms", full, outage(0.5, 0.3), False
    if design.power.backup.batteries:
        long = np.ones(round(20.0 / STEP_S))
        yield "generator after 8 s, gone again at 12 s", long, (*generator_start(0.5, 8.0), *outage(12.0, 4.0)), False
    yield COLD, full, (), True


def row_of(rack: Rack, catalogue: Catalogue, bar: Bar, design: RackDesign) -> MovingRow:
    """The rack's bus with what moves on it. Capacitances follow from the energies that the program states."""
    power, motion = rack.power, rack.power.motion
    shelf = catalogue.shelves[power.shelf]
    build = RowBuilder()
    network = bar.network
    for node in network.nodes:
        build.node(node)
    segments = set(bar.segments.tolist())
    length_m = float(bar.distance_m[0]) if len(bar.distance_m) else 0.0
    for at, name in enumerate(network.lines):
        warm = 1 + float(network.alpha_per_k[at]) * (_line_k(design, at, bar) - 293.15)
        henry = motion.inductance_h_m * length_m if at in segments else 0.0
        first, second = network.nodes[network.first[at]], network.nodes[network.second[at]]
        build.line(name, first, second, ohm=float(network.ohm[at]) * max(warm, 0.1), henry=henry)
    _loads(build, bar, shelf, motion, power.tray_least_v)
    _shelves(build, rack, shelf, bar)
    _storages(build, rack, catalogue, shelf, store_s(rack, design))
    if power.battery and design.power.backup.batteries:
        _batteries(build, catalogue.batteries[power.battery], power.battery, design, shelf)
    return build.row()


def _line_k(design: RackDesign, at: int, bar: Bar) -> float:
    """Temperature of a line as the steady path has it."""
    for number, segment in enumerate(bar.segments.tolist()):
        if segment == at:
            node = design.power.busbar[number] if number < len(design.power.busbar) else None
            return node.bar_k if node is not None and node.bar_k is not None else 293.15
    return 293.15


def _loads(build: RowBuilder, bar: Bar, shelf: Shelf, motion: Motion, least_v: float) -> None:
    volt, hold_s, esr_s = shelf.output_v, motion.input_hold_s, motion.esr_s
    for at, (place, load_w) in enumerate(zip(bar.taps.tolist(), bar.loads_w.tolist(), strict=True)):
        farad = max(2 * load_w * hold_s / volt**2, 1e-9)
        name = bar.network.nodes[place]
        build.load(
            f"load at {name}", name, farad=farad, esr_ohm=esr_s / farad, off_v=0.95 * least_v, on_v=least_v,
            restart_s=0.2 + motion.stagger_s * at, ramp_s=0.05, inrush_a=motion.inrush_a,
        )  # fmt: skip


def _shelves(build: RowBuilder, rack: Rack, shelf: Shelf, bar: Bar) -> None:
    motion, count = rack.power.motion, shelf.psu_count
    least, full = input_shares(shelf, rack.power.feed_v)
    fitted = shelf_curve(shelf).polynomial
    # of a shelf: `count` supplies share its current
    a, b, c = fitted.per_ampere(shelf.output_v) if fitted else (0.0, 0.0, 0.0)
    rating_w = shelf.psu_w * count
    farad = 2 * rating_w * motion.output_hold_s / shelf.output_v**2
    for number in range(bar.shelves):
        build.capacitor(f"output of shelf {number + 1}", "foot", farad=farad, esr_ohm=motion.esr_s / farad)
        build.shelf(
            f"shelf {number + 1}", "foot", volt=shelf.output_v,
            droop_ohm=max(shelf.droop_v, 1e-4 * shelf.output_v) / (rated_a(shelf) * count),
            rated_a=rated_a(shelf) * count, overloads=tuple((point.load_share, point.time_s) for point in shelf.overloads), bandwidth_hz=motion.bandwidth_hz,
            feed=chr(ord("A") + number % rack.power.feeds), hold_up_j=rating_w * motion.hold_up_s,
            loss=(a * count, b, c / count), least_input_share=least, full_input_share=full,
        )  # fmt: skip


def _storages(build: RowBuilder, rack: Rack, catalogue: Catalogue, shelf: Shelf, average_s: float) -> None:
    if not rack.power.store or not rack.power.stores:
        return
    store = catalogue.stores[rack.power.store]
    joules = store.energy_j * rack.power.stores
    full_v, least_v = 0.95 * shelf.output_v, 0.475 * shelf.output_v
    build.storage(
        "stores", "foot", farad=2 * joules / (full_v**2 - least_v**2), full_v=full_v, least_v=least_v,
        most_w=store.output_w * rack.power.stores, loss_share=1 - math.sqrt(store.efficiency_share), average_s=average_s,
    )  # fmt: skip


def _batteries(build: RowBuilder, battery: Battery, name: str, design: RackDesign, shelf: Shelf) -> None:
    backup = design.power.backup
    each_w = design.dc_power_w / backup.batteries
    limit_a = battery.backup[-1].output_w / (0.92 * shelf.output_v)
    for number in range(backup.batteries):
        build.battery(
            f"{name} {number + 1}", "foot", volt=0.95 * shelf.output_v, droop_ohm=0.01 * shelf.output_v / limit_a,
            limit_a=limit_a, joules=each_w * seconds_of(battery, each_w), signal=battery.trigger_v <= 0,
            trigger_v=battery.trigger_v or 0.95 * shelf.output_v, trigger_s=battery.trigger_time_s,
            start_s=battery.start_s, charge_w=battery.charge_w, charge_above_v=0.96 * shelf.output_v,
        )  # fmt: skip


def event_row(item: Moved | Unfollowed) -> tuple[Any, ...]:
    """One event as a row of the table; an event that was not followed has no figures."""
    if isinstance(item, Unfollowed):
        return (item.generation, item.event, *[None] * 9)
    run = item.run
    used = float(np.ptp(run.storage_j.sum(axis=1))) if run.storage_j.size else None
    drawn = float(run.battery_j.sum(axis=1)[0] - run.battery_j.sum(axis=1).min()) if run.battery_j.size else None
    return (
        item.generation,
        item.event,
        *_lowest(item),
        item.let_go,
        item.shelf_most_share,
        float(run.feed_w.sum(axis=1).max() if run.feed_w.ndim > 1 else run.feed_w.max()),
        used,
        drawn,
        run.ledger.residual_share,
    )


def _lowest(item: Moved) -> tuple[float | None, str | None, float | None]:
    """Lowest voltage, where and when; a cold start begins at nothing."""
    lowest = item.run.lowest
    return (
        (None, None, None) if item.event == COLD else (lowest.volt, lowest.load.removeprefix("load at "), lowest.time_s)
    )


def wave_rows(item: Moved) -> Iterator[tuple[Any, ...]]:
    """The record, thinned."""
    run = item.run
    feed_w = run.feed_w.sum(axis=1) if run.feed_w.ndim > 1 else run.feed_w
    store_j = run.storage_j.sum(axis=1) if run.storage_j.size else np.zeros(len(run.time_s))
    for at in range(0, len(run.time_s), THIN):
        yield (
            item.generation,
            float(run.time_s[at]),
            float(item.load_w[min(at, len(item.load_w) - 1)]),
            float(feed_w[at]),
            float(run.lowest_v[at]),
            float(store_j[at]),
        )


def findings_of(item: Moved | Unfollowed, rack: Rack) -> Iterator[Finding]:
    """Training must not take a tray below its least voltage; nor must a loss that the redundancy covers."""
    if isinstance(item, Unfollowed):
        text = f"the bus falls to where no voltage carries its loads, and is not followed beyond: {item.text}"
        yield not_modelled("rack.power.moving_voltage", f"{item.generation}, {item.event}", text)
        return
    covered = item.event in (TRAINING, RECORDING) or (
        rack.power.redundancy == "N+N" and item.event.startswith("feed A")
    )
    covered = covered or item.event == "input gone for 10 ms"
    if item.event != COLD:
        yield finding(
            "rack.power.moving_voltage",
            f"{item.generation}, {item.event}",
            item.run.lowest.volt,
            rack.power.tray_least_v,
            "V",
            standing="user",
            severity="error" if covered else "note",
            at_least=True,
            source=f"rack.{item.generation}.power.tray_least",
            text=f"lowest voltage of a tray at {item.run.lowest.time_s:.3f} s; {item.let_go} trays let go",
        )
    if rack.power.tray_most_v is not None:
        yield finding(
            "rack.power.moving_voltage_most",
            f"{item.generation}, {item.event}",
            float(item.run.voltage_v.max()),
            rack.power.tray_most_v,
            "V",
            standing="user",
            source=f"rack.{item.generation}.power.tray_most",
            text="highest voltage at the foot of the bus",
        )
    yield finding(
        "rack.power.moving_ledger",
        f"{item.generation}, {item.event}",
        item.run.ledger.residual_share,
        1e-5,
        "",
        standing="standard",
        source="conservation of energy",
        text="joules from the feeds less loads, losses and what is stored more, as a share",
    )
