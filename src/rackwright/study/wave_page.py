"""A page of waveforms: each generation's training on its bus, and each site's spectrum, from the study's tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from rackwright.outcome import Outcome
from rackwright.rack import svg
from rackwright.study import power_specs as specs
from rackwright.units import three_figures

WIDE, HIGH, LEFT, FOOT = 360.0, 150.0, 58.0, 22.0
SHARES = (0.0, 0.5, 1.0)
#: Seconds of the record that are drawn.
SHOWN_S = 7.0
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>
:root{{--text:#1b1f24;--quiet:#5a636e;--line:#d9dee3;--paper:#fff;--hue-1:#0b6fb8;--hue-2:#d1730a;--hue-3:#1a8a5f}}
@media (prefers-color-scheme:dark){{:root{{--text:#e6e9ec;--quiet:#9aa4af;--line:#353c44;--paper:#12161a;--hue-1:#5aa9e6;
--hue-2:#f2a154;--hue-3:#57c49a}}}}
body{{margin:16px;background:var(--paper);color:var(--text);font:15px system-ui,sans-serif}}
h1{{font-size:20px}}h2{{font-size:16px;margin:22px 0 4px}}p{{color:var(--quiet);margin:2px 0 8px;max-width:60em}}
div.row{{display:flex;flex-wrap:wrap;gap:12px}}svg{{max-width:100%;height:auto}}
.a{{stroke:var(--hue-1);fill:none;stroke-width:1.3}}.b{{stroke:var(--hue-2);fill:none;stroke-width:1.3}}
.c{{stroke:var(--hue-3);fill:none;stroke-width:1.3}}.g{{stroke:var(--line)}}
text{{fill:var(--quiet);font:11px system-ui,sans-serif}}text.t{{fill:var(--text);font:600 12px system-ui,sans-serif}}
text.ka{{fill:var(--hue-1)}}text.kb{{fill:var(--hue-2)}}
</style></head><body>{body}</body></html>"""


def wave_page(outcome: Outcome) -> str:
    """The page; a study without `--waveform` and `--utility` gives an empty one that says so."""
    body = [f"<h1>{svg.safe(outcome.program.name)}: power in time</h1>"]
    waves, spectra = (
        _by(outcome, specs.POWER_WAVE.name, "generation"),
        _by(outcome, specs.UTILITY_SPECTRUM.name, "site"),
    )
    if not waves and not spectra:
        body.append("<p>Nothing to draw: ask for --waveform or --utility.</p>")
    for generation, rows in waves.items():
        body += _generation(generation, [row for row in rows if row["time_s"] <= SHOWN_S])
    for site, rows in spectra.items():
        body += _site(site, rows)
    return _PAGE.format(title=svg.safe(outcome.program.name), body="".join(body))


def _by(outcome: Outcome, name: str, key: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of a table by one of its columns; empty where the study has not made it."""
    assert outcome.rack is not None
    found: dict[str, list[dict[str, Any]]] = {}
    for table in outcome.rack.tables:
        if table.name == name:
            for row in table.rows():
                found.setdefault(str(row[key]), []).append(row)
    return found


def _generation(name: str, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    time = [row["time_s"] for row in rows]
    yield f"<h2>{svg.safe(name)}, in time</h2><div class=row>"
    asked, given = [row["load_w"] / 1e3 for row in rows], [row["feed_w"] / 1e3 for row in rows]
    yield chart("kW: trays ask (blue), feeds give (orange)", time, [("a", asked), ("b", given)], "s")
    yield chart("V: lowest tray", time, [("c", [row["lowest_v"] for row in rows])], "s")
    joules = [row["store_j"] / 1e3 for row in rows]
    if max(joules, default=0.0) > 0:
        yield chart("kJ in the stores", time, [("b", joules)], "s")
    yield "</div>"


def _site(name: str, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield f"<h2>{svg.safe(name)}, spectrum of the site's power</h2>"
    yield "<p>rms of a sine at each frequency, both axes logarithmic; one chart for the site full of each generation.</p><div class=row>"
    for generation in dict.fromkeys(str(row["generation"]) for row in rows):
        own = [row for row in rows if row["generation"] == generation and row["rms_w"] > 0]
        x = [math.log10(row["frequency_hz"]) for row in own]
        y = [math.log10(row["rms_w"] / 1e6) for row in own]
        yield chart(f"{generation}: MW rms", x, [("a", y)], "Hz", said=_power_of_ten)
    yield "</div>"


def _power_of_ten(value: float) -> str:
    return three_figures(10**value)


def apart(values: Sequence[float], said: Callable[[float], str]) -> list[str]:
    """Labels that differ: with three figures where these do, else with as many decimals as tell them apart.

    >>> apart([1.0, 2.0], three_figures), apart([799.01, 799.06, 799.11], three_figures)
    (['1.00', '2.00'], ['799.01', '799.06', '799.11'])
    """
    labels = [said(value) for value in values]
    decimals = 0
    while len(set(labels)) < len(set(values)) and decimals < 6:
        decimals += 1
        labels = [f"{value:,.{decimals}f}" for value in values]
    return labels


def chart(
    title: str,
    x: Sequence[float],
    lines: Iterable[tuple[str, Sequence[float]]],
    unit: str,
    *,
    said: Callable[[float], str] = three_figures,
) -> str:
    """A line chart with its ends told on both axes; each line has a class for its colour."""
    lines = list(lines)
    values = [value for _, line in lines for value in line if math.isfinite(value)]
    if not values or not x:
        return ""
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.01
    low, high = low - room, high + room
    first, last = min(x), max(x)
    across, up = WIDE - LEFT - 8, HIGH - FOOT - 22

    def at(a: float, b: float) -> str:
        px = LEFT + across * (a - first) / ((last - first) or 1.0)
        return f"{px:.1f} {22 + up * (1 - (b - low) / (high - low)):.1f}"

    parts = [svg.text(4, 13, title, css="t")]
    told = apart([low + share * (high - low) for share in SHARES], said)
    for share, label in zip(SHARES, told, strict=True):
        y = 22 + up * (1 - share)
        parts.append(svg.line(LEFT, y, WIDE - 8, y, "g"))
        parts.append(svg.text(LEFT - 4, y + 4, label, css="k", anchor="end"))
    for share in SHARES:
        anchor = ("start", "middle", "end")[round(2 * share)]
        label = f"{said(first + share * (last - first))} {unit}"
        parts.append(svg.text(LEFT + across * share, HIGH - 6, label, css="k", anchor=anchor))
    for css, line in lines:
        drawn = "L".join(at(a, b) for a, b in zip(x, line, strict=True) if math.isfinite(b))
        parts.append(f'<path class="{css}" d="M{drawn}"/>')
    inner = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:.0f} {HIGH:.0f}" width="{WIDE:.0f}" '
        f'height="{HIGH:.0f}" role="img" aria-label="{svg.safe(title)}">{inner}</svg>'
    )
