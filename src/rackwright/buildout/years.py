"""Hours of a year at a place: from an EPW file, or made up so that they meet the place's design conditions.

**What a made-up (synthetic) year is not.** It is no record of any year, no forecast, and no typical year of a station:
no hour of it was measured. It has the place's season, a daily swing and weather that lasts for days, in an order that
is chance, and then, by a monotone map of the values, exactly the hours above and below that are published. It knows
nothing of storms, of fronts, of a monsoon's dry and wet half of the summer, of a warming climate, or of how hot the
hottest days follow one another; wind and sun are not in it. Use it for energy and for hours above a temperature; size
a plant on `extremes`, and check a site that is to be built with an hourly file of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.epw import Epw, read_epw
from rackwright.figures import Figure, Status, weakest
from rackwright.physics.air import MoistAir, dew_point_k, moist_air, pressure_at_altitude_pa
from rackwright.program.sections.parts import Climate

Floats = NDArray[np.float64]
#: Field in the file, name and value, to the design value with the field's status and source.
_Said = Callable[[str, str, float], "DesignValue"]

HOURS, DAYS = 8760, 365
ZERO_C_K = 273.15
#: Coldest day of the year and warmest hour of the day, in the northern temperate zone.
COLDEST_DAY, WARMEST_HOUR = 20.0, 15.0
#: Hours in which the memory of the weather falls to 1/e: a correlation of 0.51 over a day. In 16 US stations' typical years
#: what season and mean day leave is correlated 0.47 to 0.69 over a day.
WEATHER_HOURS = 36.0
#: Half of a day's swing over the mean span from the day's lowest to its highest, in which weather takes part; 0.32 to
#: 0.48 at those stations. The span itself where a place's is not known: their mean. [K]
SWING_SHARE, DAILY_RANGE_K = 0.38, 11.4
#: Where the fit has nothing better: half of the season's swing, spread of the weather in winter and in summer, at those
#: stations (4 to 14, 2.4 to 7.7 and 1.8 to 4.0 K); and how firmly each is believed. [K]
BELIEVED = ((11.0, 8.0), (5.7, 3.0), (3.2, 1.5))
#: Taken where a place's own are not known, as means over the headers of 15 US stations: the 0.4 % hour above the 1 %
#: one (0.6 to 2.6 K), the hottest in 20 years above the 0.4 % one (2.9 to 10.5 K), the highest wet bulb on record above
#: the 0.4 % one (2.5 to 5.3 K), the wet bulb of the hottest hours below its own 0.4 % value (1.4 to 3.4 K), the dry
#: bulb of the wettest hours above their wet bulb (3.7 to 13.5 K), and the mean of the years' hottest hours above the
#: 0.4 % one (1.4 to 6.3 K).
ABOVE_1PCT_K, DRY_20YR_K, WET_20YR_K, COINCIDENT_K, WET_DRY_K, YEARLY_K = 1.3, 5.1, 3.9, 2.0, 7.6, 2.5
#: Where no wet bulb is known: its 0.4 % value below the hot hour. Humid places have 7 K, deserts 19; near the humid end.
WET_BELOW_HOT_K = 8.0
#: Steps that bring a mapped year to its mean, each closing half of what is left or more, until this is left. [K]
MEAN_STEPS, SMALLEST_K = 60, 1e-6

#: The dew point's distance below the day's mean dry bulb: logarithm of its winter mean in K, by how much summer's is
#: larger, its spread over its mean, and by how much a warmer summer day's dew point is higher, K for K. Rows: where the
#: fit starts and what a row without wet bulbs gets; how firmly that is believed; least; most. In the hours of 16 US
#: stations: 4 to 14 K, -0.4 to 1.5, 0.2 to 0.8, -0.9 to 1.0.
APART = np.array([[1.8, 0.2, 0.45, 0.4], [0.6, 0.5, 0.08, 0.5], [0.0, -2.0, 0.05, -1.5], [3.2, 2.5, 1.0, 1.5]])
LEAST_APART_K, MOST_APART_K = 0.3, 45.0
NAMES = ("hot 0.4 %", "hot 20 years", "wet 0.4 %", "wet 20 years")


@dataclass(frozen=True, slots=True)
class WeatherYear:
    """A year of outdoor air, shape (hours,), and where it is from: `source` is the file, or the seed and what was met."""

    name: str
    provenance: Literal["epw", "synthetic"]
    elevation_m: float
    air: MoistAir
    source: str = ""

    @property
    def dry_bulb_k(self) -> Floats:
        """Dry bulb of each hour. [K]"""
        return self.air.dry_bulb_k

    @property
    def wet_bulb_k(self) -> Floats:
        """Wet bulb of each hour, never above the dry bulb. [K]"""
        return self.air.wet_bulb_k

    @property
    def dew_point_k(self) -> Floats:
        """Dew point of each hour. [K]"""
        return dew_point_k(self.air.humidity_ratio, self.air.pressure_pa)

    @property
    def pressure_pa(self) -> Floats:
        """Pressure of each hour. [Pa]"""
        return self.air.pressure_pa


@dataclass(frozen=True, slots=True)
class DesignValue:
    """One extreme temperature, how firm it is, and what it rests on."""

    name: str
    value_k: float
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Extremes:
    """The hours that a plant is sized on, in the order of `NAMES`: `air` has shape (4,), `values` the same with sources.

    The first two have the mean wet bulb of the hottest hours, the last two a dry bulb that goes with such a wet bulb.
    """

    air: MoistAir
    values: tuple[DesignValue, ...]

    @property
    def assumed(self) -> tuple[str, ...]:
        """Names of those whose figure is an assumption of ours."""
        return tuple(value.name for value in self.values if value.status == "assumed")


def from_epw(path: Path) -> WeatherYear:
    """The hours of a file; raises what `epw.read_epw` raises."""
    epw = read_epw(path)
    return WeatherYear(epw.place, "epw", epw.elevation_m, _air_of(epw), epw.file)


def return_level_k(mean_k: float, deviation_k: float, years: float) -> float:
    """The yearly extreme that returns every `years`, from mean and deviation of the years' extremes. [K]

    M + F s with F = -sqrt(6)/pi (0.5772 + ln ln(n/(n-1))): Gumbel's distribution by its moments (ASHRAE Handbook
    Fundamentals, chapter 14). For lows give a negative deviation. Valid above one year; beyond the length of the record
    (20 to 30 years behind a header) it extrapolates.

    >>> round(return_level_k(35.9, 1.9, 20), 1)  # Chicago's header prints 39.5, from unrounded moments
    39.4
    """
    if years <= 1:
        raise ValueError(f"years is {years}: a return period is above one year")
    factor = -math.sqrt(6.0) / math.pi * (0.5772 + math.log(math.log(years / (years - 1.0))))
    return mean_k + factor * deviation_k


def extremes(climate: Climate, figures: Mapping[str, Figure] | None = None) -> Extremes:
    """Extreme hours of a place by its row; what it lacks is derived, or assumed, and said to be.

    Parameters
    ----------
    climate : Climate
        The catalogue's row, or a program's own.
    figures : mapping of a field's name in the file (`hot_04pct`) to its figure
        Status and source of what the row says; without them a row's value is taken as `given`.
    """

    def said(field: str, name: str, value_k: float) -> DesignValue:
        figure = (figures or {}).get(field)
        return DesignValue(
            name, value_k, *((figure.status, figure.source) if figure else ("given", f"climate's {field}"))
        )

    hot = _hot(climate, said)
    hottest = _hottest(climate, hot, said)
    wet = DesignValue(NAMES[2], hot.value_k - WET_BELOW_HOT_K, "assumed", f"{WET_BELOW_HOT_K} K below {NAMES[0]}")
    if climate.wet_bulb_k is not None:
        wet = said("wet_bulb", NAMES[2], climate.wet_bulb_k)
    wettest = DesignValue(NAMES[3], wet.value_k + WET_20YR_K, "assumed", f"{WET_20YR_K} K above {NAMES[2]}")
    if climate.wet_20yr_k is not None:
        wettest = said("wet_20yr", NAMES[3], climate.wet_20yr_k)
    pressure_pa = float(pressure_at_altitude_pa(climate.elevation_m))
    return _extremes((hot, hottest, wet, wettest), climate.wet_bulb_coincident_k, None, pressure_pa)


def extremes_of_epw(epw: Epw) -> Extremes:
    """Extreme hours by the file's design header; without one, by the hours of the file and assumed offsets.

    The highest wet bulb on record stands for the one of 20 years: the records behind headers have 20 to 30 years.
    """
    design, header = epw.design, f"{epw.design.edition}, header of {epw.file}"
    air = _air_of(epw)
    hot = DesignValue(NAMES[0], float(np.quantile(epw.dry_bulb_k, 0.996)), "estimate", f"hours of {epw.file}")
    if design.hot_04pct_k is not None:
        hot = DesignValue(NAMES[0], design.hot_04pct_k, "published", header)
    hottest = DesignValue(NAMES[1], hot.value_k + DRY_20YR_K, "assumed", f"{DRY_20YR_K} K above {NAMES[0]}")
    if design.hot_20yr_k is not None:
        hottest = DesignValue(NAMES[1], design.hot_20yr_k, "published", header)
    elif design.hot_yearly_mean_k is not None and design.hot_yearly_deviation_k is not None:
        level = return_level_k(design.hot_yearly_mean_k, design.hot_yearly_deviation_k, 20)
        hottest = DesignValue(NAMES[1], level, "estimate", f"Gumbel, from {header}")
    wet = DesignValue(NAMES[2], float(np.quantile(air.wet_bulb_k, 0.996)), "estimate", f"hours of {epw.file}")
    if design.wet_04pct_k is not None:
        wet = DesignValue(NAMES[2], design.wet_04pct_k, "published", header)
    wettest = DesignValue(NAMES[3], wet.value_k + WET_20YR_K, "assumed", f"{WET_20YR_K} K above {NAMES[2]}")
    if design.wet_most_k is not None:
        wettest = DesignValue(NAMES[3], design.wet_most_k, "estimate", f"highest on record, {header}")
    found = (hot, hottest, wet, wettest)
    return _extremes(found, design.hot_04pct_coincident_k, design.wet_04pct_coincident_k, float(epw.pressure_pa.mean()))


def synthetic(climate: Climate, seed: int = 1) -> WeatherYear:
    """A year that meets a place's design conditions; the same seed gives the same year. See the module for its limits.

    Dry bulb: a season, a daily swing and weather with a memory of 36 hours whose spread is wider in winter, fitted to
    whatever the row has of hours exceeded 0.4, 1, 99 and 99.6 %, mean, degree days and daily range; the fit's
    distribution is then bent to meet the hours exceeded and the mean exactly, the hottest hour is the mean of the years'
    hottest hours, and the values go to the hours in the order of the made-up weather. So the seed moves hours about, and
    the distribution is the same for every seed.

    Wet bulb: a dew point below the day's mean dry bulb by an amount that varies with weather and warmth, fitted to the
    mean wet bulb, the one exceeded 0.4 %, and the mean one of the hottest hours; then bent to meet the first two
    exactly. A row without wet bulbs gets the humidity that the fit starts from. Pressure: the standard atmosphere's at
    the elevation, all year.

    No hour lies beyond the 20-year extremes, no wet bulb above its dry bulb. Rows that contradict themselves (a colder
    1 % than 99 %) are met as far as they go.
    """
    rng = np.random.default_rng(seed)
    shape = _fit_season(climate)
    hour = np.arange(HOURS, dtype=np.float64)
    weather = _lasting(rng, WEATHER_HOURS)
    raw_k = shape.hours_k(hour / 24.0, hour % 24.0, weather)
    dry_k = np.empty(HOURS)
    dry_k[np.argsort(raw_k, kind="stable")] = _dry_values_k(climate, shape)
    pressure_pa = float(pressure_at_altitude_pa(climate.elevation_m))
    wet_k = _wet_bulbs_k(climate, shape, dry_k, _lasting(rng, WEATHER_HOURS))
    air = moist_air(dry_k, pressure_pa=np.full(HOURS, pressure_pa), wet_bulb_k=wet_k)
    return WeatherYear(
        climate.name, "synthetic", climate.elevation_m, air, f"made up to design conditions, seed {seed}"
    )


# ---- extreme hours


def _air_of(epw: Epw) -> MoistAir:
    return moist_air(epw.dry_bulb_k, pressure_pa=epw.pressure_pa, dew_point_k=epw.dew_point_k)


def _extremes(
    values: tuple[DesignValue, DesignValue, DesignValue, DesignValue],
    hot_wet_k: float | None,
    wet_dry_k: float | None,
    pressure_pa: float,
) -> Extremes:
    """Four hours; an extreme of 20 years is no milder than that of every year, and a wet bulb no higher than the dry."""
    hot, hottest, wet, wettest = (value.value_k for value in values)
    hottest, wettest = max(hot, hottest), max(wet, wettest)
    raised = (values[0], replace(values[1], value_k=hottest), values[2], replace(values[3], value_k=wettest))
    beside_hot = wet - COINCIDENT_K if hot_wet_k is None else hot_wet_k
    apart = WET_DRY_K if wet_dry_k is None else max(wet_dry_k - wet, 0.0)
    # the dry bulb beside a wet extreme is taken, not stated: never above the hottest hour of 20 years
    dry_bulb = np.array([hot, hottest, min(wet + apart, hottest), max(min(wettest + apart, hottest), wettest)])
    wet_bulb = np.minimum(np.array([beside_hot, beside_hot, wet, wettest]), dry_bulb)
    return Extremes(moist_air(dry_bulb, pressure_pa=np.full(4, pressure_pa), wet_bulb_k=wet_bulb), raised)


def _hot(climate: Climate, said: _Said) -> DesignValue:
    if climate.hot_04pct_k is not None:
        return said("hot_04pct", NAMES[0], climate.hot_04pct_k)
    return DesignValue(NAMES[0], climate.hot_1pct_k + ABOVE_1PCT_K, "assumed", f"{ABOVE_1PCT_K} K above hot_1pct")


def _hottest(climate: Climate, hot: DesignValue, said: _Said) -> DesignValue:
    """The hottest hour in 20 years: as the row has it, else by Gumbel from the years' hottest hours, else assumed."""
    if climate.hot_20yr_k is not None:
        return said("hot_20yr", NAMES[1], climate.hot_20yr_k)
    if climate.hot_yearly_mean_k is not None and climate.hot_yearly_deviation_k is not None:
        mean = said("hot_yearly_mean", "", climate.hot_yearly_mean_k)
        deviation = said("hot_yearly_deviation", "", climate.hot_yearly_deviation_k)
        level_k = return_level_k(climate.hot_yearly_mean_k, climate.hot_yearly_deviation_k, 20)
        status = weakest([mean.status, deviation.status, "estimate"])
        return DesignValue(NAMES[1], level_k, status, f"Gumbel, from {mean.source}")
    return DesignValue(NAMES[1], hot.value_k + DRY_20YR_K, "assumed", f"{DRY_20YR_K} K above {NAMES[0]}")


