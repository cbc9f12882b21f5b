"""Run a row through time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from rackwright.progress import SILENT, Progress
from rackwright.rack.power.transients import arrays, pack
from rackwright.rack.power.transients.arrays import Floats, Ints
from rackwright.rack.power.transients.events import Event, FeedEvent, LoadEvent
from rackwright.rack.power.transients.row import Row

if TYPE_CHECKING:
    from rackwright.rack.power.transients.method_kernel import March

#: Reporting steps between two looks at whether somebody asked to stop.
CHUNK = 1000
#: Error of a capacitor's voltage tolerated in a step, of the row's voltage: a hundredth of the 0.5 % asked of the lowest one.
TOLERANCE_SHARE = 5e-5
#: Bad samples named per load.
MOST_TOLD = 3
SAID = {
    arrays.SAYS_LET_GO: "lets go: under-voltage",
    arrays.SAYS_WAITS: "voltage is back, waits for its restart",
    arrays.SAYS_CHARGES: "hot-swap charges the input",
    arrays.SAYS_TAKES_UP: "takes up its power",
    arrays.SAYS_INPUT_LOST: "input lost, goes on from its hold-up",
    arrays.SAYS_INPUT_BACK: "input is back",
    arrays.SAYS_STEPPED_DOWN: "half of the hold-up used, lowers its voltage",
    arrays.SAYS_HOLD_UP_EMPTY: "hold-up empty, off",
    arrays.SAYS_RESTARTS: "restarts, limit walks in",
    arrays.SAYS_OVERLOAD_OVER: "time of the overload used up, limit falls",
    arrays.SAYS_OVERLOAD_AGAIN: "rested, overload allowed again",
    arrays.SAYS_TRIGGERED: "triggered",
    arrays.SAYS_GIVES: "supplies",
    arrays.SAYS_STANDS_BY: "stands by",
    arrays.SAYS_EMPTY: "empty",
    arrays.SAYS_CHARGING: "charges",
    arrays.SAYS_CHARGED: "charged",
    arrays.SAYS_FAILED: "fails",
    arrays.SAYS_WORKS: "works again",
    arrays.SAYS_FEED: "feed changes",
    arrays.SAYS_JUMP: "power jumps",
}
OF_LOADS = {arrays.SAYS_LET_GO, arrays.SAYS_WAITS, arrays.SAYS_CHARGES, arrays.SAYS_TAKES_UP, arrays.SAYS_JUMP}


@dataclass(frozen=True, slots=True)
class SharedPower:
    """One waveform for all loads: each takes `factor` of it, later by `skew_s` (rounded to whole samples).

    Before its first and after its last sample a load keeps the nearest one. Shapes: (samples,), (loads,), (loads,).
    """

    power_w: ArrayLike
    factor: ArrayLike
    skew_s: ArrayLike = 0.0


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the log."""

    time_s: float
    element: str
    what: str


@dataclass(frozen=True, slots=True)
class Lowest:
    """The lowest voltage of a load, where, and when (inner steps count)."""

    volt: float
    load: str
    time_s: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """Joules of a run: what feeds gave is what loads took, what was lost, and what more is stored at the end."""

    feeds_j: float
    loads_j: float
    line_loss_j: float
    capacitor_loss_j: float
    #: What the clamps outside opened hot-swaps took.
    clamp_loss_j: float
    shelf_loss_j: float
    battery_loss_j: float
    storage_loss_j: float
    stored_change_j: float

    @property
    def residual_j(self) -> float:
        """Feeds less everything else."""
        losses = self.line_loss_j + self.capacitor_loss_j + self.clamp_loss_j + self.shelf_loss_j + self.battery_loss_j
        return self.feeds_j - self.loads_j - losses - self.storage_loss_j - self.stored_change_j

    @property
    def residual_share(self) -> float:
        """Of the larger of what feeds gave and what loads took."""
        return abs(self.residual_j) / max(abs(self.feeds_j), self.loads_j, abs(self.stored_change_j), 1e-300)


