"""A rack's busbar as a DC network: every supply a source of its own, every tray a load behind its tap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rackwright.physics.conductors import RESISTIVITY, bar_resistance_ohm
from rackwright.program.sections.parts import Busbar, Catalogue, Shelf
from rackwright.program.sections.rack import Rack
from rackwright.rack.layout import tray_order
from rackwright.rack.pieces import Piece
from rackwright.rack.power.direct import DirectBuilder, DirectNetwork
from rackwright.rack.power.direct.network import Floats, Ints

#: A supply without a stated droop still falls by this share of its voltage up to its rating, so that supplies share.
LEAST_DROOP_SHARE = 1e-6
#: Power of the temperature rise in a bar's heat balance: loss ~ rise^1.22, from I ~ rise^0.61 for flat bars in air
#: (Copper Development Association, publication 22, as recalled in the reference).
COOLING_POWER = 1.22
REFERENCE_K = 293.15


@dataclass(frozen=True, slots=True, eq=False)
class Bar:
    """The network of a rack's bar, and which source stands in which shelf and on which feed.

    `taps` are the nodes at which the loads stand, in order along the bar; `segments` the lines of the bar itself (none
    where it has no resistance), `tap_lines` those from the bar to the loads (none without a stated resistance).
    """

    network: DirectNetwork
    shelf: Shelf
    shelves: int
    feeds: int
    #: Shelf and feed of each source.
    shelf_of: Ints
    feed_of: Ints
    names: tuple[str, ...]
    distance_m: Floats
    loads_w: Floats
    taps: Ints
    segments: Ints
    tap_lines: Ints

    @property
    def rated_a(self) -> float:
        """Current of one supply at its rating and full-load voltage. [A]"""
        return rated_a(self.shelf)


def rated_a(shelf: Shelf) -> float:
    """Current of one supply at its rated power, at the voltage that its droop leaves there.

    >>> from rackwright.program.sections.parts import Shelf
    >>> shelf = Shelf.model_construct(psu_w=4900.0, psu_count=6, output_v=50.0, droop_v=1.0)
    >>> rated_a(shelf)
    100.0
    """
    return shelf.psu_w / (shelf.output_v - shelf.droop_v)


def droop_ohm(shelf: Shelf) -> float:
    """Fall of a supply's voltage per ampere of its own."""
    return max(shelf.droop_v, LEAST_DROOP_SHARE * shelf.output_v) / rated_a(shelf)


def bar_loads(rack: Rack, pieces: tuple[Piece, ...]) -> tuple[list[str], Floats]:
    """Names and power of what hangs on the busbar: trays in the layout's order, then powered components together."""
    tray_w = {
        name: rack.design_load_share
        * (tray.other_power_w + math.fsum(p.part.power_w * p.per_tray for p in pieces if p.tray == name))
        for name, tray in rack.trays.items()
    }
    names = list(tray_order(rack, pieces))
    loads = [tray_w[name] for name in names]
    for piece in pieces:
        if not piece.tray and piece.part.power_w and piece.count:
            names.append(piece.name)
            loads.append(rack.design_load_share * piece.part.power_w * piece.count)
    return names, np.array(loads, dtype=np.float64)


