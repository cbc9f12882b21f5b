"""The margin as a distribution: spreads, fouling, clogging, trim, chips' power and sensors, drawn and solved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.cooling.adjoint import Adjoint, adjoint_of
from rackwright.rack.cooling.hall import Hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import WarmSolution, density_of, solve_warm
from rackwright.rack.cooling.hydraulics.network import Floats, Ints, Kind
from rackwright.rack.cooling.point import plate_resistance, point_of
from rackwright.rack.cooling.readings import chips_per_spot
from rackwright.rack.cooling.sensitivities import sensitivities
from rackwright.rack.cooling.state import HallState, solve_hall

#: What `solve_hall` takes for one scenario, by name.
Given = Mapping[str, Any]
#: What may vary, and what one unit of it does.
KINDS = {
    "coupling Kv": "Kv of a coupling times 1 + value",
    "orifice trim": "Kv of a rack's orifice times 1 + value",
    "plate drop": "drop of a tray's plates times 1 + value",
    "strainer": "drop of a CDU's strainer and exchanger times 1 + value, never below clean",
    "exchanger fouling": "UA of a CDU's exchanger over 1 + value, never above clean",
    "plate fouling": "resistance of one chip's plate times 1 + value",
    "chip power": "heat of one chip times 1 + value",
    "supply sensor": "supply temperature of a CDU plus value [K]",
}
SHAPES = ("normal", "uniform")
#: Multipliers stay above this, so that a wide normal spread never turns a resistance round.
LEAST_SHARE = 0.05
CHUNK_BYTES = 2e8
#: Chips whose adjoints are solved at a time.
ADJOINTS = 64


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that varies: value = mean + spread x (standard normal, or uniform from -1 to 1).

    `shared` draws one value for the whole hall (one lot, one season), else every element has its own.
    """

    kind: str
    spread: float
    mean: float = 0.0
    shape: str = "normal"
    shared: bool = False
    status: str = "assumed"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"source {self.kind!r} is none of {', '.join(KINDS)}")
        if self.shape not in SHAPES:
            raise ValueError(f"shape {self.shape!r} is none of {', '.join(SHAPES)}")
        if not (math.isfinite(self.spread) and math.isfinite(self.mean) and self.spread >= 0):
            raise ValueError(
                f"source {self.kind!r}: spread {self.spread} and mean {self.mean} must be finite, spread not below 0"
            )

    @property
    def name(self) -> str:
        """Its kind, and whether a whole hall has it in common."""
        return f"{self.kind} of the lot" if self.shared else self.kind

    @property
    def variance(self) -> float:
        """Variance of one value."""
        return self.spread**2 * (1.0 if self.shape == "normal" else 1.0 / 3.0)


#: A hall at the end of its life. Pieces differ, and so do lots and makers, which a whole hall has in common: couplings
#: that pass for one type have Cv 1.15 to 1.53 by maker (Cv / 1.34 - 1 = +/- 14 %); every other figure is assumed.
USUAL_SOURCES = (
    Source("coupling Kv", 0.14, shape="uniform", shared=True, status="published"),
    Source("plate drop", 0.05, shared=True),
    Source("plate fouling", 0.03, shared=True),
    Source("chip power", 0.02, shared=True),
    Source("coupling Kv", 0.05),
    Source("orifice trim", 0.03),
    Source("plate drop", 0.05),
    Source("strainer", 0.3, mean=0.3, shape="uniform"),
    Source("exchanger fouling", 0.05, mean=0.1),
    Source("plate fouling", 0.05, mean=0.05),
    Source("chip power", 0.03),
    Source("supply sensor", 0.3),
)


@dataclass(frozen=True, slots=True)
class Importance:
    """A source's part in the least margin, by its first-order effect [K] on each draw's hottest chip.

    `rank_correlation_squared` is of that effect with the least margin. `variance_share` is minus their covariance over
    the margin's variance; the shares of all sources add up to one as far as effects add up and no chip differs from
    others by design. Both are correlations, and the hottest chip is chosen by its draws: they rank sources, no more.
    """

    kind: str
    rank_correlation_squared: float
    variance_share: float
    effect_mean_k: float
    effect_spread_k: float


@dataclass(frozen=True, slots=True)
class Step:
    """The answer after the first `draws` draws."""

    draws: int
    probability: float
    mean_margin_k: float
    mean_error_k: float


