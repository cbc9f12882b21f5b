"""What holding the right to some racks is worth: whole and part tranches, a duty beside the right.

`cap` racks in all, at most `per_window` at a window: that is cap / per_window rights of which each window can take
one; the value is linear between whole numbers of them (see `lattice`). A `minimum` is a duty: so many racks are taken
at the windows that are best in today's eyes, windows that they fill are closed to the rest, and the right covers what
is left. That is a lower bound where the lab may choose its moment for the duty as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.agreement.lattice import Exchange, bermudan
from rackwright.program.calendar import WEEKS_PER_YEAR
from rackwright.program.sections.agreement import Option

Floats = NDArray[np.float64]
#: A share of the worth below this is nothing.
LEAST_WORTH_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Holding:
    """What holding some racks' right is worth and how it is used; amounts in total, today's values. [USD]

    `racks` expected at each window (risk-neutral). Boundaries are ratios worth / strike, by window: with all rights
    left, and with the last one; inf where one never exercises.
    """

    value_usd: float
    commit_usd: float
    strike_paid_usd: float
    worth_received_usd: float
    commit_strike_usd: float
    racks: Floats
    boundary_all: Floats
    boundary_last: Floats

    def mixed(self, share: float, other: Holding) -> Holding:
        """`share` of this and the rest of another; the boundaries are this one's."""
        rest = 1.0 - share
        return Holding(
            share * self.value_usd + rest * other.value_usd,
            share * self.commit_usd + rest * other.commit_usd,
            share * self.strike_paid_usd + rest * other.strike_paid_usd,
            share * self.worth_received_usd + rest * other.worth_received_usd,
            share * self.commit_strike_usd + rest * other.commit_strike_usd,
            share * self.racks + rest * other.racks,
            self.boundary_all,
            self.boundary_last,
        )


def exchange_of(option: Option, worth_share: float = 1.0) -> Exchange:
    """The exchange of strike for a share of the worth. What waiting costs: the discount, and the yearly decay."""
    return Exchange(
        worth_usd=option.worth.value_usd_per_rack * (worth_share if worth_share > LEAST_WORTH_SHARE else 0.0),
        strike_usd=option.strike.value_usd_per_rack,
        worth_volatility=option.worth.volatility,
        strike_volatility=option.strike.volatility,
        correlation=option.correlation,
        worth_yield=option.discount + option.worth.decay,
        strike_yield=option.discount + option.strike.decay,
    )


def per_window_racks(option: Option) -> float:
    """Most racks at a window."""
    return option.cap_racks if option.per_window_racks is None else min(option.per_window_racks, option.cap_racks)


def hold(option: Option, windows: Sequence[int], worth_share: float) -> Holding:
    """Value of the right and the duty over some windows, for racks worth `worth_share` of the declared worth."""
    weeks = np.asarray(windows, dtype=np.float64)
    per_window = per_window_racks(option)
    duty = min(option.minimum_racks, option.cap_racks, per_window * int(np.sum(weeks >= 0)))
    exchange = exchange_of(option, worth_share)
    if duty <= 0:
        return _right(option, exchange, weeks, option.cap_racks, per_window)
    taken, value_usd, strike_usd = _duty(option, exchange, weeks, duty, per_window)
    open_windows = np.flatnonzero(taken < per_window * (1.0 - 1e-9))
    rest = _right(option, exchange, weeks[open_windows], option.cap_racks - duty, per_window)
    whole = _right(option, exchange, weeks, option.cap_racks, per_window)
    racks, boundary_all, boundary_last = taken.copy(), np.full(weeks.size, np.inf), np.full(weeks.size, np.inf)
    racks[open_windows] += rest.racks
    boundary_all[open_windows], boundary_last[open_windows] = rest.boundary_all, rest.boundary_last
    return Holding(
        rest.value_usd + value_usd,
        whole.commit_usd,
        rest.strike_paid_usd + strike_usd,
        rest.worth_received_usd + value_usd + strike_usd,
        whole.commit_strike_usd,
        racks,
        boundary_all,
        boundary_last,
    )


def forward_usd(option: Option, exchange: Exchange, weeks: Floats) -> tuple[Floats, Floats]:
    """Today's value of a rack's worth and of its strike, delivered a lead after each window."""
    years = (weeks + option.lead_weeks) / WEEKS_PER_YEAR
    worth = exchange.worth_usd * np.exp(-exchange.worth_yield * years)
    return worth, exchange.strike_usd * np.exp(-exchange.strike_yield * years)


def _duty(
    option: Option, exchange: Exchange, weeks: Floats, racks: float, per_window: float
) -> tuple[Floats, float, float]:
    """Racks that must be taken, at the windows that are best in today's eyes; their value, and the strike paid."""
    worth, strike = forward_usd(option, exchange, weeks)
    taken = np.zeros(weeks.size)
    left = racks
    for window in np.argsort(-(worth - strike), kind="stable"):
        if weeks[window] >= 0 and left > 0:
            taken[window] = min(left, per_window)
            left -= taken[window]
    return taken, float(taken @ (worth - strike)), float(taken @ strike)


def _right(option: Option, exchange: Exchange, weeks: Floats, cap: float, per_window: float) -> Holding:
    """Value of the right over `cap` racks, at most `per_window` at a window."""
    live = int(np.sum(weeks >= 0))
    per_window = min(per_window, cap)
    if live == 0 or per_window <= 0:
        nothing, never = np.zeros(weeks.size), np.full(weeks.size, np.inf)
        return Holding(0.0, 0.0, 0.0, 0.0, 0.0, nothing, never, never)
    rights = min(cap / per_window, float(live))
    whole = max(math.floor(rights + 1e-9), 1)
    lower = _whole_rights(option, exchange, weeks, whole, per_window)
    part = max(rights - whole, 0.0)
    if part <= 1e-9:
        return lower
    return _whole_rights(option, exchange, weeks, whole + 1, per_window).mixed(part, lower)


def _whole_rights(option: Option, exchange: Exchange, weeks: Floats, rights: int, per_window: float) -> Holding:
    used = bermudan(exchange, weeks / WEEKS_PER_YEAR, option.lead_weeks / WEEKS_PER_YEAR, rights=rights)
    _, strike = forward_usd(option, exchange, weeks[weeks >= 0][:rights])
    racks = rights * per_window
    return Holding(
        used.value_usd * racks,
        used.commit_usd * racks,
        used.strike_paid_usd * racks,
        used.worth_received_usd * racks,
        float(strike.sum()) * per_window,
        used.probability * per_window,
        used.boundary_ratio[:, -1],
        used.boundary_ratio[:, 0],
    )
