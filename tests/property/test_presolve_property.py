"""Parts that leave the first solve leave it with a certificate; with and without them the plan is as late and as dear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.large_plan import numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_plan_property import programs

from rackwright.plan import presolve
from rackwright.plan.levels import two_levels
from rackwright.plan.model import compile_model
from rackwright.plan.solve import Solver

few = settings(max_examples=15)


def both_ways(n):
    """Both levels from nothing, and by way of the program without the parts that may leave."""
    model = compile_model(n)
    cold = two_levels(Solver(model.arrays), n, model, "ipx")
    start = presolve.begin(n, model)
    if start is None:
        return cold, None, None, model
    solver = Solver(model.arrays)
    solver.start_from(start.basis)
    return cold, two_levels(solver, n, model, "dual"), start, model


def agree(n):
    cold, warm, start, model = both_ways(n)
    if start is None:
        return None
    assert warm.lateness.objective == pytest.approx(cold.lateness.objective, rel=1e-9, abs=1e-6)
    assert warm.cost.objective == pytest.approx(cold.cost.objective, rel=1e-9, abs=1e-6)
    assert all(item.holds() for item in start.certificates)
    # a thousandth of a cent of a dollar's rounding in HiGHS' dual tolerance of 1e-7 of 1000 USD
    assert presolve.lowest_reduced_cost_usd(n, model, start, warm.cost.reduced) >= -1e-3
    return start


@few
@given(n=programs(), keep=st.integers(0, 3))
def test_with_and_without_the_parts_that_leave_the_plan_is_as_late_and_as_dear(n, keep):
    """Random programs with nothing in stock or on the way but for some parts."""
    declared = np.arange(len(n.families)) < keep
    n = replace(
        n, opening_stock=n.opening_stock * declared, on_order=n.on_order * declared[:, None],
        offers=tuple(replace(item, cap=item.cap * 50.0 + 1.0) for item in n.offers),
    )  # fmt: skip
    agree(n)


def test_a_program_of_many_parts_agrees_and_parts_that_bind_come_back():
    n = numbers(3, parts=60, weeks=52, short_share=0.3)
    start = agree(n)
    assert len(start.certificates) > 15
    short = [item.family for item in presolve.may_leave(n) if item.family not in {c.family for c in start.certificates}]
    assert short


def test_a_part_in_stock_or_cheaper_made_does_not_leave():
    n = numbers(3, parts=20, weeks=30)
    may = {item.family for item in presolve.may_leave(n)}
    stocked = {family for row, family in enumerate(n.families) if n.opening_stock[row] > 0 or n.on_order[row].any()}
    made = {
        item.name
        for item, price in zip(n.lines, n.make_usd, strict=True)
        if price < n.piece_usd[n.families.index(item.name)]
    }
    assert may.isdisjoint(stocked)
    assert may.isdisjoint(made)
    assert may
