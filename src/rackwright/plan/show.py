"""The plan as tables: rows in the declared columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rackwright.demand import COMMITMENTS
from rackwright.plan import specs
from rackwright.plan.compile import Floats
from rackwright.plan.flows import CATEGORIES
from rackwright.plan.gap import controllable_usd, in_modules
from rackwright.plan.levels import Levels
from rackwright.plan.limits import Limit, cost_price_usd, lateness_price_usd
from rackwright.plan.model import Model
from rackwright.plan.question import Numbers
from rackwright.plan.result import WeeklyPlan
from rackwright.program.calendar import Calendar
from rackwright.tables import Table

QUARTER_WEEKS = 13
#: Racks and pieces below this are not worth a row.
SMALL = 1e-3
Rows = Iterator[tuple[object, ...]]


def tables_of(
    n: Numbers,
    model: Model,
    plan: WeeklyPlan,
    limits: tuple[Limit, ...],
    relaxed: Levels,
    whole: Levels,
    calendar: Calendar,
) -> tuple[Table, ...]:
    """Every table of the stage."""
    return (
        specs.BUILD.table(_build(plan)),
        specs.DELIVERIES.table(_deliveries(plan, calendar)),
        specs.LIVE.table(_live(plan)),
        specs.LATE.table(_late(plan)),
        specs.CAUSES.table(_causes(plan)),
        specs.PURCHASES.table(_purchases(n, plan)),
        specs.STOCK.table(_stock(n, plan)),
        specs.EXPANSIONS.table(_expansions(plan, calendar)),
        specs.CAPEX.table(
            zip(map(str, plan.years), plan.capex_usd.tolist(), plan.capex_limit_usd.tolist(), strict=True)
        ),
        specs.SHIP.table(_ship(n, plan)),
        specs.IDLE.table(_idle(plan)),
        specs.MONEY.table(_money(plan)),
        specs.LEVELS.table(_levels(n, plan)),
        specs.BOTTLENECKS.table(_bottlenecks(plan)),
        specs.PRICES.table(_prices(n, model, limits, relaxed, whole)),
        specs.EXERCISE.table(_exercise(n, plan, calendar)),
    )


def _build(plan: WeeklyPlan) -> Rows:
    for week, plant, row in np.argwhere(plan.built.transpose(2, 1, 0) > SMALL):
        yield (plan.weeks[week], plan.plants[plant], plan.generations[row], float(plan.built[row, plant, week]))


def _deliveries(plan: WeeklyPlan, calendar: Calendar) -> Rows:
    halves: dict[str, list[int]] = {}
    for week in range(calendar.weeks):
        halves.setdefault(calendar.half_year(week), []).append(week)
    for half, weeks in halves.items():
        for row, generation in enumerate(plan.generations):
            late = plan.late[row].sum(axis=0)
            numbers = (
                float(plan.required[row, :, weeks[-1]].sum()),
                float(plan.live[row, :, weeks[-1]].sum()),
                float(late[weeks[-1]]),
                float(plan.built[row][:, weeks].sum()),
                float(plan.arrived[row][:, weeks].sum()),
                float(late[weeks].sum()),
            )
            if any(number > SMALL for number in numbers):
                yield (half, generation, *numbers)


def _live(plan: WeeklyPlan) -> Rows:
    required, live = plan.required.sum(axis=1), plan.live.sum(axis=1)
    waiting, lent, late = plan.waiting.sum(axis=1), plan.stand_in.sum(axis=1), plan.late.sum(axis=1)
    for week, name in enumerate(plan.weeks):
        for row, generation in enumerate(plan.generations):
            numbers = [float(array[row, week]) for array in (required, live, waiting, lent, late)]
            if any(number > SMALL for number in numbers):
                yield (name, generation, *numbers)


def _late(plan: WeeklyPlan) -> Rows:
    for week, row, commitment in np.argwhere(plan.late.transpose(2, 0, 1) > SMALL):
        racks = float(plan.late[row, commitment, week])
        yield (plan.weeks[week], plan.generations[row], COMMITMENTS[commitment], racks)


def _causes(plan: WeeklyPlan) -> Rows:
    for item in plan.late_causes:
        week = plan.weeks[item.week]
        yield (week, item.generation, item.racks, item.key, item.path, item.owner, item.share, item.text)


def _quarters(weeks: int) -> Iterator[slice]:
    for start in range(0, weeks, QUARTER_WEEKS):
        yield slice(start, min(start + QUARTER_WEEKS, weeks))


def _purchases(n: Numbers, plan: WeeklyPlan) -> Rows:
    for part in _quarters(len(plan.weeks)):
        quarter = plan.weeks[part.start]
        for row, offer in enumerate(n.offers):
            inside = np.arange(part.start, part.stop) < offer.lead
            for basis, chosen in (("chosen", ~inside), ("assumed", inside)):
                pieces = float(plan.bought[row, part][chosen].sum())
                if pieces > SMALL:
                    yield (quarter, offer.family, offer.supplier, basis, pieces, pieces * offer.price_usd)
        for row, line in enumerate(n.lines):
            pieces = float(plan.made[row, part].sum())
            if pieces > SMALL:
                yield (quarter, line.name, "own line", "chosen", pieces, pieces * float(n.make_usd[row]))
        for row, family in enumerate(plan.families):
            pieces = float(plan.on_order[row, part].sum())
            if pieces > SMALL:
                yield (quarter, family, "on order", "declared", pieces, pieces * float(n.order_price_usd[row]))


def _stock(n: Numbers, plan: WeeklyPlan) -> Rows:
    for part in _quarters(len(plan.weeks)):
        for row, family in enumerate(plan.families):
            pieces = float(plan.stock[row, part.stop - 1])
            if pieces > SMALL:
                yield (plan.weeks[part.start], family, pieces, pieces * float(n.piece_usd[row]))


def _expansions(plan: WeeklyPlan, calendar: Calendar) -> Rows:
    for item in plan.modules:
        name = item.name if item.kind == "expansion" else f"own line of {item.name}"
        ordered, finished = calendar.text(item.ordered_week), calendar.text(item.finished_week)
        yield (name, item.plant, ordered, finished, item.count, item.lp_count, item.capex_usd)


def _ship(n: Numbers, plan: WeeklyPlan) -> Rows:
    nearby = set(n.nearby)
    for part in _quarters(len(plan.weeks)):
        racks = plan.shipped[:, :, :, part].sum(axis=3)
        for plant, site, row in np.argwhere(racks.transpose(1, 2, 0) > SMALL):
            count = float(racks[row, plant, site])
            each = n.same_state_usd if (int(plant), int(site)) in nearby else n.other_state_usd
            yield (
                plan.weeks[part.start], plan.plants[plant], plan.sites[site], plan.generations[row], count,
                count * each,
            )  # fmt: skip


def _idle(plan: WeeklyPlan) -> Rows:
    for part in _quarters(len(plan.weeks)):
        for item in plan.resources:
            there, used = float(item.available[part].mean()), float(item.used[part].mean())
            load = used / there if there > 0 else None
            yield (plan.weeks[part.start], item.plant, item.name, item.unit, there, used, load)


def _money(plan: WeeklyPlan) -> Rows:
    for column, year in enumerate(plan.years):
        for row, category in enumerate(CATEGORIES):
            yield (str(year), category, float(plan.cost_usd[row, column]))


def _levels(n: Numbers, plan: WeeklyPlan) -> Rows:
    of = controllable_usd(n, plan.total_cost_usd, plan.built)
    for name, bound, whole, share in (
        ("1 lateness", plan.lateness_lp_usd, plan.lateness_usd, None),
        ("2 cost", plan.cost_lp_usd, plan.total_cost_usd, of),
    ):
        gap = whole - bound
        yield (name, bound, whole, gap, gap / share if share else None, in_modules(n, gap) if share else None)


def _bottlenecks(plan: WeeklyPlan) -> Rows:
    for item in plan.bottlenecks:
        yield (
            item.key, item.path, item.owner, plan.weeks[item.first], plan.weeks[item.last], item.lateness_usd,
            item.cost_usd, item.relief_share, item.first_order_usd, item.relief_usd, item.relief_rack_weeks,
        )  # fmt: skip


def _prices(n: Numbers, model: Model, limits: tuple[Limit, ...], relaxed: Levels, whole: Levels) -> Rows:
    for limit in limits:
        late, money = prices_of(limit, model, relaxed, whole)
        for at in np.flatnonzero((late > 0) | (money > 0)):
            on_time = float(late[at] * limit.available[at]) / max(float(n.late_usd.max()), 1e-9)
            week = n.weeks[int(limit.weeks[at])]
            yield (
                week, limit.key, limit.unit, float(limit.available[at]), float(late[at]), on_time, float(money[at]),
            )  # fmt: skip


def prices_of(limit: Limit, model: Model, relaxed: Levels, whole: Levels) -> tuple[Floats, Floats]:
    """Both levels' prices of a limit, from the program in which it binds. [USD per unit]"""
    levels = relaxed if limit.relaxed else whole
    return (
        lateness_price_usd(limit, model, levels.lateness),
        cost_price_usd(limit, model, levels.lateness, levels.cost),
    )


def _exercise(n: Numbers, plan: WeeklyPlan, calendar: Calendar) -> Rows:
    total = 0.0
    for week, racks in zip(plan.windows, plan.exercised, strict=True):
        total += float(racks)
        yield (calendar.text(week), float(racks), calendar.text(week + n.option_lead), total, n.option_cap)