@dataclass(frozen=True)
class Margins:
    """Least margin of every draw. `probability` is that of a hall with some chip over its limit."""

    margin_k: Floats
    hottest: NDArray[np.intp]
    nominal_k: float
    followed_case_k: Floats
    importance: tuple[Importance, ...]
    steps: tuple[Step, ...]

    @property
    def over(self) -> int:
        """Draws with a chip over its limit."""
        return int((self.margin_k < 0).sum())

    @property
    def probability(self) -> float:
        """Share of draws in which some chip throttles."""
        return self.over / len(self.margin_k)

    def wilson(self, confidence: float = 0.95) -> tuple[float, float]:
        """Wilson's interval of the probability."""
        return wilson(self.over, len(self.margin_k), confidence)

    def clopper_pearson(self, confidence: float = 0.95) -> tuple[float, float]:
        """Clopper and Pearson's interval of the probability: never too narrow."""
        return clopper_pearson(self.over, len(self.margin_k), confidence)

    def quantiles_k(self, shares: Sequence[float] = (0.01, 0.05, 0.5, 0.95, 0.99)) -> dict[float, float]:
        """Least margin that a share of halls falls below."""
        values = np.quantile(self.margin_k, shares)
        return {share: float(value) for share, value in zip(shares, values, strict=True)}


def wilson(hits: int, draws: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson (1927) interval of a probability from hits in draws.

    >>> low, high = wilson(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.037)
    """
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + confidence / 2))
    share, room = hits / draws, z * z / draws
    middle = (share + room / 2) / (1 + room)
    half = z / (1 + room) * math.sqrt(share * (1 - share) / draws + room / (4 * draws))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == draws else middle + half)


def clopper_pearson(hits: int, draws: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson (1934) interval of a probability.

    >>> low, high = clopper_pearson(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, draws - hits + 1))
    high = 1.0 if hits == draws else float(beta.ppf(1 - tail, hits + 1, draws - hits))
    return low, high


def margins(
    hall: Hall,
    fluid: Fluid,
    given: Given,
    sources: Sequence[Source] = USUAL_SOURCES,
    *,
    draws: int,
    rng: np.random.Generator,
    follow: Sequence[int] = (),
    chunk: int | None = None,
    workers: int | None = None,
    explain: bool = True,
) -> Margins:
    """Draw halls and solve each of them in full.

    Parameters
    ----------
    given : mapping
        What `solve_hall` takes for one scenario: wanted_k, primary_k, primary_kg_s, load_share, pump_efficiency ...
    rng : numpy.random.Generator
        Every source draws from its own child of it, row by row, so neither workers nor chunks change a draw.
    follow : sequence of int
        Spots whose case temperatures are kept, (draws, spots): the worst chip of the spot.
    chunk : int, optional
        Draws at a time; as many as take about 200 MB where left out.
    explain : bool
        Whether importance is worked out; it needs one adjoint solve for each chip that is the hottest of some draw.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}, not one or more")
    nominal = solve_hall(hall, fluid, **given)
    case = _Case(hall, fluid, dict(given), tuple(sources), nominal, chips_per_spot(hall), workers)
    streams = rng.spawn(len(sources))
    each = chunk or max(1, int(CHUNK_BYTES / (8 * (24 * len(hall.network.links) + 4 * case.chips))))
    parts = []
    for first in range(0, draws, each):
        values = [
            _drawn(source, case, stream, min(each, draws - first))
            for source, stream in zip(sources, streams, strict=True)
        ]
        parts.append(_solve(case, values, follow))
    margin_k = np.concatenate([part.margin_k for part in parts])
    hottest = np.concatenate([part.hottest for part in parts])
    followed = np.concatenate([part.followed_k for part in parts])
    importance: tuple[Importance, ...] = ()
    if explain and sources:
        effects = _effects(case, hottest, parts)
        importance = _importance(case.sources, effects, margin_k)
    return Margins(margin_k, hottest, float(nominal.margin_k.min()), followed, importance, _steps(margin_k))


@dataclass(frozen=True)
class _Case:
    """What all chunks share; `count` chips of each spot."""

    hall: Hall
    fluid: Fluid
    given: dict[str, Any]
    sources: tuple[Source, ...]
    nominal: HallState
    count: Ints
    workers: int | None

    @property
    def chips(self) -> int:
        """Chips of the hall."""
        return int(self.count.sum())

    @property
    def first_chip(self) -> NDArray[np.intp]:
        """Number of each spot's first chip among all chips."""
        return np.asarray(np.cumsum(self.count) - self.count, np.intp)

    def width_of(self, kind: str) -> int:
        """Elements of a source."""
        if kind in ("plate fouling", "chip power"):
            return self.chips
        if kind in ("exchanger fouling", "supply sensor"):
            return len(self.hall.coolers)
        return len(links_of(self.hall, kind))


