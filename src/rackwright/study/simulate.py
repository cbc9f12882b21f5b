"""`rackwright plant FILE --simulate`: a plant's line played rack by rack, beside the rate that its resources allow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rackwright.errors import Problem, ProgramError
from rackwright.outcome import Outcome
from rackwright.plant.capacity import BURN_IN, DAY_S, pieces_per_rack
from rackwright.plant.floor.line import (
    WEEK_S,
    Buffer,
    Calendar,
    Line,
    Pool,
    Route,
    Source,
    Station,
    Step,
    Times,
    constant,
    lognormal,
)
from rackwright.plant.floor.run import Run, simulate
from rackwright.plant.floor.statistics import interval
from rackwright.program.names import nearest
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.tables import Column, Finding, TableSpec, finding, not_modelled

CREW, TEST_POWER, OPEN = "crew", "test power", "shifts"
#: Racks' worth of trays that wait at the station which they go into.
TRAYS_ROOM = 2

_PLANT = Column("plant", "plant in the program", type="text")
_GENERATION = Column("generation", "the one generation that it builds in this run", type="text")
SIMULATED = TableSpec(
    "plant.simulated",
    "A plant's line played rack by rack from empty, beside the rate that its resources allow by formula.",
    (
        _PLANT,
        _GENERATION,
        Column("formula", "racks a week by formula", "rack/week"),
        Column("mean", "racks a week in the weeks after the start-up, mean of the replications", "rack/week"),
        Column("low", "lower end of its 95 % interval", "rack/week"),
        Column("high", "upper end of its 95 % interval", "rack/week"),
        Column("share", "mean over formula", shown="%"),
        Column("inside", "mean parts on the line, trays counted one by one"),
        Column("flow_s", "mean time of a rack from its first rack step to the dock", "s", shown="day"),
        Column("peak_w", "largest test power over a quarter of an hour, mean of the replications", "W", shown="MW"),
        Column(
            "busiest", "station whose places are most at work, or hold a rack that waits for crew or power", type="text"
        ),
        Column("warm_up", "weeks left out as start-up; empty where none was found", type="count"),
        Column("engine", "recursion where it is exact, else events", type="text"),
    ),
)
SIMULATED_USE = TableSpec(
    "plant.simulated_use",
    "What the places of each station spend their time on, in the same runs.",
    (
        _PLANT,
        _GENERATION,
        Column("station", "station", type="text"),
        Column("places", "places", type="count"),
        Column("work", "at work", shown="%"),
        Column("blocked", "done, but the next station has no room", shown="%"),
        Column("waits", "with a part, waiting for crew or power", shown="%"),
        Column("starved", "without a part", shown="%"),
        Column("off", "off shift", shown="%"),
    ),
)
WORTH = TableSpec(
    "plant.worth",
    "What one more of each resource brings the played line, on the same random numbers; largest first.",
    (
        _PLANT,
        _GENERATION,
        Column("more", "what is added", type="text"),
        Column("gain", "racks a week more, mean of the replications", "rack/week"),
        Column("low", "lower end of its 95 % interval", "rack/week"),
        Column("high", "upper end of its 95 % interval", "rack/week"),
        Column("told", "yes, or not distinguishable from 0", type="text"),
    ),
)
TABLES: tuple[TableSpec, ...] = (SIMULATED, SIMULATED_USE, WORTH)


@dataclass(frozen=True, slots=True)
class SimulationQuestions:
    """What a simulation of the plants is asked."""

    plant: str | None = None
    weeks: int = 26
    replications: int = 10
    #: Also what one more place, person, rack's worth of power and point of yield bring.
    worth: bool = False


def study_plants(outcome: Outcome, questions: SimulationQuestions, *, progress: Progress = SILENT) -> Outcome:
    """The outcome with each plant's line simulated, one generation at a time.

    Raises
    ------
    ProgramError
        For a plant that the program does not name.
    """
    assert outcome.plant is not None
    assert outcome.rack is not None
    case = outcome.program.case()
    plants: dict[str, Plant] = case.plant or {}
    if questions.plant is not None:
        if questions.plant not in plants:
            expected = f"a plant: {', '.join(plants)}"
            raise ProgramError([Problem("--plant", 0, "", questions.plant, expected, nearest(questions.plant, plants))])
        plants = {questions.plant: plants[questions.plant]}
    rows: list[tuple[Any, ...]] = []
    use: list[tuple[Any, ...]] = []
    worth: list[tuple[Any, ...]] = []
    findings: list[Finding] = []
    for name, plant in plants.items():
        for generation in plant.generations or tuple(case.rack):
            allowed = outcome.plant.racks_per_week[name].get(generation)
            rack_w = outcome.rack.of(generation).power_w
            line = line_of(plant, case.rack[generation], generation, rack_w)
            if line is None or not allowed:
                text = "a step of the rack has no place in the plant, or nothing is taken: not simulated"
                findings.append(not_modelled("plant.simulated", f"{name} {generation}", text, f"plant.{name}.stations"))
                continue
            progress.step(f"{name}: {generation}, {questions.replications} times {questions.weeks} weeks")
            run = simulate(
                line,
                weeks=questions.weeks,
                replications=questions.replications,
                seed=outcome.program.seed,
                kind="steady",
            )
            rows.append(_row(name, generation, allowed, run))
            use += _use_rows(name, generation, run)
            findings += _findings(name, generation, allowed, run)
            if questions.worth:
                progress.step(f"{name}: {generation}, one more of each")
                worth += worth_rows(name, generation, line, run, questions, outcome.program.seed)
    tables = [SIMULATED.table(rows), SIMULATED_USE.table(use)]
    if questions.worth:
        tables.append(WORTH.table(worth))
    kept = replace(
        outcome.plant, tables=(*outcome.plant.tables, *tables), findings=(*outcome.plant.findings, *findings)
    )
    return replace(outcome, plant=kept)


def line_of(plant: Plant, rack: Rack, generation: str, rack_w: float) -> Line | None:
    """A plant's line for one generation; None where it lacks the places of a step.

    Steps of trays make trays, which the next step of the rack takes up; burn-in has its places, its soak again after each
    failure, and the plant's test power. Attended work is `variation` wide and so much longer that breaks, breakdowns and
    changeovers (`effective`) are inside; a failure costs `rework` of it. Crew stands by at attended steps as the rack's
    steps say; at burn-in it is left out, where it would have to be there off shift.
    """
    open_s, calendars = _shifts(plant)
    stations: list[Station] = []
    racks: list[Step] = []
    waiting: list[tuple[str, int, str]] = []
    routes: list[Route] = []
    for name in steps_of(rack):
        if name == BURN_IN:
            if not plant.burn_in.places:
                return None
            stations.append(_burn_in(plant, rack_w))
            racks.append(Step(BURN_IN))
            continue
        work, found = rack.build[name], plant.stations.get(name)
        if found is None or not found.places or work.time_s <= 0:
            return None
        needs = {CREW: work.crew} if work.crew and not found.unattended else {}
        station = _attended(plant, name, work.time_s, found.first_pass_share, found.rework_share, found.places, needs)
        stations.append(replace(station, calendar=None) if found.unattended else station)
        if work.per != "rack":
            waiting.append((name, pieces_per_rack(rack, work), work.per))
            continue
        racks.append(Step(name))
        for before, count, kind in waiting:
            routes.append(Route(f"{kind} of {before}", (Step(before),), into=name, per=count, room=TRAYS_ROOM * count))
        waiting = []
    if waiting or not racks:
        return None
    routes.append(Route(generation, tuple(racks)))
    sources = tuple(Source(f"parts of {route.name}", (route.name,)) for route in routes)
    people = plant.crew * _on_duty_share(plant, open_s)
    pools = (Pool(CREW, people, OPEN if calendars else None), Pool(TEST_POWER, plant.burn_in.power_w))
    asked = {pool for station in stations for phase in station.phases for pool in phase.needs}
    return Line(tuple(stations), tuple(routes), sources, tuple(pool for pool in pools if pool.name in asked), calendars)


def steps_of(rack: Rack) -> list[str]:
    """The rack's steps in order, with burn-in, which every rack takes: before the cluster test where none is declared."""
    steps = list(rack.build)
    if BURN_IN not in steps:
        after = [at for at, step in enumerate(steps) if step in ("l12", "pack_out")]
        steps.insert(min(after, default=len(steps)), BURN_IN)
    return steps


