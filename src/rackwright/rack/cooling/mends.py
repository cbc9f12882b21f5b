"""What would buy margin: mends ranked by kelvin per dollar, each predicted by the adjoint and then confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rackwright.rack.cooling.adjoint import Adjoint, adjoint_of
from rackwright.rack.cooling.hall import Cdu, Hall, Headers, RackLoop, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.hydraulics.network import Floats
from rackwright.rack.cooling.piping import USUAL_M
from rackwright.rack.cooling.point import Point, case_of, point_of, residuals
from rackwright.rack.cooling.state import HallState, solve_hall

#: Of the usual inner diameters, the largest that hoses and manifolds are made in. [m]
HOSE_MOST_M, MANIFOLD_MOST_M = 0.080, 0.080
HOSE_SIZES_M = tuple(size for size in USUAL_M if size <= HOSE_MOST_M)
MANIFOLD_SIZES_M = tuple(size for size in USUAL_M if 0.025 <= size <= MANIFOLD_MOST_M)

#: What `solve_hall` takes for one scenario, by name.
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Design:
    """All that a hall is built from, so that a mend can be built too."""

    racks: tuple[RackLoop, ...]
    cdus: tuple[Cdu, ...]
    headers: Headers
    vessel_pa: float
    law: str = "colebrook"
    places: tuple[int, ...] | None = None

    def build(self) -> Hall:
        """The hall."""
        return build_hall(
            self.racks, self.cdus, self.headers, vessel_pa=self.vessel_pa, law=self.law, places=self.places
        )


@dataclass(frozen=True, slots=True)
class Prices:
    """What mends cost. All defaults are assumed: no source is behind them; a user's own take their place.

    Running costs (set-point, speed, facility flow) are the money that one step costs over the years that count.
    """

    coupling_usd: float = 90.0
    header_usd_m2: float = 6500.0
    hose_usd: float = 250.0
    manifold_usd: float = 900.0
    pump_usd: float = 9000.0
    exchanger_usd_per_w_k: float = 0.12
    set_point_usd_per_k_w: float = 0.004
    speed_usd_per_w: float = 6.0
    facility_usd_per_kg_s: float = 1500.0
    status: str = "assumed"


@dataclass(frozen=True)
class Mend:
    """One change: of the design, of what is given to the solver, or both.

    `alike` is a design of the same network whose drops are the changed one's at any flow; it stands in for predicting
    where the changed one has more links (a pump more).
    """

    name: str
    size: str
    cost_usd: float
    status: str
    design: Callable[[Design], Design] = lambda design: design
    given: Callable[[Given], Given] = lambda given: given
    alike: Callable[[Design], Design] | None = None


@dataclass(frozen=True, slots=True)
class MendRow:
    """A mend with what it buys. `misfit_share` is predicted less confirmed, over confirmed: how far from straight."""

    name: str
    size: str
    cost_usd: float
    cost_status: str
    predicted_k: float
    confirmed_k: float
    misfit_share: float
    k_per_kusd: float
    margin_k: float
    hottest_before: str
    hottest_after: str
    newly_short: bool

    @property
    def sentence(self) -> str:
        """One line for a reader."""
        if abs(self.confirmed_k) < 0.005 and abs(self.predicted_k) < 0.005:
            return f"{self.name}: nothing to speak of"
        verb = "buys" if self.confirmed_k >= 0 else "loses"
        moved = "" if self.hottest_after == self.hottest_before else f"; then {self.hottest_after} is the hottest"
        far = f", {abs(self.misfit_share):.0%} off" if abs(self.misfit_share) > 0.1 else ""
        short = "; a CDU then misses its set-point" if self.newly_short else ""
        bought = f"{abs(self.predicted_k):.2g} K (confirmed {abs(self.confirmed_k):.2g} K{far})"
        return f"{self.name} {verb} {bought}{short}{moved}"


def rank_mends(
    design: Design,
    fluid: Fluid,
    given: Given,
    *,
    mends: Sequence[Mend] | None = None,
    prices: Prices | None = None,
    show: int = 10,
    within_k: float = 3.0,
) -> tuple[MendRow, ...]:
    """Predict all mends by the adjoint at the hottest chips, confirm the best by solving anew, rank by K per $.

    Parameters
    ----------
    given : mapping
        What `solve_hall` takes for one scenario: wanted_k, primary_k, primary_kg_s, load_share, pump_efficiency ...
        Pumps' speed and efficiency as one number, because a mend may add pumps.
    show : int
        How many are confirmed and shown, the most promising by predicted K per $ first; no cost counts as one $.
    within_k : float
        Chips whose margin is within this of the least are followed, so that one that becomes the hottest is not missed.
    """
    hall = design.build()
    state = _solved(hall, fluid, given, None)
    point = point_of(state, fluid, **_at_point(given))
    adjoint = adjoint_of(point, _followed(point, within_k))
    work_w = float(state.warm.work_w.sum())
    chosen = usual_mends(design, given, prices or Prices(), work_w) if mends is None else mends
    found = [(predict(adjoint, design, mend, given), mend) for mend in chosen]
    found.sort(key=lambda pair: -pair[0] / max(pair[1].cost_usd, 1.0))
    rows = [_confirm(state, design, fluid, given, mend, predicted) for predicted, mend in found[:show]]
    return tuple(sorted(rows, key=lambda row: -row.k_per_kusd))


def _solved(hall: Hall, fluid: Fluid, given: Given, start: HallState | None) -> HallState:
    speed = None if given.get("speed") is None else _wide(given["speed"], len(hall.network.pumps))
    return solve_hall(hall, fluid, start=start, **{**given, "speed": speed})


def _at_point(given: Given) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("workers", "must_converge")}


def _followed(point: Point, within_k: float, most: int = 60) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Chips near the least margin: the hottest of each kind in each rack, up to `most` of them, hottest first."""
    case_k = case_of(point)[0]
    spots = point.hall.spots
    margin = np.array([spot.plates.limit_k or np.inf for spot in spots]) - case_k
    first: dict[tuple[int, str], int] = {}
    for number in np.argsort(margin, kind="stable").tolist():
        if margin[number] > margin.min() + within_k:
            break
        first.setdefault((spots[number].rack, spots[number].chip), number)
    return np.array(list(first.values())[:most], np.intp)


