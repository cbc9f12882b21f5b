"""Column, Table, Finding, Headline, Trace: what stages hand on, with names, units and meanings declared once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import polars as pl

from rackwright.figures import Status

ColumnType = Literal["text", "number", "count", "week", "flag"]
Severity = Literal["error", "warning", "note"]
Standing = Literal["standard", "draft", "roadmap", "estimate", "user"]
Outcome = Literal["passed", "failed", "not modelled"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)

_POLARS: dict[ColumnType, type[pl.DataType]] = {
    "text": pl.String,
    "number": pl.Float64,
    "count": pl.Int64,
    "week": pl.String,
    "flag": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `unit` is the SI unit of the values ("" for none), `shown` the unit a reader wants."""

    name: str
    meaning: str
    unit: str = ""
    type: ColumnType = "number"
    shown: str = ""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table's declaration: its dotted name, what one row is, and its columns."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    def table(self, rows: Iterable[Sequence[Any]] | Mapping[str, Any] | pl.DataFrame = ()) -> Table:
        """Make the table from rows in column order, from a mapping of columns, or from a frame.

        Raises
        ------
        ValueError
            If columns are missing or too many: a bug of ours.
        """
        names = [column.name for column in self.columns]
        schema = {column.name: _POLARS[column.type] for column in self.columns}
        if isinstance(rows, pl.DataFrame):
            frame = rows
        elif isinstance(rows, Mapping):
            frame = pl.DataFrame(dict(rows), strict=False)
        else:
            frame = pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row", strict=False)
        if sorted(frame.columns) != sorted(names):
            raise ValueError(f"{self.name} has columns {frame.columns}, declared are {names}")
        return Table(self, frame.select(names).cast(dict(schema)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A polars frame with its declaration."""

    spec: TableSpec
    frame: pl.DataFrame

    @property
    def name(self) -> str:
        return self.spec.name

    def rows(self) -> list[dict[str, Any]]:
        return self.frame.to_dicts()


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `margin` is (limit - value) / limit, positive when it holds, None when not modelled.

    The severity is capped by the standing of the limit; nothing here claims compliance with a standard.
    """

    rule: str
    subject: str
    outcome: Outcome
    value: float | None
    limit: float | None
    unit: str
    margin: float | None
    severity: Severity
    standing: Standing
    source: str
    text: str


_CAP: dict[Standing, Severity] = {
    "standard": "error",
    "user": "error",
    "draft": "warning",
    "roadmap": "warning",
    "estimate": "warning",
}
_ORDER: tuple[Severity, ...] = ("note", "warning", "error")


def cap(severity: Severity, standing: Standing) -> Severity:
    """What a failed check may be called when its limit stands so: a draft's limit gives a warning at most.

    >>> cap("error", "draft"), cap("note", "standard")
    ('warning', 'note')
    """
    return min(severity, _CAP[standing], key=_ORDER.index)


def finding(
    rule: str,
    subject: str,
    value: float,
    limit: float,
    unit: str,
    *,
    standing: Standing,
    source: str,
    text: str,
    at_least: bool = False,
    severity: Severity = "error",
) -> Finding:
    """Check `value` against `limit` (an upper limit, or a lower one with `at_least`).

    >>> finding("rack.mass", "gb300", 1360.0, 1400.0, "kg", standing="standard", source="orv3", text="").outcome
    'passed'
    """
    room = value - limit if at_least else limit - value
    margin = room / abs(limit) if limit else (0.0 if room == 0 else math.copysign(1.0, room))
    passed = room >= -1e-9 * max(abs(limit), 1e-30)
    return Finding(
        rule=rule,
        subject=subject,
        outcome="passed" if passed else "failed",
        value=value,
        limit=limit,
        unit=unit,
        margin=margin,
        severity=cap(severity, standing),
        standing=standing,
        source=source,
        text=text,
    )


def not_modelled(rule: str, subject: str, text: str, source: str = "") -> Finding:
    """A check that we do not compute, said aloud."""
    return Finding(rule, subject, "not modelled", None, None, "", None, "note", "estimate", source, text)


@dataclass(frozen=True, slots=True)
class Headline:
    """A number with a fixed name: what it means and the paths and catalogue keys that it rests on."""

    name: str
    value: float | str | None
    unit: str
    definition: str
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """How one number came about: `inputs` are keys of other traces, headlines, or program paths.

    A program path may end in `.*`: then everything under it is an input.
    """

    key: str
    value: float | str | None
    unit: str
    formula: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageResult:
    """What every stage's frozen result has in common; each stage adds its own typed fields."""

    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    headlines: tuple[Headline, ...] = ()
    traces: tuple[Trace, ...] = ()


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with the standing of the weakest input it rests on; sums of these say what is weak."""

    amount_usd: float
    status: Status = field(default="assumed")
