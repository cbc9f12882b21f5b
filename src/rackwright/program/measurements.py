"""Readings of sample racks: a table of rack, time, channel, value, unit, uncertainty, read into SI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rackwright.program import fields
from rackwright.program.fields import Wrong, read_rows, shown
from rackwright.program.tree import nearest
from rackwright.units import Kind, UnitProblem, parse

COLUMNS = ("rack", "time", "channel", "value", "unit", "uncertainty")
CHANNELS: dict[str, Kind] = {
    "power": fields.POWER,
    "supply": fields.TEMPERATURE,
    "return": fields.TEMPERATURE,
    "flow": fields.FLOW,
    "case": fields.TEMPERATURE,
    "throughput": fields.OPERATION_RATE,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading in the channel's SI unit; `uncertainty` is a standard uncertainty, a difference."""

    rack: str
    time: str
    channel: str
    value: float
    uncertainty: float


def read_measurements(path: Path) -> list[Reading]:
    """Every reading of a CSV or Parquet file.

    Raises
    ------
    Wrong
        For the first row that cannot be read; names row and column.
    """
    return [_reading(path.name, number, row) for number, row in enumerate(read_rows(path, COLUMNS), start=2)]


def _reading(name: str, number: int, row: dict[str, str]) -> Reading:
    def wrong(column: str, expected: str) -> Wrong:
        return Wrong(f"{name}, row {number}, column {column}: {shown(row[column])}", expected)

    channel = row["channel"]
    kind = CHANNELS.get(channel)
    if kind is None:
        near = nearest(channel, CHANNELS)
        raise wrong("channel", f"one of {', '.join(CHANNELS)}" + (f"; nearest {near}" if near else ""))
    if not row["rack"]:
        raise wrong("rack", "a name")
    try:
        value = parse(f"{row['value']} {row['unit']}", kind)
    except UnitProblem:
        raise wrong("value", f"a number, with a unit such as that of {kind.example}") from None
    spread = fields.RISE if kind.unit == "K" else Kind(kind.name, kind.unit, kind.example)
    try:
        uncertainty = parse(f"{row['uncertainty']} {row['unit']}", spread)
    except UnitProblem:
        raise wrong("uncertainty", "a standard uncertainty in the reading's unit, not negative") from None
    return Reading(row["rack"], row["time"], channel, value, uncertainty)