# ---- made-up dry bulb


@dataclass(frozen=True, slots=True)
class _Season:
    """Dry bulb of a place: `mean - swing cos(season) + half_day cos(day) + spread(season) x standard weather`. [K]"""

    mean_k: float
    swing_k: float
    winter_spread_k: float
    summer_spread_k: float
    half_day_k: float

    def hours_k(self, day: Floats, hour: Floats, weather: Floats) -> Floats:
        """Dry bulb at days of the year and hours of the day, with weather of unit spread."""
        season = np.cos(2 * np.pi * (day - COLDEST_DAY) / DAYS)
        spread_k = self.summer_spread_k + (self.winter_spread_k - self.summer_spread_k) * (1.0 + season) / 2.0
        return np.asarray(self.daily_k(season) + self._of_day_k(hour) + spread_k * weather, np.float64)

    def daily_k(self, season: Floats) -> Floats:
        """Mean of a day, without weather."""
        return self.mean_k - self.swing_k * season

    def _of_day_k(self, hour: Floats) -> Floats:
        return np.asarray(self.half_day_k * np.cos(2 * np.pi * (hour - WARMEST_HOUR) / 24.0), np.float64)


def _fit_season(climate: Climate) -> _Season:
    """The season that comes nearest, by least squares, to all that the row says and to what is believed of any place."""
    from scipy.optimize import least_squares

    known = {at: value for at, value in _targets_k(climate).items() if 0.001 < at < 0.999}
    shares, wanted_k = np.array(list(known)), np.array(list(known.values()))
    half_day_k = SWING_SHARE * (DAILY_RANGE_K if climate.daily_range_k is None else climate.daily_range_k)
    middle_k = float(wanted_k.mean())

    def missed(guess: Floats) -> Floats:
        season = _season_of(guess, half_day_k)
        parts = [(np.quantile(_mixture_k(season), shares, method="hazen") - wanted_k) / 0.3]
        parts.append(_degree_days_missed(season, climate))
        if climate.dry_bulb_mean_k is not None:
            parts.append(np.array([season.mean_k - climate.dry_bulb_mean_k]) / 0.1)
        parts.append(np.array([(guess[1 + at] - k) / firm for at, (k, firm) in enumerate(BELIEVED)]) * 0.3)
        return np.concatenate(parts)

    start = np.array([middle_k, *(k for k, _ in BELIEVED)])
    bounds = (np.array([middle_k - 60.0, 0.0, 0.1, 0.1]), np.array([middle_k + 60.0, 40.0, 15.0, 15.0]))
    found = least_squares(missed, start, bounds=bounds, diff_step=1e-4, xtol=1e-7, x_scale=[5.0, 5.0, 2.0, 1.0])
    return _season_of(found.x, half_day_k)


