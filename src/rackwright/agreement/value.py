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

**Quantity.** `cap` racks in all, `per_window` at a window; the value is linear between whole numbers of windows' worth
(see `lattice`). A `minimum` is a duty: so many racks are taken at the windows that are best in today's eyes, windows
that they fill are closed to the rest, and the right covers what is left. That is a lower bound where the lab may choose
its moment for the duty as well.

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
from rackwright.agreement.lattice import Exchange, bermudan
from rackwright.evaluation import Verdicts
from rackwright.program.calendar import WEEKS_PER_YEAR, Calendar
from rackwright.program.sections.agreement import Agreement, Option
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.tables import Finding, Headline, StageResult, Trace, not_modelled
from rackwright.units import say_in, three_figures

Floats = NDArray[np.float64]
HEADLINE = "agreement.option_value_usd"
#: Windows times rights that are still valued: some seconds of work.
MOST_WINDOW_RIGHTS = 20_000


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """What holding some racks' right is worth and how it is used; amounts in total, today's values. [USD]

    `racks` expected at each window (risk-neutral). Boundaries are ratios worth / strike, by window: with all rights
    left, and with the last one; inf where one never exercises.
    """

    value_usd: float
    commit_usd: float
    strike_paid_usd: float
    worth_received_usd: float
    commit_strike_usd: float
    racks: Floats
    boundary_all: Floats
    boundary_last: Floats

    def mixed(self, share: float, other: Holding) -> Holding:
        """`share` of this and the rest of another; the boundaries are this one's."""
        rest = 1.0 - share
        return Holding(
            share * self.value_usd + rest * other.value_usd,
            share * self.commit_usd + rest * other.commit_usd,
            share * self.strike_paid_usd + rest * other.strike_paid_usd,
            share * self.worth_received_usd + rest * other.worth_received_usd,
            share * self.commit_strike_usd + rest * other.commit_strike_usd,
            share * self.racks + rest * other.racks,
            self.boundary_all,
            self.boundary_last,
        )


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
    known_from = verdicts.gate_week.get(option.of, 0) if verdicts is not None else 0
    progress.step("option", 0.0)
    problem = _problem(option, windows)
    if problem:
        return _unvalued(option, verdict, windows, problem)

    declared = _before_verdict(option, windows, known_from)
    progress.step("option", 0.7)
    held = _given_verdict(option, windows, known_from, verdict, declared)
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
        sentences=tuple(_sentences(result, option, held, name, calendar)),
        tables=(
            specs.OPTION.table(_option_rows(result, option, held, declared)),
            specs.WINDOWS.table(_window_rows(result, option, held, calendar)),
            specs.SIDES.table(_side_rows(result, option, held)),
        ),
        findings=tuple(_findings(option, windows, verdict, known_from)),
        headlines=(_headline(held.value_usd),),
        traces=(_trace(option, verdicts, verdict, windows, held.value_usd),),
    )


def window_weeks(option: Option) -> tuple[int, ...]:
    """Weeks of the windows, counted from the program's first; the plan stage has the same."""
    return tuple(range(option.from_week, option.until_week + 1, max(round(option.every_weeks), 1)))


def exchange_of(option: Option, worth_share: float = 1.0) -> Exchange:
    """The exchange of strike for a share of the worth. What waiting costs: the discount, and the yearly decay."""
    return Exchange(
        worth_usd=option.worth.value_usd_per_rack * worth_share,
        strike_usd=option.strike.value_usd_per_rack,
        worth_volatility=option.worth.volatility,
        strike_volatility=option.strike.volatility,
        correlation=option.correlation,
        worth_yield=option.discount + option.worth.decay,
        strike_yield=option.discount + option.strike.decay,
    )


def _per_window(option: Option) -> float:
    """Most racks at a window."""
    return option.cap_racks if option.per_window_racks is None else min(option.per_window_racks, option.cap_racks)


def _problem(option: Option, windows: Sequence[int]) -> str:
    """Why the option cannot be valued; "" if it can."""
    per_window = _per_window(option)
    live = sum(week >= 0 for week in windows)
    if option.cap_racks > 0 and per_window > 0:
        rights = min(math.ceil(option.cap_racks / per_window), live)
        if rights * live > MOST_WINDOW_RIGHTS:
            return f"{live} windows with {rights} rights: more than {MOST_WINDOW_RIGHTS:,} pairs"
    try:
        exchange = exchange_of(option)
        exchange_of(option, option.failed_worth_share)
        bermudan(exchange, [max(windows[-1], 0) / WEEKS_PER_YEAR], option.lead_weeks / WEEKS_PER_YEAR)
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


