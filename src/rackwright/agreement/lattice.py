"""The right, not the duty, to exchange one price for another at given windows.

**What is exchanged.** A lab may pay `strike` for a rack and receive `worth`, both USD per rack, both
lognormal, with yearly volatilities `s1` (worth) and `s2` (strike) and correlation `rho`. It may do so at the
windows of a schedule; rack and money change hands a lead `L` after exercise. It may never be made to.

**Measure and discount.** Both prices are valued as assets: `worth_yield` q1 and `strike_yield` q2 are what a
holder of a *claim* on the price loses by waiting a year, so that today's value of receiving worth at time t
is `worth x exp(-q1 t)` and that of paying strike is `strike x exp(-q2 t)`. In the risk-neutral measure of a
money account growing at r the prices drift at r - q1 and r - q2. Hence, for a price that is expected (after
the charge for risk) to fall by `decay` a year,

    yield = discount + decay        for each price: the discount r acts on both.

r itself appears nowhere below: whoever discounts at another rate changes both yields.

**One dimension.** With volatilities and yields constant, today's value V(S1, S2, t) is homogeneous of degree
one in the two prices: doubling both doubles it. So V = S2 v(R, t) with R = S1/S2. Take as numeraire the
strike with its yield reinvested, S2 exp(q2 t); in its measure Ito's rule gives

    dR/R = (q2 - q1) dt + s dW,     s^2 = s1^2 + s2^2 - 2 rho s1 s2,
    v(R, t) = exp(-q2 (u - t)) E[v(R_u, u)],   t < u with no window between,

and r has cancelled. In the risk-neutral measure ln R has the same variance and drifts faster by s2^2 - rho s1
s2; in the measure whose numeraire is the worth, by s^2. Each is an exponential tilt of the first.

**Lead.** Exercise at t is a pair of prepaid forwards: S1 exp(-q1 L) - S2 exp(-q2 L), in units of S2
`e(R) = R exp(-q1 L) - exp(-q2 L)`.

**How much to exercise.** The payoff is linear in quantity. Without a cap per window, holding part of the
quantity is a mixture of holding all and exercising all, so that one of the two is at least as good: all is
exercised at once (bang-bang), and the value per rack is that of one right. With a cap per window of an n-th
of the quantity, let c_k be the value of waiting with k rights left. Then at a window

    v_k = max(c_k, e + c_{k-1}),

at most one right per window. c_k is concave in k (two rights are at most worth twice one), and with a cap per
window the best value is linear between whole rights, so that for n + f tranches one interpolates the total
value of n and n + 1 rights.

**The lattice.** Nodes lie evenly in ln R and move with its drift. One step spans a whole gap between windows,
and branches to every node within eight deviations with the weights of the normal density: the step that a
recombining binomial lattice of many small steps tends to, without its error. On smooth functions these sums
are exact to rounding; the kink at the exercise boundary is not smooth, and Euler and Maclaurin's formula with
the boundary's true place between two nodes mends that to fourth order (`_edge_weights`). A binomial lattice,
even a smoothed one, needs equal time steps and so cannot put windows at arbitrary times on its nodes. A gap
too short for the spacing is stepped with three trinomial steps that keep the mean of R.

References: Margrabe (1978), J. Finance 33, 177; McDonald and Siegel (1986), QJE 101, 707 (waiting to invest,
ratio of two prices); Andricopoulos, Widdicks, Duck and Newton (2003), J. Financial Economics 67, 447 (one
step per gap); Jaillet, Ronn and Tompaidis (2004), Management Science 50, 909 (several rights).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: How far the lattice reaches, in deviations of ln R; what lies beyond weighs 1e-15.
REACH_DEVIATIONS = 8.0
#: Nodes per deviation of the shortest gap, where `MOST_NODES` allows it.
NODES_PER_GAP_DEVIATION = 8.0
MOST_NODES = 4001
#: Deviation below which a gap has too few nodes for its normal density, in spacings.
RESOLVED_SPACINGS = 1.5
#: Deviation of ln R over the whole schedule below which the two prices move as one.
LEAST_DEVIATION = 1e-8
#: Largest deviation of a price over the schedule; largest factor that waiting may take, in powers of e.
MOST_DEVIATION, MOST_WAITING = 3.0, 50.0
#: Largest ratio of the two prices, either way. With the two bounds above no number here can overflow.
MOST_RATIO = 1e30
#: Exercise must beat waiting by this share of the prices; a tie waits.
TIE_SHARE = 1e-12


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two prices, of which the strike may be exchanged for the worth.

    A yield is what waiting a year for the price costs its claimant: discount plus the yearly rate at which
    the price falls (see the module). The value of the right to sell a share at a fixed price is also an
    exchange: see `bermudan`.

    Parameters
    ----------
    worth_usd, strike_usd : float
        Today's value of a rack to the lab, zero or above, and its price, above zero. [USD]
    worth_volatility, strike_volatility : float
        Standard deviation of the yearly logarithmic change. [1/sqrt(year)]
    correlation : float
        Of the two logarithmic changes, -1..1.
    worth_yield, strike_yield : float
        [1/year]

    Raises
    ------
    ValueError
        With all that is wrong: a number that is not finite, a negative price or volatility, a strike of zero,
        a correlation beyond -1..1.
    """

    worth_usd: float
    strike_usd: float
    worth_volatility: float
    strike_volatility: float
    correlation: float
    worth_yield: float
    strike_yield: float

    def __post_init__(self) -> None:
        problems = [
            f"{field.name} is {getattr(self, field.name)}: a finite number is expected"
            for field in fields(self)
            if not math.isfinite(getattr(self, field.name))
        ]
        for name in ("worth_usd", "worth_volatility", "strike_volatility"):
            if getattr(self, name) < 0:
                problems.append(f"{name} is {getattr(self, name)}: zero or above is expected")
        if self.strike_usd <= 0:
            problems.append(f"strike_usd is {self.strike_usd}: above zero is expected")
        if abs(self.correlation) > 1:
            problems.append(f"correlation is {self.correlation}: -1 to 1 is expected")
        if not problems and self.worth_usd:
            ratio = self.worth_usd / self.strike_usd
            if not 1 / MOST_RATIO < ratio < MOST_RATIO:
                problems.append(f"worth_usd / strike_usd is {ratio}: at most {MOST_RATIO:g} apart")
        if problems:
            raise ValueError("; ".join(problems))


