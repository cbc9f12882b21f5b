"""Every loss of a feed, a shelf or a supply, and every pair of them: each solved anew, for one rack or ten thousand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.progress import SILENT, Progress
from rackwright.rack.power.bar import Bar
from rackwright.rack.power.direct import DirectSolution, solve
from rackwright.rack.power.direct.network import Floats, Ints

#: States that are solved together: what they hold stays within some tens of megabytes.
STATES_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost together: `kind` is "none", "feed", "shelf", "supply" or "pair"; `off` are the sources it takes."""

    kind: str
    name: str
    off: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LossStates:
    """What every rack comes to after every loss. Arrays have the shape (racks, losses).

    Where the loads ask for more than the supplies that are left may give (`asked_share` above 1) nothing is solved:
    the state is not carried and its voltage and currents are 0.
    """

    bar: Bar
    losses: tuple[Loss, ...]
    #: Every tray gets its power at or above its least voltage.
    carried: NDArray[np.bool_]
    lowest_v: Floats
    #: Current of the most loaded supply that is left, over its rated current.
    supply_share: Floats
    #: Current of the most loaded shelf's output. [A]
    shelf_a: Floats
    #: Power that the most loaded shelf gives. [W]
    shelf_w: Floats
    #: Current of the most loaded stretch of the bar, and of the most loaded tap. [A]
    bar_a: Floats
    tap_a: Floats
    #: What the loads ask for over what the supplies that are left may give.
    asked_share: Floats

    def worst(self, kind: str) -> Ints:
        """Numbers of the losses of one kind, the one with the lowest voltage in any rack first."""
        of_kind = [at for at, loss in enumerate(self.losses) if loss.kind == kind]
        return np.array(sorted(of_kind, key=lambda at: float(self.lowest_v[:, at].min())), np.int64)


def single_losses(bar: Bar) -> tuple[Loss, ...]:
    """No loss first, then every feed, every shelf, every supply.

    A rack on two feeds with eight shelves of six supplies has 2 + 8 + 48 = 58 single losses.
    """
    found = [Loss("none", "nothing lost", ())]
    for feed in range(bar.feeds):
        off = np.flatnonzero(bar.feed_of == feed)
        if len(off):
            found.append(
                Loss("feed", f"feed {chr(ord('A') + feed)}" if bar.feeds <= 26 else f"feed {feed + 1}", _t(off))
            )
    for shelf in range(bar.shelves):
        found.append(Loss("shelf", f"shelf {shelf + 1}", _t(np.flatnonzero(bar.shelf_of == shelf))))
    for source, name in enumerate(bar.network.sources):
        found.append(Loss("supply", name, (source,)))
    return tuple(found)


def pair_losses(bar: Bar) -> tuple[Loss, ...]:
    """Every pair of single losses of which neither holds the other: a shelf on a lost feed is no second loss."""
    singles = single_losses(bar)[1:]
    found = []
    for first, second in combinations(singles, 2):
        one, two = set(first.off), set(second.off)
        if not (one <= two or two <= one):
            found.append(Loss("pair", f"{first.name} and {second.name}", tuple(sorted(one | two))))
    return tuple(found)


def lose(
    bar: Bar,
    losses: tuple[Loss, ...],
    *,
    load_w: ArrayLike | None = None,
    source_v: ArrayLike | None = None,
    threads: int | None = None,
    progress: Progress = SILENT,
) -> LossStates:
    """Solve every rack after every loss.

    Parameters
    ----------
    bar : Bar
        With limited supplies, so that one that is asked for more than its rating gives no more.
    load_w : array_like, optional
        (racks, nodes): each rack's own loads, in the order of the network's nodes.
    source_v : array_like, optional
        (racks, sources): each supply's own no-load voltage.

    Returns
    -------
    LossStates
        Of racks x losses; no state is taken from another.
    """
    network = bar.network
    loads = np.atleast_2d(network.load_w if load_w is None else np.asarray(load_w, np.float64))
    volts = np.atleast_2d(network.source_v if source_v is None else np.asarray(source_v, np.float64))
    racks = max(len(loads), len(volts))
    loads, volts = (np.broadcast_to(a, (racks, a.shape[1])) if len(a) == 1 else a for a in (loads, volts))
    on = np.ones((len(losses), len(network.sources)), np.bool_)
    for at, loss in enumerate(losses):
        on[at, list(loss.off)] = False
    shape = (racks, len(losses))
    found = {name: np.zeros(shape) for name in _MEASURES}
    carried = np.zeros(shape, np.bool_)
    left_w = on @ (np.minimum(network.limit_a, bar.rated_a) * (bar.shelf.output_v - bar.shelf.droop_v))
    for first, last in _blocks(racks, len(losses)):
        progress.step(f"racks {first + 1:,} to {last:,} after every loss", first / racks)
        here = slice(first, last)
        asked_w = loads[here].sum(axis=1)[:, None]
        asked = np.asarray(np.where(asked_w > 0, asked_w / np.maximum(left_w[None, :], 1e-300), 0.0), np.float64)
        found["asked_share"][here] = np.where(asked > 1e9, np.inf, asked)
        # what asks for more than its supplies may give has no answer to look for
        rack, case = np.nonzero(np.asarray(asked <= 1, np.bool_) & np.asarray(on.any(axis=1), np.bool_))
        if not len(rack):
            continue
        solved = solve(
            network,
            load_w=loads[here][rack],
            source_v=volts[here][rack],
            source_on=on[case],
            threads=threads,
        )
        carried[here][rack, case] = solved.carried
        for name, values in _measures(bar, solved).items():
            found[name][here][rack, case] = values
    return LossStates(bar, losses, carried, **found)


_MEASURES = ("lowest_v", "supply_share", "shelf_a", "shelf_w", "bar_a", "tap_a", "asked_share")


def _measures(bar: Bar, solved: DirectSolution) -> dict[str, Floats]:
    """The extremes of every state, (states,)."""
    network, states = bar.network, len(solved.voltage_v)
    at_source = solved.voltage_v[:, network.source_node]
    loaded = network.load_w > 0
    of_shelf = (bar.shelf_of[:, None] == np.arange(bar.shelves)[None, :]).astype(np.float64)

    def most(lines: Ints) -> Floats:
        return np.abs(solved.line_a[:, lines]).max(axis=1) if len(lines) else np.zeros(states)

    return {
        "lowest_v": solved.voltage_v[:, loaded].min(axis=1) if loaded.any() else solved.voltage_v.min(axis=1),
        "supply_share": solved.source_a.max(axis=1) / bar.rated_a,
        "shelf_a": (solved.source_a @ of_shelf).max(axis=1),
        "shelf_w": ((solved.source_a * at_source) @ of_shelf).max(axis=1),
        "bar_a": most(bar.segments) if len(bar.segments) else solved.source_a.sum(axis=1),
        "tap_a": most(bar.tap_lines) if len(bar.tap_lines) else _tap_a(bar, solved),
    }


def _tap_a(bar: Bar, solved: DirectSolution) -> Floats:
    """Most current of a load that stands on the bar itself."""
    if not len(bar.taps):
        return np.zeros(len(solved.voltage_v))
    return np.asarray((bar.loads_w / solved.voltage_v[:, bar.taps]).max(axis=1))


def _blocks(racks: int, losses: int) -> Iterator[tuple[int, int]]:
    many = max(1, STATES_AT_ONCE // max(losses, 1))
    for first in range(0, racks, many):
        yield first, min(first + many, racks)


def _t(numbers: NDArray[np.intp]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)
