"""The jobs of a site and the sum of their racks against time.

Racks of one job are locked by their collectives: they share every step, jitter and stop, and differ by a skew of
milliseconds and by a few per cent of power. Only jobs have phases of their own. So the worst a site can do is to run
one job, and the root of the number of racks smooths nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError
from rackwright.rack.power.waveforms.pieces import means_of_stairs
from rackwright.rack.power.waveforms.waveform import Waveform

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Draws of skew and spread end at this many standard deviations: a collective that waits longer has timed out.
MOST_DEVIATIONS = 3.0
#: Samples of the site worked out at a time: the tables of one job then take about a megabyte.
CHUNK = 16384


@dataclass(frozen=True, slots=True)
class Job:
    """Racks in lock step.

    `waveform` is the power of one rack; `scale` carries it to where the site is looked at (losses, cooling). A rack
    lags by its skew and draws its own factor times the waveform: `skew_s` and `spread_share` are either the standard
    deviation of normal draws, cut at three of them, or one value a rack (seconds late; share above one). `phase_s`
    delays the whole job. Draws come from `seed`.
    """

    name: str
    waveform: Waveform
    racks: int
    skew_s: float | Floats = 0.0
    spread_share: float | Floats = 0.0
    phase_s: float = 0.0
    scale: float = 1.0
    seed: int = 0


def site_power(
    jobs: Sequence[Job],
    *,
    length_s: float = 3600.0,
    step_s: float = 0.01,
    steady_w: float = 0.0,
    merge: bool = True,
    threads: int = 2,
) -> Floats:
    """Power of the site, the mean of each step: (samples,). [W]

    A rack's sample is the exact mean of its waveform, stairs of the waveform's own step, over the site's step, read
    with the rack's delay; delays between two stairs are weighed linearly. A waveform with `period_s` is repeated
    (whole periods of its record), one without must cover the time asked for, and stands still beyond its ends.

    `merge=True` first adds up the racks that share a delay on the waveform's own steps. That is exact, as the sum is
    linear, and makes the work independent of the number of racks; `merge=False` walks rack by rack.

    Raises
    ------
    ProgramError
        For jobs without racks, arrays of another length, waveforms that neither repeat nor reach.

    Examples
    --------
    >>> wave = Waveform(0.01, np.array([1.0, 3.0]), 0.02, "square", "assumed", "")
    >>> site_power([Job("a", wave, 10), Job("b", wave, 5, phase_s=0.01)], length_s=0.02)
    array([25., 35.])
    """
    problems = [problem for job in jobs for problem in _problems(job, length_s)]
    if problems:
        raise ProgramError(problems)
    samples = round(length_s / step_s)
    out = np.full(samples, steady_w)
    for job in jobs:
        _add_job(out, job, step_s, merge, threads)
    return out


def with_random_phases(jobs: Sequence[Job], rng: np.random.Generator) -> list[Job]:
    """The same jobs, each at a random place in its own record: independent phases, as between jobs."""
    return [replace(job, phase_s=float(rng.uniform(0.0, job.waveform.length_s))) for job in jobs]


def as_one_job(jobs: Sequence[Job]) -> Job:
    """The worst case: every rack of the site in the job whose rack swings most; given values a rack become a deviation."""
    worst = max(jobs, key=lambda job: float(np.ptp(job.waveform.power_w)) * job.scale)
    racks = sum(job.racks for job in jobs)
    return replace(
        worst, name="one job", racks=racks, skew_s=_deviation(worst.skew_s), spread_share=_deviation(worst.spread_share)
    )


def _deviation(value: float | Floats) -> float:
    return float(np.std(value)) if np.ndim(value) else float(value)


def _problems(job: Job, length_s: float) -> list[Problem]:
    found = []
    if job.racks < 1:
        found.append(Problem(job.name, 0, "racks", str(job.racks), "one rack or more"))
    for name in ("skew_s", "spread_share"):
        value = np.asarray(getattr(job, name), dtype=np.float64)
        if value.ndim and value.shape != (job.racks,):
            found.append(Problem(job.name, 0, name, f"{value.shape[0]} values", f"one number, or {job.racks} values"))
        if not np.isfinite(value).all() or (not value.ndim and value < 0):
            found.append(Problem(job.name, 0, name, f"{value}", "finite; a standard deviation of 0 or more"))
    wave = job.waveform
    if wave.period_s is None and wave.length_s < length_s * (1 - 1e-9):
        says = f"{wave.length_s:g} s that do not repeat"
        found.append(Problem(job.name, 0, "waveform", says, f"{length_s:g} s, or a waveform with a period"))
    if wave.period_s is not None and wave.length_s < wave.period_s * (1 - 1e-9):
        says = f"a record of {wave.length_s:g} s"
        found.append(Problem(job.name, 0, "waveform", says, f"at least its period of {wave.period_s:g} s"))
    return found


def _add_job(out: Floats, job: Job, step_s: float, merge: bool, threads: int) -> None:
    from rackwright.buildout.utility.site_kernel import add_taps, sliding_means

    wave_w, many = _fine(job.waveform, step_s)
    place, weight = _taps(job, step_s / many, merge)
    row = -place % many
    shift = -(place + row) // many
    least, most = int(shift.min()), int(shift.max())
    repeats = job.waveform.period_s is not None

    def work(begin: int) -> None:
        part = out[begin : begin + CHUNK]
        rows = sliding_means(wave_w, begin + least, part.size + most - least, many, repeats)
        add_taps(part, rows, row, shift - least, weight)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(0, out.size, CHUNK)))


def _fine(wave: Waveform, step_s: float) -> tuple[Floats, int]:
    """The waveform on steps of which a whole number, also returned, make a step of the site."""
    power_w = wave.power_w
    if wave.period_s is not None:
        whole_s = np.floor(wave.length_s / wave.period_s + 1e-9) * wave.period_s
        power_w = power_w[: max(round(whole_s / wave.step_s), 1)]
    ratio = step_s / wave.step_s
    many = max(round(ratio), 1)
    if abs(ratio - many) < 1e-9 * many:
        return np.ascontiguousarray(power_w), many
    length_s = power_w.size * wave.step_s
    steps = max(round(length_s * many / step_s), 1)
    return means_of_stairs(power_w, wave.step_s, np.linspace(0.0, length_s, steps + 1)), many


def _taps(job: Job, fine_s: float, merge: bool) -> tuple[Ints, Floats]:
    """Delays in whole fine steps and their weights: a rack stands at the two steps about its delay."""
    rng = np.random.default_rng(job.seed)
    delay = (_draw(job.skew_s, job.racks, rng) + job.phase_s) / fine_s
    weight = job.scale * (1.0 + _draw(job.spread_share, job.racks, rng))
    # a delay within a millionth of a step of a whole one is that: no second tap for a rounding error
    delay = np.where(np.abs(delay - np.round(delay)) < 1e-6, np.round(delay), delay)
    before = np.floor(delay).astype(np.int64)
    after_share = delay - before
    place = np.concatenate([before, before + 1])
    weights = np.concatenate([weight * (1.0 - after_share), weight * after_share])
    if not merge:
        return place[weights != 0], weights[weights != 0]
    least = int(place.min())
    total = np.asarray(np.bincount(place - least, weights=weights), dtype=np.float64)
    used = np.flatnonzero(total).astype(np.int64)
    return used + least, total[used]


def _draw(value: float | Floats, racks: int, rng: np.random.Generator) -> Floats:
    if np.ndim(value):
        return np.asarray(value, dtype=np.float64)
    return np.clip(rng.standard_normal(racks), -MOST_DEVIATIONS, MOST_DEVIATIONS) * float(value)
