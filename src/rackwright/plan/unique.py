"""One plan and one price list out of many: fixed weights among equal plans, prices that do not hang on the solver's way.

A linear program may have many optimal plans and many optimal prices, and which one a solver ends at depends on where it
came from. Here both are made unique, so that a warm session and a cold run print the same tables.
"""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import highspy
import numpy as np

from rackwright.plan.compile import Floats, Indexes
from rackwright.plan.levels import Levels
from rackwright.plan.model import Model
from rackwright.plan.solve import TIME_LIMIT_S, Answer, Solver

#: Built racks that differ by less than this from the plan before are the same.
SAME_RACKS = 1e-6
#: A column or row this near to a bound, against its own size, stands at it.
AT_BOUND = 1e-6


def fixed_weights(model: Model) -> Floats:
    """A weight between 1 and 2 for each column, by the name of its block and its place in it alone.

    Numbers without a pattern: two different plans do not weigh the same. The least of them also does nothing needless.
    """
    weights = np.ones(model.builder.column_count)
    for name, block in model.builder.columns.items():
        exists = block.index >= 0
        drawn = np.random.default_rng(crc32(name.encode())).random(block.index.shape)
        weights[block.index[exists]] += drawn[exists]
    return weights


def settled(
    solver: Solver,
    model: Model,
    at: Levels,
    cone: highspy.HighsBasis | None,
    last: highspy.HighsBasis | None = None,
    limit_s: float = TIME_LIMIT_S,
) -> Levels:
    """The same levels with the one plan of least fixed weights, and with the one price list of `_directional`.

    `cone` and `last` are the bases that the searches for the prices and for the plan ended with in a similar program, or
    None; a search from there that takes longer than `limit_s` begins anew from the plan's own basis.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum.
    """
    solver.give_back(at.bounds)
    late, cost, ends = _directional(solver, model, at, cone, limit_s)
    solver.keep_optimal(at.lateness)
    solver.keep_optimal(at.cost)
    weights, plan = fixed_weights(model), None
    if last is not None:
        solver.start_from(last)
        plan = solver.within(weights, "dual", limit_s)
    if plan is None:
        solver.start_from(at.cost_basis)
        plan = solver.minimise(weights, "primal", model.builder)
    basis = solver.basis()
    solver.give_back(at.bounds)
    return replace(
        at,
        lateness=replace(at.lateness, x=plan.x, activity=plan.activity, reduced=late.reduced, price=late.price),
        cost=replace(at.cost, x=plan.x, activity=plan.activity, reduced=cost.reduced, price=cost.price),
        cost_basis=basis,
        cone=ends,
    )


def _directional(
    solver: Solver, model: Model, at: Levels, cone: highspy.HighsBasis | None, limit_s: float
) -> tuple[Answer, Answer, highspy.HighsBasis]:
    """Both levels' prices in a fixed direction: every limit eased a little, each by its own weight.

    Optimal prices are the answers of one linear program whose right sides are the weights; its dual moves the plan along
    that direction: least change of lateness, then least change of cost, among the moves that stay within the limits the
    plan stands at. With weights of no pattern that answer is unique. Equal rows are eased upwards: more supply, more
    racks at the start, more required.
    """
    bounds = solver.bounds()
    stands, rows = at.cost.x, at.cost.activity
    lower, upper = _eased(solver.lower, solver.upper, stands, "columns")
    solver.set_columns(np.arange(lower.size), lower, upper)
    equal = solver.row_lower == solver.row_upper
    lower, upper = _eased(solver.row_lower, solver.row_upper, rows, "rows")
    taken = np.bincount(solver.arrays.rows, minlength=equal.size) > 0
    pushed = np.where(taken, _drawn("rows", equal.size), 0.0)
    lower, upper = np.where(equal, pushed, lower), np.where(equal, pushed, upper)
    solver.set_rows(np.arange(lower.size), lower, upper)
    late = _from_either(solver, model, cone, at.cost_basis, limit_s)
    solver.keep_optimal(late)
    cost = solver.minimise(model.cost, "primal", model.builder)
    ends = solver.basis()
    solver.give_back(bounds)
    return late, cost, ends