@dataclass(frozen=True, slots=True)
class RowRun:
    """A row's way through time; first axes are (samples,).

    `lowest_v` is the lowest voltage of any load in the step that ends at a sample, inner steps counted; `feed_w` is
    the mean over that step (at the first sample that of the rest).
    """

    row: Row
    time_s: Floats
    #: Nodes of the columns of `voltage_v`.
    nodes: tuple[str, ...]
    voltage_v: Floats
    lowest_v: Floats
    shelf_a: Floats
    battery_a: Floats
    battery_j: Floats
    hold_up_j: Floats
    feed_w: Floats
    storage_w: Floats
    storage_j: Floats
    lowest: Lowest
    lowest_of_load_v: Mapping[str, float]
    events: tuple[Happened, ...]
    #: Events beyond those kept.
    events_left_out: int
    ledger: Ledger
    #: Joules that each load took, each shelf, battery and storage gave to the row, each line lost.
    joules: Mapping[str, float]
    steps: int
    refused: int


def simulate(
    row: Row,
    power_w: ArrayLike | SharedPower,
    events: Sequence[Event] = (),
    *,
    report_step_s: float = 1e-3,
    nodes: Sequence[str] | None = None,
    cold: bool = False,
    least_step_s: float = 1e-5,
    tolerance_v: float | None = None,
    progress: Progress = SILENT,
) -> RowRun:
    """The row from rest under its first powers to its last sample.

    Between two samples powers run straight; a jump between two is a `LoadEvent`. A capacitor's voltage is off by at
    most about `tolerance_v` in a step unless the step is `least_step_s` already, to which thresholds are located.

    Parameters
    ----------
    power_w : array_like or SharedPower
        (samples, loads) in the order of `row.loads`, every `report_step_s`. [W]
    nodes : sequence of str, optional
        Whose voltages are kept: all where left out.
    cold : bool
        Start with nothing charged and every load waiting, instead of at rest.
    tolerance_v : float, optional
        5e-5 of the row's voltage where left out.

    Raises
    ------
    ValueError
        Naming every load with samples that are not finite or below zero and every event that cannot be, at once; or
        the load at which no voltage carries the first powers.
    Stopped
        From `progress`, every thousand samples.

    Examples
    --------
    A shelf of 51 V behind 1 mohm carries 1 kW: v = 25.5 + sqrt(25.5^2 - 1000 x 0.001).

    >>> from rackwright.rack.power.transients import RowBuilder, simulate
    >>> build = RowBuilder()
    >>> build.node("tray")
    >>> build.shelf("shelf", "tray", volt=51.0, droop_ohm=1e-3, rated_a=100.0)
    >>> build.load("gpu", "tray", farad=5e-3, esr_ohm=1e-3)
    >>> run = simulate(build.row(), [[1000.0]] * 3)
    >>> round(float(run.voltage_v[-1, 0]), 6)
    50.980385
    """
    wave, factor, skew, columns = _power(row, power_w, report_step_s)
    asked = row.nodes if nodes is None else tuple(nodes)
    problems = [*_wrong_samples(row, wave, factor, columns), *_wrong_events(row, events), *_wrong_nodes(row, asked)]
    if problems:
        raise ValueError("; ".join(problems))
    packed = pack.pack(row, factor, skew, columns, cold=cold)
    run = _run(row, packed, wave, events, asked)
    if not cold:
        _settle(row, packed, run)
    _first_report(run)
    begun_j = _march(
        run, packed, row, report_step_s, least_step_s, tolerance_v or TOLERANCE_SHARE * row.nominal_v, progress
    )
    return _collect(row, packed, run, asked, report_step_s, begun_j)


