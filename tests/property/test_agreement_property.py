"""Laws of an option on racks, whatever its prices, windows and shares."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.agreement import value_option
from rackwright.evaluation import Verdicts
from rackwright.program.calendar import Calendar, monday
from rackwright.program.sections.agreement import Agreement, Option, Price
from rackwright.program.sections.rack import Rack

CALENDAR = Calendar(monday("2026-W02"), 156)
RACKS = {"next": Rack.model_construct(name="", volume_from_week=5)}
PENDING = Verdicts(verdict={"next": "pending"}, gate_week={"next": 40})
few = settings(max_examples=25)


@st.composite
def options(draw, **fixed):
    prices = st.floats(1e5, 1e7)
    rates = st.floats(0.0, 0.6)
    first = draw(st.integers(0, 60))
    values = {
        "of": "next",
        "style": "bermudan",
        "from_week": first,
        "every_weeks": draw(st.floats(4.0, 26.0)),
        "until_week": first + draw(st.integers(0, 80)),
        "cap_racks": draw(st.floats(1.0, 1e4)),
        "minimum_racks": 0.0,
        "per_window_racks": draw(st.none() | st.floats(100.0, 5e3)),
        "strike": Price.model_construct(value_usd_per_rack=draw(prices), volatility=draw(rates), decay=draw(rates)),
        "worth": Price.model_construct(value_usd_per_rack=draw(prices), volatility=draw(rates), decay=draw(rates)),
        "correlation": draw(st.floats(-1.0, 1.0)),
        "lead_weeks": draw(st.floats(0.0, 60.0)),
        "discount": draw(rates),
        "pass_share": draw(st.floats(0.0, 1.0)),
        "failed_worth_share": draw(st.floats(0.0, 1.0)),
        "margin_share": 0.1,
    }
    return Option.model_construct(**{**values, **fixed})


def valued(option, verdicts=None, **changes):
    changed = option.model_copy(update=changes)
    result = value_option(Agreement.model_construct(owner="", option=changed), RACKS, verdicts, CALENDAR)
    assert result.value_usd is not None, result.sentences
    return result


def scale(option):
    return option.cap_racks * (option.strike.value_usd_per_rack + option.worth.value_usd_per_rack)


@few
@given(option=options())
def test_a_right_is_worth_no_less_than_never_buying_and_than_committing(option):
    result = valued(option)
    assert result.value_usd >= -1e-6 * scale(option)
    assert result.value_usd >= result.commit_usd - 1e-6 * scale(option)


@few
@given(option=options())
def test_knowing_more_is_never_worth_less(option):
    result = valued(option, PENDING)
    assert result.with_evaluation_usd >= result.without_evaluation_usd
    assert result.value_usd == result.with_evaluation_usd


@few
@given(option=options(), minimum=st.floats(0.0, 1.0))
def test_a_duty_never_adds_value(option, minimum):
    bound = valued(option, minimum_racks=minimum * option.cap_racks).value_usd
    assert bound <= valued(option).value_usd + 1e-6 * scale(option)


@few
@given(option=options(), factor=st.floats(0.1, 10.0))
def test_in_another_currency_the_value_is_in_that_currency(option, factor):
    strike, worth = (
        price.model_copy(update={"value_usd_per_rack": price.value_usd_per_rack * factor})
        for price in (option.strike, option.worth)
    )
    changed = valued(option, strike=strike, worth=worth).value_usd
    assert changed == pytest.approx(factor * valued(option).value_usd, rel=1e-6, abs=1e-9 * scale(option))


@few
@given(option=options())
def test_racks_bought_never_exceed_the_cap_nor_a_windows_share(option):
    result = valued(option)
    assert -1e-9 <= result.expected_racks <= option.cap_racks * (1 + 1e-6)
    most = min(option.per_window_racks or option.cap_racks, option.cap_racks) / option.cap_racks
    assert result.probability.max() <= most * (1 + 1e-6)
