"""Hourly weather from an EPW file: dry bulb, dew point and pressure of 8,760 hours, and its design header.

EPW is EnergyPlus' weather format: eight header lines, then a row an hour. Column numbers are those of its "Auxiliary
Programs" document; a value at its missing code (99.9, 999999) is a problem, not a number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError

Floats = NDArray[np.float64]

ZERO_C_K = 273.15
HEADER_LINES = 8
HOURS = (8760, 8784)
#: What is read of a row: name, column, lowest, highest. Codes for "missing" lie outside.
COLUMNS = (
    ("dry bulb", 6, -70.0, 70.0),
    ("dew point", 7, -80.0, 60.0),
    ("pressure", 9, 31_000.0, 120_000.0),
)
#: Problems of one column that are told; a file of the wrong kind has thousands.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Epw:
    """An EPW file as read. Temperatures in K, shape (hours,).

    `design` holds what the header's design conditions say, by name: `hot_04pct_k`, `wet_04pct_k` (evaporation),
    `coincident_k` (wet bulb at the hot hour), `hot_20yr_k`, `cold_20yr_k`, `wet_most_k` (highest on record); a name is
    missing where the header does not have it.
    """

    place: str
    elevation_m: float
    dry_bulb_k: Floats
    dew_point_k: Floats
    pressure_pa: Floats
    design: dict[str, float]


def read_epw(path: Path) -> Epw:
    """Read a file.

    Raises
    ------
    ProgramError
        With every problem: not an EPW file, rows that are missing or too many, values that are none.
    """
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError as problem:
        raise ProgramError([Problem(path.name, 0, "", str(problem.strerror), "an EPW file that can be read")]) from None
    location = (lines[0] if lines else "").split(",")
    if len(location) < 10 or location[0].strip().upper() != "LOCATION":
        found = (lines[0] if lines else "nothing")[:60]
        raise ProgramError([Problem(path.name, 1, "", found, "an EPW file: its first line starts with LOCATION")])
    rows = lines[HEADER_LINES:]
    while rows and not rows[-1].strip():
        rows.pop()
    problems: list[Problem] = []
    if len(rows) not in HOURS:
        problems.append(Problem(path.name, 0, "", f"{len(rows)} rows of hours", "8760, or 8784 of a leap year"))
    columns = _columns(path.name, rows, problems)
    elevation_m = _number(location[9])
    if elevation_m is None or not -500 < elevation_m < 6000:
        problems.append(Problem(path.name, 1, "elevation", location[9], "metres above the sea"))
    if problems:
        raise ProgramError(problems)
    return Epw(
        place=", ".join(part.strip() for part in location[1:4] if part.strip()),
        elevation_m=elevation_m or 0.0,
        dry_bulb_k=columns[0] + ZERO_C_K,
        dew_point_k=np.minimum(columns[1], columns[0]) + ZERO_C_K,
        pressure_pa=columns[2],
        design=_design(lines[1] if len(lines) > 1 else ""),
    )


def _columns(name: str, rows: list[str], problems: list[Problem]) -> list[Floats]:
    """The columns that are read, and what is wrong with them."""
    cells = [row.split(",") for row in rows]
    found: list[Floats] = []
    for what, column, low, high in COLUMNS:
        values = np.full(len(cells), np.nan)
        told = 0
        for number, row in enumerate(cells):
            text = row[column] if column < len(row) else ""
            value = _number(text)
            if value is None or not low <= value <= high:
                told += 1
                if told <= MOST_TOLD:
                    said = text.strip()[:20] or "nothing"
                    expected = f"a number from {low:g} to {high:g}"
                    problems.append(Problem(name, HEADER_LINES + number + 1, what, said, expected))
            else:
                values[number] = value
        found.append(values)
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _design(line: str) -> dict[str, float]:
    """Design values of an ASHRAE header: its Cooling and Extremes groups, by their fixed places."""
    words = [word.strip() for word in line.split(",")]
    found: dict[str, float] = {}
    places = {
        "Cooling": {"hot_04pct_k": 3, "coincident_k": 4, "wet_04pct_k": 9},
        "Extremes": {"wet_most_k": 4, "cold_20yr_k": 13, "hot_20yr_k": 14},
    }
    for group, wanted in places.items():
        if group not in words:
            continue
        start = words.index(group)
        for key, place in wanted.items():
            value = _number(words[start + place]) if start + place < len(words) else None
            if value is not None and -60 < value < 70:
                found[key] = value + ZERO_C_K
    return found
