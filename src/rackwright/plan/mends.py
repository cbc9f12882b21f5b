"""The cheapest ways back: which of the program's levers, at which extent, bring the lateness down to where it should be.

Sets of lever steps are tried in the order of their price. A set is solved only where no earlier solve rules it out: the
prices of any solve bound the least lateness of every other set from below (weak duality). So the first three that reach
the target are the cheapest three of all sets, whatever their number.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from rackwright.plan.compile import Arrays, Builder, Floats
from rackwright.plan.levels import blend, hold_whole
from rackwright.plan.levers import Lever, Step, levers_of
from rackwright.plan.live import Live, same_blocks
from rackwright.plan.model import KILO_USD, Model, compile_model
from rackwright.plan.question import Numbers, Question, numbers_of
from rackwright.plan.result import WeeklyPlan
from rackwright.plan.rounding import spent_usd

#: Lateness within this of the target has reached it, relative and in USD.
REACHED_SHARE, REACHED_USD = 1e-7, 1.0
#: A reduced cost this far below zero at an endless column is rounding.
NOISE = 1e-7
#: Solves and seconds after which the search gives up with what it has.
MOST_SOLVES, MOST_S = 400, 60.0


@dataclass(frozen=True, slots=True)
class Mend:
    """A set of lever steps and what a plan with them is: proven by solving both levels again.

    `price_usd` is paid for the steps; `cost_usd` is the change of the plan's own cost beside it.
    """

    steps: tuple[tuple[Lever, Step], ...]
    price_usd: float
    lateness_usd: float
    rack_weeks: float
    cost_usd: float

    @property
    def text(self) -> str:
        """What is done."""
        return "; ".join(step.text for _, step in self.steps)


@dataclass(frozen=True, slots=True)
class Mends:
    """The answer: the target, the cheapest mends, and what all levers together leave where none reaches it.

    `proven` says that no cheaper set reaches the target: false only where the search ended at its limits.
    """

    target_usd: float
    before_usd: float
    found: tuple[Mend, ...]
    least_usd: float
    proven: bool
    solves: int
    ruled_out: int
    took_s: float


@dataclass(slots=True)
class _Cut:
    """Prices of a solved set, which bound the lateness of every set whose rows are the same."""

    builder: Builder
    price: Floats

    def bound(self, model: Model) -> float:
        """Least lateness that these prices allow in another program, in level 1's unit."""
        if not same_blocks(model.builder.rows, self.builder.rows):
            return -np.inf
        a: Arrays = model.arrays
        columns = np.repeat(np.arange(a.lower.size), np.diff(a.starts))
        reduced = model.lateness - np.bincount(columns, self.price[a.rows] * a.values, minlength=a.lower.size)
        reduced[np.abs(reduced) < NOISE] = 0.0
        price = np.where(np.abs(self.price) < NOISE * 1e-3, 0.0, self.price)
        return _side(price, a.row_lower, a.row_upper) + _side(reduced, a.lower, a.upper)


def _side(price: Floats, lower: Floats, upper: Floats) -> float:
    """What prices make of bounds: the lower where the price is above zero, the upper where it is below."""
    chosen = np.flatnonzero(price)
    return float((price[chosen] * np.where(price[chosen] > 0, lower[chosen], upper[chosen])).sum())


