"""The primary control valve of a CDU and the trim valves of racks: authority, lowest load, hunting.

A hall's solver asks only whether a CDU's exchanger, its primary valve wide open, is enough; here the valve's own flow is
found, and with it how finely it can still control.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.cooling.controls import (
    TOLERANCE,
    AnyHall,
    AnyState,
    Controlled,
    control_flow,
    control_pressure,
    exchanger_of,
    heat_capacity_of,
)
from rackwright.rack.cooling.envelope import Limit, Row, check
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.hydraulics.network import Floats, Network, Rule
from rackwright.rack.cooling.state import HallState


def authority_share(open_pa: ArrayLike, rest_pa: ArrayLike) -> Floats:
    """Authority of a valve: its own drop, open and at design flow, over that of the whole branch that it throttles.

    >>> float(authority_share(30e3, 30e3))
    0.5
    """
    own = np.asarray(open_pa, np.float64)
    return np.asarray(own / (own + np.asarray(rest_pa, np.float64)), np.float64)


@dataclass(frozen=True, slots=True)
class PrimaryBranch:
    """A CDU's primary side: the control valve by its Kv open, and the drop of the rest at the flow of the open valve.

    `rangeability` is the greatest over the least flow that the valve controls at one drop: 50 is usual for globe valves,
    but it belongs on the valve's sheet. The branch's whole drop is taken as held by the facility.
    """

    kv_m3_h: float
    rest_pa: float
    flow_kg_s: float
    rangeability: float
    density_kg_m3: float = 1000.0
    characteristic: Literal["equal percentage", "linear"] = "equal percentage"

    @property
    def open_pa(self) -> float:
        """Drop of the open valve."""
        flow_m3_h = 3600.0 * self.flow_kg_s / self.density_kg_m3
        return 1e5 * self.density_kg_m3 / 1000.0 * (flow_m3_h / self.kv_m3_h) ** 2

    @property
    def authority(self) -> float:
        """Share of the branch's drop that the open valve takes."""
        return float(authority_share(self.open_pa, self.rest_pa))

    @property
    def least_share(self) -> float:
        """Least flow that the valve controls as a share of the flow when open, installed.

        With the whole drop held, flow share = 1 / sqrt(1 - N + N R^2): 1/R at an authority N of one, more below it.
        """
        return self.flow_share(1.0 / self.rangeability)

    def flow_share(self, kv_share: float) -> float:
        """Installed flow over that of the open valve at a Kv over that of the open valve."""
        return 1.0 / math.sqrt(1.0 - self.authority + self.authority / kv_share**2)

    def kv_share(self, flow_share: float) -> float:
        """The inverse of `flow_share`."""
        return math.sqrt(self.authority / max(flow_share**-2 - 1.0 + self.authority, 1e-30))

    def flow_by_stroke_kg_s(self, flow_share: float) -> float:
        """Slope of the flow by the valve's stroke (0 to 1) where it lets this share through."""
        phi = self.kv_share(flow_share)
        by_kv = self.authority / phi**3 * self.flow_share(phi) ** 3
        by_stroke = phi * math.log(self.rangeability) if self.characteristic == "equal percentage" else 1.0
        return self.flow_kg_s * by_kv * by_stroke


@dataclass(frozen=True)
class PrimarySide:
    """What the CDUs' primary valves let through to hold the set-point; (scenarios, CDUs).

    `gain_k_s_kg` is how much the supply falls for a kg/s more, the return's temperature as it is. `met` is False where the
    valve is wide open and the supply too warm.
    """

    flow_kg_s: Floats
    gain_k_s_kg: Floats
    met: NDArray[np.bool_]