def _power(row: Row, power_w: ArrayLike | SharedPower, step_s: float) -> tuple[Floats, Floats, Ints, Ints]:
    """Samples (samples, columns), factors, skews in samples and columns of the loads."""
    loads = len(row.loads)
    if not (math.isfinite(step_s) and step_s > 0):
        raise ValueError(f"report_step_s is {step_s}, not a time above zero")
    if isinstance(power_w, SharedPower):
        wave = np.asarray(power_w.power_w, np.float64)
        if wave.ndim != 1 or len(wave) < 2:
            raise ValueError(f"power_w has the shape {wave.shape}; a row of two samples or more was expected")
        factor = np.broadcast_to(np.asarray(power_w.factor, np.float64), (loads,)).copy()
        skew_s = np.broadcast_to(np.asarray(power_w.skew_s, np.float64), (loads,))
        bad = [load.name for load, f, s in zip(row.loads, factor, skew_s, strict=True) if not (0 <= f < math.inf and
               math.isfinite(s))]  # fmt: skip
        if bad:
            raise ValueError(f"factor or skew_s is no finite number of zero or more for {', '.join(map(repr, bad))}")
        return wave[:, None].copy(), factor, np.rint(skew_s / step_s).astype(np.int64), np.zeros(loads, np.int64)
    wave = np.ascontiguousarray(power_w, np.float64)
    if wave.ndim != 2 or wave.shape[1] != loads or len(wave) < 2:
        raise ValueError(f"power_w has the shape {wave.shape}; two samples or more of {loads} loads were expected")
    wave = wave if loads else np.zeros((len(wave), 1))
    return wave, np.ones(loads), np.zeros(loads, np.int64), np.arange(loads, dtype=np.int64)


def _wrong_samples(row: Row, wave: Floats, factor: Floats, columns: Ints) -> Iterator[str]:
    bad = ~(np.isfinite(wave) & (wave >= 0))
    if not bad.any():
        return
    for column in np.flatnonzero(bad.any(axis=0)).tolist():
        at = np.flatnonzero(bad[:, column])
        names = [load.name for load, own in zip(row.loads, columns, strict=True) if own == column]
        who = f"load {names[0]!r}" if len(names) == 1 else "the shared waveform"
        first = ", ".join(f"{wave[sample, column]} at sample {sample}" for sample in at[:MOST_TOLD])
        yield f"{who}: {len(at)} samples are not finite numbers of zero or more ({first})"


def _wrong_events(row: Row, events: Sequence[Event]) -> Iterator[str]:
    loads = {load.name for load in row.loads}
    supplies = {shelf.name for shelf in row.shelves} | {battery.name for battery in row.batteries}
    for event in events:
        yield from event.problems()
        if isinstance(event, FeedEvent):
            if event.feed is not None and event.feed not in row.feeds:
                yield f"{event.what} at {event.time_s:g} s: no shelf stands on feed {event.feed!r}"
        elif isinstance(event, LoadEvent):
            if event.element not in loads:
                yield f"jump at {event.time_s:g} s: {event.element!r} is no load"
        elif event.element not in supplies:
            yield f"loss at {event.time_s:g} s: {event.element!r} is no shelf or battery"


def _wrong_nodes(row: Row, asked: Sequence[str]) -> Iterator[str]:
    known = set(row.nodes)
    for name in asked:
        if name not in known:
            yield f"{name!r} is no node of the row"


def _run(row: Row, packed: pack.Packed, wave: Floats, events: Sequence[Event], asked: Sequence[str]) -> March:
    from rackwright.rack.power.transients.method_kernel import March

    place, stores, feeds, samples = packed.place, packed.stores, len(row.feeds), len(wave)
    at = np.clip(-place["skew"], 0, samples - 1)
    place["left_w"] = np.where(place["has_load"] > 0, place["factor"] * wave[at, place["column"]], 0.0)
    taken_w = place["left_w"] * place["scale"]
    for own in stores:
        own["mean_w"] = taken_w[packed.followed[own["first"] : own["last"]]].sum()
    fed = np.zeros(feeds, arrays.FEED)
    fed["left"] = 1.0
    sources = len(packed.supplies)
    report = arrays.Report(
        asked=np.array([packed.number[name] for name in asked], np.int64),
        volt=np.zeros((samples, len(asked))),
        source_a=np.zeros((samples, sources)),
        source_j=np.zeros((samples, sources)),
        feed_w=np.zeros((samples, feeds)),
        store_w=np.zeros((samples, len(stores))),
        store_j=np.zeros((samples, len(stores))),
        lowest_v=np.zeros(samples),
    )
    return March(
        tree=packed.tree,
        place=place,
        src=packed.src,
        stores=stores,
        followed=packed.followed,
        feeds=fed,
        clock=pack.clock(packed),
        log=np.zeros(pack.LOG_LINES, arrays.SAID),
        happen=pack.happenings(row, packed, events),
        report=report,
        wave=wave,
    )


