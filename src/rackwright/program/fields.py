"""The kinds of value that a program file may hold, and how each is read.

A value may be bare text, `{value, source, status, ...}`, a range `{low, mode, high}`, a series of weeks, or `auto`
where the stage can size it. Sections are pydantic models whose attributes carry these annotations; reading one
gives plain SI floats and weekly arrays, so stages never see a range.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from rackwright.program.calendar import WEEKS_PER_YEAR, Calendar, is_date
from rackwright.program.names import shown as cut
from rackwright.units import LARGEST, Kind, UnitProblem, parse

Weeks = NDArray[np.float64]
VALUE_KEYS = frozenset({"value", "low", "mode", "high", "source", "status", "place", "year", "note"})
#: Written by a study into a range: which quantile of it this draw takes.
QUANTILE = "_quantile"


@dataclass(frozen=True)
class Reading:
    """What reading a value needs to know: the calendar, the price year, the draw, and where tables lie."""

    calendar: Calendar
    price_year: int = 2025
    draw: Literal["low", "mode", "high"] = "mode"
    folder: Path = field(default_factory=Path)
    #: Price level of each year on one scale; money of year y times level[price_year] / level[y].
    price_level: Mapping[int, float] = field(default_factory=dict)


class Wrong(ValueError):
    """A value that cannot be read: what was found and what was expected; `where` is a key below the field."""

    def __init__(self, found: str, expected: str, where: str = "") -> None:
        self.found, self.expected, self.where = found, expected, where
        super().__init__(found)


def shown(raw: object) -> str:
    """What stands in the file, cut for a message."""
    if isinstance(raw, dict):
        text = "{" + ", ".join(map(str, list(raw)[:6])) + (", ..." if len(raw) > 6 else "") + "}"
    elif isinstance(raw, list):
        text = f"a list of {len(raw)}"
    else:
        text = str(raw)
    return cut(text) if text.strip() else "nothing"


def read_scalar(raw: object, kind: Kind, reading: Reading) -> float:
    """One number from bare text, a value with its source, or a range by the draw."""
    if isinstance(raw, bool) or raw is None:
        raise Wrong(shown(raw), kind.expected)
    if isinstance(raw, str | int | float):
        return _read_text(str(raw), kind)
    if isinstance(raw, dict):
        unknown = [key for key in raw if key not in VALUE_KEYS and key != QUANTILE]
        if unknown:
            raise Wrong(
                shown(raw), f"{kind.expected}, or {{value, source, status}}, or {{low, mode, high}}", unknown[0]
            )
        if "value" in raw and not {"low", "mode", "high"} & raw.keys():
            value = (
                read_scalar(raw["value"], kind, reading)
                if isinstance(raw["value"], dict)
                else _nested(raw, "value", kind)
            )
        elif {"low", "mode", "high"} <= raw.keys() and "value" not in raw:
            value = _from_range(raw, kind, reading.draw)
        else:
            raise Wrong(shown(raw), f"{kind.expected}, or {{value, source, status}}, or all of low, mode and high")
        return value * _deflation(raw, kind, reading)
    raise Wrong(shown(raw), kind.expected)


def _nested(raw: dict[str, Any], key: str, kind: Kind) -> float:
    try:
        return _read_text(str(raw[key]), kind)
    except Wrong as wrong:
        raise Wrong(wrong.found, wrong.expected, key) from None


def _read_text(text: str, kind: Kind) -> float:
    try:
        return parse(text, kind)
    except UnitProblem as problem:
        raise Wrong(f"{shown(text)} ({problem})", kind.expected) from None


def _from_range(raw: dict[str, Any], kind: Kind, draw: str) -> float:
    low, mode, high = (_nested(raw, key, kind) for key in ("low", "mode", "high"))
    if not low <= mode <= high:
        raise Wrong(f"low {raw['low']}, mode {raw['mode']}, high {raw['high']}", "low <= mode <= high")
    if QUANTILE in raw:
        return triangular(low, mode, high, float(raw[QUANTILE]))
    return {"low": low, "mode": mode, "high": high}[draw]


def triangular(low: float, mode: float, high: float, quantile: float) -> float:
    """The quantile of the triangular distribution.

    >>> triangular(0.0, 1.0, 2.0, 0.5)
    1.0
    """
    if high <= low:
        return mode
    split = (mode - low) / (high - low)
    if quantile <= split:
        return low + float(np.sqrt(quantile * (high - low) * (mode - low)))
    return high - float(np.sqrt((1 - quantile) * (high - low) * (high - mode)))


def _deflation(raw: dict[str, Any], kind: Kind, reading: Reading) -> float:
    if "year" not in raw:
        return 1.0
    if "USD" not in kind.unit:
        raise Wrong("a price year on a value that is no money", "year only beside money", "year")
    level = reading.price_level
    text = str(raw["year"])
    if not re.fullmatch(r"\d{4}", text) or int(text) not in level or reading.price_year not in level:
        known = f"{min(level)} to {max(level)}" if level else "none known"
        raise Wrong(shown(text), f"a price year from {known}", "year")
    return level[reading.price_year] / level[int(text)]


def read_weekly(raw: object, kind: Kind, reading: Reading) -> Weeks:
    """A value for each week of the calendar: a constant, a series of dated points, or a table beside the file.

    Between points a value holds unless `then: ramp` stands before the next one; after the last it holds, or
    multiplies by `then: {growth: 5 /year}` each year. Before the first point it is zero.
    """
    weeks = reading.calendar.weeks
    if not isinstance(raw, dict) or not raw or raw.keys() <= VALUE_KEYS | {QUANTILE}:
        return np.full(weeks, read_scalar(raw, kind, reading))
    if "table" in raw:
        return _expand(*_table_points(raw, kind, reading), weeks)
    return _expand(*_points(raw, kind, reading), weeks)


_GROWTH = Kind("a yearly factor", "1/year", "5 /year", 0.0, 1e6)


def _points(
    raw: Mapping[str, Any], kind: Kind, reading: Reading
) -> tuple[list[tuple[int, float]], dict[int, str | float]]:
    points: list[tuple[int, float]] = []
    links: dict[int, str | float] = {}  # by number of the point they follow
    for key, item in raw.items():
        if key == "then":
            if not points:
                raise Wrong("then before any week", "a week first, such as 2026-W14", "then")
            links[len(points) - 1] = _read_then(item, reading)
            continue
        if key in ("source", "status", "place", "note"):
            continue
        try:
            week = reading.calendar.index(key)
        except ValueError as error:
            expected = (
                str(error) if is_date(key) else f"{kind.expected}, or a series such as {{2026-W14: {kind.example}}}"
            )
            raise Wrong(shown(key), expected, key) from None
        if points and week <= points[-1][0]:
            raise Wrong(f"{key} after a later week", "weeks in order, each once", key)
        try:
            points.append((week, read_scalar(item, kind, reading)))
        except Wrong as wrong:
            raise Wrong(wrong.found, wrong.expected, key) from None
    if not points:
        raise Wrong(shown(dict(raw)), f"{kind.expected}, or a series such as {{2026-W14: {kind.example}}}")
    return points, links


def _read_then(item: object, reading: Reading) -> str | float:
    if item in ("hold", "ramp"):
        return str(item)
    if isinstance(item, dict) and set(item) == {"growth"}:
        try:
            return read_scalar(item["growth"], _GROWTH, reading)
        except Wrong as wrong:
            raise Wrong(wrong.found, wrong.expected, "then") from None
    raise Wrong(shown(item), "hold, ramp or {growth: 5 /year}", "then")


def _expand(points: list[tuple[int, float]], links: dict[int, str | float], weeks: int) -> Weeks:
    values = np.zeros(weeks)
    at = np.arange(weeks)
    for number, (week, value) in enumerate(points):
        here = at >= week
        link = links.get(number, "hold")
        if link == "ramp" and number + 1 < len(points):
            next_week, next_value = points[number + 1]
            values[here] = value + (next_value - value) * (at[here] - week) / (next_week - week)
        elif isinstance(link, float):
            years = (at[here] - week) / WEEKS_PER_YEAR
            values[here] = np.minimum(value * link**years, LARGEST)
        else:
            values[here] = value
    return values


def _table_points(
    raw: Mapping[str, Any], kind: Kind, reading: Reading
) -> tuple[list[tuple[int, float]], dict[int, str | float]]:
    """The points of a table with the columns week and value; a problem names its row and column."""
    unknown = [key for key in raw if key not in {"table", "source", "status", "place", "note"}]
    if unknown:
        raise Wrong(shown(unknown[0]), "table, source, status, place or note", unknown[0])
    path = reading.folder / str(raw["table"])
    series: dict[str, str] = {}
    for number, row in enumerate(read_rows(path, ("week", "value")), start=2):
        if not is_date(row["week"]) or row["week"] in series:
            found = f"{path.name}, row {number}, column week: {shown(row['week'])}"
            raise Wrong(found, "a week such as 2026-W14, each once", "table")
        series[row["week"]] = row["value"]
    try:
        return _points(series, kind, reading)
    except Wrong as wrong:
        if wrong.where not in series:
            raise Wrong(f"{path.name}: {wrong.found}", wrong.expected, "table") from None
        number = list(series).index(wrong.where) + 2
        column = "week" if wrong.found.startswith(wrong.where) else "value"
        raise Wrong(f"{path.name}, row {number}, column {column}: {wrong.found}", wrong.expected, "table") from None


def read_rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a CSV or Parquet file as text, at least with `columns`.

    Raises
    ------
    Wrong
        When the file is missing, unreadable, too large or lacks a column.
    """
    try:
        if path.stat().st_size > 200_000_000:
            raise Wrong(f"{path.name} of over 200 MB", "a smaller table", "table")
        if path.suffix == ".parquet":
            import polars as pl

            frame = pl.read_parquet(path)
            rows = [
                {key: "" if value is None else str(value) for key, value in row.items()} for row in frame.to_dicts()
            ]
            names: list[str] = frame.columns
        else:
            with path.open(newline="", encoding="utf-8") as handle:
                reader = csv.DictReader(handle, strict=True)
                names = list(reader.fieldnames or [])
                rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
    except Wrong:
        raise
    except OSError as error:
        raise Wrong(
            f"{path.name}: {error.strerror or error}", "a CSV or Parquet file beside the program", "table"
        ) from None
    except Exception as error:  # a damaged file: the reader's many kinds of complaint are the finding
        raise Wrong(f"{path.name}: {shown(error)}", "a readable CSV or Parquet file", "table") from None
    missing = [column for column in columns if column not in names]
    if missing:
        raise Wrong(f"{path.name} without the column {missing[0]}", f"the columns {', '.join(columns)}", "table")
    return rows


