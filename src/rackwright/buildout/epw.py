"""Hourly weather from an EPW file: outdoor air of 8,760 hours (8,784 of a leap year), and its header.

EPW is EnergyPlus' weather format: eight lines of header, then a row an hour. Columns, their limits and their codes for
"missing" are those of EnergyPlus' document "Auxiliary Programs". A value that is missing is a problem and never a
number: whoever fills a gap should do it in the file, where others see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError

Floats = NDArray[np.float64]

ZERO_C_K = 273.15
HEADER_LINES = 8
HOURS = (8760, 8784)
#: An EPW file of a year has 1.5 MB; one ten times as large is something else.
LARGEST_BYTES = 20_000_000
#: Problems of one kind that are told; a file of another kind has thousands.
MOST_TOLD = 20
#: Dew points above the dry bulb by no more than this are rounding, and are taken as saturated air. [K]
ROUNDING_K = 0.2


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: its place and what it may hold; the format's codes for "missing" lie outside."""

    name: str
    number: int
    low: float
    high: float
    unit: str


DRY_BULB = Column("dry bulb", 6, -70.0, 70.0, "degC")
DEW_POINT = Column("dew point", 7, -90.0, 70.0, "degC")
HUMIDITY = Column("relative humidity", 8, 0.0, 110.0, "%")
PRESSURE = Column("pressure", 9, 31_000.0, 120_000.0, "Pa")
COLUMNS = (DRY_BULB, DEW_POINT, HUMIDITY, PRESSURE)
LATITUDE = Column("latitude", 6, -90.0, 90.0, "degrees north")
LONGITUDE = Column("longitude", 7, -180.0, 180.0, "degrees east")
TIME_ZONE = Column("time zone", 8, -12.0, 14.0, "hours ahead of Greenwich")
ELEVATION = Column("elevation", 9, -500.0, 6000.0, "m above the sea")

#: Return periods of the header's extreme years. [years]
RETURN_YEARS = (5, 10, 20, 50)


@dataclass(frozen=True, slots=True)
class Design:
    """Design conditions of an ASHRAE header, over many years of record; None where the header lacks one. [K]

    Shares are of the hours of an average year. `coincident`: mean of the other bulb in hours at that value.
    `hot_yearly_*`: mean and standard deviation of the hottest hour of each year; `hot_return_k`, `cold_return_k`: by
    return period in years. `wet_most_k` is the highest wet bulb on record.
    """

    edition: str = ""
    hot_04pct_k: float | None = None
    hot_04pct_coincident_k: float | None = None
    hot_1pct_k: float | None = None
    hot_1pct_coincident_k: float | None = None
    wet_04pct_k: float | None = None
    wet_04pct_coincident_k: float | None = None
    cold_996pct_k: float | None = None
    cold_99pct_k: float | None = None
    #: Mean span of a day's temperatures in the hottest month.
    daily_range_k: float | None = None
    wet_most_k: float | None = None
    hot_yearly_mean_k: float | None = None
    hot_yearly_deviation_k: float | None = None
    cold_yearly_mean_k: float | None = None
    hot_return_k: tuple[float | None, ...] = (None,) * len(RETURN_YEARS)
    cold_return_k: tuple[float | None, ...] = (None,) * len(RETURN_YEARS)

    @property
    def hot_20yr_k(self) -> float | None:
        """Hottest hour that returns every 20 years."""
        return self.hot_return_k[RETURN_YEARS.index(20)]


@dataclass(frozen=True, slots=True)
class Epw:
    """An EPW file as read; arrays have shape (hours,). The first row is the hour that ends at 1:00 on 1 January.

    No array holds a NaN, and no dew point lies above its dry bulb.
    """

    file: str
    place: str
    station: str
    latitude: float
    longitude: float
    time_zone_h: float
    elevation_m: float
    dry_bulb_k: Floats
    dew_point_k: Floats
    relative_humidity_share: Floats
    pressure_pa: Floats
    design: Design