def _season_of(guess: Floats, half_day_k: float) -> _Season:
    mean_k, swing_k, winter_k, summer_k = (float(one) for one in guess)
    return _Season(mean_k, swing_k, winter_k, summer_k, half_day_k)


def _degree_days_missed(season: _Season, climate: Climate) -> Floats:
    """Degree days of the daily means below 18 and above 10 degC less those of the row, in 30 K d."""
    days, scores = np.arange(DAYS, dtype=np.float64), _scores(41)
    # the weather of a day's mean has 0.91 of the hours' spread at a memory of 36 hours
    calm = _Season(season.mean_k, season.swing_k, 0.91 * season.winter_spread_k, 0.91 * season.summer_spread_k, 0.0)
    daily_c = calm.hours_k(days[:, None], np.zeros(1), scores[None, :]) - ZERO_C_K
    found = []
    if climate.hdd18 is not None:
        found.append((np.maximum(18.0 - daily_c, 0.0).mean() * DAYS - climate.hdd18) / 30.0)
    if climate.cdd10 is not None:
        found.append((np.maximum(daily_c - 10.0, 0.0).mean() * DAYS - climate.cdd10) / 30.0)
    return np.array(found)


def _mixture_k(season: _Season, days: int = 61, scores: int = 41) -> Floats:
    """Dry bulbs at evenly spread days, hours and quantiles of the weather: the distribution that the season has."""
    day = (np.arange(days) + 0.5) * DAYS / days
    return season.hours_k(day[:, None, None], np.arange(0.0, 24.0, 2.0)[None, :, None], _scores(scores)).ravel()