def hold(option: Option, windows: Sequence[int], worth_share: float) -> Holding:
    """Value of the right and the duty over some windows, for racks worth `worth_share` of the declared worth."""
    weeks = np.asarray(windows, dtype=np.float64)
    per_window = _per_window(option)
    duty = min(option.minimum_racks, option.cap_racks, per_window * int(np.sum(weeks >= 0)))
    exchange = exchange_of(option, worth_share)
    if duty <= 0:
        return _right(option, exchange, weeks, option.cap_racks, per_window)
    taken, value_usd, strike_usd = _duty(option, exchange, weeks, duty, per_window)
    open_windows = np.flatnonzero(taken < per_window * (1.0 - 1e-9))
    rest = _right(option, exchange, weeks[open_windows], option.cap_racks - duty, per_window)
    whole = _right(option, exchange, weeks, option.cap_racks, per_window)
    racks, boundary_all, boundary_last = taken.copy(), np.full(weeks.size, np.inf), np.full(weeks.size, np.inf)
    racks[open_windows] += rest.racks
    boundary_all[open_windows], boundary_last[open_windows] = rest.boundary_all, rest.boundary_last
    return Holding(
        rest.value_usd + value_usd,
        whole.commit_usd,
        rest.strike_paid_usd + strike_usd,
        rest.worth_received_usd + value_usd + strike_usd,
        whole.commit_strike_usd,
        racks,
        boundary_all,
        boundary_last,
    )


def _forward_usd(option: Option, exchange: Exchange, weeks: Floats) -> tuple[Floats, Floats]:
    """Today's value of a rack's worth and of its strike, delivered a lead after each window."""
    years = (weeks + option.lead_weeks) / WEEKS_PER_YEAR
    worth = exchange.worth_usd * np.exp(-exchange.worth_yield * years)
    return worth, exchange.strike_usd * np.exp(-exchange.strike_yield * years)


def _duty(
    option: Option, exchange: Exchange, weeks: Floats, racks: float, per_window: float
) -> tuple[Floats, float, float]:
    """Racks that must be taken, at the windows that are best in today's eyes; their value, and the strike paid."""
    worth, strike = _forward_usd(option, exchange, weeks)
    taken = np.zeros(weeks.size)
    left = racks
    for window in np.argsort(-(worth - strike), kind="stable"):
        if weeks[window] >= 0 and left > 0:
            taken[window] = min(left, per_window)
            left -= taken[window]
    return taken, float(taken @ (worth - strike)), float(taken @ strike)


def _right(option: Option, exchange: Exchange, weeks: Floats, cap: float, per_window: float) -> Holding:
    """Value of the right over `cap` racks, at most `per_window` at a window."""
    live = int(np.sum(weeks >= 0))
    per_window = min(per_window, cap)
    if live == 0 or per_window <= 0:
        nothing, never = np.zeros(weeks.size), np.full(weeks.size, np.inf)
        return Holding(0.0, 0.0, 0.0, 0.0, 0.0, nothing, never, never)
    rights = min(cap / per_window, float(live))
    whole = max(math.floor(rights + 1e-9), 1)
    lower = _whole_rights(option, exchange, weeks, whole, per_window)
    part = max(rights - whole, 0.0)
    if part <= 1e-9:
        return lower
    return _whole_rights(option, exchange, weeks, whole + 1, per_window).mixed(part, lower)


def _whole_rights(option: Option, exchange: Exchange, weeks: Floats, rights: int, per_window: float) -> Holding:
    used = bermudan(exchange, weeks / WEEKS_PER_YEAR, option.lead_weeks / WEEKS_PER_YEAR, rights=rights)
    _, strike = _forward_usd(option, exchange, weeks[weeks >= 0][:rights])
    racks = rights * per_window
    return Holding(
        used.value_usd * racks,
        used.commit_usd * racks,
        used.strike_paid_usd * racks,
        used.worth_received_usd * racks,
        float(strike.sum()) * per_window,
        used.probability * per_window,
        used.boundary_ratio[:, -1],
        used.boundary_ratio[:, 0],
    )


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