def links_of(hall: Hall, kind: str) -> NDArray[np.intp]:
    """Links whose drop a source multiplies."""
    network = hall.network
    if kind == "coupling Kv":
        return hall.coupling_links.astype(np.intp)
    if kind == "strainer":
        return hall.cdu_link.astype(np.intp)
    if kind == "plate drop":
        return np.flatnonzero(network.kind == Kind.POWER)
    return np.array([at for at, name in enumerate(network.links) if name.endswith("/orifice")], np.intp)


@dataclass(frozen=True)
class _Part:
    """One chunk: `chip` is the hottest chip among the chips of its spot, counted over the hall."""

    values: list[Floats]
    margin_k: Floats
    hottest: NDArray[np.intp]
    chip: NDArray[np.intp]
    followed_k: Floats


def _drawn(source: Source, case: _Case, stream: np.random.Generator, rows: int) -> Floats:
    """Values (rows, elements) of one source; row after row of its stream."""
    width = case.width_of(source.kind)
    shape = (rows, 1 if source.shared else width)
    unit = stream.standard_normal(shape) if source.shape == "normal" else stream.uniform(-1.0, 1.0, shape)
    values = source.mean + source.spread * unit
    if source.kind in ("strainer", "exchanger fouling"):
        values = np.maximum(values, 0.0)
    elif source.kind != "supply sensor":
        values = np.maximum(values, LEAST_SHARE - 1.0)
    return np.broadcast_to(values, (rows, width))


def _drop_factor(kind: str, values: Floats) -> Floats:
    return (1 + values) ** -2 if kind in ("coupling Kv", "orifice trim") else 1 + values


def _solve(case: _Case, values: list[Floats], follow: Sequence[int]) -> _Part:
    hall, given = case.hall, case.given
    rows = values[0].shape[0] if values else 1
    network = hall.network
    factor = np.array(np.broadcast_to(np.asarray(given.get("factor", 1.0), np.float64), (rows, len(network.links))))
    share = np.array(np.broadcast_to(np.asarray(given.get("cooler_share", 1.0), np.float64), (rows, len(hall.coolers))))
    wanted_k = np.array(np.broadcast_to(np.asarray(given["wanted_k"], np.float64), (rows, len(hall.coolers))))
    heat, plate = np.ones((rows, case.chips)), np.ones((rows, case.chips))
    for source, value in zip(case.sources, values, strict=True):
        if source.kind == "supply sensor":
            wanted_k += value
        elif source.kind == "exchanger fouling":
            share /= 1 + value
        elif source.kind == "chip power":
            heat *= 1 + value
        elif source.kind == "plate fouling":
            plate *= 1 + value
        else:
            factor[:, links_of(case.hall, source.kind)] *= _drop_factor(source.kind, value)
    load = _load_by_link(case)
    source_w = np.tile(hall.source_w * load, (rows, 1))
    design_w = np.array([spot.plates.heat_w for spot in hall.spots])
    more_w = design_w * (np.add.reduceat(heat, case.first_chip, axis=1) - case.count) * load[hall.spot_link]
    # a link has one spot only, so a plain sum does
    source_w[:, hall.spot_link] += more_w
    own = {
        name: value
        for name, value in given.items()
        if name not in ("load_share", "plate_factor", "factor", "cooler_share", "wanted_k") and value is not None
    }
    warm = solve_warm(
        network, case.fluid, source_w=source_w, coolers=hall.coolers, wanted_k=wanted_k, cooler_share=share,
        outside_k=float(np.mean(np.asarray(given["wanted_k"], np.float64))), factor=factor, start=case.nominal.warm,
        **{"workers": case.workers, **own},
    )  # fmt: skip
    inlet_k, rise_k = _rises(case, warm, load)
    each = heat * plate
    worst = np.maximum.reduceat(each, case.first_chip, axis=1)
    case_k = inlet_k + rise_k * worst
    margin = case.nominal.limit_k - case_k
    hottest = np.argmin(margin, axis=1)
    chip = np.array([_worst_chip(case, each[row], spot) for row, spot in enumerate(hottest.tolist())], np.intp)
    return _Part(values, margin[np.arange(rows), hottest], hottest, chip, case_k[:, list(follow)])