def _targets_k(climate: Climate) -> dict[float, float]:
    """Dry bulb by the share of the hours that are colder; each at least as warm as the one before it."""
    hot = climate.hot_1pct_k + ABOVE_1PCT_K if climate.hot_04pct_k is None else climate.hot_04pct_k
    most = hot + YEARLY_K if climate.hot_yearly_mean_k is None else climate.hot_yearly_mean_k
    asked = {0.004: climate.cold_996pct_k, 0.01: climate.cold_99pct_k, 0.99: climate.hot_1pct_k, 0.996: hot}
    found: dict[float, float] = {}
    for at, value in (*asked.items(), (1.0 - 0.5 / HOURS, most)):
        if value is not None:
            found[at] = max(value, *found.values()) if found else value
    return found


def _dry_values_k(climate: Climate, season: _Season) -> Floats:
    """The year's dry bulbs in rising order: the season's distribution, bent to the row's hours and mean."""
    shares = (np.arange(HOURS) + 0.5) / HOURS
    values = np.quantile(_mixture_k(season, 365, 201), shares, method="hazen")
    mean_k = season.mean_k if climate.dry_bulb_mean_k is None else climate.dry_bulb_mean_k
    most_k = float(extremes(climate).air.dry_bulb_k[1])
    return _bent(values, _targets_k(climate), mean_k, most_k)