def _settle(row: Row, packed: pack.Packed, run: March) -> None:
    """The rest under the first powers: the steady solver's, then this row's own equations at its voltages."""
    from rackwright.rack.power.direct import DirectBuilder, solve
    from rackwright.rack.power.transients.march_kernel import settle

    build = DirectBuilder()
    load_of = {load.node: load for load in row.loads}
    for node in row.nodes:
        load = load_of.get(node)
        at = packed.number[node]
        build.node(node, load_w=float(run.place["left_w"][at]), least_v=row.off_v(load) if load else 0.0)
    for line in row.lines:
        build.line(line.name, line.first, line.second, ohm=line.ohm)
    for shelf in row.shelves:
        build.source(shelf.name, shelf.node, volt=shelf.volt, droop_ohm=shelf.droop_ohm, limit_a=shelf.rated_a)
    rest = solve(build.network(), threads=1)
    run.tree.load_w[:] = run.place["left_w"]
    run.tree.stage_v[:, [packed.number[node] for node in row.nodes]] = rest.voltage_v[0]
    run.tree.stage_v[:, len(row.order) :] = run.tree.stage_v[:, run.tree.parent[len(row.order) :]]
    run.src["level"] = 0
    carried = bool(rest.carried[0]) and settle(run.tree, run.src, run.feeds, run.clock) > 0
    run.src["level"] = run.src["levels"]
    if not carried:
        name = load_of[rest.weakest[0]].name if rest.weakest[0] in load_of else rest.weakest[0]
        raise ValueError(
            f"load {name!r}: no voltage above its off_v carries the first powers on shelves at their ratings"
        )


def _first_report(run: March) -> None:
    """The rest as the first sample; feeds give what shelves give and lose."""
    report, tree, src, loaded = run.report, run.tree, run.src, run.place["has_load"] > 0
    report.volt[0] = tree.volt[report.asked]
    report.source_a[0], report.source_j[0], report.store_j[0] = src["now_a"], src["joules"], run.stores["joules"]
    report.lowest_v[0] = tree.volt[loaded].min(initial=np.inf)
    run.place["lowest_v"] = np.where(loaded, tree.volt, np.inf)
    shelves = src[src["battery"] == 0]
    current, loss = shelves["now_a"], shelves["loss"]
    power = current * tree.volt[shelves["place"]] + loss[:, 0] + current * (loss[:, 1] + current * loss[:, 2])
    np.add.at(report.feed_w[0], shelves["feed"], power)


def _stored_j(run: March) -> float:
    """Joules in capacitors, inductances, hold-ups, batteries and stores."""
    tree = run.tree
    inner = 0.5 * tree.farad @ tree.inner_v**2 + 0.5 * tree.henry @ tree.line_a**2
    return float(inner + run.src["joules"].sum() + run.stores["joules"].sum())


def _march(
    run: March, packed: pack.Packed, row: Row, step_s: float, least_s: float, tolerance_v: float, progress: Progress
) -> float:
    """Joules stored at the start."""
    from rackwright.rack.power.transients.march_kernel import DONE, march

    run.clock[arrays.STEP] = least_s
    begun_j = _stored_j(run)
    steps = len(run.report.lowest_v) - 1
    for begin in range(0, steps, CHUNK):
        end = min(begin + CHUNK, steps)
        if march(run, begin, end, step_s, least_s, tolerance_v) != DONE:
            weakest = int(np.argmin(np.where(run.place["has_load"] > 0, run.tree.volt, np.inf)))
            name = next((load.name for load in row.loads if packed.load_place[load.name] == weakest), "?")
            raise ValueError(
                f"load {name!r}: no voltage carries the row after {run.clock[arrays.TIME]:.6g} s, not even for a "
                f"thousandth of {least_s:g} s; its capacitors are too small for its power"
            )
        progress.step("row in time", end / steps)
    return begun_j


