"""HiGHS, called on whole arrays: cold and warm solves, levels kept by fixing, the rows that conflict."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import highspy
import numpy as np

from rackwright.errors import EngineError, NoPlan
from rackwright.plan.compile import Arrays, Builder, Floats, Indexes

#: `ipx`: interior point from scratch, crossed over to a vertex; `primal` and `dual`: simplex from the last basis.
Method = Literal["ipx", "primal", "dual"]
_STRATEGY = {"dual": 1, "primal": 4}
#: Reduced costs and prices up to here count as zero: HiGHS' own dual tolerance.
ZERO = 1e-7
TIME_LIMIT_S = 300.0
SHOWN_ROWS = 10
#: HiGHS' way to find an irreducible conflict: by an elastic program.
CONFLICT_FROM_LP = 2


#: Lower and upper bounds of columns, then of rows.
Bounds = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Answer:
    """A vertex: columns, reduced costs, row activities and prices (change of the objective per unit of the row)."""

    objective: float
    x: Floats
    reduced: Floats
    activity: Floats
    price: Floats


class Solver:
    """One live HiGHS object over one program; bounds change, the matrix does not."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.lower, self.upper = arrays.lower.copy(), arrays.upper.copy()
        self.row_lower, self.row_upper = arrays.row_lower.copy(), arrays.row_upper.copy()
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("parallel", "off"), ("run_crossover", "on")):
            self.highs.setOptionValue(option, value)
        self.all_columns = np.arange(arrays.lower.size, dtype=np.int32)
        self._pass()

    def _pass(self) -> None:
        program = highspy.HighsLp()
        program.num_col_ = int(self.lower.size)
        program.num_row_ = int(self.row_lower.size)
        program.col_cost_ = np.zeros(self.lower.size)
        program.col_lower_, program.col_upper_ = self.lower, self.upper
        program.row_lower_, program.row_upper_ = self.row_lower, self.row_upper
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = self.arrays.starts.astype(np.int32)
        program.a_matrix_.index_ = self.arrays.rows.astype(np.int32)
        program.a_matrix_.value_ = self.arrays.values
        if self.highs.passModel(program) == highspy.HighsStatus.kError:
            raise EngineError("HiGHS does not take the linear program")

    def minimise(
        self, cost: Floats, method: Method, names: Builder | None = None, limit_s: float = TIME_LIMIT_S
    ) -> Answer:
        """Minimise a cost over the program as bounded now; after `limit_s` a simplex gives way to `ipx` from nothing.

        Raises
        ------
        NoPlan
            When HiGHS gives no optimum: with the rows that conflict where it can tell.
        """
        self.set_cost(cost)
        return self.solve(method, names, self.all_columns.size, limit_s)

    def set_cost(self, cost: Floats) -> None:
        """The cost that the next solve minimises."""
        self.highs.changeColsCost(self.all_columns.size, self.all_columns, cost)

    def solve(self, method: Method, names: Builder | None, columns: int, limit_s: float = TIME_LIMIT_S) -> Answer:
        """Minimise what HiGHS holds now; the answer has the first `columns` columns.

        Raises
        ------
        NoPlan
            As `minimise`.
        """
        highs = self.highs
        highs.setOptionValue("time_limit", float(highs.getRunTime()) + limit_s)
        self._run(method)
        status = highs.getModelStatus()
        sure = status == highspy.HighsModelStatus.kInfeasible and method != "ipx"
        if status != highspy.HighsModelStatus.kOptimal and not sure:
            highs.clearSolver()
            highs.setOptionValue("time_limit", float(highs.getRunTime()) + TIME_LIMIT_S)
            self._run("ipx" if status == highspy.HighsModelStatus.kTimeLimit and method != "ipx" else "dual")
        status = highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise NoPlan(f"HiGHS ends with {highs.modelStatusToString(status)}{self._conflict(names)}")
        return self._answer(columns)

    def within(self, cost: Floats, method: Method, limit_s: float) -> Answer | None:
        """The optimum from the basis that is set, or None where it is not found within a time."""
        self.set_cost(cost)
        self.highs.setOptionValue("time_limit", float(self.highs.getRunTime()) + limit_s)
        self._run(method)
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            return self._answer(self.all_columns.size)
        self.highs.clearSolver()
        return None

    def _answer(self, columns: int) -> Answer:
        solution = self.highs.getSolution()
        return Answer(
            objective=float(self.highs.getInfo().objective_function_value),
            x=np.asarray(solution.col_value)[:columns],
            reduced=np.asarray(solution.col_dual)[:columns],
            activity=np.asarray(solution.row_value)[: self.row_lower.size],
            price=np.asarray(solution.row_dual)[: self.row_lower.size],
        )

    def _run(self, method: Method) -> None:
        self.highs.setOptionValue("solver", "ipx" if method == "ipx" else "simplex")
        if method != "ipx":
            self.highs.setOptionValue("simplex_strategy", _STRATEGY[method])
        self.highs.run()

    def _conflict(self, names: Builder | None) -> str:
        """The rows of an irreducible conflict, by name."""
        if names is None or self.highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
            return ""
        self.highs.setOptionValue("iis_strategy", CONFLICT_FROM_LP)
        _, conflict = self.highs.getIis()
        rows = names.row_names()
        shown = [rows[row] for row in list(conflict.row_index_)[:SHOWN_ROWS]]
        return f"; these limits conflict: {', '.join(shown)}" if shown else ""

    def keep_optimal(self, answer: Answer) -> None:
        """Keep only solutions as good as `answer`: priced columns and rows stay at their bounds.

        A solution that is feasible and complementary to these prices is optimal, and every optimal solution is
        (complementary slackness): so the level stays exactly, without a dense row over its whole objective.
        """
        priced = np.flatnonzero(np.abs(answer.reduced) > ZERO)
        at_lower = answer.reduced[priced] > 0
        bound = np.where(at_lower, self.lower[priced], self.upper[priced])
        bound = np.where(np.isfinite(bound), bound, answer.x[priced])
        self.set_columns(priced, bound, bound)
        tight = np.flatnonzero(np.abs(answer.price) > ZERO)
        side = np.where(answer.price[tight] > 0, self.row_lower[tight], self.row_upper[tight])
        side = np.where(np.isfinite(side), side, answer.activity[tight])
        self.set_rows(tight, side, side)

    def set_columns(self, chosen: Indexes, lower: Floats, upper: Floats) -> None:
        """New bounds of some columns."""
        self.lower[chosen], self.upper[chosen] = lower, upper
        self.highs.changeColsBounds(chosen.size, chosen.astype(np.int32), self.lower[chosen], self.upper[chosen])

    def set_rows(self, chosen: Indexes, lower: Floats, upper: Floats) -> None:
        """New bounds of some rows."""
        self.row_lower[chosen], self.row_upper[chosen] = lower, upper
        lower, upper = self.row_lower[chosen], self.row_upper[chosen]
        self.highs.changeRowsBounds(chosen.size, chosen.astype(np.int32), lower, upper)  # type: ignore[attr-defined]

    def set_entries(self, arrays: Arrays, moved: Indexes, *, whole: bool) -> None:
        """Take a matrix with entries at the same places; `moved` are those that differ, sent one by one or whole."""
        self.arrays = arrays
        if whole:
            basis = self.highs.getBasis()
            self._pass()
            self.highs.setBasis(basis)
            return
        columns = np.searchsorted(arrays.starts, moved, side="right") - 1
        for entry, column in zip(moved.tolist(), columns.tolist(), strict=True):
            self.highs.changeCoeff(int(arrays.rows[entry]), column, float(arrays.values[entry]))

    def bounds(self) -> Bounds:
        """Column and row bounds as they are, to be given back later."""
        return self.lower.copy(), self.upper.copy(), self.row_lower.copy(), self.row_upper.copy()

    def give_back(self, bounds: Bounds) -> None:
        """Bounds as they were; the basis stays."""
        lower, upper, row_lower, row_upper = bounds
        columns = np.flatnonzero((self.lower != lower) | (self.upper != upper))
        self.set_columns(columns, lower[columns], upper[columns])
        rows = np.flatnonzero((self.row_lower != row_lower) | (self.row_upper != row_upper))
        self.set_rows(rows, row_lower[rows], row_upper[rows])

    def basis(self) -> highspy.HighsBasis:
        """The basis of the last solve."""
        return self.highs.getBasis()

    def start_from(self, basis: highspy.HighsBasis) -> None:
        """The basis that the next simplex starts from."""
        self.highs.setBasis(basis)

    def write(self, place: Path, cost: Floats, names: Builder) -> None:
        """Write the program with names of blocks, such as `built[gb300,ohio,2026-W14]`, as `.mps` or `.lp`.

        Raises
        ------
        EngineError
            When HiGHS cannot write it.
        """
        self.highs.changeColsCost(self.all_columns.size, self.all_columns, cost)
        program = self.highs.getLp()
        program.col_names_ = [name.replace(" ", "_") for name in names.column_names()]
        program.row_names_ = [name.replace(" ", "_") for name in names.row_names()]
        self.highs.passModel(program)
        if self.highs.writeModel(str(place)) == highspy.HighsStatus.kError:
            raise EngineError(f"HiGHS cannot write {place}")
