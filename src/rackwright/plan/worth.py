"""What one more of a limit in a week is worth, and for how many: by solving the plan again with more and with less of it.

Modules are held at the plan's whole counts. Lateness comes first: a worth is a list, lateness saved and then cost saved at
the least lateness. The value of a limit is convex (lateness first), so what holds for k holds for all fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rackwright.errors import NoPlan
from rackwright.plan.held import Held
from rackwright.plan.limits import Limit, limits_of
from rackwright.plan.live import Live
from rackwright.plan.model import KILO_USD
from rackwright.plan.question import Question
from rackwright.plan.result import WeeklyPlan

#: Values within this of each other are the same: relative to the value, and in USD for each unit.
SAME_SHARE, SAME_USD = 1e-5, 0.5
#: The range is not looked for beyond this many units.
MOST_UNITS = 1_000_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What some units more take off: lateness [USD and rack-weeks], then cost at the least lateness. [USD]"""

    lateness_usd: float
    rack_weeks: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Worth:
    """One more and one fewer unit of a limit in a week: what they save and cost, and how many are worth the same.

    `up_to` and `down_to` are whole units, each at the value of the first; None beyond `MOST_UNITS`, 0 where not even one.
    """

    key: str
    path: str
    unit: str
    week: str
    available: float
    more: Saved
    up_to: int | None
    fewer: Saved
    down_to: int | None
    solves: int


class Valuer(Held):
    """Answers what a limit is worth, warm from solve to solve."""

    def __init__(self, q: Question, plan: WeeklyPlan, live: Live | None = None) -> None:
        super().__init__(q, plan, live)
        every = limits_of(q, self.n, self.model, self.counts["module"], self.counts["line"])
        self.limits = {limit.key: limit for limit in every if not limit.relaxed}
        self.base = self._solve()

    def _solve(self) -> Saved:
        """Lateness and cost as bounded now, as negative savings."""
        found = self.levels()
        if found is None:
            raise NoPlan("no plan has so little of the limit")
        late = self.model.columns("late")
        weeks = float(found.cost.x[late[late >= 0]].sum())
        lateness_usd = found.lateness.objective * self.model.usd_per_lateness
        return Saved(-lateness_usd, -weeks, -found.cost.objective * KILO_USD)

    def saved(self, limit: Limit, at: int, units: float) -> Saved:
        """What `units` more (or fewer, below zero) of a limit in one of its weeks save against the plan.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum.
        """
        self.reset()
        if limit.rows.size:
            row = limit.rows[at : at + 1]
            same = self.solver.row_lower[row] == self.solver.row_upper[row]
            upper = self.solver.row_upper[row] + units
            self.solver.set_rows(row, np.where(same, upper, self.solver.row_lower[row]), upper)
        else:
            column = limit.columns[at : at + 1]
            upper = np.maximum(self.solver.upper[column] + units, 0.0)
            self.solver.set_columns(column, self.solver.lower[column], upper)
        found = self._solve()
        self.reset()
        return Saved(
            found.lateness_usd - self.base.lateness_usd,
            found.rack_weeks - self.base.rack_weeks,
            found.cost_usd - self.base.cost_usd,
        )

    def worth(self, limit: Limit, at: int) -> Worth:
        """One more and one fewer, with the number of units that are worth the same.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum.
        """
        before = self.solves
        more, up_to = self._along(limit, at, 1.0, MOST_UNITS)
        less, down_to = self._along(limit, at, -1.0, int(limit.available[at]))
        return Worth(
            limit.key, limit.path, limit.unit, self.n.weeks[int(limit.weeks[at])], float(limit.available[at]), more,
            up_to, less, down_to, self.solves - before,
        )  # fmt: skip

    def _along(self, limit: Limit, at: int, sign: float, most: int) -> tuple[Saved, int | None]:
        """The value of the first unit in a direction, and the most units at that value: doubling, then halving."""
        if most < 1:
            return Saved(0.0, 0.0, 0.0), 0
        first = self.saved(limit, at, sign)

        def holds(units: int) -> bool:
            return _linear(first, self.saved(limit, at, sign * units), units)

        if _nothing(first):
            return first, None
        good, bad = 1, 2
        while bad <= most and holds(bad):
            good, bad = bad, 2 * bad
        if bad > most:
            if good < most and not holds(most):
                bad = most
            else:
                return first, None if sign > 0 else most
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if holds(middle) else (good, middle)
        return first, good


def _nothing(saved: Saved) -> bool:
    return abs(saved.lateness_usd) < SAME_USD and abs(saved.cost_usd) < SAME_USD


def _linear(first: Saved, many: Saved, units: int) -> bool:
    """Whether many units are each worth what the first is; noise in the objectives grows with neither."""
    pairs = ((first.lateness_usd, many.lateness_usd), (first.cost_usd, many.cost_usd))
    return all(abs(b / units - a) <= SAME_SHARE * abs(a) + SAME_USD / units for a, b in pairs)


def dearest_week(plan: WeeklyPlan, key: str) -> str | None:
    """The week in which the plan's price list has a limit dearest: by lateness, then by cost."""
    table = next(table.frame for table in plan.tables if table.name == "plan.prices")
    rows = [row for row in table.to_dicts() if row["what"] == key]
    best = max(rows, key=lambda row: (row["lateness_usd"], row["cost_usd"]), default=None)
    return str(best["week"]) if best else None


def worth_lines(item: Worth) -> Iterator[str]:
    """The worth in words, both sides."""
    name = item.key.split(".")[-1]
    thing = {"rack": "rack", "MW": f"MW at {name}"}.get(
        item.unit, name if item.unit == "piece" else f"{item.unit} of {name}"
    )
    yield f"{item.week}, {item.key}: {item.available:,.6g} {item.unit} ({item.path})"
    if _nothing(item.more):
        yield f"  one more {thing} is worth nothing"
    else:
        many = "and as many more as are looked at" if item.up_to is None else f"up to {item.up_to:,} of them"
        yield f"  one more {thing} is worth {_in_words(item.more)}, {many}"
    if item.down_to == 0 and item.available < 1:
        yield "  there is none to lose"
    elif _nothing(item.fewer):
        yield f"  one fewer {thing} costs nothing"
    else:
        lost = Saved(-item.fewer.lateness_usd, -item.fewer.rack_weeks, -item.fewer.cost_usd)
        yield f"  one fewer {thing} costs {_in_words(lost, gains=False)}, up to {item.down_to or 0:,} of them"


def _in_words(saved: Saved, gains: bool = True) -> str:
    """Lateness, then cost: saved where `gains`, else lost."""
    late, money = abs(saved.lateness_usd) >= SAME_USD, abs(saved.cost_usd) >= SAME_USD
    if not late:
        return f"{saved.cost_usd:,.0f} $"
    text = f"{saved.lateness_usd:,.0f} $ of lateness ({saved.rack_weeks:,.2f} rack-weeks)"
    less = (saved.cost_usd > 0) == gains
    return text + (f", with {abs(saved.cost_usd):,.0f} $ {'less' if less else 'more'} cost" if money else "")
