"""What stands on a row: plain figures of every element, and what can be wrong with them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

MOST_OVERLOADS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A conductor between two nodes, go and return together, joints included."""

    kind: ClassVar[str] = "line"
    name: str
    first: str
    second: str
    ohm: float
    henry: float = 0.0

    def problems(self) -> Iterator[str]:
        yield from _above(self.kind, self.name, ohm=self.ohm)
        yield from _not_below(self.kind, self.name, henry=self.henry)
        if self.first == self.second:
            yield f"line {self.name!r} joins node {self.first!r} to itself"


@dataclass(frozen=True, slots=True)
class Capacitor:
    """A capacitor with its series resistance."""

    kind: ClassVar[str] = "capacitor"
    name: str
    node: str
    farad: float
    esr_ohm: float

    def problems(self) -> Iterator[str]:
        yield from _above(self.kind, self.name, farad=self.farad)
        yield from _not_below(self.kind, self.name, esr_ohm=self.esr_ohm)


@dataclass(frozen=True, slots=True)
class Load:
    """A load of constant power behind a hot-swap and an input converter.

    `farad` and `esr_ohm` are its input capacitance. Below `off_v` it lets go at once; above `on_v` it waits
    `restart_s` (its own: this is what staggers a row), charges its input at `inrush_a` where that is above zero and
    the hot-swap had opened, and takes up its power over `ramp_s`. Where the volts are left out they are 0.80 and 0.88
    of the row's highest no-load voltage: assumed (40.8 and 44.9 V of 51 V, below the 46 V that ORv3 asks a tray to
    run at), no data sheet stands behind them. `farad` has no default on purpose: no published figure was found.
    Outside a hot-swap that may open stands a clamp: it carries what the line's inductance still pushes above `clamp_v`
    (1.4 of the highest no-load voltage where left out, assumed) and, as a diode, below the return, through `clamp_ohm`.
    """

    kind: ClassVar[str] = "load"
    name: str
    node: str
    farad: float
    esr_ohm: float
    off_v: float | None = None
    on_v: float | None = None
    restart_s: float = 0.5
    ramp_s: float = 0.01
    inrush_a: float = 0.0
    clamp_v: float | None = None
    clamp_ohm: float = 0.01

    def problems(self) -> Iterator[str]:
        yield from _not_below(
            self.kind, self.name, farad=self.farad, esr_ohm=self.esr_ohm, restart_s=self.restart_s,
            ramp_s=self.ramp_s, inrush_a=self.inrush_a,
        )  # fmt: skip
        yield from _above(self.kind, self.name, clamp_ohm=self.clamp_ohm)
        if self.off_v is not None:
            yield from _above(self.kind, self.name, off_v=self.off_v)
        if self.off_v is not None and self.on_v is not None and not self.off_v < self.on_v:
            yield f"load {self.name!r}: on_v is {self.on_v:g} V, not above its off_v of {self.off_v:g} V"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A power shelf: a droop line followed with a first-order lag, an overload that runs out, a hold-up that empties.

    Its current follows clip((volt - v) / droop_ohm, 0, limit) with the lag of `bandwidth_hz` (infinite: at once).
    The limit is `rated_a`; each pair of `overloads` (share, seconds) allows that share of it for so long, counted
    while the current stands above the next lower share, and is allowed again after `rest_s` at or below the rating.
    On loss of input (below `least_input_share` of its voltage) it goes on from `hold_up_j`, which feeds output and
    loss. With `step_v` it lowers its voltage by so much over `step_s` once half of that is used (the ORv3 signal to
    the battery). When input is back it goes on, or, once off, restarts after `restart_s` with its limit walking in
    over `walk_in_s`. Between `least_input_share` and `full_input_share` the limit falls with the input voltage.
    `refill_s` is how long the empty hold-up takes to fill. `loss` is a + b i + c i^2 in watts while it works.

    Published: 60 J per 3 kW ORv3 PSU, step of 3 V in 1 ms (Delta and Advanced Energy, OCP talk); 140 % for 50 ms and
    160 % for 0.4 ms, 20 ms of hold-up (HPR V2 PSU 1.0.0); 180 V of 218 V for reduced power (same). Everything else,
    and the defaults of bandwidth, rest, restart and walk-in, is assumed.
    """

    kind: ClassVar[str] = "shelf"
    name: str
    node: str
    volt: float
    droop_ohm: float
    rated_a: float
    overloads: tuple[tuple[float, float], ...] = ()
    rest_s: float = 0.5
    bandwidth_hz: float = 1000.0
    loss: tuple[float, float, float] = (0.0, 0.0, 0.0)
    feed: str = "A"
    hold_up_j: float = 0.0
    step_v: float = 0.0
    step_s: float = 1e-3
    least_input_share: float = 180 / 218
    full_input_share: float = 1.0
    restart_s: float = 0.5
    walk_in_s: float = 0.1
    refill_s: float = 0.1

    def problems(self) -> Iterator[str]:
        yield from _above(
            self.kind, self.name, volt=self.volt, droop_ohm=self.droop_ohm, rated_a=self.rated_a,
            refill_s=self.refill_s, step_s=self.step_s, walk_in_s=self.walk_in_s, rest_s=self.rest_s,
        )  # fmt: skip
        yield from _not_below(
            self.kind, self.name, hold_up_j=self.hold_up_j, step_v=self.step_v, restart_s=self.restart_s,
            **dict(zip(("loss a", "loss b", "loss c"), self.loss, strict=True)),
        )  # fmt: skip
        if not self.bandwidth_hz > 0:
            yield f"shelf {self.name!r}: bandwidth_hz is {self.bandwidth_hz}, not above zero"
        if not 0 < self.least_input_share <= self.full_input_share:
            yield f"shelf {self.name!r}: least_input_share must be above 0 and at most full_input_share"
        if len(self.overloads) > MOST_OVERLOADS:
            yield f"shelf {self.name!r}: {len(self.overloads)} overloads, {MOST_OVERLOADS} at most"
        for share, seconds in self.overloads:
            if not (share > 1 and math.isfinite(share) and seconds > 0):
                yield f"shelf {self.name!r}: overload {share:g} for {seconds:g} s is not a share above 1 for a time"


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery shelf that waits, takes over, and is charged from the row again.

    It starts when its bus stays below `trigger_v` for `trigger_s`, or, with `signal`, when a shelf loses its input;
    it supplies within `start_s` more, then follows its own droop line up to `limit_a` until `joules` are used. When
    its current has been nil for `release_s` it stands by again and charges with `charge_w` while the bus is above
    `charge_above_v`, on top of all loads. Of what it gives and takes, `loss_share` is lost each way.

    Published (ORv3, Delta and Advanced Energy, OCP talk): 48.5 V, 2 ms, 2 ms; 48.0 V without load, 47.5 V at full
    load (BBU module 1.4); HPR starts by signal. Release, charging power and loss are assumed.
    """

    kind: ClassVar[str] = "battery"
    name: str
    node: str
    volt: float
    droop_ohm: float
    limit_a: float
    joules: float
    charged_share: float = 1.0
    trigger_v: float = 48.5
    trigger_s: float = 2e-3
    start_s: float = 2e-3
    signal: bool = False
    bandwidth_hz: float = 1000.0
    charge_w: float = 0.0
    charge_above_v: float = 0.0
    release_s: float = 0.1
    loss_share: float = 0.02

    def problems(self) -> Iterator[str]:
        yield from _above(
            self.kind, self.name, volt=self.volt, droop_ohm=self.droop_ohm, limit_a=self.limit_a, joules=self.joules
        )
        yield from _not_below(
            self.kind, self.name, trigger_v=self.trigger_v, trigger_s=self.trigger_s, start_s=self.start_s,
            charge_w=self.charge_w, charge_above_v=self.charge_above_v, release_s=self.release_s,
        )  # fmt: skip
        yield from _share(self.kind, self.name, charged_share=self.charged_share, loss_share=self.loss_share)
        if not self.bandwidth_hz > 0:
            yield f"battery {self.name!r}: bandwidth_hz is {self.bandwidth_hz}, not above zero"


