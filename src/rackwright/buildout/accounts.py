"""What the buildout stage says: its tables, findings and headlines, and the published figures beside ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rackwright.buildout import specs
from rackwright.buildout.cooling import COOLING_LINES, IT_LINES, LINES
from rackwright.buildout.facility import Facility, all_in_per_rack_usd, rejects_wet
from rackwright.buildout.traces import traces_of
from rackwright.figures import Figure
from rackwright.plan import WeeklyPlan
from rackwright.program.calendar import Calendar
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack import RackDesigns
from rackwright.tables import Finding, Headline, Table, finding, not_modelled

if TYPE_CHECKING:
    from rackwright.buildout.stage import BuildoutResult

WEEK_S = 604800.0
#: Weeks over which the pace towards the target is taken.
PACE_WEEKS = 13
LEDGER_TOLERANCE = 1e-9
#: A generation with fewer racks than this has none: what a linear program leaves behind.
LEAST_RACKS = 1e-6


def with_accounts(
    result: BuildoutResult,
    buildout: Buildout,
    plan: WeeklyPlan,
    racks: Mapping[str, Rack],
    designs: RackDesigns,
    catalogue: Catalogue,
    compare: Sequence[Figure],
    calendar: Calendar,
) -> BuildoutResult:
    """The result with its tables, findings, headlines and traces."""
    present = _present(result, plan)
    return dataclasses.replace(
        result,
        tables=(
            specs.SITES.table(_site_columns(result, calendar)),
            specs.WEEKLY.table(_weekly_columns(result, calendar)),
            specs.PUE.table(_pue_rows(result, plan, buildout)),
            specs.POWER.table(_power_rows(result)),
            specs.ENERGY.table(_energy_rows(result, calendar)),
            specs.CAPEX.table(_capex_rows(result, calendar)),
            _compare_table(result, present, buildout, designs, compare),
            specs.TARGET.table(_target_rows(result, plan)),
        ),
        findings=tuple(_findings(result, present, buildout, catalogue)),
        headlines=tuple(
            Headline(name, float(value), unit, meaning, (name,))
            for (name, unit, meaning), value in zip(
                specs.HEADLINES, (result.live_w[:, -1].sum(), result.capex_usd.sum()), strict=True
            )
        ),
        traces=tuple(traces_of(result, present, plan, buildout, racks, designs, catalogue)),
    )


def _present(result: BuildoutResult, plan: WeeklyPlan) -> dict[str, tuple[str, ...]]:
    """Generations that are live at a site at some time, by site."""
    most = plan.live.max(axis=2, initial=0.0)
    return {
        site: tuple(key for g, key in enumerate(plan.generations) if most[g, s] > LEAST_RACKS)
        for s, site in enumerate(result.sites)
    }


def _site_columns(result: BuildoutResult, calendar: Calendar) -> dict[str, object]:
    count = len(result.sites)
    return {
        "week": [name for name in calendar.names for _ in range(count)],
        "site": list(result.sites) * calendar.weeks,
        "racks": result.racks.T.reshape(-1),
        "live_w": result.live_w.T.reshape(-1),
        "energised_w": result.energised_w.T.reshape(-1),
        "mean_w": result.mean_w.T.reshape(-1),
    }


def _weekly_columns(result: BuildoutResult, calendar: Calendar) -> dict[str, object]:
    live_w = result.live_w.sum(axis=0)
    target = live_w / result.target_w if result.target_w > 0 else [None] * calendar.weeks
    return {
        "week": list(calendar.names),
        "racks": result.racks.sum(axis=0),
        "live_w": live_w,
        "energised_w": result.energised_w.sum(axis=0),
        "target_share": target,
        "capex_usd": np.cumsum(result.capex_usd.sum(axis=0)),
        "energy_j": result.mean_w.sum(axis=0) * WEEK_S,
    }


def _pue_rows(result: BuildoutResult, plan: WeeklyPlan, buildout: Buildout) -> Iterator[tuple[object, ...]]:
    for item in result.facilities:
        last = plan.live[plan.generations.index(item.generation), plan.sites.index(item.site), -1]
        wue = item.water_m3_s / item.mean_it_w if item.mean_it_w > 0 else None
        yield (
            item.site,
            item.generation,
            max(float(last), 0.0),
            item.pue,
            item.design_pue,
            item.over_racks,
            buildout.sites[item.site].allotted(item.generation),
            item.design_w,
            item.mean_w,
            item.outdoor_k,
            item.wanted_k,
            item.liquid_free_k,
            item.liquid_chiller_share,
            item.air_chiller_share,
            wue,
        )


def _power_rows(result: BuildoutResult) -> Iterator[tuple[object, ...]]:
    for item in result.facilities:
        for line in LINES:
            yield (item.site, item.generation, line, item.design_lines_w[line], item.mean_lines_w[line])


def _energy_rows(result: BuildoutResult, calendar: Calendar) -> Iterator[tuple[object, ...]]:
    years = np.array([calendar.year(week) for week in range(calendar.weeks)])
    for year in calendar.years:
        weeks = years == year
        for number, site in enumerate(result.sites):
            energy_j = float(result.mean_w[number, weeks].sum()) * WEEK_S
            it_j = float(result.it_w[number, weeks].sum()) * WEEK_S
            yield (
                str(year),
                site,
                float(weeks.sum()),
                energy_j,
                it_j,
                energy_j / it_j if it_j > 0 else None,
                float(result.electricity_usd[number, weeks].sum()),
                float(result.water_m3[number, weeks].sum()),
            )


def _capex_rows(result: BuildoutResult, calendar: Calendar) -> Iterator[tuple[object, ...]]:
    years = np.array([calendar.year(week) for week in range(calendar.weeks)])
    for year in calendar.years:
        for category, amounts in zip(result.categories, result.capex_usd, strict=True):
            yield (str(year), category, float(amounts[years == year].sum()))


def _target_rows(result: BuildoutResult, plan: WeeklyPlan) -> Iterator[tuple[object, ...]]:
    live = result.live_w.sum(axis=0)
    arrived = plan.arrived.sum(axis=2)
    added_w = sum(
        float(arrived[plan.generations.index(item.generation), plan.sites.index(item.site)]) * item.design_w
        for item in result.facilities
    )
    spent, all_in = float(result.capex_usd.sum()), result.all_in_usd_per_w
    missing_w = max(result.target_w - float(live[-1]), 0.0)
    per_week = (float(live[-1]) - float(live[max(live.size - 1 - PACE_WEEKS, 0)])) / min(
        PACE_WEEKS, max(live.size - 1, 1)
    )
    weeks = 0.0 if missing_w == 0 else (missing_w / per_week if per_week > 0 else None)

    def row(what: str, power_w: float, money_usd: float | None, weeks: float | None = None) -> tuple[object, ...]:
        per_w = money_usd / power_w if money_usd is not None and power_w > 0 else None
        return (what, power_w, money_usd, per_w, weeks)

    yield row("target and budget", result.target_w, result.budget_usd)
    yield row("live at the end", float(live[-1]), None)
    yield row("energised at the end", float(result.energised_w[:, -1].sum()), None)
    yield row("added within the horizon, facilities without racks included", added_w, spent)
    yield row(
        "target at what arriving racks cost", result.target_w, None if all_in is None else all_in * result.target_w
    )
    yield row("missing at the end, at that cost", missing_w, None if all_in is None else all_in * missing_w, weeks)


def _findings(
    result: BuildoutResult, present: Mapping[str, Sequence[str]], buildout: Buildout, catalogue: Catalogue
) -> Iterator[Finding]:
    for name in result.sites:
        site = buildout.sites[name]
        here = f"buildout.sites.{name}"
        for key in present[name]:
            item = result.of(name, key)
            yield finding(
                "buildout.design_pue",
                f"{name} {key}",
                item.over_racks,
                site.allotted(key),
                "",
                standing="user",
                source=f"{here}.design_pue",
                text="facility power over that of racks and fabric at the design hour, against what the plan allots",
                severity="warning",
            )
        if present[name]:
            yield _energised(result, name)
        if site.wets_air and not rejects_wet(site, catalogue.climates[site.climate]):
            text = "towers without a wet bulb in the catalogue: taken as dry coolers, without water"
            yield not_modelled("buildout.wet_bulb", name, text, f"catalogue.climates.{site.climate}")
    yield from _sums(result, buildout)
    text = "every week draws the mean of its year; a hot week draws more, a cold one less"
    yield not_modelled("buildout.seasons", "all sites", text)
    yield not_modelled("buildout.grid", "all sites", "connection, own generation, ride-through and load steps")
    yield not_modelled("buildout.water", "all sites", "water that is drained to bound salts, drift, freezing, humidity")


def _energised(result: BuildoutResult, site: str) -> Finding:
    """The week in which the site's racks come nearest to its power, or go furthest beyond it."""
    live_w, energised_w = (array[result.sites.index(site)] for array in (result.live_w, result.energised_w))
    worst = int(np.argmax(np.where(live_w > 0, live_w - energised_w, -np.inf)))
    return finding(
        "buildout.energised",
        site,
        float(live_w[worst]),
        float(energised_w[worst]),
        "W",
        standing="user",
        source=f"buildout.sites.{site}.energised",
        text="facility power of the racks live, by this stage's design hour, in the week nearest to the limit",
        severity="warning",
    )


