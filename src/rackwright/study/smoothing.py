"""The cheapest mix of power floor, joules in the racks and battery with which a site passes its utility's limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rackwright.buildout.smoothing import Devices, Price, Prices, Sizing, Trial, cheapest_mix, said, smooth
from rackwright.buildout.utility import CouplingPoint
from rackwright.buildout.utility.ramps import ramps
from rackwright.program.case import Case
from rackwright.program.sections.buildout import Site
from rackwright.progress import Progress
from rackwright.rack.pieces import accelerators_of, is_role, pieces_of
from rackwright.study.utility import STANDINGS, SiteView
from rackwright.tables import Finding, finding

#: Seconds about the first checkpoint that the mix is sized on, and their step.
SIZED_S, SIZED_STEP_S = 60.0, 0.02


def smoothing(case: Case, view: SiteView, site: Site, progress: Progress) -> Sizing:
    """The cheapest mix for a site, sized on a minute about its first checkpoint and held against its hour.

    The search runs on means of `SIZED_STEP_S`; what passes is decided on the view's own step.
    """
    every = round(SIZED_STEP_S / view.step_s)
    coarse_w = view.power_w[: len(view.power_w) // every * every].reshape(-1, every).mean(axis=1)
    many = round(SIZED_S / SIZED_STEP_S)
    wide = min(50, len(coarse_w))
    low = int(np.argmin(np.convolve(coarse_w, np.ones(wide) / wide, mode="valid"))) + wide // 2
    begin = min(max(low - many // 2, 0), max(len(coarse_w) - many, 0))
    price = case.catalogue.states[site.state].electricity_usd_per_j
    usual = Prices()
    prices = replace(usual, energy_usd_j=Price(price, "published", f"catalogue.states.{site.state}.electricity"))
    grid = site.grid
    return cheapest_mix(
        coarse_w[begin : begin + many],
        SIZED_STEP_S,
        view.specification,
        devices_of(case, view),
        prices,
        point=CouplingPoint(grid.voltage_v, grid.short_circuit_va, grid.x_over_r, grid.power_factor, grid.frequency_hz),
        contracted_w=view.contracted_w,
        full_w=view.power_w,
        full_step_s=view.step_s,
        progress=progress,
    )


def devices_of(case: Case, view: SiteView) -> Devices:
    """What the devices can do at a site: the floor holds the accelerators, and neither what stands still nor the rest of a rack."""
    high_w = float(np.percentile(view.power_w, 90))
    rack, path = case.rack[view.generation], view.design.power
    pieces = pieces_of(rack, case.catalogue)
    accelerators = [piece for piece in pieces if is_role(piece, "accelerator")]
    accelerators_w = sum(piece.count * piece.part.power_w for piece in accelerators) * rack.design_load_share
    return Devices(
        high_w=high_w,
        accelerators=max(view.racks * accelerators_of(pieces), 1),
        accelerator_share=min(accelerators_w / path.load_w, 1.0) if path.load_w else 1.0,
        steady_w=min(view.steady_w, high_w),
    )


def smoothing_rows(view: SiteView, sizing: Sizing, devices: Devices) -> Iterator[tuple[Any, ...]]:
    """The best mix, the same on the full hour, and each device alone."""
    trials: list[tuple[str, Trial]] = []
    if sizing.best is not None:
        trials.append(("best on its minute", sizing.best))
    if sizing.full is not None:
        trials.append(
            (
                f"on the whole record (searches for tighter limits: {sizing.rounds})"
                if sizing.rounds > 0
                else "on the whole record",
                sizing.full,
            )
        )
    trials += [(f"{name} alone", trial) for name, trial in sizing.alone.items()]
    for name, trial in trials:
        mix = trial.mix
        yield (
            view.site,
            view.generation,
            name,
            "yes" if trial.passes else "no",
            said(mix, devices),
            trial.cost.total_usd,
            trial.binding,
            trial.use if math.isfinite(trial.use) else None,
            mix.floor_share,
            mix.store_j / devices.accelerators if mix.store_gain else 0.0,
            mix.bess_w if mix.bess_gain else 0.0,
            mix.bess_j if mix.bess_gain else 0.0,
        )


def smoothing_finding(view: SiteView, sizing: Sizing, devices: Devices) -> Finding:
    """Whether something cures the site, and what binds."""
    where = f"{view.site} full of {view.generation}"
    best = sizing.full or sizing.best
    passes = sizing.before.passes or (best is not None and best.passes)
    text = f"sites for which the search found no mix that passes its whole record; {sizing.said}"
    if view.event_w is not None and best is not None and best.passes:
        text += f"; {_stop_said(view, best, devices)}"
    return finding(
        "rack.power.smoothing",
        where,
        0.0 if passes else 1.0,
        0.0,
        "",
        standing=STANDINGS.get(view.specification.standing, "user"),
        source=view.specification.source,
        text=text,
    )


def _stop_said(view: SiteView, best: Trial, devices: Devices) -> str:
    """What the mix, sized for training, leaves of the stop of the largest job."""
    limit = view.specification.ramp_down_most_w_s
    if limit is None or view.event_w is None:
        return "no limit on ramps is stated, so a job's start and stop were not held against one"
    left_w = smooth(view.event_w, view.step_s, [best.mix], devices)[0].power_w
    _, down = ramps(left_w, view.step_s, view.specification.ramp_window_s)
    says = "passes" if down.value <= limit else "fails"
    return f"behind it the stop of the largest job {says} the limit on ramps at {down.value / limit:.3g} of it"
