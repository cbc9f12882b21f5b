"""When can a site have more racks, at what cost, and who slips? Answered from the plan, its whole modules held.

The racks come on top of everything that is required, and stand at the site from a week on until the end. The later the
week the easier, so the first week that is possible, and the first in which nobody slips, are found by halving.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import highspy
import numpy as np

from rackwright.demand import COMMITMENTS
from rackwright.plan.compile import Floats, Indexes, values_of
from rackwright.plan.held import Held
from rackwright.plan.levels import Levels
from rackwright.plan.live import Live
from rackwright.plan.model import KILO_USD
from rackwright.plan.question import Question
from rackwright.plan.result import WeeklyPlan
from rackwright.plan.solve import ZERO

#: Lateness and rack-weeks that differ by less are the same.
SAME_SHARE, SAME_USD, SAME_RACK_WEEKS = 1e-7, 1.0, 1e-3
#: Rack-weeks by which a shared slip may be passed, so that rounding does not make the rows conflict.
SLACK = 1e-4


@dataclass(frozen=True, slots=True)
class Slip:
    """Rack-weeks by which a generation's required racks are later than in the plan, and their share of its rack-weeks."""

    generation: str
    commitment: str
    rack_weeks: float
    share: float


@dataclass(frozen=True, slots=True)
class Offer:
    """The promise from a week on: what it does to lateness and cost, and who slips by how much, shared fairly."""

    week: str
    lateness_usd: float
    cost_usd: float
    slips: tuple[Slip, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """Racks of a generation at a site: the first week that is possible at all, and the first in which nobody slips.

    None where there is no such week in the horizon.
    """

    site: str
    generation: str
    racks: float
    soonest: Offer | None
    free: Offer | None
    solves: int


class Promiser(Held):
    """Answers promises one after the other, warm."""

    def __init__(self, q: Question, plan: WeeklyPlan, live: Live | None = None) -> None:
        super().__init__(q, plan, live)
        base = self.levels()
        assert base is not None
        self.late_usd = base.lateness.objective * self.model.usd_per_lateness
        self.cost = base.cost.objective
        self.late_weeks = plan.late.sum(axis=2)

    def promise(self, site: str, generation: str, racks: float) -> Promise:
        """The first week that is possible, and the first in which nobody slips, by halving.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum.
        """
        before = self.solves
        weeks = len(self.n.weeks)
        soonest = self._first(site, generation, racks, 0, endless=True)
        free = self._first(site, generation, racks, soonest, endless=False) if soonest < weeks else weeks
        offers = [self._offer(site, generation, racks, week) if week < weeks else None for week in (soonest, free)]
        self.reset()
        return Promise(site, generation, racks, offers[0], offers[1], self.solves - before)

    def _first(self, site: str, generation: str, racks: float, low: int, *, endless: bool) -> int:
        """The first week from `low` on in which the promise holds; the number of weeks where there is none."""
        high = len(self.n.weeks)
        while low < high:
            week = (low + high) // 2
            found = self._from(site, generation, racks, week)
            late = np.inf if found is None else found.lateness.objective * self.model.usd_per_lateness
            holds = found is not None and (endless or late <= self.late_usd * (1 + SAME_SHARE) + SAME_USD)
            low, high = (low, week) if holds else (week + 1, high)
        return low

    def _from(self, site: str, generation: str, racks: float, week: int) -> Levels | None:
        """Both levels with the racks at the site from a week on; None where that is not possible."""
        self.reset()
        row, place = self.n.generations.index(generation), self.n.sites.index(site)
        live = self.model.columns("live")[row, place, week:]
        needs = self.model.rows("required")[row, week:]
        if np.any(live < 0) or np.any(needs < 0):
            return None
        least = np.full(live.size, self.n.opening_live[row, place] + racks)
        self.solver.set_columns(live, least, self.solver.upper[live])
        more = self.solver.row_lower[needs] + racks
        self.solver.set_rows(needs, more, more)
        return self.levels()

    def _offer(self, site: str, generation: str, racks: float, week: int) -> Offer:
        """The promise from a week on, its slips shared fairly before cost is looked at."""
        found = self._from(site, generation, racks, week)
        assert found is not None
        late_usd = found.lateness.objective * self.model.usd_per_lateness
        self.solver.keep_optimal(found.lateness)
        x, cost = self._fairly()
        late = values_of(self.model.columns("late"), x).sum(axis=2)
        return Offer(
            self.n.weeks[week], late_usd - self.late_usd, (cost - self.cost) * KILO_USD, tuple(self._slips(late))
        )

    def _slips(self, late: Floats) -> Iterator[Slip]:
        required = self.n.required.sum(axis=2)
        for row, commitment in np.argwhere(late - self.late_weeks > SAME_RACK_WEEKS):
            weeks = float(late[row, commitment] - self.late_weeks[row, commitment])
            share = weeks / float(required[row, commitment])
            yield Slip(self.n.generations[row], COMMITMENTS[commitment], weeks, share)

    def _fairly(self) -> tuple[Floats, float]:
        """Of the plans of least lateness, the one whose largest share of slip is least, then the next; then least cost.

        The share of a generation and commitment is what it slips over its required rack-weeks. One column for the largest
        share, a row for each; rows that hold the share are fixed at it and the others go on down. What is left free is small, so an interior point
        from nothing is quicker here than simplex from the plan's basis (measured: 1.5 s against 4 s).
        """
        solver, highs = self.solver, self.solver.highs
        width, first = solver.all_columns.size, solver.row_lower.size
        late, required = self.model.columns("late"), self.n.required.sum(axis=2)
        groups = [(int(g), int(k)) for g, k in np.argwhere((late >= 0).any(axis=2) & (required > 0))]
        self._add_groups(groups, late, required, width)
        left = list(range(len(groups)))
        none = np.zeros(width)
        while left:
            solver.set_cost(none)
            highs.changeColCost(width, 1.0)
            highs.clearSolver()
            solver.solve("ipx", None, width)
            solution = highs.getSolution()
            share = float(solution.col_value[width])
            held = [number for number in left if abs(solution.row_dual[first + number]) > ZERO]
            if share <= ZERO or not held:
                break
            for number in held:
                g, k = groups[number]
                highs.changeCoeff(first + number, width, 0.0)
                most = float(self.late_weeks[g, k] + required[g, k] * share) + 2 * SLACK
                highs.changeRowBounds(first + number, -highspy.kHighsInf, most)
            left = [number for number in left if number not in held]
        highs.changeColBounds(width, 0.0, share + SLACK if left else 0.0)
        highs.changeColCost(width, 0.0)
        solver.set_cost(self.model.cost)
        highs.clearSolver()
        answer = solver.solve("ipx", self.model.builder, width)
        highs.deleteCols(1, np.array([width], dtype=np.int32))
        highs.deleteRows(len(groups), np.arange(first, first + len(groups), dtype=np.int32))
        return answer.x, answer.objective

    def _add_groups(self, groups: list[tuple[int, int]], late: Indexes, required: Floats, width: int) -> None:
        """The column of the largest share, and each group's row: late rack-weeks - required x share <= the plan's."""
        highs = self.solver.highs
        highs.addCol(0.0, 0.0, highspy.kHighsInf, 0, np.zeros(0, np.int32), np.zeros(0))
        for g, k in groups:
            columns = late[g, k][late[g, k] >= 0]
            entries = np.append(columns, width).astype(np.int32)
            values = np.append(np.ones(columns.size), -required[g, k])
            most = float(self.late_weeks[g, k]) + SLACK
            highs.addRow(-highspy.kHighsInf, most, entries.size, entries, values)


def promise_lines(item: Promise) -> Iterator[str]:
    """The answer in words."""
    what = f"{item.racks:,.0f} more racks of {item.generation} at {item.site}"
    if item.soonest is None:
        yield f"{what}: not within the horizon, with the modules of the plan."
        return
    if item.free is None:
        yield f"{what}: in no week of the horizon without somebody slipping."
    else:
        yield f"{what}: from {item.free.week}, nobody slips; {_money(item.free, item.racks)}."
    if item.free is None or item.soonest.week != item.free.week:
        slips = "; ".join(
            f"{slip.generation} ({slip.commitment}) by {slip.rack_weeks:,.1f} rack-weeks, {slip.share:.2%}"
            for slip in item.soonest.slips
        )
        yield (
            f"  from {item.soonest.week} at the soonest; then others are {item.soonest.lateness_usd:,.0f} $ later"
            f"{': ' + slips if slips else ''}; {_money(item.soonest, item.racks)}."
        )


def _money(offer: Offer, racks: float) -> str:
    sign = "more" if offer.cost_usd >= 0 else "less"
    return f"the plan costs {abs(offer.cost_usd):,.0f} $ {sign}, {abs(offer.cost_usd) / racks:,.0f} $ a rack"