@dataclass(slots=True)
class Mender:
    """Solves the plan's program with levers pulled, its modules held at the plan's whole counts and the levers' own."""

    q: Question
    plan: WeeklyPlan
    live: Live = field(default_factory=Live)
    cuts: list[_Cut] = field(default_factory=list)
    solves: int = 0
    ruled_out: int = 0

    def model(self, chosen: tuple[Step, ...]) -> tuple[Numbers, Model, dict[str, Floats]] | None:
        """Numbers, model and module counts with steps taken; None where a year's money does not carry the modules."""
        n = numbers_of(self.q)
        counts = whole_counts_of(n, self.plan)
        for step in chosen:
            n = step.change(n)
            if step.modules is not None:
                row, quarter, count = step.modules
                counts["module"][row, quarter] += count
        spent = spent_usd(n, n.expansions, counts["module"]) + spent_usd(n, n.lines, counts["line"])
        if np.any(spent > np.maximum(n.capex_limit_usd, self.plan.capex_usd) + 1.0):
            return None
        return n, compile_model(n), counts

    def lateness_usd(self, chosen: tuple[Step, ...], target_usd: float) -> float:
        """Least lateness with steps taken; a bound above the target where an earlier solve gives one, without a solve."""
        made = self.model(chosen)
        if made is None:
            return float("inf")
        n, model, counts = made
        for cut in self.cuts:
            bound_usd = cut.bound(model) * model.usd_per_lateness
            if bound_usd > _reach(target_usd):
                self.ruled_out += 1
                return bound_usd
        return self.solve(n, model, counts)

    def solve(self, n: Numbers, model: Model, counts: dict[str, Floats]) -> float:
        """Least lateness [USD], by solving; its prices join the cuts."""
        solver = self.live.take(model)
        hold_whole(solver, model, counts)
        basis = self.live.bases.get("whole")
        if basis is not None:
            solver.start_from(basis)
        solver.minimise(blend(n, model), "ipx" if basis is None else "dual", model.builder)
        late = solver.minimise(model.lateness, "primal", model.builder)
        self.live.bases["whole"] = solver.basis()
        self.cuts.insert(0, _Cut(model.builder, late.price))
        self.solves += 1
        return late.objective * model.usd_per_lateness

    def proof(self, chosen: tuple[tuple[Lever, Step], ...]) -> Mend:
        """The mend with both levels solved again."""
        made = self.model(tuple(step for _, step in chosen))
        assert made is not None
        n, model, counts = made
        late_usd = self.solve(n, model, counts)
        solver = self.live.solver
        assert solver is not None
        solver.keep_optimal(solver.minimise(model.lateness, "primal", model.builder))
        cost = solver.minimise(model.cost, "primal", model.builder)
        late = model.columns("late")
        return Mend(
            steps=chosen,
            price_usd=sum(step.price_usd for _, step in chosen),
            lateness_usd=late_usd,
            rack_weeks=float(cost.x[late[late >= 0]].sum()),
            cost_usd=cost.objective * KILO_USD - self.base_cost_usd() - _modules_usd(n, chosen),
        )

    def base_cost_usd(self) -> float:
        """The plan's cost without the pieces on the way at the start, which no lever moves."""
        n = numbers_of(self.q)
        return self.plan.total_cost_usd - float((n.on_order * n.order_price_usd[:, None]).sum())


def _modules_usd(n: Numbers, chosen: tuple[tuple[Lever, Step], ...]) -> float:
    """Modules' own cost, which the price of their step has already."""
    bought = [step.modules for _, step in chosen if step.modules is not None]
    return sum(n.expansions[row].cost_usd * count for row, _, count in bought)


def whole_counts_of(n: Numbers, plan: WeeklyPlan) -> dict[str, Floats]:
    """The plan's whole modules (expansions, Q) and own lines (lines, Q)."""
    counts = {
        "module": np.zeros((len(n.expansions), n.quarters.size)),
        "line": np.zeros((len(n.lines), n.quarters.size)),
    }
    place = {(item.kind, item.name, item.plant): row for row, item in enumerate(n.expansions)}
    place |= {(item.kind, item.name, item.plant): row for row, item in enumerate(n.lines)}
    quarter = {int(week): number for number, week in enumerate(n.quarters)}
    for item in plan.modules:
        block = "module" if item.kind == "expansion" else "line"
        counts[block][place[item.kind, item.name, item.plant], quarter[item.ordered_week]] += item.count
    return counts


def _reach(target_usd: float) -> float:
    return target_usd * (1.0 + REACHED_SHARE) + REACHED_USD


