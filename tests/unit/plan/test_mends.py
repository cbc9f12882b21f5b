"""The cheapest mends equal full enumeration; each is a plan that reaches the target."""

from __future__ import annotations

from itertools import product
from math import isclose, prod

import numpy as np
import pytest

from rackwright.plan import plan_of
from rackwright.plan.levers import levers_of
from rackwright.plan.live import Live
from rackwright.plan.mends import Mender, mend_lines, mends
from rackwright.plan.question import numbers_of
from rackwright.program.sections.levers import Alternate, Date, Expedite, Levers, MoreModules, Overtime, Surge

WEEKS = 10


def some_levers(rng, *, kinds):
    """Levers of a small world with drawn prices and extents."""

    def money():
        return float(rng.integers(1, 40)) * 1e3

    made = {
        "surge": Surge.model_construct(
            supplier="acme", part="chip", most_per_week=4.0, price_usd=money() / 10, from_week=0, until_week=8, steps=2,
            owner="",
        ),
        "expedite": Expedite.model_construct(supplier="acme", part="chip", most_weeks=2.0, price_usd=money(), owner=""),
        "overtime": Overtime.model_construct(
            plant="works", most=0.5, price_usd=money() / 5, from_week=0, until_week=9, steps=2, owner=""
        ),
        "alternate": Alternate.model_construct(
            part="chip", cap_per_week=np.full(WEEKS, 3.0), lead_weeks=2.0, price_usd=1e4, qualification_usd=money(),
            owner="",
        ),
        "date": Date.model_construct(of="g", most_weeks=2.0, price_usd=money(), owner=""),
        "expansion": MoreModules.model_construct(of="module", at="works", most=1, price_usd=money(), owner=""),
    }  # fmt: skip
    return Levers.model_construct(**{kind: {f"my-{kind}": made[kind]} for kind in kinds})


def late_world(world, levers, **changes):
    """Six racks due in week 3, ten in week 6; chips and the line are short."""
    settings = {
        "contract": {"g": [0, 0, 0, 6, 6, 6, 10]}, "racks_per_week": {"works": 1.5}, "chips": {"g": 2.0}, "cap": 3.0,
        "lead": 2.0, "on_order": 0.0, "capex": 1e9,
        "expansion": {"places": {"l11": 1}, "cost_usd": 5e3, "lead_weeks": 1.0, "most": 0},
        **changes,
    }  # fmt: skip
    q = world(**settings).question()
    plan = q.plan.model_copy(update={"levers": levers})
    return type(q)(**{name: getattr(q, name) for name in q.__dataclass_fields__} | {"plan": plan})


def by_enumeration(q, plan, target_usd):
    """Prices of all sets that reach the target and contain no other that does, cheapest first."""
    levers = levers_of(q, numbers_of(q))
    reach = []
    for counts in product(*(range(len(lever.steps) + 1) for lever in levers)):
        steps = [lever.steps[count - 1] for lever, count in zip(levers, counts, strict=True) if count]
        made = Mender(q, plan).model(tuple(steps))
        if made is not None and Mender(q, plan).solve(*made) <= target_usd * (1 + 1e-7) + 1.0:
            reach.append((sum(step.price_usd for step in steps), counts))
    reach.sort()
    least = []
    for price, counts in reach:
        if not any(all(a <= b for a, b in zip(less, counts, strict=True)) for _, less in least):
            least.append((price, counts))
    return least


@pytest.mark.parametrize("seed", range(8))
def test_the_three_mends_are_the_three_cheapest_of_all_sets_of_levers(world, seed):
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["surge", "expedite", "overtime", "alternate", "date", "expansion"], 4, replace=False)
    q = late_world(world, some_levers(rng, kinds=kinds), cap=float(rng.integers(2, 5)))
    live = Live()
    plan = plan_of(q, live, None)
    target_usd = plan.lateness_usd * float(rng.choice([0.2, 0.5, 0.8]))
    answer = mends(q, plan, target_usd, live=live)
    expected = by_enumeration(q, plan, target_usd)
    assert answer.proven
    assert len(answer.found) == min(3, len(expected))
    for item, (price, _) in zip(answer.found, expected, strict=False):
        assert isclose(item.price_usd, price, rel_tol=1e-9, abs_tol=1e-6)
        assert item.lateness_usd <= target_usd + 1.1


def test_a_plan_made_with_the_lever_in_the_program_is_as_late_as_the_mend_says(world):
    """The surge reserved and the cap raised in the program are one thing."""
    levers = some_levers(np.random.default_rng(0), kinds=["surge"])
    q = late_world(world, levers, racks_per_week={"works": 9.0})
    plan = plan_of(q, Live(), None)
    answer = mends(q, plan, plan.lateness_usd * 0.9)
    raised = late_world(world, levers, racks_per_week={"works": 9.0}, cap=[3.0 + 2.0] * 9 + [3.0])
    assert answer.found[0].lateness_usd == pytest.approx(plan_of(raised, Live(), None).lateness_usd, rel=1e-9)
    assert "reserve 2 chip a week more at acme" in answer.found[0].text


def test_a_plan_that_is_not_late_needs_no_mend(world):
    q = late_world(world, some_levers(np.random.default_rng(0), kinds=["surge"]), contract={"g": 0})
    answer = mends(q, plan_of(q, Live(), None))
    assert not answer.found
    assert "Nothing to mend" in " ".join(mend_lines(answer))


def test_where_no_set_reaches_the_target_the_best_of_all_is_told(world):
    q = late_world(world, some_levers(np.random.default_rng(0), kinds=["overtime"]))
    plan = plan_of(q, Live(), None)
    answer = mends(q, plan)
    assert not answer.found
    assert answer.least_usd <= plan.lateness_usd
    assert "No set of the program's levers" in " ".join(mend_lines(answer))


def test_modules_beyond_the_years_money_are_no_mend(world):
    levers = some_levers(np.random.default_rng(0), kinds=["expansion"])
    settings = {"cap": 30.0, "expansion": {"places": {"l11": 3}, "cost_usd": 5e3, "lead_weeks": 1.0, "most": 0}}
    rich, poor = (late_world(world, levers, capex=money, **settings) for money in (1e9, 0.0))
    plan = plan_of(rich, Live(), None)
    assert mends(rich, plan, plan.lateness_usd * 0.8).found
    assert not mends(poor, plan_of(poor, Live(), None), plan.lateness_usd * 0.8).found


def test_prices_rule_out_sets_without_a_solve(world):
    rng = np.random.default_rng(1)
    q = late_world(world, some_levers(rng, kinds=["surge", "overtime", "expedite", "date"]))
    plan = plan_of(q, Live(), None)
    answer = mends(q, plan, plan.lateness_usd * 0.3)
    sets = prod(len(lever.steps) + 1 for lever in levers_of(q, numbers_of(q)))
    assert answer.ruled_out > 0
    assert answer.solves < sets
