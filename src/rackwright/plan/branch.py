"""Whole modules by branch and bound: rounding at once, better counts as long as one cares to wait, and a proven bound.

A node is the linear program with bounds on running totals of modules (so many by that quarter, not in that quarter:
a module moved by a quarter does not undo a branch). Lateness comes before cost in every comparison, as in the levels.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

import highspy
import numpy as np

from rackwright.errors import NoPlan
from rackwright.plan.compile import Floats, Indexes, values_of
from rackwright.plan.levels import Levels, hold_whole, two_levels
from rackwright.plan.model import KILO_USD, Model, compile_model
from rackwright.plan.question import Numbers
from rackwright.plan.rounding import whole_counts
from rackwright.plan.solve import Solver
from rackwright.progress import SILENT, Progress, Stopped

#: A running total this near to a whole number is whole.
WHOLE = 1e-6
#: Lateness and cost that differ by less than this share of themselves are the same; lateness is cut to a tenth of it.
SAME, CUT = 1e-7, 8
BLOCKS = ("module", "line")

Counts = dict[str, Floats]
#: Lateness in level 1's unit and cost in 1000 USD.
Value = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Refined:
    """The best whole counts found, their lateness and cost, and what no counts can beat. [USD]

    The bound of the cost holds where the lateness equals its bound; else it is that of the least late node left.
    """

    counts: Counts
    lateness_usd: float
    lateness_bound_usd: float
    cost_usd: float
    cost_bound_usd: float
    nodes: int
    proven: bool
    took_s: float


@dataclass(order=True, slots=True)
class _Node:
    value: Value
    number: int
    lower: Floats = field(compare=False)
    upper: Floats = field(compare=False)
    totals: Floats = field(compare=False)
    basis: highspy.HighsBasis = field(compare=False)


class Branch:
    """Branch and bound over the plan's modules and own lines; `run` may be called again to go on."""

    def __init__(self, n: Numbers, progress: Progress = SILENT) -> None:
        self.n, self.progress = n, progress
        self.model, self.rows = _with_totals(n)
        self.solver = Solver(self.model.arrays)
        self.free = self.solver.bounds()
        self.numbers = count()
        self.nodes = 0
        self.best: tuple[Value, Counts] | None = None
        self.seen: set[bytes] = set()
        self.open: list[_Node] = []

    def run(self, seconds: float, gap_usd: float = 0.0) -> Refined:
        """Search until the counts are proven best, the gap in cost is small, or the time is over.

        A stop asked for by the user ends the search with the best counts so far.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum of the program with shares of modules, or no counts fit.
        """
        begun = perf_counter()
        try:
            if not self.nodes:
                endless = np.full(self.rows.size, np.inf)
                self._visit(-endless, endless, None)
            while self.open and perf_counter() - begun < seconds and not self._near(gap_usd):
                node = heapq.heappop(self.open)
                if self.best is not None and not _less(node.value, self.best[0]):
                    continue
                try:
                    self._tell(node)
                    self._branch(node)
                except (Stopped, KeyboardInterrupt):
                    heapq.heappush(self.open, node)
                    raise
        except (Stopped, KeyboardInterrupt):
            if self.best is None:
                raise
        return self._answer(perf_counter() - begun)

    def _tell(self, node: _Node) -> None:
        assert self.best is not None
        worth = (self.best[0][1] - node.value[1]) * KILO_USD
        self.progress.step(f"plan: whole modules, {self.nodes} nodes, {worth:,.0f} USD from the bound")

    def _near(self, gap_usd: float) -> bool:
        """The best counts are as little late as the bound, and cost no more above it than asked."""
        if self.best is None or not self.open:
            return False
        bound, value = self.open[0].value, self.best[0]
        return not _clearly(bound[0], value[0]) and (value[1] - bound[1]) * KILO_USD <= gap_usd

    def _answer(self, took_s: float) -> Refined:
        if self.best is None:
            raise NoPlan("no whole modules fit the program's limits")
        value, counts = self.best
        left = [node.value for node in self.open if _less(node.value, value)]
        bound = min(left, default=value)
        usd = self.model.usd_per_lateness
        return Refined(
            counts, value[0] * usd, bound[0] * usd, value[1] * KILO_USD, bound[1] * KILO_USD, self.nodes, not left,
            took_s,
        )  # fmt: skip

    def _branch(self, node: _Node) -> None:
        """Split at the running total farthest from a whole number, the earliest among equals."""
        away = np.abs(node.totals - np.round(node.totals))
        row = int(np.argmax(np.where(away > WHOLE, away, -1.0)))
        below, above = node.upper.copy(), node.lower.copy()
        below[row], above[row] = np.floor(node.totals[row]), np.ceil(node.totals[row])
        self._visit(node.lower, below, node.basis)
        self._visit(above, node.upper, node.basis)

    def _visit(self, lower: Floats, upper: Floats, basis: highspy.HighsBasis | None) -> None:
        """Solve a node, try its rounding, and keep it where a better plan may be below."""
        self.solver.give_back(self.free)
        self.solver.set_rows(self.rows, lower, upper)
        found = self._levels(basis)
        self.nodes += 1
        if found is None:
            return
        value = _value(found)
        if self.best is not None and not _less(value, self.best[0]):
            return
        totals = _totals(self.model, found.cost.x)
        shares = [values_of(self.model.columns(name), found.cost.x) for name in BLOCKS]
        self._try(dict(zip(BLOCKS, whole_counts(self.n, *shares), strict=True)), found.basis)
        if np.abs(totals - np.round(totals)).max(initial=0.0) <= WHOLE:
            self._try({name: np.round(item) for name, item in zip(BLOCKS, shares, strict=True)}, found.basis)
            return
        if self.best is None or _less(value, self.best[0]):
            node = _Node(value, next(self.numbers), lower, upper, totals, found.basis)
            heapq.heappush(self.open, node)

    def _try(self, counts: Counts, basis: highspy.HighsBasis) -> None:
        """The plan with these whole counts; the best is kept."""
        key = b"".join(np.ascontiguousarray(counts[name], dtype=np.int64).tobytes() for name in BLOCKS)
        if key in self.seen:
            return
        self.seen.add(key)
        self.solver.give_back(self.free)
        hold_whole(self.solver, self.model, counts)
        found = self._levels(basis)
        if found is None:
            return
        value = _value(found)
        if self.best is None or _less(value, self.best[0]):
            self.best = (value, counts)

    def _levels(self, basis: highspy.HighsBasis | None) -> Levels | None:
        """Both levels as bounded now, or None where nothing is feasible."""
        if basis is not None:
            self.solver.start_from(basis)
        try:
            return two_levels(self.solver, self.n, self.model, "ipx" if basis is None else "dual", explain=False)
        except NoPlan:
            if self.solver.highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
                raise
            return None


