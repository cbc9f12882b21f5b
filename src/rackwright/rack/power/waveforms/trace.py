"""A waveform from a recording: CSV or Parquet, two columns, units in the header."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError
from rackwright.rack.power.waveforms.pieces import means_of_pieces
from rackwright.rack.power.waveforms.waveform import MOST_TOLD, Waveform

Floats = NDArray[np.float64]

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0, "h": 3600.0}
WATTS = {"W": 1.0, "kW": 1e3, "MW": 1e6, "GW": 1e9}
COLUMNS = {"time": SECONDS, "power": WATTS}
#: An interval longer than this many usual ones is a gap: nobody knows what the load did there.
GAP_FACTOR = 10.0
_HEADER = re.compile(r"\s*(\w+)\s*\[\s*([^\]\s]+)\s*\]\s*")


def read_waveform(path: Path, *, step_s: float | None = None, period_s: float | None = None) -> Waveform:
    """A recording as an evenly sampled waveform of the same energy.

    The file has a column `time [s]` and a column `power [kW]` (or ms, us, min, h; W, MW, GW), others are passed over.
    Between its rows the power runs straight; a sample is the mean of that line over its step, so energy is that of
    the trapezoid rule to rounding, however uneven the rows. Without `step_s` the usual (median) interval is taken,
    stretched so that whole steps fill the record; with it, what is left at the end is shorter than one step and goes.

    Raises
    ------
    ProgramError
        Once, with file and row (line of a CSV) of everything that was found: missing or doubled columns, wrong units,
        words, NaN, power below zero, time that stands or runs back, gaps (over ten usual intervals), a file that is none.
    """
    time_s, power_w, rows, problems = _read(path)
    if len(time_s) > 1:
        problems += _order_problems(path, time_s, rows)
    if len(time_s) > 1 and step_s is not None and not (math.isfinite(step_s) and 0 < step_s <= time_s[-1] - time_s[0]):
        span = f"a step above 0 s and within the record's {time_s[-1] - time_s[0]:g} s"
        problems.append(Problem(str(path), 0, "step_s", f"{step_s} s", span))
    if problems:
        raise ProgramError(problems)
    edges_s = _edges(time_s, step_s)
    power = means_of_pieces(time_s, power_w, edges_s)
    return Waveform(float(edges_s[1] - edges_s[0]), power, period_s, f"measured {path.name}", "user", path.name)


def _edges(time_s: Floats, step_s: float | None) -> Floats:
    span_s = float(time_s[-1] - time_s[0])
    if step_s is not None:
        return np.asarray(time_s[0] + np.arange(int(span_s / step_s + 1e-9) + 1) * step_s)
    steps = max(round(span_s / float(np.median(np.diff(time_s)))), 1)
    return np.linspace(time_s[0], time_s[-1], steps + 1)


def _order_problems(path: Path, time_s: Floats, rows: NDArray[np.int64]) -> list[Problem]:
    interval_s = np.diff(time_s)
    usual_s = float(np.median(interval_s))
    found = []
    for row in np.flatnonzero(interval_s <= 0)[:MOST_TOLD]:
        says = f"{time_s[row + 1]:g} s after {time_s[row]:g} s"
        found.append(Problem(str(path), int(rows[row + 1]), "time", says, "a time later than that of the row before"))
    for row in np.flatnonzero(interval_s > GAP_FACTOR * usual_s)[:MOST_TOLD] if usual_s > 0 else ():
        says = f"a gap of {interval_s[row]:g} s from {time_s[row]:g} s"
        expected = f"rows about {usual_s:g} s apart, at most {GAP_FACTOR * usual_s:g} s"
        found.append(Problem(str(path), int(rows[row + 1]), "time", says, expected))
    return found


def _columns(path: Path, header: list[str]) -> dict[str, tuple[int, float]]:
    """Place and factor to SI of both columns."""
    if not header:
        raise ProgramError([Problem(str(path), 1, "", "an empty file", 'columns such as "time [s], power [kW]"')])
    found: dict[str, tuple[int, float]] = {}
    problems: list[Problem] = []
    for name, units in COLUMNS.items():
        accepted = f'one column "{name} [unit]" in {", ".join(units)}'
        named = [place for place, text in enumerate(header) if re.match(rf"\s*{name}\b", text)]
        match = _HEADER.fullmatch(header[named[0]]) if len(named) == 1 else None
        if match is None or match[2] not in units:
            told = ", ".join(repr(header[place].strip()) for place in named) or f"columns {', '.join(header)}"
            problems.append(Problem(str(path), 1, name, told, accepted))
        else:
            found[name] = named[0], units[match[2]]
    if problems:
        raise ProgramError(problems)
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


Read = tuple[Floats, Floats, NDArray[np.int64], list[Problem]]


def _read(path: Path) -> Read:
    """Time, power, row numbers of the rows that are whole, and what is wrong with the others."""
    import polars as pl

    parquet = path.suffix.lower() in {".parquet", ".pq"}
    try:
        return _read_parquet(path) if parquet else _read_csv(path)
    except OSError as error:
        said = error.strerror or ("No such file or directory" if isinstance(error, FileNotFoundError) else str(error))
    except (UnicodeDecodeError, csv.Error, pl.exceptions.PolarsError) as error:
        said = f"no {'Parquet' if parquet else 'text'} file: {error}"
    raise ProgramError([Problem(str(path), 0, "", said, "a recording that can be read, CSV or Parquet")])


def _checked(
    path: Path, table: Floats, factors: tuple[float, float], texts: list[list[str]], rows: NDArray[np.int64]
) -> Read:
    broken = ~np.isfinite(table)
    broken[:, 1] |= table[:, 1] < 0
    bad = np.argwhere(broken)
    expected = ("a finite number", "a finite number, zero or more")
    problems = [
        Problem(str(path), int(rows[row]), tuple(COLUMNS)[column], repr(texts[row][column]), expected[column])
        for row, column in bad[:MOST_TOLD]
    ]
    if len(bad) > MOST_TOLD:
        problems.append(Problem(str(path), 0, "", f"{len(bad)} cells without a number in all", "numbers"))
    if table.shape[0] < 2:
        problems.append(Problem(str(path), 0, "", f"{table.shape[0]} rows", "two rows or more"))
    whole = ~broken.any(axis=1)
    return table[whole, 0] * factors[0], table[whole, 1] * factors[1], rows[whole], problems


def _read_csv(path: Path) -> Read:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        columns = _columns(path, next(reader, []))
        read = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    places = [place for place, _ in columns.values()]
    texts = [[row[place].strip() if place < len(row) else "" for place in places] for _, row in read]
    rows = np.array([line for line, _ in read], dtype=np.int64)
    table = np.array([[_number(text) for text in pair] for pair in texts], dtype=np.float64).reshape(-1, 2)
    return _checked(path, table, (columns["time"][1], columns["power"][1]), texts, rows)


def _read_parquet(path: Path) -> Read:
    import polars as pl

    header = list(pl.read_parquet_schema(path))
    columns = _columns(path, header)
    frame = pl.read_parquet(path, columns=[header[place] for place, _ in columns.values()])
    series = [frame[header[place]].cast(pl.Float64, strict=False) for place, _ in columns.values()]
    table = np.stack([one.fill_null(math.nan).to_numpy() for one in series], axis=1)
    texts = [
        [str(cell) for cell in row] for row in frame.select([header[place] for place, _ in columns.values()]).rows()
    ]
    rows = np.arange(1, table.shape[0] + 1)
    return _checked(path, table, (columns["time"][1], columns["power"][1]), texts, rows)
