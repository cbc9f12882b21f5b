"""The cheapest mix of floor, joules and battery that passes a utility's specification, and what binds it.

A mix has five settings: the floor, and for each of the two stores its gain and its time constant. The sizes follow: a
store is as large as what it moves while nothing cuts it off. For given floor and time constants, more gain leaves less of
the swing, so what passes is an interval whose lower end is found by halving; over gains, floors and time constants the
search lays a grid and walks on from its best in ever shorter steps along one setting or two at once. A mix that raises the rms of any band is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.smoothing.devices import UNLIMITED, Devices, Mix, Smoothed, smooth
from rackwright.buildout.smoothing.prices import Cost, Prices, cost_of
from rackwright.buildout.utility import Assessment, CouplingPoint, Specification, assess, spectrum
from rackwright.progress import SILENT, Progress

Floats = NDArray[np.float64]

#: Edges of the bands whose rms no mix may raise. [Hz]
BANDS_HZ = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
#: A band holds its rms if it grows by less than this share, or than this share of the mean power.
SLACK, FLAT = 1e-3, 1e-6
#: Joules that a store has more than it moves, so that nothing cuts it off while it finds its rhythm.
SPARE = 0.05
#: Rounds of the finer search and the width of its steps at which it ends; searches for tighter limits.
FINER, LEAST_WIDTH, TIGHTER = 24, 0.1, 5
DEVICES = ("floor", "joules", "battery")


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the search looks first."""

    floors: tuple[float, ...] = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
    store_gains: tuple[float, ...] = (0.0, 0.5, 0.8, 0.95, 1.0)
    store_taus_s: tuple[float, ...] = (0.15, 0.3, 1.0, 3.0)
    bess_gains: tuple[float, ...] = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 1.0)
    bess_taus_s: tuple[float, ...] = (3.0, 10.0, 30.0, 100.0, 300.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """One mix, sized by what it moves, with its cost and how it fares."""

    mix: Mix
    cost: Cost
    passes: bool
    #: The limit that is used most, or the band whose rms it raises.
    binding: str
    #: How much of that limit is used; above 1 it fails.
    use: float
    smoothed: Smoothed


@dataclass(frozen=True, slots=True)
class Sizing:
    """The cheapest mix found, on the record that was searched and on the full one."""

    best: Trial | None
    before: Assessment
    #: Of the best with its stores cut off at their sizes.
    after: Assessment | None
    #: A little cheaper and failing: by which limit.
    cheaper_fails: Trial | None
    #: Each device alone, by name; its trial does not pass where no size of it would do.
    alone: dict[str, Trial]
    tried: int
    full: Trial | None
    full_assessment: Assessment | None
    #: Searches for tighter limits that the full record asked for; -1 where no mix found passes it.
    rounds: int

    @property
    def said(self) -> str:
        """What came of it, in a sentence."""
        if self.before.passes:
            return "nothing to do: the site passes as it is"
        if self.best is None:
            worst = min(self.alone.values(), key=lambda trial: trial.use)
            return (
                f"none of {self.tried:,} mixes tried passes on the stretch that was searched; the nearest device alone "
                f"leaves {worst.binding} at {worst.use:.3g} of its limit"
            )
        if self.full is not None and not self.full.passes:
            return (
                f"the cheapest mixes for the stretch that was searched, sized for ever tighter limits, leave "
                f"{self.full.binding} at {self.full.use:.3g} of its limit on the whole record; other mixes were not tried on it"
            )
        return f"{(self.full or self.best).binding} binds"


class Case:
    """A record with its limits: judges mixes, keeps count."""

    def __init__(
        self,
        power_w: Floats,
        step_s: float,
        specification: Specification,
        devices: Devices,
        prices: Prices,
        point: CouplingPoint | None,
        contracted_w: float | None,
    ) -> None:
        self.power_w, self.step_s = np.asarray(power_w, np.float64), step_s
        self.specification, self.devices, self.prices = specification, devices, prices
        self.point, self.contracted_w = point, contracted_w
        self.before = self.assess(self.power_w)
        self.bands = self._bands(self.power_w)
        self.tried = 0

    def assess(self, power_w: Floats) -> Assessment:
        return assess(power_w, self.step_s, self.specification, self.point, contracted_w=self.contracted_w)

    def _bands(self, power_w: Floats) -> Floats:
        """Mean square of each band, the record taken to repeat."""
        found = spectrum(power_w, self.step_s, repeats=True)
        square = found.rms_w**2
        edges = np.searchsorted(found.frequencies_hz, BANDS_HZ)
        return np.add.reduceat(square, edges[edges < len(square)])[: len(BANDS_HZ) - 1]

    def trials(self, mixes: list[Mix]) -> list[Trial]:
        """Every mix as it stands, sized by what it moves where it has no size."""
        found = smooth(self.power_w, self.step_s, mixes, self.devices)
        self.tried += len(mixes)
        return [self._trial(one) for one in found]

    def _trial(self, one: Smoothed) -> Trial:
        mix = sized(one, self.devices)
        seconds = len(self.power_w) * self.step_s
        cost = cost_of(
            self.prices,
            floor_w=(one.floor_j + one.store_lost_j + one.bess_lost_j) / seconds,
            store_j=mix.store_j if mix.store_gain else 0.0,
            store_w=mix.store_w if mix.store_gain else 0.0,
            bess_j=mix.bess_j if mix.bess_gain else 0.0,
            bess_w=mix.bess_w if mix.bess_gain else 0.0,
        )
        found = self.assess(one.power_w)
        used = [
            (line.value / line.most if line.most else np.inf, line.name)
            for line in found.lines
            if line.most is not None and line.holds is not None
        ]
        use, binding = max(used, default=(0.0, ""))
        raised = self._raised(one.power_w)
        if raised and use <= 1 + 1e-9:
            return Trial(mix, cost, False, raised, np.inf, one)
        return Trial(mix, cost, bool(use <= 1 + 1e-9), binding, float(use), one)

    def _raised(self, power_w: Floats) -> str:
        after = self._bands(power_w)
        flat = (FLAT * float(self.power_w.mean())) ** 2
        over = after > self.bands * (1 + SLACK) ** 2 + flat
        if not over.any():
            return ""
        at = int(np.argmax(np.where(over, after / np.maximum(self.bands, 1e-300), 0.0)))
        return f"raises {BANDS_HZ[at]:g} to {BANDS_HZ[at + 1]:g} Hz"


def sized(one: Smoothed, devices: Devices) -> Mix:
    """The mix with its stores as large as what they moved."""
    mix = one.mix
    store_j, store_rest = _room(one.store_low_j, one.store_high_j)
    bess_j, bess_rest = _room(one.bess_low_j, one.bess_high_j)
    return replace(
        mix,
        store_j=min(mix.store_j, store_j) if mix.store_gain else 0.0,
        store_w=min(mix.store_w, one.store_used_w) if mix.store_gain else 0.0,
        store_rest_share=store_rest if mix.store_j == UNLIMITED else mix.store_rest_share,
        bess_j=min(mix.bess_j, bess_j / devices.bess_window_share) if mix.bess_gain else 0.0,
        bess_w=min(mix.bess_w, one.bess_used_w) if mix.bess_gain else 0.0,
        bess_rest_share=bess_rest if mix.bess_j == UNLIMITED else mix.bess_rest_share,
    )


def _room(low_j: float, high_j: float) -> tuple[float, float]:
    """Joules for a charge that moves so, a little to spare at both ends, and where in them it rests."""
    spare_j = 0.5 * SPARE * (high_j - low_j)
    least_j, most_j = min(low_j, 0.0) - spare_j, max(high_j, 0.0) + spare_j
    return most_j - least_j, -least_j / (most_j - least_j) if most_j > least_j else 0.5


def cheapest_mix(
    power_w: Floats,
    step_s: float,
    specification: Specification,
    devices: Devices,
    prices: Prices | None = None,
    *,
    point: CouplingPoint | None = None,
    contracted_w: float | None = None,
    full_w: Floats | None = None,
    full_step_s: float | None = None,
    grid: Grid | None = None,
    progress: Progress = SILENT,
) -> Sizing:
    """Size the cheapest mix on a record of some seconds, then hold the full record against it.

    Parameters
    ----------
    power_w : ndarray, shape (samples,)
        A stretch of the site's power that holds what is worst in it (a checkpoint with the steps about it); it is
        taken to repeat. [W]
    full_w : ndarray, optional
        The whole record, on steps of `full_step_s` (else `step_s`). Where the mix fails on it, the stretch is
        searched again for tighter limits, at most `TIGHTER` times.

    Returns
    -------
    Sizing
        `best` is None where no mix passes.
    """
    case = Case(power_w, step_s, specification, devices, prices or Prices(), point, contracted_w)
    if case.before.passes:
        return Sizing(None, case.before, None, None, {}, 0, None, None, 0)
    looked = grid or Grid()
    alone = {name: _alone(case, looked, name) for name in DEVICES}
    best = _searched(case, looked, progress, alone)
    if best is None:
        return Sizing(None, case.before, None, None, alone, case.tried, None, None, 0)
    best = case.trials([best.mix])[0]
    after, cheaper = case.assess(best.smoothed.power_w), _cheaper(case, best)
    if full_w is None:
        return Sizing(best, case.before, after, cheaper, alone, case.tried, None, None, 0)
    full, rounds = _whole(case, looked, best, full_w, full_step_s or step_s, progress)
    judged = assess(full.smoothed.power_w, full_step_s or step_s, specification, point, contracted_w=contracted_w)
    return Sizing(best, case.before, after, cheaper, alone, case.tried, full, judged, rounds)


def _searched(case: Case, looked: Grid, progress: Progress, alone: dict[str, Trial] | None = None) -> Trial | None:
    """The cheapest mix that passes a record: one device alone, or the grid's best and what lies about it."""
    singles = alone or {name: _alone(case, looked, name) for name in DEVICES}
    best: Trial | None = min((t for t in singles.values() if t.passes), key=lambda t: t.cost.total_usd, default=None)
    places = list(product(looked.floors, looked.store_gains, looked.store_taus_s, looked.bess_taus_s))
    for at, trial in enumerate(_swept(case, places, looked.bess_gains)):
        progress.step("mixes of floor, joules and battery", at / len(places))
        if trial.passes and (best is None or trial.cost.total_usd < best.cost.total_usd):
            best = trial
    return None if best is None else _finer(case, best, progress)


def _swept(case: Case, places: list[tuple[float, float, float, float]], gains: tuple[float, ...]) -> Iterator[Trial]:
    """For every floor, gain and pair of time constants the smallest gain of the battery that passes."""
    most = case.devices.floor_most_share
    for floor, gain, tau, bess_tau in places:
        if floor > most:
            continue
        base = Mix(floor_share=floor, store_gain=gain, store_tau_s=tau, bess_tau_s=bess_tau)
        if gain == 0.0 and tau != places[0][2]:
            continue

        def made(value: float, base: Mix = base) -> Mix:
            return replace(base, bess_gain=value)

        yield from _least_gain(case, made, gains)


def _least_gain(
    case: Case, made: Callable[[float], Mix], gains: tuple[float, ...], halvings: int = 5
) -> Iterator[Trial]:
    """The trial with the smallest gain that passes, if one does: the gains side by side, then by halving."""
    found = case.trials([made(gain) for gain in gains])
    first = next((at for at, trial in enumerate(found) if trial.passes), None)
    if first is None:
        return
    best = found[first]
    if first:
        low, high = gains[first - 1], gains[first]
        for _ in range(halvings):
            middle = 0.5 * (low + high)
            trial = case.trials([made(middle)])[0]
            if trial.passes:
                high, best = middle, trial if trial.cost.total_usd <= best.cost.total_usd else best
            else:
                low = middle
    yield best


def _finer(case: Case, best: Trial, progress: Progress) -> Trial:
    """Steps along one setting or two at once from the best, shorter when none is better; the gain is sought anew each time."""
    width = 1.0
    rounds = 0
    while width >= LEAST_WIDTH and rounds < FINER:
        rounds += 1
        progress.step(f"a finer search about the best, round {rounds}")
        better = min(_around(case, best, width), key=lambda trial: trial.cost.total_usd, default=best)
        if better.cost.total_usd < best.cost.total_usd * (1 - 1e-4):
            best = better
        else:
            width *= 0.5
    return best


def _around(case: Case, best: Trial, width: float) -> Iterator[Trial]:
    """Trials at the best's neighbours: floor, the stores' gains and time constants, singly and in pairs."""
    mix = replace(best.mix, store_j=UNLIMITED, store_w=UNLIMITED, bess_j=UNLIMITED, bess_w=UNLIMITED)
    by_battery, most = mix.bess_gain > 0, case.devices.floor_most_share
    moves: list[tuple[float, float, float, float]] = []
    for first in range(4):
        for sign in (-1.0, 1.0):
            one = [0.0, 0.0, 0.0, 0.0]
            one[first] = sign
            moves.append((one[0], one[1], one[2], one[3]))
            for second in range(first + 1, 4):
                for other in (-1.0, 1.0):
                    two = list(one)
                    two[second] = other
                    moves.append((two[0], two[1], two[2], two[3]))
    seen: set[Mix] = set()
    for floor, gain, tau, bess_tau in moves:
        moved = replace(
            mix,
            floor_share=float(np.clip(mix.floor_share + 0.06 * width * floor, 0.0, most)),
            store_gain=float(np.clip(mix.store_gain + 0.06 * width * gain, 0.0, 1.0)) if mix.store_gain else 0.0,
            store_tau_s=mix.store_tau_s * float(np.exp(0.4 * width * tau)) if mix.store_gain else mix.store_tau_s,
            bess_tau_s=mix.bess_tau_s * float(np.exp(0.4 * width * bess_tau)) if by_battery else mix.bess_tau_s,
        )
        if moved in seen or moved == mix:
            continue
        seen.add(moved)
        at = moved.bess_gain if by_battery else moved.store_gain
        around = tuple(sorted({float(np.clip(at + d * width, 0.0, 1.0)) for d in (-0.12, -0.05, 0.0, 0.05, 0.12)}))

        def made(value: float, moved: Mix = moved) -> Mix:
            return replace(moved, bess_gain=value) if by_battery else replace(moved, store_gain=value)

        yield from _least_gain(case, made, around)


def _one_store(joules: bool, tau_s: float, gain: float) -> Mix:
    return Mix(store_gain=gain, store_tau_s=tau_s) if joules else Mix(bess_gain=gain, bess_tau_s=tau_s)


def _alone(case: Case, grid: Grid, name: str) -> Trial:
    """The cheapest trial with one device only; where none passes, the one that comes nearest."""
    if name == "floor":
        most = case.devices.floor_most_share
        floors = tuple(sorted({*[f for f in grid.floors if f <= most], most}))
        passing = list(_least_gain(case, lambda value: Mix(floor_share=value), floors, halvings=8))
        return passing[0] if passing else min(case.trials([Mix(floor_share=f) for f in floors]), key=lambda t: t.use)
    joules = name == "joules"
    taus = grid.store_taus_s + grid.bess_taus_s if joules else grid.bess_taus_s
    gains = tuple(sorted({*grid.store_gains, *grid.bess_gains})) if joules else grid.bess_gains
    mixes = [partial(_one_store, joules, tau) for tau in taus]
    found = [trial for made in mixes for trial in _least_gain(case, made, gains)]
    if found:
        return min(found, key=lambda trial: trial.cost.total_usd)
    return min(case.trials([made(gain) for made in mixes for gain in gains[1:]]), key=lambda trial: trial.use)


def _cheaper(case: Case, best: Trial) -> Trial | None:
    """A mix a little cheaper in its largest part, and failing."""
    parts = {"floor": best.cost.floor_usd, "store": best.cost.store_usd, "bess": best.cost.bess_usd}
    free = replace(best.mix, store_j=UNLIMITED, store_w=UNLIMITED, bess_j=UNLIMITED, bess_w=UNLIMITED)
    for name in sorted(parts, key=lambda key: -parts[key]):
        for step in (0.01, 0.02, 0.05, 0.1):
            mix = {
                "floor": replace(free, floor_share=max(free.floor_share - step, 0.0)),
                "store": replace(free, store_gain=free.store_gain * (1 - step)),
                "bess": replace(free, bess_gain=free.bess_gain * (1 - step)),
            }[name]
            trial = case.trials([mix])[0]
            if not trial.passes and trial.cost.total_usd < best.cost.total_usd:
                return trial
    return None


def tightened(limits: Specification, share: float) -> Specification:
    """The same limits at a share of each."""

    def of(most: float | None) -> float | None:
        return None if most is None else most * share

    bands = tuple(
        replace(
            band, rms_most_w=of(band.rms_most_w), worst_bin_most_w=of(band.worst_bin_most_w),
            share_most=of(band.share_most),
        )
        for band in limits.bands
    )  # fmt: skip
    return replace(
        limits, bands=bands, ramp_up_most_w_s=of(limits.ramp_up_most_w_s),
        ramp_down_most_w_s=of(limits.ramp_down_most_w_s), range_most_w=of(limits.range_most_w),
        pst_most=of(limits.pst_most), plt_most=of(limits.plt_most),
    )  # fmt: skip


def _whole(case: Case, grid: Grid, best: Trial, full_w: Floats, step_s: float, progress: Progress) -> tuple[Trial, int]:
    """The mix on the full record, and the rounds that it took: where it fails, the search is repeated for tighter limits.

    At most `TIGHTER` times, each limit by as much as the full record went beyond; the nearest trial where none passes.
    """
    whole = Case(full_w, step_s, case.specification, case.devices, case.prices, case.point, case.contracted_w)
    nearest, share = _freed(whole, best), 1.0
    trial = nearest
    for number in range(TIGHTER):
        if trial.passes or not np.isfinite(trial.use):
            return (trial, number) if trial.passes else (nearest, -1)
        share *= 0.98 / trial.use
        progress.step(f"the whole record uses {trial.binding} by {trial.use:.3g}: limits tightened to {share:.0%}")
        narrow = Case(
            case.power_w, case.step_s, tightened(case.specification, share), case.devices, case.prices, case.point,
            case.contracted_w,
        )  # fmt: skip
        found = _searched(narrow, grid, progress)
        case.tried += narrow.tried
        if found is None:
            return nearest, -1
        trial = _freed(whole, found)
        nearest = min(nearest, trial, key=lambda one: (not one.passes, one.use))
    return (trial, TIGHTER) if trial.passes else (nearest, -1)


def _freed(whole: Case, best: Trial) -> Trial:
    """The mix as it is where that passes the whole record, else its settings with stores as large as that moves."""
    free = replace(best.mix, store_j=UNLIMITED, store_w=UNLIMITED, bess_j=UNLIMITED, bess_w=UNLIMITED)
    trial = whole.trials([best.mix])[0]
    return trial if trial.passes else whole.trials([free])[0]