def read_yearly(raw: object, kind: Kind, reading: Reading) -> dict[int, float]:
    """A value for each ISO year of the calendar: one for all, or by year; a year that is not named has none (zero)."""
    years = reading.calendar.years
    if not isinstance(raw, dict) or not raw or raw.keys() <= VALUE_KEYS | {QUANTILE}:
        value = read_scalar(raw, kind, reading)
        return dict.fromkeys(years, value)
    values = dict.fromkeys(years, 0.0)
    for key, item in raw.items():
        if key in ("source", "status", "place", "note"):
            continue
        if not re.fullmatch(r"\d{4}", key):
            raise Wrong(shown(key), f"a year such as {years[0]}", key)
        try:
            value = read_scalar(item, kind, reading)
        except Wrong as wrong:
            raise Wrong(wrong.found, wrong.expected, key) from None
        if int(key) in values:
            values[int(key)] = value
    return values


def read_week(raw: object, reading: Reading) -> int:
    """The index of a week from the program's first; negative before it."""
    if isinstance(raw, dict) and "value" in raw and raw.keys() <= VALUE_KEYS:
        raw = raw["value"]
    if not isinstance(raw, str):
        raise Wrong(shown(raw), "a week such as 2026-W14")
    try:
        return reading.calendar.index(raw)
    except ValueError as error:
        raise Wrong(shown(raw), str(error)) from None


