"""Solves the planner's question: least lateness, then least cost, whole modules, prices, and what relief buys."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rackwright.demand import COMMITMENTS, RackDemand
from rackwright.evaluation import Verdicts
from rackwright.plan.compile import Arrays, Floats, values_of
from rackwright.plan.model import QUARTER, Model, Question, Supply, compile_model, spread
from rackwright.plan.result import (
    BOTTLENECKS,
    BUILD,
    CAPEX,
    DELIVERIES,
    EXERCISE,
    EXPANSIONS,
    IDLE,
    LATE,
    LEVELS,
    MONEY,
    PRICES,
    PURCHASES,
    SHIP,
    STOCK,
    Bottleneck,
    Load,
    WeeklyPlan,
)
from rackwright.plan.solve import Answer, Solver
from rackwright.plant import PlantCapacities
from rackwright.program.calendar import Calendar
from rackwright.program.sections.agreement import Terms
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.plan import Plan
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.rack import RackDesigns
from rackwright.tables import Finding, Headline, Table, Trace, finding

BUILT = "good racks over the horizon, sample racks excluded"
PEAK = "the largest week"
LATE_WEEKS = "racks late, summed over weeks, after stand-ins of other generations"
LATE_END = "racks late in the last week"
WAITING = "most racks that are finished, late and not live, because no site has energised MW for them, in one week"
BINDING = (
    "the scarce thing with the largest price times what is available of it, summed over its weeks; by the price of "
    "lateness, or of cost when nothing is late"
)
HEADLINES: tuple[tuple[str, str, str], ...] = (
    ("plan.racks_built", "rack", BUILT),
    ("plan.peak_racks_per_week", "rack/week", PEAK),
    ("plan.late_rack_weeks", "rack week", LATE_WEEKS),
    ("plan.late_racks_at_end", "rack", LATE_END),
    ("plan.waiting_for_power", "rack", WAITING),
    ("plan.binding", "", BINDING),
)
RELIEF_SHARE = 0.05
RELIEVED = 3
SMALL = 1e-6


@dataclass(frozen=True, slots=True)
class _Levels:
    """Both objectives of one pass, and its answers."""

    lateness: Answer
    cost: Answer


def weekly_plan(
    plan: Plan,
    demand: RackDemand,
    racks: dict[str, Rack],
    designs: RackDesigns,
    verdicts: Verdicts | None,
    capacities: PlantCapacities,
    plants: dict[str, Plant],
    buildout: Buildout,
    option: Terms | None,
    calendar: Calendar,
    previous: WeeklyPlan | None = None,
    *,
    progress: Progress = SILENT,
) -> WeeklyPlan:
    """Find the plan.

    Raises
    ------
    NoPlan
        When the solver ends without an optimum; the program is elastic in demand, so this is an exception.
    """
    question = Question(plan, demand, racks, designs, verdicts, capacities, plants, buildout, option, calendar)
    progress.step("plan: compile")
    model = compile_model(question)
    build = model.builder
    arrays = build.arrays()
    solver = Solver(arrays)
    late_cost, money_cost = build.costs(model.lateness), build.costs(dict(model.cost))
    progress.step("plan: least lateness, then least cost")
    relaxed = _two_levels(solver, late_cost, money_cost, "ipx")
    whole = relaxed
    counts = {name: values_of(build.columns[name].index, relaxed.cost.x) for name in ("module", "line")}
    if any(values.size for values in counts.values()):
        progress.step("plan: whole modules")
        solver.restore()
        rounded = _round_modules(question, model, counts)
        for name, values in rounded.items():
            index = build.columns[name].index
            chosen = index[index >= 0]
            fixed = values[index >= 0]
            solver.set_columns(chosen, fixed, fixed)
        whole = _two_levels(solver, late_cost, money_cost, "ipx")
        counts = {name: values_of(build.columns[name].index, whole.cost.x) for name in ("module", "line")}
    answer = whole.cost
    if previous is not None:
        progress.step("plan: nearest to the plan before")
        answer = _nearest(solver, model, question, whole.cost, money_cost, previous) or whole.cost
    progress.step("plan: prices")
    bottlenecks = _bottlenecks(model, whole, late_cost, arrays)
    return _result(question, model, relaxed, whole, answer, bottlenecks)


def write_model(question: Question, place: Path) -> None:
    """Write the linear program with names, level 1's cost, as `.mps` or `.lp`."""
    model = compile_model(question)
    solver = Solver(model.builder.arrays())
    late_cost = model.builder.costs(model.lateness)
    solver.highs.changeColsCost(solver.columns.size, solver.columns, late_cost)
    solver.write(place, model.builder.column_names(), model.builder.row_names())