def read_epw(path: Path) -> Epw:
    """Read a file.

    Raises
    ------
    ProgramError
        With every problem at once, each with file and line: not an EPW file; rows that are missing, too many, or out
        of order; values that are none, outside the format's limits, or its codes for "missing". Of one kind the first
        20 are told.
    """
    lines = _lines(path)
    problems: list[Problem] = []
    location = lines[0].split(",")
    latitude, longitude, time_zone_h, elevation_m = (
        _place(path.name, location, column, problems) for column in (LATITUDE, LONGITUDE, TIME_ZONE, ELEVATION)
    )
    _check_periods(path.name, lines, problems)
    cells = [line.split(",") for line in _rows(lines)]
    if len(cells) not in HOURS:
        expected = f"{HOURS[0]} rows, or {HOURS[1]} of a leap year, from line {HEADER_LINES + 1} on"
        problems.append(Problem(path.name, 0, "hours", f"{len(cells)} rows of hours", expected))
    problems += _out_of_order(path.name, cells)
    dry_c, dew_c, humidity, pressure_pa = (_values(path.name, cells, column, problems) for column in COLUMNS)
    if problems:
        raise ProgramError(problems)
    problems += _too_humid(path.name, dry_c, dew_c)
    if problems:
        raise ProgramError(problems)
    return Epw(
        file=path.name,
        place=", ".join(part.strip() for part in location[1:4] if part.strip()),
        station=location[5].strip(),
        latitude=latitude,
        longitude=longitude,
        time_zone_h=time_zone_h,
        elevation_m=elevation_m,
        dry_bulb_k=dry_c + ZERO_C_K,
        dew_point_k=np.minimum(dew_c, dry_c) + ZERO_C_K,
        relative_humidity_share=humidity / 100.0,
        pressure_pa=pressure_pa,
        design=read_design(lines[1]),
    )


def read_design(line: str) -> Design:
    """Design conditions of the header's second line, by the fixed places in its groups; the first set, if several.

    A group that is not as long as ASHRAE's is left out, and so is a value that is no number: headers of other makers
    look alike and mean other things.

    >>> read_design("DESIGN CONDITIONS,0").hot_04pct_k is None
    True
    """
    words = [word.strip() for word in line.split(",")]
    heating, cooling, extreme = (_group(words, name, size) for name, size in GROUPS.items())
    return Design(
        edition=words[2] if heating or cooling or extreme else "",
        hot_04pct_k=_kelvin(cooling, 3),
        hot_04pct_coincident_k=_kelvin(cooling, 4),
        hot_1pct_k=_kelvin(cooling, 5),
        hot_1pct_coincident_k=_kelvin(cooling, 6),
        wet_04pct_k=_kelvin(cooling, 9),
        wet_04pct_coincident_k=_kelvin(cooling, 10),
        cold_996pct_k=_kelvin(heating, 2),
        cold_99pct_k=_kelvin(heating, 3),
        daily_range_k=_number(cooling.get(2, "")),
        wet_most_k=_kelvin(extreme, 4),
        cold_yearly_mean_k=_kelvin(extreme, 5),
        hot_yearly_mean_k=_kelvin(extreme, 6),
        hot_yearly_deviation_k=_number(extreme.get(8, "")),
        cold_return_k=tuple(_kelvin(extreme, place) for place in (9, 11, 13, 15)),
        hot_return_k=tuple(_kelvin(extreme, place) for place in (10, 12, 14, 16)),
    )


#: Groups of an ASHRAE header and how many values follow the name of each.
GROUPS = {"Heating": 15, "Cooling": 32, "Extremes": 16}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
#: 99.9, 999, 9999, 999999: nines mean "missing", as many as the column has places.
_MISSING = re.compile(r"99+(\.[90]+)?", re.ASCII)


def _lines(path: Path) -> list[str]:
    """Lines of a file that begins as an EPW does, and has its header."""
    expected = "an EPW file that can be read"
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ProgramError([Problem(path.name, 0, "", f"{path.stat().st_size} bytes", "an EPW file, about 1.5 MB")])
        lines = path.read_text("utf-8-sig", errors="replace").split("\n")
    except OSError as problem:
        raise ProgramError([Problem(path.name, 0, "", str(problem.strerror), expected)]) from None
    if lines[0].split(",")[0].strip().upper() != "LOCATION":
        found = lines[0].strip()[:60] or "nothing"
        raise ProgramError([Problem(path.name, 1, "", found, "an EPW file: its first line starts with LOCATION")])
    if len(lines) <= HEADER_LINES:
        found = f"{len(lines)} lines"
        raise ProgramError([Problem(path.name, 0, "", found, f"{HEADER_LINES} lines of header and a row an hour")])
    return lines


def _rows(lines: list[str]) -> list[str]:
    rows = lines[HEADER_LINES:]
    while rows and not rows[-1].strip():
        rows.pop()
    return rows


