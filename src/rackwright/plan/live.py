"""One live HiGHS object over a program that is edited: only what changed is sent, and solves start where the last ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter

import highspy
import numpy as np

from rackwright.plan.compile import Arrays, Block, Builder, Floats, Indexes, values_of
from rackwright.plan.flows import NOISE
from rackwright.plan.levels import Levels, two_levels
from rackwright.plan.model import Model
from rackwright.plan.question import Numbers
from rackwright.plan.solve import TIME_LIMIT_S, Answer, Bounds, Solver
from rackwright.plan.unique import AT_BOUND, least_change, settled

#: A warm start gives way to a cold one after this share of what the last cold one took, and never before the least.
PATIENCE_SHARE, LEAST_PATIENCE_S = 0.6, 1.0
#: The same for the search for prices, which begins anew from the plan's basis.
PRICE_SHARE = 0.05
#: Above this many changed coefficients the matrix is passed again whole.
MOST_COEFFICIENTS = 2000


@dataclass(frozen=True, slots=True)
class Sent:
    """What an edit sent to the solver, in counts. `anew`: the matrix was passed whole, with the basis carried over."""

    column_bounds: int = 0
    row_bounds: int = 0
    coefficients: int = 0
    costs: int = 0
    columns_added: int = 0
    columns_removed: int = 0
    rows_added: int = 0
    rows_removed: int = 0
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """A plan near to an earlier one, with the bounds that it was found under and the racks that it builds."""

    answer: Answer
    bounds: Bounds
    built: Floats


@dataclass(slots=True)
class Live:
    """A solver kept between questions that resemble each other. One at a time; not for threads."""

    solver: Solver | None = None
    model: Model | None = None
    #: Bases of the last plan by name: `relaxed`, `whole`, the cones and plans of both.
    bases: dict[str, highspy.HighsBasis] = field(default_factory=dict)
    #: The last answers by name, and the plan near to the one before; they stand while no bound that they touch moves.
    found: dict[str, Levels] = field(default_factory=dict)
    answer: Near | None = None
    sent: Sent = Sent()
    cold_s: float = TIME_LIMIT_S

    def take(self, model: Model) -> Solver:
        """The solver, holding this model; whatever it held before is changed where it differs."""
        if self.solver is None or self.model is None:
            self.solver = Solver(model.arrays)
            size = model.arrays
            self.sent = Sent(columns_added=size.lower.size, rows_added=size.row_lower.size, anew=True)
        elif _same_shape(self.model, model):
            self.sent = _send(self.solver, self.model, model)
        else:
            self._carry(self.model, model)
        if self.sent.anew or self.sent.coefficients or self.sent.costs:
            self.found.clear()
            self.answer = None
        self.model = model
        return self.solver

    def _carry(self, old: Model, new: Model) -> None:
        """Columns or rows came or went: pass the program with the bases carried over, name by name."""
        columns = _shared(old.builder.columns, new.builder.columns)
        rows = _shared(old.builder.rows, new.builder.rows)
        self.sent = Sent(
            columns_added=new.builder.column_count - columns[0].size,
            columns_removed=old.builder.column_count - columns[0].size,
            rows_added=new.builder.row_count - rows[0].size,
            rows_removed=old.builder.row_count - rows[0].size,
            anew=True,
        )
        self.bases = {name: _carried(basis, new.builder, columns, rows) for name, basis in self.bases.items()}
        self.solver = Solver(new.arrays)

    def levels(self, name: str, n: Numbers, start: Levels | None = None) -> Levels:
        """Both levels of the program as it is bounded now, with the one plan and the one price list.

        Starts from the last plan's basis of that name, else from `start`, else from nothing.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum.
        """
        assert self.solver is not None
        assert self.model is not None
        kept, bounds = self.found.get(name), self.solver.bounds()
        if kept is not None and stands(kept.cost, kept.bounds, bounds):
            self.found[name] = replace(kept, bounds=bounds)
            return self.found[name]
        basis = self.bases.get(name, start.basis if start else None)
        patience_s = max(PATIENCE_SHARE * self.cold_s, LEAST_PATIENCE_S)
        begun = perf_counter()
        if basis is None:
            found = two_levels(self.solver, n, self.model, "ipx")
            self.cold_s = perf_counter() - begun
        else:
            self.solver.start_from(basis)
            found = two_levels(self.solver, n, self.model, "dual", patience_s)
        price_s = max(PRICE_SHARE * self.cold_s, LEAST_PATIENCE_S)
        found = settled(
            self.solver, self.model, found, self.bases.get(f"{name} cone"), self.bases.get(f"{name} plan"), price_s
        )
        self.found[name] = found
        self.bases[name] = found.basis
        assert found.cone is not None
        self.bases[f"{name} cone"] = found.cone
        self.bases[f"{name} plan"] = found.cost_basis
        return found

    def near(self, whole: Levels, wanted: Floats | None) -> Answer:
        """Of the plans as good as `whole`, the one that builds most like `wanted`; `whole`'s own where nothing is.

        Where the last plan is wanted and no bound that it touches moved, it is the answer again.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum.
        """
        assert self.solver is not None
        assert self.model is not None
        last = self.answer
        if wanted is None:
            answer = whole.cost
        elif last is not None and np.array_equal(last.built, wanted) and stands(last.answer, last.bounds, whole.bounds):
            answer = last.answer
        else:
            answer = least_change(self.solver, self.model, whole, wanted)
        built = values_of(self.model.columns("built"), answer.x)
        self.answer = Near(answer, whole.bounds, np.where(built < NOISE, 0.0, built))
        return answer


def stands(answer: Answer, old: Bounds, new: Bounds) -> bool:
    """Whether an answer is the answer still: each bound that moved is away from it, before and now.

    Such a bound has no price and none of it comes into being, in either level, among equal plans or in their prices.
    """
    lower, upper, row_lower, row_upper = zip(old, new, strict=True)
    return (
        _away(answer.x, lower, 1.0)
        and _away(answer.x, upper, -1.0)
        and _away(answer.activity, row_lower, 1.0)
        and _away(answer.activity, row_upper, -1.0)
    )


def _away(stands_at: Floats, bounds: tuple[Floats, Floats], sign: float) -> bool:
    moved = np.flatnonzero(bounds[0] != bounds[1])
    at = stands_at[moved]
    return all(bool(np.all(sign * (at - side[moved]) > AT_BOUND * (1.0 + np.abs(at)))) for side in bounds)


def _same_shape(old: Model, new: Model) -> bool:
    """The same columns and rows under the same names, and entries at the same places."""
    a, b = old.arrays, new.arrays
    return (
        same_blocks(old.builder.columns, new.builder.columns)
        and same_blocks(old.builder.rows, new.builder.rows)
        and np.array_equal(a.starts, b.starts)
        and np.array_equal(a.rows, b.rows)
    )


def same_blocks(old: dict[str, Block], new: dict[str, Block]) -> bool:
    """The same blocks, with the same labels and numbers."""
    return old.keys() == new.keys() and all(
        _labels(old[name]) == _labels(new[name]) and np.array_equal(old[name].index, new[name].index) for name in new
    )


def _labels(block: Block) -> list[list[str]]:
    return [list(axis) for axis in block.labels]


def _send(solver: Solver, old: Model, new: Model) -> Sent:
    """Change what differs: bounds of columns and rows, and coefficients. Costs go with each level."""
    a: Arrays = new.arrays
    columns = np.flatnonzero((solver.lower != a.lower) | (solver.upper != a.upper))
    edited = int(np.count_nonzero((old.arrays.lower != a.lower) | (old.arrays.upper != a.upper)))
    solver.set_columns(columns, a.lower[columns], a.upper[columns])
    rows = np.flatnonzero((solver.row_lower != a.row_lower) | (solver.row_upper != a.row_upper))
    edited_rows = int(np.count_nonzero((old.arrays.row_lower != a.row_lower) | (old.arrays.row_upper != a.row_upper)))
    solver.set_rows(rows, a.row_lower[rows], a.row_upper[rows])
    moved = np.flatnonzero(old.arrays.values != a.values)
    solver.set_entries(a, moved, whole=moved.size > MOST_COEFFICIENTS)
    return Sent(
        column_bounds=edited,
        row_bounds=edited_rows,
        coefficients=int(moved.size),
        costs=int(np.count_nonzero((old.cost != new.cost) | (old.lateness != new.lateness))),
        anew=bool(moved.size > MOST_COEFFICIENTS),
    )


def _shared(old: dict[str, Block], new: dict[str, Block]) -> tuple[Indexes, Indexes]:
    """Numbers, before and now, of the columns or rows that both programs have, found by block and labels."""
    before: list[Indexes] = [np.zeros(0, np.int64)]
    now: list[Indexes] = [np.zeros(0, np.int64)]
    for name, block in new.items():
        if name not in old or len(old[name].labels) != len(block.labels):
            continue
        places = []
        for was, axis in zip(old[name].labels, block.labels, strict=True):
            at = {label: number for number, label in enumerate(was)}
            places.append(np.array([at.get(label, -1) for label in axis], dtype=np.int64))
        grid = np.ix_(*places)
        known = np.ones((), dtype=bool)
        for axis_places in grid:
            known = known & (axis_places >= 0)
        if not old[name].index.size or not block.index.size:
            continue
        numbers = np.where(known, old[name].index[grid], -1)
        both = (numbers >= 0) & (block.index >= 0)
        before.append(numbers[both])
        now.append(block.index[both])
    return np.concatenate(before), np.concatenate(now)


def carried_basis(basis: highspy.HighsBasis, old: Builder, new: Builder) -> highspy.HighsBasis:
    """A basis of one program as one of another, by the names of columns and rows."""
    return _carried(basis, new, _shared(old.columns, new.columns), _shared(old.rows, new.rows))


def _carried(
    basis: highspy.HighsBasis, new: Builder, columns: tuple[Indexes, Indexes], rows: tuple[Indexes, Indexes]
) -> highspy.HighsBasis:
    """The basis of a resembling program: new columns stand at their lower bound, new rows are slack."""
    carried = highspy.HighsBasis()
    carried.valid, carried.alien = True, True
    carried.col_status = _moved(basis.col_status, columns, new.column_count, highspy.HighsBasisStatus.kLower)
    carried.row_status = _moved(basis.row_status, rows, new.row_count, highspy.HighsBasisStatus.kBasic)
    return carried


def _moved(
    statuses: list[highspy.HighsBasisStatus],
    numbers: tuple[Indexes, Indexes],
    count: int,
    otherwise: highspy.HighsBasisStatus,
) -> list[highspy.HighsBasisStatus]:
    moved = [otherwise] * count
    for old, new in zip(numbers[0].tolist(), numbers[1].tolist(), strict=True):
        moved[new] = statuses[old]
    return moved
