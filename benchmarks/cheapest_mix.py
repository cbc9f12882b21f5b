"""Sizing the cheapest mix of floor, joules and battery on one aggregated class of racks, beside brute force.

A site of a gigawatt of one class, 60 s at 10 ms with a checkpoint in it. Brute force tries every mix of a grid over all five
settings and then, twice, every mix of a finer grid about its best; it shares the model and the checks, not the search.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from benchmarks.table import Row
from rackwright.buildout.smoothing import Devices, Mix, Prices, cheapest_mix, said
from rackwright.buildout.smoothing.search import Case, Trial
from rackwright.buildout.utility import Band, Specification
from rackwright.rack.power.waveforms import training_step

MUST_S, GOAL_S, APART = 600.0, 60.0, 0.01
STEP_S, SITE_W = 0.01, 1e9
DEVICES = Devices(high_w=SITE_W, accelerators=500_000)
SPECIFICATION = Specification(
    "range of 200 MW in 5 s, 60 MW rms from 0.1 to 20 Hz",
    None,
    None,
    60.0,
    200e6,
    5.0,
    (Band(0.1, 20.0, rms_most_w=60e6),),
)
FLOORS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
GAINS = (0.0, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)
STORE_TAUS_S, BESS_TAUS_S = (0.15, 0.3, 1.0, 3.0), (3.0, 10.0, 30.0, 100.0, 300.0)
BESS_GAINS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
SIDE_BY_SIDE = 64


def record() -> np.ndarray:
    """Steps of 3 s with a fifth of them exposed, and a checkpoint."""
    wave = training_step(
        period_s=3.0, exposed_share=0.2, high_w=SITE_W, low_w=0.4 * SITE_W, overshoot_share=0.1, jitter_share=0.02,
        checkpoint_every_s=45.0, checkpoint_s=10.0, idle_w=0.25 * SITE_W, length_s=60.0, step_s=STEP_S, seed=1,
    )  # fmt: skip
    return wave.power_w


def run() -> Iterator[Row]:
    """The row; the first call of the kernel, which may compile it, is not timed."""
    power_w = record()
    case = Case(power_w, STEP_S, SPECIFICATION, DEVICES, Prices(), None, None)
    case.trials([Mix(), Mix(floor_share=0.5)])
    start = time.perf_counter()
    sizing = cheapest_mix(power_w, STEP_S, SPECIFICATION, DEVICES)
    took_s = time.perf_counter() - start
    start = time.perf_counter()
    brute = brute_force(case)
    brute_s = time.perf_counter() - start
    assert sizing.best is not None
    ours, theirs = sizing.best.cost.total_usd, brute.cost.total_usd
    beside = (
        f"goal {GOAL_S:.0f} s; brute force over {case.tried:,} mixes {brute_s:.0f} s, {brute_s / took_s:.0f} times as long: "
        f"{theirs / 1e6:.1f} MUSD, ours {100 * (ours / theirs - 1):+.1f} % ({said(sizing.best.mix, DEVICES)})"
    )
    holds = took_s <= MUST_S and ours <= theirs * (1 + APART)
    yield Row(
        "cheapest mix for 1 GW of one rack class, 60 s at 10 ms", f"{took_s:.1f} s", f"<= {MUST_S:.0f} s", beside, holds
    )


def brute_force(case: Case) -> Trial:
    """Every mix of the grid, then of finer ones about the best."""
    grid = (FLOORS, GAINS, STORE_TAUS_S, BESS_GAINS, BESS_TAUS_S)
    best = _cheapest(case, product(*grid))
    for width in (1.0, 0.4):
        mix = best.mix
        about = (
            [float(np.clip(mix.floor_share + d * width, 0, 0.9)) for d in (-0.08, -0.04, 0.0, 0.04, 0.08)],
            [float(np.clip(mix.store_gain + d * width, 0, 1)) for d in (-0.04, -0.02, 0.0, 0.02, 0.04)],
            [mix.store_tau_s * f**width for f in (0.6, 0.8, 1.0, 1.25, 1.6)],
            [float(np.clip(mix.bess_gain + d * width, 0, 1)) for d in (-0.04, -0.02, -0.01, 0.0, 0.01, 0.02, 0.04)],
            [mix.bess_tau_s * f**width for f in (0.6, 0.8, 1.0, 1.25, 1.6)],
        )
        best = min(best, _cheapest(case, product(*about), best), key=lambda trial: trial.cost.total_usd)
    return best


def _cheapest(case: Case, places: Iterator[tuple[float, ...]], best: Trial | None = None) -> Trial:
    waiting: list[Mix] = []

    def judge() -> None:
        nonlocal best
        for trial in case.trials(waiting):
            if trial.passes and (best is None or trial.cost.total_usd < best.cost.total_usd):
                best = replace(trial, smoothed=replace(trial.smoothed, power_w=trial.smoothed.power_w[:1]))
        waiting.clear()

    for floor, gain, tau, bess_gain, bess_tau in places:
        if (gain == 0.0 and tau != STORE_TAUS_S[0]) or (bess_gain == 0.0 and bess_tau != BESS_TAUS_S[0]):
            continue
        waiting.append(Mix(floor, gain, tau, bess_gain=bess_gain, bess_tau_s=bess_tau))
        if len(waiting) == SIDE_BY_SIDE:
            judge()
    if waiting:
        judge()
    assert best is not None
    return best


def main() -> int:
    """Print the row."""
    for row in run():
        missed = "" if row.holds else "  MISSED"
        print(f"{row.what:<58} {row.measured:>14} {row.goal:>12}  {row.beside}{missed}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