def predict(adjoint: Adjoint, design: Design, mend: Mend, given: Given) -> float:
    """First-order gain of the least margin: the adjoint times the residuals that the mend leaves at the old state. [K]

    The mend's own size is not made small: drops are taken at the new Kv or diameter, only the answer of flows and
    temperatures to them is linear.
    """
    changed = (mend.alike or mend.design)(design).build()
    point = adjoint.point
    if changed.network.links != point.hall.network.links:
        raise ValueError(f"{mend.name!r} changes the network's links and says no design alike")
    moved = _moved(point, changed, _at_point(mend.given(given)))
    holding = np.isin(
        [point.hall.network.link_number[cooler.link] for cooler in point.hall.coolers],
        [swap.link for swap in adjoint.exchanges if swap.holds],
    )
    # a colder set-point meets a stream that will be colder too, so a cooler that holds is taken to go on holding
    push = residuals(replace(moved, holding=holding)) - residuals(point)
    links, nodes = len(changed.network.links), len(changed.network.nodes)
    change_k = (case_of(moved)[0] - case_of(point)[0])[adjoint.spots]
    change_k = change_k - (
        adjoint.link_pa @ push[:links]
        + adjoint.node_kg_s @ push[links : links + nodes]
        + adjoint.node_w @ push[links + nodes :]
    )
    return float((adjoint.margin_k - change_k).min() - adjoint.margin_k.min())


def _moved(point: Point, hall: Hall, given: Mapping[str, Any]) -> Point:
    """The old unknowns under a new hall and new givens."""
    network = hall.network
    sizes = {
        "wanted_k": len(hall.coolers), "primary_k": len(hall.coolers), "primary_kg_s": len(hall.coolers),
        "cooler_share": len(hall.coolers), "speed": len(network.pumps), "factor": len(network.links),
        "plate_factor": len(hall.spots),
    }  # fmt: skip
    own: dict[str, Any] = {
        name: _wide(given[name], size) for name, size in sizes.items() if given.get(name) is not None
    }
    if "pump_efficiency" in given:
        own["efficiency"] = _wide(given["pump_efficiency"], len(network.pumps))
    load = _wide(given.get("load_share", 1.0), len(hall.racks))
    rack = hall.rack_of_link
    own["source_w"] = hall.source_w * np.where(rack >= 0, load[np.maximum(rack, 0)], 0.0)
    return replace(point, hall=hall, **own)


