"""Program files read into a tree: YAML in which every scalar is text, with limits on size, depth and aliases.

Of YAML a program needs mappings, lists, texts, anchors and comments; the rest (tags, merge keys, several
documents) is refused with what to write instead. libyaml's events give the lines.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import cast

import yaml

from rackwright.errors import Problem, ProgramError
from rackwright.program.names import nearest, printable, shown, wrong_name
from rackwright.program.nodes import LONG_TABLES, MOST_LEVELS, MOST_VALUES, Listing, Mapping, Node, Scalar

MOST_BYTES = 5_000_000
MOST_ALIASES = 1000
MOST_PROBLEMS = 1000
USE_BASE = "base: KEY takes everything from another entry"
PROGRAM_FILE = "a program file of text (YAML in UTF-8)"

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG_DIRECTIVE = re.compile("^%TAG", re.MULTILINE)


def read_file(path: Path) -> Node:
    """The tree of one file; `extends` is left as it stands.

    Raises
    ------
    ProgramError
        With every problem of the file: it cannot be opened, is too large, no text, or no YAML that we take.
    """
    file = printable(str(path))
    if problem := unreadable(path, file):
        raise ProgramError([problem])
    try:
        with path.open("rb") as handle:
            data = handle.read(MOST_BYTES + 1)
    except OSError as error:
        raise ProgramError([_no_file(file, error)]) from None
    if len(data) > MOST_BYTES:
        raise ProgramError([_too_large(file)])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data[: error.start].decode("utf-8")
        raise ProgramError([_binary(file, text, f"byte 0x{data[error.start]:02x}")]) from None
    return read_text(text, file)


def read_text(text: str, file: str) -> Node:
    """The tree of a text; `file` is the name that its values and problems carry.

    Raises
    ------
    ProgramError
        As `read_file`.
    """
    problem = _refusal(text, file)
    if problem:
        raise ProgramError([problem])
    return _Reading(text.removeprefix("\ufeff"), file).tree()


def unreadable(path: Path, file: str) -> Problem | None:
    """Why a file cannot be read, without opening it; None when it can be tried."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        return _no_file(file, error, _nearest_file(path))
    if stat.S_ISDIR(status.st_mode):
        return Problem(file, 0, "", "a folder", PROGRAM_FILE)
    if not stat.S_ISREG(status.st_mode):
        return Problem(file, 0, "", "a device or a pipe", PROGRAM_FILE)
    if status.st_size > MOST_BYTES:
        return _too_large(file)
    if status.st_size == 0:
        return _empty(file)
    return None


def _no_file(file: str, error: Exception, meant: str | None = None) -> Problem:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
    return Problem(file, 0, "", reason[0].lower() + reason[1:], "a program file that can be read", meant)


def _nearest_file(path: Path) -> str | None:
    try:
        with os.scandir(path.parent) as entries:
            names = (entry.name for entry in islice(entries, 500) if entry.name != path.name)
            return nearest(path.name, filter(str.isprintable, names))
    except (OSError, ValueError):
        return None


def _too_large(file: str) -> Problem:
    found = f"a file of over {MOST_BYTES // 1_000_000} MB"
    return Problem(file, 0, "", found, "a smaller one: long tables stand in a CSV or Parquet file beside it")


def _empty(file: str) -> Problem:
    return Problem(file, 0, "", "an empty file", "a program, with rackwright: 1 at its top")


def _binary(file: str, before: str, found: str) -> Problem:
    """Something that no text holds; `before` is the text that leads up to it."""
    offset = len(before.encode("utf-8", "surrogatepass"))
    return Problem(file, before.count("\n") + 1, "", f"{found} at offset {offset}", PROGRAM_FILE)


def _refusal(text: str, file: str) -> Problem | None:
    """What can be told before parsing."""
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        return _too_large(file)
    if match := _NOT_TEXT.search(text):
        return _binary(file, text[: match.start()], f"control character {shown(match[0])}")
    # libyaml takes quadratic time over these
    if match := _TAG_DIRECTIVE.search(text):
        line = text.count("\n", 0, match.start()) + 1
        return Problem(file, line, "", "%TAG", "no tags: every value is read as text")
    return None


class _Refused(Exception):
    """Ends the reading of one file; its problem is noted already."""


