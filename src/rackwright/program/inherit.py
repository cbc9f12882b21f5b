"""What one entry takes from another: files that extend files, things that are based on things."""

from __future__ import annotations

import os
from collections.abc import Mapping as Entries
from itertools import chain as chained
from pathlib import Path
from typing import cast

from rackwright.errors import Problem, ProgramError
from rackwright.program.names import chain, nearest, shown
from rackwright.program.nodes import (
    LONG_TABLES,
    MOST_VALUES,
    Mapping,
    Node,
    Scalar,
    is_value,
    removes,
    size,
    without,
)
from rackwright.program.read import read_file, unreadable

MOST_EXTENDS = 8
MOST_SUGGESTIONS = 20


def merge(under: Node, over: Node) -> Node:
    """`over` laid on `under`: mappings by key, everything else replaces; `null` in `over` removes the key.

    Keys come in the order of `under`, new ones after them. Every value keeps the file and line that wrote it;
    a mapping that both hold takes those of `over`.
    """
    return _laid(under, over, keep=False)


def _laid(under: Node | None, over: Node, *, keep: bool) -> Node:
    """`keep` leaves a `null` standing that has found nothing to remove: a base may bring it yet."""
    if not isinstance(over, Mapping) or is_value(over):
        return over
    below = under if isinstance(under, Mapping) and not is_value(under) else None
    items = dict(below.items) if below else {}
    lines = dict(below.key_lines) if below else {}
    for key, item in over.items.items():
        if not removes(item):
            items[key] = _laid(items.get(key), item, keep=keep)
        elif keep and (key not in items or removes(items[key])):
            items[key] = item
        else:
            items.pop(key, None)
        lines[key] = over.key_lines.get(key, item.line)
    return Mapping(items, over.file, over.line, {key: line for key, line in lines.items() if key in items})


def resolve_extends(path: Path) -> tuple[Mapping, tuple[Path, ...]]:
    """The tree of a file laid over the files that it extends, and these files, the given one first.

    A `null` that removes nothing from the files below stays, so that `resolve_bases` can remove what a base
    brings.

    Raises
    ------
    ProgramError
        With every problem of the first file that cannot be read. A cycle, a missing file and more than 8
        levels stand at the `extends` that leads there.
    """
    files = [path]
    layers: list[Mapping] = []
    values = 0
    while True:
        layer = _sections(read_file(files[-1]))
        values += size(layer)
        if values > MOST_VALUES:
            found = f"over {MOST_VALUES:,} values with the files that extend it"
            raise ProgramError([Problem(layer.file, layer.line, "", found, LONG_TABLES)])
        layers.append(without(layer, "extends"))
        if "extends" not in layer.items:
            break
        files.append(_extended(layer, files))
    node = layers.pop()
    while layers:
        over = layers.pop()
        laid = _laid(node, over, keep=True)
        node = laid if isinstance(laid, Mapping) else over
    return node, tuple(files)


def _sections(node: Node) -> Mapping:
    if isinstance(node, Mapping):
        return node
    found = shown(node.text) if isinstance(node, Scalar) else "a list"
    raise ProgramError([Problem(node.file, node.line, "", found, "sections such as rack:")])


def _extended(layer: Mapping, files: list[Path]) -> Path:
    """The file that a layer names, checked."""
    link = layer.items["extends"]
    target = files[-1].parent / link.text if isinstance(link, Scalar) and not removes(link) else None
    meant = None
    if target is None:
        found = shown(link.text) if isinstance(link, Scalar) else "a list or a mapping"
        expected = "a file name"
    elif problem := unreadable(target, ""):
        found, expected, meant = f"{shown(str(target))}: {problem.found}", problem.expected, problem.nearest
    elif os.path.realpath(target) in map(os.path.realpath, files):
        found = f"{chain(file.name for file in [*files, target])}, a cycle"
        expected = "files that do not extend each other in a ring"
    elif len(files) > MOST_EXTENDS:
        found, expected = f"over {MOST_EXTENDS} levels of extends", f"at most {MOST_EXTENDS}"
    else:
        return target
    line = layer.key_lines.get("extends", link.line)
    raise ProgramError([Problem(link.file, line, "extends", found, expected, meant)])


