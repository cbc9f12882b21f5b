"""What a plan is asked beyond itself: the cheapest mends of its lateness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rackwright.errors import Problem, ProgramError
from rackwright.outcome import Outcome
from rackwright.pipeline import plan_question
from rackwright.plan import Live, Question, WeeklyPlan, plan_of
from rackwright.plan.branch import Branch
from rackwright.plan.gap import controllable_usd, in_modules
from rackwright.plan.limits import Limit
from rackwright.plan.mends import Mends, mend_lines, mends
from rackwright.plan.promise import Promise, Promiser, promise_lines
from rackwright.plan.question import Numbers, numbers_of
from rackwright.plan.worth import Valuer, Worth, dearest_week, worth_lines
from rackwright.program.names import nearest
from rackwright.progress import SILENT, Progress
from rackwright.study.planning_specs import MENDS, PROMISE, WORTH
from rackwright.tables import Table

#: More racks than this at one site are a slip of the pen.
MOST_RACKS = 10_000_000


@dataclass(frozen=True, slots=True)
class PlanQuestions:
    """What is asked; nothing by default."""

    mends: bool = False
    #: How far the whole modules may be from the best, in words.
    gap: bool = False
    #: Limits whose worth is asked, as `supplier.acme.chip@2026-W31`; without a week, the dearest one.
    worth: tuple[str, ...] = ()
    #: Racks asked for at sites, as `abilene=200` or `abilene:gb300=200`.
    promise: tuple[str, ...] = ()

    def any(self) -> bool:
        """Whether something is asked."""
        return bool(self.mends or self.gap or self.worth or self.promise)


def study_plan(
    outcome: Outcome, questions: PlanQuestions, *, progress: Progress = SILENT
) -> tuple[Outcome, tuple[str, ...]]:
    """The outcome with a table for each question, and the answers in words.

    Raises
    ------
    ProgramError
        For a limit, week or site that the program does not have.
    NoPlan
        When HiGHS finds no optimum.
    """
    assert outcome.plan is not None
    question = plan_question(outcome)
    tables: list[Table] = []
    lines: list[str] = []
    if questions.gap:
        lines += ["", "whole modules", *gap_lines(numbers_of(question), outcome.plan)]
    if questions.mends:
        progress.step("plan: mends")
        answer = mends(question, outcome.plan)
        tables.append(MENDS.table(mend_rows(answer)))
        lines += ["", "mends", *mend_lines(answer)]
    if questions.worth:
        progress.step("plan: worth")
        found = worths(Valuer(question, outcome.plan), outcome, questions.worth)
        tables.append(WORTH.table(map(worth_row, found)))
        lines += ["", "worth", *(line for item in found for line in worth_lines(item))]
    if questions.promise:
        progress.step("plan: promise")
        given = promises(Promiser(question, outcome.plan), questions.promise)
        tables.append(PROMISE.table(row for item in given for row in promise_rows(item)))
        lines += ["", "promise", *(line for item in given for line in promise_lines(item))]
    plan = replace(outcome.plan, tables=(*outcome.plan.tables, *tables))
    return replace(outcome, plan=plan), tuple(lines)


def worths(valuer: Valuer, outcome: Outcome, asked: tuple[str, ...]) -> list[Worth]:
    """The worth of each limit that is asked for, in its week or in its dearest.

    Raises
    ------
    ProgramError
        For a limit or a week that there is not: all of them at once.
    """
    assert outcome.plan is not None
    places: list[tuple[Limit, int]] = []
    problems: list[Problem] = []
    for text in asked:
        key, _, week = text.partition("@")
        limit = valuer.limits.get(key)
        if limit is None:
            near = nearest(key, list(valuer.limits))
            problems.append(Problem("--worth", 0, "", key, "a limit of the plan, such as in plan.bottlenecks", near))
            continue
        weeks = [valuer.n.weeks[int(number)] for number in limit.weeks]
        week = week or dearest_week(outcome.plan, key) or weeks[0]
        if week not in weeks:
            problems.append(Problem("--worth", 0, key, week, f"a week from {weeks[0]} to {weeks[-1]}"))
            continue
        places.append((limit, weeks.index(week)))
    if problems:
        raise ProgramError(problems)
    return [valuer.worth(limit, at) for limit, at in places]


def promises(promiser: Promiser, asked: tuple[str, ...]) -> list[Promise]:
    """The promise for each `SITE[:GENERATION]=RACKS`; without a generation, for each that the plan knows.

    Raises
    ------
    ProgramError
        For a site or generation that there is not, or a number that is none: all of them at once.
    """
    n = promiser.n
    wanted: list[tuple[str, str, float]] = []
    problems: list[Problem] = []
    for text in asked:
        place, _, number = text.partition("=")
        site, _, generation = place.partition(":")
        if site not in n.sites:
            expected = f"a site: {', '.join(n.sites)}"
            problems.append(Problem("--promise", 0, "", site, expected, nearest(site, n.sites)))
        if generation and generation not in n.generations:
            expected = f"a generation: {', '.join(n.generations)}"
            problems.append(Problem("--promise", 0, "", generation, expected, nearest(generation, n.generations)))
        if not number.isdecimal() or not 0 < int(number) < MOST_RACKS:
            problems.append(Problem("--promise", 0, site, number or "nothing", "whole racks, such as abilene=200"))
        else:
            wanted += [(site, name, float(number)) for name in ([generation] if generation else n.generations)]
    if problems:
        raise ProgramError(problems)
    return [promiser.promise(*item) for item in wanted]


def promise_rows(item: Promise) -> Iterator[tuple[object, ...]]:
    """Rows of `plan.promise`."""
    for when, offer in (("nobody slips", item.free), ("soonest", item.soonest)):
        if offer is None:
            yield (item.site, item.generation, item.racks, when, None, None, None, "")
            continue
        slips = "; ".join(f"{slip.generation} {slip.commitment} {slip.rack_weeks:.1f}" for slip in offer.slips)
        yield (
            item.site, item.generation, item.racks, when, offer.week, offer.lateness_usd, offer.cost_usd, slips,
        )  # fmt: skip


def worth_row(item: Worth) -> tuple[object, ...]:
    """A row of `plan.worth`."""
    return (
        item.key, item.path, item.week, item.unit, item.available, item.more.lateness_usd, item.more.rack_weeks,
        item.more.cost_usd, item.up_to, -item.fewer.lateness_usd, -item.fewer.rack_weeks, -item.fewer.cost_usd,
        item.down_to,
    )  # fmt: skip


def gap_lines(n: Numbers, plan: WeeklyPlan) -> Iterator[str]:
    """The distance from the bound: in dollars, of the controllable cost, in modules."""
    late, cost = plan.lateness_usd - plan.lateness_lp_usd, plan.total_cost_usd - plan.cost_lp_usd
    if late > 1.0 + 1e-7 * plan.lateness_usd:
        yield f"Lateness is at most {late:,.0f} USD from the least that any whole modules allow."
        return
    yield "No whole modules make the plan less late."
    of = controllable_usd(n, plan.total_cost_usd, plan.built)
    share = f", {cost / of:.2%} of the {of:,.0f} USD that the plan decides about" if of > 0 else ""
    modules = in_modules(n, cost)
    counted = f", {modules:,.2f} modules of the cheapest expansion" if modules is not None else ""
    yield f"Cost is at most {max(cost, 0.0):,.0f} USD above the least{share}{counted}."


def refined_by(seconds: float, progress: Progress = SILENT) -> Callable[..., WeeklyPlan]:
    """A plan stage whose whole modules are refined for so long, or until a stop is asked for."""

    def planner(*inputs: Any) -> WeeklyPlan:
        *sections, previous = inputs
        return plan_of(
            Question(*sections),
            Live(),
            previous,
            progress,
            refine=lambda n: Branch(n, progress).run(seconds),
        )

    return planner


def mend_rows(answer: Mends) -> Iterator[tuple[object, ...]]:
    """Rows of `plan.mends`."""
    for rank, item in enumerate(answer.found, 1):
        levers = ", ".join(lever.path for lever, _ in item.steps)
        owners = ", ".join(dict.fromkeys(lever.owner for lever, _ in item.steps))
        yield (
            rank, item.text, levers, owners, item.price_usd, item.cost_usd, item.lateness_usd, item.rack_weeks,
            answer.before_usd, answer.target_usd,
        )  # fmt: skip