def _two_levels(solver: Solver, late_cost: Floats, money_cost: Floats, method: str) -> _Levels:
    """Least lateness; then least cost among the plans that are as little late."""
    lateness = solver.minimise(late_cost, method)
    solver.fix_optimal(lateness, late_cost)
    cost = solver.minimise(money_cost, method)
    return _Levels(lateness, cost)


def _round_modules(q: Question, model: Model, counts: dict[str, Floats]) -> dict[str, Floats]:
    """Whole modules by rounding cumulative sums, taken back from the last quarter while a year's money is overspent."""
    rounded = {name: np.diff(np.round(np.cumsum(values, axis=1) + SMALL), axis=1, prepend=0.0) for name, values in counts.items()}
    for year, limit in q.plan.capex_usd.items():
        while (spent := _spent(q, model, rounded).get(year, 0.0)) > limit * (1 + 1e-9) + 1.0:
            if not _take_one_back(q, model, rounded, year):
                break
            del spent
    return rounded


def _take_one_back(q: Question, model: Model, rounded: dict[str, Floats], year: int) -> bool:
    """Give up the latest module or line that spends in the year."""
    for quarter in reversed(range(len(model.quarters))):
        for name, row, cost, lead in _investments(q, model):
            if rounded[name][row, quarter] > 0 and cost > 0 and year in spread(model.quarters[quarter], lead, q.calendar):
                rounded[name][row, quarter] -= 1.0
                return True
    return False


def _investments(q: Question, model: Model) -> Iterator[tuple[str, int, float, int]]:
    """(block, row, cost [USD], lead [weeks]) of every module and line."""
    for row, (key, _) in enumerate(model.modules):
        expansion = q.plan.expansions[key]
        yield "module", row, expansion.cost_usd, int(np.ceil(expansion.lead_weeks))
    for row, family in enumerate(model.lines):
        make = q.plan.make[family]
        yield "line", row, make.capex_usd, int(np.ceil(make.lead_weeks))


def _spent(q: Question, model: Model, counts: dict[str, Floats]) -> dict[int, float]:
    """Capital expenditure by year; what falls beyond the calendar too. [USD]"""
    spent: dict[int, float] = {}
    for name, row, cost, lead in _investments(q, model):
        for quarter, start in enumerate(model.quarters):
            if counts[name][row, quarter] > SMALL:
                for year, share in spread(start, lead, q.calendar).items():
                    spent[year] = spent.get(year, 0.0) + share * cost * float(counts[name][row, quarter])
    return spent


def _nearest(
    solver: Solver, model: Model, q: Question, answer: Answer, money_cost: Floats, previous: WeeklyPlan
) -> Answer | None:
    """Among plans of the same lateness and cost, the one whose building differs least from the plan before.

    Distance is taken to first order: racks built where the plan before builds them cost nothing, others a little.
    """
    if previous.generations != q.generations or previous.plants != q.plant_names or previous.built.shape[2] != q.weeks:
        return None
    solver.fix_optimal(answer, money_cost)
    index = model.builder.columns["built"].index
    chosen = index >= 0
    pull = np.where(previous.built > SMALL, -1.0, 1.0)
    cost = np.zeros(model.builder.column_count)
    cost[index[chosen]] = pull[chosen]
    upper = np.maximum(previous.built[chosen], 0.0)
    held = solver.upper[index[chosen]].copy()
    free = (previous.built[chosen] > SMALL) & (solver.lower[index[chosen]] < solver.upper[index[chosen]])
    solver.set_columns(index[chosen][free], solver.lower[index[chosen]][free], np.maximum(upper[free], answer.x[index[chosen]][free]))
    nearest = solver.minimise(cost, "simplex")
    solver.set_columns(index[chosen], solver.lower[index[chosen]], held)
    return nearest