def _sums(result: BuildoutResult, buildout: Buildout) -> Iterator[Finding]:
    share = buildout.efficiency.electrical_share
    yield finding(
        "buildout.ledger",
        "all sites",
        max((_open_share(item, share) for item in result.facilities), default=0.0),
        LEDGER_TOLERANCE,
        "",
        standing="user",
        source="the ledger itself",
        text="IT and cooling over the electrical path's efficiency is the facility's power",
    )
    yield finding(
        "buildout.target",
        "all sites",
        float(result.live_w[:, -1].sum()),
        result.target_w,
        "W",
        standing="user",
        source="buildout.target.power",
        text="facility power live in the last week against the target",
        at_least=True,
        severity="note",
    )
    yield finding(
        "buildout.budget",
        "all sites",
        float(result.capex_usd.sum()),
        result.budget_usd,
        "USD",
        standing="user",
        source="buildout.target.budget",
        text="money over the horizon, within its boundary, against the budget of the whole target",
        severity="note",
    )


def _open_share(item: Facility, electrical_share: float) -> float:
    """By how much the ledger fails to close, relative."""
    gaps = []
    for lines, total_w in ((item.design_lines_w, item.design_w), (item.mean_lines_w, item.mean_w)):
        inside_w = sum(lines[line] for line in (*IT_LINES, *COOLING_LINES))
        gaps.append(abs(inside_w / electrical_share - total_w) / max(total_w, 1.0))
    return max(gaps)


