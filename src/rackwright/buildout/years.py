"""Hours of a year at a place: from an EPW file, or made up so that they meet the place's design conditions.

A made-up (synthetic) year is not a record of any year. It has the place's season, a daily swing, weather that lasts for
days, and then exactly the published hours above and below; when a hot day comes, and what comes after it, is chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.epw import Epw, read_epw
from rackwright.physics.air import MoistAir, moist_air, pressure_at_altitude_pa
from rackwright.program.sections.parts import Climate

Floats = NDArray[np.float64]

HOURS = 8760
ZERO_C_K = 273.15
#: Assumed of every place: half of the daily swing; spread of the weather about the season, and how long it lasts; how
#: far the air is from saturation, on the mean of a day.
DAILY_K, WEATHER_K, WEATHER_HOURS, DEPRESSION_K = 4.5, 4.5, 48.0, 2.5
#: Coldest day of the year and warmest hour of the day, in the northern temperate zone.
COLDEST_DAY, WARMEST_HOUR = 20.0, 15.0
#: Taken where a place's own are not known, as means over the headers of 15 US stations' typical years: the 0.4 % hour above
#: the 1 % one (0.6 to 2.6 K), the hottest in 20 years above it (2.9 to 10.5 K), the highest wet bulb on record above the
#: 0.4 % one (2.5 to 5.3 K), and the wet bulb of the hottest hours below its own 0.4 % value (1.4 to 3.4 K).
ABOVE_1PCT_K, DRY_20YR_K, WET_20YR_K, COINCIDENT_K = 1.3, 5.1, 3.9, 2.0


@dataclass(frozen=True, slots=True)
class WeatherYear:
    """A year of outdoor air, shape (hours,), and where it is from."""

    name: str
    provenance: str
    elevation_m: float
    air: MoistAir


@dataclass(frozen=True, slots=True)
class Extremes:
    """The hours that a plant is sized on, shape (4,): hot 0.4 %, hot in 20 years, wet 0.4 %, wet in 20 years.

    `assumed` names those whose figure is an assumption of ours.
    """

    air: MoistAir
    assumed: tuple[str, ...]


#: Steps that bring a shifted year to its mean; each closes about half of what is left.
MEAN_STEPS = 40

NAMES = ("hot 0.4 %", "hot 20 years", "wet 0.4 %", "wet 20 years")


def from_epw(path: Path) -> WeatherYear:
    """The hours of a file (see `epw.read_epw`)."""
    epw = read_epw(path)
    air = moist_air(epw.dry_bulb_k, pressure_pa=epw.pressure_pa, dew_point_k=epw.dew_point_k)
    return WeatherYear(epw.place, path.name, epw.elevation_m, air)


def extremes_of_epw(epw: Epw) -> Extremes:
    """Extreme hours by the file's design header; what it lacks is assumed above its own hottest hours."""
    hot = epw.design.get("hot_04pct_k", float(np.quantile(epw.dry_bulb_k, 0.996)))
    air = moist_air(epw.dry_bulb_k, pressure_pa=epw.pressure_pa, dew_point_k=epw.dew_point_k)
    wet = epw.design.get("wet_04pct_k", float(np.quantile(air.wet_bulb_k, 0.996)))
    return _extremes(
        hot,
        epw.design.get("hot_20yr_k"),
        wet,
        epw.design.get("wet_most_k"),
        float(np.mean(epw.pressure_pa)),
        {name for name, key in (("hot 0.4 %", "hot_04pct_k"), ("wet 0.4 %", "wet_04pct_k")) if key not in epw.design},
    )


def extremes(climate: Climate) -> Extremes:
    """Extreme hours of a place by the catalogue's row; what it lacks is assumed, and said to be."""
    missing = {"hot 0.4 %"} if climate.hot_04pct_k is None else set()
    hot = climate.hot_04pct_k or climate.hot_1pct_k + ABOVE_1PCT_K
    wet = climate.wet_bulb_k
    if wet is None:
        wet = hot - 8.0
        missing.add("wet 0.4 %")
    pressure = float(pressure_at_altitude_pa(climate.elevation_m))
    return _extremes(hot, climate.hot_20yr_k, wet, climate.wet_20yr_k, pressure, missing)


def _extremes(
    hot: float, hot_20: float | None, wet: float, wet_20: float | None, pressure: float, missing: set[str]
) -> Extremes:
    assumed = (
        missing | ({"hot 20 years"} if hot_20 is None else set()) | ({"wet 20 years"} if wet_20 is None else set())
    )
    hottest, wettest = hot_20 or hot + DRY_20YR_K, wet_20 or wet + WET_20YR_K
    dry_bulb = np.array([hot, hottest, max(wet + 5.0, hot - 3.0), max(wettest + 4.0, hot)])
    wet_bulb = np.array([min(wet - COINCIDENT_K, hot), min(wet - COINCIDENT_K, hottest), wet, wettest])
    air = moist_air(dry_bulb, pressure_pa=np.full(4, pressure), wet_bulb_k=wet_bulb)
    return Extremes(air, tuple(name for name in NAMES if name in assumed))


