"""`rackwright rack FILE cooling --hours --failures --margin`: a block's loop, studied beyond its design point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rackwright.buildout.epw import read_epw
from rackwright.buildout.hours import BlockYear, Rejection, block_year, month_of
from rackwright.buildout.rejection.plant import Mode
from rackwright.buildout.years import Extremes, WeatherYear, extremes, extremes_of_epw, from_epw, synthetic
from rackwright.errors import Problem, ProgramError
from rackwright.outcome import Outcome
from rackwright.physics.coolants import Coolant
from rackwright.program.case import Case
from rackwright.program.names import nearest
from rackwright.program.sections.buildout import Site
from rackwright.progress import SILENT, Progress
from rackwright.rack.cooling.block import BlockHall, block_hall, speed_for_plates
from rackwright.rack.cooling.failures import FailureRow, hours, single_failures
from rackwright.rack.cooling.margins import Margins, margins
from rackwright.rack.cooling.mends import Design, rank_mends
from rackwright.rack.cooling.piping import coolant_of
from rackwright.rack.design import RackDesign, RackDesigns
from rackwright.rack.pieces import pieces_of
from rackwright.study import specs
from rackwright.study.controls import control_checks, control_rows_of
from rackwright.study.loops import check_rows, findings_of, mixed_loop, pressure_checks
from rackwright.study.seconds import seconds_of
from rackwright.tables import Finding, Table, TableSpec, finding, not_modelled

#: Halls drawn for the margin's distribution.
DRAWS = 400
#: Plain water in a dry cooler freezes below this air.
FROST_K = 273.15
#: Below this margin the heat of some rack goes round without a way out: there is no temperature to tell.
NO_WAY_OUT_K = -300.0
MODES = {Mode.IDLE: "idle", Mode.FREE: "free", Mode.PARTIAL: "partial", Mode.MECHANICAL: "mechanical"}


@dataclass(frozen=True, slots=True)
class Questions:
    """What a study is asked. `weather` replaces the sites' own; `site` keeps one of them and tells its hours."""

    hours: bool = False
    failures: bool = False
    margin: bool = False
    transient: bool = False
    pressure: bool = False
    controls: bool = False
    mixed: tuple[str, ...] = ()
    network: Path | None = None
    weather: Path | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    rejection: Rejection
    year: WeatherYear
    extremes: Extremes
    #: Liquid of the site's loop; None for water.
    liquid: Coolant | None = None
    fluid: str = "water"


def study_cooling(outcome: Outcome, questions: Questions, *, progress: Progress = SILENT) -> Outcome:
    """The outcome with the study's tables and findings among those of the rack stage.

    Raises
    ------
    ProgramError
        When hours are asked for and the program has no site, or the weather file cannot be read.
    """
    assert outcome.rack is not None
    case = outcome.program.case()
    places = _places(case, questions, outcome.program.seed) if questions.hours else []
    tables: list[Table] = []
    findings: list[Finding] = []
    rows: dict[TableSpec, list[tuple[Any, ...]]] = {spec: [] for spec in _asked(questions)}
    for design in outcome.rack.designs:
        made = made_of(case, design)
        if made is None:
            findings.append(not_modelled("rack.cooling.study", design.generation, "the block's loop is not solved"))
            continue
        if questions.failures:
            progress.step(f"{design.generation}: every single failure")
            _failures(made, design, rows, findings)
        if questions.pressure:
            progress.step(f"{design.generation}: pressures")
            checks = pressure_checks(design.generation, made, case.rack[design.generation], case.catalogue)
            rows[specs.COOLING_PRESSURE] += check_rows(design.generation, checks)
            findings += findings_of(design.generation, checks)
        if questions.controls:
            progress.step(f"{design.generation}: controls at falling load")
            rack = case.rack[design.generation]
            rows[specs.COOLING_CONTROLS] += control_rows_of(design.generation, made, rack)
            held = list(control_checks(design.generation, made, rack))
            rows[specs.COOLING_VALVES] += check_rows(design.generation, held)
            findings += findings_of(design.generation, held)
        if questions.transient and design.block is not None:
            progress.step(f"{design.generation}: seconds after a trip")
            _seconds(case, made, design, rows, findings)
        if questions.margin:
            progress.step(f"{design.generation}: margin over {DRAWS} draws")
            _margin(made, design, outcome.program.seed, rows, findings)
        years: dict[tuple[str, str, str], BlockYear] = {}
        for place in places:
            progress.step(f"{design.generation} at {place.name}: 8,760 hours")
            # sites of one climate and kind of rejection have one year
            alike = (place.year.name, place.rejection, place.fluid)
            if alike not in years:
                years[alike] = _run_year(case, made, design, place)
            _year(design, place, years[alike], rows, findings)
    if questions.mixed:
        progress.step(f"one loop for {', '.join(questions.mixed)}")
        shared, told = mixed_loop(_mixed(case, outcome.rack, questions.mixed))
        rows[specs.COOLING_MIXED] += shared
        findings += told
    if questions.network is not None:
        rows[specs.COOLING_LOOP] += _own_network(questions.network)
    tables = [spec.table(found) for spec, found in rows.items()]
    kept = replace(outcome.rack, tables=(*outcome.rack.tables, *tables), findings=(*outcome.rack.findings, *findings))
    return replace(outcome, rack=kept)