def _supply_price(supply: Supply, answer: Answer) -> Floats:
    """What one more unit of a supply saves, by week; never negative."""
    signed = -answer.price[supply.rows] if supply.rows.size else -answer.reduced[supply.columns]
    return np.asarray(np.maximum(signed, 0.0))


def _scarce(model: Model, levels: _Levels) -> list[tuple[Supply, Bottleneck]]:
    """Every supply with a price, the heaviest first."""
    found: list[tuple[Supply, Bottleneck]] = []
    for supply in model.supplies:
        late, money = _supply_price(supply, levels.lateness), _supply_price(supply, levels.cost)
        late_usd, cost_usd = float(late @ supply.available), float(money @ supply.available)
        priced = np.flatnonzero((late > SMALL) | (money > SMALL))
        if priced.size and (late_usd > 1.0 or cost_usd > 1.0):
            first, last = int(supply.weeks[priced[0]]), int(supply.weeks[priced[-1]])
            found.append(
                (
                    supply,
                    Bottleneck(
                        supply.key, supply.path, supply.owner, supply.kind, first, last, late_usd, cost_usd, None, None
                    ),
                )
            )
    found.sort(key=lambda item: (-item[1].lateness_usd, -item[1].cost_usd, item[1].key))
    return found


def _bottlenecks(model: Model, levels: _Levels, late_cost: Floats, arrays: Arrays) -> tuple[Bottleneck, ...]:
    """Every scarce thing; the first three with what 5 % more of them buys, each solved again on its own."""
    found = _scarce(model, levels)
    worth = [item for item in found[:RELIEVED] if item[1].lateness_usd > 1.0]
    with ThreadPoolExecutor(max_workers=2) as pool:
        reliefs = list(pool.map(lambda item: _relief(model, item[0], late_cost, levels, arrays), worth))
    shown = [
        replace(bare, relief_rack_weeks=relief[0], relief_usd=relief[1])
        for (_, bare), relief in zip(worth, reliefs, strict=True)
    ]
    return tuple([*shown, *(bare for _, bare in found[len(worth) :])])


def _relief(
    model: Model, supply: Supply, late_cost: Floats, levels: _Levels, arrays: Arrays
) -> tuple[float, float]:
    """Solve level 1 again with 5 % more of a supply in all its weeks, modules as they are."""
    solver = Solver(arrays)
    for name in ("module", "line"):
        index = model.builder.columns[name].index
        chosen = index[index >= 0]
        if chosen.size:
            solver.set_columns(chosen, levels.cost.x[chosen], levels.cost.x[chosen])
    more = (1.0 + RELIEF_SHARE) * supply.available
    if supply.rows.size:
        solver.set_rows(supply.rows, solver.row_lower[supply.rows], more)
    else:
        solver.set_columns(supply.columns, solver.lower[supply.columns], more)
    relieved = solver.minimise(late_cost, "ipx", vertex=False)
    index = model.builder.columns["late"].index
    before, after = values_of(index, levels.lateness.x).sum(), values_of(index, relieved.x).sum()
    return float(before - after), levels.lateness.objective - relieved.objective


