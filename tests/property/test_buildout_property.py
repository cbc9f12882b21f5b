"""Laws of a site's power, whatever its climate and its racks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.buildout.cooling import COOLING_LINES, IT_LINES, Demand, chiller_w, ledger
from rackwright.buildout.weather import from_two_quantiles
from rackwright.program.sections.buildout import Efficiency

shares = st.floats(0.0, 0.2)
watts = st.floats(0.0, 1e6)
outdoor = st.floats(230.0, 330.0)


@st.composite
def efficiencies(draw):
    return Efficiency.model_construct(
        electrical_share=draw(st.floats(0.5, 1.0)),
        rejection_share=draw(shares),
        pump_share=draw(shares),
        air_supply_k=draw(st.floats(285.0, 310.0)),
        air_approach_k=draw(st.floats(0.0, 15.0)),
        air_fan_share=draw(shares),
        chiller_carnot_share=draw(st.floats(0.1, 1.0)),
    )


@st.composite
def demands(draw):
    liquid_w, air_w = draw(watts), draw(watts)
    return Demand(
        rack_w=liquid_w + air_w + 1.0,
        other_it_w=draw(watts),
        fabric_w=draw(watts),
        cdu_w=draw(watts),
        liquid_heat_w=liquid_w,
        air_heat_w=air_w,
        wanted_k=draw(st.floats(280.0, 330.0)),
        rise_k=draw(st.floats(0.0, 30.0)),
    )


@given(demand=demands(), efficiency=efficiencies(), at_k=outdoor, approach_k=st.floats(0.0, 20.0))
def test_the_ledger_closes_and_no_line_is_negative(demand, efficiency, at_k, approach_k):
    lines = {name: float(value) for name, value in ledger(demand, at_k, approach_k, efficiency).items()}
    assert min(lines.values()) >= 0.0
    inside = sum(lines[name] for name in (*IT_LINES, *COOLING_LINES))
    assert inside / efficiency.electrical_share == pytest.approx(sum(lines.values()), rel=1e-9)


@given(demand=demands(), efficiency=efficiencies(), at_k=outdoor, warmer_k=st.floats(0.0, 30.0))
def test_a_warmer_day_never_takes_less_power(demand, efficiency, at_k, warmer_k):
    totals = sum(ledger(demand, np.array([at_k, at_k + warmer_k]), 10.0, efficiency).values())
    assert totals[1] >= totals[0] * (1 - 1e-12)


@given(
    demand=demands(),
    efficiency=efficiencies(),
    hot_k=st.floats(290.0, 320.0),
    span_k=st.floats(0.0, 60.0),
)
def test_facility_power_of_a_year_is_at_least_its_it_and_at_most_its_hottest_hour(demand, efficiency, hot_k, span_k):
    year = from_two_quantiles(hot_k, 0.01, hot_k - span_k, 0.99).temperatures_k()
    lines = ledger(demand, year, 10.0, efficiency)
    total = sum(lines.values())
    assert np.mean(total) >= float(sum(lines[name] for name in IT_LINES)[0]) * (1 - 1e-12)
    assert np.mean(total) <= total[-1] * (1 + 1e-12)


@given(
    heat_w=watts,
    wanted_k=st.floats(280.0, 330.0),
    free_k=outdoor,
    rise_k=st.floats(0.1, 30.0),
    carnot=st.floats(0.1, 1.0),
)
def test_a_chiller_never_beats_carnot(heat_w, wanted_k, free_k, rise_k, carnot):
    power_w = float(chiller_w(heat_w, wanted_k, free_k, rise_k, carnot))
    excess_k = free_k - wanted_k
    removed_w = heat_w * min(max(excess_k / rise_k, 0.0), 1.0)
    assert power_w >= removed_w * max(excess_k, 0.0) / wanted_k * (1 - 1e-9)
    if excess_k <= 0:
        assert power_w == 0.0
