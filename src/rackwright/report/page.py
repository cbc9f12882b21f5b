"""What the command line prints: one page for a plan, tables for a stage, entries for the catalogue."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import Any

from rackwright.errors import Problem, ProgramError
from rackwright.figures import Figure
from rackwright.outcome import Outcome
from rackwright.program import tree
from rackwright.program.load import shipped
from rackwright.report.story import lines as story_lines
from rackwright.tables import Column, Finding, Headline, Table
from rackwright.units import convert, say_in, three_figures

MOST_ROWS = 40


def say_headline(item: Headline) -> str:
    """The headline's value as a reader wants it; whole racks."""
    if item.value is None:
        return "none"
    if isinstance(item.value, str):
        return item.value
    if item.unit in ("rack", "rack week", "rack*week", "rack/week"):
        unit = {"rack": "racks", "rack/week": "racks/week"}.get(item.unit, "rack-weeks")
        return f"{round(item.value):,} {unit}"
    if item.unit == "" and item.name.endswith("not_explained_by_roadmap"):
        return f"{three_figures(item.value * 100)} %"
    if item.unit in ("", "count"):
        return f"{round(item.value):,}"
    return say_in(float(item.value), item.unit)


def cell(value: Any, column: Column) -> str:
    """One cell of a table in the unit that its column shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        shown = column.shown or column.unit
        return three_figures(convert(value, column.unit, shown)) if shown != column.unit else three_figures(value)
    return str(value)


def _title(column: Column) -> str:
    unit = column.shown or column.unit
    return f"{column.name} [{unit}]" if unit else column.name


def table_lines(table: Table, most: int = MOST_ROWS) -> Iterator[str]:
    """A table as plain text, numbers to the right, cut after `most` rows."""
    columns = table.spec.columns
    rows = [
        [cell(value, column) for value, column in zip(row, columns, strict=True)]
        for row in table.frame.head(most).iter_rows()
    ]
    titles = [_title(column) for column in columns]
    widths = [max(len(line[number]) for line in [titles, *rows]) for number in range(len(columns))]
    right = [column.type in ("number", "count") for column in columns]

    def line(cells: list[str]) -> str:
        padded = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(cells, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    yield f"{table.name}: {table.spec.meaning}"
    yield line(titles)
    for row in rows:
        yield line(row)
    if table.frame.height > most:
        yield f"... {table.frame.height - most:,} more rows: --json, or report --format xlsx"


def finding_lines(findings: tuple[Finding, ...]) -> Iterator[str]:
    """Failed checks first, then how many passed and what is not modelled."""
    failed = [item for item in findings if item.outcome == "failed"]
    for item in sorted(failed, key=lambda item: ("error", "warning", "note").index(item.severity)):
        value = say_in(item.value, item.unit) if item.value is not None else "?"
        limit = say_in(item.limit, item.unit) if item.limit is not None else "?"
        yield f"{item.severity}: {item.subject}, {item.rule}: {value} against {limit} ({item.standing}, {item.source}). {item.text}"
    passed = sum(item.outcome == "passed" for item in findings)
    silent = [item for item in findings if item.outcome == "not modelled"]
    yield f"{len(findings)} checks: {passed} passed, {len(failed)} failed, {len(silent)} not modelled."


def _rule(title: str) -> str:
    width = min(shutil.get_terminal_size((100, 20)).columns, 110) if sys.stdout.isatty() else 100
    return f"-- {title} {'-' * max(3, width - len(title) - 4)}"


def plan_page(outcome: Outcome) -> str:
    """One page: six sentences, headlines, failed findings, bottlenecks."""
    lines = [
        f"{outcome.program.name}, {outcome.program.calendar.weeks} weeks from {outcome.program.calendar.text(0)}",
        "",
    ]
    lines += story_lines(outcome)
    lines += ["", _rule("headlines")]
    width = max((len(name) for name in outcome.headlines), default=0)
    lines += [f"{name.ljust(width)}  {say_headline(item)}" for name, item in outcome.headlines.items()]
    lines += ["", *_taken(outcome), "", _rule("findings"), *finding_lines(outcome.findings)]
    return "\n".join(lines)


def ranges(outcome: Outcome) -> list[Figure]:
    """The program's values that are ranges; a plain run takes their mode."""
    return [figure for figure in outcome.program.figures if figure.low is not None]


