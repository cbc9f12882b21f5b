"""What the border takes and refuses."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.program import fields
from rackwright.units import LARGEST, Kind, UnitProblem, convert, parse, say_in, three_figures

ANY_SIGN = {"lowest": -LARGEST}


@pytest.mark.parametrize(
    ("text", "unit", "inside"),
    [
        ("132 kW", "W", 132e3),
        ("1.4 TUSD", "USD", 1.4e12),
        ("2.5 BUSD", "USD", 2.5e9),
        ("45 degC", "K", 318.15),
        ("113 degF", "K", 318.15),
        ("10 K", "delta_K", 10.0),
        ("10 degC", "delta_K", 10.0),
        ("60 L/min", "m**3/s", 1e-3),
        ("72 h", "s", 259200.0),
        ("12 weeks", "week", 12.0),
        ("52 weeks", "s", 52 * 604800.0),
        ("1000 racks/week", "rack/week", 1000.0),
        ("400 kUSD/rack/week", "USD/rack/week", 400e3),
        ("17 MUSD/MW", "USD/W", 17.0),
        ("80 USD/MWh", "USD/J", 80 / 3.6e9),
        ("20.7 TB", "byte", 20.7e12),
        ("800 Gbit/s", "bit/s", 8e11),
        ("1080 PFLOP/s", "FLOP/s", 1.08e18),
        ("1 OU", "RU", 48 / 44.45),
        ("1.2 m2", "m**2", 1.2),
        ("0.03 K/W", "K/W", 0.03),
        ("5 /year", "1/year", 5.0),
        ("1_000 kg", "kg", 1000.0),
        ("3 /week", "1/week", 3.0),
        ("3 USD/kg", "USD/kg", 3.0),
    ],
)
def test_a_quantity_of_the_trade_is_read_into_its_unit_inside(text, unit, inside):
    assert parse(text, Kind("x", unit, "", **ANY_SIGN)) == pytest.approx(inside, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("45", "no unit"),
        ("45 degC", "another kind"),
        ("45 kWatts!", "unknown unit"),
        ("45 parsecs", "unknown unit"),
        ("kW", "no number"),
        ("", "no number"),
        ("nan W", "not a finite"),
        ("inf W", "not a finite"),
        (".inf", "not a finite"),
        ("1e999 W", "not a finite"),
        ("-1 W", "outside the range"),
        ("1 W; import os", "unknown unit"),
        ("1 " + "k" * 100, "unknown unit"),
        ("9" * 300 + " W", "no number"),
        ("1 W/(0)", "unknown unit"),
        ("1 W**999999999", "another kind"),
    ],
)
def test_what_is_no_power_is_refused_in_words(text, found):
    with pytest.raises(UnitProblem, match=found):
        parse(text, fields.POWER)


def test_a_share_is_a_percentage_or_a_plain_number_and_no_power():
    assert parse("88 %", fields.SHARE) == pytest.approx(0.88)
    assert parse("0.88", fields.SHARE) == pytest.approx(0.88)
    with pytest.raises(UnitProblem, match="a unit"):
        parse("0.88 W", fields.SHARE)
    with pytest.raises(UnitProblem, match="outside"):
        parse("120 %", fields.SHARE)


@given(st.text(max_size=60))
def test_no_text_gives_anything_but_a_number_or_a_unit_problem(text):
    for kind in (fields.POWER, fields.SHARE, fields.TEMPERATURE, fields.RISE, fields.MONEY, fields.PER_WEEK):
        try:
            value = parse(text, kind)
        except UnitProblem:
            continue
        assert math.isfinite(value)


@given(st.floats(1e-6, 1e12), st.sampled_from([("W", "MW"), ("USD", "MUSD"), ("K", "degC"), ("s", "h"), ("", "%")]))
def test_a_value_shown_in_a_readers_unit_is_the_same_value(value, units):
    unit, shown = units
    back = parse(f"{convert(value, unit, shown)!r} {shown}", Kind("x", unit, "", **ANY_SIGN))
    assert back == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_three_figures_round_and_group():
    assert three_figures(131_966.0) == "132,000"
    assert three_figures(0.0123456) == "0.0123"
    assert three_figures(9.996) == "10.0"
    assert three_figures(0.0) == "0"
    assert say_in(1.3966e6, "W") == "1.40 MW"
    assert say_in(46.7e9, "USD") == "46.7 BUSD"
    assert say_in(318.15, "K") == "45.0 degC"
