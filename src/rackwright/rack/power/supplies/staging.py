"""How many supplies of a bank should be on: the count that loses least and still covers the loss asked for.

Supplies that are on share the load evenly. Redundancy is of what runs: a supply that is off takes seconds to start,
so it covers no loss. The answer is exact: every count is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.power.supplies.curves import Curve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rule = Literal["N", "N+1", "N+N"]
RULES: tuple[Rule, ...] = ("N", "N+1", "N+N")


@dataclass(frozen=True, slots=True, eq=False)
class Staging:
    """For each load: supplies on, their loss, and the loss with all on; shapes (loads,).

    Where no count carries a load with the redundancy asked for, all are on and `covered` is False.
    """

    load_w: Floats
    on: Ints
    loss_w: Floats
    all_on_loss_w: Floats
    covered: NDArray[np.bool_]

    @property
    def saved_w(self) -> Floats:
        """Loss that staging saves."""
        return self.all_on_loss_w - self.loss_w


def least_on(load_w: ArrayLike, rated_w: float, redundancy: Rule = "N") -> Ints:
    """Fewest supplies on that carry a load after the loss that the rule covers; one at least.

    N+1 loses any one supply, N+N either half (so an even number runs).

    >>> [int(least_on(27.5e3, 5500.0, rule)) for rule in ("N", "N+1", "N+N")]
    [5, 6, 10]
    """
    if redundancy not in RULES:
        raise ValueError(f"redundancy is {redundancy!r}, not one of {', '.join(RULES)}")
    load = np.asarray(load_w, np.float64)
    carrying = np.ceil(load / rated_w * (1 - 1e-9)).astype(np.int64)
    if redundancy == "N+N":
        return np.asarray(2 * np.maximum(carrying, 1))
    return np.asarray(np.maximum(carrying, 1) + (redundancy == "N+1"))


def best_staging(curve: Curve, installed: int, load_w: ArrayLike, redundancy: Rule = "N") -> Staging:
    """The count of supplies on that loses least at each load; of equal losses, the larger count.

    Supplies that are off lose nothing. With N+N, supplies are switched in pairs, one of each feed.

    Examples
    --------
    A RAPS rectifier loses 17.7 W and 4.17 % of its output: the fewest that carry the load lose least.

    >>> from rackwright.rack.power.supplies.curves import affine_loss
    >>> best_staging(affine_loss(13670.0, 17.0, 0.96), 4, [10e3, 13670.0, 14e3, 40e3]).on.tolist()
    [1, 1, 2, 3]
    """
    load = np.atleast_1d(np.asarray(load_w, np.float64))
    _refuse(installed, load)
    counts = _counts(installed, redundancy)
    least = least_on(load, curve.rated_w, redundancy)
    covered = np.asarray(least <= counts[-1], np.bool_)
    on = np.full(len(load), counts[-1])
    all_on_w = counts[-1] * curve.loss_w(load / counts[-1])
    loss_w = all_on_w.copy()
    for count in counts[-2::-1].tolist():
        tried_w = count * curve.loss_w(load / count)
        better = (least <= count) & (tried_w < loss_w)
        on[better], loss_w[better] = count, tried_w[better]
    return Staging(load, on, loss_w, all_on_w, covered)


def switch_over_w(curve: Curve, count: int, more: int = 1, *, most_w: float | None = None) -> float | None:
    """Load at which `count` supplies lose as much as `count + more`; None where they lose less up to their rating.

    For a + b P + c P^2 it is sqrt(n m a / c): sqrt(2) of the load of best efficiency between one supply and two. Found
    by halving for any curve, within 1e-12 of the load.

    >>> from rackwright.rack.power.supplies.curves import PolynomialLoss
    >>> round(switch_over_w(PolynomialLoss(1000.0, 10.0, 0.01, 4e-5), 1), 6)  # 500 x sqrt(2)
    707.106781
    """

    def saved_w(load_w: float) -> float:
        few, many = (
            count * float(curve.loss_w(load_w / count)),
            (count + more) * float(curve.loss_w(load_w / (count + more))),
        )
        return few - many

    low, high = 0.0, count * curve.rated_w if most_w is None else most_w
    if saved_w(high) <= 0:
        return None
    while high - low > 1e-12 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (low, middle) if saved_w(middle) > 0 else (middle, high)
    return 0.5 * (low + high)


@dataclass(frozen=True, slots=True, eq=False)
class StagedRun:
    """A bank through time: supplies on at each sample, times that it switched, energy lost and saved."""

    on: Ints
    loss_w: Floats
    switches: int
    loss_j: float
    all_on_loss_j: float
    #: Loss above that of the best count at every instant: what slow switching costs.
    above_best_j: float
    #: Samples at which fewer were on than the redundancy asks for (a step up that no bank could foresee).
    uncovered: int


def staged_run(
    curve: Curve,
    installed: int,
    load_w: ArrayLike,
    step_s: float,
    redundancy: Rule = "N",
    *,
    hysteresis_share: float = 0.1,
    hold_s: float = 60.0,
    start_s: float = 1.0,
) -> StagedRun:
    """The bank follows a load: more supplies at once, fewer only after the load has stayed low.

    A larger count is asked for as soon as it is best or needed, and runs `start_s` later. A smaller one is taken when
    it would be best and cover the redundancy even at `1 + hysteresis_share` of the load, through `hold_s`.

    Examples
    --------
    A load that swings through the switch-over each second switches once up and stays.

    >>> from rackwright.rack.power.supplies.curves import PolynomialLoss
    >>> swing = [600.0, 800.0] * 50
    >>> run = staged_run(PolynomialLoss(1000.0, 10.0, 0.01, 4e-5), 2, swing, 1.0, start_s=0.0)
    >>> run.switches, int(run.on[-1])
    (1, 2)
    """
    load = np.asarray(load_w, np.float64)
    _refuse(installed, load)
    if not step_s > 0:
        raise ValueError(f"step_s is {step_s}, not above zero")
    now = best_staging(curve, installed, load, redundancy)
    careful = best_staging(curve, installed, load * (1 + hysteresis_share), redundancy).on
    on = _follow(now.on, careful, round(hold_s / step_s), round(start_s / step_s))
    loss = on * curve.loss_w(load / on)
    needed = np.minimum(least_on(load, curve.rated_w, redundancy), installed)
    return StagedRun(
        on=on,
        loss_w=loss,
        switches=int(np.count_nonzero(np.diff(on))),
        loss_j=float(loss.sum() * step_s),
        all_on_loss_j=float(now.all_on_loss_w.sum() * step_s),
        above_best_j=float((loss - now.loss_w).sum() * step_s),
        uncovered=int(np.count_nonzero(on < needed)),
    )


def _follow(wanted: Ints, careful: Ints, hold: int, start: int) -> Ints:
    """Counts through time: up after `start` samples, down to the most that `careful` asked for in `hold` samples."""
    on = np.empty_like(wanted)
    held = int(wanted[0])
    due: list[tuple[int, int]] = []
    low_since, low_most = 0, 0
    for at, (want, slow) in enumerate(zip(wanted.tolist(), careful.tolist(), strict=True)):
        asked = max([held, *(count for _, count in due)])
        if want > asked:
            due.append((at + start, want))
        while due and due[0][0] <= at:
            held = max(held, due.pop(0)[1])
        if slow >= held or due:
            low_since, low_most = at + 1, 0
        else:
            low_most = max(low_most, slow)
            if at + 1 - low_since >= max(hold, 1):
                held, low_since, low_most = low_most, at + 1, 0
        on[at] = held
    return on


def _counts(installed: int, redundancy: Rule) -> Ints:
    counts = np.arange(1, installed + 1, dtype=np.int64)
    if redundancy != "N+N":
        return counts
    if installed % 2:
        raise ValueError(f"{installed} supplies are no two equal halves; N+N wants an even number")
    return counts[1::2]


def _refuse(installed: int, load_w: Floats) -> None:
    if installed < 1:
        raise ValueError(f"{installed} supplies installed; one at least is wanted")
    bad = ~(np.isfinite(load_w) & (load_w >= 0))
    if bad.any():
        at = int(np.argmax(bad))
        raise ValueError(f"load_w[{at}] is {load_w[at]}, not a finite number of zero or more")
