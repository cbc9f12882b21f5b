"""Why a number is what it is: the tree of traces down to file:line or source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.errors import Problem, ProgramError
from rackwright.figures import Figure
from rackwright.outcome import Outcome
from rackwright.program import tree
from rackwright.units import say_in

MOST_LEAVES = 40


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the tree: what, its value, the formula or the place it comes from, and what stands below it."""

    key: str
    value: str
    because: str
    below: tuple[Reason, ...] = ()


def explain(outcome: Outcome, where: str) -> Reason:
    """The tree below a headline, a trace key or a program path.

    Raises
    ------
    ProgramError
        When the run knows no such name; with the nearest one.
    """
    if where in outcome.traces or where in outcome.headlines:
        return _reason(outcome, where, set())
    if outcome.program.at(where) is not None:
        leaves = tuple(_input_reasons(outcome, where))
        return leaves[0] if len(leaves) == 1 else Reason(where, "", f"{len(leaves)} values", leaves)
    known = [*outcome.headlines, *outcome.traces, *outcome.program.figure_by_path]
    file = outcome.program.files[0] if outcome.program.files else "<program>"
    raise ProgramError(
        [
            Problem(
                file,
                0,
                "",
                f"no number or path called {where}",
                "a headline or a path of the program",
                tree.nearest(where, known),
            )
        ]
    )


def _told(outcome: Outcome, key: str) -> tuple[str, str, tuple[str, ...]]:
    """Value, formula and inputs of a trace or headline."""
    trace, headline = outcome.traces.get(key), outcome.headlines.get(key)
    if trace is not None:
        return _say(trace.value, trace.unit), trace.formula, trace.inputs
    assert headline is not None
    return _say(headline.value, headline.unit), headline.definition, headline.rests_on


def _reason(outcome: Outcome, key: str, seen: set[str]) -> Reason:
    """The tree below a key; what was told once is not told again."""
    value, because, inputs = _told(outcome, key)
    if key in seen:
        return Reason(key, value, "told above")
    seen.add(key)
    below: list[Reason] = []
    for item in inputs:
        if item in outcome.traces or item in outcome.headlines:
            below.append(_reason(outcome, item, seen))
        elif item in seen:
            below.append(Reason(item, "", "told above"))
        else:
            seen.add(item)
            below.extend(_input_reasons(outcome, item))
    return Reason(key, value, because, tuple(below))


def graph(outcome: Outcome) -> dict[str, Reason]:
    """Every number that a headline rests on, by key, each once; `below` holds bare names to look up again."""
    found: dict[str, Reason] = {}
    waiting = list(outcome.headlines)
    while waiting:
        key = waiting.pop()
        if key in found:
            continue
        value, because, inputs = _told(outcome, key)
        names: list[Reason] = []
        for item in inputs:
            names.append(Reason(item, "", ""))
            if item in outcome.traces or item in outcome.headlines:
                waiting.append(item)
            elif item not in found:
                leaves = tuple(_input_reasons(outcome, item))
                single = len(leaves) == 1 and leaves[0].key == item
                found[item] = leaves[0] if single else Reason(item, "", f"{len(leaves)} values", leaves)
        found[key] = Reason(key, value, because, tuple(names))
    return found


def _say(value: float | str | None, unit: str) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else say_in(value, unit)


def _input_reasons(outcome: Outcome, path: str) -> Iterator[Reason]:
    figures = outcome.program.figure_by_path
    stem = path.removesuffix(".*")
    if stem in figures:
        yield figure_reason(outcome, figures[stem])
        return
    under = [figure for key, figure in figures.items() if key.startswith(f"{stem}.")]
    for figure in under[:MOST_LEAVES]:
        yield figure_reason(outcome, figure)
    if len(under) > MOST_LEAVES:
        yield Reason(path, "", f"and {len(under) - MOST_LEAVES} more values under {stem}")
    if not under:
        file, line = outcome.program.place(stem)
        node = outcome.program.at(stem)
        text = node.text if isinstance(node, tree.Scalar) else ("not written" if node is None else "")
        yield Reason(path, text, f"{file}:{line}" if node is not None else "absent from the program")


def figure_reason(outcome: Outcome, figure: Figure) -> Reason:
    """A leaf: the value as written, its standing, its source and its place."""
    title = outcome.program.sources.get(figure.source, {}).get("title", "") if figure.source else ""
    source = f"{figure.source}: {title}" if title else figure.source
    parts = [figure.status, source, figure.place, f"{figure.file}:{figure.line}"]
    if figure.low is not None:
        parts.insert(0, "mode of a range")
    return Reason(figure.path, figure.text, ", ".join(part for part in parts if part))


def leaf_paths(outcome: Outcome, key: str) -> frozenset[str]:
    """Every program path that a headline or trace rests on, through all traces; `.*` opened."""
    figures = outcome.program.figure_by_path
    seen: set[str] = set()
    found: set[str] = set()
    waiting = [key]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        trace, headline = outcome.traces.get(name), outcome.headlines.get(name)
        if trace is not None:
            waiting.extend(trace.inputs)
        elif headline is not None:
            waiting.extend(headline.rests_on)
        else:
            stem = name.removesuffix(".*")
            found.update(path for path in figures if path == stem or path.startswith(f"{stem}."))
    return frozenset(found)


def lines(reason: Reason, depth: int = 0) -> Iterator[str]:
    """The tree as plain text, two spaces a level."""
    value = f" = {reason.value}" if reason.value else ""
    yield f"{'  ' * depth}{reason.key}{value}  [{reason.because}]"
    for below in reason.below:
        yield from lines(below, depth + 1)