def read_word(raw: object) -> str:
    """A bare word; `{value, source, status}` too, so that a choice can have a source."""
    if isinstance(raw, dict) and "value" in raw and raw.keys() <= VALUE_KEYS:
        raw = raw["value"]
    if not isinstance(raw, str):
        raise Wrong(shown(raw), "a word")
    return raw


def choice_in(raw: object) -> object:
    """The word of a choice that is given as `{value, source, status}`; anything else as it is."""
    return raw["value"] if isinstance(raw, dict) and "value" in raw and raw.keys() <= VALUE_KEYS else raw


#: Stands for the definition of a value with its source, which the schema as a whole puts in.
SOURCED = "sourced"
Form = Literal["scalar", "weekly", "yearly", "week", "count", "word"]


@dataclass(frozen=True)
class Field:
    """The annotation of a leaf: how it is read and how its JSON Schema looks. `auto` lets the stage size it."""

    form: Form
    kind: Kind
    auto: bool = False
    refers_to: tuple[str, ...] = ()

    def read(self, raw: object, reading: Reading) -> Any:
        if self.auto and raw == "auto":
            return None
        if self.form == "scalar":
            return read_scalar(raw, self.kind, reading)
        if self.form == "count":
            value = read_scalar(raw, self.kind, reading)
            if value != int(value):
                raise Wrong(shown(raw), f"a whole number{self.kind.range_text()}")
            return int(value)
        if self.form == "weekly":
            return read_weekly(raw, self.kind, reading)
        if self.form == "yearly":
            return read_yearly(raw, self.kind, reading)
        if self.form == "week":
            return read_week(raw, reading)
        return read_word(raw)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def validate(raw: object, info: ValidationInfo) -> Any:
            try:
                return self.read(raw, cast(Reading, info.context))
            except Wrong as wrong:
                raise PydanticCustomError(
                    "wrong",
                    "wrong value",
                    {"found": wrong.found, "expected": wrong.expected, "where": wrong.where},
                ) from None

        return core_schema.with_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        text: dict[str, Any] = {"type": ["string", "number"], "examples": [self.kind.example]}
        if self.kind.unit:
            text = {"type": "string", "examples": [self.kind.example]}
        if self.form in ("week", "word"):
            return {"type": "string", "examples": [self.kind.example]}
        sourced = {"$comment": SOURCED}
        description = self.kind.expected + (", or auto" if self.auto else "")
        forms = [text, sourced]
        if self.form in ("weekly", "yearly"):
            forms.append({"type": "object", "description": "a series, all keys dates, with an optional then"})
        return {"description": description, "anyOf": forms}


