"""What a plan is asked beyond itself: the cheapest mends of its lateness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rackwright.outcome import Outcome
from rackwright.pipeline import plan_question
from rackwright.plan.mends import Mends, mend_lines, mends
from rackwright.progress import SILENT, Progress
from rackwright.study.planning_specs import MENDS
from rackwright.tables import Table


@dataclass(frozen=True, slots=True)
class PlanQuestions:
    """What is asked; nothing by default."""

    mends: bool = False

    def any(self) -> bool:
        """Whether something is asked."""
        return self.mends


def study_plan(
    outcome: Outcome, questions: PlanQuestions, *, progress: Progress = SILENT
) -> tuple[Outcome, tuple[str, ...]]:
    """The outcome with a table for each question, and the answers in words.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum.
    """
    assert outcome.plan is not None
    question = plan_question(outcome)
    tables: list[Table] = []
    lines: list[str] = []
    if questions.mends:
        progress.step("plan: mends")
        answer = mends(question, outcome.plan)
        tables.append(MENDS.table(mend_rows(answer)))
        lines += ["", "mends", *mend_lines(answer)]
    plan = replace(outcome.plan, tables=(*outcome.plan.tables, *tables))
    return replace(outcome, plan=plan), tuple(lines)


def mend_rows(answer: Mends) -> Iterator[tuple[object, ...]]:
    """Rows of `plan.mends`."""
    for rank, item in enumerate(answer.found, 1):
        levers = ", ".join(lever.path for lever, _ in item.steps)
        owners = ", ".join(dict.fromkeys(lever.owner for lever, _ in item.steps))
        yield (
            rank, item.text, levers, owners, item.price_usd, item.cost_usd, item.lateness_usd, item.rack_weeks,
            answer.before_usd, answer.target_usd,
        )  # fmt: skip