def made_of(case: Case, design: RackDesign) -> BlockHall | None:
    """A design's block as a network."""
    rack = case.rack[design.generation]
    return block_hall(design.generation, rack, case.catalogue, pieces_of(rack, case.catalogue), design.loop)


def _mixed(case: Case, designs: RackDesigns, names: tuple[str, ...]) -> dict[str, BlockHall]:
    known = [design.generation for design in designs.designs]
    problems = [
        Problem("--mixed", 0, "", name, f"a generation: {', '.join(known)}", nearest(name, known))
        for name in names
        if name not in known
    ]
    if not problems and len(set(names)) < 2:
        problems.append(
            Problem("--mixed", 0, "", ", ".join(names), f"two different generations or more of {', '.join(known)}")
        )
    if problems:
        raise ProgramError(problems)
    names = tuple(dict.fromkeys(names))
    made = {name: made_of(case, designs.of(name)) for name in names}
    unsolved = [name for name, one in made.items() if one is None]
    if unsolved:
        expected = "generations whose CDU states its head and shut-off"
        raise ProgramError([Problem("--mixed", 0, "", ", ".join(unsolved), expected)])
    return {name: one for name, one in made.items() if one is not None}


def _asked(questions: Questions) -> Iterator[TableSpec]:
    if questions.hours:
        yield from (specs.COOLING_YEAR, specs.COOLING_MONTHS, specs.COOLING_PLANT)
        if questions.site is not None or questions.weather is not None:
            yield specs.COOLING_HOURS
    if questions.failures:
        yield from (specs.COOLING_FAILURES, specs.COOLING_MENDS)
    if questions.margin:
        yield specs.COOLING_MARGIN
    if questions.transient:
        yield specs.COOLING_SECONDS
    if questions.pressure:
        yield specs.COOLING_PRESSURE
    if questions.controls:
        yield from (specs.COOLING_CONTROLS, specs.COOLING_VALVES)
    if questions.mixed:
        yield specs.COOLING_MIXED
    if questions.network is not None:
        yield specs.COOLING_LOOP


def _places(case: Case, questions: Questions, seed: int) -> list[_Place]:
    """The sites with their weather; one pseudo-site for a weather file without a site."""
    sites = case.buildout.sites if case.buildout else {}
    if questions.site is not None:
        if questions.site not in sites:
            expected = f"a site: {', '.join(sites) or 'there is none'}"
            raise ProgramError([Problem("--site", 0, "", questions.site, expected, nearest(questions.site, sites))])
        sites = {questions.site: sites[questions.site]}
    if questions.weather is not None:
        year, hot = from_epw(questions.weather), extremes_of_epw(read_epw(questions.weather))
        kinds = {site.heat_rejection for site in sites.values()}
        if len(kinds) > 1:
            raise ProgramError(
                [Problem("--weather", 0, "", f"sites with {', '.join(sorted(kinds))}", "--site NAME, one of them")]
            )
        own = next(iter(sites.values()), None)
        name = next(iter(sites)) if len(sites) == 1 else year.name
        if own is None:
            return [_Place(name, "dry", year, hot)]
        return [_Place(name, own.heat_rejection, year, hot, *_liquid(case, own))]
    if not sites:
        expected = "sites with a climate under buildout, or --weather FILE.epw"
        raise ProgramError([Problem("the program", 0, "buildout.sites", "nothing", expected)])
    found = []
    for name, site in sites.items():
        climate = case.catalogue.climates[site.climate]
        year, hot = synthetic(climate, seed), extremes(climate)
        found.append(_Place(name, site.heat_rejection, year, hot, *_liquid(case, site)))
    return found


def _liquid(case: Case, site: Site) -> tuple[Coolant | None, str]:
    """The site's loop: None for plain water, which the plant's figures are for."""
    name = site.facility_fluid
    return (None if name == "water" else coolant_of(case.catalogue.fluids[name])), name