@dataclass(frozen=True, slots=True)
class Exercise:
    """What the right is worth, when it is used, and what is then paid. All amounts are today's values.

    Probabilities come in two measures, neither of them a forecast. `probability` is risk-neutral: prices
    drift at discount minus yield; it is the forecast of someone who charges nothing for risk.
    `strike_probability` weighs each path by the strike then paid; it is the one that turns into money:
    `strike_paid_usd` is its sum over windows, times `strike exp(-q2 (t + L))`.

    Attributes
    ----------
    value_usd : float
        Value of the option per right. [USD]
    commit_usd : float
        Value per right of binding oneself today to exercise at the first window (with several rights: one at
        each of the first windows). May be negative. [USD]
    never_usd : float
        Value of never buying: 0. [USD]
    boundary_ratio : ndarray, shape (windows, rights)
        Ratio worth/strike above which a right is exercised, in column k - 1 with k rights left. 0: at every
        ratio that the lattice reaches; inf: at none, or the window is past. Good to 1e-6, without any
        volatility to 1e-4.
    ceiling_ratio : ndarray, shape (windows, rights)
        Ratio above which one waits again. inf unless the yield of the worth is negative: then waiting pays
        when the rack is worth very much, and a strike that rises in the meantime weighs little.
    probability, strike_probability : ndarray, shape (windows,)
        That a right is exercised at the window, seen from today, in the two measures.
    quantity_share : float
        Expected share of the rights that are exercised, risk-neutral.
    strike_paid_usd, worth_received_usd : float
        Value of the strike paid and of the worth received per right; their difference is `value_usd`. The
        maker's margin is a share of the first. [USD]
    """

    value_usd: float
    commit_usd: float
    never_usd: float
    boundary_ratio: Floats
    ceiling_ratio: Floats
    probability: Floats
    strike_probability: Floats
    quantity_share: float
    strike_paid_usd: float
    worth_received_usd: float