def _bent(values: Floats, targets: dict[float, float], mean: float | None, most: float) -> Floats:
    """Rising values moved so that each target stands at its share, their mean is `mean`, and none is above `most`.

    The move is straight between the targets over the normal scores of the ranks, and level beyond them; a knot in the
    middle is moved until the mean is met.
    """
    scores, shares = _scores(len(values)), (np.arange(len(values)) + 0.5) / len(values)
    at = np.array(sorted(targets))
    wanted = np.minimum([targets[share] for share in at], most)
    places = np.array([_score(share) for share in at])
    moves = wanted - np.interp(at, shares, values)
    middle = int(np.searchsorted(places, 0.0))
    bent, lift = values, float(np.interp(0.0, places, moves))
    for _ in range(MEAN_STEPS):
        move = np.interp(scores, np.insert(places, middle, 0.0), np.insert(moves, middle, lift))
        bent = np.minimum(np.maximum.accumulate(values + move), most)
        missed = wanted - np.interp(at, shares, bent)
        missing = 0.0 if mean is None else mean - float(bent.mean())
        if max(abs(missing), float(np.abs(missed).max())) < SMALLEST_K:
            break
        moves, lift = moves + missed, lift + 1.5 * missing
    return np.asarray(bent, np.float64)


# ---- made-up wet bulb


