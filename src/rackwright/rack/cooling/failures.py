"""Every single failure of a hall, each solved anew over the hours of a day, with the pumps as they are or sped up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.cooling.hall import Hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import FLOW_FIELDS, WARM_FIELDS, Cooler, WarmSolution
from rackwright.rack.cooling.hydraulics.network import Floats, Ints, Network
from rackwright.rack.cooling.hydraulics.solve import Solution
from rackwright.rack.cooling.readings import Reading, read_state
from rackwright.rack.cooling.state import HallState, solve_hall

#: Drop of a half-closed coupling or valve (half its Kv), and of a clogged strainer or exchanger, over that when clean.
HALF_CLOSED_FACTOR, CLOGGED_FACTOR = 4.0, 4.0
#: Share of its UA that a fouled exchanger keeps. Assumed, as are the two above.
FOULED_SHARE = 0.7
#: Bytes that one chunk's flows, temperatures and chips may take, and arrays of links' width that a scenario holds.
CHUNK_BYTES, ARRAYS_PER_LINK = 2e8, 24
#: A heat balance that misses more than this has no steady state.
OPEN_BALANCE_SHARE = 1e-6
#: Nor is it steady where the coolant would be warmer than this: water's critical point. [K]
MOST_COOLANT_K = 647.0
RESPONSES = ("as is", "speed up")


class HallLike(Protocol):
    """What a hall must have, solved in full or condensed."""

    @property
    def network(self) -> Network: ...
    @property
    def racks(self) -> Sequence[Any]: ...
    @property
    def cdus(self) -> Sequence[Any]: ...
    @property
    def rack_link(self) -> Ints: ...
    @property
    def cdu_link(self) -> Ints: ...
    @property
    def coolers(self) -> Sequence[Cooler]: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure: links shut, drops multiplied, CDUs without facility water, CDUs with a share of their UA.

    `out_racks` are racks that are switched off with it, so that their own chips do not count.
    """

    name: str
    kind: str
    shut: tuple[int, ...] = ()
    factor: tuple[tuple[int, float], ...] = ()
    dry_cdus: tuple[int, ...] = ()
    cooler_share: tuple[tuple[int, float], ...] = ()
    out_racks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Hours:
    """Conditions by hour; every array (hours or 1, n). `hours` makes it from numbers and arrays of any shape."""

    wanted_k: Floats
    primary_k: Floats
    primary_kg_s: Floats
    load_share: Floats
    speed: Floats
    most_speed: Floats
    count: int


@dataclass(frozen=True, slots=True)
class FailureRow:
    """The worst hour of one failure under one response.

    `margin_k` is limit less case of the hottest chip (minus infinity where a chip has heat and no flow, or the heat has
    no way out of the hall). `worst_flow_share` is the least flow of a rack still in use over its flow without the
    failure at the same hour. `settled` is False where there is no steady answer, as where a CDU without facility water
    serves racks of its own: their water goes round through it and warms without end, until its pumps are stopped (which
    is the row of the lost CDU). `racks_over` and `chips_over` are then None.
    """

    name: str
    kind: str
    response: str
    severity: str
    hour: int
    margin_k: float
    margin_lost_k: float
    case_k: float
    chip: str
    rack: int
    tray: str
    racks_over: int | None
    chips_over: int | None
    hours_over: int
    worst_flow_rack: int
    worst_flow_kg_s: float
    worst_flow_share: float
    coolers_short: bool
    settled: bool


@dataclass(frozen=True)
class Failures:
    """All failures solved. Arrays (responses, failures, hours); `baseline_margin_k` (hours,) is the hall untouched."""

    failures: tuple[Failure, ...]
    responses: tuple[str, ...]
    margin_k: Floats
    short: NDArray[np.bool_]
    settled: NDArray[np.bool_]
    baseline_margin_k: Floats
    rows: tuple[FailureRow, ...] = field(repr=False)

    def worst_first(self, response: str | None = None) -> tuple[FailureRow, ...]:
        """Rows from the least margin up; only one response's where it is named."""
        chosen = [row for row in self.rows if response is None or row.response == response]
        return tuple(sorted(chosen, key=lambda row: (row.margin_k, -(row.racks_over or 0), row.name)))

    def of(self, name: str, response: str = "as is") -> FailureRow:
        """The row of one failure by its name."""
        return next(row for row in self.rows if row.name == name and row.response == response)