def _shifts(plant: Plant) -> tuple[float, tuple[Calendar, ...]]:
    """Open seconds of a week, and its calendar; none around the clock."""
    shifts = plant.shifts
    day_s = min(shifts.per_day * shifts.hours_s, DAY_S)
    if day_s >= DAY_S and shifts.days >= 7:
        return WEEK_S, ()
    hours = tuple((day * DAY_S, day * DAY_S + day_s) for day in range(shifts.days))
    return shifts.days * day_s, (Calendar(OPEN, hours),)


def _on_duty_share(plant: Plant, open_s: float) -> float:
    """Share of all people that is there while the plant works: each works so many shifts of it a week."""
    shifts = plant.shifts
    own_s = min(shifts.hours_s * min(float(shifts.per_day * shifts.days), shifts.per_person), WEEK_S)
    return min(own_s / open_s, 1.0)


def _attended(
    plant: Plant, name: str, time_s: float, passes: float, rework: float, places: int, needs: dict[str, float]
) -> Station:
    work_s = time_s / plant.shifts.effective_share
    calendar = OPEN if _shifts(plant)[1] else None
    return Station(
        name,
        _spread(work_s, plant.variation),
        places,
        Buffer(max(round(plant.room * places), 1)),
        first_pass_share=passes,
        on_fail="rework",
        rework=_spread(max(rework * work_s, 1.0), plant.variation),
        retest_share=0.0,
        needs=needs,
        calendar=calendar,
    )


