"""A bank of supplies on one bar that share by droop alone: unequal set points give unequal currents and more loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.power.direct import DirectBuilder, solve

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BankSharing:
    """A bank for S loads: shapes (S,) and (S, supplies)."""

    volt: Floats
    current_a: Floats
    loss_w: Floats
    #: Loss if every supply gave the mean current.
    equal_loss_w: Floats
    #: Highest current over the rated one.
    worst_share: Floats
    carried: NDArray[np.bool_]

    @property
    def sharing_loss_w(self) -> Floats:
        """What unequal sharing costs.

        For a + b i + c i^2 it is c x the sum of squared departures from the mean current.
        """
        return self.loss_w - self.equal_loss_w


def bank(
    load_w: ArrayLike,
    *,
    set_v: ArrayLike,
    droop_ohm: float,
    rated_a: float,
    loss: tuple[float, float, float],
    limit_share: float | None = None,
) -> BankSharing:
    """Currents and losses of supplies in parallel, by the network's own kernel.

    Parameters
    ----------
    load_w : float or array_like, shape (S,)
        Constant power on the bar.
    set_v : array_like, shape (supplies,)
        No-load voltage of each supply (`spread_set_points` makes them from an accuracy).
    droop_ohm, rated_a, limit_share : float
        Of each supply; beyond `limit_share` of its rated current it gives no more.
    loss : (a, b, c)
        a + b i + c i^2 of each supply.

    Examples
    --------
    Two supplies 0.1 V apart behind 10 mohm each: 10 A between them at any load that both carry.

    >>> two = bank(2000.0, set_v=[50.1, 50.0], droop_ohm=0.01, rated_a=60.0, loss=(10.0, 0.5, 0.05))
    >>> round(float(two.current_a[0, 0] - two.current_a[0, 1]), 9)
    10.0
    >>> round(float(two.sharing_loss_w[0]), 9)  # 0.05 x (5^2 + 5^2)
    2.5
    """
    volts = np.atleast_1d(np.asarray(set_v, np.float64))
    build = DirectBuilder()
    build.node("bar")
    for number, volt in enumerate(volts.tolist()):
        limit_a = None if limit_share is None else limit_share * rated_a
        build.source(f"supply {number + 1}", "bar", volt=volt, droop_ohm=droop_ohm, limit_a=limit_a, loss=loss)
    loads = np.atleast_1d(np.asarray(load_w, np.float64))
    solution = solve(build.network(), load_w=loads[:, None])
    current = solution.source_a
    mean = current.mean(axis=1)
    a, b, c = loss
    return BankSharing(
        volt=solution.voltage_v[:, 0].copy(),
        current_a=current,
        loss_w=solution.source_loss_w.sum(axis=1),
        equal_loss_w=len(volts) * (a + mean * (b + mean * c)),
        worst_share=current.max(axis=1) / rated_a,
        carried=solution.carried,
    )


def spread_set_points(volt: float, accuracy_share: float, count: int, *, seed: int | None = None) -> Floats:
    """No-load voltages of `count` supplies within `accuracy_share` of `volt`.

    Without a seed the worst case for the highest supply: it stands at the upper end, all others at the lower. With
    one, drawn evenly over the range.

    >>> spread_set_points(50.0, 0.0025, 3).tolist()
    [50.125, 49.875, 49.875]
    """
    if seed is None:
        ends = np.full(count, volt * (1 - accuracy_share))
        ends[0] = volt * (1 + accuracy_share)
        return ends
    return volt * (1 + accuracy_share * np.random.default_rng(seed).uniform(-1.0, 1.0, count))
