"""Published option values, each an exchange of `strike` for `worth`.

A row without a number of windows may be exercised at any time, today included: the value with n evenly
spaced windows falls short of it by nearly a constant over n, so twice the value of 80 windows less that of
40 is compared.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from rackwright.agreement.lattice import Exchange, bermudan, margrabe

with (Path(__file__).parent / "published" / "options.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
TERMS = [
    "worth_usd",
    "strike_usd",
    "worth_volatility",
    "strike_volatility",
    "correlation",
    "worth_yield",
    "strike_yield",
]
ONCE = [row for row in ROWS if row["windows"] == "1"]


def exchange(row):
    return Exchange(*(float(row[term]) for term in TERMS))


def american_usd(terms, years):
    coarse, fine = (bermudan(terms, np.linspace(0.0, years, n + 1), 0.0).value_usd for n in (40, 80))
    return 2.0 * fine - coarse


def name(row):
    return f"{row['option']}-{row['worth_usd']}-{row['strike_usd']}-{row['years']}-{row['windows'] or 'any'}"


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_the_lattice_meets_the_published_value(row):
    years = float(row["years"])
    if row["windows"]:
        windows = int(row["windows"])
        got = bermudan(exchange(row), years * np.arange(1, windows + 1) / windows, 0.0).value_usd
    else:
        got = american_usd(exchange(row), years)
    tolerance = float(row["tolerance"])
    assert got == pytest.approx(float(row["value"]), abs=tolerance), f"{row['source']}, {row['place']}"


@pytest.mark.parametrize("row", ONCE, ids=name)
def test_margrabes_formula_meets_the_published_value(row):
    got = margrabe(exchange(row), float(row["years"]))
    tolerance = float(row["tolerance"])
    assert got == pytest.approx(float(row["value"]), abs=tolerance), f"{row['source']}, {row['place']}"


@pytest.fixture
def quantlib():
    return pytest.importorskip("QuantLib", reason="QuantLib comes with the extra `validate`")


def black_scholes(ql, today, price, discount, dividend_yield, volatility):
    days = ql.Actual360()

    def flat(rate):
        return ql.YieldTermStructureHandle(ql.FlatForward(today, rate, days))

    spread = ql.BlackConstantVol(today, ql.NullCalendar(), volatility, days)
    return ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(price)),
        flat(dividend_yield),
        flat(discount),
        ql.BlackVolTermStructureHandle(spread),
    )


@pytest.mark.parametrize("price", [32.0, 40.0, 48.0])
@pytest.mark.parametrize("dividend_yield", [0.0, 0.09])
def test_a_put_at_uneven_windows_agrees_with_quantlibs_finite_differences(quantlib, price, dividend_yield):
    ql = quantlib
    today = ql.Date(1, 1, 2024)
    ql.Settings.instance().evaluationDate = today
    days = [20, 117, 180, 333, 360, 540]
    right = ql.VanillaOption(
        ql.PlainVanillaPayoff(ql.Option.Put, 40.0), ql.BermudanExercise([today + day for day in days])
    )
    process = black_scholes(ql, today, price, 0.06, dividend_yield, 0.3)
    right.setPricingEngine(ql.FdBlackScholesVanillaEngine(process, 400, 1000))
    ours = bermudan(Exchange(40.0, price, 0.0, 0.3, 0.0, 0.06, dividend_yield), np.array(days) / 360.0, 0.0)
    # 5e-4: halving QuantLib's steps moves its value by up to that
    assert ours.value_usd == pytest.approx(right.NPV(), abs=5e-4)


def test_an_exchange_at_one_time_agrees_with_quantlibs_margrabe(quantlib):
    ql = quantlib
    today = ql.Date(1, 1, 2024)
    ql.Settings.instance().evaluationDate = today
    right = ql.MargrabeOption(1, 1, ql.EuropeanExercise(today + 270))
    worth = black_scholes(ql, today, 4.1, 0.08, 0.28, 0.35)
    strike = black_scholes(ql, today, 3.6, 0.08, 0.18, 0.15)
    right.setPricingEngine(ql.AnalyticEuropeanMargrabeEngine(worth, strike, 0.3))
    terms = Exchange(4.1, 3.6, 0.35, 0.15, 0.3, 0.28, 0.18)
    assert margrabe(terms, 0.75) == pytest.approx(right.NPV(), rel=1e-9)
    assert bermudan(terms, [0.75], 0.0).value_usd == pytest.approx(right.NPV(), rel=1e-6)
