"""A year from two of its temperatures."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.buildout.weather import SLICES, Year, dry_year, from_mean, from_two_quantiles, wet_year
from rackwright.program.sections.parts import Climate


def test_the_mean_lies_midway_between_the_hot_and_the_cold_percent():
    year = from_two_quantiles(303.15, 0.01, 273.15, 0.99)
    assert year.mean_k == pytest.approx(288.15)
    assert year.design_k == 303.15


def test_one_hour_in_a_hundred_is_hotter_than_the_hot_percent_and_one_colder_than_the_cold():
    year = from_two_quantiles(310.0, 0.01, 269.0, 0.99)
    assert year.share_above(310.0) == pytest.approx(0.01)
    assert year.share_above(269.0) == pytest.approx(0.99)


def test_a_wet_bulb_year_keeps_its_mean_and_its_rare_hours():
    year = from_mean(284.0, 299.0, 0.004)
    assert year.share_above(284.0) == pytest.approx(0.5)
    assert year.share_above(299.0) == pytest.approx(0.004)


def test_the_slices_have_the_mean_the_deviation_and_the_order_of_the_year():
    slices = Year(288.0, 9.0, 309.0).temperatures_k()
    assert slices.shape == (SLICES,)
    assert np.mean(slices) == pytest.approx(288.0, abs=1e-9)
    assert np.std(slices) == pytest.approx(9.0, rel=1e-9)
    assert np.all(np.diff(slices) > 0)


def test_slices_above_a_temperature_are_as_many_as_the_law_says():
    year = Year(288.0, 9.0, 309.0)
    assert np.mean(year.temperatures_k() > 300.0) == pytest.approx(year.share_above(300.0), abs=1e-3)


def test_a_place_without_seasons_has_one_temperature():
    year = from_two_quantiles(290.0, 0.01, 290.0, 0.99)
    assert (year.share_above(289.0), year.share_above(290.0)) == (1.0, 0.0)
    assert np.ptp(year.temperatures_k()) == 0.0


@pytest.mark.parametrize(
    "wrong", [lambda: from_two_quantiles(280.0, 0.01, 290.0, 0.99), lambda: from_mean(290.0, 280.0, 0.004)]
)
def test_a_hot_hour_below_the_others_is_refused(wrong):
    with pytest.raises(ValueError, match="must not be lower"):
        wrong()


def test_a_climate_whose_figures_are_out_of_order_is_taken_as_always_hot():
    climate = Climate.model_construct(hot_1pct_k=300.0, cold_99pct_k=310.0, wet_bulb_k=290.0, wet_bulb_mean_k=295.0)
    assert dry_year(climate) == Year(300.0, 0.0, 300.0)
    assert wet_year(climate) is None


def test_without_a_wet_bulb_there_is_no_wet_year():
    climate = Climate.model_construct(hot_1pct_k=300.0, cold_99pct_k=270.0, wet_bulb_k=None, wet_bulb_mean_k=280.0)
    assert wet_year(climate) is None
