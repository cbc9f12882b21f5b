"""A little SVG: shapes and words as text, with names made safe, in colours that follow the page's light or dark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

#: Classes take the page's variables where it has them, else these colours.
STYLE = """
.rw-text{fill:var(--text,#1b1f24);font:12px system-ui,sans-serif}
.rw-small{fill:var(--quiet,#5a636e);font:10.5px system-ui,sans-serif}
.rw-line{stroke:var(--quiet,#5a636e);stroke-width:1.5;fill:none}
.rw-thin{stroke:var(--line,#d9dee3);stroke-width:1;fill:none}
.rw-box{fill:var(--paper,#fff);stroke:var(--quiet,#5a636e);stroke-width:1.2}
.rw-free{fill:var(--ground,#f6f7f8);stroke:var(--line,#d9dee3);stroke-dasharray:3 3}
.rw-shelf{fill:var(--hue-2,#d1730a)}
.rw-compute{fill:var(--hue-1,#0b6fb8)}
.rw-switch{fill:var(--hue-3,#1a8a5f)}
.rw-other{fill:var(--hue-5,#5b6bb0)}
.rw-cold{stroke:var(--hue-1,#0b6fb8);stroke-width:4;fill:none}
.rw-warm{stroke:var(--hue-2,#d1730a);stroke-width:4;fill:none}
.rw-slot{stroke:var(--paper,#fff);stroke-width:1}
.rw-on{fill:var(--paper,#fff);font:10px system-ui,sans-serif}
"""
_ALONE = """
:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--text:#e6e9ec;--quiet:#9aa4af;--line:#353c44;--paper:#1a1f24;
--ground:#12161a;--hue-1:#5aa9e6;--hue-2:#f2a154;--hue-3:#57c49a;--hue-5:#9aa8e8}}
"""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def safe(words: object) -> str:
    """Words as XML text or attribute: marks escaped, what XML cannot hold replaced by a question mark.

    >>> safe('<b onload="x">')
    '&lt;b onload=&quot;x&quot;&gt;'
    """
    return escape(_NOT_XML.sub("?", str(words)), {'"': "&quot;", "'": "&#39;"})


def cut(words: str, most: int) -> str:
    """Words shortened to a number of letters.

    >>> cut("a very long name", 8)
    'a very…'
    """
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def text(x: float, y: float, words: object, *, css: str = "rw-text", anchor: str = "start") -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{safe(words)}</text>'


def rect(x: float, y: float, width: float, height: float, css: str, *, title: str = "", radius: float = 0.0) -> str:
    inside = f"<title>{safe(title)}</title>" if title else ""
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 0.5):.1f}" '
        f'rx="{radius:.0f}">{inside}</rect>'
    )


def line(x1: float, y1: float, x2: float, y2: float, css: str = "rw-line", *, arrow: bool = False) -> str:
    head = ' marker-end="url(#rw-arrow)"' if arrow else ""
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{head}/>'


def box(x: float, y: float, width: float, height: float, words: Iterable[str], css: str = "rw-box") -> str:
    """A box with lines of words inside, the first in full ink."""
    lines = list(words)
    first_y = y + height / 2 - 8 * (len(lines) - 1) + 4
    written = "".join(
        text(x + width / 2, first_y + 16 * number, said, css="rw-text" if number == 0 else "rw-small", anchor="middle")
        for number, said in enumerate(lines)
    )
    return rect(x, y, width, height, css, radius=4) + written


def drawing(width: float, height: float, title: str, description: str, parts: Iterable[str], *, alone: bool) -> str:
    """The whole picture; title and description are for screen readers. `alone`: a file of its own, with its colours."""
    style = STYLE + (_ALONE if alone else "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{safe(title)}. {safe(description)}">'
        f"<title>{safe(title)}</title><desc>{safe(description)}</desc><style>{style}</style>"
        '<defs><marker id="rw-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="rw-line" d="M0 0 L7 4 L0 8"/></marker></defs>'
        f"{''.join(parts)}</svg>"
    )