def hours(
    hall: HallLike,
    *,
    wanted_k: ArrayLike,
    primary_k: ArrayLike,
    primary_kg_s: ArrayLike,
    load_share: ArrayLike = 1.0,
    speed: ArrayLike | None = None,
    most_speed: ArrayLike | None = None,
) -> Hours:
    """Conditions as (hours or 1, n): one number, (hours,), or (hours, n) by hour and CDU, rack or pump.

    `most_speed` (1.1 of `speed` where left out, assumed) is what pumps run at when they answer a failure.
    """
    usual = hall.network.pump_speed[None, :] if speed is None else speed
    wide = {
        "wanted_k": _by_hour("wanted_k", wanted_k, len(hall.coolers)),
        "primary_k": _by_hour("primary_k", primary_k, len(hall.coolers)),
        "primary_kg_s": _by_hour("primary_kg_s", primary_kg_s, len(hall.coolers)),
        "load_share": _by_hour("load_share", load_share, len(hall.racks)),
        "speed": _by_hour("speed", usual, len(hall.network.pumps)),
    }
    wide["most_speed"] = _by_hour(
        "most_speed", 1.1 * wide["speed"] if most_speed is None else most_speed, len(hall.network.pumps)
    )
    counts = {array.shape[0] for array in wide.values()} - {1}
    if len(counts) > 1:
        raise ValueError(f"conditions have different numbers of hours: {', '.join(map(str, sorted(counts)))}")
    return Hours(**wide, count=max(counts, default=1))


def _by_hour(name: str, value: ArrayLike, width: int) -> Floats:
    array = np.asarray(value, np.float64)
    if array.ndim < 2:
        array = array.reshape(-1, 1)
    if array.shape[1] not in (1, width):
        raise ValueError(f"{name} has {array.shape[1]} columns, not one for each of {width}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a value that is not a finite number")
    return np.ascontiguousarray(np.broadcast_to(array, (array.shape[0], width)))


def list_failures(
    hall: HallLike,
    *,
    couplings: Iterable[int] = (),
    half_closed_factor: float = HALF_CLOSED_FACTOR,
    clogged_factor: float = CLOGGED_FACTOR,
    fouled_share: float = FOULED_SHARE,
) -> tuple[Failure, ...]:
    """Every pump, CDU, facility branch, exchanger, rack, header section and valve once; of couplings the given links.

    A lost CDU has its pumps stopped and its exchanger shut. A rack open for service has its supply hose shut, its
    return hose too where it has one, and is switched off.
    """
    network = hall.network
    found = [Failure(f"{name} stops", "pump", (network.link_number[name],)) for name in network.pumps]
    for cdu, (link, cooler) in enumerate(zip(hall.cdu_link.tolist(), hall.coolers, strict=True)):
        name = cooler.link.rsplit("/", 1)[0]
        pumps = tuple(network.link_number[pump] for pump in network.pumps if pump.startswith(f"{name}/"))
        found += [
            Failure(f"{name} lost", "cdu", (*pumps, link)),
            Failure(f"{name} without facility water", "facility water", dry_cdus=(cdu,)),
            Failure(f"{name} strainer clogged", "strainer", factor=((link, clogged_factor),)),
            Failure(f"{name} exchanger fouled", "exchanger", cooler_share=((cdu, fouled_share),)),
        ]
    for rack, link in enumerate(hall.rack_link.tolist()):
        hoses = [network.link_number.get(f"rack {rack + 1}/return hose", link), link]
        shut = tuple(dict.fromkeys(hoses))
        found.append(Failure(f"rack {rack + 1} open for service", "rack", shut, out_racks=(rack,)))
    for name in network.valves:
        found.append(Failure(f"{name} shut", "valve", (network.link_number[name],)))
    for link in couplings:
        half = ((int(link), half_closed_factor),)
        found.append(Failure(f"{network.links[link]} half closed", "coupling", factor=half))
    sections = [(name, at) for name, at in network.link_number.items() if " header " in name]
    found += [Failure(f"{name} shut", "header", (at,)) for name, at in sections]
    return tuple(found)