def _from_either(
    solver: Solver, model: Model, cone: highspy.HighsBasis | None, basis: highspy.HighsBasis, limit_s: float
) -> Answer:
    """Least lateness from the cone's last basis, or from the plan's where there is none or that takes too long."""
    if cone is not None:
        solver.start_from(cone)
        found = solver.within(model.lateness, "dual", limit_s)
        if found is not None:
            return found
    solver.start_from(basis)
    return solver.minimise(model.lateness, "dual", model.builder)


def _drawn(name: str, size: int) -> Floats:
    return 1.0 + np.random.default_rng(crc32(name.encode())).random(size)


def _eased(lower: Floats, upper: Floats, stands: Floats, name: str) -> tuple[Floats, Floats]:
    """Bounds on a small move: none where the plan is between its bounds, a weight beyond the bound where it stands."""
    near = AT_BOUND * (1.0 + np.abs(stands))
    low, high = stands - lower < near, upper - stands < near
    weight = _drawn(name, stands.size)
    below = np.where(low, np.where(high, 0.0, -weight), -np.inf)
    above = np.where(high, np.where(low, 0.0, weight), np.inf)
    return below, above


def least_change(solver: Solver, model: Model, at: Levels, wanted: Floats) -> Answer:
    """Of the plans as good as `at` in both levels, the one that builds most like `wanted` (G, P, weeks).

    Least sum of absolute differences of racks built, then least fixed weights. Where the earlier plan built nothing the
    difference is the column itself; elsewhere it takes two columns and a row, which are taken out again.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum.
    """
    solver.give_back(at.bounds)
    solver.keep_optimal(at.lateness)
    solver.keep_optimal(at.cost)
    built = model.columns("built")
    index, target = built[built >= 0], wanted[built >= 0]
    some = target > SAME_RACKS
    cost = np.zeros(model.builder.column_count)
    cost[index[~some]] = 1.0
    solver.start_from(at.cost_basis)
    solver.set_cost(cost)
    _add_differences(solver, at, index[some], target[some])
    count, first = int(some.sum()), int(model.builder.column_count)
    near = solver.solve("primal", model.builder, first)
    solver.keep_optimal(near)
    if count:
        _keep_differences(solver, first, count)
    solver.set_cost(fixed_weights(model))
    extra = np.arange(first, first + 2 * count, dtype=np.int32)
    if count:
        solver.highs.changeColsCost(extra.size, extra, np.zeros(extra.size))
    answer = solver.solve("primal", model.builder, first)
    rows = np.arange(solver.row_lower.size, solver.row_lower.size + count, dtype=np.int32)
    if count:
        solver.highs.deleteCols(extra.size, extra)
        solver.highs.deleteRows(rows.size, rows)
    solver.give_back(at.bounds)
    return answer


def _add_differences(solver: Solver, at: Levels, index: Indexes, target: Floats) -> None:
    """Columns of what is built above and below the target, with a basis that stands where the plan stands."""
    count, first, highs = index.size, solver.all_columns.size, solver.highs
    if not count:
        return
    none, starts = np.zeros(0), np.zeros(2 * count, np.int32)
    endless = np.full(2 * count, highspy.kHighsInf)
    highs.addCols(2 * count, np.ones(2 * count), np.zeros(2 * count), endless, 0, starts, np.zeros(0, np.int32), none)
    above, below = first + np.arange(count), first + count + np.arange(count)
    entries = np.stack((index, above, below), axis=1).ravel().astype(np.int32)
    values = np.tile([1.0, -1.0, 1.0], count)
    highs.addRows(count, target, target, 3 * count, (3 * np.arange(count)).astype(np.int32), entries, values)
    basis = highs.getBasis()
    columns, rows = list(basis.col_status), list(basis.row_status)
    more = at.cost.x[index] >= target
    for number in range(count):
        columns[int((above if more[number] else below)[number])] = highspy.HighsBasisStatus.kBasic
        rows[solver.row_lower.size + number] = highspy.HighsBasisStatus.kLower
    basis.col_status, basis.row_status = columns, rows
    highs.setBasis(basis)


def _keep_differences(solver: Solver, first: int, count: int) -> None:
    """Keep the least sum of differences: priced ones stay at zero, the others are free."""
    solution = solver.highs.getSolution()
    reduced = np.asarray(solution.col_dual)[first:]
    upper = np.where(reduced > 1e-7, 0.0, highspy.kHighsInf)
    extra = np.arange(first, first + 2 * count, dtype=np.int32)
    solver.highs.changeColsBounds(extra.size, extra, np.zeros(extra.size), upper)