def _burn_in(plant: Plant, rack_w: float) -> Station:
    burn_in = plant.burn_in
    power_w = rack_w * burn_in.load_share
    return Station(
        BURN_IN,
        constant(burn_in.soak_s),
        burn_in.places,
        Buffer(max(round(plant.room * burn_in.places), 1)),
        first_pass_share=burn_in.first_pass_share,
        on_fail="rework",
        rework=constant(1.0),
        needs={TEST_POWER: power_w},
        power_w=power_w,
    )


def _spread(mean_s: float, cv: float) -> Times:
    return lognormal(mean_s, cv) if cv > 0 else constant(mean_s)


def more_of_each(line: Line) -> Iterator[tuple[str, Line]]:
    """The line with one more place of each station, one more person, a rack's power more, a point of yield more."""
    for at, station in enumerate(line.stations):
        yield f"1 place of {station.name}", _with(line, at, replace(station, places=station.places + 1))
        if station.first_pass_share < 0.99:
            better = replace(station, first_pass_share=station.first_pass_share + 0.01)
            yield f"1 point of first-pass yield at {station.name}", _with(line, at, better)
    for at, pool in enumerate(line.pools):
        step = 1.0
        if pool.name == TEST_POWER:
            step = max(phase.needs.get(pool.name, 0.0) for station in line.stations for phase in station.phases)
        pools = (*line.pools[:at], replace(pool, size=pool.size + step), *line.pools[at + 1 :])
        words = "1 person on duty" if pool.name == CREW else f"{step / 1e3:.0f} kW of test power"
        yield words, replace(line, pools=pools)


def _with(line: Line, at: int, station: Station) -> Line:
    return replace(line, stations=(*line.stations[:at], station, *line.stations[at + 1 :]))


def worth_rows(
    plant: str, generation: str, line: Line, run: Run, questions: SimulationQuestions, seed: int
) -> list[tuple[Any, ...]]:
    """Each addition played on the same random numbers, replication by replication; what is within noise is said so."""
    found: list[tuple[Any, ...]] = []
    for words, more in more_of_each(line):
        again = simulate(more, weeks=questions.weeks, replications=questions.replications, seed=seed, kind="steady")
        weeks = max(run.warm_up_weeks or 0, again.warm_up_weeks or 0)
        gains = [
            float(one.good[weeks:].mean() - other.good[weeks:].mean())
            for one, other in zip(again.replications, run.replications, strict=True)
        ]
        gain = interval(gains)
        told = "yes" if gain.low > 0 or gain.high < 0 else "not distinguishable from 0"
        found.append((plant, generation, words, gain.mean, gain.low, gain.high, told))
    return sorted(found, key=lambda row: (row[6] != "yes", -row[3]))


def _row(plant: str, generation: str, allowed: float, run: Run) -> tuple[Any, ...]:
    found, flow = run.parts_per_week(), run.flow_s()
    use = run.use()
    busiest = max(use, key=lambda station: use[station]["work"].mean + use[station]["waits"].mean)
    return (
        plant, generation, allowed, found.mean, found.low, found.high, found.mean / allowed, run.inside().mean,
        flow.mean if math.isfinite(flow.mean) else None, run.peak_w().mean, busiest, run.warm_up_weeks, run.engine,
    )  # fmt: skip


def _use_rows(plant: str, generation: str, run: Run) -> Iterator[tuple[Any, ...]]:
    for station, shares in run.use().items():
        mean = {what: interval.mean for what, interval in shares.items()}
        yield (
            plant, generation, station, run.line.station(station).places,
            *(mean.get(what, 0.0) for what in ("work", "blocked", "waits", "starved", "off")),
        )  # fmt: skip


def _findings(plant: str, generation: str, allowed: float, run: Run) -> Iterator[Finding]:
    """The line beside the formula; standstills, in the engine's words."""
    found, subject = run.parts_per_week(), f"{plant} {generation}"
    yield finding(
        "plant.simulated",
        subject,
        found.high,
        0.9 * allowed,
        "rack/week",
        standing="user",
        severity="note",
        at_least=True,
        source=f"plant.{plant}",
        text=f"racks a week of the played line ({found.mean:.1f}, 95 % interval {found.low:.1f} to {found.high:.1f}) against "
        f"nine tenths of what its resources allow; room and spread are assumed",
    )
    for text in run.findings[:5]:
        yield not_modelled("plant.standstill", subject, text, f"plant.{plant}")
