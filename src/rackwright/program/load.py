"""From a file to a `Program`, and from a program to the `Case` that stages read.

The way of a file: text -> tree with lines -> `extends` merged -> defaults laid under it -> `base:` resolved
-> typed sections -> references checked. Every problem on the way is gathered before any is raised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from rackwright.errors import Problem, ProgramError
from rackwright.figures import STATUSES, Figure, Status
from rackwright.program import tree
from rackwright.program.calendar import Calendar, monday
from rackwright.program.case import Case
from rackwright.program.check import cross_check, dangling
from rackwright.program.fields import QUANTILE, VALUE_KEYS, Field, Reading, Wrong, quantity, shown
from rackwright.program.schema import Leaf, Root, leaves, problems_of
from rackwright.program.sections.parts import Catalogue
from rackwright.units import Kind, UnitProblem, parse

CATALOGUE = Path(__file__).parent.parent / "catalogue"
#: Sections whose things may take `base: KEY`, and the catalogue's kind that they may take it from.
BASED = {"rack": "racks", "plant": "plants"}
SHOWN_PATH = "src/rackwright/catalogue"


@dataclass(frozen=True)
class Shipped:
    """The shipped catalogue: its parts, racks and defaults as trees, its sources, costs and the price level."""

    kinds: Mapping[str, tree.Node]
    defaults: tree.Node
    sources: Mapping[str, Mapping[str, str]]
    compare: tree.Node
    price_level: Mapping[int, float]


_COMPARED = tuple(
    quantity("a published figure", unit, "")
    for unit in ("USD/W", "USD/rack", "rack/W", "W/rack", "rack/week", "USD/week", "week", "")
)


def compare_figures() -> tuple[Figure, ...]:
    """The catalogue's published figures that results are compared with, never added to; SI, with their own price year."""
    node = shipped().compare
    found: list[Figure] = []
    for name, item in node.items.items() if isinstance(node, tree.Mapping) else ():
        plain = tree.to_plain(item)
        if not isinstance(plain, dict):
            continue
        kind, value = next(
            (kind, value) for kind in _COMPARED if (value := _read_or_none(str(plain["value"]), kind)) is not None
        )
        year = str(plain.get("year", ""))
        found.append(
            Figure(
                path=f"compare.{name}",
                text=str(plain["value"]),
                value=value,
                unit=kind.unit,
                status=status_of(item),
                source=str(plain.get("source", "")),
                place=str(plain.get("place", "")),
                price_year=int(year) if year else None,
                file=item.file,
                line=item.line,
                note=str(plain.get("note", "")),
            )
        )
    return tuple(found)


def _read_or_none(text: str, kind: Kind) -> float | None:
    try:
        return parse(text, kind)
    except UnitProblem:
        return None


@cache
def shipped() -> Shipped:
    """Read the catalogue's files; a problem in them is a bug of ours and flies through as ProgramError."""
    kinds: dict[str, tree.Node] = {}
    sources: dict[str, Mapping[str, str]] = {}
    defaults: tree.Node = tree.from_plain({})
    compare: tree.Node = tree.from_plain({})
    level: dict[int, float] = {}
    for path in sorted(CATALOGUE.glob("*.yaml")):
        node = tree.read_text(path.read_text(encoding="utf-8"), f"catalogue/{path.name}")
        assert isinstance(node, tree.Mapping)
        if path.stem == "defaults":
            defaults = tree.without(node, "sources")
            sources.update(_declared(node.items["sources"]) if "sources" in node.items else {})
            continue
        for kind, entries in node.items.items():
            if kind == "sources":
                sources.update(_declared(entries))
            elif kind == "compare":
                compare = entries
            elif kind == "price_level":
                level = {int(year): float(text) for year, text in _values(entries).items()}
            else:
                kinds[kind] = tree.merge(kinds[kind], entries) if kind in kinds else entries
    return Shipped(kinds, defaults, sources, compare, level)


