"""Whole modules by branch and bound are the best of all counts, and the bound is below every plan on the way."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from tests.property.test_plan_property import programs

from rackwright.plan.branch import BLOCKS, Branch
from rackwright.plan.compile import values_of
from rackwright.plan.levels import hold_whole, two_levels
from rackwright.plan.model import KILO_USD, compile_model
from rackwright.plan.rounding import spent_usd, whole_counts
from rackwright.plan.solve import Solver
from rackwright.progress import Stopped

few = settings(max_examples=12)


def every_count(n):
    """All whole modules and lines within `most`, useful quarters and each year's money."""
    places = [
        (name, row, quarter)
        for name, items in (("module", n.expansions), ("line", n.lines))
        for row, item in enumerate(items)
        for quarter in np.flatnonzero(item.quarters)
    ]
    most = {"module": [item.most for item in n.expansions], "line": [item.most for item in n.lines]}
    for chosen in product(*(range(most[name][row] + 1) for name, row, _ in places)):
        counts = {
            "module": np.zeros((len(n.expansions), n.quarters.size)),
            "line": np.zeros((len(n.lines), n.quarters.size)),
        }
        for (name, row, quarter), number in zip(places, chosen, strict=True):
            counts[name][row, quarter] = number
        fits = all(np.all(counts[name].sum(axis=1) <= np.array(most[name])) for name in counts)
        spent = spent_usd(n, n.expansions, counts["module"]) + spent_usd(n, n.lines, counts["line"])
        if fits and np.all(spent <= n.capex_limit_usd + 1e-3):
            yield counts


def value_usd(n, counts):
    model = compile_model(n)
    solver = Solver(model.arrays)
    hold_whole(solver, model, counts)
    levels = two_levels(solver, n, model, "ipx")
    return levels.lateness.objective * model.usd_per_lateness, levels.cost.objective * KILO_USD


@few
@given(n=programs())
def test_the_refined_counts_are_the_best_of_all_counts(n):
    refined = Branch(n).run(60.0)
    late, cost = min(value_usd(n, counts) for counts in every_count(n))
    assert refined.proven
    # lateness to HiGHS' 1e-7 of at most 1e7 USD; cost at a lateness held to that
    assert refined.lateness_usd == pytest.approx(late, rel=1e-6, abs=1.0)
    if abs(refined.lateness_usd - late) < 1e-6 * max(late, 1.0):
        assert refined.cost_usd == pytest.approx(cost, rel=1e-6, abs=1.0)


@few
@given(n=programs())
def test_a_search_stopped_at_once_has_the_rounded_plan_or_better_and_a_bound_below_it(n):
    model = compile_model(n)
    solver = Solver(model.arrays)
    relaxed = two_levels(solver, n, model, "ipx")
    rounded = whole_counts(n, *(values_of(model.columns(name), relaxed.cost.x) for name in BLOCKS))
    late, _ = value_usd(n, dict(zip(BLOCKS, rounded, strict=True)))
    branch = Branch(n)
    first = branch.run(0.0)
    assert first.lateness_usd <= late + 1e-6 * max(late, 1.0)
    assert first.lateness_bound_usd <= first.lateness_usd + 1e-6
    last = branch.run(60.0)
    assert first.lateness_bound_usd <= last.lateness_usd + 1e-6 * max(late, 1.0)
    assert last.lateness_usd <= first.lateness_usd + 1e-6


class StopAtOnce:
    def step(self, what, share=None):
        raise Stopped


@few
@given(n=programs())
def test_a_stop_keeps_the_best_counts_so_far(n):
    branch = Branch(n, StopAtOnce())
    stopped = branch.run(60.0)
    assert stopped.counts
    assert stopped.cost_usd > 0.0 or stopped.lateness_usd >= 0.0
    branch.progress = type("Silent", (), {"step": lambda self, what, share=None: None})()
    assert branch.run(60.0).proven
