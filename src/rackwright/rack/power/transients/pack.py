"""A row put into the arrays of the kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rackwright.rack.power.transients import arrays
from rackwright.rack.power.transients.arrays import Floats, Ints, Records, Tree
from rackwright.rack.power.transients.events import Event, FeedEvent, LoadEvent
from rackwright.rack.power.transients.parts import Battery, Capacitor, Shelf, Storage
from rackwright.rack.power.transients.row import Row

#: Below this share of the row's voltage, or nine tenths of where a load lets go, a load is taken for a resistance.
LEAST_SHARE = 0.5
#: A capacitor beside another hangs on a branch of its own; a series resistance of nothing is taken for this.
LEAST_OHM = 1e-8
LOG_LINES = 100_000


@dataclass(frozen=True, slots=True)
class Branch:
    """A capacitor beside another at its node: a place of its own behind its series resistance."""

    node: str
    capacitor: Capacitor


@dataclass(frozen=True, slots=True)
class Packed:
    """The arrays, and where each name went."""

    tree: Tree
    place: Records
    src: Records
    stores: Records
    followed: Ints
    number: dict[str, int]
    supplies: tuple[Shelf | Battery, ...]
    load_place: dict[str, int]
    branches: tuple[Branch, ...]


def pack(row: Row, factor: Floats, skew: Ints, columns: Ints, *, cold: bool) -> Packed:
    """Places in the row's order, capacitors beside others behind them; everything as at the start."""
    number = {name: at for at, name in enumerate(row.order)}
    held = {load.node: Capacitor(load.name, load.node, load.farad, load.esr_ohm) for load in row.loads if load.farad}
    branches = []
    for capacitor in row.capacitors:
        if capacitor.node in held:
            branches.append(Branch(capacitor.node, capacitor))
        else:
            held[capacitor.node] = capacitor
    supplies: tuple[Shelf | Battery, ...] = (*row.shelves, *row.batteries)
    tree = _tree(row, number, held, branches)
    stores, followed = _stores(row, number)
    place = _places(row, number, len(tree.parent), cold=cold)
    for name, values in (("factor", factor), ("skew", skew), ("column", columns)):
        place[name][[number[load.node] for load in row.loads]] = values
    _own_least(row, number, tree, place, cold=cold)
    return Packed(
        tree=tree,
        place=place,
        src=_sources(row, number, supplies),
        stores=stores,
        followed=followed,
        number=number,
        supplies=supplies,
        load_place={load.name: number[load.node] for load in row.loads},
        branches=tuple(branches),
    )


def _tree(row: Row, number: dict[str, int], held: dict[str, Capacitor], branches: list[Branch]) -> Tree:
    many = len(row.order) + len(branches)
    single = {name: np.zeros(many) for name in Tree._fields if not name.startswith(("stage", "demand"))}
    double = {name: np.zeros((2, many)) for name in Tree._fields if name.startswith(("stage", "demand"))}
    parent = np.full(many, -1, np.int64)
    for at, (node, line) in enumerate(zip(row.order, row.towards, strict=True)):
        if line is not None:
            parent[at] = number[line.second if line.first == node else line.first]
            single["ohm"][at], single["henry"][at] = line.ohm, line.henry
        if node in held:
            single["farad"][at], single["esr"][at] = held[node].farad, held[node].esr_ohm
    for at, branch in enumerate(branches, len(row.order)):
        parent[at] = number[branch.node]
        single["ohm"][at] = max(branch.capacitor.esr_ohm, LEAST_OHM)
        single["farad"][at] = branch.capacitor.farad
    arrays_of: dict[str, Any] = {**single, **double, "parent": parent, "swap": np.zeros(many, np.int64)}
    return Tree(**arrays_of)


def _places(row: Row, number: dict[str, int], many: int, *, cold: bool) -> Records:
    place = np.zeros(many, arrays.PLACE)
    place["due"] = place["lowest_v"] = math.inf
    place["jump"] = 1.0
    for load in row.loads:
        own = place[number[load.node]]
        own["has_load"], own["off_v"], own["on_v"] = 1, row.off_v(load), row.on_v(load)
        own["restart_s"], own["ramp_s"] = load.restart_s, load.ramp_s
        own["mode"], own["scale"] = (arrays.LOAD_OFF, 0.0) if cold else (arrays.LOAD_ON, 1.0)
    return place


def _own_least(row: Row, number: dict[str, int], tree: Tree, place: Records, *, cold: bool) -> None:
    """Where loads turn into resistances, and hot-swaps."""
    tree.least_v[:] = LEAST_SHARE * row.nominal_v
    loaded = place["has_load"] > 0
    tree.least_v[loaded] = np.minimum(tree.least_v[loaded], 0.9 * place["off_v"][loaded])
    for load in row.loads:
        if load.farad and load.inrush_a:
            tree.inrush_a[number[load.node]] = load.inrush_a
            tree.clamp_v[number[load.node]] = row.clamp_v(load)
            tree.clamp_s[number[load.node]] = 1 / load.clamp_ohm
            tree.swap[number[load.node]] = arrays.OPEN if cold else arrays.CLOSED


