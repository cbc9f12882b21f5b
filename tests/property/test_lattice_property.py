"""What holds of every right to exchange, whatever the prices.

Strikes are one; 1e-7 of that is the lattice's error.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rackwright.agreement.lattice import Exchange, bermudan, margrabe, ratio_volatility

ERROR_USD = 1e-7
EXCHANGES = st.builds(
    Exchange,
    worth_usd=st.floats(0.2, 4.0),
    strike_usd=st.just(1.0),
    worth_volatility=st.floats(0.0, 0.8),
    strike_volatility=st.floats(0.0, 0.8),
    correlation=st.floats(-1.0, 1.0),
    worth_yield=st.floats(-0.2, 0.6),
    strike_yield=st.floats(-0.2, 0.6),
)
LEADS = st.floats(0.0, 1.0)


@st.composite
def schedules(draw):
    """One to five windows, a week or more apart, the first perhaps today."""
    gaps = draw(st.lists(st.integers(1, 40), min_size=1, max_size=5))
    return (np.cumsum(gaps) - draw(st.sampled_from([0, gaps[0]]))) / 52.0


steady = settings(max_examples=60)


@steady
@given(EXCHANGES, schedules(), LEADS, st.integers(1, 4))
def test_a_right_is_worth_at_least_committing_and_never_buying(terms, windows, lead_years, rights):
    right = bermudan(terms, windows, lead_years, rights)
    assert right.value_usd >= max(0.0, right.commit_usd) - ERROR_USD
    assert right.value_usd <= right.worth_received_usd + ERROR_USD


@steady
@given(EXCHANGES, schedules(), LEADS)
def test_the_best_rule_is_never_below_one_fixed_window(terms, windows, lead_years):
    value_usd = bermudan(terms, windows, lead_years).value_usd
    kept = replace(
        terms,
        worth_usd=terms.worth_usd * math.exp(-terms.worth_yield * lead_years),
        strike_usd=terms.strike_usd * math.exp(-terms.strike_yield * lead_years),
    )
    assert value_usd >= max(margrabe(kept, years) for years in windows) - ERROR_USD


@steady
@given(EXCHANGES, schedules(), LEADS, st.data())
def test_one_more_window_never_takes_value(terms, windows, lead_years, data):
    fewer = np.delete(windows, data.draw(st.integers(0, windows.size - 1)))
    less_usd = bermudan(terms, fewer, lead_years).value_usd
    assert bermudan(terms, windows, lead_years).value_usd >= less_usd - ERROR_USD


@steady
@given(EXCHANGES, schedules(), LEADS, st.floats(0.0, 0.5))
def test_more_volatility_of_the_ratio_never_takes_value(terms, windows, lead_years, more):
    terms = replace(terms, strike_volatility=0.0)
    wilder = replace(terms, worth_volatility=terms.worth_volatility + more)
    less_usd = bermudan(terms, windows, lead_years).value_usd
    assert bermudan(wilder, windows, lead_years).value_usd >= less_usd - ERROR_USD


@steady
@given(EXCHANGES, schedules(), LEADS, st.floats(1e-3, 1e7))
def test_both_prices_times_a_number_is_the_value_times_that_number(terms, windows, lead_years, times):
    one = bermudan(terms, windows, lead_years, 2)
    dearer = replace(terms, worth_usd=terms.worth_usd * times, strike_usd=times)
    many = bermudan(dearer, windows, lead_years, 2)
    assert many.value_usd == pytest.approx(one.value_usd * times, rel=1e-6, abs=times * ERROR_USD)
    assert many.strike_paid_usd == pytest.approx(one.strike_paid_usd * times, rel=1e-6, abs=times * 1e-5)


@steady
@given(EXCHANGES, schedules(), LEADS)
def test_each_further_right_is_worth_no_more_than_the_last(terms, windows, lead_years):
    counts = range(1, windows.size + 1)
    totals = [0.0] + [k * bermudan(terms, windows, lead_years, k).value_usd for k in counts]
    assert np.all(np.diff(totals) >= -ERROR_USD)
    assert np.all(np.diff(totals, 2) <= windows.size * ERROR_USD)


@steady
@given(EXCHANGES, schedules(), LEADS, st.integers(1, 4))
def test_probabilities_and_shares_are_such(terms, windows, lead_years, rights):
    right = bermudan(terms, windows, lead_years, rights)
    for probability in (right.probability, right.strike_probability):
        assert np.all((probability >= 0.0) & (probability <= 1.0))
        assert np.sum(probability) <= min(rights, windows.size) + 1e-6
    assert 0.0 <= right.quantity_share <= 1.0 + 1e-6
    assert right.strike_paid_usd >= 0.0


@steady
@given(EXCHANGES, schedules(), LEADS, st.integers(1, 4))
def test_where_the_worth_decays_whoever_buys_at_a_ratio_buys_above_it(terms, windows, lead_years, rights):
    terms = replace(terms, worth_yield=abs(terms.worth_yield))
    assume(ratio_volatility(terms) > 0.02)
    right = bermudan(terms, windows, lead_years, rights)
    assert np.all(np.isinf(right.ceiling_ratio))
    # with more rights left one is less choosy
    boundary_ratio = np.nan_to_num(right.boundary_ratio, posinf=1e9)
    assert np.all(np.diff(boundary_ratio, axis=1) <= 1e-6 * boundary_ratio[:, 1:])