def _result(
    q: Question,
    model: Model,
    relaxed: _Levels,
    whole: _Levels,
    answer: Answer,
    bottlenecks: tuple[Bottleneck, ...],
) -> WeeklyPlan:
    def block(name: str) -> Floats:
        return values_of(model.builder.columns[name].index, answer.x)

    built, live, late, finished = block("built"), block("live"), block("late"), block("finished")
    waiting = np.minimum(finished.sum(axis=1), late.sum(axis=1))
    ship, buy, make, stock = block("ship"), block("buy"), block("make"), block("stock")
    arrived = np.zeros_like(live)
    freight = q.plan.freight.weeks
    arrived[:, :, freight:] = ship[:, :, : q.weeks - freight]
    loads = tuple(_loads(q, model, answer))
    categories, cost = _money(q, model, answer)
    counts = {name: block(name) for name in ("module", "line")}
    wanted = {name: values_of(model.builder.columns[name].index, relaxed.cost.x) for name in ("module", "line")}
    calendar = q.calendar
    tables: list[Table] = [
        BUILD.table(_long(built, 2, (q.generations, q.plant_names), calendar, order=(1, 0))),
        DELIVERIES.table(_deliveries(q, built, live, late)),
        LATE.table(_long(late, 2, (q.generations, COMMITMENTS), calendar, order=(0, 1))),
        PURCHASES.table(_purchases(q, model, buy, make)),
        STOCK.table(_stock(q, model, stock)),
        EXPANSIONS.table(_expansions(q, model, counts, wanted)),
        CAPEX.table(_capex(q, model, counts)),
        SHIP.table(_lanes(q, block("lane"))),
        IDLE.table(_idle(loads, calendar)),
        MONEY.table(
            [(str(year), name, float(cost[row, column])) for column, year in enumerate(calendar.years) for row, name in enumerate(categories) if cost[row, column] > 0.5]
        ),
        LEVELS.table(
            [
                ("relaxed", relaxed.lateness.objective, relaxed.cost.objective),
                ("whole", whole.lateness.objective, whole.cost.objective),
            ]
        ),
        BOTTLENECKS.table(_bottleneck_rows(bottlenecks, calendar)),
        PRICES.table(_prices(model, whole, calendar)),
        EXERCISE.table(_exercise(q, model, answer)),
    ]
    return WeeklyPlan(
        tables=tuple(tables),
        findings=tuple(_findings(q)),
        headlines=tuple(_headlines(q, built, late, waiting, bottlenecks)),
        traces=tuple(_traces(q, bottlenecks)),
        generations=q.generations,
        plants=q.plant_names,
        sites=q.sites,
        families=model.families,
        solver="HiGHS",
        status="optimal",
        gap=_gap(relaxed, whole),
        built=built,
        arrived=arrived,
        live=live,
        finished=finished,
        waiting=waiting,
        required=q.demand.required,
        late=late,
        stock=stock,
        years=calendar.years,
        categories=categories,
        cost_usd=cost,
        resources=loads,
        bottlenecks=bottlenecks,
        assumed_pipeline=tuple(f"{name} {family}" for name, family in model.assumed_pipeline),
    )


def _gap(relaxed: _Levels, whole: _Levels) -> float:
    """How much later whole modules make the plan than shares of modules would, over the larger."""
    return max(0.0, whole.lateness.objective - relaxed.lateness.objective) / max(whole.lateness.objective, 1.0)


def _long(
    array: Floats, axes: int, labels: tuple[tuple[str, ...], ...], calendar: Calendar, order: tuple[int, ...]
) -> Iterator[tuple[object, ...]]:
    """Rows (week, labels in `order`, value) of everything above zero, by week."""
    places = np.argwhere(array > 1e-4)
    for place in places[np.argsort(places[:, axes], kind="stable")]:
        yield (calendar.text(int(place[axes])), *(labels[axis][int(place[axis])] for axis in order), float(array[tuple(place)]))


def _half_years(calendar: Calendar) -> dict[str, list[int]]:
    halves: dict[str, list[int]] = {}
    for week in range(calendar.weeks):
        halves.setdefault(calendar.half_year(week), []).append(week)
    return halves


def _deliveries(q: Question, built: Floats, live: Floats, late: Floats) -> Iterator[tuple[object, ...]]:
    required = q.demand.required.sum(axis=1)
    for half, weeks in _half_years(q.calendar).items():
        for row, key in enumerate(q.generations):
            end = weeks[-1]
            values = (required[row, end], live[row, :, end].sum(), late[row, :, end].sum(), built[row][:, weeks].sum())
            if any(value > SMALL for value in values):
                yield (half, key, *(float(value) for value in values))


def _by_year(q: Question) -> dict[int, list[int]]:
    years: dict[int, list[int]] = {}
    for week in range(q.weeks):
        years.setdefault(q.calendar.year(week), []).append(week)
    return years