def resolve_bases(
    section: Mapping,
    catalogue: Entries[str, Node],
    path: str,
) -> tuple[Mapping, list[Problem]]:
    """Each thing of a section laid over its `base:`, a sibling or a catalogue entry; `base` stays as text.

    Catalogue entries may be based on others of the catalogue. A thing whose base cannot be had stays as
    written. `path` is where the section stands, for the problems: dangling bases, and each cycle once.
    """
    bases = _Bases(section, catalogue, path)
    items = {name: bases.whole((name, False)) for name in section.items}
    return Mapping(items, section.file, section.line, section.key_lines), bases.problems


#: A thing by name, and whether it is the catalogue's.
_Ref = tuple[str, bool]


class _Bases:
    def __init__(self, section: Mapping, catalogue: Entries[str, Node], path: str) -> None:
        self.section = section
        self.catalogue = catalogue
        self.path = path
        self.problems: list[Problem] = []
        self.done: dict[_Ref, Node] = {}
        self.values = 0

    def whole(self, ref: _Ref) -> Node:
        """The thing over its base; without recursion, for chains may be long."""
        open_refs: dict[_Ref, _Ref | None] = {}
        current: _Ref | None = ref
        while current is not None and current not in self.done:
            if current in open_refs:
                self._cycle(list(open_refs), current)
                break
            open_refs[current] = self._base(current)
            current = open_refs[current]
        for name, base in reversed(open_refs.items()):
            self.done[name] = self._over(name, base)
        return self.done[ref]

    def _written(self, ref: _Ref) -> Node:
        name, shipped = ref
        return self.catalogue[name] if shipped else self.section.items[name]

    def _base(self, ref: _Ref) -> _Ref | None:
        """What a thing is based on; None without a base or with one that cannot be had, which is noted."""
        name, shipped = ref
        thing = self._written(ref)
        link = thing.items.get("base") if isinstance(thing, Mapping) else None
        if link is None:
            return None
        if not isinstance(link, Scalar):
            self._note(ref, "a list or a mapping", "the name of one entry")
            return None
        for found in ((link.text, False), (link.text, True)):
            known = self.catalogue if found[1] else {} if shipped else self.section.items
            if found == ref or found[0] not in known:
                continue
            if isinstance(known[found[0]], Mapping):
                return found
            self._note(ref, f"{shown(found[0])}, which is no mapping", "the name of an entry with keys")
            return None
        if link.text == name:
            self._note(ref, f"{chain([name, name])}, a cycle", "another entry")
            return None
        expected = f"a name in {self.path} or in the catalogue"
        self._note(ref, shown(link.text), expected, self._meant(ref, link))
        return None

    def _meant(self, ref: _Ref, link: Scalar) -> str | None:
        if len(self.problems) >= MOST_SUGGESTIONS:
            return None
        name, shipped = ref
        siblings = () if shipped else (key for key in self.section.items if key != name)
        return nearest(link.text, chained(siblings, self.catalogue))

    def _over(self, ref: _Ref, base: _Ref | None) -> Node:
        thing = self._written(ref)
        if base is None or base not in self.done or self.values > MOST_VALUES:
            return thing
        laid = merge(self.done[base], thing)
        self.values += size(laid)
        if self.values > MOST_VALUES:
            found = f"over {MOST_VALUES:,} values with all bases written out"
            self._note(ref, found, "fewer or smaller bases")
        return laid

    def _cycle(self, refs: list[_Ref], back: _Ref) -> None:
        ring = refs[refs.index(back) :]
        names = [name for name, _ in [*ring, back]]
        self._note(back, f"{chain(names)}, a cycle", "entries that are not based on each other in a ring")

    def _note(self, ref: _Ref, found: str, expected: str, meant: str | None = None) -> None:
        name, shipped = ref
        thing = cast("Mapping", self._written(ref))
        link = thing.items["base"]
        where = f"{self.path}.{name}.base" if not shipped else f"catalogue.{name}.base"
        line = thing.key_lines.get("base", link.line)
        self.problems.append(Problem(link.file, line, where, found, expected, meant))
