"""What the right to buy is worth, to both sides: beside committing now and never buying, with and without evaluation.

**The evaluation.** A generation passes its evaluation with the declared `pass` share p; one that fails is worth the
`failed_worth` share of what a good one is. With early access the lab knows which it is when it decides:

    with evaluation       p V(worth) + (1 - p) V(failed share x worth)
    without               V((p + (1 - p) failed share) x worth)

V, the value of the right, is convex in the worth: it is the best over rules of exercise of amounts that are linear in
it. So the first is never below the second (Jensen), and the difference is what the evaluation is worth to the lab. An
evaluation tells nothing before its verdict: then the right is worth at least the better of waiting for the windows
after the verdict and of using all windows without knowledge; that is what is taken. Once the verdict is there, p is 1
or 0.

**The maker** earns his margin on the strike, if and when it is paid. The right costs him the margin that a commitment
would have brought and the right does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rackwright.agreement import specs
from rackwright.agreement.holding import Holding, exchange_of, hold, per_window_racks
from rackwright.agreement.lattice import bermudan
from rackwright.agreement.sentences import sentences_of
from rackwright.evaluation import Verdicts
from rackwright.program.calendar import WEEKS_PER_YEAR, Calendar
from rackwright.program.sections.agreement import Agreement, Option
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.tables import Finding, Headline, StageResult, Trace, not_modelled

Floats = NDArray[np.float64]
HEADLINE = "agreement.option_value_usd"
#: Windows times rights that are still valued: some seconds of work.
MOST_WINDOW_RIGHTS = 5_000


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class OptionValue(StageResult):
    """The option of the agreement. `boundary` is worth / strike above which one exercises, with all rights left.

    `probability` (windows,) is the risk-neutral expected share of the cap that is bought at each window. The value is
    None where it could not be computed; a finding says why.
    """

    generation: str = ""
    verdict: str = ""
    windows: tuple[int, ...] = ()
    boundary: Floats = field(default_factory=_none)
    boundary_last: Floats = field(default_factory=_none)
    probability: Floats = field(default_factory=_none)
    value_usd: float | None = None
    commit_usd: float | None = None
    never_usd: float = 0.0
    with_evaluation_usd: float | None = None
    without_evaluation_usd: float | None = None
    evaluation_usd: float | None = None
    margin_usd: float | None = None
    commit_margin_usd: float | None = None
    expected_racks: float | None = None
    sentences: tuple[str, ...] = ()


def value_option(
    agreement: Agreement,
    racks: Mapping[str, Rack],
    verdicts: Verdicts | None,
    calendar: Calendar,
    *,
    progress: Progress = SILENT,
) -> OptionValue:
    """Value the option of the agreement at the program's first week.

    Parameters
    ----------
    racks : mapping
        The program's generations; the option's is named.
    verdicts : Verdicts, optional
        Verdict and gate by generation. Without a verdict on the option's generation nobody knows whether it passes, and
        the worth is the mixture.
    """
    option = agreement.option
    windows = window_weeks(option)
    verdict = verdicts.verdict.get(option.of, "") if verdicts is not None else ""
    known_from = racks[option.of].volume_from_week
    if verdicts is not None and verdict == "pending":
        known_from = verdicts.gate_week.get(option.of, known_from)
    progress.step("option", 0.0)
    problem = _problem(option, windows)
    if problem:
        return _unvalued(option, verdict, windows, problem)

    declared = _before_verdict(option, windows, known_from)
    progress.step("option", 0.7)
    held = _given_verdict(option, windows, verdict, declared)
    result = OptionValue(
        generation=option.of,
        verdict=verdict,
        windows=windows,
        boundary=held.boundary_all,
        boundary_last=held.boundary_last,
        probability=held.racks / option.cap_racks if option.cap_racks > 0 else held.racks,
        value_usd=held.value_usd,
        commit_usd=held.commit_usd,
        with_evaluation_usd=declared.with_evaluation.value_usd,
        without_evaluation_usd=declared.without.value_usd,
        evaluation_usd=declared.with_evaluation.value_usd - declared.without.value_usd,
        margin_usd=option.margin_share * held.strike_paid_usd,
        commit_margin_usd=option.margin_share * held.commit_strike_usd,
        expected_racks=float(held.racks.sum()),
    )
    name = racks[option.of].name or option.of
    return replace(
        result,
        sentences=tuple(sentences_of(result, option, name, calendar)),
        tables=(
            specs.OPTION.table(_option_rows(result, option, held, declared)),
            specs.WINDOWS.table(_window_rows(result, option, held, calendar)),
            specs.SIDES.table(_side_rows(result, held)),
        ),
        findings=tuple(_findings(option, windows, verdict, known_from)),
        headlines=(_headline(held.value_usd),),
        traces=(_trace(option, verdicts, verdict, windows, held.value_usd),),
    )


def window_weeks(option: Option) -> tuple[int, ...]:
    """Weeks of the windows, counted from the program's first; the plan stage has the same."""
    return tuple(range(option.from_week, option.until_week + 1, max(round(option.every_weeks), 1)))