def _purchases(q: Question, model: Model, buy: Floats, make: Floats) -> Iterator[tuple[object, ...]]:
    units = model.cost["buy"][:, 0] if model.offers else np.zeros(0)
    known = q.unit_costs()
    for year, weeks in _by_year(q).items():
        for row, (name, family) in enumerate(model.offers):
            pieces = float(buy[row][weeks].sum())
            if pieces > 1e-3:
                yield (str(year), family, name, pieces, pieces * float(units[row]))
        for row, family in enumerate(model.lines):
            pieces = float(make[row][weeks].sum())
            if pieces > 1e-3:
                yield (str(year), family, "made", pieces, pieces * q.plan.make[family].price_usd)
        for row, family in enumerate(model.families):
            pieces = float(model.on_order[row][weeks].sum())
            if pieces > 1e-3:
                yield (str(year), family, "on order", pieces, pieces * known.get(family, 0.0))


def _stock(q: Question, model: Model, stock: Floats) -> Iterator[tuple[object, ...]]:
    for week in [*(start + 12 for start in model.quarters if start + 12 < q.weeks - 1), q.weeks - 1]:
        for row, family in enumerate(model.families):
            if stock[row, week] > 1e-3:
                yield (q.calendar.text(week), family, float(stock[row, week]))


def _expansions(q: Question, model: Model, counts: dict[str, Floats], wanted: dict[str, Floats]) -> Iterator[tuple[object, ...]]:
    names = {"module": [f"{key} at {plant}" for key, plant in model.modules], "line": [f"own line of {family}" for family in model.lines]}
    for quarter, start in enumerate(model.quarters):
        for name, row, cost, lead in _investments(q, model):
            count, relaxed = float(counts[name][row, quarter]), float(wanted[name][row, quarter])
            if count > SMALL or relaxed > 1e-3:
                works = q.calendar.text(start + lead)
                yield (names[name][row], q.calendar.text(start), works, count, relaxed, count * cost)


def _capex(q: Question, model: Model, counts: dict[str, Floats]) -> Iterator[tuple[object, ...]]:
    spent = _spent(q, model, counts)
    for year in q.calendar.years:
        yield (str(year), spent.get(year, 0.0), q.plan.capex_usd.get(year, 0.0))


def _lanes(q: Question, lane: Floats) -> Iterator[tuple[object, ...]]:
    for p, s, quarter in np.argwhere(lane > 1e-3):
        yield (q.calendar.text(int(quarter) * QUARTER), q.plant_names[p], q.sites[s], float(lane[p, s, quarter]))


def _loads(q: Question, model: Model, answer: Answer) -> Iterator[Load]:
    """What each plant resource gives and has: rows are used - added <= available, so both are read off the row."""
    built = values_of(model.builder.columns["built"].index, answer.x)
    supplies = {supply.key: supply for supply in model.supplies}
    for item in q.capacities.resources:
        supply = supplies[f"plant.{item.plant}.{item.name}"]
        use = np.array([item.use.get(key, 0.0) for key in q.generations]) / max(item.per_piece, 1e-30)
        used = use @ built[:, q.plant_names.index(item.plant), :]
        added = used - answer.activity[supply.rows]
        yield Load(item.plant, item.name, used, supply.available + added)


def _idle(loads: tuple[Load, ...], calendar: Calendar) -> Iterator[tuple[object, ...]]:
    for start in range(0, calendar.weeks, 13):
        for load in loads:
            there = float(load.available[start : start + 13].sum())
            if there > 0:
                yield (calendar.text(start), load.plant, load.name, float(load.used[start : start + 13].sum()) / there)


def _money(q: Question, model: Model, answer: Answer) -> tuple[tuple[str, ...], Floats]:
    """Cost by category and year; capex by when it is spent, everything else by its week."""
    categories = tuple(dict.fromkeys([*model.categories.values(), "parts on order"]))
    years = q.calendar.years
    of_week = np.array([years.index(q.calendar.year(week)) for week in range(q.weeks)])
    cost = np.zeros((len(categories), len(years)))
    for name, amount in model.cost.items():
        row = categories.index(model.categories[name])
        values = values_of(model.builder.columns[name].index, answer.x)
        if name in ("module", "line") or not values.size:
            continue
        spent = (values * amount).reshape(-1, values.shape[-1]).sum(axis=0)
        weeks = of_week if name != "lane" else of_week[np.arange(0, q.weeks, QUARTER)]
        np.add.at(cost[row], weeks, spent)
    counts = {name: values_of(model.builder.columns[name].index, answer.x) for name in ("module", "line")}
    for name in ("module", "line"):
        only = {key: values if key == name else np.zeros_like(values) for key, values in counts.items()}
        for year, amount_usd in _spent(q, model, only).items():
            cost[categories.index(model.categories[name]), years.index(min(max(year, years[0]), years[-1]))] += amount_usd
    np.add.at(cost[categories.index("parts on order")], of_week, model.fixed_cost_usd)
    return categories, cost