def synthetic(climate: Climate, seed: int = 1) -> WeatherYear:
    """A year that meets a place's design conditions; the same seed gives the same year.

    Dry bulb: mean and season from the degree days where the catalogue has them (else the middle of the design hours), a
    daily swing, and a weather that decays over two days; then a monotone shift by rank brings the hours exceeded 1 % (and
    0.4 %) and 99 % to their published values. Wet bulb: that of air a steady way from saturation, shifted by rank to its
    published mean and 0.4 % value, never above the dry bulb. No hour goes beyond the 20-year extremes.
    """
    rng = np.random.default_rng(seed)
    hour = np.arange(HOURS, dtype=np.float64)
    mean_c, swing_k = _season(climate)
    season = mean_c - swing_k * np.cos(2 * np.pi * (hour / 24 - COLDEST_DAY) / 365)
    day = DAILY_K * np.cos(2 * np.pi * (hour % 24 - WARMEST_HOUR) / 24)
    dry_c = season + day + WEATHER_K * _lasting(rng, WEATHER_HOURS)
    targets = {0.99: min(climate.cold_99pct_k, climate.hot_1pct_k), 0.01: climate.hot_1pct_k}
    if climate.hot_04pct_k is not None:
        targets[0.004] = climate.hot_04pct_k
    dry_k = _shifted(dry_c + ZERO_C_K, targets, mean_c + ZERO_C_K if climate.hdd18 is not None else None)
    most = extremes(climate).air
    dry_k = np.minimum(dry_k, float(most.dry_bulb_k[1]))
    pressure = np.full(HOURS, float(pressure_at_altitude_pa(climate.elevation_m)))
    apart = DEPRESSION_K * (1.0 + 0.6 * _lasting(rng, WEATHER_HOURS)) + 0.35 * np.maximum(
        dry_k - ZERO_C_K - mean_c, 0.0
    )
    wet_k = dry_k - np.maximum(apart + 0.5 * np.maximum(day, 0.0), 0.2)
    if climate.wet_bulb_k is not None:
        for _ in range(6):
            wet_k = _shifted(wet_k, {0.004: climate.wet_bulb_k}, climate.wet_bulb_mean_k)
            wet_k = np.minimum(wet_k, np.minimum(dry_k - 0.05, float(most.wet_bulb_k[3])))
    air = moist_air(dry_k, pressure_pa=pressure, wet_bulb_k=wet_k)
    return WeatherYear(climate.name, f"synthetic, seed {seed}", climate.elevation_m, air)


def _lasting(rng: np.random.Generator, hours: float) -> Floats:
    """Noise of unit spread whose memory falls to 1/e over `hours`."""
    keep = math.exp(-1.0 / hours)
    noise = rng.standard_normal(HOURS) * math.sqrt(1.0 - keep**2)
    from scipy.signal import lfilter

    start = rng.standard_normal()
    return np.asarray(lfilter([1.0], [1.0, -keep], noise, zi=[keep * start])[0], np.float64)


def _season(climate: Climate) -> tuple[float, float]:
    """Mean and half swing of the daily mean over a year in degC, from degree days below 18 and above 10 degC.

    Two figures, two unknowns, with the weather's spread as assumed; without them the middle of the design hours, and
    what is left of their span once weather and day have theirs.
    """
    hot_c, cold_c = climate.hot_1pct_k - ZERO_C_K, climate.cold_99pct_k - ZERO_C_K
    swing_k = max((hot_c - cold_c) / 2 - DAILY_K - WEATHER_K, 2.0)
    if climate.hdd18 is None or climate.cdd10 is None:
        return (hot_c + cold_c) / 2, swing_k
    from scipy.optimize import least_squares

    day = np.arange(365.0)
    scores = np.array([NormalDist().inv_cdf((at + 0.5) / 40) for at in range(40)])
    wanted = np.array([climate.hdd18, climate.cdd10])

    def missed(guess: Floats) -> Floats:
        daily = guess[0] - guess[1] * np.cos(2 * np.pi * (day - COLDEST_DAY) / 365)
        spread = daily[:, None] + WEATHER_K * scores
        found = np.array([np.maximum(18 - spread, 0).mean() * 365, np.maximum(spread - 10, 0).mean() * 365])
        return np.asarray(found - wanted, np.float64)

    found = least_squares(missed, np.array([(hot_c + cold_c) / 2, swing_k]), bounds=([-30, 0], [40, 30]))
    return float(found.x[0]), float(found.x[1])


def _shifted(values: Floats, targets: dict[float, float], mean: float | None) -> Floats:
    """Values moved, by their rank, so that each share of the hours exceeds its target, and their mean is met.

    The shift is straight between the targets over the normal scores of the ranks, and level beyond; order is kept where
    the targets allow it.
    """
    order = np.argsort(values, kind="stable")
    count = len(values)
    normal = NormalDist()
    shares = 1.0 - (np.arange(count) + 0.5) / count
    scores = np.array([normal.inv_cdf(1.0 - share) for share in shares])
    ordered = values[order]
    moves = {
        normal.inv_cdf(1.0 - share): target - float(np.interp(normal.inv_cdf(1.0 - share), scores, ordered))
        for share, target in targets.items()
    }
    if mean is not None:
        moves[0.0] = 0.0
    at = np.array(sorted(moves))
    shift = np.array([moves[score] for score in sorted(moves)])
    for _ in range(MEAN_STEPS if mean is not None else 0):
        missing = (mean or 0.0) - float((ordered + np.interp(scores, at, shift)).mean())
        shift[np.searchsorted(at, 0.0)] += missing
    moved = np.interp(scores, at, shift)
    shifted = np.maximum.accumulate(ordered + moved)
    found = np.empty(count)
    found[order] = shifted
    return found