def worst_couplings(state: HallState) -> tuple[int, ...]:
    """Couplings of the tray with the least margin, for each kind of rack, tray and chip."""
    hall, network = state.hall, state.hall.network
    worst: dict[tuple[str, str, str], int] = {}
    margin = state.margin_k.min(axis=0)
    for number in np.argsort(margin, kind="stable").tolist():
        spot = hall.spots[number]
        worst.setdefault((hall.racks[spot.rack].name, spot.tray, spot.chip), number)
    trays = dict.fromkeys(network.links[hall.spot_link[number]].rsplit("/", 1)[0] for number in worst.values())
    names = [f"{tray}/coupling {side}" for tray in trays for side in ("in", "out")]
    return tuple(network.link_number[name] for name in names if name in network.link_number)


def single_failures(
    hall: HallLike,
    fluid: Fluid,
    conditions: Hours,
    *,
    failures: Sequence[Failure] | None = None,
    responses: Sequence[str] = RESPONSES,
    solver: Callable[..., Any] = solve_hall,
    every_coupling: bool = False,
    chunk: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **more: Any,
) -> Failures:
    """Solve every single failure at every hour, each from the untouched hall at its own hour.

    Parameters
    ----------
    conditions : Hours
        From `hours`: set-points, facility water, loads and pump speeds by hour.
    failures : sequence of Failure, optional
        `list_failures` where left out, with the worst tray's couplings of each kind (or `every_coupling`) half closed.
    responses : sequence of str
        "as is": pumps stay at their speed; "speed up": every pump that still runs goes to its most speed.
    solver : callable
        `solve_hall`, or anything with its signature such as `solve_condensed`.
    chunk : int, optional
        Scenarios at a time; as many as take about 200 MB where left out.
    more
        Passed on to the solver: pump_efficiency, workers.
    """
    strange = sorted(set(responses) - set(RESPONSES))
    if strange:
        raise ValueError(f"response {strange[0]!r} is none of {', '.join(RESPONSES)}")
    untouched = solver(hall, fluid, **_baseline(conditions), **more)
    if failures is None:
        failures = list_failures(hall, couplings=_couplings(hall, untouched, every_coupling))
    starts = {"as is": untouched}
    if "speed up" in responses:
        faster = _baseline(conditions) | {"speed": _wide(conditions.most_speed, conditions.count)}
        starts["speed up"] = solver(hall, fluid, start=untouched, **faster, **more)
    case = _Case(hall, fluid, conditions, solver, starts, read_state(untouched), more)
    per_hour = max(1, int(CHUNK_BYTES / (8 * ARRAYS_PER_LINK * len(hall.network.links))))
    at_once = max(1, (chunk or per_hour) // conditions.count)
    solved: list[list[_Solved]] = [[] for _ in responses]
    for first in range(0, len(failures), at_once):
        part = failures[first : first + at_once]
        for number, response in enumerate(responses):
            answer = _solve_part(case, part, response)
            solved[number] += [answer.of(at, failure) for at, failure in enumerate(part)]
        if progress:
            progress(first + len(part), len(failures))
    return _gathered(tuple(failures), tuple(responses), solved, case.reading.least_margin_k)


def _couplings(hall: HallLike, state: Any, every: bool) -> Sequence[int]:
    if not isinstance(hall, Hall):
        return ()
    return tuple(hall.coupling_links.tolist()) if every else worst_couplings(state)


@dataclass(frozen=True)
class _Case:
    """What all chunks share; `starts` is the untouched hall over all hours at each response's pump speeds."""

    hall: HallLike
    fluid: Fluid
    hours: Hours
    solver: Callable[..., Any]
    starts: dict[str, Any]
    reading: Reading
    more: dict[str, Any]


@dataclass(frozen=True)
class _Solved:
    """One failure under one response over all hours."""

    margin_k: Floats
    short: NDArray[np.bool_]
    settled: NDArray[np.bool_]
    row: FailureRow


def _baseline(hours: Hours) -> dict[str, Any]:
    names = ("wanted_k", "primary_k", "primary_kg_s", "load_share", "speed")
    return {name: _wide(getattr(hours, name), hours.count) for name in names}


def _wide(array: Floats, count: int) -> Floats:
    return np.broadcast_to(array, (count, array.shape[1]))


def _scenarios(case: _Case, part: Sequence[Failure], response: str) -> dict[str, Any]:
    """Arrays of len(part) x hours scenarios, hours side by side."""
    given = {name: np.tile(array, (len(part), 1)) for name, array in _baseline(case.hours).items()}
    links, count = len(case.hall.network.links), case.hours.count
    opened = np.ones((len(part), links), np.bool_)
    factor = np.ones((len(part), links))
    share = np.ones((len(part), len(case.hall.coolers)))
    for at, failure in enumerate(part):
        opened[at, list(failure.shut)] = False
        rows = slice(at * count, (at + 1) * count)
        given["primary_kg_s"][rows, list(failure.dry_cdus)] = 0.0
        given["load_share"][rows, list(failure.out_racks)] = 0.0
        for link, times in failure.factor:
            factor[at, link] *= times
        for cdu, kept in failure.cooler_share:
            share[at, cdu] *= kept
    if response == "speed up":
        given["speed"] = np.tile(_wide(case.hours.most_speed, count), (len(part), 1))
    wide = {"opened": opened, "factor": factor, "cooler_share": share}
    return given | {name: np.repeat(array, count, axis=0) for name, array in wide.items()}


def _solve_part(case: _Case, part: Sequence[Failure], response: str) -> _Answer:
    """One chunk under one response."""
    given = _scenarios(case, part, response)
    cools = [can_cool(case.hall, *pair) for pair in zip(given["opened"], given["primary_kg_s"], strict=True)]
    fit = np.array(cools, np.bool_)
    rows = np.flatnonzero(fit)
    settled = fit.copy()
    if not len(rows):
        return _Answer(case, response, None, rows, fit, settled)
    hour = np.tile(np.arange(case.hours.count), len(part))[rows]
    state = case.solver(
        case.hall, case.fluid, start=_rows_of(case.starts[response], hour), must_converge=False,
        **{name: array[rows] for name, array in given.items()}, **case.more,
    )  # fmt: skip
    warm: WarmSolution = state.warm
    liquid = (np.abs(warm.node_k) < MOST_COOLANT_K).all(axis=1)
    settled[rows] = warm.flows.converged & (warm.closure_share < OPEN_BALANCE_SHARE) & liquid
    return _Answer(case, response, read_state(state), rows, fit, settled)


def can_cool(hall: HallLike, opened: NDArray[np.bool_], primary_kg_s: Floats) -> bool:
    """Whether some CDU has an open exchanger, a pump that is not shut off, and facility water."""
    network = hall.network
    for cooler, link, primary in zip(hall.coolers, hall.cdu_link.tolist(), primary_kg_s.tolist(), strict=True):
        name = cooler.link.rsplit("/", 1)[0]
        pumps = [network.link_number[pump] for pump in network.pumps if pump.startswith(f"{name}/")]
        if primary > 0 and opened[link] and opened[pumps].any():
            return True
    return False


def _rows_of(state: Any, rows: NDArray[np.intp]) -> Any:
    """A state to start from, with the wanted scenarios only; chips are left as they are, no solver reads them."""
    warm: WarmSolution = state.warm
    flows = Solution(network=warm.flows.network, **{name: getattr(warm.flows, name)[rows] for name in FLOW_FIELDS})
    parts = {name: getattr(warm, name)[rows] for name in WARM_FIELDS}
    return replace(state, warm=WarmSolution(flows=flows, **parts))


@dataclass(frozen=True)
class _Answer:
    """A chunk's reading, spread over its failures and hours; what was not solved has no way for its heat."""

    case: _Case
    response: str
    reading: Reading | None
    rows: NDArray[np.intp]
    fit: NDArray[np.bool_]
    settled: NDArray[np.bool_]

    def of(self, at: int, failure: Failure) -> _Solved:
        """One failure's hours and its row."""
        count = self.case.hours.count
        own = np.arange(at * count, (at + 1) * count)
        if self.reading is None or not self.fit[own].all():
            return _lost(self.case, failure, self.response)
        places = np.searchsorted(self.rows, own)
        reading = self.reading.of_rows(places).without(failure.out_racks)
        settled = self.settled[own]
        margin = np.where(settled, reading.least_margin_k, -np.inf)
        row = _row(self.case, failure, self.response, reading, margin, settled)
        return _Solved(margin, reading.short, settled, row)


def _lost(case: _Case, failure: Failure, response: str) -> _Solved:
    """No CDU is left that can take heat: every rack is over its limit."""
    count = case.hours.count
    hottest = case.reading.hottest(0)
    row = FailureRow(
        failure.name, failure.kind, response, "no cooling left", 0, -np.inf, np.inf, np.inf, hottest.chip, hottest.rack,
        hottest.tray, len(case.hall.racks) - len(failure.out_racks), case.reading.all_chips, count, 0, 0.0, 0.0, True,
        True,
    )  # fmt: skip
    return _Solved(np.full(count, -np.inf), np.ones(count, np.bool_), np.ones(count, np.bool_), row)


def _row(
    case: _Case, failure: Failure, response: str, reading: Reading, margin: Floats, settled: NDArray[np.bool_]
) -> FailureRow:
    hour = int(np.argmin(margin))
    hottest = reading.hottest(hour)
    before = case.reading.rack_kg_s
    with np.errstate(invalid="ignore", divide="ignore"):
        share = reading.rack_kg_s / np.where(before > 0, before, np.nan)
    share[:, list(failure.out_racks)] = np.nan
    place = int(np.nanargmin(share)) if np.isfinite(share).any() else 0
    flow_hour, flow_rack = divmod(place, share.shape[1])
    short = reading.short & ~case.reading.short
    return FailureRow(
        name=failure.name,
        kind=failure.kind,
        response=response,
        severity=_severity(float(margin[hour]), bool(short.any()), bool(settled.all())),
        hour=hour,
        margin_k=float(margin[hour]),
        margin_lost_k=float(case.reading.least_margin_k[hour] - margin[hour]),
        case_k=hottest.case_k if settled[hour] else np.inf,
        chip=hottest.chip,
        rack=hottest.rack,
        tray=hottest.tray,
        racks_over=reading.racks_over(hour) if settled[hour] else None,
        chips_over=reading.chips_over(hour) if settled[hour] else None,
        hours_over=int((margin < 0).sum()),
        worst_flow_rack=flow_rack,
        worst_flow_kg_s=float(reading.rack_kg_s[flow_hour, flow_rack]),
        worst_flow_share=float(share[flow_hour, flow_rack]),
        coolers_short=bool(reading.short.any()),
        settled=bool(settled.all()),
    )


def _severity(margin_k: float, newly_short: bool, settled: bool) -> str:
    if not settled:
        return "no steady state"
    if margin_k == -np.inf:
        return "chips without flow"
    if margin_k < 0:
        return "over the limit"
    return "set-point lost" if newly_short else "within the limit"


def _gathered(
    failures: tuple[Failure, ...], responses: tuple[str, ...], solved: list[list[_Solved]], baseline_k: Floats
) -> Failures:
    def stacked(name: str) -> Any:
        return np.array([[getattr(item, name) for item in of_response] for of_response in solved])

    rows = tuple(item.row for of_response in solved for item in of_response)
    return Failures(failures, responses, stacked("margin_k"), stacked("short"), stacked("settled"), baseline_k, rows)