def _bottleneck_rows(bottlenecks: tuple[Bottleneck, ...], calendar: Calendar) -> Iterator[tuple[object, ...]]:
    for item in bottlenecks:
        yield (
            item.key, item.path, item.owner, calendar.text(item.first), calendar.text(item.last), item.lateness_usd,
            item.cost_usd, item.relief_rack_weeks, item.relief_usd,
        )  # fmt: skip


def _prices(model: Model, levels: _Levels, calendar: Calendar) -> Iterator[tuple[object, ...]]:
    for supply in model.supplies:
        late, money = _supply_price(supply, levels.lateness), _supply_price(supply, levels.cost)
        for at in np.flatnonzero((late > SMALL) | (money > SMALL)):
            yield (calendar.text(int(supply.weeks[at])), supply.key, f"USD/{supply.unit}", float(late[at]), float(money[at]))


def _exercise(q: Question, model: Model, answer: Answer) -> Iterator[tuple[object, ...]]:
    block = model.builder.columns.get("exercise")
    if block is not None:
        for name, racks in zip(block.labels[0], values_of(block.index, answer.x), strict=True):
            yield (name, float(racks))


def _findings(q: Question) -> Iterator[Finding]:
    """What the declared facts contradict: power at the start, dates beyond leads."""
    for number, (name, site) in enumerate(q.buildout.sites.items()):
        opening_w = float((q.facility_w()[:, number] * [site.live.get(key, 0) for key in q.generations]).sum())
        if opening_w > 0:
            yield finding(
                "plan.opening_power",
                name,
                opening_w,
                max(float(site.energised_w[0]), 0.0) or 1.0,
                "W",
                standing="user",
                source=f"buildout.sites.{name}.energised",
                text="racks live at the start against energised power; the plan takes the larger",
                severity="warning",
            )


def _headlines(
    q: Question, built: Floats, late: Floats, waiting: Floats, bottlenecks: tuple[Bottleneck, ...]
) -> tuple[Headline, ...]:
    rests = ("plan.answer",)
    weekly = built.sum(axis=(0, 1))
    values: tuple[float | str, ...] = (
        float(weekly.sum()),
        float(weekly.max(initial=0.0)),
        float(late.sum()),
        float(late[:, :, -1].sum()),
        float(waiting.sum(axis=0).max(initial=0.0)),
        bottlenecks[0].key if bottlenecks else "nothing",
    )
    return tuple(Headline(name, value, unit, definition, rests) for (name, unit, definition), value in zip(HEADLINES, values, strict=True))


def _traces(q: Question, bottlenecks: tuple[Bottleneck, ...]) -> tuple[Trace, ...]:
    inputs = ["demand.required", "plan.*", "agreement.option.*"]
    inputs += [f"rack.{key}.power_w" for key in q.generations]
    inputs += [f"rack.{key}.cost_with_shared_usd" for key in q.generations]
    inputs += [f"rack.{key}.{word}" for key in q.generations for word in ("volume_from", "volume_until", "build.*")]
    inputs += [f"plant.{name}.*" for name in q.plant_names]
    inputs += [f"buildout.sites.{name}.*" for name in q.sites]
    inputs += [f"evaluation.{key}.verdict" for key in q.generations if q.verdicts and key in q.verdicts.verdict]
    first = bottlenecks[0].key if bottlenecks else "nothing"
    formula = f"least lateness, then least cost over all weeks; {first} holds it back most"
    return (Trace("plan.answer", None, "", formula, tuple(inputs)),)
