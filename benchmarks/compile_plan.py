"""The plan's compiler beside linopy on the same linear program; and what the solves take, phase by phase."""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import highspy

from benchmarks.linopy_plan import build
from benchmarks.table import Row
from rackwright.pipeline import run as run_program
from rackwright.plan.compile import values_of
from rackwright.plan.levels import two_levels, with_whole
from rackwright.plan.model import compile_model
from rackwright.plan.question import Numbers, Question, numbers_of
from rackwright.plan.rounding import whole_counts
from rackwright.plan.solve import Solver
from rackwright.program import load

PROGRAM = Path(__file__).parents[1] / "examples" / "us-racks.yaml"
GOAL_S, GOAL_RATIO = 0.3, 4.0


def question() -> Question:
    """What the plan of the real program reads."""
    program = load(PROGRAM)
    case = program.case()
    before = run_program(program, until="plant")
    verdicts = run_program(program, until="evaluation").evaluation
    assert before.demand
    assert before.rack
    assert before.plant
    assert case.plan
    assert case.buildout
    option = case.agreement.option.terms() if case.agreement else None
    return Question(
        case.plan,
        before.demand,
        case.rack,
        before.rack,
        verdicts,
        before.plant,
        case.plant,
        case.buildout,
        option,
        case.calendar,
    )


def timed(work: Callable[[], object], runs: int) -> float:
    """Median wall time. [s]"""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def linopy_to_highs(n: Numbers) -> highspy.Highs:
    """linopy's way to the same place: the model built and handed to HiGHS without a file."""
    with warnings.catch_warnings(), silent():
        warnings.simplefilter("ignore")
        model, lateness, _ = build(n)
        model.add_objective(lateness)
        return model.to_highspy()


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """HiGHS greets on the process's own standard output; the table needs no greeting."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def run() -> Iterator[Row]:
    """Compile time with its ratio to linopy's, and the time of every phase of the plan."""
    q = question()
    n = numbers_of(q)
    model = compile_model(n)
    size = model.arrays
    what = (
        f"compile of the plan: {size.row_lower.size:,} rows, {size.lower.size:,} columns, {size.values.size:,} entries"
    )
    ours = timed(lambda: Solver(compile_model(numbers_of(q)).arrays), 7)
    theirs = timed(lambda: linopy_to_highs(n), 3)
    yield Row(what, f"{ours:.3f} s", f"<= {GOAL_S:g} s", holds=ours <= GOAL_S)
    ratio = theirs / ours
    yield Row(
        "  the same program by linopy, into HiGHS",
        f"{theirs:.2f} s",
        f">= {GOAL_RATIO:g} x",
        f"{ratio:.0f} x",
        ratio >= GOAL_RATIO,
    )
    yield from _phases(n)


def _phases(n: Numbers) -> Iterator[Row]:
    model = compile_model(n)
    solver = Solver(model.arrays)
    start = time.perf_counter()
    relaxed = two_levels(solver, n, model, "ipx")
    yield Row("  both levels with shares of modules", f"{time.perf_counter() - start:.2f} s")
    shares = (values_of(model.columns(name), relaxed.cost.x) for name in ("module", "line"))
    counts = dict(zip(("module", "line"), whole_counts(n, *shares), strict=True))
    start = time.perf_counter()
    with_whole(solver, n, model, relaxed, counts)
    yield Row("  both levels with whole modules, warm", f"{time.perf_counter() - start:.2f} s")
    other = Solver(model.arrays)
    start = time.perf_counter()
    late = other.minimise(model.lateness, "ipx")
    other.keep_optimal(late)
    other.minimise(model.cost, "ipx")
    apart = time.perf_counter() - start
    yield Row("  for comparison: an interior-point solve for each level", f"{apart:.2f} s")