def _wet_bulbs_k(climate: Climate, season: _Season, dry_k: Floats, weather: Floats) -> Floats:
    """Wet bulb of each hour; see `synthetic`. The guess has the order of `APART`."""
    from scipy.optimize import least_squares

    pressure_pa = float(pressure_at_altitude_pa(climate.elevation_m))
    # the day's mean, about each hour; the year is taken as a ring
    around = np.concatenate((dry_k[-12:], dry_k, dry_k[:11]))
    daily_k = np.convolve(around, np.full(24, 1.0 / 24.0), mode="valid")
    cosine = np.cos(2 * np.pi * (np.arange(HOURS) / 24.0 - COLDEST_DAY) / DAYS)
    summer = (1.0 - cosine) / 2.0
    warmer_k = daily_k - season.daily_k(cosine)
    few, hot = np.arange(0, HOURS, 5), np.argsort(dry_k)[-round(0.01 * HOURS) :]
    chosen = np.concatenate((few, hot))

    def wet_k(guess: Floats, at: NDArray[np.int64]) -> Floats:
        apart_k = np.exp(guess[0] + guess[1] * summer[at]) * (1.0 + guess[2] * weather[at])
        apart_k = np.maximum(apart_k + (1.0 - guess[3]) * summer[at] * warmer_k[at], LEAST_APART_K)
        dew_k = np.clip(daily_k[at] - apart_k, daily_k[at] - MOST_APART_K, dry_k[at])
        return moist_air(dry_k[at], pressure_pa=pressure_pa, dew_point_k=dew_k).wet_bulb_k

    def missed(guess: Floats) -> Floats:
        found = wet_k(guess, chosen)
        parts = list(0.3 * (guess - APART[0]) / APART[1])
        if climate.wet_bulb_mean_k is not None:
            parts.append((found[: len(few)].mean() - climate.wet_bulb_mean_k) / 0.1)
        if climate.wet_bulb_k is not None:
            parts.append((float(np.quantile(found[: len(few)], 0.996)) - climate.wet_bulb_k) / 0.1)
            beside_k = climate.wet_bulb_coincident_k or climate.wet_bulb_k - COINCIDENT_K
            parts.append((found[len(few) :].mean() - beside_k) / 0.1)
        return np.array(parts)

    fitted = least_squares(missed, APART[0], diff_step=1e-3, bounds=(APART[2], APART[3]), xtol=1e-4).x
    return _bent_wet(climate, wet_k(fitted, np.arange(HOURS)), dry_k)


def _bent_wet(climate: Climate, wet_k: Floats, dry_k: Floats) -> Floats:
    """Wet bulbs moved by their rank to their mean and 0.4 % value, under the dry bulb and the 20-year wet bulb.

    Where the dry bulb holds some down, the others are asked for more until mean and 0.4 % value are met.
    """
    if climate.wet_bulb_k is None:
        return wet_k
    most_k = np.minimum(dry_k, max(float(extremes(climate).air.wet_bulb_k[3]), climate.wet_bulb_k))
    mean_k, hot_k = climate.wet_bulb_mean_k, climate.wet_bulb_k
    asked_mean_k, asked_k = mean_k, hot_k
    order = np.argsort(wet_k, kind="stable")
    found = wet_k
    for _ in range(MEAN_STEPS):
        found = np.empty(HOURS)
        found[order] = _bent(wet_k[order], {0.996: asked_k}, asked_mean_k, np.inf)
        found = np.minimum(found, most_k)
        missed_k = hot_k - float(np.quantile(found, 0.996, method="hazen"))
        missing_k = 0.0 if mean_k is None else mean_k - float(found.mean())
        if max(abs(missed_k), abs(missing_k)) < 10 * SMALLEST_K:
            break
        asked_k += missed_k
        asked_mean_k = None if asked_mean_k is None else asked_mean_k + missing_k
    return found


def _lasting(rng: np.random.Generator, hours: float) -> Floats:
    """Normal noise of unit spread whose memory falls to 1/e over `hours`."""
    from scipy.signal import lfilter

    keep = math.exp(-1.0 / hours)
    noise = rng.standard_normal(HOURS) * math.sqrt(1.0 - keep**2)
    start = rng.standard_normal()
    return np.asarray(lfilter([1.0], [1.0, -keep], noise, zi=[keep * start])[0], np.float64)


def _score(share: float) -> float:
    return NormalDist().inv_cdf(share)


@cache
def _scores(count: int) -> Floats:
    """Normal scores of ranks: midpoints of `count` slices of equal probability, read-only."""
    scores = np.array([_score((at + 0.5) / count) for at in range(count)])
    scores.flags.writeable = False
    return scores
