"""The fabric of a cluster, one plane of it, collapsed by symmetry: as legible at a million endpoints as at a hundred.

Tall and narrow, so that a phone shows it at its own size. From cores down to racks; between two tiers the links, who joins
whom, and how full they are when every adapter sends all it can to all others alike. Each number is one of the table
`rack.network_fabric` or a quotient of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.rack import svg
from rackwright.rack.design import RackDesign
from rackwright.rack.network import ScaleOut
from rackwright.rack.network.clos import Fabric

WIDTH, MARGIN = 360.0, 8.0
BOX, GAP, FAN = 52.0, 74.0, 108.0
#: Boxes drawn for all, and lines of a fan.
MOST_DRAWN = 6
#: Boxes drawn for a group of a dragonfly+.
GROUP = 2

_STYLE = """
.rw-net-word{fill:var(--text,#1b1f24);font:600 13px system-ui,sans-serif}
.rw-net-note{fill:var(--quiet,#5a636e);font:11px system-ui,sans-serif}
.rw-net-alarm{fill:var(--alarm,#b3261e);font:600 11px system-ui,sans-serif}
.rw-net-link{stroke:var(--quiet,#5a636e);stroke-opacity:.4;stroke-width:1.2;fill:none}
.rw-net-card{fill:var(--ground,#f6f7f8);stroke:var(--line,#d9dee3)}
"""
_ALONE = "@media (prefers-color-scheme:dark){:root{--alarm:#ff8a80}}"


@dataclass(frozen=True, slots=True)
class _Tier:
    """One row of switches or racks."""

    name: str
    note: str
    count: int
    css: str


@dataclass(frozen=True, slots=True)
class _Between:
    """The links between a tier and the one above it; `load_share` of a link's rate, all sending to all."""

    links: int
    words: str
    load_share: float
    #: Only within groups of a dragonfly+.
    grouped: bool = False


def fabric_svg(design: RackDesign, *, alone: bool = False) -> str:
    """One plane of the scale-out fabric, tier by tier."""
    network = design.network
    tiers, between = list(_tiers(network)), list(_between(network.fabric))
    style = f"<style>{_STYLE}{_ALONE if alone else ''}</style>"
    planes = network.fabric.planes
    top = 40.0 if planes > 1 else 24.0
    height = top + len(tiers) * BOX + (len(tiers) - 1) * GAP
    parts = [style, *_cards(planes, top, height)]
    title = f"{planes} planes alike, one drawn" if planes > 1 else "one plane"
    parts.append(svg.text(MARGIN, 14, f"{title}; links of {_rate(network.link_bit_s)}", css="rw-net-note"))
    for at, tier in enumerate(tiers):
        y = top + at * (BOX + GAP)
        parts += _row(tier, y)
        if at + 1 < len(tiers):
            parts += _links(between[at], tier, tiers[at + 1], y + BOX)
    parts += _beside(tiers[0], network.fabric, top)
    foot = height + (26 if planes > 1 else 20)
    for words in _foot(network):
        parts.append(svg.text(MARGIN, foot, words, css="rw-net-note"))
        foot += 15
    title = f"Scale-out fabric of {design.name}"
    return svg.drawing(WIDTH, foot, title, _told(network, tiers, between), parts, alone=alone)


def _tiers(network: ScaleOut) -> Iterator[_Tier]:
    """From the top down."""
    fabric = network.fabric
    switch = svg.cut(network.switch, 15)
    pods = _pods(fabric) if fabric.cores else 1
    low = ("switch", "switches") if fabric.topology == "torus" else ("leaf", "leaves")
    rows = (
        ("core", "cores", fabric.cores, fabric.spine_core_links // fabric.cores if fabric.cores else 0),
        ("spine", "spines", fabric.spines, fabric.spine_down + fabric.spine_up),
        (*low, fabric.leaves, fabric.leaf_down + fabric.leaf_up),
    )
    for one, many, count, used in rows:
        if count:
            name = f"{count:,} {one if count == 1 else many}"
            name += f" in {pods} pods" if one == "spine" and pods > 1 else ""
            yield _Tier(name, f"{used:,} of {fabric.ports:,} ports, {switch}", count, "rw-switch")
    each = f"{network.adapters:,} adapters of {_rate(network.adapter_bit_s)} each"
    yield _Tier(f"{network.cluster_racks:,} racks", each, network.cluster_racks, "rw-compute")


def _between(fabric: Fabric) -> Iterator[_Between]:
    """From the top down. All to all: what crosses a tier is what has its other end beyond it."""
    if fabric.cores:
        each = fabric.spine_up // max(_group_cores(fabric), 1)
        words = f"each spine {fabric.spine_up:,}: {each:,} to each of {_group_cores(fabric):,} cores"
        yield _Between(fabric.spine_core_links, words, _load(fabric, fabric.spine_core_links, _pods(fabric)))
    if fabric.topology == "dragonfly+":
        words = f"each leaf {fabric.leaf_up:,}, within its group"
        load = _load(fabric, fabric.leaf_spine_links, fabric.leaves)
        yield _Between(fabric.leaf_spine_links, words, load, grouped=True)
    elif fabric.spines:
        spines = _pod_spines(fabric) if fabric.cores else fabric.spines
        words = f"each leaf {fabric.leaf_up:,}: {fabric.leaf_up // spines:,} to each of {spines:,} spines"
        yield _Between(fabric.leaf_spine_links, words, _load(fabric, fabric.leaf_spine_links, fabric.leaves))
    if fabric.leaves:
        words = f"each leaf up to {fabric.leaf_down:,} adapters" if fabric.leaves > 1 else "all on one switch"
        yield _Between(fabric.endpoint_links, words, 1.0)


def _load(fabric: Fabric, links: int, parts: int) -> float:
    """Mean load of links above `parts` equal parts: endpoints' traffic less what stays in its own part."""
    inside = fabric.endpoints / parts
    leaving = (fabric.endpoints - inside) / max(fabric.endpoints - 1, 1)
    return fabric.endpoints * leaving / links if links else 0.0


def _pods(fabric: Fabric) -> int:
    """Pods of a fabric in three tiers: as few as hold its leaves on half of a spine's ports."""
    return max(-(-fabric.leaves // (fabric.ports // 2)), 1)


def _pod_spines(fabric: Fabric) -> int:
    return fabric.spines // _pods(fabric)


def _group_cores(fabric: Fabric) -> int:
    return fabric.cores // max(_pod_spines(fabric), 1)


def _cards(planes: int, top: float, height: float) -> Iterator[str]:
    """The other planes behind the one that is drawn."""
    for card in range(min(planes, 4) - 1, 0, -1):
        shift = 4.0 * card
        yield svg.rect(
            MARGIN - 4 + shift, top - 8 - shift, WIDTH - 2 * MARGIN - 2, height - top + 16, "rw-net-card", radius=6
        )
    if planes > 1:
        yield svg.rect(MARGIN - 4, top - 8, WIDTH - 2 * MARGIN, height - top + 16, "rw-net-card", radius=6)


def _beside(tier: _Tier, fabric: Fabric, y: float) -> Iterator[str]:
    """Links among the switches of the top row, where a topology has them: arcs from each group to the next."""
    if fabric.topology in ("dragonfly+", "torus", "circuits") and fabric.fits:
        drawn = min(tier.count, MOST_DRAWN)
        step = GROUP if fabric.topology == "dragonfly+" else 1
        for at in range(0, drawn - step, step):
            left, right = _place(at, drawn), _place(at + step, drawn)
            yield svg.line(left, y + 14, (left + right) / 2, y + 5, "rw-net-link")
            yield svg.line((left + right) / 2, y + 5, right, y + 14, "rw-net-link")


def _row(tier: _Tier, y: float) -> Iterator[str]:
    """Boxes at the left for all of a tier, words at their right."""
    drawn = min(tier.count, MOST_DRAWN)
    for at in range(drawn):
        yield svg.rect(_place(at, drawn) - 7, y + 14, 14, 24, tier.css, radius=3)
    if tier.count > drawn:
        yield svg.text(_place(drawn - 1, drawn) + 12, y + 30, "…", css="rw-net-note")
    yield svg.text(WIDTH - MARGIN - 8, y + 22, tier.name, css="rw-net-word", anchor="end")
    yield svg.text(WIDTH - MARGIN - 8, y + 38, tier.note, css="rw-net-note", anchor="end")


def _place(at: int, drawn: int) -> float:
    return MARGIN + 6 + FAN * (at + 0.5) / drawn


def _links(between: _Between, upper: _Tier, lower: _Tier, y: float) -> Iterator[str]:
    """A fan from the tier below to the one above; racks join their own leaves only."""
    above, below = min(upper.count, MOST_DRAWN), min(lower.count, MOST_DRAWN)
    own = lower.css == "rw-compute"
    for at in range(below):
        for up in range(above):
            if own and above > 1 and up != at * above // below:
                continue
            if between.grouped and up // GROUP != at // GROUP:
                continue
            yield svg.line(_place(at, below), y + GAP + 14, _place(up, above), y - 14, "rw-net-link")
    full = between.load_share
    words = f"all to all: {100 * full:.0f} % of each link" if full <= 1 else f"all to all: {full:.2f} times each link"
    css = "rw-net-note" if full <= 1 + 1e-9 else "rw-net-alarm"
    yield svg.text(WIDTH - MARGIN - 8, y + 22, f"{between.links:,} links", css="rw-net-word", anchor="end")
    yield svg.text(WIDTH - MARGIN - 8, y + 38, between.words, css="rw-net-note", anchor="end")
    yield svg.text(WIDTH - MARGIN - 8, y + 54, words, css=css, anchor="end")


def _foot(network: ScaleOut) -> Iterator[str]:
    fabric = network.fabric
    yield f"{fabric.planes * fabric.switches:,} switches, {network.links:,} links, {network.optics:,} modules in all"
    beside = {
        "dragonfly+": (fabric.spine_core_links, "between groups"), "torus": (fabric.leaf_spine_links, "between switches"),
        "circuits": (fabric.leaf_spine_links, f"by {fabric.circuit_switches:,} optical circuit switches"),
    }.get(fabric.topology)  # fmt: skip
    if beside is not None and fabric.fits:
        yield f"{fabric.topology}: {beside[0]:,} links of a plane {beside[1]}"
    if fabric.topology == "rail-only":
        yield "rail-only: nothing joins rails, or blocks"
    share = network.delivered_bit_s / network.adapters_bit_s if network.adapters_bit_s else 0.0
    yield f"{_rate(network.delivered_bit_s)} an accelerator when all send at once ({100 * share:.0f} %)"
    if not fabric.fits:
        yield fabric.problem[:60] if fabric.problem else "three tiers of this switch are too small for it"


def _rate(bit_s: float) -> str:
    return f"{bit_s / 1e12:,.3g} Tbit/s" if bit_s >= 1e12 else f"{bit_s / 1e9:,.3g} Gbit/s"


def _told(network: ScaleOut, tiers: list[_Tier], between: list[_Between]) -> str:
    """The picture in words, for those who do not see it."""
    words = [f"{network.fabric.planes} planes; links of {_rate(network.link_bit_s)}"]
    for at, tier in enumerate(tiers):
        words.append(f"{tier.name} ({tier.note})")
        if at < len(between):
            words.append(f"{between[at].links:,} links, {between[at].words}, {100 * between[at].load_share:.0f} % full")
    return "; ".join(words)
