"""The option in words: value, rule of exercise, how much is bought and in which measure, evaluation, maker."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rackwright.program.calendar import Calendar
from rackwright.program.sections.agreement import Option
from rackwright.units import say_in, three_figures

if TYPE_CHECKING:
    from rackwright.agreement.value import OptionValue


def sentences_of(result: OptionValue, option: Option, name: str, calendar: Calendar) -> Iterator[str]:
    """What a reader should know, one sentence or two each."""
    live = [week for week in result.windows if week >= 0]
    if not live or option.cap_racks <= 0:
        yield f"The option on {name} has no racks or no window left: it is worth nothing."
        return
    yield _worth(result, option, name, live, calendar)
    yield _rule(result, calendar)
    yield (
        f"On average {three_figures(result.expected_racks or 0.0)} racks are bought. That is the risk-neutral measure, "
        f"in which both prices drift at the discount ({option.discount:.3g} a year) less what waiting for them costs; "
        "it is a forecast only for somebody who charges nothing for risk. The value itself rests on no forecast of "
        f"drifts, only on the decay of the worth ({option.worth.decay:.3g} a year) and of the price "
        f"({option.strike.decay:.3g} a year)."
    )
    yield _about_evaluation(result, option)
    yield (
        f"The maker may expect a margin of {_usd(result.margin_usd)}; a commitment to all racks would bring him "
        f"{_usd(result.commit_margin_usd)}."
    )


def _usd(amount: float | None) -> str:
    return say_in(amount or 0.0, "USD")


def _worth(result: OptionValue, option: Option, name: str, live: list[int], calendar: Calendar) -> str:
    first, last = calendar.text(live[0]), calendar.text(live[-1])
    when = f"one window in {first}" if len(live) == 1 else f"{len(live)} windows from {first} to {last}"
    return (
        f"The right to buy up to {three_figures(option.cap_racks)} racks of {name} at {when}, delivered "
        f"{three_figures(option.lead_weeks)} weeks later, is worth {_usd(result.value_usd)} to the lab "
        f"({_usd((result.value_usd or 0.0) / option.cap_racks)} a rack); to commit now to all would be worth "
        f"{_usd(result.commit_usd)}, never to buy 0 USD."
    )


def _times(ratio: float) -> str:
    return f"{ratio:.3g} times its price" if math.isfinite(ratio) else "any price"


def _rule(result: OptionValue, calendar: Calendar) -> str:
    """The exercise rule, at the first window that can be used and at the last."""
    usable = [
        number for number, week in enumerate(result.windows) if week >= 0 and np.isfinite(result.boundary_last[number])
    ]
    if not usable:
        return "At no window does any worth that is in reach make it right to buy."
    first, last = usable[0], usable[-1]
    all_left, last_left = float(result.boundary[first]), float(result.boundary_last[first])
    rule = f"Buy in {calendar.text(result.windows[first])} when a rack is worth more than {_times(all_left)}"
    if abs(all_left - last_left) > 1e-9:
        rule += f" with all rights left, {_times(last_left)} with the last one"
    if first != last:
        rule += (
            f"; in {calendar.text(result.windows[last])}, the last window, {_times(float(result.boundary_last[last]))}"
        )
    return f"{rule}. Below that, wait."


def _about_evaluation(result: OptionValue, option: Option) -> str:
    known = {
        "accepted": "The generation has passed its evaluation, so its worth is taken whole. ",
        "rejected": (
            f"The generation has failed its evaluation, so {option.failed_worth_share:.0%} of its worth is taken; "
            "a later re-test is not valued. "
        ),
        "": "The generation has no evaluation, so its worth is taken as the mean of passing and failing. ",
    }.get(result.verdict, "")
    if option.pass_share in (0.0, 1.0):
        return f"{known}With a declared share of {option.pass_share:.0%} that passes, an evaluation tells nothing new."
    return (
        f"{known}Before a verdict, with {option.pass_share:.0%} to pass, knowing it before deciding is worth "
        f"{_usd(result.evaluation_usd)}: the lab buys what passed and leaves what failed, so the right gains more from "
        "the good case than it loses in the bad one."
    )
