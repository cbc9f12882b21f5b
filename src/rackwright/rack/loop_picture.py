"""The liquid loop of a block as a picture: facility water, CDUs, headers, and one rack down to its chips.

Tall and narrow, so that a phone shows it at its own size. Pipes take their colour from their temperature, between that of
the facility's water and the warmest return. Each number is one of the tables `rack.loop`, `rack.cooling_block`,
`rack.cooling_branch` and `rack.cooling_piping`; the two that are not (a CDU's duty, and what is left of the pressure) are
made of them in the head.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rackwright.rack import svg
from rackwright.rack.cooling.branches import BlockLoop, Branch, Line
from rackwright.rack.design import RackDesign
from rackwright.units import say_in, three_figures

WIDTH = 360.0
#: Headers, manifolds and the boxes of trays: left edge; the right one mirrors it.
HEADER_X, FRAME_X, MANIFOLD_X, TRAY_X = 8.0, 18.0, 30.0, 48.0
INSIDE_X = TRAY_X + 5.0
#: Steps of colour between the coldest and the warmest pipe.
SHADES = 8
ROW, NOTE_ROW = 17.0, 15.0

_STYLE = """
.rw-loop-word{fill:var(--text,#1b1f24);font:12px system-ui,sans-serif}
.rw-loop-strong{fill:var(--text,#1b1f24);font:600 12px system-ui,sans-serif}
.rw-loop-note{fill:var(--quiet,#5a636e);font:11px system-ui,sans-serif}
.rw-loop-alarm{fill:var(--alarm,#b3261e);font:600 12px system-ui,sans-serif}
.rw-loop-pipe{stroke-width:6;stroke-linecap:round;fill:none}
.rw-loop-unknown{stroke:var(--quiet,#5a636e)}
.rw-loop-arrow{fill:var(--paper,#fff)}
.rw-loop-plug{fill:var(--paper,#fff);stroke:var(--quiet,#5a636e);stroke-width:1.2}
.rw-loop-hot{fill:var(--alarm,#b3261e)}
"""
_ALONE = "@media (prefers-color-scheme:dark){:root{--alarm:#ff8a80}}"


def loop_svg(design: RackDesign, *, alone: bool = False) -> str:
    """The block's loop as solved; the rack's sizing by formula where the block has none.

    Drops are drawn as the tables have them: hoses and manifolds of the worst rack, couplings and plates at the hottest
    chip of each kind. What these leave of the pressure between the headers is drawn as "other", so that the column adds
    up along the way through the tray of the hottest chip. `alone` is a file of its own, with its colours.
    """
    if design.block is None:
        from rackwright.rack.diagrams import loop_svg as loop_by_formula_svg

        return loop_by_formula_svg(design, alone=alone)
    block = design.block
    shade = _Shades(design.loop.facility_supply_k, block.return_k)
    inside, foot = _rack(design, block, shade, top=146.0)
    last, height = _lost(block, top=foot + 28)
    style = "".join((_STYLE, shade.style(), _ALONE if alone else ""))
    parts = [f"<style>{style}</style>", *_cdus(design, block, shade), *_headers(block, shade, foot), *inside, *last]
    return svg.drawing(WIDTH, height, f"Liquid loop of {design.name}", _told(design, block), parts, alone=alone)


def hottest_of(block: BlockLoop) -> Branch:
    """The kind of chip with the least margin; without limits, the one with the hottest case."""
    return min(block.branches, key=lambda b: (_margin_k(b), -(b.case_k or 0.0)))


def other_pa(block: BlockLoop) -> float:
    """Pressure between the headers less the drawn drops on the way through the hottest chip's tray. [Pa]

    The headers' pressure is that of the best-placed rack, hoses and manifolds those of the worst, and a tray stands
    somewhere along the manifolds: so a little is left over, and less than nothing is possible.
    """
    hot = hottest_of(block)
    own = sum(line.drop_pa for line in block.lines if line.what != "header")
    return block.header_pa - own - hot.coupling_pa - hot.plates_pa


class _Shades:
    """Classes of stroke from cold to warm."""

    def __init__(self, coldest_k: float, warmest_k: float) -> None:
        self.coldest_k, self.span_k = coldest_k, max(warmest_k - coldest_k, 1e-9)

    def of(self, kelvin: float) -> str:
        share = min(max((kelvin - self.coldest_k) / self.span_k, 0.0), 1.0)
        return f"rw-loop-pipe rw-loop-t{round(share * SHADES)}"

    @staticmethod
    def style() -> str:
        """One rule a shade; browsers that cannot mix colours see the nearer end."""
        return "".join(
            f".rw-loop-t{step}{{stroke:{_CLASSIC[step > SHADES / 2]};"
            f"stroke:color-mix(in srgb,{_CLASSIC[1]} {100 * step / SHADES:.0f}%,{_CLASSIC[0]})}}"
            for step in range(SHADES + 1)
        )


_CLASSIC = ("var(--hue-1,#0b6fb8)", "var(--hue-2,#d1730a)")


def _kpa(pressure_pa: float) -> str:
    return f"{three_figures(pressure_pa / 1e3)} kPa"


def _l_min(flow_m3_s: float) -> str:
    return f"{three_figures(flow_m3_s * 60e3)} L/min"


def _k(kelvin: float) -> str:
    return say_in(kelvin, "K")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _flows(block: BlockLoop) -> str:
    """Flow of a rack, from the worst to the best where they differ to three figures."""
    least, most = _l_min(block.rack_least_m3_s), _l_min(block.rack_most_m3_s)
    return least if least == most else f"{least.removesuffix(' L/min')} to {most}"


def _margin_k(branch: Branch) -> float:
    if branch.least_m3_s <= 0 or branch.case_k is None:
        return -float("inf")
    return float("inf") if branch.limit_k is None else branch.limit_k - branch.case_k


def _case(branch: Branch) -> str:
    return _k(branch.case_k) if branch.case_k is not None and branch.least_m3_s > 0 else "too hot"


def _said_margin(branch: Branch) -> str:
    margin_k = _margin_k(branch)
    if branch.least_m3_s <= 0:
        return "no flow"
    if branch.limit_k is None:
        return "no limit stated"
    return f"{say_in(margin_k, 'delta_K')} margin" if margin_k >= 0 else f"{say_in(-margin_k, 'delta_K')} over"


def _duty_w(block: BlockLoop) -> float:
    """What each CDU hands to the facility's water if all take the same part: chips' heat and pumps' work."""
    return (block.heat_w + block.pump_w) / block.cdus


def _speed(block: BlockLoop) -> str:
    return f"{three_figures(100 * min(block.speed, 1.0))} %"


def _size(line: Line) -> str:
    return f"{line.what}s {line.diameter_m * 1e3:.0f} mm, {three_figures(line.velocity_m_s)} m/s"


def _right(x: float) -> float:
    return WIDTH - x


def _pipe(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return svg.line(x1, y1, x2, y2, css)


def _arrow(x: float, y: float, *, down: bool) -> str:
    """A small head inside a vertical pipe."""
    tip = 4.0 if down else -4.0
    return f'<path class="rw-loop-arrow" d="M{x - 2.5:.1f} {y - tip:.1f}L{x + 2.5:.1f} {y - tip:.1f}L{x:.1f} {y + tip:.1f}Z"/>'


def _plug(x: float, y: float) -> str:
    """A coupling."""
    return f'<path class="rw-loop-plug" d="M{x - 5:.1f} {y:.1f}l5 -5l5 5l-5 5Z"/>'


def _pair(y: float, left: str, right: str, css: str = "rw-loop-word", x: float = INSIDE_X) -> str:
    return svg.text(x, y, left, css=css) + svg.text(_right(x), y, right, css=css, anchor="end")


def _cdus(design: RackDesign, block: BlockLoop, shade: _Shades) -> Iterator[str]:
    """Facility water, and the box of CDUs below it."""
    loop, middle = design.loop, WIDTH / 2
    css = "rw-loop-word" if block.enough else "rw-loop-alarm"
    yield _pipe(40, 4, 40, 28, shade.of(loop.facility_supply_k))
    yield _pipe(_right(40), 4, _right(40), 28, "rw-loop-pipe rw-loop-unknown")
    yield _arrow(40, 15, down=True) + _arrow(_right(40), 15, down=False)
    yield svg.text(middle, 19, f"facility water {_k(loop.facility_supply_k)}", css="rw-loop-word", anchor="middle")
    yield svg.rect(FRAME_X, 28, WIDTH - 2 * FRAME_X, 68, "rw-box", radius=4)
    yield svg.text(
        middle, 45, f"{_count(block.cdus, 'CDU')}: {svg.cut(loop.cdu, 26)}", css="rw-loop-strong", anchor="middle"
    )
    said = f"pumps at {_speed(block)} of full speed" + ("" if block.enough else ": not enough")
    yield svg.text(middle, 61, said, css=css, anchor="middle")
    heat = f"{say_in(block.heat_w, 'W')} from racks, {say_in(block.pump_w, 'W')} from shafts"
    yield svg.text(middle, 76, heat, css="rw-loop-note", anchor="middle")
    duty = f"duty {say_in(_duty_w(block), 'W')}" + (" each" if block.cdus > 1 else "")
    duty += f", coolant {svg.cut(loop.coolant, 20)}"
    yield svg.text(middle, 90, duty, css="rw-loop-note", anchor="middle")


def _headers(block: BlockLoop, shade: _Shades, foot: float) -> Iterator[str]:
    """Headers down both sides, past the rack that is drawn."""
    for x, kelvin, down in ((HEADER_X, block.supply_k, True), (_right(HEADER_X), block.return_k, False)):
        css = shade.of(kelvin)
        yield _pipe(x, 80, FRAME_X if down else _right(FRAME_X), 80, css)
        yield _pipe(x, 80, x, foot - 4, css)
        yield _arrow(x, 118, down=down) + _arrow(x, foot - 22, down=down)
    yield _pair(114, f"supply {_k(block.supply_k)}", f"return {_k(block.return_k)}", "rw-loop-strong", FRAME_X)
    for line in block.lines:
        if line.what == "header":
            yield _pair(131, _size(line), f"{_kpa(line.drop_pa)} to the worst rack", "rw-loop-note", FRAME_X)


def _rack(design: RackDesign, block: BlockLoop, shade: _Shades, *, top: float) -> tuple[list[str], float]:
    """One rack: hoses, manifolds, its kinds of trays, and the sum of drops; with the y below it."""
    y = top + 18
    count = f"rack, {_flows(block)}" if block.racks == 1 else f"one of {block.racks:,} racks, {_flows(block)}"
    parts = [svg.text(WIDTH / 2, y, count, css="rw-loop-strong", anchor="middle")]
    hose_y = y + 11
    y += 16
    for line in block.lines:
        if line.what != "header":
            parts.append(_pair(y, _size(line), _kpa(line.drop_pa), "rw-loop-note", TRAY_X))
            y += ROW
    y -= 6
    hottest = hottest_of(block)
    stubs: list[float] = []
    for tray, branches in groupby(block.branches, key=lambda b: b.tray):
        drawn, height = _tray(design, tray, list(branches), hottest, y)
        parts += drawn
        stubs.append(y + 14)
        y += height + 8
    y += 7
    parts.append(_pair(y, "other, by place", _kpa(other_pa(block)), "rw-loop-note", TRAY_X))
    parts.append(svg.line(TRAY_X, y + 6, _right(TRAY_X), y + 6, "rw-thin"))
    y += 20
    parts.append(_pair(y, "from header to header", _kpa(block.header_pa), "rw-loop-strong", TRAY_X))
    foot = y + 12
    frame = svg.rect(FRAME_X, top, WIDTH - 2 * FRAME_X, foot - top, "rw-free", radius=4)
    return [frame, *_manifolds(block, shade, hose_y, stubs), *parts], foot


def _manifolds(block: BlockLoop, shade: _Shades, hose_y: float, stubs: list[float]) -> Iterator[str]:
    """Hoses from the headers, manifolds down the rack, and a coupling at each end of a tray."""
    inlet_k = max(branch.inlet_k for branch in block.branches)
    sides = (
        (HEADER_X, MANIFOLD_X, TRAY_X, shade.of(inlet_k), True),
        (_right(HEADER_X), _right(MANIFOLD_X), _right(TRAY_X), shade.of(block.return_k), False),
    )
    for header, manifold, tray, css, down in sides:
        yield _pipe(header, hose_y, manifold, hose_y, css)
        yield _pipe(manifold, hose_y, manifold, stubs[-1], css)
        yield _arrow(manifold, hose_y + 20, down=down)
        for stub in stubs:
            yield _pipe(manifold, stub, tray, stub, css) + _plug((manifold + tray) / 2, stub)


def _tray(
    design: RackDesign, tray: str, branches: list[Branch], hottest: Branch, top: float
) -> tuple[list[str], float]:
    """A kind of tray: drops of couplings and plates, then its chips; with its height."""
    count = design.trays.get(tray)
    name = svg.cut(tray, 30) if count is None else _count(count, f"{svg.cut(tray, 24)} tray")
    first = branches[0]
    y = top + 18
    parts = [svg.text(INSIDE_X, y, name, css="rw-loop-strong")]
    y += NOTE_ROW
    parts.append(_pair(y, "couplings", _kpa(first.coupling_pa), "rw-loop-word"))
    y += NOTE_ROW
    parts.append(_pair(y, "plates and trim", _kpa(first.plates_pa), "rw-loop-word"))
    for branch in branches:
        y += ROW + 2
        parts += _chip(branch, y, hot=branch is hottest)
        y += NOTE_ROW
    height = y - top + 8
    box = svg.rect(TRAY_X, top, WIDTH - 2 * TRAY_X, height, "rw-box", radius=4)
    return [box, *parts], height


def _chip(branch: Branch, y: float, *, hot: bool) -> Iterator[str]:
    """A kind of plate: its chip's case on one line, its flow and margin on the next; the hottest of all is marked."""
    if hot:
        yield f'<circle class="rw-loop-hot" cx="{TRAY_X - 2:.1f}" cy="{y + 4:.1f}" r="4"/>'
    over = _margin_k(branch) < 0
    css = "rw-loop-alarm" if over else "rw-loop-strong" if hot else "rw-loop-word"
    case = _case(branch)
    yield _pair(y, f"{branch.per_rack:,} × {svg.cut(branch.chip, 18)}", case, css)
    flow = f"{_l_min(branch.least_m3_s)} at {_k(branch.inlet_k)}"
    if branch.beyond:
        flow = f"{_l_min(branch.least_m3_s)}, unmeasured"
    yield _pair(y + NOTE_ROW, flow, _said_margin(branch), "rw-loop-note")


def _lost(block: BlockLoop, *, top: float) -> tuple[list[str], float]:
    """A key, and what is left with one CDU lost; with the height of the picture."""
    y = top
    parts = [
        f'<circle class="rw-loop-hot" cx="{FRAME_X + 5:.1f}" cy="{y - 17:.1f}" r="4.5"/>',
        svg.text(FRAME_X + 14, y - 13, "least margin; drops are supply plus return", css="rw-loop-note"),
    ]
    y += 6
    for number, words in enumerate(_lost_words(block)):
        css = "rw-loop-strong" if number == 0 else "rw-loop-word"
        alarm = number == 2 and (block.lost_margin_k is None or block.lost_margin_k < 0)
        parts.append(svg.text(FRAME_X, y, words, css="rw-loop-alarm" if alarm else css))
        y += ROW
    return parts, y - 4


def _lost_words(block: BlockLoop) -> Iterator[str]:
    if block.lost_flow_m3_s is None or block.lost_supply_k is None:
        yield "One CDU lost"
        yield "it is the only one: no flow is left"
        return
    yield "One CDU lost, the others at full speed"
    if block.lost_margin_k is None:
        yield "some plate has no flow"
        return
    hot = "margin" if block.lost_margin_k >= 0 else "over its limit"
    yield f"worst rack {_l_min(block.lost_flow_m3_s)}, supply {_k(block.lost_supply_k)}"
    yield f"hottest chip {say_in(abs(block.lost_margin_k), 'delta_K')} {hot}"


def _told(design: RackDesign, block: BlockLoop) -> str:
    """The picture for those who hear it."""
    hot = hottest_of(block)
    steps = [
        f"facility water {_k(design.loop.facility_supply_k)}",
        f"{_count(block.cdus, 'CDU')}, pumps at {_speed(block)} of full speed, heat {say_in(block.heat_w, 'W')}",
        f"supply {_k(block.supply_k)}, return {_k(block.return_k)}",
        f"{_count(block.racks, 'rack')}, {_flows(block)}, {_kpa(block.header_pa)} from header to header",
        *(f"{_size(line)}, {_kpa(line.drop_pa)}" for line in block.lines),
        *(
            f"{branch.chip} in {branch.tray}: couplings {_kpa(branch.coupling_pa)}, plates {_kpa(branch.plates_pa)}, "
            f"{_l_min(branch.least_m3_s)}, case {_case(branch)}, {_said_margin(branch)}"
            for branch in block.branches
        ),
        f"least margin: {hot.chip}",
        ", ".join(_lost_words(block)),
    ]
    return "; ".join(steps)