def quantity(name: str, unit: str, example: str, lowest: float = 0.0, highest: float = LARGEST) -> Kind:
    return Kind(name, unit, example, lowest, highest)


SHARE = quantity("a share", "", "88 %", 0.0, 1.0)
POSITIVE_SHARE = quantity("a share above zero", "", "88 %", 1e-6, 1.0)
RATIO = quantity("a ratio", "", "1.5", 0.0, 1e6)
POSITIVE_RATIO = quantity("a ratio above zero", "", "1.0", 1e-3, 1e3)
NUMBER = quantity("a number", "", "2.0e12", 0.0, LARGEST)
COUNT = quantity("a whole number", "", "8", 0.0, 1e9)
ONE_OR_MORE = quantity("a whole number", "", "8", 1.0, 1e7)
UP_TO_1000 = quantity("a whole number", "", "18", 1.0, 1000.0)
CORRELATION = quantity("a correlation", "", "0.4", -1.0, 1.0)
POWER = quantity("a power", "W", "132 kW", 0.0, 1e13)
POSITIVE_POWER = quantity("a power above zero", "W", "33 kW", 1e-3, 1e13)
ENERGY_PRICE = quantity("an energy price", "USD/J", "80 USD/MWh", 0.0, 1e-3)
TEMPERATURE = quantity("a temperature", "K", "45 degC", 223.15, 423.15)
RISE = quantity("a temperature difference", "delta_K", "10 K", 0.0, 200.0)
FLOW = quantity("a flow", "m**3/s", "130 L/min", 0.0, 100.0)
POSITIVE_FLOW = quantity("a flow above zero", "m**3/s", "130 L/min", 1e-9, 100.0)
PRESSURE = quantity("a pressure", "Pa", "130 kPa", 0.0, 1e8)
VOLTAGE = quantity("a voltage", "V", "415 V", 1.0, 1e6)
CURRENT = quantity("a current", "A", "100 A", 0.0, 1e6)
LET_THROUGH = quantity("an I2t", "A**2*s", "4000 A2s", 0.0, 1e15)
OHMS = quantity("a resistance", "ohm", "40 kohm", 0.0, 1e12)
POWER_RAMP = quantity("a power ramp", "W/s", "20 MW/min", 0.0, 1e12)
SHARE_RAMP = quantity("a share a time", "1/s", "0.02 /min", 0.0, 1e6)
ENERGY = quantity("an energy", "J", "65 J", 0.0, 1e15)
CAPACITANCE = quantity("a capacitance", "F", "10 mF", 0.0, 1e5)
INDUCTANCE_PER_LENGTH = quantity("an inductance per length", "H/m", "0.2 uH/m", 0.0, 1e-3)
FREQUENCY = quantity("a frequency", "Hz", "60 Hz", 1e-6, 1e9)
APPARENT_POWER = quantity("a short-circuit power", "VA", "2000 MVA", 1.0, 1e13)
VOLUME = quantity("a volume", "m**3", "200 L", 0.0, 1e4)
MASS = quantity("a mass", "kg", "1360 kg", 0.0, 1e6)
LENGTH = quantity("a length", "m", "2.4 m", 0.0, 1e6)
VELOCITY = quantity("a velocity", "m/s", "2.1 m/s", 1e-3, 100.0)
INERTIA = quantity("a heat capacity per power", "J/K/W", "0.15 J/K/W", 1e-6, 1e6)
VOLUME_PER_POWER = quantity("a volume per power", "m**3/W", "25 mL/kW", 1e-12, 1.0)
KV = quantity("a valve's flow at one bar", "m**3/h", "1.1 m3/h", 1e-6, 1e6)
AREA = quantity("an area", "m**2", "0.72 m2", 0.0, 1e6)
POSITIVE_AREA = quantity("an area above zero", "m**2", "0.72 m2", 1e-9, 1e6)
FLOOR_LOAD = quantity("a floor load", "kg/m**2", "2400 kg/m2", 0.0, 1e6)
HEIGHT = quantity("a height in rack units", "RU", "1 RU", 0.0, 1e3)
RESISTANCE = quantity("a thermal resistance", "K/W", "0.03 K/W", 0.0, 1e3)
DURATION = quantity("a time", "s", "48 h", 0.0, 3.2e9)
WEEKS = quantity("a time", "week", "12 weeks", 0.0, 2000.0)
MONEY = quantity("an amount of money", "USD", "3.1 MUSD", 0.0, 1e16)
RACKS = quantity("a number of racks", "rack", "12000 racks", 0.0, 1e9)
RACKS_PER_WEEK = quantity("racks a week", "rack/week", "100 racks/week", 0.0, 1e7)
PER_WEEK = quantity("pieces a week", "1/week", "72000 /week", 0.0, 1e12)
USD_PER_RACK = quantity("money per rack", "USD/rack", "7.2 MUSD/rack", 0.0, 1e12)
USD_PER_RACK_WEEK = quantity("money per rack and week", "USD/rack/week", "80 kUSD/rack/week", 0.0, 1e12)
USD_PER_W = quantity("money per power", "USD/W", "17 MUSD/MW", 0.0, 1e6)
USD_PER_HOUR = quantity("money per hour", "USD/h", "42 USD/h", 0.0, 1e6)
OPERATIONS = quantity("a number of operations", "FLOP", "5e26 FLOP", 0.0, LARGEST)
OPERATION_RATE = quantity("operations a second", "FLOP/s", "1080 PFLOP/s", 0.0, LARGEST)
BYTES = quantity("an amount of memory", "byte", "20.7 TB", 0.0, LARGEST)
BYTE_RATE = quantity("a memory bandwidth", "byte/s", "576 TB/s", 0.0, LARGEST)
BIT_RATE = quantity("a link rate", "bit/s", "800 Gbit/s", 0.0, LARGEST)
POSITIVE_BIT_RATE = quantity("a link rate above zero", "bit/s", "800 Gbit/s", 1.0, LARGEST)
TOKEN_RATE = quantity("tokens a second", "token/s", "8e12 tokens/day", 0.0, LARGEST)
YEARLY_VOLATILITY = quantity("a yearly volatility", "", "15 %", 0.0, 5.0)
YEARLY_RATE = quantity("a yearly rate", "1/year", "0.09 /year", 0.0, 10.0)
LENGTHS = quantity("lengths, rising", "", "0.5, 1, 2 m", -LARGEST)
WORD = quantity("a name", "", "gb300", -LARGEST)
WEEK = quantity("a week", "", "2026-W14", -LARGEST)