def ratio_volatility(exchange: Exchange) -> float:
    """Yearly volatility of worth/strike, `sqrt(s1^2 + s2^2 - 2 rho s1 s2)`.

    >>> ratio_volatility(Exchange(1.0, 1.0, 0.3, 0.4, 0.0, 0.0, 0.0))
    0.5
    """
    s1, s2 = exchange.worth_volatility, exchange.strike_volatility
    # the same sum, written so that nothing cancels when the prices move as one
    return math.sqrt((s1 - s2) ** 2 + 2.0 * (1.0 - exchange.correlation) * s1 * s2)


def margrabe(exchange: Exchange, years: float) -> float:
    """Value per rack of the right to exchange at one time only, delivered there and then. [USD]

    Margrabe (1978): `W N(d1) - K N(d2)` with W and K the prepaid forwards, `a = s sqrt(years)`,
    `d1 = ln(W/K)/a + a/2`, `d2 = d1 - a`.

    >>> round(margrabe(Exchange(22.0, 20.0, 0.20, 0.15, 0.5, 0.06, 0.04), 0.5), 3)  # Haug (1998), p. 52
    2.138

    Raises
    ------
    ValueError
        If `years` is negative, not finite, or beyond what `bermudan` takes.
    """
    _checked_windows(exchange, [years], 0.0, 1, 1)
    if years < 0:
        raise ValueError(f"years is {years}: a time from now on is expected")
    worth_usd = exchange.worth_usd * math.exp(-exchange.worth_yield * years)
    strike_usd = exchange.strike_usd * math.exp(-exchange.strike_yield * years)
    deviation = ratio_volatility(exchange) * math.sqrt(years)
    if worth_usd == 0 or deviation == 0:
        return max(worth_usd - strike_usd, 0.0)
    d1 = math.log(worth_usd / strike_usd) / deviation + deviation / 2
    return worth_usd * _normal_share(d1) - strike_usd * _normal_share(d1 - deviation)


def bermudan(
    exchange: Exchange,
    window_years: ArrayLike,
    lead_years: float,
    rights: int = 1,
    steps_per_year: int = 500,
) -> Exercise:
    """Value and use of `rights` equal rights to exchange, of which each window can take one.

    The right to sell a share at S for a fixed price K is `Exchange(K, S, 0, volatility, 0, discount,
    dividend_yield)`: the worth received is cash, whose claim costs the discount to wait for, and the strike
    given is the share. The right to buy it is `Exchange(S, K, volatility, 0, 0, dividend_yield, discount)`.

    Parameters
    ----------
    window_years : array_like, shape (windows,)
        Times of the windows, rising. [year from today] One before today is past and cannot be used.
    lead_years : float
        From exercise to delivery and payment. [year]
    rights : int
        One, or the total cap over the cap per window. Rights beyond the number of windows are worth nothing.
    steps_per_year : int
        Spacing of the nodes: that of a binomial lattice with so many steps a year (a shorter gap between
        windows tightens it). The default holds Margrabe's value to 1e-8 of the strike; where windows are so
        close that `MOST_NODES` binds (hours, within years), to 1e-6.

    Raises
    ------
    ValueError
        If a time is not finite, the windows do not rise, the lead is negative, `rights` or `steps_per_year`
        is below one, or volatility or yields over the schedule are beyond any price (`MOST_DEVIATION`,
        `MOST_WAITING`).

    Examples
    --------
    Four windows, a worth that ages by 20 % a year, a strike that falls by 10 %, both discounted at 8 %.

    >>> rack = Exchange(4.0e6, 3.6e6, 0.35, 0.15, 0.3, worth_yield=0.28, strike_yield=0.18)
    >>> right = bermudan(rack, [0.25, 0.5, 0.75, 1.0], lead_years=0.25)
    >>> print(round(right.value_usd / 1e3), round(right.commit_usd / 1e3), round(right.quantity_share, 2))
    436 187 0.53
    """
    windows = _checked_windows(exchange, window_years, lead_years, rights, steps_per_year)
    live = np.flatnonzero(windows >= 0)
    boundary = np.full((windows.size, rights), np.inf)
    ceiling = np.full((windows.size, rights), np.inf)
    probability, strike_probability = np.zeros(windows.size), np.zeros(windows.size)
    if not live.size:
        return Exercise(0.0, 0.0, 0.0, boundary, ceiling, probability, strike_probability, 0.0, 0.0, 0.0)

    lattice = _lattice(exchange, windows[live], steps_per_year)
    levels = min(rights, live.size)
    value_ratio, regions = _values(exchange, lattice, lead_years, levels)
    for row, window_regions in zip(live, regions, strict=True):
        bounds = [_bounds(region, lattice, windows[row]) for region in window_regions]
        bounds += bounds[-1:] * (rights - levels)
        boundary[row], ceiling[row] = np.array(bounds).T

    delivered_years = windows[live] + lead_years
    strikes_usd = exchange.strike_usd * np.exp(-exchange.strike_yield * delivered_years)
    worths_usd = exchange.worth_usd * np.exp(-exchange.worth_yield * delivered_years)
    value_usd = strike_paid_usd = 0.0
    if exchange.worth_usd > 0:
        value_usd = exchange.strike_usd * max(value_ratio, 0.0) / rights
        strike_probability[live] = _used(regions, lattice, levels, 0.0)
        probability[live] = _used(regions, lattice, levels, _risk_neutral_tilt(exchange))
        strike_paid_usd = float(strikes_usd @ strike_probability[live]) / rights
    return Exercise(
        value_usd=value_usd,
        commit_usd=float(np.sum((worths_usd - strikes_usd)[:levels])) / rights,
        never_usd=0.0,
        boundary_ratio=boundary,
        ceiling_ratio=ceiling,
        probability=probability,
        strike_probability=strike_probability,
        quantity_share=float(np.sum(probability)) / rights,
        strike_paid_usd=strike_paid_usd,
        worth_received_usd=value_usd + strike_paid_usd,
    )