def _problem(option: Option, windows: tuple[int, ...]) -> str:
    """Why the option cannot be valued; "" if it can."""
    per_window = per_window_racks(option)
    live = sum(week >= 0 for week in windows)
    if option.cap_racks > 0 and per_window > 0:
        rights = min(math.ceil(option.cap_racks / per_window), live)
        if rights * live > MOST_WINDOW_RIGHTS:
            return f"{live} windows with {rights} rights: more than {MOST_WINDOW_RIGHTS:,} pairs"
    try:
        exchange = exchange_of(option)
        exchange_of(option, option.failed_worth_share)
        bermudan(exchange, [max((0, *windows)) / WEEKS_PER_YEAR], option.lead_weeks / WEEKS_PER_YEAR)
    except ValueError as error:  # the lattice says what is beyond any price
        return str(error)
    return ""


def _unvalued(option: Option, verdict: str, windows: tuple[int, ...], problem: str) -> OptionValue:
    return OptionValue(
        generation=option.of,
        verdict=verdict,
        windows=windows,
        boundary=np.full(len(windows), np.inf),
        boundary_last=np.full(len(windows), np.inf),
        probability=np.zeros(len(windows)),
        sentences=(f"The option was not valued: {problem}.",),
        tables=tuple(spec.table([]) for spec in specs.TABLES),
        findings=(not_modelled("agreement.option", option.of, f"not valued: {problem}", "agreement.option"),),
        headlines=(_headline(None),),
        traces=(Trace(HEADLINE, None, "USD", f"not valued: {problem}", ("agreement.option.*",)),),
    )


def _headline(value_usd: float | None) -> Headline:
    (name, unit, meaning), *_ = specs.HEADLINES
    return Headline(name, value_usd, unit, meaning, (name,))


@dataclass(frozen=True, slots=True)
class _Declared:
    """The option before any verdict, by the declared share that passes."""

    with_evaluation: Holding
    without: Holding


def _before_verdict(option: Option, windows: Sequence[int], known_from: int) -> _Declared:
    share = option.pass_share
    without = hold(option, windows, share + (1.0 - share) * option.failed_worth_share)
    if share in (0.0, 1.0):
        return _Declared(without, without)
    known = [week for week in windows if week >= known_from]
    if not known:
        return _Declared(without, without)
    informed = _padded(
        hold(option, known, 1.0).mixed(share, hold(option, known, option.failed_worth_share)), windows, known
    )
    informed = replace(informed, commit_usd=without.commit_usd, commit_strike_usd=without.commit_strike_usd)
    return _Declared(informed if informed.value_usd >= without.value_usd else without, without)


def _padded(holding: Holding, windows: Sequence[int], known: Sequence[int]) -> Holding:
    """The same over all windows, of which those before the verdict are not used."""
    missing = len(windows) - len(known)
    return replace(
        holding,
        racks=np.concatenate((np.zeros(missing), holding.racks)),
        boundary_all=np.concatenate((np.full(missing, np.inf), holding.boundary_all)),
        boundary_last=np.concatenate((np.full(missing, np.inf), holding.boundary_last)),
    )


def _given_verdict(option: Option, windows: Sequence[int], verdict: str, declared: _Declared) -> Holding:
    if verdict == "accepted":
        return hold(option, windows, 1.0)
    if verdict == "rejected":
        return hold(option, windows, option.failed_worth_share)
    return declared.with_evaluation if verdict == "pending" else declared.without