def _run_year(case: Case, made: BlockHall, design: RackDesign, place: _Place) -> BlockYear:
    efficiency = case.buildout.efficiency if case.buildout else None
    return block_year(
        made,
        rack_w=design.power_w,
        air_heat_w=design.air_heat_w,
        air=place.year.air,
        extremes=place.extremes.air,
        rejection=place.rejection,
        liquid=place.liquid,
        efficiency=efficiency,
        load_share=efficiency.utilisation_share if efficiency else 1.0,
    )


def _year(
    design: RackDesign,
    place: _Place,
    year: BlockYear,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    where = f"{design.generation} at {place.name}"
    rows[specs.COOLING_YEAR].append(_year_row(design, place, year))
    rows[specs.COOLING_MONTHS] += _month_rows(design, place, year)
    if specs.COOLING_HOURS in rows:
        rows[specs.COOLING_HOURS] += _hour_rows(design, place, year)
    findings += [
        finding(
            "rack.cooling.year_over",
            where,
            float(year.hours_over()),
            0.0,
            "",
            standing="user",
            source=f"rack.{design.generation}.cooling.supply",
            text="hours of the year in which some chip is over its case limit",
        ),
        finding(
            "rack.cooling.year_full_load",
            where,
            year.full_margin_k,
            0.0,
            "delta_K",
            standing="user",
            at_least=True,
            source=f"rack.{design.generation}.cooling.supply",
            text="least margin of a chip at full load in the year's hottest hour; the other hours run at the mean load",
        ),
        finding(
            "rack.cooling.year_room_short",
            where,
            float((~year.room.met).sum()),
            0.0,
            "",
            standing="user",
            severity="warning",
            source="buildout.sites.*.climate",
            text="hours of the year in which the room coolers' plant misses its water",
        ),
        finding(
            "rack.cooling.year_short",
            where,
            float(year.hours_short()),
            0.0,
            "",
            standing="user",
            severity="warning",
            source="buildout.sites.*.climate",
            text="hours of the year in which the plant misses the facility water that the CDUs want",
        ),
        not_modelled(
            "rack.cooling.pue",
            where,
            f"the partial PUE of cooling is {year.partial_pue:.4f}; PUE needs the losses of the electrical path, hour by hour",
        ),
    ]
    findings += _frost(place, where)
    findings += _plant_findings(year, where)
    rows[specs.COOLING_PLANT] += [
        (place.name, design.generation, item.name, item.facility_k, item.wanted_k, item.margin_k) for item in year.lost
    ]
    if place.extremes.assumed:
        named = ", ".join(place.extremes.assumed)
        findings.append(not_modelled("rack.cooling.extremes", where, f"taken from other stations' spread: {named}"))


def _frost(place: _Place, where: str) -> Iterator[Finding]:
    """The coldest hour against the freezing point of what runs through cells that stand in the air."""
    if place.rejection == "wet":
        return
    freezing_k = FROST_K if place.liquid is None or place.liquid.freezing_k is None else place.liquid.freezing_k
    coldest_k = float(place.year.air.dry_bulb_k.min())
    frost = int((place.year.air.dry_bulb_k < freezing_k).sum())
    yield finding(
        "rack.cooling.facility_frost",
        where,
        coldest_k,
        freezing_k,
        "K",
        standing="estimate",
        at_least=True,
        source="buildout.sites.*.facility_fluid",
        text=f"coldest hour against the freezing point of the {place.fluid} in the {place.rejection} cells; {frost:,} hours "
        "are colder: another fluid, draining or heat tracing, of which none is in these figures",
    )


def _plant_findings(year: BlockYear, where: str) -> Iterator[Finding]:
    """The least margin with one cell or one chiller of the plant lost, at full load in the extreme hours."""
    single = [item for item in year.lost if item.name.startswith("1 of")]
    if not single:
        return
    worst = min(single, key=lambda item: item.margin_k)
    yield finding(
        "rack.cooling.plant_failure",
        where,
        worst.margin_k,
        0.0,
        "delta_K",
        standing="estimate",
        at_least=True,
        source="buildout.sites.*.heat_rejection",
        text=f"least margin of a chip at full load in the site's extreme hours with {worst.name} lost; facility water at "
        f"{worst.facility_k - 273.15:.1f} degC of the {worst.wanted_k - 273.15:.1f} wanted",
    )


def _year_row(design: RackDesign, place: _Place, year: BlockYear) -> tuple[Any, ...]:
    it_j = year.it_w.sum()
    worst = int(np.argmin(year.margin_k))
    return (
        place.name,
        design.generation,
        f"{place.year.name} ({place.year.provenance})",
        place.rejection,
        float(year.cells[0]),
        "yes" if year.chilled[0] else "no",
        year.partial_pue,
        year.water_m3_j * 3.6e6 * 1e3,
        year.hours_mechanical(),
        year.room.hours_in(Mode.PARTIAL) + year.room.hours_in(Mode.MECHANICAL),
        year.hours_short(),
        year.hours_over(),
        float(year.supply_k.max()),
        float(year.margin_k[worst]),
        year.hottest[worst],
        float((year.liquid.fan_w + year.room.fan_w).sum() / it_j),
        float((year.liquid.pump_w + year.room.pump_w + year.cdu_pump_w).sum() / it_j),
        float((year.liquid.chiller_w + year.room.chiller_w).sum() / it_j),
        float(year.room_fan_w.sum() / it_j),
    )


def _month_rows(design: RackDesign, place: _Place, year: BlockYear) -> Iterator[tuple[Any, ...]]:
    months = month_of(len(year.it_w))
    for month in range(1, 13):
        at = months == month
        yield (
            place.name,
            design.generation,
            month,
            float(place.year.air.dry_bulb_k[: len(months)][at].mean()),
            float(place.year.air.wet_bulb_k[: len(months)][at].mean()),
            float(year.it_w[at].mean()),
            float((year.liquid.fan_w + year.room.fan_w)[at].mean()),
            float((year.liquid.pump_w + year.room.pump_w + year.cdu_pump_w)[at].mean()),
            float((year.liquid.chiller_w + year.room.chiller_w)[at].mean()),
            float(year.room_fan_w[at].mean()),
            float((year.liquid.makeup_kg_s + year.room.makeup_kg_s)[at].sum() * 3600 / 998.0),
            int((year.liquid.mode[at] >= Mode.PARTIAL).sum()),
            float(year.margin_k[at].min()),
        )


def _hour_rows(design: RackDesign, place: _Place, year: BlockYear) -> Iterator[tuple[Any, ...]]:
    air = place.year.air
    columns = (
        air.dry_bulb_k,
        air.wet_bulb_k,
        year.it_w,
        year.liquid.leaving_k,
        year.supply_k,
        year.margin_k,
        [MODES[Mode(int(mode))] for mode in year.liquid.mode],
        year.liquid.fan_w + year.room.fan_w,
        year.liquid.pump_w + year.room.pump_w + year.cdu_pump_w,
        year.liquid.chiller_w + year.room.chiller_w,
        year.room_fan_w,
        year.liquid.makeup_kg_s + year.room.makeup_kg_s,
    )
    for hour, values in enumerate(zip(*columns, strict=True), start=1):
        yield place.name, design.generation, hour, *(v if isinstance(v, str) else float(v) for v in values)


def _failures(
    made: BlockHall,
    design: RackDesign,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    speed, _ = speed_for_plates(made)
    given: dict[str, Any] = {
        "wanted_k": made.loop.supply_k,
        "primary_k": made.loop.facility_supply_k,
        "primary_kg_s": made.cdu.primary_rated_kg_s,
        "pump_efficiency": made.cdu.pump_efficiency,
    }
    conditions = hours(
        made.hall,
        wanted_k=made.loop.supply_k,
        primary_k=made.loop.facility_supply_k,
        primary_kg_s=made.cdu.primary_rated_kg_s,
        speed=np.full((1, len(made.hall.network.pumps)), speed),
        most_speed=np.ones((1, len(made.hall.network.pumps))),
    )
    found = single_failures(made.hall, made.fluid, conditions, pump_efficiency=made.cdu.pump_efficiency)
    worst = found.worst_first()
    rows[specs.COOLING_FAILURES] += [_failure_row(design, row) for row in worst]
    sped_up = [row for row in worst if row.response == "speed up" and row.margin_k > NO_WAY_OUT_K]
    if sped_up:
        last = sped_up[0]
        findings.append(
            finding(
                "rack.cooling.single_failure",
                design.generation,
                last.margin_k,
                0.0,
                "delta_K",
                standing="user",
                at_least=True,
                source=f"rack.{design.generation}.cooling.redundancy",
                text=f"worst single failure with pumps sped up: {last.name}; {last.chip} in rack {last.rack + 1}",
            )
        )
    stuck = [row.name for row in worst if row.response == "speed up" and row.margin_k <= NO_WAY_OUT_K]
    if stuck:
        findings.append(
            finding(
                "rack.cooling.no_way_out",
                design.generation,
                float(len(stuck)),
                0.0,
                "",
                standing="user",
                severity="warning",
                source=f"rack.{design.generation}.cooling.redundancy",
                text=f"failures after which some chip has no flow or its heat no way out: {', '.join(stuck[:4])}",
            )
        )
    plan = Design(made.hall.racks, made.hall.cdus, made.headers, float(made.hall.network.fixed_pa[0]))
    for row in rank_mends(plan, made.fluid, {**given, "speed": speed}):
        rows[specs.COOLING_MENDS].append(
            (
                design.generation,
                row.name,
                row.size,
                row.cost_usd,
                row.predicted_k,
                row.confirmed_k,
                row.k_per_kusd,
                row.hottest_after,
            )
        )


def _failure_row(design: RackDesign, row: FailureRow) -> tuple[Any, ...]:
    return (
        design.generation,
        row.name,
        row.kind,
        row.response,
        row.severity,
        row.margin_k if row.margin_k > NO_WAY_OUT_K else None,
        row.margin_lost_k if row.margin_k > NO_WAY_OUT_K else None,
        row.chip,
        row.rack + 1,
        row.racks_over,
        row.worst_flow_share if np.isfinite(row.worst_flow_share) else None,
        "yes" if row.coolers_short else "no",
    )


def _seconds(
    case: Case,
    made: BlockHall,
    design: RackDesign,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    assert design.block is not None
    for item in seconds_of(made, case.rack[design.generation], design.block):
        rows[specs.COOLING_SECONDS].append(
            (
                design.generation,
                item.event,
                _known(item.seconds),
                _known(item.earliest_s),
                _known(item.latest_s),
                item.hottest_k if not np.isfinite(item.seconds) else None,
                _known(item.ride_through_m3),
                item.unclosed_share,
                item.standing,
            )
        )
    findings.append(
        not_modelled(
            "rack.cooling.seconds",
            design.generation,
            "heat capacities and coast-down are assumptions: read the seconds to throttle over their range, not as one number",
            f"rack.{design.generation}.cooling.seconds",
        )
    )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _own_network(path: Path) -> Iterator[tuple[Any, ...]]:
    """A loop from an EPANET file: flows and pressures at its opening hour, statuses as the file has them."""
    from rackwright.rack.cooling.epanet import read_inp
    from rackwright.rack.cooling.hydraulics import solve

    own = read_inp(path)
    network = own.network()
    density = own.density_kg_m3
    now = own.conditions(0.0)
    solution = solve(
        network, density_kg_m3=density, viscosity_pa_s=own.viscosity_pa_s, demands_kg_s=now.demands_kg_s,
        fixed_pa=now.fixed_pa, speed=now.speed, opened=now.opened,
    )  # fmt: skip
    for number, name in enumerate(network.links):
        first, second = int(network.first[number]), int(network.second[number])
        yield (
            name,
            network.nodes[first],
            network.nodes[second],
            float(solution.flow_kg_s[0, number] / density),
            float(solution.pressure_pa[0, first]),
            float(solution.pressure_pa[0, second]),
        )


def _margin(
    made: BlockHall,
    design: RackDesign,
    seed: int,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    speed, _ = speed_for_plates(made)
    given = {
        "wanted_k": made.loop.supply_k,
        "primary_k": made.loop.facility_supply_k,
        "primary_kg_s": made.cdu.primary_rated_kg_s,
        "pump_efficiency": made.cdu.pump_efficiency,
        "speed": np.full(len(made.hall.network.pumps), speed),
    }
    found = margins(made.hall, made.fluid, given, draws=DRAWS, rng=np.random.default_rng(seed))
    rows[specs.COOLING_MARGIN].append(_margin_row(design, found))
    findings.append(
        finding(
            "rack.cooling.throttle_probability",
            design.generation,
            found.clopper_pearson()[1],
            0.05,
            "",
            standing="estimate",
            severity="warning",
            source="assumed spreads of couplings, fouling, trim and sensors",
            text=f"upper end of the 95 % interval of the share of blocks with a chip over its limit, of {DRAWS} drawn",
        )
    )


def _margin_row(design: RackDesign, found: Margins) -> tuple[Any, ...]:
    quantiles = found.quantiles_k((0.01, 0.5))
    most = max(found.importance, key=lambda item: item.variance_share, default=None)
    return (
        design.generation,
        len(found.margin_k),
        found.nominal_k,
        quantiles[0.01],
        quantiles[0.5],
        found.probability,
        found.clopper_pearson()[1],
        f"{most.kind} ({most.variance_share:.0%})" if most else "",
    )
