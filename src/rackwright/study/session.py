"""A program kept open: edits are answered from a live plan, with what changed, why, and who waits for what.

The answer to an edit is the plan that `rackwright plan` gives for the edited file when it is asked to stay near the
plan before: the same tables, whichever way they were reached (`rackwright.plan.unique`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from rackwright.cache import Cache, MemoryCache
from rackwright.outcome import Outcome
from rackwright.pipeline import run
from rackwright.plan import LateCause, Live, Question, Sent, WeeklyPlan, plan_of
from rackwright.plan.causes import sentence
from rackwright.plan.mends import Mends, mends
from rackwright.program import Program, load
from rackwright.progress import SILENT, Progress
from rackwright.report.diff import Difference, compare, diff_lines
from rackwright.units import say_in

#: Causes told in an answer.
MOST_CAUSES = 8
#: Racks and dollars below these are no change.
SAME_RACKS, SAME_USD = 1e-3, 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an edit: the run, its difference from the run before, and what it took."""

    outcome: Outcome
    difference: Difference | None
    sentences: tuple[str, ...]
    sent: Sent
    took_s: float

    @property
    def plan(self) -> WeeklyPlan:
        """The new plan."""
        assert self.outcome.plan is not None
        return self.outcome.plan


class Session:
    """One open program with its live plan. One at a time: not for several threads.

    >>> session = Session(load("examples/tiny.yaml"))                                      # doctest: +SKIP
    >>> print(session.edit({"plan.suppliers.acme.parts.shelf.cap": "5 /week"}).sentences)  # doctest: +SKIP

    Raises
    ------
    ProgramError
        When a section that the plan needs is missing.
    NoAnswer
        When a stage finds none.
    """

    def __init__(self, program: Program, *, cache: Cache | None = None, progress: Progress = SILENT) -> None:
        self.cache = MemoryCache(cache)
        self.progress = progress
        self.live = Live()
        self.question: Question | None = None
        self.outcome: Outcome | None = None
        #: The program as its file says it: edits by path are told with the line that they would change.
        self.written = program
        #: Weighted lateness before the last edit: where mends come back to.
        self.target_usd = 0.0
        self.reply = self.take(program)

    @property
    def program(self) -> Program:
        """The program as last planned."""
        return self.reply.outcome.program

    def edit(self, changes: Mapping[str, object]) -> Reply:
        """Change values by path and plan again: `{"plan.suppliers.acme.parts.shelf.cap": "5 /week"}`.

        Raises
        ------
        ProgramError
            When the changed program cannot be read; the session keeps its last plan, as for every error.
        """
        return self.take(self.program.replace(changes))

    def reload(self) -> Reply:
        """Read the program's file again and plan.

        Raises
        ------
        ProgramError
            As `edit`.
        """
        program = load(Path(self.program.files[0]))
        self.written = program
        return self.take(program)

    def take(self, program: Program) -> Reply:
        """Plan another program from where the solver stands.

        Raises
        ------
        ProgramError, NoAnswer
            The session keeps its last plan.
        """
        begun = perf_counter()
        before = self.outcome
        previous = before.plan if before else None
        after = run(
            program, until="plan", cache=self.cache, progress=self.progress, previous=previous, planner=self._plan
        )
        difference = compare(before, after, "before", "now") if before else None
        told = tuple(sentences(before, after, difference, self.written))
        self.outcome = after
        self.target_usd = previous.lateness_usd if previous else 0.0
        self.reply = Reply(after, difference, told, self.live.sent, perf_counter() - begun)
        return self.reply

    def mends(self, target_usd: float | None = None, most: int = 3) -> Mends:
        """The cheapest ways back to the lateness before the last edit, or to a target of weighted lateness.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum.
        """
        assert self.question is not None
        wanted = self.target_usd if target_usd is None else target_usd
        return mends(self.question, self.reply.plan, wanted, most, self.live)

    def _plan(self, *inputs: Any) -> WeeklyPlan:
        """The plan stage, from the live solver: the stage's own inputs, and the earlier plan last."""
        *sections, previous = inputs
        self.question = Question(*sections)
        return plan_of(self.question, self.live, previous, self.progress)


def sentences(before: Outcome | None, after: Outcome, difference: Difference | None, written: Program) -> Iterator[str]:
    """What changed, what it did to lateness, cost and build, and who waits for what; lines are those of `written`."""
    if before is not None and difference is not None:
        yield from _edited(difference, written)
        yield from _moves(before.plan, after.plan)
    yield from waits(after, before, written)


