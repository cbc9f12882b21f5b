"""The same linear program written a second time, in linopy, with every lane from plant to site: the same optimum.

Tolerance 1e-6 of the objective: both are solved by HiGHS to its own tolerances (1e-7) from different matrices.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rackwright.pipeline import run
from rackwright.plan.levels import BLEND_RACKS, blend, two_levels
from rackwright.plan.model import KILO_USD, compile_model
from rackwright.plan.question import Question, numbers_of
from rackwright.plan.solve import Solver
from rackwright.program import load

pytest.importorskip("linopy")
ROOT = Path(__file__).parents[2]


def peer():
    spec = importlib.util.spec_from_file_location("linopy_plan", ROOT / "benchmarks" / "linopy_plan.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def numbers(program):
    outcome, case = run(program, until="plan"), program.case()
    terms = case.agreement.option.terms()
    return numbers_of(
        Question(
            case.plan,
            outcome.demand,
            case.rack,
            outcome.rack,
            outcome.evaluation,
            outcome.plant,
            case.plant,
            case.buildout,
            terms,
            case.calendar,
        )
    )


def optimum(n, *, lanes, objective):
    model, lateness, money = peer().build(n, lanes=lanes)
    dearest = float(n.rack_usd.max()) / KILO_USD
    expression = {"lateness": lateness, "blend": lateness * (BLEND_RACKS * dearest / 100.0) + money}[objective]
    model.add_objective(expression, overwrite=True)
    model.solve("highs", io_api="direct", progress=False, output_flag=False)
    return float(model.objective.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("file", "weeks"), [("tiny.yaml", 26), pytest.param("us-racks.yaml", 52, marks=pytest.mark.slow)]
)
def test_the_plan_is_as_good_as_linopys(file, weeks):
    n = numbers(load(ROOT / "examples" / file).replace({"calendar.weeks": str(weeks)}))
    model = compile_model(n)
    solver = Solver(model.arrays)
    levels = two_levels(solver, n, model, "ipx")
    assert optimum(n, lanes=True, objective="lateness") == pytest.approx(levels.lateness.objective, rel=1e-6, abs=1e-6)
    ours = solver.minimise(blend(n, model), "ipx").objective
    for lanes in (True, False):
        assert optimum(n, lanes=lanes, objective="blend") == pytest.approx(ours, rel=1e-6)
    assert np.isfinite(levels.cost.objective)