def _check_periods(name: str, lines: list[str], problems: list[Problem]) -> None:
    """The last line of the header says how many rows an hour has."""
    words = [word.strip() for word in lines[HEADER_LINES - 1].split(",")]
    if words[0].upper() != "DATA PERIODS":
        problems.append(Problem(name, HEADER_LINES, "header", words[0][:40] or "nothing", "DATA PERIODS, then hours"))
    elif words[1:3] != ["1", "1"]:
        found = f"{','.join(words[1:3])[:40] or 'nothing'} for periods and rows an hour"
        problems.append(Problem(name, HEADER_LINES, "header", found, "1,1: one period, one row an hour"))


def _place(name: str, location: list[str], column: Column, problems: list[Problem]) -> float:
    text = location[column.number] if column.number < len(location) else ""
    value = _number(text)
    if value is None or not column.low <= value <= column.high:
        problems.append(_wrong(name, 1, column, text))
        return 0.0
    return value


def _values(name: str, cells: list[list[str]], column: Column, problems: list[Problem]) -> Floats:
    """A column; what is wrong with it goes to `problems`, and leaves a zero in an array that is not used."""
    values = np.zeros(len(cells))
    wrong: list[Problem] = []
    for number, row in enumerate(cells):
        text = row[column.number] if column.number < len(row) else ""
        value = _number(text)
        if value is None or not column.low <= value <= column.high:
            wrong.append(_wrong(name, HEADER_LINES + number + 1, column, text))
        else:
            values[number] = value
    problems += _first(wrong, name, column.name)
    return values


def _wrong(name: str, line: int, column: Column, text: str) -> Problem:
    said = text.strip()[:20] or "nothing"
    if _MISSING.fullmatch(said):
        said += " (the format's code for missing)"
    return Problem(name, line, column.name, said, f"a number from {column.low:g} to {column.high:g} {column.unit}")


def _first(wrong: list[Problem], name: str, path: str) -> list[Problem]:
    """The first few, and how many there are."""
    if len(wrong) <= MOST_TOLD:
        return wrong
    expected = wrong[0].expected
    return [*wrong[:MOST_TOLD], Problem(name, 0, path, f"{len(wrong)} rows with such a problem", expected)]


def _out_of_order(name: str, cells: list[list[str]]) -> list[Problem]:
    """Rows whose date and hour are not those of their place in the year; only the first, others follow from it."""
    leap = len(cells) == HOURS[1]
    for number, (row, (month, day, hour)) in enumerate(zip(cells, _calendar(leap), strict=False)):
        found = [_number(word) for word in row[1:4]]
        if found != [month, day, hour]:
            said = "/".join(word.strip()[:8] for word in row[1:4]) or "nothing"
            expected = f"month/day/hour {month}/{day}/{hour}: hours in order, from 1/1/1 on, none left out"
            return [Problem(name, HEADER_LINES + number + 1, "date", said, expected)]
    return []


def _calendar(leap: bool) -> Iterator[tuple[int, int, int]]:
    for month, days in enumerate((31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1):
        for day in range(1, days + 1):
            for hour in range(1, 25):
                yield month, day, hour


def _too_humid(name: str, dry_c: Floats, dew_c: Floats) -> list[Problem]:
    wrong = [
        Problem(name, HEADER_LINES + int(at) + 1, DEW_POINT.name, f"{dew_c[at]:g} degC", f"at most {dry_c[at]:g} degC")
        for at in np.flatnonzero(dew_c > dry_c + ROUNDING_K)
    ]
    return _first(wrong, name, DEW_POINT.name)


def _group(words: list[str], name: str, size: int) -> dict[int, str]:
    """Values of a header's group by their place after its name; empty where the group is not there or not as long."""
    if name not in words:
        return {}
    start = words.index(name)
    ends = [words.index(other) for other in GROUPS if other in words and words.index(other) > start]
    values = words[start + 1 : min(ends, default=len(words))]
    return dict(enumerate(values, start=1)) if len(values) == size else {}


def _kelvin(group: dict[int, str], place: int) -> float | None:
    value = _number(group.get(place, ""))
    return value + ZERO_C_K if value is not None and DRY_BULB.low <= value <= DRY_BULB.high else None


def _number(text: str) -> float | None:
    """A plain number; neither nan nor 1_000, which Python would read."""
    stripped = text.strip()
    return float(stripped) if len(stripped) <= 40 and _NUMBER.fullmatch(stripped) else None