def _edited(difference: Difference, written: Program) -> Iterator[str]:
    if not difference.changes:
        yield "The program says the same as before."
    for change in difference.changes[:MOST_CAUSES]:
        file, line = written.place(change.path)
        yield f"{change.path}: {change.before or 'absent'} -> {change.after or 'removed'} ({file}:{line})"
    if len(difference.changes) > MOST_CAUSES:
        yield f"and {len(difference.changes) - MOST_CAUSES} more values"


def _moves(old: WeeklyPlan | None, new: WeeklyPlan | None) -> Iterator[str]:
    assert old is not None
    assert new is not None
    late = float(new.late.sum() - old.late.sum())
    worth, money = new.lateness_usd - old.lateness_usd, new.total_cost_usd - old.total_cost_usd
    if abs(late) > SAME_RACKS or abs(worth) > SAME_USD:
        yield (
            f"Lateness {_more(worth)}: {old.late.sum():,.1f} -> {new.late.sum():,.1f} rack-weeks, "
            f"{say_in(old.lateness_usd, 'USD')} -> {say_in(new.lateness_usd, 'USD')}."
        )
    if abs(money) > SAME_USD:
        yield f"Cost {_more(money)}, to {new.total_cost_usd / 1e6:,.1f} MUSD."
    moved = _moved_racks(old, new)
    if moved is None:
        yield "The plan has other generations, plants or weeks than before."
    elif moved[0] > SAME_RACKS:
        yield f"{moved[0]:,.1f} racks are built elsewhere, in another week or not at all, from {moved[1]} on."
    else:
        yield "Every rack is built where and when it was."


def _more(amount: float) -> str:
    return f"{'+' if amount >= 0 else '-'}{say_in(abs(amount), 'USD')}"


def _moved_racks(old: WeeklyPlan, new: WeeklyPlan) -> tuple[float, str] | None:
    """Racks of the larger side that the two plans do not share, and the first week in which they differ."""
    if (old.generations, old.plants, old.weeks) != (new.generations, new.plants, new.weeks):
        return None
    change = new.built - old.built
    weeks = np.flatnonzero(np.abs(change).sum(axis=(0, 1)) > SAME_RACKS)
    larger = max(float(np.maximum(change, 0.0).sum()), float(np.maximum(-change, 0.0).sum()))
    return larger, new.weeks[int(weeks[0])] if weeks.size else ""


def waits(after: Outcome, before: Outcome | None = None, written: Program | None = None) -> Iterator[str]:
    """Late racks with their cause and its place; against an earlier run, first those that are new or moved."""
    plan = after.plan
    assert plan is not None
    old = {_cause_key(item, before.plan): item for item in before.plan.late_causes} if before and before.plan else {}
    causes = [item for item in plan.late_causes if _differs(old.get(_cause_key(item, plan)), item)]
    for item in causes[:MOST_CAUSES]:
        file, line = (written or after.program).place(item.path)
        yield f"{sentence(item, plan.weeks[item.week])} ({file}:{line}, {item.path})"
    if len(causes) > MOST_CAUSES:
        yield f"and {len(causes) - MOST_CAUSES} later causes (table plan.late_causes)"
    if not plan.late_causes:
        yield "Nobody waits: every rack that is required is live in time."
    elif not causes:
        yield "Who waits for what has not changed."


def _cause_key(item: LateCause, plan: WeeklyPlan) -> tuple[str, str, str]:
    return (plan.weeks[item.week], item.generation, item.key)


def _differs(old: LateCause | None, new: LateCause) -> bool:
    return old is None or abs(old.racks - new.racks) > SAME_RACKS


def reply_lines(reply: Reply) -> Iterator[str]:
    """An answer as lines for a terminal: sentences, then what moved along the chain."""
    yield from reply.sentences
    if reply.difference is not None and reply.difference.moved:
        lines = list(diff_lines(reply.difference))
        start = lines.index("plan") if "plan" in lines else len(lines)
        yield from ("", *lines[start:])
    sent = reply.sent
    what = (
        f"{sent.column_bounds + sent.row_bounds:,} bounds, {sent.coefficients:,} coefficients, {sent.costs:,} costs"
        if not sent.anew
        else f"{sent.columns_added:,} columns new, {sent.columns_removed:,} gone, {sent.rows_added:,} rows new, "
        f"{sent.rows_removed:,} gone"
    )
    yield f"answered in {reply.took_s:.2f} s; sent to the solver: {what}"
