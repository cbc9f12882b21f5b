"""What changed between two programs, and what that changed along the whole chain, largest first.

The second program's plan is asked to stay nearest to the first one's wherever that costs nothing, so what moves
moves for a reason. A plan that moves at the same cost and lateness is said to do so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from rackwright.outcome import STAGES, Outcome
from rackwright.program import Program
from rackwright.report.envelope import plain
from rackwright.tables import Column, Finding, Table
from rackwright.units import convert, say_in, three_figures

#: Changes below this share of the larger value are folded into a count.
FOLD_SHARE = 0.005
MOST_LINES = 12


@dataclass(frozen=True, slots=True)
class Change:
    """A value that the two programs write differently; `after` None means that it is gone."""

    path: str
    before: str | None
    after: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A number of a stage that moved; `share` is the change over the larger of the two, signed."""

    stage: str
    what: str
    before: float | str | None
    after: float | str | None
    unit: str
    share: float
    since: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that `diff` says."""

    before: str
    after: str
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    folded: int
    findings: tuple[str, ...]
    free_moves: bool


def compare(old: Outcome, new: Outcome, before: str, after: str) -> Difference:
    """Compare two runs."""
    moved = [line for line in (*_headlines(old, new), *_tables(old, new)) if line.share != 0.0]
    large = [line for line in moved if abs(line.share) >= FOLD_SHARE]
    large.sort(key=lambda line: (STAGES.index(line.stage), -abs(line.share), line.what))
    return Difference(
        before=before,
        after=after,
        changes=tuple(_changes(old.program, new.program)),
        moved=tuple(large),
        folded=len(moved) - len(large),
        findings=tuple(_findings(old, new)),
        free_moves=_same_answer(old, new) and any(line.stage == "plan" for line in moved),
    )


def _changes(old: Program, new: Program) -> Iterator[Change]:
    left, right = old.figure_by_path, new.figure_by_path
    for path in [*left, *(path for path in right if path not in left)]:
        a, b = left.get(path), right.get(path)
        if a is not None and b is not None and (a.text, a.low, a.high) == (b.text, b.low, b.high):
            continue
        where = b or a
        assert where is not None
        yield Change(path, a.text if a else None, b.text if b else None, f"{where.file}:{where.line}")


def _share(a: float, b: float) -> float:
    size = max(abs(a), abs(b))
    return 0.0 if size < 1e-12 or math.isclose(a, b, rel_tol=1e-9) else (b - a) / size


def _headlines(old: Outcome, new: Outcome) -> Iterator[Moved]:
    for name in [*old.headlines, *(name for name in new.headlines if name not in old.headlines)]:
        a, b = old.headlines.get(name), new.headlines.get(name)
        head = b or a
        assert head is not None
        stage = name.split(".")[0]
        x, y = a.value if a else None, b.value if b else None
        if isinstance(x, float | int) and isinstance(y, float | int):
            yield Moved(stage, name, x, y, head.unit, _share(float(x), float(y)))
        elif x != y:
            yield Moved(stage, name, x, y, head.unit, 1.0)


def _tables(old: Outcome, new: Outcome) -> Iterator[Moved]:
    for name, table in new.tables.items():
        other = old.tables.get(name)
        if other is not None:
            yield from _table(name.split(".")[0], other, table)


def _table(stage: str, old: Table, new: Table) -> Iterator[Moved]:
    """Rows with the same texts are the same row; weekly rows are summed and the first week that differs is told."""
    columns = new.spec.columns
    keys = [column.name for column in columns if column.type in ("text", "flag")]
    weeks = [column.name for column in columns if column.type == "week"]
    numbers = [column for column in columns if column.type in ("number", "count")]
    if not numbers or not keys:
        return
    if weeks:
        yield from _weekly(stage, old, new, keys, weeks[0], numbers)
        return
    left, right = _by_key(old.frame, keys), _by_key(new.frame, keys)
    for key in [*left, *(key for key in right if key not in left)]:
        for column in numbers:
            a = float((left.get(key) or {}).get(column.name) or 0.0)
            b = float((right.get(key) or {}).get(column.name) or 0.0)
            what = f"{new.name} {' '.join(part for part in key if part)}: {column.name}"
            yield Moved(stage, what, a, b, _shown_unit(column), _share(a, b))


def _by_key(frame: pl.DataFrame, keys: list[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    return {tuple(str(row[key]) for key in keys): row for row in frame.to_dicts()}


def _weekly(stage: str, old: Table, new: Table, keys: list[str], week: str, numbers: list[Column]) -> Iterator[Moved]:
    for column in numbers:
        left = old.frame.select([*keys, week, pl.col(column.name).cast(pl.Float64).fill_null(0.0).alias("a")])
        right = new.frame.select([*keys, week, pl.col(column.name).cast(pl.Float64).fill_null(0.0).alias("b")])
        joined = left.join(right, on=[*keys, week], how="full", coalesce=True).with_columns(
            pl.col("a").fill_null(0.0), pl.col("b").fill_null(0.0)
        )
        differs = (pl.col("a") - pl.col("b")).abs() > 1e-6 * pl.max_horizontal(
            pl.col("a").abs(), pl.col("b").abs(), 1.0
        )
        sums = joined.group_by(keys).agg(
            pl.col("a").sum(), pl.col("b").sum(), pl.col(week).filter(differs).min().alias("since")
        )
        for row in sums.sort(keys).to_dicts():
            if row["since"] is not None:
                what = f"{new.name} {' '.join(str(row[key]) for key in keys)}: {column.name}, sum over weeks"
                share = _share(row["a"], row["b"])
                note = "" if share else "moved between weeks"
                yield Moved(
                    stage, what, row["a"], row["b"], _shown_unit(column), share or 1e-9, str(row["since"]), note
                )


def _shown_unit(column: Column) -> str:
    return column.unit


def _same_answer(old: Outcome, new: Outcome) -> bool:
    if old.plan is None or new.plan is None:
        return False
    pairs = [
        (old.headlines.get(name), new.headlines.get(name)) for name in ("plan.late_rack_weeks", "buildout.capex_usd")
    ]
    return all(
        a and b and math.isclose(float(a.value or 0), float(b.value or 0), rel_tol=1e-6, abs_tol=1e-3) for a, b in pairs
    )


def _findings(old: Outcome, new: Outcome) -> Iterator[str]:
    def failed(outcome: Outcome) -> dict[tuple[str, str], Finding]:
        return {(item.rule, item.subject): item for item in outcome.findings if item.outcome == "failed"}

    before, after = failed(old), failed(new)
    for key, item in after.items():
        if key not in before:
            yield f"now fails: {item.subject}, {item.rule}: {_number(item.value, item.unit)} against {_number(item.limit, item.unit)}"
    for key, item in before.items():
        if key not in after:
            yield f"now holds: {item.subject}, {item.rule}"


def _number(value: float | str | None, unit: str) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else say_in(float(value), unit)


def diff_lines(difference: Difference) -> Iterator[str]:
    """The memo: what the program says differently, then stage by stage what moved, largest first."""
    yield f"{difference.before} -> {difference.after}"
    yield ""
    yield "Changed in the program" if difference.changes else "The programs say the same."
    for change in difference.changes[:MOST_LINES]:
        yield f"  {change.path}: {change.before or 'absent'} -> {change.after or 'removed'}  ({change.place})"
    if len(difference.changes) > MOST_LINES:
        yield f"  and {len(difference.changes) - MOST_LINES} more values"
    for stage in STAGES:
        lines = [line for line in difference.moved if line.stage == stage]
        if lines:
            yield ""
            yield stage
        for line in lines[:MOST_LINES]:
            yield f"  {_memo(line)}"
        if len(lines) > MOST_LINES:
            yield f"  and {len(lines) - MOST_LINES} smaller moves"
    if difference.findings:
        yield ""
        yield "limits"
        for text in difference.findings:
            yield f"  {text}"
    yield ""
    if difference.free_moves:
        yield "Moves of the plan cost nothing: lateness and money are the same."
    if difference.folded:
        yield f"{difference.folded} changes of under {FOLD_SHARE:.1%} are folded."
    if not difference.moved and not difference.folded:
        yield "Nothing moved."


def _memo(line: Moved) -> str:
    before, after = _number(line.before, line.unit), _number(line.after, line.unit)
    change = (
        f" ({_change(line)})" if isinstance(line.before, float | int) and isinstance(line.after, float | int) else ""
    )
    since = f", from {line.since}" if line.since else ""
    note = f"; {line.note}" if line.note else ""
    return f"{line.what}: {before} -> {after}{change}{since}{note}"


def _change(line: Moved) -> str:
    before, after = float(line.before or 0.0), float(line.after or 0.0)
    if before == 0.0:
        return f"+{_number(after, line.unit)}"
    relative = (after - before) / abs(before)
    return f"{'+' if relative >= 0 else ''}{three_figures(convert(relative, '', '%'))} %"


def difference_json(difference: Difference) -> dict[str, Any]:
    """The difference for `--json`."""

    def clean(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: clean(value) for key, value in item.items()}
        return [clean(value) for value in item] if isinstance(item, list | tuple) else plain(item)

    document: dict[str, Any] = clean(asdict(difference))
    return document
