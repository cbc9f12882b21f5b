"""The tree that a program file becomes: texts, lists and mappings that know their file and line.

Nodes are never changed once made, and may be shared between places of a tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.program.calendar import is_date

MOST_LEVELS = 40
MOST_VALUES = 200_000
LONG_TABLES = "fewer: long tables stand in a CSV or Parquet file beside the program"
REMOVES = frozenset({"null", "~", ""})
RANGE = ("low", "mode", "high")
BESIDE_DATES = frozenset({"then", "source", "status", "place", "note", "year"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. `line` counts from 1; 0 when the value did not come from a file."""

    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Values in order."""

    items: tuple[Node, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Values by name, in the order of the file; `key_lines` holds the line of a name, in its value's file."""

    items: dict[str, Node]
    file: str
    line: int
    key_lines: dict[str, int]


Node = Scalar | Listing | Mapping


def removes(node: Node) -> bool:
    """True for `null`, `~` and the empty text: laid over a key, they remove it."""
    return isinstance(node, Scalar) and node.text in REMOVES


def is_value(node: Mapping) -> bool:
    """True for a mapping that is one value: `{value, ...}`, `{low, mode, high}` or a series of dates.

    Such a mapping replaces another as a whole. Things that happen to be named `high` or `value` are none.
    """
    items = node.items
    if "value" in items:
        inner = items["value"]
        return not isinstance(inner, Mapping) or is_value(inner)
    if any(isinstance(items.get(key), Scalar) for key in RANGE):
        return True
    dates = sum(1 for key in items if is_date(key))
    return dates > 0 and dates + len(BESIDE_DATES & items.keys()) == len(items)


def without(node: Mapping, key: str) -> Mapping:
    """The mapping less one key."""
    items = {name: item for name, item in node.items.items() if name != key}
    lines = {name: line for name, line in node.key_lines.items() if name != key}
    return Mapping(items, node.file, node.line, lines)


def children(node: Node) -> tuple[Node, ...]:
    """The values right below a node."""
    if isinstance(node, Scalar):
        return ()
    return node.items if isinstance(node, Listing) else tuple(node.items.values())


def size(node: Node) -> int:
    """Number of values in the tree; one that stands in two places counts twice."""
    count, waiting = 0, [node]
    while waiting:
        count += 1
        waiting += children(waiting.pop())
    return count


def levels(node: Node) -> int:
    """How deep lists and mappings are nested: 0 for a text, 1 for a list of texts."""
    if isinstance(node, Scalar):
        return 0
    return 1 + max(map(levels, children(node)), default=0)
