"""A live solver that went from one random program to another answers as a cold one does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_plan_property import BLOCKS, programs

from rackwright.plan.compile import values_of
from rackwright.plan.flows import NOISE
from rackwright.plan.levels import hold_whole
from rackwright.plan.live import Live, Sent
from rackwright.plan.model import compile_model
from rackwright.plan.rounding import whole_counts
from rackwright.plan.unique import fixed_weights, least_change

few = settings(max_examples=15)
#: Plans are vertices computed in floats from different bases: pieces up to 1e4 at HiGHS' feasibility of 1e-7.
NEAR = 1e-5


def answer(n, live, wanted=None):
    """Shares, whole counts, plan and prices by one live solver."""
    model = compile_model(n)
    solver = live.take(model)
    relaxed = live.levels("relaxed", n)
    shares = [values_of(model.columns(name), relaxed.cost.x) for name in BLOCKS]
    counts = dict(zip(BLOCKS, whole_counts(n, *shares), strict=True))
    hold_whole(solver, model, counts)
    whole = live.levels("whole", n, relaxed)
    near = live.near(whole, wanted)
    return model, relaxed, whole, near


def same(first, second):
    (model, *answers), (_, *others) = first, second
    for a, b in zip(answers[:2], others[:2], strict=True):
        assert a.cost.x == pytest.approx(b.cost.x, abs=NEAR, rel=NEAR)
        for level in ("lateness", "cost"):
            mine, theirs = getattr(a, level), getattr(b, level)
            assert mine.price == pytest.approx(theirs.price, abs=NEAR, rel=NEAR)
            assert mine.reduced == pytest.approx(theirs.reduced, abs=NEAR, rel=NEAR)
    assert answers[2].x == pytest.approx(others[2].x, abs=NEAR, rel=NEAR)
    assert np.all(answers[2].x >= model.arrays.lower - NEAR)


@few
@given(before=programs(), now=programs())
def test_a_plan_and_its_prices_do_not_hang_on_where_the_solver_came_from(before, now):
    live = Live()
    model, *_, plan = answer(before, live)
    wanted = values_of(model.columns("built"), plan.x)
    same(answer(now, live, wanted), answer(now, Live(), wanted))


@few
@given(n=programs(), seed=st.integers(0, 1000))
def test_an_edit_of_a_cap_sends_its_bounds_and_nothing_else(n, seed):
    live = Live()
    answer(n, live)
    chosen = seed % len(n.offers)
    offer = n.offers[chosen]
    edited = replace(offer, cap=offer.cap * 0.5)
    offers = (*n.offers[:chosen], edited, *n.offers[chosen + 1 :])
    now = replace(n, offers=offers)
    answer(now, live)
    assert live.sent == Sent(column_bounds=int(np.count_nonzero(offer.open & (offer.cap > 0))))
    same(answer(now, live), answer(now, Live()))


@few
@given(n=programs())
def test_a_plan_that_is_wanted_as_it_is_stays_as_it_is(n):
    live = Live()
    model, _, whole, _ = answer(n, live)
    wanted = values_of(model.columns("built"), whole.cost.x)
    again = least_change(live.solver, model, whole, wanted)
    assert values_of(model.columns("built"), again.x) == pytest.approx(wanted, abs=NEAR)


@few
@given(n=programs())
def test_no_plan_as_good_weighs_less(n):
    """The settled plan is the least of fixed weights among plans of its lateness and cost: HiGHS from nothing agrees."""
    live = Live()
    model, _, whole, _ = answer(n, live)
    weights = fixed_weights(model)
    cold = Live()
    solver = cold.take(model)
    solver.give_back(whole.bounds)
    late = solver.minimise(model.lateness, "ipx")
    solver.keep_optimal(late)
    solver.keep_optimal(solver.minimise(model.cost, "ipx"))
    least = solver.minimise(weights, "ipx")
    assert least.x == pytest.approx(whole.cost.x, abs=NEAR, rel=NEAR)


@few
@given(n=programs(), seed=st.integers(0, 1000))
def test_a_bound_that_the_plan_does_not_touch_is_answered_without_a_solve(n, seed):
    """Twice the cap where less than half is bought: the same plan and prices, and HiGHS is not asked."""
    live = Live()
    model, relaxed, whole, _ = answer(n, live)
    wanted = values_of(model.columns("built"), whole.cost.x)
    answer(n, live, np.where(wanted < NOISE, 0.0, wanted))
    bought = np.maximum(*(values_of(model.columns("buy"), levels.cost.x) for levels in (relaxed, whole)))
    roomy = [row for row, item in enumerate(n.offers) if np.all(bought[row] < 0.5 * item.cap[: bought.shape[1]])]
    if not roomy:
        return
    row = roomy[seed % len(roomy)]
    offer = replace(n.offers[row], cap=n.offers[row].cap * 2.0)
    now = replace(n, offers=(*n.offers[:row], offer, *n.offers[row + 1 :]))
    before = live.solver.highs.getRunTime()
    warm = answer(now, live, np.where(wanted < NOISE, 0.0, wanted))
    assert live.solver.highs.getRunTime() == before
    same(warm, answer(now, Live(), np.where(wanted < NOISE, 0.0, wanted)))