class _Reading:
    """One pass over the events of one text."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=LOADER)
        self.problems: list[Problem] = []
        self.path: list[str | int] = []
        #: Of each anchor: its value, how many values and levels that holds. None while it is being read.
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        self.aliases = 0
        self.values = 0
        self.levels = 0
        self.deepest = 0

    def tree(self) -> Node:
        node: Node | None = None
        try:
            node = self._document()
        except _Refused:
            pass
        except yaml.YAMLError as error:
            self.problems.append(self._syntax(error))
        except (ValueError, OverflowError):  # an escape or a number that the parser cannot turn into text
            self._note(0, "an escape that is no text", "YAML")
        if self.problems or node is None:
            raise ProgramError(self.problems)
        return node

    def _document(self) -> Node | None:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            self.problems.append(_empty(self.file))
            return None
        first = next(self.events)
        if isinstance(first, yaml.ScalarEvent) and not first.value and not first.style:
            self.problems.append(_empty(self.file))
            return None
        node = self._node(first)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._note(_line(after), "a second document", "one program in a file, no --- between sections")
        return node

    def _node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(1, event)
        node_event = cast("yaml.NodeEvent", event)
        return self._plain(event) if node_event.anchor is None else self._anchored(node_event)

    def _plain(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        self._no_tag(cast("yaml.CollectionStartEvent", event))
        self._reach(self.levels + 1, event)
        self.levels += 1
        listing = isinstance(event, yaml.SequenceStartEvent)
        node = self._listing(event) if listing else self._mapping(event)
        self.levels -= 1
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        self._no_tag(event)
        if event.style == '"':
            event.value.encode()  # the pure parser lets a lone surrogate through
        return Scalar(event.value, self.file, _line(event))

    def _listing(self, start: yaml.Event) -> Listing:
        items: list[Node] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            self.path.append(len(items))
            items.append(self._node(event))
            self.path.pop()
        return Listing(tuple(items), self.file, _line(start))

    def _mapping(self, start: yaml.Event) -> Mapping:
        items: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, lines)
            self.path.append(shown(key))
            value = self._node(next(self.events))
            self.path.pop()
            items.setdefault(key, value)
            lines.setdefault(key, _line(event))
        return Mapping(items, self.file, _line(start), lines)

    def _key(self, event: yaml.Event, lines: dict[str, int]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event)
            self._note(_line(event), "a list, a mapping or an alias as a name", "a name of plain text")
            return ""
        key = self._scalar(event).text
        if event.anchor is not None:
            self._note(_line(event), f"&{shown(event.anchor)} on a name", "an anchor on a value")
        if key == "<<":
            self._note(_line(event), "the merge key <<", USE_BASE)
        elif key in lines:
            self._note(_line(event), f"{shown(key)} again, first on line {lines[key]}", "each name once", key)
        elif expected := wrong_name(key):
            self._note(_line(event), shown(key), expected)
        return key

    def _anchored(self, event: yaml.NodeEvent) -> Node:
        name, values, deepest = str(event.anchor), self.values, self.deepest
        if name in self.anchors:
            self._note(_line(event), f"&{shown(name)} again", "each anchor once")
        self.anchors[name] = None
        self.deepest = self.levels
        node = self._plain(event)
        self.anchors[name] = (node, self.values - values + 1, self.deepest - self.levels)
        self.deepest = max(self.deepest, deepest)
        return node

    def _alias(self, event: yaml.AliasEvent) -> Node:
        self.aliases += 1
        if self.aliases > MOST_ALIASES:
            self._refuse(event, f"over {MOST_ALIASES:,} aliases", f"fewer; {USE_BASE}")
        name = str(event.anchor)
        known = self.anchors.get(name)
        if known is None:
            wrong = "inside itself" if name in self.anchors else "without an anchor"
            self._note(_line(event), f"*{shown(name)} {wrong}", f"&{shown(name)} on a value above")
            return Scalar("", self.file, _line(event))
        node, values, levels = known
        self._count(values, event)
        self._reach(self.levels + levels, event)
        return node

    def _no_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self._note(_line(event), f"the tag {shown(event.tag)}", "no tags: every value is read as text")

    def _count(self, values: int, event: yaml.Event) -> None:
        self.values += values
        if self.values > MOST_VALUES:
            found = f"over {MOST_VALUES:,} values" + (", aliases written out" if self.aliases else "")
            self._refuse(event, found, LONG_TABLES)

    def _reach(self, levels: int, event: yaml.Event) -> None:
        self.deepest = max(self.deepest, levels)
        if levels > MOST_LEVELS:
            self._refuse(event, f"nesting deeper than {MOST_LEVELS} levels", f"at most {MOST_LEVELS} levels")

    def _refuse(self, event: yaml.Event, found: str, expected: str) -> None:
        self._note(_line(event), found, expected)
        raise _Refused

    def _note(self, line: int, found: str, expected: str, key: str | None = None) -> None:
        self.problems.append(Problem(self.file, line, self._where(key), found, expected))
        if len(self.problems) >= MOST_PROBLEMS:
            found = f"over {MOST_PROBLEMS:,} problems"
            self.problems.append(Problem(self.file, line, "", found, "fewer; reading stopped here"))
            raise _Refused

    def _where(self, key: str | None = None) -> str:
        return ".".join(map(str, self.path if key is None else [*self.path, shown(key)]))

    def _syntax(self, error: yaml.YAMLError) -> Problem:
        marked = error if isinstance(error, yaml.MarkedYAMLError) else yaml.MarkedYAMLError()
        mark = marked.problem_mark or marked.context_mark
        said = [part for part in (marked.context, marked.problem) if part]
        lines, path = self.text.splitlines(), self._where()
        if mark is None or mark.line >= len(lines):
            return Problem(self.file, len(lines), path, "the end of the file", _rule(said))
        line = lines[mark.line]
        indent = line[: len(line) - len(line.lstrip())]
        rule = "spaces, not tabs, before a name" if "\t" in indent else _rule(said)
        return Problem(self.file, mark.line + 1, path, shown(line), rule)


def _rule(said: list[str]) -> str:
    return f"YAML ({printable(', '.join(said))[:200]})" if said else "YAML"


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 0
