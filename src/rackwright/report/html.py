"""The report's single HTML file: views built beforehand from `web/`, data written in here."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from rackwright.outcome import Outcome
from rackwright.report.whole import write_text, write_whole

_SLOT = '<script type="application/json" id="rackwright-data">{}</script>'


@cache
def _views() -> str | None:
    view = files("rackwright.report") / "views" / "index.html"
    return view.read_text(encoding="utf-8") if view.is_file() else None


def write_report(outcome: Outcome, place: Path) -> tuple[bool, str]:
    """Write the report; (False, why) when the views were not built into this installation.

    Raises
    ------
    ReportError
        When the disk refuses.
    """
    views = _views()
    if views is None:
        return False, "this installation carries no views, because npm was absent when it was built (see CONTRIBUTING)"
    if _SLOT not in views:
        return False, "the views of this installation have no place for data; build web/ anew"
    from rackwright.report.content import content

    block = _SLOT.replace("{}", data_block(content(outcome)))
    page = views.replace(_SLOT, block)
    write_whole(place, lambda draft: write_text(draft, page))
    return True, ""


def data_block(document: dict[str, Any]) -> str:
    """JSON that cannot end its script element: `<`, `>` and `&` are written as escapes.

    >>> data_block({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