def _wide(value: Any, size: int) -> Floats:
    return np.array(np.broadcast_to(np.asarray(value, np.float64), (size,)))


def _confirm(state: HallState, design: Design, fluid: Fluid, given: Given, mend: Mend, predicted_k: float) -> MendRow:
    hall = mend.design(design).build()
    start = state if hall.network.links == state.hall.network.links else None
    after = _solved(hall, fluid, mend.given(given), start)
    before_k, after_k = float(state.margin_k.min()), float(after.margin_k.min())
    gain_k = after_k - before_k
    return MendRow(
        name=mend.name,
        size=mend.size,
        cost_usd=mend.cost_usd,
        cost_status=mend.status,
        predicted_k=predicted_k,
        confirmed_k=gain_k,
        misfit_share=(predicted_k - gain_k) / gain_k if gain_k else 0.0,
        k_per_kusd=1e3 * gain_k / max(mend.cost_usd, 1.0),
        margin_k=after_k,
        hottest_before=_hottest(state),
        hottest_after=_hottest(after),
        newly_short=bool(after.warm.short.any() and not state.warm.short.any()),
    )


def _hottest(state: HallState) -> str:
    spot = state.hall.spots[int(state.hottest[0])]
    return f"{spot.chip} of a {spot.tray} tray"


def usual_mends(design: Design, given: Given, prices: Prices, pumps_w: float | None = None) -> tuple[Mend, ...]:
    """Couplings +0.3 Kv, next sizes, a pump more, UA +10 %, a colder set-point, faster pumps, more facility water.

    `pumps_w` is what all pumps draw as solved, which a faster pump is priced by; without it their rated points stand.
    """
    found = [
        *_couplings(design, prices),
        *_sizes(design, prices),
        *_of_cdus(design, prices),
        *_of_given(design, given, prices, pumps_w),
    ]  # fmt: skip
    return tuple(found)


def _couplings(design: Design, prices: Prices) -> list[Mend]:
    found = []
    for name in dict.fromkeys(tray.name for rack in design.racks for tray in rack.trays):
        count = sum(2 * tray.count for rack in design.racks for tray in rack.trays if tray.name == name)
        found.append(
            Mend(
                f"+0.3 Kv on the {name} trays' couplings",
                f"{count} couplings",
                count * prices.coupling_usd,
                prices.status,
                design=_with_couplings(name, 0.3),
            )
        )
    return found


def _with_couplings(tray_name: str, more_kv_m3_h: float) -> Callable[[Design], Design]:
    def change(design: Design) -> Design:
        return _each_rack(
            design,
            lambda rack: replace(
                rack,
                trays=tuple(
                    replace(tray, coupling_kv_m3_h=tray.coupling_kv_m3_h + more_kv_m3_h)
                    if tray.name == tray_name
                    else tray
                    for tray in rack.trays
                ),
            ),
        )

    return change


def _each_rack(design: Design, change: Callable[[RackLoop], RackLoop]) -> Design:
    """Every rack changed; racks that were one object stay one."""
    changed = {id(rack): change(rack) for rack in design.racks}
    return replace(design, racks=tuple(changed[id(rack)] for rack in design.racks))


def _each_cdu(design: Design, change: Callable[[Cdu], Cdu]) -> Design:
    return replace(design, cdus=tuple(change(cdu) for cdu in design.cdus))


def _next(sizes: Sequence[float], size_m: float) -> float | None:
    return next((size for size in sizes if size > size_m * 1.001), None)