def mends(q: Question, plan: WeeklyPlan, target_usd: float = 0.0, most: int = 3, live: Live | None = None) -> Mends:
    """The cheapest sets of lever steps that bring a plan's weighted lateness to a target.

    Parameters
    ----------
    plan
        Of the same question; its whole modules and own lines are held.
    target_usd
        Weighted lateness to come down to, such as that of the plan before an edit.
    live
        A session's solver, whose bases the search starts from; it is left as it is.

    Returns
    -------
    Mends
        At most `most`, cheapest first by what is paid for their steps; none contains another. Of two sets at the same
        price the one found first in the program's order of levers comes first.
    """
    begun = perf_counter()
    levers = levers_of(q, numbers_of(q))
    mender = Mender(q, plan)
    if live is not None and live.model is not None:
        mender.live.bases.update(live.bases)
        mender.live.take(live.model)
    fullest = tuple(lever.steps[-1] for lever in levers)
    least_usd = mender.lateness_usd(fullest, float("inf")) if levers else plan.lateness_usd
    found: list[Mend] = []
    proven = True
    if levers and (least_usd <= _reach(target_usd) or not np.isfinite(least_usd)):
        for chosen in _cheapest_first(levers, mender, target_usd):
            if chosen is None:
                proven = False
                break
            found.append(mender.proof(chosen))
            if len(found) == most:
                break
    return Mends(
        target_usd, plan.lateness_usd, tuple(found), least_usd, proven, mender.solves, mender.ruled_out,
        perf_counter() - begun,
    )  # fmt: skip


def _cheapest_first(
    levers: tuple[Lever, ...], mender: Mender, target_usd: float
) -> Iterator[tuple[tuple[Lever, Step], ...] | None]:
    """Sets that reach the target, in the order of price, none within another; None where the limits end the search.

    A set is a number of steps for each lever, 0 for none. Each is reached in one way: from the set without its last lever,
    or with one step less of it.
    """
    begun = perf_counter()
    reached: list[tuple[int, ...]] = []
    queue: list[tuple[float, tuple[int, ...]]] = [(0.0, (0,) * len(levers))]
    while queue:
        _, chosen = heapq.heappop(queue)
        if any(all(a <= b for a, b in zip(less, chosen, strict=True)) for less in reached):
            continue
        if mender.solves >= MOST_SOLVES or perf_counter() - begun > MOST_S:
            yield None
            return
        steps = tuple((lever, lever.steps[count - 1]) for lever, count in zip(levers, chosen, strict=True) if count > 0)
        late_usd = mender.lateness_usd(tuple(step for _, step in steps), target_usd)
        if late_usd <= _reach(target_usd):
            if steps:
                yield steps
                reached.append(chosen)
                continue
            return
        last = max((number for number, count in enumerate(chosen) if count), default=0)
        for number in range(last, len(levers)):
            if chosen[number] < len(levers[number].steps):
                more = (*chosen[:number], chosen[number] + 1, *chosen[number + 1 :])
                price = sum(
                    lever.steps[count - 1].price_usd for lever, count in zip(levers, more, strict=True) if count > 0
                )
                heapq.heappush(queue, (price, more))


def mend_lines(answer: Mends) -> Iterator[str]:
    """The mends as sentences."""
    if answer.before_usd <= _reach(answer.target_usd):
        yield "Nothing to mend: the plan is as little late as it should be."
        return
    if not answer.found:
        yield (
            f"No set of the program's levers mends it: all together leave {answer.least_usd:,.0f} USD of lateness "
            f"of {answer.before_usd:,.0f}; {answer.target_usd:,.0f} is asked."
        )
    for number, item in enumerate(answer.found, 1):
        sign = "more" if item.cost_usd >= 0 else "less"
        yield (
            f"{number}. {item.text}: {item.price_usd:,.0f} USD, and {abs(item.cost_usd):,.0f} USD {sign} in the plan; "
            f"{item.rack_weeks:,.1f} rack-weeks late, {item.lateness_usd:,.0f} USD "
            f"({', '.join(lever.path for lever, _ in item.steps)})"
        )
    if not answer.proven:
        yield "The search ended at its limits: a cheaper set is not excluded."