def primary_side(
    hall: AnyHall, fluid: Fluid, state: AnyState, *, wanted_k: ArrayLike, primary_k: ArrayLike, primary_kg_s: ArrayLike
) -> PrimarySide:
    """Primary flows of a solved hall (the solver itself only asks whether the open valve is enough)."""
    count, cdus = state.warm.duty_w.shape
    flows = state.warm.flows.flow_kg_s[:, hall.cdu_link]
    inlet = state.warm.inlet_k(hall.cdu_link)
    wanted, cold, most = (
        np.broadcast_to(np.asarray(v, float), (count, cdus)) for v in (wanted_k, primary_k, primary_kg_s)
    )
    found, gain, met = np.zeros((count, cdus)), np.zeros((count, cdus)), np.ones((count, cdus), np.bool_)
    for cdu, cooler in enumerate(hall.coolers):
        exchanger = exchanger_of(cooler)
        for row in range(count):
            own = float(flows[row, cdu])
            if own <= 0.0 or most[row, cdu] <= 0.0:
                met[row, cdu] = most[row, cdu] > 0.0 or float(state.warm.duty_w[row, cdu]) <= 0.0
                continue
            heat = float(heat_capacity_of(fluid, 0.5 * (inlet[row, cdu] + wanted[row, cdu])))
            ends = (float(cold[row, cdu]), float(inlet[row, cdu]))
            # friction within the exchanger is heat too: the duty, not the set-point alone, says how much must go
            aim_k = (
                wanted[row, cdu] if state.warm.short[row, cdu] else ends[1] - state.warm.duty_w[row, cdu] / (own * heat)
            )
            answer = exchanger.flow_for_set_point(
                *ends, float(aim_k), own, cooler.primary_heat_j_kg_k, heat, most_kg_s=float(most[row, cdu])
            )
            at = exchanger.exchange(*ends, answer.flow_kg_s, own, cooler.primary_heat_j_kg_k, heat)
            found[row, cdu], met[row, cdu] = answer.flow_kg_s, answer.met
            gain[row, cdu] = float(at.by_primary_flow_j_kg) / (own * heat)
    return PrimarySide(found, gain, met)


@dataclass(frozen=True)
class LowLoad:
    """How low a hall's load may fall before a control lets go; loads as they were given, from high to low.

    `valve_share` is the least load at which every primary valve is within its rangeability, `pump_share` the least at
    which the pumps still follow; both lie between two of the given loads by a straight line, and are the least load given
    where neither limit was met. `gain_ratio` (loads, CDUs) is the loop's gain by stroke over that at the first load.
    """

    load_share: Floats
    valve_share: float
    pump_share: float
    valve_limited: bool
    pump_limited: bool
    gain_ratio: Floats
    controlled: Controlled
    primary: PrimarySide


def low_load(
    hall: AnyHall,
    fluid: Fluid,
    branch: PrimaryBranch,
    *,
    loads: Sequence[float],
    wanted_kg_s: ArrayLike | None = None,
    wanted_pa: float | None = None,
    least_flow_share: float = 0.0,
    wanted_k: ArrayLike,
    primary_k: ArrayLike,
    **how: Any,
) -> LowLoad:
    """Solve a hall at falling loads under its control and find where valve and pumps stop controlling.

    With `wanted_kg_s` (of full load) every rack's flow follows its load, never below `least_flow_share` of it; with
    `wanted_pa` the header's pressure is held and the flow stays. Every CDU has `branch` on its primary side.
    """
    shares = np.array(sorted(loads, reverse=True), np.float64)
    given: dict[str, Any] = {"wanted_k": wanted_k, "primary_k": primary_k, "primary_kg_s": branch.flow_kg_s}
    by_load = np.repeat(shares[:, None], len(hall.racks), axis=1)
    if wanted_kg_s is not None:
        wanted = np.maximum(shares, least_flow_share)[:, None] * np.broadcast_to(wanted_kg_s, (len(hall.racks),))
        controlled = control_flow(hall, fluid, wanted_kg_s=wanted, load_share=by_load, **given, **how)
    elif wanted_pa is not None:
        controlled = control_pressure(hall, fluid, wanted_pa=wanted_pa, load_share=by_load, **given, **how)
    else:
        raise ValueError("low_load needs wanted_kg_s or wanted_pa: what the pumps hold")
    primary = primary_side(hall, fluid, controlled.state, **given)
    share = np.clip(primary.flow_kg_s / branch.flow_kg_s, 1e-12, 1.0)
    valve, valve_limited = _falls_below(shares, share.min(axis=1), branch.least_share)
    pump, pump_limited = _idles_below(controlled, shares, follows=wanted_kg_s is not None)
    stroke = np.vectorize(branch.flow_by_stroke_kg_s)(share)
    gain = primary.gain_k_s_kg * stroke
    return LowLoad(shares, valve, pump, valve_limited, pump_limited, gain / gain[:1], controlled, primary)


