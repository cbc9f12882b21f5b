"""Dips of the grid's voltage: what the racks' supplies do, the megawatts that leave the grid, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: A staggered return is worked out in this many groups.
GROUPS = 20


@dataclass(frozen=True, slots=True)
class Dip:
    """A rectangular dip: rms voltage falls to `residual_share` of nominal for `duration_s`, all phases alike."""

    start_s: float
    residual_share: float
    duration_s: float

    @property
    def end_s(self) -> float:
        """When the voltage is back."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class RideCurve:
    """What a load must ride through: from each residual voltage up, for so many seconds.

    `steps` rise in voltage: ((0.0, 0.15), (0.5, 0.5)) asks for 0.15 s at 0 to below 0.5, and 0.5 s from 0.5 on. After
    the voltage is back, the demand must be at `back_to_share` again within `back_within_s`, and may have gone to
    batteries meanwhile; None: it may not leave the grid at all. `standing` is that of the steps.

    >>> curve = RideCurve("two steps", ((0.0, 0.15), (0.5, 0.5)))
    >>> curve.must_ride(Dip(0.0, 0.6, 0.5)), curve.must_ride(Dip(0.0, 0.4, 0.5))
    (True, False)
    """

    name: str
    steps: tuple[tuple[float, float], ...]
    back_within_s: float | None = None
    back_to_share: float = 0.9
    standing: str = "user"
    source: str = ""

    def must_ride(self, dip: Dip) -> bool:
        """Whether a load may not leave the grid for this dip."""
        seconds = [seconds for residual, seconds in self.steps if residual <= dip.residual_share]
        return bool(seconds) and dip.duration_s <= seconds[-1]


