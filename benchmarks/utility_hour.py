"""A site of a gigawatt against its utility: 7,500 racks, an hour at 10 ms, every check of the specification.

The peers are what an engineer would write: numpy reading the integrated waveform at every rack's delay, timed on some
racks and told for all, and `scipy.signal.welch`. Nothing else was found that does this work.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.table import Row
from rackwright.buildout.utility import (
    Band,
    CouplingPoint,
    Job,
    Specification,
    assess,
    site_power,
    spectrum,
)
from rackwright.rack.power.waveforms import Waveform, training_step

#: Seconds allowed, and wished for.
MUST_S, GOAL_S = 120.0, 30.0
RACKS = (4000, 2000, 1000, 400, 100)
HOUR_S, STEP_S = 3600.0, 0.01
#: Racks that the numpy peer walks; its time is told for all of them.
PEER_RACKS = 40
POINT = CouplingPoint(345e3, 20e9, 15.0, 0.98)
SPECIFICATION = Specification(
    "all checks at once", 0.5e6, 0.5e6, 60.0, 25e6, 5.0,
    (Band(0.1, 20.0, share_most=0.2, base="all fluctuation"), Band(0.1, 5.0, rms_most_w=10e6),
     Band(5.0, 55.0, rms_most_w=3.5e6)),
    pst_most=1.0, plt_most=0.8,
)  # fmt: skip


def run() -> Iterator[Row]:
    """The rows; the first call of every kernel, which may compile it, is not timed."""
    jobs = _jobs()
    assess(site_power([Job("warm", jobs[0].waveform, 2)], length_s=60.0), STEP_S, SPECIFICATION, POINT)
    slow_s, numpy_s = _hour(merge=False), _numpy_s(jobs)
    fast_s = _hour(merge=True)
    holds = slow_s <= GOAL_S
    what = "1 GW, 7,500 racks, 1 h at 10 ms, rack by rack, checked"
    beside = f"numpy sums {PEER_RACKS} racks at a pace of {numpy_s:.0f} s for all: {numpy_s / slow_s:.0f} times as long"
    yield Row(what, f"{slow_s:.2f} s", f"<= {GOAL_S:.0f} s", beside, holds)
    yield Row("  the same, racks of one delay added up first", f"{fast_s:.2f} s", beside="the same sums to 1e-12")
    yield _spectrum_row(site_power(jobs))


def _hour(*, merge: bool) -> float:
    """Waveforms, sum of the racks, every check: seconds."""
    start = time.perf_counter()
    power_w = site_power(_jobs(), length_s=HOUR_S, step_s=STEP_S, merge=merge)
    found = assess(power_w, STEP_S, SPECIFICATION, POINT)
    took = time.perf_counter() - start
    assert found.binding
    assert abs(power_w.mean() / 1e9 - 1.0) < 0.1
    return took


def _waveform(period_s: float, seed: int) -> Waveform:
    return training_step(
        period_s=period_s, exposed_share=0.25, high_w=150e3, low_w=85e3, overshoot_share=0.1, jitter_share=0.02,
        checkpoint_every_s=900.0, checkpoint_s=15.0, seed=seed, length_s=HOUR_S,
    )  # fmt: skip


def _jobs() -> list[Job]:
    return [
        Job(f"job {number}", _waveform(2.0 + 0.7 * number, number), racks, 0.005, 0.02, seed=number)
        for number, racks in enumerate(RACKS)
    ]


def _numpy_s(jobs: list[Job]) -> float:
    """Seconds that numpy would take for the sum alone: the same exact means, rack after rack."""
    wave = jobs[0].waveform
    edges_s = np.arange(round(HOUR_S / STEP_S) + 1) * STEP_S
    energy_j = np.concatenate([[0.0], np.cumsum(wave.power_w) * wave.step_s])
    grid_s = np.arange(energy_j.size) * wave.step_s
    delays_s = np.random.default_rng(0).normal(0.0, 0.005, PEER_RACKS)
    total = np.zeros(edges_s.size - 1)
    start = time.perf_counter()
    for delay_s in delays_s:
        total += np.diff(np.interp(edges_s - delay_s, grid_s, energy_j)) / STEP_S
    return (time.perf_counter() - start) * sum(RACKS) / PEER_RACKS


def _spectrum_row(power_w: np.ndarray) -> Row:
    from scipy.signal import welch

    spectrum(power_w, STEP_S, 100.0)
    start = time.perf_counter()
    spectrum(power_w, STEP_S, 100.0)
    ours_s = time.perf_counter() - start
    start = time.perf_counter()
    for scaling in ("density", "spectrum"):
        welch(power_w, 1 / STEP_S, nperseg=10_000, noverlap=7_500, detrend="constant", scaling=scaling)
    peer_s = time.perf_counter() - start
    beside = f"scipy.signal.welch, both scalings: {peer_s:.2f} s, {peer_s / ours_s:.1f} times"
    return Row("  its spectrum, both readings, bins of 0.01 Hz", f"{ours_s:.2f} s", beside=beside)


def main() -> None:
    """Print the rows."""
    for row in run():
        missed = "" if row.holds else "  MISSED"
        print(f"{row.what:<58} {row.measured:>14} {row.goal:>12}  {row.beside}{missed}", flush=True)


if __name__ == "__main__":
    main()