def _worst_chip(case: _Case, each: Floats, spot: int) -> int:
    first = int(case.first_chip[spot])
    return first + int(np.argmax(each[first : first + int(case.count[spot])]))


def _load_by_link(case: _Case) -> Floats:
    hall = case.hall
    load = np.broadcast_to(np.asarray(case.given.get("load_share", 1.0), np.float64), (len(hall.racks),))
    rack = hall.rack_of_link
    return np.where(rack >= 0, load[np.maximum(rack, 0)], 0.0)


def _rises(case: _Case, warm: WarmSolution, load: Floats) -> tuple[Floats, Floats]:
    """Inlets of spots, and the rise over them of a chip of nominal heat on a plate of nominal resistance."""
    hall = case.hall
    link = hall.spot_link
    inlet_k = warm.inlet_k(link)
    volume = np.abs(warm.flows.flow_kg_s[:, link]) / hall.spot_paths / density_of(case.fluid, inlet_k)
    heat_w = np.array([spot.plates.heat_w for spot in hall.spots]) * load[link]
    factor = np.broadcast_to(np.asarray(case.given.get("plate_factor", 1.0), np.float64), (len(link),))
    resistance = np.empty_like(inlet_k)
    groups: dict[int, list[int]] = {}
    for number, spot in enumerate(hall.spots):
        groups.setdefault(id(spot.plates), []).append(number)
    for numbers in groups.values():
        plates = hall.spots[numbers[0]].plates
        own = plate_resistance(plates.curve_m3_s, plates.curve_k_w, volume[:, numbers])[0]
        resistance[:, numbers] = own + plates.junction_k_w
    return inlet_k, np.where(heat_w > 0, heat_w * factor * np.where(heat_w > 0, resistance, 0.0), 0.0)


def _effects(case: _Case, hottest: NDArray[np.intp], parts: Sequence[_Part]) -> Floats:
    """First-order effect of every source on the hottest chip of every draw; (draws, sources). [K]"""
    point = point_of(case.nominal, case.fluid, **_at_point(case.given))
    effects = np.zeros((len(hottest), len(case.sources)))
    found = np.unique(hottest)
    bounds = np.cumsum([0, *(len(part.margin_k) for part in parts)])
    for first in range(0, len(found), ADJOINTS):
        spots = found[first : first + ADJOINTS]
        by_source = _derivatives(case, adjoint_of(point, spots))
        for part, begin in zip(parts, bounds[:-1].tolist(), strict=True):
            rows = np.flatnonzero(np.isin(part.hottest, spots))
            place = np.searchsorted(spots, part.hottest[rows])
            for number, source in enumerate(case.sources):
                by, own = by_source[source.kind]
                value = part.values[number][rows]
                if source.kind in ("chip power", "plate fouling"):
                    alone = value[np.arange(len(rows)), part.chip[rows]] * own[place]
                    value = np.add.reduceat(value, case.first_chip, axis=1) / case.count
                    effects[begin + rows, number] = alone + (by[place] * value).sum(axis=1)
                else:
                    effects[begin + rows, number] = (by[place] * value).sum(axis=1)
    return effects


def _derivatives(case: _Case, adjoint: Adjoint) -> dict[str, tuple[Floats, Floats]]:
    """By kind of source: kelvin of each chip by its elements' values, and by the chip's own value where it has one.

    Of chips' power the elements are spots (mean value of their chips), the chip's own rise kept apart.
    """
    found = {item.parameter: item for item in sensitivities(adjoint)}
    link = {name: at for at, name in enumerate(found["drop"].elements)}
    names = case.hall.network.links
    chips, none = len(adjoint.spots), np.zeros(len(adjoint.spots))
    by: dict[str, tuple[Floats, Floats]] = {}
    for kind, power in (("coupling Kv", -2.0), ("orifice trim", -2.0), ("plate drop", 1.0), ("strainer", 1.0)):
        at = [link[names[number]] for number in links_of(case.hall, kind).tolist()]
        by[kind] = (power * found["drop"].k_per_share[:, at], none)
    by["exchanger fouling"] = (-found["exchanger UA"].k_per_share, none)
    by["supply sensor"] = (found["set-point"].k_per_unit, none)
    own = found["plate resistance"].k_per_share
    alone = own[np.arange(chips), adjoint.spots]
    by["plate fouling"] = (np.zeros_like(own), alone)
    # the chips' own part of a link's heat: other heat of the tray does not vary
    design_w = np.array([spot.plates.heat_w for spot in case.hall.spots]) * case.count
    share = design_w / np.maximum(case.hall.source_w[case.hall.spot_link], 1e-12)
    by["chip power"] = ((found["chip heat"].k_per_share - own) * share, alone)
    return by


