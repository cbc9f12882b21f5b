"""The shape of an InfraGraph file, checked before it is read: all that is missing or of a wrong kind, at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rackwright.errors import Problem

#: What each list of an infrastructure holds: fields that must be there, and of which type.
LISTS: dict[str, dict[str, type]] = {
    "devices": {"name": str, "components": list},
    "instances": {"name": str, "device": str, "count": int},
    "links": {"name": str},
    "edges": {"ep1": dict, "ep2": dict, "link": str},
}
COMPONENT: dict[str, type] = {"name": str, "count": int, "choice": str}
END: dict[str, type] = {"instance": str, "component": str}
WORDS: dict[type, str] = {str: "text", list: "a list", dict: "a mapping", int: "a whole number"}
#: Nodes and links of a file beyond which it is a slip of the pen, not a fabric.
MOST_COUNT = 50_000_000


def shape_problems(tree: Any, file: str) -> list[Problem]:
    """Problems of a tree read from an InfraGraph file; an empty list where `wiring_of` can take it."""
    if not isinstance(tree, dict):
        return [_problem(file, "", _word(tree), "a mapping with devices, instances, links and edges")]
    found: list[Problem] = []
    for name, fields in LISTS.items():
        rows = tree.get(name)
        if not isinstance(rows, list) or not rows:
            found.append(_problem(file, name, _word(rows), "a list with at least one entry"))
            continue
        for at, row in enumerate(rows):
            found += _row_problems(row, fields, file, f"{name}[{at}]")
    return found


def _row_problems(row: Any, fields: dict[str, type], file: str, where: str) -> Iterator[Problem]:
    """Problems of one entry, and of the components or ends in it."""
    if not isinstance(row, dict):
        yield _problem(file, where, _word(row), "a mapping with " + ", ".join(fields))
        return
    for name, kind in fields.items():
        value = row.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            yield _problem(file, f"{where}.{name}", _word(value), WORDS[kind])
        elif isinstance(value, int) and not 1 <= value <= MOST_COUNT:
            yield _problem(file, f"{where}.{name}", str(value), f"a whole number from 1 to {MOST_COUNT:,}")
        elif isinstance(value, list):
            for at, part in enumerate(value):
                yield from _row_problems(part, COMPONENT, file, f"{where}.components[{at}]")
        elif isinstance(value, dict):
            yield from _row_problems(value, END, file, f"{where}.{name}")


def _word(value: Any) -> str:
    if value is None:
        return "nothing"
    return repr(value)[:60] if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _problem(file: str, path: str, found: str, expected: str) -> Problem:
    return Problem(file=file, line=0, path=path, found=found, expected=expected)