def _sources(row: Row, number: dict[str, int], supplies: Sequence[Shelf | Battery]) -> Records:
    src = np.zeros(len(supplies), arrays.SOURCE)
    for name in ("due", "rest_due", "charge_due", "level_due", "allowed_s"):
        src[name] = math.inf
    src["share"] = 1.0
    src["feed"] = -1
    src["set_v"] = -math.inf
    src["step_s"] = src["full_input"] = 1.0
    for own, supply in zip(src, supplies, strict=True):
        own["place"], own["volt"], own["siemens"] = number[supply.node], supply.volt, 1 / supply.droop_ohm
        own["lag"] = 2 * math.pi * supply.bandwidth_hz
        own["set_v"][arrays.FROM_V] = own["set_v"][arrays.TO_V] = supply.volt
        if isinstance(supply, Shelf):
            _shelf(own, supply, row.feeds.index(supply.feed))
        else:
            _battery(own, supply)
    return src


def _shelf(own: Any, shelf: Shelf, feed: int) -> None:
    for name in ("rest_s", "step_v", "step_s", "restart_s", "walk_in_s", "loss"):
        own[name] = getattr(shelf, name)
    own["mode"], own["feed"], own["limit_a"] = arrays.SHELF_ON, feed, shelf.rated_a
    own["full_j"] = own["joules"] = shelf.hold_up_j
    own["least_input"], own["full_input"] = shelf.least_input_share, shelf.full_input_share
    own["refill_w"] = shelf.hold_up_j / shelf.refill_s
    own["levels"] = own["level"] = len(shelf.overloads)
    for level, (share, seconds) in enumerate(sorted(shelf.overloads)):
        own["share"][level + 1], own["allowed_s"][level] = share, seconds


def _battery(own: Any, battery: Battery) -> None:
    for name in ("limit_a", "trigger_v", "trigger_s", "start_s", "signal", "release_s", "loss_share"):
        own[name] = getattr(battery, name)
    own["battery"], own["mode"], own["charges_w"] = 1, arrays.STANDBY, battery.charge_w
    own["full_j"], own["joules"] = battery.joules, battery.joules * battery.charged_share
    own["charge_above_v"] = battery.charge_above_v or battery.trigger_v
    if battery.charged_share < 1:
        own["charge_due"] = battery.release_s


def home_j(storage: Storage) -> float:
    """Where a bank starts and is brought back to: its start, or half of its usable joules."""
    if storage.start_v is not None:
        return 0.5 * storage.farad * storage.start_v**2
    return 0.25 * storage.farad * (storage.full_v**2 + storage.least_v**2)


def _stores(row: Row, number: dict[str, int]) -> tuple[Records, Ints]:
    stores = np.zeros(len(row.storages), arrays.STORE)
    node_of = {load.name: load.node for load in row.loads}
    followed: list[int] = []
    for own, storage in zip(stores, row.storages, strict=True):
        for name in ("farad", "most_w", "ohm", "average_s", "restore_s", "loss_share"):
            own[name] = getattr(storage, name)
        own["place"], own["first"] = number[storage.node], len(followed)
        followed += [number[node_of[name]] for name in (storage.follows or node_of)]
        own["last"] = len(followed)
        own["full_j"], own["least_j"] = (0.5 * storage.farad * volt**2 for volt in (storage.full_v, storage.least_v))
        own["home_j"] = own["joules"] = home_j(storage)
        own["lag"] = 2 * math.pi * storage.bandwidth_hz
    return stores, np.array(followed, np.int64)


def clock(packed: Packed) -> Floats:
    """Time zero; the first timer is known."""
    found = np.zeros(arrays.CLOCK)
    found[arrays.LOWEST_V], found[arrays.USED_DH] = math.inf, -1.0
    found[arrays.DUE] = float(packed.src["charge_due"].min(initial=math.inf))
    return found


def happenings(row: Row, packed: Packed, events: Sequence[Event]) -> Records:
    """Events in the order of time; one for all feeds becomes one for each."""
    number = {supply.name: k for k, supply in enumerate(packed.supplies)}
    lines: list[tuple[float, float, int, int]] = []
    for event in events:
        if isinstance(event, FeedEvent):
            feeds = range(len(row.feeds)) if event.feed is None else (row.feeds.index(event.feed),)
            lines += [(event.time_s, event.left_share, 0, feed) for feed in feeds]
        elif isinstance(event, LoadEvent):
            lines.append((event.time_s, event.factor, 2, packed.load_place[event.element]))
        else:
            lines.append((event.time_s, float(event.works), 1, number[event.element]))
    return np.array(sorted(lines, key=lambda line: line[0]), arrays.HAPPENING)