def first_order_variance_k2(
    hall: Hall, fluid: Fluid, given: Given, sources: Sequence[Source], spot: int
) -> dict[str, float]:
    """Variance of one chip's case temperature by each source, from the adjoint alone; they add up. [K2]

    Taken at the sources' means. Holds while the hall answers in a straight line; clipping at clean strainers and
    exchangers is left out. The chip is any one of its spot, not the worst of several.
    """
    at_means = _at_means(hall, given, sources)
    nominal = solve_hall(hall, fluid, **at_means)
    case = _Case(hall, fluid, at_means, tuple(sources), nominal, chips_per_spot(hall), None)
    point = point_of(nominal, fluid, **_at_point(at_means))
    derivatives = _derivatives(case, adjoint_of(point, [spot]))
    found: dict[str, float] = {}
    for source in sources:
        by, own = derivatives[source.kind]
        if source.shared:
            square = float((by[0].sum() + own[0]) ** 2)
        elif source.kind in ("chip power", "plate fouling"):
            per_chip = by[0] / case.count
            square = float((per_chip**2 * case.count).sum() + own[0] ** 2 + 2 * own[0] * per_chip[spot])
        else:
            square = float((by[0] ** 2).sum())
        if source.kind != "supply sensor":
            square /= (1 + source.mean) ** 2
        found[source.kind] = found.get(source.kind, 0.0) + source.variance * square
    return found


def _at_point(given: Given) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("workers", "must_converge")}


def _at_means(hall: Hall, given: Given, sources: Sequence[Source]) -> dict[str, Any]:
    """What is given, every source at its mean; the mean of chips' power warms all of a rack's heat alike."""
    links, cdus = len(hall.network.links), len(hall.coolers)
    own = {
        "factor": np.ones(links) * np.asarray(given.get("factor", 1.0)),
        "cooler_share": np.ones(cdus) * np.asarray(given.get("cooler_share", 1.0)),
        "wanted_k": np.ones(cdus) * np.asarray(given["wanted_k"]),
        "plate_factor": np.ones(len(hall.spots)) * np.asarray(given.get("plate_factor", 1.0)),
        "load_share": np.ones(len(hall.racks)) * np.asarray(given.get("load_share", 1.0)),
    }
    for source in sources:
        if source.kind == "supply sensor":
            own["wanted_k"] += source.mean
        elif source.kind == "exchanger fouling":
            own["cooler_share"] /= 1 + source.mean
        elif source.kind == "plate fouling":
            own["plate_factor"] *= 1 + source.mean
        elif source.kind == "chip power":
            own["load_share"] *= 1 + source.mean
        else:
            own["factor"][links_of(hall, source.kind)] *= _drop_factor(source.kind, np.array(source.mean))
    return {**given, **own}


def _importance(sources: Sequence[Source], effects: Floats, margin_k: Floats) -> tuple[Importance, ...]:
    from scipy.stats import rankdata

    margin_rank = rankdata(margin_k)
    rows = []
    for number, source in enumerate(sources):
        effect = effects[:, number]
        squared, share = 0.0, 0.0
        if len(effect) > 2 and np.ptp(effect) > 1e-12 and np.ptp(margin_k) > 0:
            squared = float(np.corrcoef(rankdata(effect), margin_rank)[0, 1] ** 2)
            share = float(-np.cov(effect, margin_k)[0, 1] / margin_k.var(ddof=1))
        rows.append(Importance(source.name, squared, share, float(effect.mean()), float(effect.std())))
    return tuple(sorted(rows, key=lambda row: -row.rank_correlation_squared))


def _steps(margin_k: Floats) -> tuple[Step, ...]:
    """The answer at halves of the draws, so that a reader sees it settle."""
    counts = sorted({max(1, len(margin_k) >> shift) for shift in range(6)})
    return tuple(
        Step(
            count, float((margin_k[:count] < 0).mean()), float(margin_k[:count].mean()),
            float(margin_k[:count].std(ddof=1) / math.sqrt(count)) if count > 1 else math.inf,
        )
        for count in counts
    )  # fmt: skip