Share = Annotated[float, Field("scalar", SHARE)]
PositiveShare = Annotated[float, Field("scalar", POSITIVE_SHARE)]
Ratio = Annotated[float, Field("scalar", RATIO)]
Number = Annotated[float, Field("scalar", NUMBER)]
Count = Annotated[int, Field("count", COUNT)]
OneOrMore = Annotated[int, Field("count", ONE_OR_MORE)]
UpTo1000 = Annotated[int, Field("count", UP_TO_1000)]
PositiveRatio = Annotated[float, Field("scalar", POSITIVE_RATIO)]
PositivePower = Annotated[float, Field("scalar", POSITIVE_POWER)]
PositiveFlow = Annotated[float, Field("scalar", POSITIVE_FLOW)]
PositiveArea = Annotated[float, Field("scalar", POSITIVE_AREA)]
PositiveBitRate = Annotated[float, Field("scalar", POSITIVE_BIT_RATE)]
Correlation = Annotated[float, Field("scalar", CORRELATION)]
Power = Annotated[float, Field("scalar", POWER)]
EnergyPrice = Annotated[float, Field("scalar", ENERGY_PRICE)]
Temperature = Annotated[float, Field("scalar", TEMPERATURE)]
Rise = Annotated[float, Field("scalar", RISE)]
Flow = Annotated[float, Field("scalar", FLOW)]
AutoFlow = Annotated[float | None, Field("scalar", FLOW, auto=True)]
Pressure = Annotated[float, Field("scalar", PRESSURE)]
Voltage = Annotated[float, Field("scalar", VOLTAGE)]
Current = Annotated[float, Field("scalar", CURRENT)]
PowerRamp = Annotated[float, Field("scalar", POWER_RAMP)]
ShareRamp = Annotated[float, Field("scalar", SHARE_RAMP)]
Energy = Annotated[float, Field("scalar", ENERGY)]
Capacitance = Annotated[float, Field("scalar", CAPACITANCE)]
Volume = Annotated[float, Field("scalar", VOLUME)]
LetThrough = Annotated[float, Field("scalar", LET_THROUGH)]
Ohms = Annotated[float, Field("scalar", OHMS)]
InductancePerLength = Annotated[float, Field("scalar", INDUCTANCE_PER_LENGTH)]
Frequency = Annotated[float, Field("scalar", FREQUENCY)]
ApparentPower = Annotated[float, Field("scalar", APPARENT_POWER)]
Mass = Annotated[float, Field("scalar", MASS)]
Length = Annotated[float, Field("scalar", LENGTH)]
AutoLength = Annotated[float | None, Field("scalar", LENGTH, auto=True)]
Kv = Annotated[float, Field("scalar", KV)]
Area = Annotated[float, Field("scalar", AREA)]
FloorLoad = Annotated[float, Field("scalar", FLOOR_LOAD)]
Height = Annotated[float, Field("scalar", HEIGHT)]
Resistance = Annotated[float, Field("scalar", RESISTANCE)]
Duration = Annotated[float, Field("scalar", DURATION)]
LeadWeeks = Annotated[float, Field("scalar", WEEKS)]
Money = Annotated[float, Field("scalar", MONEY)]
Racks = Annotated[float, Field("scalar", RACKS)]
UsdPerRack = Annotated[float, Field("scalar", USD_PER_RACK)]
UsdPerRackWeek = Annotated[float, Field("scalar", USD_PER_RACK_WEEK)]
UsdPerW = Annotated[float, Field("scalar", USD_PER_W)]
UsdPerHour = Annotated[float, Field("scalar", USD_PER_HOUR)]
Operations = Annotated[float, Field("scalar", OPERATIONS)]
OperationRate = Annotated[float, Field("scalar", OPERATION_RATE)]
Bytes = Annotated[float, Field("scalar", BYTES)]
ByteRate = Annotated[float, Field("scalar", BYTE_RATE)]
BitRate = Annotated[float, Field("scalar", BIT_RATE)]
YearlyVolatility = Annotated[float, Field("scalar", YEARLY_VOLATILITY)]
YearlyRate = Annotated[float, Field("scalar", YEARLY_RATE)]
TokenRate = Annotated[float, Field("scalar", TOKEN_RATE)]
PerWeek = Annotated[float, Field("scalar", PER_WEEK)]
Week = Annotated[int, Field("week", WEEK)]
Word = Annotated[str, Field("word", WORD)]

