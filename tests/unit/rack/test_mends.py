"""The adjoint against re-solves by finite differences, and what mends are predicted to buy against what they do buy."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rackwright.rack.cooling.adjoint import Adjoint, active_spots, adjoint_of, jacobian
from rackwright.rack.cooling.hall import Cdu, Hall, Headers, Plates, RackLoop, Tray
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.hydraulics.network import Floats
from rackwright.rack.cooling.mends import Design, Mend, Prices, predict, rank_mends, usual_mends
from rackwright.rack.cooling.point import Point, case_of, exchanges, plate_resistance, point_of, rates_of, residuals
from rackwright.rack.cooling.sensitivities import Sensitivity, levers, sensitivities, with_diameters
from rackwright.rack.cooling.state import HallState, solve_hall

LITRE_MIN = 1 / 60e3
WATER = Fluid(
    313.15, 30.0, np.array([992.2, -11.7, -3.0, 0, 0, 0]), np.array([0, 4180.0 * 30, 40.0, 0, 0, 0]),
    np.array([-7.334, -0.49, 0.1, 0, 0, 0]), 273.15, 393.15,
)  # fmt: skip
GPU = Plates(
    "gpu", 4, 1200.0, 1.6 * LITRE_MIN, 50e3, (0.6 * LITRE_MIN, 1.2 * LITRE_MIN, 3.6 * LITRE_MIN), (0.024, 0.018, 0.015),
    limit_k=353.15,
)  # fmt: skip
SWITCH = replace(GPU, chip="switch", per_tray=2, heat_w=500.0, series=2)
RACK = RackLoop(
    "rack", (Tray("compute", 2, 1.1, (GPU,), other_w=300.0), Tray("net", 1, 1.1, (SWITCH,))), 2.0, 0.05, 0.038, 0.05,
    orifice_kv_m3_h=6.0,
)  # fmt: skip
CDU = Cdu("cdu", 2, 3e5, 1.2e5 / (40 * LITRE_MIN) ** 2, 3e4 / (70 * LITRE_MIN) ** 2, 6e3, 1.2, 1.6, 60e3)
#: Uneven on purpose, in places and pumps: no header stands still, so that small changes turn no flow round.
DESIGN = Design((RACK,) * 5, (CDU, replace(CDU, shutoff_pa=2.9e5)), Headers(0.05, 0.8), 2e5, places=(0, 1))
#: The first CDU holds its set-point, the second falls short of it.
GIVEN: dict[str, Any] = {
    "wanted_k": np.array([309.15, 305.15]), "primary_k": np.array([300.15, 301.15]),
    "primary_kg_s": np.array([2.2, 0.9]), "pump_efficiency": 0.6,
}  # fmt: skip


@pytest.fixture(scope="module")
def hall() -> Hall:
    return DESIGN.build()


@pytest.fixture(scope="module")
def state(hall: Hall) -> HallState:
    return solve_hall(hall, WATER, **GIVEN)


@pytest.fixture(scope="module")
def point(state: HallState) -> Point:
    return point_of(state, WATER, **GIVEN)


@pytest.fixture(scope="module")
def adjoint(point: Point) -> Adjoint:
    """Active chips first, then some of every rack: chips that either CDU supplies."""
    active = active_spots(point).tolist()
    return adjoint_of(point, [*active, *(spot for spot in range(0, len(point.hall.spots), 3) if spot not in active)])


@pytest.fixture(scope="module")
def found(adjoint: Adjoint) -> dict[str, Sensitivity]:
    return {item.parameter: item for item in sensitivities(adjoint)}


def test_one_cooler_of_the_hall_holds_its_set_point_and_the_other_falls_short(state: HallState) -> None:
    """So that both branches of the cooler's derivatives are under test below."""
    assert state.warm.short[0].tolist() == [False, True]


def test_residuals_of_a_solved_hall_are_zero(point: Point) -> None:
    """Against 3 bar in the pumps, 2 kg/s, and 5 MJ/kg s of enthalpy: the solver's own tolerances and no more."""
    links, nodes = len(point.hall.network.links), len(point.hall.network.nodes)
    left = np.abs(residuals(point))
    assert left[:links].max() < 1.0
    assert left[links : links + nodes].max() < 1e-9
    assert left[links + nodes :].max() < 1e-2