@dataclass(frozen=True, slots=True)
class Supply:
    """Power supplies of one kind, carrying `share` of the site.

    They take their power down to `dropout_share` of nominal voltage with at most `current_most` times the current of
    full load at nominal voltage, so a dip to v is carried whole while v times `current_most` is one or more. What is
    missing comes from `hold_up_s` seconds at full load (capacitors; 0.02 s is usual, Diablo 400 and HPR V2) and is taken
    back at `refill_share` of the load. Once empty, or after `dips_most` dips within `dips_window_s` (0: not counted),
    a battery or UPS carries the load. It hands back when the voltage has stood above `return_above` for
    `return_after_s`, the racks staggered evenly over `stagger_s`, each walking in over `walk_in_s`. Without a `battery`
    the load stops, and nobody starts it again within the record.

    The defaults of current and dropout are estimates from the input ranges of the HPR V2 12 kW supply at 277 V: full
    power from 218 V, less from 180 V. The rest is assumed; a supply's own figures replace them.
    """

    name: str
    share: float = 1.0
    hold_up_s: float = 0.02
    current_most: float = 1.27
    dropout_share: float = 0.65
    refill_share: float = 0.1
    dips_most: int = 0
    dips_window_s: float = 60.0
    return_above: float = 0.9
    return_after_s: float = 1.0
    walk_in_s: float = 10.0
    stagger_s: float = 0.0
    battery: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one dip did.

    `must_ride` is None without a curve. `left_share` is the share of the site on batteries; `back_s` is the time from
    the voltage's return until the demand was back, infinite where the record ends first.
    """

    dip: Dip
    must_ride: bool | None
    left_share: float
    dropped_w: float
    back_s: float
    holds: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class RideThrough:
    """A site through its dips: (samples,) each; `grid_w` is what the utility sees, to be held against its ramps."""

    voltage: Floats
    grid_w: Floats
    left_share: Floats
    stored_j: float
    dropped_w: float
    verdicts: tuple[Verdict, ...]


def ride_through(
    power_w: Floats, step_s: float, dips: Sequence[Dip], supplies: Sequence[Supply], curve: RideCurve | None = None
) -> RideThrough:
    """Power that the grid sees while its voltage dips.

    `power_w` is the site's demand at nominal voltage (samples,); every supply carries its share of it as constant
    power. What the grid does not carry comes from capacitors and batteries, whose energy is `stored_j`; a load without
    batteries stops once its capacitors are empty. Recharging the batteries afterwards is not in `grid_w`. Voltages are rms at the supplies; unbalanced
    dips, the phase jump and the site's own effect on the voltage are not modelled.

    >>> out = ride_through(np.full(2000, 1e6), 0.01, [Dip(5.0, 0.0, 0.1)], [Supply("psu")])
    >>> out.dropped_w, out.verdicts[0].left_share
    (1000000.0, 1.0)
    """
    _refuse(power_w, step_s, dips, supplies)
    at_s: Floats = (np.arange(power_w.size, dtype=np.float64) + 0.5) * step_s
    voltage = np.ones(power_w.size)
    for dip in dips:
        inside = (at_s >= dip.start_s) & (at_s < dip.end_s)
        voltage[inside] = np.minimum(voltage[inside], dip.residual_share)
    grid_share, left_share, stopped_share = (np.zeros(power_w.size) for _ in range(3))
    for supply in supplies:
        carried, left = _carried(voltage, step_s, supply)
        grid_share += supply.share * carried
        left_share += supply.share * left
        if not supply.battery:
            stopped_share += supply.share * left
    grid_w = grid_share * power_w
    stored_j = float(np.sum(np.maximum((1.0 - stopped_share) * power_w - grid_w, 0.0)) * step_s)
    ways = " and ".join(
        word for word, some in (("to batteries", True), ("stop", False)) if any(s.battery is some for s in supplies)
    )
    verdicts = tuple(
        _verdict(dip, power_w, grid_share, left_share, at_s, _next_start(dip, dips), curve, ways) for dip in dips
    )
    dropped_w = float(np.max(left_share * power_w))
    return RideThrough(voltage, grid_w, left_share, stored_j, dropped_w, verdicts)


def _carried(voltage: Floats, step_s: float, supply: Supply) -> tuple[Floats, Floats]:
    """Share carried by the grid, and share on batteries, of one kind of supply."""
    from rackwright.buildout.utility.supply_kernel import BATTERY, RETURNING, ride

    groups = GROUPS if supply.stagger_s > 0 else 1
    carried, left = np.zeros(voltage.size), np.zeros(voltage.size)
    for group in range(groups):
        grid, state = np.empty(voltage.size), np.empty(voltage.size, dtype=np.int64)
        ride(
            voltage, step_s, supply.current_most, supply.dropout_share, supply.hold_up_s, supply.refill_share,
            supply.dips_most, supply.dips_window_s, supply.return_above,
            (supply.return_after_s if supply.battery else np.inf) + supply.stagger_s * (group + 0.5) / groups,
            supply.walk_in_s, grid, state,
        )  # fmt: skip
        carried += grid / groups
        left += np.where(state == BATTERY, 1.0, np.where(state == RETURNING, 1.0 - grid, 0.0)) / groups
    return carried, left


def _next_start(dip: Dip, dips: Sequence[Dip]) -> float:
    return min((other.start_s for other in dips if other.start_s > dip.start_s), default=np.inf)


def _verdict(
    dip: Dip, power_w: Floats, grid_share: Floats, left_share: Floats, at_s: Floats, until_s: float,
    curve: RideCurve | None, ways: str,
) -> Verdict:  # fmt: skip
    during = (at_s >= dip.start_s) & (at_s < until_s)
    left = float(np.max(left_share[during], initial=0.0))
    dropped_w = float(np.max((left_share * power_w)[during], initial=0.0))
    wanted = curve.back_to_share if curve else 0.9
    after = (at_s >= dip.end_s) & during
    short = np.flatnonzero(after & (grid_share < wanted))
    over = np.flatnonzero(after)
    back_s = 0.0 if short.size == 0 else float(at_s[short[-1]] - dip.end_s)
    if over.size == 0 or (short.size and short[-1] == over[-1]):
        back_s = np.inf
    back = (
        f"back to {wanted:.0%} after {back_s:.3g} s"
        if np.isfinite(back_s)
        else f"not back to {wanted:.0%} in the record"
    )
    text = f"{dropped_w / 1e6:.4g} MW {ways}; {back}" if dropped_w else f"nothing leaves the grid; {back}"
    if curve is None:
        return Verdict(dip, None, left, dropped_w, back_s, None, text)
    must = curve.must_ride(dip)
    stays = left == 0.0 if curve.back_within_s is None else back_s <= curve.back_within_s
    asked = f"{curve.name} asks to stay" if must else f"{curve.name} lets go"
    return Verdict(dip, must, left, dropped_w, back_s, not must or stays, f"{asked}; {text}")


def _refuse(power_w: Floats, step_s: float, dips: Sequence[Dip], supplies: Sequence[Supply]) -> None:
    problems = []
    if not (np.isfinite(step_s) and step_s > 0):
        problems.append(Problem("dips", 0, "step_s", f"{step_s} s", "a step above 0 s"))
    if not np.isfinite(power_w).all():
        problems.append(Problem("dips", 0, "power_w", "samples that are no numbers", "finite powers"))
    for place, dip in enumerate(dips):
        if not (0 <= dip.residual_share <= 1 and dip.duration_s > 0 and dip.start_s >= 0):
            says = f"to {dip.residual_share:g} for {dip.duration_s:g} s from {dip.start_s:g} s"
            problems.append(Problem("dips", 0, f"dip {place + 1}", says, "a residual from 0 to 1 and a time above 0 s"))
    total = sum(supply.share for supply in supplies)
    if abs(total - 1.0) > 1e-9:
        problems.append(Problem("dips", 0, "supplies", f"shares that add up to {total:g}", "shares that add up to 1"))
    if problems:
        raise ProgramError(problems)