def _sizes(design: Design, prices: Prices) -> list[Mend]:
    """Next size of headers, hoses and manifolds; hoses and manifolds where all racks have one size."""
    found = []
    racks = len(design.racks)
    wider = _next(USUAL_M, design.headers.diameter_m)
    if wider is not None:
        # a price per metre of pipe and metre of its diameter, both headers
        cost = prices.header_usd_m2 * wider * 2 * racks * design.headers.pitch_m
        changed = replace(design.headers, diameter_m=wider)
        found.append(
            Mend(
                f"headers of {1e3 * wider:.0f} mm",
                f"{2 * racks * design.headers.pitch_m:.0f} m",
                cost,
                prices.status,
                design=lambda old: replace(old, headers=changed),
            )
        )
    for part, field, sizes, cost in (
        ("hoses", "hose_diameter_m", HOSE_SIZES_M, 2 * racks * prices.hose_usd),
        ("manifolds", "manifold_diameter_m", MANIFOLD_SIZES_M, 2 * racks * prices.manifold_usd),
    ):
        now = {getattr(rack, field) for rack in design.racks}
        wider = _next(sizes, max(now))
        if len(now) == 1 and wider is not None:
            found.append(
                Mend(
                    f"{part} of {1e3 * wider:.0f} mm",
                    f"{2 * racks} {part}",
                    cost,
                    prices.status,
                    design=_with_size(field, wider),
                )
            )
    return found


def _with_size(field: str, size_m: float) -> Callable[[Design], Design]:
    own: dict[str, Any] = {field: size_m}
    return lambda design: _each_rack(design, lambda rack: replace(rack, **own))


def _of_cdus(design: Design, prices: Prices) -> list[Mend]:
    ua = sum(cdu.ua_w_k for cdu in design.cdus)
    return [
        Mend(
            "one more pump in each CDU", f"{len(design.cdus)} pumps", len(design.cdus) * prices.pump_usd, prices.status,
            design=lambda old: _each_cdu(old, lambda cdu: replace(cdu, pumps=cdu.pumps + 1)),
            alike=lambda old: _each_cdu(old, _as_one_more),
        ),
        Mend(
            "exchangers' UA +10 %", f"{1e-3 * 0.1 * ua:.0f} kW/K", 0.1 * ua * prices.exchanger_usd_per_w_k,
            prices.status,
            design=lambda old: _each_cdu(old, lambda cdu: replace(cdu, ua_w_k=1.1 * cdu.ua_w_k)),
        ),
    ]  # fmt: skip


def _as_one_more(cdu: Cdu) -> Cdu:
    """As many pumps, each falling as if the flow were shared with one more."""
    return replace(cdu, falloff=cdu.falloff * (cdu.pumps / (cdu.pumps + 1)) ** 2)


def _of_given(design: Design, given: Given, prices: Prices, pumps_w: float | None) -> list[Mend]:
    heat_w = sum(rack.heat_w for rack in design.racks)
    if pumps_w is None:
        pumps_w = sum(cdu.shutoff_pa * cdu.rated_kg_s / 1000.0 / cdu.pump_efficiency for cdu in design.cdus)
    flow_kg_s = float(np.mean(np.asarray(given["primary_kg_s"], np.float64))) * len(design.cdus)
    # power goes with the third power of the speed
    faster_w = pumps_w * (1.05**3 - 1)
    return [
        Mend(
            "supply 1 K colder", "all CDUs", heat_w * prices.set_point_usd_per_k_w, prices.status,
            given=lambda old: {**old, "wanted_k": np.asarray(old["wanted_k"], np.float64) - 1.0},
        ),
        Mend(
            "pumps 5 % faster", "all pumps", faster_w * prices.speed_usd_per_w, prices.status,
            given=lambda old: {**old, "speed": 1.05 * _speed(old)},
        ),
        Mend(
            "facility water +10 %", "all CDUs", 0.1 * flow_kg_s * prices.facility_usd_per_kg_s, prices.status,
            given=lambda old: {**old, "primary_kg_s": 1.1 * np.asarray(old["primary_kg_s"], np.float64)},
        ),
    ]  # fmt: skip


def _speed(given: Given) -> Floats:
    value = given.get("speed")
    return np.asarray(1.0 if value is None else value, np.float64)
