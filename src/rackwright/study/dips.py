"""Dips of the grid's voltage at a site full of one generation: what leaves the grid, and whether and how it comes back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rackwright.buildout.utility import CURVES, Dip, RideCurve, RideThrough, Supply, Verdict, ride_through
from rackwright.program.case import Case
from rackwright.program.sections.buildout import Site
from rackwright.rack.design import RackDesign
from rackwright.rack.power.supplies.shelf import input_shares
from rackwright.study.utility import STANDINGS, SiteView
from rackwright.tables import Finding, finding, not_modelled

#: Dips that are tried: voltage left, seconds, and how many of them; from the corners of the ride-through curves, and
#: one line that is closed onto its fault again and again.
DIPS = ((0.85, 0.5, 1), (0.7, 0.5, 1), (0.5, 0.2, 1), (0.0, 0.15, 1), (0.7, 0.1, 3))
#: Seconds between the dips of a row.
APART_S = 5.0
#: Second of the record at which the first dip begins, and length of record that is looked at.
DIP_AT_S, DIP_S = 30.0, 120.0


@dataclass(frozen=True, slots=True)
class Ridden:
    """One dip, or a row of them, at a site: the worst verdict of the row."""

    view: SiteView
    residual_share: float
    duration_s: float
    count: int
    through: RideThrough
    verdict: Verdict
    curve: RideCurve | None
    ramp_w_s: float


def supply_of(case: Case, design: RackDesign, site: Site) -> Supply:
    """What stands between the grid and the trays: the site's UPS, else the rack's own supplies and batteries.

    Supplies give full power down to their own input range and hold up for their time at full load; both last longer at
    their share of load. Without batteries the trays let go when the hold-up is empty.
    """
    rack, grid = case.rack[design.generation], site.grid
    if grid.ups is not None:
        ups = grid.ups
        return Supply(
            "the site's UPS", hold_up_s=0.0, current_most=1 / ups.least_share, dropout_share=ups.least_share * (1 - 1e-9),
            dips_most=ups.dips, dips_window_s=ups.window_s, return_after_s=ups.return_after_s, walk_in_s=ups.walk_in_s,
            stagger_s=ups.stagger_s,
        )  # fmt: skip
    motion, shelf = rack.power.motion, case.catalogue.shelves[rack.power.shelf]
    least, full = input_shares(shelf, rack.power.feed_v)
    load_share = max(design.power.load_share, 0.05)
    return Supply(
        "the racks' supplies", hold_up_s=motion.hold_up_s / load_share, current_most=1 / (full * load_share),
        dropout_share=least * (1 - 1e-9), return_after_s=motion.return_after_s, walk_in_s=motion.walk_in_s,
        battery=bool(design.power.backup.batteries),
    )  # fmt: skip


def ridden(case: Case, view: SiteView, site: Site) -> Iterator[Ridden]:
    """Every dip of the list at one site."""
    supply = supply_of(case, view.design, site)
    # a short recording goes on from its start
    power_w = np.resize(view.power_w, round(DIP_S / view.step_s))
    curve = CURVES[site.grid.ride] if site.grid.ride else None
    every = round(1.0 / view.step_s)
    for residual, seconds, count in DIPS:
        dips = [Dip(DIP_AT_S + APART_S * number, residual, seconds) for number in range(count)]
        found = ride_through(power_w, view.step_s, dips, [supply], curve)
        worst = max(found.verdicts, key=lambda one: (one.holds is False, one.back_s, one.dropped_w))
        after = found.grid_w[round(dips[-1].end_s / view.step_s) :]
        # the way back alone: what the grid sees over what the racks ask for
        share = after / np.maximum(power_w[-len(after) :], 1.0)
        rise = (share[every:] - share[:-every]).max(initial=0.0) * float(power_w.mean())
        yield Ridden(view, residual, seconds, count, found, worst, curve, float(max(rise, 0.0)))


def dip_row(item: Ridden) -> tuple[Any, ...]:
    """One dip as a row of the table."""
    verdict = item.verdict
    outcome = "told only" if verdict.holds is None else "passed" if verdict.holds else "failed"
    return (
        item.view.site,
        item.view.generation,
        item.residual_share,
        item.duration_s,
        item.count,
        verdict.dropped_w,
        verdict.back_s if math.isfinite(verdict.back_s) else None,
        item.ramp_w_s,
        item.curve.name if item.curve else "",
        outcome,
        verdict.text,
    )


def ride_finding(case: Case, view: SiteView, site: Site, found: list[Ridden]) -> Finding:
    """Dips that the curve asks to ride and that are not ridden; told only where no curve is named."""
    where = f"{view.site} full of {view.generation}"
    rule, path = "rack.power.ride", f"buildout.sites.{view.site}.grid.ride"
    supply = supply_of(case, view.design, site)
    least = supply.dropout_share
    behind = f"{supply.name} work down to {least:.0%} of nominal voltage"
    curve = found[0].curve
    if curve is None:
        gone = [item for item in found if item.verdict.dropped_w > 0]
        text = f"no curve is named; in {len(gone)} of {len(found)} dips tried power leaves the grid; {behind}"
        return not_modelled(rule, where, text, path)
    failed = [item for item in found if item.verdict.holds is False]
    worst = max(failed, key=lambda item: item.verdict.dropped_w, default=None)
    said = f"; {worst.residual_share:.0%} for {worst.duration_s:g} s: {worst.verdict.text}" if worst else ""
    return finding(
        rule,
        where,
        float(len(failed)),
        0.0,
        "",
        standing=STANDINGS.get(curve.standing, "user"),
        source=curve.source,
        text=f"dips, of {len(found)} tried, that {curve.name} asks to ride and that are not; {behind}{said}",
    )