def bar_of(rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], shelves: int, *, limited: bool = False) -> Bar:
    """The bar with `shelves` shelves at its foot; with `limited`, no supply gives more than its rated current.

    Loads stand equally spaced along the bar, the last at its end. All current passes the joints first. Shelf k is on
    feed k modulo the feeds. Supplies share by their droop alone.
    """
    shelf, busbar = catalogue.shelves[rack.power.shelf], catalogue.busbars[rack.power.busbar]
    names, loads_w = bar_loads(rack, pieces)
    spacing_m = busbar.length_m / len(names) if names else 0.0
    numbered = _numbered(names)
    load_at: dict[str, float] = {"foot": 0.0}
    lines: dict[str, tuple[str, str, dict[str, Any]]] = {}
    taps: list[str] = []
    before = "foot"
    if busbar.joint_ohm and names:
        lines["joints"] = (before, "bar", {"ohm": busbar.joint_ohm})
        load_at["bar"], before = 0.0, "bar"
    for name, load_w in zip(numbered, loads_w.tolist(), strict=True):
        stretch = _segment(busbar, spacing_m)
        if stretch["ohm"] > 0:
            place = f"bar at {name}"
            lines[f"bar to {name}"] = (before, place, stretch)
            load_at[place], before = 0.0, place
        tap = name if busbar.tap_ohm else before
        if busbar.tap_ohm:
            lines[f"tap of {name}"] = (before, name, {"ohm": busbar.tap_ohm, "rating_a": busbar.tap_rating_a})
        load_at[tap] = load_at.get(tap, 0.0) + load_w
        taps.append(tap)
    build = DirectBuilder()
    for node, load_w in load_at.items():
        build.node(node, load_w=load_w, least_v=rack.power.tray_least_v if load_w else 0.0)
    for line, (first, second, figures) in lines.items():
        build.line(line, first, second, **figures)
    supplies = [(k, s) for k in range(max(shelves, 1)) for s in range(shelf.psu_count)]
    for k, s in supplies:
        limit_a = rated_a(shelf) if limited else None
        name = f"shelf {k + 1} supply {s + 1}"
        build.source(name, "foot", volt=shelf.output_v, droop_ohm=droop_ohm(shelf), limit_a=limit_a)
    network = build.network()
    place_of = network.node_number
    of_shelf = np.array([k for k, _ in supplies], np.int64)
    return Bar(
        network=network,
        shelf=shelf,
        shelves=max(shelves, 1),
        feeds=rack.power.feeds,
        shelf_of=of_shelf,
        feed_of=of_shelf % rack.power.feeds,
        names=tuple(names),
        distance_m=np.array([spacing_m * (at + 1) for at in range(len(names))], np.float64),
        taps=np.array([place_of[tap] for tap in taps], np.int64),
        loads_w=loads_w,
        segments=np.array([at for at, line in enumerate(lines) if line.startswith("bar to ")], np.int64),
        tap_lines=np.array([at for at, line in enumerate(lines) if line.startswith("tap of ")], np.int64),
    )


def _segment(busbar: Busbar, length_m: float) -> dict[str, Any]:
    """A stretch of the bar, go and return."""
    rating_a = busbar.rating_a
    if rating_a is None or busbar.rise_k is None or not length_m:
        ohm = 2 * bar_resistance_ohm(busbar.conductor, length_m, busbar.section_m2, busbar.temperature_k)
        return {"ohm": ohm, "rating_a": rating_a, "ambient_k": busbar.temperature_k}
    alpha = RESISTIVITY[busbar.conductor][1]
    ohm = 2 * bar_resistance_ohm(busbar.conductor, length_m, busbar.section_m2, REFERENCE_K)
    return {
        "ohm": ohm,
        "rating_a": busbar.allowed_a,
        "alpha_per_k": alpha,
        "ambient_k": busbar.ambient_k,
        "cooling_w_k": cooling_w_k(rating_a, ohm, alpha, busbar.rated_ambient_k, busbar.rise_k),
        "cooling_power": COOLING_POWER,
    }


def cooling_w_k(rating_a: float, ohm: float, alpha_per_k: float, ambient_k: float, rise_k: float) -> float:
    """Cooling of a conductor that stands `rise_k` over ambient at its rated current: loss = this x rise^1.22.

    >>> warm = 1 + 0.00393 * (308.15 + 50 - 293.15)
    >>> round(cooling_w_k(1000.0, 1e-5, 0.00393, 308.15, 50.0) * 50**1.22 / (1000.0**2 * 1e-5 * warm), 12)
    1.0
    """
    at_rating = ohm * (1 + alpha_per_k * (ambient_k + rise_k - REFERENCE_K))
    return float(rating_a**2 * at_rating / rise_k**COOLING_POWER)


def _numbered(names: list[str]) -> list[str]:
    """Names that are there more than once get a number: `compute 3`."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(f"{name} {seen[name]}" if names.count(name) > 1 else name)
    return found
