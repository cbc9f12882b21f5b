"""The tree of a program file, by paths and as plain values; reading and inheriting are at home next door.

A path is `rack.gb300.power`; `0`, `1`, ... count the values of a list.
"""

from __future__ import annotations

import numbers
from collections import abc
from collections.abc import Sequence

from rackwright.errors import Problem, ProgramError
from rackwright.program.inherit import merge, resolve_bases, resolve_extends
from rackwright.program.names import nearest, shown, wrong_name
from rackwright.program.nodes import (
    LONG_TABLES,
    MOST_LEVELS,
    MOST_VALUES,
    Listing,
    Mapping,
    Node,
    Scalar,
    is_value,
    levels,
    removes,
    without,
)
from rackwright.program.read import MOST_PROBLEMS, read_file, read_text

__all__ = [
    "Listing",
    "Mapping",
    "Node",
    "Scalar",
    "at",
    "from_plain",
    "is_value",
    "merge",
    "nearest",
    "place",
    "read_file",
    "read_text",
    "removes",
    "replace_at",
    "resolve_bases",
    "resolve_extends",
    "to_plain",
    "without",
]

Plain = str | list["Plain"] | dict[str, "Plain"]


def at(node: Node, path: str | Sequence[str]) -> Node | None:
    """The value at a path, None when there is none; the empty path is the tree itself."""
    current: Node | None = node
    for key in _keys(path):
        if current is None:
            return None
        current = _below(current, key)
    return current


def place(node: Node, path: str | Sequence[str]) -> tuple[str, int]:
    """File and line of the value at a path, or of the last one on the way that exists.

    For a value of a mapping the line is that of its name.
    """
    found = (node.file, node.line)
    for key in _keys(path):
        below = _below(node, key)
        if below is None:
            break
        line = node.key_lines.get(key, below.line) if isinstance(node, Mapping) else below.line
        found, node = (below.file, line), below
    return found


def replace_at(node: Node, path: str | Sequence[str], value: Node) -> Node:
    """The tree with another value at a path; missing mappings are made, a `null` removes what stands there.

    A `null` where nothing stands stays, so that `resolve_bases` can remove what a base brings.

    Raises
    ------
    ProgramError
        If the path leads through a text or past the end of a list, has an impossible name, or grows too deep.
    """
    keys = _keys(path)
    if len(keys) + levels(value) > MOST_LEVELS:
        raise ProgramError([_too_deep(value.file, value.line, ".".join(keys[:MOST_LEVELS]))])
    return _replaced(node, keys, 0, value)


def _replaced(node: Node | None, keys: Sequence[str], depth: int, value: Node) -> Node:
    if depth == len(keys):
        return value
    key = keys[depth]
    if isinstance(node, Listing):
        return _replaced_item(node, keys, depth, value)
    if isinstance(node, Scalar) and not removes(node):
        raise _astray(keys, depth, value, shown(node.text), "a mapping or a list on the way")
    if expected := wrong_name(key):
        raise _astray(keys, depth, value, shown(key), expected)
    whole = node if isinstance(node, Mapping) else Mapping({}, value.file, value.line, {})
    if removes(value) and depth + 1 == len(keys) and key in whole.items and not removes(whole.items[key]):
        return without(whole, key)
    items = {**whole.items, key: _replaced(whole.items.get(key), keys, depth + 1, value)}
    lines = dict(whole.key_lines)
    if depth + 1 == len(keys) or key not in whole.items:
        lines[key] = value.line
    return Mapping(items, whole.file, whole.line, lines)


def _replaced_item(node: Listing, keys: Sequence[str], depth: int, value: Node) -> Listing:
    item = _below(node, keys[depth])
    if item is None:
        expected = f"a place in a list of {len(node.items)}, from 0"
        raise _astray(keys, depth, value, shown(keys[depth]), expected)
    number = int(keys[depth])
    gone = removes(value) and depth + 1 == len(keys)
    new = () if gone else (_replaced(item, keys, depth + 1, value),)
    return Listing((*node.items[:number], *new, *node.items[number + 1 :]), node.file, node.line)