@dataclass(frozen=True, slots=True)
class Storage:
    """Capacitors behind a two-way converter that give what is above the mean and take what is below.

    The bank of `farad` runs from `least_v` to `full_v` and starts at `start_v` (half of its usable joules where left
    out). The converter's power is that of the followed loads (all, where `follows` is empty) less their mean over
    `average_s` (first-order low-pass), plus what brings the bank back to its start within `restore_s`, within
    +/- `most_w` and within the joules that are left. `bandwidth_hz` is the lag of the converter, `ohm` the bank's
    series resistance, `loss_share` what the converter loses each way.
    """

    kind: ClassVar[str] = "storage"
    name: str
    node: str
    farad: float
    full_v: float
    least_v: float
    most_w: float
    start_v: float | None = None
    ohm: float = 0.0
    follows: tuple[str, ...] = ()
    average_s: float = 1.0
    restore_s: float = 10.0
    bandwidth_hz: float = math.inf
    loss_share: float = 0.02

    @property
    def usable_j(self) -> float:
        """Joules between `least_v` and `full_v`: C (V1^2 - V0^2) / 2."""
        return 0.5 * self.farad * (self.full_v**2 - self.least_v**2)

    def problems(self) -> Iterator[str]:
        yield from _above(
            self.kind, self.name, farad=self.farad, full_v=self.full_v, least_v=self.least_v, most_w=self.most_w,
            average_s=self.average_s, restore_s=self.restore_s,
        )  # fmt: skip
        yield from _not_below(self.kind, self.name, ohm=self.ohm)
        yield from _share(self.kind, self.name, loss_share=self.loss_share)
        if not self.least_v < self.full_v:
            yield f"storage {self.name!r}: least_v is {self.least_v:g} V, not below its full_v of {self.full_v:g} V"
        if self.start_v is not None and not self.least_v <= self.start_v <= self.full_v:
            yield f"storage {self.name!r}: start_v is {self.start_v:g} V, not from least_v to full_v"
        if not self.bandwidth_hz > 0:
            yield f"storage {self.name!r}: bandwidth_hz is {self.bandwidth_hz}, not above zero"


Element = Line | Capacitor | Load | Shelf | Battery | Storage


def _above(kind: str, element: str, **figures: float) -> Iterator[str]:
    for name, value in figures.items():
        if not (math.isfinite(value) and value > 0):
            yield f"{kind} {element!r}: {name} is {value}, not a finite number above zero"


def _not_below(kind: str, element: str, **figures: float) -> Iterator[str]:
    for name, value in figures.items():
        if not (math.isfinite(value) and value >= 0):
            yield f"{kind} {element!r}: {name} is {value}, not a finite number of zero or more"


def _share(kind: str, element: str, **figures: float) -> Iterator[str]:
    for name, value in figures.items():
        if not 0 <= value <= 1:
            yield f"{kind} {element!r}: {name} is {value}, not a share from 0 to 1"