def test_cases_read_at_a_point_are_the_solvers(point: Point, state: HallState) -> None:
    np.testing.assert_allclose(case_of(point)[0], state.case_k[0], atol=1e-8)


def test_the_jacobian_is_the_slope_of_the_residuals(point: Point) -> None:
    """Central differences column by column; 1e-6 of a row's largest entry is what cancellation leaves of them."""
    rates = rates_of(point)
    exact = jacobian(point, rates, exchanges(point, rates)).toarray()
    links, nodes = len(point.hall.network.links), len(point.hall.network.nodes)
    measured = np.zeros_like(exact)
    for column in range(links + 2 * nodes):
        step, high, low = _nudged(point, column, links, nodes)
        measured[:, column] = (residuals(high) - residuals(low)) / (2 * step)
    # rows that only hold a value have no residual of their own
    held = np.flatnonzero(rates.held_pressure) + links
    measured[held], exact[held] = 0.0, 0.0
    scale = np.maximum(np.abs(exact).max(axis=1, keepdims=True), 1e-30)
    assert np.abs((measured - exact) / scale).max() < 1e-6


def _nudged(point: Point, column: int, links: int, nodes: int) -> tuple[float, Point, Point]:
    name, at, step = (
        ("flow_kg_s", column, 1e-6 * abs(float(point.flow_kg_s[min(column, links - 1)])))
        if column < links
        else ("pressure_pa", column - links, 1.0)
        if column < links + nodes
        else ("enthalpy", column - links - nodes, 1.0)
    )

    def moved(by: float) -> Point:
        values = getattr(point, name).copy()
        values[at] += by
        own: dict[str, Any] = {name: values}
        return replace(point, **own)

    return step, moved(step), moved(-step)


def _solved(hall: Hall, state: HallState, **other: Any) -> Floats:
    return np.asarray(solve_hall(hall, WATER, start=state, **{**GIVEN, **other}).case_k[0])


def _with_slots(hall: Hall, slots: Floats) -> Hall:
    return replace(hall, network=replace(hall.network, parameters=slots))


def _re_solved(hall: Hall, state: HallState, item: Sensitivity, at: int, share: float) -> Floats:
    """Case temperatures with one element's parameter times 1 + share."""
    network = hall.network
    link = network.link_number[item.elements[at]]
    slots, one = network.parameters.copy(), np.ones
    givens = {
        "set-point": "wanted_k", "facility temperature": "primary_k", "facility flow": "primary_kg_s",
        "exchanger UA": "cooler_share", "pump speed": "speed", "pump efficiency": "pump_efficiency",
        "plate resistance": "plate_factor",
    }  # fmt: skip
    if item.parameter in givens:
        value = item.value.copy()
        value[at] *= 1 + share
        wide = value[None] if item.parameter == "pump speed" else value
        return _solved(hall, state, **{givens[item.parameter]: wide})
    if item.parameter in ("drop", "plate drop"):
        factor = one((1, len(network.links)))
        factor[0, link] += share
        return _solved(hall, state, factor=factor)
    if item.parameter == "chip heat":
        source_w, spots = hall.source_w.copy(), list(hall.spots)
        source_w[link] *= 1 + share
        plates = spots[at].plates
        spots[at] = replace(spots[at], plates=replace(plates, heat_w=plates.heat_w * (1 + share)))
        return _solved(replace(hall, source_w=source_w, spots=tuple(spots)), state)
    if "diameter" in item.parameter:
        diameter_m = np.zeros(len(network.links))
        diameter_m[link] = item.value[at] * (1 + share)
        slots = with_diameters(network, diameter_m)
    elif item.parameter in ("coupling Kv", "orifice Kv"):
        slots[link, 2] /= (1 + share) ** 2
    else:
        slots[link, 1 if item.parameter == "exchanger drop" else 0] *= 1 + share
    return _solved(_with_slots(hall, slots), state)


