"""Made-up years meet what they were made for; extreme hours say what they rest on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rackwright.buildout.epw import RETURN_YEARS
from rackwright.buildout.years import (
    ABOVE_1PCT_K,
    COINCIDENT_K,
    DRY_20YR_K,
    HOURS,
    NAMES,
    WET_20YR_K,
    extremes,
    return_level_k,
    synthetic,
)
from rackwright.figures import Figure
from rackwright.program.load import load
from rackwright.program.sections.parts import Climate

ZERO_C_K = 273.15
CASE = load(Path(__file__).parents[3] / "examples" / "us-racks.yaml").case()
PLACES = sorted(CASE.catalogue.climates)
WITH_DEGREE_DAYS = [name for name in PLACES if CASE.catalogue.climates[name].hdd18 is not None]
#: The mapping stops when nothing is further off than this, and wet bulbs go through the humidity and back.
MET_K = 1e-4


def climate(**said) -> Climate:
    """A row in degC and K, by the names of its fields less their unit."""
    plain = {
        "elevation_m": 0.0,
        **{k: v for k, v in said.items() if k.endswith(("_m", "_k")) or k in ("hdd18", "cdd10")},
    }
    rest = {f"{name}_k": value + ZERO_C_K for name, value in said.items() if name not in plain}
    return Climate.model_construct(name="there", **{**plain, **rest})


@cache
def year_of(name, seed=1):
    row = CASE.catalogue.climates[name]
    return row, synthetic(row, seed)


@pytest.fixture(scope="module", params=PLACES)
def place(request):
    return year_of(request.param)


def exceeded_k(values, share):
    """The value that is exceeded in a share of the hours, hour by hour at the middle of its rank."""
    return float(np.quantile(values, 1.0 - share, method="hazen"))


def test_the_published_hours_hot_and_cold_are_met(place):
    row, year = place
    for share, wanted_k in ((0.004, row.hot_04pct_k), (0.01, row.hot_1pct_k), (0.99, row.cold_99pct_k)):
        if wanted_k is not None:
            assert exceeded_k(year.dry_bulb_k, share) == pytest.approx(wanted_k, abs=MET_K)
    if row.cold_996pct_k is not None:
        assert exceeded_k(year.dry_bulb_k, 0.996) == pytest.approx(row.cold_996pct_k, abs=MET_K)
    # 1 % of 8,760 hours is 87.6: 87 or 88 are hotter
    assert (year.dry_bulb_k > row.hot_1pct_k + MET_K).sum() in (87, 88)


def test_the_wet_bulb_s_mean_and_rare_hours_are_met_and_it_is_never_above_the_dry_bulb(place):
    row, year = place
    assert exceeded_k(year.wet_bulb_k, 0.004) == pytest.approx(row.wet_bulb_k, abs=MET_K)
    # ice and water overlap by some hundredths of a gram at 0 degC, where a wet bulb is taken as that of water
    assert year.wet_bulb_k.mean() == pytest.approx(row.wet_bulb_mean_k, abs=2e-3)
    assert np.all(year.wet_bulb_k <= year.dry_bulb_k)
    assert np.all(year.dew_point_k <= year.wet_bulb_k + 1e-6)


@pytest.mark.parametrize("name", WITH_DEGREE_DAYS)
def test_degree_days_are_met_within_two_percent_of_the_larger(name):
    """Four figures of shape and two of degree days fix four unknowns, so they are met as well as they agree."""
    row, year = year_of(name)
    daily_c = year.dry_bulb_k.reshape(365, 24).mean(axis=1) - ZERO_C_K
    allowed = 0.02 * max(row.hdd18, row.cdd10)
    assert np.maximum(18 - daily_c, 0).sum() == pytest.approx(row.hdd18, abs=allowed)
    assert np.maximum(daily_c - 10, 0).sum() == pytest.approx(row.cdd10, abs=allowed)


def test_no_hour_is_beyond_the_extremes_of_twenty_years_and_none_is_a_nan(place):
    row, year = place
    hot, hottest, wet, wettest = extremes(row).air.dry_bulb_k[:2].tolist() + extremes(row).air.wet_bulb_k[2:].tolist()
    assert hot <= year.dry_bulb_k.max() <= hottest
    assert wet <= year.wet_bulb_k.max() <= wettest + 1e-9
    assert all(np.all(np.isfinite(getattr(year.air, name))) for name in year.air.__slots__)


def test_january_nights_are_colder_than_july_afternoons(place):
    _, year = place
    by_day = year.dry_bulb_k.reshape(365, 24)
    assert by_day[:31, 3:6].mean() + 10 < by_day[181:212, 13:17].mean()


def test_pressure_is_the_standard_atmosphere_s_at_the_place_s_height():
    row, year = year_of("southern-nm")
    # 1,200 m: (1 - 2.25577e-5 x 1200)^5.2559 = 0.8657 of 101,325 Pa
    assert row.elevation_m == 1200.0
    assert year.pressure_pa == pytest.approx(np.full(HOURS, 87_718.0), rel=1e-3)


def test_the_same_seed_gives_the_same_year_and_another_one_other_hours_of_the_same_distribution():
    row, first = year_of("columbus-oh", 3)
    again, other = synthetic(row, 3), synthetic(row, 4)
    assert np.array_equal(first.dry_bulb_k, again.dry_bulb_k)
    assert np.array_equal(first.wet_bulb_k, again.wet_bulb_k)
    assert not np.array_equal(first.dry_bulb_k, other.dry_bulb_k)
    assert np.allclose(np.sort(first.dry_bulb_k), np.sort(other.dry_bulb_k), atol=1e-9)
    assert (first.provenance, first.name) == ("synthetic", row.name)
    assert "seed 3" in first.source


def test_weather_lasts_a_hot_day_is_followed_by_a_warm_one():
    """Departures from season and mean day are correlated 0.47 to 0.69 over a day at US stations; noise would have 0."""
    year = synthetic(CASE.catalogue.climates["columbus-oh"], 5).dry_bulb_k
    daily = year.reshape(365, 24).mean(axis=1)
    season = np.convolve(np.r_[daily[-15:], daily, daily[:15]], np.full(31, 1 / 31), mode="valid")
    apart = daily - season
    assert 0.3 < np.corrcoef(apart[:-1], apart[1:])[0, 1] < 0.8


def test_the_mean_wet_bulb_of_the_hottest_hours_is_near_the_published_one():
    row, year = year_of("sterling-va")
    hot = np.abs(year.dry_bulb_k - row.hot_04pct_k) < 0.5
    # the fit weighs it against mean and rare wet bulbs; 1 K moves a tower by a tenth of its range
    assert year.wet_bulb_k[hot].mean() == pytest.approx(row.wet_bulb_coincident_k, abs=1.0)


def test_two_design_temperatures_alone_make_a_year_and_its_mean_can_be_given():
    bare = synthetic(climate(hot_1pct=31.0, cold_99pct=-12.0))
    assert exceeded_k(bare.dry_bulb_k, 0.01) - ZERO_C_K == pytest.approx(31.0, abs=MET_K)
    assert np.all(bare.wet_bulb_k <= bare.dry_bulb_k)
    given = synthetic(climate(hot_1pct=31.0, cold_99pct=-12.0, dry_bulb_mean=12.5))
    assert given.dry_bulb_k.mean() - ZERO_C_K == pytest.approx(12.5, abs=MET_K)


@pytest.mark.parametrize(
    "said",
    [
        {"hot_1pct": 10.0, "cold_99pct": 20.0},
        {"hot_1pct": 30.0, "cold_99pct": 30.0, "hot_04pct": 5.0},
        {"hot_1pct": 30.0, "cold_99pct": 0.0, "wet_bulb": 45.0, "wet_bulb_mean": 40.0},
        {"hot_1pct": 30.0, "cold_99pct": 0.0, "wet_bulb": -20.0, "wet_bulb_mean": 20.0, "wet_bulb_coincident": 60.0},
        {"hot_1pct": 30.0, "cold_99pct": 0.0, "hot_20yr": -5.0, "hot_yearly_mean": 90.0, "dry_bulb_mean": -60.0},
        {"hot_1pct": 30.0, "cold_99pct": 0.0, "hdd18": 90000.0, "cdd10": 0.0, "daily_range_k": 80.0},
        {"hot_1pct": 60.0, "cold_99pct": -60.0, "wet_bulb": 10.0, "elevation_m": 6000.0},
    ],
)
def test_a_row_that_contradicts_itself_still_makes_air_that_can_be(said):
    year = synthetic(climate(**said))
    assert np.all(np.isfinite(year.dry_bulb_k))
    assert np.all(np.isfinite(year.wet_bulb_k))
    assert np.all(year.wet_bulb_k <= year.dry_bulb_k)
    assert np.all(year.air.humidity_ratio >= 0)


def test_a_return_level_follows_gumbel_s_moments():
    # n = 2: -sqrt(6)/pi (0.5772 + ln ln 2) = -0.1643 deviations from the mean; n = 20: 1.8658 above it
    assert return_level_k(300.0, 2.0, 2) == pytest.approx(300.0 - 2 * 0.16427, abs=1e-3)
    assert return_level_k(300.0, 2.0, 20) == pytest.approx(300.0 + 2 * 1.8658, abs=1e-3)
    levels = [return_level_k(300.0, 2.0, years) for years in RETURN_YEARS]
    assert levels == sorted(levels)
    with pytest.raises(ValueError, match="above one year"):
        return_level_k(300.0, 2.0, 1)


def test_gumbel_s_law_reaches_its_return_level_once_in_so_many_years():
    """A million made-up yearly extremes of mean 309 K and deviation 1.9 K: one in twenty is above the 20-year level."""
    rng = np.random.default_rng(7)
    scale = 1.9 * np.sqrt(6) / np.pi
    years = rng.gumbel(309.0 - 0.5772157 * scale, scale, 1_000_000)
    above = float((years > return_level_k(309.0, 1.9, 20)).mean())
    # a standard error of 0.0002, three of them
    assert above == pytest.approx(0.05, abs=7e-4)


def test_what_a_row_lacks_is_assumed_above_what_it_has_and_said():
    found = extremes(climate(hot_1pct=31.0, cold_99pct=-12.0, wet_bulb=25.0))
    values = dict(zip(NAMES, [value.value_k - ZERO_C_K for value in found.values], strict=True))
    assert values["hot 0.4 %"] == pytest.approx(31.0 + ABOVE_1PCT_K)
    assert values["hot 20 years"] == pytest.approx(31.0 + ABOVE_1PCT_K + DRY_20YR_K)
    assert values["wet 0.4 %"] == pytest.approx(25.0)
    assert values["wet 20 years"] == pytest.approx(25.0 + WET_20YR_K)
    assert found.assumed == ("hot 0.4 %", "hot 20 years", "wet 20 years")
    assert found.air.wet_bulb_k[0] - ZERO_C_K == pytest.approx(25.0 - COINCIDENT_K, abs=1e-6)
    assert extremes(climate(hot_1pct=31.0, cold_99pct=-12.0)).assumed == NAMES


def test_twenty_years_come_from_mean_and_deviation_of_the_yearly_extremes_where_they_are_known():
    row = climate(hot_1pct=31.0, cold_99pct=-12.0, hot_04pct=33.0, hot_yearly_mean=36.0, hot_yearly_deviation_k=2.0)
    hottest = extremes(row).values[1]
    assert hottest.value_k - ZERO_C_K == pytest.approx(36.0 + 2 * 1.8658, abs=1e-3)
    assert hottest.status == "estimate"
    assert "Gumbel" in hottest.source


def test_each_value_keeps_the_status_and_the_source_of_its_figure():
    row = climate(hot_1pct=31.0, cold_99pct=-12.0, hot_04pct=33.0, wet_bulb=25.0)
    figures = {"hot_04pct": Figure("there.hot_04pct", "33 degC", 306.15, "K", "published", "header")}
    hot, _, wet, _ = extremes(row, figures).values
    assert (hot.status, hot.source) == ("published", "header")
    assert wet.status == "given"


def test_an_extreme_of_twenty_years_is_no_milder_than_that_of_every_year():
    row = climate(hot_1pct=31.0, cold_99pct=-12.0, hot_04pct=33.0, hot_20yr=20.0, wet_bulb=25.0, wet_20yr=10.0)
    air, values = extremes(row).air, extremes(row).values
    assert air.dry_bulb_k[1] >= air.dry_bulb_k[0]
    assert [value.value_k for value in values[:2]] == [306.15, 306.15]
    assert air.wet_bulb_k[3] >= air.wet_bulb_k[2] - 1e-9
    assert np.all(air.wet_bulb_k <= air.dry_bulb_k)