def _astray(keys: Sequence[str], depth: int, value: Node, found: str, expected: str) -> ProgramError:
    path = ".".join(shown(key) for key in keys[: depth + 1])
    return ProgramError([Problem(value.file, value.line, path, found, expected)])


def _keys(path: str | Sequence[str]) -> list[str]:
    if isinstance(path, str):
        return path.split(".") if path else []
    return list(path)


def _below(node: Node, key: str) -> Node | None:
    if isinstance(node, Mapping):
        return node.items.get(key)
    if isinstance(node, Listing) and key.isascii() and key.isdigit() and len(key) < 10:
        return node.items[int(key)] if int(key) < len(node.items) else None
    return None


def to_plain(node: Node) -> Plain:
    """The tree as dicts, lists and texts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        return [to_plain(item) for item in node.items]
    return {key: to_plain(item) for key, item in node.items.items()}


def from_plain(value: object, file: str = "<python>") -> Node:
    """The tree of a Python value: mappings, lists, tuples, texts, numbers, booleans; None becomes `null`.

    Raises
    ------
    ProgramError
        With every value of another type, every impossible name, and where it is nested too deep or too large.
    """
    reading = _FromPlain(file)
    node = reading.node(value, ())
    if reading.problems:
        raise ProgramError(reading.problems)
    return node


class _FromPlain:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.values = 0

    def node(self, value: object, path: tuple[str, ...]) -> Node:
        self.values += 1
        if self.values > MOST_VALUES:
            return self._wrong(path[:1], f"over {MOST_VALUES:,} values", LONG_TABLES)
        if not isinstance(value, abc.Mapping | list | tuple):
            return self._scalar(value, path)
        if len(path) >= MOST_LEVELS:
            self.problems.append(_too_deep(self.file, 0, ".".join(path)))
            return Scalar("", self.file, 0)
        if isinstance(value, abc.Mapping):
            return self._mapping(value, path)
        items = []
        for number, item in enumerate(value):
            if self._full():
                break
            items.append(self.node(item, (*path, str(number))))
        return Listing(tuple(items), self.file, 0)

    def _mapping(self, value: abc.Mapping[object, object], path: tuple[str, ...]) -> Mapping:
        items: dict[str, Node] = {}
        for name, item in value.items():
            if self._full():
                break
            key = _text(name) if isinstance(name, str | int) and not isinstance(name, bool) else None
            below = (*path, shown(key or type(name).__name__))
            if key is None:
                self._wrong(below, f"a name of type {shown(type(name).__name__)}", "a name of text")
            elif expected := wrong_name(key):
                self._wrong(below, shown(key), expected)
            elif key in items:
                self._wrong(below, f"{shown(key)} again", "each name once")
            items[key or ""] = self.node(item, below)
        return Mapping(items, self.file, 0, dict.fromkeys(items, 0))

    def _full(self) -> bool:
        return self.values > MOST_VALUES or len(self.problems) >= MOST_PROBLEMS

    def _scalar(self, value: object, path: tuple[str, ...]) -> Scalar:
        text = _text(value)
        if text is None:
            found = f"a value of type {shown(type(value).__name__)}"
            return self._wrong(path, found, "text, a number, a mapping, a list or None, in UTF-8")
        return Scalar(text, self.file, 0)

    def _wrong(self, path: tuple[str, ...], found: str, expected: str) -> Scalar:
        self.problems.append(Problem(self.file, 0, ".".join(path), found, expected))
        return Scalar("", self.file, 0)


def _text(value: object) -> str | None:
    """A Python value as a program file would write it; None for what has no such text.

    >>> _text(2.0e9), _text(True), _text(None), _text(3)
    ('2000000000.0', 'true', 'null', '3')
    """
    try:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return str.encode(value).decode()
        if isinstance(value, numbers.Integral):
            return str(int(value))
        return repr(float(value)) if isinstance(value, numbers.Real) else None
    except (ValueError, OverflowError):  # a lone surrogate, or a number of thousands of digits
        return None


def _too_deep(file: str, line: int, path: str) -> Problem:
    found = f"nesting deeper than {MOST_LEVELS} levels"
    return Problem(file, line, path, found, f"at most {MOST_LEVELS} levels")
