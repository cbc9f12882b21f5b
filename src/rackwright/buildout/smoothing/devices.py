"""What smooths a site's power: a power floor in the accelerators, joules in the racks, a battery at the connection."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError

Floats = NDArray[np.float64]
#: Times that a record is run through before it is told, so that the stores have found their rhythm.
PASSES = 9
#: A store without a limit of its own.
UNLIMITED = 1e30


@dataclass(frozen=True, slots=True)
class Devices:
    """What the devices can do, whatever their size.

    `floor_most_share` is the highest floor over the power at full work: 0.9 of the rated power on GB200
    (arXiv 2508.14318). `bess_delay_s` is from the power at the meter to the command, `bess_lag_s` the time constant of
    its converter. Efficiencies are there and back.
    """

    #: Power of the site while everything computes.
    high_w: float
    accelerators: int
    floor_most_share: float = 0.9
    #: The floor holds the accelerators alone: their share of what moves, and the site's power that does not move. What
    #: else moves with them (processors, fans, supplies' losses) falls on.
    accelerator_share: float = 1.0
    steady_w: float = 0.0
    #: Fastest fall that the accelerators' ramp lets happen; infinite where nobody asks for one.
    ramp_down_w_s: float = np.inf
    store_efficiency: float = 0.95
    bess_efficiency: float = 0.88
    bess_delay_s: float = 0.05
    bess_lag_s: float = 0.05
    #: Usable share of the battery's energy.
    bess_window_share: float = 0.8


@dataclass(frozen=True, slots=True)
class Mix:
    """Sizes and settings. Gains are the share of the swing that a store takes; 0 leaves the device out.

    `store_j` is of the whole site (over accelerators: joules per GPU), `store_w` and `bess_w` are powers of all.
    """

    floor_share: float = 0.0
    store_gain: float = 0.0
    store_tau_s: float = 1.0
    store_j: float = UNLIMITED
    store_w: float = UNLIMITED
    #: Where the charge is drawn to, over its joules; outside 0 to 1 where its losses keep it off that point.
    store_rest_share: float = 0.5
    bess_gain: float = 0.0
    bess_tau_s: float = 10.0
    bess_j: float = UNLIMITED
    bess_w: float = UNLIMITED
    bess_rest_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A record after its devices, and their energies over it. [J]

    `site_j + floor_j = out_j + ...`: see `unclosed_j`, which is what the balance misses.
    """

    mix: Mix
    power_w: Floats
    step_s: float
    site_j: float
    #: Drawn by the floor above what the work draws.
    floor_j: float
    store_given_j: float
    store_taken_j: float
    store_lost_j: float
    store_moved_j: float
    #: Lowest and highest charge, counted from rest, and most power.
    store_low_j: float
    store_high_j: float
    store_used_w: float
    bess_given_j: float
    bess_taken_j: float
    bess_lost_j: float
    bess_moved_j: float
    bess_low_j: float
    bess_high_j: float
    bess_used_w: float

    @property
    def store_used_j(self) -> float:
        """Between the lowest and the highest charge of the racks' stores."""
        return self.store_high_j - self.store_low_j

    @property
    def bess_used_j(self) -> float:
        """Between the lowest and the highest charge of the battery."""
        return self.bess_high_j - self.bess_low_j

    @property
    def unclosed_j(self) -> float:
        """Energy from the grid less work, floor, losses and what the stores hold more than before."""
        out_j = float(self.power_w.sum()) * self.step_s
        kept = self.store_lost_j + self.store_moved_j + self.bess_lost_j + self.bess_moved_j
        return out_j - self.site_j - self.floor_j - kept


