"""The option of an agreement: what it is worth beside committing and never buying, and what an evaluation adds."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from rackwright.agreement import OptionValue, value_option
from rackwright.evaluation import Verdicts
from rackwright.program.calendar import WEEKS_PER_YEAR, Calendar, monday
from rackwright.program.fields import Reading
from rackwright.program.sections.agreement import Agreement
from rackwright.program.sections.rack import Rack
from rackwright.record import decode, encode

CALENDAR = Calendar(monday("2026-W02"), 156)
READING = Reading(calendar=CALENDAR)
RACKS = {"next": Rack.model_construct(name="", volume_from_week=10)}
#: One window in 26 weeks; ten racks at the money; only the worth moves.
OPTION: dict[str, Any] = {
    "of": "next",
    "from": "2026-W28",
    "every": "13 weeks",
    "until": "2026-W28",
    "cap": "10 racks",
    "strike": {"price": "1 MUSD/rack", "volatility": "0 %"},
    "worth": {"price": "1 MUSD/rack", "volatility": "40 %"},
    "correlation": "0",
    "lead": "0 weeks",
    "discount": "0 /year",
    "pass": "100 %",
    "failed_worth": "0 %",
    "margin": "10 %",
}
#: Five windows, two racks at each.
LONG = {"until": "2027-W27", "per_window": "2 racks", "discount": "0.1 /year"}


def valued(verdict: str | None = None, gate: int = 10, **changes: Any) -> OptionValue:
    merged = {
        **OPTION,
        **{key: {**OPTION[key], **value} if isinstance(value, dict) else value for key, value in changes.items()},
    }
    agreement = Agreement.model_validate({"option": merged}, context=READING)
    verdicts = None if verdict is None else Verdicts(verdict={"next": verdict}, gate_week={"next": gate})
    return value_option(agreement, RACKS, verdicts, CALENDAR)


def rows(result, table):
    return next(item for item in result.tables if item.name == f"agreement.{table}").rows()


def side(result, what):
    return next(row["value_usd"] for row in rows(result, "sides") if row["what"].startswith(what))


def at_the_money_usd(volatility, years, price_usd=1e6):
    """Black and Scholes at the money without discount: price x (2 N(deviation / 2) - 1)."""
    return price_usd * (2 * NormalDist().cdf(volatility * math.sqrt(years) / 2) - 1)


def test_one_window_at_the_money_is_blacks_formula_times_the_racks():
    result = valued()
    assert result.value_usd == pytest.approx(10 * at_the_money_usd(0.4, 26 / WEEKS_PER_YEAR), rel=1e-6)
    assert result.headlines[0].value == result.value_usd


def test_to_commit_at_the_money_is_worth_nothing_and_never_to_buy_is_too():
    result = valued()
    assert result.commit_usd == pytest.approx(0.0, abs=1e-3)
    assert result.never_usd == 0.0


def test_without_uncertainty_the_right_is_worth_what_commitment_is_or_nothing():
    good = valued(worth={"price": "1.5 MUSD/rack", "volatility": "0 %"})
    bad = valued(worth={"price": "0.5 MUSD/rack", "volatility": "0 %"})
    assert good.value_usd == pytest.approx(good.commit_usd) == pytest.approx(5e6)
    assert bad.value_usd == 0.0
    assert bad.commit_usd == pytest.approx(-5e6)


def test_waiting_longer_for_delivery_discounts_both_sides_alike():
    slow = valued(discount="0.1 /year", lead="26 weeks")
    quick = valued(discount="0.1 /year")
    assert slow.value_usd == pytest.approx(quick.value_usd * math.exp(-0.1 * 26 / WEEKS_PER_YEAR))


def test_worth_and_price_that_move_as_one_leave_nothing_to_wait_for():
    result = valued(strike={"volatility": "40 %"}, correlation="1")
    assert result.value_usd == pytest.approx(0.0, abs=1.0)


def test_the_boundary_of_a_last_window_is_worth_equal_to_price():
    (row,) = rows(valued(), "windows")
    assert row["boundary_all"] == pytest.approx(1.0, rel=1e-5)
    assert row["worth_usd_per_rack"] == pytest.approx(1e6, rel=1e-5)


def test_more_windows_and_more_freedom_among_them_are_worth_more():
    one, five_capped, five_free = (
        valued(**{**LONG, "until": "2026-W28"}),
        valued(**LONG),
        valued(**{**LONG, "per_window": "10 racks"}),
    )
    assert one.value_usd < five_capped.value_usd < five_free.value_usd
    assert five_capped.windows == (26, 39, 52, 65, 78)


def test_with_many_rights_left_one_buys_sooner_than_with_the_last():
    result = valued(**LONG)
    assert np.all(result.boundary <= result.boundary_last + 1e-9)
    assert result.boundary[0] < result.boundary_last[0]


def test_value_is_linear_between_whole_numbers_of_tranches():
    four, five, between = (valued(**{**LONG, "cap": f"{racks} racks"}).value_usd for racks in (4, 6, 5))
    assert between == pytest.approx((four + five) / 2)


def test_racks_beyond_what_the_windows_take_are_worth_nothing():
    assert valued(**{**LONG, "cap": "100 racks"}).value_usd == pytest.approx(valued(**LONG).value_usd)


def test_windows_that_are_past_are_worth_nothing():
    past = valued(**{"from": "2025-W20", "until": "2025-W40"})
    assert past.value_usd == 0.0
    assert "no window left" in past.sentences[0]


def test_strike_paid_and_worth_received_differ_by_the_value():
    (row, *_) = rows(valued(**LONG), "option")
    assert row["worth_received_usd"] - row["strike_paid_usd"] == pytest.approx(row["value_usd"])


def test_racks_bought_add_up_over_the_windows_and_stay_within_the_cap():
    result = valued(**LONG)
    assert sum(row["racks"] for row in rows(result, "windows")) == pytest.approx(result.expected_racks)
    assert 0 < result.expected_racks < 10
    assert result.probability.sum() == pytest.approx(result.expected_racks / 10)


HALF = {"pass": "50 %", "failed_worth": "0 %"}


def test_an_evaluation_lets_the_lab_leave_what_failed():
    # one window, no other uncertainty: worth 1.5 or nothing, each half; the mean 0.75 is below the price
    result = valued("pending", worth={"price": "1.5 MUSD/rack", "volatility": "0 %"}, **HALF)
    assert result.with_evaluation_usd == pytest.approx(0.5 * 10 * 0.5e6)
    assert result.without_evaluation_usd == 0.0
    assert result.evaluation_usd == pytest.approx(2.5e6)
    assert result.value_usd == result.with_evaluation_usd


def test_without_an_evaluation_the_worth_is_the_mean():
    mixed = valued(**HALF, worth={"price": "2 MUSD/rack"})
    assert mixed.value_usd == pytest.approx(valued().value_usd, rel=1e-9)
    assert mixed.value_usd == mixed.without_evaluation_usd


def test_an_evaluation_is_never_worth_less_than_nothing():
    for share in ("0 %", "30 %", "90 %", "100 %"):
        assert valued("pending", **{**LONG, "pass": share, "failed_worth": "40 %"}).evaluation_usd >= 0.0


def test_a_verdict_settles_what_a_rack_is_worth():
    assert valued("accepted", **HALF).value_usd == pytest.approx(valued().value_usd)
    assert valued("rejected", **HALF).value_usd == 0.0
    failed = valued("rejected", **{**HALF, "failed_worth": "50 %"}, worth={"price": "2 MUSD/rack"})
    assert failed.value_usd == pytest.approx(valued().value_usd)
    assert any(item.rule == "agreement.retest" for item in failed.findings)


def test_a_verdict_after_the_last_window_helps_nobody():
    late = valued("pending", gate=60, **HALF)
    assert late.evaluation_usd == 0.0


def test_windows_before_the_verdict_are_used_without_knowledge_or_not_at_all():
    midway = valued("pending", gate=50, **{**LONG, **HALF, "failed_worth": "20 %"}, worth={"price": "2 MUSD/rack"})
    early = valued("pending", gate=10, **{**LONG, **HALF, "failed_worth": "20 %"}, worth={"price": "2 MUSD/rack"})
    assert midway.without_evaluation_usd <= midway.with_evaluation_usd <= early.with_evaluation_usd
    assert any(item.rule == "agreement.verdict_between_windows" for item in midway.findings)
    assert not any(item.rule == "agreement.verdict_between_windows" for item in early.findings)


def test_a_duty_to_all_is_a_commitment_at_the_best_windows():
    bound = valued(**{**LONG, "minimum": "10 racks"})
    assert bound.value_usd == pytest.approx(bound.commit_usd, abs=1.0)
    assert bound.expected_racks == pytest.approx(10.0)


def test_a_duty_takes_from_the_value_and_never_below_full_commitment():
    free, some, bound = (valued(**{**LONG, "minimum": f"{racks} racks"}).value_usd for racks in (0, 4, 10))
    assert bound < some < free


def test_a_duty_is_done_where_it_costs_least():
    # a worth that falls by half a year: a duty is best done at the first windows
    result = valued(**{**LONG, "minimum": "4 racks"}, worth={"decay": "0.5 /year", "volatility": "0 %"})
    assert [row["racks"] for row in rows(result, "windows")] == pytest.approx([2, 2, 0, 0, 0])
    assert result.value_usd < 0


def test_the_makers_margin_is_a_share_of_the_strike_expected():
    result = valued(**LONG)
    (row, *_) = rows(result, "option")
    assert result.margin_usd == pytest.approx(0.1 * row["strike_paid_usd"])
    discounted = sum(2e6 * math.exp(-0.1 * week / WEEKS_PER_YEAR) for week in result.windows)
    assert result.commit_margin_usd == pytest.approx(0.1 * discounted)
    assert side(result, "what the right costs him") == pytest.approx(result.commit_margin_usd - result.margin_usd)


def test_freedom_is_worth_what_lies_above_the_better_of_the_two_plain_choices():
    good = valued(worth={"price": "1.5 MUSD/rack"})
    assert side(good, "of it, freedom") == pytest.approx(good.value_usd - good.commit_usd)
    assert side(valued(worth={"price": "0.5 MUSD/rack"}), "of it, freedom") == pytest.approx(
        valued(worth={"price": "0.5 MUSD/rack"}).value_usd
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"strike": {"price": "0 USD/rack"}}, "strike_usd"),
        ({"worth": {"volatility": "500 %"}}, "volatility"),
        ({"every": "1 week", "until": "2030-W01", "per_window": "0.01 racks"}, "windows"),
        ({"discount": "10 /year", "lead": "2000 weeks"}, "yield"),
    ],
)
def test_what_is_beyond_any_price_is_said_and_not_valued(changes, said):
    result = valued(**changes)
    assert result.value_usd is None
    assert result.headlines[0].value is None
    (note,) = result.findings
    assert note.outcome == "not modelled"
    assert said in note.text


def test_no_racks_are_worth_nothing():
    assert valued(cap="0 racks").value_usd == 0.0
    assert valued(per_window="0 racks").value_usd == 0.0


def test_the_rule_and_the_measure_are_said_in_words():
    words = " ".join(valued(**LONG).sentences)
    assert "Buy in 2026-W28 when a rack is worth more than" in words
    assert "risk-neutral" in words
    assert "forecast" in words


NUMBERS = {
    "strike.price": {"strike": {"price": "1.1 MUSD/rack"}},
    "worth.price": {"worth": {"price": "1.1 MUSD/rack"}},
    "worth.volatility": {"worth": {"volatility": "44 %"}},
    "strike.volatility": {"strike": {"volatility": "10 %"}},
    "cap": {"cap": "9 racks"},
    "from": {"from": "2026-W26"},
    "until": {"until": "2027-W14"},
    "every": {"every": "12 weeks"},
    "per_window": {"per_window": "3 racks"},
    "discount": {"discount": "0.2 /year"},
    "lead": {"lead": "4 weeks"},
    "margin": {"margin": "20 %"},
    "pass": {"pass": "90 %"},
    "failed_worth": {"failed_worth": "50 %"},
    "correlation": {"correlation": "0.5"},
}


@pytest.mark.parametrize("verdict", [None, "accepted"])
@pytest.mark.parametrize("name", NUMBERS)
def test_the_value_moves_with_what_its_trace_names_and_with_nothing_else(name, verdict):
    base = valued(verdict, **LONG)
    moved = valued(verdict, **{**LONG, **NUMBERS[name]})
    named = f"agreement.option.{name}" in base.traces[0].inputs
    assert (moved.value_usd != base.value_usd) == named


def test_the_result_survives_the_record():
    result = valued("pending", **{**LONG, **HALF})
    again = decode(OptionValue, encode(result))
    assert again.value_usd == result.value_usd
    assert np.array_equal(again.boundary, result.boundary)
    assert again.sentences == result.sentences