def _with_totals(n: Numbers) -> tuple[Model, Indexes]:
    """The plan's program with a free row for the running total of each module and line by each quarter."""
    model = compile_model(n)
    build = model.builder
    found = []
    for name in BLOCKS:
        block = build.columns[name]
        rows = build.add_rows(f"{name}_total", (tuple(block.labels[0]), tuple(block.labels[1])))
        earlier = np.tri(rows.shape[1], dtype=bool) if rows.size else np.zeros((0, 0), dtype=bool)
        for item in range(rows.shape[0]):
            build.put(rows[item][:, None], block.index[item][None, :], earlier.astype(np.float64))
        found.append(rows.ravel())
    arrays = build.arrays()
    whole = Model(build, arrays, model.lateness, model.usd_per_lateness, model.cost_of, model.cost)
    return whole, np.concatenate(found)


def _totals(model: Model, x: Floats) -> Floats:
    return np.concatenate([np.cumsum(values_of(model.columns(name), x), axis=1).ravel() for name in BLOCKS])


def _value(found: Levels) -> Value:
    """Both objectives; lateness without its noise, so that nodes as late as each other go by cost."""
    return float(f"{found.lateness.objective:.{CUT}e}"), found.cost.objective


def _clearly(a: float, b: float) -> bool:
    """Whether a is below b by more than rounding."""
    return a < b - SAME * max(abs(a), abs(b), 1.0)


def _less(a: Value, b: Value) -> bool:
    """Less late, or as late and cheaper."""
    if _clearly(a[0], b[0]):
        return True
    return not _clearly(b[0], a[0]) and _clearly(a[1], b[1])