WeeklyRacks = Annotated[Weeks, Field("weekly", RACKS)]
WeeklyPower = Annotated[Weeks, Field("weekly", POWER)]
WeeklyPieces = Annotated[Weeks, Field("weekly", PER_WEEK)]
WeeklyTokens = Annotated[Weeks, Field("weekly", TOKEN_RATE)]
YearlyMoney = Annotated[dict[int, float], Field("yearly", MONEY)]


def refers(*sections: str) -> Field:
    """The annotation of a key into a part kind of the catalogue (`chips`) or a section of the program (`rack`)."""
    return Field("word", Kind(f"a name in {' or '.join(sections)}", "", "a name"), refers_to=sections)


#: Endings that carry the unit; the file says the noun alone: `supply_k` is read from `supply`.
ENDINGS = (
    "_per_rack_week_usd", "_usd_per_rack", "_usd_per_w", "_usd_per_j", "_usd_h", "_per_week", "_kg_m2", "_byte_s",
    "_w_s", "_bit_s", "_flop_s", "_token_s", "_m3_s", "_m3_h", "_j_k_w", "_m3_w", "_m_s", "_k_w", "_h_m", "_weeks", "_share", "_racks", "_flop", "_byte", "_usd", "_week",
    "_a2s", "_ru", "_kg", "_m2", "_m3", "_pa", "_hz", "_va", "_w", "_k", "_v", "_a", "_m", "_s", "_j", "_f",
)  # fmt: skip


def file_name(attribute: str) -> str:
    """The key in the file for an attribute: the name without its unit.

    >>> file_name("supply_k"), file_name("lead_weeks"), file_name("redundancy")
    ('supply', 'lead', 'redundancy')
    """
    for ending in ENDINGS:
        if attribute.endswith(ending) and len(attribute) > len(ending):
            return attribute.removesuffix(ending).rstrip("_")
    return attribute


def refuse(found: str, expected: str) -> PydanticCustomError:
    """The problem that a section as a whole raises: what was found, what would do."""
    return PydanticCustomError("wrong", "wrong value", {"found": found, "expected": expected, "where": ""})


class Section(BaseModel):
    """A typed mapping of the program: unknown keys are problems, everything is frozen."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=file_name,
        arbitrary_types_allowed=True,
        str_strip_whitespace=True,
        protected_namespaces=(),
    )