def _given_verdict(
    option: Option, windows: Sequence[int], known_from: int, verdict: str, declared: _Declared
) -> Holding:
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

    yield used(f"the right, evaluation {result.verdict or 'none'}", held)
    commit_worth = held.commit_usd + held.commit_strike_usd
    committed = min(option.cap_racks, _per_window(option) * sum(week >= 0 for week in result.windows))
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


def _side_rows(result: OptionValue, option: Option, held: Holding) -> Iterator[tuple[object, ...]]:
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


def _sentences(result: OptionValue, option: Option, held: Holding, name: str, calendar: Calendar) -> Iterator[str]:
    live = [week for week in result.windows if week >= 0]
    if not live or option.cap_racks <= 0:
        yield f"The option on {name} has no window left: it is worth nothing."
        return
    each = f" ({say_in(held.value_usd / option.cap_racks, 'USD')} a rack)"
    when = f"{len(live)} windows from {calendar.text(live[0])} to {calendar.text(live[-1])}"
    if len(live) == 1:
        when = f"one window in {calendar.text(live[0])}"
    yield (
        f"The right to buy up to {three_figures(option.cap_racks)} racks of {name} at {when}, delivered "
        f"{three_figures(option.lead_weeks)} weeks later, is worth {say_in(held.value_usd, 'USD')} to the lab{each}; "
        f"to commit now to all would be worth {say_in(held.commit_usd, 'USD')}, never to buy 0."
    )
    yield from _rule(result, held, calendar)
    yield (
        f"On average {three_figures(result.expected_racks or 0.0)} racks are bought. That is the risk-neutral measure, in "
        f"which both prices drift at the discount ({option.discount:.3g} a year) less what waiting for them costs; it is "
        "a forecast only for somebody who charges nothing for risk. Values do not depend on any forecast of drifts, only "
        f"on the decay of the worth ({option.worth.decay:.3g} a year) and of the strike ({option.strike.decay:.3g} a year)."
    )
    yield _about_evaluation(result, option)
    yield (
        f"The maker may expect a margin of {say_in(result.margin_usd or 0.0, 'USD')}; a commitment to all racks would bring "
        f"him {say_in(result.commit_margin_usd or 0.0, 'USD')}."
    )


def _rule(result: OptionValue, held: Holding, calendar: Calendar) -> Iterator[str]:
    """The exercise rule, at the first window that can be used and at the last."""
    usable = [
        number for number, week in enumerate(result.windows) if week >= 0 and np.isfinite(held.boundary_last[number])
    ]
    if not usable:
        yield "At no window does any ratio of worth to price that is in reach make it right to buy."
        return
    first, last = usable[0], usable[-1]

    def ratio(value: float) -> str:
        return "never" if not math.isfinite(value) else f"{value:.3g} times"

    several = abs(float(held.boundary_all[first]) - float(held.boundary_last[first])) > 1e-9
    left = f" with all rights left, {ratio(float(held.boundary_last[first]))} with the last one" if several else ""
    rule = f"Buy in {calendar.text(result.windows[first])} when a rack is worth more than {ratio(float(held.boundary_all[first]))} its price"
    end = (
        ""
        if first == last
        else f"; in the last window, {calendar.text(result.windows[last])}, above {ratio(float(held.boundary_last[last]))}"
    )
    yield f"{rule}{left}{end}. Below that, wait."


def _about_evaluation(result: OptionValue, option: Option) -> str:
    known = {
        "accepted": "The generation has passed its evaluation, so its worth is taken whole. ",
        "rejected": f"The generation has failed its evaluation, so {option.failed_worth_share:.0%} of its worth is taken; a later re-test is not valued. ",
        "": "The generation has no evaluation, so its worth is taken as the mean of passing and failing. ",
    }.get(result.verdict, "")
    if option.pass_share in (0.0, 1.0):
        return f"{known}With a declared share of {option.pass_share:.0%} that passes, an evaluation tells nothing new."
    return (
        f"{known}Before its verdict, with {option.pass_share:.0%} to pass, knowing it before deciding is worth "
        f"{say_in(result.evaluation_usd or 0.0, 'USD')}: the lab buys what passed and leaves what failed, and a right gains "
        "more from the good case than it loses in the bad one."
    )


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
    inputs = [f"{here}.of", f"{here}.strike.price", f"{here}.strike.volatility", f"{here}.worth.price"]
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
        inputs.append(f"evaluation.{option.of}.verdict")
    formula = "Bermudan right to exchange the strike for the worth, on a lattice of their ratio, by the verdict"
    return Trace(HEADLINE, value_usd, "USD", formula, tuple(inputs))
