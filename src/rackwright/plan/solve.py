"""HiGHS, called on whole arrays: levels of objectives, each fixed before the next, and warm re-solves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import highspy
import numpy as np

from rackwright.errors import EngineError, NoPlan
from rackwright.plan.compile import Arrays, Floats

#: Reduced costs and prices below this share of the largest cost count as zero.
ZERO_SHARE = 1e-9
TIME_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A solution: columns, reduced costs, row activities and prices (change of the objective per unit of the row)."""

    objective: float
    x: Floats
    reduced: Floats
    activity: Floats
    price: Floats


class Solver:
    """One live HiGHS object over one program."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.lower, self.upper = arrays.lower.copy(), arrays.upper.copy()
        self.row_lower, self.row_upper = arrays.row_lower.copy(), arrays.row_upper.copy()
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("time_limit", TIME_LIMIT_S)
        self.highs.setOptionValue("threads", 2)
        self.columns = np.arange(arrays.lower.size, dtype=np.int32)
        self.rows = np.arange(arrays.row_lower.size, dtype=np.int32)
        self._pass()

    def _pass(self) -> None:
        program = highspy.HighsLp()
        program.num_col_ = int(self.columns.size)
        program.num_row_ = int(self.rows.size)
        program.col_cost_ = np.zeros(self.columns.size)
        program.col_lower_, program.col_upper_ = self.lower, self.upper
        program.row_lower_, program.row_upper_ = self.row_lower, self.row_upper
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = self.arrays.starts.astype(np.int32)
        program.a_matrix_.index_ = self.arrays.rows.astype(np.int32)
        program.a_matrix_.value_ = self.arrays.values
        if self.highs.passModel(program) == highspy.HighsStatus.kError:
            raise EngineError("HiGHS does not take the linear program")

    def minimise(self, cost: Floats, method: str, *, vertex: bool = True) -> Answer:
        """Minimise a cost; `method` is `ipx` (cold) or `simplex` (warm from the last basis).

        Without `vertex` the interior point is not crossed over to a vertex: good for its objective, not for prices.

        Raises
        ------
        NoPlan
            When HiGHS gives no optimum.
        """
        highs = self.highs
        highs.changeColsCost(self.columns.size, self.columns, cost)
        highs.setOptionValue("solver", method)
        highs.setOptionValue("run_crossover", "on" if vertex else "off")
        highs.run()
        status = highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal and method != "simplex":
            highs.setOptionValue("solver", "simplex")
            highs.run()
            status = highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise NoPlan(f"no plan was found: HiGHS ends with {highs.modelStatusToString(status)}")
        solution = highs.getSolution()
        return Answer(
            objective=float(highs.getInfo().objective_function_value),
            x=np.asarray(solution.col_value),
            reduced=np.asarray(solution.col_dual),
            activity=np.asarray(solution.row_value),
            price=np.asarray(solution.row_dual),
        )

    def fix_optimal(self, answer: Answer, cost: Floats) -> None:
        """Keep only solutions as good as `answer`: columns with a reduced cost and rows with a price stay where they are.

        Every solution that satisfies this has the same cost, and every optimal solution satisfies it (complementary
        slackness), so no dense row over the whole objective is needed.
        """
        zero = ZERO_SHARE * max(float(np.abs(cost).max(initial=0.0)), 1.0)
        self.fix_columns(np.flatnonzero(np.abs(answer.reduced) > zero), answer.x)
        tight = np.flatnonzero(np.abs(answer.price) > zero)
        at_lower = np.abs(answer.activity[tight] - self.row_lower[tight]) <= np.abs(answer.activity[tight] - self.row_upper[tight])
        side = np.where(at_lower, self.row_lower[tight], self.row_upper[tight])
        self.set_rows(tight, side, side)

    def fix_columns(self, chosen: np.ndarray[tuple[int], np.dtype[np.int64]], x: Floats) -> None:
        """Hold columns at the bound that they are at, or at their value."""
        value = np.clip(x[chosen], self.lower[chosen], self.upper[chosen])
        low, high = self.lower[chosen], self.upper[chosen]
        near = np.where(np.abs(value - low) <= np.abs(high - value), low, high)
        value = np.where(np.abs(near - value) <= 1e-6 * np.maximum(1.0, np.abs(value)), near, value)
        self.set_columns(chosen, value, value)

    def set_columns(self, chosen: np.ndarray[tuple[int], np.dtype[np.int64]], lower: Floats, upper: Floats) -> None:
        """New bounds of some columns."""
        self.lower[chosen], self.upper[chosen] = lower, upper
        self.highs.changeColsBounds(chosen.size, chosen.astype(np.int32), self.lower[chosen], self.upper[chosen])

    def set_rows(self, chosen: np.ndarray[tuple[int], np.dtype[np.int64]], lower: Floats, upper: Floats) -> None:
        """New bounds of some rows."""
        self.row_lower[chosen], self.row_upper[chosen] = lower, upper
        for row, low, high in zip(chosen, self.row_lower[chosen], self.row_upper[chosen], strict=True):
            self.highs.changeRowBounds(int(row), float(low), float(high))

    def restore(self) -> None:
        """Take back every bound to the program as compiled; the basis stays."""
        self.set_columns(self.columns.astype(np.int64), self.arrays.lower, self.arrays.upper)
        changed = np.flatnonzero((self.row_lower != self.arrays.row_lower) | (self.row_upper != self.arrays.row_upper))
        self.set_rows(changed, self.arrays.row_lower[changed], self.arrays.row_upper[changed])

    def write(self, place: Path, column_names: list[str], row_names: list[str]) -> None:
        """Write the program with its names as `.mps` or `.lp`.

        Raises
        ------
        EngineError
            When HiGHS cannot write it.
        """
        program = self.highs.getLp()
        program.col_names_ = [name.replace(" ", "_") for name in column_names]
        program.row_names_ = [name.replace(" ", "_") for name in row_names]
        self.highs.passModel(program)
        if self.highs.writeModel(str(place)) == highspy.HighsStatus.kError:
            raise EngineError(f"HiGHS cannot write {place}")