def _declared(node: tree.Node) -> dict[str, Mapping[str, str]]:
    """Sources by id, each a mapping of texts (title, url, tier)."""
    plain = tree.to_plain(node)
    if not isinstance(plain, dict):
        return {}
    return {
        key: {name: str(text) for name, text in item.items()} for key, item in plain.items() if isinstance(item, dict)
    }


def _values(node: tree.Node) -> dict[str, str]:
    """The bare or sourced values of a mapping, as text."""
    plain = tree.to_plain(node)
    return {key: _text_of(item) for key, item in plain.items()} if isinstance(plain, dict) else {}


def _text_of(item: Any) -> str:
    return str(item.get("value", item.get("mode", ""))) if isinstance(item, dict) else str(item)


@dataclass(frozen=True)
class Program:
    """The file as written, and the same with defaults and bases filled in; frozen.

    `written` holds what the user's files say, `whole` what is read: both with the file and line of each value.
    """

    written: tree.Node
    whole: tree.Node
    files: tuple[str, ...]
    folder: Path
    calendar: Calendar
    name: str
    price_year: int
    seed: int
    sections: frozenset[str]
    #: Merged catalogue: shipped parts amended by the program's own.
    parts: tree.Node = dataclass_field(repr=False)

    def case(self, draw: Literal["low", "mode", "high"] = "mode", quantiles: Mapping[str, float] | None = None) -> Case:
        """The program as stages read it; ranges take `draw`, or the quantile given for their path.

        Raises
        ------
        ProgramError
            Never for a program that `load` made, whatever the draw; ranges are checked on all three points.
        """
        whole = self.whole
        parts = self.parts
        for path, quantile in (quantiles or {}).items():
            mark = tree.Scalar(repr(quantile), "<draw>", 0)
            if path.startswith("catalogue."):
                parts = _with_mark(parts, path.removeprefix("catalogue."), mark)
            else:
                whole = _with_mark(whole, path, mark)
        case, problems = _read_sections(whole, parts, self.folder, self.calendar, self.price_year, self.seed, draw)
        if problems:
            raise ProgramError(problems)
        assert case is not None
        return case

    def replace(self, changes: Mapping[str, object]) -> Program:
        """The program with some values changed: `{"rack.gb300.power.feed": "480 V"}`; None removes a key.

        Raises
        ------
        ProgramError
            If the changed program cannot be read.
        """
        node = self.written
        for path, value in changes.items():
            node = tree.replace_at(node, path, tree.from_plain(value, "<replaced>"))
        return _build(node, self.files, self.folder)

    def place(self, path: str) -> tuple[str, int]:
        """File and line of the value at a path (`rack.gb300.power.feed`, `catalogue.chips.b300.power`)."""
        if path == "catalogue" or path.startswith("catalogue."):
            return tree.place(self.parts, path.removeprefix("catalogue").removeprefix("."))
        return tree.place(self.whole, path)

    def at(self, path: str) -> tree.Node | None:
        """The value at a path as it stands after defaults and bases."""
        if path == "catalogue" or path.startswith("catalogue."):
            return tree.at(self.parts, path.removeprefix("catalogue").removeprefix("."))
        return tree.at(self.whole, path)

    @cached_property
    def sha256(self) -> str:
        """Hash of the values as written (not of lines or comments)."""
        plain = json.dumps(tree.to_plain(self.written), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()

    @cached_property
    def sources(self) -> Mapping[str, Mapping[str, str]]:
        """Every declared source by id: the catalogue's and the program's own `sources:`."""
        own = tree.at(self.whole, "sources")
        return {**shipped().sources, **(_declared(own) if own is not None else {})}

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """Every leaf value of the program and of the catalogue entries that it can reach, with status and source."""
        reading = Reading(self.calendar, self.price_year, "mode", self.folder, shipped().price_level)
        found = [_figure(leaf, reading) for leaf in leaves(Root, self.whole, "")]
        found += [_figure(leaf, reading) for leaf in leaves(Catalogue, self.parts, "catalogue")]
        return tuple(found)

    @cached_property
    def figure_by_path(self) -> Mapping[str, Figure]:
        return {figure.path: figure for figure in self.figures}


def load(source: Path | str | Mapping[str, object]) -> Program:
    """Read a program from a file or from a mapping of the same form.

    Raises
    ------
    ProgramError
        With every problem that was found: file, line, path, found, expected, nearest valid name.
    """
    if isinstance(source, Mapping):
        return _build(tree.from_plain(dict(source)), (), Path.cwd())
    path = Path(source)
    node, files = tree.resolve_extends(path)
    return _build(node, tuple(str(file) for file in files), path.parent)


def _build(written: tree.Node, files: tuple[str, ...], folder: Path) -> Program:
    if not isinstance(written, tree.Mapping):
        raise ProgramError([_problem(written, "", shown(tree.to_plain(written)), "sections such as rack:")])
    problems = list(_version_problems(written))
    calendar, price_year, seed = _frame(written, problems)
    whole, parts = _whole(written, problems)
    case, found = _read_sections(whole, parts, folder, calendar, price_year, seed, "mode")
    problems += found
    if problems:
        problems += dangling(whole, parts)
    elif case is not None:
        problems += cross_check(case, whole, parts, shipped().sources)
    if problems:
        raise ProgramError(problems)
    name = tree.at(written, "program")
    return Program(
        written=written,
        whole=whole,
        files=files,
        folder=folder,
        calendar=calendar,
        name=name.text if isinstance(name, tree.Scalar) else "program",
        price_year=price_year,
        seed=seed,
        sections=frozenset(whole.items),
        parts=parts,
    )


def _problem(node: tree.Node, path: str, found: str, expected: str, nearest: str | None = None) -> Problem:
    return Problem(node.file, node.line, path, found, expected, nearest)


def _version_problems(node: tree.Mapping) -> Iterator[Problem]:
    version = node.items.get("rackwright")
    if version is None:
        yield _problem(node, "rackwright", "nothing", "rackwright: 1, the version of the file's form")
    elif not isinstance(version, tree.Scalar) or version.text != "1":
        yield _problem(version, "rackwright", shown(tree.to_plain(version)), "1")


def _frame(node: tree.Mapping, problems: list[Problem]) -> tuple[Calendar, int, int]:
    """Calendar, price year and seed, which everything else needs; a fallback where they are wrong."""
    calendar = Calendar(monday("2026-W02"), 1)
    start, weeks = tree.at(node, "calendar.start"), tree.at(node, "calendar.weeks")
    if "calendar" not in node.items:
        problems.append(_problem(node, "calendar", "nothing", "calendar: {start: 2026-W02, weeks: 156}"))
    else:
        first = _checked(start, node, "calendar.start", "a week such as 2026-W02", monday, problems)
        count = _checked(
            weeks, node, "calendar.weeks", "a whole number from 1 to 1040", _whole_number(1, 1040), problems
        )
        if first is not None and count is not None:
            calendar = Calendar(first, count)
    year, seed = node.items.get("price_year"), node.items.get("seed")
    price_year = _checked(
        year, node, "price_year", "a year such as 2025", _whole_number(1990, 2100), problems, fallback=2025
    )
    chosen = _checked(seed, node, "seed", "a whole number", _whole_number(0, 2**63 - 1), problems, fallback=0)
    return calendar, price_year or 2025, chosen or 0


def _whole_number(low: int, high: int) -> Any:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 20 or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def _checked(
    item: tree.Node | None,
    parent: tree.Mapping,
    path: str,
    expected: str,
    read: Any,
    problems: list[Problem],
    fallback: Any = None,
) -> Any:
    if item is None:
        if fallback is None:
            place = tree.place(parent, path)
            problems.append(Problem(*place, path, "nothing", expected))
        return fallback
    if not isinstance(item, tree.Scalar):
        problems.append(_problem(item, path, shown(tree.to_plain(item)), expected))
        return None
    try:
        return read(item.text)
    except ValueError as error:
        problems.append(_problem(item, path, shown(item.text), str(error)))
        return None


def _whole(written: tree.Mapping, problems: list[Problem]) -> tuple[tree.Mapping, tree.Mapping]:
    """The tree with bases and defaults filled in, and the catalogue amended by the program's own parts."""
    ship = shipped()
    items = dict(written.items)
    parts = _amended_parts(items.get("catalogue"), ship, problems)
    for section, kind in BASED.items():
        node = items.get(section)
        if isinstance(node, tree.Mapping):
            entries = ship.kinds.get(kind)
            known = dict(entries.items) if isinstance(entries, tree.Mapping) else {}
            items[section], found = tree.resolve_bases(node, known, section)
            problems += found
    sites = tree.at(written, "buildout.sites")
    if isinstance(sites, tree.Mapping):
        resolved, found = tree.resolve_bases(sites, {}, "buildout.sites")
        problems += found
        items["buildout"] = tree.replace_at(items["buildout"], "sites", resolved)
    whole = tree.Mapping(items, written.file, written.line, written.key_lines)
    defaulted = {
        name: _lay_under(default, items[name])
        for name, default in (ship.defaults.items.items() if isinstance(ship.defaults, tree.Mapping) else ())
        if name in items
    }
    return tree.Mapping({**whole.items, **defaulted}, written.file, written.line, written.key_lines), parts


def _amended_parts(own: tree.Node | None, ship: Shipped, problems: list[Problem]) -> tree.Mapping:
    kinds = {kind: node for kind, node in ship.kinds.items() if kind not in ("racks", "plants")}
    if isinstance(own, tree.Mapping):
        for kind, entries in own.items.items():
            known = kinds.get(kind)
            if isinstance(entries, tree.Mapping) and isinstance(known, tree.Mapping):
                based, found = tree.resolve_bases(entries, dict(known.items), f"catalogue.{kind}")
                problems += found
                kinds[kind] = tree.merge(known, _without_bases(based))
            else:
                kinds[kind] = entries
    elif own is not None:
        problems.append(_problem(own, "catalogue", shown(tree.to_plain(own)), "kinds of parts such as chips:"))
    return tree.Mapping(kinds, "catalogue", 0, {})


def _without_bases(section: tree.Mapping) -> tree.Mapping:
    items = {
        key: tree.without(node, "base") if isinstance(node, tree.Mapping) else node
        for key, node in section.items.items()
    }
    return tree.Mapping(items, section.file, section.line, section.key_lines)


def _lay_under(default: tree.Node, node: tree.Node) -> tree.Node:
    """Fill in what `node` leaves out; `*` in the defaults stands for every key that `node` has."""
    if not isinstance(default, tree.Mapping) or not isinstance(node, tree.Mapping):
        return node
    if tree.is_value(default) or tree.is_value(node):
        return node
    items = dict(node.items)
    for key, under in default.items.items():
        if key == "*":
            for name in node.items:
                items[name] = _lay_under(under, items[name])
        elif key in items:
            items[key] = _lay_under(under, items[key])
        else:
            plain = _without_stars(under)
            if plain is not None:
                items[key] = plain
    return tree.Mapping(items, node.file, node.line, node.key_lines)


def _without_stars(node: tree.Node) -> tree.Node | None:
    if not isinstance(node, tree.Mapping) or tree.is_value(node):
        return node
    items = {key: kept for key, item in node.items.items() if key != "*" and (kept := _without_stars(item)) is not None}
    return tree.Mapping(items, node.file, node.line, node.key_lines) if items else None


def _with_mark(node: tree.Node, path: str, mark: tree.Scalar) -> tree.Node:
    target = tree.at(node, path)
    if not isinstance(target, tree.Mapping) or not {"low", "mode", "high"} <= target.items.keys():
        raise KeyError(f"{path} is no range of the program")
    marked = tree.Mapping({**target.items, QUANTILE: mark}, target.file, target.line, target.key_lines)
    return tree.replace_at(node, path, marked)


def _read_sections(
    whole: tree.Mapping | tree.Node,
    parts: tree.Node,
    folder: Path,
    calendar: Calendar,
    price_year: int,
    seed: int,
    draw: Literal["low", "mode", "high"],
) -> tuple[Case | None, list[Problem]]:
    reading = Reading(calendar, price_year, draw, folder, shipped().price_level)
    root, problems = problems_of(Root, _with_table_folders(whole, folder), "", reading)
    catalogue, more = problems_of(Catalogue, parts, "catalogue", reading)
    problems += more
    if root is None or catalogue is None or problems:
        return None, problems
    case = Case(
        calendar=calendar,
        price_year=price_year,
        seed=seed,
        folder=folder,
        catalogue=catalogue,
        roadmap=root.roadmap,
        demand=root.demand,
        rack=root.rack,
        evaluation=root.evaluation,
        plant=root.plant,
        plan=root.plan,
        buildout=root.buildout,
        agreement=root.agreement,
    )
    return case, problems


def _with_table_folders(node: tree.Node, folder: Path) -> tree.Node:
    """Names of tables become paths beside the file that names them."""
    if isinstance(node, tree.Listing):
        return tree.Listing(tuple(_with_table_folders(item, folder) for item in node.items), node.file, node.line)
    if not isinstance(node, tree.Mapping):
        return node
    items = {
        key: _beside(item, folder) if key in ("table", "measured") and isinstance(item, tree.Scalar)
        else _with_table_folders(item, folder)
        for key, item in node.items.items()
    }  # fmt: skip
    return tree.Mapping(items, node.file, node.line, node.key_lines)


def _beside(item: tree.Scalar, folder: Path) -> tree.Scalar:
    home = Path(item.file).parent if Path(item.file).is_file() else folder
    return tree.Scalar(str(home / item.text), item.file, item.line)


def _figure(leaf: Leaf, reading: Reading) -> Figure:
    """The Figure of one leaf: value in SI where it has a single one, standing and source."""
    plain = tree.to_plain(leaf.node)
    mapping: dict[str, Any] = dict(plain) if isinstance(plain, dict) else {}
    catalogue = leaf.node.file.startswith("catalogue/")
    status = mapping.get("status", "assumed" if catalogue else "given")
    sourced = str(mapping.get("source", "")) or ("" if catalogue else "the program")
    value = low = high = None
    if leaf.field.form in ("scalar", "count") and not (leaf.field.auto and plain == "auto"):
        value = _single(leaf.field, plain, reading)
        if "low" in mapping:
            low = _single(leaf.field, {**mapping, "mode": mapping["low"], "high": mapping["low"]}, reading)
            high = _single(leaf.field, {**mapping, "mode": mapping["high"], "low": mapping["high"]}, reading)
    return Figure(
        path=leaf.path,
        text=_shown_value(mapping) if mapping else shown(plain),
        value=value,
        unit=leaf.field.kind.unit,
        status=status if status in STATUSES else "assumed",
        source=sourced,
        place=str(mapping.get("place", "")),
        price_year=int(mapping["year"]) if str(mapping.get("year", "")).isdigit() else None,
        file=leaf.node.file,
        line=leaf.node.line,
        low=low,
        high=high,
        note=str(mapping.get("note", "")),
    )


def _shown_value(mapping: Mapping[str, Any]) -> str:
    if "value" in mapping:
        return shown(mapping["value"])
    if "mode" in mapping:
        return f"{mapping.get('low')} to {mapping.get('high')}, mode {mapping.get('mode')}"
    dated = {key: item for key, item in mapping.items() if key not in VALUE_KEYS}
    return shown(", ".join(f"{key}: {_text_of(item)}" for key, item in dated.items()))


def _single(field: Field, plain: object, reading: Reading) -> float | None:
    try:
        return float(field.read(plain, reading))
    except (Wrong, UnitProblem, TypeError):
        return None


def status_of(node: tree.Node | None) -> Status:
    """The standing written at a value, `given` when it stands bare."""
    if isinstance(node, tree.Mapping):
        item = node.items.get("status")
        if isinstance(item, tree.Scalar) and item.text in STATUSES:
            return item.text
    return "given"