@dataclasses.dataclass(frozen=True, slots=True)
class _Typical:
    """One rack of a generation, as the mean over the sites where it is."""

    rack_w: float
    design_w: float
    facility_usd: float
    shared_usd: float
    all_in_usd: float


def _typical(
    result: BuildoutResult,
    generation: str,
    present: Mapping[str, Sequence[str]],
    buildout: Buildout,
    designs: RackDesigns,
) -> _Typical | None:
    where = [result.of(site, generation) for site in result.sites if generation in present[site]]
    if not where:
        return None
    weights = [float(result.live_w[result.sites.index(item.site)].sum()) for item in where]
    design = designs.of(generation)

    def mean(values: list[float]) -> float:
        return float(np.average(values, weights=weights if sum(weights) > 0 else None))

    return _Typical(
        rack_w=design.power_w,
        design_w=mean([item.design_w for item in where]),
        facility_usd=mean([buildout.sites[item.site].facility_usd_per_w * item.design_w for item in where]),
        shared_usd=design.shared_cost_usd,
        all_in_usd=mean([all_in_per_rack_usd(item, buildout, designs) for item in where]),
    )


def _compare_table(
    result: BuildoutResult,
    present: Mapping[str, Sequence[str]],
    buildout: Buildout,
    designs: RackDesigns,
    compare: Sequence[Figure],
) -> Table:
    rows: list[tuple[object, ...]] = []
    for figure in compare:
        for generation in result.generations:
            typical = _typical(result, generation, present, buildout, designs)
            ours = _ours(figure, typical) if typical is not None else None
            if ours is not None and figure.value:
                year = "" if figure.price_year is None else str(figure.price_year)
                name = figure.path.removeprefix("compare.")
                rows.append(
                    (name, generation, figure.unit, figure.value, ours, ours / figure.value, year, figure.source)
                )
    return specs.COMPARE.table(rows)


def _ours(figure: Figure, typical: _Typical) -> float | None:
    """What this program has for a published figure; None where they do not speak of the same thing."""
    name = figure.path.removeprefix("compare.")
    if typical.design_w <= 0 or typical.rack_w <= 0:
        return None
    if figure.unit == "USD/W" and name.startswith("all_in_"):
        return typical.all_in_usd / typical.design_w
    if figure.unit == "USD/W" and name.startswith("facility_"):
        return typical.facility_usd / typical.design_w
    if name in _PER_RACK:
        return {
            "all_in_per_rack": typical.all_in_usd,
            "infrastructure_per_rack": typical.facility_usd + typical.shared_usd,
            "racks_per_gw": 1.0 / typical.design_w,
            "facility_per_rack": typical.design_w,
            "facility_over_rack": typical.design_w / typical.rack_w,
        }[name]
    return None


_PER_RACK = ("all_in_per_rack", "infrastructure_per_rack", "racks_per_gw", "facility_per_rack", "facility_over_rack")
