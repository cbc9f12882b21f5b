"""The right to exchange: closed forms, sums done in the head, and paths drawn one by one."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from rackwright.agreement.lattice import Exchange, bermudan, margrabe, ratio_volatility

RACK = Exchange(4.0, 3.6, 0.35, 0.15, 0.3, worth_yield=0.28, strike_yield=0.18)
QUARTERS = np.array([0.25, 0.5, 0.75, 1.0])


def certain(worth_usd, strike_usd, worth_yield, strike_yield):
    return Exchange(worth_usd, strike_usd, 0.0, 0.0, 0.0, worth_yield, strike_yield)


def put(fixed_usd, share_usd, volatility, discount, dividend_yield=0.0):
    """The right to receive fixed cash for a share: cash is the worth, its yield the discount."""
    return Exchange(fixed_usd, share_usd, 0.0, volatility, 0.0, discount, dividend_yield)


def call(share_usd, fixed_usd, volatility, discount, dividend_yield=0.0):
    return Exchange(share_usd, fixed_usd, volatility, 0.0, 0.0, dividend_yield, discount)


@pytest.mark.parametrize(("correlation", "volatility"), [(0.0, 0.5), (1.0, 0.1), (-1.0, 0.7)])
def test_the_ratio_of_two_prices_is_less_unsteady_when_they_move_together(correlation, volatility):
    assert ratio_volatility(Exchange(1, 1, 0.3, 0.4, correlation, 0, 0)) == pytest.approx(volatility)


def test_prices_that_move_as_one_have_a_steady_ratio():
    assert ratio_volatility(Exchange(1, 1, 0.3, 0.3, 1.0, 0, 0)) == 0.0


def test_margrabe_at_even_prices_is_the_share_of_a_normal_within_half_a_deviation():
    # 2 N(s/2) - 1 = 2 N(0.1) - 1
    assert margrabe(Exchange(100.0, 100.0, 0.2, 0.0, 0.0, 0.0, 0.0), 1.0) == pytest.approx(7.965567, abs=1e-6)


def test_margrabe_without_time_is_what_exchanging_now_gains():
    assert margrabe(RACK, 0.0) == pytest.approx(0.4)
    assert margrabe(replace(RACK, worth_usd=3.0), 0.0) == 0.0


@pytest.mark.parametrize("years", [1e-5, 0.01, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("worth_usd", [2.0, 3.6, 4.0, 7.0])
def test_one_window_is_margrabes_formula(worth_usd, years):
    terms = replace(RACK, worth_usd=worth_usd)
    assert bermudan(terms, [years], 0.0).value_usd == pytest.approx(margrabe(terms, years), abs=1e-7)


def test_a_put_and_a_call_differ_by_a_forward():
    bought = bermudan(call(42.0, 40.0, 0.3, 0.06, 0.02), [2.0], 0.0).value_usd
    sold = bermudan(put(40.0, 42.0, 0.3, 0.06, 0.02), [2.0], 0.0).value_usd
    assert bought - sold == pytest.approx(42.0 * math.exp(-0.04) - 40.0 * math.exp(-0.12), abs=1e-6)


def test_a_call_on_a_share_without_dividend_waits_for_the_last_window():
    right = bermudan(call(40.0, 40.0, 0.3, 0.06), QUARTERS, 0.0)
    assert right.value_usd == pytest.approx(margrabe(call(40.0, 40.0, 0.3, 0.06), 1.0), abs=1e-6)
    assert np.all(right.probability[:-1] == 0.0)
    assert np.all(np.isinf(right.boundary_ratio[:-1]))


def test_a_lead_turns_both_prices_into_forwards():
    lead = 0.5
    kept = replace(RACK, worth_usd=4.0 * math.exp(-0.28 * lead), strike_usd=3.6 * math.exp(-0.18 * lead))
    late, now = bermudan(RACK, QUARTERS, lead, rights=2), bermudan(kept, QUARTERS, 0.0, rights=2)
    assert late.value_usd == pytest.approx(now.value_usd, abs=1e-8)
    assert late.probability == pytest.approx(now.probability, abs=1e-7)
    assert late.boundary_ratio == pytest.approx(now.boundary_ratio * math.exp((0.28 - 0.18) * lead), rel=1e-6)


def test_as_many_rights_as_windows_are_as_many_single_rights():
    right = bermudan(RACK, QUARTERS, 0.0, rights=4)
    assert right.value_usd == pytest.approx(np.mean([margrabe(RACK, years) for years in QUARTERS]), abs=1e-8)
    assert right.boundary_ratio[:, 3] == pytest.approx(np.ones(4))


def test_rights_beyond_the_windows_are_worth_nothing():
    four, eight = bermudan(RACK, QUARTERS, 0.1, rights=4), bermudan(RACK, QUARTERS, 0.1, rights=8)
    assert eight.value_usd == pytest.approx(four.value_usd / 2)
    assert eight.quantity_share == pytest.approx(four.quantity_share / 2)
    assert eight.commit_usd == pytest.approx(four.commit_usd / 2)
    assert eight.boundary_ratio.shape == (4, 8)


def test_committing_is_the_forward_at_the_first_window():
    right = bermudan(RACK, QUARTERS, 0.5)
    assert right.commit_usd == pytest.approx(4.0 * math.exp(-0.28 * 0.75) - 3.6 * math.exp(-0.18 * 0.75))
    assert right.never_usd == 0.0


def test_the_probability_at_one_window_is_the_normal_one_in_either_measure():
    right = bermudan(RACK, [1.0], 0.0)
    spread = ratio_volatility(RACK)
    even = math.log(4.0 / 3.6) + 0.18 - 0.28
    risk_neutral = NormalDist().cdf((even - (0.35**2 - 0.15**2) / 2) / spread)
    by_strike = NormalDist().cdf((even - spread**2 / 2) / spread)
    assert right.probability[0] == pytest.approx(risk_neutral, abs=1e-7)
    assert right.strike_probability[0] == pytest.approx(by_strike, abs=1e-7)
    assert right.strike_paid_usd == pytest.approx(3.6 * math.exp(-0.18) * by_strike, abs=1e-6)


@pytest.mark.parametrize("rights", [1, 3])
def test_the_money_paid_and_received_is_how_the_value_answers_to_either_price(rights):
    """At the best exercise a small change of a price moves the value by the quantity exercised only."""

    def value_usd(**change):
        return bermudan(replace(RACK, **change), QUARTERS, 0.25, rights).value_usd

    right = bermudan(RACK, QUARTERS, 0.25, rights)
    by_strike = (value_usd(strike_usd=3.6 + 1e-3) - value_usd(strike_usd=3.6 - 1e-3)) / 2e-3
    by_worth = (value_usd(worth_usd=4.0 + 1e-3) - value_usd(worth_usd=4.0 - 1e-3)) / 2e-3
    assert right.strike_paid_usd == pytest.approx(-3.6 * by_strike, rel=1e-4)
    assert right.worth_received_usd == pytest.approx(4.0 * by_worth, rel=1e-4)
    assert right.worth_received_usd - right.strike_paid_usd == pytest.approx(right.value_usd)


@pytest.mark.parametrize("rights", [1, 2])
def test_paths_drawn_one_by_one_earn_the_value_by_following_the_boundary(rights):
    """200,000 risk-neutral paths; discount 8 %. Wide to four standard errors."""
    rng, paths, lead, discount = np.random.default_rng(7), 200_000, 0.25, 0.08
    right = bermudan(RACK, QUARTERS, lead, rights)
    worth, strike = np.full(paths, 4.0), np.full(paths, 3.6)
    left = np.full(paths, rights)
    value, paid = np.zeros(paths), np.zeros(paths)
    for window, years in enumerate(QUARTERS):
        first, other = rng.standard_normal((2, paths)) * math.sqrt(0.25)
        second = 0.3 * first + math.sqrt(1 - 0.3**2) * other
        worth *= np.exp((discount - 0.28 - 0.35**2 / 2) * 0.25 + 0.35 * first)
        strike *= np.exp((discount - 0.18 - 0.15**2 / 2) * 0.25 + 0.15 * second)
        used = (left > 0) & (worth / strike > right.boundary_ratio[window, np.maximum(left, 1) - 1])
        today = math.exp(-discount * years)
        value += used * today * (worth * math.exp(-0.28 * lead) - strike * math.exp(-0.18 * lead))
        paid += used * today * strike * math.exp(-0.18 * lead)
        left -= used
        share = np.mean(used)
        assert right.probability[window] == pytest.approx(share, abs=4 * math.sqrt(0.25 / paths))
    for got, drawn in ((right.value_usd, value / rights), (right.strike_paid_usd, paid / rights)):
        assert got == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / math.sqrt(paths))


def test_a_worth_that_grows_and_a_strike_that_rises_have_a_band_of_exercise():
    """Above the band the growth of the worth outweighs the rise of the strike, so that one waits again."""
    right = bermudan(Exchange(1.5, 1.0, 0.1, 0.0, 0.0, -0.02, -0.08), [0.0, 0.5, 1.0], 0.0)
    assert right.boundary_ratio[1, 0] < right.ceiling_ratio[1, 0]
    # far above the even ratio waiting is a forward: R - 1 = R e^0.01 - e^0.04
    assert right.ceiling_ratio[1, 0] == pytest.approx(math.expm1(0.04) / math.expm1(0.01), rel=1e-6)
    assert np.isinf(right.ceiling_ratio[2, 0])


def test_the_more_finely_spaced_lattice_gives_the_same_answer():
    usual, fine = (bermudan(RACK, np.arange(1, 13) / 12, 0.25, 3, steps) for steps in (500, 8000))
    assert usual.value_usd == pytest.approx(fine.value_usd, rel=1e-8)
    assert usual.probability == pytest.approx(fine.probability, abs=1e-6)
    assert usual.boundary_ratio == pytest.approx(fine.boundary_ratio, rel=1e-6)


@pytest.mark.parametrize("gap_years", [1e-9, 1e-6, 1e-4, 1e-2])
def test_two_windows_that_nearly_meet_are_worth_little_more_than_one(gap_years):
    near = bermudan(RACK, [0.5, 0.5 + gap_years, 1.0], 0.0).value_usd
    one = bermudan(RACK, [0.5, 1.0], 0.0).value_usd
    assert -1e-6 < near - one < gap_years + 1e-6


# Nothing left to chance, nothing to buy, no time


def test_without_volatility_the_best_windows_are_taken():
    # 10 e^{-0.1 t} - 8 e^{-0.5 t} at 1, 2, 3 years: 4.196, 5.244, 5.623
    terms = certain(10.0, 8.0, 0.1, 0.5)
    gains = [10 * math.exp(-0.1 * t) - 8 * math.exp(-0.5 * t) for t in (1, 2, 3)]
    assert bermudan(terms, [1, 2, 3], 0.0).value_usd == pytest.approx(gains[2], rel=1e-12)
    assert bermudan(terms, [1, 2, 3], 0.0, rights=2).value_usd == pytest.approx(sum(gains[1:]) / 2, rel=1e-12)
    assert bermudan(terms, [1, 2, 3], 0.0, rights=2).probability.tolist() == [0.0, 1.0, 1.0]


def test_without_volatility_and_gain_nothing_is_bought():
    right = bermudan(certain(8.0, 10.0, 0.1, 0.0), [1, 2], 0.0)
    assert (right.value_usd, right.quantity_share, right.strike_paid_usd) == (0.0, 0.0, 0.0)
    assert right.commit_usd < 0


def test_perfectly_correlated_equal_volatilities_are_as_good_as_none():
    together = replace(RACK, worth_volatility=0.4, strike_volatility=0.4, correlation=1.0)
    steady = bermudan(together, QUARTERS, 0.2)
    none = bermudan(replace(RACK, worth_volatility=0.0, strike_volatility=0.0), QUARTERS, 0.2)
    assert steady.value_usd == none.value_usd
    assert steady.probability.tolist() == none.probability.tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("correlation", [-1.0, 1.0])
def test_full_correlation_is_one_source_of_chance(correlation):
    terms = replace(RACK, correlation=correlation)
    assert bermudan(terms, [1.0], 0.0).value_usd == pytest.approx(margrabe(terms, 1.0), abs=1e-8)


def test_a_window_today_can_be_used_today():
    deep = replace(RACK, worth_usd=20.0)
    right = bermudan(deep, [0.0, 0.5], 0.0)
    assert right.value_usd == pytest.approx(16.4, rel=1e-12)
    assert right.probability.tolist() == [1.0, 0.0]
    assert right.strike_paid_usd == pytest.approx(3.6)


def test_only_a_window_today_is_exchange_now_or_never():
    right = bermudan(RACK, [0.0], 0.0)
    assert right.value_usd == pytest.approx(0.4, rel=1e-12)
    assert right.boundary_ratio[0, 0] == pytest.approx(1.0)
    assert bermudan(replace(RACK, worth_usd=3.0), [0.0], 0.0).value_usd == 0.0


def test_a_worthless_rack_is_never_bought_but_the_boundary_stands():
    right = bermudan(replace(RACK, worth_usd=0.0), QUARTERS, 0.0)
    assert (right.value_usd, right.quantity_share, right.worth_received_usd) == (0.0, 0.0, 0.0)
    assert right.boundary_ratio == pytest.approx(bermudan(RACK, QUARTERS, 0.0).boundary_ratio, rel=1e-6)


def test_a_right_that_has_expired_is_worth_nothing():
    for right in (bermudan(RACK, [], 0.0), bermudan(RACK, [-1.0, -0.5], 0.0)):
        assert (right.value_usd, right.commit_usd, right.strike_paid_usd) == (0.0, 0.0, 0.0)


def test_a_window_that_has_passed_takes_nothing_from_those_to_come():
    late, fresh = bermudan(RACK, [-0.5, 0.25, 0.5], 0.1), bermudan(RACK, [0.25, 0.5], 0.1)
    assert late.value_usd == fresh.value_usd
    assert late.probability.tolist() == [0.0, *fresh.probability]
    assert np.isinf(late.boundary_ratio[0, 0])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"worth_volatility": -0.1}, "worth_volatility"),
        ({"strike_volatility": math.nan}, "strike_volatility"),
        ({"correlation": 1.01}, "correlation"),
        ({"worth_usd": -1.0}, "worth_usd"),
        ({"strike_usd": 0.0}, "strike_usd"),
        ({"worth_yield": math.inf}, "worth_yield"),
        ({"worth_usd": 1e40}, "apart"),
    ],
)
def test_an_impossible_price_is_refused_by_name(change, word):
    with pytest.raises(ValueError, match=word):
        replace(RACK, **change)


@pytest.mark.parametrize(
    ("windows", "lead_years", "rights", "word"),
    [
        ([0.5, 0.25], 0.0, 1, "rising"),
        ([0.5, 0.5], 0.0, 1, "rising"),
        ([math.nan], 0.0, 1, "finite"),
        ([1.0], -0.1, 1, "lead_years"),
        ([1.0], math.nan, 1, "lead_years"),
        ([1.0], 0.0, 0, "rights"),
        ([1000.0], 0.0, 1, "volatility x sqrt"),
        ([1.0], 1000.0, 1, "yield x"),
    ],
)
def test_an_impossible_schedule_is_refused_by_name(windows, lead_years, rights, word):
    with pytest.raises(ValueError, match=word):
        bermudan(RACK, windows, lead_years, rights)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ValueError, match=r"strike_usd.*correlation"):
        Exchange(1.0, -1.0, 0.1, 0.1, 2.0, 0.0, 0.0)
