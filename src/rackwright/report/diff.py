"""What changed between two programs, and what that changed along the whole chain, largest first.

The second program's plan is asked to stay nearest to the first one's wherever that costs nothing, so what moves
moves for a reason. A plan that moves at the same cost and lateness is said to do so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
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
    told: bool = False


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
    of_heads = [*_headlines(old, new), *_dates(old, new)]
    heads = {line.what for line in of_heads}
    moved = [line for line in (*of_heads, *_tables(old, new)) if line.share != 0.0]
    large = [line for line in moved if abs(line.share) >= FOLD_SHARE]
    large.sort(key=lambda line: (STAGES.index(line.stage), line.what not in heads, -abs(line.share), line.what))
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


#: What a headline is called in the memo; `*` is the generation or plant.
WORDS = {
    "demand.peak_live_racks": "racks at work in the week of the highest demand",
    "demand.not_explained_by_roadmap": "share of the demand that the roadmap does not explain",
    "rack.*.power_w": "AC power of one * rack",
    "rack.*.cost_usd": "cost of one * rack",
    "rack.*.cost_with_shared_usd": "cost of one * rack with its share of the block",
    "rack.*.findings_failed": "limits that the * rack fails",
    "evaluation.*.verdict": "verdict on the sample racks of *",
    "plant.*.racks_per_week": "racks a week at * at the start",
    "plan.racks_built": "racks built over the horizon",
    "plan.peak_racks_per_week": "racks built in the largest week",
    "plan.late_rack_weeks": "rack-weeks late",
    "plan.late_racks_at_end": "racks late in the last week",
    "plan.waiting_for_power": "finished racks that wait for power, at most",
    "plan.binding": "what holds the plan back most",
    "buildout.live_w": "facility power live in the last week",
    "buildout.capex_usd": "racks, shared equipment and facilities over the horizon",
    "agreement.option_value_usd": "value of the option to its holder",
}
#: Columns of tables that the memo tells, and how: the row's texts follow.
TOLD = {
    ("roadmap.training", "racks"): "racks for the run",
    ("roadmap.serving", "tokens_per_s"): "tokens a second of one rack",
    ("rack.summary", "liquid_heat_w"): "heat to the liquid loop of",
    ("rack.summary", "flow_m3_s"): "coolant flow of",
    ("rack.summary", "shelves"): "power shelves of",
    ("rack.summary", "mass_kg"): "mass of",
    ("rack.summary", "shared_power_w"): "power outside the rack, of its block, for",
    ("rack.loop", "cdus_per_block"): "CDUs of a block of",
    ("rack.feed", "cord_after_loss_a"): "current in a cord after the loss of a feed,",
    ("plant.rates", "racks_per_week"): "racks a week at",
    ("plan.deliveries", "built"): "racks built",
    ("plan.deliveries", "late"): "racks late at the end of",
    ("plan.expansions", "count"): "modules or lines bought:",
    ("plan.money", "cost_usd"): "money,",
    ("plan.purchases", "pieces"): "pieces that arrive,",
    ("buildout.capex", "amount_usd"): "capital expenditure,",
    ("buildout.energy", "electricity_usd"): "electricity,",
}
#: Text columns that may differ between the runs and so do not tell which row is which.
ANSWERS = frozenset(
    {"verdict", "binding", "next", "set_by", "because", "shares", "side", "shelf", "cdu", "switch", "owner", "path"}
)


def _headlines(old: Outcome, new: Outcome) -> Iterator[Moved]:
    for name in [*old.headlines, *(name for name in new.headlines if name not in old.headlines)]:
        a, b = old.headlines.get(name), new.headlines.get(name)
        head = b or a
        assert head is not None
        stage = name.split(".")[0]
        x, y = a.value if a else None, b.value if b else None
        if isinstance(x, float | int) and isinstance(y, float | int):
            yield Moved(stage, _in_words(name), x, y, head.unit, _share(float(x), float(y)), told=True)
        elif x != y:
            yield Moved(stage, _in_words(name), x, y, head.unit, 1.0, told=True)


#: Gigawatts whose dates the memo tells.
MILESTONES_W = (1e9, 5e9, 10e9, 20e9, 30e9)


def _dates(old: Outcome, new: Outcome) -> Iterator[Moved]:
    """Dates that moved: the first late week, and when the milestones of live power are reached."""
    first = [
        outcome.plan.late_causes[0].week if outcome.plan and outcome.plan.late_causes else None
        for outcome in (old, new)
    ]
    pairs = [("plan", "the first late week", first[0], first[1])]
    for milestone_w in MILESTONES_W:
        reached = [_first_week_at(outcome, milestone_w) for outcome in (old, new)]
        pairs.append(("buildout", f"the first week with {say_in(milestone_w, 'W')} live", reached[0], reached[1]))
    for stage, what, a, b in pairs:
        if a != b:
            yield Moved(stage, what, _week_name(old, a), _week_name(new, b), "", 1.0, told=True)


def _first_week_at(outcome: Outcome, power_w: float) -> int | None:
    if outcome.buildout is None:
        return None
    weeks = np.flatnonzero(outcome.buildout.live_w.sum(axis=0) >= power_w)
    return int(weeks[0]) if weeks.size else None


def _week_name(outcome: Outcome, week: int | None) -> str:
    return "never in the horizon" if week is None else outcome.program.calendar.text(week)


def _in_words(name: str) -> str:
    stage, *middle, last = name.split(".")
    words = WORDS.get(f"{stage}.*.{last}" if middle else name, name)
    return words.replace("*", ".".join(middle))


def _tables(old: Outcome, new: Outcome) -> Iterator[Moved]:
    for name, table in new.tables.items():
        other = old.tables.get(name)
        if other is not None:
            yield from _table(name.split(".")[0], other, table)


def _table(stage: str, old: Table, new: Table) -> Iterator[Moved]:
    """Rows with the same texts are the same row; weekly rows are summed and the first week that differs is told."""
    columns = new.spec.columns
    keys = [column.name for column in columns if column.type in ("text", "flag") and column.name not in ANSWERS]
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
            yield _moved(stage, new.name, key, column, a, b)


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
                key = tuple(str(row[name]) for name in keys)
                yield _moved(stage, new.name, key, column, row["a"], row["b"], str(row["since"]))


def _moved(stage: str, table: str, key: tuple[str, ...], column: Column, a: float, b: float, since: str = "") -> Moved:
    """A number of a table that moved; told in words when the memo tells its column."""
    row = " ".join(part for part in key if part and part not in ("true", "false", "True", "False"))
    words = TOLD.get((table, column.name))
    what = f"{words} {row}" if words else f"{table} {row}: {column.name}{', sum over weeks' if since else ''}"
    share = _share(a, b)
    note = "moved between weeks" if since and not share else ""
    unit = column.unit
    if column.shown and not unit.startswith(("W", "USD", "J")):
        a, b, unit = convert(a, unit, column.shown), convert(b, unit, column.shown), column.shown
    return Moved(stage, what, a, b, unit, share or (1e-9 if note else 0.0), since, note, words is not None)


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
    if isinstance(value, str):
        return value
    if unit in _WHOLE:
        return f"{round(value):,} {_WHOLE[unit]}"
    return say_in(float(value), unit)


#: Units that a planner counts in whole numbers.
_WHOLE = {
    "rack": "racks",
    "rack/week": "racks/week",
    "rack*week": "rack-weeks",
    "rack week": "rack-weeks",
    "piece": "pieces",
    "module": "whole",
}


def diff_lines(difference: Difference) -> Iterator[str]:
    """The memo: what the program says differently, then stage by stage what moved, largest first.

    Only what a planner reads is told: headlines and the columns of `TOLD`; `--json` has every number that moved.
    """
    yield f"{difference.before} -> {difference.after}"
    yield ""
    yield "Changed in the program" if difference.changes else "The programs say the same."
    for change in difference.changes[:MOST_LINES]:
        yield f"  {change.path}: {change.before or 'absent'} -> {change.after or 'removed'}  ({change.place})"
    if len(difference.changes) > MOST_LINES:
        yield f"  and {len(difference.changes) - MOST_LINES} more values"
    told = 0
    for stage in STAGES:
        lines = [line for line in difference.moved if line.stage == stage and line.told]
        told += len(lines)
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
    if len(difference.moved) > told:
        yield f"{len(difference.moved) - told:,} more numbers in the tables moved; --json lists them."
    if difference.folded:
        yield f"{difference.folded:,} changes of under {FOLD_SHARE:.1%} are folded."
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
