"""Least lateness, then least cost at that lateness; the same with whole modules; what more of a limit saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from rackwright.plan.compile import Floats, values_of
from rackwright.plan.limits import Limit
from rackwright.plan.model import KILO_USD, Model
from rackwright.plan.question import Numbers
from rackwright.plan.solve import Answer, Method, Solver

#: In the start's blended objective a week of the costliest lateness weighs this many of the dearest racks.
BLEND_RACKS = 20.0
#: Built racks that differ by less than this from the plan before are the same.
SAME_RACKS = 1e-6


@dataclass(frozen=True, slots=True)
class Levels:
    """Both levels' answers, and what a warm solve needs to come back to this program: its bounds and a basis."""

    lateness: Answer
    cost: Answer
    bounds: tuple[Floats, Floats, Floats, Floats]
    basis: highspy.HighsBasis


def blend(n: Numbers, model: Model) -> Floats:
    """An objective whose optimum is near that of the two levels: a start for both, never an answer.

    One interior-point solve of it, crossed over, gives a vertex from which each level is a few simplex steps away;
    measured on the real program that is four times faster than an interior-point solve for each level.
    """
    dearest = float(n.rack_usd.max(initial=0.0)) / KILO_USD
    heaviest = float(model.lateness.max(initial=0.0)) or 1.0
    return model.lateness * (BLEND_RACKS * max(dearest, 1.0) / heaviest) + model.cost


def two_levels(solver: Solver, n: Numbers, model: Model, method: Method) -> Levels:
    """Least lateness, then least cost with the lateness kept, over the program as it is bounded now.

    `method` is how the blended start is solved: `ipx` from nothing, `dual` from a basis of the same program with other
    bounds. Each level is then solved to its own optimum by primal simplex. The bounds are left as they were.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum.
    """
    bounds = solver.bounds()
    solver.minimise(blend(n, model), method, model.builder)
    basis = solver.basis()
    lateness = solver.minimise(model.lateness, "primal", model.builder)
    solver.keep_optimal(lateness)
    cost = solver.minimise(model.cost, "primal", model.builder)
    solver.give_back(bounds)
    return Levels(lateness, cost, bounds, basis)


def with_whole(solver: Solver, n: Numbers, model: Model, relaxed: Levels, counts: Mapping[str, Floats]) -> Levels:
    """Both levels again with modules and lines held at whole counts, warm from the relaxed program."""
    for name, values in counts.items():
        index = model.columns(name)
        exists = index >= 0
        solver.set_columns(index[exists], values[exists], values[exists])
    solver.start_from(relaxed.basis)
    return two_levels(solver, n, model, "dual")


def relief(solver: Solver, n: Numbers, model: Model, at: Levels, limit: Limit, share: float) -> tuple[float, float]:
    """Lateness saved by `share` more of a limit in all its weeks: (USD, rack-weeks), by solving level 1 again."""
    solver.give_back(at.bounds)
    more = share * limit.available
    if limit.rows.size:
        both = solver.row_lower[limit.rows] == solver.row_upper[limit.rows]
        upper = solver.row_upper[limit.rows] + more
        solver.set_rows(limit.rows, np.where(both, upper, solver.row_lower[limit.rows]), upper)
    else:
        solver.set_columns(limit.columns, solver.lower[limit.columns], solver.upper[limit.columns] + more)
    solver.start_from(at.basis)
    solver.minimise(blend(n, model), "dual", model.builder)
    relieved = solver.minimise(model.lateness, "primal", model.builder)
    solver.give_back(at.bounds)
    late = model.columns("late")
    fewer = float(values_of(late, at.lateness.x).sum() - values_of(late, relieved.x).sum())
    return (at.lateness.objective - relieved.objective) * model.usd_per_lateness, fewer


def nearest(solver: Solver, model: Model, at: Levels, wanted: Floats) -> Answer:
    """Of the plans as good as `at` in both levels, the one that builds most like `wanted` (G, P, weeks).

    Least sum of absolute differences of racks built; it needs two columns and a row for each, so it comes last.
    """
    solver.give_back(at.bounds)
    solver.keep_optimal(at.lateness)
    solver.keep_optimal(at.cost)
    built = model.columns("built")
    exists = built >= 0
    count = int(exists.sum())
    highs, first = solver.highs, int(model.builder.column_count)
    highs.changeColsCost(first, np.arange(first, dtype=np.int32), np.zeros(first))
    none = np.zeros(0)
    highs.addCols(
        2 * count, np.ones(2 * count), np.zeros(2 * count), np.full(2 * count, highspy.kHighsInf), 0,
        np.zeros(2 * count, np.int32), np.zeros(0, np.int32), none,
    )  # fmt: skip
    entries = np.stack((built[exists], first + np.arange(count), first + count + np.arange(count)), axis=1)
    target = wanted[exists]
    highs.addRows(
        count, target, target, 3 * count, (3 * np.arange(count)).astype(np.int32), entries.ravel().astype(np.int32),
        np.tile([1.0, 1.0, -1.0], count),
    )  # fmt: skip
    highs.clearSolver()
    return solver.solve("ipx", model.builder, first)


def wanted_from(labels: Sequence[Sequence[str]], n: Numbers, built: Floats) -> Floats:
    """The earlier plan's built racks on this plan's axes; zero for names that it did not have."""
    generations, plants, weeks = labels
    wanted = np.zeros((len(n.generations), len(n.plants), len(n.weeks)))
    here = [[axis.index(name) for name in old if name in axis] for axis, old in
            zip((n.generations, n.plants, n.weeks), (generations, plants, weeks), strict=True)]  # fmt: skip
    there = [[number for number, name in enumerate(old) if name in axis] for axis, old in
             zip((n.generations, n.plants, n.weeks), (generations, plants, weeks), strict=True)]  # fmt: skip
    wanted[np.ix_(*here)] = built[np.ix_(*there)]
    return wanted
