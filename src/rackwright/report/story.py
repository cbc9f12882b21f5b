"""The first screen: six sentences with dates, each from the numbers of the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rackwright.figures import Figure
from rackwright.outcome import Outcome
from rackwright.plan import Bottleneck, LateCause, WeeklyPlan
from rackwright.units import say_in, three_figures

#: Racks late below this are a solver's dust.
SMALL = 0.5
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the word or two that name it."""

    title: str
    text: str


def sentences(outcome: Outcome) -> tuple[Sentence, ...]:
    """The six sentences; without a plan, those that can be said."""
    plan = outcome.plan
    if plan is None:
        return (
            Sentence(
                "No plan.", "The program lacks a section that the plan needs: demand, rack, plant, plan or buildout."
            ),
        )
    return (
        Sentence("Racks.", _racks(outcome, plan)),
        Sentence("Late.", _late(outcome, plan)),
        Sentence("What holds it back.", _bottlenecks(outcome, plan)),
        Sentence("Money.", _money(outcome, plan)),
        Sentence("Power.", _power(outcome, plan)),
        Sentence("What it rests on.", _assumptions(outcome, plan)),
    )


def _whole(racks: float) -> str:
    return f"{round(racks):,}"


def _racks(outcome: Outcome, plan: WeeklyPlan) -> str:
    """Delivered against needed at the end of each half-year."""
    calendar = outcome.program.calendar
    last = {calendar.half_year(week): week for week in range(calendar.weeks)}
    live, late = plan.live.sum(axis=(0, 1)), plan.late.sum(axis=(0, 1))
    required = plan.required.sum(axis=(0, 1))
    parts = [
        f"{half} {_whole(live[week])} live for {_whole(required[week])} required, {_whole(late[week])} late"
        for half, week in last.items()
    ]
    weekly = plan.built.sum(axis=(0, 1))
    peak = int(np.argmax(weekly))
    return (
        f"{_whole(weekly.sum())} racks are built, at most {_whole(weekly[peak])} a week ({calendar.text(peak)}); "
        f"at the end of {'; '.join(parts)}{_stand_ins(plan)}."
    )


def _stand_ins(plan: WeeklyPlan) -> str:
    """Racks of one generation that do another's work in the last week."""
    share = plan.stand_in[:, :, -1] if plan.stand_in.size else np.zeros((0, 0))
    if share.sum() <= SMALL:
        return ""
    h, g = np.unravel_index(int(np.argmax(share)), share.shape)
    return f" ({_whole(share.sum())} racks stand in for others, most of them {plan.generations[h]} for {plan.generations[g]})"


def _late(outcome: Outcome, plan: WeeklyPlan) -> str:
    """The first late week, how many, the cause, who can act; the worst week and its cause."""
    late = plan.late.sum(axis=(0, 1))
    if not np.any(late > SMALL):
        return "No rack is late in any week."
    calendar = outcome.program.calendar
    first, worst = plan.late_causes[0], int(np.argmax(late))
    last = max((item for item in plan.late_causes if item.week <= worst), key=lambda item: (item.week, item.racks))
    text = (
        f"{_cause(first, calendar.text(first.week))}. The worst is {calendar.text(worst)} with {_whole(late[worst])}; "
        f"{_whole(late.sum())} rack-weeks in all, {_whole(late[-1])} racks late at the end."
    )
    return text if last is first else f"{text} {_cause(last, calendar.text(last.week))}."


def _cause(cause: LateCause, week: str) -> str:
    """One cause in words."""
    return f"From {week} {max(1, round(cause.racks)):,} racks of {cause.generation} are late because {cause.text}; the move is with {cause.owner}"


def _name(item: Bottleneck) -> str:
    """`supplier.nvidia.gpu-rubin` as `gpu-rubin from nvidia`."""
    kind, *rest = item.key.split(".")
    if kind == "supplier" and len(rest) == 2:
        return f"{rest[1]} from {rest[0]}"
    if kind == "plant" and len(rest) == 2:
        return f"{rest[1].replace('_', ' ')} at {rest[0]}"
    if kind == "on_order" and rest:
        return f"{'.'.join(rest)} on order at the start"
    if kind == "make" and rest:
        return f"the own line of {'.'.join(rest)}"
    if kind == "most" and len(rest) >= 2:
        return f"the most {rest[0]} modules at {rest[1]}"
    if kind == "option":
        return "the option's quantities"
    if kind == "site":
        return f"energised power at {'.'.join(rest)}"
    return f"the capex limit of {rest[0]}" if kind == "capex" and rest else item.key


