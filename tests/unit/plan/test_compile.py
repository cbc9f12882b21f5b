"""Blocks of columns and rows become the arrays that they say; names; the solver's levels and its complaints."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from rackwright.errors import NoPlan
from rackwright.plan import write_model
from rackwright.plan.compile import Builder, values_of
from rackwright.plan.model import compile_model
from rackwright.plan.question import numbers_of
from rackwright.plan.solve import Solver


def corner_shop():
    """Apples and pears, at most 3 and 4, together at most 5."""
    build = Builder()
    fruit = build.add_columns(
        "fruit", (("apple", "pear", "plum"),), upper=[3.0, 4.0, 9.0], where=np.array([True, True, False])
    )
    shelf = build.add_rows("shelf", (("all",),), upper=5.0)
    build.put(shelf[:, None], fruit[None, :], 1.0)
    return build, fruit


def test_columns_that_are_left_out_have_no_number_and_no_entry():
    build, fruit = corner_shop()
    arrays = build.arrays()
    assert fruit.tolist() == [0, 1, -1]
    assert arrays.upper.tolist() == [3.0, 4.0]
    assert arrays.rows.tolist() == [0, 0]
    assert values_of(fruit, np.array([7.0, 8.0])).tolist() == [7.0, 8.0, 0.0]


def test_entries_at_one_place_are_added_up():
    build, fruit = corner_shop()
    build.put(np.array([0]), fruit[:1], 2.0)
    assert build.arrays().values.tolist() == [3.0, 1.0]


def test_names_are_block_and_labels():
    build, _ = corner_shop()
    assert build.column_names() == ["fruit[apple]", "fruit[pear]"]
    assert build.row_names() == ["shelf[all]"]


def test_a_second_level_keeps_the_first():
    build, _ = corner_shop()
    solver = Solver(build.arrays())
    most = solver.minimise(np.array([-1.0, -1.0]), "ipx")
    assert most.objective == pytest.approx(-5.0)
    assert most.price[0] == pytest.approx(-1.0)
    solver.keep_optimal(most)
    cheapest = solver.minimise(np.array([2.0, 1.0]), "primal")
    assert cheapest.x.tolist() == pytest.approx([1.0, 4.0])  # still five pieces, as many pears as there are


def test_limits_that_conflict_are_named():
    build, fruit = corner_shop()
    wish = build.add_rows("wish", (("big",),), lower=6.0)
    build.put(wish[:, None], fruit[None, :], 1.0)
    with pytest.raises(NoPlan, match=r"these limits conflict: .*wish\[big\]"):
        Solver(build.arrays()).minimise(np.ones(2), "dual", build)


def test_the_program_is_written_with_names_and_read_back_to_the_same_optimum(world, tmp_path):
    question = world(contract={"alpha": 12}, chips={"alpha": 2.0}, cap=6, on_order=0).question()
    write_model(question, tmp_path / "plan.mps")
    text = (tmp_path / "plan.mps").read_text()
    assert "built[alpha,works,2026-W02]" in text
    assert "part[chip,2026-W02]" in text
    reader = highspy.Highs()
    reader.setOptionValue("output_flag", False)
    reader.readModel(str(tmp_path / "plan.mps"))
    reader.run()
    model = compile_model(numbers_of(question))
    again = Solver(model.arrays).minimise(model.lateness, "ipx")
    assert reader.getInfo().objective_function_value == pytest.approx(again.objective)