def _checked_windows(
    exchange: Exchange, window_years: ArrayLike, lead_years: float, rights: int, steps_per_year: int
) -> Floats:
    windows = np.asarray(window_years, dtype=np.float64)
    problems = []
    if windows.ndim != 1 or not np.all(np.isfinite(windows)) or np.any(np.diff(windows) <= 0):
        problems.append(f"window_years is {windows}: one row of rising finite times is expected")
    if not (math.isfinite(lead_years) and lead_years >= 0):
        problems.append(f"lead_years is {lead_years}: zero or above is expected")
    if rights < 1:
        problems.append(f"rights is {rights}: one or more is expected")
    if steps_per_year < 1:
        problems.append(f"steps_per_year is {steps_per_year}: one or more is expected")
    if not problems and windows.size and windows[-1] >= 0:
        deviation = max(exchange.worth_volatility, exchange.strike_volatility) * math.sqrt(windows[-1])
        if deviation > MOST_DEVIATION:
            problems.append(f"volatility x sqrt(last window) is {deviation:.3g}: at most {MOST_DEVIATION:g}")
        waiting = max(abs(exchange.worth_yield), abs(exchange.strike_yield)) * (windows[-1] + lead_years)
        if waiting > MOST_WAITING:
            problems.append(f"yield x (last window + lead) is {waiting:.3g}: at most {MOST_WAITING:g}")
    if problems:
        raise ValueError("; ".join(problems))
    return windows


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Nodes even in ln R, moving with its drift, and the deviation of the step into each window."""

    times: Floats
    deviations: Floats
    spacing: float
    centre: int
    log_ratio: float
    drift: float

    def log_ratios(self, time: float) -> Floats:
        middle = self.log_ratio + self.drift * time
        return middle + self.spacing * np.arange(-self.centre, self.centre + 1, dtype=np.float64)

    def resolves(self, window: int) -> bool:
        """Whether the step into the window is a smooth density on these nodes."""
        return bool(self.deviations[window] >= RESOLVED_SPACINGS * self.spacing)


def _lattice(exchange: Exchange, times: Floats, steps_per_year: int) -> _Lattice:
    volatility = ratio_volatility(exchange)
    log_ratio = math.log(exchange.worth_usd / exchange.strike_usd) if exchange.worth_usd else 0.0
    drift = exchange.strike_yield - exchange.worth_yield - volatility**2 / 2
    whole = volatility * math.sqrt(times[-1])
    if whole < LEAST_DEVIATION:
        deviations, spacing, reach = np.zeros(times.size), 0.0, 1.0
    else:
        deviations = volatility * np.sqrt(np.diff(times, prepend=0.0))
        gap = float(np.min(deviations[deviations > 0]))
        reach = REACH_DEVIATIONS * whole + max(1.0, abs(_risk_neutral_tilt(exchange))) * whole**2
        spacing = min(volatility / math.sqrt(steps_per_year), gap / NODES_PER_GAP_DEVIATION)
    # reaches the even ratio too, where the boundaries are, unless that is very far
    half = reach + min(abs(log_ratio), 3.0 * reach)
    spacing = max(spacing, 2.0 * half / (MOST_NODES - 1))
    return _Lattice(times, deviations, spacing, math.ceil(half / spacing), log_ratio, drift)


def _risk_neutral_tilt(exchange: Exchange) -> float:
    """Power of R by which risk-neutral probabilities differ from those with the strike as numeraire."""
    variance = ratio_volatility(exchange) ** 2
    shift = exchange.strike_volatility**2
    shift -= exchange.correlation * exchange.worth_volatility * exchange.strike_volatility
    return shift / variance if variance > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Region:
    """Where a right is exercised: at which nodes, and where between two nodes that changes.

    Each edge is the first node above it, how far that node is above (in spacings, 0..1), and +1 if the region
    begins there, -1 if it ends.
    """

    inside: NDArray[np.bool_]
    edges: tuple[tuple[int, float, int], ...]

    def part(self, values: Floats, smooth: bool) -> Floats:
        """`values` inside the region, zero outside, as node values whose sum is the integral."""
        cut = np.where(self.inside, values, 0.0)
        if smooth:
            for first, above, sign in self.edges:
                around = slice(first - 2, first + 2)
                cut[around] += sign * _edge_weights(above, values[around])
        return cut


#: By window, and within it by rights left.
Regions = list[list[_Region]]


def _region(gain: Floats) -> _Region:
    """Where `gain`, smooth on the nodes, is above zero; edges by cubics through four nodes."""
    inside = gain > 0
    edges = []
    for below in np.flatnonzero(inside[1:] != inside[:-1]):
        first = int(below) + 1
        if 2 <= first <= gain.size - 2:
            sign = 1 if inside[first] else -1
            edges.append((first, _crossing(sign * gain[first - 2 : first + 2]), sign))
    return _Region(inside, tuple(edges))


def _crossing(around: Floats) -> float:
    """How far a zero that rises from the second to the third of four nodes lies below the third, 0..1."""
    cubic = [float(c) for c in np.linalg.solve(np.vander([-2.0, -1.0, 0.0, 1.0], increasing=True), around)]
    low, high = -1.0, 0.0
    for _ in range(50):
        middle = (low + high) / 2
        if cubic[0] + middle * (cubic[1] + middle * (cubic[2] + middle * cubic[3])) > 0:
            high = middle
        else:
            low = middle
    return -high


def _edge_weights(above: float, around: Floats) -> Floats:
    """What to add to the four nodes about an edge, so that a sum over the nodes above becomes the integral.

    Euler and Maclaurin: with the first node at `a` spacings above an edge at 0, spacing one,

        integral of f over x > 0  =  sum of f over the nodes above  +  sum over k of B_{k+1}(a)/(k+1)!
        f^(k)(0)

    with Bernoulli's polynomials B. Here f = g p, g known on the nodes (`around`: two below the edge, two
    above) and p any smooth density. Both are cubics through the four nodes, so the last sum is a weight on
    each node's p.
    """
    a = above
    bernoulli = (a - 1 / 2, a**2 - a + 1 / 6, a**3 - 3 / 2 * a**2 + a / 2, a**4 - 2 * a**3 + a**2 - 1 / 30)
    powers = np.vander(a + np.array([-2.0, -1.0, 0.0, 1.0]), increasing=True)
    taylor = np.linalg.solve(powers, around)
    moments = np.array([sum(bernoulli[k] / (k + 1) * taylor[k - m] for k in range(m, 4)) for m in range(4)])
    return np.asarray(np.linalg.solve(powers.T, moments), dtype=np.float64)


def _values(exchange: Exchange, lattice: _Lattice, lead_years: float, levels: int) -> tuple[float, Regions]:
    """Value of all rights in units of the strike, and the region of exercise by window and rights left."""
    regions: Regions = []
    windows = lattice.times.size
    waiting = np.zeros((levels + 1, 2 * lattice.centre + 1))
    worth_kept = math.exp(-exchange.worth_yield * lead_years)
    strike_kept = math.exp(-exchange.strike_yield * lead_years)
    for window in reversed(range(windows)):
        time = lattice.times[window]
        worth = np.exp(lattice.log_ratios(time)) * worth_kept
        payoff = worth - strike_kept
        tie = TIE_SHARE * (worth + strike_kept)
        gains = [payoff + waiting[k - 1] - waiting[k] for k in range(1, levels + 1)]
        regions.append([_region(gain - tie) for gain in gains])
        smooth = lattice.resolves(window)
        best = waiting.copy()
        for k, (region, gain) in enumerate(zip(regions[-1], gains, strict=True), start=1):
            best[k] += region.part(gain, smooth)
        gap_years = time - (lattice.times[window - 1] if window else 0.0)
        kernel = _kernel(lattice.deviations[window], lattice.spacing)
        kept = math.exp(-exchange.strike_yield * gap_years)
        waiting = kept * np.array([_expected(row, kernel, lattice.spacing) for row in best])
    return float(waiting[levels, lattice.centre]), regions[::-1]


def _kernel(deviation: float, spacing: float, tilt: float = 0.0) -> Floats:
    """Weights of a step over the nodes, odd in number, each times that power (`tilt`) of the change of R."""
    if deviation == 0:
        return np.ones(1)
    if deviation >= RESOLVED_SPACINGS * spacing:
        reach = REACH_DEVIATIONS * deviation + max(1.0, abs(tilt)) * deviation**2
        changes = spacing * np.arange(-math.ceil(reach / spacing), math.ceil(reach / spacing) + 1)
        weights = np.exp(-((changes / deviation) ** 2) / 2 + tilt * changes)
    else:
        side = math.expm1(deviation**2 / 6) / (4 * math.sinh(spacing / 2) ** 2)
        third = np.array([side, 1 - 2 * side, side]) * np.exp(tilt * spacing * np.arange(-1, 2))
        weights = np.convolve(np.convolve(third, third), third)
    return np.asarray(weights / np.sum(weights), dtype=np.float64)


def _expected(values: Floats, kernel: Floats, spacing: float) -> Floats:
    """Expectation a step earlier; beyond the lattice the value is taken to be linear in R."""
    beyond = kernel.size // 2
    if beyond == 0:
        return values
    changes = spacing * np.arange(1, beyond + 1)
    top = values[-1] - (values[-1] - values[-2]) * np.expm1(changes) / math.expm1(-spacing)
    bottom = values[0] + (values[1] - values[0]) * np.expm1(-changes) / math.expm1(spacing)
    padded = np.concatenate((bottom[::-1], values, top))
    return np.asarray(np.convolve(padded, kernel, mode="valid"), dtype=np.float64)


def _used(regions: Regions, lattice: _Lattice, levels: int, tilt: float) -> Floats:
    """Probability that a right is exercised at each window, in the measure that `tilt` names."""
    used = np.zeros(lattice.times.size)
    left = np.zeros((levels + 1, 2 * lattice.centre + 1))
    left[levels, lattice.centre] = 1.0
    for window in range(used.size):
        kernel = _kernel(lattice.deviations[window], lattice.spacing, tilt)
        if kernel.size > 1:
            left = np.array([np.convolve(row, kernel, mode="same") for row in left])
        smooth = lattice.resolves(window)
        for k in range(1, levels + 1):
            exercised = regions[window][k - 1].part(left[k], smooth)
            left[k] -= exercised
            left[k - 1] += exercised
            used[window] += np.sum(exercised)
    return np.clip(used, 0.0, 1.0)


def _bounds(region: _Region, lattice: _Lattice, time: float) -> tuple[float, float]:
    """Ratio above which a right is exercised, and above which one waits again."""
    log_ratios = lattice.log_ratios(time)
    ratios = [math.exp(log_ratios[first] - above * lattice.spacing) for first, above, _ in region.edges]
    signs = [sign for _, _, sign in region.edges]
    lower = 0.0 if region.inside[0] else (ratios[signs.index(1)] if 1 in signs else math.inf)
    upper = ratios[-1] if signs and not region.inside[-1] else math.inf
    return lower, upper


def _normal_share(deviations: float) -> float:
    return math.erfc(-deviations / math.sqrt(2.0)) / 2
