"""The buildout stage: megawatts, energy and money by site and week, and the distance to the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout import accounts, specs
from rackwright.buildout.facility import Facility, all_in_per_rack_usd, facility_of
from rackwright.figures import Figure
from rackwright.plan import WeeklyPlan
from rackwright.program.calendar import Calendar
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.rack import RackDesigns
from rackwright.tables import StageResult

Floats = NDArray[np.float64]
WEEK_S = 604800.0
CATEGORIES = ("racks", "shared", "facility")


def _none(*shape: int) -> Floats:
    return np.zeros(shape)


@dataclass(frozen=True, slots=True)
class BuildoutResult(StageResult):
    """Axes: S sites, T weeks, G generations of the plan.

    `live_w` is facility power at the design hour of what is live at the end of the week, `mean_w` what it draws on
    average over a year, `capex_usd` (categories, T) by `CATEGORIES`.
    """

    sites: tuple[str, ...] = ()
    generations: tuple[str, ...] = ()
    facilities: tuple[Facility, ...] = ()
    racks: Floats = field(default_factory=lambda: _none(0, 0))  # (S, T)
    live_w: Floats = field(default_factory=lambda: _none(0, 0))  # (S, T)
    energised_w: Floats = field(default_factory=lambda: _none(0, 0))  # (S, T)
    mean_w: Floats = field(default_factory=lambda: _none(0, 0))  # (S, T)
    it_w: Floats = field(default_factory=lambda: _none(0, 0))  # (S, T), mean over a year
    electricity_usd: Floats = field(default_factory=lambda: _none(0, 0))  # (S, T)
    water_m3: Floats = field(default_factory=lambda: _none(0, 0))  # (S, T)
    categories: tuple[str, ...] = CATEGORIES
    capex_usd: Floats = field(default_factory=lambda: _none(3, 0))  # (categories, T)
    #: Money per watt of facility of what arrives: racks, shared, facility; None when nothing does.
    all_in_usd_per_w: float | None = None
    target_w: float = 0.0
    budget_usd: float = 0.0
    boundary: str = specs.BOUNDARY

    def of(self, site: str, generation: str) -> Facility:
        """One rack of a generation at a site.

        Raises
        ------
        KeyError
            If the program has no such pair.
        """
        for item in self.facilities:
            if (item.site, item.generation) == (site, generation):
                return item
        raise KeyError(f"{site}, {generation}")


def build_out(
    buildout: Buildout,
    plan: WeeklyPlan,
    racks: Mapping[str, Rack],
    designs: RackDesigns,
    catalogue: Catalogue,
    compare: Sequence[Figure],
    calendar: Calendar,
    *,
    progress: Progress = SILENT,
) -> BuildoutResult:
    """Turn the plan's racks into power, energy and money.

    Steady: each week's racks draw the mean of a year; seasons within it are left out. Money is spent in the week in
    which racks arrive and power is energised.

    Parameters
    ----------
    plan : WeeklyPlan
        `live` and `arrived` (G, S, T) are read, racks.
    compare : sequence of Figure
        Published figures to stand beside ours: `program.load.compare_figures()`.
    """
    progress.step("buildout")
    sites = {name: buildout.sites[name] for name in plan.sites}
    facilities = tuple(
        facility_of(name, site, key, designs.of(key), catalogue.climates[site.climate], buildout.efficiency)
        for name, site in sites.items()
        for key in plan.generations
    )
    live = np.maximum(plan.live, 0.0).reshape(len(plan.generations), len(sites), calendar.weeks)
    energised_w = np.array([site.energised_w for site in sites.values()]).reshape(len(sites), calendar.weeks)
    price = np.array([catalogue.states[site.state].electricity_usd_per_j for site in sites.values()])
    mean_w = _times_live(live, facilities, "mean_w")
    result = BuildoutResult(
        sites=tuple(sites),
        generations=plan.generations,
        facilities=facilities,
        racks=live.sum(axis=0),
        live_w=_times_live(live, facilities, "design_w"),
        energised_w=energised_w,
        mean_w=mean_w,
        it_w=_times_live(live, facilities, "mean_it_w"),
        electricity_usd=mean_w * WEEK_S * price[:, None],
        water_m3=_times_live(live, facilities, "water_m3_s") * WEEK_S,
        capex_usd=_capex(plan, buildout, designs, energised_w),
        all_in_usd_per_w=_all_in(plan, buildout, designs, facilities),
        target_w=buildout.target.power_w,
        budget_usd=buildout.target.budget_usd,
    )
    return accounts.with_accounts(result, buildout, plan, racks, designs, catalogue, compare, calendar)


def _times_live(live: Floats, facilities: Sequence[Facility], attribute: str) -> Floats:
    """Sum over generations of racks x what one takes, (S, T)."""
    generations, sites, _ = live.shape
    each = np.array([getattr(item, attribute) for item in facilities]).reshape(sites, generations)
    return np.asarray(np.einsum("gst,sg->st", live, each), dtype=np.float64)


def _capex(plan: WeeklyPlan, buildout: Buildout, designs: RackDesigns, energised_w: Floats) -> Floats:
    """Money by category and week. Power that falls and comes back is paid once; what was there at the start is not."""
    arriving = plan.arrived.sum(axis=1)
    in_rack = np.array([designs.of(key).cost_usd for key in plan.generations])
    shared = np.array([designs.of(key).shared_cost_usd for key in plan.generations])
    per_w = np.array([buildout.sites[name].facility_usd_per_w for name in plan.sites])
    added_w = np.diff(np.maximum.accumulate(energised_w, axis=1), axis=1, prepend=energised_w[:, :1])
    return np.array([in_rack @ arriving, shared @ arriving, per_w @ added_w])


def _all_in(plan: WeeklyPlan, buildout: Buildout, designs: RackDesigns, facilities: Sequence[Facility]) -> float | None:
    """Money per watt for what arrives: racks, their shared things, and the facility for exactly their power."""
    arrived = plan.arrived.sum(axis=2)
    money = power = 0.0
    for item in facilities:
        count = float(arrived[plan.generations.index(item.generation), plan.sites.index(item.site)])
        money += count * all_in_per_rack_usd(item, buildout, designs)
        power += count * item.design_w
    return money / power if power > 0 else None