def _taken(outcome: Outcome) -> Iterator[str]:
    """What the run took where the program leaves it open."""
    open_values = ranges(outcome)
    if open_values:
        named = ", ".join(figure.path for figure in open_values[:4])
        more = f" and {len(open_values) - 4} more" if len(open_values) > 4 else ""
        count = "1 range is" if len(open_values) == 1 else f"{len(open_values)} ranges are"
        yield f"{count} taken at the mode: {named}{more}."
    pipeline = outcome.plan.assumed_pipeline if outcome.plan else ()
    if pipeline:
        yield (
            f"Orders on the way are not stated for {len(pipeline)} offers: taken as filled at the supplier's cap for its "
            "lead time (assumed)."
        )


def stage_heads(outcome: Outcome, stage: str) -> list[str]:
    """A stage's headlines, one a line."""
    return [f"{name}  {say_headline(item)}" for name, item in outcome.headlines.items() if name.startswith(f"{stage}.")]


#: First letters of the tables that a part of a stage shows.
VIEWS = {"cooling": ("rack.cooling", "rack.loop"), "power": ("rack.power", "rack.feed", "rack.busbar")}


def stage_page(outcome: Outcome, stage: str, view: str | None = None) -> str:
    """A stage's headlines, tables and findings; `view` keeps one part of them."""
    lines = stage_heads(outcome, stage)
    for name, table in outcome.tables.items():
        if name.startswith(f"{stage}.") and (view is None or name.startswith(VIEWS.get(view, f"{stage}.{view}"))):
            lines += ["", *table_lines(table)]
    result = getattr(outcome, stage)
    if result is not None:
        kept = tuple(
            item for item in result.findings if view is None or item.rule.startswith((f"{stage}.{view}", view))
        )
        lines += ["", _rule("findings"), *finding_lines(kept)]
    return "\n".join(lines)


def catalogue_rows(kind: str | None, key: str | None) -> dict[str, Any]:
    """The shipped catalogue as plain data.

    Raises
    ------
    ProgramError
        For a kind or an entry that is not there.
    """
    kinds = {name: tree.to_plain(node) for name, node in shipped().kinds.items()}
    if kind is None:
        return {name: sorted(entries) for name, entries in kinds.items() if isinstance(entries, dict)}
    entries = kinds.get(kind)
    if not isinstance(entries, dict):
        raise ProgramError([Problem("catalogue", 0, kind, kind, "a kind of part", tree.nearest(kind, kinds))])
    if key is None:
        return dict(entries)
    if key not in entries:
        raise ProgramError(
            [Problem("catalogue", 0, f"{kind}.{key}", key, f"an entry of {kind}", tree.nearest(key, entries))]
        )
    return {key: entries[key]}


def catalogue_lines(kind: str | None, key: str | None) -> Iterator[str]:
    """The same as text: names, or every figure with its standing and source."""
    rows = catalogue_rows(kind, key)
    if kind is None:
        for name, entries in rows.items():
            yield f"{name}: {', '.join(entries)}"
        return
    for name, entry in rows.items():
        yield name
        yield from _entry_lines(entry, "  ")


def _entry_lines(entry: Any, indent: str) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{indent}{entry}"
        return
    for key, item in entry.items():
        if isinstance(item, dict) and ("value" in item or "mode" in item):
            value = item.get("value", f"{item.get('low')} to {item.get('high')}")
            about = ", ".join(
                str(item[name]) for name in ("status", "source", "place", "year", "note") if item.get(name)
            )
            yield f"{indent}{key}: {value}  [{about}]"
        elif isinstance(item, dict | list):
            yield f"{indent}{key}:"
            for part in [item] if isinstance(item, dict) else item:
                yield from _entry_lines(part, indent + "  ")
        else:
            yield f"{indent}{key}: {item}"