def smooth(
    power_w: Floats, step_s: float, mixes: Sequence[Mix], devices: Devices, *, threads: int | None = None
) -> list[Smoothed]:
    """Run a record through each mix; the record is taken to repeat, and is told once the stores have found their rhythm.

    Parameters
    ----------
    power_w : ndarray, shape (samples,)
        Power of the site at the connection. [W]

    Raises
    ------
    ProgramError
        For samples that are no finite numbers, or a step of zero.

    Examples
    --------
    A floor of 80 % of 100 W under a power that falls to 40 W half of the time takes 40 J more in 2 s.

    >>> found = smooth(np.array([100.0, 40.0]), 1.0, [Mix(floor_share=0.8)], Devices(high_w=100.0, accelerators=1))
    >>> found[0].power_w.tolist(), found[0].floor_j
    ([100.0, 80.0], 40.0)

    Where accelerators are three quarters of what moves, their floor of 0.8 x 75 W holds 30 W more, not 40 W.

    >>> part = Devices(high_w=100.0, accelerators=1, accelerator_share=0.75)
    >>> smooth(np.array([100.0, 40.0]), 1.0, [Mix(floor_share=0.8)], part)[0].power_w.tolist()
    [100.0, 70.0]
    """
    from rackwright.buildout.smoothing import smooth_kernel as kernel

    _refuse(power_w, step_s)
    rows = np.array([_row(mix, devices) for mix in mixes], np.float64).reshape(-1, kernel.CANDIDATE)
    out_w, ledger = np.empty((len(rows), len(power_w))), np.empty((len(rows), kernel.LEDGER))
    delay = round(devices.bess_delay_s / step_s)
    power = np.ascontiguousarray(power_w, np.float64)

    def work(begin: int, end: int) -> None:
        kernel.smooth_lanes(
            power, step_s, rows, devices.store_efficiency, devices.bess_efficiency, delay, devices.bess_lag_s,
            devices.accelerator_share, PASSES, out_w, ledger, begin, end,
        )  # fmt: skip

    cores = threads or os.cpu_count() or 1
    ends = np.linspace(0, len(rows), min(cores, len(rows)) + 1).astype(int).tolist()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, ends[:-1], ends[1:]))
    site_j = float(power.sum()) * step_s
    return [_told(mix, out_w[at], step_s, site_j, ledger[at]) for at, mix in enumerate(mixes)]


def _row(mix: Mix, devices: Devices) -> tuple[float, ...]:
    used = (mix.store_gain > 0) * mix.store_w, (mix.bess_gain > 0) * mix.bess_w
    moving_w = devices.high_w - devices.steady_w
    floor_w = (
        devices.accelerator_share * (mix.floor_share * moving_w + devices.steady_w) if mix.floor_share else -UNLIMITED
    )
    bess_j = mix.bess_j * devices.bess_window_share
    return (
        floor_w, min(devices.ramp_down_w_s, UNLIMITED), mix.store_gain, mix.store_tau_s,
        -mix.store_j * mix.store_rest_share, mix.store_j * (1 - mix.store_rest_share), used[0],
        mix.bess_gain, mix.bess_tau_s, -bess_j * mix.bess_rest_share, bess_j * (1 - mix.bess_rest_share), used[1],
    )  # fmt: skip


def _told(mix: Mix, power_w: Floats, step_s: float, site_j: float, row: Floats) -> Smoothed:
    from rackwright.buildout.smoothing import smooth_kernel as k

    return Smoothed(
        mix=mix,
        power_w=power_w,
        step_s=step_s,
        site_j=site_j,
        floor_j=float(row[k.FLOOR_J]),
        store_given_j=float(row[k.OUT_1_J]),
        store_taken_j=float(row[k.IN_1_J]),
        store_lost_j=float(row[k.LOST_1_J]),
        store_moved_j=float(row[k.MOVED_1_J]),
        store_low_j=float(row[k.LOW_1_J]),
        store_high_j=float(row[k.HIGH_1_J]),
        store_used_w=float(row[k.MOST_1_W]),
        bess_given_j=float(row[k.OUT_2_J]),
        bess_taken_j=float(row[k.IN_2_J]),
        bess_lost_j=float(row[k.LOST_2_J]),
        bess_moved_j=float(row[k.MOVED_2_J]),
        bess_low_j=float(row[k.LOW_2_J]),
        bess_high_j=float(row[k.HIGH_2_J]),
        bess_used_w=float(row[k.MOST_2_W]),
    )


def _refuse(power_w: Floats, step_s: float) -> None:
    problems = []
    if not (np.isfinite(step_s) and step_s > 0):
        problems.append(Problem("power", 0, "step_s", f"{step_s} s", "a step above 0 s"))
    bad = np.flatnonzero(~np.isfinite(power_w))
    problems += [
        Problem("power", 0, f"sample {at}", f"{power_w[at]} at {at * step_s:g} s", "a finite power")
        for at in bad[:20].tolist()
    ]
    if problems:
        raise ProgramError(problems)