PARAMETERS = (
    "coupling Kv", "orifice Kv", "hose diameter", "manifold diameter", "header diameter", "plate drop",
    "exchanger drop", "drop", "pump shutoff", "pump speed", "pump efficiency", "set-point", "facility temperature",
    "facility flow", "exchanger UA", "plate resistance", "chip heat",
)  # fmt: skip


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_the_adjoint_is_the_finite_difference_of_full_solves(
    parameter: str, hall: Hall, state: HallState, adjoint: Adjoint, found: dict[str, Sensitivity]
) -> None:
    """A dozen elements of each parameter or all, at the active chips, within 1e-4 of the largest derivative.

    `moved` is what all of a parameter's value would move a chip by, in a straight line; what moves it by less than
    1e-5 K is not judged. The solver's answers repeat to about 1e-9 K, which the step of `share` magnifies.
    """
    item = found[parameter]
    share = 1e-4 if item.unit == "K" else 2e-3
    judged = 0
    for at in range(0, len(item.elements), 1 + len(item.elements) // 12):
        high, low = (_re_solved(hall, state, item, at, sign * share)[adjoint.spots] for sign in (1, -1))
        measured = (high - low) / (2 * share * item.value[at])
        moved = np.abs(measured).max() * item.value[at]
        if moved > 1e-5:
            judged += 1
            error = np.abs(item.k_per_unit[:, at] - measured).max() * item.value[at]
            assert error < 1e-4 * moved + 1e-9 / share, (item.elements[at], measured, item.k_per_unit[:, at])
    assert judged


def test_a_class_moved_together_is_the_sum_of_its_elements(
    hall: Hall, state: HallState, adjoint: Adjoint, found: dict[str, Sensitivity]
) -> None:
    """All tray couplings at once, by re-solves with 0.1 % more and less Kv."""
    links = hall.coupling_links
    ends = []
    for share in (1e-3, -1e-3):
        slots = hall.network.parameters.copy()
        slots[links, 2] /= (1 + share) ** 2
        ends.append(_solved(_with_slots(hall, slots), state)[adjoint.spots[0]])
    together = sum(row.k_per_percent for row in levers(list(found.values())) if row.parameter == "coupling Kv")
    assert together == pytest.approx((ends[0] - ends[1]) / 0.2, rel=1e-4)


def test_classes_carry_the_names_of_kind_and_tray_only(found: dict[str, Sensitivity]) -> None:
    assert set(found["coupling Kv"].groups) == {
        f"rack/{tray}/coupling {side}" for tray in ("compute", "net") for side in ("in", "out")
    }
    assert set(found["header diameter"].groups) == {"supply header", "return header"}
    assert set(found["pump speed"].groups) == {"cdu pump"}


def test_a_shut_rack_has_no_say(hall: Hall) -> None:
    """With rack 2 shut and off, nothing in it moves a chip elsewhere, and the Jacobian can still be solved."""
    opened = np.ones(len(hall.network.links), bool)
    opened[[hall.rack_link[1], hall.network.link_number["rack 2/return hose"]]] = False
    more: dict[str, Any] = {"opened": opened, "load_share": np.array([1.0, 0.0, 1.0, 1.0, 1.0])}
    shut = solve_hall(hall, WATER, **{**GIVEN, **more, "opened": opened[None]})
    adjoint = adjoint_of(point_of(shut, WATER, **GIVEN, **more))
    for item in sensitivities(adjoint):
        assert np.isfinite(item.k_per_unit).all(), item.parameter
        inside = [name.startswith("rack 2/") for name in item.elements]
        assert np.abs(item.k_per_share[:, inside]).max(initial=0.0) < 1e-9, item.parameter


def test_a_plate_below_its_measured_flows_has_r_times_flow_constant() -> None:
    value, slope = plate_resistance((1.0, 2.0), (0.4, 0.2), np.array([0.5, 1.5, 3.0]))
    np.testing.assert_allclose(value, [0.8, 0.3, 0.2])
    np.testing.assert_allclose(slope, [-1.6, -0.2, 0.0])


def test_small_mends_buy_what_is_predicted(hall: Hall, adjoint: Adjoint, state: HallState) -> None:
    """Misfit falls with the mend's size: halved again and again, from per cent to nothing."""
    misfits = []
    for more in (0.2, 0.05, 0.0125):
        kv = 1.1 + more
        trays = tuple(replace(tray, coupling_kv_m3_h=kv) for tray in RACK.trays)
        mend = Mend(
            "couplings", "", 1.0, "assumed", lambda old, t=trays: replace(old, racks=(replace(RACK, trays=t),) * 5)
        )
        predicted = predict(adjoint, DESIGN, mend, GIVEN)
        gained = float(solve_hall(mend.design(DESIGN).build(), WATER, **GIVEN).margin_k.min() - state.margin_k.min())
        misfits.append(abs(predicted / gained - 1))
    assert misfits[0] < 0.3
    assert misfits[1] < 0.5 * misfits[0]
    assert misfits[2] < 0.01


def test_every_mend_shown_is_confirmed_and_the_best_per_dollar_comes_first(hall: Hall) -> None:
    rows = rank_mends(DESIGN, WATER, GIVEN, show=6)
    assert len(rows) == 6
    assert [row.k_per_kusd for row in rows] == sorted((row.k_per_kusd for row in rows), reverse=True)
    for row in rows:
        assert row.cost_status == "assumed"
        assert math.isfinite(row.predicted_k)
        assert row.margin_k > 0
        assert f"{abs(row.confirmed_k):.2g} K" in row.sentence or "nothing to speak of" in row.sentence


def test_a_colder_set_point_buys_a_kelvin_where_the_coolers_hold_it() -> None:
    rich = replace(DESIGN, cdus=(replace(CDU, ua_w_k=3e4),) * 2)
    given = {**GIVEN, "wanted_k": 309.15, "primary_kg_s": 2.2}
    rows = {row.name: row for row in rank_mends(rich, WATER, given, show=50)}
    # the water's viscosity takes the rest: colder water flows less
    assert rows["supply 1 K colder"].predicted_k == pytest.approx(1.0, abs=0.03)
    assert rows["supply 1 K colder"].confirmed_k == pytest.approx(rows["supply 1 K colder"].predicted_k, rel=0.01)


def test_a_pump_more_is_predicted_through_pumps_that_share_the_flow(adjoint: Adjoint) -> None:
    mend = next(mend for mend in usual_mends(DESIGN, GIVEN, Prices()) if "pump in each" in mend.name)
    assert predict(adjoint, DESIGN, mend, GIVEN) > 0
    with pytest.raises(ValueError, match="says no design alike"):
        predict(adjoint, DESIGN, replace(mend, alike=None), GIVEN)


def test_users_prices_take_the_place_of_assumed_ones() -> None:
    mends = usual_mends(DESIGN, GIVEN, Prices(coupling_usd=10.0, status="given"))
    coupling = next(mend for mend in mends if "compute" in mend.name)
    # five racks with two compute trays and two couplings each
    assert coupling.cost_usd == 5 * 2 * 2 * 10.0
    assert coupling.status == "given"


def test_a_rack_behind_a_pressure_independent_valve_answers_to_its_setting() -> None:
    """The valve holds its rack's flow, so the setting moves the chips and the hoses do not."""
    rack = replace(RACK, orifice_kv_m3_h=None, picv_kg_s=0.3, picv_least_pa=20e3)
    hall = replace(DESIGN, racks=(rack,) * 5).build()
    state = solve_hall(hall, WATER, **GIVEN)
    np.testing.assert_allclose(state.rack_kg_s, 0.3, rtol=1e-4)
    adjoint = adjoint_of(point_of(state, WATER, **GIVEN))
    found = {item.parameter: item for item in sensitivities(adjoint)}
    ends = []
    for setting in (0.3003, 0.2997):
        network = replace(hall.network, valve_setting=np.full(5, setting))
        ends.append(_solved(replace(hall, network=network), state)[adjoint.spots])
    measured = (ends[0] - ends[1]) / 6e-4
    np.testing.assert_allclose(found["flow limit"].k_per_unit.sum(axis=1), measured, rtol=1e-4)
    assert np.abs(found["hose diameter"].k_per_share).max() < 1e-3 * np.abs(found["flow limit"].k_per_share).max()
