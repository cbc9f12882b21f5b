"""Laws of the plan on small random programs: the shape of examples/tiny.yaml with random caps, power, demand and money."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.pipeline import run
from rackwright.plan.compile import values_of
from rackwright.plan.flows import cost_usd, flows_of, loads_of
from rackwright.plan.levels import two_levels, with_whole
from rackwright.plan.limits import lateness_price_usd, limits_of
from rackwright.plan.model import KILO_USD, compile_model
from rackwright.plan.question import Question, numbers_of
from rackwright.plan.rounding import spent_usd, whole_counts
from rackwright.plan.solve import Solver
from rackwright.program import load

TINY = Path(__file__).parents[2] / "examples" / "tiny.yaml"
BLOCKS = ("module", "line")
few = settings(max_examples=25)


@cache
def tiny_question():
    program = load(TINY)
    outcome, case = run(program, until="plan"), program.case()
    terms = case.agreement.option.terms()
    return Question(
        case.plan, outcome.demand, case.rack, outcome.rack, outcome.evaluation, outcome.plant, case.plant, case.buildout,
        terms, case.calendar,
    )  # fmt: skip


@st.composite
def programs(draw):
    """Numbers of tiny with everything drawn that bounds a plan."""
    n = numbers_of(tiny_question())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weeks = len(n.weeks)

    def steps(high, shape):
        """Non-negative, constant for some weeks."""
        values = rng.uniform(0.0, high, (*shape, 1 + weeks // 5)) * (rng.random((*shape, 1 + weeks // 5)) < 0.8)
        return np.repeat(values, 5, axis=-1)[..., :weeks]

    offers = tuple(
        replace(
            item,
            cap=steps(200.0, ()),
            open=np.arange(weeks) >= rng.integers(0, 8),
            price_usd=float(rng.uniform(1e2, 3e4)),
        )
        for item in n.offers
    )
    required = np.cumsum(steps(3.0, (2, 2)) * (rng.random((2, 2, weeks)) < 0.3), axis=2)
    worth = np.eye(2) + np.array([[0.0, draw(st.sampled_from([0.0, 0.5]))], [draw(st.sampled_from([0.0, 1.5])), 0.0]])
    return replace(
        n,
        offers=offers,
        required=required,
        worth=worth,
        on_order=steps(60.0, (len(n.families),)),
        opening_stock=rng.uniform(0.0, 100.0, len(n.families)),
        opening_live=rng.integers(0, 6, n.opening_live.shape).astype(float),
        energised_w=np.cumsum(steps(3e5, (1,)), axis=1),
        capex_limit_usd=np.array([float(rng.uniform(0.0, 4e6))]),
        line_capacity=rng.uniform(0.0, 20.0, len(n.lines)),
        option_row=draw(st.sampled_from([-1, 1])),
        contracted=float(rng.uniform(0.0, 8.0)),
    )


def solved(n):
    """The plan of a program: model, solver, both passes, whole counts, flows."""
    model = compile_model(n)
    solver = Solver(model.arrays)
    relaxed = two_levels(solver, n, model, "ipx")
    shares = [values_of(model.columns(name), relaxed.cost.x) for name in BLOCKS]
    counts = dict(zip(BLOCKS, whole_counts(n, *shares), strict=True))
    whole = with_whole(solver, n, model, relaxed, counts)
    return model, solver, relaxed, whole, counts, flows_of(n, model, whole.cost.x)


def least_lateness_usd(n):
    model = compile_model(n)
    return Solver(model.arrays).minimise(model.lateness, "ipx").objective * model.usd_per_lateness


@few
@given(n=programs())
def test_a_plan_keeps_every_limit(n):
    _, _, _, _, counts, flows = solved(n)
    arrived = n.on_order.cumsum(axis=1) + n.opening_stock[:, None]
    for row, item in enumerate(n.offers):
        arrived[n.families.index(item.family)] += flows.bought[row].cumsum()
        assert np.all(flows.bought[row] <= item.cap * item.open + 1e-6)
    for row, item in enumerate(n.lines):
        arrived[n.families.index(item.name)] += flows.made[row].cumsum()
    used = n.use @ flows.built.sum(axis=1).cumsum(axis=1)
    early = n.build_weeks
    assert np.all(used[:, early:] <= arrived[:, : len(n.weeks) - early] + 1e-4)
    assert np.all(np.einsum("gs,gst->st", n.facility_w, flows.live) <= n.energised_w + 1.0)
    for item in loads_of(n, flows):
        assert np.all(item.used <= item.available + 1e-6)
    spent = spent_usd(n, n.expansions, counts["module"]) + spent_usd(n, n.lines, counts["line"])
    assert np.all(spent <= n.capex_limit_usd + 1.0)
    for name, items in (("module", n.expansions), ("line", n.lines)):
        for row, item in enumerate(items):
            assert counts[name][row].sum() <= item.most
            assert np.all(counts[name][row] == np.round(counts[name][row]))


@few
@given(n=programs())
def test_racks_are_neither_lost_nor_made_on_the_way(n):
    _, _, _, _, _, flows = solved(n)
    sent = flows.shipped.sum(axis=(1, 2)).cumsum(axis=1)
    assert flows.built.sum(axis=1).cumsum(axis=1) == pytest.approx(sent + flows.finished.sum(axis=1), abs=1e-4)
    on_site = flows.arrived.cumsum(axis=2) + n.opening_live[:, :, None]
    assert flows.live + flows.waiting == pytest.approx(on_site, abs=1e-4)
    covered = flows.live.sum(axis=1) + flows.late.sum(axis=1) - flows.stand_in.sum(axis=1) - flows.early
    covered += np.einsum("hg,hgt->gt", n.worth * (1 - np.eye(2)), flows.stand_in)
    assert covered == pytest.approx(n.required.sum(axis=1), abs=1e-4)
    if n.option_row >= 0:
        exercised = flows.exercised.sum()
        assert flows.arrived[n.option_row].sum() <= n.contracted + exercised + 1e-4
        assert exercised <= n.option_cap + 1e-4


@few
@given(n=programs())
def test_level_two_keeps_the_lateness_of_level_one_and_money_adds_up(n):
    model, _, relaxed, whole, _, flows = solved(n)
    for levels in (relaxed, whole):
        assert model.lateness @ levels.cost.x == pytest.approx(levels.lateness.objective, rel=1e-6, abs=1e-5)
    assert whole.lateness.objective >= relaxed.lateness.objective - 1e-6 * (1 + abs(relaxed.lateness.objective))
    on_the_way = (n.on_order * n.order_price_usd[:, None]).sum()
    total = cost_usd(n, model, flows).sum()
    assert total == pytest.approx(whole.cost.objective * KILO_USD + on_the_way, rel=1e-6, abs=1.0)


@few
@given(n=programs())
def test_level_two_is_least_cost_among_the_least_late(n):
    """The same by a dense row that bounds the lateness, as textbooks do it."""
    model = compile_model(n)
    levels = two_levels(Solver(model.arrays), n, model, "ipx")
    solver = Solver(model.arrays)
    late = np.flatnonzero(model.lateness)
    most = levels.lateness.objective * (1 + 1e-9) + 1e-9
    solver.highs.addRow(-np.inf, most, late.size, late.astype(np.int32), model.lateness[late])
    dense = solver.minimise(model.cost, "ipx")
    assert levels.cost.objective == pytest.approx(dense.objective, rel=1e-6, abs=1e-3)


@few
@given(n=programs(), more=st.floats(1.0, 3.0), what=st.sampled_from(["cap", "power", "stock", "money"]))
def test_more_supply_is_never_later(n, more, what):
    richer = {
        "cap": {"offers": tuple(replace(item, cap=item.cap * more) for item in n.offers)},
        "power": {"energised_w": n.energised_w * more},
        "stock": {"opening_stock": n.opening_stock * more},
        "money": {"capex_limit_usd": n.capex_limit_usd * more},
    }[what]
    before = least_lateness_usd(n)
    assert least_lateness_usd(replace(n, **richer)) <= before * (1 + 1e-7) + 1e-3


@few
@given(n=programs(), share=st.floats(0.01, 0.3))
def test_a_price_is_never_beaten_by_what_more_really_saves_nor_less_really_costs(n, share):
    """Lateness is convex in every limit: a price lies between the slopes on both sides."""
    model = compile_model(n)
    solver = Solver(model.arrays)
    levels = two_levels(solver, n, model, "ipx")
    nothing = [np.zeros((len(items), n.quarters.size)) for items in (n.expansions, n.lines)]
    limits = [
        item for item in limits_of(tiny_question(), n, model, *nothing) if item.kind in ("site", "supplier", "plant")
    ]
    priced = [(item, lateness_price_usd(item, model, levels.lateness)) for item in limits]
    for limit, price in sorted(priced, key=lambda pair: -float(pair[1] @ pair[0].available))[:2]:
        for sign in (1.0, -1.0):
            solver.give_back(levels.bounds)
            change = sign * share * limit.available
            if limit.rows.size:
                solver.set_rows(limit.rows, solver.row_lower[limit.rows], solver.row_upper[limit.rows] + change)
            else:
                solver.set_columns(limit.columns, solver.lower[limit.columns], solver.upper[limit.columns] + change)
            moved = solver.minimise(model.lateness, "dual").objective * model.usd_per_lateness
            before = levels.lateness.objective * model.usd_per_lateness
            assert moved >= before - float(price @ change) - 1e-5 * (1.0 + before)


@few
@given(
    caps=st.lists(st.integers(0, 9), min_size=26, max_size=26),
    needs=st.lists(st.integers(0, 6), min_size=26, max_size=26),
    line=st.integers(1, 8),
    stock=st.integers(0, 20),
)
def test_one_generation_on_one_line_is_as_late_as_counting_says(caps, needs, line, stock):
    """What can be finished by a week is the least, over all earlier weeks, of the parts by then and the line since."""
    base = numbers_of(tiny_question())
    required = np.zeros_like(base.required)
    required[0, 0] = np.cumsum(needs)
    chip = base.families.index("chip-small")
    weeks = np.arange(26)
    offers = tuple(
        replace(item, cap=np.array(caps, float) * base.use[chip, 0] if item.family == "chip-small" else np.full(26, 1e9),
                open=weeks >= 0)
        for item in base.offers
    )  # fmt: skip
    stocks = np.zeros(len(base.families))
    stocks[chip] = stock * base.use[chip, 0]
    n = replace(
        base, required=required, offers=offers, opening_stock=stocks, on_order=np.zeros_like(base.on_order),
        opening_live=np.zeros_like(base.opening_live), energised_w=np.full_like(base.energised_w, 1e9), worth=np.eye(2),
        capex_limit_usd=np.zeros(1), available=np.full_like(base.available, float(line)),
        resource_use=np.ones_like(base.resource_use),
    )  # fmt: skip
    parts = stock + np.cumsum(caps)
    finished = np.zeros(26)
    for week in range(1, 26):  # parts are used a week before the rack is finished
        finished[week] = min(finished[week - 1] + line, parts[week - 1])
    live = np.concatenate(([0.0], finished[:-1]))  # a week of freight
    late = np.maximum(np.cumsum(needs) - live, 0.0).sum()
    assert least_lateness_usd(n) == pytest.approx(late * n.late_usd[0], rel=1e-7, abs=1e-2)
