"""The one-line diagram of a rack's power: feeds, shelves, busbar, trays, with volts, amps and what each step loses.

Tall and narrow, so that a phone shows it at its own size. The bar is drawn as thick as its current; trays of one kind that
follow each other are one box. Each number is one of the tables `rack.feed`, `rack.busbar`, `rack.power`,
`rack.power_growth`, or a sum of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from rackwright.rack import svg
from rackwright.rack.design import RackDesign
from rackwright.rack.power import AfterLoss, BusbarNode, PowerPath
from rackwright.rack.power.checks import worst_covered
from rackwright.units import say_in, three_figures

WIDTH, MARGIN = 360.0, 8.0
#: The bar stands left of the trays; boxes of trays begin behind it.
BAR_X, TRAY_X = 30.0, 64.0
THICK, THIN = 14.0, 2.0
ROW = 16.0
#: Feeds that have a column of their own.
MOST_COLUMNS = 3

_STYLE = """
.rw-line-word{fill:var(--text,#1b1f24);font:12px system-ui,sans-serif}
.rw-line-strong{fill:var(--text,#1b1f24);font:600 12px system-ui,sans-serif}
.rw-line-note{fill:var(--quiet,#5a636e);font:11px system-ui,sans-serif}
.rw-line-alarm{fill:var(--alarm,#b3261e);font:600 12px system-ui,sans-serif}
.rw-line-ac{stroke:var(--hue-1,#0b6fb8);stroke-width:2.5;fill:none}
.rw-line-dc{stroke:var(--hue-2,#d1730a);fill:none}
.rw-line-mark{stroke:var(--quiet,#5a636e);stroke-width:1.2;fill:none}
"""
_ALONE = "@media (prefers-color-scheme:dark){:root{--alarm:#ff8a80}}"
_BINDS = {
    "source": "supplies at their rating",
    "window": "a tray at its least voltage",
    "line": "a rating of the bar",
    "collapse": "no voltage carries them",
    "loss": "supplies after the worst covered loss",
}


@dataclass(frozen=True, slots=True)
class _Group:
    """Loads of one kind that follow each other along the bar."""

    name: str
    nodes: tuple[BusbarNode, ...]


def power_svg(design: RackDesign, *, alone: bool = False) -> str:
    """The rack's power path as solved, all supplies working; below it the worst loss that its redundancy covers."""
    path = design.power
    parts, y = _feeds(path)
    drawn, y = _bar(path, y)
    parts += drawn
    drawn, y = _words(_ledger(path), y + 22)
    parts += drawn
    drawn, y = _words(_after(path), y + 10)
    parts += drawn
    drawn, y = _words(_growth(path), y + 10)
    parts += drawn
    title = f"One-line diagram of {design.name}"
    style = f"<style>{_STYLE}{_ALONE if alone else ''}</style>"
    return svg.drawing(WIDTH, y - 4, title, _told(path), [style, *parts], alone=alone)


def _feeds(path: PowerPath) -> tuple[list[str], float]:
    """A column for each feed with its shelves; all in one where there are many."""
    columns = path.feeds if path.feeds <= MOST_COLUMNS else 1
    wide = (WIDTH - 2 * MARGIN - 8 * (columns - 1)) / columns
    parts: list[str] = []
    for column in range(columns):
        shelves = len(range(column, path.shelves, path.feeds)) if columns > 1 else path.shelves
        x = MARGIN + column * (wide + 8)
        name = f"feed {chr(ord('A') + column)}" if columns > 1 else _count(path.feeds, "feed")
        parts += _column(path, name, shelves, x, wide, many=columns)
    foot = 134.0
    parts.append(_dc(MARGIN + wide / 2, foot, WIDTH - MARGIN - wide / 2, foot, THICK / 2))
    parts.append(_dc(BAR_X, foot, max(BAR_X, MARGIN + wide / 2), foot, THICK / 2))
    return parts, foot


def _column(path: PowerPath, name: str, shelves: int, x: float, wide: float, *, many: int) -> Iterator[str]:
    middle = x + wide / 2
    each_w = path.power_w / path.shelves if path.shelves else 0.0
    yield svg.text(middle, 14, name, css="rw-line-strong", anchor="middle")
    if not shelves:
        yield svg.text(middle, 30, "no shelf", css="rw-line-note", anchor="middle")
        return
    said = f"{path.feed_v:g} V AC, {say_in(each_w * shelves, 'W')}" if many < 3 else f"{path.feed_v:g} V AC"
    yield svg.text(middle, 29, said, css="rw-line-note", anchor="middle")
    yield svg.line(x + 12, 36, x + wide - 12, 36, "rw-line-ac")
    yield svg.line(middle, 36, middle, 46, "rw-line-ac")
    yield svg.rect(x, 46, wide, 74, "rw-box", radius=4)
    yield svg.line(x + wide, 102, x + wide - 18, 120, "rw-line-mark")
    lines = (
        (f"{shelves} × {svg.cut(path.shelf, int(wide / 8) - 4)}", "rw-line-strong"),
        (f"{three_figures(100 * path.load_share)} % load, {100 * path.efficiency:.1f} %", "rw-line-note"),
        (f"{three_figures(path.shelf_current_a)} A DC each", "rw-line-note"),
        (f"{three_figures(path.cord_current_a)} A AC a cord", "rw-line-note"),
    )
    for number, (words, css) in enumerate(lines):
        yield svg.text(middle, 63 + ROW * number, words, css=css, anchor="middle")
    yield _dc(middle, 120, middle, 134, THIN)


def _bar(path: PowerPath, top: float) -> tuple[list[str], float]:
    """The bar down the left side, as thick as its current, and a box for each group of trays."""
    parts: list[str] = []
    head = f"{path.shelf_v:.2f} V, {three_figures(path.busbar_current_a)} A"
    parts.append(svg.text(TRAY_X, top + 22, head, css="rw-line-strong"))
    y = top + 22
    if path.joint_loss_w:
        y += ROW
        parts.append(svg.text(TRAY_X, y, f"joints lose {say_in(path.joint_loss_w, 'W')}", css="rw-line-note"))
        parts.append(_joint(y - 4))
    before, thick = top, _thick(path, path.busbar_current_a)
    y += 10
    for group in _groups(path.busbar):
        parts.append(_dc(BAR_X, before, BAR_X, y + 22, thick))
        drawn, height = _trays(path, group, y)
        parts += drawn
        before, last = y + 22, group.nodes[-1]
        left_a = (last.bar_a or 0.0) - last.current_a if last.bar_a is not None else 0.0
        thick = _thick(path, left_a) if last.bar_a is not None else thick
        y += height + 8
    return parts, y


def _trays(path: PowerPath, group: _Group, top: float) -> tuple[Iterator[str], float]:
    first, last = group.nodes[0], group.nodes[-1]
    volts = sorted({f"{min(n.voltage_v for n in group.nodes):.2f}", f"{max(n.voltage_v for n in group.nodes):.2f}"})
    amps = three_figures(max(node.current_a for node in group.nodes))
    each = " each" if len(group.nodes) > 1 else ""
    rows = [
        (_count(len(group.nodes), group.name, times=True), f"{say_in(first.power_w, 'W')}{each}", "rw-line-strong"),
        (f"{' to '.join(volts)} V", f"{amps} A{each}", "rw-line-word" if path.carried else "rw-line-alarm"),
    ]
    if first.bar_a is not None and last.bar_a is not None and first.bar_k is not None:
        stretch = " to ".join(dict.fromkeys((three_figures(first.bar_a), three_figures(last.bar_a))))
        warm_k = max(node.bar_k or 0.0 for node in group.nodes)
        rows.append((f"bar {stretch} A", say_in(warm_k, "K"), "rw-line-note"))
    height = 10 + ROW * len(rows)

    def drawn() -> Iterator[str]:
        yield svg.line(BAR_X, top + 22, TRAY_X, top + 22, "rw-line-dc")
        yield svg.rect(TRAY_X, top, WIDTH - MARGIN - TRAY_X, height, "rw-box", radius=4)
        for number, (left, right, css) in enumerate(rows):
            yield svg.text(TRAY_X + 6, top + 17 + ROW * number, left, css=css)
            yield svg.text(WIDTH - MARGIN - 6, top + 17 + ROW * number, right, css=css, anchor="end")

    return drawn(), height


def _ledger(path: PowerPath) -> Iterator[tuple[str, str, str]]:
    bar_w = path.busbar_loss_w - path.joint_loss_w - path.tap_loss_w
    yield "AC power in", say_in(path.power_w, "W"), "rw-line-strong"
    yield "lost in the shelves", say_in(path.conversion_loss_w, "W"), "rw-line-word"
    yield "in the joints", say_in(path.joint_loss_w, "W"), "rw-line-word"
    yield "in the bar", say_in(bar_w, "W"), "rw-line-word"
    yield "in the trays' taps", say_in(path.tap_loss_w, "W"), "rw-line-word"
    share = f", {100 * path.load_w / path.power_w:.2f} %" if path.power_w else ""
    yield "to trays and components", f"{say_in(path.load_w, 'W')}{share}", "rw-line-strong"


def _after(path: PowerPath) -> Iterator[tuple[str, str, str]]:
    worst = worst_covered(path)
    if worst is None:
        yield f"{path.redundancy}: no loss is covered", "", "rw-line-strong"
        return
    yield f"Worst loss that {path.redundancy} covers", worst.name, "rw-line-strong"
    if worst.lowest_v == 0:
        yield "asked of the supplies left", f"{three_figures(100 * worst.asked_share)} %", "rw-line-alarm"
        return
    yield from _state(worst)


def _state(loss: AfterLoss) -> Iterator[tuple[str, str, str]]:
    yield "asked of the supplies left", f"{three_figures(100 * loss.asked_share)} %", "rw-line-word"
    yield "a shelf's output", f"{three_figures(loss.shelf_a)} A", "rw-line-word"
    yield "a cord", f"{three_figures(loss.cord_a)} A AC", "rw-line-word"
    css = "rw-line-word" if loss.carried else "rw-line-alarm"
    yield "lowest tray", f"{loss.lowest_v:.2f} V", css


def _growth(path: PowerPath) -> Iterator[tuple[str, str, str]]:
    if not path.limits:
        return
    yield "All loads may grow to", "", "rw-line-strong"
    for number, limit in enumerate(path.limits):
        css = "rw-line-alarm" if limit.factor < 1 else "rw-line-word" if number == 0 else "rw-line-note"
        yield f"{three_figures(limit.factor)} times: {_BINDS[limit.kind]}", "", css


def _words(rows: Iterator[tuple[str, str, str]], top: float) -> tuple[list[str], float]:
    parts: list[str] = []
    y = top
    for left, right, css in rows:
        parts.append(svg.text(MARGIN, y, left, css=css))
        if right:
            parts.append(svg.text(WIDTH - MARGIN, y, right, css=css, anchor="end"))
        y += ROW
    return parts, y


def _groups(nodes: tuple[BusbarNode, ...]) -> Iterator[_Group]:
    for name, found in groupby(nodes, key=lambda node: node.load):
        yield _Group(name, tuple(found))


def _thick(path: PowerPath, current_a: float) -> float:
    share = current_a / path.busbar_current_a if path.busbar_current_a else 0.0
    return THIN + (THICK - THIN) * min(max(share, 0.0), 1.0)


def _dc(x1: float, y1: float, x2: float, y2: float, thick: float) -> str:
    return f'<path class="rw-line-dc" stroke-width="{thick:.1f}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def _joint(y: float) -> str:
    """Two ticks across the bar."""
    return svg.line(BAR_X - 12, y - 2, BAR_X + 12, y - 2, "rw-line-mark") + svg.line(
        BAR_X - 12, y + 2, BAR_X + 12, y + 2, "rw-line-mark"
    )


def _count(number: int, what: str, *, times: bool = False) -> str:
    if times:
        return f"{number:,} × {svg.cut(what, 24)}" if number > 1 else svg.cut(what, 28)
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _told(path: PowerPath) -> str:
    """The picture for those who hear it."""
    steps = [
        f"{_count(path.feeds, 'feed')} of {path.feed_v:g} V AC, {say_in(path.power_w, 'W')}",
        f"{path.shelves} {path.shelf}, {path.redundancy}, load {100 * path.load_share:.0f} %",
        f"{path.shelf_v:.2f} V, {three_figures(path.busbar_current_a)} A at the busbar's foot",
        *(f"{_count(len(g.nodes), g.name, times=True)} at {g.nodes[-1].voltage_v:.2f} V" for g in _groups(path.busbar)),
        *(" ".join(words for words in row[:2] if words) for row in (*_ledger(path), *_after(path), *_growth(path))),
    ]
    return "; ".join(steps)