def _option_rows(
    result: OptionValue, option: Option, held: Holding, declared: _Declared
) -> Iterator[tuple[object, ...]]:
    def row(
        what: str, value_usd: float, strike: float | None, worth: float | None, racks: float | None
    ) -> tuple[object, ...]:
        each = value_usd / option.cap_racks if option.cap_racks > 0 else None
        return (what, value_usd, each, strike, worth, racks)

    def used(what: str, item: Holding) -> tuple[object, ...]:
        return row(what, item.value_usd, item.strike_paid_usd, item.worth_received_usd, float(item.racks.sum()))

    yield used("the right, by the verdict known", held)
    commit_worth = held.commit_usd + held.commit_strike_usd
    committed = min(option.cap_racks, per_window_racks(option) * sum(week >= 0 for week in result.windows))
    yield row(
        "commit now to all, at the first windows", held.commit_usd, held.commit_strike_usd, commit_worth, committed
    )
    yield row("never buy", 0.0, 0.0, 0.0, 0.0)
    yield used("before the verdict, with evaluation", declared.with_evaluation)
    yield used("before the verdict, without evaluation", declared.without)
    yield row("the evaluation: the difference of the last two", result.evaluation_usd or 0.0, None, None, None)


def _window_rows(
    result: OptionValue, option: Option, held: Holding, calendar: Calendar
) -> Iterator[tuple[object, ...]]:
    strike = option.strike.value_usd_per_rack
    for number, week in enumerate(result.windows):
        ratio, last = float(held.boundary_all[number]), float(held.boundary_last[number])
        yield (
            calendar.text(week),
            calendar.text(math.ceil(week + option.lead_weeks)),
            _finite(ratio),
            _finite(last),
            _finite(ratio * strike),
            float(result.probability[number]),
            float(held.racks[number]),
        )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _side_rows(result: OptionValue, held: Holding) -> Iterator[tuple[object, ...]]:
    commit = held.commit_usd
    yield ("lab", "value of the right", held.value_usd)
    yield (
        "lab",
        "of it, freedom: above the better of committing now and never buying",
        held.value_usd - max(commit, 0.0),
    )
    yield ("lab", "value of knowing the verdict before deciding, seen before the verdict", result.evaluation_usd)
    yield ("lab", "strike expected to be paid", held.strike_paid_usd)
    yield ("maker", "margin expected on the strike", result.margin_usd)
    yield ("maker", "margin if the lab committed now to all", result.commit_margin_usd)
    cost = (result.commit_margin_usd or 0.0) - (result.margin_usd or 0.0)
    yield ("maker", "what the right costs him: the margin of a commitment less that expected", cost)
    yield ("maker", "what it costs him if others would pay the lab's worth for the racks", held.value_usd)


def _findings(option: Option, windows: Sequence[int], verdict: str, known_from: int) -> Iterator[Finding]:
    if verdict == "pending" and windows and windows[0] < known_from:
        text = "windows before the verdict: the better of not using them and of deciding without knowledge is taken"
        yield not_modelled("agreement.verdict_between_windows", option.of, text, f"evaluation.{option.of}.until")
    if option.minimum_racks > 0:
        text = "the moment of the duty is fixed today; to choose it later is worth a little more"
        yield not_modelled("agreement.minimum", option.of, text, "agreement.option.minimum")
    if verdict == "rejected":
        text = "a re-test that may still pass is not part of the value"
        yield not_modelled("agreement.retest", option.of, text, f"evaluation.{option.of}.retest")
    yield not_modelled("agreement.default", option.of, "either side's failure to perform, taxes and accounting")


def _trace(option: Option, verdicts: Verdicts | None, verdict: str, windows: Sequence[int], value_usd: float) -> Trace:
    here = "agreement.option"
    inputs = [f"{here}.strike.price", f"{here}.strike.volatility", f"{here}.worth.price"]
    inputs += [f"{here}.worth.volatility", f"{here}.cap", f"{here}.from", f"{here}.until", f"{here}.discount"]
    if option.strike.volatility > 0 and option.worth.volatility > 0:
        inputs.append(f"{here}.correlation")
    yields = (option.discount, option.worth.decay, option.strike.decay)
    inputs += [f"{here}.lead"] if any(yields) else []
    inputs += [f"{here}.{side}.decay" for side in ("strike", "worth") if getattr(option, side).decay > 0]
    inputs += [f"{here}.every"] if len(windows) > 1 else []
    inputs += [f"{here}.per_window"] if option.per_window_racks is not None else []
    inputs += [f"{here}.minimum"] if option.minimum_racks > 0 else []
    if verdict not in ("accepted", "rejected"):
        inputs.append(f"{here}.pass")
    if verdict == "rejected" or (verdict != "accepted" and option.pass_share < 1.0):
        inputs.append(f"{here}.failed_worth")
    if verdicts is not None and verdict:
        inputs += [f"{here}.of", f"evaluation.{option.of}.verdict"]
    formula = "Bermudan right to exchange the strike for the worth, on a lattice of their ratio, by the verdict"
    return Trace(HEADLINE, value_usd, "USD", formula, tuple(inputs))
