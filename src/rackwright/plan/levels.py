"""Least lateness, then least cost at that lateness; the same with whole modules; what more of a limit saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from rackwright.plan.compile import Floats
from rackwright.plan.limits import Limit
from rackwright.plan.model import KILO_USD, Model
from rackwright.plan.question import Numbers
from rackwright.plan.solve import TIME_LIMIT_S, Answer, Method, Solver

#: In the start's blended objective a week of the costliest lateness weighs this many of the dearest racks.
BLEND_RACKS = 20.0


@dataclass(frozen=True, slots=True)
class Levels:
    """Both levels' answers, and what a warm solve needs to come back to this program: its bounds and its bases."""

    lateness: Answer
    cost: Answer
    bounds: tuple[Floats, Floats, Floats, Floats]
    #: Of the blended start, and of the plan.
    basis: highspy.HighsBasis
    cost_basis: highspy.HighsBasis
    #: Of the search for the prices; None before it.
    cone: highspy.HighsBasis | None = None


def blend(n: Numbers, model: Model) -> Floats:
    """An objective whose optimum is near that of the two levels: a start for both, never an answer.

    One interior-point solve of it, crossed over, gives a vertex from which each level is a few simplex steps away;
    measured on the real program that is four times faster than an interior-point solve for each level.
    """
    dearest = float(n.rack_usd.max(initial=0.0)) / KILO_USD
    heaviest = float(model.lateness.max(initial=0.0)) or 1.0
    return model.lateness * (BLEND_RACKS * max(dearest, 1.0) / heaviest) + model.cost


def two_levels(
    solver: Solver, n: Numbers, model: Model, method: Method, limit_s: float = TIME_LIMIT_S, *, explain: bool = True
) -> Levels:
    """Least lateness, then least cost with the lateness kept, over the program as it is bounded now.

    `method` is how the blended start is solved: `ipx` from nothing, `dual` from a basis of the same program with other
    bounds, which gives way to `ipx` after `limit_s`. Each level is then solved to its own optimum by primal simplex.
    The bounds are left as they were. Without `explain` no conflicting rows are looked for where there is no plan.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum.
    """
    bounds = solver.bounds()
    solver.minimise(blend(n, model), method, model.builder if explain else None, limit_s)
    basis = solver.basis()
    lateness = solver.minimise(model.lateness, "primal", model.builder)
    solver.keep_optimal(lateness)
    cost = solver.minimise(model.cost, "primal", model.builder)
    cost_basis = solver.basis()
    solver.give_back(bounds)
    return Levels(lateness, cost, bounds, basis, cost_basis)


def hold_whole(solver: Solver, model: Model, counts: Mapping[str, Floats]) -> None:
    """Hold modules and lines at whole counts, by block."""
    for name, values in counts.items():
        index = model.columns(name)
        exists = index >= 0
        solver.set_columns(index[exists], values[exists], values[exists])


def with_whole(solver: Solver, n: Numbers, model: Model, relaxed: Levels, counts: Mapping[str, Floats]) -> Levels:
    """Both levels again with modules and lines held at whole counts, warm from the relaxed program."""
    hold_whole(solver, model, counts)
    solver.start_from(relaxed.basis)
    return two_levels(solver, n, model, "dual")


def fewest_rack_weeks(solver: Solver, n: Numbers, model: Model, at: Levels) -> float:
    """The fewest late rack-weeks among the plans of least lateness."""
    solver.give_back(at.bounds)
    solver.start_from(at.basis)
    _, fewest = _least_lateness(solver, n, model)
    solver.give_back(at.bounds)
    return fewest


def relief(
    solver: Solver, n: Numbers, model: Model, at: Levels, fewest: float, limit: Limit, share: float
) -> tuple[float, float]:
    """Lateness saved by `share` more of a limit in all its weeks: (USD, rack-weeks), by solving level 1 again.

    Rack-weeks are the fewest of those at the least lateness, before (`fewest`) and after.
    """
    solver.give_back(at.bounds)
    more = share * limit.available
    if limit.rows.size:
        both = solver.row_lower[limit.rows] == solver.row_upper[limit.rows]
        upper = solver.row_upper[limit.rows] + more
        solver.set_rows(limit.rows, np.where(both, upper, solver.row_lower[limit.rows]), upper)
    else:
        solver.set_columns(limit.columns, solver.lower[limit.columns], solver.upper[limit.columns] + more)
    solver.start_from(at.basis)
    relieved, after = _least_lateness(solver, n, model)
    solver.give_back(at.bounds)
    return (at.lateness.objective - relieved) * model.usd_per_lateness, fewest - after


def _least_lateness(solver: Solver, n: Numbers, model: Model) -> tuple[float, float]:
    """Least lateness, and the fewest late rack-weeks at it, by way of the blended start's basis that the solver has."""
    solver.minimise(blend(n, model), "dual", model.builder)
    lateness = solver.minimise(model.lateness, "primal", model.builder)
    solver.keep_optimal(lateness)
    fewest = solver.minimise(model.builder.costs({"late": 1.0}), "primal", model.builder)
    return lateness.objective, fewest.objective


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