def _idles_below(controlled: Controlled, loads: Floats, *, follows: bool) -> tuple[float, bool]:
    """The load at which the pumps' least speed gives just what is wanted, where flow follows load."""
    idle = np.flatnonzero(controlled.saturated < 0)
    if not len(idle):
        return float(loads[-1]), False
    at = int(idle[0])
    load = float(loads[at] * controlled.sensed_share[at]) if follows else float(loads[at])
    return min(load, float(loads[max(at - 1, 0)])), True


def _falls_below(loads: Floats, values: Floats, limit: float) -> tuple[float, bool]:
    """The load at which values that fall with it cross a limit, and whether they do; loads from high to low."""
    below = np.flatnonzero(values < limit)
    if not len(below):
        return float(loads[-1]), False
    at = int(below[0])
    if at == 0:
        return float(loads[0]), True
    part = (values[at - 1] - limit) / (values[at - 1] - values[at])
    return float(loads[at - 1] + part * (loads[at] - loads[at - 1])), True


def valve_rows(
    branch: PrimaryBranch | None, *, authority_least: Limit | None, low: LowLoad | None = None,
    load_least: Limit | None = None, gain_most: Limit | None = None,
) -> Iterator[Row]:  # fmt: skip
    """Authority, lowest load and hunting of the primary valve; not modelled where the valve or a limit is not stated."""
    if branch is None:
        text = "the primary valve's Kv, rangeability or the rest of its branch is not stated"
        for what in ("authority", "lowest load", "hunting"):
            yield Row("primary valve", what, None, None, "", "estimate", "", text)
        return
    text = f"{branch.open_pa / 1e3:.0f} kPa of the open valve in {(branch.open_pa + branch.rest_pa) / 1e3:.0f} kPa"
    yield check("primary valve", "authority", branch.authority, authority_least, "", text, at_least=True)
    if low is None:
        return
    for element, share, limited in (
        ("primary valve", low.valve_share, low.valve_limited), ("pumps", low.pump_share, low.pump_limited),
    ):  # fmt: skip
        text = "below this load it no longer controls" if limited else "controls down to the least load that was tried"
        yield check(element, "lowest load", share, load_least, "", text)
    at, cdu = (int(n) for n in np.unravel_index(int(np.argmax(low.gain_ratio)), low.gain_ratio.shape))
    text = f"gain of the supply's loop at {low.load_share[at]:.0%} of load over that at {low.load_share[0]:.0%}, cdu {cdu + 1}"
    yield check("primary valve", "hunting", float(low.gain_ratio[at, cdu]), gain_most, "", text)


def trim_authorities(state: HallState) -> dict[str, float]:
    """Authority of every rack's orifice or pressure-independent valve in a solved hall: its drop over the rack's."""
    network: Network = state.hall.network
    pressure = state.warm.flows.pressure_pa[0]
    found = {}
    for name, link in network.link_number.items():
        if not name.endswith(("/orifice", "/picv")):
            continue
        rack = name.split("/", 1)[0]
        back = network.second[network.link_number[f"{rack}/return hose"]]
        high, low = pressure[network.first[link]], pressure[network.second[link]]
        whole = high - pressure[back]
        found[name] = float((high - low) / whole) if whole > 0 else 0.0
    return found


def picv_rows(state: HallState) -> Iterator[Row]:
    """Every pressure-independent valve's drop against the least that it needs; the least over scenarios."""
    network: Network = state.hall.network
    pressure = state.warm.flows.pressure_pa
    for name, number in zip(network.valves, range(len(network.valves)), strict=True):
        if network.valve_rule[number] != Rule.PICV:
            continue
        rack = state.hall.racks[int(name.split("/", 1)[0][5:]) - 1]
        link = network.link_number[name]
        drop = float((pressure[:, network.first[link]] - pressure[:, network.second[link]]).min())
        limit = Limit(rack.picv_least_pa * (1 - TOLERANCE), "user", name)
        yield check(name, "drop", drop, limit, "Pa", "drop that the valve needs to hold its flow", at_least=True)
