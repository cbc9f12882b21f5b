"""What a plan is asked beyond itself comes back as tables and in words; wrong names are told all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.planning import PlanQuestions, refined_by, study_plan
from rackwright.study.planning_specs import TABLES

TINY = Path(__file__).parents[3] / "examples" / "tiny.yaml"


@pytest.fixture(scope="module")
def outcome():
    """The example with two levers: later dates of beta, and another source of its chips."""
    later = {"later": {"of": "beta", "most": "6 weeks", "price": "100 kUSD"}}
    zeta = {
        "part": "chip-large", "cap": "72 /week", "lead": "6 weeks", "price": "21 kUSD", "qualification": "200 kUSD"
    }  # fmt: skip
    return run(load(TINY).replace({"plan.levers": {"date": later, "alternate": {"zeta": zeta}}}), until="plan")


def test_each_question_has_its_table_and_its_words(outcome):
    asked = PlanQuestions(mends=True, gap=True, worth=("supplier.acme.chip-large",), promise=("field:alpha=3",))
    studied, lines = study_plan(outcome, asked)
    tables = {table.name: table.frame for table in studied.plan.tables}
    assert {spec.name for spec in TABLES} <= set(tables)
    told = "\n".join(lines)
    for title in ("whole modules", "worth", "promise", "mends"):
        assert title in told
    mend = tables["plan.mends"].row(0, named=True)
    assert mend["lateness_usd"] <= mend["target_usd"] + 1.1
    assert mend["levers"].startswith("plan.levers.")
    promise = tables["plan.promise"].row(0, named=True)
    assert promise["when"] == "nobody slips"
    assert promise["lateness_usd"] == pytest.approx(0.0, abs=1.0)


def test_the_price_of_the_list_lies_between_what_one_more_and_one_fewer_are_worth(outcome):
    """The value of a limit is convex: one more is worth no more than the price, one fewer costs no less."""
    studied, _ = study_plan(outcome, PlanQuestions(worth=("supplier.acme.chip-large",)))
    tables = {table.name: table.frame for table in studied.plan.tables}
    worth = tables["plan.worth"].row(0, named=True)
    prices = [
        row for row in tables["plan.prices"].to_dicts() if (row["what"], row["week"]) == (worth["what"], worth["week"])
    ]
    assert 0 < worth["more_lateness_usd"] <= prices[0]["lateness_usd"] + 1e-3
    assert prices[0]["lateness_usd"] <= worth["fewer_lateness_usd"] + 1e-3


def test_limits_weeks_sites_and_numbers_that_are_wrong_are_told_all_at_once(outcome):
    with pytest.raises(ProgramError) as caught:
        study_plan(outcome, PlanQuestions(worth=("supplier.acme.chip-lage", "site.field@2031-W01")))
    assert [item.nearest for item in caught.value.problems] == ["supplier.acme.chip-large", None]
    with pytest.raises(ProgramError) as caught:
        study_plan(outcome, PlanQuestions(promise=("feld:alpa=3", "field=-2", "field=99999999999")))
    assert {item.nearest for item in caught.value.problems} == {"field", "alpha", None}
    assert len(caught.value.problems) == 4


def test_a_refined_plan_is_never_worse_than_the_rounded_one(outcome):
    refined = run(outcome.program, until="plan", planner=refined_by(20.0)).plan
    assert refined.lateness_usd <= outcome.plan.lateness_usd + 1.0
    if refined.lateness_usd > outcome.plan.lateness_usd - 1.0:
        assert refined.total_cost_usd <= outcome.plan.total_cost_usd + 1.0
    levels = next(table.frame for table in refined.tables if table.name == "plan.levels")
    assert levels["difference_usd"].min() >= -1.0