def _collect(
    row: Row, packed: pack.Packed, run: March, asked: tuple[str, ...], step_s: float, begun_j: float
) -> RowRun:
    report, lowest = run.report, run.place["lowest_v"]
    number = {supply.name: k for k, supply in enumerate(packed.supplies)}
    shelves = [number[shelf.name] for shelf in row.shelves]
    batteries = [number[battery.name] for battery in row.batteries]
    weakest = int(np.argmin(lowest))
    lowest_name = next((load.name for load in row.loads if packed.load_place[load.name] == weakest), "")
    logged = int(run.clock[arrays.LOGGED])
    return RowRun(
        row=row,
        time_s=np.arange(len(report.lowest_v), dtype=np.float64) * step_s,
        nodes=asked,
        voltage_v=report.volt,
        lowest_v=report.lowest_v,
        shelf_a=report.source_a[:, shelves],
        battery_a=report.source_a[:, batteries],
        battery_j=report.source_j[:, batteries],
        hold_up_j=report.source_j[:, shelves],
        feed_w=report.feed_w,
        storage_w=report.store_w,
        storage_j=report.store_j,
        lowest=Lowest(float(lowest[weakest]), lowest_name, float(run.place["lowest_s"][weakest])),
        lowest_of_load_v={load.name: float(lowest[packed.load_place[load.name]]) for load in row.loads},
        events=tuple(_log(row, packed, run)),
        events_left_out=max(logged - len(run.log), 0),
        ledger=_ledger(packed, run, begun_j),
        joules=_joules(row, packed, run, number),
        steps=int(run.clock[arrays.STEPS]),
        refused=int(run.clock[arrays.REFUSED]),
    )


def _log(row: Row, packed: pack.Packed, run: March) -> Iterator[Happened]:
    load_at = {place: name for name, place in packed.load_place.items()}
    for line in range(min(int(run.clock[arrays.LOGGED]), len(run.log))):
        what, at = int(run.log["what"][line]), int(run.log["at"][line])
        if what == arrays.SAYS_FEED:
            element = f"feed {row.feeds[at]}"
        else:
            element = load_at[at] if what in OF_LOADS else packed.supplies[at].name
        yield Happened(float(run.log["time_s"][line]), element, SAID[what])


def _ledger(packed: pack.Packed, run: March, begun_j: float) -> Ledger:
    src, line_j = run.src, run.tree.line_j
    battery = src["battery"] > 0
    behind = len(packed.number)
    return Ledger(
        feeds_j=float(run.feeds["joules"].sum()),
        loads_j=float(run.place["load_j"].sum()),
        line_loss_j=float(line_j[:behind].sum()),
        capacitor_loss_j=float(run.clock[arrays.CAPACITOR_J] + line_j[behind:].sum()),
        clamp_loss_j=float(run.clock[arrays.CLAMP_J]),
        shelf_loss_j=float(src["loss_j"][~battery].sum()),
        battery_loss_j=float(src["loss_j"][battery].sum()),
        storage_loss_j=float(run.stores["loss_j"].sum()),
        stored_change_j=_stored_j(run) - begun_j,
    )


def _joules(row: Row, packed: pack.Packed, run: March, number: dict[str, int]) -> dict[str, float]:
    found = {load.name: float(run.place["load_j"][packed.load_place[load.name]]) for load in row.loads}
    found |= {supply.name: float(run.src["given_j"][number[supply.name]]) for supply in packed.supplies}
    found |= {storage.name: float(joules) for storage, joules in zip(row.storages, run.stores["given_j"], strict=True)}
    places = zip(row.order, row.towards, strict=True)
    found |= {line.name: float(run.tree.line_j[packed.number[node]]) for node, line in places if line is not None}
    return found
