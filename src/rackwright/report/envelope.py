"""The one envelope of every `--json`: run, headlines, findings, problems, tables; null for absent, never NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import rackwright
from rackwright.errors import Problem
from rackwright.outcome import Outcome
from rackwright.tables import Finding, Headline, Table


def envelope(outcome: Outcome | None, problems: Iterable[Problem] = (), message: str = "") -> dict[str, Any]:
    """What a run says to another program; also on exits 2 to 4, then with `problems` or `message` and empty results."""
    return {
        "rackwright": rackwright.__version__,
        "run": _run(outcome),
        "headlines": [_headline(item) for item in outcome.headlines.values()] if outcome else [],
        "findings": [_finding(item) for item in outcome.findings] if outcome else [],
        "problems": [_problem(item) for item in problems],
        "message": message or None,
        "tables": {name: table_json(table) for name, table in outcome.tables.items()} if outcome else {},
    }


def _run(outcome: Outcome | None) -> dict[str, Any]:
    names = ("program_sha256", "program", "seed", "price_year", "start", "weeks", "solver", "status", "gap")
    if outcome is None:
        return dict.fromkeys(names)
    program, plan = outcome.program, outcome.plan
    return {
        "program_sha256": program.sha256,
        "program": program.name,
        "seed": program.seed,
        "price_year": program.price_year,
        "start": program.calendar.text(0),
        "weeks": program.calendar.weeks,
        "solver": plan.solver if plan else None,
        "status": plan.status if plan else None,
        "gap": plain(plan.gap) if plan else None,
    }


def plain(value: Any) -> Any:
    """JSON's own kinds; a number that is none becomes null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _headline(item: Headline) -> dict[str, Any]:
    return {
        "name": item.name,
        "value": plain(item.value),
        "unit": item.unit,
        "definition": item.definition,
        "rests_on": list(item.rests_on),
    }


def _finding(item: Finding) -> dict[str, Any]:
    return {
        "rule": item.rule,
        "subject": item.subject,
        "outcome": item.outcome,
        "value": plain(item.value),
        "limit": plain(item.limit),
        "unit": item.unit,
        "margin": plain(item.margin),
        "severity": item.severity,
        "standing": item.standing,
        "source": item.source,
        "text": item.text,
    }


def _problem(item: Problem) -> dict[str, Any]:
    return {
        "file": item.file,
        "line": item.line,
        "path": item.path,
        "found": item.found,
        "expected": item.expected,
        "nearest": item.nearest,
    }


def table_json(table: Table) -> dict[str, Any]:
    """Columns as declared, rows as lists."""
    columns = [
        {
            "name": column.name,
            "unit": column.unit,
            "shown": column.shown or column.unit,
            "type": column.type,
            "meaning": column.meaning,
        }
        for column in table.spec.columns
    ]
    return {
        "meaning": table.spec.meaning,
        "columns": columns,
        "rows": [[plain(cell) for cell in row] for row in table.frame.iter_rows()],
    }


def to_text(document: dict[str, Any]) -> str:
    """The document as JSON text.

    Raises
    ------
    ValueError
        If a NaN got in: a bug of ours.
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def envelope_schema() -> dict[str, Any]:
    """JSON Schema of the envelope (`rackwright schema --output`)."""
    text, number = {"type": "string"}, {"type": ["number", "null"]}
    maybe = {"type": ["string", "null"]}

    def record(required: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "properties": required, "required": list(required), "additionalProperties": False}

    column = record(
        {
            "name": text,
            "unit": text,
            "shown": text,
            "type": {"enum": ["text", "number", "count", "week", "flag"]},
            "meaning": text,
        }
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rackwright output",
        **record(
            {
                "rackwright": text,
                "run": record(
                    {
                        "program_sha256": maybe,
                        "program": maybe,
                        "seed": {"type": ["integer", "null"]},
                        "price_year": {"type": ["integer", "null"]},
                        "start": maybe,
                        "weeks": {"type": ["integer", "null"]},
                        "solver": maybe,
                        "status": maybe,
                        "gap": number,
                    }
                ),
                "headlines": {
                    "type": "array",
                    "items": record(
                        {
                            "name": text,
                            "value": {"type": ["number", "string", "null"]},
                            "unit": text,
                            "definition": text,
                            "rests_on": {"type": "array", "items": text},
                        }
                    ),
                },
                "findings": {
                    "type": "array",
                    "items": record(
                        {
                            "rule": text,
                            "subject": text,
                            "outcome": {"enum": ["passed", "failed", "not modelled"]},
                            "value": number,
                            "limit": number,
                            "unit": text,
                            "margin": number,
                            "severity": {"enum": ["error", "warning", "note"]},
                            "standing": {"enum": ["standard", "draft", "roadmap", "estimate", "user"]},
                            "source": text,
                            "text": text,
                        }
                    ),
                },
                "problems": {
                    "type": "array",
                    "items": record(
                        {
                            "file": text,
                            "line": {"type": "integer"},
                            "path": text,
                            "found": text,
                            "expected": text,
                            "nearest": maybe,
                        }
                    ),
                },
                "message": maybe,
                "tables": {
                    "type": "object",
                    "additionalProperties": record(
                        {
                            "meaning": text,
                            "columns": {"type": "array", "items": column},
                            "rows": {"type": "array", "items": {"type": "array"}},
                        }
                    ),
                },
            }
        ),
    }