def _bottlenecks(outcome: Outcome, plan: WeeklyPlan) -> str:
    """The first three and what 5 % more of each buys, solved again."""
    calendar = outcome.program.calendar
    parts = []
    for item in plan.bottlenecks[:SHOWN]:
        weeks = f"{calendar.text(item.first)} to {calendar.text(item.last)}"
        if item.relief_rack_weeks is not None and item.relief_usd is not None:
            buys = f"5 % more saves {_whole(item.relief_rack_weeks)} rack-weeks ({say_in(item.relief_usd, 'USD')} of lateness)"
        else:
            buys = f"its price times what is there is {say_in(item.cost_usd, 'USD')} of cost"
        parts.append(f"{_name(item)} ({weeks}): {buys}")
    return "; ".join(parts) + "." if parts else "Nothing has a price: the plan meets its demand with room to spare."


def _money(outcome: Outcome, plan: WeeklyPlan) -> str:
    """By year, against the budget."""
    by_year = plan.cost_usd.sum(axis=0)
    parts = [f"{year} {say_in(float(amount), 'USD')}" for year, amount in zip(plan.years, by_year, strict=True)]
    text = f"The plan's purchases, making, plants, freight and stock cost {', '.join(parts)}"
    limits = float(plan.capex_limit_usd.sum())
    if limits > 0:
        text += f", of it plants and lines {say_in(float(plan.capex_usd.sum()), 'USD')} of a limit of {say_in(limits, 'USD')}"
    capex = outcome.headlines.get("buildout.capex_usd")
    buildout = outcome.program.case().buildout
    if capex is not None and isinstance(capex.value, float) and buildout is not None:
        share = capex.value / buildout.target.budget_usd
        text += (
            f"; racks, shared equipment and facilities come to {say_in(capex.value, 'USD')} over the horizon, "
            f"{three_figures(share * 100)} % of the {say_in(buildout.target.budget_usd, 'USD')} budget"
        )
    return text + "."


def _power(outcome: Outcome, plan: WeeklyPlan) -> str:
    """Live at the end against energised and against the target."""
    calendar, buildout = outcome.program.calendar, outcome.program.case().buildout
    live = outcome.headlines.get("buildout.live_w")
    if live is None or not isinstance(live.value, float) or buildout is None:
        return "No build-out."
    energised = sum(float(site.energised_w[-1]) for site in buildout.sites.values())
    target = buildout.target.power_w
    waiting = outcome.headlines.get("plan.waiting_for_power")
    most = float(waiting.value) if waiting is not None and isinstance(waiting.value, float) else 0.0
    end = (
        f"At most {_whole(most)} finished racks wait for power" if most > SMALL else "No finished rack waits for power"
    )
    return (
        f"{say_in(live.value, 'W')} are live in {calendar.text(calendar.weeks - 1)}, {three_figures(100 * live.value / target)} % "
        f"of the {say_in(target, 'W')} target; {say_in(energised, 'W')} are energised by then. {end}."
    )


def _assumptions(outcome: Outcome, plan: WeeklyPlan) -> str:
    """The three assumed values behind the heaviest limits, by first order at 10 %."""
    figures = outcome.program.figure_by_path
    moving: list[tuple[float, Figure]] = []
    by_lateness = any(item.lateness_usd > 1.0 for item in plan.bottlenecks)
    for item in plan.bottlenecks:
        figure = figures.get(item.path)
        weight = item.lateness_usd if by_lateness else item.cost_usd
        if figure is not None and figure.status == "assumed" and weight > 1.0:
            moving.append((0.1 * weight, figure))
    counts = [
        figure for path, figure in figures.items() if not path.startswith("catalogue.") and figure.status == "assumed"
    ]
    if not moving:
        return f"{len(counts)} values of the program are assumed; none of them is a limit with a price."
    moving.sort(key=lambda item: -item[0])
    parts = [f"{figure.path} ({say_in(amount, 'USD')})" for amount, figure in moving[:SHOWN]]
    return (
        f"{len(counts)} values of the program are assumed. Of those that are limits, 10 % more of these saves most "
        f"{'lateness' if by_lateness else 'cost'}, to first order: {', '.join(parts)}."
    )


def lines(outcome: Outcome) -> Iterator[str]:
    """The sentences as numbered lines."""
    for number, sentence in enumerate(sentences(outcome), start=1):
        yield f"{number}. {sentence.title} {sentence.text}"
